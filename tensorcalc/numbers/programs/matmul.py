"""A product of two arrays as one matrix product: which axes are rows, which are summed, which are columns.

Knows labels, sizes and the text of arrays.  Axes are taken in the order that they have in
memory, whatever view of it a text shows, and axes of size one stand wherever they are wanted:
so most products need no copy.  What has no such form is left to ``np.einsum``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from ..code.arraytext import ATOM, POWERS, QUOTIENT, SUM, TIMES, Code, Labels

_VIEW = re.compile(r"(\w+(?:\.reshape\([\d, ]+\))?)\.transpose\(([\d, ]+)\)")
_SHAPED = re.compile(r"(\w+)\.reshape\([\d, ]+\)")

Sizes = Mapping[int, int]


class Product(NamedTuple):
    """``left @ right``, then an array of ``shape``, whose axes have the given ``labels``."""

    left: Code
    right: Code
    shape: tuple[int, ...] | None
    labels: Labels

    @property
    def text(self) -> str:
        """The product before it is reshaped."""
        left = f"({self.left.text})" if self.left.strength in (SUM, QUOTIENT, TIMES) else self.left.text
        return f"{left} @ {self.right.within(POWERS)}"

    def into(self, out: str) -> str:
        """The product written to memory that is there."""
        return f"np.matmul({self.left.text}, {self.right.text}, out={out})"


def matrix_product(a: Code, own: Labels, b: Code, other: Labels, rank: int, sizes: Sizes,
                   wanted: Sequence[int] = ()) -> Product | None:
    """The product of two arrays over the labels that are not below ``rank``; ``None`` where a matrix product is no help.

    ``sizes`` gives the size of each label; ``wanted`` the labels of the result that are summed over next.
    """
    (a, own), (b, other) = in_memory(a, own), in_memory(b, other)
    single = [label for label in own if label in other and label < rank and sizes[label] == 1]
    shared = [label for label in own if label in other and label < rank and label not in single]
    summed = [label for label in (own if len(own) > len(other) else other) if label in own and label in other and label >= rank]
    rows = [label for label in own if label not in other or label in single]
    cols = [label for label in other if label not in own]
    if not summed or (shared and not (rows and cols)):
        return None
    sides = [(a, own, rows), (b, other, cols)]
    if not rows or not cols:
        vector, matrix = sides if not rows else sides[::-1]   # the side with free axes is a matrix, the other a vector
        orders = [[matrix, vector] if matrix[1][-1] in summed else [vector, matrix]]
    else:
        orders = [sides, sides[::-1]]
    top, side = min(orders, key=lambda order: (
        not _ends([*shared, *order[0][2], *order[1][2]], wanted), _descents([*order[0][2], *order[1][2]])))
    left = _sided(top[0], top[1], shared, _with(top, single), summed, sizes)
    right = _sided(side[0], side[1], shared, summed, _with(side, single), sizes)
    first = top[2], side[2]
    labels = (*shared, *first[0], *first[1])
    simple = len(first[0]) < 2 and len(first[1]) < 2 and len(shared) < 2
    return Product(left, right, None if simple else tuple([sizes[label] for label in labels]), labels)


def _with(side: tuple[Code, Labels, Sequence[int]], single: Sequence[int]) -> list[int]:
    """The rows or columns of a side, with the shared axes of size one that it has."""
    _, own, labels = side
    return [label for label in own if label in labels or label in single]


def in_memory(code: Code, labels: Labels) -> tuple[Code, Labels]:
    """The array of which a text is a transposed view, and the labels of its own axes."""
    if code.turned is not None and code.text == f"{code.turned.text}.T":
        return code.turned, labels[::-1]
    view = _VIEW.fullmatch(code.text)
    if view is None:
        return code, labels
    order = [int(axis) for axis in view[2].split(",")]
    return Code(view[1]), tuple([labels[order.index(axis)] for axis in range(len(order))])


def _ends(labels: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether what is summed over next stands first or last."""
    count = len(wanted)
    return not count or set(labels[:count]) == set(wanted) or set(labels[len(labels) - count:]) == set(wanted)


def _descents(labels: Sequence[int]) -> int:
    """How far the axes of a result are from their order."""
    return sum(a > b for a, b in zip(labels, labels[1:]))


def _sided(code: Code, own: Labels, shared: Sequence[int], first: Sequence[int], second: Sequence[int], sizes: Sizes) -> Code:
    """The array as a matrix with rows ``first`` and columns ``second``, one for each entry of ``shared``."""
    if len(own) == 1:
        return code
    wanted = (*shared, *first, *second)
    flat = [tuple(group) for group in (shared, first, second) if group]
    shape = tuple([prod(sizes[label] for label in group) for group in flat])
    if not shared and len(flat) == 2 and own == (*second, *first) and len(own) == 2:
        return Code(f"{code.within(ATOM)}.T", turned=code)
    if _solid(own, sizes) == _solid(wanted, sizes):
        return code if shape == tuple([sizes[label] for label in own]) else _reshaped(code, shape)
    if not shared and _solid(own, sizes) == _solid((*second, *first), sizes):
        return Code(f"{_reshaped(code, shape[::-1]).text}.T")
    moved = Code(f"{code.within(ATOM)}.transpose({', '.join(str(own.index(label)) for label in wanted)})")
    if all(len(group) == 1 for group in flat):
        return moved if own[-1] in wanted[-2:] else Code(f"np.ascontiguousarray({moved.text})")
    return _reshaped(moved, shape)


def _reshaped(code: Code, shape: tuple[int, ...]) -> Code:
    """An array in another shape, whatever shape a text gives it."""
    given = _SHAPED.fullmatch(code.text)
    text = given[1] if given else code.within(ATOM)
    return Code(f"{text}.reshape({', '.join(map(str, shape))})")


def _solid(labels: Sequence[int], sizes: Sizes) -> list[int]:
    return [label for label in labels if sizes[label] > 1]

