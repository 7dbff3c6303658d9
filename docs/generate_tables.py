"""Write ``functions.md`` and ``rules.md``: the tables that ``tensorcalc functions`` and ``tensorcalc rules`` print.

    python docs/generate_tables.py

Nothing here knows what is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

from tensorcalc.catalogue import functions, rules  # noqa: E402

WRITTEN = "This page is written by [generate_tables.py](generate_tables.py)."


def cell(text: str, code: bool = False) -> str:
    escaped = text.replace("|", r"\|")
    return f"`{escaped}`" if code and text else escaped


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def functions_page() -> Iterator[str]:
    """The table of functions."""
    yield from (
        "# Functions", "",
        "Everything that may be called in a formula; `tensorcalc functions` prints the same, and",
        "`tensorcalc functions inv` one of them at length. Operators are in [the language](language.md).", "",
        "- Shapes are those of arguments and value, as NumPy writes them; `()->()` is entry by entry, on arrays of any",
        "  shape.",
        "- In derivatives from the table that differentiation reads, `y` is the value and `x` the argument, or `a` and `b`",
        "  the first and the second. Where nothing is in that table, the derivative is derived: `∂f/∂X_ij`.",
        "- The domain says where function and derivative are defined, if not everywhere; formulas hold where both sides are.",
        "- MC is The Matrix Cookbook, version of November 15, 2012.", "",
        WRITTEN, "",
        "| function | shapes | value | derivative | domain | reference |", "|---|---|---|---|---|---|")
    for one in functions():
        yield row([cell(one.written, code=True), cell(one.shapes, code=True), cell(one.meaning),
                   "<br>".join(cell(part, code=True) for part in one.derivative.split("; ")), cell(one.domain),
                   cell(one.reference)])


def rules_page() -> Iterator[str]:
    """The table of rules, a family a section."""
    table = rules()
    yield from (
        "# Rules", "",
        f"The {len(table)} identities that answers are simplified by and that proofs cite; `tensorcalc rules` prints the",
        "same, and `tensorcalc rules kron` those in which a word occurs. Each stands for a class: letters are any",
        "formulas of the kind. Tests compare both sides at random values, but for the few that are ways of proving.", "",
        WRITTEN, "")
    for family, members in groupby(table, lambda one: one.name.partition(".")[0]):
        yield from (f"## {family}", "", "| rule | says | reference |", "|---|---|---|")
        for one in members:
            formula = not one.statement.startswith(("equal in", "both sides", "L = R", "E = 0"))
            yield row([f"`{one.name}`", cell(one.statement, code=formula), cell(one.reference)])
        yield ""


PAGES = {"functions.md": functions_page, "rules.md": rules_page}


def page(name: str) -> str:
    """The text of a page."""
    return "\n".join(PAGES[name]()).rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / "docs" / name).write_text(page(name), encoding="utf-8")
