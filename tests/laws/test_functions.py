"""Every row of the function table: its derivative is that of the function, alone, batched and of merged axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.linalg
from answers import close
from meaning import STEP, Functions

from tensorcalc.algebra.build import apply, variable
from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.derive import derive
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.errors import UnsupportedError
from tensorcalc.functions import CONSTANTS, ELEMENTWISE, MATRIX, NAMED, POWER, SMOOTH, TABLE, frechet, funm, grouped
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.numbers.plans.plan import plan

F = Functions()
MEANING: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "sin": np.sin, "cos": np.cos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "power": lambda a, b: np.exp(b * np.log(a)),
    **{name: getattr(F, name) for name in (
        "log", "abs", "sign", "tan", "arcsin", "arccos", "relu", "sigmoid", "softplus", "erf", "max",
        "min", "inv", "det", "logdet", "adj", "pinv", "expm", "logm", "sqrtm", "chol", "softmax", "logsumexp")},
}
DOMAIN = {"log": (0.2, 3.0), "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9), "tan": (-1.2, 1.2), "power": (0.3, 2.0)}
OTHERS = {"frechet_expm", "frechet_logm", "frechet_sqrtm", "matpow", *(row.name for row in NAMED)}


def test_every_row_is_here() -> None:
    constants = {row.name for row in CONSTANTS} | {name for name, row in TABLE.items() if row.signature == "->"}
    assert set(MEANING) | OTHERS | constants == set(TABLE)
    assert not any(TABLE[name].derivatives for name in constants)


def jacobian(function: Callable[[Any], Any], point: Any) -> Any:
    """By complex steps, axes of the value first."""
    columns = []
    for place in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[place] += 1j * STEP
        columns.append(np.imag(function(moved)) / STEP)
    stacked = np.stack(columns, -1)
    return stacked.reshape((*stacked.shape[:-1], *point.shape))


def away_from_kinks(generator: Any, name: str, shape: tuple[int, ...]) -> Any:
    low, high = DOMAIN.get(name, (-2.0, 2.0))
    array = generator.uniform(low, high, shape)
    return np.where(np.abs(array) < 0.1, 0.3, array)


def names(shape: tuple[int, ...]) -> tuple[str, ...]:
    return tuple("abcdefg"[: len(shape)])


ONE = [row.name for row in ELEMENTWISE if row.signature == "()->()"]
TWO = [row.name for row in (*ELEMENTWISE, POWER) if row.signature == "(),()->()"]


@pytest.mark.parametrize("shape", [(), (4,), (3, 2), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("name", ONE)
def test_elementwise(name: str, shape: tuple[int, ...]) -> None:
    x = variable("x", *names(shape))
    point = away_from_kinks(np.random.default_rng(3), name, shape)
    for expr in (derivative(apply(TABLE[name], x), x), derive(apply(TABLE[name], x), [x])):
        assert close(evaluate(expr, {"x": point}, declared=[x]), jacobian(MEANING[name], point), 1e-12)


@pytest.mark.parametrize("shapes", [((), ()), ((3,), (3,)), ((3, 2), (3, 2)), ((), (3,)), ((3, 2), ())], ids=str)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", TWO)
def test_elementwise_of_two(name: str, place: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """A number beside a tensor is spread over it."""
    generator = np.random.default_rng(4)
    points = [away_from_kinks(generator, name, shape) for shape in shapes]
    variables = [variable(letter, *names(shape)) for letter, shape in zip("xy", shapes)]
    expr = derivative(apply(TABLE[name], *variables), variables[place])

    def of(moved: Any) -> Any:
        return MEANING[name](*[moved if k == place else point for k, point in enumerate(points)])

    assert close(evaluate(expr, dict(zip("xy", points))), jacobian(of, points[place]), 1e-12)


def good_matrix(generator: Any, name: str, batch: tuple[int, ...], rows: int, cols: int) -> Any:
    """Far from singular, and definite or small where a function asks for it."""
    array = generator.uniform(-0.6, 0.6, (*batch, rows, cols))
    if name in ("chol", "logm", "sqrtm"):
        return array @ np.swapaxes(array, -1, -2) + np.eye(rows)
    return array + 2 * np.eye(rows, cols) if name != "expm" else array


CASES = [row.name for row in MATRIX if row.derivatives and row.signature in ("(n,n)->(n,n)", "(n,n)->()", "(m,n)->(n,m)")]


@pytest.mark.parametrize("batch", [(), (2,), (2, 2)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_matrix_functions(name: str, batch: tuple[int, ...]) -> None:
    rows, cols = (3, 2) if name == "pinv" else (3, 3)
    point = good_matrix(np.random.default_rng(5), name, batch, rows, cols)
    x = variable("x", *"bc"[: len(batch)], "m", "m" if rows == cols else "n")
    expr = derivative(apply(TABLE[name], x), x)
    assert close(evaluate(expr, {"x": point}), jacobian(MEANING[name], point), 1e-9)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("ways", [(2,), (2, 1), (1, 2), (2, 2)], ids=str)
def test_matrix_functions_of_merged_axes(name: str, ways: tuple[int, ...]) -> None:
    """Each core axis of the signature may stand for a group of axes."""
    if (len(ways) == 2) != (name == "pinv"):
        return
    row_axes, col_axes = (2, 2)[: ways[0]], (2, 2)[: ways[-1]]
    rows, cols = prod(row_axes), prod(col_axes)
    point = good_matrix(np.random.default_rng(6), name, (), rows, cols).reshape(*row_axes, *col_axes)
    x = variable("x", *row_axes, *col_axes)
    expr = apply(grouped(TABLE[name], ways), x)

    def of(moved: Any) -> Any:
        return MEANING[name](moved.reshape(rows, cols)).reshape(expr.shape)

    assert close(evaluate(expr, {"x": point}), of(point), 1e-10)
    if name == "chol":  # its derivative names the triangle of one axis
        with pytest.raises(UnsupportedError, match="merged axes"):
            derivative(expr, x)
        return
    assert close(evaluate(derivative(expr, x), {"x": point}), jacobian(of, point), 1e-9)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_functions_of_vectors(name: str, batch: tuple[int, ...]) -> None:
    point = np.random.default_rng(7).uniform(-2, 2, (*batch, 4))
    x = variable("x", *"bc"[: len(batch)], "n")
    expr = derivative(apply(TABLE[name], x), x)
    assert close(evaluate(expr, {"x": point}), jacobian(MEANING[name], point), 1e-12)


def test_what_has_no_derivative_says_so() -> None:
    x = variable("x", "n", "n", "n", "n")
    with pytest.raises(UnsupportedError, match="TC302"):
        derivative(apply(grouped(TABLE["chol"], (2,)), x), x)


@pytest.mark.parametrize("which", ["expm", "logm", "sqrtm"])
def test_frechet_rows_are_derivatives(which: str) -> None:
    point = good_matrix(np.random.default_rng(8), which, (), 3, 3)
    x = variable("x", "n", "n")
    assert close(evaluate(apply(TABLE[f"frechet_{which}"], x), {"x": point}), jacobian(MEANING[which], point), 1e-9)


@pytest.mark.parametrize("k", range(-3, 5))
def test_symbolic_powers(k: int) -> None:
    point = good_matrix(np.random.default_rng(9), "inv", (), 3, 3)
    reading = read("X^k", Scope(declared={"X": ["n", "n"]}))
    expr = derive(reading.expr, [reading.variables["X"]])

    def of(moved: Any) -> Any:
        result = np.eye(3)
        for _ in range(abs(k)):
            result = result @ (moved if k > 0 else np.linalg.inv(moved))
        return result + 0 * moved

    try:
        value, slope = (evaluate(one, {"X": point}, {"k": k}) for one in (reading.expr, expr))
    except ValueError:
        assert k <= 0  # a size is positive: a negative exponent is written as one
        return
    assert close(value, of(point), 1e-9)
    assert close(slope, jacobian(of, point), 1e-8)


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.symmetric and name in MEANING])
def test_symmetric_arguments_give_symmetric_values(name: str) -> None:
    generator = np.random.default_rng(10)
    low, high = DOMAIN.get(name, (0.3, 0.9))
    array = generator.uniform(low, high, (3, 3))
    point = (array + array.T) / 2 + (2 * np.eye(3) if name in CASES else 0)
    value = MEANING[name](*[point] * TABLE[name].signature.split("->")[0].count("("))
    assert close(value, value.T, 1e-12)


# -- functions of matrices, in fifty digits ----------------------------------------------


def precise(name: str, x: Any) -> Any:
    """A function of a matrix by its eigenvalues, in fifty digits."""
    values, vectors = mp.eig(x)
    of = {"arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
          "softplus": lambda z: mp.log(1 + mp.exp(z)), "expm": mp.exp, "logm": mp.log, "sqrtm": mp.sqrt}
    return vectors * mp.diag([of.get(name, getattr(mp, name, None))(value) for value in values]) * vectors**-1


def precise_jacobian(function: Callable[[Any], Any], x: Any) -> Any:
    """Central differences in fifty digits; axes of the value first."""
    n, step = x.rows, mp.mpf(10) ** -15
    result = {}
    for p, q in np.ndindex(n, n):
        unit = mp.zeros(n, n)
        unit[p, q] = step
        above, below = function(x + unit), function(x - unit)
        for place in np.ndindex(*np.shape(above)):
            result[(*place, p, q)] = (above[place] - below[place]) / (2 * step)
    return entries(result, (*np.shape(above), n, n))


def entries(values: Any, shape: tuple[int, ...]) -> Any:
    array = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        array[place] = values[place]
    return array


SMALL = {"logm": np.eye(2) * 2, "sqrtm": np.eye(2) * 2}


@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm", *SMOOTH])
def test_first_and_second_derivatives_of_functions_of_matrices(name: str) -> None:
    """Nested block-triangular matrices, against differences in fifty digits."""
    point = SMALL.get(name, 0) + np.array([[0.3, -0.2], [0.45, 0.1]])
    row = TABLE[name] if name in TABLE and name not in SMOOTH else funm(name)
    x = variable("x", "n", "n")
    with mp.workdps(50):
        def value(at: Any) -> Any:
            return entries(precise(name, at), (2, 2))

        exact = mp.matrix(point.tolist())
        first = precise_jacobian(value, exact)
        second = precise_jacobian(lambda at: precise_jacobian(value, at), exact)
    wanted = [value(exact), first, second]
    for times, expr in enumerate((apply(row, x), apply(frechet(row), x), apply(frechet(row, 2), x))):
        want = np.array([complex(number).real for number in wanted[times].flat]).reshape(wanted[times].shape)
        assert close(evaluate(expr, {"x": point}), want, 1e-11)
        if times:
            assert derivative(apply(row if times == 1 else frechet(row), x), x) is expr


def test_a_number_of_a_function_of_matrices_needs_one_direction() -> None:
    """The plan of a gradient has no tensor of order four in it; that of a Hessian none of order six."""
    reading = read("tr(A expm(X))", Scope(declared={"A": ["n", "n"], "X": ["n", "n"]}))
    by = reading.variables["X"]
    for order in (1, 2):
        steps = postorder(plan(derive(reading.expr, [by] * order), {"n": 3}))
        assert max(node.rank for node in steps) == 2 * order


def jordan(n: int) -> Any:
    return 0.4 * np.eye(n) + np.diag(np.ones(n - 1), 1)


@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm", "funm"])
def test_derivatives_at_a_matrix_without_a_basis_of_eigenvectors(name: str) -> None:
    x, e = variable("x", "n", "n"), np.random.default_rng(11).normal(size=(3, 3))
    row = funm("sin") if name == "funm" else TABLE[name]
    got = np.tensordot(evaluate(apply(frechet(row), x), {"x": jordan(3)}), e, 2)
    if name == "expm":
        want = scipy.linalg.expm_frechet(jordan(3), e, compute_expm=False)
    else:   # close to it there is a basis
        function = {"funm": scipy.linalg.sinm, "logm": scipy.linalg.logm, "sqrtm": scipy.linalg.sqrtm}[name]
        want = sum(weight * function(jordan(3) + k * 0.002 * e) for k, weight in
                   ((1, 0.8), (-1, -0.8), (2, -0.2), (-2, 0.2), (3, 4 / 105), (-3, -4 / 105), (4, -1 / 280), (-4, 1 / 280)))
        want = np.real(want) / 0.002
    assert close(got, want, 1e-8)


@pytest.mark.parametrize("times", [0, 1, 2])
@pytest.mark.parametrize("kind", ["symmetric", "repeated", "complex"])
def test_functions_that_the_user_passes(times: int, kind: str) -> None:
    """Divided differences of f, f', f'', against block-triangular matrices of the sine."""
    point = {"symmetric": np.array([[0.3, 0.2], [0.2, -0.5]]), "repeated": 0.7 * np.eye(2),
             "complex": np.array([[0.3, -0.8], [0.9, 0.3]])}[kind]
    x = variable("x", "n", "n")
    given, known = funm("f", 0, "elementwise"), funm("sin")
    exprs = [apply(row if not times else frechet(row, times), x) for row in (given, known)]
    passed = {"f": np.sin, "df": np.cos, "d2f": lambda z: -np.sin(z)}
    assert close(evaluate(exprs[0], {"x": point, **passed}), evaluate(exprs[1], {"x": point}), 1e-9)


def test_where_eigenvectors_do_not_suffice_is_said() -> None:
    x = variable("x", "n", "n")
    with pytest.raises(UnsupportedError, match=r"TC311.*\n.*no basis of eigenvectors"):
        evaluate(apply(funm("f", 0, "elementwise"), x), {"x": jordan(3), "f": np.sin})
