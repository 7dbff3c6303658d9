"""The same few lines for every workload: how each library is called.

Each function here returns what :class:`harness.Implementation` wants as ``make``.  The
arrays go in as each library likes them, and every call waits until its result is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from harness import Case, Implementation, Inputs

import tensorcalc as tc

Make = Callable[[Case, Inputs], Callable[[], Any]]


def hand(function: Callable[..., Any], *names: str) -> Implementation:
    """A function of arrays as people write it."""
    def make(case: Case, inputs: Inputs) -> Callable[[], Any]:
        arrays = [inputs[name] for name in names]
        return lambda: function(*arrays)
    return Implementation("hand", make)


def hand_out(prepare: Callable[..., Callable[[], Any]], *names: str) -> Implementation:
    """The same with memory that is kept: ``prepare`` allocates it and returns what is timed."""
    return Implementation("hand out", lambda case, inputs: prepare(*[inputs[name] for name in names]))


def other(kind: str, function: Callable[..., Any], *names: str, needs: str | None = None) -> Implementation:
    """What belongs to nobody's median."""
    return Implementation(kind, hand(function, *names).make, needs)


# -- this package ------------------------------------------------------------------------


def ours(formula: Callable[[], Sequence[tc.Tensor]], library: str = "numpy", out: bool = False) -> Implementation:
    """The function that this package makes of one tensor, or of several that share work."""
    def make(case: Case, inputs: Inputs) -> Callable[[], Any]:
        tensors = formula()
        function = tc.compile(*tensors, library=library)
        needed = {name for tensor in tensors for name in tensor.variables}
        arrays = {name: _given(inputs[name], library) for name in sorted(needed)}
        if out:
            arrays["out"] = function(**arrays)
        wait = _waits(library)
        return (lambda: function(**arrays)) if wait is None else (lambda: wait(function(**arrays)))
    kind = ("ours" if library == "numpy" else f"ours {library}") + (" out" if out else "")
    return Implementation(kind, make, {"numpy": None}.get(library, library))


def _given(value: Any, library: str) -> Any:
    if library == "jax":
        return _jax().numpy.asarray(value)
    if library == "torch":
        return _torch().from_numpy(value.copy())
    return value


def _waits(library: str) -> Callable[[Any], Any] | None:
    return _jax().block_until_ready if library == "jax" else None


# -- others ------------------------------------------------------------------------------


@cache
def _jax() -> Any:
    jax: Any = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    return jax


@cache
def _torch() -> Any:
    return import_module("torch")


def jax_(kind: str, function: Callable[[Any], Callable[..., Any]], *names: str) -> Implementation:
    """``function(jax)`` returns a function of arrays, which is jitted; the kind is ``jax ad`` or ``jax hand``."""
    def make(case: Case, inputs: Inputs) -> Callable[[], Any]:
        jax = _jax()
        jitted = jax.jit(function(jax))
        arrays = [jax.numpy.asarray(inputs[name]) for name in names]
        return lambda: jax.block_until_ready(jitted(*arrays))
    return Implementation(kind, make, "jax")


def torch_(kind: str, function: Callable[[Any], Callable[..., Any]], *names: str) -> Implementation:
    """``function(torch)`` returns a function of tensors; the kind is ``torch ad`` or ``torch hand``."""
    def make(case: Case, inputs: Inputs) -> Callable[[], Any]:
        torch = _torch()
        made = function(torch)
        tensors = [torch.from_numpy(inputs[name].copy()) for name in names]

        def call() -> Any:
            if kind == "torch ad":
                return made(*tensors)
            with torch.no_grad():
                return made(*tensors)
        return call
    return Implementation(kind, make, "torch")
