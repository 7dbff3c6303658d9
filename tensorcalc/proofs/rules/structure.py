"""What is known of variables: diagonal matrices."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import (
    add,
    base_and_exponent,
    delta,
    einsum,
    power_of,
    rebuild,
)
from ...algebra.expr import Delta, Einsum, Expr, Sum
from ...calculus.rewrite import rule
from ...calculus.rules.algebra import tied
from ...calculus.rules.products import argument_of, pairs, replaced
from .parts import row_sum, terms


@rule("diagonal.entries", "diag(x) y = x .* y", shrinks="a diagonal matrix becomes its diagonal")
def diagonal_entries(node: Expr) -> Expr | None:
    """A matrix declared diagonal is zero off its diagonal."""
    if isinstance(node, Einsum):
        for k, (operand, own) in enumerate(pairs(node)):
            if is_diagonal(operand) and own[0] != own[1]:
                return replaced(node, [k], [(operand, (own[0], own[0])), (delta(operand.shape[0]), own)])
    elif any(map(is_diagonal, node.children)):
        return rebuild(node, [_diagonal_of(child) if is_diagonal(child) else child for child in node.children])
    return None


def is_diagonal(expr: Expr) -> bool:
    return "diagonal" in getattr(expr, "facts", ()) and expr.rank == 2


def _diagonal_of(expr: Expr) -> Expr:
    return einsum([(expr, (0, 0)), (delta(expr.shape[0]), (0, 1))], (0, 1))


@rule("diagonal.cancel", "diag(A) .* diag(A).^-1 = ones(n)", "power", shrinks="two factors become one")
def diagonal_cancel(node: Expr) -> Expr | None:
    """The diagonal of a matrix beside a power of that diagonal."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        base, exponent = base_and_exponent(operand)
        if not isinstance(exponent, Fraction) or not isinstance(base, Einsum) or base.subscripts != ((0, 0),):
            continue
        for q, (other, labels) in enumerate(pairs(node)):
            if exponent <= -1 and other is base.operands[0] and labels == (own[0], own[0]):
                return replaced(node, [k, q], [(power_of(base, exponent + 1), own)])
    return None


@rule("inverse.diagonal_fact", "inv(diag(x)) = diag(1 ./ x)", "inv", shrinks="a function becomes a power")
def inverse_diagonal_fact(node: Expr) -> Expr | None:
    """Of a matrix declared diagonal, and of a sum of diagonal ones."""
    inner = argument_of(node, "inv")
    if inner is None or inner.rank != 2 or not (is_diagonal(inner) or (isinstance(inner, Sum) and all(
            isinstance(term, Delta) or (isinstance(term, Einsum) and tied(term)) for _, term in inner.terms))):
        return None
    vector = add([(weight, row_sum(term)) for weight, term in terms(inner)], inner.shape[:1])
    return einsum([(power_of(vector, -1), (0,)), (delta(inner.shape[0]), (0, 1))], (0, 1))
