"""Draw the pictures of the page on diagrams into ``images/``.

    python docs/generate_diagrams.py

A row is a name, a formula, what it is differentiated by, and what is said of its names.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT)]

import tensorcalc as tc  # noqa: E402

IMAGES = Path(__file__).parent / "images"

NETWORKS: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "product": ("C_ij = X_ik Y_kj", "", 0, {}),
    "product-derivative": ("C_ij = X_ik Y_kj", "X", 1, {}),
    "transpose-derivative": ("C_ij = X_ji", "X", 1, {}),
    "trace": ("tr(A X B)", "", 0, {}),
    "trace-gradient": ("tr(A X B)", "X", 1, {}),
    "kronecker": ("kron(A, B)", "", 0, {}),
    "quadratic-hessian": ("x' A x", "x", 2, {}),
    "inverse-derivative": ("inv(X)", "X", 1, {}),
    "hadamard": ("D_ij = x_i A_ij", "", 0, {}),
    "mttkrp": ("M_ir = T_ijk B_jr C_kr", "", 0, {"vars": {"T": ["I", "J", "K"], "B": ["J", "R"], "C": ["K", "R"]}}),
    "least-squares-gradient": ("norm2(A x - b)^2", "x", 1, {"vars": {"b": ["m"]}}),
    "softmax-derivative": ("softmax(W x)", "x", 1, {}),
    "attention": ("O_il = softmax(Q_ik K_jk) V_jl", "", 0, {}),
    "logistic-hessian": ("sum(softplus(A x))", "x", 2, {}),
    "cross-product": ("d_i = eps_ijk eps_klm a_j b_l c_m", "", 0, {"vars": {"a": [3], "b": [3], "c": [3]}}),
    "neo-hookean-tangent": ("mu/2 (tr(F' F) - 3) - mu logdet(F) + lam/2 logdet(F)^2", "F", 2,
                            {"vars": {"mu": [], "lam": []}}),
    "matrix-product-state": ("A_ai B_ibj C_jck D_kd A_al B_lbm C_mcn D_nd", "", 0, {"vars": {
        "A": ["q", "p"], "B": ["p", "q", "r"], "C": ["r", "q", "s"], "D": ["s", "q"]}}),
}
PLANS: dict[str, tuple[str, str, dict[str, int]]] = {
    "plan-chain": ("A B x", "", {"m": 2000, "n": 3000, "p": 4000}),
    "plan-gradient": ("norm2(W2 tanh(W1 x) - y)^2", "W1", {"m": 100, "n": 784, "p": 10}),
}


def pictures() -> dict[str, str]:
    """The text of every picture by its name."""
    found = {}
    for name, (formula, by, order, more) in NETWORKS.items():
        tensor = tc.read(formula, **more)
        found[name] = tensor.derivative(by, order=order).diagram() if by else tensor.diagram()
    for name, (formula, by, sizes) in PLANS.items():
        tensor = tc.read(formula)
        found[name] = (tensor.gradient(by) if by else tensor).plan(**sizes).diagram()
    return {name: text + "\n" for name, text in found.items()}


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (IMAGES / f"{name}.svg").write_text(text, encoding="utf-8")
