"""Edges of a linearised graph: linear maps as sums of products that are not multiplied out.

An index that a row and a column share is a delta, and is never a tensor.  Knows no sizes but
their names, and no graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from ..algebra.build import dimension
from ..algebra.expr import Delta, Einsum, Expr, Sum
from ..sizes import Dim, Shape
from .nodes import Labels, Placed, product_node, sum_node


class Term(NamedTuple):
    """A product that stands for a linear map, not multiplied out.

    ``rows`` and ``columns`` give a label for each axis of the value and of the argument; a label
    in both, or twice in one, is a delta.  ``dims``: the size of each label.
    """

    weight: Fraction
    factors: tuple[Placed, ...]
    rows: Labels
    columns: Labels
    dims: Shape


Edge = tuple[Term, ...]


def identity(y: Expr) -> Term:
    """The derivative of a value by itself: a delta an axis."""
    axes = tuple(range(y.rank))
    return Term(Fraction(1), (), axes, axes, y.shape)


def terms_of(weight: Fraction, factors: Iterable[tuple[Expr, Sequence[Hashable]]], rows: Sequence[Hashable],
          columns: Sequence[Hashable], sized: Mapping[Hashable, Dim]) -> Iterator[Term]:
    """A product with any labels as a term, its deltas made equal labels; nothing where it is zero."""
    joined = _Joined()
    dims: dict[Hashable, Dim] = dict(sized)
    kept: list[tuple[Expr, Sequence[Hashable]]] = []
    pending = list(factors)
    while pending:
        factor, labels = pending.pop()
        dims.update(zip(labels, factor.shape))
        if isinstance(factor, Sum) and len(factor.terms) < 2:
            if not factor.terms:
                return
            weight *= factor.terms[0][0]
            pending.append((factor.terms[0][1], labels))
        elif isinstance(factor, Delta) and factor.shape:
            for label in labels[1:]:
                joined.join(labels[0], label)
        elif isinstance(factor, Einsum) and any(isinstance(operand, Delta) for operand in factor.operands):
            own: dict[int, Hashable] = dict(enumerate(labels))
            for operand, subscripts in zip(factor.operands, factor.subscripts):
                pending.append((operand, [own.setdefault(s, ("inner", len(dims), s)) for s in subscripts]))
                dims.update(zip(pending[-1][1], operand.shape))
        elif not (isinstance(factor, Einsum) and not factor.operands):
            kept.append((factor, labels))
    yield numbered(weight, [(factor, [joined.find(label) for label in labels]) for factor, labels in kept],
                    [joined.find(label) for label in rows], [joined.find(label) for label in columns],
                    {joined.find(label): dim for label, dim in dims.items()})


def numbered(weight: Fraction, factors: Iterable[tuple[Expr, Sequence[Hashable]]], rows: Sequence[Hashable],
              columns: Sequence[Hashable], sized: Mapping[Hashable, Dim]) -> Term:
    """A term with its labels numbered as they are met: rows, columns, then factors in a fixed order."""
    number: dict[Hashable, int] = {}
    for label in (*rows, *columns):
        number.setdefault(label, len(number))
    ordered = sorted(factors, key=lambda pair: (pair[0].key, [number.get(label, len(number)) for label in pair[1]]))
    for _, labels in ordered:
        for label in labels:
            number.setdefault(label, len(number))
    placed = [(factor, tuple([number[label] for label in labels])) for factor, labels in ordered]
    for label, dim in sized.items():
        if label not in number:
            placed.append((dimension(dim), ()))   # summed over, and on nothing
    dims = [sized[label] for label in number]
    return Term(weight, tuple(placed), tuple([number[label] for label in rows]),
                tuple([number[label] for label in columns]), tuple(dims))


def joint(outer: Term, inner: Term) -> Term:
    """Two maps one after the other, as one product."""
    joined = _Joined()
    for a, b in zip(outer.columns, inner.rows, strict=True):
        joined.join((0, a), (1, b))

    def named(side: int, labels: Labels) -> list[Hashable]:
        return [joined.find((side, label)) for label in labels]

    factors = [(factor, named(0, own)) for factor, own in outer.factors]
    factors += [(factor, named(1, own)) for factor, own in inner.factors]
    sized: dict[Hashable, Dim] = {}
    for side, term in enumerate((outer, inner)):
        sized.update({joined.find((side, label)): dim for label, dim in enumerate(term.dims)})
    return numbered(outer.weight * inner.weight, factors, named(0, outer.rows), named(1, inner.columns), sized)


def multiplied_labels(term: Term, chosen: Sequence[int]) -> int:
    """The labels that the product of the factors ``chosen`` keeps, as bits."""
    outside = bits_of(term.rows) | bits_of(term.columns)
    for k, (_, own) in enumerate(term.factors):
        if k not in chosen:
            outside |= bits_of(own)
    return bits_of([label for k in chosen for label in term.factors[k][1]]) & outside


def multiplied(term: Term, chosen: Sequence[int], kept: int) -> Term:
    """``term`` with the product of some factors carried out."""
    axes = labels_of(kept)
    core = product_node([term.factors[k] for k in chosen], axes, term.dims)
    factors = [pair for k, pair in enumerate(term.factors) if k not in chosen]
    factors.append((core, axes))
    used = {*term.rows, *term.columns, *[label for _, own in factors for label in own]}
    sized: dict[Hashable, Dim] = {label: dim for label, dim in enumerate(term.dims) if label in used}
    return numbered(term.weight, factors, term.rows, term.columns, sized)


def added(a: Term, b: Term, through: bool) -> Term:
    """Two maps added: what they have in common stands outside a sum, the deltas that both have too.

    The inner sum has the labels that either of its terms needs.  ``through``: factors with summed
    labels may stand outside too; those labels are then axes of the inner sum.
    """
    places = list(zip((*a.rows, *a.columns), (*b.rows, *b.columns)))
    classes: dict[tuple[int, int], int] = {}
    for place in places:
        classes.setdefault(place, len(classes))
    ours, theirs = [label for label, _ in classes], [label for _, label in classes]
    left, right, common = _shared(a, b, ours, theirs, through)
    axes = tuple(sorted(_needed(left, ours) | _needed(right, theirs)))
    parts = [(term.weight, product_node(rest, tuple([labels[axis] for axis in axes]), term.dims))
             for term, rest, labels in ((a, left, ours), (b, right, theirs))]
    factors = [*common, (sum_node(parts[0][1].shape, parts), axes)]
    numbers, rank = [classes[place] for place in places], len(a.rows)
    sized: dict[Hashable, Dim] = {number: a.dims[label] for number, label in enumerate(ours)}
    return numbered(Fraction(1), factors, numbers[:rank], numbers[rank:], sized)


def _shared(a: Term, b: Term, ours: list[int], theirs: list[int],
            through: bool) -> tuple[list[Placed], list[Placed], list[Placed]]:
    """What is left of two products, and the factors that both have, with the numbers of their labels.

    ``ours`` and ``theirs`` give the labels that each number stands for; summed labels that are
    found to be the same get numbers too.
    """
    first: dict[int, int] = {}
    for number, label in enumerate(ours):
        first.setdefault(label, number)
    outer = len(set(ours)), len(set(theirs))   # labels below these are rows and columns
    left, right, common = list(a.factors), list(b.factors), list[Placed]()
    for operand, own in sorted(a.factors, key=lambda pair: sum(label >= outer[0] for label in pair[1])):
        for twin in right:
            new = _matched(own, twin[1], first, theirs, outer) if twin[0] is operand else None
            if new is None or (new and not through):
                continue
            for label, other in new.items():
                first[label] = len(ours)
                ours.append(label)
                theirs.append(other)
            right.remove(twin)
            left.remove((operand, own))
            common.append((operand, tuple([first[label] for label in own])))
            break
    return left, right, common


def _matched(own: Labels, others: Labels, first: Mapping[int, int], theirs: Sequence[int],
             outer: tuple[int, int]) -> dict[int, int] | None:
    """The summed labels of two equal factors that must be the same, ``None`` where the factors cannot be the same."""
    new: dict[int, int] = {}
    for label, other in zip(own, others):
        if label in first:
            fits = theirs[first[label]] == other
        else:
            fits = label >= outer[0] and other >= outer[1] and other not in theirs and new.setdefault(label, other) == other
        if not fits:
            return None
    return new if len(set(new.values())) == len(new) else None


def _needed(factors: Sequence[Placed], labels: Sequence[int]) -> set[int]:
    """The classes that a part of a sum depends on: those on its factors, and those that a delta joins."""
    on_factors = {label for _, own in factors for label in own}
    return {number for number, label in enumerate(labels) if label in on_factors or labels.count(label) > 1}


def expression(edge: Edge, shape: Shape) -> Expr:
    """The tensor that an edge stands for: its rows, then its columns."""
    return sum_node(shape, [(term.weight, product_node(term.factors, (*term.rows, *term.columns), term.dims)) for term in edge])


class _Joined:
    """Labels that deltas made one."""

    def __init__(self) -> None:
        self.parent: dict[Hashable, Hashable] = {}

    def find(self, label: Hashable) -> Hashable:
        while label in self.parent:
            label = self.parent[label]
        return label

    def join(self, a: Hashable, b: Hashable) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[b] = a


def bits_of(labels: Iterable[int]) -> int:
    """A set of labels as a number, one bit a label."""
    bits = 0
    for label in labels:
        bits |= 1 << label
    return bits


def labels_of(bits: int) -> Labels:
    """The labels of such a set, ascending."""
    return tuple([k for k in range(bits.bit_length()) if bits >> k & 1])
