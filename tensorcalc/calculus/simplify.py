"""Which rules in which order, and which of several equal forms is the simplest."""

from __future__ import annotations

from collections.abc import Sequence

from ..algebra.expr import Apply, Einsum, Expr, Sum
from ..algebra.traverse import fold
from .rewrite import Step, rewrite
from .rules.sets import EXPAND, FACTOR, STANDARD

MOST_LEAVES = 300  # of an expression that is factored or expanded to see whether that shortens it


def simplify(expr: Expr, trace: list[Step] | None = None) -> Expr:
    """An equal expression that is not larger: standard rules, then the better of factored and expanded.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, einsum, variable
    >>> from tensorcalc.functions import TABLE
    >>> A, x = variable("A", "n", "n"), variable("x", "n")
    >>> simplify(einsum([(apply(TABLE["inv"], A), "ij"), (A, "jk"), (x, "k")], "i")) is x
    True
    """
    plain = rewrite(expr, STANDARD, trace)
    if leaves(plain) > MOST_LEAVES:
        return plain
    best = shortest(plain, rewrite(plain, FACTOR))
    if _has_sum_inside(plain):
        expanded = rewrite(rewrite(plain, (*EXPAND, *STANDARD)), FACTOR)
        best = shortest(best, expanded)
    return best


def shortest(*candidates: Expr) -> Expr:
    """The candidate with the fewest symbols; the first of equals."""
    return min(candidates, key=leaves)


def leaves(expr: Expr) -> int:
    """How many symbols it takes to write ``expr`` without names for common parts."""
    def visit(node: Expr, counts: Sequence[int]) -> int:
        match node:
            case Sum(terms=terms):
                return sum(counts) + sum(abs(weight) != 1 for weight, _ in terms) or 1
            case Einsum():
                return sum(counts)
            case Apply():
                return 1 + sum(counts)
            case _:
                return 1

    return fold(expr, visit)


def _has_sum_inside(expr: Expr) -> bool:
    """Whether some product has a sum as a factor."""
    def visit(node: Expr, inner: Sequence[bool]) -> bool:
        return any(inner) or (isinstance(node, Einsum) and any(isinstance(o, Sum) for o in node.operands))

    return fold(expr, visit)
