"""Matrices that have an inverse almost everywhere."""

from __future__ import annotations

from ...algebra.build import (
    base_and_exponent,
    einsum,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...calculus.assume import is_nonzero
from ...calculus.rules.algebra import first_factor, kronecker_parts
from ...calculus.rules.products import argument_of, pairs

#
# A rule that puts in an inverse which nobody wrote proves an identity where that inverse exists.
# It holds everywhere if those points are dense, because both sides are continuous.

_OPEN = {"symmetric", "diagonal", "lower", "spd", "psd", "positive", "nonzero", "invertible", "nonnegative"}
_CONE = {*_OPEN, "skew"}


def is_regular(matrix: Expr) -> bool:
    """Whether the points at which a matrix has an inverse are dense; ``False`` where that is not seen."""
    if matrix.rank != 2:
        parts = kronecker_parts(matrix)
        return parts is not None and all(is_regular(part) if axes else is_regular_number(part) for part, axes in parts)
    match matrix:
        case Variable(facts=facts):
            return _is_free(matrix) or "orthogonal" in facts
        case Delta():
            return True
        case Apply(function=function, arguments=arguments):
            return function.name in ("inv", "expm", "chol") or (function.name == "adj" and is_regular(arguments[0]))
        case Einsum():
            return _is_regular_product(matrix)
        case Sum():
            return _is_regular_sum(matrix)
    return False


def _is_free(matrix: Expr) -> bool:
    """Whether a matrix is any of its kind, of which most have inverses."""
    square = matrix.rank == 2 and matrix.shape[0] == matrix.shape[1]
    return isinstance(matrix, Variable) and square and matrix.facts <= _OPEN


def _is_regular_product(product: Einsum) -> bool:
    """A product of regular matrices, or a vector on the diagonal."""
    scalars = [operand for operand in product.operands if not operand.shape]
    rest = [pair for pair in pairs(product) if pair[0].shape]
    if not all(map(is_regular_number, scalars)):
        return False
    if scalars:
        return is_regular(einsum(rest, (0, 1)))
    if len(rest) == 1:
        return rest[0][1] == (1, 0) and is_regular(rest[0][0])
    if any(isinstance(operand, Delta) for operand, _ in rest):
        return all(set(own) == {0} and isinstance(operand, Variable) and operand.facts <= _OPEN
                   for operand, own in rest if not isinstance(operand, Delta))
    first = first_factor(product)
    if first is None:
        return False
    k, label, factor = first
    return is_regular(factor) and is_regular(einsum([pair for q, pair in enumerate(rest) if q != k], (label, 1)))


def is_regular_number(number: Expr) -> bool:
    """Whether the points at which a number is not zero are dense."""
    base, _ = base_and_exponent(number)
    inner = argument_of(base, "det")
    return isinstance(base, (Variable, Delta)) or is_nonzero(base) or (inner is not None and is_regular(inner))


def _is_regular_sum(total: Sum) -> bool:
    """A sum with a matrix of its own, or with the identity and terms that can be made small."""
    applied_to = [part for _, term in total.terms for part in postorder(term) if isinstance(part, Apply)]
    inside = set(postorder(*applied_to))
    for _, term in total.terms:
        others = {node for _, other in total.terms if other is not term for node in postorder(other)}
        core = term.operands[0] if isinstance(term, Einsum) and term.subscripts == ((1, 0),) else term
        if _is_free(core) and core not in others:
            return True

    def shrinks(term: Expr) -> bool:
        factors = term.operands if isinstance(term, Einsum) else (term,)
        return any(isinstance(part, Variable) and part.facts <= _CONE and part not in inside for part in factors)

    eyes = [term for _, term in total.terms if isinstance(term, Delta)]
    return bool(eyes) and all(shrinks(term) for _, term in total.terms if not isinstance(term, Delta))
