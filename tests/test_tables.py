"""The tables of functions and rules: the pages are what the generator makes, and the rows mean what they say."""

from __future__ import annotations

import sys

import pytest
from markdown import ROOT

import tensorcalc as tc
from tensorcalc.catalogue import functions, rules
from tensorcalc.cli import COMMANDS
from tensorcalc.functions import core_names
from tensorcalc.notation.lower.matrix import FUNCTION_NAMES

sys.path.insert(0, str(ROOT / "docs"))

from generate_tables import PAGES, page

FUNCTIONS = functions()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_generator_makes(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == page(name)


def test_the_page_of_the_command_line_has_the_help_of_every_command() -> None:
    """What it prints is compared where pages are run."""
    shown = (ROOT / "docs" / "command-line.md").read_text()
    assert [name for name in COMMANDS if f"\n$ tensorcalc {name} --help\n" not in shown] == []


def test_every_function_and_rule_has_a_row() -> None:
    assert {row.name for row in FUNCTIONS} == FUNCTION_NAMES
    assert all(row.meaning for row in FUNCTIONS)
    assert len({row.name for row in rules()}) == len(rules()) > 100


@pytest.mark.parametrize("row", [row for row in FUNCTIONS if row.name not in ("coefficient", "einsum", "matrix", "vector", "diff",
                                                                              "jacobian")], ids=lambda row: row.name)
def test_a_function_as_it_is_written_has_the_shape_it_says(row: tuple[str, ...]) -> None:
    """As many axes as the signature shows; whatever is entry by entry has those of its argument."""
    _, written, shapes = row[:3]
    value = tc.read(written)
    if shapes.endswith("()->()"):
        assert value.ndim == 2
    elif "^" not in shapes and "*" not in shapes:
        assert value.ndim == len(core_names(shapes)[1])


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.name)
def test_a_row_has_a_derivative_unless_there_is_nothing_to_differentiate_by(row: tuple[str, ...]) -> None:
    constant = row[2].startswith("->") or row[0] in ("powers", "frechet", "diff", "jacobian")
    assert bool(row[4]) != constant
