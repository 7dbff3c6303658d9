"""Expressions to einsum notation: every product is one ``einsum('…', …)``."""

from __future__ import annotations

from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...functions import FRECHET, POWER, is_unknown, primes
from ..syntax import Call, Name, Op, Subscripts, Syntax, add, is_op, multiply
from . import kronecker, matrix
from .called import frechet_arguments
from .matrix import Known
from .scalars import ONE, size, weighted, zeros

LETTERS = "ijklmnpqrstuvwabcdefghoxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"



def recover(expr: Expr) -> Syntax | None:
    """Einsum notation for ``expr``; ``None`` where a tensor in it has no name there."""
    plain: Known = {}
    known: Known = {}
    for node in postorder(expr):
        plain[node] = kronecker.plain_node(node, plain)
        known[node] = _tree(node, plain, known)
    return known[expr]


def _tree(node: Expr, plain: Known, known: Known) -> Syntax | None:
    match node:
        case Variable():
            return None if node.groups else Name(node.name)
        case Delta():
            return plain[node] if node.rank <= 2 else _product([node], [tuple(range(node.rank))], node, plain, known)
        case Sum():
            return _sum(node, known)
        case Einsum():
            if not node.operands or (not node.shape and all(not operand.shape for operand in node.operands)):
                return plain[node]
            return _product(list(node.operands), list(node.subscripts), node, plain, known)
        case Apply():
            return plain[node] if plain[node] is not None else _apply(node, plain, known)
        case _:
            raise AssertionError(node)


def _apply(node: Apply, plain: Known, known: Known) -> Syntax | None:
    name = node.function.name
    if name == "eps":
        return Call("eps", (size(node.rank),)) if set(node.shape) == {node.rank} else None
    if name == "convolution":
        return Call(name, (size(node.shape[0]),))
    if node.function.ways or not node.arguments:
        return None
    if name == "powers":
        stacked = plain[node.arguments[0]]
        return None if stacked is None else Call("powers", (stacked, size(node.shape[0])))
    arguments = [plain[argument] or known[argument] for argument in node.arguments]
    trees = tuple(argument for argument in arguments if argument is not None)
    if len(trees) < len(arguments):
        return None
    if name in FRECHET:
        return Call("frechet", frechet_arguments(node.function, trees[0])) if plain[node.arguments[0]] is not None else None
    if node.function is POWER:
        return Op("elpower" if node.rank else "power", trees)
    base, order = primes(node.function)
    return Call(base, trees, None, order) if node.function.elementwise or is_unknown(node.function) else None


def _sum(node: Sum, known: Known) -> Syntax | None:
    if not node.terms:
        if node.rank <= 2:
            return zeros(node.shape)
        letters = LETTERS[: node.rank]
        parts = [Call("zeros" if k == 0 else "ones", (size(dim),)) for k, dim in enumerate(node.shape)]
        return Call("einsum", (Subscripts(",".join(letters) + "->" + letters), *parts))
    plus: list[Syntax] = []
    minus: list[Syntax] = []
    for weight, term in node.terms:
        tree = known[term]
        if tree is None:
            return None
        signed = weighted(weight, tree)
        (minus if is_op(signed, "negate") else plus).append(signed)
    return add(*plus, *minus)


def _product(operands: list[Expr], subscripts: list[tuple[int, ...]], node: Expr, plain: Known,
             known: Known) -> Syntax | None:
    labels = sorted({label for own in subscripts for label in own})
    if len(labels) > len(LETTERS):
        return None
    letter = dict(zip(labels, LETTERS))
    scalars: list[Syntax] = []
    words: list[str] = []
    trees: list[Syntax] = []
    for operand, own in zip(operands, subscripts):
        tree = plain.get(operand) if operand.rank <= 2 else None
        if not own:
            if tree is None:
                tree = known.get(operand)
            if tree is None:
                return None
            scalars.append(tree)
            continue
        if isinstance(operand, Delta) and operand.rank > 2:
            for a, b in zip(own, own[1:]):
                words.append(letter[a] + letter[b])
                trees.append(Call("eye", (size(operand.dim),)))
            continue
        if tree is None:
            tree = known.get(operand)
        if tree is None:
            return None
        if isinstance(operand, Sum) and operand.rank == 2:
            tree, swapped = matrix.uprighted(operand, tree)
            own = own[::-1] if swapped else own
        words.append("".join(letter[label] for label in own))
        trees.append(tree)
    output = "".join(letter[label] for label in range(node.rank))
    body: Syntax = Call("einsum", (Subscripts(",".join(words) + "->" + output), *trees)) if trees else ONE
    if words == [output]:
        (body,) = trees
    if not trees:
        return multiply(*scalars)
    return Op("multiply", (*scalars, body)) if scalars else body


