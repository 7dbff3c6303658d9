"""How a linear system is solved by the structure of its matrix: a tree of steps, before any number is known.

Knows expressions, patterns and sizes, and nothing of arrays;
:mod:`tensorcalc.numbers.maps.solvers` does what a recipe says.

====================  ====================================================================
matrix                how it is solved
====================  ====================================================================
``δ ⊗ A``, ``A ⊗ B``  factor by factor (Van Loan 2000, J. Comput. Appl. Math. 123, sec. 2)
diagonal, blocks      entry by entry, block by block
``D + U V'``          Woodbury (Golub & Van Loan, Matrix Computations, 4th ed., sec. 2.1.4)
``A ⊗ B + C ⊗ D …``   symmetric pencils by generalised eigenvalues (ibid., sec. 8.7), any two by
                      Schur forms, as for Sylvester's equation (ibid., sec. 7.6.3)
``A ⊗ B + (C ⊗ D) K``   ``A X B' + C X' D' = Y`` as an equation without X', by Schur forms
anything              Cholesky or LU of the matrix itself, where it fits the memory limit
====================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import NamedTuple

from ...algebra.build import add, einsum, scale, split
from ...algebra.expr import Apply, Expr, Sum, Term
from ...errors import UnsupportedError
from ...functions import TABLE
from ...sizes import Dim, value
from .pattern import Labels, Opened, Placed, assembled, components, cut, depends, opened, spread, without

MOST_SMALL = 64   # the order of a matrix that is factorised whole rather than by an equation with X'
WORTH = 3   # a low rank is one that is this many times below the order of the matrix


class Frame(NamedTuple):
    """Names for the axes of an expression: those of a batch of matrices, of their rows, of their columns."""

    batch: Labels
    rows: Labels
    cols: Labels

    @property
    def axes(self) -> Labels:
        """All of them, in the order of the expression."""
        return self.batch + self.rows + self.cols


@dataclass(frozen=True, slots=True)
class Dense:
    """Blocks that are factorised as they are."""

    expr: Expr
    frame: Frame


@dataclass(frozen=True, slots=True)
class Pointwise:
    """A diagonal matrix: division by entries."""

    expr: Expr
    frame: Frame


@dataclass(frozen=True, slots=True)
class Inverse:
    """A weighted inverse: multiplication with what it is the inverse of."""

    weight: Fraction
    argument: Expr
    frame: Frame
    turned: bool


@dataclass(frozen=True, slots=True)
class Tied:
    """A Kronecker product: the steps of its factors one after the other; ``ties`` are its identities."""

    ties: tuple[tuple[int, int], ...]
    steps: tuple[Recipe, ...]
    frame: Frame


@dataclass(frozen=True, slots=True)
class LowRank:
    """``base + Σ left right'``; each of ``pairs`` has the axes of the rows or columns, then one for the rank."""

    base: Recipe
    pairs: tuple[tuple[Expr, Expr], ...]
    rank: int
    frame: Frame
    instead: Dense | None


@dataclass(frozen=True, slots=True)
class Pencil:
    """A sum of Kronecker products of two matrices a side; ``terms`` say with which weight which matrices meet."""

    sides: tuple[Frame, ...]
    matrices: tuple[tuple[Expr, ...], ...]
    terms: tuple[tuple[Fraction, tuple[int, ...]], ...]
    frame: Frame
    instead: Dense | None


@dataclass(frozen=True, slots=True)
class Crossed:
    """``A X B' + C X' D'``: two Kronecker products, one of them with a commutation matrix."""

    matrices: tuple[Expr, Expr, Expr, Expr]
    weights: tuple[Fraction, Fraction]
    frame: Frame
    instead: Dense | None


@dataclass(frozen=True, slots=True)
class Impossible:
    """No structure, and too large to be solved without; ``entries`` is how large."""

    entries: int
    frame: Frame


Recipe = Dense | Pointwise | Inverse | Tied | LowRank | Pencil | Crossed | Impossible


def recipe(expr: Expr, rows: int, sizes: Mapping[str, int], most: int, values: Mapping[Expr, Expr]) -> Recipe:
    """How to solve with ``expr``, whose first ``rows`` axes are its rows; no step makes more than ``most`` entries.

    ``values`` are what stand-ins stand for.

    Raises
    ------
    UnsupportedError: TC311 where the structure shows that there is no inverse.
    """
    frame = Frame((), tuple(range(rows)), tuple(range(rows, expr.rank)))
    return _Search(sizes, most, values).whole(expr, frame)


class _Search:
    """One search for a recipe."""

    def __init__(self, sizes: Mapping[str, int], most: int, values: Mapping[Expr, Expr]) -> None:
        self.sizes, self.most, self.values = sizes, most, values

    def count(self, expr: Expr, axes: Sequence[int]) -> int:
        """How many entries the axes at these places of ``expr`` have."""
        return prod([value(expr.shape[axis], self.sizes) for axis in axes])

    def whole(self, expr: Expr, frame: Frame) -> Recipe:
        """A recipe: ties first, then one for each side of a Kronecker product."""
        lead = len(frame.batch)
        rows = range(lead, lead + len(frame.rows))
        cols = range(rows.stop, expr.rank)
        terms = spread(expr, rows, cols)
        if not terms:
            raise _singular("it is zero")
        found = [opened(term) for _, term in terms]
        ties = [own for own in found[0].classes if len(own) == 2 and own[0] in rows and own[1] in cols
                and all(own in other.classes for other in found)]
        tied = {axis for own in ties for axis in own}
        sides = self._sides(expr, found, [axis for axis in (*rows, *cols) if axis not in tied],
                            {*range(lead), *tied}, rows)
        if not ties and len(sides) < 2:
            return self._single(terms, expr, frame)
        batch = [*range(lead), *[own[0] for own in ties]]
        split_terms = [(weight, self._split(one, expr, sides, batch)) for (weight, _), one in zip(terms, found)]
        names = frame.axes
        frames = [Frame(tuple([names[axis] for axis in batch]), tuple([names[axis] for axis in side if axis in rows]),
                        tuple([names[axis] for axis in side if axis in cols])) for side in sides or [()]]
        steps = self._kronecker(_merged(split_terms), frames)
        return Tied(tuple([(names[row], names[col]) for row, col in ties]), tuple(steps), frame)

    def _sides(self, expr: Expr, found: Sequence[Opened], axes: Sequence[int], apart: set[int],
               rows: range) -> list[Labels]:
        """The groups of axes that no term links with one another: each a side of a Kronecker product."""
        groups = [{axis} for axis in axes]
        for one in found:
            lone: set[int] = set()
            for _, indices in components(one, apart):
                own = {axis for index in indices for axis in index}
                if own and (own <= {*rows} or not own & {*rows}):
                    lone |= own   # a vector by itself: with the others it makes matrices of rank one
                elif own:
                    groups = _joined(groups, own)
            if lone:
                groups = _joined(groups, lone)
        odd = [group for group in groups if self.count(expr, [axis for axis in group if axis in rows])
               != self.count(expr, [axis for axis in group if axis not in rows])]
        if odd:
            groups = _joined(groups, set().union(*odd))
        return [tuple(sorted(group)) for group in sorted(groups, key=min)]

    def _split(self, found: Opened, expr: Expr, sides: Sequence[Labels], batch: Sequence[int]) -> list[Expr]:
        """One term as a factor a side, each with all axes of the batch; what has no side goes with the first."""
        factors: list[list[Placed]] = [[] for _ in sides or [()]]
        indices: list[list[Labels]] = [[] for _ in sides or [()]]
        for own_factors, own_indices in components(found, batch):
            at = next((k for k, side in enumerate(sides) if own_indices and own_indices[0][0] in side), 0)
            factors[at] += own_factors
            indices[at] += own_indices
        return [assembled(one, own, expr.shape, [*batch, *side]) for one, own, side in zip(factors, indices, sides or [()])]

    def _kronecker(self, terms: list[tuple[Fraction, list[Expr]]], frames: Sequence[Frame]) -> list[Recipe]:
        """The recipes of the sides of a sum of Kronecker products."""
        if len(terms) == 1:
            (weight, sides), = terms
            return [self._side(scale(weight, sides[0]), frames[0]), *map(self._side, sides[1:], frames[1:])]
        shared = [k for k in range(len(frames)) if len({sides[k] for _, sides in terms}) == 1]
        rest = [k for k in range(len(frames)) if k not in shared]
        steps = [self._side(terms[0][1][k], frames[k]) for k in shared]
        return [*steps, self._pencil([(weight, [sides[k] for k in rest]) for weight, sides in terms],
                                     [frames[k] for k in rest])]

    def _side(self, expr: Expr, frame: Frame) -> Recipe:
        """The recipe of one side, with the axes of the batch that it depends on."""
        gone = [axis for axis in range(len(frame.batch)) if not depends(expr, axis)]
        expr = without(expr, gone)
        frame = Frame(tuple([name for k, name in enumerate(frame.batch) if k not in gone]), frame.rows, frame.cols)
        return self.whole(expr, frame) if frame.rows or frame.cols else Pointwise(expr, frame)

    def _pencil(self, terms: list[tuple[Fraction, list[Expr]]], frames: list[Frame]) -> Recipe:
        """Several Kronecker products that differ on each side."""
        batch = frames[0].batch
        rows = tuple([name for frame in frames for name in frame.rows])
        cols = tuple([name for frame in frames for name in frame.cols])
        whole = Frame(batch, rows, cols)
        lead = len(batch)
        expr = add([(weight, einsum([(side, frame.axes) for side, frame in zip(sides, frames)], whole.axes))
                    for weight, sides in terms])
        matrices = [list(dict.fromkeys(sides[k] for _, sides in terms)) for k in range(len(frames))]
        largest = max(self.count(one[0], range(lead, one[0].rank)) for one in matrices)
        fixed = not any(depends(one, axis) for side in matrices for one in side for axis in range(lead))
        if len(frames) < 2 or max(map(len, matrices)) > 2 or not fixed or largest > self.most:
            return self._single(spread(expr, range(lead, lead + len(rows)), range(lead + len(rows), expr.rank)),
                                expr, whole)
        bare = [tuple([without(one, range(lead)) for one in side]) for side in matrices]
        numbered = [(weight, tuple([own.index(one) for own, one in zip(matrices, sides)])) for weight, sides in terms]
        bare_whole = Frame((), rows, cols)
        return Pencil(tuple([Frame((), frame.rows, frame.cols) for frame in frames]), tuple(bare), tuple(numbered), bare_whole,
                      self._dense(without(expr, range(lead)), bare_whole))

    def _dense(self, expr: Expr, frame: Frame) -> Dense | None:
        return Dense(expr, frame) if self.count(expr, range(expr.rank)) <= self.most else None

    def _single(self, terms: Sequence[Term], expr: Expr, frame: Frame) -> Recipe:
        """One side: a known inverse, a matrix plus one of low rank, or whatever it is."""
        lead = len(frame.batch)
        rows = range(lead, lead + len(frame.rows))
        cols = range(rows.stop, expr.rank)
        order = self.count(expr, rows)
        if self.count(expr, cols) != order:
            raise _singular(f"a part of it is {order} x {self.count(expr, cols)}")
        known = self._inverse(terms, frame) if len(terms) == 1 else None
        if known is not None:
            return known
        dense = self._dense(expr, frame)
        cuts = [cut(opened(term), rows, cols, self.sizes) for _, term in terms]
        low = [k for k, one in enumerate(cuts) if one is not None and WORTH * one.rank <= order]
        if dense is None:
            low = [k for k, one in enumerate(cuts) if one is not None and one.rank < order]
        total = sum([one.rank for k, one in enumerate(cuts) if one is not None and k in low])
        highest = sum([min(self._rank(opened(term), expr, rows, lead), one.rank if one is not None else order)
                       for (_, term), one in zip(terms, cuts)])
        if highest < order:
            raise _singular(f"a part of order {order} has rank {highest} at most")
        base = [term for k, term in enumerate(terms) if k not in low]
        batches = self.count(expr, range(lead))
        fits = batches * total * (order + total) <= self.most
        if low and base and fits and (WORTH * total <= order or (dense is None and total < order)):
            pairs = []
            for k in low:
                one = cuts[k]
                assert one is not None
                weight, _ = terms[k]
                sides = []
                for factors, axes in ((one.left, rows), (one.right, cols)):
                    indices = [own for own in opened(terms[k][1]).classes if own[0] in (*range(lead), *axes)]
                    sides.append(assembled(factors, indices, _dims(expr, one.over, one.dims),
                                           [*range(lead), *axes, *one.over]))
                pairs.append((scale(weight, sides[0]), sides[1]))
            try:
                inner = self.whole(add(base), frame)
            except UnsupportedError:
                inner = Impossible(0, frame)
            if not isinstance(inner, Impossible):
                return LowRank(inner, tuple(pairs), total, frame, dense)
        crossed = self._crossed(terms, expr, frame, dense) if dense is None or order > MOST_SMALL else None
        return crossed or dense or Impossible(self.count(expr, range(expr.rank)), frame)

    def _crossed(self, terms: Sequence[Term], expr: Expr, frame: Frame, dense: Dense | None) -> Crossed | None:
        """The recipe of two terms that link rows with columns in the two ways that there are for two of each."""
        if frame.batch or len(frame.rows) != 2 or len(frame.cols) != 2 or len(terms) != 2:
            return None
        if len({value(dim, self.sizes) for dim in expr.shape}) != 1:
            return None
        found: dict[Labels, Expr] = {}
        weights: dict[int, Fraction] = {}
        for weight, term in terms:
            one = opened(term)
            sides = [(0, 2), (1, 3)] if self._linked(one, (0, 2)) else [(0, 3), (1, 2)]
            if not all(self._linked(one, side) for side in sides):
                return None
            found |= dict(zip(sides, self._split(one, expr, sides, [])))
            weights[sides[0][1]] = weight
        if len(weights) != 2:
            return None
        a, b, c, d = (found[side] for side in ((0, 2), (1, 3), (0, 3), (1, 2)))
        return Crossed((a, b, c, d), (weights[2], weights[3]), frame, dense)

    def _linked(self, found: Opened, side: Labels) -> bool:
        """Whether two axes hang together, and with no other."""
        return any({axis for index in indices for axis in index} == {*side} for _, indices in components(found))

    def _rank(self, found: Opened, expr: Expr, rows: range, lead: int) -> int:
        """The highest rank that a term may have by the shapes of its factors."""
        total = 1
        for _, indices in components(found, range(lead)):
            own = [axis for index in indices for axis in index]
            total *= min(self.count(expr, [index[0] for index in indices if side & {*index}])
                         for side in ({*own} & {*rows}, {*own} - {*rows}))
        return total

    def _inverse(self, terms: Sequence[Term], frame: Frame) -> Inverse | None:
        """The recipe of ``c inv(A)`` and ``c inv(A)'``."""
        ((weight, term),) = terms
        factors = opened(term).factors
        if frame.batch or len(frame.rows) != 1 or len(frame.cols) != 1 or len(factors) != 1:
            return None
        (operand, labels), = factors
        found = self.values.get(operand)
        if not isinstance(found, Apply) or found.function is not TABLE["inv"] or found.rank != 2 or len({*labels}) != 2:
            return None
        return Inverse(weight, found.arguments[0], frame, labels == (1, 0))


def _dims(expr: Expr, over: Labels, dims: Sequence[Dim]) -> dict[int, Dim]:
    """The sizes of the axes of ``expr`` and of the labels ``over``."""
    return {**dict(enumerate(expr.shape)), **dict(zip(over, dims))}


def _joined(groups: list[set[int]], own: set[int]) -> list[set[int]]:
    met = [group for group in groups if group & own]
    return [*[group for group in groups if not group & own], set().union(*met)] if met else groups


def _merged(terms: Sequence[tuple[Fraction, list[Expr]]]) -> list[tuple[Fraction, list[Expr]]]:
    """``A ⊗ B + A ⊗ C`` as ``A ⊗ (B + C)``, as often as there is such a pair."""
    current = [_normal(weight, sides) for weight, sides in terms]
    for _ in terms:
        before = len(current)
        for k in range(len(current[0][1])):
            groups: dict[tuple[Expr, ...], list[tuple[Fraction, Expr]]] = {}
            for weight, sides in current:
                groups.setdefault((*sides[:k], *sides[k + 1:]), []).append((weight, sides[k]))
            current = []
            for others, same in groups.items():
                total = add(same)
                if not isinstance(total, Sum) or total.terms:
                    current.append(_normal(Fraction(1), [*others[:k], total, *others[k:]]))
        if not current:
            raise _singular("it is zero")
        if len(current) == before:
            break
    return current


def _normal(weight: Fraction, sides: Sequence[Expr]) -> tuple[Fraction, list[Expr]]:
    """Numeric factors in front."""
    parts = [split(side) for side in sides]
    for own, _ in parts:
        weight *= own
    return weight, [core for _, core in parts]


def _singular(why: str) -> UnsupportedError:
    return UnsupportedError("TC311", "the linear map has no inverse", field="values", facts=[why])
