"""Arrays of JAX and PyTorch in calls: the result is one of theirs, and their derivatives go through."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tensorcalc as tc
from tensorcalc.errors import TensorCalcError

A, X = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
f = tc.read("sum(tanh(A x)) + x' A x")
g = f.gradient("x")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


def test_jax_in_jax_out() -> None:
    value = g(A=jnp.asarray(A), x=jnp.asarray(X))
    assert isinstance(value, jax.Array)
    assert np.allclose(value, g(A=A, x=X), atol=1e-5)
    mixed = g(A=A, x=jnp.asarray(X))
    assert isinstance(mixed, jax.Array)
    assert isinstance(g(A=[[1, 2], [3, 4]], x=jnp.asarray(X)), jax.Array)


def test_jit_grad_and_vmap_go_through() -> None:
    assert np.allclose(jax.jit(lambda x: g(A=A, x=x))(X), g(A=A, x=X), atol=1e-5)
    assert np.allclose(jax.grad(lambda x: f(A=A, x=x))(jnp.asarray(X)), g(A=A, x=X), atol=1e-5)
    points = np.array([[1.0, 0.0], [0.5, 2.0]])
    want = np.array([g(A=A, x=point) for point in points])
    assert np.allclose(jax.vmap(lambda x: g(A=A, x=x))(points), want, atol=1e-5)
    assert np.allclose(jax.jit(lambda x: g.compile("jax")(A=A, x=x))(X), g(A=A, x=X), atol=1e-5)


def test_torch_in_torch_out(torch: Any) -> None:
    for dtype in (torch.float64, torch.float32):
        value = g(A=torch.tensor(A, dtype=dtype), x=torch.tensor(X, dtype=dtype))
        assert isinstance(value, torch.Tensor)
        assert value.dtype == dtype
        assert np.allclose(value.numpy(), g(A=A, x=X), atol=1e-5)
    assert g(A=A, x=torch.tensor(X, dtype=torch.float32)).dtype == torch.float32
    assert g(A=torch.tensor(A), x=torch.tensor(X, dtype=torch.float32)).dtype == torch.float64
    assert g(A=torch.tensor([[1, 2], [3, 4]]), x=[1, -1]).dtype == torch.get_default_dtype()


def test_autograd_goes_through(torch: Any) -> None:
    x = torch.tensor(X, requires_grad=True)
    f(A=torch.tensor(A), x=x).backward()
    assert np.allclose(x.grad.numpy(), g(A=A, x=X))
    hessian = torch.autograd.functional.jacobian(lambda x: g(A=A, x=x), torch.tensor(X))
    assert np.allclose(hessian.numpy(), f.hessian("x")(A=A, x=X))


def test_a_tensor_with_history_is_no_array_of_numpy(torch: Any) -> None:
    with pytest.raises(TensorCalcError) as caught:
        g.compile()(A=A, x=torch.tensor(X, requires_grad=True))
    assert str(caught.value) == ("RequestError TC512: the value of x cannot be made an array of NumPy\n"
                                 "  Can't call numpy() on Tensor that requires grad")


def test_sizes_and_functions_are_passed_on() -> None:
    assert np.allclose(tc.read("sum(eye(n)) a").gradient("a")(a=jnp.asarray(2.0), n=3), 3)
    unknown = tc.read("sum(f(x))", functions={"f": "elementwise"})
    assert np.allclose(unknown(x=jnp.asarray(X), f=jnp.exp), np.exp(X).sum(), atol=1e-5)


ERRORS = [
    (lambda: g(A=A, x=jnp.ones(3)), ("ShapeError TC112: the size m has two values\n"
                                    "  m is 2 by the first axis of A (A is 2 x 2)\n  m is 3 by the first axis of x (x is 3)")),
    (lambda: g(A=jnp.asarray(X), x=X), "ShapeError TC111: A has the wrong order\n  A is declared as m x m and given as 2"),
    (lambda: g(x=jnp.asarray(X)), "RequestError TC511: no value for A\n  help: pass A as m x m"),
]


@pytest.mark.parametrize(("action", "message"), ERRORS, ids=[message for _, message in ERRORS])
def test_errors_are_in_names_of_ones_own(action: Any, message: str) -> None:
    with pytest.raises(TensorCalcError) as caught:
        action()
    assert str(caught.value) == message


def test_arrays_of_two_libraries(torch: Any) -> None:
    with pytest.raises(TensorCalcError) as caught:
        g(A=torch.tensor(A), x=jnp.asarray(X))
    assert str(caught.value) == ("RequestError TC512: values are arrays of two libraries\n  A is an array of PyTorch\n"
                                 "  x is an array of JAX\n  help: convert all to one of them")


def test_no_library_is_loaded_to_find_out() -> None:
    program = "import sys, tensorcalc as tc; tc.read('A x')(A=[[1, 2]], x=[1, 1]); print({'jax', 'torch', 'sympy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
