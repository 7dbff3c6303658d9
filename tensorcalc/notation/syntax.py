"""Formulas as people write them, before anyone asks what they mean.

One surface tree and one operator table serve every notation, every parser and
every printer, so whatever is printed can be read back.  Knows no expressions.

A tree remembers where in the source it stood (``span``); two trees that differ
only in that are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeGuard, TypeVar

from ..errors import Span


@dataclass(frozen=True, slots=True)
class Num:
    """An exact number; ``0.5`` is one half."""

    value: Fraction
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a constant or a dimension.

    ``indices`` has one entry an axis: an index name, or a tuple of index names for
    a merged axis (``D_{(ji)pq}``); ``None`` where no indices were written.
    """

    name: str
    indices: tuple[str | tuple[str, ...], ...] | None = None
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """``inv(X)``, ``f'(A X)``, ``kron(A, B)``; with indices ``inv(X)_ij``.

    ``primes`` counts the quotes behind the function name.
    """

    function: str
    arguments: tuple[Syntax, ...]
    indices: tuple[str | tuple[str, ...], ...] | None = None
    primes: int = 0
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Op:
    """An operator of :data:`OPERATORS` and its operands.

    ``add`` and ``multiply`` take any number of operands, so that long sums and
    products do not nest; ``subtract`` does not occur: ``a - b`` is
    ``add(a, negate(b))``.  All the others take one or two.
    """

    operator: str
    operands: tuple[Syntax, ...]
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A bracketed expression with indices: ``(A X)_ip``."""

    inner: Syntax
    indices: tuple[str | tuple[str, ...], ...]
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, counted from 1: ``X[1, 2]``."""

    inner: Syntax
    positions: tuple[Syntax, ...]
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A matrix written out: ``[1, 2; 3, 4]``."""

    rows: tuple[tuple[Syntax, ...], ...]
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Subscripts:
    """The first argument of ``einsum``: ``'ik,kj->ij'``."""

    text: str
    span: Span = field(default=(0, 0), compare=False)


Syntax = Num | Name | Call | Op | Indexed | Entry | Literal | Subscripts


@dataclass(frozen=True, slots=True)
class Statement:
    """One formula with what stands before it.

    ``definitions`` are the ``t = A x - b`` before the last ``;``.  ``left`` is the
    left side of an index statement (``C_ij = …``), ``None`` for a plain formula.
    ``orders`` says of names how many axes they have, where the way they are written tells.
    """

    definitions: tuple[tuple[Name, Syntax], ...]
    left: Name | None
    body: Syntax
    source: str
    orders: Mapping[str, int] = field(default_factory=dict, compare=False)


class Fixity(NamedTuple):
    """How an operator binds and how it is written.

    ``binding``: larger binds tighter.  ``arity``: how many operands, 0 for any
    number.  ``text`` is printed, ``spellings`` are read.
    """

    binding: int
    arity: int
    text: str
    latex: str
    spellings: tuple[str, ...]


ADDITIVE, FROBENIUS, MULTIPLICATIVE, NEGATIVE, POSTFIX, ATOM = 10, 20, 30, 40, 50, 60

OPERATORS: dict[str, Fixity] = {
    "add":       Fixity(ADDITIVE, 0, " + ", " + ", ("+",)),
    "frobenius": Fixity(FROBENIUS, 2, " : ", " : ", (":",)),
    "multiply":  Fixity(MULTIPLICATIVE, 0, "*", r" \, ", ("*", "@")),
    "divide":    Fixity(MULTIPLICATIVE, 2, "/", r"\frac", ("/",)),
    "hadamard":  Fixity(MULTIPLICATIVE, 2, " .* ", r" \odot ", (".*", "⊙")),
    "quotient":  Fixity(MULTIPLICATIVE, 2, " ./ ", r" \oslash ", ("./", "⊘")),
    "kronecker": Fixity(MULTIPLICATIVE, 2, " ⊗ ", r" \otimes ", ("⊗",)),
    "kronsum":   Fixity(MULTIPLICATIVE, 2, " ⊕ ", r" \oplus ", ("⊕",)),
    "negate":    Fixity(NEGATIVE, 1, "-", "-", ("-", "−")),
    "transpose": Fixity(POSTFIX, 1, "'", r"^\top", ("'", "ᵀ", ".T", ".'", "′", "’", "^T", "^⊤")),
    "power":     Fixity(POSTFIX, 2, "^", "^", ("^",)),
    "elpower":   Fixity(POSTFIX, 2, ".^", r"^{\odot}", (".^",)),
}
"""The surface syntax.  One row an operator; parser and printers read nothing else."""


def children(tree: Syntax) -> tuple[Syntax, ...]:
    """The subtrees of ``tree``, from left to right."""
    match tree:
        case Call():
            return tree.arguments
        case Op():
            return tree.operands
        case Indexed():
            return (tree.inner,)
        case Entry():
            return (tree.inner, *tree.positions)
        case Literal():
            return tuple(entry for row in tree.rows for entry in row)
        case _:
            return ()


T = TypeVar("T")


def fold(tree: Syntax, combine: Callable[[Syntax, list[T]], T]) -> T:
    """Call ``combine(node, results of its children)`` from the leaves up; the result for ``tree``.

    Nothing recurses, so a tree may be deeper than Python's stack.
    """
    stack: list[tuple[Syntax, Iterator[Syntax], list[T]]] = [(tree, iter(children(tree)), [])]
    while True:
        node, rest, done = stack[-1]
        child = next(rest, None)
        if child is not None:
            stack.append((child, iter(children(child)), []))
            continue
        stack.pop()
        value = combine(node, done)
        if not stack:
            return value
        stack[-1][2].append(value)


def walk(tree: Syntax) -> Iterator[Syntax]:
    """All subtrees of ``tree``, from left to right."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (Name, Num)):
            stack.extend(reversed(children(node)))


def multiply(*operands: Syntax) -> Syntax:
    """A product, flat: nested products at the left are spliced in."""
    flat: list[Syntax] = []
    for k, operand in enumerate(operands):
        flat.extend(operand.operands if k == 0 and is_op(operand, "multiply") else (operand,))
    return flat[0] if len(flat) == 1 else Op("multiply", tuple(flat))


def add(*operands: Syntax) -> Syntax:
    """A sum, flat."""
    flat: list[Syntax] = []
    for operand in operands:
        flat.extend(operand.operands if is_op(operand, "add") else (operand,))
    return flat[0] if len(flat) == 1 else Op("add", tuple(flat))


def negate(operand: Syntax) -> Syntax:
    """The negative; two negations cancel."""
    return operand.operands[0] if is_op(operand, "negate") else Op("negate", (operand,))


def transpose(operand: Syntax) -> Syntax:
    """The transpose; two transposes cancel."""
    return operand.operands[0] if is_op(operand, "transpose") else Op("transpose", (operand,))


def is_op(tree: Syntax, operator: str) -> TypeGuard[Op]:
    """Whether ``tree`` is an application of ``operator``."""
    return isinstance(tree, Op) and tree.operator == operator


def number(value: Fraction | int) -> Syntax:
    """A number; a fraction is a quotient of integers, a negative one is negated."""
    value = Fraction(value)
    if value < 0:
        return negate(number(-value))
    if value.denominator == 1:
        return Num(value)
    return Op("divide", (Num(Fraction(value.numerator)), Num(Fraction(value.denominator))))
