"""Steps of a plan that neither overflow nor cancel, for what is written down as in a book.

Knows plans.  The rules of the same purpose that can be stated as identities are
``STABLE`` in ``calculus/rules/sets.py``; these need functions that formulas do not have.
"""

from __future__ import annotations

from ...algebra.build import number
from ...algebra.expr import Apply, Einsum, Expr, Sum
from ...functions import POWER, TABLE, Function
from .pairwise import Labels, is_placement

SLOPE = Function("sigmoid_slope", "()->()")
"""sigmoid(x) (1 - sigmoid(x)), exact in relative terms for large |x| too."""

LOG_OF_DET = Function("log_of_det", "(n,n)->()")
"""log(det(x)), which neither overflows nor underflows."""


def stable(node: Expr) -> Expr:
    """A node of a plan, or the step that computes the same safely."""
    match node:
        case Apply(function=function, arguments=(Apply(function=inner, arguments=matrices), *_)) if function is TABLE["log"]:
            return Apply((), LOG_OF_DET, matrices) if inner is TABLE["det"] else node
        case Sum():
            return _slope(node) or node
    return node


def _slope(node: Sum) -> Expr | None:
    """s - s² of a sigmoid as one function, its axes in any order."""
    sigmoids = {found: (weight, term) for weight, term in node.terms
                if isinstance((found := _turned(term))[0], Apply) and found[0].function is TABLE["sigmoid"]}
    for weight, square in node.terms:
        squared = _squared(square)
        if squared in sigmoids and sigmoids[squared][0] == -weight:
            base, axes = squared
            slope: Expr = Apply(base.shape, SLOPE, base.children)
            if axes != tuple(range(node.rank)):
                slope = Einsum(node.shape, (slope,), (axes,))
            rest = [(w, term) for w, term in node.terms if term is not square and term is not sigmoids[squared][1]]
            return slope if not rest and weight == -1 else Sum(node.shape, ((-weight, slope), *rest))
    return None


def _turned(node: Expr) -> tuple[Expr, Labels]:
    """What a node is with its axes in another order, and where each axis goes."""
    if isinstance(node, Einsum) and len(node.operands) == 1 and sorted(node.subscripts[0]) == list(range(node.rank)):
        return node.operands[0], node.subscripts[0]
    return node, tuple(range(node.rank))


def _squared(node: Expr) -> tuple[Expr, Labels] | None:
    """The base of an elementwise square, and where each of its axes goes."""
    if isinstance(node, Einsum) and len(node.operands) == 2 and not is_placement(node):
        (x, y), (own, other) = node.operands, node.subscripts
        return (x, own) if x is y and own == other and sorted(own) == list(range(node.rank)) else None
    if isinstance(node, Apply) and node.function is POWER and node.arguments[1] is number(2):
        return _turned(node.arguments[0])
    return None
