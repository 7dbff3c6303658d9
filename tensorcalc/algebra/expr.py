"""The expression DAG: five node types, interned so that equal means identical.

    Variable   a named tensor                                        A, x
    Delta      the Kronecker delta of any order                      n, 1, δ_ij
    Sum        a linear combination of terms of one shape            2 A - B
    Einsum     a product of tensors with shared and summed axes      A_ij B_jk
    Apply      any other function, elementwise or of a whole matrix  exp(A), inv(A)

Axes are positions, never names; index names belong to notations.  Nodes do not
simplify themselves and have no operators: make them with :mod:`tensorcalc.algebra.build`.
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from ..functions import Function
from ..sizes import Dim, Shape

Term = tuple[Fraction, "Expr"]
Subscripts = tuple[tuple[int, ...], ...]
SortKey = tuple[int, str, bytes]

_NODES: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


class Expr:
    """A tensor-valued expression.

    ``shape`` is one dimension an axis.  ``key`` is a total order that is the same
    in every process: kind, then name, then content; it is computed at construction
    from the keys of the children, so however deep the DAG is, nothing recurses.
    ``symmetry`` is +1 where all axes may be interchanged, -1 where that changes the
    sign, 0 otherwise, ``None`` where nobody has looked yet.  ``settled`` and ``traits`` are
    notes of :mod:`tensorcalc.calculus`, kept because every simplification asks again: the sets of
    rules by which nothing below the node can be rewritten; how many symbols it takes to write it,
    and what occurs in it, as bits.
    """

    __slots__ = ("__weakref__", "children", "key", "settled", "shape", "symmetry", "traits")

    kind: ClassVar[int]
    shape: Shape
    children: tuple[Expr, ...]
    key: SortKey
    symmetry: int | None
    settled: tuple[object, ...]
    traits: tuple[int, int] | None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def fields(self) -> tuple[Any, ...]:
        """The arguments that construct this very node."""
        raise AssertionError

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.fields

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.fields!r}"


def _finish(node: Expr, intern_key: tuple[Any, ...], name: str, data: object, children: tuple[Expr, ...]) -> None:
    """Fill what is derived, and make the node the one of its kind."""
    node.children, node.settled, node.traits = children, (), None
    digest = blake2b(repr((node.shape, data)).encode(), digest_size=16)
    for child in children:
        digest.update(child.key[2])
    node.key = (node.kind, name, digest.digest())
    _NODES[intern_key] = node


class Variable(Expr):
    """A named tensor whose value the user supplies.

    ``facts``: symmetric, skew, diagonal, positive, …
    ``groups``: how many axes each declared axis was split into, where one was
    declared with a product size (``"n*m"`` is two axes); empty where none was.
    """

    __slots__ = ("facts", "groups", "name")
    __match_args__ = ("shape", "name", "facts")
    kind = 1
    name: str
    facts: frozenset[str]
    groups: tuple[int, ...]

    def __new__(cls, shape: Shape, name: str, facts: frozenset[str] = frozenset(),
                groups: tuple[int, ...] = ()) -> Variable:
        intern_key = (cls, shape, name, facts, groups)
        found: Variable | None = _NODES.get(intern_key)
        if found is not None:
            return found
        node = object.__new__(cls)
        node.shape, node.name, node.facts, node.groups = shape, name, facts, groups
        node.symmetry = 0
        if len(shape) == 2 and shape[0] == shape[1] and not groups:
            node.symmetry = 1 if facts & _SYMMETRIC else -1 if "skew" in facts else 0
        _finish(node, intern_key, name, (name, sorted(facts), groups), ())
        return node

    @property
    def fields(self) -> tuple[Any, ...]:
        return self.shape, self.name, self.facts, self.groups


_SYMMETRIC = frozenset({"symmetric", "diagonal", "spd", "psd"})


class Delta(Expr):
    """1 where all indices are equal, else 0.  Order 0 is the dimension itself, order 1 is all ones."""

    __slots__ = ("dim",)
    __match_args__ = ("shape", "dim")
    kind = 0
    dim: Dim

    def __new__(cls, shape: Shape, dim: Dim) -> Delta:
        intern_key = (cls, shape, dim)
        found: Delta | None = _NODES.get(intern_key)
        if found is not None:
            return found
        node = object.__new__(cls)
        node.shape, node.dim, node.symmetry = shape, dim, 1
        _finish(node, intern_key, "", ("delta", dim), ())
        return node

    @property
    def fields(self) -> tuple[Any, ...]:
        return self.shape, self.dim


class Sum(Expr):
    """A linear combination with exact weights; the empty one is zero.

    ``content`` and ``turned`` are what :func:`tensorcalc.algebra.build.split` and
    :func:`tensorcalc.algebra.build.turn` found, kept because every product asks again.
    """

    __slots__ = ("content", "terms", "turned")
    __match_args__ = ("shape", "terms")
    kind = 3
    terms: tuple[Term, ...]
    content: tuple[Fraction, Expr] | None
    turned: tuple[tuple[int, ...], int, Expr] | None

    def __new__(cls, shape: Shape, terms: tuple[Term, ...]) -> Sum:
        weights = [(weight.numerator, weight.denominator) for weight, _ in terms]
        children = tuple([term for _, term in terms])
        intern_key = (cls, shape, tuple(weights), children)   # two whole numbers are hashed faster than a fraction
        found: Sum | None = _NODES.get(intern_key)
        if found is not None:
            return found
        node = object.__new__(cls)
        node.shape, node.terms, node.symmetry = shape, terms, None
        node.content = node.turned = None
        _finish(node, intern_key, "", ("sum", weights), children)
        return node

    @property
    def fields(self) -> tuple[Any, ...]:
        return self.shape, self.terms


class Einsum(Expr):
    """A product of tensors; the empty one is one.

    ``subscripts`` gives one label an axis for each operand.  Labels ``0 … rank-1``
    are the axes of the result, in order; every larger label is summed over.
    """

    __slots__ = ("operands", "subscripts")
    __match_args__ = ("shape", "operands", "subscripts")
    kind = 4
    operands: tuple[Expr, ...]
    subscripts: Subscripts

    def __new__(cls, shape: Shape, operands: tuple[Expr, ...], subscripts: Subscripts) -> Einsum:
        intern_key = (cls, shape, operands, subscripts)
        found: Einsum | None = _NODES.get(intern_key)
        if found is not None:
            return found
        node = object.__new__(cls)
        node.shape, node.operands, node.subscripts, node.symmetry = shape, operands, subscripts, None
        _finish(node, intern_key, "", ("einsum", subscripts), operands)
        return node

    @property
    def fields(self) -> tuple[Any, ...]:
        return self.shape, self.operands, self.subscripts


class Apply(Expr):
    """A row of the function table applied to arguments; leading axes are looped over.

    A constant (``eps``, ``duplication``) is a row applied to nothing.
    """

    __slots__ = ("arguments", "function")
    __match_args__ = ("shape", "function", "arguments")
    kind = 2
    function: Function
    arguments: tuple[Expr, ...]

    def __new__(cls, shape: Shape, function: Function, arguments: tuple[Expr, ...], symmetry: int = 0) -> Apply:
        intern_key = (cls, shape, function, arguments)
        found: Apply | None = _NODES.get(intern_key)
        if found is not None:
            return found
        node = object.__new__(cls)
        node.shape, node.function, node.arguments, node.symmetry = shape, function, arguments, symmetry
        row = ("apply", function.name, function.signature, function.derivatives, function.ways, function.data)
        _finish(node, intern_key, function.name, row, arguments)
        return node

    @property
    def fields(self) -> tuple[Any, ...]:
        return self.shape, self.function, self.arguments, self.symmetry or 0
