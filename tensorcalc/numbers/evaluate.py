"""From an expression and arrays to an array: one step for each node of the plan.

Knows plans and NumPy, and nothing of notations.  Sizes are read off the arrays;
what cannot be read is passed by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from math import isfinite, prod
from typing import Any
from warnings import catch_warnings, simplefilter

from ..algebra.build import is_number
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder, uses
from ..errors import LimitError, RequestError, UnsupportedError
from ..functions import (
    FRECHET,
    POWER,
    TABLE,
    Function,
    axis_ways,
    coefficients_of,
    core_names,
    frechet_of,
    is_series,
    primes,
    scalar_of,
)
from ..sizes import value
from . import kernels
from .arrays import Array, Labels, add, pair, place, power, unary
from .backends import numpy
from .inputs import read, sized, unknown
from .plans.directions import ALONG, of_along
from .plans.pairwise import is_placement
from .plans.plan import plan

MOST_ENTRIES = 2**31   # of a result or of an intermediate result
MOST_IN_JSON = 2**26   # the same where values come as JSON


@lru_cache(maxsize=512)
def _planned(expr: Expr, sizes: tuple[tuple[str, int], ...]) -> Expr:
    return plan(expr, dict(sizes))


def evaluate(expr: Expr, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None,
             groups: Sequence[int] | None = None, declared: Iterable[Variable] = (),
             most: int = MOST_ENTRIES) -> Array:
    """The value of ``expr`` where each variable has the value of its name.

    ``sizes`` gives dimensions and exponents that no array shows.  ``groups`` says
    how many axes of the expression make one axis of the result each; without it
    every axis stays one.  Sizes are also read off the values of ``declared``
    variables that do not occur in ``expr``.  No array of more than ``most``
    entries is made.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
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
    occurring = {node.name: node for node in postorder(expr) if isinstance(node, Variable)}
    others = [variable for variable in declared if variable.name in values and variable.name not in occurring]
    arrays, known = read([*occurring.values(), *others], values, sizes or {})
    for node in postorder(expr):
        for symbol in unknown(node, known):
            raise RequestError("TC513", f"no array shows the size {symbol}", field="sizes",
                               help=f"give the size by its name: {symbol}=…")
    callables = {name: found for name, found in values.items() if callable(found)}
    with numpy().errstate(all="ignore"), catch_warnings():
        simplefilter("ignore")
        result = _Run(arrays, known, callables, most).of(_planned(expr, tuple(sorted(known.items()))))
    if groups is not None:
        dims = iter(result.shape)
        result = result.reshape([prod(next(dims) for _ in range(count)) for count in groups])
    shared = result.base is not None or any(result is array for array in arrays.values())
    return result.copy() if shared else result


def evaluate_json(expr: Expr, values: Mapping[str, Any], groups: Sequence[int] | None = None,
                  declared: Iterable[Variable] = ()) -> Any:
    """The value of ``expr`` as JSON has it: nested lists of numbers, with texts for what is no finite number.

    These are ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, which JSON cannot write as numbers and ``float``
    reads.  Whole numbers among ``values`` are also sizes.
    """
    variables = {node.name for node in postorder(expr) if isinstance(node, Variable)}
    sizes = {name: size for name, size in values.items() if isinstance(size, int) and name not in variables}
    result = evaluate(expr, values, sizes, groups, declared, MOST_IN_JSON)
    if numpy().isfinite(result).all():
        return result.tolist()
    return _spelled(result.tolist())


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value if isfinite(value) else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def step(node: Expr, inputs: list[Array], sizes: Mapping[str, int],
         callables: Mapping[str, Callable[..., Array]]) -> Array:
    """The value of one node of a plan, from those of its children."""
    return _Run({}, sizes, callables, MOST_ENTRIES).step(node, inputs)


def bounded(shape: tuple[int, ...], most: int = MOST_ENTRIES) -> None:
    """Insist on an array of at most so many entries.

    Raises
    ------
    LimitError: TC411.
    """
    if prod(shape) > most:
        raise LimitError("TC411", f"an array of more than {most} entries", field="values",
                         facts=[f"shape {' x '.join(map(str, shape))}"])


# -- the plan, step by step --------------------------------------------------------------


class _Run:
    """One evaluation: a value for each node of a plan, forgotten after its last use."""

    def __init__(self, arrays: Mapping[str, Array], sizes: Mapping[str, int],
                 callables: Mapping[str, Callable[..., Array]], most: int) -> None:
        self.arrays, self.sizes, self.callables, self.most = arrays, sizes, callables, most

    def of(self, root: Expr) -> Array:
        order = postorder(root)
        for node in order:
            bounded(sized(node.shape, self.sizes), self.most)
        left = uses([root])
        done: dict[Expr, Array] = {}
        for node in order:
            done[node] = self.step(node, [done[child] for child in node.children])
            for child in node.children:
                left[child] -= 1
                if not left[child]:
                    done.pop(child, None)
        return numpy().asarray(done[root])

    def step(self, node: Expr, inputs: list[Array]) -> Array:
        """The value of one node, from those of its children."""
        shape = sized(node.shape, self.sizes)
        match node:
            case Variable(name=name):
                return self.arrays[name]
            case Delta(dim=dim):
                return float(value(dim, self.sizes)) if not shape else place(1.0, (), [range(len(shape))], shape)
            case Sum(terms=terms):
                return add([(float(weight), term) for (weight, _), term in zip(terms, inputs)], shape)
            case Einsum() if is_placement(node):
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
            if is_passed(function) and is_series(function):
                return self._matrix_function(function)(inputs[0].reshape(1, 1)).reshape(())
            if is_passed(function):
                return np.broadcast_to(np.asarray(self._callable(function)(*inputs), dtype=float), shape)
            if function.signature == "->":
                return constant(function, inputs, shape)
            if function.ways:
                inputs = [_merged(array, core, function) for array, core in
                          zip(inputs, core_names(function.signature)[0])]
            if function.data or function.name == ALONG:
                return self._matrix_function(function)(*inputs).reshape(shape)
            return kernel(function.name)(*inputs).reshape(shape)
        except np.linalg.LinAlgError as error:
            raise UnsupportedError("TC311", f"{_words(function)} has no value here", field="values",
                                   facts=[str(error)]) from error

    def _callable(self, function: Function) -> Callable[..., Array]:
        return self._given(*primes(function))

    def _given(self, function: str, order: int) -> Callable[..., Array]:
        """What the user passes for a function, or for its derivative."""
        name = keyword_of(function, order)
        if name not in self.callables:
            prime = "'" * order
            raise RequestError("TC511", f"no value for the function {function}{prime}", field="values",
                               help=f"pass {name} as a function of arrays")
        return self.callables[name]

    def _matrix_function(self, function: Function) -> Callable[..., Array]:
        """A function of square matrices that is no call of a kernel, or its Fréchet derivative."""
        if function.name == ALONG:
            return self._along(of_along(function))
        of, times = frechet_of(function) if function.name in FRECHET else (function, 0)
        name, order, kind = scalar_of(of) if of.name in TABLE else (*primes(of), "series")
        if kind == "elementwise":
            given = [self._given(name, order + more) for more in range(times + 1)]
            return partial(_spectral, given, times)
        plain = self._plain(of)
        return partial(_blocks, plain, times) if times else plain

    def _along(self, function: Function) -> Callable[[Array, Array], Array]:
        """The derivative of a function of square matrices, its first direction given."""
        of, times = frechet_of(function)
        name, order, kind = scalar_of(of)
        if kind == "elementwise":
            given = [self._given(name, order + more) for more in range(times + 1)]
            return partial(_spectral_along, given, times)
        return partial(_blocks_along, self._plain(of), times)

    def _plain(self, of: Function) -> Callable[[Array], Array]:
        """A function of square matrices, of one or of a stack of them."""
        name, order, kind = scalar_of(of) if of.name in TABLE else (*primes(of), "series")
        if kind == "table":
            return kernel(of.name if of.name != "funm" else f"{name}m")
        if of.data[3 if of.name == "funm" else 1:]:
            return partial(kernels.polynomial, [float(value) for value in coefficients_of(of)])
        return partial(kernels.each, self._given(name, order))


def is_passed(function: Function) -> bool:
    """Whether the user passes ``function``: it is no row of the function table and no step of a plan."""
    return (function.name not in TABLE and function.name not in kernels.NUMPY and function.name not in kernels.STEPS
            and function.name != ALONG)


def _words(function: Function) -> str:
    """A row as people call it: ``inv``, ``funm(f, …)``, ``the derivative of expm``."""
    function = of_along(function) if function.name == ALONG else function
    of, times = frechet_of(function) if function.name in FRECHET else (function, 0)
    name, order, kind = scalar_of(of) if of.name == "funm" else (of.name, 0, "series")
    called = name + "'" * order if kind == "series" else f"funm({name}{chr(39) * order}, …)"
    return f"the derivative of {called}" if times else called


def keyword(function: Function) -> str:
    """The name under which the user passes an unknown function or its derivative: ``f``, ``df``, ``d2f``."""
    return keyword_of(*primes(function))


def keyword_of(name: str, order: int) -> str:
    """The name under which the user passes the derivative of some order of the function ``name``."""
    return ("", "d")[order] + name if order < 2 else f"d{order}{name}"


def keywords(function: Function) -> list[str]:
    """The names under which the user passes what a row of a declared function needs."""
    if function.name == ALONG:
        return keywords(of_along(function))
    if function.name not in TABLE:
        known = is_series(function) and function.data[1:]
        return [] if known or not is_passed(function) else [keyword(function)]
    if function.name not in ("funm", "frechet_funm"):
        return []
    of, times = frechet_of(function) if function.name in FRECHET else (function, 0)
    name, order, kind = scalar_of(of)
    if kind == "table" or of.data[3:]:
        return []
    return [keyword_of(name, order + more) for more in range(times + 1 if kind == "elementwise" else 1)]


def _spectral(functions: Sequence[Callable[[Array], Array]], times: int, x: Array) -> Array:
    return kernels.spectral(functions, x, times)


def _spectral_along(functions: Sequence[Callable[[Array], Array]], times: int, x: Array, e: Array) -> Array:
    return numpy().einsum("ijpq...,pq->ij...", kernels.spectral(functions, x, times), e)


def _blocks_along(function: Callable[[Array], Array], times: int, x: Array, e: Array) -> Array:
    return kernels.blocks_along(function, x, e, times)


def _blocks(function: Callable[[Array], Array], times: int, x: Array) -> Array:
    return kernels.blocks(function, x, times)


# -- functions ---------------------------------------------------------------------------


@cache
def kernel(name: str) -> Callable[..., Array]:
    """The function that computes a row of the function table."""
    if name in kernels.NUMPY:
        found: Any = numpy()
        for part in kernels.NUMPY[name].split("."):
            found = getattr(found, part)
    else:
        found = getattr(kernels, kernels.OWN.get(name, name))
    return found  # type: ignore[no-any-return]


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
        case "tril":
            return np.tri(shape[0])
        case "powers":
            return kernels.powers(inputs[0], shape[0])
        case "exchange":
            return np.eye(shape[0])[::-1]
        case "convolution":
            return kernels.convolution(shape[0])
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
    merged = [prod(next(core) for _ in range(ways[name])) for name in names]
    return array.reshape(*array.shape[:array.ndim - count], *merged)
