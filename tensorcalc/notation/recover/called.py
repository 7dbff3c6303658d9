"""Functions of matrices as people call them: ``expm(X)``, ``funm(f', X)``, ``F(X)``, ``frechet(expm, X, 2)``."""

from __future__ import annotations

from fractions import Fraction

from ...functions import Function, frechet_of, scalar_of
from ..syntax import Call, Name, Num, Op, Syntax


def function_name(function: Function) -> Syntax:
    """The name of a function of matrices as an argument: ``expm``, ``f'``."""
    name, order, _ = scalar_of(function)
    tree: Syntax = Name(name)
    for _ in range(order):
        tree = Op("transpose", (tree,))
    return tree


def called(function: Function, argument: Syntax) -> Call:
    """A function of matrices of something: ``expm(X)``, ``funm(f, X)``, ``F'(X)`` for a power series."""
    if function.name != "funm":
        return Call(function.name, (argument,))
    name, order, kind = scalar_of(function)
    if kind == "series":
        return Call(name, (argument,), None, order)
    return Call("funm", (function_name(function), argument))


def frechet_arguments(function: Function, argument: Syntax) -> tuple[Syntax, ...]:
    """What stands in ``frechet(f, X)`` or, for a derivative of higher order, ``frechet(f, X, 2)``."""
    of, times = frechet_of(function)
    return (function_name(of), argument, *((Num(Fraction(times)),) if times > 1 else ()))
