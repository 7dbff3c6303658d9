"""Linear systems solved as a recipe says: entries, blocks, Kronecker products, low rank.

Knows recipes and arrays; sums of Kronecker products are in :mod:`tensorcalc.numbers.maps.sylvester`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log, prod

from ...errors import LimitError
from ..backends import numpy
from .matrices import singular, systems
from .named import Array, Named, Phase, Sizes, Solver, Unusable, Values, broadcast, part
from .recipes import Crossed, Dense, Frame, Impossible, Inverse, LowRank, Pencil, Pointwise, Recipe, Tied
from .sylvester import CrossedSolver, pencil

RANK = -2   # the axis over which a product of low rank is summed


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
            return _or_dense(pencil, recipe, value, sizes)
        case Crossed():
            return _or_dense(CrossedSolver, recipe, value, sizes)
        case Impossible(entries, _):
            raise unsolvable(entries)


def unsolvable(entries: int) -> LimitError:
    """The error for a matrix of so many entries whose structure does not serve."""
    return LimitError("TC418", "this linear map has no structure by which its systems are solved", field="values",
                      facts=[f"as a matrix it has {entries} entries, which is beyond the memory limit"],
                      help="raise memory_limit, or give as_linear_operator() to an iterative solver")


def _or_dense(make: Callable[..., Solver], recipe: LowRank | Pencil | Crossed, value: Values, sizes: Sizes) -> Solver:
    """A structured solver, or the matrix itself where the structure does not serve."""
    try:
        return make(recipe, value, sizes)
    except Unusable:
        if recipe.instead is None:
            order = prod([sizes[axis] for axis in recipe.frame.rows])
            raise unsolvable(order ** 2 * prod([sizes[axis] for axis in recipe.frame.batch])) from None
        return solver(recipe.instead, value, sizes)


# -- entries and blocks ------------------------------------------------------------------


class _Blocks:
    """A batch of matrices, each for itself."""

    def __init__(self, array: Array, frame: Frame, sizes: Sizes) -> None:
        order = prod([sizes[axis] for axis in frame.rows])
        self.frame, self.shape = frame, [sizes[axis] for axis in frame.cols]
        self.matrices = systems(array.reshape(-1, order, order))

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
        return Named(right.array / broadcast(self.array, self.frame.batch, right.axes), right.axes)

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        size = np.abs(self.array)
        return np.prod(self.array / size).item(), float(np.log(size).sum())


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
        self.base: Solver = part(lambda: solver(recipe.base, value, sizes))
        shape = [[sizes[axis] for axis in axes] for axes in (batch, rows, cols)]

        def joined(arrays: Sequence[Array], axes: Sequence[int]) -> Array:
            return np.concatenate([array.reshape(*shape[0], *axes, -1) for array in arrays], axis=-1)

        left = joined([value(one) for one, _ in recipe.pairs], shape[1])
        right = joined([value(one) for _, one in recipe.pairs], shape[2])
        named = Named(left, (*batch, *rows, RANK))
        reached, rest = part(lambda: self.base.solve(named)).stacked(batch, cols)
        assert rest == (RANK,)
        self.reached = reached                                            # inv(B) U
        self.right = right.reshape(reached.shape).swapaxes(-1, -2)        # V'
        self.inner = systems(np.eye(reached.shape[-1], dtype=reached.dtype) + self.right @ reached)

    def solve(self, right: Named) -> Named:
        batch, _, cols = self.frame
        found = self.base.solve(right)
        stack, rest = found.stacked(batch, cols)
        stack = stack - self.reached @ self.inner.solve(self.right @ stack)
        return Named(stack.reshape(found.sizes((*batch, *cols, *rest))), (*batch, *cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        (sign, size), (own_sign, own_size) = self.base.slogdet(), self.inner.slogdet()
        return sign * own_sign, size + own_size
