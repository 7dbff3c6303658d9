"""Sums of two and more Kronecker products: by eigenvalues, by Schur forms, with and without a transposition.

Knows recipes and arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod
from typing import NamedTuple

from .. import backends
from ..backends import numpy
from .matrices import is_symmetric, singular, systems
from .named import Array, Named, Phase, Sizes, Solver, Unusable, Values, applied, broadcast, part
from .pattern import Labels
from .recipes import Crossed, Pencil

_WORST = 1e8   # the condition of what is inverted, beyond which the matrix itself is taken


def pencil(recipe: Pencil, value: Values, sizes: Sizes) -> Solver:
    """By eigenvalues where all matrices are symmetric, by Schur forms where there are two terms."""
    np = numpy()
    orders = [prod([sizes[axis] for axis in side.rows]) for side in recipe.sides]
    matrices = [[value(one).reshape(order, order) for one in own] for own, order in zip(recipe.matrices, orders)]
    pairs = [_symmetric_pair(own) for own in matrices]
    weights = [(float(weight), chosen) for weight, chosen in recipe.terms]
    if all(pair is not None for pair in pairs):
        return _Eigen(recipe, [pair for pair in pairs if pair is not None], weights, sizes)
    if len(matrices) == 2 and len(weights) == 2 and np.isrealobj(matrices[0][0]):
        return _Sylvester(recipe, matrices, weights, sizes)
    raise Unusable


class _Pair(NamedTuple):
    """``W' A W`` and ``W' C W`` are diagonal for the matrices A and C of a side; ``size`` is ``log det C``."""

    vectors: Array
    values: list[Array]
    size: float


def _symmetric_pair(matrices: Sequence[Array]) -> _Pair | None:
    """The common congruence of two symmetric matrices, one of them definite (Matrix Computations, algorithm 8.7.1)."""
    np = numpy()
    if not all(map(is_symmetric, matrices)):
        return None
    for k, definite in enumerate(matrices):
        try:
            lower = np.linalg.cholesky(definite)
        except np.linalg.LinAlgError:
            continue
        pivots = np.diagonal(lower)
        if pivots.size and not (pivots.max() / pivots.min()) ** 2 < _WORST:   # singular, and definite by rounding alone
            continue
        other = matrices[1 - k]
        half = np.linalg.solve(lower, other)
        middle = np.linalg.solve(lower, half.T)
        values, vectors = np.linalg.eigh((middle + middle.T) / 2)
        both = [values, np.ones_like(values)]
        return _Pair(np.linalg.solve(lower.T, vectors), both if k else both[::-1],
                     2 * float(np.log(np.diagonal(lower)).sum()))
    return None


class _Eigen:
    """A sum of Kronecker products that one congruence makes diagonal."""

    def __init__(self, recipe: Pencil, pairs: Sequence[_Pair], terms: Sequence[tuple[float, Labels]],
                 sizes: Sizes) -> None:
        np = numpy()
        self.recipe, self.pairs, self.sizes = recipe, pairs, sizes
        total: Array = 0.0
        for weight, chosen in terms:
            part: Array = np.asarray(weight, dtype=pairs[0].vectors.dtype)
            for pair, k in zip(pairs, chosen):
                part = np.multiply.outer(part, pair.values[k])
            total = total + part
        self.eigenvalues = _nonzero(total)

    def solve(self, right: Named) -> Named:
        _insist_on_rank(self.eigenvalues)
        names = tuple([-3 - k for k in range(len(self.pairs))])   # of the merged axes of each side, which may have none
        sides = list(zip(names, self.recipe.sides, self.pairs))
        for name, side, pair in sides:
            right = applied(pair.vectors.T, side.rows, (name,), [len(pair.vectors)], right)
        right = Named(right.array / broadcast(self.eigenvalues, names, right.axes), right.axes)
        for name, side, pair in sides:
            right = applied(pair.vectors, (name,), side.cols, [self.sizes[axis] for axis in side.cols], right)
        return right

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        size = float(np.log(np.abs(self.eigenvalues)).sum())
        for pair in self.pairs:
            size += pair.size * (self.eigenvalues.size // len(pair.vectors))
        return float(np.prod(np.sign(self.eigenvalues))), size


class _Sylvester:
    """``a A ⊗ B + c C ⊗ D``: with two of the four inverted, ``M X + X N' = Y``, by Schur forms.

    Golub & Van Loan, Matrix Computations, 4th ed., sec. 7.6.3; Bartels & Stewart 1972, Comm. ACM 15.
    """

    def __init__(self, recipe: Pencil, matrices: Sequence[Sequence[Array]], terms: Sequence[tuple[float, Labels]],
                 sizes: Sizes) -> None:
        lapack = backends.optional("scipy.linalg")
        if lapack is None:
            raise Unusable
        self.recipe, self.sizes = recipe, sizes
        (a, (one, two)), (c, (three, four)) = terms
        first, second = matrices[0][one], matrices[0][three]
        third, fourth = matrices[1][two], matrices[1][four]
        # With P = C and Q = B: inv(P) (a A X B' + c C X D') inv(Q') = a inv(C) A X + c X (inv(B) D)'.
        choices = [(second, third, (a, first), (c, fourth)), (first, fourth, (c, second), (a, third))]
        left, right, (m_weight, m), (n_weight, n) = min(choices, key=lambda choice: _condition(choice[0], choice[1]))
        if _condition(left, right) > _WORST:
            raise Unusable
        self.left, self.right = part(lambda: systems(left[None])), part(lambda: systems(right[None]))
        left_m, right_n = part(lambda: self.left.solve(m[None])[0]), part(lambda: self.right.solve(n[None])[0])
        self.m, self.u = lapack.schur(m_weight * left_m, output="complex")
        self.n, self.v = lapack.schur(n_weight * right_n, output="complex")
        self.eigenvalues = _nonzero(numpy().add.outer(self.m.diagonal(), self.n.diagonal().conj()))
        self.trsyl, = lapack.get_lapack_funcs(("trsyl",), (self.m, self.n))

    def solve(self, right: Named) -> Named:
        np = numpy()
        _insist_on_rank(self.eigenvalues)
        first, second = self.recipe.sides
        stack, rest = right.stacked(first.rows, second.rows)
        found = np.empty_like(stack)
        for k in range(stack.shape[-1]):
            half = self.left.solve(stack[None, :, :, k])[0]
            whole = self.right.solve(half.T[None])[0].T
            # With M = U S U^H and N = V T V^H it is S Z + Z T^H = U^H Y V for Z = U^H X V.
            solved, scale, _ = self.trsyl(self.m, self.n, self.u.conj().T @ whole @ self.v, tranb="C")
            found[..., k] = ((self.u @ solved @ self.v.conj().T) / scale).real
        shape = [self.sizes[axis] for axis in first.cols + second.cols]
        return Named(found.reshape([*shape, *right.sizes(rest)]), (*first.cols, *second.cols, *rest))

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        rows, cols = self.eigenvalues.shape
        (sign, size), (own_sign, own_size) = self.left.slogdet(), self.right.slogdet()
        phase = np.prod(self.eigenvalues / np.abs(self.eigenvalues)).real
        total = sign ** (cols % 2) * own_sign ** (rows % 2) * float(np.sign(phase))
        return total, float(np.log(np.abs(self.eigenvalues)).sum()) + size * cols + own_size * rows


class CrossedSolver:
    """``A X B' + C X' D' = Y``: with E = inv(A) C and F = inv(B) D it is ``X + E X' F' = Z``.

    Hence ``X - E F X (F E)' = Z - E Z' F'``, Stein's equation; by Schur forms its columns come one after the other
    (Golub & Van Loan, Matrix Computations, 4th ed., sec. 7.6.3).  With the eigenvalues m of E F the
    determinant of ``X + E X' F'`` is the product of all ``1 + m_i`` and, for i < j, ``1 - m_i m_j``.
    """

    def __init__(self, recipe: Crossed, value: Values, sizes: Sizes) -> None:
        lapack = backends.optional("scipy.linalg")
        if lapack is None:
            raise Unusable
        np = numpy()
        self.recipe, self.order = recipe, sizes[recipe.frame.rows[0]]
        a, b, c, d = (value(one) for one in recipe.matrices)
        if not np.isrealobj(a) or _condition(a, b) > _WORST:
            raise Unusable
        self.weight = float(recipe.weights[0])
        self.left, self.right = part(lambda: systems(a[None])), part(lambda: systems(b[None]))
        self.e = part(lambda: self.left.solve(c[None])[0]) * (float(recipe.weights[1]) / self.weight)
        self.f = part(lambda: self.right.solve(d[None])[0])
        self.s, self.u = lapack.schur(self.e @ self.f, output="complex")
        self.t, self.v = lapack.schur(self.f @ self.e, output="complex")
        values = self.s.diagonal()
        pairs = 1 - np.multiply.outer(values, values)[np.triu_indices(self.order, 1)]
        self.eigenvalues = _nonzero(np.concatenate([1 + values, pairs]))
        if np.abs(1 - values).min() <= np.finfo(values.dtype).eps ** 0.5 * (1 + np.abs(values).max() ** 2):
            raise Unusable   # Stein's equation has no unique solution, though the first one has
        self.triangular = lapack.solve_triangular

    def solve(self, right: Named) -> Named:
        np = numpy()
        _insist_on_rank(self.eigenvalues)
        rows, cols = self.recipe.frame.rows, self.recipe.frame.cols
        stack, rest = right.stacked(rows[:1], rows[1:])
        found = np.empty_like(stack)
        for k in range(stack.shape[-1]):
            half = self.left.solve(stack[None, :, :, k])[0] / self.weight
            one = self.right.solve(half.T[None])[0].T
            found[..., k] = self._stein(one - self.e @ one.T @ self.f.T)
        return Named(found.reshape(self.order, self.order, *right.sizes(rest)), (*cols, *rest))

    def _stein(self, right: Array) -> Array:
        """The X with ``X - E F X (F E)' = right``."""
        np = numpy()
        turned = self.u.conj().T @ right @ self.v
        found = np.zeros_like(turned)
        eye = np.eye(self.order, dtype=turned.dtype)
        for j in reversed(range(self.order)):
            weights = self.t[j].conj()
            column = turned[:, j] + self.s @ (found[:, j + 1:] @ weights[j + 1:])
            found[:, j] = self.triangular(eye - weights[j] * self.s, column, check_finite=False)
        return (self.u @ found @ self.v.conj().T).real

    def slogdet(self) -> tuple[Phase, float]:
        np = numpy()
        (sign, size), (own_sign, own_size) = self.left.slogdet(), self.right.slogdet()
        phase = float(np.sign(np.prod(self.eigenvalues / np.abs(self.eigenvalues)).real))
        whole = self.order ** 2 * log(abs(self.weight)) + self.order * (size + own_size)
        scale = (1.0 if self.weight > 0 else -1.0) ** self.order
        return phase * (sign * own_sign) ** (self.order % 2) * scale, float(np.log(np.abs(self.eigenvalues)).sum()) + whole


def _nonzero(eigenvalues: Array) -> Array:
    if not eigenvalues.all() or not numpy().isfinite(eigenvalues).all():
        raise singular("an eigenvalue is zero")
    return eigenvalues


def _insist_on_rank(eigenvalues: Array) -> None:
    """No eigenvalue is zero up to the rounding of the largest."""
    np = numpy()
    sizes = np.abs(eigenvalues)
    if sizes.min() <= np.finfo(sizes.dtype).eps * sizes.max():
        raise singular("an eigenvalue is zero up to rounding")


def _condition(*matrices: Array) -> float:
    """How much solving with matrices may lose: the product of their condition numbers."""
    np = numpy()
    found = [float(np.linalg.cond(matrix)) for matrix in matrices]
    return prod(found) if all(np.isfinite(found)) else float("inf")
