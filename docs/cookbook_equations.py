"""Equations of The Matrix Cookbook (version of November 15, 2012) in the notation of this package.

Sections 1 to 3.2 and 10.1 to 10.2, as printed there, whether right or wrong.  What cannot
be written has a reason.  Data for ``generate_cookbook.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SQUARE = "A:n,n B:n,n C:n,n D:n,n X:n,n Y:n,n"
CURVE = "A:n,n B:n,n C:n,n t:"
Y = "Y = A + t*B + t^2*C; "


@dataclass(frozen=True)
class Equation:
    """All of ``sides`` are equal, says the book under ``number``; ``corrected`` is what they should have been."""

    number: str
    sides: tuple[str, ...]
    vars: str = ""
    assume: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    convention: str = "free"
    corrected: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)   # what makes it right as printed
    note: str = ""
    denied: bool = False   # by the book itself


@dataclass(frozen=True)
class Unwritten:
    """An equation that the language cannot say, and why."""

    number: str
    reason: str


@dataclass(frozen=True)
class Section:
    """A section of the book."""

    title: str
    rows: tuple[Equation | Unwritten, ...]


def eq(number: str, *sides: str, **fields: Any) -> Equation:
    return Equation(number, sides, **fields)


COMPLEX = "complex conjugates are not in the language"
EIGEN = "eigenvalues are not in the language"
W = {"W": "symmetric"}
BC = {"B": "symmetric", "C": "symmetric"}
FORM = "A:n,m X:n,m x:m s:m b:m c:n a:n W:n,n"

BASICS = Section("1 Basics", (
    eq("1", "inv(A*B)", "inv(B)*inv(A)", vars=SQUARE),
    eq("2", "inv(A*B*C)", "inv(C)*inv(B)*inv(A)", vars=SQUARE),
    eq("3", "inv(A')", "inv(A)'", vars=SQUARE),
    eq("4", "(A + B)'", "A' + B'", vars="A:n,m B:n,m"),
    eq("5", "(A*B)'", "B'*A'", vars="A:n,m B:m,p"),
    eq("6", "(A*B*C)'", "C'*B'*A'", vars="A:n,m B:m,p C:p,q"),
    Unwritten("7–10", COMPLEX),
    eq("11", "t = tr(A)", "t = A_ii", vars="A:n,n"),
    Unwritten("12", EIGEN),
    eq("13", "tr(A)", "tr(A')", vars="A:n,n"),
    eq("14", "tr(A*B)", "tr(B*A)", vars="A:n,m B:m,n"),
    eq("15", "tr(A + B)", "tr(A) + tr(B)", vars=SQUARE),
    eq("16", "tr(A*B*C)", "tr(B*C*A)", "tr(C*A*B)", vars="A:n,m B:m,p C:p,n"),
    eq("17", "a'*a", "tr(a*a')", vars="a:n"),
    Unwritten("18", EIGEN),
    eq("19", "det(c*A)", "c^n*det(A)", vars="c: A:n,n"),
    eq("20", "det(A')", "det(A)", vars="A:n,n"),
    eq("21", "det(A*B)", "det(A)*det(B)", vars=SQUARE),
    eq("22", "det(inv(A))", "1/det(A)", vars="A:n,n"),
    eq("23", "det(A^k)", "det(A)^k", vars="A:n,n"),
    eq("24", "det(eye(n) + u*v')", "1 + u'*v", vars="u:n v:n"),
    eq("25", "det(eye(2) + A)", "1 + det(A) + tr(A)", vars="A:2,2"),
    eq("26", "det(eye(3) + A)", "1 + det(A) + tr(A) + 1/2*tr(A)^2 - 1/2*tr(A^2)", vars="A:3,3"),
    eq("27", "det(eye(4) + A)", ("1 + det(A) + tr(A) + 1/2 + tr(A)^2 - 1/2*tr(A^2) + 1/6*tr(A)^3 - 1/2*tr(A)*tr(A^2)"
                                " + 1/3*tr(A^3)"), vars="A:4,4",
       corrected=("det(eye(4) + A)", ("1 + det(A) + tr(A) + 1/2*tr(A)^2 - 1/2*tr(A^2) + 1/6*tr(A)^3 - 1/2*tr(A)*tr(A^2)"
                                      " + 1/3*tr(A^3)"))),
    Unwritten("28", "an approximation, not an equation"),
    eq("29", "det(A)", "A[1,1]*A[2,2] - A[1,2]*A[2,1]", vars="A:2,2"),
    eq("30", "tr(A)", "A[1,1] + A[2,2]", vars="A:2,2"),
    eq("31", "inv(A)", "(A[2,2]*E(1, 1, 2, 2) - A[1,2]*E(1, 2, 2, 2) - A[2,1]*E(2, 1, 2, 2) + A[1,1]*E(2, 2, 2, 2))/det(A)",
       vars="A:2,2"),
))

DETERMINANTS = Section("2 to 2.1 Differentials and determinants", (
    eq("32", "diff(X, X)", "D_klij = delta_ik delta_lj", vars="X:n,m"),
    eq("33", "diff(A, t)", "zeros(n, m)", vars="A:n,m t:", note="33 to 44 along the line X + t U"),
    eq("34", "diff(a*(X + t*U), t)", "a*diff(X + t*U, t)", vars="X:n,m U:n,m t: a:"),
    eq("35", "diff((X + t*U) + (Y + t*V), t)", "diff(X + t*U, t) + diff(Y + t*V, t)", vars="X:n,m U:n,m Y:n,m V:n,m t:"),
    eq("36", "diff(tr(X + t*U), t)", "tr(diff(X + t*U, t))", vars="X:n,n U:n,n t:"),
    eq("37", "diff((X + t*U)*(Y + t*V), t)", "U*(Y + t*V) + (X + t*U)*V", vars="X:n,m U:n,m Y:m,p V:m,p t:"),
    eq("38", "diff((X + t*U).*(Y + t*V), t)", "U.*(Y + t*V) + (X + t*U).*V", vars="X:n,m U:n,m Y:n,m V:n,m t:"),
    eq("39", "diff(kron(X + t*U, Y + t*V), t)", "kron(U, Y + t*V) + kron(X + t*U, V)", vars="X:n,m U:n,m Y:p,q V:p,q t:"),
    eq("40", "diff(inv(X + t*U), t)", "-inv(X + t*U)*U*inv(X + t*U)", vars="X:n,n U:n,n t:"),
    eq("41", "diff(det(X + t*U), t)", "tr(adj(X + t*U)*U)", vars="X:n,n U:n,n t:"),
    eq("42", "diff(det(X + t*U), t)", "det(X + t*U)*tr(inv(X + t*U)*U)", vars="X:n,n U:n,n t:"),
    eq("43", "diff(log(det(X + t*U)), t)", "tr(inv(X + t*U)*U)", vars="X:n,n U:n,n t:"),
    eq("44", "diff((X + t*U)', t)", "U'", vars="X:n,m U:n,m t:"),
    Unwritten("45", COMPLEX),
    eq("46", Y + "diff(det(Y), t)", Y + "det(Y)*tr(inv(Y)*diff(Y, t))", vars=CURVE,
       note="46, 48 and 59 along a curve of degree two"),
    eq("47", "diff(det(X), X)*X'", "det(X)*eye(n)", vars="X:n,n"),
    eq("48", Y + "diff(det(Y), t, 2)", (Y + "det(Y)*(tr(inv(Y)*diff(Y, t, 2)) + tr(inv(Y)*diff(Y, t))^2"
                                        " - tr(inv(Y)*diff(Y, t)*inv(Y)*diff(Y, t)))"), vars=CURVE),
    eq("49", "diff(det(X), X)", "det(X)*inv(X)'", vars="X:n,n"),
    eq("50", "diff(det(X), X)*X'", "det(X)*eye(n)", vars="X:n,n"),
    eq("51", "diff(det(A*X*B), X)", "det(A*X*B)*inv(X)'", "det(A*X*B)*inv(X')", vars=SQUARE),
    eq("52", "diff(det(X'*A*X), X)", "2*det(X'*A*X)*inv(X)'", vars=SQUARE),
    eq("53", "diff(det(X'*A*X), X)", "2*det(X'*A*X)*A*X*inv(X'*A*X)", vars="X:n,m A:n,n", assume={"A": "symmetric"}),
    eq("54", "diff(det(X'*A*X), X)", "det(X'*A*X)*(A*X*inv(X'*A*X) + A'*X*inv(X'*A'*X))", vars="X:n,m A:n,n"),
    eq("55", "diff(log(det(X'*X)), X)", "2*pinv(X)'", vars="X:n,m"),
    eq("56", "diff(log(det(pinv(W)'*pinv(W))), W)", "-2*pinv(W)'", vars="W:m,n",
       note="W is the pseudo-inverse of X, and X that of W"),
    eq("57", "diff(log(abs(det(X))), X)", "inv(X)'", "inv(X')", vars="X:n,n"),
    eq("58", "diff(det(X^k), X)", "k*det(X^k)*inv(X)'", vars="X:n,n"),
))

INVERSES = Section("2.2 to 2.3 Inverses and eigenvalues", (
    eq("59", Y + "diff(inv(Y), t)", Y + "-inv(Y)*diff(Y, t)*inv(Y)", vars=CURVE),
    eq("60", "diff(inv(X), X)", "D_klij = -inv(X)_ki inv(X)_jl", vars="X:n,n"),
    eq("61", "diff(a'*inv(X)*b, X)", "-inv(X)'*a*b'*inv(X)'", vars="X:n,n a:n b:n"),
    eq("62", "diff(det(inv(X)), X)", "-det(inv(X))*inv(X)'", vars="X:n,n"),
    eq("63", "diff(tr(A*inv(X)*B), X)", "-(inv(X)*B*A*inv(X))'", vars="A:m,n X:n,n B:n,m"),
    eq("64", "diff(tr(inv(X + A)), X)", "-(inv(X + A)*inv(X + A))'", vars=SQUARE),
    eq("after 64", "diff(g(inv(A)), A)", "-inv(A)'*g'(inv(A))*inv(A)'", vars="A:n,n", functions={"g": "scalar"}),
    eq("65", "diff(tr(X), X)", "eye(n)", vars="X:n,n", note="65 and 66 without their eigenvalues"),
    eq("66", "diff(det(X), X)", "det(X)*inv(X)'", vars="X:n,n"),
    Unwritten("67–68", EIGEN),
))

FORMS = Section("2.4 Matrices, vectors and scalar forms", (
    eq("69", "diff(x'*a, x)", "diff(a'*x, x)", "a", vars="x:n a:n"),
    eq("70", "diff(a'*X*b, X)", "a*b'", vars="a:n X:n,m b:m"),
    eq("71", "diff(a'*X'*b, X)", "b*a'", vars="a:m X:n,m b:n"),
    eq("72", "diff(a'*X*a, X)", "diff(a'*X'*a, X)", "a*a'", vars="a:n X:n,n"),
    eq("73", "diff(X, X)", "J_klij = delta_ki delta_lj", vars="X:n,m"),
    eq("74", "diff(X*A, X)", "D_ijmn = delta_im A_nj", vars="X:n,p A:p,q"),
    eq("75", "diff(X'*A, X)", "D_ijmn = delta_in A_mj", vars="X:p,n A:p,q"),
    eq("76", "diff(sum(X)^2, X)", "2*sum(X)*ones(n, m)", vars="X:n,m"),
    eq("77", "diff(b'*X'*X*c, X)", "X*(b*c' + c*b')", vars="X:n,m b:m c:m"),
    eq("78", "diff((B*x + b)'*C*(D*x + d), x)", "B'*C*(D*x + d) + D'*C'*(B*x + b)", vars="B:p,n x:n b:p C:p,q D:q,n d:q"),
    eq("79", "diff(X'*B*X, X)", "D_klij = delta_lj (X'*B)_ki + delta_kj (B*X)_il", vars="X:n,m B:n,n"),
    eq("80", "Z = X + t*E(i, j); diff(Z'*B*Z, t)", "Z = X + t*E(i, j); Z'*B*E(i, j) + E(j, i)*B*Z",
       vars="X:n,m B:n,n t:", note="along the line X + t J"),
    eq("81", "diff(x'*B*x, x)", "(B + B')*x", vars="x:n B:n,n"),
    eq("82", "diff(b'*X'*D*X*c, X)", "D'*X*b*c' + D*X*c*b'", vars="X:n,m D:n,n b:m c:m"),
    eq("83", "diff((X*b + c)'*D*(X*b + c), X)", "(D + D')*(X*b + c)*b'", vars="X:n,m D:n,n b:m c:n"),
    eq("84", "diff((x - A*s)'*W*(x - A*s), s)", "-2*A'*W*(x - A*s)", vars="x:n A:n,m s:m W:n,n", assume=W),
    eq("85", "diff((x - s)'*W*(x - s), x)", "2*W*(x - s)", vars="x:n s:n W:n,n", assume=W),
    eq("86", "diff((x - s)'*W*(x - s), s)", "-2*W*(x - s)", vars="x:n s:n W:n,n", assume=W),
    eq("87", "diff((x - A*s)'*W*(x - A*s), x)", "2*W*(x - A*s)", vars="x:n A:n,m s:m W:n,n", assume=W),
    eq("88", "diff((x - A*s)'*W*(x - A*s), A)", "-2*W*(x - A*s)*s'", vars="x:n A:n,m s:m W:n,n", assume=W),
    eq("89", "diff((a - x'*b)^2, x)", "-2*b*(a - x'*b)", vars="a: x:n b:n", note="for real vectors"),
    eq("90", "jacobian(X^k, X)", "series(r, 0, k-1, kron((X^(k-1-r))', X^r))", vars="X:n,n",
       note="all entries of J in one matrix"),
    eq("91", "diff(a'*X^k*b, X)", "series(r, 0, k-1, (X^r)'*a*b'*(X^(k-1-r))')", vars="X:n,n a:n b:n"),
    eq("92", "diff(a'*(X^k)'*X^k*b, X)",
       "series(r, 0, k-1, X^(k-1-r)*a*b'*(X^k)'*X^r + (X^r)'*X^k*a*b'*(X^(k-1-r))')", vars="X:n,n a:n b:n",
       corrected=("diff(a'*(X^k)'*X^k*b, X)",
                  "series(r, 0, k-1, (X^(k-1-r)*a*b'*(X^k)'*X^r)' + (X^r)'*X^k*a*b'*(X^(k-1-r))')")),
    eq("93", "diff(f(B*x)'*A*h(C*x), x)", "diff(f(B*x), x)'*A*h(C*x) + diff(h(C*x), x)'*A'*f(B*x)",
       vars="x:n B:p,n C:q,n A:p,q", functions={"f": "elementwise", "h": "elementwise"},
       note="s = f(B x), r = h(C x), f and h any functions of one variable"),
    eq("94–95", "diff((A*x)'*(A*x)/((B*x)'*(B*x)), x)",
       "2*A'*A*x/(x'*B*B*x) - 2*(x'*A'*A*x)*B'*B*x/(x'*B'*B*x)^2", vars="A:m,n B:n,n x:n",
       corrected=("diff((A*x)'*(A*x)/((B*x)'*(B*x)), x)",
                  "2*A'*A*x/(x'*B'*B*x) - 2*(x'*A'*A*x)*B'*B*x/(x'*B'*B*x)^2")),
    Unwritten("96", "defines f, and says nothing"),
    eq("97", "diff(x'*A*x + b'*x, x)", "(A + A')*x + b", vars="A:n,n x:n b:n"),
    eq("98", "diff(x'*A*x + b'*x, x, 2)", "A + A'", vars="A:n,n x:n b:n"),
))

TRACES = Section("2.5 Traces", (
    eq("before 99", "diff(tr(F(X)), X)", "F'(X)'", vars="X:n,n", functions={"F": "series"}, note="F any power series"),
    eq("99", "diff(tr(X), X)", "eye(n)", vars="X:n,n"),
    eq("100", "diff(tr(X*A), X)", "A'", vars="X:n,m A:m,n"),
    eq("101", "diff(tr(A*X*B), X)", "A'*B'", vars="A:p,n X:n,m B:m,p"),
    eq("102", "diff(tr(A*X'*B), X)", "B*A", vars="A:p,m X:n,m B:n,p"),
    eq("103", "diff(tr(X'*A), X)", "A", vars="X:n,m A:n,m"),
    eq("104", "diff(tr(A*X'), X)", "A", vars="X:n,m A:n,m"),
    eq("105", "diff(tr(kron(A, X)), X)", "tr(A)*eye(n)", vars="A:m,m X:n,n"),
    eq("106", "diff(tr(X^2), X)", "2*X'", vars="X:n,n"),
    eq("107", "diff(tr(X^2*B), X)", "(X*B + B*X)'", vars=SQUARE),
    eq("108", "diff(tr(X'*B*X), X)", "B*X + B'*X", vars="X:n,m B:n,n"),
    eq("109", "diff(tr(B*X*X'), X)", "B*X + B'*X", vars="X:n,m B:n,n"),
    eq("110", "diff(tr(X*X'*B), X)", "B*X + B'*X", vars="X:n,m B:n,n"),
    eq("111", "diff(tr(X*B*X'), X)", "X*B' + X*B", vars="X:n,m B:m,m"),
    eq("112", "diff(tr(B*X'*X), X)", "X*B' + X*B", vars="X:n,m B:m,m"),
    eq("113", "diff(tr(X'*X*B), X)", "X*B' + X*B", vars="X:n,m B:m,m"),
    eq("114", "diff(tr(A*X*B*X), X)", "A'*X'*B' + B'*X'*A'", vars="A:m,n X:n,m B:m,n"),
    eq("115", "diff(tr(X'*X), X)", "diff(tr(X*X'), X)", "2*X", vars="X:n,m"),
    eq("116", "diff(tr(B'*X'*C*X*B), X)", "C'*X*B*B' + C*X*B*B'", vars="X:n,m C:n,n B:m,p"),
    eq("117", "diff(tr(X'*B*X*C), X)", "B*X*C + B'*X*C'", vars="X:n,m B:n,n C:m,m"),
    eq("118", "diff(tr(A*X*B*X'*C), X)", "A'*C'*X*B' + C*A*X*B", vars="A:p,n X:n,m B:m,m C:n,p"),
    eq("119", "diff(tr((A*X*B + C)*(A*X*B + C)'), X)", "2*A'*(A*X*B + C)*B'", vars="A:p,n X:n,m B:m,q C:p,q"),
    eq("120", "diff(tr(kron(X, X)), X)", "diff(tr(X)*tr(X), X)", "2*tr(X)*eye(n)", vars="X:n,n"),
    eq("121", "diff(tr(X^k), X)", "k*(X^(k-1))'", vars="X:n,n"),
    eq("122", "diff(tr(A*X^k), X)", "series(r, 0, k-1, (X^r*A*X^(k-r-1))')", vars="A:n,n X:n,n"),
    eq("123", "diff(tr(B'*X'*C*X*X'*C*X*B), X)", "C*X*X'*C*X*B*B' + C'*X*B*B'*X'*C'*X + C*X*B*B'*X'*C*X + C'*X*X'*C'*X*B*B'",
       vars="X:n,m C:n,n B:m,p"),
    eq("124", "diff(tr(A*inv(X)*B), X)", "-(inv(X)*B*A*inv(X))'", "-inv(X)'*A'*B'*inv(X)'", vars="A:m,n X:n,n B:n,m"),
    eq("125", "diff(tr(inv(X'*C*X)*A), X)", "-(C*X*inv(X'*C*X))*(A + A')*inv(X'*C*X)", vars="X:n,m C:n,n A:m,m", assume=BC),
    eq("126", "diff(tr(inv(X'*C*X)*(X'*B*X)), X)", "-2*C*X*inv(X'*C*X)*X'*B*X*inv(X'*C*X) + 2*B*X*inv(X'*C*X)",
       vars="X:n,m B:n,n C:n,n", assume=BC),
    eq("127", "diff(tr(inv(A + X'*C*X)*(X'*B*X)), X)",
       "-2*C*X*inv(A + X'*C*X)*X'*B*X*inv(A + X'*C*X) + 2*B*X*inv(A + X'*C*X)", vars="X:n,m A:m,m B:n,n C:n,n", assume=BC,
       corrected=("diff(tr(inv(A + X'*C*X)*(X'*B*X)), X)",
                  "M = inv(A + X'*C*X); -C*X*(M*X'*B*X*M + (M*X'*B*X*M)') + B*X*(M + M')"), where={"A": "symmetric"}),
    Unwritten("128", "the sine of a matrix is not in the language; sin goes entry by entry"),
))

NORMS = Section("2.6 to 2.8 Norms and structured matrices", (
    eq("129", "diff(norm2(x - a), x)", "(x - a)/norm2(x - a)", vars="x:n a:n"),
    eq("130", "diff((x - a)/norm2(x - a), x)", "eye(n)/norm2(x - a) - (x - a)*(x - a)'/norm2(x - a)^3", vars="x:n a:n"),
    eq("131", "diff(norm2(x)^2, x)", "diff(norm2(x'*x), x)", "2*x", vars="x:n"),
    eq("132", "diff(norm2(X)^2, X)", "diff(tr(X*X'), X)", "2*X", vars="X:n,m"),
    eq("133", "diff(g(A*X*B), X)", "D_ij = g'(A*X*B)_kl diff(A*X*B, X)_klij", vars="A:p,n X:n,m B:m,q",
       functions={"g": "scalar"},
       note="133, 136 and 137 for a linear U, g any function"),
    Unwritten("134–135", "define what they are about, and say nothing"),
    eq("136", "diff(g(X*X'), X)", "D_ij = g'(X*X')_kl diff(X*X', X)_klij", vars="X:n,m", functions={"g": "scalar"}),
    eq("137", "diff(g(X + t*U), t)", "tr(g'(X + t*U)'*U)", vars="X:n,m U:n,m t:", functions={"g": "scalar"}),
    eq("138", "diff(g(A), A)", "g'(A) + g'(A)' - g'(A).*eye(n)", vars="A:n,n", assume={"A": "symmetric"},
       functions={"g": "scalar"},
       convention="structured"),
    eq("139", "diff(tr(A*X), X)", "A + A' - A.*eye(n)", vars="A:n,n X:n,n", assume={"X": "symmetric"}, convention="structured"),
    eq("140", "diff(det(X), X)", "det(X)*(2*inv(X) - inv(X).*eye(n))", vars="X:n,n", assume={"X": "symmetric"},
       convention="structured"),
    eq("141", "diff(log(det(X)), X)", "2*inv(X) - inv(X).*eye(n)", vars="X:n,n", assume={"X": "symmetric"},
       convention="structured"),
    eq("142", "diff(tr(A*X), X)", "A.*eye(n)", vars="A:n,n X:n,n", assume={"X": "diagonal"}, convention="structured"),
    Unwritten("143–144", "Toeplitz matrices are not in the language"),
))

EXACT = Section("3.1 to 3.2 Inverses", (
    eq("145", "A*inv(A)", "inv(A)*A", "eye(n)", vars="A:n,n"),
    Unwritten("146–150", "matrices without a row and a column are not in the language"),
    eq("151", "inv(A)", "adj(A)/det(A)", vars="A:n,n"),
    Unwritten("152–154", "singular values are not in the language"),
    eq("155", "inv(A*B)", "inv(B)*inv(A)", vars=SQUARE),
    eq("156", "inv(A + C*B*C')", "inv(A) - inv(A)*C*inv(inv(B) + C'*inv(A)*C)*C'*inv(A)", vars="A:n,n B:m,m C:n,m"),
    eq("157", "inv(A + U*B*V)", "inv(A) - inv(A)*U*inv(inv(B) + V*inv(A)*U)*V*inv(A)", vars="A:n,n B:m,m U:n,m V:m,n"),
    eq("158", "inv(inv(P) + B'*inv(R)*B)*B'*inv(R)", "P*B'*inv(B*P*B' + R)", vars="P:n,n R:m,m B:m,n",
       assume={"P": "spd", "R": "spd"}),
    eq("159", "inv(A + B*C)", "inv(A) - inv(A)*B*inv(eye(m) + C*inv(A)*B)*C*inv(A)", vars="A:n,n B:n,m C:m,n"),
    eq("160", "inv(A + b*c')", "inv(A) - inv(A)*b*c'*inv(A)/(1 + c'*inv(A)*b)", vars="A:n,n b:n c:n"),
    eq("161", "inv(eye(n) + inv(A))", "A*inv(A + eye(n))", vars="A:n,n"),
    eq("162", "inv(A + B*B')*B", "inv(A)*B*inv(eye(m) + B'*inv(A)*B)", vars="A:n,n B:n,m"),
    eq("163", "inv(inv(A) + inv(B))", "A*inv(A + B)*B", "B*inv(A + B)*A", vars=SQUARE),
    eq("164", "A - A*inv(A + B)*A", "B - B*inv(A + B)*B", vars=SQUARE),
    eq("165", "inv(A) + inv(B)", "inv(A)*(A + B)*inv(B)", vars=SQUARE),
    eq("166", "inv(eye(n) + A*B)", "eye(n) - A*inv(eye(m) + B*A)*B", vars="A:n,m B:m,n"),
    eq("167", "inv(eye(n) + A*B)*A", "A*inv(eye(m) + B*A)", vars="A:n,m B:m,n"),
))

KRONECKER = Section("10.1 to 10.2 Functions, Kronecker products and vec", (
    eq("487", "(X^k - eye(n))*inv(X - eye(n))", "series(j, 0, k-1, X^j)", vars="X:n,n"),
    Unwritten("488–490", "approximations and definitions"),
    eq("491", "F(U*B*inv(U))", "U*F(B)*inv(U)", vars="U:n,n B:n,n", functions={"F": "series"}, note="F any power series"),
    Unwritten("492", "a limit"),
    eq("493", "F(A*B)*A", "A*F(B*A)", vars="A:n,m B:m,n", functions={"F": "series"}, note="F any power series"),
    Unwritten("494–497", "infinite series are not in the language"),
    eq("498", "expm(A)*expm(B)", "expm(A + B)", vars=SQUARE, assume={"equations": ["A*B = B*A"]}),
    eq("499", "inv(expm(A))", "expm(-A)", vars="A:n,n"),
    eq("500", "diff(expm(t*A), t)", "A*expm(t*A)", "expm(t*A)*A", vars="A:n,n t:"),
    eq("501", "diff(tr(expm(t*A)), t)", "tr(A*expm(t*A))", vars="A:n,n t:"),
    eq("502", "det(expm(A))", "exp(tr(A))", vars="A:n,n"),
    eq("506", "kron(A, B + C)", "kron(A, B) + kron(A, C)", vars="A:n,m B:p,q C:p,q"),
    eq("507", "kron(A, B)", "kron(B, A)", vars="A:n,m B:p,q", denied=True, note="denied in general by the book, too"),
    eq("508", "kron(A, kron(B, C))", "kron(kron(A, B), C)", vars="A:n,m B:p,q C:r,s"),
    eq("509", "kron(a*A, b*B)", "a*b*kron(A, B)", vars="a: b: A:n,m B:p,q"),
    eq("510", "kron(A, B)'", "kron(A', B')", vars="A:n,m B:p,q"),
    eq("511", "kron(A, B)*kron(C, D)", "kron(A*C, B*D)", vars="A:n,m B:p,q C:m,r D:q,s"),
    eq("512", "inv(kron(A, B))", "kron(inv(A), inv(B))", vars="A:n,n B:m,m"),
    eq("513", "pinv(kron(A, B))", "kron(pinv(A), pinv(B))", vars="A:n,m B:p,q", note="at full rank"),
    Unwritten("514", "the rank is not in the language"),
    eq("515", "tr(kron(A, B))", "tr(A)*tr(B)", vars="A:n,n B:m,m", note="without its eigenvalues"),
    eq("516", "det(kron(A, B))", "det(A)^m*det(B)^n", vars="A:n,n B:m,m", note="at full rank"),
    Unwritten("517–519", EIGEN),
    eq("520", "vec(A*X*B)", "kron(B', A)*vec(X)", vars="A:p,n X:n,m B:m,q"),
    eq("521", "tr(A'*B)", "vec(A)'*vec(B)", vars="A:n,m B:n,m"),
    eq("522", "vec(A + B)", "vec(A) + vec(B)", vars="A:n,m B:n,m"),
    eq("523", "vec(a*A)", "a*vec(A)", vars="a: A:n,m"),
    eq("524", "a'*X*B*X'*c", "vec(X)'*kron(B, c*a')*vec(X)", vars="a:n X:n,m B:m,m c:n",
       corrected=("a'*X*B*X'*c", "vec(X)'*kron(B', c*a')*vec(X)"), where={"B": "symmetric"}),
))

SERIES = Section("An answer from a question page", (
    eq("j = 1", "diff(tr(G'*X^k), X)", "series(j, 1, k-1, (X^(k-j-1)*G'*X^j)')", vars="G:n,n X:n,n",
       corrected=("diff(tr(G'*X^k), X)", "series(j, 0, k-1, (X^(k-j-1)*G'*X^j)')")),
))
"""A term of the gradient of a function of a power series: the sum was printed from j = 1."""

SECTIONS = (BASICS, DETERMINANTS, INVERSES, FORMS, TRACES, NORMS, EXACT, KRONECKER)
