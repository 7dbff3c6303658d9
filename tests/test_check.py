"""Claimed derivatives: every diagnosis of the language page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from identities import shapes
from meaning import Meaning

from tensorcalc.service import handle


def check(expr: str, wrt: str | list[str], claimed: str, declared: str = "", **fields: Any) -> dict[str, Any]:
    answer = handle({"do": "check", "expr": expr, "wrt": wrt, "claimed": claimed, "vars": shapes(declared), **fields})
    assert answer["ok"], answer
    return answer


TRACE, SQUARE = "A:p,n X:n,m B:m,p", "A:n,n X:n,n B:n,n"
FORM, MAP, SANDWICH = "A:n,n x:n", "A:m,n x:n", "A:p,n X:n,m B:m,q"
SPD, SYMMETRIC = {"X": "spd"}, {"X": "symmetric"}

GRADIENTS = [
    ("tr(A*X*B)", "X", "A'*B'", TRACE, {}, "correct"),
    ("tr(A*X*B)", "X", "D_ij = A_ki B_jk", TRACE, {}, "correct"),
    ("tr(A*X*B)", "X", "B*A", TRACE, {}, "transposed"),
    ("tr(A*X*B)", "X", "D_ij = A_kj B_ik", TRACE, {}, "transposed"),
    ("tr(A*X*B)", "X", "-A'*B'", TRACE, {}, "sign"),
    ("tr(A*X*B)", "X", "2*A'*B'", TRACE, {}, "factor"),
    ("tr(A*X*B)", "X", "A*B", SQUARE, {}, "wrong-term"),
    ("tr(A*X*B)", "X", "x", TRACE, {}, "wrong-shape"),
    ("tr(A*X*B)", "X", "A*X", TRACE, {}, "wrong-shape"),
    ("tr(A*X*B)", "X", "A*A", TRACE, {}, "wrong-shape"),
    ("x'*A*x", "x", "(A + A')*x", FORM, {}, "correct"),
    ("x'*A*x", "x", "2*A*x", FORM, {"A": "symmetric"}, "correct"),
    ("x'*A*x", "x", "x'*(A + A')", FORM, {}, "transposed"),
    ("x'*A*x", "x", "A*x", FORM, {}, "missing-term"),
    ("x'*A*x", "x", "A*x - A'*x", FORM, {}, "wrong-term"),
    ("x'*A*x", "x", "(A + A')*x + x", FORM, {}, "wrong-term"),
    ("x'*A*x", "x", "2*A*x", FORM, {}, "wrong"),
    ("x'*A*x", "x", "A*x + sin(x) - cos(x)", FORM, {}, "wrong"),
    ("logdet(X)", "X", "inv(X)'", "X:n,n", {}, "correct"),
    ("logdet(X)", "X", "inv(X)", "X:n,n", SPD, "correct"),
    ("logdet(X)", "X", "inv(X)", "X:n,n", {}, "transposed"),
    ("logdet(X)", "X", "2*inv(X) - inv(X).*eye(n)", "X:n,n", SPD, "symmetric-convention"),
    ("tr(A*X)", "X", "A + A' - A.*eye(n)", "A:n,n X:n,n", SYMMETRIC, "symmetric-convention"),
    ("tr(A*X)", "X", "1/2*(A + A')", "A:n,n X:n,n", SYMMETRIC, "symmetric-convention"),
    ("sum(sin(x))", "x", "-cos(x)", "x:n", {}, "sign"),
    ("sum(log(x))", "x", "1 ./ x + x", "x:n", {}, "wrong-term"),
    ("norm2(x)", "x", "x/norm2(x)", "x:n", {}, "correct"),
    ("norm2(A*x - b)^2", "x", "2*A'*(A*x - b)", "A:m,n x:n b:m", {}, "correct"),
    ("norm2(A*x - b)^2", "x", "2*A'*A*x", "A:m,n x:n b:m", {}, "missing-term"),
    ("norm2(A*x - b)^2", "x", "A'*(A*x - b)", "A:m,n x:n b:m", {}, "factor"),
    ("exp(t)*x", "t", "exp(t)*x", "t: x:n", {}, "correct"),
    ("t*A", "t", "A'", "t: A:n,m", {}, "transposed"),
]

JACOBIANS = [
    ("A*x", "x", "A", MAP, {}, "correct"),
    ("A*x", "x", "A'", MAP, {}, "other-layout"),
    ("A*x", "x", "A'", FORM, {}, "other-layout"),
    ("A*x", "x", "-A", MAP, {}, "sign"),
    ("softmax(x)", "x", "diag(softmax(x)) - softmax(x)*softmax(x)'", "x:n", {}, "correct"),
    ("softmax(x)", "x", "diag(softmax(x))", "x:n", {}, "missing-term"),
    ("softmax(x)", "x", "diag(softmax(x)) + softmax(x)*softmax(x)'", "x:n", {}, "wrong-term"),
    ("A*X*B", "X", "kron(B', A)", SANDWICH, {}, "correct"),
    ("A*X*B", "X", "kron(B, A')", SANDWICH, {}, "other-layout"),
    ("A*X*B", "X", "kron(A, B')", SANDWICH, {}, "other-vec-order"),
    ("A*X*B", "X", "kron(A', B)", SANDWICH, {}, "other-vec-order"),
    ("A*X*B", "X", "-kron(B', A)", SANDWICH, {}, "sign"),
    ("A*X*B", "X", "3*kron(B', A)", SANDWICH, {}, "factor"),
    ("A*X*B", "X", "kron(B, B)", SANDWICH, {}, "wrong-shape"),
    ("A*X*B", "X", "D_ijpq = A_ip B_qj", SANDWICH, {}, "correct"),
    ("X*Y", "X", "Y' ⊗ I", "X:m,n Y:n,p", {}, "correct"),   # an I has the size with which the claim fits
    ("X*Y", "X", "Y ⊗ I", "X:m,n Y:n,p", {}, "other-layout"),
    ("X*Y", "X", "I ⊗ Y'", "X:m,n Y:n,p", {}, "other-vec-order"),
    ("X*Y", "X", "-Y' ⊗ I", "X:m,n Y:n,p", {}, "sign"),
    ("A*X + X*B", "X", "I ⊗ A + B' ⊗ I", "A:m,m X:m,n B:n,n", {}, "correct"),
    ("A*X + X*B", "X", "I ⊗ A + B ⊗ I", "A:m,m X:m,n B:n,n", {}, "wrong"),
    ("X*Y", "X", "delta_ip Y_qj", "X:m,n Y:n,p", {}, "correct"),   # so have indices without a left side
    ("X*Y", "X", "delta_ip Y_jq", "X:m,n Y:n,p", {}, "wrong-shape"),
    ("A*X*B", "X", "D_pqij = A_ip B_qj", SANDWICH, {}, "other-layout"),
    ("A*X*B", "X", "D_ijpq = A_ip B_qj + A_ip B_qj", SANDWICH, {}, "factor"),
    ("A*X*B", "X", "D_ijpq = -A_ip B_qj", SANDWICH, {}, "sign"),
    ("X*X'", "X", "kron(X, eye(n)) + kron(eye(n), X)*commutation(n, m)", "X:n,m", {}, "correct"),
    ("X*X'", "X", "kron(X, eye(n))", "X:n,m", {}, "missing-term"),
    ("X*X'", "X", "kron(X, eye(n)) + kron(eye(n), X)", "X:n,n", {}, "wrong-term"),
    ("inv(X)", "X", "-kron(inv(X)', inv(X))", "X:n,n", {}, "correct"),
    ("inv(X)", "X", "kron(inv(X)', inv(X))", "X:n,n", {}, "sign"),
    ("inv(X)", "X", "-kron(inv(X), inv(X)')", "X:n,n", {}, "other-layout"),
    ("X'", "X", "commutation(n, m)", "X:n,m", {}, "correct"),
    ("X'", "X", "commutation(m, n)", "X:n,m", {}, "other-layout"),
    ("X'", "X", "D_ijkl = delta_il delta_jk", "X:n,m", {}, "correct"),
    ("x*x'", "x", "D_ijk = delta_ik x_j + delta_jk x_i", "x:n", {}, "correct"),
    ("x*x'", "x", "D_ijk = delta_ik x_j", "x:n", {}, "missing-term"),
    ("x*x'", "x", "D_ijk = delta_ik x_j - delta_jk x_i", "x:n", {}, "wrong-term"),
]

HESSIANS = [
    ("x'*A*x", "x", "A + A'", FORM, {}, "correct"),
    ("x'*A*x", "x", "2*A", FORM, {"A": "symmetric"}, "correct"),
    ("x'*A*x", "x", "A", FORM, {}, "missing-term"),
    ("x'*A*x", "x", "2*A", FORM, {}, "wrong"),
    ("norm2(A*x - b)^2", "x", "2*A'*A", "A:m,n x:n b:m", {}, "correct"),
    ("norm2(A*x - b)^2", "x", "A'*A", "A:m,n x:n b:m", {}, "factor"),
    ("norm2(A*x - b)^2", "x", "2*A*A'", "A:m,n x:n b:m", {}, "wrong-shape"),
    ("tr(X'*A*X*B)", "X", "kron(B', A) + kron(B, A')", "A:n,n B:m,m X:n,m", {}, "correct"),
    ("tr(X'*A*X*B)", "X", "kron(A, B') + kron(A', B)", "A:n,n B:m,m X:n,m", {}, "other-vec-order"),
    ("tr(X'*A*X*B)", "X", "kron(B', A)", "A:n,n B:m,m X:n,m", {}, "missing-term"),
    ("tr(X'*A*X*B)", "X", "-kron(B', A) - kron(B, A')", "A:n,n B:m,m X:n,m", {}, "sign"),
    ("sum(log(x))", "x", "-diag(1 ./ x.^2)", "x:n", {}, "correct"),
    ("logsumexp(x)", "x", "diag(softmax(x)) - softmax(x)*softmax(x)'", "x:n", {}, "correct"),
    ("logsumexp(x)", "x", "diag(softmax(x))", "x:n", {}, "missing-term"),
]


@pytest.mark.parametrize(("expr", "wrt", "claimed", "declared", "facts", "word"), [*GRADIENTS, *JACOBIANS])
def test_first_derivatives(expr: str, wrt: str, claimed: str, declared: str, facts: dict[str, str], word: str) -> None:
    answer = check(expr, wrt, claimed, declared, assume=facts)
    assert answer["diagnosis"] == word
    assert answer["verdict"] == ("proved" if word == "correct" else "refuted")
    assert bool(answer["steps"]) == (word == "correct")


@pytest.mark.parametrize(("expr", "wrt", "claimed", "declared", "facts", "word"), HESSIANS)
def test_second_derivatives(expr: str, wrt: str, claimed: str, declared: str, facts: dict[str, str], word: str) -> None:
    answer = check(expr, wrt, claimed, declared, assume=facts, order=2)
    assert answer["diagnosis"] == word
    assert answer["verdict"] == ("proved" if word == "correct" else "refuted")


def test_every_word_is_in_a_table() -> None:
    assert {row[-1] for row in (*GRADIENTS, *JACOBIANS, *HESSIANS)} == {
        "correct", "transposed", "other-layout", "other-vec-order", "sign", "factor", "symmetric-convention", "missing-term",
        "wrong-term", "wrong-shape", "wrong"}


# -- what the fields say -----------------------------------------------------------------


@pytest.mark.parametrize(("claimed", "factor"), [("2*A'*B'", "1/2"), ("A'*B'/3", "3"), ("-4*A'*B'", "-1/4"), ("0.75*A'*B'", "4/3")])
def test_the_factor_is_what_the_claim_lacks(claimed: str, factor: str) -> None:
    answer = check("tr(A*X*B)", "X", claimed, TRACE)
    assert (answer["diagnosis"], answer["factor"]) == ("factor", factor)


@pytest.mark.parametrize(("expr", "claimed", "declared", "word", "term"), [
    ("x'*A*x", "A*x", FORM, "missing-term", "A' x"),
    ("norm2(A*x - b)^2", "2*A'*A*x", "A:m,n x:n b:m", "missing-term", "-2 A' b"),
    ("x'*A*x", "(A + A')*x + x", FORM, "wrong-term", "x"),
    ("x'*A*x", "A*x - A'*x", FORM, "wrong-term", "-A' x"),
])
def test_the_term(expr: str, claimed: str, declared: str, word: str, term: str) -> None:
    answer = check(expr, "x", claimed, declared)
    assert (answer["diagnosis"], answer["term"]) == (word, term)


@pytest.mark.parametrize(("expr", "wrt", "claimed", "declared", "correct"), [
    ("tr(A*X*B)", "X", "B*A", TRACE, "A' B'"),
    ("A*X*B", "X", "kron(A, B')", SANDWICH, "B' ⊗ A"),
    ("A*X*B", "X", "D_ijpq = 2 A_ip B_qj", SANDWICH, "D_ijpq = A_ip B_qj"),
    ("A*x", "x", "A'", MAP, "A"),
    ("logdet(X)", "X", "inv(X)", "X:n,n", "inv(X)'"),
])
def test_the_right_answer_has_the_form_of_the_claim(expr: str, wrt: str, claimed: str, declared: str, correct: str) -> None:
    assert check(expr, wrt, claimed, declared)["correct"] == correct


@pytest.mark.parametrize(("claimed", "layout", "vec", "word"), [
    ("kron(B', A)", "numerator", "F", "correct"), ("kron(B, A')", "denominator", "F", "correct"),
    ("kron(A, B')", "numerator", "C", "correct"), ("kron(A', B)", "denominator", "C", "correct"),
    ("kron(B', A)", "denominator", "F", "other-layout"), ("kron(B', A)", "numerator", "C", "other-vec-order"),
    ("kron(B', A)", "denominator", "C", "other-vec-order"),
])
def test_layout_and_vec_say_which_matrix_is_right(claimed: str, layout: str, vec: str, word: str) -> None:
    assert check("A*X*B", "X", claimed, SANDWICH, layout=layout, vec=vec)["diagnosis"] == word


@pytest.mark.parametrize(("claimed", "layout", "vec", "says"), [
    ("kron(B, A')", "numerator", "F", "right in denominator layout"),
    ("kron(A, B')", "numerator", "F", "right where vec stacks rows"),
    ("kron(A', B)", "numerator", "F", "right in denominator layout where vec stacks rows"),
    ("kron(B', A)", "denominator", "F", "right in numerator layout"),
    ("kron(B', A)", "numerator", "C", "right where vec stacks columns"),
])
def test_what_is_said_of_layouts(claimed: str, layout: str, vec: str, says: str) -> None:
    assert check("A*X*B", "X", claimed, SANDWICH, layout=layout, vec=vec)["says"] == says


def test_what_holds_for_a_symmetric_matrix_is_said_to() -> None:
    answer = check("x'*A*x", "x", "2*A*x", FORM)
    assert (answer["diagnosis"], answer["says"]) == ("wrong", "right where A is symmetric")


@pytest.mark.parametrize("reading", ["structured", "projected"])
def test_the_convention_asked_for_is_the_right_one(reading: str) -> None:
    claims = {"structured": "A + A' - A.*eye(n)", "projected": "1/2*(A + A')"}
    answer = check("tr(A*X)", "X", claims[reading], "A:n,n X:n,n", assume=SYMMETRIC, wrt_convention=reading)
    assert answer["diagnosis"] == "correct"


@pytest.mark.parametrize(("formula", "claim", "assume", "diagnosis"), [
    ("logdet(X)", "2*inv(X) - inv(X).*eye(n)", SPD, "symmetric-convention"),
    ("X*A*X", "kron(X*A, eye(n)) + kron(eye(n), X*A)", {"X": "symmetric", "A": "symmetric"}, "correct"),
    ("X*A*X", "kron(X*A, eye(k)) + kron(eye(j), X*A)", {"X": "symmetric", "A": "symmetric"}, "correct"),
    ("A*X", "kron(eye(q), A)", {}, "correct"),
    ("A*X", "kron(eye(q), A')", {}, "other-layout"),
    ("A*X", "kron(eye(q), A*A')", {}, "wrong-shape"),
    ("tr(X)", "q*eye(q)", {}, "wrong-term"),
    ("X", "I", {}, "correct"),
    ("2 X", "I", {}, "factor"),
])
def test_a_size_that_the_claim_alone_names_is_one_of_the_derivative(formula: str, claim: str, assume: dict[str, str],
                                                                    diagnosis: str) -> None:
    answer = handle({"do": "check", "expr": formula, "wrt": "X", "claimed": claim, "assume": assume})
    assert answer["ok"] and answer["diagnosis"] == diagnosis


def test_a_size_that_is_declared_is_that_size() -> None:
    assert check("A*X", "X", "kron(eye(n), A)", "A:m,n X:n,q")["diagnosis"] == "wrong-shape"
    assert check("A*X", "X", "kron(eye(q), A)", "A:m,n X:n,q")["diagnosis"] == "correct"


@pytest.mark.parametrize(("order", "claim", "diagnosis"), [
    (1, "duplication(n)'*vec(inv(X))", "correct"), (1, "elimination(n)*vec(inv(X))", "wrong-term"),
    (1, "vech(inv(X))", "wrong-term"), (1, "inv(X)", "wrong-shape"),
    (2, "-duplication(n)'*kron(inv(X), inv(X))*duplication(n)", "correct"),
    (2, "duplication(n)'*kron(inv(X), inv(X))*duplication(n)", "sign"),
])
def test_derivatives_by_vech(order: int, claim: str, diagnosis: str) -> None:
    answer = check("logdet(X)", "X", claim, "X:n,n", assume=SPD, wrt_convention="vech", order=order)
    assert answer["diagnosis"] == diagnosis


@pytest.mark.parametrize(("formula", "claim", "says"), [
    ("tr(A*X)", "I", "the claim is p x p, and the derivative n x m"),
    ("tr(A*X)", "2", "the claim is a number, and the derivative n x m"),
    ("A*X", "X", "the claim is n x p, and the derivative m x p x n x p"),
])
def test_a_claim_of_another_shape_is_told_both(formula: str, claim: str, says: str) -> None:
    answer = handle({"do": "check", "expr": formula, "wrt": "X", "claimed": claim})
    assert (answer["diagnosis"], answer["says"]) == ("wrong-shape", says)


def test_a_claim_that_agrees_is_not_told_to_be_in_another_layout() -> None:
    """``eye(m*n)`` splits its axes in another order than the Jacobian, which is symmetric."""
    assert handle({"do": "check", "expr": "X", "wrt": "X", "claimed": "eye(m*n)"})["diagnosis"] in ("correct", "undecided")


def test_a_claim_that_does_not_conform_is_of_the_wrong_shape() -> None:
    answer = check("tr(A*X*B)", "X", "A*A", TRACE)
    assert answer["diagnosis"] == "wrong-shape" and answer["says"].startswith("the claim does not conform: ")
    assert answer["correct"] == "A' B'" and answer["shape"] == ["n", "m"]


def test_a_claim_that_cannot_be_read_is_an_error() -> None:
    answer = handle({"do": "check", "expr": "tr(A*X)", "wrt": "X", "claimed": "A*("})
    assert not answer["ok"] and answer["error"]["field"] == "claimed"


def test_definitions_unknown_functions_and_contractions() -> None:
    assert check("t = A*x - b; t'*t", "x", "2*A'*(A*x - b)", "A:m,n x:n b:m")["diagnosis"] == "correct"
    assert check("sum(f(A*x))", "x", "A'*f'(A*x)", "A:m,n x:n", functions={"f": "elementwise"})["diagnosis"] == "correct"
    assert check("sum(f(A*x))", "x", "A'*f(A*x)", "A:m,n x:n", functions={"f": "elementwise"})["diagnosis"] != "correct"
    curl = {"contract": "c_i = eps_ijk D_kj"}
    assert check("cross(a, x)", "x", "2*a", "a:3 x:3", **curl)["diagnosis"] == "correct"
    assert check("cross(a, x)", "x", "-2*a", "a:3 x:3", **curl)["diagnosis"] == "sign"


# -- counterexamples ---------------------------------------------------------------------


@pytest.mark.parametrize(("expr", "wrt", "claimed", "declared", "facts", "word"),
                         [row for row in GRADIENTS if row[0] != "sum(log(x))" and
                          row[-1] in ("sign", "factor", "missing-term", "wrong-term", "wrong")])
def test_a_counterexample_recomputes(expr: str, wrt: str, claimed: str, declared: str, facts: dict[str, str], word: str) -> None:
    found = check(expr, wrt, claimed, declared, assume=facts)["counterexample"]
    values = {name: np.array(array, dtype=float) for name, array in found["values"].items()}
    claim = np.asarray(Meaning(values, found["dims"]).of(claimed))
    at = tuple(place - 1 for place in found["entry"])
    assert claim[at] == pytest.approx(found["rhs"], abs=1e-9)
    point, step = values[wrt], 1e-6

    def moved(by: float) -> float:
        there = point.copy()
        there[at] += by
        return float(Meaning({**values, wrt: there}, found["dims"]).of(expr))

    assert (moved(step) - moved(-step)) / (2 * step) == pytest.approx(found["lhs"], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(("expr", "wrt", "order", "claimed"), [
    ("exp(x)", "x", 1, "exp(x)"), ("softmax(x)", "x", 1, "softmax(x) - softmax(x).^2"), ("X.^2", "X", 1, "2*X"),
    ("sum(x.^3)", "x", 2, "6*x"),
])
def test_a_claim_that_is_the_diagonal_of_the_derivative_is_told_so(expr: str, wrt: str, order: int, claimed: str) -> None:
    request = {"do": "check", "expr": expr, "wrt": wrt, "order": order}
    answer = handle({**request, "claimed": claimed})
    assert answer["diagnosis"] == "wrong-shape" and "diagonal" in answer["says"]
    assert "diagonal" not in handle({**request, "claimed": f"2*({claimed})"})["says"]
