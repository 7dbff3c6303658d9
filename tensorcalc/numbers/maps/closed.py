"""Linear systems solved in symbols: a recipe as one formula, before any number is known.

Knows expressions and recipes, and nothing of arrays.  What structure a matrix has must show
without numbers: where sizes are symbols, all of them count as one large size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from ...algebra.build import add, apply, delta, einsum, ones, power_of, scale, split, substitute, transpose
from ...algebra.expr import Apply, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...calculus.simplify import simplify
from ...errors import LimitError, UnsupportedError
from ...functions import TABLE
from ..inputs import unknown
from .pattern import Labels, LinearMap, mapped
from .recipes import Dense, Frame, Inverse, LowRank, Pointwise, Recipe, Tied, recipe

_LARGE = 10**4   # what a size that is a symbol counts as
_ENTRIES = 10**40   # of a matrix that a formula may name: as many as there are
_MOST_TURNS = 4   # orders of the products of low rank that are tried
_LEFT, _RIGHT = -2, -3   # the axes over which a product of low rank is summed


class _Placed(NamedTuple):
    """An expression with a name for each of its axes."""

    expr: Expr
    axes: Labels


def solution(expr: Expr, rows: int, right: Expr) -> Expr:
    """``x`` with ``expr x = right``, as a formula; the first ``rows`` axes of ``expr`` are those of ``right``.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> A, G = variable("A", "k", "k"), variable("G", "n", "k")
    >>> H = einsum([(delta("n"), "ip"), (A, "jq")], "ijpq")
    >>> found = solution(H, 2, G)
    >>> found is einsum([(apply(TABLE["inv"], A), "qj"), (G, "pj")], "pq")
    True

    Raises
    ------
    UnsupportedError: TC311 where the structure shows that there is no inverse, TC323 where there is no formula.
    """
    if _has_null_vector(expr, rows):
        raise UnsupportedError("TC311", "the linear map has no inverse", field="values",
                               facts=["it takes some vector to zero, whatever the values"])
    of = mapped(expr, rows)
    for how in _ways(of, expr, right):
        try:
            found = min(_solutions(how, of, right), key=_length)
        except LimitError as error:
            if error.code != "TC414":
                raise
        else:
            if not any([_is_inverse_of_singular(node) for node in postorder(found)]):
                return found
    raise _no_formula()


def _ways(of: LinearMap, expr: Expr, right: Expr) -> list[Recipe]:
    """Recipes to try: a regular sum may have singular parts, so its products come in other orders, or it is one matrix."""
    large = dict.fromkeys([symbol for node in postorder(expr, right) for symbol in unknown(node, {})], _LARGE)
    try:
        how = recipe(of.expr, of.rows, large, _ENTRIES, of.values)
    except UnsupportedError as error:
        if error.code == "TC311" and large:
            error.facts = ["a part of it has a rank below its order"]   # not those of the sizes that symbols count as
        raise
    how = _whole(how)
    ways = [how]
    for turns in range(1, _MOST_TURNS):
        other = _turned(how, turns)
        if other not in ways:
            ways.append(other)
    if of.rows == len(of.cols) == 1:
        ways.append(Dense(of.expr, Frame((), (0,), (1,))))
    return ways


def _whole(how: Recipe) -> Recipe:
    """The recipe with a matrix without structure left in its sum: ``A'A + a a'`` may be regular where ``A'A`` is not."""
    match how:
        case Tied(steps=steps):
            return replace(how, steps=tuple([_whole(step) for step in steps]))
        case LowRank(base=Dense(), instead=Dense(frame=frame) as whole) if not frame.batch and len(frame.rows) == 1:
            return whole
    return how


def _turned(how: Recipe, turns: int) -> Recipe:
    """The recipe with the first products of low rank put to the end of their sum."""
    match how:
        case Tied(steps=steps):
            return replace(how, steps=tuple([_turned(step, turns) for step in steps]))
        case LowRank(base=base, pairs=pairs):
            return replace(how, base=_turned(base, turns), pairs=(*pairs[turns:], *pairs[:turns]))
    return how


def _has_null_vector(expr: Expr, rows: int) -> bool:
    """Whether a matrix takes ones, or a variable, to zero: as that of softmax or of a norm."""
    shape = expr.shape[rows:]
    for vector in (ones(shape), *[node for node in postorder(expr) if isinstance(node, Variable) and node.shape == shape]):
        reached = simplify(einsum([(expr, range(expr.rank)), (vector, range(rows, expr.rank))], range(rows)))
        if isinstance(reached, Sum) and not reached.terms:
            return True
    return False


def _is_inverse_of_singular(node: Expr) -> bool:
    """Whether a node is the inverse of a matrix that has none, whatever the values."""
    return isinstance(node, Apply) and node.function.name == "inv" and node.rank == 2 and _has_null_vector(node.arguments[0], 1)


def _solutions(how: Recipe, of: LinearMap, right: Expr) -> list[Expr]:
    """The solution for all of the right side at once, and term by term: either may be the shorter one."""
    axes, columns = tuple(range(of.rows)), of.cols
    terms = right.terms if isinstance(right, Sum) else ((Fraction(1), right),)
    parts = [(weight, einsum([_solved(how, _Placed(term, axes))], columns)) for weight, term in terms]
    found = [einsum([_solved(how, _Placed(right, axes))], columns), add(parts, of.expr.shape[of.rows:])]
    return [simplify(substitute(one, of.values)) for one in found]


def _no_formula() -> UnsupportedError:
    return UnsupportedError("TC323", "a linear system has no solution as one formula", field="wrt",
                            facts=["its matrix is no Kronecker product or diagonal, and none plus one of low rank"],
                            help="structured(…).solve(…) of the Hessian solves it with numbers")


def _length(expr: Expr) -> int:
    """How many variables and functions the formula has when it is written out."""
    lengths: dict[Expr, int] = {}
    for node in postorder(expr):
        lengths[node] = isinstance(node, (Variable, Apply)) + sum([lengths[child] for child in node.children])
    return lengths[expr]


def _solved(how: Recipe, right: _Placed) -> _Placed:
    """The solution of one step of a recipe, with the axes of its columns in place of those of its rows."""
    match how:
        case Pointwise(expr, frame):
            return _Placed(einsum([(power_of(expr, -1), frame.batch), right], right.axes), right.axes)
        case Dense(expr, frame) if not frame.rows:
            return _solved(Pointwise(expr, frame), right)
        case Dense(expr, frame) if not frame.batch and len(frame.rows) == len(frame.cols) == 1:
            weight, core = split(expr)
            return _times(scale(1 / weight, apply(TABLE["inv"], core)), frame.cols, frame.rows, right)
        case Inverse(weight, argument, frame, is_turned):
            matrix = transpose(argument, [1, 0]) if is_turned else argument
            return _times(scale(1 / weight, matrix), frame.cols, frame.rows, right)
        case Tied(ties, steps, _):
            for step in steps:
                right = _solved(step, right)
            renamed = dict(ties)
            return _Placed(right.expr, tuple([renamed.get(axis, axis) for axis in right.axes]))
        case LowRank(base, pairs, _, frame, _) if max([_summed(left, frame) for left, _ in pairs]) <= (0 if frame.batch else 1):
            return _woodbury(base, pairs, frame, right)
        case LowRank(instead=Dense() as instead):
            return _solved(instead, right)
    raise _no_formula()


def _summed(left: Expr, frame: Frame) -> int:
    """Over how many axes a product of low rank is summed."""
    return left.rank - len(frame.batch + frame.rows)


def _times(matrix: Expr, rows: Labels, cols: Labels, right: _Placed) -> _Placed:
    """The product with a matrix, whose rows take the place of its columns."""
    axes = tuple([rows[cols.index(axis)] if axis in cols else axis for axis in right.axes])
    return _Placed(einsum([(matrix, rows + cols), right], axes), axes)


def _woodbury(base: Recipe, pairs: Sequence[tuple[Expr, Expr]], frame: Frame, right: _Placed) -> _Placed:
    """``x - Y inv(1 + V' Y) V' x`` with ``Y = inv(B) U`` and ``x = inv(B) b``: one pair ``U V'`` after the other.

    Each sum on the way has to be regular (Hager 1989, SIAM Rev. 31, 221-239).
    """
    if not pairs:
        return _solved(base, right)
    *before, (left, other) = pairs
    batch, rows, cols = frame
    left_over, over = ((_LEFT,), (_RIGHT,)) if _summed(left, frame) else ((), ())
    first = _woodbury(base, before, frame, right)
    reached = _woodbury(base, before, frame, _Placed(left, batch + rows + left_over))
    across = _Placed(other, batch + cols + over)
    inner = einsum([across, reached], batch + over + left_over)
    if over:
        inverse = apply(TABLE["inv"], add([(1, delta(left.shape[-1])), (1, inner)]))
    else:
        inverse = power_of(add([(1, ones(inner.shape)), (1, inner)]), -1)
    rest = tuple([axis for axis in first.axes if axis not in cols])
    amount = einsum([(inverse, batch + left_over + over), across, first], left_over + rest)
    correction = einsum([reached, (amount, left_over + rest)], first.axes)
    return _Placed(add([(1, first.expr), (-1, correction)]), first.axes)
