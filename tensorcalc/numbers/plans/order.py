"""In which order the factors of a product are multiplied, two at a time.

Up to ``MOST_EXACT`` factors the cheapest of all orders is found, by dynamic programming
over sets of factors (Lam, Sadayappan & Wenger 1997, Parallel Process. Lett. 7, 157-168); an
index may be on any number of factors.  For longer products the best of several is taken: the
cheapest pair first, what opt_einsum finds, and, beyond ``MOST_GREEDY`` factors, what cotengra
finds where it is installed.

Knows labels and sizes; nothing of expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush

from .. import backends

Labels = tuple[int, ...]
Path = Sequence[tuple[int, ...]]

MOST_EXACT = 8     # factors of a product for which all orders are compared
MOST_GREEDY = 20   # factors of a product beyond which cotengra is asked
_ONE = 2**16       # an operation, counted so that batches can break ties
_TRIALS = 16       # orders that cotengra tries; its own choice may take many seconds


@lru_cache(maxsize=4096)
def order(labels: tuple[Labels, ...], kept: Labels, sizes: Labels, memory_limit: int | None = None) -> Path:
    """The places of the tensors to multiply, step by step; each result comes last.

    ``sizes`` gives the size of each label.  Counted are multiplications and additions, and
    the entries that are written.  Where it can be avoided, no intermediate result has more than
    ``memory_limit`` entries.

    Examples
    --------
    >>> list(order(((0, 1), (1, 2), (2,)), (0,), (50, 50, 50)))
    [(1, 2), (0, 1)]
    """
    if len(labels) <= MOST_EXACT:
        return _exact(labels, kept, sizes, memory_limit)
    paths = [_greedy(labels, kept, sizes), _opt_einsum(labels, kept, sizes, memory_limit)]
    found = _cotengra(labels, kept, sizes) if len(labels) > MOST_GREEDY else None
    if found is not None:
        paths.append(found)
    return min(paths, key=lambda path: _price(path, labels, kept, sizes, memory_limit))


def _greedy(labels: tuple[Labels, ...], kept: Labels, sizes: Labels) -> Path:
    """The cheapest pair first, among those that share a label while there are any."""
    entries = _Entries(sizes)
    pending = {k: _bits(own) for k, own in enumerate(labels)}
    count = [0] * len(sizes)
    for own in (*labels, kept):
        for label in own:
            count[label] += 1
    touching: dict[int, set[int]] = {}
    for k, own in enumerate(labels):
        for label in own:
            touching.setdefault(label, set()).add(k)
    pairs = {(a, b) for members in touching.values() for a in members for b in members if a < b}
    queue = [(entries.of(pending[a] | pending[b]), a, b) for a, b in pairs]
    heapify(queue)
    tree: list[tuple[int, int]] = []
    while len(pending) > 1:
        a, b = heappop(queue)[1:] if queue else sorted(pending)[:2]
        if a not in pending or b not in pending:
            continue
        fresh, joint = len(labels) + len(tree), 0
        for label in _labels(pending[a] | pending[b]):
            members = touching[label]
            count[label] -= (a in members) + (b in members)
            members -= {a, b}
            if count[label]:
                joint |= 1 << label
                count[label] += 1
                members.add(fresh)
        tree.append((a, b))
        del pending[a], pending[b]
        pending[fresh] = joint
        for other in {k for label in _labels(joint) for k in touching[label]} - {fresh}:
            heappush(queue, (entries.of(joint | pending[other]), other, fresh))
    return _linear(tree, len(labels))


def _labels(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def _linear(tree: Sequence[tuple[int, int]], count: int) -> Path:
    """Steps that name tensors by when they were made as steps that name them by their places."""
    present = list(range(count))
    steps: list[tuple[int, ...]] = []
    for k, (a, b) in enumerate(tree):
        places = sorted((present.index(a), present.index(b)))
        for place in reversed(places):
            del present[place]
        present.append(count + k)
        steps.append(tuple(places))
    return steps


def _price(path: Path, labels: tuple[Labels, ...], kept: Labels, sizes: Labels,
           memory_limit: int | None) -> tuple[int, int]:
    """How many steps of a path pass the limit, and what all of them take."""
    entries, outer = _Entries(sizes), _bits(kept)
    count = [0] * len(sizes)
    for own in labels:
        for label in own:
            count[label] += 1
    pending = [_bits(own) for own in labels]
    large = total = 0
    for step in path:
        chosen = [pending.pop(place) for place in sorted(step, reverse=True)]
        while chosen:
            a, b = chosen.pop(), chosen.pop() if chosen else 0
            for label in (*_labels(a), *_labels(b)):
                count[label] -= 1
            outcome = sum([1 << label for label in _labels(a | b) if count[label] or outer >> label & 1])
            for label in _labels(outcome):
                count[label] += 1
            written = entries.of(outcome)
            total += _operations(a, b, outcome, entries) + written * _ONE
            large += memory_limit is not None and written > memory_limit and bool(pending)
            (chosen if chosen else pending).append(outcome)
    return large, total


def _exact(labels: tuple[Labels, ...], kept: Labels, sizes: Labels, memory_limit: int | None) -> Path:
    """All orders compared: the cheapest way to make the product of each set of factors."""
    full = (1 << len(labels)) - 1
    needed = _indices(labels, kept)
    entries = _Entries(sizes)
    cheapest: dict[int, tuple[int, int]] = {1 << k: (0, 0) for k in range(len(labels))}
    for members in range(1, full + 1):
        if members in cheapest:
            continue
        outcome = needed[members]
        written = entries.of(outcome)
        large = memory_limit is not None and members != full and written > memory_limit
        best: tuple[int, int] | None = None
        lowest = members & -members
        rest = members ^ lowest
        part = rest
        while part:
            part = (part - 1) & rest
            left, right = lowest | part, rest ^ part
            price = cheapest[left][0] + cheapest[right][0] + _operations(needed[left], needed[right], outcome, entries)
            if best is None or price < best[0]:
                best = price, left
        assert best is not None
        cheapest[members] = best[0] + written * _ONE + (_FORBIDDEN if large else 0), best[1]
    return _steps(cheapest, full)


def _operations(a: int, b: int, outcome: int, entries: _Entries) -> int:
    """What a product of two takes; where orders tie, one matrix product is better than a batch of them."""
    joint = a | b
    if not joint & ~outcome:
        return entries.of(joint) * _ONE
    return 2 * entries.of(joint) * _ONE + (a & b & outcome != 0)


_FORBIDDEN = 10**40   # more than any product costs


def _indices(labels: tuple[Labels, ...], kept: Labels) -> list[int]:
    """The labels that the product of each set of factors keeps; sets are bits."""
    full = (1 << len(labels)) - 1
    union = [0] * (full + 1)
    for members in range(1, full + 1):
        lowest = members & -members
        union[members] = union[members ^ lowest] | _bits(labels[lowest.bit_length() - 1])
    outer = _bits(kept)
    return [union[members] & (union[full ^ members] | outer) for members in range(full + 1)]


def _bits(labels: Labels) -> int:
    bits = 0
    for label in labels:
        bits |= 1 << label
    return bits


class _Entries:
    """How many entries a tensor has whose labels are given as bits."""

    def __init__(self, sizes: Labels) -> None:
        self.sizes = sizes
        self.known: dict[int, int] = {0: 1}

    def of(self, labels: int) -> int:
        found = self.known.get(labels)
        if found is None:
            found, left = 1, labels
            while left:
                lowest = left & -left
                found *= self.sizes[lowest.bit_length() - 1]
                left ^= lowest
            self.known[labels] = found
        return found


def _steps(cheapest: dict[int, tuple[int, int]], full: int) -> Path:
    """The tree of products as steps, what is inside before what is outside."""
    products: list[tuple[int, int]] = []
    pending = [full]
    while pending:
        members = pending.pop()
        if members & (members - 1):
            left = cheapest[members][1]
            products.append((left, members ^ left))
            pending += [left, members ^ left]
    present = [1 << k for k in range(full.bit_length())]
    steps: list[tuple[int, ...]] = []
    for left, right in reversed(products):
        a, b = sorted((present.index(left), present.index(right)))
        del present[b], present[a]
        present.append(left | right)
        steps.append((a, b))
    return steps


def _opt_einsum(labels: tuple[Labels, ...], kept: Labels, sizes: Labels, memory_limit: int | None) -> Path:
    finder = backends.opt_einsum()
    *letters, output = ["".join(map(finder.get_symbol, own)) for own in (*labels, kept)]
    shapes = [tuple([sizes[label] for label in own]) for own in labels]
    path, _ = finder.contract_path(",".join(letters) + "->" + output, *shapes, shapes=True, optimize="auto",
                                   memory_limit=memory_limit)
    return [tuple(step) for step in path]


def _cotengra(labels: tuple[Labels, ...], kept: Labels, sizes: Labels) -> Path | None:
    finder = backends.cotengra()
    if finder is None:
        return None
    search = finder.RandomGreedyOptimizer(max_repeats=_TRIALS, seed=0, parallel=False)
    path = finder.array_contract_path(labels, kept, dict(enumerate(sizes)), optimize=search, cache=False)
    return [tuple(step) for step in path]
