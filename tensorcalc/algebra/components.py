"""Factors that hang together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def connected(factors: Iterable[tuple[T, Iterable[int]]]) -> list[list[T]]:
    """Factors, each with its labels, in groups: those that share a label, directly or through others.

    Groups stand in the order of their last members.

    Examples
    --------
    >>> connected([("A", [0, 1]), ("x", [2]), ("B", [1, 3]), ("c", [])])
    [['x'], ['A', 'B'], ['c']]
    """
    groups: list[tuple[set[int], list[T]]] = []
    for factor, own in factors:
        labels, members, rest = set(own), [factor], []
        for group in groups:
            if group[0] & labels:
                labels |= group[0]
                members = group[1] + members
            else:
                rest.append(group)
        groups = [*rest, (labels, members)]
    return [members for _, members in groups]
