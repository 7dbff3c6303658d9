"""The derivative of one function application by one of its arguments, as the table states it.

Knows how to read the rows of the function table; knows no direction of accumulation.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..algebra import build
from ..algebra.build import Factor, delta, einsum
from ..algebra.expr import Apply, Expr
from ..errors import UnsupportedError
from ..functions import (
    FRECHET,
    TABLE,
    Function,
    axis_ways,
    core_names,
    frechet,
    frechet_of,
    grouped,
    is_unknown,
    primes,
    unknown,
)
from ..notation.lower.pointwise import pointwise
from ..notation.syntax import Call, Name, Syntax
from ..sizes import Dim, spell
from .equations import Equation, equation


@dataclass(frozen=True, slots=True)
class Local:
    """∂value/∂argument as a sum of products.

    ``terms``: weights and factors with labels.  ``value`` and ``argument``: the labels
    of the axes of either; axes that are looped over carry the same label on both.
    """

    terms: tuple[tuple[Fraction, tuple[Factor, ...]], ...]
    value: tuple[Hashable, ...]
    argument: tuple[Hashable, ...]


def local(node: Apply, k: int) -> Local:
    """The derivative of ``node`` by its argument ``k``, all else constant.

    Raises
    ------
    UnsupportedError: TC302 when the table has none.
    """
    function = node.function
    if is_unknown(function) and len(node.arguments) == 1:
        return _of_unknown(node)
    if function.name == "powers":
        return _of_powers(node)
    if function.name == "funm" or function.name in FRECHET:
        return _of_matrix_function(node)
    if k >= len(function.derivatives):
        raise UnsupportedError("TC302", f"{function} has no derivative in the table")
    row = equation(function.derivatives[k])
    if not row.rows and not row.columns:
        axes = tuple(range(node.rank))
        slope = pointwise(row.body, _names(node))
        return Local(((Fraction(1), ((slope, axes[: slope.rank]),)),), axes, axes if node.arguments[k].rank else ())
    return _of_row(node, row, k)


def _names(node: Apply) -> dict[str, Expr]:
    return {"y": node, **dict(zip(("x",) if len(node.arguments) == 1 else ("a", "b"), node.arguments))}


def _of_row(node: Apply, row: Equation, k: int) -> Local:
    """A row with indices, looped over the leading axes."""
    function = node.function
    ways = axis_ways(function)
    inputs, output = core_names(function.signature)
    outer = dict(zip(row.rows, output)) | dict(zip(row.columns, inputs[k]))
    sizes = _Letters(outer, ways)
    batch: list[Hashable] = [("batch", axis) for axis in range(node.rank - sum(ways[name] for name in output))]
    rows, columns = sizes.labels(row.rows), sizes.labels(row.columns)
    shape = dict(zip([*batch, *rows], node.shape)) | dict(zip(columns, node.arguments[k].shape[len(batch):]))
    terms = []
    for weight, factors in row.terms:
        inner = _Letters(_core_axes(factors, inputs, output) | outer, ways)
        made: list[Factor] = [_factor(tree, _names(node), batch, inner, function) for tree in factors]
        needed = {*rows, *columns} - {label for _, labels in made for label in labels}
        made += [(delta(shape[label], 1), [label]) for label in needed]
        terms.append((weight, tuple(made)))
    return Local(tuple(terms), (*batch, *rows), (*batch, *columns))


def _core_axes(factors: Sequence[Syntax], inputs: Sequence[Sequence[str]], output: Sequence[str]) -> dict[str, str]:
    """The core axis that each letter of a term runs over, summed ones too."""
    names = {"y": output, "x": inputs[0], "a": inputs[0], "b": inputs[-1]}
    return {str(letter): core for tree in factors if isinstance(tree, Name) and tree.name in names
            for letter, core in zip(tree.indices or (), names[tree.name])}


def _of_powers(node: Apply) -> Local:
    """``∂(X^a)_ij/∂X_kl = Σ_b (X^b)_ik (X^(a-1-b))_lj``, for the whole stack."""
    size = node.shape[0]
    both = build.special("convolution", (size, size, size))
    factors: tuple[Factor, ...] = ((both, "abc"), (node, "bik"), (node, "clj"))
    return Local(((Fraction(1), factors),), ("a", "i", "j"), ("k", "l"))


def _of_matrix_function(node: Apply) -> Local:
    """The next Fréchet derivative, whose last two axes are those of the argument."""
    of, times = frechet_of(node.function) if node.function.name in FRECHET else (node.function, 0)
    (argument,) = node.arguments
    core = 2 * sum(axis_ways(of).values())
    rows: tuple[Hashable, ...] = tuple(range(node.rank))
    columns: tuple[Hashable, ...] = tuple([("column", axis) for axis in range(core)])
    slope = build.apply(frechet(of, times + 1), argument)
    return Local(((Fraction(1), ((slope, (*rows, *columns)),)),), rows, (*rows[: argument.rank - core], *columns))


def _of_unknown(node: Apply) -> Local:
    """The next derivative of a function that the user declared."""
    name, order = primes(node.function)
    (argument,) = node.arguments
    rows = tuple(range(node.rank))
    if node.function.elementwise:
        slope = build.apply(replace(node.function, name=node.function.name + "'"), argument)
        return Local(((Fraction(1), ((slope, rows),)),), rows, rows)
    slope = build.apply(unknown(name, order + 1, argument.rank), argument)
    columns: tuple[Hashable, ...] = tuple(("column", axis) for axis in range(argument.rank))
    return Local(((Fraction(1), ((slope, (*rows, *columns)),)),), rows, columns)


# -- the rows of the table ---------------------------------------------------------------


class _Letters:
    """Labels for the letters of a row, one for each axis that a core axis stands for."""

    def __init__(self, core: dict[str, str], ways: dict[str, int]) -> None:
        self.core, self.ways = core, ways
        self.dims: dict[Hashable, Dim] = {}

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
        case Call(function="tril", indices=indices) if indices is not None:
            if len(dims) != 1:
                raise UnsupportedError("TC302", "the derivative for a matrix with merged axes is not in the table")
            return build.special("tril", dims * 2), sizes.labels([str(index) for index in indices])
        case Call(function="powers" | "exchange" as called, indices=indices) if indices is not None:
            count = build.dimension_of(names["b"])
            if count is None:
                raise UnsupportedError("TC302", "a matrix power is differentiated for integer exponents only")
            size = spell(count)
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


def _dims_of(letter: object, sizes: _Letters, argument: Expr, lead: int, function: Function) -> tuple[Dim, ...]:
    """The sizes of the core axis that a letter runs over."""
    inputs, _ = core_names(function.signature)
    at = lead
    for name in inputs[0]:
        if sizes.core.get(str(letter)) == name:
            return argument.shape[at : at + sizes.ways[name]]
        at += sizes.ways[name]
    return ()
