"""Rules of matrix powers with symbolic exponents, and of sums over them."""

from __future__ import annotations

from ...algebra.build import add, apply, delta, dimension, matrix_power, number, power_of, scale, transpose
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...functions import TABLE
from ..rewrite import rule
from .products import applied, joined, pairs, replaced, uses

_OF_MATRIX = {"inv", "matpow", "expm", "logm", "sqrtm", "funm", "adj"}


def _base_and_power(expr: Expr) -> tuple[Expr, Expr]:
    """``X^k`` as X and k; ``inv(X)`` as X and -1."""
    if isinstance(expr, Apply) and expr.function.name == "matpow":
        return expr.arguments[0], expr.arguments[1]
    if isinstance(expr, Apply) and expr.function.name == "inv" and not expr.function.ways:
        return expr.arguments[0], number(-1)
    return expr, number(1)


@rule("matpow.inverse", "inv(A^k) = A^(-k)", "inv", shrinks="an inverse vanishes")
def matpow_inverse(node: Expr) -> Expr | None:
    if not (isinstance(node, Apply) and node.function.name == "inv"):
        return None
    (inner,) = node.arguments
    if not (isinstance(inner, Apply) and inner.function.name == "matpow"):
        return None
    return matrix_power(inner.arguments[0], scale(-1, inner.arguments[1]))


@rule("matpow.merge", "A^k A = A^(k+1)", "matpow", shrinks="two factors become one")
def matpow_merge(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "matpow"):
        base, exponent = _base_and_power(node.operands[k])
        for q, (operand, own) in enumerate(pairs(node)):
            other, power = _base_and_power(operand)
            if q == k or other is not base or len(own) != 2:
                continue
            mine = node.subscripts[k]
            for left, right in ((mine, own), (own, mine)):
                if left[1] == right[0] and left[1] >= node.rank and uses(node, left[1]) == 2 and left[0] != left[1]:
                    made = matrix_power(base, add([(1, exponent), (1, power)]))
                    return replaced(node, [k, q], [(made, (left[0], right[1]))])
    return None


@rule("matpow.transpose", "(A')^k = (A^k)'", "matpow", shrinks="the argument loses a transpose")
def matpow_transpose(node: Expr) -> Expr | None:
    match node:
        case Apply(function=function, arguments=(Einsum(operands=(matrix,), subscripts=((1, 0),)), exponent)) \
                if function.name == "matpow":
            return transpose(matrix_power(matrix, exponent), (1, 0))
    return None


@rule("det.power", "det(A^k) = det(A)^k", "det", shrinks="the argument loses its exponent")
def det_power(node: Expr) -> Expr | None:
    if not (isinstance(node, Apply) and node.function.name == "det"):
        return None
    (inner,) = node.arguments
    if not (isinstance(inner, Apply) and inner.function.name == "matpow"):
        return None
    return power_of(apply(TABLE["det"], inner.arguments[0]), inner.arguments[1])


@rule("powers.collapse", "series(j, 0, k-1, A^j A^(k-1-j)) = k A^(k-1)", "powers", reference="MC 121",
      shrinks="a sum over an integer vanishes")
def powers_collapse(node: Expr) -> Expr | None:
    """A stack next to its reverse, or with a function of the same matrix between."""
    if not isinstance(node, Einsum):
        return None
    for e in applied(node, "exchange"):
        a, b = node.subscripts[e]
        found = [[k for k in applied(node, "powers") if node.subscripts[k][0] == label] for label in (a, b)]
        if any(len(ks) != 1 or uses(node, label) != 2 for ks, label in zip(found, (a, b))):
            continue
        (p,), (q,) = found
        one, two = node.operands[p], node.operands[q]
        if one is not two or not isinstance(one, Apply):
            continue
        after = _collapsed(node, e, p, q, one)
        if after is not None:
            return after
    return None


def _collapsed(node: Einsum, e: int, p: int, q: int, stack: Apply) -> Expr | None:
    (x,) = stack.arguments
    size = add([(1, _count(stack)), (-1, number(1))])
    for first, second in ((p, q), (q, p)):
        rows, mid = node.subscripts[first][1:]
        start, cols = node.subscripts[second][1:]
        if mid == start:
            if mid >= node.rank and uses(node, mid) == 2:
                return replaced(node, [e, p, q], [(_count(stack), ()), (matrix_power(x, size), (rows, cols))])
            continue
        between = joined(node, (mid,), (e, p, q))
        factors = [pairs(node)[k] for k in between]
        labels = {label for _, own in factors for label in own}
        if len(between) == 1 and start in labels and min(mid, start) >= node.rank and \
                uses(node, mid) == uses(node, start) == 2:
            operand, own = factors[0]
            if own == (mid, start) and is_function_of(operand, x):
                fresh = 1 + max(label for subs in node.subscripts for label in subs)
                return replaced(node, [e, p, q, *between], [(_count(stack), ()), (matrix_power(x, size), (rows, fresh)),
                                                            (operand, (fresh, cols))])
    return None


def _count(stack: Apply) -> Expr:
    return dimension(stack.shape[0])


def is_function_of(expr: Expr, x: Expr) -> bool:
    """Whether a matrix commutes with ``x`` because it is made of it: sums, products and functions."""
    if expr is x or (isinstance(expr, Delta) and expr.rank == 2):
        return True
    match expr:
        case Apply(function=function):
            return function.name in _OF_MATRIX and expr.rank == 2 and is_function_of(expr.arguments[0], x)
        case Sum(terms=terms):
            return all(is_function_of(term, x) for _, term in terms)
        case Einsum():
            return _is_chain(expr) and all(is_function_of(operand, x) for operand in expr.operands if operand.rank)
    return False


def _is_chain(node: Einsum) -> bool:
    """Whether a product is one of matrices, none of them transposed: ``A_ij B_jk C_kl`` beside numbers."""
    following = {own[0]: own[1] for own in node.subscripts if len(own) == 2}
    count = sum(len(own) == 2 for own in node.subscripts)
    if node.rank != 2 or len(following) < count or any(len(own) not in (0, 2) for own in node.subscripts):
        return False
    label, steps = 0, 0
    while label in following and steps < count:
        label, steps = following[label], steps + 1
    return label == 1 and steps == count


@rule("powers.telescope", "series(j, 0, k-1, A^j) A = series(j, 0, k-1, A^j) + A^k - I", "powers",
      reference="geometric series", shrinks="a factor beside the sum vanishes")
def powers_telescope(node: Expr) -> Expr | None:
    """A plain sum of powers times its matrix, on either side."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "powers"):
        stack = node.operands[k]
        assert isinstance(stack, Apply)
        label, rows, cols = node.subscripts[k]
        (x,) = stack.arguments
        if label < node.rank or uses(node, label) != 1:
            continue
        for q, (operand, own) in enumerate(pairs(node)):
            if operand is not x or q == k:
                continue
            for inner, outer, near, far in ((cols, rows, own[0], own[1]), (rows, cols, own[1], own[0])):
                if inner == near and inner >= node.rank and uses(node, inner) == 2:
                    ends = (outer, far) if inner == cols else (far, outer)
                    power = matrix_power(x, _count(stack))
                    eye = delta(x.shape[0])
                    return add([(1, replaced(node, [k, q], [(stack, (label, *ends))])),
                                (1, replaced(node, [k, q], [(power, ends)])),
                                (-1, replaced(node, [k, q], [(eye, ends)]))], node.shape)
    return None


STANDARD = (matpow_inverse, matpow_merge, matpow_transpose, det_power, powers_collapse)
NORMAL = (powers_telescope,)
