"""One step of Newton's method as a formula (Nocedal & Wright 2006, *Numerical Optimization*, sec. 2.2).

Knows when a step ends at the same point from everywhere; how the system is solved, ``closed.py`` knows.
"""

from __future__ import annotations

from ...algebra.build import add, scale, substitute, zero
from ...algebra.expr import Apply, Expr
from ...algebra.traverse import postorder
from .closed import solution


def newton_step(point: Expr, gradient: Expr, hessian: Expr) -> Expr:
    """Where the step from ``point`` ends, ``x - inv(H) g``; for a constant Hessian the stationary point.

    ``gradient`` has the axes of ``point``, ``hessian`` has them twice.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, einsum, variable
    >>> from tensorcalc.functions import TABLE
    >>> S, b, x = variable("S", "n", "n"), variable("b", "n"), variable("x", "n")
    >>> gradient = add([(1, einsum([(S, "ij"), (x, "j")], "i")), (-1, b)])
    >>> newton_step(x, gradient, S) is einsum([(apply(TABLE["inv"], S), "ij"), (b, "j")], "i")
    True

    Raises
    ------
    UnsupportedError: TC311 and TC323 as of :func:`~tensorcalc.numbers.maps.closed.solution`.
    """
    if point in postorder(hessian) or _is_within_function(point, gradient):
        return add([(1, point), (-1, solution(hessian, point.rank, gradient))])
    at_zero = substitute(gradient, {point: zero(point.shape)})   # g is H x + at_zero for all x
    return scale(-1, solution(hessian, point.rank, at_zero))


def _is_within_function(point: Expr, gradient: Expr) -> bool:
    """Whether a function is applied to the variable, which at zero may have no value."""
    return any([point in postorder(node) for node in postorder(gradient) if isinstance(node, Apply)])
