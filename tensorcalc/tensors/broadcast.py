"""What the operators of NumPy mean for tensors: which axes meet, and which are repeated.

Knows values whose axes are groups of axes of an expression.  Axes are compared from
the last on; one of size 1 is repeated, and so is one that is missing.  Knows no
names: whoever calls says in an error who did not fit.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

from ..algebra import build
from ..algebra.expr import Expr
from ..errors import ShapeError
from ..functions import POWER
from ..notation.lower import Scope, Value
from ..notation.lower.unify import Group, same_product
from ..notation.lower.values import contract, regroup
from ..sizes import Dim

Labels = list[Hashable]
Axes = tuple[Group, ...]

_BUILDING = Scope(building=True)


def grouped(expr: Expr, groups: Sequence[int]) -> Value:
    """The value whose axes are made of so many axes of ``expr`` each."""
    axes: list[tuple[Dim, ...]] = []
    at = 0
    for count in groups:
        axes.append(expr.shape[at : at + count])
        at += count
    return Value(expr, tuple(axes), matrix=False)


def add(a: Value, b: Value) -> Value:
    """``a + b``, entry by entry."""
    return _sum(a, b, 1)


def subtract(a: Value, b: Value) -> Value:
    """``a - b``, entry by entry."""
    return _sum(a, b, -1)


def _sum(a: Value, b: Value, sign: int) -> Value:
    axes, left, right = _met(a, b)
    terms = [_repeated(a, left, axes), _repeated(b, right, axes)]
    return Value(build.add([(1, terms[0]), (sign, terms[1])]), axes, matrix=False)


def multiply(a: Value, b: Value) -> Value:
    """``a * b``, entry by entry."""
    axes, left, right = _met(a, b)
    return _product(a, left, b, right, axes, list(range(len(axes))))


def power(a: Value, b: Value) -> Value:
    """``a ** b``, entry by entry."""
    axes, left, right = _met(a, b)
    assert a.expr is not None and b.expr is not None
    if not b.axes:
        return Value(build.power_of(a.expr, b.expr), axes, matrix=False)
    return Value(build.apply(POWER, _repeated(a, left, axes), _repeated(b, right, axes)), axes, matrix=False)


def divide(a: Value, b: Value) -> Value:
    """``a / b``, entry by entry."""
    assert b.expr is not None
    return multiply(a, Value(build.power_of(b.expr, Fraction(-1)), b.axes, matrix=False))


def matmul(a: Value, b: Value) -> Value:
    """``a @ b``: the last axis of ``a`` meets the last but one of ``b``, or its only one.

    Raises
    ------
    ShapeError: TC106 for a number, TC109 where the inner sizes differ, TC101 where the others do.
    """
    if not a.axes or not b.axes:
        raise ShapeError("TC106", "a number is no factor of a matrix product", help="use * to scale")
    inner = b.axes[-2] if len(b.axes) > 1 else b.axes[-1]
    if not same_product(a.axes[-1], inner):
        raise ShapeError("TC109", "cannot multiply: inner sizes differ", help=_turned(a, b))
    b = regroup(b, max(0, len(b.axes) - 2), a.axes[-1], _BUILDING)
    batch, left, right = _met(Value(None, a.axes[:-2], matrix=False), Value(None, b.axes[:-2], matrix=False))
    rows, cols = a.axes[-2:-1], b.axes[-1:] if len(b.axes) > 1 else ()
    return _product(a, [*left, *["row"] * len(rows), "inner"], b, [*right, "inner", *["column"] * len(cols)],
                    (*batch, *rows, *cols), [*range(len(batch)), *["row"] * len(rows), *["column"] * len(cols)])


def transpose(a: Value) -> Value:
    """``a.T``: the axes in reverse."""
    count = len(a.axes)
    return contract(_BUILDING, [(a, list(range(count)))], a.axes[::-1], [[axis] for axis in reversed(range(count))],
                    matrix=False)


def _turned(a: Value, b: Value) -> str | None:
    """Which transpose would fit."""
    if len(a.axes) == 2 and same_product(a.axes[0], b.axes[0]):
        return "transpose the left one: .T"
    if len(b.axes) == 2 and same_product(a.axes[-1], b.axes[1]):
        return "transpose the right one: .T"
    return None


def _met(a: Value, b: Value) -> tuple[Axes, Labels, Labels]:
    """The axes of the result, and for each axis of either which axis of the result it is.

    An axis of size 1 that the other repeats is none of the result: it is summed over.
    """
    count = max(len(a.axes), len(b.axes))
    own, other = [(None,) * (count - len(value.axes)) + value.axes for value in (a, b)]
    axes: list[Group] = []
    labels: tuple[Labels, Labels] = ([], [])
    for place, pair in enumerate(zip(own, other)):
        present = [group for group in pair if group is not None]
        longer = next((group for group in present if group != (1,)), present[0])
        axes.append(longer)
        for group, found in zip(pair, labels):
            if group is None:
                continue
            if group == (1,) != longer:
                found.append(("once", place))
            elif same_product(group, longer):
                found.append(place)
            else:
                raise ShapeError("TC101", "shapes do not fit entry by entry",
                                 help="axes are compared from the last on; one of size 1 is repeated")
    return tuple(axes), *labels


def _fitted(value: Value, labels: Labels, axes: Axes) -> Value:
    """``value`` with merged axes split as those of the result."""
    for axis, label in enumerate(labels):
        if isinstance(label, int):
            value = regroup(value, axis, axes[label], _BUILDING)
    return value


def _repeated(value: Value, labels: Labels, axes: Axes) -> Expr:
    """``value`` with all the axes of the result."""
    ones = [(grouped(build.ones(_dims(group)), [len(_dims(group))]), [place])
            for place, group in enumerate(axes) if place not in labels]
    result = contract(_BUILDING, [(_fitted(value, labels, axes), labels), *ones], axes, [[k] for k in range(len(axes))],
                      matrix=False)
    assert result.expr is not None
    return result.expr


def _product(a: Value, left: Labels, b: Value, right: Labels, axes: Axes, output: Labels) -> Value:
    """The product of two values, each axis of the result under its label."""
    return contract(_BUILDING, [(_fitted(a, left, axes), left), (_fitted(b, right, axes), right)], axes,
                    [[label] for label in output], matrix=False)


def _dims(group: Group) -> tuple[Dim, ...]:
    """The dimensions of a group; those of a tensor are all known."""
    return tuple([part for part in group if isinstance(part, (int, str))])
