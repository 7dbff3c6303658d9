"""Random points: values for variables, and how far two expressions are apart there.

Knows how to draw a point that has the declared sizes and properties, first with
small integers, which people can check by hand.  Numbers refute; they never prove.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import permutations
from typing import Any

from ..algebra.build import add, base_and_exponent, rebuild, variable
from ..algebra.expr import Apply, Delta, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..calculus.differentiate import derivative
from ..errors import TensorCalcError
from ..numbers import backends
from ..numbers.evaluate import evaluate
from ..sizes import symbols, value
from .stand_ins import stand_ins

Facts = Mapping[str, Collection[str]]
Array = Any

Onto = Callable[["Point"], "Point | None"]
"""Moves a point to where declared equations hold."""

CLEAR = 1e-6     # a relative gap that is large enough to be seen
TINY = 1e-10     # a relative gap that is not worth a look
LOOSE = 1e-4     # the same where a point meets declared equations only up to rounding
FLOOR = 1e-3     # numbers below this are compared as if they were as large
PRIMES = (2, 3, 5, 7, 11, 13)
PATIENCE = 1.5   # seconds of processor time for points, where values are slow to compute


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


def sizes_at(names: Sequence[str], attempt: int, rng: random.Random) -> dict[str, int]:
    """Sizes to try: pairwise different ones and equal ones by turns."""
    if attempt % 2:
        return dict.fromkeys(names, 2 + attempt % 3)
    order = list(PRIMES[: max(len(names), 2)]) if len(names) <= 4 else [2 + k % 4 for k in range(len(names))]
    if attempt % 4:
        order.reverse()
    else:
        rng.shuffle(order)
    return dict(zip(names, order))


# -- values ------------------------------------------------------------------------------

REAL, WHOLE, CORNER = range(3)
"""Kinds of points: real numbers, small integers, and only -1, 0 and 1, where special cases are."""

_CHOICES = {
    WHOLE: {"": (-2, -1, 0, 1, 2, 3), "nonzero": (-2, -1, 1, 2, 3), "positive": (1, 2, 3, 4),
            "nonnegative": (0, 1, 2, 3)},
    CORNER: {"": (-1, 0, 0, 1), "nonzero": (-1, 1), "positive": (1, 1, 2), "nonnegative": (0, 1)},
}
_ATTEMPTS = 60


def draw(variables: Sequence[Variable], facts: Facts, sizes: Mapping[str, int], rng: random.Random,
         kind: int = WHOLE) -> Point | None:
    """A point with the declared properties; ``None`` where none was found.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> point = draw([variable("S", "n", "n")], {"S": ["skew"]}, {"n": 2}, generator(0))
    >>> point.values["S"].tolist()
    [[0.0, 2.0], [-2.0, 0.0]]
    """
    values = {}
    for node in variables:
        array = _sample([value(dim, sizes) for dim in node.shape], frozenset(facts.get(node.name, ())), rng, kind)
        if array is None:
            return None
        values[node.name] = _merged(node, array)
    return Point(dict(sizes), values)


def _merged(node: Variable, array: Array) -> Array:
    """The array as the user passes it, split axes put together."""
    if not node.groups:
        return array
    shape, at = [], 0
    for count in node.groups:
        size = 1
        for extent in array.shape[at : at + count]:
            size *= extent
        shape.append(size)
        at += count
    return array.reshape(shape)


def _sample(shape: Sequence[int], facts: frozenset[str], rng: random.Random, kind: int) -> Array | None:
    """An array with the properties ``facts``."""
    square = len(shape) == 2 and shape[0] == shape[1]
    for _ in range(_ATTEMPTS):
        array = _square(shape[0], facts, rng, kind) if square else _entries(shape, facts, rng, kind)
        array = projected(array, facts & {"simplex", "unit"})
        if array is not None and has(array, facts):
            return array
    return None


def _entries(shape: Sequence[int], facts: frozenset[str], rng: random.Random, kind: int) -> Array:
    np = backends.numpy()
    count = 1
    for size in shape:
        count *= size
    word = next((word for word in ("positive", "nonnegative", "nonzero") if word in facts), "")
    word = "nonnegative" if "simplex" in facts and not word else word
    if kind != REAL:
        numbers = [float(rng.choice(_CHOICES[kind][word])) for _ in range(count)]
    else:
        signed = word in ("", "nonzero")
        numbers = [rng.gauss(0, 1) if signed else rng.uniform(0.3, 1.8) for _ in range(count)]
    return np.array(numbers).reshape(tuple(shape))


def _square(n: int, facts: frozenset[str], rng: random.Random, kind: int) -> Array:
    """A square matrix with the structure that ``facts`` name."""
    np = backends.numpy()
    if "orthogonal" in facts:
        return _orthogonal(n, facts, rng, kind)
    a = _entries((n, n), facts, rng, kind)
    if "diagonal" in facts:
        d = np.diag(a)
        return np.diag(abs(d) + (d == 0) if "spd" in facts else abs(d) if "psd" in facts else d)
    if "spd" in facts:
        return a @ a.T + np.eye(n)
    if "psd" in facts:
        a = a[:, : rng.randint(max(1, n - 1), n)]
        return a @ a.T
    return projected(a, facts & {"symmetric", "skew", "lower"})


def _orthogonal(n: int, facts: frozenset[str], rng: random.Random, kind: int) -> Array:
    """A product of reflections; a diagonal of signs; one reflection where it is to be symmetric."""
    np = backends.numpy()
    if "diagonal" in facts:
        return np.diag([float(rng.choice((-1, 1))) for _ in range(n)])
    q = np.eye(n)
    for _ in range(1 if "symmetric" in facts else 1 + rng.randrange(2)):
        v = _entries((n, 1), frozenset(), rng, kind)
        if (v * v).sum():
            q = q @ (np.eye(n) - 2 * v @ v.T / (v * v).sum())
    return q


def projected(array: Array, facts: Collection[str]) -> Array | None:
    """An array near ``array`` with the properties ``facts``; ``None`` where there is none."""
    np = backends.numpy()
    if "diagonal" in facts:
        array = np.diag(np.diag(array))
    if "lower" in facts:
        array = np.tril(array)
    if {"symmetric", "spd", "psd"} & set(facts):
        array = np.tril(array) + np.tril(array, -1).T
    if "skew" in facts:
        array = np.tril(array, -1) - np.tril(array, -1).T
    if "orthogonal" in facts:
        left, _, right = np.linalg.svd(array)
        array = left @ right
    total = array.sum() if "simplex" in facts else np.sqrt((array * array).sum()) if "unit" in facts else 1.0
    return array / total if total else None


def has(array: Array, facts: Collection[str]) -> bool:
    """Whether an array has the properties ``facts``.

    Examples
    --------
    >>> import numpy as np
    >>> has(np.eye(2), ["spd", "orthogonal"]), has(np.eye(2), ["skew"])
    (True, False)
    """
    return all(_TESTS[fact](array) for fact in facts if fact in _TESTS)


def _near(a: Array, b: Array) -> bool:
    return bool(abs(a - b).max(initial=0.0) < 1e-9 * max(1.0, abs(a).max(initial=0.0)))


def _smallest_eigenvalue(a: Array) -> float:
    return float(backends.numpy().linalg.eigvalsh(a)[0])


def _on_pattern(a: Array) -> Array:
    """The entries of an array; of a triangular matrix, where others are zero by structure, those on its diagonal."""
    np = backends.numpy()
    square = a.ndim == 2 and a.shape[0] == a.shape[1]
    return np.diag(a) if square and not np.triu(a, 1).any() else a


_TESTS: dict[str, Any] = {
    "symmetric": lambda a: _near(a, a.T),
    "skew": lambda a: _near(a, -a.T),
    "diagonal": lambda a: not (a - backends.numpy().diag(backends.numpy().diag(a))).any(),
    "lower": lambda a: not backends.numpy().triu(a, 1).any(),
    "orthogonal": lambda a: _near(a @ a.T, backends.numpy().eye(len(a))),
    "spd": lambda a: _near(a, a.T) and _smallest_eigenvalue(a) > 1e-9,
    "psd": lambda a: _near(a, a.T) and _smallest_eigenvalue(a) > -1e-9,
    "positive": lambda a: bool((_on_pattern(a) > 0).all()),
    "nonnegative": lambda a: bool((a >= 0).all()),
    "nonzero": lambda a: bool((_on_pattern(a) != 0).all()),
    "simplex": lambda a: bool((a >= 0).all() and abs(a.sum() - 1) < 1e-9),
    "invertible": lambda a: backends.numpy().linalg.matrix_rank(a) == min(a.shape),
    "unit": lambda a: abs((a * a).sum() - 1) < 1e-9,
}
"""How to see whether an array has a declared property."""


# -- comparing ---------------------------------------------------------------------------


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
    return Gap(point, float(gaps.max()) / scale, at, float(a[at]) + 0.0, float(b[at]) + 0.0)


_CONDITIONED = {"inv", "logdet", "logm", "sqrtm", "pinv", "chol"}


def defined(sides: Sequence[Expr], point: Point) -> bool:
    """Whether every matrix that is inverted, or the like, is far from singular."""
    np = backends.numpy()
    for node in postorder(*sides):
        if isinstance(node, Apply) and node.function.name in _CONDITIONED:
            matrix = np.asarray(evaluate(node.arguments[0], point.everything, point.sizes), dtype=float)
            if not np.isfinite(matrix).all() or (np.linalg.cond(_square_of(matrix, node)) > 1e6).any():
                return False
    return True


def gaps(left: Expr, right: Expr, facts: Facts, count: int = 6, seed: int = 0, onto: Onto | None = None,
         corners: int = 0, within: Sequence[Expr] = ()) -> list[Gap]:
    """Gaps at ``count`` random points where both sides, and all ``within``, are defined, and at so many ``corners``."""
    variables = variables_of(left, right, *within)
    names = symbols_of((left, right, *within), variables)
    rng = random.Random(seed)
    found: list[Gap] = []

    def look(sizes: Mapping[str, int], kind: int) -> None:
        point = draw(variables, facts, sizes, rng, kind)
        if point is not None and onto is not None:
            point = onto(point)
        if point is None or any(compare(expr, expr, point) is None for expr in within):
            return
        gap = compare(left, right, point)
        if gap is not None:
            found.append(gap)

    enough = time.thread_time() + PATIENCE
    for attempt in range(6 * count):
        if len(found) < (count if time.thread_time() < enough else 2):
            look(sizes_at(names, attempt, rng), WHOLE if attempt % 3 == 2 else REAL)
    for attempt in range(corners if time.thread_time() < enough else 0):
        look(dict.fromkeys(names, 1 + attempt % 3), CORNER)
    return found


def differ(found: Sequence[Gap]) -> bool:
    """Whether gaps show a difference that rounding can hardly explain."""
    if not found:
        return False
    sizes = sorted(gap.size for gap in found)
    return sizes[-1] > 1e-5 or (sizes[0] > TINY and sizes[len(sizes) // 2] > 10 * TINY)


def surest(left: Expr, right: Expr, found: Sequence[Gap], least: float = TINY) -> Gap | None:
    """The largest gap that is no mere rounding."""
    clearest = sorted((gap for gap in found if gap.size > least), key=lambda gap: -gap.size)
    return next((gap for gap in clearest[:8] if beyond_rounding(left, right, gap)), None)


def counterexample(left: Expr, right: Expr, facts: Facts, found: Sequence[Gap], onto: Onto | None = None) -> Gap | None:
    """The gap that is easiest to check: at small sizes and integers, else the clearest; ``None`` for mere rounding."""
    least = TINY if onto is None else LOOSE
    sure = surest(left, right, found, least)
    if sure is None:
        return None
    variables = variables_of(left, right)
    names = symbols_of((left, right), variables)
    rng = random.Random(1)
    enough = max(least, min(CLEAR, sure.size / 10))
    patience = time.thread_time() + PATIENCE
    for sizes in assignments(names):
        for attempt in range(12):
            if time.thread_time() > patience:
                return sure
            point = draw(variables, facts, sizes, rng, (WHOLE, WHOLE, CORNER)[attempt % 3] if attempt < 9 else REAL)
            if point is not None and onto is not None:
                point = onto(point)
            gap = None if point is None else compare(left, right, point)
            if gap is not None and gap.size > enough and beyond_rounding(left, right, gap):
                return gap
    return sure


_SHAKE = 1e-11   # the relative error put on every step, a hundred thousand times that of double precision
_SHARE = 1e-2    # the part of its effect that a gap must exceed


def beyond_rounding(left: Expr, right: Expr, gap: Gap) -> bool:
    """Whether a gap is far larger than what errors in every step of the evaluation make of it.

    This tells a difference from the cancellation of large terms, from a matrix that is nearly
    singular, and from a sign of what should be zero.
    """
    np = backends.numpy()
    moved = 0.0
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        try:
            with np.errstate(all="ignore"):
                shaken = [_shaken(side, gap.point, rng) for side in (left, right)]
                if not all(_steady(side, gap.point, done) for side, done in zip((left, right), shaken)):
                    return False
        except (TensorCalcError, np.linalg.LinAlgError, ZeroDivisionError, OverflowError):
            return False
        for side, done, exact in zip((left, right), shaken, (gap.left, gap.right)):
            moved += abs(float(done[side][gap.entry]) - exact) if side in done else 0.0
    return abs(gap.left - gap.right) > _SHARE * moved


def _shaken(expr: Expr, point: Point, rng: Any) -> dict[Expr, Array]:
    """The values of all steps, each a little off; numbers and sizes stay exact, and have no entry."""
    np = backends.numpy()
    done: dict[Expr, Array] = {}
    for node in postorder(expr):
        if isinstance(node, Variable):
            array = np.asarray(evaluate(node, point.everything, point.sizes), dtype=float)
        elif any(child in done for child in node.children):
            names = {child: variable(f"step{k}", *child.shape) for k, child in enumerate(node.children)
                     if child in done}
            values = {name.name: done[child] for child, name in names.items()}
            step = rebuild(node, [names.get(child, child) for child in node.children])
            array = np.asarray(evaluate(step, {**values, **point.functions}, point.sizes), dtype=float)
        else:
            continue
        done[node] = array * (1 + _SHAKE * rng.standard_normal(array.shape))
    return done


_FAR = 1e3   # how many times its own change a number must be away from where a function jumps or has no value


def _steady(expr: Expr, point: Point, shaken: Mapping[Expr, Array]) -> bool:
    """Whether no step has its argument where rounding decides: a jump, a kink, a pole, a singular matrix."""
    np = backends.numpy()
    for node in postorder(expr):
        if not isinstance(node, Apply) or not any(child in shaken for child in node.children):
            continue
        name = node.function.name
        _, exponent = base_and_exponent(node)
        if name in _CONDITIONED:
            exact, moved = (_square_of(array, node) for array in _both(node.arguments[0], point, shaken))
            smallest = np.linalg.svd(exact, compute_uv=False)[..., -1]
            if (smallest <= _FAR * np.sqrt(((exact - moved) ** 2).sum((-2, -1)))).any():
                return False
        elif name in _JUMPS or (name == "power" and not _is_count(exponent)):
            pairs = [_both(argument, point, shaken) for argument in node.arguments[: 2 if name in ("max", "min") else 1]]
            exact, moved = pairs[0] if len(pairs) == 1 else (pairs[0][k] - pairs[1][k] for k in (0, 1))
            away = (abs(exact) > _FAR * abs(exact - moved)) | (exact == moved)
            whole = exact == np.round(exact)
            if not (away | (whole & all(_is_integral(argument, point) for argument in node.arguments))).all():
                return False
    return True


_JUMPS = {"log", "sign", "relu", "max", "min"}
_INTEGRAL = {"det", "adj", "abs", "sign", "relu", "max", "min", "eps", "unit", "duplication", "elimination",
             "regroup", "tril"}


def _is_count(exponent: Expr | Fraction) -> bool:
    return isinstance(exponent, Fraction) and exponent.denominator == 1 and exponent > 0


def _is_integral(expr: Expr, point: Point) -> bool:
    """Whether a value is a whole number because all that it is made of are."""
    np = backends.numpy()
    for node in postorder(expr):
        match node:
            case Variable():
                array = np.asarray(point.values[node.name], dtype=float)
                whole = bool((array == array.round()).all())
            case Sum():
                whole = all(weight.denominator == 1 for weight, _ in node.terms)
            case Apply():
                name = node.function.name
                whole = name in _INTEGRAL or (name == "power" and _is_count(base_and_exponent(node)[1]))
            case _:
                whole = True
        if not whole:
            return False
    return True


def _both(expr: Expr, point: Point, shaken: Mapping[Expr, Array]) -> tuple[Array, Array]:
    """A value as it is, and a little off."""
    exact = backends.numpy().asarray(evaluate(expr, point.everything, point.sizes), dtype=float)
    return exact, shaken.get(expr, exact)


def _square_of(array: Array, node: Apply) -> Array:
    """The matrix, or the stack of them, whose inverse or the like a node is."""
    half = node.function.ways[0] if node.function.ways else 1
    axes = array.ndim - 2 * half if node.function.ways else array.ndim - 2
    rows = 1
    for size in array.shape[axes : axes + half]:
        rows *= size
    return array.reshape(*array.shape[:axes], rows, -1)


# -- declared equations ------------------------------------------------------------------

_NEWTON = 30


def onto(equations: Sequence[tuple[Expr, Expr]], facts: Facts) -> Onto:
    """Moves points to where ``equations`` hold, by Gauss-Newton steps."""
    residuals = [add([(1, left), (-1, right)], left.shape) for left, right in equations]
    free = variables_of(*residuals)
    slopes = [[derivative(residual, by) for by in free] for residual in residuals]

    def move(point: Point) -> Point | None:
        try:
            for _ in range(_NEWTON):
                rest = _stacked(residuals, point)
                if abs(rest).max(initial=0.0) < 1e-13:
                    settled = all(_settled(point.values[by.name], facts.get(by.name, ())) for by in free)
                    return point if settled else None
                found = _stepped(point, free, slopes, rest, facts)
                if found is None:
                    return None
                point = found
        except (TensorCalcError, backends.numpy().linalg.LinAlgError):
            return None
        return None

    return move


def _settled(array: Array, facts: Collection[str]) -> bool:
    """Whether an array is of ordinary size, so that an error of the last digits is one, and kept its structure."""
    size = float(abs(array).max(initial=0.0))
    return (size == 0.0 or 1e-2 < size < 1e3) and has(array, facts)


def _stacked(exprs: Sequence[Expr], point: Point) -> Array:
    np = backends.numpy()
    return np.concatenate([np.ravel(evaluate(expr, point.everything, point.sizes)) for expr in exprs])


def _stepped(point: Point, free: Sequence[Variable], slopes: Sequence[Sequence[Expr]], rest: Array,
             facts: Facts) -> Point | None:
    """The point after one step, its structure restored."""
    np = backends.numpy()
    if not np.isfinite(rest).all():
        return None
    widths = [point.values[by.name].size for by in free]
    rows = [[np.reshape(evaluate(slope, point.everything, point.sizes), (-1, width))
             for slope, width in zip(row, widths)] for row in slopes]
    step = np.linalg.lstsq(np.block(rows), -rest, rcond=None)[0]
    values, at = dict(point.values), 0
    for by, width in zip(free, widths):
        old = values[by.name]
        moved = projected(old + step[at : at + width].reshape(old.shape), facts.get(by.name, ()))
        if moved is None:
            return None
        values[by.name] = moved
        at += width
    return replace(point, values=values)
