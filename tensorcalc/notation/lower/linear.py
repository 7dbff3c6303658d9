"""Functions of matrix notation that are linear in each argument: traces, diagonals, ``vec``, ``kron``, ``cross``.

Each is a product of its arguments and constants.
"""

from __future__ import annotations

from fractions import Fraction

from ...algebra import build
from ..syntax import Call, Syntax
from .operands import Forms, Operand, Operands, trees
from .scope import Scope, Value, shape_of
from .unify import Group, expand
from .values import contract, contract_groups, identity, kronecker, levi_civita, regroup


def _trace(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    if value.is_scalar:
        return value
    value = arguments[0].squared(value, "the trace")
    return contract(scope, [(value, [0, 0])], ((), ()), [[], []])


def _sum(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].value()
    return Value(build.einsum([(value.expr, range(value.expr.rank))], ()) if value.expr is not None else None, ((), ()))


def _diag(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    if value.rows and value.cols:
        value = arguments[0].squared(value, "the diagonal")
        return contract(scope, [(value, [0, 0])], (value.rows, ()), [[0], []])
    group = value.rows or value.cols
    labels = [0, 1] if value.rows else [1, 0]
    return contract(scope, [(value, labels)], (group, group), [[0], [0]])


def _vec(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    return contract_groups(scope, [(value, [["r"], ["c"]])], [["c", "r"], []])


def _half(tree: Syntax, value: Value, scope: Scope) -> tuple[Group, Group]:
    """The axis of a matrix and of its ``vech``."""
    group = expand(value.rows)
    if len(group) != 1:
        raise scope.shape_error("TC108", "vech of a matrix with merged axes", [tree])
    return group, scope.half(tree, group)


def _vech(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].square("vech")
    group, half = _half(tree, value, scope)
    if not scope.building:
        return Value(None, (half, ()))
    (dim,), (length,) = shape_of(group), shape_of(half)
    matrix = Value(build.special("elimination", (length, dim, dim)), ((length,), (dim,), (dim,)), matrix=False)
    return contract(scope, [(value, [0, 1]), (matrix, ["h", 0, 1])], (half, ()), [["h"], []])


def _tril(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """The entries on and below the diagonal."""
    value = arguments[0].square("tril")
    group = expand(value.rows)
    if len(group) != 1:
        raise scope.shape_error("TC108", "tril of a matrix with merged axes", [tree])
    dims = shape_of(group) * 2 if scope.building else ()
    mask = Value(build.special("tril", dims) if dims else None, value.axes)
    return contract(scope, [(value, [0, 1]), (mask, [0, 1])], value.axes, [[0], [1]])


def _kron(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].matrix()
    for argument in arguments[1:]:
        value = kronecker(value, argument.matrix(), scope)
    return value


def _khatrirao(tree: Call, arguments: Operands, scope: Scope) -> Value:
    a, b = arguments[0].matrix(), arguments[1].matrix()
    if not scope.agree(a.cols, b.cols):
        raise scope.shape_error("TC101", "khatrirao needs as many columns on either side", trees(arguments),
                                [arguments[0].says(a), arguments[1].says(b)])
    b = regroup(b, 1, a.cols, scope)
    return contract_groups(scope, [(a, [["ra"], ["c"]]), (b, [["rb"], ["c"]])], [["ra", "rb"], ["c"]])


def _three(operand: Operand, scope: Scope, what: str) -> Value:
    value = operand.matrix()
    if value.cols or not scope.agree(value.rows, (3,)):
        raise scope.shape_error("TC112", f"{what} takes vectors with 3 entries", [operand.tree], [operand.says(value)])
    return value


def _cross(tree: Call, arguments: Operands, scope: Scope) -> Value:
    a, b = _three(arguments[0], scope, "cross"), _three(arguments[1], scope, "cross")
    if a.expr is None or b.expr is None:
        return Value(None, ((3,), ()))
    return Value(build.einsum([(levi_civita(), "ijk"), (a.expr, "j"), (b.expr, "k")], "i"), ((3,), ()))


def _skew(tree: Call, arguments: Operands, scope: Scope) -> Value:
    a = _three(arguments[0], scope, "skew")
    expr = build.einsum([(levi_civita(), "ikj"), (a.expr, "k")], "ij") if a.expr is not None else None
    return Value(expr, ((3,), (3,)))


def _sym(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].square("sym")
    turned = contract(scope, [(value, [0, 1])], value.axes, [[1], [0]])
    if value.expr is None or turned.expr is None:
        return value
    half = Fraction(1, 2)
    return Value(build.add([(half, value.expr), (half, turned.expr)]), value.axes)


def _dev(tree: Call, arguments: Operands, scope: Scope) -> Value:
    value = arguments[0].square("dev")
    if value.expr is None:
        return value
    trace = contract(scope, [(value, [0, 0])], ((), ()), [[], []])
    eye = identity(value.rows, scope)
    assert trace.expr is not None and eye.expr is not None
    size = [(build.power_of(build.dimension(dim), -1), ()) for dim in shape_of(value.rows)]
    mean = build.einsum([(trace.expr, ()), (eye.expr, range(eye.expr.rank)), *size], range(eye.expr.rank))
    return Value(build.add([(1, value.expr), (-1, mean)]), value.axes)


FORMS: Forms = {
    "tr": ((1,), _trace), "sum": ((1,), _sum), "diag": ((1,), _diag), "vec": ((1,), _vec), "vech": ((1,), _vech),
    "tril": ((1,), _tril), "kron": (tuple(range(2, 50)), _kron), "khatrirao": ((2,), _khatrirao),
    "cross": ((2,), _cross), "skew": ((1,), _skew), "sym": ((1,), _sym), "dev": ((1,), _dev),
}
