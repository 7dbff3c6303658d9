"""Every printed form reads back to the very object that it was printed from."""

from __future__ import annotations

import random

import pytest
from answers import Answer, ask, close, mistakes, problems, reference
from hypothesis import given, settings
from strategies import Formula, formula, formulas

BLOCK = 250


def variables(one: Formula) -> list[str]:
    return [name for name in one.declared if not name.startswith("has")] or list(one.declared)


def answers(start: int, count: int, order: int) -> list[Answer]:
    """Answers to random questions."""
    found = []
    for seed in range(start, start + count):
        one = formula(seed)
        names = variables(one)
        if names or not order:
            pick = random.Random(seed)
            found.append(ask(one, *[pick.choice(names) for _ in range(order)]))
    return found


@pytest.mark.parametrize("start", range(0, 8 * BLOCK, BLOCK))
def test_derivatives_read_back(start: int) -> None:
    """2,000 derivatives, in every form that they have."""
    for answer in answers(start, BLOCK, 1):
        assert not problems(answer), answer.formula


@pytest.mark.parametrize("start", range(10_000, 10_000 + 4 * BLOCK, BLOCK))
def test_formulas_read_back(start: int) -> None:
    """1,000 formulas as they were read, nothing simplified."""
    for answer in answers(start, BLOCK, 0):
        assert not problems(answer), answer.formula


@pytest.mark.parametrize("options", [
    {"numerator": False}, {"columns": False}, {"numerator": False, "columns": False},
], ids=str)
def test_every_layout_reads_back(options: dict[str, bool]) -> None:
    for answer in answers(20_000, 120, 1):
        assert not problems(answer, **options), answer.formula


@settings(max_examples=150)
@given(formulas(deepest=4))
def test_what_hypothesis_finds_reads_back(one: Formula) -> None:
    for wrt in variables(one)[:2]:
        assert not problems(ask(one, wrt))


# -- forms that once meant something else ------------------------------------------------

S, V, M, T = ["n", "n"], ["n"], ["n", "m"], ["n", "n", "n"]
MISREAD = [
    ("tr(abs(A))*t", "t", {"A": S, "t": []}),                            # abs(A_kk) is the absolute trace
    ("norm1(t*einsum('aaa->a', T))", "t", {"T": T, "t": []}),            # abs(t T_kkk) likewise
    ("tr(einsum('lik,j->ij', U, x))^2", "x", {"U": ["n", "n", "n"], "x": V}),  # (U_klm x_l)^2 squares each k, m
    ("exp(einsum('ijk->', T))", "T", {"T": T}),
    ("-(a*x) - b*a*x", "x", {"x": ["n*n"], "a": [], "b": []}),           # a bracket took up a minus that was not its own
    ("u .* u .* (E*z)", "z", {"u": ["p*m"], "E": ["p*m", "p"], "z": ["p"]}),   # E (u' u) z
    ("u .* u .* (E*z)", "u", {"u": ["p*m"], "E": ["p*m", "p"], "z": ["p"]}),
    ("vech(A')", "A", {"A": ["m", "m"]}),                                # elimination(m) without the commutation
    ("R_i = vech(X)_i", "X", {"X": S}),                                  # the size of vech was not found
    ("R = vech(X)_i v_i", "X", {"X": [3, 3], "v": [6]}),
    ("(c + x'*e(2, n))*z'*abs(einsum('nqq,nnn->n', U, W))", "x", {"c": [], "x": V, "z": V, "U": ["n", "m", "m"], "W": T}),
    ("arctan(khatrirao(C, ones(m, n)))", "C", {"C": S, "D": ["m"]}),     # ones inside a function were forgotten
    ("zeros(n*(n+1)/2) - x", "x", {"x": ["n*(n+1)/2"]}),                 # 0.5 n n + 0.5 n is no size
    ("x - x", "x", {"x": ["n*(n+1)/2"]}),                                # a size took a name: T0 = n (n + 1)/2
    ("(exp(ones(n*m, p))).^(b*khatrirao(X, C))", "b", {"b": [], "X": ["n", "p"], "C": ["m", "p"]}),
    ("logsumexp(einsum('jjj,jji->i', U, U))", "U", {"U": T}),
    ("vec(B) ./ exp(vec(X))", "X", {"B": M, "X": M}),                    # exp(X') is exp(X)'
    ("dev(B*ones(m, n))", "B", {"B": M}),                    # an index of ones belongs to each term
    ("ones(n)'/sigmoid(b)", "b", {"b": [], "x": V}),
    ("R_cr = x_r x_p B_cc + z_c x_r - M_rc x_p T_rrg", "x", {"x": V, "B": S, "z": V, "M": S, "T": T}),
    ("1/x^a", "x", {"x": [], "a": []}),
]


@pytest.mark.parametrize(("text", "wrt", "declared"), MISREAD, ids=[row[0] for row in MISREAD])
def test_forms_that_were_misread(text: str, wrt: str, declared: dict[str, list[str | int]]) -> None:
    notation = "index" if text.startswith("R") else "matrix"
    notes = {name: "positive" for name, shape in declared.items() if not shape}
    one = Formula(text, notation, declared, {}, notes, {"n": 3, "m": 2, "p": 2}, 7,
                  {"i": 6 if 6 in declared.get("v", []) else "n*(n+1)/2"} if "vech(X)_i" in text else
                  dict.fromkeys("cr", "n"))
    for answer in (ask(one, wrt), ask(one)):
        assert not problems(answer)
    points = [(values, reference(one, values, wrt)) for values in map(one.values, range(4))]
    values, want = next(point for point in points if point[1] is not None)
    assert not mistakes(ask(one, wrt), values, want)


def test_definitions_go_in_front() -> None:
    """The definitions of an answer and its form are one text that can be read."""
    one = Formula("log(sum(exp(A*x + b)))*sigmoid(A*x + b)'*sigmoid(A*x + b)", "matrix",
                  {"A": ["m", "n"], "x": ["n"], "b": ["m"]}, {}, {}, {"n": 3, "m": 2}, 1)
    answer = ask(one, "x")
    assert answer.forms().where
    assert not problems(answer)


def test_a_wrong_form_is_noticed() -> None:
    """The checks of this file can fail."""
    one = Formula("A*x", "matrix", {"A": ["m", "n"], "x": ["n"], "B": ["m", "n"]}, {}, {}, {"n": 3, "m": 2}, 1)
    answer = ask(one, "x")
    assert answer.reread("A").expr is answer.expr
    assert answer.reread("B").expr is not answer.expr
    values = one.values()
    assert mistakes(answer, values, -reference(one, values, "x"))
    assert not close(1.0, 1.0001)
