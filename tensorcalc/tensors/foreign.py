"""Tensors from expressions of SymPy, and from and to subscripts of einsum.

Knows :mod:`tensorcalc.interop`, which translates, and :class:`tensorcalc.tensors.tensor.Tensor`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..errors import RequestError, ShapeError
from ..interop.einsums import subscripts_of
from ..interop.from_sympy import from_sympy as translated
from ..notation.describe import Layout
from ..request import scope_of, shown
from ..sizes import Dim
from .declare import read
from .names import Names, symbols_of
from .tensor import Tensor


def from_sympy(expr: Any, *, indices: Sequence[Any] | None = None,
               assume: Mapping[str, str | Iterable[str]] | None = None) -> Tensor:
    """An expression of SymPy as a tensor.

    Read are matrix expressions (``MatMul``, ``Transpose``, ``Inverse``, ``Trace``, ``Determinant``,
    ``HadamardProduct``, ``KroneckerProduct``, ``Identity``, ``applyfunc`` and their kin), numbers, ``Indexed``
    with ``Sum`` or summed by Einstein's convention, and array expressions of any order.  A matrix symbol of
    one column is a vector.  ``indices`` lists the free indices of entries, in the order of the axes; all others are
    summed then, where they stand.  Without it an index that occurs twice is summed, the free ones are in
    alphabetical order.  ``assume`` gives properties to names, as in :func:`tensorcalc.read`.

    Examples
    --------
    >>> import sympy
    >>> n = sympy.Symbol("n")
    >>> X, A = sympy.MatrixSymbol("X", n, n), sympy.MatrixSymbol("A", n, n)
    >>> f = from_sympy(sympy.Trace(A * X.inverse()))
    >>> print(f.gradient("X"))
    -inv(X)' A' inv(X)'
    >>> f.gradient("X").to_sympy()
    -X.T**(-1)*A.T*X.T**(-1)

    Raises
    ------
    UnsupportedError: TC321 for a node that has no counterpart here, by its name.
    RequestError: TC519 for what is no expression of SymPy, TC509 for a name that is none here.
    """
    found = translated(expr, indices)
    facts: dict[str, list[str]] = {}
    if assume:
        _, facts = scope_of({"assume": {name: own if isinstance(own, str) else list(own) for name, own in assume.items()}})
    stated = {name: frozenset(listed) for name, listed in facts.items() if name in found.variables}
    return Tensor(found.expr, Layout((found.groups,), found.letters, row=found.row), Names(found.variables, stated))


def from_einsum(*arguments: Any) -> Tensor:
    """A product given as to NumPy's ``einsum``, of tensors and of names, which become variables.

    Both ways to call it are read: subscripts first, or a list of labels behind each operand.  Sizes
    that no tensor shows get names.

    Examples
    --------
    >>> print(from_einsum("ik,kj->ij", "X", "Y"))
    X Y
    >>> from_einsum("X", [0, 1], "Y", [1, 2], [0, 2]) == from_einsum("ik,kj->ij", "X", "Y")
    True
    >>> print(from_einsum("i,ij,j->", "x", "A", "x").gradient("x"))
    (A + A') x

    Raises
    ------
    RequestError: TC519 for subscripts or operands that are none.
    ShapeError: TC103, TC113, TC115 where shapes do not fit.
    """
    subscripts, operands = subscripts_of(arguments)
    inputs, _, output = subscripts.partition("->")
    words = inputs.split(",")
    for one in operands:
        if not isinstance(one, (str, Tensor)):
            raise RequestError("TC519", f"an operand is a tensor or a name, not {shown(one)}", field="expr")
    names = {one: len(word) for word, one in zip(words, operands) if isinstance(one, str)}
    for word, one in zip(words, operands):
        order = names[one] if isinstance(one, str) else one.ndim
        if order != len(word):
            raise ShapeError("TC113", f"subscripts {word!r} for an operand with {order} axes", field="expr")
    tensors = [one for one in operands if isinstance(one, Tensor)]
    inner = {name for one in tensors for name in (*one.names.variables, *symbols_of(one.expr, one.names))}
    bound: dict[str, Tensor] = {}
    factors = []
    for word, one in zip(words, operands):
        name = one if isinstance(one, str) else _free("T", {*names, *bound, *inner})
        if isinstance(one, Tensor):
            bound[name] = one
        factors.append(f"{name}_{{{word}}}" if word else name)
    left = _free("R", {*names, *bound, *inner})
    statement = f"{left}_{{{output}}}" if output else left
    numbers: dict[str, list[Dim]] = {name: [] for name, order in names.items() if not order}
    found = read(f"{statement} = {'*'.join(factors)}", {**numbers, **bound})
    return Tensor(found.expr, Layout(((1,) * found.ndim,)), found.names)


def _free(name: str, taken: Collection[str]) -> str:
    """A name that nobody has."""
    return next(one for one in (name, *(f"{name}{k}" for k in range(len(taken) + 1))) if one not in taken)
