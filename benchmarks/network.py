"""W3: ten layers d × d with softmax and cross-entropy; gradient and Hessian by the weights of the first layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Case, Implementation, Inputs
from sides import hand, jax_, other, ours, torch_

import tensorcalc as tc

TITLE = "Network of ten layers d × d, by the first layer's weights"
LAYERS = 10
_WEIGHTS = tuple(f"W{layer}" for layer in range(1, LAYERS + 1))


def cases(quick: bool) -> list[Case]:
    """ReLU with one sample, tanh with sixteen."""
    return [{"task": task, "act": act, "samples": samples, "d": d} for act, samples in (("relu", 1), ("tanh", 16))
            for d in ([8, 16] if quick else [15, 30]) for task in ("gradient", "hessian")]


def inputs(case: Case) -> Inputs:
    """Weights that keep activations of order one; ``x``, ``y`` are the only rows of ``X``, ``Y``."""
    random, d = np.random.default_rng(3), case["d"]
    scale = np.sqrt(2 / d) if case["act"] == "relu" else 1.2 / np.sqrt(d)
    X, Y = random.standard_normal((case["samples"], d)), np.eye(d)[random.integers(0, d, case["samples"])]
    weights = {name: random.standard_normal((d, d)) * scale for name in _WEIGHTS}
    return {**weights, "X": X, "Y": Y, "x": X[0].copy(), "y": Y[0].copy()}


# -- by hand: one sample, ReLU ---------------------------------------------------------------


def _softmax(z: Any) -> Any:
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z


def gradient_relu(x: Any, y: Any, *W: Any) -> Any:
    """Back through the active units."""
    a = [x]
    for weights in W[:-1]:
        z = weights @ a[-1]
        a.append(np.maximum(z, 0.0, out=z))
    g = _softmax(W[-1] @ a[-1])
    g -= y
    for layer in range(LAYERS - 1, 0, -1):
        g = g @ W[layer]
        g *= a[layer] > 0
    return g[:, None] * x


def hessian_relu(x: Any, *W: Any) -> Any:
    """The network is linear around x: J' (diag(p) - p p') J, times x x'."""
    d = len(x)
    z = W[0] @ x
    J, a = None, np.maximum(z, 0.0)
    on = z > 0
    J = W[1] * on
    for layer in range(1, LAYERS - 1):
        z = W[layer] @ a
        on = z > 0
        np.maximum(z, 0.0, out=z)
        a = z
        J = W[layer + 1] @ (J * on[:, None])
    p = _softmax(W[-1] @ a)
    J -= p @ J
    J *= np.sqrt(p)[:, None]
    M = J.T @ J
    Q = M[:, :, None] * x                       # (i, k, l)
    return np.multiply(x[None, :, None], Q.reshape(d, 1, d * d)).reshape(d, d, d, d)


def hessian_relu_outer(x: Any, *W: Any) -> Any:
    """The same, the last product at once."""
    d = len(x)
    z = W[0] @ x
    J, a = W[1] * (z > 0), np.maximum(z, 0.0)
    for layer in range(1, LAYERS - 1):
        z = W[layer] @ a
        a = np.maximum(z, 0.0)
        J = (W[layer + 1] * (z > 0)) @ J
    p = _softmax(W[-1] @ a)
    J -= p @ J
    M = J.T @ (p[:, None] * J)
    return (M[:, None, :, None] * np.outer(x, x)[None, :, None, :]).reshape(d, d, d, d)


# -- by hand: a batch, tanh ------------------------------------------------------------------


def _forward(X: Any, W: tuple[Any, ...]) -> tuple[list[Any], Any]:
    a = [X]
    for weights in W[:-1]:
        z = a[-1] @ weights.T
        a.append(np.tanh(z, out=z))
    return a, _softmax(a[-1] @ W[-1].T)


def gradient_tanh(X: Any, Y: Any, *W: Any) -> Any:
    """Back through the layers, all samples at once."""
    a, g = _forward(X, W)
    g -= Y
    for layer in range(LAYERS - 1, 0, -1):
        g = g @ W[layer]
        g *= 1.0 - a[layer] ** 2
    return g.T @ X


def _curvature(X: Any, Y: Any, W: tuple[Any, ...]) -> Any:
    """M_bik = ∂²loss_b/∂z_bi∂z_bk for the input z of the first activation: Gauss-Newton of every layer, in one product."""
    samples, d = X.shape
    a, p = _forward(X, W)
    slope = [1.0 - h * h for h in a[1:]]
    J = W[1][:, None, :] * slope[0]                         # (out, b, in)
    S = np.empty((LAYERS - 1, d, samples, d))
    S[0] = J
    for layer in range(2, LAYERS):
        J = S[layer - 2] * slope[layer - 1].T[:, :, None]
        np.matmul(W[layer], J.reshape(d, samples * d), out=S[layer - 1].reshape(d, samples * d))
    J = S[-1]
    J -= np.matmul(p[:, None, :], J.transpose(1, 0, 2))[:, 0, :]
    weight = np.empty((LAYERS - 1, d, samples))
    weight[-1] = p.T
    g = p - Y
    own = None
    for layer in range(LAYERS - 1, 0, -1):
        g = g @ W[layer]
        own = -2.0 * a[layer] * slope[layer - 1] * g
        if layer > 1:
            weight[layer - 2] = own.T
        g = g * slope[layer - 1]
    T = S * weight[:, :, :, None]
    M = np.matmul(T.reshape(-1, samples, d).transpose(1, 2, 0), S.reshape(-1, samples, d).transpose(1, 0, 2))
    view = np.einsum("bii->bi", M)
    view += own
    return M


def hessian_tanh(X: Any, Y: Any, *W: Any) -> Any:
    """Σ_b M_bik X_bj X_bl as one product of X' with M X."""
    samples, d = X.shape
    M = _curvature(X, Y, W)
    Q = M[:, :, :, None] * X[:, None, None, :]              # (b, i, k, l)
    H = np.empty((d, d, d, d))
    np.matmul(X.T, Q.reshape(samples, d, d * d).transpose(1, 0, 2), out=H.reshape(d, d, d * d))
    return H


def hessian_tanh_rows(X: Any, Y: Any, *W: Any) -> Any:
    """The same, a few rows i at a time for the cache."""
    samples, d = X.shape
    M = _curvature(X, Y, W)
    rows = max(1, min(d, 65536 // (samples * d * d)))
    Q, H = np.empty((samples, rows, d, d)), np.empty((d, d, d, d))
    for start in range(0, d, rows):
        block = slice(start, min(d, start + rows))
        q = Q[:, :block.stop - start]
        np.multiply(M[:, block, :, None], X[:, None, None, :], out=q)
        np.matmul(X.T, q.reshape(samples, -1, d * d).transpose(1, 0, 2), out=H[block].reshape(-1, d, d * d))
    return H


def hessian_tanh_pairs(X: Any, Y: Any, *W: Any) -> Any:
    """(M as b × ik)' (X ⊗ X as b × jl), then a copy in the order wanted."""
    samples, d = X.shape
    M = _curvature(X, Y, W).reshape(samples, d * d)
    P = (X[:, :, None] * X[:, None, :]).reshape(samples, d * d)
    return np.ascontiguousarray((M.T @ P).reshape(d, d, d, d).transpose(0, 2, 1, 3))


def hessian_einsum(X: Any, Y: Any, *W: Any) -> Any:
    """As people write it who think in indices."""
    samples, d = X.shape
    a, p = _forward(X, W)
    slope = [1.0 - h * h for h in a[1:]]
    jacobians = [np.broadcast_to(np.eye(d), (samples, d, d))]
    for layer in range(1, LAYERS):
        jacobians.append(np.einsum("oi,bi,bik->bok", W[layer], slope[layer - 1], jacobians[-1], optimize=True))
    J = jacobians[-1]
    v = np.einsum("bo,boi->bi", p, J)
    M = np.einsum("boi,bo,bok->bik", J, p, J, optimize=True) - np.einsum("bi,bk->bik", v, v)
    g = p - Y
    for layer in range(LAYERS - 1, 0, -1):
        g = g @ W[layer]
        own = -2 * a[layer] * slope[layer - 1] * g
        J = jacobians[layer - 1]
        M = M + np.einsum("boi,bo,bok->bik", J, own, J, optimize=True)
        g = g * slope[layer - 1]
    return np.einsum("bik,bj,bl->ijkl", M, X, X, optimize=True)


# -- the others ---------------------------------------------------------------------------


def _loss(act: Any, logsumexp: Any) -> Any:
    def loss(W1: Any, X: Any, Y: Any, *W: Any) -> Any:
        a = act(X @ W1.T)
        for weights in W[:-1]:
            a = act(a @ weights.T)
        z = a @ W[-1].T
        return (logsumexp(z, -1) - (z * Y).sum(-1)).sum()
    return loss


def _closed(xp: Any, relu: bool, softmax: Any) -> Callable[..., Any]:
    """The Hessian as written by hand for a batch."""
    def hessian(W1: Any, X: Any, Y: Any, *rest: Any) -> Any:
        W, (samples, d) = (W1, *rest), X.shape
        a = [X]
        for weights in W[:-1]:
            z = a[-1] @ weights.T
            a.append(xp.maximum(z, xp.zeros_like(z)) if relu else xp.tanh(z))
        p = softmax(a[-1] @ W[-1].T, -1)
        slope = [xp.where(h > 0, xp.ones_like(h), xp.zeros_like(h)) if relu else 1 - h * h for h in a[1:]]
        S = [W[1][:, None, :] * slope[0]]
        for layer in range(2, LAYERS):
            J = S[-1] * slope[layer - 1].T[:, :, None]
            S.append((W[layer] @ J.reshape(d, samples * d)).reshape(d, samples, d))
        J = S[-1] - xp.einsum("bo,obi->bi", p, S[-1])
        M = xp.einsum("obi,obk->bik", J * p.T[:, :, None], J)
        if not relu:
            g = p - Y
            for layer in range(LAYERS - 1, 0, -1):
                g = g @ W[layer]
                own = -2 * a[layer] * slope[layer - 1] * g
                g = g * slope[layer - 1]
                if layer > 1:
                    M = M + xp.einsum("obi,obk->bik", S[layer - 2] * own.T[:, :, None], S[layer - 2])
                else:
                    M = M + xp.einsum("bi,ik->bik", own, xp.eye(d, dtype=X.dtype))
        Q = M[:, :, :, None] * X[:, None, None, :]
        return xp.einsum("bj,bim->ijm", X, Q.reshape(samples, d, d * d)).reshape(d, d, d, d)
    return hessian


# -- this package -------------------------------------------------------------------------


def formula(act: str, samples: int, d: int) -> tc.Tensor:
    """The loss: definitions, layer by layer."""
    last, lines = ("X" if samples > 1 else "x"), []
    for layer, name in enumerate(_WEIGHTS, 1):
        z = f"{last} {name}'" if samples > 1 else f"{name} {last}"
        lines.append(f"A{layer} = {act}({z})" if layer < LAYERS else f"Z = {z}")
        last = f"A{layer}"
    lines.append("L = logsumexp(Z)_b - Y_bo Z_bo" if samples > 1 else "logsumexp(Z) - y' Z")
    shapes = {"X": [samples, d], "Y": [samples, d]} if samples > 1 else {"x": [d], "y": [d]}
    return tc.read("; ".join(lines), {**{name: [d, d] for name in _WEIGHTS}, **shapes})


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, act, samples, d = case["task"], case["act"], case["samples"], case["d"]
    one, both, rest = ("x", "y", *_WEIGHTS), ("X", "Y", *_WEIGHTS), ("W1", "X", "Y", *_WEIGHTS[1:])
    sides: dict[str, Implementation] = {
        ("gradient", "relu"): {"backward": hand(gradient_relu, *one)},
        ("gradient", "tanh"): {"backward": hand(gradient_tanh, *both)},
        ("hessian", "relu"): {"J'PJ, syrk": hand(hessian_relu, "x", *_WEIGHTS),
                              "J'PJ, outer": hand(hessian_relu_outer, "x", *_WEIGHTS)},
        ("hessian", "tanh"): {"one product": hand(hessian_tanh, *both), "by rows": hand(hessian_tanh_rows, *both),
                              "pairs": hand(hessian_tanh_pairs, *both), "einsum": other("other", hessian_einsum, *both)},
    }[task, act]

    def formulas() -> list[tc.Tensor]:
        f = formula(act, samples, d)
        return [f.gradient("W1") if task == "gradient" else f.hessian("W1")]
    sides["tensorcalc"] = ours(formulas)
    sides["tensorcalc jax"] = ours(formulas, "jax")
    sides["tensorcalc torch"] = ours(formulas, "torch")

    def of_jax(jax: Any) -> Any:
        loss = _loss(jax.nn.relu if act == "relu" else jax.numpy.tanh, jax.nn.logsumexp)
        return jax.grad(loss) if task == "gradient" else jax.hessian(loss)

    def of_torch(torch: Any) -> Any:
        loss = _loss(torch.relu if act == "relu" else torch.tanh, torch.logsumexp)
        return torch.func.grad(loss) if task == "gradient" else torch.func.hessian(loss)
    sides["jax AD"] = jax_("jax ad", of_jax, *rest)
    sides["torch.func"] = torch_("torch ad", of_torch, *rest)
    if task == "hessian":
        sides["jax by hand"] = jax_("jax hand", lambda jax: _closed(jax.numpy, act == "relu", jax.nn.softmax), *rest)
        sides["torch by hand"] = torch_("torch hand", lambda torch: _closed(torch, act == "relu", torch.softmax), *rest)
    return sides
