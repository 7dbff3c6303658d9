"""Text to expressions: parse, find the sizes, build.

``read`` is the one way in for every notation; the modules below lower one each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...algebra import series
from ...algebra.expr import Expr, Variable
from ...errors import TensorCalcError, UnknownNameError
from ...sizes import Dim, product_text
from .. import parse
from ..letters import occurring, uses_indices
from ..parse import SPOKEN
from ..syntax import Call, Name, Op, Statement, Syntax, walk
from . import index, matrix
from .scope import Scope, Value, function_names, shape_of
from .unify import Group
from .values import as_matrix


@dataclass(frozen=True, slots=True)
class Reading:
    """A formula as an expression.

    ``groups``: how many axes of ``expr`` make one axis of the page; for a matrix those
    of the rows, then those of the columns.  ``letters``: the indices of the left side,
    where index notation was read.  ``name``: the name on the left side.
    ``variables``: every variable declared or met; ``notes``: what was assumed.
    """

    expr: Expr
    groups: tuple[int, ...]
    letters: tuple[str, ...] | None
    name: str | None
    variables: Mapping[str, Variable]
    scope: Scope
    notes: tuple[str, ...] = ()
    row: bool = False

    @property
    def shape(self) -> tuple[Dim, ...]:
        """One size an axis, merged axes as products."""
        return merged_shape(self.expr, self.groups)


def merged_shape(expr: Expr, groups: Sequence[int]) -> tuple[Dim, ...]:
    """The sizes of the axes that ``groups`` makes of those of ``expr``."""
    sizes, at = [], 0
    for count in groups:
        sizes.append(product_text(expr.shape[at : at + count]))
        at += count
    return tuple(sizes)


def read(source: str, scope: Scope | None = None, *, field: str = "expr") -> Reading:
    """Read a formula in any notation.

    Examples
    --------
    >>> read("C_ij = X_ik Y_kj").shape
    ('m', 'p')
    >>> read("kron(B', A)*vec(X)").expr is read("vec(A*X*B)").expr
    True

    Raises
    ------
    TensorCalcError: whatever is wrong with the formula, with the place.
    """
    scope = scope or Scope()
    try:
        statement = parse.parse(source, scope.functions.keys(), field, scope.own_names())
        scope.orders = {**statement.orders, **scope.orders}
        return _lowered(statement, scope)
    except TensorCalcError as error:
        if error.field is None:
            error.field = field
        if error.source is None:
            error.source = source
        raise


def read_tree(tree: Syntax, scope: Scope, letters: tuple[str, ...] | None = None) -> Reading:
    """What a tree means that was not written as text; ``letters`` are the indices of its left side.

    Examples
    --------
    >>> read_tree(Call("tr", (Name("X"),)), Scope()).expr is read("tr(X)").expr
    True
    """
    return _lowered(Statement((), None if letters is None else Name("D", letters), tree, ""), scope)


def read_sides(left: str, right: str, scope: Scope) -> tuple[Reading, Reading]:
    """Read both sides of an equation, over one set of variables.

    Sizes that nobody declared are found from both; sides whose shapes cannot agree
    are read all the same.
    """
    statements = []
    for field, source in (("lhs", left), ("rhs", right)):
        with _located(field, source):
            statements.append(parse.parse(source, scope.functions.keys(), field, scope.own_names()))
            _check_order(statements[-1])
    for name in _defined_where_used(statements):
        scope.tensors[name] = Value(None, ((), ()))
    for statement in statements:
        scope.orders = {**statement.orders, **scope.orders}
        scope.source = statement.source
        _check_names([*(body for _, body in statement.definitions), statement.body], scope)
    scope.prepare([tree for statement in statements for tree in
                   (*(body for _, body in statement.definitions), statement.body)])
    letters: list[dict[str, Group]] = [dict(scope.letters), dict(scope.letters)]
    values = _both(statements, scope, letters)
    if len(values[0].groups) == len(values[1].groups):
        for a, b in zip(values[0].groups, values[1].groups):
            scope.agree(a, b)
    scope.letters = {f"{k}{letter}": group for k, own in enumerate(letters) for letter, group in own.items()}
    scope.settle()
    values = _both(statements, scope, letters)
    return _reading(statements[0], values[0], scope), _reading(statements[1], values[1], scope)


def _defined_where_used(statements: Sequence[Statement]) -> set[str]:
    """The names that every side defines which mentions them: they are no variables."""
    found: set[str] = set()
    free: set[str] = set()
    for statement in statements:
        defined = {name.name for name, _ in statement.definitions}
        trees = [*(body for _, body in statement.definitions), statement.body]
        found |= defined
        free |= {node.name for tree in trees for node in walk(tree) if isinstance(node, Name)} - defined
    return found - free


def _both(statements: Sequence[Statement], scope: Scope, letters: list[dict[str, Group]]) -> list[Value]:
    values = []
    for field, statement, own in zip(("lhs", "rhs"), statements, letters):
        scope.source, scope.letters = statement.source, own
        with _located(field, statement.source):
            values.append(_pass(statement, scope, [])[0])
    return values


@contextmanager
def _located(field: str, source: str) -> Iterator[None]:
    """Errors raised inside say where."""
    try:
        yield
    except TensorCalcError as error:
        error.field = error.field or field
        error.source = error.source or source
        raise


def _reading(statement: Statement, value: Value, scope: Scope) -> Reading:
    assert value.expr is not None
    groups = tuple(len(group) for group in value.groups)
    left = statement.left
    return Reading(value.expr, groups, index.flat_letters(left) if left and left.indices is not None else None,
                   left.name if left else None, dict(scope.variables), scope,
                   row=value.matrix and not value.rows and bool(value.cols))


def _lowered(statement: Statement, scope: Scope) -> Reading:
    scope.source = statement.source
    trees = [tree for _, tree in statement.definitions] + [statement.body]
    _check_order(statement)
    defined = {name.name for name, _ in statement.definitions}
    for name in defined:
        scope.tensors[name] = Value(None, ((), ()))
    _check_names(trees, scope)
    scope.prepare(trees)
    notes: list[str] = []
    value, letters = _pass(statement, scope, notes)
    scope.settle()
    value, letters = _pass(statement, scope, [])
    assert value.expr is not None
    groups = tuple(len(group) for group in (value.groups if value.matrix else value.axes))
    expr = series.ordered(value.expr) if _has_power_series(trees) else value.expr
    return Reading(expr, groups, letters, statement.left.name if statement.left else None,
                   dict(scope.variables), scope, (*notes, *scope.remarks),
                   row=value.matrix and not value.rows and bool(value.cols))


def _has_power_series(trees: Sequence[Syntax]) -> bool:
    """Whether a power series is written out, whose factors may then stand in any order."""
    return any(isinstance(node, Call) and node.function == "coefficient" for tree in trees for node in walk(tree))


_WITHOUT_BRACKET = frozenset({"ln", "Tr", "trace", "Det", "sgn"})
"""Other names of functions that papers write before an operand without a bracket."""


def _check_names(trees: Sequence[Syntax], scope: Scope) -> None:
    """A function of the language without a bracket is no variable, and neither is the sign of a sum."""
    for tree in trees:
        named = function_names(tree)
        for node in walk(tree):
            _check_quotient(node, scope)
            if isinstance(node, Name) and len(node.name) > 1 and node.name not in scope.declared and id(node) not in named \
                    and node.name in (matrix.FUNCTION_NAMES - {"delta", "eps"}) | _WITHOUT_BRACKET:
                raise scope.formula_error("TC070", f"{node.name} is a function", node,
                                          help="write sum(i, …)" if node.name == "sum" and node.indices
                                          else f"write {SPOKEN.get(node.name, node.name)}(…)")
            if isinstance(node, Name) and _is_sign(node) and node.name not in scope.own_names():
                raise scope.formula_error("TC070", f"{node.name} with one index reads as a sign of a sum or a product", node,
                                          help=f"write sum(i, …), or declare a vector (vars, or --var {node.name}=n)")


def _check_quotient(tree: Syntax, scope: Scope) -> None:
    """``d/dx`` of names that nobody declared is no quotient."""
    match tree:
        case Op("divide", (Name("d"), Name(below))) if below[0] == "d" and below[1:].isalpha() \
                and not {"d", below} & scope.own_names():
            raise scope.formula_error("TC070", f"d/{below} reads as the sign of a derivative", tree,
                                      help=f"write diff(…, {below[1:]}), or declare d a number (vars, or --var d=)")


def _is_sign(name: Name) -> bool:
    """Whether a capital letter stands for a sum or a product, as in ``Σ_i``."""
    return name.name in ("Σ", "Π") and len(name.indices or ()) == 1


def _check_order(statement: Statement) -> None:
    """A definition uses what is defined before it."""
    open_names = [name.name for name, _ in statement.definitions]
    for place, (_, tree) in enumerate(statement.definitions):
        for node in walk(tree):
            if isinstance(node, Name) and node.name in open_names[place:] and node.name not in open_names[:place]:
                raise UnknownNameError("TC201", f"{node.name} is used before it is defined", spans=[node.span],
                                       help="put definitions in the order in which they are used")


def _pass(statement: Statement, scope: Scope, notes: list[str]) -> tuple[Value, tuple[str, ...] | None]:
    """Lower everything once, definitions first."""
    for name, tree in statement.definitions:
        if name.indices is not None or uses_indices(tree):
            letters = index.flat_letters(name) if name.indices is not None else index.free_letters(tree, scope)
            with scope.own_letters(tree):
                scope.tensors[name.name] = as_matrix(index.lower(tree, letters, scope))
        else:
            scope.tensors[name.name] = matrix.lower(tree, scope)
    body, left = statement.body, statement.left
    if not uses_indices(body) and (left is None or left.indices is None):
        return matrix.lower(body, scope), None
    if left is not None:
        letters = index.flat_letters(left)
        if len(set(letters)) < len(letters):
            raise scope.formula_error("TC066", "an index stands twice on the left side", left,
                                      help="write the diagonal with a delta: D_ij = delta_ij x_i")
        alone = sorted(set(letters) - set(occurring(body)))
        if alone:
            notes.append(f"on the left alone: {', '.join(alone)}; nothing varies along {'it' if len(alone) == 1 else 'them'}")
    else:
        letters = index.free_letters(body, scope)
        if letters:
            notes.append(f"free indices in alphabetical order: {', '.join(letters)}")
    value = index.lower(body, letters, scope)
    if scope.postponed:
        scope.postponed = False
        value = index.lower(body, letters, scope)
    if left is not None and any(isinstance(part, tuple) for part in left.indices or ()):
        value = _merged(value, left.indices or ())
    return value, letters


def _merged(value: Value, indices: Sequence[str | tuple[str, ...]]) -> Value:
    groups, at = [], 0
    for part in indices:
        count = len(part) if isinstance(part, tuple) else 1
        groups.append(tuple(dim for group in value.axes[at : at + count] for dim in group))
        at += count
    return Value(value.expr, tuple(groups), matrix=False)


__all__ = ["Reading", "Scope", "Value", "merged_shape", "read", "read_sides", "read_tree", "shape_of"]
