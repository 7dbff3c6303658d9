"""Chains of rules: how they begin and end, and when a rule may be used at all."""

from __future__ import annotations

from typing import Any

import pytest
from identities import shapes

from tensorcalc.algebra.expr import Expr, Sum
from tensorcalc.calculus.assume import implied, is_nonzero, is_positive
from tensorcalc.calculus.derive import pointed
from tensorcalc.notation.lower import Scope, read, read_sides
from tensorcalc.proofs.proof import CITED, STATEMENTS, prove
from tensorcalc.proofs.rules.regular import is_regular
from tensorcalc.proofs.rules.sets import ALMOST


def expr(source: str, declared: str = "", facts: dict[str, list[str]] | None = None) -> Expr:
    return pointed(read(source, Scope(declared=shapes(declared))).expr, facts or {})


def proof(lhs: str, rhs: str, declared: str = "", facts: dict[str, list[str]] | None = None) -> Any:
    left, right = read_sides(lhs, rhs, Scope(declared=shapes(declared)))
    known = implied([left.expr, right.expr], facts or {})
    return prove(pointed(left.expr, known), pointed(right.expr, known))


# -- chains ------------------------------------------------------------------------------


def test_one_object_needs_no_move() -> None:
    found = proof("tr(A*B)", "tr(B*A)", "A:n,m B:m,n")
    assert found is not None and found.moves == ()


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("inv(A*B)*A", "inv(B)", "A:n,n B:n,n"), ("A - A*inv(A + B)*A", "B - B*inv(A + B)*B", "A:n,n B:n,n"),
    ("logdet(A*B)", "logdet(A) + logdet(B)", "A:n,n B:n,n"), ("softmax(x + c*ones(n))", "softmax(x)", "x:n c:"),
])
def test_two_chains_meet(lhs: str, rhs: str, declared: str) -> None:
    found = proof(lhs, rhs, declared)
    ends = {"left": found.left, "right": found.right}
    for move in found.moves:
        assert move.before is ends[move.side]
        ends[move.side] = move.after
    assert ends["left"] is ends["right"]


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("inv(A) - inv(B)", "inv(A)*B*inv(B) - inv(A)*A*inv(B) + inv(A)*A*inv(B) - inv(B)", "A:n,n B:n,n"),
    ("inv(A + b*c')", "inv(A) - inv(A)*b*c'*inv(A)/(1 + c'*inv(A)*b)", "A:n,n b:n c:n"),
    ("inv(eye(n) + A*B)*A", "A*inv(eye(m) + B*A)", "A:n,m B:m,n"),
    ("det(A)", "1/2*(tr(A)^2 - tr(A^2))", "A:2,2"),
])
def test_or_the_difference_ends_in_zero(lhs: str, rhs: str, declared: str) -> None:
    found = proof(lhs, rhs, declared)
    gap = [move for move in found.moves if move.side == "difference"]
    for one, two in zip(gap, gap[1:]):
        assert one.after is two.before
    if gap:
        assert isinstance(gap[-1].after, Sum) and not gap[-1].after.terms


def test_every_rule_has_one_statement() -> None:
    for rule in CITED:
        assert STATEMENTS[rule.name] == rule.statement
        assert rule.shrinks, rule.name


@pytest.mark.parametrize(("lhs", "rhs", "declared"), [
    ("A*B*A*B", "B*A*B*A", "A:n,n B:n,n"), ("inv(A + B)", "inv(A) + inv(B)", "A:n,n B:n,n"), ("x", "2*x", "x:n"),
    ("det(A + B)", "det(A) + det(B)", "A:3,3 B:3,3"), ("softmax(x)", "softmax(2*x)", "x:n"), ("expm(A + B)", "expm(A)*expm(B)", "A:n,n B:n,n"),
])
def test_nothing_false_is_proved_without_a_look_at_numbers(lhs: str, rhs: str, declared: str) -> None:
    assert proof(lhs, rhs, declared) is None


# -- inverses that nobody wrote ----------------------------------------------------------


@pytest.mark.parametrize(("source", "declared", "facts"), [
    ("A", "A:n,n", {}), ("A'", "A:n,n", {}), ("S", "S:n,n", {"S": ["symmetric"]}), ("S", "S:n,n", {"S": ["psd"]}),
    ("Q", "Q:n,n", {"Q": ["orthogonal"]}), ("inv(A)", "A:n,n", {}), ("expm(W)", "W:n,n", {"W": ["skew"]}), ("A*B", "A:n,n B:n,n", {}),
    ("A*A'", "A:n,n", {}), ("eye(n)", "", {}), ("A + B", "A:n,n B:n,n", {}), ("A + x*x'", "A:n,n x:n", {}),
    ("eye(n) + x*y'", "x:n y:n", {}), ("eye(n) + A*A", "A:n,n", {}), ("c*eye(n) + A", "A:n,n c:", {}), ("diag(x)", "x:n", {}),
    ("c*A", "A:n,n c:", {}), ("det(A)*A", "A:n,n", {}), ("kron(A, B)", "A:n,n B:m,m", {}), ("eye(n) + W", "W:n,n", {"W": ["skew"]}),
])
def test_regular_matrices(source: str, declared: str, facts: dict[str, list[str]]) -> None:
    assert is_regular(expr(source, declared, facts))


@pytest.mark.parametrize(("source", "declared", "facts"), [
    ("W", "W:n,n", {"W": ["skew"]}), ("W", "W:3,3", {"W": ["skew"]}), ("x*x'", "x:n", {}), ("x*y' + y*x'", "x:n y:n", {}),
    ("A - A'", "A:n,n", {}), ("A*B", "A:n,m B:m,n", {}), ("X", "X:n,m", {}), ("c*W", "W:n,n c:", {"W": ["skew"]}),
    ("skew(w)", "w:3", {}), ("eye(n) - X*inv(X'*X)*X'", "X:n,m", {}), ("eye(n) - u*u'", "u:n", {"u": ["unit"]}),
    ("Q - Q'", "Q:n,n", {"Q": ["orthogonal"]}), ("kron(A, W)", "A:n,n W:m,m", {"W": ["skew"]}), ("tr(W)*A", "A:n,n W:n,n", {"W": ["skew"]}),
    ("adj(W)", "W:n,n", {"W": ["skew"]}),
])
def test_matrices_that_may_have_no_inverse_anywhere(source: str, declared: str, facts: dict[str, list[str]]) -> None:
    assert not is_regular(expr(source, declared, facts))


def test_rules_that_put_in_inverses_are_not_used_beside_a_sign() -> None:
    assert {rule.name for rule in ALMOST} == {"adj.define", "det.lemma", "det.shift", "inverse.rank_one"}
    assert proof("adj(A*B)", "adj(B)*adj(A)", "A:n,n B:n,n") is not None
    assert proof("sign(a)*adj(A*B)", "sign(a)*adj(B)*adj(A)", "a: A:n,n B:n,n") is None


# -- what is positive --------------------------------------------------------------------


@pytest.mark.parametrize(("source", "declared", "facts"), [
    ("exp(x)", "x:n", {}), ("abs(x)", "x:n", {}), ("x.^2", "x:n", {}), ("x'*x", "x:n", {}), ("x", "x:n", {"x": ["positive"]}),
    ("p", "p:n", {"p": ["simplex"]}), ("1 + x'*x", "x:n", {}), ("x'*S*x", "S:n,n x:n", {"S": ["spd"]}),
    ("x'*inv(S)*x", "S:n,n x:n", {"S": ["spd"]}), ("x'*A'*S*A*x", "A:n,n S:n,n x:n", {"S": ["psd"]}), ("det(S)", "S:n,n", {"S": ["spd"]}),
    ("det(S + eye(n))", "S:n,n", {"S": ["spd"]}), ("tr(A*A')", "A:n,m", {}), ("n", "x:n", {}), ("sigmoid(a)*softplus(b)", "a: b:", {}),
])
def test_positive(source: str, declared: str, facts: dict[str, list[str]]) -> None:
    assert is_positive(expr(source, declared, facts))


@pytest.mark.parametrize(("source", "declared", "facts"), [
    ("x", "x:n", {}), ("x.^3", "x:n", {}), ("x'*A*x", "A:n,n x:n", {}), ("x'*S*y", "S:n,n x:n y:n", {"S": ["spd"]}),
    ("x'*S*x", "S:n,n x:n", {"S": ["symmetric"]}), ("det(A)", "A:n,n", {}), ("tr(A*A)", "A:n,n", {}), ("a - b", "a: b:", {"a": ["positive"]}),
    ("-exp(x)", "x:n", {}), ("eye(n)", "", {}), ("sin(x)", "x:n", {}), ("x'*A*S*A*x", "A:n,n S:n,n x:n", {"S": ["spd"]}),
])
def test_not_known_to_be_positive(source: str, declared: str, facts: dict[str, list[str]]) -> None:
    assert not is_positive(expr(source, declared, facts))


@pytest.mark.parametrize(("source", "declared", "facts", "nonzero"), [
    ("exp(x)", "x:n", {}, True), ("abs(x)", "x:n", {}, False), ("abs(x)", "x:n", {"x": ["nonzero"]}, True), ("x.^2", "x:n", {}, False),
    ("1 + a^2", "a:", {}, True), ("a^2 + b^2", "a: b:", {}, False), ("det(S)", "S:n,n", {"S": ["spd"]}, True), ("det(A)", "A:n,n", {}, False),
    ("x", "x:n", {"x": ["simplex"]}, False), ("x'*y", "x:n y:n", {"x": ["nonzero"], "y": ["nonzero"]}, False),
    ("a*b", "a: b:", {"a": ["nonzero"], "b": ["nonzero"]}, True), ("a", "a:", {"a": ["nonnegative"]}, False),
])
def test_nonzero(source: str, declared: str, facts: dict[str, list[str]], nonzero: bool) -> None:
    assert is_nonzero(expr(source, declared, facts)) == nonzero


@pytest.mark.parametrize(("source", "declared", "expected"), [
    ("log(x)", "x:n", {"x": ["positive"]}), ("sqrt(x)", "x:n", {"x": ["nonnegative"]}), ("a^(-1/2)", "a:", {"a": ["positive"]}),
    ("a^2", "a:", {}), ("a^3", "a:", {}), ("log(x'*x)", "x:n", {}), ("abs(a)", "a:", {}), ("log(a)*sqrt(b)", "a: b:",
     {"a": ["positive"], "b": ["nonnegative"]}),
])
def test_what_follows_from_a_domain(source: str, declared: str, expected: dict[str, list[str]]) -> None:
    assert implied([expr(source, declared)], {}) == expected
