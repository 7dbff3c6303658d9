"""Dimensions: integers, symbols, and products and sums of those.

Knows nothing of expressions.  A dimension is an ``int`` or the canonical text of a
polynomial in symbols, so that equal dimensions are equal values: ``"n"``,
``"m + n"``, ``"n*(n+1)/2"``.  A *product* of dimensions is no dimension of its own
but a group of axes (:func:`read` splits it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from .errors import RequestError

Dim = int | str
Shape = tuple[Dim, ...]
Monomial = tuple[str, ...]
Polynomial = dict[Monomial, Fraction]

_TOKEN = re.compile(r"\s*(?:(\d{1,9})|([^\W\d_][^\W_]*)|([-+*/^()]))")
_DEGREE = 6


@lru_cache(maxsize=4096)
def read(text: Dim) -> Shape:
    """The axes that a declared size stands for: one a factor of a product.

    Examples
    --------
    >>> read("n"), read(3), read("n*m"), read("n*(n+1)/2")
    (('n',), (3,), ('n', 'm'), ('n*(n+1)/2',))

    Raises
    ------
    RequestError: TC501 when ``text`` is no size.
    """
    if isinstance(text, int):
        if isinstance(text, bool) or not 0 < text <= 10**9:
            raise RequestError("TC501", f"a size is a positive integer or a name, not {text!r}", field="vars")
        return (text,)
    if len(text) > 200:
        raise RequestError("TC501", f"a size is a positive integer or a name, not {str(text)[:40]!r}", field="vars")
    factors = _factors(text)
    if len(factors) > 1:
        return tuple(axis for factor in factors for axis in read(factor))
    name = spell(polynomial(text))
    if isinstance(name, int) and name < 1:
        raise RequestError("TC501", f"a size is a positive integer or a name, not {text!r}", field="vars")
    return (name,) if isinstance(name, int) or "*" not in name or "(" in name or "+" in name else _split(name)


def _split(name: str) -> Shape:
    """The symbols of a monomial without coefficient, a power written out."""
    return tuple(int(part) if part.isdigit() else part for part in name.split("*"))


def _factors(text: str) -> list[str]:
    """Split ``n*(m+1)`` at its outer ``*``; a text with an outer ``+``, ``-`` or ``/`` is one factor."""
    depth, start, parts = 0, 0, []
    for k, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and char in "+-/^" and k:
            return [text]
        if depth == 0 and char == "*":
            parts.append(text[start:k])
            start = k + 1
    parts.append(text[start:])
    stripped = [part.strip() for part in parts]
    if len(stripped) == 1 and text.startswith("(") and text.endswith(")"):
        return [text]
    return [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in stripped]


@lru_cache(maxsize=4096)
def polynomial(text: Dim) -> Polynomial:
    """``"n*(n+1)/2"`` as ``{("n", "n"): 1/2, ("n",): 1/2}``."""
    if isinstance(text, int):
        return {(): Fraction(text)}
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if not found:
            raise RequestError("TC501", f"cannot read the size {text!r}", field="vars")
        tokens.append(found.group(0).strip())
        position = found.end()
    tokens.append("")
    value = _sum(tokens, text, 0)
    if tokens != [""]:
        raise RequestError("TC501", f"cannot read the size {text!r}", field="vars")
    return value


def _sum(tokens: list[str], text: str, depth: int) -> Polynomial:
    sign = 1
    while tokens[0] in ("+", "-"):
        sign *= -1 if tokens.pop(0) == "-" else 1
    total = scale(_product(tokens, text, depth), Fraction(sign))
    while tokens[0] in ("+", "-"):
        sign = 1 if tokens.pop(0) == "+" else -1
        total = plus(total, scale(_product(tokens, text, depth), Fraction(sign)))
    return total


def _product(tokens: list[str], text: str, depth: int) -> Polynomial:
    total = _atom(tokens, text, depth)
    while tokens[0] in ("*", "/", "^"):
        operator, right = tokens.pop(0), _atom(tokens, text, depth)
        constant = right.get((), Fraction(0)) if set(right) <= {()} else None
        if operator == "*":
            total = times(total, right)
        elif constant is None or constant == 0 or (operator == "^" and (constant > _DEGREE or constant < 1)):
            raise RequestError("TC501", f"cannot read the size {text!r}", field="vars")
        elif operator == "/":
            total = scale(total, 1 / constant)
        else:
            base = total
            for _ in range(int(constant) - 1):
                total = times(total, base)
    return total


def _atom(tokens: list[str], text: str, depth: int) -> Polynomial:
    token = tokens.pop(0) if tokens[0] else ""
    if token.isdigit():
        return {(): Fraction(int(token))}
    if token == "(" and depth < 20:
        inner = _sum(tokens, text, depth + 1)
        if tokens[0] == ")":
            tokens.pop(0)
            return inner
    elif token and token[0].isalpha():
        return {(token,): Fraction(1)}
    raise RequestError("TC501", f"cannot read the size {text!r}", field="vars")


def plus(a: Polynomial, b: Polynomial) -> Polynomial:
    """The sum of two polynomials."""
    total = dict(a)
    for monomial, weight in b.items():
        total[monomial] = total.get(monomial, Fraction(0)) + weight
    return {monomial: weight for monomial, weight in total.items() if weight}


def scale(a: Polynomial, weight: Fraction) -> Polynomial:
    """A polynomial times a number."""
    return {monomial: weight * value for monomial, value in a.items()} if weight else {}


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    total: Polynomial = {}
    for left, x in a.items():
        for right, y in b.items():
            key = tuple(sorted(left + right))
            if len(key) > _DEGREE:
                raise RequestError("TC501", "a size of too high a degree", field="vars")
            total[key] = total.get(key, Fraction(0)) + x * y
    return {monomial: weight for monomial, weight in total.items() if weight}


def spell(poly: Polynomial) -> Dim:
    """The canonical text of a polynomial; an ``int`` where it is one."""
    if set(poly) <= {()}:
        value = poly.get((), Fraction(0))
        if value.denominator != 1:
            raise RequestError("TC501", f"a size is a whole number, not {value}", field="vars")
        return int(value)
    half = triangle(poly)
    if half is not None:
        return f"{half}*({half}+1)/2"
    parts = []
    for monomial, weight in sorted(poly.items(), key=lambda item: (-len(item[0]), item[0])):
        body = "*".join(monomial)
        sign = "-" if weight < 0 else "+"
        weight = abs(weight)
        if not body or weight != 1:
            top = body if body and weight.numerator == 1 else "*".join(filter(None, [str(weight.numerator), body]))
            body = top if weight.denominator == 1 else f"{top}/{weight.denominator}"
        parts.append((sign, body))
    first = ("-" if parts[0][0] == "-" else "") + parts[0][1]
    return first + "".join(sign + body for sign, body in parts[1:])


def triangle(poly: Polynomial) -> str | None:
    """The symbol n of which ``poly`` is n (n + 1) / 2."""
    if len(poly) != 2 or set(poly.values()) != {Fraction(1, 2)}:
        return None
    small, large = sorted(poly, key=len)
    return small[0] if len(small) == 1 and large == (small[0], small[0]) else None


def triangular(dim: Dim) -> Dim:
    """The length of ``vech`` of a dim x dim matrix."""
    return dim * (dim + 1) // 2 if isinstance(dim, int) else f"{dim}*({dim}+1)/2" if dim.isalnum() else \
        spell(scale(plus(times(polynomial(dim), polynomial(dim)), polynomial(dim)), Fraction(1, 2)))


def triangle_root(dim: Dim) -> Dim | None:
    """The n of which ``dim`` is n (n + 1) / 2.

    Examples
    --------
    >>> triangle_root(6), triangle_root("n*(n+1)/2"), triangle_root(5)
    (3, 'n', None)
    """
    if isinstance(dim, int):
        root = (isqrt(8 * dim + 1) - 1) // 2
        return root if triangular(root) == dim else None
    return triangle(polynomial(dim))


@lru_cache(maxsize=4096)
def symbols(dim: Dim) -> tuple[str, ...]:
    """The symbols of a dimension, in alphabetical order."""
    return () if isinstance(dim, int) else tuple(sorted({s for monomial in polynomial(dim) for s in monomial}))


def value(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number that ``dim`` stands for at given ``sizes`` of its symbols."""
    if isinstance(dim, int):
        return dim
    if dim in sizes:
        return sizes[dim]
    total = Fraction(0)
    for monomial, weight in polynomial(dim).items():
        for symbol in monomial:
            weight *= sizes[symbol]
        total += weight
    return int(total)


def product_text(dims: Iterable[Dim]) -> Dim:
    """The declared form of a group of axes: ``"n*m"``."""
    dims = list(dims)
    if len(dims) == 1:
        return dims[0]
    if all(isinstance(dim, int) for dim in dims):
        total = 1
        for dim in dims:
            total *= int(dim)
        return total
    return "*".join(str(dim) if isinstance(dim, int) or dim.isalnum() else f"({dim})" for dim in dims)
