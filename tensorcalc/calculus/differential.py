"""Differentials: what a formula changes by when a variable changes by a little.

The forward direction: one differential a node, linear in that of the variable.
"""

from __future__ import annotations

from fractions import Fraction

from ..algebra.build import add, einsum, substitute, zero
from ..algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from .local import local


def differential(y: Expr, x: Variable, dx: Expr) -> Expr:
    """dy, linear in ``dx``, which has the shape of ``x``.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> A, X, dX = (variable(name, "n", "n") for name in ("A", "X", "dX"))
    >>> differential(einsum([(A, "ij"), (X, "jk")], "ik"), X, dX) is einsum([(A, "ij"), (dX, "jk")], "ik")
    True

    Raises
    ------
    UnsupportedError: TC302 when a function without derivative depends on ``x``.
    """
    known: dict[Expr, Expr] = {x: dx}
    for node in postorder(y):
        if node not in known and any(child in known for child in node.children):
            known[node] = _pushed(node, known)
    return known.get(y, zero(y.shape))


def _pushed(node: Expr, known: dict[Expr, Expr]) -> Expr:
    """The differential of one node, given those of its children."""
    match node:
        case Sum(terms=terms):
            return add([(weight, known[term]) for weight, term in terms if term in known], node.shape)
        case Einsum(operands=operands, subscripts=subscripts):
            parts: list[tuple[Fraction | int, Expr]] = []
            for k, operand in enumerate(operands):
                if operand in known:
                    changed = [*operands[:k], known[operand], *operands[k + 1:]]
                    parts.append((1, einsum(zip(changed, subscripts), range(node.rank))))
            return add(parts)
        case Apply(arguments=arguments):
            parts = []
            for k, argument in enumerate(arguments):
                if argument in known:
                    slope = local(node, k)
                    parts += [(weight, einsum([*factors, (known[argument], slope.argument)], slope.value))
                              for weight, factors in slope.terms]
            return add(parts)
    raise AssertionError(node)


def linearize(y: Expr, x: Variable, at: Expr) -> Expr:
    """The linear approximation of ``y`` around ``x`` = ``at``: y(at) + dy, with dx = x - at."""
    step = add([(1, x), (-1, at)])
    holder = Variable(x.shape, f"d{x.name}", frozenset(), x.groups)
    slope = substitute(differential(y, x, holder), {x: at})
    return add([(1, substitute(y, {x: at})), (1, substitute(slope, {holder: step}))])
