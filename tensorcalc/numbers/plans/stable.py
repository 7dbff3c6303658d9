"""Steps of a plan that neither overflow nor cancel, for what is written down as in a book.

Knows plans.  The rules of the same purpose that can be stated as identities are
``STABLE`` in ``calculus/rules/sets.py``; these need functions that formulas do not have.
"""

from __future__ import annotations

from ...algebra.build import number
from ...algebra.expr import Apply, Einsum, Expr, Sum
from ...functions import POWER, TABLE, Function
from .pairwise import is_placement

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
    """s - s² of a sigmoid as one function."""
    sigmoids = {term: weight for weight, term in node.terms
                if isinstance(term, Apply) and term.function is TABLE["sigmoid"]}
    for weight, square in node.terms:
        base = _squared(square)
        if base in sigmoids and sigmoids[base] == -weight:
            slope = Apply(base.shape, SLOPE, base.children)
            rest = [(w, term) for w, term in node.terms if term is not square and term is not base]
            return slope if not rest and weight == -1 else Sum(node.shape, ((-weight, slope), *rest))
    return None


def _squared(node: Expr) -> Expr | None:
    """The base of an elementwise square."""
    if isinstance(node, Einsum) and len(node.operands) == 2 and not is_placement(node):
        (x, y), natural = node.operands, tuple(range(node.rank))
        return x if x is y and node.subscripts == (natural, natural) else None
    if isinstance(node, Apply) and node.function is POWER and node.arguments[1] is number(2):
        return node.arguments[0]
    return None
