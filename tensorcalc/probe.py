"""Random points: values for variables, and how far two expressions are apart there.

Knows how to draw a point that has the declared sizes and properties, first with
small integers, which people can check by hand.  Numbers refute; they never prove.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

from . import backends
from .errors import TensorCalcError
from .evaluate import evaluate
from .expr import Apply, Delta, Expr, Variable
from .sizes import symbols, value
from .stand_ins import stand_ins
from .traverse import postorder

Facts = Mapping[str, Collection[str]]
Array = Any

CLEAR = 1e-6     # a relative gap that no rounding explains
TINY = 1e-10     # a relative gap that rounding may explain
FLOOR = 1e-3     # numbers below this are compared as if they were as large
PRIMES = (2, 3, 5, 7, 11, 13)


@dataclass(frozen=True, slots=True)
class Point:
    """Sizes and values of everything that two expressions depend on."""

    sizes: Mapping[str, int]
    values: Mapping[str, Array]
    functions: Mapping[str, Array] = field(default_factory=dict)
    formulas: Mapping[str, str] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, Array]:
        """Values of variables, and callables for unknown functions."""
        return {**self.values, **self.functions}


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two sides are apart at a point: relative to the larger, and where."""

    point: Point
    size: float
    entry: tuple[int, ...]
    left: float
    right: float


def variables_of(*exprs: Expr) -> list[Variable]:
    """The variables of some expressions, by name."""
    found = {node.name: node for node in postorder(*exprs) if isinstance(node, Variable)}
    return [found[name] for name in sorted(found)]


def symbols_of(exprs: Iterable[Expr], variables: Iterable[Variable]) -> list[str]:
    """Every dimension symbol, and every integer symbol, of expressions and variables."""
    found: set[str] = set()
    for node in [*postorder(*exprs), *variables]:
        for dim in (*node.shape, *((node.dim,) if isinstance(node, Delta) else ())):
            found.update(symbols(dim))
    return sorted(found)


def assignments(names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Sizes to try: small and equal, then pairwise different, then ones."""
    yield dict.fromkeys(names, 2)
    if len(names) > 1:
        for order in permutations((2, 3, 4)[: len(names)] if len(names) <= 3 else PRIMES[: len(names)]):
            yield dict(zip(names, order))
            if len(names) > 3:
                break
    yield dict.fromkeys(names, 3)
    yield dict(zip(names, PRIMES * (1 + len(names) // len(PRIMES))))
    yield dict.fromkeys(names, 1)


def generator(seed: int) -> random.Random:
    """A source of random points that gives the same ones again."""
    return random.Random(seed)


def draw(variables: Sequence[Variable], facts: Facts, sizes: Mapping[str, int], rng: random.Random,
         whole: bool = True) -> Point:
    """A point; with ``whole`` of small integers where the properties allow it."""
    values = {v.name: _merged(v, _sample([value(dim, sizes) for dim in v.shape], frozenset(facts.get(v.name, ())), rng, whole))
              for v in variables}
    return Point(dict(sizes), values)


def _merged(variable: Variable, array: Array) -> Array:
    """The array as the user passes it, split axes put together."""
    if not variable.groups:
        return array
    shape, at = [], 0
    for count in variable.groups:
        size = 1
        for extent in array.shape[at : at + count]:
            size *= extent
        shape.append(size)
        at += count
    return array.reshape(shape)


def _sample(shape: Sequence[int], facts: frozenset[str], rng: random.Random, whole: bool) -> Array:
    np = backends.numpy()
    positive = bool(facts & {"positive", "simplex"})

    def entries(*extent: int) -> Array:
        count = 1
        for size in extent:
            count *= size
        if whole:
            numbers: list[float] = [rng.choice((1, 2, 3, 4) if positive else (-2, -1, 1, 2, 3) if "nonzero" in facts
                                               else (-2, -1, 0, 1, 2, 3)) for _ in range(count)]
        else:
            numbers = [rng.uniform(0.3, 1.8) if positive else rng.gauss(0, 1) for _ in range(count)]
        return np.array(numbers, dtype=float).reshape(extent)

    if len(shape) == 2 and shape[0] == shape[1]:
        return _square(shape[0], facts, entries, rng)
    array = entries(*shape)
    if "simplex" in facts:
        return array / array.sum()
    if "unit" in facts:
        length = np.sqrt((array * array).sum())
        return array / length if length else np.eye(1, array.size)[0].reshape(shape)
    return array


def _square(n: int, facts: frozenset[str], entries: Any, rng: random.Random) -> Array:
    np = backends.numpy()
    if "orthogonal" in facts:
        q = np.eye(n)
        for _ in range(1 + rng.randrange(2)):
            v = entries(n, 1)
            if (v * v).sum():
                q = q @ (np.eye(n) - 2 * v @ v.T / (v * v).sum())
        return q
    for _ in range(200):
        a = entries(n, n)
        if facts & {"spd", "psd"}:
            a = a @ a.T + (np.eye(n) if "spd" in facts else 0)
        elif "diagonal" in facts:
            a = np.diag(np.diag(a))
        elif "symmetric" in facts:
            a = np.tril(a) + np.tril(a, -1).T
        elif "skew" in facts:
            a = np.tril(a, -1) - np.tril(a, -1).T
        elif "lower" in facts:
            a = np.tril(a)
        if "skew" in facts or not facts & {"invertible", "nonzero"} or abs(np.linalg.det(a)) > 0.5:
            return a
    return a


def compare(left: Expr, right: Expr, point: Point) -> Gap | None:
    """The gap between two sides at a point; ``None`` where one of them is not defined."""
    np = backends.numpy()
    if not point.functions:
        functions, formulas = stand_ins((left, right), len(point.sizes))
        point = replace(point, functions=functions, formulas=formulas) if functions else point
    with np.errstate(all="ignore"):
        try:
            if not defined((left, right), point):
                return None
            a = np.asarray(evaluate(left, point.everything, point.sizes), dtype=float)
            b = np.asarray(evaluate(right, point.everything, point.sizes), dtype=float)
        except (TensorCalcError, np.linalg.LinAlgError, ZeroDivisionError, OverflowError):
            return None
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            return None
    if not a.size:
        return None
    scale = max(float(np.abs(a).max()), float(np.abs(b).max()), FLOOR)
    if scale > 1e12:
        return None
    gaps = np.abs(a - b)
    at = tuple(int(k) for k in np.unravel_index(int(gaps.argmax()), gaps.shape))
    return Gap(point, float(gaps.max()) / scale, at, float(a[at]), float(b[at]))


_CONDITIONED = {"inv", "logdet", "logm", "sqrtm", "pinv", "chol"}


def defined(sides: Sequence[Expr], point: Point) -> bool:
    """Whether every matrix that is inverted, or the like, is far from singular."""
    np = backends.numpy()
    for node in postorder(*sides):
        if isinstance(node, Apply) and node.function.name in _CONDITIONED:
            matrix = np.asarray(evaluate(node.arguments[0], point.everything, point.sizes), dtype=float)
            half = node.arguments[0].rank // 2 if not node.function.ways else node.function.ways[0]
            rows = int(np.prod(matrix.shape[:half]))
            if not np.isfinite(matrix).all() or np.linalg.cond(matrix.reshape(rows, -1)) > 1e6:
                return False
    return True


def gaps(left: Expr, right: Expr, facts: Facts, count: int = 6, seed: int = 0,
         accept: Any = None) -> list[Gap]:
    """Gaps at random points with pairwise different sizes, and with equal ones."""
    variables = variables_of(left, right)
    names = symbols_of((left, right), variables)
    rng = random.Random(seed)
    found: list[Gap] = []
    for attempt in range(6 * count):
        if len(found) >= count:
            break
        order = list(PRIMES[: max(len(names), 1)]) if len(names) <= 4 else [2 + k % 4 for k in range(len(names))]
        rng.shuffle(order)
        sizes = dict(zip(names, order)) if attempt % 2 == 0 else dict.fromkeys(names, 2 + attempt % 3)
        point = draw(variables, facts, sizes, rng, whole=attempt % 3 == 2)
        if accept is not None and not accept(point):
            continue
        gap = compare(left, right, point)
        if gap is not None:
            found.append(gap)
    return found


def differ(found: Sequence[Gap]) -> bool:
    """Whether gaps show a difference that rounding cannot explain."""
    if not found:
        return False
    sizes = sorted(gap.size for gap in found)
    return sizes[-1] > 1e-5 or (sizes[0] > TINY and sizes[len(sizes) // 2] > 10 * TINY)


def smallest(left: Expr, right: Expr, facts: Facts, found: Sequence[Gap], seed: int = 1, accept: Any = None) -> Gap:
    """A counterexample that is easy to check: small sizes, small integers; else the clearest found."""
    variables = variables_of(left, right)
    names = symbols_of((left, right), variables)
    rng = random.Random(seed)
    clear = max(gap.size for gap in found)
    enough = min(CLEAR, clear / 10)
    for sizes in assignments(names):
        for attempt in range(12):
            point = draw(variables, facts, sizes, rng, whole=attempt < 8)
            if accept is not None and not accept(point):
                continue
            gap = compare(left, right, point)
            if gap is not None and gap.size > max(enough, 1e-8 if clear < 1e-5 else CLEAR):
                return gap
    return max(found, key=lambda gap: gap.size)
