"""Products as einsum takes them, in and out."""

from __future__ import annotations

import numpy as np
import opt_einsum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import formula

import tensorcalc as tc
from tensorcalc.errors import TensorCalcError, UnsupportedError

SIZES = {"m": 2, "n": 3, "p": 4, "q": 2}


@pytest.mark.parametrize("subscripts", ["ik,kj->ij", "ij,j", "ii->i", "ijk,k,j->i", "i,i,i->i", "ij,kl->ikjl", "ij->ji", "i,j", "ijj", "iji,j->",
                                        ",ij->i", "zAb,bA->z"])
def test_what_numpy_computes(subscripts: str) -> None:
    words = subscripts.partition("->")[0].split(",")
    names = ["abXYZUVW"[k] if not word else "XYZUVW"[k] for k, word in enumerate(words)]
    one = tc.from_einsum(subscripts, *names)
    generator = np.random.default_rng(1)
    values = {name: generator.normal(size=[SIZES[dim] for dim in one.variables[name].shape]) for name in names}
    want = np.einsum(subscripts, *[values[name] for name in names])
    assert np.allclose(one(**values), want)
    back = one.to_einsum()
    assert np.allclose(np.einsum(back.subscripts, *back.arrays(**values)), want)


def test_tensors_and_names_together() -> None:
    X = tc.tensor("X", "n", 4)
    one = tc.from_einsum("ik,kj->ij", X, "Y")
    assert one.shape == ("n", "m")
    assert one.variables["Y"].shape == (4, "m")
    assert tc.from_einsum(X, [0, 1], X, [0, 1], []) == tc.read("tr(X' X)", X=["n", 4])
    assert tc.from_einsum("ij,jk->ik", "A", "A").shape == ("m", "m")


@settings(max_examples=60)
@given(st.integers(0, 4000))
def test_random_formulas(seed: int) -> None:
    """Whatever einsum it becomes, NumPy and opt_einsum compute the same from the operands."""
    one = formula(seed)
    tensor = tc.read(one.text, {name: list(shape) for name, shape in one.declared.items()}, index_dims=one.index_dims())
    try:
        found = tensor.to_einsum()
    except UnsupportedError:
        return
    values = one.values()
    sizes = {name: size for name, size in one.sizes.items() if name not in values}
    want, arrays = tensor(**values, **sizes), found.arrays(**values, **sizes)
    if np.all(np.isfinite(want)) and np.max(np.abs(want), initial=0) < 1e6:
        with np.errstate(all="ignore"):
            assert np.allclose(np.einsum(found.subscripts, *arrays), want)
            assert np.allclose(opt_einsum.contract(found.subscripts, *arrays), want)


def test_words() -> None:
    one = tc.read("2 x' (A + A') x")
    assert one.to_einsum()[:2] == (",i,j,ij->", ("2", "x", "x", "A + A'"))
    assert tc.read("X Y").derivative("X").to_einsum()[:2] == ("ik,lj->ijkl", ("eye(m)", "Y"))
    assert tc.read("D_ijk = delta_ij delta_jk x_k").to_einsum().subscripts.count(",") == 2


ERRORS = [
    (lambda: tc.from_einsum("i...,i->i", "A", "x"), "RequestError TC519: subscripts are letters, one an axis\n  help: '...' is not read"),
    (lambda: tc.from_einsum("ij,j->i", "A"), "RequestError TC519: 2 subscripts for 1 operands"),
    (lambda: tc.from_einsum(3), ("RequestError TC519: einsum takes subscripts and operands\n"
                                 "  help: write from_einsum('ik,kj->ij', 'X', 'Y')")),
    (lambda: tc.from_einsum("i,j", "x", 3), "RequestError TC519: an operand is a tensor or a name, not 3"),
    (lambda: tc.from_einsum("X", [0, "k"]), "RequestError TC519: labels are whole numbers below 52"),
    (lambda: tc.from_einsum("X", [0, 1], "Y", 3), "RequestError TC519: a list of labels stands behind each operand"),
    (lambda: tc.from_einsum("ij,i->j", "A", "A"), "ShapeError TC113: subscripts 'ij' for an operand with 1 axes"),
    (lambda: tc.read("vec(A X B)").to_einsum(), ("UnsupportedError TC322: an axis of merged indices has no letter in einsum\n"
                                                 "  vec(A X B) is q*m")),
]


@pytest.mark.parametrize(("action", "message"), ERRORS, ids=[message for _, message in ERRORS])
def test_errors(action: object, message: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        action()
    assert str(caught.value) == message
