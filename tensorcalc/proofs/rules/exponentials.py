"""Exponentials, logarithms and roots of matrices."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ...algebra.build import (
    ONE,
    add,
    apply,
    delta,
    einsum,
    scale,
    split,
    symmetry,
    transpose,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...calculus.rewrite import rule
from ...calculus.rules.algebra import kronecker_parts
from ...calculus.rules.products import Pair, applied, argument_of, find_product, like, pairs, replaced, uses
from ...functions import TABLE
from .determinants import cuts
from .parts import reads_better, row_sum, terms


@rule("expm.inverse", "inv(expm(A)) = expm(-A)", "inv", shrinks="an inverse vanishes")
def expm_inverse(node: Expr) -> Expr | None:
    inner = argument_of(node, "inv")
    x = None if inner is None else argument_of(inner, "expm")
    return None if x is None or not isinstance(inner, Apply) else apply(inner.function, scale(-1, x))


_OF_MATRIX = ("expm", "logm", "sqrtm", "funm")


@rule("expm.transpose", "expm(A') = expm(A)'", *_OF_MATRIX, reference="Higham 2008, th. 1.13",
      shrinks="the argument is the one that comes first")
def expm_transpose(node: Expr) -> Expr | None:
    """And every other function of matrices."""
    inner = argument_of(node, *_OF_MATRIX)
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    turned = transpose(inner, (1, 0))
    return transpose(like(node, turned), (1, 0)) if reads_better(turned, inner) else None


@rule("expm.diagonal", "expm(diag(x)) = diag(exp(x))", "expm", shrinks="a matrix function becomes elementwise")
def expm_diagonal(node: Expr) -> Expr | None:
    inner = argument_of(node, "expm")
    if not isinstance(inner, (Einsum, Sum)) or inner.rank != 2:
        return None
    if any(not (isinstance(term, Einsum) and any(isinstance(o, Delta) and o.rank == 2 for o in term.operands))
           and not (isinstance(term, Delta)) for _, term in terms(inner)):
        return None
    vector = add([(weight, row_sum(term)) for weight, term in terms(inner)], (inner.shape[0],))
    return einsum([(apply(TABLE["exp"], vector), (0,)), (delta(inner.shape[0]), (0, 1))], (0, 1))


@rule("expm.kronsum", "expm(kron(A, eye(m)) + kron(eye(n), B)) = kron(expm(A), expm(B))", "expm",
      reference="Higham 2008, th. 10.9", shrinks="the argument falls apart")
def expm_kronsum(node: Expr) -> Expr | None:
    inner = argument_of(node, "expm")
    if inner is None or inner.rank != 4 or len(terms(inner)) > 2:
        return None
    found: dict[int, Expr] = {}
    for weight, term in terms(inner):
        parts = kronecker_parts(term)
        if parts is None or len(parts) != 2:
            return None
        eyes = [axes for part, axes in parts if isinstance(part, Delta)]
        rest = [(part, axes) for part, axes in parts if not isinstance(part, Delta)]
        if len(eyes) != 1 or len(rest) != 1:
            return None
        place = rest[0][1][0]
        found[place] = add([(weight, rest[0][0]), *([(1, found[place])] if place in found else [])])
    parts_of = [apply(TABLE["expm"], found[k]) if k in found else delta(inner.shape[k]) for k in (0, 1)]
    return einsum([(parts_of[0], (0, 2)), (parts_of[1], (1, 3))], range(4))


@rule("expm.sum", "expm(a A + b A) = expm(a A) expm(b A)", "expm",
      shrinks="an argument falls apart into commuting terms")
def expm_sum(node: Expr) -> Expr | None:
    """Of terms that commute, which their normal forms decide."""
    inner = argument_of(node, "expm")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) < 2 or not isinstance(node, Apply):
        return None
    for weight, term in inner.terms:
        rest = add([pair for pair in inner.terms if pair[1] is not term], inner.shape)
        one = einsum([(term, "ij"), (rest, "jk")], "ik")
        two = einsum([(rest, "ij"), (term, "jk")], "ik")
        if one is two or all(einsum([(term, "ij"), (t, "jk")], "ik") is einsum([(t, "ij"), (term, "jk")], "ik")
                             for _, t in inner.terms):
            return einsum([(like(node, scale(weight, term)), "ij"), (like(node, rest), "jk")], "ik")
    return None


def neighbours(node: Expr, name: str) -> Iterator[tuple[int, int, Expr, Expr, list[Pair]]]:
    """Pairs of matrices f(A) f(B) that stand side by side: the labels at the ends, A, B, and the other factors."""
    if not isinstance(node, Einsum):
        return
    places = [k for k in applied(node, name) if node.operands[k].rank == 2]
    for k in places:
        for q in places:
            i, j = node.subscripts[k]
            if k == q or i == j or j < node.rank or uses(node, j) != 2:
                continue
            a, b = (argument_of(node.operands[place], name) for place in (k, q))
            assert a is not None and b is not None
            r, s = node.subscripts[q]
            rest = [pair for place, pair in enumerate(pairs(node)) if place not in (k, q)]
            for near, other, far in ((r, b, s), (s, transpose(b, (1, 0)), r)):
                if j == near:
                    yield i, far, a, other, rest


@rule("expm.merge", "expm(a A) expm(b A) = expm((a + b) A)", "expm", shrinks="two factors become one")
def expm_merge(node: Expr) -> Expr | None:
    for i, far, a, b, rest in neighbours(node, "expm"):
        if _without_scalars(a) is _without_scalars(b):
            total = add([(1, a), (1, b)])
            vanishes = isinstance(total, Sum) and not total.terms
            made = delta(a.shape[0]) if vanishes else apply(TABLE["expm"], total)
            return einsum([*rest, (made, (i, far))], range(node.rank))
    return None


@rule("expm.similar", "expm(B A inv(B)) = B expm(A) inv(B)", "expm", "funm", reference="Higham 2008, th. 1.13",
      shrinks="the argument loses two factors")
def expm_similar(node: Expr) -> Expr | None:
    """A matrix at one end of the argument and its inverse, or its transpose where it is orthogonal, at the other."""
    inner = argument_of(node, "expm", "funm")
    if not isinstance(inner, Einsum) or inner.rank != 2 or not isinstance(node, Apply):
        return None
    for k, (operand, own) in enumerate(pairs(inner)):
        matrix, orthogonal = argument_of(operand, "inv"), "orthogonal" in getattr(operand, "facts", ())
        if len(own) != 2 or own[0] == own[1] or (matrix is None and not orthogonal):
            continue
        for axis in (0, 1):
            end, x = own[axis], own[1 - axis]
            if end > 1 or x < 2 or uses(inner, x) != 2:
                continue
            wanted, known = (operand, {axis: 1 - end}) if matrix is None else (matrix, {1 - axis: 1 - end})
            if wanted.rank != 2:
                continue
            found = find_product(inner, wanted, known, {k})
            if found is None:
                continue
            binding, used = found
            y = binding[1 - axis] if matrix is None else binding[axis]
            gone = {k, *used}
            rest = [pair for q, pair in enumerate(pairs(inner)) if q not in gone]
            if y < 2 or x == y or uses(inner, y) != 2 or {0, 1} & {label for _, labels in rest for label in labels}:
                continue
            middle = einsum(rest, (x, y) if end == 0 else (y, x))
            ends = [pair for q, pair in enumerate(pairs(inner)) if q in gone]
            made = like(node, middle)
            return einsum([*ends, (made, (x, y) if end == 0 else (y, x))], (0, 1))
    return None


@rule("expm.push", "expm(A*B)*A = A*expm(B*A)", "expm", "funm", reference="MC 493",
      shrinks="the argument is the one of the two that comes first")
def expm_push(node: Expr) -> Expr | None:
    """A factor of the argument beside the function, on either side."""
    if not isinstance(node, Einsum):
        return None
    for k in (*applied(node, "expm"), *applied(node, "funm")):
        operand, own = node.operands[k], node.subscripts[k]
        low = operand.children[0]
        if not isinstance(operand, Apply) or operand.rank != 2 or not isinstance(low, Einsum):
            continue
        for left, right, dim in cuts(low):
            other = None if dim is None else like(operand, einsum([(right, "ib"), (left, "bj")], "ij"))
            if other is None or other.key >= operand.key:
                continue
            for beside, place in ((left, 1), (right, 0)):
                near, far = own[place], own[1 - place]
                if near < node.rank or uses(node, near) != 2 or near == far:
                    continue
                found = find_product(node, beside, {1 - place: near}, {k})
                if found is not None:
                    binding, used = found
                    end = binding[place]
                    outer = (far, end) if place else (end, far)
                    ends = [(beside, (outer[0], near)), (other, (near, outer[1]))] if place else \
                        [(other, (outer[0], near)), (beside, (near, outer[1]))]
                    return replaced(node, [k, *used], ends)
    return None


@rule("logm.inverse", "expm(logm(A)) = A", "expm", "logm", "sqrtm", reference="Higham 2008, secs. 1.5 to 1.7",
      shrinks="a function vanishes")
def logm_inverse(node: Expr) -> Expr | None:
    """expm undoes logm, logm undoes expm of a symmetric matrix; both sqrtm and logm of an inverse."""
    if not isinstance(node, Apply) or len(node.arguments) != 1:
        return None
    (x,) = node.arguments
    match node.function.name:
        case "expm":
            return argument_of(x, "logm")
        case "logm":
            inner, inverted = argument_of(x, "expm"), argument_of(x, "inv")
            if inner is not None and symmetry(inner) > 0:
                return inner
            return None if inverted is None else scale(-1, like(node, inverted))
        case "sqrtm":
            inverted = argument_of(x, "inv")
            return None if inverted is None or not isinstance(x, Apply) else apply(x.function, like(node, inverted))
    return None


@rule("sqrtm.square", "sqrtm(A) sqrtm(A) = A", "sqrtm", "chol", reference="definition", shrinks="two functions vanish")
def sqrtm_square(node: Expr) -> Expr | None:
    """chol(S) chol(S)' = S too, of a symmetric matrix."""
    if not isinstance(node, Einsum):
        return None
    for name in ("sqrtm", "chol"):
        places = applied(node, name)
        for k in places:
            for q in places:
                one, (i, j) = node.operands[k], node.subscripts[k][:2]
                inner = argument_of(one, name)
                if k == q or node.operands[q] is not one or one.rank != 2 or inner is None:
                    continue
                r, s = node.subscripts[q] if name == "sqrtm" else node.subscripts[q][::-1]
                if name == "sqrtm" and s == j and symmetry(one) > 0:
                    r, s = s, r
                if j == r and j >= node.rank and uses(node, j) == 2 and (name == "sqrtm" or symmetry(inner) > 0):
                    return replaced(node, [k, q], [(inner, (i, s))])
    return None


@rule("sqrtm.root", "sqrtm(A^2) = A", "sqrtm", reference="Higham 2008, th. 1.29", shrinks="a function vanishes")
def sqrtm_root(node: Expr) -> Expr | None:
    """Of the square of a positive matrix."""
    inner = argument_of(node, "sqrtm")
    if not isinstance(inner, Einsum) or inner.rank != 2 or len(inner.operands) != 2 or \
            inner.operands[0] is not inner.operands[1]:
        return None
    matrix = inner.operands[0]
    square = einsum([(matrix, "ij"), (matrix, "jk")], "ik")
    return matrix if matrix.rank == 2 and square is inner and {"spd", "psd"} & set(getattr(matrix, "facts", ())) else None


@rule("logm.trace", "tr(logm(A)) = logdet(A)", "logm", reference="Higham 2008, sec. 11.1",
      shrinks="a function vanishes")
def logm_trace(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "logm"):
        own = node.subscripts[k]
        if len(own) == 2 and own[0] == own[1] and own[0] >= node.rank and uses(node, own[0]) == 2:
            return replaced(node, [k], [(apply(TABLE["logdet"], node.operands[k].children[0]), ())])
    return None


@rule("expm.commute", "expm(A) A = A expm(A)", *_OF_MATRIX, reference="Higham 2008, th. 1.13",
      shrinks="the argument stands left of the function")
def expm_commute(node: Expr) -> Expr | None:
    """And every other function of matrices."""
    if not isinstance(node, Einsum):
        return None
    for k in [k for name in _OF_MATRIX for k in applied(node, name)]:
        operand = node.operands[k]
        inner = _without_scalars(argument_of(operand, *_OF_MATRIX) or ONE)
        if operand.rank != 2:
            continue
        i, j = node.subscripts[k]
        if j < node.rank or uses(node, j) != 2 or i == j:
            continue
        found = find_product(node, inner, {0: j}, {k})
        if found is None:
            continue
        binding, used = found
        far = binding[1]
        if far == i:
            continue
        return replaced(node, [k, *used], [(inner, (i, j)), (operand, (j, far))])
    return None


def _without_scalars(expr: Expr) -> Expr:
    """A matrix without its numeric factors, which change nothing about what commutes with it."""
    core = split(expr)[1]
    if isinstance(core, Einsum) and core.shape:
        return einsum([pair for pair in pairs(core) if pair[0].shape], range(core.rank))
    return core


@rule("expm.kernel", "expm(skew(x)) x = x", "expm", reference="definition", shrinks="a function vanishes")
def expm_kernel(node: Expr) -> Expr | None:
    """expm(A) B = B where A B = 0."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "expm"):
        matrix = argument_of(node.operands[k], "expm")
        if matrix is None or matrix.rank != 2:
            continue
        for place in (0, 1):
            near, far = node.subscripts[k][place], node.subscripts[k][1 - place]
            if near < node.rank or uses(node, near) != 2 or near == far:
                continue
            for other, own in pairs(node):
                if near in own and other is not node.operands[k]:
                    labels = [*own, -1]
                    inner = einsum([(matrix, (-1, near) if place else (near, -1)), (other, own)],
                                   [label for label in dict.fromkeys(labels) if label != near])
                    if isinstance(inner, Sum) and not inner.terms:
                        return replaced(node, [k], [(delta(matrix.shape[0]), (near, far))])
    return None


@rule("chol.logdet", "sum(log(diag(chol(A)))) = 1/2*logdet(A)", "log", reference="Golub & Van Loan 2013, sec. 4.2",
      shrinks="two functions become one")
def chol_logdet(node: Expr) -> Expr | None:
    """The logarithm of a determinant by the factor of a symmetric matrix."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "log"):
        own, inner = node.subscripts[k], node.operands[k].children[0]
        diagonal = isinstance(inner, Einsum) and inner.subscripts == ((0, 0),)
        matrix = argument_of(inner.children[0], "chol") if diagonal else None
        if matrix is not None and symmetry(matrix) > 0 and own[0] >= node.rank and uses(node, own[0]) == 1:
            return scale(Fraction(1, 2), replaced(node, [k], [(apply(TABLE["logdet"], matrix), ())]))
    return None
