"""Tensors from expressions of SymPy, and from and to subscripts of einsum.

Knows :mod:`tensorcalc.interop`, which translates, and :class:`tensorcalc.tensors.tensor.Tensor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..interop.from_sympy import from_sympy as translated
from ..notation.describe import Layout
from ..request import scope_of
from .names import Names
from .tensor import Tensor


def from_sympy(expr: Any, *, assume: Mapping[str, str | Iterable[str]] | None = None) -> Tensor:
    """An expression of SymPy as a tensor.

    Read are matrix expressions (``MatMul``, ``Transpose``, ``Inverse``, ``Trace``, ``Determinant``,
    ``HadamardProduct``, ``KroneckerProduct``, ``Identity``, ``applyfunc`` and their kin), numbers, ``Indexed``
    with ``Sum`` or summed by Einstein's convention, and array expressions of any order.  A matrix symbol of
    one column is a vector.  ``assume`` gives properties to names, as in :func:`tensorcalc.read`.

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
    found = translated(expr)
    facts: dict[str, list[str]] = {}
    if assume:
        _, facts = scope_of({"assume": {name: own if isinstance(own, str) else list(own) for name, own in assume.items()}})
    stated = {name: frozenset(listed) for name, listed in facts.items() if name in found.variables}
    return Tensor(found.expr, Layout((found.groups,), found.letters, row=found.row), Names(found.variables, stated))
