"""What a picture is made of once everything has a place: boxes, curves, dots, texts.

Knows geometry; nothing of tensors, and nothing of files.  The unit is a pixel, y grows downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .labels import Label, width

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]   # left, top, right, bottom

FONT, SMALL = 16.0, 12.0


class Box(NamedTuple):
    """A node: ``kind`` is ``"tensor"``, ``"frame"`` for one that holds networks, ``"step"`` and ``"input"`` in plans."""

    x: float
    y: float
    width: float
    height: float
    kind: str = "tensor"

    @property
    def bounds(self) -> Bounds:
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def radius(self) -> float:
        """Of the corners."""
        return min(self.height / 2, 10.0 if self.kind == "frame" else 6.0 if self.kind == "step" else 16.0)


class Curve(NamedTuple):
    """Cubic Bézier pieces, three points each after the first; ``kind`` is ``"wire"``, ``"variable"`` or ``"bracket"``."""

    points: tuple[Point, ...]
    kind: str = "wire"

    @property
    def bounds(self) -> Bounds:
        found = list(self.sampled(12))
        return (min(x for x, _ in found), min(y for _, y in found), max(x for x, _ in found), max(y for _, y in found))

    def sampled(self, count: int) -> Iterator[Point]:
        """Points along the curve, ``count`` a piece and the last one."""
        for k in range(0, len(self.points) - 1, 3):
            a, b, c, d = self.points[k : k + 4]
            for step in range(count):
                t = step / count
                s = 1 - t
                yield (s**3 * a[0] + 3 * s * s * t * b[0] + 3 * s * t * t * c[0] + t**3 * d[0],
                       s**3 * a[1] + 3 * s * s * t * b[1] + 3 * s * t * t * c[1] + t**3 * d[1])
        yield self.points[-1]


class Dot(NamedTuple):
    """``"copy"`` where ends of one wire meet, ``"first"`` at the first axis of a node, ``"open"`` at the leg of a variable."""

    x: float
    y: float
    kind: str = "copy"

    @property
    def radius(self) -> float:
        return {"copy": 4.0, "first": 2.6, "open": 3.2}[self.kind]

    @property
    def bounds(self) -> Bounds:
        return self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius


class Text(NamedTuple):
    """A label whose middle is at height ``y``; ``anchor`` is ``"start"``, ``"middle"`` or ``"end"``."""

    x: float
    y: float
    label: Label
    font: float = FONT
    anchor: str = "middle"
    faint: bool = False

    @property
    def width(self) -> float:
        return width(self.label, self.font)

    @property
    def bounds(self) -> Bounds:
        left = self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.width
        return left, self.y - self.font * 0.55, left + self.width, self.y + self.font * 0.55


Shape = Box | Curve | Dot | Text


class Scene(NamedTuple):
    """A picture; ``title`` and ``description`` say what it shows to those who do not see it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str
    description: str


def moved(shapes: Iterable[Shape], dx: float, dy: float) -> list[Shape]:
    """The same shapes elsewhere."""
    found: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Curve):
            found.append(Curve(tuple([(x + dx, y + dy) for x, y in shape.points]), shape.kind))
        else:
            found.append(shape._replace(x=shape.x + dx, y=shape.y + dy))
    return found


def line(*corners: Point) -> tuple[Point, ...]:
    """Straight pieces as Bézier pieces."""
    points = [corners[0]]
    for (a, b), (c, d) in zip(corners, corners[1:]):
        points += [(a + (c - a) / 3, b + (d - b) / 3), (a + 2 * (c - a) / 3, b + 2 * (d - b) / 3), (c, d)]
    return tuple(points)


def joined(pieces: Sequence[tuple[Point, ...]]) -> tuple[Point, ...]:
    """Pieces one after the other, each beginning where the one before ends; those of no length are left out."""
    points = list(pieces[0][:1])
    for piece in pieces:
        if piece[0] != piece[-1] or len(piece) > 4:
            points += piece[1:]
    return tuple(points)


def circle(x: float, y: float, radius: float) -> tuple[Point, ...]:
    """A circle in four pieces."""
    k = radius * 0.5523
    r = radius
    return ((x - r, y), (x - r, y - k), (x - k, y - r), (x, y - r), (x + k, y - r), (x + r, y - k), (x + r, y),
            (x + r, y + k), (x + k, y + r), (x, y + r), (x - k, y + r), (x - r, y + k), (x - r, y))


def bounds(shapes: Iterable[Shape]) -> Bounds:
    """The rectangle around all shapes."""
    found = [shape.bounds for shape in shapes] or [(0.0, 0.0, 0.0, 0.0)]
    return (min(one[0] for one in found), min(one[1] for one in found),
            max(one[2] for one in found), max(one[3] for one in found))
