"""W6: the search for the order of a contraction, beside opt_einsum's own.

    python benchmarks/contraction_order.py [--quick]

Chains of matrices with sizes at random, and networks in which each tensor shares an index of
size 2 with three others.  Of each order found: the time that finding it took, and how many
multiplications it makes, as a power of ten.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from math import log10, prod
from statistics import median
from time import perf_counter

import opt_einsum  # type: ignore[import-untyped]

from tensorcalc.numbers.plans.order import order

Network = tuple[tuple[tuple[int, ...], ...], tuple[int, ...], dict[int, int]]   # labels, those kept, sizes
Path = Sequence[tuple[int, ...]]


def chain(count: int) -> Network:
    """A product of matrices."""
    draw = random.Random(count)
    return (tuple((k, k + 1) for k in range(count)), (0, count),
            {k: draw.choice([2, 5, 10, 30, 100]) for k in range(count + 1)})


def regular(count: int) -> Network:
    """A graph in which every tensor has three neighbours."""
    draw = random.Random(3)
    while True:
        ends = [tensor for tensor in range(count) for _ in range(3)]
        draw.shuffle(ends)
        edges = [(ends[k], ends[k + 1]) for k in range(0, len(ends), 2)]
        if len({frozenset(edge) for edge in edges}) == len(edges) and all(a != b for a, b in edges):
            break
    labels: list[tuple[int, ...]] = [()] * count
    for label, (a, b) in enumerate(edges):
        labels[a] += (label,)
        labels[b] += (label,)
    return tuple(labels), (), dict.fromkeys(range(len(edges)), 2)


def ours(network: Network) -> Path:
    """As the planner finds it, its memory of earlier searches put aside."""
    labels, kept, sizes = network
    order.cache_clear()
    return order(labels, kept, tuple(sizes[label] for label in range(len(sizes))))


def theirs(method: str) -> Callable[[Network], Path]:
    """An optimizer of opt_einsum."""
    search = {"greedy": opt_einsum.paths.greedy, "auto": opt_einsum.paths.auto}[method]

    def find(network: Network) -> Path:
        labels, kept, sizes = network
        inputs = [frozenset(opt_einsum.get_symbol(label) for label in one) for one in labels]
        output = frozenset(opt_einsum.get_symbol(label) for label in kept)
        return list(search(inputs, output, {opt_einsum.get_symbol(label): size for label, size in sizes.items()}))
    return find


def multiplications(network: Network, path: Path) -> int:
    """How many a path makes, a step of several tensors as one loop."""
    labels, kept, sizes = network
    pending, total = [set(one) for one in labels], 0
    for step in path:
        parts = [pending.pop(place) for place in sorted(step, reverse=True)]
        indices = set[int]().union(*parts)
        total += prod(sizes[label] for label in indices)
        pending.append({label for label in indices if label in kept or any(label in one for one in pending)})
    return total


def timed(find: Callable[[Network], Path], network: Network, runs: int) -> tuple[float, float]:
    """Milliseconds, and the logarithm of the cost."""
    times = []
    for _ in range(runs):
        begin = perf_counter()
        path = find(network)
        times.append(perf_counter() - begin)
    return 1e3 * median(times), log10(multiplications(network, path))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    methods = {"ours": ours, "greedy": theirs("greedy"), "auto": theirs("auto")}
    print(f"{'':<12}" + "".join(f"{name + ', ms':>12}{'log10':>8}" for name in methods))
    for name, network, counts in (("chain", chain, (3, 5, 8, 20, 50, 100, 200)),
                                  ("3-regular", regular, (10, 20, 50, 100, 200))):
        for count in counts[:3] if quick else counts:
            found = [timed(find, network(count), 3 if quick else 7) for find in methods.values()]
            print(f"{name + ' ' + str(count):<12}" + "".join(f"{took:>12.2f}{cost:>8.2f}" for took, cost in found), flush=True)


if __name__ == "__main__":
    main()
