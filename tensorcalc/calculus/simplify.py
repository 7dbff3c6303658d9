"""Which rules in which order, and which of several equal forms is the simplest."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ..algebra.traverse import fold, unvisited
from .rewrite import Step, rewrite
from .rules.logistic import mirrored
from .rules.sets import EXPANDED, FACTOR, STANDARD

MOST_LEAVES = 300     # of an expression that is factored or expanded to see whether that shortens it
MOST_PRODUCTS = 128   # into which an expression may be expanded to see whether that shortens it


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
    symbols, occurring = _traits(plain)
    if symbols > MOST_LEAVES:
        return plain
    best = shortest(plain, rewrite(plain, FACTOR)) if occurring & _SUM else plain
    if occurring & _FACTOR_SUM and _products(plain) <= MOST_PRODUCTS:
        best = shortest(best, _collected(plain))
    other = mirrored(plain) if occurring & _SIGMOID else None
    return best if other is None else shortest(best, _collected(other))


def _collected(expr: Expr) -> Expr:
    """``expr`` multiplied out, then with common factors pulled out."""
    return rewrite(rewrite(expr, EXPANDED), FACTOR)


def _products(expr: Expr) -> int:
    """How many products there are once all sums among the factors are multiplied out."""
    def visit(node: Expr, counts: Sequence[int]) -> int:
        match node:
            case Sum():
                return min(sum(counts), MOST_PRODUCTS + 1)
            case Einsum():
                return min(prod(counts), MOST_PRODUCTS + 1)
        return min(max([1, *counts]), MOST_PRODUCTS + 1)

    return fold(expr, visit)


def shortest(*candidates: Expr) -> Expr:
    """The candidate with the fewest symbols; the first of equals."""
    return min(candidates, key=leaves)


def leaves(expr: Expr) -> int:
    """How many symbols it takes to write ``expr`` without names for common parts."""
    return _traits(expr)[0]


_SUM, _FACTOR_SUM, _SIGMOID = 1, 2, 4   # what occurs: a sum of several terms, a sum as a factor, sigmoid


def _traits(expr: Expr) -> tuple[int, int]:
    """How many symbols it takes to write ``expr``, and what occurs in it."""
    for node in unvisited(expr, _is_known) if expr.traits is None else ():
        parts = [child.traits or (0, 0) for child in node.children]
        occurring = _own(node)
        for _, other in parts:
            occurring |= other
        node.traits = _symbols(node, [count for count, _ in parts]), occurring
    assert expr.traits is not None
    return expr.traits


def _is_known(node: Expr) -> bool:
    return node.traits is not None


def _own(node: Expr) -> int:
    match node:
        case Sum(terms=terms):
            return _SUM if len(terms) > 1 else 0
        case Einsum(operands=operands):
            return _FACTOR_SUM if any([isinstance(operand, Sum) for operand in operands]) else 0
        case Apply(function=function):
            return _SIGMOID if function.name == "sigmoid" else 0
    return 0


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
