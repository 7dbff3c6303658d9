"""The examples run, check themselves, and print what the pages show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown import PAGES, ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example(path: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", path], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, text=True,
                          check=False, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("checked")
    assert any(f"$ python examples/{path.name}\n{done.stdout}" in page.read_text() for page in PAGES)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 9


def test_every_example_is_listed_with_a_page_that_exists() -> None:
    folder = ROOT / "examples"
    rows = re.findall(r"^\| `([\w.]+)` \|.*\]\(([^)]+)\) \|$", (folder / "README.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {path.name for path in folder.iterdir() if path.suffix in (".py", ".ipynb")}
    assert all((folder / page).exists() for _, page in rows)
