"""What is wrong with a token that stands where it cannot.

Knows tokens and their neighbours and the words for every mistake; refuses to know
how formulas are parsed.  Every function answers an error for the parser to raise.
"""

from __future__ import annotations

from ..errors import FormulaError, LimitError, Span
from .tokens import BRACKETS, MAX_DIGITS, MAX_EXPONENT, Token, shown

MAX_SOURCE = 20_000
MAX_DEPTH = 100

SYNTAX_CODES: dict[str, str] = {
    "TC001": "The formula is empty.",
    "TC002": "A character has no meaning in a formula: `A $ B`.",
    "TC003": "An operator has nothing before it: `* A`.",
    "TC004": "An operand is missing between two tokens: `A * * B`.",
    "TC005": "The formula ends where an operand must follow: `A +`.",
    "TC006": "A bracket is never closed: `tr(A X`.",
    "TC007": "A closing bracket closes nothing: `A X)`.",
    "TC008": "A bracket is closed by one of another kind: `(A X]`.",
    "TC009": "Brackets are empty: `A ()`.",
    "TC010": "A comma separates nothing: `A, B`.",
    "TC011": "A semicolon stands inside brackets: `f(x; y)`.",
    "TC012": "An argument or an entry is missing at a comma: `kron(A,)`.",
    "TC013": "The rows of a literal have different lengths: `[1, 2; 3]`.",
    "TC014": "Two numbers stand side by side: `[1 2; 3 4]`.",
    "TC015": "A digit is used as an index: `X_i1`.",
    "TC016": "What follows `_` is no index: `X_`.",
    "TC017": "The brace of an index list is never closed: `X_{ij`.",
    "TC018": "Indices stand on nothing that can carry them: `2_i`.",
    "TC019": "The brackets of a merged axis do not match: `D_{(ijp}`.",
    "TC020": "`==` stands inside a formula: `A == B`.",
    "TC021": "A formula has more than one `=`: `C_ij = A_ij = B_ij`.",
    "TC022": "The left side of `=` is not a single name: `A x = b`.",
    "TC023": "`=` or `;` stands where one plain formula is read: `A = B`.",
    "TC024": "The formula after the last definition is missing: `t = A x;`.",
    "TC025": "What stands before `;` defines nothing: `A x; t' t`.",
    "TC026": "The first argument of einsum is not quoted: `einsum(ij, A)`.",
    "TC027": "The quoted subscripts of einsum never end: `einsum('ij, A)`.",
    "TC028": "`**` is not an operator: `A**2`.",
    "TC029": "A brace stands where only indices have braces: `{X}`.",
    "TC030": "The subscripts of einsum are followed by no comma: `einsum('ij' A)`.",
    "TC401": f"The source is longer than {MAX_SOURCE} characters.",
    "TC402": f"Brackets or operators nest deeper than {MAX_DEPTH}.",
    "TC403": f"A number has more than {MAX_DIGITS} digits.",
    "TC404": f"The exponent of a number is beyond ±{MAX_EXPONENT}: `1e999`.",
}
"""Every code that reading a formula can raise, described in one sentence."""

_QUOTES_HELP = "a quote is a transpose; quoted subscripts are the first argument of einsum('ij,jk->ik', A, B)"
_CHARACTER_HELP = {
    "×": "a product is written A*B or A B, a cross product cross(x, y)",
    **dict.fromkeys("·⋅∙•", "a product is written A*B or A B, an inner product x' y"),
    "÷": "a quotient is written a/b",
    "∘": "the elementwise product is written A .* B",
    "²": "a square is written x^2",
    "³": "a cube is written x^3",
    "⁻": "an inverse is written inv(A) or A^-1",
    "√": "a square root is written sqrt(x)",
    **dict.fromkeys("⟨⟩", "an inner product is written x' y, of matrices A : B"),
    "∑": "an index that repeats is summed; sum(i, x_i) is written out, series(j, lo, hi, body) over an integer",
    "∂": "a derivative inside a formula is written diff(expr, X)",
    "∇": "a derivative inside a formula is written diff(expr, X)",
    "|": "an absolute value is written abs(x), a norm norm2(x)",
    "‖": "a norm is written norm2(x)",
    "$": "dollar signs stand around a whole formula, or not at all",
    "\\": "a solution of A x = b is written solve(A, b)",
    "%": "percent signs and comments are not read",
    ".": "the operators with a dot are .* ./ .^ and .T; a number has digits after its dot",
    "⊤": "a transpose is written A' or A^T",
    **dict.fromkeys("<>≤≥≠", "formulas have no inequalities; properties of names are declared"),
    **dict.fromkeys("\"“”‘`", _QUOTES_HELP),
}


def too_long() -> LimitError:
    """The source is beyond its bound."""
    return LimitError("TC401", f"the formula is longer than {MAX_SOURCE} characters",
                      help="name parts of it: t = A x - b; t' t")


def too_deep(span: Span) -> LimitError:
    """Brackets or operators are nested beyond their bound."""
    return LimitError("TC402", f"the formula is nested deeper than {MAX_DEPTH}", spans=[span],
                      help="name parts of it: t = A x - b; t' t")


def unknown_character(token: Token) -> FormulaError:
    """A character that no notation uses."""
    character = token.text[0]
    help = _CHARACTER_HELP.get(character) if character.isprintable() else "remove this invisible character"
    return FormulaError("TC002", f"{shown(character)} means nothing in a formula",
                        spans=[(token.start, token.start + 1)], help=help)


def missing_operand(before: Token | None, token: Token, opened: Token | None) -> FormulaError:
    """``token`` stands where an operand must begin.

    ``before`` is the token in front of it and ``opened`` the innermost open bracket.
    """
    if token.kind in ("unknown", "**", "==", "{", "}", "⊤"):
        return _never(token)
    if token.kind == "indices":
        return detached_indices(token)
    if token.kind == "end":
        return _ends_early(before, token, opened)
    if token.kind in BRACKETS.values():
        return _closes_early(before, token, opened)
    if token.kind == ";" and opened is None and (before is None or before.kind == ";"):
        return FormulaError("TC025", "nothing stands before ';'", spans=[token.span],
                            help="a definition is written t = A x - b; and the formula follows")
    if token.kind == "," or token.kind == ";" and before is not None and before.kind in ("[", ",", ";"):
        what = "an argument" if opened is None or opened.kind == "(" else "an entry"
        return FormulaError("TC012", f"{what} is missing before {shown(token.text)}", spans=[token.span])
    if before is None or before is opened or before.kind in (",", ";", "="):
        return FormulaError("TC003", f"nothing stands before {shown(token.text)}", spans=[token.span],
                            help=_first_help(token, opened))
    return FormulaError("TC004", f"an operand is missing between {shown(before.text)} and {shown(token.text)}",
                        spans=[before.span, token.span], help=_doubled_help(before, token))


def misplaced(before: Token, token: Token, opened: Token | None) -> FormulaError:
    """``token`` follows a complete operand and can neither continue nor end it."""
    if token.kind in ("unknown", "**", "==", "{", "}", "⊤"):
        return _never(token)
    if token.kind == "indices":
        return detached_indices(token)
    if token.kind == "number":
        return FormulaError("TC014", "two numbers stand side by side", spans=[before.span, token.span],
                            help="write 2*3 for a product and [1, 2; 3, 4] for a matrix")
    if token.kind == "=":
        return FormulaError("TC023", "'=' stands inside brackets", spans=[token.span],
                            help="a definition stands before the formula: t = A x - b; t' t")
    if opened is None:
        return _outside(token)
    if token.kind == "end":
        return _unclosed(opened, token.span)
    if token.kind == ";":
        return FormulaError("TC011", "';' stands inside brackets", spans=[opened.span, token.span],
                            help=f"close {shown(opened.text)} before it, or separate with ','")
    if token.kind == ",":
        return FormulaError("TC010", "',' stands in brackets that are no call", spans=[opened.span, token.span],
                            help="a call has no space before its bracket: kron(A, B)")
    return FormulaError("TC008", f"{shown(opened.text)} is closed by {shown(token.text)}", spans=[opened.span, token.span],
                        help=f"close it with {shown(BRACKETS[opened.kind])}")


def detached_indices(token: Token) -> FormulaError:
    """Indices behind a space, a number or other indices."""
    return FormulaError("TC018", "indices stand on nothing that can carry them", spans=[token.span],
                        help="indices follow a name, a call or a bracket at once: X_ij, inv(X)_ij, (A*X)_ij")


def second_equals(first: Token, second: Token) -> FormulaError:
    """A formula has one ``=`` at most."""
    return FormulaError("TC021", "the formula has more than one '='", spans=[first.span, second.span],
                        help="separate definitions with ';': t = A x; f = t' t")


def left_side(span: Span) -> FormulaError:
    """Only a name, with indices or without, can be given a meaning."""
    return FormulaError("TC022", "the left side of '=' is not a single name", spans=[span],
                        help="write C_ij = ... or t = ...; to compare two formulas, use verify")


def not_alone(token: Token) -> FormulaError:
    """A single formula is wanted, without left side and definitions."""
    return FormulaError("TC023", f"{shown(token.text)} stands where one plain formula is read", spans=[token.span],
                        help="left sides and definitions belong in the main formula")


def defines_nothing(span: Span, semicolon: Token) -> FormulaError:
    """A formula in front of ``;`` has no name."""
    return FormulaError("TC025", "what stands before ';' defines nothing", spans=[span, semicolon.span],
                        help="name it: t = A x - b; t' t")


def ragged(first: Span, other: Span, lengths: tuple[int, int]) -> FormulaError:
    """Two rows of a literal differ in length."""
    entries = [f"{n} entry" if n == 1 else f"{n} entries" for n in lengths]
    return FormulaError("TC013", f"one row has {entries[0]} and another {entries[1]}", spans=[first, other],
                        help="entries are separated by ',' and rows by ';'")


def unquoted(token: Token) -> FormulaError:
    """The subscripts of einsum are quoted."""
    return FormulaError("TC026", "the first argument of einsum is its subscripts in quotes", spans=[token.span],
                        help="write einsum('ij,jk->ik', A, B)")


def after_subscripts(token: Token) -> FormulaError:
    """The subscripts of einsum are followed by ``,`` or the end of the call."""
    return FormulaError("TC030", f"{shown(token.text)} follows the subscripts of einsum", spans=[token.span],
                        help="write a comma before each operand: einsum('ij,jk->ik', A, B)")


def unfinished_quote(start: int, end: int) -> FormulaError:
    """The subscripts of einsum are not closed by a quote."""
    return FormulaError("TC027", "the quoted subscripts never end", spans=[(start, start + 1), (end, end)],
                        help="write einsum('ij,jk->ik', A, B)")


def call_of_nothing(opened: Token, token: Token, function: str) -> FormulaError:
    """A call without arguments."""
    return FormulaError("TC009", f"{shown(function)} is called without an argument", spans=[(opened.start, token.end)])


def _never(token: Token) -> FormulaError:
    """A token that stands nowhere in a formula."""
    if token.kind == "**":
        return FormulaError("TC028", "'**' is not an operator", spans=[token.span], help="a power is written ^: A^2")
    if token.kind == "==":
        return FormulaError("TC020", "'==' compares, and a formula does not", spans=[token.span],
                            help="to compare two formulas, use verify")
    if token.kind in ("{", "}"):
        return FormulaError("TC029", f"{shown(token.text)} stands where only indices have braces", spans=[token.span],
                            help="an exponent has round brackets, or none: X^(k-1), X^T")
    return unknown_character(token)


def _unclosed(opened: Token, missed: Span) -> FormulaError:
    """The end comes before the closing bracket."""
    return FormulaError("TC006", f"{shown(opened.text)} is never closed", spans=[opened.span, missed],
                        help=f"add {shown(BRACKETS[opened.kind])}")


def _ends_early(before: Token | None, end: Token, opened: Token | None) -> FormulaError:
    """The source ends where an operand must begin."""
    if before is None:
        return FormulaError("TC001", "the formula is empty", spans=[end.span], help="write a formula such as tr(A*X*B)")
    if before is opened or before.kind == "," and opened is not None:
        return _unclosed(opened, end.span)
    if before.kind == ";" and opened is None:
        return FormulaError("TC024", "the formula after ';' is missing", spans=[before.span],
                            help="definitions come first, the formula last: t = A x - b; t' t")
    return FormulaError("TC005", f"the formula ends after {shown(before.text)}", spans=[before.span],
                        help=None if before.kind == "=" else "an operand must follow")


def _closes_early(before: Token | None, token: Token, opened: Token | None) -> FormulaError:
    """A closing bracket stands where an operand must begin."""
    if opened is None:
        return _outside(token)
    if before is opened and BRACKETS[opened.kind] == token.kind:
        return FormulaError("TC009", "the brackets are empty", spans=[(opened.start, token.end)])
    if before is None or before.kind in (",", ";"):
        what = "an argument" if opened.kind == "(" else "an entry"
        return FormulaError("TC012", f"{what} is missing before {shown(token.text)}", spans=[token.span])
    return FormulaError("TC004", f"an operand is missing between {shown(before.text)} and {shown(token.text)}",
                        spans=[before.span, token.span])


def _outside(token: Token) -> FormulaError:
    """A closing bracket or a comma outside all brackets."""
    if token.kind == ",":
        return FormulaError("TC010", "',' separates nothing here", spans=[token.span],
                            help="arguments stand in brackets: kron(A, B); indices in braces: X_{i,j}")
    return FormulaError("TC007", f"{shown(token.text)} closes nothing", spans=[token.span],
                        help=f"remove it, or open {shown(_OPENING[token.kind])} before")


_OPENING = {closing: opening for opening, closing in BRACKETS.items()}


def _first_help(token: Token, opened: Token | None) -> str | None:
    """What was meant by an operator in front of everything."""
    if token.kind == ":" and opened is not None and opened.kind == "[":
        return "slices are not read; entries are written X[1,2]"
    return _QUOTES_HELP if token.kind == "'" else None


def _doubled_help(before: Token, token: Token) -> str | None:
    """What was meant by two operators in a row."""
    if before.kind == token.kind == "*":
        return "a power is written ^: A^2"
    return None
