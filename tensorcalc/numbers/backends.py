"""The array libraries, found when they are needed and never before.

Knows the names of the libraries and nothing of expressions.  ``import tensorcalc``
loads none of them: the symbolic floors need none.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from ..errors import UnsupportedError


@cache
def numpy() -> ModuleType:
    """NumPy, which computes."""
    return _found("numpy", "numbers")


@cache
def opt_einsum() -> ModuleType:
    """opt_einsum, which finds the cheapest order of a product."""
    return _found("opt_einsum", "the order of a product of three or more tensors")


@cache
def cotengra() -> ModuleType | None:
    """cotengra, which finds orders of long products, or ``None`` where it is not installed."""
    try:
        return import_module("cotengra")
    except ImportError:
        return None


@cache
def scipy_linalg() -> ModuleType:
    """``scipy.linalg``, for functions of matrices."""
    return _found("scipy.linalg", "expm, logm and sqrtm")


@cache
def has_scipy() -> bool:
    """Whether SciPy is installed."""
    try:
        import_module("scipy.linalg")
    except ImportError:
        return False
    return True


@cache
def sympy() -> ModuleType:
    """SymPy, whose expressions people bring."""
    return _found("sympy", "derivatives of expressions of SymPy")


@cache
def sympy_arrays() -> ModuleType:
    """SymPy's array expressions, which its first import leaves out."""
    return _found("sympy.tensor.array.expressions", "arrays of any order")


@cache
def scipy_special() -> ModuleType | None:
    """``scipy.special``, or ``None`` where SciPy is not installed."""
    try:
        return import_module("scipy.special")
    except ImportError:
        return None


@cache
def jax_itself() -> ModuleType:
    """JAX, for generated code."""
    return _found("jax", "modules for JAX")


@cache
def jax_numpy() -> ModuleType:
    """``jax.numpy``, for generated code."""
    return _found("jax.numpy", "modules for JAX")


@cache
def jax_linalg() -> ModuleType:
    """``jax.scipy.linalg``, for functions of matrices."""
    return _found("jax.scipy.linalg", "modules for JAX")


@cache
def pytorch() -> ModuleType:
    """PyTorch, for generated code."""
    return _found("torch", "modules for PyTorch")


@cache
def optional(name: str) -> ModuleType | None:
    """A module that makes things faster, or ``None`` where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


@cache
def scipy_sparse() -> ModuleType:
    """``scipy.sparse.linalg``, for its linear operators."""
    return _found("scipy.sparse.linalg", "linear operators")


def _found(name: str, purpose: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise UnsupportedError("TC310", f"{package} is not installed", facts=[f"{purpose}: computed by {package}"],
                               help=f"pip install {package.replace('_', '-')}") from error
