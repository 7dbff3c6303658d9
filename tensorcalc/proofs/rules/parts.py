"""What several rules of proofs ask of an expression."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import einsum
from ...algebra.expr import Expr, Sum
from ...notation.recover import matrix as matrix_form
from ...notation.syntax import is_op, walk


def reads_better(one: Expr, other: Expr) -> bool:
    """Which of a matrix and its transpose stands for both: the one with fewer quotes, then the first."""
    if one is other:
        return False
    quotes = [sum(is_op(part, "transpose") for part in walk(tree)) if tree is not None else 0
              for tree in (matrix_form.recover(one), matrix_form.recover(other))]
    return (quotes[0], one.key) < (quotes[1], other.key)


def row_sum(term: Expr) -> Expr:
    return einsum([(term, (0, 1))], (0,))


def terms(expr: Expr) -> tuple[tuple[Fraction, Expr], ...]:
    return expr.terms if isinstance(expr, Sum) else ((Fraction(1), expr),)
