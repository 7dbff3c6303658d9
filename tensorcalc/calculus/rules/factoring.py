"""Expanding products over sums, and pulling common factors out.  Never both in one set."""

from __future__ import annotations

from itertools import product
from math import prod

from ...algebra.build import add, einsum, ones, opens
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Term
from ...functions import POWER
from ..rewrite import rule
from .products import Pair, applied, pairs, replaced

MOST_TERMS = 256  # of a product that is multiplied out


@rule("product.expand", "A (B + C) = A B + A C", shrinks="no product has a sum as a factor any more")
def product_expand(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    if prod(len(operand.terms) for operand in node.operands if isinstance(operand, Sum)) > MOST_TERMS:
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        if isinstance(operand, Sum):
            return add([(weight, replaced(node, [k], [(term, own)])) for weight, term in operand.terms], node.shape)
        if isinstance(operand, Einsum) and opens(operand):
            return replaced(node, [], [])
    return None


@rule("product.expand", "A (B + C) = A B + A C", shrinks="no product has a sum as a factor any more")
def product_expand_whole(node: Expr) -> Expr | None:
    """All sums among the factors at once, where nobody looks at the steps."""
    if not isinstance(node, Einsum):
        return None
    sums = [k for k, operand in enumerate(node.operands) if isinstance(operand, Sum)]
    if len(sums) < 2:
        return product_expand.apply(node)
    choices = [operand.terms for operand in node.operands if isinstance(operand, Sum)]
    if prod(map(len, choices)) > MOST_TERMS:
        return None
    terms = []
    for chosen in product(*choices):
        factors = [(term, node.subscripts[k]) for k, (_, term) in zip(sums, chosen)]
        terms.append((prod([weight for weight, _ in chosen]), replaced(node, sums, factors)))
    return add(terms, node.shape)


@rule("tensor.expand", "(A_ij B_kl + C_ij D_kl) X_kl = A_ij B_kl X_kl + C_ij D_kl X_kl",
      shrinks="no product has a sum with more than two axes as a factor any more")
def tensor_expand(node: Expr) -> Expr | None:
    """Sums that no bracket of matrix notation can hold are multiplied out, and sums beside ε."""
    if not isinstance(node, Einsum):
        return None
    antisymmetric = bool(applied(node, "eps"))
    for k, (operand, own) in enumerate(pairs(node)):
        if isinstance(operand, Sum) and (operand.rank > 2 or (antisymmetric and own)) and len(operand.terms) <= MOST_TERMS:
            return add([(weight, replaced(node, [k], [(term, own)])) for weight, term in operand.terms], node.shape)
    return None


@rule("sum.factor", "A B + A C = A (B + C)", shrinks="a factor is written once instead of several times")
def sum_factor(node: Expr) -> Expr | None:
    """Pull out the factor that most terms share in the same place."""
    if not isinstance(node, Sum) or len(node.terms) < 2 or node.rank > 2:
        return None
    shared: dict[tuple[object, ...], list[int]] = {}
    for k, (_, term) in enumerate(node.terms):
        for place in _places(term):
            shared.setdefault(place, []).append(k)
    shared = {place: members for place, members in shared.items() if not _torn(node, place, members)}
    best = max(shared.items(), key=lambda item: (len(item[1]) > 1, _gain(item[0], len(item[1]))), default=None)
    if best is None or len(best[1]) < 2:
        return None
    place, members = best
    chosen = [node.terms[k] for k in members]
    rest = [term for k, term in enumerate(node.terms) if k not in members]
    return add([*rest, (1, _pulled(chosen, place, node))], node.shape)


def _torn(node: Sum, place: tuple[object, ...], members: list[int]) -> bool:
    """Whether what is at one end of some terms is within all others: those would read worse apart than together."""
    rest = [term for k, (_, term) in enumerate(node.terms) if k not in members]
    within = any if place[0] == "outer" else all
    return place[0] in ("side", "outer") and bool(rest) and \
        within(isinstance(term, Einsum) and place[1] in term.operands for term in rest)


def _gain(place: tuple[object, ...], count: int) -> tuple[int, str]:
    kind, operand = place[0], place[1]
    assert isinstance(operand, Expr)
    weight = {"side": 2, "outer": 2, "diagonal": 3}.get(str(kind), 1)
    return (count - 1) * weight, operand.key[1]


def _places(term: Expr) -> list[tuple[object, ...]]:
    """The factors of a term that can stand outside a bracket: numbers, and matrices at either end."""
    if not term.shape and not isinstance(term, Einsum):
        return [("scalar", term)]
    if not isinstance(term, Einsum) or any(operand.rank > 2 for operand in term.operands):
        return []
    found: list[tuple[object, ...]] = []
    for operand, own in pairs(term):
        if isinstance(operand, Delta) and own == (0, 1) and term.rank == 2 and _count(term, 0) + _count(term, 1) > 2:
            found.append(("diagonal", operand))
        elif not own:
            if not (isinstance(operand, Apply) and operand.function is POWER and len(term.operands) < 2):
                found.append(("scalar", operand))
        elif isinstance(operand, Delta):
            continue
        elif len(own) == 1 and own[0] < term.rank and _covered(term, own[0]):
            found.append(("point", operand, own))
        elif len(own) == 1 and own[0] < term.rank == 2:
            found.append(("outer", operand, own))
        elif len(own) == 2 and len(set(own)) == 2:
            found += _ends(term, operand, own)
        elif len(own) == 1 and own[0] >= term.rank and term.rank < 2 and _count(term, own[0]) == 2:
            found.append(("side", operand, 0, -1))
    return list(dict.fromkeys(found))


def _covered(term: Einsum, label: int) -> bool:
    """Whether an axis is still carried by something when one factor on it has gone."""
    return sum(label in own for own in term.subscripts) > 1


def _ends(term: Einsum, operand: Expr, own: tuple[int, ...]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for axis in (0, 1):
        outer, inner = own[1 - axis], own[axis]
        if outer < term.rank and _count(term, outer) == 1 and _count(term, inner) > 1 and \
                (_count(term, inner) == 2 and inner >= term.rank or _scaled(term, inner)):
            found.append(("side", operand, axis, outer))
    return found


def _scaled(term: Einsum, label: int) -> bool:
    """Whether vectors are on an axis, and no more matrices than the axis has ends: ``diag(x) A``, ``B diag(x) A``."""
    return sum(own.count(label) for own in term.subscripts if len(own) > 1) == (1 if label < term.rank else 2)


def _pulled(chosen: list[Term], place: tuple[object, ...], node: Sum) -> Expr:
    kind, operand = place[0], place[1]
    assert isinstance(operand, Expr)
    rank = node.rank
    if kind == "scalar":
        inner = add([(weight, _without(term, operand, ())) for weight, term in chosen], node.shape)
        return einsum([(inner, range(rank)), (operand, ())], range(rank))
    if kind == "diagonal":
        inner = add([(weight, _along_diagonal(term, operand)) for weight, term in chosen])
        return einsum([(inner, (0,)), (operand, (0, 1))], (0, 1))
    if kind == "outer":
        own = place[2]
        assert isinstance(own, tuple)
        (far,) = own
        inner = add([(weight, _apart(term, operand, far)) for weight, term in chosen])
        return einsum([(inner, (1 - far,)), (operand, own)], (0, 1))
    if kind == "point":
        own = place[2]
        assert isinstance(own, tuple)
        inner = add([(weight, _without(term, operand, own)) for weight, term in chosen], node.shape)
        return einsum([(inner, range(rank)), (operand, own)], range(rank))
    axis, outer = place[2], place[3]
    assert isinstance(axis, int) and isinstance(outer, int)
    parts = [(weight, _opened(term, operand, axis, outer)) for weight, term in chosen]
    labels: list[int] = [label for label in range(rank) if label != outer]
    own_labels = (rank,) if operand.rank == 1 else (rank, outer) if axis == 0 else (outer, rank)
    return einsum([(add(parts), [*labels, rank]), (operand, own_labels)], range(rank))


def _along_diagonal(term: Expr, eye: Expr) -> Expr:
    """The diagonal of a term that a delta keeps on it."""
    assert isinstance(term, Einsum)
    rest = [(operand, [0 if label == 1 else label for label in own]) for operand, own in pairs(term)
            if not (operand is eye and own == (0, 1))]
    return einsum(rest, (0,))


def _apart(term: Expr, vector: Expr, far: int) -> Expr:
    """What is left of ``u v'`` without the vector on one of its axes."""
    assert isinstance(term, Einsum)
    k = next(q for q, pair in enumerate(pairs(term)) if pair == (vector, (far,)))
    rest = [pair for q, pair in enumerate(pairs(term)) if q != k]
    present = {label for _, own in rest for label in own}
    rest += [(Delta((term.shape[1 - far],), term.shape[1 - far]), (1 - far,))] if 1 - far not in present else []
    return einsum(rest, (1 - far,))


def _without(term: Expr, operand: Expr, own: tuple[int, ...]) -> Expr:
    """``term`` divided by one of its factors."""
    if term is operand:
        return ones(term.shape)
    assert isinstance(term, Einsum)
    k = next(q for q, pair in enumerate(pairs(term)) if pair == (operand, own))
    rest = [pair for q, pair in enumerate(pairs(term)) if q != k]
    present = {label for _, labels in rest for label in labels}
    rest += [(Delta((dim,), dim), (label,)) for label, dim in enumerate(term.shape) if label not in present]
    return einsum(rest, range(term.rank))


def _opened(term: Expr, operand: Expr, axis: int, outer: int) -> Expr:
    """``term`` without one matrix or vector at its end, the index that led there made the last axis."""
    assert isinstance(term, Einsum)
    for q, (other, own) in enumerate(pairs(term)):
        if other is not operand:
            continue
        if operand.rank == 1 and own[0] >= term.rank and _count(term, own[0]) == 2:
            inner = own[0]
        elif operand.rank == 2 and own[1 - axis] == outer and _count(term, own[axis]) > 1:
            inner = own[axis]
        else:
            continue
        rest: list[Pair] = [pair for k, pair in enumerate(pairs(term)) if k != q]
        return einsum(rest, [*(label for label in range(term.rank) if label != outer), inner])
    raise AssertionError("the factor was found before")


def _count(term: Einsum, label: int) -> int:
    return sum(own.count(label) for own in term.subscripts)
