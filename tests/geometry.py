"""Pictures as the tests look at them: what overlaps, what is cut off, and what is joined to what as the eye sees it.

``problems`` looks at the shapes alone; ``joined`` follows the curves from end to end and knows nothing of the
network that was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from tensorcalc.pictures.labels import text_of
from tensorcalc.pictures.scene import Bounds, Box, Curve, Dot, Scene, Text

SLACK = 0.6   # pixels that lie within the thickness of a line


def problems(scene: Scene) -> list[str]:
    """Everything that a reader would call ugly or wrong."""
    return [*_outside(scene), *_boxes(scene), *_wires(scene), *_texts(scene)]


def _within(inner: Bounds, outer: Bounds, slack: float = SLACK) -> bool:
    return (inner[0] >= outer[0] - slack and inner[1] >= outer[1] - slack
            and inner[2] <= outer[2] + slack and inner[3] <= outer[3] + slack)


def _meet(one: Bounds, other: Bounds, slack: float = SLACK) -> bool:
    return (one[0] < other[2] - slack and other[0] < one[2] - slack
            and one[1] < other[3] - slack and other[1] < one[3] - slack)


def _shrunk(bounds: Bounds, by: float) -> Bounds:
    return bounds[0] + by, bounds[1] + by, bounds[2] - by, bounds[3] - by


def _holds(bounds: Bounds, point: tuple[float, float]) -> bool:
    return bounds[0] < point[0] < bounds[2] and bounds[1] < point[1] < bounds[3]


def _outside(scene: Scene) -> list[str]:
    frame = (0.0, 0.0, scene.width, scene.height)
    return [f"{shape} is cut off" for shape in scene.shapes if not _within(shape.bounds, frame)]


def _boxes(scene: Scene) -> list[str]:
    """Boxes are apart, or one is a frame with the other in it."""
    found = []
    for one, other in combinations([shape for shape in scene.shapes if isinstance(shape, Box)], 2):
        nested = (other.kind == "frame" and _within(one.bounds, other.bounds)) or \
            (one.kind == "frame" and _within(other.bounds, one.bounds))
        if _meet(one.bounds, other.bounds) and not nested:
            found.append(f"{one} and {other} overlap")
    return found


def _wires(scene: Scene) -> list[str]:
    """No wire goes through a tensor; none goes through the wall of a frame."""
    found = []
    boxes = [shape for shape in scene.shapes if isinstance(shape, Box)]
    for curve in scene.shapes:
        if not isinstance(curve, Curve):
            continue
        points = list(curve.sampled(24))
        for box in boxes:
            inside = [_holds(_shrunk(box.bounds, 1.0), point) for point in points]
            if box.kind != "frame" and any(inside):
                found.append(f"{curve} goes through {box}")
            if box.kind == "frame" and any(inside) and not all(_within((*point, *point), box.bounds, 1.0) for point in points):
                found.append(f"{curve} goes through the wall of {box}")
    return found


def _texts(scene: Scene) -> list[str]:
    """A text stands in its box or beside it, on no wire, and on no other text."""
    found = []
    texts = [shape for shape in scene.shapes if isinstance(shape, Text)]
    for text in texts:
        bounds = _shrunk(text.bounds, 1.5)
        for shape in scene.shapes:
            if isinstance(shape, Box) and _meet(bounds, shape.bounds) and not _within(bounds, shape.bounds):
                found.append(f"{text_of(text.label)!r} lies on the edge of {shape}")
            if isinstance(shape, Curve) and any(_holds(bounds, point) for point in shape.sampled(24)):
                found.append(f"{text_of(text.label)!r} lies on {shape}")
            if isinstance(shape, Dot) and shape.kind == "copy" and _meet(bounds, shape.bounds):
                found.append(f"{text_of(text.label)!r} lies on {shape}")
    for one, other in combinations(texts, 2):
        if _meet(_shrunk(one.bounds, 1.5), _shrunk(other.bounds, 1.5)):
            found.append(f"{text_of(one.label)!r} and {text_of(other.label)!r} overlap")
    return found


# -- what is joined to what ----------------------------------------------------------------


def joined(scene: Scene) -> list[tuple[tuple[str, ...], int]]:
    """Each wire as the eye follows it: the labels of the boxes at its ends, and how many of its ends hang free."""
    boxes = [shape for shape in scene.shapes if isinstance(shape, Box)]
    dots = [shape for shape in scene.shapes if isinstance(shape, Dot) and shape.kind == "copy"]
    curves = [shape for shape in scene.shapes if isinstance(shape, Curve) and shape.kind != "bracket"]
    wires = list(range(len(curves)))

    def root(k: int) -> int:
        while wires[k] != k:
            k = wires[k]
        return k

    def near(one: tuple[float, float], other: tuple[float, float], reach: float = 0.3) -> bool:
        return abs(one[0] - other[0]) < reach and abs(one[1] - other[1]) < reach

    ends = [(k, point) for k, curve in enumerate(curves) for point in (curve.points[0], curve.points[-1])]
    for (k, one), (m, other) in combinations(ends, 2):
        dotted = any(near(one, (dot.x, dot.y), 5.0) and near(other, (dot.x, dot.y), 5.0) for dot in dots)
        if (near(one, other) and not any(_touches(box, one) for box in boxes)) or dotted:
            wires[root(k)] = root(m)
    found: dict[int, tuple[list[str], int]] = {root(k): ([], 0) for k in wires}
    for k, point in ends:
        at, free = found[root(k)]
        box = next((box for box in boxes if _touches(box, point)), None)
        if box is not None:
            at.append(_label(box, scene.shapes))
        elif sum([near(point, other) for _, other in ends]) == 1 and not any(near(point, (dot.x, dot.y), 5.0) for dot in dots):
            free += 1
        found[root(k)] = at, free
    bare = [((), 0) for dot in dots if not any(near(point, (dot.x, dot.y), 5.0) for _, point in ends)]
    return sorted([*[(tuple(sorted(at)), free) for at, free in found.values()], *bare])


def _touches(box: Box, point: tuple[float, float]) -> bool:
    """Whether a point lies on the edge of a box."""
    return _within((*point, *point), box.bounds, 0.3) and not _holds(_shrunk(box.bounds, 0.3), point)


def _label(box: Box, shapes: Sequence[object]) -> str:
    return next(text_of(shape.label) for shape in shapes if isinstance(shape, Text) and shape.font > 10
                and _within(_shrunk(shape.bounds, 1.0), box.bounds, 1.0))
