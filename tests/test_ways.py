"""A few of the random cases of ``campaigns/arrays.py``: every way to compute them gives what PyTorch finds."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("torch")

from randoms import case, chain, small
from ways import Judge, as_map, at_points

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


@pytest.mark.parametrize("seed", range(8))
def test_formulas(seed: int) -> None:
    judge = Judge(case(seed))
    if judge.tensors:
        judge.compiled()
        judge.alone()
        judge.elsewhere("torch")
    assert not judge.faults


@pytest.mark.parametrize("seed", range(6))
def test_networks(seed: int) -> None:
    judge = Judge(chain(seed))
    if judge.tensors:
        judge.compiled()
    assert not judge.faults


@pytest.mark.parametrize("seed", range(8))
def test_small_tensors_at_points(seed: int) -> None:
    assert not at_points(small(seed), random.Random(seed))


@pytest.mark.parametrize("seed", range(12))
def test_maps(seed: int) -> None:
    one = chain(seed) if seed % 2 else case(seed)
    if 0 not in one.sizes.values():
        assert not as_map(one, 1 if one.dims[-1] else 2, limit=100 if seed % 3 == 0 else None)
