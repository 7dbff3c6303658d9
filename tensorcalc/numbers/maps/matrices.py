"""Square matrices: scaled, factorised once, solved with, and refused where they are singular up to rounding.

Knows arrays, and nothing of expressions or recipes.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from ...errors import UnsupportedError
from .. import backends
from ..backends import numpy

Array = Any

_PLAIN = 1e-3   # a reciprocal condition for which nothing needs to be scaled

def systems(array: Array) -> Small | Factorised:
    """What solves with square matrices of shape (batch, order, order): large ones are factorised once."""
    lapack = backends.optional("scipy.linalg") if len(array) * 16 <= array.shape[-1] else None
    return Small(array) if lapack is None else Factorised(array, lapack)


class Small:
    """Small matrices, solved at once, by LU; the first time for the identity too, which shows the condition.

    Those that are not plainly regular have rows and columns scaled, so that units do not count when :meth:`solve`
    refuses what is singular up to rounding.
    """

    def __init__(self, array: Array) -> None:
        self.array = array
        self.scales: tuple[Array, Array] | None = None   # of rows and columns
        self.condition: float | None = None   # the least reciprocal condition, once it was looked at

    def solve(self, right: Array) -> Array:
        """The solutions for right sides of shape (batch, order, count).

        Raises
        ------
        UnsupportedError: TC311 where a matrix is singular up to rounding.
        """
        if self.condition is None:
            return self._first(right)
        if self.scales is None:
            return numpy().linalg.solve(self.array, right)
        rows, cols = self.scales
        return numpy().linalg.solve(self.array, right * rows[..., None]) * cols[..., None]

    def _first(self, right: Array) -> Array:
        found, condition = _solved(self.array, right)
        if condition > _PLAIN:
            self.condition = condition
            return found
        rows, cols = _scales(self.array, symmetric=False)
        scaled = self.array * rows[..., None] * cols[..., None, :]
        found, condition = _solved(scaled, right * rows[..., None])
        _insist(condition, scaled)
        self.condition, self.array, self.scales = condition, scaled, (rows, cols)
        return found * cols[..., None]

    def slogdet(self) -> tuple[Any, float]:
        """The sign or phase of the determinant, and the logarithm of its size; the product over the batch."""
        if self.scales is not None:
            return _slogdet(self.array, *self.scales)
        rows, cols = _scales(self.array, symmetric=False)
        return _slogdet(self.array * rows[..., None] * cols[..., None, :], rows, cols)


class Factorised:
    """Large matrices, scaled and factorised once, by Cholesky where it exists."""

    def __init__(self, array: Array, lapack: Any) -> None:
        self.lapack = lapack
        self.rows, self.cols = _scales(array, symmetric=is_symmetric(array))
        self.scaled = array * self.rows[..., None] * self.cols[..., None, :]
        self.factors = [self._factor(one) for one in self.scaled]

    @cached_property
    def spd(self) -> bool:
        """Whether the matrices are symmetric and positive definite, by their numbers."""
        return is_symmetric(self.scaled) and _has_cholesky(self.scaled)

    def _factor(self, matrix: Array) -> Any:
        """The factors of one matrix, or an error where a pivot vanishes."""
        if self.spd:
            return self.lapack.cho_factor(matrix, check_finite=False)
        getrf, = self.lapack.get_lapack_funcs(("getrf",), (matrix,))
        lu, pivots, info = getrf(matrix)
        if info > 0:
            raise singular()
        return lu, pivots

    @cached_property
    def condition(self) -> float:
        """The least reciprocal condition, about."""
        estimate, = self.lapack.get_lapack_funcs(("pocon" if self.spd else "gecon",), (self.scaled,))
        return float(min([estimate(factor[0], _norm(one))[0] for factor, one in zip(self.factors, self.scaled)]))

    def solve(self, right: Array) -> Array:
        """The solutions for right sides of shape (batch, order, count).

        Raises
        ------
        UnsupportedError: TC311 where a matrix is singular up to rounding.
        """
        _insist(self.condition, self.scaled)
        right = right * self.rows[..., None]
        one = self.lapack.cho_solve if self.spd else self.lapack.lu_solve
        found = numpy().stack([one(factor, own, check_finite=False) for factor, own in zip(self.factors, right)])
        return found * self.cols[..., None]

    def slogdet(self) -> tuple[Any, float]:
        """The sign or phase of the determinant, and the logarithm of its size; the product over the batch."""
        np = numpy()
        if self.spd:
            lower = np.linalg.cholesky(self.scaled)
            scales = float(np.log(self.rows).sum() + np.log(self.cols).sum())
            return 1.0, 2 * float(np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum()) - scales
        return _slogdet(self.scaled, self.rows, self.cols)


def _slogdet(scaled: Array, rows: Array, cols: Array) -> tuple[Any, float]:
    np = numpy()
    signs, logs = np.linalg.slogdet(scaled)
    return np.prod(signs).item(), float(np.sum(logs)) - float(np.log(rows).sum() + np.log(cols).sum())


def _solved(array: Array, right: Array) -> tuple[Array, float]:
    """The solutions for right sides, and the least reciprocal condition of the matrices: 0 where a pivot vanishes."""
    np = numpy()
    order = array.shape[-1]
    joined = np.empty((*array.shape[:-1], order + right.shape[-1]), dtype=right.dtype)
    joined[..., :order] = _identity(order, right.dtype)
    joined[..., order:] = right
    try:
        found = np.linalg.solve(array, joined)
    except np.linalg.LinAlgError:
        return right, 0.0
    with np.errstate(all="ignore"):
        worst = (_norm(array) * _norm(found[..., :order])).max(initial=1)
    return found[..., order:], 1 / float(worst)


def _insist(condition: float, array: Array) -> None:
    if not condition > numpy().finfo(array.dtype).eps:
        raise singular("a matrix is singular up to rounding")


@lru_cache(maxsize=64)
def _identity(order: int, dtype: Any) -> Array:
    return numpy().eye(order, dtype=dtype)


def _scales(matrices: Array, symmetric: bool) -> tuple[Array, Array]:
    """What rows and columns are multiplied with so that the largest entries are about one."""
    np = numpy()
    if symmetric:
        diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
        if (diagonal > 0).all() and np.isfinite(diagonal).all():
            scale = 1 / np.sqrt(diagonal)
            return scale, scale
    sizes = np.abs(matrices)
    rows = sizes.max(axis=-1)
    if not rows.all() or not np.isfinite(rows).all():
        raise singular("a row is zero" if np.isfinite(rows).all() else "an entry is not finite")
    rows = 1 / rows
    columns = (sizes * rows[..., None]).max(axis=-2)
    if not columns.all():
        raise singular("a column is zero")
    return rows, 1 / columns


def _norm(matrices: Array) -> Array:
    """The largest sum of a column, for each matrix."""
    return numpy().abs(matrices).sum(axis=-2).max(axis=-1)


def is_symmetric(matrices: Array) -> bool:
    """Whether square matrices are real and symmetric up to rounding."""
    np = numpy()
    if matrices.dtype.kind != "f":
        return False
    turned = matrices.swapaxes(-1, -2)
    largest = np.abs(matrices).max(initial=0)
    return bool((np.abs(matrices - turned) <= 8 * np.finfo(matrices.dtype).eps * largest).all())


def _has_cholesky(matrices: Array) -> bool:
    np = numpy()
    try:
        return bool(np.isfinite(np.linalg.cholesky(matrices)).all())
    except np.linalg.LinAlgError:
        return False


def singular(why: str = "a matrix is singular") -> UnsupportedError:
    """The error for a system without a unique solution."""
    return UnsupportedError("TC311", "the linear map has no inverse", field="values", facts=[why])
