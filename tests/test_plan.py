"""Plans: equal in value, pairwise in form, cheapest in order, and linear in time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from math import prod

import numpy as np
import opt_einsum
import pytest
from effort import grows_linearly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import Network, close, direct, networks, scale

import tensorcalc as tc
from tensorcalc.algebra.build import ONE, add, apply, delta, einsum, ones, power_of, variable
from tensorcalc.algebra.expr import Apply, Delta, Einsum, Expr, Sum
from tensorcalc.algebra.traverse import postorder
from tensorcalc.errors import LimitError, UnsupportedError
from tensorcalc.functions import POWER, TABLE
from tensorcalc.numbers import backends
from tensorcalc.numbers.plans.order import order
from tensorcalc.numbers.plans.pairwise import cost, entries, is_placement
from tensorcalc.numbers.plans.plan import nominal_sizes, plan, plans
from tensorcalc.numbers.plans.report import info, operations

LAWS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))

A, B = variable("A", "n", "n"), variable("B", "n", "n")
x, y = variable("x", "n"), variable("y", "n")
U, V, T = variable("U", "n", "k"), variable("V", "m", "k"), variable("T", "n", "m")


def products(expr: Expr) -> list[Einsum]:
    return [node for node in postorder(expr) if isinstance(node, Einsum) and node is not ONE]


def largest(expr: Expr) -> int:
    """The highest order of an array that is computed."""
    return max(node.rank for node in postorder(expr))


# -- laws --------------------------------------------------------------------------------


@LAWS
@given(networks())
def test_a_plan_has_the_value_of_its_expression(network: Network) -> None:
    want = network.value()
    if scale(want) < 1e8:
        assert close(direct(plan(network.expr, network.known), network.values, network.known), want)


@LAWS
@given(networks())
def test_every_product_of_a_plan_is_unary_or_a_pair_or_a_placement(network: Network) -> None:
    planned = plan(network.expr, network.known)
    for node in products(planned):
        if is_placement(node):
            tensors = [(operand, own) for operand, own in zip(node.operands, node.subscripts)
                       if operand.shape and not isinstance(operand, Delta)]
            assert len(tensors) <= 1
            assert all(list(own) == sorted(set(own)) for _, own in tensors)
            assert all(max(own, default=-1) < node.rank for own in node.subscripts)
            deltas = [own for operand, own in zip(node.operands, node.subscripts) if isinstance(operand, Delta)]
            axes = [axis for own in deltas for axis in own]
            assert len(axes) == len(set(axes))
        elif len(node.operands) == 2:
            own, other = node.subscripts
            assert len(set(own)) == len(own) and len(set(other)) == len(other)
            assert all(label in own and label in other for label in {*own, *other} if label >= node.rank)
            assert {*own, *other} >= set(range(node.rank))
        else:
            assert len(node.operands) == 1


@LAWS
@given(networks())
def test_planning_is_deterministic_and_shared(network: Network) -> None:
    planned = plan(network.expr, network.known)
    assert plan(network.expr, network.known) is planned
    assert plans([network.expr, network.expr], network.known) == [planned, planned]


# -- order -------------------------------------------------------------------------------


def test_a_chain_that_ends_in_a_vector_multiplies_vectors_only() -> None:
    chain = plan(einsum([(A, "ij"), (B, "jk"), (A, "kl"), (x, "l")], "i"), {"n": 50})
    assert all(node.rank == 1 for node in products(chain))


@pytest.mark.parametrize(("sizes", "first"), [({"n": 2, "m": 50, "k": 50}, {"n", "m"}),
                                              ({"n": 50, "m": 50, "k": 2}, {"k"})])
def test_sizes_decide_the_order(sizes: dict[str, int], first: set[str]) -> None:
    product = plan(einsum([(U, "ia"), (V, "ja"), (V, "jb")], "ib"), sizes)
    assert first in [set(node.shape) for node in products(product)]


def test_two_tensors_need_no_path_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise AssertionError

    monkeypatch.setattr(backends, "opt_einsum", missing)
    for node in (einsum([(A, "ij"), (x, "j")], "i"), einsum([(A, "ij"), (x, "j")], "iji"),
                 einsum([(A, "ij"), (x, "j"), (delta("n", 0), "")], "ii"), einsum([(A, "ii")], "")):
        plan(node, {"n": 3})


def test_a_missing_library_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opt_einsum", None)
    backends.opt_einsum.cache_clear()
    with pytest.raises(UnsupportedError) as caught:
        backends.opt_einsum()
    assert str(caught.value) == ("UnsupportedError TC310: opt_einsum is not installed\n"
                                 "  the order of a product of three or more tensors: computed by opt_einsum\n"
                                 "  help: pip install opt-einsum")


def test_a_product_inside_a_product_is_planned_with_it() -> None:
    inner = einsum([(A, "ij"), (B, "jk")], "ik")
    outer = Einsum(("n",), (inner, x), ((0, 1), (1,)))
    assert all(node.rank == 1 for node in products(plan(outer, {"n": 50})))


def test_a_product_that_two_others_use_is_computed_once() -> None:
    inner = einsum([(A, "ij"), (B, "jk")], "ik")
    both = add([(1, Einsum(("n",), (inner, x), ((0, 1), (1,)))), (2, Einsum(("n",), (inner, y), ((0, 1), (1,))))])
    assert plan(inner, {"n": 50}) in postorder(plan(both, {"n": 50}))


def test_transposed_intermediates_are_one() -> None:
    both = add([(1, apply(TABLE["exp"], einsum([(A, "ij"), (B, "jk")], "ik"))),
                (1, apply(TABLE["sin"], einsum([(A, "kj"), (B, "ji")], "ik")))])
    planned = plan(both, {"n": 2})
    assert sum(len(node.operands) == 2 for node in products(planned)) == 1
    values = {"A": [[0.1, 0.2], [0.3, 0.4]], "B": [[0.5, 0.6], [0.7, -0.8]]}
    assert close(direct(planned, values, {"n": 2}), direct(both, values, {"n": 2}))


# -- deltas ------------------------------------------------------------------------------


def test_no_delta_is_computed_with() -> None:
    jacobian = einsum([(y, "i")], "ii")
    inner = Einsum(("n", "n"), (A, delta("n", 1)), ((0, 1), (0,)))
    nested = Einsum(("n",), (jacobian, inner, x), ((0, 1), (1, 2), (2,)))
    planned = plan(nested, {"n": 50})
    assert not [node for node in postorder(planned) if isinstance(node, Delta)]
    assert largest(planned) == 2


def test_a_delta_stays_outside() -> None:
    planned = plan(einsum([(A, "ij"), (B, "jk"), (delta("m"), "pq")], "ipkq"), {"n": 5, "m": 7})
    assert isinstance(planned, Einsum) and is_placement(planned)
    assert max(operand.rank for operand in planned.operands) == 2


def test_a_sum_over_ones_is_a_number() -> None:
    planned = plan(Einsum((), (delta("n", 1), delta("n", 1)), ((0,), (0,))), {"n": 5})
    assert planned is delta("n", 0)


# -- sums, systems, powers ---------------------------------------------------------------


def test_a_product_is_distributed_where_that_is_cheaper() -> None:
    residual = add([(1, einsum([(U, "ia"), (V, "ja")], "ij")), (-1, T)])
    gradient = einsum([(residual, "ij"), (V, "jb")], "ib")
    assert {"n", "m"} not in [set(node.shape) for node in products(plan(gradient, {"n": 50, "m": 60, "k": 3}))]
    assert {"n", "m"} in [set(node.shape) for node in products(plan(gradient, {"n": 50, "m": 60, "k": 90}))]


def test_a_sum_with_ones_is_not_distributed() -> None:
    total = add([(1, apply(TABLE["tanh"], A)), (1, ones(("n", "n")))])
    planned = plan(einsum([(total, "ij"), (x, "j")], "i"), {"n": 50})
    assert isinstance(planned, Einsum)


def test_a_residual_that_is_used_twice_stays() -> None:
    residual = add([(1, einsum([(U, "ia"), (V, "ja")], "ij")), (-1, T)])
    loss, gradient = einsum([(residual, "ij"), (residual, "ij")], ""), einsum([(residual, "ij"), (V, "jb")], "ib")
    shared = plans([loss, gradient], {"n": 50, "m": 60, "k": 3})
    both = set(postorder(shared[0])) & set(postorder(shared[1]))
    assert any(isinstance(node, Sum) and node.shape in (("n", "m"), ("m", "n")) for node in both)


def test_an_inverse_that_serves_one_product_is_a_system() -> None:
    inverse = apply(TABLE["inv"], A)
    names = {node.function.name for node in postorder(plan(einsum([(inverse, "ij"), (x, "j")], "i"), {"n": 5}))
             if isinstance(node, Apply)}
    assert names == {"solve"}
    twice = einsum([(inverse, "ij"), (x, "j"), (inverse, "ik"), (y, "k")], "")
    assert "inv" in {node.function.name for node in postorder(plan(twice, {"n": 5})) if isinstance(node, Apply)}


def test_copies_are_a_power() -> None:
    planned = plan(einsum([(x, "i")] * 5 + [(y, "i")], "i"), {"n": 5})
    assert [node.function for node in postorder(planned) if isinstance(node, Apply)] == [POWER]


def test_a_sign_goes_where_it_vanishes() -> None:
    difference = add([(1, x), (-1, einsum([(A, "ij"), (y, "j")], "i"))])
    planned = plan(add([(-2, einsum([(A, "ij"), (difference, "i")], "j"))]), {"n": 5})
    assert isinstance(planned, Sum) and planned.terms[0][0] == 2


def test_costs_count_multiplications() -> None:
    product = plan(einsum([(A, "ij"), (x, "j")], "i"), {"n": 10})
    assert cost(product, {"n": 10}) == 200
    assert cost(product, {"n": 10}, {product}) == 0


# -- size --------------------------------------------------------------------------------


def chain(layers: int) -> Expr:
    state: Expr = x
    for _ in range(layers):
        state = apply(TABLE["tanh"], einsum([(A, "ij"), (state, "j")], "i"))
    return state


def test_layers_are_planned_in_linear_time() -> None:
    assert len(postorder(plan(chain(2000), {"n": 5}))) == 4002
    assert grows_linearly(lambda layers: plan(chain(layers), {"n": 5}))


def test_nominal_sizes_differ() -> None:
    sizes = nominal_sizes([T, U, ones(("N", "n*(n+1)/2"))])
    assert sizes.keys() == {"N", "k", "m", "n"} and len(set(sizes.values())) == 4
    assert sizes["k"] < sizes["m"] < sizes["N"]


def test_a_negative_nominal_size_does_no_harm() -> None:
    wide = variable("W", "m-n", "n-m")
    plan(einsum([(wide, "ij"), (wide, "kj"), (wide, "kl")], "il"), nominal_sizes([wide]))


def test_importing_loads_no_array_library() -> None:
    script = ("import sys, tensorcalc.numbers.plans.plan, tensorcalc.numbers.evaluate, tensorcalc.numbers.code.codegen, tensorcalc.numbers.kernels\n"
              "print([name for name in ('numpy', 'scipy', 'opt_einsum', 'sympy') if name in sys.modules])")
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_powers_stay_exact() -> None:
    planned = plan(power_of(x, Fraction(3, 2)), {"n": 5})
    assert isinstance(planned, Apply) and planned.arguments[1].terms[0][0] == Fraction(3, 2)  # type: ignore[attr-defined]


# -- order, limits, reports --------------------------------------------------------------


@LAWS
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True), min_size=2, max_size=5),
       st.lists(st.integers(1, 6), min_size=6, max_size=6), st.sets(st.integers(0, 5), max_size=3))
def test_no_order_is_cheaper(labels: list[list[int]], dims: list[int], kept: set[int]) -> None:
    """Against all orders one after the other."""
    present = {label for own in labels for label in own}
    outer = tuple(sorted(kept & present))
    alone = {label for label in present if sum(label in own for own in labels) == 1} - set(outer)   # summed beforehand
    labels = [[label for label in own if label not in alone] for own in labels]
    tensors = tuple(tuple(own) for own in labels)
    found = _spent(order(tensors, outer, tuple(dims)), [set(own) for own in labels], set(outer), dims)
    assert found == _least([frozenset(own) for own in labels], frozenset(outer), dims)


def _joined(tensors: list[set[int]], a: int, b: int, kept: set[int], dims: list[int]) -> tuple[list[set[int]], int]:
    rest = [own for k, own in enumerate(tensors) if k not in (a, b)]
    joint = tensors[a] | tensors[b]
    outcome = joint & (kept | set().union(*rest))
    price = prod(dims[label] for label in joint) * (2 if joint - outcome else 1) + prod(dims[label] for label in outcome)
    return [*rest, outcome], price


def _spent(path: Sequence[tuple[int, ...]], tensors: list[set[int]], kept: set[int], dims: list[int]) -> int:
    total = 0
    for a, b in path:
        tensors, price = _joined(tensors, a, b, kept, dims)
        total += price
    assert len(tensors) == 1
    return total


def _least(tensors: list[frozenset[int]], kept: frozenset[int], dims: list[int]) -> int:
    if len(tensors) == 1:
        return 0
    prices = []
    for a in range(len(tensors)):
        for b in range(a):
            rest, price = _joined([set(own) for own in tensors], a, b, set(kept), dims)
            prices.append(price + _least([frozenset(own) for own in rest], kept, dims))
    return min(prices)


def test_a_memory_limit_is_kept_or_refused() -> None:
    product = einsum([(x, "i"), (variable("S", "n", "k"), "ia"), (variable("R", "m", "k"), "ja"), (y, "i")], "ij")
    sizes = {"n": 40, "m": 40, "k": 2}
    for limit in (80, 200):
        planned = plan(product, sizes, limit)
        assert all(entries(node, sizes) <= limit for node in postorder(planned) if node is not planned and node.children)
    with pytest.raises(LimitError) as caught:
        plan(product, sizes, 10)
    assert str(caught.value) == ("LimitError TC411: an intermediate result of 80 entries; memory_limit is 10\n"
                                 "  help: raise memory_limit, or differentiate by fewer variables")


def test_a_memory_limit_chooses_another_order() -> None:
    """(A B) (C D) is cheaper at these sizes, and needs a larger matrix."""
    chain = [variable("P", "a", "b"), variable("Q", "b", "c"), variable("R", "c", "d"), variable("S", "d", "e")]
    product = einsum([(part, (k, k + 1)) for k, part in enumerate(chain)], (0, 4))
    sizes = {"a": 30, "b": 2, "c": 30, "d": 2, "e": 30}
    free = plan(product, sizes)
    bound = max(entries(node, sizes) for node in postorder(free) if node is not free and node.children)
    values = {part.name: np.ones([sizes[str(dim)] for dim in part.shape]) for part in chain}
    for limit in (bound, 60):
        planned = plan(product, sizes, limit)
        assert all(entries(node, sizes) <= limit for node in postorder(planned) if node is not planned and node.children)
        assert close(direct(planned, values, sizes), direct(product, values, sizes))


def test_long_products_begin_with_what_is_cheap() -> None:
    chain = einsum([(A, (k, k + 1)) for k in range(30)] + [(x, (30,))], (0,))
    assert all(node.rank == 1 for node in products(plan(chain, {"n": 50})))


def test_a_report_counts_what_a_plan_costs() -> None:
    residual = add([(1, einsum([(U, "ia"), (V, "ja")], "ij")), (-1, T)])
    gradient = einsum([(residual, "ij"), (V, "jb")], "ib")
    sizes = {"n": 50, "m": 60, "k": 3}
    planned = plan(gradient, sizes)
    report = info([planned], sizes)
    assert report.operations == cost(planned, sizes)
    assert report.results == 150 and report.largest == 150 and report.peak == 450
    assert report.polynomial.startswith("k^2 m + 2 k^2 n + 2 k m n + ")
    assert str(report).count("\n") == 2 + len(report.steps)
    values = {"k": 3, "m": 60, "n": 50}
    assert sum(weight * prod(values[name] for name in monomial)
               for node in postorder(planned) for monomial, weight in operations(node).items()) == report.operations


# -- reports of paths --------------------------------------------------------------------


@pytest.mark.parametrize(("text", "subscripts"), [("A B x", "ij,jk,k->i"), ("x' A y", "i,ij,j->"), ("tr(A B C)", "ij,jk,ki->")])
def test_naive_counts_are_those_of_opt_einsum(text: str, subscripts: str) -> None:
    """The naive count and scaling of one product; the plan is no worse than the optimal path."""
    sizes = {"m": 20, "n": 30, "p": 40}
    tensor = tc.read(text)
    found = tensor.plan(**sizes).info()
    operands = tensor.to_einsum()
    shapes = [tuple([sizes.get(dim, dim) for dim in one.shape]) for one in operands.tensors]
    _, theirs = opt_einsum.contract_path(operands.subscripts, *shapes, shapes=True, optimize="optimal")
    assert (found.naive_operations, found.naive_scaling) == (int(theirs.naive_cost), len(set(subscripts) - set(",->")))
    assert found.operations <= int(theirs.opt_cost)
    assert found.optimized_scaling == max(theirs.scale_list)


@pytest.mark.parametrize(("text", "kinds"), [
    ("A x", ["GEMV"]), ("A B", ["GEMM"]), ("x y'", ["OUTER"]), ("x' z", ["DOT"]), ("A .* B", ["elementwise"]),
    ("D_bij = T_bik U_bkj", ["batched"]), ("exp(x)", ["function"]), ("sum(A)", ["reduction"]), ("A + B C", ["GEMM", "sum"]),
])
def test_kinds_of_steps(text: str, kinds: list[str]) -> None:
    assert [step.kind for step in tc.read(text).plan().info().steps] == kinds


def test_plans_take_sizes_from_arrays() -> None:
    found = tc.read("A B x").plan(A=np.ones((2, 3)), p=4)
    assert found.sizes == {"m": 2, "n": 3, "p": 4}
    assert str(found.info()).splitlines()[1] == "                 Sizes:  m = 2, n = 3, p = 4"
