"""Which facts follow: what is positive, what is not zero, and why.

Sound, not complete: ``False`` says that nothing was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from ..algebra.build import base_and_exponent, einsum, is_number
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder

_POSITIVE = {"exp", "sigmoid", "softplus", "softmax", "cosh"}
_NOT_NEGATIVE = {"abs", "relu"}


def is_positive(expr: Expr) -> bool:
    """Whether every entry of ``expr`` is positive wherever logarithms and roots of it are defined.

    Absolute values count: they vanish only where the logarithm is not defined.  So do
    entries that a declared or implied property keeps from being negative.
    """
    value = is_number(expr)
    if value is not None:
        return value > 0
    match expr:
        case Variable(facts=facts):
            return bool(facts & {"positive", "simplex", "nonnegative"})
        case Delta():
            return expr.rank < 2
        case Apply(function=function, arguments=arguments):
            if function.name in _POSITIVE or function.name in _NOT_NEGATIVE:
                return True
            if function.name == "det":
                return is_definite(arguments[0])
            base, exponent = base_and_exponent(expr)
            if isinstance(exponent, Fraction) and exponent.numerator % 2 == 0 and exponent != 1:
                return True
            return expr is not base and is_positive(base)
        case Sum(terms=terms):
            return bool(terms) and all(weight > 0 and is_positive(term) for weight, term in terms)
        case Einsum(operands=operands, subscripts=subscripts):
            if any(isinstance(o, Delta) and o.rank > 1 for o in operands):
                return False
            return all(map(is_positive, operands)) or _is_square(operands, subscripts) or _is_form(expr)
    return False


def is_nonzero(expr: Expr) -> bool:
    """Whether no entry of ``expr`` is ever zero.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, variable
    >>> from tensorcalc.functions import TABLE
    >>> x = variable("x", "n")
    >>> is_nonzero(apply(TABLE["exp"], x)), is_nonzero(apply(TABLE["abs"], x))
    (True, False)
    """
    value = is_number(expr)
    if value is not None:
        return value != 0
    match expr:
        case Variable(facts=facts):
            return bool(facts & {"positive", "nonzero"})
        case Delta():
            return expr.rank < 2
        case Apply(function=function, arguments=arguments):
            if function.name in ("abs", "sign"):
                return is_nonzero(arguments[0])
            if function.name == "det":
                return is_definite(arguments[0])
            base, _ = base_and_exponent(expr)
            return function.name in _POSITIVE or (base is not expr and is_nonzero(base))
        case Sum(terms=terms):
            return bool(terms) and all(weight > 0 and is_positive(term) for weight, term in terms) and \
                any(is_nonzero(term) for _, term in terms)
        case Einsum(operands=operands, subscripts=subscripts):
            kept = set(range(expr.rank))
            return all(set(own) <= kept for own in subscripts) and all(is_nonzero(operand) for operand in operands)
    return False


def is_definite(matrix: Expr) -> bool:
    """Whether a matrix is symmetric and positive definite."""
    match matrix:
        case Variable(facts=facts):
            return "spd" in facts
        case Delta():
            return matrix.rank == 2
        case Apply(function=function, arguments=arguments):
            return function.name == "inv" and is_definite(arguments[0])
        case Sum(terms=terms):
            return bool(terms) and all(weight > 0 and is_definite(term) for weight, term in terms)
    return False


def is_lower(matrix: Expr) -> bool:
    """Whether a matrix is zero above the diagonal.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, variable
    >>> from tensorcalc.functions import TABLE
    >>> is_lower(apply(TABLE["inv"], variable("L", "n", "n", facts=["lower"])))
    True
    """
    match matrix:
        case Variable(facts=facts):
            return bool(facts & {"lower", "diagonal"})
        case Delta():
            return matrix.rank == 2
        case Apply(function=function, arguments=arguments):
            return function.name in ("tril", "chol") or \
                (function.name in ("inv", "expm", "matpow") and matrix.rank == 2 and is_lower(arguments[0]))
        case Sum(terms=terms):
            return all(is_lower(term) for _, term in terms)
        case Einsum() if matrix.rank == 2:
            return _is_lower_product(matrix)
    return False


def _is_lower_product(product: Einsum) -> bool:
    """Whether lower matrices lead from the rows to the columns, or one stands beside other factors."""
    pairs = list(zip(product.operands, product.subscripts))
    if any(own == (0, 1) and is_lower(operand) for operand, own in pairs):
        return True
    at, seen = 0, set[int]()
    while at != 1:
        k = next((k for k, (_, own) in enumerate(pairs) if len(own) == 2 and own[0] == at), None)
        if k is None or k in seen or not is_lower(pairs[k][0]):
            return False
        seen.add(k)
        at = pairs[k][1][1]
    return True


def _is_form(product: Einsum) -> bool:
    """Whether a number is x' S x with a definite or semidefinite matrix S."""
    if product.shape:
        return False
    pairs = list(zip(product.operands, product.subscripts))
    for k, (matrix, own) in enumerate(pairs):
        if len(own) == 2 and own[0] != own[1] and (is_definite(matrix) or "psd" in getattr(matrix, "facts", ())):
            rest = [pair for q, pair in enumerate(pairs) if q != k]
            sides = [_reached(rest, label) for label in own]
            if len(sides[0]) + len(sides[1]) == len(rest) and not set(sides[0]) & set(sides[1]):
                halves = [einsum([rest[q] for q in side], (label,)) for side, label in zip(sides, own)]
                if halves[0] is halves[1]:
                    return True
    return False


def _reached(factors: list[tuple[Expr, tuple[int, ...]]], start: int) -> list[int]:
    """The factors that an index leads to."""
    labels, found = {start}, set[int]()
    while True:
        more = {k for k, (_, own) in enumerate(factors) if k not in found and labels & set(own)}
        if not more:
            return sorted(found)
        found |= more
        labels |= {label for k in more for label in factors[k][1]}


def implied(exprs: Iterable[Expr], facts: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """``facts``, and what holds wherever all of ``exprs`` are defined: of what a logarithm or a root is taken.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, variable
    >>> from tensorcalc.functions import TABLE
    >>> implied([apply(TABLE["log"], variable("x", "n"))], {})
    {'x': ['positive']}
    """
    found = {name: list(own) for name, own in facts.items()}
    for node in postorder(*exprs):
        base, exponent = base_and_exponent(node)
        fact = ""
        if isinstance(node, Apply) and node.function.name == "log":
            (base,), fact = node.arguments, "positive"
        elif base is not node and isinstance(exponent, Fraction) and exponent.denominator > 1:
            fact = "positive" if exponent < 0 else "nonnegative"
        if fact and isinstance(base, Variable):
            found.setdefault(base.name, []).append(fact)
    return found


def _is_square(operands: tuple[Expr, ...], subscripts: tuple[tuple[int, ...], ...]) -> bool:
    """Whether a product is a sum of squares: every factor occurs an even number of times at its place."""
    counts: dict[tuple[Expr, tuple[int, ...]], int] = {}
    for pair in zip(operands, subscripts):
        counts[pair] = counts.get(pair, 0) + 1
    return all(count % 2 == 0 for count in counts.values())
