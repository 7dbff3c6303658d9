r"""LaTeX to the notation of this package, piece by piece, each with its place in what was pasted.

Knows how papers write operands, scripts, functions and sums; refuses to know precedence between
operators and what a name denotes: the text it makes is read by the one parser there is.

Conventions: a sum extends over the product behind it; a function without brackets takes one operand;
a name directly before a bracket is a call if it was declared as a function, and a product if the name
stands elsewhere without a bracket or was declared as a variable.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import FormulaError
from . import mistakes
from .constructs import Constructs
from .cursor import Operand, Scripts
from .names import (
    ACCENTS,
    CLOSING,
    COMMANDS,
    ENTRIES,
    EQUALS,
    FONTS,
    FUNCTIONS,
    GREEK,
    SCRIPTS,
    SIGNS,
    SIZED,
    SPOKEN,
    STOPS,
    TIMES,
    TRANSPOSES,
    WORD,
)
from .pieces import Piece, Pieces, flat, is_number, piece, piece_at
from .tokens import Token

_LONGEST = 50   # letters of a name


@dataclass(slots=True)
class Reader(Constructs):
    """Statements, products, operands and their scripts: the reader of one formula."""

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
            if token.text in CLOSING.values() and token.text not in ("|", "\\|"):
                raise mistakes.closes_nothing(token.text, token.span)
            if token.text == ";" and left:
                self.own.add(left[0].text.partition("_")[0])
            pieces.append(piece(f" {'=' if token.text in EQUALS else token.text} ", self.take()))

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
        return [Piece(name, operand.start, end), piece(" = ", self.take())]

    # -- sums and products ---------------------------------------------------------------

    def expression(self, first: Operand | None = None) -> Pieces:
        """Everything up to a bracket that closes, a comma or the end."""
        pieces: Pieces = []
        operand_before = False
        while True:
            token = self.token
            if first is None and self.ends(operand_before):
                return pieces
            if first is None and token.text in SIGNS:
                pieces.append(piece(f" {token.text} " if token.text != ":" else " : ", self.take()))
                operand_before = False
                continue
            pieces += self.product(first)
            first, operand_before = None, True

    def ends(self, operand_before: bool) -> bool:
        """Whether an expression ends here; a bar closes where an operand stands before it."""
        token = self.token
        if token.kind in ("end", "finish") or token.text in STOPS:
            return True
        if token.text not in ("|", "\\|"):
            return False
        return token.side == "right" or (token.side != "left" and operand_before and bool(self.open)
                                         and self.open[-1].text == token.text)

    def product(self, first: Operand | None = None) -> Pieces:
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
            elif token.text in SIGNS:
                if run or pieces or token.text != "-":
                    break
                pieces.append(piece("-", self.take()))
            elif token.text == "\\times":
                if len(run) > 1:
                    raise self._ambiguous_times(token)
                run = [self._times(run.pop() if run else [])]
            elif token.text in TIMES:
                slash = token if token.text == "/" else None
                fraction = len(run) == 1 and is_number(run[0])
                pieces += [*flat(run), piece(f" {TIMES[token.text]} ", self.take())]
                run = []
            elif token.text == "{" and self.tokens[self.place + 1].text == "}":
                self.place += 2   # an empty group is there for the typesetting
            else:
                if slash is not None and len(run) == 1 and not (fraction and is_number(run[0])):
                    raise mistakes.unclear_divisor(slash.span, token.span)
                run.append(self.operand())
        return pieces + flat(run)

    def _times(self, left: Pieces) -> Pieces:
        r"""``a \times b``: a product where one is a number, else a cross product of single operands."""
        sign = self.take()
        if not left:
            return [piece(" * ", sign)]
        numeric = self.token.kind == "number" or is_number(left)
        right = self.operand()
        if numeric:
            return [*left, piece(" * ", sign), *right]
        if not self.ends(True) and self.token.text not in SIGNS and self.token.text not in TIMES:
            raise self._ambiguous_times(sign)
        return [piece("cross(", sign), *left, piece(", ", sign), *right, piece(")", sign)]

    def _ambiguous_times(self, token: Token) -> FormulaError:
        return mistakes.unclear_argument("\\times", token.span, self.token.span)

    # -- operands ------------------------------------------------------------------------

    def operand(self) -> Pieces:
        """A primary and its scripts."""
        return self.finished(self.primary())

    def primary(self) -> Operand:
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
            return Operand("done", [piece(f"'{token.text}'", token)], token.start)
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
        return Operand("done", [piece(token.text, token)], token.start)

    def _number(self, token: Token) -> Operand:
        r"""A number; ``1_{n}`` and ``0_{m \\times n}`` are constants."""
        if token.text in ("0", "1") and self.token.text == "_" and token.end == self.token.start:
            return self._constant("zeros" if token.text == "0" else "ones", token)
        return Operand("number", [piece(f" {token.text}", token)], token.start)

    def _letters(self) -> Operand:
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

    def _taken(self, run: list[Token], text: str) -> Operand:
        self.place += len(run)
        span = Piece(text, run[0].start, run[-1].end)
        return Operand("name", [span], run[0].start, (text,))

    def _word(self) -> Operand:
        """A word in upright letters: a function in front of an operand, else a name."""
        token = self.take()
        text = SPOKEN.get(token.text, token.text)
        operand = Operand("name", [piece(token.text, token)], token.start, (token.text,), word=True)
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
        if not WORD.fullmatch(words) or len(token.text.split()) > 1:
            raise mistakes.no_name(token.text, token.span)
        return operand

    def _bracket(self) -> Operand:
        """``(…)``, ``[…]`` or ``{…}`` between braces that are typeset: all group."""
        opened = self.take()
        self.enter(opened)
        inner = self.expression()
        while self.token.text == ",":   # the parser has a word for it
            inner += [piece(", ", self.take()), *self.expression()]
        closed = self.leave(opened)
        if opened.text == "[" and self.token.text == "_" and self._single_script() == "\\times":
            self.place += 2 if self.tokens[self.place + 1].text != "{" else 4
            return Operand("call", [piece("skew(", opened), *inner, piece(")", closed)], opened.start)
        return Operand("group", [piece("(", opened), *inner, piece(")", closed)], opened.start)

    def _single_script(self) -> str:
        """The only token of the script at this place."""
        inner = self._script_range(self.place)
        return self.tokens[inner[0]].text if inner[1] - inner[0] == 1 else ""

    def _brace(self) -> Operand:
        """``{…}``: nothing where it holds one operand, a group else."""
        opened = self.take()
        self.enter(opened)
        if self.token.text == "}":
            raise mistakes.missing("something", "{", opened.span)
        if self.token.text in SIGNS or self.ends(False):
            inner = self.expression()
        else:
            one = self.primary()
            if self.token.text == "}":
                self.leave(opened)
                return one
            if self.token.text in SCRIPTS:
                done = self.finished(one)
                one = Operand("done", done, one.start)
                if self.token.text == "}":
                    self.leave(opened)
                    return Operand("name", done, one.start, (done[-1].text,), word=True) \
                        if len(done) == 1 and WORD.fullmatch(done[0].text) else one
            inner = self.expression(one)
        closed = self.leave(opened)
        return Operand("group", [piece("(", opened), *inner, piece(")", closed)], opened.start)

    def _bars(self) -> Operand:
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
                return Operand("call", [piece("((", opened), *inner, piece(") * (", comma), *other, piece("))", closed)],
                                opened.start)
            return Operand("group", [piece("((", opened), *inner, piece(") : (", comma), *other, piece("))", closed)],
                            opened.start)
        closed = self.leave(opened)
        if opened.text == "|":
            function = "abs" if len(self.letters) > letters else "bars"
            return Operand("bars", [piece(f"{function}(", opened), *inner, piece(")", closed)], opened.start)
        return Operand("norm", [piece("norm2(", opened), *inner, piece(")", closed)], opened.start)

    def _norm(self, operand: Operand, scripts: Scripts) -> None:
        """Which norm the subscript says."""
        if scripts.below is None:
            return
        texts = [token.text for token in self.tokens[slice(*scripts.below)]]
        first, *inner, last = operand.pieces
        if "".join(texts) not in ("1", "2", "F", "\\mathrm{F}", "Frob", "fro", "\\ell2"):
            raise mistakes.norm(mistakes.shown(texts), (last.start, self.tokens[scripts.below[1] - 1].end))
        after = self.tokens[scripts.below[1]]
        end = after.end if after.text == "}" else self.tokens[scripts.below[0]].end
        operand.pieces = [first._replace(text="norm1(") if texts == ["1"] else first, *inner,
                          last._replace(end=max(last.end, end) if scripts.first == "_" else last.end)]
        scripts.below = None

    def _matrix(self) -> Operand:
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
                pieces.append(piece(", ", self.take()))
            elif token.text == "\\\\":
                self.take()
                if self.token.kind != "finish":
                    pieces.append(piece("; ", token))
            else:
                raise mistakes.unclosed(rf"\begin{{{opened.text}}}", opened.span, token.span)
        self.exit()
        closed = self.take()
        before, behind = ENTRIES[opened.text]
        return Operand("call" if before else "group", [piece(before + "[", opened), *pieces, piece("]" + behind, closed)],
                        opened.start)

    def _command(self) -> Operand:
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
            operand = Operand("name", [piece(name, token)], token.start, (name,))
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

    def _constant_in_font(self) -> Operand:
        r"""``\\mathbf{1}``, ``\\mathbf{1}_{n}``, ``\\mathbf{0}_{m \\times n}``."""
        start, digit = self.token, self._digit_in_font()
        self.place += 4 if self.tokens[self.place + 1].text == "{" else 2
        if self.token.text == "_":
            return self._constant("zeros" if digit == "0" else "ones", start)
        if digit == "0":
            raise mistakes.missing("the size of a zero", r"\mathbf{0}", (start.start, self.last.end))
        return Operand("call", [Piece("vector(1)", start.start, self.last.end)], start.start)

    def _constant(self, function: str, start: Token) -> Operand:
        """A constant whose sizes or positions are its subscript."""
        begin, stop = self._script_range(self.place)
        after = self._behind_script(self.place)
        self.place = begin
        arguments: Pieces = []
        while self.place < stop:
            if self.token.text in (",", "\\times"):
                arguments.append(piece(", ", self.take()))
            elif self.token.text in SIGNS or self.token.text in TIMES:
                arguments.append(piece(f" {TIMES.get(self.token.text, self.token.text)} ", self.take()))
            elif self.token.text in STOPS or self.token.kind == "end":
                raise mistakes.subscript((start.end, self.tokens[stop - 1].end))
            else:
                arguments += self.operand() if self.tokens[stop].text == "}" else self._plain_name(self.primary())
        self.place = after
        return Operand("call", [piece(f"{function}(", start), *arguments, piece(")", self.last)], start.start)

    # -- scripts -------------------------------------------------------------------------

    def finished(self, operand: Operand) -> Pieces:
        """An operand with its scripts; a name before a bracket as a call, if it is one."""
        begun = self.place
        scripts = self._scripts()
        if operand.kind == "norm":
            self._norm(operand, scripts)
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
                return self.finished(Operand("call", inner, operand.start))
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
            pieces = [piece_at(" ", pieces[0].start), *pieces]
        else:
            pieces = [piece_at(" ", pieces[0].start), *pieces]
        return self._scripted(pieces, indices, scripts)

    def operand_of_constant(self, operand: Operand, scripts: Scripts, begun: int) -> Pieces:
        r"""A constant of a name and its sizes: ``I_{n}``, ``K_{m,n}``, ``\\mathbf{e}_{i}``."""
        name = operand.names[0]
        function = {"I": "eye", "e": "e", "E": "E"}.get(name) or SIZED[name][0]
        self.place = begun
        token = Token("letter", name, operand.start, self.token.start)
        while self.token.text != "_":
            self.take()
        found = self._constant(function, token)
        self.place = max(self.place, begun)
        scripts.below = None
        if scripts.first == "_" and scripts.above is None and not scripts.primes:
            return [piece_at(" ", operand.start), *found.pieces]
        self._scripts()
        return self._scripted([piece_at(" ", operand.start), *found.pieces], "", scripts)

    def _is_called(self, name: str, operand: Operand, scripts: Scripts) -> str:
        """The function that a name before a bracket is; nothing where it is a factor."""
        token = self.token
        if token.text != "(" or scripts.above or (scripts.below and not self._label(scripts.below)):
            return ""
        if name in self.functions:
            return "" if token.gap else name
        if operand.word and SPOKEN.get(name, name) in FUNCTIONS and not scripts.primes:
            return SPOKEN.get(name, name)
        if token.gap or name in self.own:
            return ""
        if operand.names[0] == "σ" and not scripts.below:
            return "" if self.bare & {"\\sigma", "σ"} else "sigmoid"
        if token.spaced or operand.start in self.bare_places(name):
            return ""
        raise mistakes.call_or_product(name, (operand.start, token.end))

    def _coefficient(self, operand: Operand, name: str, scripts: Scripts) -> Pieces | None:
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

    def _exponential(self, operand: Operand, above: tuple[int, int]) -> Pieces:
        """``e^{x}``."""
        place = self.place
        self.place = above[0]
        inner = self._until_script(above, (operand.start, operand.pieces[-1].end))
        self.place = place
        return [Piece(" exp(", operand.start, operand.pieces[-1].end), *inner, piece(")", self.last)]

    def _scripted(self, pieces: Pieces, indices: str, scripts: Scripts) -> Pieces:
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

    def _raised(self, scripts: Scripts, indices: str) -> tuple[Pieces, Pieces, bool]:
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
        if bare == ["+"]:
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

    def _insist_on_exponent(self, texts: list[str], indices: str, scripts: Scripts) -> None:
        """No label, no star, no upper index."""
        if "".join(texts) in ("*", "\\ast", "\\star", "H", "\\mathrm{H}", "\\mathsf{H}", "\\dagger"):
            raise mistakes.superscript("this sign is a conjugate to some, and other things to others", scripts.span,
                                       help=r"a transpose is written X^\top, a pseudo-inverse X^{+}, a label x_{\text{opt}}")
        if texts[0] == "(" and texts[-1] == ")" and len(texts) == 3:
            raise mistakes.superscript("a superscript in brackets is a label to some, a power to others", scripts.span,
                                       help="write a label as a subscript, W_2, and a power without brackets, W^2")
        above = self.tokens[slice(*scripts.above)] if scripts.above else []
        if len(above) == 1 and above[0].kind == "letter" and indices and scripts.first == "^":
            raise mistakes.superscript("upper indices are not read", scripts.span, help="write all indices below: A_{ij}")
        if above and (all(token.text in self.below for token in above) or len(above) > 1 and all(
                token.kind == "letter" and token.text in "ijklmnpqrs" and not token.gap for token in above)):
            raise mistakes.superscript("upper indices are not read", scripts.span, help="write all indices below: A_{ij}")
        if len(indices) > 4 and ("".join(texts) == "-1") == (scripts.first == "_"):
            raise mistakes.superscript("this may be an entry of a power, or a power of an entry", scripts.span,
                                       help=r"write \left(X^{-1}\right)_{ij} or \left(X_{ij}\right)^{-1}")
