"""Sums over an integer, as products with stacks of matrix powers.

``Σ_j X^j A X^(k-1-j)`` is a product of the stack of ``X^0 … X^(k-1)`` with itself
reversed, so that sums over an integer need no node of their own and no bound name.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from .. import sizes
from ..errors import UnsupportedError
from ..functions import FRECHET, Function, axis_ways, coefficients_of, constant, frechet, frechet_of
from ..sizes import Polynomial
from .build import Factor, add, apply, dimension, dimension_of, einsum, matrix_power, powers, rebuild, special, substitute
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


# -- power series ------------------------------------------------------------------------


def is_power_series(body: Expr) -> bool:
    """Whether coefficients of a declared power series occur."""
    return any(isinstance(node, Apply) and node.function.name == "coefficient" for node in postorder(body))


def infinite(body: Expr, symbol: str, low: Polynomial, high: Polynomial) -> Expr:
    """The sum of ``body`` for ``symbol`` = low, …, which is a declared power series or its derivative.

    It goes to infinity, or to the last coefficient where those are given.  ``Σ_k β_k X^k`` is ``F(X)``,
    ``Σ_k β_k Σ_j X^j A X^(k-1-j)`` is the derivative of F at X in direction A.

    Raises
    ------
    UnsupportedError: TC307 where it is neither.
    """
    terms = body.terms if isinstance(body, Sum) else ((Fraction(1), body),)
    return add([(weight, _power_series(term, symbol, low, high)) for weight, term in terms], body.shape)


def _power_series(term: Expr, symbol: str, low: Polynomial, high: Polynomial) -> Expr:
    pairs = list(zip(term.operands, term.subscripts)) if isinstance(term, Einsum) else []
    counted = [k for k, (operand, _) in enumerate(pairs)
               if any(symbol in {dim for size in (*node.shape, getattr(node, "dim", 1)) for dim in sizes.symbols(size)}
                      for node in postorder(operand))]
    named = {k: operand for k, operand in ((k, pairs[k][0]) for k in counted) if isinstance(operand, Apply)}
    found = {name: [k for k, operand in named.items() if operand.function.name == name]
             for name in ("coefficient", "matpow", "powers", "exchange")}
    counts = tuple(map(len, found.values()))
    start = low.get((), Fraction(0)) if set(low) <= {()} else None
    if counts[0] != 1 or not _is_last(named[found["coefficient"][0]].function, high):
        start = None
    if len(named) == len(counted) and counts == (1, 1, 0, 0) and start == 0:
        of, (power,) = found["coefficient"], found["matpow"]
        if dimension_of(named[power].arguments[1]) == sizes.polynomial(symbol):
            base = named[power].arguments[0]
            made: Factor = apply(constant("funm", *named[of[0]].function.data), base), pairs[power][1]
            return einsum([*_without(pairs, counted), made], range(term.rank))
    if len(named) == len(counted) and counts == (1, 0, 2, 1) and start in (0, 1):
        (of_one,), (p, q), (e,) = found["coefficient"], found["powers"], found["exchange"]
        (a, rows, middle), (b, start_, cols) = pairs[p][1], pairs[q][1]
        if named[p] is named[q] and sorted((a, b)) == sorted(pairs[e][1]) and named[p].shape[0] == symbol:
            row = frechet(constant("funm", *named[of_one].function.data))
            made = apply(row, named[p].arguments[0]), (rows, cols, middle, start_)
            return upright(einsum([*_without(pairs, counted), made], range(term.rank)))
    raise UnsupportedError("TC307", "an infinite series is a power series with unknown coefficients, or its derivative",
                           help=f"write series({symbol}, 0, inf, coefficient(F, {symbol}) X^{symbol})")


def _is_last(coefficient: Function, high: Polynomial) -> bool:
    """Whether a series that goes up to ``high`` is whole."""
    known = coefficients_of(constant("funm", *coefficient.data))
    return high == sizes.polynomial("inf") or (bool(known) and high == sizes.plus({}, sizes.polynomial(len(known) - 1)))


def _without(pairs: list[tuple[Expr, tuple[int, ...]]], gone: list[int]) -> list[tuple[Expr, tuple[int, ...]]]:
    return [pair for k, pair in enumerate(pairs) if k not in gone]


def ordered(root: Expr) -> Expr:
    """``root`` with every product in it :func:`upright`."""
    done: dict[Expr, Expr] = {}
    for node in postorder(root):
        done[node] = upright(rebuild(node, [done[child] for child in node.children]))
    return done[root]


def upright(expr: Expr) -> Expr:
    """``expr`` with the pairs of axes of each Fréchet derivative in one order.

    ``tr(A D^m f(X)[E_1, …, E_m])`` is symmetric in all its matrices, being the derivative of order m + 1 of
    ``tr g(X)`` with g' = f; so the pairs of axes (j, i), (p_1, q_1), … of the tensor may be interchanged.
    """
    if isinstance(expr, Sum):
        return add([(weight, upright(term)) for weight, term in expr.terms], expr.shape)
    if not isinstance(expr, Einsum):
        return expr
    for k, operand in enumerate(expr.operands):
        if isinstance(operand, Apply) and operand.function.name in FRECHET and isinstance(expr, Einsum):
            expr = _least(expr, k)
            if not isinstance(expr, Einsum) or operand not in expr.operands:
                break
    return expr


def _least(node: Einsum, k: int) -> Expr:
    """The product with the pairs of axes of factor k in the order whose form comes first."""
    operand, own = node.operands[k], node.subscripts[k]
    assert isinstance(operand, Apply)
    _, times = frechet_of(operand.function)
    half = sum(axis_ways(operand.function).values())
    batch = operand.rank - half * (2 + 2 * times)
    parts = [own[batch + q * half: batch + (q + 1) * half] for q in range(2 + 2 * times)]
    pairs = [(parts[1], parts[0]), *zip(parts[2::2], parts[3::2])]
    rest = [pair for q, pair in enumerate(zip(node.operands, node.subscripts)) if q != k]
    best: Expr = node
    for order in permutations(pairs):
        (cols, rows), *others = order
        labels = (*own[:batch], *rows, *cols, *(label for pair in others for part in pair for label in part))
        made = einsum([*rest, (operand, labels)], range(node.rank))
        if (isinstance(made, Einsum), made.key) < (isinstance(best, Einsum), best.key):
            best = made
    return best
