"""Which rules in which order, and which of several equal forms is the simplest."""

from __future__ import annotations

from collections.abc import Sequence

from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ..algebra.traverse import fold, unvisited
from .rewrite import Step, rewrite
from .rules.logistic import mirrored
from .rules.sets import EXPANDED, FACTOR, STANDARD

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
        best = shortest(best, _collected(plain))
    other = mirrored(plain)
    return best if other is None else shortest(best, _collected(other))


def _collected(expr: Expr) -> Expr:
    """``expr`` multiplied out, then with common factors pulled out."""
    return rewrite(rewrite(expr, EXPANDED), FACTOR)


def shortest(*candidates: Expr) -> Expr:
    """The candidate with the fewest symbols; the first of equals."""
    return min(candidates, key=leaves)


def leaves(expr: Expr) -> int:
    """How many symbols it takes to write ``expr`` without names for common parts."""
    for node in unvisited(expr, _counted):
        if node.length is None:
            node.length = _symbols(node, [child.length or 0 for child in node.children])
    assert expr.length is not None
    return expr.length


def _counted(node: Expr) -> bool:
    return node.length is not None


def _symbols(node: Expr, counts: Sequence[int]) -> int:
    match node:
        case Sum(terms=terms):
            return sum(counts) + sum([abs(weight) != 1 for weight, _ in terms]) or 1
        case Einsum():
            return sum(counts) - _diagonals(node)
        case Apply():
            return 1 + sum(counts)
        case _:
            return 1


def _diagonals(product: Einsum) -> int:
    """Deltas that are written as ``diag`` of what stands on them."""
    pairs = list(zip(product.operands, product.subscripts))
    return sum(isinstance(operand, Delta) and operand.rank == 2 and any(set(own) & set(other) for k, (_, other)
               in enumerate(pairs) if k != q) for q, (operand, own) in enumerate(pairs))


def _has_sum_inside(expr: Expr) -> bool:
    """Whether some product has a sum as a factor."""
    def visit(node: Expr, inner: Sequence[bool]) -> bool:
        return any(inner) or (isinstance(node, Einsum) and any(isinstance(o, Sum) for o in node.operands))

    return fold(expr, visit)
