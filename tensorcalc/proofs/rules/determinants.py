"""Determinants of products, inverses, scalar multiples, Kronecker products and sums."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import (
    ONE,
    add,
    apply,
    base_and_exponent,
    delta,
    dimension,
    einsum,
    number,
    power_of,
    scale,
    split,
    transpose,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...calculus.rewrite import rule
from ...calculus.rules.algebra import first_factor, kronecker_parts, tied
from ...calculus.rules.products import applied, argument_of, joined, like, pairs, uses
from ...functions import TABLE, grouped
from .parts import common_first, reads_better, row_sum
from .regular import is_regular, is_regular_number
from .structure import is_diagonal


@rule("logdet.define", "logdet(A) = log(abs(det(A)))", "logdet", shrinks="a function is put in terms of others")
def logdet_define(node: Expr) -> Expr | None:
    """Of a diagonal matrix, the sum of the logarithms of its entries."""
    inner = argument_of(node, "logdet")
    if inner is None or not isinstance(node, Apply):
        return None
    if inner.rank == 2 and (is_diagonal(inner) or (isinstance(inner, Einsum) and tied(inner))):
        vector = apply(TABLE["abs"], row_sum(inner))
        return einsum([(apply(TABLE["log"], vector), (0,))], ())
    determinant = apply(grouped(TABLE["det"], node.function.ways), inner)
    return apply(TABLE["log"], apply(TABLE["abs"], determinant))


@rule("det.product", "det(A B) = det(A) det(B)", "det", reference="MC 21", shrinks="the argument loses a factor")
def det_product(node: Expr) -> Expr | None:
    product = argument_of(node, "det")
    if not isinstance(product, Einsum) or product.rank != 2 or not isinstance(node, Apply):
        return None
    first = first_factor(product)
    if first is None:
        return None
    k, label, factor = first
    rest = einsum([pair for q, pair in enumerate(pairs(product)) if q != k], (label, 1))
    return einsum([(like(node, factor), ()), (like(node, rest), ())], ())


@rule("det.factor", "det(A B + A C) = det(A) det(B + C)", "det", reference="MC 21", shrinks="the argument loses a factor")
def det_factor(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    found = None if inner is None or inner.rank != 2 or not isinstance(node, Apply) else common_first(inner)
    if found is None or not isinstance(node, Apply):
        return None
    return einsum([(like(node, part), ()) for part in found], ())


@rule("det.diagonal", "det(diag(x) A) = det(diag(x)) det(A)", "det", reference="MC 21", shrinks="the argument loses a factor")
def det_diagonal(node: Expr) -> Expr | None:
    """Vectors that scale the rows or the columns of a matrix."""
    product = argument_of(node, "det")
    if not isinstance(product, Einsum) or product.rank != 2 or not isinstance(node, Apply):
        return None
    vectors = [pair for pair in pairs(product) if len(set(pair[1])) == 1 and pair[1][0] < 2 and not isinstance(pair[0], Delta)]
    rest = [pair for pair in pairs(product) if pair not in vectors]
    if not vectors or not rest or {label for _, own in rest for label in own} & {0, 1} != {0, 1} or \
            (len(rest) == 1 and isinstance(rest[0][0], Delta)):
        return None
    eye = delta(product.shape[0])
    scaled = [einsum([(part, (0,) * len(own)), (eye, (0, 1))], (0, 1)) for part, own in vectors]
    return einsum([(like(node, matrix), ()) for matrix in (*scaled, einsum(rest, (0, 1)))], ())


@rule("det.transpose", "det(A') = det(A)", "det", reference="MC 20", shrinks="a transpose vanishes")
def det_transpose(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    if inner is None or not isinstance(node, Apply) or inner.rank != 2:
        return None
    turned = transpose(inner, (1, 0))
    return like(node, turned) if reads_better(split(turned)[1], split(inner)[1]) else None


@rule("det.inverse", "det(inv(A)) = det(A)^-1", "det", reference="MC 22", shrinks="an inverse vanishes")
def det_inverse(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    matrix = None if inner is None else argument_of(inner, "inv")
    return None if matrix is None or not isinstance(node, Apply) else power_of(like(node, matrix), -1)


@rule("det.identity", "det(eye(n)) = 1", "det", shrinks="a function vanishes")
def det_identity(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    return ONE if isinstance(inner, Delta) and inner.rank == 2 else None


@rule("det.scalar", "det(c A) = c^n det(A)", "det", reference="MC 19", shrinks="the argument loses a factor")
def det_scalar(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    if inner is None or not isinstance(node, Apply):
        return None
    weight, matrix = split(inner)
    scalars = [operand for operand in matrix.operands if not operand.shape] if isinstance(matrix, Einsum) else []
    if weight == 1 and not scalars:
        return None
    if isinstance(matrix, Einsum) and scalars:
        matrix = einsum([pair for pair in pairs(matrix) if pair[0].shape], range(matrix.rank))
    size = einsum([(dimension(dim), ()) for dim in matrix.shape[: matrix.rank // 2]], ())
    powers = [(power_of(part, size), ()) for part in [number(weight), *scalars] if part is not ONE]
    return einsum([(like(node, matrix), ()), *powers], ())


@rule("det.kronecker", "det(kron(A, B)) = det(A)^m det(B)^n", "det", reference="MC 516",
      shrinks="the argument falls apart")
def det_kronecker(node: Expr) -> Expr | None:
    inner = argument_of(node, "det")
    if inner is None or inner.rank <= 2:
        return None
    parts = kronecker_parts(inner)
    if parts is None or any(not axes for _, axes in parts):
        return None
    half = inner.rank // 2
    factors = []
    for part, axes in parts:
        others = [dimension(inner.shape[k]) for k in range(half) if k not in axes]
        exponent = einsum([(dim, ()) for dim in others], ())
        determinant = apply(grouped(TABLE["det"], (len(axes) // 2,)), part)
        factors.append((power_of(determinant, exponent), ()))
    return einsum(factors, ())


@rule("det.clear", "det(eye(n) + inv(A) B) = det(A)^-1 det(A + B)", "det", reference="MC 24, Sylvester's identity",
      shrinks="a determinant loses an inverse")
def det_clear(node: Expr) -> Expr | None:
    """An inverse inside a determinant: a term of its own, or a factor of the term beside the identity."""
    inner = argument_of(node, "det")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2:
        return None
    for (w, term), (v, other) in (inner.terms, inner.terms[::-1]):
        matrix = argument_of(term, "inv")
        if matrix is not None:
            rest = add([(w, delta(inner.shape[0])), (v, einsum([(matrix, "ij"), (other, "jk")], "ik"))])
        elif isinstance(term, Delta) and w == 1 and isinstance(other, Einsum):
            found = _turned_round(other)
            if found is None:
                continue
            matrix, low = found
            rest = add([(1, matrix), (v, low)])
        else:
            continue
        return einsum([(apply(TABLE["det"], rest), ()), (power_of(apply(TABLE["det"], matrix), -1), ())], ())
    return None


@rule("det.shift", "det(2*eye(n) - A*B) = 2^n det(eye(n) - 1/2*A*B)", "det", reference="MC 19",
      shrinks="the identity in a determinant loses its factor")
def det_shift(node: Expr) -> Expr | None:
    """A multiple of the identity beside a product; a symbol is a factor that is nowhere zero, or almost."""
    inner = argument_of(node, "det")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2 or not isinstance(node, Apply):
        return None
    for (w, eye), (v, low) in (inner.terms, inner.terms[::-1]):
        scalars = [part for part in eye.operands if not part.shape] if isinstance(eye, Einsum) else []
        core = einsum([pair for pair in pairs(eye) if pair[0].shape], (0, 1)) if isinstance(eye, Einsum) else eye
        if not isinstance(core, Delta) or not isinstance(low, Einsum) or (w == 1 and not scalars) or \
                not all(map(is_regular_number, scalars)):
            continue
        rest = einsum([*pairs(low), *[(power_of(part, -1), ()) for part in scalars]], (0, 1))
        size = dimension(inner.shape[0])
        powers = [(power_of(part, size), ()) for part in [number(w), *scalars] if part is not ONE]
        return einsum([(like(node, add([(1, core), (v / w, rest)])), ()), *powers], ())
    return None


def _turned_round(low: Einsum) -> tuple[Expr, Expr] | None:
    """A and R L, where a product is L inv(A) R."""
    scalars = {q for q, own in enumerate(low.subscripts) if not own}
    for k in applied(low, "inv"):
        own, matrix = low.subscripts[k], low.operands[k].children[0]
        before = set() if 0 in own else set(joined(low, (0,), (k,)))
        after = set() if 1 in own else set(joined(low, (1,), (k,)))
        if len(own) != 2 or before & after or len({k, *before, *after, *scalars}) < len(low.operands):
            continue
        first = {label for q in before for label in low.subscripts[q]} or {0}
        last = {label for q in after for label in low.subscripts[q]} or {1}
        for x, y in (own, own[::-1]):
            if x in first and y in last and x != y and all(label < 2 or uses(low, label) == 2 for label in own):
                far = 1 + max(label for labels in low.subscripts for label in labels)
                factors: list[tuple[Expr, tuple[int, ...]]] = [(delta(low.shape[0]), (far, far + 1))]
                ends = {0: far, 1: far + 1}
                factors += [(low.operands[q], tuple(ends.get(label, label) for label in low.subscripts[q]))
                            for q in (*before, *after, *scalars)]
                upright = matrix if own == (x, y) else transpose(matrix, (1, 0))
                return upright, einsum(factors, (ends.get(y, y), ends.get(x, x)))
    return None


@rule("det.lemma", "det(A + u v') = (1 + v' inv(A) u) det(A)", "det", reference="MC 24, Sylvester's identity",
      shrinks="the determinant is of a smaller matrix, or of the one that comes first")
def det_lemma(node: Expr) -> Expr | None:
    """Sylvester: det(A + U V) = det(A) det(I + V inv(A) U)."""
    inner = argument_of(node, "det")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2 or not isinstance(node, Apply):
        return None
    for (w, base), (v, low) in (inner.terms, inner.terms[::-1]):
        if not isinstance(low, Einsum):
            continue
        for left, right, dim in cuts(low):
            small = ONE if dim is None else delta(dim)
            plain = isinstance(base, Delta)
            if not plain and (dim is not None or not is_regular(base)):
                continue
            inverse = base if plain else apply(TABLE["inv"], base)
            if dim is None:
                core = einsum([(right, "b"), (inverse, "ba"), (left, "a")], "")
                lemma = add([(1, ONE), (v / w, core)])
                return einsum([(lemma, ()), (like(node, scale(w, base)), ())], ())
            swapped = einsum([(right, "ib"), (inverse, "ba"), (left, "aj")], "ij")
            inside = add([(1, small), (v / w, swapped)])
            other = like(node, inside)
            if plain and w == 1 and other.key < node.key:
                return other
    return None


def cuts(low: Einsum) -> list[tuple[Expr, Expr, int | str | None]]:
    """Ways to write a product as U V; ``None`` for the size of the middle where U is a column."""
    scalars = [pair for pair in pairs(low) if not pair[0].shape]
    rest = [pair for pair in pairs(low) if pair[0].shape]
    start = [k for k, (_, own) in enumerate(rest) if 0 in own]
    cuts: list[tuple[Expr, Expr, int | str | None]] = []
    from_left = [rest[k] for k in start]
    labels = {label for _, own in from_left for label in own if label >= low.rank}
    while True:
        others = [pair for pair in rest if pair not in from_left]
        if not others or any(1 in own for _, own in from_left):
            return cuts
        meeting = sorted(label for label in labels if any(label in own for _, own in others))
        if not meeting:
            return [(einsum([*scalars, *from_left], (0,)), einsum(others, (1,)), None)]
        if len(meeting) == 1:
            dim = next(d for operand, own in rest for label, d in zip(own, operand.shape) if label == meeting[0])
            cuts.append((einsum([*scalars, *from_left], (0, meeting[0])), einsum(others, (meeting[0], 1)), dim))
        grown = [pair for pair in others if set(pair[1]) & labels]
        from_left += grown
        labels |= {label for _, own in grown for label in own if label >= low.rank}


@rule("det.skew", "det(skew(x)) = 0", "det", reference="MC 454", shrinks="a function vanishes")
def det_skew(node: Expr) -> Expr | None:
    """Of a skew matrix with an odd number of rows."""
    inner = argument_of(node, "det")
    odd = inner is not None and inner.rank == 2 and isinstance(inner.shape[0], int) and inner.shape[0] % 2 == 1
    return number(0) if inner is not None and odd and transpose(inner, (1, 0)) is scale(-1, inner) else None


@rule("det.orthogonal", "det(Q)^2 = 1", "power", "abs", shrinks="a factor vanishes")
def det_orthogonal(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    size = argument_of(node, "abs")
    if size is not None:
        base, exponent = size, Fraction(2)
    inner = argument_of(base, "det")
    if inner is None or "orthogonal" not in getattr(inner, "facts", ()) or not isinstance(exponent, Fraction):
        return None
    if exponent.denominator != 1 or exponent == 1:
        return None
    return base if exponent % 2 else ONE
