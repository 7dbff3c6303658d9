"""Values: what every row, size and error must do, against NumPy, SciPy and loops."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from math import erf, prod
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from effort import grows_linearly
from hypothesis import HealthCheck, given, settings
from networks import DIRECT, Network, close, networks, scale

from tensorcalc.algebra.build import add, apply, delta, einsum, number, ones, power_of, special, transpose, unit, variable, zero
from tensorcalc.algebra.expr import Apply, Expr
from tensorcalc.errors import LimitError, RequestError, ShapeError, TensorCalcError, UnsupportedError
from tensorcalc.functions import CONSTANTS, ELEMENTWISE, MATRIX, NAMED, TABLE, Function, constant, grouped
from tensorcalc.numbers import backends, kernels
from tensorcalc.numbers.evaluate import evaluate, evaluate_json
from tensorcalc.tensors.declare import read, tensor

LAWS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
GENERATOR = np.random.default_rng(20)

A, x, X = variable("A", "m", "n"), variable("x", "n"), variable("X", "n", "n")


def spd(*batch: int, n: int = 4) -> Any:
    """A positive definite matrix, or a stack of them."""
    root = GENERATOR.normal(size=(*batch, n, n))
    return root @ np.swapaxes(root, -1, -2) / n + np.eye(n)


@LAWS
@given(networks())
def test_a_value_is_that_of_its_parts(network: Network) -> None:
    want = network.value()
    if scale(want) < 1e8:
        assert close(evaluate(network.expr, network.values, network.known), want)


@LAWS
@given(networks(functions=False, steps=3))
def test_a_product_is_one_einsum(network: Network) -> None:
    assert close(evaluate(network.expr, network.values, network.known), network.value())


# -- every row of the function table -----------------------------------------------------

INSIDE = {"log": (0.1, 5.0), "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9), "tan": (-1.4, 1.4)}
ORACLES: dict[str, Callable[..., Any]] = {
    **DIRECT, "power": np.power, "logm": lambda a: loop(scipy.linalg.logm, a),
    "sqrtm": lambda a: loop(scipy.linalg.sqrtm, a),
    "logsumexp": lambda a: scipy.special.logsumexp(a, axis=-1),
}


def loop(function: Callable[[Any], Any], stack: Any) -> Any:
    return np.array([function(matrix) for matrix in stack.reshape(-1, *stack.shape[-2:])]).reshape(stack.shape)


def test_all_rows_are_tested_here() -> None:
    covered = {"matpow", "powers", "exchange", "convolution", *ORACLES, *(row.name for row in (*CONSTANTS, *NAMED)),
               *(f"frechet_{name}" for name in ("expm", "logm", "sqrtm"))}
    assert covered >= TABLE.keys()


@pytest.mark.parametrize("name", [row.name for row in ELEMENTWISE] + ["power"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_elementwise_rows(name: str, shape: tuple[int, ...]) -> None:
    row = TABLE[name]
    low, high = INSIDE.get(name, (0.2, 3.0) if name == "power" else (-3.0, 3.0))
    count = row.signature.split("->")[0].count("(")
    arrays = [GENERATOR.uniform(low, high, shape) for _ in range(count)]
    variables = [variable(letter, *"pqr"[: len(shape)]) for letter in "uv"[:count]]
    got = evaluate(apply(row, *variables), dict(zip("uv", arrays)))
    assert close(got, ORACLES[name](*arrays), 1e-14)


@pytest.mark.parametrize("name", ["max", "min", "power"])
def test_elementwise_rows_take_numbers_beside_tensors(name: str) -> None:
    u, a, b = variable("u", "p", "q"), GENERATOR.uniform(0.5, 2, (2, 3)), GENERATOR.uniform(0.5, 2)
    s = variable("s")
    assert close(evaluate(apply(TABLE[name], u, s), {"u": a, "s": b}), ORACLES[name](a, b), 1e-14)
    assert close(evaluate(apply(TABLE[name], s, u), {"u": a, "s": b}), ORACLES[name](b, a), 1e-14)


@pytest.mark.parametrize("name", [row.name for row in MATRIX if row.name != "matpow"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
def test_matrix_rows_loop_over_leading_axes(name: str, batch: tuple[int, ...]) -> None:
    lead = "pqr"[: len(batch)]
    if name in ("softmax", "logsumexp"):
        value, argument = GENERATOR.normal(size=(*batch, 4)), variable("Y", *lead, "n")
    elif name == "pinv":
        value, argument = GENERATOR.normal(size=(*batch, 5, 4)), variable("Y", *lead, "m", "n")
    else:
        value, argument = spd(*batch), variable("Y", *lead, "n", "n")
    got = evaluate(apply(TABLE[name], argument), {"Y": value})
    if name in ORACLES:
        assert close(got, ORACLES[name](value), 1e-11)
    if batch:
        core = len(batch)
        single = apply(TABLE[name], variable("Y", *argument.shape[core:]))
        each = [evaluate(single, {"Y": matrix}) for matrix in value.reshape(-1, *value.shape[core:])]
        assert close(got, np.array(each).reshape(got.shape), 1e-11)


@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm"])
def test_frechet_derivatives_are_derivatives(name: str) -> None:
    n, step = 4, 1e-5
    point = spd(n=n) + 0.2 * GENERATOR.normal(size=(n, n))
    got = evaluate(apply(TABLE[f"frechet_{name}"], X), {"X": point})
    for k in range(n):
        for last in range(n):
            e = np.zeros((n, n))
            e[k, last] = step
            f: Any = ORACLES[name]
            slope = (8 * (f(point + e) - f(point - e)) - (f(point + 2 * e) - f(point - 2 * e))) / (12 * step)
            assert close(got[:, :, k, last], slope, 1e-8)


def test_the_frechet_derivative_of_the_exponential_is_exact() -> None:
    point, e = GENERATOR.normal(size=(5, 5)), GENERATOR.normal(size=(5, 5))
    got = evaluate(apply(TABLE["frechet_expm"], X), {"X": point})
    assert close(np.tensordot(got, e, 2), scipy.linalg.expm_frechet(point, e, compute_expm=False), 1e-12)


@pytest.mark.parametrize(("name", "inverse"), [("logm", "expm"), ("sqrtm", None)])
def test_frechet_derivatives_of_inverse_functions_are_inverse(name: str, inverse: str | None) -> None:
    point = spd() + 0.1 * GENERATOR.normal(size=(4, 4))
    value = evaluate(apply(TABLE[name], X), {"X": point})
    slope = evaluate(apply(TABLE[f"frechet_{name}"], X), {"X": point}).reshape(16, 16)
    back = np.kron(value, np.eye(4)) + np.kron(np.eye(4), value.T) if inverse is None else \
        evaluate(apply(TABLE[f"frechet_{inverse}"], X), {"X": value}).reshape(16, 16)
    assert close(slope @ back, np.eye(16), 1e-11)


@pytest.mark.parametrize("rank", range(6))
def test_the_adjugate_of_a_matrix_of_any_rank_is_that_of_cofactors(rank: int) -> None:
    matrix = GENERATOR.normal(size=(5, rank)) @ GENERATOR.normal(size=(rank, 5)) if rank else np.zeros((5, 5))
    got = evaluate(apply(TABLE["adj"], X), {"X": matrix})
    cofactors = [[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(matrix, j, 0), i, 1)) for j in range(5)]
                 for i in range(5)]
    assert close(got, np.array(cofactors), 1e-11)


def test_the_adjugate_of_one_number_is_one() -> None:
    assert evaluate(apply(TABLE["adj"], X), {"X": [[-3.0]]}) == [[1.0]]


def test_chol_takes_the_symmetric_part() -> None:
    matrix = spd()
    skew = np.triu(np.ones((4, 4)), 1) - np.tril(np.ones((4, 4)), -1)
    lower = evaluate(apply(TABLE["chol"], X), {"X": matrix + skew})
    assert close(lower @ lower.T, matrix) and close(lower, np.tril(lower))


def test_erf_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "scipy_special", lambda: None)
    assert close(evaluate(apply(TABLE["erf"], x), {"x": [-0.3, 2.0]}), [erf(-0.3), erf(2.0)], 1e-15)


def test_functions_of_grouped_matrices() -> None:
    K = variable("K", "p", "q", "p", "q", groups=(2, 2))
    value = spd(n=6)
    for name in ("inv", "det", "logdet", "expm", "adj", "chol"):
        expr = apply(grouped(TABLE[name], (2,)), K)
        got = evaluate(expr, {"K": value}, {"p": 2}, groups=(2, 2)[: expr.rank // 2])
        assert close(got, ORACLES[name](value), 1e-10)
    both = evaluate(apply(grouped(TABLE["softmax"], (2,)), variable("u", "p", "q")), {"u": value[:2, :3]}, groups=(2,))
    assert close(both, scipy.special.softmax(value[:2, :3].ravel()))


def test_a_product_of_groups_is_a_kronecker_product() -> None:
    B, v = variable("B", "p", "q"), variable("v", "n", "q", groups=(2,))
    a, b, w = GENERATOR.normal(size=(2, 3)), GENERATOR.normal(size=(4, 5)), GENERATOR.normal(size=15)
    product = einsum([(A, "ij"), (B, "kl"), (v, "jl")], "ik")
    assert close(evaluate(product, {"A": a, "B": b, "v": w}, groups=(2,)), np.kron(a, b) @ w)
    assert close(evaluate(einsum([(A, "ij"), (B, "kl")], "ikjl"), {"A": a, "B": b}, groups=(2, 2)), np.kron(a, b))


# -- extreme arguments -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "relu", "erf", "abs", "sign", "arctan"])
def test_no_overflow(name: str) -> None:
    got = evaluate(apply(TABLE[name], x), {"x": [-3000.0, -40.0, 0.0, 40.0, 3000.0]})
    want = {"sigmoid": [0, np.exp(-40) / (1 + np.exp(-40)), 0.5, 1, 1], "tanh": [-1, -1, 0, 1, 1],
            "softplus": [0, np.exp(-40), np.log(2), 40, 3000], "relu": [0, 0, 0, 40, 3000],
            "erf": [-1, -1, 0, 1, 1], "abs": [3000, 40, 0, 40, 3000],
            "sign": [-1, -1, 0, 1, 1], "arctan": np.arctan([-3000, -40, 0, 40, 3000])}[name]
    assert np.allclose(got, want, rtol=1e-14, atol=0)


def test_softmax_and_logsumexp_are_shifted() -> None:
    values = {"x": [3000.0, 2999.0, -3000.0]}
    first = 1 / (1 + np.exp(-1))
    assert close(evaluate(apply(TABLE["softmax"], x), values), [first, 1 - first, 0.0])
    assert close(evaluate(apply(TABLE["logsumexp"], x), values), 3000 + np.log1p(np.exp(-1)), 1e-15)


def test_logdet_of_a_matrix_whose_determinant_overflows() -> None:
    assert close(evaluate(apply(TABLE["logdet"], X), {"X": -1e10 * np.eye(101)}), 1010 * np.log(10), 1e-14)


@pytest.mark.parametrize("exponent", [Fraction(k, 2) for k in range(-8, 9)] + [Fraction(1, 3), Fraction(-2, 3)])
def test_powers(exponent: Fraction) -> None:
    values = np.array([1e-3, 0.5, 1.0, 2.0, 3.0, 1e3])
    assert close(evaluate(power_of(x, exponent), {"x": values}, {"n": 6}), values ** float(exponent), 1e-15)
    if exponent.denominator == 1:
        assert close(evaluate(power_of(x, exponent), {"x": -values}, {"n": 6}), (-values) ** float(exponent), 1e-15)


def test_half_powers_are_square_roots() -> None:
    values = GENERATOR.uniform(size=100)
    assert (evaluate(power_of(x, Fraction(1, 2)), {"x": values}) == np.sqrt(values)).all()
    assert (evaluate(power_of(x, Fraction(-1, 2)), {"x": values}) == 1 / np.sqrt(values)).all()


# -- constants ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_levi_civita(n: int) -> None:
    want = np.zeros((n,) * n)
    for order in permutations(range(n)):
        want[order] = round(np.linalg.det(np.eye(n)[list(order)]))
    assert (evaluate(special("eps", (n,) * n), {}) == want).all()


@pytest.mark.parametrize("n", [1, 2, 4])
def test_duplication_and_elimination(n: int) -> None:
    symmetric = spd(n=n)
    vech = np.concatenate([symmetric[k:, k] for k in range(n)])
    D = evaluate(special("duplication", ("n", "n", "n*(n+1)/2")), {}, {"n": n})
    L = evaluate(special("elimination", ("n*(n+1)/2", "n", "n")), {}, {"n": n})
    assert close(D @ vech, symmetric) and close(np.tensordot(L, symmetric, 2), vech)
    assert set(np.unique(D)) <= {0.0, 1.0} and set(np.unique(L)) <= {0.0, 1.0}


def test_literals_units_and_regroupings() -> None:
    rows = ((Fraction(1), Fraction(1, 3)), (Fraction(-2), Fraction(0)))
    assert close(evaluate(special("literal", (2, 2), *rows), {}), [[1, 1 / 3], [-2, 0]])
    assert close(evaluate(special("literal", (2,), rows[0]), {}), [1, 1 / 3])
    assert close(evaluate(unit(number(2), "n"), {}, {"n": 3}), [0, 1, 0])
    assert close(evaluate(unit(delta("k", 0), "n"), {}, {"n": 3, "k": 3}), [0, 0, 1])
    regroup = special("regroup", (2, 6, 4, 3), 2)
    assert close(evaluate(regroup, {}, groups=(2, 2)), np.eye(12))


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_matrix_powers_with_a_symbolic_exponent(k: int) -> None:
    matrix = GENERATOR.normal(size=(3, 3))
    stack = np.array([np.linalg.matrix_power(matrix, j) for j in range(k)]).reshape(k, 3, 3)
    exponent = delta("k", 0)
    assert close(evaluate(apply(TABLE["matpow"], X, exponent), {"X": matrix}, {"k": k}), np.linalg.matrix_power(matrix, k))
    powers = Apply(("k", "n", "n"), TABLE["powers"], (X, exponent))
    assert close(evaluate(powers, {"X": matrix}, {"k": k}), stack)
    assert close(evaluate(special("exchange", ("k", "k")), {}, {"k": k}), np.eye(k)[::-1])
    want = [[[float(a == b + c + 1) for c in range(k)] for b in range(k)] for a in range(k)]
    assert close(evaluate(special("convolution", ("k", "k", "k")), {}, {"k": k}), np.reshape(want, (k, k, k)))


def test_unknown_functions_are_passed_by_name() -> None:
    f, slope = Function("f", "()->()"), Function("f''", "()->()")
    values = {"x": [1.0, 2.0], "f": np.square, "d2f": lambda z: 2.0}
    assert close(evaluate(add([(1, apply(f, x)), (2, apply(slope, x))]), values), [5.0, 8.0])


# -- sizes -------------------------------------------------------------------------------


def test_results_are_new_floating_point_arrays() -> None:
    value = np.arange(4.0)
    for expr in (x, transpose(X, (1, 0)), einsum([(X, "ii")], "i"), einsum([(x, "i"), (delta("n", 1), "j")], "ij")):
        got = evaluate(expr, {"x": value, "X": np.ones((4, 4))})
        got[...] = 7
        assert value[3] == 3
    assert evaluate(number(3), {}).dtype == float and evaluate(delta("n"), {}, {"n": 2}).dtype == float
    assert evaluate(x, {"x": [1, 2]}).dtype == float and evaluate(zero(("n",)), {}, {"n": 2}).shape == (2,)


def test_analytic_functions_take_complex_numbers() -> None:
    product = einsum([(apply(TABLE["exp"], x), "i"), (x, "i")], "")
    assert np.isclose(evaluate(product, {"x": [1 + 2j, 3j]}), np.exp(1 + 2j) * (1 + 2j) + np.exp(3j) * 3j)


@pytest.mark.parametrize(("declared", "groups", "shape", "symbol", "size"), [
    (("n",), (), (5,), "n", 5), (("n*(n+1)/2",), (), (10,), "n", 4), (("n-1",), (), (4,), "n", 5),
    (("2*n",), (), (6,), "n", 3),
    (("n", "n"), (2,), (9,), "n", 3), (("n", 2), (2,), (8,), "n", 4), (("2+n",), (), (5,), "n", 3),
])
def test_sizes_are_read_off_arrays(declared: Any, groups: Any, shape: Any, symbol: str, size: int) -> None:
    B = variable("B", *declared, groups=groups)
    number_of_all = einsum([(B, range(B.rank)), (delta(symbol, 0), ())], ())
    assert evaluate(number_of_all, {"B": np.ones(shape)}) == size * prod(shape)


def test_sizes_are_read_one_after_another() -> None:
    B, C = variable("B", "n", "m", groups=(2,)), variable("C", "m", "p", groups=(2,))
    total = einsum([(B, "ij"), (C, "jk"), (x, "i")], "k")
    assert evaluate(total, {"B": np.ones(6), "C": np.ones(12), "x": np.ones(2)}).shape == (4,)


def test_variables_that_do_not_occur_show_sizes_too() -> None:
    assert evaluate(power_of(x, 0), {"x": [1, 2]}, declared=[x, X]).shape == (2,)


def error(expr: Expr, values: dict[str, Any], sizes: dict[str, Any] | None = None) -> tuple[type[TensorCalcError], str]:
    with pytest.raises(TensorCalcError) as caught:
        evaluate(expr, values, sizes)
    return type(caught.value), str(caught.value).partition(" ")[2]


K = variable("K", "n", "m", groups=(2,))


@pytest.mark.parametrize(("expr", "values", "sizes", "kind", "text"), [
    (einsum([(A, "ij"), (x, "j")], "i"), {"A": [[1, 2]]}, {}, RequestError,
     "TC511: no value for x\n  help: pass x as n"),
    (x, {"x": "no"}, {}, RequestError, "TC512: the value of x is no array of numbers\n  help: pass x as n"),
    (A, {"A": [[1], [1, 2]]}, {}, RequestError,
     "TC512: the value of A is no array of numbers\n  help: pass A as m x n"),
    (x, {"x": [None]}, {}, RequestError, "TC512: the value of x is no array of numbers\n  help: pass x as n"),
    (x, {"x": [10**400]}, {}, RequestError, "TC512: the value of x is no array of numbers\n  help: pass x as n"),
    (x, {"x": ["1"]}, {}, RequestError, "TC512: the value of x is no array of numbers\n  help: pass x as n"),
    (x, {"x": 3}, {}, ShapeError, "TC111: x has the wrong order\n  x is declared as n and given as a number"),
    (K, {"K": np.ones((2, 3))}, {}, ShapeError,
     "TC111: K has the wrong order\n  K is declared as n*m and given as 2 x 3"),
    (einsum([(A, "ij"), (x, "j")], "i"), {"A": np.ones((2, 3)), "x": np.ones(4)}, {}, ShapeError,
     ("TC112: the size n has two values\n  n is 3 by the second axis of A (A is 2 x 3)\n"
      "  n is 4 by the first axis of x (x is 4)")),
    (x, {"x": np.ones(4)}, {"n": 5}, ShapeError,
     "TC112: the size n has two values\n  n is 5 as given\n  n is 4 by the first axis of x (x is 4)"),
    (variable("B", 3, "n"), {"B": np.ones((4, 5))}, {}, ShapeError,
     "TC112: B has the wrong size\n  B is declared as 3 x n and given as 4 x 5"),
    (variable("B", "n*(n+1)/2"), {"B": np.ones(11)}, {}, ShapeError,
     "TC112: the size n*(n+1)/2 has two values\n  n*(n+1)/2 is 11 by the first axis of B (B is 11)"),
    (K, {"K": np.ones(12)}, {"n": 5}, ShapeError,
     "TC112: the size n*m has two values\n  n is 5 as given\n  n*m is 12 by the first axis of K (K is 12)"),
    (K, {"K": np.ones(12)}, {}, RequestError, 'TC513: no array shows the size m\n  help: give the size by its name: m=…'),
    (ones(("p", "q")), {}, {"p": 1}, RequestError, 'TC513: no array shows the size q\n  help: give the size by its name: q=…'),
    (ones(("p",)), {}, {"p": 1.5}, RequestError, "TC512: the size p is a whole number, not '1.5'"),
    (ones(("p", "p", "p")), {}, {"p": 10**4}, LimitError,
     "TC411: an array of more than 2147483648 entries\n  shape 10000 x 10000 x 10000"),
    (unit(delta("k", 0), "n"), {}, {"n": 3, "k": 0}, RequestError,
     "TC514: position 0 of an axis with 3 entries\n  help: entries count from 1"),
    (apply(TABLE["inv"], X), {"X": np.zeros((2, 2))}, {}, UnsupportedError,
     "TC311: inv has no value here\n  Singular matrix"),
    (apply(Function("f'", "()->()"), x), {"x": [1.0]}, {}, RequestError,
     "TC511: no value for the function f'\n  help: pass df as a function of arrays"),
])
def test_errors(expr: Expr, values: dict[str, Any], sizes: dict[str, Any], kind: type, text: str) -> None:
    assert error(expr, values, sizes) == (kind, text)


def test_json_values() -> None:
    product = einsum([(A, "ij"), (x, "j")], "i")
    assert evaluate_json(product, {"A": [[1, 2]], "x": [3, 10**20]}) == [2e20]
    assert evaluate_json(einsum([(x, "i")], ""), {"x": [1, 2]}) == 3.0
    assert evaluate_json(row_of("log"), {"x": [1, 0, -1]}) == [0.0, "-Infinity", "NaN"]
    assert evaluate_json(ones(("n", "m")), {"n": 1, "m": 2}) == [[1.0, 1.0]]
    assert evaluate_json(ones(("n", "m")), {"n": 1, "m": 2}, groups=(2,)) == [1.0, 1.0]
    assert evaluate_json(power_of(x, 0), {"x": [5, 6]}, declared=[x]) == [1.0, 1.0]
    with pytest.raises(LimitError):
        evaluate_json(ones(("n", "n")), {"n": 10**5})


def row_of(name: str) -> Expr:
    return apply(TABLE[name], x)


def test_scipy_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(backends, "import_module", missing)
    backends.scipy_linalg.cache_clear()
    with pytest.raises(UnsupportedError) as caught:
        evaluate(apply(TABLE["expm"], X), {"X": np.eye(2)})
    assert str(caught.value) == ("UnsupportedError TC310: scipy is not installed\n"
                                 "  expm, logm and sqrtm: computed by scipy\n  help: pip install scipy")


def test_an_intermediate_result_within_bounds_of_a_huge_sum_is_never_made() -> None:
    n = 10**5
    assert evaluate(einsum([(delta("n"), "ij"), (x, "j")], "i"), {"x": np.ones(n)}).shape == (n,)
    assert evaluate(einsum([(einsum([(x, "i")], "ii"), "ij"), (x, "i"), (x, "j")], ""), {"x": np.ones(n)}) == n


def layers(count: int) -> Expr:
    state: Expr = x
    for _ in range(count):
        state = apply(TABLE["tanh"], einsum([(X, "ij"), (state, "j")], "i"))
    return state


def test_layers_are_evaluated_in_linear_time() -> None:
    values = {"X": np.eye(3), "x": np.full(3, 0.5)}
    want = np.full(3, 0.5)
    for _ in range(2000):
        want = np.tanh(want)
    assert close(evaluate(layers(2000), values), want)
    assert grows_linearly(lambda count: evaluate(layers(count), values))


def test_constants_are_told_apart_by_their_data() -> None:
    assert constant("literal", (Fraction(1),)) != constant("literal", (Fraction(2),))


def test_an_array_is_no_operand() -> None:
    x = tensor("x", 3)
    for operation in (lambda: np.ones(3) @ x, lambda: np.ones(3) * x, lambda: x + np.arange(3)):
        with pytest.raises(TypeError, match="operand"):
            operation()
    assert str(np.array(2) * x) == "2 x"


def test_a_gradient_is_by_one_variable() -> None:
    f = read("x' A x")
    assert f.gradient(["x"]) == f.gradient("x")
    with pytest.raises(RequestError, match="a gradient is by one variable, not by 2"):
        f.gradient(["x", "A"])
