"""One numbering of the indices of a product, whatever order it was written in.

Factors are told apart by what they are; where equal factors remain, colour
refinement tells them apart by what they touch; where symmetry leaves a tie, the
tied factors are tried first in turn, all but those that an automorphism already
found maps to one another, and the least result wins (McKay & Piperno 2014,
J. Symb. Comput. 60, sec. 2).  Chains that end in an axis of the result never tie.

A factor may be symmetric or antisymmetric in all its axes; the sign that sorting
its axes costs is returned, and 0 where a symmetry shows the product to vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .expr import Expr, SortKey, Subscripts


class Factor(NamedTuple):
    """An operand, a label for each of its axes, and its symmetry.

    ``symmetry`` is +1 or -1 where its first ``span`` axes may be interchanged, with that
    change of sign; 0 where none may.  ``copies``: how often it occurs.
    """

    operand: Expr
    labels: tuple[int, ...]
    symmetry: int
    span: int = 0
    copies: int = 1

    @property
    def free(self) -> tuple[int, ...]:
        """The labels whose order says nothing."""
        return self.labels[: self.span] if self.symmetry and self.span > 1 else ()

    @property
    def fixed(self) -> tuple[int, ...]:
        """The labels whose order matters."""
        return self.labels[self.span:] if self.symmetry and self.span > 1 else self.labels


class Numbering(NamedTuple):
    """Factors in canonical order, their labels numbered from the axes of the result on."""

    operands: tuple[Expr, ...]
    subscripts: Subscripts
    sign: int


_LONG = 12          # factors beyond which equal ones are told apart by the way to them first
_MOST_LEAVES = 256  # beyond this many ties the least numbering found so far is taken


def canonical(factors: Sequence[Factor], rank: int) -> Numbering:
    """Number the product of ``factors`` whose labels below ``rank`` are the axes of the result.

    Equal products get equal numberings whatever the order of the factors and
    whatever the other labels are called.
    """
    factors = _gathered(sorted(factors, key=_by_key)) if len(factors) > 1 else factors
    if len({factor.operand for factor in factors}) == len(factors):
        numbering = _number(factors, range(len(factors)), rank)
        if numbering is not None:
            return numbering
    return _search(factors, rank)


def _gathered(factors: Sequence[Factor]) -> Sequence[Factor]:
    """Equal factors at one place as one: they need not be told apart.  Antisymmetric ones stay, for their signs."""
    count: dict[Factor, int] = {}
    for factor in factors:
        count[factor] = count.get(factor, 0) + 1
    if len(count) == len(factors) or any([factor.symmetry < 0 for factor in factors]):
        return factors
    return [factor._replace(copies=copies) for factor, copies in count.items()]


def _by_key(factor: Factor) -> SortKey:
    return factor.operand.key


def _number(factors: Sequence[Factor], order: Sequence[int], rank: int) -> Numbering | None:
    """Number labels as they are met, or ``None`` where a symmetric factor meets two new ones at once."""
    number = {label: label for label in range(rank)}
    free = False
    for k in order:
        factor = factors[k]
        free = free or bool(factor.symmetry and factor.span > 1)
        for label in factor.fixed:
            if label not in number:
                number[label] = len(number)
    for k in order if free else ():
        fresh = {label for label in factors[k].free if label not in number}
        if len(fresh) > 1:
            return None
        for label in fresh:
            number[label] = len(number)
    return _read_off(factors, order, number)


def _read_off(factors: Sequence[Factor], order: Sequence[int], number: dict[int, int]) -> Numbering:
    sign, subscripts = 1, []
    for k in order:
        factor = factors[k]
        if not factor.symmetry or factor.span < 2:
            subscripts += [tuple([number[label] for label in factor.labels])] * factor.copies
            continue
        free = [number[label] for label in factor.free]
        if factor.symmetry < 0 and free:
            sign *= parity(free)
        subscripts += [(*sorted(free), *[number[label] for label in factor.fixed])] * factor.copies
    operands = [factors[k].operand for k in order for _ in range(factors[k].copies)]
    return Numbering(tuple(operands), tuple(subscripts), sign)


def parity(values: Sequence[int]) -> int:
    """The sign of the permutation that sorts ``values``; 0 where two are equal."""
    sign = 1
    for k, value in enumerate(values):
        for other in values[:k]:
            if other == value:
                return 0
            if other > value:
                sign = -sign
    return sign


class _Colours(NamedTuple):
    """Colours of the factors, and of the labels."""

    factors: list[int]
    labels: dict[int, int]


def _search(factors: Sequence[Factor], rank: int) -> Numbering:
    """The least numbering over all orders that colours allow."""
    best: Numbering | None = None
    best_order: list[int] = []
    automorphisms: list[dict[int, int]] = []
    vanishes = False
    leaves = 0
    labels = {label: min(label, rank) for factor in factors for label in factor.labels}
    reached = _reached(factors, rank) if rank and len(factors) > _LONG else [0] * len(factors)
    inks = [(factor.operand.key, place, factor.copies) for factor, place in zip(factors, reached)]
    start = _Colours(_ranked(inks), labels)

    def descend(colours: _Colours, prefix: tuple[int, ...]) -> None:
        nonlocal best, best_order, vanishes, leaves
        colours = _refine(factors, colours)
        cell = _tied(colours.factors)
        if cell is None:
            leaves += 1
            order = sorted(range(len(factors)), key=colours.factors.__getitem__)
            found, null = _leaf(factors, order, colours.labels, rank)
            vanishes = vanishes or null
            if best is None or found.subscripts < best.subscripts:
                best, best_order = found, order
            elif found.subscripts == best.subscripts:
                automorphisms.append(dict(zip(best_order, order)))
                vanishes = vanishes or found.sign != best.sign
            return
        tried: list[int] = []
        for k in cell:
            if leaves < _MOST_LEAVES and not _equivalent(k, tried, prefix, automorphisms):
                tried.append(k)
                split = [2 * colour + (colour == colours.factors[k] and q != k) for q, colour in enumerate(colours.factors)]
                descend(_Colours(split, colours.labels), (*prefix, k))

    descend(start, ())
    assert best is not None
    return best._replace(sign=0) if vanishes else best


def _reached(factors: Sequence[Factor], rank: int) -> list[int]:
    """When each factor is met on the way from the axes of the result inwards; ties are left to the search.

    In linear time; refinement needs a round for each factor of a chain.
    """
    touching: dict[int, list[tuple[SortKey, int, int]]] = {}
    for k, factor in enumerate(factors):
        if factor.free:
            return [0] * len(factors)
        for axis, label in enumerate(factor.labels):
            touching.setdefault(label, []).append((factor.operand.key, axis, k))
    place: dict[int, int] = {}
    labels = list(range(rank))
    known = set(labels)
    for label in labels:
        ahead = sorted([way for way in touching.get(label, ()) if way[2] not in place])
        if any(a[:2] == b[:2] for a, b in zip(ahead, ahead[1:])):
            continue
        for _, _, k in ahead:
            place.setdefault(k, len(place))
            for other in factors[k].labels:
                if other not in known:
                    known.add(other)
                    labels.append(other)
    return [place.get(k, len(factors)) for k in range(len(factors))]


def _tied(colours: list[int]) -> list[int] | None:
    """The members of the first colour that more than one factor has."""
    cells: dict[int, list[int]] = {}
    for k, colour in enumerate(colours):
        cells.setdefault(colour, []).append(k)
    return next((cells[colour] for colour in sorted(cells) if len(cells[colour]) > 1), None)


def _equivalent(k: int, tried: list[int], prefix: tuple[int, ...], automorphisms: list[dict[int, int]]) -> bool:
    """Whether known automorphisms that fix ``prefix`` map ``k`` to a factor already tried."""
    if not tried or not automorphisms:
        return False
    fixing = [a for a in automorphisms if all(a[p] == p for p in prefix)]
    reached, frontier = {k}, [k]
    while frontier:
        here = frontier.pop()
        for automorphism in fixing:
            there = automorphism[here]
            if there not in reached:
                reached.add(there)
                frontier.append(there)
    return any(t in reached for t in tried)


def _leaf(factors: Sequence[Factor], order: list[int], tints: dict[int, int], rank: int) -> tuple[Numbering, bool]:
    """Number labels by colour within each factor; ties there are exchanges, which may show the product to vanish."""
    number = {label: label for label in range(rank)}
    null = False
    for k in order:
        for label in factors[k].fixed:
            number.setdefault(label, len(number))
    for k in order:
        fresh = sorted((label for label in dict.fromkeys(factors[k].free) if label not in number), key=tints.__getitem__)
        null = null or any(_exchange_is_odd(factors, a, b) for a, b in zip(fresh, fresh[1:]) if tints[a] == tints[b])
        for label in fresh:
            number[label] = len(number)
    numbering = _read_off(factors, order, number)
    return numbering, null or numbering.sign == 0


def _exchange_is_odd(factors: Sequence[Factor], a: int, b: int) -> bool:
    """Whether exchanging two labels of one colour changes the sign; they meet the same factors, all symmetric."""
    odd = sum(factor.symmetry < 0 and a in factor.free and b in factor.free for factor in factors)
    return odd % 2 == 1 and not any(a in factor.fixed or b in factor.fixed for factor in factors)


def _refine(factors: Sequence[Factor], colours: _Colours) -> _Colours:
    """Split colours by the colours of neighbours until nothing splits any more."""
    inks, tints = colours
    count = -1
    plain = not any([factor.free for factor in factors])
    while not (plain and len(set(inks)) == len(inks)):   # the order of such factors numbers all labels
        touched: dict[int, list[tuple[int, int]]] = {label: [] for label in tints}
        for factor, ink in zip(factors, inks):
            free = factor.span if factor.symmetry and factor.span > 1 else 0
            for axis, label in enumerate(factor.labels):
                touched[label].append((ink, -1 if axis < free else axis))
        names = list(tints)
        tints = dict(zip(names, _ranked([(tints[label], tuple(sorted(touched[label]))) for label in names])))
        inks = _ranked([(ink, _seen(factor, tints)) for factor, ink in zip(factors, inks)])
        classes = len(set(inks)) + len(set(tints.values()))
        if classes == count:
            break
        count = classes
    return _Colours(inks, tints)


def _seen(factor: Factor, tints: dict[int, int]) -> tuple[int, ...]:
    if not factor.symmetry or factor.span < 2:
        return tuple([tints[label] for label in factor.labels])
    return (*sorted([tints[label] for label in factor.free]), *[tints[label] for label in factor.fixed])


def _ranked(values: Sequence[Any]) -> list[int]:
    """Each value's place among the distinct ones."""
    place = {value: k for k, value in enumerate(sorted(set(values)))}
    return [place[value] for value in values]
