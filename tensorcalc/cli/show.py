"""How answers look on a terminal, and where no terminal is.

Knows text and streams alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from threading import Event, Thread
from typing import Any, TextIO


def write(lines: Sequence[str]) -> int:
    """Lines on standard output; the exit code of an answer."""
    sys.stdout.write("".join([line + "\n" for line in lines]))
    return 0


def coloured(stream: Any) -> bool:
    """Whether a stream shows colours: https://no-color.org, https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def title(text: str) -> str:
    """The first line of an answer."""
    return f"\033[1m{text}\033[0m" if coloured(sys.stdout) else text


def failure(text: str, part: str) -> str:
    """An error with ``part`` of it in red."""
    return text.replace(part, f"\033[1;31m{part}\033[0m", 1) if part and coloured(sys.stderr) else text


def labelled(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lines with a label each; a label that repeats is left out."""
    width = max([11, *[len(label) + 1 for label, _ in rows]])
    paint = "\033[2m{}\033[0m" if coloured(sys.stdout) else "{}"
    lines, last = [], ""
    for label, text in rows:
        shown = label if label != last else ""
        last = label
        for k, line in enumerate(text.splitlines() or [""]):
            lines.append("  " + paint.format((shown if not k else "").ljust(width)) + " " + line)
    return lines


def columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their cells under one another."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join([cell.ljust(width) for cell, width in zip(row, widths)]).rstrip() for row in rows]


def listing(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A whole table; on a terminal no line is longer than that is wide."""
    lines = columns(rows)
    if not sys.stdout.isatty():
        return lines
    width = get_terminal_size().columns
    return [line if len(line) <= width else line[:width - 1] + "…" for line in lines]


def shape(sizes: Sequence[object]) -> str:
    """``m x n``, or that it is a number."""
    return " x ".join(map(str, sizes)) or "a number"


def array(values: Any) -> list[str]:
    """Nested lists as JSON, one row a line, columns under one another."""
    if not isinstance(values, list) or not values or not isinstance(values[0], list):
        return [entries(values)]
    if not any(isinstance(entry, list) for row in values for entry in row):
        width = max(len(entries(entry)) for row in values for entry in row) if values[0] else 0
        lines = [f"[{', '.join([entries(entry).rjust(width) for entry in row])}]" for row in values]
    else:
        lines = ["\n ".join(array(part)) for part in values]
    return ("[" + ",\n ".join(lines) + "]").splitlines()


def entries(values: Any) -> str:
    """A number, or a list of numbers, as JSON; whole numbers without their point."""
    if isinstance(values, list):
        return f"[{', '.join(map(entries, values))}]"
    if isinstance(values, str):
        return _NOT_FINITE[values]
    return json.dumps(int(values) if isinstance(values, float) and values.is_integer() and abs(values) < 1e16 else values)


_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def dumped(answer: dict[str, Any]) -> str:
    """An answer as one line of JSON."""
    text = json.dumps(answer, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(answer)


@contextmanager
def working(stream: TextIO | None = None, every: float = 1.0) -> Iterator[None]:
    """Say on a terminal that work goes on, once a second and never before the first; leave no trace of it."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield
        return
    done = Event()
    teller = Thread(target=_tell, args=(stream, done, every), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(stream: TextIO, done: Event, every: float) -> None:
    told = 0
    while not done.wait(every):
        told += 1
        stream.write(f"\rstill working … {told * every:.0f} s")
        stream.flush()
    if told:
        stream.write("\r\033[K")
        stream.flush()
