"""A derivative as people ask for it: any order, any variables, structure read as they say.

The entries of every variable are independent while a derivative is taken; what is
known of a variable describes the point, and is put in afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from fractions import Fraction

from ..algebra.build import add, delta, einsum, scale, special, substitute, variable
from ..algebra.expr import Expr, Variable
from ..algebra.traverse import postorder
from ..errors import UnsupportedError
from ..sizes import triangular
from .differentiate import derivative
from .rewrite import Step
from .simplify import simplify

READINGS = ("free", "structured", "projected")
ALL_READINGS = (*READINGS, "vech")
"""``vech`` is by the entries of ``vech(X)``: its axis takes the place of the two of X."""

_SYMMETRIC = frozenset({"symmetric", "spd", "psd"})

Facts = Mapping[str, Collection[str]]


def derive(expr: Expr, variables: Sequence[Variable], facts: Facts | None = None, reading: str = "free",
           trace: list[Step] | None = None) -> Expr:
    """``expr`` differentiated by each of ``variables`` in turn, simplified.

    ``facts`` gives names their properties; ``expr`` itself is free of them.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "n", "n"), variable("x", "n")
    >>> quadratic = einsum([(x, "i"), (A, "ij"), (x, "j")], "")
    >>> derive(quadratic, [x], {"A": ["symmetric"]}).shape
    ('n',)

    Raises
    ------
    UnsupportedError: TC304 for a derivative by a variable whose structure has no such reading.
    """
    facts = facts or {}
    return with_facts(differentiated(expr, variables, facts, reading, trace), facts, trace)


def differentiated(expr: Expr, variables: Sequence[Variable], facts: Facts, reading: str = "free",
                   trace: list[Step] | None = None) -> Expr:
    """Like :func:`derive`, before what is known of the variables is put in: it can be differentiated again."""
    expr = simplify(expr, trace)
    for by in variables:
        expr = simplify(tied(derivative(expr, by), by, frozenset(facts.get(by.name, ())), reading), trace)
    return expr


def with_facts(expr: Expr, facts: Facts, trace: list[Step] | None = None) -> Expr:
    """``expr`` at a point that has the properties ``facts``, simplified."""
    found = pointed(expr, facts)
    return expr if found is expr else simplify(found, trace)


def pointed(expr: Expr, facts: Facts) -> Expr:
    """``expr`` at a point that has the properties ``facts``, as it stands."""
    known: dict[Expr, Expr] = {node: variable(node.name, *node.shape, facts=facts[node.name], groups=node.groups)
                               for node in postorder(expr) if isinstance(node, Variable) and facts.get(node.name)}
    return substitute(expr, known) if known else expr


def tied(expr: Expr, by: Variable, facts: frozenset[str], reading: str) -> Expr:
    """A derivative by a variable with structure, read as ``reading`` says.

    ``structured``: entries that are tied move together (Cookbook eq. 138 for a
    symmetric variable).  ``projected``: the derivative projected onto the structure.
    ``vech``: by the entries of ``vech(X)``, where ``vec(X) = duplication(n) vech(X)``
    for a symmetric X and ``elimination(n)' vech(X)`` for a lower-triangular one.
    """
    if reading == "free" or by.rank != 2:
        return expr
    if reading == "vech":
        return _halved(expr, by, facts)
    lead, p, q = list(range(expr.rank - 2)), expr.rank - 2, expr.rank - 1
    turned = einsum([(expr, [*lead, q, p])], [*lead, p, q]) if by.shape[0] == by.shape[1] else expr
    projected = reading == "projected"
    if facts & _SYMMETRIC:
        if projected:
            return scale(Fraction(1, 2), add([(1, expr), (1, turned)]))
        return add([(1, expr), (1, turned), (-1, _on_diagonal(expr, by))])
    if "skew" in facts:
        return scale(Fraction(1, 2) if projected else 1, add([(1, expr), (-1, turned)]))
    if "diagonal" in facts:
        return _on_diagonal(expr, by)
    if "lower" in facts:
        return _lower_part(expr, by)
    if "orthogonal" in facts and projected:
        return _tangent(expr, by, turned)
    if "orthogonal" in facts:
        raise UnsupportedError("TC304", f"the {reading} derivative by an orthogonal variable is not defined by its entries",
                               field="wrt_convention", help="ask for the free or the projected derivative")
    return expr


def is_halved(facts: Collection[str], reading: str) -> bool:
    """Whether a derivative has one axis, that of ``vech(X)``, for the two of a variable."""
    return reading == "vech" and bool(set(facts) & {*_SYMMETRIC, "lower"})


def _halved(expr: Expr, by: Variable, facts: frozenset[str]) -> Expr:
    """A derivative by ``vech(X)``: ``duplication(n)' vec(G)``, or ``elimination(n) vec(G)``."""
    if not is_halved(facts, "vech"):
        raise UnsupportedError("TC304", f"the derivative by vech({by.name}) is for a symmetric or a lower-triangular {by.name}",
                               field="wrt_convention", help=f"assume that {by.name} is symmetric or lower")
    (dim, _), lead = by.shape, list(range(expr.rank - 2))
    half = triangular(dim)
    if facts & _SYMMETRIC:
        return einsum([(expr, [*lead, "p", "q"]), (special("duplication", (dim, dim, half)), "pqh")], [*lead, "h"])
    return einsum([(expr, [*lead, "p", "q"]), (special("elimination", (half, dim, dim)), "hpq")], [*lead, "h"])


def _tangent(expr: Expr, by: Variable, turned: Expr) -> Expr:
    """``(G - Q G' Q)/2``: the part of G along the orthogonal matrices at Q (Edelman, Arias & Smith 1998, eq. 2.3)."""
    axes: list[Hashable] = list(range(expr.rank))
    lead, (p, q) = axes[:-2], axes[-2:]
    normal = einsum([(by, [p, "a"]), (turned, [*lead, "a", "b"]), (by, ["b", q])], axes)
    return scale(Fraction(1, 2), add([(1, expr), (-1, normal)]))


def _lower_part(expr: Expr, by: Variable) -> Expr:
    """The entries on and below the diagonal of the last two axes."""
    axes = list(range(expr.rank))
    return einsum([(expr, axes), (special("tril", by.shape), axes[-2:])], axes)


def _on_diagonal(expr: Expr, by: Variable) -> Expr:
    axes = list(range(expr.rank))
    return einsum([(expr, axes), (delta(by.shape[0]), axes[-2:])], axes)
