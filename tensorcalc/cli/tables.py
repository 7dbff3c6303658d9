"""The commands that look something up: explain, functions, rules."""

from __future__ import annotations

from collections.abc import Collection
from shlex import split

from ..calculus.rules.sets import ALL
from ..codes import CODES
from ..errors import RequestError, TensorCalcError
from ..functions import TABLE
from ..notation.lower.matrix import FUNCTION_NAMES
from ..spelling import closest
from . import answers, show
from .command import Command
from .options import Arguments, arguments


def _explain(given: Arguments) -> int:
    """A code in a sentence, and a command that raises it with what it prints."""
    if not given.words:
        return show.write(show.columns([(code, row.sentence) for code, row in CODES.items()]))
    lines: list[str] = []
    for word in given.words:
        code = word.upper()
        if code not in CODES:
            raise RequestError("TC521", f"there is no code {word}", help="tensorcalc explain lists them all")
        row = CODES[code]
        lines += [show.title(f"{code}  {row.kind(code)}"), f"  {row.sentence}"]
        if row.example:
            lines += ["", f"  $ tensorcalc {row.example}", *[f"  {line}" for line in _raised(row.example).splitlines()]]
    return show.write(lines)


def _raised(example: str) -> str:
    """The error that a question ends in."""
    name, *words = split(example)
    command = answers.COMMANDS[name]
    try:
        command.run(arguments(words, command.options))
    except TensorCalcError as error:
        return str(error)
    return ""


def _functions(given: Arguments) -> int:
    """What each function takes and gives, and its derivative, as the table has them."""
    rows = []
    for name in [_known("function", word, FUNCTION_NAMES) for word in given.words] or sorted(FUNCTION_NAMES):
        row = TABLE.get(name)
        rows.append((name, row.signature, "; ".join(row.derivatives), row.reference) if row else (name, "", "", ""))
    return show.write(show.columns(rows))


def _rules(given: Arguments) -> int:
    """Every rule that answers are rewritten by."""
    families = sorted({rule.name.partition(".")[0] for rule in ALL})
    wanted = [_known("family of rules", word, families) for word in given.words] or families
    return show.write(show.columns([(rule.name, rule.statement, rule.reference) for rule in ALL
                                    if rule.name.partition(".")[0] in wanted]))


def _known(what: str, word: str, known: Collection[str]) -> str:
    """``word``, which is one of the known ones."""
    if word not in known:
        meant = closest(word, known)
        raise RequestError("TC521", f"there is no {what} {word}", help=f"did you mean {meant}?" if meant else None)
    return word


COMMANDS = {
    "explain": Command("say what an error code means", "[CODE]", (), _explain,
                       ("tensorcalc explain TC103", "tensorcalc explain")),
    "functions": Command("list the functions and their derivatives", "[NAME]", (), _functions,
                         ("tensorcalc functions", "tensorcalc functions inv")),
    "rules": Command("list the identities that answers are simplified by", "[FAMILY]", (), _rules,
                     ("tensorcalc rules", "tensorcalc rules inverse")),
}
