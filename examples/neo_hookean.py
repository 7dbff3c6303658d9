"""The tangent of a neo-Hookean material, with the factor 2 and without."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import tensorcalc as tc

STRESS = "μ (I - inv(C)) + λ/2 logdet(C) inv(C)"
BOOK = "M = inv(C); D_ijkl = λ M_ij M_kl + (μ - λ/2 logdet(C)) (M_ik M_jl + M_il M_jk)"


def main() -> None:
    """Print the tangent, judge the textbook's, and check it by complex steps."""
    declared: dict[str, Any] = {"vars": {"C": [3, 3]}, "assume": {"C": "spd"}}
    tangent = 2 * tc.read(STRESS, **declared).derivative("C", reading="projected")
    print(f"2 dS/dC   {tangent.to('index')}")
    for name, formula in (("2 dS/dC", f"2 ({STRESS})"), ("dS/dC", STRESS)):
        found = tc.check(formula, "C", BOOK, wrt_convention="projected", **declared)
        print(f"is the textbook's tangent {name}? {found.diagnosis}")

    generator = np.random.default_rng(12)
    deformation, change = np.eye(3) + 0.2 * generator.normal(size=(3, 3)), generator.normal(size=(3, 3))
    c, step = deformation.T @ deformation, deformation.T @ change + change.T @ deformation
    moved = stress(c + 1e-20j * step).imag / 1e-20
    assert np.allclose(np.einsum("ijkl,kl->ij", tangent(C=c, λ=1.2, μ=0.8), step / 2), moved)
    print("checked: the tangent against complex steps")


def stress(c: NDArray[Any]) -> NDArray[Any]:
    """The second Piola-Kirchhoff stress for ``λ = 1.2`` and ``μ = 0.8``."""
    inverse = np.linalg.inv(c)
    return np.asarray(0.8 * (np.eye(3) - inverse) + 0.6 * np.log(np.linalg.det(c)) * inverse)


if __name__ == "__main__":
    main()
