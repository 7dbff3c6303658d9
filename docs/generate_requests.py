"""Write ``requests.md``: what people ask for in public, and what answers it.

    python docs/generate_requests.py

The requests are those of ``request_rows.py``.  Everything that the page shows is run.
"""

from __future__ import annotations

import sys
from code import InteractiveInterpreter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from doctest import DocTestParser
from functools import cache
from io import StringIO
from pathlib import Path
from re import MULTILINE, sub
from re import split as split_by
from shlex import split

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from request_rows import ROWS, Row  # noqa: E402

import tensorcalc as tc  # noqa: E402
from tensorcalc.cli import main  # noqa: E402


class _Session(InteractiveInterpreter):
    """Runs examples; what they raise is raised."""

    def showtraceback(self) -> None:
        raise  # noqa: PLE0704


def commanded(line: str) -> str:
    """What a command prints, errors too; where its exit code is not 0, that as well."""
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        status = main(split(line)[1:])
    return printed.getvalue() + (f"$ echo $?\n{status}\n" if status else "")


@cache
def transcript(row: Row) -> str:
    """What is typed, each with what it prints."""
    return settled("".join(_typed(row)).rstrip())


def _typed(row: Row) -> Iterator[str]:
    session = _Session({"tc": tc})
    parts = split_by(r"^(?=\$|>>>)", sub(r"^tensorcalc", "$ tensorcalc", row.by, flags=MULTILINE), flags=MULTILINE)
    for part in filter(None, parts):
        yield part.strip() + "\n"
        if part.startswith("$"):
            yield commanded(part.removeprefix("$ "))
        for example in DocTestParser().get_examples(part.rstrip() + "\n") if part.startswith(">>>") else []:
            printed = StringIO()
            with redirect_stdout(printed):
                session.runsource(example.source, f"<row {row.number}>", "single")
            yield printed.getvalue()


def settled(text: str) -> str:
    """``text`` without what rounding makes of it, which is not the same on every machine."""
    return sub(r"largest relative gap \S+", "largest relative gap …", text)


def section(row: Row) -> Iterator[str]:
    """A request and its answer."""
    yield from (f"## {row.number}", "", f"{row.says} ({row.where})", "", "```text")
    yield from transcript(row).splitlines()
    yield from ("```", "")
    if row.note:
        yield from (row.note, "")
    if row.lacks:
        yield from (f"**Not answered:** {row.lacks}", "")


def entry(row: Row) -> str:
    """A row of the table."""
    first = row.by.splitlines()[0].rstrip("\\").removeprefix(">>> ").strip()
    return f"| [{row.number}](#{row.number}) | {row.says} | `{first}` | {'in part' if row.lacks else 'yes'} |"


def page() -> str:
    """The whole page."""
    lacking = [row for row in ROWS if row.lacks]
    numbers = ", ".join(f"[{row.number}](#{row.number})" for row in lacking)
    lines = [
        "# What people ask",
        "",
        f"{len(ROWS)} requests from public issue trackers and question pages, each in a sentence, with the place where it was",
        "made, and with what answers it here: commands after `$`, Python after `>>>` (`import tensorcalc as tc`), and what",
        "they print. Short places such as `sympy/sympy#10509` are repositories on GitHub and numbers of issues or pull",
        "requests.",
        "",
        f"{len(ROWS) - len(lacking)} of them are answered; of {numbers} a part is not, and they say which.",
        "",
        "This page is written by [generate_requests.py](generate_requests.py), which runs everything on it.",
        "",
        "| | request | answered by | |",
        "|---|---|---|---|",
        *[entry(row) for row in ROWS],
        "",
        *[line for row in ROWS for line in section(row)],
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "requests.md").write_text(page(), encoding="utf-8")
