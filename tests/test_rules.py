"""What each rule does, and where it must not do it.  The laws of all rules are in ``laws/test_rules.py``."""

from __future__ import annotations

from typing import Any

import pytest

from tensorcalc.algebra.build import substitute, variable
from tensorcalc.algebra.expr import Expr, Variable
from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.calculus.rewrite import Rule, Step, heads_of, rewrite
from tensorcalc.calculus.rules.sets import ALL, EXPAND, FACTOR, STABLE, STANDARD
from tensorcalc.calculus.simplify import simplify
from tensorcalc.notation.lower import Scope, read

DECLARED: dict[str, list[Any]] = {
    "A": ["n", "n"], "B": ["n", "n"], "C": ["n", "n"], "Q": ["n", "n"], "R": ["n", "m"], "T": ["m", "n"], "M": ["m", "m"],
    "x": ["n"], "y": ["n"], "z": ["n"], "w": ["m"], "a": [], "b": [], "c": [], "u": [3], "v": [3], "U": ["n", "n", "n"],
    "p": ["n"], "h": ["n"]}
FACTS = {"Q": ["orthogonal"], "p": ["simplex"], "h": ["unit"]}


def tree(text: str) -> Expr:
    scope = Scope(declared=DECLARED, differentiate=lambda expr, by, order: derivative(expr, by))
    expr = read(text, scope).expr
    known = {node: variable(node.name, *node.shape, facts=FACTS[node.name]) for node in postorder(expr)
             if isinstance(node, Variable) and node.name in FACTS}
    return substitute(expr, known)


def traced(text: str, rules: tuple[Rule, ...]) -> tuple[Expr, list[str]]:
    trace: list[Step] = []
    return rewrite(tree(text), rules, trace), [step.rule.name for step in trace]


FIRES = [
    ("inverse.cancel", "inv(A)*A*B", "B"),
    ("inverse.cancel", "B*A*inv(A)", "B"),
    ("inverse.cancel", "inv(A*B + C)*(A*B + C)*x", "x"),
    ("inverse.cancel", "x'*A'*inv(A')*y", "x'*y"),
    ("inverse.cancel", "tr(A*B*inv(A))", "tr(B)"),
    ("inverse.cancel", "inv(R*T)*R*T*x", "x"),
    ("inverse.cancel", "T*inv(R*T)*R*T*x", "T*x"),
    ("inverse.cancel", "kron(inv(A), B)*kron(A, inv(B))", "kron(eye(n), eye(n))"),
    ("inverse.involution", "inv(inv(A))", "A"),
    ("inverse.identity", "inv(eye(n))*x", "x"),
    ("inverse.transpose", "inv(A')", "inv(A)'"),
    ("inverse.scalar", "inv(2*A)", "0.5*inv(A)"),
    ("inverse.scalar", "inv(c*A)", "inv(A)/c"),
    ("inverse.scalar", "inv(-A)", "-inv(A)"),
    ("inverse.diagonal", "inv(diag(x))", "diag(1 ./ x)"),
    ("inverse.diagonal", "inv(diag(x)*A)", "inv(A)*diag(1 ./ x)"),
    ("inverse.diagonal", "inv(A*diag(x))", "diag(1 ./ x)*inv(A)"),
    ("inverse.product", "inv(A*B)", "inv(B)*inv(A)"),
    ("inverse.product", "inv(A*B*C')", "inv(C)'*inv(B)*inv(A)"),
    ("inverse.kronecker", "inv(kron(A, M))", "kron(inv(A), inv(M))"),
    ("orthogonal.cancel", "Q'*Q*x", "x"),
    ("orthogonal.cancel", "x'*Q*Q'*y", "x'*y"),
    ("simplex.total", "sum(p)*x", "x"),
    ("simplex.total", "sum(h.^2)*x", "x"),
    ("simplex.total", "h*h'*h", "h"),
    ("sum.linear", "tr(A + B)", "tr(A) + tr(B)"),
    ("sum.linear", "diag(A - 2*B)", "diag(A) - 2*diag(B)"),
    ("log.exp", "log(exp(x))", "x"),
    ("exp.log", "exp(log(x))", "x"),
    ("log.one", "log(1)*x", "zeros(n)"),
    ("function.at_zero", "exp(x - x)", "ones(n)"),
    ("function.at_zero", "sin(x - x) + tanh(A - A)*x", "zeros(n)"),
    ("abs.sign", "abs(x) .* sign(x)", "x"),
    ("sign.times", "x .* sign(x)", "abs(x)"),
    ("relu.step", "relu(x) .* relu(sign(x))", "relu(x)"),
    ("relu.step", "relu(sign(x)) .* relu(sign(x))", "relu(sign(x))"),
    ("extreme.same", "max(x, x)", "x"),
    ("extreme.same", "min(A*x, A*x)", "A*x"),
    ("max.relu", "max(x, 0)", "relu(x)"),
    ("max.relu", "max(zeros(n), x)", "relu(x)"),
    ("softmax.total", "sum(softmax(x))*y", "y"),
    ("quotient.divide", "(x .* y + x.^2) ./ x", "y + x"),
    ("frechet.commute", "diff(tr(expm(A)), A)", "expm(A)'"),
    ("frechet.order", "einsum('kl,lkij->ij', B, frechet(expm, A))", "einsum('kl,jikl->ij', B, frechet(expm, A))"),
    ("logdet.expm", "logdet(expm(A))", "tr(A)"),
    ("det.expm", "det(expm(A))", "exp(tr(A))"),
    ("tril.lower", "tril(tril(A))", "tril(A)"),
    ("tril.lower", "diag(tril(A))", "diag(A)"),
    ("tril.lower", "tril(inv(tril(A)) .* B)", "inv(tril(A)) .* B"),
    ("log.sigmoid", "log(sigmoid(x))", "-softplus(-x)"),
    ("log.sigmoid", "log(ones(n) - sigmoid(x))", "-softplus(x)"),
    ("eps.product", "cross(u, cross(u, v))", "(u'*v)*u - (u'*u)*v"),
    ("eps.product", "cross(u, v)'*cross(u, v)", "(u'*u)*(v'*v) - (u'*v)^2"),
    ("elimination.duplication", "elimination(n)*duplication(n)", "eye(n*(n+1)/2)"),
    ("tensor.expand", "einsum('ijk,k->ij', einsum('ij,k->ijk', A, x) + einsum('ijk->jik', U), y)",
     "A*(x'*y) + einsum('jik,k->ij', U, y)"),
    ("softplus.recognise", "log(1 + exp(a))", "softplus(a)"),
    ("softplus.recognise", "log(ones(n) + exp(x))", "softplus(x)"),
    ("logsumexp.recognise", "log(sum(exp(x)))", "logsumexp(x)"),
    ("sigmoid.recognise", "1/(1 + exp(-a))", "sigmoid(a)"),
    ("sigmoid.recognise", "1 ./ (ones(n) + exp(-x))", "sigmoid(x)"),
    ("sigmoid.reflect", "exp(x) .* sigmoid(-x)", "sigmoid(x)"),
    ("softmax.recognise", "exp(x)/sum(exp(x))", "softmax(x)"),
    ("exp.logsumexp", "exp(x - logsumexp(x)*ones(n))", "softmax(x)"),
    ("matpow.inverse", "inv(A^k)", "A^(-k)"),
    ("matpow.merge", "A^k*A", "A^(k + 1)"),
    ("matpow.transpose", "(A')^k", "(A^k)'"),
    ("det.power", "det(A^k)", "det(A)^k"),
    ("powers.collapse", "series(j, 0, k - 1, A^j*A^(k-1-j))", "k*A^(k-1)"),
    ("product.expand", "A*(B + C)", "A*B + A*C"),
    ("product.expand", "(A + B)*(A - B)", "A*A - A*B + B*A - B*B"),
    ("sum.factor", "A*B + A*C", "A*(B + C)"),
    ("sum.factor", "B*x + C*x", "(B + C)*x"),
    ("sum.factor", "a*x + a*y", "a*(x + y)"),
    ("sum.factor", "x .* y + x .* z", "x .* (y + z)"),
]


@pytest.mark.parametrize(("name", "before", "after"), FIRES, ids=[f"{row[0]} {row[1]}" for row in FIRES])
def test_fires(name: str, before: str, after: str) -> None:
    rules = EXPAND if name == "product.expand" else FACTOR if name == "sum.factor" else STANDARD
    found, used = traced(before, rules)
    assert name in used
    assert found is rewrite(tree(after), rules)


STAYS = [
    ("inv(A)*B", "an inverse beside another matrix"),
    ("inv(A)*A'", "an inverse beside the transpose"),
    ("inv(A) .* A", "entry by entry"),
    ("diag(inv(A)*A')", "the transpose again"),
    ("einsum('ij,jk,j->ik', inv(A), A, x)", "the index between is used a third time"),
    ("einsum('ij,jk->ijk', inv(A), A)", "the index between is not summed"),
    ("einsum('ij,ij->', inv(A), A)", "contracted entry by entry, not multiplied"),
    ("inv(R*T)", "of a rectangular product the factors have no inverse"),
    ("inv(R*T)*R", "part of what is inverted"),
    ("inv(x*y')", "a column times a row: neither scales the other"),
    ("inv(A + B)", "a sum"),
    ("inv(A .* B)", "an elementwise product"),
    ("Q .* Q", "the entries of an orthogonal matrix are what they are"),
    ("Q*Q", "a square is no inverse"),
    ("sum(p .* x)", "a weighted sum of the entries"),
    ("sum(p.^2)", "only the sum of the entries is known"),
    ("sum(h)", "only the sum of the squares is known"),
    ("h*h'", "an outer product"),
    ("exp(x)/sum(exp(y))", "another vector"),
    ("exp(A)/sum(exp(A))", "softmax is of a vector"),
    ("log(1 + exp(a) + b)", "another term"),
    ("log(2 + exp(a))", "not one"),
    ("relu(x) .* relu(sign(y))", "another step"),
    ("abs(x) .* sign(y)", "another sign"),
    ("x .* sign(A*x)", "another sign"),
    ("sum(softmax(x) .* y)", "a weighted sum"),
    ("sqrt(a^2)", "the root of a square is no bare number"),
    ("max(x, y)", "different arguments"),
    ("max(x, ones(n))", "not zero"),
    ("det(A)*cross(u, v)", "nothing to do"),
    ("duplication(n)*elimination(n)", "a projector, no identity"),
]


@pytest.mark.parametrize(("text", "why"), STAYS, ids=[row[0] for row in STAYS])
def test_stays(text: str, why: str) -> None:
    expr = tree(text)
    assert rewrite(expr, STANDARD) is expr, why


def test_a_step_names_its_rule_and_both_sides() -> None:
    trace: list[Step] = []
    result = rewrite(tree("log(exp(inv(A)*A*x))"), STANDARD, trace)
    assert result is tree("x")
    assert [(step.rule.name, step.before, step.after) for step in trace] == [
        ("inverse.cancel", tree("inv(A)*A*x"), tree("x")), ("log.exp", tree("log(exp(x))"), tree("x"))]


def test_expanding_and_factoring_are_apart() -> None:
    assert not set(EXPAND) & set(FACTOR) and not (set(EXPAND) | set(FACTOR)) & set(STANDARD)
    assert set(STABLE) <= set(STANDARD) <= set(ALL)
    assert len({rule.name for rule in ALL}) == len(ALL)


def test_a_rule_with_heads_is_tried_only_there() -> None:
    assert heads_of(tree("inv(A)*exp(B)")) == {"inv", "exp"}
    assert heads_of(tree("log(exp(x))")) == {"log", "exp"}
    for rule in ALL:
        if rule.heads:
            assert rule.apply(tree("A*B*x")) is None


@pytest.mark.parametrize(("text", "short"), [
    ("A*B*x + A*C*x", "A*(B + C)*x"),
    ("x'*A*y + x'*B*y", "x'*(A + B)*y"),
    ("(A + B)*x - B*x", "A*x"),
    ("tr(inv(A)*B*A)", "tr(B)"),
    ("inv(inv(A)*inv(B))", "B*A"),
    ("(x .* y + x.^2) ./ x - x", "y"),
])
def test_simplify(text: str, short: str) -> None:
    assert simplify(tree(text)) is simplify(tree(short))
