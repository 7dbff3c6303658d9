"""Traps of floating point: what overflows, cancels or is ill-conditioned when it is written down as in a book.

Each row is a formula at a point where the formula as it stands fails, beside its value
in exact or 60-digit arithmetic.  Evaluation and compiled code must both be right there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest

from tensorcalc import read

mpmath.mp.dps = 60


class Trap(NamedTuple):
    """``wrt`` is empty for the value itself; ``exact`` computes one entry list with mpmath; ``tolerance`` is relative."""

    name: str
    formula: str
    wrt: str
    shapes: dict[str, list[Any]]
    values: Callable[[], dict[str, Any]]
    exact: Callable[..., Any]
    tolerance: float = 1e-12
    assume: dict[str, list[str]] = {}  # noqa: RUF012  (never changed)


def mp(array: Any) -> Any:
    return np.vectorize(mpmath.mpf, otypes=[object])(array)


def sigma(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


MARGINS = [-3000.0, -745.0, -100.0, -40.0, -1e-9, 0.0, 1e-9, 0.5, 40.0, 100.0, 745.0, 3000.0]


def margins() -> dict[str, Any]:
    """One example for each margin, each with a weight of its own: nothing hides in a sum."""
    z = np.array(MARGINS)
    return {"X": np.diag(z), "y": np.ones(len(z)), "w": np.ones(len(z))}


def many_margins() -> dict[str, Any]:
    few = margins()
    return {"X": np.kron(np.eye(30), few["X"]), "y": np.ones(30 * len(MARGINS)), "w": np.ones(30 * len(MARGINS))}


LOGISTIC = "sum(softplus(-y .* (X*w)))"
DATA = {"X": ["m", "d"], "y": ["m"], "w": ["d"]}


def logistic_gradient(X: Any, y: Any, w: Any) -> Any:
    z = X.diagonal() * w
    return np.array([-x * sigma(-margin) for x, margin in zip(X.diagonal(), z)])


def logistic_hessian(X: Any, y: Any, w: Any) -> Any:
    z = X.diagonal() * w
    return np.diag(np.array([x * x * sigma(margin) * sigma(-margin) for x, margin in zip(X.diagonal(), z)]))


def sigma_slopes(X: Any) -> Any:
    return np.vectorize(lambda x: sigma(x) * sigma(-x), otypes=[object])(X)


def logistic_value(X: Any, y: Any, w: Any) -> Any:
    return sum(mpmath.log1p(mpmath.exp(-margin)) for margin in X.diagonal() * w)


def far_apart() -> dict[str, Any]:
    return {"x": np.array([3000.0, 2999.0, -3000.0, 0.0])}


def weights(x: Any) -> Any:
    top = max(x)
    e = np.array([mpmath.exp(one - top) for one in x])
    return e / e.sum()


def ill_conditioned() -> dict[str, Any]:
    """A covariance of condition 1e12 with exact entries: D H D, H a Hadamard-like matrix of condition 3."""
    scale = np.diag([2.0 ** k for k in (0, -5, -10, -20)])
    core = np.array([[2.0, 1, 0, 0], [1, 2, 1, 0], [0, 1, 2, 1], [0, 0, 1, 2]])
    return {"S": scale @ core @ scale, "x": np.array([1.0, 2.0**-5, -(2.0**-10), 2.0**-20]), "u": np.zeros(4)}


def density(S: Any, x: Any, u: Any) -> Any:
    inverse = mpmath.matrix(S.tolist()) ** -1
    r = mpmath.matrix((x - u).tolist())
    return (r.T * inverse * r)[0] / 2 + mpmath.log(mpmath.det(mpmath.matrix(S.tolist()))) / 2


def density_gradient(S: Any, x: Any, u: Any) -> Any:
    inverse = mpmath.matrix(S.tolist()) ** -1
    return np.array(list(inverse * mpmath.matrix((x - u).tolist())))


def tall() -> dict[str, Any]:
    """X'X = 1e-4 I of order 400: its determinant is 1e-1600."""
    return {"X": np.vstack([np.eye(400), np.zeros((20, 400))]) * 1e-2}


TRAPS = [
    Trap("logistic loss", LOGISTIC, "", DATA, margins, logistic_value),
    Trap("logistic gradient", LOGISTIC, "w", DATA, margins, logistic_gradient),
    Trap("logistic Hessian", LOGISTIC, "w w", DATA, margins, logistic_hessian),
    Trap("logistic loss of many", LOGISTIC, "", DATA, many_margins, logistic_value),
    Trap("logistic gradient of many", LOGISTIC, "w", DATA, many_margins, logistic_gradient),
    Trap("logistic Hessian of many", LOGISTIC, "w w", DATA, many_margins, logistic_hessian),
    Trap("log-sum-exp", "logsumexp(x)", "", {"x": ["n"]}, far_apart,
         lambda x: max(x) + mpmath.log(sum(mpmath.exp(one - max(x)) for one in x))),
    Trap("log of a sum of exponentials", "log(sum(exp(x)))", "x", {"x": ["n"]}, far_apart, weights),
    Trap("softmax", "softmax(x)", "", {"x": ["n"]}, far_apart, weights),
    Trap("softmax as a quotient", "exp(x)/sum(exp(x))", "", {"x": ["n"]}, far_apart, weights),
    Trap("Hessian of log-sum-exp", "logsumexp(x)", "x x", {"x": ["n"]}, far_apart,
         lambda x: np.diag(weights(x)) - np.outer(weights(x), weights(x)), 1e-12),
    Trap("softplus by hand", "log(vector(1) + exp(x))", "", {"x": ["n"]}, far_apart,
         lambda x: np.array([mpmath.log1p(mpmath.exp(one)) for one in x])),
    Trap("sigmoid by hand", "vector(1) ./ (vector(1) + exp(-x))", "", {"x": ["n"]}, far_apart,
         lambda x: np.array([sigma(one) for one in x])),
    *[Trap(f"slope of a sigmoid, {name}", formula, "X", shapes, margins,
           lambda X, **_: sigma_slopes(X)) for name, formula, shapes in (
        ("matrices", "sum(sigmoid(X))", {"X": ["n", "n"]}),
        ("transposed", "sum(sigmoid(X'))", {"X": ["n", "m"]}),
        ("after a square matrix", "sum(sigmoid(eye(n) * X))", {"X": ["n", "n"]}),
        ("of a square product", "sum(sigmoid(diag(w) * X))", {"X": ["n", "n"], "w": ["n"]}),
        ("of a product", "sum(sigmoid(diag(w) * X))", {"X": ["n", "m"], "w": ["n"]}))],
    Trap("Gaussian log-density", "(x-u)'*inv(S)*(x-u)/2 + log(det(S))/2", "", {"S": ["n", "n"], "x": ["n"], "u": ["n"]},
         ill_conditioned, density, 1e-12, {"S": ["spd"]}),
    Trap("gradient of the Gaussian log-density", "(x-u)'*inv(S)*(x-u)/2 + logdet(S)/2", "x", {"S": ["n", "n"], "x": ["n"], "u": ["n"]},
         ill_conditioned, density_gradient, 1e-12, {"S": ["spd"]}),
    Trap("log det X'X of order 400", "log(det(X'*X))", "", {"X": ["m", "n"]}, tall, lambda X: 400 * mpmath.log(mpmath.mpf("1e-4"))),
    Trap("gradient of log det X'X", "log(det(X'*X))", "X", {"X": ["m", "n"]}, tall, lambda X: 2 * X / mpmath.mpf("1e-4")),
]


def asked(trap: Trap) -> Any:
    tensor = read(trap.formula, trap.shapes, assume=trap.assume)
    return tensor.derivative(*trap.wrt.split()) if trap.wrt else tensor


def wrong(found: Any, exact: Any, tolerance: float, tiny: float) -> list[tuple[Any, Any]]:
    """Entries that are not finite or not within the relative tolerance; below ``tiny`` an absolute one counts."""
    found, exact = np.atleast_1d(found), np.atleast_1d(np.asarray(exact, dtype=object))
    assert found.shape == exact.shape
    return [(one, mpmath.nstr(other, 20)) for one, other in zip(found.ravel(), exact.ravel())
            if not np.isfinite(one) or abs(mpmath.mpf(float(one)) - other) > max(tolerance * abs(other), tiny)]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_double_precision(trap: Trap) -> None:
    tensor, values = asked(trap), trap.values()
    exact = trap.exact(**{name: mp(value) for name, value in values.items()})
    assert not wrong(tensor(**values), exact, trap.tolerance, 1e-300)
    assert not wrong(tensor.compile()(**values), exact, trap.tolerance, 1e-300)


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if "ill" not in trap.values.__name__], ids=lambda trap: trap.name)
def test_single_precision(trap: Trap) -> None:
    values = {name: value.astype(np.float32) for name, value in trap.values().items()}
    exact = trap.exact(**{name: mp(value.astype(float)) for name, value in values.items()})
    found = asked(trap).compile()(**values)
    assert found.dtype == np.float32
    assert not wrong(found, exact, 1e-6 if trap.name.startswith("logistic") else 1e-5, 1e-37)


def test_together_they_are_as_safe() -> None:
    """Value, gradient and Hessian of the logistic loss from one function."""
    from tensorcalc import compile as compiled

    loss, values = asked(TRAPS[0]), many_margins()
    found = compiled(loss, loss.gradient("w"), loss.hessian("w"))(**values)
    exact = [f(**{name: mp(value) for name, value in values.items()}) for f in (logistic_value, logistic_gradient, logistic_hessian)]
    assert not any(wrong(one, other, 1e-12, 1e-300) for one, other in zip(found, exact))
