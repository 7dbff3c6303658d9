"""The permutation symbol, and adjugates written with it."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import (
    apply,
    base_and_exponent,
    power_of,
    symmetry,
)
from ...algebra.expr import Apply, Einsum, Expr
from ...calculus.rewrite import rule
from ...calculus.rules.products import applied, pairs, replaced, uses
from ...functions import TABLE, grouped


@rule("eps.determinant", "eps_ij A_ik A_jl = det(A) eps_kl", "eps", reference="definition of the determinant",
      shrinks="all factors of one matrix beside ε become a number")
def eps_determinant(node: Expr) -> Expr | None:
    """One matrix on every index of ε, the same way round."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "eps"):
        own = node.subscripts[k]
        if any(label < node.rank or uses(node, label) != 2 for label in own):
            continue
        beside = [next((q for q, labels in enumerate(node.subscripts) if q != k and label in labels), k)
                  for label in own]
        matrix, places = node.operands[beside[0]], [node.subscripts[q] for q in beside]
        if len(set(beside)) < len(own) or matrix.rank != 2 or any(node.operands[q] is not matrix for q in beside):
            continue
        for axis in (0, 1):
            if all(labels[axis] == label for labels, label in zip(places, own)):
                far = [labels[1 - axis] for labels in places]
                return replaced(node, [k, *beside], [(apply(TABLE["det"], matrix), ()), (node.operands[k], far)])
    return None


@rule("eps.transport", "cross(A a, A b) = adj(A)' cross(a, b)", "eps", reference="definition of the adjugate",
      shrinks="two factors beside ε become an adjugate behind it")
def eps_transport(node: Expr) -> Expr | None:
    """ε_ijk A_jl A_km = adj(A)_ni ε_nlm."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "eps"):
        own = node.subscripts[k]
        if len(own) != 3:
            continue
        for at in range(3):
            i, j, m = own[at], own[(at + 1) % 3], own[(at + 2) % 3]
            for p, (left, first) in enumerate(pairs(node)):
                for q, (right, second) in enumerate(pairs(node)):
                    if p == q or left is not right or left.rank != 2 or left.shape != (3, 3) or symmetry(left) < 0:
                        continue
                    for axis in (0, 1):
                        if first[axis] == j and second[axis] == m and all(
                                label >= node.rank and uses(node, label) == 2 for label in (j, m)):
                            adjugate = apply(TABLE["adj"], left)
                            fresh = 1 + max(label for subs in node.subscripts for label in subs)
                            labels = (fresh, i) if axis == 0 else (i, fresh)
                            far = (fresh, first[1 - axis], second[1 - axis])
                            return replaced(node, [k, p, q], [(adjugate, labels), (node.operands[k], far)])
    return None


@rule("adj.recognise", "det(A) inv(A) = adj(A)", "inv", shrinks="two functions become one")
def adj_recognise(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse = node.operands[k]
        assert isinstance(inverse, Apply)
        determinant = apply(grouped(TABLE["det"], inverse.function.ways), inverse.arguments[0])
        for q, (other, own) in enumerate(pairs(node)):
            base, exponent = base_and_exponent(other)
            if not own and base is determinant and isinstance(exponent, Fraction) and exponent >= 1:
                adjugate = apply(grouped(TABLE["adj"], inverse.function.ways), inverse.arguments[0])
                rest = [(power_of(base, exponent - 1), ())] if exponent > 1 else []
                return replaced(node, [k, q], [(adjugate, node.subscripts[k]), *rest])
    return None
