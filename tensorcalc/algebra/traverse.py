"""Walking the DAG.  The only module with a traversal loop; nothing recurses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from .expr import Expr

T = TypeVar("T")


def postorder(*roots: Expr) -> list[Expr]:
    """All distinct nodes below ``roots``, each after its children.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable, einsum
    >>> x = variable("x", "n")
    >>> [node.shape for node in postorder(einsum([(x, "i"), (x, "j")], "ij"))]
    [('n',), ('n', 'n')]
    """
    order: dict[Expr, None] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if node in order:
            continue
        if ready or not node.children:
            order[node] = None
        else:
            stack.append((node, True))
            stack.extend([(child, False) for child in reversed(node.children) if child not in order])
    return list(order)


def unvisited(root: Expr, known: Callable[[Expr], bool]) -> list[Expr]:
    """The distinct nodes below ``root``, each after its children, without what is below a ``known`` one and without those."""
    order: dict[Expr, None] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if node in order or (not ready and known(node)):
            continue
        if ready or not node.children:
            order[node] = None
        else:
            stack.append((node, True))
            stack.extend([(child, False) for child in reversed(node.children) if child not in order])
    return list(order)


def fold(root: Expr, visit: Callable[[Expr, Sequence[T]], T]) -> T:
    """Give each node a value computed from the values of its children; return the root's."""
    values: dict[Expr, T] = {}
    for node in postorder(root):
        values[node] = visit(node, [values[child] for child in node.children])
    return values[root]


def uses(roots: Iterable[Expr]) -> dict[Expr, int]:
    """How many parents each node below ``roots`` has; a root counts as one more."""
    roots = list(roots)
    count: dict[Expr, int] = {}
    for root in roots:
        count[root] = count.get(root, 0) + 1
    for node in postorder(*roots):
        for child in node.children:
            count[child] = count.get(child, 0) + 1
    return count


def depends(root: Expr, leaf: Expr) -> bool:
    """Whether ``leaf`` occurs in ``root``."""
    return leaf in postorder(root)
