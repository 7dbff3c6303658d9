"""Three gradients by differentials: a squared residual, a trace, a log-determinant."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import tensorcalc as tc

Array = NDArray[np.float64]


def main() -> None:
    """Print each gradient and check it against differences."""
    generator = np.random.default_rng(11)
    a, b, x = generator.normal(size=(4, 3)), generator.normal(size=4), generator.normal(size=3)
    c, d, y = generator.normal(size=(4, 3)), generator.normal(size=(2, 4)), generator.normal(size=(3, 2))
    z = generator.normal(size=(5, 3))

    residual = tc.read("norm2(A x - b)^2", b=["m"]).gradient("x")
    print(f"norm2(A x - b)^2   {residual}")
    assert np.allclose(residual(A=a, b=b, x=x), difference(lambda x: np.sum((a @ x - b) ** 2), x), atol=1e-7)

    trace = tc.read("tr(A X B)").gradient("X")
    print(f"tr(A X B)          {trace}")
    assert np.allclose(trace(A=c, B=d), difference(lambda x: np.trace(c @ x @ d), y), atol=1e-7)

    determinant = tc.read("logdet(X' X)").gradient("X")
    print(f"logdet(X' X)       {determinant}")
    assert np.allclose(determinant(X=z), difference(lambda x: np.linalg.slogdet(x.T @ x)[1], z), atol=1e-7)
    print("checked: the three gradients against differences")


def difference(f: Callable[[Array], float], x: Array, h: float = 1e-6) -> Array:
    """The gradient of ``f`` at ``x`` by central differences."""
    numeric = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        numeric[place] = (f(x + step) - f(x - step)) / (2 * h)
    return numeric


if __name__ == "__main__":
    main()
