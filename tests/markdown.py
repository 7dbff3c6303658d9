"""Pages as tests: the Python examples and the shell sessions of a Markdown file, run and compared.

A block of ``python`` holds examples as docstrings do; all blocks of a page share one
namespace.  A block of ``console`` holds commands after ``$ `` and, below each, exactly
what it prints.  Blocks of other languages are not run.

``python tests/markdown.py PAGE…`` puts what happens now in place of what pages say.
Read the difference before you commit it.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from doctest import DocTestParser, DocTestRunner, Example
from pathlib import Path
from traceback import format_exception_only
from typing import Any

from tensorcalc.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_STACK = re.compile(r"^(Traceback \(most recent call last\):\n)(?: .*\n)+", re.MULTILINE)  # names files of this machine
_COMMANDS = 'tensorcalc() { "$PYTHON" -m tensorcalc "$@"; }; python() { "$PYTHON" "$@"; }; '


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line on which the text begins, and where it stands."""

    language: str
    text: str
    line: int
    span: tuple[int, int]


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page, those of ``languages`` if any are given."""
    source = page.read_text()
    found = [Block(match["language"], match["text"], source.count("\n", 0, match.start("text")) + 1, match.span("text"))
             for match in _FENCE.finditer(source)]
    return [block for block in found if not languages or block.language in languages]


# -- Python ------------------------------------------------------------------------------


class _Recorder(DocTestRunner):
    """Remembers what each example printed, and says what was not as expected."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.got: dict[Example, str] = {}

    def report_success(self, out: Any, test: Any, example: Example, got: str) -> None:
        self.got[example] = _STACK.sub(r"\1    ...\n", got)

    def report_failure(self, out: Any, test: Any, example: Example, got: str) -> None:
        self.got[example] = _STACK.sub(r"\1    ...\n", got)
        super().report_failure(out, test, example, got)

    def report_unexpected_exception(self, out: Any, test: Any, example: Example, exc_info: Any) -> None:
        self.got[example] = "Traceback (most recent call last):\n    ...\n" + "".join(format_exception_only(exc_info[1]))
        super().report_unexpected_exception(out, test, example, exc_info)


def _run(page: Path) -> Iterator[tuple[Block, list[tuple[Example, str]], str]]:
    """For each block of Python, its examples with what they printed, and a report of what differs."""
    namespace: dict[str, Any] = {"__name__": page.stem}
    for block in blocks(page, "python"):
        test = DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
        assert test.examples, f"{page.name}:{block.line} has a block of Python without >>>"
        recorder, report = _Recorder(), list[str]()
        recorder.run(test, out=report.append, clear_globs=False)
        namespace = test.globs
        yield block, [(example, recorder.got[example]) for example in test.examples], "".join(report)


def failures(page: Path) -> str:
    """What the Python examples of a page do other than it says; empty where nothing."""
    return "".join(report for _, _, report in _run(page))


# -- the shell ---------------------------------------------------------------------------


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


def printed(command: str, *, fresh: bool = True) -> str:
    """What a command prints in the root of the project.

    With ``fresh`` by a shell; else a plain command of tensorcalc is run in this process, which takes a tenth of the time.
    """
    words = [] if fresh else plain(command)
    if words and words[0] == "tensorcalc":
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            main(words[1:])
        return out.getvalue()
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(["bash", "-c", _COMMANDS + command], cwd=ROOT, env=environment, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.stdout


def plain(command: str) -> list[str]:
    """The words of a command; none where the shell has more to do than to split it."""
    words = shlex.shlex(command.replace("\\\n", ""), posix=True, punctuation_chars=True)
    words.commenters, words.whitespace_split = "", True
    found = list(words)
    return [] if any(set(word) <= set("();<>|&") or "$" in word or "`" in word for word in found) else found


def settled(text: str) -> str:
    """``text`` without what rounding makes of it, which is not the same on every machine."""
    return re.sub(r"largest relative gap \S+", "largest relative gap …", text)


# -- rewriting ---------------------------------------------------------------------------


def rewritten(page: Path) -> str:
    """The page with what happens now in place of what it says."""
    new: dict[tuple[int, int], str] = {}
    for block, examples, _ in _run(page):
        parts = iter(examples)
        texts = [part if isinstance(part, str) else _example(*next(parts)) for part in DocTestParser().parse(block.text)]
        new[block.span] = "".join(texts)
    for block in blocks(page, "console"):
        new[block.span] = "".join(f"$ {command}{_kept(expected, printed(command, fresh=False))}" for command, expected in session(block))
    source = page.read_text()
    for start, end in sorted(new, reverse=True):
        source = source[:start] + new[start, end] + source[end:]
    return source


def _kept(old: str, new: str) -> str:
    return old if settled(old) == settled(new) else new


def _example(example: Example, got: str) -> str:
    first, *rest = example.source.splitlines()
    lines = [f">>> {first}\n", *[f"... {line}\n" if line else "...\n" for line in rest]]
    return "".join(lines) + (example.want if example.exc_msg == got else re.sub(r"(?m)^$(?=\n)", "<BLANKLINE>", got))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(rewritten(Path(name)))
