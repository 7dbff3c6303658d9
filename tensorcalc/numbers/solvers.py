"""Linear systems solved as a recipe says: arrays by blocks, factors and eigenvalues.

Knows recipes and arrays, and of expressions only that somebody gives their values.  A
right side is an array with a name for each axis; solving turns the axes of rows into
those of columns and leaves all others as they are.  Determinants are those of the
matrix whose rows and columns are in the order of the frame of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import log, prod
from typing import Any, NamedTuple, Protocol

from ..algebra.expr import Expr
from ..errors import LimitError, UnsupportedError
from . import backends
from .backends import numpy
from .pattern import Labels
from .recipes import Crossed, Dense, Frame, Impossible, Inverse, LowRank, Pencil, Pointwise, Recipe, Tied

Array = Any
Values = Callable[[Expr], Array]   # the value of an expression, one array axis an axis
Sizes = Mapping[int, int]          # of the axes that frames name

Phase = Any                        # 1.0 or -1.0; of complex matrices a complex number of size one

RANK = -2   # the axis over which a product of low rank is summed


class Named(NamedTuple):
    """An array, and a name for each of its axes."""

    array: Array
    axes: Labels

    def stacked(self, *groups: Labels) -> tuple[Array, Labels]:
        """The array with each group of axes merged, then all others merged; and the others."""
        rest = tuple([axis for axis in self.axes if not any(axis in group for group in groups)])
        order = [self.axes.index(axis) for group in (*groups, rest) for axis in group]
        turned = self.array.transpose(order)
        dims = iter(turned.shape)
        shape = [prod([next(dims) for _ in group]) for group in (*groups, rest)]
        return turned.reshape(shape), rest

    def sizes(self, axes: Labels) -> list[int]:
        return [self.array.shape[self.axes.index(axis)] for axis in axes]


class Solver(Protocol):
    """What solves a system."""

    def solve(self, right: Named) -> Named:
        """The solution, with the axes of the columns in place of those of the rows."""

    def slogdet(self) -> tuple[Phase, float]:
        """The sign or phase of the determinant, and the logarithm of its size; the product over a batch."""


def solver(recipe: Recipe, value: Values, sizes: Sizes) -> Solver:
    """What solves as ``recipe`` says, with the ``value`` of each expression.

    Raises
    ------
    UnsupportedError: TC311 where there is no inverse.
    LimitError: TC418 where there is no structure to use, and the matrix is too large.
    """
    match recipe:
        case Dense(expr, frame):
            return _Blocks(value(expr), frame, sizes)
        case Pointwise(expr, frame):
            return _Pointwise(value(expr), frame)
        case Inverse():
            return _Inverse(recipe, value(recipe.argument), sizes)
        case Tied():
            return _Tied(recipe, value, sizes)
        case LowRank():
            return _or_dense(_LowRank, recipe, value, sizes)
        case Pencil():
            return _or_dense(_pencil, recipe, value, sizes)
        case Crossed():
            return _or_dense(_Crossed, recipe, value, sizes)
        case Impossible(entries, _):
            raise unsolvable(entries)


def unsolvable(entries: int) -> LimitError:
    """The error for a matrix of so many entries whose structure does not serve."""
    return LimitError("TC418", "this linear map has no structure by which its systems are solved", field="values",
                      facts=[f"as a matrix it has {entries} entries, which is beyond the memory limit"],
                      help="raise memory_limit, or give as_linear_operator() to an iterative solver")


class _Unusable(Exception):
    """A part of the structure that must have an inverse has none, while the whole may have one."""


def _or_dense(make: Callable[..., Solver], recipe: LowRank | Pencil | Crossed, value: Values, sizes: Sizes) -> Solver:
    """A structured solver, or the matrix itself where the structure does not serve."""
    try:
        return make(recipe, value, sizes)
    except _Unusable:
        if recipe.instead is None:
            order = prod([sizes[axis] for axis in recipe.frame.rows])
            raise unsolvable(order ** 2 * prod([sizes[axis] for axis in recipe.frame.batch])) from None
        return solver(recipe.instead, value, sizes)


def _part(make: Callable[[], Any]) -> Any:
    """What ``make`` makes of a part of the structure."""
    try:
        return make()
    except (UnsupportedError, LimitError) as error:
        raise _Unusable from error


# -- blocks ------------------------------------------------------------------------------


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

    def slogdet(self) -> tuple[Phase, float]:
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


class _Blocks:
    """A batch of matrices, each for itself."""

    def __init__(self, array: Array, frame: Frame, sizes: Sizes) -> None:
        order = prod([sizes[axis] for axis in frame.rows])
        self.frame, self.shape = frame, [sizes[axis] for axis in frame.cols]
        self.matrices = Matrices(array.reshape(-1, order, order))

    def solve(self, right: Named) -> Named:
        batch, rows, cols = self.frame
        stack, rest = right.stacked(batch, rows)
        found = self.matrices.solve(stack)
        return Named(found.reshape([*right.sizes(batch), *self.shape, *right.sizes(rest)]), (*batch, *cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        return self.matrices.slogdet()


class _Pointwise:
    """A diagonal: the array has the axes of the batch."""

    def __init__(self, array: Array, frame: Frame) -> None:
        if not array.all():
            raise singular("an entry of its diagonal is zero")
        self.array, self.frame = array, frame

    def solve(self, right: Named) -> Named:
        return Named(right.array / _broadcast(self.array, self.frame.batch, right.axes), right.axes)

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        size = np.abs(self.array)
        return np.prod(self.array / size).item(), float(np.log(size).sum())


def _broadcast(array: Array, own: Labels, axes: Labels) -> Array:
    """``array`` with axes ``own`` so that it goes with one with ``axes``."""
    order = sorted(range(len(own)), key=lambda place: axes.index(own[place]))
    dims = dict(zip(own, array.shape))
    return array.transpose(order).reshape([dims.get(axis, 1) for axis in axes])


class _Inverse:
    """``c inv(A)``, solved by a product with A."""

    def __init__(self, recipe: Inverse, argument: Array, sizes: Sizes) -> None:
        self.weight = float(recipe.weight)
        self.frame, self.order = recipe.frame, sizes[recipe.frame.rows[0]]
        self.argument = argument.T if recipe.turned else argument
        if numpy().linalg.slogdet(argument)[0] == 0:
            raise singular()

    def solve(self, right: Named) -> Named:
        stack, rest = right.stacked(self.frame.rows)
        found = self.argument @ stack / self.weight
        return Named(found.reshape([self.order, *right.sizes(rest)]), (*self.frame.cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        sign, size = numpy().linalg.slogdet(self.argument)
        own = (1.0 if self.weight > 0 else -1.0) ** self.order
        return sign.conjugate().item() * own, self.order * log(abs(self.weight)) - float(size)


# -- Kronecker products ------------------------------------------------------------------


class _Tied:
    """A Kronecker product: one factor after the other."""

    def __init__(self, recipe: Tied, value: Values, sizes: Sizes) -> None:
        self.recipe, self.sizes = recipe, sizes
        self.steps = [solver(step, value, sizes) for step in recipe.steps]

    def solve(self, right: Named) -> Named:
        for step in self.steps:
            right = step.solve(right)
        renamed = dict(self.recipe.ties)
        return Named(right.array, tuple([renamed.get(axis, axis) for axis in right.axes]))

    def slogdet(self) -> tuple[Phase, float]:
        frame, ties, sizes = self.recipe.frame, self.recipe.ties, self.sizes
        whole = prod([sizes[axis] for axis in frame.batch + frame.rows])
        sign: Phase = 1.0
        size = 0.0
        rows, cols = [row for row, _ in ties], [col for _, col in ties]
        for step, found in zip(self.recipe.steps, self.steps):
            own = prod([sizes[axis] for axis in step.frame.batch + step.frame.rows])
            one_sign, one_size = found.slogdet()
            sign, size = sign * _power(one_sign, whole // own), size + one_size * (whole // own)
            rows += step.frame.rows
            cols += step.frame.cols
        batch = prod([sizes[axis] for axis in frame.batch])
        turned = permutation_sign(rows, frame.rows, sizes) * permutation_sign(cols, frame.cols, sizes)
        return sign * _power(turned, batch), size


def _power(phase: Phase, times: int) -> Phase:
    return phase ** times if isinstance(phase, complex) else phase ** (times % 2)


def permutation_sign(axes: Sequence[int], wanted: Sequence[int], sizes: Sizes) -> int:
    """The determinant of the permutation that turns an array with ``axes`` into one with the axes ``wanted``.

    Two neighbours of sizes a and b are interchanged by the commutation matrix, whose determinant is
    ``(-1)^(a(a-1)b(b-1)/4)`` (Magnus & Neudecker 1979, Ann. Statist. 7, theorem 3.1).

    Examples
    --------
    >>> permutation_sign([0, 1], [1, 0], {0: 2, 1: 2})
    -1
    """
    current, sign = list(axes), 1
    whole = prod([sizes[axis] for axis in current])
    for place, axis in enumerate(wanted):
        for k in range(current.index(axis), place, -1):
            a, b = sizes[current[k - 1]], sizes[current[k]]
            if a * (a - 1) // 2 * (b * (b - 1) // 2) * (whole // (a * b)) % 2:
                sign = -sign
            current[k - 1], current[k] = current[k], current[k - 1]
    return sign


# -- low rank ----------------------------------------------------------------------------


class _LowRank:
    """``B + U V'`` by Woodbury: ``inv(B) - inv(B) U inv(I + V' inv(B) U) V' inv(B)``."""

    def __init__(self, recipe: LowRank, value: Values, sizes: Sizes) -> None:
        np = numpy()
        batch, rows, cols = self.frame = recipe.frame
        self.base: Solver = _part(lambda: solver(recipe.base, value, sizes))
        shape = [[sizes[axis] for axis in axes] for axes in (batch, rows, cols)]

        def joined(arrays: Sequence[Array], axes: Sequence[int]) -> Array:
            return np.concatenate([array.reshape(*shape[0], *axes, -1) for array in arrays], axis=-1)

        left = joined([value(one) for one, _ in recipe.pairs], shape[1])
        right = joined([value(one) for _, one in recipe.pairs], shape[2])
        named = Named(left, (*batch, *rows, RANK))
        reached, rest = _part(lambda: self.base.solve(named)).stacked(batch, cols)
        assert rest == (RANK,)
        self.reached = reached                                            # inv(B) U
        self.right = right.reshape(reached.shape).swapaxes(-1, -2)        # V'
        self.inner = Matrices(np.eye(reached.shape[-1], dtype=reached.dtype) + self.right @ reached)

    def solve(self, right: Named) -> Named:
        batch, _, cols = self.frame
        found = self.base.solve(right)
        stack, rest = found.stacked(batch, cols)
        stack = stack - self.reached @ self.inner.solve(self.right @ stack)
        return Named(stack.reshape(found.sizes((*batch, *cols, *rest))), (*batch, *cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        (sign, size), (own_sign, own_size) = self.base.slogdet(), self.inner.slogdet()
        return sign * own_sign, size + own_size


# -- sums of Kronecker products ----------------------------------------------------------


def _pencil(recipe: Pencil, value: Values, sizes: Sizes) -> Solver:
    """By eigenvalues where all matrices are symmetric, by Schur forms where there are two terms."""
    np = numpy()
    orders = [prod([sizes[axis] for axis in side.rows]) for side in recipe.sides]
    matrices = [[value(one).reshape(order, order) for one in own] for own, order in zip(recipe.matrices, orders)]
    pairs = [_symmetric_pair(own) for own in matrices]
    weights = [(float(weight), chosen) for weight, chosen in recipe.terms]
    if all(pair is not None for pair in pairs):
        return _Eigen(recipe, [pair for pair in pairs if pair is not None], weights, sizes)
    if len(matrices) == 2 and len(weights) == 2 and np.isrealobj(matrices[0][0]):
        return _Sylvester(recipe, matrices, weights, sizes)
    raise _Unusable


class _Pair(NamedTuple):
    """``W' A W`` and ``W' C W`` are diagonal for the matrices A and C of a side; ``size`` is ``log det C``."""

    vectors: Array
    values: list[Array]
    size: float


def _symmetric_pair(matrices: Sequence[Array]) -> _Pair | None:
    """The common congruence of two symmetric matrices, one of them definite (Matrix Computations, algorithm 8.7.1)."""
    np = numpy()
    if not all(map(is_symmetric, matrices)):
        return None
    for k, definite in enumerate(matrices):
        try:
            lower = np.linalg.cholesky(definite)
        except np.linalg.LinAlgError:
            continue
        other = matrices[1 - k]
        half = np.linalg.solve(lower, other)
        middle = np.linalg.solve(lower, half.T)
        values, vectors = np.linalg.eigh((middle + middle.T) / 2)
        both = [values, np.ones_like(values)]
        return _Pair(np.linalg.solve(lower.T, vectors), both if k else both[::-1],
                     2 * float(np.log(np.diagonal(lower)).sum()))
    return None


class _Eigen:
    """A sum of Kronecker products that one congruence makes diagonal."""

    def __init__(self, recipe: Pencil, pairs: Sequence[_Pair], terms: Sequence[tuple[float, Labels]],
                 sizes: Sizes) -> None:
        np = numpy()
        self.recipe, self.pairs, self.sizes = recipe, pairs, sizes
        total: Array = 0.0
        for weight, chosen in terms:
            part: Array = np.asarray(weight, dtype=pairs[0].vectors.dtype)
            for pair, k in zip(pairs, chosen):
                part = np.multiply.outer(part, pair.values[k])
            total = total + part
        self.eigenvalues = _nonzero(total)

    def solve(self, right: Named) -> Named:
        _insist_on_rank(self.eigenvalues)
        for side, pair in zip(self.recipe.sides, self.pairs):
            right = _applied(pair.vectors.T, side.rows, (side.rows[0],), [len(pair.vectors)], right)
        axes = tuple([side.rows[0] for side in self.recipe.sides])
        right = Named(right.array / _broadcast(self.eigenvalues, axes, right.axes), right.axes)
        for side, pair in zip(self.recipe.sides, self.pairs):
            right = _applied(pair.vectors, (side.rows[0],), side.cols, [self.sizes[axis] for axis in side.cols], right)
        return right

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        size = float(np.log(np.abs(self.eigenvalues)).sum())
        for pair in self.pairs:
            size += pair.size * (self.eigenvalues.size // len(pair.vectors))
        return float(np.prod(np.sign(self.eigenvalues))), size


def _applied(matrix: Array, axes: Labels, names: Labels, shape: Sequence[int], right: Named) -> Named:
    """A matrix times the merged ``axes`` of an array; the result has axes ``names`` of ``shape`` there."""
    stack, rest = right.stacked(axes)
    return Named((matrix @ stack).reshape([*shape, *right.sizes(rest)]), (*names, *rest))


class _Sylvester:
    """``a A ⊗ B + c C ⊗ D``: with two of the four inverted, ``M X + X N' = Y``, by Schur forms.

    Golub & Van Loan, Matrix Computations, 4th ed., sec. 7.6.3; Bartels & Stewart 1972, Comm. ACM 15.
    """

    def __init__(self, recipe: Pencil, matrices: Sequence[Sequence[Array]], terms: Sequence[tuple[float, Labels]],
                 sizes: Sizes) -> None:
        lapack = backends.optional("scipy.linalg")
        if lapack is None:
            raise _Unusable
        self.recipe, self.sizes = recipe, sizes
        (a, (one, two)), (c, (three, four)) = terms
        first, second = matrices[0][one], matrices[0][three]
        third, fourth = matrices[1][two], matrices[1][four]
        # With P = C and Q = B: inv(P) (a A X B' + c C X D') inv(Q') = a inv(C) A X + c X (inv(B) D)'.
        choices = [(second, third, (a, first), (c, fourth)), (first, fourth, (c, second), (a, third))]
        left, right, (m_weight, m), (n_weight, n) = min(choices, key=lambda choice: _condition(choice[0], choice[1]))
        self.left, self.right = _part(lambda: Matrices(left[None])), _part(lambda: Matrices(right[None]))
        left_m, right_n = _part(lambda: self.left.solve(m[None])[0]), _part(lambda: self.right.solve(n[None])[0])
        self.m, self.u = lapack.schur(m_weight * left_m, output="complex")
        self.n, self.v = lapack.schur(n_weight * right_n, output="complex")
        self.eigenvalues = _nonzero(numpy().add.outer(self.m.diagonal(), self.n.diagonal().conj()))
        self.trsyl, = lapack.get_lapack_funcs(("trsyl",), (self.m, self.n))

    def solve(self, right: Named) -> Named:
        np = numpy()
        _insist_on_rank(self.eigenvalues)
        first, second = self.recipe.sides
        stack, rest = right.stacked(first.rows, second.rows)
        found = np.empty_like(stack)
        for k in range(stack.shape[-1]):
            half = self.left.solve(stack[None, :, :, k])[0]
            whole = self.right.solve(half.T[None])[0].T
            # With M = U S U^H and N = V T V^H it is S Z + Z T^H = U^H Y V for Z = U^H X V.
            solved, scale, _ = self.trsyl(self.m, self.n, self.u.conj().T @ whole @ self.v, tranb="C")
            found[..., k] = ((self.u @ solved @ self.v.conj().T) / scale).real
        shape = [self.sizes[axis] for axis in first.cols + second.cols]
        return Named(found.reshape([*shape, *right.sizes(rest)]), (*first.cols, *second.cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        rows, cols = self.eigenvalues.shape
        (sign, size), (own_sign, own_size) = self.left.slogdet(), self.right.slogdet()
        phase = np.prod(self.eigenvalues / np.abs(self.eigenvalues)).real
        total = sign ** (cols % 2) * own_sign ** (rows % 2) * float(np.sign(phase))
        return total, float(np.log(np.abs(self.eigenvalues)).sum()) + size * cols + own_size * rows


class _Crossed:
    """``A X B' + C X' D' = Y``: with E = inv(A) C and F = inv(B) D it is ``X + E X' F' = Z``.

    Hence ``X - E F X (F E)' = Z - E Z' F'``, Stein's equation; by Schur forms its columns come one after the other
    (Golub & Van Loan, Matrix Computations, 4th ed., sec. 7.6.3).  With the eigenvalues m of E F the
    determinant of ``X + E X' F'`` is the product of all ``1 + m_i`` and, for i < j, ``1 - m_i m_j``.
    """

    def __init__(self, recipe: Crossed, value: Values, sizes: Sizes) -> None:
        lapack = backends.optional("scipy.linalg")
        if lapack is None:
            raise _Unusable
        np = numpy()
        self.recipe, self.order = recipe, sizes[recipe.frame.rows[0]]
        a, b, c, d = (value(one) for one in recipe.matrices)
        if not np.isrealobj(a):
            raise _Unusable
        self.weight = float(recipe.weights[0])
        self.left, self.right = _part(lambda: Matrices(a[None])), _part(lambda: Matrices(b[None]))
        self.e = _part(lambda: self.left.solve(c[None])[0]) * (float(recipe.weights[1]) / self.weight)
        self.f = _part(lambda: self.right.solve(d[None])[0])
        self.s, self.u = lapack.schur(self.e @ self.f, output="complex")
        self.t, self.v = lapack.schur(self.f @ self.e, output="complex")
        values = self.s.diagonal()
        pairs = 1 - np.multiply.outer(values, values)[np.triu_indices(self.order, 1)]
        self.eigenvalues = _nonzero(np.concatenate([1 + values, pairs]))
        if np.abs(1 - values).min() <= np.finfo(values.dtype).eps ** 0.5 * (1 + np.abs(values).max() ** 2):
            raise _Unusable   # Stein's equation has no unique solution, though the first one has
        self.triangular = lapack.solve_triangular

    def solve(self, right: Named) -> Named:
        np = numpy()
        _insist_on_rank(self.eigenvalues)
        rows, cols = self.recipe.frame.rows, self.recipe.frame.cols
        stack, rest = right.stacked(rows[:1], rows[1:])
        found = np.empty_like(stack)
        for k in range(stack.shape[-1]):
            half = self.left.solve(stack[None, :, :, k])[0] / self.weight
            one = self.right.solve(half.T[None])[0].T
            found[..., k] = self._stein(one - self.e @ one.T @ self.f.T)
        return Named(found.reshape(self.order, self.order, *right.sizes(rest)), (*cols, *rest))

    def _stein(self, right: Array) -> Array:
        """The X with ``X - E F X (F E)' = right``."""
        np = numpy()
        turned = self.u.conj().T @ right @ self.v
        found = np.zeros_like(turned)
        eye = np.eye(self.order, dtype=turned.dtype)
        for j in reversed(range(self.order)):
            weights = self.t[j].conj()
            column = turned[:, j] + self.s @ (found[:, j + 1:] @ weights[j + 1:])
            found[:, j] = self.triangular(eye - weights[j] * self.s, column, check_finite=False)
        return (self.u @ found @ self.v.conj().T).real

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        (sign, size), (own_sign, own_size) = self.left.slogdet(), self.right.slogdet()
        phase = float(np.sign(np.prod(self.eigenvalues / np.abs(self.eigenvalues)).real))
        whole = self.order ** 2 * log(abs(self.weight)) + self.order * (size + own_size)
        scale = (1.0 if self.weight > 0 else -1.0) ** self.order
        return phase * (sign * own_sign) ** (self.order % 2) * scale, float(np.log(np.abs(self.eigenvalues)).sum()) + whole


def _nonzero(eigenvalues: Array) -> Array:
    if not eigenvalues.all() or not numpy().isfinite(eigenvalues).all():
        raise singular("an eigenvalue is zero")
    return eigenvalues


def _insist_on_rank(eigenvalues: Array) -> None:
    """No eigenvalue is zero up to the rounding of the largest."""
    np = numpy()
    sizes = np.abs(eigenvalues)
    if sizes.min() <= np.finfo(sizes.dtype).eps * sizes.max():
        raise singular("an eigenvalue is zero up to rounding")


def _condition(*matrices: Array) -> float:
    """How much solving with matrices may lose: the product of their condition numbers."""
    np = numpy()
    found = [float(np.linalg.cond(matrix)) for matrix in matrices]
    return prod(found) if all(np.isfinite(found)) else float("inf")


def singular(why: str = "a matrix is singular") -> UnsupportedError:
    """The error for a system without a unique solution."""
    return UnsupportedError("TC311", "the linear map has no inverse", field="values", facts=[why])
