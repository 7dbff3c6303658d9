"""Operators of matrix notation: sums, products, powers, transposes.

Knows values, and how an operand becomes one only through the operand.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction

from ...algebra import build
from ...algebra.expr import Expr
from ...errors import LimitError, UnsupportedError
from ...functions import TABLE
from ..syntax import Num, Op, Syntax
from .advice import number_help, product_error, sum_error, turned_number
from .operands import Operand, Operands, Operator, pair, trees
from .scope import Scope, Value
from .unify import Group
from .values import (
    Factors,
    aligned,
    contract,
    identity,
    kronecker,
    of_square,
    pair_of,
    regroup,
    same_shape,
    times,
)


def _add(tree: Op, operands: Operands, scope: Scope) -> Value:
    values = [operand.value() for operand in operands]
    first = values[0]
    for operand, value in zip(operands[1:], values[1:]):
        if not same_shape(first, value, scope):
            raise sum_error(scope, operands[0].tree, first, operand.tree, value)
    if not scope.building:
        return first
    return Value(build.add([(1, aligned(value, first, scope)) for value in values]), first.axes, first.matrix)


def _negate(tree: Op, operands: Operands, scope: Scope) -> Value:
    value = operands[0].value()
    return Value(build.scale(-1, value.expr) if value.expr is not None else None, value.axes, value.matrix)


def _multiply(tree: Op, operands: Operands, scope: Scope) -> Value:
    """A chain of products, contracted in one go."""
    values = [operand.value() for operand in operands]
    factors: Factors = []
    rows: Group = ()
    cols: Group = ()
    left: Hashable = None
    right: Hashable = None
    started: tuple[Operand, Value] | None = None
    for k, (operand, value) in enumerate(zip(operands, values)):
        if value.is_scalar:
            factors.append((value, [("scalar", k), ("scalar", k)]))
        elif started is None:
            factors.append((value, [("r", k), ("c", k)] if value.matrix else [(axis, k) for axis in range(len(value.axes))]))
            rows, cols, left, right, started = *value.axes[:2], ("r", k), ("c", k), (operand, value)
        elif not value.matrix or not started[1].matrix:
            raise scope.shape_error("TC105", "matrix notation multiplies matrices and vectors", [operand.tree],
                                    [operand.says(value)], help="use index notation or einsum(…)")
        else:
            if bool(cols) != bool(value.rows) or not scope.agree(cols, value.rows):
                raise product_error(scope, started[0].tree, Value(None, (rows, cols)), operand.tree, value)
            value = regroup(value, 0, cols, scope)
            factors.append((value, [right, ("c", k)]))
            cols, right = value.cols, ("c", k)
            if not rows and not cols:
                rows, cols = (), ()
                started = None
    if started is not None and not started[1].matrix:
        tensor = started[1]
        own = next(labels for value, labels in factors if not value.matrix)
        return contract(scope, factors, tensor.axes, [[label] for label in own], matrix=False)
    return contract(scope, factors, (rows, cols), [[left], [right]])


def _divide(tree: Op, operands: Operands, scope: Scope) -> Value:
    top = operands[0].value()
    bottom = operands[1].value()
    if not bottom.is_scalar:
        number = None if bottom.cols else number_help(scope, operands[1].tree)
        help = "use ./ for entry by entry, inv(…) for a matrix" if number is None else f"{number}, or use ./ for entry by entry"
        raise scope.shape_error("TC106", "a divisor must be a number", [operands[1].tree], [operands[1].says(bottom)], help)
    return _scaled(top, bottom, scope, tree)


def _scaled(top: Value, bottom: Value, scope: Scope, tree: Syntax) -> Value:
    if not scope.building:
        return top
    assert top.expr is not None and bottom.expr is not None
    axes = range(top.expr.rank)
    return Value(build.einsum([(top.expr, axes), (_power(bottom.expr, Fraction(-1), scope, tree), ())], axes),
                 top.axes, top.matrix)


def _power(base: Expr, exponent: Expr | Fraction, scope: Scope, tree: Syntax) -> Expr:
    """A power of numbers; an error has its place in the source."""
    try:
        return build.power_of(base, exponent)
    except LimitError as error:
        raise LimitError(error.code, error.message, source=scope.source, spans=[tree.span]) from None


def _hadamard(tree: Op, operands: Operands, scope: Scope) -> Value:
    a, b, like = pair(operands, "an elementwise product")
    return Value(times(a, b, like, scope) if scope.building else None, like.axes, like.matrix)


def _quotient(tree: Op, operands: Operands, scope: Scope) -> Value:
    a, b, like = pair(operands, "an elementwise quotient")
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    assert b.expr is not None
    inverse = Value(_power(b.expr, Fraction(-1), scope, tree), b.axes, b.matrix)
    return Value(times(a, inverse, like, scope), like.axes, like.matrix)


def _elpower(tree: Op, operands: Operands, scope: Scope) -> Value:
    a, b, like = pair(operands, "an elementwise power")
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    base, exponent = pair_of(a, b, like, scope)
    if not exponent.rank:
        return Value(_power(base, exponent, scope, tree), like.axes, like.matrix)
    if not base.rank:
        base = build.einsum([(base, ()), (build.ones(exponent.shape), range(exponent.rank))], range(exponent.rank))
    return Value(build.apply(TABLE["power"], base, exponent), like.axes, like.matrix)


def _matrix_power(tree: Op, operands: Operands, scope: Scope) -> Value:
    base = operands[0].matrix()
    exponent = operands[1].scalar("an exponent")
    if base.is_scalar:
        if not scope.building:
            return base
        assert base.expr is not None and exponent.expr is not None
        return Value(_power(base.expr, exponent.expr, scope, tree), base.axes)
    value = operands[0].squared(base, "a power")
    whole = operands[1].whole()
    if whole is not None and abs(whole) > build.MOST_POWER:
        raise LimitError("TC412", f"a matrix power has at most {build.MOST_POWER} factors", source=scope.source,
                         spans=[operands[1].tree.span])
    if whole is None or len(value.rows) != 1:
        return _symbolic_power(value, whole, exponent, operands[1].tree, scope)
    if not scope.building:
        return value
    assert value.expr is not None
    return Value(build.matrix_power(value.expr, whole), value.axes)


def _symbolic_power(value: Value, whole: int | None, exponent: Value, tree: Syntax, scope: Scope) -> Value:
    """``X^k`` with an integer symbol; a matrix with merged axes takes numbers only."""
    if whole is not None:
        chain = abs(whole)
        factor = value if whole > 0 else of_square(value, "inv", scope)
        return identity(value.rows, scope) if not chain else \
            contract(scope, [(factor, [k, k + 1]) for k in range(chain)], value.axes, [[0], [chain]])
    if not scope.building:
        return value
    assert value.expr is not None and exponent.expr is not None
    if value.expr.rank != 2 or build.dimension_of(exponent.expr) is None or build.is_number(exponent.expr) is not None:
        raise UnsupportedError("TC303", "a matrix power needs a whole number as exponent", source=scope.source,
                               spans=[tree.span], help="the square root is sqrtm(…), and .^ goes entry by entry")
    return Value(build.matrix_power(value.expr, exponent.expr), value.axes)


def _transpose(tree: Op, operands: Operands, scope: Scope) -> Value:
    inner = tree.operands[0]
    if inner == Num(Fraction(1)) and inner.span[0] == tree.span[0]:   # not in brackets
        raise turned_number(scope, tree)
    value = operands[0].matrix()
    return contract(scope, [(value, [0, 1])], (value.cols, value.rows), [[1], [0]])


def _frobenius(tree: Op, operands: Operands, scope: Scope) -> Value:
    a, b = operands[0].value(), operands[1].value()
    if not same_shape(a, b, scope):
        raise scope.shape_error("TC101", "A : B needs equal shapes", trees(operands),
                                [operands[0].says(a), operands[1].says(b)])
    if not scope.building:
        return Value(None, ((), ()))
    left, right = aligned(a, a, scope), aligned(b, a, scope)
    return Value(build.einsum([(left, range(left.rank)), (right, range(right.rank))], ()), ((), ()))


def _kronecker(tree: Op, operands: Operands, scope: Scope) -> Value:
    return kronecker(operands[0].matrix(), operands[1].matrix(), scope)


def _kronsum(tree: Op, operands: Operands, scope: Scope) -> Value:
    a, b = operands[0].square("A ⊕ B"), operands[1].square("A ⊕ B")
    left = kronecker(a, identity(b.rows, scope), scope)
    right = kronecker(identity(a.rows, scope), b, scope)
    if not scope.building:
        return left
    assert left.expr is not None and right.expr is not None
    return Value(build.add([(1, left.expr), (1, right.expr)]), left.axes)


OPERATORS: Mapping[str, Operator] = {
    "add": _add, "negate": _negate, "multiply": _multiply, "divide": _divide, "hadamard": _hadamard,
    "quotient": _quotient, "elpower": _elpower, "power": _matrix_power, "transpose": _transpose,
    "frobenius": _frobenius, "kronecker": _kronecker, "kronsum": _kronsum,
}
