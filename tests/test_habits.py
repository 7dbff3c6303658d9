"""Well-known results as people write them: from machine learning, statistics and mechanics."""

from __future__ import annotations

import pytest

from tensorcalc.service import handle

KNOWN = [
    ("sigmoid(x)", "x", "diag(f - f.^2)", "", "", "f = sigmoid(x)"),
    ("sigmoid(A*x)", "x", "diag(f - f.^2) A", "", "", "f = sigmoid(A x)"),
    ("sum(sigmoid(A*X))", "X", "A' (f - f.^2)", "", "", "f = sigmoid(A X)"),
    ("softmax(x)", "x", "diag(p) - p p'", "", "", "p = softmax(x)"),
    ("logsumexp(x)", "x", "softmax(x)"),
    ("logsumexp(x)", "x x", "diag(p) - p p'", "", "", "p = softmax(x)"),
    ("logdet(S)", "S", "inv(S)", "", "S=spd"),
    ("x'*A*x", "x", "2 A x", "", "A=symmetric"),
    ("x'*A*x", "x x", "2 A", "", "A=symmetric"),
    ("log(softmax(x))", "x", "eye(m) - ones(m) softmax(x)'"),
    ("x'*A*x", "x", "(A + A') x"),
    ("x'*A*x", "A", "x x'"),
    ("x'*A*y", "A", "x y'"),
    ("tanh(W*x)", "x", "diag(ones(m) - tanh(W x).^2) W"),
    ("softplus(x)", "x", "diag(sigmoid(x))"),
    ("relu(W*x)", "x", "diag(relu(sign(W x))) W"),
    ("x.*log(x)", "x", "eye(m) + diag(log(x))"),
    ("sum(exp(X*B)) - tr(Y'*X*B)", "B", "X' (exp(X B) - Y)"),   # and not exp(B' X')'
    ("sum((X*B).^-2)", "B", "-2 X' (1 ./ (X B).^3)"),
    ("y'*log(p)", "p", "y ./ p", "y=k p=k"),
    ("(y-X*w)'*(y-X*w)", "w", "2 X' (X w - y)"),
    ("(y-X*w)'*(y-X*w)", "w w", "2 X' X"),
    ("(y-X*w)'*inv(V)*(y-X*w)", "w", "2 X' inv(V) (X w - y)", "V=n,n y=n X=n,p w=p", "V=spd"),
    ("norm2(X*w-y)^2/n+lam*norm2(w)^2", "w", "2 (X' (X w - y)/n + lam w)", "y=n X=n,p w=p lam="),
    ("det(X)", "X", "det(X) inv(X)'"),
    ("logdet(X)", "X", "inv(X)'"),
    ("inv(X)", "X", "-inv(X)' ⊗ inv(X)"),
    ("tr(X)", "X", "eye(m)"),
    ("tr(X'*X)", "X", "2 X"),
    ("tr(A*X)", "X", "A'"),
    ("tr(X*A*X')", "X", "X (A + A')"),
    ("tr(inv(X)*A)", "X", "-inv(X)' A' inv(X)'"),
    ("tr(X^2)", "X", "2 X'"),
    ("logdet(A*X*B)", "X", "A' inv(A X B)' B'"),
    ("tr(X'*A*X)", "X", "(A + A') X"),
    ("a'*X*X'*b", "X", "(a b' + b a') X", "a=n b=n X=n,m"),
    ("norm2(x-a)", "x", "(x - a)/norm2(x - a)", "a=n"),
    ("norm2(x)^3", "x", "3 norm2(x) x"),
    ("sum(sqrt(x*x'))", "x", "(1 ./ sqrt(x x')) x"),   # a root of each entry, and no norm
    ("sum((X'*X).^(3/2))", "X", "3 X sqrt(X' X)"),
    ("1/norm2(x)", "x", "-x/norm2(x)^3"),
    ("(x-u)'*P*(x-u)/2", "u", "P (u - x)", "x=n u=n", "P=spd"),
    ("-logdet(P)/2+(x-u)'*P*(x-u)/2", "P", "0.5 ((x - u) (x - u)' - inv(P))", "x=n u=n", "P=spd"),
    ("logdet(S)/2+tr(inv(S)*C)/2", "S", "0.5 (M - M C M)", "", "S=spd C=spd", "M = inv(S)"),
    ("(tr(inv(T)*S)-logdet(S)+logdet(T)-n)/2", "S", "0.5 (inv(T) - inv(S))", "S=n,n T=n,n", "S=spd T=spd"),
    ("(tr(inv(T)*S)-logdet(S)+logdet(T)-n)/2", "T", "0.5 (M - M S M)", "S=n,n T=n,n", "S=spd T=spd", "M = inv(T)"),
    ("sum(exp(X*w)-y.*(X*w))", "w", "X' (exp(X w) - y)", "y=n X=n,p w=p"),
    ("sum(exp(X*w)-y.*(X*w))", "w w", "X' diag(exp(X w)) X", "y=n X=n,p w=p"),
    ("sum(softplus(X*w)-y.*(X*w))", "w", "X' (sigmoid(X w) - y)", "y=n X=n,p w=p"),
    ("sum(softplus(X*w)-y.*(X*w))", "w w", "X' diag(f - f.^2) X", "y=n X=n,p w=p", "", "f = sigmoid(X w)"),
    ("mu/2*tr(F'*F)-mu*log(det(F))", "F", "mu (F - inv(F)')", "F=3,3 mu="),
    ("lam/2*tr(E)^2+mu*tr(E^2)", "E", "2 mu E + lam tr(E) eye(3)", "E=3,3 mu= lam=", "E=symmetric"),
    ("det(F)", "F", "det(F) inv(F)'", "F=3,3"),
    ("tr(F'*F)", "F", "2 F"),
    ("(F'*F-eye(3))/2", "F", "0.5 ((F' ⊗ eye(3)) commutation(3, 3) + eye(3) ⊗ F')", "F=3,3"),
    ("norm2(dev(S))", "S", "T0/norm2(T0)", "S=3,3", "S=symmetric", "T0 = 3 S - tr(S) eye(3)"),
    ("cross(w,x)", "x", "skew(w)", "w=3 x=3"),
    ("norm2(cross(w,x))^2/2", "w", "(x' x) w - (w' x) x", "w=3 x=3"),
    ("m/norm2(x)", "x", "-m x/norm2(x)^3", "m= x=3"),
    ("q/norm2(x)", "x x", "q (3 x x'/norm2(x)^5 - eye(3)/norm2(x)^3)", "q= x=3"),
    ("norm2(U*V'-M)^2/2", "U", "(U V' - M) V", "M=m,n U=m,k V=n,k"),
    ("tr(W'*S*W)", "W", "2 S W", "", "S=symmetric"),
    ("logdet(W)", "W", "inv(W)'"),
    ("x'*W2*sigmoid(W1*y)", "W1", "((f - f.^2) .* (W2' x)) y'", "", "", "f = sigmoid(W1 y)"),
    ("w'*x/sqrt(w'*S*w)", "w", "x/sqrt(w' S w) - (w' x) S w/(w' S w)^(3/2)", "S=n,n", "S=spd"),
    ("(w'*B*w)/(w'*C*w)", "w", "2 (B/(w' C w) - (w' B w) C/(w' C w)^2) w", "B=n,n C=n,n", "B=symmetric C=symmetric"),
    ("tr(A*inv(X)*B)", "X", "-inv(X)' A' B' inv(X)'"),
    ("det(A*X*B)", "X", "det(A X B) A' inv(A X B)' B'"),
    ("det(X)^2", "X", "2 det(X)^2 inv(X)'"),
    ("det(X^k)", "X", "k det(X)^k inv(X)'"),
    ("tr(A*X^k)", "X", "series(j, 0, k - 1, (X^(k - j - 1))' A' (X^j)')"),
    ("norm1(x)", "x", "sign(x)"),
    ("sum(abs(A*x-b))", "x", "A' sign(A x - b)", "b=m"),
    ("sum(sqrt((x-a).^2))", "x", "(x - a) ./ sqrt((x - a).^2)", "a=n"),
    ("sum(log(X*w))", "w", "X' (1 ./ (X w))"),
    ("exp(-norm2(x-u)^2/(2*s^2))", "x", "exp(-norm2(x - u)^2/(2 s^2)) (u - x)/s^2", "u=n s="),
    ("exp(-norm2(x-u)^2/(2*s^2))", "s", "exp(-T0/(2 s^2)) T0/s^3", "u=n s=", "", "T0 = norm2(x - u)^2"),
    ("log(a'*exp(x))", "x", "(a .* exp(x))/(a' exp(x))", "a=n"),
    ("logsumexp(A*x)", "x x", "A' (diag(p) - p p') A", "", "", "p = softmax(A x)"),
    ("logsumexp(W*x) - y'*W*x", "W", "(softmax(W x) - y) x'", "W=k,n y=k"),
    ("-y'*log(sigmoid(X*w)) - (ones(n) - y)'*log(ones(n) - sigmoid(X*w))", "w", "X' (sigmoid(X w) - y)", "X=n,p y=n w=p"),
    ("x'*A*x/(x'*x)", "x", "2 (A x/(x' x) - (x' A x) x/(x' x)^2)", "", "A=symmetric"),
    ("G : X^3", "X", "X' G X' + G X'^2 + X'^2 G"),
    ("tr(X^3)", "X", "3 X'^2"),
    ("tr(X^k)", "X", "k (X^(k - 1))'"),
    ("norm2(A)", "A", "A/norm2(A)"),
    ("norm2(A*B)", "A", "A B B'/norm2(A B)"),
    ("norm2(A*x - b)", "x", "A' (A x - b)/norm2(A x - b)", "b=m"),
    ("x/norm2(x)", "x", "eye(m)/norm2(x) - x x'/norm2(x)^3"),
    ("tr(expm(X))", "X", "expm(X)'"),
    ("A*x + b", "x", "A", "b=m"),
    ("relu(A*x + b)", "x", "diag(relu(sign(A x + b))) A", "b=m"),
    ("logdet(X*X')", "X", "2 inv(X X') X"),
    ("sigmoid(X)", "X", "diag(vec(f - f.^2))", "", "", "f = sigmoid(X)"),
    ("a*X' + C*X'", "X", "a commutation(m, n) + (eye(m) ⊗ C) commutation(m, n)", "X=m,n"),   # a alone would be a number
    ("(y - X*b)'*(inv(S) ⊗ eye(t))*(y - X*b)/2", "b", "X' (inv(S) ⊗ eye(t)) (X b - y)", "b=k S=n,n y=n*t X=n*t,k", "S=spd"),
]


@pytest.mark.parametrize(("formula", "wrt", "printed", "names", "facts", "where"), [(*row, *[""] * (6 - len(row))) for row in KNOWN],
                         ids=[f"{row[0]} by {row[1]}" for row in KNOWN])
def test_well_known_results(formula: str, wrt: str, printed: str, names: str, facts: str, where: str) -> None:
    declared = {name: [int(size) if size.isdigit() else size for size in sizes.split(",") if size]
                for name, sizes in (pair.split("=") for pair in names.split())}
    answer = handle({"do": "derive", "expr": formula, "wrt": wrt.split(), "vars": declared,
                     "assume": dict(pair.split("=") for pair in facts.split())})
    assert (answer["matrix"] or answer["kronecker"]) == printed
    assert "; ".join(f"{name} = {body}" for name, body in answer["where"].items()) == where


def test_what_is_one_tensor_is_written_as_such() -> None:
    assert handle({"do": "derive", "expr": "norm2(A)", "wrt": "A"})["einsum"] == "(1/norm2(A)) A"


def test_a_contracted_derivative_has_the_name_that_the_statement_gives_it() -> None:
    answer = handle({"do": "derive", "expr": "F_i = A_ij x_j", "wrt": "x", "vars": {"A": [3, 3]}, "contract": "c_i = eps_ijk D_kj",
                     "want": ["index", "steps"]})
    assert answer["index"] == answer["steps"][-1]["text"] == "c_i = - A_kl eps_ikl"
    assert answer["steps"][-1]["rule"] == "contraction"
    assert answer["convention"] == "c_i = eps_ijk D_kj · D_ip = ∂F_i/∂x_p · numerator layout · vec stacks columns"


def test_a_commutation_matrix_beside_a_duplication_matrix_is_left_out() -> None:
    answer = handle({"do": "derive", "expr": "tr(inv(S) C)", "wrt": "S", "order": 2, "wrt_convention": "vech",
                     "assume": {"S": "spd", "C": "symmetric"}, "want": ["kronecker"]})
    assert answer["kronecker"] == "2 duplication(m)' ((M C M) ⊗ M) duplication(m)"


def test_functions_of_products_have_the_order_in_which_one_writes_them_in_index_notation_too() -> None:
    answer = handle({"do": "derive", "expr": "sum(exp(X*B))", "wrt": "B", "order": 2, "want": ["index"]})
    assert answer["index"] == "H_ijpq = delta_jq X_ki X_kp exp(X*B)_kj"
