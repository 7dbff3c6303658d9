"""The chain rule for two matrix functions: the tensor of order four, and what is left of it."""

import numpy as np
from numpy.typing import NDArray

import tensorcalc as tc

Array = NDArray[np.float64]


def main() -> None:
    """Print tensors and gradients, then check that contracting the one gives the other."""
    cube = tc.read("X^3").derivative("X")
    print(f"X^3             {cube.to('kronecker')}")
    for formula in ("G : X^3", "tr(X^3)", "logdet(X^3)", "norm2(X^3)^2", "G : inv(X)", "norm2(inv(X))^2"):
        print(f"{formula:<15} {tc.read(formula).gradient('X')}")

    generator = np.random.default_rng(5)
    x, g = np.eye(3) + 0.3 * generator.normal(size=(3, 3)), generator.normal(size=(3, 3))
    tensor, gradient = cube(X=x), tc.read("G : X^3").gradient("X")(G=g, X=x)
    assert tensor.shape == (3, 3, 3, 3)
    assert np.allclose(np.einsum("kl,klij->ij", g, tensor), gradient)

    numeric = np.zeros((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-6
        numeric[place] = (value(x + step, g) - value(x - step, g)) / 2e-6
    assert np.allclose(gradient, numeric, atol=1e-7)
    print("checked: the gradient against the contracted tensor and against differences")


def value(x: Array, g: Array) -> float:
    """The sum of the products of the entries of ``g`` and of the cube of ``x``."""
    return float(np.sum(g * np.linalg.matrix_power(x, 3)))


if __name__ == "__main__":
    main()
