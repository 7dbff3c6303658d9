"""The functions of the language, of tensors and numbers: ``fn.inv(A)``, ``fn.tanh(W @ h)``, ``fn.eye("n")``.

Every function of a formula is here under its name; a call is lowered like a call in
a formula, so shapes are checked alike.  As in NumPy, functions of a vector or a
matrix go along the last axes of a tensor that has more.

Examples
--------
>>> from tensorcalc import tensor
>>> from tensorcalc.tensors import fn
>>> A, x = tensor("A", "m", "n"), tensor("x", "n")
>>> print(fn.sum(fn.softplus(A @ x)).gradient(x))
A' sigmoid(A x)
>>> fn.inv(A)
Traceback (most recent call last):
tensorcalc.errors.ShapeError: ShapeError TC107: inv needs a square matrix
  inv(A)
      ^
  A is m x n
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

from ..algebra.build import apply
from ..errors import RequestError, ShapeError, TensorCalcError, UnsupportedError
from ..functions import ELEMENTWISE, TABLE, core_names
from ..notation.describe import Layout
from ..notation.lower import Scope, Value
from ..notation.lower.matrix import FUNCTION_NAMES, lower
from ..notation.lower.unify import Unknown, expand
from ..notation.lower.values import as_matrix
from ..notation.parse import SPOKEN, parse_expression
from ..notation.syntax import Call, Name, Op, Subscripts, Syntax
from ..request import shown
from ..spelling import closest
from .names import symbols_of
from .tensor import Operand, Tensor, made, operand, value_of, words

_SIZED = ("eye", "ones", "zeros", "commutation", "duplication", "elimination", "e", "E", "eps")
_ANY_ORDER = {"sqrt", "max", "min", "sum", "norm1", "norm2", "einsum", *(row.name for row in ELEMENTWISE)}


def einsum(subscripts: str, *operands: Operand) -> Tensor:
    """NumPy's ``einsum`` of tensors.

    Examples
    --------
    >>> from tensorcalc import tensor
    >>> A, B = tensor("A", "m", "n"), tensor("B", "n", "p")
    >>> einsum("ij,jk->ik", A, B) == A @ B
    True

    Raises
    ------
    FormulaError: TC055 for fewer or more subscripts than operands.
    ShapeError: TC103 where one index has two sizes.
    """
    return call("einsum", subscripts, *operands)


def call(name: str, *arguments: Any) -> Tensor:
    """The function ``name`` of tensors, numbers and, where it takes sizes, sizes.

    Raises
    ------
    TensorCalcError: what lowering the call in a formula would raise, with the call as its source.
    """
    if name in ("diff", "jacobian"):
        return _differentiated(name, arguments)
    looped = _looped(name, arguments)
    if looped is not None:
        return looped
    try:
        return _Call(name, arguments, plain=True).result()
    except TensorCalcError:
        return _Call(name, arguments, plain=False).result()   # the same error, said about the user's formulas


def _differentiated(name: str, arguments: Sequence[Any]) -> Tensor:
    one = operand(arguments[0]) if 2 <= len(arguments) <= 3 - (name == "jacobian") else None
    if one is None:
        raise RequestError("TC519", f"{name} takes a tensor and a variable of it", field="expr")
    return one.jacobian(arguments[1]) if name == "jacobian" else \
        one.derivative(arguments[1], order=arguments[2] if len(arguments) == 3 else 1)


def _looped(name: str, arguments: Sequence[Any]) -> Tensor | None:
    """A function of the last axes of a tensor that has more; ``None`` where a formula can say it."""
    row = TABLE.get(name)
    if row is None or len(arguments) != 1 or not isinstance(arguments[0], Tensor):
        return None
    (inputs, output), one = core_names(row.signature), arguments[0]
    if len(inputs) != 1 or one.ndim <= len(inputs[0]):
        return None
    if inputs[0] and set(one.groups) != {1}:
        raise UnsupportedError("TC312", f"{name} along the last axes of a tensor with merged axes", field="expr")
    expr = apply(row, one.expr)
    counts = one.groups[: one.ndim - len(inputs[0])]
    return Tensor(expr, Layout(((*counts, *[1] * len(output)),)), one.names)


class _Call:
    """One call as a surface tree over names that stand for tensors."""

    def __init__(self, name: str, arguments: Sequence[Any], plain: bool) -> None:
        self.name, self.plain = name, plain
        self.bound: dict[str, Tensor] = {}
        self.source = f"{name}("
        trees = [self._argument(k, argument) for k, argument in enumerate(arguments)]
        self.source = self.source.removesuffix(", ") + ")"
        self.tree = Call(name, tuple(trees), span=(0, len(self.source)))

    def result(self) -> Tensor:
        """The value, lowered twice as formulas are: to find sizes, then to build."""
        tensors = {name: self._value(one) for name, one in self.bound.items()}
        symbols = {symbol for one in self.bound.values() for symbol in symbols_of(one.expr, one.names)}
        scope = Scope(tensors=tensors, integers=symbols, source=self.source)
        scope.prepare([self.tree])
        lower(self.tree, scope)
        if any(isinstance(part, Unknown) and part.preferred is None
               for group in scope.sized.values() for part in expand(group)):
            raise ShapeError("TC116", f"{self.name} needs its sizes here", source=self.source, spans=[self.tree.span],
                             help='a size is a number or a name: fn.e(1, "n")')
        scope.settle()
        return made(lower(self.tree, scope), self.bound.values())

    def _value(self, one: Tensor) -> Value:
        value = value_of(one)
        return value if self.name in _ANY_ORDER and one.ndim else as_matrix(value)

    def _argument(self, place: int, argument: Any) -> Syntax:
        start = len(self.source)
        if isinstance(argument, str):
            text, tree = self._text(place, argument)
        else:
            one = operand(argument)
            if self.name in _SIZED and isinstance(argument, (float, Fraction)):
                raise RequestError("TC501", f"a size is a positive integer or a name, not {shown(argument)}", field="expr")
            if one is None:
                raise RequestError("TC519", f"{self.name} takes tensors and numbers, not {shown(argument)}",
                                   field="expr")
            text, tree = "" if self.plain else words(one) or "…", Name(f"#{place}")
            if self.name in _SIZED and isinstance(argument, int):
                text, tree = str(argument), parse_expression(str(argument))
            else:
                self.bound[f"#{place}"] = one
        self.source += text + ", "
        return _placed(tree, (start, start + len(text)))

    def _text(self, place: int, argument: str) -> tuple[str, Syntax]:
        if self.name == "einsum" and place == 0:
            return repr(argument), Subscripts(argument)
        if self.name in ("frechet", "funm") and place == 0:
            return argument, parse_expression(argument)
        if self.name not in _SIZED:
            raise RequestError("TC519", f"{self.name} takes tensors and numbers, not {shown(argument)}", field="expr",
                               help="read a formula with tensorcalc.read")
        return argument, parse_expression(argument)


def _placed(tree: Syntax, span: tuple[int, int]) -> Syntax:
    """``tree`` as it stands at ``span`` of another source."""
    if isinstance(tree, Op):
        return replace(tree, operands=tuple(_placed(inner, span) for inner in tree.operands), span=span)
    return replace(tree, span=span)


# -- the functions as attributes of this module ------------------------------------------


@cache
def _function(name: str) -> Callable[..., Tensor]:
    def function(*arguments: Any) -> Tensor:
        return call(name, *arguments)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{name}(…)`` as in a formula."
    return function


def __getattr__(name: str) -> Callable[..., Tensor]:
    name = SPOKEN.get(name, name)
    if name not in FUNCTION_NAMES:
        meant = closest(name, FUNCTION_NAMES)
        hint = "; a transpose is A.T" if name == "transpose" else f"; did you mean {meant}?" if meant else ""
        raise AttributeError(f"tensorcalc.tensors.fn has no function {name}{hint}")
    return _function(name)


def __dir__() -> list[str]:
    return sorted(FUNCTION_NAMES)
