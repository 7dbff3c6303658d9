"""Differentiation: one case a node type, and one table for the rest.

``derivative(y, x)`` has the axes of ``y`` followed by the axes of ``x``: reverse
accumulation over the DAG with one adjoint a node, so a scalar ``y`` never meets a
tensor of higher order than its own.  Knows no notation but that of the table.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from . import build
from .build import add, delta, einsum, scale, zero
from .errors import LimitError, UnsupportedError
from .expr import Apply, Einsum, Expr, Sum, Variable
from .functions import TABLE, Function, axis_ways, core_names, grouped, is_unknown, primes, unknown
from .notation.lower.pointwise import pointwise
from .notation.parse import parse_expression
from .notation.syntax import Call, Name, Num, Op, Syntax
from .traverse import postorder

MOST_SPLICED = 400   # nodes of an expression whose adjoints are spliced into one product each
MOST_RANK = 12       # axes of a derivative


def derivative(y: Expr, x: Variable) -> Expr:
    """∂y/∂x, of shape ``y.shape + x.shape``.

    Examples
    --------
    >>> from tensorcalc.build import variable, einsum
    >>> A, x = variable("A", "n", "n"), variable("x", "n")
    >>> derivative(einsum([(A, "ij"), (x, "j")], "i"), x) is A
    True

    Raises
    ------
    UnsupportedError: TC302 when a function without derivative depends on ``x``.
    LimitError: TC401 when the derivative has too many axes.
    """
    if y.rank + x.rank > MOST_RANK:
        raise LimitError("TC411", f"a derivative with {y.rank + x.rank} axes; the limit is {MOST_RANK}")
    nodes = _dependent(y, x)
    if x not in nodes:
        return zero(y.shape + x.shape)
    splice = len(nodes) <= MOST_SPLICED
    contributions: dict[Expr, list[Expr]] = {y: [identity(y)]}
    for node in reversed(nodes):
        if node is x or node not in contributions:
            continue
        adjoint = add([(1, part) for part in contributions.pop(node)])
        if isinstance(adjoint, Sum) and not adjoint.terms:
            continue
        for child, part in pullback(node, adjoint, nodes, splice):
            contributions.setdefault(child, []).append(part)
    return add([(1, part) for part in contributions.get(x, ())], y.shape + x.shape)


def _dependent(y: Expr, x: Variable) -> dict[Expr, None]:
    """The nodes below ``y`` that depend on ``x``, children first."""
    found: dict[Expr, None] = {}
    for node in postorder(y):
        if node is x or any(child in found for child in node.children):
            found[node] = None
    return found


def identity(y: Expr) -> Expr:
    """∂y/∂y: one delta an axis."""
    factors = [(delta(dim), (("row", axis), ("column", axis))) for axis, dim in enumerate(y.shape)]
    rows: list[Hashable] = [("row", axis) for axis in range(y.rank)]
    return einsum(factors, rows + [("column", axis) for axis in range(y.rank)])


def pullback(node: Expr, adjoint: Expr, active: Mapping[Expr, None], splice: bool = True) -> Iterator[tuple[Expr, Expr]]:
    """For each active child, the part of ∂y/∂child that flows through ``node``.

    ``adjoint`` is ∂y/∂node: the axes of y, then the axes of node.
    """
    upstream: list[Hashable] = [("y", axis) for axis in range(adjoint.rank - node.rank)]
    match node:
        case Sum(terms=terms):
            for weight, term in terms:
                if term in active:
                    yield term, scale(weight, adjoint)
        case Einsum(operands=operands, subscripts=subscripts):
            for k, operand in enumerate(operands):
                if operand in active:
                    yield operand, _without(node, k, adjoint, upstream, splice)
        case Apply(function=function, arguments=arguments):
            for k, argument in enumerate(arguments):
                if argument in active:
                    yield argument, _through(node, function, k, adjoint, upstream, splice)


def _without(node: Einsum, k: int, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    """A product is linear in each factor: the adjoint times all the others."""
    own, operand = node.subscripts[k], node.operands[k]
    factors: list[build.Factor] = [(adjoint, [*upstream, *range(node.rank)])]
    factors += [(o, s) for i, (o, s) in enumerate(zip(node.operands, node.subscripts)) if i != k]
    present = {label for _, labels in factors for label in labels}
    factors += [(delta(dim, 1), (label,)) for label, dim in dict(zip(own, operand.shape)).items()
                if label not in present]
    return einsum(factors, [*upstream, *own], splice)


def _through(node: Apply, function: Function, k: int, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    """The adjoint times the table's ∂value/∂argument, looped over the batch axes."""
    if is_unknown(function) and len(node.arguments) == 1:
        return _through_unknown(node, adjoint, upstream, splice)
    if k >= len(function.derivatives):
        name = function.name.removeprefix("frechet_")
        what = f"the derivative of {name}" if name != function.name else name
        raise UnsupportedError("TC302", f"{what} has no derivative in the table")
    row = equation(function.derivatives[k])
    if not row.rows and not row.columns:
        return _pointwise(node, row, k, adjoint, upstream, splice)
    ways = axis_ways(function)
    inputs, output = core_names(function.signature)
    sizes = _Letters(row, dict(zip(row.rows, output)) | dict(zip(row.columns, inputs[k])), ways)
    batch: list[Hashable] = [("batch", axis) for axis in range(node.rank - sum(ways[name] for name in output))]
    rows, columns = sizes.labels(row.rows), sizes.labels(row.columns)
    names = {"y": node, **dict(zip(("x",) if len(node.arguments) == 1 else ("a", "b"), node.arguments))}
    terms = []
    for weight, factors in row.terms:
        made = [_factor(tree, names, batch, sizes, function) for tree in factors]
        needed = {*rows, *columns} - {label for _, labels in made for label in labels}
        shape = dict(zip([*batch, *rows], node.shape)) | dict(zip(columns, node.arguments[k].shape[len(batch):]))
        made += [(delta(shape[label], 1), [label]) for label in needed]
        term = einsum([(adjoint, [*upstream, *batch, *rows]), *made], [*upstream, *batch, *columns], splice)
        terms.append((weight, term))
    return add(terms)


def _through_unknown(node: Apply, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    """The adjoint times the next derivative of a function that the user declared."""
    name, order = primes(node.function)
    (argument,) = node.arguments
    rows: list[Hashable] = list(range(node.rank))
    if node.function.elementwise:
        local = build.apply(unknown(name, order + 1), argument)
        return einsum([(adjoint, [*upstream, *rows]), (local, rows)], [*upstream, *rows], splice)
    local = build.apply(unknown(name, order + 1, argument.rank), argument)
    columns: list[Hashable] = [("column", axis) for axis in range(argument.rank)]
    return einsum([(adjoint, [*upstream, *rows]), (local, [*rows, *columns])], [*upstream, *columns], splice)


def _pointwise(node: Apply, row: Equation, k: int, adjoint: Expr, upstream: list[Hashable], splice: bool) -> Expr:
    names = {"y": node, **dict(zip(("x",) if len(node.arguments) == 1 else ("a", "b"), node.arguments))}
    local = pointwise(row.body, names)
    axes = list(range(node.rank))
    kept = axes if node.arguments[k].rank else []
    factors: list[build.Factor] = [(adjoint, [*upstream, *axes]), (local, axes[: local.rank])]
    return einsum(factors, [*upstream, *kept], splice)


# -- the rows of the table ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Equation:
    """``∂y_ij/∂x_kl = body``, the body multiplied out into terms of factors."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    body: Syntax
    terms: tuple[tuple[Fraction, tuple[Syntax, ...]], ...]


@cache
def equation(text: str) -> Equation:
    """Read one derivative of the function table."""
    left, right = text.split(" = ")
    value, argument = (parse_expression(part.removeprefix("∂")) for part in left.split("/"))
    assert isinstance(value, Name) and isinstance(argument, Name)
    body = parse_expression(right)
    rows, columns = ("".join(map(str, name.indices or ())) for name in (value, argument))
    terms = tuple((weight, tuple(factors)) for weight, factors in _expanded(body)) if rows or columns else ()
    return Equation(tuple(rows), tuple(columns), body, terms)


def _expanded(tree: Syntax) -> list[tuple[Fraction, list[Syntax]]]:
    """``tree`` multiplied out: weights and factors."""
    match tree:
        case Op("add", operands):
            return [term for operand in operands for term in _expanded(operand)]
        case Op("negate", (inner,)):
            return [(-weight, factors) for weight, factors in _expanded(inner)]
        case Op("multiply", operands):
            terms: list[tuple[Fraction, list[Syntax]]] = [(Fraction(1), [])]
            for operand in operands:
                terms = [(a * b, left + right) for a, left in terms for b, right in _expanded(operand)]
            return terms
        case Op("divide", (Num(top), Num(bottom))):
            return [(top / bottom, [])]
        case Num(value):
            return [(value, [])]
        case _:
            return [(Fraction(1), [tree])]


class _Letters:
    """Labels for the letters of a row, one for each axis that a core axis stands for."""

    def __init__(self, row: Equation, core: dict[str, str], ways: dict[str, int]) -> None:
        self.core, self.ways = core, ways
        self.dims: dict[Hashable, build.Dim] = {}

    def labels(self, letters: Sequence[str]) -> list[Hashable]:
        default = max(self.ways.values())
        return [(letter, part) for letter in letters
                for part in range(self.ways[self.core[letter]] if letter in self.core else default)]


def _factor(tree: Syntax, names: Mapping[str, Expr], batch: list[Hashable], sizes: _Letters,
            function: Function) -> tuple[Expr, list[Hashable]]:
    """One factor of a row with its labels."""
    ways = tuple(axis_ways(function).values())
    argument = next(expr for name, expr in names.items() if name != "y")
    dims = argument.shape[len(batch):][: ways[0]]
    match tree:
        case Name(name="delta", indices=indices) if indices is not None:
            labels = sizes.labels([str(index) for index in indices])
            half = len(labels) // 2
            shape = argument.shape[len(batch):]
            axes = _dims_of(indices[0], sizes, argument, len(batch), function) or shape[:half]
            pairs = [(delta(dim), (labels[part], labels[half + part])) for part, dim in enumerate(axes)]
            return einsum(pairs, labels), labels
        case Name(name=name, indices=indices):
            own = sizes.labels([str(index) for index in indices or ()])
            expr = names[name]
            return expr, [*batch[: expr.rank - len(own)], *own]
        case Call(function="elimination", indices=indices) if indices is not None:
            (dim,) = dims
            constant = build.special("elimination", (build.sizes.triangular(dim), dim, dim))
            return constant, [("h", str(indices[0])), *sizes.labels([str(index) for index in indices[1:]])]
        case Call(function="powers" | "exchange" as called, indices=indices) if indices is not None:
            count = build.dimension_of(names["b"])
            if count is None:
                raise UnsupportedError("TC302", "a matrix power is differentiated for integer exponents only")
            size = build.sizes.spell(count)
            stack = [("stack", str(indices[0]))]
            if called == "exchange":
                return build.special("exchange", (size, size)), [*stack, ("stack", str(indices[1]))]
            return build.powers(names["a"], size), [*stack, *sizes.labels([str(index) for index in indices[1:]])]
        case Call(function="frechet", arguments=(Name(name=which), Name(name=name)), indices=indices) if indices is not None:
            return _factor(Call(f"frechet_{which}", (Name(name),), indices), names, batch, sizes, function)
        case Call(function=called, arguments=(Name(name=name),), indices=indices) if indices is not None:
            applied = build.apply(grouped(TABLE[called], function.ways), names[name])
            return applied, [*batch, *sizes.labels([str(index) for index in indices])]
        case _:
            raise AssertionError(f"the table has a factor that is not understood: {tree}")


def _dims_of(letter: object, sizes: _Letters, argument: Expr, lead: int, function: Function) -> tuple[build.Dim, ...]:
    """The sizes of the core axis that a letter runs over."""
    inputs, _ = core_names(function.signature)
    at = lead
    for name in inputs[0]:
        if sizes.core.get(str(letter)) == name:
            return argument.shape[at : at + sizes.ways[name]]
        at += sizes.ways[name]
    return ()
