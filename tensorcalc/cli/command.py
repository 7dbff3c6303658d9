"""What a command is, and the options that several commands have.

Knows nothing of what commands do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..calculus.derive import ALL_READINGS
from ..errors import RequestError
from .options import Arguments, Option, kinds, listed, properties, shapes, sizes, whole


class Command(NamedTuple):
    """One command: what it does, what it takes besides options, its options, the function that does it, and examples.

    ``run`` returns the exit code.  ``examples`` are command lines as they are typed, the most
    telling one first, with a comment that says what they show; ``--help`` and errors show them, and each
    of them is run by a test.  ``choices`` are the words that a shell offers.
    """

    help: str
    words: str
    options: tuple[Option, ...]
    run: Callable[[Arguments], int]
    examples: tuple[str, ...]
    choices: tuple[str, ...] = ()


PROVED, REFUTED, ERROR, UNDECIDED = range(4)
"""Exit codes; 0 is also that of every answer that is no verdict."""

DECLARING = (
    Option("--var", "A=p,n", "the shape of a name: sizes are names, numbers, n*m; A= is a number", "vars", shapes,
           many=True),
    Option("--assume", "S=symmetric,spd", "properties of a name, or an equation: \"W'*W = eye(n)\"", "assume",
           properties, many=True),
    Option("--function", "f=elementwise", "an unknown function: elementwise, scalar, or a formula in z", "functions",
           kinds, many=True),
    Option("--index-dim", "i=3", "the size of an index that stands on deltas alone", "index_dims", sizes, many=True),
)
JSON = Option("--json", "", "the answer as one line of JSON", "json")
READING = Option("--reading", "structured", "by a variable with structure: free, structured, projected or vech",
                 "wrt_convention", choices=ALL_READINGS)
LAYOUT = (
    Option("--layout", "denominator", "the Kronecker form transposed", "layout", choices=("numerator", "denominator")),
    Option("--vec", "C", "vec stacks rows", "vec", choices=("F", "C")),
)
WRT = (
    Option("--wrt", "X", "by this variable; X,Y for one derivative after the other", "wrt", listed, many=True),
    Option("--order", "2", "the same again", "order", whole),
)

FIELDS = ("wrt", "order", "vars", "assume", "functions", "index_dims", "wrt_convention", "contract", "layout",
          "vec", "detail", "notation", "claimed")
"""The fields of a request that options fill."""


def formula(given: Arguments, example: str) -> str:
    """The one word that a command takes."""
    if len(given.words) != 1:
        many = ", ".join(given.words[:3])
        raise RequestError("TC520", f"more than one formula: {many}" if many else "a formula is missing",
                           help=f"quote it: {plain(example)}")
    return given.words[0]


def insist(request: dict[str, Any], field: str, option: str) -> None:
    """An error that says which option is missing."""
    if field not in request:
        raise RequestError("TC520", f"{option.partition(' ')[0]} is missing", help=f"write {option}")


def plain(example: str) -> str:
    """An example without its comment."""
    return example.partition("  #")[0].rstrip()
