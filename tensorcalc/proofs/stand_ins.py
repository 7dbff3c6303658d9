"""Functions to stand in for unknown ones, where numbers are wanted.

Each is a formula in z with its derivatives; those of a tensor are not separable, so
that identities that hold for sums over entries alone are not mistaken for true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..algebra.expr import Apply, Expr
from ..algebra.traverse import postorder
from ..functions import is_unknown, primes
from ..numbers import backends

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


def stand_ins(exprs: Iterable[Expr], choice: int = 0) -> tuple[dict[str, Callable[[Array], Array]], dict[str, str]]:
    """For every unknown function in some expressions, callables by keyword (``f``, ``df``, …) and formulas by name."""
    callables: dict[str, Callable[[Array], Array]] = {}
    formulas: dict[str, str] = {}
    for node in postorder(*exprs):
        if isinstance(node, Apply) and is_unknown(node.function):
            name, _ = primes(node.function)
            found = entrywise(choice + len(name)) if node.function.elementwise else of_tensor(node.arguments[0].rank)
            formulas[name] = found.formula
            for order, function in enumerate(found.orders):
                callables[("", "d", "d2", "d3")[order] + name] = function
    return callables, formulas
