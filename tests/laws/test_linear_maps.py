"""Linear maps and tables of blocks against JAX, for random formulas and for a table; none is larger than it must be."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from answers import LARGEST, MARGIN, close, lowered
from meaning import Meaning, parse
from strategies import Formula, formula

import tensorcalc as tc
from tensorcalc.algebra.expr import Apply, Expr
from tensorcalc.algebra.traverse import postorder
from tensorcalc.errors import TensorCalcError
from tensorcalc.functions import FRECHET
from tensorcalc.notation.describe import Layout
from tensorcalc.numbers.plans.plan import plan
from tensorcalc.tensors.names import Names
from tensorcalc.tensors.tensor import Tensor

jax = pytest.importorskip("jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)
Array = Any


def tensor_of(one: Formula) -> Tensor:
    found = lowered(one)
    facts = {name: frozenset([fact]) for name, fact in one.facts.items() if name in found.variables}
    return Tensor(found.expr, Layout((found.groups,), found.letters, found.name, row=found.row), Names(found.variables, facts))


def most_axes(expr: Expr) -> int:
    return max((node.rank for node in postorder(expr)), default=0)


def cases(start: int, count: int) -> list[tuple[int, Formula, str]]:
    """Formulas with a variable of theirs, at points where they are smooth."""
    found = []
    for seed in range(start, start + count):
        one = formula(seed, depth=random.Random(seed).choice([2, 3]))
        names = [name for name in one.declared if not name.startswith("has")]
        if names:
            meaning = Meaning(one.values(), one.sizes)
            with np.errstate(all="ignore"):
                value = meaning.of(one.text, one.left_sizes())
            if np.all(np.isfinite(value)) and np.max(np.abs(value), initial=0) < LARGEST and meaning.margin > MARGIN:
                found.append((seed, one, random.Random(seed).choice(names)))
    return found


@pytest.mark.parametrize("start", [810_000, 810_025])
def test_products_with_the_derivative(start: int) -> None:
    """``jvp``, ``vjp`` and ``hvp`` are what JAX finds; identified, a differential is the derivative."""
    count = 0
    for seed, one, name in cases(start, 25):
        f, values, generator = tensor_of(one), one.values(), np.random.default_rng(seed)
        parts, left = parse(one.text), one.left_sizes()
        at = jnp.asarray(values[name], dtype=float)
        along = generator.normal(size=at.shape)

        def value(x: Array, values=values, name=name, one=one, parts=parts, left=left) -> Array:
            return Meaning({**values, name: x}, one.sizes, jnp).of_parsed(parts, left)

        given = {**values, **one.sizes, "V9": along}
        try:
            slope = tc.jvp(f, name, "V9")
            result, pushed = jax.jvp(value, (at,), (jnp.asarray(along),))
            assert close(np.squeeze(slope(**given)), np.squeeze(pushed), 1e-7), (seed, one)
            weight = generator.normal(size=np.shape(slope(**given)))
            back = tc.vjp(f, name, "W9")
            pulled = jax.vjp(value, at)[1](jnp.asarray(weight.reshape(result.shape)))[0]
            assert close(np.squeeze(back(**given, W9=weight)), np.squeeze(pulled), 1e-7), (seed, one)
            if not f.ndim:
                curved = jax.jvp(jax.grad(lambda x, value=value: jnp.sum(value(x))), (at,), (jnp.asarray(along),))[1]
                assert close(np.squeeze(tc.hvp(f, name, "V9")(**given)), np.squeeze(curved), 1e-6), (seed, one)
            read = tc.differential(f, name).identify()
            assert close(read(**given), f.derivative(name)(**given), 1e-7), (seed, one)
        except TensorCalcError as error:
            assert error.code[2] in "34", (seed, one)
            continue
        count += 1
    assert count > 15


@pytest.mark.parametrize("start", [820_000])
def test_the_tangent_at_a_point(start: int) -> None:
    """``f(X0) + df(X0)[X - X0]``, of variables of which nothing is known."""
    count = 0
    for seed, one, name in cases(start, 25):
        if one.facts.get(name):
            continue
        f, values, generator = tensor_of(one), one.values(), np.random.default_rng(seed)
        parts, left = parse(one.text), one.left_sizes()
        at, along = jnp.asarray(values[name], dtype=float), generator.normal(size=np.shape(values[name]))
        result, pushed = jax.jvp(lambda x, name=name, values=values, one=one, parts=parts, left=left:
                                 Meaning({**values, name: x}, one.sizes, jnp).of_parsed(parts, left), (at,), (jnp.asarray(along),))
        try:
            found = tc.linearize(f, name, "P9")(**{**values, **one.sizes, "P9": values[name], name: values[name] + along})
        except TensorCalcError as error:
            assert error.code[2] in "34", (seed, one)
            continue
        assert close(np.squeeze(found), np.squeeze(result + pushed), 1e-7), (seed, one)
        count += 1
    assert count > 8


MATRICES = {"X": ["n", "n"], "A": ["n", "n"], "B": ["n", "n"], "S": ["n", "n"], "x": ["n"], "y": ["n"]}
MAPS = ["X*A*X", "inv(X)*A", "X*X*X*X", "A*X'*B*X", "sigmoid(A*X)*B", "X .* (A*X)", "inv(X*A + B)", "softmax(X*x)", "adj(X)",
        "chol(X*X' + A*A')", "pinv(X)", "X^k", "det(X)*X", "X/norm2(X)", "exp(X)*X'", "tr(X)*inv(X)", "solve(X, A)", "tril(X*A)*B"]


def test_no_map_has_more_axes_than_what_goes_in_or_comes_out() -> None:
    """The derivative of each of these has four axes; along a direction, and back from a weight, there are two."""
    sizes = {"n": 50, "k": 5}
    for text in MAPS:
        f = tc.read(text, {name: shape for name, shape in MATRICES.items() if name in text})
        stacks = 3 if "^k" in text else 2   # a power with a symbol as exponent needs the stack of its powers
        curved = [] if "^k" in text else [tc.hvp(tc.fn.sum(f * f), "X", "V")]
        for one in (tc.jvp(f, "X", "V"), tc.vjp(f, "X", "W"), *curved):
            assert most_axes(one.expr) <= stacks, (text, str(one))
            assert most_axes(plan(one.expr, sizes)) <= stacks, (text, str(one))


def test_functions_of_matrices_are_evaluated_along_a_direction() -> None:
    """In a formula their derivative has four axes; no plan has."""
    for text in ("expm(X)", "logm(X)", "sqrtm(X)"):
        f = tc.read(text)
        for one in (tc.jvp(f, "X", "V"), tc.vjp(f, "X", "W")):
            large = [node for node in postorder(one.expr) if node.rank > 2]
            assert all(isinstance(node, Apply) and node.function.name in FRECHET for node in large)
            assert most_axes(plan(one.expr, {"m": 50})) == 2, text


# -- blocks ------------------------------------------------------------------------------

NETWORK = {"W": ["m", "n"], "b": ["m"], "x": ["n"], "y": ["m"], "v": ["m"], "s": []}
SIZES = {"m": 3, "n": 2}
BLOCKS = [
    ("norm2(W*x + v - y)^2/2", ["W", "v"]),
    ("v'*tanh(W*x + y)", ["W", "v", "y"]),
    ("logsumexp(W*x + v) - y'*(W*x + v)", ["W", "v", "x"]),
    ("s*tr(W'*W) + sum(softplus(W*x + v))", ["s", "W", "v"]),
    ("exp(s*(v'*y))", ["v", "s", "y"]),
]


def numbers(names: list[str], seed: int) -> dict[str, Array]:
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(0.2, 0.9, [SIZES[str(dim)] for dim in NETWORK[name]]) for name in names}


@pytest.mark.parametrize(("text", "names"), BLOCKS)
def test_blocks(text: str, names: list[str]) -> None:
    """Each block, and the whole matrix with its variables stacked, are those of JAX."""
    declared = {name: shape for name, shape in NETWORK.items() if name in text}
    H, values = tc.read(text, declared).hessian(names), numbers(list(declared), 3)
    parts = parse(text)

    def value(*points: Array) -> Array:
        return Meaning({**values, **dict(zip(names, points))}, SIZES, jnp).of_parsed(parts, []).reshape(())

    at = [jnp.asarray(values[name]) for name in names]
    want = jax.hessian(value, argnums=tuple(range(len(names))))(*at)
    for k, row in enumerate(names):
        for q, column in enumerate(names):
            assert H[row, column].shape == (*H[row, row].shape[:len(declared[row])], *H[column, column].shape[:len(declared[column])])
            assert close(H[row, column](**values), want[k][q], 1e-9)
    lengths = [int(np.prod(one.shape)) for one in at]

    def stacked(vector: Array) -> Array:
        ends = np.cumsum([0, *lengths])
        return value(*[vector[a:b].reshape(one.shape[::-1]).T for a, b, one in zip(ends, ends[1:], at)])

    whole = jax.hessian(stacked)(jnp.concatenate([one.T.reshape(-1) for one in at]))
    assert close(H(**values), whole, 1e-9)
    assert close(H(**values), H(**values).T, 1e-12)


def test_a_block_hessian_times_directions() -> None:
    """``hvp`` of several variables is the whole matrix times what is stacked."""
    text, names = BLOCKS[2]
    declared = {name: shape for name, shape in NETWORK.items() if name in text}
    f, values = tc.read(text, declared), numbers(list(declared), 4)
    moves = {f"d{name}": value for name, value in numbers(names, 5).items()}
    rows = tc.hvp(f, names, list(moves))
    found = np.concatenate([row(**values, **moves).T.reshape(-1) for row in rows])
    stacked = np.concatenate([moves[f"d{name}"].T.reshape(-1) for name in names])
    assert close(found, f.hessian(names)(**values) @ stacked, 1e-10)


def test_a_printed_table_reads_back() -> None:
    """Also where two blocks call different parts T0: the table has one list of what names stand for."""
    shapes = {"W": ["h", "n"], "V": ["k", "h"], "x": ["n"], "y": ["k"], "b": ["h"], "c": ["k"]}
    H = tc.read("norm2(V tanh(W x + b) + c - y)^2/2", shapes).hessian(["W", "V", "b"])
    names = [name for block in H.table.values() for name in block.where]
    assert len({*names}) < len({(name, block.where[name]) for block in H.table.values() for name in block.where})
    lines = str(H).splitlines()
    where = "".join(line.removeprefix("  where ") + "; " for line in lines if line.startswith("  where "))
    sizes = {"h": 3, "n": 2, "k": 2}
    generator = np.random.default_rng(6)
    at = {name: generator.normal(size=[sizes[size] for size in shape]) for name, shape in shapes.items()}
    for place, line in zip(H, lines):
        form = line.split(")", 1)[1].strip()
        found = np.asarray(tc.read(where + form, shapes)(**at))
        assert np.allclose(found, H._stacked(*place, at).reshape(found.shape)), line



def test_the_table_of_blocks_is_printed() -> None:
    H = tc.read("norm2(W x + b - y)^2/2", W=["m", "n"], x=["n"], b=["m"], y=["m"]).hessian(["W", "b"])
    assert str(H) == ("W, W  (m, n, m, n)  (x x') ⊗ eye(m)\n"
                      "W, b  (m, n, m)     x ⊗ eye(m)\n"
                      "b, W  (m, m, n)     x' ⊗ eye(m)\n"
                      "b, b  (m, m)        eye(m)")
    assert H.rows == H.columns == ("W", "b") and len(H) == 4
    assert H.latex() == (r"\begin{bmatrix} \left(x \, x^\top\right) \otimes I_{m} & x \otimes I_{m} \\ "
                         r"x^\top \otimes I_{m} & I_{m} \end{bmatrix}")
    other = tc.read("x' A y").hessian(["x"], ["x", "y"])
    assert str(other) == "x, x  (m, m)  zeros(m, m)\nx, y  (m, n)  A"


# -- higher derivatives ------------------------------------------------------------------


def test_the_third_derivative_of_a_determinant() -> None:
    """Generalised 3 x 3 minors of the inverse, and what JAX finds."""
    X = np.random.default_rng(8).normal(size=(3, 3)) + 2 * np.eye(3)
    third = tc.read("det(X)").derivative("X", order=3)
    found = third(X=X)
    want = jax.jacfwd(jax.jacfwd(jax.jacrev(jnp.linalg.det)))(jnp.asarray(X))
    assert close(found, want, 1e-8)
    inverse = np.linalg.inv(X)
    for i, j, p, q, a, b in [(0, 0, 1, 1, 2, 2), (0, 1, 1, 2, 2, 0), (2, 1, 0, 0, 1, 2), (0, 0, 1, 1, 1, 2)]:
        minor = inverse[np.ix_([j, q, b], [i, p, a])]
        assert abs(found[i, j, p, q, a, b] - np.linalg.det(X) * np.linalg.det(minor)) < 1e-9


def test_a_third_derivative_along_directions() -> None:
    """Nested products with the derivative give entries of a tensor that is never made."""
    f = tc.read("det(X)", X=[3, 3])
    twice = tc.jvp(tc.jvp(tc.jvp(f, "X", "U"), "X", "V"), "X", "W")
    assert most_axes(twice.expr) == 2
    generator = np.random.default_rng(2)
    values = {name: generator.normal(size=(3, 3)) for name in "XUVW"}
    whole = f.derivative("X", order=3)(X=values["X"])
    assert close(twice(**values), np.einsum("ijpqab,ij,pq,ab->", whole, values["U"], values["V"], values["W"]), 1e-9)


# -- what is said ------------------------------------------------------------------------


def test_differentials_in_words() -> None:
    f = tc.read("tr(A X B)")
    df = tc.differential(f, "X")
    assert (str(df), dict(df.changes)) == ("tr(A dX B)", {"X": "dX"})
    assert str(df.gradient()) == str(df.gradient("X")) == "A' B'"
    assert str(df.gradient("A")) == "B' dX'"       # any other variable differentiates as usual
    assert str(tc.differential(tc.read("tr(dX X)", dX=["n", "n"]), "X")) == "tr(dX δX)"
    both = tc.differential(tc.read("A X"), "A", "X")
    assert str(both) == "dA X + A dX" and both.identify("A").to("kronecker") == "X' ⊗ eye(m)"
    assert str(tc.linearize(tc.read("inv(X)"), "X")) == "M - M (X - X0) M\n  where M = inv(X0)"


@pytest.mark.parametrize(("call", "code", "message"), [
    (lambda f: tc.jvp(f, "X", tc.tensor("V", "q", "q")), "TC101", "what is given for X has another shape than X"),
    (lambda f: tc.jvp(f, "X", [[1.0]]), "TC519", "what is given for X is a tensor or a name, not [[1.0]]"),
    (lambda f: tc.jvp(f, ["X", "A"], ["V"]), "TC519", "2 variables and 1 directions"),
    (lambda f: tc.jvp(f, ["X", "X"], ["V", "W"]), "TC519", "a differential is in one variable or several different ones"),
    (lambda f: tc.vjp(f, "Q", "W"), "TC204", "'Q' is not a variable of the formula"),
    (lambda f: tc.hvp(f, "X", "V"), "TC106", "a Hessian is of a number"),
    (lambda f: tc.differential(f, "A", "X").identify(), "TC519", "the differential is in A, X: say by which"),
    (lambda f: tc.differential(f, "X").identify("A"), "TC519", "A does not change in this differential"),
    (lambda f: tc.differential(f, "X").gradient(), "TC106", "a gradient is of a number"),
])
def test_mistakes_are_explained(call, code, message) -> None:
    with pytest.raises(TensorCalcError) as caught:
        call(tc.read("A X"))
    assert (caught.value.code, caught.value.message) == (code, message)
