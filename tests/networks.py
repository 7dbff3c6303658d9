"""Random expressions with values, and an interpreter so direct that it can be believed.

Nothing here plans: deltas are arrays, products are one ``np.einsum`` of all factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from types import ModuleType
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special
from hypothesis import strategies as st

from tensorcalc import sizes
from tensorcalc.algebra import build
from tensorcalc.algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from tensorcalc.algebra.traverse import fold
from tensorcalc.functions import POWER, TABLE

DIMS = ("n", "m", 2, "h*(h+1)/2")
SMOOTH = ("sin", "tanh", "sigmoid", "softplus", "arctan", "erf")

DIRECT: dict[str, Any] = {
    "exp": np.exp, "log": np.log, "abs": np.abs, "sign": np.sign, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0.0), "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "erf": scipy.special.erf, "max": np.maximum, "min": np.minimum,
    "inv": np.linalg.inv, "det": np.linalg.det, "logdet": lambda x: np.log(np.abs(np.linalg.det(x))),
    "adj": lambda x: np.linalg.inv(x) * np.linalg.det(x)[..., None, None], "pinv": np.linalg.pinv,
    "expm": scipy.linalg.expm, "chol": lambda x: np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2),
    "softmax": lambda x: scipy.special.softmax(x, axis=-1), "logsumexp": lambda x: scipy.special.logsumexp(x, axis=-1),
    "solve": np.linalg.solve,
    "sigmoid_slope": lambda x: scipy.special.expit(x) * scipy.special.expit(-x),
    "log_of_det": lambda x: np.log(np.linalg.det(x)),
}


def direct(expr: Expr, values: Mapping[str, Any], known: Mapping[str, int]) -> Any:
    """The value of ``expr``, each node on its own."""

    def visit(node: Expr, inputs: Sequence[Any]) -> Any:
        shape = tuple(sizes.value(dim, known) for dim in node.shape)
        match node:
            case Variable(name=name):
                return np.asarray(values[name], dtype=float).reshape(shape)
            case Delta(dim=dim):
                size = sizes.value(dim, known)
                array = np.zeros(shape)
                array[(np.arange(size),) * node.rank] = 1.0
                return array if shape else np.array(float(size))
            case Sum(terms=terms):
                return sum((float(weight) * array for (weight, _), array in zip(terms, inputs)), np.zeros(shape))
            case Einsum(subscripts=subscripts):
                pairs = [x for pair in zip(inputs, map(list, subscripts)) for x in pair]
                return np.einsum(*pairs, list(range(node.rank))) if pairs else np.array(1.0)
            case Apply(function=function) if function is POWER:
                return np.asarray(inputs[0], dtype=float) ** inputs[1]
            case Apply(function=function):
                return DIRECT[function.name](*inputs)
        raise AssertionError(node)

    return fold(expr, visit)


def load(code: str) -> ModuleType:
    """The module whose text is ``code``."""
    module = ModuleType("generated")
    exec(compile(code, "generated", "exec"), module.__dict__)
    return module


class Network:
    """A random expression, the values of its variables, and the sizes of its symbols."""

    def __init__(self, expr: Expr, values: dict[str, Any], known: dict[str, int]) -> None:
        self.expr, self.values, self.known = expr, values, known

    def __repr__(self) -> str:
        return f"Network({self.expr!r}, {self.known})"

    def value(self) -> Any:
        return direct(self.expr, self.values, self.known)


@st.composite
def networks(draw: st.DrawFn, functions: bool = True, steps: int = 5) -> Network:
    """A few variables, combined by a few random products, sums and functions."""
    known = {"n": draw(st.integers(1, 4)), "m": draw(st.integers(1, 4)), "h": draw(st.integers(1, 2))}
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool: list[Expr] = []
    values = {}
    for name in "ABcx":
        shape = tuple(draw(st.lists(st.sampled_from(DIMS), max_size=3)))
        pool.append(build.variable(name, *shape))
        values[name] = generator.uniform(0.5, 1.5, [sizes.value(dim, known) for dim in shape]) \
            * generator.choice([-1, 1], [sizes.value(dim, known) for dim in shape])
    pool += [build.delta("n"), build.delta("m", 1), build.delta("n", 0), build.delta(2, 3)]
    kinds = ["product", "product", "sum", "power", "apply", "row"] if functions else ["product"]
    for _ in range(draw(st.integers(1, steps))):
        pool.append(_STEPS[draw(st.sampled_from(kinds))](draw, pool))
    return Network(pool[-1], values, known)


def _product(draw: st.DrawFn, pool: list[Expr]) -> Expr:
    """Some tensors whose axes get random labels of their dimension; some labels are kept, some twice."""
    factors = []
    for operand in draw(st.lists(st.sampled_from(pool[::-1]), min_size=1, max_size=4)):
        factors.append((operand, tuple((dim, draw(st.integers(0, 2))) for dim in operand.shape)))
    labels = sorted({label for _, own in factors for label in own}, key=str)
    output = draw(st.lists(st.sampled_from(labels), max_size=4)) if labels else []
    return build.einsum(factors, output)


def _sum(draw: st.DrawFn, pool: list[Expr]) -> Expr:
    first = draw(st.sampled_from(pool[::-1]))
    others = [expr for expr in pool if expr.shape == first.shape]
    weights = st.sampled_from([Fraction(p, q) for p, q in ((1, 1), (-1, 1), (2, 1), (-1, 2), (1, 3), (-5, 7))])
    terms = [(draw(weights), draw(st.sampled_from(others))) for _ in range(draw(st.integers(1, 3)))]
    if first.rank == 2 and draw(st.booleans()):
        turned = [expr for expr in pool if expr.shape == first.shape[::-1]]
        terms += [(draw(weights), build.transpose(expr, (1, 0))) for expr in turned[-1:]]
    if first.shape and draw(st.booleans()):
        terms.append((draw(weights), build.ones(first.shape)))
    return build.add([(1, first), *terms])


def _power(draw: st.DrawFn, pool: list[Expr]) -> Expr:
    """A power of something that is nowhere near zero."""
    base = draw(st.sampled_from(pool[::-1]))
    positive = build.add([(2, build.ones(base.shape)), (1, build.apply(TABLE["tanh"], base))])
    exponents = [2, 3, -1, -2, Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(-1, 3), build.delta("n", 0)]
    return build.power_of(positive, draw(st.sampled_from(exponents)))


def _apply(draw: st.DrawFn, pool: list[Expr]) -> Expr:
    if draw(st.booleans()):
        return build.apply(TABLE[draw(st.sampled_from(SMOOTH))], _bounded(draw(st.sampled_from(pool[::-1]))))
    first = draw(st.sampled_from(pool[::-1]))
    second = draw(st.sampled_from([expr for expr in pool if expr.shape in (first.shape, ())]))
    return build.apply(TABLE[draw(st.sampled_from(["max", "min"]))], first, second)


def _row(draw: st.DrawFn, pool: list[Expr]) -> Expr:
    """A function of the last axis or of the last two, looped over the others."""
    vectors = [expr for expr in pool if expr.rank]
    square = [expr for expr in vectors if expr.rank > 1 and expr.shape[-1] == expr.shape[-2]]
    argument = _bounded(draw(st.sampled_from(vectors)))
    if square and draw(st.booleans()):
        argument = _bounded(draw(st.sampled_from(square)))
        batch = [(dim, k) for k, dim in enumerate(argument.shape[:-2])]
        last = (argument.shape[-1], "last")
        eye = build.einsum([(build.delta(dim, 1), [label]) for label in batch for dim in label[:1]]
                           + [(build.delta(last[0], 1), [last])], [*batch, last, last])
        name = draw(st.sampled_from(["inv", "det", "logdet", "adj", "expm"]))
        return build.apply(TABLE[name], build.add([(1, argument), (8, eye)]))
    return build.apply(TABLE[draw(st.sampled_from(["softmax", "logsumexp"]))], argument)


def _bounded(expr: Expr) -> Expr:
    return build.apply(TABLE["tanh"], expr)


_STEPS = {"product": _product, "sum": _sum, "power": _power, "apply": _apply, "row": _row}


def scale(value: Any) -> float:
    """How large the entries of an array are."""
    return float(np.max(np.abs(value), initial=1.0)) if prod(np.shape(value)) else 1.0


def close(got: Any, want: Any, tolerance: float = 1e-9) -> bool:
    """Whether two arrays have one shape and nearly the same entries."""
    got, want = np.asarray(got), np.asarray(want)
    floor = tolerance * scale(want)
    return got.shape == want.shape and bool(np.allclose(got, want, rtol=tolerance, atol=floor, equal_nan=True))
