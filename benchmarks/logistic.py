"""W1: logistic regression and a quadratic form, dense; value, gradient, Hessian, and all three in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Case, Implementation, Inputs
from sides import hand, hand_out, jax_, ours, torch_

import tensorcalc as tc

TITLE = "Logistic loss, X 3d × d, and x'Ax"


def cases(quick: bool) -> list[Case]:
    """The tasks and sizes."""
    sizes = [4, 100, 300] if quick else [4, 100, 300, 1000]
    squares = [300] if quick else [300, 2000]
    return [*[{"task": task, "d": d} for d in sizes for task in ("value", "gradient", "hessian", "together")],
            *[{"task": task, "d": d} for d in squares for task in ("form gradient", "form hessian")]]


def inputs(case: Case) -> Inputs:
    """Data whose margins are of order one."""
    random, d = np.random.default_rng(1), case["d"]
    rows = d if case["task"].startswith("form") else 3 * d
    return {"X": random.standard_normal((rows, d)), "y": np.sign(random.standard_normal(rows)),
            "w": random.standard_normal(d) / np.sqrt(d)}


# -- by hand: labels are ±1, so that y² = 1, and the Hessian does not depend on them --------


def _sigmoid(z: Any) -> Any:
    """Overwrites z; large |z| is no trouble for exp of minus |z|, which these margins do not need."""
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1.0
    return np.reciprocal(z, out=z)


def value(X: Any, y: Any, w: Any) -> Any:
    """The stable form log1p(exp(-|z|)) - min(z, 0)."""
    z = X @ w
    z *= y
    e = np.abs(z)
    np.negative(e, out=e)
    np.exp(e, out=e)
    np.log1p(e, out=e)
    return e.sum() - np.minimum(z, 0.0, out=z).sum()


def gradient(X: Any, y: Any, w: Any) -> Any:
    """-X' (y .* sigmoid(-z))."""
    z = X @ w
    z *= y
    np.exp(z, out=z)
    z += 1.0
    np.divide(y, z, out=z)
    g = z @ X
    return np.negative(g, out=g)


def hessian(X: Any, w: Any) -> Any:
    """(X .* sqrt(v))' (X .* sqrt(v)): one triangle of it is computed."""
    s = _sigmoid(X @ w)
    s *= 1.0 - s
    np.sqrt(s, out=s)
    Y = X * s[:, None]
    return Y.T @ Y


def hessian_plain(X: Any, w: Any) -> Any:
    """X' (v .* X), a general product."""
    s = _sigmoid(X @ w)
    s *= 1.0 - s
    return X.T @ (s[:, None] * X)


def hessian_einsum(X: Any, w: Any) -> Any:
    """As people write it who think in indices."""
    s = _sigmoid(X @ w)
    s *= 1.0 - s
    return np.einsum("ij,i,ik->jk", X, s, X, optimize=True)


def together(X: Any, y: Any, w: Any) -> Any:
    """One exponential for all three."""
    z = X @ w
    z *= y
    e = np.abs(z)
    np.negative(e, out=e)
    np.exp(e, out=e)
    below = z < 0
    np.minimum(z, 0.0, out=z)
    total = np.log1p(e).sum() - z.sum()
    r = 1.0 / (1.0 + e)
    p = np.where(below, r, e * r)       # sigmoid(-z)
    p *= y
    g = p @ X
    np.negative(g, out=g)
    r *= r
    r *= e                              # p (1 - p)
    np.sqrt(r, out=r)
    Y = X * r[:, None]
    return total, g, Y.T @ Y


def _hessian_kept(X: Any, w: Any) -> Callable[[], Any]:
    Y, H = np.empty_like(X), np.empty((X.shape[1], X.shape[1]))

    def call() -> Any:
        s = _sigmoid(X @ w)
        s *= 1.0 - s
        np.sqrt(s, out=s)
        np.multiply(X, s[:, None], out=Y)
        return np.matmul(Y.T, Y, out=H)
    return call


def form_gradient(X: Any, w: Any) -> Any:
    """X w + X' w."""
    g = X @ w
    g += w @ X
    return g


def form_gradient_blocks(X: Any, w: Any) -> Any:
    """Each block of rows is used twice while it is in the cache."""
    size = max(16, 60000 // len(w))
    g, h = np.empty(len(w)), np.zeros(len(w))
    for start in range(0, len(w), size):
        block = slice(start, start + size)
        np.dot(X[block], w, out=g[block])
        h += w[block] @ X[block]
    g += h
    return g


def form_hessian(X: Any) -> Any:
    """X + X'."""
    return X + X.T


def form_hessian_blocks(X: Any) -> Any:
    """X + X' in square tiles, both of which fit into the cache."""
    H, tiles = np.empty_like(X), range(0, len(X), 64)
    for i in tiles:
        for j in tiles:
            rows, columns = slice(i, i + 64), slice(j, j + 64)
            np.add(X[rows, columns], X[columns, rows].T, out=H[rows, columns])
    return H


def _form_hessian_kept(X: Any) -> Callable[[], Any]:
    H = np.empty_like(X)
    return lambda: np.add(X, X.T, out=H)


# -- the others ---------------------------------------------------------------------------


def _losses(xp: Any) -> tuple[Any, Any]:
    def loss(w: Any, X: Any, y: Any) -> Any:
        z = -y * (X @ w)
        return xp.logaddexp(xp.zeros_like(z), z).sum()

    def form(w: Any, X: Any, y: Any) -> Any:
        return w @ (X @ w)
    return loss, form


def _differentiated(task: str, xp: Any, gradient: Any, hessian: Any) -> Any:
    loss, form = _losses(xp)
    f = form if task.startswith("form") else loss
    if task == "together":
        return lambda *a: (f(*a), gradient(f)(*a), hessian(f)(*a))
    if task == "value":
        return f
    return (hessian if task.endswith("hessian") else gradient)(f)


def _closed(task: str, xp: Any, sigmoid: Any) -> Any:
    def loss(w: Any, X: Any, y: Any) -> Any:
        z = -y * (X @ w)
        return xp.logaddexp(xp.zeros_like(z), z).sum()

    def first(w: Any, X: Any, y: Any) -> Any:
        return -(y * sigmoid(-y * (X @ w))) @ X

    def second(w: Any, X: Any, y: Any) -> Any:
        s = sigmoid(X @ w)
        return X.T @ (X * (s * (1 - s))[:, None])
    return {"value": loss, "gradient": first, "hessian": second,
            "together": lambda w, X, y: (loss(w, X, y), first(w, X, y), second(w, X, y)),
            "form gradient": lambda w, X, y: X @ w + w @ X, "form hessian": lambda w, X, y: X + X.T}[task]


def _formulas(task: str) -> list[tc.Tensor]:
    f = tc.read("w' X w" if task.startswith("form") else "sum(softplus(-y .* (X w)))")
    if task.startswith("form"):
        return [f.gradient("w") if task.endswith("gradient") else f.hessian("w")]
    made = {"value": f, "gradient": f.gradient("w"), "hessian": f.hessian("w")}
    return list(made.values()) if task == "together" else [made[task]]


def _by_hand(case: Case) -> dict[str, Implementation]:
    large = case["d"] >= 1000
    match case["task"]:
        case "value":
            return {"in place": hand(value, "X", "y", "w")}
        case "gradient":
            return {"in place": hand(gradient, "X", "y", "w")}
        case "hessian":
            return {"syrk": hand(hessian, "X", "w"), "gemm": hand(hessian_plain, "X", "w"),
                    "einsum": hand(hessian_einsum, "X", "w"), "syrk kept": hand_out(_hessian_kept, "X", "w")}
        case "together":
            return {"one exp": hand(together, "X", "y", "w")}
        case "form gradient":
            return {"two products": hand(form_gradient, "X", "w"),
                    **({"blocks": hand(form_gradient_blocks, "X", "w")} if large else {})}
    return {"sum": hand(form_hessian, "X"), "kept": hand_out(_form_hessian_kept, "X"),
            **({"tiles": hand(form_hessian_blocks, "X")} if large else {})}


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, names = case["task"], ("w", "X", "y")
    sides = _by_hand(case)
    sides["tensorcalc"] = ours(lambda: _formulas(task))
    if task in ("hessian", "form hessian"):
        sides["tensorcalc out="] = ours(lambda: _formulas(task), out=True)
    sides["tensorcalc jax"] = ours(lambda: _formulas(task), "jax")
    sides["tensorcalc torch"] = ours(lambda: _formulas(task), "torch")
    sides["jax AD"] = jax_("jax ad", lambda jax: _differentiated(task, jax.numpy, jax.grad, jax.hessian), *names)
    sides["jax by hand"] = jax_("jax hand", lambda jax: _closed(task, jax.numpy, jax.nn.sigmoid), *names)
    sides["torch.func"] = torch_("torch ad", lambda torch: _differentiated(
        task, torch, torch.func.grad, torch.func.hessian), *names)
    sides["torch by hand"] = torch_("torch hand", lambda torch: _closed(task, torch, torch.sigmoid), *names)
    return sides
