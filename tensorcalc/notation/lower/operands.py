"""Operands: the parts of a formula that an operator or a function is given, and what they must be.

An operand is lowered where it is asked what it denotes, so that errors come in the order of reading.
Knows how to lower only by being told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...algebra import build
from ..syntax import Call, Num, Op, Syntax
from .advice import matrix_help, number_help, says
from .scope import Scope, Value, integer
from .values import regroup, same_shape


@dataclass(frozen=True, slots=True)
class Operand:
    """A part of a formula, and how what it denotes is found.

    Each way to ask lowers the tree: ask once, since nesting must not double the work.
    """

    tree: Syntax
    scope: Scope
    lower: Callable[[Syntax, Scope], Value]

    def value(self) -> Value:
        """What the tree denotes."""
        return self.lower(self.tree, self.scope)

    def matrix(self) -> Value:
        """The same, which must have at most two axes."""
        value = self.lower(self.tree, self.scope)
        if not value.matrix:
            raise self.scope.shape_error("TC105", f"{self.words} has {len(value.axes)} axes; matrix notation has two",
                                         [self.tree], help="use index notation or einsum(…)")
        return value

    def scalar(self, role: str) -> Value:
        """The same, which must be a number."""
        value = self.matrix()
        if not value.is_scalar:
            raise self.scope.shape_error("TC106", f"{role} must be a number", [self.tree], [self.says(value)])
        return value

    def square(self, what: str) -> Value:
        """The same, which must be a square matrix."""
        return self.squared(self.matrix(), what)

    def squared(self, value: Value, what: str) -> Value:
        """Insist that ``value``, which the tree denotes, has equal groups of rows and columns."""
        if not value.rows or not value.cols or not self.scope.agree(value.rows, value.cols):
            help = None
            if what == "a power" and not value.is_scalar and not (value.rows and value.cols):
                name, number = self.words, number_help(self.scope, self.tree)
                help = f"write {name}.^2 for entry by entry, {name}' {name} for a number{f', or {number}' if number else ''}"
            elif not (value.rows and value.cols):
                help = matrix_help(self.scope, self.tree)
            raise self.scope.shape_error("TC107", f"{what} needs a square matrix", [self.tree], [self.says(value)], help)
        return regroup(value, 1, value.rows, self.scope)

    def whole(self) -> int | None:
        """The whole number that the tree is or comes to; ``None`` where it is none."""
        whole = integer(self.tree)
        if whole is None and is_arithmetic(self.tree):
            value = self.lower(self.tree, Scope(source=self.scope.source, building=True))
            known = build.is_number(value.expr) if value.expr is not None else None
            whole = int(known) if known is not None and known.denominator == 1 else None
        return whole

    @property
    def words(self) -> str:
        return self.scope.text(self.tree)

    def says(self, value: Value) -> str:
        """The words of the tree, and the size of ``value``, which it denotes."""
        return says(self.scope, self.tree, value)


Operands = tuple[Operand, ...]
Operator = Callable[[Op, Operands, Scope], Value]
Form = Callable[[Call, Operands, Scope], Value]
Forms = Mapping[str, tuple[tuple[int, ...], Form]]
"""Functions by name: how many arguments each may have, and what it makes of them."""


def is_arithmetic(tree: Syntax) -> bool:
    """Whether a tree has numbers and operators alone."""
    return isinstance(tree, Num) or (isinstance(tree, Op) and all(map(is_arithmetic, tree.operands)))


def trees(operands: Operands) -> list[Syntax]:
    """What the operands are in the source."""
    return [operand.tree for operand in operands]


def pair(operands: Operands, what: str) -> tuple[Value, Value, Value]:
    """Two operands of one shape, or one a number; and the one that gives the shape."""
    a, b = operands[0].value(), operands[1].value()
    if a.is_scalar:
        return a, b, b
    scope = operands[0].scope
    if not b.is_scalar and not same_shape(a, b, scope):
        raise scope.shape_error("TC101", f"{what} needs equal shapes", trees(operands),
                                [operands[0].says(a), operands[1].says(b)])
    return a, b, a
