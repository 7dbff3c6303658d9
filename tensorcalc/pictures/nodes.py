"""How a tensor looks: a box with its name, and what says which of its axes a wire is at."""

from __future__ import annotations

from collections.abc import Sequence

from . import labels
from .blocks import Block
from .network import Node
from .scene import FONT, Box, Dot, Shape, Text

NODE, PORT = 32.0, 15.0


def tensor(node: Node, left: Sequence[int], right: Sequence[int], *, upright: bool) -> Block:
    """A node whose wires come at the sides given, and from above and below where that is so."""
    numbered = node.marked and node.rank > 2
    height = max(NODE + (16 if numbered and upright else 0), PORT * max(len(left), len(right)) + 10)
    width = max(NODE, labels.width(node.label, FONT) + 16 + (18 if numbered else 0))
    made = Block(width, height, [Box(0, 0, width, height), Text(width / 2, height / 2, node.label)],
                 even(left, height), even(right, height))
    made.shapes += side_marks(node, made)
    return made


def even(axes: Sequence[int], height: float) -> dict[int, float]:
    """At which heights wires come to a side, one apart from the next by the same distance."""
    return {axis: height / 2 + PORT * (place - (len(axes) - 1) / 2) for place, axis in enumerate(axes)}


def marks(node: Node, axis: int, x: float, y: float, side: str) -> list[Shape]:
    """What says which axis a wire is at: a dot at the first one of a matrix, numbers at tensors of higher order."""
    dx, dy = {"left": (1, 0), "right": (-1, 0), "above": (0, 1), "below": (0, -1)}[side]
    if node.rank == 2:
        return [Dot(x, y, "first")] if axis == 0 else []
    return [Text(x + 7.0 * dx, y + 7.0 * dy, labels.plain(str(axis + 1)), 9.0, faint=True)]


def side_marks(node: Node, made: Block) -> list[Shape]:
    """The marks of the axes at the left and at the right."""
    found: list[Shape] = []
    if node.marked:
        for x, side, heights in ((0.0, "left", made.left), (made.width, "right", made.right)):
            for axis, y in heights.items():
                found += marks(node, axis, x, y, side)
    return found
