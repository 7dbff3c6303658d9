"""Text to tokens.

Knows how numbers, names, index lists and operators are spelled; refuses to know
precedence, which brackets match, and what anything means.  An unknown character
becomes a token too, so that errors are reported from left to right.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from ..errors import FormulaError, LimitError, Span
from .syntax import OPERATORS

MAX_DIGITS = 50
MAX_EXPONENT = 300

BRACKETS = {"(": ")", "[": "]", "{": "}"}
_PUNCTUATION = ("(", ")", "[", "]", "{", "}", ",", ";", "=", "==", "**", "#", "⊤")


class Token(NamedTuple):
    """A piece of the source.

    ``kind`` is ``"name"``, ``"number"``, ``"indices"``, ``"unknown"``, ``"end"``, or
    for operators and punctuation the text itself.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where the token stands in the source."""
        return self.start, self.end


def _symbol_pattern() -> str:
    """A pattern for every operator of the table and all punctuation, the longest first.

    ``^T`` and ``^⊤`` are read as a power with that exponent, so that ``X ^ T`` is
    a transpose as well.
    """
    spellings = {spelling for fixity in OPERATORS.values() for spelling in fixity.spellings}
    spellings = {spelling for spelling in spellings if spelling == "^" or not spelling.startswith("^")}
    ordered = sorted(spellings.union(_PUNCTUATION), key=lambda spelling: (-len(spelling), spelling))
    return "|".join(re.escape(text) + (r"(?![A-Za-z0-9])" if text.endswith("T") else "") for text in ordered)


# Every alternative begins with a character that is no space and the tail is greedy
# at the very end of the pattern, so matching is linear in the source.
_TOKEN = re.compile(
    rf"""(?:
      (?P<number>  (?:[0-9]+(?:\.[0-9]+)?|(?<![\w)\]'])\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<symbol>  {_symbol_pattern()})
    | (?P<name>    [^\W\d_][A-Za-z0-9]*)
    | (?P<indices> _(?:\{{[^{{}}]*\}}?|(?:(?!ᵀ)[^\W_])*))
    | (?P<unknown> \S)
    )\s*""",
    re.VERBOSE,
)


def tokenize(source: str) -> list[Token]:
    """The tokens of ``source``, closed by one of kind ``"end"``."""
    found = []
    for match in _TOKEN.finditer(source, len(source) - len(source.lstrip())):
        kind = match.lastgroup or "unknown"
        start, end = match.span(kind)
        text = source[start:end]
        if kind == "symbol":
            kind = text
        elif kind == "name" and not text[0].isalpha():  # a superscript two counts as a word character
            kind = "unknown"
        found.append(Token(kind, text, start, end))
    found.append(Token("end", "", len(source), len(source)))
    return found


def number_value(token: Token) -> Fraction:
    """The exact value of a number token.

    Raises
    ------
    LimitError: the number has too many digits or too large an exponent.
    """
    text = token.text
    if text.isdigit() and len(text) <= MAX_DIGITS:
        return Fraction(int(text))
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa.replace(".", "")) > MAX_DIGITS:
        raise LimitError("TC403", f"a number has more than {MAX_DIGITS} digits", spans=[token.span],
                         help="give the number a name and pass it as a value")
    # The length is looked at first: Python refuses to convert very long digit strings.
    if len(exponent.lstrip("+-0")) > 3 or abs(int(exponent or "0")) > MAX_EXPONENT:
        raise LimitError("TC404", f"the exponent of a number is beyond ±{MAX_EXPONENT}", spans=[token.span],
                         help="give the number a name and pass it as a value")
    return Fraction(text)


def index_names(token: Token) -> tuple[str | tuple[str, ...], ...]:
    """The indices that a token ``_ij`` or ``_{(ji)p,q}`` lists, groups as tuples.

    A group of one index is that index.
    """
    if not token.text.startswith("_{"):
        return _plain(token.text[1:], token.start + 1, token)
    if not token.text.endswith("}"):
        raise FormulaError("TC017", "'{' is never closed", spans=[(token.start + 1, token.start + 2), (token.end, token.end)],
                           help="indices stand between braces: X_{ij}")
    return _braced(token)


def _plain(letters: str, start: int, token: Token) -> tuple[str, ...]:
    """The indices ``letters``, which begin at ``start``; none is an error."""
    for k, letter in enumerate(letters):
        if not letter.isalpha():
            raise _bad_index(letter, start + k)
    if not letters:
        raise FormulaError("TC016", "'_' is followed by no index", spans=[token.span],
                           help="index names are single letters: X_ij, X_{ij}")
    return tuple(letters)


def _braced(token: Token) -> tuple[str | tuple[str, ...], ...]:
    """The indices between braces; commas and spaces only separate."""
    entries: list[str | tuple[str, ...]] = []
    group: list[str] = []
    opened: int | None = None
    for place, letter in enumerate(token.text[2:-1], token.start + 2):
        if letter == "(" and opened is None:
            opened, group = place, []
        elif letter == ")" and opened is not None:
            if not group:
                raise _bad_group(opened, place + 1)
            entries.append(tuple(group) if len(group) > 1 else group[0])
            opened = None
        elif letter in "()":
            raise _bad_group(place, place + 1)
        elif letter.isalpha():
            (entries if opened is None else group).append(letter)
        elif letter != "," and not letter.isspace():
            raise _bad_index(letter, place)
    if opened is not None:
        raise _bad_group(opened, opened + 1)
    return tuple(entries) or _plain("", token.start, token)


def _bad_index(letter: str, place: int) -> FormulaError:
    if letter.isdigit() and letter.isascii():
        return FormulaError("TC015", f"the digit {letter} stands where an index is expected", spans=[(place, place + 1)],
                            help="index names are single letters; one entry is written X[1,2]")
    return FormulaError("TC016", f"{shown(letter)} is no index", spans=[(place, place + 1)],
                        help="index names are single letters: X_ij, X_{ij}, X_{i,j}")


def _bad_group(start: int, end: int) -> FormulaError:
    return FormulaError("TC019", "the brackets of a merged axis do not match", spans=[(start, end)],
                        help="a merged axis is one bracket of index names: D_{(ji)pq}")


def shown(text: str) -> str:
    """``text`` quoted for a message: short, printable, on one line."""
    if len(text) > 30:
        text = text[:29] + "…"
    if not text.isprintable():
        return " ".join(f"U+{ord(character):04X}" for character in text[:1])
    return f'"{text}"' if "'" in text else f"'{text}'"
