"""The table of functions: everything that is neither a sum nor a product.

A row states what the function consumes and produces (a generalised-ufunc
signature: core axes only, further leading axes are looped over), its derivatives
as equations in index notation (``y`` is the value; ``x`` the only argument, or
``a``, ``b`` the first and second), which symmetry of its argument it keeps, and
where its reference is.  Rows are data: nothing here knows what an expression is.

Numbers such as (MC 59) are equations of The Matrix Cookbook, version of
November 15, 2012.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table.

    ``derivatives``: one equation an argument; none where no derivative exists.
    ``symmetric``: a symmetric argument gives a symmetric value.
    ``ways``: how many axes stand for each core axis, in order of first
    appearance in ``signature`` (``inv`` of a grouped matrix has more than one).
    ``data``: what distinguishes constants and unit vectors of one row.
    """

    name: str
    signature: str
    derivatives: tuple[str, ...] = ()
    symmetric: bool = False
    reference: str = ""
    ways: tuple[int, ...] = ()
    data: tuple[Fraction | int | str | tuple[Fraction, ...], ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def elementwise(self) -> bool:
        """Whether all axes are loop axes."""
        return self.signature != "->" and not any(char.isalpha() for char in self.signature)


def _row(name: str, signature: str, *derivatives: str, symmetric: bool = False, reference: str = "") -> Function:
    return Function(name, signature, derivatives, symmetric, reference)


def _scalar(name: str, derivative: str) -> Function:
    return Function(name, "()->()", (derivative,), symmetric=True)


ELEMENTWISE = (
    _scalar("exp", "∂y/∂x = y"),
    _scalar("log", "∂y/∂x = x^-1"),
    _scalar("abs", "∂y/∂x = sign(x)"),
    _scalar("sign", "∂y/∂x = 0"),
    _scalar("sin", "∂y/∂x = cos(x)"),
    _scalar("cos", "∂y/∂x = -sin(x)"),
    _scalar("tan", "∂y/∂x = 1 + y^2"),
    _scalar("arcsin", "∂y/∂x = (1 - x^2)^(-1/2)"),
    _scalar("arccos", "∂y/∂x = -(1 - x^2)^(-1/2)"),
    _scalar("arctan", "∂y/∂x = (1 + x^2)^-1"),
    _scalar("sinh", "∂y/∂x = cosh(x)"),
    _scalar("cosh", "∂y/∂x = sinh(x)"),
    _scalar("tanh", "∂y/∂x = 1 - y^2"),
    _scalar("relu", "∂y/∂x = relu(sign(x))"),
    _scalar("sigmoid", "∂y/∂x = y - y^2"),
    _scalar("softplus", "∂y/∂x = sigmoid(x)"),
    _scalar("erf", "∂y/∂x = exp(-x^2) arctan(1)^(-1/2)"),
    _row("max", "(),()->()", "∂y/∂a = 1/2 + 1/2 sign(a - b)", "∂y/∂b = 1/2 + 1/2 sign(b - a)", symmetric=True),
    _row("min", "(),()->()", "∂y/∂a = 1/2 + 1/2 sign(b - a)", "∂y/∂b = 1/2 + 1/2 sign(a - b)", symmetric=True),
)

POWER = _row("power", "(),()->()", "∂y/∂a = b a^(b - 1)", "∂y/∂b = y log(a)", symmetric=True)

MATRIX = (
    _row("inv", "(n,n)->(n,n)", "∂y_ij/∂x_kl = -y_ik y_lj", symmetric=True, reference="MC 59"),
    _row("det", "(n,n)->()", "∂y/∂x_kl = y inv(x)_lk", reference="MC 49"),
    _row("logdet", "(n,n)->()", "∂y/∂x_kl = inv(x)_lk", reference="MC 57"),
    _row("adj", "(n,n)->(n,n)", "∂y_ij/∂x_kl = y_ij inv(x)_lk - y_ik inv(x)_lj", symmetric=True, reference="MC 49, 59"),
    _row("pinv", "(m,n)->(n,m)",
         "∂y_ij/∂x_kl = -y_ik y_lj + y_ia y_la δ_kj - y_ia y_la x_kb y_bj + δ_il y_ak y_aj - y_ib x_bl y_ak y_aj",
         symmetric=True, reference="Golub & Pereyra 1973, eq. 4.12, full rank"),
    _row("expm", "(n,n)->(n,n)", "∂y_ij/∂x_kl = frechet(expm, x)_ijkl", symmetric=True, reference="Higham 2008, ch. 10"),
    _row("logm", "(n,n)->(n,n)", "∂y_ij/∂x_kl = frechet(logm, x)_ijkl", symmetric=True, reference="Higham 2008, ch. 11"),
    _row("sqrtm", "(n,n)->(n,n)", "∂y_ij/∂x_kl = frechet(sqrtm, x)_ijkl", symmetric=True, reference="Higham 2008, ch. 6"),
    _row("frechet_expm", "(n,n)->(n,n,n,n)"),
    _row("frechet_logm", "(n,n)->(n,n,n,n)"),
    _row("frechet_sqrtm", "(n,n)->(n,n,n,n)"),
    _row("chol", "(n,n)->(n,n)",
         "∂y_ij/∂x_kl = 1/2 y_ia (tril(ones(n, n))_aj - 1/2 δ_aj)"
         " (inv(y)_ak inv(y)_jl + inv(y)_al inv(y)_jk)", reference="Murray 2016, eq. 8"),
    _row("softmax", "(n)->(n)", "∂y_i/∂x_j = y_i δ_ij - y_i y_j"),
    _row("logsumexp", "(n)->()", "∂y/∂x_j = softmax(x)_j"),
)

POWERS = (
    _row("matpow", "(n,n),()->(n,n)", "∂y_ij/∂a_kl = powers(a, b)_cik exchange(b)_cd powers(a, b)_dlj", symmetric=True,
         reference="MC 90"),
    _row("powers", "->"),
    _row("exchange", "->"),
    _row("convolution", "->"),
)
"""``X^k`` for an integer symbol k; the stack of ``X^0 … X^(k-1)``; the matrix that reverses
an axis; the tensor that is 1 where a = b + c + 1."""

NAMED = (
    _row("funm", "(n,n)->(n,n)", symmetric=True, reference="Higham 2008, ch. 1"),
    _row("frechet_funm", "(n,n)->(n,n,n,n)", reference="Higham 2008, ch. 3"),
    _row("coefficient", "()->()"),
)
"""The function of matrices that a function of numbers defines, its derivative, and a coefficient of a power
series: which function that is stands in ``data``."""

CONSTANTS = (
    _row("eps", "->"),
    _row("duplication", "->"),
    _row("elimination", "->"),
    _row("tril", "->"),
    _row("literal", "->"),
    _row("unit", "->"),
    _row("regroup", "->"),
)

TABLE: dict[str, Function] = {row.name: row for row in (*ELEMENTWISE, POWER, *MATRIX, *POWERS, *NAMED, *CONSTANTS)}
"""Every row by its name."""

FRECHET = {"frechet_expm": "expm", "frechet_logm": "logm", "frechet_sqrtm": "sqrtm", "frechet_funm": "funm"}
"""The Fréchet derivative of a matrix function, ``frechet(expm, X)_ijpq`` on paper."""

OF_SCALAR = {"exp": "expm", "log": "logm", "sqrt": "sqrtm"}
"""Functions of numbers whose functions of matrices have names of their own."""

SMOOTH = ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sigmoid", "softplus")
"""Further functions of numbers that are functions of matrices, ``funm(sin, X)``."""


def funm(name: str, order: int = 0, kind: str = "table", coefficients: tuple[Fraction, ...] = ()) -> Function:
    """The function of square matrices that the function ``name`` of numbers, or its derivative of some order, defines.

    ``kind`` says where it comes from: ``"table"``, ``"elementwise"`` where the user passes it, ``"series"`` where it is
    the user's power series, the first of whose coefficients may be given.

    Examples
    --------
    >>> funm("f", 1, "elementwise").signature
    '(n,n)->(n,n)'
    """
    return constant("funm", name, order, kind, *coefficients)


def frechet(function: Function, times: int = 1) -> Function:
    """The derivative of some order of a function of matrices: axes of the value, then two for each differentiation.

    Examples
    --------
    >>> frechet(TABLE["expm"]) is TABLE["frechet_expm"], frechet(TABLE["expm"], 2).signature
    (True, '(n,n)->(n,n,n,n,n,n)')
    """
    row = replace(TABLE[f"frechet_{function.name}"], ways=function.ways)
    if times == 1 and not function.data:
        return grouped(TABLE[row.name], function.ways)
    return replace(row, signature=f"(n,n)->({','.join('n' * (2 + 2 * times))})", data=(times, *function.data))


def frechet_of(function: Function) -> tuple[Function, int]:
    """The function of matrices that a row differentiates, and how often: the inverse of :func:`frechet`."""
    times, data = (function.data[0], function.data[1:]) if function.data else (1, ())
    assert isinstance(times, int)
    return replace(TABLE[FRECHET[function.name]], ways=function.ways, data=data), times


def scalar_of(function: Function) -> tuple[str, int, str]:
    """The function of numbers behind a function of matrices: name, order of the derivative, kind."""
    if function.name != "funm":
        return function.name, 0, "table"
    name, order, kind = function.data[:3]
    assert isinstance(name, str) and isinstance(order, int) and isinstance(kind, str)
    return name, order, kind


def coefficients_of(function: Function) -> tuple[Fraction, ...]:
    """The coefficients of a power series or of its derivative, lowest first; none where they are not given."""
    known = function.data[3:] if function.name == "funm" else function.data[1:]
    order = scalar_of(function)[1] if function.name == "funm" else primes(function)[1]
    found = tuple([Fraction(value) for value in known if isinstance(value, (Fraction, int))])
    for _ in range(order):
        found = tuple([k * value for k, value in enumerate(found)][1:])
    return found or ((Fraction(0),) if known else ())


def constant(name: str, *data: Fraction | int | str | tuple[Fraction, ...]) -> Function:
    """The row of a constant, with what tells it from others of its kind."""
    return replace(TABLE[name], data=data)


@lru_cache(maxsize=256)
def series_of_number(name: str, order: int = 0, coefficients: tuple[Fraction, ...] = ()) -> Function:
    """A power series that the user declares, of a number, or its derivative."""
    return replace(unknown(name, order), data=("series", *coefficients))


def is_series(function: Function) -> bool:
    """Whether a function is a power series that the user declares, of a number or of a matrix."""
    return "series" in (function.data[2:3] if function.name == "funm" else function.data[:1])


@lru_cache(maxsize=256)
def unknown(name: str, order: int = 0, rank: int | None = None) -> Function:
    """A function that the user declares without saying what it is, or its derivative of some order.

    Elementwise where ``rank`` is ``None``; else a number for a tensor with ``rank`` axes,
    whose derivative of order k has ``k * rank`` axes.

    Examples
    --------
    >>> unknown("f", 1).name, unknown("g", 1, 2).signature
    ("f'", '(a,b)->(a,b)')
    """
    if rank is None:
        return Function(name + "'" * order, "()->()", symmetric=True)
    axes = [chr(ord("a") + k) for k in range(rank)]
    return Function(name + "'" * order, f"({','.join(axes)})->({','.join(axes * order)})")


def is_unknown(function: Function) -> bool:
    """Whether a function was declared by the user."""
    return function.name.rstrip("'") not in TABLE


def primes(function: Function) -> tuple[str, int]:
    """The name and the order of an unknown function: ``f''`` is f and 2."""
    name = function.name.rstrip("'")
    return name, len(function.name) - len(name)


@lru_cache(maxsize=1024)
def grouped(function: Function, ways: tuple[int, ...]) -> Function:
    """``function`` of matrices each of whose core axes is a group of ``ways`` axes.

    Examples
    --------
    >>> core_axes(grouped(TABLE["inv"], (2,)))
    (((('n', 0), ('n', 1), ('n', 0), ('n', 1)),), (('n', 0), ('n', 1), ('n', 0), ('n', 1)))
    """
    return function if all(way == 1 for way in ways) else replace(function, ways=ways)


@lru_cache(maxsize=1024)
def core_axes(function: Function) -> tuple[tuple[tuple[tuple[str, int], ...], ...], tuple[tuple[str, int], ...]]:
    """The core axes of each argument and of the value, one ``(name, part)`` an axis."""
    inputs, output = core_names(function.signature)
    ways = axis_ways(function)

    def expand(names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple((name, part) for name in names for part in range(ways[name]))

    return tuple(expand(names) for names in inputs), expand(output)


def axis_ways(function: Function) -> dict[str, int]:
    """How many axes stand for each named core axis of ``function``."""
    inputs, output = core_names(function.signature)
    names = list(dict.fromkeys(name for group in (*inputs, output) for name in group))
    return dict(zip(names, function.ways or (1,) * len(names), strict=True))


@lru_cache(maxsize=256)
def core_names(signature: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Split ``"(n,n),(n,m)->(n,m)"`` into ``((n, n), (n, m))`` and ``(n, m)``.

    Examples
    --------
    >>> core_names("(n,n)->()")
    ((('n', 'n'),), ())
    """
    def names(text: str) -> tuple[str, ...]:
        return tuple(name for name in text.strip("()").split(",") if name)

    inputs, output = signature.split("->")
    parts = inputs.replace("),(", ")|(").split("|") if inputs else []
    return tuple(names(part) for part in parts), names(output)
