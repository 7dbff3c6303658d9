"""The commands that look something up: explain, functions, rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import split
from typing import Any, NamedTuple, TypeVar

from .. import catalogue
from ..catalogue import FunctionRow
from ..codes import CODES
from ..errors import RequestError, TensorCalcError
from ..notation.lower.matrix import FUNCTION_NAMES
from ..spelling import closest
from . import answers, show
from .command import JSON, Command
from .options import Arguments, arguments

Row = TypeVar("Row", bound=NamedTuple)


# -- explain -----------------------------------------------------------------------------


def _explain(given: Arguments) -> int:
    """A code in a sentence, and a command that raises it with what it prints."""
    codes = [_code(word) for word in given.words] or list(CODES)
    if "json" in given.values:
        return _json([{"code": code, "class": CODES[code].kind(code).partition(":")[0], "sentence": CODES[code].sentence,
                       "example": CODES[code].example} for code in codes])
    if not given.words:
        return show.write(show.listing([(code, row.sentence) for code, row in CODES.items()]))
    lines: list[str] = []
    for code in codes:
        row = CODES[code]
        lines += [show.title(f"{code}  {row.kind(code)}"), f"  {row.sentence}"]
        if row.example:
            lines += ["", f"  $ tensorcalc {row.example}", *[f"  {line}" for line in _raised(row.example).splitlines()]]
    return show.write(lines)


def _code(word: str) -> str:
    code = f"TC{word}" if word.isdecimal() else word.upper()
    if code not in CODES:
        raise RequestError("TC521", f"there is no code {word}", help="tensorcalc explain lists them all")
    return code


def _raised(example: str) -> str:
    """The error that a question ends in."""
    name, *words = split(example)
    command = answers.COMMANDS[name]
    try:
        command.run(arguments(words, command.options))
    except TensorCalcError as error:
        return str(error)
    return ""


def _json(rows: Sequence[dict[str, Any]]) -> int:
    return show.write([show.dumped({"ok": True, "rows": list(rows)})])


# -- functions and rules -----------------------------------------------------------------


def _functions(given: Arguments) -> int:
    """All functions a line each; what was asked for, at length."""
    table = catalogue.functions()
    named = set(given.words) & FUNCTION_NAMES
    rest = [word for word in given.words if word not in named]
    rows = [row for row in table if row.name in named] + _found("function", table, rest) if given.words else table
    if "json" in given.values:
        return _json([row._asdict() for row in rows])
    if not given.words:
        return show.write(show.listing([(row.written, row.shapes, row.meaning, row.derivative) for row in rows]))
    return show.write([line for row in rows for line in _card(row)])


def _card(row: FunctionRow) -> list[str]:
    facts = (("shapes", row.shapes), ("means", row.meaning), ("derivative", row.derivative), ("domain", row.domain),
             ("reference", row.reference))
    return [show.title(row.written), *show.labelled([(label, text) for label, text in facts if text])]


def _rules(given: Arguments) -> int:
    """The rules in which one of the words occurs; all of them where there are no words."""
    table = catalogue.rules()
    rows = _found("rule", table, given.words) if given.words else table
    if "json" in given.values:
        return _json([row._asdict() for row in rows])
    lines = [tuple(row) for row in rows]
    return show.write(show.columns(lines) if given.words else show.listing(lines))


def _found(what: str, table: Sequence[Row], words: Iterable[str]) -> list[Row]:
    """The rows of a table in which one of the words occurs; an error about a word that occurs in none."""
    found: list[Row] = []
    for word in words:
        rows = [row for row in table if any(word.lower() in str(cell).lower() for cell in row)]
        if not rows:
            meant = closest(word, [row[0] for row in table])
            raise RequestError("TC521", f"there is no {what} with {word} in it",
                               help=f"did you mean {meant}?" if meant else None)
        found += [row for row in rows if row not in found]
    return sorted(found, key=table.index)


COMMANDS = {
    "explain": Command("say what an error code means", "[CODE]", (JSON,), _explain, (
        "tensorcalc explain TC103  # with a command that causes it",
        "tensorcalc explain  # all of them",
    ), tuple(CODES)),
    "functions": Command("list the functions with their derivatives: y is the value, x the argument", "[NAME or WORD]",
                         (JSON,), _functions, (
        "tensorcalc functions inv  # one function at length",
        "tensorcalc functions Kronecker  # those in whose row a word occurs",
        "tensorcalc functions  # all of them, a line each",
    ), tuple(sorted(FUNCTION_NAMES))),
    "rules": Command("list the identities that answers are simplified by and proofs cite", "[WORD]", (JSON,), _rules, (
        "tensorcalc rules kron  # those in which a word occurs",
        "tensorcalc rules duplication Sylvester",
        "tensorcalc rules  # all of them",
    ), tuple(sorted({row.name.partition(".")[0] for row in catalogue.rules()}))),
}
