"""SymPy in and out: both libraries evaluate what one of them made, and agree."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import formula
from sympy.tensor.array.expressions import (
    ArrayAdd,
    ArrayContraction,
    ArrayDiagonal,
    ArrayElementwiseApplyFunc,
    ArraySymbol,
    ArrayTensorProduct,
    OneArray,
    PermuteDims,
    ZeroArray,
)

import tensorcalc as tc
from tensorcalc.errors import TensorCalcError, UnsupportedError

SIZES = {"m": 2, "n": 3, "p": 4}


def values_of(tensor: tc.Tensor, seed: int = 0) -> dict[str, Any]:
    """An array for each variable, positive, matrices far from singular."""
    generator = np.random.default_rng(seed)

    def one(shape: tuple[int, ...]) -> Any:
        array = generator.uniform(0.4, 1.4, shape)
        return array + 2 * np.eye(shape[0]) if len(shape) == 2 and shape[0] == shape[1] else array

    return {name: one(tuple([SIZES.get(dim, dim) for dim in variable.shape])) for name, variable in tensor.variables.items()}


def numbers(expr: Any, values: dict[str, Any]) -> Any:
    """An expression of SymPy evaluated by SymPy: entries of explicit matrices and arrays, sums carried out."""
    expr = sp.sympify(expr).xreplace({sp.Symbol(name): sp.Integer(size) for name, size in SIZES.items()})
    found = {}
    for node in sp.preorder_traversal(expr):
        if isinstance(node, sp.MatrixSymbol):
            array = np.reshape(values[node.name], [int(dim) for dim in node.shape])
            found[node] = sp.ImmutableMatrix(array.tolist())
        elif isinstance(node, sp.Symbol) and node.name in values and not np.shape(values[node.name]):
            found[node] = sp.Float(float(values[node.name]))
    return explicit(expr, found, values)


def explicit(expr: Any, found: dict[Any, Any], values: dict[str, Any]) -> Any:
    kind = type(expr).__name__
    if kind == "DiagonalOf":   # SymPy has no explicit form of some
        return np.diag(explicit(expr.arg, found, values))[:, None]
    expr = expr.replace(lambda node: isinstance(node, sp.Trace), lambda node: sp.Float(np.trace(explicit(node.arg, found, values))))
    if kind == "ArrayAdd":   # SymPy adds arrays to arrays, and matrices to matrices
        return sum(explicit(part, found, values) for part in expr.args)
    if kind == "ArraySymbol":
        return values[str(expr.name)]
    if kind in ("ArrayContraction", "ArrayDiagonal", "PermuteDims", "ArrayTensorProduct", "ArrayElementwiseApplyFunc"):
        return through_numpy(expr, found, values)
    if getattr(expr, "is_Matrix", False):
        return np.array(expr.xreplace(found).doit().as_explicit().evalf().tolist(), dtype=float)
    if isinstance(expr, (OneArray, ZeroArray)):
        return np.array(expr.as_explicit().tolist(), dtype=float)
    return np.array(float(expr.xreplace(found).doit().evalf()))


def through_numpy(expr: Any, found: dict[Any, Any], values: dict[str, Any]) -> Any:
    """An array operation by its definition in SymPy's documentation."""
    kind = type(expr).__name__
    if kind == "ArrayTensorProduct":
        result = np.array(1.0)
        for part in expr.args:
            result = np.multiply.outer(result, explicit(part, found, values))
        return result
    if kind == "ArrayElementwiseApplyFunc":
        return np.vectorize(lambda entry: float(expr.function(entry)))(explicit(expr.expr, found, values))
    inner = explicit(expr.args[0], found, values)
    if kind == "PermuteDims":
        names = {sp.Symbol(f"a{''.join(map(str, place))}"): inner[place] for place in np.ndindex(inner.shape)}
        array = sp.ImmutableDenseNDimArray(list(names), inner.shape)
        permuted = sp.permutedims(array, expr.permutation)
        return np.vectorize(lambda symbol: float(names[symbol]))(np.array(permuted.tolist(), dtype=object))
    groups = [tuple(map(int, group)) for group in expr.args[1:]]
    letters = list(range(inner.ndim))
    for k, group in enumerate(groups):
        for axis in group:
            letters[axis] = 20 + k
    kept = [letter for letter in letters if letter < 20]
    return np.einsum(inner, letters, kept + ([20 + k for k in range(len(groups))] if kind == "ArrayDiagonal" else []))


def entries(tensor: tc.Tensor, expr: Any, values: dict[str, Any]) -> Any:
    """All entries of an indexed expression, evaluated by SymPy."""
    letters = [sp.Symbol(letter) for letter in tc.notation.describe.axis_letters(tensor.layout)]
    expr = expr.xreplace({sp.Symbol(name): sp.Integer(size) for name, size in SIZES.items()
                          if sp.Symbol(name) not in letters})
    shape = [SIZES.get(dim, dim) for dim in tensor.shape]
    result = np.zeros(shape)
    for place in product(*map(range, shape)):
        one = expr.subs(dict(zip(letters, place))).doit()
        given = {node: sp.Float(float(values[str(node.base.label)][tuple(map(int, node.indices))])) for node in one.atoms(sp.Indexed)}
        given |= {symbol: sp.Float(float(values[symbol.name])) for symbol in one.free_symbols
                  if isinstance(symbol, sp.Symbol) and symbol.name in values and not np.shape(values[symbol.name])}
        result[place] = float(one.xreplace(given).doit().evalf())
    return result


def worth(tensor: tc.Tensor, values: dict[str, Any]) -> Any:
    return np.asarray(tensor(**values, **{name: size for name, size in SIZES.items() if name not in values}))


def close(one: Any, two: Any) -> bool:
    one, two = np.squeeze(np.asarray(one, dtype=float)), np.squeeze(np.asarray(two, dtype=float))
    return one.shape == two.shape and bool(np.allclose(one, two, rtol=1e-8, atol=1e-9))


# -- out ---------------------------------------------------------------------------------

DECLARED = {"A": ["m", "n"], "B": ["m", "n"], "X": ["n", "n"], "Y": ["n", "p"], "x": ["n"], "y": ["m"], "T": ["m", "n", "p"], "a": []}

MATRICES = [
    "A X", "x' X x", "tr(X X')", "det(X)", "logdet(X)", "inv(X) x", "A .* B", "A ./ B", "A.^2", "kron(A, X)", "diag(x)", "diag(X)",
    "2 A - B/3", "a A", "norm2(A x - y)^2", "norm1(x)", "sum(exp(A x))", "exp(A)", "sigmoid(A x)", "softplus(x)", "relu(x)", "softmax(x)",
    "logsumexp(x)", "X^3", "X^-2", "A : B", "ones(m, n) + A", "eye(n) + X", "x x'", "x' x A", "A[1,2] x", "x[2]^2", "X ⊕ X", "sqrt(a)",
    "tanh(a) x", "(x' x)^a", "abs(A)", "a .* x ./ (x + x)", "log(det(X)) inv(X)'",
]
HIGHER = [
    "D_ijk = x_i A_jk", "D_ij = T_jki x_k", "D_ijk = T_jik exp(x_i)", "D_i = T_jik A_ji", "D_ij = delta_ij x_i", "D_ijk = delta_ij delta_jk",
    "D_ijkl = X_ij delta_kl - 2 X_il delta_jk", "D_ij = x_i x_i A_ji", "D_ijk = 3 T_ijk + x_j A_ij y_i Y_jk",
    "D_i = A_ji",
]


def read(text: str) -> tc.Tensor:
    used = {name: shape for name, shape in DECLARED.items() if name in text.replace("exp", "").replace("trace", "")}
    return tc.read(text, used)


@pytest.mark.parametrize("text", MATRICES)
def test_matrices_out_and_in(text: str) -> None:
    one = read(text)
    values = values_of(one)
    written = one.to_sympy("matrix")
    assert close(numbers(written, values), worth(one, values))
    back = tc.from_sympy(written)
    assert close(worth(back, values), worth(one, values))


@pytest.mark.parametrize("text", [*HIGHER[:9], HIGHER[9], *MATRICES[:3], "exp(A)", "A.^2"])
def test_arrays_out_and_in(text: str) -> None:
    one = read(text)
    values = values_of(one)
    written = one.to_sympy("array")
    assert close(numbers(written, values), worth(one, values))
    assert tc.from_sympy(written).expr is one.expr or close(worth(tc.from_sympy(written), values), worth(one, values))


@pytest.mark.parametrize("text", [*HIGHER[:9], "A X", "x' X x", "inv(X) x", "sum(exp(A x))", "D_i = eps_ijk x_j z_k"])
def test_entries_out_and_in(text: str) -> None:
    one = read(text) if "eps" not in text else tc.read(text, x=[3], z=[3])
    values = values_of(one)
    written = one.to_sympy("indexed")
    if "inv" not in text:
        assert close(entries(one, written, values), worth(one, values))
        letters = tc.notation.describe.axis_letters(one.layout)
        back = tc.from_sympy(written, indices=letters) if letters else tc.from_sympy(written)
        assert close(worth(back, values), worth(one, values))


@settings(max_examples=40)
@given(st.integers(0, 5000))
def test_random_formulas(seed: int) -> None:
    """Whatever SymPy can express has the same value there, and after a way back."""
    one = formula(seed)
    tensor = tc.read(one.text, {name: list(shape) for name, shape in one.declared.items()}, index_dims=one.index_dims())
    values, want = one.values(), None
    try:
        written = tensor.to_sympy()
        back = tc.from_sympy(written)
    except UnsupportedError:
        return
    except TensorCalcError as error:
        assert error.code in ("TC053", "TC509", "TC519", "TC416", "TC414"), error
        return
    sizes = {name: size for name, size in one.sizes.items() if name not in values}
    want, got = np.asarray(tensor(**values, **sizes)), np.asarray(back(**values, **sizes))
    if np.all(np.isfinite(want)) and want.size and np.max(np.abs(want)) < 1e6:
        assert np.allclose(np.squeeze(got), np.squeeze(want), rtol=1e-6, atol=1e-6), (one.text, written)


def test_symbols_of_ones_own_are_put_in() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    X = sp.MatrixSymbol("X", n, n)
    written = tc.read("tr(X X)", X=["n", "n"]).gradient("X").to_sympy(symbols={"X": X, "n": n})
    assert written == 2 * X.T


# -- in ----------------------------------------------------------------------------------

n, m, i, j, k, t = *sp.symbols("n m i j k"), sp.Symbol("t")
X, A, B = sp.MatrixSymbol("X", n, n), sp.MatrixSymbol("A", m, n), sp.MatrixSymbol("B", m, n)
x, r = sp.MatrixSymbol("x", n, 1), sp.MatrixSymbol("r", 1, n)
IA, IX = sp.IndexedBase("A", shape=(m, n)), sp.IndexedBase("x", shape=(n,))

READ = [
    (X * X.T - 2 * X, "X X' - 2 X"), (sp.Trace(X.T * X), "tr(X' X)"), (sp.Inverse(X), "inv(X)"), (X**-1, "inv(X)"), (X**3, "X^3"), (X**k, "X^k"),
    (sp.Determinant(X), "det(X)"), (sp.HadamardProduct(A, B), "A .* B"), (sp.KroneckerProduct(A, B), "kron(A, B)"),
    (sp.Identity(n) + X, "eye(n) + X"), (sp.ZeroMatrix(n, n) + X, "X"), (sp.OneMatrix(m, n) + A, "ones(m, n) + A"),
    (sp.DiagMatrix(x) * X, "diag(x) X"), (A * x, "A x"), (x.T * X * x, "x' X x"), (r * x, "r' x"), (X * r.T, "X r"),
    (A.applyfunc(sp.exp), "exp(A)"), (A.applyfunc(sp.Lambda(t, 1 / (1 + sp.exp(-t)))), "1 ./ (ones(m, n) + exp(-A))"),
    (sp.HadamardPower(A, 2), "A.^2"), (t * A + B / 2, "t A + B/2"), (sp.log(sp.Abs(sp.Determinant(X))), "log(abs(det(X)))"),
    (sp.exp(-t**2) * sp.Trace(X), "exp(-t^2) tr(X)"), (sp.Rational(1, 3) * sp.sqrt(t), "t^(1/2)/3"), (sp.pi * t, "4*arctan(1)*t"),
    (sp.Matrix([[1, 2], [3, 4]]).as_immutable() * sp.MatrixSymbol("z", 2, 1), "[1, 2; 3, 4] z"),
    (X[0, 1] * x[0, 0], "X[1,2] x[1]"), ((A * x)[i, 0], "A x"),
    (IA[i, j] * IX[j], "A x"), (sp.Sum(IA[i, j] * IX[j], (j, 0, n - 1)), "A x"), (sp.Sum(IX[i] ** 2, (i, 0, n - 1)), "x' x"),
    (sp.Sum(sp.exp(IX[i]), (i, 0, n - 1)) ** 2, "sum(exp(x))^2"), (sp.KroneckerDelta(i, j) * IX[i], "R_j = x_j"),
    (sp.Sum(IA[i, j], (i, 0, m - 1), (j, 0, n - 1)), "sum(A)"), (sp.Max(t, 2), "max(2, t)"), (IA[k, i] * IA[k, j], "A' A"),
]


@pytest.mark.parametrize(("expr", "own"), READ, ids=[own for _, own in READ])
def test_what_is_read(expr: Any, own: str) -> None:
    declared = {"X": ["n", "n"], "A": ["m", "n"], "B": ["m", "n"], "x": ["n"], "r": ["n"], "t": [], "z": [2]}
    assert tc.from_sympy(expr).expr is tc.read(own, declared).expr


def test_arrays_are_read() -> None:
    T, v = ArraySymbol("T", (2, 3, 2)), ArraySymbol("v", (3,))
    assert tc.from_sympy(PermuteDims(T, [2, 0, 1])).expr is tc.read("D_kij = T_ijk", T=[2, 3, 2]).expr
    assert tc.from_sympy(ArrayContraction(ArrayTensorProduct(T, v), (1, 3))).expr is tc.read("D_ik = T_ijk v_j", T=[2, 3, 2], v=[3]).expr
    assert tc.from_sympy(ArrayDiagonal(T, (0, 2))).expr is tc.read("D_ji = T_iji", T=[2, 3, 2]).expr
    assert tc.from_sympy(ArrayAdd(T, T)).expr is tc.read("D_ijk = 2 T_ijk", T=[2, 3, 2]).expr
    assert tc.from_sympy(ArrayElementwiseApplyFunc(sp.Lambda(t, t**2), T)).expr is tc.read("D_ijk = T_ijk^2", T=[2, 3, 2]).expr
    assert tc.from_sympy(ArrayTensorProduct(OneArray(2), v)).expr is tc.read("D_ij = ones(2)_i v_j", v=[3]).expr
    assert tc.from_sympy(ArrayContraction(ArrayTensorProduct(A, x), (1, 2))).shape == ("m", 1)


# -- what SymPy 1.14 gets wrong ----------------------------------------------------------


@pytest.mark.parametrize("expr", [
    sp.Trace(sp.HadamardProduct(X, X) * X), sp.Trace(X.applyfunc(sp.sin) * X), sp.Determinant(X) * sp.Trace(X.inverse()),
    (x.T * X * x)[0, 0] ** 2, sp.Trace(sp.DiagMatrix(x) * X * sp.DiagMatrix(x)),
])
def test_derivatives_by_way_of_tensorcalc(expr: Any) -> None:
    """The derivative that comes back to SymPy is that of SymPy's entries, one by one."""
    by = "x" if isinstance(expr, sp.Pow) or expr.has(sp.DiagMatrix) else "X"
    symbol = {"x": x, "X": X}[by]
    gradient = tc.from_sympy(expr).gradient(by)
    at = {sp.Symbol("n"): 2}
    whole, small = expr.xreplace(at).doit(), symbol.xreplace(at)
    whole = whole.as_explicit() if getattr(whole, "is_Matrix", False) else whole
    entry = sp.Matrix(2, small.shape[1], lambda a, b: sp.Symbol(f"{by}{a}{b}"))
    other = X.xreplace(at)
    fixed = {small: entry.as_immutable()}
    if by == "x":
        fixed[other] = sp.ImmutableMatrix([[1, 2], [3, 5]])
    value = expr.xreplace(at).xreplace(fixed).replace(lambda node: isinstance(node, sp.Trace), lambda node: sp.trace(
        node.arg.doit().as_explicit())).doit()
    point = dict(zip(entry, [sp.Rational(3, 2), 2, -1, 4]))
    want = entry.applyfunc(lambda one: sp.diff(value, one)).xreplace(point)
    values = {by: np.array(entry.xreplace(point).tolist(), dtype=float).squeeze(), "X": np.array([[1., 2.], [3., 5.]])}
    values[by] = np.array(entry.xreplace(point).tolist(), dtype=float).reshape([2, 2] if by == "X" else [2])
    assert close(gradient(**{name: values[name] for name in gradient.variables}), np.array(want.tolist(), dtype=float))


# -- what is not read --------------------------------------------------------------------

NOT_READ = [
    (lambda: tc.from_sympy(sp.gamma(t)), "UnsupportedError TC321: gamma has no counterpart here"),
    (lambda: tc.from_sympy(sp.BlockMatrix([[X, X]])), "UnsupportedError TC321: BlockMatrix has no counterpart here"),
    (lambda: tc.from_sympy(sp.Sum(IX[i], (i, 1, n - 1))), "UnsupportedError TC321: Sum does not run over a whole axis from 0"),
    (lambda: tc.from_sympy(sp.exp(X)),
     "UnsupportedError TC321: exp of a matrix may go entry by entry or not: X.applyfunc goes entry by entry"),
    (lambda: tc.from_sympy(sp.Symbol("a", commutative=False) * t),
     "UnsupportedError TC321: Symbol that does not commute has no counterpart here"),
    (lambda: tc.from_sympy("x + 1"), "RequestError TC519: an expression of SymPy is needed, not str"),
    (lambda: tc.from_sympy(sp.Symbol("x_1")), ("RequestError TC509: 'x_1' is not a name: a letter, then letters and digits\n"
                                               "  help: give the symbol another name: expr.subs or expr.xreplace")),
    (lambda: tc.from_sympy(sp.Derivative(sp.Trace(X), X)), "UnsupportedError TC321: Derivative has no counterpart here"),
    (lambda: tc.read("expm(X)").to_sympy(), "UnsupportedError TC320: expm has no expression in SymPy"),
    (lambda: tc.read("X").to_sympy("text"), "RequestError TC508: form is one of matrix, array, indexed, not 'text'"),
]


@pytest.mark.parametrize(("action", "message"), NOT_READ, ids=[message for _, message in NOT_READ])
def test_what_has_no_counterpart_is_named(action: Any, message: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        action()
    assert str(caught.value) == message


def test_deep_and_large_expressions() -> None:
    deep = t
    for _ in range(150):
        deep = sp.sin(deep)
    with pytest.raises(TensorCalcError, match="deeper"):
        tc.from_sympy(deep)
    with pytest.raises(TensorCalcError, match="5000 nodes"):
        tc.from_sympy(sp.Add(*[sp.Symbol(f"a{k}") ** 2 for k in range(6000)]))


def test_sizes_of_arrays_are_those_of_matrices() -> None:
    half = n * (n + 1) / 2
    T, x = ArraySymbol("T", (half, m, 2)), sp.MatrixSymbol("x", half, 1)
    one = tc.from_sympy(ArrayContraction(ArrayTensorProduct(T, x), (0, 3)))
    assert one.shape == ("m", 2, 1)
    with pytest.raises(TensorCalcError, match="Mul is the size of several axes here"):
        tc.from_sympy(ArraySymbol("U", (n * m, 2, 2)))
