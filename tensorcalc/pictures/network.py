"""Expressions as tensor networks: which tensors there are, and which wires join them.

A term of a sum is a network.  Its tensors are nodes, each index is one wire, and an axis of
the term is the end of a wire that hangs out, a leg.  A delta is no node: it makes several indices
one wire.  So a wire with two ends is a contraction, a leg or a plain line; one with more is a
hyperedge, drawn with a dot; one with a single end is summed or repeated along, a dot at the end; one
without ends is a circle, which is worth the size of its axis.

A function of something larger than a name, and a sum inside a product, is a node with networks inside.
What occurs more than once, or is large, has a name, and a row of its own below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import NamedTuple

from ..algebra.build import is_number, symmetry
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder, uses
from ..functions import Function, core_axes
from ..sizes import Dim
from . import labels
from .labels import Label

MOST_TENSORS = 60    # of a picture with all its rows
MOST_FACTORS = 30    # of one product
MOST_TERMS = 8       # of one sum
MOST_INSIDE = 12     # tensors in a node
MOST_NESTED = 2      # nodes in one another
MOST_ROWS = 8


class Port(NamedTuple):
    """The axis of a node at which a wire ends."""

    node: int
    axis: int


class Wire(NamedTuple):
    """One index: the axes of nodes that carry it, the axes of the term that are it, and its size."""

    ports: tuple[Port, ...]
    legs: tuple[int, ...]
    dim: Dim

    @property
    def degree(self) -> int:
        """How many ends it has."""
        return len(self.ports) + len(self.legs)

    @property
    def dotted(self) -> bool:
        """Whether it is drawn with a dot where its ends meet."""
        return self.degree not in (0, 2)


class Inside(NamedTuple):
    """What is drawn in a node: the terms of a sum or the arguments of a function.

    ``passing``: for each axis of the node, the axis of what is inside; ``None`` where a function takes the
    axes inside and gives others.  ``joint``: what stands between the parts, ``"+"`` or ``","``.
    """

    parts: tuple[Term, ...]
    passing: tuple[int, ...] | None
    joint: str
    omitted: int = 0


class Node(NamedTuple):
    """A tensor: what it is called, or what is in it.

    ``exponent``: raised behind the node.  ``marked``: whether the order of its axes must be shown.
    ``of``: the expression whose axes its axes are.
    """

    label: Label
    of: Expr
    marked: bool
    inside: Inside | None = None
    exponent: Label = ()

    @property
    def rank(self) -> int:
        return self.of.rank


class Term(NamedTuple):
    """A coefficient and a network."""

    weight: Fraction
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    rank: int

    def tensors(self) -> Iterator[Node]:
        """All nodes that hold nothing, those inside other nodes too."""
        for node in self.nodes:
            if node.inside is None:
                yield node
            else:
                for part in node.inside.parts:
                    yield from part.tensors()


class Row(NamedTuple):
    """One line of a picture: a name, and a sum of networks; ``omitted`` terms are not drawn."""

    name: str
    expr: Expr
    terms: tuple[Term, ...]
    omitted: int = 0


class Drawing(NamedTuple):
    """The picture of an expression, before anything has a place.

    ``rows``: the expression, then what the names in it stand for.  ``notes``: what was left out.
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def tensors(self) -> Iterator[Node]:
        """All nodes that hold nothing."""
        for row in self.rows:
            for term in row.terms:
                yield from term.tensors()


def drawing(expr: Expr, taken: Collection[str] = ()) -> Drawing:
    """The networks of an expression and of its named parts; ``taken`` names are not given to parts.

    Examples
    --------
    >>> from ..notation.lower import read
    >>> (term,) = drawing(read("C_ij = X_ik Y_kj").expr).rows[0].terms
    >>> [labels.text_of(node.label) for node in term.nodes]
    ['X', 'Y']
    >>> [(len(wire.ports), len(wire.legs)) for wire in term.wires]
    [(1, 1), (1, 1), (2, 0)]
    """
    return _Drawer(expr, taken).drawn()


# -- sizes of pictures ---------------------------------------------------------------------


def tensor_counts(root: Expr) -> dict[Expr, int]:
    """How many tensors each part of an expression would be drawn with."""
    counts: dict[Expr, int] = {}
    for node in postorder(root):
        if isinstance(node, Delta):
            counts[node] = 0
        elif isinstance(node, (Apply, Sum, Variable)) and labels.short(node) is not None:
            counts[node] = 1
        else:
            counts[node] = sum([counts[child] for child in node.children])
    return counts


def factor_counts(root: Expr) -> dict[Expr, int]:
    """How many factors each part of an expression has as a product, those of products in it included."""
    counts: dict[Expr, int] = {}
    for node in postorder(root):
        opened = isinstance(node, Einsum) or (isinstance(node, Sum) and len(node.terms) == 1)
        counts[node] = sum([counts[child] for child in node.children]) if opened else 1
    return counts


class _Drawer:
    """Makes the rows of one picture; hands out names for parts."""

    def __init__(self, root: Expr, taken: Collection[str]) -> None:
        self.root = root
        variables = {node.name for node in postorder(root) if isinstance(node, Variable)}
        self.taken = {*taken, *variables}
        self.counts = tensor_counts(root)
        self.factors = factor_counts(root)
        self.notes: list[str] = []
        self.left = MOST_TENSORS
        self.names: dict[Expr, str] = {}
        used = uses([root])
        self.shared = {node for node, count in used.items() if count > 1 and node is not root
                       and isinstance(node, (Apply, Sum)) and self.counts[node] > 1}

    def drawn(self) -> Drawing:
        rows = [self.row("", self.root)]
        done = 0
        while done < len(self.names):
            part, name = list(self.names.items())[done]
            done += 1
            if len(rows) > MOST_ROWS or self.left <= 0:
                self.notes.append(f"not drawn: {name}, {_tensors(self.counts[part])}")
            else:
                rows.append(self.row(name, part))
        return Drawing(tuple(rows), tuple(self.notes))

    def row(self, name: str, expr: Expr) -> Row:
        """One line; its top is never a name."""
        listed, omitted = self.listed(expr)
        if isinstance(expr, Apply) and labels.short(expr) is None:
            return Row(name, expr, (self.term(Fraction(1), expr, 0, own=True),))
        return Row(name, expr, tuple([self.term(weight, part, 0) for weight, part in listed]), omitted)

    def listed(self, expr: Expr) -> tuple[list[tuple[Fraction, Expr]], int]:
        """The terms of a sum that are drawn, and how many are not."""
        if not isinstance(expr, Sum) or not expr.terms:
            return [(Fraction(1), expr)], 0
        terms = sorted(expr.terms, key=lambda term: term[0] < 0)
        omitted = max(len(terms) - MOST_TERMS, 0)
        if omitted:
            self.notes.append(f"not drawn: {omitted:,} more terms of a sum")
        return terms[:MOST_TERMS], omitted

    # -- one product -----------------------------------------------------------------------

    def term(self, weight: Fraction, expr: Expr, depth: int, own: bool = False) -> Term:
        """The network of a product; ``own``: a function that is drawn even where it has a name."""
        if self.factors[expr] > MOST_FACTORS:
            return self.summary(weight, expr)
        weight, factors, count, axes = _opened(weight, expr)
        union = list(range(count))

        def root(label: int) -> int:
            while union[label] != label:
                label = union[label]
            return label

        nodes: list[Node] = []
        ends: list[tuple[Port, int]] = []
        dims: dict[int, Dim] = dict(enumerate(expr.shape))
        loops: list[Dim] = []
        for operand, own_labels in factors:
            dims.update(zip(own_labels, operand.shape))
            if isinstance(operand, Delta):
                for label in own_labels[1:]:
                    union[root(label)] = root(own_labels[0])
                loops += [] if own_labels else [operand.dim]
                continue
            ends += [(Port(len(nodes), axis), label) for axis, label in enumerate(own_labels)]
            nodes.append(self.node(operand, depth, own))
        members: dict[int, tuple[list[Port], list[int]]] = {}
        for axis, label in enumerate(axes):
            members.setdefault(root(label), ([], []))[1].append(axis)
        for port, label in ends:
            members.setdefault(root(label), ([], []))[0].append(port)
        for label in dims:
            members.setdefault(root(label), ([], []))
        wires = [Wire(tuple(ports), tuple(legs), dims[label]) for label, (ports, legs) in members.items()]
        wires += [Wire((), (), dim) for dim in loops]
        return Term(weight, tuple(nodes), tuple(wires), expr.rank)

    def summary(self, weight: Fraction, expr: Expr) -> Term:
        """A product of too many factors as one node, which says how many there are."""
        self.left -= 1
        self.notes.append(f"not drawn: a product of {_tensors(self.counts[expr])}")
        node = Node(labels.plain(_tensors(self.counts[expr])), expr, expr.rank > 1)
        wires = tuple([Wire((Port(0, axis),), (axis,), dim) for axis, dim in enumerate(expr.shape)])
        return Term(weight, (node,), wires, expr.rank)

    def node(self, expr: Expr, depth: int, own: bool) -> Node:
        """One factor."""
        marked = expr.rank > 1 and symmetry(expr) != 1
        label = labels.short(expr)
        if label is not None:
            self.left -= 1
            return Node(label, expr, marked)
        inner = self.counts[expr]
        if not own and (expr in self.names or expr in self.shared or depth >= MOST_NESTED or inner > MOST_INSIDE
                        or inner > self.left):
            self.left -= 1
            return Node(labels.name(self.name(expr)), expr, marked)
        inside, title, exponent = self.inside(expr, depth + 1)
        return Node(title, expr, marked and inside.passing is None, inside, exponent)

    def inside(self, expr: Expr, depth: int) -> tuple[Inside, Label, Label]:
        """The networks in a node, its title and its exponent."""
        if not isinstance(expr, Apply):
            listed, omitted = self.listed(expr)
            parts = tuple([self.term(weight, part, depth) for weight, part in listed])
            return Inside(parts, tuple(range(expr.rank)), "+", omitted), (), ()
        arguments, exponent = labels.raised(expr)
        title = () if exponent is not None else labels.title(expr.function)
        if len(arguments) > 1:
            parts = tuple([self.term(Fraction(1), argument, depth) for argument in arguments])
            passing = tuple(range(expr.rank)) if expr.function.elementwise else None
            return Inside(parts, passing, ","), title, ()
        listed, omitted = self.listed(arguments[0])
        parts = tuple([self.term(weight, part, depth) for weight, part in listed])
        return Inside(parts, passing_axes(expr.function, arguments[0].rank, expr.rank), "+", omitted), title, exponent or ()

    def name(self, expr: Expr) -> str:
        """The name of a part that is drawn in a row of its own."""
        if expr not in self.names:
            name = next(name for name in (f"T{k}" for k in range(1, len(self.taken) + 2)) if name not in self.taken)
            self.taken.add(name)
            self.names[expr] = name
        return self.names[expr]


def _tensors(count: int) -> str:
    return f"{count:,} tensors" if count < 10**6 else f"about 10^{len(str(count)) - 1} tensors"


def passing_axes(function: Function, inner: int, rank: int) -> tuple[int, ...] | None:
    """The axis of the argument that each axis of the value is; ``None`` where the function gives axes of its own.

    Examples
    --------
    >>> from ..functions import TABLE
    >>> passing_axes(TABLE["inv"], 2, 2), passing_axes(TABLE["pinv"], 2, 2), passing_axes(TABLE["det"], 2, 0)
    ((0, 1), (1, 0), None)
    """
    if function.elementwise:
        return tuple(range(rank)) if inner == rank else None
    cores, value = core_axes(function)
    if len(cores) != 1:   # a stack of powers says nothing of the axes of what it is made of
        return None
    (core,), loops = cores, inner - len(cores[0])
    if core == value:
        return tuple(range(rank))
    if len(core) == 2 and value == core[::-1]:
        return (*range(loops), loops + 1, loops)
    return None


def _opened(weight: Fraction, expr: Expr) -> tuple[Fraction, list[tuple[Expr, tuple[int, ...]]], int, tuple[int, ...]]:
    """A product without the products, numbers and weighted terms in it: its weight, factors, labels, and those of its axes."""
    axes = tuple(range(expr.rank))
    count = expr.rank
    factors: list[tuple[Expr, tuple[int, ...]]] = []
    pending: list[tuple[Expr, tuple[int, ...]]] = [(expr, axes)]
    while pending:
        operand, own = pending.pop(0)
        value = is_number(operand) if not operand.shape else None
        if value is not None:
            weight *= value
        elif isinstance(operand, Sum) and len(operand.terms) == 1:
            weight *= operand.terms[0][0]
            pending.insert(0, (operand.terms[0][1], own))
        elif isinstance(operand, Einsum):
            fresh: dict[int, int] = dict(enumerate(own))
            for labels_of in operand.subscripts:
                for label in labels_of:
                    if label not in fresh:
                        fresh[label] = count
                        count += 1
            pending[:0] = [(inner, tuple([fresh[label] for label in labels_of]))
                           for inner, labels_of in zip(operand.operands, operand.subscripts)]
        else:
            factors.append((operand, own))
    return weight, factors, count, axes
