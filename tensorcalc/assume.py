"""Which facts follow: what is positive, and why.

Sound, not complete: ``False`` says that nothing was found.
"""

from __future__ import annotations

from fractions import Fraction

from .build import base_and_exponent, is_number
from .expr import Apply, Delta, Einsum, Expr, Sum, Variable

_POSITIVE = {"exp", "sigmoid", "softplus", "softmax", "cosh"}
_NOT_NEGATIVE = {"abs", "relu"}


def is_positive(expr: Expr) -> bool:
    """Whether every entry of ``expr`` is positive wherever logarithms and roots of it are defined.

    Absolute values count: they vanish only where the logarithm is not defined.
    """
    value = is_number(expr)
    if value is not None:
        return value > 0
    match expr:
        case Variable(facts=facts):
            return "positive" in facts
        case Delta():
            return expr.rank < 2
        case Apply(function=function, arguments=arguments):
            if function.name in _POSITIVE or function.name in _NOT_NEGATIVE:
                return True
            if function.name == "det":
                return bool(getattr(arguments[0], "facts", frozenset()) & {"spd"})
            base, exponent = base_and_exponent(expr)
            if isinstance(exponent, Fraction) and exponent.numerator % 2 == 0 and exponent != 1:
                return True
            return expr is not base and is_positive(base)
        case Sum(terms=terms):
            return bool(terms) and all(weight > 0 and is_positive(term) for weight, term in terms)
        case Einsum(operands=operands, subscripts=subscripts):
            if any(isinstance(o, Delta) and o.rank > 1 for o in operands):
                return False
            return all(is_positive(operand) for operand in operands) or _is_square(operands, subscripts)
    return False


def _is_square(operands: tuple[Expr, ...], subscripts: tuple[tuple[int, ...], ...]) -> bool:
    """Whether a product is a sum of squares: every factor occurs an even number of times at its place."""
    counts: dict[tuple[Expr, tuple[int, ...]], int] = {}
    for pair in zip(operands, subscripts):
        counts[pair] = counts.get(pair, 0) + 1
    return all(count % 2 == 0 for count in counts.values())
