"""Blocks: shapes in a rectangle, with the heights at which legs end on its sides; put together to larger ones.

Knows geometry and labels; nothing of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from . import labels
from .labels import Label
from .scene import FONT, SMALL, Curve, Dot, Shape, Text, circle, line, moved

PAD, LOOP = 12.0, 13.0

By = tuple[Label, tuple[int, ...]]
"""A variable that a derivative is by, and the axes that are its own."""


@dataclass(slots=True)
class Block:
    """Shapes in a rectangle that begins at 0; at which heights legs end on its left and on its right, by axis."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    left: dict[int, float] = field(default_factory=dict)
    right: dict[int, float] = field(default_factory=dict)


class Sides(NamedTuple):
    """The axes whose legs are on the left and on the right, in order; ``fixed``: in no other."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    fixed: bool = False

    @classmethod
    def halves(cls, rank: int) -> Sides:
        """The first half of the axes on the left."""
        return cls(tuple(range((rank + 1) // 2)), tuple(range((rank + 1) // 2, rank)))


def beside(parts: Sequence[Block], gap: float = 16.0) -> Block:
    """Blocks side by side, their middles at one height."""
    if len(parts) == 1:
        return parts[0]
    height = max([part.height for part in parts], default=0.0)
    made = Block(0, height)
    for part in parts:
        if made.width:
            made.width += gap
        dy = (height - part.height) / 2
        made.shapes += moved(part.shapes, made.width, dy)
        made.left |= {axis: y + dy for axis, y in part.left.items()}
        made.right |= {axis: y + dy for axis, y in part.right.items()}
        made.width += part.width
    return made


def stacked(parts: Sequence[Block], gap: float = 14.0, *, stretch: bool = True,
             variable: frozenset[int] = frozenset()) -> Block:
    """Blocks below one another; ``stretch``: legs reach to the common sides, else all begin at the left."""
    if len(parts) == 1:
        return parts[0]
    width = max([part.width for part in parts], default=0.0)
    made = Block(width, 0)
    for part in parts:
        if made.height:
            made.height += gap
        dx = (width - part.width) / 2 if stretch else 0.0
        made.shapes += moved(part.shapes, dx, made.height)
        for heights, into, near, far in ((part.left, made.left, dx, 0.0), (part.right, made.right, dx + part.width, width)):
            for axis, y in heights.items():
                into[axis] = y + made.height
                if stretch and near != far:
                    kind = "variable" if axis in variable else "wire"
                    made.shapes.append(Curve(line((far, y + made.height), (near, y + made.height)), kind))
        made.height += part.height
    return made


def padded(made: Block, least: float) -> Block:
    """A block whose legs reach walls that nothing else touches."""
    before = 0.0 if made.left else PAD
    after = 0.0 if made.right else PAD
    width = max(made.width + before + after, least)
    shift = before + (width - made.width - before - after) / 2
    shapes = moved(made.shapes, shift, 0)
    if shift and made.left:
        shapes += [Curve(line((0, y), (shift, y))) for y in made.left.values()]
    if made.right and width - shift - made.width > 0:
        shapes += [Curve(line((shift + made.width, y), (width, y))) for y in made.right.values()]
    return Block(width, made.height, shapes, made.left, made.right)


def with_exponent(made: Block, room: float) -> Block:
    """A frame with room for what is raised behind it."""
    shapes = moved(made.shapes, 0, 6)
    shapes += [Curve(line((made.width, y + 6), (made.width + room, y + 6))) for y in made.right.values()]
    lefts, rights = ({axis: y + 6 for axis, y in heights.items()} for heights in (made.left, made.right))
    return Block(made.width + room, made.height + 6, shapes, lefts, rights)


def text_block(label: Label) -> Block:
    """A coefficient or a name between networks."""
    width = labels.width(label, FONT)
    return Block(width, FONT * 1.3, [Text(width / 2, FONT * 0.65, label)])


def ring(label: Label) -> Block:
    """A wire without ends: a circle around the size of its axis."""
    radius = max(LOOP, labels.width(label, SMALL) / 2 + 5)
    return Block(2 * radius + 2, 2 * radius + 2, [Curve(circle(radius + 1, radius + 1, radius)),
                                                   Text(radius + 1, radius + 1, label, SMALL)])


def labelled(made: Block, names: Mapping[int, Label], by: Sequence[By] = ()) -> Block:
    """A block with names at the ends of its legs; those of a variable end in a ring, and a bracket says ``∂X``."""
    if not names:
        return made
    variable = {axis for _, axes in by for axis in axes}
    found = Block(made.width, made.height, list(made.shapes), made.left, made.right)
    reach = [0.0, 0.0]
    for side, (heights, x, out, anchor) in enumerate(((made.left, 0.0, -1, "end"), (made.right, made.width, 1, "start"))):
        if not heights:
            continue
        ring = 8.0 if variable & set(heights) else 0.0
        wide = max([labels.width(names[axis], FONT) for axis in heights])
        for axis, y in heights.items():
            found.shapes += [Dot(x + 3.2 * out, y, "open")] if axis in variable else []
            found.shapes.append(Text(x + (5 + ring) * out, y, names[axis], FONT, anchor))
        reach[side] = 5 + ring + wide
        edge = x + (reach[side] + 6) * out
        for label, axes in by:
            for run in _runs(heights, axes):
                top, low = run[0] - 9, run[-1] + 9
                corners = (edge - 3 * out, top), (edge, top), (edge, low), (edge - 3 * out, low)
                found.shapes.append(Curve(line(*corners), "bracket"))
                found.shapes.append(Text(edge + 5 * out, (top + low) / 2, label, SMALL, anchor))
                reach[side] = max(reach[side], abs(edge - x) + 5 + labels.width(label, SMALL))
    found.shapes = moved(found.shapes, reach[0], 0)
    found.width += reach[0] + reach[1]
    return found


def _runs(heights: Mapping[int, float], axes: Sequence[int]) -> list[list[float]]:
    """The heights of the legs ``axes``, those beside one another together."""
    found: list[list[float]] = []
    last = False
    for axis, y in sorted(heights.items(), key=lambda item: item[1]):
        if axis in axes:
            if not last:
                found.append([])
            found[-1].append(y)
        last = axis in axes
    return found
