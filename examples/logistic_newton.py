"""Logistic regression by Newton's method: one compiled function for the loss, its gradient and its Hessian."""

import numpy as np

import tensorcalc as tc


def main() -> None:
    """Fit, and check the gradient against differences."""
    loss = tc.read("sum(softplus(-y .* (X w))) + norm2(w)^2/2")
    gradient, hessian = loss.gradient("w"), loss.hessian("w")
    print(f"gradient  {gradient}")
    print(f"Hessian   {hessian}")

    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(50, 3)), generator.choice([-1.0, 1.0], size=50)
    run, w = tc.compile(loss, gradient, hessian), np.zeros(3)
    for step in range(4):
        value, slope, curvature = run(X=x, y=y, w=w)
        print(f"step {step}    {float(value):.6f}")
        w = w - np.linalg.solve(curvature, slope)
    assert np.abs(run(X=x, y=y, w=w)[1]).max() < 1e-9

    point, h = generator.normal(size=3), 1e-6
    differences = [(loss(X=x, y=y, w=point + h * e) - loss(X=x, y=y, w=point - h * e)) / (2 * h) for e in np.eye(3)]
    assert np.allclose(gradient(X=x, y=y, w=point), differences, atol=1e-6)
    print("checked: the gradient is zero at the fit, and agrees with differences elsewhere")


if __name__ == "__main__":
    main()
