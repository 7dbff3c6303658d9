"""How long a derivative takes, beside SymPy's matrix expressions and indexed sums.

Run it with SymPy installed:

    python benchmarks/derivations.py

Each task is timed from the text to the simplified derivative (`read` and `derive`), interleaved with
SymPy's from the construction of its expression to its derivative, SymPy's cache cleared before
each run.  Nothing is kept between runs here either: expressions vanish with their last user.
Where SymPy has no answer (an exception, a derivative that is left to be taken, a wrong zero) there is no ratio.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from gc import collect
from statistics import median
from time import process_time
from types import SimpleNamespace
from typing import Any

import sympy  # type: ignore[import-untyped]
from sympy.core.cache import clear_cache  # type: ignore[import-untyped]

from tensorcalc.calculus.derive import derive
from tensorcalc.notation.lower import Scope, read

SQUARE = {name: ["n", "n"] for name in "AXB"} | {"x": ["n"]}
FACTORS = {"U": ["n", "d"], "V": ["m", "d"], "T": ["n", "m"]}
DATA = {"X": ["m", "d"], "w": ["d"], "y": ["m"]}

Task = tuple[str, str, dict[str, list[str]], str, int]

MATRIX: list[Task] = [
    ("tr(A X B)", "tr(A X B)", SQUARE, "X", 1),
    ("‖A X - B‖²", "tr((A X - B)' (A X - B))", SQUARE, "X", 1),
    ("tr(X⁻¹ A)", "tr(inv(X) A)", SQUARE, "X", 1),
    ("log det(X'X)", "log(det(X' X))", SQUARE, "X", 1),
    ("log det X", "log(det(X))", SQUARE, "X", 1),
    ("x'A x", "x' A x", SQUARE, "x", 1),
    ("x'A x, Hessian", "x' A x", SQUARE, "x", 2),
    ("X'A X", "X' A X", SQUARE, "X", 1),
    ("X⁻¹", "inv(X)", SQUARE, "X", 1),
    ("X³", "X X X", SQUARE, "X", 1),
    ("‖T - U V'‖²", "tr((T - U V')' (T - U V'))", FACTORS, "U", 1),
    ("‖T - U V'‖², Hessian", "tr((T - U V')' (T - U V'))", FACTORS, "U", 2),
    ("Σ σ(A x)", "sum(ones(n) ./ (ones(n) + exp(-(A x))))", SQUARE, "x", 1),
    ("logistic loss", "sum(log(ones(m) + exp(-y .* (X w))))", DATA, "w", 1),
]
INDEXED: list[Task] = [
    ("A_ij X_jk B_ki", "L = A_ij X_jk B_ki", SQUARE, "X", 1),
    ("(A_ij X_jk - B_ik)²", "L = (A_ij X_jk - B_ik)^2", SQUARE, "X", 1),
    ("logistic loss", "L = log(1 + exp(-y_i (X_ij w_j)))", DATA, "w", 1),
    ("logistic loss, Hessian", "L = log(1 + exp(-y_i (X_ij w_j)))", DATA, "w", 2),
]


def by_sympy() -> Iterator[Callable[[], Any]]:
    """The same tasks in SymPy, matrix expressions first."""
    n, m, d = sympy.symbols("n m d", integer=True, positive=True)
    i, j, k, p, q = sympy.symbols("i j k p q", integer=True)
    symbol, base, trace, det = sympy.MatrixSymbol, sympy.IndexedBase, sympy.Trace, sympy.Determinant

    def task(formula: Callable[[Any], Any], by: str, order: int = 1) -> Callable[[], Any]:
        def run() -> Any:
            names = SimpleNamespace(A=symbol("A", n, n), X=symbol("X", n, n), B=symbol("B", n, n), x=symbol("x", n, 1))
            found = formula(names)
            for _ in range(order):
                found = found.diff(getattr(names, by))
            return found
        return run

    yield task(lambda s: trace(s.A * s.X * s.B), "X")
    yield task(lambda s: trace((s.A * s.X - s.B).T * (s.A * s.X - s.B)), "X")
    yield task(lambda s: trace(s.X.inv() * s.A), "X")
    yield task(lambda s: sympy.log(det(s.X.T * s.X)), "X")
    yield task(lambda s: sympy.log(det(s.X)), "X")
    yield task(lambda s: s.x.T * s.A * s.x, "x")
    yield task(lambda s: s.x.T * s.A * s.x, "x", 2)
    yield task(lambda s: s.X.T * s.A * s.X, "X")
    yield task(lambda s: s.X.inv(), "X")
    yield task(lambda s: s.X * s.X * s.X, "X")

    def factorisation(order: int) -> Callable[[], Any]:
        def run() -> Any:
            U, V, T = symbol("U", n, d), symbol("V", m, d), symbol("T", n, m)
            found = trace((T - U * V.T).T * (T - U * V.T))
            for _ in range(order):
                found = found.diff(U)
            return found
        return run

    yield factorisation(1)
    yield factorisation(2)
    yield task(lambda s: sympy.OneMatrix(1, n) * (s.A * s.x).applyfunc(lambda t: 1 / (1 + sympy.exp(-t))), "x")

    def logistic() -> Any:
        X, w, y = symbol("X", m, d), symbol("w", d, 1), symbol("y", m, 1)
        losses = (-sympy.HadamardProduct(y, X * w)).applyfunc(lambda t: sympy.log(1 + sympy.exp(t)))
        return (sympy.OneMatrix(1, m) * losses).diff(w)

    yield logistic
    A, X, B, w, y = (base(name) for name in "AXBwy")

    def total(term: Any, *bounds: tuple[Any, Any]) -> Any:
        return sympy.Sum(term, *[(index, 0, size - 1) for index, size in bounds])

    yield lambda: total(A[i, j] * X[j, k] * B[k, i], (i, n), (j, n), (k, n)).diff(X[p, q]).doit()
    yield lambda: total((total(A[i, j] * X[j, k], (j, n)) - B[i, k]) ** 2, (i, n), (k, n)).diff(X[p, q]).doit()

    def losses() -> Any:
        return total(sympy.log(1 + sympy.exp(-y[i] * total(X[i, j] * w[j], (j, d)))), (i, m))

    yield lambda: losses().diff(w[p]).doit()
    yield lambda: losses().diff(w[p]).diff(w[q]).doit()


def here(task: Task) -> tuple[float, float]:
    """Seconds of processor time that reading takes, and reading and deriving."""
    _, text, declared, by, order = task
    start = process_time()
    reading = read(text, Scope(declared=dict(declared)))
    middle = process_time()
    derive(reading.expr, [reading.variables[by]] * order)
    return middle - start, process_time() - start


def there(run: Callable[[], Any]) -> float:
    clear_cache()
    start = process_time()
    run()
    return process_time() - start


def answered(run: Callable[[], Any]) -> bool:
    """Whether SymPy finds a derivative: not one that is left to be taken, nor zero, which none of them is."""
    try:
        found = run()
        return not found.has(sympy.Derivative) and found != 0 and not isinstance(found, sympy.ZeroMatrix)
    except ValueError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    print(f"SymPy {sympy.__version__}; milliseconds, the least of {runs} interleaved runs")
    print(f"{'task':<34}{'SymPy':>8}{'read':>8}{'derive':>8}{'both':>8}{'ratio':>8}{'derive alone':>14}")
    ratios, alone = [], []
    for kind, (task, run) in zip(["matrix "] * len(MATRIX) + ["index "] * len(INDEXED),
                                 zip([*MATRIX, *INDEXED], by_sympy(), strict=True), strict=True):
        if not answered(run):
            first, both = (min(column) * 1e3 for column in zip(*[here(task) for _ in range(runs)]))
            print(f"{kind + task[0]:<34}{'none':>8}{first:>8.2f}{both - first:>8.2f}{both:>8.2f}{'-':>8}{'-':>14}")
            continue
        times = []
        for _ in range(runs):
            collect()
            ours = here(task)
            collect()
            times.append((*ours, there(run)))
        first, both, other = (min(column) * 1e3 for column in zip(*times))
        ratios.append(other / both)
        alone.append(other / (both - first))
        figures = f"{other:>8.2f}{first:>8.2f}{both - first:>8.2f}{both:>8.2f}{ratios[-1]:>8.1f}{alone[-1]:>14.1f}"
        print(f"{kind + task[0]:<34}{figures}")
    print(f"median ratio {median(ratios):.1f} (derive alone {median(alone):.1f}), least {min(ratios):.1f} ({min(alone):.1f})")


if __name__ == "__main__":
    main()
