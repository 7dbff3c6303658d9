"""A product of several tensors as products of two, in the cheapest order.

Knows expressions and sizes; nothing of arrays.  Labels
here are free: those to keep are said, all others are summed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

from ...algebra.expr import Apply, Delta, Einsum, Expr, Subscripts, Sum
from ...sizes import Dim, value
from .order import Path, order

Labels = tuple[int, ...]


class Part(NamedTuple):
    """A tensor and one label an axis."""

    tensor: Expr
    labels: Labels


def contraction(parts: Sequence[Part], kept: Labels, sizes: Mapping[str, int], memory_limit: int | None = None) -> Expr:
    """The product of ``parts`` with the axes ``kept`` in this order, as pairs in the cheapest order."""
    count: dict[int, int] = dict.fromkeys(kept, 1)
    for part in parts:
        for label in set(part.labels):
            count[label] = count.get(label, 0) + 1
    pending = [_reduced(part, count) for part in parts]
    if len(pending) == 1:
        return transposed(pending[0], kept).tensor
    path: Sequence[tuple[int, ...]] = [(0, 1)]
    if len(pending) > 2:
        path = _path(pending, kept, sizes, memory_limit)
    for step in path:
        chosen = [pending.pop(k) for k in sorted(step, reverse=True)]
        while chosen:
            a, b = chosen.pop(), chosen.pop()
            others = [label for part in (*pending, *chosen) for label in part.labels]
            done = _pair(a, b, [*kept, *others]) if pending or chosen else _node([a, b], kept)
            (chosen if chosen else pending).append(done)
    return pending[0].tensor


def transposed(part: Part, kept: Labels) -> Part:
    """``part`` with the axes ``kept`` in this order; the others are summed over."""
    return part if part.labels == kept else _node([part], kept)


def _measured(tensor: Expr, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple([max(value(dim, sizes), 1) for dim in tensor.shape])


def _reduced(part: Part, count: Mapping[int, int]) -> Part:
    """A tensor without repeated labels and without axes that only it has and nobody keeps."""
    return transposed(part, tuple([label for label in dict.fromkeys(part.labels) if count[label] > 1]))


def _pair(a: Part, b: Part, needed: Sequence[int]) -> Part:
    """The product of two tensors, with its axes in the order that needs the fewest transpositions.

    A tensor that is scaled along some of its axes keeps their order.  Where orders tie, the axes come as in
    ``needed``: the result of the whole product, then what is to multiply.
    """
    def unnatural(first: Part, second: Part) -> tuple[object, ...]:
        order = _natural(first, second, needed)
        scales = len(first.labels) < len(order) == len(second.labels)
        return _turns(first, second, needed), scales, [needed.index(label) for label in order], second.tensor.key

    first, second = min((a, b), (b, a), key=lambda order: unnatural(*order))
    return _node([a, b], _natural(first, second, needed))


def _natural(a: Part, b: Part, needed: Collection[int]) -> Labels:
    """The labels of the result: shared ones, those of ``a``, those of ``b``."""
    shared = [label for label in a.labels if label in b.labels and label in needed]
    own = [label for label in a.labels if label not in b.labels]
    other = [label for label in b.labels if label not in a.labels]
    if len(shared) + len(own) == len(a.labels):
        return (*a.labels, *other)   # nothing is summed
    return (*shared, *own, *other)


def _turns(a: Part, b: Part, needed: Collection[int]) -> int:
    """How many of the two must be transposed for the matrix product ``a @ b``."""
    summed = {label for label in a.labels if label in b.labels and label not in needed}
    return (a.labels[-1] not in summed) + (b.labels[0] not in summed) if summed else 0


def _node(parts: Sequence[Part], kept: Labels) -> Part:
    """One step of a plan, its labels numbered from the axes of the result on."""
    parts = sorted(parts, key=lambda part: (part.tensor.key, part.labels))
    number = {label: axis for axis, label in enumerate(kept)}
    dims: dict[int, Dim] = {}
    for part in parts:
        for label, dim in zip(part.labels, part.tensor.shape):
            number.setdefault(label, len(number))
            dims[label] = dim
    subscripts: Subscripts = tuple([tuple([number[label] for label in part.labels]) for part in parts])
    if len(parts) == 2 and parts[0].tensor is parts[1].tensor:
        subscripts = tuple(sorted(subscripts))
    shape = tuple([dims[label] for label in kept])
    return Part(Einsum(shape, tuple([part.tensor for part in parts]), subscripts), kept)


def _path(parts: Sequence[Part], kept: Labels, sizes: Mapping[str, int], memory_limit: int | None) -> Path:
    """The cheapest order; labels are numbered as they are met, so that like products are sought once."""
    number: dict[int, int] = {}
    measured: list[int] = []
    for part in parts:
        for label, dim in zip(part.labels, part.tensor.shape):
            if label not in number:
                number[label] = len(number)
                measured.append(max(value(dim, sizes), 1))
    labels = tuple([tuple([number[label] for label in part.labels]) for part in parts])
    return order(labels, tuple([number[label] for label in kept]), tuple(measured), memory_limit)


def is_placement(node: Einsum) -> bool:
    """Whether a planned product computes nothing but the place of its one tensor."""
    return any(not operand.shape or isinstance(operand, Delta) for operand in node.operands) or not node.operands


def cost(root: Expr, sizes: Mapping[str, int], known: Collection[Expr] = ()) -> int:
    """About how many operations a plan takes where the values of ``known`` are there already."""
    return total_cost([root], sizes, known)


def total_cost(roots: Iterable[Expr], sizes: Mapping[str, int], known: Collection[Expr] = ()) -> int:
    """About how many operations several plans take together."""
    total, seen, pending = 0, set(known), list(roots)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += node.children
            total += _operations(node, sizes)
    return total


def entries(node: Expr, sizes: Mapping[str, int]) -> int:
    """How many entries the value of a node has."""
    return prod(_measured(node, sizes))


def _operations(node: Expr, sizes: Mapping[str, int]) -> int:
    match node:
        case Sum(terms=terms):
            return entries(node, sizes) * len(terms)
        case Einsum(operands=operands, subscripts=subscripts) if not is_placement(node):
            dims = {label: value(dim, sizes) for own, operand in zip(subscripts, operands)
                    for label, dim in zip(own, operand.shape)}
            halves = len(operands) == 2 and operands[0] is operands[1] and node.rank == 2   # symmetric: computed by halves
            return prod(dims.values()) * (1 + (len(dims) > node.rank and not halves))
        case Einsum() | Apply():
            return entries(node, sizes)
        case _:
            return 0
