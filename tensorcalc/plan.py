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

from .build import ONE, dimension, number
from .expr import Apply, Delta, Einsum, Expr, Sum
from .functions import POWER, TABLE, Function
from .pairwise import Labels, Part, contraction, cost, is_placement, transposed
from .sizes import Dim, Shape, symbols
from .traverse import postorder, uses

MOST_FACTORS = 16   # of a product into which a nested one is spliced: the cheapest order is sought among them all
MOST_TERMS = 4      # of a sum over which a product is distributed


def plan(root: Expr, sizes: Mapping[str, int]) -> Expr:
    """``root`` with its products pairwise, in the cheapest order at the given ``sizes``.

    Examples
    --------
    >>> from tensorcalc.build import einsum, variable
    >>> A, x, y = variable("A", "m", "n"), variable("x", "m"), variable("y", "n")
    >>> product = einsum([(x, "i"), (A, "ij"), (y, "j")], "")
    >>> [len(node.operands) for node in postorder(plan(product, {"m": 3, "n": 4})) if isinstance(node, Einsum)]
    [2, 2]
    """
    return plans([root], sizes)[0]


def plans(roots: Iterable[Expr], sizes: Mapping[str, int]) -> list[Expr]:
    """The plans of several expressions, which share what they can."""
    roots = list(roots)
    count = uses(roots)
    nested = _nested(roots, count)
    done: dict[Expr, Expr] = {}
    for node in postorder(*roots):
        match node:
            case Einsum():
                if node not in nested:
                    done[node] = _product(node, done, nested, count, sizes)
            case Sum(shape=shape, terms=terms):
                done[node] = _sum(shape, [(weight, done[term]) for weight, term in terms])
            case Apply(shape=shape, function=function, arguments=arguments):
                done[node] = Apply(shape, function, tuple([done[argument] for argument in arguments]), node.symmetry or 0)
            case _:
                done[node] = node
    return _finished([done[root] for root in roots])


def nominal_sizes(exprs: Iterable[Expr]) -> dict[str, int]:
    """Sizes to plan with where none are known, different from one another.

    As people name them: k and r are small, capitals are large.
    """
    names = {symbol for node in postorder(*exprs) for dim in node.shape for symbol in symbols(dim)}
    return {name: (10 if name[0] in "kr" else 200 if name[0].isupper() else 60) + 3 * k for k, name in enumerate(sorted(names))}


def _nested(roots: Sequence[Expr], count: Mapping[Expr, int]) -> set[Expr]:
    """The products that only one other product uses: planned as a part of it."""
    nested: set[Expr] = set()
    factors: dict[Expr, int] = {}
    for node in postorder(*roots):
        if isinstance(node, Einsum):
            total = len(node.operands)
            for operand in node.operands:
                if isinstance(operand, Einsum) and operand.shape and count[operand] == 1:
                    if total + factors[operand] <= MOST_FACTORS:
                        total += factors[operand]
                        nested.add(operand)
            factors[node] = total
    return nested


def _sum(shape: Shape, terms: list[tuple[Fraction, Expr]]) -> Expr:
    """A sum of plans; a weighted plan gives its weight to the sum."""
    flat = []
    for weight, term in terms:
        if isinstance(term, Sum) and len(term.terms) == 1:
            weight, term = weight * term.terms[0][0], term.terms[0][1]
        flat.append((weight, term))
    return flat[0][1] if len(flat) == 1 and flat[0][0] == 1 else Sum(shape, tuple(flat))


def _product(node: Einsum, done: Mapping[Expr, Expr], nested: Set[Expr], count: Mapping[Expr, int],
             sizes: Mapping[str, int]) -> Expr:
    """The plan of a product, distributed over a sum in it where that is much cheaper: U (V'V) - T V for (U V' - T) V."""
    whole = _Product(node, done, nested, sizes)
    plan = whole.planned()
    for place, total in enumerate(node.operands):
        if not isinstance(total, Sum) or count[total] > 1 or len(total.terms) > MOST_TERMS:
            continue
        inner = {term for _, term in total.terms if isinstance(term, Einsum) and term.shape and count[term] == 1}
        if not inner:
            continue
        products = []
        for _, term in total.terms:
            operands = (*node.operands[:place], term, *node.operands[place + 1:])
            products.append(_Product(Einsum(node.shape, operands, node.subscripts), done, nested | inner, sizes))
        other = _sum(node.shape, [(weight, part.planned()) for (weight, _), part in zip(total.terms, products)])
        known = {part.tensor for product in products for part in product.parts}
        if cost(other, sizes, known) < 0.8 * cost(plan, sizes, known):
            return other
    return plan


class _Product:
    """One product taken apart into a coefficient, numbers, tensors and labels that deltas join."""

    def __init__(self, root: Einsum, done: Mapping[Expr, Expr], nested: Set[Expr], sizes: Mapping[str, int]) -> None:
        self.shape, self.sizes = root.shape, sizes
        self.coefficient = Fraction(1)
        self.scalars: list[Expr] = []
        self.parts: list[Part] = []
        self.dims: list[Dim] = list(root.shape)
        self.parent = list(range(root.rank))
        pending = [(root, tuple(range(root.rank)))]
        while pending:
            node, labels = pending.pop()
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

    def _find(self, label: int) -> int:
        while self.parent[label] != label:
            label = self.parent[label]
        return label

    def _join(self, a: int, b: int) -> None:
        a, b = sorted((self._find(a), self._find(b)))
        self.parent[b] = a

    def planned(self) -> Expr:
        """The product as a plan."""
        rank = len(self.shape)
        roots = [self._find(label) for label in range(len(self.dims))]
        parts = _powers([Part(tensor, tuple([roots[label] for label in labels])) for tensor, labels in self.parts])
        present = {label for part in parts for label in part.labels}
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
            tensor = contraction(component, kept, self.sizes)
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
            node = Einsum(self.shape, tuple([part.tensor for part in factors]), tuple([part.labels for part in factors]))
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
    groups: list[tuple[set[int], list[Part]]] = []
    for part in parts:
        # All labels of the result are one, so that whatever has one of them comes together.
        labels = {max(label, rank - 1) for label in part.labels}
        joined = [group for group in groups if group[0] & labels]
        groups = [group for group in groups if not group[0] & labels]
        groups.append((labels.union(*[group[0] for group in joined]), [q for group in joined for q in group[1]] + [part]))
    return [members for _, members in groups]


# -- the last touch ----------------------------------------------------------------------

_SOLVE = {1: Function("solve", "(n,n),(n)->(n)"), 2: Function("solve", "(n,n),(n,m)->(n,m)")}


def _finished(roots: list[Expr]) -> list[Expr]:
    """The plans with systems solved where an inverse serves one product, and with few signs."""
    count = uses(roots)
    done: dict[Expr, Expr] = {}
    present: set[Expr] = set()
    for node in postorder(*roots):
        children = tuple([done[child] for child in node.children])
        done[node] = node if children == node.children else _with(node, children)
        if isinstance(node, Einsum):
            done[node] = _solved(node, children, count) or _turned(done[node], present) or done[node]
        elif isinstance(node, Sum):
            terms = [(weight, child, _negated(child, count) if weight < 0 and count[old] == 1 else None)
                     for (weight, old), child in zip(node.terms, children)]
            if any(other for _, _, other in terms):
                done[node] = _sum(node.shape, [(-weight, other) if other else (weight, child) for weight, child, other in terms])
        present.add(done[node])
    return [done[root] for root in roots]


def _with(node: Expr, children: tuple[Expr, ...]) -> Expr:
    """A node of a plan with other children."""
    match node:
        case Einsum(shape=shape, subscripts=subscripts):
            return Einsum(shape, children, subscripts)
        case Sum(shape=shape, terms=terms):
            return Sum(shape, tuple([(weight, child) for (weight, _), child in zip(terms, children)]))
        case Apply(shape=shape, function=function):
            return Apply(shape, function, children, node.symmetry or 0)
    return node


def _turned(node: Expr, present: Set[Expr]) -> Expr | None:
    """The product of two matrices as the transpose of one that is there already."""
    if not isinstance(node, Einsum) or len(node.operands) != 2 or node.rank != 2 or is_placement(node):
        return None
    labels = range(2 + max(map(max, node.subscripts)))
    swapped = tuple([tuple([(1, 0, *labels[2:])[label] for label in own]) for own in node.subscripts])
    if node.operands[0] is node.operands[1]:
        swapped = tuple(sorted(swapped))
    other = Einsum(node.shape[::-1], node.operands, swapped)
    return Einsum(node.shape, (other,), ((1, 0),)) if other in present and other is not node else None


def _solved(node: Einsum, children: Sequence[Expr], count: Mapping[Expr, int]) -> Expr | None:
    """``inv(A) @ B`` as the solution of a system, where nothing else needs ``inv(A)``."""
    if len(children) != 2 or is_placement(node):
        return None
    for k, inverse in enumerate(children):
        right = Part(children[1 - k], node.subscripts[1 - k])
        labels = node.subscripts[k]
        if not isinstance(inverse, Apply) or inverse.function is not TABLE["inv"] or inverse.rank != 2:
            continue
        summed = [label for label in labels if label >= node.rank]
        if count[node.operands[k]] > 1 or len(summed) != 1 or {*labels} & {*right.labels} != {*summed} or right.tensor.rank > 2:
            continue
        (free,) = {*labels} - {*summed}
        rest = tuple([label for label in right.labels if label not in summed])
        matrix = transposed(Part(inverse.arguments[0], labels), (free, *summed)).tensor
        vectors = transposed(right, (*summed, *rest)).tensor
        dims = (matrix.shape[0], *vectors.shape[1:])
        solution = Part(Apply(dims, _SOLVE[vectors.rank], (matrix, vectors)), (free, *rest))
        return transposed(solution, tuple(range(node.rank))).tensor
    return None


def _negated(node: Expr, count: Mapping[Expr, int]) -> Expr | None:
    """Minus a product, with the sign given to a difference inside it that nothing else needs."""
    path: list[tuple[Einsum, int]] = []
    while isinstance(node, Einsum):
        inner = [k for k, operand in enumerate(node.operands) if count.get(operand) == 1 and isinstance(operand, (Sum, Einsum))]
        inner.sort(key=lambda k: isinstance(node.operands[k], Einsum))
        if not inner or len(path) > 8:
            return None
        path.append((node, inner[0]))
        node = node.operands[inner[0]]
    if not isinstance(node, Sum) or 2 * sum(weight < 0 for weight, _ in node.terms) < len(node.terms):
        return None
    found: Expr = Sum(node.shape, tuple([(-weight, term) for weight, term in node.terms]))
    for product, k in reversed(path):
        found = Einsum(product.shape, (*product.operands[:k], found, *product.operands[k + 1:]), product.subscripts)
    return found
