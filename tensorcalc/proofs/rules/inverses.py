"""Inverses: what is turned round, what a sum satisfies, adjugates."""

from __future__ import annotations

from ...algebra.build import (
    ONE,
    add,
    apply,
    delta,
    dimension,
    einsum,
    power_of,
    scale,
    symmetry,
    transpose,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...calculus.rewrite import rule
from ...calculus.rules.products import applied, argument_of, find_product, like, replaced, uses
from ...functions import TABLE, grouped
from .determinants import cuts
from .parts import common_first, reads_better
from .regular import is_regular


@rule("inverse.orthogonal", "inv(Q) = Q'", "inv", shrinks="a function vanishes")
def inverse_orthogonal(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    return transpose(inner, (1, 0)) if inner is not None and "orthogonal" in getattr(inner, "facts", ()) else None


@rule("inverse.factor", "inv(A B + A C) = inv(B + C) inv(A)", "inv", reference="MC 1", shrinks="the argument loses a factor")
def inverse_factor(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    found = None if inner is None or inner.rank != 2 else common_first(inner)
    if found is None or not isinstance(node, Apply):
        return None
    return einsum([(like(node, found[1]), "ij"), (like(node, found[0]), "jk")], "ik")


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


@rule("inverse.trace", "tr(inv(eye(n) + A*B)) = n - m + tr(inv(eye(m) + B*A))", "inv", reference="Sylvester's identity",
      shrinks="the inverse is the one of the two that comes first")
def inverse_trace(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse, own = node.operands[k], node.subscripts[k]
        total = inverse.children[0]
        if len(own) != 2 or own[0] != own[1] or own[0] < node.rank or uses(node, own[0]) != 2 or \
                not isinstance(total, Sum) or len(total.terms) != 2:
            continue
        for (w, base), (v, low) in (total.terms, total.terms[::-1]):
            if not isinstance(base, Delta) or not isinstance(low, Einsum):
                continue
            for left, right, dim in cuts(low):
                if dim is None:
                    continue
                other = apply(TABLE["inv"], add([(w, delta(dim)), (v, einsum([(right, "ib"), (left, "bj")], "ij"))]))
                if other.key < inverse.key:
                    rest = [(1 / w, replaced(node, [k], [(dimension(size), ())])) for size in (base.shape[0], dim)]
                    return add([rest[0], (-rest[1][0], rest[1][1]), (1, replaced(node, [k], [(other, own)]))])
    return None


@rule("inverse.commute", "inv(eye(n) + A^2) A = A inv(eye(n) + A^2)", "inv", reference="Higham 2008, th. 1.13",
      shrinks="the argument of a polynomial stands left of its inverse")
def inverse_commute(node: Expr) -> Expr | None:
    """A matrix beside the inverse of a polynomial in it."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse, own = node.operands[k], node.subscripts[k]
        matrix = _polynomial_in(inverse.children[0]) if inverse.rank == 2 else None
        if matrix is None:
            continue
        if any(argument_of(operand, "matpow") is matrix for operand in node.operands):
            continue   # it would merge with that power, and no longer be found beside the inverse
        for i, j in (own, own[::-1]) if symmetry(inverse) > 0 else (own,):
            if j < node.rank or uses(node, j) != 2 or i == j:
                continue
            for wanted in (matrix, apply(TABLE["inv"], matrix)):
                found = find_product(node, wanted, {0: j}, {k})
                if found is not None and found[0][1] != i:
                    binding, used = found
                    return replaced(node, [k, *used], [(wanted, (i, j)), (inverse, (j, binding[1]))])
    return None


def _polynomial_in(total: Expr) -> Variable | None:
    """The matrix that a sum is a polynomial in: all its terms are powers of it, or of its transpose where that is ±itself."""
    found = {node for node in postorder(total) if isinstance(node, Variable)}
    matrix = next((node for node in found if node.rank == 2), None)
    if matrix is None or len([node for node in found if node.rank]) != 1 or not isinstance(total, Sum) or \
            matrix.shape[0] != matrix.shape[1]:
        return None
    for _, term in total.terms:
        one, two = (einsum([(a, "ij"), (b, "jk")], "ik") for a, b in ((term, matrix), (matrix, term)))
        if one is not two:
            return None
    return matrix


@rule("inverse.skew", "inv(A - A')' = -inv(A - A')", "inv", reference="MC 3",
      shrinks="the inverse of a skew matrix is the way round that comes first, or a form in it vanishes")
def inverse_skew(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse, own = node.operands[k], node.subscripts[k]
        inner = inverse.children[0]
        if inverse.rank == 2 and own[0] != own[1] and transpose(inner, (1, 0)) is scale(-1, inner):
            turned = replaced(node, [k], [(inverse, own[::-1])])
            if turned is node or turned.key < node.key:
                return scale(-1 if turned is not node else 0, turned)
    return None
