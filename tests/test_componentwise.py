"""Small tensors at many points: generated modules against JAX, one point at a time, and against an interpreter."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Network, close, load, networks, scale

import tensorcalc as tc
from tensorcalc.algebra.build import add, apply, delta, einsum, variable
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.errors import UnsupportedError
from tensorcalc.functions import TABLE
from tensorcalc.numbers.points import blocks
from tensorcalc.numbers.points.componentwise import component_code, suits
from tensorcalc.numbers.points.loops import at_one_point

jax.config.update("jax_enable_x64", True)
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

Energy = Callable[..., Any]

# A formula of one point, sizes of its variables, which of them each point has its own value of, and the same in JAX.
ENERGIES: dict[str, tuple[str, dict[str, list[int]], list[str], Energy]] = {
    "neo-Hooke": ("mu/2*(tr(F'*F) - 3) - mu*log(det(F)) + lam/2*log(det(F))^2", {"F": [3, 3], "mu": [], "lam": []}, ["F"],
                  lambda F, mu, lam: mu / 2 * (jnp.sum(F * F) - 3) - mu * jnp.log(jnp.linalg.det(F))
                  + lam / 2 * jnp.log(jnp.linalg.det(F)) ** 2),
    "neo-Hooke in the plane": ("mu/2*(tr(F'*F) - 2) - mu*log(det(F))", {"F": [2, 2], "mu": []}, ["F", "mu"],
                               lambda F, mu: mu / 2 * (jnp.sum(F * F) - 2) - mu * jnp.log(jnp.linalg.det(F))),
    "St Venant-Kirchhoff": ("lam/8*tr(F'*F - eye(3))^2 + mu/4*norm2(F'*F - eye(3))^2", {"F": [3, 3], "mu": [], "lam": []},
                            ["F"], lambda F, mu, lam: lam / 8 * jnp.trace(F.T @ F - jnp.eye(3)) ** 2
                            + mu / 4 * jnp.sum((F.T @ F - jnp.eye(3)) ** 2)),
    "Mooney-Rivlin": ("a*(det(F)^(-2/3)*tr(F'*F) - 3) + b*(det(F)^(-4/3)/2*(tr(F'*F)^2 - tr(F'*F*F'*F)) - 3) + d*(det(F) - 1)^2", {"F": [3, 3], "a": [], "b": [], "d": []}, ["F"],
                      lambda F, a, b, d: a * (jnp.linalg.det(F) ** (-2 / 3) * jnp.sum(F * F) - 3)
                      + b * (jnp.linalg.det(F) ** (-4 / 3) / 2 * (jnp.sum(F * F) ** 2 - jnp.sum((F.T @ F) ** 2)) - 3)
                      + d * (jnp.linalg.det(F) - 1) ** 2),
    "von Mises": ("sqrt(3/2*norm2(S - tr(S)/3*eye(3))^2)", {"S": [3, 3]}, ["S"],
                  lambda S: jnp.sqrt(1.5 * jnp.sum((S - jnp.trace(S) / 3 * jnp.eye(3)) ** 2))),
    "quadratic form": ("sin(x'*A*x/2 - b'*x)", {"A": [3, 3], "x": [3], "b": [3]}, ["x"],
                       lambda A, x, b: jnp.sin(x @ A @ x / 2 - b @ x)),
    "quadratic form at each point": ("(x'*A*x)^2", {"A": [4, 4], "x": [4]}, ["A", "x"], lambda A, x: (x @ A @ x) ** 2),
    "Gauss": ("exp(-x'*inv(S)*x/2)/sqrt(det(S))", {"S": [2, 2], "x": [2]}, ["S", "x"],
              lambda S, x: jnp.exp(-x @ jnp.linalg.inv(S) @ x / 2) / jnp.sqrt(jnp.linalg.det(S))),
    "determinant 2": ("det(A)", {"A": [2, 2]}, ["A"], lambda A: jnp.linalg.det(A)),
    "determinant 3": ("det(A)^2", {"A": [3, 3]}, ["A"], lambda A: jnp.linalg.det(A) ** 2),
    "determinant 4": ("logdet(A)", {"A": [4, 4]}, ["A"], lambda A: jnp.linalg.slogdet(A)[1]),
    "inverse 2": ("tr(inv(A)*B)", {"A": [2, 2], "B": [2, 2]}, ["A"], lambda A, B: jnp.trace(jnp.linalg.inv(A) @ B)),
    "inverse 3": ("norm2(inv(A))^2", {"A": [3, 3]}, ["A"], lambda A: jnp.sum(jnp.linalg.inv(A) ** 2)),
    "inverse 4": ("x'*inv(A)*x", {"A": [4, 4], "x": [4]}, ["A"], lambda A, x: x @ jnp.linalg.inv(A) @ x),
    "shared inverse": ("(x'*inv(A)*x)^2*det(A)", {"A": [3, 3], "x": [3]}, ["x"],
                       lambda A, x: (x @ jnp.linalg.inv(A) @ x) ** 2 * jnp.linalg.det(A)),
    "cofactors": ("norm2(adj(A)*v)^2", {"A": [3, 3], "v": [3]}, ["A", "v"],
                  lambda A, v: jnp.sum((jnp.linalg.det(A) * jnp.linalg.inv(A) @ v) ** 2)),
    "determinant of a product": ("log(det(A'*A + B))", {"A": [3, 3], "B": [3, 3]}, ["A"],
                                 lambda A, B: jnp.log(jnp.linalg.det(A.T @ A + B))),
    "moment": ("norm2(cross(x, y))^2", {"x": [3], "y": [3]}, ["x", "y"], lambda x, y: jnp.sum(jnp.cross(x, y) ** 2)),
    "triple product": ("(x'*cross(y, A*x))^3", {"x": [3], "y": [3], "A": [3, 3]}, ["x"],
                       lambda x, y, A: (x @ jnp.cross(y, A @ x)) ** 3),
    "distance": ("norm2(x - y)^(-1)", {"x": [3], "y": [3]}, ["x", "y"], lambda x, y: jnp.sum((x - y) ** 2) ** -0.5),
    "layer": ("sum(v .* tanh(W*x + b))", {"v": [4], "W": [4, 3], "x": [3], "b": [4]}, ["x"],
              lambda v, W, x, b: jnp.sum(v * jnp.tanh(W @ x + b))),
    "functions": ("sum(softplus(x)) + sum(sigmoid(x).*exp(x)) + sum(abs(x).^3) + sum(relu(x).^2)", {"x": [4]}, ["x"],
                  lambda x: jnp.sum(jax.nn.softplus(x)) + jnp.sum(jax.nn.sigmoid(x) * jnp.exp(x)) + jnp.sum(jnp.abs(x) ** 3)
                  + jnp.sum(jax.nn.relu(x) ** 2)),
    "limits": ("sum(max(x, 1/2).^2) + sum(min(x.^2, 1)) + sum(max(y, x))", {"x": [4], "y": [4]}, ["x"],
               lambda x, y: jnp.sum(jnp.maximum(x, 0.5) ** 2) + jnp.sum(jnp.minimum(x**2, 1)) + jnp.sum(jnp.maximum(y, x))),
}

FIRST = {name: next(iter(batch)) for name, (_, _, batch, _) in ENERGIES.items()}


@cache
def tensors(name: str) -> list[tc.Tensor]:
    """The energy, its gradient and its Hessian by the first variable that each point has its own value of."""
    formula, shapes, _, _ = ENERGIES[name]
    energy = tc.read(formula, dict(shapes))
    return [energy, energy.gradient(FIRST[name]), energy.hessian(FIRST[name])]


def values(name: str, points: int, dtype: Any = float) -> dict[str, Any]:
    """Arguments: matrices are near the identity, so that all logarithms exist."""
    rng = np.random.default_rng(points)
    found = {}
    for argument, shape in ENERGIES[name][1].items():
        batched = argument in ENERGIES[name][2]
        array = 0.2 * rng.normal(size=((points, *shape) if batched else shape))
        if len(shape) == 2 and shape[0] == shape[1]:
            array = array + np.eye(shape[0])
        elif not shape:
            array = array + 1.5
        elif len(shape) == 1:
            array = array + rng.normal(size=shape)
        found[argument] = array.astype(dtype)
    return found


@cache
def reference(name: str, order: int) -> Callable[..., Any]:
    """The derivative by automatic differentiation, at all points."""
    _, shapes, batch, energy = ENERGIES[name]
    place = list(shapes).index(FIRST[name])
    function = energy
    if order:
        function = jax.grad(energy, place) if order == 1 else jax.hessian(energy, place)
    return jax.jit(jax.vmap(function, in_axes=tuple(0 if argument in batch else None for argument in shapes)))


def expected(name: str, order: int, given: dict[str, Any]) -> Any:
    return np.asarray(reference(name, order)(*[jnp.asarray(array, dtype=float) for array in given.values()]))


@cache
def module(name: str, order: int, library: str = "numpy", block: int | None = None) -> Any:
    return load(component_code(tensors(name)[order].expr, ENERGIES[name][2], library=library, block=block))


def agrees(got: Any, want: Any, tolerance: float = 1e-10) -> bool:
    return got.shape == want.shape and bool(np.all(np.abs(got - want) <= tolerance * (1 + np.abs(want).max(initial=0))))


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", ENERGIES)
def test_derivatives_are_those_of_jax(name: str, order: int) -> None:
    assert suits(tensors(name)[order].expr, ENERGIES[name][2])
    given = values(name, 13)
    want = expected(name, order, given)
    for points in (13, 2, 1):
        few = {key: one[:points] if key in ENERGIES[name][2] else one for key, one in given.items()}
        assert agrees(module(name, order).derivative(**few), want[:points])


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", ENERGIES)
def test_jax_modules_compute_the_same(name: str, order: int) -> None:
    given = values(name, 13)   # as many as above: compiled once
    got = module(name, order, "jax").derivative(**given)
    assert agrees(np.asarray(got), expected(name, order, given))


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", ENERGIES)
def test_torch_modules_compute_the_same(name: str, order: int) -> None:
    torch = pytest.importorskip("torch")
    given = values(name, 13)
    got = module(name, order, "torch").derivative(**{key: torch.from_numpy(np.asarray(one)) for key, one in given.items()})
    assert agrees(got.numpy(), expected(name, order, given))


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("name", ["neo-Hooke", "quadratic form", "moment"])
def test_blocks_of_any_length_make_up_all_points(name: str, order: int) -> None:
    everything = values(name, 5000)
    whole = expected(name, order, everything)
    for points in (1, 2, 511, 512, 513, 5000):
        given = {key: one[:points] if key in ENERGIES[name][2] else one for key, one in everything.items()}
        want = whole[:points]
        for block in (None, 512):
            assert agrees(module(name, order, block=block).derivative(**given), want)
        assert agrees(module(name, order, block=256).derivative(**given, threads=2), want)
        assert agrees(module(name, order, block=256).derivative(**given, threads=64), want)


def test_no_points_give_no_results() -> None:
    assert module("neo-Hooke", 2).derivative(F=np.empty((0, 3, 3)), mu=1.0, lam=2.0).shape == (0, 3, 3, 3, 3)


@pytest.mark.parametrize("name", ENERGIES)
def test_float32_stays_float32(name: str) -> None:
    given = values(name, 13, np.float32)
    for order in range(3):
        got = module(name, order).derivative(**given)
        assert got.dtype == np.float32
        assert agrees(got, expected(name, order, given), 2e-4)


@pytest.mark.parametrize("order", range(3))
def test_modules_of_jax_can_be_compiled(order: int) -> None:
    given = values("neo-Hooke", 13)
    got = jax.jit(lambda arguments: module("neo-Hooke", order, "jax").derivative(**arguments))(given)
    assert agrees(np.asarray(got), expected("neo-Hooke", order, given))


@pytest.mark.parametrize("order", range(3))
def test_strided_arguments(order: int) -> None:
    F = values("neo-Hooke", 40)["F"]
    want = expected("neo-Hooke", order, {"F": F, "mu": 1.3, "lam": 2.1})
    padded = np.zeros((40, 5, 6))
    padded[:, 1:4, ::2] = F
    backwards = np.ascontiguousarray(F[::-1])[::-1]
    components = np.ascontiguousarray(np.moveaxis(F, 0, -1))
    for array in (padded[:, 1:4, ::2], backwards, np.moveaxis(components, -1, 0), np.asfortranarray(F), F.tolist()):
        assert agrees(module("neo-Hooke", order, block=16).derivative(F=array, mu=1.3, lam=2.1), want)


@pytest.mark.parametrize("order", range(3))
def test_results_go_where_they_are_asked_to(order: int) -> None:
    given = values("neo-Hooke", 40)
    want = expected("neo-Hooke", order, given)
    run = module("neo-Hooke", order, block=16).derivative
    components = np.moveaxis(blocks.aligned(want.shape[1:], 40, float), -1, 0)
    for out in (np.empty(want.shape), np.asfortranarray(np.empty(want.shape)), components, np.empty((80, *want.shape[1:]))[::2]):
        got = run(**given, out=out)
        assert np.shares_memory(got, out)
        assert agrees(got, want)
        assert agrees(out, want)
    single = np.empty(want.shape, np.float32)
    assert agrees(run(**given, out=single), want, 1e-6)


def test_a_result_may_be_written_over_an_argument() -> None:
    given = values("neo-Hooke", 40)
    want = expected("neo-Hooke", 1, given)
    assert agrees(module("neo-Hooke", 1, block=16).derivative(**given, out=given["F"]), want)


def test_several_results_share_their_work() -> None:
    given = values("neo-Hooke", 30)
    code = component_code([tensor.expr for tensor in tensors("neo-Hooke")], ["F"], block=16)
    assert code.count("np.log(") == 1
    got = load(code).derivative(**given)
    for order in range(3):
        assert agrees(got[order], expected("neo-Hooke", order, given))
    outs = [np.empty(one.shape) for one in got]
    load(code).derivative(**given, out=outs)
    assert agrees(outs[2], got[2])
    traced = load(component_code([tensor.expr for tensor in tensors("neo-Hooke")], ["F"], library="jax")).derivative(**given)
    assert agrees(np.asarray(traced[2]), got[2])


def test_a_value_that_is_asked_for_twice_is_given_twice() -> None:
    F = variable("F", 2, 2)
    det = apply(TABLE["det"], F)
    first, second, third = load(component_code([det, det, F], ["F"])).derivative(F=np.full((3, 2, 2), 2.0) + np.eye(2))
    assert first.tolist() == second.tolist() == pytest.approx([5, 5, 5])
    assert third.shape == (3, 2, 2)


def test_domains_are_those_of_numpy() -> None:
    F = np.stack([np.eye(3), np.diag([1.0, 1.0, -1.0]), np.diag([1.0, 1.0, 0.0]), 2 * np.eye(3)])
    with pytest.warns(RuntimeWarning, match="invalid value encountered in log"), np.errstate(divide="ignore"):
        got = module("neo-Hooke", 0).derivative(F=F, mu=1.0, lam=1.0)
    assert np.isfinite(got).tolist() == [True, False, False, True]
    assert np.isnan(got[1])
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        module("neo-Hooke", 0, block=1).derivative(F=F, mu=1.0, lam=1.0, threads=2)
    with np.errstate(all="ignore"):
        assert np.isfinite(module("neo-Hooke", 2).derivative(F=F, mu=1.0, lam=1.0)).all((1, 2, 3, 4)).tolist() == [
            True, False, False, True]


def test_the_derivative_of_a_determinant_exists_where_no_inverse_does() -> None:
    code = component_code(tc.read("det(A)", A=[3, 3]).gradient("A").expr, ["A"])
    got = load(code).derivative(A=np.stack([np.diag([1.0, 2.0, 0.0]), np.zeros((3, 3))]))
    assert got.tolist() == [np.diag([0.0, 0.0, 2.0]).tolist(), np.zeros((3, 3)).tolist()]


def test_threads_do_not_disturb_one_another() -> None:
    run = module("neo-Hooke", 2, block=16).derivative
    tasks = [values("neo-Hooke", points) for points in range(1, 40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda given: run(**given), tasks))
    assert all(np.array_equal(got, run(**given)) for got, given in zip(together, tasks))


def test_the_size_of_buffers_is_as_before() -> None:
    before = np.getbufsize()
    module("neo-Hooke", 1).derivative(**values("neo-Hooke", 5))
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        module("neo-Hooke", 1).derivative(F=np.zeros((4, 3, 3)), mu=1.0, lam=1.0)
    assert np.getbufsize() == before


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"F": np.eye(3)}, ValueError, "F has the shape (3, 3), not (3, 3, 3)"),
    ({"F": np.zeros((7, 2, 2))}, ValueError, "F has the shape (7, 2, 2), not (7, 3, 3)"),
    ({"mu": [1.0, 2.0]}, ValueError, "mu has the shape (2,), not ()"),
    ({"F": np.zeros((7, 3, 3), complex)}, TypeError, "Cannot cast array data from dtype('complex128')"),
    ({"out": np.zeros((7, 9))}, ValueError, "out has the shape (7, 9), not (7, 3, 3)"),
    ({"out": np.zeros((7, 3, 3), int)}, TypeError, "out is of type int64, the result of type float64"),
]


@pytest.mark.parametrize(("given", "kind", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_arguments_that_do_not_fit(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        module("neo-Hooke", 1).derivative(**{"F": np.tile(np.eye(3), (7, 1, 1)), "mu": 1.0, "lam": 1.0, **given})


def test_names_that_python_or_the_module_has_taken() -> None:
    names = ["lambda", "n", "k", "result", "T0", "R", "dtype", "points", "np", "blocks", "torch", "at_point"]
    expr = einsum([(variable(name, 2), "i") for name in names], "")
    given = {name: np.full((5, 2) if k < 3 else 2, 1 + k / 10) for k, name in enumerate(names)}
    want = 2 * np.prod([1 + k / 10 for k in range(len(names))])
    for library in ("numpy", "jax"):
        got = load(component_code(expr, names[:3], library=library)).derivative(**given)
        assert np.asarray(got) == pytest.approx(np.full(5, want))


def test_symbols_have_given_sizes() -> None:
    F = variable("F", "n", "n")
    trace = einsum([(F, "ii")], "")
    assert not suits(trace, ["F"])
    assert load(component_code(trace, ["F"], sizes={"n": 2})).derivative(F=np.ones((3, 2, 2))).tolist() == [2, 2, 2]


# -- formulas with an axis of points ----------------------------------------------------


LOOPED = {
    "W_b = F_bij F_bij": ({"F": ["b", 3, 3]}, ["F"], "b"),
    "W_b = c F_bij F_bij - x_b": ({"F": ["b", 3, 3], "c": [], "x": ["b"]}, ["F", "x"], "b"),
    "y_bi = A_bij x_bj + x_bi": ({"A": ["b", 2, 2], "x": ["b", 2]}, ["A", "x"], "b"),
    "y_bi = exp(A_ij x_bj) (1 + x_bk x_bk)": ({"A": [3, 3], "x": ["b", 3]}, ["x"], "b"),
    "y_b = (eps_ijk x_bi y_bj z_k)^2": ({"x": ["b", 3], "y": ["b", 3], "z": [3]}, ["x", "y"], "b"),
}


@pytest.mark.parametrize("formula", LOOPED)
def test_formulas_with_an_axis_of_points(formula: str) -> None:
    shapes, names, points = LOOPED[formula]
    tensor = tc.read(formula, dict(shapes))
    found = at_one_point([tensor.expr], points)
    assert found is not None
    singles, batch = found
    assert batch == names
    rng = np.random.default_rng(2)
    given = {name: rng.normal(size=[6 if dim == points else dim for dim in shape]) for name, shape in shapes.items()}
    assert close(load(component_code(singles[0], batch)).derivative(**given), tensor(**given))


def test_functions_of_stacks_of_matrices_are_functions_of_one() -> None:
    F = variable("F", "b", 3, 3)
    W = add([(1, apply(TABLE["log"], apply(TABLE["det"], F))), (2, einsum([(apply(TABLE["inv"], F), "bii")], "b"))])
    total = einsum([(W, "b")], "")
    stress = derivative(total, F)
    found = at_one_point([W, stress], "b")
    assert found is not None
    given = np.eye(3) + 0.1 * np.random.default_rng(5).normal(size=(7, 3, 3))
    values, slopes = load(component_code(*found)).derivative(F=given)

    def energy(F: Any) -> Any:
        return jnp.log(jnp.linalg.det(F)) + 2 * jnp.trace(jnp.linalg.inv(F))
    assert agrees(values, np.asarray(jax.vmap(energy)(given)))
    assert agrees(slopes, np.asarray(jax.vmap(jax.grad(energy))(given)))


NOT_LOOPED = {
    "a sum over points": (lambda F, x: einsum([(x, "b")], "")),
    "two axes of points": (lambda F, x: einsum([(x, "b"), (x, "c")], "bc")),
    "points behind": (lambda F, x: einsum([(F, "bij")], "ijb")),
    "a diagonal": (lambda F, x: einsum([(x, "b"), (delta("b"), "bc")], "bc")),
    "one of them a number": (lambda F, x: add([(1, x), (1, einsum([(x, "c"), (delta("b", 1), "b")], "b"))])),
    "a function along the points": (lambda F, x: apply(TABLE["softmax"], x)),
    "the number of points": (lambda F, x: einsum([(x, "b"), (delta("b", 0), "")], "b")),
}


@pytest.mark.parametrize("name", NOT_LOOPED)
def test_what_is_no_formula_of_one_point(name: str) -> None:
    expr = NOT_LOOPED[name](variable("F", "b", 3, 3), variable("x", "b"))
    assert at_one_point([expr], "b") is None


UNSUITED = {
    "nothing at each point": (variable("A", 3, 3), ["B"]),
    "one of two results nowhere": ([variable("A", 3, 3), variable("B", 3, 3)], ["B"]),
    "a name that the function takes itself": (variable("out", 3), ["out"]),
    "large": (apply(TABLE["det"], variable("A", 5, 5)), ["A"]),
    "a matrix exponential": (apply(TABLE["expm"], variable("A", 3, 3)), ["A"]),
    "a stack of matrices": (apply(TABLE["inv"], variable("A", 2, 3, 3)), ["A"]),
    "a size that nobody knows": (variable("A", "n", "n"), ["A"]),
}


@pytest.mark.parametrize("name", UNSUITED)
def test_what_does_not_suit_is_an_error(name: str) -> None:
    expr, batch = UNSUITED[name]
    assert not suits(expr, batch)
    with pytest.raises(UnsupportedError) as caught:
        component_code(expr, batch)
    assert caught.value.code == "TC312"


# -- laws --------------------------------------------------------------------------------


@LAWS
@given(networks(steps=7), st.data())
def test_a_module_computes_each_point(network: Network, data: st.DataObject) -> None:
    names = sorted(network.values)
    batch = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True)) if names else []
    if not suits(network.expr, batch, network.known):
        return
    rng = np.random.default_rng(3)
    points = [{name: network.values[name] * (1 + 0.1 * rng.normal(size=np.shape(network.values[name]))) if name in batch
               else network.values[name] for name in network.values} for _ in range(3)]
    want = np.stack([Network(network.expr, point, network.known).value() for point in points])
    if scale(want) > 1e8:
        return
    given = {name: np.stack([point[name] for point in points]) if name in batch else network.values[name] for name in names}
    for library in ("numpy", "jax", *["torch"] * (find_spec("torch") is not None)):
        code = component_code(network.expr, batch, sizes=network.known, library=library)
        got = np.asarray(load(code).derivative(**given))
        assert close(got, want), code


@LAWS
@given(networks(steps=7), st.data())
def test_a_module_is_well_formed(network: Network, data: st.DataObject) -> None:
    names = sorted(network.values)
    batch = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True)) if names else []
    if not suits(network.expr, batch, network.known):
        return
    for library in ("numpy", "jax", "torch"):
        code = component_code(network.expr, batch, sizes=network.known, library=library)
        ast.parse(code)
        assert all(line == line.rstrip() for line in code.splitlines())
        assert code == component_code(network.expr, batch, sizes=network.known, library=library)
