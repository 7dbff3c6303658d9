"""Functions of matrix notation that are not linear: norms, roots, extremes, inverses, powers."""

from __future__ import annotations

from fractions import Fraction

from ...algebra import build
from ...functions import TABLE, grouped
from ..syntax import Call
from .constants import dims
from .operands import Forms, Operands, pair, trees
from .scope import Scope, Value
from .unify import expand
from .values import contract, of_square, pair_of, regroup


def _bars(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``bars(X)``, on paper |X|: the absolute value of a number, the determinant of a matrix."""
    value = arguments[0].matrix()
    if value.is_scalar:
        return Value(build.apply(TABLE["abs"], value.expr) if value.expr is not None else None, value.axes)
    if not value.rows or not value.cols:
        raise scope.shape_error("TC105", "bars are around a number or a square matrix", [tree],
                                [arguments[0].says(value)], help="a norm is norm2(…), entry by entry it is abs(…)")
    return of_square(arguments[0].squared(value, "a determinant"), "det", scope)


def _norm1(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].value()
    if value.expr is None:
        return Value(None, ((), ()))
    absolute = build.apply(TABLE["abs"], value.expr)
    return Value(build.einsum([(absolute, range(absolute.rank))], ()), ((), ()))


def _norm2(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].value()
    if value.matrix and value.rows and value.cols and scope.text(tree).endswith(("_2", "_{2}")):   # of a paper
        scope.remarks["norms are entrywise: of a matrix ‖X‖_2 is read as ‖X‖_F, not as the largest singular value"] = None
    if value.expr is None:
        return Value(None, ((), ()))
    axes = range(value.expr.rank)
    square = build.einsum([(value.expr, axes), (value.expr, axes)], ())
    return Value(build.power_of(square, Fraction(1, 2)), ((), ()))


def _sqrt(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].value()
    expr = build.power_of(value.expr, Fraction(1, 2)) if value.expr is not None else None
    return Value(expr, value.axes, value.matrix)


def _extreme(tree: Call, arguments: Operands, scope: Scope) -> Value:
    a, b, like = pair(arguments, tree.function)
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    return Value(build.apply(TABLE[tree.function], *pair_of(a, b, like, scope)), like.axes, like.matrix)


def _along_vector(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    if (value.rows and value.cols) or value.is_scalar or len(expand(value.rows or value.cols)) != 1:
        raise scope.shape_error("TC111", f"{tree.function} takes a vector", [arguments[0].tree],
                                [arguments[0].says(value)],
                                help=f"in index form it runs along the last index: {tree.function}(Z_ij)"
                                if tree.function == "softmax" else None)
    row = TABLE[tree.function]
    axes = value.axes if tree.function == "softmax" else ((), ())
    return Value(build.apply(row, value.expr) if value.expr is not None else None, axes)


def _pinv(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    if not value.rows or not value.cols:
        raise scope.shape_error("TC107", "pinv takes a matrix", [arguments[0].tree], [arguments[0].says(value)])
    function = grouped(TABLE["pinv"], (len(value.rows), len(value.cols))) if scope.building else None
    expr = build.apply(function, value.expr) if function and value.expr is not None else None
    return Value(expr, (value.cols, value.rows))


def _solve(tree: Call, arguments: Operands, scope: Scope) -> Value:
    a, b = arguments[0].square("solve"), arguments[1].matrix()
    if not b.rows or not scope.agree(a.rows, b.rows):
        raise scope.shape_error("TC109", "cannot solve: sizes differ", trees(arguments),
                                [arguments[0].says(a), arguments[1].says(b)])
    inverse = of_square(a, "inv", scope)
    b = regroup(b, 0, inverse.cols, scope)
    return contract(scope, [(inverse, [0, 1]), (b, [1, 2])], (inverse.rows, b.cols), [[0], [2]])


def _powers(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``powers(X, k)``: the stack of X^0 … X^(k-1)."""
    value = arguments[0].square("powers")
    count = dims(arguments[1].tree, scope)
    if len(count) != 1 or len(value.rows) != 1:
        raise scope.formula_error("TC024", "powers takes a matrix and a plain size", tree)
    expr = build.powers(value.expr, count[0]) if value.expr is not None else None
    return Value(expr, (count, value.rows, value.cols), matrix=False)


FORMS: Forms = {
    "bars": ((1,), _bars), "norm1": ((1,), _norm1), "norm2": ((1,), _norm2), "sqrt": ((1,), _sqrt),
    "max": ((2,), _extreme), "min": ((2,), _extreme),
    "softmax": ((1,), _along_vector), "logsumexp": ((1,), _along_vector), "pinv": ((1,), _pinv),
    "solve": ((2,), _solve), "powers": ((2,), _powers),
}
