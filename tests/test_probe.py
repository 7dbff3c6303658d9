"""Random points have what was declared of them, and gaps there are no rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identities import shapes

from tensorcalc.algebra.build import variable
from tensorcalc.notation.lower import Scope, read_sides
from tensorcalc.proofs import probe

KINDS = [probe.REAL, probe.WHOLE, probe.CORNER]
SQUARE = ["symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd", "invertible"]


def drawn(facts: list[str], shape: tuple[Any, ...], seed: int, kind: int, n: int = 3) -> Any:
    one = variable("X", *shape)
    point = probe.draw([one], {"X": facts}, {"n": n, "m": 2}, probe.generator(seed), kind)
    return None if point is None else point.values["X"]


def eigenvalues(a: Any) -> Any:
    return np.linalg.eigvalsh((a + a.T) / 2)


HOLDS = {
    "symmetric": lambda a: (a == a.T).all(),
    "skew": lambda a: (a == -a.T).all(),
    "diagonal": lambda a: (a == np.diag(np.diag(a))).all(),
    "lower": lambda a: (a == np.tril(a)).all(),
    "orthogonal": lambda a: np.allclose(a.T @ a, np.eye(len(a))),
    "spd": lambda a: np.allclose(a, a.T) and eigenvalues(a)[0] > 0,
    "psd": lambda a: np.allclose(a, a.T) and eigenvalues(a)[0] > -1e-12,
    "invertible": lambda a: np.linalg.matrix_rank(a) == len(a),
    "positive": lambda a: (a > 0).all(),
    "nonnegative": lambda a: (a >= 0).all(),
    "nonzero": lambda a: (a != 0).all(),
    "simplex": lambda a: (a >= 0).all() and np.isclose(a.sum(), 1),
    "unit": lambda a: np.isclose((a * a).sum(), 1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fact", SQUARE)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_properties_of_matrices(fact: str, kind: int, seed: int, n: int) -> None:
    array = drawn([fact], ("n", "n"), seed, kind, n)
    assert array is not None and array.shape == (n, n)
    assert HOLDS[fact](array)
    assert probe.has(array, [fact])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(), ("n",), ("n", "m"), ("n", "n"), ("n", "m", 2)], ids=str)
@pytest.mark.parametrize("fact", ["positive", "nonnegative", "nonzero"])
@given(seed=st.integers(0, 10**6))
def test_properties_of_entries(fact: str, shape: tuple[Any, ...], kind: int, seed: int) -> None:
    array = drawn([fact], shape, seed, kind)
    assert array is not None and HOLDS[fact](array)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [("n",), ("n", "m"), ("n", "n")], ids=str)
@pytest.mark.parametrize("fact", ["simplex", "unit"])
@given(seed=st.integers(0, 10**6), n=st.integers(1, 4))
def test_properties_of_the_whole(fact: str, shape: tuple[Any, ...], kind: int, seed: int, n: int) -> None:
    array = drawn([fact], shape, seed, kind, n)
    assert array is not None and HOLDS[fact](array)


@pytest.mark.parametrize("facts", [
    ["symmetric", "positive"], ["spd", "diagonal"], ["diagonal", "orthogonal"], ["symmetric", "orthogonal"], ["lower", "invertible"],
    ["symmetric", "invertible"], ["diagonal", "nonzero"], ["simplex", "positive"], ["psd", "diagonal"], ["lower", "nonzero"],
], ids=lambda facts: " and ".join(facts))
def test_properties_together(facts: list[str]) -> None:
    shape = ("n",) if "simplex" in facts else ("n", "n")
    for seed in range(20):
        for kind in KINDS:
            array = drawn(facts, shape, seed, kind)
            assert array is not None
            pattern = np.diag(array) if {"diagonal", "lower"} & set(facts) else array
            for fact in facts:
                assert HOLDS[fact](pattern if fact == "nonzero" else array)


def test_what_cannot_be_is_not_drawn() -> None:
    assert drawn(["skew", "invertible"], ("n", "n"), 0, probe.REAL, 3) is None
    assert drawn(["skew", "spd"], ("n", "n"), 0, probe.REAL, 2) is None
    assert drawn(["skew", "invertible"], ("n", "n"), 0, probe.REAL, 2) is not None


@pytest.mark.parametrize(("kind", "entries"), [(probe.WHOLE, {-2, -1, 0, 1, 2, 3}), (probe.CORNER, {-1, 0, 1})])
def test_small_integers(kind: int, entries: set[int]) -> None:
    seen = {float(entry) for seed in range(30) for entry in np.ravel(drawn([], ("n", "m"), seed, kind))}
    assert seen == entries


def test_points_come_again() -> None:
    assert (drawn([], ("n", "n"), 5, probe.REAL) == drawn([], ("n", "n"), 5, probe.REAL)).all()


def test_merged_axes_are_passed_merged() -> None:
    one = variable("b", "n", "m", groups=(2,))
    point = probe.draw([one], {}, {"n": 3, "m": 2}, probe.generator(0))
    assert point is not None and point.values["b"].shape == (6,)


def test_sizes_differ_in_either_order_and_agree() -> None:
    rng = probe.generator(0)
    tried = [probe.sizes_at(["m", "n"], attempt, rng) for attempt in range(8)]
    assert any(sizes["m"] < sizes["n"] for sizes in tried) and any(sizes["m"] > sizes["n"] for sizes in tried)
    assert any(sizes["m"] == sizes["n"] for sizes in tried)


# -- gaps --------------------------------------------------------------------------------


def sides(lhs: str, rhs: str, declared: str = "") -> tuple[Any, Any]:
    left, right = read_sides(lhs, rhs, Scope(declared=shapes(declared)))
    return left.expr, right.expr


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts"), [
    ("sign(a)^2", "1", "a:", {}),
    ("abs(x)", "x", "x:n", {}),
    ("(n-1)*a", "0*a", "a: x:n", {}),
    ("det(A)", "a", "A:n,n a:", {}),
    ("x", "1.0000001*x", "x:n", {}),
    ("inv(A)", "1.0000001*inv(A)", "A:n,n", {}),
])
def test_differences_are_found(lhs: str, rhs: str, declared: str, facts: Any) -> None:
    left, right = sides(lhs, rhs, declared)
    gap = probe.counterexample(left, right, facts, probe.gaps(left, right, facts, corners=9))
    assert gap is not None and gap.left != gap.right


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("(x + 1000000000000) - x", "1000000000000", "x:"),
    ("exp(25*x)*exp(-25*x)*exp(x)", "exp(x)", "x:"),
    ("inv(inv(A*A'))", "A*A'", "A:n,n"),
    ("det(A*B)", "det(A)*det(B)", "A:n,n B:n,n"),
    ("sign(det(A))", "sign(det(A'))", "A:n,n"),
    ("inv(eye(n) + A*B)", "eye(n) - A*inv(eye(m) + B*A)*B", "A:n,m B:m,n"),
    ("logm(expm(A*A'))", "A*A'", "A:n,n"),
])
def test_rounding_is_no_difference(lhs: str, rhs: str, declared: str) -> None:
    left, right = sides(lhs, rhs, declared)
    found = probe.gaps(left, right, {}, count=8 if "logm" in lhs else 40, corners=4)
    assert found and probe.counterexample(left, right, {}, found) is None


def test_a_cancellation_of_large_terms_is_rounding() -> None:
    """One ulp of 10^16 is 2: x is lost altogether."""
    left, right = sides("(a*b + x) - a*b", "x", "a: b: x:")
    big = left.children[0] if left.children else left
    assert big is not None
    point = probe.Point({}, {"a": np.array(1e8), "b": np.array(1e8 + 1), "x": np.array(0.3)})
    gap = probe.Gap(point, 1.0, (), 0.0, 0.3)
    assert left is right or not probe.beyond_rounding(left, right, gap)


def test_points_where_a_side_is_not_defined_do_not_count() -> None:
    left, right = sides("log(x)", "log(x)", "x:n")
    assert all((gap.point.values["x"] > 0).all() for gap in probe.gaps(left, right, {}, count=5))
    left, right = sides("inv(x*x')", "inv(x*x')", "x:3")
    assert probe.gaps(left, right, {}) == []


# -- equations ---------------------------------------------------------------------------


@pytest.mark.parametrize(("equation", "declared", "facts", "n", "m"), [
    (("W'*W", "eye(m)"), "W:n,m", {}, 4, 2),
    (("sum(y)", "1"), "y:n", {}, 3, 1),
    (("y'*y", "1"), "y:n", {}, 3, 1),
    (("A*B", "B*A"), "A:n,n B:n,n", {}, 2, 2),
    (("tr(S)", "n"), "S:n,n", {"S": ["symmetric"]}, 3, 3),
    (("A*x", "0*x"), "A:n,n x:n", {"A": ["skew"]}, 3, 3),
])
def test_points_are_moved_onto_equations(equation: tuple[str, str], declared: str, facts: Any, n: int, m: int) -> None:
    left, right = sides(*equation, declared)
    move = probe.onto([(left, right)], facts)
    rng, reached = probe.generator(1), 0
    for _ in range(12):
        point = probe.draw(probe.variables_of(left, right), facts, {"n": n, "m": m}, rng, probe.REAL)
        assert point is not None
        there = move(point)
        if there is not None:
            gap = probe.compare(left, right, there)
            assert gap is not None and gap.size < 1e-9
            assert all(HOLDS[fact](there.values[name]) for name, own in facts.items() for fact in own)
            reached += 1
    assert reached > 3


def test_what_has_no_solution_is_not_reached() -> None:
    left, right = sides("y'*y", "-1", "y:n")
    point = probe.draw(probe.variables_of(left, right), {}, {"n": 3}, probe.generator(0), probe.REAL)
    assert point is not None and probe.onto([(left, right)], {})(point) is None
