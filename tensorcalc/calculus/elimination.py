"""Derivatives for computing: vertex elimination on the linearised graph, at given sizes.

The intermediate values between ``x`` and ``y`` are vertices; an edge holds the partial
derivative of one value by another.  A vertex is eliminated by multiplying the edges
into it with the edges out of it; forward and reverse accumulation are two orders of
doing so (Griewank & Walther 2008, *Evaluating Derivatives*, ch. 9-10; Naumann 2004,
Math. Program. 99, 399-421).  The next vertex is the one that costs the fewest
operations.  On the graph of a gradient, eliminations pair up into the pushing of
second-order edges (Gower & Mello 2012, Optim. Methods Softw. 27, 251-270).

An edge is a sum of products that are not multiplied out: an index that a row and a
column of it share is a delta, and is never a tensor.  Products are multiplied, and
sums are added, exactly where that makes the edge cheaper to apply.

What comes out equals :func:`tensorcalc.calculus.differentiate.derivative` and is no
normal form: like a plan it is put together node by node, so that what is shared stays
shared.  Its size is about linear in that of ``y``.  It is to be planned and computed, not shown.
The derivative of a number that took many steps is accumulated in reverse, which no other order
betters by much.
:func:`eliminated` is one derivative by one variable; ``numbers/plans/derivatives.py`` takes several, one after
the other, and decides whether they are cheaper than what is shown.
Knows sizes; knows neither plans nor arrays.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import combinations
from typing import NamedTuple

from ..algebra.build import dimension, zero
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..errors import LimitError
from ..sizes import Dim, Shape, symbols, value
from .differentiate import MOST_RANK
from .local import local

Labels = tuple[int, ...]
Placed = tuple[Expr, Labels]

_MOST_WHOLE = 4    # factors of a product that is one vertex where several of them depend on the variable
_MOST_SOUGHT = 40  # vertices between a number and the variable for which an order other than the reverse is sought
_USUAL = 10        # a size that nobody gave
_MOST_TRIALS = 4   # products tried for each vertex and edge in search of the cheapest vertex
_MOST_TERMS = 12   # of an edge before all of them are added up


class Term(NamedTuple):
    """A product that stands for a linear map, not multiplied out.

    ``rows`` and ``columns`` give a label for each axis of the value and of the argument; a label
    in both, or twice in one, is a delta.  ``dims``: the size of each label.
    """

    weight: Fraction
    factors: tuple[Placed, ...]
    rows: Labels
    columns: Labels
    dims: Shape


Edge = tuple[Term, ...]


def eliminated(y: Expr, x: Variable, sizes: Mapping[str, int]) -> Expr:
    """∂y/∂x, of shape ``y.shape + x.shape``, in an order that is cheap at the given ``sizes``.

    ``sizes`` gives symbols of dimensions numbers; what it does not name counts as ``_USUAL``.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> eliminated(einsum([(A, "ij"), (x, "j")], "i"), x, {"m": 3, "n": 4}) is A
    True

    Raises
    ------
    UnsupportedError: TC302 when a function without derivative depends on ``x``.
    LimitError: TC411 when the derivative has too many axes.
    """
    if y.rank + x.rank > MOST_RANK:
        raise LimitError("TC411", f"a derivative with {y.rank + x.rank} axes; the limit is {MOST_RANK}")
    products = _Products(sizes)
    y = _in_pairs(y, x, products)
    graph = _linearised(y, x, products)
    if y not in graph:
        return zero(y.shape + x.shape)
    if y is x:
        return _expression((_identity(y),), y.shape + x.shape)
    edge, spent = _Graph(graph, products, x, y).in_reverse()
    if y.rank or len(graph) <= _MOST_SOUGHT:
        other = _Graph(graph, products, x, y).by_cost()
        edge = other[0] if other is not None and other[1] <= spent else edge
    return _expression(edge, y.shape + x.shape)


def at_point(expr: Expr, facts: Mapping[str, Collection[str]]) -> Expr:
    """``expr`` at a point where variables have the properties ``facts``, each node put together as it is."""
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        children = tuple([done[child] for child in node.children])
        if isinstance(node, Variable) and facts.get(node.name):
            done[node] = Variable(node.shape, node.name, frozenset(facts[node.name]), node.groups)
        else:
            done[node] = node if children == node.children else _with(node, children)
    return done[expr]


def _with(node: Expr, children: tuple[Expr, ...]) -> Expr:
    """A node with other children, put together as it is."""
    match node:
        case Sum(shape=shape, terms=terms):
            return _sum(shape, [(weight, child) for (weight, _), child in zip(terms, children)])
        case Einsum(shape=shape, subscripts=subscripts):
            return Einsum(shape, children, subscripts)
        case Apply(shape=shape, function=function):
            return Apply(shape, function, children, node.symmetry or 0)
    return node


# -- the linearised graph ----------------------------------------------------------------


def _in_pairs(y: Expr, x: Variable, products: _Products) -> Expr:
    """``y`` with long products of several factors that depend on ``x`` as products of two, so that these can be shared."""
    done: dict[Expr, Expr] = {}
    active: set[Expr] = {x}
    for node in postorder(y):
        if any(child in active for child in node.children):
            active.add(node)
        children = tuple([done[child] for child in node.children])
        done[node] = node if children == node.children else _with(node, children)
        if isinstance(node, Einsum) and len(node.operands) > _MOST_WHOLE \
                and sum(operand in active for operand in node.operands) > 1:
            done[node] = _paired(node, children, products)
    return done[y]


def _paired(node: Einsum, operands: Sequence[Expr], products: _Products) -> Expr:
    """A product as products of two, the cheapest pair that shares an index first."""
    dims: dict[int, Dim] = dict(enumerate(node.shape))
    for operand, own in zip(operands, node.subscripts):
        dims.update(zip(own, operand.shape))
    shape = tuple([dims[label] for label in range(len(dims))])
    outer = (1 << node.rank) - 1
    count = [0] * len(shape)
    pending: dict[int, tuple[Placed, int]] = {}
    for k, (operand, own) in enumerate(zip(operands, node.subscripts)):
        pending[k] = (operand, own), _bits(own)
        for label in _axes(_bits(own)):
            count[label] += 1

    def price(a: int, b: int) -> tuple[int, int, int]:
        return products.entries(shape, pending[a][1] | pending[b][1]), a, b

    queue = [price(a, b) for a, b in combinations(pending, 2) if pending[a][1] & pending[b][1]]
    heapify(queue)
    fresh = len(pending)
    while len(pending) > 2:
        a, b = heappop(queue)[1:] if queue else list(pending)[:2]
        if a not in pending or b not in pending:
            continue
        (left, bits), (right, others) = pending.pop(a), pending.pop(b)
        for label in _axes(bits & others):
            count[label] -= 1
        for label in _axes(bits | others):
            count[label] -= 1
        kept = _bits([label for label in _axes(bits | others) if count[label] or outer >> label & 1])
        for label in _axes(kept):
            count[label] += 1
        axes = _axes(kept)
        pending[fresh] = (_product([left, right], axes, shape), axes), kept
        for other, (_, mask) in pending.items():
            if other != fresh and mask & kept:
                heappush(queue, price(other, fresh))
        fresh += 1
    return _product([placed for placed, _ in pending.values()], tuple(range(node.rank)), shape)


def _linearised(y: Expr, x: Variable, products: _Products) -> dict[Expr, dict[Expr, Edge]]:
    """For each node that depends on ``x``, children first, the edges from its children."""
    found: dict[Expr, dict[Expr, Edge]] = {}
    for node in postorder(y):
        if node is x:
            found[node] = {}
        elif any(child in found for child in node.children):
            edges: dict[Expr, list[Term]] = {}
            for child, term in _partials(node, found):
                edges.setdefault(child, []).append(term)
            summed = {child: products.summed(terms) for child, terms in edges.items()}
            kept = {child: edge for child, edge in summed.items() if edge}
            if kept:
                found[node] = kept
    return found


def _identity(y: Expr) -> Term:
    axes = tuple(range(y.rank))
    return Term(Fraction(1), (), axes, axes, y.shape)


def _partials(node: Expr, active: Mapping[Expr, object]) -> Iterator[tuple[Expr, Term]]:
    """The partial derivatives of ``node`` by each of its children that depend on the variable."""
    match node:
        case Sum(terms=terms):
            for weight, term in terms:
                if term in active:
                    yield term, _identity(term)._replace(weight=weight)
        case Einsum(operands=operands, subscripts=subscripts):
            for k, operand in enumerate(operands):
                if operand in active:
                    others = [pair for q, pair in enumerate(zip(operands, subscripts)) if q != k]
                    sized: dict[Hashable, Dim] = {**dict(zip(subscripts[k], operand.shape)), **dict(enumerate(node.shape))}
                    yield from ((operand, term) for term in _term(Fraction(1), others, range(node.rank), subscripts[k], sized))
        case Apply(arguments=arguments):
            for k, argument in enumerate(arguments):
                if argument in active:
                    slope = local(node, k)
                    sized = {**dict(zip(slope.argument, argument.shape)), **dict(zip(slope.value, node.shape))}
                    for weight, factors in slope.terms:
                        yield from ((argument, term) for term in _term(weight, factors, slope.value, slope.argument, sized))


def _term(weight: Fraction, factors: Iterable[tuple[Expr, Sequence[Hashable]]], rows: Sequence[Hashable],
          columns: Sequence[Hashable], sized: Mapping[Hashable, Dim]) -> Iterator[Term]:
    """A product with any labels as a term, its deltas made equal labels; nothing where it is zero."""
    joined = _Joined()
    dims: dict[Hashable, Dim] = dict(sized)
    kept: list[tuple[Expr, Sequence[Hashable]]] = []
    pending = list(factors)
    while pending:
        factor, labels = pending.pop()
        dims.update(zip(labels, factor.shape))
        if isinstance(factor, Sum) and len(factor.terms) < 2:
            if not factor.terms:
                return
            weight *= factor.terms[0][0]
            pending.append((factor.terms[0][1], labels))
        elif isinstance(factor, Delta) and factor.shape:
            for label in labels[1:]:
                joined.join(labels[0], label)
        elif isinstance(factor, Einsum) and any(isinstance(operand, Delta) for operand in factor.operands):
            own: dict[int, Hashable] = dict(enumerate(labels))
            for operand, subscripts in zip(factor.operands, factor.subscripts):
                pending.append((operand, [own.setdefault(s, ("inner", len(dims), s)) for s in subscripts]))
                dims.update(zip(pending[-1][1], operand.shape))
        elif not (isinstance(factor, Einsum) and not factor.operands):
            kept.append((factor, labels))
    yield _numbered(weight, [(factor, [joined.find(label) for label in labels]) for factor, labels in kept],
                    [joined.find(label) for label in rows], [joined.find(label) for label in columns],
                    {joined.find(label): dim for label, dim in dims.items()})


def _numbered(weight: Fraction, factors: Iterable[tuple[Expr, Sequence[Hashable]]], rows: Sequence[Hashable],
              columns: Sequence[Hashable], sized: Mapping[Hashable, Dim]) -> Term:
    """A term with its labels numbered as they are met: rows, columns, then factors in a fixed order."""
    number: dict[Hashable, int] = {}
    for label in (*rows, *columns):
        number.setdefault(label, len(number))
    ordered = sorted(factors, key=lambda pair: (pair[0].key, [number.get(label, len(number)) for label in pair[1]]))
    for _, labels in ordered:
        for label in labels:
            number.setdefault(label, len(number))
    placed = [(factor, tuple([number[label] for label in labels])) for factor, labels in ordered]
    for label, dim in sized.items():
        if label not in number:
            placed.append((dimension(dim), ()))   # summed over, and on nothing
    dims = [sized[label] for label in number]
    return Term(weight, tuple(placed), tuple([number[label] for label in rows]),
                tuple([number[label] for label in columns]), tuple(dims))


class _Joined:
    """Labels that deltas made one."""

    def __init__(self) -> None:
        self.parent: dict[Hashable, Hashable] = {}

    def find(self, label: Hashable) -> Hashable:
        while label in self.parent:
            label = self.parent[label]
        return label

    def join(self, a: Hashable, b: Hashable) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[b] = a


# -- the order ---------------------------------------------------------------------------


class _Graph:
    """A linearised graph whose inner vertices are eliminated one after the other."""

    def __init__(self, edges: Mapping[Expr, Mapping[Expr, Edge]], products: _Products, x: Expr, y: Expr) -> None:
        self.into = {node: dict(own) for node, own in edges.items()}
        self.out: dict[Expr, dict[Expr, None]] = {node: {} for node in edges}
        for node, own in edges.items():
            for child in own:
                self.out[child][node] = None
        self.products, self.x, self.y = products, x, y
        self.inner = [node for node in edges if node is not x and node is not y]
        self.operations = 0

    def by_cost(self) -> tuple[Edge, int] | None:
        """The derivative where the cheapest vertex is always the next, and what it took.

        ``None`` where looking for that vertex takes too long: edges to and from everywhere.
        """
        most = self.products.made + _MOST_TRIALS * (len(self.inner) + sum(map(len, self.into.values())))
        place = {node: k for k, node in enumerate(self.inner)}
        latest = {node: self._cost(node) for node in self.inner}
        queue = [(cost, -place[node], node) for node, cost in latest.items()]
        heapify(queue)
        while queue:
            cost, _, node = heappop(queue)
            if node not in latest or latest[node] != cost:
                continue
            if self.products.made > most:
                return None
            del latest[node]
            touched = [other for other in (*self.into[node], *self.out[node]) if other in latest]
            self._eliminate(node)
            for other in touched:
                latest[other] = self._cost(other)
                heappush(queue, (latest[other], -place[other], other))
        return self._result()

    def in_reverse(self) -> tuple[Edge, int]:
        """The derivative by reverse accumulation, and what it took."""
        for node in reversed(self.inner):
            self._eliminate(node)
        return self._result()

    def _result(self) -> tuple[Edge, int]:
        edge, spent = self.products.gathered(self.into[self.y].get(self.x, ()))
        return edge, self.operations + spent

    def _cost(self, node: Expr) -> tuple[int, int]:
        """The operations that eliminating ``node`` takes, and how many edges it adds."""
        arriving, leaving = self.into[node].values(), [self.into[user][node] for user in self.out[node]]
        total = sum(self.products.operations(outer, inner) for outer in leaving for inner in arriving)
        return total, len(arriving) * len(leaving) - len(arriving) - len(leaving)

    def _eliminate(self, node: Expr) -> None:
        arriving = self.into.pop(node)
        for user in self.out.pop(node):
            leaving = self.into[user].pop(node)
            for child, inner in arriving.items():
                new, spent = self.products.composed(leaving, inner)
                known = self.into[user].get(child, ())
                edge = self.products.summed([*known, *new]) if known else new
                self.operations += spent
                if edge:
                    self.into[user][child] = edge
                    self.out[child][user] = None
                else:
                    self.into[user].pop(child, None)
                    self.out[child].pop(user, None)
        for child in arriving:
            self.out[child].pop(node, None)


# -- edges -------------------------------------------------------------------------------


class _Products:
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
                    known = {**dict.fromkeys(symbols(dim), _USUAL), **self.sizes}
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
            found = self.known[pair] = self._contracted(_joint(outer, inner))
        return found

    def _written(self, factors: Sequence[Placed], kept: int, dims: Shape) -> int:
        """About what it takes to multiply ``factors`` out, pair by pair, the cheapest pair first."""
        masks, total = [_bits(own) for _, own in factors], 0
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
                union = _bits([axis for k in chosen for axis in term.factors[k][1]])
                price = self.entries(term.dims, union) * min(len(chosen), 2)
                if best is None or price < best[0]:
                    trial = _multiplied_labels(term, chosen)
                    if self._applying(term, chosen, trial) <= self._applying(term, (), 0):
                        best = price, chosen, trial
            if best is None:
                return term, spent
            term = _multiplied(term, best[1], best[2])
            spent += best[0]
            term, more = self._elementwise(term)
            spent += more

    def _elementwise(self, term: Term) -> tuple[Term, int]:
        """Tensors with the same indices multiplied; they need no more room than one of them."""
        groups: dict[int, list[int]] = {}
        for k, (_, own) in enumerate(term.factors):
            groups.setdefault(_bits(own), []).append(k)
        repeated = [(bits, members) for bits, members in groups.items() if bits and len(members) > 1]
        if not repeated:
            return term, 0
        spent = 0
        factors = [pair for bits, members in groups.items() for pair in ([] if bits and len(members) > 1 else
                   [term.factors[k] for k in members])]
        for bits, members in repeated:
            axes = _axes(bits)
            factors.append((_product([term.factors[k] for k in members], axes, term.dims), axes))
            spent += self.entries(term.dims, bits)
        sized: dict[Hashable, Dim] = dict(enumerate(term.dims))
        return _numbered(term.weight, factors, term.rows, term.columns, sized), spent

    def _applying(self, term: Term, gone: Sequence[int], instead: int) -> int:
        """What it takes to multiply the term with a tensor at its columns and at its rows.

        The factors ``gone`` are counted as one with the labels ``instead``.
        """
        masks = [_bits(own) for k, (_, own) in enumerate(term.factors) if k not in gone]
        if gone:
            masks.append(instead)
        rows, columns = _bits(term.rows), _bits(term.columns)
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
                merged = _added(edge[a], edge[b], through)
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
                merged = _added(a, b, through=True)
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
        kept = _bits(term.rows) | _bits(term.columns)
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


def _bits(labels: Iterable[int]) -> int:
    bits = 0
    for label in labels:
        bits |= 1 << label
    return bits


def _axes(bits: int) -> Labels:
    return tuple([k for k in range(bits.bit_length()) if bits >> k & 1])


def _joint(outer: Term, inner: Term) -> Term:
    """Two maps one after the other, as one product."""
    joined = _Joined()
    for a, b in zip(outer.columns, inner.rows, strict=True):
        joined.join((0, a), (1, b))

    def named(side: int, labels: Labels) -> list[Hashable]:
        return [joined.find((side, label)) for label in labels]

    factors = [(factor, named(0, own)) for factor, own in outer.factors]
    factors += [(factor, named(1, own)) for factor, own in inner.factors]
    sized: dict[Hashable, Dim] = {}
    for side, term in enumerate((outer, inner)):
        sized.update({joined.find((side, label)): dim for label, dim in enumerate(term.dims)})
    return _numbered(outer.weight * inner.weight, factors, named(0, outer.rows), named(1, inner.columns), sized)


def _multiplied_labels(term: Term, chosen: Sequence[int]) -> int:
    """The labels that the product of the factors ``chosen`` keeps, as bits."""
    outside = _bits(term.rows) | _bits(term.columns)
    for k, (_, own) in enumerate(term.factors):
        if k not in chosen:
            outside |= _bits(own)
    return _bits([label for k in chosen for label in term.factors[k][1]]) & outside


def _multiplied(term: Term, chosen: Sequence[int], kept: int) -> Term:
    """``term`` with the product of some factors carried out."""
    axes = _axes(kept)
    core = _product([term.factors[k] for k in chosen], axes, term.dims)
    factors = [pair for k, pair in enumerate(term.factors) if k not in chosen]
    factors.append((core, axes))
    used = {*term.rows, *term.columns, *[label for _, own in factors for label in own]}
    sized: dict[Hashable, Dim] = {label: dim for label, dim in enumerate(term.dims) if label in used}
    return _numbered(term.weight, factors, term.rows, term.columns, sized)


def _added(a: Term, b: Term, through: bool) -> Term:
    """Two maps added: what they have in common stands outside a sum, the deltas that both have too.

    The inner sum has the labels that either of its terms needs.  ``through``: factors with summed
    labels may stand outside too; those labels are then axes of the inner sum.
    """
    places = list(zip((*a.rows, *a.columns), (*b.rows, *b.columns)))
    classes: dict[tuple[int, int], int] = {}
    for place in places:
        classes.setdefault(place, len(classes))
    ours, theirs = [label for label, _ in classes], [label for _, label in classes]
    left, right, common = _shared(a, b, ours, theirs, through)
    axes = tuple(sorted(_needed(left, ours) | _needed(right, theirs)))
    parts = [(term.weight, _product(rest, tuple([labels[axis] for axis in axes]), term.dims))
             for term, rest, labels in ((a, left, ours), (b, right, theirs))]
    factors = [*common, (_sum(parts[0][1].shape, parts), axes)]
    numbers, rank = [classes[place] for place in places], len(a.rows)
    sized: dict[Hashable, Dim] = {number: a.dims[label] for number, label in enumerate(ours)}
    return _numbered(Fraction(1), factors, numbers[:rank], numbers[rank:], sized)


def _shared(a: Term, b: Term, ours: list[int], theirs: list[int],
            through: bool) -> tuple[list[Placed], list[Placed], list[Placed]]:
    """What is left of two products, and the factors that both have, with the numbers of their labels.

    ``ours`` and ``theirs`` give the labels that each number stands for; summed labels that are
    found to be the same get numbers too.
    """
    first: dict[int, int] = {}
    for number, label in enumerate(ours):
        first.setdefault(label, number)
    outer = len(set(ours)), len(set(theirs))   # labels below these are rows and columns
    left, right, common = list(a.factors), list(b.factors), list[Placed]()
    for operand, own in sorted(a.factors, key=lambda pair: sum(label >= outer[0] for label in pair[1])):
        for twin in right:
            new = _matched(own, twin[1], first, theirs, outer) if twin[0] is operand else None
            if new is None or (new and not through):
                continue
            for label, other in new.items():
                first[label] = len(ours)
                ours.append(label)
                theirs.append(other)
            right.remove(twin)
            left.remove((operand, own))
            common.append((operand, tuple([first[label] for label in own])))
            break
    return left, right, common


def _matched(own: Labels, others: Labels, first: Mapping[int, int], theirs: Sequence[int],
             outer: tuple[int, int]) -> dict[int, int] | None:
    """The summed labels of two equal factors that must be the same, ``None`` where the factors cannot be the same."""
    new: dict[int, int] = {}
    for label, other in zip(own, others):
        if label in first:
            fits = theirs[first[label]] == other
        else:
            fits = label >= outer[0] and other >= outer[1] and other not in theirs and new.setdefault(label, other) == other
        if not fits:
            return None
    return new if len(set(new.values())) == len(new) else None


def _needed(factors: Sequence[Placed], labels: Sequence[int]) -> set[int]:
    """The classes that a part of a sum depends on: those on its factors, and those that a delta joins."""
    on_factors = {label for _, own in factors for label in own}
    return {number for number, label in enumerate(labels) if label in on_factors or labels.count(label) > 1}


# -- nodes, put together as they are -----------------------------------------------------


def _product(factors: Sequence[Placed], output: Labels, dims: Sequence[Dim]) -> Expr:
    """One product node with the labels ``output``: one twice is a delta, one on no factor is spread."""
    number: dict[int, int] = {}
    extra: dict[int, list[int]] = {}
    for axis, label in enumerate(output):
        extra.setdefault(number.setdefault(label, axis), []).append(axis)
    present = {label for _, own in factors for label in own}
    rank, spread = len(output), len(output) - len(number)
    operands: list[Expr] = []
    subscripts: list[Labels] = []
    for factor, own in factors:
        for label in own:
            number.setdefault(label, len(number) + spread)
        operands.append(factor)
        subscripts.append(tuple([number[label] for label in own]))
    shape = tuple([dims[label] for label in output])
    for axis, members in extra.items():
        if len(members) > 1 or output[axis] not in present:
            operands.append(Delta((shape[axis],) * len(members), shape[axis]))
            subscripts.append(tuple(members))
    if len(operands) == 1 and subscripts[0] == tuple(range(rank)):
        return operands[0]
    return Einsum(shape, tuple(operands), tuple(subscripts))


def _sum(shape: Shape, parts: Iterable[tuple[Fraction, Expr]]) -> Expr:
    """A sum node; sums within it lose their brackets."""
    collected: dict[Expr, Fraction] = {}
    for weight, part in parts:
        for inner, term in part.terms if isinstance(part, Sum) else ((Fraction(1), part),):
            collected[term] = collected.get(term, Fraction(0)) + weight * inner
    kept = sorted([(weight, term) for term, weight in collected.items() if weight], key=lambda pair: pair[1].key)
    return kept[0][1] if len(kept) == 1 and kept[0][0] == 1 else Sum(shape, tuple(kept))


def _expression(edge: Edge, shape: Shape) -> Expr:
    """The tensor that an edge stands for: its rows, then its columns."""
    return _sum(shape, [(term.weight, _product(term.factors, (*term.rows, *term.columns), term.dims)) for term in edge])
