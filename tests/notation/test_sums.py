r"""Sums that are written out, ``\sum_{i}`` and ``sum(i, …)``, against loops over entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorcalc.errors import TensorCalcError
from tensorcalc.notation.lower import Scope, read
from tensorcalc.numbers.evaluate import evaluate

GENERATOR = np.random.default_rng(3)
N = 3
VALUES: dict[str, Any] = {"x": GENERATOR.normal(size=N), "y": GENERATOR.normal(size=N), "A": GENERATOR.normal(size=(N, N)),
                          "B": GENERATOR.normal(size=(N, N)), "c": 0.7}
SHAPES: dict[str, list[str | int]] = {"x": ["n"], "y": ["n"], "A": ["n", "n"], "B": ["n", "n"], "c": []}
LETTERS = "ijkl"


class Term(NamedTuple):
    """A formula in both notations, what it is worth at given indices, and the indices that are free in it."""

    pasted: str
    own: str
    worth: Callable[[dict[str, int]], float]
    free: frozenset[str]


def entry(name: str, letters: tuple[str, ...]) -> Term:
    return Term(f"{name}_{{{''.join(letters)}}}" if letters else name, f"{name}_{''.join(letters)}" if letters else name,
                lambda at: float(VALUES[name][tuple(at[letter] for letter in letters)] if letters else VALUES[name]),
                frozenset(letters))


def times(a: Term, b: Term) -> Term:
    return Term(f"{a.pasted} {b.pasted}", f"({a.own})*({b.own})", lambda at: a.worth(at) * b.worth(at), a.free | b.free)


def plus(a: Term, b: Term) -> Term:
    return Term(rf"\left({a.pasted} + {b.pasted}\right)", f"(({a.own}) + ({b.own}))", lambda at: a.worth(at) + b.worth(at), a.free | b.free)


def applied(a: Term) -> Term:
    return Term(rf"\tanh\left({a.pasted}\right)", f"tanh({a.own})", lambda at: math.tanh(a.worth(at)), a.free)


def squared(a: Term) -> Term:
    return Term(rf"\left({a.pasted}\right)^2", f"({a.own})^2", lambda at: a.worth(at) ** 2, a.free)


def summed(letter: str, a: Term) -> Term:
    if letter not in a.free:
        return a
    return Term(rf"\left(\sum_{{{letter}}} {a.pasted}\right)", f"sum({letter}, {a.own})",
                lambda at: sum(a.worth({**at, letter: k}) for k in range(N)), a.free - {letter})


def terms() -> st.SearchStrategy[Term]:
    letter = st.sampled_from(LETTERS)
    leaves = st.one_of(
        st.builds(lambda name, one: entry(name, (one,)), st.sampled_from("xy"), letter),
        st.builds(lambda name, one, two: entry(name, (one, two)), st.sampled_from("AB"), letter, letter),
        st.just(entry("c", ())))
    return st.recursive(leaves, lambda inner: st.one_of(
        st.builds(times, inner, inner), st.builds(plus, inner, inner), st.builds(applied, inner), st.builds(squared, inner),
        st.builds(summed, letter, inner), st.builds(summed, letter, inner)), max_leaves=6)


def checked(one: Term, text: str, left: str) -> None:
    scope = Scope(declared=SHAPES, index_dims=dict.fromkeys(left, "n"))
    found = evaluate(read(text, scope).expr, VALUES, {"n": N})
    want = np.empty((N,) * len(left))
    for place in product(range(N), repeat=len(left)):
        want[place] = one.worth(dict(zip(left, place)))
    assert found.shape == want.shape
    assert np.allclose(found, want), text


@settings(max_examples=150)
@given(terms())
def test_sums_are_loops(one: Term) -> None:
    """With every index that is not summed on the left side, both notations are worth what loops are."""
    left = "".join(sorted(one.free))
    name = f"D_{{{left}}}" if left else "D"
    checked(one, f"$ {name} = {one.pasted} $", left)
    checked(one, f"{name} = {one.own}", left)


def test_a_sum_of_what_has_not_its_index_counts() -> None:
    """Inside a bracket, each term is summed."""
    scope = Scope(declared=SHAPES)
    assert np.allclose(evaluate(read("s = sum(i, x_i + c)", scope).expr, VALUES), VALUES["x"].sum() + N * VALUES["c"])


ERRORS = {
    "s = sum(k, x_i)": "FormulaError TC067: k is no index of what is summed\n  s = sum(k, x_i)\n      ^~~~~~~~~~~\n  help: write sum(k, X_ik Y_kj)",
    "s = sum(i, 4, x_i)": ("ShapeError TC103: index i has two sizes\n  s = sum(i, 4, x_i)\n             ^\n"
                           "  i is 3 and 4 by its sum\n  help: transpose one of them, or declare sizes that agree"),
    "s = sum(i, sum(i, x_i))": "FormulaError TC067: i is no index of what is summed",
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors(text: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        read(text, Scope(declared={"x": [3]}))
    assert str(caught.value).startswith(ERRORS[text])
