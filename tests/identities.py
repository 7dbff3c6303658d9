"""Identities that people look up, each with a false one that looks like it.

``INDEX`` are those of index notation, of cross products and of curvature that a
user tries first; ``MATRIX`` those of inverses, determinants, Kronecker and Hadamard
products, matrix functions and norms; ``DECLARED`` hold only where an equation does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Identity:
    """Two sides that are equal, and a right side that is not."""

    name: str
    lhs: str
    rhs: str
    false: str
    vars: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    assume: Mapping[str, Any] = field(default_factory=dict)
    index_dims: Mapping[str, Any] = field(default_factory=dict)

    def request(self, lhs: str | None = None, rhs: str | None = None) -> dict[str, Any]:
        return {"do": "verify", "lhs": lhs or self.lhs, "rhs": rhs or self.rhs, "vars": dict(self.vars),
                "assume": dict(self.assume), "index_dims": dict(self.index_dims)}


def shapes(text: str) -> dict[str, list[Any]]:
    """``"A:n,m x:n c:"`` as sizes by name."""
    found = {}
    for part in text.split():
        name, _, sizes = part.partition(":")
        found[name] = [int(size) if size.isdigit() else size for size in sizes.split(",") if size]
    return found


def dims(letters: str, size: int | str) -> dict[str, Any]:
    return dict.fromkeys(letters, size)


VECTORS = shapes("a:3 b:3 c:3 d:3")
A2, A3, A4 = shapes("A:2,2"), shapes("A:3,3"), shapes("A:4,4")

INDEX = (
    Identity("ε twice in two dimensions", "L_ijkl = eps_ij eps_kl", "R_ijkl = delta_ik delta_jl - delta_il delta_jk",
             "R_ijkl = delta_ik delta_jl + delta_il delta_jk", index_dims=dims("ijkl", 2)),
    Identity("ε twice in two dimensions, one index summed", "L_ik = eps_ij eps_kj", "R_ik = delta_ik", "R_ik = 2 delta_ik",
             index_dims=dims("ik", 2)),
    Identity("ε twice in three dimensions, one index summed", "L_ijlm = eps_ijk eps_lmk",
             "R_ijlm = delta_il delta_jm - delta_im delta_jl", "R_ijlm = delta_im delta_jl - delta_il delta_jm",
             index_dims=dims("ijlm", 3)),
    Identity("ε twice in three dimensions, two indices summed", "L_il = eps_ijk eps_ljk", "R_il = 2 delta_il", "R_il = 3 delta_il",
             index_dims=dims("il", 3)),
    Identity("ε twice in three dimensions, all indices summed", "L = eps_ijk eps_ijk", "R = 6", "R = 3"),
    Identity("ε twice in three dimensions, nothing summed", "L_ijklmn = eps_ijk eps_lmn",
             "R_ijklmn = delta_il delta_jm delta_kn - delta_il delta_jn delta_km - delta_im delta_jl delta_kn"
             " + delta_im delta_jn delta_kl + delta_in delta_jl delta_km - delta_in delta_jm delta_kl",
             "R_ijklmn = delta_il delta_jm delta_kn - delta_il delta_jn delta_km - delta_im delta_jl delta_kn"
             " + delta_im delta_jn delta_kl + delta_in delta_jl delta_km + delta_in delta_jm delta_kl",
             index_dims=dims("ijklmn", 3)),
    Identity("ε twice in four dimensions, two indices summed", "L_klmn = eps_ijkl eps_ijmn",
             "R_klmn = 2 delta_km delta_ln - 2 delta_kn delta_lm", "R_klmn = delta_km delta_ln - delta_kn delta_lm",
             index_dims=dims("klmn", 4)),
    Identity("ε twice in four dimensions, three indices summed", "L_lm = eps_ijkl eps_ijkm", "R_lm = 6 delta_lm",
             "R_lm = 24 delta_lm", index_dims=dims("lm", 4)),
    Identity("bac minus cab", "cross(a, cross(b, c))", "b*(a'*c) - c*(a'*b)", "c*(a'*b) - b*(a'*c)", VECTORS),
    Identity("Jacobi, of cross products", "cross(a, cross(b, c)) + cross(b, cross(c, a)) + cross(c, cross(a, b))", "zeros(3)",
             "cross(a, cross(b, c))", VECTORS),
    Identity("Lagrange", "cross(a, b)'*cross(c, d)", "(a'*c)*(b'*d) - (a'*d)*(b'*c)", "(a'*c)*(b'*d) + (a'*d)*(b'*c)", VECTORS),
    Identity("triple product, turned", "a'*cross(b, c)", "c'*cross(a, b)", "c'*cross(b, a)", VECTORS),
    Identity("four vectors in three dimensions", "L_i = d_i a_j eps_jkl b_k c_l",
             "R_i = a_i d_j eps_jkl b_k c_l + b_i a_j eps_jkl d_k c_l + c_i a_j eps_jkl b_k d_l",
             "R_i = a_i d_j eps_jkl b_k c_l + b_i a_j eps_jkl d_k c_l - c_i a_j eps_jkl b_k d_l", VECTORS),
    Identity("determinant by ε", "L = eps_ijk eps_abc A_ia A_jb A_kc", "R = 6 det(A)", "R = det(A)", A3),
    Identity("determinant by ε, in four dimensions", "L_abcd = eps_ijkl A_ia A_jb A_kc A_ld", "R_abcd = det(A) eps_abcd",
             "R_abcd = 24 det(A) eps_abcd", A4),
    Identity("cofactor by ε", "L_ia = eps_ijk eps_abc A_jb A_kc", "R_ia = 2 adj(A)_ai", "R_ia = 2 adj(A)_ia", A3),
    Identity("second invariant by ε", "L = eps_ijk eps_imn A_jm A_kn", "R = A_ii A_jj - A_ij A_ji", "R = A_ii A_jj - A_ij A_ij", A3),
    Identity("symmetric against skew", "L = S_ij W_ij", "R = 0", "R = 2 S_ij W_ij + 1", shapes("S:n,n W:n,n"),
             {"S": "symmetric", "W": "skew"}),
    Identity("third power of a skew matrix", "tr(W^3)", "0", "tr(W^2)", shapes("W:n,n"), {"W": "skew"}),
    Identity("fifth power of a skew matrix", "tr(W^5)", "0", "tr(W^4)", shapes("W:n,n"), {"W": "skew"}),
    Identity("a skew form", "x'*W*x", "0", "x'*W*W*x", shapes("W:n,n x:n"), {"W": "skew"}),
    Identity("cube of a cross product matrix", "skew(w)^3", "-(w'*w)*skew(w)", "(w'*w)*skew(w)", shapes("w:3")),
    Identity("square of a cross product matrix", "skew(w)^2", "w*w' - (w'*w)*eye(3)", "w*w' + (w'*w)*eye(3)", shapes("w:3")),
    Identity("commutator of cross product matrices", "skew(a)*skew(b) - skew(b)*skew(a)", "skew(cross(a, b))",
             "skew(cross(b, a))", VECTORS),
    Identity("cross product of images", "cross(A*a, A*b)", "adj(A)'*cross(a, b)", "adj(A)*cross(a, b)", {**A3, **VECTORS}),
    Identity("Newton, n = 2", "2*det(A)", "tr(A)^2 - tr(A^2)", "tr(A)^2 + tr(A^2)", A2),
    Identity("Newton, n = 3", "6*det(A)", "tr(A)^3 - 3*tr(A)*tr(A^2) + 2*tr(A^3)", "tr(A)^3 - 3*tr(A)*tr(A^2) + 3*tr(A^3)", A3),
    Identity("Newton, n = 4", "24*det(A)", "tr(A)^4 - 6*tr(A)^2*tr(A^2) + 3*tr(A^2)^2 + 8*tr(A)*tr(A^3) - 6*tr(A^4)",
             "tr(A)^4 - 6*tr(A)^2*tr(A^2) + 3*tr(A^2)^2 + 8*tr(A)*tr(A^3) - 5*tr(A^4)", A4),
    Identity("Cayley and Hamilton, n = 2", "A^2 - tr(A)*A + det(A)*eye(2)", "zeros(2, 2)", "A - A'", A2),
    Identity("Cayley and Hamilton, n = 3", "A^3 - tr(A)*A^2 + 1/2*(tr(A)^2 - tr(A^2))*A", "det(A)*eye(3)", "-det(A)*eye(3)", A3),
    Identity("adjugate by powers, n = 3", "adj(A)", "A^2 - tr(A)*A + 1/2*(tr(A)^2 - tr(A^2))*eye(3)",
             "A^2 - tr(A)*A + 1/2*(tr(A)^2 + tr(A^2))*eye(3)", A3),
    Identity("third invariant of a deviator", "det(dev(A))", "1/3*tr(dev(A)^3)", "1/2*tr(dev(A)^3)", A3),
    Identity("second invariant of a deviator", "1/2*tr(dev(A)^2)", "1/2*tr(A^2) - 1/6*tr(A)^2", "1/2*tr(A^2) - 1/2*tr(A)^2", A3),
    Identity("length of a deviator", "norm2(dev(A))^2", "norm2(A)^2 - tr(A)^2/n", "norm2(A)^2 - tr(A)^2", shapes("A:n,n")),
)
"""Index notation, cross products, invariants."""

ABC = shapes("A:n,n B:n,n C:n,n")
TALL = shapes("A:n,m B:m,n")
KRON = shapes("A:n,m B:p,q C:m,r D:q,s")
SQUARES = shapes("A:n,n B:m,m")
WAYS = shapes("x:n y:n X:n,m c:")

MATRIX = (
    # inverses: Woodbury, push-through, Searle's set
    Identity("Woodbury", "inv(A + U*C*V)", "inv(A) - inv(A)*U*inv(inv(C) + V*inv(A)*U)*V*inv(A)",
             "inv(A) - inv(A)*U*inv(C + V*inv(A)*U)*V*inv(A)", shapes("A:n,n U:n,m C:m,m V:m,n")),
    Identity("Woodbury, difference", "inv(A - U*inv(D)*V)", "inv(A) + inv(A)*U*inv(D - V*inv(A)*U)*V*inv(A)",
             "inv(A) + inv(A)*U*inv(D + V*inv(A)*U)*V*inv(A)", shapes("A:n,n U:n,m D:m,m V:m,n")),
    Identity("push-through", "inv(eye(n) + A*B)*A", "A*inv(eye(m) + B*A)", "B'*inv(eye(m) + B*A)", TALL),
    Identity("push-through, ridge", "A'*inv(A*A' + c*eye(n))", "inv(A'*A + c*eye(m))*A'", "inv(A'*A + eye(m))*A'", shapes("A:n,m c:")),
    Identity("gain", "inv(inv(P) + B'*inv(R)*B)*B'*inv(R)", "P*B'*inv(B*P*B' + R)", "P*B'*inv(B*P*B' - R)",
             shapes("P:n,n R:m,m B:m,n"), {"P": "spd", "R": "spd"}),
    Identity("Sherman and Morrison", "inv(A + b*c')", "inv(A) - inv(A)*b*c'*inv(A)/(1 + c'*inv(A)*b)",
             "inv(A) - inv(A)*b*c'*inv(A)/(1 - c'*inv(A)*b)", shapes("A:n,n b:n c:n")),
    Identity("Sherman and Morrison, a number", "c'*inv(A + b*c')*b", "c'*inv(A)*b/(1 + c'*inv(A)*b)",
             "c'*inv(A)*b/(1 - c'*inv(A)*b)", shapes("A:n,n b:n c:n")),
    Identity("Searle 1", "inv(eye(n) + inv(A))", "A*inv(A + eye(n))", "inv(A)*inv(A + eye(n))", ABC),
    Identity("Searle 2", "inv(A + B*B')*B", "inv(A)*B*inv(eye(m) + B'*inv(A)*B)", "inv(A)*B*inv(eye(m) - B'*inv(A)*B)",
             shapes("A:n,n B:n,m")),
    Identity("Searle 3", "inv(inv(A) + inv(B))", "A*inv(A + B)*B", "inv(A + B)*A*B", ABC),
    Identity("Searle 4", "A - A*inv(A + B)*A", "B - B*inv(A + B)*B", "B + B*inv(A + B)*B", ABC),
    Identity("Searle 5", "inv(A) + inv(B)", "inv(A)*(A + B)*inv(B)", "inv(A)*inv(A + B)*inv(B)", ABC),
    Identity("Searle 6", "inv(eye(n) + A*B)", "eye(n) - A*inv(eye(m) + B*A)*B", "eye(n) - A*inv(eye(m) - B*A)*B", TALL),
    Identity("difference of inverses", "inv(A) - inv(B)", "inv(A)*(B - A)*inv(B)", "inv(A)*(A - B)*inv(B)", ABC),
    Identity("Hua", "inv(A) - inv(A)*inv(inv(A) + inv(B))*inv(A)", "inv(A + B)", "inv(A - B)", ABC),
    Identity("Cayley's orthogonal matrix", "((eye(n) - W)*inv(eye(n) + W))'*((eye(n) - W)*inv(eye(n) + W))", "eye(n)", "-eye(n)",
             shapes("W:n,n"), {"W": "skew"}),
    Identity("a projector", "(X*inv(X'*X)*X')^2", "X*inv(X'*X)*X'", "X*X'", shapes("X:n,m")),
    Identity("rank of a residual maker", "tr(eye(n) - X*inv(X'*X)*X')", "n - m", "n", shapes("X:n,m")),
    # determinants
    Identity("Sylvester", "det(eye(n) + A*B)", "det(eye(m) + B*A)", "det(eye(m) - B*A)", TALL),
    Identity("determinant lemma", "det(A + u*v')", "(1 + v'*inv(A)*u)*det(A)", "(1 - v'*inv(A)*u)*det(A)", shapes("A:n,n u:n v:n")),
    Identity("determinant lemma, adjugate", "det(A + u*v')", "det(A) + v'*adj(A)*u", "det(A) - v'*adj(A)*u", shapes("A:n,n u:n v:n")),
    Identity("determinant lemma, blocks", "det(A + U*V')", "det(A)*det(eye(m) + V'*inv(A)*U)", "det(eye(m) + V'*inv(A)*U)",
             shapes("A:n,n U:n,m V:n,m")),
    Identity("log-determinant of an update", "logdet(S + u*u')", "logdet(S) + log(1 + u'*inv(S)*u)", "logdet(S) + u'*inv(S)*u",
             shapes("S:n,n u:n"), {"S": "spd"}),
    Identity("a reflection", "det(eye(n) - 2*v*v'/(v'*v))", "-1", "1", shapes("v:n")),
    Identity("adjugate of a product", "adj(A*B)", "adj(B)*adj(A)", "adj(A)*adj(B)", ABC),
    Identity("determinant of an adjugate", "det(adj(A))", "det(A)^(n-1)", "det(A)^n", ABC),
    Identity("logdet of a scaled matrix", "logdet(c*S)", "n*log(c) + logdet(S)", "log(c) + logdet(S)", shapes("c: S:n,n"),
             {"c": "positive", "S": "spd"}),
    # Kronecker: The Matrix Cookbook 506 to 520
    Identity("MC 506", "kron(A, B + E)", "kron(A, B) + kron(A, E)", "kron(A, B) + kron(E, A)", shapes("A:n,n B:n,n E:n,n")),
    Identity("MC 508", "kron(A, kron(B, C))", "kron(kron(A, B), C)", "kron(kron(C, B), A)", shapes("A:n,n B:n,n C:n,n")),
    Identity("MC 509", "kron(a*A, b*B)", "a*b*kron(A, B)", "(a + b)*kron(A, B)", shapes("a: b: A:n,m B:p,q")),
    Identity("MC 510", "kron(A, B)'", "kron(A', B')", "kron(B', A')", shapes("A:n,m B:n,m")),
    Identity("MC 511", "kron(A, B)*kron(C, D)", "kron(A*C, B*D)", "kron(A*D, B*C)", shapes("A:n,n B:n,n C:n,n D:n,n")),
    Identity("MC 512", "inv(kron(A, B))", "kron(inv(A), inv(B))", "kron(inv(B), inv(A))", SQUARES),
    Identity("MC 515", "tr(kron(A, B))", "tr(A)*tr(B)", "tr(A) + tr(B)", SQUARES),
    Identity("MC 516", "det(kron(A, B))", "det(A)^m*det(B)^n", "det(A)^n*det(B)^m", SQUARES),
    Identity("MC 520", "vec(A*X*B)", "kron(B', A)*vec(X)", "kron(B, A)*vec(X)", shapes("A:n,n X:n,m B:m,m")),
    Identity("MC 521", "tr(A'*B)", "vec(A)'*vec(B)", "vec(A')'*vec(B)", shapes("A:n,n B:n,n")),
    Identity("MC 524", "a'*X*B*X'*c", "vec(X)'*kron(B, c*a')*vec(X)", "vec(X)'*kron(B, c*c')*vec(X)", shapes("a:n X:n,m B:m,m c:n"),
             {"B": "symmetric"}),
    Identity("Kronecker sum, trace", "tr(A ⊕ B)", "m*tr(A) + n*tr(B)", "n*tr(A) + m*tr(B)", SQUARES),
    Identity("Kronecker sum, exponential", "expm(A ⊕ B)", "kron(expm(A), expm(B))", "kron(expm(B), expm(A))", SQUARES),
    Identity("Kronecker, norm", "norm2(kron(A, B))", "norm2(A)*norm2(B)", "norm2(A) + norm2(B)", KRON),
    # commutation and duplication
    Identity("commutation, defined", "commutation(n, m)*vec(A)", "vec(A')", "vec(A)", shapes("A:n,m")),
    Identity("commutation, orthogonal", "commutation(n, m)*commutation(n, m)'", "eye(n*m)", "commutation(n, m)*commutation(n, m)"),
    Identity("commutation, both sides", "commutation(p, n)*kron(A, B)*commutation(m, q)", "kron(B, A)",
             "2*kron(B, A)", shapes("A:n,m B:p,q")),
    Identity("commutation, trace", "tr(commutation(n, n)*kron(A, B))", "tr(A*B)", "tr(A)*tr(B)", shapes("A:n,n B:n,n")),
    Identity("duplication, defined", "duplication(n)*vech(S)", "vec(S)", "2*vec(S)", shapes("S:n,n"), {"S": "symmetric"}),
    Identity("duplication, inverse on the left", "inv(duplication(n)'*duplication(n))*duplication(n)'*vec(A)",
             "vech(1/2*(A + A'))", "vech(A)", shapes("A:n,n")),
    Identity("duplication, symmetrizer", "duplication(n)*inv(duplication(n)'*duplication(n))*duplication(n)'",
             "1/2*(eye(n*n) + commutation(n, n))", "eye(n*n) + commutation(n, n)"),
    Identity("elimination after duplication", "elimination(n)*duplication(n)", "eye(n*(n+1)/2)", "2*eye(n*(n+1)/2)"),
    Identity("half-vectorised congruence", "vech(A*S*A')", "elimination(n)*kron(A, A)*duplication(n)*vech(S)",
             "elimination(n)*kron(A', A)*duplication(n)*vech(S)", shapes("A:n,n S:n,n"), {"S": "symmetric"}),
    # Hadamard and Khatri-Rao
    Identity("Hadamard, a form", "x'*(A.*B)*y", "tr(diag(x)*A*diag(y)*B')", "tr(diag(x)*A*diag(y)*B)",
             shapes("x:n y:n A:n,n B:n,n")),
    Identity("Hadamard, diagonal of a product", "diag(A*B)", "(A.*B')*ones(m)", "(A.*B')*ones(m)*2", TALL),
    Identity("Khatri-Rao, Gram matrix", "khatrirao(A, B)'*khatrirao(A, B)", "(A'*A).*(B'*B)", "(A'*A)*(B'*B)", shapes("A:n,m B:p,m")),
    Identity("Khatri-Rao, vec", "vec(A*diag(x)*B)", "khatrirao(B', A)*x", "khatrirao(A, B')*x", shapes("A:n,m B:m,n x:m")),
    # matrix functions
    Identity("expm, determinant", "det(expm(A))", "exp(tr(A))", "exp(det(A))", ABC),
    Identity("expm, half", "expm(1/2*A)^2", "expm(A)", "expm(2*A)", ABC),
    Identity("expm, skew", "expm(W)*expm(W)'", "eye(n)", "expm(2*W)", shapes("W:n,n"), {"W": "skew"}),
    Identity("expm, similar", "expm(B*A*inv(B))", "B*expm(A)*inv(B)", "inv(B)*expm(A)*B", ABC),
    Identity("logm, trace", "tr(logm(S))", "logdet(S)", "logdet(S) + 1", shapes("S:n,n"), {"S": "spd"}),
    Identity("sqrtm, squared", "sqrtm(S)*sqrtm(S)", "S", "S*S", shapes("S:n,n"), {"S": "spd"}),
    Identity("Cholesky", "chol(S)*chol(S)'", "S", "chol(S)'*chol(S)", shapes("S:n,n"), {"S": "spd"}),
    # elementwise functions
    Identity("softmax, shifted", "softmax(x + c*ones(n))", "softmax(x)", "softmax(c*x)", WAYS),
    Identity("softmax, logarithm", "log(softmax(x))", "x - logsumexp(x)*ones(n)", "x + logsumexp(x)*ones(n)", WAYS),
    Identity("tanh by sigmoid", "tanh(x)", "2*sigmoid(2*x) - ones(n)", "2*sigmoid(x) - ones(n)", WAYS),
    Identity("softplus, reflected", "softplus(x) - softplus(-x)", "x", "-x", WAYS),
    Identity("maximum by relu", "max(x, y)", "y + relu(x - y)", "x + relu(x - y)", WAYS),
    Identity("sine of a sum", "sin(x + y)", "sin(x).*cos(y) + cos(x).*sin(y)", "sin(x).*cos(y) - cos(x).*sin(y)", WAYS),
    Identity("logarithm of a square", "log(c^2)", "2*log(abs(c))", "log(abs(c))", WAYS),
    # norms
    Identity("parallelogram", "norm2(x + y)^2 + norm2(x - y)^2", "2*norm2(x)^2 + 2*norm2(y)^2", "norm2(x)^2 + norm2(y)^2", WAYS),
    Identity("norm of a multiple", "norm2(c*x)", "abs(c)*norm2(x)", "c*norm2(x)", WAYS),
    Identity("norm under rotation", "norm2(Q*x)", "norm2(x)", "norm1(x)", shapes("Q:n,n x:n"), {"Q": "orthogonal"}),
    Identity("Householder", "(eye(n) - 2*u*u')^2", "eye(n)", "eye(n) - 4*u*u'", shapes("u:n"), {"u": "unit"}),
    Identity("variance", "sum((x - sum(x)/n*ones(n)).^2)", "sum(x.^2) - sum(x)^2/n", "sum(x.^2) - sum(x)^2", WAYS),
    Identity("covariance of a multinomial", "(diag(p) - p*p')*ones(n)", "zeros(n)", "p", shapes("p:n"), {"p": "simplex"}),
    Identity("completing the square", "x'*S*x - 2*b'*x", "(x - inv(S)*b)'*S*(x - inv(S)*b) - b'*inv(S)*b",
             "(x - inv(S)*b)'*S*(x - inv(S)*b) + b'*inv(S)*b", shapes("S:n,n x:n b:n"), {"S": "spd"}),
)
"""Matrix notation."""

FRAME = {"equations": ["W'*W = eye(m)"]}
DECLARED = (
    Identity("orthonormal columns, a product", "W'*W*x", "x", "2*x", shapes("W:n,m x:m"), FRAME),
    Identity("orthonormal columns, a length", "norm2(W*x)", "norm2(x)", "norm2(x)^2", shapes("W:n,m x:m"), FRAME),
    Identity("orthonormal columns, a projector", "(W*W')^2", "W*W'", "eye(n)", shapes("W:n,m"), FRAME),
    Identity("weights that sum to one", "(eye(n) - ones(n)*y')*ones(n)", "zeros(n)", "ones(n)", shapes("y:n"),
             {"equations": ["sum(y) = 1"]}),
    Identity("an idempotent matrix", "(2*P - eye(n))^2", "eye(n)", "P", shapes("P:n,n"), {"equations": ["P^2 = P"]}),
    Identity("matrices that commute", "A*inv(B)", "inv(B)*A", "inv(B)*A*A", shapes("A:n,n B:n,n"), {"equations": ["A*B = B*A"]}),
)
"""Only where an equation holds that is declared."""

ALL = (*INDEX, *MATRIX, *DECLARED)
