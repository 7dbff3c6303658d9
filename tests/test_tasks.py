"""Every task of the table: code, every printed form and the formula itself have the values that JAX finds."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from networks import load
from tasks import SIZES, TASKS, Task

from tensorcalc.calculus.derive import derive
from tensorcalc.notation.describe import Layout, axis_letters
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.proofs.stand_ins import stand_ins
from tensorcalc.request import SQUARE, derived
from tensorcalc.service import handle

FORMS = ("matrix", "index", "kronecker", "einsum")

QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}   # each is run twice

jax = pytest.importorskip("jax")


@cache
def asked(task: Task) -> dict[str, Any]:
    return handle(task.request(want=[*FORMS, "code"]))


@cache
def referee(task: Task) -> list[tuple[dict[str, Any], Any, Any]]:
    """Two points: the numbers, the value of the function and of its derivative."""
    with jax.enable_x64(True):
        both = jax.jit(lambda values: (task.function()(**values), task.derivative()(**values)), compiler_options=QUICKLY)
        points = []
        for seed in (3, 8):
            values = task.values(seed)
            points.append((values, *(np.asarray(array, dtype=float) for array in both(values))))
        return points


def scope(task: Task, letters: dict[str, Any] | None = None, integers: set[str] | None = None) -> Scope:
    square = {name for name, fact in task.facts.items() if fact in SQUARE}
    found = Scope(declared=task.declared, square=square, functions=dict(task.functions), index_dims=letters or {},
                  integers=set(integers or ()))
    found.differentiate = lambda expr, by, order: derive(expr, [by] * order)
    return found


def reread(task: Task, form: str) -> Any:
    """The expression that a printed form reads back to, and how its axes are merged."""
    answer, found = asked(task), derived(task.request())
    letters = dict(zip(axis_letters(found.layout), found.expr.shape)) if form == "index" else {}
    front = "".join(f"{name} = {body}; " for name, body in answer["where"].items())
    reading = read((front if form in ("matrix", "kronecker") else "") + answer[form], scope(task, letters, found.reading.scope.integers))
    return reading.expr, reading.groups


def as_kronecker(task: Task, array: Any, layout: Layout) -> Any:
    """The derivative as ``∂vec(U)/∂vec(X)'``; of a second derivative of a number, the Hessian."""
    parts, at = [], 0
    for part in layout.parts:
        if part:
            parts.append(array.shape[at : at + len(part)])
            at += len(part)
    rows, cols = parts
    order = [*reversed(range(len(rows))), *reversed(range(len(rows), len(rows) + len(cols)))]
    return array.transpose(order).reshape(int(np.prod(rows)), int(np.prod(cols)))


def close(found: Any, expected: Any) -> bool:
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    return np.shape(found) == np.shape(expected) and bool(np.allclose(found, expected, rtol=0, atol=1e-9 * scale))


def passed(values: dict[str, Any], expr: Any) -> dict[str, Any]:
    """Values with stand-ins for unknown functions."""
    return {**values, **stand_ins([expr])[0]}


def test_the_table_is_broad() -> None:
    assert len(set(map(str, TASKS))) == len(TASKS) >= 110
    assert min(Counter(task.group for task in TASKS).values()) >= 20


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_the_value_of_the_formula(task: Task) -> None:
    reading = read(task.formula, scope(task))
    for values, value, _ in referee(task):
        assert close(evaluate(reading.expr, passed(values, reading.expr), SIZES, reading.groups), value)


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_the_generated_code(task: Task) -> None:
    answer = asked(task)
    assert answer["ok"], answer
    derivative = load(answer["code"]["numpy"]).derivative
    sizes = {name: size for name, size in SIZES.items() if name not in task.declared}
    for values, _, expected in referee(task):
        found = derivative(**passed(values, derived(task.request()).expr), **sizes)
        assert close(found, expected), answer["code"]["numpy"]


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_every_printed_form(task: Task) -> None:
    answer, layout = asked(task), derived(task.request()).layout
    assert answer["index"] is not None
    for form in FORMS:
        if answer[form] is None:
            continue
        expr, groups = reread(task, form)
        for values, _, expected in referee(task):
            found = evaluate(expr, passed(values, expr), SIZES, groups)
            want = as_kronecker(task, expected, layout) if form == "kronecker" else expected
            assert close(found.reshape(want.shape) if found.size == want.size == 1 else found, want), answer[form]
