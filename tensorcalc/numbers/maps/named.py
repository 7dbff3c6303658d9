"""Arrays with a name for each axis, and what it is to solve a system with them.

Knows arrays, and of expressions only that somebody gives their values.  Solving turns
the axes of rows into those of columns and leaves all others as they are.
Determinants are those of the matrix whose rows and columns are in the order of the
frame of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, Protocol

from ...algebra.expr import Expr
from ...errors import LimitError, UnsupportedError
from .pattern import Labels

Array = Any
Values = Callable[[Expr], Array]   # the value of an expression, one array axis an axis
Sizes = Mapping[int, int]          # of the axes that frames name
Phase = Any                        # 1.0 or -1.0; of complex matrices a complex number of size one


class Named(NamedTuple):
    """An array, and a name for each of its axes."""

    array: Array
    axes: Labels

    def stacked(self, *groups: Labels) -> tuple[Array, Labels]:
        """The array with each group of axes merged, then all others merged; and the others."""
        places, rest = _stacking(self.axes, groups)
        dims = self.array.shape
        shape = [prod([dims[place] for place in group]) for group in places]
        return self.array.transpose([place for group in places for place in group]).reshape(shape), rest

    def sizes(self, axes: Labels) -> list[int]:
        return [self.array.shape[self.axes.index(axis)] for axis in axes]


@lru_cache(maxsize=512)
def _stacking(axes: Labels, groups: tuple[Labels, ...]) -> tuple[list[list[int]], Labels]:
    """The places of the axes of each group and of all others; and the others."""
    rest = tuple([axis for axis in axes if not any(axis in group for group in groups)])
    return [[axes.index(axis) for axis in group] for group in (*groups, rest)], rest


class Solver(Protocol):
    """What solves a system."""

    def solve(self, right: Named) -> Named:
        """The solution, with the axes of the columns in place of those of the rows."""

    def slogdet(self) -> tuple[Phase, float]:
        """The sign or phase of the determinant, and the logarithm of its size; the product over a batch."""


class Unusable(Exception):
    """A part of the structure that must have an inverse has none, while the whole may have one."""


def part(make: Callable[[], Any]) -> Any:
    """What ``make`` makes of a part of the structure."""
    try:
        return make()
    except (UnsupportedError, LimitError) as error:
        raise Unusable from error


def broadcast(array: Array, own: Labels, axes: Labels) -> Array:
    """``array`` with axes ``own`` so that it goes with one with ``axes``."""
    order = sorted(range(len(own)), key=lambda place: axes.index(own[place]))
    dims = dict(zip(own, array.shape))
    return array.transpose(order).reshape([dims.get(axis, 1) for axis in axes])


def applied(matrix: Array, axes: Labels, names: Labels, shape: Sequence[int], right: Named) -> Named:
    """A matrix times the merged ``axes`` of an array; the result has axes ``names`` of ``shape`` there."""
    stack, rest = right.stacked(axes)
    return Named((matrix @ stack).reshape([*shape, *right.sizes(rest)]), (*names, *rest))
