"""Functions to stand in for unknown ones, where numbers are wanted.

Each is a formula in z with its derivatives; those of a tensor are not separable, so
that identities that hold for sums over entries alone are not mistaken for true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from ..algebra.expr import Apply, Expr
from ..algebra.traverse import postorder
from ..functions import FRECHET, Function, frechet_of, is_series, is_unknown, primes, scalar_of
from ..numbers import backends
from ..numbers.kernels import polynomial

Array = Any


@dataclass(frozen=True, slots=True)
class StandIn:
    """A formula in z, and the function and its derivatives: ``f``, ``df``, ``d2f``, ``d3f``."""

    formula: str
    orders: tuple[Callable[[Array], Array], ...]


def entrywise(choice: int) -> StandIn:
    """An elementwise function."""
    np = backends.numpy()
    table = (
        StandIn("z^2 + z", (lambda z: z * z + z, lambda z: 2 * z + 1, lambda z: 2 + 0 * z, lambda z: 0 * z)),
        StandIn("sin(z) + z^2/4", (lambda z: np.sin(z) + z * z / 4, lambda z: np.cos(z) + z / 2, lambda z: 0.5 - np.sin(z),
                                   lambda z: -np.cos(z))),
        StandIn("exp(z/2)", (lambda z: np.exp(z / 2), lambda z: np.exp(z / 2) / 2, lambda z: np.exp(z / 2) / 4,
                             lambda z: np.exp(z / 2) / 8)),
    )
    return table[choice % len(table)]


def of_tensor(rank: int) -> StandIn:
    """A number of a tensor, which no exchange of axes or entries leaves alone."""
    np = backends.numpy()
    first = {1: " + z[1]", 2: " + sum(e(1)'*z)"}.get(rank, "")

    def eye(z: Array) -> Array:
        return np.eye(z.size).reshape(*z.shape, *z.shape)

    def mark(z: Array) -> Array:
        marked = np.zeros(z.shape)
        if first:
            marked[0] = 1
        return marked

    def second(z: Array) -> Array:
        return 2 * np.ones((*z.shape, *z.shape)) + eye(z) * (6 * z)

    return StandIn(f"sum(z)^2 + sum(z.^3){first}", (lambda z: z.sum() ** 2 + (z**3).sum() + (mark(z) * z).sum(),
                                                   lambda z: 2 * z.sum() + 3 * z * z + mark(z), second))


def power_series(choice: int) -> StandIn:
    """A power series, of square matrices."""
    table = ((1, Fraction(1, 2), Fraction(1, 3), Fraction(-1, 5)), (Fraction(-1, 2), 1, 2), (2, 0, Fraction(1, 4), 1, -1))
    own: list[Fraction | int] = list(table[choice % len(table)])
    formula = f"series([{', '.join(map(str, own))}])"
    orders: list[Callable[[Array], Array]] = []
    for _ in range(4):
        orders.append(partial(polynomial, [float(value) for value in own]))
        own = [k * value for k, value in enumerate(own)][1:] or [0]
    return StandIn(formula, tuple(orders))


def stand_ins(exprs: Iterable[Expr], choice: int = 0) -> tuple[dict[str, Callable[[Array], Array]], dict[str, str]]:
    """For every unknown function in some expressions, callables by keyword (``f``, ``df``, …) and formulas by name."""
    callables: dict[str, Callable[[Array], Array]] = {}
    formulas: dict[str, str] = {}
    for node in postorder(*exprs):
        named = _unknown(node.function) if isinstance(node, Apply) else None
        if isinstance(node, Apply) and named is not None:
            name, kind = named
            found = power_series(choice) if kind == "series" else entrywise(choice + len(name)) if kind == "elementwise" \
                else of_tensor(node.arguments[0].rank)
            formulas[name] = found.formula
            for order, function in enumerate(found.orders):
                callables[("", "d", "d2", "d3")[order] + name] = function
    return callables, formulas


def _unknown(function: Function) -> tuple[str, str] | None:
    """The name and the kind of the unknown function that a row is made of."""
    if function.name in ("funm", *FRECHET):
        of = frechet_of(function)[0] if function.name in FRECHET else function
        name, _, kind = scalar_of(of)
        return None if kind == "table" or of.data[3:] else (name, kind)
    if not is_unknown(function) or is_series(function):
        return (primes(function)[0], "series") if is_series(function) and not function.data[1:] else None
    return primes(function)[0], "elementwise" if function.elementwise else "scalar"
