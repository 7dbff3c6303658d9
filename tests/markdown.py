"""Pages as tests: the Python examples and the shell sessions of a Markdown file, run and compared.

A block of ``python`` holds examples as docstrings do; all blocks of a page share one
namespace.  A block of ``console`` holds commands after ``$ `` and, below each, exactly
what it prints.  Blocks of other languages are not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from doctest import DocTestParser, DocTestRunner
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMANDS = 'tensorcalc() { "$PYTHON" -m tensorcalc "$@"; }; python() { "$PYTHON" "$@"; }; '


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page, those of ``languages`` if any are given."""
    source = page.read_text()
    found = [Block(match["language"], match["text"], source.count("\n", 0, match.start("text")) + 1)
             for match in _FENCE.finditer(source)]
    return [block for block in found if not languages or block.language in languages]


def failures(page: Path) -> str:
    """What the Python examples of a page do other than it says; empty where nothing."""
    runner = DocTestRunner(verbose=False)
    namespace: dict[str, Any] = {"__name__": page.stem}
    report: list[str] = []
    for block in blocks(page, "python"):
        test = DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
        assert test.examples, f"{page.name}:{block.line} has a block of Python without >>>"
        runner.run(test, out=report.append, clear_globs=False)
        namespace = test.globs
    return "".join(report)


def session(block: Block) -> list[tuple[str, str]]:
    """The commands of a shell session, each with what it prints."""
    pieces = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not pieces[0], "a session begins with a command"
    found = []
    for piece in pieces[1:]:
        lines = piece.splitlines(keepends=True)
        count = next(k for k, line in enumerate(lines, 1) if not line.endswith("\\\n"))
        found.append(("".join(lines[:count]), "".join(lines[count:])))
    return found


def printed(command: str) -> str:
    """What a command prints in the root of the project."""
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(["bash", "-c", _COMMANDS + command], cwd=ROOT, env=environment, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.stdout
