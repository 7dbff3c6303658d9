"""Which known word somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 30   # letters of a word that are looked at


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is the fewest slips away; ``None`` where all are far.

    Examples
    --------
    >>> closest("tahn", ["cosh", "tan", "tanh"]), closest("frobnicate", ["cosh"])
    ('tanh', None)
    """
    most, lowered = max(1, (len(word) + 1) // 3), word.lower()
    slips, _, found = min(((distance(lowered, other.lower()), sorted(lowered) != sorted(other.lower()), other)
                           for other in known), default=(most + 1, True, ""))
    return found if slips <= most and len(word) > 1 else None


def distance(a: str, b: str) -> int:
    """How many letters are wrong, missing, in excess, or exchanged with the next.

    Examples
    --------
    >>> distance("sgimoid", "sigmoid"), distance("relu", "rleu"), distance("exp", "expm")
    (1, 1, 1)
    """
    a, b = a[:_MOST], b[:_MOST]
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            least = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                least = min(least, rows[-2][j - 2] + 1)
            row.append(least)
        rows.append(row)
    return rows[-1][-1]
