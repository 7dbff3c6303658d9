"""Generated modules: they compute what the evaluator computes, and read as people write."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from fractions import Fraction
from keyword import kwlist
from typing import Any

import numpy as np
import pytest
from effort import grows_linearly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Network, close, load, networks, scale

from tensorcalc.algebra.build import (
    add,
    apply,
    delta,
    einsum,
    number,
    ones,
    power_of,
    special,
    transpose,
    unit,
    variable,
    zero,
)
from tensorcalc.algebra.build import (
    scale as weighted,
)
from tensorcalc.algebra.expr import Apply, Expr
from tensorcalc.functions import MATRIX, TABLE, Function, grouped
from tensorcalc.numbers import kernels
from tensorcalc.numbers.code.codegen import WIDTH, numpy_code
from tensorcalc.numbers.code.printed import source
from tensorcalc.numbers.evaluate import evaluate

LAWS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
GENERATOR = np.random.default_rng(21)

A, B, X = variable("A", "m", "n"), variable("B", "n", "m"), variable("X", "n", "n")
S = variable("S", "n", "n", facts=["spd"])
T, Q = variable("T", "p", "n", "m"), variable("Q", "p", "m", "k")
x, y, z, s = variable("x", "n"), variable("y", "m"), variable("z", "n"), variable("s")
k = delta("k", 0)


def row(name: str, *arguments: Expr) -> Expr:
    return apply(TABLE[name], *arguments)


def residual() -> Expr:
    return add([(1, einsum([(A, "ij"), (x, "j")], "i")), (-1, y)])


def body(expr: Expr, groups: Any = None) -> str:
    """What the function does after it has read its arguments."""
    lines = numpy_code(expr, groups=groups).partition("def derivative")[2].splitlines()[1:]
    return "\n".join(line[4:] for line in lines if "asarray" not in line and " is None else " not in line)


def head(expr: Expr) -> str:
    return next(line for line in numpy_code(expr).splitlines() if line.startswith("def derivative"))


# -- laws --------------------------------------------------------------------------------


@LAWS
@given(networks(steps=7))
def test_a_module_computes_the_value(network: Network) -> None:
    want = network.value()
    if scale(want) > 1e8:
        return
    code = numpy_code(network.expr)
    got = load(code).derivative(**network.values, **network.known)
    assert isinstance(got, (np.ndarray, np.floating)), code
    assert close(got, want), code


@LAWS
@given(networks(steps=7), st.data())
def test_a_module_merges_axes(network: Network, data: st.DataObject) -> None:
    groups, left = [], network.expr.rank
    while left:
        groups.append(data.draw(st.integers(1, left)))
        left -= groups[-1]
    code = numpy_code(network.expr, groups=groups)
    want = evaluate(network.expr, network.values, network.known, groups=groups)
    if scale(want) < 1e8:
        assert close(load(code).derivative(**network.values, **network.known), want), code


@LAWS
@given(networks(steps=7))
def test_a_module_is_well_formed(network: Network) -> None:
    code = numpy_code(network.expr)
    assert all(len(line) <= WIDTH + 30 and line == line.rstrip() for line in code.splitlines())
    tree = ast.parse(code)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "derivative")
    arguments = [argument.arg for argument in function.args.kwonlyargs]
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    loaded = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert stored <= loaded and set(arguments) <= loaded, code
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert loaded - stored - set(arguments) - defined <= {"np", "linalg", "special", "float", "int", "round"}, code
    assert defined - {"derivative"} <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}, code


# -- what is written ---------------------------------------------------------------------

TEXTS: list[tuple[Expr, str]] = [
    (einsum([(A, "ij"), (x, "j")], "i"), "return A @ x"),
    (einsum([(A, "ij"), (y, "i")], "j"), "return A.T @ y"),
    (einsum([(A, "ij"), (B, "jk")], "ik"), "return A @ B"),
    (einsum([(A, "ij"), (B, "jk")], "ki"), "return B.T @ A.T"),
    (einsum([(X, "ij"), (X, "jk"), (x, "k")], "i"), "return X @ (X @ x)"),
    (transpose(A, (1, 0)), "return A.T"),
    (transpose(T, (1, 0, 2)), "return T.transpose(1, 0, 2)"),
    (transpose(T, (2, 1, 0)), "return T.T"),
    (einsum([(x, "i"), (x, "i")], ""), "return x @ x"),
    (einsum([(x, "i"), (z, "i")], ""), "return x @ z"),
    (einsum([(A, "ij"), (A, "ij")], ""), "return np.sum(A**2)"),
    (einsum([(A, "ij"), (B, "ji")], ""), "return np.sum(A * B.T)"),
    (einsum([(A, "ij"), (A, "ij")], "i"), "return np.sum(A**2, axis=1)"),
    (einsum([(X, "ii")], ""), "return np.trace(X)"),
    (einsum([(X, "ii")], "i"), "return np.diagonal(X)"),
    (einsum([(T, "ijk")], "k"), "return np.sum(T, axis=(0, 1))"),
    (einsum([(T, "ijk")], ""), "return np.sum(T)"),
    (einsum([(x, "i"), (y, "j")], "ij"), "return np.outer(x, y)"),
    (einsum([(A, "ij"), (x, "k")], "ijk"), "return np.multiply.outer(A, x)"),
    (einsum([(A, "ij"), (x, "j")], "ij"), "return A * x"),
    (einsum([(A, "ij"), (y, "i")], "ij"), "return A * y[:, None]"),
    (einsum([(x, "i"), (z, "i")], "i"), "return x * z"),
    (einsum([(x, "i"), (x, "i")], "i"), "return x**2"),
    (einsum([(x, "i")], "ii"), "return np.diag(x)"),
    (delta("n"), "return np.eye(n)"),
    (einsum([(delta("n"), "ij"), (s, "")], "ij"), "return s * np.eye(n)"),
    (ones(("n", "m")), "return np.ones((n, m))"),
    (ones(("n",)), "return np.ones(n)"),
    (zero(("n", 3)), "return np.zeros((n, 3))"),
    (zero(()), "return np.float64(0)"),
    (einsum([(delta("n", 1), "i"), (s, "")], "i"), "return np.full(n, s)"),
    (weighted(Fraction(1, 2), ones(("n",))), "return np.full(n, 0.5)"),
    (weighted(3, ones(("n",))), "return np.full(n, 3.0)"),
    (number(Fraction(2, 3)), "return np.float64((2/3))"),
    (einsum([(x, "i"), (delta("m", 1), "j")], "ij"), "return x[:, None] * np.ones((n, m))"),
    (add([(1, A), (1, einsum([(y, "i"), (delta("n", 1), "j")], "ij"))]), "return A + y[:, None]"),
    (add([(1, A), (-1, einsum([(x, "j"), (delta("m", 1), "i")], "ij"))]), "return A - x"),
    (add([(1, x), (1, ones(("n",)))]), "return x + 1"),
    (add([(1, X), (-2, delta("n"))]), "return X - 2 * np.eye(n)"),
    (add([(Fraction(1, 3), x), (Fraction(-5, 7), z), (Fraction(3, 2), row("exp", x))]),
     "return x / 3 + 1.5 * np.exp(x) - (5/7) * z"),
    (add([(2, x), (-2, z)]), "return 2 * (x - z)"),
    (weighted(-1, x), "return -x"),
    (weighted(10**30, x), "return 1e+30 * x"),
    (residual(), "return A @ x - y"),
    (weighted(2, einsum([(A, "ij"), (residual(), "i")], "j")), "return 2 * (A.T @ (A @ x - y))"),
    (einsum([(residual(), "i"), (residual(), "i")], ""), "T0 = y - A @ x\nreturn T0 @ T0"),
    (einsum([(A, "ij"), (x, "j"), (s, "")], "i"), "return s * (A @ x)"),
    (einsum([(x, "i"), (power_of(s, -1), "")], "i"), "return x / s"),
    (einsum([(x, "i"), (power_of(einsum([(x, "i"), (x, "i")], ""), Fraction(-1, 2)), "")], "i"),
     "return x / np.sqrt(x @ x)"),
    (einsum([(x, "i"), (power_of(z, -2), "i")], "i"), "return x / z**2"),
    (einsum([(A, "ij"), (power_of(y, -1), "i")], "ij"), "return A / y[:, None]"),
    (power_of(x, -1), "return 1 / x"),
    (power_of(x, Fraction(1, 2)), "return np.sqrt(x)"),
    (power_of(x, Fraction(-1, 2)), "return 1 / np.sqrt(x)"),
    (power_of(x, Fraction(3, 2)), "return x**1.5"),
    (power_of(x, Fraction(1, 3)), "return x**(1/3)"),
    (power_of(x, 7), "return x**7"),
    (power_of(row("sin", x), 2), "return np.sin(x)**2"),
    (power_of(add([(1, x), (1, z)]), 2), "return (x + z)**2"),
    (apply(TABLE["power"], number(2), x), "return 2.0**x"),
    (power_of(x, add([(1, k), (-1, number(1))])), "return x**(k - 1)"),
    (einsum([(k, ""), (x, "i")], "i"), "return k * x"),
    (einsum([(row("inv", X), "ij"), (x, "j")], "i"), "return np.linalg.solve(X, x)"),
    (einsum([(row("inv", X), "ij"), (B, "jk")], "ik"), "return np.linalg.solve(X, B)"),
    (einsum([(A, "ij"), (row("inv", X), "jk")], "ik"), "return np.linalg.solve(X.T, A.T).T"),
    (row("inv", X), "return np.linalg.inv(X)"),
    (row("logdet", X), "return np.linalg.slogdet(X)[1]"),
    (row("relu", x), "return np.maximum(x, 0.0)"),
    (row("relu", row("sign", x)), "return np.heaviside(x, 0)"),
    (row("max", x, z), "return np.maximum(x, z)"),
    (row("softplus", x), "return np.logaddexp(0, x)"),
    (row("erf", x), "return special.erf(x)"),
    (row("sqrtm", X), "return linalg.sqrtm(X)"),
    (row("matpow", X, add([(1, k), (-1, number(1))])), "return np.linalg.matrix_power(X, k - 1)"),
    (Apply(("k", "n", "n"), TABLE["powers"], (X, k)), "return powers(X, k)"),
    (special("exchange", ("n", "n")), "return np.eye(n)[::-1]"),
    (row("chol", S), "return np.linalg.cholesky(S)"),
    (row("chol", X), "return cholesky(X)"),
    (einsum([(B, "ij"), (S, "ik")], "jk"), "return B.T @ S"),
    (einsum([(A, "ji"), (add([(1, S), (3, delta("n"))]), "ik")], "kj"), "return (S + 3 * np.eye(n)) @ A.T"),
    (einsum([(row("tanh", transpose(A, (1, 0))), "ij"), (x, "i")], "j"), "return np.tanh(A) @ x"),
    (einsum([(add([(1, row("tanh", transpose(A, (1, 0)))), (1, ones(("n", "m")))]), "ij"), (x, "i")], "j"),
     "return (np.tanh(A) + 1) @ x"),
    (einsum([(A, "ik"), (delta("p"), "jl")], "ijkl"), 'return np.einsum("ik,jl->ijkl", A, np.eye(p))'),
    (einsum([(X, "ik"), (X, "lj")], "ijkl"), 'return np.einsum("ik,lj->ijkl", X, X)'),
    (einsum([(A, "ij")], "iji"), 'return on_diagonal("iji->ij", A, (m, n, m))'),
    (einsum([(T, "pij"), (x, "i")], "pj"), "return np.tensordot(T, x, axes=(1, 0))"),
    (einsum([(T, "pij"), (y, "j")], "pi"), "return T @ y"),
    (einsum([(T, "pij"), (B, "ij")], "p"), "return np.tensordot(T, B, axes=2)"),
    (einsum([(T, "pij"), (Q, "pjk")], "pik"), "return T @ Q"),
    (einsum([(T, "pij"), (T, "pkj")], "pik"), "return T @ np.swapaxes(T, -1, -2)"),
    (einsum([(T, "pij"), (x, "i"), (y, "j")], "p"), "return np.tensordot(T, np.outer(x, y), axes=2)"),
    (einsum([(T, "pij"), (A, "ki")], "kpj"), "return np.tensordot(A, T, axes=(1, 1))"),
    (einsum([(T, "pij"), (A, "ki")], "pkj"), 'return np.einsum("jl,ilk->ijk", A, T, optimize=True)'),
    (special("eps", (3, 3, 3)), "return levi_civita(3)"),
    (special("duplication", ("n", "n", "n*(n+1)/2")), "return duplication(n)"),
    (special("literal", (2, 2), (Fraction(1), Fraction(2)), (Fraction(3), Fraction(1, 4))),
     "return np.array([[1.0, 2.0], [3.0, 0.25]])"),
    (unit(number(2), "n"), "return np.eye(n)[1]"),
    (unit(k, "n"), "return unit(k, n)"),
    (ones(("n*(n+1)/2",)), "return np.ones(n * (n + 1) // 2)"),
    (ones(("m+n-1",)), "return np.ones(m + n - 1)"),
]


@pytest.mark.parametrize(("expr", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_texts(expr: Expr, text: str) -> None:
    assert body(expr) == text
    values = {v.name: GENERATOR.uniform(0.5, 2, [{"n": 3, "m": 4, "p": 2, "k": 2}[str(d)] for d in v.shape])
              for v in (A, B, X, S, T, Q, x, y, z, s)}
    values["X"] = values["S"] = values["X"] @ values["X"].T + np.eye(3)
    known = {"n": 3, "m": 4, "p": 2, "k": 2}
    with np.errstate(all="ignore"):
        got = load(numpy_code(expr)).derivative(**values, **known)
    assert close(got, evaluate(expr, values, known), 1e-12)


K = variable("K", "n", "m", "n", "m", groups=(2, 2))
MERGED: list[tuple[Expr, Any, str]] = [
    (einsum([(A, "ij"), (Q, "pkl")], "pikjl"), (1, 2, 2),
     'return np.einsum("ikm,jl->ijklm", Q, A).reshape(p, m * m, n * k)'),
    (einsum([(A, "ij"), (B, "kl")], "ikjl"), (2, 2), "return np.kron(A, B)"),
    (einsum([(A, "ji"), (B, "kl")], "ikjl"), (2, 2), "return np.kron(A.T, B)"),
    (einsum([(A, "ij"), (delta("p"), "kl")], "ikjl"), (2, 2), "return np.kron(A, np.eye(p))"),
    (A, (2,), "return A.reshape(m * n)"),
    (variable("u", "n", "m+p"), (2,), "return u.reshape(n * (m + p))"),
    (variable("u", "m+p", "n"), (2,), "return u.reshape((m + p) * n)"),
    (transpose(A, (1, 0)), (2,), "return A.T.reshape(n * m)"),
    (K, (2, 2), "return K"),
    (apply(grouped(TABLE["inv"], (2,)), K), (2, 2), "return np.linalg.inv(K)"),
    (apply(grouped(TABLE["inv"], (2,)), K), None, "return np.linalg.inv(K).reshape(n, m, n, m)"),
    (apply(grouped(TABLE["inv"], (2,)), variable("L", "p", "n", "m", "n", "m")), None,
     "return np.linalg.inv(L.reshape(p, n * m, n * m)).reshape(p, n, m, n, m)"),
    (apply(grouped(TABLE["det"], (2,)), K), None, "return np.linalg.det(K)"),
    (special("regroup", ("n", "m", "n", "m"), 2), (2, 2), "return np.eye(n * m)"),
    (einsum([(K, "ijkl"), (B, "kl")], "ij"), (2,),
     "return np.tensordot(K.reshape(n, m, n, m), B, axes=2).reshape(n * m)"),
]


@pytest.mark.parametrize(("expr", "groups", "text"), MERGED, ids=[text for *_, text in MERGED])
def test_merged_axes(expr: Expr, groups: Any, text: str) -> None:
    assert body(expr, groups) == text
    shapes = {"u": (3, 6) if "n * (" in text else (6, 3), "A": (4, 3), "B": (3, 4), "Q": (2, 4, 5), "K": (12, 12), "L": (2, 3, 4, 3, 4)}
    values = {name: GENERATOR.normal(size=shape) for name, shape in shapes.items()}
    known = {"n": 3, "m": 4, "p": 2, "k": 5}
    got = load(numpy_code(expr, groups=groups)).derivative(**values, **known)
    assert close(got, evaluate(expr, values, known, groups))


@pytest.mark.parametrize("name", [row.name for row in MATRIX if row.name != "matpow"])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_matrix_rows(name: str, batch: tuple[int, ...]) -> None:
    lead, core = "p"[: len(batch)], 1 if name in ("softmax", "logsumexp") else 2
    root = GENERATOR.normal(size=(*batch, 3, 3))
    value = (root @ np.swapaxes(root, -1, -2) + 3 * np.eye(3)) if core == 2 else root[..., 0, :]
    expr = row(name, variable("X", *lead, *["n"] * core))
    assert close(load(numpy_code(expr)).derivative(X=value), evaluate(expr, {"X": value}), 1e-12)


def test_extreme_arguments() -> None:
    extreme = np.array([-3000.0, 0.0, 3000.0])
    for name in ("sigmoid", "softplus", "softmax", "logsumexp", "tanh"):
        with np.errstate(all="raise", under="ignore"):
            got = load(numpy_code(row(name, x))).derivative(x=extreme)
        assert np.isfinite(got).all() and close(got, evaluate(row(name, x), {"x": extreme}))


def test_what_is_infinite_on_a_diagonal_is_zero_beside_it() -> None:
    for expr in (einsum([(power_of(x, -1), "i")], "ii"), einsum([(power_of(x, -1), "i")], "iii")):
        with np.errstate(divide="ignore"):
            assert not np.isnan(load(numpy_code(expr)).derivative(x=[0.0, 1.0])).any()


# -- the module --------------------------------------------------------------------------


def test_a_module_in_full() -> None:
    activation = row("sigmoid", einsum([(A, "ij"), (x, "j")], "i"))
    assert numpy_code(einsum([(activation, "i"), (delta("n", 0), "")], "i")) == '''\
import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def derivative(*, A, x, n=None, **_):
    A = np.asarray(A, dtype=float)
    x = np.asarray(x, dtype=float)
    n = A.shape[1] if n is None else n
    return n * sigmoid(A @ x)
'''


def test_helpers_come_with_what_they_need_and_nothing_else() -> None:
    code = numpy_code(row("frechet_logm", X))
    defined = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    assert sorted(defined) == ["blocks", "derivative", "each", "frechet_logm", "logm"]
    assert code.startswith("import numpy as np\nfrom scipy import linalg\n\n\ndef ")


@pytest.mark.parametrize("expr", [expr for expr, _ in TEXTS])
def test_modules_import_numpy_and_where_they_must_scipy(expr: Expr) -> None:
    code = numpy_code(expr)
    imports = [line for line in code.splitlines() if "import" in line]
    assert imports[0] == "import numpy as np"
    assert imports[1:] == [line for word, line in (("linalg.sqrtm", "from scipy import linalg"),
                                                   ("special.", "from scipy import special")) if word in code]


def test_the_function_has_the_name_that_is_asked_for() -> None:
    assert "def hessian(*, x, **_):" in numpy_code(x, name="hessian")
    T0 = variable("f", "n")
    assert load(numpy_code(weighted(2, T0), name="f")).f(f=[1.0]) == [2.0]


def test_other_arguments_are_ignored() -> None:
    assert load(numpy_code(x)).derivative(x=[1], Y=3, n=1, wrong=None) == [1.0]
    assert head(number(3)) == "def derivative(**_):"


NAMES = [*sorted(kwlist), "np", "int", "float", "round", "others", "sigmoid", "linalg", "special", "derivative", "T0",
         "_", "self", "ℓ", "ﬁ", "λ", "é", "__debug__", "x'", "1a", "on_diagonal"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_may_be_that_of_a_variable(name: str) -> None:
    if name == "__debug__":
        name = "debug"
    odd = variable(name, "n")
    total = add([(1, odd), (1, x)])
    square = einsum([(total, "i"), (row("sigmoid", total), "i"), (delta("n", 1), "j")], "ij")
    values = {name: [1.0, 2.0], "x": [3.0, 4.0]}
    assert close(load(numpy_code(square)).derivative(**values), evaluate(square, values))


@pytest.mark.parametrize("name", ["lambda", "np", "n", "x", "T"])
def test_any_name_may_be_that_of_a_size(name: str) -> None:
    vector = variable("x", name)
    for expr in (einsum([(vector, "i"), (delta(name, 0), "")], "i"), power_of(vector, delta(name, 0))):
        assert close(load(numpy_code(expr)).derivative(x=[1.0, 2.0, 3.0]), evaluate(expr, {"x": [1.0, 2.0, 3.0]}))
    alone = einsum([(variable("v"), ""), (delta(name, 1), "i")], "i")
    if name != "x":
        assert close(load(numpy_code(alone)).derivative(v=2, **{name: 3}), [2, 2, 2])


def test_a_variable_may_have_the_name_of_a_size() -> None:
    n = variable("n")
    expr = einsum([(n, ""), (delta("n", 0), ""), (x, "i")], "i")
    assert close(load(numpy_code(expr)).derivative(n=0.5, x=[1, 2, 3]), [1.5, 3, 4.5])


def test_letters_in_quotes_and_attributes_are_no_sizes() -> None:
    t = variable("U", "T", "i", "T", "j")
    expr = einsum([(t, "tiuj"), (variable("V", "T", "p"), "up")], "pjti")
    assert head(expr) == "def derivative(*, U, V, **_):"


@pytest.mark.parametrize(("declared", "groups", "shape", "reading"), [
    (("n",), (), (5,), "B.shape[0]"), (("n*(n+1)/2",), (), (10,), "(round((8 * B.shape[0] + 1) ** 0.5) - 1) // 2"),
    (("n-1",), (), (4,), "B.shape[0] + 1"), (("2*n+3",), (), (7,), "(B.shape[0] - 3) // 2"),
    (("n", "n"), (2,), (9,), "round(B.shape[0] ** (1 / 2))"), (("n", 2), (2,), (8,), "B.shape[0] // 2"),
    ((2, "n", 3), (3,), (24,), "B.shape[0] // (2 * 3)"),
])
def test_sizes_are_read_off_arrays(declared: Any, groups: Any, shape: Any, reading: str) -> None:
    expr = einsum([(variable("B", *declared, groups=groups), range(len(declared))), (delta("n", 0), "")], ())
    code = numpy_code(expr)
    assert f"    n = {reading} if n is None else n\n" in code
    assert close(load(code).derivative(B=np.ones(shape)), evaluate(expr, {"B": np.ones(shape)}))


def test_sizes_are_read_one_after_another() -> None:
    expr = einsum([(variable("B", "n", "m", groups=(2,)), "ij"), (x, "i"), (delta("m", 0), "")], "")
    assert head(expr) == "def derivative(*, B, x, n=None, m=None, **_):"
    values = {"B": np.arange(6.0), "x": [1.0, 2.0]}
    assert close(load(numpy_code(expr)).derivative(**values), evaluate(expr, values))


@pytest.mark.parametrize("declared", [("n", "n", "m"), ("n*n*m",), ("n*n+n",), ("n*(n+1)/2+m",)])
def test_sizes_that_no_short_text_reads_are_required(declared: tuple[str, ...]) -> None:
    expr = einsum([(variable("B", *declared, groups=(len(declared),)), range(len(declared))),
                   (variable("C", "m"), "c"), (delta("n", 0), "")], ())
    assert head(expr).startswith("def derivative(*, B, C, n, ")


def test_what_no_array_shows_is_required() -> None:
    expr = einsum([(power_of(x, k), "i"), (delta("q", 1), "j")], "ij")
    assert head(expr) == "def derivative(*, x, k, q, n=None, **_):"
    with pytest.raises(TypeError, match="'k'"):
        load(numpy_code(expr)).derivative(x=[1.0], q=2)


def test_unknown_functions_are_arguments() -> None:
    expr = add([(1, apply(Function("f", "()->()"), x)), (1, apply(Function("f''", "()->()"), x))])
    assert head(expr) == "def derivative(*, x, d2f, f, **_):"
    assert close(load(numpy_code(expr)).derivative(x=[3.0], f=np.square, d2f=lambda v: 2.0), [11.0])


def test_unknown_functions_may_have_any_name() -> None:
    expr = apply(Function("lambda", "()->()"), x)
    assert body(expr) == 'lambda_ = others["lambda"]\nreturn lambda_(x)'
    assert close(load(numpy_code(expr)).derivative(**{"x": [3.0], "lambda": np.square}), [9.0])


def test_long_lines_are_broken() -> None:
    names = [f"variable{k}" for k in range(40)]
    code = numpy_code(add([(k + 1, variable(name, "n")) for k, name in enumerate(names)]))
    assert max(map(len, code.partition("**_):")[2].splitlines())) <= WIDTH
    assert load(code).derivative(**{name: [1.0] for name in names}) == [820.0]


def test_modules_are_the_same_in_every_process() -> None:
    script = ("from test_codegen import *\n"
              "print([numpy_code(expr) for expr, _ in TEXTS])")
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    outputs = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        outputs.add(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                                   env=environment).stdout)
    assert len(outputs) == 1


def test_helper_functions_are_printed_without_annotations() -> None:
    for name in ("sigmoid", "blocks", "on_diagonal", "levi_civita", "each"):
        function = ast.parse(source(kernels, name)).body[0]
        assert isinstance(function, ast.FunctionDef)
        assert not function.returns and not any(argument.annotation for argument in function.args.args)


# -- size --------------------------------------------------------------------------------


def layers(count: int) -> Expr:
    state: Expr = x
    for _ in range(count):
        state = row("tanh", einsum([(X, "ij"), (state, "j")], "i"))
    return state


def test_layers_are_written_in_linear_time() -> None:
    values = {"X": np.eye(2), "x": [0.1, 0.2]}
    assert close(load(numpy_code(layers(2000))).derivative(**values), evaluate(layers(2000), values))
    assert grows_linearly(lambda count: numpy_code(layers(count)))


def terms(count: int) -> Expr:
    return add([(1, einsum([(row("sin", weighted(j + 1, x)), "i"), (z, "j")], "ij")) for j in range(count)])


def test_a_sum_of_many_terms_is_written_in_linear_time() -> None:
    values = {"x": [0.1], "z": [0.2]}
    assert close(load(numpy_code(terms(2000))).derivative(**values), evaluate(terms(2000), values))
    assert grows_linearly(lambda count: numpy_code(terms(count)))
