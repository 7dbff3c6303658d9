"""Random linear maps: sums of products of tensors and deltas on the axes of rows and columns, with their values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tensorcalc.algebra.build import add, apply, delta, einsum, variable
from tensorcalc.algebra.expr import Expr
from tensorcalc.functions import TABLE

SUMMED = "s"


@dataclass
class RandomMap:
    """An expression whose first axes are rows; the sizes and values of what is in it, and its matrix."""

    rows: list[str]
    cols: list[str]
    sizes: dict[str, int]
    values: dict[str, Any] = field(default_factory=dict)
    expr: Expr | None = None
    matrix: Any = None

    @property
    def dims(self) -> list[str]:
        return self.rows + self.cols


def random_map(seed: int) -> RandomMap:
    """A map of up to three axes a side; sides have equal axes, in any order, three times out of four."""
    rng = np.random.default_rng(seed)
    sizes = {"a": int(rng.integers(1, 4)), "b": int(rng.integers(1, 4)), "c": int(rng.integers(1, 5)),
             SUMMED: int(rng.integers(1, 4))}
    rows = [str(dim) for dim in rng.choice(["a", "b", "c"], int(rng.integers(1, 4)))]
    cols = [rows[k] for k in rng.permutation(len(rows))] if rng.random() < 0.75 else \
        [str(dim) for dim in rng.choice(["a", "b", "c"], int(rng.integers(0, 4)))]
    made = RandomMap(rows, cols, sizes)
    terms, total = [], 0.0
    for _ in range(int(rng.integers(1, 5))):
        weight = int(rng.choice([-2, -1, 1, 1, 2, 3]))
        factors = _factors(rng, made)
        terms.append((weight, einsum([(expr, labels) for expr, labels, _ in factors], range(len(made.dims)))))
        total = total + weight * _einsum(factors, made)
    made.expr = add(terms, tuple(made.dims))
    made.matrix = total.reshape(int(np.prod([sizes[dim] for dim in rows])), -1)
    return made


def _einsum(factors: list[tuple[Expr, list[Any], Any]], made: RandomMap) -> Any:
    """The product of the arrays of factors, by NumPy."""
    number = {label: k for k, label in enumerate([*range(len(made.dims)), SUMMED])}
    operands = [part for _, labels, array in factors for part in (array, [number[label] for label in labels])]
    return np.einsum(*operands, list(range(len(made.dims))))


def _factors(rng: np.random.Generator, made: RandomMap) -> list[tuple[Expr, list[Any], Any]]:
    """A product: some axes tied by deltas, the rest on tensors that also share a summed index."""
    dims, rows = made.dims, len(made.rows)
    axes = [int(axis) for axis in rng.permutation(len(dims))]
    factors = []
    while axes:
        axis = axes.pop(0)
        same = [other for other in axes if dims[other] == dims[axis]]
        across = [other for other in same if (other < rows) != (axis < rows)]
        draw = rng.random()
        size = made.sizes[dims[axis]]
        if across and draw < 0.45:
            factors.append((delta(dims[axis]), [axis, across[0]], np.eye(size)))
            axes.remove(across[0])
            if rng.random() < 0.3:
                factors.append(_tensor(rng, [axis], made))
        elif same and draw < 0.5:
            factors.append((delta(dims[axis]), [axis, same[0]], np.eye(size)))
            axes.remove(same[0])
        elif axes and draw < 0.8:
            factors.append(_tensor(rng, [axis, axes.pop(0)], made))
        elif draw < 0.9:
            factors.append(_tensor(rng, [axis, SUMMED], made))
        else:
            factors.append((delta(dims[axis], 1), [axis], np.ones(size)))
    if rng.random() < 0.3:
        factors.append(_tensor(rng, [SUMMED], made))
    if rng.random() < 0.2:
        factors.append(_tensor(rng, [], made))
    if rng.random() < 0.2 and len(dims) > 1:
        factors.append(_tensor(rng, [int(axis) for axis in rng.choice(len(dims), 2, replace=False)], made))
    return factors


def _tensor(rng: np.random.Generator, labels: list[Any], made: RandomMap) -> tuple[Expr, list[Any], Any]:
    """A tensor with the axes ``labels``: a variable, old or new, or a function of one."""
    shape = [SUMMED if label == SUMMED else made.dims[label] for label in labels]
    size = tuple(made.sizes[dim] for dim in shape)
    fitting = [name for name, array in made.values.items() if array.shape == size and name.endswith("".join(shape))]
    name = str(rng.choice(fitting)) if fitting and rng.random() < 0.3 else f"T{len(made.values)}{''.join(shape)}"
    if name not in made.values:
        array = rng.normal(size=size)
        if len(shape) == 2 and shape[0] == shape[1] and rng.random() < 0.5:
            array = array @ array.T + np.eye(len(array))
        made.values[name] = array
    expr, array, draw = variable(name, *shape), made.values[name], rng.random()
    if draw < 0.15:
        return apply(TABLE["exp"], expr), labels, np.exp(array)
    if draw < 0.3 and len(shape) == 2 and shape[0] == shape[1] and abs(np.linalg.det(array)) > 0.1:
        return apply(TABLE["inv"], expr), labels, np.linalg.inv(array)
    return expr, labels, array
