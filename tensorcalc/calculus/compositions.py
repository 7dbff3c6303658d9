"""Composition and addition of edges at given sizes.

Products are multiplied, and sums are added, exactly where that makes the edge cheaper to apply.
Knows what an edge costs, and no graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from ..algebra.expr import Delta, Einsum, Sum
from ..sizes import Dim, Shape, symbols, value
from .edges import Edge, Term, added, bits_of, joint, labels_of, multiplied, multiplied_labels, numbered
from .nodes import Placed, product_node

USUAL = 10        # a size that nobody gave
_MOST_TERMS = 12   # of an edge before all of them are added up


class Compositions:
    """Composition and addition of edges at given sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.known: dict[tuple[Term, Term], tuple[Term | None, int]] = {}
        self.values: dict[Dim, int] = {}
        self.made = 0   # how many pairs of products were composed

    def entries(self, dims: Shape, labels: int) -> int:
        """The product of the sizes of a set of labels, given as bits."""
        total, k = 1, 0
        while labels:
            if labels & 1:
                dim = dims[k]
                size = self.values.get(dim)
                if size is None:
                    known = {**dict.fromkeys(symbols(dim), USUAL), **self.sizes}
                    size = self.values[dim] = max(value(dim, known), 1)
                total *= size
            labels >>= 1
            k += 1
        return total

    def operations(self, outer: Edge, inner: Edge) -> int:
        """What it takes to compose two edges."""
        return sum([self._composed(a, b)[1] for a in outer for b in inner])

    def composed(self, outer: Edge, inner: Edge) -> tuple[Edge, int]:
        """The edge ``outer`` after the edge ``inner``, and what it takes."""
        found = [self._composed(a, b) for a in outer for b in inner]
        return self.summed([term for term, _ in found if term is not None]), sum([spent for _, spent in found])

    def _composed(self, outer: Term, inner: Term) -> tuple[Term | None, int]:
        pair = outer, inner
        found = self.known.get(pair)
        if found is None:
            self.made += 1
            found = self.known[pair] = self._contracted(joint(outer, inner))
        return found

    def _written(self, factors: Sequence[Placed], kept: int, dims: Shape) -> int:
        """About what it takes to multiply ``factors`` out, pair by pair, the cheapest pair first."""
        masks, total = [bits_of(own) for _, own in factors], 0
        while len(masks) > 1:
            (price, _), a, b = min([(self._paired(masks, a, b, kept, dims), a, b)
                                    for a, b in combinations(range(len(masks)), 2)])
            union = masks[a] | masks[b]
            masks = [mask for k, mask in enumerate(masks) if k not in (a, b)]
            outside = kept
            for mask in masks:
                outside |= mask
            masks.append(union & outside)
            total += price
        return total

    def _paired(self, masks: Sequence[int], a: int, b: int, kept: int, dims: Shape) -> tuple[int, int]:
        """What the product of two takes, and how many entries it has."""
        union, outside = masks[a] | masks[b], kept
        for k, mask in enumerate(masks):
            if k not in (a, b):
                outside |= mask
        return self.entries(dims, union) * (1 + bool(union & ~outside)), self.entries(dims, union & outside)

    # One term: which of its products are carried out.

    def _contracted(self, term: Term) -> tuple[Term, int]:
        """``term`` with every product carried out that makes it cheaper to apply, and what that takes."""
        term, spent = self._elementwise(term)
        while True:
            kept = {*term.rows, *term.columns}
            best: tuple[int, list[int], int] | None = None
            for label in range(len(term.dims)):
                if label in kept:
                    continue
                chosen = [k for k, (_, own) in enumerate(term.factors) if label in own]
                union = bits_of([axis for k in chosen for axis in term.factors[k][1]])
                price = self.entries(term.dims, union) * min(len(chosen), 2)
                if best is None or price < best[0]:
                    trial = multiplied_labels(term, chosen)
                    if self._applying(term, chosen, trial) <= self._applying(term, (), 0):
                        best = price, chosen, trial
            if best is None:
                return term, spent
            term = multiplied(term, best[1], best[2])
            spent += best[0]
            term, more = self._elementwise(term)
            spent += more

    def _elementwise(self, term: Term) -> tuple[Term, int]:
        """Tensors with the same indices multiplied; they need no more room than one of them."""
        groups: dict[int, list[int]] = {}
        for k, (_, own) in enumerate(term.factors):
            groups.setdefault(bits_of(own), []).append(k)
        repeated = [(bits, members) for bits, members in groups.items() if bits and len(members) > 1]
        if not repeated:
            return term, 0
        spent = 0
        factors = [pair for bits, members in groups.items() for pair in ([] if bits and len(members) > 1 else
                   [term.factors[k] for k in members])]
        for bits, members in repeated:
            axes = labels_of(bits)
            factors.append((product_node([term.factors[k] for k in members], axes, term.dims), axes))
            spent += self.entries(term.dims, bits)
        sized: dict[Hashable, Dim] = dict(enumerate(term.dims))
        return numbered(term.weight, factors, term.rows, term.columns, sized), spent

    def _applying(self, term: Term, gone: Sequence[int], instead: int) -> int:
        """What it takes to multiply the term with a tensor at its columns and at its rows.

        The factors ``gone`` are counted as one with the labels ``instead``.
        """
        masks = [bits_of(own) for k, (_, own) in enumerate(term.factors) if k not in gone]
        if gone:
            masks.append(instead)
        rows, columns = bits_of(term.rows), bits_of(term.columns)
        return self._passing(term.dims, masks, columns, rows) + self._passing(term.dims, masks, rows, columns)

    def _passing(self, dims: Shape, masks: Sequence[int], start: int, end: int) -> int:
        left, state, total = list(masks), start, 0
        while left:
            steps = []
            for k, mask in enumerate(left):
                needed = end
                for q, other in enumerate(left):
                    if q != k:
                        needed |= other
                price = self.entries(dims, state | mask)
                steps.append((price + self.entries(dims, (state | mask) & needed), k, price, (state | mask) & needed))
            _, k, price, state = min(steps)
            total += price
            del left[k]
        return total

    # Several terms: which of them are added.

    def summed(self, terms: Iterable[Term]) -> Edge:
        """The sum of ``terms`` as an edge: like ones collected, others added where that makes the edge cheaper."""
        weights: dict[Term, Fraction] = {}
        for term in terms:
            bare = term._replace(weight=Fraction(1))
            weights[bare] = weights.get(bare, Fraction(0)) + term.weight
        edge = [term._replace(weight=weight) for term, weight in weights.items() if weight]
        while len(edge) > 1:
            pair = self._mergeable(edge)
            if pair is None:
                break
            (a, b), merged = pair
            edge = [term for k, term in enumerate(edge) if k not in (a, b)] + [merged]
        return tuple(edge)

    def _mergeable(self, edge: Sequence[Term]) -> tuple[tuple[int, int], Term] | None:
        for a, b in combinations(range(len(edge)), 2):
            before = self._applying(edge[a], (), 0) + self._applying(edge[b], (), 0)
            for through in (True, False):
                merged = added(edge[a], edge[b], through)
                if self._applying(merged, (), 0) <= before or (len(edge) > _MOST_TERMS and not through):
                    return (a, b), merged
        return None

    def gathered(self, edge: Edge) -> tuple[Edge, int]:
        """An edge to be written out: what terms share is pulled out of their sum where that is cheaper."""
        terms = list(edge)
        prices = {term: self._writing(term) for term in terms}
        found = True
        while found:
            found = False
            for a, b in combinations(terms, 2):
                merged = added(a, b, through=True)
                total = next((factor for factor, _ in merged.factors if isinstance(factor, Sum)), None)
                if total is None or len(merged.factors) < 2:
                    continue
                price = self._writing(merged) + self._summing(total)
                if price < prices[a] + prices[b]:
                    terms = [term for term in terms if term is not a and term is not b] + [merged]
                    prices[merged] = price
                    found = True
                    break
        return tuple(terms), sum(prices[term] for term in terms)

    def _writing(self, term: Term) -> int:
        kept = bits_of(term.rows) | bits_of(term.columns)
        return self._written(term.factors, kept, term.dims) + self.entries(term.dims, kept)

    def _summing(self, total: Sum) -> int:
        """What it takes to write the terms of a sum."""
        spent = 0
        for _, term in total.terms:
            spent += self.entries(term.shape, (1 << term.rank) - 1)
            if isinstance(term, Einsum):
                dims = dict(enumerate(term.shape))
                for operand, own in zip(term.operands, term.subscripts):
                    dims.update(zip(own, operand.shape))
                factors = [(o, own) for o, own in zip(term.operands, term.subscripts) if not isinstance(o, Delta)]
                shape = tuple([dims.get(label, 1) for label in range(max(dims, default=-1) + 1)])
                spent += self._written(factors, (1 << term.rank) - 1, shape)
        return spent
