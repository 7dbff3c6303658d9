"""What a start costs, and what a derivation costs once started.

    python benchmarks/startup.py [ROUNDS]

Starts are whole processes, one of each kind a round in turn, so that whatever else the
machine does falls on all of them alike.  Derivations are repeated in one process whose
caches are filled.  All figures are medians.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

from tensorcalc.service import handle

STARTS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import tensorcalc'": ["-c", "import tensorcalc"],
    "python -c 'from tensorcalc import read'": ["-c", "from tensorcalc import read"],
    "python -m tensorcalc derive": ["-m", "tensorcalc", "derive", "C_ij = X_ik Y_kj", "--wrt", "X"],
    "python -c 'import numpy'": ["-c", "import numpy"],
}

FORMULAS: list[tuple[str, str, int, dict[str, list[str]]]] = [
    ("x' A x", "x", 1, {}),
    ("x' A x", "x", 2, {}),
    ("norm2(A x - b)^2", "x", 1, {"b": ["m"]}),
    ("tr(A X B)", "X", 1, {}),
    ("tr(X' A X B)", "X", 2, {}),
    ("C_ij = X_ik Y_kj", "X", 1, {}),
    ("einsum('ijk,kl->ijl', T, X)", "X", 1, {"T": ["a", "b", "k"]}),
    ("inv(X)", "X", 1, {}),
    ("logdet(X' X)", "X", 1, {}),
    ("tr(A inv(X) B)", "X", 2, {}),
    ("sigmoid(A X)", "X", 1, {}),
    ("sum(softplus(-y .* (X w)))", "w", 2, {}),
    ("logsumexp(A x)", "x", 2, {}),
    ("norm2(T - U V')^2", "U", 2, {}),
    ("sum(tanh(W2 tanh(W1 x)))", "W1", 1, {}),
    ("x' inv(S) x + logdet(S)", "S", 1, {}),
]


def main() -> None:
    """Print both tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    starts(rounds)
    print()
    derivations(rounds)


def starts(rounds: int) -> None:
    """Whole processes against an interpreter that does nothing."""
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    for turn in range(rounds + 1):
        for name, arguments in STARTS.items():
            begin = perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            if turn:  # the first turn fills the file caches
                times[name].append(perf_counter() - begin)
    print(f"{'start, median of ' + str(rounds):<44}{'ms':>8}{'more':>8}{'ratio':>8}")
    bare = median(next(iter(times.values())))
    for name, own in times.items():
        middle = median(own)
        print(f"{name:<44}{1e3 * middle:>8.1f}{1e3 * (middle - bare):>8.1f}{middle / bare:>8.2f}")


def derivations(rounds: int) -> None:
    """Derivatives with all four notations, warm."""
    print(f"{'derivation, median of ' + str(rounds):<34}{'by':>8}{'order':>8}{'ms':>8}")
    for formula, name, order, declared in FORMULAS:
        request = {"do": "derive", "expr": formula, "wrt": name, "order": order, "vars": declared}
        assert handle(request)["ok"], (formula, handle(request))
        times = []
        for _ in range(rounds):
            begin = perf_counter()
            handle(request)
            times.append(perf_counter() - begin)
        print(f"{formula:<34}{name:>8}{order:>8}{1e3 * median(times):>8.2f}")


if __name__ == "__main__":
    main()
