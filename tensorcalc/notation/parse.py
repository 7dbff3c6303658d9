"""Text to surface trees: one parser for all notations.

Knows precedence, brackets and where each tree stood in the source; refuses to know
which names exist, what an index or a function means, and whether shapes agree.

Binary operators are kept on a stack of open applications and are closed by binding
power (Pratt's method, with the stack made explicit), so only brackets recurse and
``a + b + …`` may have any length.  The operators come from the table alone.

LaTeX is translated first (:mod:`tensorcalc.notation.pasted`), and is the source all the same.
Every error carries the source and exact places.  No input takes long: the work is
linear in the source, and source, nesting and numbers are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

from ..errors import FormulaError, LimitError, Span
from . import mistakes
from .mistakes import MAX_DEPTH, MAX_SOURCE, SYNTAX_CODES
from .pasted import Translation, is_latex, translated
from .syntax import (
    ADDITIVE,
    OPERATORS,
    POSTFIX,
    Call,
    Entry,
    Indexed,
    Literal,
    Name,
    Num,
    Op,
    Statement,
    Subscripts,
    Syntax,
    children,
)
from .tokens import BRACKETS, Token, index_names, number_value, tokenize

__all__ = ["MAX_DEPTH", "MAX_SOURCE", "SPOKEN", "SYNTAX_CODES", "parse", "parse_expression"]

_INFIX = {
    spelling: operator
    for operator, fixity in OPERATORS.items()
    if fixity.arity != 1 and fixity.binding < POSTFIX
    for spelling in fixity.spellings
}
_MINUS = frozenset(OPERATORS["negate"].spellings)
_TRANSPOSE = frozenset(OPERATORS["transpose"].spellings)
_POWER = {spelling: operator for operator in ("power", "elpower") for spelling in OPERATORS[operator].spellings}
_TRANSPOSING = frozenset(spelling[1:] for spelling in OPERATORS["transpose"].spellings if spelling.startswith("^"))
_STARTS_OPERAND = frozenset(("name", "(", "[", "#"))
_POSTFIX = _TRANSPOSE.union(_POWER, ("[", "indices"))

_CONSTANTS = {"δ": "delta", "ε": "eps", "ϵ": "eps"}  # with indices these are the symbols that everybody means
SPOKEN = {"ln": "log", "trace": "tr", "Tr": "tr", "Trace": "tr", "determinant": "det", "Det": "det", "inverse": "inv",
           "sgn": "sign", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
"""Other names of functions, which people call by them."""
_QUOTED = re.compile(r"""['"‘’“”]([^'"‘’“”]*)(['"‘’“”]?)""")


def parse(source: str, functions: Collection[str] = (), field: str = "expr", own: Collection[str] = ()) -> Statement:
    """Read a formula with its left side and the definitions before it.

    Parameters
    ----------
    functions: names that were declared as functions; ``f'(x)`` is a call for these
        and a product for all others.
    field: the field of the request that ``source`` came from, for errors.
    own: names that somebody declared; of these ``δ`` and ``ε`` are no constants.

    Raises
    ------
    FormulaError: the text cannot be read.
    LimitError: the text is beyond a bound.

    Examples
    --------
    >>> parse("t = A x; t' t").definitions[0][0]
    Name(name='t', indices=None, span=(0, 1))
    """
    with _reading(source, functions, field, own) as (parser, pasted):
        statement = parser.statement()
    return pasted.statement(statement) if pasted is not None else statement


def parse_expression(source: str, functions: Collection[str] = (), field: str = "expr") -> Syntax:
    """Read one formula that has no left side and no definitions.

    Examples
    --------
    >>> parse_expression("2 x")
    Op(operator='multiply', operands=(Num(value=Fraction(2, 1), span=(0, 1)), \
Name(name='x', indices=None, span=(2, 3))), span=(0, 3))
    """
    with _reading(source, functions, field) as (parser, pasted):
        tree = parser.formula()
    return pasted.placed(tree) if pasted is not None else tree


@contextmanager
def _reading(source: str, functions: Collection[str], field: str,
             own: Collection[str] = ()) -> Iterator[tuple[_Parser, Translation | None]]:
    """A parser of the source, or of what it stands for where it is LaTeX; errors raised inside say where in the source."""
    pasted: Translation | None = None
    try:
        if len(source) > MAX_SOURCE:
            raise mistakes.too_long()
        if is_latex(source):
            pasted = translated(source, functions, own)
        try:
            yield _Parser(source if pasted is None else pasted.text, functions, own), pasted
        except (FormulaError, LimitError) as error:
            if pasted is not None:
                error.spans = [pasted.back(span) for span in error.spans]
            raise
    except (FormulaError, LimitError) as error:
        error.source, error.field = source, field
        raise


@dataclass(slots=True)
class _Open:
    """An operator that waits for the rest of its operands."""

    operator: str
    binding: int
    start: int
    operands: list[Syntax] = field(default_factory=list)


class _Parser:
    """A place in a list of tokens, and the brackets open there."""

    def __init__(self, source: str, functions: Collection[str], own: Collection[str] = ()) -> None:
        self._source = source
        self._functions = frozenset(functions)
        self._own = set(own)
        self._tokens = tokenize(source)
        self._place = 0
        self._brackets: list[Token] = []

    # Statements

    def statement(self) -> Statement:
        """``t = A x - b; C_ij = …``: definitions, a left side, a formula."""
        definitions: list[tuple[Name, Syntax]] = []
        while True:
            begin = self._place
            left, equals = self._left_side()
            start = self._token.start
            body = self._expression()
            token = self._token
            if token.kind == "end":
                return Statement(tuple(definitions), left, self._bounded(body), self._source)
            if token.kind == "=":
                raise mistakes.second_equals(equals, token) if equals else mistakes.left_side((start, self._end))
            if token.kind != ";":
                raise self._misplaced()
            if left is None:
                raise mistakes.defines_nothing((start, self._end), token)
            if self._tokens[begin + 1].kind == "(":
                raise mistakes.left_side((left.span[0], self._tokens[begin + 3].end))
            definitions.append((left, self._bounded(body)))
            self._own.add(left.name)
            self._place += 1

    def formula(self) -> Syntax:
        """One formula and nothing else."""
        body = self._expression()
        if self._token.kind in ("=", ";"):
            raise mistakes.not_alone(self._token)
        if self._token.kind != "end":
            raise self._misplaced()
        return self._bounded(body)

    def _left_side(self) -> tuple[Name, Token] | tuple[None, None]:
        """The name and the ``=`` with which a statement begins, if it does; that of ``f(x) =`` is f."""
        place = self._place
        tokens = self._tokens[place : place + 3]
        if tokens[0].kind == "name":
            called = self._tokens[place + 1 : place + 5]   # of a function by its argument: f(X) = tr(X)
            if [token.kind for token in called] == ["(", "name", ")", "="] and tokens[0].text not in self._functions:
                self._place += 5
                return Name(tokens[0].text, None, tokens[0].span), called[-1]
            indexed = tokens[1].kind == "indices" and tokens[1].start == tokens[0].end
            equals = tokens[2 if indexed else 1]
            if equals.kind == "=":
                self._place += 1
                name = Name(tokens[0].text, self._indices(), (tokens[0].start, self._end))
                self._place += 1
                return name, equals
        return None, None

    def _bounded(self, tree: Syntax) -> Syntax:
        """``tree``, unless it is so deep that a recursive reader would fail on it."""
        if len(self._tokens) > MAX_DEPTH:  # a level takes a token at least
            level: list[Syntax] = [tree]
            for _ in range(MAX_DEPTH + 1):
                level = [child for node in level for child in children(node)]
                if not level:
                    return tree
            raise mistakes.too_deep(level[0].span)
        return tree

    # Operators

    def _expression(self) -> Syntax:
        """Read up to the first token that cannot continue the formula."""
        pending: list[_Open] = []
        while True:
            while self._token.kind in _MINUS:
                pending.append(_Open("negate", OPERATORS["negate"].binding, self._token.start))
                self._place += 1
            start = self._token.start
            operand = self._operand()
            token = self._token
            operator = self._infix(token)
            if operator is None:
                return self._closed(pending, operand)
            self._continue(pending, operator, operand, start)
            if token.kind in _INFIX or token.kind in _MINUS:
                self._place += 1
            if token.kind in _MINUS:  # `a - b` is a + (-b), and -b takes all that binds tighter than a sum
                pending.append(_Open("negate", ADDITIVE + 1, token.start))

    def _infix(self, token: Token) -> str | None:
        """The binary operator at ``token``; ``multiply`` where an operand follows at once."""
        kind = token.kind
        if kind in _STARTS_OPERAND:
            return "multiply"
        if kind in _MINUS:
            return "add"
        if kind == "number":
            if self._tokens[self._place - 1].kind == "number":
                raise self._misplaced()
            return "multiply"
        return _INFIX.get(kind)

    def _continue(self, pending: list[_Open], operator: str, operand: Syntax, start: int) -> None:
        """Make ``operand``, which begins at ``start``, the newest operand of ``operator``.

        Applications that bind as tightly are closed first: all operators associate to the left.
        """
        binding, arity = OPERATORS[operator].binding, OPERATORS[operator].arity
        while pending and pending[-1].binding >= binding:
            last = pending[-1]
            last.operands.append(operand)
            if last.operator == operator and arity == 0:  # a sum or a product stays flat
                return
            pending.pop()
            operand, start = Op(last.operator, tuple(last.operands), (last.start, self._end)), last.start
        pending.append(_Open(operator, binding, start, [operand]))

    def _closed(self, pending: list[_Open], operand: Syntax) -> Syntax:
        """Close all open applications; ``operand`` is the last one."""
        while pending:
            last = pending.pop()
            last.operands.append(operand)
            operand = Op(last.operator, tuple(last.operands), (last.start, self._end))
        return operand

    def _operand(self) -> Syntax:
        """A primary and the postfix operators behind it."""
        start = self._token.start
        tree = self._primary()
        while (token := self._token).kind in _POSTFIX:
            if token.kind in _TRANSPOSE:
                self._place += 1
                tree = Op("transpose", (tree,), (start, self._end))
            elif token.kind in _POWER:
                self._place += 1
                tree = self._raised(tree, _POWER[token.kind], start)
            elif not self._adjacent(token) or isinstance(tree, Num) and self._end == tree.span[1]:
                break  # with a space, or behind a bare number, a bracket multiplies
            elif token.kind == "[":
                tree = Entry(tree, self._items(), (start, self._end))
            elif isinstance(tree, (Name, Call, Indexed)) and tree.indices is not None:
                break  # two lists of indices
            else:
                self._place += 1
                tree = Indexed(tree, index_names(token), (start, self._end))
        return tree

    def _raised(self, base: Syntax, operator: str, start: int) -> Syntax:
        """A power: behind the operator stands a primary, perhaps with a minus.

        ``X^T`` is a transpose and ``X^-T`` the transpose of ``X^-1``.
        """
        sign = self._token
        negative = sign.kind in _MINUS
        if negative:
            self._place += 1
        if operator == "power" and self._is_transpose_mark():
            self._place += 1
            span = (start, self._end)
            one = Op("negate", (Num(Fraction(1), span),), span)
            return Op("transpose", (Op("power", (base, one), span) if negative else base,), span)
        exponent = self._primary()
        if negative:
            exponent = Op("negate", (exponent,), (sign.start, self._end))
        return Op(operator, (base, exponent), (start, self._end))

    def _is_transpose_mark(self) -> bool:
        """Whether the exponent is the bare letter ``T`` or ``⊤``."""
        token, after = self._tokens[self._place], self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        return token.text in _TRANSPOSING and not (after.kind == "(" and after.start == token.end)

    # Operands

    def _primary(self) -> Syntax:
        """A number, a name, a call or a bracket."""
        token = self._token
        if token.kind == "name":
            return self._name()
        if token.kind == "number":
            self._place += 1
            return Num(number_value(token), token.span)
        if token.kind == "(":
            return self._group()
        if token.kind == "[":
            return self._literal()
        if token.kind == "#" and self._tokens[self._place + 1].kind == "(":
            self._place += 1
            return self._call(token, 0)
        raise mistakes.unquoted(token) if token.kind == "#" else self._missing()

    def _name(self) -> Syntax:
        """A name, or a call where a bracket follows at once."""
        token = self._token
        self._place += 1
        following = self._token
        if following.start != token.end:
            return Name(token.text, None, token.span)
        if following.kind == "(":
            return self._call(token, 0)
        if following.kind in _TRANSPOSE and token.text in self._functions:
            return self._primed(token)
        return self._name_with_indices(token)

    def _name_with_indices(self, token: Token) -> Name:
        """The name ``token`` and the indices behind it, if there are any."""
        indices = self._indices()
        constant = indices is not None and token.text not in self._own
        name = _CONSTANTS.get(token.text, token.text) if constant else token.text
        return Name(name, indices, (token.start, self._end))

    def _primed(self, token: Token) -> Syntax:
        """``f''(x)`` for a declared function; without a bracket the quotes are transposes."""
        place = self._place
        while self._adjacent(self._token) and self._token.kind in _TRANSPOSE:
            self._place += 1
        if self._token.kind == "(" and self._adjacent(self._token):
            primes = self._place - place
            if primes > MAX_DEPTH:
                raise mistakes.too_deep((token.start, self._end))
            return self._call(token, primes)
        self._place = place
        return Name(token.text, None, token.span)

    def _call(self, token: Token, primes: int) -> Syntax:
        """The call of ``token``, at its opening bracket; what goes by another name elsewhere gets its own."""
        function = "einsum" if token.kind == "#" else token.text
        opened = self._token
        if self._tokens[self._place + 1].kind == ")":
            raise mistakes.call_of_nothing(opened, self._tokens[self._place + 1], function)
        arguments = self._einsum_arguments() if function == "einsum" else self._items()
        if function not in self._functions and function not in self._own:
            function = SPOKEN.get(function, function)
            if function == "transpose" and len(arguments) == 1:
                turned = Op("transpose", arguments, (token.start, self._end))
                indices = self._indices()
                return turned if indices is None else Indexed(turned, indices, (token.start, self._end))
        indices = self._indices()
        return Call(function, arguments, indices, primes, (token.start, self._end))

    def _einsum_arguments(self) -> tuple[Syntax, ...]:
        """Subscripts in quotes, then operands."""
        self._enter()
        quoted = _QUOTED.match(self._source, self._token.start)
        if quoted is None:
            raise self._missing() if self._token.kind == "end" else mistakes.unquoted(self._token)
        if not quoted[2]:
            raise mistakes.unfinished_quote(quoted.start(), len(self._source))
        while self._token.start < quoted.end():  # what stands between the quotes is no formula
            self._place += 1
        subscripts = Subscripts("".join(quoted[1].split()), quoted.span())
        operands: tuple[Syntax, ...] = ()
        if self._token.kind == ",":
            self._place += 1
            operands = self._list()
        elif self._token.kind not in (")", "end"):
            raise mistakes.after_subscripts(self._token)
        self._leave()
        return (subscripts, *operands)

    def _items(self) -> tuple[Syntax, ...]:
        """A bracket with one or more formulas, separated by commas."""
        self._enter()
        items = self._list()
        self._leave()
        return items

    def _list(self) -> tuple[Syntax, ...]:
        """Formulas separated by commas."""
        items = [self._expression()]
        while self._token.kind == ",":
            self._place += 1
            items.append(self._expression())
        return tuple(items)

    def _group(self) -> Syntax:
        """``(A X)``, with indices ``(A X)_ij``; brackets alone leave no trace."""
        start = self._token.start
        self._enter()
        inner = self._expression()
        self._leave()
        indices = self._indices()
        return inner if indices is None else Indexed(inner, indices, (start, self._end))

    def _literal(self) -> Syntax:
        """``[1, 2; 3, 4]``."""
        start = self._token.start
        self._enter()
        rows: list[tuple[Syntax, ...]] = []
        spans: list[Span] = []
        while True:
            begin, row = self._token.start, self._list()
            rows.append(row)
            spans.append((begin, self._end))
            if self._token.kind != ";":
                break
            self._place += 1
        self._leave()
        for row, span in zip(rows, spans, strict=True):
            if len(row) != len(rows[0]):
                raise mistakes.ragged(spans[0], span, (len(rows[0]), len(row)))
        return Literal(tuple(rows), (start, self._end))

    # Tokens

    @property
    def _token(self) -> Token:
        """The token to read next."""
        return self._tokens[self._place]

    @property
    def _end(self) -> int:
        """Where the token that was read last ends."""
        return self._tokens[self._place - 1].end

    def _adjacent(self, token: Token) -> bool:
        """Whether no space separates ``token`` from what was read last."""
        return token.start == self._end

    def _indices(self) -> tuple[str | tuple[str, ...], ...] | None:
        """The indices that follow at once, if any do."""
        token = self._token
        if token.kind != "indices" or not self._adjacent(token):
            return None
        self._place += 1
        return index_names(token)

    def _enter(self) -> None:
        """Read an opening bracket."""
        self._brackets.append(self._token)
        if len(self._brackets) > MAX_DEPTH:
            raise mistakes.too_deep(self._token.span)
        self._place += 1

    def _leave(self) -> None:
        """Read the bracket that closes the innermost open one."""
        if self._token.kind != BRACKETS[self._brackets[-1].kind]:
            raise self._misplaced()
        self._brackets.pop()
        self._place += 1

    def _missing(self) -> FormulaError:
        """What to say about a token that cannot begin an operand."""
        before = self._tokens[self._place - 1] if self._place else None
        return mistakes.missing_operand(before, self._token, self._brackets[-1] if self._brackets else None)

    def _misplaced(self) -> FormulaError:
        """What to say about a token that cannot follow an operand."""
        before = self._tokens[self._place - 1]
        return mistakes.misplaced(before, self._token, self._brackets[-1] if self._brackets else None)
