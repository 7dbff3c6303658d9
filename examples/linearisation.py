"""The tangent of a function of a matrix: g(X0) + tr(G' (X - X0))."""

import numpy as np

import tensorcalc as tc


def main() -> None:
    """Print how the error of the tangent falls as the step is halved."""
    function = tc.read("logdet(X)")
    formula = function.gradient("X")
    print(f"logdet(X) near X0: logdet(X0) + tr(G' (X - X0)), G = {formula}")

    start, direction = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])
    gradient = formula(X=start)
    errors = []
    for h in (0.1, 0.05, 0.025, 0.0125):
        x = start + h * direction
        tangent = float(function(X=start) + np.trace(gradient.T @ (x - start)))
        errors.append(tangent - float(function(X=x)))
        print(f"step {h:<7} error {errors[-1]:.2e}")
    ratios = [a / b for a, b in zip(errors, errors[1:], strict=False)]
    assert all(3.5 < ratio < 4.5 for ratio in ratios)

    numeric = np.zeros((2, 2))
    for place in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[place] = 1e-6
        numeric[place] = (np.linalg.slogdet(start + step)[1] - np.linalg.slogdet(start - step)[1]) / 2e-6
    assert np.allclose(gradient, numeric)
    print("checked: half the step, a quarter of the error; the gradient against differences")


if __name__ == "__main__":
    main()
