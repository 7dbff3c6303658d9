"""A product as a graph: tensors joined where they share an index, which is eliminated one at a time.

Each step is something that matrix notation can say: a dot product, a matrix product, a
trace, an elementwise product, a diagonal, a sum.  What is left when nothing more can be
said has no matrix form.  Knows pieces and their labels, and no expressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...algebra.canonical import parity
from ...sizes import Dim
from ..syntax import Call, Op, Syntax, multiply, negate
from .chains import (
    Chain,
    Entry,
    Piece,
    chain_tree,
    dot_tree,
    elementwise,
    entry_of_units,
    frobenius_tree,
    lower_part,
    outer,
    quotes,
    scalar_order,
    trace_tree,
    transposes,
    turned,
    unit,
    upright,
)
from .scalars import ONE, size


class Graph:
    """The pieces of a product that is being written down.

    Labels below ``rank`` are the axes of the result, the others are summed.  ``scalars`` are
    factors that are numbers, ``below`` those of the denominator; ``tied`` is the size of a delta that
    joins both axes of the result.
    """

    def __init__(self, rank: int, sizes: Mapping[int, Dim]) -> None:
        self.rank = rank
        self.pieces: list[Piece] = []
        self.scalars: list[Syntax] = []
        self.below: list[Syntax] = []
        self.sign = 1
        self.sizes = sizes
        self.tied: Dim | None = None

    # -- bookkeeping ---------------------------------------------------------------------

    def ends(self, label: int) -> int:
        return sum(own.count(label) for own in (piece.labels for piece in self.pieces))

    def replace(self, old: Sequence[Piece], new: Piece | None) -> bool:
        self.pieces = [piece for piece in self.pieces if all(piece is not gone for gone in old)]
        if new is not None:
            self.pieces.append(new)
        return True

    def summed(self) -> list[int]:
        return sorted({label for piece in self.pieces for label in piece.labels if label >= self.rank})

    # -- the result ----------------------------------------------------------------------

    def result(self) -> Syntax | None:
        while self.trace() or self.triangle() or self.contract() or self.total() or self.cross() or self.merge() \
                or self.single_entry() or self.scale() or self.skew():
            pass
        main = self.diagonal() if self.tied is not None else self.outcome()
        if main is None:
            return None
        return self.with_scalars(main)

    def outcome(self) -> Chain | None:
        """The chain that is left when every index has been dealt with."""
        if any(label >= self.rank for piece in self.pieces for label in piece.labels) or \
                any(len(piece.labels) > 2 for piece in self.pieces):
            return None
        if self.rank == 0:
            return ()
        if self.rank == 1:
            return self.pieces[0].entries() if len(self.pieces) == 1 and self.pieces[0].labels == (0,) else None
        if len(self.pieces) == 1 and sorted(self.pieces[0].labels) == [0, 1]:
            return self.pieces[0].oriented(0)
        if len(self.pieces) == 2 and sorted(piece.labels for piece in self.pieces) == [(0,), (1,)]:
            left, right = sorted(self.pieces, key=lambda piece: piece.labels)
            return outer(left.entries(), right.entries())
        return None

    def diagonal(self) -> Chain | None:
        """A delta joins both axes of the result: the rest is its diagonal."""
        assert self.tied is not None
        if self.rank != 2:
            return None
        if not self.pieces:
            return (Entry(Call("eye", (size(self.tied),)), symmetric=True),)
        if len(self.pieces) == 1 and self.pieces[0].labels == (0,):
            inner = chain_tree(self.pieces[0].entries())
            if isinstance(inner, Call) and inner.function == "diag":
                return (Entry(Op("hadamard", (inner.arguments[0], Call("eye", (size(self.tied),))))),)
            return (Entry(Call("diag", (inner,)), symmetric=True),)
        return None

    def with_scalars(self, main: Chain) -> Syntax:
        scalars = sorted(self.scalars, key=scalar_order)
        parts: list[Syntax] = list(scalars)
        if not main and len(parts) == 1 and isinstance(parts[0], Op) and parts[0].operator == "multiply":
            parts = list(parts[0].operands)
        if main:
            body = chain_tree(main)
            parts += body.operands if isinstance(body, Op) and body.operator == "multiply" else (body,)
        tree = parts[0] if len(parts) == 1 else Op("multiply", tuple(parts)) if parts else ONE
        if self.below:
            tree = Op("divide", (tree, multiply(*sorted(self.below, key=scalar_order))))
        return negate(tree) if self.sign < 0 else tree

    # -- steps: each says whether it did something -----------------------------------------

    def trace(self) -> bool:
        """X_ii: a trace, or the diagonal where the index goes on."""
        for piece in self.pieces:
            if len(piece.labels) == 2 and piece.labels[0] == piece.labels[1]:
                label = piece.labels[0]
                if label >= self.rank and self.ends(label) == 2:
                    self.scalars.append(trace_tree(piece.entries()))
                    return self.replace([piece], None)
                diagonal = Call("diag", (chain_tree(piece.entries()),))
                return self.replace([piece], Piece((Entry(diagonal),), (label,)))
        return False

    def triangle(self) -> bool:
        """The ones of the lower triangle on the indices of a matrix, or of ``u v'``: the lower part of that."""
        for mask in self.pieces:
            for matrix in self.pieces if mask.lower else ():
                if not matrix.lower and sorted(matrix.labels) == sorted(mask.labels):
                    return self.replace([mask, matrix], lower_part(matrix.oriented(mask.labels[0]), mask))
            ends = [next((piece for piece in self.pieces if piece.labels == (label,)), None) for label in mask.labels]
            if mask.lower and ends[0] is not None and ends[1] is not None and ends[0] is not ends[1]:
                return self.replace([mask, ends[0], ends[1]], lower_part(outer(ends[0].entries(), ends[1].entries()), mask))
        return False

    def contract(self) -> bool:
        """A summed index with two ends: the product of what it joins, vectors first."""
        best: tuple[int, int, list[Piece]] | None = None
        for label in self.summed():
            joined = [piece for piece in self.pieces if label in piece.labels]
            if self.ends(label) == 2 and len(joined) == 2 and all(len(piece.labels) < 3 for piece in joined):
                size = sum(len(piece.labels) + 4 * piece.lower for piece in joined)
                if best is None or size < best[0]:
                    best = size, label, joined
        return best is not None and self.join(best[1], *best[2])

    def join(self, label: int, left: Piece, right: Piece) -> bool:
        if len(left.labels) == len(right.labels) == 1:
            self.scalars.append(dot_tree(left.entries(), right.entries()))
            return self.replace([left, right], None)
        if len(left.labels) == 1:
            left, right = right, left
        a = left.other(label)
        first = left.oriented(a)
        if len(right.labels) == 1:
            return self.replace([left, right], Piece((*first, *right.entries()), (a,)))
        b = right.other(label)
        chain = (*first, *right.oriented(label))
        if a != b:
            return self.replace([left, right], Piece(chain, (a, b)))
        if a >= self.rank and self.ends(a) == 2:
            self.scalars.append(frobenius_tree(left.oriented(label), right.oriented(label)))
            return self.replace([left, right], None)
        return self.replace([left, right], Piece((Entry(Call("diag", (chain_tree(chain),))),), (a,)))

    def total(self) -> bool:
        """A summed index with one end: a sum of entries."""
        for label in self.summed():
            if self.ends(label) == 1:
                (piece,) = (piece for piece in self.pieces if label in piece.labels)
                if len(piece.labels) == 1:
                    self.scalars.append(Call("sum", (chain_tree(piece.entries()),)))
                    return self.replace([piece], None)
                if len(piece.labels) > 2:
                    return False
                other = piece.other(label)
                if other >= self.rank and self.ends(other) == 1:
                    chain = min(piece.entries(), turned(piece.entries()), key=transposes)
                    self.scalars.append(Call("sum", (chain_tree(chain),)))
                    return self.replace([piece], None)
                ones = Entry(Call("ones", (size(self.sizes[label]),)))
                return self.replace([piece], Piece((*piece.oriented(other), ones), (other,)))
        return False

    def cross(self) -> bool:
        """ε with vectors on two of its indices."""
        for piece in self.pieces:
            if len(piece.labels) == 3:
                vectors = self.vectors_on(piece)
                if len(vectors) > 1:
                    (p, u), (q, v) = vectors[:2]
                    r = 3 - p - q
                    self.sign *= parity([r, p, q])
                    made = Call("cross", (chain_tree(u.entries()), chain_tree(v.entries())))
                    return self.replace([piece, u, v], Piece((Entry(made),), (piece.labels[r],)))
        return False

    def skew(self) -> bool:
        """ε with a vector on one of its indices: the matrix of a cross product."""
        for piece in self.pieces:
            if len(piece.labels) == 3:
                for r, vector in self.vectors_on(piece):
                    p, q = (k for k in range(3) if k != r)
                    self.sign *= -parity([p, q, r])
                    made = Call("skew", (chain_tree(vector.entries()),))
                    return self.replace([piece, vector], Piece((Entry(made),), (piece.labels[p], piece.labels[q])))
        return False

    def vectors_on(self, piece: Piece) -> list[tuple[int, Piece]]:
        return [(place, other) for place, label in enumerate(piece.labels) if label >= self.rank and self.ends(label) == 2
                for other in self.pieces if other.labels == (label,)]

    def merge(self) -> bool:
        """Tensors on the same indices: their elementwise product."""
        for piece in self.pieces:
            if len(piece.labels) > 2:
                continue
            alike = [other for other in self.pieces if sorted(other.labels) == sorted(piece.labels)]
            if len(alike) > 1:
                return self.replace(alike, elementwise(upright(alike)))
        return False

    def single_entry(self) -> bool:
        """Unit vectors on both indices of a matrix: one of its entries, at its place."""
        for whole in self.pieces:
            if len(whole.labels) == 2 and whole.labels[0] != whole.labels[1]:
                turned_one = Piece(turned(whole.chain), whole.labels[::-1], whole.under)
                piece = min((whole, turned_one), key=lambda p: sum(quotes(entry.tree) for entry in p.chain))
                units = [next((other for other in self.pieces if other.labels == (label,) and unit(other) is not None), None)
                         for label in piece.labels]
                if units[0] is not None and units[1] is not None:
                    entry = Piece((Entry(entry_of_units(units[0], units[1])),), piece.labels)
                    return self.replace([whole, units[0], units[1]], elementwise([entry, piece]))
        return False

    def scale(self) -> bool:
        """A vector on an index that matrices share: a diagonal matrix."""
        for vector in self.pieces:
            if len(vector.labels) == 1:
                (label,) = vector.labels
                for matrix in self.pieces:
                    if len(matrix.labels) == 2 and label in matrix.labels:
                        entry = Entry(Call("diag", (chain_tree(vector.entries()),)), symmetric=True)
                        chain = (entry, *matrix.oriented(label))
                        return self.replace([vector, matrix], Piece(chain, (label, matrix.other(label))))
        return False
