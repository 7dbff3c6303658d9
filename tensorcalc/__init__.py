"""Tensor calculus in index, matrix and einsum notation: derivatives with their shapes, layouts and code.

    >>> import tensorcalc as tc
    >>> A, x, b = tc.tensor("A", "m", "n"), tc.tensor("x", "n"), tc.tensor("b", "m")
    >>> r = A @ x - b
    >>> print((r @ r).gradient(x))
    2 A' (A x - b)
    >>> print(tc.read("tr(A X B)").gradient("X"))
    A' B'

Read in this order:

    tensors/                    the tensors people hold, the operators of NumPy, functions
    notation/syntax.py          formulas as people write them: one tree and one operator table
    notation/parse.py           text to trees
    notation/lower/             trees to expressions, one module a notation
    algebra/                    five node types (expr.py), and their normal form (build.py)
    functions.py                every function and its derivative, as equations in our own notation
    calculus/                   derivatives: one case a node type; rewriting by named identities
    notation/recover/           expressions to trees, one module a notation
    numbers/                    the cheapest order of operations, doing them, writing them down as code
    proofs/                     identities proved or refuted, claimed derivatives diagnosed
    service.py, cli/            the surfaces: requests and answers, the command line

``import tensorcalc`` loads none of that; the first use of a name does.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import FormulaError as FormulaError
    from .errors import LimitError as LimitError
    from .errors import RequestError as RequestError
    from .errors import ShapeError as ShapeError
    from .errors import TensorCalcError as TensorCalcError
    from .errors import UnknownNameError as UnknownNameError
    from .errors import UnsupportedError as UnsupportedError
    from .service import handle as handle
    from .tensors import fn as fn
    from .tensors.claims import Diagnosis as Diagnosis
    from .tensors.claims import Verdict as Verdict
    from .tensors.claims import check as check
    from .tensors.claims import verify as verify
    from .tensors.compiling import compile as compile
    from .tensors.declare import index as index
    from .tensors.declare import read as read
    from .tensors.declare import tensor as tensor
    from .tensors.declared import function as function
    from .tensors.derivations import Derivation as Derivation
    from .tensors.fn import einsum as einsum
    from .tensors.foreign import from_einsum as from_einsum
    from .tensors.foreign import from_sympy as from_sympy
    from .tensors.linear import differential as differential
    from .tensors.linear import hvp as hvp
    from .tensors.linear import jvp as jvp
    from .tensors.linear import linearize as linearize
    from .tensors.linear import vjp as vjp
    from .tensors.tensor import Tensor as Tensor

__all__ = [
    "__version__", "Tensor", "tensor", "read", "index", "function", "einsum", "from_einsum", "from_sympy", "fn",
    "compile", "differential", "linearize",
    "jvp", "vjp", "hvp", "verify", "check", "Verdict", "Diagnosis", "Derivation", "handle", "TensorCalcError", "FormulaError",
    "ShapeError",
    "UnknownNameError", "UnsupportedError", "LimitError", "RequestError",
]

_HOMES = {
    "Tensor": "tensors.tensor", "tensor": "tensors.declare", "read": "tensors.declare", "index": "tensors.declare",
    "function": "tensors.declared", "einsum": "tensors.fn", "from_einsum": "tensors.foreign",
    "from_sympy": "tensors.foreign", "compile": "tensors.compiling",
    "differential": "tensors.linear", "linearize": "tensors.linear", "jvp": "tensors.linear",
    "vjp": "tensors.linear", "hvp": "tensors.linear", "verify": "tensors.claims", "check": "tensors.claims",
    "Verdict": "tensors.claims", "Diagnosis": "tensors.claims", "Derivation": "tensors.derivations",
    "handle": "service",
}   # errors are in errors


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'tensorcalc' has no attribute {name!r}")
    if name == "fn":
        return _import_module(".tensors.fn", __name__)
    found: object = getattr(_import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
