"""The page of what people ask: it is what the generator makes, has every row, and no row fails that should not."""

from __future__ import annotations

import re
import sys

import pytest
from markdown import ROOT

sys.path.insert(0, str(ROOT / "docs"))

from generate_requests import page, transcript
from request_rows import ROWS, Row

ERRORS = {4, 8, 12, 24, 25, 26, 27, 34}
"""Rows that show an error: people asked for its words, or for a refusal."""


def test_the_page_is_what_the_generator_makes() -> None:
    assert (ROOT / "docs" / "requests.md").read_text() == page()


def test_every_request_has_a_row() -> None:
    assert [row.number for row in ROWS] == list(range(1, 79))
    assert all(row.says.endswith((".", "?", "”")) and row.where and row.by for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_errors_are_shown_where_they_are_asked_for(row: Row) -> None:
    text = transcript(row)
    assert bool(re.search(r"^\w+Error", text, re.MULTILINE)) == (row.number in ERRORS)
    assert "Traceback" not in text
