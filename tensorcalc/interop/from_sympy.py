"""SymPy's expressions as our own: matrices, numbers, entries with indices and sums, arrays of any order.

Node by node, by the name of its class; text is never handed to SymPy, and its printers are not used.
A matrix symbol of one column is a vector.  Array expressions keep all their axes, those of size 1 too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from string import ascii_letters
from typing import Any

from ..algebra import build
from ..algebra.expr import Expr, Variable
from ..algebra.traverse import postorder
from ..errors import LimitError, RequestError, UnsupportedError
from ..notation.lower import Reading, Scope, read_tree
from ..notation.syntax import Call, Entry, Indexed, Literal, Name, Num, Op, Syntax
from ..sizes import Dim
from ..sizes import read as read_size

MOST_NODES = 5_000
MOST_DEEP = 100

_CALLS = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
          "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "Abs": "abs", "sign": "sign", "erf": "erf",
          "Trace": "tr", "Inverse": "inv", "Determinant": "det", "DiagMatrix": "diag", "DiagonalOf": "diag"}
_OF_MATRICES = frozenset({"Trace", "Inverse", "Determinant", "DiagMatrix", "DiagonalOf"})
_OPERATORS = {"Add": "add", "MatAdd": "add", "Mul": "multiply", "MatMul": "multiply", "Pow": "power", "MatPow": "power",
              "Transpose": "transpose", "HadamardPower": "elpower"}
_CHAINS = {"HadamardProduct": "hadamard", "KroneckerProduct": "kronecker"}
_EXTREMES = {"Max": "max", "Min": "min"}
_ARRAYS = frozenset({"ArrayTensorProduct", "ArrayContraction", "ArrayDiagonal", "PermuteDims", "ArrayAdd", "ArraySymbol",
                     "ZeroArray", "OneArray", "ArrayElementwiseApplyFunc"})
_CONSTANTS: dict[str, Syntax] = {
    "Pi": Op("multiply", (Num(Fraction(4)), Call("arctan", (Num(Fraction(1)),)))),
    "Exp1": Call("exp", (Num(Fraction(1)),)),
}


@dataclass(frozen=True, slots=True)
class Found:
    """An expression with its axes as an array has them, and the variables in it."""

    expr: Expr
    groups: tuple[int, ...]
    letters: tuple[str, ...] | None
    row: bool
    variables: dict[str, Variable]


def from_sympy(expr: Any, indices: Sequence[Any] | None = None) -> Found:
    """An expression of SymPy; with ``indices``, an array with one axis for each of these.

    Raises
    ------
    UnsupportedError: TC321 for a node that has no counterpart here, by its name.
    RequestError: TC519 for what is no expression of SymPy, TC509 for a name that is none here.
    LimitError: TC420 for an expression that is too large.
    """
    if not hasattr(expr, "args") or not hasattr(expr, "free_symbols"):
        raise RequestError("TC519", f"an expression of SymPy is needed, not {type(expr).__name__}", field="expr")
    _bounded(expr)
    reader = _Reader()
    reader.declare(expr)
    if _kind(expr) in _ARRAYS:
        array = reader.array(expr)
        variables = {node.name: node for node in postorder(array) if isinstance(node, Variable)}
        return Found(array, (1,) * array.rank, None, False, variables)
    tree = reader.tree(expr)
    found = reader.read(tree, None if indices is None else tuple([reader.place(one) for one in indices]))
    return Found(found.expr, found.groups, found.letters, found.row, dict(found.variables))


def _kind(node: Any) -> str:
    """The name of the class of a node that the tables know."""
    names = [one.__name__ for one in type(node).__mro__]
    for name in ("Integer", "Rational", "Float"):
        if name in names:
            return name
    return names[0] if names[0] not in ("Dummy", "Wild") else "Symbol"


def _walk(expr: Any) -> Iterator[Any]:
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(getattr(node, "args", ()))


def _bounded(expr: Any) -> None:
    """No more nodes, and no deeper, than is read in a moment."""
    level, nodes, depth = [expr], 0, 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MOST_NODES or depth > MOST_DEEP:
            raise LimitError("TC420", f"an expression of more than {MOST_NODES} nodes, or deeper than {MOST_DEEP}",
                             field="expr")
        level = [child for node in level for child in getattr(node, "args", ())]


def unsupported(node: Any, why: str = "has no counterpart here") -> UnsupportedError:
    """A node that is not known."""
    return UnsupportedError("TC321", f"{type(node).__name__} {why}", field="expr")


def _name(text: str) -> str:
    if not (text.isalnum() and text[:1].isalpha() and len(text) <= 50):
        raise RequestError("TC509", f"{text[:40]!r} is not a name: a letter, then letters and digits", field="expr",
                           help="give the symbol another name: expr.subs or expr.xreplace")
    return text


def _number(value: Fraction) -> Syntax:
    top = Num(Fraction(abs(value.numerator)))
    tree: Syntax = top if value.denominator == 1 else Op("divide", (top, Num(Fraction(value.denominator))))
    return Op("negate", (tree,)) if value < 0 else tree


def _fraction(node: Any) -> Fraction:
    if _kind(node) == "Float":
        if not node.is_finite:
            raise unsupported(node, "is no number")
        return Fraction(str(node))
    return Fraction(int(node.p), int(node.q))


def _size(node: Any) -> Dim:
    """A size: a whole number, a symbol, or a sum or product of those."""
    kind = _kind(node)
    if kind in ("Integer", "Zero", "One"):
        return int(node)
    if kind == "Symbol":
        return _name(node.name)
    return _size_text(node)


def _axis(node: Any) -> Dim:
    """A size that is that of one axis here; a product of symbols is that of several."""
    axes = read_size(_size(node))
    if len(axes) != 1:
        raise unsupported(node, "is the size of several axes here")
    return axes[0]


def _size_text(node: Any) -> str:
    kind = _kind(node)
    if kind == "Integer":
        return f"({int(node)})"
    top, bottom = node.as_numer_denom()
    if bottom != 1 and _kind(bottom) == "Integer":
        return f"({_size_text(top)}/{int(bottom)})"
    if kind == "Symbol":
        return _name(node.name)
    if kind in ("Add", "Mul") and node.args:
        return "(" + ("+" if kind == "Add" else "*").join([_size_text(part) for part in node.args]) + ")"
    if kind == "Pow" and _kind(node.args[1]) == "Integer" and 0 < int(node.args[1]) < 9:
        return "(" + "*".join([_size_text(node.args[0])] * int(node.args[1])) + ")"
    raise unsupported(node, "is no size")


@dataclass(slots=True)
class _Reader:
    """The names of one expression."""

    declared: dict[str, list[Dim]] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    letters: dict[Any, str] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)

    # -- names ---------------------------------------------------------------------------

    def declare(self, expr: Any) -> None:
        """Every symbol with its shape; one name has one shape."""
        sizes: set[str] = set()
        scalars: set[str] = set()
        for node in _walk(expr):
            kind = _kind(node)
            if kind == "MatrixSymbol":
                shape = [_size(dim) for dim in node.shape]
                self.add(node, shape[:1] if shape[1] == 1 and shape[0] != 1 else shape[1:] if shape[0] == 1 else shape)
            elif kind == "ArraySymbol":
                self.add(node, [_size(dim) for dim in node.shape])
            elif kind == "IndexedBase":
                if node.shape is not None:
                    self.add(node, [_size(dim) for dim in node.shape])
            elif kind == "Indexed":
                self.orders.setdefault(_name(str(node.base.label)), len(node.indices))
            elif kind == "Symbol":
                if node.is_commutative is False:
                    raise unsupported(node, "that does not commute has no counterpart here")
                scalars.add(node.name)
            elif kind == "MatPow":
                sizes |= {symbol.name for symbol in node.exp.free_symbols}
            elif kind == "Sum":
                sizes |= {symbol.name for limit in node.limits for bound in limit.args[1:] for symbol in bound.free_symbols}
            for dim in getattr(node, "shape", None) or () if kind in ("MatrixSymbol", "ArraySymbol", "IndexedBase", "Identity",
                                                                       "ZeroMatrix", "OneMatrix") else ():
                sizes |= {symbol.name for symbol in getattr(dim, "free_symbols", ())}
        indices = {symbol.name for node in _walk(expr) for symbol in self._indices(node)}
        labels = {node.name for node in _walk(expr) if _kind(node) in ("MatrixSymbol", "ArraySymbol")} | self.orders.keys()
        for name in scalars - sizes - indices - labels:
            if any(_kind(node) == "Lambda" and any(one.name == name for one in node.signature) for node in _walk(expr)):
                continue
            self.declared.setdefault(_name(name), [])

    def _indices(self, node: Any) -> Sequence[Any]:
        kind = _kind(node)
        places = node.indices if kind == "Indexed" else node.args[1:] if kind == "MatrixElement" else \
            node.args if kind in ("KroneckerDelta", "LeviCivita") else ()
        bound = [limit[0] for limit in node.limits] if kind == "Sum" else []
        return [symbol for place in (*places, *bound) for symbol in getattr(place, "free_symbols", ())]

    def add(self, node: Any, shape: list[Dim]) -> None:
        name = _name(str(node.label) if _kind(node) == "IndexedBase" else str(node.name))
        if self.declared.setdefault(name, shape) != shape:
            raise RequestError("TC519", f"{name} has two shapes in one expression", field="expr")

    def letter(self, place: Any) -> str:
        """A letter for an index symbol."""
        if place not in self.letters:
            wanted = getattr(place, "name", "")
            taken = set(self.letters.values())
            if len(wanted) == 1 and wanted.isalpha() and wanted not in taken:
                self.letters[place] = wanted
            else:
                spare = [one for one in "ijklpqrsabcd" + ascii_letters if one not in taken]
                self.letters[place] = spare[0]
        return self.letters[place]

    def place(self, index: Any) -> str:
        """The letter of a free index, given as a symbol or by its name."""
        known = [letter for symbol, letter in self.letters.items() if index in (symbol, getattr(symbol, "name", None))]
        if not known:
            raise RequestError("TC519", f"{str(index)[:40]} is no index of the expression", field="indices")
        return known[0]

    def read(self, tree: Syntax, letters: tuple[str, ...] | None = None) -> Reading:
        """A tree in the names of the whole expression."""
        return read_tree(tree, Scope(declared=self.declared, functions=self.functions, orders=self.orders), letters)

    # -- matrices, numbers, entries ------------------------------------------------------

    def tree(self, node: Any) -> Syntax:
        """A node of matrices, numbers or entries as a formula."""
        kind = _kind(node)
        if kind in ("Integer", "Rational", "Float"):
            return _number(_fraction(node))
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in ("Symbol", "MatrixSymbol"):
            return self.symbol(node)
        if kind in ("MatMul", "Mul") and len(node.args) > 1:
            return self.product(node)
        if kind in _OPERATORS:
            return Op(_OPERATORS[kind], tuple([self.tree(part) for part in node.args]))
        if kind in _CALLS:
            arguments = node.args[:1] if kind == "Inverse" else node.args
            if len(arguments) != 1:
                raise unsupported(node, f"of {len(arguments)} arguments is not known here")
            if kind not in _OF_MATRICES and getattr(arguments[0], "is_Matrix", False):
                raise unsupported(node, "of a matrix may go entry by entry or not: X.applyfunc goes entry by entry")
            return Call(_CALLS[kind], (self.tree(arguments[0]),))
        if kind in _CHAINS or kind in _EXTREMES:
            return self.chain(node, kind)
        special = getattr(self, "_" + kind, None) if kind in _SPECIAL else None
        if special is None:
            raise unsupported(node)
        made: Syntax = special(node)
        return made

    def symbol(self, node: Any) -> Syntax:
        tree = Name(_name(node.name))
        if _kind(node) == "MatrixSymbol" and node.shape[0] == 1 and node.shape[1] != 1:
            return Op("transpose", (tree,))
        return tree

    def product(self, node: Any) -> Syntax:
        """A product; one that is 1 x 1 in SymPy may stand in front of others, as numbers do."""
        parts = [self.tree(part) for part in node.args]
        minus = len(parts) > 1 and node.args[0] == -1
        tree: Syntax = Op("multiply", tuple(parts[minus:])) if len(parts) - minus > 1 else parts[-1]
        return Op("negate", (tree,)) if minus else tree

    def chain(self, node: Any, kind: str) -> Syntax:
        parts = [self.tree(part) for part in node.args]
        tree = parts[0]
        for part in parts[1:]:
            tree = Op(_CHAINS[kind], (tree, part)) if kind in _CHAINS else Call(_EXTREMES[kind], (tree, part))
        return tree

    def _sized(self, node: Any, function: str) -> Syntax:
        sizes = [dim for dim in node.shape if function == "eye" or dim != 1]
        arguments = [self.size(dim) for dim in (sizes[:1] if function == "eye" else sizes or [1])]
        tree = Call(function, tuple(arguments))
        return Op("transpose", (tree,)) if function != "eye" and node.shape[0] == 1 != node.shape[1] else tree

    def _Identity(self, node: Any) -> Syntax:  # noqa: N802
        return self._sized(node, "eye")

    def _ZeroMatrix(self, node: Any) -> Syntax:  # noqa: N802
        return self._sized(node, "zeros")

    def _OneMatrix(self, node: Any) -> Syntax:  # noqa: N802
        return self._sized(node, "ones")

    def size(self, node: Any) -> Syntax:
        kind = _kind(node)
        if kind in ("Integer", "Rational"):
            return _number(_fraction(node))
        if kind == "Symbol":
            return Name(_name(node.name))
        top, bottom = node.as_numer_denom() if hasattr(node, "as_numer_denom") else (node, 1)
        if bottom != 1 and _kind(bottom) == "Integer":
            return Op("divide", (self.size(top), self.size(bottom)))
        if kind == "Pow" and _kind(node.args[1]) == "Integer" and 0 < int(node.args[1]) < 9:
            return Op("multiply", tuple([self.size(node.args[0])] * int(node.args[1])))
        if kind in ("Add", "Mul"):
            return Op(_OPERATORS[kind], tuple([self.size(part) for part in node.args]))
        raise unsupported(node, "is no size")

    def _MatrixSlice(self, node: Any) -> Syntax:  # noqa: N802
        """A column of an identity, which is a unit vector."""
        parent, (first, last, _) = node.parent, node.colslice
        if _kind(parent) != "Identity" or last - first != 1 or tuple(node.rowslice) != (0, parent.shape[0], 1):
            raise unsupported(node)
        return Call("e", (self.size(first + 1), self.size(parent.shape[0])))

    def _DiagonalMatrix(self, node: Any) -> Syntax:  # noqa: N802
        return Call("diag", (Call("diag", (self.tree(node.args[0]),)),))

    def _ElementwiseApplyFunction(self, node: Any) -> Syntax:  # noqa: N802
        return Call(self.function(node.function), (self.tree(node.expr),))

    def function(self, function: Any) -> str:
        """The name of a function of numbers, declared by its formula."""
        if _kind(function) != "Lambda" or len(function.signature) != 1:
            raise unsupported(function, "is no function of one number")
        (symbol,) = function.signature
        name = f"f{len(self.functions)}"
        body = _Formula(symbol).text(function.expr)
        for known, formula in self.functions.items():
            if formula == body:
                return known
        self.functions[name] = body
        return name

    def _ImmutableDenseMatrix(self, node: Any) -> Syntax:  # noqa: N802
        rows = [tuple([self.tree(node[i, j]) for j in range(node.cols)]) for i in range(node.rows)]
        return Literal(tuple(rows))

    # -- entries -------------------------------------------------------------------------

    def _Indexed(self, node: Any) -> Syntax:  # noqa: N802
        return self.entry(Name(_name(str(node.base.label))), node.indices)

    def _MatrixElement(self, node: Any) -> Syntax:  # noqa: N802
        matrix, *places = node.args
        if _kind(matrix) == "MatrixSymbol" and 1 in matrix.shape and matrix.shape != (1, 1):
            places = [place for place, dim in zip(places, matrix.shape) if dim != 1]
            return self.entry(Name(_name(matrix.name)), places)
        return self.entry(self.tree(matrix), places)

    def entry(self, base: Syntax, places: Sequence[Any]) -> Syntax:
        """One entry: positions count from 0 there and from 1 here; symbols are indices."""
        if all(_kind(place) in ("Symbol", "Idx") for place in places):
            letters = tuple([self.letter(place) for place in places])
            return Name(base.name, letters) if isinstance(base, Name) else Indexed(base, letters)
        if any(_kind(place) != "Integer" or place < 0 for place in places):
            raise UnsupportedError("TC321", "an entry at symbols and numbers has no counterpart here", field="expr")
        return Entry(base, tuple([Num(Fraction(int(place) + 1)) for place in places]))

    def _KroneckerDelta(self, node: Any) -> Syntax:  # noqa: N802
        return self.constant(node, "delta", node.args[:2])

    def _LeviCivita(self, node: Any) -> Syntax:  # noqa: N802
        return self.constant(node, "eps", node.args)

    def constant(self, node: Any, name: str, places: Sequence[Any]) -> Syntax:
        if name in self.declared or any(_kind(place) not in ("Symbol", "Idx") for place in places):
            raise unsupported(node, "at numbers is not read")
        return Name(name, tuple([self.letter(place) for place in places]))

    def _Sum(self, node: Any) -> Syntax:  # noqa: N802
        body = self.tree(node.function)
        for limit in node.limits:
            if len(limit.args) != 3 or limit.args[1] != 0:
                raise unsupported(node, "does not run over a whole axis from 0")
            symbol, _, last = limit.args
            body = Call("sum", (Name(self.letter(symbol)), self.size(last + 1), body))
        return body

    # -- arrays --------------------------------------------------------------------------

    def array(self, node: Any) -> Expr:
        """An array expression with all its axes."""
        kind = _kind(node)
        if kind in _ARRAY_NODES:
            handler: Callable[[Any], Expr] = getattr(self, _ARRAY_NODES[kind])
            return handler(node)
        shape = getattr(node, "shape", ())
        found = self.read(self.tree(node))
        if len(found.groups) == len(shape) or not shape:
            return found.expr
        # A vector of matrix notation has lost its axes of size 1.
        if sum(dim != 1 for dim in shape) != len(found.groups):
            raise unsupported(node, "has another number of axes here")
        kept = iter(range(found.expr.rank))
        factors: list[tuple[Expr, Sequence[int]]] = []
        own = []
        for axis, dim in enumerate(shape):
            if dim == 1:
                factors.append((build.delta(1, 1), [axis]))
            else:
                next(kept)
                own.append(axis)
        return build.einsum([(found.expr, own), *factors], list(range(len(shape))))

    def array_symbol(self, node: Any) -> Expr:
        name = _name(str(node.name))
        return self.read(Name(name)).expr if len(node.shape) <= 2 else \
            build.variable(name, *[_axis(dim) for dim in node.shape])

    def array_sum(self, node: Any) -> Expr:
        return build.add([(1, self.array(part)) for part in node.args])

    def array_product(self, node: Any) -> Expr:
        parts = [self.array(part) for part in node.args]
        labels: list[list[int]] = []
        at = 0
        for part in parts:
            labels.append(list(range(at, at + part.rank)))
            at += part.rank
        return build.einsum(list(zip(parts, labels)), list(range(at)))

    def array_contraction(self, node: Any) -> Expr:
        inner = self.array(node.args[0])
        groups = [{int(axis) for axis in group} for group in node.args[1:]]
        labels = [next((-1 - k for k, group in enumerate(groups) if axis in group), axis) for axis in range(inner.rank)]
        return build.einsum([(inner, labels)], [label for label in labels if label >= 0])

    def array_diagonal(self, node: Any) -> Expr:
        inner = self.array(node.args[0])
        groups = [{int(axis) for axis in group} for group in node.args[1:]]
        labels = [next((-1 - k for k, group in enumerate(groups) if axis in group), axis) for axis in range(inner.rank)]
        kept = [label for label in labels if label >= 0]
        return build.einsum([(inner, labels)], [*kept, *[-1 - k for k in range(len(groups))]])

    def array_permuted(self, node: Any) -> Expr:
        return build.transpose(self.array(node.args[0]), [int(axis) for axis in node.args[1].array_form])

    def array_constant(self, node: Any) -> Expr:
        shape = tuple([_axis(dim) for dim in node.shape])
        return build.zero(shape) if _kind(node) == "ZeroArray" else build.ones(shape)

    def array_applied(self, node: Any) -> Expr:
        inner = self.array(node.args[1])
        name = self.function(node.args[0])
        letters = tuple(ascii_letters[:inner.rank])
        applied = read_tree(Call(name, (Name("T", letters),) if letters else (Name("T"),)),
                            Scope(declared={"T": list(inner.shape)}, functions=self.functions))
        return build.substitute(applied.expr, {applied.variables["T"]: inner})


_SPECIAL = frozenset({"Identity", "ZeroMatrix", "OneMatrix", "DiagonalMatrix", "ElementwiseApplyFunction", "Indexed",
                      "MatrixElement", "MatrixSlice", "KroneckerDelta", "LeviCivita", "Sum", "ImmutableDenseMatrix"})
_ARRAY_NODES = {"ArraySymbol": "array_symbol", "ArrayAdd": "array_sum", "ArrayTensorProduct": "array_product",
                "ArrayContraction": "array_contraction", "ArrayDiagonal": "array_diagonal", "PermuteDims": "array_permuted",
                "ZeroArray": "array_constant", "OneArray": "array_constant", "ArrayElementwiseApplyFunc": "array_applied"}


@dataclass(frozen=True, slots=True)
class _Formula:
    """A formula in z, as text, of an expression of SymPy in one symbol."""

    symbol: Any

    def text(self, node: Any) -> str:
        kind = _kind(node)
        if node == self.symbol:
            return "z"
        if kind in ("Integer", "Rational", "Float"):
            value = _fraction(node)
            return f"({value.numerator}/{value.denominator})"
        if kind in ("Add", "Mul"):
            return "(" + (" + " if kind == "Add" else "*").join([self.text(part) for part in node.args]) + ")"
        if kind == "Pow":
            return f"({self.text(node.args[0])})^({self.text(node.args[1])})"
        if kind == "Exp1":
            return "exp(1)"
        if kind == "Pi":
            return "(4*arctan(1))"
        if kind in _CALLS and len(node.args) == 1:
            return f"{_CALLS[kind]}({self.text(node.args[0])})"
        if kind in _EXTREMES and len(node.args) == 2:
            return f"{_EXTREMES[kind]}({self.text(node.args[0])}, {self.text(node.args[1])})"
        raise unsupported(node)

