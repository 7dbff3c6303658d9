"""A plan as people read contraction paths: scalings, operations, and a table of steps.

The report reads like :class:`opt_einsum.contract.PathInfo`, and its naive count is counted alike;
a plan has sums and functions too, and steps that several others use.  Knows plans and sizes; nothing of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...sizes import value
from .pairwise import entries, is_placement, total_cost
from .report import done, info

_LETTERS = "ijklmnpqrstuvwabcdefghoxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Step(NamedTuple):
    """A step: how many indices it runs over, what kind of product it is, what it takes and makes."""

    number: int
    scaling: int
    kind: str
    operations: int
    entries: int
    text: str


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What a plan takes beside the product as it is written.

    ``complete``: the whole contraction where the expression is one product, else its shape.  ``naive_scaling`` and
    ``optimized_scaling``: the most indices that one loop runs over, before and after.  ``naive_operations`` and
    ``operations``: multiplications and additions, those of the plan also for any sizes (``polynomial``).  ``largest`` and
    ``peak``: entries of the largest intermediate result, and of all that are held at one time.
    """

    complete: str
    naive_scaling: int
    optimized_scaling: int
    naive_operations: int
    operations: int
    polynomial: str
    largest: int
    peak: int
    sizes: Mapping[str, int]
    steps: tuple[Step, ...]

    @property
    def speedup(self) -> float:
        """How many times fewer operations the plan takes."""
        return self.naive_operations / max(self.operations, 1)

    def __str__(self) -> str:
        rows = [
            ("Complete contraction", self.complete),
            ("Sizes", ", ".join([f"{name} = {size}" for name, size in sorted(self.sizes.items())]) or "numbers"),
            ("Naive scaling", self.naive_scaling),
            ("Optimized scaling", self.optimized_scaling),
            ("Naive FLOP count", f"{self.naive_operations:,}"),
            ("Optimized FLOP count", f"{self.operations:,} = {self.polynomial}"),
            ("Theoretical speedup", f"{self.speedup:.3g}"),
            ("Largest intermediate", f"{self.largest:,} elements"),
            ("Peak memory", f"{self.peak:,} elements beside the inputs"),
        ]
        head = [f"{title:>22}:  {text}" for title, text in rows]
        width = max([len(step.text) for step in self.steps], default=4)
        line = "-" * (45 + width)
        table = [line, f"{'step':>4}  {'scaling':>7}  {'kind':<11} {'FLOPs':>9}  {'elements':>8}  contraction", line]
        table += [f"{step.number:>4}  {step.scaling:>7}  {step.kind:<11} {step.operations:>9,}  {step.entries:>8,}  {step.text}"
                  for step in self.steps]
        return "\n".join([*head, *table])


@dataclass(frozen=True, slots=True)
class Plan:
    """An expression, the same put together in the cheapest order, and the sizes that this is for."""

    expr: Expr
    planned: Expr
    sizes: Mapping[str, int]

    def info(self) -> PathInfo:
        """Scalings, operations and the table of steps.

        Examples
        --------
        >>> from tensorcalc.algebra.build import einsum, variable
        >>> from .plan import plan
        >>> A, B, x = variable("A", "m", "n"), variable("B", "n", "p"), variable("x", "p")
        >>> product, sizes = einsum([(A, "ij"), (B, "jk"), (x, "k")], "i"), {"m": 20, "n": 30, "p": 40}
        >>> print(Plan(product, plan(product, sizes), sizes).info())
          Complete contraction:  ij,jk,k->i
                         Sizes:  m = 20, n = 30, p = 40
                 Naive scaling:  3
             Optimized scaling:  2
              Naive FLOP count:  72,000
          Optimized FLOP count:  3,600 = 2 m n + 2 n p
           Theoretical speedup:  20
          Largest intermediate:  30 elements
                   Peak memory:  50 elements beside the inputs
        ------------------------------------------------------------
        step  scaling  kind            FLOPs  elements  contraction
        ------------------------------------------------------------
           1        2  GEMV            2,400        30  ij,j->i of B, x
           2        2  GEMV            1,200        20  ij,j->i of A, 1
        """
        report = info([self.planned], self.sizes)
        steps = _steps(self.planned, self.sizes)
        products = [node for node in postorder(self.expr) if isinstance(node, Einsum) and node.operands]
        return PathInfo(
            _complete(self.expr), max([_scaling(node) for node in products], default=0),
            max([step.scaling for step in steps], default=0), _naive(self.expr, self.sizes), report.operations,
            report.polynomial, report.largest, report.peak, dict(self.sizes), steps)


def _labels(node: Einsum) -> dict[int, int | str]:
    """The size of each label of a product."""
    return {label: dim for own, operand in zip(node.subscripts, node.operands) for label, dim in zip(own, operand.shape)}


def _scaling(node: Expr) -> int:
    """How many indices a step runs over."""
    return len(_labels(node)) if isinstance(node, Einsum) else node.rank


def _complete(expr: Expr) -> str:
    """The whole as subscripts, where it is one product."""
    if not isinstance(expr, Einsum) or any(not isinstance(operand, (Variable, Delta)) for operand in expr.operands):
        return f"of several products, to {' x '.join(map(str, expr.shape)) or 'a number'}"
    if len(_labels(expr)) > len(_LETTERS):
        return f"of {len(expr.operands)} operands"
    letter = dict(zip(sorted(_labels(expr)), _LETTERS))
    words = ["".join([letter[label] for label in own]) for own in expr.subscripts]
    return f"{','.join(words)}->{''.join([letter[axis] for axis in range(expr.rank)])}"


def _naive(expr: Expr, sizes: Mapping[str, int]) -> int:
    """The operations of every product in one loop, as opt_einsum counts them, and those of sums and functions."""
    total = 0
    for node in postorder(expr):
        match node:
            case Einsum(operands=operands) if operands:
                dims = _labels(node)
                loop = prod([value(dim, sizes) for dim in dims.values()])
                total += loop * (max(1, len(operands) - 1) + (len(dims) > node.rank))
            case Sum() | Apply():
                total += total_cost([node], sizes, node.children)
    return total


def _steps(planned: Expr, sizes: Mapping[str, int]) -> tuple[Step, ...]:
    order = [node for node in postorder(planned) if not isinstance(node, (Variable, Delta))]
    number = {node: k for k, node in enumerate(order, 1)}
    steps = []
    for node in order:
        names = [child.name if isinstance(child, Variable) else str(number.get(child, "δ")) for child in node.children]
        text = f"{done(node)}{' of ' + ', '.join(names) if names else ''}"
        steps.append(Step(number[node], _scaling(node), _kind(node), total_cost([node], sizes, node.children),
                          entries(node, sizes), text))
    return tuple(steps)


def _kind(node: Expr) -> str:
    """What a step is: a product of BLAS where it can be one, else what it does."""
    match node:
        case Sum():
            return "sum"
        case Apply():
            return "function"
        case Einsum(operands=operands) if not is_placement(node):
            return _blas(node) if len(operands) == 2 else "reduction"
    return "placement"


def _blas(node: Einsum) -> str:
    """The product of BLAS that a product of two is, after transpositions perhaps."""
    a, b = map(set, node.subscripts)
    kept = set(range(node.rank))
    if a & b & kept:
        return "batched" if (a & b) - kept else "elementwise"
    if not a & b:
        return "OUTER"
    return ("DOT", "GEMV", "GEMM")[bool(a - b) + bool(b - a)]
