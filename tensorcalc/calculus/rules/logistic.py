"""Rules of the logistic function, and of what likelihoods make of it."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import ONE, add, apply, ones, scale, substitute
from ...algebra.expr import Apply, Expr, Sum
from ...algebra.traverse import postorder
from ...functions import TABLE
from ..rewrite import rule
from .products import argument_of


@rule("log.sigmoid", "log(sigmoid(x)) = -softplus(-x)", "log", shrinks="two functions become one")
def log_sigmoid(node: Expr) -> Expr | None:
    """The logarithm of a probability, and of what is missing to one: ``log(1 - sigmoid(x)) = -softplus(x)``."""
    inner = argument_of(node, "log")
    if inner is None:
        return None
    direct = argument_of(inner, "sigmoid")
    if direct is not None:
        return scale(-1, apply(TABLE["softplus"], scale(-1, direct)))
    missing = _missing(inner)
    return None if missing is None else scale(-1, apply(TABLE["softplus"], missing))


def _missing(expr: Expr) -> Expr | None:
    """The x of ``1 - sigmoid(x)``."""
    if not isinstance(expr, Sum) or len(expr.terms) != 2:
        return None
    weights = {term: weight for weight, term in expr.terms}
    whole = ones(expr.shape) if expr.shape else ONE
    if weights.pop(whole, Fraction(0)) != 1:
        return None
    ((term, weight),) = weights.items()
    return argument_of(term, "sigmoid") if weight == -1 else None


def mirrored(expr: Expr) -> Expr | None:
    """``expr`` with ``sigmoid(-x)`` as ``1 - sigmoid(x)`` where the latter occurs too; ``None`` where it does not."""
    found = {node for node in postorder(expr) if isinstance(node, Apply) and node.function.name == "sigmoid"}
    known: dict[Expr, Expr] = {}
    for node in found:
        (argument,) = node.arguments
        other = apply(TABLE["sigmoid"], scale(-1, argument))
        if other in found and other not in known and node not in known:
            plain, turned = sorted((node, other), key=_signs)
            known[turned] = add([(1, ones(node.shape) if node.shape else ONE), (-1, plain)])
    return substitute(expr, known) if known else None


def _signs(node: Expr) -> tuple[int, tuple[int, str, bytes]]:
    """How many minus signs the argument begins with."""
    (argument,) = node.children
    return sum(weight < 0 for weight, _ in argument.terms) if isinstance(argument, Sum) else 0, node.key
