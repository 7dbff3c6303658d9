"""What a plan takes, to read: operations, memory, and the order of its steps.

Knows plans and sizes; nothing of arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder, uses
from ...sizes import Dim, polynomial
from .pairwise import entries, is_placement, total_cost
from .plan import nominal_sizes

Monomials = dict[tuple[str, ...], Fraction]


@dataclass(frozen=True, slots=True)
class Report:
    """What a plan takes at given sizes.

    ``operations``: multiplications and additions; ``polynomial``: the same for any sizes.  ``largest``
    and ``peak``: entries of the largest intermediate result, and of all that are held at one time, the
    results included and the inputs not.  ``results``: entries of the results.  ``steps``: the order, one
    line a step.
    """

    operations: int
    polynomial: str
    largest: int
    peak: int
    results: int
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([
            f"operations            {self.operations:,} = {self.polynomial}",
            f"largest intermediate  {self.largest:,} entries",
            f"peak memory           {self.peak:,} entries beside the inputs, {self.results:,} of them the result",
            *self.steps,
        ])


def info(plans: Iterable[Expr], sizes: Mapping[str, int] | None = None) -> Report:
    """What the ``plans`` of :func:`tensorcalc.numbers.plans.plan.plans` take together.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> from tensorcalc.numbers.plans.plan import plan
    >>> A, B, x = variable("A", "m", "n"), variable("B", "n", "p"), variable("x", "p")
    >>> sizes = {"m": 20, "n": 30, "p": 40}
    >>> print(info([plan(einsum([(A, "ij"), (B, "jk"), (x, "k")], "i"), sizes)], sizes))
    operations            3,600 = 2 m n + 2 n p
    largest intermediate  30 entries
    peak memory           50 entries beside the inputs, 20 of them the result
    1  n: ij,j->i of B, x       2,400
    2  m: ij,j->i of A, 1       1,200
    """
    roots = list(plans)
    known = {**nominal_sizes(roots), **(sizes or {})}
    order = [node for node in postorder(*roots) if not isinstance(node, (Variable, Delta))]
    inner = [entries(node, known) for node in order if node not in roots]
    total: Monomials = {}
    for node in order:
        for monomial, weight in operations(node).items():
            total[monomial] = total.get(monomial, Fraction(0)) + weight
    return Report(total_cost(roots, known), _spelled(total), max(inner, default=0), _peak(roots, order, known),
                  sum(entries(root, known) for root in dict.fromkeys(roots)), _steps(order, known))


def operations(node: Expr) -> Monomials:
    """The operations of one step as a polynomial in the sizes; see :func:`tensorcalc.numbers.plans.pairwise.cost`."""
    dims = list(node.shape)
    factor = 1
    match node:
        case Sum(terms=terms):
            factor = len(terms)
        case Einsum(operands=operands, subscripts=subscripts) if not is_placement(node):
            sized = {label: dim for own, operand in zip(subscripts, operands) for label, dim in zip(own, operand.shape)}
            halves = len(operands) == 2 and operands[0] is operands[1] and node.rank == 2
            dims, factor = list(sized.values()), 1 + (len(sized) > node.rank and not halves)
        case Variable() | Delta():
            return {}
    return _product(dims, Fraction(factor))


def _product(dims: Sequence[Dim], weight: Fraction) -> Monomials:
    found: Monomials = {(): weight}
    for dim in dims:
        parts = polynomial(dim).items()
        multiplied: Monomials = {}
        for monomial, value in found.items():
            for other, factor in parts:
                key = tuple(sorted(monomial + other))
                multiplied[key] = multiplied.get(key, Fraction(0)) + value * factor
        found = multiplied
    return {monomial: value for monomial, value in found.items() if value}


def _spelled(total: Monomials) -> str:
    """A polynomial, highest degrees first: ``2 N d^3 + 4 d^2``."""
    parts = []
    for monomial, weight in sorted(total.items(), key=lambda item: (-len(item[0]), item[0])):
        names = [name if count == 1 else f"{name}^{count}"
                 for name, count in ((name, monomial.count(name)) for name in dict.fromkeys(monomial))]
        parts.append(" ".join([*([str(weight)] if weight != 1 or not names else []), *names]))
    return " + ".join(parts).replace("+ -", "- ") or "0"


def _peak(roots: Sequence[Expr], order: Sequence[Expr], sizes: Mapping[str, int]) -> int:
    """The most entries held at one time, each value forgotten after its last use."""
    left = uses(roots)
    held = most = 0
    for node in order:
        held += entries(node, sizes)
        most = max(most, held)
        for child in node.children:
            left[child] -= 1
            if not left[child] and not isinstance(child, (Variable, Delta)):
                held -= entries(child, sizes)
    return most


def _steps(order: Sequence[Expr], sizes: Mapping[str, int]) -> tuple[str, ...]:
    """One line a step: its number, the shape of its value, what is done with what, and the operations."""
    number = {node: str(k) for k, node in enumerate(order, 1)}
    lines = []
    for node in order:
        operands = ", ".join([child.name if isinstance(child, Variable) else number.get(child, "δ") for child in node.children])
        shape = " x ".join(map(str, node.shape)) or "number"
        lines.append((f"{number[node]:<2} {shape}: {done(node)}{' of ' + operands if operands else ''}",
                      f"{total_cost([node], sizes, node.children):,}"))
    width = max([len(text) for text, _ in lines], default=0)
    return tuple([f"{text:<{width}}  {price:>10}" for text, price in lines])


def done(node: Expr) -> str:
    """What a step does: the subscripts of a product, the name of a function."""
    match node:
        case Sum():
            return "sum"
        case Apply(function=function):
            return function.name
        case Einsum(subscripts=subscripts) if not is_placement(node):
            letters: dict[int, str] = {}
            for label in (*range(node.rank), *(label for own in subscripts for label in own)):
                letters.setdefault(label, chr(ord("i") + len(letters) % 18) + "'" * (len(letters) // 18))
            parts = ["".join([letters[label] for label in own]) for own in subscripts]
            return ",".join(parts) + "->" + "".join([letters[axis] for axis in range(node.rank)])
    return "placed"
