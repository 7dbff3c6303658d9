"""Sums over an integer, as products with stacks of matrix powers.

``Σ_j X^j A X^(k-1-j)`` is a product of the stack of ``X^0 … X^(k-1)`` with itself
reversed, so that sums over an integer need no node of their own and no bound name.
"""

from __future__ import annotations

from fractions import Fraction

from .. import sizes
from ..errors import UnsupportedError
from ..sizes import Polynomial
from .build import Factor, add, dimension, dimension_of, einsum, matrix_power, powers, special, substitute
from .expr import Apply, Delta, Einsum, Expr, Sum
from .traverse import postorder

MOST_TERMS = 12  # of a series that is written out term by term


def total(body: Expr, symbol: str, low: Polynomial, high: Polynomial) -> Expr:
    """The sum of ``body`` for ``symbol`` = low, …, high.

    Raises
    ------
    UnsupportedError: TC307 when ``symbol`` stands elsewhere than in exponents of matrices.
    """
    count = sizes.plus(sizes.plus(high, sizes.scale(low, Fraction(-1))), sizes.polynomial(1))
    if set(count) <= {()} and count.get((), Fraction(0)) <= MOST_TERMS:
        return _written_out(body, symbol, low, int(count.get((), Fraction(0))))
    return _total(body, symbol, low, high, count)


def _written_out(body: Expr, symbol: str, low: Polynomial, count: int) -> Expr:
    """Few terms, one by one."""
    terms = []
    for k in range(count):
        value = _number(sizes.plus(low, sizes.polynomial(k)))
        terms.append((1, substitute(body, {Delta((), symbol): value})))
    return add(terms, body.shape)


def _total(body: Expr, symbol: str, low: Polynomial, high: Polynomial, count: Polynomial) -> Expr:
    if not _mentions(body, symbol):
        size = _number(count)
        return einsum([(size, ()), (body, range(body.rank))], range(body.rank))
    if isinstance(body, Sum):
        return add([(weight, _total(term, symbol, low, high, count)) for weight, term in body.terms], body.shape)
    pairs = list(zip(body.operands, body.subscripts)) if isinstance(body, Einsum) else [(body, tuple(range(body.rank)))]
    for k, (operand, own) in enumerate(pairs):
        if isinstance(operand, Sum) and _mentions(operand, symbol):
            opened = [(weight, einsum([*pairs[:k], (term, own), *pairs[k + 1:]], range(body.rank)))
                      for weight, term in operand.terms]
            return add([(weight, _total(term, symbol, low, high, count)) for weight, term in opened], body.shape)
    return _stacked(pairs, body.rank, symbol, low, high, count)


def _stacked(pairs: list[tuple[Expr, tuple[int, ...]]], rank: int, symbol: str, low: Polynomial, high: Polynomial,
             count: Polynomial) -> Expr:
    size = sizes.spell(count)
    factors: list[Factor] = []
    fresh = 0
    ways = set()
    for operand, own in pairs:
        if not _mentions(operand, symbol):
            factors.append((operand, own))
            continue
        base, slope, rest = _power(operand, symbol)
        start = sizes.plus(rest, low if slope > 0 else sizes.scale(high, Fraction(-1)))
        fresh += 1
        middle = ("middle", fresh)
        ways.add(slope)
        factors += [(powers(base, size), ["up" if slope > 0 else "down", own[0], middle]),
                    (_raised(base, start), [middle, own[1]])]
    if ways == {1, -1}:
        factors.append((special("exchange", (size, size)), ["up", "down"]))
    return einsum(factors, range(rank))


def _raised(base: Expr, exponent: Polynomial) -> Expr:
    return matrix_power(base, _number(exponent))


def _number(poly: Polynomial) -> Expr:
    terms = []
    for monomial, weight in poly.items():
        terms.append((weight, einsum([(dimension(name), ()) for name in monomial], ())))
    return add(terms, ())


def _power(operand: Expr, symbol: str) -> tuple[Expr, int, Polynomial]:
    """``X^(±j + c)`` as X, the sign and c."""
    if isinstance(operand, Apply) and operand.function.name == "matpow" and not _mentions(operand.arguments[0], symbol):
        exponent = dimension_of(operand.arguments[1])
        if exponent is not None:
            slope = exponent.get((symbol,), Fraction(0))
            rest = {monomial: weight for monomial, weight in exponent.items() if monomial != (symbol,)}
            if slope in (1, -1) and not any(symbol in monomial for monomial in rest):
                return operand.arguments[0], int(slope), rest
    raise UnsupportedError("TC307", f"a series over {symbol} sums products of matrix powers with exponents {symbol} + c "
                                    f"or c - {symbol}", help=f"write X^{symbol}, X^(k-1-{symbol})")


def _mentions(expr: Expr, symbol: str) -> bool:
    return any(isinstance(node, Delta) and symbol in sizes.symbols(node.dim) for node in postorder(expr))
