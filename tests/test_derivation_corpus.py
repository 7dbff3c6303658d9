"""Derivations of the whole table: what a line says holds, in value and as it is printed."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from tasks import SIZES, TASKS, Task

from tensorcalc import sizes
from tensorcalc.algebra.expr import Expr
from tensorcalc.calculus.derivation import Line, derivation
from tensorcalc.calculus.derive import derive
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.proofs.stand_ins import stand_ins
from tensorcalc.request import SQUARE, Derived, derived
from tensorcalc.service import handle

WAYS = [(detail, notation) for notation in ("matrix", "index", "kronecker") for detail in ("brief", "full")]


@cache
def asked(task: Task) -> Derived:
    return derived(task.request())


@cache
def lines(task: Task, detail: str, notation: str) -> list[Line]:
    found = asked(task)
    return derivation(found.reading.expr, found.derived, found.variables, found.facts, "free", detail, notation)


@cache
def point(task: Task) -> dict[str, Any]:
    """Values, a direction for each variable, and stand-ins for unknown functions of all orders."""
    values, generator = task.values(4), np.random.default_rng(9)
    for name in dict.fromkeys(task.variables):
        values[f"d{name}"] = generator.normal(size=np.shape(values[name]))
    for expr in stages(task):
        values |= stand_ins([expr])[0]
    return values


@cache
def stages(task: Task) -> list[Expr]:
    """The formula, then its derivative by the first variable, by the first two, …"""
    found = asked(task)
    return [derive(found.reading.expr, found.variables[:k]) for k in range(len(found.variables) + 1)]


@cache
def slope(task: Task, order: int) -> Any:
    """The value of the derivative of that order; its last axes are those of the last variable."""
    found = asked(task)
    if not order:
        return evaluate(found.reading.expr, point(task), SIZES)
    before = stages(task)[order - 1]
    return evaluate(derivative(before, found.variables[order - 1]), point(task), SIZES)


def along(task: Task, order: int) -> Any:
    """The same along the direction of the last variable."""
    name = asked(task).variables[order - 1].name
    direction = expanded(task, name, point(task)[f"d{name}"])
    return np.tensordot(slope(task, order), direction, np.ndim(direction))


def expanded(task: Task, name: str, array: Any) -> Any:
    """A value whose merged axes are split."""
    variable = asked(task).reading.variables[name]
    return np.reshape(array, [sizes.value(dim, SIZES) for dim in variable.shape])


def staged(task: Task, detail: str, notation: str) -> list[tuple[int, Line]]:
    """Every line, with the order of the derivative that it is about: what a line is of is named on its left."""
    found: list[tuple[int, Line]] = []
    order, name = 0, ""
    for line in lines(task, detail, notation):
        if line.value is None:
            continue
        left = re.match(r"(?:∂vec\(|vec\(d|∂|d)([^\W\d_]+\d*)", line.text)
        if left is None:
            assert not found, line.text   # the formula itself comes first
            found.append((0, line))
            continue
        if left[1] != name:
            order, name = order + 1, left[1]
        found.append((order, line))
    return found


def close(found: Any, expected: Any) -> bool:
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    return np.shape(found) == np.shape(expected) and bool(np.allclose(found, expected, rtol=0, atol=1e-9 * scale))


# -- values ------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_every_line_keeps_the_value(task: Task) -> None:
    for way in WAYS:
        for order, line in staged(task, *way):
            assert line.value is not None
            expected = along(task, order) if line.rule.startswith("differential") else slope(task, order)
            assert close(evaluate(line.value, point(task), SIZES), expected), line.text


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_the_last_line_is_the_answer(task: Task) -> None:
    for way in WAYS:
        found = lines(task, *way)
        assert found[-1].value is asked(task).expr
        assert staged(task, *way)[-1][0] == len(task.variables)


@pytest.mark.parametrize("task", [task for task in TASKS if not task.formula.startswith("L = ")], ids=str)
def test_the_differential_comes_first(task: Task) -> None:
    """By finite differences, so that it depends on no derivative of ours."""
    first = next((line for line in lines(task, "brief", "matrix") if line.rule == "differential"), None)
    if first is None or staged(task, "brief", "matrix")[0][1] is not first:
        return
    found, values = asked(task), point(task)
    name, step = task.variables[0], 1e-5
    ends = [evaluate(found.reading.expr, values | {name: values[name] + sign * step * values[f"d{name}"]}, SIZES)
            for sign in (1, -1)]
    assert first.value is not None
    assert np.allclose(evaluate(first.value, values, SIZES), (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-7)


# -- what is printed ---------------------------------------------------------------------


def printed(task: Task, order: int, text: str, names: str = "") -> tuple[Any, Any]:
    """The value of the right side of a line as it reads, and what it must be; ``names`` is what the derivation calls parts."""
    found = asked(task)
    left, right = text.split(" = ", 1)
    declared: dict[str, Any] = dict(task.declared)
    for name in dict.fromkeys(task.variables):
        declared[f"d{name}"] = declared[name]
    letters: dict[str, Any] = {}
    indices = re.findall(r"_\{?([\w()]+)", left)
    if indices or re.search(r"[\w)]_", right):
        word = "".join(indices).replace("(", "").replace(")", "")
        shape = stages(task)[order].shape if left.startswith("∂") or not order else stages(task)[order - 1].shape
        letters, right = dict(zip(word, shape)), f"{'D_{' + ''.join(indices) + '}' if indices else 'D'} = {right}"
    elif names:
        right = f"{names}; {right}"
    scope = Scope(declared=declared, square={name for name, fact in task.facts.items() if fact in SQUARE},
                  functions=dict(task.functions), index_dims=letters, integers=set(found.reading.scope.integers))
    reading = read(right, scope)
    value = evaluate(reading.expr, point(task), SIZES)
    if left.startswith("d") and order:
        return value, along(task, order)
    if left.startswith("vec("):
        return value.reshape(-1), stacked(task, along(task, order))
    if left.startswith("∂vec") or "/∂vec" in left:
        return value.reshape(-1), stacked(task, slope(task, order))
    return value, slope(task, order)


def stacked(task: Task, array: Any) -> Any:
    """``vec`` of what was differentiated, then of the variable: the axes of each are stacked last first."""
    parts = asked(task).derived.axes()
    axes = [axis for part in parts for group in reversed(part) for axis in group if axis < array.ndim]
    return array.transpose(axes).reshape(-1)


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_every_line_reads_as_it_is_meant(task: Task) -> None:
    for way in WAYS:
        names = next((line.text for line in lines(task, *way) if line.rule == "names"), "")
        for order, line in staged(task, *way):
            if "coefficient(" in line.text and line.text != lines(task, *way)[-1].text:
                continue   # on the way, a power series is more than what can be read: the sum of its coefficients and powers
            found, expected = printed(task, order, line.text, names)
            found = found.reshape(np.shape(expected)) if np.size(found) == np.size(expected) == 1 else found
            assert close(found, expected), line.text


# -- length ------------------------------------------------------------------------------


def test_brief_derivations_are_short() -> None:
    lengths = [len(lines(task, "brief", "matrix")) for task in TASKS]
    assert sum(length <= 8 for length in lengths) >= 0.9 * len(lengths)


# -- names -------------------------------------------------------------------------------


@pytest.mark.parametrize(("formula", "wrt", "declared", "first", "last"), [
    ("f*x'*x", ["x"], {}, "dφ = 2 f (dx' x)", "∂φ/∂x = 2 f x"),
    ("tr(dX*X)", ["X"], {"dX": ["n", "n"], "X": ["n", "n"]}, "df = tr(dX δX)", "∂f/∂X = dX'"),
    ("G*X*x", ["x", "x"], {}, "dU = G X dx", "∂H_ip/∂x_a = 0"),
    ("x'*A*x", ["x", "x"], {"A": ["n", "n"]}, "df = dx' A x + x' A dx", "∂G/∂x = A + A'"),
])
def test_names_on_the_left_mean_nothing_else(formula, wrt, declared, first, last) -> None:
    answer = handle({"do": "derive", "expr": formula, "wrt": wrt, "vars": declared, "want": ["steps"]})
    assert [answer["steps"][place]["text"] for place in (0, -1)] == [first, last]


def test_a_single_derivative_keeps_its_name_where_assumptions_are_put_in() -> None:
    answer = handle({"do": "derive", "expr": "x'*S*x", "wrt": "x", "assume": {"S": "symmetric"}, "want": ["steps"]})
    assert answer["steps"][-1]["text"] == "∂f/∂x = 2 S x"


def test_entries_are_typeset_as_they_are_written() -> None:
    answer = handle({"do": "derive", "expr": "C_ij = A_ik B_kj", "wrt": "A", "want": ["steps"], "notation": "index"})
    assert answer["steps"][-1]["text"] == "∂C_ij/∂A_pq = delta_ip B_qj"
    assert answer["steps"][-1]["latex"] == r"\frac{\partial C_{ij}}{\partial A_{pq}} = \delta_{ip} \, B_{qj}"


@pytest.mark.parametrize(("formula", "functions", "text", "latex"), [
    ("sum(tan(x))", {}, "∂y/∂x = 1 + y^2", r"\frac{\partial y}{\partial x} = 1 + y^{2}"),
    ("sum(f(x))", {"f": "elementwise"}, "d(f(Y)) = f'(Y) .* dY",
     r"\mathrm{d} f\left(Y\right) = f'\left(Y\right) \odot \mathrm{d}Y"),
    ("g(x)", {"g": "scalar"}, "d(g(Y)) = g'(Y) : dY", r"\mathrm{d} g\left(Y\right) = g'\left(Y\right) : \mathrm{d}Y"),
])
def test_full_derivations_quote_what_a_function_is(formula, functions, text, latex) -> None:
    answer = handle({"do": "derive", "expr": formula, "wrt": "x", "functions": functions, "want": ["steps"], "detail": "full"})
    assert (answer["steps"][0]["text"], answer["steps"][0]["latex"]) == (text, latex)
