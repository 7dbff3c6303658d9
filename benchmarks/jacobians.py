"""W4: Jacobians of fourth order, ∂U_ij/∂X_pq for U = X' A X, inv(X) and X^3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Case, Implementation, Inputs
from sides import hand, hand_out, jax_, other, ours, torch_

import tensorcalc as tc

TITLE = "Jacobians of fourth order, n × n by n × n"
_FORMULAS = {"X'AX": "X' A X", "inverse": "inv(X)", "cube": "X^3"}


def cases(quick: bool) -> list[Case]:
    """The tasks and sizes."""
    return [{"task": task, "n": n} for task in _FORMULAS for n in ([10] if quick else [10, 40])]


def inputs(case: Case) -> Inputs:
    """A well-conditioned X."""
    random, n = np.random.default_rng(4), case["n"]
    return {"X": random.standard_normal((n, n)) / np.sqrt(n) + 2 * np.eye(n), "A": random.standard_normal((n, n))}


def form(X: Any, A: Any) -> Any:
    """δ_iq (A X)_pj + (X' A)_ip δ_jq on zeros."""
    n = len(X)
    J = np.zeros((n, n, n, n))
    np.einsum("ijpi->ijp", J)[...] = (A @ X).T
    view = np.einsum("ijpj->ijp", J)
    view += (X.T @ A)[:, None, :]
    return J


def form_flat(X: Any, A: Any) -> Any:
    """The same by slices with one stride."""
    n = len(X)
    J = np.zeros((n, n, n * n))
    first = np.ascontiguousarray((A @ X).T)
    second = X.T @ A
    for i in range(n):
        J[i, :, i::n] = first
    for j in range(n):
        J[:, j, j::n] += second
    return J.reshape(n, n, n, n)


def inverse(X: Any) -> Any:
    """-Y_ip Y_qj as one product that is written in order."""
    Y = np.linalg.inv(X)
    return np.multiply((-Y)[:, None, :, None], np.ascontiguousarray(Y.T)[None, :, None, :])


def inverse_repeated(X: Any) -> Any:
    """The same with the rows of both factors repeated first, so that the innermost loop is long."""
    Y = np.linalg.inv(X)
    return _outer(-Y, Y)


def _outer(P: Any, Q: Any) -> Any:
    """P_ip Q_qj in this order of axes."""
    n = len(P)
    left = np.repeat(P, n, axis=1)
    right = np.repeat(Q.T[:, None, :], n, axis=1).reshape(n, n * n)
    return (left[:, None, :] * right).reshape(n, n, n, n)


def inverse_einsum(X: Any) -> Any:
    """The same by einsum, which arranges memory as suits it."""
    Y = np.linalg.inv(X)
    return np.einsum("ip,qj->ijpq", -Y, Y)


def inverse_outer(X: Any) -> Any:
    """The outer product, then a copy in the order wanted."""
    Y = np.linalg.inv(X)
    return np.ascontiguousarray(np.multiply.outer(-Y, Y).transpose(0, 3, 1, 2))


def cube(X: Any) -> Any:
    """δ_ip (X²)_qj + X_ip X_qj + (X²)_ip δ_jq, the full term first."""
    square = X @ X
    J = np.multiply(X[:, None, :, None], np.ascontiguousarray(X.T)[None, :, None, :])
    view = np.einsum("ijiq->ijq", J)
    view += square.T
    view = np.einsum("ijpj->ijp", J)
    view += square[:, None, :]
    return J


def cube_repeated(X: Any) -> Any:
    """The same with a longer innermost loop."""
    square = X @ X
    J = _outer(X, X)
    view = np.einsum("ijiq->ijq", J)
    view += square.T
    view = np.einsum("ijpj->ijp", J)
    view += square[:, None, :]
    return J


def _with_eye(task: str) -> Callable[..., Any]:
    """As a formula says it, with identities."""
    def call(X: Any, A: Any) -> Any:
        eye, einsum = np.eye(len(X)), np.einsum
        if task == "X'AX":
            return einsum("iq,pj->ijpq", eye, A @ X) + einsum("ip,jq->ijpq", X.T @ A, eye)
        if task == "inverse":
            Y = np.linalg.inv(X)
            return -einsum("ip,qj->ijpq", Y, Y)
        S = X @ X
        return einsum("ip,qj->ijpq", eye, S) + einsum("ip,qj->ijpq", X, X) + einsum("ip,qj->ijpq", S, eye)
    return call


def _kept(task: str) -> Callable[[Any, Any], Callable[[], Any]]:
    def prepare(X: Any, A: Any) -> Callable[[], Any]:
        n = len(X)
        J = np.zeros((n, n, n, n))

        def inverse_kept() -> Any:
            Y = np.linalg.inv(X)
            return np.multiply((-Y)[:, None, :, None], np.ascontiguousarray(Y.T)[None, :, None, :], out=J)

        def form_kept() -> Any:
            J.fill(0.0)
            np.einsum("ijpi->ijp", J)[...] = (A @ X).T
            view = np.einsum("ijpj->ijp", J)
            view += (X.T @ A)[:, None, :]
            return J

        def cube_kept() -> Any:
            square = X @ X
            np.multiply(X[:, None, :, None], np.ascontiguousarray(X.T)[None, :, None, :], out=J)
            view = np.einsum("ijiq->ijq", J)
            view += square.T
            view = np.einsum("ijpj->ijp", J)
            view += square[:, None, :]
            return J
        return {"X'AX": form_kept, "inverse": inverse_kept, "cube": cube_kept}[task]
    return prepare


def fill(X: Any) -> Any:
    """What it costs to write so much to fresh memory."""
    J = np.empty((len(X),) * 4)
    J.fill(1.0)
    return J


# -- the others ---------------------------------------------------------------------------


def _function(task: str, xp: Any) -> Any:
    return {"X'AX": lambda X, A: X.T @ A @ X, "inverse": lambda X, A: xp.linalg.inv(X), "cube": lambda X, A: X @ X @ X}[task]


def _closed(task: str, xp: Any, eye: Any) -> Any:
    einsum = xp.einsum

    def call(X: Any, A: Any) -> Any:
        one = eye(len(X))
        if task == "X'AX":
            return einsum("iq,pj->ijpq", one, A @ X) + einsum("ip,jq->ijpq", X.T @ A, one)
        if task == "inverse":
            Y = xp.linalg.inv(X)
            return -(Y[:, None, :, None] * Y.T[None, :, None, :])
        S = X @ X
        return einsum("ip,qj->ijpq", one, S) + einsum("ip,qj->ijpq", X, X) + einsum("ip,qj->ijpq", S, one)
    return call


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, names = case["task"], ("X", "A")
    sides: dict[str, Implementation] = {
        "X'AX": {"views": hand(form, "X", "A"), "slices": hand(form_flat, "X", "A")},
        "inverse": {"one product": hand(inverse, "X"), "repeated": hand(inverse_repeated, "X"),
                    "outer, copied": hand(inverse_outer, "X"), "einsum": hand(inverse_einsum, "X")},
        "cube": {"product, views": hand(cube, "X"), "repeated, views": hand(cube_repeated, "X")},
    }[task]
    sides["kept"] = hand_out(_kept(task), "X", "A")
    sides["fill"] = other("limit", fill, "X")
    sides["einsum with eye"] = other("other", _with_eye(task), "X", "A")

    def formulas() -> list[tc.Tensor]:
        return [tc.read(_FORMULAS[task]).derivative("X")]
    sides["tensorcalc"] = ours(formulas)
    sides["tensorcalc out="] = ours(formulas, out=True)
    sides["tensorcalc jax"] = ours(formulas, "jax")
    sides["tensorcalc torch"] = ours(formulas, "torch")
    for mode in ("jacfwd", "jacrev"):
        sides[f"jax {mode}"] = jax_("jax ad", lambda jax, mode=mode: getattr(jax, mode)(  # type: ignore[misc]
            _function(task, jax.numpy)), *names)
        sides[f"torch {mode}"] = torch_("torch ad", lambda torch, mode=mode: getattr(torch.func, mode)(  # type: ignore[misc]
            _function(task, torch)), *names)
    sides["jax by hand"] = jax_("jax hand", lambda jax: _closed(task, jax.numpy, jax.numpy.eye), *names)
    sides["torch by hand"] = torch_("torch hand", lambda torch: _closed(
        task, torch, lambda n: torch.eye(n, dtype=torch.float64)), *names)
    return sides
