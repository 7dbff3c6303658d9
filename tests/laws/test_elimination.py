"""Derivatives by vertex elimination against JAX, for random networks of tensors and for random deep networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from networks import Network, close, direct, networks, scale

from tensorcalc import sizes
from tensorcalc.algebra.build import ONE, add, apply, einsum, power_of, variable
from tensorcalc.algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from tensorcalc.algebra.traverse import fold, postorder
from tensorcalc.calculus.derive import derive
from tensorcalc.calculus.elimination import eliminated
from tensorcalc.errors import LimitError, UnsupportedError
from tensorcalc.functions import POWER, TABLE
from tensorcalc.numbers.plans.derivatives import derivative_for_evaluation, derivatives_for_evaluation
from tensorcalc.numbers.plans.pairwise import cost
from tensorcalc.numbers.plans.plan import plan
from tensorcalc.sizes import Dim

jax = pytest.importorskip("jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)

LAWS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

IN_JAX: dict[str, Any] = {
    "exp": jnp.exp, "log": jnp.log, "abs": jnp.abs, "sign": jnp.sign, "sin": jnp.sin, "cos": jnp.cos, "tanh": jnp.tanh,
    "arctan": jnp.arctan, "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "erf": jax.scipy.special.erf,
    "relu": jax.nn.relu, "max": jnp.maximum, "min": jnp.minimum, "inv": jnp.linalg.inv, "det": jnp.linalg.det,
    "logdet": lambda x: jnp.linalg.slogdet(x)[1], "expm": jax.scipy.linalg.expm,
    "adj": lambda x: jnp.linalg.inv(x) * jnp.linalg.det(x)[..., None, None],
    "softmax": lambda x: jax.nn.softmax(x, axis=-1), "logsumexp": lambda x: jax.nn.logsumexp(x, axis=-1),
}


def in_jax(expr: Expr, values: Mapping[str, Any], known: Mapping[str, int]) -> Any:
    """The value of ``expr`` in JAX, each node on its own."""

    def visit(node: Expr, inputs: Sequence[Any]) -> Any:
        shape = tuple(sizes.value(dim, known) for dim in node.shape)
        match node:
            case Variable(name=name):
                return jnp.asarray(values[name]).reshape(shape)
            case Delta(dim=dim):
                size = sizes.value(dim, known)
                return jnp.zeros(shape).at[(jnp.arange(size),) * node.rank].set(1.0) if shape else jnp.array(float(size))
            case Sum(terms=terms):
                return sum((float(weight) * array for (weight, _), array in zip(terms, inputs)), jnp.zeros(shape))
            case Einsum(subscripts=subscripts):
                pairs = [x for pair in zip(inputs, map(list, subscripts)) for x in pair]
                return jnp.einsum(*pairs, list(range(node.rank))) if pairs else jnp.array(1.0)
            case Apply(function=function) if function is POWER:
                exponent = node.arguments[1]
                fixed = exponent.terms[0][0] if isinstance(exponent, Sum) and exponent.terms[0][1] is ONE else None
                whole = fixed is not None and fixed.denominator == 1
                return inputs[0] ** (int(fixed) if whole and fixed is not None else inputs[1])
            case Apply(function=function):
                return IN_JAX[function.name](*inputs)
        raise AssertionError(node)

    return fold(expr, visit)


def by_jax(expr: Expr, variables: Sequence[Variable], values: Mapping[str, Any], known: Mapping[str, int]) -> Any:
    """``expr`` differentiated by JAX, forward over reverse where it is a number."""
    names = list(dict.fromkeys(by.name for by in variables))

    def value(*points: Any) -> Any:
        return in_jax(expr, {**values, **dict(zip(names, points))}, known)

    found = value
    for k, by in enumerate(variables):
        way = jax.jacfwd if k or expr.shape else jax.jacrev
        found = way(found, argnums=names.index(by.name))
    return np.asarray(jax.jit(found)(*[jnp.asarray(values[name], dtype=float) for name in names]))


def agreed(expr: Expr, variables: Sequence[Variable], values: Mapping[str, Any], known: Mapping[str, int]) -> bool:
    """Whether elimination and what is planned of it have the entries that JAX finds; true where those are no numbers."""
    want = by_jax(expr, variables, values, known)
    if not np.all(np.isfinite(want)) or scale(want) > 1e7:
        return True
    found = expr
    for by in variables:
        found = eliminated(found, by, known)
    return all(close(direct(form, values, known), want, 1e-7) for form in (found, plan(found, known)))


@LAWS
@given(networks(), st.integers(1, 2))
def test_derivatives_of_random_networks(network: Network, order: int) -> None:
    variables = [node for node in postorder(network.expr) if isinstance(node, Variable)][:2]
    assume(variables and len(network.expr.shape) + sum(by.rank for by in (variables * 2)[:order]) < 7)
    assume(not any(isinstance(node, Apply) and node.function.name in ("adj", "max", "min", "expm")
                   for node in postorder(network.expr)))
    try:
        assert agreed(network.expr, (variables * 2)[:order], network.values, network.known)
    except (UnsupportedError, LimitError):
        assume(False)


# -- deep networks -----------------------------------------------------------------------

WIDTHS = ("d", "e", "h")


class Deep:
    """A random network of layers over a batch, its loss, and values."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.known = {"N": int(rng.integers(1, 5)), **{name: int(rng.integers(1, 5)) for name in WIDTHS}}
        self.values: dict[str, Any] = {}
        self.rng = rng
        self.weights: list[Variable] = []
        state: Expr = self._new("x", "N", str(rng.choice(WIDTHS)))
        skipped: Expr | None = None
        for layer in range(int(rng.integers(1, 5))):
            width = str(rng.choice(WIDTHS))
            weight = self._new(f"W{layer}", width, state.shape[1])
            self.weights.append(weight)
            linear = einsum([(state, "bi"), (weight, "oi")], "bo")
            if rng.random() < 0.4:
                bias = self._new(f"c{layer}", width)
                self.weights.append(bias)
                linear = add([(1, linear), (1, _spread(bias, "N"))])
            name = str(rng.choice(["tanh", "sigmoid", "softplus", "relu", "sin", "softmax"]))
            next_state = apply(TABLE[name], linear)
            if rng.random() < 0.4 and next_state.shape == state.shape:
                next_state = add([(1, next_state), (Fraction(1, 2), state)])
            if skipped is not None and skipped.shape == next_state.shape and rng.random() < 0.5:
                next_state = einsum([(next_state, "bi"), (skipped, "bi")], "bi")
            skipped, state = state, next_state
        self.loss = self._loss(state, int(rng.integers(4)))

    def _new(self, name: str, *shape: Dim) -> Variable:
        self.values[name] = self.rng.normal(size=[self.known[str(dim)] for dim in shape])
        return variable(name, *shape)

    def _loss(self, state: Expr, kind: int) -> Expr:
        target = self._new("y", *state.shape)
        residual = add([(1, state), (-1, target)])
        match kind:
            case 0:
                return einsum([(residual, "bi"), (residual, "bi")], "")
            case 1:
                total = einsum([(apply(TABLE["logsumexp"], state), "b")], "")
                return add([(1, total), (-1, einsum([(state, "bi"), (target, "bi")], ""))])
            case 2:
                return apply(TABLE["log"], add([(1, ONE), (1, einsum([(residual, "bi"), (residual, "bi")], ""))]))
            case _:
                scores = apply(TABLE["softmax"], einsum([(state, "ai"), (state, "bi")], "ab"))
                mixed = add([(1, einsum([(scores, "ab"), (state, "bi")], "ai")), (-1, target)])
                return power_of(add([(1, ONE), (1, einsum([(mixed, "ai"), (mixed, "ai")], ""))]), Fraction(1, 2))


def _spread(vector: Expr, batch: str) -> Expr:
    return einsum([(vector, "o"), (Delta((batch,), batch), "b")], "bo")


@pytest.mark.parametrize("seed", range(10))
def test_deep_networks(seed: int) -> None:
    """Gradient, Hessian and mixed second derivatives of losses."""
    deep = Deep(seed)
    first = deep.weights[seed % len(deep.weights)]
    last = deep.weights[-1]
    for variables in ([first], [first, first], [first, last]):
        assert agreed(deep.loss, variables, deep.values, deep.known), variables


@pytest.mark.parametrize("seed", range(10, 14))
def test_the_chosen_form_is_right_and_no_dearer(seed: int) -> None:
    deep = Deep(seed)
    first = deep.weights[0]
    value, gradient, hessian = derivatives_for_evaluation(deep.loss, [first, first], deep.known)
    for found, variables in ((value, []), (gradient, [first]), (hessian, [first, first])):
        want = by_jax(deep.loss, variables, deep.values, deep.known)
        assert close(direct(plan(found, deep.known), deep.values, deep.known), want, 1e-7)
    one = derivative_for_evaluation(deep.loss, [first, first], deep.known)
    shown = derive(deep.loss, [first, first])
    assert cost(plan(one, deep.known), deep.known) <= 1.06 * cost(plan(shown, deep.known), deep.known)


@pytest.mark.parametrize("facts", ["symmetric", "skew", "diagonal"])
@pytest.mark.parametrize("reading", ["free", "structured", "projected"])
def test_readings_are_those_of_what_is_shown(facts: str, reading: str) -> None:
    S, x = variable("S", "n", "n"), variable("x", "n")
    loss = apply(TABLE["exp"], einsum([(x, "i"), (S, "ij"), (S, "jk"), (x, "k")], ""))
    rng = np.random.default_rng(1)
    half = rng.normal(size=(3, 3)) / 3
    point = {"symmetric": half + half.T, "skew": half - half.T, "diagonal": np.diag(np.diag(half))}[facts]
    values, known = {"S": point, "x": rng.normal(size=3)}, {"n": 3}
    found = derivative_for_evaluation(loss, [S, S], known, {"S": [facts]}, reading)
    want = direct(derive(loss, [S, S], {"S": [facts]}, reading), values, known)
    assert close(direct(plan(found, known), values, known), want)


# -- size and cost -----------------------------------------------------------------------


def layered(layers: int) -> tuple[Expr, list[Variable]]:
    """A tanh network with softmax cross-entropy over a batch."""
    state: Expr = variable("x", "N", "d")
    target = variable("y", "N", "d")
    weights = []
    for layer in range(layers):
        weights.append(variable(f"W{layer}", "d", "d"))
        state = einsum([(state, "bi"), (weights[-1], "oi")], "bo")
        state = apply(TABLE["tanh"], state) if layer < layers - 1 else state
    total = einsum([(apply(TABLE["logsumexp"], state), "b")], "")
    return add([(1, total), (-1, einsum([(state, "bo"), (target, "bo")], ""))]), weights


def test_a_hessian_grows_with_depth_as_the_network_does() -> None:
    known = {"N": 16, "d": 16}
    nodes = []
    for layers in (8, 16, 32):
        loss, weights = layered(layers)
        hessian = eliminated(eliminated(loss, weights[0], known), weights[0], known)
        nodes.append(len(postorder(hessian)))
    assert nodes[2] - nodes[1] <= 2.2 * (nodes[1] - nodes[0])


@pytest.mark.parametrize("d", [8, 16, 30])
def test_the_hessian_of_a_deep_network_costs_what_people_need(d: int) -> None:
    """Two products of matrices a layer and sample, and one for the result (N d^2 entries at most in between)."""
    known = {"N": 16, "d": d}
    loss, weights = layered(10)
    hessian = eliminated(eliminated(loss, weights[0], known), weights[0], known)
    planned = plan(hessian, known)
    by_hand = 9 * 4 * 16 * d**3 + 2 * 16 * d**4
    assert cost(planned, known) < 1.3 * by_hand
    inner = [node for node in postorder(planned) if node is not planned]
    assert max(int(np.prod([sizes.value(dim, known) for dim in node.shape])) for node in inner) <= 16 * d**2
