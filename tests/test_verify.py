"""Verdicts: what is proved, what is refuted, and that neither is ever wrong."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest
from campaigns.soundness import DECLARED as NAMES
from campaigns.soundness import Claim, campaign, claim, nodes, number, plus, text, times, turned, value, var
from hypothesis import assume, given
from hypothesis import strategies as st
from identities import ALL, INDEX, MATRIX, MISTAKES, TEXTBOOK, Identity, dims, shapes
from meaning import Meaning

from tensorcalc.service import handle

Answer = dict[str, Any]


def verify(lhs: str, rhs: str, declared: str = "", **fields: Any) -> Answer:
    """The answer to a claim, variables declared as in ``"A:n,m x:n"``."""
    answer = handle({"do": "verify", "lhs": lhs, "rhs": rhs, "vars": shapes(declared), **fields})
    assert answer["ok"], answer
    return answer


def verdict(lhs: str, rhs: str, declared: str = "", **fields: Any) -> str:
    return str(verify(lhs, rhs, declared, **fields)["verdict"])


# -- tables ------------------------------------------------------------------------------


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_proved(identity: Identity) -> None:
    answer = handle(identity.request())
    assert answer["verdict"] == "proved"
    assert answer["steps"] and answer["counterexample"] is None


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_the_false_twin_is_refuted(identity: Identity) -> None:
    answer = handle(identity.request(rhs=identity.false))
    assert answer["verdict"] == "refuted"
    assert not answer["steps"]


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_sides_may_be_exchanged(identity: Identity) -> None:
    assert handle(identity.request(identity.rhs, identity.lhs))["verdict"] == "proved"


def plain(identity: Identity) -> bool:
    return " = " not in identity.lhs


@pytest.mark.parametrize("identity", [one for one in (*INDEX, *MATRIX) if plain(one)], ids=lambda identity: identity.name)
def test_both_sides_may_be_transposed(identity: Identity) -> None:
    assert handle(identity.request(f"({identity.lhs})'", f"({identity.rhs})'"))["verdict"] == "proved"


@pytest.mark.parametrize("identity", TEXTBOOK, ids=lambda identity: identity.name)
def test_what_stands_in_textbooks_is_proved(identity: Identity) -> None:
    assert handle(identity.request())["verdict"] == "proved"


@pytest.mark.parametrize("identity", MISTAKES, ids=lambda identity: identity.name)
def test_what_is_written_down_in_a_hurry_is_refuted(identity: Identity) -> None:
    assert handle(identity.request())["verdict"] == "refuted"


RENAMED = dict(zip("ABCDUVWXSPQ", ("Z9", "M2", "K", "N", "T1", "H", "B", "A", "Y", "G", "J")))


def renamed(source: str) -> str:
    return re.sub(r"[A-Z](?![A-Za-z0-9])", lambda found: RENAMED.get(found[0], found[0]), source)


@pytest.mark.parametrize("identity", [one for one in MATRIX if "I" not in one.vars], ids=lambda identity: identity.name)
def test_names_do_not_matter(identity: Identity) -> None:
    request = identity.request(renamed(identity.lhs), renamed(identity.rhs))
    request["vars"] = {renamed(name): sizes for name, sizes in identity.vars.items()}
    request["assume"] = {renamed(name): fact for name, fact in identity.assume.items()}
    assert handle(request)["verdict"] == "proved"


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("A^2 - tr(A)*A + det(A)*eye(n)", "zeros(n, n)", "A:n,n"),
    ("A^3 - tr(A)*A^2 + 1/2*(tr(A)^2 - tr(A^2))*A", "det(A)*eye(n)", "A:n,n"),
    ("2*det(A)", "tr(A)^2 - tr(A^2)", "A:n,n"),
    ("6*det(A)", "tr(A)^3 - 3*tr(A)*tr(A^2) + 2*tr(A^3)", "A:n,n"),
    ("det(dev(A))", "1/3*tr(dev(A)^3)", "A:n,n"),
    ("adj(A)", "tr(A)*eye(n) - A", "A:n,n"),
])
def test_what_holds_in_one_dimension_is_refuted_without_it(lhs: str, rhs: str, declared: str) -> None:
    assert verdict(lhs, rhs, declared) == "refuted"


@pytest.mark.parametrize(("lhs", "rhs", "declared", "dimension"), [
    ("(n-2)*(n-3)*(n-4)*(n-5)*x", "0*x", "x:n", 6),
    ("(n-1)*(n-2)*(n-3)*x", "0*x", "x:n", 4),
])
def test_agreement_in_small_dimensions_proves_nothing(lhs: str, rhs: str, declared: str, dimension: int) -> None:
    assert verdict(lhs, rhs, declared) != "proved"
    assert verdict(lhs.replace("n", str(dimension)), rhs, declared.replace("n", str(dimension))) == "refuted"


# -- no verdict on what holds only almost everywhere, or in a part of the domain ------------

FALSE_SOMEWHERE = [
    ("sign(a)^2", "1", "a:", {}),
    ("abs(sign(a))", "1", "a:", {}),
    ("sign(abs(a))", "1", "a:", {}),
    ("sign(x).*sign(x)", "ones(n)", "x:n", {}),
    ("relu(sign(a)) + relu(sign(-a))", "1", "a:", {}),
    ("sign(a)*sign(a)*b", "b", "a: b:", {}),
    ("sign(det(A))^2", "1", "A:n,n", {}),
    ("sign(tr(A*A'))", "1", "A:n,n", {}),
    ("relu(sign(a))", "relu(sign(a))^2 + 1 - sign(a)^2", "a:", {}),
    ("sqrt(x^2)", "x", "x:", {}),
    ("(x^4)^(1/4)", "x", "x:", {}),
    ("(x^6)^(1/2)", "x^3", "x:", {}),
    ("(x^(2*k))^(1/2)", "x^k", "x:", {}),
    ("sqrt(a^2*b^2)", "a*b", "a: b:", {}),
    ("log(x^2)", "2*log(abs(x)) + 1", "x:", {}),
    ("abs(a + b)", "abs(a) + abs(b)", "a: b:", {}),
    ("abs(a)", "a", "a:", {}),
    ("norm1(x)", "sum(x)", "x:n", {}),
    ("norm2(c*x)", "c*norm2(x)", "x:n c:", {}),
    ("max(a, b)", "a + relu(a - b)", "a: b:", {}),
    ("det(W)", "0", "W:n,n", {"W": "skew"}),
    ("det(W)", "0", "W:4,4", {"W": "skew"}),
    ("det(-A)", "det(A)", "A:n,n", {}),
    ("det(-A)", "-det(A)", "A:n,n", {}),
    ("det(Q)", "1", "Q:n,n", {"Q": "orthogonal"}),
    ("det(Q)^3", "1", "Q:n,n", {"Q": "orthogonal"}),
    ("adj(W)", "0*W", "W:3,3", {"W": "skew"}),
    ("adj(W)'", "-adj(W)", "W:3,3", {"W": "skew"}),
    ("adj(x*x')", "0*x*x'", "x:2", {}),
    ("det(A*B)", "det(A)*det(B)*2", "A:n,n B:n,n", {}),
    ("det(A'*A)", "det(A*A')", "A:n,m", {}),
    ("inv(A)*A*x", "2*x", "A:n,n x:n", {}),
    ("pinv(X)*X", "eye(m)", "X:n,m", {}),
    ("X*pinv(X)", "eye(n)", "X:n,m", {}),
    ("logdet(A)", "log(det(A)^2)", "A:n,n", {}),
    ("expm(A)*expm(B)", "expm(A + B)", "A:n,n B:n,n", {}),
    ("expm(A)*expm(B)", "expm(A + B)", "A:n,n B:n,n", {"A": "symmetric", "B": "symmetric"}),
    ("expm(A)*expm(A')", "expm(A + A')", "A:n,n", {}),
    ("expm(A)'", "expm(-A)", "A:n,n", {}),
    ("expm(A.*B)", "expm(A).*expm(B)", "A:n,n B:n,n", {}),
    ("logm(expm(W))", "W + W", "W:n,n", {"W": "skew"}),
    ("tr(A*B*C)", "tr(A*C*B)", "A:n,n B:n,n C:n,n", {"A": "symmetric"}),
    ("tr(A*B*C*D)", "tr(D*C*B*A)", "A:n,n B:n,n C:n,n D:n,n", {"A": "symmetric", "B": "symmetric", "C": "symmetric"}),
    ("A*B", "B*A", "A:n,n B:n,n", {"A": "symmetric", "B": "symmetric"}),
    ("A*D", "D*A", "A:n,n D:n,n", {"D": "diagonal"}),
    ("inv(A + B)", "inv(A) + inv(B)", "A:n,n B:n,n", {"A": "spd", "B": "spd"}),
    ("det(elimination(n)*kron(A, A')*duplication(n))", "det(A)^(n+1)", "A:n,n", {}),
    ("duplication(n)*elimination(n)", "eye(n*n)", "", {}),
    ("commutation(n, m)", "commutation(m, n)", "", {}),
    ("kron(A, B)", "kron(B, A)", "A:n,n B:n,n", {}),
    ("sum(p.^2)", "1", "p:n", {"p": "simplex"}),
    ("p", "ones(n)/n", "p:n", {"p": "simplex"}),
    ("u'*u*u", "2*u", "u:n", {"u": "unit"}),
    ("u*u'", "eye(n)", "u:n", {"u": "unit"}),
    ("softmax(x + y)", "softmax(x).*softmax(y)", "x:n y:n", {}),
    ("sin(2*x)", "2*sin(x)", "x:n", {}),
    ("sin(x + y)", "sin(x) + sin(y)", "x:n y:n", {}),
    ("sqrtm(A*B)", "sqrtm(A)*sqrtm(B)", "A:n,n B:n,n", {"A": "spd", "B": "spd"}),
    ("det(A + u*v')", "det(A) + v'*inv(A)*u", "A:n,n u:n v:n", {}),
    ("W*W'", "eye(n)", "W:n,m", {"equations": ["W'*W = eye(m)"]}),
    ("sum(y.^2)", "1", "y:n", {"equations": ["sum(y) = 1"]}),
    ("tr(A*B)", "tr(A)*tr(B)", "A:n,n B:n,n", {"equations": ["A*B = B*A"]}),
]


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts"), FALSE_SOMEWHERE, ids=lambda part: str(part)[:30])
def test_false_somewhere(lhs: str, rhs: str, declared: str, facts: dict[str, Any]) -> None:
    assert verdict(lhs, rhs, declared, assume=facts) == "refuted"


TRUE_WHERE_DEFINED = [
    ("sqrt(x)^2", "x", "x:", {}),
    ("sqrt(x^2)", "abs(x)", "x:", {}),
    ("(x^2)^(1/4)", "sqrt(abs(x))", "x:", {}),
    ("log(x^2)", "2*log(x)", "x:", {}),
    ("log(x*y)", "log(x) + log(y)", "x: y:", {}),
    ("sqrt(x*y)", "sqrt(x)*sqrt(y)", "x: y:", {}),
    ("exp(log(x))", "abs(x)", "x:n", {}),
    ("sign(a)*sign(b)", "sign(a*b)", "a: b:", {}),
    ("sign(sign(a))", "sign(a)", "a:", {}),
    ("a*abs(sign(a))", "a", "a:", {}),
    ("sign(a)^2", "1", "a:", {"a": "nonzero"}),
    ("sign(x)", "ones(n)", "x:n", {"x": "positive"}),
    ("norm1(x)", "sign(x)'*x", "x:n", {}),
    ("norm1(p)", "1", "p:n", {"p": "simplex"}),
    ("relu(x)", "x.*relu(sign(x))", "x:n", {}),
    ("det(W)", "0", "W:3,3", {"W": "skew"}),
    ("W*adj(W)", "0*W", "W:3,3", {"W": "skew"}),
    ("adj(W)'", "adj(W)", "W:3,3", {"W": "skew"}),
    ("det(W + u*v')", "v'*adj(W)*u", "W:3,3 u:3 v:3", {"W": "skew"}),
    ("adj(Q)", "det(Q)*Q'", "Q:n,n", {"Q": "orthogonal"}),
    ("logdet(Q)", "0", "Q:n,n", {"Q": "orthogonal"}),
    ("adj(adj(A))", "det(A)^(n-2)*A", "A:n,n", {}),
    ("logdet(A^2)", "2*logdet(A)", "A:n,n", {}),
    ("logdet(diag(x))", "sum(log(abs(x)))", "x:n", {}),
    ("inv(D)*D", "eye(n)", "D:n,n", {"D": "diagonal"}),
    ("kron(D*inv(D), A)", "kron(eye(n), A)", "D:n,n A:m,m", {"D": "diagonal"}),
    ("det(kron(A, eye(m)))", "det(A)^m", "A:n,n", {}),
    ("expm(kron(A, eye(m)))", "kron(expm(A), eye(m))", "A:n,n", {}),
    ("logm(expm(S))", "S", "S:n,n", {"S": "symmetric"}),
    ("elimination(n)*elimination(n)'", "eye(n*(n+1)/2)", "", {}),
    ("sin(arcsin(x))", "x", "x:n", {}),
    ("cos(2*x)", "ones(n) - 2*sin(x).^2", "x:n", {}),
    ("det(A + B)", "det(A)*det(eye(n) + inv(A)*B)", "A:n,n B:n,n", {}),
    ("det(inv(A) + inv(B))", "det(A + B)/(det(A)*det(B))", "A:n,n B:n,n", {}),
    ("x/x", "1", "x:", {}),
    ("log(det(A))", "logdet(A)", "A:n,n", {}),
    ("sqrt(det(A)^2)*log(det(A))", "det(A)*logdet(A)", "A:n,n", {}),
]


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts"), TRUE_WHERE_DEFINED, ids=lambda part: str(part)[:30])
def test_true_where_both_sides_are_defined(lhs: str, rhs: str, declared: str, facts: dict[str, Any]) -> None:
    assert verdict(lhs, rhs, declared, assume=facts) == "proved"


NEAR = "1.0000001"


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("x'*A*x", f"{NEAR}*x'*A*x", "A:n,n x:n"),
    ("inv(A + B)", f"{NEAR}*inv(A + B)", "A:n,n B:n,n"),
    ("det(A)", f"{NEAR}*det(A)", "A:3,3"),
    ("expm(A)", f"expm({NEAR}*A)", "A:n,n"),
    ("softmax(x)", f"softmax({NEAR}*x)", "x:n"),
    ("logdet(eye(n) + A*A')", f"logdet({NEAR}*eye(n) + A*A')", "A:n,n"),
    ("kron(A, B)", f"kron(A, {NEAR}*B)", "A:n,m B:p,q"),
    ("A - tr(A)/3*eye(3)", "A - 0.33333333*tr(A)*eye(3)", "A:3,3"),
    ("x", "x + 0.00000001*ones(n)", "x:n"),
])
def test_near_misses_are_refuted(lhs: str, rhs: str, declared: str) -> None:
    assert verdict(lhs, rhs, declared) == "refuted"


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("(x + 10^14) - 10^14 + sin(x)^2 + cos(x)^2", "x + 1", "x:"),
    ("exp(30*x)*exp(-30*x)", "1", "x:"),
    ("inv(inv(inv(inv(A*A'))))", "A*A'", "A:n,n"),
    ("sign(det(A))", "sign(det(A'))", "A:n,n"),
    ("sin(1000000*x)^2", "1 - cos(1000000*x)^2", "x:"),
    ("logsumexp(50*x)", "log(sum(exp(50*x)))", "x:n"),
])
def test_rounding_refutes_nothing(lhs: str, rhs: str, declared: str) -> None:
    assert verdict(lhs, rhs, declared) != "refuted"


# -- counterexamples ---------------------------------------------------------------------

SHAPED = [*((one.lhs, one.false, one.vars, one.assume, one.index_dims) for one in ALL),
          *((lhs, rhs, shapes(declared), facts, {}) for lhs, rhs, declared, facts in FALSE_SOMEWHERE)]


def extents(declared: dict[str, list[Any]], name: str, sizes: dict[str, int]) -> list[int]:
    return [size if isinstance(size, int) else sizes[size] for size in declared[name]]


PROPERTIES = {
    "symmetric": lambda a: np.allclose(a, a.T),
    "skew": lambda a: np.allclose(a, -a.T),
    "diagonal": lambda a: np.allclose(a, np.diag(np.diag(a))),
    "spd": lambda a: np.allclose(a, a.T) and np.linalg.eigvalsh(a)[0] > 0,
    "orthogonal": lambda a: np.allclose(a @ a.T, np.eye(len(a))),
    "positive": lambda a: (a > 0).all(),
    "nonzero": lambda a: (a != 0).all(),
    "simplex": lambda a: (a >= 0).all() and np.isclose(a.sum(), 1),
    "unit": lambda a: np.isclose((a * a).sum(), 1),
}


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts", "index_dims"), SHAPED, ids=lambda part: str(part)[:30])
def test_a_counterexample_recomputes(lhs: str, rhs: str, declared: Any, facts: Any, index_dims: Any) -> None:
    answer = handle({"do": "verify", "lhs": lhs, "rhs": rhs, "vars": declared, "assume": facts, "index_dims": index_dims})
    found = answer["counterexample"]
    assert set(found["values"]) == set(declared)
    values = {name: np.array(array, dtype=float) for name, array in found["values"].items()}
    for name, array in values.items():
        assert list(array.shape) == extents(declared, name, found["dims"])
        assert name not in facts or PROPERTIES[facts[name]](array)
    letters = {letter: size if isinstance(size, int) else found["dims"][size] for letter, size in index_dims.items()}
    meaning = Meaning(values, found["dims"])
    sides = [np.asarray(meaning.of(side, letters)) for side in (lhs, rhs)]
    at = tuple(place - 1 for place in found["entry"])
    at = at if sides[0].ndim == len(at) else tuple(place for place in at if place)
    assert sides[0][at] == pytest.approx(found["lhs"], rel=1e-8, abs=1e-9)
    assert sides[1][at] == pytest.approx(found["rhs"], rel=1e-8, abs=1e-9)
    assert abs(sides[0][at] - sides[1][at]) > 1e-5


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("A*B", "B*A", "A:n,n B:n,n"), ("tr(A*B)", "tr(A)*tr(B)", "A:n,n B:n,n"), ("x'*A*y", "y'*A*x", "A:n,n x:n y:n"),
    ("kron(A, B)", "kron(B, A)", "A:n,m B:n,m"), ("(A.*B)*C", "A.*(B*C)", "A:n,n B:n,n C:n,n"), ("abs(a)", "a", "a:"),
])
def test_small_integers_where_they_do(lhs: str, rhs: str, declared: str) -> None:
    found = verify(lhs, rhs, declared)["counterexample"]
    flat = [entry for array in found["values"].values() for entry in np.ravel(array)]
    assert all(float(entry).is_integer() and abs(entry) <= 4 for entry in flat)
    assert max(found["dims"].values(), default=0) <= 3


def test_what_occurs_nowhere_has_a_value_too() -> None:
    found = verify("a*x", "x", "a: x:n Z:n,q S:q,q", assume={"S": "spd"})["counterexample"]
    assert set(found["values"]) == {"a", "x", "Z", "S"} and set(found["dims"]) == {"n", "q"}
    assert np.shape(found["values"]["Z"]) == (found["dims"]["n"], found["dims"]["q"])
    assert np.linalg.eigvalsh(np.array(found["values"]["S"], dtype=float))[0] > 0


def test_an_unknown_function_is_given_as_a_formula() -> None:
    answer = verify("f(x + y)", "f(x) + f(y)", "x:n y:n", functions={"f": "elementwise"})
    assert answer["verdict"] == "refuted"
    assert "z" in answer["counterexample"]["values"]["f"]


def test_entries_count_on_the_page() -> None:
    answer = verify("kron(A, B)", "kron(B, A)", "A:n,m B:n,m")
    found = answer["counterexample"]
    assert len(found["entry"]) == 2
    a, b = (np.array(found["values"][name], dtype=float) for name in "AB")
    i, j = (place - 1 for place in found["entry"])
    assert (np.kron(a, b)[i, j], np.kron(b, a)[i, j]) == (found["lhs"], found["rhs"])
    assert answer["diagnosis"] == f"the sides differ at entry {found['entry']}: {found['lhs']:.12g} and {found['rhs']:.12g}"


@pytest.mark.parametrize(("lhs", "rhs", "declared", "says"), [
    ("A*B", "tr(A*B)", "A:n,m B:m,n", "shapes differ: the left side is n x n and the right side is a number"),
    ("A", "A'", "A:n,m", "shapes differ: the left side is n x m and the right side is m x n"),
    ("A*x", "x'*A'", "A:n,m x:m", "shapes differ: the left side is a vector of size n and the right side is a row of size n"),
    ("kron(A, B)", "A", "A:n,n B:m,m", "shapes differ: the left side is n*m x n*m and the right side is n x n"),
    ("vec(A)", "vech(A)", "A:n,n", ("shapes differ: the left side is a vector of size n*n and the right side is "
                                    "a vector of size n*(n+1)/2")),
])
def test_shapes_that_differ(lhs: str, rhs: str, declared: str, says: str) -> None:
    answer = verify(lhs, rhs, declared)
    assert (answer["verdict"], answer["diagnosis"]) == ("refuted", says)
    assert answer["counterexample"] is None


def test_a_side_that_does_not_conform_is_an_error() -> None:
    answer = handle({"do": "verify", "lhs": "A*B", "rhs": "A", "vars": shapes("A:n,m B:n,m")})
    assert not answer["ok"] and answer["error"]["field"] == "lhs"


def test_merged_axes_may_be_split_in_either_order() -> None:
    assert verdict("vec(A*X*B)", "kron(B', A)*vec(X)", "A:p,n X:n,m B:m,q") == "proved"
    assert verdict("commutation(n, m)*kron(a, b)", "kron(b, a)", "a:m b:n") == "proved"


# -- properties and equations ------------------------------------------------------------


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts"), [
    ("tr(A*B*C)", "tr(A*C*B)", "A:n,n B:n,n C:n,n", dict.fromkeys("ABC", "symmetric")),
    ("A*B", "B*A", "A:n,n B:n,n", dict.fromkeys("AB", "diagonal")),
    ("x'*A*x", "0", "A:n,n x:n", {"A": "skew"}),
    ("abs(x)", "x", "x:n", {"x": "positive"}),
    ("abs(det(S))", "det(S)", "S:n,n", {"S": "spd"}),
    ("inv(Q)", "Q'", "Q:n,n", {"Q": "orthogonal"}),
    ("norm2(u)", "1", "u:n", {"u": "unit"}),
    ("sum(p)", "1", "p:n", {"p": "simplex"}),
    ("sign(x).^2", "ones(n)", "x:n", {"x": "nonzero"}),
])
def test_a_property_decides(lhs: str, rhs: str, declared: str, facts: dict[str, str]) -> None:
    assert verdict(lhs, rhs, declared, assume=facts) == "proved"
    assert verdict(lhs, rhs, declared) == "refuted"


def test_an_equation_decides() -> None:
    request = {"lhs": "W*W'*W", "rhs": "W", "declared": "W:n,m"}
    assert verdict(**request, assume={"equations": ["W'*W = eye(m)"]}) == "proved"
    assert verdict(**request) == "refuted"


def test_a_counterexample_meets_the_equations() -> None:
    found = verify("W*W'", "eye(n)", "W:n,m", assume={"equations": ["W'*W = eye(m)"]})["counterexample"]
    w = np.array(found["values"]["W"], dtype=float)
    assert np.allclose(w.T @ w, np.eye(w.shape[1]), atol=1e-12)
    assert w.shape[0] > w.shape[1]


def test_nothing_follows_where_no_point_meets_the_equations() -> None:
    assert verdict("x", "2*x", "x:n", assume={"equations": ["x'*x = -1"]}) == "undecided"


# -- laws --------------------------------------------------------------------------------

SEEDS = st.integers(0, 10**6)


def made(seed: int) -> Claim:
    found = claim(seed)
    assume(found is not None)
    assert found is not None
    return found


def decided(one: Claim, left: Any, right: Any, seed: int = 0) -> str:
    rng = random.Random(seed)
    answer = handle({"do": "verify", "lhs": text(left, rng), "rhs": text(right, rng), **NAMES})
    assert answer["ok"], answer
    return str(answer["verdict"])


@given(SEEDS)
def test_both_directions_agree(seed: int) -> None:
    one = made(seed)
    assert {decided(one, one.left, one.right), decided(one, one.right, one.left)} != {"proved", "refuted"}


@given(SEEDS, st.integers(0, 99))
def test_presentation_does_not_matter(seed: int, other: int) -> None:
    one = made(seed)
    first = decided(one, one.left, one.right)
    assert decided(one, one.left, one.right, other) == first
    assert decided(one, turned(one.left), turned(one.right)) == first


@given(SEEDS)
def test_one_term_more_is_refuted(seed: int) -> None:
    one = made(seed)
    assume(one.true and len(one.left.rows) < 2 and len(one.left.cols) < 2)
    names = [name for name in ("a", "x", "u", "X", "A", "M") if var(name).kind == one.left.kind]
    assume(names and not any(part.head in ("inv", "det", "logdet", "^") for part in nodes(one.left)))
    more = plus(one.right, times(number(1), var(names[0])))
    assert decided(one, one.left, more) == "refuted"


@given(SEEDS)
def test_true_is_not_refuted_and_false_is_not_proved(seed: int) -> None:
    one = made(seed)
    assert decided(one, one.left, one.right) in (("proved", "undecided") if one.true else ("refuted", "undecided"))


def test_what_divides_by_zero_proves_nothing() -> None:
    nowhere = "inv(P inv(eye(n) - Q Q') + Z' Z)"   # Q being orthogonal
    answer = handle({"do": "verify", "lhs": "inv(P + Z' Z)", "rhs": nowhere, **NAMES})
    assert answer["verdict"] == "undecided"


def test_a_campaign() -> None:
    report = campaign(300, 4)
    assert not report.wrong and not report.errors
    assert report.share(True) > 0.97 and report.share(False) > 0.97


def test_the_campaign_computes_as_numpy_does() -> None:
    a = np.array([[2.0, 1.0], [-1.0, 3.0]])
    values, sizes = {"A": a, "x": np.array([1.0, 2.0])}, {"n": 2}
    assert float(value(times(turned(var("x")), times(var("A"), var("x"))), values, sizes)[0, 0]) == 2 + 2 - 2 + 12


# -- answers -----------------------------------------------------------------------------


def test_an_answer_has_every_field() -> None:
    for answer in (verify("A", "A", "A:n,n"), verify("A", "A'", "A:n,n"), verify(*UNKNOWN, "x:n")):
        assert set(answer) == {"ok", "verdict", "steps", "counterexample", "diagnosis", "evidence", "vars"}


UNKNOWN = ("arcsin(x) + arccos(x)", "2*arctan(1)*ones(n)")   # true, by no rule that there is


def test_undecided_says_how_much_was_tried() -> None:
    answer = verify(*UNKNOWN, "x:n")
    assert answer["verdict"] == "undecided"
    assert re.fullmatch(r"\d+ random points agreed in double precision; largest relative gap \d\.\de-\d\d", answer["evidence"])
    assert answer["diagnosis"] == "neither proved nor refuted"


def test_what_is_rational_is_tried_without_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tensorcalc.proofs.verify.prove", lambda *_: None)
    answer = verify("tr(A*inv(B))", "tr(inv(B)*A)", "A:n,n B:n,n")
    assert answer["verdict"] == "undecided"
    assert re.search(r"; 4 agreed exactly modulo 2\^61 - 1, as a false identity of their sizes does with a chance below "
                     r"\de-\d\d$", answer["evidence"])


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("x'*A*x", "(1 + 10^(-20))*x'*A*x", "A:n,n x:n"), ("inv(A + B)", "(1 + 10^(-13))*inv(A + B)", "A:n,n B:n,n"),
    ("det(A*B)", "det(A)*det(B) + 10^(-18)", "A:n,n B:n,n"),
])
def test_what_doubles_do_not_show_is_refuted_in_fractions(lhs: str, rhs: str, declared: str) -> None:
    answer = verify(lhs, rhs, declared)
    assert answer["verdict"] == "refuted" and answer["counterexample"]


def test_index_statements_may_order_their_indices_differently() -> None:
    assert verdict("L_ij = A_ik B_kj", "R_ji = A_ik B_kj", "A:n,n B:n,n") == "proved"
    assert verdict("L_ij = A_ij", "R_ij = A_ji", "A:n,n") == "refuted"


def test_sizes_of_lone_deltas_are_declared() -> None:
    assert verdict("L_ij = delta_ik delta_kj", "R_ij = delta_ij", index_dims=dims("ijk", "n")) == "proved"


FUNCTIONS = {"F": "series", "f": "elementwise"}


@pytest.mark.parametrize(("left", "right", "wanted"), [
    ("diff(tr(F(X)), X)", "F'(X)'", "proved"),
    ("diff(tr(F(X)), X)", "F'(X)", "refuted"),
    ("diff(tr(A*F(X)), X)", "series(k, 1, inf, coefficient(F, k)*series(j, 0, k-1, (X^(k-1-j)*A*X^j)'))", "proved"),
    ("diff(tr(A*F(X)), X)", "series(k, 1, inf, coefficient(F, k)*series(j, 0, k-1, X^(k-1-j)*A*X^j))", "refuted"),
    ("X*F(X)", "F(X)*X", "proved"),
    ("F(X')", "F(X)'", "proved"),
    ("F(A*X)", "F(X*A)", "refuted"),
    ("diff(tr(funm(f, X)), X)", "funm(f', X)'", "proved"),
    ("diff(tr(funm(f, X)), X)", "funm(f', X)", "refuted"),
])
def test_functions_of_matrices(left: str, right: str, wanted: str) -> None:
    request = {"do": "verify", "lhs": left, "rhs": right, "vars": {"X": ["n", "n"], "A": ["n", "n"]}, "functions": FUNCTIONS}
    answer = handle(request)
    assert answer["verdict"] == wanted
    if wanted == "refuted":   # anyone can recompute it
        point = answer["counterexample"]["values"]
        given = {name: value for name, value in point.items() if name in FUNCTIONS}
        sides = [handle({"do": "evaluate", "expr": text, "vars": request["vars"], "functions": given,
                         "values": {name: value for name, value in point.items() if name not in given}})["value"]
                 for text in (left, right)]
        assert not np.allclose(*sides)


@pytest.mark.parametrize(("lhs", "rhs"), [
    ("sign(tr(inv(A*B)) - tr(inv(B)*inv(A)))", "0"), ("sign(det(A)*det(inv(A)) - 1)", "0"),
    ("relu(sign(tr(A*inv(A)) - n))", "0"), ("max(tr(inv(A*B)) - tr(inv(B)*inv(A)), 0)", "0"),
    ("log(abs(tr(inv(A*B) - inv(B)*inv(A))))", "1"), ("logdet(inv(A*B) - inv(B)*inv(A))", "1"),
])
def test_what_is_zero_but_for_rounding_refutes_nothing(lhs: str, rhs: str) -> None:
    assert verdict(lhs, rhs, "A:n,n B:n,n") != "refuted"


@pytest.mark.parametrize(("lhs", "rhs", "says"), [
    ("A' A", "A A'", "; they are equal where A is symmetric"),
    ("tr(inv(S)*(X - M)*inv(P)*(X - M)')", "vec((X - M)')'*kron(inv(S), inv(P))*vec((X - M)')",
     "; they are equal where P is symmetric"),
    ("A*B", "B*A", ""), ("(A*B)'", "A'*B'", ""), ("x'*A*x", "0", ""),
])
def test_a_refuted_identity_may_hold_for_a_symmetric_matrix(lhs: str, rhs: str, says: str) -> None:
    answer = handle({"do": "verify", "lhs": lhs, "rhs": rhs})
    assert answer["verdict"] == "refuted"
    assert answer["diagnosis"].partition(";")[1] + answer["diagnosis"].partition(";")[2] == says


def test_what_is_symmetric_already_is_not_told_to_be() -> None:
    answer = handle({"do": "verify", "lhs": "S*T", "rhs": "T*S", "assume": {"S": "symmetric", "T": "spd"}})
    assert answer["verdict"] == "refuted" and "symmetric" not in answer["diagnosis"]
