"""From an expression to a plan: the same expression, its products pairwise.

Knows nothing of arrays or of program text.  A plan is again an expression, so that
interning finds shared intermediate results by itself and that the evaluator and
the code printer walk the same thing.  In a plan every ``Einsum`` is one of three:

*unary*      one tensor, its axes permuted, summed, or read along a diagonal;
*pair*       two tensors without repeated axes, every label on two of: first
             tensor, second tensor, result;
*placement*  numbers, at most one tensor whose axes are in the order of the result,
             and deltas: those of order one repeat the tensor along an axis, those
             of higher order place it on a diagonal of zeros.

So a delta is carried outside every computation and costs nothing before a result
needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from fractions import Fraction

from ...algebra.build import ONE, dimension, number
from ...algebra.components import connected
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder, uses
from ...calculus.rewrite import rewrite
from ...calculus.rules.sets import STABLE
from ...errors import LimitError
from ...functions import POWER
from ...sizes import Dim, Shape, symbols
from . import reuse
from .directions import directed
from .finish import finished
from .order import MOST_EXACT
from .pairwise import Labels, Part, contraction, cost, entries, is_placement
from .reuse import Products

MOST_FACTORS = MOST_EXACT   # of a product into which a nested one is spliced: the cheapest order is sought among them all
MOST_TERMS = 4      # of a sum over which a product is distributed


def plan(root: Expr, sizes: Mapping[str, int], memory_limit: int | None = None) -> Expr:
    """``root`` with its products pairwise, in the cheapest order at the given ``sizes``.

    ``memory_limit``: the most entries that an intermediate result may have.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x, y = variable("A", "m", "n"), variable("x", "m"), variable("y", "n")
    >>> product = einsum([(x, "i"), (A, "ij"), (y, "j")], "")
    >>> [len(node.operands) for node in postorder(plan(product, {"m": 3, "n": 4})) if isinstance(node, Einsum)]
    [2, 2]
    """
    return plans([root], sizes, memory_limit)[0]


def plans(roots: Iterable[Expr], sizes: Mapping[str, int], memory_limit: int | None = None) -> list[Expr]:
    """The plans of several expressions, which share what they can.

    Raises
    ------
    LimitError: TC411 where no plan was found whose intermediate results have at most ``memory_limit`` entries.
    """
    roots = directed([rewrite(root, STABLE) for root in roots])
    count = uses(roots)
    nested, whole = _nested(roots, count)
    known = Products()
    done: dict[Expr, Expr] = {}
    for node in postorder(*roots):
        match node:
            case Einsum():
                if node not in nested:
                    first = _product(node, done, nested, count, sizes, memory_limit)
                    done[node] = _reusing(first, _Product(node, done, whole, sizes, memory_limit), known)
                    _remember(known, node, _Product(node, done, nested, sizes, memory_limit), done[node])
            case Sum(shape=shape, terms=terms):
                done[node] = _sum(shape, [(weight, done[term]) for weight, term in terms])
            case Apply(shape=shape, function=function, arguments=arguments):
                planned = tuple([done[argument] for argument in arguments])
                done[node] = Apply(shape, function, planned, node.symmetry or 0)
            case _:
                done[node] = node
    found = finished([done[root] for root in roots])
    if memory_limit is not None and (most := _widest(found, sizes)) > memory_limit:
        raise LimitError("TC411", f"an intermediate result of {most} entries; memory_limit is {memory_limit}",
                         help="raise memory_limit, or differentiate by fewer variables")
    return found


def _widest(roots: Sequence[Expr], sizes: Mapping[str, int]) -> int:
    """The entries of the largest intermediate result."""
    return max([entries(node, sizes) for node in postorder(*roots)
                if node not in roots and node.children], default=0)


def nominal_sizes(exprs: Iterable[Expr]) -> dict[str, int]:
    """Sizes to plan with where none are known, different from one another.

    As people name them: k and r are small, capitals are large.
    """
    names = {symbol for node in postorder(*exprs) for dim in node.shape for symbol in symbols(dim)}
    usual = {name: 10 if name[0] in "kr" else 200 if name[0].isupper() else 60 for name in names}
    return {name: usual[name] + 3 * place for place, name in enumerate(sorted(names))}


def _nested(roots: Sequence[Expr], count: Mapping[Expr, int]) -> tuple[set[Expr], set[Expr]]:
    """The products that only one other product uses: those planned as a part of it, and more where others are looked for."""
    nested: set[Expr] = set()
    whole: set[Expr] = set()
    factors: dict[Expr, int] = {}
    everything: dict[Expr, int] = {}
    for node in postorder(*roots):
        if isinstance(node, Einsum):
            total = most = len(node.operands)
            for operand in node.operands:
                if isinstance(operand, Einsum) and operand.shape and count[operand] == 1:
                    if total + factors[operand] <= MOST_FACTORS:
                        total += factors[operand]
                        nested.add(operand)
                    if most + everything[operand] <= reuse.MOST_FACTORS:
                        most += everything[operand]
                        whole.add(operand)
            factors[node], everything[node] = total, most
    return nested, whole


def _sum(shape: Shape, terms: list[tuple[Fraction, Expr]]) -> Expr:
    """A sum of plans; a weighted plan gives its weight to the sum."""
    flat = []
    for weight, term in terms:
        if isinstance(term, Sum) and len(term.terms) == 1:
            weight, term = weight * term.terms[0][0], term.terms[0][1]
        flat.append((weight, term))
    return flat[0][1] if len(flat) == 1 and flat[0][0] == 1 else Sum(shape, tuple(flat))


def _product(node: Einsum, done: Mapping[Expr, Expr], nested: Set[Expr], count: Mapping[Expr, int],
             sizes: Mapping[str, int], memory_limit: int | None) -> Expr:
    """The plan of a product, distributed over a sum where that is much cheaper: U (V'V) - T V for (U V' - T) V."""
    whole = _Product(node, done, nested, sizes, memory_limit)
    plan = whole.planned()
    for place, total in enumerate(node.operands):
        if not isinstance(total, Sum) or count[total] > 1 or len(total.terms) > MOST_TERMS:
            continue
        inner = {term for _, term in total.terms if isinstance(term, Einsum) and term.shape and count[term] == 1}
        # A x + A' x, which needs no matrix A + A'
        smaller = node.rank < total.rank and all(isinstance(_turned_leaf(term), Variable | Delta) for _, term in total.terms)
        if not smaller and not any(_tensors(term) > 1 for term in inner):
            continue
        products = []
        for _, term in total.terms:
            operands = (*node.operands[:place], term, *node.operands[place + 1:])
            products.append(_Product(Einsum(node.shape, operands, node.subscripts), done, nested | inner, sizes, memory_limit))
        other = _sum(node.shape, [(weight, part.planned()) for (weight, _), part in zip(total.terms, products)])
        known = {part.tensor for product in products for part in product.parts}
        if cost(other, sizes, known) < (1.1 if smaller else 0.8) * cost(plan, sizes, known):
            return other
        if memory_limit is not None and _widest([plan], sizes) > max(memory_limit, _widest([other], sizes)):
            return other
    return plan


def _reusing(plan: Expr, product: _Product, known: Products) -> Expr:
    """The plan of a product, or one that uses products which are computed anyway, where it is cheaper."""
    parts = product.numbered()
    kept = {product.find(axis) for axis in range(len(product.shape))}
    found = known.within(parts, kept, product.nodes)
    if len(found) == len(parts):
        return plan
    other = product.planned(found)
    there = {part.tensor for part in (*parts, *found)}
    return other if cost(other, product.sizes, there) < cost(plan, product.sizes, there) else plan


def _remember(known: Products, node: Expr, product: _Product, value: Expr) -> None:
    """Keep a product of several tensors that is nothing but that."""
    parts = product.numbered()
    present = {label for part in parts for label in part.labels}
    joined = any([product.find(label) != label for label in range(len(product.dims))])
    if len(parts) > 1 and product.coefficient == 1 and not product.scalars and not joined and len(present) == len(product.dims):
        known.add(node, parts, value)


def _turned_leaf(node: Expr) -> Expr:
    """What a node is the transpose of, if anything."""
    turned = isinstance(node, Einsum) and len(node.operands) == 1 and node.rank == node.operands[0].rank
    return node.children[0] if turned else node


def _tensors(node: Expr) -> int:
    """How many arrays a product multiplies."""
    return sum(bool(operand.shape) and not isinstance(operand, Delta) for operand in node.children)


class _Product:
    """One product taken apart into a coefficient, numbers, tensors and labels that deltas join."""

    def __init__(self, root: Einsum, done: Mapping[Expr, Expr], nested: Set[Expr], sizes: Mapping[str, int],
                 memory_limit: int | None) -> None:
        self.shape, self.sizes, self.memory_limit = root.shape, sizes, memory_limit
        self.coefficient = Fraction(1)
        self.scalars: list[Expr] = []
        self.parts: list[Part] = []
        self.dims: list[Dim] = list(root.shape)
        self.parent = list(range(root.rank))
        self.nodes: set[Expr] = set()
        pending = [(root, tuple(range(root.rank)))]
        while pending:
            node, labels = pending.pop()
            self.nodes.add(node)
            own = self._numbered(node, labels)
            for operand, subscripts in zip(node.operands, node.subscripts):
                outer = tuple([own[label] for label in subscripts])
                if isinstance(operand, Einsum) and operand in nested:
                    pending.append((operand, outer))
                else:
                    self._take(done[operand], outer)

    def _numbered(self, node: Einsum, labels: Labels) -> dict[int, int]:
        """The labels here of the labels of ``node``; those it sums over are new."""
        own = dict(enumerate(labels))
        for operand, subscripts in zip(node.operands, node.subscripts):
            for label, dim in zip(subscripts, operand.shape):
                if label not in own:
                    own[label] = len(self.dims)
                    self.dims.append(dim)
                    self.parent.append(len(self.parent))
        return own

    def _take(self, operand: Expr, labels: Labels) -> None:
        """Take one planned factor; a placement is taken apart."""
        if isinstance(operand, Sum) and len(operand.terms) == 1:
            self.coefficient *= operand.terms[0][0]
            operand = operand.terms[0][1]
        if isinstance(operand, Delta) and operand.shape:
            for label in labels[1:]:
                self._join(labels[0], label)
        elif isinstance(operand, Einsum) and is_placement(operand):
            for inner, subscripts in zip(operand.operands, operand.subscripts):
                self._take(inner, tuple([labels[label] for label in subscripts]))
        elif operand.shape:
            self.parts.append(Part(operand, labels))
        else:
            self.scalars.append(operand)

    def find(self, label: int) -> int:
        """The label that stands for all that deltas join with ``label``."""
        while self.parent[label] != label:
            label = self.parent[label]
        return label

    def _join(self, a: int, b: int) -> None:
        a, b = sorted((self.find(a), self.find(b)))
        self.parent[b] = a

    def numbered(self) -> list[Part]:
        """The tensors, with labels that deltas join made one."""
        return [Part(tensor, tuple([self.find(label) for label in labels])) for tensor, labels in self.parts]

    def planned(self, parts: Sequence[Part] | None = None) -> Expr:
        """The product as a plan; ``parts`` are other tensors that make up the same."""
        rank = len(self.shape)
        roots = [self.find(label) for label in range(len(self.dims))]
        own = self.numbered()
        present = {label for part in own for label in part.labels}
        parts = _powers(own if parts is None else parts)
        places: list[Part] = []
        for root in dict.fromkeys(roots):
            axes = tuple([axis for axis in range(rank) if roots[axis] == root])
            if not axes and root not in present:
                self.scalars.append(dimension(self.dims[root]))
            elif len(axes) > 1 or (axes and root not in present):
                places.append(Part(Delta((self.dims[root],) * len(axes), self.dims[root]), axes))
        tensors: list[Part] = []
        for component in _components(parts, rank):
            kept = tuple(sorted({label for part in component for label in part.labels if label < rank}))
            tensor = contraction(component, kept, self.sizes, self.memory_limit)
            if kept:
                tensors.append(Part(tensor, kept))
            else:
                self.scalars.append(tensor)
        return self._placed(tensors, places)

    def _placed(self, tensors: list[Part], places: list[Part]) -> Expr:
        """Numbers, tensor and deltas side by side."""
        scalars = []
        for scalar in self.scalars:
            if isinstance(scalar, Sum) and len(scalar.terms) == 1:
                self.coefficient *= scalar.terms[0][0]
                scalar = scalar.terms[0][1]
            if scalar is not ONE:
                scalars.append(Part(scalar, ()))
        factors = [*sorted(scalars, key=lambda part: part.tensor.key), *tensors, *places]
        if len(factors) == 1 and factors[0].labels == tuple(range(len(self.shape))):
            node = factors[0].tensor
        else:
            labels = tuple([part.labels for part in factors])
            node = Einsum(self.shape, tuple([part.tensor for part in factors]), labels)
        return node if self.coefficient == 1 else Sum(self.shape, ((self.coefficient, node),))


def _powers(parts: Sequence[Part]) -> list[Part]:
    """Three and more copies of one tensor at one place as a power; two are multiplied as they are."""
    count: dict[Part, int] = {}
    for part in parts:
        count[part] = count.get(part, 0) + 1
    found: list[Part] = []
    for part, copies in count.items():
        if copies > 2:
            found.append(Part(Apply(part.tensor.shape, POWER, (part.tensor, number(copies))), part.labels))
        else:
            found += [part] * copies
    return found


def _components(parts: Sequence[Part], rank: int) -> list[list[Part]]:
    """The tensors that reach the result, all together, and each group of others that sums to a number."""
    # All labels of the result are one, so that whatever has one of them comes together.
    return connected([(part, [max(label, rank - 1) for label in part.labels]) for part in parts])
