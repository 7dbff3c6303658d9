"""W2: ‖T - U V'‖², T n × n, U and V n × k: gradient, dense Hessian and a Newton step in U."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Case, Implementation, Inputs
from sides import hand, hand_out, jax_, other, ours, torch_

import tensorcalc as tc

TITLE = "Matrix factorisation, n × n, k = 8"
_DENSE = 300   # the largest n whose Hessian everybody can hold
_SLOW = 120    # the largest n for which others wait for a dense Newton step


def cases(quick: bool) -> list[Case]:
    """The tasks and sizes."""
    sizes = [60, 120] if quick else [60, 120, 1000]
    tasks = ("value", "gradient", "hessian", "newton")
    return [{"task": task, "n": n} for n in sizes for task in tasks if n <= _DENSE or task != "hessian"]


def inputs(case: Case) -> Inputs:
    """Any T; U far from the minimum."""
    random, n = np.random.default_rng(2), case["n"]
    return {"T": random.standard_normal((n, n)), "U": random.standard_normal((n, 8)), "V": random.standard_normal((n, 8))}


def value(T: Any, U: Any, V: Any) -> Any:
    """Through the residual."""
    R = U @ V.T
    R -= T
    return np.vdot(R, R)


def gradient(T: Any, U: Any, V: Any) -> Any:
    """2 (U (V'V) - T V): never forms U V'."""
    G = U @ (V.T @ V)
    G -= T @ V
    G *= 2.0
    return G


def gradient_residual(T: Any, U: Any, V: Any) -> Any:
    """2 (U V' - T) V."""
    R = U @ V.T
    R -= T
    G = R @ V
    G *= 2.0
    return G


def core(V: Any) -> Any:
    """2 V'V: all there is to the Hessian."""
    B = V.T @ V
    B *= 2.0
    return B


def hessian(V: Any) -> Any:
    """The core on the diagonal of zeros that are never touched."""
    n, k = V.shape
    H = np.zeros((n, k, n, k))
    np.einsum("iaib->iab", H)[...] = core(V)
    return H


def hessian_strided(V: Any) -> Any:
    """The same by strides."""
    n, k = V.shape
    H = np.zeros((n * k, n * k))
    rows = np.lib.stride_tricks.as_strided(H, (n, k, k), (8 * (n * k + 1) * k, 8 * n * k, 8))
    rows[...] = core(V)
    return H.reshape(n, k, n, k)


def hessian_eye(V: Any) -> Any:
    """As a formula says it."""
    return np.einsum("ij,ab->iajb", np.eye(len(V)), core(V))


def _hessian_kept(V: Any) -> Callable[[], Any]:
    n, k = V.shape
    H = np.empty((n, k, n, k))

    def call() -> Any:
        H.fill(0.0)
        np.einsum("iaib->iab", H)[...] = core(V)
        return H
    return call


def newton(T: Any, V: Any) -> Any:
    """U - G (2 V'V)^-1 is T V (V'V)^-1: U drops out."""
    return np.linalg.solve(V.T @ V, (T @ V).T).T


def newton_steps(T: Any, U: Any, V: Any) -> Any:
    """Gradient and core."""
    B = V.T @ V
    G = U @ B
    G -= T @ V
    return U - np.linalg.solve(B, G.T).T


def newton_dense(T: Any, U: Any, V: Any) -> Any:
    """With the dense Hessian."""
    size = U.size
    step = np.linalg.solve(hessian(V).reshape(size, size), gradient(T, U, V).ravel())
    return U - step.reshape(U.shape)


# -- the others ---------------------------------------------------------------------------


def _loss(U: Any, V: Any, T: Any) -> Any:
    return ((T - U @ V.T) ** 2).sum()


def _differentiated(task: str, gradient: Any, hessian: Any, solve: Any) -> Any:
    H, G = hessian(_loss), gradient(_loss)

    def newton(U: Any, V: Any, T: Any) -> Any:
        size = U.shape[0] * U.shape[1]
        return U - solve(H(U, V, T).reshape(size, size), G(U, V, T).reshape(size)).reshape(U.shape)
    return {"value": _loss, "gradient": G, "hessian": H, "newton": newton}[task]


def _closed(task: str, solve: Any, place: Any) -> Any:
    return {
        "value": _loss,
        "gradient": lambda U, V, T: 2 * (U @ (V.T @ V) - T @ V),
        "hessian": lambda U, V, T: place(2 * (V.T @ V), *U.shape),
        "newton": lambda U, V, T: solve(V.T @ V, (T @ V).T).T,
    }[task]


def _place_jax(jnp: Any) -> Any:
    def place(B: Any, n: int, k: int) -> Any:
        return jnp.zeros((n, k, n, k)).at[jnp.arange(n), :, jnp.arange(n), :].set(B)
    return place


def _place_torch(torch: Any) -> Any:
    def place(B: Any, n: int, k: int) -> Any:
        H = torch.zeros((n, k, n, k), dtype=B.dtype)
        torch.diagonal(H, dim1=0, dim2=2).copy_(B[:, :, None])
        return H
    return place


# -- this package -------------------------------------------------------------------------


def _loss_tensor(n: int) -> tc.Tensor:
    return tc.read("norm2(T - U V')^2", {"T": [n, n], "U": [n, 8], "V": [n, 8]})


def _formulas(task: str, n: int) -> list[tc.Tensor]:
    f = _loss_tensor(n)
    by_task: dict[str, Callable[[], tc.Tensor]] = {
        "value": lambda: f, "gradient": lambda: f.gradient("U"), "hessian": lambda: f.hessian("U"),
        "newton": lambda: f.newton("U")}
    return [by_task[task]()]


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, n, names = case["task"], case["n"], ("U", "V", "T")
    sides: dict[str, Implementation] = {
        "value": {"in place": hand(value, "T", "U", "V")},
        "gradient": {"U (V'V) - T V": hand(gradient, "T", "U", "V"), "residual": hand(gradient_residual, "T", "U", "V")},
        "hessian": {"view": hand(hessian, "V"), "strides": hand(hessian_strided, "V"), "kept": hand_out(_hessian_kept, "V"),
                    "einsum with eye": other("other", hessian_eye, "V")},
        "newton": {"T V (V'V)^-1": hand(newton, "T", "V"), "gradient, core": hand(newton_steps, "T", "U", "V"),
                   **({"dense": other("other", newton_dense, "T", "U", "V")} if n <= _DENSE else {})},
    }[task]
    for library in ("numpy", "jax", "torch"):
        sides["tensorcalc" + f" {library}" * (library != "numpy")] = ours(lambda: _formulas(task, n), library)
    if task == "hessian":
        sides["tensorcalc out="] = ours(lambda: _formulas(task, n), out=True)
    if n <= _SLOW or task in ("value", "gradient"):
        sides["jax AD"] = jax_("jax ad", lambda jax: _differentiated(
            task, jax.grad, jax.hessian, jax.numpy.linalg.solve), *names)
        sides["torch.func"] = torch_("torch ad", lambda torch: _differentiated(
            task, torch.func.grad, torch.func.hessian, torch.linalg.solve), *names)
    sides["jax by hand"] = jax_("jax hand", lambda jax: _closed(
        task, jax.numpy.linalg.solve, _place_jax(jax.numpy)), *names)
    sides["torch by hand"] = torch_("torch hand", lambda torch: _closed(
        task, torch.linalg.solve, _place_torch(torch)), *names)
    return sides
