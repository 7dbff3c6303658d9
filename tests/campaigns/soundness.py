"""Random claims, true and false, against the verdicts on them.

    python tests/campaigns/soundness.py --count 2000 --seed 7

A claim is a random formula and a second one that was made of it by rules which hold, or
by those and one mistake.  What is true is found here alone: formulas are trees of this
module, written out as text for the engine, and evaluated in extended precision by the
few lines below.  A verdict is wrong where something proved differs at some point, where
something true is refuted, or where a counterexample does not recompute.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from tensorcalc.service import handle

Array = Any
Size = tuple[str, ...]          # the symbols whose product a side of a matrix has
Real = np.longdouble

# -- formulas ----------------------------------------------------------------------------


class Tree(NamedTuple):
    """A formula: an operation, its operands, its rows and columns; a number has neither."""

    head: str
    parts: tuple[Any, ...]
    rows: Size = ()
    cols: Size = ()

    @property
    def kind(self) -> tuple[Size, Size]:
        return self.rows, self.cols

    @property
    def square(self) -> bool:
        return self.rows == self.cols


VARIABLES: dict[str, tuple[Size, Size, str]] = {
    "A": (("n",), ("n",), ""), "B": (("n",), ("n",), ""), "S": (("n",), ("n",), "symmetric"), "K": (("n",), ("n",), "skew"),
    "P": (("n",), ("n",), "spd"), "Q": (("n",), ("n",), "orthogonal"), "D": (("n",), ("n",), "diagonal"),
    "M": (("m",), ("m",), ""), "R": (("m",), ("m",), "spd"), "X": (("n",), ("m",), ""), "Y": (("n",), ("m",), ""),
    "Z": (("m",), ("n",), ""), "x": (("n",), (), ""), "y": (("n",), (), ""), "z": (("n",), (), "positive"), "u": (("m",), (), ""),
    "v": (("m",), (), ""), "a": ((), (), ""), "b": ((), (), ""), "c": ((), (), "positive"),
}
SIZES = {name: [*rows, *cols] for name, (rows, cols, _) in VARIABLES.items()}
FACTS = {name: fact for name, (_, _, fact) in VARIABLES.items() if fact}
DECLARED = {"vars": SIZES, "assume": FACTS}


def var(name: str) -> Tree:
    rows, cols, _ = VARIABLES[name]
    return Tree("var", (name,), rows, cols)


def number(value: Fraction | int) -> Tree:
    return Tree("number", (Fraction(value),))


def eye(size: Size) -> Tree:
    return Tree("eye", (size,), size, size)


def ones(rows: Size, cols: Size = ()) -> Tree:
    return Tree("ones", (), rows, cols)


def turned(a: Tree) -> Tree:
    return Tree("'", (a,), a.cols, a.rows)


def times(a: Tree, b: Tree) -> Tree:
    """A product; a number scales."""
    if a.kind == ((), ()) or b.kind == ((), ()):
        return Tree("*", (a, b), *(b if a.kind == ((), ()) else a).kind)
    assert a.cols == b.rows
    return Tree("*", (a, b), a.rows, b.cols)


def plus(a: Tree, b: Tree) -> Tree:
    return Tree("+", (a, b), *a.kind)


def minus(a: Tree, b: Tree) -> Tree:
    return Tree("-", (a, b), *a.kind)


def entrywise(a: Tree, b: Tree) -> Tree:
    return Tree(".*", (a, b), *a.kind)


def kron(a: Tree, b: Tree) -> Tree:
    return Tree("kron", (a, b), a.rows + b.rows, a.cols + b.cols)


def call(name: str, a: Tree) -> Tree:
    """A function: of a matrix to a number, to a vector, or of the same shape."""
    if name in ("tr", "det", "logdet", "sum", "norm2", "norm1"):
        return Tree(name, (a,))
    if name == "vec":
        return Tree(name, (a,), a.cols + a.rows)
    if name == "diag":
        return Tree(name, (a,), a.rows, () if a.cols else a.rows)
    return Tree(name, (a,), *a.kind)


def power(a: Tree, exponent: int) -> Tree:
    return Tree("^", (a, exponent), *a.kind)


def nodes(tree: Tree) -> Iterator[Tree]:
    yield tree
    for part in tree.parts:
        if isinstance(part, Tree):
            yield from nodes(part)


def size_of(tree: Tree) -> int:
    return sum(1 for _ in nodes(tree))


def replaced(tree: Tree, at: int, new: Tree) -> Tree:
    """The tree with its node number ``at``, counted as :func:`nodes` does, replaced."""
    if at == 0:
        return new
    at -= 1
    parts = []
    for part in tree.parts:
        if isinstance(part, Tree):
            count = size_of(part)
            parts.append(replaced(part, at, new) if 0 <= at < count else part)
            at -= count
        else:
            parts.append(part)
    return tree._replace(parts=tuple(parts))


def text(tree: Tree, rng: random.Random) -> str:
    """The formula as users write it; brackets and signs of a product vary."""
    match tree.head:
        case "var":
            return str(tree.parts[0])
        case "number":
            value = tree.parts[0]
            return f"({value})" if value < 0 or value.denominator > 1 else str(value)
        case "eye":
            return f"eye({'*'.join(tree.rows)})"
        case "ones":
            return f"ones({', '.join('*'.join(size) for size in tree.kind if size)}){'' if tree.rows else chr(39)}"
        case "'":
            inner = tree.parts[0]
            return f"{text(inner, rng)}'" if inner.head == "var" else f"({text(inner, rng)})'"
        case "^":
            return f"({text(tree.parts[0], rng)})^{tree.parts[1] if tree.parts[1] >= 0 else f'({tree.parts[1]})'}"
        case "*" | "+" | "-" | ".*":
            left, right = (text(part, rng) for part in tree.parts)
            sign = rng.choice(("*", " ", "@")) if tree.head == "*" and all(part.rows or part.cols for part in tree.parts) else tree.head
            return f"({left} {sign} {right})" if sign != " " else f"(({left}) ({right}))"
        case "kron":
            return f"kron({text(tree.parts[0], rng)}, {text(tree.parts[1], rng)})"
        case name:
            return f"{name}({text(tree.parts[0], rng)})"


# -- values, in extended precision -------------------------------------------------------


def inverse(a: Array) -> Array:
    """Gauss and Jordan, with pivots."""
    n = len(a)
    work = np.concatenate([a, np.eye(n, dtype=Real)], axis=1)
    for k in range(n):
        pivot = k + int(np.argmax(abs(work[k:, k])))
        work[[k, pivot]] = work[[pivot, k]]
        work[k] /= work[k, k]
        for row in range(n):
            if row != k:
                work[row] -= work[row, k] * work[k]
    return work[:, n:]


def determinant(a: Array) -> Array:
    a, sign = a.copy(), Real(1)
    for k in range(len(a)):
        pivot = k + int(np.argmax(abs(a[k:, k])))
        if a[pivot, k] == 0:
            return Real(0)
        if pivot != k:
            a[[k, pivot]] = a[[pivot, k]]
            sign = -sign
        for row in range(k + 1, len(a)):
            a[row] -= a[row, k] / a[k, k] * a[k]
    return sign * np.prod(np.diag(a))


def exponential(a: Array) -> Array:
    """The series of a matrix scaled down, squared up again."""
    halvings = max(0, int(np.ceil(np.log2(float(abs(a).sum()) + 1e-30))) + 3)
    small, term = a / Real(2) ** halvings, np.eye(len(a), dtype=Real)
    total = term
    for k in range(1, 30):
        term = term @ small / k
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "'": lambda a: a.T, "inv": inverse, "expm": exponential, "exp": np.exp, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    "abs": np.abs, "log": np.log, "sqrt": np.sqrt, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0),
    "softplus": lambda a: np.log1p(np.exp(a)), "sign": np.sign, "tr": np.trace, "sum": lambda a: a.sum(),
    "det": determinant, "logdet": lambda a: np.log(abs(determinant(a))), "norm1": lambda a: abs(a).sum(),
    "norm2": lambda a: np.sqrt((a * a).sum()), "vec": lambda a: a.reshape(-1, 1, order="F"),
    "diag": lambda a: np.diag(a[:, 0]) if a.shape[1] == 1 else np.diag(a).reshape(-1, 1),
}


def value(tree: Tree, values: dict[str, Array], dims: dict[str, int]) -> Array:
    """The value as an array with two axes."""
    extent = [int(np.prod([dims[s] for s in size], dtype=int)) for size in tree.kind]
    match tree.head:
        case "var":
            return np.asarray(values[tree.parts[0]], dtype=Real).reshape(extent)
        case "number":
            found = tree.parts[0]
            return np.full((1, 1), Real(found.numerator) / Real(found.denominator))
        case "eye":
            return np.eye(extent[0], dtype=Real)
        case "ones":
            return np.ones(extent, dtype=Real)
        case "^":
            base = value(tree.parts[0], values, dims)
            base = inverse(base) if tree.parts[1] < 0 else base
            result = np.eye(len(base), dtype=Real)
            for _ in range(abs(tree.parts[1])):
                result = result @ base
            return result
    inner = [value(part, values, dims) for part in tree.parts]
    match tree.head:
        case "*":
            scales = any(part.kind == ((), ()) for part in tree.parts)
            return inner[0] * inner[1] if scales else inner[0] @ inner[1]
        case "+":
            return inner[0] + inner[1]
        case "-":
            return inner[0] - inner[1]
        case ".*":
            return inner[0] * inner[1]
        case "kron":
            return np.kron(inner[0], inner[1])
        case name:
            return np.reshape(FUNCTIONS[name](inner[0]), extent)


def point(rng: random.Random, dims: dict[str, int]) -> dict[str, Array]:
    """Values of all variables, with their properties."""
    g = np.random.default_rng(rng.getrandbits(32))
    values = {}
    for name, (rows, cols, fact) in VARIABLES.items():
        shape = [dims[s] for s in (*rows, *cols)]
        array = g.normal(size=shape).astype(Real)
        if fact == "positive":
            array = abs(array) + Real(0.2)
        elif fact == "symmetric":
            array = array + array.T
        elif fact == "skew":
            array = array - array.T
        elif fact == "spd":
            array = array @ array.T / shape[0] + np.eye(shape[0], dtype=Real)
        elif fact == "diagonal":
            array = np.diag(np.diag(array) + np.sign(np.diag(array)))
        elif fact == "orthogonal":
            w = array - array.T
            array = (np.eye(shape[0], dtype=Real) - w) @ inverse(np.eye(shape[0], dtype=Real) + w)
        values[name] = array
    return values


POINTS = ({"n": 3, "m": 2}, {"n": 2, "m": 4}, {"n": 4, "m": 3}, {"n": 3, "m": 4})


def gap(left: Tree, right: Tree, rng: random.Random) -> float | None:
    """The largest relative difference at some points; ``None`` where a side has no ordinary value."""
    worst = 0.0
    for dims in POINTS:
        values = point(rng, dims)
        with np.errstate(all="ignore"):
            a, b = value(left, values, dims), value(right, values, dims)
        scale = max(abs(a).max(), abs(b).max())
        if not (np.isfinite(a).all() and np.isfinite(b).all()) or scale > 1e9:
            return None
        worst = max(worst, float(abs(a - b).max() / max(scale, Real(1e-3))))
    return worst


# -- random formulas ---------------------------------------------------------------------

ELEMENTWISE = ("exp", "sin", "cos", "tanh", "sigmoid", "abs", "relu", "softplus")


class Writer:
    """Makes formulas of a given shape."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def leaf(self, rows: Size, cols: Size) -> Tree:
        names = [name for name, (r, c, _) in VARIABLES.items() if (r, c) == (rows, cols)]
        turned_names = [name for name, (r, c, _) in VARIABLES.items() if (c, r) == (rows, cols) and c != r]
        if names and (not turned_names or self.rng.random() < 0.6):
            return var(self.rng.choice(names))
        return turned(var(self.rng.choice(turned_names))) if turned_names else ones(rows, cols)

    def formula(self, rows: Size, cols: Size, depth: int) -> Tree:
        if depth <= 0:
            return self.leaf(rows, cols)
        if not rows and not cols:
            return self.of_number(depth)
        choices: list[Callable[[], Tree]] = [lambda: self.product(rows, cols, depth)] * 4
        choices += [lambda: plus(self.formula(rows, cols, depth - 1), self.formula(rows, cols, depth - 1))] * 2
        choices += [lambda: minus(self.formula(rows, cols, depth - 1), self.formula(rows, cols, depth - 1))]
        choices += [lambda: turned(self.formula(cols, rows, depth - 1))]
        choices += [lambda: entrywise(self.formula(rows, cols, depth - 1), self.formula(rows, cols, depth - 1))]
        choices += [lambda: times(self.formula((), (), depth - 2), self.formula(rows, cols, depth - 1))]
        choices += [lambda: call(self.rng.choice(ELEMENTWISE), self.leaf(rows, cols))]
        if rows == cols:
            choices += [lambda: call("inv", self.regular(rows)), lambda: call("expm", self.small(rows))]
            choices += [lambda: power(self.leaf(rows, cols), self.rng.choice((2, 3)))]
        if len(rows) > 1:
            choices = [lambda: self.merged(rows, cols, depth)]
        return self.rng.choice(choices)()

    def merged(self, rows: Size, cols: Size, depth: int) -> Tree:
        if not cols:
            return call("vec", self.formula(rows[1:], rows[:1], depth - 1))
        return kron(self.formula(rows[:1], cols[:1], depth - 1), self.formula(rows[1:], cols[1:], depth - 1))

    def product(self, rows: Size, cols: Size, depth: int) -> Tree:
        middle = self.rng.choice((("n",), ("m",)))
        if not cols and self.rng.random() < 0.2 and len(rows) == 1:
            return times(call("diag", self.leaf(rows, ())), self.formula(rows, (), depth - 1))
        return times(self.formula(rows, middle, depth - 1), self.formula(middle, cols, depth - 1))

    def of_number(self, depth: int) -> Tree:
        size = self.rng.choice((("n",), ("m",)))
        square = self.formula(size, size, depth - 1)
        vector = self.formula(size, (), depth - 1)
        return self.rng.choice((
            lambda: call("tr", square), lambda: call("tr", square), lambda: call("sum", square), lambda: call("sum", vector),
            lambda: times(turned(vector), self.formula(size, (), depth - 1)), lambda: call("det", self.formula(size, size, 1)),
            lambda: call("logdet", self.regular(size)), lambda: times(call("norm2", vector), call("norm2", vector)),
            lambda: call("log", plus(number(1), times(turned(vector), vector))), lambda: self.leaf((), ()),
            lambda: plus(self.formula((), (), depth - 1), self.formula((), (), depth - 1)),
            lambda: times(self.formula((), (), depth - 1), self.formula((), (), depth - 1)),
        ))()

    def regular(self, size: Size) -> Tree:
        """A matrix that has an inverse, and not too large a one."""
        definite = var("P" if size == ("n",) else "R")
        free = var(self.rng.choice("ABPQSD") if size == ("n",) else self.rng.choice("MR"))
        other = self.formula(size, ("m",) if size == ("n",) else ("n",), 0)
        return self.rng.choice((
            lambda: definite, lambda: definite, lambda: free, lambda: plus(definite, times(other, turned(other))),
            lambda: plus(eye(size), times(free, turned(free))), lambda: times(definite, plus(eye(size), definite)),
        ))()

    def small(self, size: Size) -> Tree:
        return times(number(Fraction(1, 3)), self.leaf(size, size))


# -- rules that hold ---------------------------------------------------------------------

Rewrite = Callable[[Tree, Writer], "Tree | None"]


def double_transpose(t: Tree, _: Writer) -> Tree | None:
    return turned(turned(t)) if t.rows or t.cols else None


def transpose_in(t: Tree, _: Writer) -> Tree | None:
    """(A B)' = B' A', (A + B)' = A' + B', kron(A, B)' = kron(A', B')."""
    inner = t.parts[0] if t.head == "'" else None
    if inner is None or inner.head not in ("*", "+", "-", "kron", ".*"):
        return None
    a, b = inner.parts
    if inner.head == "*":
        return times(turned(b) if b.rows or b.cols else b, turned(a) if a.rows or a.cols else a)
    return {"+": plus, "-": minus, "kron": kron, ".*": entrywise}[inner.head](turned(a), turned(b))


def distribute(t: Tree, _: Writer) -> Tree | None:
    if t.head not in ("*", ".*", "kron"):
        return None
    make = {"*": times, ".*": entrywise, "kron": kron}[t.head]
    a, b = t.parts
    for first, inner in ((True, b), (False, a)):
        if inner.head in ("+", "-"):
            join = plus if inner.head == "+" else minus
            return join(*((make(a, part) if first else make(part, b)) for part in inner.parts))
    return None


def regroup(t: Tree, _: Writer) -> Tree | None:
    """A (B C) = (A B) C."""
    if t.head != "*" or t.parts[1].head != "*":
        return None
    a, (b, c) = t.parts[0], t.parts[1].parts
    return times(times(a, b), c) if all(part.rows or part.cols for part in (a, b, c)) and b.kind != ((), ()) and \
        a.cols == b.rows and b.cols == c.rows and (a.rows or b.cols) and a.cols and b.cols else None


def swap_terms(t: Tree, _: Writer) -> Tree | None:
    a, b = t.parts if t.head in ("+", ".*") else (None, None)
    return None if a is None else Tree(t.head, (b, a), *t.kind)


def cycle(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "tr" else None
    if inner is None or inner.head != "*" or any(part.kind == ((), ()) for part in inner.parts):
        return None
    a, b = inner.parts
    return call("tr", times(b, a)) if b.cols == a.rows and b.cols else None


def trace_turned(t: Tree, _: Writer) -> Tree | None:
    return call(t.head, turned(t.parts[0])) if t.head in ("tr", "det", "logdet", "sum", "norm2", "norm1") and \
        (t.parts[0].rows and t.parts[0].cols) else None


def insert_inverse(t: Tree, w: Writer) -> Tree | None:
    if t.cols not in (("n",), ("m",)) or t.head == "number":
        return None
    m = w.regular(t.cols)
    return times(t, times(call("inv", m), m) if w.rng.random() < 0.5 else times(m, call("inv", m)))


def insert_identity(t: Tree, w: Writer) -> Tree | None:
    if not t.rows and not t.cols:
        return times(number(1), t)
    return times(eye(t.rows), t) if t.rows else times(t, eye(t.cols))


def inverse_of_product(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head in ("inv", "det") else None
    if inner is None or inner.head != "*" or not all(part.square and part.rows for part in inner.parts):
        return None
    a, b = inner.parts
    return times(call("inv", b), call("inv", a)) if t.head == "inv" else times(call("det", a), call("det", b))


def vec_of_product(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "vec" else None
    if inner is None or inner.head != "*" or any(not part.rows or not part.cols for part in inner.parts):
        return None
    a, b = inner.parts
    if b.head == "*" and all(part.rows and part.cols for part in b.parts):
        return times(kron(turned(b.parts[1]), a), call("vec", b.parts[0]))
    return times(kron(eye(b.cols), a), call("vec", b))


def kron_of_products(t: Tree, _: Writer) -> Tree | None:
    if t.head != "kron" or any(part.head != "*" or any(not p.rows or not p.cols for p in part.parts) for part in t.parts):
        return None
    (a, c), (b, d) = (part.parts for part in t.parts)
    return times(kron(a, b), kron(c, d))


def inner_product(t: Tree, w: Writer) -> Tree | None:
    """tr(A' B) in other words."""
    inner = t.parts[0] if t.head == "tr" else None
    if inner is None or inner.head != "*" or any(not part.rows or not part.cols for part in inner.parts):
        return None
    a, b = turned(inner.parts[0]), inner.parts[1]
    return w.rng.choice((lambda: call("sum", entrywise(a, b)), lambda: times(turned(call("vec", a)), call("vec", b))))()


def sum_with_ones(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "sum" else None
    if inner is None or not inner.rows:
        return None
    left = times(turned(ones(inner.rows)), inner)
    return times(left, ones(inner.cols)) if inner.cols else left


def add_and_subtract(t: Tree, w: Writer) -> Tree | None:
    if len(t.rows) > 1 or len(t.cols) > 1:
        return None
    other = w.formula(t.rows, t.cols, 1)
    return minus(plus(t, other), other)


def halve(t: Tree, _: Writer) -> Tree:
    return times(number(Fraction(1, 2)), plus(t, t))


def by_property(t: Tree, _: Writer) -> Tree | None:
    """S' = S, K' = -K, inv(Q) = Q', D a = diag(D) .* a."""
    if t.head == "var" and t.parts[0] in ("S", "P", "R", "D"):
        return turned(t)
    if t == var("K"):
        return times(number(-1), turned(t))
    if t.head == "'" and t.parts[0] == var("Q"):
        return call("inv", var("Q"))
    return None


def exp_of_sum(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "exp" else None
    return entrywise(call("exp", inner.parts[0]), call("exp", inner.parts[1])) if inner is not None and inner.head == "+" and \
        (inner.rows or inner.cols) else None


def by_definition(t: Tree, _: Writer) -> Tree | None:
    """tanh by the sigmoid, relu by the absolute value, softplus by its reflection."""
    inner = t.parts[0] if t.head in ("tanh", "relu", "softplus", "sigmoid") else None
    if inner is None or not (inner.rows or inner.cols):
        return None
    flipped = times(number(-1), inner)
    match t.head:
        case "tanh":
            return minus(times(number(2), call("sigmoid", times(number(2), inner))), ones(*inner.kind))
        case "relu":
            return times(number(Fraction(1, 2)), plus(inner, call("abs", inner)))
        case "softplus":
            return plus(call("softplus", flipped), inner)
    return minus(ones(*inner.kind), call("sigmoid", flipped))


def push_through(t: Tree, w: Writer) -> Tree | None:
    """A = inv(I + A A') (A + A A' A): what stands behind inv(I + A A') A = A inv(I + A' A)."""
    if t.head not in ("var", "'") or len(t.rows) != 1 or len(t.cols) != 1:
        return None
    gram = plus(eye(t.rows), times(t, turned(t)))
    small = plus(eye(t.cols), times(turned(t), t))
    return times(times(call("inv", gram), t), small) if w.rng.random() < 0.5 else times(gram, times(t, call("inv", small)))


def woodbury(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "inv" else None
    if inner is None or inner.head != "+" or inner.parts[0] not in (var("P"), var("R"), eye(inner.rows)) or \
            inner.parts[1].head != "*":
        return None
    base, (u, v) = inner.parts[0], inner.parts[1].parts
    if not u.cols or not v.rows:
        return None
    x = call("inv", base)
    core = call("inv", plus(eye(u.cols), times(v, times(x, u))))
    return minus(x, times(times(x, u), times(core, times(v, x))))


def quadratic(t: Tree, _: Writer) -> Tree | None:
    """x' A y as a trace, and as the half with the transpose where y is x."""
    if t.head != "*" or t.kind != ((), ()) or t.parts[0].rows or not t.parts[0].cols:
        return None
    return call("tr", times(t.parts[1], t.parts[0]))


def power_written_out(t: Tree, _: Writer) -> Tree | None:
    if t.head != "^" or t.parts[1] < 2:
        return None
    base, count = t.parts
    return times(base, power(base, count - 1)) if count > 2 else times(base, base)


def expm_of_half(t: Tree, _: Writer) -> Tree | None:
    if t.head != "expm":
        return None
    half = call("expm", times(number(Fraction(1, 2)), t.parts[0]))
    return times(half, half)


def logdet_of_product(t: Tree, _: Writer) -> Tree | None:
    inner = t.parts[0] if t.head == "logdet" else None
    if inner is None or inner.head != "*" or not all(part.square and part.rows for part in inner.parts):
        return None
    return plus(*(call("logdet", part) for part in inner.parts))


TRUE: tuple[Rewrite, ...] = (
    double_transpose, transpose_in, transpose_in, distribute, distribute, regroup, swap_terms, cycle, cycle, trace_turned,
    insert_inverse, insert_identity, inverse_of_product, vec_of_product, vec_of_product, kron_of_products, inner_product,
    sum_with_ones, add_and_subtract, halve, by_property, by_property, exp_of_sum, by_definition, push_through, woodbury,
    quadratic, power_written_out, expm_of_half, logdet_of_product,
)

# -- mistakes ----------------------------------------------------------------------------


def wrong_sign(t: Tree, _: Writer) -> Tree | None:
    return Tree("-" if t.head == "+" else "+", t.parts, *t.kind) if t.head in ("+", "-") else times(number(-1), t)


def wrong_factor(t: Tree, w: Writer) -> Tree:
    return times(number(w.rng.choice((2, Fraction(1, 2), 3))), t)


def near_miss(t: Tree, _: Writer) -> Tree:
    return times(number(1 + Fraction(1, 10**7)), t)


def swapped(t: Tree, _: Writer) -> Tree | None:
    a, b = t.parts if t.head in ("*", "kron") else (None, None)
    if a is None or a.kind != b.kind or not a.square or not a.rows:
        return None
    return Tree(t.head, (b, a), *t.kind)


def transpose_lost(t: Tree, _: Writer) -> Tree | None:
    return t.parts[0] if t.head == "'" and t.square else turned(t) if t.square and t.rows else None


def wrong_power(t: Tree, _: Writer) -> Tree | None:
    return power(t.parts[0], t.parts[1] + 1) if t.head == "^" else None


def inverse_lost(t: Tree, _: Writer) -> Tree | None:
    return t.parts[0] if t.head in ("inv", "expm", "sin", "tanh", "abs") else None


def term_lost(t: Tree, _: Writer) -> Tree | None:
    return t.parts[0] if t.head in ("+", "-", ".*") else None


def other_name(t: Tree, w: Writer) -> Tree | None:
    if t.head != "var":
        return None
    others = [name for name, (rows, cols, _) in VARIABLES.items() if (rows, cols) == t.kind and name != t.parts[0]]
    return var(w.rng.choice(others)) if others else None


FALSE: tuple[Rewrite, ...] = (wrong_sign, wrong_factor, near_miss, near_miss, swapped, swapped, transpose_lost, transpose_lost,
                              wrong_power, inverse_lost, term_lost, other_name)


def rewritten(tree: Tree, rules: tuple[Rewrite, ...], w: Writer) -> tuple[Tree, str] | None:
    """One rule at one random place."""
    for _ in range(60):
        rule, at = w.rng.choice(rules), w.rng.randrange(size_of(tree))
        node = next(part for k, part in enumerate(nodes(tree)) if k == at)
        new = rule(node, w)
        if new is not None and new.kind == node.kind:
            return replaced(tree, at, new), rule.__name__
    return None


# -- the campaign ------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """Two formulas, how the second was made of the first, and whether they are equal."""

    left: Tree
    right: Tree
    rules: tuple[str, ...]
    true: bool


@dataclass
class Report:
    """What came of a campaign."""

    verdicts: collections.Counter[tuple[bool, str]] = field(default_factory=collections.Counter)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    undecided: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    by_rule: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)

    def share(self, true: bool) -> float:
        """The share of true, or of false, claims that were decided."""
        total = sum(count for (truth, _), count in self.verdicts.items() if truth == true)
        return 1 - self.verdicts[true, "undecided"] / total if total else 1.0

    def lines(self) -> Iterator[str]:
        for true in (True, False):
            words = ", ".join(f"{word} {self.verdicts[true, word]}" for word in ("proved", "refuted", "undecided", "error"))
            yield f"{'true ' if true else 'false'} claims: {words}; decided {100 * self.share(true):.2f} %"
        yield f"wrong verdicts: {len(self.wrong)}; errors: {len(self.errors)}"
        if self.seconds:
            yield f"seconds a claim: median {statistics.median(self.seconds):.4f}, largest {max(self.seconds):.2f}"
        for (rule, word), count in sorted(self.by_rule.items(), key=lambda item: -item[1]):
            if word == "undecided":
                yield f"  {count} undecided with {rule} ({self.by_rule[rule, 'all']} claims)"


def claim(seed: int) -> Claim | None:
    """A random claim; ``None`` where none came out that says something."""
    rng = random.Random(seed)
    w = Writer(rng)
    n, m = ("n",), ("m",)
    kind = rng.choice((((), ()), ((), ()), (n, n), (n, m), (n, ()), (n + m, ()), (n + n, n + n), (m + n, n + m)))
    left = w.formula(*kind, rng.choice((1, 2, 2, 3)))
    right, rules = left, []
    for _ in range(rng.choice((1, 1, 2, 3))):
        step = rewritten(right, TRUE, w)
        if step is not None and size_of(step[0]) <= 40:
            right, rules = step[0], [*rules, step[1]]
    if rng.random() < 0.5:
        step = rewritten(right, FALSE, w)
        if step is not None:
            right, rules = step[0], [*rules, step[1]]
    found = gap(left, right, rng)
    if found is None or left == right or 1e-13 < found < 3e-9:
        return None
    return Claim(left, right, tuple(rules), found <= 1e-13)


def recomputes(made: Claim, answer: dict[str, Any]) -> bool:
    """Whether the sides differ at a counterexample as it says."""
    found = answer["counterexample"]
    values = {name: np.array(array, dtype=Real) for name, array in found["values"].items()}
    with np.errstate(all="ignore"):
        sides = [value(side, values, found["dims"]) for side in (made.left, made.right)]
    merged = [axis for axis, size in enumerate(made.left.kind) if size]
    place = [0, 0]
    for axis, entry in zip(merged, found["entry"]):
        place[axis] = entry - 1
    numbers = [float(side[tuple(place)]) for side in sides]
    scale = max(1e-3, *(float(abs(side).max()) for side in sides))
    stated = [found["lhs"], found["rhs"]]
    return all(abs(a - b) <= 1e-9 * scale for a, b in zip(numbers, stated)) and abs(numbers[0] - numbers[1]) > 1e-11 * scale


def judge(made: Claim, seed: int, report: Report) -> None:
    """Ask for a verdict and count it."""
    rng = random.Random(seed)
    request = {"do": "verify", "lhs": text(made.left, rng), "rhs": text(made.right, rng), **DECLARED}
    start = time.perf_counter()
    answer = handle(request)
    report.seconds.append(time.perf_counter() - start)
    word = answer.get("verdict", "error")
    case = {"seed": seed, "lhs": request["lhs"], "rhs": request["rhs"], "rules": made.rules, "true": made.true, "verdict": word}
    report.verdicts[made.true, word] += 1
    for rule in made.rules:
        report.by_rule[rule, "all"] += 1
    if word == "error":
        report.errors.append({**case, "error": answer["error"]})
    elif word == "undecided":
        report.undecided.append(case)
        report.by_rule.update((rule, "undecided") for rule in made.rules)
    elif (word == "proved") != made.true or (word == "refuted" and not recomputes(made, answer)):
        report.wrong.append(case)


def campaign(count: int, seed: int) -> Report:
    """``count`` claims."""
    report, at = Report(), seed * 1_000_000
    while sum(report.verdicts.values()) < count:
        at += 1
        made = claim(at)
        if made is not None:
            judge(made, at, report)
    return report


def main() -> int:
    """Run from the command line; status 1 where a verdict is wrong."""
    parser = argparse.ArgumentParser(description="random claims against the verdicts on them")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", help="a file for every case that is wrong, an error, or undecided")
    options = parser.parse_args()
    report = campaign(options.count, options.seed)
    sys.stdout.write("\n".join(report.lines()) + "\n")
    if options.report:
        with open(options.report, "w") as file:
            for case in (*report.wrong, *report.errors, *report.undecided):
                file.write(json.dumps(case, ensure_ascii=False) + "\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
