"""What a linear map is made of: its terms, which axes deltas tie, what tensors remain.

Knows expressions and sizes, and nothing of arrays.  A linear map is an expression
whose axes are those of its *rows* (what was differentiated) and of its *columns* (the
variable).  In normal form a delta of a product joins axes of the result only, so a tie
of a row with a column is there to read: ``2 δ_ip V_aj V_aq`` ties i with p.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

from ...algebra.build import add, delta, einsum, split, transpose
from ...algebra.expr import Delta, Einsum, Expr, Sum, Term, Variable
from ...sizes import Dim, Shape, value

MOST_PRODUCTS = 64   # terms into which a linear map is spread
MOST_NEUTRAL = 8     # factors of which a cut decides on which side they are

Labels = tuple[int, ...]
Placed = tuple[Expr, Labels]


class Opened(NamedTuple):
    """A product taken apart: its tensors and numbers, and which axes of the result are one index.

    The label of an index of the result is its first axis; larger labels are summed over.
    """

    factors: tuple[Placed, ...]
    classes: tuple[Labels, ...]
    shape: tuple[Dim, ...]

    def first(self, axis: int) -> int:
        """The label of the index that an axis of the result has."""
        return next(own[0] for own in self.classes if axis in own)


@lru_cache(maxsize=4096)
def opened(expr: Expr) -> Opened:
    """The factors of one term, and the indices that deltas tie.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> d = variable("d", "n")
    >>> opened(einsum([(d, "i")], "ii")).classes
    ((0, 1),)
    """
    rank = expr.rank
    pairs: Iterable[Placed] = zip(expr.operands, expr.subscripts) if isinstance(expr, Einsum) else \
        [(expr, tuple(range(rank)))]
    first = list(range(rank))
    tensors: list[Placed] = []
    for operand, labels in pairs:
        if isinstance(operand, Delta) and operand.shape and max(labels) < rank:
            least = min(first[label] for label in labels)
            tied = {first[label] for label in labels}
            first = [least if own in tied else own for own in first]
        else:
            tensors.append((operand, labels))
    factors = tuple([(tensor, tuple([first[label] if label < rank else label for label in labels]))
                     for tensor, labels in tensors])
    classes = tuple([tuple([axis for axis in range(rank) if first[axis] == root]) for root in sorted(set(first))])
    return Opened(factors, classes, expr.shape)


def spread(expr: Expr, rows: Collection[int], cols: Collection[int]) -> list[Term]:
    """The terms of a linear map; a factor that is a sum is spread where it may hide a tie of a row with a column.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> X, p = variable("X", "n", "d"), variable("p", "d")
    >>> inner = add([(1, einsum([(p, "i")], "ii")), (-1, einsum([(p, "i"), (p, "j")], "ij"))])
    >>> len(spread(einsum([(X, "ni"), (X, "nj"), (inner, "ij")], "ij"), [0], [1]))
    2
    """
    pending, done = [(Fraction(1), expr)], list[Term]()
    while pending:
        outer, node = pending.pop()
        weight, node = split(node)
        weight *= outer
        room = MOST_PRODUCTS - len(done) - len(pending)
        if isinstance(node, Sum) and _is_rich(node) and len(node.terms) <= room:
            pending += [(weight * own, term) for own, term in reversed(_grouped(node))]
            continue
        place = _hiding(node, rows, cols) if isinstance(node, Einsum) else None
        if place is not None and isinstance(node, Einsum) and len(node.operands[place].children) <= room:
            inner = node.operands[place]
            assert isinstance(inner, Sum)
            for own, term in reversed(_grouped(inner)):
                operands = (*node.operands[:place], term, *node.operands[place + 1:])
                pending.append((weight * own, einsum(zip(operands, node.subscripts), range(node.rank))))
        elif not isinstance(node, Sum) or node.terms:
            done.append((weight, node))
    return done


def _is_rich(total: Sum) -> bool:
    """Whether a sum is more than a sum of given tensors: some term is a product or a delta."""
    return any(isinstance(term, Delta) or (isinstance(term, Einsum) and len(term.operands) > 1) for _, term in total.terms)


def _grouped(total: Sum) -> list[Term]:
    """The terms of a sum; those that are only tensors stay one."""
    plain = [(weight, term) for weight, term in total.terms
             if not isinstance(term, Delta) and not (isinstance(term, Einsum) and len(term.operands) > 1)]
    rest = [pair for pair in total.terms if pair not in plain]
    return [*rest, (Fraction(1), add(plain, total.shape))] if plain else rest


def _hiding(node: Einsum, rows: Collection[int], cols: Collection[int]) -> int | None:
    """The factor that is a sum about both a row and a column."""
    found = opened(node)
    row_labels, col_labels = ({found.first(axis) for axis in axes} for axes in (rows, cols))
    for place, (operand, labels) in enumerate(zip(node.operands, node.subscripts)):
        if isinstance(operand, Sum) and _is_rich(operand):
            own = {found.first(label) if label < node.rank else label for label in labels}
            if row_labels & own and col_labels & own:
                return place
    return None


# -- given tensors -----------------------------------------------------------------------


def stand_in(leaf: Expr) -> Expr:
    """The variable under whose name the value of ``leaf`` is kept; no name that people write has a ``#``."""
    return Variable(leaf.shape, f"#{leaf.key[0]}{leaf.key[2].hex()}")


def leaves(terms: Iterable[Term]) -> dict[Expr, Expr]:
    """What is computed before the linear map is used: each factor that is no variable, and its stand-in."""
    return {operand: stand_in(operand) for _, term in terms for operand, _ in opened(term).factors
            if not isinstance(operand, (Variable, Delta))}


def replaced(terms: Iterable[Term], found: Mapping[Expr, Expr], shape: Shape) -> Expr:
    """The sum of ``terms`` with the stand-ins of their factors."""
    total = []
    for weight, term in terms:
        if term in found:
            total.append((weight, found[term]))
        elif isinstance(term, Einsum):
            operands = [found.get(operand, operand) for operand in term.operands]
            total.append((weight, einsum(zip(operands, term.subscripts), range(term.rank))))
        else:
            total.append((weight, term))
    return add(total, shape)


# -- parts and cuts ----------------------------------------------------------------------


def components(found: Opened, apart: Collection[int] = ()) -> list[tuple[list[Placed], list[Labels]]]:
    """The factors and indices that hang together, not counting the labels ``apart``.

    Numbers, and factors with labels ``apart`` alone, hang together with nothing; each is
    a component without indices.
    """
    parts: list[tuple[set[int], list[Placed], list[Labels]]] = [({own[0]}, [], [own]) for own in found.classes
                                                                if own[0] not in apart]
    for factor in found.factors:
        labels = {label for label in factor[1] if label not in apart}
        met = [part for part in parts if part[0] & labels]
        parts = [part for part in parts if part not in met]
        parts.append((labels.union(*[part[0] for part in met]), [p for part in met for p in part[1]] + [factor],
                      [own for part in met for own in part[2]]))
    return [(factors, indices) for _, factors, indices in parts]


class Cut(NamedTuple):
    """A product as left times right, summed over ``rank`` values of the labels ``over``."""

    left: tuple[Placed, ...]
    right: tuple[Placed, ...]
    over: Labels
    dims: tuple[Dim, ...]
    rank: int


def cut(found: Opened, rows: Collection[int], cols: Collection[int], sizes: Mapping[str, int]) -> Cut | None:
    """The product of a factor with the rows and one with the columns that has the lowest rank.

    ``None`` where a factor has both rows and columns, or an index ties them.
    """
    dims: dict[int, Dim] = {label: dim for factor, own in found.factors for label, dim in zip(own, factor.shape)}
    row_labels, col_labels = ({found.first(axis) for axis in axes} for axes in (rows, cols))
    if row_labels & col_labels:
        return None
    sides: list[list[Placed]] = [[], []]
    neutral: list[Placed] = []
    for factor in found.factors:
        at = bool(row_labels & {*factor[1]}), bool(col_labels & {*factor[1]})
        if all(at):
            return None
        (neutral if not any(at) else sides[at[1]]).append(factor)
    best: Cut | None = None
    free = neutral[:MOST_NEUTRAL]
    for choice in product((0, 1), repeat=len(free)):
        left = [*sides[0], *neutral[MOST_NEUTRAL:], *[factor for factor, side in zip(free, choice) if side == 0]]
        right = [*sides[1], *[factor for factor, side in zip(free, choice) if side == 1]]
        shared = {label for _, own in left for label in own} & {label for _, own in right for label in own}
        over = tuple(sorted([label for label in shared if label >= len(found.shape)]))
        rank = prod([value(dims[label], sizes) for label in over])
        if best is None or rank < best.rank:
            best = Cut(tuple(left), tuple(right), over, tuple([dims[label] for label in over]), rank)
    return best


def assembled(factors: Sequence[Placed], indices: Iterable[Labels], dims: Sequence[Dim] | Mapping[int, Dim],
              output: Sequence[int]) -> Expr:
    """The product of ``factors`` with the axes ``output``: ``indices`` are tied axes, ``dims`` their sizes."""
    tied = [(delta(dims[own[0]], len(own)), own) for own in indices]
    present = {label for _, own in factors for label in own}
    placed = [(tie, own) for tie, own in tied if len(own) > 1 or own[0] not in present]
    covered = present | {label for _, own in placed for label in own}
    ones = [(delta(dims[label], 1), (label,)) for label in output if label not in covered]
    return einsum([*factors, *placed, *ones], output)


def depends(expr: Expr, axis: int) -> bool:
    """Whether some factor has the index of ``axis``, or a delta ties it."""
    terms = expr.terms if isinstance(expr, Sum) and _is_rich(expr) else ((Fraction(1), expr),)
    for _, term in terms:
        found = opened(term)
        own = next(own for own in found.classes if axis in own)
        if len(own) > 1 or any(own[0] in labels for _, labels in found.factors):
            return True
    return False


def without(expr: Expr, axes: Collection[int]) -> Expr:
    """``expr`` without axes along which it is constant."""
    if not axes:
        return expr
    kept = [axis for axis in range(expr.rank) if axis not in axes]
    terms = expr.terms if isinstance(expr, Sum) and _is_rich(expr) else ((Fraction(1), expr),)
    total = []
    for weight, term in terms:
        found = opened(term)
        indices = [own for own in found.classes if own[0] not in axes]
        total.append((weight, assembled(found.factors, indices, expr.shape, kept)))
    return add(total, tuple([expr.shape[axis] for axis in kept]))


# -- linear maps -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A linear map whose factors have names: its terms, and what the names that are no variables stand for."""

    terms: tuple[Term, ...]
    expr: Expr
    values: Mapping[Expr, Expr]
    rows: int

    @property
    def cols(self) -> range:
        return range(self.rows, self.expr.rank)


@lru_cache(maxsize=256)
def mapped(expr: Expr, rows: int) -> LinearMap:
    """The linear map that an expression is, by its first axes."""
    axes = range(rows), range(rows, expr.rank)
    terms = spread(expr, *axes)
    found = leaves(terms)
    named = replaced(terms, found, expr.shape)
    return LinearMap(tuple(spread(named, *axes)), named, {stand: leaf for leaf, stand in found.items()}, rows)


@lru_cache(maxsize=256)
def turned(of: LinearMap) -> LinearMap:
    """The transposed map: columns first."""
    found = mapped(transpose(of.expr, [*of.cols, *range(of.rows)]), len(of.cols))
    return LinearMap(found.terms, found.expr, {**of.values, **found.values}, found.rows)
