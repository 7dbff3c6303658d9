"""The derivatives of the function table, read: ``∂y_ij/∂x_kl = -y_ik y_lj`` as terms of factors.

Knows the notation that the table is written in, and no expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from ..notation.parse import parse_expression
from ..notation.syntax import Name, Num, Op, Syntax


@dataclass(frozen=True, slots=True)
class Equation:
    """``∂y_ij/∂x_kl = body``, the body multiplied out into terms of factors."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    body: Syntax
    terms: tuple[tuple[Fraction, tuple[Syntax, ...]], ...]


@cache
def equation(text: str) -> Equation:
    """Read one derivative of the function table."""
    left, right = text.split(" = ")
    value, argument = (parse_expression(part.removeprefix("∂")) for part in left.split("/"))
    assert isinstance(value, Name) and isinstance(argument, Name)
    body = parse_expression(right)
    rows, columns = ("".join(map(str, name.indices or ())) for name in (value, argument))
    terms = tuple((weight, tuple(factors)) for weight, factors in _expanded(body)) if rows or columns else ()
    return Equation(tuple(rows), tuple(columns), body, terms)


def _expanded(tree: Syntax) -> list[tuple[Fraction, list[Syntax]]]:
    """``tree`` multiplied out: weights and factors."""
    match tree:
        case Op("add", operands):
            return [term for operand in operands for term in _expanded(operand)]
        case Op("negate", (inner,)):
            return [(-weight, factors) for weight, factors in _expanded(inner)]
        case Op("multiply", operands):
            terms: list[tuple[Fraction, list[Syntax]]] = [(Fraction(1), [])]
            for operand in operands:
                terms = [(a * b, left + right) for a, left in terms for b, right in _expanded(operand)]
            return terms
        case Op("divide", (Num(top), Num(bottom))):
            return [(top / bottom, [])]
        case Num(value):
            return [(value, [])]
        case _:
            return [(Fraction(1), [tree])]
