"""Whose arrays values are: NumPy's, JAX's or PyTorch's, and how the others join them.

Goes by the modules of types, so no library is loaded to find out that it is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..algebra.expr import Variable
from ..errors import RequestError
from .backends import numpy, pytorch
from .inputs import read

_LIBRARIES = {"jax": "jax", "jaxlib": "jax", "torch": "torch"}
_NAMES = {"jax": "JAX", "torch": "PyTorch"}


def library_of(values: Mapping[str, Any]) -> str:
    """``"jax"`` or ``"torch"`` where a value is an array of one of these, else ``"numpy"``.

    Examples
    --------
    >>> library_of({"x": [1, 2], "n": 3})
    'numpy'

    Raises
    ------
    RequestError: TC512 where values are arrays of both.
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        library = _LIBRARIES.get(type(value).__module__.partition(".")[0])
        if library is not None and hasattr(value, "shape"):
            found.setdefault(library, name)
    if len(found) > 1:
        raise RequestError("TC512", "values are arrays of two libraries", field="values",
                           facts=[f"{name} is an array of {_NAMES[library]}" for library, name in found.items()],
                           help="convert all to one of them")
    return next(iter(found), "numpy")


def united(values: Mapping[str, Any], variables: Iterable[Variable], library: str) -> dict[str, Any]:
    """Values of one library, shapes checked as those of NumPy are; the others take the type and device of its arrays.

    Raises
    ------
    RequestError: TC511 without a value for a variable, TC512 for one that is no array of numbers.
    ShapeError: TC111, TC112 where arrays do not fit.
    """
    np = numpy()
    needed = list(variables)
    given = {one.name: values[one.name] for one in needed if one.name in values}
    arrays = {name: value if _is_own(value) else np.asarray(value) for name, value in given.items()}
    sizes = {name: size for name, size in values.items() if isinstance(size, int) and name not in arrays}
    shapes = {name: np.broadcast_to(0.0, array.shape) if _is_own(array) else array for name, array in arrays.items()}
    read(needed, shapes, sizes)
    if library == "torch":
        arrays = _torch(arrays)
    return {**values, **arrays}


def _is_own(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in _LIBRARIES


def _torch(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """All as tensors of the widest type of floating-point numbers among the tensors given, on their device."""
    torch = pytorch()
    tensors = [array for array in arrays.values() if _is_own(array)]
    dtype = torch.get_default_dtype() if not any(one.is_floating_point() or one.is_complex() for one in tensors) else None
    for one in tensors:
        if one.is_floating_point() or one.is_complex():
            dtype = one.dtype if dtype is None else torch.promote_types(dtype, one.dtype)
    device = tensors[0].device
    return {name: array.to(dtype) if _is_own(array) else torch.as_tensor(array, dtype=dtype, device=device)
            for name, array in arrays.items()}
