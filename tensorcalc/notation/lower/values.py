"""Values of matrix notation: how they are put together, and how people call their size.

Knows axes, groups and expressions, and no trees.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from ...algebra import build
from ...algebra.expr import Expr
from ...functions import TABLE, core_names, grouped
from .scope import Scope, Value, shape_of
from .unify import Group, text

Labels = list[Hashable]
Factors = list[tuple[Value, Sequence[Hashable]]]


def made(scope: Scope, shape: Group, make: Callable[[], Expr], cols: Group = ()) -> Value:
    """A value of these rows and columns, whose expression is made once sizes are known."""
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


def same_shape(a: Value, b: Value, scope: Scope) -> bool:
    """Whether two values have, or can be given, the same axes."""
    return a.matrix == b.matrix and len(a.axes) == len(b.axes) and \
        all([bool(x) == bool(y) and scope.agree(x, y) for x, y in zip(a.axes, b.axes)])


def aligned(value: Value, like: Value, scope: Scope) -> Expr:
    """The expression of ``value``, with the axes split as those of ``like``."""
    for axis, group in enumerate(like.axes):
        value = regroup(value, axis, group, scope)
    assert value.expr is not None
    return value.expr


def pair_of(a: Value, b: Value, like: Value, scope: Scope) -> tuple[Expr, Expr]:
    """Two expressions with the axes of ``like``, where they are not numbers."""
    left, right = (value.expr if value.is_scalar else aligned(value, like, scope) for value in (a, b))
    assert left is not None and right is not None
    return left, right


def times(a: Value, b: Value, like: Value, scope: Scope) -> Expr:
    """The product entry by entry."""
    left, right = pair_of(a, b, like, scope)
    rank = max(left.rank, right.rank)
    return build.einsum([(left, range(left.rank)), (right, range(right.rank))], range(rank))


def identity(group: Group, scope: Scope) -> Value:
    """The identity with a group of axes on either side."""
    def make() -> Expr:
        shape = shape_of(group)
        pairs = [(build.delta(dim), (("r", k), ("c", k))) for k, dim in enumerate(shape)]
        return build.einsum(pairs, [("r", k) for k in range(len(shape))] + [("c", k) for k in range(len(shape))])

    return made(scope, group, make, group)


def drop_ones(value: Value, scope: Scope) -> Value:
    """Matrix notation does not tell an axis of size 1 from none."""
    if not value.matrix or not any(group == (1,) for group in value.axes):
        return value
    axes = tuple(() if group == (1,) else group for group in value.axes)
    if not scope.building:
        return Value(None, axes)
    return contract(scope, [(value, [0, 1])], axes, [[k] for k in range(2)])


def as_matrix(value: Value) -> Value:
    """A tensor of at most two axes as a value of matrix notation."""
    if value.matrix or len(value.axes) > 2:
        return value
    return Value(value.expr, (*value.axes, *((),) * (2 - len(value.axes))))


def kronecker(a: Value, b: Value, scope: Scope) -> Value:
    """``A ⊗ B``: the axes of A, then those of B, in either group."""
    return contract_groups(scope, [(a, [["ra"], ["ca"]]), (b, [["rb"], ["cb"]])],
                           [["ra", "rb"], ["ca", "cb"]])


def of_square(value: Value, name: str, scope: Scope) -> Value:
    """A function of the table, such as ``inv`` or ``det``, of a square matrix."""
    axes: tuple[Group, Group] = (value.rows, value.cols) if core_names(TABLE[name].signature)[1] else ((), ())
    if not scope.building:
        return Value(None, axes)
    assert value.expr is not None
    return Value(build.apply(grouped(TABLE[name], (len(value.rows),)), value.expr), axes)


def levi_civita(dim: int = 3) -> Expr:
    """The antisymmetric tensor with as many axes as it has dimensions."""
    return build.special("eps", (dim,) * dim)


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
