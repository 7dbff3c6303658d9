"""Constants of matrix notation: ``eye(n)``, ``ones(m, n)``, ``commutation(m, n)``, ``e(k, n)``; and the sizes they take.

Knows the words of a size, and no variables.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ...algebra import build
from ...algebra.expr import Expr
from ...sizes import Shape, read, triangular
from ..syntax import Call, Name, Num, Op, Syntax
from .operands import Form, Forms, Operand, Operands
from .scope import Scope, Value, integer, shape_of
from .unify import Group, expand, text
from .values import as_matrix, contract, drop_ones, identity, levi_civita, made


def dims(tree: Syntax, scope: Scope) -> Shape:
    """The axes that a size argument stands for."""
    words = _size_text(tree, scope)
    return read(int(words) if words.isdigit() else words)


def _size_text(tree: Syntax, scope: Scope) -> str:
    """A size argument as the arithmetic of sizes reads it."""
    match tree:
        case Num(value) if value.denominator == 1 and value < 10**9:
            return str(value.numerator)
        case Name(indices=None):
            if tree.name in scope.axes and tree.name not in scope.integers:
                raise scope.formula_error("TC054", f"{tree.name} is a variable, not a size", tree)
            return tree.name
        case Op("add", operands):
            return "(" + "+".join(_size_text(operand, scope) for operand in operands) + ")"
        case Op("negate", (inner,)):
            return "(-" + _size_text(inner, scope) + ")"
        case Op("multiply", operands):
            return "*".join(_size_text(operand, scope) for operand in operands)
        case Op("divide", (top, bottom)):
            return f"(({_size_text(top, scope)})/{_size_text(bottom, scope)})"
        case Num(value) if max(value.numerator, value.denominator) < 10**9:
            return f"({value.numerator}/{value.denominator})"
        case Op("power", (base, exponent)):
            return f"({_size_text(base, scope)}^{_size_text(exponent, scope)})"
        case _:
            raise scope.formula_error("TC054", "a size is a whole number, a name, or a sum or product of those", tree)


def _size(tree: Call, place: int, scope: Scope) -> Group:
    argument = tree.arguments[place]
    return scope.size(argument, place, dims(argument, scope))


def _eye(tree: Call, arguments: Operands, scope: Scope) -> Value:
    group = _size(tree, 0, scope)
    if len(arguments) == 2 and not scope.agree(group, _size(tree, 1, scope)):
        raise scope.shape_error("TC107", "eye needs a square size", [tree])
    return identity(group, scope)


def _filling(make: Callable[[Shape], Expr]) -> Form:
    """The form of a constant whose entries are all the same."""
    return lambda tree, _, scope: drop_ones(filled(tree, make, scope), scope)


def filled(tree: Call, make: Callable[[Shape], Expr], scope: Scope) -> Value:
    """A tensor whose entries are all the same."""
    if tree.arguments == (Num(Fraction(1)),) and tree.function in ("vector", "matrix"):
        rows, cols = scope.size(tree, 0), scope.size(tree, 1) if tree.function == "matrix" else ()
    else:
        rows = _size(tree, 0, scope)
        cols = _size(tree, 1, scope) if len(tree.arguments) == 2 else ()
    return made(scope, rows, lambda: make(shape_of(rows) + shape_of(cols)), cols)


def _commutation(tree: Call, arguments: Operands, scope: Scope) -> Value:
    m, n = dims(arguments[0].tree, scope), dims(arguments[-1].tree, scope)
    rows, cols = (*m, *n), (*n, *m)

    def make() -> Expr:
        pairs = [(build.delta(dim), (("m", k), ("M", k))) for k, dim in enumerate(m)]
        pairs += [(build.delta(dim), (("n", k), ("N", k))) for k, dim in enumerate(n)]
        left = [("m", k) for k in range(len(m))] + [("n", k) for k in range(len(n))]
        right = [("N", k) for k in range(len(n))] + [("M", k) for k in range(len(m))]
        return build.einsum(pairs, [*left, *right])

    return made(scope, rows, make, cols)


def _one_dim(tree: Call, scope: Scope) -> Shape:
    """The one axis of a size that must not be a product of several."""
    shape = dims(tree.arguments[0], scope)
    if len(shape) != 1:
        raise scope.formula_error("TC054", f"{tree.function} takes a plain size", tree)
    return shape


def _duplication(tree: Call, arguments: Operands, scope: Scope) -> Value:
    (dim,) = _one_dim(tree, scope)
    half = triangular(dim)
    return made(scope, (dim, dim), lambda: build.special("duplication", (dim, dim, half)), (half,))


def _elimination(tree: Call, arguments: Operands, scope: Scope) -> Value:
    (dim,) = _one_dim(tree, scope)
    half = triangular(dim)

    def make() -> Expr:
        return build.einsum([(build.special("elimination", (half, dim, dim)), "hij")], "hji")

    return made(scope, (half,), make, (dim, dim))


def unit(place: Operand, group: Group, tree: Syntax, scope: Scope) -> Value:
    """The vector along an axis that is 1 at a place, which counts from 1, and 0 elsewhere.

    Raises
    ------
    ShapeError: TC108 where the axis is merged or has no such place.
    """
    position = place.scalar("a position")
    whole = integer(place.tree)
    if len(expand(group)) != 1:
        raise scope.shape_error("TC108", "entries of a merged axis cannot be picked", [tree])
    (dim,) = expand(group)
    if whole is not None and (whole < 1 or (isinstance(dim, int) and whole > dim)):
        raise scope.shape_error("TC108", f"there is no entry {whole}", [place.tree],
                                [f"the axis has size {text(group)}; entries count from 1"])

    def make() -> Expr:
        (size,) = shape_of(group)
        assert position.expr is not None
        return build.unit(position.expr, size)

    return made(scope, group, make)


def _unit_vector(tree: Call, arguments: Operands, scope: Scope) -> Value:
    group = _size(tree, 1, scope) if len(arguments) == 2 else scope.size(tree, 1)
    return unit(arguments[0], group, tree, scope)


def _single_entry(tree: Call, arguments: Operands, scope: Scope) -> Value:
    rows = _size(tree, 2, scope) if len(arguments) == 4 else scope.size(tree, 2)
    cols = _size(tree, 3, scope) if len(arguments) == 4 else scope.size(tree, 3)
    a, b = unit(arguments[0], rows, tree, scope), unit(arguments[1], cols, tree, scope)
    return contract(scope, [(a, [0, "none"]), (b, [1, "none"])], (a.rows, b.rows), [[0], [1]])


def _eps(tree: Call, arguments: Operands, scope: Scope) -> Value:
    dim = integer(arguments[0].tree)
    if dim is None or not 1 <= dim <= 6:
        raise scope.formula_error("TC054", "eps(n) needs a number from 1 to 6", tree)
    return as_matrix(Value(levi_civita(dim) if scope.building else None, ((dim,),) * dim, matrix=False))


def _convolution(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``convolution(k)``: 1 where the first index is the sum of the others and 1."""
    (dim,) = _one_dim(tree, scope)
    expr = build.special("convolution", (dim, dim, dim)) if scope.building else None
    return Value(expr, ((dim,),) * 3, matrix=False)


def _exchange(tree: Call, arguments: Operands, scope: Scope) -> Value:
    """``exchange(k)``: ones on the other diagonal."""
    (dim,) = _one_dim(tree, scope)
    return made(scope, (dim,), lambda: build.special("exchange", (dim, dim)), (dim,))


def _delta(tree: Call, arguments: Operands, scope: Scope) -> Value:
    raise scope.formula_error("TC052", "delta needs indices", tree, help="write delta_ij, or eye(n)")


FORMS: Forms = {
    "eye": ((1, 2), _eye), "ones": ((1, 2), _filling(build.ones)), "vector": ((1,), _filling(build.ones)),
    "matrix": ((1,), _filling(build.ones)), "zeros": ((1, 2), _filling(build.zero)),
    "commutation": ((1, 2), _commutation), "duplication": ((1,), _duplication), "elimination": ((1,), _elimination),
    "e": ((1, 2), _unit_vector), "E": ((2, 4), _single_entry), "eps": ((1,), _eps), "delta": ((0, 1, 2), _delta),
    "exchange": ((1,), _exchange), "convolution": ((1,), _convolution),
}
