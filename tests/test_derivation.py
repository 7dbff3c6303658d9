"""Derivations: every line keeps the value, and the last line is the answer."""

from __future__ import annotations

import numpy as np
import pytest

from tensorcalc.calculus.derivation import derivation
from tensorcalc.calculus.derive import derive
from tensorcalc.notation.describe import Layout
from tensorcalc.notation.lower import Scope, read
from tensorcalc.notation.recover import kronecker
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.service import handle

SIZES = {"m": 3, "n": 4, "p": 2, "q": 5, "k": 3}

TASKS = [
    ("tr(A*X*B)", {"A": ["p", "m"], "X": ["m", "n"], "B": ["n", "p"]}, ["X"]),
    ("sum(X*Y)", {"X": ["m", "n"], "Y": ["n", "p"]}, ["X"]),
    ("logdet(X'*X)", {"X": ["n", "m"]}, ["X"]),
    ("norm2(A*x-b)^2", {"A": ["m", "n"], "x": ["n"], "b": ["m"]}, ["x"]),
    ("sum(sigmoid(A*X))", {"A": ["m", "n"], "X": ["n", "p"]}, ["X"]),
    ("X*Y", {"X": ["m", "n"], "Y": ["n", "p"]}, ["X"]),
    ("inv(X)", {"X": ["n", "n"]}, ["X"]),
    ("tr(X^k)", {"X": ["n", "n"]}, ["X"]),
    ("softmax(A*x)", {"A": ["m", "n"], "x": ["n"]}, ["x"]),
    ("x'*A*x", {"A": ["n", "n"], "x": ["n"]}, ["x", "x"]),
    ("t*tr(A)+exp(t)", {"A": ["n", "n"], "t": []}, ["t"]),
]


def _values(variables, names=()) -> dict:
    rng = np.random.default_rng(5)
    values = {}
    for variable in [*variables, *names]:
        values[variable.name] = rng.normal(size=[SIZES[str(dim)] for dim in variable.shape]) / 2
    return values


@pytest.mark.parametrize("detail", ["brief", "full"])
@pytest.mark.parametrize("notation", ["matrix", "index", "kronecker"])
@pytest.mark.parametrize(("formula", "declared", "wrt"), TASKS)
def test_every_line_keeps_the_value(formula, declared, wrt, notation, detail):
    reading = read(formula, Scope(declared=declared))
    by = [reading.variables[name] for name in wrt]
    layout = Layout((reading.groups, *[(1,) * v.rank for v in by]), reading.letters, reading.name, tuple(wrt))
    lines = derivation(reading.expr, layout, by, {}, detail=detail, notation=notation)
    answer = derive(reading.expr, by)
    assert lines[-1].value is answer
    values = _values(reading.variables.values())
    final = evaluate(answer, values, SIZES)
    steps = [line.value for line in lines if line.value is not None
             and line.text.startswith("∂") and line.value.shape == answer.shape]
    for step in steps:
        assert np.allclose(evaluate(step, values, SIZES), final)


@pytest.mark.parametrize(("formula", "declared", "wrt"), [task for task in TASKS if len(task[2]) == 1])
def test_the_differential_is_the_derivative_along_a_direction(formula, declared, wrt):
    reading = read(formula, Scope(declared=declared))
    (by,) = (reading.variables[name] for name in wrt)
    layout = Layout((reading.groups, (1,) * by.rank), reading.letters, reading.name, tuple(wrt))
    line = next(line for line in derivation(reading.expr, layout, [by], {}) if line.rule == "differential")
    values = _values(reading.variables.values())
    direction = np.random.default_rng(6).normal(size=values[by.name].shape)
    step = 1e-5
    ends = [evaluate(reading.expr, values | {by.name: values[by.name] + sign * step * direction}, SIZES) for sign in (1, -1)]
    found = evaluate(line.value, values | {f"d{by.name}": direction}, SIZES)
    assert np.allclose(found, (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-8)


def test_brief_derivations_are_short():
    for formula, declared, wrt in TASKS:
        answer = handle({"do": "derive", "expr": formula, "wrt": wrt, "vars": declared, "want": ["steps"]})
        assert 1 <= len(answer["steps"]) <= 8, formula


def test_merged_axes_of_a_network_take_work_linear_in_its_depth():
    """Counted, not timed: how many parts are written as matrices for the steps of a Hessian."""
    def work(layers: int) -> int:
        text = "x"
        for k in range(layers):
            text = f"tanh(W{k} {text} + b{k})"
        declared = {"x": ["d"], **{f"{letter}{k}": ["d", "d"][:rank] for k in range(layers) for letter, rank in (("W", 2), ("b", 1))}}
        kronecker._tree.cache_clear()
        assert handle({"do": "derive", "expr": f"sum({text})", "wrt": "W0", "order": 2, "vars": declared, "want": ["steps"]})["ok"]
        return kronecker._tree.cache_info().misses

    two, four, six = (work(layers) for layers in (2, 4, 6))
    assert six - four <= 2 * (four - two)


def test_the_textbook_form():
    answer = handle({"do": "derive", "expr": "tr(A*X*B)", "wrt": "X", "want": ["steps"]})
    assert [step["text"] for step in answer["steps"]] == ["df = tr(A dX B)", "df = A' B' : dX", "∂f/∂X = A' B'"]
    assert answer["steps"][1]["reference"] == "MC 16"
