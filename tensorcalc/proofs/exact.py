"""Values without rounding: integers modulo a prime, and fractions.

A rational function that is not zero is rarely zero at a random point modulo a large
prime (Schwartz 1980, Zippel 1979), and how rarely its degree says.  Knows how to compute
rational functions in a field; functions like ``exp`` have no value here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from ..algebra.build import dimension_of
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..numbers import backends
from ..numbers.evaluate import constant
from ..sizes import value
from . import probe

Array = Any
Number = Any
Facts = Mapping[str, Collection[str]]
Degree = tuple[int, int]   # of the numerator and of the denominator, at most

PRIME = 2**61 - 1
POINTS = 4
MOST_ENTRIES = 20_000   # of an array on the way


class _NoValue(Exception):
    """A function that is not rational, a pole, or an array that is too large."""


@dataclass(frozen=True, slots=True)
class Field:
    """Numbers that can be divided: how to bring one into the field, and what its inverse is."""

    number: Callable[[Fraction], Number]
    reduced: Callable[[Array], Array]
    inverse: Callable[[Number], Number]


def _modulo(number: Fraction) -> int:
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME


RESIDUES = Field(_modulo, lambda array: array % PRIME, lambda number: pow(number, -1, PRIME))
RATIONALS = Field(Fraction, lambda array: array, lambda number: 1 / number)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What exact points say of an identity: at how many they agree, and how likely that is if it is false.

    ``differ``: both sides have different values at one of them, so that it is false.
    """

    points: int
    chance: float
    differ: bool


def evidence(left: Expr, right: Expr, facts: Facts, seed: int = 0) -> Evidence | None:
    """Both sides modulo a prime; ``None`` where that cannot be computed.

    Examples
    --------
    >>> from tensorcalc.notation.lower import read
    >>> one, two = read("tr(A)^2").expr, read("tr(A A)").expr
    >>> evidence(one, one, {}).differ, evidence(one, two, {}).differ
    (False, True)
    """
    variables = probe.variables_of(left, right)
    names = probe.symbols_of((left, right), variables)
    rng = random.Random(seed)
    points, chance = 0, 1.0
    for attempt in range(2 * POINTS):
        sizes = probe.sizes_at(names, attempt, rng)
        try:
            values, degrees = _point(variables, facts, sizes, lambda: rng.randrange(1, PRIME))
            one, two = (Values(values, sizes, RESIDUES).of(side) for side in (left, right))
            degree = _difference(_degree(left, degrees, sizes), _degree(right, degrees, sizes))
        except (_NoValue, ZeroDivisionError, ValueError):
            if points or attempt > 1:
                continue
            return None
        if backends.numpy().any(one != two):
            return Evidence(points, 0.0, differ=True)
        points += 1
        chance *= min(1.0, degree / PRIME)
        if points == POINTS:
            break
    return Evidence(points, chance, differ=False) if points else None


def counterexample(left: Expr, right: Expr, facts: Facts) -> probe.Gap | None:
    """A point with small whole entries at which fractions differ."""
    variables = probe.variables_of(left, right)
    names = probe.symbols_of((left, right), variables)
    rng = probe.generator(1)
    for sizes in probe.assignments(names):
        for _ in range(6):
            point = probe.draw(variables, facts, sizes, rng, probe.WHOLE)
            if point is None or not all((array == array.round()).all() for array in point.values.values()):
                continue
            values = {one.name: _fractions(point.values[one.name], _extents(one, sizes)) for one in variables}
            try:
                one, two = (Values(values, sizes, RATIONALS).of(side) for side in (left, right))
            except (_NoValue, ZeroDivisionError, ValueError):
                continue
            gaps = backends.numpy().asarray(abs(one - two), dtype=object)
            if gaps.any():
                at = max(backends.numpy().ndindex(gaps.shape), key=lambda place: gaps[place])
                scale = max(abs(one[at]), abs(two[at]))
                return probe.Gap(point, float(gaps[at] / scale), at, float(one[at]), float(two[at]))
    return None


def at(expr: Expr, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Array | None:
    """The value of an expression at whole numbers, in fractions; ``None`` where it has none."""
    np = backends.numpy()
    arrays = {}
    for node in probe.variables_of(expr):
        array = np.asarray(values[node.name], dtype=float)
        if not (array == array.round()).all():
            return None
        arrays[node.name] = _fractions(array, _extents(node, sizes))
    try:
        return Values(arrays, sizes, RATIONALS).of(expr)
    except (_NoValue, ZeroDivisionError, ValueError):
        return None


def _extents(node: Expr, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(value(dim, sizes) for dim in node.shape)


def _fractions(array: Array, shape: Sequence[int]) -> Array:
    np = backends.numpy()
    return np.array([Fraction(int(entry)) for entry in np.ravel(array)], dtype=object).reshape(shape)


# -- values ------------------------------------------------------------------------------


class Values:
    """The values of expressions at one point, in one field."""

    def __init__(self, values: Mapping[str, Array], sizes: Mapping[str, int], field: Field) -> None:
        self.values, self.sizes, self.field = values, sizes, field

    def of(self, root: Expr) -> Array:
        """The array of ``root``."""
        done: dict[Expr, Array] = {}
        for node in postorder(root):
            if prod(_extents(node, self.sizes)) > MOST_ENTRIES:
                raise _NoValue
            done[node] = backends.numpy().asarray(self._step(node, done), dtype=object)
        return done[root]

    def _step(self, node: Expr, done: Mapping[Expr, Array]) -> Array:
        np = backends.numpy()
        shape = _extents(node, self.sizes)
        match node:
            case Variable(name=name):
                return self.values[name]
            case Delta(dim=dim):
                if not shape:
                    return self._full((), Fraction(value(dim, self.sizes)))
                found = self._full(shape, Fraction(0))
                for k in range(shape[0]):
                    found[(k,) * len(shape)] = self.field.number(Fraction(1))
                return found
            case Sum(terms=terms):
                total = self._full(shape, Fraction(0))
                for weight, term in terms:
                    total = self.field.reduced(total + self.field.number(weight) * done[term])
                return np.asarray(total, dtype=object)
            case Einsum(operands=operands, subscripts=subscripts):
                return self._product([done[one] for one in operands], subscripts, node.rank, shape)
            case Apply():
                return self._apply(node, [done[argument] for argument in node.arguments], shape)
        raise _NoValue

    def _full(self, shape: tuple[int, ...], number: Fraction) -> Array:
        np = backends.numpy()
        return np.full(shape, self.field.number(number), dtype=object)

    def _product(self, arrays: Sequence[Array], subscripts: Sequence[tuple[int, ...]], rank: int,
                 shape: tuple[int, ...]) -> Array:
        """Factor by factor; an index is summed as soon as nothing else carries it."""
        np = backends.numpy()
        total = self._full((), Fraction(1))
        labels: list[int] = []
        for k in range(len(arrays)):
            array, own = _on_diagonal(arrays[k], list(subscripts[k]))
            union = [*labels, *(label for label in own if label not in labels)]
            total = np.asarray(_placed(total, labels, union) * _placed(array, own, union), dtype=object)
            if total.size > MOST_ENTRIES:
                raise _NoValue
            later = {label for labels_of in subscripts[k + 1:] for label in labels_of} | set(range(rank))
            gone = tuple(axis for axis, label in enumerate(union) if label not in later)
            total = self.field.reduced(np.asarray(total.sum(axis=gone) if gone else total, dtype=object))
            labels = [label for label in union if label in later]
        return np.broadcast_to(_placed(total, labels, range(rank)), shape)

    def _apply(self, node: Apply, inputs: Sequence[Array], shape: tuple[int, ...]) -> Array:
        np = backends.numpy()
        name = node.function.name
        if name == "literal":
            entries = [entry for row in node.function.data for entry in (row if isinstance(row, tuple) else (row,))]
            return np.array([self.field.number(Fraction(entry)) for entry in entries], dtype=object).reshape(shape)
        if name in ("eps", "duplication", "elimination", "tril", "exchange", "convolution", "regroup"):
            whole = constant(node.function, [], shape)
            return np.array([self.field.number(Fraction(int(entry))) for entry in whole.ravel()], dtype=object).reshape(shape)
        if name == "unit":
            return self._unit(node, shape)
        if name == "power":
            exponent = self._whole(node.arguments[1])
            powered = np.vectorize(lambda entry: self._powered(entry, exponent), otypes=[object])
            return np.broadcast_to(powered(inputs[0]), shape)
        if name in ("matpow", "powers"):
            return self._matrix_powers(node, inputs[0], shape)
        if name in ("inv", "det", "adj") and inputs[0].ndim == 2 * (node.function.ways[0] if node.function.ways else 1):
            rows = prod(inputs[0].shape[: inputs[0].ndim // 2])
            inverse, determinant = self._solved(inputs[0].reshape(rows, rows))
            found = {"inv": inverse, "det": np.array(determinant, dtype=object)}.get(name)
            if name == "adj":
                found = None if inverse is None else self.field.reduced(inverse * determinant)
            if found is None:
                raise _NoValue
            return np.asarray(found, dtype=object).reshape(shape)
        raise _NoValue

    def _eye(self, n: int) -> Array:
        eye = self._full((n, n), Fraction(0))
        for k in range(n):
            eye[k, k] = self.field.number(Fraction(1))
        return eye

    def _whole(self, exponent: Expr) -> int:
        """An exponent that is a whole number."""
        known = dimension_of(exponent)
        number = None if known is None else sum(
            (weight * prod(self.sizes[symbol] for symbol in monomial) for monomial, weight in known.items()), Fraction(0))
        if number is None or number.denominator != 1 or abs(number) > 64:
            raise _NoValue
        return int(number)

    def _powered(self, entry: Number, exponent: int) -> Number:
        base = entry if exponent >= 0 else self.field.inverse(entry)
        return self.field.reduced(base ** abs(exponent)) if exponent else self.field.number(Fraction(1))

    def _unit(self, node: Apply, shape: tuple[int, ...]) -> Array:
        at = self._whole(node.arguments[0])
        if not 1 <= at <= shape[0]:
            raise _NoValue
        found = self._full(shape, Fraction(0))
        found[at - 1] = self.field.number(Fraction(1))
        return found

    def _matrix_powers(self, node: Apply, matrix: Array, shape: tuple[int, ...]) -> Array:
        """A power with a symbol as exponent, or the stack of the first powers."""
        np = backends.numpy()
        if matrix.ndim != 2:
            raise _NoValue
        count = shape[0] - 1 if node.function.name == "powers" else self._whole(node.arguments[1])
        if count < 0:
            matrix, count = self._solved(matrix)[0], -count
        if matrix is None or count > 64:
            raise _NoValue
        stack = [self._eye(len(matrix))]
        for _ in range(count):
            stack.append(self.field.reduced(stack[-1] @ matrix))
        return np.array(stack, dtype=object) if node.function.name == "powers" else stack[-1]

    def _solved(self, matrix: Array) -> tuple[Array | None, Number]:
        """The inverse, ``None`` where there is none, and the determinant, by Gauss and Jordan."""
        np = backends.numpy()
        n = len(matrix)
        work = np.concatenate([matrix, self._eye(n)], axis=1)
        determinant = self.field.number(Fraction(1))
        for k in range(n):
            pivot = next((row for row in range(k, n) if work[row, k] != 0), None)
            if pivot is None:
                return None, self.field.number(Fraction(0))
            if pivot != k:
                work[[k, pivot]] = work[[pivot, k]]
                determinant = -determinant
            determinant = self.field.reduced(determinant * work[k, k])
            work[k] = self.field.reduced(work[k] * self.field.inverse(work[k, k]))
            for row in range(n):
                if row != k:
                    work[row] = self.field.reduced(work[row] - work[row, k] * work[k])
        return work[:, n:], determinant


def _on_diagonal(array: Array, labels: list[int]) -> tuple[Array, list[int]]:
    """Axes with the same label as one."""
    np = backends.numpy()
    while len(set(labels)) < len(labels):
        label = next(label for label in labels if labels.count(label) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        array = np.diagonal(array, axis1=first, axis2=second)
        labels = [*(one for k, one in enumerate(labels) if k not in (first, second)), label]
    return array, labels


def _placed(array: Array, labels: Sequence[int], onto: Sequence[int]) -> Array:
    """The array with one axis for each of ``onto``, of size 1 where it has none."""
    array = backends.numpy().asarray(array, dtype=object)
    order = [labels.index(label) for label in onto if label in labels]
    shape = [array.shape[labels.index(label)] if label in labels else 1 for label in onto]
    return array.transpose(order).reshape(shape)


# -- points and degrees ------------------------------------------------------------------


def _point(variables: Sequence[Variable], facts: Facts, sizes: Mapping[str, int],
           number: Callable[[], int]) -> tuple[dict[str, Array], dict[str, Degree]]:
    """Random residues with the structure of each variable, and the degree of its entries in what was drawn.

    Conditions that hold in an open set, as being positive does, decide nothing about equality.
    """
    values, degrees = {}, {}
    for node in variables:
        values[node.name], degrees[node.name] = _drawn(_extents(node, sizes), frozenset(facts.get(node.name, ())), number)
    return values, degrees


_OPEN = {"positive", "nonzero", "nonnegative", "invertible", "spd", "psd"}


def _drawn(shape: tuple[int, ...], facts: frozenset[str], number: Callable[[], int]) -> tuple[Array, Degree]:
    np = backends.numpy()
    array = np.array([number() for _ in range(prod(shape))], dtype=object).reshape(shape)
    rest = facts - _OPEN
    if facts & {"spd", "psd"}:
        rest |= {"symmetric"}
    match sorted(rest):
        case []:
            return array, (1, 0)
        case ["symmetric"]:
            return (array + array.T) % PRIME, (1, 0)
        case ["skew"]:
            return (array - array.T) % PRIME, (1, 0)
        case ["lower"]:
            return np.tril(array), (1, 0)
        case ["diagonal"] | ["diagonal", "symmetric"] | ["diagonal", "lower"]:
            return np.diag(np.diag(array)), (1, 0)
        case ["orthogonal"]:
            return _reflected(shape[0], number), (4, 4)
        case ["unit"]:
            return _reflected(prod(shape), number)[0].reshape(shape), (4, 4)
        case ["simplex"]:
            return array * pow(int(array.sum()), -1, PRIME) % PRIME, (1, 1)
    raise _NoValue


def _reflected(n: int, number: Callable[[], int]) -> Array:
    """A product of one or two reflections, which has either determinant."""
    np = backends.numpy()
    found = np.array([[int(i == j) for j in range(n)] for i in range(n)], dtype=object)
    for _ in range(1 + number() % 2):
        v = np.array([number() for _ in range(n)], dtype=object)
        found = (found - 2 * pow(int((v * v).sum()), -1, PRIME) * np.outer(found @ v % PRIME, v)) % PRIME
    return found


def _difference(one: Degree, two: Degree) -> int:
    """The degree of the numerator of a difference."""
    return max(one[0] + two[1], two[0] + one[1])


def _degree(root: Expr, degrees: Mapping[str, Degree], sizes: Mapping[str, int]) -> Degree:
    """Bounds on the degrees of all entries, over a common denominator."""
    done: dict[Expr, Degree] = {}
    for node in postorder(root):
        inner = [done[child] for child in node.children]
        match node:
            case Variable(name=name):
                done[node] = degrees[name]
            case Sum():
                below = sum(den for _, den in inner)
                done[node] = max((num + below - den for num, den in inner), default=0), below
            case Einsum():
                done[node] = sum(num for num, _ in inner), sum(den for _, den in inner)
            case Apply():
                done[node] = _degree_of(node, inner, sizes)
            case _:
                done[node] = 0, 0
    return done[root]


def _degree_of(node: Apply, inner: Sequence[Degree], sizes: Mapping[str, int]) -> Degree:
    if not inner:
        return 0, 0
    (num, den), n = inner[0], prod(_extents(node.arguments[0], sizes)[: max(1, node.arguments[0].rank // 2)])
    match node.function.name:
        case "inv":
            return den + (n - 1) * num, n * num
        case "det":
            return n * num, n * den
        case "adj":
            return (n - 1) * num, (n - 1) * den
        case "power" | "matpow" | "powers":
            count = 64 * n
            return count * (num + den), count * (num + den)
    return 0, 0
