"""Surface trees to text, in matrix and in index notation.

Knows precedence and where people misread it; refuses to know what a tree means.

What is printed reads back: ``parse_expression(text(t))`` is ``t`` up to a normal
form that forgets three things which no reader sees.  A minus stands in front of a
product and not in its first factor; the first operand of a sum or of a product is
spliced into it where it is one itself; a fraction and a negative number are a
quotient and a negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice
from typing import NamedTuple, assert_never

from .syntax import (
    ADDITIVE,
    ATOM,
    MULTIPLICATIVE,
    NEGATIVE,
    OPERATORS,
    POSTFIX,
    Call,
    Entry,
    Indexed,
    Literal,
    Name,
    Num,
    Op,
    Subscripts,
    Syntax,
    fold,
    is_op,
)
from .tokens import MAX_DIGITS

Indices = tuple[str | tuple[str, ...], ...] | None

# Operators of one level that may stand unbracketed as the left operand of another.
# The table alone would allow more (`A x .* b` is `(A x) .* b`), but people misread it.
_ALLOWED_LEFT: dict[str, frozenset[str]] = {
    "add": frozenset({"add"}),
    "frobenius": frozenset({"frobenius"}),
    "multiply": frozenset(),
    "divide": frozenset({"multiply"}),
    "hadamard": frozenset({"hadamard", "quotient"}),
    "quotient": frozenset({"hadamard", "quotient"}),
    "kronecker": frozenset({"kronecker"}),
    "kronsum": frozenset({"kronsum"}),
}

_QUOTE = "'"
_POWERS = frozenset({"power", "elpower"})


class Written(NamedTuple):
    """A tree that is written already.

    ``text`` is without the leading minus, which ``negative`` stands for.  ``level``
    is the binding of the whole and ``operator`` that of the text without the minus,
    ``""`` for none.  ``indexed`` marks index notation: a term that carries indices.
    """

    text: str
    level: int
    operator: str = ""
    negative: bool = False
    indexed: bool = False

    @property
    def signed(self) -> str:
        """The text with its minus, which index notation sets apart."""
        return ("- " if self.indexed else "-") + self.text if self.negative else self.text

    @property
    def bracketed(self) -> str:
        """The text with its minus, in brackets."""
        return f"({self.signed})"


def text(tree: Syntax) -> str:
    """Matrix notation, with as few brackets as people read without doubt.

    Examples
    --------
    >>> from .parse import parse_expression
    >>> text(parse_expression("2*A'*(A*x-b)"))
    "2 A' (A x - b)"
    """
    return fold(tree, _matrix).signed


def index_text(tree: Syntax) -> str:
    """Index notation; matrix expressions inside it have explicit ``*``.

    Examples
    --------
    >>> from .parse import parse_expression
    >>> index_text(parse_expression("1/3*(A X)_ip δ_qj"))
    '(1/3) (A*X)_ip delta_qj'
    """
    return fold(tree, _index).signed


def statement_text(left: Name, body: Syntax) -> str:
    """An index statement, ``D_ij = …``."""
    return f"{left.name}{index_suffix(left.indices)} = {index_text(body)}"


def index_suffix(indices: Indices) -> str:
    """``_ijpq``, in braces where an axis is merged or an index is no ASCII letter."""
    if not indices:
        return ""
    names = [index if isinstance(index, str) else _group(index) for index in indices]
    plain = all(len(name) == 1 and name.isascii() for name in names)
    return "_" + "".join(names) if plain else "_{" + "".join(names) + "}"


def number_text(value: Fraction) -> str:
    """A number that is not negative, exactly: ``3``, ``0.5``, ``1/3``."""
    if value.denominator in _SHORT_DECIMALS and value < 1000:
        return f"{float(value):g}"
    if value.denominator != 1:
        return f"{number_text(Fraction(value.numerator))}/{number_text(Fraction(value.denominator))}"
    digits = str(value.numerator)
    if len(digits) <= MAX_DIGITS:
        return digits
    mantissa = digits.rstrip("0")  # longer numbers are read with an exponent only
    return f"{mantissa}e{len(digits) - len(mantissa)}" if len(mantissa) < len(digits) else digits


_SHORT_DECIMALS = frozenset({2, 4, 5, 8, 10, 20, 25, 50, 100, 125, 1000})  # exact with at most three digits


def needs_brackets(operator: str, operand: Written, first: bool) -> bool:
    """Whether ``operand`` must be bracketed as an operand of the binary ``operator``."""
    binding = OPERATORS[operator].binding
    if operand.negative and not first:
        return True
    if operand.level == binding:
        return not (first and operand.operator in _ALLOWED_LEFT[operator])
    return operand.level < binding


def _matrix(tree: Syntax, parts: list[Written]) -> Written:
    """``tree`` in matrix notation, where indices are nothing special."""
    return _write(tree, parts, " ", tracking=False)


def _index(tree: Syntax, parts: list[Written]) -> Written:
    """``tree`` in index notation, given its children."""
    return _write(tree, parts, "*", tracking=True)


def _write(tree: Syntax, parts: list[Written], times: str, tracking: bool) -> Written:
    """``tree``, given its children; ``tracking`` tells terms with indices from matrix expressions."""
    indexed = any(part.indexed for part in parts)
    match tree:
        case Num():
            return _number(tree.value)
        case Name():
            return Written(tree.name + index_suffix(tree.indices), ATOM, indexed=tracking and bool(tree.indices))
        case Call():
            call = f"{tree.function}{_QUOTE * tree.primes}({_listed(parts)}){index_suffix(tree.indices)}"
            return Written(call, ATOM, indexed=indexed or tracking and bool(tree.indices))
        case Indexed():
            return Written(parts[0].bracketed + index_suffix(tree.indices), ATOM, indexed=tracking)
        case Entry():
            base = parts[0].bracketed if isinstance(tree.inner, Num) else _base(parts[0])
            return Written(f"{base}[{_listed(parts[1:])}]", ATOM, indexed=indexed)
        case Literal():
            rest = iter(parts)
            rows = [_listed(list(islice(rest, len(row)))) for row in tree.rows]
            return Written(f"[{'; '.join(rows)}]", ATOM, indexed=indexed)
        case Subscripts():
            return Written(_QUOTE + tree.text + _QUOTE, ATOM)
        case Op():
            return _operation(tree, parts, " " if indexed else times, indexed)
        case _:
            assert_never(tree)


def _operation(tree: Op, parts: list[Written], times: str, indexed: bool) -> Written:
    """An operator between operands that are written already."""
    match tree.operator:
        case "add":
            return _sum(parts, indexed)
        case "negate":
            return _negative(parts[0])
        case "transpose":
            return Written(_base(parts[0]) + _QUOTE, POSTFIX, "transpose", indexed=indexed)
        case "power" | "elpower":
            power = _base(parts[0]) + OPERATORS[tree.operator].text + _exponent(tree.operands[1], parts[1])
            return Written(power, POSTFIX, tree.operator, indexed=indexed)
        case "multiply":
            return _product("multiply", parts, times, indexed)
        case operator:
            return _product(operator, parts, OPERATORS[operator].text, indexed)


def _product(operator: str, parts: list[Written], joint: str, indexed: bool) -> Written:
    """Everything that binds like a product, and ``A : B``; the minus of the first operand comes to the front."""
    if len(parts) == 1:
        return parts[0]
    first, *others = parts
    written = first._replace(negative=False).bracketed if _bracketed(operator, first, True, indexed) else first.text
    for part in others:
        factor = part.bracketed if _bracketed(operator, part, False, indexed) else part.text
        # Side by side, a number would be read as an error or as part of a name.
        written += ("*" if joint == " " and factor[0].isdigit() else joint) + factor
    return Written(written, OPERATORS[operator].binding, operator, first.negative, indexed)


def _bracketed(operator: str, operand: Written, first: bool, indexed: bool) -> bool:
    """As :func:`needs_brackets`; between factors with indices, also what is a matrix expression."""
    embedded = indexed and not operand.indexed and (operand.level < NEGATIVE or bool(operand.operator))
    return embedded or needs_brackets(operator, operand, first)


def _sum(parts: list[Written], indexed: bool) -> Written:
    """Terms joined by plus and minus."""
    if len(parts) == 1:
        return parts[0]
    first, *others = parts
    pieces = [first.signed]  # the minus belongs to the first term, not to the sum
    for part in others:
        if part.level <= ADDITIVE:
            pieces += " + ", part.bracketed
        else:
            pieces += " - " if part.negative else " + ", part.text
    return Written("".join(pieces), ADDITIVE, "add", indexed=indexed)


def _negative(part: Written) -> Written:
    """A leading minus; a second one, a sum or ``A : B`` is bracketed behind it."""
    if part.negative or part.level < MULTIPLICATIVE:
        return Written(part.bracketed, NEGATIVE, "", True, part.indexed)
    return part._replace(level=min(part.level, NEGATIVE), negative=True)


def _number(value: Fraction) -> Written:
    """A number: a fraction binds like a quotient."""
    negative, shown = value < 0, number_text(abs(value))
    if "/" in shown:
        return Written(shown, MULTIPLICATIVE, "divide", negative)
    return Written(shown, NEGATIVE if negative else ATOM, negative=negative)


def _base(part: Written) -> str:
    """What a postfix operator is written behind; of two powers the inner one is bracketed."""
    if part.negative or part.level < POSTFIX or part.operator in _POWERS:
        return part.bracketed
    return part.text


def _exponent(tree: Syntax, part: Written) -> str:
    """An exponent: bare only where it is a number, a name or a call, perhaps with a minus."""
    inner = tree.operands[0] if is_op(tree, "negate") else tree
    match inner:
        case Num():
            bare = "/" not in number_text(abs(inner.value)) and (inner is tree or inner.value >= 0)
        case Name():
            bare = not inner.indices and inner.name != "T"  # `X^T` is the transpose
        case Call():
            bare = not inner.indices
        case _:
            bare = False
    return part.signed if bare else part.bracketed


def _listed(parts: Sequence[Written]) -> str:
    """Arguments, entries or positions."""
    return ", ".join([part.signed for part in parts])


def _group(names: tuple[str, ...]) -> str:
    """A merged axis."""
    return names[0] if len(names) == 1 else f"({''.join(names)})"
