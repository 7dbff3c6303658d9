"""How the time of a derivation grows with the number of factors and of layers.

    python benchmarks/derivation_growth.py

For each size: the processor time, and how it grew against the size (1 is linear).  Two forms: what is
shown (`derive`) and what is computed (`eliminated`).
"""

from __future__ import annotations

from collections.abc import Callable
from gc import collect
from time import process_time

from tensorcalc.algebra.build import add, apply, einsum, variable
from tensorcalc.algebra.expr import Expr, Variable
from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.derive import derive
from tensorcalc.calculus.elimination import eliminated
from tensorcalc.functions import TABLE
from tensorcalc.numbers.plans.plan import plan

SIZES = {"n": 30, "N": 16, "d": 16}


def chain(factors: int) -> tuple[Expr, Variable]:
    """tr(A1 A2 … X … Ak)."""
    parts = [variable(f"A{k}", "n", "n") for k in range(factors - 1)]
    X = variable("X", "n", "n")
    parts.insert(factors // 2, X)
    return einsum([(part, (k, (k + 1) % factors)) for k, part in enumerate(parts)], ()), X


def power(factors: int) -> tuple[Expr, Variable]:
    """tr(A X A X … A X)."""
    A, X = variable("A", "n", "n"), variable("X", "n", "n")
    parts = [X if k % 2 else A for k in range(factors)]
    return einsum([(part, (k, (k + 1) % factors)) for k, part in enumerate(parts)], ()), X


def terms(count: int) -> tuple[Expr, Variable]:
    """A sum of quadratic forms, x'A1 x + x'A2 x and so on."""
    x = variable("x", "n")
    forms = [einsum([(x, "i"), (variable(f"A{k}", "n", "n"), "ij"), (x, "j")], "") for k in range(count)]
    return add([(1, form) for form in forms]), x


def network(layers: int) -> tuple[Expr, Variable]:
    """The squared error of a tanh network over a batch, by the weights of its first layer."""
    state: Expr = variable("x", "N", "d")
    first = variable("W0", "d", "d")
    for layer in range(layers):
        weight = variable(f"W{layer}", "d", "d")
        state = apply(TABLE["tanh"], einsum([(state, "bi"), (weight, "oi")], "bo"))
    residual = add([(1, state), (-1, variable("y", "N", "d"))])
    return einsum([(residual, "bo"), (residual, "bo")], ""), first


def shown(order: int) -> Callable[[Expr, Variable], Expr]:
    return lambda expr, by: derive(expr, [by] * order)


def computed(order: int) -> Callable[[Expr, Variable], Expr]:
    def run(expr: Expr, by: Variable) -> Expr:
        for _ in range(order):
            expr = eliminated(expr, by, SIZES)
        return expr
    return run


def planned(expr: Expr, by: Variable) -> Expr:
    return plan(computed(2)(expr, by), SIZES)


FACTORS = (4, 8, 16, 32, 64)
LAYERS = (2, 5, 10, 20, 50, 100, 200)
ROWS: list[tuple[str, Callable[[int], tuple[Expr, Variable]], Callable[[Expr, Variable], Expr], tuple[int, ...]]] = [
    ("tr(A1 A2 … X … Ak), gradient shown", chain, shown(1), FACTORS),
    ("tr(A X A X …), gradient shown", power, shown(1), FACTORS),
    ("tr(A X A X …), gradient computed", power, computed(1), FACTORS),
    ("Σ x'Ak x, gradient shown", terms, shown(1), FACTORS),
    ("Σ x'Ak x, Hessian shown", terms, shown(2), FACTORS),
    ("network, gradient shown", network, shown(1), LAYERS),
    ("network, gradient computed", network, computed(1), LAYERS),
    ("network, Hessian computed", network, computed(2), LAYERS),
    ("network, Hessian computed and planned", network, planned, LAYERS),
]


def best(make: Callable[[int], tuple[Expr, Variable]], run: Callable[[Expr, Variable], Expr], size: int) -> tuple[float, int]:
    """The least time of three in milliseconds, and the nodes of the result."""
    times, nodes = [], 0
    for _ in range(3):
        expr, by = make(size)
        collect()
        start = process_time()
        found = run(expr, by)
        times.append(process_time() - start)
        nodes = len(postorder(found))
        del expr, by, found
    return min(times) * 1e3, nodes


def main() -> None:
    for title, make, run, sizes in ROWS:
        print(title)
        before = None
        for size in sizes:
            time, nodes = best(make, run, size)
            growth = "" if before is None else f"{time / before[1] / (size / before[0]):8.2f} of linear"
            print(f"{size:>8}{time:>12.2f} ms{nodes:>8} nodes{growth}", flush=True)
            before = size, time


if __name__ == "__main__":
    main()
