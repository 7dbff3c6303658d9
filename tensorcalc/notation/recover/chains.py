"""Products in matrix notation: chains of factors, and the way round that reads best.

Knows trees and which index each end of a chain carries, and no expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..syntax import Call, Name, Num, Op, Syntax, add, is_op, multiply, negate, transpose, walk
from .scalars import ONE


@dataclass(frozen=True, slots=True)
class Entry:
    """One factor of a chain; a symmetric one is its own transpose, ``mirror`` another way to write that."""

    tree: Syntax
    symmetric: bool = False
    mirror: Syntax | None = None

    def turned(self) -> Entry:
        if self.symmetric:
            return self
        plain = transpose(self.tree)
        if self.mirror is not None and quotes(self.mirror) <= quotes(plain):
            return Entry(self.mirror, mirror=self.tree)
        return Entry(plain)


Chain = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor with at most three labels, as a product of factors.

    ``under`` stands for the elementwise reciprocal, ``lower`` for the ones on and below
    the diagonal.  Three labels only for the Levi-Civita tensor, whose chain is empty.
    """

    chain: Chain
    labels: tuple[int, ...]
    under: bool = False
    lower: bool = False

    def entries(self) -> Chain:
        """The chain, a reciprocal written as a quotient."""
        if not self.under:
            return self.chain
        mirror = self.chain[0].mirror if len(self.chain) == 1 else None
        return (Entry(Op("quotient", (ONE, chain_tree(self.chain))), mirror=mirror and Op("quotient", (ONE, mirror))),)

    def oriented(self, first: int) -> Chain:
        """The factors of the matrix whose rows carry ``first``."""
        entries = self.entries()
        return entries if self.labels[0] == first else turned(entries)

    def other(self, label: int) -> int:
        return self.labels[1] if self.labels[0] == label else self.labels[0]


def outer(left: Chain, right: Chain) -> Chain:
    """``u v'``; two vectors of ones are a matrix of ones."""
    match left[-1].tree, right[-1].tree:
        case Call("ones", (rows,)), Call("ones", (cols,)):
            return (*left[:-1], Entry(Call("ones", (rows, cols))), *turned(right[:-1]))
        case Call("e", (i, rows)), Call("e", (j, cols)):
            return (*left[:-1], Entry(Call("E", (i, j, rows, cols))), *turned(right[:-1]))
    return (*left, *turned(right))


def turned(chain: Chain) -> Chain:
    """The transpose of a product."""
    return tuple(entry.turned() for entry in reversed(chain))


def chain_tree(chain: Chain) -> Syntax:
    """A product; equal neighbours become a power."""
    grouped: list[tuple[Syntax, int]] = []
    for entry in chain:
        if grouped and grouped[-1][0] == entry.tree:
            grouped[-1] = (entry.tree, grouped[-1][1] + 1)
        else:
            grouped.append((entry.tree, 1))
    parts = [tree if count == 1 else Op("power", (tree, Num(Fraction(count)))) for tree, count in grouped]
    flat: list[Syntax] = []
    for part in parts:
        flat.extend(part.operands if isinstance(part, Op) and part.operator == "multiply" else (part,))
    return multiply(*flat)


def dot_tree(left: Chain, right: Chain) -> Syntax:
    """``u' v``, the way round that transposes less; ``norm2(u)^2`` for equal factors."""
    if left == right and (len(left) > 1 or not isinstance(left[0].tree, Name)):
        return Op("power", (Call("norm2", (residual(chain_tree(left)),)), Num(Fraction(2))))
    one, two = (*turned(left), *right), (*turned(right), *left)
    return chain_tree(min(one, two, key=lambda chain: (transposes(chain), len(chain))))


def frobenius_tree(left: Chain, right: Chain) -> Syntax:
    """The sum of the products of entries of two matrices of one shape."""
    if left == right:
        return Op("power", (Call("norm2", (residual(chain_tree(left)),)), Num(Fraction(2))))
    return trace_tree((*turned(left), *right))


def trace_tree(chain: Chain) -> Syntax:
    """``tr(…)``, turned and rotated to what reads best."""
    half = _gram(chain)
    if half is not None:
        return Op("power", (Call("norm2", (residual(chain_tree(half)),)), Num(Fraction(2))))
    best: tuple[tuple[int, str], Chain] | None = None
    for way in (chain, turned(chain)):
        for k in range(len(way)):
            rotated = (*way[k:], *way[:k])
            rank = (transposes(rotated), _lead(rotated[0].tree))
            if best is None or rank < best[0]:
                best = rank, rotated
    assert best is not None
    return Call("tr", (chain_tree(best[1]),))


def _gram(chain: Chain) -> Chain | None:
    """The A B of ``tr(A B B' A')``, which is ``norm2(A B)^2``."""
    count = len(chain) // 2
    for k in range(len(chain) if len(chain) == 2 * count else 0):
        rotated = (*chain[k:], *chain[:k])
        left, right = rotated[:count], rotated[count:]
        if count > 1 and [entry.tree for entry in turned(left)] == [entry.tree for entry in right]:
            return min(left, turned(left), key=lambda way: (transposes(way), _lead(way[0].tree)))
    return None


def _lead(tree: Syntax) -> str:
    """How gladly a factor begins a trace: constants by name, functions, then sums and changes (dX)."""
    if isinstance(tree, Name):
        return tree.name if tree.name[0].isupper() else f"~~{tree.name}"
    return "~" if isinstance(tree, Call) else "~~"


def residual(tree: Syntax) -> Syntax:
    """A difference whose sign does not matter, with the sign that people give it: ``A x - b``, ``x - a``."""
    match tree:
        case Op("add", (Name() as given, Op("negate", (Op("multiply") as made,)))):
            return add(made, negate(given))
        case Op("add", (Name(one) as first, Op("negate", (Name(two) as second,)))) if _precedes(two, one):
            return add(second, negate(first))
    return tree


def _precedes(one: str, two: str) -> bool:
    """Whether what is called ``one`` rather stands in front of what is called ``two``."""
    return (one[0].lower() not in "xyz", one) < (two[0].lower() not in "xyz", two)


def elementwise(pieces: Sequence[Piece]) -> Piece:
    """The elementwise product of tensors on the same indices; equal ones become a power."""
    above: dict[Syntax, int] = {}
    below: dict[Syntax, int] = {}
    for piece in pieces:
        side = below if piece.under else above
        tree = chain_tree(piece.chain)
        side[tree] = side.get(tree, 0) + 1
    top = _hadamard(above)
    bottom = _hadamard(below)
    labels = pieces[0].labels
    if top is None:
        assert bottom is not None
        return Piece((Entry(bottom),), labels, under=True)
    return Piece((Entry(top if bottom is None else Op("quotient", (top, bottom))),), labels)


def _hadamard(factors: dict[Syntax, int]) -> Syntax | None:
    result: Syntax | None = None
    for tree, count in factors.items():
        part = tree if count == 1 else _elpower(tree, count)
        result = part if result is None else Op("hadamard", (result, part))
    return result


def _elpower(tree: Syntax, count: int) -> Syntax:
    if isinstance(tree, Op) and tree.operator == "elpower" and isinstance(tree.operands[1], Num):
        return Op("elpower", (tree.operands[0], Num(tree.operands[1].value * count)))
    return Op("elpower", (tree, Num(Fraction(count))))


def upright(pieces: list[Piece]) -> list[Piece]:
    """The pieces with one order of labels: axes of the result first, else the one that transposes least."""
    if len(pieces[0].labels) == 1:
        return pieces
    ways = []
    for labels in (tuple(sorted(pieces[0].labels)), tuple(sorted(pieces[0].labels, reverse=True))):
        ways.append([piece if piece.labels == labels else Piece(turned(piece.chain), labels, piece.under)
                     for piece in pieces])
    if ways[0][0].labels == (0, 1):
        return ways[0]
    return min(ways, key=lambda way: sum(transposes(piece.chain) for piece in way))


def lower_part(chain: Chain, mask: Piece) -> Piece:
    """``tril(…)`` of a matrix with the labels of the mask."""
    return Piece((Entry(Call("tril", (chain_tree(chain),))),), mask.labels)


def unit(piece: Piece) -> tuple[Syntax, Syntax] | None:
    """The position and the size of a unit vector."""
    match piece.chain:
        case (Entry(tree=Call(function="e", arguments=(place, size_of))),) if not piece.under:
            return place, size_of
    return None


def entry_of_units(row: Piece, col: Piece) -> Syntax:
    """``E(i, j, m, n)``."""
    one, two = unit(row), unit(col)
    assert one is not None and two is not None
    return Call("E", (one[0], two[0], one[1], two[1]))


def scalar_order(tree: Syntax) -> int:
    """Names first, then functions, then what needs brackets."""
    return 0 if isinstance(tree, (Name, Num)) else 1 if isinstance(tree, Call) or is_op(tree, "power") else 2


def transposes(chain: Chain) -> int:
    return sum(is_op(entry.tree, "transpose") for entry in chain)


def quotes(tree: Syntax) -> int:
    return sum(is_op(node, "transpose") for node in walk(tree))
