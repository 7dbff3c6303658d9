"""Functions of square matrices that functions of numbers define: ``funm(f, X)``, and power series that the user declares.

A formula in z becomes a formula of the matrix by one rule: sums, products and compositions stay what they are, a
number is a multiple of the identity, ``exp``, ``log`` and ``sqrt`` are ``expm``, ``logm`` and ``sqrtm`` (Higham,
Functions of Matrices, 2008, th. 1.15 to 1.18).  Knows trees and expressions, and no scopes.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from ...algebra import build
from ...algebra.expr import Expr
from ...errors import FormulaError, LimitError, UnsupportedError
from ...functions import OF_SCALAR, SMOOTH, TABLE, funm, grouped
from ..parse import parse_expression
from ..syntax import Call, Literal, Name, Num, Op, Syntax

MOST_COEFFICIENTS = 200  # of a power series that is given


def identity(x: Expr) -> Expr:
    """The identity of the size of a square matrix, whose rows may be several axes."""
    half = x.rank // 2
    return build.einsum([(build.delta(dim), (k, half + k)) for k, dim in enumerate(x.shape[:half])], range(x.rank))


def product(left: Expr, right: Expr) -> Expr:
    """The product of two square matrices."""
    half = left.rank // 2
    rows, middle, cols = (tuple((side, k) for k in range(half)) for side in "rmc")
    return build.einsum([(left, rows + middle), (right, middle + cols)], rows + cols)


def named(name: str, x: Expr) -> Expr:
    """The function of a square matrix that the function ``name`` of the table defines.

    Raises
    ------
    UnsupportedError: TC301 where it is not smooth, or nothing here computes it.
    """
    if name not in OF_SCALAR and name not in SMOOTH:
        raise UnsupportedError("TC301", f"{name} is no function of matrices here", help=_known())
    row = TABLE[OF_SCALAR[name]] if name in OF_SCALAR else funm(name)
    return build.apply(grouped(row, (x.rank // 2,)), x)


def _known() -> str:
    return f"funm takes {', '.join([*OF_SCALAR, *SMOOTH])}, a declared function, or a formula of these"


def analytic(tree: Syntax, x: Expr, value: Expr | None = None) -> Expr:
    """A formula in ``z`` (or ``x``, with ``y`` for ``value``) as a function of a square matrix.

    Raises
    ------
    UnsupportedError: TC301 for functions that are not smooth and for powers other than halves.
    """
    match tree:
        case Num(number):
            return build.scale(number, identity(x))
        case Name(name="y") if value is not None:
            return value
        case Name(name="x" | "z"):
            return x
        case Op("add", operands):
            return build.add([(1, analytic(operand, x, value)) for operand in operands])
        case Op("negate", (inner,)):
            return build.scale(-1, analytic(inner, x, value))
        case Op("multiply" | "hadamard", operands):
            result = analytic(operands[0], x, value)
            for operand in operands[1:]:
                result = product(result, analytic(operand, x, value))
            return result
        case Op("divide" | "quotient", (top, bottom)):
            return product(analytic(top, x, value), _power(analytic(bottom, x, value), Fraction(-1)))
        case Op("power" | "elpower", (base, exponent)):
            return _power(analytic(base, x, value), rational(exponent))
        case Call(function=function, arguments=(inner,)):
            return named(function, analytic(inner, x, value))
    raise UnsupportedError("TC301", "this formula is no function of matrices here", help=_known())


def _power(base: Expr, exponent: Fraction | None) -> Expr:
    """A power of a matrix whose exponent is a whole number of halves."""
    if exponent is None or exponent.denominator > 2 or abs(exponent) > build.MOST_POWER:
        raise UnsupportedError("TC301", "a power of a matrix has a whole number or a half as exponent", help=_known())
    half = (base.rank // 2,)
    if exponent.denominator == 2:
        base, exponent = build.apply(grouped(TABLE["sqrtm"], half), base), 2 * exponent
    factor = base if exponent >= 0 else build.apply(grouped(TABLE["inv"], half), base)
    result = identity(base)
    for _ in range(abs(int(exponent))):
        result = product(result, factor)
    return result


def rational(tree: Syntax, counter: str = "", count: int = 0) -> Fraction | None:
    """The exact value of arithmetic in numbers and a counter; ``None`` for anything else."""
    match tree:
        case Num(value):
            return value
        case Name(name=name, indices=None) if counter and name == counter:
            return Fraction(count)
        case Call(function="factorial", arguments=(inner,)):
            top = rational(inner, counter, count)
            fits = top is not None and top.denominator == 1 and 0 <= top <= 2 * MOST_COEFFICIENTS
            return Fraction(factorial(int(top))) if fits and top is not None else None
        case Op(operator, operands):
            values = [rational(operand, counter, count) for operand in operands]
            found = [value for value in values if value is not None]
            return _arithmetic(operator, found) if len(found) == len(values) else None
    return None


def _arithmetic(operator: str, values: list[Fraction]) -> Fraction | None:
    result = values[0]
    match operator:
        case "add":
            return sum(values, Fraction(0))
        case "negate":
            return -result
        case "multiply":
            for value in values[1:]:
                result *= value
            return result
        case "divide" if values[1]:
            return result / values[1]
        case "power" if values[1].denominator == 1 and abs(values[1]) <= MOST_COEFFICIENTS and (result or values[1] >= 0):
            return Fraction(result ** int(values[1]))
    return None


def coefficients(kind: str, name: str) -> tuple[Fraction, ...] | None:
    """The coefficients of a power series as ``functions`` declares it; none where they are unknown.

    ``None`` where the declaration is not one of a power series.

    Examples
    --------
    >>> coefficients("series([1, 1/2])", "F") == (1, Fraction(1, 2))
    True
    >>> coefficients("series(k, 1, 3, 1/k)", "F") == (0, 1, Fraction(1, 2), Fraction(1, 3))
    True

    Raises
    ------
    FormulaError: TC059 where a coefficient is no number.
    LimitError: TC419 for more than :data:`MOST_COEFFICIENTS` of them.
    """
    if kind == "series":
        return ()
    if not kind.replace(" ", "").startswith("series("):
        return None
    tree = parse_expression(kind, field="functions")
    found: list[Fraction | None] = [None]
    match tree:
        case Call(function="series", arguments=(Literal(rows=(row,)),)):
            found = [rational(entry) for entry in row]
        case Call(function="series", arguments=(Name(name=counter), low, high, body)):
            first, last = rational(low), rational(high)
            if first is not None and last is not None and first.denominator == last.denominator == 1 and first >= 0:
                if last > MOST_COEFFICIENTS:
                    raise LimitError("TC419", f"a power series with more than {MOST_COEFFICIENTS} coefficients",
                                     field="functions", source=kind, spans=[high.span])
                found = [*[Fraction(0)] * int(first),
                         *[rational(body, counter, k) for k in range(int(first), int(last) + 1)]]
    known = [value for value in found if value is not None]
    if len(known) < len(found) or not known:
        raise FormulaError("TC059", f"the coefficients of {name} are numbers", field="functions", source=kind,
                           spans=[tree.span], help="write series([1, 1, 1/2]), or series(k, 0, 9, 1/factorial(k))")
    return tuple(known)
