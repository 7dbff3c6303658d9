"""A place in LaTeX: tokens, brackets that match, and where scripts begin and end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ...errors import FormulaError, Span
from ..mistakes import MAX_DEPTH, too_deep
from . import mistakes
from .names import CLOSING, EQUALS, GREEK, PRIMES, SCRIPTS
from .pieces import Pieces
from .tokens import Token, tokenize

_TAKING = frozenset({"\\frac", "\\tfrac", "\\dfrac", "\\sqrt", "\\mathsf", "\\mathrm", "\\mathbf", "\\text", "\\boldsymbol"})


@dataclass(slots=True)
class Operand:
    """An operand without its scripts.

    ``kind``: ``"name"``, ``"call"``, ``"number"``, ``"group"``, ``"bars"`` or ``"done"``.  A name has
    ``names``, what it may be called, the ``font`` it is in, and ``word`` where it was written as one.
    """

    kind: str
    pieces: Pieces
    start: int
    names: tuple[str, ...] = ()
    font: str = ""
    word: bool = False
    function: str = ""


@dataclass(slots=True)
class Scripts:
    """What stands behind an operand: a subscript and a superscript as ranges of tokens, and primes."""

    below: tuple[int, int] | None = None
    above: tuple[int, int] | None = None
    primes: int = 0
    first: str = ""
    span: Span = (0, 0)


@dataclass(slots=True)
class Cursor:
    """A place in the tokens of one formula, the brackets open there, and what was met so far."""

    source: str
    functions: Collection[str]
    own: set[str]
    tokens: list[Token] = field(default_factory=list)
    place: int = 0
    matching: dict[int, int] = field(default_factory=dict)
    open: list[Token] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)     # of each of them, whether indices stand behind it
    letters: list[str] = field(default_factory=list)    # indices met, in order
    plain: list[str] = field(default_factory=list)      # names met without indices
    fonts: dict[tuple[str, bool], tuple[str, Span]] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    indexed: bool = False
    below: set[str] = field(default_factory=set)        # all letters in subscripts

    def __post_init__(self) -> None:
        self.tokens = tokenize(self.source)
        self.matching = _matching(self.tokens)
        self.bare = _without_bracket(self.tokens)
        self.indexed = _has_indices(self.tokens)
        self.below = _letters_below(self.tokens, self.matching)

    @property
    def token(self) -> Token:
        """The token to read next."""
        return self.tokens[self.place]

    @property
    def last(self) -> Token:
        """The token that was read last."""
        return self.tokens[max(self.place - 1, 0)]

    def take(self) -> Token:
        """Read one token."""
        self.place += 1
        return self.tokens[self.place - 1]

    def enter(self, token: Token) -> None:
        """Open a bracket."""
        self.open.append(token)
        closing = self.matching.get(self.place - 1) if self.last is token else None
        self.whole.append(closing is not None and self.tokens[closing + 1].text == "_")
        if len(self.open) > MAX_DEPTH:
            raise too_deep(token.span)

    def exit(self) -> None:
        """Leave what was entered last."""
        self.open.pop()
        self.whole.pop()

    def leave(self, opened: Token) -> Token:
        """Close the bracket that was opened last."""
        self.exit()
        token = self.token
        if token.text != CLOSING[opened.text] or token.kind == "end":
            raise self.unclosed(opened)
        return self.take()

    def unclosed(self, opened: Token) -> FormulaError:
        """What to say where a closing bracket is missing."""
        token = self.token
        if token.kind == "end" or token.text not in CLOSING.values():
            return mistakes.unclosed(opened.text, opened.span, token.span)
        return mistakes.closed_by(opened.text, opened.span, token.text, token.span)

    def _equals(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.tokens[place].text in EQUALS

    def _behind_script(self, place: int) -> int:
        """The place behind the script that begins at ``place``."""
        inner = place + 1
        return self.matching.get(inner, inner) + 1

    def _behind_fraction(self, place: int) -> int:
        first = self.matching.get(place + 1, -1)
        return self.matching.get(first + 1, -2) + 1

    def _script_range(self, place: int) -> tuple[int, int]:
        """The tokens of the script whose sign is at ``place``, without their braces."""
        sign, inner = self.tokens[place], place + 1
        token = self.tokens[inner]
        if token.text == "{":
            if inner not in self.matching:
                raise mistakes.unclosed("{", token.span, self.tokens[-1].span)
            if self.matching[inner] == inner + 1:
                raise mistakes.missing("something", sign.text, sign.span)
            return inner + 1, self.matching[inner]
        if token.kind == "end" or token.text in ("}", "_", "^", "&"):
            raise mistakes.missing("something", sign.text, sign.span)
        if token.kind == "number" and len(token.text) > 1:
            if sign.text == "^":
                raise mistakes.superscript(f"{sign.text}{token.text} is {sign.text}{token.text[0]} in LaTeX",
                                           (sign.start, token.end), help=f"put it in braces: {sign.text}{{{token.text}}}")
            return inner, inner + 1
        if token.text in _TAKING:
            return inner, self._end_of_command(inner)
        return inner, inner + 1

    def _end_of_command(self, place: int) -> int:
        """The place behind a command and its arguments."""
        places = 2 if self.tokens[place].text.endswith("frac") else 1
        place += 1
        for _ in range(places):
            token = self.tokens[min(place, len(self.tokens) - 1)]
            if token.kind == "number" and len(token.text) == 2 and places == 2:
                return place + 1
            place = self.matching.get(place, place) + 1
        return min(place, len(self.tokens) - 1)

    def _range_of_script(self) -> tuple[int, int]:
        """Read a script; the tokens in it."""
        found = self._script_range(self.place)
        begin, stop = found
        self.place = stop + 1 if self.tokens[begin - 1].text == "{" else stop
        return found

    def _scripts(self) -> Scripts:
        """All scripts that follow."""
        following = [token.text for token in self.tokens[self.place:self.place + 3]]
        if following in (["{", "}", "_"], ["{", "}", "^"]):
            self.place += 2   # an empty group that carries scripts
        found = Scripts(span=(self.token.start, self.token.end))
        while self.token.text in SCRIPTS:
            token = self.token
            if token.text in PRIMES:
                if token.text == "’" and token.spaced:
                    break
                self.take()
                found.primes += 1
                found.first = found.first or "^"
                continue
            inner = self._range_of_script()
            found.first = found.first or token.text
            if token.text == "_":
                if found.below is not None:
                    raise mistakes.subscript((token.start, self.last.end), "one subscript is enough: X_{ij}")
                found.below = inner
            elif all(one.text in PRIMES for one in self.tokens[inner[0]:inner[1]]):
                found.primes += inner[1] - inner[0]
            elif found.above is not None:
                raise mistakes.superscript("there are two superscripts", (token.start, self.last.end),
                                           help="put the first power in brackets")
            else:
                found.above = inner
        found.span = (found.span[0], self.last.end)
        return found


def _matching(tokens: list[Token]) -> dict[int, int]:
    """For each opening brace and round bracket the place of its closing one."""
    found: dict[int, int] = {}
    stacks: dict[str, list[int]] = {"{": [], "(": []}
    for place, token in enumerate(tokens):
        if token.kind == "sign" and token.text in stacks:
            stacks[token.text].append(place)
        elif token.kind == "sign" and token.text in ("}", ")"):
            stack = stacks["{" if token.text == "}" else "("]
            if stack:
                found[stack.pop()] = place
            elif token.text == "}":
                raise mistakes.closes_nothing("}", token.span)
    if stacks["{"]:
        raise mistakes.unclosed("{", tokens[stacks["{"][0]].span, tokens[-1].span)
    return found


def _without_bracket(tokens: list[Token]) -> set[str]:
    """The letters that stand somewhere without a bracket behind them, or behind their primes."""
    found: set[str] = set()
    following = tokens[-1]
    for token in reversed(tokens):
        if (token.kind == "letter" or token.text.removeprefix("\\") in GREEK) and following.text != "(" and \
                (token.text, following.text) != ("e", "^"):
            found.add(token.text)
        following = token if token.text not in PRIMES else following
    return found


def _has_indices(tokens: list[Token]) -> bool:
    r"""Whether a letter that is no constant carries letters below, so that the formula is in index notation."""
    for place, token in enumerate(tokens):
        if token.text != "_" or not place:
            continue
        base, first = tokens[place - 1], tokens[place + 1 + (tokens[place + 1].text == "{")]
        if first.kind == "letter" and base.text not in ("I", "K", "D", "L", "0", "1", "\\sum", "}", "|", "\\|", "]"):
            return True
    return False


def _letters_below(tokens: list[Token], matching: dict[int, int]) -> set[str]:
    """The letters in subscripts, Greek ones too, those of sums left out."""
    found: set[str] = set()
    end = 0
    for place, token in enumerate(tokens):
        if token.text == "_" and place >= end and tokens[place - 1].text != "\\sum":
            end = matching.get(place + 1, place + 1) + 1
            found |= {inner.text for inner in tokens[place + 1:end]
                      if inner.kind == "letter" or inner.text.removeprefix("\\") in GREEK}
    return found
