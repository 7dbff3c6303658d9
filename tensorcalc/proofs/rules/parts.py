"""What several rules of proofs ask of an expression."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import add, delta, einsum
from ...algebra.expr import Delta, Einsum, Expr, Sum
from ...calculus.rules.algebra import first_factor
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


def common_first(total: Expr) -> tuple[Expr, Expr] | None:
    """A and B + C, where a sum is A B + A C for a square A; B may be the identity."""
    if not isinstance(total, Sum) or len(total.terms) < 2:
        return None
    first: Expr | None = None
    rest = []
    for weight, term in total.terms:
        start = first_factor(term) if isinstance(term, Einsum) else None
        if isinstance(term, Delta) or (isinstance(term, Einsum) and start is None):
            return None
        if start is None:
            factor, other = term, delta(term.shape[0])
        else:
            assert isinstance(term, Einsum)
            k, label, factor = start
            other = einsum([pair for q, pair in enumerate(zip(term.operands, term.subscripts)) if q != k], (label, 1))
        if first is not None and factor is not first:
            return None
        first = factor
        rest.append((weight, other))
    return None if first is None else (first, add(rest))
