"""The README sets up, runs and tests the project, and shows what happens."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module

from markdown import PAGES, ROOT, blocks, printed

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
    assert lines == ["python3 -m venv .venv", ". .venv/bin/activate", "pip install '.[test]'", "python -m pytest -n auto"]
    checks = [line.replace("--quiet ", "") for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    assert lines[2] in checks
    assert lines[3] in checks


def test_every_other_block_is_run() -> None:
    """By tests/test_docs.py: sessions and Python, each with what it prints."""
    assert {block.language for block in blocks(README)[2:]} == {"console", "python"}
    assert README in PAGES


def test_commands_between_the_lines_are_commands() -> None:
    for command, words in re.findall(r"`tensorcalc (\w+)([^`]*)`", README.read_text()):
        text = printed(f"tensorcalc {command} --help")
        assert text.startswith(f"tensorcalc {command}")
        assert {*re.findall(r"--\w+", words)} <= {*re.findall(r"--\w+", text)}


def test_the_command_is_installed() -> None:
    module, _, function = PROJECT["scripts"]["tensorcalc"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_change_log_knows_the_version() -> None:
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()
