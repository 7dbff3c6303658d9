"""Rules of inverses and determinants (The Matrix Cookbook, secs. 1 to 3)."""

from __future__ import annotations

from ...algebra.build import add, apply, delta, einsum, number, power_of, split
from ...algebra.components import connected
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...functions import TABLE, grouped
from ..rewrite import rule
from .products import applied, find_product, pairs, replaced, uses


@rule("inverse.cancel", "inv(A) A = I", "inv", shrinks="two factors vanish")
def inverse_cancel(node: Expr) -> Expr | None:
    """An inverse next to what it inverts, on either side, the latter possibly a product."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse = node.operands[k]
        assert isinstance(inverse, Apply)
        half = inverse.rank // 2
        rows, cols = node.subscripts[k][:half], node.subscripts[k][half:]
        (matrix,) = inverse.arguments
        for inner, outer, left in ((cols, rows, True), (rows, cols, False)):
            axes = range(half) if left else range(half, 2 * half)
            found = find_product(node, matrix, dict(zip(axes, inner)), {k})
            if found is None or any(label < node.rank or uses(node, label) != 2 for label in inner):
                continue
            binding, used = found
            far = [binding[axis + half if left else axis - half] for axis in axes]
            deltas = [(delta(dim), (a, b)) for dim, a, b in zip(matrix.shape, outer, far)]
            return replaced(node, [k, *used], deltas)
    return None


@rule("inverse.involution", "inv(inv(A)) = A", "inv", shrinks="two functions vanish")
def inverse_involution(node: Expr) -> Expr | None:
    match node:
        case Apply(function=outer, arguments=(Apply(function=inner, arguments=(matrix,)),)):
            return matrix if outer.name == inner.name == "inv" and outer.ways == inner.ways else None
    return None


@rule("inverse.identity", "inv(I) = I", "inv", shrinks="a function vanishes")
def inverse_identity(node: Expr) -> Expr | None:
    match node:
        case Apply(function=function, arguments=(Delta() as eye,)) if function.name == "inv" and eye.rank == 2:
            return eye
    return None


@rule("inverse.transpose", "inv(A') = inv(A)'", "inv", reference="MC 3", shrinks="the argument loses a transpose")
def inverse_transpose(node: Expr) -> Expr | None:
    match node:
        case Apply(function=function, arguments=(Einsum(operands=(matrix,), subscripts=((1, 0),)),)) \
                if function.name == "inv":
            return einsum([(apply(function, matrix), (0, 1))], (1, 0))
    return None


@rule("inverse.scalar", "inv(c A) = inv(A)/c", "inv", shrinks="the argument loses a factor")
def inverse_scalar(node: Expr) -> Expr | None:
    if not (isinstance(node, Apply) and node.function.name == "inv"):
        return None
    weight, matrix = split(node.arguments[0])
    scalars = [operand for operand in matrix.operands if not operand.shape] if isinstance(matrix, Einsum) else []
    if weight == 1 and not scalars:
        return None
    if isinstance(matrix, Einsum) and scalars:
        matrix = einsum([pair for pair in pairs(matrix) if pair[0].shape], range(matrix.rank))
    factors = [(power_of(scalar, -1), ()) for scalar in scalars]
    axes = range(node.rank)
    core = apply(node.function, matrix)
    return einsum([(core, axes), *factors, (power_of(number(weight), -1), ())], axes)


@rule("inverse.product", "inv(A B) = inv(B) inv(A)", "inv", reference="MC 1", shrinks="the argument loses a factor")
def inverse_product(node: Expr) -> Expr | None:
    """Square factors only: of a rectangular product the factors have no inverse."""
    if not (isinstance(node, Apply) and node.function.name == "inv" and node.rank == 2):
        return None
    (product,) = node.arguments
    if not isinstance(product, Einsum):
        return None
    first = first_factor(product)
    if first is None:
        return None
    k, label, factor = first
    rest = einsum([pair for q, pair in enumerate(pairs(product)) if q != k], (label, 1))
    return einsum([(apply(node.function, rest), (0, 2)), (apply(node.function, factor), (2, 1))], (0, 1))


def first_factor(product: Einsum) -> tuple[int, int, Expr] | None:
    """The square matrix that a product begins with: its place, its far label, itself upright."""
    starts = [k for k, own in enumerate(product.subscripts) if 0 in own]
    if len(starts) != 1 or len(product.operands) < 2:
        return None
    (k,) = starts
    own, operand = product.subscripts[k], product.operands[k]
    if len(own) != 2 or set(operand.shape) != {product.shape[0]}:
        return None
    label = own[1] if own[0] == 0 else own[0]
    if label < 2 or product.shape[0] != product.shape[1]:
        return None
    return k, label, operand if own[0] == 0 else einsum([(operand, (0, 1))], (1, 0))


@rule("inverse.diagonal", "inv(diag(x)) = diag(1 ./ x)", "inv", shrinks="the argument loses a factor")
def inverse_diagonal(node: Expr) -> Expr | None:
    """A vector on the row or column index of the argument scales it."""
    if not (isinstance(node, Apply) and node.function.name == "inv" and node.rank == 2):
        return None
    (product,) = node.arguments
    if not isinstance(product, Einsum):
        return None
    for k, own in enumerate(product.subscripts):
        others = [label for q, other in enumerate(product.subscripts) if q != k for label in other]
        if own in ((0,), (1,)) and own[0] in others:   # else it is a factor of an outer product
            rest = einsum([pair for q, pair in enumerate(pairs(product)) if q != k], (0, 1))
            other = 1 - own[0] if not tied(product) else 0
            return einsum([(apply(node.function, rest), (0, 1)), (power_of(product.operands[k], -1), (other,))], (0, 1))
    return None


def tied(product: Einsum) -> bool:
    return any(isinstance(operand, Delta) and operand.rank == 2 for operand in product.operands)


@rule("inverse.kronecker", "inv(kron(A, B)) = kron(inv(A), inv(B))", "inv", reference="MC 512",
      shrinks="the argument falls apart")
def inverse_kronecker(node: Expr) -> Expr | None:
    if not (isinstance(node, Apply) and node.function.name == "inv" and node.rank > 2):
        return None
    parts = kronecker_parts(node.arguments[0])
    if parts is None:
        return None
    factors = [(apply(grouped(TABLE["inv"], (len(axes) // 2,)), part), axes) for part, axes in parts if axes]
    factors += [(power_of(part, -1), ()) for part, axes in parts if not axes]
    return einsum(factors, range(node.rank))


def kronecker_parts(matrix: Expr) -> list[tuple[Expr, tuple[int, ...]]] | None:
    """The factors of a Kronecker product: each joins some row axes to the same column axes."""
    weight, matrix = split(matrix)
    if not isinstance(matrix, Einsum):
        return None
    half = matrix.rank // 2
    parts: list[tuple[Expr, tuple[int, ...]]] = [] if weight == 1 else [(number(weight), ())]
    for members in connected(enumerate(matrix.subscripts)):
        labels = {label for k in members for label in matrix.subscripts[k]}
        rows = sorted(label for label in labels if label < half)
        cols = sorted(label - half for label in labels if half <= label < matrix.rank)
        if rows != cols:
            return None
        axes = (*rows, *(label + half for label in rows))
        parts.append((einsum([pairs(matrix)[k] for k in members], axes), axes))
    return parts if sum(bool(axes) for _, axes in parts) > 1 or len(parts) > 1 else None


@rule("orthogonal.cancel", "Q' Q = I", reference="definition", shrinks="two factors vanish")
def orthogonal_cancel(node: Expr) -> Expr | None:
    """A declared orthogonal matrix meets itself in the same axis."""
    if not isinstance(node, Einsum):
        return None
    seen: dict[tuple[Expr, int, int], int] = {}
    for k, (operand, own) in enumerate(pairs(node)):
        if "orthogonal" not in getattr(operand, "facts", ()) or len(own) != 2:
            continue
        for axis, label in enumerate(own):
            if label >= node.rank and uses(node, label) == 2 and own[0] != own[1]:
                other = seen.setdefault((operand, axis, label), k)
                if other != k:
                    far = (node.subscripts[other][1 - axis], own[1 - axis])
                    return replaced(node, [k, other], [(delta(operand.shape[0]), far)])
    return None


@rule("simplex.total", "sum(softmax(x)) = 1", reference="definition", shrinks="a factor vanishes")
def simplex_total(node: Expr) -> Expr | None:
    """A vector declared on the simplex sums to one, a unit vector has length one."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        facts = getattr(operand, "facts", ())
        if "simplex" in facts and len(own) == 1 and own[0] >= node.rank and uses(node, own[0]) == 1:
            return replaced(node, [k], [])
        if "unit" in facts and len(own) == 1 and own[0] >= node.rank and uses(node, own[0]) == 2:
            for q, pair in enumerate(pairs(node)):
                if q > k and pair == (operand, own):
                    return replaced(node, [k, q], [])
    return None


@rule("sum.linear", "tr(A + B) = tr(A) + tr(B)", shrinks="a contraction moves to smaller terms")
def sum_linear(node: Expr) -> Expr | None:
    """A contraction of one sum and nothing else is the sum of the contractions."""
    match node:
        case Einsum(operands=(Sum(terms=terms),), subscripts=(labels,)) if terms:
            return add([(weight, einsum([(term, labels)], range(node.rank))) for weight, term in terms], node.shape)
    return None
