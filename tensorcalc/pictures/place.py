"""Networks with places: sizes of nodes, heights of wires, curves between columns.

Knows networks, orders and geometry.  Curves run between columns and straight through them, so no
wire meets a node that is not its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from . import labels
from .labels import Label, Run
from .network import Inside, Node, Term
from .order import Graph, Ordered, components, ordered
from .scene import FONT, SMALL, Box, Curve, Dot, Point, Shape, Text, circle, joined, line, moved

NODE, PORT, GAP, LEG, PAD = 32.0, 15.0, 22.0, 20.0, 12.0
COLUMN, WIDEST_GAP = 30.0, 84.0
LOOP = 13.0
INNER = "αβγδζηθκξπρσ"   # names of legs that nobody gave one, unlike those of the answer


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


class End(NamedTuple):
    """Where an edge ends: at an axis of a node, at a dot, or at a leg."""

    vertex: int
    axis: int = -1


@dataclass(slots=True)
class Web:
    """A term as a graph; its vertices are nodes, then dots, and bends at which the two legs of one wire meet.

    ``legs``: where each axis of the term ends; ``loops``: axes of one node that one wire joins.
    """

    term: Term
    count: int = 0
    dots: set[int] = field(default_factory=set)
    bends: set[int] = field(default_factory=set)
    edges: list[tuple[End, End]] = field(default_factory=list)
    legs: dict[int, End] = field(default_factory=dict)
    loops: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    rings: list[Label] = field(default_factory=list)


def web(term: Term) -> Web:
    """The graph of a term."""
    made = Web(term, len(term.nodes))
    for wire in term.wires:
        ends = [End(port.node, port.axis) for port in wire.ports]
        if not wire.degree:
            made.rings.append(labels.size(wire.dim))
        elif wire.dotted or len(wire.legs) == 2:
            (made.dots if wire.dotted else made.bends).add(made.count)
            made.edges += [(End(made.count), end) for end in ends]
            made.legs |= dict.fromkeys(wire.legs, End(made.count))
            made.count += 1
        elif wire.legs:
            made.legs[wire.legs[0]] = ends[0]
        elif ends[0].vertex == ends[1].vertex:
            made.loops.setdefault(ends[0].vertex, []).append((ends[0].axis, ends[1].axis))
        else:
            made.edges.append((ends[0], ends[1]))
    return made


def network(term: Term, sides: Sides, variable: frozenset[int] = frozenset()) -> tuple[Block | None, Block | None]:
    """The numbers in a term side by side, and what has legs, which end at its sides; ``variable``: axes of variables' legs."""
    made = web(term)
    graph = Graph(made.count, tuple([(a.vertex, b.vertex) for a, b in made.edges]))
    hanging = {end.vertex for end in made.legs.values()}
    whole = components(graph)
    numbers = [_part(made, part, Sides((), ()), variable) for part in whole if not hanging & set(part)]
    numbers += [_ring(label) for label in made.rings]
    parts = _open_parts(made, [part for part in whole if hanging & set(part)], sides, variable)
    return _beside(numbers) if numbers else None, _stacked(parts, variable=variable) if parts else None


def _open_parts(made: Web, parts: list[list[int]], sides: Sides, variable: frozenset[int]) -> list[Block]:
    """The parts with legs: as one with the legs in their order, or each by itself, where that has fewer crossings."""
    if not parts:
        return []
    whole = sorted(node for part in parts for node in part)
    joint = _order(made, whole, Sides(sides.left, sides.right, True))
    if sides.fixed:
        return [_placed(made, whole, sides, joint, variable)]
    single = [_order(made, part, _within(made, part, sides)) for part in parts]
    if joint.crossings <= sum([one.crossings for one in single]) + 1:
        return [_placed(made, whole, sides, joint, variable)]
    first = {axis: place for place, axis in enumerate((*sides.left, *sides.right))}
    order = sorted(range(len(parts)), key=lambda k: min(first[axis] for axis in _axes(made, parts[k])))
    return [_placed(made, parts[k], _within(made, parts[k], sides), single[k], variable) for k in order]


def _axes(made: Web, part: Sequence[int]) -> list[int]:
    inside = set(part)
    return [axis for axis, end in made.legs.items() if end.vertex in inside]


def _within(made: Web, part: Sequence[int], sides: Sides) -> Sides:
    own = set(_axes(made, part))
    return Sides(tuple([a for a in sides.left if a in own]), tuple([a for a in sides.right if a in own]))


def _part(made: Web, part: list[int], sides: Sides, variable: frozenset[int]) -> Block:
    return _placed(made, part, sides, _order(made, part, sides), variable)


def _order(made: Web, part: Sequence[int], sides: Sides) -> Ordered:
    number = {vertex: k for k, vertex in enumerate(part)}
    edges = tuple([(number[a.vertex], number[b.vertex]) for a, b in made.edges if a.vertex in number])
    left, right = ([number[made.legs[axis].vertex] for axis in side] for side in (sides.left, sides.right))
    return ordered(Graph(len(part), edges, tuple(left), tuple(right)), sides.fixed)


def _ring(label: Label) -> Block:
    """A wire without ends: a circle around the size of its axis."""
    radius = max(LOOP, labels.width(label, SMALL) / 2 + 5)
    return Block(2 * radius + 2, 2 * radius + 2, [Curve(circle(radius + 1, radius + 1, radius)),
                                                   Text(radius + 1, radius + 1, label, SMALL)])


# -- one connected part --------------------------------------------------------------------


@dataclass(slots=True)
class _Item:
    """A vertex, a leg or a passing wire: how far it reaches up and down from its middle, and how wide it is."""

    up: float
    down: float
    width: float
    x: float = 0.0
    y: float = 0.0


class _Placer:
    """Gives the items of one order their places."""

    def __init__(self, made: Web, part: Sequence[int], sides: Sides, found: Ordered, variable: frozenset[int]) -> None:
        self.made, self.part, self.sides, self.variable = made, list(part), sides, variable
        self.columns, self.chains, self.count = found.columns, found.chains, len(part)
        self.layer = {item: at for at, column in enumerate(self.columns) for item in column}
        self.place = {item: k for column in self.columns for k, item in enumerate(column)}
        self.number = {vertex: k for k, vertex in enumerate(part)}
        inside = set(part)
        edges = [edge for edge in made.edges if edge[0].vertex in inside]
        self.ends = [self.turned(chain, edge) for chain, edge in zip(self.chains, edges)]
        legs = [(None, made.legs[axis]) for axis in sides.left], [(made.legs[axis], None) for axis in sides.right]
        self.ends += [*legs[0], *legs[1]]
        self.axes = [*[-1] * len(edges), *sides.left, *sides.right]   # of the leg that each chain is
        self.vertical: set[int] = set()
        self.arcs: dict[int, str] = {}
        self.flat()
        self.ports: dict[tuple[int, str], list[int]] = {}
        self.offset: dict[tuple[int, int], float] = {}   # of a chain at an item, from the middle of the item
        self.blocks: dict[int, Block] = {}
        self.side_ports()
        self.items = {item: self.item(item) for item in self.layer}

    def turned(self, chain: list[int], edge: tuple[End, End]) -> tuple[End | None, End | None]:
        """The ends of an edge in the order of its chain."""
        return edge if self.number[edge[0].vertex] == chain[0] else (edge[1], edge[0])

    def vertex(self, item: int) -> int:
        return self.part[item] if item < self.count else -1

    def node(self, item: int) -> Node | None:
        vertex = self.vertex(item)
        return self.made.term.nodes[vertex] if 0 <= vertex < len(self.made.term.nodes) else None

    def simple(self, item: int) -> bool:
        """Whether wires may come to it from above and below."""
        node = self.node(item)
        return (node is None or node.inside is None) and self.vertex(item) not in self.made.loops

    # -- at which side a wire comes ----------------------------------------------------------

    def flat(self) -> None:
        """Wires within a column: straight between neighbours, else in an arc at one side."""
        for k, chain in enumerate(self.chains):
            a, b = chain[0], chain[-1]
            if self.layer[a] != self.layer[b]:
                continue
            if abs(self.place[a] - self.place[b]) == 1 and self.simple(a) and self.simple(b):
                self.vertical.add(k)
            else:
                inner = self.layer[a] == len(self.columns) - 2 and not self.columns[-1]
                self.arcs[k] = "right" if inner or self.layer[a] > 1 or self.columns[0] else "left"

    def side(self, k: int, item: int) -> str:
        """Where chain ``k`` leaves an item: left, right, above or below."""
        chain = self.chains[k]
        if k in self.arcs:
            return self.arcs[k]
        if k in self.vertical:
            other = chain[-1] if chain[0] == item else chain[0]
            return "below" if self.place[other] > self.place[item] else "above"
        return "right" if chain[0] == item else "left"

    def side_ports(self) -> None:
        """Which wires leave a vertex at each side, from top to bottom."""
        keyed: dict[tuple[int, str], list[tuple[float, int]]] = {}
        for k, chain in enumerate(self.chains):
            for item, other in ((chain[0], chain[1]), (chain[-1], chain[-2])):
                if item >= self.count:
                    continue
                side = self.side(k, item)
                key = float(self.place[other])
                if k in self.arcs:
                    key = -1.0 if self.place[other] < self.place[item] else 1e6
                keyed.setdefault((item, side), []).append((key, k))
        for where, found in keyed.items():
            self.ports[where] = [k for _, k in sorted(found)]

    def end(self, k: int, item: int) -> End:
        first, last = self.ends[k]
        found = first if self.chains[k][0] == item else last
        assert found is not None
        return found

    def axes_at(self, item: int, side: str) -> list[int]:
        """The axes of a node at one of its sides."""
        return [self.end(k, item).axis for k in self.ports.get((item, side), [])]

    # -- how large it is -----------------------------------------------------------------------

    def item(self, item: int) -> _Item:
        if item >= self.count:
            leg = self.layer[item] in (0, len(self.columns) - 1)
            return _Item(LEG / 2, LEG / 2, 0.0) if leg else _Item(5.0, 5.0, 0.0)
        node = self.node(item)
        if node is None:
            for side in ("left", "right"):
                for k in self.ports.get((item, side), []):
                    self.offset[k, item] = 0.0
            reach = 6.0 if self.vertex(item) in self.made.dots else 1.0
            return _Item(reach, reach, 2 * reach if reach > 1 else 0.0)
        loops = self.made.loops.get(self.vertex(item), [])
        around = node.inside is not None or (len(loops) == 1 and node.rank == 2)
        left, right = self.axes_at(item, "left"), self.axes_at(item, "right")
        if around:
            left, right = [*[a for a, _ in reversed(loops)], *left], [*[b for _, b in reversed(loops)], *right]
        upright = any((item, side) in self.ports for side in ("above", "below")) or bool(loops and not around)
        block = _node(node, left, right, upright=upright)
        self.blocks[item] = block
        for side, heights in (("left", block.left), ("right", block.right)):
            for k in self.ports.get((item, side), []):
                self.offset[k, item] = heights[self.end(k, item).axis] - block.height / 2
        above = 16.0 + 8.0 * len(loops) if loops else 0.0
        wide = 2 * (14.0 + 8.0 * len(loops)) if loops and around else 0.0
        return _Item(block.height / 2 + above, block.height / 2, block.width + wide)

    # -- where it is ---------------------------------------------------------------------------

    def heights(self) -> None:
        """The middle of each item, near the means of its neighbours."""
        apart: dict[int, float] = {}
        for column in self.columns:
            at = 0.0
            for k, item in enumerate(column):
                if k:
                    above = column[k - 1]
                    gap = 8.0 if above >= self.count or item >= self.count else GAP
                    if item >= self.count and above >= self.count and self.layer[item] in (0, len(self.columns) - 1):
                        gap = 4.0
                    apart[item] = self.items[above].down + self.items[item].up + gap
                    at += apart[item]
                self.items[item].y = at
            for item in column:
                self.items[item].y -= at / 2
        beside: dict[int, dict[str, list[tuple[int, float, float]]]] = {item: {"left": [], "right": []} for item in self.layer}
        for k, chain in enumerate(self.chains):
            for a, b in zip(chain, chain[1:]):
                if self.layer[a] != self.layer[b]:
                    shift = self.offset.get((k, b), 0.0) - self.offset.get((k, a), 0.0)
                    strong = 3.0 if a >= self.count and b >= self.count else 1.0
                    beside[a]["right"].append((b, shift, strong))
                    beside[b]["left"].append((a, -shift, strong))
        for turn in range(14):
            near = ("left",) if turn % 2 == 0 and turn < 8 else ("right",) if turn < 8 else ("left", "right")
            order = self.columns if turn % 2 == 0 else self.columns[::-1]
            for column in order:
                wanted, weights = [], []
                for item in column:
                    found = [one for side in near for one in beside[item][side]]
                    weight = sum([strong for *_, strong in found])
                    aim = sum([strong * (self.items[other].y + shift) for other, shift, strong in found])
                    wanted.append(aim / weight if weight else self.items[item].y)
                    weights.append(weight or 0.3)
                for item, y in zip(column, _spread(wanted, weights, [apart.get(item, 0.0) for item in column])):
                    self.items[item].y = y
        top = min([own.y - own.up for own in self.items.values()])
        for own in self.items.values():
            own.y -= top

    def widths(self) -> float:
        """The middle of each column; the width of all."""
        self.edges: list[tuple[float, float]] = []
        at = 0.0
        for layer, column in enumerate(self.columns):
            width = max([self.items[item].width for item in column], default=0.0)
            if layer:
                at += self.gap(layer - 1)
            self.edges.append((at, at + width))
            for item in column:
                self.items[item].x = at + width / 2
            at += width
        for item in self.items:
            if self.vertex(item) in self.made.dots and not any(
                    (item, side) in self.ports and any(k in self.vertical for k in self.ports[item, side])
                    for side in ("above", "below")):
                left, right = (len(self.ports.get((item, side), [])) for side in ("left", "right"))
                low, high = self.edges[self.layer[item]]
                self.items[item].x = high - 4 if right > left and right > 1 else low + 4 if left > 1 else (low + high) / 2
            elif self.vertex(item) in self.made.bends:   # upright there: where no node is
                rights = len(self.ports.get((item, "right"), []))
                self.items[item].x = self.edges[self.layer[item]][1] if rights == 2 else self.edges[self.layer[item]][0]
        return at

    def gap(self, layer: int) -> float:
        """The room between a column and the next one."""
        steep = [abs(self.height(k, a) - self.height(k, b)) for k, chain in enumerate(self.chains)
                 for a, b in zip(chain, chain[1:]) if self.layer[a] == layer and self.layer[b] == layer + 1]
        arcs = [self.depth(k) + 12 for k, side in self.arcs.items()
                if self.layer[self.chains[k][0]] == (layer if side == "right" else layer + 1)]
        if not steep and not arcs:
            return 0.0
        plain = LEG if layer in (0, len(self.columns) - 2) else COLUMN
        return max([plain, *arcs, min(plain + 0.3 * max(steep, default=0.0), WIDEST_GAP)])

    def height(self, k: int, item: int) -> float:
        return self.items[item].y + self.offset.get((k, item), 0.0)

    def depth(self, k: int) -> float:
        a, b = self.chains[k][0], self.chains[k][-1]
        return min(16 + 0.2 * abs(self.height(k, a) - self.height(k, b)), 50.0)

    # -- what is drawn -------------------------------------------------------------------------

    def block(self) -> Block:
        self.heights()
        width = self.widths()
        low = max([item.y + item.down for item in self.items.values()])
        made = Block(width, low)
        for k, axis in enumerate(self.axes):
            if axis < 0:
                continue
            chain = self.chains[k]
            if self.ends[k][0] is None:
                made.left[axis] = self.items[chain[0]].y
            else:
                made.right[axis] = self.items[chain[-1]].y
        for k in range(len(self.chains)):
            made.shapes += self.wire(k)
        for item in range(self.count):
            made.shapes += self.vertex_shapes(item)
        return made

    def point(self, k: int, item: int, side: str) -> Point:
        """Where chain ``k`` meets an item."""
        own = self.items[item]
        block = self.blocks.get(item)
        half = block.width / 2 if block is not None else 0.0
        if side in ("above", "below"):
            listed = self.ports[item, side]
            x = own.x + (9.0 * (listed.index(k) - (len(listed) - 1) / 2) if block is not None else 0.0)
            tall = block.height / 2 if block is not None else 0.0
            return x, own.y + (tall if side == "below" else -tall)
        return own.x + (half if side == "right" else -half), self.height(k, item)

    def wire(self, k: int) -> list[Shape]:
        chain = self.chains[k]
        kind = "variable" if self.axes[k] in self.variable else "wire"
        a, b = chain[0], chain[-1]
        if k in self.vertical:
            return [Curve(line(self.point(k, a, self.side(k, a)), self.point(k, b, self.side(k, b))), kind)]
        if k in self.arcs:
            return [Curve(self.arc(k), kind)]
        if self.is_cap(k):
            return [Curve(self.cap(k), kind)]
        pieces: list[tuple[Point, ...]] = []
        for one, two in zip(chain, chain[1:]):
            start, stop = self.point(k, one, "right"), self.point(k, two, "left")
            leave, enter = (self.edges[self.layer[one]][1], start[1]), (self.edges[self.layer[two]][0], stop[1])
            if one in self.items and self.vertex(one) in self.made.dots:
                leave = (max(leave[0], start[0]), leave[1])
            middle = (leave[0] + enter[0]) / 2
            pieces += [line(start, leave), (leave, (middle, leave[1]), (middle, enter[1]), enter), line(enter, stop)]
        return [Curve(joined(pieces), kind)]

    def is_cap(self, k: int) -> bool:
        """Whether a chain is one half of a wire whose two ends are legs on one side."""
        chain = self.chains[k]
        bend = next((item for item in chain if self.vertex(item) in self.made.bends), None)
        return bend is not None and len(self.ports.get((bend, "left"), [])) != 1

    def cap(self, k: int) -> tuple[Point, ...]:
        """From a bend, upright, to the leg."""
        chain = self.chains[k]
        if self.vertex(chain[0]) in self.made.bends:
            bend, rest, out, into = chain[0], chain[1:], "right", "left"
        else:
            bend, rest, out, into = chain[-1], chain[-2::-1], "left", "right"
        x, y = self.items[bend].x, self.items[bend].y
        stop = self.point(k, rest[0], into)
        pieces: list[tuple[Point, ...]] = [((x, y), (x, y + 0.55 * (stop[1] - y)), (x + 0.45 * (stop[0] - x), stop[1]), stop)]
        for one, two in zip(rest, rest[1:]):
            start, end = self.point(k, one, out), self.point(k, two, into)
            middle = (start[0] + end[0]) / 2
            pieces.append((start, (middle, start[1]), (middle, end[1]), end))
        return joined(pieces)

    def arc(self, k: int) -> tuple[Point, ...]:
        """At one side of a column, from one of its items to another."""
        side = self.arcs[k]
        a, b = sorted((self.chains[k][0], self.chains[k][-1]), key=lambda item: self.place[item])
        start, stop = self.point(k, a, side), self.point(k, b, side)
        edge = self.edges[self.layer[a]][1 if side == "right" else 0]
        far = edge + self.depth(k) * 4 / 3 * (1 if side == "right" else -1)
        return joined([line(start, (edge, start[1])), ((edge, start[1]), (far, start[1]), (far, stop[1]), (edge, stop[1])),
                       line((edge, stop[1]), stop)])

    def vertex_shapes(self, item: int) -> list[Shape]:
        own = self.items[item]
        block = self.blocks.get(item)
        if block is None:
            return [Dot(own.x, own.y)] if self.vertex(item) in self.made.dots else []
        x, y = own.x - block.width / 2, own.y - block.height / 2
        node = self.node(item)
        assert node is not None
        return [*self.loops(item, node, block, x, y), *moved(block.shapes, x, y), *self.upright_marks(item, node)]

    def loops(self, item: int, node: Node, block: Block, x: float, y: float) -> list[Shape]:
        """Wires from a node to itself: over it from side to side, or an arch on top of it."""
        found: list[Shape] = []
        pairs = self.made.loops.get(self.vertex(item), [])
        around = node.inside is not None or (len(pairs) == 1 and node.rank == 2)
        for k, (a, b) in enumerate(pairs):
            if around:
                left, right = (x, y + block.left[a]), (x + block.width, y + block.right[b])
                out, top, middle = 12.0 + 8.0 * k, y - 10.0 - 8.0 * k, x + block.width / 2
                found.append(Curve((left, (x - out * 1.3, left[1]), (x - out * 1.3, top), (x + min(10, block.width / 4), top),
                                    (middle, top), (middle, top), (x + block.width - min(10, block.width / 4), top),
                                    (x + block.width + out * 1.3, top), (x + block.width + out * 1.3, right[1]), right)))
            else:
                reach = 7.0 + 6.0 * k
                top = y - 18.0 - 8.0 * k
                middle = x + block.width / 2
                found.append(Curve(((middle - reach, y), (middle - reach - 3, top), (middle + reach + 3, top),
                                    (middle + reach, y))))
                if node.marked:
                    found += _marks(node, a, middle - reach, y, "above") + _marks(node, b, middle + reach, y, "above")
        return found

    def upright_marks(self, item: int, node: Node) -> list[Shape]:
        """The marks of axes above and below a node."""
        found: list[Shape] = []
        if node.marked:
            for side in ("above", "below"):
                for k in self.ports.get((item, side), []):
                    found += _marks(node, self.end(k, item).axis, *self.point(k, item, side), side)
        return found


def _placed(made: Web, part: Sequence[int], sides: Sides, found: Ordered, variable: frozenset[int]) -> Block:
    return _Placer(made, part, sides, found, variable).block()


def _spread(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Heights as near to the wanted ones as distances allow: isotonic regression by pooling neighbours."""
    total, offsets = 0.0, []
    for distance in apart:
        total += distance
        offsets.append(total)
    pools: list[tuple[float, float, int]] = []   # mean, weight, how many
    for aim, weight, offset in zip(wanted, weights, offsets):
        pools.append((aim - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, v, m), (b, w, n) = pools[-2:]
            pools[-2:] = [((a * v + b * w) / (v + w), v + w, m + n)]
    heights = [mean for mean, _, many in pools for _ in range(many)]
    return [height + offset for height, offset in zip(heights, offsets)]


# -- one node --------------------------------------------------------------------------------


def _marks(node: Node, axis: int, x: float, y: float, side: str) -> list[Shape]:
    """What says which axis a wire is at: a dot at the first one of a matrix, numbers at tensors of higher order."""
    dx, dy = {"left": (1, 0), "right": (-1, 0), "above": (0, 1), "below": (0, -1)}[side]
    if node.rank == 2:
        return [Dot(x, y, "first")] if axis == 0 else []
    return [Text(x + 7.0 * dx, y + 7.0 * dy, labels.plain(str(axis + 1)), 9.0, faint=True)]


def _even(axes: Sequence[int], height: float) -> dict[int, float]:
    return {axis: height / 2 + PORT * (place - (len(axes) - 1) / 2) for place, axis in enumerate(axes)}


def _node(node: Node, left: Sequence[int], right: Sequence[int], *, upright: bool) -> Block:
    """A node whose wires come at the sides given, and from above and below where that is so."""
    if node.inside is not None:
        return _frame(node, node.inside, left, right)
    numbered = node.marked and node.rank > 2
    height = max(NODE + (16 if numbered and upright else 0), PORT * max(len(left), len(right)) + 10)
    width = max(NODE, labels.width(node.label, FONT) + 16 + (18 if numbered else 0))
    made = Block(width, height, [Box(0, 0, width, height), Text(width / 2, height / 2, node.label)],
                 _even(left, height), _even(right, height))
    made.shapes += _side_marks(node, made)
    return made


def _side_marks(node: Node, made: Block) -> list[Shape]:
    found: list[Shape] = []
    if node.marked:
        for x, side, heights in ((0.0, "left", made.left), (made.width, "right", made.right)):
            for axis, y in heights.items():
                found += _marks(node, axis, x, y, side)
    return found


def _frame(node: Node, inside: Inside, left: Sequence[int], right: Sequence[int]) -> Block:
    """A node with networks in it: the legs inside go on outside, or have the same names at the wall."""
    through = inside.passing is not None and len(inside.parts) == 1 and inside.parts[0].weight == 1
    title = labels.width(node.label, SMALL)
    exponent = labels.width(node.exponent, FONT)
    head = 20.0 if node.label else 8.0
    if through:
        assert inside.passing is not None
        own = Sides(tuple([inside.passing[a] for a in left]), tuple([inside.passing[a] for a in right]), True)
        found = [part for part in network(inside.parts[0], own) if part is not None]
        made = _padded(_stacked(found), title + 2 * PAD)
        back = {inner: axis for axis, inner in enumerate(inside.passing)}
        lefts, rights = ({back[a]: y + head for a, y in heights.items()} for heights in (made.left, made.right))
        body = made
    else:
        body, lefts, rights = _named(inside, left, right, head, title)
    height = body.height + head + 10
    shapes: list[Shape] = [Box(0, 0, body.width, height, "frame"), *moved(body.shapes, 0, head)]
    if node.label:
        shapes.append(Text(9, 11, node.label, SMALL, "start"))
    if node.exponent:
        raised = tuple([Run(run.text, 0, run.italic) for run in node.exponent])
        shapes.append(Text(body.width + 3, -1, raised, SMALL, "start"))
    framed = Block(body.width, height, shapes, lefts, rights)
    if inside.passing is None:
        framed.shapes += _side_marks(node, framed)
    return _with_exponent(framed, exponent + 5) if node.exponent else framed


def _with_exponent(made: Block, room: float) -> Block:
    """A frame with room for what is raised behind it."""
    shapes = moved(made.shapes, 0, 6)
    shapes += [Curve(line((made.width, y + 6), (made.width + room, y + 6))) for y in made.right.values()]
    lefts, rights = ({axis: y + 6 for axis, y in heights.items()} for heights in (made.left, made.right))
    return Block(made.width + room, made.height + 6, shapes, lefts, rights)


def _padded(made: Block, least: float) -> Block:
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


def _named(inside: Inside, left: Sequence[int], right: Sequence[int], head: float,
           title: float) -> tuple[Block, dict[int, float], dict[int, float]]:
    """Several networks in a frame; legs that go on outside have names inside."""
    passing = inside.passing
    rank = max([part.rank for part in inside.parts], default=0)
    if passing is None:
        sides, names = Sides.halves(rank), {}
    else:
        sides = Sides(tuple([passing[a] for a in left]), tuple([passing[a] for a in right]), True)
        names = {inner: labels.italic(INNER[axis % len(INNER)]) for axis, inner in enumerate(passing)}
    row = terms(inside.parts, sides, names, inside.joint, inside.omitted, WIDE_INSIDE)
    rim = 20.0
    width = max(row.width + 2 * rim, title + 2 * PAD)
    height = max(row.height, PORT * max(len(left), len(right)))
    shapes = moved(row.shapes, (width - row.width) / 2, (height - row.height) / 2)
    lefts, rights = ({axis: y + head for axis, y in _even(side, height).items()} for side in (left, right))
    if names and passing is not None and max(len(left), len(right)) > 1:   # one leg on each side is told by its side
        for x, anchor, heights in ((4.0, "start", lefts), (width - 4, "end", rights)):
            shapes += [Text(x, y - head, names[passing[axis]], SMALL, anchor, True) for axis, y in heights.items()]
    return Block(width, height, shapes), lefts, rights


# -- sums ------------------------------------------------------------------------------------

WIDE_INSIDE = 420.0


def terms(parts: Sequence[Term], sides: Sides, names: Mapping[int, Label], joint: str, omitted: int, widest: float,
          by: Sequence[By] = (), lead: Block | None = None) -> Block:
    """Networks side by side with their coefficients, in as many lines as they need."""
    pieces: list[Block] = [lead] if lead is not None else []
    variable = frozenset([axis for _, axes in by for axis in axes])
    for place, part in enumerate(parts):
        sign = _coefficient(part, place, joint)
        numbers, body = network(part, sides, variable)
        found = [_text(sign) if sign else None, numbers, labelled(body, names, by) if body is not None else None]
        pieces.append(_beside([one for one in found if one is not None], 8.0))
    if omitted:
        pieces.append(_text(labels.plain(f"+ {omitted:,} more terms")))
    lines: list[list[Block]] = [[]]
    used = 0.0
    for piece in pieces:
        if lines[-1] and used + piece.width > widest and lines[-1] != [lead]:   # a name stays with what it names
            lines.append([])
            used = 0.0
        lines[-1].append(piece)
        used += piece.width + 14
    return _stacked([_beside(own, 14.0) for own in lines], 20.0, stretch=False)


def _coefficient(part: Term, place: int, joint: str) -> Label:
    bare = not part.nodes and not part.wires
    if joint == ",":
        return labels.plain(",") if place else labels.number(part.weight) if bare else ()
    sign = ("−" if part.weight < 0 else "") if not place else "− " if part.weight < 0 else "+ "
    size = abs(part.weight)
    number = str(size) if size != 1 or bare else ""
    text = (sign + (number if len(number) <= 16 else number[:12] + "…")).strip()
    return labels.plain(text) if text else ()


def _text(label: Label) -> Block:
    width = labels.width(label, FONT)
    return Block(width, FONT * 1.3, [Text(width / 2, FONT * 0.65, label)])


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


def _beside(parts: Sequence[Block], gap: float = 16.0) -> Block:
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


def _stacked(parts: Sequence[Block], gap: float = 14.0, *, stretch: bool = True,
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

