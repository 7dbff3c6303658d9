"""Derivatives by variables with structure, against steps that keep the structure.

The reference moves along the directions that a reading stands for: it evaluates the
formula by a reader of its own, at complex points for the first derivative, and takes
differences of those for the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from answers import Answer, close, mistakes, problems
from meaning import Meaning
from scipy.linalg import expm
from strategies import SAMPLERS, Formula

import tensorcalc as tc
from tensorcalc.calculus.derive import ALL_READINGS
from tensorcalc.request import derived
from tensorcalc.service import handle

N = 3
SIZES = {"n": N}
SQUARE = {"A": ["n", "n"], "B": ["n", "n"], "S": ["n", "n"], "x": ["n"], "y": ["n"]}
NUMBERS = ["tr(A*S)", "x'*S*y", "tr(A*S*B*S)", "logdet(S)*tr(S)", "det(S)", "x'*inv(S)*y", "sum(exp(A*S))", "norm2(S*A - B*S)^2",
           "x'*S*S*S*y", "sum(S.*S.*A)"]
MATRICES = ["S*A*S", "inv(S)", "S.*A", "S'*B", "S*x", "vech(S*A*S')"]
STRUCTURES = ["symmetric", "spd", "skew", "diagonal", "lower"]
Array = Any


def unit(i: int, j: int) -> Array:
    made = np.zeros((N, N))
    made[i, j] = 1.0
    return made


def direction(structure: str, reading: str, i: int, j: int) -> Array:
    """Where the entry (i, j) of a derivative looks."""
    half = 0.5 if reading == "projected" else 1.0
    match structure:
        case "symmetric" | "spd":
            return half * (unit(i, j) + unit(j, i)) if i != j or reading == "projected" else unit(i, i)
        case "skew":
            return half * (unit(i, j) - unit(j, i))
        case "diagonal":
            return unit(i, i) if i == j else np.zeros((N, N))
        case _:
            return unit(i, j) if i >= j else np.zeros((N, N))


def directions(structure: str, reading: str) -> tuple[tuple[int, ...], list[Array]]:
    """The axes that a variable gives a derivative, and the directions of its entries."""
    if reading == "vech":
        lower = [(i, j) for j in range(N) for i in range(j, N)]
        return (len(lower),), [direction(structure, "structured", i, j) for i, j in lower]
    return (N, N), [direction(structure, reading, i, j) for i in range(N) for j in range(N)]


def point(structure: str, seed: int) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    values = {name: generator.uniform(-1, 1, (N,) * len(shape)) for name, shape in SQUARE.items()}
    if structure == "lower":
        values["S"] = np.tril(values["S"]) + 2 * np.eye(N)
    elif structure == "skew":
        values["S"] = values["S"] - values["S"].T
    else:
        values["S"] = SAMPLERS[structure](generator, (N, N)) + np.eye(N)
    return values


def first(text: str, values: dict[str, Array], along: Array) -> Array:
    """The derivative along a direction, by a step into the complex numbers."""
    moved = {**values, "S": values["S"] + 1e-30j * along}
    return np.imag(Meaning(moved, SIZES).of(text)) / 1e-30


def reference(text: str, values: dict[str, Array], ways: tuple[tuple[int, ...], list[Array]], order: int) -> Array:
    axes, listed = ways
    value = np.squeeze(first(text, values, 0 * values["S"]))
    if order == 1:
        parts = [np.squeeze(first(text, values, one)) for one in listed]
        return np.stack(parts, -1).reshape(*value.shape, *axes)
    step, rows = 1e-4, []
    for one in listed:
        ends = [[first(text, {**values, "S": values["S"] + sign * step * other}, one) for sign in (2, 1, -1, -2)]
                for other in listed]
        rows.append([np.squeeze((-a + 8 * b - 8 * c + d) / (12 * step)) for a, b, c, d in ends])
    return np.array(rows).reshape(*axes, *axes)


def answered(text: str, structure: str, reading: str, order: int) -> Answer:
    declared = {name: shape for name, shape in SQUARE.items() if name in text}
    facts = {"S": structure}
    found = derived({"expr": text, "wrt": ["S"] * order, "vars": declared, "assume": facts, "wrt_convention": reading},
                    ALL_READINGS)
    formula = Formula(text, "matrix", declared, facts, {}, SIZES, 0)
    return Answer(formula, found.expr, found.layout, found.reading)


def cases(order: int) -> Iterator[tuple[str, str, str]]:
    for structure in STRUCTURES:
        for reading in ("structured", "projected", "vech"):
            if reading == "vech" and structure in ("skew", "diagonal"):
                continue
            for text in (NUMBERS if order == 2 else [*NUMBERS, *MATRICES]):
                singular = structure == "skew" and ("inv" in text or "det" in text)   # a skew matrix of odd size is
                if not singular:
                    yield text, structure, reading


@pytest.mark.parametrize(("text", "structure", "reading"), list(cases(1)))
def test_first_derivatives(text: str, structure: str, reading: str) -> None:
    answer, values = answered(text, structure, reading, 1), point(structure, 3)
    values = {name: value for name, value in values.items() if name in answer.formula.declared}
    want = reference(text, values, directions(structure, reading), 1)
    assert not mistakes(answer, values, want)
    assert not problems(answer)


@pytest.mark.parametrize(("text", "structure", "reading"), list(cases(2)))
def test_second_derivatives(text: str, structure: str, reading: str) -> None:
    answer, values = answered(text, structure, reading, 2), point(structure, 4)
    values = {name: value for name, value in values.items() if name in answer.formula.declared}
    want = reference(text, values, directions(structure, reading), 2)
    assert not mistakes(answer, values, want, tolerance=1e-6)


# -- orthogonal matrices -----------------------------------------------------------------


def tangent(point_q: Array, along: Array) -> Array:
    """The part of a direction along the orthogonal matrices."""
    return (along - point_q @ along.T @ point_q) / 2


def slope(function: Callable[[Array], Array], at: Array, along: Array) -> Array:
    return np.imag(function(at + 1e-30j * along)) / 1e-30


@pytest.mark.parametrize("text", ["tr(A*S)", "tr(A*S*B*S')", "x'*S*S*y", "norm2(S*A - B)^2", "sum(exp(A*S))"])
def test_projected_derivatives_are_tangent_to_the_orthogonal_matrices(text: str) -> None:
    """The second one is the change of the first along curves that stay orthogonal."""
    values = {name: value for name, value in point("symmetric", 5).items() if name in text}
    values["S"] = np.linalg.qr(np.random.default_rng(6).normal(size=(N, N)))[0]

    def value(at: Array) -> Array:
        return np.squeeze(Meaning({**values, "S": at}, SIZES).of(text))

    def gradient(at: Array) -> Array:
        return np.array([[slope(value, at, tangent(at, unit(i, j))) for j in range(N)] for i in range(N)])

    q, step = values["S"], 1e-5
    one = answered(text, "orthogonal", "projected", 1)
    assert not mistakes(one, values, gradient(q))
    assert not problems(one)
    second = np.empty((N,) * 4)
    for i in range(N):
        for j in range(N):
            spin = q.T @ tangent(q, unit(i, j))
            second[:, :, i, j] = (gradient(q @ expm(step * spin)) - gradient(q @ expm(-step * spin))) / (2 * step)
    two = answered(text, "orthogonal", "projected", 2)
    assert not mistakes(two, values, second, tolerance=1e-6)


def test_an_orthogonal_variable_has_no_structured_derivative() -> None:
    for reading in ("structured", "vech"):
        refused = handle({"do": "derive", "expr": "tr(Q*A)", "wrt": "Q", "assume": {"Q": "orthogonal"}, "wrt_convention": reading})
        assert refused["error"]["code"] == "TC304"


# -- as they are printed -----------------------------------------------------------------


@pytest.mark.parametrize(("formula", "wrt", "fact", "reading", "form", "printed"), [
    ("tr(A*S)", "S", "symmetric", "structured", "matrix", "A + A' - A .* eye(n)"),
    ("tr(A*S)", "S", "skew", "structured", "matrix", "A' - A"),
    ("tr(A*S)", "S", "diagonal", "structured", "matrix", "A .* eye(n)"),
    ("tr(A*S)", "S", "lower", "structured", "matrix", "tril(A')"),
    ("tr(A*S)", "S", "symmetric", "projected", "matrix", "0.5 (A + A')"),
    ("tr(A*S)", "S", "orthogonal", "projected", "matrix", "0.5 (A' - S A S)"),
    ("x'*S*y", "S", "lower", "structured", "matrix", "tril(x y')"),
    ("norm2(A - S*S')^2", "S", "lower", "structured", "matrix", "-2 tril((A + A' - 2 S S') S)"),
    ("logdet(S)", "S", "spd", "vech", "matrix", "duplication(n)' vec(inv(S))"),
    ("logdet(S)", ["S", "S"], "spd", "vech", "matrix", "-duplication(n)' (inv(S) ⊗ inv(S)) duplication(n)"),
    ("inv(S)", "S", "spd", "vech", "kronecker", "-(inv(S) ⊗ inv(S)) duplication(n)"),
    ("vech(inv(S))", "S", "spd", "vech", "kronecker", "-elimination(n) (inv(S) ⊗ inv(S)) duplication(n)"),
    ("S*A", "S", "lower", "vech", "kronecker", "(A' ⊗ eye(n)) elimination(n)'"),
    ("inv(S)", "S", "spd", "structured", "kronecker",
     "T0 diag(vec(eye(n))) - T0 commutation(n, n) - T0"),
])
def test_forms(formula: str, wrt: Any, fact: str, reading: str, form: str, printed: str) -> None:
    declared = {name: shape for name, shape in SQUARE.items() if name in formula}
    answer = handle({"do": "derive", "expr": formula, "wrt": wrt, "vars": declared, "assume": {"S": fact},
                     "wrt_convention": reading})
    assert answer[form] == printed


def test_vech_is_said_in_the_convention() -> None:
    S = tc.tensor("S", "n", "n", assume="symmetric")
    H = tc.fn.logdet(S).hessian(S, reading="vech")
    assert H.shape == ("n*(n+1)/2", "n*(n+1)/2")
    assert H.convention == "H_ip = ∂²f/∂vech(S)_i∂vech(S)_p · numerator layout · vec stacks columns · vech derivative"


def test_vech_of_a_variable_without_structure_is_refused() -> None:
    answer = handle({"do": "derive", "expr": "tr(A*X)", "wrt": "X", "wrt_convention": "vech"})
    assert (answer["error"]["code"], answer["error"]["message"]) == \
        ("TC304", "the derivative by vech(X) is for a symmetric or a lower-triangular X")


def test_the_structured_hessian_by_vech_is_the_lower_part_of_the_structured_one() -> None:
    """``D' H D`` holds the entries of the structured Hessian at the places of ``vech``."""
    S = tc.tensor("S", N, N, assume="spd")
    f, at = tc.fn.logdet(S), point("spd", 7)["S"]
    places = tuple(np.array([(i, j) for j in range(N) for i in range(j, N)]).T)
    whole = f.hessian(S, reading="structured")(S=at)[places][:, *places]
    assert close(f.hessian(S, reading="vech")(S=at), whole)


def test_the_lower_part_of_what_is_lower_is_all_of_it() -> None:
    L = tc.tensor("L", "n", "n", assume="lower")
    assert str(tc.read("tril(inv(L) L L)", L=L)) == "L"
    assert str(tc.read("tril(L .* A)", L=L)) == "A .* L"
