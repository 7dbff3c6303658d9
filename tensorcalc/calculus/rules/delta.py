"""Rules of constants: the Levi-Civita tensor, duplication and elimination matrices, the lower triangle."""

from __future__ import annotations

from itertools import combinations, permutations

from ...algebra.build import add, delta, ones
from ...algebra.canonical import parity
from ...algebra.expr import Einsum, Expr
from ..assume import is_lower
from ..rewrite import rule
from .products import applied, pairs, replaced, uses


@rule("eps.product", "eps_ijk eps_kmn = delta_im delta_jn - delta_in delta_jm", "eps",
      reference="generalised delta", shrinks="two antisymmetric tensors vanish")
def eps_product(node: Expr) -> Expr | None:
    """Two ε that share an index: the determinant of the deltas between them."""
    if not isinstance(node, Einsum):
        return None
    for k, q in combinations(applied(node, "eps"), 2):
        left, right = node.subscripts[k], node.subscripts[q]
        shared = [label for label in left if label in right and label >= node.rank and uses(node, label) == 2]
        if len(left) == len(right) and shared:
            return _determinant(node, k, q)
    return None


def _determinant(node: Einsum, k: int, q: int) -> Expr:
    left, right = node.subscripts[k], node.subscripts[q]
    dim = node.operands[k].shape[0]
    fresh = max([*(label for own in node.subscripts for label in own), node.rank]) + 1
    renamed = tuple(label + fresh for label in right)
    ties = [(delta(dim), (old, new)) for old, new in zip(right, renamed)]
    terms = []
    for order in permutations(range(len(right))):
        pairs_of = [(delta(dim), (a, renamed[b])) for a, b in zip(left, order)]
        terms.append((parity(order), replaced(node, [k, q], [*pairs_of, *ties])))
    return add(terms, node.shape)


@rule("elimination.duplication", "elimination(n)*duplication(n) = eye(n*(n+1)/2)", "elimination", "duplication",
      reference="Magnus & Neudecker 1980, lemma 3.5", shrinks="two factors vanish")
def elimination_duplication(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "elimination"):
        h, i, j = node.subscripts[k]
        for q in applied(node, "duplication"):
            a, b, g = node.subscripts[q]
            if {a, b} == {i, j} and i != j and all(label >= node.rank and uses(node, label) == 2 for label in (i, j)):
                return replaced(node, [k, q], [(delta(node.operands[q].shape[2]), (h, g))])
    return None


@rule("tril.lower", "tril(tril(A)) = tril(A)", "tril", shrinks="a constant vanishes")
def tril_lower(node: Expr) -> Expr | None:
    """The ones of the lower triangle beside something that is zero above the diagonal, or on a diagonal."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "tril"):
        own = node.subscripts[k]
        if own[0] == own[1]:
            return replaced(node, [k], [(ones(node.operands[k].shape[:1]), own[:1])])
        for q, (operand, labels) in enumerate(pairs(node)):
            if q != k and labels == own and is_lower(operand):
                return replaced(node, [k], [])
    return None
