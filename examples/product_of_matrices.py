"""The derivative of a product X Y with respect to X: one entry, all entries, laid flat, summed."""

import numpy as np

import tensorcalc as tc


def main() -> None:
    """Print the forms of the derivative, then check the flat one and the tensor."""
    product = tc.read("C_ij = X_ik Y_kj")
    derivative = product.derivative("X")
    print(f"one entry     {tc.read('(X Y)[1,1]').derivative('X')}")
    print(f"index         {derivative.to('index')}")
    print(f"numerator     {derivative.to('kronecker')}")
    print(f"the sum's     {tc.read('sum(X Y)').gradient('X')}")

    y = np.array([[11.0, 12.0], [21.0, 22.0], [31.0, 32.0]])
    x = np.random.default_rng(3).normal(size=(3, 3))
    tensor = derivative(X=x, Y=y)
    numeric = np.zeros((3, 2, 3, 3))
    for p, q in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[p, q] = 1e-6
        numeric[:, :, p, q] = ((x + step) @ y - (x - step) @ y) / 2e-6
    assert np.allclose(tensor, numeric)
    assert np.array_equal(tensor.transpose(1, 0, 3, 2).reshape(6, 9), np.kron(y.T, np.eye(3)))
    assert np.array_equal(tensor.sum(axis=(0, 1)), np.ones((3, 2)) @ y.T)
    print("checked: the tensor against differences, the flat form and the sum against the tensor")


if __name__ == "__main__":
    main()
