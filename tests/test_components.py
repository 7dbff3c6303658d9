"""Entries as polynomials: the same as SymPy's, for explicit matrices."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import sympy
from identities import shapes

from tensorcalc.calculus.derive import pointed
from tensorcalc.notation.lower import Scope, read
from tensorcalc.proofs.components import components


def entries(source: str, declared: str, facts: dict[str, list[str]] | None = None) -> Any:
    return components(pointed(read(source, Scope(declared=shapes(declared))).expr, facts or {}))


def symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name.replace(" ", ""))


def matrix(name: str, rows: int, cols: int, fact: str = "") -> sympy.Matrix:
    """Entries are called as the package calls them: of tied entries the upper one."""
    def entry(i: int, j: int) -> sympy.Expr:
        if fact == "symmetric" and i > j:
            return symbol(f"{name}[{j},{i}]")
        if fact == "skew":
            return 0 if i == j else symbol(f"{name}[{i},{j}]") if i < j else -symbol(f"{name}[{j},{i}]")
        if (fact == "diagonal" and i != j) or (fact == "lower" and i < j):
            return 0
        return symbol(f"{name}[{i},{j}]")

    return sympy.Matrix(rows, cols, entry)


def vector(name: str, size: int) -> sympy.Matrix:
    return sympy.Matrix([symbol(f"{name}[{i}]") for i in range(size)])


def as_sympy(polynomial: Any) -> sympy.Expr:
    total = sympy.Integer(0)
    for monomial, weight in polynomial.items():
        term = sympy.Rational(weight.numerator, weight.denominator)
        for name, power in monomial:
            term *= symbol(name)**power
        total += term
    return total


def agrees(found: Any, expected: Any) -> bool:
    expected = sympy.Matrix([[expected]]) if not hasattr(expected, "shape") else expected
    shape = expected.shape
    for place in product(range(shape[0]), range(shape[1])):
        keys = [key for key in (place, place[:1] if shape[1] == 1 else None, () if shape == (1, 1) else None) if key is not None]
        mine = next((found[key] for key in keys if key in found), {})
        if sympy.expand(as_sympy(mine) - expected[place]) != 0:
            return False
    return True


def world(n: int, fact: str = "") -> dict[str, Any]:
    return {"A": matrix("A", n, n, fact), "B": matrix("B", n, n), "x": vector("x", n), "y": vector("y", n), "I": sympy.eye(n)}


CASES = [
    ("A*B", lambda w: w["A"] * w["B"]),
    ("A*B - B*A", lambda w: w["A"] * w["B"] - w["B"] * w["A"]),
    ("A'*B + 2*A", lambda w: w["A"].T * w["B"] + 2 * w["A"]),
    ("A^3", lambda w: w["A"]**3),
    ("A.*B", lambda w: w["A"].multiply_elementwise(w["B"])),
    ("A.^3", lambda w: w["A"].applyfunc(lambda e: e**3)),
    ("tr(A*B)", lambda w: (w["A"] * w["B"]).trace()),
    ("tr(A)^3", lambda w: w["A"].trace()**3),
    ("det(A)", lambda w: w["A"].det()),
    ("det(A*B)", lambda w: (w["A"] * w["B"]).det()),
    ("det(A + x*y')", lambda w: (w["A"] + w["x"] * w["y"].T).det()),
    ("adj(A)", lambda w: w["A"].adjugate()),
    ("adj(A + B)*x", lambda w: (w["A"] + w["B"]).adjugate() * w["x"]),
    ("x'*A*y", lambda w: (w["x"].T * w["A"] * w["y"])[0]),
    ("diag(x)*A", lambda w: sympy.diag(*w["x"]) * w["A"]),
    ("diag(A*B)", lambda w: sympy.Matrix((w["A"] * w["B"]).diagonal()).reshape(w["A"].rows, 1)),
    ("sum(A)*x", lambda w: sum(w["A"]) * w["x"]),
    ("norm2(A)^2", lambda w: sum(e**2 for e in w["A"])),
]


@pytest.mark.parametrize("fact", ["", "symmetric", "skew", "diagonal", "lower"])
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize(("source", "expected"), CASES, ids=[case[0] for case in CASES])
def test_as_sympy_does(source: str, expected: Any, n: int, fact: str) -> None:
    declared = f"A:{n},{n} B:{n},{n} x:{n} y:{n}"
    found = entries(source, declared, {"A": [fact]} if fact else {})
    assert found is not None and agrees(found, expected(world(n, fact)))


def test_levi_civita_and_cross_products() -> None:
    a, b = vector("a", 3), vector("b", 3)
    assert agrees(entries("cross(a, b)", "a:3 b:3"), a.cross(b))
    skew = sympy.Matrix([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
    assert agrees(entries("skew(a)", "a:3"), skew)


def test_kronecker_determinant() -> None:
    a, b = matrix("A", 2, 2), matrix("B", 2, 2)
    assert agrees(entries("det(kron(A, B))", "A:2,2 B:2,2"), sympy.kronecker_product(a, b).det())


def test_zero_entries_are_left_out() -> None:
    assert entries("A - A'", "A:2,2", {"A": ["symmetric"]}) == {}
    assert set(entries("A", "A:3,3", {"A": ["skew"]})) == {(i, j) for i in range(3) for j in range(3) if i != j}


@pytest.mark.parametrize(("source", "declared"), [
    ("A", "A:n,n"), ("inv(A)", "A:2,2"), ("exp(x)", "x:2"), ("sqrt(a)", "a:"), ("a^-1", "a:"), ("n*a", "a: x:n"), ("a^b", "a: b:"),
    ("A*B", "A:40,40 B:40,40"), ("det(A)", "A:6,6"), ("(a + b + c + d)^8*(h + u + v + w)^8", "a: b: c: d: h: u: v: w:"),
])
def test_what_is_not_written_out(source: str, declared: str) -> None:
    assert entries(source, declared) is None
