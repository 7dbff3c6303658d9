"""Numerical functions that NumPy does not have: one for each row of the function table that needs more than a call.

Knows arrays and nothing of expressions.  The same text runs here and is printed
into generated modules, so the functions use only NumPy, SciPy and one another, and
loop over leading axes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from inspect import getsource
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
    stack = np.empty((count, *x.shape))
    for k in range(count):
        stack[k] = np.eye(len(x)) if k == 0 else stack[k - 1] @ x
    return stack


def convolution(count: int) -> Array:
    """1 where the first index is the sum of the others and 1."""
    np = numpy()
    k = np.arange(count)
    return (k[:, None, None] == k[:, None] + k + 1).astype(float)


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
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def logsumexp(x: Array) -> Array:
    """log(sum(exp(x))) along the last axis, without overflow."""
    np = numpy()
    top = np.max(x, axis=-1)
    return top + np.log(np.sum(np.exp(x - top[..., None]), axis=-1))


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


def blocks(function: Callable[[Array], Array], x: Array) -> Array:
    """∂f(x)_ij/∂x_kl of a matrix function, from f([[x, e], [0, x]]) = [[f(x), df(x)[e]], [0, f(x)]]."""
    np = numpy()
    n = x.shape[-1]
    result = np.empty((*x.shape[:-2], n, n, n, n))
    for k in range(n):
        pair = np.zeros((*x.shape[:-2], n, 2 * n, 2 * n))
        pair[..., :n, :n] = pair[..., n:, n:] = x[..., None, :, :]
        pair[..., range(n), k, range(n, 2 * n)] = 1.0
        result[..., k, :] = np.moveaxis(function(pair)[..., :n, n:], -3, -1)
    return result


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


def levi_civita(n: int) -> Array:
    """The permutation symbol with n indices: the product of the signs of all differences."""
    np = numpy()
    axes = np.ogrid[(slice(n),) * n]
    result = np.ones((n,) * n)
    for i in range(n):
        for j in range(i):
            result *= np.sign(axes[i] - axes[j])
    return result


def duplication(n: int) -> Array:
    """d_ijk = 1 where entries ij and ji are the k-th of the lower triangle, stacked by columns: vec(s) = d vech(s)."""
    np = numpy()
    column, row = np.triu_indices(n)
    result = np.zeros((n, n, len(row)))
    result[row, column, range(len(row))] = result[column, row, range(len(row))] = 1.0
    return result


def elimination(n: int) -> Array:
    """l_kij = 1 where entry ij is the k-th of the lower triangle, stacked by columns: vech(x) = l vec(x)."""
    np = numpy()
    column, row = np.triu_indices(n)
    result = np.zeros((len(row), n, n))
    result[range(len(row)), row, column] = 1.0
    return result


def on_diagonal(axes: str, tensor: Array, shape: tuple[int, ...]) -> Array:
    """Zeros but for ``tensor`` where the axes of one letter agree."""
    np = numpy()
    result = np.zeros(shape)
    np.einsum(axes, result)[...] = tensor
    return result


@cache
def _texts() -> dict[str, str]:
    """The text of each function of this module."""
    text = getsource(sys.modules[__name__])
    return {node.name: ast.get_source_segment(text, node) or "" for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)}


@cache
def source(name: str) -> str:
    """The text of a function of this module as generated modules show it."""
    imports = ("    np = numpy()", "    linalg = scipy_linalg()")
    text = "\n".join(line for line in _texts()[name].splitlines() if line not in imports)
    for annotation in (": Array", " -> Array", ": Callable[[Array], Array]", ": int", ": str", ": tuple[int, ...]"):
        text = text.replace(annotation, "")
    return text
