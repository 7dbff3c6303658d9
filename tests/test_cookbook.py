"""The page of equations of The Matrix Cookbook: it is what the generator makes, and says what it should."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest
from markdown import ROOT

import tensorcalc as tc

sys.path.insert(0, str(ROOT / "docs"))

from cookbook_equations import SECTIONS, SERIES, Equation, Unwritten
from generate_cookbook import judged, page, shapes

ROWS = [row for section in (*SECTIONS, SERIES) for row in section.rows]
EQUATIONS = [row for row in ROWS if isinstance(row, Equation)]
WRONG = {"27", "92", "94–95", "127", "507", "524", "j = 1"}


def test_the_page_is_what_the_generator_makes() -> None:
    assert (ROOT / "docs" / "cookbook.md").read_text() == page()


def test_every_equation_of_the_sections_has_a_row() -> None:
    numbers = set()
    for row in ROWS:
        first, _, last = row.number.partition("–")
        if first.isdigit():
            numbers |= set(range(int(first), int(last or first) + 1))
    assert set(range(1, 152)) | set(range(155, 168)) | set(range(487, 503)) | set(range(506, 525)) <= numbers


def test_what_cannot_be_written_has_a_reason() -> None:
    assert all(row.reason for row in ROWS if isinstance(row, Unwritten))


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation.number)
def test_proofs_and_refutations_replay(equation: Equation) -> None:
    expected = "refuted" if equation.number in WRONG else "proved"
    found = verdicts(equation, equation.sides)
    assert any(one.verdict == expected for one in found) and all(one.verdict in ("proved", expected) for one in found)
    assert [fault for one in found for fault in one.replay()] == []


@pytest.mark.parametrize("equation", [one for one in EQUATIONS if one.corrected], ids=lambda equation: equation.number)
def test_what_is_corrected_is_proved(equation: Equation) -> None:
    assert judged(equation, equation.corrected)["verdict"] == "proved"
    assert not equation.where or judged(equation, also=equation.where)["verdict"] == "proved"
    assert equation.number in WRONG


def verdicts(equation: Equation, sides: tuple[str, ...], also: Mapping[str, Any] | None = None) -> list[tc.Verdict]:
    return [tc.verify(sides[0], other, vars=shapes(equation.vars), assume={**equation.assume, **(also or {})},
                      functions=equation.functions, wrt_convention=equation.convention) for other in sides[1:]]
