"""Transposes moved to where they cost nothing: through sums and functions of entries, into the products that read them.

Knows plans, and nothing of arrays or text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...algebra.expr import Apply, Einsum, Expr, Sum
from ...functions import POWER
from .finish import mapped
from .pairwise import Labels, is_placement


def upright(roots: Sequence[Expr]) -> list[Expr]:
    """The plans with as few transposes as there need be."""
    return mapped(roots, lambda node, count: _upright(_absorbed(node), count))


def transposed(node: Expr) -> Expr | None:
    """The matrix whose transpose a node is."""
    return node.operands[0] if isinstance(node, Einsum) and node.rank == 2 and node.subscripts == ((1, 0),) else None


def transpose(node: Expr) -> Expr:
    """The transpose of a matrix as a step of a plan."""
    return Einsum(node.shape[::-1], (node,), ((1, 0),))


def _absorbed(node: Expr) -> Expr:
    """A product that reads a matrix where it read its transpose."""
    if isinstance(node, Einsum) and not is_placement(node) and any(transposed(one) is not None for one in node.operands):
        factors = [(inner, own[::-1]) if (inner := transposed(operand)) is not None else (operand, own)
                   for operand, own in zip(node.operands, node.subscripts)]
        if len(factors) == 1:
            (matrix, own), = factors
            return matrix if node.rank == 2 and own == (0, 1) else Einsum(node.shape, (matrix,), (own,))
        return Einsum(node.shape, *paired(*factors))
    return node


def _upright(node: Expr, count: Mapping[Expr, int]) -> Expr:
    """What is computed entry by entry from transposes, as the transpose of what is computed from the matrices."""
    if isinstance(node, Einsum) and not node.shape and node.subscripts == ((0, 1), (1, 0)):
        for place in (0, 1):   # the product that is computed comes out as the other matrix stands
            flipped = _flipped(node.operands[place], count)
            if flipped is not None:
                return Einsum((), *paired((flipped, (0, 1)), (node.operands[1 - place], (0, 1))))
    if node.rank != 2:
        return node
    if isinstance(node, Einsum) and not is_placement(node) and node.subscripts == ((1, 0), (1, 0)):
        return transpose(Einsum(node.shape[::-1], node.operands, ((0, 1), (0, 1))))
    if isinstance(node, Apply) and (node.function is POWER or node.function.elementwise):
        inner = transposed(node.arguments[0])
        if inner is not None and not any(argument.shape for argument in node.arguments[1:]):
            return transpose(Apply(inner.shape, node.function, (inner, *node.arguments[1:]), node.symmetry or 0))
    inner = transposed(node)
    if inner is not None and isinstance(inner, Einsum) and len(inner.operands) == 2:
        return _flipped(inner, count) or node
    if isinstance(node, Sum) and any(transposed(term) is not None for _, term in node.terms):
        terms = [(weight, transposed(term) or _flipped(term, count)) for weight, term in node.terms]
        if all(term is not None for _, term in terms):
            return transpose(Sum(node.shape[::-1], tuple([(weight, term) for weight, term in terms if term is not None])))
    return node


def _flipped(node: Expr, count: Mapping[Expr, int]) -> Expr | None:
    """The transpose of a product of two matrices that nothing else reads, at no cost."""
    if isinstance(node, Einsum) and not is_placement(node) and len(node.operands) == 2 and count.get(node, 2) == 1:
        swapped = [tuple([(1, 0)[label] if label < 2 else label for label in own]) for own in node.subscripts]
        return Einsum(node.shape[::-1], *paired(*zip(node.operands, swapped)))
    return node if node.symmetry == 1 else None


def paired(*factors: tuple[Expr, Labels]) -> tuple[tuple[Expr, ...], tuple[Labels, ...]]:
    """The operands of a product in the order that plans have, and their subscripts."""
    ordered = sorted(factors, key=lambda factor: (factor[0].key, factor[1]))
    return tuple([tensor for tensor, _ in ordered]), tuple([labels for _, labels in ordered])
