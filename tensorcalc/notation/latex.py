r"""Surface trees to LaTeX that KaTeX reads.

Knows how each operator, function and name of the language is typeset; refuses to
know what they mean.  A function without a row below is an operator name in front of
its arguments, so unknown functions are typeset as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import assert_never

from .letters import uses_indices
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
)
from .text import Written, needs_brackets, number_text

Indices = tuple[str | tuple[str, ...], ...] | None

_LOWER = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)
_UPPER = (
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
)
_GREEK = {
    **{name: "\\" + name for name in (*_LOWER, *_UPPER)},
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", ("\\" + name for name in _LOWER), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", ("\\" + name for name in _UPPER), strict=True)),
    "lam": r"\lambda",  # `lambda` is taken in Python, and people are used to it
    "eps": r"\varepsilon",
    "ε": r"\varepsilon",
    "ϵ": r"\epsilon",
    "ς": r"\varsigma",
    "φ": r"\varphi",
    "ϕ": r"\phi",
    "ϑ": r"\vartheta",
}

_COMMANDS = (
    "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "det", "max",
    "min",
)

_INVERSE = "^{-1}"

# These carry an exponent or a superscript of their own; another one needs brackets;
# in front of a call it would be read as one on its last bracket.
_RAISED = frozenset({"power", "elpower", "transpose", "raised", "call"})
_NO_SUBSCRIPT = re.compile("[^A-Za-z,.>-]")


def latex(tree: Syntax) -> str:
    r"""LaTeX of a tree.

    Examples
    --------
    >>> from .parse import parse_expression
    >>> print(latex(parse_expression("2 A' (A x - b)")))
    2 \, A^\top \, \left(A \, x - b\right)
    """
    return _signed(fold(tree, _write))


def latex_statement(left: Name, body: Syntax) -> str:
    r"""LaTeX of an index statement: ``D_{ij} = …``."""
    return f"{_name(left)} = {latex(body)}"


def _write(tree: Syntax, parts: list[Written]) -> Written:
    """``tree``, given its children."""
    match tree:
        case Num():
            return _number(tree.value)
        case Name():
            return Written(_name(tree), ATOM)
        case Call():
            return _with_indices(_call(tree, parts), tree.indices)
        case Indexed():
            return Written(_bracketed(parts[0]) + _subscript(tree.indices), ATOM)
        case Entry():
            return _entry(parts[0], parts[1:])
        case Literal():
            width = len(tree.rows[0])
            cells = [_signed(part) for part in parts]
            rows = [" & ".join(cells[k : k + width]) for k in range(0, len(cells), width)]
            return Written(r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}", ATOM)
        case Subscripts():
            return Written(rf"\texttt{{{_NO_SUBSCRIPT.sub('?', tree.text)}}}", ATOM)
        case Op():
            return _operation(tree, parts)
        case _:
            assert_never(tree)


def _operation(tree: Op, parts: list[Written]) -> Written:
    """An operator between operands that are written already."""
    match tree.operator:
        case "add":
            return _sum(parts)
        case "negate":
            return _negative(parts[0])
        case "transpose" if _is_inverse(tree.operands[0]):
            return Written(parts[0].text.removesuffix(_INVERSE) + r"^{-\top}", POSTFIX, "raised")
        case "transpose":
            base = parts[0].text if parts[0].operator == "call" and not parts[0].negative else _base(parts[0])
            return Written(base + OPERATORS["transpose"].latex, POSTFIX, "transpose")
        case "power":
            base = _bracketed(parts[0]) if _is_entry_inverted(tree) else _base(parts[0])
            return Written(f"{base}^{{{_signed(parts[1])}}}", POSTFIX, "power")
        case "elpower":
            exponent = _signed(parts[1]) if _simple(parts[1]) else _bracketed(parts[1])
            return Written(rf"{_base(parts[0])}^{{\odot {exponent}}}", POSTFIX, "elpower")
        case "divide":
            return _fraction(tree, parts)
        case operator:
            return _product(operator, parts)


def _product(operator: str, parts: list[Written]) -> Written:
    """Everything that binds like a product, and ``A : B``; the minus of the first operand comes to the front."""
    if len(parts) == 1:
        return parts[0]
    first, *others = parts
    written = _bracketed(first._replace(negative=False)) if needs_brackets(operator, first, True) else first.text
    for part in others:
        factor = _bracketed(part) if needs_brackets(operator, part, False) else part.text
        written += (r" \cdot " if operator == "multiply" and factor[0].isdigit() else OPERATORS[operator].latex) + factor
    return Written(written, OPERATORS[operator].binding, operator, first.negative)


def _sum(parts: list[Written]) -> Written:
    """Terms joined by plus and minus."""
    if len(parts) == 1:
        return parts[0]
    first, *others = parts
    pieces = [_bracketed(first) if needs_brackets("add", first, True) else _signed(first)]
    for part in others:
        if part.level <= ADDITIVE:
            pieces += " + ", _bracketed(part)
        else:
            pieces += " - " if part.negative else " + ", part.text
    return Written("".join(pieces), ADDITIVE, "add")


def _fraction(tree: Op, parts: list[Written]) -> Written:
    """A quotient, set small where both sides are numbers."""
    size = r"\tfrac" if all(isinstance(operand, Num) for operand in tree.operands) else r"\frac"
    return Written(f"{size}{{{parts[0].text}}}{{{_signed(parts[1])}}}", NEGATIVE, "divide", parts[0].negative)


def _negative(part: Written) -> Written:
    """A leading minus; a second one, a sum or ``A : B`` is bracketed behind it."""
    if part.negative or part.level < MULTIPLICATIVE:
        return Written(_bracketed(part), NEGATIVE, "", True)
    return part._replace(level=min(part.level, NEGATIVE), negative=True)


def _number(value: Fraction) -> Written:
    """An integer, or a small fraction."""
    if value.denominator != 1:
        above, below = (_digits(Fraction(part)) for part in (abs(value.numerator), value.denominator))
        return Written(rf"\tfrac{{{above}}}{{{below}}}", NEGATIVE, "divide", value < 0)
    digits = _digits(abs(value))
    if "^" in digits:
        return Written(digits, MULTIPLICATIVE, "multiply", value < 0)
    return Written(digits, NEGATIVE if value < 0 else ATOM, "", value < 0)


def _digits(value: Fraction) -> str:
    """An integer that is not negative; a very long one with a power of ten."""
    mantissa, _, exponent = number_text(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa


def _call(tree: Call, parts: list[Written]) -> Written:
    """A call, without its indices: by its row below, else an operator name."""
    typeset = _TYPESET.get(tree.function) if not tree.primes else None
    written = typeset(tree, parts) if typeset else None
    if written is not None:
        return written
    name = "\\" + tree.function if tree.function in _COMMANDS else _function_name(tree.function)
    return Written(name + "'" * tree.primes + _arguments(parts), POSTFIX, "call")


def _function_name(name: str) -> str:
    """A single letter or a Greek one as it is, a word upright."""
    if len(name) == 1 or name in _GREEK:
        return _letters(name)
    return rf"\operatorname{{{name}}}"


def _arguments(parts: list[Written]) -> str:
    """Arguments in brackets that grow."""
    return rf"\left({', '.join([_signed(part) for part in parts])}\right)"


def _bracketed(part: Written) -> str:
    """Brackets that grow with what they hold."""
    return rf"\left({_signed(part)}\right)"


def _signed(part: Written) -> str:
    """The text with its minus."""
    return "-" + part.text if part.negative else part.text


def _base(part: Written) -> str:
    """What an exponent or a transpose is written behind."""
    if part.negative or part.level < POSTFIX or part.operator in _RAISED:
        return _bracketed(part)
    return part.text


def _simple(part: Written) -> bool:
    """Whether ``part`` is read as one thing behind another sign."""
    return part.level >= POSTFIX and not part.negative


def _with_indices(part: Written, indices: Indices) -> Written:
    """Indices on a call; what is not written as a name and arguments is bracketed before them."""
    if not indices:
        return part
    return Written((part.text if part.operator == "call" else _bracketed(part)) + _subscript(indices), ATOM)


def _entry(inner: Written, positions: list[Written]) -> Written:
    """One entry, its positions as subscripts."""
    subscript = ",".join([_signed(part) for part in positions])
    bare = inner.level == ATOM and "_" not in inner.text and not inner.text[0].isdigit()
    return Written(f"{inner.text if bare else _bracketed(inner)}_{{{subscript}}}", ATOM)


def _name(tree: Name) -> str:
    """A name; its trailing digits are a subscript, and indices stand behind that."""
    if not tree.indices:
        return _letters(tree.name)
    letters = _letters(tree.name)
    return (f"{{{letters}}}" if "_" in letters else letters) + _subscript(tree.indices)


def _letters(name: str) -> str:
    """``W1`` as ``W_{1}``, ``beta`` as a Greek letter, ``loss`` upright."""
    stem = name.rstrip("0123456789")
    if stem in _GREEK:
        letters = _GREEK[stem]
    elif not stem.isascii():
        letters = rf"\text{{{stem}}}"
    elif len(stem) == 1:
        letters = stem
    else:
        letters = rf"\mathrm{{{stem}}}"
    return letters if stem == name else f"{letters}_{{{name[len(stem):]}}}"


def _subscript(indices: Indices) -> str:
    """``_{ij}``, with merged axes in brackets."""
    if not indices:
        return ""
    groups = [index if isinstance(index, str) else f"({_joined(index)})" for index in indices]
    return f"_{{{_joined(groups)}}}"


def _joined(names: tuple[str, ...] | list[str]) -> str:
    """Index names side by side; a command is kept apart from what follows it."""
    symbols = [_GREEK.get(name, name) for name in names]
    return "".join([symbol + " " if symbol.startswith("\\") else symbol for symbol in symbols]).rstrip()


# Functions that are not written as a name in front of their arguments.  Each row
# answers None where the number of arguments is not what the notation is made for.

Typeset = Callable[[Call, list[Written]], Written | None]


def _around(opening: str, closing: str, suffix: str = "") -> Typeset:
    """Signs around the only argument, growing unless it is plain; an exponent can follow them."""

    def typeset(tree: Call, parts: list[Written]) -> Written | None:
        if len(parts) != 1:
            return None
        inner = _signed(parts[0])
        grow = ("", "") if inner.isalnum() else (r"\left", r"\right")
        return Written(f"{grow[0]}{opening} {inner} {grow[1]}{closing}{suffix}", POSTFIX)

    return typeset


def _behind(superscript: str) -> Typeset:
    """A superscript on the only argument."""

    def typeset(tree: Call, parts: list[Written]) -> Written | None:
        return Written(_base(parts[0]) + superscript, POSTFIX, "raised") if len(parts) == 1 else None

    return typeset


def _kron(tree: Call, parts: list[Written]) -> Written | None:
    return _product("kronecker", parts) if len(parts) == 2 else None


def _constant(symbol: str, joint: str, counts: tuple[int, ...]) -> Typeset:
    """A symbol with its sizes or positions as a subscript."""

    def typeset(tree: Call, parts: list[Written]) -> Written | None:
        sizes = joint.join([_signed(part) for part in parts])
        return Written(f"{symbol}_{{{sizes}}}", ATOM) if len(parts) in counts else None

    return typeset


def _unit(symbol: str, positions: int) -> Typeset:
    """A unit vector or matrix: the positions are shown, the sizes are not."""

    def typeset(tree: Call, parts: list[Written]) -> Written | None:
        if len(parts) not in (positions, 2 * positions):
            return None
        return Written(f"{symbol}_{{{','.join([_signed(part) for part in parts[:positions]])}}}", ATOM)

    return typeset


def _abs(tree: Call, parts: list[Written]) -> Written | None:
    """Bars around what is a number, by name around all else: people read |X| as a determinant."""
    return _around(r"\lvert", r"\rvert")(tree, parts) if all(map(_is_number, tree.arguments)) else None


def _is_number(tree: Syntax) -> bool:
    """Whether a tree is a number whatever its names stand for."""
    match tree:
        case Num() | Entry():
            return True
        case Name() | Indexed():
            return tree.indices is not None
        case Call():
            return tree.indices is not None or tree.function in _NUMBERS or uses_indices(tree)
        case Op("frobenius"):
            return True
        case Op():
            return all(map(_is_number, tree.operands)) or uses_indices(tree)
        case _:
            return False


_NUMBERS = frozenset({"tr", "sum", "det", "logdet", "norm1", "norm2", "logsumexp", "bars"})


def _sqrt(tree: Call, parts: list[Written]) -> Written | None:
    return Written(rf"\sqrt{{{_signed(parts[0])}}}", POSTFIX, "raised") if len(parts) == 1 else None


def _sigmoid(tree: Call, parts: list[Written]) -> Written | None:
    return Written(r"\sigma" + _arguments(parts), POSTFIX, "call")


def _logdet(tree: Call, parts: list[Written]) -> Written | None:
    if len(parts) != 1:
        return None
    return Written(rf"\log \left\lvert \det{_arguments(parts)} \right\rvert", NEGATIVE, "raised")


def _series(tree: Call, parts: list[Written]) -> Written | None:
    if len(parts) != 4:
        return None
    index, low, high = (_signed(part) for part in parts[:3])
    if tree.arguments[2] == Name("inf"):
        high = r"\infty"
    body = _bracketed(parts[3]) if parts[3].level <= ADDITIVE else _signed(parts[3])
    return Written(rf"\sum_{{{index}={low}}}^{{{high}}} {body}", ADDITIVE, "series")


def _passed(tree: Syntax) -> str | None:
    """The name of a function that stands as an argument, with its primes."""
    order = 0
    while isinstance(tree, Op) and tree.operator == "transpose":
        order, tree = order + 1, tree.operands[0]
    return latex(tree) + "'" * order if isinstance(tree, Name) and tree.indices is None else None


def _coefficient(tree: Call, parts: list[Written]) -> Written | None:
    name = _passed(tree.arguments[0])
    return Written(rf"\beta^{{{name}}}_{{{_signed(parts[1])}}}", POSTFIX, "raised") if name and len(parts) == 2 else None


def _of_function(tree: Call, parts: list[Written]) -> Written | None:
    """``funm(f', X)``, ``frechet(expm, X)``: the function is no transpose."""
    name = _passed(tree.arguments[0])
    if name is None or len(parts) < 2:
        return None
    inner = ", ".join([name, *map(_signed, parts[1:])])
    return Written(rf"\operatorname{{{tree.function}}}\left({inner}\right)", POSTFIX, "call")


def _diff(tree: Call, parts: list[Written]) -> Written | None:
    if len(parts) not in (2, 3):
        return None
    order = f"^{{{_signed(parts[2])}}}" if len(parts) == 3 else ""
    below = _base(parts[1]) if order else _signed(parts[1])
    return Written(rf"\frac{{\partial{order}}}{{\partial {below}{order}}}{_bracketed(parts[0])}", MULTIPLICATIVE, "diff")


def _jacobian(tree: Call, parts: list[Written]) -> Written | None:
    if len(parts) != 2:
        return None
    above, below = (rf"\partial \operatorname{{vec}}{_bracketed(part)}" for part in parts)
    return Written(rf"\frac{{{above}}}{{{below}^\top}}", NEGATIVE, "raised")


def _is_entry_inverted(tree: Op) -> bool:
    """Whether ``tree`` is 1 over an entry, which people would read as an entry of the inverse."""
    base, exponent = tree.operands
    return isinstance(base, Name) and len(base.indices or ()) > 1 and latex(exponent) == "-1"


def _is_inverse(tree: Syntax) -> bool:
    """Whether ``tree`` was written with the superscript of an inverse."""
    return isinstance(tree, Call) and tree.function == "inv" and len(tree.arguments) == 1 and not tree.indices


_TYPESET: dict[str, Typeset] = {
    "inv": _behind(_INVERSE),
    "pinv": _behind("^{+}"),
    "abs": _abs,
    "norm1": _around(r"\lVert", r"\rVert", "_1"),
    "norm2": _around(r"\lVert", r"\rVert", "_2"),
    "skew": _around("[", "]", r"_\times"),
    "kron": _kron,
    "sqrt": _sqrt,
    "sigmoid": _sigmoid,
    "logdet": _logdet,
    "eye": _constant("I", "", (1,)),
    "ones": _constant(r"\mathbf{1}", r" \times ", (1, 2)),
    "zeros": _constant("0", r" \times ", (1, 2)),
    "commutation": _constant("K", ",", (1, 2)),
    "duplication": _constant("D", "", (1,)),
    "elimination": _constant("L", "", (1,)),
    "e": _unit(r"\mathbf{e}", 1),
    "E": _unit(r"\mathbf{E}", 2),
    "series": _series,
    "coefficient": _coefficient,
    "funm": _of_function,
    "frechet": _of_function,
    "diff": _diff,
    "jacobian": _jacobian,
}
