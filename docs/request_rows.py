"""What users of such tools ask for in public: one row a request, with what answers it.

``says`` is the request in our words, ``by`` what is run: commands as they are typed, and examples in Python
that begin with ``>>>``.  ``lacks`` says what is not answered; a row without it is answered in full.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A request."""

    number: int
    says: str
    where: str
    by: str
    note: str = ""
    lacks: str = ""


SYMPY = "sympy/sympy#"

ROWS = (
    # -- derivatives that were missing or wrong ----------------------------------------------
    Row(1, "Differentiate a product of matrices by one of them.", SYMPY + "10509",
        """tensorcalc derive "A B" --wrt A"""),
    Row(2, "Differentiate `v t + r` by the vector `r`, without writing vectors as n x 1 matrices.", SYMPY + "10989",
        """tensorcalc derive "v t + r" --wrt r --var t="""),
    Row(3, "The Hessian of a quadratic form, with symbols.", SYMPY + "9840",
        """tensorcalc derive "1/2 x' H x + c' x" --wrt x --order 2 --var c=n --form matrix
tensorcalc derive "1/2 x' H x + c' x" --wrt x --order 2 --var c=n --assume H=symmetric --form matrix"""),
    Row(4, "Matrix derivatives that are right, and the same in every view of them.", SYMPY + "17229",
        """tensorcalc derive "x' A x" --wrt x
tensorcalc verify "diff(x' A x, x) == A x + A' x"
tensorcalc derive "x' A x" --wrt y""",
        "All forms are written from one object. What does not occur is an error, never 0."),
    Row(5, "The derivative of `tr(A) A` by `A` is an array with four axes.", SYMPY + "15667",
        """tensorcalc derive "tr(A) A" --wrt A"""),
    Row(6, "`tr(X² B)` came out wrong.", SYMPY + "15136",
        """tensorcalc derive "tr(X^2 B)" --wrt X --form matrix
tensorcalc verify "diff(tr(X^2 B), X) == (X B + B X)'\"""",
        "This is eq. 107 of The Matrix Cookbook; [that page](cookbook.md) has all the others."),
    Row(7, "An energy in `I₁ - 3` came out with derivative 0.", SYMPY + "25118",
        """tensorcalc derive "J = tr(F' F); c/2 (J - 3)" --wrt F --form matrix
tensorcalc derive "c/2 (tr(C) - 3) - c/2 logdet(C)" --wrt C --assume C=spd --form matrix"""),
    Row(8, "Differentiate `Aⁿ` with a symbol as exponent.", SYMPY + "15650",
        """tensorcalc derive "tr(A^n)" --wrt A --form matrix
tensorcalc derive "A^n" --wrt A --form kronecker
tensorcalc derive "A^(1/2)" --wrt A"""),
    Row(9, "A vector by itself is the identity.", SYMPY + "16398",
        """tensorcalc derive "x" --wrt x --form matrix --form index"""),
    Row(10, "A matrix by a number.", SYMPY + "23364",
        """tensorcalc derive "a A + a^2 B" --wrt a --form matrix
tensorcalc derive "inv(A + a B)" --wrt a --form matrix"""),
    Row(11, "Two ways to ask gave two answers.", SYMPY + "24859",
        """tensorcalc derive "tr(inv(X) A)" --wrt X --form matrix
tensorcalc evaluate "diff(tr(inv(X) A), X)" "X=[[2,0],[0,4]]" "A=[[1,4],[2,3]]"
tensorcalc verify "diff(tr(inv(X) A), X) == -(inv(X) A inv(X))'\"""",
        "`derive`, `diff(…)` in a formula, `verify` and `check` differentiate by one function."),
    # -- indices -----------------------------------------------------------------------------
    Row(12, "Sums that the author chooses: an index thrice, an index that repeats and stays.", SYMPY + "9284",
        """tensorcalc derive "C_ij = x_i A_ij y_j" --wrt A --form index --form einsum
tensorcalc derive "s = x_i y_i z_i" --wrt y --form matrix --form index
tensorcalc derive "x_i y_i z_i" --wrt y""",
        "With a left side everything that is not on it is summed, what is on it is not."),
    Row(13, "`½ h_j h_j` by `h_i`, by Kronecker deltas.", SYMPY + "9185",
        """tensorcalc derive "1/2 h_j h_j" --wrt h --form index --steps --notation index"""),
    Row(14, "The derivative of an abstract tensor expression stays unevaluated.", SYMPY + "18048",
        """tensorcalc derive "T_ijk x_j x_k" --wrt x --form index
tensorcalc derive "s = A_i B_ij A_j" --wrt A --form index"""),
    Row(15, "A partial derivative swaps the order of indices, and sums over it come out wrong.", SYMPY + "23073",
        """tensorcalc derive "v_i = G_ij x_j + T_ijk x_j x_k" --wrt x --form index
tensorcalc derive "v_i = G_ij x_j" --wrt x --contract "P_ji = D_ij" --form matrix
tensorcalc verify "C_kij = P_kij + P_kji == C_kij = P_kij + P_ikj\"""",
        "Every answer names its axes in order; another order is asked for by `--contract`."),
    Row(16, "From einsum strings to symbolic arrays, and back.", SYMPY + "24692",
        """>>> U = tc.from_einsum("ij,jk->ik", "A", "B")
>>> print(U, U.to("einsum"), U.to("index"), sep="\\n")
>>> U.to_sympy()
>>> U.derivative("A").to_sympy()
>>> import sympy
>>> X, Y = sympy.MatrixSymbol("X", 2, 3), sympy.MatrixSymbol("Y", 3, 2)
>>> print(tc.from_sympy(sympy.Trace(X * Y)).gradient("X"))
>>> U.derivative("A").to("einsum")"""),
    Row(17, "`.jacobian` orders its indices another way, and nothing says so.", SYMPY + "28960",
        """tensorcalc derive "A X" --wrt X --form kronecker
tensorcalc derive "A X" --wrt X --form kronecker --layout denominator""",
        "[Conventions](conventions.md) has the rest."),
    Row(18, "A simplification merged a sum of Kronecker products by a false identity.", SYMPY + "30273",
        """tensorcalc verify "kron(A, B) + kron(C, D) == kron(A + C, B + D)" --var A=n,n --var B=n,n
tensorcalc verify "kron(A, B) + kron(A, D) == kron(A, B + D)\""""),
    Row(19, "Show the main steps.", SYMPY + "19928",
        """tensorcalc derive "logdet(X' X)" --wrt X --form matrix --steps"""),
    Row(20, "The answer and its steps were in different forms.", "sympy/sympy_gamma#106",
        """tensorcalc derive "sum(exp(A x))" --wrt x --form matrix --steps --detail full""",
        "The tests read each line back and evaluate it, and the last is the answer itself."),
    Row(21, "An online shell that never finishes loading.", "sympy/live#21",
        """tensorcalc serve --help""",
        "The page is served by this machine to itself; nothing is loaded from anywhere else."),
    Row(22, "Generated code that does not run: `(2).dot(A)`.", SYMPY + "15827",
        """tensorcalc code "tr(A' A)" --wrt A
tensorcalc code "2 A"
tensorcalc evaluate "2 A" "A=[1,2; 3,4]\"""",
        "Generated modules are executed by the tests, for each of the three libraries."),
    Row(23, "A symbolic backend for contractions.", "dgasmith/opt_einsum#242",
        """>>> A, B, x = tc.tensor("A", "m", "n"), tc.tensor("B", "n", "p"), tc.tensor("x", "p")
>>> y = tc.einsum("ij,jk,k->i", A, B, x)
>>> print(y, y.shape, y.to("index"), sep="\\n")
>>> print(tc.einsum("i,i->", y, y).gradient("x"))
>>> y.to_sympy()
tensorcalc diagram "einsum('ij,jk,k->i', A, B, x)" --plan --format dot"""),
    # -- errors that name the index ------------------------------------------------------------
    Row(24, "A mismatch of shape and subscripts, said clearly.", "dgasmith/opt_einsum#130",
        """tensorcalc evaluate "einsum('ijk,kl->ijl', A, B)" "A=[[1,2],[3,4]]" "B=[[1,2],[3,4]]\""""),
    Row(25, "The letter, the sizes and the operand in the message.", "pytorch/pytorch#58380",
        """tensorcalc evaluate "einsum('ik,kj->ij', A, B)" "A=[[1,2,3]]" "B=[[1,2],[3,4]]\""""),
    Row(26, "`einsum` blames an index that is right.", "numpy/numpy#11221",
        """tensorcalc derive "C_il = A_ij B_jk C_kl" --wrt B --var A=2,3 --var B=3,4 --var C=5,6
tensorcalc derive "einsum('ij,jk->il', A, B)" --wrt A"""),
    Row(27, "`tensordot` says that shapes mismatch, and not which axes.", "numpy/numpy#31998",
        """tensorcalc derive "C_ijm = A_ijkl B_klm" --wrt B --var A=2,3,4,5 --var B=5,4,6"""),
    # -- batches -----------------------------------------------------------------------------
    Row(28, "The Jacobian of a batch, of shape (batch, out, in) and not (batch, out, batch, in).", "pytorch/pytorch#37129",
        """tensorcalc derive "Y_bi = tanh(W_ij X_bj)" --wrt X --contract "J_bip = D_bibp" --form index --form einsum""",
        "The axis of the batch stays one index; no array with two of them is made."),
    Row(29, "The same for a network: no extra axis of the batch.", "google-deepmind/dm-haiku#35",
        """tensorcalc code "Y_bi = V_ik tanh(W_kj X_bj)" --wrt X --contract "J_bip = D_bibp\""""),
    Row(30, "`F_ij F_ij` over a stack of matrices gives an array of shape (100, 3, 3, 100).", "jax-ml/jax#4127",
        """tensorcalc derive "E_b = F_bij F_bij" --wrt F --var F=b,3,3 --contract "G_bij = D_bbij" --form index --form einsum"""),
    # -- shapes of Jacobians -------------------------------------------------------------------
    Row(31, "The Jacobian by a matrix: flattened or not?", "EnzymeAD/Enzyme.jl#1332",
        """>>> U = tc.read("A X")
>>> print(U.derivative("X").shape, U.derivative("X"))
>>> print(U.jacobian("X").shape, U.jacobian("X"))
>>> print(U.jacobian("X", vec="C"))""",
        "Both: `derivative` has all the axes, `jacobian` is a matrix, by columns or by rows."),
    Row(32, "A Jacobian that is always a matrix.", "pytorch/pytorch#94398",
        """tensorcalc evaluate "jacobian(A X, X)" "A=[[1,2],[3,4]]" "X=[[1,0],[0,1]]\""""),
    # -- Hessians and memory -------------------------------------------------------------------
    Row(33, "One entry of a Hessian; and its symmetries.", "jax-ml/jax#8441",
        """tensorcalc evaluate "diff(sum(exp(A x)), x, 2)[1,2]" "A=[[1,2],[3,4]]" "x=[0,0]"
tensorcalc verify "diff(sum(exp(A x)), x, 2) == diff(sum(exp(A x)), x, 2)'"
>>> print(tc.read("diff(sum(exp(A x)), x, 2)[1,2]", A=["m", "n"]).code())""",
        "The entry is a formula of its own, and the rest is not computed. A symmetry is proved as any identity is."),
    Row(34, "A second derivative that wants 551 GB for an answer of 221 MB.", "jax-ml/jax#787",
        """>>> f = tc.read("sum(exp(A x))", A=[300000, 200000], x=[200000])
>>> H = f.hessian("x")
>>> print(H, H.shape)
>>> print(tc.hvp(f, "x", "v"))
tensorcalc diagram "A' (exp(A x) .* (A v))" --plan --format dot --var A=300000,200000
tensorcalc evaluate "ones(n, n)" n=200000""",
        "The formula comes first, and its plan says what it costs before anything is computed; too much is refused. A product "
        "with a direction needs no more than `A` itself; `H.structured(…)` solves systems "
        "[without the array](structured.md)."),
    Row(35, "The Hessian of a network as a matrix.", "jax-ml/jax#2682",
        """>>> loss = tc.read("logsumexp(W x + b) - y' (W x + b)", W=["k", "n"], x=["n"], b=["k"], y=["k"])
>>> H = loss.hessian(["W", "b"])
>>> print(H)
>>> print(H(W=[[1, 0], [0, 1], [1, 1]], x=[1, 2], b=[0, 0, 0], y=[1, 0, 0]).shape)"""),
    Row(36, "The diagonal of a Hessian with (5 · 10000)² entries.", "tensorflow/tensorflow#20570",
        """tensorcalc derive "sum(log(1 + norm2(X)^2) X.^3)" --wrt X --order 2 --contract "d_ij = D_ijij" --form matrix"""),
    Row(37, "Hessians layer by layer.", "gknilsen/pyhessian#1",
        """>>> loss = tc.read("norm2(V tanh(W x) - y)^2", V=["p", "k"], y=["p"])
>>> print(loss.hessian("V"))
>>> print(loss.hessian("W", "V"))"""),
    Row(38, "The full Hessian and the Gauss-Newton matrix of convolutions and batch normalisation.", "cybertronai/pytorch-sso#2",
        """tensorcalc derive "Y_bt = relu(T_tsj X_bs W_j)" --wrt W --form index
tensorcalc derive "U = X - ones(n, n) X / n; v = diag(U' U) / n; U diag(v.^(-1/2)) W" --wrt W --form kronecker
tensorcalc derive "U = X - ones(n, n) X / n; v = diag(U' U) / n; norm2(U diag(v.^(-1/2)) - Y)^2" --wrt X --form matrix
>>> print(tc.read("jacobian(W X, W)' jacobian(W X, W)"))""",
        "A convolution is a contraction with the constant tensor `T`, which is 1 where s = t + j. Normalisation is written out. "
        "The last line is a Gauss-Newton matrix."),
    Row(39, "Why is the Hessian of softmax with cross-entropy `diag(p) - p p'`?",
        "JavierAntoran/Bayesian-Neural-Networks#22",
        """tensorcalc derive "logsumexp(x) - y' x" --wrt x --order 2 --form matrix --steps"""),
    Row(40, "Where is the Hessian of the likelihood in the einsum of a Gauss-Newton matrix?", "aleximmer/Laplace#110",
        """tensorcalc verify "diff(1/2 norm2(z - y)^2, z, 2) == eye(n)" --var z=n --var y=n
tensorcalc verify "G_pq = J_cp delta_cd J_dq == G_pq = J_cp J_cq"
tensorcalc derive "logsumexp(z) - y' z" --wrt z --order 2 --form matrix
tensorcalc verify "G_pq = J_cp J_cq == G_pq = J_cp H_cd J_dq" --var J=2,2 --var H=2,2""",
        "For squared errors it is the identity, and nothing is left to write. For softmax it is `diag(p) - p p'`, and belongs "
        "between the two Jacobians."),
    Row(41, "The Hessian of a nested logit model.", "timothyb0912/pylogit#4",
        """tensorcalc derive "u = logsumexp(X w / c); v = logsumexp(Y w / d); x' w / c + (c - 1) u - log(exp(c u) + exp(d v))" \
--wrt w --order 2 --var X=m,n --var Y=p,n --form matrix""",
        "Two nests, an alternative x of the first; c and d are the scales of the nests."),
    Row(42, "The Hessian of a log likelihood in closed form.", "alan-turing-institute/stat-fem#20",
        """tensorcalc derive "S = exp(a) K + exp(b) I; -1/2 logdet(S) - 1/2 y' inv(S) y" --wrt a,b --assume K=spd --form matrix"""),
    # -- vec, vech, Kronecker ------------------------------------------------------------------
    Row(43, "Duplication and elimination matrices, `vech`.", "scipy/scipy#8643, numpy/numpy#10817",
        """tensorcalc evaluate "duplication(2)"
tensorcalc evaluate "elimination(2)"
tensorcalc verify "duplication(n) vech(S) == vec(S)" --assume S=symmetric
tensorcalc rules duplication"""),
    Row(44, "A derivative by `vech` with duplication and elimination swapped.", "TomMaullin/BLMM#37",
        """tensorcalc derive "logdet(S)" --wrt S --assume S=spd --reading vech --form matrix
tensorcalc check "logdet(S)" --wrt S --assume S=spd --reading vech --claim "elimination(n) vec(inv(S))"
tensorcalc check "logdet(S)" --wrt S --assume S=spd --reading vech --claim "duplication(n)' vec(inv(S))\""""),
    Row(45, "The same for covariances and structural VARs.", "statsmodels/statsmodels#4143",
        """tensorcalc derive "vech(L L')" --wrt L --assume L=lower --reading vech --form matrix
tensorcalc derive "vec(A S A')" --wrt S --assume S=symmetric --reading vech --form matrix"""),
    Row(46, "`vec` and `vech` with a defined order.", "r-cas/ryacas#57, grzegorzmazur/yacas#325",
        """tensorcalc evaluate "vec(A)" "A=[[1,2],[3,4]]"
tensorcalc evaluate "vech(A)" "A=[[1,2],[3,4]]"
tensorcalc verify "vech(S) == elimination(n) vec(S)\""""),
    Row(47, "`vec` stacks columns and `ravel` rows: `C' ⊗ A` or `A ⊗ C'`?", "JuliaLang/LinearAlgebra.jl#1181",
        """tensorcalc derive "A X C" --wrt X --form kronecker
tensorcalc derive "A X C" --wrt X --form kronecker --vec C"""),
    Row(48, "A book has the Kronecker product the other way round.", "lukejharmon/pcm#23",
        """tensorcalc verify "vec(A X B') == kron(B, A) vec(X)"
tensorcalc verify "vec(A X B') == kron(A, B) vec(X)" --var A=n,n --var B=n,n
tensorcalc verify "vec((A X B')') == kron(A, B) vec(X')\""""),
    Row(49, "The matrix of a cross product, differentiated.", "slaue/genosolver#9",
        """tensorcalc derive "skew(x) A y" --wrt x --form matrix
tensorcalc derive "S_ij = eps_ijk x_k" --wrt x --form index
tensorcalc evaluate "skew(x)" "x=[1,2,3]"
tensorcalc derive "C_i = B_ijk x_j x_k" --wrt x --var B=3,3,3 --form index""",
        "A constant tensor of one's own is a name with a shape."),
    Row(50, "A table of matrix functions with their derivatives.", "JuliaSymbolics/Symbolics.jl#971",
        """tensorcalc functions tr det inv kron vec exp log
tensorcalc derive "tr(kron(A, inv(X)) B)" --wrt X --form index""",
        "[Functions](functions.md) has all of them."),
    Row(51, "Matrix calculus as a whole, for programs in other languages.",
        "axkr/symja_android_library#224, smallbunnies/Solverz#57",
        """tensorcalc derive "tr(A X B)" --wrt X --json
tensorcalc batch --help""",
        "Requests and answers are [JSON](json.md), a line each, whatever language asks."),
    # -- structure -----------------------------------------------------------------------------
    Row(52, "Derivatives by symmetric tensors.", "thomasahle/tensorgrad#21",
        """tensorcalc derive "tr(A S B)" --wrt S --assume S=symmetric --reading free --form matrix
tensorcalc derive "tr(A S B)" --wrt S --assume S=symmetric --reading structured --form matrix
tensorcalc derive "tr(A S B)" --wrt S --assume S=symmetric --reading projected --form matrix"""),
    Row(53, "With a symmetric `H`, `x' H x` has gradient `2 H x`.", "LinjianMa/AutoHOOT#190",
        """tensorcalc derive "x' H x" --wrt x --assume H=symmetric --form matrix"""),
    Row(54, "A derivative in einsum notation, as an example from Magnus.", "ssmit1986/DualNumbers#1",
        """tensorcalc derive "einsum('ji,jk,kl->il', X, A, X)" --wrt X"""),
    Row(55, "The chain rule of a Hessian, in diagrams.", "TensorNetwork/tensornetwork.org#31",
        """tensorcalc derive "sum(f(A x))" --wrt x --order 2 --function f=elementwise --form matrix --form index
tensorcalc diagram "sum(f(A x))" --wrt x --order 2 --function f=elementwise --format dot""",
        "Without `--format dot`, which is for Graphviz, it is an SVG; `--format tikz` is for LaTeX."),
    Row(56, "Is the backward factor of the conic in Gaussian splatting wrong?", "graphdeco-inria/gaussian-splatting#596",
        """tensorcalc check "exp(-1/2 x' S x)" --wrt S --assume S=symmetric --claim "-1/2 exp(-1/2 x' S x) x x'"
tensorcalc check "exp(-1/2 x' S x)" --wrt S --assume S=symmetric --reading structured --claim "-1/2 exp(-1/2 x' S x) x x'\"""",
        "Both are in use: an entry off the diagonal has the factor 2 where it is stored once."),
    Row(57, "Gradients through Cholesky and eigenvalues are “wrong” by the same factor.",
        "pytorch/pytorch#18825, pytorch/pytorch#22807, stan-dev/math#1803",
        """tensorcalc derive "tr(A chol(S))" --wrt S --assume S=spd --form matrix
tensorcalc check "logdet(S)" --wrt S --assume S=spd --claim "2 inv(S) - inv(S) .* eye(n)\"""",
        "The factor is that of the [reading](conventions.md): free, structured or projected.",
        lacks="Eigenvalues and eigenvectors are no functions of the language."),
    Row(58, "The gradient of a squared gradient norm disagrees with a formula.", "HIPS/autograd#156",
        """tensorcalc derive "p = diff(sum(exp(A x)), x); p' p" --wrt x --form matrix
tensorcalc check "x' A x + b' x" --wrt x --var b=n --claim "A x + b"
tensorcalc check "p = diff(1/2 x' S x - b' x, x); p' p" --wrt x --var b=n --assume S=symmetric --claim "2 S S x + 2 S b\""""),
    Row(59, "`dS/dC` or `2 dS/dC`?", "thelfer/tfel#418",
        """tensorcalc derive "S = 2 diff(c/2 (tr(C) - 3) - c/2 logdet(C), C); S" --wrt C --assume C=spd --reading projected --form index
tensorcalc derive "S = 2 diff(c/2 (tr(C) - 3) - c/2 logdet(C), C); 2 S" --wrt C --assume C=spd --reading projected --form index""",
        "The second is the tangent by the strain E = (C - I)/2, which is 4 ∂²W/∂C²."),
    Row(60, "A factor 2 or 4 in a hyperelastic tangent.", "Ferrite-FEM/Ferrite.jl#461, kimauth/MaterialModels.jl#34",
        """tensorcalc check "c/2 (tr(C) - 3)^2" --wrt C --order 2 --assume C=symmetric --claim "D_ijkl = 4 c delta_ij delta_kl\"""",
        "The 4 is that of ∂/∂E = 2 ∂/∂C, twice: the claim is the tangent by the strain."),
    Row(61, "An error that was the symmetric form of the derivative.", "autodiff/autodiff#345",
        """tensorcalc derive "S" --wrt S --assume S=symmetric --reading projected --form index
tensorcalc derive "S" --wrt S --assume S=symmetric --reading free --form index"""),
    Row(62, "Hessians of the criteria of von Mises and Hill, in Voigt notation.", "3MAH/simcoon#94",
        """tensorcalc derive "sqrt(3/2) norm2(dev(S))" --wrt S --assume S=symmetric --reading projected --form matrix --var S=3,3
tensorcalc derive "sqrt(3/2) norm2(dev(S))" --wrt S --order 2 --assume S=symmetric --reading projected --form index --var S=3,3
tensorcalc derive "sqrt(s' P s)" --wrt s --order 2 --var s=6 --assume P=symmetric --form matrix
>>> import numpy as np
>>> basis = np.zeros((6, 3, 3))
>>> for a, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
...     basis[a, i, j] = basis[a, j, i] = 1 if i == j else 2**-0.5
>>> f = tc.read("sqrt(3/2) norm2(dev(S))", S=[3, 3], assume={"S": "symmetric"})
>>> H = f.hessian("S", reading="projected")
>>> mandel = tc.einsum("aij,ijkl,bkl->ab", tc.tensor("P", 6, 3, 3), H, tc.tensor("P", 6, 3, 3))
>>> print(mandel(P=basis, S=np.diag([1, 0, 0])).round(3) + 0.0)""",
        "There is no name for Voigt or Mandel notation; a basis of six matrices makes either. The last array has Mandel's."),
    Row(63, "The exact Jacobian of a UMAT, and as Fortran.", "HenannResearchGroup/ElastomericFoam#1",
        """tensorcalc derive "G (F F' - I) + K/2 (det(F)^2 - 1) I" --wrt F --var G= --var K= --var F=3,3 \
--contract "C_ijkl = 1/2 (D_ijkm F_lm + D_ijlm F_km) / det(F)" --form index
>>> import sympy
>>> request = {"do": "derive", "expr": "G (F F' - I) + K/2 (det(F)^2 - 1) I", "wrt": "F", "vars": {"F": [3, 3], "G": [], "K": []},
...            "contract": "C_ijkl = 1/2 (D_ijkm F_lm + D_ijlm F_km) / det(F)"}
>>> C = tc.read(tc.handle(request)["index"], F=[3, 3], G=[], K=[]).to_sympy().as_explicit()
>>> entry = C[0, 1, 0, 1].replace(sympy.Determinant, lambda F: sympy.Symbol("J"))
>>> print(sympy.fcode(entry, assign_to="C(1,2,1,2)", source_format="free"))""",
        "Of a Kirchhoff stress, for the Jaumann rate: its derivative along `D F`, for symmetric `D`, by the volume ratio. SymPy "
        "writes Fortran and C of each entry; `tensorcalc code` writes NumPy, JAX and PyTorch of the whole."),
    Row(64, "`∂C⁻¹/∂C`: one term or two?", "scicomp.stackexchange 25768",
        """tensorcalc derive "inv(C)" --wrt C --form index
tensorcalc derive "inv(C)" --wrt C --assume C=symmetric --reading projected --form index"""),
    Row(65, "`∂P/∂F δF` as a matrix, not a tensor with four axes.", "CEED/libCEED#474",
        """tensorcalc derive "P = c (F - inv(F)') + d log(det(F)) inv(F)'; P" --wrt F --contract "Q_ij = D_ijkl V_kl" --form matrix
>>> P = tc.read("c (F - inv(F)') + d log(det(F)) inv(F)'")
>>> print(tc.differential(P, "F"))
>>> print(tc.jvp(P, "F", "V"))"""),
    # -- verify mine ---------------------------------------------------------------------------
    Row(66, "“My gradient of `ln det(W W' + σ² I)` does not agree with a numerical one. Why?”", "math.stackexchange 1534095",
        """tensorcalc check "logdet(W W' + a I)" --wrt W --claim "2 W' inv(W W' + a I)"
tensorcalc check "logdet(W W' + a I)" --wrt W --claim "inv(W W' + a I) W\""""),
    Row(67, "Can software check my differential of several variables?", "math.stackexchange 3335082",
        """>>> print(tc.differential(tc.read("tr(X' A X) + log(det(X))"), "X", "A"))
>>> print(tc.verify(tc.differential(tc.read("inv(X)"), "X"), "-inv(X) dX inv(X)"))
tensorcalc check "norm2(A x - b)^2 + c norm2(x)^2" --wrt x --var b=m --claim "2 A' (A x - b) + c x\""""),
    Row(68, "The derivative of `softmax(h W + b)` by `W` has three axes: where am I wrong?", "math.stackexchange 2074217",
        """tensorcalc derive "y_j = softmax(h_i W_ij + b_j)" --wrt W --form index
tensorcalc derive "softmax(W' h + b)" --wrt W --form kronecker --var b=k"""),
    Row(69, "Write `A_ik A_jl - B_ik A_jl - B_il A_jk` with Kronecker products.", "math.stackexchange 3453364",
        """>>> H = tc.read("H_{(ji)(lk)} = A_ik A_jl - B_ik A_jl - B_il A_jk")
>>> print(H)"""),
    Row(70, "The Hessian of `y' inv(X Λ X') y` by `vech(Λ)`: get `dvec` out of the Kronecker product.",
        "imathworks.com, Hessian matrix of Λ ↦ y'(XΛX')⁻¹y",
        """tensorcalc derive "y' inv(X L X') y" --wrt L --assume L=symmetric --reading vech --form matrix
tensorcalc derive "y' inv(X L X') y" --wrt L --order 2 --assume L=symmetric --reading vech --form matrix"""),
    Row(71, "Is the Jacobian of `X B X` `X B ⊗ I + I ⊗ X B`?", "math.stackexchange 3927579",
        """tensorcalc derive "X B X" --wrt X --form kronecker
tensorcalc check "X B X" --wrt X --claim "kron(X B, eye(n)) + kron(eye(n), X B)" --var X=n,n --var B=n,n
tensorcalc check "X B X" --wrt X --claim "kron(X B, eye(n)) + kron(eye(n), X B)" --assume X=symmetric --assume B=symmetric""",
        "It is where both are symmetric."),
    Row(72, "Simplify the derivative of `δ ⊗ δ` by `δ`.", "math.stackexchange 2394806",
        """tensorcalc derive "kron(d, d)" --wrt d --var d=n --form matrix
tensorcalc check "kron(d, d)" --wrt d --var d=n --claim "kron(eye(n), d) + kron(d, eye(n))\""""),
    Row(73, "Prove `tr((Σ⁻¹ ⊗ Ψ⁻¹)(x-m)(x-m)') = tr(Σ⁻¹ (X-M) Ψ⁻¹ (X-M)')`.", "math.stackexchange 3976923",
        """tensorcalc verify "tr(kron(inv(S), inv(P)) vec(X - M) vec(X - M)') == tr(inv(S) (X - M) inv(P) (X - M)')" --var X=p,n \
--assume S=spd --assume P=spd --var S=p,p --var P=n,n
tensorcalc verify "tr(kron(inv(S), inv(P)) vec((X - M)') vec((X - M)')') == tr(inv(S) (X - M) inv(P) (X - M)')" --var X=p,n \
--assume S=spd --assume P=spd --indices""",
        "As it is stated, with x = vec(X), it is false; with x = vec(X') it is true."),
    Row(74, "A dissertation must prove or cite its identities.", "math.stackexchange 4585471",
        """tensorcalc verify "inv(kron(A, B)) == kron(inv(A), inv(B))"
tensorcalc rules kron"""),
    Row(75, "Why is `tr((Z A)' (Z A)) = vec(A)' (I ⊗ Z'Z) vec(A)`?", "imathworks.com, trace, Kronecker and vec relations",
        """tensorcalc verify "tr((Z A)' (Z A)) == vec(A)' kron(eye(n), Z' Z) vec(A)" --indices
tensorcalc verify "tr(M' M) == vec(M)' vec(M)"
tensorcalc verify "vec(Z A) == kron(eye(n), Z) vec(A)"
tensorcalc verify "kron(eye(n), Z)' kron(eye(n), Z) == kron(eye(n), Z' Z)\"""",
        "The first is the last three, one put into the other. Each of them is proved by reading it: both sides are one object."),
    Row(76, "Vectors and matrices of any size; a Hessian came out as 0.", "mathematica.stackexchange 135150",
        """tensorcalc derive "x' A x + b' x" --wrt x --order 2 --var b=n --form matrix
tensorcalc derive "norm2(A x - b)^2" --wrt x --order 2 --var b=m --form matrix"""),
    Row(77, "An einsum that takes 50 times the memory without a path.", "nv-legate/cupynumeric#1070",
        """tensorcalc code "s = x_i A_ij B_jk C_kl y_l" --wrt B
tensorcalc diagram "s = x_i A_ij B_jk C_kl y_l" --plan --format dot""",
        "Code and values always follow the cheapest order of operations that is found. The plan counts operations and entries."),
    Row(78, "An einsum over chunks that takes as many times the memory as there are chunks.", "dask/dask#10053",
        """tensorcalc code "y_i = A_ij B_jk x_k" --wrt A --contract "z_i = D_ijk V_jk\"""",
        lacks="Nothing here knows of chunks or of Dask. What is given is an order of contraction whose intermediate "
              "arrays are small."),
)
