"""Duplication and elimination matrices (Magnus and Neudecker 2019, chapter 3)."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from ...algebra.build import (
    ONE,
    add,
    apply,
    delta,
    dimension,
    einsum,
    power_of,
    special,
)
from ...algebra.expr import Apply, Einsum, Expr
from ...calculus.rewrite import rule
from ...calculus.rules.products import applied, argument_of, joined, pairs, replaced, uses
from ...functions import TABLE


def _normal_inverses(node: Einsum) -> list[int]:
    """Where inv(D' D) stands."""
    found = []
    for k in applied(node, "inv"):
        inner = argument_of(node.operands[k], "inv")
        if isinstance(inner, Einsum) and len(inner.operands) == 2 and \
                all(isinstance(o, Apply) and o.function.name == "duplication" for o in inner.operands):
            found.append(k)
    return found


@rule("duplication.projector", "duplication(n)*inv(duplication(n)'*duplication(n))*duplication(n)' = "
      "0.5*(eye(n*n) + commutation(n,n))", "duplication", reference="Magnus & Neudecker 1980, th. 3.3",
      shrinks="three factors become deltas")
def duplication_projector(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in _normal_inverses(node):
        h, g = node.subscripts[k]
        ends = [[q for q in applied(node, "duplication") if node.subscripts[q][2] == label and label >= node.rank
                 and uses(node, label) == 2] for label in (h, g)]
        if h != g and ends[0] and ends[1]:
            q, r = ends[0][0], ends[1][0]
            (a, b, _), (i, j, _) = node.subscripts[q], node.subscripts[r]
            dim = delta(node.operands[q].shape[0])
            both = [replaced(node, [k, q, r], [(dim, (a, c)), (dim, (b, d))]) for c, d in ((i, j), (j, i))]
            return add([(Fraction(1, 2), one) for one in both])
    return None


@rule("duplication.plus", "inv(duplication(n)'*duplication(n))*duplication(n)' = "
      "elimination(n)*(0.5*(eye(n*n) + commutation(n,n)))", "duplication",
      reference="Magnus & Neudecker 1980, th. 3.4", shrinks="an inverse vanishes")
def duplication_plus(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in _normal_inverses(node):
        h, g = node.subscripts[k]
        for q in applied(node, "duplication"):
            i, j, f = node.subscripts[q]
            if f in (h, g) and f >= node.rank and uses(node, f) == 2:
                far = h if f == g else g
                dim = node.operands[q].shape[0]
                lower = special("elimination", (node.operands[q].shape[2], dim, dim))
                half = Fraction(1, 2)
                both = [replaced(node, [k, q], [(lower, (far, a, b))]) for a, b in ((i, j), (j, i))]
                return add([(half, one) for one in both])
    return None


@rule("duplication.symmetric", "duplication(n)*vech(A + A') = vec(A + A')", "duplication",
      reference="Magnus & Neudecker 1980, def. 3.2a", shrinks="two factors vanish")
def duplication_symmetric(node: Expr) -> Expr | None:
    """D L R = R where R is symmetric in the two indices that L takes."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "duplication"):
        a, b, g = node.subscripts[k]
        for q in applied(node, "elimination"):
            h, i, j = node.subscripts[q]
            if h != g or uses(node, g) != 2 or g < node.rank or i == j:
                continue
            if any(label < node.rank for label in (i, j)):
                continue
            rest = joined(node, (i, j), [k, q])
            labels = sorted({label for m in rest for label in node.subscripts[m]} - {i, j})
            if not rest or not {i, j} <= {label for m in rest for label in node.subscripts[m]} or {a, b} & set(labels):
                continue
            outer = [label for label in labels if label < node.rank or
                     any(label in own for m, own in enumerate(node.subscripts) if m not in rest)]
            factors = [pairs(node)[m] for m in rest]
            one, two = einsum(factors, [i, j, *outer]), einsum(factors, [j, i, *outer])
            if one is two:
                return replaced(node, [k, q, *rest], [(one, (a, b, *outer))])
    return None


@rule("elimination.symmetric", "elimination(n)*vec(A + A') = elimination(n)*vec(A' + A)", "elimination",
      shrinks="the order of two interchangeable indices is the first")
def elimination_symmetric(node: Expr) -> Expr | None:
    """L takes either order of two indices that what it meets is symmetric in."""
    if not isinstance(node, Einsum):
        return None
    for q in applied(node, "elimination"):
        h, i, j = node.subscripts[q]
        if i == j:
            continue
        swapped = replaced(node, [q], [(node.operands[q], (h, j, i))])
        rest = joined(node, (i, j), [q])
        labels = {label for m in rest for label in node.subscripts[m]}
        if not {i, j} <= labels or i < node.rank or j < node.rank:
            continue
        outer = sorted(label for label in labels - {i, j} if label < node.rank or label == h)
        factors = [pairs(node)[m] for m in rest]
        if einsum(factors, [i, j, *outer]) is einsum(factors, [j, i, *outer]) and swapped.key < node.key:
            return swapped
    return None


@rule("elimination.transpose", "elimination(n)*elimination(n)' = eye(n*(n+1)/2)", "elimination",
      reference="Magnus & Neudecker 1980, lemma 3.1", shrinks="two factors vanish")
def elimination_transpose(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k, q in combinations(applied(node, "elimination"), 2):
        (h, i, j), (g, r, s) = node.subscripts[k], node.subscripts[q]
        if (i, j) == (r, s) and i != j and all(label >= node.rank and uses(node, label) == 2 for label in (i, j)):
            return replaced(node, [k, q], [(delta(node.operands[k].shape[0]), (h, g))])
    return None


@rule("det.symmetric_square", "det(inv(duplication(n)'*duplication(n))*duplication(n)'*kron(A,A)*duplication(n)) = "
      "det(A)^(n+1)", "det", reference="Magnus & Neudecker 1980, lemma 4.2", shrinks="the argument gets smaller")
def det_symmetric_square(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    if not isinstance(inner, Einsum) or inner.rank != 2 or len(inner.operands) != 4:
        return None
    lower, dup = applied(inner, "elimination"), applied(inner, "duplication")
    others = [k for k in range(4) if k not in (*lower, *dup)]
    if len(lower) != 1 or len(dup) != 1 or len({inner.operands[k] for k in others}) != 1:
        return None
    h, i, j = inner.subscripts[lower[0]]
    a, b, g = inner.subscripts[dup[0]]
    matrix = inner.operands[others[0]]
    ends = {tuple(inner.subscripts[k]) for k in others}
    straight = [{(i, a), (j, b)}, {(i, b), (j, a)}, {(a, i), (b, j)}, {(b, i), (a, j)}]
    if {h, g} != {0, 1} or ends not in straight:
        return None
    exponent = add([(1, dimension(matrix.shape[0])), (1, ONE)])
    return power_of(apply(TABLE["det"], matrix), exponent)


@rule("duplication.outer", "duplication(n)*duplication(n)' = eye(n*n) + commutation(n,n) - diag(vec(eye(n)))", "duplication",
      reference="Magnus & Neudecker 1980, lemma 3.6", shrinks="two factors become deltas")
def duplication_outer(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k, q in combinations(applied(node, "duplication"), 2):
        (i, j, h), (p, r, g) = node.subscripts[k], node.subscripts[q]
        if h == g and h >= node.rank and uses(node, h) == 2:
            dim = delta(node.operands[k].shape[0])
            straight, crossed = (replaced(node, [k, q], [(dim, (i, a)), (dim, (j, b))]) for a, b in ((p, r), (r, p)))
            once = replaced(node, [k, q], [(dim, (i, j)), (dim, (j, p)), (dim, (p, r))])
            return add([(1, straight), (1, crossed), (-1, once)])
    return None


@rule("duplication.define", "duplication(n) = elimination(n)' + (commutation(n,n) - diag(vec(eye(n))))*elimination(n)'",
      "duplication", reference="Magnus & Neudecker 1980, lemma 3.5", shrinks="a constant is put in terms of another")
def duplication_define(node: Expr) -> Expr | None:
    """D_ijh is L_hij + L_hji, and L_hij where i is j."""
    if not isinstance(node, Apply) or node.function.name != "duplication":
        return None
    dim, _, half = node.shape
    lower, eye = special("elimination", (half, dim, dim)), delta(dim)
    turned = [einsum([(lower, "hij")], "ijh"), einsum([(lower, "hji")], "ijh")]
    return add([(1, turned[0]), (1, turned[1]), (-1, einsum([(lower, "hij"), (eye, "ij")], "ijh"))])
