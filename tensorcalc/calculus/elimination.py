"""Derivatives for computing: vertex elimination on the linearised graph, at given sizes.

The intermediate values between ``x`` and ``y`` are vertices; an edge holds the partial
derivative of one value by another.  A vertex is eliminated by multiplying the edges
into it with the edges out of it; forward and reverse accumulation are two orders of
doing so (Griewank & Walther 2008, *Evaluating Derivatives*, ch. 9-10; Naumann 2004,
Math. Program. 99, 399-421).  The next vertex is the one that costs the fewest
operations.  On the graph of a gradient, eliminations pair up into the pushing of
second-order edges (Gower & Mello 2012, Optim. Methods Softw. 27, 251-270).

What an edge is, ``edges.py`` says; how two of them are composed and what that takes,
``compositions.py``.

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

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import combinations

from ..algebra.build import zero
from ..algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ..algebra.traverse import postorder
from ..errors import LimitError
from ..sizes import Dim
from .compositions import Compositions
from .differentiate import MOST_RANK
from .edges import Edge, Term, bits_of, expression, identity, labels_of, terms_of
from .local import local
from .nodes import Placed, product_node, with_children

_MOST_WHOLE = 4    # factors of a product that is one vertex where several of them depend on the variable
_MOST_SOUGHT = 40  # vertices between a number and the variable for which an order other than the reverse is sought
_MOST_TRIALS = 4   # products tried for each vertex and edge in search of the cheapest vertex


def eliminated(y: Expr, x: Variable, sizes: Mapping[str, int]) -> Expr:
    """∂y/∂x, of shape ``y.shape + x.shape``, in an order that is cheap at the given ``sizes``.

    ``sizes`` gives symbols of dimensions numbers; what it does not name counts as
    :data:`~tensorcalc.calculus.compositions.USUAL`.

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
    products = Compositions(sizes)
    y = _in_pairs(y, x, products)
    graph = _linearised(y, x, products)
    if y not in graph:
        return zero(y.shape + x.shape)
    if y is x:
        return expression((identity(y),), y.shape + x.shape)
    edge, spent = _Graph(graph, products, x, y).in_reverse()
    if y.rank or len(graph) <= _MOST_SOUGHT:
        other = _Graph(graph, products, x, y).by_cost()
        edge = other[0] if other is not None and other[1] <= spent else edge
    return expression(edge, y.shape + x.shape)


def at_point(expr: Expr, facts: Mapping[str, Collection[str]]) -> Expr:
    """``expr`` at a point where variables have the properties ``facts``, each node put together as it is."""
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        children = tuple([done[child] for child in node.children])
        if isinstance(node, Variable) and facts.get(node.name):
            done[node] = Variable(node.shape, node.name, frozenset(facts[node.name]), node.groups)
        else:
            done[node] = node if children == node.children else with_children(node, children)
    return done[expr]


def _in_pairs(y: Expr, x: Variable, products: Compositions) -> Expr:
    """``y`` with long products of several factors that depend on ``x`` as products of two, so that these can be shared."""
    done: dict[Expr, Expr] = {}
    active: set[Expr] = {x}
    for node in postorder(y):
        if any(child in active for child in node.children):
            active.add(node)
        children = tuple([done[child] for child in node.children])
        done[node] = node if children == node.children else with_children(node, children)
        if isinstance(node, Einsum) and len(node.operands) > _MOST_WHOLE \
                and sum(operand in active for operand in node.operands) > 1:
            done[node] = _paired(node, children, products)
    return done[y]


def _paired(node: Einsum, operands: Sequence[Expr], products: Compositions) -> Expr:
    """A product as products of two, the cheapest pair that shares an index first."""
    dims: dict[int, Dim] = dict(enumerate(node.shape))
    for operand, own in zip(operands, node.subscripts):
        dims.update(zip(own, operand.shape))
    shape = tuple([dims[label] for label in range(len(dims))])
    outer = (1 << node.rank) - 1
    count = [0] * len(shape)
    pending: dict[int, tuple[Placed, int]] = {}
    for k, (operand, own) in enumerate(zip(operands, node.subscripts)):
        pending[k] = (operand, own), bits_of(own)
        for label in labels_of(bits_of(own)):
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
        for label in labels_of(bits & others):
            count[label] -= 1
        for label in labels_of(bits | others):
            count[label] -= 1
        kept = bits_of([label for label in labels_of(bits | others) if count[label] or outer >> label & 1])
        for label in labels_of(kept):
            count[label] += 1
        axes = labels_of(kept)
        pending[fresh] = (product_node([left, right], axes, shape), axes), kept
        for other, (_, mask) in pending.items():
            if other != fresh and mask & kept:
                heappush(queue, price(other, fresh))
        fresh += 1
    return product_node([placed for placed, _ in pending.values()], tuple(range(node.rank)), shape)


def _linearised(y: Expr, x: Variable, products: Compositions) -> dict[Expr, dict[Expr, Edge]]:
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


def _partials(node: Expr, active: Mapping[Expr, object]) -> Iterator[tuple[Expr, Term]]:
    """The partial derivatives of ``node`` by each of its children that depend on the variable."""
    match node:
        case Sum(terms=terms):
            for weight, term in terms:
                if term in active:
                    yield term, identity(term)._replace(weight=weight)
        case Einsum(operands=operands, subscripts=subscripts):
            for k, operand in enumerate(operands):
                if operand in active:
                    others = [pair for q, pair in enumerate(zip(operands, subscripts)) if q != k]
                    sized: dict[Hashable, Dim] = {**dict(zip(subscripts[k], operand.shape)), **dict(enumerate(node.shape))}
                    found = terms_of(Fraction(1), others, range(node.rank), subscripts[k], sized)
                    yield from ((operand, term) for term in found)
        case Apply(arguments=arguments):
            for k, argument in enumerate(arguments):
                if argument in active:
                    slope = local(node, k)
                    sized = {**dict(zip(slope.argument, argument.shape)), **dict(zip(slope.value, node.shape))}
                    for weight, factors in slope.terms:
                        yield from ((argument, term) for term in terms_of(weight, factors, slope.value, slope.argument, sized))


class _Graph:
    """A linearised graph whose inner vertices are eliminated one after the other."""

    def __init__(self, edges: Mapping[Expr, Mapping[Expr, Edge]], products: Compositions, x: Expr, y: Expr) -> None:
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
