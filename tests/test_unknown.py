"""Functions that nobody has named, and matrix functions through all else, against JAX: values, gradients, Hessians.

Unknown functions stand for functions that JAX differentiates, derivatives passed to us included.
"""

# Arguments are called A, X as in the formulas, and a row is a function even where it only calls one.

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from answers import close

from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.derive import derive
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.code.codegen import numpy_code
from tensorcalc.numbers.evaluate import evaluate

jax = pytest.importorskip("jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)

Array = Any

VARS = {"X": ["n", "n"], "Y": ["n", "n"], "A": ["n", "n"], "B": ["n", "n"], "S": ["n", "n"], "W": ["m", "n"], "x": ["n"],
        "y": ["n"], "z": ["m"], "t": [], "s": []}
FUNCTIONS = {"f": "elementwise", "h": "elementwise", "g": "scalar", "q": "scalar"}
SIZES = {"n": 3, "m": 4}
GENERATOR = np.random.default_rng(17)
POINT = {name: GENERATOR.normal(size=[SIZES[dim] for dim in shape]) / 2 for name, shape in VARS.items()}
POINT["S"] = POINT["S"] @ POINT["S"].T + 2 * np.eye(3)
POINT["X"] = POINT["X"] + 2 * np.eye(3)


def f(z: Array) -> Array:
    return jnp.sin(z) + z * z / 4


def h(z: Array) -> Array:
    return jnp.exp(z / 3) * z


def g(z: Array) -> Array:
    """No exchange of axes or entries leaves it alone."""
    weights = jnp.arange(1.0, 1.0 + z.size).reshape(z.shape)
    return jnp.sum(weights * z) ** 2 / 50 + jnp.sum(jnp.sin(z) * weights)


def q(z: Array) -> Array:
    weights = jnp.cos(jnp.arange(z.size)).reshape(z.shape)
    return jnp.exp(jnp.sum(weights * z) / 10) + jnp.sum(weights * z ** 3)


def passed() -> dict[str, Any]:
    """The functions and their derivatives as users pass them."""
    found: dict[str, Any] = {"f": lambda z: np.sin(z) + z * z / 4, "df": lambda z: np.cos(z) + z / 2,
                             "d2f": lambda z: 0.5 - np.sin(z), "d3f": lambda z: -np.cos(z)}
    for order in range(4):
        found[keyword("h", order)] = lambda z, k=order: np.exp(z / 3) * (z / 3**k + k / 3**(k - 1))
    for name, one in (("g", g), ("q", q)):
        for order in range(4):
            found[keyword(name, order)] = lambda z, one=one: np.asarray(one(jnp.asarray(z)))
            one = jax.jacfwd(one)
    return found


def keyword(name: str, order: int) -> str:
    return ("", "d", "d2", "d3")[order] + name


def entrywise(one: Any) -> Any:
    return lambda z: jax.vmap(jax.grad(one))(z.reshape(-1)).reshape(z.shape)


CALLABLES = passed()
inv, det, tr, kron = jnp.linalg.inv, jnp.linalg.det, jnp.trace, jnp.kron


def expm(x: Array) -> Array:
    return jax.scipy.linalg.expm(x)


def chol(x: Array) -> Array:
    """The Cholesky factor of the symmetric part."""
    return jnp.linalg.cholesky((x + x.T) / 2, symmetrize_input=False)


def adj(x: Array) -> Array:
    return det(x) * inv(x)


def pinv(x: Array) -> Array:
    rows, cols = x.shape
    return inv(x.T @ x) @ x.T if rows >= cols else x.T @ inv(x @ x.T)


UNKNOWN = [
    ("sum(f(A*X*B))", "X", lambda p: jnp.sum(f(p.A @ p.X @ p.B))),
    ("f(A*X)", "X", lambda p: f(p.A @ p.X)),
    ("tr(f(X)*A)", "X", lambda p: tr(f(p.X) @ p.A)),
    ("f(x)'*A*f(x)", "x", lambda p: f(p.x) @ p.A @ f(p.x)),
    ("f(h(A*x))", "x", lambda p: f(h(p.A @ p.x))),
    ("sum(f(h(X) .* A))", "X", lambda p: jnp.sum(f(h(p.X) * p.A))),
    ("f(x'*A*x)", "x", lambda p: f(p.x @ p.A @ p.x)),
    ("f(t)*h(t)", "t", lambda p: f(p.t) * h(p.t)),
    ("f(t*A)", "t", lambda p: f(p.t * p.A)),
    ("diag(f(x))*A*x", "x", lambda p: f(p.x) * (p.A @ p.x)),
    ("sum(f(x*y'))", "x", lambda p: jnp.sum(f(jnp.outer(p.x, p.y)))),
    ("f(X)^2", "X", lambda p: f(p.X) @ f(p.X)),
    ("f(X).^3", "X", lambda p: f(p.X) ** 3),
    ("det(f(X))", "X", lambda p: det(f(p.X))),
    ("sum(inv(f(X)+4*eye(n)))", "X", lambda p: jnp.sum(inv(f(p.X) + 4 * jnp.eye(3)))),
    ("sum(f(inv(X)))", "X", lambda p: jnp.sum(f(inv(p.X)))),
    ("sum(f(kron(X, W)))", "X", lambda p: jnp.sum(f(kron(p.X, p.W)))),
    ("log(sum(exp(f(x))))", "x", lambda p: jnp.log(jnp.sum(jnp.exp(f(p.x))))),
    ("softmax(f(A*x))", "x", lambda p: jax.nn.softmax(f(p.A @ p.x))),
    ("f'(A*x)'*h(x)", "x", lambda p: entrywise(f)(p.A @ p.x) @ h(p.x)),
    ("g(X)", "X", lambda p: g(p.X)),
    ("g(A*X*B)", "X", lambda p: g(p.A @ p.X @ p.B)),
    ("g(X')", "X", lambda p: g(p.X.T)),
    ("g(inv(X))", "X", lambda p: g(inv(p.X))),
    ("g(X*X')", "X", lambda p: g(p.X @ p.X.T)),
    ("g(X .* A)", "X", lambda p: g(p.X * p.A)),
    ("g(A ./ X)", "X", lambda p: g(p.A / p.X)),
    ("g(kron(X, W))", "X", lambda p: g(kron(p.X, p.W))),
    ("g(vec(X))", "X", lambda p: g(p.X.T.reshape(-1))),
    ("g(diag(x))", "x", lambda p: g(jnp.diag(p.x))),
    ("g(diag(X))", "X", lambda p: g(jnp.diag(p.X))),
    ("g(x*x')", "x", lambda p: g(jnp.outer(p.x, p.x))),
    ("g(A*x)", "x", lambda p: g(p.A @ p.x)),
    ("g(tr(X)*A)", "X", lambda p: g(tr(p.X) * p.A)),
    ("g(X^3)", "X", lambda p: g(p.X @ p.X @ p.X)),
    ("g(expm(X/2))", "X", lambda p: g(expm(p.X / 2))),
    ("g(f(A*X))", "X", lambda p: g(f(p.A @ p.X))),
    ("f(g(X))", "X", lambda p: f(g(p.X))),
    ("g(X*q(X))", "X", lambda p: g(p.X * q(p.X))),
    ("g(A*X)*q(X*B)", "X", lambda p: g(p.A @ p.X) * q(p.X @ p.B)),
    ("log(3 + g(X)^2)", "X", lambda p: jnp.log(3 + g(p.X) ** 2)),
    ("g(X)*X", "X", lambda p: g(p.X) * p.X),
    ("tr(g'(X)*A)", "X", lambda p: tr(jax.grad(g)(p.X) @ p.A)),
    ("g(sym(X))", "X", lambda p: g((p.X + p.X.T) / 2)),
    ("g(t*A)", "t", lambda p: g(p.t * p.A)),
    ("g(chol(S))", "S", lambda p: g(chol(p.S))),
    ("g(softmax(A*x))", "x", lambda p: g(jax.nn.softmax(p.A @ p.x))),
    ("sum(max(f(x), h(y)))", "x", lambda p: jnp.sum(jnp.maximum(f(p.x), h(p.y)))),
]
MATRICES = [
    ("tr(A*chol(S))", "S", lambda p: tr(p.A @ chol(p.S))),
    ("chol(S)", "S", lambda p: chol(p.S)),
    ("logdet(chol(S))", "S", lambda p: jnp.log(det(chol(p.S)))),
    ("norm2(inv(chol(S))*x)^2", "S", lambda p: jnp.sum((inv(chol(p.S)) @ p.x) ** 2)),
    ("x'*solve(X, y)", "X", lambda p: p.x @ jnp.linalg.solve(p.X, p.y)),
    ("solve(X, A)", "X", lambda p: jnp.linalg.solve(p.X, p.A)),
    ("norm2(solve(X, y) - x)^2", "X", lambda p: jnp.sum((jnp.linalg.solve(p.X, p.y) - p.x) ** 2)),
    ("adj(X)", "X", lambda p: adj(p.X)),
    ("tr(A*adj(X))", "X", lambda p: tr(p.A @ adj(p.X))),
    ("x'*adj(X*B)*y", "X", lambda p: p.x @ adj(p.X @ p.B) @ p.y),
    ("pinv(W)", "W", lambda p: pinv(p.W)),
    ("x'*pinv(W)*z", "W", lambda p: p.x @ pinv(p.W) @ p.z),
    ("z'*W*pinv(W)*z", "W", lambda p: p.z @ p.W @ pinv(p.W) @ p.z),
    ("norm2(W*pinv(W)*z - z)^2", "W", lambda p: jnp.sum((p.W @ pinv(p.W) @ p.z - p.z) ** 2)),
    ("x'*pinv(W')'*z", "W", lambda p: p.x @ pinv(p.W.T).T @ p.z),
    ("tr(W*inv(W'*W)*W'*z*z')", "W", lambda p: tr(p.W @ inv(p.W.T @ p.W) @ p.W.T @ jnp.outer(p.z, p.z))),
    ("W*inv(W'*W)*W'", "W", lambda p: p.W @ inv(p.W.T @ p.W) @ p.W.T),
    ("tr(A*expm(X))", "X", lambda p: tr(p.A @ expm(p.X))),
    ("x'*expm(A*X)*y", "X", lambda p: p.x @ expm(p.A @ p.X) @ p.y),
    ("expm(t*A)*x", "t", lambda p: expm(p.t * p.A) @ p.x),
    ("tr(expm(A + t*B))", "t", lambda p: tr(expm(p.A + p.t * p.B))),
    ("det(eye(n) + expm(X))", "X", lambda p: det(jnp.eye(3) + expm(p.X))),
    ("norm2(expm(X)*x - y)^2", "X", lambda p: jnp.sum((expm(p.X) @ p.x - p.y) ** 2)),
    ("sum(expm(X .* A))", "X", lambda p: jnp.sum(expm(p.X * p.A))),
    ("log(tr(expm(X'*X/4)))", "X", lambda p: jnp.log(tr(expm(p.X.T @ p.X / 4)))),
    ("sum(expm(kron(A, X)/4))", "X", lambda p: jnp.sum(expm(kron(p.A, p.X) / 4))),
]


class Names:
    """The point as attributes, one of them moved."""

    def __init__(self, values: dict[str, Array]) -> None:
        self.__dict__.update(values)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("row", [*UNKNOWN, *MATRICES], ids=lambda row: row[0])
def test_derivatives(row: Any, order: int) -> None:
    formula, by, by_hand = row
    reading = read(formula, Scope(declared=VARS, functions=FUNCTIONS))
    assert close(evaluate(reading.expr, {**POINT, **CALLABLES}, SIZES, reading.groups), by_hand(Names(POINT)), 1e-10)

    def of(moved: Array) -> Array:
        return by_hand(Names({**POINT, by: moved}))

    want = of
    for _ in range(order):
        want = jax.jacfwd(want)
    slope = derive(reading.expr, [reading.variables[by]] * order)
    groups = (*reading.groups, *[1] * (order * len(VARS[by])))
    got = evaluate(slope, {**POINT, **CALLABLES}, SIZES, groups, declared=reading.variables.values())
    wanted = np.asarray(want(jnp.asarray(POINT[by])))
    assert close(got, wanted, 1e-8)
    space: dict[str, Any] = {}
    exec(numpy_code(slope, groups=groups), space)
    assert close(space["derivative"](**POINT, **CALLABLES, **SIZES), wanted, 1e-8)


SPECIAL = ("kron", "expm", "chol", "g(X)*X")
NUMBERS = [row for row in UNKNOWN if row[0].startswith("g(") and not any(word in row[0] for word in SPECIAL)]


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row[0])
def test_a_number_of_a_tensor_needs_no_large_tensor(row: Any) -> None:
    """The chain rule through G = g'(U) has no tensor with more axes than U has."""
    formula, by, _ = row
    reading = read(formula, Scope(declared=VARS, functions=FUNCTIONS))
    slope = derive(reading.expr, [reading.variables[by]])
    most = max(node.rank for node in postorder(reading.expr))
    assert all(node.rank <= most for node in postorder(slope))
