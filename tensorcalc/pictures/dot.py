"""Drawings as DOT, the language of Graphviz: what is joined to what, without places.

A tensor is a box, a hyperedge a point, a leg its letter; the ends of an edge are labelled with the axis that it is,
counted from 1.  What is in a node, and each term, is a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..algebra.expr import Variable
from ..notation.describe import Layout, axis_letters
from . import labels
from .draw import heading, inner
from .network import Drawing, Node, Term


def dot(made: Drawing, layout: Layout) -> str:
    """The text of an undirected graph.

    Examples
    --------
    >>> from ..notation.lower import read
    >>> from .network import drawing
    >>> print(dot(drawing(read("x' y").expr), Layout(((),))))
    graph "tensor network" {
      rankdir=LR;
      subgraph "cluster r1t1" {
        label="";
        "r1t1n1" [shape=ellipse, label="x"];
        "r1t1n2" [shape=ellipse, label="y"];
        "r1t1n1" -- "r1t1n2" [taillabel="1", headlabel="1"];
      }
    }
    """
    letters = axis_letters(layout)
    by = dict(_variables(layout))
    lines = ['graph "tensor network" {', "  rankdir=LR;"]
    head = heading(layout, letters)
    if head:
        lines.append(f"  label={quoted(labels.text_of(head))};")
    for k, row in enumerate(made.rows, 1):
        names = letters if k == 1 else inner(row.expr.rank)
        for place, term in enumerate(row.terms, 1):
            above = f"{row.name} = " if row.name and place == 1 else ""
            lines += ["  " + line for line in _term(term, f"r{k}t{place}", names, by if k == 1 else {}, above)]
    lines += [f"  // {note}" for note in made.notes]
    return "\n".join([*lines, "}"])


def quoted(text: str, *, lines: bool = False) -> str:
    """A DOT string; ``lines``: its lines stay apart."""
    parts = ["".join([char if char.isprintable() else " " for char in part]) for part in text.split("\n")]
    return '"' + ("\\n" if lines else " ").join([part.replace("\\", "\\\\").replace('"', '\\"') for part in parts]) + '"'


def _variables(layout: Layout) -> Iterator[tuple[int, str]]:
    at = sum(layout.parts[0])
    for name, part in zip(layout.variables, layout.parts[1:]):
        for _ in range(sum(part)):
            yield at, name
            at += 1


def _term(term: Term, prefix: str, letters: Sequence[str], by: Mapping[int, str], above: str = "") -> Iterator[str]:
    """The lines of one network, each of its nodes called after ``prefix``."""
    weight = "" if term.weight == 1 else str(term.weight)
    yield f"subgraph {quoted(f'cluster {prefix}')} {{"
    yield f"  label={quoted(above + weight)};"
    for k, node in enumerate(term.nodes, 1):
        yield from ["  " + line for line in _node(node, f"{prefix}n{k}")]
    for axis in range(term.rank):
        mark = f", xlabel={quoted(f'∂{by[axis]}')}" if axis in by else ""
        yield f"  {quoted(f'{prefix}l{axis + 1}')} [shape=plaintext, label={quoted(letters[axis])}{mark}];"
    for k, wire in enumerate(term.wires, 1):
        ends = [(quoted(f"{prefix}n{port.node + 1}"), f"{port.axis + 1}") for port in wire.ports]
        ends += [(quoted(f"{prefix}l{axis + 1}"), "") for axis in wire.legs]
        hub = quoted(f"{prefix}w{k}")
        if wire.degree == 2:
            yield f"  {_edge(*ends)}"
        elif not wire.degree:
            yield f"  {hub} [shape=point, xlabel={quoted(str(wire.dim))}];"
            yield f"  {hub} -- {hub};"
        else:
            yield f"  {hub} [shape=point];"
            yield from [f"  {_edge((hub, ''), end)}" for end in ends]
    yield "}"


def _edge(tail: tuple[str, str], head: tuple[str, str]) -> str:
    marks = [f"{name}={quoted(axis)}" for name, axis in (("taillabel", tail[1]), ("headlabel", head[1])) if axis]
    return f"{tail[0]} -- {head[0]}" + (f" [{', '.join(marks)}]" if marks else "") + ";"


def _node(node: Node, name: str) -> Iterator[str]:
    title = node.of.name if isinstance(node.of, Variable) else labels.text_of((*node.label, *node.exponent))
    if node.inside is None:
        yield f"{quoted(name)} [shape=ellipse, label={quoted(title)}];"
        return
    yield f"{quoted(name)} [shape=box, style=dashed, label={quoted(title or 'sum')}];"
    yield f"subgraph {quoted(f'cluster {name}')} {{"
    yield f"  label={quoted('inside ' + (title or 'sum'))};"
    for place, part in enumerate(node.inside.parts, 1):
        names = inner(part.rank)
        yield from ["  " + line for line in _term(part, f"{name}p{place}", names, {})]
    yield "}"
