"""Every row of the function table: its derivative is that of the function, alone, batched and of merged axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
from answers import close
from meaning import STEP, Functions

from tensorcalc.algebra.build import apply, variable
from tensorcalc.calculus.derive import derive
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.errors import UnsupportedError
from tensorcalc.functions import CONSTANTS, ELEMENTWISE, MATRIX, POWER, TABLE, grouped
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.evaluate import evaluate

F = Functions()
MEANING: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "sin": np.sin, "cos": np.cos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "power": lambda a, b: np.exp(b * np.log(a)),
    **{name: getattr(F, name) for name in (
        "log", "abs", "sign", "tan", "arcsin", "arccos", "relu", "sigmoid", "softplus", "erf", "max",
        "min", "inv", "det", "logdet", "adj", "pinv", "expm", "logm", "sqrtm", "chol", "softmax", "logsumexp")},
}
DOMAIN = {"log": (0.2, 3.0), "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9), "tan": (-1.2, 1.2), "power": (0.3, 2.0)}
OTHERS = {"frechet_expm", "frechet_logm", "frechet_sqrtm", "matpow"}


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


@pytest.mark.parametrize("name", sorted(OTHERS - {"matpow"}))
def test_what_has_no_derivative_says_so(name: str) -> None:
    x = variable("x", "n", "n")
    with pytest.raises(UnsupportedError, match="TC302"):
        derivative(apply(TABLE[name], x), x)


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
