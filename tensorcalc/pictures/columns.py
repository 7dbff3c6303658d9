"""One connected part of a network with places: heights of nodes, widths of columns, curves between them.

Knows orders and geometry; how a node looks is the caller's.  Curves run between columns and straight through
them, so no wire meets a node that is not its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .blocks import Block, Sides
from .network import Node
from .nodes import marks
from .order import Ordered
from .scene import Curve, Dot, Point, Shape, joined, line, moved
from .web import End, Web

GAP, LEG = 22.0, 20.0
COLUMN, WIDEST_GAP = 30.0, 84.0

Look = Callable[[Node, Sequence[int], Sequence[int], bool], Block]
"""A node whose wires come at the left and at the right, and from above or below where the last argument says so."""


@dataclass(slots=True)
class _Item:
    """A vertex, a leg or a passing wire: how far it reaches up and down from its middle, and how wide it is."""

    up: float
    down: float
    width: float
    x: float = 0.0
    y: float = 0.0


class Placer:
    """Gives the items of one order their places."""

    def __init__(self, made: Web, part: Sequence[int], sides: Sides, found: Ordered, variable: frozenset[int],
                 look: Look) -> None:
        self.look = look
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
        block = self.look(node, left, right, upright)
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
                for item, y in zip(column, spread(wanted, weights, [apart.get(item, 0.0) for item in column])):
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
                    found += marks(node, a, middle - reach, y, "above") + marks(node, b, middle + reach, y, "above")
        return found

    def upright_marks(self, item: int, node: Node) -> list[Shape]:
        """The marks of axes above and below a node."""
        found: list[Shape] = []
        if node.marked:
            for side in ("above", "below"):
                for k in self.ports.get((item, side), []):
                    found += marks(node, self.end(k, item).axis, *self.point(k, item, side), side)
        return found


def spread(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
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
