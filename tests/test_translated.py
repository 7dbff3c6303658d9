"""Functions for JAX and PyTorch: the value that NumPy finds, jitted, in several outputs, differentiable from outside."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from answers import close

import tensorcalc as tc
from tensorcalc.numbers import backends

FORMULAS = [
    ("sum(softplus(-y .* (X*w)))", {"X": ["m", "d"], "y": ["m"], "w": ["d"]}, "w"),
    ("norm2(T - U*V')^2", {"T": ["n", "m"], "U": ["n", "k"], "V": ["m", "k"]}, "U"),
    ("log(det(X'*X))", {"X": ["m", "n"]}, "X"),
    ("logsumexp(W*x)", {"W": ["m", "n"], "x": ["n"]}, "W"),
    ("tr(inv(S)*C) + logdet(S)", {"S": ["n", "n"], "C": ["n", "n"]}, "S"),
]
SIZES = {"m": 6, "n": 3, "d": 2, "k": 2}


def point(shapes: dict[str, list[str]], seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    return {name: generator.standard_normal([SIZES[dim] for dim in dims]) + (2 * np.eye(3) if name == "S" else 0)
            for name, dims in shapes.items()}


@pytest.mark.parametrize("library", ["jax", "torch"])
@pytest.mark.parametrize(("formula", "shapes", "by"), FORMULAS)
def test_value_gradient_and_hessian_together(library: str, formula: str, shapes: dict[str, list[str]], by: str) -> None:
    module = pytest.importorskip(library)
    loss = tc.read(formula, shapes)
    tensors = [loss, loss.gradient(by), loss.hessian(by)]
    run = tc.compile(*tensors, library=library)
    for seed in (1, 2):
        values = point(shapes, seed)
        if library == "jax":
            with module.enable_x64(True):
                found = [np.asarray(one) for one in run(**{name: module.numpy.asarray(one) for name, one in values.items()})]
        else:
            found = [one.numpy() for one in run(**{name: module.from_numpy(one) for name, one in values.items()})]
        assert all(close(one, tensor(**values), 1e-9) for one, tensor in zip(found, tensors))


def test_jax_differentiates_through() -> None:
    jax = pytest.importorskip("jax")
    A, x = tc.tensor("A", "m", "n"), tc.tensor("x", "n")
    run = ((A @ x) @ (A @ x)).gradient(x).compile("jax")
    with jax.enable_x64(True):
        values = {"A": jax.numpy.arange(6.0).reshape(3, 2), "x": jax.numpy.ones(2)}
        hessian = jax.jacobian(lambda x: run(A=values["A"], x=x))(values["x"])
    assert np.allclose(hessian, 2 * np.arange(6.0).reshape(3, 2).T @ np.arange(6.0).reshape(3, 2))


def test_a_missing_value_is_named() -> None:
    pytest.importorskip("jax")
    x = tc.tensor("x", "n")
    with pytest.raises(tc.RequestError, match="no value for x"):
        (x @ x).compile("jax")(y=1.0)


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(tc.RequestError, match="library"):
        tc.tensor("x", "n").compile("cupy")


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_another_function_or_number_is_not_the_first_one(library: str) -> None:
    """Code is kept by shapes, never with the functions or the numbers of an earlier call."""
    module = pytest.importorskip(library)
    asarray = module.numpy.asarray if library == "jax" else module.tensor
    run = tc.read("a*sum(f(x))", {"a": [], "x": ["n"]}, functions={"f": "elementwise"}).compile(library)
    x = asarray([1.0, 2.0])
    assert float(run(a=2.0, x=x, f=lambda z: z * z)) == 10
    assert float(run(a=3.0, x=x, f=lambda z: z + 1)) == 15
    assert float(run(a=3.0, x=x, f=lambda z: z, unused=asarray([1.0]))) == 9
    kept = tc.read("a*sum(x)", {"a": [], "x": ["n"]}).compile(library)
    first = [kept(a=0.5, x=x), kept.code]
    assert float(kept(a=4.0, x=x)) == 12
    assert kept.code is first[1]


@pytest.mark.parametrize("library", ["numpy", "jax", "torch"])
def test_a_power_is_repeated_as_a_whole(library: str) -> None:
    """In PyTorch a method repeats a number, and a method binds tighter than a power does."""
    module = pytest.importorskip({"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}[library])
    one = tc.read("logsumexp(a^1.5*ones(n)) + sum(x)", x=tc.tensor("x", "n"), a=tc.tensor("a"))
    found = one.compile(library)(x=module.ones(3), a=module.ones(()) * 4)
    assert close(np.asarray(found), 8 + np.log(3) + 3, 1e-5)


@pytest.mark.parametrize("library", ["numpy", "jax", "torch"])
@pytest.mark.parametrize("size", [2.0, "2", None, True], ids=str)
def test_a_size_that_is_no_whole_number(library: str, size: object) -> None:
    run = tc.compile(tc.read("A + tr(eye(n)) A"), library=library)
    with pytest.raises(tc.TensorCalcError, match=f"TC512: the size n is a whole number, not '{size}'"):
        run(A=np.eye(2), n=size)


@pytest.mark.parametrize("library", ["numpy", "jax", "torch"])
def test_what_is_missing_is_named(library: str) -> None:
    pytest.importorskip(library)
    run = tc.compile(tc.read("A + tr(eye(n)) A"), library=library)
    with pytest.raises(tc.TensorCalcError, match="TC513: no array shows the size n\n  help: give the size by its name: n="):
        run(A=np.eye(2))
    slope = tc.compile(tc.read("sum(f(A x))", functions={"f": "elementwise"}).gradient("x"), library=library)
    with pytest.raises(tc.TensorCalcError, match="TC511: no value for df\n  help: pass df as a function of arrays"):
        slope(A=np.eye(2), x=np.ones(2))


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_arrays_that_do_not_fit(library: str) -> None:
    pytest.importorskip(library)
    run = tc.compile(tc.read("sum(softplus(A x))").gradient("x"), library=library)
    assert run(A=np.ones((2, 3)), x=np.ones(3)).shape == (3,)
    with pytest.raises(tc.TensorCalcError, match="TC112: the size n has two values"):
        run(A=np.ones((2, 3)), x=np.ones(2))
    with pytest.raises(tc.TensorCalcError, match="TC111: x has the wrong order\n  x is declared as n and given as 3 x 1"):
        run(A=np.ones((2, 3)), x=np.ones((3, 1)))


@pytest.mark.parametrize(("library", "found"), [("jax", backends.jax_itself), ("torch", backends.pytorch)], ids=["jax", "torch"])
def test_a_library_that_is_not_installed(library: str, found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tc.read("A x").compile(library)
    monkeypatch.setitem(sys.modules, library, None)
    found.cache_clear()
    try:
        with pytest.raises(tc.TensorCalcError, match=f"TC310: {library} is not installed"):
            run(A=np.eye(2), x=np.ones(2))
    finally:
        found.cache_clear()
