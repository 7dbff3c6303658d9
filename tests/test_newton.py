"""A step of Newton's method as a formula: where it ends, by Hessians and gradients of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensorcalc as tc

jax.config.update("jax_enable_x64", True)

SIZES = {"m": 5, "n": 4, "k": 3}
DECLARED = {"T": ["m", "n"], "U": ["m", "k"], "V": ["n", "k"], "A": ["m", "n"], "B": ["n", "n"], "C": ["k", "k"], "X": ["n", "k"],
            "S": ["n", "n"], "x": ["n"], "a": ["n"], "c": ["n"], "b": ["m"], "l": [], "s": []}
STRUCTURES: list[tuple[str, str, Callable[[dict[str, Any]], Any], str]] = [   # the Hessian, after its formula
    ("norm2(T - U V')^2", "U", lambda v: ((v["T"] - v["U"] @ v["V"].T) ** 2).sum(), "δ ⊗ A"),
    ("norm2(T - U V')^2", "V", lambda v: ((v["T"] - v["U"] @ v["V"].T) ** 2).sum(), "δ ⊗ A, the other side"),
    ("norm2(B X C - X)^2", "X", lambda v: ((v["B"] @ v["X"] @ v["C"] - v["X"]) ** 2).sum(), "TC323"),
    ("norm2(B X C)^2 - sum(X)", "X", lambda v: ((v["B"] @ v["X"] @ v["C"]) ** 2).sum() - v["X"].sum(), "A ⊗ B"),
    ("norm2(A x - b)^2 + l norm2(x)^2", "x", lambda v: ((v["A"] @ v["x"] - v["b"]) ** 2).sum() + v["l"] * (v["x"] ** 2).sum(), "A"),
    ("sum(exp(x)) - (a' x)", "x", lambda v: jnp.exp(v["x"]).sum() - v["a"] @ v["x"], "diagonal"),
    ("sum(exp(X)) - tr(X X')", "X", lambda v: jnp.exp(v["X"]).sum() - (v["X"] ** 2).sum(), "diagonal, two axes"),
    ("sum(exp(x)) + (a' x)^2", "x", lambda v: jnp.exp(v["x"]).sum() + (v["a"] @ v["x"]) ** 2, "diagonal and rank one"),
    ("sum(exp(x)) + (a' x)^2 + (c' x)^4", "x",
     lambda v: jnp.exp(v["x"]).sum() + (v["a"] @ v["x"]) ** 2 + (v["c"] @ v["x"]) ** 4, "diagonal, rank one twice"),
    ("sum(exp(X)) + norm2(X' a)^2", "X", lambda v: jnp.exp(v["X"]).sum() + ((v["X"].T @ v["a"]) ** 2).sum(),
     "blocks, each a diagonal and rank one"),
    ("log(sum(exp(x))) + norm2(x)^2", "x", lambda v: jax.nn.logsumexp(v["x"]) + (v["x"] ** 2).sum(), "of softmax"),
    ("tr(S a a') - logdet(S' S)", "S", lambda v: v["a"] @ v["S"] @ v["a"] - 2 * jnp.linalg.slogdet(v["S"])[1], "an inverse"),
    ("s^4 - l s", "s", lambda v: v["s"] ** 4 - v["l"] * v["s"], "a number"),
    ("norm2(x)^4", "x", lambda v: (v["x"] ** 2).sum() ** 2, "a multiple of I and rank one"),
    ("l norm2(X)^2", "X", lambda v: v["l"] * (v["X"] ** 2).sum(), "no gradient at zero"),
    ("log(sum(exp(x))) + (a' x)^2", "x", lambda v: jax.nn.logsumexp(v["x"]) + (v["a"] @ v["x"]) ** 2, "singular without the last product"),
    ("norm2(x) + (a' x)^2 + (c' x)^4", "x", lambda v: jnp.sqrt(v["x"] @ v["x"]) + (v["a"] @ v["x"]) ** 2 + (v["c"] @ v["x"]) ** 4,
     "singular without the last two"),
    ("log(sum(exp(B x))) + (a' x)^2", "x", lambda v: jax.nn.logsumexp(v["B"] @ v["x"]) + (v["a"] @ v["x"]) ** 2, "one matrix"),
]


def _values(f: tc.Tensor, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=tuple([SIZES[str(dim)] for dim in one.shape])) for name, one in f.variables.items()}


def _expected(value: Callable[[dict[str, Any]], Any], values: dict[str, Any], name: str) -> Any:
    """``x - inv(H) g`` with the dense Hessian."""
    def of(x: Any) -> Any:
        return value({**values, name: x})
    x = jnp.asarray(values[name])
    step = np.linalg.solve(np.asarray(jax.hessian(of)(x)).reshape(x.size, x.size), np.asarray(jax.grad(of)(x)).ravel())
    return values[name] - step.reshape(x.shape)


@pytest.mark.parametrize(("text", "name", "value"), [row[:3] for row in STRUCTURES if row[3] != "TC323"],
                         ids=[f"{row[3]}" for row in STRUCTURES if row[3] != "TC323"])
@pytest.mark.parametrize("seed", range(3))
def test_a_step_ends_where_the_dense_hessian_says(text: str, name: str, value: Callable[[dict[str, Any]], Any], seed: int) -> None:
    f = tc.read(text, DECLARED)
    values = _values(f, seed)
    np.testing.assert_allclose(f.newton(name)(**values), _expected(value, values, name), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_other_libraries_compute_the_same(library: str) -> None:
    pytest.importorskip(library)
    f = tc.read("norm2(T - U V')^2", DECLARED)
    values = _values(f, 0)
    np.testing.assert_allclose(np.asarray(f.newton("U").compile(library)(**values)), f.newton("U")(**values), rtol=1e-5)


@pytest.mark.parametrize("text", ["norm2(A x - b)^2 + (a' x)^2", "norm2(A x)^2 - log(1 + (a' x)^2) + (c' x)^2"])
def test_a_part_may_be_singular_for_some_sizes(text: str) -> None:
    """``A`` is wide, so ``A'A`` has no inverse, though the Hessian has one."""
    f = tc.read(text, DECLARED)
    rng = np.random.default_rng(3)
    values = {name: rng.normal(size=[{**SIZES, "m": 3}[str(dim)] for dim in one.shape]) for name, one in f.variables.items()}
    gradient, hessian = f.gradient("x")(**values), f.hessian("x")(**values)
    np.testing.assert_allclose(f.newton("x")(**values), values["x"] - np.linalg.solve(hessian, gradient), rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_numbers_for_sizes_change_nothing(seed: int, is_wide: bool, is_sparse: bool) -> None:
    """Of low rank is a matrix by numbers or by symbols; the step ends at the same place."""
    n, r = (3, 2) if is_wide else (12, 2)
    rng = np.random.default_rng(seed)
    values = {"A": rng.normal(size=(r, n)), "x": rng.normal(size=n), "a": rng.normal(size=n)}
    text = "sum(exp(x)) + norm2(A x)^2 - (a' x)" if is_sparse else "norm2(x)^2 + norm2(A x)^2 - (a' x)"
    known = tc.read(text, A=[r, n], x=[n], a=[n]).newton("x")(**values)
    named = tc.read(text, A=["r", "n"], x=["n"], a=["n"]).newton("x")(**values)
    np.testing.assert_allclose(known, named, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("text", "name", "expected"), [
    ("norm2(T - U V')^2", "U", "T V inv(V' V)"),                      # the other half of alternating least squares
    ("norm2(A x - b)^2 + l norm2(x)^2", "x", "inv(l eye(n) + A' A) A' b"),   # ridge regression
    ("tr(S B) - logdet(S)", "S", "2 S - S B S"),                      # Schulz 1933, for the inverse of B
    ("s^2/2 - l s", "s", "l"),
])
def test_the_formula_is_the_one_that_people_know(text: str, name: str, expected: str) -> None:
    assert str(tc.read(text, DECLARED).newton(name)) == expected


@pytest.mark.parametrize(("text", "name", "code"), [
    ("norm2(B X C - X)^2", "X", "TC323"),
    ("logsumexp(B x)", "x", "TC323"),
    ("(a' x)", "x", "TC311"),
    ("(a' x)^2", "x", "TC311"),
    ("logsumexp(x) - (a' x)", "x", "TC311"),      # takes ones to zero
    ("a' softmax(x)", "x", "TC311"),
    ("norm2(X)", "X", "TC311"),                   # takes the point itself to zero
    ("(c' x)^2/(a' x)", "x", "TC311"),
    ("A x", "x", "TC106"),
])
def test_what_has_no_formula_is_an_error(text: str, name: str, code: str) -> None:
    with pytest.raises(tc.TensorCalcError) as caught:
        tc.read(text, DECLARED).newton(name)
    assert caught.value.code == code


def test_no_size_that_is_a_symbol_is_told_as_a_number() -> None:
    with pytest.raises(tc.TensorCalcError) as caught:
        tc.read("norm2(A x - b)^2", b=["m"]).newton("A")
    assert (caught.value.code, caught.value.facts) == ("TC311", ["a part of it has a rank below its order"])


def test_a_product_of_low_rank_that_is_summed_over_two_axes() -> None:
    f = tc.read("Y_ab = T_iab x_i; sum(exp(x)) + norm2(Y)^2", x=[30], T=[30, 2, 2])
    rng = np.random.default_rng(3)
    values = {"x": rng.normal(size=30) / 3, "T": rng.normal(size=(30, 2, 2))}

    def by_hand(v: dict[str, Any]) -> Any:
        return jnp.exp(v["x"]).sum() + ((v["T"].T @ v["x"]) ** 2).sum()
    np.testing.assert_allclose(f.newton("x")(**values), _expected(by_hand, values, "x"), rtol=1e-8, atol=1e-10)
