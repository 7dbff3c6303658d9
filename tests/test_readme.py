"""The README sets up, runs and tests the project, and shows what happens."""

from __future__ import annotations

import tomllib
from importlib import import_module

from markdown import ROOT, blocks, printed

README = ROOT / "README.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_first_block_runs_the_main_job() -> None:
    lines = blocks(README)[0].text.splitlines()
    assert lines[:3] == ["python3 -m venv .venv", ". .venv/bin/activate", "pip install ."]
    assert len(lines) == 4
    assert lines[3].startswith("tensorcalc derive ")
    assert "D_ijpq = delta_ip Y_qj" in printed(lines[3])


def test_the_second_block_is_what_the_checks_run() -> None:
    lines = blocks(README)[1].text.splitlines()
    assert lines == ["python3 -m venv .venv", ". .venv/bin/activate", "pip install '.[test]'", "python -m pytest"]
    checks = [line.replace("--quiet ", "") for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    assert lines[2] in checks
    assert lines[3] in checks


def test_the_command_is_installed() -> None:
    module, _, function = PROJECT["scripts"]["tensorcalc"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_change_log_knows_the_version() -> None:
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()
