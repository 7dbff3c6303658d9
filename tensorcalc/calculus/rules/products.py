"""What rules ask of a product: which factors form a given sub-product, what one index joins.

Knows nothing of single rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from ...algebra.build import apply, einsum, symmetry
from ...algebra.expr import Apply, Einsum, Expr

Pair = tuple[Expr, tuple[int, ...]]


def pairs(node: Einsum) -> list[Pair]:
    """The factors of a product with their labels."""
    return list(zip(node.operands, node.subscripts))


def replaced(node: Einsum, gone: Iterable[int], new: Sequence[tuple[Expr, Sequence[int]]]) -> Expr:
    """``node`` with the factors at positions ``gone`` replaced by ``new``."""
    left_out = set(gone)
    kept = [pair for k, pair in enumerate(pairs(node)) if k not in left_out]
    return einsum([*kept, *new], range(node.rank))


def uses(node: Einsum, label: int) -> int:
    """How many axes of the factors carry ``label``; an axis of the result counts as one."""
    return sum(own.count(label) for own in node.subscripts) + (label < node.rank)


def applied(node: Einsum, name: str) -> list[int]:
    """Where the factors are that apply the function ``name``."""
    return [k for k, operand in enumerate(node.operands) if isinstance(operand, Apply) and operand.function.name == name]


def equal_factors(node: Einsum, name: str) -> tuple[tuple[int, int], Expr, tuple[int, ...]] | None:
    """Two factors that are one function ``name`` at one place: where they are, its argument, its labels."""
    for k, q in combinations(applied(node, name), 2):
        if node.operands[k] is node.operands[q] and node.subscripts[k] == node.subscripts[q]:
            inner = argument_of(node.operands[k], name)
            assert inner is not None
            return (k, q), inner, node.subscripts[k]
    return None


def find_product(node: Einsum, wanted: Expr, known: dict[int, int],
                 banned: set[int]) -> tuple[dict[int, int], list[int]] | None:
    """Factors of ``node`` whose product is ``wanted``.

    ``known`` maps axes of ``wanted`` to labels of ``node``; the answer maps all of them,
    and gives the positions of the factors.  Indices summed in ``wanted`` must be summed
    within those factors.
    """
    if isinstance(wanted, Einsum) and wanted.shape:
        needed = pairs(wanted)
    else:
        needed = [(wanted, tuple(range(wanted.rank)))]
    stack: list[tuple[int, dict[int, int], tuple[int, ...]]] = [(0, dict(known), ())]
    while stack:
        at, binding, used = stack.pop()
        if at == len(needed):
            if _closed(node, wanted.rank, binding, used):
                return binding, list(used)
            continue
        operand, labels = needed[at]
        for k, candidate in enumerate(node.operands):
            if candidate is operand and k not in used and k not in banned:
                for way in _ways(operand, node.subscripts[k]):
                    bound = _bind(binding, labels, way)
                    if bound is not None:
                        stack.append((at + 1, bound, (*used, k)))
    return None


def _ways(operand: Expr, labels: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [labels, labels[::-1]] if len(labels) == 2 and symmetry(operand) > 0 else [labels]


def _bind(binding: dict[int, int], labels: Sequence[int], actual: Sequence[int]) -> dict[int, int] | None:
    bound = dict(binding)
    for label, here in zip(labels, actual):
        if bound.setdefault(label, here) != here:
            return None
    return bound


def _closed(node: Einsum, rank: int, binding: dict[int, int], used: Sequence[int]) -> bool:
    inner = [here for label, here in binding.items() if label >= rank]
    if len(set(binding.values())) < len(binding):
        return False
    outside = {label for k, own in enumerate(node.subscripts) if k not in used for label in own} | set(range(node.rank))
    return not outside & set(inner)


def joined(node: Einsum, start: Iterable[int], without: Iterable[int]) -> list[int]:
    """The factors that indices ``start`` lead to, through summed indices, past factors ``without``."""
    barred = set(without)
    reached: set[int] = set()
    labels = set(start)
    grown = True
    while grown:
        grown = False
        for k, own in enumerate(node.subscripts):
            if k not in reached and k not in barred and labels & set(own):
                reached.add(k)
                labels |= {label for label in own if label >= node.rank}
                grown = True
    return sorted(reached)


def argument_of(node: Expr, *names: str) -> Expr | None:
    """The first argument of a function with one of the names."""
    return node.arguments[0] if isinstance(node, Apply) and node.function.name in names else None


def like(node: Apply, argument: Expr) -> Expr:
    """The function of a node, applied to another argument."""
    return apply(node.function, argument)
