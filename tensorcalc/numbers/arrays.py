"""The steps of a plan on arrays: sums, products of two tensors, placements, powers.

Knows NumPy and labels of axes, and nothing of expressions.  Labels below the
rank of the result are its axes, in order; larger ones are summed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from .backends import numpy

Array = Any
Labels = Sequence[int]


def add(terms: Sequence[tuple[float, Array]], shape: tuple[int, ...]) -> Array:
    """The linear combination of arrays of ``shape``."""
    if not terms:
        return numpy().zeros(shape)
    (weight, first), *rest = terms
    total = weight * first
    for weight, term in rest:
        total = total + (term if weight == 1 else weight * term)
    return total


def unary(tensor: Array, labels: Labels, rank: int) -> Array:
    """One tensor, read along diagonals, summed and permuted; the labels of the result are ``0 … rank-1``."""
    distinct = list(dict.fromkeys(labels))
    if len(distinct) < len(labels):
        tensor = numpy().einsum(tensor, list(labels), distinct)
    summed = tuple([axis for axis, label in enumerate(distinct) if label >= rank])
    if summed:
        tensor = tensor.sum(axis=summed)
    return _ordered(tensor, [label for label in distinct if label < rank])


def _ordered(tensor: Array, labels: Labels) -> Array:
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return tensor if order == list(range(len(order))) else tensor.transpose(order)


def pair(a: Array, own: Labels, b: Array, other: Labels, rank: int) -> Array:
    """The product of two tensors, as one matrix product or one elementwise product."""
    summed = [label for label in own if label >= rank]
    if not summed:
        return spread(a, own, rank) * spread(b, other, rank)
    both = [label for label in own if label in other and label < rank]
    left = [label for label in own if label not in other]
    right = [label for label in other if label not in own]
    dims = {**dict(zip(own, a.shape)), **dict(zip(other, b.shape))}

    def matrix(tensor: Array, labels: Labels, *order: Labels) -> Array:
        place = [labels.index(label) for group in order for label in group]
        shape = [prod(dims[label] for label in group) for group in order]
        return tensor.transpose(place).reshape(shape if both else shape[1:])

    product = matrix(a, own, both, left, summed) @ matrix(b, other, both, summed, right)
    labels = (*both, *left, *right)
    return _ordered(product.reshape([dims[label] for label in labels]), labels)


def spread(tensor: Array, labels: Labels, rank: int) -> Array:
    """``tensor`` with its axes at the places ``labels`` of ``rank``, and axes of size one elsewhere."""
    shape = [1] * rank
    for label, size in zip(labels, tensor.shape):
        shape[label] = size
    return _ordered(tensor, labels).reshape(shape)


def place(tensor: Array, labels: Labels, deltas: Sequence[Labels], shape: tuple[int, ...]) -> Array:
    """``tensor`` repeated along the axes of deltas of order one, and on the diagonals of the others."""
    np = numpy()
    if labels:
        tensor = spread(tensor, labels, len(shape))
    if all(len(axes) == 1 for axes in deltas):
        return np.broadcast_to(tensor, shape)
    first = list(range(len(shape)))
    for axes in deltas:
        for axis in axes:
            first[axis] = axes[0]
    result = np.zeros(shape, dtype=np.result_type(tensor, float))
    kept = sorted(set(first))
    if labels:
        tensor = tensor.reshape([tensor.shape[axis] for axis in kept])
    np.einsum(result, first, kept)[...] = tensor
    return result


def power(base: Array, exponent: Array, known: Fraction | None = None) -> Array:
    """``base`` to an exponent; whole and half exponents that are ``known`` exactly are exact."""
    np = numpy()
    if known is None:
        return np.power(base, exponent)
    size = np.sqrt(base) if abs(known) == Fraction(1, 2) else np.power(base, float(abs(known)))
    return size if known > 0 else 1.0 / size
