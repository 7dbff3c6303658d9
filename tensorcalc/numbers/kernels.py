"""Numerical functions that NumPy does not have: one for each row of the function table that needs more than a call.

Knows arrays and nothing of expressions.  The same text runs here and is printed
into generated modules, so the functions use only NumPy, SciPy and one another, and
loop over leading axes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import erf as erf_of_a_number
from typing import Any

from .backends import numpy, scipy_linalg, scipy_special

Array = Any

NUMPY = {name: name for name in ("exp", "log", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
                                 "sinh", "cosh", "tanh")}
NUMPY |= {"max": "maximum", "min": "minimum", "inv": "linalg.inv", "det": "linalg.det", "pinv": "linalg.pinv",
          "solve": "linalg.solve"}
"""Rows of the function table, and steps of a plan, that are one call of NumPy."""

OWN = {"adj": "adjugate", "chol": "cholesky"}
"""Rows whose function here has a longer name."""

PRINTED = ("sigmoid", "softmax", "logsumexp", "adjugate", "cholesky", "logm", "sqrtm", "each", "blocks", "expm",
           "frechet_expm", "frechet_logm", "frechet_sqrtm", "unit", "levi_civita", "duplication", "elimination", "on_diagonal",
           "powers", "convolution", "sinm", "cosm", "tanm", "sinhm", "coshm", "tanhm", "arctanm", "arcsinm", "arccosm",
           "sigmoidm", "softplusm", "polynomial", "blocks_along",
           "spectral", "eigenvalue_derivative", "divided", "filled", "log_of_det", "sigmoid_slope",
           "spd_factor", "gram_factor", "spd_solve", "spd_logdet", "spd_inverse", "spd_product")
"""What a generated module may define; the others are one call of NumPy or SciPy there."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    np = numpy()
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def matpow(x: Array, k: Array) -> Array:
    """The k-th power of a matrix, k a whole number."""
    np = numpy()
    return np.linalg.matrix_power(x, int(k))


def powers(x: Array, count: int) -> Array:
    """The stack of x^0 ... x^(count - 1)."""
    np = numpy()
    stack = np.empty((count, *x.shape), x.dtype)
    for k in range(count):
        stack[k] = np.eye(len(x)) if k == 0 else stack[k - 1] @ x
    return stack


def convolution(count: int, dtype: Any = float) -> Array:
    """1 where the first index is the sum of the others and 1."""
    np = numpy()
    k = np.arange(count)
    return (k[:, None, None] == k[:, None] + k + 1).astype(dtype)


def relu(x: Array) -> Array:
    """The larger of x and 0."""
    np = numpy()
    return np.maximum(x, 0)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)) without overflow."""
    np = numpy()
    return np.logaddexp(0, x)


def softmax(x: Array) -> Array:
    """exp(x) / sum(exp(x)) along the last axis, without overflow."""
    np = numpy()
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


def logsumexp(x: Array) -> Array:
    """log(sum(exp(x))) along the last axis, without overflow."""
    np = numpy()
    top = x.max(axis=-1)
    return top + np.log(np.exp(x - top[..., None]).sum(axis=-1))


def logdet(x: Array) -> Array:
    """log|det x| without overflow."""
    np = numpy()
    return np.linalg.slogdet(x)[1]


def adjugate(x: Array) -> Array:
    """The transposed matrix of cofactors, of singular matrices too: adj(USV') = adj(V') adj(S) adj(U)."""
    np = numpy()
    u, s, v = np.linalg.svd(x)
    others = np.prod(np.where(np.eye(x.shape[-1], dtype=bool), 1.0, s[..., None, :]), axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return sign[..., None, None] * (np.swapaxes(v, -1, -2) * others[..., None, :]) @ np.swapaxes(u, -1, -2)


def cholesky(x: Array) -> Array:
    """The lower Cholesky factor of the symmetric part."""
    np = numpy()
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)


def each(function: Callable[[Array], Array], x: Array) -> Array:
    """A function of one matrix, of each of a stack of them; nan where there is no real value."""
    np = numpy()
    values = [np.real_if_close(function(matrix), tol=1e6) for matrix in x.reshape(-1, *x.shape[-2:])]
    real = [np.full(value.shape, np.nan) if np.iscomplexobj(value) else value for value in values]
    return np.array(real).reshape(x.shape[:-2] + real[0].shape)


def expm(x: Array) -> Array:
    """The matrix exponential."""
    linalg = scipy_linalg()
    return linalg.expm(x)


def logm(x: Array) -> Array:
    """The principal logarithm of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.logm, x)


def sqrtm(x: Array) -> Array:
    """The principal square root of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.sqrtm, x)


def sinm(x: Array) -> Array:
    """The sine of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.sinm, x)


def cosm(x: Array) -> Array:
    """The cosine of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.cosm, x)


def tanm(x: Array) -> Array:
    """The tangent of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.tanm, x)


def sinhm(x: Array) -> Array:
    """The hyperbolic sine of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.sinhm, x)


def coshm(x: Array) -> Array:
    """The hyperbolic cosine of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.coshm, x)


def tanhm(x: Array) -> Array:
    """The hyperbolic tangent of a matrix."""
    linalg = scipy_linalg()
    return each(linalg.tanhm, x)


def arctanm(x: Array) -> Array:
    """The arctangent of a matrix: (log(1 + ix) - log(1 - ix)) / 2i."""
    np = numpy()
    linalg = scipy_linalg()
    one = np.eye(x.shape[-1])
    return each(lambda a: (linalg.logm(one + 1j * a) - linalg.logm(one - 1j * a)) / 2j, x)


def arcsinm(x: Array) -> Array:
    """The arcsine of a matrix: log(ix + sqrt(1 - x^2)) / i."""
    np = numpy()
    linalg = scipy_linalg()
    one = np.eye(x.shape[-1])
    return each(lambda a: linalg.logm(1j * a + linalg.sqrtm(one - a @ a)) / 1j, x)


def arccosm(x: Array) -> Array:
    """The arccosine of a matrix."""
    np = numpy()
    return np.pi / 2 * np.eye(x.shape[-1]) - arcsinm(x)


def sigmoidm(x: Array) -> Array:
    """inv(1 + exp(-x)) of a matrix."""
    np = numpy()
    linalg = scipy_linalg()
    return np.linalg.inv(np.eye(x.shape[-1]) + linalg.expm(-x))


def softplusm(x: Array) -> Array:
    """log(1 + exp(x)) of a matrix."""
    np = numpy()
    linalg = scipy_linalg()
    return each(linalg.logm, np.eye(x.shape[-1]) + linalg.expm(x))


def polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """The sum of coefficients times powers of a matrix, lowest first."""
    np = numpy()
    result = np.zeros(x.shape)
    for coefficient in reversed(coefficients):
        result = result @ x + coefficient * np.eye(x.shape[-1])
    return result


def blocks_along(function: Callable[[Array], Array], x: Array, e: Array, times: int = 1) -> Array:
    """The derivative of some order of a matrix function, the first direction being e: f([[x, e], [0, x]]), at its corner."""
    np = numpy()
    n = x.shape[-1]
    pair = np.block([[x, e], [np.zeros((n, n)), x]])
    return blocks(function, pair, times - 1, n) if times > 1 else np.asarray(function(pair))[:n, n:]


def blocks(function: Callable[[Array], Array], x: Array, times: int = 1, n: int = 0) -> Array:
    """The derivative of some order of a matrix function: axes of the value, then two for each differentiation.

    For order 1 from f([[x, e], [0, x]]) = [[f(x), df(x)[e]], [0, f(x)]], which is repeated for higher orders
    (Mathias 1996; Higham, Functions of Matrices, 2008, th. 3.6; Higham and Relton 2014, th. 3.5).  A matrix x that is
    put together like this already has blocks of size n.
    """
    np = numpy()
    side, lead = x.shape[-1], x.shape[:-2]
    n = n or side
    result = np.empty((*lead, *[n] * (2 + 2 * times)))
    for places in np.ndindex(*[n] * (2 * times - 1)):
        whole = np.broadcast_to(x[..., None, :, :], (*lead, n, side, side))
        for order in range(times):
            size = whole.shape[-1]
            pair = np.zeros((*lead, n, 2 * size, 2 * size))
            pair[..., :size, :size] = pair[..., size:, size:] = whole
            row = places[2 * order]
            for start in range(0, size, n):
                if order < times - 1:
                    pair[..., start + row, size + start + places[2 * order + 1]] = 1.0
                else:
                    pair[..., range(n), start + row, range(size + start, size + start + n)] = 1.0
            whole = pair
        corner = np.asarray(function(whole))[..., :n, -n:]
        result[(..., *places, slice(None))] = np.moveaxis(corner, len(lead), -1)
    return result


def divided(functions: Sequence[Callable[[Array], Array]], points: Sequence[float]) -> Array:
    """The divided difference of a function at some points, from f, f', ... where points are close together."""
    np = numpy()
    count = len(points) - 1
    gaps = [(abs(a - b), p, q) for p, a in enumerate(points) for q, b in enumerate(points[:p])]
    widest, p, q = max(gaps, default=(0.0, 0, 0))
    if widest <= 10.0 ** (-6 / max(count, 1) - 1) * max(1.0, *map(abs, points)):
        return functions[count](sum(points) / len(points)) / np.prod(np.arange(1.0, count + 1))
    without = [divided(functions, [value for k, value in enumerate(points) if k != place]) for place in (q, p)]
    return (without[0] - without[1]) / (points[p] - points[q])


def eigenvalue_derivative(functions: Sequence[Callable[[Array], Array]], x: Array, times: int) -> Array:
    """The derivative of some order of a function of one matrix, from f, f', ... of its eigenvalues."""
    np = numpy()
    symmetric = np.allclose(x, x.T, rtol=0, atol=1e-14 * np.abs(x).max())
    values, vectors = np.linalg.eigh(x) if symmetric else np.linalg.eig(x)
    if np.linalg.cond(vectors) > 1e7:
        raise np.linalg.LinAlgError("the matrix has no basis of eigenvectors")
    table = np.empty((len(values),) * (times + 1), dtype=complex)
    for place in np.ndindex(table.shape):
        table[place] = divided(functions, [values[k] for k in place])
    letters = "abcdefghijklmnopqrstuvwxyz"
    nodes, own = letters[:times + 1], letters[times + 1:3 * times + 3]
    words, factors = [own[0] + nodes[0], nodes, nodes[-1] + own[1]], [vectors, table, np.linalg.inv(vectors)]
    for k in range(times):
        words += [nodes[k] + own[2 + 2 * k], own[3 + 2 * k] + nodes[k + 1]]
        factors += [factors[2], vectors]
    ordered = np.einsum(",".join(words) + "->" + own, *factors, optimize=True)
    ways = [way for way in np.ndindex(*[times] * times) if len({*way}) == times]
    return sum(np.transpose(ordered, [0, 1, *[2 + 2 * k + side for k in way for side in (0, 1)]]) for way in ways)


def spectral(functions: Sequence[Callable[[Array], Array]], x: Array, times: int = 0) -> Array:
    """A function of a matrix, or its derivative of some order, from f, f', ... of its eigenvalues.

    Divided differences beside eigenvectors (Daleckii and Krein 1965; Higham, Functions of Matrices, 2008, th. 3.11).
    """
    return each(lambda matrix: eigenvalue_derivative(functions, matrix, times), x)


def frechet_expm(x: Array) -> Array:
    """∂expm(x)_ij/∂x_kl."""
    return blocks(expm, x)


def frechet_logm(x: Array) -> Array:
    """∂logm(x)_ij/∂x_kl."""
    return blocks(logm, x)


def frechet_sqrtm(x: Array) -> Array:
    """∂sqrtm(x)_ij/∂x_kl: the solution d of s d + d s = e, s = sqrtm(x)."""
    np = numpy()
    n = x.shape[-1]
    s, eye = sqrtm(x), np.eye(n)
    system = np.einsum("...ik,jl->...ijkl", s, eye) + np.einsum("...lj,ik->...ijkl", s, eye)
    return np.linalg.inv(system.reshape(*x.shape[:-2], n * n, n * n)).reshape(*x.shape[:-2], n, n, n, n)


def erf(x: Array) -> Array:
    """The error function."""
    special = scipy_special()
    return special.erf(x) if special else numpy().vectorize(erf_of_a_number, otypes=[float])(x)


def unit(k: int, n: int, dtype: Any = float) -> Array:
    """The k-th unit vector; entries count from 1."""
    np = numpy()
    if not 1 <= k <= n:
        raise IndexError(f"position {k} of an axis with {n} entries")
    return np.eye(n, dtype=dtype)[int(k) - 1]


def levi_civita(n: int, dtype: Any = float) -> Array:
    """The permutation symbol with n indices: the product of the signs of all differences."""
    np = numpy()
    axes = np.ogrid[(slice(n),) * n]
    result = np.ones((n,) * n, dtype)
    for i in range(n):
        for j in range(i):
            result *= np.sign(axes[i] - axes[j])
    return result


def duplication(n: int, dtype: Any = float) -> Array:
    """d_ijk = 1 where entries ij and ji are the k-th of the lower triangle, stacked by columns: vec(s) = d vech(s)."""
    np = numpy()
    column, row = np.triu_indices(n)
    result = np.zeros((n, n, len(row)), dtype)
    result[row, column, range(len(row))] = result[column, row, range(len(row))] = 1.0
    return result


def elimination(n: int, dtype: Any = float) -> Array:
    """l_kij = 1 where entry ij is the k-th of the lower triangle, stacked by columns: vech(x) = l vec(x)."""
    np = numpy()
    column, row = np.triu_indices(n)
    result = np.zeros((len(row), n, n), dtype)
    result[range(len(row)), row, column] = 1.0
    return result


def on_diagonal(axes: str, tensor: Array, shape: tuple[int, ...], dtype: Any = float) -> Array:
    """Zeros but for ``tensor`` where the axes of one letter agree."""
    np = numpy()
    result = np.zeros(shape, dtype)
    np.einsum(axes, result)[...] = tensor
    return result


# -- steps of a plan that are no functions of the table -----------------------------------

STEPS = ("step", "exp_unbounded", "expit", "log1p", "filled", "log_of_det", "sigmoid_slope", "spd_factor",
         "gram_factor", "spd_solve", "spd_logdet", "spd_inverse", "spd_product")


def filled(array: Array, value: float) -> Array:
    """The array itself, each entry overwritten."""
    array.fill(value)
    return array


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) (1 - sigmoid(x)) without cancellation."""
    np = numpy()
    e = np.exp(-np.abs(x))
    return e / np.square(1.0 + e)


def log_of_det(x: Array) -> Array:
    """log(det(x)) without overflow; nan where the determinant is negative."""
    np = numpy()
    sign, size = np.linalg.slogdet(x)
    return np.where(sign < 0, np.nan, size)[()]


def spd_factor(s: Array) -> Array:
    """The lower Cholesky factor; what stands above the diagonal has no meaning."""
    np = numpy()
    linalg = scipy_linalg()
    if not s.size:
        return s
    factored = linalg.lapack.dpotrf if s.dtype == np.float64 else linalg.lapack.spotrf
    factor, failed = factored(s.T, lower=1, clean=0)
    if failed:
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    return factor


def gram_factor(x: Array) -> Array:
    """The lower Cholesky factor of x'x; what stands above the diagonal has no meaning."""
    np = numpy()
    linalg = scipy_linalg()
    if not x.shape[1]:
        return np.empty((0, 0), x.dtype)
    double = x.dtype == np.float64
    by_columns = not x.flags.c_contiguous
    multiplied = linalg.blas.dsyrk if double else linalg.blas.ssyrk
    product = multiplied(1.0, x if by_columns else x.T, trans=by_columns, lower=1)
    factored = linalg.lapack.dpotrf if double else linalg.lapack.spotrf
    factor, failed = factored(product, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    return factor


def spd_solve(factor: Array, b: Array) -> Array:
    """inv(s) b from the Cholesky factor of s."""
    np = numpy()
    linalg = scipy_linalg()
    if not factor.size:
        return b
    solved = linalg.lapack.dpotrs if factor.dtype == np.float64 else linalg.lapack.spotrs
    return solved(factor, b, lower=1)[0]


def spd_logdet(factor: Array) -> Array:
    """log det s from the Cholesky factor of s."""
    np = numpy()
    return 2.0 * np.sum(np.log(np.diagonal(factor)))


def spd_inverse(factor: Array) -> Array:
    """inv(s) from the Cholesky factor of s."""
    np = numpy()
    linalg = scipy_linalg()
    if not factor.size:
        return factor
    double = factor.dtype == np.float64
    if len(factor) <= 128:   # dpotri asks for threads even here, and waits for those that NumPy keeps
        lower = np.tril((linalg.lapack.dtrtri if double else linalg.lapack.strtri)(factor, lower=1)[0])
        return lower.T @ lower
    lower = np.tril((linalg.lapack.dpotri if double else linalg.lapack.spotri)(factor, lower=1)[0])
    return lower + np.tril(lower, -1).T


def spd_product(factor: Array, b: Array, weight: float) -> Array:
    """The product weight inv(s) b from the Cholesky factor of s, by the lower triangle alone."""
    np = numpy()
    linalg = scipy_linalg()
    if not b.size:
        return np.zeros(b.shape, b.dtype)
    double = factor.dtype == np.float64
    lower, _ = (linalg.lapack.dpotri if double else linalg.lapack.spotri)(factor, lower=1)
    multiplied = linalg.blas.dsymm if double else linalg.blas.ssymm
    if b.flags.f_contiguous:
        return multiplied(weight, lower, b, lower=1)
    return multiplied(weight, lower, b.T, side=1, lower=1).T
