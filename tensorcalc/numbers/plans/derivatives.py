"""The derivative that is computed: of two equal forms the one whose plan takes fewer operations.

One form is that which is shown, :func:`tensorcalc.calculus.derive.derive`; the other comes from
:mod:`tensorcalc.calculus.elimination` and is for computing only.  For code and for values call
:func:`derivatives_for_evaluation`, and plan what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...algebra.expr import Expr, Variable
from ...algebra.traverse import postorder
from ...calculus.derive import Facts, derive, with_facts
from ...calculus.elimination import at_point, eliminated
from ...calculus.simplify import simplify
from .pairwise import total_cost
from .plan import nominal_sizes, plans

MOST_SHOWN = 24     # nodes of a formula whose derivative is also made in the form that is shown
_PREFERENCE = 1.05  # how much dearer what is shown may be, so that it is what is run


def derivative_for_evaluation(root: Expr, variables: Sequence[Variable], sizes: Mapping[str, int] | None = None,
                              facts: Facts | None = None, reading: str = "free", shown: Expr | None = None) -> Expr:
    """``root`` differentiated by each of ``variables`` in turn, in a form that is cheap at the given ``sizes``.

    Of shape ``root.shape`` followed by those of ``variables``; equal to
    :func:`tensorcalc.calculus.derive.derive` with the same ``facts`` and ``reading``.  Symbols that
    ``sizes`` does not name have usual sizes.  ``shown``: what ``derive`` returned, where it is at hand.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "n", "n"), variable("x", "n")
    >>> derivative_for_evaluation(einsum([(x, "i"), (A, "ij"), (x, "j")], ""), [x], {"n": 10}).shape
    ('n',)

    Raises
    ------
    UnsupportedError, LimitError: as ``derive``.
    """
    known = [] if shown is None else [shown]
    return derivatives_for_evaluation(root, variables, sizes, facts, reading, [len(variables)], known)[0]


def derivatives_for_evaluation(root: Expr, variables: Sequence[Variable], sizes: Mapping[str, int] | None = None,
                               facts: Facts | None = None, reading: str = "free", orders: Sequence[int] | None = None,
                               shown: Sequence[Expr] = ()) -> list[Expr]:
    """The value and the derivatives of ``root``, one for each of ``orders``, to be planned together.

    Order k is by the first k of ``variables``; without ``orders`` all from 0 on.  ``shown``: the same
    in the form that is shown, where it is at hand.
    """
    facts = facts or {}
    orders = range(len(variables) + 1) if orders is None else orders
    sizes = sizes or {}
    sized = {**nominal_sizes([root, *variables]), **sizes}
    simple = simplify(root)
    tied = reading != "free" and any(facts.get(by.name) for by in variables)
    size = len(postorder(simple))
    normal = list(shown)
    if not normal and (tied or size <= MOST_SHOWN):
        normal = [derive(root, variables[:k], facts, reading) if k else with_facts(simple, facts) for k in orders]
    if tied or max(orders, default=0) == 0:
        return normal or [with_facts(simple, facts) for _ in orders]
    cheap = _eliminated(simple, variables[:max(orders)], sized, facts)
    chosen = [cheap[k] for k in orders]
    if normal and _price(normal, sized) <= _PREFERENCE * _price(chosen, sized):
        return normal
    return chosen


def _eliminated(root: Expr, variables: Sequence[Variable], sizes: Mapping[str, int], facts: Facts) -> list[Expr]:
    found = [root]
    for by in variables:
        found.append(eliminated(found[-1], by, sizes))
    return [at_point(expr, facts) for expr in found]


def _price(roots: Sequence[Expr], sizes: Mapping[str, int]) -> int:
    known = {**nominal_sizes(roots), **sizes}
    return total_cost(plans(roots, known), known)
