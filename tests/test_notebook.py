"""What notebooks show: complete, escaped, bounded, and never an exception."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Formula, formulas

import tensorcalc as tc
from tensorcalc.errors import TensorCalcError
from tensorcalc.tensors import notebook
from tensorcalc.tensors.claims import Diagnosis, Verdict
from tensorcalc.tensors.derivations import Derivation

VOID = {"br", "hr", "img"}
TAGS = {"p", "strong", "code", "small", "table", "thead", "tbody", "tr", "th", "td"}


class Tree(HTMLParser):
    """Reads HTML and insists that every tag is known and closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS and all(name in ("style", "scope", "colspan") for name, _ in attrs), tag
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def balanced(latex: str) -> bool:
    """Whether braces, dollars and environments are in pairs."""
    bare = re.sub(r"\\[{}$%&#_\\]", "", latex)
    return bare.count("{") == bare.count("}") and bare.count("$") == 2 and \
        sorted(re.findall(r"\\begin{(\w+)}", latex)) == sorted(re.findall(r"\\end{(\w+)}", latex))


# -- tensors -------------------------------------------------------------------------------


def test_a_tensor_is_its_formula() -> None:
    gradient = tc.read("x' A x").gradient("x")
    assert gradient._repr_latex_() == r"$\displaystyle \left(A + A^\top\right) \, x$"
    assert gradient._repr_mimebundle_() == {"text/plain": "(A + A') x", "text/latex": gradient._repr_latex_()}


def test_shared_parts_are_typeset_beside_the_formula() -> None:
    typeset = tc.read("softmax(W x)").jacobian("x")._repr_latex_()
    assert r",\quad" in typeset and balanced(typeset)


def test_a_long_formula_says_how_long_it_is() -> None:
    terms = " + ".join([f"A{k} X B{k}" for k in range(200)])
    typeset = tc.read(terms)._repr_latex_()
    assert len(typeset) < 200 and "characters of LaTeX is not typeset" in typeset
    assert re.search(r"m x \w: a formula of \d,\d{3} characters", typeset) and balanced(typeset)


def test_a_tensor_too_large_to_be_written_says_so() -> None:
    x = tc.tensor("x", "n")
    for _ in range(40):
        x = x * tc.fn.exp(x)
    typeset = x._repr_latex_()
    assert "too large to be written out" in typeset and len(typeset) < 300 and balanced(typeset)
    assert x._repr_mimebundle_()["text/plain"]


@given(formulas(deepest=4), st.integers(0, 5))
@settings(max_examples=60)
def test_no_representation_raises(formula: Formula, place: int) -> None:
    try:
        tensor = tc.read(formula.text, vars=formula.declared, assume=formula.facts, index_dims=formula.index_dims())
        names = sorted(tensor.variables)
        tensor = tensor.derivative(names[place % len(names)]) if names and place else tensor
    except TensorCalcError:
        return
    typeset = tensor._repr_latex_()
    assert balanced(typeset) and len(typeset) < 5_000
    assert set(tensor._repr_mimebundle_()) == {"text/plain", "text/latex"}
    assert tensor.diagram()._repr_svg_()


def test_a_table_of_blocks_is_bounded() -> None:
    assert "bmatrix" in tc.read("norm2(A x + y)^2/2").hessian(["x", "y"])._repr_latex_()
    terms = " + ".join([f"tr(A{k} X B{k} X)" for k in range(90)])
    typeset = tc.read(terms).hessian(["X"])._repr_latex_()
    assert typeset.startswith(r"$\displaystyle \text{1 blocks: a formula of") and balanced(typeset)


# -- derivations ---------------------------------------------------------------------------


def test_a_derivation_is_a_table() -> None:
    steps = tc.read("x' A x").derivation("x", detail="full")
    tree = Tree(steps._repr_html_())
    assert tree.seen.count("tr") == len(steps) + 1
    assert any(step["rule"] in tree.texts for step in steps) and r"\begin{aligned}" in (steps._repr_latex_() or "")
    assert steps[-1]["text"] == "∂f/∂x = (A + A') x" and [*steps] == list(steps.steps)
    assert repr(steps).startswith("<Derivation of 4 steps: D_i = ∂f/∂x_i") or len(steps) != 4


@pytest.mark.parametrize(("formula", "order", "reading"), [
    ("x' A x", 1, "free"), ("x' A x", 2, "free"), ("logdet(X)", 1, "free"), ("softmax(W x)", 1, "free"),
])
def test_the_steps_are_those_of_the_service(formula: str, order: int, reading: str) -> None:
    by = "X" if "X" in formula else "x"
    answer = tc.handle({"do": "derive", "expr": formula, "wrt": by, "order": order, "wrt_convention": reading, "want": ["steps"]})
    found = tc.read(formula).derivation(by, order=order, reading=reading)
    assert isinstance(found, Derivation) and [*found.steps] == answer["steps"]


def test_a_derivation_begins_with_a_formula() -> None:
    with pytest.raises(tc.RequestError, match="a derivation begins with a formula") as caught:
        tc.read("x' A x").gradient("x").derivation("x")
    assert caught.value.code == "TC519"


def test_a_long_derivation_says_how_many_steps_it_leaves_out() -> None:
    step = {"rule": "r", "statement": "s", "reference": "", "text": "a = b", "latex": "a = b"}
    found = Derivation((step,) * (notebook.MOST_ROWS + 7), "convention")
    tree = Tree(found._repr_html_())
    assert tree.seen.count("tr") == notebook.MOST_ROWS + 2
    assert "… 7 more steps; print shows them" in tree.texts
    assert "and 7 more lines" in (found._repr_latex_() or "")


def test_a_long_step_is_cut_and_says_how_long_it_is() -> None:
    step = {"rule": "r", "statement": "s", "reference": "", "text": "x" * 9_000, "latex": "y" * 9_000}
    text = Derivation((step,), "convention")._repr_html_()
    Tree(text)
    assert "(9,000 characters)" in text and len(text) < 2_000


# -- verdicts ------------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "says"), [
    (lambda: tc.verify("inv(A*B) = inv(B)*inv(A)"), ["proved", "inverse.product", "inv(A*B) = inv(B)*inv(A)"]),
    (lambda: tc.verify("A*B = B*A"), ["refuted", "A", "[[-1, 2], [-2, 0]]"]),
    (lambda: tc.check("logdet(X)", "X", "inv(X)"), ["refuted", "diagnosis: transposed", "correct: inv(X)'"]),
    (lambda: tc.check("x' A x", "x", "(A + A') x"), ["proved", "diagnosis: correct"]),
    (lambda: tc.check("tr(A X)", "X", "A B"), ["refuted", "diagnosis: wrong-shape"]),
])
def test_verdicts_are_shown(verdict: Any, says: list[str]) -> None:
    found: Verdict | Diagnosis = verdict()
    tree = Tree(found._repr_html_())
    assert [word for word in says if word not in tree.texts] == []
    assert found._repr_latex_() is None or balanced(str(found._repr_latex_()))


def test_what_comes_from_elsewhere_is_escaped() -> None:
    bad = '<script>alert("&")</script>'
    found = Verdict("refuted", [{"rule": bad, "statement": bad, "reference": bad, "text": bad, "latex": bad}],
                    {"dims": {bad: 2}, "values": {bad: bad}}, bad, bad, {"lhs": bad, "rhs": bad})
    text = found._repr_html_()
    assert "".join(Tree(text).texts).count(bad) >= 9 and "<script" not in text


def test_words_in_latex_hold_no_command() -> None:
    assert notebook.words(r"a_b \input{x} 50% é") == r"\text{a?b ?input?x? 50? ?}"
