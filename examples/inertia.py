"""The inertia tensor as the Hessian of the kinetic energy."""

import numpy as np

import tensorcalc as tc


def main() -> None:
    """Print momentum and inertia of a particle, then check them for a body."""
    particle = tc.read("m norm2(cross(w, r))^2/2", r=[3], w=[3], m=[])
    print(f"momentum  {particle.gradient('w')}")
    print(f"inertia   {particle.hessian('w')}")

    body = tc.read("T = 1/2 h_a eps_ijk w_j x_ak eps_ilq w_l x_aq", w=[3], h=["n"], x=["n", 3])
    generator = np.random.default_rng(17)
    h, x, w = generator.uniform(1, 2, size=5), generator.normal(size=(5, 3)), generator.normal(size=3)
    momentum = sum(mass * np.cross(r, np.cross(w, r)) for mass, r in zip(h, x, strict=True))
    inertia = sum(mass * (r @ r * np.eye(3) - np.outer(r, r)) for mass, r in zip(h, x, strict=True))
    assert np.allclose(body.gradient("w")(h=h, x=x, w=w), momentum)
    assert np.allclose(body.hessian("w")(h=h, x=x), inertia)
    print("checked: five particles, summed by hand")


if __name__ == "__main__":
    main()
