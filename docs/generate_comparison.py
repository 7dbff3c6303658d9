"""Write ``comparison.md``: the same derivatives by SymPy and by this package, judged by numbers.

    python docs/generate_comparison.py

The tasks and the functions by hand are those of ``tests/tasks.py``.  JAX differentiates
the functions by hand; whoever agrees with it at two points is right.  SymPy is asked
through its own matrix expressions, and its answers are evaluated by the small
interpreter below, so that no answer is lost to printing or code generation.
"""

# Arguments are called A, X as in the formulas, and a task is a function even where it only calls one.
# ruff: noqa: PLW0108

from __future__ import annotations

import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any

import jax
import numpy as np
import sympy
from sympy import Determinant, DiagMatrix, MatrixSymbol, OneMatrix, Symbol, Trace, exp, hadamard_product, log, sqrt
from sympy.matrices.expressions.kronecker import KroneckerProduct
from sympy.tensor.array.array_derivatives import ArrayDerivative

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from tasks import SIZES, TASKS, Task  # noqa: E402
from test_tasks import FORMS, as_kronecker, close, referee, reread  # noqa: E402

import tensorcalc  # noqa: E402
from tensorcalc.numbers.evaluate import evaluate  # noqa: E402
from tensorcalc.request import derived  # noqa: E402
from tensorcalc.service import handle  # noqa: E402

SECONDS = 30   # that SymPy may take for one task
LONGEST = 300  # characters of an answer that are shown

RIGHT, WRONG, ERROR, OPEN = "right", "wrong", "error", "unevaluated"


# Three ways to write a number that is a product of matrices; each task is asked in all, and the best answer counts.
Number = Callable[[Any], Any]
NUMBERS: tuple[Number, ...] = (lambda product: product, lambda product: product[0, 0], Trace)


def total(matrix: Any, number: Number) -> Any:
    """The sum of all entries."""
    rows, cols = matrix.shape
    return number(OneMatrix(1, rows) * matrix * OneMatrix(cols, 1))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + exp(-z))


def gauss(x: Any, u: Any, S: Any, number: Number) -> Any:
    return number((x - u).T * S.I * (x - u)) / 2 + log(Determinant(S)) / 2


def neo_hookean(F: Any, mu: Any, lam: Any) -> Any:
    J = Determinant(F)
    return mu / 2 * (Trace(F.T * F) - F.rows) - mu * log(J) + lam / 2 * log(J) ** 2


# The tasks as SymPy's users write them: by the text of the task.
IN_SYMPY: dict[str, Callable[..., Any]] = {
    "tr(X) by X": lambda X: Trace(X),
    "tr(A*X*B) by X": lambda A, X, B: Trace(A * X * B),
    "tr(X'*A*X) by X": lambda A, X: Trace(X.T * A * X),
    "tr(A*X*B*X'*C) by X": lambda A, X, B, C: Trace(A * X * B * X.T * C),
    "tr(X^3) by X": lambda X: Trace(X**3),
    "tr(X^k) by X": lambda X, k: Trace(X**k),
    "tr(A*inv(X)*B) by X": lambda A, X, B: Trace(A * X.I * B),
    "det(X) by X": lambda X: Determinant(X),
    "det(A*X*B) by X": lambda A, X, B: Determinant(A * X * B),
    "logdet(X) by X": lambda X: log(Determinant(X)),
    "logdet(X'*X) by X": lambda X: log(Determinant(X.T * X)),
    "norm2(A*x - b)^2 by x": lambda A, x, b, number: number((A * x - b).T * (A * x - b)),
    "norm2(A*x - b) by x": lambda A, x, b, number: sqrt(number((A * x - b).T * (A * x - b))),
    "x'*A*x by x": lambda A, x, number: number(x.T * A * x),
    "x'*A*x by A": lambda A, x, number: number(x.T * A * x),
    "(x'*A*x)/(x'*x) by x": lambda A, x, number: number(x.T * A * x) / number(x.T * x),
    "sum(log(ones(m) + exp(-y.*(A*w)))) by w":
        lambda A, w, y, number: total(hadamard_product(-y, A * w).applyfunc(lambda z: log(1 + exp(z))), number),
    "logsumexp(W*x) - y'*W*x by x":
        lambda W, x, y, number: log(total((W * x).applyfunc(exp), number)) - number(y.T * W * x),
    "(x - u)'*inv(S)*(x - u)/2 + logdet(S)/2 by u": gauss,
    "(x - u)'*inv(S)*(x - u)/2 + logdet(S)/2 by S": gauss,
    "y'*inv(K)*y/2 + logdet(K)/2 by K": lambda K, y, number: number(y.T * K.I * y) / 2 + log(Determinant(K)) / 2,
    "mu/2*(tr(F'*F) - n) - mu*log(det(F)) + lam/2*log(det(F))^2 by F": neo_hookean,
    "tr(A*diag(x)*B) by x": lambda A, x, B: Trace(A * DiagMatrix(x) * B),
    "sum(A .* (X*B)) by X": lambda A, X, B, number: total(hadamard_product(A, X * B), number),
    "tr(kron(A, X)) by X": lambda A, X: Trace(KroneckerProduct(A, X)),
    "X[1,2]*X[2,1] by X": lambda X: X[0, 1] * X[1, 0],
    "norm2(T - U*V')^2 by U": lambda T, U, V: Trace((T - U * V.T).T * (T - U * V.T)),
    "log(det(X))*tr(X) by X": lambda X: log(Determinant(X)) * Trace(X),
    "A*x by x": lambda A, x: A * x,
    "A*x by A": lambda A, x: A * x,
    "X*Y by X": lambda X, Y: X * Y,
    "A*X*B by X": lambda A, X, B: A * X * B,
    "X' by X": lambda X: X.T,
    "X'*A*X by X": lambda A, X: X.T * A * X,
    "X^2 by X": lambda X: X**2,
    "inv(X) by X": lambda X: X.I,
    "A*inv(X)*B by X": lambda A, X, B: A * X.I * B,
    "x*x'*x by x": lambda x: x * x.T * x,
    "x/norm2(x) by x": lambda x, number: x / sqrt(number(x.T * x)),
    "sigmoid(A*x + b) by x": lambda A, x, b: (A * x + b).applyfunc(sigmoid),
    "A.*X by X": lambda A, X: hadamard_product(A, X),
    "kron(A, X) by X": lambda A, X: KroneckerProduct(A, X),
    "diag(x)*A by x": lambda x, A: DiagMatrix(x) * A,
    "x'*A*x by x x": lambda A, x, number: number(x.T * A * x),
    "norm2(A*x - b)^2 by x x": lambda A, x, b, number: number((A * x - b).T * (A * x - b)),
    "tr(X'*A*X) by X X": lambda A, X: Trace(X.T * A * X),
    "tr(X^3) by X X": lambda X: Trace(X**3),
    "logdet(X) by X X": lambda X: log(Determinant(X)),
    "inv(A + t*B) by t": lambda A, B, t: (A + t * B).I,
    "(A + t*B)^3 by t": lambda A, B, t: (A + t * B) ** 3,
    "det(A + t*B) by t": lambda A, B, t: Determinant(A + t * B),
    "logdet(A + t*B) by t t": lambda A, B, t: log(Determinant(A + t * B)),
}


# -- asking SymPy ----------------------------------------------------------------------------


class TooLong(Exception):
    """The time limit has passed."""


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def symbols(task: Task) -> dict[str, Any]:
    found = {}
    for name, shape in task.declared.items():
        dims = [size if isinstance(size, int) else Symbol(size, integer=True, positive=True) for size in shape]
        found[name] = MatrixSymbol(name, *dims, *[1] * (2 - len(dims))) if dims else Symbol(name)
    return found


def by_sympy(task: Task) -> tuple[str, str]:
    """The verdict on SymPy's answer, and the answer or the error; of several readings the best."""
    needs_number = "number" in signature(IN_SYMPY[str(task)]).parameters
    found = [judged(task, number) for number in (NUMBERS if needs_number else NUMBERS[:1])]
    return min(found, key=lambda one: (RIGHT, WRONG, OPEN, ERROR).index(one[0]))


def judged(task: Task, number: Number) -> tuple[str, str]:
    known = symbols(task)
    function = IN_SYMPY[str(task)]
    given = known | {"number": number}
    try:
        with limit(SECONDS):
            expr = function(**{name: given[name] if name in given else Symbol(name, integer=True, positive=True)
                               for name in signature(function).parameters})
            for name in task.variables:
                expr = sympy.diff(expr, known[name])
            shown = str(expr)
    except Exception as error:   # whatever it is, it is the answer
        return ERROR, f"{type(error).__name__}: {error}".strip(": ")
    if expr.has(sympy.Derivative, ArrayDerivative):
        return OPEN, shown
    try:
        with limit(SECONDS):
            agree = all([alike(task, value_of(expr, values), expected) for values, _, expected in referee(task)])
    except NotImplementedError as error:
        return ERROR, f"{shown}   (this script cannot evaluate it: {error})"
    except (TooLong, ValueError, IndexError) as error:
        return WRONG, f"{shown}   (has no value: {error})"
    return RIGHT if agree else WRONG, shown


def alike(task: Task, found: Any, expected: Any) -> bool:
    """Whether two arrays agree; axes of size 1 do not count, and either group of axes may come first."""
    inner = expected.ndim - sum(len(task.declared[name]) for name in task.variables)
    swapped = np.transpose(expected, [*range(inner, expected.ndim), *range(inner)])
    scale = max(1.0, float(np.abs(expected).max()))
    found = np.squeeze(found)
    return any(np.shape(found) == np.shape(one) and np.allclose(found, one, rtol=0, atol=1e-8 * scale)
               for one in (np.squeeze(expected), np.squeeze(swapped)))


# -- the value of SymPy's expressions ----------------------------------------------------------


def value_of(expr: Any, values: dict[str, Any]) -> Any:
    """The value of a matrix or array expression: matrices as arrays with two axes."""
    sizes = {Symbol(name, integer=True, positive=True): size for name, size in SIZES.items()}

    def size(dim: Any) -> int:
        return int(sympy.sympify(dim).subs(sizes))

    def visit(node: Any) -> Any:
        kind = type(node).__name__
        match kind:
            case "MatrixSymbol":
                return np.reshape(values[node.name], [size(dim) for dim in node.shape])
            case "Symbol":
                return values[node.name] if node.name in values else sizes[node]
            case "Identity":
                return np.eye(size(node.shape[0]))
            case "ZeroMatrix" | "ZeroArray":
                return np.zeros([size(dim) for dim in node.shape])
            case "OneMatrix" | "OneArray":
                return np.ones([size(dim) for dim in node.shape])
            case "MatrixElement":
                return visit(node.args[0])[size(node.args[1]), size(node.args[2])]
            case "ArrayElement":
                return visit(node.args[0])[tuple(size(place) for place in node.args[1])]
            case "PermuteDims":
                return visit(node.expr).transpose(list(node.permutation.array_form))
            case "ArrayContraction":
                return contracted(visit(node.expr), node.contraction_indices, keep=False)
            case "ArrayDiagonal":
                return contracted(visit(node.expr), node.diagonal_indices, keep=True)
            case "Sum":
                (place, low, high), = node.limits
                return sum(visit(node.function.subs(place, at)) for at in range(size(low), size(high) + 1))
            case "Reshape":
                return np.reshape(visit(node.expr), [size(dim) for dim in node.shape])
            case "ElementwiseApplyFunction" | "ArrayElementwiseApplyFunc":
                z = sympy.Dummy()
                return np.asarray(sympy.lambdify(z, node.function(z), "numpy")(visit(node.expr)), dtype=float)
        if node.is_Number or node.is_NumberSymbol:
            return float(node)
        if kind not in FUNCTIONS:
            raise NotImplementedError(kind)
        return FUNCTIONS[kind](*map(visit, node.args))

    return visit(expr)


def contracted(array: Any, groups: Any, keep: bool) -> Any:
    """Axes set equal; those that are kept stand last."""
    labels = list(range(array.ndim))
    for group in groups:
        for axis in group:
            labels[axis] = labels[group[0]]
    joined = {axis for group in groups for axis in group}
    left = [axis for axis in range(array.ndim) if axis not in joined]
    return np.einsum(array, labels, [*left, *(group[0] for group in groups if keep)])


def product(*factors: Any) -> Any:
    result: Any = 1.0
    for factor in factors:
        result = result @ factor if np.ndim(result) == np.ndim(factor) == 2 else result * factor
    return result


def power(base: Any, exponent: Any) -> Any:
    if np.ndim(base) != 2 or np.shape(base) == (1, 1):
        return base**exponent
    if exponent != int(exponent):
        raise NotImplementedError("a root of a matrix")
    return np.linalg.matrix_power(base, int(exponent))


def elementwise_product(*factors: Any) -> Any:
    return np.prod(np.stack(factors), axis=0)


def tensor_product(*factors: Any) -> Any:
    result: Any = np.array(1.0)
    for factor in factors:
        result = np.multiply.outer(result, factor)
    return result


def summed(*terms: Any) -> Any:
    if len({np.shape(term) for term in terms}) > 1:
        raise ValueError("a sum of arrays of different shapes")
    return sum(terms)


def kronecker(*factors: Any) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        result = np.kron(result, factor)
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": summed, "MatAdd": summed, "ArrayAdd": summed, "Mul": product, "MatMul": product,
    "Pow": power, "MatPow": power,
    "HadamardProduct": elementwise_product, "HadamardPower": np.power, "KroneckerProduct": kronecker,
    "ArrayTensorProduct": tensor_product, "Transpose": np.transpose, "Trace": np.trace,
    "Inverse": lambda X, *_: np.linalg.inv(X), "Determinant": np.linalg.det,
    "DiagMatrix": lambda x: np.diag(x.reshape(-1)),
    "DiagonalMatrix": lambda X: np.diag(np.diagonal(X)), "DiagonalOf": lambda X: np.diagonal(X)[:, None],
    "exp": np.exp, "log": np.log, "sign": np.sign, "Abs": np.abs,
}


# -- asking this package -------------------------------------------------------------------------


def by_us(task: Task) -> tuple[str, str]:
    """The verdict on every printed form, read back and evaluated; and the first of them."""
    answer, layout = handle(task.request(want=list(FORMS))), derived(task.request()).layout
    if not answer["ok"]:
        return ERROR, answer["error"]["message"]
    agree = True
    for form in FORMS:
        if answer[form] is not None:
            expr, groups = reread(task, form)
            for values, _, expected in referee(task):
                want = as_kronecker(task, expected, layout) if form == "kronecker" else expected
                agree = agree and close(np.reshape(evaluate(expr, values, SIZES, groups), want.shape), want)
    form = next(form for form in ("matrix", "kronecker", "index") if answer[form] is not None)
    where = "; ".join(f"{name} = {body}" for name, body in answer["where"].items() if form != "index")
    shown = f"∂vec/∂vec' = {answer[form]}" if form == "kronecker" else answer[form]
    return RIGHT if agree else WRONG, f"{where}; {shown}" if where else shown


# -- the page ------------------------------------------------------------------------------------


def page(rows: list[tuple[Task, tuple[str, str], tuple[str, str]]]) -> str:
    theirs, ours = (Counter(row[place][0] for row in rows) for place in (1, 2))
    verdicts = (RIGHT, WRONG, ERROR, OPEN)
    lines = [
        "# Comparison with SymPy",
        "",
        f"SymPy {sympy.__version__} and tensorcalc {tensorcalc.__version__} on the same {len(rows)} derivatives.",
        f"JAX {jax.__version__} is the referee.",
        "This page is written by [generate_comparison.py](generate_comparison.py); the table of tasks is",
        "[tasks.py](../tests/tasks.py).",
        "",
        "| | " + " | ".join(verdicts) + " |",
        "|---|" + "---|" * len(verdicts),
        "| SymPy | " + " | ".join(str(theirs[verdict]) for verdict in verdicts) + " |",
        "| tensorcalc | " + " | ".join(str(ours[verdict]) for verdict in verdicts) + " |",
        "",
        "How it is judged:",
        "",
        "- Each function is also written by hand in JAX. An answer is right if it has the value of JAX's derivative",
        "  at two random points, in double precision.",
        "- SymPy is asked through its own matrix expressions: `diff` of `Trace`, `Determinant`, `MatMul` and so on,",
        "  with symbolic sizes. Where a product is a number, it is written as a 1 x 1 product, as its entry and as its",
        "  trace, and the best of the three answers counts.",
        "- SymPy's answers are evaluated by an interpreter of expression trees, not by the code that it generates.",
        "  Either group of axes may come first, and axes of size 1 do not count.",
        "- An answer of tensorcalc is right only if every form that it prints has that value when it is read back,",
        "  with its axes in the order that it states.",
        f"- *Error*: SymPy raises, or takes more than {SECONDS} seconds. *Unevaluated*: the answer still contains a",
        "  derivative.",
        "",
        "What this does not show: SymPy is a general computer algebra system, and matrix derivatives are a small",
        "part of it. The tasks were chosen by the developers of tensorcalc, and they are in its tests. Explicit",
        "matrices of symbols, which SymPy differentiates entry by entry, are not compared.",
        "",
        "| task | SymPy | tensorcalc |",
        "|---|---|---|",
        *(f"| `{task.formula}` by {', '.join(task.variables)} | {one[0]} | {other[0]} |" for task, one, other in rows),
        "",
        "## The answers",
        "",
        "An entry `D_ijpq` is that of `∂U_ij/∂X_pq`; `∂vec/∂vec'` is the Jacobian of `vec`, which stacks columns.",
        "",
    ]
    for task, (verdict, answer), (own_verdict, own) in rows:
        known = f", {' and '.join(' '.join(fact) for fact in task.facts.items())}" if task.facts else ""
        lines += ["```text", f"{task}{known}", f"  SymPy       {verdict:<12}{cut(answer)}",
                  f"  tensorcalc  {own_verdict:<12}{cut(own)}", "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text)} characters)"


def main() -> None:
    warnings.simplefilter("ignore")   # SymPy's own about its own
    by_name = {str(task): task for task in TASKS}
    rows = [(by_name[name], by_sympy(by_name[name]), by_us(by_name[name])) for name in IN_SYMPY]
    (ROOT / "docs" / "comparison.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
