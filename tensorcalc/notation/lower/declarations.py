"""Functions that a request declares, and functions that stand as arguments: ``f(x)``, ``funm(f, X)``, ``frechet(f, X)``.

Knows what ``functions`` of a request may say: elementwise, a number of a tensor, a formula in z, a power series.
"""

from __future__ import annotations

from fractions import Fraction

from ...algebra import build
from ...algebra.expr import Expr
from ...errors import FormulaError, UnsupportedError
from ...functions import (
    OF_SCALAR,
    SMOOTH,
    TABLE,
    Function,
    constant,
    frechet,
    funm,
    grouped,
    scalar_of,
    series_of_number,
    unknown,
)
from ..parse import parse_expression
from ..recover.matrix import recover as recovered
from ..syntax import Call, Name, Op, Syntax
from .analytic import analytic, coefficients
from .operands import Forms, Operand, Operands
from .pointwise import is_entrywise, pointwise
from .scope import Scope, Value
from .values import as_matrix, made


def declared(tree: Call, argument: Operand, scope: Scope) -> Value:
    """A function that the request declares: elementwise, a number of a tensor, or a formula in z."""
    kind = scope.functions[tree.function]
    value = argument.value()
    known = coefficients(kind, tree.function)
    if known is not None:
        return _power_series(tree, argument, value, known, scope)
    if kind == "elementwise":
        expr = build.apply(unknown(tree.function, tree.primes), value.expr) if value.expr is not None else None
        return Value(expr, value.axes, value.matrix)
    if kind == "scalar":
        axes = value.groups * tree.primes
        expr = build.apply(unknown(tree.function, tree.primes, value.expr.rank), value.expr) \
            if value.expr is not None else None
        return as_matrix(Value(expr, axes, matrix=False))
    return Value(None if value.expr is None else formula(tree, value.expr, scope), value.axes, value.matrix)


def formula(tree: Call, argument: Expr, scope: Scope) -> Expr:
    """A function given as a formula in z, of ``argument``, entry by entry."""
    return pointwise(_body(tree, tree.function, tree.primes, scope), {"z": argument})


def _body(tree: Syntax, name: str, order: int, scope: Scope) -> Syntax:
    """The formula in z that ``functions`` gives for ``name``, or its derivative of some order.

    Raises
    ------
    FormulaError: TC059 where it is not one in z of elementwise functions.
    UnsupportedError: TC308 for a derivative where nothing differentiates.
    """
    body = parse_expression(scope.functions[name], field="functions")
    if not is_entrywise(body, frozenset({"z"})):
        raise FormulaError("TC059", f"{name} is given by a formula in z of elementwise functions", field="functions",
                           source=scope.functions[name], spans=[body.span])
    if not order:
        return body
    z = build.variable("z")
    slope = None if scope.differentiate is None else \
        recovered(scope.differentiate(pointwise(body, {"z": z}), z, order))
    if slope is None:
        raise UnsupportedError("TC308", f"{name} is a formula: write diff(…) for its derivative",
                               source=scope.source, spans=[tree.span])
    return slope


def _power_series(tree: Call, argument: Operand, value: Value, known: tuple[Fraction, ...], scope: Scope) -> Value:
    """``F(X)`` of a square matrix or of a number, for a declared power series F."""
    name, order = tree.function, tree.primes
    if value.is_scalar:
        row = series_of_number(name, order, known)
        return Value(None if value.expr is None else build.apply(row, value.expr), value.axes)
    return _applied(funm(name, order, "series", known), argument.squared(value, f"the power series {name}"), scope)


def _applied(row: Function, value: Value, scope: Scope) -> Value:
    """A function of square matrices, of a value."""
    if not scope.building or value.expr is None:
        return Value(None, value.axes)
    return Value(build.apply(grouped(row, (len(value.rows),)), value.expr), value.axes)


def _name_of(tree: Syntax) -> tuple[str, int] | None:
    """The name of a function that stands as an argument, and its primes: ``f''``."""
    order = 0
    while isinstance(tree, Op) and tree.operator == "transpose":
        tree, order = tree.operands[0], order + 1
    return (tree.name, order) if isinstance(tree, Name) and tree.indices is None else None


def _row(tree: Syntax, scope: Scope) -> Function | None:
    """The row of a function of matrices by its name; ``None`` for a formula, and where there is none."""
    found = _name_of(tree)
    if found is None:
        return None
    name, order = found
    if name in scope.functions:
        kind = scope.functions[name]
        known = coefficients(kind, name)
        if known is not None:
            return funm(name, order, "series", known)
        return funm(name, order, "elementwise") if kind == "elementwise" else None
    name = OF_SCALAR.get(name, name)
    if order or (name not in OF_SCALAR.values() and name not in SMOOTH):
        return None
    return TABLE[name] if name in TABLE and name not in SMOOTH else funm(name)


def _funm(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``funm(f, X)``: the function of the matrix X that a function f of numbers defines."""
    value = arguments[1].square("funm")
    row = _row(arguments[0].tree, scope)
    if row is not None:
        return _applied(row, value, scope)
    function = arguments[0].tree
    name, order = _name_of(function) or ("", 0)
    try:
        if name in scope.functions and scope.functions[name] != "scalar":
            function = _body(function, name, order, scope)
        elif name and not order:
            function = Call(name, (Name("z"),))
        expr = analytic(function, value.expr) if value.expr is not None else None
    except UnsupportedError as error:
        raise UnsupportedError(error.code, error.message, source=scope.source, spans=[arguments[0].tree.span],
                               help=error.help) from None
    return Value(expr, value.axes)


def _coefficient(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``coefficient(F, k)``: a coefficient of a power series, inside ``series(k, 0, inf, …)`` over it."""
    row, index = _row(arguments[0].tree, scope), arguments[1].tree
    if row is None or row.name != "funm" or scalar_of(row)[2] != "series" or not isinstance(index, Name) \
            or index.name not in scope.counting:
        raise scope.formula_error("TC058", "coefficient is of a declared power series, by the name that a series counts by",
                                  tree, help="write series(k, 0, inf, coefficient(F, k) X^k)")
    return made(scope, (), lambda: build.apply(constant("coefficient", *row.data), build.dimension(index.name)))


def _frechet(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``frechet(f, X)``: the derivative of a function of matrices; ``frechet(f, X, 2)`` the second."""
    row = _row(arguments[0].tree, scope)
    times = arguments[2].whole() if len(arguments) == 3 else 1
    if row is None or times is None or not 1 <= times <= 4:
        raise scope.formula_error("TC056", "frechet takes a function of matrices, a matrix, and an order up to 4", tree,
                                  help="write frechet(expm, X)")
    value = arguments[1].square("frechet")
    axes = (value.rows,) * (2 + 2 * times)
    function = frechet(grouped(row, (len(value.rows),)), times) if scope.building else None
    return Value(build.apply(function, value.expr) if function and value.expr is not None else None, axes, matrix=False)


FORMS: Forms = {"frechet": ((2, 3), _frechet), "funm": ((2,), _funm), "coefficient": ((2,), _coefficient)}
