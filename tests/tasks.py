"""Derivatives that people ask for, each beside the same function written by hand in JAX.

A row says a formula in our language, the sizes of its names, by what it is
differentiated and what it means as JAX code.  The two are written apart from one
another, so that a wrong reading of the formula shows as well as a wrong derivative.
JAX is needed only to call the second.
"""

# Arguments are called A, X as in the formulas, and a row is a function even where it only calls one.

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from tensorcalc import sizes as sizes_of

try:
    import jax
    import jax.numpy as jnp
except ImportError:   # the derivations need none
    jax = jnp = None  # type: ignore[assignment]

Array = Any

SIZES = {"m": 3, "n": 4, "p": 2, "q": 5, "r": 2, "k": 3}


@dataclass(frozen=True, eq=False)
class Task:
    """One row.

    ``sizes``: ``"A=m,n t="`` as on the command line.  ``wrt``: one name a derivative.
    ``assume``: what the request says of the names.  ``at``: where the numbers are drawn
    from, where that is not the whole space.
    """

    group: str
    formula: str
    sizes: str
    wrt: str
    by_hand: Callable[..., Array]
    assume: str = ""
    at: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)

    @property
    def declared(self) -> dict[str, list[str | int]]:
        return {name: [int(size) if size.isdigit() else size for size in sizes.split(",") if size]
                for name, sizes in _pairs(self.sizes).items()}

    @property
    def variables(self) -> list[str]:
        return self.wrt.split()

    @property
    def facts(self) -> dict[str, str]:
        return _pairs(self.assume)

    def request(self, **more: Any) -> dict[str, Any]:
        """The task as the service is asked."""
        return {"do": "derive", "expr": self.formula, "wrt": self.variables, "vars": self.declared, "assume": self.facts,
                "functions": dict(self.functions), **more}

    def values(self, seed: int) -> dict[str, Array]:
        """A point."""
        generator = np.random.default_rng(seed)
        kinds = self.facts | _pairs(self.at)
        return {name: _drawn(generator, [sizes_of.value(size, SIZES) for size in sizes], kinds.get(name, ""))
                for name, sizes in self.declared.items()}

    def function(self) -> Callable[..., Array]:
        """The function by hand, of variables alone."""
        wanted = signature(self.by_hand).parameters
        return partial(self.by_hand, **{name: size for name, size in SIZES.items()
                                        if name in wanted and name not in self.declared})

    def derivative(self) -> Callable[..., Array]:
        """Its derivative by JAX: the axes of the value, then those of each variable."""
        found = self.function()
        for place, name in enumerate(self.variables):
            found = _slope(found, name, jax.jacrev if place == 0 else jax.jacfwd)
        return found

    def __str__(self) -> str:
        return f"{self.formula} by {self.wrt}"


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


def _slope(function: Callable[..., Array], name: str, mode: Callable[..., Any]) -> Callable[..., Array]:
    return lambda **values: mode(lambda moved: function(**{**values, name: moved}))(values[name])


def _drawn(generator: np.random.Generator, shape: list[int], kind: str) -> Array:
    plain = generator.normal(size=shape) / 2
    match kind:
        case "spd":
            return plain @ plain.T + np.eye(shape[0])
        case "symmetric":
            return plain + plain.T
        case "skew":
            return plain - plain.T
        case "diagonal":
            return np.diag(generator.uniform(0.5, 1.5, shape[0]))
        case "lower":
            return np.tril(plain) + 2 * np.eye(shape[0])
        case "invertible":
            return plain / 2 + np.eye(shape[0])
        case "positive":
            return generator.uniform(0.4, 1.6, shape)
        case "unit":
            return generator.uniform(0.1, 0.9, shape)
        case "simplex":
            weights = generator.uniform(0.2, 1.0, shape)
            return weights / weights.sum()
        case "signs":
            return generator.choice([-1.0, 1.0], shape)
    return plain


# -- what the rows are written with ----------------------------------------------------------


def expm(X):
    """The series of a sixteenth, then four squares."""
    part, total = jnp.eye(X.shape[0]), jnp.eye(X.shape[0])
    for order in range(1, 11):
        part = part @ X / (16 * order)
        total = total + part
    return power(total, 16)


def inv(X):
    return jnp.linalg.inv(X)


def logdet(X):
    return jnp.linalg.slogdet(X)[1]


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def softplus(z):
    return jnp.log1p(jnp.exp(z))


def lse(z):
    return jnp.log(jnp.sum(jnp.exp(z), axis=-1))


def softmax(z):
    weights = jnp.exp(z - jnp.max(z, axis=-1, keepdims=True))
    return weights / jnp.sum(weights, axis=-1, keepdims=True)


def vec(X):
    return X.T.reshape(-1)


def vech(X):
    return jnp.concatenate([X[j:, j] for j in range(X.shape[1])])


def power(X, k):
    return jnp.linalg.matrix_power(X, k)


def f(z):
    """What the tests put for an unknown elementwise function with a name of one letter."""
    return jnp.sin(z) + z * z / 4


def g(z):
    """The same for a number of a vector or a matrix."""
    return jnp.sum(z) ** 2 + jnp.sum(z**3) + jnp.sum(z[0])


def series(X):
    """What the tests put for an unknown power series: the sum of what ``proofs/stand_ins.py`` lists first."""
    return jnp.eye(X.shape[0]) + X / 2 + X @ X / 3 - X @ X @ X / 5


def eighth(X):
    """The exponential series up to the eighth power."""
    part, total = jnp.eye(X.shape[0]), jnp.eye(X.shape[0])
    for order in range(1, 9):
        part = part @ X / order
        total = total + part
    return total


def sine(X):
    """From the exponential of [0, -X; X, 0], which is [cos, -sin; sin, cos]."""
    n, zeros = X.shape[0], jnp.zeros_like(X)
    return expm(jnp.block([[zeros, -X], [X, zeros]]))[n:, :n]


def chol(S):
    return jnp.linalg.cholesky((S + S.T) / 2, symmetrize_input=False)


def pinv(W):
    """Of a tall matrix."""
    return inv(W.T @ W) @ W.T


def normalised(x):
    centred = x - jnp.mean(x)
    return centred / jnp.sqrt(jnp.mean(centred**2))


def neo_hookean(F, mu, lam):
    J = jnp.linalg.det(F)
    return mu / 2 * (jnp.sum(F * F) - F.shape[0]) - mu * jnp.log(J) + lam / 2 * jnp.log(J) ** 2


def evidence(K, y):
    return y @ jnp.linalg.solve(K, y) / 2 + logdet(K) / 2


def kernel(D, s, h, v):
    return s * jnp.exp(-D / (2 * h**2)) + v * jnp.eye(D.shape[0])


_NEO_HOOKEAN = "mu/2*(tr(F'*F) - n) - mu*log(det(F)) + lam/2*log(det(F))^2"
_GAUSS = "K = s*exp(-D/(2*h^2)) + v*eye(n); y'*inv(K)*y/2 + logdet(K)/2"
_POINTWISE, _SCALAR = {"f": "elementwise"}, {"g": "scalar"}
_SERIES, _GIVEN = {"F": "series"}, {"H": "series(k, 0, 8, 1/factorial(k))"}


# -- a number by a matrix or a vector --------------------------------------------------------

def _rows(group: str, *rows: tuple[Any, ...]) -> list[Task]:
    return [Task(group, *row[:4], **(row[4] if len(row) > 4 else {})) for row in rows]


NUMBERS = _rows(
    "number",
    ("tr(X)", "X=n,n", "X", lambda X: jnp.trace(X)),
    ("tr(A*X*B)", "A=p,m X=m,n B=n,p", "X", lambda A, X, B: jnp.trace(A @ X @ B)),
    ("tr(A*X'*B)", "A=p,n X=m,n B=m,p", "X", lambda A, X, B: jnp.trace(A @ X.T @ B)),
    ("tr(X'*A*X)", "A=m,m X=m,n", "X", lambda A, X: jnp.trace(X.T @ A @ X)),
    ("tr(A*X*B*X'*C)", "A=p,m X=m,n B=n,n C=m,p", "X", lambda A, X, B, C: jnp.trace(A @ X @ B @ X.T @ C)),
    ("tr(X^3)", "X=n,n", "X", lambda X: jnp.trace(X @ X @ X)),
    ("tr(X^k)", "X=n,n", "X", lambda X, k: jnp.trace(power(X, k))),
    ("tr(A*X^k)", "A=n,n X=n,n", "X", lambda A, X, k: jnp.trace(A @ power(X, k))),
    ("tr(A*inv(X)*B)", "A=p,n X=n,n B=n,p", "X", lambda A, X, B: jnp.trace(A @ inv(X) @ B), {"at": "X=invertible"}),
    ("tr(inv(X'*A*X)*(X'*B*X))", "A=m,m B=m,m X=m,p", "X",
     lambda A, B, X: jnp.trace(inv(X.T @ A @ X) @ (X.T @ B @ X)), {"assume": "A=spd B=symmetric"}),
    ("det(X)", "X=n,n", "X", lambda X: jnp.linalg.det(X)),
    ("det(A*X*B)", "A=p,m X=m,n B=n,p", "X", lambda A, X, B: jnp.linalg.det(A @ X @ B)),
    ("det(X'*A*X)", "A=m,m X=m,p", "X", lambda A, X: jnp.linalg.det(X.T @ A @ X), {"at": "A=invertible"}),
    ("det(X^k)", "X=n,n", "X", lambda X, k: jnp.linalg.det(X) ** k, {"at": "X=invertible"}),
    ("logdet(X)", "X=n,n", "X", lambda X: logdet(X)),
    ("logdet(X'*X)", "X=n,m", "X", lambda X: logdet(X.T @ X)),
    ("logdet(eye(n) + X*X')", "X=n,m", "X", lambda X: logdet(jnp.eye(X.shape[0]) + X @ X.T)),
    ("norm2(A*x - b)^2", "A=m,n x=n b=m", "x", lambda A, x, b: jnp.sum((A @ x - b) ** 2)),
    ("norm2(A*x - b)", "A=m,n x=n b=m", "x", lambda A, x, b: jnp.sqrt(jnp.sum((A @ x - b) ** 2))),
    ("norm1(A*x)", "A=m,n x=n", "x", lambda A, x: jnp.sum(jnp.abs(A @ x))),
    ("norm2(A*X - B)^2 + c*norm2(X)^2", "A=m,n X=n,p B=m,p c=", "X",
     lambda A, X, B, c: jnp.sum((A @ X - B) ** 2) + c * jnp.sum(X**2)),
    ("x'*A*x", "A=n,n x=n", "x", lambda A, x: x @ A @ x),
    ("x'*A*x", "A=n,n x=n", "A", lambda A, x: x @ A @ x),
    ("(x'*A*x)/(x'*x)", "A=n,n x=n", "x", lambda A, x: (x @ A @ x) / (x @ x), {"assume": "A=symmetric"}),
    ("(x'*A*x)/(x'*B*x)", "A=n,n B=n,n x=n", "x", lambda A, B, x: (x @ A @ x) / (x @ B @ x),
     {"assume": "A=symmetric B=spd"}),
    ("sum(log(ones(m) + exp(-y.*(A*w))))", "A=m,n w=n y=m", "w",
     lambda A, w, y: jnp.sum(softplus(-y * (A @ w))), {"at": "y=signs"}),
    ("sum(softplus(A*w)) - y'*A*w", "A=m,n w=n y=m", "w",
     lambda A, w, y: jnp.sum(softplus(A @ w)) - y @ A @ w, {"at": "y=unit"}),
    ("-y'*log(softmax(W*x))", "W=m,n x=n y=m", "W", lambda W, x, y: -y @ jnp.log(softmax(W @ x)), {"at": "y=simplex"}),
    ("logsumexp(W*x) - y'*W*x", "W=m,n x=n y=m", "x", lambda W, x, y: lse(W @ x) - y @ W @ x, {"at": "y=simplex"}),
    ("L = logsumexp(Z_ij) - Y_ij Z_ij", "Z=m,n Y=m,n", "Z", lambda Z, Y: jnp.sum(lse(Z)) - jnp.sum(Y * Z)),
    ("u'*V'*softmax(K*x)", "u=p V=m,p K=m,n x=n", "x", lambda u, V, K, x: u @ V.T @ softmax(K @ x)),
    ("L = softmax(Q_ia K_ja) V_jb G_ib", "Q=m,p K=n,p V=n,q G=m,q", "K",
     lambda Q, K, V, G: jnp.sum(softmax(Q @ K.T) @ V * G)),
    ("n/2*logdet(S) + tr(inv(S)*X'*X)/2", "S=m,m X=n,m", "S",
     lambda S, X, n: n / 2 * logdet(S) + jnp.trace(inv(S) @ X.T @ X) / 2, {"assume": "S=spd"}),
    ("(x - u)'*inv(S)*(x - u)/2 + logdet(S)/2", "x=n u=n S=n,n", "u",
     lambda x, u, S: (x - u) @ inv(S) @ (x - u) / 2 + logdet(S) / 2, {"assume": "S=spd"}),
    ("(x - u)'*inv(S)*(x - u)/2 + logdet(S)/2", "x=n u=n S=n,n", "S",
     lambda x, u, S: (x - u) @ inv(S) @ (x - u) / 2 + logdet(S) / 2, {"assume": "S=spd"}),
    ("(tr(inv(T)*S) + (u - x)'*inv(T)*(u - x) - n + logdet(T) - logdet(S))/2", "S=n,n T=n,n u=n x=n", "S",
     lambda S, T, u, x, n: (jnp.trace(inv(T) @ S) + (u - x) @ inv(T) @ (u - x) - n + logdet(T) - logdet(S)) / 2,
     {"assume": "S=spd T=spd"}),
    ("(tr(inv(T)*S) + (u - x)'*inv(T)*(u - x) - n + logdet(T) - logdet(S))/2", "S=n,n T=n,n u=n x=n", "T",
     lambda S, T, u, x, n: (jnp.trace(inv(T) @ S) + (u - x) @ inv(T) @ (u - x) - n + logdet(T) - logdet(S)) / 2,
     {"assume": "S=spd T=spd"}),
    ("p'*(log(p) - log(x))", "p=n x=n", "p", lambda p, x: jnp.sum(p * (jnp.log(p) - jnp.log(x))),
     {"at": "p=simplex x=simplex"}),
    ("y'*inv(K)*y/2 + logdet(K)/2", "K=n,n y=n", "K", lambda K, y: evidence(K, y), {"assume": "K=spd"}),
    (_GAUSS, "D=n,n y=n s= h= v=", "h", lambda D, y, s, h, v: evidence(kernel(D, s, h, v), y),
     {"assume": "D=symmetric", "at": "s=positive h=positive v=positive D=spd"}),
    (_GAUSS, "D=n,n y=n s= h= v=", "y", lambda D, y, s, h, v: evidence(kernel(D, s, h, v), y),
     {"assume": "D=symmetric", "at": "s=positive h=positive v=positive D=spd"}),
    (_NEO_HOOKEAN, "F=n,n mu= lam=", "F", lambda F, mu, lam: neo_hookean(F, mu, lam), {"at": "F=spd"}),
    ("tr(expm(X))", "X=n,n", "X", lambda X: jnp.trace(expm(X))),
    ("tr(A*diag(x)*B)", "A=p,n x=n B=n,p", "x", lambda A, x, B: jnp.trace(A @ jnp.diag(x) @ B)),
    ("sum(diag(X).^2)", "X=n,n", "X", lambda X: jnp.sum(jnp.diagonal(X) ** 2)),
    ("sum(A .* (X*B))", "A=m,p X=m,n B=n,p", "X", lambda A, X, B: jnp.sum(A * (X @ B))),
    ("sum((A.*X).^2 ./ B)", "A=m,n X=m,n B=m,n", "X", lambda A, X, B: jnp.sum((A * X) ** 2 / B), {"at": "B=positive"}),
    ("tr(kron(A, X))", "A=m,m X=n,n", "X", lambda A, X: jnp.trace(jnp.kron(A, X))),
    ("y'*kron(A, X)*x", "A=m,p X=n,m x=p*m y=m*n", "X",
     lambda A, X, x, y: y @ jnp.kron(A, X) @ x),
    ("vec(X)'*A*vec(X)", "A=m*n,m*n X=n,m", "X", lambda A, X: vec(X) @ A @ vec(X)),
    ("u'*vech(X*X')", "u=n*(n+1)/2 X=n,m", "X", lambda u, X: u @ vech(X @ X.T)),
    ("sum(f(A*x))", "A=m,n x=n", "x", lambda A, x: jnp.sum(f(A @ x)), {"functions": _POINTWISE}),
    ("sum(f(A*X))", "A=m,n X=n,p", "X", lambda A, X: jnp.sum(f(A @ X)), {"functions": _POINTWISE}),
    ("y'*f(A*f(B*x))", "y=p A=p,m B=m,n x=n", "x", lambda y, A, B, x: y @ f(A @ f(B @ x)), {"functions": _POINTWISE}),
    ("g(A*X)", "A=m,n X=n,p", "X", lambda A, X: g(A @ X), {"functions": _SCALAR}),
    ("g(A*x)", "A=m,n x=n", "x", lambda A, x: g(A @ x), {"functions": _SCALAR}),
    ("sum(h(A*x))", "A=m,n x=n", "x", lambda A, x: jnp.sum(softplus(A @ x)), {"functions": {"h": "log(1+exp(z))"}}),
    ("X[1,2]*X[2,1]", "X=n,n", "X", lambda X: X[0, 1] * X[1, 0]),
    ("(A*X)[2,1]", "A=m,n X=n,p", "X", lambda A, X: (A @ X)[1, 0]),
    ("e(2,n)'*inv(X)*e(3,n)", "X=n,n", "X", lambda X: inv(X)[1, 2], {"at": "X=invertible"}),
    ("y'*cross(a, x)", "y=3 a=3 x=3", "x", lambda y, a, x: y @ jnp.cross(a, x)),
    ("norm2(cross(a, x))^2", "a=3 x=3", "x", lambda a, x: jnp.sum(jnp.cross(a, x) ** 2)),
    ("norm2(T - U*V')^2", "T=m,n U=m,r V=n,r", "U", lambda T, U, V: jnp.sum((T - U @ V.T) ** 2)),
    ("norm2(W.*(T - U*V'))^2", "W=m,n T=m,n U=m,r V=n,r", "V",
     lambda W, T, U, V: jnp.sum((W * (T - U @ V.T)) ** 2)),
    ("L = T_ijk x_i y_j z_k", "T=m,n,p x=m y=n z=p", "y", lambda T, x, y, z: jnp.einsum("ijk,i,j,k", T, x, y, z)),
    ("L = T_ijk x_i x_j x_k", "T=n,n,n x=n", "x", lambda T, x: jnp.einsum("ijk,i,j,k", T, x, x, x)),
    ("L = (T_ijk - A_ir B_jr C_kr)^2", "T=m,n,p A=m,r B=n,r C=p,r", "B",
     lambda T, A, B, C: jnp.sum((T - jnp.einsum("ir,jr,kr->ijk", A, B, C)) ** 2)),
    ("logsumexp(A*x + b)", "A=m,n x=n b=m", "x", lambda A, x, b: lse(A @ x + b)),
    ("c*logsumexp(x/c)", "x=n c=", "c", lambda x, c: c * lse(x / c), {"at": "c=positive"}),
    ("sum(relu(A*x))", "A=m,n x=n", "x", lambda A, x: jnp.sum(jnp.maximum(A @ x, 0))),
    ("sum(x)^3 - sum(x.^3)", "x=n", "x", lambda x: jnp.sum(x) ** 3 - jnp.sum(x**3)),
    ("v'*tanh(W*x + b)", "v=m W=m,n x=n b=m", "W", lambda v, W, x, b: v @ jnp.tanh(W @ x + b)),
    ("w'*((x - sum(x)/n*ones(n))/norm2(x - sum(x)/n*ones(n)))", "w=n x=n", "x",
     lambda w, x, n: w @ normalised(x) / jnp.sqrt(n)),
    ("tr(A*F(X))", "A=m,m X=m,m", "X", lambda A, X: jnp.trace(A @ series(X)), {"functions": _SERIES}),
    ("tr(F(X'*A*X))", "A=m,m X=m,p", "X", lambda A, X: jnp.trace(series(X.T @ A @ X)), {"functions": _SERIES}),
    ("g(F(X))", "X=m,m", "X", lambda X: g(series(X)), {"functions": _SERIES | _SCALAR}),
    ("y'*H(X)*x", "X=m,m x=m y=m", "X", lambda X, x, y: y @ eighth(X) @ x, {"functions": _GIVEN}),
    ("tr(A*expm(X))", "A=m,m X=m,m", "X", lambda A, X: jnp.trace(A @ expm(X))),
    ("tr(A*funm(sin, X))", "A=m,m X=m,m", "X", lambda A, X: jnp.trace(A @ sine(X))),
    ("x'*chol(S)*y", "S=m,m x=m y=m", "S", lambda S, x, y: x @ chol(S) @ y, {"at": "S=spd"}),
    ("x'*solve(X, y)", "X=n,n x=n y=n", "X", lambda X, x, y: x @ jnp.linalg.solve(X, y), {"at": "X=invertible"}),
    ("z'*W*pinv(W)*z", "W=n,m z=n", "W", lambda W, z: z @ W @ pinv(W) @ z),
    ("g(inv(X)*A)", "A=n,p X=n,n", "X", lambda A, X: g(inv(X) @ A), {"functions": _SCALAR, "at": "X=invertible"}),
    ("g(f(A*X))", "A=m,n X=n,p", "X", lambda A, X: g(f(A @ X)), {"functions": _SCALAR | _POINTWISE}),
    ("log(det(X))*tr(X)", "X=n,n", "X", lambda X: jnp.log(jnp.linalg.det(X)) * jnp.trace(X), {"assume": "X=spd"}),
)


# -- an array by an array --------------------------------------------------------------------

ARRAYS = _rows(
    "array",
    ("A*x", "A=m,n x=n", "x", lambda A, x: A @ x),
    ("A*x", "A=m,n x=n", "A", lambda A, x: A @ x),
    ("X*Y", "X=m,n Y=n,p", "X", lambda X, Y: X @ Y),
    ("X*Y", "X=m,n Y=n,p", "Y", lambda X, Y: X @ Y),
    ("A*X*B", "A=p,m X=m,n B=n,q", "X", lambda A, X, B: A @ X @ B),
    ("X'", "X=m,n", "X", lambda X: X.T),
    ("X'*A*X", "A=m,m X=m,p", "X", lambda A, X: X.T @ A @ X),
    ("X*X'", "X=m,n", "X", lambda X: X @ X.T),
    ("X^2", "X=m,m", "X", lambda X: X @ X),
    ("X^k", "X=m,m", "X", lambda X, k: power(X, k)),
    ("inv(X)", "X=n,n", "X", lambda X: inv(X), {"at": "X=invertible"}),
    ("A*inv(X)*B", "A=p,n X=n,n B=n,m", "X", lambda A, X, B: A @ inv(X) @ B, {"at": "X=invertible"}),
    ("inv(X)*x", "X=n,n x=n", "X", lambda X, x: inv(X) @ x, {"at": "X=invertible"}),
    ("inv(X'*X)*X'*y", "X=n,m y=n", "X", lambda X, y: inv(X.T @ X) @ X.T @ y),
    ("x/norm2(x)", "x=n", "x", lambda x: x / jnp.sqrt(x @ x)),
    ("x*x'*x", "x=n", "x", lambda x: x * (x @ x)),
    ("softmax(A*x)", "A=m,n x=n", "x", lambda A, x: softmax(A @ x)),
    ("V'*softmax(K*x)", "V=m,p K=m,n x=n", "x", lambda V, K, x: V.T @ softmax(K @ x)),
    ("V'*softmax(K*x)", "V=m,p K=m,n x=n", "K", lambda V, K, x: V.T @ softmax(K @ x)),
    ("Y_ib = softmax(Q_ia K_ja) V_jb", "Q=m,p K=n,p V=n,q", "Q", lambda Q, K, V: softmax(Q @ K.T) @ V),
    ("sigmoid(A*x + b)", "A=m,n x=n b=m", "x", lambda A, x, b: sigmoid(A @ x + b)),
    ("sigmoid(A*X)", "A=m,n X=n,p", "X", lambda A, X: sigmoid(A @ X)),
    ("f(A*x)", "A=m,n x=n", "x", lambda A, x: f(A @ x), {"functions": _POINTWISE}),
    ("f(A*X)", "A=m,n X=n,p", "X", lambda A, X: f(A @ X), {"functions": _POINTWISE}),
    ("A*f(B*x)", "A=p,m B=m,n x=n", "x", lambda A, B, x: A @ f(B @ x), {"functions": _POINTWISE}),
    ("g(x)*x", "x=n", "x", lambda x: g(x) * x, {"functions": _SCALAR}),
    ("diag(x)*A", "x=m A=m,n", "x", lambda x, A: jnp.diag(x) @ A),
    ("diag(X)", "X=n,n", "X", lambda X: jnp.diagonal(X)),
    ("A.*X", "A=m,n X=m,n", "X", lambda A, X: A * X),
    ("X.^2", "X=m,n", "X", lambda X: X * X),
    ("exp(A.*X)", "A=m,n X=m,n", "X", lambda A, X: jnp.exp(A * X)),
    ("kron(A, X)", "A=p,m X=m,p", "X", lambda A, X: jnp.kron(A, X)),
    ("kron(X, X)", "X=p,m", "X", lambda X: jnp.kron(X, X)),
    ("vec(A*X*B)", "A=p,m X=m,n B=n,p", "X", lambda A, X, B: vec(A @ X @ B)),
    ("vech(X)", "X=m,m", "X", lambda X: vech(X)),
    ("vech(X*X')", "X=m,p", "X", lambda X: vech(X @ X.T)),
    ("cross(a, x)", "a=3 x=3", "x", lambda a, x: jnp.cross(a, x)),
    ("cross(x, A*x)", "A=3,3 x=3", "x", lambda A, x: jnp.cross(x, A @ x)),
    ("skew(x)*A", "x=3 A=3,n", "x",
     lambda x, A: jnp.array([[0, -x[2], x[1]], [x[2], 0, -x[0]], [-x[1], x[0], 0]]) @ A),
    ("c = x - sum(x)/n*ones(n); c/sqrt(sum(c.^2)/n)", "x=n", "x", lambda x: normalised(x)),
    ("Y_ij = T_ijk x_k", "T=m,n,p x=p", "x", lambda T, x: jnp.einsum("ijk,k->ij", T, x)),
    ("Y_ij = T_ijk x_k", "T=m,n,p x=p", "T", lambda T, x: jnp.einsum("ijk,k->ij", T, x)),
    ("C_ijl = T_ijk X_kl", "T=m,n,p X=p,q", "X", lambda T, X: jnp.einsum("ijk,kl->ijl", T, X)),
    ("D_ij = x_i A_ij x_j", "A=n,n x=n", "x", lambda A, x: x[:, None] * A * x[None, :]),
    ("c_i = eps_ijk x_j A_kl x_l", "A=3,3 x=3", "x", lambda A, x: jnp.cross(x, A @ x)),
    ("expm(X)", "X=m,m", "X", lambda X: expm(X)),
    ("X*log(det(X))", "X=m,m", "X", lambda X: X * jnp.log(jnp.linalg.det(X)), {"at": "X=spd"}),
    ("x[2]*x", "x=n", "x", lambda x: x[1] * x),
    ("adj(X)", "X=m,m", "X", lambda X: jnp.linalg.det(X) * inv(X), {"at": "X=invertible"}),
    ("U*V'", "U=m,r V=n,r", "V", lambda U, V: U @ V.T),
    ("F(X)", "X=m,m", "X", lambda X: series(X), {"functions": _SERIES}),
    ("A*F(X)*x", "A=p,m X=m,m x=m", "X", lambda A, X, x: A @ series(X) @ x, {"functions": _SERIES}),
    ("funm(sin, X)", "X=m,m", "X", lambda X: sine(X)),
    ("chol(S)", "S=m,m", "S", lambda S: chol(S), {"at": "S=spd"}),
    ("solve(X, A)", "A=n,p X=n,n", "X", lambda A, X: jnp.linalg.solve(X, A), {"at": "X=invertible"}),
    ("pinv(W)", "W=n,m", "W", lambda W: pinv(W)),
    ("W*inv(W'*W)*W'", "W=n,p", "W", lambda W: W @ pinv(W)),
    ("mu*F + (lam*log(det(F)) - mu)*inv(F)'", "F=m,m mu= lam=", "F",
     lambda F, mu, lam: mu * F + (lam * jnp.log(jnp.linalg.det(F)) - mu) * inv(F).T, {"at": "F=spd"}),
)


# -- second derivatives and higher -----------------------------------------------------------

HIGHER = _rows(
    "higher",
    ("x'*A*x", "A=n,n x=n", "x x", lambda A, x: x @ A @ x),
    ("norm2(A*x - b)^2", "A=m,n x=n b=m", "x x", lambda A, x, b: jnp.sum((A @ x - b) ** 2)),
    ("norm2(x)", "x=n", "x x", lambda x: jnp.sqrt(x @ x)),
    ("(x'*A*x)/(x'*x)", "A=n,n x=n", "x x", lambda A, x: (x @ A @ x) / (x @ x), {"assume": "A=symmetric"}),
    ("sum(softplus(-y.*(A*w)))", "A=m,n w=n y=m", "w w", lambda A, w, y: jnp.sum(softplus(-y * (A @ w))),
     {"at": "y=signs"}),
    ("logsumexp(A*x)", "A=m,n x=n", "x x", lambda A, x: lse(A @ x)),
    ("logsumexp(A*x)", "A=m,n x=n", "x x x", lambda A, x: lse(A @ x)),
    ("sum(f(A*x))", "A=m,n x=n", "x x", lambda A, x: jnp.sum(f(A @ x)), {"functions": _POINTWISE}),
    ("sum(f(A*x))", "A=m,n x=n", "x x x", lambda A, x: jnp.sum(f(A @ x)), {"functions": _POINTWISE}),
    ("g(A*x)", "A=m,n x=n", "x x", lambda A, x: g(A @ x), {"functions": _SCALAR}),
    ("tr(X'*A*X)", "A=m,m X=m,p", "X X", lambda A, X: jnp.trace(X.T @ A @ X)),
    ("tr(X^3)", "X=m,m", "X X", lambda X: jnp.trace(X @ X @ X)),
    ("tr(inv(X))", "X=m,m", "X X", lambda X: jnp.trace(inv(X)), {"at": "X=invertible"}),
    ("logdet(X)", "X=m,m", "X X", lambda X: logdet(X), {"at": "X=invertible"}),
    ("logdet(X)", "X=p,p", "X X X", lambda X: logdet(X), {"at": "X=invertible"}),
    ("det(X)", "X=m,m", "X X", lambda X: jnp.linalg.det(X), {"at": "X=invertible"}),
    ("sum(X.^3)", "X=m,p", "X X", lambda X: jnp.sum(X**3)),
    ("norm2(T - U*V')^2", "T=m,n U=m,r V=n,r", "U U", lambda T, U, V: jnp.sum((T - U @ V.T) ** 2)),
    ("norm2(T - U*V')^2", "T=m,n U=m,r V=n,r", "U V", lambda T, U, V: jnp.sum((T - U @ V.T) ** 2)),
    ("y'*X*x", "y=m X=m,n x=n", "X x", lambda y, X, x: y @ X @ x),
    (_NEO_HOOKEAN, "F=n,n mu= lam=", "F F", lambda F, mu, lam: neo_hookean(F, mu, lam), {"at": "F=spd"}),
    (_GAUSS, "D=n,n y=n s= h= v=", "s s", lambda D, y, s, h, v: evidence(kernel(D, s, h, v), y),
     {"assume": "D=symmetric", "at": "s=positive h=positive v=positive D=spd"}),
    ("(x - u)'*inv(S)*(x - u)/2", "x=n u=n S=n,n", "S u", lambda x, u, S: (x - u) @ inv(S) @ (x - u) / 2,
     {"assume": "S=spd"}),
    ("L = T_ijk x_i x_j x_k", "T=n,n,n x=n", "x x", lambda T, x: jnp.einsum("ijk,i,j,k", T, x, x, x)),
    ("L = T_ijk x_i x_j x_k", "T=n,n,n x=n", "x x x", lambda T, x: jnp.einsum("ijk,i,j,k", T, x, x, x)),
    ("X*X", "X=p,p", "X X", lambda X: X @ X),
    ("inv(X)", "X=p,p", "X X", lambda X: inv(X), {"at": "X=invertible"}),
    ("softmax(x)", "x=m", "x x", lambda x: softmax(x)),
    ("exp(a'*x)", "a=n x=n", "x x x x", lambda a, x: jnp.exp(a @ x)),
    ("x/norm2(x)", "x=n", "x x", lambda x: x / jnp.sqrt(x @ x)),
    ("tr(expm(X))", "X=p,p", "X X", lambda X: jnp.trace(expm(X))),
    ("tr(A*expm(X))", "A=m,m X=m,m", "X X", lambda A, X: jnp.trace(A @ expm(X))),
    ("tr(A*F(X))", "A=p,p X=p,p", "X X", lambda A, X: jnp.trace(A @ series(X)), {"functions": _SERIES}),
    ("tr(A*X^k)", "A=p,p X=p,p", "X X", lambda A, X, k: jnp.trace(A @ power(X, k))),
    ("X[1,2]*inv(X)[2,1]", "X=m,m", "X X", lambda X: X[0, 1] * inv(X)[1, 0], {"at": "X=invertible"}),
    ("x'*chol(S)*x", "S=p,p x=p", "S S", lambda S, x: x @ chol(S) @ x, {"at": "S=spd"}),
    ("g(f(X))", "X=p,p", "X X", lambda X: g(f(X)), {"functions": _SCALAR | _POINTWISE}),
    ("p'*log(p)", "p=n", "p p", lambda p: jnp.sum(p * jnp.log(p)), {"at": "p=simplex"}),
)


# -- functions of a number -------------------------------------------------------------------

CURVES = _rows(
    "curve",
    ("A + t*B", "A=m,n B=m,n t=", "t", lambda A, B, t: A + t * B),
    ("t^2*A + exp(t)*B", "A=m,n B=m,n t=", "t", lambda A, B, t: t**2 * A + jnp.exp(t) * B),
    ("(A + t*B)^3", "A=m,m B=m,m t=", "t", lambda A, B, t: power(A + t * B, 3)),
    ("(A + t*B)^k", "A=m,m B=m,m t=", "t", lambda A, B, t, k: power(A + t * B, k)),
    ("inv(A + t*B)", "A=n,n B=n,n t=", "t", lambda A, B, t: inv(A + t * B), {"at": "A=spd t=unit"}),
    ("inv(A + t*B)", "A=n,n B=n,n t=", "t t", lambda A, B, t: inv(A + t * B), {"at": "A=spd t=unit"}),
    ("det(A + t*B)", "A=n,n B=n,n t=", "t", lambda A, B, t: jnp.linalg.det(A + t * B), {"at": "A=spd t=unit"}),
    ("det(A + t*B)", "A=n,n B=n,n t=", "t t", lambda A, B, t: jnp.linalg.det(A + t * B), {"at": "A=spd t=unit"}),
    ("logdet(A + t*B)", "A=n,n B=n,n t=", "t t", lambda A, B, t: logdet(A + t * B), {"at": "A=spd t=unit"}),
    ("tr(expm(t*A))", "A=m,m t=", "t", lambda A, t: jnp.trace(expm(t * A))),
    ("expm(t*A)", "A=m,m t=", "t", lambda A, t: expm(t * A)),
    ("expm(t*A)*x", "A=m,m x=m t=", "t", lambda A, x, t: expm(t * A) @ x),
    ("expm(t*A)", "A=m,m t=", "t t", lambda A, t: expm(t * A)),
    ("expm(A + t*B)", "A=m,m B=m,m t=", "t", lambda A, B, t: expm(A + t * B)),
    ("tr(F(A + t*B))", "A=m,m B=m,m t=", "t", lambda A, B, t: jnp.trace(series(A + t * B)), {"functions": _SERIES}),
    ("F(t*A)", "A=m,m t=", "t t", lambda A, t: series(t * A), {"functions": _SERIES}),
    ("x'*inv(A + t*eye(n))*x", "A=n,n x=n t=", "t", lambda A, x, t: x @ inv(A + t * jnp.eye(A.shape[0])) @ x,
     {"assume": "A=spd", "at": "t=unit"}),
    ("norm2(A + t*B)", "A=m,n B=m,n t=", "t", lambda A, B, t: jnp.sqrt(jnp.sum((A + t * B) ** 2))),
    ("kron(A + t*B, C)", "A=p,p B=p,p C=p,m t=", "t", lambda A, B, C, t: jnp.kron(A + t * B, C)),
    ("softmax(t*x)", "x=n t=", "t", lambda x, t: softmax(t * x)),
    ("sigmoid(A*(x + t*y))", "A=m,n x=n y=n t=", "t", lambda A, x, y, t: sigmoid(A @ (x + t * y))),
    ("f(t*A)", "A=m,n t=", "t", lambda A, t: f(t * A), {"functions": _POINTWISE}),
    ("g(x + t*y)", "x=n y=n t=", "t t", lambda x, y, t: g(x + t * y), {"functions": _SCALAR}),
    ("cos(t)*A + sin(t)*B", "A=m,n B=m,n t=", "t t", lambda A, B, t: jnp.cos(t) * A + jnp.sin(t) * B),
    ("vec(A + t*B)", "A=m,n B=m,n t=", "t", lambda A, B, t: vec(A + t * B)),
    ("diag(t*x)*A", "x=m A=m,n t=", "t", lambda x, A, t: jnp.diag(t * x) @ A),
)


TASKS: list[Task] = [*NUMBERS, *ARRAYS, *HIGHER, *CURVES]
