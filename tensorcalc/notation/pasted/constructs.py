r"""Commands that take arguments: ``\frac``, ``\sqrt``, ``\sum``, differentials, functions with and without brackets."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import Span
from . import mistakes
from .cursor import Operand
from .names import COMMANDS, FUNCTIONS, SCRIPTS, SIGNS, SPOKEN, STOPS, TIMES
from .naming import Naming
from .pieces import Piece, Pieces, is_call, piece, unspaced
from .tokens import Token


@dataclass(slots=True)
class Constructs(Naming):
    """Fractions, roots, derivatives, sums and functions: commands that take more than one operand's worth of tokens."""

    def expression(self, first: Operand | None = None) -> Pieces:
        """Everything up to a bracket that closes, a comma or the end."""
        raise NotImplementedError

    def product(self, first: Operand | None = None) -> Pieces:
        """Factors up to a sign, a bracket that closes, a comma or the end."""
        raise NotImplementedError

    def primary(self) -> Operand:
        """A number, a name, a bracket or a command with its arguments."""
        raise NotImplementedError

    def finished(self, operand: Operand) -> Pieces:
        """An operand with its scripts."""
        raise NotImplementedError

    def operand(self) -> Pieces:
        """A primary and its scripts."""
        raise NotImplementedError

    def ends(self, operand_before: bool) -> bool:
        """Whether an expression ends here."""
        raise NotImplementedError

    # -- arguments -----------------------------------------------------------------------

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
        if token.kind == "end" or token.text in STOPS or token.text in SIGNS:
            raise mistakes.missing("an argument", command.text, command.span)
        if token.kind == "letter":
            self.take()
            return self._plain_name(Operand("name", [piece(token.text, token)], token.start, (token.text,)))
        self.enter(token)
        inner = self._plain_name(self.primary())
        self.exit()
        return inner

    def _plain_name(self, operand: Operand) -> Pieces:
        return [Piece(" " + self._resolved(operand, ""), operand.start, self.last.end)] if operand.kind == "name" \
            else operand.pieces

    def _until(self, stop: int, span: Span) -> Pieces:
        """An expression that fills the tokens up to ``stop``."""
        if self.place >= stop:
            return []
        if self.token.text == "\\infty" and self.place + 1 == stop:
            return [piece("inf", self.take())]
        pieces = self.expression() if self.tokens[stop].text == "}" else self._plain_name(self.primary())
        if self.place != stop:
            raise mistakes.sum_over(span)
        return pieces

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
            if token.text in STOPS:
                raise mistakes.superscript("this superscript is no exponent", (span[0], max(span[1], token.end)))
            if token.text in SIGNS:
                pieces.append(piece(f" {token.text} ", self.take()))
            elif token.text in TIMES:
                pieces.append(piece(f" {TIMES[token.text]} ", self.take()))
            else:
                pieces += self.operand()
        self.exit()
        return pieces

    # -- fractions and derivatives -------------------------------------------------------

    def _root(self) -> Operand:
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
            pieces = [piece("((", token), *inner, piece(")^(1/(", token), *order, piece(")))", token)]
            return Operand("call", pieces, token.start)
        return Operand("call", [piece("sqrt(", token), *inner, piece(")", self.last)], token.start)

    def _fraction(self) -> Operand:
        r"""``\\frac{a}{b}``; with differentials above and below, a derivative."""
        if self._differentials(self.place):
            return self._derivative()
        token = self.take()
        above = self._argument(token)
        below = self._argument(token)
        pieces = [piece("((", token), *above, piece(")/(", token), *below, piece("))", self.last)]
        return Operand("group", pieces, token.start)

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

    def _derivative(self) -> Operand:
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
            above = self.primary().pieces
        function = "jacobian" if jacobian else "diff"
        for name, power in variables:
            above = [piece(f"{function}(", token), *above, piece(", ", token), name,
                     piece(f", {power})" if power else ")", token)]
        return Operand("call", above, token.start)

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

    # -- sums ----------------------------------------------------------------------------

    def _sum(self) -> Operand:
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
        return Operand("group", [piece("(", sign), *pieces, piece(")", self.last)], sign.start)

    def _summed(self, token: Token, low: Pieces, high: Pieces, body: Pieces, sign: Token, used: bool, counted: bool) -> Pieces:
        """One index of a sum: over an axis where it is an index, over a whole number else."""
        end = self.last
        if used and counted:
            raise mistakes.sum_over((sign.start, token.end), f"{token.text} is an index and a number in this sum", None)
        if used:
            if low and "".join([piece.text for piece in low]).strip() != "1":
                raise mistakes.sum_over((sign.start, token.end), f"{token.text} runs over a part of an axis",
                                        help="an index runs over a whole axis, from 1")
            size = [*high, piece(", ", sign)] if high else []
            return [piece("sum(", sign), piece(token.text, token), piece(", ", sign), *size, *body, piece(")", end)]
        if not low or not high:
            raise mistakes.sum_over((sign.start, token.end), f"{token.text} is no index of what is summed", None)
        return [piece("series(", sign), piece(token.text, token), piece(", ", sign), *low, piece(", ", sign), *high,
                piece(", ", sign), *body, piece(")", end)]

    # -- functions -----------------------------------------------------------------------

    def _starts_argument(self) -> bool:
        """Whether an operand or a script follows."""
        token = self.token
        return not (token.kind in ("end", "finish") or token.text in STOPS or token.text in SIGNS or token.text in TIMES
                    or token.text in ("_", "'", "\\times") or self.ends(True))

    def _function(self, function: str, operand: Operand) -> Operand:
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
            return Operand("call", pieces, operand.start, function=function)
        place = self.place
        self.place = above[0]
        exponent = self._until_script(above, power.span)
        self.place = place
        raised = [words._replace(text="("), *pieces, piece(")^(", power), *exponent, piece(")", power)]
        return Operand("call", raised, operand.start)

    def _call(self, function: str, operand: Operand, shown: str) -> Pieces:
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
                inner.append(piece(", ", self.take()))
            closed = self.leave(opened)
            if function == "einsum":
                inner = [piece._replace(text=piece.text.strip()) if "'" in piece.text else piece for piece in inner]
            return [words._replace(text=f" {function}("), *inner, piece(")", closed)]
        if not self._starts_argument():
            raise mistakes.missing("an argument", shown, (words.start, words.end))
        self.enter(opened)
        bars = self.primary()
        if function == "log" and bars.kind == "bars" and self.token.text not in SCRIPTS and is_call(bars.pieces[1:-1], "det"):
            inner = bars.pieces[1:-1]
            self.exit()
            return [words._replace(text=" log"), *unspaced(inner)]
        inner = self.finished(bars)
        self.exit()
        token = self.token
        if self._starts_argument() and not self._is_function(token) or token.text in TIMES or token.text == "\\times":
            raise mistakes.unclear_argument(shown, (words.start, words.end), token.span)
        return [words._replace(text=f" {function}("), *inner, piece(")", self.last)]

    def _is_function(self, token: Token) -> bool:
        """Whether a function or a sum begins here, which ends the argument of the one before."""
        return token.kind == "operator" or token.text.removeprefix("\\") in COMMANDS or token.text == "\\sum" or \
            (token.kind == "word" and SPOKEN.get(token.text, token.text) in FUNCTIONS)
