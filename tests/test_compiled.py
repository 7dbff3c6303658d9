"""Compiled functions compute what the plans do, whatever memory they reuse."""

from __future__ import annotations

import pickle
import random
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from answers import ask, close
from strategies import formula
from tasks import SIZES, TASKS, Task

from tensorcalc import RequestError, ShapeError, fn, read, tensor
from tensorcalc import compile as compiled
from tensorcalc.algebra.build import einsum, variable
from tensorcalc.calculus.elimination import at_point, eliminated
from tensorcalc.calculus.simplify import simplify
from tensorcalc.errors import TensorCalcError, UnsupportedError
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.numbers.inputs import read as read_values
from tensorcalc.numbers.programs.compiled import Compiled, Origin
from tensorcalc.proofs.stand_ins import stand_ins

BLOCK = 40


def agrees(exprs: list[Any], values: dict[str, Any], sizes: dict[str, int], declared: Any = (), origin: Origin | None = None,
           facts: Any = None) -> bool:
    """One function of all expressions and one of each, in fresh and in given memory; ``False`` where there is no value."""
    with np.errstate(all="ignore"):
        want = [evaluate(expr, values, sizes, declared=declared) for expr in exprs]
        if not all(np.all(np.isfinite(one)) for one in want):
            return False
        before = {name: np.array(value, copy=True) for name, value in values.items() if not callable(value)}
        together = Compiled(exprs, several=True, declared=declared)
        assert all(close(one, other, 1e-8) for one, other in zip(together(**values, **sizes), want))
        for expr, other in zip(exprs, want):
            alone = Compiled([expr], declared=declared)
            first = alone(**values, **sizes)
            kept = np.array(first, copy=True)
            assert np.shape(first) == other.shape
            assert close(first, other, 1e-8), alone.code
            again = alone(**values, **sizes)
            assert np.array_equal(again, kept, equal_nan=True) and np.array_equal(first, kept, equal_nan=True), alone.code
            if other.shape:
                out = np.full(other.shape, np.nan)
                assert alone(**values, **sizes, out=out) is out
                assert close(out, other, 1e-8), alone.code
        if origin is not None:
            other = at_point(_in_order(origin, {**sizes, **_shown(declared, values)}), facts or {})
            assert close(Compiled([other], declared=declared)(**values, **sizes), want[-1], 1e-7)
        assert all(np.array_equal(values[name], value) for name, value in before.items())
    return True


def _in_order(origin: Origin, sizes: dict[str, int]) -> Any:
    found = simplify(origin.of)
    for by in origin.by:
        found = eliminated(found, by, sizes)
    return found


def _shown(declared: Any, values: dict[str, Any]) -> dict[str, int]:
    return read_values([one for one in declared if one.name in values], values, {})[1]


@pytest.mark.parametrize("start", range(700_000, 700_000 + 8 * BLOCK, BLOCK))
def test_random_formulas(start: int) -> None:
    """320 formulas, each with a gradient: together and one by one."""
    count = 0
    for seed in range(start, start + BLOCK):
        one = formula(seed)
        names = [name for name in one.declared if not name.startswith("has")]
        if not names:
            continue
        name = random.Random(seed).choice(names)
        try:
            answer, plain = ask(one, name), ask(one)
        except UnsupportedError:
            continue
        values = one.values()
        try:
            count += agrees([plain.expr, answer.expr], values, one.sizes, answer.reading.variables.values(),
                            Origin(answer.reading.expr, (answer.reading.variables[name],)), answer.facts)
        except UnsupportedError:    # a matrix without inverse
            continue
    assert count > BLOCK // 2


def test_the_result_is_no_view_of_an_argument() -> None:
    X = np.arange(6.0).reshape(2, 3)
    for expr in (einsum([(variable("X", "m", "n"), "ij")], "ji"), variable("X", "m", "n")):
        result = Compiled([expr])(X=X)
        result[...] = 0
        assert X[1, 2] == 5


def test_results_share_no_memory() -> None:
    """Not with one another, not with arguments of order zero, not with constants."""
    X, b = tensor("X", "m", "n"), tensor("b")
    values = {"X": np.arange(6.0).reshape(2, 3), "b": np.array(2.0)}
    results = compiled(2 * X, (2 * X).T, 2 * X, X, X.T, read("[1, 2]"), read("[1, 2]"))(**values)
    for k, one in enumerate(results):
        assert not any(np.shares_memory(one, other) for other in (*results[:k], *values.values()))
    for one in results:
        one[...] = np.nan
    again = compiled(2 * X, read("[1, 2]"))
    for _ in range(2):
        double, constant = again(**values)
        assert np.array_equal(double, 2 * values["X"]) and np.array_equal(constant, [1, 2])
        double[...] = constant[...] = np.nan
    assert not np.shares_memory(b.compile()(**values), values["b"])


ROWS = {"A": (3, 3), "B": (3, 3), "y": (3,)}


@pytest.mark.parametrize(("text", "by_hand"), [
    ("R_i = (A' + B')_ik", lambda A, B, y: (A + B).sum(axis=0)),
    ("R_i = y_i*(cos(A') + B')_ik", lambda A, B, y: y * (np.cos(A) + B).sum(axis=0)),
    ("R_k = (A' + B')_ik", lambda A, B, y: (A + B).sum(axis=1)),
    ("R_i = (cos(A') + B')_ki", lambda A, B, y: (np.cos(A) + B).sum(axis=1)),
    ("R_i = y_i*(cos(A') + 2*B')_ki", lambda A, B, y: y * (np.cos(A) + 2 * B).sum(axis=1)),
])
def test_sums_of_transposes_along_an_axis(text: str, by_hand: Any) -> None:
    names = {name: tensor(name, *shape) for name, shape in ROWS.items()}
    generator = np.random.default_rng(0)
    values = {name: generator.standard_normal(shape) for name, shape in ROWS.items()}
    assert close(read(text, names).compile()(**values), by_hand(**values), 1e-12)


def test_a_term_that_a_sum_has_twice() -> None:
    """Two terms that become one when weights move inside: the first is not overwritten before the second is read."""
    T, y, w, z = tensor("T", 2, 2, 3), tensor("y", 2), tensor("w", 3), tensor("z", 3)
    generator = np.random.default_rng(0)
    values = {one: generator.standard_normal(shape) for one, shape in {"T": (2, 2, 3), "y": 2, "w": 3, "z": 3}.items()}
    plain = read("R_ij = -y_i*(w_j)^3*T_iij*(z_j + z_j)", T=T, y=y, w=w, z=z)
    diagonal = -6 * np.einsum("i,j,iij,j->ij", values["y"], values["w"]**2, values["T"], values["z"])
    want = np.einsum("ij,jk->ijk", diagonal, np.eye(3))
    assert close(plain.derivative("w").compile()(**values), want, 1e-12)


@pytest.mark.parametrize("text", ["A + ones(3)*exp(x)'", "ones(3)*exp(x)' - A", "A .* (ones(3)*exp(x)')", "2*ones(3)*exp(x)' + 3*A"])
def test_what_is_left_to_broadcasting_is_not_overwritten(text: str) -> None:
    names = {"A": tensor("A", 3, 2), "x": tensor("x", 2)}
    values = {"A": np.arange(6.0).reshape(3, 2), "x": np.array([1.0, 2.0])}
    A, row = values["A"], np.exp(values["x"])[None, :].repeat(3, axis=0)
    want = {"A + ": A + row, "ones": row - A, "A .*": A * row, "2*on": 2 * row + 3 * A}[text[:4]]
    assert close(read(text, names).compile()(**values), want, 1e-12)


def test_constant_derivatives_are_floating() -> None:
    x = tensor("x", "m")
    for text in ("-2*sum(x)", "2*sum(x)", "-sum(x)"):
        found = read(text, x=x).gradient(x).compile()(m=2)
        assert found.dtype == np.float64, text
    for text in ("abs(ones(m, m))", "sign(ones(m))", "max(ones(m), ones(m))", "relu(sign(x)).^2", "relu(sign(x)).*relu(sign(x))"):
        found = read(text, x=x).compile()(m=2, x=np.ones(2))
        assert found.dtype == np.float64 and np.all(found == 1), text


@pytest.mark.parametrize("text", ["vech(A')", "vec(A)*x'", "skew(x)*A", "A + x*ones(3)'", "e(1, 3)", "A*e(2, 3)", "ones(3)*x'"])
def test_constants_in_single_precision(text: str) -> None:
    names = {"A": tensor("A", 3, 3), "x": tensor("x", 3)}
    values = {"A": np.arange(9, dtype=np.float32).reshape(3, 3), "x": np.ones(3, np.float32)}
    plain = read(text, names)
    for one in (plain, plain.derivative("x"), plain.derivative("A")):
        run = one.compile()
        found = run(**values)
        assert close(found, one(**values), 1e-5)
        assert found.dtype == np.float32, run.code


def test_single_precision_stays_single() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    loss = (A @ x) @ (A @ x)
    for one in (loss.gradient(x), loss.hessian(x), loss.hessian("A"), loss):
        run = one.compile()
        values = {"A": np.ones((3, 2), np.float32), "x": np.ones(2, np.float32)}
        assert run(**values).dtype == np.float32, run.code
        mixed = run(A=values["A"], x=np.ones(2))
        assert mixed.dtype == (np.float64 if "x" in run.code else np.float32)


@pytest.mark.parametrize("text", ["log(2) A", "x/3^0.5", "exp(sqrt(2) + 1)*sin(1) x", "erf(x' x) A", "sigmoid(x' x) + erf(x' x)",
                                  "det(A) expm(A)", "sqrtm(A) x"])
def test_numbers_and_functions_of_matrices_keep_to_single_precision(text: str) -> None:
    function = read(text, A=tensor("A", 3, 3), x=tensor("x", 3))
    values = {"A": (np.eye(3) + np.arange(9).reshape(3, 3) / 50).astype(np.float32), "x": np.full(3, 0.5, np.float32)}
    for one in (function, *[function.derivative(name) for name in function.variables]):
        run = one.compile()
        found = run(**values)
        assert close(found, one(**values), 1e-5)
        assert found.dtype == np.float32, run.code


def test_what_depends_on_no_value_has_the_precision_of_the_arguments() -> None:
    X = np.ones((3, 3))
    for text, by in (("tr(X)", "X"), ("X'", "X"), ("X^2", "XX"), ("sum(X)", "XX")):
        for size in ("n", 3):
            run = read(text, X=tensor("X", size, size)).derivative(*by).compile()
            assert [run(X=X.astype(kind)).dtype for kind in (np.float32, np.float64, np.float32)] == [np.float32, float, np.float32]
            assert run(X=X.tolist()).dtype == float
    assert read("tr(X)").gradient("X").compile()(m=2).dtype == float


@pytest.mark.parametrize("single", [True, False])
def test_each_of_several_results_has_the_type_of_the_arguments(single: bool) -> None:
    a, x = tensor("a"), tensor("x", "n")
    f = 9 * a**2 + x @ x
    dtype = np.float32 if single else np.float64
    found = compiled(f, f.gradient(a), f.hessian(a), f.hessian(x), a, x.derivative(x), f.derivative(x, order=3))(
        a=dtype(2), x=np.ones(2, dtype))
    assert [one.dtype for one in found] == [dtype] * 7 and found[2] == 18
    product = fn.einsum("ii,ii->", tensor("A", "n", "n"), tensor("B", "n", "n"))
    found = compiled(product, product.hessian("A", "B"))(A=np.ones((2, 2), dtype), B=np.ones((2, 2), dtype))
    assert found[1].dtype == dtype and found[1][1, 1, 1, 1] == 1 and found[1].sum() == 2


def test_other_classes_of_arrays_are_read_as_arrays_in_every_call() -> None:
    """A matrix of NumPy multiplies entries by ``*`` nowhere, and a masked array leaves some out."""
    A, B = tensor("A", "n", "n"), tensor("B", "n", "n")
    run = read("A .* B + exp(A)", A=A, B=B).compile()
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 3.0], [2.0, 4.0]])
    for one in (a, a.view(np.matrix), np.ma.array(a, mask=a > 1), a, a.view(np.matrix)):
        found = run(A=one, B=b)
        assert type(found) is np.ndarray and np.array_equal(found, a * b + np.exp(a))


def test_numbers_of_numpy_and_of_python_are_one() -> None:
    x = tensor("x", "n")
    run = read("a x + c ones(n)", x=x, a=tensor("a"), c=tensor("c")).compile()
    for a in (2.0, np.float64(2), np.array(2.0), 2, np.float32(2), np.float64(2)):
        found = run(a=a, c=np.float64(1), x=np.ones(2))
        assert found.dtype == np.float64 and found.tolist() == [3, 3]
    single = run(a=np.float32(2), c=np.float32(1), x=np.ones(2, np.float32))
    assert single.dtype == np.float32 and single.tolist() == [3, 3]


@pytest.mark.parametrize("library", ["numpy", "jax", "torch"])
def test_sizes_may_be_whole_numbers_of_numpy(library: str) -> None:
    module = pytest.importorskip({"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}[library])
    run = compiled(read("sum(x) * ones(n)", x=tensor("x", "m")), library=library)
    for n in (3, np.int64(4), np.int32(5), 3, np.int64(2)):
        assert run(x=module.ones(2), n=n).shape == (n,)


def test_memory_of_another_shape_or_type_is_refused() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    run = (A @ x).compile()
    values = {"A": np.ones((2, 3)), "x": np.ones(3)}
    for out in (np.empty((5, 2)), np.empty((1, 2)), np.empty(3), np.empty(2, int), [0.0, 0.0]):
        with pytest.raises(RequestError, match="TC519: out is no array for the result\n  the result is 2 of floating-point"):
            run(**values, out=out)
    out = np.empty(2)
    assert run(**values, out=out) is out and out.tolist() == [3, 3]
    X = tensor("X", "p", "q")
    run, out = read("kron(X, X)", X=X).compile(), np.empty((4, 9))
    assert run(X=np.ones((2, 3)), out=out) is out and out.sum() == 36


def test_complex_values_are_refused_and_not_cut_to_their_real_parts() -> None:
    x = tensor("x", "n")
    square = x @ x
    with pytest.raises(RequestError, match="TC512: the value of x is complex"):
        square.compile()(x=np.array([1.0, 1.0j]))
    assert square(x=np.array([2.0, 1.0j])) == 3


def test_lists_integers_and_further_names() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    assert (A @ x).compile()(A=[[1, 2], [3, 4]], x=(1, -1), y=7).tolist() == [-1.0, -1.0]


def test_each_shape_has_its_code() -> None:
    run = tensor("X", "m", "n").T.compile()
    assert run(X=np.ones((2, 3))).shape == (3, 2)
    assert run(X=np.ones((4, 1))).shape == (1, 4)


def test_a_size_that_no_array_shows() -> None:
    T, U, V = tensor("T", "n", "m"), tensor("U", "n", "k"), tensor("V", "m", "k")
    hessian = read("norm2(T - U V')^2", T=T, U=U, V=V).hessian(U).compile()
    V0 = np.arange(4.0).reshape(2, 2)
    by_name = hessian(V=V0, n=3)
    assert by_name.shape == (3, 2, 3, 2)
    assert np.array_equal(hessian(V=V0, U=np.ones((3, 2))), by_name)
    assert hessian(V=V0, n=4).shape == (4, 2, 4, 2)
    with pytest.raises(RequestError, match="no array shows the size n"):
        hessian(V=V0)


def test_errors_name_what_is_wrong() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    run = (A @ x).compile()
    with pytest.raises(RequestError, match="no value for x"):
        run(A=np.ones((2, 2)))
    with pytest.raises(ShapeError):
        run(A=np.ones((2, 3)), x=np.ones(2))
    with pytest.raises(RequestError, match="out is for one tensor"):
        (x @ x).compile()(x=np.ones(2), out=np.ones(()))


def test_pickles_and_threads() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    run = pickle.loads(pickle.dumps(((A @ x) @ (A @ x)).gradient(x).compile()))
    points = [{"A": np.full((3, n), 1.0 * n), "x": np.ones(n)} for n in range(1, 9)] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda point: run(**point), points))
    assert all(np.allclose(one, 2 * p["A"].T @ (p["A"] @ p["x"])) for one, p in zip(found, points))


def test_the_code_shown_is_the_code_run() -> None:
    A, x = tensor("A", "m", "n"), tensor("x", "n")
    run = ((A @ x) @ (A @ x)).gradient(x).compile()
    values = {"A": np.arange(6.0).reshape(3, 2), "x": np.ones(2)}
    want = run(**values)
    names: dict[str, Any] = {}
    exec(run.code, names)
    assert np.array_equal(names["derivative"](**values), want)


@pytest.mark.parametrize("name", ["np", "lambda", "out", "T0", "derivative", "values"])
def test_names_that_something_else_has(name: str) -> None:
    x = variable(name, "n")
    run = Compiled([einsum([(x, "i"), (x, "i")], "")])
    assert run(**{name: np.ones(3)}) == 3


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_tasks(task: Task) -> None:
    """Value and derivative of every task, at one point, with formulas that stand in for unknown functions."""
    declared = {name: tensor(name, *shape, assume=task.facts.get(name, ())) for name, shape in task.declared.items()}
    plain = read(task.formula, declared, functions=task.functions)
    exprs = [plain.expr, plain.derivative(*task.variables).expr]
    values = {**task.values(1), **stand_ins(exprs)[0]}
    sizes = {name: size for name, size in SIZES.items() if name not in declared}
    assert agrees(exprs, values, sizes, plain.names.variables.values())


def test_a_deep_network_is_differentiated_in_the_cheap_order() -> None:
    """The Hessian of eight layers by the first weights: no more than a few products a layer, and JAX's value."""
    jax = pytest.importorskip("jax")
    depth, d, count = 8, 5, 3
    weights = [tensor(f"W{k}", "d", "d") for k in range(depth)]
    a = tensor("x", "N", "d")
    for layer in weights[:-1]:
        a = fn.tanh(a @ layer.T)
    loss = fn.sum(fn.logsumexp(a @ weights[-1].T))
    run = loss.hessian(weights[0]).compile()
    generator = np.random.default_rng(0)
    values = {f"W{k}": generator.standard_normal((d, d)) for k in range(depth)} | {"x": generator.standard_normal((count, d))}
    found = run(**values)

    def by_hand(first: Any) -> Any:
        b = values["x"]
        for k in range(depth - 1):
            b = jax.numpy.tanh(b @ (first if k == 0 else values[f"W{k}"]).T)
        return jax.nn.logsumexp(b @ values[f"W{depth - 1}"].T, axis=1).sum()

    with jax.enable_x64(True):
        want = np.asarray(jax.hessian(by_hand)(jax.numpy.asarray(values["W0"])))
    assert close(found, want, 1e-10)
    assert run.code.count("@") < 8 * depth


@pytest.mark.parametrize("threads", [1, 2])
def test_many_small_matrices(threads: int) -> None:
    """The stress and tangent of a neo-Hookean body, against the same written with NumPy for one point."""
    F, mu, lam = tensor("F", 3, 3), tensor("mu"), tensor("lam")
    energy = read("mu/2*(tr(F'*F) - 3) - mu*log(det(F)) + lam/2*log(det(F))^2", F=F, mu=mu, lam=lam)
    run = compiled(energy.gradient(F), energy.hessian(F), batch=["F"])
    points = np.eye(3) + 0.1 * np.random.default_rng(0).standard_normal((1500, 3, 3))
    stress, tangent = run(F=points, mu=1.3, lam=2.1, threads=threads)
    for k in (0, 700, 1499):
        G = np.linalg.inv(points[k]).T
        size = np.log(np.linalg.det(points[k]))
        assert close(stress[k], 1.3 * (points[k] - G) + 2.1 * size * G, 1e-12)
        eye = np.eye(3)
        want = 1.3 * np.einsum("ik,jl->ijkl", eye, eye) + 2.1 * np.einsum("ij,kl->ijkl", G, G) \
            + (1.3 - 2.1 * size) * np.einsum("il,kj->ijkl", G, G)
        assert close(tangent[k], want, 1e-12)


def test_points_are_small() -> None:
    with pytest.raises(UnsupportedError, match="many points"):
        compiled(tensor("A", "n", "n"), batch=["A"])
    with pytest.raises(TensorCalcError, match="no variable"):
        compiled(tensor("A", 2, 2), batch=["B"])


STACK = np.tile(np.eye(2), (4, 1, 1))


@pytest.mark.parametrize(("values", "code", "says"), [
    ({"c": 1.0}, "TC511", "no value for F\n  help: pass F as points x 2 x 2"),
    ({"F": STACK * 1j, "c": 1.0}, "TC512", "the value of F is complex\n  compiled functions compute with real numbers"),
    ({"F": "abc", "c": 1.0}, "TC512", "the value of F is no array of numbers\n  help: pass F as points x 2 x 2"),
    ({"F": [[1, 2], [3]], "c": 1.0}, "TC512", "the value of F is no array of numbers\n  help: pass F as points x 2 x 2"),
    ({"F": np.eye(2), "c": 1.0}, "TC111", "F has the wrong order\n  F is declared as points x 2 x 2 and given as 2 x 2"),
    ({"F": np.ones((4, 3, 3)), "c": 1.0}, "TC112", "F has the wrong size\n  F is declared as points x 2 x 2 and given as 4 x 3 x 3"),
    ({"F": STACK, "c": np.ones(4)}, "TC111", "c has the wrong order\n  c is declared as a number and given as 4"),
    ({"F": STACK, "c": 1.0, "out": np.ones((3, 2, 2))}, "TC519",
     "out is no array for the result\n  the result is 4 x 2 x 2 of floating-point numbers, out is 3 x 2 x 2 of float64"),
    ({"F": STACK, "c": 1.0, "out": 3}, "TC519",
     "out is no array for the result\n  the result is 4 x 2 x 2 of floating-point numbers, out is none"),
    ({"F": STACK, "c": 1.0, "threads": 2.5}, "TC519", "threads is a whole number, not '2.5'"),
])
def test_what_does_not_fit_many_points(values: dict[str, Any], code: str, says: str) -> None:
    run = compiled(read("c logdet(F)", F=[2, 2]).gradient("F"), batch=["F"])
    with pytest.raises(TensorCalcError) as caught:
        run(**values)
    assert caught.value.code == code
    assert str(caught.value).partition(": ")[2] == says


def test_points_of_two_arrays_are_as_many() -> None:
    run = compiled(read("c logdet(F)", F=[2, 2]), batch=["F", "c"])
    with pytest.raises(TensorCalcError, match="the size points has two values\n  points is 5 by the first axis of c"):
        run(F=STACK, c=np.ones(5))


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_many_points_of_other_libraries_fit_too(library: str) -> None:
    pytest.importorskip(library)
    run = compiled(read("logdet(F)", F=[2, 2]), library=library, batch=["F"])
    assert np.allclose(run(F=2 * STACK), np.log(4))
    with pytest.raises(TensorCalcError, match="F is declared as points x 2 x 2 and given as 2 x 2"):
        run(F=np.eye(2))
    with pytest.raises(TensorCalcError, match="no value for F"):
        run()


def test_many_points_take_lists_and_keep_single_precision() -> None:
    run = compiled(read("c logdet(F)", F=[2, 2]), batch=["F"])
    assert np.allclose(run(F=(2 * STACK).tolist(), c=1), np.log(4))
    assert run(F=STACK.astype(np.float32), c=np.float32(1)).dtype == np.float32


def test_memory_that_is_given_may_be_strided() -> None:
    X, y, w = tensor("X", "m", "d"), tensor("y", "m"), tensor("w", "d")
    gradient = read("sum(softplus(-y .* (X*w)))", X=X, y=y, w=w).gradient(w)
    generator = np.random.default_rng(0)
    values = {"X": generator.standard_normal((30, 24)), "y": np.ones(30), "w": generator.standard_normal(24)}
    out = np.zeros(24 * 8)[::8]
    assert np.allclose(gradient.compile()(**values, out=out), gradient(**values))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("laid", [np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, axis=1)[:, ::2]])
@pytest.mark.parametrize(("text", "by_hand"), [
    ("X inv(X' X)", lambda X, B: X @ np.linalg.inv(X.T @ X)),
    ("-3 inv(X' X) X'", lambda X, B: -3 * np.linalg.inv(X.T @ X) @ X.T),
    ("B inv(X' X)/2", lambda X, B: B @ np.linalg.inv(X.T @ X) / 2),
    ("inv(X' X) B'", lambda X, B: np.linalg.inv(X.T @ X) @ B.T),
    ("(inv(X' X) X') .* B'", lambda X, B: np.linalg.inv(X.T @ X) @ X.T * B.T),
    ("inv(B' X X' B) B' B", lambda X, B: np.linalg.inv(B.T @ X @ X.T @ B) @ B.T @ B),
    ("B inv(X' X) + B X' X", lambda X, B: B @ np.linalg.inv(X.T @ X) + B @ X.T @ X),   # the matrix is read once more
], ids=lambda one: one if isinstance(one, str) else "")
def test_by_one_triangle_of_a_symmetric_matrix(text: str, by_hand: Any, laid: Any, dtype: Any) -> None:
    random = np.random.default_rng(7)
    X, B = (laid(random.normal(size=(150, 130)).astype(dtype) + 60 * np.eye(150, 130, dtype=dtype)) for _ in range(2))
    found = compiled(read(text, X=["m", "n"], B=["m", "n"]))(X=X, B=B)
    assert found.dtype == dtype
    expected, tolerance = by_hand(X.astype(float), B.astype(float)), 1e-12 if dtype is np.float64 else 1e-4
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize(("text", "columns", "by_triangles"), [
    ("X inv(X' X)", 200, True), ("X inv(X' X)", 100, False), ("X inv(X' X) + Y Y' X", 200, False)])
def test_two_libraries_do_not_both_ask_for_all_cores(text: str, columns: int, by_triangles: bool) -> None:
    """Threads of NumPy's BLAS wait for more work for a while, and SciPy's would wait for them."""
    random = np.random.default_rng(8)
    X, Y = random.normal(size=(300, columns)), random.normal(size=(300, 8))
    run = compiled(read(text, X=["m", "n"], Y=["m", "k"]))
    expected = X @ np.linalg.inv(X.T @ X) + (Y @ (Y.T @ X) if "Y" in text else 0)
    np.testing.assert_allclose(run(X=X, Y=Y), expected, rtol=1e-8, atol=1e-12)
    assert ("gram_factor(X)" in run.code) == by_triangles, run.code


@pytest.mark.parametrize(("m", "n"), [(0, 0), (3, 0), (0, 3), (2, 3)])
def test_without_entries_or_without_an_inverse(m: int, n: int) -> None:
    f = compiled(read("X inv(X' X)", X=["m", "n"]))
    if m < n:
        with pytest.raises(np.linalg.LinAlgError):
            f(X=np.ones((m, n)))
    else:
        assert f(X=np.ones((m, n))).shape == (m, n)


def test_systems_of_no_equations() -> None:
    Y, x = tensor("Y", "m", "n"), tensor("x", "n")
    S = fn.eye("n") + Y.T @ Y
    values = {"Y": np.zeros((2, 0)), "x": np.zeros(0)}
    assert fn.solve(S, x).compile()(**values).shape == (0,)
    assert fn.inv(S).compile()(**values).shape == (0, 0)


def test_a_hessian_takes_little_more_memory_than_it_has_entries() -> None:
    """At most a fifth more, and one copy of the largest argument: intermediate results are given back on the way."""
    layers, samples, d = 6, 12, 24
    weights = {f"W{k}": tensor(f"W{k}", "d", "d") for k in range(layers)}
    X, Y = tensor("X", "N", "d"), tensor("Y", "N", "d")
    state = X
    for k, one in enumerate(weights.values()):
        state = state @ one.T if k == layers - 1 else fn.tanh(state @ one.T)
    hessian = (fn.sum(fn.logsumexp(state)) - fn.sum(state * Y)).hessian("W0").compile()
    generator = np.random.default_rng(0)
    values = {name: generator.standard_normal((d, d)) for name in weights} \
        | {"X": generator.standard_normal((samples, d)), "Y": np.ones((samples, d))}
    hessian(**values)
    tracemalloc.start()
    try:
        found = hessian(**values)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 1.2 * found.nbytes + max(array.nbytes for array in values.values())
