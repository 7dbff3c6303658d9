"""Formulas with an axis of points, as formulas of one point.

Knows expressions alone.  ``W_b = F_bij F_bij`` says for each b what ``F : F`` says of one
matrix, where b is an axis that every tensor has in front or not at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ...algebra.build import ONE, add, apply, einsum
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...functions import core_names
from ...sizes import Dim

_Stripped = tuple[Expr, int | None]   # a node of one point, and which of its axes that of the points was


def at_one_point(outputs: Sequence[Expr], points: Dim) -> tuple[list[Expr], list[str]] | None:
    """Formulas without their axis of size ``points``, and the names of the variables that had it.

    ``None`` where they are no formulas of one point: points are summed over, compared, or not in front.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> F = variable("F", "b", 3, 3)
    >>> W = einsum([(F, "bij"), (F, "bij")], "b")
    >>> single, names = at_one_point([W], "b")
    >>> single[0].shape, names
    ((), ['F'])
    >>> at_one_point([einsum([(W, "b")], "")], "b") is None
    True
    """
    done: dict[Expr, _Stripped | None] = {}
    for node in postorder(*outputs):
        done[node] = _stripped(node, [done[child] for child in node.children], points)
    found = [done[root] for root in outputs]
    singles = [one[0] for one in found if one is not None and one[1] == 0]
    if len(singles) < len(outputs):
        return None
    return singles, sorted({node.name for node in postorder(*outputs) if isinstance(node, Variable) and points in node.shape})


def _stripped(node: Expr, children: Sequence[_Stripped | None], points: Dim) -> _Stripped | None:
    """A node of one point; ``None`` where there is none."""
    inner = [child for child in children if child is not None]
    if len(inner) < len(children):
        return None
    match node:
        case Variable(shape=shape, name=name, facts=facts):
            if points not in shape:
                return node, None
            plain = not node.groups and shape.count(points) == 1 and shape[0] == points
            return (Variable(shape[1:], name, facts if len(shape) != 2 else frozenset()), 0) if plain else None
        case Delta(shape=shape, dim=dim):
            return (node, None) if dim != points else (ONE, 0) if len(shape) == 1 else None
        case Sum(shape=shape, terms=terms):
            axes = {axis for _, axis in inner}
            if len(axes) > 1:
                return None
            axis = axes.pop() if axes else None
            rest = shape if axis is None else (*shape[:axis], *shape[axis + 1:])
            return add([(weight, term) for (weight, _), (term, _) in zip(terms, inner)], rest), axis
        case Einsum():
            return _product(node, inner)
        case Apply():
            return _function(node, inner)
    raise AssertionError(node)


def _product(node: Einsum, inner: Sequence[_Stripped]) -> _Stripped | None:
    looped = {own[axis] for own, (_, axis) in zip(node.subscripts, inner) if axis is not None}
    if not looped:
        return node, None
    label = looped.pop()
    if looped or label >= node.rank:
        return None
    factors: list[tuple[Expr, Sequence[Hashable]]] = []
    for own, (factor, axis) in zip(node.subscripts, inner):
        if own.count(label) != (axis is not None):
            return None
        factors.append((factor, [one for one in own if one != label]))
    return einsum(factors, [axis for axis in range(node.rank) if axis != label]), label


def _function(node: Apply, inner: Sequence[_Stripped]) -> _Stripped | None:
    axes = {axis for _, axis in inner}
    if axes <= {None}:
        return node, None
    cores = core_names(node.function.signature)[0]
    if len(axes) > 1 or node.function.ways or not cores:
        return None
    (axis,) = axes
    if axis is None or any(axis >= argument.rank - len(core) for argument, core in zip(node.arguments, cores)):
        return None
    return apply(node.function, *[argument for argument, _ in inner]), axis
