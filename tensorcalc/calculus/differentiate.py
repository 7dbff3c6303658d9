"""Differentiation: one case a node type, and one table for the rest.

``derivative(y, x)`` has the axes of ``y`` followed by the axes of ``x``: reverse
accumulation over the DAG with one adjoint a node, so a scalar ``y`` never meets a
tensor of higher order than its own.  Knows no notation but that of the table.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from ..algebra.build import ONE, Factor, add, delta, einsum, scale, zero
from ..algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..errors import LimitError
from .local import local

MOST_SPLICED = 400   # nodes of an expression whose adjoints are spliced into one product each
MOST_RANK = 12       # axes of a derivative
MOST_FACTORS = 500_000   # in all terms that products have by the product rule


def derivative(y: Expr, x: Variable) -> Expr:
    """∂y/∂x, of shape ``y.shape + x.shape``.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable, einsum
    >>> A, x = variable("A", "n", "n"), variable("x", "n")
    >>> derivative(einsum([(A, "ij"), (x, "j")], "i"), x) is A
    True

    Raises
    ------
    UnsupportedError: TC302 when a function without derivative depends on ``x``.
    LimitError: TC411 when the derivative has too many axes, TC421 when it has too many terms.
    """
    if y.rank + x.rank > MOST_RANK:
        raise LimitError("TC411", f"a derivative with {y.rank + x.rank} axes; the limit is {MOST_RANK}")
    nodes = _dependent(y, x)
    if x not in nodes:
        return zero(y.shape + x.shape)
    _bounded(nodes)
    splice = len(nodes) <= MOST_SPLICED
    contributions: dict[Expr, list[Expr]] = {y: [identity(y)]}
    for node in reversed(nodes):
        if node is x or node not in contributions:
            continue
        adjoint = add([(1, part) for part in contributions.pop(node)])
        if isinstance(adjoint, Sum) and not adjoint.terms:
            continue
        for child, part in pullback(node, adjoint, nodes, splice):
            contributions.setdefault(child, []).append(part)
    return add([(1, part) for part in contributions.get(x, ())], y.shape + x.shape)


def _bounded(nodes: Mapping[Expr, None]) -> None:
    """The product rule gives a product a term for each factor that varies, with all the others in it."""
    terms = factors = 0
    for node in nodes:
        if isinstance(node, Einsum):
            varying = sum([operand in nodes for operand in node.operands])
            terms, factors = terms + varying, factors + varying * len(node.operands)
    if factors > MOST_FACTORS:
        raise LimitError("TC421", f"a derivative of {terms} terms with {factors} factors; the limit is {MOST_FACTORS}")


def _dependent(y: Expr, x: Variable) -> dict[Expr, None]:
    """The nodes below ``y`` that depend on ``x``, children first."""
    found: dict[Expr, None] = {}
    for node in postorder(y):
        if node is x or any(child in found for child in node.children):
            found[node] = None
    return found


def identity(y: Expr) -> Expr:
    """∂y/∂y: one delta an axis."""
    if not y.shape:
        return ONE
    factors = [(delta(dim), (("row", axis), ("column", axis))) for axis, dim in enumerate(y.shape)]
    rows: list[Hashable] = [("row", axis) for axis in range(y.rank)]
    return einsum(factors, rows + [("column", axis) for axis in range(y.rank)])


def pullback(node: Expr, adjoint: Expr, active: Mapping[Expr, None], splice: bool = True) -> Iterator[tuple[Expr, Expr]]:
    """For each active child, the part of ∂y/∂child that flows through ``node``.

    ``adjoint`` is ∂y/∂node: the axes of y, then the axes of node.
    """
    upstream: list[Hashable] = [("y", axis) for axis in range(adjoint.rank - node.rank)]
    match node:
        case Sum(terms=terms):
            for weight, term in terms:
                if term in active:
                    yield term, scale(weight, adjoint)
        case Einsum(operands=operands):
            for k, operand in enumerate(operands):
                if operand in active:
                    yield operand, _without(node, k, adjoint, upstream, splice)
        case Apply(arguments=arguments):
            for k, argument in enumerate(arguments):
                if argument in active:
                    yield argument, _through(node, k, adjoint, upstream, splice)


def _without(node: Einsum, k: int, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    """A product is linear in each factor: the adjoint times all the others."""
    own, operand = node.subscripts[k], node.operands[k]
    factors: list[Factor] = [(adjoint, [*upstream, *range(node.rank)])] if adjoint is not ONE else []
    factors += [(o, s) for i, (o, s) in enumerate(zip(node.operands, node.subscripts)) if i != k]
    present = {label for _, labels in factors for label in labels}
    factors += [(delta(dim, 1), (label,)) for label, dim in dict(zip(own, operand.shape)).items()
                if label not in present]
    return einsum(factors, [*upstream, *own], splice)


def _through(node: Apply, k: int, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    """The adjoint times the table's ∂value/∂argument."""
    slope = local(node, k)
    output = [*upstream, *slope.argument]
    return add([(weight, einsum([(adjoint, [*upstream, *slope.value]), *factors], output, splice))
                for weight, factors in slope.terms])
