"""Tensor calculus in index, matrix and einsum notation: derivatives with their shapes, layouts and code.

    >>> import tensorcalc as tc
    >>> A, x, b = tc.tensor("A", "m", "n"), tc.tensor("x", "n"), tc.tensor("b", "m")
    >>> r = A @ x - b
    >>> print((r @ r).gradient(x))
    2 A' (A x - b)
    >>> print(tc.read("tr(A X B)").gradient("X"))
    A' B'

Read in this order:

    tensors.py                  the handle people hold; declare.py and fn.py make such tensors
    notation/syntax.py          formulas as people write them: one tree and one operator table
    notation/parse.py           text to trees
    notation/lower/             trees to expressions, one module a notation
    expr.py, build.py           five node types, and their normal form
    functions.py                every function and its derivative, as equations in our own notation
    differentiate.py            derivatives: one case a node type
    rewrite.py, rules/          named identities
    notation/recover/           expressions to trees, one module a notation
    plan.py, evaluate.py        the cheapest order of operations, and doing them
    codegen.py                  writing them down
    service.py, cli.py          the surfaces: requests and answers, the command line

``import tensorcalc`` loads none of that; the first use of a name does.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import fn as fn
    from .declare import index as index
    from .declare import read as read
    from .declare import tensor as tensor
    from .errors import FormulaError as FormulaError
    from .errors import LimitError as LimitError
    from .errors import RequestError as RequestError
    from .errors import ShapeError as ShapeError
    from .errors import TensorCalcError as TensorCalcError
    from .errors import UnknownNameError as UnknownNameError
    from .errors import UnsupportedError as UnsupportedError
    from .fn import einsum as einsum
    from .service import handle as handle
    from .tensors import Tensor as Tensor

__all__ = [
    "__version__", "Tensor", "tensor", "read", "index", "einsum", "fn", "handle", "TensorCalcError", "FormulaError",
    "ShapeError", "UnknownNameError", "UnsupportedError", "LimitError", "RequestError",
]

_HOMES = {"Tensor": "tensors", "tensor": "declare", "read": "declare", "index": "declare", "einsum": "fn",
          "handle": "service"}   # errors are in errors


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'tensorcalc' has no attribute {name!r}")
    if name == "fn":
        return _import_module(".fn", __name__)
    found: object = getattr(_import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
