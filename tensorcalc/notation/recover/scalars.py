"""Sizes and numbers as trees, as every notation writes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ...sizes import Dim, polynomial, triangle
from ..syntax import Call, Name, Num, Op, Syntax, add, is_op, multiply, negate, number

ONE = Num(Fraction(1))


def size(dim: Dim) -> Syntax:
    """A dimension as a formula."""
    if isinstance(dim, int):
        return Num(Fraction(dim))
    if dim.isalnum():
        return Name(dim)
    root = triangle(polynomial(dim))
    if root is not None:
        return Op("divide", (multiply(Name(root), add(Name(root), ONE)), Num(Fraction(2))))
    terms: list[Syntax] = []
    for monomial, weight in sorted(polynomial(dim).items(), key=lambda item: (-len(item[0]), item[0])):
        symbols = [Name(symbol) for symbol in monomial]
        top = multiply(*([number(abs(weight.numerator))] if abs(weight.numerator) != 1 or not symbols else []), *symbols)
        body = top if weight.denominator == 1 else Op("divide", (top, Num(Fraction(weight.denominator))))
        terms.append(negate(body) if weight < 0 else body)
    return add(*terms)


def zeros(shape: Sequence[Dim]) -> Syntax:
    """The zero of a shape with at most two axes."""
    return Call("zeros", tuple(size(dim) for dim in shape)) if shape else Num(Fraction(0))


def weighted(weight: Fraction, tree: Syntax) -> Syntax:
    """``tree`` times a number, the number where people write it."""
    if weight < 0:
        return negate(weighted(-weight, tree))
    if weight == 1:
        return tree
    if isinstance(tree, Num):
        return number(weight * tree.value)
    if is_op(tree, "negate") and isinstance(tree, Op):
        return negate(weighted(weight, tree.operands[0]))
    if weight.denominator in (2, 4, 5, 8, 10) and not is_op(tree, "divide"):
        return multiply(Num(weight), *(tree.operands if is_op(tree, "multiply") else (tree,)))
    if isinstance(tree, Op) and tree.operator == "divide":
        top, bottom = tree.operands
        below = bottom if weight.denominator == 1 else multiply(Num(Fraction(weight.denominator)), bottom)
        return Op("divide", (weighted(Fraction(weight.numerator), top), below))
    if isinstance(tree, Op) and tree.operator == "quotient" and tree.operands[0] == ONE:
        return Op("quotient", (number(weight), tree.operands[1]))
    return multiply(number(weight), *(tree.operands if isinstance(tree, Op) and tree.operator == "multiply" else (tree,)))
