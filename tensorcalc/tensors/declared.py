"""Functions that a user declares, of tensors: unknown ones, formulas, power series, and expressions of SymPy.

An expression of SymPy becomes a formula of this language where all its functions are known here, and is then
differentiated and computed like every other.  Where one is not, SymPy differentiates it: the function stays a name,
and :meth:`Declared.callables` has what computes it.  Text is never given to SymPy, and SymPy is never loaded for text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..errors import RequestError
from ..notation.lower import Scope
from ..notation.lower.matrix import lower
from ..notation.lower.values import as_matrix
from ..notation.syntax import Call, Name, Num, Op, Syntax
from ..notation.text import text
from ..numbers.backends import sympy
from ..numbers.evaluate import keyword_of
from ..request import check_name, shown
from .names import symbols_of
from .tensor import Operand, Tensor, made, operand, value_of, words

_NAMES = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
          "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "Abs": "abs", "sign": "sign", "erf": "erf",
          "Max": "max", "Min": "min"}
_CONSTANTS: Mapping[str, Syntax] = {
    "Pi": Op("multiply", (Num(Fraction(4)), Call("arctan", (Num(Fraction(1)),)))),
    "Exp1": Call("exp", (Num(Fraction(1)),)),
}


@dataclass(frozen=True)
class Declared:
    """A function with a name, as ``functions`` takes it.

    ``kind``: what a request says of it, ``"elementwise"``, ``"scalar"``, ``"series"`` or a formula in z.
    ``source``: the expression of SymPy that it came from, and its symbol.
    """

    name: str
    kind: str
    source: tuple[Any, Any] | None = None

    def __call__(self, argument: Operand) -> Tensor:
        """The function of a tensor: ``f(A @ x)``.

        Raises
        ------
        RequestError: TC519 for what is no tensor and no number.
        ShapeError: TC107 for a power series of something else than a number or a square matrix.
        """
        one = operand(argument)
        if one is None:
            raise RequestError("TC519", f"{self.name} takes tensors and numbers, not {shown(argument)}", field="expr")
        symbols = set(symbols_of(one.expr, one.names))
        inner = words(one) or "…"
        scope = Scope(functions={self.name: self.kind}, tensors={"#": as_matrix(value_of(one))}, integers=symbols,
                      source=f"{self.name}({inner})")
        start = len(self.name) + 1
        tree = Call(self.name, (Name("#", None, (start, start + len(inner))),), span=(0, start + len(inner) + 1))
        scope.prepare([tree])
        lower(tree, scope)
        scope.settle()
        return made(lower(tree, scope), [one])

    def callables(self, order: int = 2) -> dict[str, Callable[..., Any]]:
        """What computes the function and its derivatives up to some order: ``f``, ``df``, ``d2f``.

        Empty where nothing needs to be passed, because the function is a formula.

        Raises
        ------
        RequestError: TC515 where the function did not come from SymPy.
        """
        if self.kind != "elementwise":
            return {}
        if self.source is None:
            raise RequestError("TC515", f"{self.name} is unknown: pass it, and its derivatives, as functions of arrays",
                               field="functions")
        library, (expr, symbol) = sympy(), self.source
        if not symbol.is_real:   # the derivative of abs(z) is sign(z) for real numbers alone
            real = library.Dummy(real=True)
            expr, symbol = expr.xreplace({symbol: real}), real
        found = {}
        for k in range(order + 1):
            found[keyword_of(self.name, k)] = library.lambdify(symbol, expr, modules=["scipy", "numpy"])
            expr = expr.diff(symbol).replace(library.DiracDelta, lambda *_: library.S.Zero)   # of sign, away from 0
        return found


def function(name: str, formula: Any = "elementwise") -> Declared:
    """Declare a function: a kind or a formula as in a request, or an expression of SymPy with one symbol.

    Examples
    --------
    >>> import sympy
    >>> from tensorcalc.tensors.declare import read
    >>> x = sympy.Symbol("x")
    >>> f = function("f", sympy.log(1 + sympy.exp(x)))
    >>> f.kind
    'log(1 + exp(z))'
    >>> print(read("sum(f(A X))", functions={"f": f}).gradient("X"))
    A' sigmoid(A X)

    >>> from tensorcalc.tensors.declare import tensor
    >>> A = tensor("A", "m", "n")
    >>> f(A)
    <Tensor (m, n): log(exp(A) + ones(m, n))>

    What is not known here stays a name:

    >>> h = function("h", sympy.loggamma(x))
    >>> gradient = read("sum(h(x))", functions={"h": h}).gradient("x")
    >>> print(gradient, gradient(x=[1.0, 2.0], **h.callables()).round(4))
    h'(x) [-0.5772  0.4228]

    Raises
    ------
    RequestError: TC509 for a name, TC515 for what is neither a text nor an expression with one symbol.
    """
    check_name(name, "functions")
    if isinstance(formula, Declared):
        return Declared(name, formula.kind, formula.source)
    if isinstance(formula, str):
        return Declared(name, formula)
    symbols = getattr(formula, "free_symbols", None)
    if symbols is None or len(symbols) != 1 or not hasattr(formula, "diff"):
        raise RequestError("TC515", f"functions gives {name} a kind, a formula, or an expression of SymPy with one symbol, "
                                    f"not {shown(formula)}", field="functions")
    (symbol,) = symbols
    tree = _tree(formula)
    return Declared(name, "elementwise" if tree is None else text(tree), (formula, symbol))


def kinds(functions: Mapping[str, Any] | None) -> dict[str, str] | None:
    """What a request says of functions that may be declared by SymPy."""
    return None if functions is None else {name: function(name, one).kind for name, one in functions.items()}


def _tree(expr: Any) -> Syntax | None:
    """An expression of SymPy as a formula in z; ``None`` where something in it is not known here."""
    name = type(expr).__name__
    if getattr(expr, "is_Symbol", False):
        return Name("z")
    if getattr(expr, "is_Rational", False):
        return _number(Fraction(int(expr.p), int(expr.q)))
    if getattr(expr, "is_Float", False):
        return _number(Fraction(str(expr)))
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    parts = [_tree(part) for part in expr.args]
    trees = tuple([part for part in parts if part is not None])
    if len(trees) < len(parts) or not trees:
        return None
    if expr.is_Add or expr.is_Mul:
        return Op("add" if expr.is_Add else "multiply", trees)
    if expr.is_Pow:
        return Op("power", trees)
    if name in ("Max", "Min"):
        tree = trees[0]
        for other in trees[1:]:
            tree = Call(_NAMES[name], (tree, other))
        return tree
    return Call(_NAMES[name], trees) if name in _NAMES and len(trees) == 1 else None


def _number(value: Fraction) -> Syntax:
    top = Num(Fraction(abs(value.numerator)))
    tree: Syntax = top if value.denominator == 1 else Op("divide", (top, Num(Fraction(value.denominator))))
    return Op("negate", (tree,)) if value < 0 else tree
