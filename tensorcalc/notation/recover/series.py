"""Products with stacks of matrix powers, written as sums over an integer.

``Σ_ab P_a ⊗ E_ab ⊗ P_b`` is taken apart into a product in which each stack is one
power ``X^j`` or ``X^(k-1-j)``, to be written by whoever asked, and ``series`` around it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction

from ...algebra.expr import Apply, Einsum, Expr, Variable
from ...functions import Function, coefficients_of, frechet_of, is_series
from ...sizes import Dim, plus, polynomial, scale, spell
from ..syntax import Call, Indexed, Name, Num, Op, Syntax, multiply, walk
from .called import function_name
from .sharing import rebuilt

_COUNTERS = ("j", "s", "t", "u", "v")
_OUTER = ("k", "l", *(f"k{number}" for number in range(1, 99)))


@dataclass(frozen=True, slots=True)
class Unstacked:
    """A product with placeholders for powers: by name, what each is a power of, and of which sign.

    ``function``: the derivative of a power series, whose coefficients the sum is weighted with; its ``count`` is the
    name that an outer sum counts by.
    """

    inner: Expr
    holders: dict[str, tuple[Expr, bool]]
    count: Dim
    function: Function | None = None

    def counter(self, taken: Collection[str]) -> str:
        """A name for the integer."""
        return next(name for name in (*_COUNTERS, *(f"j{k}" for k in range(1, 99))) if name not in taken)

    def exponent(self, rising: bool, counter: str) -> Syntax:
        """``j`` or ``k - 1 - j``."""
        if rising:
            return Name(counter)
        return written(plus(polynomial(self.last), {(counter,): Fraction(-1)}))

    @property
    def last(self) -> Dim:
        """The largest value of the integer."""
        return spell(plus(polynomial(self.count), scale(polynomial(1), Fraction(-1))))

    def around(self, body: Syntax, trees: dict[str, Syntax]) -> Syntax:
        """The series, given the body and the trees of what there are powers of."""
        taken = {node.name for node in _names(body, trees)} | _letters(body)
        counter = self.counter({*taken, str(self.count)})
        if self.function is not None and self.count in taken:
            other = next(name for name in _OUTER if name not in {*taken, counter})
            return replace(self, count=other).around(body, trees)
        powers: dict[str, Syntax] = {name: Op("power", (trees[name], self.exponent(rising, counter)))
                  for name, (_, rising) in self.holders.items()}
        body = _apart(body, {node.name for tree in powers.values() for node in walk(tree) if isinstance(node, Name)})
        inner = Call("series", (Name(counter), Num(Fraction(0)), written(polynomial(self.last)), _filled(body, powers)))
        if self.function is None:
            return inner
        known, outer = len(coefficients_of(self.function)), Name(str(self.count))
        high = Num(Fraction(known - 1)) if known else Name("inf")
        return Call("series", (outer, Num(Fraction(1)), high, multiply(
            Call("coefficient", (function_name(self.function), outer)), inner)))


def written(poly: dict[tuple[str, ...], Fraction]) -> Syntax:
    """A polynomial as a formula, positive terms first."""
    plus_terms: list[Syntax] = []
    minus_terms: list[Syntax] = []
    for monomial, weight in sorted(poly.items(), key=lambda item: (not item[0], item[0])):
        factors: list[Syntax] = [Name(symbol) for symbol in monomial]
        if abs(weight) != 1 or not factors:
            factors.insert(0, Num(abs(weight)))
        term = factors[0] if len(factors) == 1 else Op("multiply", tuple(factors))
        (plus_terms if weight > 0 else minus_terms).append(term if weight > 0 else Op("negate", (term,)))
    terms = [*plus_terms, *minus_terms]
    return Num(Fraction(0)) if not terms else terms[0] if len(terms) == 1 else Op("add", tuple(terms))


def _names(body: Syntax, trees: dict[str, Syntax]) -> list[Name]:
    return [node for tree in (body, *trees.values()) for node in walk(tree) if isinstance(node, Name)]


def _letters(tree: Syntax) -> set[str]:
    """The indices that stand in a formula."""
    groups = [index for node in walk(tree) for index in (getattr(node, "indices", None) or ())]
    return {letter for group in groups for letter in ((group,) if isinstance(group, str) else group)}


def _apart(tree: Syntax, names: set[str]) -> Syntax:
    """``tree``, in which no series counts by one of ``names``, which are about to be put into it."""
    bound = {node.arguments[0].name for node in walk(tree)
             if isinstance(node, Call) and node.function == "series" and isinstance(node.arguments[0], Name)} & names
    if not bound:
        return tree
    taken = names | {node.name for node in walk(tree) if isinstance(node, Name)}
    fresh: dict[str, str] = {}
    for name in sorted(bound):
        fresh[name] = next(other for other in (*_OUTER, *_COUNTERS) if other not in taken)
        taken.add(fresh[name])

    def leaf(node: Syntax) -> Syntax:
        return Name(fresh[node.name], node.indices, node.span) if isinstance(node, Name) and node.name in fresh else node

    return rebuilt(tree, leaf)


def _filled(tree: Syntax, powers: dict[str, Syntax]) -> Syntax:
    """``tree`` with its placeholders replaced; an indexed one becomes an indexed power."""
    def leaf(node: Syntax) -> Syntax:
        if isinstance(node, Name) and node.name in powers:
            return powers[node.name] if node.indices is None else Indexed(powers[node.name], node.indices)
        return node

    return rebuilt(tree, leaf)


def opened(product: Einsum | Apply) -> Unstacked | None:
    """``product`` with the derivative of a power series in it as a sum of products of powers; ``None`` otherwise."""
    operands = product.operands if isinstance(product, Einsum) else (product,)
    subscripts = product.subscripts if isinstance(product, Einsum) else (tuple(range(product.rank)),)
    slopes = [k for k, operand in enumerate(operands) if isinstance(operand, Apply) and operand.function.name == "frechet_funm"
              and is_series(frechet_of(operand.function)[0])]
    stacked = any(isinstance(operand, Apply) and operand.function.name in ("powers", "exchange") for operand in operands)
    if len(slopes) != 1 or stacked:
        return None
    (k,), slope = slopes, operands[slopes[0]]
    assert isinstance(slope, Apply)
    function, times = frechet_of(slope.function)
    if times > 1 or function.ways or slope.rank > 4:
        return None
    (x,) = slope.arguments
    i, j, p, q = subscripts[k]
    made = [(Variable(x.shape, "power0"), (i, p)), (Variable(x.shape, "power1"), (q, j))]
    pairs = [*zip(operands[:k], subscripts[:k]), *made, *zip(operands[k + 1:], subscripts[k + 1:])]
    inner = Einsum(product.shape, tuple([operand for operand, _ in pairs]), tuple([own for _, own in pairs]))
    return Unstacked(inner, {"power0": (x, True), "power1": (x, False)}, _OUTER[0], function)


def unstack(product: Einsum | Apply) -> Unstacked | None:
    """``product`` without its stacks, where all of them run over one integer; ``None`` otherwise."""
    found = opened(product)
    if found is not None or isinstance(product, Apply):
        return found
    stacks = [k for k, operand in enumerate(product.operands)
              if isinstance(operand, Apply) and operand.function.name == "powers"]
    if not stacks:
        return None
    up = product.subscripts[stacks[0]][0]
    down: int | None = None
    gone = []
    for k, operand in enumerate(product.operands):
        if isinstance(operand, Apply) and operand.function.name == "exchange":
            own = product.subscripts[k]
            if up not in own or down is not None:
                return None
            down = own[1] if own[0] == up else own[0]
            gone.append(k)
    counters = {up} if down is None else {up, down}
    if min(counters) < product.rank:
        return None   # the integer goes on outside of this product
    operands: list[Expr] = []
    subscripts: list[tuple[int, ...]] = []
    holders: dict[str, tuple[Expr, bool]] = {}
    for k, (operand, own) in enumerate(zip(product.operands, product.subscripts)):
        if k in gone:
            continue
        if k in stacks:
            assert isinstance(operand, Apply)
            if own[0] not in counters or own[0] < product.rank:
                return None
            name = f"power{k}"
            holders[name] = operand.arguments[0], own[0] == up
            operands.append(Variable(operand.shape[1:], name))
            subscripts.append(own[1:])
        elif counters & set(own):
            return None
        else:
            operands.append(operand)
            subscripts.append(own)
    inner: Expr = Einsum(product.shape, tuple(operands), tuple(subscripts))
    return Unstacked(inner, holders, product.operands[stacks[0]].shape[0])

