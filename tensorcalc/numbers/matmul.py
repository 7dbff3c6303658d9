"""A product of two arrays as one matrix product: which axes are rows, which are summed, which are columns.

Knows labels and the text of arrays; sizes are numbers here.  What has no such form
is left to ``np.einsum``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from .arraytext import ATOM, POWERS, QUOTIENT, SUM, TIMES, Code, Labels, turn


class Product(NamedTuple):
    """``left @ right``, then an array of ``shape`` with its axes in ``order``."""

    left: Code
    right: Code
    shape: tuple[int, ...] | None
    order: tuple[int, ...]

    @property
    def text(self) -> str:
        """The product before it is reshaped."""
        left = f"({self.left.text})" if self.left.strength in (SUM, QUOTIENT, TIMES) else self.left.text
        return f"{left} @ {self.right.within(POWERS)}"

    def into(self, out: str) -> str:
        """The product written to memory that is there."""
        return f"np.matmul({self.left.text}, {self.right.text}, out={out})"


def matrix_product(a: Code, own: Labels, b: Code, other: Labels, rank: int, sizes: Mapping[int, int]) -> Product | None:
    """The product of two arrays over the labels that are not below ``rank``; ``None`` where a matrix product is no help.

    ``sizes`` gives the size of each label.
    """
    shared = [label for label in own if label in other and label < rank]
    summed = [label for label in own if label in other and label >= rank]
    rows = [label for label in own if label not in other]
    cols = [label for label in other if label not in own]
    if not summed or (shared and not (rows and cols)):
        return None
    vector_first = len(own) == 1 and other[0] in summed
    if cols and not vector_first and (not rows or cols[0] < rows[0]):
        a, own, b, other, rows, cols = b, other, a, own, cols, rows
    order = [label for label in (own if len(own) > len(other) else other) if label in summed]
    left = _sided(a, own, shared, rows, order, sizes)
    right = _sided(b, other, shared, order, cols, sizes)
    labels = (*shared, *rows, *cols)
    place = tuple(sorted(range(rank), key=labels.__getitem__))
    simple = len(rows) < 2 and len(cols) < 2 and len(shared) < 2
    return Product(left, right, None if simple else tuple([sizes[label] for label in labels]), place)


def _sided(code: Code, own: Labels, shared: Sequence[int], first: Sequence[int], second: Sequence[int],
           sizes: Mapping[int, int]) -> Code:
    """The array as a matrix with rows ``first`` and columns ``second``, one for each entry of ``shared``."""
    wanted = (*shared, *first, *second)
    if len(own) == 1:
        return code
    if len(own) == 2 and len(first) == 1 and not shared:
        return code if own == wanted else turn(code)
    flat = [group for group in (shared, first, second) if group]
    shape = ", ".join(str(prod(sizes[label] for label in group)) for group in flat)
    if own == wanted:
        return code if all(len(group) == 1 for group in flat) else Code(f"{code.within(ATOM)}.reshape({shape})")
    if not shared and own == (*second, *first):
        swapped = ", ".join(str(prod(sizes[label] for label in group)) for group in flat[::-1])
        return Code(f"{code.within(ATOM)}.reshape({swapped}).T")
    moved = Code(f"{code.within(ATOM)}.transpose({', '.join(str(own.index(label)) for label in wanted)})")
    if all(len(group) == 1 for group in flat):
        return moved if own[-1] in wanted[-2:] else Code(f"np.ascontiguousarray({moved.text})")
    return Code(f"{moved.within(ATOM)}.reshape({shape})")
