"""LaTeX: exact strings, and what every formula must fulfil to be typeset at all."""

from __future__ import annotations

import doctest
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorcalc.notation import latex as latex_module
from tensorcalc.notation.latex import latex, latex_statement
from tensorcalc.notation.parse import parse, parse_expression
from tensorcalc.notation.syntax import Call, Entry, Indexed, Literal, Name, Num, Op, Subscripts, Syntax

FUNCTIONS = ("f", "g")

FORMULAS = [
    # products, sums, signs
    ("2 A' (A x - b)", r"2 \, A^\top \, \left(A \, x - b\right)"),
    ("A*X*B", r"A \, X \, B"),
    ("A (B C)", r"A \, \left(B \, C\right)"),
    ("2*3 x*2", r"2 \cdot 3 \, x \cdot 2"),
    ("-A x + b", r"-A \, x + b"),
    ("(-a + b) c", r"\left(-a + b\right) \, c"),
    ("a - (b + c)", r"a - \left(b + c\right)"),
    ("a - (-b)", r"a - \left(-b\right)"),
    ("x (-y)", r"x \, \left(-y\right)"),
    ("A : B", "A : B"),
    ("x .* y ./ z", r"x \odot y \oslash z"),
    ("x .* (B y)", r"x \odot \left(B \, y\right)"),
    ("A ⊗ B", r"A \otimes B"),
    ("A ⊕ B", r"A \oplus B"),
    ("kron(A, B + C)", r"A \otimes \left(B + C\right)"),
    ("kron(A, B) x", r"\left(A \otimes B\right) \, x"),
    # quotients
    ("a/b", r"\frac{a}{b}"),
    ("-a/b", r"-\frac{a}{b}"),
    ("(-a + b)/c", r"\frac{-a + b}{c}"),
    ("A x/norm2(x)", r"\frac{A \, x}{\lVert x \rVert_2}"),
    ("1/2 x", r"\tfrac{1}{2} \, x"),
    ("0.5 x", r"\tfrac{1}{2} \, x"),
    ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
    ("a/b .* c", r"\frac{a}{b} \odot c"),
    # powers, transposes, inverses
    ("A'", r"A^\top"),
    ("A''", r"\left(A^\top\right)^\top"),
    ("(A B)'", r"\left(A \, B\right)^\top"),
    ("X^2", "X^{2}"),
    ("X^-1", "X^{-1}"),
    ("X^(k-1)", "X^{k - 1}"),
    ("(X^2)^3", r"\left(X^{2}\right)^{3}"),
    ("X'^2", r"\left(X^\top\right)^{2}"),
    ("(X^k)'", r"\left(X^{k}\right)^\top"),
    ("x.^2", r"x^{\odot 2}"),
    ("x.^-1", r"x^{\odot \left(-1\right)}"),
    ("x.^(a+1)", r"x^{\odot \left(a + 1\right)}"),
    ("(x + y).^2", r"\left(x + y\right)^{\odot 2}"),
    ("-x.^2", r"-x^{\odot 2}"),
    ("inv(X)", "X^{-1}"),
    ("inv(A + B)", r"\left(A + B\right)^{-1}"),
    ("inv(X)'", r"X^{-\top}"),
    ("inv(X')", r"\left(X^\top\right)^{-1}"),
    ("inv(X)^2", r"\left(X^{-1}\right)^{2}"),
    ("inv(inv(X))", r"\left(X^{-1}\right)^{-1}"),
    ("pinv(X)", "X^{+}"),
    ("x^0.5", r"x^{\tfrac{1}{2}}"),
    ("1e300^2", r"\left(1 \cdot 10^{300}\right)^{2}"),
    # functions
    ("tr(A*X*B)", r"\operatorname{tr}\left(A \, X \, B\right)"),
    ("det(X)", r"\det\left(X\right)"),
    ("log(x)", r"\log\left(x\right)"),
    ("logdet(X)", r"\log \left\lvert \det\left(X\right) \right\rvert"),
    ("exp(x)^2", r"\left(\exp\left(x\right)\right)^{2}"),
    ("vec(X)'", r"\operatorname{vec}\left(X\right)^\top"),
    ("diag(x)", r"\operatorname{diag}\left(x\right)"),
    ("tanh(x) sin(y)", r"\tanh\left(x\right) \, \sin\left(y\right)"),
    ("sigmoid(x)", r"\sigma\left(x\right)"),
    ("relu(x)", r"\operatorname{relu}\left(x\right)"),
    ("sqrt(x + 1)", r"\sqrt{x + 1}"),
    ("sqrt(x)^3", r"\left(\sqrt{x}\right)^{3}"),
    ("norm2(x)", r"\lVert x \rVert_2"),
    ("norm1(x)", r"\lVert x \rVert_1"),
    ("norm2(A x - b)^2", r"\left\lVert A \, x - b \right\rVert_2^{2}"),
    ("abs(x)", r"\operatorname{abs}\left(x\right)"),
    ("abs(x_i)", r"\left\lvert x_{i} \right\rvert"),
    ("abs(tr(X)/2)", r"\left\lvert \frac{\operatorname{tr}\left(X\right)}{2} \right\rvert"),
    ("(-softmax(x))'", r"\left(-\operatorname{softmax}\left(x\right)\right)^\top"),
    ("X_ij^-1", r"\left(X_{ij}\right)^{-1}"),
    ("skew(v) x", r"[ v ]_\times \, x"),
    ("f''(A x)", r"f''\left(A \, x\right)"),
    ("f(x, y)", r"f\left(x, y\right)"),
    ("max(x, y)", r"\max\left(x, y\right)"),
    ("series(j, 0, k-1, X^j A)", r"\sum_{j=0}^{k - 1} X^{j} \, A"),
    ("series(j, 0, k, a + b) c", r"\left(\sum_{j=0}^{k} \left(a + b\right)\right) \, c"),
    ("a + series(j, 0, k, a)", r"a + \left(\sum_{j=0}^{k} a\right)"),
    ("diff(x' x, x)", r"\frac{\partial}{\partial x}\left(x^\top \, x\right)"),
    ("diff(x' x, x, 2)", r"\frac{\partial^{2}}{\partial x^{2}}\left(x^\top \, x\right)"),
    ("a diff(b, x)", r"a \, \left(\frac{\partial}{\partial x}\left(b\right)\right)"),
    ("jacobian(A x, x)",
     r"\frac{\partial \operatorname{vec}\left(A \, x\right)}{\partial \operatorname{vec}\left(x\right)^\top}"),
    ("einsum('ij,jk->ik', A, B)", r"\operatorname{einsum}\left(\texttt{ij,jk->ik}, A, B\right)"),
    # constants
    ("eye(n)", "I_{n}"),
    ("ones(n)", r"\mathbf{1}_{n}"),
    ("ones(m,n)", r"\mathbf{1}_{m \times n}"),
    ("zeros(m,n)", r"0_{m \times n}"),
    ("x zeros(n)", r"x \cdot 0_{n}"),
    ("commutation(m,n)", "K_{m,n}"),
    ("duplication(n)", "D_{n}"),
    ("elimination(n)", "L_{n}"),
    ("e(i, n) e(j)'", r"\mathbf{e}_{i} \, \mathbf{e}_{j}^\top"),
    ("E(i, j, m, n)", r"\mathbf{E}_{i,j}"),
    ("[1, 2; 3, -x]", r"\begin{bmatrix} 1 & 2 \\ 3 & -x \end{bmatrix}"),
    # names and indices
    ("beta x + lam mu", r"\beta \, x + \lambda \, \mu"),
    ("α Σ Gamma", r"\alpha \, \Sigma \, \Gamma"),
    ("loss", r"\mathrm{loss}"),
    ("W1", "W_{1}"),
    ("beta12", r"\beta_{12}"),
    ("é", r"\text{é}"),
    ("W1'", r"W_{1}^\top"),
    ("W1_ij", "{W_{1}}_{ij}"),
    ("delta_ip eps_ijk", r"\delta_{ip} \, \varepsilon_{ijk}"),
    ("C_{i,j}", "C_{ij}"),
    ("D_{(ji)pq}", "D_{(ji)pq}"),
    ("X_{βi}", r"X_{\beta i}"),
    ("X_{(βγ)i}", r"X_{(\beta \gamma)i}"),
    ("x_i^2", "x_{i}^{2}"),
    ("(A*X)_ip", r"\left(A \, X\right)_{ip}"),
    ("inv(X)_ij", r"\left(X^{-1}\right)_{ij}"),
    ("kron(A, (B))_ij", r"\left(A \otimes B\right)_{ij}"),
    ("f'(A X)_ij", r"f'\left(A \, X\right)_{ij}"),
    ("X[1,2]", "X_{1,2}"),
    ("W1[1]", r"\left(W_{1}\right)_{1}"),
    ("inv(X)[i,j+1]", r"\left(X^{-1}\right)_{i,j + 1}"),
]


@pytest.mark.parametrize(("source", "expected"), FORMULAS, ids=[row[0] for row in FORMULAS])
def test_latex(source: str, expected: str) -> None:
    assert latex(parse_expression(source, FUNCTIONS)) == expected


@pytest.mark.parametrize(("tree", "expected"), [
    (Num(Fraction(-3)), "-3"),
    (Num(Fraction(-3, 2)), r"-\tfrac{3}{2}"),
    (Op("power", (Num(Fraction(-3)), Num(Fraction(2)))), r"\left(-3\right)^{2}"),
    (Call("norm2", (Name("x"), Name("y"))), r"\operatorname{norm2}\left(x, y\right)"),
    (Call("einsum", (Subscripts(r"i}\$%->"), Name("x"))), r"\operatorname{einsum}\left(\texttt{i????->}, x\right)"),
])
def test_trees_that_are_not_written_by_people(tree: Syntax, expected: str) -> None:
    assert latex(tree) == expected


def test_latex_statement() -> None:
    statement = parse("D_{(ij)p} = 2 A_ij x_p")
    assert statement.left is not None
    assert latex_statement(statement.left, statement.body) == r"D_{(ij)p} = 2 \, A_{ij} \, x_{p}"


def test_deep_trees_are_printed() -> None:
    tree: Syntax = Name("x")
    for _ in range(3000):
        tree = Call("sqrt", (tree,))
    assert latex(tree) == r"\sqrt{" * 3000 + "x" + "}" * 3000


# What must hold for every tree

names = st.sampled_from(["A", "x", "W1", "beta", "alpha2", "loss", "delta", "Σ", "é"])
indices = st.none() | st.lists(st.sampled_from("ijβ") | st.just(("p", "β", "q")), min_size=1, max_size=3).map(tuple)
atoms = st.builds(Name, names, indices) | st.builds(
    Num, (st.integers(-9, 9) | st.fractions(-2, 2, max_denominator=5) | st.just(10**60)).map(Fraction))
functions = st.sampled_from([
    "inv", "pinv", "tr", "det", "logdet", "norm1", "norm2", "abs", "skew", "kron", "sqrt", "sigmoid", "exp", "eye", "ones",
    "zeros", "commutation", "duplication", "elimination", "e", "E", "series", "diff", "jacobian", "f", "theta", "frechet"])


def compounds(trees: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    several = st.lists(trees, min_size=1, max_size=4).map(tuple)
    pairs = st.tuples(trees, trees)
    return st.one_of(
        st.builds(Op, st.sampled_from(["add", "multiply"]), several),
        st.builds(Op, st.sampled_from(["divide", "hadamard", "quotient", "kronecker", "kronsum", "frobenius"]), pairs),
        st.builds(Op, st.sampled_from(["power", "elpower"]), pairs),
        st.builds(Op, st.sampled_from(["negate", "transpose"]), st.tuples(trees)),
        st.builds(Call, functions, several, indices, st.sampled_from([0, 0, 0, 2])),
        st.builds(Indexed, trees, st.just(("i", "j"))),
        st.builds(Entry, trees, several),
        st.builds(lambda row: Literal((row, row)), several),
    )


PIECE = re.compile(r"\\[a-zA-Z]+|\\.|[{}^_]|\s+|.", re.DOTALL)


def scripts_are_single(written: str) -> bool:
    """Whether no base carries two superscripts or two subscripts, which TeX refuses."""
    levels: list[set[str]] = [set()]
    script = False  # whether the next piece is a script and no base
    closing: list[bool] = []
    for piece in PIECE.findall(written):
        if piece.isspace():
            continue
        if piece in "^_":
            if script or piece in levels[-1]:
                return False
            levels[-1].add(piece)
            script = True
        elif piece == "{":
            closing.append(script)
            levels.append(set())
            script = False
        elif piece == "}":
            levels.pop()
            if not closing.pop():
                levels[-1].clear()
        elif script:
            script = False
        elif piece == "'":
            if "^" in levels[-1]:
                return False
        else:
            levels[-1].clear()
    return not script


def test_the_check_of_scripts_works() -> None:
    assert scripts_are_single(r"X^{2} Y_{i}^{2} {X_{1}}_{2} \left(X^\top\right)^\top f''\left(x\right)^{2}")
    assert not any(map(scripts_are_single, ("X^{2}^{3}", r"X^\top^{2}", "X_{1}_{2}", r"X^\top'", "X^")))


@settings(max_examples=500, deadline=None)
@given(st.recursive(atoms, compounds, max_leaves=10))
def test_every_tree_is_typeset(tree: Syntax) -> None:
    written = latex(tree)
    assert written.count(r"\left") == written.count(r"\right")
    assert len(re.findall(r"(?<!\\)\{", written)) == len(re.findall(r"(?<!\\)\}", written))
    assert scripts_are_single(written), written
    assert "\n" not in written


def test_examples() -> None:
    assert doctest.testmod(latex_module).failed == 0
