"""The files of the project: the checks of sp-repo-review, and versions that agree."""

from __future__ import annotations

import re
import subprocess
import sys

from markdown import ROOT

import tensorcalc

PYPROJECT = (ROOT / "pyproject.toml").read_text()


def test_the_repository_passes_its_review() -> None:
    """All checks of sp-repo-review but for those that pyproject.toml names, each with a reason."""
    done = subprocess.run([sys.executable, "-m", "repo_review", "--show=err", "."], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == 0, done.stdout


def test_exceptions_of_the_review_have_reasons() -> None:
    (table,) = re.findall(r"\[tool\.repo-review\]\nignore = \[\n(.*?)\n\]", PYPROJECT, re.DOTALL)
    for line in table.splitlines():
        assert re.fullmatch(r' +("\w+", *)+ +# \S.*', line), line


def test_there_is_one_version() -> None:
    assert re.search(r'^version = "(.*)"$', PYPROJECT, re.MULTILINE)[1] == tensorcalc.__version__
    assert f"\nversion: {tensorcalc.__version__}\n" in (ROOT / "CITATION.cff").read_text()
