"""Values without rounding: against NumPy, against the prover, and what they refute."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from identities import ALL, Identity, shapes

from tensorcalc.calculus.assume import implied
from tensorcalc.calculus.derive import derive
from tensorcalc.notation.lower import Scope, read, read_sides
from tensorcalc.proofs.exact import PRIME, at, counterexample, evidence
from tensorcalc.proofs.verify import aligned, same_shape

A = np.array([[2, -1, 3], [0, 1, 4], [1, 5, -2]])
B = np.array([[1, 2, 0], [-1, 3, 1], [2, 0, 1]])
VALUES: dict[str, Any] = {"A": A, "B": B, "x": np.array([1, -2, 3]), "y": np.array([2, 0, 5])}


@pytest.mark.parametrize(("formula", "expected"), [
    ("A*B", A @ B), ("A.*B", A * B), ("kron(A, B)", np.kron(A, B)), ("tr(A*B)", np.trace(A @ B)), ("x'*A*y", VALUES["x"] @ A @ VALUES["y"]),
    ("vec(A)", A.reshape(-1, order="F")), ("diag(A)", np.diag(A)), ("diag(x)", np.diag(VALUES["x"])), ("A^3", A @ A @ A),
    ("x.^2", VALUES["x"] ** 2), ("det(A)", round(np.linalg.det(A))), ("cross(x, y)", np.cross(VALUES["x"], VALUES["y"])),
    ("sum(A) + 3", A.sum() + 3), ("A - n*eye(n)", A - 3 * np.eye(3)), ("commutation(n, n)*vec(A)", A.reshape(-1)),
    ("duplication(n)*vech(A + A')", (A + A.T).reshape(-1)), ("x[2]", -2), ("A[1,3]", 3), ("[1, 2; 3, 4]", [[1, 2], [3, 4]]),
    ("adj(A)", np.linalg.det(A) * np.linalg.inv(A)), ("inv(A)", np.linalg.inv(A)), ("inv(kron(A, B))", np.linalg.inv(np.kron(A, B))),
    ("1 ./ (x + y)", 1 / (VALUES["x"] + VALUES["y"])), ("A^-2", np.linalg.inv(A @ A)), ("A^k", A @ A @ A @ A),
    ("series(j, 0, k-1, A^j)", np.eye(3) + A + A @ A + A @ A @ A),
])
def test_fractions_are_what_numpy_computes(formula: str, expected: Any) -> None:
    declared = {"A": ["n", "n"], "B": ["n", "n"], "x": [3] if "cross" in formula else ["n"], "y": [3] if "cross" in formula else ["n"]}
    reading = read(formula, Scope(declared=declared))
    found = at(reading.expr, VALUES, {"n": 3, "k": 4})
    assert found is not None and all(isinstance(entry, Fraction) for entry in np.ravel(found))
    assert np.allclose(np.ravel(found).astype(float), np.ravel(np.asarray(expected, dtype=float)), rtol=1e-12)


@pytest.mark.parametrize("formula", ["exp(x)", "norm2(x)", "abs(x)", "expm(A)", "inv(A - A)", "x.^(1/2)"])
def test_what_is_not_rational_has_no_value(formula: str) -> None:
    assert at(read(formula, Scope(declared={"A": ["n", "n"], "x": ["n"]})).expr, VALUES, {"n": 3}) is None


def sides(identity: Identity, rhs: str) -> tuple[Any, Any, Any]:
    facts = {name: [fact] if isinstance(fact, str) else fact for name, fact in identity.assume.items() if name != "equations"}
    scope = Scope(declared=identity.vars, index_dims=identity.index_dims,
                  differentiate=lambda expr, by, order: derive(expr, [by] * order))
    left, right = read_sides(identity.lhs, rhs, scope)
    other = aligned(right, left) if same_shape(left, right) else None
    return left.expr, other, None if other is None else implied([left.expr, other], facts)


@pytest.mark.parametrize("identity", [one for one in ALL if "equations" not in one.assume], ids=lambda identity: identity.name)
def test_true_identities_agree_and_false_ones_do_not(identity: Identity) -> None:
    left, right, facts = sides(identity, identity.rhs)
    true = evidence(left, right, facts)
    assert true is None or (not true.differ and true.points == 4 and true.chance < 1e-40)
    left, right, facts = sides(identity, identity.false)
    false = None if right is None else evidence(left, right, facts)
    assert (false is None) == (true is None) or right is None
    if false is not None:
        gap = counterexample(left, right, facts)
        assert false.differ and gap is not None and gap.size > 0


def test_the_chance_follows_the_degree() -> None:
    chances = []
    for power in (1, 2, 8):
        one = read(f"det(A)^{power}", Scope(declared=shapes("A:3,3"))).expr
        found = evidence(one, one, {})
        assert found is not None
        chances.append(found.chance)
    assert chances == sorted(chances) and chances[0] >= (3 / PRIME) ** 4
