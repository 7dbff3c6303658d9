"""Linear maps with their structure: every operation is that of the dense array, and none makes it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structures import RandomMap, random_map

from tensorcalc import Tensor, TensorCalcError, read, tensor
from tensorcalc.numbers import backends
from tensorcalc.numbers.maps.matrices import Factorised, systems
from tensorcalc.numbers.maps.solvers import permutation_sign
from tensorcalc.numbers.maps.structured import MEMORY_LIMIT, Structured, structured

LAWS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

Array = Any


# -- the laws ----------------------------------------------------------------------------


def agree(found: Structured, matrix: Array, rng: np.random.Generator) -> None:
    """All operations are those of the matrix, in NumPy."""
    rows, cols = matrix.shape
    close = {"rtol": 1e-9, "atol": 1e-10 * (1 + np.abs(matrix).max(initial=0)) * max(rows, cols)}
    assert found.shape == found.row_shape + found.column_shape
    np.testing.assert_allclose(found.dense().reshape(rows, cols), matrix, **close)
    right, many, left = rng.normal(size=cols), rng.normal(size=(cols, 3)), rng.normal(size=rows)
    np.testing.assert_allclose((found @ right.reshape(found.column_shape)).ravel(), matrix @ right, **close)
    np.testing.assert_allclose((found @ right).ravel(), matrix @ right, **close)
    np.testing.assert_allclose((found @ many).reshape(rows, 3), matrix @ many, **close)
    np.testing.assert_allclose((found @ many.reshape(*found.column_shape, 3)).reshape(rows, 3), matrix @ many, **close)
    np.testing.assert_allclose((found.T @ left).ravel(), left @ matrix, **close)
    np.testing.assert_allclose((left.reshape(found.row_shape) @ found).ravel(), left @ matrix, **close)
    if rows == cols:
        assert found.diagonal().shape == found.row_shape
        np.testing.assert_allclose(found.diagonal().ravel(), np.diag(matrix), **close)
        np.testing.assert_allclose(found.trace(), np.trace(matrix), **close)
        solves(found, matrix, rng)


def solves(found: Structured, matrix: Array, rng: np.random.Generator) -> None:
    """Systems and determinants, as far as the condition of the matrix lets them agree."""
    order = len(matrix)
    condition = np.linalg.cond(matrix) if matrix.any() else np.inf
    right = rng.normal(size=(order, 2))
    if condition > 1e9:
        return
    want = np.linalg.solve(matrix, right)
    close = {"rtol": 1e-8, "atol": 1e-12 * condition * (1 + np.abs(want).max())}
    assert found.method
    np.testing.assert_allclose(found.solve(right).reshape(order, 2), want, **close)
    np.testing.assert_allclose(found.solve(right[:, 0].reshape(found.row_shape)).ravel(), want[:, 0], **close)
    want = np.linalg.solve(matrix.T, right)
    np.testing.assert_allclose(found.T.solve(right).reshape(order, 2), want,
                               rtol=1e-8, atol=1e-12 * condition * (1 + np.abs(want).max()))
    sign, size = np.linalg.slogdet(matrix)
    np.testing.assert_allclose(found.slogdet()[0], sign, rtol=1e-9)
    np.testing.assert_allclose(found.logdet(), size, rtol=1e-8, atol=1e-12 * condition)


def made(one: RandomMap, memory_limit: int = MEMORY_LIMIT) -> Structured:
    assert one.expr is not None
    groups = (1,) * len(one.rows), (1,) * len(one.cols)
    return structured(one.expr, groups, one.values, one.sizes, memory_limit=memory_limit)


@LAWS
@given(st.integers(0, 2**32))
def test_every_operation_is_that_of_the_dense_array(seed: int) -> None:
    one = random_map(seed)
    agree(made(one), one.matrix, np.random.default_rng(seed))


@LAWS
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_little_memory_changes_nothing_or_is_an_error(seed: int, entries: int) -> None:
    one = random_map(seed)
    found = made(one, memory_limit=8 * entries)
    try:
        agree(found, one.matrix, np.random.default_rng(seed))
    except TensorCalcError as error:
        assert error.code == "TC418"
        assert one.matrix.size > entries


@LAWS
@given(st.integers(0, 2**32))
def test_what_has_no_inverse_is_refused(seed: int) -> None:
    one = random_map(seed)
    rows, cols = one.matrix.shape
    if rows != cols or np.linalg.matrix_rank(one.matrix, tol=1e-9) == rows:
        return
    with pytest.raises(TensorCalcError) as caught:
        made(one).solve(np.ones(rows))
    assert caught.value.code == "TC311"


@LAWS
@given(st.integers(0, 2**32))
def test_single_precision_stays_single(seed: int) -> None:
    one = random_map(seed)
    one.values = {name: array.astype(np.float32) for name, array in one.values.items()}
    found = made(one)
    if found.dtype == float:
        return   # no array is left in it
    right = np.ones(found.column_shape, dtype=np.float32)
    scale = 1 + np.abs(one.matrix).max(initial=0)
    for array in (found @ right, found.dense(), found.T @ np.ones(found.row_shape, dtype=np.float32)):
        assert array.dtype == np.float32
    np.testing.assert_allclose((found @ right).ravel(), one.matrix.sum(axis=1), atol=1e-4 * scale * right.size, rtol=1e-4)
    if len(one.matrix) == one.matrix.shape[1]:
        assert found.diagonal().dtype == np.float32
        if np.linalg.cond(one.matrix) < 100:
            solution = found.solve(np.ones(found.row_shape, dtype=np.float32))
            assert solution.dtype == np.float32
            np.testing.assert_allclose((found @ solution).ravel(), 1, atol=1e-3)


@given(st.permutations(range(3)), st.tuples(*[st.integers(1, 3)] * 3))
def test_the_sign_of_a_permutation_of_axes(order: list[int], sizes: tuple[int, ...]) -> None:
    count = int(np.prod(sizes))
    entries = np.arange(count).reshape(sizes).transpose(order).ravel()
    matrix = np.eye(count)[entries]
    assert permutation_sign(range(3), order, dict(enumerate(sizes))) == round(np.linalg.det(matrix))


# -- formulas, against JAX ---------------------------------------------------------------


class Case(NamedTuple):
    """A formula, by what it is differentiated, shapes, and its meaning in JAX."""

    text: str
    wrt: str
    shapes: dict[str, str]
    meaning: Callable[..., Any]
    facts: dict[str, str] | None = None
    method: str = ""


SIZES = {"n": 4, "m": 6, "k": 3, "s": 2, "": 1}


CASES = [
    # losses of linear models
    Case("norm2(T - U V')^2", "U", {"T": "nm", "U": "nk", "V": "mk"}, lambda j, T, U, V: j.sum((T - U @ V.T) ** 2), method="δ ⊗ factors of 3 x 3"),
    Case("norm2(T - U V')^2", "V", {"T": "nm", "U": "nk", "V": "mk"}, lambda j, T, U, V: j.sum((T - U @ V.T) ** 2), method="δ ⊗ factors of 3 x 3"),
    Case("norm2(W .* (T - U V'))^2", "U", {"W": "nm", "T": "nm", "U": "nk", "V": "mk"}, lambda j, W, T, U, V: j.sum((W * (T - U @ V.T)) ** 2), method="δ ⊗ factors of 4 blocks of 3 x 3"),
    Case("norm2(T - U V')^2 + c norm2(U)^2", "U", {"T": "nm", "U": "nk", "V": "mk", "c": ""}, lambda j, T, U, V, c: j.sum((T - U @ V.T) ** 2) + c * j.sum(U ** 2), method="δ ⊗ factors of 3 x 3"),
    Case("norm2(X w - y)^2", "w", {"X": "mn", "w": "n", "y": "m"}, lambda j, X, w, y: j.sum((X @ w - y) ** 2), method="factors of 4 x 4"),
    Case("norm2(X w - y)^2 + c norm2(w)^2", "w", {"X": "sm", "w": "m", "y": "s", "c": ""}, lambda j, X, w, y, c: j.sum((X @ w - y) ** 2) + c * j.sum(w ** 2), method="Woodbury of rank 2 + (δ ⊗ division)"),
    Case("norm2(X w - y)^2 + norm2(d .* w)^2", "w", {"X": "sm", "w": "m", "y": "s", "d": "m"}, lambda j, X, w, y, d: j.sum((X @ w - y) ** 2) + j.sum((d * w) ** 2), method="Woodbury of rank 2 + (δ ⊗ division by 6 entries)"),
    Case("sum(softplus(-y .* (X w)))", "w", {"X": "mn", "w": "n", "y": "m"}, lambda j, X, w, y: j.sum(j.logaddexp(0, -y * (X @ w))), method="factors of 4 x 4"),
    Case("sum(softplus(-y .* (X w))) + c norm2(w)^2", "w", {"X": "sm", "w": "m", "y": "s", "c": ""}, lambda j, X, w, y, c: j.sum(j.logaddexp(0, -y * (X @ w))) + c * j.sum(w ** 2), method="Woodbury of rank 2 + (δ ⊗ division)"),
    Case("sum(exp(X w)) - y' X w", "w", {"X": "mn", "w": "n", "y": "m"}, lambda j, X, w, y: j.sum(j.exp(X @ w)) - y @ X @ w),
    Case("L = logsumexp(X_si W_ic) - Y_sc X_si W_ic + g W_ic W_ic", "W", {"X": "mn", "W": "nk", "Y": "mk", "g": ""}, lambda j, X, W, Y, g: j.sum(j.log(j.sum(j.exp(X @ W), axis=1))) - j.sum(Y * (X @ W)) + g * j.sum(W ** 2)),
    Case("L = logsumexp(X_si W_ic) - Y_sc X_si W_ic + g W_ic W_ic", "W", {"X": "sn", "W": "nk", "Y": "sk", "g": ""}, lambda j, X, W, Y, g: j.sum(j.log(j.sum(j.exp(X @ W), axis=1))) - j.sum(Y * (X @ W)) + g * j.sum(W ** 2), method="Woodbury of rank 2 + (δ ⊗ factors of 3 blocks of 4 x 4)"),
    Case("norm2(A X B - C)^2", "X", {"A": "mn", "X": "nk", "B": "km", "C": "mm"}, lambda j, A, X, B, C: j.sum((A @ X @ B - C) ** 2), method="factors of 4 x 4 ⊗ factors of 3 x 3"),
    Case("norm2(A X - B)^2 + c norm2(X F - E)^2", "X", {"A": "mn", "X": "nk", "B": "mk", "F": "km", "E": "nm", "c": ""}, lambda j, A, X, B, F, E, c: j.sum((A @ X - B) ** 2) + c * j.sum((X @ F - E) ** 2), method="eigenvalues of 4 x 4 and 3 x 3"),
    Case("norm2(A X B)^2 + norm2(C X F)^2", "X", {"A": "mn", "X": "nk", "B": "km", "C": "mn", "F": "km"}, lambda j, A, X, B, C, F: j.sum((A @ X @ B) ** 2) + j.sum((C @ X @ F) ** 2), method="eigenvalues of 4 x 4 and 3 x 3"),
    # elementwise losses
    Case("sum(exp(x))", "x", {"x": "n"}, lambda j, x: j.sum(j.exp(x)), method="δ ⊗ division by 4 entries"),
    Case("sum(exp(X))", "X", {"X": "nk"}, lambda j, X: j.sum(j.exp(X)), method="δ ⊗ δ ⊗ division by 12 entries"),
    Case("sum(log(cosh(X - A)))", "X", {"X": "nk", "A": "nk"}, lambda j, X, A: j.sum(j.log(j.cosh(X - A)))),
    Case("norm2(X)^2", "X", {"X": "nk"}, lambda j, X: j.sum(X ** 2), method="δ ⊗ δ ⊗ division"),
    Case("sum(exp(X)) + norm2(A X)^2", "X", {"X": "nk", "A": "mn"}, lambda j, X, A: j.sum(j.exp(X)) + j.sum((A @ X) ** 2), method="δ ⊗ factors of 3 blocks of 4 x 4"),
    Case("sum(exp(x)) + (u' x)^2", "x", {"x": "m", "u": "m"}, lambda j, x, u: j.sum(j.exp(x)) + (u @ x) ** 2, method="Woodbury of rank 1 + (δ ⊗ division by 6 entries)"),
    Case("exp(x' A x)", "x", {"x": "n", "A": "nn"}, lambda j, x, A: j.exp(x @ A @ x)),
    Case("sum(x)^4 + norm2(x)^4", "x", {"x": "n"}, lambda j, x: j.sum(x) ** 4 + j.sum(x ** 2) ** 2),
    # traces, logarithms of determinants
    Case("tr(S X) - logdet(X)", "X", {"S": "nn", "X": "nn"}, lambda j, S, X: j.trace(S @ X) - j.linalg.slogdet(X)[1], {"X": "spd", "S": "spd"}, method="product with 4 x 4 ⊗ product with 4 x 4"),
    Case("norm2(X)^2 - 2*logdet(X)", "X", {"X": "mm"}, lambda j, X: j.sum(X ** 2) - 2 * j.linalg.slogdet(X)[1]),
    Case("tr(X A X B)", "X", {"X": "nn", "A": "nn", "B": "nn"}, lambda j, X, A, B: j.trace(X @ A @ X @ B)),
    Case("tr(X' A X B)", "X", {"X": "nk", "A": "nn", "B": "kk"}, lambda j, X, A, B: j.trace(X.T @ A @ X @ B), {"A": "spd", "B": "spd"}),
    Case("tr(X)^2 + 2*norm2(X)^2", "X", {"X": "nn"}, lambda j, X: j.trace(X) ** 2 + 2 * j.sum(X ** 2), method="Woodbury of rank 1 + (δ ⊗ δ ⊗ division)"),
    Case("tr(X)^2 + tr(X X) + 2*norm2(X)^2", "X", {"X": "nn"}, lambda j, X: j.trace(X) ** 2 + j.trace(X @ X) + 2 * j.sum(X ** 2)),
    Case("a' X b", "X", {"X": "nk", "a": "n", "b": "k"}, lambda j, X, a, b: a @ X @ b),
    Case("x' inv(A) x", "x", {"x": "n", "A": "nn"}, lambda j, x, A: x @ j.linalg.solve(A, x), {"A": "spd"}, method="product with 4 x 4"),
    Case("tr(inv(X) A)", "X", {"X": "kk", "A": "kk"}, lambda j, X, A: j.trace(j.linalg.inv(X) @ A), {"X": "invertible"}),
    Case("det(X)", "X", {"X": "kk"}, lambda j, X: j.linalg.det(X), {"X": "invertible"}),
    Case("norm2(X' X - A)^2", "X", {"X": "nk", "A": "kk"}, lambda j, X, A: j.sum((X.T @ X - A) ** 2)),
    # Jacobians
    Case("A X B", "X", {"A": "nn", "X": "nk", "B": "kk"}, lambda j, A, X, B: A @ X @ B, method="factors of 4 x 4 ⊗ factors of 3 x 3"),
    Case("A X B", "X", {"A": "mn", "X": "nk", "B": "ks"}, lambda j, A, X, B: A @ X @ B),
    Case("A X' B", "X", {"A": "nn", "X": "kn", "B": "kk"}, lambda j, A, X, B: A @ X.T @ B, method="factors of 4 x 4 ⊗ factors of 3 x 3"),
    Case("X'", "X", {"X": "nk"}, lambda j, X: X.T, method="δ ⊗ δ ⊗ division"),
    Case("X' A X", "X", {"X": "nn", "A": "nn"}, lambda j, X, A: X.T @ A @ X),
    Case("X' A X", "X", {"X": "nk", "A": "nn"}, lambda j, X, A: X.T @ A @ X),
    Case("inv(X)", "X", {"X": "nn"}, lambda j, X: j.linalg.inv(X), {"X": "invertible"}, method="product with 4 x 4 ⊗ product with 4 x 4"),
    Case("X^3", "X", {"X": "kk"}, lambda j, X: X @ X @ X, {"X": "spd"}),
    Case("A X + X B", "X", {"A": "nn", "X": "nk", "B": "kk"}, lambda j, A, X, B: A @ X + X @ B, method="eigenvalues of 4 x 4 and 3 x 3"),
    Case("A X + X A'", "X", {"A": "nn", "X": "nn"}, lambda j, A, X: A @ X + X @ A.T, {"A": "spd"}, method="eigenvalues of 4 x 4 and 4 x 4"),
    Case("A X B + C X F", "X", {"A": "nn", "X": "nk", "B": "kk", "C": "nn", "F": "kk"}, lambda j, A, X, B, C, F: A @ X @ B + C @ X @ F, method="eigenvalues of 4 x 4 and 3 x 3"),
    Case("A X B + C X' F", "X", {"A": "mm", "X": "mm", "B": "mm", "C": "mm", "F": "mm"}, lambda j, A, X, B, C, F: A @ X @ B + C @ X.T @ F),
    Case("x .* (A x)", "x", {"x": "n", "A": "nn"}, lambda j, x, A: x * (A @ x)),
    Case("tanh(A x)", "x", {"x": "n", "A": "nn"}, lambda j, x, A: j.tanh(A @ x)),
    Case("softmax(x)", "x", {"x": "n"}, lambda j, x: j.exp(x) / j.sum(j.exp(x))),
    Case("X .* X", "X", {"X": "nk"}, lambda j, X: X * X, method="δ ⊗ δ ⊗ division by 12 entries"),
    Case("x x'", "x", {"x": "n"}, lambda j, x: j.outer(x, x)),
    Case("diag(x)", "x", {"x": "n"}, lambda j, x: j.diag(x)),
    Case("norm2(A x - y)^2", "x", {"A": "nn", "x": "n", "y": "n"}, lambda j, A, x, y: j.sum((A @ x - y) ** 2), method="factors of 4 x 4"),
]


def point(case: Case, rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Array]:
    """Values for the variables of a case that have the properties it declares."""
    values: dict[str, Array] = {}
    for name, shape in case.shapes.items():
        size = [sizes[dim] for dim in shape]
        array = rng.normal(size=size) if size else np.array(rng.uniform(0.5, 1.5))
        facts = case.facts or {}
        if facts.get(name) == "spd":
            array = array @ array.T + np.eye(len(array))
        elif facts.get(name) == "invertible" or case.text.startswith("norm2(X)^2 - 2*logdet"):
            array = array + 3 * np.eye(len(array))
        values[name] = array
    return values


def derivative_of(case: Case) -> Tensor:
    formula = read(case.text, {name: list(shape) for name, shape in case.shapes.items()}, assume=case.facts)
    return formula.derivative(case.wrt) if formula.ndim else formula.hessian(case.wrt)


def labels(case: Case) -> str:
    return f"{case.text} by {case.wrt}, {''.join(case.shapes[case.wrt])}"


@pytest.mark.parametrize("case", CASES, ids=labels)
def test_formulas_agree_with_jax(case: Case) -> None:
    jax = pytest.importorskip("jax")
    derivative = derivative_of(case)
    rng = np.random.default_rng(1)
    values = point(case, rng, SIZES)
    with jax.enable_x64(True):
        names = list(values)
        place = names.index(case.wrt)
        function = jax.jacfwd if len(derivative.layout.parts) == 2 else jax.hessian
        want = jax.jit(function(lambda *args: case.meaning(jax.numpy, *args), argnums=place))
        want = np.asarray(want(*[jax.numpy.asarray(values[name]) for name in names]))
    sizes = {name: size for name, size in SIZES.items() if name}
    found = derivative.structured(**{name: size for name, size in sizes.items() if name not in values}, **values)
    assert found.shape == want.shape
    matrix = want.reshape(int(np.prod(found.row_shape)), int(np.prod(found.column_shape)))
    agree(found, matrix, rng)
    if case.method:
        assert found.method.startswith(case.method)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CASES), st.integers(0, 2**32), st.tuples(*[st.integers(1, 9)] * 4))
def test_formulas_of_any_size(case: Case, seed: int, sizes: tuple[int, ...]) -> None:
    named = {**dict(zip("nmks", sizes)), "": 1}
    derivative = derivative_of(case)
    rng = np.random.default_rng(seed)
    values = point(case, rng, named)
    more = {name: size for name, size in named.items() if name and name not in values}
    dense = derivative(**more, **values)
    found = derivative.structured(**more, **values)
    agree(found, dense.reshape(int(np.prod(found.row_shape)), int(np.prod(found.column_shape))), rng)


# -- memory ------------------------------------------------------------------------------


def peak(work: Callable[[], Any]) -> int:
    """The most memory, in bytes, that ``work`` takes beside what is there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LARGE = [
    ("norm2(T - U V')^2", "U", {"V": (300, 4)}, {"m": 30_000}, 20),
    ("norm2(X w - y)^2 + c norm2(w)^2", "w", {"X": (3, 120_000), "c": ()}, {}, 60),
    ("sum(exp(x)) + (u' x)^2", "x", {"x": (120_000,), "u": (120_000,)}, {}, 60),
    ("sum(exp(X)) + norm2(A X)^2", "X", {"X": (3, 40_000), "A": (5, 3)}, {}, 60),
    ("A X + X B", "X", {"A": (350, 350), "B": (350, 350)}, {}, 60),
    ("norm2(A X B)^2 + norm2(C X F)^2", "X", {"A": (350, 350), "B": (350, 350), "C": (350, 350), "F": (350, 350)}, {}, 60),
    ("tr(S X) - logdet(X)", "X", {"X": (350, 350)}, {}, 60),
    ("inv(X)", "X", {"X": (350, 350)}, {}, 60),
]


@pytest.mark.parametrize(("text", "wrt", "shapes", "sizes", "most"), LARGE, ids=[row[0] for row in LARGE])
def test_no_dense_array_is_made(text: str, wrt: str, shapes: dict[str, tuple[int, ...]], sizes: dict[str, int], most: int) -> None:
    """``most`` is in times the memory of a right side; the dense array takes more than 100 GB."""
    rng = np.random.default_rng(0)
    formula = read(text)
    derivative = formula.derivative(wrt) if formula.ndim else formula.hessian(wrt)
    values = {name: rng.normal(size=shape) / 10 for name, shape in shapes.items()}
    values |= {name: array @ array.T + np.eye(len(array)) for name, array in values.items()
               if array.ndim == 2 and len(array) == len(array.T)}
    found = derivative.structured(**sizes, **{name: array if array.ndim else 1.0 for name, array in values.items()})
    assert np.prod([float(size) for size in found.shape]) * 8 > 1e11
    right = rng.normal(size=found.row_shape)

    def work() -> None:
        solution = found.solve(right)
        scale = np.abs(found @ np.abs(solution)).max()
        np.testing.assert_allclose(found @ solution, right, atol=1e-7 * scale)
        found.diagonal()
        found.trace()
        assert np.isfinite(found.logdet())

    repr(found)
    assert peak(work) < most * right.nbytes


# -- what is to be read ------------------------------------------------------------------


def factorisation(**more: Any) -> Structured:
    rng = np.random.default_rng(2)
    f = read("norm2(T - U V')^2", T=["n", "m"], U=["n", "k"], V=["m", "k"])
    return f.hessian("U").structured(n=5, V=rng.normal(size=(7, 3)), **more)


def ridge(rows: int, cols: int, c: float, **more: Any) -> Structured:
    X = np.random.default_rng(3).normal(size=(rows, cols))
    return read("norm2(X w - y)^2 + c norm2(w)^2").hessian("w").structured(X=X, c=c, **more)


def test_the_core_and_the_pattern() -> None:
    found = factorisation()
    V = np.random.default_rng(2).normal(size=(7, 3))
    assert found.pattern == "2 δ_ip C_jq"
    np.testing.assert_allclose(found.core, V.T @ V)
    np.testing.assert_allclose(found.dense(), np.einsum("ip,jq->ijpq", np.eye(5), 2 * found.core))


@pytest.mark.parametrize(("text", "wrt", "values", "sizes", "pattern", "shapes"), [
    ("A X + X B", "X", {"A": (2, 2), "B": (3, 3)}, {}, "δ_ip B_qj + A_ip δ_jq", {"A": (2, 2), "B": (3, 3)}),
    ("norm2(X w - y)^2 + c norm2(w)^2", "w", {"X": (2, 9), "c": ()}, {}, "2 X_ai X_ap + 2 c δ_ip", {"X": (2, 9), "c": ()}),
    ("sum(exp(X)) - tr(X' A X)", "X", {"X": (2, 3), "A": (2, 2)}, {}, "C1_ij δ_ip δ_jq - C2_ip δ_jq", {"C1": (2, 3), "C2": (2, 2)}),
    ("tr(X)^2", "X", {"X": (2, 2)}, {}, "2 δ_ij δ_pq", {}),
    ("u' X v", "X", {"X": (2, 2), "u": (2,), "v": (2,)}, {}, "0", {}),
    ("C F X", "X", {"X": (2, 3), "C": (2, 2), "F": (2, 2)}, {}, "C0_ip δ_jq", {"C0": (2, 2)}),
    ("-x", "x", {}, {"m": 3}, "-δ_ip", {}),
])
def test_patterns(text: str, wrt: str, values: dict[str, tuple[int, ...]], sizes: dict[str, int], pattern: str,
                  shapes: dict[str, tuple[int, ...]]) -> None:
    formula = read(text)
    derivative = formula.derivative(wrt) if formula.ndim else formula.hessian(wrt)
    found = derivative.structured(**sizes, **{name: np.ones(shape) for name, shape in values.items()})
    assert found.pattern == pattern
    assert {name: array.shape for name, array in found.cores.items()} == shapes


def test_one_line_says_what_was_found() -> None:
    assert repr(factorisation()) == "<Structured (5, 3, 5, 3): 2 δ_ip C_jq, C is 3 x 3>"
    assert repr(ridge(2, 9, 1.0)) == "<Structured (9, 9): 2 X_ai X_ap + 2 c δ_ip, X is 2 x 9>"
    f = read("norm2(A X)^2 + norm2(B X)^2 + norm2(X C)^2 + norm2(X E)^2 + norm2(F .* X)^2 + norm2(X)^2")
    rng = np.random.default_rng(0)
    assert repr(f.hessian("X").structured(**{name: rng.normal(size=(3, 3)) for name in "ABCEF"})) == \
        "<Structured (3, 3, 3, 3): 6 terms>"


def test_a_matrix_is_a_linear_map() -> None:
    A, B = np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([[1.0, 0.0], [4.0, 1.0]])
    found = (tensor("A", "n", "n") @ tensor("B", "n", "n")).structured(A=A, B=B)
    np.testing.assert_allclose(found @ [1, 2], A @ B @ [1, 2])
    np.testing.assert_allclose(found.solve([1, 2]), np.linalg.solve(A @ B, [1, 2]))


def test_merged_axes_are_the_axes_of_the_matrix() -> None:
    rng = np.random.default_rng(4)
    Y = rng.normal(size=(3, 3))
    J = read("X Y").jacobian("X")
    found = J.structured(Y=Y, m=2)
    assert found.shape == (6, 6)
    agree(found, np.kron(Y.T, np.eye(2)), rng)


def test_a_gradient_is_a_map_to_numbers() -> None:
    found = read("tr(A X)").gradient("X").structured(A=[[1.0, 2.0], [3.0, 4.0]])
    assert found.shape == (2, 2)
    assert found.row_shape == ()
    assert float(found @ [[1.0, 0.0], [1.0, 1.0]]) == 1 + 2 + 4


def test_unknown_functions_are_passed_as_callables() -> None:
    f = read("sum(f(A x))", functions={"f": "elementwise"}).hessian("x")
    A, x = np.random.default_rng(0).normal(size=(4, 3)), np.ones(3)
    np.testing.assert_allclose(f.structured(A=A, x=x, d2f=np.exp).dense(), A.T @ np.diag(np.exp(A @ x)) @ A)


# -- products and systems ----------------------------------------------------------------


def test_products_are_new_arrays() -> None:
    identity = read("x").derivative("x").structured(x=[1.0, 2.0])
    right = np.array([1.0, 2.0])
    for found in (identity @ right, identity.solve(right), identity.diagonal(), identity.dense()):
        found += 1
    assert right.tolist() == [1, 2]
    assert (identity @ right).tolist() == [1, 2]


def test_arrays_may_change_afterwards() -> None:
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    found = read("x' A x").hessian("x").structured(A=A)
    A[:] = 0
    for core in found.cores.values():
        core[...] = 0
    np.testing.assert_allclose(found @ [1, 1], [6, 8])
    np.testing.assert_allclose(found.solve([6, 8]), [1, 1])


def test_many_numbers_of_right_sides() -> None:
    found = factorisation()
    for count in range(1, 15):
        right = np.random.default_rng(count).normal(size=(15, count))
        np.testing.assert_allclose(found @ right, found.dense().reshape(15, 15) @ right)


def test_the_operator_of_scipy() -> None:
    linalg = pytest.importorskip("scipy.sparse.linalg")
    found = ridge(3, 20, 0.5)
    operator = found.as_linear_operator()
    right = np.random.default_rng(0).normal(size=20)
    solution, info = linalg.cg(operator, right, rtol=1e-12)
    assert info == 0
    np.testing.assert_allclose(solution, found.solve(right))
    np.testing.assert_allclose(operator.rmatvec(right), found.T @ right)
    np.testing.assert_allclose(operator @ np.eye(20), found.dense())
    np.testing.assert_allclose(operator.H @ np.eye(20), found.dense().T)


def test_without_scipy_the_matrix_itself_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "optional", lambda name: None)
    rng = np.random.default_rng(0)
    values = {"A": rng.normal(size=(4, 4)), "B": rng.normal(size=(5, 5)), "X": rng.normal(size=(4, 5))}
    derivative = read("A X + X B").derivative("X")
    agree(derivative.structured(**values), derivative(**values).reshape(20, 20), rng)
    agree(ridge(3, 20, 0.5), ridge(3, 20, 0.5).dense(), rng)
    with pytest.raises(TensorCalcError) as caught:
        derivative.structured(**values, memory_limit=100).solve(np.ones((4, 5)))
    assert caught.value.code == "TC418"


@pytest.mark.parametrize("weight", [1.0, 1e-3, 1e-6, 1e-9])
def test_woodbury_is_as_accurate_as_a_factorisation(weight: float) -> None:
    found = ridge(20, 300, weight)
    assert found.method == "Woodbury of rank 20 + (δ ⊗ division)"
    right = np.random.default_rng(1).normal(size=300)
    solution, matrix = found.solve(right), found.dense()
    error = np.linalg.norm(matrix @ solution - right)
    assert error < 1e-14 * np.linalg.norm(matrix) * np.linalg.norm(solution)


def test_each_right_side_is_solved_well() -> None:
    found = ridge(20, 300, 1e-6)
    right = np.random.default_rng(1).normal(size=(300, 3)) * [1e-100, 1.0, 1e100]
    solution, matrix = found.solve(right), found.dense()
    for k in range(3):
        error = np.linalg.norm((matrix @ solution[:, k] - right[:, k]) / 10.0 ** [-100, 0, 100][k])
        assert error < 1e-14 * np.linalg.norm(matrix) * np.linalg.norm(solution[:, k] / 10.0 ** [-100, 0, 100][k])


def test_units_do_not_make_a_matrix_singular() -> None:
    scales = np.array([1e-20, 1.0, 1e15])
    matrix = scales[:, None] * np.array([[2.0, 1, 0], [1, 2, 1], [0, 1, 2]]) * scales
    found = systems(matrix[None]).solve(np.ones((1, 3, 1)))[0, :, 0]
    np.testing.assert_allclose(found * scales, np.linalg.solve(matrix / scales / scales[:, None], 1 / scales))


@pytest.mark.parametrize("order", [2, 15, 16, 40])
@pytest.mark.parametrize("definite", [True, False])
def test_factors(order: int, definite: bool) -> None:
    rng = np.random.default_rng(order)
    matrix = rng.normal(size=(1, order, order))
    matrix = matrix @ matrix.swapaxes(1, 2) + np.eye(order) if definite else matrix
    found = systems(matrix)
    assert (isinstance(found, Factorised) and found.spd) is (definite and order >= 16)
    right = rng.normal(size=(1, order, 3))
    np.testing.assert_allclose(found.solve(right), np.linalg.solve(matrix, right), rtol=1e-7)
    sign, size = np.linalg.slogdet(matrix[0])
    assert found.slogdet()[0] == sign
    np.testing.assert_allclose(found.slogdet()[1], size)
    np.testing.assert_allclose(found.condition, 1 / np.linalg.cond(getattr(found, "scaled", matrix)[0], 1), rtol=0.9)


@LAWS
@given(st.integers(0, 2**32))
def test_complex_maps(seed: int) -> None:
    one = random_map(seed)
    values = {name: array.astype(complex) for name, array in one.values.items()}
    assert one.expr is not None
    groups = (1,) * len(one.rows), (1,) * len(one.cols)
    agree(structured(one.expr, groups, values, one.sizes), one.matrix, np.random.default_rng(seed))


@pytest.mark.parametrize(("text", "names"), [("A X B", "AB"), ("A X + X B", "AB"), ("A X B + C X F", "ABCF"),
                                              ("A X B + C X' F", "ABCF"), ("norm2(A X)^2", "A"), ("inv(A)", "A")])
def test_complex_values(text: str, names: str) -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(9, 9)) + 1j * rng.normal(size=(9, 9)) for name in names}
    formula = read(text)
    wrt = "A" if text == "inv(A)" else "X"
    derivative = formula.derivative(wrt) if formula.ndim else formula.hessian(wrt)
    sizes = {"p": 9} if text == "norm2(A X)^2" else {}
    found, matrix = derivative.structured(**sizes, **values), derivative(**sizes, **values).reshape(81, 81)
    right = rng.normal(size=81) + 1j * rng.normal(size=81)
    np.testing.assert_allclose(found @ right, matrix @ right)
    np.testing.assert_allclose(found.solve(right), np.linalg.solve(matrix, right), rtol=1e-6)
    sign, size = np.linalg.slogdet(matrix)
    np.testing.assert_allclose(found.slogdet(), (sign, size))


def test_determinants_without_inverse() -> None:
    X = np.random.default_rng(0).normal(size=(2, 5))
    found = read("norm2(X w)^2").hessian("w").structured(X=X)
    assert found.slogdet() == (0.0, -np.inf)
    assert found.logdet() == -np.inf


def test_the_log_of_a_determinant_neither_overflows_nor_underflows() -> None:
    for scale in (1e-30, 1e30):
        found = read("c norm2(X)^2/2").hessian("X").structured(c=scale, n=400, m=300)
        np.testing.assert_allclose(found.logdet(), 400 * 300 * np.log(scale))


def test_a_newton_step_ends_at_the_minimum() -> None:
    rng = np.random.default_rng(5)
    f = read("norm2(T - U V')^2 + c norm2(U)^2", T=["n", "m"], U=["n", "k"], V=["m", "k"])
    values = {"T": rng.normal(size=(20, 30)), "U": rng.normal(size=(20, 4)), "V": rng.normal(size=(30, 4)), "c": 0.1}
    values["U"] = values["U"] - f.hessian("U").structured(**values).solve(f.gradient("U")(**values))
    np.testing.assert_allclose(f.gradient("U")(**values), 0, atol=1e-10)


# -- errors ------------------------------------------------------------------------------


@pytest.mark.parametrize(("work", "text"), [
    (lambda: factorisation() @ np.ones(4),
     ("ShapeError TC120: an array does not fit a linear map\n"
      "  the array is 4, the map takes 5 x 3\n"
      "  help: further vectors go along one more axis: 5 x 3 x k or 15 x k")),
    (lambda: read("sum(exp(x))").hessian("x").structured(x=np.ones(3)) @ np.ones(4),
     ("ShapeError TC120: an array does not fit a linear map\n"
      "  the array is 4, the map takes 3\n"
      "  help: further vectors go along one more axis: 3 x k")),
    (lambda: factorisation() @ np.array(["a"] * 15),
     "RequestError TC512: a right side is no array of numbers"),
    (lambda: read("A X").derivative("X").structured(A=np.ones((2, 3)), p=2).solve(np.ones((2, 2))),
     ("ShapeError TC107: a system needs a square linear map\n"
      "  this one takes 3 x 2 to 2 x 2")),
    (lambda: read("A X").derivative("X").structured(A=np.ones((2, 3)), p=2).trace(),
     ("ShapeError TC107: a trace needs a square linear map\n"
      "  this one takes 3 x 2 to 2 x 2")),
    (lambda: ridge(3, 4, 0.0).solve(np.ones(4)),
     ("UnsupportedError TC311: the linear map has no inverse\n"
      "  a matrix is singular up to rounding")),
    (lambda: read("norm2(X w)^2").hessian("w").structured(X=np.ones((2, 5))).solve(np.ones(5)),
     ("UnsupportedError TC311: the linear map has no inverse\n"
      "  a part of order 5 has rank 2 at most")),
    (lambda: read("sum(x.^3)").hessian("x").structured(x=[1.0, 0.0]).solve([1, 1]),
     ("UnsupportedError TC311: the linear map has no inverse\n"
      "  an entry of its diagonal is zero")),
    (lambda: read("tr(X)").hessian("X").structured(X=np.eye(2)).solve(np.ones((2, 2))),
     ("UnsupportedError TC311: the linear map has no inverse\n"
      "  it is zero")),
    (lambda: read("x .* (A x)").derivative("x").structured(A=np.eye(9), x=np.ones(9), memory_limit=80).solve(np.ones(9)),
     ("LimitError TC418: this linear map has no structure by which its systems are solved\n"
      "  as a matrix it has 81 entries, which is beyond the memory limit\n"
      "  help: raise memory_limit, or give as_linear_operator() to an iterative solver")),
    (lambda: ridge(2, 9, 1.0).core,
     ("RequestError TC519: the pattern has 2 cores\n"
      "  2 X_ai X_ap + 2 c δ_ip\n"
      "  help: cores has them by name")),
    (lambda: read("x' x").structured(x=[1.0]),
     ("RequestError TC519: a linear map has rows and columns\n"
      "  x' x is a number\n"
      "  help: take a derivative, or a matrix")),
    (lambda: read("norm2(X)^2").hessian("X").structured(n=100_000, m=100_000).dense(),
     ("LimitError TC411: an array of more than 2147483648 entries\n"
      "  shape 100000 x 100000 x 100000 x 100000")),
])
def test_the_text_of_every_error(work: Callable[[], Any], text: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        work()
    assert str(caught.value) == text
