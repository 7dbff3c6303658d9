r"""LaTeX to the notation of this package, piece by piece, each with its place in what was pasted.

Knows how papers write operands, scripts, functions and sums; refuses to know precedence between
operators and what a name denotes: the text it makes is read by the one parser there is.

Conventions: a sum extends over the product behind it; a function without brackets takes one operand;
a name directly before a bracket is a call if it was declared as a function, and a product if the name
stands elsewhere without a bracket or was declared as a variable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ...errors import FormulaError, Span
from ..mistakes import MAX_DEPTH, too_deep
from . import mistakes
from .names import (
    ACCENTS,
    COMMANDS,
    ENTRIES,
    EQUALS,
    FONTS,
    FUNCTIONS,
    GREEK,
    SPOKEN,
    TIMES,
    TRANSPOSES,
    VARIANTS,
)
from .tokens import Token, tokenize

_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "|": "|", "\\|": "\\|", "\\langle": "\\rangle"}
_SIGNS = frozenset("+-:")
_STOPS = frozenset({")", "]", "}", "\\}", "\\rangle", ",", ";", "&", "\\\\", "==", *EQUALS})
_SCRIPTS = frozenset({"_", "^", "'", "′", "’"})
_TAKING = frozenset({"\\frac", "\\tfrac", "\\dfrac", "\\sqrt", "\\mathsf", "\\mathrm", "\\mathbf", "\\text", "\\boldsymbol"})
_LONGEST = 50   # letters of a name
_PRIMES = frozenset({"'", "′", "’", "\\prime"})
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_CONSTANTS = {"δ": "delta", "ε": "eps"}   # with indices, unless declared
_NAMING = frozenset({*GREEK, *FONTS, *ACCENTS})
_SIZED = {"K": ("commutation", True), "D": ("duplication", False), "L": ("elimination", False)}


class Piece(NamedTuple):
    """A text of the translation, and the place in the source that it stands for."""

    text: str
    start: int
    end: int


Pieces = list[Piece]


@dataclass(slots=True)
class _Operand:
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
class _Scripts:
    """What stands behind an operand: a subscript and a superscript as ranges of tokens, and primes."""

    below: tuple[int, int] | None = None
    above: tuple[int, int] | None = None
    primes: int = 0
    first: str = ""
    span: Span = (0, 0)


@dataclass(slots=True)
class Reader:
    """A place in the tokens of one formula, and what was met so far."""

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

    def __post_init__(self) -> None:
        self.tokens = tokenize(self.source)
        self.matching = _matching(self.tokens)
        self.bare = _without_bracket(self.tokens)
        self.indexed = _has_indices(self.tokens)

    def orders(self, own: Collection[str]) -> dict[str, int]:
        """Of names in bold without indices: small letters are vectors, capitals matrices."""
        return {name: 1 if name[0].islower() else 2 for (name, indexed), (font, _) in self.fonts.items()
                if font.startswith("bold") and not indexed and name not in own and (name, True) not in self.fonts}

    # -- tokens --------------------------------------------------------------------------

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
        if token.text != _CLOSING[opened.text] or token.kind == "end":
            raise self.unclosed(opened)
        return self.take()

    def unclosed(self, opened: Token) -> FormulaError:
        """What to say where a closing bracket is missing."""
        token = self.token
        if token.kind == "end" or token.text not in _CLOSING.values():
            return mistakes.unclosed(opened.text, opened.span, token.span)
        return mistakes.closed_by(opened.text, opened.span, token.text, token.span)

    # -- statements ----------------------------------------------------------------------

    def statement(self) -> Pieces:
        """The whole formula, with left side and definitions."""
        pieces: Pieces = []
        while True:
            left = self.left_side()
            pieces += [*left, *self.expression()]
            token = self.token
            if token.kind == "end":
                return pieces
            if token.text in _CLOSING.values() and token.text not in ("|", "\\|"):
                raise mistakes.closes_nothing(token.text, token.span)
            if token.text == ";" and left:
                self.own.add(left[0].text.partition("_")[0])
            pieces.append(_piece(f" {'=' if token.text in EQUALS else token.text} ", self.take()))

    def left_side(self) -> Pieces:
        r"""``C_{ij} =``, ``f(x) =`` or ``\frac{\partial f}{\partial X} =``, where the formula begins with one."""
        place = self.place
        if self.token.text in ("\\frac", "\\dfrac") and self._differentials(place) and \
                self._equals(self._behind_fraction(place)):
            return self._derivative_name()
        operand = self._name_only()
        if operand is None:
            self.place = place
            return []
        name = self._resolved(operand, "")
        opened = self.token
        if opened.text == "(" and name not in self.functions and self._equals(self.matching.get(self.place, -2) + 1):
            self.place = self.matching[self.place] + 1
        elif opened.text == "_" and self._equals(self._behind_script(self.place)):
            inner = self._range_of_script()
            name += self._label(inner) or self._indices(inner)
        if self.token.text not in EQUALS:
            self.place = place
            return []
        end = self.last.end
        return [Piece(name, operand.start, end), _piece(" = ", self.take())]

    def _equals(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.tokens[place].text in EQUALS

    def _behind_script(self, place: int) -> int:
        """The place behind the script that begins at ``place``."""
        inner = place + 1
        return self.matching.get(inner, inner) + 1

    def _behind_fraction(self, place: int) -> int:
        first = self.matching.get(place + 1, -1)
        return self.matching.get(first + 1, -2) + 1

    def _derivative_name(self) -> Pieces:
        """``D_{ijpq} =`` for the quotient of differentials on the left; nothing where it has no indices."""
        start, begin = self.take(), self.place
        end = self._behind_fraction(begin - 1)
        letters = []
        for place in range(begin, end):
            if self.tokens[place].text == "_":
                stop = self._behind_script(place)
                letters += [token.text for token in self.tokens[place:stop] if token.kind == "letter"]
        self.place = end
        equals = self.take()
        return [Piece(f"D_{{{''.join(letters)}}} = ", start.start, equals.end)] if letters else []

    def _name_only(self) -> _Operand | None:
        """The name at this place, without its scripts; ``None`` where there is none."""
        token = self.token
        if token.kind in ("letter", "word") or (token.kind == "command" and token.text[1:] in _NAMING):
            if token.text == "\\vec" and self.tokens[self.place + 1].text == "(" or self._digit_in_font():
                return None
            return self._named()
        return None

    # -- sums and products ---------------------------------------------------------------

    def expression(self, first: _Operand | None = None) -> Pieces:
        """Everything up to a bracket that closes, a comma or the end."""
        pieces: Pieces = []
        operand_before = False
        while True:
            token = self.token
            if first is None and self.ends(operand_before):
                return pieces
            if first is None and token.text in _SIGNS:
                pieces.append(_piece(f" {token.text} " if token.text != ":" else " : ", self.take()))
                operand_before = False
                continue
            pieces += self.product(first)
            first, operand_before = None, True

    def ends(self, operand_before: bool) -> bool:
        """Whether an expression ends here; a bar closes where an operand stands before it."""
        token = self.token
        if token.kind in ("end", "finish") or token.text in _STOPS:
            return True
        if token.text not in ("|", "\\|"):
            return False
        return token.side == "right" or (token.side != "left" and operand_before and bool(self.open)
                                         and self.open[-1].text == token.text)

    def product(self, first: _Operand | None = None) -> Pieces:
        """Factors up to a sign, a bracket that closes, a comma or the end."""
        pieces: Pieces = []
        run: list[Pieces] = []     # operands since the last operator
        slash: Token | None = None
        fraction = False
        while True:
            token = self.token
            if first is not None:
                run.append(self.finished(first))
                first = None
            elif self.ends(bool(run)):
                break
            elif token.text in _SIGNS:
                if run or pieces or token.text != "-":
                    break
                pieces.append(_piece("-", self.take()))
            elif token.text == "\\times":
                if len(run) > 1:
                    raise self._ambiguous_times(token)
                run = [self._times(run.pop() if run else [])]
            elif token.text in TIMES:
                slash = token if token.text == "/" else None
                fraction = len(run) == 1 and _is_number(run[0])
                pieces += [*_flat(run), _piece(f" {TIMES[token.text]} ", self.take())]
                run = []
            elif token.text == "{" and self.tokens[self.place + 1].text == "}":
                self.place += 2   # an empty group is there for the typesetting
            else:
                if slash is not None and len(run) == 1 and not (fraction and _is_number(run[0])):
                    raise mistakes.unclear_divisor(slash.span, token.span)
                run.append(self.operand())
        return pieces + _flat(run)

    def _times(self, left: Pieces) -> Pieces:
        r"""``a \times b``: a product where one is a number, else a cross product of single operands."""
        sign = self.take()
        if not left:
            return [_piece(" * ", sign)]
        numeric = self.token.kind == "number" or _is_number(left)
        right = self.operand()
        if numeric:
            return [*left, _piece(" * ", sign), *right]
        if not self.ends(True) and self.token.text not in _SIGNS and self.token.text not in TIMES:
            raise self._ambiguous_times(sign)
        return [_piece("cross(", sign), *left, _piece(", ", sign), *right, _piece(")", sign)]

    def _ambiguous_times(self, token: Token) -> FormulaError:
        return mistakes.unclear_argument("\\times", token.span, self.token.span)

    # -- operands ------------------------------------------------------------------------

    def operand(self) -> Pieces:
        """A primary and its scripts."""
        return self.finished(self.primary())

    def primary(self) -> _Operand:
        """A number, a name, a bracket or a command with its arguments."""
        token = self.token
        if token.kind == "number":
            return self._number(self.take())
        if token.kind == "letter":
            return self._letters()
        if token.kind in ("word", "operator"):
            return self._word()
        if token.kind == "quoted":
            self.take()
            return _Operand("done", [_piece(f"'{token.text}'", token)], token.start)
        if token.kind == "begin":
            return self._matrix()
        if token.text in ("(", "[", "\\{"):
            return self._bracket()
        if token.text == "{":
            return self._brace()
        if token.text in ("|", "\\|", "\\langle"):
            return self._bars()
        if token.kind == "command":
            return self._command()
        if token.kind in ("end", "finish"):
            raise mistakes.missing("an operand", self.last.text, self.last.span)
        self.take()
        return _Operand("done", [_piece(token.text, token)], token.start)

    def _number(self, token: Token) -> _Operand:
        r"""A number; ``1_{n}`` and ``0_{m \\times n}`` are constants."""
        if token.text in ("0", "1") and self.token.text == "_" and token.end == self.token.start:
            return self._constant("zeros" if token.text == "0" else "ones", token)
        return _Operand("number", [_piece(f" {token.text}", token)], token.start)

    def _letters(self) -> _Operand:
        """A letter, or several side by side that are one name or the name of a function."""
        run = [self.token]
        for token in self.tokens[self.place + 1:self.place + _LONGEST]:
            if token.kind not in ("letter", "number") or token.start != run[-1].end or not token.text.isalnum():
                break
            run.append(token)
            if token.kind == "number":
                break
        text = "".join([token.text for token in run])
        stem = text.rstrip("0123456789")
        if len(run) == 1 or text in self.own or text in self.functions:
            return self._taken(run, text)
        if SPOKEN.get(text, text) in FUNCTIONS and len(text) > 1:
            return self._function(SPOKEN.get(text, text), self._taken(run, text))
        before_bracket = self.tokens[self.place + len(run)].text == "(" and not self.tokens[self.place + len(run)].spaced
        if stem.islower() and stem.isascii() and (len(stem) > 2 or (len(stem) == 2 and before_bracket)):
            raise mistakes.word(text, (run[0].start, run[-1].end))
        if len(stem) == 1:
            return self._taken(run, text)
        return self._taken(run[:1], stem[0])

    def _taken(self, run: list[Token], text: str) -> _Operand:
        self.place += len(run)
        span = Piece(text, run[0].start, run[-1].end)
        return _Operand("name", [span], run[0].start, (text,))

    def _word(self) -> _Operand:
        """A word in upright letters: a function in front of an operand, else a name."""
        token = self.take()
        text = SPOKEN.get(token.text, token.text)
        operand = _Operand("name", [_piece(token.text, token)], token.start, (token.text,), word=True)
        if token.text == "d" and "d" not in self.own and self.token.kind in ("letter", "command", "word") and \
                not self.token.gap:
            raise mistakes.derivative("a differential stands alone", token.span, help=mistakes.DERIVATIVE)
        if token.text not in self.own and (token.kind == "operator" or text in FUNCTIONS or token.text in self.functions):
            if self._starts_argument() or token.kind == "operator":
                return self._function(text, operand)
        elif token.text not in self.own and self.token.text == "(" and not self.token.gap and len(token.text) > 1:
            return self._function(text, operand)
        if token.text == "e" and self.token.text == "^" and "e" not in self.own:
            return operand
        words = "".join(token.text.split())
        if not _WORD.fullmatch(words) or len(token.text.split()) > 1:
            raise mistakes.no_name(token.text, token.span)
        return operand

    def _named(self) -> _Operand:
        """A name as a letter, a Greek one, a word, or one of these in a font or under an accent."""
        token = self.take()
        if token.kind in ("letter", "word"):
            if token.kind == "letter" and self.token.kind == "number" and self.token.start == token.end and \
                    self.token.text.isdigit():
                token = token._replace(text=token.text + self.token.text, end=self.take().end)
            return _Operand("name", [_piece(token.text, token)], token.start, (token.text,), word=token.kind == "word")
        name = token.text.removeprefix("\\")
        if name in GREEK:
            return _Operand("name", [_piece(GREEK[name][0], token)], token.start, GREEK[name],
                            "variant" if name in VARIANTS else "")
        braced = self.token.text == "{"
        opened = self.take() if braced else self.token
        self.enter(opened)
        inner = self._name_only()
        if inner is None:
            raise mistakes.missing("a name", token.text, token.span)
        if braced:
            self.leave(opened)
        else:
            self.exit()
        if name in ACCENTS:
            inner.names = tuple([one + ACCENTS[name] for one in inner.names])
        else:
            inner.font += FONTS[name]
        inner.pieces = [Piece(inner.names[0], token.start, self.last.end)]
        inner.start = token.start
        return inner

    def _bracket(self) -> _Operand:
        """``(…)``, ``[…]`` or ``{…}`` between braces that are typeset: all group."""
        opened = self.take()
        self.enter(opened)
        inner = self.expression()
        while self.token.text == ",":   # the parser has a word for it
            inner += [_piece(", ", self.take()), *self.expression()]
        closed = self.leave(opened)
        if opened.text == "[" and self.token.text == "_" and self._single_script() == "\\times":
            self.place += 2 if self.tokens[self.place + 1].text != "{" else 4
            return _Operand("call", [_piece("skew(", opened), *inner, _piece(")", closed)], opened.start)
        return _Operand("group", [_piece("(", opened), *inner, _piece(")", closed)], opened.start)

    def _single_script(self) -> str:
        """The only token of the script at this place."""
        inner = self._script_range(self.place)
        return self.tokens[inner[0]].text if inner[1] - inner[0] == 1 else ""

    def _brace(self) -> _Operand:
        """``{…}``: nothing where it holds one operand, a group else."""
        opened = self.take()
        self.enter(opened)
        if self.token.text == "}":
            raise mistakes.missing("something", "{", opened.span)
        if self.token.text in _SIGNS or self.ends(False):
            inner = self.expression()
        else:
            one = self.primary()
            if self.token.text == "}":
                self.leave(opened)
                return one
            if self.token.text in _SCRIPTS:
                done = self.finished(one)
                one = _Operand("done", done, one.start)
                if self.token.text == "}":
                    self.leave(opened)
                    return _Operand("name", done, one.start, (done[-1].text,), word=True) \
                        if len(done) == 1 and _WORD.fullmatch(done[0].text) else one
            inner = self.expression(one)
        closed = self.leave(opened)
        return _Operand("group", [_piece("(", opened), *inner, _piece(")", closed)], opened.start)

    def _bars(self) -> _Operand:
        r"""``|x|``, ``\|x\|_2``, ``\langle A, B \rangle``."""
        opened = self.take()
        self.enter(opened)
        letters = len(self.letters)
        inner = self.expression()
        if opened.text == "\\langle":
            if self.token.text not in (",", "|"):
                raise self.unclosed(opened)
            comma = self.take()
            other = self.expression()
            closed = self.leave(opened)
            if len(self.letters) > letters:
                return _Operand("call", [_piece("((", opened), *inner, _piece(") * (", comma), *other, _piece("))", closed)],
                                opened.start)
            return _Operand("group", [_piece("((", opened), *inner, _piece(") : (", comma), *other, _piece("))", closed)],
                            opened.start)
        closed = self.leave(opened)
        if opened.text == "|":
            function = "abs" if len(self.letters) > letters else "bars"
            return _Operand("bars", [_piece(f"{function}(", opened), *inner, _piece(")", closed)], opened.start)
        function = "norm2"
        if self.token.text == "_":
            begin, stop = self._script_range(self.place)
            texts = [token.text for token in self.tokens[begin:stop]]
            if "".join(texts) not in ("1", "2", "F", "\\mathrm{F}", "Frob", "fro", "\\ell2"):
                raise mistakes.norm(mistakes.shown(texts), (closed.start, self.tokens[stop - 1].end))
            function = "norm1" if texts == ["1"] else "norm2"
            self.place = self._behind_script(self.place)
            closed = closed._replace(end=self.last.end)
        return _Operand("call", [_piece(f"{function}(", opened), *inner, _piece(")", closed)], opened.start)

    def _matrix(self) -> _Operand:
        """A matrix of numbers."""
        opened = self.take()
        self.enter(opened)
        pieces: Pieces = []
        while True:
            pieces += self.expression()
            token = self.token
            if token.kind == "finish":
                break
            if token.text == "&":
                pieces.append(_piece(", ", self.take()))
            elif token.text == "\\\\":
                self.take()
                if self.token.kind != "finish":
                    pieces.append(_piece("; ", token))
            else:
                raise mistakes.unclosed(rf"\begin{{{opened.text}}}", opened.span, token.span)
        self.exit()
        closed = self.take()
        before, behind = ENTRIES[opened.text]
        return _Operand("call" if before else "group", [_piece(before + "[", opened), *pieces, _piece("]" + behind, closed)],
                        opened.start)

    # -- commands ------------------------------------------------------------------------

    def _command(self) -> _Operand:
        """A command with its arguments."""
        token = self.token
        name = token.text.removeprefix("\\")
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self._fraction()
        if name == "sqrt":
            return self._root()
        if name == "sum":
            return self._sum()
        if name in COMMANDS or (name == "vec" and self.tokens[self.place + 1].text == "("):
            self.take()
            operand = _Operand("name", [_piece(name, token)], token.start, (name,))
            return self._function(SPOKEN.get(name, name), operand)
        if self._digit_in_font():
            return self._constant_in_font()
        if name in GREEK or name in ACCENTS or name in FONTS:
            operand = self._named()
            if operand.font == "blackboard":
                raise mistakes.blackboard(operand.names[0], token.span)
            return operand
        if name == "partial":
            raise mistakes.derivative(r"\partial stands alone", token.span, help=mistakes.DERIVATIVE)
        raise mistakes.unknown_command(token.text, token.span)

    def _digit_in_font(self) -> str:
        r"""The digit of ``\\mathbf{1}``."""
        place = self.place + 1
        if self.token.kind != "command" or self.token.text[1:] not in FONTS:
            return ""
        if self.tokens[place].text == "{":
            place += 1
        return self.tokens[place].text if self.tokens[place].text in ("0", "1") else ""

    def _constant_in_font(self) -> _Operand:
        r"""``\\mathbf{1}``, ``\\mathbf{1}_{n}``, ``\\mathbf{0}_{m \\times n}``."""
        start, digit = self.token, self._digit_in_font()
        self.place += 4 if self.tokens[self.place + 1].text == "{" else 2
        if self.token.text == "_":
            return self._constant("zeros" if digit == "0" else "ones", start)
        if digit == "0":
            raise mistakes.missing("the size of a zero", r"\mathbf{0}", (start.start, self.last.end))
        return _Operand("call", [Piece("vector(1)", start.start, self.last.end)], start.start)

    def _constant(self, function: str, start: Token) -> _Operand:
        """A constant whose sizes or positions are its subscript."""
        begin, stop = self._script_range(self.place)
        after = self._behind_script(self.place)
        self.place = begin
        arguments: Pieces = []
        while self.place < stop:
            if self.token.text in (",", "\\times"):
                arguments.append(_piece(", ", self.take()))
            elif self.token.text in _SIGNS or self.token.text in TIMES:
                arguments.append(_piece(f" {TIMES.get(self.token.text, self.token.text)} ", self.take()))
            elif self.token.text in _STOPS or self.token.kind == "end":
                raise mistakes.subscript((start.end, self.tokens[stop - 1].end))
            else:
                arguments += self.operand() if self.tokens[stop].text == "}" else self._plain_name(self.primary())
        self.place = after
        return _Operand("call", [_piece(f"{function}(", start), *arguments, _piece(")", self.last)], start.start)

    def _root(self) -> _Operand:
        r"""``\\sqrt{x}``, ``\\sqrt[3]{x}``."""
        token = self.take()
        order: Pieces = []
        if self.token.text == "[":
            opened = self.take()
            self.enter(opened)
            order = self.expression()
            self.leave(opened)
        inner = self._argument(token)
        if order:
            pieces = [_piece("((", token), *inner, _piece(")^(1/(", token), *order, _piece(")))", token)]
            return _Operand("call", pieces, token.start)
        return _Operand("call", [_piece("sqrt(", token), *inner, _piece(")", self.last)], token.start)

    def _argument(self, command: Token) -> Pieces:
        """What a command takes: a group in braces, or one token."""
        token = self.token
        if token.text == "{":
            opened = self.take()
            self.enter(opened)
            inner = self.expression()
            self.leave(opened)
            if not inner:
                raise mistakes.missing("something", command.text, command.span)
            return inner
        if token.kind == "number" and len(token.text) > 1:   # \frac12 is one half
            self.tokens[self.place] = token._replace(text=token.text[1:], start=token.start + 1)
            return [Piece(f" {token.text[0]}", token.start, token.start + 1)]
        if token.kind == "end" or token.text in _STOPS or token.text in _SIGNS:
            raise mistakes.missing("an argument", command.text, command.span)
        if token.kind == "letter":
            self.take()
            return self._plain_name(_Operand("name", [_piece(token.text, token)], token.start, (token.text,)))
        self.enter(token)
        inner = self._plain_name(self.primary())
        self.exit()
        return inner

    def _plain_name(self, operand: _Operand) -> Pieces:
        return [Piece(" " + self._resolved(operand, ""), operand.start, self.last.end)] if operand.kind == "name" \
            else operand.pieces

    def _fraction(self) -> _Operand:
        r"""``\\frac{a}{b}``; with differentials above and below, a derivative."""
        if self._differentials(self.place):
            return self._derivative()
        token = self.take()
        above = self._argument(token)
        below = self._argument(token)
        pieces = [_piece("((", token), *above, _piece(")/(", token), *below, _piece("))", self.last)]
        return _Operand("group", pieces, token.start)

    # -- derivatives ---------------------------------------------------------------------

    def _differentials(self, place: int) -> bool:
        """Whether the fraction at ``place`` has differentials above and below."""
        above = place + 1
        if self.tokens[above].text != "{":
            return False
        below = self.matching.get(above, above) + 1
        if self.tokens[min(below, len(self.tokens) - 1)].text != "{":
            return False
        return self._is_differential(above + 1) and self._is_differential(below + 1)

    def _is_differential(self, place: int) -> bool:
        token = self.tokens[place]
        return token.text == "\\partial" or (token.text == "d" and token.kind in ("letter", "word") and "d" not in self.own
                                             and self.tokens[place + 1].kind != "end")

    def _order(self) -> str:
        """The exponent of a differential sign or of a variable below it."""
        if self.token.text != "^":
            return ""
        begin, stop = self._script_range(self.place)
        self.place = self._behind_script(self.place)
        return "".join([token.text for token in self.tokens[begin:stop]])

    def _derivative(self) -> _Operand:
        r"""``\\frac{\\partial}{\\partial X}\\left(…\\right)`` and its kin, as ``diff`` or ``jacobian``."""
        token = self.take()
        opened = self.take()
        self.enter(opened)
        self.take()
        order = self._order()
        jacobian = self.token.kind == "operator" and self.token.text == "vec"
        begin = self.place
        above = self._vec_argument() if jacobian else self.expression()
        alone = self.place - begin == 1 or (len(above) == 1)
        closed = self.leave(opened)
        if above and alone and not jacobian and above[0].text.strip() not in self.own:
            raise mistakes.derivative(f"{above[0].text.strip()} stands for no formula here", (token.start, closed.end),
                                      help=r"write the formula: \frac{\partial}{\partial X}\left(…\right)")
        variables = self._denominator(token, order, jacobian)
        if not above:
            if self.token.text not in ("(", "[", "\\{"):
                raise mistakes.derivative("what is differentiated is missing", (token.start, self.last.end),
                                          help=r"put it in brackets: \frac{\partial}{\partial X}\left(…\right)")
            above = self._bracket().pieces
        function = "jacobian" if jacobian else "diff"
        for name, power in variables:
            above = [_piece(f"{function}(", token), *above, _piece(", ", token), name,
                     _piece(f", {power})" if power else ")", token)]
        return _Operand("call", above, token.start)

    def _vec_argument(self) -> Pieces:
        self.take()
        if self.token.text not in ("(", "{"):
            raise mistakes.missing("a bracket", "vec", self.last.span)
        opened = self.take()
        self.enter(opened)
        inner = self.expression()
        self.leave(opened)
        return inner

    def _denominator(self, fraction: Token, order: str, jacobian: bool) -> list[tuple[Piece, str]]:
        """The variables below, each with the order of the derivative by it."""
        opened = self.take()
        self.enter(opened)
        found: list[tuple[Piece, str]] = []
        while self._is_differential(self.place):
            self.take()
            if jacobian and self.token.text == "vec":
                pieces = self._vec_argument()
                if self.token.text == "^":
                    self._order()
            else:
                operand = self._name_only()
                pieces = [] if operand is None else \
                    [Piece(self._labelled(operand), operand.start, self.last.end)]
            if len(pieces) != 1 or self.token.text == "_":
                raise mistakes.derivative("a derivative is by a whole variable", (fraction.start, self.token.end),
                                          help="write the indices of the result on the left side: D_{ijpq} = …")
            power = self._order()
            found.append((pieces[0]._replace(text=pieces[0].text.strip()), power))
        closed = self.leave(opened)
        total = sum(int(power) if power.isdigit() else 1 for _, power in found)
        if not found or (order or "1") != str(total):
            raise mistakes.derivative("the orders above and below differ", (fraction.start, closed.end))
        return found

    def _labelled(self, operand: _Operand) -> str:
        """A name with its subscript where that is a part of it."""
        label = ""
        if self.token.text == "_":
            label = self._label(self._script_range(self.place))
            self.place = self._behind_script(self.place) if label else self.place
        return self._resolved(operand, label)

    # -- sums ----------------------------------------------------------------------------

    def _sum(self) -> _Operand:
        r"""``\sum_{k}``, ``\sum_{i,j}``, ``\sum_{i=1}^{n}`` and the product behind it."""
        sign = self.take()
        self.enter(Token("sum", "(", sign.start, sign.end))
        indices: list[Token] = []
        low: Pieces = []
        high: Pieces = []
        while self.token.text in ("_", "^"):
            below = self.token.text == "_"
            begin, stop = self._script_range(self.place)
            after = self._behind_script(self.place)
            span = (sign.start, self.tokens[max(after - 1, 0)].end)
            self.place = begin
            if below:
                while self.place < stop and (self.token.kind == "letter" or self.token.text == ","):
                    token = self.take()
                    if token.kind == "letter":
                        label = self._label(self._range_of_script()) if self.token.text == "_" and self.place < stop else ""
                        indices.append(token._replace(text=token.text + label, end=self.last.end))
                if self.place < stop and (self.take().text != "=" or len(indices) != 1):
                    raise mistakes.sum_over(span)
            bound = self._until(stop, span)
            low, high = (bound, high) if below else (low, bound)
            self.place = after
        if not indices:
            raise mistakes.sum_over((sign.start, self.last.end))
        start, plain = len(self.letters), len(self.plain)
        body = self.product()
        if not body:
            raise mistakes.missing("what is summed", r"\sum", (sign.start, self.last.end))
        self.exit()
        used, counted = set(self.letters[start:]), set(self.plain[plain:])
        pieces = body
        for token in reversed(indices):
            pieces = self._summed(token, low, high, pieces, sign, token.text in used, token.text in counted)
        return _Operand("group", [_piece("(", sign), *pieces, _piece(")", self.last)], sign.start)

    def _until(self, stop: int, span: Span) -> Pieces:
        """An expression that fills the tokens up to ``stop``."""
        if self.place >= stop:
            return []
        if self.token.text == "\\infty" and self.place + 1 == stop:
            return [_piece("inf", self.take())]
        pieces = self.expression() if self.tokens[stop].text == "}" else self._plain_name(self.primary())
        if self.place != stop:
            raise mistakes.sum_over(span)
        return pieces

    def _summed(self, token: Token, low: Pieces, high: Pieces, body: Pieces, sign: Token, used: bool, counted: bool) -> Pieces:
        """One index of a sum: over an axis where it is an index, over a whole number else."""
        end = self.last
        if used and counted:
            raise mistakes.sum_over((sign.start, token.end), f"{token.text} is an index and a number in this sum", None)
        if used:
            if low and "".join([piece.text for piece in low]).strip() != "1":
                raise mistakes.sum_over((sign.start, token.end), f"{token.text} runs over a part of an axis",
                                        help="an index runs over a whole axis, from 1")
            size = [*high, _piece(", ", sign)] if high else []
            return [_piece("sum(", sign), _piece(token.text, token), _piece(", ", sign), *size, *body, _piece(")", end)]
        if not low or not high:
            raise mistakes.sum_over((sign.start, token.end), f"{token.text} is no index of what is summed", None)
        return [_piece("series(", sign), _piece(token.text, token), _piece(", ", sign), *low, _piece(", ", sign), *high,
                _piece(", ", sign), *body, _piece(")", end)]

    # -- functions -----------------------------------------------------------------------

    def _starts_argument(self) -> bool:
        """Whether an operand or a script follows."""
        token = self.token
        return not (token.kind in ("end", "finish") or token.text in _STOPS or token.text in _SIGNS or token.text in TIMES
                    or token.text in ("_", "'", "\\times") or self.ends(True))

    def _function(self, function: str, operand: _Operand) -> _Operand:
        r"""A function in front of its argument, with an exponent perhaps: ``\sin^2 x``."""
        words = operand.pieces[0]
        shown = self.source[words.start:words.end]
        above: tuple[int, int] | None = None
        power = self.token
        while self.token.text in ("^", "_"):
            if self.token.text == "_":
                raise mistakes.subscript_of(shown, (words.start, self.token.end))
            above = self._script_range(self.place)
            self.place = self._behind_script(self.place)
            if "".join([token.text for token in self.tokens[above[0]:above[1]]]) == "-1":
                raise mistakes.superscript(f"{shown}^{{-1}} has two meanings", (words.start, self.last.end),
                                           help="write the inverse function by its name, the reciprocal as a quotient")
        pieces = self._call(function, operand, shown)
        if above is None:
            return _Operand("call", pieces, operand.start, function=function)
        place = self.place
        self.place = above[0]
        exponent = self._until_script(above, power.span)
        self.place = place
        raised = [words._replace(text="("), *pieces, _piece(")^(", power), *exponent, _piece(")", power)]
        return _Operand("call", raised, operand.start)

    def _call(self, function: str, operand: _Operand, shown: str) -> Pieces:
        """The call, its argument in brackets or one operand."""
        words = operand.pieces[0]
        opened = self.token
        if opened.text in ("(", "[", "\\{", "{"):
            self.take()
            self.enter(opened)
            inner: Pieces = []
            bars = None
            while True:
                inner += self.expression()
                if self.token.text != ",":
                    break
                inner.append(_piece(", ", self.take()))
            closed = self.leave(opened)
            if function == "einsum":
                inner = [piece._replace(text=piece.text.strip()) if "'" in piece.text else piece for piece in inner]
            return [words._replace(text=f" {function}("), *inner, _piece(")", closed)]
        if not self._starts_argument():
            raise mistakes.missing("an argument", shown, (words.start, words.end))
        self.enter(opened)
        bars = self.primary()
        if function == "log" and bars.kind == "bars" and self.token.text not in _SCRIPTS and _is_call(bars.pieces[1:-1], "det"):
            inner = bars.pieces[1:-1]
            self.exit()
            return [words._replace(text=" log"), *_unspaced(inner)]
        inner = self.finished(bars)
        self.exit()
        token = self.token
        if self._starts_argument() and not self._is_function(token) or token.text in TIMES or token.text == "\\times":
            raise mistakes.unclear_argument(shown, (words.start, words.end), token.span)
        return [words._replace(text=f" {function}("), *inner, _piece(")", self.last)]

    def _is_function(self, token: Token) -> bool:
        """Whether a function or a sum begins here, which ends the argument of the one before."""
        return token.kind == "operator" or token.text.removeprefix("\\") in COMMANDS or token.text == "\\sum" or \
            (token.kind == "word" and SPOKEN.get(token.text, token.text) in FUNCTIONS)

    # -- scripts -------------------------------------------------------------------------

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

    def _scripts(self) -> _Scripts:
        """All scripts that follow."""
        following = [token.text for token in self.tokens[self.place:self.place + 3]]
        if following in (["{", "}", "_"], ["{", "}", "^"]):
            self.place += 2   # an empty group that carries scripts
        found = _Scripts(span=(self.token.start, self.token.end))
        while self.token.text in _SCRIPTS:
            token = self.token
            if token.text in _PRIMES:
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
            elif all(one.text in _PRIMES for one in self.tokens[inner[0]:inner[1]]):
                found.primes += inner[1] - inner[0]
            elif found.above is not None:
                raise mistakes.superscript("there are two superscripts", (token.start, self.last.end),
                                           help="put the first power in brackets")
            else:
                found.above = inner
        found.span = (found.span[0], self.last.end)
        return found

    def finished(self, operand: _Operand) -> Pieces:
        """An operand with its scripts; a name before a bracket as a call, if it is one."""
        begun = self.place
        scripts = self._scripts()
        pieces = operand.pieces
        indices = ""
        if operand.kind == "name":
            label = self._label(scripts.below) if scripts.below else ""
            if label.isdigit() and any(name in self.own and name + label not in self.own for name in operand.names):
                label = ""   # an entry of a variable
            constant = self._sized_name(operand, scripts, label)
            if constant is not None:
                self.place = constant
                return self.operand_of_constant(operand, scripts, begun)
            name = self._resolved(operand, label, bool(scripts.below) and not label)
            if operand.names[0] == "e" and scripts.above and "e" not in self.own and not scripts.below and \
                    ("e" not in self.bare or operand.word):
                return self._exponential(operand, scripts.above)
            coefficient = self._coefficient(operand, name, scripts)
            if coefficient is not None:
                return coefficient
            called = self._is_called(name, operand, scripts)
            if called:
                inner = self._call(called, operand, name)
                inner[0] = inner[0]._replace(text=f" {called}{'' if called != name else chr(39) * scripts.primes}(")
                return self.finished(_Operand("call", inner, operand.start))
            scripts.below = None if label else scripts.below
            indices = self._indices(scripts.below) if scripts.below else ""
            name = self._constant_name(name, indices)
            if not indices:
                self.plain.append(name)
            pieces = [Piece(" " + name, operand.start, pieces[-1].end)]
        elif scripts.below:
            if operand.kind == "number":
                raise mistakes.subscript(scripts.span)
            indices = self._indices(scripts.below)
            pieces = [_piece_at(" ", pieces[0].start), *pieces]
        else:
            pieces = [_piece_at(" ", pieces[0].start), *pieces]
        return self._scripted(pieces, indices, scripts)

    def operand_of_constant(self, operand: _Operand, scripts: _Scripts, begun: int) -> Pieces:
        r"""A constant of a name and its sizes: ``I_{n}``, ``K_{m,n}``, ``\\mathbf{e}_{i}``."""
        name = operand.names[0]
        function = {"I": "eye", "e": "e", "E": "E"}.get(name) or _SIZED[name][0]
        self.place = begun
        token = Token("letter", name, operand.start, self.token.start)
        while self.token.text != "_":
            self.take()
        found = self._constant(function, token)
        self.place = max(self.place, begun)
        scripts.below = None
        if scripts.first == "_" and scripts.above is None and not scripts.primes:
            return [_piece_at(" ", operand.start), *found.pieces]
        self._scripts()
        return self._scripted([_piece_at(" ", operand.start), *found.pieces], "", scripts)

    def _sized_name(self, operand: _Operand, scripts: _Scripts, label: str) -> int | None:
        """The place of the subscript of a constant; ``None`` where the name is a variable."""
        name = operand.names[0]
        if name + label in self.own or name in self.own or not scripts.below or operand.word:
            return None
        texts = self.tokens[scripts.below[0]:scripts.below[1]]
        commas = sum(token.text == "," for token in texts)
        if name in ("e", "E"):
            return self.place if operand.font == "bold" else None
        if operand.font or (label and not label.isdigit()):
            return None
        if name == "I":
            letters = [token for token in texts if token.kind == "letter"]
            delta = len(letters) == len(texts) > 1 and not any(token.gap for token in texts[1:])
            return None if delta else self.place
        if name in _SIZED and (not self.indexed or any(self.whole)) and (not label or self.own):
            function_takes_two = _SIZED[name][1]
            if commas == 1 if function_takes_two else commas == 0:
                single = len([token for token in texts if token.kind in ("letter", "number")]) == 1
                return self.place if function_takes_two or single or any(token.gap for token in texts[1:]) else None
        return None

    def _constant_name(self, name: str, indices: str) -> str:
        """``delta`` and ``eps`` where a Greek letter with indices is one, ``I`` with two letters is one too."""
        if not indices or name in self.own:
            return name
        if name == "I" and indices.startswith("_"):
            return "delta"
        return _CONSTANTS.get(name, name) if indices.startswith("_") else name

    def _resolved(self, operand: _Operand, label: str, indexed: bool = False) -> str:
        """The name of an operand, its label included: one that was declared if any was."""
        names = [name + label for name in operand.names]
        known = [name for name in names if name in self.own or name in self.functions]
        name = known[0] if known else names[0]
        span = (operand.start, operand.pieces[-1].end)
        for (font, place), own in ((self.fonts.setdefault((name, side), (operand.font, span)), side) for side in (False, True)
                                   if side == indexed):
            if font != operand.font:
                raise mistakes.two_fonts(name, place, span)
            other = self.fonts.get((name, not own))
            if other is not None and other[0] != operand.font and (other[0] if own else operand.font) != "bold":
                raise mistakes.two_fonts(name, other[1], span)
        return name

    def _is_called(self, name: str, operand: _Operand, scripts: _Scripts) -> str:
        """The function that a name before a bracket is; nothing where it is a factor."""
        token = self.token
        if token.text != "(" or scripts.above or (scripts.below and not self._label(scripts.below)):
            return ""
        if name in self.functions:
            return "" if token.gap else name
        if token.gap or name in self.own or scripts.primes:
            return ""
        if operand.names[0] == "σ" and not scripts.below:
            return "" if self.bare & {"\\sigma", "σ"} else "sigmoid"
        if token.spaced or operand.start in self.bare_places(name):
            return ""
        raise mistakes.call_or_product(name, (operand.start, token.end))

    def bare_places(self, name: str) -> Collection[int]:
        """All places, where a name stands somewhere without a bracket; else none."""
        return range(len(self.source) + 1) if name in self.bare or any(name in GREEK.get(one.removeprefix("\\"), ())
                                                                       for one in self.bare) else ()

    def _coefficient(self, operand: _Operand, name: str, scripts: _Scripts) -> Pieces | None:
        r"""``\beta^{F}_{k}``: a coefficient of a declared power series."""
        if operand.names[0] != "β" or not scripts.above or not scripts.below or name in self.own:
            return None
        above = [token.text for token in self.tokens[scripts.above[0]:scripts.above[1]]]
        word = "".join(above).rstrip("'")
        if word not in self.functions:
            return None
        place = self.place
        self.place = scripts.below[0]
        index = self._until_script(scripts.below, scripts.span)
        self.place = place
        return [Piece(f" coefficient({''.join(above)}, ", operand.start, operand.pieces[-1].end), *index,
                Piece(")", *scripts.span)]

    def _exponential(self, operand: _Operand, above: tuple[int, int]) -> Pieces:
        """``e^{x}``."""
        place = self.place
        self.place = above[0]
        inner = self._until_script(above, (operand.start, operand.pieces[-1].end))
        self.place = place
        return [Piece(" exp(", operand.start, operand.pieces[-1].end), *inner, _piece(")", self.last)]

    def _until_script(self, inner: tuple[int, int], span: Span) -> Pieces:
        """The expression in the tokens of a script."""
        self.place = inner[0]
        self.enter(Token("script", "{", *span))
        if self.tokens[inner[1]].text != "}":   # one token, whose scripts are not its own
            pieces = self._plain_name(self.primary())
            self.exit()
            return pieces
        pieces = []
        while self.place < inner[1]:
            token = self.token
            if token.text in _STOPS:
                raise mistakes.superscript("this superscript is no exponent", (span[0], max(span[1], token.end)))
            if token.text in _SIGNS:
                pieces.append(_piece(f" {token.text} ", self.take()))
            elif token.text in TIMES:
                pieces.append(_piece(f" {TIMES[token.text]} ", self.take()))
            else:
                pieces += self.operand()
        self.exit()
        return pieces

    def _scripted(self, pieces: Pieces, indices: str, scripts: _Scripts) -> Pieces:
        """Indices and powers behind a base, in the order in which they were written."""
        start, end = scripts.span
        raised = self._raised(scripts, indices) if scripts.above or scripts.primes else None
        index = [Piece(indices, start, end)] if indices else []
        if raised is None:
            return [*pieces, *index]
        before, behind, power = raised
        if scripts.first == "_" or (power and len(indices) == 4):   # x^2_i is the power of an entry
            return [*before, *pieces, *index, *behind] if not before or not index else [*pieces, *index, *before, *behind]
        return [Piece(" (", start, end), *before, *pieces, *behind, Piece(")", start, end), *index] if index else \
            [*before, *pieces, *behind]

    def _raised(self, scripts: _Scripts, indices: str) -> tuple[Pieces, Pieces, bool]:
        """What stands before and behind a base for its superscript, and whether that is a power of entries."""
        start, end = scripts.span
        primes = [Piece("'" * scripts.primes, start, end)] if scripts.primes else []
        if scripts.above is None:
            return [], primes, False
        texts = [token.text for token in self.tokens[scripts.above[0]:scripts.above[1]]]
        bare = [text for text in texts if text not in ("{", "}", "\\mathsf", "\\mathrm", "\\rm", "\\sf", "\\text")]
        if len(bare) == 1 and bare[0] in TRANSPOSES:
            return [], [*primes, Piece("'", start, end)], False
        if len(bare) == 2 and bare[0] == "-" and bare[1] in TRANSPOSES:
            return [], [*primes, Piece("^(-1)'", start, end)], False
        if bare in (["+"], ["\\dagger"]):
            return [Piece(" pinv(", start, end)], [*primes, Piece(")", start, end)], False
        self._insist_on_exponent(texts, indices, scripts)
        operator, begin = "^(", scripts.above[0]
        if texts[0] in ("\\odot", "\\circ", "⊙", "∘"):
            operator, begin = ".^(", begin + 1
        place = self.place
        exponent = self._until_script((begin, scripts.above[1]), (start, end))
        self.place = place
        if not exponent:
            raise mistakes.superscript("this superscript is no exponent", (start, end))
        return [], [*primes, Piece(operator, start, end), *exponent, Piece(")", start, end)], True

    def _insist_on_exponent(self, texts: list[str], indices: str, scripts: _Scripts) -> None:
        """No label, no star, no upper index."""
        if texts in (["*"], ["\\ast"], ["\\star"]):
            raise mistakes.superscript("a star is a conjugate or a label, and tensors are real here", scripts.span,
                                       help=r"a transpose is written X^\top, a label x_{\text{opt}}")
        if texts[0] == "(" and texts[-1] == ")" and len(texts) == 3:
            raise mistakes.superscript("a superscript in brackets is a label to some, a power to others", scripts.span,
                                       help="write a label as a subscript, W_2, and a power without brackets, W^2")
        above = self.tokens[slice(*scripts.above)] if scripts.above else []
        if len(above) > 1 and all(token.kind == "letter" and token.text in "ijklmnpqrs" and not token.gap for token in above):
            raise mistakes.superscript("upper indices are not read", scripts.span, help="write all indices below: A_{ij}")
        if len(indices) > 4 and ("".join(texts) == "-1") == (scripts.first == "_"):
            raise mistakes.superscript("this may be an entry of a power, or a power of an entry", scripts.span,
                                       help=r"write \left(X^{-1}\right)_{ij} or \left(X_{ij}\right)^{-1}")

    # -- subscripts ----------------------------------------------------------------------

    def _label(self, inner: tuple[int, int] | None) -> str:
        """A subscript that is part of a name: digits or a word; nothing for indices and entries."""
        if inner is None:
            return ""
        tokens = self.tokens[inner[0]:inner[1]]
        if tokens[0].text in ("\\text", "\\mathrm", "{") and len(tokens) > 1:
            tokens = [token for token in tokens if token.text not in ("{", "}", "\\text", "\\mathrm")]
        if len(tokens) != 1:
            return ""
        (token,) = tokens
        if token.text in ("*", "\\ast", "\\star"):
            return "star"
        if token.kind in ("word", "operator") or (token.kind == "number" and token.text.isdigit()):
            text = "".join(token.text.split())
            if not text.isalnum() or not text.isascii():
                raise mistakes.subscript(token.span)
            return text
        return ""

    def _indices(self, inner: tuple[int, int] | None) -> str:
        """A subscript as indices ``_{ij}``, or as the positions of an entry ``[1, 2]``."""
        if inner is None:
            return ""
        tokens = self.tokens[inner[0]:inner[1]]
        span = (tokens[0].start, tokens[-1].end)
        letters = [_letter(token) for token in tokens]
        if all(letters):
            self.letters += [letter for letter in letters if letter.isalpha()]
            return f"_{{{''.join(letters)}}}"
        if any(token.kind == "number" for token in tokens) or any(token.text in _SIGNS for token in tokens):
            parts: list[list[str]] = [[]]
            for k, token in enumerate(tokens):
                if token.text == ",":
                    parts.append([])
                elif token.kind in ("letter", "number") or token.text in ("+", "-", "(", ")", "*"):
                    if k and token.kind in ("letter", "number") and tokens[k - 1].kind in ("letter", "number"):
                        raise mistakes.subscript(span)
                    parts[-1].append(token.text)
                else:
                    raise mistakes.subscript(span)
            if all(parts):
                return f"[{', '.join([''.join(part) for part in parts])}]"
        raise mistakes.subscript(span)


# -- before reading ----------------------------------------------------------------------


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
    """The letters that stand somewhere without a bracket behind them."""
    return {token.text for token, following in zip(tokens, tokens[1:])
            if (token.kind == "letter" or token.text.removeprefix("\\") in GREEK) and following.text != "("
            and (token.text, following.text) != ("e", "^")}


def _has_indices(tokens: list[Token]) -> bool:
    r"""Whether a letter that is no constant carries letters below, so that the formula is in index notation."""
    for place, token in enumerate(tokens):
        if token.text != "_" or not place:
            continue
        base, first = tokens[place - 1], tokens[place + 1 + (tokens[place + 1].text == "{")]
        if first.kind == "letter" and base.text not in ("I", "K", "D", "L", "0", "1", "\\sum", "}", "|", "\\|", "]"):
            return True
    return False


# -- pieces ------------------------------------------------------------------------------


def _piece(text: str, token: Token) -> Piece:
    return Piece(text, token.start, token.end)


def _piece_at(text: str, place: int) -> Piece:
    return Piece(text, place, place)


def _flat(operands: Iterable[Pieces]) -> Pieces:
    return [piece for operand in operands for piece in operand]


def _is_number(pieces: Pieces) -> bool:
    text = "".join([piece.text for piece in pieces]).strip()
    return text.replace(".", "").isdigit()


def _is_call(pieces: Pieces, function: str) -> bool:
    """Whether pieces are one call of a function and nothing else."""
    text = "".join([piece.text for piece in pieces]).strip()
    if not text.startswith(function + "("):
        return False
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth and place > len(function):
            return place == len(text) - 1
    return False


def _unspaced(pieces: Pieces) -> Pieces:
    """Pieces without the space in front."""
    found = [*pieces]
    while found and not found[0].text.strip():
        found.pop(0)
    return [found[0]._replace(text=found[0].text.lstrip()), *found[1:]]


def _letter(token: Token) -> str:
    """An index, or what may stand between indices; nothing for everything else."""
    if token.kind == "letter" or token.text in (",", "(", ")"):
        return token.text
    name = token.text.removeprefix("\\")
    return GREEK[name][0] if token.kind == "command" and name in GREEK else ""
