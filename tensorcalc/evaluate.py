"""From an expression and arrays to an array: one step for each node of the plan.

Knows plans and NumPy, and nothing of notations.  Sizes are read off the arrays;
what cannot be read is passed by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any
from warnings import catch_warnings, simplefilter

from . import kernels
from .backends import numpy
from .build import is_number
from .errors import LimitError, RequestError, ShapeError, UnsupportedError
from .expr import Apply, Delta, Einsum, Expr, Sum, Variable
from .functions import POWER, TABLE, Function, axis_ways, core_axes, core_names
from .pairwise import is_placement
from .plan import plan
from .sizes import Dim, Shape, product_text, symbols, value
from .traverse import postorder, uses

Array = Any
Labels = Sequence[int]

MOST_ENTRIES = 2**31   # of a result or of an intermediate result

_planned = lru_cache(maxsize=512)(lambda expr, sizes: plan(expr, dict(sizes)))


def evaluate(expr: Expr, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None,
             groups: Sequence[int] | None = None, declared: Iterable[Variable] = ()) -> Array:
    """The value of ``expr`` where each variable has the value of its name.

    ``sizes`` gives dimensions and exponents that no array shows.  ``groups`` says
    how many axes of the expression make one axis of the result each; without it
    every axis stays one.  Sizes are also read off the values of ``declared``
    variables that do not occur in ``expr``.

    Examples
    --------
    >>> from tensorcalc.build import einsum, variable
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> evaluate(einsum([(A, "ij"), (x, "j")], "i"), {"A": [[1, 2], [3, 4], [5, 6]], "x": [1, -1]})
    array([-1., -1., -1.])

    Raises
    ------
    RequestError: TC511 without a value for a variable, TC512 for one that is no array of
        numbers, TC513 without a size.
    ShapeError: TC111 and TC112 where arrays do not fit.
    LimitError: TC411 where a result has too many entries.
    UnsupportedError: TC311 where a matrix has no inverse or factor.
    """
    np = numpy()
    occurring = {node.name: node for node in postorder(expr) if isinstance(node, Variable)}
    variables = [*occurring.values(), *[v for v in declared if v.name in values and v.name not in occurring]]
    arrays = {variable.name: _array(variable, values) for variable in variables}
    known = read_sizes(variables, arrays, sizes or {})
    _require(expr, known)
    arrays = {variable.name: arrays[variable.name].reshape(_sized(variable.shape, known)) for variable in occurring.values()}
    callables = {name: found for name, found in values.items() if callable(found)}
    with np.errstate(all="ignore"), catch_warnings():
        simplefilter("ignore")
        result = _Run(arrays, known, callables).of(_planned(expr, tuple(sorted(known.items()))))
    if groups is not None:
        shape, axes = iter(result.shape), list(groups)
        result = result.reshape([prod(next(shape) for _ in range(count)) for count in axes])
    shared = result.base is not None or any(result is array for array in arrays.values())
    return result.copy() if shared else result


# -- what the user passes ----------------------------------------------------------------


def _array(variable: Variable, values: Mapping[str, Any]) -> Array:
    """The array that the user passed for ``variable``, as floating-point numbers."""
    np = numpy()
    name = variable.name
    if name not in values:
        raise RequestError("TC511", f"no value for {name}", field="values",
                           help=f"pass {name} as {_declared(variable)}")
    try:
        array = np.asarray(values[name])
        array = array if array.dtype.kind == "c" else array.astype(float)
    except (TypeError, ValueError) as error:
        raise RequestError("TC512", f"the value of {name} is no array of numbers", field="values",
                           help=f"pass {name} as {_declared(variable)}") from error
    if array.ndim != len(_groups(variable)):
        raise ShapeError("TC111", f"{name} has the wrong order", field="values",
                         facts=[f"{name} is declared as {_declared(variable)} and given as {_given(array)}"])
    return array


def _groups(variable: Variable) -> list[Shape]:
    """The dimensions that make each axis of the array of a variable."""
    dims = iter(variable.shape)
    return [tuple([next(dims) for _ in range(count)]) for count in variable.groups or (1,) * variable.rank]


def _declared(variable: Variable) -> str:
    return " x ".join(str(product_text(dims)) for dims in _groups(variable)) or "a number"


def _given(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "a number"


def read_sizes(variables: Iterable[Variable], arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes of all symbols that ``arrays`` and ``sizes`` show.

    Raises
    ------
    ShapeError: TC112 where two places disagree.
    """
    known = {name: _whole(name, size) for name, size in sizes.items()}
    origin = {name: "as given" for name in known}
    pending = [(variable, axis, dims) for variable in variables for axis, dims in enumerate(_groups(variable))]
    while pending:
        later = []
        for variable, axis, dims in pending:
            unknown = {symbol for dim in dims for symbol in symbols(dim)} - known.keys()
            array = arrays[variable.name]
            place = f"by the {_ordinal(axis)} axis of {variable.name} ({variable.name} is {_given(array)})"
            if len(unknown) == 1:
                name = unknown.pop()
                known[name], origin[name] = _solve(dims, name, known, array.shape[axis]), place
            if unknown:
                later.append((variable, axis, dims))
            elif prod(value(dim, known) for dim in dims) != array.shape[axis]:
                raise _mismatch(variable, axis, dims, array, known, origin, place)
        if len(later) == len(pending):
            break
        pending = later
    return known


def _whole(name: str, size: Any) -> int:
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise RequestError("TC512", f"the size {name} is a whole number, not {str(size)[:40]!r}", field="sizes")
    return int(size.__index__())


def _solve(dims: Shape, name: str, known: Mapping[str, int], size: int) -> int:
    """The value of the symbol ``name`` at which ``dims`` make ``size`` entries, or the nearest below."""
    low, high = 1, 2
    while high < 2**40 and prod(value(dim, {**known, name: high}) for dim in dims) <= size:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if prod(value(dim, {**known, name: middle}) for dim in dims) <= size:
            low = middle
        else:
            high = middle
    return low


def _mismatch(variable: Variable, axis: int, dims: Shape, array: Array, known: Mapping[str, int],
              origin: Mapping[str, str], place: str) -> ShapeError:
    text = product_text(dims)
    if isinstance(text, int):
        return ShapeError("TC112", f"{variable.name} has the wrong size", field="values",
                          facts=[f"{variable.name} is declared as {_declared(variable)} and given as {_given(array)}"])
    size = prod(value(dim, known) for dim in dims)
    if len(dims) == 1 and text in known:
        facts = [f"{text} is {size} {origin[str(text)]}", f"{text} is {array.shape[axis]} {place}"]
    else:
        names = sorted({symbol for dim in dims for symbol in symbols(dim)})
        facts = [f"{name} is {known[name]} {origin[name]}" for name in names if origin[name] != place]
        facts.append(f"{text} is {array.shape[axis]} {place}")
    return ShapeError("TC112", f"the size {text} has two values", field="values", facts=facts)


def _ordinal(axis: int) -> str:
    return ("first", "second", "third")[axis] if axis < 3 else f"{axis + 1}th"


def _require(expr: Expr, known: Mapping[str, int]) -> None:
    """All sizes must be known, and no intermediate result too large."""
    for node in postorder(expr):
        for symbol in sorted({s for dim in (*node.shape, *_dim_of(node)) for s in symbols(dim)} - known.keys()):
            raise RequestError("TC513", f"no array shows the size {symbol}", field="sizes",
                               help=f'pass sizes={{"{symbol}": …}}')


def _dim_of(node: Expr) -> Shape:
    return (node.dim,) if isinstance(node, Delta) else ()


def _sized(shape: Shape, known: Mapping[str, int]) -> tuple[int, ...]:
    return tuple([dim if isinstance(dim, int) else value(dim, known) for dim in shape])


# -- the plan, step by step --------------------------------------------------------------


class _Run:
    """One evaluation: a value for each node of a plan, forgotten after its last use."""

    def __init__(self, arrays: Mapping[str, Array], sizes: Mapping[str, int],
                 callables: Mapping[str, Callable[..., Array]]) -> None:
        self.arrays, self.sizes, self.callables = arrays, sizes, callables

    def of(self, root: Expr) -> Array:
        order = postorder(root)
        for node in order:
            if prod(_sized(node.shape, self.sizes)) > MOST_ENTRIES:
                raise LimitError("TC411", "a result of more than 2^31 entries", field="values",
                                 facts=[f"shape {' x '.join(map(str, _sized(node.shape, self.sizes)))}"])
        left = uses([root])
        done: dict[Expr, Array] = {}
        for node in order:
            done[node] = self._step(node, [done[child] for child in node.children])
            for child in node.children:
                left[child] -= 1
                if not left[child]:
                    done.pop(child, None)
        return numpy().asarray(done[root])

    def _step(self, node: Expr, inputs: list[Array]) -> Array:
        shape = _sized(node.shape, self.sizes)
        match node:
            case Variable(name=name):
                return self.arrays[name]
            case Delta(dim=dim):
                return float(value(dim, self.sizes)) if not shape else place(1.0, (), [range(len(shape))], shape)
            case Sum(terms=terms):
                return add([(float(weight), term) for (weight, _), term in zip(terms, inputs)], shape)
            case Einsum(subscripts=subscripts) if is_placement(node):
                return self._place(node, inputs, shape)
            case Einsum(subscripts=(own,)):
                return unary(inputs[0], own, node.rank)
            case Einsum(subscripts=(own, other)):
                return pair(inputs[0], own, inputs[1], other, node.rank)
            case Apply():
                return self._apply(node, inputs, shape)
        raise AssertionError(node)

    def _place(self, node: Einsum, inputs: list[Array], shape: tuple[int, ...]) -> Array:
        result: Array = 1.0
        labels: Labels = ()
        deltas: list[Labels] = []
        for operand, own, array in zip(node.operands, node.subscripts, inputs):
            if own and isinstance(operand, Delta):
                deltas.append(own)
            else:
                labels = own or labels
                result = result * array
        return place(result, labels, deltas, shape) if deltas else result

    def _apply(self, node: Apply, inputs: list[Array], shape: tuple[int, ...]) -> Array:
        np, function = numpy(), node.function
        try:
            if function is POWER:
                return power(inputs[0], inputs[1], is_number(node.arguments[1]))
            if is_unknown(function):
                return np.broadcast_to(np.asarray(self._callable(function)(*inputs), dtype=float), shape)
            if function.signature == "->":
                return constant(function, inputs, shape)
            if function.ways:
                inputs = [_merged(array, core, function) for array, core in
                          zip(inputs, core_names(function.signature)[0])]
            return kernel(function.name)(*inputs).reshape(shape)
        except np.linalg.LinAlgError as error:
            raise UnsupportedError("TC311", f"{function} has no value here", field="values",
                                   facts=[str(error)]) from error

    def _callable(self, function: Function) -> Callable[..., Array]:
        name = keyword(function)
        if name not in self.callables:
            raise RequestError("TC511", f"no value for the function {function}", field="values",
                               help=f"pass {name} as a function of arrays")
        return self.callables[name]


def is_unknown(function: Function) -> bool:
    """Whether the user passes ``function``: it is no row of the function table and no step of a plan."""
    return function.name not in TABLE and function.name not in kernels.NUMPY


def keyword(function: Function) -> str:
    """The name under which the user passes an unknown function or its derivative: ``f``, ``df``, ``d2f``."""
    name = function.name.rstrip("'")
    order = len(function.name) - len(name)
    return ("", "d")[order] + name if order < 2 else f"d{order}{name}"


def add(terms: Sequence[tuple[float, Array]], shape: tuple[int, ...]) -> Array:
    """The linear combination of arrays of ``shape``."""
    if not terms:
        return numpy().zeros(shape)
    (weight, first), *rest = terms
    total = weight * first
    for weight, term in rest:
        total = total + (term if weight == 1 else weight * term)
    return total


def unary(tensor: Array, labels: Labels, rank: int) -> Array:
    """One tensor, read along diagonals, summed and permuted; the labels of the result are ``0 … rank-1``."""
    distinct = list(dict.fromkeys(labels))
    if len(distinct) < len(labels):
        tensor = numpy().einsum(tensor, list(labels), distinct)
    summed = tuple([axis for axis, label in enumerate(distinct) if label >= rank])
    if summed:
        tensor = tensor.sum(axis=summed)
    return _ordered(tensor, [label for label in distinct if label < rank])


def _ordered(tensor: Array, labels: Labels) -> Array:
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return tensor if order == list(range(len(order))) else tensor.transpose(order)


def pair(a: Array, own: Labels, b: Array, other: Labels, rank: int) -> Array:
    """The product of two tensors, as one matrix product or one elementwise product."""
    summed = [label for label in own if label >= rank]
    if not summed:
        return spread(a, own, rank) * spread(b, other, rank)
    both = [label for label in own if label in other and label < rank]
    left = [label for label in own if label not in other]
    right = [label for label in other if label not in own]
    dims = {**dict(zip(own, a.shape)), **dict(zip(other, b.shape))}

    def matrix(tensor: Array, labels: Labels, *order: Labels) -> Array:
        place = [labels.index(label) for group in order for label in group]
        shape = [prod(dims[label] for label in group) for group in order]
        return tensor.transpose(place).reshape(shape if both else shape[1:])

    product = matrix(a, own, both, left, summed) @ matrix(b, other, both, summed, right)
    labels = (*both, *left, *right)
    return _ordered(product.reshape([dims[label] for label in labels]), labels)


def spread(tensor: Array, labels: Labels, rank: int) -> Array:
    """``tensor`` with its axes at the places ``labels`` of ``rank``, and axes of size one elsewhere."""
    shape = [1] * rank
    for label, size in zip(labels, tensor.shape):
        shape[label] = size
    return _ordered(tensor, labels).reshape(shape)


def place(tensor: Array, labels: Labels, deltas: Sequence[Labels], shape: tuple[int, ...]) -> Array:
    """``tensor`` repeated along the axes of deltas of order one, and on the diagonals of the others."""
    np = numpy()
    if labels:
        tensor = spread(tensor, labels, len(shape))
    if all(len(axes) == 1 for axes in deltas):
        return np.broadcast_to(tensor, shape)
    first = list(range(len(shape)))
    for axes in deltas:
        for axis in axes:
            first[axis] = axes[0]
    result = np.zeros(shape, dtype=np.result_type(tensor, float))
    kept = sorted(set(first))
    if labels:
        tensor = tensor.reshape([tensor.shape[axis] for axis in kept])
    np.einsum(result, first, kept)[...] = tensor
    return result


# -- functions ---------------------------------------------------------------------------


@lru_cache(maxsize=None)
def kernel(name: str) -> Callable[..., Array]:
    """The function that computes a row of the function table."""
    if name in kernels.NUMPY:
        found: Any = numpy()
        for part in kernels.NUMPY[name].split("."):
            found = getattr(found, part)
    else:
        found = getattr(kernels, kernels.OWN.get(name, name))
    return found  # type: ignore[no-any-return]


def power(base: Array, exponent: Array, known: Any = None) -> Array:
    """``base`` to an exponent; whole and half exponents that are known exactly are exact."""
    np = numpy()
    if known is None:
        return np.power(base, exponent)
    if known.denominator == 1:
        return np.power(base, float(known)) if known >= 0 else 1.0 / np.power(base, float(-known))
    if known.denominator == 2 and abs(known) == known.__class__(1, 2):
        return np.sqrt(base) if known > 0 else 1.0 / np.sqrt(base)
    return np.power(base, float(known))


def constant(function: Function, inputs: list[Array], shape: tuple[int, ...]) -> Array:
    """A tensor that has no tensor argument."""
    np = numpy()
    match function.name:
        case "eps":
            return kernels.levi_civita(len(shape))
        case "duplication":
            return kernels.duplication(shape[0])
        case "elimination":
            return kernels.elimination(shape[1])
        case "regroup":
            count = function.data[0]
            assert isinstance(count, int)
            return np.eye(prod(shape[:count])).reshape(shape)
        case "literal":
            rows = [[float(entry) for entry in row] for row in function.data]  # type: ignore[union-attr]
            return np.array(rows).reshape(shape)
        case "unit":
            position = int(inputs[0])
            if not 1 <= position <= shape[0]:
                raise RequestError("TC514", f"position {position} of an axis with {shape[0]} entries", field="sizes",
                                   help="entries count from 1")
            return np.eye(shape[0])[position - 1]
    raise AssertionError(function)


def _merged(array: Array, names: Sequence[str], function: Function) -> Array:
    """``array`` with each group of axes that stands for one core axis merged."""
    ways = axis_ways(function)
    count = sum(ways[name] for name in names)
    core = iter(array.shape[array.ndim - count:])
    return array.reshape(*array.shape[:array.ndim - count], *[prod(next(core) for _ in range(ways[name])) for name in names])
