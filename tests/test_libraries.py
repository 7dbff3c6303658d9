"""Generated JAX and PyTorch modules: they compute what NumPy computes, in the type that they are given."""

from __future__ import annotations

import ast
import builtins
import re
import subprocess
import sys
from contextlib import nullcontext
from fractions import Fraction
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from libraries import LIBRARIES, QUICKLY, run, traced
from networks import Network, close, load, networks, scale
from tasks import SIZES, TASKS, Task
from test_codegen import GENERATOR, MERGED, TEXTS, A, B, K, Q, S, T, X, residual, row, s, x, y, z

import tensorcalc as tc
from tensorcalc.algebra.build import delta, einsum, number, unit, variable
from tensorcalc.algebra.build import scale as weighted
from tensorcalc.algebra.expr import Expr
from tensorcalc.algebra.traverse import postorder
from tensorcalc.errors import RequestError, UnsupportedError
from tensorcalc.functions import ELEMENTWISE, MATRIX
from tensorcalc.numbers.code.codegen import module_code
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.proofs.stand_ins import stand_ins
from tensorcalc.request import derived
from tensorcalc.service import handle

TOLERANCE = {"float64": 1e-9, "float32": 2e-4}
NUMPY_ALONE = {"logm", "sqrtm", "frechet_logm", "frechet_sqrtm", "funm", "frechet_funm"}

TASKS_OF_NUMPY_ALONE = {"tr(A*expm(X)) by X X"}   # second derivatives of functions of matrices

n = delta("n", 0)

library = pytest.mark.parametrize("library", LIBRARIES)


def agree(library: str, expr: Expr, values: dict[str, Any], groups: Any = None, tolerance: float = 1.0,
          both: bool = False) -> None:
    """The module has the value that NumPy finds, in both types; JAX compiles for the second only where ``both`` is said."""
    code = module_code(expr, library, groups=groups)
    numbers = {name: value for name, value in values.items() if not callable(value)}
    known = {name: value for name, value in numbers.items() if isinstance(value, int)}
    want = evaluate(expr, values, known, groups=groups)
    if not np.isfinite(want).all() or scale(want) > 1e8:
        return
    for dtype, most in TOLERANCE.items():
        if library == "jax" and dtype == "float32" and not both and len(numbers) == len(values):
            got = traced(code, values)
            assert got.shape == want.shape
        else:
            got = run(library, code, values, dtype)
            assert close(got, want, most * tolerance), code
        if "floating(x)" in code and len(numbers) == len(values):
            assert got.dtype == dtype, code


@library
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(steps=7))
def test_a_module_computes_the_value(library: str, network: Network) -> None:
    agree(library, network.expr, {**network.values, **network.known})


@library
@pytest.mark.parametrize("expr", [expr for expr, _ in TEXTS])
def test_every_text(library: str, expr: Expr) -> None:
    if {node.function.name for node in postorder(expr) if hasattr(node, "function")} & NUMPY_ALONE:
        return
    known = {"n": 3, "m": 4, "p": 2, "k": 2}
    values = {v.name: GENERATOR.uniform(0.5, 2, [known[str(d)] for d in v.shape]) for v in (A, B, X, S, T, Q, x, y, z, s)}
    values["X"] = values["S"] = values["X"] @ values["X"].T + np.eye(3)
    agree(library, expr, {**values, **known})


@library
@pytest.mark.parametrize(("expr", "groups"), [row[:2] for row in MERGED])
def test_merged_axes(library: str, expr: Expr, groups: Any) -> None:
    known = {"n": 3, "m": 4, "p": 2, "k": 5}
    shapes = {"A": (4, 3), "B": (3, 4), "Q": (2, 4, 5), "K": (12, 12), "L": (2, 3, 4, 3, 4)}
    values = {name: GENERATOR.normal(size=shape) for name, shape in shapes.items()}
    if expr is not K and all(node.name in shapes for node in postorder(expr) if hasattr(node, "name")):
        agree(library, expr, {**values, **known}, groups, 10)


@library
@pytest.mark.parametrize("name", [function.name for function in ELEMENTWISE])
def test_functions_of_numbers(library: str, name: str) -> None:
    two = name in ("max", "min")
    values = {"x": GENERATOR.uniform(-0.9, 0.9, 5) if name != "log" else GENERATOR.uniform(0.1, 3, 5), "z": GENERATOR.normal(size=5)}
    agree(library, row(name, x, z) if two else row(name, x), values, both=True)
    agree(library, row(name, s, s) if two else row(name, s), {"s": 0.3}, both=True)
    if name not in ("arcsin", "arccos"):
        agree(library, einsum([(row(name, n, n) if two else row(name, n), ""), (x, "i")], "i"), {"x": values["x"], "n": 5})


@library
@pytest.mark.parametrize("name", [function.name for function in MATRIX if function.name not in NUMPY_ALONE | {"matpow"}])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_functions_of_matrices(library: str, name: str, batch: tuple[int, ...]) -> None:
    lead, core = "p"[: len(batch)], 1 if name in ("softmax", "logsumexp") else 2
    root = GENERATOR.normal(size=(*batch, 3, 3))
    value = (root @ np.swapaxes(root, -1, -2) + 3 * np.eye(3)) / 4 if core == 2 else root[..., 0, :]
    agree(library, row(name, variable("X", *lead, *["n"] * core)), {"X": value}, None, 5, both=True)


@library
@pytest.mark.parametrize("name", ["logm", "sqrtm", "frechet_logm", "frechet_sqrtm"])
@pytest.mark.parametrize("eigenvalues", [(1, 2, 5), (2, 2, 2), (1, 1 + 1e-9, 3), (0.1, 1, 9)])
def test_functions_of_symmetric_matrices(library: str, name: str, eigenvalues: tuple[float, ...]) -> None:
    basis = np.linalg.qr(GENERATOR.normal(size=(3, 3)))[0]
    matrix = (basis * eigenvalues) @ basis.T
    agree(library, row(name, S), {"S": (matrix + matrix.T) / 2}, both=True)


@library
@pytest.mark.parametrize("name", ["expm", "logm", "sqrtm"])
def test_functions_of_symmetric_matrices_in_one_direction(library: str, name: str) -> None:
    found = derived({"expr": f"tr({name}(S) B)", "wrt": "S", "vars": {"S": ["n", "n"]}, "assume": {"S": ["spd"]}})
    root = GENERATOR.normal(size=(3, 3))
    agree(library, found.expr, {"S": root @ root.T + np.eye(3), "B": GENERATOR.normal(size=(3, 3))}, None, 10, both=True)


@library
@pytest.mark.parametrize("name", ["logm", "sqrtm", "frechet_logm", "frechet_sqrtm"])
def test_what_a_library_does_not_have(library: str, name: str) -> None:
    title = {"jax": "JAX", "torch": "PyTorch"}[library]
    with pytest.raises(UnsupportedError, match=f"TC314: there is no {name} in {title}"):
        module_code(row(name, X), library)


@library
def test_extreme_arguments(library: str) -> None:
    extreme = np.array([-3000.0, -40, 0.0, 30, 3000.0])
    for name in ("sigmoid", "softplus", "softmax", "logsumexp", "tanh"):
        got = run(library, module_code(row(name, x), library), {"x": extreme})
        assert close(got, evaluate(row(name, x), {"x": extreme}), 1e-14)
    assert run(library, module_code(row("softplus", x), library), {"x": np.array([-700.0])})[0] > 0


@library
@pytest.mark.parametrize("task", TASKS, ids=str)
def test_tasks(library: str, task: Task) -> None:
    found = derived(task.request())
    occurring = {node.name for node in postorder(found.expr) if hasattr(node, "name")}
    values = {name: value for name, value in task.values(3).items() if name in occurring}
    sizes = {name: size for name, size in SIZES.items() if name not in task.declared}
    if str(task) in TASKS_OF_NUMPY_ALONE:
        with pytest.raises(UnsupportedError, match="TC314: there is no frechet in"):
            module_code(found.expr, library)
    elif not {node.function.name for node in postorder(found.expr) if hasattr(node, "function")} & NUMPY_ALONE:
        agree(library, found.expr, {**values, **sizes, **stand_ins([found.expr])[0]}, found.layout.groups, 10)


# -- automatic differentiation in the same library ---------------------------------------

DIFFERENTIATED = [
    ("sum(softplus(-y .* (A x)))", "x", 1), ("sum(softplus(-y .* (A x)))", "x", 2), ("norm2(T - U V')^2", "U", 1),
    ("tr(A X B)", "X", 1), ("logdet(X' X)", "X", 1), ("logdet(S)", "S", 2), ("sum(tanh(A tanh(B x)))", "B", 1),
    ("sum(relu(A relu(B x)))", "A", 1), ("logsumexp(A x)", "x", 2), ("softmax(A x)", "x", 1), ("A sigmoid(B x)", "x", 1),
    ("X' X", "X", 1), ("inv(S + X' X)", "X", 1), ("expm(S)", "S", 1), ("tr(expm(S) S)", "S", 1), ("diag(y) A x", "x", 1),
    ("tr(expm(S) B)", "S", 1), ("adj(S)", "S", 1), ("det(X' X)", "X", 2), ("x' inv(S) x", "S", 1), ("vech(S S)", "S", 1), ("kron(X, S)", "X", 1),
    ("norm2(A x)", "x", 1), ("sum(erf(x)) * exp(x' x)", "x", 2), ("chol(S)", "S", 1), ("pinv(X)", "X", 1), ("S^3", "S", 1),
]
SHAPES = {"A": "m,n", "B": "n,n", "S": "n,n", "T": "m,p", "U": "m,k", "V": "p,k", "X": "m,n", "x": "n", "y": "m"}


@library
@pytest.mark.parametrize(("formula", "by", "order"), DIFFERENTIATED, ids=[f"{f} by {v}, {k}" for f, v, k in DIFFERENTIATED])
def test_automatic_differentiation_of_the_formula(library: str, formula: str, by: str, order: int) -> None:
    shapes = {name: row.split(",") for name, row in SHAPES.items() if re.search(rf"\b{name}\b", formula)}
    if formula == "tr(A X B)":
        shapes |= {"A": ["n", "m"]}
    found = derived({"expr": formula, "wrt": by, "order": order, "vars": shapes})
    known = {"m": 4, "n": 3, "p": 2, "k": 2}
    values = {name: GENERATOR.normal(size=[known[dim] for dim in dims]) for name, dims in shapes.items()}
    if "S" in values:
        values["S"] = values["S"] @ values["S"].T / 3 + np.eye(3)
    value = load(module_code(found.reading.expr, library, groups=found.reading.groups)).derivative
    derivative = module_code(found.expr, library, groups=found.layout.groups)
    assert close(run(library, derivative, {**values, **known}), differentiated(library, value, values, by, order), 1e-8)


def differentiated(library: str, value: Any, values: dict[str, Any], by: str, order: int) -> Any:
    """The derivative of a generated function, by the library."""
    module = import_module(library)
    if library == "jax":
        with module.enable_x64(True):
            arrays = {name: module.numpy.asarray(array) for name, array in values.items()}
            for _ in range(order):
                value = partial(_by_keyword, module.jacfwd, value, by)
            return np.asarray(module.jit(lambda arrays: value(**arrays), compiler_options=QUICKLY)(arrays))
    arrays = {name: module.tensor(array) for name, array in values.items()}
    for _ in range(order):
        value = partial(_by_keyword, module.func.jacrev, value, by)
    return value(**arrays).numpy()


def _by_keyword(transform: Any, value: Any, by: str, **arrays: Any) -> Any:
    return transform(lambda array: value(**{**arrays, by: array}))(arrays[by])


@pytest.mark.parametrize(("expr", "text"), [
    (einsum([(A, "ij"), (y, "i")], "j"), "return y @ A"), (einsum([(A, "ij"), (x, "j")], "i"), "return A @ x"),
    (einsum([(A, "ij"), (residual(), "i")], "j"), "return (A @ x - y) @ A"),
])
def test_xla_multiplies_a_vector_by_rows_faster(expr: Expr, text: str) -> None:
    assert module_code(expr, "jax").splitlines()[-1].strip() == text


OF_MATRICES = [("funm(sin, X)", {}), ("tr(funm(sin, X))", {}), ("frechet(logm, X)", {}), ("frechet(expm, X)", {}), ("sqrtm(X)", {}),
               ("funm(f, X)", {"f": "elementwise"}), ("F(X)", {"F": "series"}), ("g(X)", {"g": "scalar"})]


@pytest.mark.parametrize("name", ["jax", "torch"])
@pytest.mark.parametrize(("formula", "functions"), OF_MATRICES)
def test_modules_define_what_they_call(name: str, formula: str, functions: dict[str, str]) -> None:
    found = derived({"expr": formula, "wrt": "X", "vars": {"X": ["n", "n"]}, "functions": functions})
    for expr in (found.expr, found.reading.expr):
        test_modules_are_written_in_one_dialect(name, expr)


@pytest.mark.parametrize("expr", [expr for expr, _ in TEXTS])
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_modules_are_written_in_one_dialect(name: str, expr: Expr) -> None:
    try:
        code = module_code(expr, name)
    except UnsupportedError:
        return
    tree = ast.parse(code)
    free = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert "np" not in free and ("torch" in free) == (name == "torch"), code
    imported = [alias.asname or alias.name for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))
                for alias in node.names]
    assert set(imported) <= free | {{"jax": "jnp", "torch": "torch"}[name]}, code
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert free <= bound | set(imported) | set(dir(builtins)), code


@library
@pytest.mark.parametrize("position", [0, 4, number(4)])
def test_a_position_that_an_axis_does_not_have(library: str, position: Any) -> None:
    given = {"n": 3} if isinstance(position, Expr) else {"n": 3, "k": position}
    code = module_code(unit(position if isinstance(position, Expr) else delta("k", 0), "n"), library)
    with pytest.raises(IndexError):
        run(library, code, given)
    place = 4 if isinstance(position, Expr) else 2
    assert run(library, code, {"n": 4, "k": place}).tolist() == [place == entry for entry in (1, 2, 3, 4)]


# -- what is given -----------------------------------------------------------------------


def test_an_answer_has_a_module_a_library() -> None:
    code = handle({"do": "derive", "expr": "tr(A X B)", "wrt": "X", "want": ["code"]})["code"]
    assert list(code) == ["numpy", "jax", "torch"]
    assert [text.split("\n")[0] for text in code.values()] == ["import numpy as np", "import jax.numpy as jnp", "import torch"]
    code = handle({"do": "derive", "expr": "tr(logm(X) A)", "wrt": "X", "want": ["code"]})["code"]
    assert code["numpy"] and code["jax"] is None and code["torch"] is None


def test_tensors_give_the_same() -> None:
    square = tc.read("x' A x", vars={"x": ["n"], "A": ["n", "n"]}).gradient("x")
    assert square.code("torch", name="slope").splitlines()[-3:] == [
        "def slope(*, A, x, **_):", "    A, x = map(floating, (A, x))", "    return A @ x + A.T @ x"]
    assert square.code("jax").endswith("    return A @ x + x @ A\n")
    with pytest.raises(RequestError, match="library is one of numpy, jax, torch, not 'tensorflow'"):
        square.code("tensorflow")


def test_the_text_needs_no_library() -> None:
    script = ("import sys; from tensorcalc import handle\n"
              "handle({'do': 'derive', 'expr': 'expm(X)', 'wrt': 'X', 'want': ['code']})\n"
              "print({'jax', 'torch', 'numpy', 'scipy'} & set(sys.modules))")
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"


@library
def test_types_that_are_given(library: str) -> None:
    module, half = import_module(library), module_code(weighted(Fraction(1, 2), x), library)
    asarray = module.numpy.asarray if library == "jax" else module.tensor
    with module.enable_x64(False) if library == "jax" else nullcontext():
        for numbers in ([1, 2], [1.0, 2.0], np.float32([1, 2])):
            assert str(load(half).derivative(x=asarray(numbers)).dtype).endswith("float32")
    times = load(module_code(einsum([(s, ""), (x, "i")], "i"), library)).derivative
    assert str(times(s=0.1, x=asarray(np.float32([1, 2]))).dtype).endswith("float32")   # a number yields to an array
    if library == "torch":
        assert times(s=0.1, x=asarray([1.0], dtype=module.float64)).item() == 0.1


def test_tensors_may_be_mapped_over() -> None:
    torch = pytest.importorskip("torch")
    place = load(module_code(einsum([(x, "i"), (delta("m", 1), "j")], "iji"), "torch")).derivative
    batch = torch.arange(6.0).reshape(2, 3)
    mapped = torch.func.vmap(lambda x: place(x=x, m=2))(batch)
    assert mapped.tolist() == [place(x=row, m=2).tolist() for row in batch]
