"""Plans at given sizes as lists of steps, to be run many times.

Knows plans and arrays.  What :mod:`tensorcalc.numbers.evaluate` finds out at each
evaluation (the order, the shapes, the last use of each value) is found once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from ..algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder, uses
from .arrays import add
from .backends import numpy
from .evaluate import bounded, step
from .inputs import sized
from .plans.pairwise import Labels, is_placement

Array = Any
Callables = Mapping[str, Callable[..., Array]]
Compute = Callable[[list[Array], Callables], Array]


class _Step(NamedTuple):
    """What is computed, of which values, into which place, and which values nobody needs afterwards."""

    compute: Compute
    inputs: tuple[int, ...]
    into: int
    gone: tuple[int, ...]


class Steps:
    """The values of plans at arrays of always the same shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> from tensorcalc.numbers.plans.plan import plan
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> steps = Steps([plan(einsum([(A, "ij"), (x, "j")], "i"), {"m": 2, "n": 2})], {"m": 2, "n": 2})
    >>> steps({"A": np.array([[1.0, 2.0], [3.0, 4.0]]), "x": np.array([1.0, 1.0])})
    [array([3., 7.])]

    Raises
    ------
    LimitError: TC411 where an array has too many entries.
    """

    def __init__(self, plans: Sequence[Expr], sizes: Mapping[str, int]) -> None:
        order = postorder(*plans)
        place = {node: k for k, node in enumerate(order)}
        left = uses(plans)
        self.count = len(order)
        self.loads = [(place[node], node.name) for node in order if isinstance(node, Variable)]
        self.roots = [place[root] for root in plans]
        self.careful = any(isinstance(node, Apply) for node in order)
        self.steps: list[_Step] = []
        for node in order:
            bounded(sized(node.shape, sizes))
            gone = []
            for child in node.children:
                left[child] -= 1
                if not left[child]:
                    gone.append(place[child])
            if not isinstance(node, Variable):
                inputs = tuple([place[child] for child in node.children])
                self.steps.append(_Step(_compute(node, sizes), inputs, place[node], tuple(gone)))

    def __call__(self, arrays: Mapping[str, Array], callables: Callables | None = None) -> list[Array]:
        np = numpy()
        with np.errstate(all="ignore"):
            if not self.careful:
                found = self._run(arrays, callables or {})
            else:
                with catch_warnings():
                    simplefilter("ignore")
                    found = self._run(arrays, callables or {})
        return [np.asarray(found[root]) for root in self.roots]

    def _run(self, arrays: Mapping[str, Array], callables: Callables) -> list[Array]:
        values: list[Array] = [None] * self.count
        for place, name in self.loads:
            values[place] = arrays[name]
        for compute, inputs, into, gone in self.steps:
            values[into] = compute([values[k] for k in inputs], callables)
            for k in gone:
                values[k] = None
        return values


def _compute(node: Expr, sizes: Mapping[str, int]) -> Compute:
    """How the value of a node is computed from those of its children."""
    shape = sized(node.shape, sizes)
    match node:
        case Sum(terms=terms):
            weights = [float(weight) for weight, _ in terms]
            return lambda inputs, _: add(list(zip(weights, inputs)), shape)
        case Einsum(subscripts=(own, other)) if not is_placement(node) and any(label >= node.rank for label in own):
            a, b = (sized(operand.shape, sizes) for operand in node.operands)
            product = _product(own, a, other, b, node.rank)
            return lambda inputs, _: product(*inputs)
        case _:
            return lambda inputs, callables: step(node, inputs, sizes, callables)


def _product(own: Labels, a: tuple[int, ...], other: Labels, b: tuple[int, ...],
             rank: int) -> Callable[[Array, Array], Array]:
    """The product of two arrays as one matrix product; labels from ``rank`` on are summed over."""
    dims = {**dict(zip(own, a)), **dict(zip(other, b))}
    summed = [label for label in own if label >= rank]
    both = [label for label in own if label in other and label < rank]
    left, right = ([label for label in mine if label not in yours] for mine, yours in ((own, other), (other, own)))
    first = _matrix(own, dims, both, left, summed)
    second = _matrix(other, dims, both, summed, right)
    labels = [*both, *left, *right]
    shape = [dims[label] for label in labels]
    order = sorted(range(len(labels)), key=labels.__getitem__)

    if order == list(range(len(labels))) and len(labels) == (3 if both else 2) == len(both[:1] + left[:1] + right[:1]):
        return lambda x, y: first(x) @ second(y)

    def product(x: Array, y: Array) -> Array:
        return (first(x) @ second(y)).reshape(shape).transpose(order)

    return product


def _matrix(labels: Labels, dims: Mapping[int, int], *groups: list[int]) -> Callable[[Array], Array]:
    """An array as a matrix, or as a batch of matrices where the first of ``groups`` is not empty."""
    used = groups if groups[0] else groups[1:]
    place = [labels.index(label) for group in used for label in group]
    shape = [prod([dims[label] for label in group]) for group in used]
    if any([len(group) != 1 for group in used]):
        return lambda array: array.transpose(place).reshape(shape)
    return (lambda array: array) if place == sorted(place) else (lambda array: array.transpose(place))
