"""Inverses: what is turned round, what a sum satisfies, adjugates."""

from __future__ import annotations

from ...algebra.build import (
    ONE,
    add,
    apply,
    delta,
    einsum,
    power_of,
    transpose,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...calculus.rewrite import rule
from ...calculus.rules.products import applied, argument_of, find_product, like, replaced, uses
from ...functions import TABLE, grouped
from .determinants import cuts
from .parts import reads_better
from .regular import is_regular


@rule("inverse.orthogonal", "inv(Q) = Q'", "inv", shrinks="a function vanishes")
def inverse_orthogonal(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    return transpose(inner, (1, 0)) if inner is not None and "orthogonal" in getattr(inner, "facts", ()) else None


@rule("inverse.turn", "inv(A') = inv(A)'", "inv",
      shrinks="the argument is the one of itself and its transpose that comes first")
def inverse_turn(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    turned = transpose(inner, (1, 0))
    return transpose(like(node, turned), (1, 0)) if reads_better(turned, inner) else None


@rule("inverse.relation", "A inv(A + B) = I - B inv(A + B)", "inv",
      shrinks="the leading term of a sum no longer stands beside the inverse of the sum")
def inverse_relation(node: Expr) -> Expr | None:
    """The longest term of an inverted sum, next to that inverse."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse = node.operands[k]
        assert isinstance(inverse, Apply)
        (total,) = inverse.arguments
        if not isinstance(total, Sum) or inverse.rank != 2:
            continue
        weight, lead = max(total.terms, key=lambda term: (_length(term[1]), term[1].key))
        rows, cols = node.subscripts[k]
        for inner, outer, left in ((cols, rows, True), (rows, cols, False)):
            found = find_product(node, lead, {0 if left else 1: inner}, {k})
            if found is None or inner < node.rank or uses(node, inner) != 2:
                continue
            binding, used = found
            far = binding[1 if left else 0]
            rest = add([(-w / weight, term) for w, term in total.terms if term is not lead], total.shape)
            labels = (inner, far) if left else (far, inner)
            one = replaced(node, [k, *used], [(delta(total.shape[0]), (outer, far))])
            other = replaced(node, used, [(rest, labels)])
            return add([(1 / weight, one), (1, other)], node.shape)
    return None


def _length(term: Expr) -> int:
    return 0 if isinstance(term, Delta) else len(term.operands) if isinstance(term, Einsum) else 1


@rule("inverse.rank_one", "inv(A + u v') = inv(A) - inv(A) u v' inv(A)/(1 + v' inv(A) u)", "inv", reference="MC 160",
      shrinks="an inverse of a sum loses a term")
def inverse_rank_one(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2 or not isinstance(node, Apply):
        return None
    for (w, base), (v, low) in (inner.terms, inner.terms[::-1]):
        cut = cuts(low)[-1:] if isinstance(low, Einsum) else []
        if not cut or cut[0][2] is not None or not is_regular(base):
            continue
        left, right, _ = cut[0]
        inverse = base if isinstance(base, Delta) else like(node, base)
        ends = [(inverse, "ia"), (left, "a"), (right, "b"), (inverse, "bj")]
        below = add([(1, ONE), (v / w, einsum([(right, "b"), (inverse, "ba"), (left, "a")], ""))])
        return add([(1 / w, inverse), (-v / w**2, einsum([*ends, (power_of(below, -1), "")], "ij"))])
    return None


@rule("adj.define", "adj(A) = det(A) inv(A)", "adj", shrinks="a function is put in terms of others")
def adj_define(node: Expr) -> Expr | None:
    inner = argument_of(node, "adj")
    if inner is None or not isinstance(node, Apply) or not is_regular(inner):
        return None
    axes = range(node.rank)
    parts = [(apply(grouped(TABLE["det"], node.function.ways), inner), ()),
             (apply(grouped(TABLE["inv"], node.function.ways), inner), axes)]
    return einsum(parts, axes)


@rule("inverse.adjugate", "inv(A) = adj(A)/det(A)", "inv", reference="MC 151", shrinks="an inverse vanishes")
def inverse_adjugate(node: Expr) -> Expr | None:
    """Of a matrix whose size is a small number."""
    inner = argument_of(node, "inv")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply) or inner.shape[0] not in (1, 2, 3, 4):
        return None
    return einsum([(apply(TABLE["adj"], inner), (0, 1)), (power_of(apply(TABLE["det"], inner), -1), ())], (0, 1))
