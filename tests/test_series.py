"""Symbolic powers and sums over an integer, against sums written out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from tensorcalc.calculus.derive import derive
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.code.codegen import numpy_code
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.service import handle

RNG = np.random.default_rng(1)
X, A = RNG.normal(size=(3, 3)) / 2, RNG.normal(size=(3, 3))
DECLARED = {"X": ["n", "n"], "A": ["n", "n"]}


def power(matrix, k):
    return np.linalg.matrix_power(matrix, k)


SERIES = [
    ("series(j, 0, k-1, X^j)", lambda k: sum(power(X, j) for j in range(k))),
    ("series(j, 1, k, X^j)", lambda k: sum(power(X, j) for j in range(1, k + 1))),
    ("series(j, 0, k-1, X^j*A*X^(k-1-j))", lambda k: sum(power(X, j) @ A @ power(X, k - 1 - j) for j in range(k))),
    ("series(j, 2, k, A*X^j + X^(k-j))", lambda k: sum(A @ power(X, j) + power(X, k - j) for j in range(2, k + 1))),
    ("series(j, 0, k-1, kron((X^(k-1-j))', X^j))",
     lambda k: sum(np.kron(power(X, k - 1 - j).T, power(X, j)) for j in range(k))),
    ("series(j, 0, 3, X^j)", lambda k: sum(power(X, j) for j in range(4))),
    ("series(j, 1, k, A)", lambda k: k * A),
]


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize(("formula", "written_out"), SERIES)
def test_a_series_is_its_sum(formula, written_out, k):
    reading = read(formula, Scope(declared=DECLARED))
    found = evaluate(reading.expr, {"X": X, "A": A}, {"k": k}, reading.groups, declared=reading.variables.values())
    assert np.allclose(found, written_out(k))


@pytest.mark.parametrize("formula", ["X^k", "tr(A*X^k)", "X^(k-1)*A", "tr(series(j, 0, k-1, X^j*A))", "det(X^k)"])
@pytest.mark.parametrize("k", [2, 4])
def test_derivatives_of_powers(formula, k):
    reading = read(formula, Scope(declared=DECLARED))
    slope = derive(reading.expr, [reading.variables["X"]])
    found = evaluate(slope, {"X": X, "A": A}, {"k": k, "n": 3})
    step, want = 1e-5, np.zeros_like(found)
    for i in range(3):
        for j in range(3):
            unit = np.zeros((3, 3))
            unit[i, j] = step
            ends = [evaluate(reading.expr, {"X": X + sign * unit, "A": A}, {"k": k, "n": 3}) for sign in (1, -1)]
            want[..., i, j] = (ends[0] - ends[1]) / (2 * step)
    assert np.allclose(found, want, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("formula", "form", "text"), [
    ("tr(X^k)", "matrix", "k (X^(k - 1))'"),
    ("X^k", "kronecker", "series(j, 0, k - 1, (X^(k - j - 1))' ⊗ X^j)"),
    ("X^k", "index", "D_ijpq = series(s, 0, k - 1, (X^s)_ip (X^(k - s - 1))_qj)"),
    ("det(X^k)", "matrix", "k det(X)^k inv(X)'"),
])
def test_how_they_read(formula, form, text):
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "vars": DECLARED})
    assert answer[form] == text


@pytest.mark.parametrize("formula", ["series(j, 0, k, exp(j)*X)", "series(j, 0, k, X^(2*j))", "series(3, 0, k, X)"])
def test_what_is_not_a_series_of_powers_is_refused(formula):
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "vars": DECLARED})
    assert answer["error"]["code"] in ("TC307", "TC058")


# -- what is printed reads back ----------------------------------------------------------

FUNCTIONS = {"F": "series", "H": "series([1, 1/2, 3, -1/4])", "g": "scalar", "f": "elementwise"}
SQUARES = {**DECLARED, "B": ["n", "n"], "a": ["n"], "b": ["n"], "x": ["n"], "y": ["n"]}


def scope():
    return Scope(declared=SQUARES, functions=FUNCTIONS)


READ_BACK = ["X^k", "tr(X^k)", "tr(A*X^k)", "a'*X^k*b", "det(X^k)", "tr(A*X^k*B*X^k)", "series(j, 0, k-1, tr(A*X^j))",
             "F(X)", "tr(F(X))", "tr(A*F(X))", "a'*F(X)*b", "g(F(X))", "tr(A*H(X))", "tr(A*F(X)^2)", "tr(F(X)*H(X))",
             "tr(A*F(B*X))", "tr(A*F(X')*B)", "norm2(F(X))^2", "tr(F(X'*X))", "logdet(F(X))", "tr(A*F'(X))", "tr(A*inv(F(X)))",
             "x'*(H(X) .* A)^k*y", "sum(funm(sin, adj(H(X') + 3*eye(n))))", "tr((F(X) + A)^k*B)",
             "tr(A*expm(X))", "tr(A*funm(f, X))", "tr(funm(f, X)*B)", "a'*funm(tan, X)*b", "tr(A*logm(X))"]


SEVERAL = ("tr(F(X'*X))", "sum(funm(sin, adj(H(X') + 3*eye(n))))")   # whose second derivatives have several normal forms


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("formula", READ_BACK)
def test_every_form_reads_back(formula, order):
    """To the very object, or for two of them to one of the same value."""
    reading = read(formula, scope())
    slope = derive(reading.expr, [reading.variables["X"]] * order)
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "order": order, "vars": SQUARES, "functions": FUNCTIONS})
    shared = "".join(f"{name} = {body}; " for name, body in answer["where"].items())
    for form in ("matrix", "index", "einsum"):
        if answer[form] is not None:
            again = read(shared + answer[form], scope()).expr
            assert again is slope or (formula in SEVERAL and np.allclose(*[value(expr) for expr in (again, slope)])), form
    if order == 1 and answer["kronecker"] is not None:
        jacobian, want = (read(text, with_derivatives()) for text in (answer["kronecker"], f"jacobian({formula}, X)"))
        assert np.allclose(*[value(one.expr, one.groups) for one in (jacobian, want)])


def with_derivatives():
    found = scope()
    found.differentiate = lambda expr, by, order: derive(expr, [by] * order)
    return found


# -- power series ------------------------------------------------------------------------

COEFFICIENTS = (0.5, -1.0, 0.75, 0.25, -0.3)   # of the series that stands in for an unknown one
GENERATOR = np.random.default_rng(3)
VALUES = {name: GENERATOR.normal(size=[3] * len(shape)) / 2 for name, shape in SQUARES.items()}


def horner(coefficients, x):
    result = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        result = result @ x + coefficient * np.eye(len(x))
    return result


def slope_of(coefficients):
    return [k * coefficient for k, coefficient in enumerate(coefficients)][1:]


SERIES_OF = {"F": COEFFICIENTS, "H": (1, 0.5, 3, -0.25)}
SINE = {"f": np.sin, "df": np.cos, "d2f": lambda z: -np.sin(z), "d3f": lambda z: -np.cos(z)}
CALLED = {"F": lambda x: horner(COEFFICIENTS, x), "dF": lambda x: horner(slope_of(COEFFICIENTS), x),
          "d2F": lambda x: horner(slope_of(slope_of(COEFFICIENTS)), x), **SINE,
          "g": lambda x: np.sum(x * x), "dg": lambda x: 2 * x,
          "d2g": lambda x: 2 * np.einsum("ik,jl->ijkl", np.eye(len(x)), np.eye(len(x)))}


def value(expr, groups=None):
    return evaluate(expr, {**VALUES, **CALLED}, {"n": 3, "k": 3}, groups)


BY_HAND = {
    "tr(F(X))": lambda X, A, B, F, H: np.trace(F(X)),
    "tr(A*F(X))": lambda X, A, B, F, H: np.trace(A @ F(X)),
    "F(X)": lambda X, A, B, F, H: F(X),
    "g(F(X))": lambda X, A, B, F, H: np.sum(F(X) ** 2),
    "tr(A*H(X))": lambda X, A, B, F, H: np.trace(A @ H(X)),
    "tr(F(X)*H(X))": lambda X, A, B, F, H: np.trace(F(X) @ H(X)),
    "tr(A*F(B*X*A))": lambda X, A, B, F, H: np.trace(A @ F(B @ X @ A)),
    "tr(A*inv(H(X')))": lambda X, A, B, F, H: np.trace(A @ np.linalg.inv(H(X.T))),
    "tr(A*F(H(X)))": lambda X, A, B, F, H: np.trace(A @ F(H(X))),
    "F(tr(A*X))": lambda X, A, B, F, H: F(np.array([[np.trace(A @ X)]]))[0, 0],
    "H(tr(A*X))*tr(X)": lambda X, A, B, F, H: H(np.array([[np.trace(A @ X)]]))[0, 0] * np.trace(X),
    "tr(F(X .* A))": lambda X, A, B, F, H: np.trace(F(X * A)),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("formula", list(BY_HAND))
def test_derivatives_of_power_series(formula, order):
    """Against complex steps of sums written out; code and evaluation agree."""
    reading = read(formula, scope())
    by = reading.variables["X"]
    before = derive(reading.expr, [by] * (order - 1)) if order > 1 else reading.expr

    def of(moved) -> np.ndarray:
        if order > 1:
            return value_at(before, moved)
        functions = [lambda x, own=own: horner(own, x) for own in SERIES_OF.values()]
        return BY_HAND[formula](moved, VALUES["A"].astype(complex), VALUES["B"].astype(complex), *functions)

    want = stepped(of, VALUES["X"], order)
    slope = derive(reading.expr, [by] * order)
    assert np.allclose(value(slope), want, rtol=1e-7, atol=1e-7)
    space = {}
    exec(numpy_code(slope), space)
    assert np.allclose(space["derivative"](**VALUES, **CALLED, n=3), want, rtol=1e-7, atol=1e-7)


def value_at(expr, x):
    return evaluate(expr, {**VALUES, **CALLED, "X": x}, {"n": 3})


def stepped(of, x, order):
    """Complex steps for what is written by hand, differences of high order for our own first derivative."""
    columns = []
    for place in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1
        if order == 1:
            columns.append(np.imag(of(x + 1e-20j * unit)) / 1e-20)
        else:
            columns.append(sum(weight * (of(x + k * 0.01 * unit) - of(x - k * 0.01 * unit)) for k, weight in
                               ((1, 0.8), (2, -0.2), (3, 4 / 105), (4, -1 / 280))) / 0.01)
    stacked = np.stack(columns, -1)
    return stacked.reshape((*stacked.shape[:-1], *x.shape))


@pytest.mark.parametrize("declared", ["series([0, 1, 1/2, 1/3, 1/4, 1/5])", "series(k, 1, 5, 1/k)", "series(n, 1, 5, n^-1)"])
def test_coefficients_are_a_list_or_a_formula(declared):
    found = handle({"do": "evaluate", "expr": "F(X)", "vars": DECLARED, "functions": {"F": declared},
                    "values": {"X": X.tolist()}})
    assert np.allclose(found["value"], sum(power(X, k) / k for k in range(1, 6)), atol=1e-14)


def test_the_exponential_as_a_power_series():
    answer = handle({"do": "derive", "expr": "tr(A*F(X))", "wrt": "X", "vars": DECLARED, "want": ["matrix", "code"],
                     "functions": {"F": "series(k, 0, 30, 1/factorial(k))"}})
    assert answer["matrix"] == "series(k, 1, 30, coefficient(F, k) series(j, 0, k - 1, (X^(k - j - 1))' A' (X^j)'))"
    space = {}
    exec(answer["code"]["numpy"], space)
    want = scipy.linalg.expm_frechet(X.T, A.T, compute_expm=False)   # the adjoint is the derivative at the transpose
    assert np.allclose(space["derivative"](A=A, X=X), want, atol=1e-13)


@pytest.mark.parametrize(("formula", "form", "text"), [
    ("tr(F(X))", "matrix", "F'(X)'"),
    ("g(F(X))", "matrix", "series(k, 1, inf, coefficient(F, k) series(j, 0, k - 1, (X^j)' g'(F(X)) (X^(k - j - 1))'))"),
    ("F(X)", "kronecker", "series(k, 1, inf, coefficient(F, k) series(j, 0, k - 1, (X^(k - j - 1))' ⊗ X^j))"),
    ("F(X)", "index", "D_ijpq = series(k, 1, inf, coefficient(F, k) series(s, 0, k - 1, (X^s)_ip (X^(k - s - 1))_qj))"),
    ("F(X)", "einsum", "frechet(F, X)"),
    ("logdet(F(X))", "matrix", "F'(X)' inv(F(X))'"),
    ("tr(A*expm(X))", "index", "D_ij = A_kl frechet(expm, X)_jikl"),
])
def test_how_power_series_read(formula, form, text):
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "vars": DECLARED, "functions": FUNCTIONS})
    assert answer[form] == text


@pytest.mark.parametrize(("formula", "message"), [
    ("F(x)", "TC107: the power series F needs a square matrix; x is a vector of size n"),
    ("F(x_i)", "TC065: F is a power series: of a number, or of a whole square matrix"),
    ("F(Y)", "TC107: the power series F needs a square matrix; Y is m x n"),
    ("coefficient(F, 2) X", "TC058: coefficient is of a declared power series, by the name that a series counts by"),
    ("series(k, 0, inf, coefficient(F, k) X^(2*k))",
     "TC307: an infinite series is a power series with unknown coefficients, or its derivative"),
    ("series(k, 2, inf, coefficient(F, k) X^k)",
     "TC307: an infinite series is a power series with unknown coefficients, or its derivative"),
    ("series(k, 0, 9, coefficient(H, k) X^k)",
     "TC307: an infinite series is a power series with unknown coefficients, or its derivative"),
    ("series(k, 0, inf, X^k)", "TC307: an infinite series is a power series with unknown coefficients, or its derivative"),
    ("funm(relu, X)", "TC301: relu is no function of matrices here"),
    ("funm(g, X)", "TC301: g is no function of matrices here"),
    ("funm(z^(1/3), X)", "TC301: a power of a matrix has a whole number or a half as exponent"),
    ("frechet(expm, X, 9)", "TC056: frechet takes a function of matrices, a matrix, and an order up to 4"),
])
def test_what_is_no_power_series_says_so(formula, message):
    error = handle({"do": "derive", "expr": formula, "wrt": "X", "functions": FUNCTIONS,
                    "vars": {"X": ["n", "n"], "x": ["n"], "Y": ["m", "n"]}})["error"]
    assert f"{error['code']}: {error['message']}" == message


@pytest.mark.parametrize("declared", ["series(k, 0, inf, 1/k)", "series([1, x])", "series(k, 0, 3, x)", "series(k, 0, 3, 1/k)"])
def test_coefficients_are_numbers(declared):
    error = handle({"do": "derive", "expr": "F(X)", "wrt": "X", "functions": {"F": declared}, "vars": DECLARED})["error"]
    assert f"{error['code']}: {error['message']}" == "TC059: the coefficients of F are numbers"


def test_a_value_of_an_unknown_series_is_asked_for():
    error = handle({"do": "evaluate", "expr": "F(X)", "functions": {"F": "series"}, "vars": DECLARED,
                    "values": {"X": X.tolist()}})["error"]
    assert f"{error['code']}: {error['message']}" == "TC511: no value for the function F"


FORMULAS = [
    ("funm(log(1 + exp(z)), X)", lambda X: scipy.linalg.logm(np.eye(3) + scipy.linalg.expm(X))),
    ("funm(h, X)", lambda X: scipy.linalg.logm(np.eye(3) + scipy.linalg.expm(X))),
    ("funm(h', X)", lambda X: np.linalg.inv(np.eye(3) + scipy.linalg.expm(-X))),
    ("funm(sin(z)/(2 + z^2), X)", lambda X: scipy.linalg.sinm(X) @ np.linalg.inv(2 * np.eye(3) + X @ X)),
    ("funm(exp, X)", scipy.linalg.expm),
    ("funm(sqrt(4 + z), X)", lambda X: scipy.linalg.sqrtm(4 * np.eye(3) + X)),
    ("h'(X)", lambda X: 1 / (1 + np.exp(-X))),
    ("h''(X)", lambda X: np.exp(-X) / (1 + np.exp(-X)) ** 2),
]


@pytest.mark.parametrize(("formula", "by_hand"), FORMULAS)
def test_functions_given_by_a_formula(formula, by_hand):
    found = handle({"do": "evaluate", "expr": formula, "functions": {"h": "log(1 + exp(z))"}, "vars": DECLARED,
                    "values": {"X": X.tolist()}})
    assert np.allclose(found["value"], by_hand(X).real, atol=1e-12)
