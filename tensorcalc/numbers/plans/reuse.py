"""Products that are computed anyway, found again as parts of other products.

The Jacobian J of a network stands twice in its Hessian ``J' diag(p) J``: once as a product that has a
value of its own, and once as a row of factors of the whole.  Knows expressions and labels, nothing of sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...algebra.expr import Expr
from .pairwise import Labels, Part

MOST_FACTORS = 40   # of a product in which others are looked for
_MOST_TRIED = 2000  # partial matches in one such product: equal factors may stand for one another in very many ways


_Renaming = tuple[Mapping[int, int], Mapping[int, int]]   # labels of a product to those of its parts elsewhere, and back


class _Known(NamedTuple):
    """A product: the node it was planned for, its factors with labels, those of its axes first, and its value."""

    node: Expr
    parts: tuple[Part, ...]
    value: Expr


class Products:
    """The products that were planned so far."""

    def __init__(self) -> None:
        self._by_factor: dict[Expr, list[_Known]] = {}

    def add(self, node: Expr, parts: Sequence[Part], value: Expr) -> None:
        """Remember a product without coefficients and deltas; its axes have the labels from 0 on.

        It is kept under the factor that the fewest others are kept under.
        """
        anchor = min(parts, key=lambda part: len(self._by_factor.get(part.tensor, ())))
        others = [part for part in parts if part is not anchor]
        self._by_factor.setdefault(anchor.tensor, []).append(_Known(node, (anchor, *others), value))

    def within(self, parts: Sequence[Part], kept: Collection[int], own: Collection[Expr]) -> list[Part]:
        """``parts`` with the known products among them in one piece; those planned for nodes in ``own`` do not count."""
        found, pending, tries = list(parts), True, iter(range(_MOST_TRIED))
        while pending:
            pending = False
            for known in self._among(found, own):
                places = _placed(known, found, kept, tries)
                if places is not None:
                    matched, labels = places
                    found = [part for k, part in enumerate(found) if k not in matched] + [Part(known.value, labels)]
                    pending = True
                    break
        return found

    def _among(self, parts: Sequence[Part], own: Collection[Expr]) -> list[_Known]:
        """Products all of whose factors are there, the longest first."""
        present = Counter([part.tensor for part in parts])
        found = [known for tensor in present for known in self._by_factor.get(tensor, ())
                 if known.node not in own and Counter([part.tensor for part in known.parts]) <= present]
        return sorted(found, key=lambda known: -len(known.parts))


def _placed(known: _Known, parts: Sequence[Part], kept: Collection[int],
            tries: Iterator[int]) -> tuple[set[int], Labels] | None:
    """Which of ``parts`` are the factors of a product, and the labels of its axes there; ``None`` when ``tries`` end, too."""
    rank = len(known.value.shape)
    states: list[tuple[tuple[int, ...], _Renaming]] = [((), ({}, {}))]
    while states and next(tries, None) is not None:
        chosen, renaming = states.pop()
        labels, _ = renaming
        if len(chosen) == len(known.parts):
            if _is_closed(known, chosen, labels, parts, kept):
                return set(chosen), tuple([labels[axis] for axis in range(rank)])
            continue
        wanted = known.parts[len(chosen)]
        for k, part in enumerate(parts):
            if part.tensor is wanted.tensor and k not in chosen:
                joined = _joined(renaming, wanted.labels, part.labels)
                if joined is not None:
                    states.append(((*chosen, k), joined))
    return None


def _joined(renaming: _Renaming, own: Labels, there: Labels) -> _Renaming | None:
    """``renaming`` with the labels of one more factor, or ``None`` where two labels would become one, or one two."""
    labels, taken = renaming
    for label, other in zip(own, there):   # most factors end here, before anything is copied
        if labels.get(label, other) != other or taken.get(other, label) != label:
            return None
    labels, taken = {**labels}, {**taken}
    for label, other in zip(own, there):
        if labels.setdefault(label, other) != other or taken.setdefault(other, label) != label:
            return None
    return labels, taken


def _is_closed(known: _Known, chosen: Sequence[int], labels: Mapping[int, int], parts: Sequence[Part],
               kept: Collection[int]) -> bool:
    """Whether what the product sums over is on no other factor, and is not kept."""
    rank = len(known.value.shape)
    inner = {other for label, other in labels.items() if label >= rank}
    outside = {label for k, part in enumerate(parts) if k not in chosen for label in part.labels}
    return not inner & outside and inner.isdisjoint(kept)
