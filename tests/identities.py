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
    Identity("trace of a delta", "t = delta_ii", "t = n", "t = 1", index_dims={"i": "n"}),
    Identity("deltas in a ring", "s = delta_ik delta_jl delta_ij delta_kl", "s = n", "s = n^2", index_dims=dims("ijkl", "n")),
    Identity("generalised delta, one index summed", "Q_jl = delta_ii delta_jl - delta_il delta_ji", "Q_jl = (n - 1) delta_jl",
             "Q_jl = n delta_jl", index_dims=dims("ijl", "n")),
    Identity("curvature of a surface, skew in two indices", "R_ijkl = H_ik H_jl - H_il H_jk", "R_ijkl = -H_jk H_il + H_jl H_ik",
             "R_ijkl = H_jk H_il - H_jl H_ik", shapes("H:n,n"), {"H": "symmetric"}),
    Identity("curvature of a surface, pairs exchanged", "R_ijkl = H_ik H_jl - H_il H_jk", "R_ijkl = H_ki H_lj - H_kj H_li",
             "R_ijkl = H_kj H_li - H_ki H_lj", shapes("H:n,n"), {"H": "symmetric"}),
    Identity("curvature of a surface, first Bianchi", "R_ijkl = H_ik H_jl - H_il H_jk + H_il H_kj - H_ij H_kl",
             "R_ijkl = H_ik H_lj - H_ij H_lk", "R_ijkl = H_ij H_lk - H_ik H_lj", shapes("H:n,n"), {"H": "symmetric"}),
    Identity("curvature of a surface, Ricci", "T_ijkl = H_ik H_jl - H_il H_jk; Q_jl = T_ijil", "Q_jl = H_ii H_jl - H_ij H_il",
             "Q_jl = H_ii H_jl + H_ij H_il", shapes("H:n,n"), {"H": "symmetric"}),
    Identity("curvature of a surface, scalar", "T_ijkl = H_ik H_jl - H_il H_jk; s = T_ijij", "s = H_ii H_jj - H_ij H_ij",
             "s = H_ii H_jj", shapes("H:n,n"), {"H": "symmetric"}),
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

# -- lists ---------------------------------------------------------------------------------


def rows(text: str) -> list[Identity]:
    """Lines ``lhs == rhs | sizes | facts`` as identities without a false twin."""
    found = []
    for line in text.strip().splitlines():
        claim, declared, facts = (*(part.strip() for part in line.split(" | ")), "", "")[:3]
        lhs, rhs = claim.split(" == ")
        found.append(Identity(claim, lhs, rhs, "", shapes(declared), dict(fact.split("=") for fact in facts.split())))
    return found


TEXTBOOK = rows("""
tr(A*B') == vec(A)'*vec(B) | A:n,m B:n,m
vec(A*B) == kron(eye(p),A)*vec(B) | A:n,m B:m,p
vec(A*B) == kron(B',eye(n))*vec(A) | A:n,m B:m,p
vec(x*y') == kron(y,x) | x:n y:m
kron(x,y') == x*y' | x:n y:m
kron(x',y) == y*x' | x:n y:m
tr(A*B*C*D) == vec(D')'*kron(C',A)*vec(B) | A:n,m B:m,p C:p,q D:q,n
commutation(n,m)*kron(y,x) == kron(x,y) | x:n y:m
tr(commutation(n,n)) == n
commutation(n,m)' == commutation(m,n)
commutation(n,n)*vec(S) == vec(S) | S:n,n | S=symmetric
commutation(p,n)*kron(A,x) == kron(x,A) | A:n,m x:p
kron(x,A) == commutation(p,n)*kron(A,x) | A:n,m x:p
1/2*(eye(n*n)+commutation(n,n))*vec(A) == vec(1/2*(A+A')) | A:n,n
(1/2*(eye(n*n)+commutation(n,n)))^2 == 1/2*(eye(n*n)+commutation(n,n))
duplication(n)'*vec(A) == vech(A + A' - A.*eye(n)) | A:n,n
elimination(n)*vec(S) == vech(S) | S:n,n
commutation(n,n)*duplication(n) == duplication(n)
tr(duplication(n)'*duplication(n)) == n^2
x'*S*x == vech(S)'*duplication(n)'*kron(x,x) | x:n S:n,n | S=symmetric
det(kron(A,A)) == det(A)^(2*n) | A:n,n
kron(A,B) == kron(A,eye(p))*kron(eye(m),B) | A:n,m B:p,q
kron(A,B)*kron(inv(A),inv(B)) == eye(n*m) | A:n,n B:m,m
expm(kron(eye(m),A)) == kron(eye(m),expm(A)) | A:n,n
tr(expm(A ⊕ B)) == tr(expm(A))*tr(expm(B)) | A:n,n B:m,m
(A ⊕ B)*vec(X) == vec(X*A' + B*X) | A:n,n B:m,m X:m,n
det(eye(n)+x*x') == 1 + x'*x | x:n
inv(eye(n)+x*x') == eye(n) - x*x'/(1+x'*x) | x:n
inv(S - x*x') == inv(S) + inv(S)*x*x'*inv(S)/(1 - x'*inv(S)*x) | S:n,n x:n | S=spd
inv(eye(n)-A) - eye(n) == A*inv(eye(n)-A) | A:n,n
inv(eye(n)-A)*(eye(n)-A^4) == eye(n)+A+A^2+A^3 | A:n,n
eye(n) - A^3 == (eye(n)-A)*(eye(n)+A+A^2) | A:n,n
inv(A - A*inv(A+B)*A) == inv(A)+inv(B) | A:n,n B:n,n
inv(A+B) == inv(A) - inv(A)*inv(inv(A)+inv(B))*inv(A) | A:n,n B:n,n
A*inv(A+B)*B == B*inv(A+B)*A | A:n,n B:n,n
A*B*inv(eye(n)+A*B) == A*inv(eye(m)+B*A)*B | A:n,m B:m,n
det(c*eye(n) + A*B) == c^(n-m)*det(c*eye(m) + B*A) | A:n,m B:m,n c: | c=nonzero
logdet(eye(n)+A*A') == logdet(eye(m)+A'*A) | A:n,m
tr(inv(eye(n)+A*B)) == n - m + tr(inv(eye(m)+B*A)) | A:n,m B:m,n
x'*inv(S+x*x')*x == x'*inv(S)*x/(1+x'*inv(S)*x) | S:n,n x:n | S=spd
det(A)*inv(A) == adj(A) | A:n,n
adj(A)*A == det(A)*eye(n) | A:n,n
adj(A') == adj(A)' | A:n,n
adj(c*A) == c^(n-1)*adj(A) | A:n,n c:
adj(inv(A)) == inv(adj(A)) | A:n,n
det(A + B)  == det(A)*det(eye(n) + inv(A)*B) | A:n,n B:n,n
det(A*B - eye(n)) == det(B*A - eye(n)) | A:n,n B:n,n
det(inv(A) - B) == det(eye(n) - A*B)/det(A) | A:n,n B:n,n
det(A*A')  == det(A)^2 | A:n,n
abs(det(Q)) == 1 | Q:n,n | Q=orthogonal
norm2(Q*A) == norm2(A) | Q:n,n A:n,m | Q=orthogonal
norm2(A*Q) == norm2(A) | Q:m,m A:n,m | Q=orthogonal
tr(Q'*A*Q) == tr(A) | Q:n,n A:n,n | Q=orthogonal
det(Q'*A*Q) == det(A) | Q:n,n A:n,n | Q=orthogonal
logdet(Q*S*Q') == logdet(S) | Q:n,n S:n,n | Q=orthogonal S=spd
Q*expm(A)*Q' == expm(Q*A*Q') | Q:n,n A:n,n | Q=orthogonal
W*W == -(W'*W) | W:n,n | W=skew
x'*W*y == -(y'*W*x) | W:n,n x:n y:n | W=skew
tr(W*S) == 0 | W:n,n S:n,n | W=skew S=symmetric
inv(eye(n)+W)' == inv(eye(n)-W) | W:n,n | W=skew
(eye(n)-W)*inv(eye(n)+W) == inv(eye(n)+W)*(eye(n)-W) | W:n,n | W=skew
expm(W)' == expm(-W) | W:n,n | W=skew
det(expm(W)) == 1 | W:n,n | W=skew
tr(A*W) == 1/2*tr((A-A')*W) | A:n,n W:n,n | W=skew
A : B == B : A | A:n,m B:n,m
(A*B) : C == B : (A'*C) | A:n,m B:m,p C:n,p
(A*B) : C == A : (C*B') | A:n,m B:m,p C:n,p
sum(A.*B) == tr(A'*B) | A:n,m B:n,m
(A.*B)' == A'.*B' | A:n,m B:n,m
x'*(A.*B)*x == tr(diag(x)*A*diag(x)*B') | x:n A:n,n B:n,n
diag(x)*A*diag(y) == (x*y').*A | x:n A:n,m y:m
diag(A*diag(x)*B') == (A.*B)*x | A:n,m x:m B:n,m
ones(n)'*(A.*B)*ones(m) == tr(A*B') | A:n,m B:n,m
(x*y').*(u*v') == (x.*u)*(y.*v)' | x:n y:m u:n v:m
kron(A,B).*kron(C,D) == kron(A.*C,B.*D) | A:n,m C:n,m B:p,q D:p,q
kron(A,B)*khatrirao(C,D) == khatrirao(A*C,B*D) | A:n,m B:p,q C:m,r D:q,r
sum(softmax(x)) == 1 | x:n
softmax(x + c*ones(n)) == softmax(x) | x:n c:
logsumexp(x + c*ones(n)) == c + logsumexp(x) | x:n c:
diff(logsumexp(x),x) == softmax(x) | x:n
jacobian(softmax(x),x)*ones(n) == zeros(n) | x:n
jacobian(softmax(x),x) == diag(softmax(x)) - softmax(x)*softmax(x)' | x:n
sigmoid(-x) == ones(n) - sigmoid(x) | x:n
log(sigmoid(x)) == -softplus(-x) | x:n
diff(sum(softplus(x)),x) == sigmoid(x) | x:n
sigmoid(x).*(ones(n)-sigmoid(x)) == exp(-x)./(ones(n)+exp(-x)).^2 | x:n
tanh(x).^2 + 1 ./ cosh(x).^2 == ones(n) | x:n
cosh(x).^2 - sinh(x).^2 == ones(n) | x:n
sinh(2*x) == 2*sinh(x).*cosh(x) | x:n
cos(x).^2 == 1/2*(ones(n)+cos(2*x)) | x:n
cos(x-y) == cos(x).*cos(y) + sin(x).*sin(y) | x:n y:n
sin(x+y).*sin(x-y) == sin(x).^2 - sin(y).^2 | x:n y:n
tan(x) == sin(x)./cos(x) | x:n
exp(x).*exp(-x) == ones(n) | x:n
log(exp(x)) == x | x:n
exp(2*log(x)) == x.^2 | x:n | x=positive
log(x.^3) == 3*log(x) | x:n | x=positive
log(x./y) == log(x) - log(y) | x:n y:n | x=positive y=positive
sqrt(x).*sqrt(x) == x | x:n | x=positive
sqrt(x.*y) == sqrt(x).*sqrt(y) | x:n y:n | x=positive y=positive
1/sqrt(c) == sqrt(c)/c | c: | c=positive
relu(x) - relu(-x) == x | x:n
relu(x) + relu(-x) == abs(x) | x:n
max(x,y) + min(x,y) == x + y | x:n y:n
max(x,y) == 1/2*(x+y+abs(x-y)) | x:n y:n
abs(x.*y) == abs(x).*abs(y) | x:n y:n
norm2(c*x) == abs(c)*norm2(x) | c: x:n
norm2(x - y)^2 == norm2(x)^2 + norm2(y)^2 - 2*x'*y | x:n y:n
norm2(x+y)^2 - norm2(x-y)^2 == 4*x'*y | x:n y:n
norm2(x*y') == norm2(x)*norm2(y) | x:n y:m
norm2(A)^2 == tr(A*A') | A:n,m
norm2(x/norm2(x)) == 1 | x:n
norm2(cross(a,b))^2 + (a'*b)^2 == (a'*a)*(b'*b) | a:3 b:3
cross(a,b) == -cross(b,a) | a:3 b:3
cross(a,a) == zeros(3) | a:3
skew(a)' == -skew(a) | a:3
skew(a)*b == cross(a,b) | a:3 b:3
skew(cross(a,b)) == b*a' - a*b' | a:3 b:3
skew(a)*skew(b) == b*a' - (a'*b)*eye(3) | a:3 b:3
cross(cross(a,b),c) == b*(a'*c) - a*(b'*c) | a:3 b:3 c:3
cross(A*a,A*b) == det(A)*inv(A)'*cross(a,b) | A:3,3 a:3 b:3
skew(Q*a) == det(Q)*Q*skew(a)*Q' | Q:3,3 a:3 | Q=orthogonal
tr(skew(a)*skew(b)) == -2*a'*b | a:3 b:3
det(skew(a)) == 0 | a:3
det(eye(3)+skew(a)) == 1 + a'*a | a:3
expm(skew(a))*a == a | a:3
tr(dev(A)) == 0 | A:n,n
dev(dev(A)) == dev(A) | A:n,n
sym(A) : W == 0 | A:n,n W:n,n | W=skew
sym(sym(A)) == sym(A) | A:n,n
dev(A) : B == dev(A) : dev(B) | A:3,3 B:3,3
diff(det(F),F) == det(F)*inv(F)' | F:n,n
diff(1/2*tr(F'*F),F) == F | F:n,n
diff(tr(C),C) == eye(n) | C:n,n
diff(1/2*(tr(C)^2 - tr(C^2)),C) == tr(C)*eye(n) - C' | C:n,n
diff(log(det(F)),F) == inv(F)' | F:n,n
diff(log(det(F'*F)),F) == 2*inv(F)' | F:n,n
diff(-1/2*(x-m)'*inv(S)*(x-m),m) == inv(S)*(x-m) | x:n m:n S:n,n | S=spd
diff(-1/2*logdet(S) - 1/2*x'*inv(S)*x, S) == -1/2*inv(S) + 1/2*inv(S)*x*x'*inv(S) | x:n S:n,n | S=spd
diff(norm2(y - X*b)^2, b) == -2*X'*(y - X*b) | y:n X:n,m b:m
X'*(y - X*inv(X'*X)*X'*y) == zeros(m) | X:n,m y:n
(eye(n)-X*inv(X'*X)*X')*X == zeros(n,m) | X:n,m
inv(X'*X + c*eye(m))*X' == X'*inv(X*X' + c*eye(n)) | X:n,m c:
(eye(n)-ones(n)*ones(n)'/n)^2 == eye(n)-ones(n)*ones(n)'/n
ones(n)'*(eye(n)-ones(n,n)/n) == zeros(n)'
sum((x - sum(x)/n*ones(n)).*(y - sum(y)/n*ones(n))) == x'*y - sum(x)*sum(y)/n | x:n y:n
(diag(p) - p*p')*ones(n) == zeros(n) | p:n | p=simplex
p'*(x - (p'*x)*ones(n)).^2 == p'*(x.*x) - (p'*x)^2 | p:n x:n | p=simplex
u*u'*u == u | u:n | u=unit
(eye(n)-u*u')^2 == eye(n)-u*u' | u:n | u=unit
det(eye(n)-2*u*u') == -1 | u:n | u=unit
chol(S)*chol(S)' == S | S:n,n | S=spd
logdet(S) == 2*sum(log(diag(chol(S)))) | S:n,n | S=spd
sqrtm(S)*inv(sqrtm(S)) == eye(n) | S:n,n | S=spd
tr(logm(S)) == logdet(S) | S:n,n | S=spd
logdet(inv(S)) == -logdet(S) | S:n,n | S=spd
logdet(S*T) == logdet(S) + logdet(T) | S:n,n T:n,n
logdet(A'*A) == 2*logdet(A) | A:n,n
logdet(kron(A,B)) == m*logdet(A) + n*logdet(B) | A:n,n B:m,m
A^2*A^3 == A^5 | A:n,n
(A^2)^3 == A^6 | A:n,n
A^k*A == A^(k+1) | A:n,n
A^-2 == inv(A*A) | A:n,n
(A')^3 == (A^3)' | A:n,n
tr(A^k) == tr((A')^k) | A:n,n
det(A^-1) == 1/det(A) | A:n,n
(B*A*inv(B))^3 == B*A^3*inv(B) | A:n,n B:n,n
(A+B)^2 == A^2+A*B+B*A+B^2 | A:n,n B:n,n
(A+B)*(A-B) == A^2 - A*B + B*A - B^2 | A:n,n B:n,n
A*(B*C-C*B)+B*(C*A-A*C)+C*(A*B-B*A)-((B*C-C*B)*A+(C*A-A*C)*B+(A*B-B*A)*C) == zeros(n,n) | A:n,n B:n,n C:n,n
tr(A*(B*C-C*B)) == tr((A*B-B*A)*C) | A:n,n B:n,n C:n,n
A*X*inv(X) == A | A:m,n X:n,n
solve(A,A*x) == x | A:n,n x:n
solve(A,B) == inv(A)*B | A:n,n B:n,m
(A')^-1 == (A^-1)' | A:n,n
x*y'*z == (y'*z)*x | x:n y:m z:m
(x'*y)^2 == x'*(y*y')*x | x:n y:n
x'*A*y == tr(A*y*x') | x:n A:n,m y:m
L_ij = A_ik B_kj + C_ij == R_ij = (A*B+C)_ij | A:n,m B:m,p C:n,p
s = A_ij B_ij == s = tr(A'*B) | A:n,m B:n,m
w_i = eps_ijk S_jk == w_i = a_i - a_i | S:3,3 a:3 | S=symmetric
T_ijk = delta_ij x_k == T_ijk = x_k delta_ji | x:n
""")
"""True ones of textbooks: Magnus & Neudecker, Bernstein, mechanics, statistics, machine learning."""

MISTAKES = rows("""
vec(A*X*B) == kron(A,B')*vec(X) | A:n,n X:n,n B:n,n
vec(A') == vec(A) | A:n,n
tr(A*B*C) == tr(C*B*A) | A:n,n B:n,n C:n,n
tr(A*B) == tr(A)*tr(B) | A:n,n B:n,n
tr(A^2) == tr(A)^2 | A:n,n
tr(A'*A) == tr(A)^2 | A:n,n
det(A+B) == det(A)+det(B) | A:n,n B:n,n
det(c*A) == c*det(A) | A:n,n c:
det(-A) == det(A) | A:n,n
det(A.*B) == det(A)*det(B) | A:n,n B:n,n
det(kron(A,B)) == det(A)*det(B) | A:n,n B:m,m
logdet(A+B) == logdet(A)+logdet(B) | A:n,n B:n,n
logdet(c*S) == c*logdet(S) | S:n,n c: | S=spd c=positive
log(det(A)) == tr(log(A)) | A:n,n
expm(A+B) == expm(A)*expm(B) | A:n,n B:n,n
exp(A) == expm(A) | A:n,n
expm(A) == eye(n)+A | A:n,n
expm(A) == eye(n)+A+1/2*A^2+1/6*A^3+1/24*A^4+1/120*A^5+1/720*A^6+1/5040*A^7 | A:n,n
inv(A+B) == inv(A)+inv(B) | A:n,n B:n,n
inv(A.*B) == inv(A).*inv(B) | A:n,n B:n,n
inv(A)' == A' | A:n,n
inv(A*B) == inv(A)*inv(B) | A:n,n B:n,n
inv(eye(n)+A) == eye(n) - A | A:n,n
inv(eye(n)+A) == eye(n) - A + A^2 - A^3 | A:n,n
inv(A+x*x') == inv(A) - inv(A)*x*x'*inv(A) | A:n,n x:n
inv(A+B) == inv(A) - inv(A)*B*inv(A) | A:n,n B:n,n
det(eye(n)+x*y') == 1 - x'*y | x:n y:n
det(A + x*y') == det(A) + x'*adj(A)*y | A:n,n x:n y:n
adj(A*B) == adj(A)*adj(B) | A:n,n B:n,n
adj(c*A) == c*adj(A) | A:n,n c:
adj(A) == inv(A) | A:n,n
pinv(A)*A == eye(m) | A:n,m
pinv(A*B) == pinv(B)*pinv(A) | A:n,m B:m,p
(A*B)' == A'*B' | A:n,n B:n,n
(A*B)^2 == A^2*B^2 | A:n,n B:n,n
(A+B)^2 == A^2+2*A*B+B^2 | A:n,n B:n,n
(A+B)*(A-B) == A^2-B^2 | A:n,n B:n,n
A*B == B*A | A:n,n B:n,n | A=spd B=spd
(A*B)' == A*B | A:n,n B:n,n | A=symmetric B=symmetric
A*W == W*A | A:n,n W:n,n | A=symmetric W=skew
W*W == W'*W | W:n,n | W=skew
tr(W*A) == 0 | W:n,n A:n,n | W=skew
det(Q) == 1 | Q:n,n | Q=orthogonal
Q == Q' | Q:n,n | Q=orthogonal
norm2(A*Q*x) == norm2(A*x) | A:n,n Q:n,n x:n | Q=orthogonal
norm1(Q*x) == norm1(x) | Q:n,n x:n | Q=orthogonal
tr(Q) == n | Q:n,n | Q=orthogonal
norm2(x+y) == norm2(x)+norm2(y) | x:n y:n
norm2(A*x) == norm2(A)*norm2(x) | A:n,m x:m
norm2(A*B) == norm2(A)*norm2(B) | A:n,m B:m,p
norm1(A) == norm2(A) | A:n,m
norm2(x)^2 == sum(x)^2 | x:n
sum(A*B) == sum(A)*sum(B) | A:n,m B:m,p
sum(x.*y) == sum(x)*sum(y) | x:n y:n
diag(A*B) == diag(A).*diag(B) | A:n,n B:n,n
diag(diag(A)) == A | A:n,n
kron(A,B) == kron(B,A) | A:n,n B:n,n
kron(A,B)*kron(C,D) == kron(A*D,B*C) | A:n,n B:n,n C:n,n D:n,n
kron(A,B)' == kron(B',A') | A:n,m B:p,q
kron(A,B)' == kron(B',A') | A:n,n B:n,n
tr(kron(A,B)) == tr(A*B) | A:n,n B:n,n
expm(kron(A,B)) == kron(expm(A),expm(B)) | A:n,n B:m,m
A ⊕ B == B ⊕ A | A:n,n B:n,n
commutation(n,m)*vec(A) == vec(A) | A:n,m
commutation(n,m)*commutation(n,m) == eye(n*m)
duplication(n)*vech(A) == vec(A) | A:n,n
elimination(n)*duplication(n) == eye(n*n)
duplication(n)'*duplication(n) == eye(n*(n+1)/2)
vech(A*B) == elimination(n)*kron(A,B)*duplication(n)*vech(eye(n)) | A:n,n B:n,n
log(x+y) == log(x)+log(y) | x:n y:n | x=positive y=positive
log(x.^2) == 2*log(x)+1e-7*ones(n) | x:n | x=positive
sqrt(x+y) == sqrt(x)+sqrt(y) | x:n y:n | x=positive y=positive
sqrt(c^2) == c | c:
sqrt(c^2*d^2) == c*d | c: d:
(c^2)^(1/2) == c | c:
abs(a+b) == abs(a)+abs(b) | a: b:
abs(x) == x | x:n
exp(x+y) == exp(x)+exp(y) | x:n y:n
exp(a*b) == exp(a)*exp(b) | a: b:
sin(x)^2 == sin(x^2) | x:
sin(2*x) == 2*sin(x) | x:n
cos(x+y) == cos(x).*cos(y)+sin(x).*sin(y) | x:n y:n
tanh(x) == sigmoid(2*x) | x:n
softplus(x) == relu(x) | x:n
softmax(2*x) == softmax(x) | x:n
softmax(x) == exp(x) | x:n
logsumexp(x) == log(sum(x)) | x:n | x=positive
logsumexp(x) == max(x[1],x[2]) | x:2
relu(x+y) == relu(x)+relu(y) | x:n y:n
relu(x)*relu(y) == relu(x*y) | x: y:
max(x,y) == x+y | x:n y:n
sign(x+y) == sign(x)+sign(y) | x:n y:n
cross(a,b) == cross(b,a) | a:3 b:3
cross(cross(a,b),c) == cross(a,cross(b,c)) | a:3 b:3 c:3
a'*cross(b,c) == b'*cross(a,c) | a:3 b:3 c:3
skew(a)*skew(b) == skew(cross(a,b)) | a:3 b:3
det(eye(3)+skew(a)) == 1 + norm2(a) | a:3
cross(A*a,A*b) == A*cross(a,b) | A:3,3 a:3 b:3
A^3 - tr(A)*A^2 + 1/2*(tr(A)^2-tr(A^2))*A == det(A)*eye(n) | A:n,n
det(eye(n)+A) == 1 + tr(A) + det(A) | A:n,n
det(eye(3)+A) == 1 + tr(A) + det(A) | A:3,3
tr(inv(A)) == 1/tr(A) | A:n,n
tr(A)^2 - tr(A^2) == 2*det(A) | A:n,n
diff(x'*A*x,x) == 2*A*x | A:n,n x:n
diff(tr(X^2),X) == 2*X | X:n,n
diff(det(X),X) == det(X)*inv(X) | X:n,n
diff(logdet(X),X) == inv(X) | X:n,n
diff(inv(X),X) == D_ijkl = -inv(X)_ik inv(X)_jl | X:n,n
diff(inv(X),X) == D_ijkl = inv(X)_ik inv(X)_lj | X:n,n
diff(norm2(x),x) == x | x:n
diff(norm2(A*x-b)^2,x) == A'*(A*x-b) | A:m,n x:n b:m
diff(tr(expm(X)),X) == expm(X) | X:n,n
diff(expm(t*A),t) == t*expm(t*A) | A:n,n t:
diff(softmax(x),x) == diag(softmax(x)) | x:n
jacobian(X',X) == eye(n*m) | X:n,m
jacobian(X*X',X) == kron(X,eye(n))+kron(eye(n),X) | X:n,n
jacobian(inv(X),X) == -kron(inv(X),inv(X)') | X:n,n
diff(a'*inv(X)*b,X) == -inv(X)*a*b'*inv(X) | X:n,n a:n b:n
diff(sum(abs(x)),x) == ones(n) | x:n
diff(x'*A*x,x,2) == 2*A | A:n,n x:n
x'*A*y == y'*A*x | A:n,n x:n y:n
x*y' == y*x' | x:n y:n
x*y'*z == (y'*x)*z | x:n y:n z:n
(x'*y)^2 == (x'*x)*(y'*y) | x:n y:n
x'*A*x == tr(A)*x'*x | A:n,n x:n
x'*inv(A)*x == 1/(x'*A*x) | A:n,n x:n
p'*p == 1 | p:n | p=simplex
diag(p) - p*p' == zeros(n,n) | p:n | p=simplex
u'*A*u == tr(A) | u:n A:n,n | u=unit
(eye(n)-u*u')^2 == eye(n)+u*u' | u:n | u=unit
chol(S)'*chol(S) == S | S:n,n | S=spd
sqrtm(S+T) == sqrtm(S)+sqrtm(T) | S:n,n T:n,n | S=spd T=spd
dev(A*B) == dev(A)*dev(B) | A:n,n B:n,n
dev(A) == A - 1/3*tr(A)*eye(n) | A:n,n
sym(A*B) == sym(A)*sym(B) | A:n,n B:n,n
A : B == tr(A*B) | A:n,n B:n,n
X*inv(X'*X)*X' == eye(n) | X:n,m
inv(X'*X + c*eye(m)) == inv(X'*X) + eye(m)/c | X:n,m c:
tr(X*inv(X'*X)*X') == n | X:n,m
(eye(n)-ones(n)*ones(n)')^2 == eye(n)-ones(n)*ones(n)'
L_ij = A_ik B_jk == R_ij = (A*B)_ij | A:n,n B:n,n
L_i = A_ij x_j == R_i = A_ji x_j | A:n,n x:n
s = A_ij B_ji == s = A_ij B_ij | A:n,n B:n,n
x'*A*x == 1.0000001*x'*A*x | A:n,n x:n
inv(A) == inv(A + 0.0000001*eye(n)) | A:n,n
expm(A) == expm(A)*1.0000001 | A:n,n
softmax(x) == softmax(x) + 0.0000001*ones(n) | x:n
""")
"""False ones: what people write down in a hurry, and near misses."""
