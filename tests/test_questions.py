"""What people asked to be proved or checked, with where they asked, and the right verdict."""

from __future__ import annotations

import pytest
from identities import shapes

import tensorcalc as tc

GAUSS = ("S:p,p P:n,n X:p,n M:p,n", {"S": "spd", "P": "spd"})
DENSITY = "tr(inv(S)*(X - M)*inv(P)*(X - M)')"
HESSIAN = "H_{(ji)(lk)} = A_ik A_jl - B_ik A_jl - B_il A_jk"

VERDICTS = [
    # github.com/sympy/sympy/pull/30273: a sum of Kronecker products merged
    ("kron(A, B) + kron(C, D)", "kron(A + C, B + D)", "A:n,n B:m,m C:n,n D:m,m", {}, "refuted"),
    ("kron(A, B) + kron(A, D)", "kron(A, B + D)", "A:n,n B:m,m D:m,m", {}, "proved"),
    # github.com/TomMaullin/BLMM/pull/37: duplication and elimination swapped in a derivative by vech
    ("vec(S)", "duplication(n)*vech(S)", "S:n,n", {"S": "symmetric"}, "proved"),
    ("vech(S)", "duplication(n)'*vec(S)", "S:n,n", {"S": "symmetric"}, "refuted"),
    ("vec(S)", "elimination(n)'*vech(S)", "S:n,n", {"S": "symmetric"}, "refuted"),
    ("duplication(n)'*vec(G)", "vech(G + G' - G.*eye(n))", "G:n,n", {}, "proved"),
    ("elimination(n)*vec(G)", "vech(G + G' - G.*eye(n))", "G:n,n", {}, "refuted"),
    # github.com/JuliaLang/LinearAlgebra.jl/issues/1181: columns or rows
    ("vec(A*X*C)", "kron(C', A)*vec(X)", "A:n,n X:n,n C:n,n", {}, "proved"),
    ("vec(A*X*C)", "kron(A, C')*vec(X)", "A:n,n X:n,n C:n,n", {}, "refuted"),
    ("vec((A*X*C)')", "kron(A, C')*vec(X')", "A:n,n X:n,n C:n,n", {}, "proved"),
    # math.stackexchange.com/questions/3453364: a Hessian by entries as Kronecker products
    (HESSIAN, "kron(A, A) - kron(A, B) - kron(A, B)*commutation(n, n)", "A:n,n B:n,n", {}, "proved"),
    (HESSIAN, "kron(A, A) - kron(A, B) - kron(B, A)", "A:n,n B:n,n", {}, "refuted"),
    # the Hessian by vech(L): vec of a Kronecker product
    ("vec(kron(A, B))", "kron(kron(eye(m), commutation(q, n)), eye(p))*kron(vec(A), vec(B))", "A:n,m B:p,q", {}, "proved"),
    ("vec(kron(A, B))", "kron(vec(A), vec(B))", "A:n,m B:p,q", {}, "refuted"),
    # math.stackexchange.com/questions/3927579: the Jacobian of X B X
    ("jacobian(X*B*X, X)", "kron((B*X)', eye(n)) + kron(eye(n), X*B)", "X:n,n B:n,n", {}, "proved"),
    ("jacobian(X*B*X, X)", "kron(X*B, eye(n)) + kron(eye(n), X*B)", "X:n,n B:n,n", {}, "refuted"),
    ("jacobian(X*B*X, X)", "kron(X*B, eye(n)) + kron(eye(n), X*B)", "X:n,n B:n,n", {"X": "symmetric", "B": "symmetric"}, "proved"),
    # math.stackexchange.com/questions/2394806: the Jacobian of a Kronecker square
    ("jacobian(kron(x, x), x)", "kron(eye(n), x) + kron(x, eye(n))", "x:n", {}, "proved"),
    ("jacobian(kron(x, x), x)", "(eye(n*n) + commutation(n, n))*kron(x, eye(n))", "x:n", {}, "proved"),
    ("jacobian(kron(x, x), x)", "2*kron(x, eye(n))", "x:n", {}, "refuted"),
    # math.stackexchange.com/questions/3976923: false for x = vec(X), true for x = vec(X')
    ("tr(kron(inv(S), inv(P))*vec(X - M)*vec(X - M)')", DENSITY, *GAUSS, "refuted"),
    ("tr(kron(inv(S), inv(P))*vec((X - M)')*vec((X - M)')')", DENSITY, *GAUSS, "proved"),
    ("tr(kron(inv(P), inv(S))*vec(X - M)*vec(X - M)')", DENSITY, *GAUSS, "proved"),
    # math.stackexchange.com/questions/4585471: identities of vec that a dissertation must prove or cite
    ("vec(A*B)", "kron(eye(p), A)*vec(B)", "A:n,m B:m,p", {}, "proved"),
    ("vec(A*B)", "kron(B', eye(n))*vec(A)", "A:n,m B:m,p", {}, "proved"),
    ("kron(A, B)*kron(C, D)", "kron(A*C, B*D)", "A:n,m B:p,q C:m,r D:q,s", {}, "proved"),
    ("tr(A*B*C*D)", "vec(D')'*kron(C', A)*vec(B)", "A:n,m B:m,p C:p,q D:q,n", {}, "proved"),
    # why a squared norm is a form in vec
    ("tr((Z*A)'*(Z*A))", "vec(A)'*kron(eye(m), Z'*Z)*vec(A)", "Z:p,n A:n,m", {}, "proved"),
    ("tr((Z*A)'*(Z*A))", "vec(A)'*kron(Z'*Z, eye(m))*vec(A)", "Z:p,n A:n,m", {}, "refuted"),
]


@pytest.mark.parametrize(("lhs", "rhs", "declared", "facts", "word"), VERDICTS, ids=lambda part: str(part)[:30])
def test_verdicts(lhs: str, rhs: str, declared: str, facts: dict[str, str], word: str) -> None:
    found = tc.verify(lhs, rhs, vars=shapes(declared), assume=facts)
    assert found.verdict == word and found.replay() == []


@pytest.mark.parametrize(("expr", "wrt", "claimed", "declared", "word"), [
    # math.stackexchange.com/questions/1534095: "does not agree with a simple numerical derivation"
    ("logdet(W*W' + c*eye(n))", "W", "2*inv(W*W' + c*eye(n))*W", "W:n,m c:", "correct"),
    ("logdet(W*W' + c*eye(n))", "W", "inv(W*W' + c*eye(n))*W", "W:n,m c:", "factor"),
    ("logdet(W*W' + c*eye(n))", "W", "2*W'*inv(W*W' + c*eye(n))", "W:n,m c:", "transposed"),
    # math.stackexchange.com/questions/3335082: can a differential be checked
    ("exp(a'*x)*norm2(x)^2", "x", "exp(a'*x)*(norm2(x)^2*a + 2*x)", "a:n x:n", "correct"),
    ("exp(a'*x)*norm2(x)^2", "x", "exp(a'*x)*(norm2(x)^2*a + x)", "a:n x:n", "wrong-term"),
    ("exp(a'*x)*norm2(x)^2", "x", "2*exp(a'*x)*x", "a:n x:n", "missing-term"),
])
def test_claims(expr: str, wrt: str, claimed: str, declared: str, word: str) -> None:
    found = tc.check(expr, wrt, claimed, vars=shapes(declared))
    assert found.diagnosis == word and found.replay() == []
