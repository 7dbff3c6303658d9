"""Products with stacks of matrix powers, written as sums over an integer.

``Σ_ab P_a ⊗ E_ab ⊗ P_b`` is taken apart into a product in which each stack is one
power ``X^j`` or ``X^(k-1-j)``, to be written by whoever asked, and ``series`` around it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from ...algebra.expr import Apply, Einsum, Expr, Variable
from ...sizes import Dim, plus, polynomial, scale, spell
from ..syntax import Call, Indexed, Name, Num, Op, Syntax, walk
from .sharing import rebuilt

_COUNTERS = ("j", "s", "t", "u", "v")


@dataclass(frozen=True, slots=True)
class Unstacked:
    """A product with placeholders for powers: by name, what each is a power of, and of which sign."""

    inner: Expr
    holders: dict[str, tuple[Expr, bool]]
    count: Dim

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
        counter = self.counter({node.name for node in _names(body, trees)})
        powers: dict[str, Syntax] = {name: Op("power", (trees[name], self.exponent(rising, counter)))
                  for name, (_, rising) in self.holders.items()}
        return Call("series", (Name(counter), Num(Fraction(0)), written(polynomial(self.last)), _filled(body, powers)))


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


def _filled(tree: Syntax, powers: dict[str, Syntax]) -> Syntax:
    """``tree`` with its placeholders replaced; an indexed one becomes an indexed power."""
    def leaf(node: Syntax) -> Syntax:
        if isinstance(node, Name) and node.name in powers:
            return powers[node.name] if node.indices is None else Indexed(powers[node.name], node.indices)
        return node

    return rebuilt(tree, leaf)


def unstack(product: Einsum) -> Unstacked | None:
    """``product`` without its stacks, where all of them run over one integer; ``None`` otherwise."""
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

