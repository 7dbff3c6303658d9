"""Which sizes must agree, while some are not known yet.

A *group* is what stands for one axis of the page: one dimension, or several for an
axis of product size (the rows of ``kron(A, B)``).  Knows nothing of trees or
expressions.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...sizes import Dim, Polynomial, Shape, polynomial, times


class Unknown:
    """A size to be found by conformity.

    ``preferred`` is a size of which only the split into axes is open: ``n*m`` may
    stand for the axes (n, m) or (m, n), ``9`` for (3, 3).
    """

    __slots__ = ("bound", "preferred")

    def __init__(self, preferred: Shape | None = None) -> None:
        self.preferred = preferred
        self.bound: Group | None = None


Group = tuple[Dim | Unknown, ...]


def expand(group: Group) -> Group:
    """``group`` with what is known of its unknowns put in."""
    for part in group:
        if isinstance(part, Unknown) and part.bound is not None:
            break
    else:
        return group
    parts: list[Dim | Unknown] = []
    stack = list(reversed(group))
    while stack:
        part = stack.pop()
        if isinstance(part, Unknown) and part.bound is not None:
            stack.extend(reversed(part.bound))
        else:
            parts.append(part)
    return tuple(parts)


def settle(group: Group) -> Group:
    """``group`` with every open split decided as declared."""
    found = expand(group)
    if not any([isinstance(part, Unknown) for part in found]):
        return found
    return tuple([piece for part in found
                  for piece in (part.preferred if isinstance(part, Unknown) and part.preferred else (part,))])


def flexible(shape: Shape) -> Group:
    """A declared size whose split into axes may still be chosen."""
    if len(shape) == 1 and (isinstance(shape[0], str) or shape[0] < 4):
        return shape
    return (Unknown(shape),)


def unify(a: Group, b: Group) -> bool:
    """Make two groups agree, if they can."""
    a, b = expand(a), expand(b)
    if len(a) == len(b):
        return all([_unify_parts(x, y) for x, y in zip(a, b)]) or same_product(a, b)
    if len(a) == 1 and isinstance(a[0], Unknown):
        return _bind(a[0], b)
    if len(b) == 1 and isinstance(b[0], Unknown):
        return _bind(b[0], a)
    return same_product(a, b)


def _unify_parts(x: Dim | Unknown, y: Dim | Unknown) -> bool:
    a, b = expand((x,)), expand((y,))  # a part before this one may have bound either
    if len(a) != 1 or len(b) != 1:
        return unify(a, b)
    (x,), (y,) = a, b
    if x is y or (x == y and not isinstance(x, Unknown)):
        return True
    if isinstance(y, Unknown) and (not isinstance(x, Unknown) or y.preferred is None):
        return _bind(y, (x,))
    if isinstance(x, Unknown):
        return _bind(x, (y,))
    return False


def _bind(unknown: Unknown, group: Group) -> bool:
    if unknown in group:
        return len(group) == 1
    if unknown.preferred is not None and not same_product(unknown.preferred, settle(group)):
        return False
    unknown.bound = group
    return True


def same_product(a: Iterable[Dim | Unknown], b: Iterable[Dim | Unknown]) -> bool:
    """Whether two groups have the same number of entries, whatever their split."""
    left, right = _product(a), _product(b)
    return left is not None and left == right


def _product(group: Iterable[Dim | Unknown]) -> Polynomial | None:
    total: Polynomial = polynomial(1)
    for part in group:
        if isinstance(part, Unknown):
            if part.preferred is None:
                return None
            for dim in part.preferred:
                total = times(total, polynomial(dim))
        else:
            total = times(total, polynomial(part))
    return total


def text(group: Group) -> str:
    """A group as it is declared: ``n*m``; a size not known is ``?``."""
    parts = [str(part) if not isinstance(part, Unknown) else "?" for part in settle(group)]
    return "*".join(part if part.isalnum() or part == "?" or len(parts) == 1 else f"({part})" for part in parts)
