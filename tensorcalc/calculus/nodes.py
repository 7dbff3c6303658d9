"""Nodes put together as they are: what is shared stays shared, and nothing is brought into normal form.

A label is a number; ``Labels`` are those of the axes of a tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ..sizes import Dim, Shape

Labels = tuple[int, ...]
Placed = tuple[Expr, Labels]


def with_children(node: Expr, children: tuple[Expr, ...]) -> Expr:
    """A node with other children, put together as it is."""
    match node:
        case Sum(shape=shape, terms=terms):
            return sum_node(shape, [(weight, child) for (weight, _), child in zip(terms, children)])
        case Einsum(shape=shape, subscripts=subscripts):
            return Einsum(shape, children, subscripts)
        case Apply(shape=shape, function=function):
            return Apply(shape, function, children, node.symmetry or 0)
    return node


def product_node(factors: Sequence[Placed], output: Labels, dims: Sequence[Dim]) -> Expr:
    """One product node with the labels ``output``: one twice is a delta, one on no factor is spread."""
    number: dict[int, int] = {}
    extra: dict[int, list[int]] = {}
    for axis, label in enumerate(output):
        extra.setdefault(number.setdefault(label, axis), []).append(axis)
    present = {label for _, own in factors for label in own}
    rank, spread = len(output), len(output) - len(number)
    operands: list[Expr] = []
    subscripts: list[Labels] = []
    for factor, own in factors:
        for label in own:
            number.setdefault(label, len(number) + spread)
        operands.append(factor)
        subscripts.append(tuple([number[label] for label in own]))
    shape = tuple([dims[label] for label in output])
    for axis, members in extra.items():
        if len(members) > 1 or output[axis] not in present:
            operands.append(Delta((shape[axis],) * len(members), shape[axis]))
            subscripts.append(tuple(members))
    if len(operands) == 1 and subscripts[0] == tuple(range(rank)):
        return operands[0]
    return Einsum(shape, tuple(operands), tuple(subscripts))


def sum_node(shape: Shape, parts: Iterable[tuple[Fraction, Expr]]) -> Expr:
    """A sum node; sums within it lose their brackets."""
    collected: dict[Expr, Fraction] = {}
    for weight, part in parts:
        for inner, term in part.terms if isinstance(part, Sum) else ((Fraction(1), part),):
            collected[term] = collected.get(term, Fraction(0)) + weight * inner
    kept = sorted([(weight, term) for term, weight in collected.items() if weight], key=lambda pair: pair[1].key)
    return kept[0][1] if len(kept) == 1 and kept[0][0] == 1 else Sum(shape, tuple(kept))
