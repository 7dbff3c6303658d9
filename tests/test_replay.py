"""Proofs are accepted as they are, and as nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from identities import ALL, MATRIX, Identity, shapes

from tensorcalc.proofs.proof import STATEMENTS
from tensorcalc.proofs.replay import Claim, replay
from tensorcalc.service import handle

Steps = list[dict[str, Any]]


def claim_of(request: dict[str, Any]) -> Claim:
    given = dict(request.get("assume", {}))
    equations = given.pop("equations", [])
    facts = {name: [fact] if isinstance(fact, str) else fact for name, fact in given.items()}
    return Claim(request["lhs"], request["rhs"], request.get("vars", {}), facts, request.get("index_dims", {}),
                 request.get("functions", {}), equations, request.get("wrt_convention", "free"))


def proof(identity: Identity) -> tuple[Claim, Steps]:
    request = identity.request()
    return claim_of(request), handle(request)["steps"]


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_every_proof_is_accepted(identity: Identity) -> None:
    claim, steps = proof(identity)
    assert replay(claim, steps) == []


@pytest.mark.parametrize("identity", ALL, ids=lambda identity: identity.name)
def test_no_proof_proves_the_false_twin(identity: Identity) -> None:
    _, steps = proof(identity)
    assert replay(claim_of(identity.request(rhs=identity.false)), steps)


@pytest.mark.parametrize("request_", [
    {"lhs": "diff(logdet(X), X)", "rhs": "inv(X)'", "vars": shapes("X:n,n")},
    {"lhs": "diff(x'*A*x, x, 2)", "rhs": "A + A'", "vars": shapes("A:n,n x:n")},
    {"lhs": "jacobian(inv(X), X)", "rhs": "-kron(inv(X)', inv(X))", "vars": shapes("X:n,n")},
    {"lhs": "diff(logdet(X), X)", "rhs": "2*inv(X) - inv(X).*eye(n)", "vars": shapes("X:n,n"), "assume": {"X": "spd"},
     "wrt_convention": "structured"},
    {"lhs": "diff(sum(f(A*x)), x)", "rhs": "A'*f'(A*x)", "vars": shapes("A:m,n x:n"), "functions": {"f": "elementwise"}},
    {"lhs": "diff(tr(X^k), X)", "rhs": "k*(X^(k-1))'", "vars": shapes("X:n,n")},
    {"lhs": "log(det(A))", "rhs": "logdet(A)", "vars": shapes("A:n,n")},
], ids=lambda request: request["lhs"])
def test_derivatives_and_domains(request_: dict[str, Any]) -> None:
    answer = handle({"do": "verify", **request_})
    assert answer["verdict"] == "proved"
    assert replay(claim_of(request_), answer["steps"]) == []


# -- tampering ---------------------------------------------------------------------------

LONG = [identity for identity in MATRIX if identity.name in (
    "Sherman and Morrison", "Searle 3", "determinant lemma", "logdet of a scaled matrix", "softmax, logarithm", "a projector")]


def changed(steps: Steps, at: int, field: str, value: Any) -> Steps:
    """One field of a step changed, and its text with it."""
    found = copy.deepcopy(steps)
    step = found[at]
    step[field] = value
    if field != "text":
        multiplied = step["rule"] == "equation.multiply"
        step["text"] = f"multiply {step['before']} by {step['factor']}" if multiplied and "factor" in step else \
            f"{step['before']} = {step['after']}"
    return found


def is_zero(formula: str) -> bool:
    return formula == "0" or formula.startswith("zeros(")


@pytest.mark.parametrize("identity", LONG, ids=lambda identity: identity.name)
@pytest.mark.parametrize(("field", "change"), [
    ("rule", lambda old: "inverse.believe"),
    ("rule", lambda old: "components" if old != "components" else "inverse.cancel"),
    ("statement", lambda old: f"{old} + 1"),
    ("before", lambda old: f"2*({old})"),
    ("before", lambda old: f"({old}) ("),
    ("after", lambda old: f"2*({old})"),
    ("after", lambda old: "nonsense("),
    ("text", lambda old: f"{old} "),
    ("side", lambda old: "middle"),
], ids=lambda part: part if isinstance(part, str) else "")
def test_a_changed_field_is_seen(identity: Identity, field: str, change: Callable[[str], str]) -> None:
    claim, steps = proof(identity)
    for at in {0, len(steps) // 2, len(steps) - 1}:
        old = steps[at][field]
        if not is_zero(old):
            assert replay(claim, changed(steps, at, field, change(old))), (at, steps[at])


@pytest.mark.parametrize("identity", LONG, ids=lambda identity: identity.name)
def test_a_dropped_step_is_seen(identity: Identity) -> None:
    claim, steps = proof(identity)
    for at, step in enumerate(steps):
        if step["before"] != step["after"] or step["rule"] == "equation.subtract":
            assert replay(claim, steps[:at] + steps[at + 1:]), (at, step)


@pytest.mark.parametrize("identity", LONG, ids=lambda identity: identity.name)
def test_steps_in_another_order_are_seen(identity: Identity) -> None:
    claim, steps = proof(identity)
    for at in range(len(steps) - 1):
        one, two = steps[at], steps[at + 1]
        if one["side"] == two["side"] and one["after"] != one["before"] and two["after"] != two["before"]:
            assert replay(claim, [*steps[:at], two, one, *steps[at + 2:]]), at


@pytest.mark.parametrize("identity", LONG, ids=lambda identity: identity.name)
def test_a_swapped_side_is_seen(identity: Identity) -> None:
    claim, steps = proof(identity)
    for at, step in enumerate(steps):
        for side in ("left", "right", "difference"):
            if side != step["side"]:
                assert replay(claim, changed(steps, at, "side", side)), (at, side)


@pytest.mark.parametrize("identity", LONG, ids=lambda identity: identity.name)
def test_a_factor_without_inverse_is_seen(identity: Identity) -> None:
    claim, steps = proof(identity)
    for at, step in enumerate(steps):
        if step["rule"] != "equation.multiply":
            continue
        dead = changed(changed(steps, at, "factor", f"0*({step['factor']})"), at, "after", f"0*({step['after']})")
        assert replay(claim, dead[: at + 1])
        if not is_zero(step["after"]):
            assert replay(claim, changed(steps, at, "factor", f"2*({step['factor']})"))
        for spec in ("ab,ab->", "a,ab->b", "ab,cd->abcd", "", "ab,bc->cb", step["spec"][::-1]):
            assert replay(claim, changed(steps, at, "spec", spec)), spec


def test_a_difference_may_not_be_killed() -> None:
    """0 (L - R) = 0 shows nothing."""
    claim = Claim("a*x", "x", shapes("a: x:n"))
    gap = "a*x - x"
    steps = [
        {"rule": "equation.subtract", "side": "difference", "before": gap, "after": gap, "text": f"{gap} = {gap}",
         "statement": STATEMENTS["equation.subtract"]},
        {"rule": "equation.multiply", "side": "difference", "before": gap, "after": f"0*({gap})", "factor": "0", "spec": ",a->a",
         "text": f"multiply {gap} by 0", "statement": STATEMENTS["equation.multiply"]},
    ]
    assert any("no inverse" in fault for fault in replay(claim, steps))


def test_a_row_may_not_be_multiplied_away() -> None:
    claim = Claim("A*x", "B*x", shapes("A:n,n B:n,n x:n"))
    gap = "A*x - B*x"
    steps = [
        {"rule": "equation.subtract", "side": "difference", "before": gap, "after": gap, "text": f"{gap} = {gap}",
         "statement": STATEMENTS["equation.subtract"]},
        {"rule": "equation.multiply", "side": "difference", "before": gap, "after": "zeros(n)", "factor": "x*x' - x*x'",
         "spec": "ba,a->b", "text": f"multiply {gap} by x*x' - x*x'", "statement": STATEMENTS["equation.multiply"]},
    ]
    assert replay(claim, steps)


def test_no_steps_prove_nothing() -> None:
    assert replay(Claim("A", "A"), []) == ["there are no steps"]


def test_a_step_with_a_field_missing() -> None:
    claim, steps = proof(LONG[0])
    for name in ("rule", "statement", "side", "before", "after", "text"):
        assert replay(claim, [{key: value for key, value in steps[0].items() if key != name}]) == [f"step 1: no {name}"]


def test_only_declared_equations_may_be_used() -> None:
    request = {"lhs": "W*W'*W", "rhs": "W", "vars": shapes("W:n,m"), "assume": {"equations": ["W'*W = eye(m)"]}}
    steps = handle({"do": "verify", **request})["steps"]
    assert replay(claim_of(request), steps) == []
    assert replay(Claim("W*W'*W", "W", shapes("W:n,m")), steps)
    assert replay(Claim("W*W'*W", "W", shapes("W:n,m"), equations=["W'*W = 2*eye(m)"]), steps)


def test_properties_may_not_be_assumed_in_secret() -> None:
    request = {"lhs": "tr(A*B*C)", "rhs": "tr(A*C*B)", "vars": shapes("A:n,n B:n,n C:n,n"), "assume": dict.fromkeys("ABC", "symmetric")}
    steps = handle({"do": "verify", **request})["steps"]
    assert replay(claim_of(request), steps) == []
    assert replay(Claim(request["lhs"], request["rhs"], request["vars"]), steps)
