"""An expression of given sizes, entry by entry, as polynomials in the entries of its variables.

Decides polynomial identities of a given dimension, such as Cayley–Hamilton for n = 3.
Bounded: ``None`` where a size is a symbol, a function is not polynomial, or there
are too many terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

from ..algebra.build import base_and_exponent, is_number
from ..algebra.canonical import parity
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
Polynomials = dict[tuple[int, ...], Polynomial]

MOST_ENTRIES = 300
MOST_MONOMIALS = 4_000
MOST_WORK = 400_000

UNIT: Polynomial = {(): Fraction(1)}


class _TooLarge(Exception):
    """A bound was passed."""


def components(expr: Expr) -> Polynomials | None:
    """The entries of ``expr``, zero ones left out; ``None`` where it cannot be written out."""
    known: dict[Expr, Polynomials] = {}
    try:
        for node in postorder(expr):
            if any(not isinstance(dim, int) for dim in node.shape):
                return None
            found = _entries(node, known)
            if found is None:
                return None
            known[node] = {place: poly for place, poly in found.items() if poly}
    except _TooLarge:
        return None
    return known[expr]


def _places(shape: tuple[int | str, ...]) -> Iterator[tuple[int, ...]]:
    count = 1
    for dim in shape:
        count *= int(dim)
    if count > MOST_ENTRIES:
        raise _TooLarge
    return product(*(range(int(dim)) for dim in shape))


def _entries(node: Expr, known: dict[Expr, Polynomials]) -> Polynomials | None:
    match node:
        case Variable():
            return _variable(node)
        case Delta():
            if not node.shape:
                return None
            return {place: UNIT for place in _places(node.shape) if len(set(place)) == 1}
        case Sum():
            total: Polynomials = {}
            for weight, term in node.terms:
                for place, poly in known[term].items():
                    total[place] = _plus(total.get(place, {}), poly, weight)
            return total
        case Einsum():
            return _product(node, known)
        case Apply():
            return _apply(node, known)
    return None


def _variable(node: Variable) -> Polynomials:
    """One symbol an entry; entries that the declared structure ties share one."""
    entries: Polynomials = {}
    for place in _places(node.shape):
        sign, at = 1, place
        if node.symmetry and len(place) == 2 and place[0] > place[1]:
            sign, at = node.symmetry, (place[1], place[0])
        if "skew" in node.facts and place[0] == place[1]:
            continue
        if "diagonal" in node.facts and place[0] != place[1]:
            continue
        if "lower" in node.facts and place[0] < place[1]:
            continue
        entries[place] = {((f"{node.name}{list(at)}", 1),): Fraction(sign)}
    return entries


def _plus(a: Polynomial, b: Polynomial, weight: Fraction = Fraction(1)) -> Polynomial:
    total = dict(a)
    for monomial, value in b.items():
        total[monomial] = total.get(monomial, Fraction(0)) + weight * value
        if not total[monomial]:
            del total[monomial]
    if len(total) > MOST_MONOMIALS:
        raise _TooLarge
    return total


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > MOST_WORK:
        raise _TooLarge
    total: Polynomial = {}
    for left, x in a.items():
        for right, y in b.items():
            powers = dict(left)
            for symbol, power in right:
                powers[symbol] = powers.get(symbol, 0) + power
            key = tuple(sorted(item for item in powers.items() if item[1]))
            total[key] = total.get(key, Fraction(0)) + x * y
    return {monomial: value for monomial, value in total.items() if value}


def _product(node: Einsum, known: dict[Expr, Polynomials]) -> Polynomials:
    """Multiply factor by factor, summing an index as soon as nothing else carries it."""
    partial: dict[tuple[tuple[int, int], ...], Polynomial] = {(): UNIT}
    pending = list(zip(node.operands, node.subscripts))
    while pending:
        operand, own = pending.pop(0)
        later = {label for _, labels in pending for label in labels} | set(range(node.rank))
        grown: dict[tuple[tuple[int, int], ...], Polynomial] = {}
        if len(partial) * len(known[operand]) > MOST_WORK:
            raise _TooLarge
        for bound, poly in partial.items():
            here = dict(bound)
            for place, factor in known[operand].items():
                there = dict(here)
                if all(there.setdefault(label, at) == at for label, at in zip(own, place)):
                    key = tuple(sorted((label, at) for label, at in there.items() if label in later))
                    grown[key] = _plus(grown.get(key, {}), _times(poly, factor))
        partial = grown
    return {tuple(at for _, at in bound): poly for bound, poly in partial.items()}


def _apply(node: Apply, known: dict[Expr, Polynomials]) -> Polynomials | None:
    name = node.function.name
    if name == "eps":
        return {place: {(): Fraction(parity(place))} for place in permutations(range(node.rank))}
    if name == "literal":
        return _literal(node)
    if name == "unit":
        at = is_number(node.arguments[0])
        return None if at is None or not 1 <= at <= int(node.shape[0]) else {(int(at) - 1,): UNIT}
    if name == "tril":
        return {place: UNIT for place in _places(node.shape) if place[0] >= place[1]}
    base, exponent = base_and_exponent(node)
    if base is not node and isinstance(exponent, Fraction) and exponent.denominator == 1 and 1 < exponent <= 8:
        return {place: _power(poly, int(exponent)) for place, poly in known[base].items()}
    if name == "det" and not node.function.ways:
        return {(): _determinant(known[node.arguments[0]], int(node.arguments[0].shape[0]))}
    if name == "det" and len(node.function.ways) == 1:
        return {(): _determinant(*_merged(node.arguments[0], known))}
    if name == "adj" and not node.function.ways:
        return _adjugate(known[node.arguments[0]], int(node.arguments[0].shape[0]))
    return None


def _literal(node: Apply) -> Polynomials:
    """A matrix or a vector of numbers."""
    rows = [row if isinstance(row, tuple) else (row,) for row in node.function.data]
    return {((i, j) if node.rank == 2 else (i,)): {(): value}
            for i, row in enumerate(rows) for j, value in enumerate(row) if isinstance(value, Fraction) and value}


def _power(poly: Polynomial, exponent: int) -> Polynomial:
    total = UNIT
    for _ in range(exponent):
        total = _times(total, poly)
    return total


def _merged(matrix: Expr, known: dict[Expr, Polynomials]) -> tuple[Polynomials, int]:
    """A matrix with merged axes as one with two, and its size."""
    half = matrix.rank // 2
    dims = [int(dim) for dim in matrix.shape[:half]]
    size = 1
    for dim in dims:
        size *= dim

    def flat(place: tuple[int, ...]) -> int:
        at = 0
        for dim, k in zip(dims, place):
            at = at * dim + k
        return at

    return {(flat(place[:half]), flat(place[half:])): poly for place, poly in known[matrix].items()}, size


def _determinant(entries: Polynomials, n: int) -> Polynomial:
    if n > 5:
        raise _TooLarge
    total: Polynomial = {}
    for order in permutations(range(n)):
        term: Polynomial = {(): Fraction(parity(order))}
        for i, j in enumerate(order):
            term = _times(term, entries.get((i, j), {}))
        total = _plus(total, term)
    return total


def _adjugate(entries: Polynomials, n: int) -> Polynomials:
    found: Polynomials = {}
    for i in range(n):
        for j in range(n):
            rows = [r for r in range(n) if r != j]
            cols = [c for c in range(n) if c != i]
            minor: Polynomials = {(a, b): entries[r, c] for a, r in enumerate(rows) for b, c in enumerate(cols)
                                  if (r, c) in entries}
            value = _determinant(minor, n - 1) if n > 1 else UNIT
            found[i, j] = {m: v * (-1) ** (i + j) for m, v in value.items()}
    return found
