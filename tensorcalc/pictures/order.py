"""Networks in layers: which node stands in which column, and in which order from top to bottom.

Columns are distances from the legs, so that a wire goes to the next column or stays in its own; a longer
one gets a place in each column that it passes, where nothing else may stand.  Orders come from sweeps
over the columns, each node to the mean place of its neighbours, then from exchanges of
neighbours (Sugiyama, Tagawa & Toda 1981, IEEE Trans. SMC 11, 109).  Of several ways to
choose columns the one with the fewest crossings is taken.  Knows numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

SWEEPS = 6
MOST_SOURCES = 16   # nodes or pairs of nodes from which the columns of a network without legs are tried

CROSSING, BLOCKED, PASSING, FLAT, COLUMN, ROW, SLOPE, TURNED = 10.0, 4.0, 1.0, 0.3, 0.4, 0.7, 0.4, 0.05


class Graph(NamedTuple):
    """``nodes`` nodes, the edges between them, and for each leg on the left and on the right the node that it hangs at."""

    nodes: int
    edges: tuple[tuple[int, int], ...]
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()


class Ordered(NamedTuple):
    """Items in columns, the legs in the first and in the last.

    The first items are the nodes.  ``chains`` has, for each edge, then for each leg on the left and on the right, the items
    along it.  ``flat``: edges within one column.
    """

    columns: list[list[int]]
    chains: list[list[int]]
    flat: list[tuple[int, int]]
    cost: float
    crossings: int


def ordered(graph: Graph, fixed: bool = False, layers: Sequence[int] | None = None) -> Ordered:
    """The best of several ways to put a graph into columns; ``fixed``: the legs stay in their order.

    Examples
    --------
    >>> ordered(Graph(2, ((0, 1),), (0,), (1,))).columns
    [[2], [0], [1], [3]]
    """
    ways = [list(layers)] if layers is not None else list(_unique(_layerings(graph)))
    return min([_arranged(graph, way, fixed) for way in ways], key=lambda found: found.cost)


def _unique(ways: Iterator[list[int]]) -> Iterator[list[int]]:
    seen: set[tuple[int, ...]] = set()
    for way in ways:
        if tuple(way) not in seen:
            seen.add(tuple(way))
            yield way


def neighbours(graph: Graph) -> list[list[int]]:
    """The nodes that each node shares an edge with."""
    found: list[list[int]] = [[] for _ in range(graph.nodes)]
    for a, b in graph.edges:
        found[a].append(b)
        found[b].append(a)
    return found


def components(graph: Graph) -> list[list[int]]:
    """The connected parts, each a sorted list of nodes."""
    beside = neighbours(graph)
    seen: set[int] = set()
    parts: list[list[int]] = []
    for start in range(graph.nodes):
        if start in seen:
            continue
        seen.add(start)
        part = [start]
        for node in part:
            fresh = [other for other in dict.fromkeys(beside[node]) if other not in seen]
            seen.update(fresh)
            part += fresh
        parts.append(sorted(part))
    return parts


# -- columns -------------------------------------------------------------------------------


def _layerings(graph: Graph) -> Iterator[list[int]]:
    """Ways to give each node a column, from 1 on: by the distance from either side, nodes of one wire in line or not."""
    parts = components(graph)
    sides = [list(dict.fromkeys(side)) for side in (graph.left, graph.right)]
    if not sides[0] and not sides[1]:
        starts = [[node] for node in range(graph.nodes)] + [[a, b] for a, b in dict.fromkeys(graph.edges)]
        for sources in starts[:: max(len(starts) // MOST_SOURCES, 1)]:
            for hanging in (False, True):
                yield _layers(graph, parts, [sources, []], 0, hanging)
        return
    for first in (0, 1):
        for hanging in (False, True):
            yield _layers(graph, parts, sides, first, hanging)


def _layers(graph: Graph, parts: list[list[int]], sides: list[list[int]], first: int, hanging: bool) -> list[int]:
    """Distances from one side where a part has legs there, else from the other."""
    beside = neighbours(graph)
    legs = set(graph.left) | set(graph.right)
    found = [0] * graph.nodes
    depth = [0, 0]
    chosen: list[tuple[int, list[int], dict[int, int]]] = []
    for part in parts:
        inside = set(part)
        own = [[node for node in side if node in inside] for side in sides]
        side = first if own[first] else 1 - first if own[1 - first] else 0
        away = _distances(beside, own[side] or part[:1])
        if hanging:
            for node in part:
                if len(beside[node]) == 1 and node not in legs and away[node] and len(beside[beside[node][0]]) > 1:
                    away[node] -= 1
        chosen.append((side, part, away))
        depth[side] = max(depth[side], max(away.values()) + 1)
    last = max(depth)
    for side, part, away in chosen:
        for node in part:
            found[node] = last - away[node] if side else away[node] + 1
    low = min(found, default=1) - 1
    return [layer - low for layer in found]


def _distances(beside: list[list[int]], sources: list[int]) -> dict[int, int]:
    away = dict.fromkeys(sources, 0)
    queue = list(sources)
    for node in queue:
        for other in beside[node]:
            if other not in away:
                away[other] = away[node] + 1
                queue.append(other)
    return away


# -- orders --------------------------------------------------------------------------------


class _Columns:
    """A graph with a place for every passing wire; what an order of its columns costs."""

    def __init__(self, graph: Graph, layers: Sequence[int], fixed: bool) -> None:
        self.last = max(layers, default=0) + 1
        self.columns: list[list[int]] = [[] for _ in range(self.last + 1)]
        for node in range(graph.nodes):
            self.columns[layers[node]].append(node)
        self.layer = dict(enumerate(layers))
        self.chains: list[list[int]] = []
        self.flat: list[tuple[int, int]] = []
        self.fixed = fixed
        legs = []
        for at, side in ((0, graph.left), (self.last, graph.right)):
            for node in side:
                item = self.item(at)
                legs.append((item, node) if at == 0 else (node, item))
        self.legs = [list(self.columns[0]), list(self.columns[self.last])]
        self.passing = 0
        for a, b in (*graph.edges, *legs):
            self.chains.append(self.chain(a, b))
        self.before: dict[int, list[int]] = {item: [] for item in self.layer}
        self.after: dict[int, list[int]] = {item: [] for item in self.layer}
        for chain in self.chains:
            for a, b in zip(chain, chain[1:]):
                if self.layer[a] != self.layer[b]:
                    self.after[a].append(b)
                    self.before[b].append(a)
        self.level: dict[int, list[int]] = {}
        for a, b in self.flat:
            self.level.setdefault(a, []).append(b)
            self.level.setdefault(b, []).append(a)

    def item(self, layer: int) -> int:
        made = len(self.layer)
        self.layer[made] = layer
        self.columns[layer].append(made)
        return made

    def chain(self, a: int, b: int) -> list[int]:
        """The items along an edge, from the left to the right."""
        if self.layer[a] > self.layer[b]:
            a, b = b, a
        if self.layer[a] == self.layer[b]:
            self.flat.append((a, b))
            return [a, b]
        between = [self.item(layer) for layer in range(self.layer[a] + 1, self.layer[b])]
        self.passing += len(between)
        return [a, *between, b]

    def places(self) -> dict[int, int]:
        return {item: place for column in self.columns for place, item in enumerate(column)}

    def crossings(self, at: int, place: dict[int, int]) -> int:
        """Between a column and the next one."""
        pairs = [(place[a], place[b]) for a in self.columns[at] for b in self.after[a]]
        return sum([1 for k, (a, b) in enumerate(pairs) for c, d in pairs[k + 1:] if (a - c) * (b - d) < 0])

    def blocked(self, at: int, place: dict[int, int]) -> int:
        """How many items stand between the ends of wires within a column."""
        return sum([abs(place[a] - place[b]) - 1 for a, b in self.flat if self.layer[a] == at])

    def turned(self, at: int, place: dict[int, int]) -> int:
        """How many pairs of legs are not in their order."""
        if at not in (0, self.last):
            return 0
        own = [place[leg] for leg in self.legs[at > 0]]
        return sum([1 for k, a in enumerate(own) for b in own[k + 1:] if a > b])

    def local(self, at: int, place: dict[int, int]) -> float:
        """What the order of one column costs."""
        cost = BLOCKED * self.blocked(at, place) + TURNED * self.turned(at, place)
        if at:
            cost += CROSSING * self.crossings(at - 1, place)
        return cost + (CROSSING * self.crossings(at, place) if at < self.last else 0)

    def cost(self) -> tuple[float, int]:
        place = self.places()
        crossings = sum([self.crossings(at, place) for at in range(self.last)])
        own = sum([BLOCKED * self.blocked(at, place) + TURNED * self.turned(at, place) for at in range(self.last + 1)])
        return CROSSING * crossings + own, crossings

    def movable(self, at: int) -> bool:
        return not (self.fixed and at in (0, self.last))

    def sweep(self, forward: bool) -> None:
        """Each column by the mean places of neighbours in the column before."""
        order = range(self.last + 1) if forward else range(self.last, -1, -1)
        for at in order:
            if not self.movable(at):
                continue
            column = self.columns[at]
            place = self.places()

            def wanted(item: int, place: dict[int, int] = place) -> float:
                beside = (self.before if forward else self.after)[item]
                near = [float(place[other]) for other in beside] + [float(place[other]) for other in self.level.get(item, [])]
                return sum(near) / len(near) if near else float(place[item])

            column.sort(key=wanted)

    def exchange(self) -> None:
        """Exchange neighbours while that helps."""
        for _ in range(12):
            better = False
            for at in range(self.last + 1):
                if self.movable(at):
                    better |= self.exchanged(at)
            if not better:
                return

    def exchanged(self, at: int) -> bool:
        column, better = self.columns[at], False
        place = self.places()
        cost = self.local(at, place)
        for k in range(len(column) - 1):
            for other in range(k + 1, min(k + 3, len(column))):
                column[k], column[other] = column[other], column[k]
                place[column[k]], place[column[other]] = k, other
                new = self.local(at, place)
                if new < cost - 1e-9:
                    cost, better = new, True
                else:
                    column[k], column[other] = column[other], column[k]
                    place[column[k]], place[column[other]] = k, other
        return better


def _arranged(graph: Graph, layers: Sequence[int], fixed: bool) -> Ordered:
    made = _Columns(graph, layers, fixed)
    best = [list(column) for column in made.columns]
    least = made.cost()[0]
    for turn in range(SWEEPS):
        made.sweep(turn % 2 == 0)
        cost = made.cost()[0]
        if cost < least:
            best, least = [list(column) for column in made.columns], cost
    made.columns = best
    made.exchange()
    cost, crossings = made.cost()
    middle = {item: place - (len(column) - 1) / 2 for column in made.columns for place, item in enumerate(column)}
    slope = sum([abs(middle[a] - middle[b]) for a in made.after for b in made.after[a]])
    total = cost + SLOPE * slope + PASSING * made.passing + FLAT * len(made.flat) + COLUMN * (made.last - 1) + \
        ROW * max(map(len, made.columns))
    return Ordered(made.columns, made.chains, made.flat, total, crossings)
