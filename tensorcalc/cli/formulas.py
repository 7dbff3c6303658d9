"""How formulas are written, in a page of examples: ``tensorcalc help formulas``."""

from __future__ import annotations

from . import show

NAMES = (
    ("a b c … g, α β …", "numbers, unless declared otherwise: --var b=n"),
    ("h i … z, x1", "vectors, which are columns"),
    ("A B … Z, W1", "matrices; sizes follow from each other"),
)
MATRIX = (
    ("A X B", "products; A*X*B and A @ X @ B are the same"),
    ("x' A x", "transposes: A', A^T"),
    ("X^-1 + X^2 + inv(X)", "powers of square matrices"),
    ("x.^2 .* y ./ z", "entry by entry"),
    ("A : B", "the sum of the products of entries, tr(A' B)"),
    ("A ⊗ B", "Kronecker product, kron(A, B)"),
    ("norm2(A x - y)^2", "norms are written out"),
    ("logdet(X) + tr(A X)", "tensorcalc functions has all functions"),
    ("X + eye(n)", "constants: eye, ones, zeros, and I where the size follows"),
    ("X[1,2]", "entries count from 1"),
)
INDEX = (
    ("C_ij = X_ik Y_kj", "what is not on the left is summed"),
    ("D_ij = x_i A_ij", "what is on the left is not"),
    ("L = (A_ij x_j - y_i)^2", "a bracket is summed inside, then squared"),
    ("c_i = eps_ijk x_j y_k", "delta_ij and eps_ijk"),
    ("einsum('ij,jk->ik', A, B)", "NumPy's"),
)
MORE = (
    ("t = A x - y; t' t", "definitions first"),
    ("diff(x' A x, x)", "a derivative inside a formula"),
    ("\\frac{1}{2} x^\\top A x", "LaTeX, as it is in papers"),
)
SECTIONS = (("Matrix notation", MATRIX), ("Index notation", INDEX), ("Both", MORE))


def lines() -> list[str]:
    """The page."""
    width = max(len(formula) for rows in (NAMES, *[rows for _, rows in SECTIONS]) for formula, _ in rows)
    found = [show.title("Names go by their first letter")]
    found += [f"  {names:<{width}}  {meaning}" for names, meaning in NAMES]
    for title, rows in SECTIONS:
        found += ["", show.title(title), *[f"  {formula:<{width}}  {meaning}" for formula, meaning in rows]]
    return found
