"""Runs generated modules with the library that they are for, on numbers that NumPy holds.

JAX modules run compiled, with sizes fixed; where the user's own functions are NumPy's,
they run step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from networks import load

LIBRARIES = tuple(pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"no {name}"))
                  for name in ("jax", "torch"))

QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def run(library: str, code: str, values: Mapping[str, Any], dtype: str = "float64") -> Any:
    """What ``derivative`` of a module returns; arrays are of type ``dtype``."""
    arrays = {name: np.asarray(value, dtype=dtype) for name, value in values.items()
              if not callable(value) and not isinstance(value, int)}
    sizes = {name: value for name, value in values.items() if isinstance(value, int)}
    callables = {name: value for name, value in values.items() if callable(value)}
    return (_jax if library == "jax" else _torch)(load(code).derivative, arrays, sizes, callables)


def _jax(derivative: Callable[..., Any], arrays: dict[str, Any], sizes: dict[str, int],
         callables: dict[str, Callable[..., Any]]) -> Any:
    jax = import_module("jax")
    with jax.enable_x64(True):
        if callables:
            given = {name: _hosted(function, jax.numpy.asarray) for name, function in callables.items()}
            return np.asarray(derivative(**{name: jax.numpy.asarray(a) for name, a in arrays.items()}, **sizes, **given))
        compiled = jax.jit(lambda arrays: derivative(**arrays, **sizes), compiler_options=QUICKLY)
        return np.asarray(compiled({name: jax.numpy.asarray(array) for name, array in arrays.items()}))


def traced(code: str, values: Mapping[str, Any]) -> Any:
    """The shape and the type that JAX finds for numbers of type ``float32`` without computing anything."""
    jax = import_module("jax")
    sizes = {name: value for name, value in values.items() if isinstance(value, int)}
    arrays = {name: np.asarray(value, dtype="float32") for name, value in values.items() if name not in sizes}
    with jax.enable_x64(True):
        return jax.eval_shape(lambda arrays: load(code).derivative(**arrays, **sizes), arrays)


def _torch(derivative: Callable[..., Any], arrays: dict[str, Any], sizes: dict[str, int],
           callables: dict[str, Callable[..., Any]]) -> Any:
    torch = import_module("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)   # of what no argument gives a type
    try:
        given = {name: _hosted(function, torch.as_tensor) for name, function in callables.items()}
        return derivative(**{name: torch.tensor(array) for name, array in arrays.items()}, **sizes, **given).numpy()
    finally:
        torch.set_default_dtype(before)


def _hosted(function: Callable[..., Any], own: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function of NumPy arrays as one of a library's, of the type of its argument."""
    def hosted(argument: Any) -> Any:
        array = np.asarray(argument)
        return own(np.asarray(function(array), dtype=array.dtype))
    return hosted
