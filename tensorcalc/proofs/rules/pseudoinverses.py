"""Pseudoinverses, which are those of matrices of full rank (Golub & Van Loan 2013, sec. 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from ...algebra.build import apply, delta, einsum, scale, split, transpose
from ...algebra.expr import Apply, Einsum, Expr
from ...calculus.rewrite import rule
from ...calculus.rules.algebra import kronecker_parts
from ...calculus.rules.products import applied, argument_of, find_product, like, pairs, replaced, uses
from ...functions import TABLE, grouped
from .parts import reads_better


@rule("pinv.square", "pinv(A) = inv(A)", "pinv", reference="definition", shrinks="a function is put in terms of others")
def pinv_square(node: Expr) -> Expr | None:
    """Of a square matrix, which has full rank only where it has an inverse."""
    inner = argument_of(node, "pinv")
    if inner is None or inner.rank != 2 or inner.shape[0] != inner.shape[1]:
        return None
    return apply(TABLE["inv"], inner)


@rule("pinv.twice", "pinv(pinv(A)) = A", "pinv", reference="MC 213", shrinks="two functions vanish")
def pinv_twice(node: Expr) -> Expr | None:
    inner = argument_of(node, "pinv")
    return None if inner is None or inner.rank != 2 else argument_of(inner, "pinv")


@rule("pinv.turn", "pinv(A') = pinv(A)'", "pinv", reference="MC 214",
      shrinks="the argument is the one of itself and its transpose that comes first")
def pinv_turn(node: Expr) -> Expr | None:
    inner = argument_of(node, "pinv")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    turned = transpose(inner, (1, 0))
    return transpose(like(node, turned), (1, 0)) if reads_better(turned, inner) else None


@rule("pinv.scalar", "pinv(2*A) = 1/2*pinv(A)", "pinv", reference="MC 219", shrinks="the argument loses a factor")
def pinv_scalar(node: Expr) -> Expr | None:
    inner = argument_of(node, "pinv")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    weight, matrix = split(inner)
    return scale(1 / weight, like(node, matrix)) if weight not in (0, 1) else None


@rule("pinv.kronecker", "pinv(kron(A, B)) = kron(pinv(A), pinv(B))", "pinv", reference="MC 513",
      shrinks="the argument falls apart")
def pinv_kronecker(node: Expr) -> Expr | None:
    inner = argument_of(node, "pinv")
    parts = None if inner is None or inner.rank <= 2 else kronecker_parts(inner)
    if inner is None or parts is None or len(parts) < 2 or any(not axes for _, axes in parts):
        return None
    half = inner.rank // 2
    factors = []
    for part, axes in parts:
        ways = (len(axes) // 2,)
        places = [axis + half if axis < half else axis - half for axis in axes]
        turned = [*places[ways[0]:], *places[: ways[0]]]
        factors.append((apply(grouped(TABLE["pinv"], ways), part), turned))
    return einsum(factors, range(inner.rank))


Projector = tuple[list[int], Expr, Expr, int, tuple[int, int, int]]
"""The places of both factors, pinv(A), A, the axis of pinv(A) that they share, and three labels: that of its
other axis, the shared one, that of the other axis of A."""


def _projectors(node: Einsum) -> Iterator[Projector]:
    """Every pinv(A) A and A pinv(A) in a product of matrices."""
    for k in applied(node, "pinv"):
        operand = node.operands[k]
        matrix = argument_of(operand, "pinv")
        if matrix is None or operand.rank != 2:
            continue
        for side in (0, 1):
            inner, outer = node.subscripts[k][side], node.subscripts[k][1 - side]
            found = find_product(node, matrix, {1 - side: inner}, {k})
            if found is None or inner == outer or inner < node.rank or uses(node, inner) != 2:
                continue
            binding, used = found
            yield [k, *used], operand, matrix, side, (outer, inner, binding[side])


@rule("pinv.projector", "A pinv(A) A = A", "pinv", reference="Penrose 1955", shrinks="two factors vanish")
def pinv_projector(node: Expr) -> Expr | None:
    """A pinv(A) and pinv(A) A are symmetric, and leave A and pinv(A) as they are."""
    if not isinstance(node, Einsum):
        return None
    for used, operand, matrix, side, (near, _, far) in _projectors(node):
        if near != far and any(_kept(node, operand, matrix, end, side, {*used}) for end in (near, far)):
            return replaced(node, used, [(delta(operand.shape[1 - side]), (near, far))])
    return None


def _kept(node: Einsum, inverse: Expr, matrix: Expr, label: int, side: int, gone: set[int]) -> bool:
    """Whether at ``label`` stands what the projector leaves as it is."""
    if label < node.rank or uses(node, label) != 2:
        return False
    beside = any(q not in gone and other is inverse and own[1 - side] == label for q, (other, own) in enumerate(pairs(node)))
    return beside or find_product(node, matrix, {side: label}, gone) is not None


@rule("pinv.symmetric", "(A pinv(A))' = A pinv(A)", "pinv", reference="Penrose 1955",
      shrinks="the product is the one of itself and its transpose that comes first")
def pinv_symmetric(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for used, operand, matrix, side, (near, inner, far) in _projectors(node):
        factors = [(operand, [far, inner]), (matrix, [inner, near])]
        if side == 0:
            factors = [(part, labels[::-1]) for part, labels in factors]
        turned = replaced(node, used, factors)
        if turned.key < node.key:
            return turned
    return None


@rule("pinv.gram", "inv(A' A) = pinv(A) pinv(A)'", "inv", reference="MC 223", shrinks="an inverse of a product vanishes")
def pinv_gram(node: Expr) -> Expr | None:
    """Where inv(A' A) exists, A has full rank."""
    gram = argument_of(node, "inv")
    if not isinstance(gram, Einsum) or gram.rank != 2 or len(gram.operands) != 2 or gram.operands[0] is not gram.operands[1]:
        return None
    matrix, (first, second) = gram.operands[0], gram.subscripts
    for axis in (0, 1):
        if matrix.rank == 2 and {first[axis], second[axis]} == {0, 1} and first[1 - axis] == second[1 - axis]:
            inverse = apply(TABLE["pinv"], matrix)
            return einsum([(inverse, (place, 2) if axis == 1 else (2, place)) for place in (0, 1)], (0, 1))
    return None
