r"""LaTeX as papers have it: what it is read as, and what is said where it cannot be read."""

from __future__ import annotations

import random

import pytest
from answers import ask, same_entries
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Formula, formula, formulas
from tasks import TASKS

import tensorcalc as tc
from tensorcalc.calculus.derive import derive
from tensorcalc.errors import TensorCalcError
from tensorcalc.notation.latex import latex
from tensorcalc.notation.lower import Scope, read
from tensorcalc.notation.lower.matrix import FUNCTION_NAMES
from tensorcalc.notation.parse import parse_expression
from tensorcalc.notation.pasted import is_latex, translated
from tensorcalc.notation.pasted.names import FUNCTIONS
from tensorcalc.notation.syntax import Name
from tensorcalc.service import handle
from tensorcalc.verdicts import sides

M, V = ["m", "n"], ["n"]

SAME = [
    # sums and indices
    (r"C_{ij} = \sum_k X_{ik} Y_{kj}", "C_ij = X_ik Y_kj"),
    (r"C_{ij} = \sum_{k=1}^{n} X_{ik} Y_{kj}", "C_ij = X_ik Y_kj"),
    (r"$$C_{i j}=\sum\limits_{k} X_{i k}\,Y_{k j}.$$", "C_ij = X_ik Y_kj"),
    (r"\sum_i x_i^2", "x' x"),
    (r"\sum_{i} \sum_{j} A_{ij} x_i y_j", "x' A y"),
    (r"\sum_{i,j} A_{ij}^2", "tr(A' A)"),
    (r"\log \sum_i \exp(x_i)", "log(sum(exp(x)))"),
    (r"\sum_i (x_i + c) y_i", "y' (x + c*vector(1))"),
    (r"f = \sum_i (x_i + c)", "sum(x + c*vector(1))"),
    (r"(\sum_i x_i)(\sum_i x_i)", "sum(x)^2"),
    (r"y_i = x_i \sum_j A_{ij} z_j", "x .* (A z)"),
    (r"\sum_{j=0}^{2} X^j", "I + X + X^2"),
    (r"D_{ij} = \delta_{ij} x_i", "diag(x)"),
    (r"c_i = \epsilon_{ijk} x_j y_k", "c_i = eps_ijk x_j y_k"),
    (r"c_i = \varepsilon_{ijk} x_j y_k", "c_i = eps_ijk x_j y_k"),
    (r"\left(X^{-1}\right)_{ij} y_i z_j", "y' inv(X) z"),
    (r"X^{-1}_{ij} y_i z_j", "y' inv(X) z"),
    (r"A^\top_{ij} y_i z_j", "y' A' z"),
    (r"$x^2_i y_i$", "sum(x .* x .* y)"),
    # matrices
    (r"\operatorname{tr}(A X B)", "tr(A X B)"),
    (r"\mathrm{tr}\!\left(AXB\right)", "tr(A X B)"),
    (r"\operatorname{Tr}[AXB]", "tr(A X B)"),
    (r"X^\top", "X'"), (r"$X^T$", "X'"), (r"X^{\mathsf T}", "X'"), (r"X^{\intercal}", "X'"), (r"X^{\mathrm{T}}", "X'"),
    (r"X^{-1}", "inv(X)"), (r"X^{-\top}", "inv(X)'"), (r"X^{-T}", "inv(X)'"), (r"X^{+}", "pinv(X)"), (r"\|x\|^2_2", "norm2(x)^2"), (r"{\rm tr}(A) + \mathop{\mathrm{tr}}(A)", "2 tr(A)"),
    (r"x^\top Ax", "x' A x"), (r"\frac{1}{2}x^TAx", "x' A x/2"), (r"\tfrac12 x' A x", "x' A x/2"),
    (r"{\bf x}^T {\bf A} {\bf x}", "x' A x"), (r"\mathbf{x}^{\top}\mathbf{A}\,\mathbf{x}", "x' A x"),
    (r"X(X^\top X)^{-1}X^\top", "X inv(X' X) X'"),
    (r"\|A x - \mathbf{w}\|_2^2", "norm2(A x - w)^2"), (r"\left\|A x - w\right\|^2", "norm2(A x - w)^2"),
    (r"\lVert X \rVert_F^2", "norm2(X)^2"), (r"||x||_1 \alpha", "norm1(x) α"), (r"\|x\| \|y\|", "norm2(x) norm2(y)"),
    (r"\log\det X", "log(det(X))"), (r"\ln|X|", "log(det(X))"), (r"\log \left| \det X \right|", "logdet(X)"),
    (r"|a| |b|\,", "abs(a) abs(b)"), (r"\left|x^\top y\right|", "abs(x' y)"),
    (r"\boldsymbol{\Sigma}^{-1}", "inv(Σ)"), (r"\left( A + B \right) x", "(A + B) x"), (r"\left\{A + B\right\} x", "(A + B) x"),
    (r"A \cdot B", "A B"), (r"2 \times 3 A", "6 A"), (r"A \otimes B", "A ⊗ B"), (r"A \odot B", "A .* B"), (r"A\circ B", "A .* B"),
    (r"A^{\odot 2}", "A.^2"), (r"A^{\circ 3}", "A.^3"), (r"A \oplus B", "A ⊕ B"), (r"A \oslash B", "A ./ B"),
    (r"\langle A, B\rangle", "tr(A' B)"), (r"\langle x, y\rangle", "x' y"), (r"A : B^{\top}", "tr(A' B')"),
    (r"\exp(x)", "exp(x)"), (r"\exp\left\{-\frac12 x^\top x\right\}", "exp(-x'x/2)"), (r"e^{-\frac12 x^\top x}", "exp(-x'x/2)"),
    (r"\sqrt{x^\top x}", "sqrt(x' x)"), (r"\sqrt[3]{a}", "a^(1/3)"), (r"\sigma(A x)", "sigmoid(A x)"),
    (r"\operatorname{vec}(X)", "vec(X)"), (r"\vec(X)", "vec(X)"), (r"\operatorname{diag}(x)", "diag(x)"), (r"\mathrm{softmax}(x)", "softmax(x)"),
    (r"\sin^2 a", "sin(a)^2"), (r"\sin a \cos b", "sin(a) cos(b)"), (r"\log \frac{a}{b}", "log(a/b)"),
    (r"\mathbf{1}^\top x", "sum(x)"), (r"I + X^{2}", "I + X^2"), (r"x x^\top + I_n", "x x' + eye(n)"),
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} x", "[1, 2; 3, 4] x"),
    (r"\begin{vmatrix} 1 & 2 \\ 3 & 4 \end{vmatrix} a", "det([1, 2; 3, 4]) a"),
    # names
    (r"\hat{y}^\top \dot x", "yhat' xdot"), (r"\mathrm{loss} \alpha", "loss α"), (r"x_{\text{max}} + x_{\text{min}}", "xmax + xmin"),
    (r"W_1 x_0 \lambda", "W1 x0 λ"), (r"\mathbf{W}_2\,x", "W2 x"),
    # around a formula
    (r"\begin{equation} f(x) = x^\top A x \label{eq:f} \end{equation}", "x' A x"),
    (r"\begin{align*} C &= A X \nonumber \\ &\quad + B \end{align*}", "A X + B"),
    (r"\(x^\top x\)", "x' x"), (r"\[ X \]", "X"), (r"A{}^\top x + 1/2 x \,", "A' x + x/2"), (r"\mathbf{1}_n^\top x", "ones(n)' x"), (r"x/\|x\|", "x/norm2(x)"), ("x^\\top x % what follows is a comment", "x' x"),
    # derivatives
    (r"\frac{\partial}{\partial X}\left(\operatorname{tr}(A X)\right)", "A'"),
    (r"\frac{\partial \operatorname{tr}(A X)}{\partial X}", "A'"), (r"\frac{d}{dx}(x^\top x)", "2 x"),
    (r"\frac{\partial^2}{\partial x \partial y}(x^\top A y)", "A"),
    (r"f = x^\top A x; \frac{\partial f}{\partial x}", "(A + A') x"),
    (r"\frac{\partial f}{\partial X} = A^\top B^\top", "A' B'"),
    (r"\frac{\partial C_{ij}}{\partial X_{pq}} = \delta_{ip} Y_{qj}", "D_ijpq = delta_ip Y_qj"),
]


def scope() -> Scope:
    declared = {"beta": [], "loss": [], "xmax": [], "xmin": []}
    return Scope(declared=declared, differentiate=lambda expr, by, order: derive(expr, [by] * order))


@pytest.mark.parametrize(("pasted", "own"), SAME, ids=[row[0] for row in SAME])
def test_it_is_the_same_formula(pasted: str, own: str) -> None:
    one, two = read(pasted, scope()), read(own, scope())
    assert one.expr.shape == two.expr.shape
    assert one.expr is two.expr, (translated(pasted).text, one.expr, two.expr)


@pytest.mark.parametrize(("pasted", "shapes"), [
    (r"\mathbf{a}^\top \mathbf{x}", {"a": 1, "x": 1}), (r"\mathbf{G}\,\boldsymbol{\mu}", {"G": 2, "μ": 1}), (r"a^2 \mathbf{x}", {"a": 0, "x": 1}),
    (r"\vec{b}^\top A \vec{b}", {"b": 1, "A": 2}), (r"\mathbf{T}_{ijk} x_k", {"T": 3, "x": 1}), (r"\mathbf{W}_1 \mathbf{b}_2", {"W1": 2, "b2": 1}),
    (r"\boldsymbol{\Sigma}^{-1} \hat{\boldsymbol{\beta}}", {"Σ": 2, "βhat": 1}),
])
def test_bold_letters_are_vectors_and_matrices(pasted: str, shapes: dict[str, int]) -> None:
    assert {name: variable.rank for name, variable in read(pasted).variables.items()} == shapes


def test_a_declaration_says_more_than_a_font() -> None:
    assert read(r"\mathbf{a}^\top x", Scope(declared={"a": []})).variables["a"].rank == 0


@pytest.mark.parametrize("text", ["C_{ij} = X_ik Y_kj", "X'", "A \\ b", "x^2", "einsum('ij->ji', X)", "D_{(ji)pq}"])
def test_the_language_itself_is_no_latex(text: str) -> None:
    assert not is_latex(text)


def test_the_functions_are_known() -> None:
    assert FUNCTIONS <= FUNCTION_NAMES


def test_declared_names_come_first() -> None:
    assert translated(r"\lambda x", own=["lambda"]).text == "lambda x"
    assert translated(r"\lambda x").text == "λ x"
    assert translated(r"loss \, x", own=["loss"]).text == "loss x"
    assert translated(r"W_{1} x", own=["W"]).text == "W[1] x"
    assert translated(r"W_{1} x", own=["W", "W1"]).text == "W1 x"
    assert translated(r"f(\alpha)", functions=["f"]).text == "f(α)"
    assert translated(r"f'(\alpha)", functions=["f"]).text == "f'(α)"
    assert translated(r"A(x - y) \alpha", own=["A"]).text == "A (x - y) α"


ERRORS = {
    r"x + \foo": """\
FormulaError TC031: \\foo is no command that is known
  x + \\foo
      ^~~~
  help: a function is written \\operatorname{foo}, a name \\mathrm{foo}""",
    r"\nabla_x x^\top x": """\
FormulaError TC031: \\nabla is a gradient, which no formula has here
  \\nabla_x x^\\top x
  ^~~~~~
  help: a derivative inside a formula is written \\frac{\\partial}{\\partial X}\\left(…\\right)""",
    r"\begin{cases} x \end{cases}": """\
FormulaError TC031: the environment cases is not read
  \\begin{cases} x \\end{cases}
  ^~~~~~~~~~~~~
  help: one equation at a time is read, and matrices of numbers""",
    r"\mathbb{E} x": """\
FormulaError TC031: \\mathbb{E} is no variable
  \\mathbb{E} x
  ^~~~~~~
  help: sets and expectations are not read; write what stands inside""",
    r"\frac{1}{2 X": """\
FormulaError TC032: { is never closed
  \\frac{1}{2 X
          ^   ^
  help: close it where it ends""",
    r"\|x)": """\
FormulaError TC032: \\| is closed by )
  \\|x)
  ^~ ^""",
    r"\alpha)": """\
FormulaError TC032: ) closes nothing
  \\alpha)
        ^
  help: remove it, or open it before""",
    r"\frac{1}": """\
FormulaError TC033: an argument is missing after \\frac
  \\frac{1}
  ^~~~~""",
    r"\alpha X_{i1}": """\
FormulaError TC034: this subscript is neither indices nor an entry nor a label
  \\alpha X_{i1}
            ^~
  help: indices are single letters X_{ij}, entries numbers X_{1,2}, labels words x_{\\text{max}}""",
    r"\log_2 x": """\
FormulaError TC034: \\log has no subscript here
  \\log_2 x
  ^~~~~
  help: a logarithm to another base is \\frac{\\log x}{\\log 2}""",
    r"W^{(2)} x": """\
FormulaError TC035: a superscript in brackets is a label to some, a power to others
  W^{(2)} x
   ^~~~~~
  help: write a label as a subscript, W_2, and a power without brackets, W^2""",
    r"X_{ij}^{-1} y_i": """\
FormulaError TC035: this may be an entry of a power, or a power of an entry
  X_{ij}^{-1} y_i
   ^~~~~~~~~~
  help: write \\left(X^{-1}\\right)_{ij} or \\left(X_{ij}\\right)^{-1}""",
    r"A^{ij} \alpha": """\
FormulaError TC035: upper indices are not read
  A^{ij} \\alpha
   ^~~~~
  help: write all indices below: A_{ij}""",
    r"F_{\mu\nu} F^{\mu\nu}": """\
FormulaError TC035: upper indices are not read
  F_{\\mu\\nu} F^{\\mu\\nu}
              ^~~~~~~~~
  help: write all indices below: A_{ij}""",
    r"x^* \alpha": """\
FormulaError TC035: this sign is a conjugate to some, and other things to others
  x^* \\alpha
   ^~
  help: a transpose is written X^\\top, a pseudo-inverse X^{+}, a label x_{\\text{opt}}""",
    r"\mathbf{X}^{\mathrm{H}} x": """\
FormulaError TC035: this sign is a conjugate to some, and other things to others
  \\mathbf{X}^{\\mathrm{H}} x
            ^~~~~~~~~~~~~
  help: a transpose is written X^\\top, a pseudo-inverse X^{+}, a label x_{\\text{opt}}""",
    r"\alpha A^i_j x_j": """\
FormulaError TC035: upper indices are not read
  \\alpha A^i_j x_j
          ^~~~
  help: write all indices below: A_{ij}""",
    r"\alpha v^i w_i": """\
FormulaError TC035: upper indices are not read
  \\alpha v^i w_i
          ^~
  help: write all indices below: A_{ij}""",
    r"\alpha f'(x)": """\
FormulaError TC037: f(…) may be a call or a product
  \\alpha f'(x)
         ^~~
  help: write f \\, (…) for a product; for a call, declare it (functions, or --function f=elementwise)""",
    r"\mu I_1": """\
FormulaError TC038: I_1 may be a name or an identity of size 1
  \\mu I_1
       ^~
  help: declare I1, or give it another name: I_{\\text{one}}""",
    r"x^10 \alpha": """\
FormulaError TC035: ^10 is ^1 in LaTeX
  x^10 \\alpha
   ^~~
  help: put it in braces: ^{10}""",
    r"\sin^{-1} a": """\
FormulaError TC035: \\sin^{-1} has two meanings
  \\sin^{-1} a
  ^~~~~~~~~
  help: write the inverse function by its name, the reciprocal as a quotient""",
    r"\log x y": """\
FormulaError TC036: where the argument of \\log ends is not clear
  \\log x y
  ^~~~   ^
  help: put it in brackets: \\log\\left(…\\right)""",
    r"x^2/2\sigma^2": """\
FormulaError TC036: what is divided by is not clear
  x^2/2\\sigma^2
     ^ ^~~~~~
  help: write \\frac{…}{…}, or brackets""",
    r"\alpha A(x)": """\
FormulaError TC037: A(…) may be a call or a product
  \\alpha A(x)
         ^~
  help: write A \\, (…) for a product; for a call, declare it (functions, or --function A=elementwise)""",
    r"\alpha beta": """\
FormulaError TC038: beta may be one name or a product of letters
  \\alpha beta
         ^~~~
  help: write \\mathrm{beta} for a name, or declare it; b e t a for a product""",
    r"\mathbf{x}^\top x": """\
FormulaError TC039: x stands in two fonts, and would be one variable
  \\mathbf{x}^\\top x
  ^~~~~~~~~~      ^
  help: give one of them another letter, or write both in one font""",
    r"\sum_{i<j} x_i": """\
FormulaError TC040: this sum is over nothing that can be read
  \\sum_{i<j} x_i
  ^~~~~~~~~~
  help: write \\sum_{i}, \\sum_{i,j} or \\sum_{i=1}^{n}""",
    r"\sum_{i=2}^{n} x_i": """\
FormulaError TC040: i runs over a part of an axis
  \\sum_{i=2}^{n} x_i
  ^~~~~~~
  help: an index runs over a whole axis, from 1""",
    r"\sum_k x": """\
FormulaError TC040: k is no index of what is summed
  \\sum_k x
  ^~~~~~""",
    r"\frac{\partial f}{\partial x}": """\
FormulaError TC041: f stands for no formula here
  \\frac{\\partial f}{\\partial x}
  ^~~~~~~~~~~~~~~~~
  help: write the formula: \\frac{\\partial}{\\partial X}\\left(…\\right)""",
    r"\frac{df}{dx}": """\
FormulaError TC041: f stands for no formula here
  \\frac{df}{dx}
  ^~~~~~~~~
  help: write the formula: \\frac{\\partial}{\\partial X}\\left(…\\right)""",
    r"A \mathrm{d}X": """\
FormulaError TC041: a differential stands alone
  A \\mathrm{d}X
    ^~~~~~~~~~
  help: a derivative inside a formula is written \\frac{\\partial}{\\partial X}\\left(…\\right)""",
    r"\|x\|_3": """\
FormulaError TC042: the norm 3 is not read
  \\|x\\|_3
     ^~~~
  help: \\|x\\|_1 and \\|x\\|_2 are read, \\|X\\|_F for matrices""",
    r"|x| \alpha": """\
ShapeError TC105: bars are around a number or a square matrix
  |x| \\alpha
  ^~~
  x is a vector
  help: a norm is norm2(…), entry by entry it is abs(…)""",
    # those of the language itself, with the place in what was pasted
    r"C_{ij} = \sum_k X_{ik} Y_{kj}": """\
ShapeError TC103: index k has two sizes
  C_{ij} = \\sum_k X_{ik} Y_{kj}
                  ^~~~~~ ^~~~~~
  k is 4 in X_{ik} (X is 3 x 4) and 5 in Y_{kj} (Y is 5 x 6)
  help: transpose one of them, or declare sizes that agree""",
    r"\frac{\alpha}{2} + * A": """\
FormulaError TC004: an operand is missing between '+' and '*'
  \\frac{\\alpha}{2} + * A
                   ^ ^""",
    r"A \, \mathbf{X}^\top": """\
ShapeError TC109: cannot multiply: inner sizes differ
  A \\, \\mathbf{X}^\\top
  ^    ^~~~~~~~~~~~~~~
  A is 3 x 5
  \\mathbf{X}^\\top is 4 x 3""",
}


@pytest.mark.parametrize("pasted", ERRORS)
def test_what_cannot_be_read_is_said(pasted: str) -> None:
    declared = {"X": [3, 4], "Y": [5, 6]} if "X" in pasted and "Y" in pasted else {}
    if pasted.startswith(r"A \,"):
        declared = {"A": [3, 5], "X": [3, 4]}
    with pytest.raises(TensorCalcError) as caught:
        read(pasted, Scope(declared=declared))
    assert str(caught.value) == ERRORS[pasted]


# -- what is printed reads back ----------------------------------------------------------

NAMED_LIKE_CONSTANTS = set("IKDLeE")
"""Variables of these names print as the identity, the commutation, duplication and elimination matrix and unit vectors do."""


def printed(answer: object) -> dict[str, str]:
    """Each LaTeX form with its definitions in front."""
    forms = answer.forms()
    front = "".join(f"{latex(Name(name))} = {latex(tree)}; " for name, tree in forms.where.items())
    return {kind: f"${front if kind != 'index' else ''}{text}$" for kind, text in forms.latex().items() if text is not None}


def misread(one: Formula, *wrt: str) -> list[str]:
    """The printed forms that do not read back to the very object.

    Unit vectors and matrices print without their sizes, which are lost where nothing beside them has one.  Where
    nothing is declared, ``D_{3}`` is a name.
    """
    if NAMED_LIKE_CONSTANTS & set(one.declared) or not one.declared:
        return []
    answer = ask(one, *wrt)
    bad = []
    for kind, text in printed(answer).items():
        if r"\mathbf{e}" in text or r"\mathbf{E}" in text or len(text) > 10_000:
            continue
        want = answer.regrouped() if kind == "kronecker" else answer.expr
        got = answer.known(answer.reread(text).expr)
        if got is not want and (got.shape == want.shape or not same_entries(answer, got, want)):
            bad.append(f"{kind}: {text}")
    return bad


def test_what_prints_alike_is_read_as_one() -> None:
    """The exceptions to reading back, beside those of :func:`misread`."""
    assert latex(parse_expression("x[k]")) == latex(parse_expression("x_k")) == "x_{k}"
    assert latex(parse_expression("lambda")) == latex(parse_expression("λ")) == r"\lambda"
    assert latex(parse_expression("eye(n)")) == latex(parse_expression("I_n")) == "I_{n}"
    assert latex(parse_expression("e(1, n)")) == latex(parse_expression("e(1, m)")) == r"\mathbf{e}_{1}"


@pytest.mark.parametrize("start", [0, 1000])
def test_printed_latex_reads_back(start: int) -> None:
    for seed in range(start, start + 120):
        one = formula(seed)
        names = [name for name in one.declared if not name.startswith("has")]
        assert misread(one) == [], one.text
        if names:
            assert misread(one, random.Random(seed).choice(names)) == [], one.text


@settings(max_examples=40)
@given(formulas(deepest=4))
def test_what_hypothesis_finds_reads_back(one: Formula) -> None:
    assert misread(one) == []


def test_answers_of_the_table_read_back() -> None:
    """Derivatives of all tasks, by the names and sizes of the question."""
    for task in TASKS:
        request = task.request(want=["matrix", "index", "kronecker", "latex"])
        answer = handle(request)
        plain = {kind: text for kind in ("matrix", "index", "kronecker") if (text := answer[kind]) is not None}
        if answer["where"] or NAMED_LIKE_CONSTANTS & set(answer["vars"]):
            continue
        for kind, text in plain.items():
            typeset = f"${answer['latex'][kind]}$"
            if r"\mathbf{e}" in typeset or r"\mathbf{E}" in typeset:
                continue
            scopes = [Scope(declared=answer["vars"], functions=request.get("functions", {})) for _ in range(2)]
            assert read(typeset, scopes[0]).expr is read(text, scopes[1]).expr, (task, typeset, text)


# -- anything at all ---------------------------------------------------------------------

FRAGMENTS = [
    r"\frac", r"\tfrac12", "{", "}", "(", ")", r"\left(", r"\right)", "[", "]", "|", r"\|", r"\left|", r"\right|", r"\langle",
    r"\rangle", ",", r"\sum", "_", "^", "_{", "^{", "'", "x", "A", "i", "12", "0.5", "+", "-", "=", ";", r"\,", " ", r"\log",
    r"\det", r"\operatorname{tr}", r"\mathrm{d}", r"\mathbf{1}", r"\mathbf", r"\hat", r"\bf", r"\sigma", r"\beta", r"\partial",
    r"\text{a b}", r"\begin{bmatrix}", r"\end{bmatrix}", "&", r"\\", r"\begin{align}", r"\times", r"\cdot", r"\odot", r"\sqrt",
    "$", "%", r"\{", r"\top", "T", "I", "K", "e", r"\foo", "\\", r"\vec", r"\texttt{ij}", r"\infty", "f(", ":", "é", "\u200b", "d",
    r"\frac{\partial}{\partial x}", r"\frac{d f}{d x}",
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25), st.booleans())
def test_nothing_crashes(pieces: list[str], dollars: bool) -> None:
    text = "".join(pieces)
    text = f"${text}$" if dollars else text
    try:
        read(text)
    except TensorCalcError as error:
        assert all(0 <= begin <= end <= len(text) + 1 for begin, end in error.spans)
        assert str(error)


@pytest.mark.parametrize("piece", [
    "{", r"\sqrt", r"\frac", r"\log ", r"\hat", r"\hat{", "|", r"\sum_i ", r"\left(", "x^{", r"\begin{bmatrix}", r"\frac{1}{", "e^{",
    r"\sigma(", r"\frac{\partial}{\partial x}(", "_", r"\begin{align}", r"\log|", r"\mathbf{\hat{", ")", r"\left", r"x\times ",
    r"\begin{vmatrix}", r"\mathrm{a}", "A", "'", r"\operatorname{vec}", r"\langle",
])
def test_long_inputs_are_answered(piece: str) -> None:
    text = r"\alpha " + piece * (19_000 // len(piece))
    try:
        translated(text)
    except TensorCalcError as error:
        assert error.code.startswith("TC")


def test_too_long() -> None:
    assert handle({"do": "derive", "expr": r"\alpha" * 4000, "wrt": "x"})["error"]["code"] == "TC401"


# -- where formulas are read -------------------------------------------------------------


def test_every_surface_reads_it() -> None:
    asked = {"do": "derive", "expr": r"\frac{\lambda}{2} \|\mathbf{x}\|_2^2", "wrt": r"\mathbf{x}"}
    assert handle(asked)["matrix"] == "λ x"
    assert handle(asked | {"wrt": "lambda"})["matrix"] == handle(asked | {"wrt": r"\lambda"})["matrix"] == "0.5 x' x"
    assert str(tc.read(r"\operatorname{tr}(A X B)").gradient("X")) == "A' B'"
    assert tc.index(r"C_{ij} = \sum_k X_{ik} Y_{kj}", X=tc.tensor("X", 2, 3), Y=tc.tensor("Y", 3, 4)).shape == (2, 4)
    checked = handle({"do": "check", "expr": r"\log\det X", "wrt": "X", "claimed": r"\frac{\partial f}{\partial X} = X^{-1}"})
    assert (checked["verdict"], checked["diagnosis"]) == ("refuted", "transposed")
    assert handle({"do": "evaluate", "expr": r"\tfrac12 \mathbf{x}^\top \mathbf{x}", "values": {"x": [1, 2]}})["value"] == 2.5


@pytest.mark.parametrize(("statement", "verdict"), [
    (r"$\operatorname{vec}(A X B) = (B^\top \otimes A) \operatorname{vec}(X)$", "proved"),
    (r"\sum_{i=1}^n x_i^2 = \mathbf{x}^\top \mathbf{x}", "proved"),
    (r"\begin{align} (A B)^{-1} &= A^{-1} B^{-1} \end{align}", "refuted"),
    (r"C_{ij} = \sum_k A_{ik} B_{kj} == C_{ij} = (A B)_{ij}", "proved"),
])
def test_identities(statement: str, verdict: str) -> None:
    lhs, rhs = sides(statement)
    assert handle({"do": "verify", "lhs": lhs, "rhs": rhs})["verdict"] == verdict


def test_a_norm_that_people_may_mean_otherwise_is_noted() -> None:
    asked = {"do": "derive", "expr": r"\|X\|_2^2", "wrt": "X"}
    assert handle(asked)["notes"] == ["norms are entrywise: of a matrix ‖X‖_2 is read as ‖X‖_F, not as the largest singular value"]
    assert "notes" not in handle(asked | {"expr": r"\|X\|_F^2"})
    assert "notes" not in handle(asked | {"expr": r"\|X y\|_2^2"})
    assert "notes" not in handle(asked | {"expr": "norm2(X)^2"})
