"""Functions that a user declares in Python: unknown ones, formulas, power series, expressions of SymPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from answers import close

import tensorcalc as tc

Z = sympy.Symbol("t", real=True)
X = np.random.default_rng(2).uniform(0.2, 0.9, (3, 3))
A = np.random.default_rng(3).normal(size=(3, 3))

KNOWN = [
    sympy.log(1 + sympy.exp(Z)), sympy.sqrt(1 + Z**2), sympy.sin(Z) / Z - sympy.Rational(2, 7), sympy.tanh(Z) ** 2,
    sympy.exp(-Z**2 / 2) / sympy.sqrt(2 * sympy.pi), sympy.erf(Z), sympy.Max(Z, sympy.Rational(1, 2)) * sympy.E,
    sympy.Abs(Z) ** 3, 0.25 * Z + 1.5, sympy.asin(Z) + sympy.atan(Z) - sympy.acos(Z / 3), Z ** Z, 2 ** Z, 1 / Z ** 3,
]
STRANGE = [sympy.loggamma(Z), sympy.besselj(0, Z) * Z, sympy.asinh(Z), sympy.Piecewise((Z**2, Z > 0.5), (Z - 0.25, True)),
           sympy.gamma(Z) + sympy.sin(Z), sympy.loggamma(abs(sympy.Symbol("u")))]


def derivatives(expr: Any, order: int) -> Any:
    expr = expr.subs(sympy.Symbol("u"), Z)
    return sympy.lambdify(Z, sympy.diff(expr, Z, order).subs(sympy.DiracDelta(Z), 0), modules=["scipy", "numpy"])


@pytest.mark.parametrize("expr", KNOWN, ids=str)
def test_known_expressions_become_formulas(expr: Any) -> None:
    f = tc.function("f", expr)
    assert f.kind != "elementwise" and f.callables() == {}
    formula = tc.read("sum(A .* f(X))", functions={"f": f}, A=["n", "n"], X=["n", "n"])
    assert close(formula(A=A, X=X), np.sum(A * derivatives(expr, 0)(X)), 1e-12)
    assert close(formula.gradient("X")(A=A, X=X), A * derivatives(expr, 1)(X), 1e-10)
    assert f(tc.tensor("X", "n", "n")) == tc.read("f(X)", functions={"f": expr}, X=["n", "n"])


@pytest.mark.parametrize("expr", STRANGE, ids=str)
def test_other_expressions_are_differentiated_by_sympy(expr: Any) -> None:
    f = tc.function("f", expr)
    assert f.kind == "elementwise"
    formula = tc.read("sum(A .* f(X))", functions={"f": f}, A=["n", "n"], X=["n", "n"])
    gradient, hessian = formula.gradient("X"), formula.hessian("X")
    assert str(gradient) == "A .* f'(X)"
    values = {"A": A, "X": X, **f.callables()}
    assert close(gradient(**values), A * derivatives(expr, 1)(X), 1e-10)
    want = np.einsum("ij,ik,jl->ijkl", A * derivatives(expr, 2)(X), np.eye(3), np.eye(3))
    assert close(hessian(**values), want, 1e-10)
    space: dict[str, Any] = {}
    exec(gradient.code("numpy"), space)
    assert close(space["derivative"](**values), A * derivatives(expr, 1)(X), 1e-10)


def test_functions_of_every_kind_take_tensors() -> None:
    x, M, T = tc.tensor("x", "n"), tc.tensor("M", "n", "n"), tc.tensor("T", "n", "n", "n")
    f, g, F = tc.function("f"), tc.function("g", "scalar"), tc.function("F", "series")
    assert str(f(M @ x).derivative(x)) == str(tc.read("f(M x)", functions={"f": "elementwise"}).derivative("x"))
    assert f(T).shape == ("n", "n", "n") and g(T).shape == ()
    assert str(g(M @ x).gradient(x)) == "M' g'(M x)"
    assert str(tc.fn.tr(F(M)).gradient(M)) == "F'(M)'"
    assert str(F(x @ x).gradient(x)) == "2 F'(x' x) x"


@pytest.mark.parametrize("wrong", [Z * sympy.Symbol("s"), sympy.Integer(3), 7, None, ["elementwise"]], ids=str)
def test_what_is_no_function_of_one_variable(wrong: Any) -> None:
    with pytest.raises(tc.RequestError, match="TC515: functions gives f a kind, a formula, or an expression of SymPy"):
        tc.function("f", wrong)


def test_messages() -> None:
    with pytest.raises(tc.RequestError, match="TC515: f is unknown: pass it, and its derivatives, as functions of arrays"):
        tc.function("f").callables()
    with pytest.raises(tc.RequestError, match="TC519: f takes tensors and numbers, not 'x'"):
        tc.function("f")("x")  # type: ignore[arg-type]
    with pytest.raises(tc.ShapeError) as caught:
        tc.function("F", "series")(tc.tensor("A", "m", "n"))
    assert str(caught.value) == ("ShapeError TC107: the power series F needs a square matrix\n  F(A)\n    ^\n  A is m x n")
