"""Functions that generated PyTorch modules define: what PyTorch does not have.

Knows tensors and nothing of expressions.  Nothing is written in place, so that gradients and
``torch.func`` pass through; leading axes are looped over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backends import pytorch

Array = Any

PRINTED = ("floating", "adjugate", "cholesky", "blocks", "expm_along", "frechet_expm", "logm", "sqrtm",
           "by_eigenvectors", "logm_slopes", "frechet_logm", "logm_along", "sqrtm_slopes", "frechet_sqrtm",
           "sqrtm_along", "unit", "levi_civita", "duplication", "elimination", "on_diagonal", "powers",
           "convolution", "sigmoid_slope", "log_of_det", "cycle")
"""What a generated module may define."""


def floating(x: Any) -> Array:
    """x as a tensor of floating-point numbers; a number of Python yields to the type of tensors."""
    torch = pytorch()
    if not isinstance(x, torch.Tensor):
        x = torch.as_tensor(x, dtype=torch.float64 if isinstance(x, (int, float)) else None)
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.get_default_dtype())


def adjugate(x: Array) -> Array:
    """The transposed matrix of cofactors, of singular matrices too: adj(USV') = adj(V') adj(S) adj(U)."""
    torch = pytorch()
    u, s, v = torch.linalg.svd(x)
    own = torch.eye(x.shape[-1], dtype=torch.bool, device=x.device)
    others = torch.prod(torch.where(own, 1, s[..., None, :]), dim=-1)
    sign = torch.linalg.det(u) * torch.linalg.det(v)
    return sign[..., None, None] * (v.mT * others[..., None, :]) @ u.mT


def cholesky(x: Array) -> Array:
    """The lower Cholesky factor of the symmetric part."""
    torch = pytorch()
    return torch.linalg.cholesky((x + x.mT) / 2)


def blocks(function: Callable[[Array], Array], x: Array) -> Array:
    """∂f(x)_ij/∂x_kl of a matrix function, from f([[x, e], [0, x]]) = [[f(x), df(x)[e]], [0, f(x)]]."""
    torch = pytorch()
    n = x.shape[-1]
    e = torch.eye(n * n, dtype=x.dtype, device=x.device).reshape(n, n, n, n).expand(*x.shape[:-2], n, n, n, n)
    x = x[..., None, None, :, :].expand(e.shape)
    pair = torch.cat([torch.cat([x, e], dim=-1), torch.cat([torch.zeros_like(x), x], dim=-1)], dim=-2)
    return torch.movedim(function(pair)[..., :n, n:], (-2, -1), (-4, -3))


def expm_along(x: Array, e: Array) -> Array:
    """The derivative of expm at x in the direction e, from expm([[x, e], [0, x]])."""
    torch = pytorch()
    n = x.shape[-1]
    pair = torch.cat([torch.cat([x, e], dim=-1), torch.cat([torch.zeros_like(x), x], dim=-1)], dim=-2)
    return torch.linalg.matrix_exp(pair)[..., :n, n:]


def frechet_expm(x: Array) -> Array:
    """∂expm(x)_ij/∂x_kl."""
    torch = pytorch()
    return blocks(torch.linalg.matrix_exp, x)


def logm(x: Array) -> Array:
    """The logarithm of a symmetric matrix: that of its eigenvalues."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return (v * torch.log(w)[..., None, :]) @ v.mT


def sqrtm(x: Array) -> Array:
    """The square root of a symmetric matrix: that of its eigenvalues."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return (v * torch.sqrt(w)[..., None, :]) @ v.mT


def by_eigenvectors(slopes: Array, v: Array) -> Array:
    """∂f(x)_ij/∂x_kl of x = v diag(w) v', from the slopes (f(w_a) - f(w_b)) / (w_a - w_b)."""
    torch = pytorch()
    pairs = v[..., :, None, :] * v[..., None, :, :]
    return torch.einsum("...ikb,...jlb->...ijkl", pairs @ slopes[..., None, :, :], pairs)


def frechet_logm(x: Array) -> Array:
    """∂logm(x)_ij/∂x_kl of a symmetric matrix."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return by_eigenvectors(logm_slopes(w), v)


def logm_along(x: Array, e: Array) -> Array:
    """The derivative of the logarithm at a symmetric matrix in the direction e."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return v @ (logm_slopes(w) * (v.mT @ e @ v)) @ v.mT


def logm_slopes(w: Array) -> Array:
    """(log w_a - log w_b) / (w_a - w_b), without cancellation."""
    torch = pytorch()
    low = torch.minimum(w[..., :, None], w[..., None, :])
    gap = torch.abs(w[..., :, None] - w[..., None, :]) / low
    return torch.where(gap == 0, 1, torch.log1p(gap) / torch.where(gap == 0, 1, gap)) / low


def frechet_sqrtm(x: Array) -> Array:
    """∂sqrtm(x)_ij/∂x_kl of a symmetric matrix."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return by_eigenvectors(sqrtm_slopes(w), v)


def sqrtm_along(x: Array, e: Array) -> Array:
    """The derivative of the square root at a symmetric matrix in the direction e."""
    torch = pytorch()
    w, v = torch.linalg.eigh(x)
    return v @ (sqrtm_slopes(w) * (v.mT @ e @ v)) @ v.mT


def sqrtm_slopes(w: Array) -> Array:
    """(sqrt w_a - sqrt w_b) / (w_a - w_b), without cancellation."""
    torch = pytorch()
    root = torch.sqrt(w)
    return 1 / (root[..., :, None] + root[..., None, :])


def unit(k: int, n: int, **like: Any) -> Array:
    """The k-th unit vector; entries count from 1."""
    torch = pytorch()
    if not 1 <= k <= n:
        raise IndexError(f"position {k} of an axis with {n} entries")
    return torch.eye(n, **like)[k - 1]


def levi_civita(n: int, **like: Any) -> Array:
    """The permutation symbol with n indices: the product of the signs of all differences."""
    torch = pytorch()
    axes = torch.meshgrid([torch.arange(n, **like)] * n, indexing="ij")
    result = torch.ones((n,) * n, **like)
    for i in range(n):
        for j in range(i):
            result = result * torch.sign(axes[i] - axes[j])
    return result


def duplication(n: int, **like: Any) -> Array:
    """d_ijk = 1 where entries ij and ji are the k-th of the lower triangle, stacked by columns: vec(s) = d vech(s)."""
    torch = pytorch()
    column, row = torch.triu_indices(n, n)
    result = torch.zeros((n, n, len(row)), **like)
    result[row, column, range(len(row))] = 1
    result[column, row, range(len(row))] = 1
    return result


def elimination(n: int, **like: Any) -> Array:
    """l_kij = 1 where entry ij is the k-th of the lower triangle, stacked by columns: vech(x) = l vec(x)."""
    torch = pytorch()
    column, row = torch.triu_indices(n, n)
    result = torch.zeros((len(row), n, n), **like)
    result[range(len(row)), row, column] = 1
    return result


def on_diagonal(axes: str, tensor: Array, shape: tuple[int, ...]) -> Array:
    """Zeros but for ``tensor`` where the axes of one letter agree."""
    torch = pytorch()
    letters, kept = axes.split("->")
    size = dict(zip(letters, shape))
    grid = torch.meshgrid([torch.arange(size[letter], device=tensor.device) for letter in kept], indexing="ij")
    place = dict(zip(kept, grid))
    return tensor.new_zeros(shape).index_put(tuple(place[letter] for letter in letters), tensor.expand(grid[0].shape))


def powers(x: Array, count: int) -> Array:
    """The stack of x^0 ... x^(count - 1)."""
    torch = pytorch()
    stack = [torch.eye(len(x), dtype=x.dtype, device=x.device)]
    for _ in range(count - 1):
        stack.append(stack[-1] @ x)
    return torch.stack(stack)[:count]


def convolution(count: int, **like: Any) -> Array:
    """1 where the first index is the sum of the others and 1."""
    torch = pytorch()
    k = torch.arange(count, **like)
    return (k[:, None, None] == k[:, None] + k + 1).to(k.dtype)


def log_of_det(x: Array) -> Array:
    """log(det(x)) without overflow; nan where the determinant is negative."""
    torch = pytorch()
    sign, size = torch.linalg.slogdet(x)
    return torch.where(sign < 0, float("nan"), size)


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) (1 - sigmoid(x)) without cancellation."""
    torch = pytorch()
    return torch.sigmoid(x) * torch.sigmoid(-x)


def cycle(x: Array) -> Array:
    """A matrix of three rows with its first two rows and columns once more, so that cofactors are products of parts."""
    torch = pytorch()
    x = torch.cat([x, x[:2]])
    return torch.cat([x, x[:, :2]], dim=1)
