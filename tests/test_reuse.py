"""Known products found in others: the value stays, whatever shares tensors and labels with what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tensorcalc.algebra.build import variable
from tensorcalc.numbers.plans.pairwise import Part
from tensorcalc.numbers.plans.reuse import Products

POOL = [variable("x", 2), variable("y", 2), variable("A", 2, 2), variable("B", 2, 2), variable("T", 2, 2, 2)]
ARRAYS = {tensor.name: np.random.default_rng(k).integers(1, 9, tensor.shape).astype(float) for k, tensor in enumerate(POOL)}


def value(parts: Sequence[Part], kept: Sequence[int], values: dict[Any, Any]) -> Any:
    """The product in whole numbers, label by label: exact in floats."""
    arguments: list[Any] = []
    for part in parts:
        arguments += [values[part.tensor], list(part.labels)]
    return np.einsum(*arguments, list(kept))


@st.composite
def products(draw: Any, most: int) -> list[Part]:
    count = draw(st.integers(2, most))
    return [Part(tensor, tuple([draw(st.integers(0, 4)) for _ in tensor.shape]))
            for tensor in draw(st.lists(st.sampled_from(POOL), min_size=count, max_size=count))]


@settings(max_examples=600)
@given(products(3), products(4), st.data())
def test_the_value_stays(inner: list[Part], others: list[Part], data: Any) -> None:
    labels = sorted({label for part in inner for label in part.labels})
    kept = data.draw(st.lists(st.sampled_from(labels), unique=True))
    number = {label: k for k, label in enumerate([*kept, *[label for label in labels if label not in kept]])}
    inner = [Part(part.tensor, tuple([number[label] for label in part.labels])) for part in inner]
    there = {label: data.draw(st.integers(0, 6)) for label in number.values()}   # a copy of it, its labels perhaps joined
    parts = [*others, *[Part(part.tensor, tuple([there[label] for label in part.labels])) for part in inner]]
    outer = data.draw(st.lists(st.sampled_from(sorted({label for part in parts for label in part.labels})), unique=True))

    values: dict[Any, Any] = {tensor: ARRAYS[tensor.name] for tensor in POOL}
    stand_in = variable("#product", *[2] * len(kept))
    values[stand_in] = value(inner, range(len(kept)), values)
    known = Products()
    known.add(stand_in, inner, stand_in)
    found = known.within(parts, outer, ())
    event("found" if len(found) < len(parts) else "not there")
    assert np.array_equal(value(found, outer, values), value(parts, outer, values))


def test_the_jacobian_in_a_hessian_is_found() -> None:
    x, y, A, B, _ = POOL
    known = Products()
    jacobian = variable("J", 2, 2)
    known.add(jacobian, [Part(A, (0, 2)), Part(x, (2,)), Part(B, (2, 1))], jacobian)
    parts = [Part(jacobian, (3, 0)), Part(y, (3,)), Part(A, (3, 4)), Part(x, (4,)), Part(B, (4, 1))]
    assert known.within(parts, (0, 1), ()) == [Part(jacobian, (3, 0)), Part(y, (3,)), Part(jacobian, (3, 1))]


def test_what_is_summed_elsewhere_too_is_not_that_product() -> None:
    x, y, A, B, _ = POOL
    known = Products()
    product = variable("P", 2, 2)
    known.add(product, [Part(A, (0, 2)), Part(B, (2, 1))], product)
    for parts, kept in [([Part(A, (0, 2)), Part(B, (2, 1)), Part(x, (2,))], (0, 1)), ([Part(A, (0, 2)), Part(B, (2, 1))], (0, 1, 2)),
                        ([Part(A, (0, 2)), Part(B, (1, 2)), Part(y, (0,))], (0, 1))]:
        assert known.within(parts, kept, ()) == parts


def test_equal_factors_are_not_tried_in_every_order() -> None:
    """Sixteen of them could be taken in 2·10¹³ orders, all in vain: one sum reaches another factor."""
    x, _, A, _, _ = POOL
    known = Products()
    product = variable("P", 2)
    known.add(product, [Part(A, (0, label)) for label in range(1, 17)], product)
    parts = [*[Part(A, (0, label)) for label in range(1, 17)], Part(x, (5,))]
    assert known.within(parts, (0,), ()) == parts
