"""Making tensors: declared variables, and formulas about names or tensors.

Knows requests, whose checks it shares, and :class:`tensorcalc.tensors.tensor.Tensor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..calculus.derive import differentiated
from ..errors import RequestError
from ..notation.describe import Layout
from ..notation.lower import read as read_formula
from ..notation.lower.values import as_matrix
from ..request import check_name, mapping_of, scope_of, shown, text_of
from ..sizes import Dim
from .broadcast import grouped
from .declared import kinds
from .names import Names, groups, known, symbols_of, united
from .tensor import Tensor, of_variable, value_of


def tensor(name: str, *shape: Dim, assume: str | Iterable[str] = ()) -> Tensor:
    """Declare a variable with one size an axis: a number, a name, or a product of those.

    Examples
    --------
    >>> tensor("A", "n", "m")
    <Tensor (n, m): A>
    >>> tensor("S", 3, 3, assume="symmetric").shape
    (3, 3)
    >>> tensor("y", "n*m").shape
    ('n*m',)

    Raises
    ------
    RequestError: TC509 for a name, TC501 for a size, TC510 and TC516 for a property.
    """
    check_name(name, "vars")
    listed = _listed(assume)
    scope, facts = scope_of({"vars": {name: list(shape)}, "assume": {name: listed} if listed else {}})
    scope.prepare([])
    scope.settle()
    return of_variable(known(scope.variables[name], facts.get(name, ())))


def read(formula: str, vars: Mapping[str, Any] | None = None, *, assume: Mapping[str, Any] | None = None,
         functions: Mapping[str, Any] | None = None, index_dims: Mapping[str, Dim] | None = None,
         **names: Any) -> Tensor:
    """Read a formula in any notation.

    ``vars``, or further keywords, say what names stand for: a shape (a list of one
    size an axis, or the size of a vector), or a tensor that is put in for the name.
    Other names are variables and go by their first letter: a to g numbers, h to z
    vectors, A to Z matrices, of sizes that conform.  ``functions`` gives unknown functions
    a kind or a formula in z, as requests do, or an expression of SymPy
    (:func:`tensorcalc.function`).

    Examples
    --------
    >>> print(read("tr(A X B)", A=["p", "n"], X=["n", "m"]).gradient("X"))
    A' B'
    >>> x = tensor("x", "n")
    >>> print(read("y' y", y=2 * x))
    4 x' x

    Raises
    ------
    TensorCalcError: whatever is wrong with the formula, with the place.
    """
    given = _declarations(_mapping("vars", vars), names)
    bound = {name: one for name, one in given.items() if isinstance(one, Tensor)}
    own = united([one.names for one in bound.values()])
    scope, facts = scope_of({
        "vars": {name: [shape] if isinstance(shape, (int, str)) else shape for name, shape in given.items()
                 if name not in bound},
        "assume": assume, "functions": kinds(_mapping("functions", functions)), "index_dims": index_dims})
    for name, variable in own.variables.items():
        value = grouped(variable, groups(variable))
        scope.axes[name], scope.tensors[name] = value.axes, as_matrix(value)
    scope.tensors |= {name: as_matrix(value_of(one)) for name, one in bound.items()}
    scope.integers |= {symbol for one in bound.values() for symbol in symbols_of(one.expr, one.names)}
    scope.differentiate = lambda expr, by, order: differentiated(expr, [by] * order, facts)
    found = read_formula(_text(formula), scope)
    stated = {name: frozenset(listed) for name, listed in facts.items() if name in found.variables}
    return Tensor(found.expr, Layout((found.groups,), found.letters, found.name, row=found.row),
                  united([own, Names(found.variables, stated)]))


def index(statement: str, **operands: Tensor) -> Tensor:
    """An index statement about tensors.

    Examples
    --------
    >>> X, Y = tensor("X", "m", "n"), tensor("Y", "n", "p")
    >>> index("C_ij = X_ik Y_kj", X=X, Y=Y) == X @ Y
    True

    Raises
    ------
    RequestError: TC519 for what is no tensor, and for a formula in another notation.
    """
    for name, one in operands.items():
        if not isinstance(one, Tensor):
            raise RequestError("TC519", f"{name} is a tensor, not {shown(one)}", field="vars", help="read takes shapes")
    found = read(statement, operands)
    if found.layout.letters is None:
        raise RequestError("TC519", f"{shown(statement)} is not in index notation", field="expr",
                           help="read takes every notation")
    return found


def _listed(facts: object) -> object:
    return list(facts) if isinstance(facts, Iterable) and not isinstance(facts, str) else facts


def _mapping(field: str, given: object) -> dict[str, Any]:
    return mapping_of({field: dict(given) if isinstance(given, Mapping) else given}, field)


def _text(formula: object) -> str:
    """A formula that is one."""
    if isinstance(formula, Tensor):
        raise RequestError("TC507", "a tensor has been read already", field="expr", help="use it as it is")
    return text_of({"expr": formula}, "expr")


def _declarations(vars: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    for name in [*vars, *names]:
        check_name(name, "vars")
        if name in vars and name in names:
            raise RequestError("TC519", f"{name} is declared twice", field="vars")
    return {**vars, **names}
