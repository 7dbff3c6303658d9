"""Expressions to SymPy: as matrices, as arrays of any order, or as explicit sums of entries.

A matrix expression is made from the matrix form, an array expression from the expression itself.
Vectors are n x 1 in a matrix expression, and arrays of one axis in an array expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..errors import TensorCalcError, UnsupportedError
from ..functions import POWER
from ..notation.describe import Layout, axis_letters, page, writable
from ..notation.syntax import Call, Entry, Literal, Name, Num, Op, Syntax, fold
from ..numbers.backends import sympy, sympy_arrays
from ..sizes import Dim, polynomial

Symbols = Mapping[str, Any]

FORMS = ("matrix", "array", "indexed")

_SCALAR = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
           "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "abs": "Abs", "sign": "sign", "erf": "erf"}


def to_sympy(expr: Expr, layout: Layout, form: str | None = None, symbols: Symbols | None = None) -> Any:
    """``expr`` as an expression of SymPy.

    Parameters
    ----------
    form: ``"matrix"``, ``"array"`` or ``"indexed"``; without it the first that there is of the first two.
    symbols: what stands for names of variables and of sizes, where plain symbols are not wanted.

    Raises
    ------
    UnsupportedError: TC320 for what SymPy cannot express.
    LimitError: TC416 where it is too large to be written out.
    """
    writable(expr)
    known = dict(symbols or {})
    try:
        return _made(expr, layout, form, known)
    except TensorCalcError:
        raise
    except (TypeError, ValueError) as error:   # SymPy's own checks, of what it cannot tell apart
        raise _unsupported("a formula that SymPy refuses") from error


def _made(expr: Expr, layout: Layout, form: str | None, known: Symbols) -> Any:
    if form == "array":
        return _Arrays(known).whole(expr, layout)
    if form == "indexed":
        return _Entries(known).whole(expr, layout)
    try:
        return _matrix(expr, layout, known)
    except UnsupportedError:
        if form == "matrix":
            raise
        return _Arrays(known).whole(expr, layout)


def _unsupported(what: str) -> UnsupportedError:
    return UnsupportedError("TC320", f"{what} has no expression in SymPy")


def _rational(value: Fraction) -> Any:
    return sympy().Rational(value.numerator, value.denominator)


def _dim(dim: Dim, symbols: Symbols) -> Any:
    """A size as a number or an expression of symbols."""
    library = sympy()
    if isinstance(dim, int):
        return library.Integer(dim)
    return library.Add(*[library.Mul(_rational(weight), *[symbols.get(name, library.Symbol(name)) for name in names])
                         for names, weight in polynomial(dim).items()])


def _scalar_function(name: str, argument: Any) -> Any:
    """A function of a number."""
    library = sympy()
    if name in _SCALAR:
        return getattr(library, _SCALAR[name])(argument)
    if name == "sigmoid":
        return 1 / (1 + library.exp(-argument))
    if name == "softplus":
        return library.log(1 + library.exp(argument))
    if name == "relu":
        return library.Max(0, argument)
    raise _unsupported(name)


# -- matrices ----------------------------------------------------------------------------


def _matrix(expr: Expr, layout: Layout, symbols: Symbols) -> Any:
    """A MatrixExpr, or an expression of numbers where ``expr`` is one."""
    tree = page(expr, layout)
    if tree is None:
        raise _unsupported("what has no matrix form")
    shapes = {node.name: node for node in postorder(expr) if isinstance(node, Variable)}
    try:
        made: Any = fold(tree, _Matrices(symbols, shapes).node)
    except TensorCalcError:
        raise
    except (TypeError, ValueError) as error:
        raise _unsupported("a matrix that SymPy refuses") from error
    return made


def _of_matrix(function: str, argument: Expr, symbols: Symbols) -> Any:
    """A function of a matrix that has a matrix form."""
    matrix = _matrix(argument, Layout(((1, 1),)), symbols)
    if not getattr(matrix, "is_Matrix", False):
        raise _unsupported(f"{function} of a matrix of one entry")
    return _Matrices(symbols, {}).of_matrix(function, matrix)


class _Matrices:
    """The nodes of a matrix form, made from the leaves up."""

    def __init__(self, symbols: Symbols, variables: Mapping[str, Variable]) -> None:
        self.symbols, self.variables, self.library = symbols, variables, sympy()

    def node(self, tree: Syntax, parts: list[Any]) -> Any:
        """One node, given its children."""
        match tree:
            case Num(value):
                return _rational(value)
            case Name():
                return self.name(tree.name)
            case Op(operator):
                return getattr(self, "_" + operator)(*parts)
            case Call(function):
                return self.call(tree, function, parts)
            case Entry():
                places = [place - 1 for place in parts[1:]]
                return parts[0][tuple(places)] if len(places) == 2 else \
                    parts[0][places[0], 0] if parts[0].shape[1] == 1 else parts[0][0, places[0]]
            case Literal():
                width = len(tree.rows[0])
                return self.library.ImmutableMatrix([parts[k:k + width] for k in range(0, len(parts), width)])
            case _:
                raise _unsupported("this notation")

    def name(self, name: str) -> Any:
        """A variable, or a size."""
        variable = self.variables.get(name)
        if name in self.symbols:
            return self.symbols[name]
        if variable is None or not variable.shape:
            return self.library.Symbol(name)
        if variable.groups or variable.rank > 2:
            raise _unsupported(f"{name}, which is no matrix,")
        rows, *cols = [_dim(dim, self.symbols) for dim in variable.shape]
        return self.library.MatrixSymbol(name, rows, *(cols or [1]))

    def scalar(self, value: Any) -> Any:
        """A number: a 1 x 1 matrix is its trace."""
        return self.library.Trace(value) if self.is_matrix(value) else value

    def is_matrix(self, value: Any) -> bool:
        return bool(getattr(value, "is_Matrix", False))

    def _add(self, *parts: Any) -> Any:
        if any(self.is_matrix(part) and part.shape != (1, 1) for part in parts):
            return self.library.MatAdd(*parts)
        return self.library.Add(*[self.scalar(part) for part in parts])

    def _negate(self, part: Any) -> Any:
        return -part

    def _multiply(self, *parts: Any) -> Any:
        result: Any = None
        numbers = []
        for part in parts:
            if not self.is_matrix(part):
                numbers.append(part)
            else:
                result = part if result is None else result * part
                if result.shape == (1, 1):
                    numbers.append(self.scalar(result))
                    result = None
        factor = self.library.Mul(*numbers)
        return factor if result is None else factor * result

    def _divide(self, top: Any, bottom: Any) -> Any:
        return top * (1 / self.scalar(bottom)) if self.is_matrix(top) else top / self.scalar(bottom)

    def _power(self, base: Any, exponent: Any) -> Any:
        return self.library.MatPow(base, exponent) if self.is_matrix(base) and base.shape != (1, 1) else \
            self.scalar(base) ** exponent

    def _transpose(self, part: Any) -> Any:
        return part.T if self.is_matrix(part) else part

    def _hadamard(self, a: Any, b: Any) -> Any:
        return self.library.hadamard_product(a, b) if self.is_matrix(a) and self.is_matrix(b) else a * b

    def _quotient(self, a: Any, b: Any) -> Any:
        if not self.is_matrix(b):
            return a * (1 / b)
        inverse = self.library.HadamardPower(b, -1)
        return self.library.hadamard_product(a, inverse) if self.is_matrix(a) else a * inverse

    def _elpower(self, a: Any, b: Any) -> Any:
        if self.is_matrix(b):   # SymPy 1.14 transposes the base of such a power and not its exponent
            raise _unsupported("a power entry by entry whose exponent is a matrix")
        return self.library.HadamardPower(a, b) if self.is_matrix(a) else a**b

    def _frobenius(self, a: Any, b: Any) -> Any:
        return self.library.Trace(a.T * b) if self.is_matrix(a) else a * b

    def _kronecker(self, a: Any, b: Any) -> Any:
        return self.library.kronecker_product(a, b)

    def _kronsum(self, a: Any, b: Any) -> Any:
        one, two = (self.library.Identity(part.shape[0]) for part in (a, b))
        return self.library.kronecker_product(a, two) + self.library.kronecker_product(one, b)

    def call(self, tree: Call, function: str, parts: list[Any]) -> Any:
        """A function of matrices, or one entry by entry."""
        library = self.library
        if tree.primes or tree.indices is not None:
            raise _unsupported(f"{function} with primes or indices")
        if function in ("eye", "ones", "zeros"):
            made = {"eye": library.Identity, "ones": library.OneMatrix, "zeros": library.ZeroMatrix}[function]
            sizes = parts if function == "eye" or len(parts) == 2 else [*parts, library.Integer(1)]
            return made(*sizes)
        if function == "kron":
            return library.kronecker_product(*parts)
        if function == "e" and len(parts) == 2:
            return library.Identity(parts[1])[:, parts[0] - 1]
        if len(parts) != 1:
            raise _unsupported(f"{function} of {len(parts)} arguments")
        (part,) = parts
        if not self.is_matrix(part) or part.shape == (1, 1):
            number = self.scalar(part)
            return number if function in ("tr", "sum") else library.sqrt(number) if function == "sqrt" else \
                library.Abs(number) if function in ("norm1", "norm2") else _scalar_function(function, number)
        return self.of_matrix(function, part)

    def of_matrix(self, function: str, part: Any) -> Any:
        """A function of one matrix."""
        library = self.library
        match function:
            case "inv":
                return library.Inverse(part)
            case "tr":
                return library.Trace(part)
            case "det":
                return library.Determinant(part)
            case "logdet":
                return library.log(library.Abs(library.Determinant(part)))
            case "diag":
                return library.DiagMatrix(part) if part.shape[1] == 1 else \
                    library.matrices.expressions.diagonal.DiagonalOf(part)
            case "sum":
                return self.total(part)
            case "norm2":
                return library.sqrt(library.Trace(part.T * part))
            case "norm1":
                return self.total(self.entrywise("abs", part))
            case "softmax":
                powers = self.entrywise("exp", part)
                return 1 / self.total(powers) * powers
            case "logsumexp":
                return library.log(self.total(self.entrywise("exp", part)))
        return self.entrywise(function, part)

    def total(self, part: Any) -> Any:
        """The sum of all entries."""
        rows, cols = part.shape
        ones = self.library.OneMatrix
        return self.library.Trace(ones(cols, rows) * part)

    def entrywise(self, function: str, part: Any) -> Any:
        z = self.library.Symbol("z")
        body = self.library.sqrt(z) if function == "sqrt" else _scalar_function(function, z)
        return part.applyfunc(self.library.Lambda(z, body))


# -- arrays of any order -----------------------------------------------------------------


class _Arrays:
    """The nodes of an expression as array expressions, one axis each."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols, self.library = symbols, sympy()
        self.arrays = sympy_arrays()

    def whole(self, expr: Expr, layout: Layout) -> Any:
        """An expression with its axes merged as the array has them."""
        array = self.of(expr)
        if set(layout.groups) <= {1}:
            return array
        sizes = iter(self.dims(expr))
        return self.arrays.Reshape(array, tuple([self.library.Mul(*[next(sizes) for _ in range(count)])
                                                 for count in layout.groups]))

    def of(self, expr: Expr) -> Any:
        """An expression with everything below it."""
        known: dict[Expr, Any] = {}
        for node in postorder(expr):
            known[node] = self.number(node, known) if not node.rank and node is not expr else self.node(node, known)
        return known[expr]

    def number(self, node: Expr, known: Mapping[Expr, Any]) -> Any:
        """A number as functions and products of numbers take it; else an array without axes."""
        try:
            return _matrix(node, Layout(((),)), self.symbols)
        except UnsupportedError:
            return self.node(node, known)

    def is_number(self, value: Any) -> bool:
        return not hasattr(value, "shape")

    def node(self, node: Expr, known: Mapping[Expr, Any]) -> Any:
        match node:
            case Variable():
                return self.variable(node)
            case Delta():
                return self.delta(node)
            case Sum():
                if not node.rank and len({self.is_number(known[term]) for _, term in node.terms}) > 1:
                    raise _unsupported("a sum of a number and a sum over arrays")
                terms = [self.times(_rational(weight), known[term]) for weight, term in node.terms]
                return self.zero(node) if not terms else \
                    self.library.Add(*terms) if all(map(self.is_number, terms)) else terms[0] if len(terms) == 1 \
                    else self.arrays.ArrayAdd(*terms)
            case Einsum():
                return self.product(list(node.operands), list(node.subscripts), node.rank, known)
            case Apply():
                return self.applied(node, known)
            case _:
                raise AssertionError(node)

    def dims(self, node: Expr) -> list[Any]:
        return [_dim(dim, self.symbols) for dim in node.shape]

    def variable(self, node: Variable) -> Any:
        if node.name in self.symbols:
            return self.symbols[node.name]
        if not node.rank:
            return self.library.Symbol(node.name)
        if node.groups:
            raise _unsupported(f"{node.name}, whose axes are merged,")
        return self.library.MatrixSymbol(node.name, *self.dims(node)) if node.rank == 2 else \
            self.arrays.ArraySymbol(node.name, tuple(self.dims(node)))

    def zero(self, node: Expr) -> Any:
        return self.arrays.ZeroArray(*self.dims(node)) if node.rank else self.library.S.Zero

    def times(self, factor: Any, array: Any) -> Any:
        """A number times an array."""
        if factor == 1:
            return array
        return factor * array if self.is_number(array) or getattr(array, "is_Matrix", False) else \
            self.arrays.ArrayTensorProduct(factor, array)

    def delta(self, node: Delta) -> Any:
        dim = _dim(node.dim, self.symbols)
        if node.rank < 2:
            return self.arrays.OneArray(dim) if node.rank else dim
        eye = self.library.Identity(dim)
        return eye if node.rank == 2 else \
            self.joined([eye] * (node.rank - 1), [(k, k + 1) for k in range(node.rank - 1)], node.rank)

    def product(self, operands: list[Expr], subscripts: list[tuple[int, ...]], rank: int, known: Mapping[Expr, Any]) -> Any:
        """A product with its sums; deltas of higher order are chains of identities."""
        numbers: list[Any] = []
        factors: list[Any] = []
        labels: list[tuple[int, ...]] = []
        for operand, own in zip(operands, subscripts):
            if not own and self.is_number(known[operand]):
                numbers.append(known[operand])
            elif isinstance(operand, Delta) and operand.rank > 2:
                eye = self.library.Identity(_dim(operand.dim, self.symbols))
                factors += [eye] * (operand.rank - 1)
                labels += list(zip(own, own[1:]))
            else:
                factors.append(known[operand])
                labels.append(own)
        array = self.joined(factors, labels, rank) if factors else self.library.S.One
        return self.times(self.library.Mul(*numbers), array)

    def joined(self, factors: list[Any], labels: Sequence[tuple[int, ...]], rank: int) -> Any:
        """A tensor product with axes of one label summed, or put on a diagonal where the label is kept."""
        arrays = self.arrays
        array = factors[0] if len(factors) == 1 else arrays.ArrayTensorProduct(*factors)
        flat = [label for own in labels for label in own]
        summed = [tuple([k for k, one in enumerate(flat) if one == label]) for label in dict.fromkeys(flat) if label >= rank]
        if summed:
            array = arrays.ArrayContraction(array, *summed)
            flat = [label for label in flat if label < rank]
        repeated = [label for label in dict.fromkeys(flat) if flat.count(label) > 1]
        if repeated:
            array = arrays.ArrayDiagonal(array, *[tuple([k for k, one in enumerate(flat) if one == label])
                                                  for label in repeated])
            flat = [label for label in flat if label not in repeated] + repeated
        order = [flat.index(axis) for axis in range(rank)]
        return array if order == list(range(rank)) else arrays.PermuteDims(array, order)

    def applied(self, node: Apply, known: Mapping[Expr, Any]) -> Any:
        name = node.function.name
        arguments = [known[argument] for argument in node.arguments]
        if any(not argument.rank and not self.is_number(made) for argument, made in zip(node.arguments, arguments)):
            raise _unsupported("a function of a number that is a sum over arrays")
        if node.function is POWER and not node.arguments[1].rank:
            exponent = arguments[1]
            return arguments[0] ** exponent if not node.rank else self.entrywise(arguments[0], lambda z: z**exponent)
        if node.function.elementwise and len(arguments) == 1:
            return self.entrywise(arguments[0], lambda z: _scalar_function(name, z)) if node.rank else \
                _scalar_function(name, arguments[0])
        if name in ("inv", "det", "logdet") and not node.function.ways and node.arguments[0].rank == 2:
            return _of_matrix(name, node.arguments[0], self.symbols)
        raise _unsupported(name)

    def entrywise(self, array: Any, function: Any) -> Any:
        z = self.library.Symbol("z")
        return self.arrays.ArrayElementwiseApplyFunc(self.library.Lambda(z, function(z)), array)


# -- sums of entries ---------------------------------------------------------------------


class _Entries:
    """One entry of an expression, in symbols for its indices; sums are written out and count from 0."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols, self.library = symbols, sympy()
        self.used = 0

    def whole(self, expr: Expr, layout: Layout) -> Any:
        return self.entry(expr, [self.symbols.get(letter, self.library.Symbol(letter)) for letter in axis_letters(layout)])

    def fresh(self) -> Any:
        """A symbol for an index that is summed."""
        self.used += 1
        return self.library.Dummy(f"k{self.used}", integer=True)

    def entry(self, node: Expr, places: Sequence[Any]) -> Any:
        """The entry of a node at ``places``; as deep as brackets nest, which is bounded for what is written."""
        library = self.library
        match node:
            case Variable():
                if not node.rank:
                    return self.symbols.get(node.name, library.Symbol(node.name))
                if node.groups:
                    raise _unsupported(f"{node.name}, whose axes are merged,")
                base = self.symbols.get(node.name)
                shape = tuple([_dim(dim, self.symbols) for dim in node.shape])
                return (base if base is not None else library.IndexedBase(node.name, shape=shape))[tuple(places)]
            case Delta():
                if node.rank < 2:
                    return library.S.One if node.rank else _dim(node.dim, self.symbols)
                return library.Mul(*[library.KroneckerDelta(a, b) for a, b in zip(places, places[1:])])
            case Sum():
                return library.Add(*[_rational(weight) * self.entry(term, places) for weight, term in node.terms])
            case Einsum():
                return self.product(node, places)
            case Apply():
                return self.applied(node, places)
            case _:
                raise AssertionError(node)

    def product(self, node: Einsum, places: Sequence[Any]) -> Any:
        sizes = {label: dim for own, operand in zip(node.subscripts, node.operands) for label, dim in zip(own, operand.shape)}
        at = {label: places[label] if label < node.rank else self.fresh() for label in sizes}
        body = self.library.Mul(*[self.entry(operand, [at[label] for label in own])
                                  for operand, own in zip(node.operands, node.subscripts)])
        ranges = [(at[label], 0, _dim(dim, self.symbols) - 1) for label, dim in sizes.items() if label >= node.rank]
        return self.library.Sum(body, *ranges) if ranges else body

    def applied(self, node: Apply, places: Sequence[Any]) -> Any:
        name, library = node.function.name, self.library
        if node.function is POWER:
            base, exponent = node.arguments
            return self.entry(base, places[:base.rank]) ** self.entry(exponent, places[:exponent.rank])
        if node.function.elementwise and len(node.arguments) == 1:
            return _scalar_function(name, self.entry(node.arguments[0], places))
        if name == "eps":
            return library.LeviCivita(*places)
        if name in ("inv", "det", "logdet") and not node.function.ways and node.arguments[0].rank == 2:
            made = _of_matrix(name, node.arguments[0], self.symbols)
            return made[tuple(places)] if name == "inv" else made
        raise _unsupported(name)
