"""Networks as graphs: nodes, dots and bends, the edges between them, and where legs end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from . import labels
from .labels import Label
from .network import Term


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
