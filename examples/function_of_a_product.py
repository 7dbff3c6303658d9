"""The derivative of f(A X) with respect to X: of a number, of every entry, of one entry."""

import numpy as np
from numpy.typing import NDArray

import tensorcalc as tc

Array = NDArray[np.float64]


def main() -> None:
    """Print the formulas, then check the sigmoid's against differences."""
    for formula in ("norm2(A X - B)^2", "sum(exp(A X))", "sum(sigmoid(A X))", "sigmoid(A X)[i, j]"):
        print(f"d {formula:<20} / dX  =  {tc.read(formula).derivative('X')}")
    generator = np.random.default_rng(7)
    a, x = generator.normal(size=(2, 3)), generator.normal(size=(3, 4))
    tensor = tc.read("sigmoid(A X)").derivative("X")(A=a, X=x)

    numeric = np.zeros(tensor.shape)
    for p, q in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[p, q] = 1e-6
        numeric[:, :, p, q] = (sigmoid(a @ (x + step)) - sigmoid(a @ (x - step))) / 2e-6
    assert np.allclose(tensor, numeric, atol=1e-8)

    f, entry = sigmoid(a @ x), np.zeros((2, 4))
    entry[0, 1] = 1
    assert np.allclose(tensor[0, 1], a.T @ (entry * (f - f**2)))
    print("checked: all 96 entries of the sigmoid's derivative against differences")


def sigmoid(y: Array) -> Array:
    """Entry by entry."""
    return np.asarray(1 / (1 + np.exp(-y)))


if __name__ == "__main__":
    main()
