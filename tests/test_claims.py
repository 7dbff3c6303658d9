"""Claims in Python: the same verdicts as by request, for texts and for tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from identities import ALL, Identity, shapes

import tensorcalc as tc

SOME = ALL[::5]


def verified(identity: Identity, rhs: str) -> tc.Verdict:
    return tc.verify(identity.lhs, rhs, vars=dict(identity.vars), assume=identity.assume, index_dims=identity.index_dims)


@pytest.mark.parametrize("identity", SOME, ids=lambda identity: identity.name)
def test_the_verdict_is_that_of_the_service(identity: Identity) -> None:
    found, answer = verified(identity, identity.rhs), tc.handle(identity.request())
    for name in ("verdict", "steps", "counterexample", "diagnosis", "evidence"):
        assert getattr(found, name) == answer[name]


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_a_refutation_replays(identity: Identity) -> None:
    found = verified(identity, identity.false)
    assert found.verdict == "refuted" and found.replay() == []
    if found.counterexample is not None:
        for name in ("lhs", "rhs"):
            changed = replace(found, counterexample={**found.counterexample, name: found.counterexample[name] + 1})
            assert len(changed.replay()) == 1


@pytest.mark.parametrize("identity", SOME, ids=lambda identity: identity.name)
def test_a_proof_replays(identity: Identity) -> None:
    found = verified(identity, identity.rhs)
    assert found.replay() == []
    assert replace(found, request={**found.request, "rhs": identity.false}).replay()


def test_a_counterexample_must_have_the_properties_that_were_declared() -> None:
    found = tc.verify("tr(S) = det(S)", assume={"S": "symmetric"})
    changed: Any = {**found.counterexample, "values": {"S": [[1, 2], [3, 4]]}} if found.counterexample else {}
    assert "S is not symmetric" in replace(found, counterexample=changed).replay()


def test_shapes_refute_and_replay() -> None:
    found = tc.verify("A*B = tr(A*B)", A=["n", "m"], B=["m", "n"])
    assert (found.verdict, found.counterexample, found.replay()) == ("refuted", None, [])
    assert replace(found, request={**found.request, "rhs": "B'*A'"}).replay() == ["the sides have one shape"]


def test_unknown_functions_replay() -> None:
    kinds = {"f": "elementwise", "g": "scalar"}
    assert tc.verify("f(x + y) = f(x) + f(y)", functions=kinds, x="n", y="n").replay() == []
    assert tc.verify("g(A) = g(A')", functions=kinds, A=["n", "n"]).replay() == []


def test_a_verdict_is_neither_true_nor_false() -> None:
    for found in (tc.verify("A = A"), tc.check("tr(A*X)", "X", "A'")):
        with pytest.raises(TypeError, match="a verdict is proved, refuted or undecided"):
            bool(found)


def test_what_is_undecided_cannot_be_replayed() -> None:
    found = replace(tc.verify("A = A"), verdict="undecided", steps=[])
    assert found.replay() == ["nothing was decided"]


# -- tensors -----------------------------------------------------------------------------

A, B = tc.tensor("A", "n", "m"), tc.tensor("B", "m", "n")
S, x = tc.tensor("S", "n", "n", assume="symmetric"), tc.tensor("x", "n")


@pytest.mark.parametrize(("left", "right"), [
    (A @ B, "A*B"), ((A @ B).T, B.T @ A.T), (x @ S @ x, "x_i S_ij x_j"), ((x @ S @ x).gradient(x), 2 * S @ x),
    ((A @ B).derivative(A), "D_ijpq = delta_ip B_qj"), ((A @ B).jacobian(A), "kron(B', eye(n))"), (x, "x"),
    ((x @ S @ x).hessian(x), "2*S"), (tc.fn.sum(tc.fn.exp(x)).gradient(x), "exp(x)"), (A * 2 + A, "3*A"),
    (tc.read("f(x)", functions={"f": "elementwise"}, x="n").derivative("x"), "diag(f'(x))"),
])
def test_tensors_on_either_side(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        found = tc.verify(one, other)
        assert found.verdict == "proved" and found.replay() == []
        assert tc.verify(one, f"2*({other})" if isinstance(other, str) and " = " not in other else left + left).verdict == "refuted"


def test_what_a_tensor_knows_is_assumed() -> None:
    assert tc.verify(S.T, S).verdict == tc.verify("S'", S).verdict == "proved"
    assert tc.verify("S' = S", S=["n", "n"]).verdict == "refuted"


def test_one_side_alone_is_a_text() -> None:
    with pytest.raises(tc.RequestError) as caught:
        tc.verify(A)
    assert str(caught.value) == "RequestError TC519: an identity has two sides\n  help: write verify(left, right)"
    with pytest.raises(tc.RequestError) as caught:
        tc.verify("A*B")
    assert str(caught.value) == "RequestError TC521: no two sides are in 'A*B'\n  help: write lhs == rhs"
    with pytest.raises(tc.RequestError) as caught:
        tc.verify("A", np.eye(2))  # type: ignore[arg-type]
    assert caught.value.code == "TC507"
    with pytest.raises(tc.RequestError, match="A is declared twice"):
        tc.verify("A = A", vars={"A": ["n", "n"]}, A=["n", "n"])


# -- claimed derivatives -----------------------------------------------------------------


def test_a_claim_about_tensors() -> None:
    f = x @ S @ x
    assert tc.check(f, x, 2 * S @ x).diagnosis == tc.check(f, "x", "2*S*x").diagnosis == "correct"
    assert tc.check(f, x, S @ x).factor == "2"
    assert tc.check(f, [x, x], 2 * S).diagnosis == tc.check(f, x, "2*S", order=2).diagnosis == "correct"
    assert tc.check(A @ B, A, "kron(B, eye(n))").diagnosis == "other-layout"
    assert tc.check(A @ B, A, "kron(B, eye(n))", layout="denominator").diagnosis == "correct"


@pytest.mark.parametrize(("claimed", "word"), [
    ("(A + A')*x", "correct"), ("x'*(A + A')", "transposed"), ("A*x", "missing-term"), ("-(A + A')*x", "sign"), ("A", "wrong-shape"),
    ("A*A", "wrong-shape"),
])
def test_diagnoses_replay(claimed: str, word: str) -> None:
    found = tc.check("x'*A*x", "x", claimed, vars=shapes("A:n,n x:n"))
    assert found.diagnosis == word and found.replay() == []
    assert found.correct == "(A + A') x"


def test_how_verdicts_look() -> None:
    assert repr(tc.verify("A*B = B*A")) == "<Verdict refuted: A*B = B*A>"
    assert repr(tc.check("tr(A*X)", "X", "A")) == "<Diagnosis transposed: A>"
    assert str(tc.verify("tr(A*B) = tr(B*A)")).splitlines()[:2] == [
        "proved", "  step        tr(A B)    (normal-form: both sides are one expression)"]
