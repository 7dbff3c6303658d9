"""Entrywise formulas: the rows of the function table, and functions that a user gives as a formula in z.

Knows one tree and the names in it; every name carries the same axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ...algebra import build
from ...algebra.build import add, einsum, scale
from ...algebra.expr import Expr
from ...functions import ELEMENTWISE, TABLE
from ...sizes import Shape
from ..syntax import Call, Name, Num, Op, Syntax, walk

_KNOWN = {row.name for row in ELEMENTWISE} | {"sqrt"}


def is_entrywise(tree: Syntax, names: frozenset[str]) -> bool:
    """Whether a formula has only the given names, numbers, and elementwise functions."""
    return all((isinstance(node, Name) and node.indices is None and node.name in names) or isinstance(node, Num)
               or (isinstance(node, Call) and node.function in _KNOWN and not node.primes)
               or (isinstance(node, Op) and node.operator in _OPERATORS) for node in walk(tree))


_OPERATORS = {"add", "negate", "multiply", "hadamard", "divide", "quotient", "power", "elpower"}


def pointwise(tree: Syntax, names: Mapping[str, Expr]) -> Expr:
    """An entrywise formula: every name carries the same axes, numbers are spread over them."""
    match tree:
        case Num(value):
            return build.number(value)
        case Name(name=name):
            return names[name]
        case Op("add", operands):
            values = [pointwise(operand, names) for operand in operands]
            shape = next((value.shape for value in values if value.rank), ())
            return add([(1, _spread(value, shape)) for value in values])
        case Op("negate", (inner,)):
            return scale(-1, pointwise(inner, names))
        case Op("multiply" | "hadamard", operands):
            values = [pointwise(operand, names) for operand in operands]
            rank = max(value.rank for value in values)
            return einsum([(value, range(value.rank)) for value in values], range(rank))
        case Op("divide" | "quotient", (top, bottom)):
            return pointwise(Op("multiply", (top, Op("power", (bottom, Num(Fraction(-1)))))), names)
        case Op("power" | "elpower", (base, exponent)):
            below, above = pointwise(base, names), pointwise(exponent, names)
            if above.rank:
                return build.apply(TABLE["power"], below, above)
            return build.power_of(below, above)
        case Call(function="sqrt", arguments=(inner,)):
            return build.power_of(pointwise(inner, names), Fraction(1, 2))
        case Call(function=function, arguments=arguments):
            return build.apply(TABLE[function], *(pointwise(argument, names) for argument in arguments))
        case _:
            raise AssertionError(f"the table has a formula that is not understood: {tree}")


def _spread(value: Expr, shape: Shape) -> Expr:
    if value.rank or not shape:
        return value
    return einsum([(value, ()), (build.ones(shape), range(len(shape)))], range(len(shape)))
