"""What stands in a node: names and short formulas as runs of text, raised or lowered.

Knows how names and functions are written and how wide that is; nothing of networks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from ..algebra.build import is_number
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..functions import FRECHET, Function, frechet_of, scalar_of
from ..sizes import Dim

WIDEST = 120.0   # of the label of a node; what is wider is drawn or gets a name
DEEPEST = 3      # functions of functions in one label


class Run(NamedTuple):
    """A piece of text on the line, above it (``shift`` 1) or below it (-1)."""

    text: str
    shift: int = 0
    italic: bool = False


Label = tuple[Run, ...]

_GREEK = dict(zip(
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi",
     "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
     "Upsilon", "Phi", "Psi", "Omega", "lam", "eps"), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩλε"))
_NUMBERED = re.compile(r"(.*?\D)(\d{1,3})")

# In em, of serif letters at their widest among common fonts, so that a label never outgrows its node.
_NARROW, _WIDE = frozenset("ijlft,.;:'′|()[]/ ·r!I"), frozenset("mwMWΩ⊗∂Σ…×")


def plain(text: str) -> Label:
    """Upright text."""
    return (Run(text),)


def italic(text: str) -> Label:
    """A letter or a word as mathematics has it."""
    return (Run(text, 0, True),)


def name(text: str) -> Label:
    """A name: ``beta`` is β, ``W1`` has a lowered 1.

    Examples
    --------
    >>> [run.text for run in name("W1")], name("beta")[0].text
    (['W', '1'], 'β')
    """
    found = _NUMBERED.fullmatch(text)
    stem, number = (found[1], found[2]) if found else (text, "")
    return (Run(_GREEK.get(stem, stem), 0, True), *([Run(number, -1)] if number else []))


def number(value: Fraction) -> Label:
    """A number with a minus sign as typographers have it."""
    text = str(abs(value))
    if len(text) > 16:
        text = text[:12] + "…"
    return plain(("−" if value < 0 else "") + text)


def bracketed(label: Label) -> Label:
    """The label in round brackets."""
    return (Run("("), *label, Run(")"))


def size(dim: Dim) -> Label:
    """A dimension: an italic name, a number, or a polynomial."""
    return plain(str(dim)) if isinstance(dim, int) or not dim.isalnum() else name(dim)


def subscripts(letters: Iterable[str]) -> Label:
    """Index names below the line."""
    text = "".join(letters)
    return (Run(text, -1, True),) if text else ()


def text_of(label: Sequence[Run]) -> str:
    """The label as plain text: ``X^T``, ``X_ij``; the number of a name stands on the line, ``W1``."""
    return "".join([("^" if run.shift > 0 else "_" if run.shift < 0 and run.italic else "") + run.text for run in label])


def width(label: Sequence[Run], font: float) -> float:
    """How wide a label is at most, in the unit of ``font``.

    Examples
    --------
    >>> width(name("A"), 10) < width(name("AB"), 10)
    True
    """
    total = 0.0
    for run in label:
        em = sum([0.4 if char in _NARROW else 0.95 if char in _WIDE else 0.74 if char.isupper() else 0.6 for char in run.text])
        total += em * (0.72 if run.shift else 1)
    return total * font


# -- labels of expressions -----------------------------------------------------------------


def short(expr: Expr) -> Label | None:
    """The label of what fits into a node: a tensor, a function of tensors, a small sum; ``None`` for all else.

    Examples
    --------
    >>> from ..notation.lower import read
    >>> [text_of(short(read(text).expr)) for text in ("inv(X)", "exp(x)", "A + A'", "X^k")]
    ['X^−1', 'exp(x)', 'A + A^T', 'X^k']
    >>> short(read("A x").expr) is None
    True
    """
    found = _short(expr)
    return found if found is None or not expr.children or width(found, 16) <= WIDEST else None


def _short(expr: Expr, depth: int = 0) -> Label | None:
    value = is_number(expr)
    if value is not None:
        return number(value)
    match expr:
        case Variable():
            return name(expr.name)
        case Delta(shape=()):
            return size(expr.dim)
        case Apply():
            return _function(expr, depth) if depth < DEEPEST else None
        case Sum():
            return _sum(expr)
        case _:
            return _factor(expr)


def _sum(expr: Sum) -> Label | None:
    """A sum of at most three tensors, transposed or not."""
    if not expr.terms:
        return plain("0")
    if len(expr.terms) > 3:
        return None
    terms = sorted(expr.terms, key=lambda term: (term[0] < 0, isinstance(term[1], Einsum)))
    found: list[Run] = []
    for place, (weight, term) in enumerate(terms):
        inner = number(abs(weight)) if is_number(term) is not None else _factor(term)
        if inner is None:
            return None
        joint = ("−" if weight < 0 else "") if not place else " − " if weight < 0 else " + "
        factor = (Run(f"{abs(weight)} "),) if abs(weight) != 1 and is_number(term) is None else ()
        found += [*([Run(joint)] if joint else []), *factor, *inner]
    return tuple(found)


def _factor(term: Expr) -> Label | None:
    if isinstance(term, Variable):
        return name(term.name)
    if isinstance(term, Einsum) and term.subscripts == ((1, 0),) and isinstance(term.operands[0], Variable):
        return (*name(term.operands[0].name), Run("T", 1))
    return None


def _function(expr: Apply, depth: int) -> Label | None:
    if not expr.arguments:
        return constant(expr)
    if expr.function.name == "unit":
        entry = _short(expr.arguments[0], depth + 1)
        lowered = [Run(run.text, -1, run.italic) for run in entry or () if not run.shift]
        return (Run("e", 0, True), *lowered) if lowered else None
    base, exponent = raised(expr, depth)
    inner = [_short(argument, depth + 1) for argument in base]
    if any(label is None for label in inner):
        return None
    labels = [label for label in inner if label is not None]
    if exponent is not None:
        return (*(labels[0] if isinstance(base[0], (Variable, Delta)) else bracketed(labels[0])), *exponent)
    joined: list[Run] = []
    for place, label in enumerate(labels):
        joined += [*([Run(", ")] if place else []), *label]
    return (*title(expr.function), *bracketed(tuple(joined)))


def raised(expr: Apply, depth: int = 0) -> tuple[Sequence[Expr], Label | None]:
    """The arguments that are drawn, and the exponent of a power or an inverse as a raised label."""
    if expr.function.name == "inv":
        return expr.arguments, (Run("−1", 1),)
    if expr.function.name == "pinv":
        return expr.arguments, (Run("+", 1),)
    if expr.function.name in ("power", "matpow"):
        exponent = _short(expr.arguments[1], depth + 1)
        if exponent is not None and not any(run.shift for run in exponent) and width(exponent, 12) < WIDEST / 2:
            return expr.arguments[:1], tuple([Run(run.text, 1, run.italic) for run in exponent])
    return expr.arguments, None


def title(function: Function) -> Label:
    """What a function is called; a function of the user is italic, its primes are real ones."""
    if function.name in FRECHET:
        of, times = frechet_of(function)
        return (Run("d"), *([Run(str(times), 1)] if times > 1 else []), Run(" "), *title(of))
    if function.name == "funm":
        called, order, _ = scalar_of(function)
        return italic(called + "′" * order)
    stem = function.name.rstrip("'")
    primes = "′" * (len(function.name) - len(stem))
    return italic(_GREEK.get(stem, stem) + primes) if len(stem) == 1 or primes else plain(_TITLES.get(stem, stem))


_TITLES = {"logdet": "log det", "matpow": "power", "abs": "abs"}


def constant(expr: Apply) -> Label:
    """A tensor of the function table: ε, a duplication matrix, a literal."""
    names = {"eps": ("ε", True), "duplication": ("D", True), "elimination": ("L", True), "exchange": ("J", True)}
    if expr.function.name in names:
        text, slanted = names[expr.function.name]
        return (Run(text, 0, slanted), *((Run(min(map(str, expr.shape), key=len), -1, True),) if text in "DL" else ()))
    return literal(expr) if expr.function.name == "literal" else plain(expr.function.name)


def literal(expr: Apply) -> Label:
    """Numbers in brackets, as many as fit."""
    rows = [row if isinstance(row, tuple) else (row,) for row in expr.function.data]
    lines = [", ".join([text_of(number(Fraction(value))) for value in row]) for row in rows]
    text = f"[{'; '.join(lines)}]"
    return plain(text if len(text) <= 24 else text[:22] + "…]")
