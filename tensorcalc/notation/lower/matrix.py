"""Matrix notation to expressions.

A value of matrix notation is a tensor whose axes are split into a row group and a
column group: a matrix is (i) (j), a column (i) (), ``vec(X)`` is (j, i) (), and
``kron(A, B)`` is (iA, iB) (jA, jB).  A product contracts group with group, so that
``kron(B', A) * vec(X)`` and ``vec(A*X*B)`` are one object.

Everything is lowered twice: first with sizes alone, to find those that are open and
every mismatch; then building.  What operators and functions mean is said by the modules
beside this one, a table each.  Knows no rules and no derivatives.
"""

from __future__ import annotations

from fractions import Fraction

from ...algebra import build, series
from ...algebra.expr import Expr
from ...errors import UnknownNameError, UnsupportedError
from ...functions import ELEMENTWISE, TABLE
from ...sizes import polynomial
from ..syntax import Call, Entry, Indexed, Literal, Name, Num, Op, Subscripts, Syntax
from . import constants, declarations, einsum, linear, nonlinear
from .advice import unknown_function
from .operands import Forms, Operand, Operands, is_arithmetic
from .operators import OPERATORS
from .scope import Scope, Value
from .values import Factors, as_matrix, contract, drop_ones, identity, made, of_square

_ELEMENTWISE = {row.name for row in ELEMENTWISE if row.signature == "()->()"}
_SQUARE = {"inv", "det", "logdet", "adj", "expm", "logm", "sqrtm", "chol"}


def lower(tree: Syntax, scope: Scope) -> Value:
    """The value that ``tree`` denotes in matrix notation.

    Raises
    ------
    ShapeError: sizes that do not conform, naming both sides.
    UnknownNameError: a name or a function that is not known.
    """
    match tree:
        case Num(value):
            return made(scope, (), lambda: build.number(value))
        case Name(indices=None):
            return _name(tree, scope)
        case Op(operator, operands):
            return OPERATORS[operator](tree, _operands(operands, scope), scope)
        case Call(indices=None):
            return _call(tree, scope)
        case Entry():
            return _entry(tree, scope)
        case Literal():
            return _literal(tree, scope)
        case Subscripts():
            raise scope.formula_error("TC050", "subscripts stand only inside einsum(…)", tree)
        case Name() | Call() | Indexed():
            raise scope.formula_error("TC051", "indices cannot be mixed with matrix notation here", tree,
                                      help="write the whole formula with indices, or none of it")


def _operands(trees: tuple[Syntax, ...], scope: Scope) -> Operands:
    return tuple([Operand(tree, scope, lower) for tree in trees])


def _name(tree: Name, scope: Scope) -> Value:
    if tree.name == "I" and "I" not in scope.axes and "I" not in scope.tensors:
        group = scope.size(tree, 0)
        return identity(group, scope)
    if tree.name in ("delta", "eps") and tree.name not in scope.axes:
        raise scope.formula_error("TC052", f"{tree.name} needs indices", tree, help=f"write {tree.name}_ij")
    return drop_ones(scope.named(tree.name, tree.span), scope)


def _entry(tree: Entry, scope: Scope) -> Value:
    value = lower(tree.inner, scope)
    groups = value.groups
    if len(groups) != len(tree.positions):
        raise scope.shape_error("TC108", f"{scope.text(tree.inner)} has {len(groups)} axes, not {len(tree.positions)}",
                                [tree])
    units: Factors = []
    letters = iter(range(len(groups)))
    labels = [next(letters) if group or not value.matrix else "none" for group in value.axes]
    for k, (group, place) in enumerate(zip(groups, tree.positions)):
        units.append((constants.unit(Operand(place, scope, lower), group, tree, scope), [k, "none"]))
    return contract(scope, [(value, labels), *units], ((), ()), [[], []])


def _literal(tree: Literal, scope: Scope) -> Value:
    rows: list[tuple[Fraction, ...]] = []
    for row in tree.rows:
        numbers = []
        for entry in row:
            value = lower(entry, Scope(source=scope.source, building=True)) if is_arithmetic(entry) else None
            known = build.is_number(value.expr) if value and value.expr is not None and value.is_scalar else None
            if known is None:
                raise scope.formula_error("TC053", "a matrix literal holds plain numbers", entry)
            numbers.append(known)
        rows.append(tuple(numbers))
    height, width = len(rows), len(rows[0])
    if width == 1:
        return made(scope, (height,), lambda: build.special("literal", (height,), *rows))
    shape = (height, width)
    if height == 1:
        return made(scope, (), lambda: build.special("literal", (width,), *[(v,) for v in rows[0]]), (width,))
    return made(scope, (height,), lambda: build.special("literal", shape, *rows), (width,))


def _call(tree: Call, scope: Scope) -> Value:
    name, arguments = tree.function, _operands(tree.arguments, scope)
    if name in scope.functions:
        _count(tree, scope, (1,))
        return declarations.declared(tree, arguments[0], scope)
    if tree.primes:
        raise UnknownNameError("TC202", f"{name} is not a declared function", source=scope.source, spans=[tree.span])
    if name in _FORMS:
        count, form = _FORMS[name]
        _count(tree, scope, count)
        return form(tree, arguments, scope)
    if name in _ELEMENTWISE:
        _count(tree, scope, (1,))
        value = arguments[0].value()
        expr = build.apply(TABLE[name], value.expr) if value.expr is not None else None
        return Value(expr, value.axes, value.matrix)
    if name in _SQUARE:
        _count(tree, scope, (1,))
        return of_square(arguments[0].square(name), name, scope)
    raise unknown_function(tree, scope, FUNCTION_NAMES)


def _count(tree: Call, scope: Scope, allowed: tuple[int, ...]) -> None:
    if len(tree.arguments) not in allowed:
        wanted = " or ".join(map(str, allowed)) if len(allowed) < 5 else f"at least {allowed[0]}"
        plural = "" if wanted == "1" else "s"
        raise UnknownNameError("TC203", f"{tree.function} takes {wanted} argument{plural}, not {len(tree.arguments)}",
                               source=scope.source, spans=[tree.span])


def _series(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``series(j, lo, hi, body)``: the sum of ``body`` for j = lo, …, hi."""
    with scope.counts(arguments[0].tree):
        value = arguments[3].value()
    expr = summed(tree, value.expr, scope)
    return Value(expr, value.axes, value.matrix)


def summed(tree: Call, body: Expr | None, scope: Scope) -> Expr | None:
    """The sum of ``body`` over the integer that a ``series`` binds."""
    symbol = tree.arguments[0]
    if not isinstance(symbol, Name):
        raise scope.formula_error("TC058", "series starts with the name that it counts by", tree)
    bounds = []
    for argument in tree.arguments[1:3]:
        bound = Operand(argument, scope, lower).scalar("a bound")
        found = None if bound.expr is None else build.dimension_of(bound.expr)
        if bound.expr is not None and found is None:
            raise scope.formula_error("TC058", "the bounds of a series are whole numbers", argument)
        bounds.append(found)
    if body is None or bounds[0] is None or bounds[1] is None:
        return None
    try:
        if bounds[1] == polynomial("inf") or series.is_power_series(body):
            return series.infinite(body, symbol.name, bounds[0], bounds[1])
        return series.total(body, symbol.name, bounds[0], bounds[1])
    except UnsupportedError as error:
        raise UnsupportedError(error.code, error.message, source=scope.source, spans=[tree.span], help=error.help) from None


def _by(tree: Call, scope: Scope) -> tuple[Value, Name, Value]:
    """What is differentiated, by which variable, and that variable's axes."""
    inner, name = lower(tree.arguments[0], scope), tree.arguments[1]
    if scope.differentiate is None:
        raise UnsupportedError("TC306", f"{tree.function}(…) is not known here", source=scope.source, spans=[tree.span])
    if not isinstance(name, Name) or name.name not in scope.axes:
        raise scope.formula_error("TC057", f"{tree.function} is by a variable", tree.arguments[1])
    return inner, name, scope.named(name.name, name.span)


def _differentiated(tree: Call, inner: Value, name: Name, order: int, scope: Scope) -> Expr | None:
    if inner.expr is None:
        return None
    assert scope.differentiate is not None
    return scope.differentiate(inner.expr, scope.variables[name.name], order)


def _diff(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``diff(U, X)``: the axes of U, then those of X, once for each order."""
    inner, name, by = _by(tree, scope)
    order = arguments[2].whole() if len(arguments) == 3 else 1
    if order is None or not 1 <= order <= 4:
        raise scope.formula_error("TC057", "the order of diff is 1 to 4", tree)
    axes = (*inner.groups, *(by.groups * order))
    return as_matrix(Value(_differentiated(tree, inner, name, order, scope), axes, matrix=False))


def _jacobian(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``jacobian(U, X)``: ∂vec(U)/∂vec(X)', columns stacked."""
    inner, name, by = _by(tree, scope)
    if not inner.matrix or not by.matrix:
        raise scope.shape_error("TC105", "jacobian is of a matrix by a matrix", [tree])
    rows, cols = (tuple(part for group in reversed(value.axes) for part in group) for value in (inner, by))
    expr = _differentiated(tree, inner, name, 1, scope)
    if expr is None:
        return Value(None, (rows, cols))
    counts = [len(group) for value in (inner, by) for group in value.axes]
    starts = [sum(counts[:k]) for k in range(4)]
    order = [axis for k in (1, 0, 3, 2) for axis in range(starts[k], starts[k] + counts[k])]
    return Value(build.transpose(expr, order), (rows, cols))


_FORMS: Forms = {
    **linear.FORMS, **nonlinear.FORMS, **constants.FORMS, **einsum.FORMS, **declarations.FORMS,
    "series": ((4,), _series), "diff": ((2, 3), _diff), "jacobian": ((2,), _jacobian),
}

FUNCTION_NAMES = frozenset([*_FORMS, *_ELEMENTWISE, *_SQUARE])
"""Every function that may be called in a formula."""
