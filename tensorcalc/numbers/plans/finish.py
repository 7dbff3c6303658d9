"""The last touch on plans: systems instead of inverses, few signs, no matrix twice.

Knows plans and nothing of arrays or text.  Every function looks at one node and
at how often its parts are used, so plans of any size take linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from fractions import Fraction

from ...algebra.expr import Apply, Einsum, Expr, Sum
from ...algebra.traverse import postorder, uses
from ...functions import TABLE, Function
from .pairwise import Part, is_placement, transposed
from .stable import stable

_DEPTH = 8   # products between a sign and the difference that takes it

SOLVE = {1: Function("solve", "(n,n),(n)->(n)"), 2: Function("solve", "(n,n),(n,m)->(n,m)")}


def finished(roots: list[Expr]) -> list[Expr]:
    """The plans with systems solved where an inverse serves one product, and with few signs."""
    count = uses(roots)
    done: dict[Expr, Expr] = {}
    present: set[Expr] = set()
    for node in postorder(*roots):
        children = tuple([done[child] for child in node.children])
        done[node] = stable(node if children == node.children else rebuilt(node, children))
        if isinstance(node, Einsum):
            done[node] = _solved(node, children, count) or _turned(done[node], present) or done[node]
        elif isinstance(node, Sum) and done[node].children == children:
            terms = [(weight, child, _negated(child, count) if weight < 0 and count[old] == 1 else None)
                     for (weight, old), child in zip(node.terms, children)]
            if any(other for _, _, other in terms):
                done[node] = Sum(node.shape, tuple([(-weight, other) if other else (weight, child)
                                                    for weight, child, other in terms]))
        present.add(done[node])
    return [done[root] for root in roots]


def mapped(roots: Sequence[Expr], step: Callable[[Expr, Mapping[Expr, int]], Expr | None]) -> list[Expr]:
    """The plans with each node replaced by what ``step`` makes of it; it knows how often nodes are used."""
    count = uses(roots)
    done: dict[Expr, Expr] = {}
    for node in postorder(*roots):
        children = tuple([done[child] for child in node.children])
        new = node if children == node.children else rebuilt(node, children)
        count.setdefault(new, count[node])
        done[node] = _gathered(step(new, count) or new)
        count.setdefault(done[node], count[node])
    return [done[root] for root in roots]


def _gathered(node: Expr) -> Expr:
    """A sum with no term twice: what memory a term leaves is known for one of a kind."""
    if not isinstance(node, Sum) or len(set(node.children)) == len(node.terms):
        return node
    weights: dict[Expr, Fraction] = {}
    for weight, term in node.terms:
        weights[term] = weights.get(term, Fraction(0)) + weight
    terms = tuple([(weight, term) for term, weight in weights.items() if weight])
    return terms[0][1] if len(terms) == 1 and terms[0][0] == 1 else Sum(node.shape, terms)


def rebuilt(node: Expr, children: tuple[Expr, ...]) -> Expr:
    """A node of a plan with other children."""
    match node:
        case Einsum(shape=shape, subscripts=subscripts):
            return Einsum(shape, children, subscripts)
        case Sum(shape=shape, terms=terms):
            return Sum(shape, tuple([(weight, child) for (weight, _), child in zip(terms, children)]))
        case Apply(shape=shape, function=function):
            return Apply(shape, function, children, node.symmetry or 0)
    return node


def _turned(node: Expr, present: Set[Expr]) -> Expr | None:
    """The product of two matrices as the transpose of one that is there already."""
    if not isinstance(node, Einsum) or len(node.operands) != 2 or node.rank != 2 or is_placement(node):
        return None
    labels = range(2 + max(map(max, node.subscripts)))
    swapped = tuple([tuple([(1, 0, *labels[2:])[label] for label in own]) for own in node.subscripts])
    if node.operands[0] is node.operands[1]:
        swapped = tuple(sorted(swapped))
    other = Einsum(node.shape[::-1], node.operands, swapped)
    return Einsum(node.shape, (other,), ((1, 0),)) if other in present and other is not node else None


def _solved(node: Einsum, children: Sequence[Expr], count: Mapping[Expr, int]) -> Expr | None:
    """``inv(A) @ B`` as the solution of a system, where nothing else needs ``inv(A)``."""
    if len(children) != 2 or is_placement(node):
        return None
    for k, inverse in enumerate(children):
        if not isinstance(inverse, Apply) or inverse.function is not TABLE["inv"] or inverse.rank != 2:
            continue
        labels, right = node.subscripts[k], Part(children[1 - k], node.subscripts[1 - k])
        summed = tuple([label for label in labels if label >= node.rank])
        shared = {*labels} & {*right.labels}
        if count[node.operands[k]] > 1 or len(summed) != 1 or len(shared) != 1 or right.tensor.rank > 2:
            continue
        free = tuple([label for label in labels if label not in summed])
        rest = tuple([label for label in right.labels if label not in summed])
        matrix = transposed(Part(inverse.arguments[0], labels), free + summed).tensor
        vectors = transposed(right, summed + rest).tensor
        solution = Apply((matrix.shape[0], *vectors.shape[1:]), SOLVE[vectors.rank], (matrix, vectors))
        return transposed(Part(solution, free + rest), tuple(range(node.rank))).tensor
    return None


def _is_negative(node: Expr) -> bool:
    """Whether a sum loses nothing when all its signs change."""
    return isinstance(node, Sum) and 2 * sum(weight < 0 for weight, _ in node.terms) >= max(len(node.terms), 1)


def _negated(node: Expr, count: Mapping[Expr, int]) -> Expr | None:
    """Minus a product, with the sign given to a difference inside it that nothing else needs."""
    path: list[tuple[Einsum, int]] = []
    while isinstance(node, Einsum) and len(path) < _DEPTH:
        own = [k for k, operand in enumerate(node.operands) if count.get(operand) == 1]
        inner = [k for k in own if _is_negative(node.operands[k])]
        inner += [k for k in own if isinstance(node.operands[k], Einsum)]
        if not inner:
            return None
        path.append((node, inner[0]))
        node = node.operands[inner[0]]
    if not isinstance(node, Sum) or not _is_negative(node):
        return None
    found: Expr = Sum(node.shape, tuple([(-weight, term) for weight, term in node.terms]))
    for product, k in reversed(path):
        found = Einsum(product.shape, (*product.operands[:k], found, *product.operands[k + 1:]), product.subscripts)
    return found
