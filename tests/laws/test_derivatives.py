"""Random formulas: value, derivative, generated code and every printed form against what the text means."""

from __future__ import annotations

import importlib.util
import random
from typing import Any

import numpy as np
import pytest
from answers import ask, close, mistakes, reference
from strategies import Formula, formula

from tensorcalc.errors import UnsupportedError

BLOCK = 50


def questions(start: int, order: int) -> list[tuple[Formula, list[str]]]:
    found = []
    for seed in range(start, start + BLOCK):
        one = formula(seed)
        names = [name for name in one.declared if not name.startswith("has")] or list(one.declared)
        if names:
            pick = random.Random(seed)
            found.append((one, [pick.choice(names) for _ in range(order)]))
    return found


def compared(start: int, order: int, tolerance: float) -> int:
    """How many questions of a block have a good point to compare at; there everything is right."""
    count = 0
    for one, wrt in questions(start, order):
        values = one.values()
        with np.errstate(all="ignore"):
            want = reference(one, values, *wrt)
        if want is None:
            continue
        try:
            answer = ask(one, *wrt)
        except UnsupportedError:  # second derivatives of expm, logm and sqrtm
            continue
        count += 1
        assert not mistakes(answer, values, want, tolerance), (one, wrt)
    return count


@pytest.mark.parametrize("start", range(100_000, 100_000 + 10 * BLOCK, BLOCK))
def test_first_derivatives(start: int) -> None:
    """500 formulas by complex steps."""
    assert compared(start, 1, 1e-7) > 0.8 * BLOCK


@pytest.mark.parametrize("start", range(200_000, 200_000 + 4 * BLOCK, BLOCK))
def test_second_derivatives(start: int) -> None:
    """200 formulas by central differences of complex steps."""
    assert compared(start, 2, 1e-4) > 0.6 * BLOCK


@pytest.mark.parametrize("start", range(300_000, 300_000 + 4 * BLOCK, BLOCK))
def test_values(start: int) -> None:
    """200 formulas as they were read."""
    assert compared(start, 0, 1e-8) > 0.8 * BLOCK


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.parametrize(("start", "order"), [(400_000, 1), (410_000, 2)])
def test_against_jax(start: int, order: int) -> None:
    """A second reference; the campaign compares more."""
    jax_reference = pytest.importorskip("jax_reference")
    count = 0
    for one, wrt in questions(start, order)[:12]:
        values = one.values()
        with np.errstate(all="ignore"):
            want = reference(one, values, *wrt)
        if want is not None and want.size < 100:
            count += 1
            other = jax_reference.derivative(one, values, *wrt)
            assert close(ask(one, *wrt).value(values), other, 1e-9), (one, wrt)
    assert count > 5


@pytest.mark.parametrize("start", range(500_000, 500_000 + 2 * BLOCK, BLOCK))
def test_mixed_second_derivatives_are_symmetric(start: int) -> None:
    """∂²/∂X∂Y has the axes of ∂²/∂Y∂X exchanged, and the same entries."""
    for one, _ in questions(start, 0):
        names = [name for name in one.declared if not name.startswith("has")][:2]
        if len(names) == 2:
            values = one.values()
            shape = [values[name].ndim for name in names]
            one_way, other_way = (_value(one, values, wrt) for wrt in (names, names[::-1]))
            if one_way is None or other_way is None:
                continue
            lead = one_way.ndim - sum(shape)
            axes = [*range(lead), *range(lead + shape[1], one_way.ndim), *range(lead, lead + shape[1])]
            assert close(one_way, other_way.transpose(axes), 1e-8), one


def _value(one: Formula, values: dict[str, Any], wrt: list[str]) -> Any:
    answer = ask(one, *wrt)
    value = answer.value(values)
    return value if np.all(np.isfinite(value)) and np.max(np.abs(value), initial=0) < 1e6 else None


@pytest.mark.parametrize(("text", "wrt", "declared"), [
    ("sum(x.^3)", "xxx", {"x": ["n"]}),
    ("x'*A*x*x'*B*x", "xxx", {"x": ["n"], "A": ["n", "n"], "B": ["n", "n"]}),
    ("logdet(X)", "XXX", {"X": ["m", "m"]}),
    ("tr(inv(X)*A)", "XXA", {"X": ["m", "m"], "A": ["m", "m"]}),
    ("exp(a*b)*c", "abc", {"a": [], "b": [], "c": []}),
    ("norm2(x)", "xxx", {"x": ["n"]}),
    ("logsumexp(A*x)", "xxx", {"x": ["n"], "A": ["m", "n"]}),
])
def test_third_derivatives(text: str, wrt: str, declared: dict[str, list[Any]]) -> None:
    """By central differences of the second, which other tests compare."""
    from meaning import central
    notes = {name: "invertible" for name in declared if name == "X"}
    one = Formula(text, "matrix", declared, {}, notes, {"n": 3, "m": 2}, 3)
    values = one.values()
    want = central(lambda moved: ask(one, *wrt[:2]).value({**values, wrt[2]: moved}), values[wrt[2]])
    assert close(ask(one, *wrt).value(values), want, 1e-6)
