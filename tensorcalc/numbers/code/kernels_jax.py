"""Functions that generated JAX modules define: what JAX does not have.

Knows JAX arrays and nothing of expressions.  Sizes are whole numbers of Python, so that all of
it can be traced; leading axes are looped over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backends import jax_itself, jax_linalg, jax_numpy

Array = Any

PRINTED = ("floating", "adjugate", "expm", "blocks", "expm_along", "frechet_expm", "logm", "sqrtm",
           "by_eigenvectors", "logm_slopes", "frechet_logm", "logm_along", "sqrtm_slopes", "frechet_sqrtm",
           "sqrtm_along", "unit", "levi_civita", "duplication", "elimination", "on_diagonal", "powers",
           "convolution", "sigmoid_slope", "log_of_det")
"""What a generated module may define."""


def floating(x: Any) -> Array:
    """x as an array of floating-point numbers; the type of those stays."""
    jnp = jax_numpy()
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(float)


def adjugate(x: Array) -> Array:
    """The transposed matrix of cofactors, of singular matrices too: adj(USV') = adj(V') adj(S) adj(U)."""
    jnp = jax_numpy()
    u, s, v = jnp.linalg.svd(x)
    others = jnp.prod(jnp.where(jnp.eye(x.shape[-1], dtype=bool), 1, s[..., None, :]), axis=-1)
    sign = jnp.linalg.det(u) * jnp.linalg.det(v)
    return sign[..., None, None] * (v.mT * others[..., None, :]) @ u.mT


def blocks(function: Callable[[Array], Array], x: Array) -> Array:
    """∂f(x)_ij/∂x_kl of a matrix function, from f([[x, e], [0, x]]) = [[f(x), df(x)[e]], [0, f(x)]]."""
    jnp = jax_numpy()
    n = x.shape[-1]
    e = jnp.broadcast_to(jnp.eye(n * n, dtype=x.dtype).reshape(n, n, n, n), (*x.shape[:-2], n, n, n, n))
    x = jnp.broadcast_to(x[..., None, None, :, :], e.shape)
    pair = jnp.concatenate([jnp.concatenate([x, e], axis=-1), jnp.concatenate([jnp.zeros_like(x), x], axis=-1)], axis=-2)
    return jnp.moveaxis(function(pair)[..., :n, n:], (-2, -1), (-4, -3))


def expm(x: Array) -> Array:
    """The matrix exponential: JAX's of x / 2^s, s squarings; JAX alone loses digits at norms from 4 on."""
    jax = jax_itself()
    jnp = jax_numpy()
    linalg = jax_linalg()
    norm = jax.lax.stop_gradient(jnp.max(jnp.sum(jnp.abs(x), axis=-2)))
    s = jnp.clip(jnp.ceil(jnp.log2(norm / 3.9)), 0, 30)

    def square(e: Array, k: Array) -> tuple[Array, None]:
        return jax.lax.cond(k < s, lambda: e @ e, lambda: e), None

    return jax.lax.scan(square, linalg.expm(x / 2**s), jnp.arange(30))[0]


def expm_along(x: Array, e: Array) -> Array:
    """The derivative of expm at x in the direction e, from expm([[x, e], [0, x]])."""
    jnp = jax_numpy()
    n = x.shape[-1]
    return expm(jnp.block([[x, e], [jnp.zeros_like(x), x]]))[..., :n, n:]


def frechet_expm(x: Array) -> Array:
    """∂expm(x)_ij/∂x_kl."""
    return blocks(expm, x)


def logm(x: Array) -> Array:
    """The logarithm of a symmetric matrix: that of its eigenvalues."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return (v * jnp.log(w)[..., None, :]) @ v.mT


def sqrtm(x: Array) -> Array:
    """The square root of a symmetric matrix: that of its eigenvalues."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return (v * jnp.sqrt(w)[..., None, :]) @ v.mT


def by_eigenvectors(slopes: Array, v: Array) -> Array:
    """∂f(x)_ij/∂x_kl of x = v diag(w) v', from the slopes (f(w_a) - f(w_b)) / (w_a - w_b)."""
    jnp = jax_numpy()
    pairs = v[..., :, None, :] * v[..., None, :, :]
    return jnp.einsum("...ikb,...jlb->...ijkl", pairs @ slopes[..., None, :, :], pairs)


def frechet_logm(x: Array) -> Array:
    """∂logm(x)_ij/∂x_kl of a symmetric matrix."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return by_eigenvectors(logm_slopes(w), v)


def logm_along(x: Array, e: Array) -> Array:
    """The derivative of the logarithm at a symmetric matrix in the direction e."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return v @ (logm_slopes(w) * (v.mT @ e @ v)) @ v.mT


def logm_slopes(w: Array) -> Array:
    """(log w_a - log w_b) / (w_a - w_b), without cancellation."""
    jnp = jax_numpy()
    low = jnp.minimum(w[..., :, None], w[..., None, :])
    gap = jnp.abs(w[..., :, None] - w[..., None, :]) / low
    return jnp.where(gap == 0, 1, jnp.log1p(gap) / jnp.where(gap == 0, 1, gap)) / low


def frechet_sqrtm(x: Array) -> Array:
    """∂sqrtm(x)_ij/∂x_kl of a symmetric matrix."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return by_eigenvectors(sqrtm_slopes(w), v)


def sqrtm_along(x: Array, e: Array) -> Array:
    """The derivative of the square root at a symmetric matrix in the direction e."""
    jnp = jax_numpy()
    w, v = jnp.linalg.eigh(x)
    return v @ (sqrtm_slopes(w) * (v.mT @ e @ v)) @ v.mT


def sqrtm_slopes(w: Array) -> Array:
    """(sqrt w_a - sqrt w_b) / (w_a - w_b), without cancellation."""
    jnp = jax_numpy()
    root = jnp.sqrt(w)
    return 1 / (root[..., :, None] + root[..., None, :])


def unit(k: int, n: int, dtype: Any = float) -> Array:
    """The k-th unit vector; entries count from 1."""
    jnp = jax_numpy()
    if not 1 <= k <= n:
        raise IndexError(f"position {k} of an axis with {n} entries")
    return jnp.eye(n, dtype=dtype)[k - 1]


def levi_civita(n: int, dtype: Any = float) -> Array:
    """The permutation symbol with n indices: the product of the signs of all differences."""
    jnp = jax_numpy()
    axes = jnp.ogrid[(slice(n),) * n]
    result = jnp.ones((n,) * n, dtype=dtype)
    for i in range(n):
        for j in range(i):
            result = result * jnp.sign(axes[i] - axes[j])
    return result


def duplication(n: int, dtype: Any = float) -> Array:
    """d_ijk = 1 where entries ij and ji are the k-th of the lower triangle, stacked by columns: vec(s) = d vech(s)."""
    jnp = jax_numpy()
    column, row = jnp.triu_indices(n)
    k = jnp.arange(len(row))
    return jnp.zeros((n, n, len(row)), dtype=dtype).at[row, column, k].set(1).at[column, row, k].set(1)


def elimination(n: int, dtype: Any = float) -> Array:
    """l_kij = 1 where entry ij is the k-th of the lower triangle, stacked by columns: vech(x) = l vec(x)."""
    jnp = jax_numpy()
    column, row = jnp.triu_indices(n)
    return jnp.zeros((len(row), n, n), dtype=dtype).at[jnp.arange(len(row)), row, column].set(1)


def on_diagonal(axes: str, tensor: Array, shape: tuple[int, ...]) -> Array:
    """Zeros but for ``tensor`` where the axes of one letter agree."""
    jnp = jax_numpy()
    letters, kept = axes.split("->")
    size = dict(zip(letters, shape))
    place = dict(zip(kept, jnp.ogrid[tuple(slice(size[letter]) for letter in kept)]))
    return jnp.zeros(shape, dtype=tensor.dtype).at[tuple(place[letter] for letter in letters)].set(tensor)


def powers(x: Array, count: int) -> Array:
    """The stack of x^0 ... x^(count - 1)."""
    jnp = jax_numpy()
    stack = [jnp.eye(len(x), dtype=x.dtype)]
    for _ in range(count - 1):
        stack.append(stack[-1] @ x)
    return jnp.stack(stack)[:count]


def convolution(count: int, dtype: Any = float) -> Array:
    """1 where the first index is the sum of the others and 1."""
    jnp = jax_numpy()
    k = jnp.arange(count)
    return (k[:, None, None] == k[:, None] + k + 1).astype(dtype)


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) (1 - sigmoid(x)) without cancellation."""
    jax = jax_itself()
    return jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)


def log_of_det(x: Array) -> Array:
    """log(det(x)) without overflow; nan where the determinant is negative."""
    jnp = jax_numpy()
    sign, size = jnp.linalg.slogdet(x)
    return jnp.where(sign < 0, jnp.nan, size)
