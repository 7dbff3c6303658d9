"""Derivatives as linear maps: differentials, their values along a direction, their adjoints, linearisation.

The derivative of a matrix by a matrix has four axes.  What it does to a direction,
and what its adjoint does to a weight, are matrices again, and nothing here is larger
than what goes in and what comes out.  Entries of a variable are independent, whatever
is known of it; a direction may have a structure of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..algebra.build import add, einsum, substitute
from ..algebra.expr import Expr, Variable
from ..calculus.derive import differentiated
from ..calculus.differential import differential as change_of
from ..calculus.simplify import simplify
from ..errors import RequestError, ShapeError
from ..notation.describe import Layout
from ..request import check_name, shown
from .names import Names, known, united
from .tensor import By, Operand, Tensor, insist_on_tensor, of_variable, operand, variable_of

_SIGNS = ("d", "δ", "Δ", "D")   # in front of a name: its change


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Differential(Tensor):
    """A tensor that is linear in the changes of some variables: ``tr(A dX B)``.

    ``changes`` gives each variable the name of its change.  What stands in front of a
    change is the derivative: :meth:`identify`, or :meth:`gradient` of a number.
    """

    changes: Mapping[str, str] = field(default_factory=dict)

    def identify(self, wrt: By | None = None) -> Tensor:
        """The derivative that this is the differential of: ``dU_ij = D_ijpq dX_pq``.

        Examples
        --------
        >>> from tensorcalc import read
        >>> differential(read("X Y"), "X").identify().to("kronecker")
        "Y' ⊗ eye(m)"

        Raises
        ------
        RequestError: TC519 without ``wrt`` where there are several variables.
        """
        if wrt is None and len(self.changes) != 1:
            raise RequestError("TC519", f"the differential is in {', '.join(self.changes)}: say by which", field="wrt")
        by = variable_of(self, next(iter(self.changes)) if wrt is None else wrt)
        (name,) = by.names.variables
        if name not in self.changes:
            raise RequestError("TC519", f"{name} does not change in this differential", field="wrt")
        change = self.names.variables[self.changes[name]]
        layout = Layout((self.groups, by.groups), self.layout.letters, self.layout.name, (name,))
        return Tensor(differentiated(self.expr, [change], {}), layout, self.names)

    def gradient(self, wrt: By | None = None, *, reading: str = "free") -> Tensor:
        """What stands in front of the change of a number: ``df = G : dX``.

        With ``wrt`` one of the variables that change; any other one differentiates as usual.

        Examples
        --------
        >>> from tensorcalc import read
        >>> df = differential(read("logdet(X)"), "X")
        >>> print(df, "|", df.gradient())
        tr(inv(X) dX) | inv(X)'
        """
        if wrt is not None and not self._changes(wrt):
            return Tensor.gradient(self, wrt, reading=reading)
        if self.ndim:
            raise ShapeError("TC106", "a gradient is of a number", help="use identify")
        return self.identify(wrt)

    def _changes(self, wrt: By) -> bool:
        name = wrt.expr.name if isinstance(wrt, Tensor) and isinstance(wrt.expr, Variable) else wrt
        return name in self.changes


def differential(f: Tensor, *wrt: By) -> Differential:
    """``df``, linear in the changes ``dX`` of the variables ``wrt``.

    Examples
    --------
    >>> from tensorcalc import read
    >>> print(differential(read("inv(X)"), "X"))
    -inv(X) dX inv(X)
    >>> print(differential(read("tr(A X B)"), "A", "X"))
    tr(A dX B) + tr(B dA X)

    Raises
    ------
    UnknownNameError: TC204 for a name that is no variable of ``f``.
    """
    listed = _several(f, wrt)
    taken = set(f.names.variables)
    changes: dict[str, str] = {}
    for one in listed:
        changes[_name(one)] = next(name for sign in _SIGNS if (name := sign + _name(one)) not in taken)
    directions = [_named(one, changes[_name(one)]) for one in listed]
    made = jvp(f, listed, directions)
    return Differential(made.expr, made.layout, made.names, changes=changes)


def jvp(f: Tensor, wrt: By, direction: Operand) -> Tensor:
    """The derivative along a direction: ``Σ_pq D_ijpq V_pq``, of the shape of ``f``.

    ``wrt`` is a variable, or a list of some; ``direction`` is as long.  A direction is a
    tensor of the shape of its variable, or a name for one.

    Examples
    --------
    >>> from tensorcalc import read, tensor
    >>> F = tensor("F", 3, 3)
    >>> print(jvp(read("inv(F)", F=F), F, "H"))
    -inv(F) H inv(F)

    Raises
    ------
    ShapeError: TC101 where a direction has another shape than its variable.
    """
    listed, directions = _several(f, [wrt]), _directions(f, wrt, direction)
    terms = [change_of(f.expr, _node(one), along.expr) for one, along in zip(listed, directions)]
    expr = simplify(add([(1, term) for term in terms], f.expr.shape))
    return Tensor(expr, Layout((f.groups,), f.layout.letters, f.layout.name, row=f.layout.row), _all(f, listed, directions))


def vjp(f: Tensor, wrt: By, weight: Operand) -> Any:
    """The adjoint of the derivative at a weight: ``Σ_ij W_ij D_ijpq``, of the shape of the variable.

    For a list of variables a tuple.  ``weight`` is a tensor of the shape of ``f``, or a name for one.

    Examples
    --------
    >>> from tensorcalc import read
    >>> print(vjp(read("inv(X)"), "X", "W"))
    -inv(X)' W inv(X)'

    Raises
    ------
    ShapeError: TC101 where the weight has another shape than ``f``.
    """
    insist_on_tensor(f)
    given = _fitting(weight, f, "the weight", "what is differentiated")
    holder = Variable(f.expr.shape, "the weight")   # no name that people give, so that nothing else depends on it
    axes = range(f.expr.rank)
    total = einsum([(holder, axes), (f.expr, axes)], ())
    found = []
    for one in _several(f, [wrt]):
        slope = simplify(substitute(differentiated(total, [_node(one)], {}), {holder: given.expr}))
        found.append(Tensor(slope, Layout((one.groups,)), _all(f, [one], [given])))
    return tuple(found) if isinstance(wrt, (list, tuple)) else found[0]


def hvp(f: Tensor, wrt: By, direction: Operand) -> Any:
    """The Hessian of a number times a direction: ``Σ_pq H_ijpq V_pq``, of the shape of the variable.

    For a list of variables, with a direction each, a tuple: the block Hessian times the stacked directions.

    Examples
    --------
    >>> from tensorcalc import read
    >>> print(hvp(read("logdet(X)"), "X", "V"))
    -inv(X)' V' inv(X)'
    >>> for row in hvp(read("x' A y"), ["x", "y"], ["u", "v"]):
    ...     print(row)
    A v
    A' u

    Raises
    ------
    ShapeError: TC106 where ``f`` is no number, TC101 where a direction has another shape than its variable.
    """
    insist_on_tensor(f)
    if f.ndim:
        raise ShapeError("TC106", "a Hessian is of a number", help="use jvp of a jvp")
    listed, directions = _several(f, [wrt]), _directions(f, wrt, direction)
    found = tuple([jvp(f.gradient(one), listed, directions) for one in listed])
    return found if isinstance(wrt, (list, tuple)) else found[0]


def linearize(f: Tensor, wrt: By, at: Operand | None = None) -> Tensor:
    """The tangent of ``f`` at a point: ``f(X0) + df(X0)[X - X0]``, for a number ``f(X0) + tr(G' (X - X0))``.

    ``at`` is a tensor of the shape of the variable, or a name for one (``X0`` where
    there is none); for a list of variables a list.

    Examples
    --------
    >>> from tensorcalc import fn, read, tensor
    >>> g = read("logdet(X)", X=[2, 2])
    >>> tangent = linearize(g, "X")
    >>> print(tangent)
    logdet(X0) + tr(inv(X0) (X - X0))
    >>> float(tangent(X=[[1, 2], [0, 3]], X0=[[1, 0], [0, 1]]))
    2.0
    >>> F = tensor("F", 3, 3)
    >>> print(linearize(F.T @ F, F, fn.eye(3)))
    F + F' - eye(3)

    Raises
    ------
    UnknownNameError: TC204 for a name that is no variable of ``f``.
    ShapeError: TC101 where the point has another shape than its variable.
    """
    listed = _several(f, [wrt])
    names = [f"{_name(one)}0" for one in listed] if at is None else at
    points = _directions(f, [*listed], names if isinstance(names, (list, tuple)) else [names], keep=True)
    where: dict[Expr, Expr] = {one.expr: point.expr for one, point in zip(listed, points)}
    changes = [Variable(one.expr.shape, f"the change of {_name(one)}", frozenset(), _node(one).groups) for one in listed]
    slope = add([(1, change_of(f.expr, _node(one), change)) for one, change in zip(listed, changes)], f.expr.shape)
    steps: dict[Expr, Expr] = {change: add([(1, node), (-1, point)]) for change, (node, point) in zip(changes, where.items())}
    # Simplified before it is known that a change is a difference: the bracket X - X0 is to stay.
    slope = substitute(substitute(simplify(slope), where), steps)
    expr = add([(1, simplify(substitute(f.expr, where))), (1, slope)])
    if not all(isinstance(point.expr, Variable) for point in points):
        expr = simplify(expr)
    return Tensor(expr, Layout((f.groups,), f.layout.letters, f.layout.name, row=f.layout.row), _all(f, listed, points))


# -- what people pass --------------------------------------------------------------------


def _several(f: Tensor, wrt: Sequence[By]) -> list[Tensor]:
    """The variables, given one by one or as a list."""
    flat = [one for given in wrt for one in (given if isinstance(given, (list, tuple)) else [given])]
    listed = [variable_of(f, one) for one in flat]
    if not listed or len({_name(one) for one in listed}) < len(listed):
        raise RequestError("TC519", "a differential is in one variable or several different ones", field="wrt")
    return listed


def _name(one: Tensor) -> str:
    return _node(one).name


def _node(one: Tensor) -> Variable:
    assert isinstance(one.expr, Variable)
    return one.expr


def _directions(f: Tensor, wrt: By, given: Any, keep: bool = False) -> list[Tensor]:
    """A tensor for each variable, named ones made; with ``keep`` they have the properties of the variable."""
    listed = _several(f, [wrt])
    values = list(given) if isinstance(wrt, (list, tuple)) and isinstance(given, (list, tuple)) else [given]
    if len(values) != len(listed):
        raise RequestError("TC519", f"{len(listed)} variables and {len(values)} directions", field="wrt")
    return [_fitting(value, one, f"what is given for {_name(one)}", _name(one), keep) for value, one in zip(values, listed)]


def _fitting(value: Any, like: Tensor, what: str, other: str, keep: bool = False) -> Tensor:
    """A tensor of the shape of another: itself, or a new variable of that name."""
    if isinstance(value, str):
        return _named(like, value, keep)
    found = operand(value)
    if found is None:
        raise RequestError("TC519", f"{what} is a tensor or a name, not {shown(value)}", field="wrt",
                           help="pass arrays when the result is called")
    if found.shape != like.shape or found.expr.shape != like.expr.shape:
        raise ShapeError("TC101", f"{what} has another shape than {other}",
                         facts=[f"{shape_text(found)} and {shape_text(like)}"])
    return found


def _named(like: Tensor, name: str, keep: bool = False) -> Tensor:
    """A variable of the shape of a tensor."""
    check_name(name, "vars")
    counts = like.groups
    node = Variable(like.expr.shape, name, frozenset(), counts if set(counts) - {1} else ())
    facts = like.names.facts.get(_name(like), ()) if keep else ()
    return of_variable(known(node, facts))


def shape_text(one: Tensor) -> str:
    """A shape as people say it."""
    return " x ".join(map(str, one.shape)) or "a number"


def _all(f: Tensor, *others: Sequence[Tensor]) -> Names:
    return united([f.names, *[one.names for group in others for one in group]])
