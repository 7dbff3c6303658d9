"""The command line: requests from words, answers as text.

A command is a row of a table, and the tables are in the modules that do what they say::

    answers.py     derive, verify, check, evaluate, code
    diagram.py     diagram
    batch.py       batch
    page.py        serve
    tables.py      explain, functions, rules
    completion.py  completion
    formulas.py    help formulas
    command.py     what a command is, and the options that several have
    options.py     words to requests
    show.py        how answers look

Exit codes: 0 answered or proved, 1 refuted, 2 an error, 3 undecided.  Errors are on standard error; with
``--json`` they are an answer like any other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import RequestError, TensorCalcError
from ..spelling import closest
from . import answers, batch, completion, diagram, formulas, page, tables
from .command import ERROR, Command, plain
from .options import arguments
from .show import dumped, failure, write

COMMANDS: dict[str, Command] = {**answers.COMMANDS, **diagram.COMMANDS, **batch.COMMANDS, **page.COMMANDS,
                                **tables.COMMANDS}
"""Every command by its name."""

COMMANDS["completion"] = completion.command(COMMANDS)


def main(given: Sequence[str] | None = None) -> int:
    """Answer one command."""
    words = list(sys.argv[1:] if given is None else given)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        status = run(words)
        sys.stdout.flush()
    except TensorCalcError as error:
        if "--json" in words:
            write([dumped({"ok": False, "error": error.to_dict()})])
            return ERROR
        sys.stderr.write(failure(str(error), error.message) + "\n")
        return ERROR
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a closed terminal
        sys.stderr.write(failure(f"the answer cannot be written: {error.strerror}", "") + "\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except KeyboardInterrupt:
        return 130
    return status


def run(words: Sequence[str]) -> int:
    """Answer one command; its exit code.

    Raises
    ------
    TensorCalcError: whatever is wrong with the words, or with what they ask.
    """
    name = words[0] if words else "help"
    if name in ("-h", "--help", "help"):
        topic = words[1] if len(words) > 1 else ""
        return write(usage(topic) if topic in COMMANDS else formulas.lines() if topic == "formulas" else overview())
    if name in ("-V", "--version", "version"):
        return write([f"tensorcalc {__version__}"])
    if name not in COMMANDS:
        meant = closest(name, COMMANDS)
        raise RequestError("TC520", f"unknown command {name}",
                           help=f"did you mean {meant}?" if meant else f"commands are {', '.join(COMMANDS)}")
    if "--help" in words or "-h" in words:
        return write(usage(name))
    command = COMMANDS[name]
    return command.run(arguments(words[1:], command.options))


# -- help --------------------------------------------------------------------------------


def overview() -> list[str]:
    """What is shown to somebody who asks for nothing."""
    lines = ["tensorcalc differentiates formulas in index, matrix and einsum notation.", ""]
    lines += [f"  $ {plain(COMMANDS[name].examples[0])}" for name in ("derive", "verify", "check", "evaluate")]
    lines += ["", "Commands; --help after one of them shows its options and more examples:", ""]
    lines += [f"  {name:<11} {command.help}" for name, command in COMMANDS.items()]
    return [*lines, "", "Exit codes: 0 answered or proved, 1 refuted, 2 an error, 3 undecided.", "",
            "Names that nobody declares go by their first letter: a to g numbers, h to z vectors, A to Z",
            "matrices, of sizes that conform. Products are A*B, A B or A @ B, elementwise A .* B; A' is a transpose.",
            "More of this: tensorcalc help formulas."]


def usage(name: str) -> list[str]:
    """The help of a command: what it is for, examples, options."""
    command = COMMANDS[name]
    lines = [f"tensorcalc {name} {command.words}".rstrip(), "", f"  {command.help[0].upper()}{command.help[1:]}.", ""]
    lines += [f"  $ {line}" for line in _aligned(command.examples)]
    if command.options:
        width = max(len(f"{option.flag} {option.value}") for option in command.options)
        lines += ["", *[f"  {f'{option.flag} {option.value}':<{width}}  {option.help}" for option in command.options]]
    return lines


def _aligned(examples: Sequence[str]) -> list[str]:
    """Examples with their comments under one another."""
    pairs = [(plain(example), example[len(plain(example)):].strip()) for example in examples]
    width = max([len(command) for command, comment in pairs if comment], default=0)
    return [f"{command:<{width}}  {comment}" if comment else command for command, comment in pairs]
