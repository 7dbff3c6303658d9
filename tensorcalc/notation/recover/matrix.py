"""Expressions to matrix notation.

A product is a graph: tensors joined where they share an index.  Indices are
eliminated one at a time, each step being something that matrix notation can say: a
dot product, a matrix product, a trace, an elementwise product, a diagonal, a sum.
What is left when nothing more can be said has no matrix form.

Every tree returned lowers to the very expression that it came from.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from weakref import WeakKeyDictionary

from ...algebra.build import base_and_exponent, is_number, scale, split, symmetry
from ...algebra.build import transpose as build_transpose
from ...algebra.canonical import parity
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...functions import ELEMENTWISE, POWER, is_unknown, primes
from ...sizes import Dim, polynomial, triangle
from ..syntax import Call, Literal, Name, Num, Op, Syntax, add, is_op, multiply, negate, number, transpose, walk
from .called import called

Known = MutableMapping[Expr, Syntax | None]
ONE = Num(Fraction(1))

_FOUND: WeakKeyDictionary[Expr, Syntax | None] = WeakKeyDictionary()

_POINTWISE = {row.name for row in ELEMENTWISE}
_NAMED = {"inv", "det", "logdet", "adj", "pinv", "expm", "logm", "sqrtm", "chol", "softmax", "logsumexp"}


def recover(expr: Expr) -> Syntax | None:
    """Matrix notation for ``expr``, or ``None`` where it has none."""
    if expr not in _FOUND:
        for node in postorder(expr):
            if node not in _FOUND:
                _FOUND[node] = node_tree(node, _FOUND)
    return _FOUND[expr]


def node_tree(node: Expr, known: Known) -> Syntax | None:
    """Matrix notation for one node whose children are ``known``."""
    if node.rank > 2:
        return None
    match node:
        case Variable():
            return None if node.groups else Name(node.name)
        case Delta(dim=dim):
            return size(dim) if not node.rank else Call("ones" if node.rank == 1 else "eye", (size(dim),))
        case Sum():
            return _sum(node, known)
        case Einsum():
            return product(node, known)
        case Apply():
            return None if node.function.name == "powers" else _apply(node, known)
        case _:
            raise AssertionError(node)


def size(dim: Dim) -> Syntax:
    """A dimension as a formula."""
    if isinstance(dim, int):
        return Num(Fraction(dim))
    if dim.isalnum():
        return Name(dim)
    root = triangle(polynomial(dim))
    if root is not None:
        return Op("divide", (multiply(Name(root), add(Name(root), ONE)), Num(Fraction(2))))
    terms: list[Syntax] = []
    for monomial, weight in sorted(polynomial(dim).items(), key=lambda item: (-len(item[0]), item[0])):
        symbols = [Name(symbol) for symbol in monomial]
        top = multiply(*([number(abs(weight.numerator))] if abs(weight.numerator) != 1 or not symbols else []), *symbols)
        body = top if weight.denominator == 1 else Op("divide", (top, Num(Fraction(weight.denominator))))
        terms.append(negate(body) if weight < 0 else body)
    return add(*terms)


def zeros(shape: Sequence[Dim]) -> Syntax:
    """The zero of a shape with at most two axes."""
    return Call("zeros", tuple(size(dim) for dim in shape)) if shape else Num(Fraction(0))


# -- functions ---------------------------------------------------------------------------


def _apply(node: Apply, known: Known) -> Syntax | None:
    name = node.function.name
    arguments = [known[argument] for argument in node.arguments]
    if any(argument is None for argument in arguments) or node.function.ways:
        return None
    trees = tuple(argument for argument in arguments if argument is not None)
    if node.function is POWER:
        return power(node, known)
    if name == "matpow":
        return Op("power", trees)
    if is_unknown(node.function):
        base, order = primes(node.function)
        return Call(base, trees, None, order)
    if name == "exchange":
        return Call("exchange", (size(node.shape[0]),))
    if name == "tril":
        return Call("tril", (Call("ones", (size(node.shape[0]), size(node.shape[1]))),))
    if name == "funm":
        return called(node.function, trees[0]) if node.rank == 2 else None
    if name in _POINTWISE or (name in _NAMED and node.rank <= 2 and _whole(node)):
        return Call(name, trees)
    if name == "unit":
        return Call("e", (*trees, size(node.shape[0])))
    if name == "literal":
        return literal(node)
    if name == "eps":
        return Call("eps", (size(len(node.shape)),))
    return None


def literal(node: Apply) -> Syntax:
    """A matrix written out."""
    rows = [row if isinstance(row, tuple) else (Fraction(row),) for row in node.function.data]
    return Literal(tuple(tuple(number(value) for value in row) for row in rows))


def _whole(node: Apply) -> bool:
    """Whether no axis is a loop axis: matrix notation cannot say that."""
    inputs = node.function.signature.split("->")[0]
    return node.arguments[0].rank == len(inputs.strip("()").split(",") if inputs != "()" else [])


def power(node: Apply, known: Known, flip: bool = False) -> Syntax | None:
    """``x^a``; with ``flip`` the reciprocal of that."""
    base, exponent = node.arguments
    tree, above = known[base], known[exponent]
    if tree is None or above is None:
        return None
    value = is_number(exponent)
    if value is None or exponent.rank:
        if flip:
            return None
        return Op("elpower" if node.rank else "power", (tree, above))
    if flip:
        value = -value
    if value < 0:
        below = _positive_power(base, tree, -value)
        return Op("quotient" if base.rank else "divide", (ONE, below))
    return _positive_power(base, tree, value)


def _positive_power(base: Expr, tree: Syntax, exponent: Fraction) -> Syntax:
    if exponent == 1:
        return tree
    if exponent.denominator == 2:
        length = _length_of(base, tree)
        if length is not None:
            whole = exponent.numerator
            return length if whole == 1 else Op("power", (length, Num(Fraction(whole))))
        if exponent.numerator == 1:
            return Call("sqrt", (tree,))
    if exponent.denominator == 1 and is_op(tree, "power") and isinstance(tree, Op):
        known = tree.operands[1]
        if isinstance(known, Num) and not base.rank:
            return Op("power", (tree.operands[0], Num(known.value * exponent)))
    return Op("elpower" if base.rank else "power", (tree, number(exponent)))


def _length_of(base: Expr, tree: Syntax) -> Syntax | None:
    """``norm2(x)`` where ``base`` is the sum of the squares of x: a number, for ``sqrt(X' X)`` goes entry by entry."""
    if base.rank:
        return None
    if is_op(tree, "power") and isinstance(tree.operands[0], Call) \
            and tree.operands[0].function == "norm2":
        return tree.operands[0]
    if isinstance(base, Einsum) and is_op(tree, "multiply") and len(tree.operands) == 2 \
            and tree.operands[0] == transpose(tree.operands[1]):
        return Call("norm2", (_residual(tree.operands[1]),))
    return None


def _residual(tree: Syntax) -> Syntax:
    """A difference whose sign does not matter, with the sign that people give it: ``A x - b``, ``x - a``."""
    match tree:
        case Op("add", (Name() as given, Op("negate", (Op("multiply") as made,)))):
            return add(made, negate(given))
        case Op("add", (Name(one) as first, Op("negate", (Name(two) as second,)))) if _precedes(two, one):
            return add(second, negate(first))
    return tree


def _is_step(tree: Syntax | None) -> bool:
    """Whether a difference leads from a point to a variable: ``X - X0``."""
    match tree:
        case Op("add", (Name(one), Op("negate", (Name(two),)))):
            return two == f"{one}0"
    return False


def _precedes(one: str, two: str) -> bool:
    """Whether what is called ``one`` rather stands in front of what is called ``two``."""
    return (one[0].lower() not in "xyz", one) < (two[0].lower() not in "xyz", two)


# -- sums --------------------------------------------------------------------------------


def weighted(weight: Fraction, tree: Syntax) -> Syntax:
    """``tree`` times a number, the number where people write it."""
    if weight < 0:
        return negate(weighted(-weight, tree))
    if weight == 1:
        return tree
    if isinstance(tree, Num):
        return number(weight * tree.value)
    if is_op(tree, "negate") and isinstance(tree, Op):
        return negate(weighted(weight, tree.operands[0]))
    if weight.denominator in (2, 4, 5, 8, 10) and not is_op(tree, "divide"):
        return multiply(Num(weight), *(tree.operands if is_op(tree, "multiply") else (tree,)))
    if isinstance(tree, Op) and tree.operator == "divide":
        top, bottom = tree.operands
        below = bottom if weight.denominator == 1 else multiply(Num(Fraction(weight.denominator)), bottom)
        return Op("divide", (weighted(Fraction(weight.numerator), top), below))
    if isinstance(tree, Op) and tree.operator == "quotient" and tree.operands[0] == ONE:
        return Op("quotient", (number(weight), tree.operands[1]))
    return multiply(number(weight), *(tree.operands if isinstance(tree, Op) and tree.operator == "multiply" else (tree,)))


def _sum(node: Sum, known: Known) -> Syntax | None:
    if not node.terms:
        return zeros(node.shape)
    content, core = split(node)
    if content not in (1, -1) and isinstance(core, Sum) and _numbers(core) + 1 < _numbers(node):
        inner = signed_sum(core, known, negative=content < 0)
        return None if inner is None else weighted(abs(content), inner)
    return signed_sum(node, known)


def _numbers(node: Sum) -> int:
    """How many terms have a number in front."""
    return sum(abs(weight) != 1 for weight, _ in node.terms)


def signed_sum(node: Sum, known: Known, negative: bool = False) -> Syntax | None:
    """The terms of a sum, positive ones first; ``negative`` writes its negative."""
    plus: list[Syntax] = []
    minus: list[Syntax] = []
    for weight, term in node.terms:
        weight = -weight if negative else weight
        if weight < 0 and isinstance(term, Einsum):
            turned = product(term, known, flip=True)
            if turned is not None:
                plus.append(weighted(-weight, turned))
                continue
        tree = known[term]
        if tree is None:
            return None
        signed = weighted(weight, tree)
        (minus if is_op(signed, "negate") else plus).append(signed)
    if len(plus) > 2:
        plus.sort(key=_bulk)
    elif node.rank == 1 and len(plus) == 2 and isinstance(plus[0], Name) and is_op(plus[1], "multiply"):
        plus.reverse()   # A x + b
    return add(*plus, *minus)


def _bulk(tree: Syntax) -> tuple[int, Fraction]:
    """Short terms first, low powers before high ones."""
    nodes = list(walk(tree))
    return len(nodes), sum((node.value for node in nodes if isinstance(node, Num)), Fraction(0))


def balanced(expr: Expr) -> bool:
    """Whether a sum reads as well with all its signs changed."""
    return isinstance(expr, Sum) and 2 * sum(weight < 0 for weight, _ in expr.terms) == len(expr.terms) > 0


# -- products ----------------------------------------------------------------------------


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
        if self.mirror is not None and _quotes(self.mirror) <= _quotes(plain):
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


def product(node: Einsum, known: Known, flip: bool = False) -> Syntax | None:
    """Matrix notation for a product; with ``flip`` its negative, by turning the signs of one sum.

    ``None`` where there is none, or no sum to turn.
    """
    if not node.operands:
        return None if flip else ONE
    graph = _Graph(node)
    for operand, labels in zip(node.operands, node.subscripts):
        tree, mirror = known.get(operand), None
        if isinstance(operand, Sum):
            turn = flip and balanced(operand) and node.operands.count(operand) == 1 and not _is_step(tree)
            flip = flip and not turn
            tree, mirror = _sum_factor(operand, tree, known, turn)
            if tree is not None and operand.rank == 1 and node.operands.count(operand) % 2 == 0:
                tree = _residual(tree)
        elif flip and isinstance(operand, Einsum) and not operand.shape:
            turned_one = product(operand, known, flip=True)
            tree, flip = (tree, flip) if turned_one is None else (turned_one, False)
        if not graph.take(operand, labels, tree, known, mirror):
            return None
    return None if flip else graph.result()


def _sum_factor(operand: Sum, tree: Syntax | None, known: Known, negative: bool) -> tuple[Syntax | None, Syntax | None]:
    """A sum inside a product, and the sum of its transposed terms, which is its transpose."""
    if negative:
        tree = signed_sum(operand, known, negative=True)
    if tree is None or operand.rank != 2 or not _quotes(tree):
        return tree, None
    other = build_transpose(operand, (1, 0))
    return tree, recover(scale(-1, other) if negative else other)


def _turned_inside(operand: Apply, under: bool = False) -> Syntax | None:
    """The transpose of an elementwise function, as that function of transposes: ``exp(X B)`` for ``exp(B' X')'``."""
    if not operand.function.elementwise or any(one.rank == 1 for one in operand.arguments):
        return None
    inside: Known = {one: recover(build_transpose(one, (1, 0)) if one.rank else one) for one in operand.arguments}
    return power(operand, inside, flip=True) if under else _apply(operand, inside)


def uprighted_function(operand: Apply, tree: Syntax) -> tuple[Syntax, bool]:
    """The tree of a function or of its transpose, whichever has fewer quotes; and whether it is the latter."""
    other = _turned_inside(operand) if operand.rank == 2 and _quotes(tree) else None
    return (other, True) if other is not None and _quotes(other) < _quotes(tree) else (tree, False)


def uprighted(operand: Sum, tree: Syntax, negative: bool = False) -> tuple[Syntax, bool]:
    """The tree of a sum or of its transpose, whichever has fewer quotes; and whether it is the latter."""
    count = _quotes(tree)
    if count:
        other = build_transpose(operand, (1, 0))
        turned_tree = recover(scale(-1, other) if negative else other)
        if turned_tree is not None and _quotes(turned_tree) < count:
            return turned_tree, True
    return tree, False


def _quotes(tree: Syntax) -> int:
    return sum(is_op(node, "transpose") for node in walk(tree))


class _Graph:
    """The pieces of a product that is being written down."""

    def __init__(self, node: Einsum) -> None:
        self.rank = node.rank
        self.pieces: list[Piece] = []
        self.scalars: list[Syntax] = []
        self.below: list[Syntax] = []
        self.sign = 1
        self.sizes: dict[int, Dim] = {label: dim for operand, labels in zip(node.operands, node.subscripts)
                                      for label, dim in zip(labels, operand.shape)}
        self.tied: Dim | None = None

    def take(self, operand: Expr, labels: tuple[int, ...], tree: Syntax | None, known: Known,
             mirror: Syntax | None = None) -> bool:
        """Put one factor in; whether that is possible."""
        if isinstance(operand, Delta) and operand.rank > 1:
            self.tied = operand.dim
            return operand.rank == 2
        if isinstance(operand, Apply) and operand.function.name == "eps" and operand.shape == (3, 3, 3):
            self.pieces.append(Piece((), labels))
            return True
        if tree is None:
            return False
        _, exponent = base_and_exponent(operand)
        under = isinstance(exponent, Fraction) and exponent < 0 and isinstance(operand, Apply)
        if under and isinstance(operand, Apply):
            flipped = power(operand, known, flip=True)
            assert flipped is not None
            tree = flipped
        if not labels:
            (self.below if under else self.scalars).append(tree)
        else:
            symmetric = operand.rank == 2 and symmetry(operand) > 0
            lower = isinstance(operand, Apply) and operand.function.name == "tril"
            if isinstance(operand, Apply) and operand.rank == 2 and _quotes(tree):
                mirror = _turned_inside(operand, under)
            self.pieces.append(Piece((Entry(tree, symmetric, None if symmetric else mirror),), labels, under, lower))
        return True

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
        scalars = sorted(self.scalars, key=_scalar_order)
        parts: list[Syntax] = list(scalars)
        if not main and len(parts) == 1 and isinstance(parts[0], Op) and parts[0].operator == "multiply":
            parts = list(parts[0].operands)
        if main:
            body = chain_tree(main)
            parts += body.operands if isinstance(body, Op) and body.operator == "multiply" else (body,)
        tree = parts[0] if len(parts) == 1 else Op("multiply", tuple(parts)) if parts else ONE
        if self.below:
            tree = Op("divide", (tree, multiply(*sorted(self.below, key=_scalar_order))))
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
                    return self.replace([mask, matrix], _lower_part(matrix.oriented(mask.labels[0]), mask))
            ends = [next((piece for piece in self.pieces if piece.labels == (label,)), None) for label in mask.labels]
            if mask.lower and ends[0] is not None and ends[1] is not None and ends[0] is not ends[1]:
                return self.replace([mask, ends[0], ends[1]], _lower_part(outer(ends[0].entries(), ends[1].entries()), mask))
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
                    chain = min(piece.entries(), turned(piece.entries()), key=_transposes)
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
                return self.replace(alike, elementwise(_upright(alike)))
        return False

    def single_entry(self) -> bool:
        """Unit vectors on both indices of a matrix: one of its entries, at its place."""
        for whole in self.pieces:
            if len(whole.labels) == 2 and whole.labels[0] != whole.labels[1]:
                turned_one = Piece(turned(whole.chain), whole.labels[::-1], whole.under)
                piece = min((whole, turned_one), key=lambda p: sum(_quotes(entry.tree) for entry in p.chain))
                units = [next((other for other in self.pieces if other.labels == (label,) and _unit(other) is not None), None)
                         for label in piece.labels]
                if units[0] is not None and units[1] is not None:
                    entry = Piece((Entry(_entry_tree(units[0], units[1])),), piece.labels)
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


def _lower_part(chain: Chain, mask: Piece) -> Piece:
    """``tril(…)`` of a matrix with the labels of the mask."""
    return Piece((Entry(Call("tril", (chain_tree(chain),))),), mask.labels)


def _unit(piece: Piece) -> tuple[Syntax, Syntax] | None:
    """The position and the size of a unit vector."""
    match piece.chain:
        case (Entry(tree=Call(function="e", arguments=(place, size_of))),) if not piece.under:
            return place, size_of
    return None


def _entry_tree(row: Piece, col: Piece) -> Syntax:
    """``E(i, j, m, n)``."""
    one, two = _unit(row), _unit(col)
    assert one is not None and two is not None
    return Call("E", (one[0], two[0], one[1], two[1]))


def _upright(pieces: list[Piece]) -> list[Piece]:
    """The pieces with one order of labels: axes of the result first, else the one that transposes least."""
    if len(pieces[0].labels) == 1:
        return pieces
    ways = []
    for labels in (tuple(sorted(pieces[0].labels)), tuple(sorted(pieces[0].labels, reverse=True))):
        ways.append([piece if piece.labels == labels else Piece(turned(piece.chain), labels, piece.under)
                     for piece in pieces])
    if ways[0][0].labels == (0, 1):
        return ways[0]
    return min(ways, key=lambda way: sum(_transposes(piece.chain) for piece in way))


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


def _scalar_order(tree: Syntax) -> int:
    """Names first, then functions, then what needs brackets."""
    return 0 if isinstance(tree, (Name, Num)) else 1 if isinstance(tree, Call) or is_op(tree, "power") else 2


def _transposes(chain: Chain) -> int:
    return sum(is_op(entry.tree, "transpose") for entry in chain)


def dot_tree(left: Chain, right: Chain) -> Syntax:
    """``u' v``, the way round that transposes less; ``norm2(u)^2`` for equal factors."""
    if left == right and (len(left) > 1 or not isinstance(left[0].tree, Name)):
        return Op("power", (Call("norm2", (_residual(chain_tree(left)),)), Num(Fraction(2))))
    one, two = (*turned(left), *right), (*turned(right), *left)
    return chain_tree(min(one, two, key=lambda chain: (_transposes(chain), len(chain))))


def frobenius_tree(left: Chain, right: Chain) -> Syntax:
    """The sum of the products of entries of two matrices of one shape."""
    if left == right:
        return Op("power", (Call("norm2", (_residual(chain_tree(left)),)), Num(Fraction(2))))
    return trace_tree((*turned(left), *right))


def _gram(chain: Chain) -> Chain | None:
    """The A B of ``tr(A B B' A')``, which is ``norm2(A B)^2``."""
    count = len(chain) // 2
    for k in range(len(chain) if len(chain) == 2 * count else 0):
        rotated = (*chain[k:], *chain[:k])
        left, right = rotated[:count], rotated[count:]
        if count > 1 and [entry.tree for entry in turned(left)] == [entry.tree for entry in right]:
            return min(left, turned(left), key=lambda way: (_transposes(way), _lead(way[0].tree)))
    return None


def _lead(tree: Syntax) -> str:
    """How gladly a factor begins a trace: constants by name, functions, then sums and changes (dX)."""
    if isinstance(tree, Name):
        return tree.name if tree.name[0].isupper() else f"~~{tree.name}"
    return "~" if isinstance(tree, Call) else "~~"


def trace_tree(chain: Chain) -> Syntax:
    """``tr(…)``, turned and rotated to what reads best."""
    half = _gram(chain)
    if half is not None:
        return Op("power", (Call("norm2", (_residual(chain_tree(half)),)), Num(Fraction(2))))
    best: tuple[tuple[int, str], Chain] | None = None
    for way in (chain, turned(chain)):
        for k in range(len(way)):
            rotated = (*way[k:], *way[:k])
            rank = (_transposes(rotated), _lead(rotated[0].tree))
            if best is None or rank < best[0]:
                best = rank, rotated
    assert best is not None
    return Call("tr", (chain_tree(best[1]),))
