"""Square matrices: scaled, factorised once, solved with, and refused where they are singular up to rounding.

Knows arrays, and nothing of expressions or recipes.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ...errors import UnsupportedError
from .. import backends
from ..backends import numpy

Array = Any


class Matrices:
    """Square matrices of shape (batch, order, order): large ones are factorised once, by Cholesky where it exists.

    Small ones are solved at once, by LU.  Rows and columns are scaled before, so that units do not count when
    :meth:`solve` refuses what is singular up to rounding.
    """

    def __init__(self, matrices: Array) -> None:
        self.scipy = backends.optional("scipy.linalg") if len(matrices) * 16 <= matrices.shape[-1] else None
        self.rows, self.cols = _scales(matrices, symmetric=self.scipy is not None and is_symmetric(matrices))
        self.scaled = matrices * self.rows[..., None] * self.cols[..., None, :]
        self.factors = [self._factor(one) for one in self.scaled] if self.scipy is not None else []

    @cached_property
    def spd(self) -> bool:
        """Whether matrices that are factorised are symmetric and positive definite, by their numbers."""
        return self.scipy is not None and is_symmetric(self.scaled) and _has_cholesky(self.scaled)

    def _factor(self, matrix: Array) -> Any:
        """The factors of one matrix, or an error where a pivot vanishes."""
        assert self.scipy is not None
        if self.spd:
            return self.scipy.cho_factor(matrix, check_finite=False)
        getrf, = self.scipy.get_lapack_funcs(("getrf",), (matrix,))
        lu, pivots, info = getrf(matrix)
        if info > 0:
            raise singular()
        return lu, pivots

    @cached_property
    def condition(self) -> float:
        """The least reciprocal condition number, about."""
        np = numpy()
        if self.scipy is None:
            try:
                inverses = np.linalg.inv(self.scaled)
            except np.linalg.LinAlgError:
                return 0.0
            return float((1 / (_norm(self.scaled) * _norm(inverses))).min(initial=1))
        name = "pocon" if self.spd else "gecon"
        estimate, = self.scipy.get_lapack_funcs((name,), (self.scaled,))
        return float(min([estimate(factor[0], _norm(one))[0] for factor, one in zip(self.factors, self.scaled)]))

    def solve(self, right: Array) -> Array:
        """The solutions for right sides of shape (batch, order, count).

        Raises
        ------
        UnsupportedError: TC311 where a matrix is singular up to rounding.
        """
        np = numpy()
        if not self.condition > np.finfo(self.scaled.dtype).eps:
            raise singular("a matrix is singular up to rounding")
        right = right * self.rows[..., None]
        if self.scipy is None:
            found = np.linalg.solve(self.scaled, right)
        else:
            one = self.scipy.cho_solve if self.spd else self.scipy.lu_solve
            found = np.stack([one(factor, own, check_finite=False) for factor, own in zip(self.factors, right)])
        return found * self.cols[..., None]

    def slogdet(self) -> tuple[Any, float]:
        np = numpy()
        scales = float(np.log(self.rows).sum() + np.log(self.cols).sum())
        if self.spd:
            lower = np.linalg.cholesky(self.scaled)
            return 1.0, 2 * float(np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum()) - scales
        signs, logs = np.linalg.slogdet(self.scaled)
        return np.prod(signs).item(), float(np.sum(logs)) - scales


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
