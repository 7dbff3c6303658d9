"""Fréchet derivatives that a product needs in one direction only.

``Σ_pq frechet(f, X)_ijpq E_pq`` is one evaluation of f at a matrix of twice the size, where the whole tensor takes one
for each entry.  The gradient of a number goes the other way, ``Σ_ij A_ij frechet(f, X)_ijpq``, which is the same:
the pairs of axes may be interchanged (:func:`tensorcalc.algebra.series.upright`), so that the adjoint is the
derivative at the transpose.  Knows expressions, and nothing of arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...algebra.build import einsum, rebuild
from ...algebra.expr import Apply, Einsum, Expr
from ...algebra.traverse import postorder
from ...functions import FRECHET, Function, axis_ways, frechet_of

Labels = tuple[int, ...]

ALONG = "frechet_along"
"""The derivative of a function of matrices whose first direction is given: a step of plans, no row of the table."""


def along(function: Function) -> Function:
    """The step for a row of :data:`FRECHET`: one pair of axes less, one matrix more."""
    of, times = frechet_of(function)
    return replace(function, name=ALONG, signature=f"(n,n),(n,n)->({','.join('n' * (2 * times))})",
                   data=(times, of.name, *of.data))


def of_along(function: Function) -> Function:
    """The row whose derivative a step takes in one direction."""
    _, name, *data = function.data
    row = next(row for row, of in FRECHET.items() if of == name)
    return replace(function, name=row, data=(function.data[0], *data))


def directed(roots: Iterable[Expr]) -> list[Expr]:
    """Expressions in which no product makes a tensor of which it needs one direction."""
    roots = list(roots)
    if not any(isinstance(node, Apply) and node.function.name in FRECHET for node in postorder(*roots)):
        return roots
    done: dict[Expr, Expr] = {}
    for node in postorder(*roots):
        made = rebuild(node, [done[child] for child in node.children])
        done[node] = _narrowed(made) if isinstance(made, Einsum) else made
    return [done[root] for root in roots]


def _narrowed(node: Einsum) -> Expr:
    """A product with the matrix that meets a derivative put into it."""
    for k, operand in enumerate(node.operands):
        if isinstance(operand, Apply) and operand.function.name in FRECHET:
            made = _met(node, k, operand)
            if made is not None:
                return _narrowed(made) if isinstance(made, Einsum) else made
    return node


def _met(node: Einsum, k: int, operand: Apply) -> Expr | None:
    _, times = frechet_of(operand.function)
    half = sum(axis_ways(operand.function).values())
    own = node.subscripts[k]
    if operand.rank != half * (2 + 2 * times) or len(set(own)) < len(own):
        return None
    parts = [own[q * half: (q + 1) * half] for q in range(2 + 2 * times)]
    pairs = [(parts[1], parts[0]), *zip(parts[2::2], parts[3::2])]
    for place, (rows, cols) in enumerate(pairs):
        met = _reached(node, k, {*rows, *cols})
        if met is None:
            continue
        direction = einsum([(node.operands[q], node.subscripts[q]) for q in met], (*rows, *cols))
        (last, first), *others = [pair for q, pair in enumerate(pairs) if q != place]
        labels = (*first, *last, *(label for pair in others for part in pair for label in part))
        shape = tuple([dict(zip(own, operand.shape))[label] for label in labels])
        (x,) = operand.arguments
        step = Apply(shape, along(operand.function), (x, direction), 0)
        rest = [pair for q, pair in enumerate(zip(node.operands, node.subscripts)) if q != k and q not in met]
        return einsum([*rest, (step, labels)], range(node.rank))
    return None


def _reached(node: Einsum, k: int, start: set[int]) -> list[int] | None:
    """The factors that summed labels ``start`` lead to, where together they carry all of these and no other label."""
    if any(label < node.rank for label in start):
        return None
    reached: set[int] = set()
    labels, count = set(start), -1
    while count != len(reached):
        count = len(reached)
        for q, own in enumerate(node.subscripts):
            if q != k and labels & set(own):
                reached.add(q)
                labels |= {label for label in own if label >= node.rank}
    outside = {label for q in reached for label in node.subscripts[q] if label < node.rank}
    others = set(node.subscripts[k]) - start
    carried = {label for q in reached for label in node.subscripts[q]}
    return sorted(reached) if start <= carried and not outside and not others & labels else None
