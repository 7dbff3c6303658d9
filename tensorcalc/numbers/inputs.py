"""What a user passes: arrays by name, and the sizes that they show.

Knows variables and their declared sizes, and nothing of plans.  All errors about
values are raised here, in the user's own names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, NamedTuple

from ..algebra.expr import Delta, Expr, Variable
from ..errors import RequestError, ShapeError
from ..sizes import Shape, product_text, symbols, value
from .backends import numpy

Array = Any


def read(variables: Iterable[Variable], values: Mapping[str, Any],
         sizes: Mapping[str, int]) -> tuple[dict[str, Array], dict[str, int]]:
    """The array of each variable, with all its axes, and the sizes of all symbols that arrays and ``sizes`` show.

    Raises
    ------
    RequestError: TC511 without a value for a variable, TC512 for one that is no array of numbers.
    ShapeError: TC111 and TC112 where arrays do not fit.
    """
    variables = list(variables)
    arrays = {variable.name: _array(variable, values) for variable in variables}
    known = _sizes(variables, arrays, sizes)
    for variable in variables:
        if variable.groups and not unknown(variable, known):
            arrays[variable.name] = arrays[variable.name].reshape(sized(variable.shape, known))
    return arrays, known


def insist_on_shapes(variables: Iterable[Variable], values: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
    """Arrays of any library fit their variables; what stands in them is not looked at.

    Raises
    ------
    RequestError, ShapeError: as :func:`read` does.
    """
    variables = list(variables)
    given = {variable.name: _stand_in(values[variable.name]) for variable in variables if variable.name in values}
    _sizes(variables, {variable.name: _array(variable, given) for variable in variables}, sizes)


def _stand_in(one: Any) -> Any:
    """Something of NumPy with the shape of an array of another library, which takes no memory."""
    shape = getattr(one, "shape", None)
    return one if shape is None else numpy().broadcast_to(0.0, tuple(shape))


def unknown(node: Expr, known: Mapping[str, int]) -> list[str]:
    """The symbols of a node whose sizes nobody knows."""
    dims = (*node.shape, node.dim) if isinstance(node, Delta) else node.shape
    return sorted({symbol for dim in dims for symbol in symbols(dim)} - known.keys())


def sized(shape: Shape, known: Mapping[str, int]) -> tuple[int, ...]:
    """A shape as numbers."""
    return tuple([dim if isinstance(dim, int) else value(dim, known) for dim in shape])


def _array(variable: Variable, values: Mapping[str, Any]) -> Array:
    """The array that the user passed for ``variable``, as floating-point numbers."""
    np = numpy()
    name = variable.name
    if name not in values:
        raise RequestError("TC511", f"no value for {name}", field="values",
                           help=f"pass {name} as {_declared(variable)}")
    try:
        array = np.asarray(values[name])
        if array.dtype.kind not in "biufcO" or (array.dtype.kind == "O" and any(entry is None for entry in array.flat)):
            raise TypeError
        array = array if array.dtype.kind == "c" else array.astype(float, copy=False)
    except RuntimeError as error:   # of a tensor that records its history
        raise RequestError("TC512", f"the value of {name} cannot be made an array of NumPy", field="values",
                           facts=[str(error).partition(".")[0]]) from error
    except (TypeError, ValueError, OverflowError) as error:
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


class _Axis(NamedTuple):
    """One axis of an array that the user passed, and the dimensions that make it."""

    variable: Variable
    place: int
    dims: Shape
    array: Array

    @property
    def size(self) -> int:
        return int(self.array.shape[self.place])

    def __str__(self) -> str:
        ordinal = ("first", "second", "third")[self.place] if self.place < 3 else f"{self.place + 1}th"
        return f"by the {ordinal} axis of {self.variable.name} ({self.variable.name} is {_given(self.array)})"


def _sizes(variables: Iterable[Variable], arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes that are given or that solve the equation of some axis; every axis is checked."""
    known = {name: whole(name, size) for name, size in sizes.items()}
    origin = dict.fromkeys(known, "as given")
    pending = [_Axis(variable, place, dims, arrays[variable.name])
               for variable in variables for place, dims in enumerate(_groups(variable))]
    progress = True
    while progress:
        progress = False
        for axis in pending.copy():
            missing = {symbol for dim in axis.dims for symbol in symbols(dim)} - known.keys()
            if len(missing) == 1:
                name = missing.pop()
                known[name], origin[name] = _solve(axis.dims, name, known, axis.size), str(axis)
            if not missing:
                progress = True
                pending.remove(axis)
                if prod(sized(axis.dims, known)) != axis.size:
                    raise _mismatch(axis, known, origin)
    return known


def whole(name: str, size: Any) -> int:
    """A size that the user gives by its name."""
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise RequestError("TC512", f"the size {name} is a whole number, not {str(size)[:40]!r}", field="sizes")
    return int(size.__index__())


def _solve(dims: Shape, name: str, known: Mapping[str, int], size: int) -> int:
    """The value of the symbol ``name`` at which ``dims`` make ``size`` entries, or the nearest below."""
    low, high = 0, 1
    while high < 2**40 and prod(value(dim, {**known, name: high}) for dim in dims) <= size:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if prod(value(dim, {**known, name: middle}) for dim in dims) <= size:
            low = middle
        else:
            high = middle
    return low


def _mismatch(axis: _Axis, known: Mapping[str, int], origin: Mapping[str, str]) -> ShapeError:
    """Two places that give a size different values."""
    name, text = axis.variable.name, product_text(axis.dims)
    if isinstance(text, int):
        return ShapeError("TC112", f"{name} has the wrong size", field="values",
                          facts=[f"{name} is declared as {_declared(axis.variable)} and given as {_given(axis.array)}"])
    involved = sorted({symbol for dim in axis.dims for symbol in symbols(dim)})
    facts = [f"{symbol} is {known[symbol]} {origin[symbol]}" for symbol in involved if origin[symbol] != str(axis)]
    return ShapeError("TC112", f"the size {text} has two values", field="values",
                      facts=[*facts, f"{text} is {axis.size} {axis}"])
