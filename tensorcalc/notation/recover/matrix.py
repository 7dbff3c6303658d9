"""Expressions to matrix notation.

A product is a graph, written down by ``graph.py``; sums and functions are written
here.  Every tree returned lowers to the very expression that it came from.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from fractions import Fraction
from weakref import WeakKeyDictionary

from ...algebra.build import base_and_exponent, is_number, scale, split, symmetry
from ...algebra.build import transpose as build_transpose
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...functions import ELEMENTWISE, POWER, is_unknown, primes
from ..syntax import Call, Literal, Name, Num, Op, Syntax, add, is_op, number, transpose, walk
from .called import called
from .chains import Entry, Piece, quotes, residual
from .graph import Graph
from .scalars import ONE, size, weighted, zeros

Known = MutableMapping[Expr, Syntax | None]
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
        return Call("norm2", (residual(tree.operands[1]),))
    return None


def _is_step(tree: Syntax | None) -> bool:
    """Whether a difference leads from a point to a variable: ``X - X0``."""
    match tree:
        case Op("add", (Name(one), Op("negate", (Name(two),)))):
            return two == f"{one}0"
    return False


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


def product(node: Einsum, known: Known, flip: bool = False) -> Syntax | None:
    """Matrix notation for a product; with ``flip`` its negative, by turning the signs of one sum.

    ``None`` where there is none, or no sum to turn.
    """
    if not node.operands:
        return None if flip else ONE
    graph = Graph(node.rank, {label: dim for operand, labels in zip(node.operands, node.subscripts)
                              for label, dim in zip(labels, operand.shape)})
    for operand, labels in zip(node.operands, node.subscripts):
        tree, mirror = known.get(operand), None
        if isinstance(operand, Sum):
            turn = flip and balanced(operand) and node.operands.count(operand) == 1 and not _is_step(tree)
            flip = flip and not turn
            tree, mirror = _sum_factor(operand, tree, known, turn)
            if tree is not None and operand.rank == 1 and node.operands.count(operand) % 2 == 0:
                tree = residual(tree)
        elif flip and isinstance(operand, Einsum) and not operand.shape:
            turned_one = product(operand, known, flip=True)
            tree, flip = (tree, flip) if turned_one is None else (turned_one, False)
        if not _put(graph, operand, labels, tree, known, mirror):
            return None
    return None if flip else graph.result()


def _put(graph: Graph, operand: Expr, labels: tuple[int, ...], tree: Syntax | None, known: Known,
         mirror: Syntax | None = None) -> bool:
    """Put one factor into the graph of a product; whether that is possible."""
    if isinstance(operand, Delta) and operand.rank > 1:
        graph.tied = operand.dim
        return operand.rank == 2
    if isinstance(operand, Apply) and operand.function.name == "eps" and operand.shape == (3, 3, 3):
        graph.pieces.append(Piece((), labels))
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
        (graph.below if under else graph.scalars).append(tree)
        return True
    symmetric = operand.rank == 2 and symmetry(operand) > 0
    lower = isinstance(operand, Apply) and operand.function.name == "tril"
    if isinstance(operand, Apply) and operand.rank == 2 and quotes(tree):
        mirror = _turned_inside(operand, under)
    graph.pieces.append(Piece((Entry(tree, symmetric, None if symmetric else mirror),), labels, under, lower))
    return True


def _sum_factor(operand: Sum, tree: Syntax | None, known: Known, negative: bool) -> tuple[Syntax | None, Syntax | None]:
    """A sum inside a product, and the sum of its transposed terms, which is its transpose."""
    if negative:
        tree = signed_sum(operand, known, negative=True)
    if tree is None or operand.rank != 2 or not quotes(tree):
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
    other = _turned_inside(operand) if operand.rank == 2 and quotes(tree) else None
    return (other, True) if other is not None and quotes(other) < quotes(tree) else (tree, False)


def uprighted(operand: Sum, tree: Syntax, negative: bool = False) -> tuple[Syntax, bool]:
    """The tree of a sum or of its transpose, whichever has fewer quotes; and whether it is the latter."""
    count = quotes(tree)
    if count:
        other = build_transpose(operand, (1, 0))
        turned_tree = recover(scale(-1, other) if negative else other)
        if turned_tree is not None and quotes(turned_tree) < count:
            return turned_tree, True
    return tree, False
