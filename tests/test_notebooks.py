"""The notebooks run from top to bottom, and show what happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from markdown import ROOT
from notebooks import outputs

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_outputs(notebook: Path) -> None:
    for cell, now in outputs(notebook):
        assert written(cell["outputs"]) == written(now), "".join(cell["source"])


def written(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outputs with a word for each drawing: how things are drawn may change, and tests of its own look at that."""
    return [{**one, "data": {kind: "a drawing" if "<svg" in text[0] else text for kind, text in one.get("data", {}).items()}}
            for one in found]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_in_order_and_small(notebook: Path) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    counts = [cell["execution_count"] for cell in content["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    assert notebook.stat().st_size < 100_000


def test_there_are_notebooks() -> None:
    assert [notebook.name for notebook in NOTEBOOKS] == ["hyperelastic_newton.ipynb", "tour.ipynb"]
