"""W5: gradients of scalar functions of large matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Case, Implementation, Inputs
from scipy import linalg  # type: ignore[import-untyped]
from scipy.linalg import blas, lapack  # type: ignore[import-untyped]
from sides import hand, hand_out, jax_, ours, torch_

import tensorcalc as tc

TITLE = "Scalar functions of n × n matrices, gradients"
_FORMULAS = {"tr(AXB)": "tr(A X B)", "|AX-B|²": "norm2(A X - B)^2", "logdet X'X": "logdet(X' X)", "tr(X⁻¹A)": "tr(inv(X) A)",
             "Σσ(AX)": "sum(sigmoid(A X))"}


def cases(quick: bool) -> list[Case]:
    """The tasks and sizes."""
    sizes = [250] if quick else [250, 1000]
    return [{"task": task, "what": what, "n": n} for task in _FORMULAS for n in sizes
            for what in (("value", "gradient") if task == "tr(AXB)" else ("gradient",))]


def inputs(case: Case) -> Inputs:
    """Well-conditioned; X is 2n × n for the log-determinant."""
    random, n = np.random.default_rng(5), case["n"]
    X = random.standard_normal((n, n)) / np.sqrt(n) + 2 * np.eye(n)
    if case["task"] == "logdet X'X":
        X = random.standard_normal((2 * n, n))
    return {"X": X, "A": random.standard_normal((n, n)) / np.sqrt(n), "B": random.standard_normal((n, n))}


def trace_value(A: Any, X: Any, B: Any) -> Any:
    """<A', X B>: one product and a dot product."""
    return np.vdot(A, B.T @ X.T)


def trace_value_sum(A: Any, X: Any, B: Any) -> Any:
    """<B A, X'> through einsum."""
    return np.einsum("ij,ji->", B @ A, X)


def trace_gradient(A: Any, B: Any) -> Any:
    """A' B', which BLAS reads transposed."""
    return A.T @ B.T


def trace_gradient_view(A: Any, B: Any) -> Any:
    """(B A)', a view."""
    return (B @ A).T


def squares(A: Any, X: Any, B: Any) -> Any:
    """2 A'(A X - B) in place."""
    R = A @ X
    R -= B
    G = A.T @ R
    G *= 2.0
    return G


def squares_scaled(A: Any, X: Any, B: Any) -> Any:
    """The factor two on the residual."""
    R = A @ X
    R -= B
    R *= 2.0
    return A.T @ R


def logdet_blas(X: Any) -> Any:
    """2 X (X'X)^-1 by one triangle throughout: syrk, potrf, potri, symm."""
    S = blas.dsyrk(0.5, X.T, lower=1)
    S, _ = lapack.dpotrf(S, lower=1, clean=0, overwrite_a=1)
    S, _ = lapack.dpotri(S, lower=1, overwrite_c=1)
    return blas.dsymm(1.0, S, X.T, lower=1).T


def logdet_solve(X: Any) -> Any:
    """Cholesky with SciPy."""
    factor = linalg.cho_factor(X.T @ X, lower=True, overwrite_a=True, check_finite=False)
    Y = linalg.cho_solve(factor, X.T, check_finite=False)
    Y *= 2.0
    return Y.T


def logdet_inverse(X: Any) -> Any:
    """With NumPy alone."""
    return X @ (2.0 * np.linalg.inv(X.T @ X))


def logdet_general(X: Any) -> Any:
    """A general solve with NumPy alone."""
    return 2.0 * np.linalg.solve(X.T @ X, X.T).T


def inverse_trace(X: Any, A: Any) -> Any:
    """-(Y A Y)' with Y the inverse."""
    Y = np.linalg.inv(X)
    np.negative(Y, out=Y)
    G = Y @ A
    return (np.negative(G, out=G) @ Y).T


def inverse_trace_lu(X: Any, A: Any) -> Any:
    """One factorisation, two solves."""
    factor, pivots, _ = lapack.dgetrf(X.T)
    Y, _ = lapack.dgetrs(factor, pivots, A.T)
    Z, _ = lapack.dgetrs(factor, pivots, Y.T, trans=1)
    G = Z.T
    return np.negative(G, out=G)


def sigmoids(X: Any, A: Any) -> Any:
    """A' (t / (1 + t)²) with t = exp(-z), in place."""
    Z = A @ X
    np.negative(Z, out=Z)
    np.exp(Z, out=Z)
    D = Z + 1.0
    D *= D
    Z /= D
    return A.T @ Z


def sigmoids_rows(X: Any, A: Any) -> Any:
    """The same, a few rows at a time for the cache."""
    Z = A @ X
    size = max(1, 32768 // Z.shape[1])
    D = np.empty((size, Z.shape[1]))
    for start in range(0, len(Z), size):
        z = Z[start:start + size]
        d = D[:len(z)]
        np.negative(z, out=z)
        np.exp(z, out=z)
        np.add(z, 1.0, out=d)
        np.multiply(d, d, out=d)
        np.divide(z, d, out=z)
    return A.T @ Z


def _sigmoids_kept(X: Any, A: Any) -> Callable[[], Any]:
    Z, D, G = (np.empty_like(X) for _ in range(3))

    def call() -> Any:
        np.matmul(A, X, out=Z)
        np.negative(Z, out=Z)
        np.exp(Z, out=Z)
        np.add(Z, 1.0, out=D)
        np.multiply(D, D, out=D)
        np.divide(Z, D, out=Z)
        return np.matmul(A.T, Z, out=G)
    return call


def _squares_kept(A: Any, X: Any, B: Any) -> Callable[[], Any]:
    R, G = np.empty_like(X), np.empty_like(X)

    def call() -> Any:
        np.matmul(A, X, out=R)
        np.subtract(R, B, out=R)
        np.matmul(A.T, R, out=G)
        return np.multiply(G, 2.0, out=G)
    return call


# -- the others ---------------------------------------------------------------------------


def _function(task: str, xp: Any, slogdet: Any, sigmoid: Any) -> Any:
    return {
        "tr(AXB)": lambda X, A, B: xp.trace(A @ X @ B),
        "|AX-B|²": lambda X, A, B: ((A @ X - B) ** 2).sum(),
        "logdet X'X": lambda X, A, B: slogdet(X.T @ X)[1],
        "tr(X⁻¹A)": lambda X, A, B: xp.trace(xp.linalg.inv(X) @ A),
        "Σσ(AX)": lambda X, A, B: sigmoid(A @ X).sum(),
    }[task]


def _closed(task: str, sigmoid: Any, normal: Any, both: Any) -> Any:
    def sigmoids(X: Any, A: Any, B: Any) -> Any:
        S = sigmoid(A @ X)
        return A.T @ (S * (1 - S))
    return {
        "tr(AXB)": lambda X, A, B: A.T @ B.T,
        "|AX-B|²": lambda X, A, B: 2 * (A.T @ (A @ X - B)),
        "logdet X'X": lambda X, A, B: 2 * normal(X),
        "tr(X⁻¹A)": lambda X, A, B: -both(X, A),
        "Σσ(AX)": sigmoids,
    }[task]


def _jax_closed(task: str, jax: Any) -> Any:
    from jax.scipy.linalg import cho_factor, cho_solve, lu_factor, lu_solve

    def both(X: Any, A: Any) -> Any:
        factor = lu_factor(X)
        return lu_solve(factor, lu_solve(factor, A.T, trans=1).T).T
    return _closed(task, jax.nn.sigmoid, lambda X: cho_solve(cho_factor(X.T @ X), X.T).T, both)


def _torch_closed(task: str, torch: Any) -> Any:
    def both(X: Any, A: Any) -> Any:
        factor, pivots = torch.linalg.lu_factor(X)
        Y = torch.linalg.lu_solve(factor, pivots, A.T, adjoint=True)
        return torch.linalg.lu_solve(factor, pivots, Y.T).T
    return _closed(task, torch.sigmoid, lambda X: torch.cholesky_solve(X.T, torch.linalg.cholesky(X.T @ X)).T, both)


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, gradient, names = case["task"], case["what"] == "gradient", ("X", "A", "B")
    sides: dict[str, Implementation] = {
        "tr(AXB)": {"A'B'": hand(trace_gradient, "A", "B"), "(BA)'": hand(trace_gradient_view, "A", "B")},
        "|AX-B|²": {"in place": hand(squares, "A", "X", "B"), "residual scaled": hand(squares_scaled, "A", "X", "B"),
                    "kept": hand_out(_squares_kept, "A", "X", "B")},
        "logdet X'X": {"syrk potrf potri symm": hand(logdet_blas, "X"), "cho_solve": hand(logdet_solve, "X"),
                       "inv": hand(logdet_inverse, "X"), "solve": hand(logdet_general, "X")},
        "tr(X⁻¹A)": {"inv": hand(inverse_trace, "X", "A"), "getrf getrs": hand(inverse_trace_lu, "X", "A")},
        "Σσ(AX)": {"in place": hand(sigmoids, "X", "A"), "in rows": hand(sigmoids_rows, "X", "A"),
                   "kept": hand_out(_sigmoids_kept, "X", "A")},
    }[task]
    if not gradient:
        sides = {"vdot": hand(trace_value, "A", "X", "B"), "einsum": hand(trace_value_sum, "A", "X", "B")}

    def formulas() -> list[tc.Tensor]:
        f = tc.read(_FORMULAS[task])
        return [f.gradient("X") if gradient else f]
    sides["tensorcalc"] = ours(formulas)
    if gradient and task in ("|AX-B|²", "Σσ(AX)"):
        sides["tensorcalc out="] = ours(formulas, out=True)
    sides["tensorcalc jax"] = ours(formulas, "jax")
    sides["tensorcalc torch"] = ours(formulas, "torch")

    def of_jax(jax: Any) -> Any:
        f = _function(task, jax.numpy, jax.numpy.linalg.slogdet, jax.nn.sigmoid)
        return jax.grad(f) if gradient else f

    def of_torch(torch: Any) -> Any:
        f = _function(task, torch, torch.linalg.slogdet, torch.sigmoid)
        return torch.func.grad(f) if gradient else f
    sides["jax AD"] = jax_("jax ad", of_jax, *names)
    sides["torch.func"] = torch_("torch ad", of_torch, *names)
    if gradient:
        sides["jax by hand"] = jax_("jax hand", lambda jax: _jax_closed(task, jax), *names)
        sides["torch by hand"] = torch_("torch hand", lambda torch: _torch_closed(task, torch), *names)
    return sides
