"""Symbolic powers and sums over an integer, against sums written out."""

from __future__ import annotations

import numpy as np
import pytest

from tensorcalc.calculus.derive import derive
from tensorcalc.notation.lower import Scope, read
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
    ("X^k", "index", "D_ijpq = series(j, 0, k - 1, (X^j)_ip (X^(k - j - 1))_qj)"),
    ("det(X^k)", "matrix", "k det(X)^k inv(X)'"),
])
def test_how_they_read(formula, form, text):
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "vars": DECLARED})
    assert answer[form] == text


@pytest.mark.parametrize("formula", ["series(j, 0, k, exp(j)*X)", "series(j, 0, k, X^(2*j))", "series(3, 0, k, X)"])
def test_what_is_not_a_series_of_powers_is_refused(formula):
    answer = handle({"do": "derive", "expr": formula, "wrt": "X", "vars": DECLARED})
    assert answer["error"]["code"] in ("TC307", "TC058")
