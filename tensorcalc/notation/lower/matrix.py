"""Matrix notation to expressions.

A value of matrix notation is a tensor whose axes are split into a row group and a
column group: a matrix is (i) (j), a column (i) (), ``vec(X)`` is (j, i) (), and
``kron(A, B)`` is (iA, iB) (jA, jB).  A product contracts group with group, so that
``kron(B', A) * vec(X)`` and ``vec(A*X*B)`` are one object.

Everything is lowered twice: first with sizes alone, to find those that are open and
every mismatch; then building.  Knows no rules and no derivatives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction

from ...algebra import build, series
from ...algebra.expr import Expr
from ...errors import FormulaError, LimitError, UnknownNameError, UnsupportedError
from ...functions import (
    ELEMENTWISE,
    OF_SCALAR,
    SMOOTH,
    TABLE,
    Function,
    constant,
    core_names,
    frechet,
    funm,
    grouped,
    scalar_of,
    series_of_number,
    unknown,
)
from ...sizes import Shape, polynomial, read, triangular
from ...spelling import closest
from ..parse import parse_expression
from ..recover.matrix import recover as recovered
from ..syntax import Call, Entry, Indexed, Literal, Name, Num, Op, Subscripts, Syntax, walk
from .analytic import analytic, coefficients
from .pointwise import is_entrywise, pointwise
from .scope import Scope, Value, integer, shape_of
from .unify import Group, expand, text

Labels = list[Hashable]
Factors = list[tuple["Value", Sequence[Hashable]]]


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
            return _value(scope, (), lambda: build.number(value))
        case Name(indices=None):
            return _name(tree, scope)
        case Op(operator, operands):
            return _OPERATORS[operator](tree, operands, scope)
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


# -- pieces of values --------------------------------------------------------------------


def _value(scope: Scope, shape: Group, make: Callable[[], Expr], cols: Group = ()) -> Value:
    return Value(make() if scope.building else None, (shape, cols))


def contract(scope: Scope, factors: Factors, axes: tuple[Group, ...], labels: Sequence[Sequence[Hashable]],
             matrix: bool = True) -> Value:
    """The product of values: one label an axis group in, one label a group out.

    A label stands for all the axes of its group.
    """
    if not scope.building:
        return Value(None, axes, matrix)
    built = []
    for value, own in factors:
        groups = value.axes
        assert value.expr is not None
        built.append((value.expr, [(label, part) for label, group in zip(own, groups, strict=True)
                                   for part in range(len(group))]))
    output = [(label, part) for own, group in zip(labels, axes, strict=True) for label in own
              for part in range(len(group) // max(1, len(own)))]
    return Value(build.einsum(built, output), axes, matrix)


def regroup(value: Value, axis: int, wanted: Group, scope: Scope) -> Value:
    """``value`` with one group split as ``wanted``: the same entries in the same order."""
    if not scope.building or value.axes[axis] == wanted:
        return value
    have, want = shape_of(value.axes[axis]), shape_of(wanted)
    bridge = Value(build.special("regroup", (*have, *want), len(have)), (have, want), matrix=False)
    labels: Labels = list(range(len(value.axes)))
    out: Labels = ["new" if k == axis else k for k in range(len(value.axes))]
    axes = tuple(want if k == axis else group for k, group in enumerate(value.axes))
    return contract(scope, [(value, labels), (bridge, [axis, "new"])], axes, [[label] for label in out], value.matrix)


def describe(value: Value) -> str:
    """The size of a value as people say it: ``m x n``."""
    if value.is_scalar:
        return "a number"
    if not value.matrix:
        sizes = " x ".join(text(group) for group in value.axes)
        return f"a tensor with {len(value.axes)} axes" if "?" in sizes else sizes
    size = " x ".join(text(group) for group in value.groups)
    kind = "a matrix" if value.rows and value.cols else "a vector" if value.rows else "a row"
    if "?" in size:
        return kind
    return size if kind == "a matrix" else f"{kind} of size {size}"


def _says(scope: Scope, tree: Syntax, value: Value) -> str:
    return f"{scope.text(tree)} is {describe(value)}"


def _matrix(tree: Syntax, scope: Scope) -> Value:
    """Lower, and insist on at most two axes."""
    value = lower(tree, scope)
    if not value.matrix:
        raise scope.shape_error("TC105", f"{scope.text(tree)} has {len(value.axes)} axes; matrix notation has two",
                                [tree], help="use index notation or einsum(…)")
    return value


def _scalar(tree: Syntax, scope: Scope, role: str) -> Value:
    value = _matrix(tree, scope)
    if not value.is_scalar:
        raise scope.shape_error("TC106", f"{role} must be a number", [tree], [_says(scope, tree, value)])
    return value


def _square(tree: Syntax, scope: Scope, what: str) -> Value:
    return _squared(_matrix(tree, scope), tree, scope, what)


def _squared(value: Value, tree: Syntax, scope: Scope, what: str) -> Value:
    """Insist on equal groups of rows and columns.

    A tree is lowered once: nesting must not double the work.
    """
    if not value.rows or not value.cols or not scope.agree(value.rows, value.cols):
        help = None
        if what == "a power" and not value.is_scalar and not (value.rows and value.cols):
            name = scope.text(tree)
            number = _number_help(scope, tree)
            help = f"write {name}.^2 for entry by entry, {name}' {name} for a number{f', or {number}' if number else ''}"
        raise scope.shape_error("TC107", f"{what} needs a square matrix", [tree], [_says(scope, tree, value)], help)
    return regroup(value, 1, value.rows, scope)


# -- names and numbers -------------------------------------------------------------------


def _name(tree: Name, scope: Scope) -> Value:
    if tree.name == "I" and "I" not in scope.axes and "I" not in scope.tensors:
        group = scope.size(tree, 0)
        return identity(group, scope)
    if tree.name in ("delta", "eps") and tree.name not in scope.axes:
        raise scope.formula_error("TC052", f"{tree.name} needs indices", tree, help=f"write {tree.name}_ij")
    return _drop_ones(scope.named(tree.name, tree.span), scope)


def _drop_ones(value: Value, scope: Scope) -> Value:
    """Matrix notation does not tell an axis of size 1 from none."""
    if not value.matrix or not any(group == (1,) for group in value.axes):
        return value
    axes = tuple(() if group == (1,) else group for group in value.axes)
    if not scope.building:
        return Value(None, axes)
    return contract(scope, [(value, [0, 1])], axes, [[k] for k in range(2)])


def identity(group: Group, scope: Scope) -> Value:
    """The identity with a group of axes on either side."""
    def make() -> Expr:
        shape = shape_of(group)
        pairs = [(build.delta(dim), (("r", k), ("c", k))) for k, dim in enumerate(shape)]
        return build.einsum(pairs, [("r", k) for k in range(len(shape))] + [("c", k) for k in range(len(shape))])

    return _value(scope, group, make, group)


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
        units.append((_unit(place, group, tree, scope), [k, "none"]))
    return contract(scope, [(value, labels), *units], ((), ()), [[], []])


def _unit(place: Syntax, group: Group, tree: Syntax, scope: Scope) -> Value:
    position = _scalar(place, scope, "a position")
    whole = integer(place)
    if len(expand(group)) != 1:
        raise scope.shape_error("TC108", "entries of a merged axis cannot be picked", [tree])
    (dim,) = expand(group)
    if whole is not None and (whole < 1 or (isinstance(dim, int) and whole > dim)):
        raise scope.shape_error("TC108", f"there is no entry {whole}", [place],
                                [f"the axis has size {text(group)}; entries count from 1"])

    def make() -> Expr:
        (size,) = shape_of(group)
        assert position.expr is not None
        return build.unit(position.expr, size)

    return _value(scope, group, make)


def _literal(tree: Literal, scope: Scope) -> Value:
    rows: list[tuple[Fraction, ...]] = []
    for row in tree.rows:
        numbers = []
        for entry in row:
            value = lower(entry, Scope(source=scope.source, building=True)) if not _names(entry) else None
            known = build.is_number(value.expr) if value and value.expr is not None and value.is_scalar else None
            if known is None:
                raise scope.formula_error("TC053", "a matrix literal holds plain numbers", entry)
            numbers.append(known)
        rows.append(tuple(numbers))
    height, width = len(rows), len(rows[0])
    if width == 1:
        return _value(scope, (height,), lambda: build.special("literal", (height,), *rows))
    shape = (height, width)
    if height == 1:
        return _value(scope, (), lambda: build.special("literal", (width,), *[(v,) for v in rows[0]]), (width,))
    return _value(scope, (height,), lambda: build.special("literal", shape, *rows), (width,))


def _names(tree: Syntax) -> bool:
    return not isinstance(tree, (Num, Op)) or (isinstance(tree, Op) and any(map(_names, tree.operands)))


# -- operators ---------------------------------------------------------------------------


def _add(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    values = [lower(operand, scope) for operand in operands]
    first = values[0]
    for operand, value in zip(operands[1:], values[1:]):
        if not _same_shape(first, value, scope):
            raise _sum_error(scope, operands[0], first, operand, value)
    if not scope.building:
        return first
    aligned = [_aligned(value, first, scope) for value in values]
    return Value(build.add([(1, value) for value in aligned]), first.axes, first.matrix)


def _same_shape(a: Value, b: Value, scope: Scope) -> bool:
    return a.matrix == b.matrix and len(a.axes) == len(b.axes) and \
        all([bool(x) == bool(y) and scope.agree(x, y) for x, y in zip(a.axes, b.axes)])


def _aligned(value: Value, like: Value, scope: Scope) -> Expr:
    for axis, group in enumerate(like.axes):
        value = regroup(value, axis, group, scope)
    assert value.expr is not None
    return value.expr


def _sum_error(scope: Scope, left: Syntax, a: Value, right: Syntax, b: Value) -> Exception:
    facts = [_says(scope, left, a), _says(scope, right, b)]
    if a.is_scalar != b.is_scalar and a.matrix and b.matrix:
        number, other = (left, b) if a.is_scalar else (right, a)
        return scope.shape_error("TC110", "a number plus a matrix has two meanings", [left, right], facts,
                                 _letter_help(scope, number, other) or _transposed_help(scope, left, right)
                                 or _ones_help(other))
    help = None
    if a.matrix and b.matrix and _same_shape(a, Value(None, (b.cols, b.rows)), scope):
        help = "transpose one of them"
    return scope.shape_error("TC101", "cannot add tensors of different shapes", [left, right], facts, help)


def _ones_help(other: Value) -> str:
    """What a number may mean beside a matrix."""
    sizes = [text(group) for group in other.groups]
    if sizes == ["?"]:
        return "times vector(1) it is added to every entry"
    help = f"times ones({', '.join(sizes) if '?' not in ''.join(sizes) else '…'}) it is added to every entry"
    if len(sizes) == 2 and sizes[0] == sizes[1]:
        help += f", times eye({sizes[0] if '?' not in sizes[0] else '…'}) to the diagonal"
    return help


def _letter_help(scope: Scope, tree: Syntax, other: Value) -> str | None:
    """A name that is a number by its first letter alone may be meant to be declared."""
    name = tree.operands[0] if isinstance(tree, Op) and tree.operator == "negate" else tree
    if not isinstance(name, Name) or name.name not in scope.axes or name.name in scope.declared:
        return None
    names = iter("mn")
    sizes = ",".join([size if "?" not in size else next(names) for size in map(text, other.groups)])
    return f"{name.name} is a number by its first letter; declare it (vars, or --var {name.name}={sizes})"


def _transposed_help(scope: Scope, *trees: Syntax) -> str | None:
    """Nobody transposes a number: a name that is one by its first letter alone is meant as a vector."""
    for node in [node for tree in trees for node in walk(tree) if isinstance(node, Op) and node.operator == "transpose"]:
        name = node.operands[0]
        if isinstance(name, Name) and scope.axes.get(name.name) == () and name.name not in scope.declared:
            return f"{name.name} is a number by its first letter; declare it (vars, or --var {name.name}=n)"
    return None


def _number_help(scope: Scope, tree: Syntax) -> str | None:
    """A name that is a vector by its first letter alone may be meant as a number."""
    if not isinstance(tree, Name) or tree.indices is not None or tree.name not in scope.axes or tree.name in scope.own_names():
        return None
    return f"declare {tree.name} a number (vars, or --var {tree.name}=)"


def _negate(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    value = lower(operands[0], scope)
    return Value(build.scale(-1, value.expr) if value.expr is not None else None, value.axes, value.matrix)


def _multiply(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    """A chain of products, contracted in one go."""
    values = [lower(operand, scope) for operand in operands]
    factors: Factors = []
    rows: Group = ()
    cols: Group = ()
    left: Hashable = None
    right: Hashable = None
    started: tuple[Syntax, Value] | None = None
    for k, (operand, value) in enumerate(zip(operands, values)):
        if value.is_scalar:
            factors.append((value, [("scalar", k), ("scalar", k)]))
        elif started is None:
            factors.append((value, [("r", k), ("c", k)] if value.matrix else [(axis, k) for axis in range(len(value.axes))]))
            rows, cols, left, right, started = *value.axes[:2], ("r", k), ("c", k), (operand, value)
        elif not value.matrix or not started[1].matrix:
            raise scope.shape_error("TC105", "matrix notation multiplies matrices and vectors", [operand],
                                    [_says(scope, operand, value)], help="use index notation or einsum(…)")
        else:
            if bool(cols) != bool(value.rows) or not scope.agree(cols, value.rows):
                raise _product_error(scope, tree, operands, started, operand, Value(None, (rows, cols)), value)
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


_JOINT = re.compile(r"(?:[\s*@]|\\(?:[ ,;:!]|cdot|quad))*\Z")   # what stands between factors


def _product_error(scope: Scope, tree: Op, operands: tuple[Syntax, ...], started: tuple[Syntax, Value],
                   operand: Syntax, left: Value, right: Value) -> Exception:
    first = started[0]
    words = _JOINT.sub("", scope.source[first.span[0]:operand.span[0]])
    if words.count("(") != words.count(")"):
        words = "the left factor"
    help = None
    if isinstance(first, Op) and first.operator == "kronecker":
        outer, _, inner = words.rpartition("⊗")
        help = f"⊗ groups from the left, as products do: {outer}⊗ ({inner.strip()} {scope.text(operand)})" if outer else None
    elif not left.cols and not right.cols and scope.agree(left.rows, right.rows):
        number = _number_help(scope, operand) or _number_help(scope, first)
        rest = f"use .* for entry by entry, or {number}" if number else "or use .* for entry by entry"
        help = f"transpose the first for a number ({words}' {scope.text(operand)}), {rest}"
    elif left.cols and right.cols and scope.agree(left.cols, right.cols):
        help = f"transpose {scope.text(operand)}"
    elif left.rows and right.rows and scope.agree(left.rows, right.rows):
        help = f"transpose {words}"
    return scope.shape_error("TC109", "cannot multiply: inner sizes differ", [first, operand],
                             [f"{words} is {describe(left)}", _says(scope, operand, right)], help)


def _divide(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    top = lower(operands[0], scope)
    bottom = lower(operands[1], scope)
    if not bottom.is_scalar:
        raise scope.shape_error("TC106", "a divisor must be a number", [operands[1]],
                                [_says(scope, operands[1], bottom)], help="use ./ for entry by entry, inv(…) for a matrix")
    return _scaled(top, bottom, scope, tree)


def _scaled(top: Value, bottom: Value, scope: Scope, tree: Syntax) -> Value:
    if not scope.building:
        return top
    assert top.expr is not None and bottom.expr is not None
    axes = range(top.expr.rank)
    return Value(build.einsum([(top.expr, axes), (_power(bottom.expr, Fraction(-1), scope, tree), ())], axes),
                 top.axes, top.matrix)


def _power(base: Expr, exponent: Expr | Fraction, scope: Scope, tree: Syntax) -> Expr:
    try:
        return build.power_of(base, exponent)
    except LimitError as error:
        raise LimitError(error.code, error.message, source=scope.source, spans=[tree.span]) from None


def _elementwise_pair(operands: tuple[Syntax, ...], scope: Scope, what: str) -> tuple[Value, Value, Value]:
    """Two operands of one shape, or one a number; and the one that gives the shape."""
    a, b = lower(operands[0], scope), lower(operands[1], scope)
    if a.is_scalar:
        return a, b, b
    if not b.is_scalar and not _same_shape(a, b, scope):
        raise scope.shape_error("TC101", f"{what} needs equal shapes", operands,
                                [_says(scope, operands[0], a), _says(scope, operands[1], b)])
    return a, b, a


def _hadamard(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b, like = _elementwise_pair(operands, scope, "an elementwise product")
    return Value(_times(a, b, like, scope) if scope.building else None, like.axes, like.matrix)


def _times(a: Value, b: Value, like: Value, scope: Scope) -> Expr:
    left, right = (value.expr if value.is_scalar else _aligned(value, like, scope) for value in (a, b))
    assert left is not None and right is not None
    rank = max(left.rank, right.rank)
    return build.einsum([(left, range(left.rank)), (right, range(right.rank))], range(rank))


def _quotient(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b, like = _elementwise_pair(operands, scope, "an elementwise quotient")
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    assert b.expr is not None
    inverse = Value(_power(b.expr, Fraction(-1), scope, tree), b.axes, b.matrix)
    return Value(_times(a, inverse, like, scope), like.axes, like.matrix)


def _elpower(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b, like = _elementwise_pair(operands, scope, "an elementwise power")
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    base, exponent = (value.expr if value.is_scalar else _aligned(value, like, scope) for value in (a, b))
    assert base is not None and exponent is not None
    if not exponent.rank:
        return Value(_power(base, exponent, scope, tree), like.axes, like.matrix)
    if not base.rank:
        base = build.einsum([(base, ()), (build.ones(exponent.shape), range(exponent.rank))], range(exponent.rank))
    return Value(build.apply(TABLE["power"], base, exponent), like.axes, like.matrix)


def _matrix_power(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    base = _matrix(operands[0], scope)
    exponent = _scalar(operands[1], scope, "an exponent")
    if base.is_scalar:
        if not scope.building:
            return base
        assert base.expr is not None and exponent.expr is not None
        return Value(_power(base.expr, exponent.expr, scope, tree), base.axes)
    value = _squared(base, operands[0], scope, "a power")
    whole = _whole(operands[1], scope)
    if whole is not None and abs(whole) > build.MOST_POWER:
        raise LimitError("TC412", f"a matrix power has at most {build.MOST_POWER} factors", source=scope.source,
                         spans=[operands[1].span])
    if whole is None or len(value.rows) != 1:
        return _symbolic_power(value, exponent, operands[1], scope)
    if not scope.building:
        return value
    assert value.expr is not None
    return Value(build.matrix_power(value.expr, whole), value.axes)


def _symbolic_power(value: Value, exponent: Value, tree: Syntax, scope: Scope) -> Value:
    """``X^k`` with an integer symbol; a matrix with merged axes takes numbers only."""
    whole = _whole(tree, scope)
    if whole is not None:
        chain = abs(whole)
        factor = value if whole > 0 else _of_square(value, "inv", scope)
        return identity(value.rows, scope) if not chain else \
            contract(scope, [(factor, [k, k + 1]) for k in range(chain)], value.axes, [[0], [chain]])
    if not scope.building:
        return value
    assert value.expr is not None and exponent.expr is not None
    if value.expr.rank != 2 or build.dimension_of(exponent.expr) is None or build.is_number(exponent.expr) is not None:
        raise UnsupportedError("TC303", "a matrix power needs a whole number as exponent", source=scope.source,
                               spans=[tree.span], help="the square root is sqrtm(…), and .^ goes entry by entry")
    return Value(build.matrix_power(value.expr, exponent.expr), value.axes)


def _series(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``series(j, lo, hi, body)``: the sum of ``body`` for j = lo, …, hi."""
    with scope.counts(arguments[0]):
        value = lower(arguments[3], scope)
    expr = summed(tree, value.expr, scope)
    return Value(expr, value.axes, value.matrix)


def summed(tree: Call, body: Expr | None, scope: Scope) -> Expr | None:
    """The sum of ``body`` over the integer that a ``series`` binds."""
    symbol = tree.arguments[0]
    if not isinstance(symbol, Name):
        raise scope.formula_error("TC058", "series starts with the name that it counts by", tree)
    bounds = []
    for argument in tree.arguments[1:3]:
        bound = _scalar(argument, scope, "a bound")
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


def _whole(tree: Syntax, scope: Scope) -> int | None:
    whole = integer(tree)
    if whole is None and not _names(tree):
        value = lower(tree, Scope(source=scope.source, building=True))
        known = build.is_number(value.expr) if value.expr is not None else None
        whole = int(known) if known is not None and known.denominator == 1 else None
    return whole


def _transpose(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(operands[0], scope)
    return contract(scope, [(value, [0, 1])], (value.cols, value.rows), [[1], [0]])


def _frobenius(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b = lower(operands[0], scope), lower(operands[1], scope)
    if not _same_shape(a, b, scope):
        raise scope.shape_error("TC101", "A : B needs equal shapes", operands,
                                [_says(scope, operands[0], a), _says(scope, operands[1], b)])
    if not scope.building:
        return Value(None, ((), ()))
    left, right = _aligned(a, a, scope), _aligned(b, a, scope)
    return Value(build.einsum([(left, range(left.rank)), (right, range(right.rank))], ()), ((), ()))


def kronecker(a: Value, b: Value, scope: Scope) -> Value:
    """``A ⊗ B``: the axes of A, then those of B, in either group."""
    return contract_groups(scope, [(a, [["ra"], ["ca"]]), (b, [["rb"], ["cb"]])],
                           [["ra", "rb"], ["ca", "cb"]])


def contract_groups(scope: Scope, factors: Sequence[tuple[Value, Sequence[Sequence[Hashable]]]],
                    output: Sequence[Sequence[Hashable]]) -> Value:
    """Like :func:`contract`, with groups of the result put together from several."""
    sizes: dict[Hashable, Group] = {}
    built = []
    for value, groups in factors:
        labels: list[Hashable] = []
        for (label,), group in zip(groups, value.axes, strict=True):
            sizes[label] = group
            labels += [(label, part) for part in range(len(group))]
        built.append((value.expr, labels))
    axes = tuple(tuple(part for label in own for part in sizes[label]) for own in output)
    if not scope.building:
        return Value(None, axes)
    flat = [(label, part) for own in output for label in own for part in range(len(sizes[label]))]
    return Value(build.einsum([(expr, labels) for expr, labels in built if expr is not None], flat), axes)


def _kronecker(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    return kronecker(_matrix(operands[0], scope), _matrix(operands[1], scope), scope)


def _kronsum(tree: Op, operands: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b = _square(operands[0], scope, "A ⊕ B"), _square(operands[1], scope, "A ⊕ B")
    left = kronecker(a, identity(b.rows, scope), scope)
    right = kronecker(identity(a.rows, scope), b, scope)
    if not scope.building:
        return left
    assert left.expr is not None and right.expr is not None
    return Value(build.add([(1, left.expr), (1, right.expr)]), left.axes)


_OPERATORS: dict[str, Callable[[Op, tuple[Syntax, ...], Scope], Value]] = {
    "add": _add, "negate": _negate, "multiply": _multiply, "divide": _divide, "hadamard": _hadamard,
    "quotient": _quotient, "elpower": _elpower, "power": _matrix_power, "transpose": _transpose,
    "frobenius": _frobenius, "kronecker": _kronecker, "kronsum": _kronsum,
}


# -- functions ---------------------------------------------------------------------------


def _call(tree: Call, scope: Scope) -> Value:
    name, arguments = tree.function, tree.arguments
    if name in scope.functions:
        return _declared(tree, scope)
    if tree.primes:
        raise UnknownNameError("TC202", f"{name} is not a declared function", source=scope.source, spans=[tree.span])
    if name in _FORMS:
        count, form = _FORMS[name]
        _count(tree, scope, count)
        return form(tree, arguments, scope)
    if name in _ELEMENTWISE:
        _count(tree, scope, (1,))
        value = lower(arguments[0], scope)
        expr = build.apply(TABLE[name], value.expr) if value.expr is not None else None
        return Value(expr, value.axes, value.matrix)
    if name in _SQUARE:
        _count(tree, scope, (1,))
        return _of_square(_square(arguments[0], scope, name), name, scope)
    raise _unknown_function(tree, scope)


def _declared(tree: Call, scope: Scope) -> Value:
    """A function that the request declares: elementwise, a number of a tensor, or a formula in z."""
    _count(tree, scope, (1,))
    kind = scope.functions[tree.function]
    value = lower(tree.arguments[0], scope)
    known = coefficients(kind, tree.function)
    if known is not None:
        return _power_series(tree, value, known, scope)
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


# -- functions of square matrices -------------------------------------------------------


def _power_series(tree: Call, value: Value, known: tuple[Fraction, ...], scope: Scope) -> Value:
    """``F(X)`` of a square matrix or of a number, for a declared power series F."""
    name, order = tree.function, tree.primes
    if value.is_scalar:
        row = series_of_number(name, order, known)
        return Value(None if value.expr is None else build.apply(row, value.expr), value.axes)
    value = _squared(value, tree.arguments[0], scope, f"the power series {name}")
    return _applied(funm(name, order, "series", known), value, scope)


def _applied(row: Function, value: Value, scope: Scope) -> Value:
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


def _funm(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``funm(f, X)``: the function of the matrix X that a function f of numbers defines."""
    value = _square(arguments[1], scope, "funm")
    row = _row(arguments[0], scope)
    if row is not None:
        return _applied(row, value, scope)
    name, order = _name_of(arguments[0]) or ("", 0)
    try:
        if name in scope.functions and scope.functions[name] != "scalar":
            body = _body(arguments[0], name, order, scope)
        else:
            body = Call(name, (Name("z"),)) if name and not order else arguments[0]
        expr = analytic(body, value.expr) if value.expr is not None else None
    except UnsupportedError as error:
        raise UnsupportedError(error.code, error.message, source=scope.source, spans=[arguments[0].span],
                               help=error.help) from None
    return Value(expr, value.axes)


def _coefficient(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``coefficient(F, k)``: a coefficient of a power series, inside ``series(k, 0, inf, …)`` over it."""
    row, index = _row(arguments[0], scope), arguments[1]
    if row is None or row.name != "funm" or scalar_of(row)[2] != "series" or not isinstance(index, Name) \
            or index.name not in scope.counting:
        raise scope.formula_error("TC058", "coefficient is of a declared power series, by the name that a series counts by",
                                  tree, help="write series(k, 0, inf, coefficient(F, k) X^k)")
    return _value(scope, (), lambda: build.apply(constant("coefficient", *row.data), build.dimension(index.name)))


_MEANT = {"trace": "tr", "inverse": "inv", "determinant": "det", "norm": "norm2", "ln": "log", "logistic": "sigmoid",
          "identity": "eye", "sgn": "sign", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "cholesky": "chol",
          "kronecker": "kron", "dot": "sum", "vector": "vec"}

_WRITTEN = {"transpose": "a transpose is written A' or A^T", "dot": "a product of vectors is written x' y",
            "mean": "a mean is written sum(x)/n, where x is declared with n entries (vars, or --var x=n)",
            **dict.fromkeys(("eig", "eigh", "eigvals", "svd", "qr", "rank", "argmax", "argmin"),
                            "it has no formula here that could be differentiated")}
"""What to write in place of functions that people look for."""

SPOKEN = {"ln": "log", "Tr": "tr", "trace": "tr", "Det": "det", "sgn": "sign"}
"""Names that papers write before an operand without a bracket, and the function that each is."""


def _unknown_function(tree: Call, scope: Scope) -> UnknownNameError:
    name = tree.function
    meant = _MEANT.get(name.lower()) or closest(name, FUNCTION_NAMES)
    if name in scope.axes:
        help = f"{name} is a variable: write {name} (…) with a space, or {name}*(…)"
    elif name in _WRITTEN:
        help = _WRITTEN[name]
    elif meant:
        help = f"did you mean {meant}?"
    elif name[0].isupper() and all(isinstance(inner, (Name, Num)) for inner in tree.arguments):
        sizes = ",".join([scope.text(inner) for inner in tree.arguments])
        help = f"the shape of {name} is declared apart (vars, or --var {name}={sizes}); a product is {name}*(…)"
    elif name[0].isupper():
        help = f"a product is {name} (…) with a space, or {name}*(…)"
    else:
        help = f"declare it (functions, or --function {name}=elementwise)"
    return UnknownNameError("TC202", f"{name} is not a function", source=scope.source,
                            spans=[(tree.span[0], tree.span[0] + len(name))], help=help)


def _count(tree: Call, scope: Scope, allowed: tuple[int, ...]) -> None:
    if len(tree.arguments) not in allowed:
        wanted = " or ".join(map(str, allowed)) if len(allowed) < 5 else f"at least {allowed[0]}"
        plural = "" if wanted == "1" else "s"
        raise UnknownNameError("TC203", f"{tree.function} takes {wanted} argument{plural}, not {len(tree.arguments)}",
                               source=scope.source, spans=[tree.span])


def _of_square(value: Value, name: str, scope: Scope) -> Value:
    axes: tuple[Group, Group] = (value.rows, value.cols) if core_names(TABLE[name].signature)[1] else ((), ())
    if not scope.building:
        return Value(None, axes)
    assert value.expr is not None
    return Value(build.apply(grouped(TABLE[name], (len(value.rows),)), value.expr), axes)


Form = Callable[[Call, tuple[Syntax, ...], Scope], Value]


def _trace(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    if value.is_scalar:
        return value
    value = _squared(value, arguments[0], scope, "the trace")
    return contract(scope, [(value, [0, 0])], ((), ()), [[], []])


def _bars(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``bars(X)``, on paper |X|: the absolute value of a number, the determinant of a matrix."""
    value = _matrix(arguments[0], scope)
    if value.is_scalar:
        return Value(build.apply(TABLE["abs"], value.expr) if value.expr is not None else None, value.axes)
    if not value.rows or not value.cols:
        raise scope.shape_error("TC105", "bars are around a number or a square matrix", [tree],
                                [_says(scope, arguments[0], value)], help="a norm is norm2(…), entry by entry it is abs(…)")
    return _of_square(_squared(value, arguments[0], scope, "a determinant"), "det", scope)


def _sum(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = lower(arguments[0], scope)
    return Value(build.einsum([(value.expr, range(value.expr.rank))], ()) if value.expr is not None else None, ((), ()))


def _diag(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    if value.rows and value.cols:
        value = _squared(value, arguments[0], scope, "the diagonal")
        return contract(scope, [(value, [0, 0])], (value.rows, ()), [[0], []])
    group = value.rows or value.cols
    labels = [0, 1] if value.rows else [1, 0]
    return contract(scope, [(value, labels)], (group, group), [[0], [0]])


def _vec(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    return contract_groups(scope, [(value, [["r"], ["c"]])], [["c", "r"], []])


def _half(tree: Syntax, value: Value, scope: Scope) -> tuple[Group, Group]:
    """The axis of a matrix and of its ``vech``."""
    group = expand(value.rows)
    if len(group) != 1:
        raise scope.shape_error("TC108", "vech of a matrix with merged axes", [tree])
    return group, scope.half(tree, group)


def _vech(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _square(arguments[0], scope, "vech")
    group, half = _half(tree, value, scope)
    if not scope.building:
        return Value(None, (half, ()))
    (dim,), (length,) = shape_of(group), shape_of(half)
    matrix = Value(build.special("elimination", (length, dim, dim)), ((length,), (dim,), (dim,)), matrix=False)
    return contract(scope, [(value, [0, 1]), (matrix, ["h", 0, 1])], (half, ()), [["h"], []])


def _tril(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """The entries on and below the diagonal."""
    value = _square(arguments[0], scope, "tril")
    group = expand(value.rows)
    if len(group) != 1:
        raise scope.shape_error("TC108", "tril of a matrix with merged axes", [tree])
    dims = shape_of(group) * 2 if scope.building else ()
    mask = Value(build.special("tril", dims) if dims else None, value.axes)
    return contract(scope, [(value, [0, 1]), (mask, [0, 1])], value.axes, [[0], [1]])


def _kron(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    for argument in arguments[1:]:
        value = kronecker(value, _matrix(argument, scope), scope)
    return value


def _khatrirao(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b = _matrix(arguments[0], scope), _matrix(arguments[1], scope)
    if not scope.agree(a.cols, b.cols):
        raise scope.shape_error("TC101", "khatrirao needs as many columns on either side", arguments,
                                [_says(scope, arguments[0], a), _says(scope, arguments[1], b)])
    b = regroup(b, 1, a.cols, scope)
    return contract_groups(scope, [(a, [["ra"], ["c"]]), (b, [["rb"], ["c"]])], [["ra", "rb"], ["c"]])


def _norm1(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = lower(arguments[0], scope)
    if value.expr is None:
        return Value(None, ((), ()))
    absolute = build.apply(TABLE["abs"], value.expr)
    return Value(build.einsum([(absolute, range(absolute.rank))], ()), ((), ()))


def _norm2(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = lower(arguments[0], scope)
    if value.matrix and value.rows and value.cols and scope.text(tree).endswith(("_2", "_{2}")):   # of a paper
        scope.remarks["norms are entrywise: of a matrix ‖X‖_2 is read as ‖X‖_F, not as the largest singular value"] = None
    if value.expr is None:
        return Value(None, ((), ()))
    axes = range(value.expr.rank)
    square = build.einsum([(value.expr, axes), (value.expr, axes)], ())
    return Value(build.power_of(square, Fraction(1, 2)), ((), ()))


def _sqrt(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = lower(arguments[0], scope)
    expr = build.power_of(value.expr, Fraction(1, 2)) if value.expr is not None else None
    return Value(expr, value.axes, value.matrix)


def _extreme(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b, like = _elementwise_pair(arguments, scope, tree.function)
    if not scope.building:
        return Value(None, like.axes, like.matrix)
    left, right = (value.expr if value.is_scalar else _aligned(value, like, scope) for value in (a, b))
    assert left is not None and right is not None
    return Value(build.apply(TABLE[tree.function], left, right), like.axes, like.matrix)


def _along_vector(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    if (value.rows and value.cols) or value.is_scalar or len(expand(value.rows or value.cols)) != 1:
        raise scope.shape_error("TC111", f"{tree.function} takes a vector", [arguments[0]],
                                [_says(scope, arguments[0], value)],
                                help=f"in index form it runs along the last index: {tree.function}(Z_ij)"
                                if tree.function == "softmax" else None)
    row = TABLE[tree.function]
    axes = value.axes if tree.function == "softmax" else ((), ())
    return Value(build.apply(row, value.expr) if value.expr is not None else None, axes)


def _pinv(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _matrix(arguments[0], scope)
    if not value.rows or not value.cols:
        raise scope.shape_error("TC107", "pinv takes a matrix", [arguments[0]], [_says(scope, arguments[0], value)])
    function = grouped(TABLE["pinv"], (len(value.rows), len(value.cols))) if scope.building else None
    expr = build.apply(function, value.expr) if function and value.expr is not None else None
    return Value(expr, (value.cols, value.rows))


def _solve(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b = _square(arguments[0], scope, "solve"), _matrix(arguments[1], scope)
    if not b.rows or not scope.agree(a.rows, b.rows):
        raise scope.shape_error("TC109", "cannot solve: sizes differ", arguments,
                                [_says(scope, arguments[0], a), _says(scope, arguments[1], b)])
    inverse = _of_square(a, "inv", scope)
    b = regroup(b, 0, inverse.cols, scope)
    return contract(scope, [(inverse, [0, 1]), (b, [1, 2])], (inverse.rows, b.cols), [[0], [2]])


def _three(tree: Syntax, scope: Scope, what: str) -> Value:
    value = _matrix(tree, scope)
    if value.cols or not scope.agree(value.rows, (3,)):
        raise scope.shape_error("TC112", f"{what} takes vectors with 3 entries", [tree], [_says(scope, tree, value)])
    return value


def levi_civita(dim: int = 3) -> Expr:
    """The antisymmetric tensor with as many axes as it has dimensions."""
    return build.special("eps", (dim,) * dim)


def _cross(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    a, b = _three(arguments[0], scope, "cross"), _three(arguments[1], scope, "cross")
    if a.expr is None or b.expr is None:
        return Value(None, ((3,), ()))
    return Value(build.einsum([(levi_civita(), "ijk"), (a.expr, "j"), (b.expr, "k")], "i"), ((3,), ()))


def _skew(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    a = _three(arguments[0], scope, "skew")
    expr = build.einsum([(levi_civita(), "ikj"), (a.expr, "k")], "ij") if a.expr is not None else None
    return Value(expr, ((3,), (3,)))


def _sym(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _square(arguments[0], scope, "sym")
    turned = contract(scope, [(value, [0, 1])], value.axes, [[1], [0]])
    if value.expr is None or turned.expr is None:
        return value
    half = Fraction(1, 2)
    return Value(build.add([(half, value.expr), (half, turned.expr)]), value.axes)


def _dev(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    value = _square(arguments[0], scope, "dev")
    if value.expr is None:
        return value
    trace = contract(scope, [(value, [0, 0])], ((), ()), [[], []])
    eye = identity(value.rows, scope)
    assert trace.expr is not None and eye.expr is not None
    size = [(build.power_of(build.dimension(dim), -1), ()) for dim in shape_of(value.rows)]
    mean = build.einsum([(trace.expr, ()), (eye.expr, range(eye.expr.rank)), *size], range(eye.expr.rank))
    return Value(build.add([(1, value.expr), (-1, mean)]), value.axes)


# -- constants ---------------------------------------------------------------------------


def dims(tree: Syntax, scope: Scope) -> Shape:
    """The axes that a size argument stands for."""
    words = _size_text(tree, scope)
    return read(int(words) if words.isdigit() else words)


def _size_text(tree: Syntax, scope: Scope) -> str:
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


def _eye(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    group = _size(tree, 0, scope)
    if len(arguments) == 2 and not scope.agree(group, _size(tree, 1, scope)):
        raise scope.shape_error("TC107", "eye needs a square size", [tree])
    return identity(group, scope)


def _constant(make: Callable[[Shape], Expr]) -> Form:
    return lambda tree, _, scope: _drop_ones(_filled(tree, make, scope), scope)


def _filled(tree: Call, make: Callable[[Shape], Expr], scope: Scope) -> Value:
    """A tensor whose entries are all the same."""
    if tree.arguments == (Num(Fraction(1)),) and tree.function in ("vector", "matrix"):
        rows, cols = scope.size(tree, 0), scope.size(tree, 1) if tree.function == "matrix" else ()
    else:
        rows = _size(tree, 0, scope)
        cols = _size(tree, 1, scope) if len(tree.arguments) == 2 else ()
    return _value(scope, rows, lambda: make(shape_of(rows) + shape_of(cols)), cols)


def _commutation(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    m, n = dims(arguments[0], scope), dims(arguments[-1], scope)
    rows, cols = (*m, *n), (*n, *m)

    def make() -> Expr:
        pairs = [(build.delta(dim), (("m", k), ("M", k))) for k, dim in enumerate(m)]
        pairs += [(build.delta(dim), (("n", k), ("N", k))) for k, dim in enumerate(n)]
        left = [("m", k) for k in range(len(m))] + [("n", k) for k in range(len(n))]
        right = [("N", k) for k in range(len(n))] + [("M", k) for k in range(len(m))]
        return build.einsum(pairs, [*left, *right])

    return _value(scope, rows, make, cols)


def _one_dim(tree: Call, scope: Scope) -> Shape:
    shape = dims(tree.arguments[0], scope)
    if len(shape) != 1:
        raise scope.formula_error("TC054", f"{tree.function} takes a plain size", tree)
    return shape


def _duplication(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    (dim,) = _one_dim(tree, scope)
    half = triangular(dim)
    return _value(scope, (dim, dim), lambda: build.special("duplication", (dim, dim, half)), (half,))


def _elimination(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    (dim,) = _one_dim(tree, scope)
    half = triangular(dim)

    def make() -> Expr:
        return build.einsum([(build.special("elimination", (half, dim, dim)), "hij")], "hji")

    return _value(scope, (half,), make, (dim, dim))


def _unit_vector(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    group = _size(tree, 1, scope) if len(arguments) == 2 else scope.size(tree, 1)
    return _unit(arguments[0], group, tree, scope)


def _single_entry(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    rows = _size(tree, 2, scope) if len(arguments) == 4 else scope.size(tree, 2)
    cols = _size(tree, 3, scope) if len(arguments) == 4 else scope.size(tree, 3)
    a, b = _unit(arguments[0], rows, tree, scope), _unit(arguments[1], cols, tree, scope)
    return contract(scope, [(a, [0, "none"]), (b, [1, "none"])], (a.rows, b.rows), [[0], [1]])


def _einsum(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    if not arguments or not isinstance(arguments[0], Subscripts):
        raise scope.formula_error("TC055", "einsum starts with its subscripts in quotes", tree,
                                  help="write einsum('ij,jk->ik', A, B)")
    words = arguments[0].text.replace(" ", "")
    if "..." in words:
        raise scope.formula_error("TC055", "an ellipsis is not read", arguments[0], help="write a letter for each axis")
    inputs, arrow, output = words.partition("->")
    subscripts = inputs.split(",")
    if len(subscripts) != len(arguments) - 1:
        raise scope.formula_error("TC055", f"{len(subscripts)} subscripts for {len(arguments) - 1} operands", arguments[0])
    if not arrow:
        letters = inputs.replace(",", "")
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    sizes: dict[str, tuple[Group, Syntax]] = {}
    factors: Factors = []
    for own, argument in zip(subscripts, arguments[1:]):
        value = _tensor_of(_with_ones(argument, scope))
        if len(own) != len(value.axes):
            raise scope.shape_error("TC113", f"subscripts {own or 'without letters'!r} for a tensor with "
                                             f"{len(value.axes)} axes", [arguments[0], argument],
                                    [_says(scope, argument, value)],
                                    help=f"declare its axes (vars, or --var {argument.name}={','.join(own)})"
                                    if own and isinstance(argument, Name) and argument.name.isalnum()
                                    and argument.name not in {*scope.declared, *scope.orders}
                                    else None)
        for axis, (letter, group) in enumerate(zip(own, value.axes)):
            known, before = sizes.setdefault(letter, (group, argument))
            if not scope.agree(known, group):
                raise scope.shape_error("TC103", f"index {letter} has two sizes", [before, argument],
                                        [(f"{letter} is {text(known)} in {scope.text(before)} and {text(group)} in "
                                          f"{scope.text(argument)}")])
            value = regroup(value, axis, known, scope)
        factors.append((value, list(own)))
    for letter in output:
        if letter not in sizes:
            raise scope.shape_error("TC102", f"index {letter} of the result is on no operand", [arguments[0]])
    axes = tuple(sizes[letter][0] for letter in output)
    result = contract(scope, factors, axes, [[letter] for letter in output], matrix=False)
    return as_matrix(result)


def _with_ones(tree: Syntax, scope: Scope) -> Value:
    """Like :func:`lower`, but axes of size 1 that were declared stay: subscripts count them."""
    if isinstance(tree, Name) and tree.indices is None and (tree.name in scope.axes or tree.name in scope.tensors):
        return scope.named(tree.name, tree.span)
    if isinstance(tree, Call) and tree.function in ("ones", "zeros") and tree.indices is None:
        return _filled(tree, build.ones if tree.function == "ones" else build.zero, scope)
    return lower(tree, scope)


def _tensor_of(value: Value) -> Value:
    return Value(value.expr, value.groups, matrix=False)


def as_matrix(value: Value) -> Value:
    """A tensor of at most two axes as a value of matrix notation."""
    if value.matrix or len(value.axes) > 2:
        return value
    return Value(value.expr, (*value.axes, *((),) * (2 - len(value.axes))))


def _eps(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    dim = integer(arguments[0])
    if dim is None or not 1 <= dim <= 6:
        raise scope.formula_error("TC054", "eps(n) needs a number from 1 to 6", tree)
    return as_matrix(Value(levi_civita(dim) if scope.building else None, ((dim,),) * dim, matrix=False))


def _powers(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``powers(X, k)``: the stack of X^0 … X^(k-1)."""
    value = _square(arguments[0], scope, "powers")
    count = dims(arguments[1], scope)
    if len(count) != 1 or len(value.rows) != 1:
        raise scope.formula_error("TC024", "powers takes a matrix and a plain size", tree)
    expr = build.powers(value.expr, count[0]) if value.expr is not None else None
    return Value(expr, (count, value.rows, value.cols), matrix=False)


def _convolution(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``convolution(k)``: 1 where the first index is the sum of the others and 1."""
    (dim,) = _one_dim(tree, scope)
    expr = build.special("convolution", (dim, dim, dim)) if scope.building else None
    return Value(expr, ((dim,),) * 3, matrix=False)


def _exchange(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``exchange(k)``: ones on the other diagonal."""
    (dim,) = _one_dim(tree, scope)
    return _value(scope, (dim,), lambda: build.special("exchange", (dim, dim)), (dim,))


def _delta(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    raise scope.formula_error("TC052", "delta needs indices", tree, help="write delta_ij, or eye(n)")


def _frechet(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``frechet(f, X)``: the derivative of a function of matrices; ``frechet(f, X, 2)`` the second."""
    row = _row(arguments[0], scope)
    times = _whole(arguments[2], scope) if len(arguments) == 3 else 1
    if row is None or times is None or not 1 <= times <= 4:
        raise scope.formula_error("TC056", "frechet takes a function of matrices, a matrix, and an order up to 4", tree,
                                  help="write frechet(expm, X)")
    value = _square(arguments[1], scope, "frechet")
    axes = (value.rows,) * (2 + 2 * times)
    function = frechet(grouped(row, (len(value.rows),)), times) if scope.building else None
    return Value(build.apply(function, value.expr) if function and value.expr is not None else None, axes, matrix=False)


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


def _diff(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
    """``diff(U, X)``: the axes of U, then those of X, once for each order."""
    inner, name, by = _by(tree, scope)
    order = _whole(arguments[2], scope) if len(arguments) == 3 else 1
    if order is None or not 1 <= order <= 4:
        raise scope.formula_error("TC057", "the order of diff is 1 to 4", tree)
    axes = (*inner.groups, *(by.groups * order))
    return as_matrix(Value(_differentiated(tree, inner, name, order, scope), axes, matrix=False))


def _jacobian(tree: Call, arguments: tuple[Syntax, ...], scope: Scope) -> Value:
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


_FORMS: dict[str, tuple[tuple[int, ...], Form]] = {
    "tr": ((1,), _trace), "sum": ((1,), _sum), "diag": ((1,), _diag), "vec": ((1,), _vec), "vech": ((1,), _vech),
    "tril": ((1,), _tril), "bars": ((1,), _bars),
    "kron": (tuple(range(2, 50)), _kron), "khatrirao": ((2,), _khatrirao), "norm1": ((1,), _norm1),
    "norm2": ((1,), _norm2), "sqrt": ((1,), _sqrt), "max": ((2,), _extreme), "min": ((2,), _extreme),
    "softmax": ((1,), _along_vector), "logsumexp": ((1,), _along_vector), "pinv": ((1,), _pinv),
    "solve": ((2,), _solve), "cross": ((2,), _cross), "skew": ((1,), _skew), "sym": ((1,), _sym), "dev": ((1,), _dev),
    "eye": ((1, 2), _eye), "ones": ((1, 2), _constant(build.ones)), "vector": ((1,), _constant(build.ones)),
    "matrix": ((1,), _constant(build.ones)), "zeros": ((1, 2), _constant(build.zero)),
    "commutation": ((1, 2), _commutation), "duplication": ((1,), _duplication), "elimination": ((1,), _elimination),
    "series": ((4,), _series), "powers": ((2,), _powers), "exchange": ((1,), _exchange),
    "convolution": ((1,), _convolution), "e": ((1, 2), _unit_vector), "E": ((2, 4), _single_entry),
    "einsum": (tuple(range(1, 200)), _einsum),
    "diff": ((2, 3), _diff), "jacobian": ((2,), _jacobian), "eps": ((1,), _eps), "delta": ((0, 1, 2), _delta),
    "frechet": ((2, 3), _frechet), "funm": ((2,), _funm), "coefficient": ((2,), _coefficient),
}

FUNCTION_NAMES = frozenset([*_FORMS, *_ELEMENTWISE, *_SQUARE])
"""Every function that may be called in a formula."""

