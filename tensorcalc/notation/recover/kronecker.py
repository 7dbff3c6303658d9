"""Expressions to matrices with merged axes: ``⊗``, ``vec``, commutation matrices.

The axes of an expression are split into row axes and column axes, merged with the
last one fastest.  Factors that share no index are factors of ``⊗``; a delta between
a row and a column is an identity; a crossed order is a commutation matrix; an index
that several factors share is a diagonal matrix or a Khatri–Rao product; a factor
that has merged axes itself (``duplication(n)``, a variable of size ``n*m``) is
multiplied from the side that it stands on.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from weakref import WeakKeyDictionary

from ...algebra.build import Factor, delta, einsum, transpose
from ...algebra.components import connected
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...functions import FRECHET, primes
from ...sizes import Dim
from ..syntax import Call, Name, Op, Syntax, add, is_op, multiply, walk
from ..syntax import transpose as turn
from . import matrix, series
from .called import called
from .matrix import Known
from .scalars import ONE, size, weighted
from .slots import Axes, Slot, joined, kron, matrix_product, merged_size

Pair = tuple[Expr, tuple[int, ...]]

MOST_PARTED = 4   # factors on two equal axes that are tried on either


# Trees found before: the parts of a product are asked for again and again while it is taken apart.
_PLAIN: WeakKeyDictionary[Expr, Syntax | None] = WeakKeyDictionary()
_NAMELESS: WeakKeyDictionary[Expr, bool] = WeakKeyDictionary()


def nameless(expr: Expr) -> bool:
    """Whether a variable with more axes than matrix notation has occurs anywhere in ``expr``."""
    if expr not in _NAMELESS:
        for node in postorder(expr):
            if node not in _NAMELESS:
                _NAMELESS[node] = (isinstance(node, Variable) and node.rank > 2 and not node.groups) \
                    or any(_NAMELESS[child] for child in node.children)
    return _NAMELESS[expr]


def plain(expr: Expr) -> Syntax | None:
    """Matrix notation for an expression of at most two axes, merged axes allowed inside."""
    if expr not in _PLAIN:
        for node in postorder(expr):
            if node not in _PLAIN:
                _PLAIN[node] = plain_node(node, _PLAIN)
    return _PLAIN[expr]


def plain_node(node: Expr, known: Known) -> Syntax | None:
    """One step of :func:`plain`, for a node whose children are ``known``."""
    if nameless(node):
        return None
    if isinstance(node, Einsum) and node.rank <= 2 and (stacks := series.unstack(node)) is not None:
        return summed(stacks, plain(stacks.inner))
    tree = matrix.node_tree(node, known)
    if tree is not None or node.rank > 2:
        return tree
    if isinstance(node, Apply) and node.function.ways and not node.shape:
        return _grouped_name(node)
    if isinstance(node, Einsum):
        return _Product(node, min(node.rank, 1)).tree() if node.shape else _inner_product(node)
    return None


def summed(stacks: series.Unstacked, body: Syntax | None) -> Syntax | None:
    """A series, given the tree of its body with placeholders."""
    trees = {name: plain(base) for name, (base, _) in stacks.holders.items()}
    if body is None or any(tree is None for tree in trees.values()):
        return None
    return stacks.around(body, {name: tree for name, tree in trees.items() if tree is not None})


def _inner_product(node: Einsum) -> Syntax | None:
    """A number with a factor that has merged axes: ``u' S v`` or ``tr(S R)``."""
    members = list(zip(node.operands, node.subscripts))
    for k, (operand, own) in enumerate(members):
        if len(set(own)) < len(own):
            continue
        for name, left, right in _sides(operand, own):
            tree = _sandwich(members, k, name, left, right)
            if tree is not None:
                return tree
    return None


def _sandwich(members: list[Pair], k: int, name: Syntax, left: Axes, right: Axes) -> Syntax | None:
    others = [member for q, member in enumerate(members) if q != k]
    covered = {label for _, own in others for label in own}
    others += [(delta(dim, 1), (label,)) for label, dim in dict(zip(members[k][1], members[k][0].shape)).items()
               if label not in covered]
    near = [group for group in _hanging_together(others) if any(set(own) & set(left) for _, own in group)]
    far = [group for group in _hanging_together(others) if any(set(own) & set(right) for _, own in group)]
    if all(group not in far for group in near):
        u = _tree(einsum([pair for group in near for pair in group], left), len(left)) if near else None
        v = _tree(einsum([pair for group in far for pair in group], right), len(right)) if far else None
        if u is None or (right and v is None):
            return None
        return matrix_product(turn(u), matrix_product(name, v)) if v is not None else matrix_product(turn(u), name)
    rest = _tree(einsum(others, (*right, *left)), len(right))
    return None if rest is None else Call("tr", (matrix_product(name, rest),))


def recover(expr: Expr, rows: Axes, cols: Axes) -> Syntax | None:
    """The matrix whose rows are the axes ``rows`` of ``expr``, merged, and whose columns are ``cols``.

    ``None`` where the grammar has no form for it.
    """
    upright = transpose(expr, (*rows, *cols))
    return _tree(upright, len(rows))


@lru_cache(maxsize=4096)   # holds the transposed parts that it was asked for: nothing else does, and they come again and again
def _tree(expr: Expr, split: int) -> Syntax | None:
    """``recover`` for an expression whose first ``split`` axes are the rows."""
    if nameless(expr):
        return None
    if isinstance(expr, Sum) and expr.rank == 2 and split in (0, 2) and len(expr.terms) > 1:
        whole = _vector(expr, split)
        if whole is not None:
            return whole
    if split <= 1 and expr.rank - split <= 1:
        flat = plain(expr)
        if flat is not None:
            return turn(flat) if split == 0 and expr.rank == 1 else flat
    if isinstance(expr, Sum):
        return _sum(expr, split)
    stacks = series.unstack(expr) if isinstance(expr, (Einsum, Apply)) else None
    if stacks is not None:
        return summed(stacks, _tree(stacks.inner, split))
    if isinstance(expr, Einsum):
        return _Product(expr, split).tree()
    return _single(expr, split)


def _sum(expr: Sum, split: int) -> Syntax | None:
    if not expr.terms:
        sizes = [merged_size(expr.shape[:split]), merged_size(expr.shape[split:])]
        return Call("zeros", tuple(part for part, axes in zip(sizes, (expr.shape[:split], expr.shape[split:])) if axes))
    trees = [_tree(term, split) for _, term in expr.terms]
    parts = [(weight, tree) for (weight, _), tree in zip(expr.terms, trees) if tree is not None]
    if len(parts) < len(trees):
        return None
    shared, last = _content(parts)
    if any(_scaled_commutation(term) for _, term in expr.terms):
        last = None   # what would be left of it is a number
    plus: list[Syntax] = []
    minus: list[Syntax] = []
    for weight, tree in parts:
        bare = tree if last is None else _without_last(tree)
        turned = _negated(bare) if weight / shared == -1 else None
        signed = turned if turned is not None else weighted(weight / shared, bare)
        (minus if is_op(signed, "negate") else plus).append(signed)
    total = add(*plus, *minus)
    return weighted(shared, total if last is None else Op("multiply", (total, last)))


def _negated(tree: Syntax) -> Syntax | None:
    """Minus a diagonal matrix, the sign put into a difference inside it."""
    match tree:
        case Call("diag" | "vec" as name, (inner,)):
            turned = _negated(inner)
            return None if turned is None else Call(name, (turned,))
        case Op("add", (one, Op("negate", (two,)))):
            return add(two, Op("negate", (one,)))
        case Op("kronecker", (one, two)):
            turned = _negated(two)
            return None if turned is None else Op("kronecker", (one, turned))
    return None


def _content(parts: list[tuple[Fraction, Syntax]]) -> tuple[Fraction, Syntax | None]:
    """A number that all terms share, and a commutation matrix that all end in."""
    weights = {abs(weight) for weight, _ in parts}
    ends = {tree.operands[-1] if isinstance(tree, Op) and tree.operator == "multiply" else None for _, tree in parts}
    last = ends.pop() if len(ends) == 1 and len(parts) > 1 else None
    shared = weights.pop() if len(weights) == 1 and len(parts) > 1 else Fraction(1)
    return shared, last if isinstance(last, Call) and last.function == "commutation" else None


def _scaled_commutation(term: Expr) -> bool:
    """Whether a term is a number times deltas."""
    return isinstance(term, Einsum) and all(isinstance(operand, Delta) or not operand.rank for operand in term.operands)


def _without_last(tree: Syntax) -> Syntax:
    assert isinstance(tree, Op)
    return multiply(*tree.operands[:-1])


def _single(expr: Expr, split: int) -> Syntax | None:
    """A variable, a constant or a function whose merged axes are its own."""
    if isinstance(expr, Delta) or (isinstance(expr, Apply) and expr.function.name == "elimination"):
        return _Product.of_one(expr, split)
    natural = own_split(expr)
    if natural == split:
        return _grouped_name(expr)
    if split == 0 and natural == expr.rank:
        inner = _grouped_name(expr)
        return None if inner is None else turn(inner)
    if isinstance(expr, Variable) and not expr.groups and expr.rank == 2:
        return _vector(expr, split)
    if isinstance(expr, Apply) and expr.function.elementwise and len(expr.arguments) == 1:
        inner = _tree(expr.arguments[0], split)
        name, order = primes(expr.function)
        return None if inner is None else Call(name, (inner,), None, order)
    if expr.rank == 2 and split in (0, 2):
        return _vector(expr, split)
    return None


def _vector(expr: Expr, split: int) -> Syntax | None:
    """Two axes merged into one column or row: ``vec`` stacks columns, so the first axis is the slow one."""
    inner = plain(transpose(expr, (1, 0)))
    if inner is None:
        return None
    column = Call("vec", (inner,))
    return column if split == 2 else turn(column)


def own_split(expr: Expr) -> int | None:
    """How many axes are the rows of something that has merged axes of its own."""
    match expr:
        case Variable(groups=groups) if groups and len(groups) <= 2:
            return groups[0]
        case Apply(function=function) if function.name in ("duplication",):
            return 2
        case Apply(function=function) if function.name == "elimination":
            return 1
        case Apply(function=function) if function.ways and function.name not in FRECHET:
            return expr.rank // 2 if len(set(function.ways)) == 1 else function.ways[-1]
    return None


def _grouped_name(expr: Expr) -> Syntax | None:
    match expr:
        case Variable(name=name):
            return Name(name)
        case Apply(function=function, arguments=()):
            dim = expr.shape[-1] if function.name == "elimination" else expr.shape[0]
            return Call(function.name, (size(dim),))
        case Apply(function=function, arguments=(argument,)):
            rows = function.ways[0]
            inner = _tree(argument, rows)
            return None if inner is None else called(function, inner)
    return None


class _Product:
    """One product, its axes below ``split`` the rows."""

    def __init__(self, expr: Expr, split: int) -> None:
        self.expr, self.split = expr, split
        self.rank = expr.rank

    @staticmethod
    def of_one(expr: Expr, split: int) -> Syntax | None:
        return _Product(expr, split)._assembled([(expr, tuple(range(expr.rank)))], expr.shape)

    def tree(self) -> Syntax | None:
        assert isinstance(self.expr, Einsum)
        scalars = [operand for operand, own in zip(self.expr.operands, self.expr.subscripts) if not own]
        rest = [(operand, own) for operand, own in zip(self.expr.operands, self.expr.subscripts) if own]
        body = self._assembled(rest, self.expr.shape)
        if body is None or not scalars:
            return body
        front = plain(einsum([(scalar, ()) for scalar in scalars], ()))
        if front is None:
            return None
        if isinstance(front, Op) and front.operator == "divide":
            top, bottom = front.operands
            scaled = body if top == ONE else multiply(top, body)
            return Op("divide", (scaled, bottom))
        factors = (front, *(body.operands if is_op(body, "multiply") else (body,)))
        return Op("multiply", factors) if any(is_op(part, "transpose") for part in walk(front)) else multiply(*factors)

    def _assembled(self, pairs: list[Pair], shape: Sequence[Dim]) -> Syntax | None:
        slots: list[Slot] = []
        for members in _hanging_together(pairs):
            labels = sorted({label for _, own in members for label in own if label < self.rank})
            slot = self._slot(members, tuple(labels))
            if slot is None:
                return None
            slots.append(slot)
        return joined(slots, tuple(range(self.split)), tuple(range(self.split, self.rank)), shape)

    # -- one slot ------------------------------------------------------------------------

    def _slot(self, members: list[Pair], labels: Axes) -> Slot | None:
        rows = tuple(label for label in labels if label < self.split)
        cols = tuple(label for label in labels if label >= self.split)
        block = einsum(members, (*rows, *cols))
        if len(rows) <= 1 and len(cols) <= 1 and block is not self.expr:
            tree = plain(block)
            if tree is not None:
                return Slot(rows, cols, turn(tree) if not rows and cols else tree)
        peeled = self._peeled(members, rows, cols)
        if peeled is not None:
            return peeled
        if (len(rows) == 2 and not cols) or (len(cols) == 2 and not rows):
            tree = _vector(block, len(rows)) if block.rank == 2 else None
            if tree is not None:
                return Slot(rows, cols, tree)
        return self._scaled(members, rows, cols) or self._star(members, rows, cols) or self._tied(members, rows, cols)

    def _tied(self, members: list[Pair], rows: Axes, cols: Axes) -> Slot | None:
        """A delta on both row axes, or on both column axes, beside other factors: ``diag(vec(eye(n)))``."""
        for k, (operand, own) in enumerate(members):
            if not (isinstance(operand, Delta) and own in (rows, cols)) or len(own) != 2:
                continue
            rest = [member for q, member in enumerate(members) if q != k]
            trees = [_tree(einsum(parted, (*rows, *cols)), len(rows)) for parted in _parted(rest, *own)]
            found = min((tree for tree in trees if tree is not None), key=lambda tree: len(list(walk(tree))), default=None)
            if found is not None:
                mask = Call("diag", (Call("vec", (Call("eye", (size(operand.dim),)),)),))
                return Slot(rows, cols, matrix_product(mask, found) if own == rows else matrix_product(found, mask))
        return None

    def _peeled(self, members: list[Pair], rows: Axes, cols: Axes) -> Slot | None:
        """A factor with merged axes of its own, multiplied from its side."""
        for k, (operand, own) in enumerate(members):
            ways = (self._peeled_as(members, k, side, rows, cols) for side in _sides(operand, own, {rows, cols}))
            slots = (slot for slot in ways if slot is not None)
            if isinstance(operand, Apply) and operand.function.name == "duplication":   # either order of its two axes
                slot = min(slots, key=lambda one: len(list(walk(one.tree))), default=None)
            else:
                slot = next(slots, None)
            if slot is not None:
                return slot
        return None

    def _peeled_as(self, members: list[Pair], k: int, side: tuple[Syntax, Axes, Axes], rows: Axes, cols: Axes) -> Slot | None:
        name, left, right = side
        for near, far, flipped in ((left, right, False), (right, left, True)):
            tree = turn(name) if flipped else name
            if near == rows and far == cols and len(members) == 1:
                return Slot(rows, cols, tree)
            inner = self._beyond(members, k, near, rows, far, cols)
            if inner is not None:
                return Slot(rows, cols, matrix_product(tree, inner))
            inner = self._beyond(members, k, far, cols, near, rows, before=True) if near else None
            if inner is not None:
                return Slot(rows, cols, matrix_product(inner, tree))
        return None

    def _beyond(self, members: list[Pair], k: int, side: Axes, wanted: Axes, bridge: Axes, other: Axes,
                before: bool = False) -> Syntax | None:
        """What a factor whose one side is all of ``wanted`` is multiplied by: the rest, from ``bridge`` to ``other``."""
        if side != wanted or len(set(bridge)) < len(bridge):
            return None
        if any(set(own) & set(side) for q, (_, own) in enumerate(members) if q != k):
            return None
        far: list[Hashable] = [("far", label) for label in bridge]
        rest = einsum(_rest(members, k, bridge), [*other, *far] if before else [*far, *other])
        return _tree(rest, len(other) if before else len(far))

    def _scaled(self, members: list[Pair], rows: Axes, cols: Axes) -> Slot | None:
        """Factors on row axes alone, or on column axes alone, that others touch too: diagonal matrices."""
        for part in _blocks(members, self.rank):
            touched = tuple(sorted({label for _, own in part for label in own if label < self.rank}))
            if len(part) == len(members) or not touched:
                continue
            on_rows = set(touched) <= set(rows)
            if not on_rows and not set(touched) <= set(cols):
                continue
            rest = _others(members, part)
            left_over = {label for _, own in rest for label in own}
            if not {*rows, *cols} <= left_over:
                continue
            shape = self._dims(members)
            tree = _tree(einsum(part, touched), len(touched))
            diagonal = None if tree is None else self._spread(tree, touched, rows if on_rows else cols, shape)
            if diagonal is not None:  # whichever factor is taken out first, the same ones are left in the end
                body = self._body(rest, rows, cols, shape)
                return None if body is None else \
                    Slot(rows, cols, matrix_product(diagonal, body) if on_rows else matrix_product(body, diagonal))
        return None

    def _body(self, members: list[Pair], rows: Axes, cols: Axes, shape: dict[int, Dim]) -> Syntax | None:
        slots = []
        for group in _hanging_together(members):
            slot = self._slot(group, tuple(sorted({label for _, own in group for label in own if label < self.rank})))
            if slot is None:
                return None
            slots.append(slot)
        return joined(slots, rows, cols, shape)

    def _dims(self, members: list[Pair]) -> dict[int, Dim]:
        return {label: dim for operand, own in members for label, dim in zip(own, operand.shape)}

    def _spread(self, tree: Syntax, touched: Axes, axes: Axes, shape: dict[int, Dim]) -> Syntax | None:
        """The diagonal matrix of a vector over some of ``axes``, over all of them."""
        first = axes.index(touched[0])
        if axes[first:first + len(touched)] != touched:
            return None
        before = [shape[label] for label in axes[:first]]
        after = [shape[label] for label in axes[first + len(touched):]]
        parts: list[Syntax] = [Call("diag", (tree,))]
        if before:
            parts.insert(0, Call("eye", (merged_size(before),)))
        if after:
            parts.append(Call("eye", (merged_size(after),)))
        return kron(parts)

    def _star(self, members: list[Pair], rows: Axes, cols: Axes) -> Slot | None:
        """One index that several factors share: a Khatri–Rao product."""
        for hub_axes, spokes, by_rows in ((rows, cols, True), (cols, rows, False)):
            if len(hub_axes) != 1 or len(spokes) < 2:
                continue
            (hub,) = hub_axes
            parts = self._spoke_trees(members, hub, spokes)
            if parts is not None:
                tree = parts[0]
                for part in parts[1:]:
                    tree = Call("khatrirao", (tree, part))
                return Slot(rows, cols, turn(tree) if by_rows else tree)
        if len(members) == 1 and isinstance(members[0][0], Delta) and len(rows) == len(cols) == 2:
            eye = Call("eye", (size(members[0][0].dim),))
            return Slot(rows, cols, Call("diag", (Call("vec", (eye,)),)))
        return None

    def _spoke_trees(self, members: list[Pair], hub: int, spokes: Axes) -> list[Syntax] | None:
        """For each spoke the matrix from it to the hub; what a delta ties to the hub is the hub to the others."""
        tied = {label for operand, own in members if isinstance(operand, Delta) and hub in own for label in own}
        found: dict[int, list[Factor]] = {spoke: [] for spoke in spokes}
        scale: list[Factor] = []
        for part in _blocks(members, self.rank):
            if len(part) == 1 and isinstance(part[0][0], Delta) and hub in part[0][1]:
                for spoke in set(part[0][1]) - {hub}:
                    found[spoke].append((delta(part[0][0].dim), (spoke, hub)))
                continue
            moved = [(operand, tuple(hub if label in tied else label for label in own)) for operand, own in part]
            touched = {label for _, own in moved for label in own if label < self.rank}
            if touched == {hub}:
                scale += moved
            elif len(touched) == 2 and hub in touched:
                found[(touched - {hub}).pop()] += moved
            else:
                return None
        return self._written(found, scale, hub, spokes)

    def _written(self, found: dict[int, list[Factor]], scale: list[Factor], hub: int, spokes: Axes) -> list[Syntax] | None:
        trees = []
        for spoke in spokes:
            tree = plain(einsum([*found[spoke], *scale], (spoke, hub))) if found[spoke] else None
            if tree is None:
                return None
            scale = []
            trees.append(tree)
        return trees


def _parted(pairs: list[Pair], a: int, b: int) -> Iterator[list[Pair]]:
    """Factors on one axis, some of them moved to another that is equal to it."""
    places = [k for k, (_, own) in enumerate(pairs) if a in own or b in own]
    for chosen in product((a, b), repeat=len(places)) if len(places) <= MOST_PARTED else ():
        to = dict(zip(places, chosen))
        if len(set(chosen)) == 2:
            yield [(operand, tuple(to[k] if label in (a, b) else label for label in own)) for k, (operand, own)
                   in enumerate(pairs)]


def _sides(operand: Expr, own: tuple[int, ...], ends: Collection[Axes] | None = None) -> Iterator[tuple[Syntax, Axes, Axes]]:
    """Ways to write a factor as a matrix with merged axes: its tree, and the labels of its rows and columns.

    Where ``ends`` are given, only ways matter of which one side is one of them.
    """
    split = own_split(operand)
    if split is not None:
        name = _grouped_name(operand)
        if name is not None:
            left, right = own[:split], own[split:]
            special = operand.function.name if isinstance(operand, Apply) else ""
            yield name, left, right[::-1] if special == "elimination" else right
            if special == "duplication":
                yield name, left[::-1], right
    elif isinstance(operand, Sum) and operand.rank == 4:
        for order in permutations(range(4)):
            labels = tuple(own[axis] for axis in order)
            if ends is None or labels[:2] in ends or labels[2:] in ends:
                tree = _tree(transpose(operand, order), 2)
                if tree is not None:
                    yield tree, labels[:2], labels[2:]
    elif isinstance(operand, Sum) and (operand.rank == 3 or (operand.rank == 2 and plain(operand) is None)):
        yield from _merged_sides(operand, own, ends)
    elif operand.rank == 2 and not isinstance(operand, Delta):
        tree = plain(operand)
        if tree is not None:
            yield tree, own[:1], own[1:]


def _merged_sides(operand: Sum, own: tuple[int, ...], ends: Collection[Axes] | None) -> Iterator[tuple[Syntax, Axes, Axes]]:
    """Ways to write a sum of vectors or matrices with two merged axes, the shortest first."""
    found = []
    for order, cut in product(permutations(range(operand.rank)), (2, 1)[:operand.rank - 1]):
        labels = tuple(own[axis] for axis in order)
        if ends is None or labels[:cut] in ends or labels[cut:] in ends:
            tree = _tree(transpose(operand, order), cut)
            if tree is not None:
                found.append((tree, labels[:cut], labels[cut:]))
    yield from sorted(found, key=lambda way: len(list(walk(way[0]))))


def _rest(members: list[Pair], k: int, far: Axes) -> list[Factor]:
    """The other factors, and a delta from each label of ``far`` to an axis of its own."""
    rest: list[Factor] = [member for q, member in enumerate(members) if q != k]
    operand, own = members[k]
    dims = dict(zip(own, operand.shape))
    return [*rest, *((delta(dims[label]), (label, ("far", label))) for label in far)]


def _others(members: list[Pair], part: list[Pair]) -> list[Pair]:
    """``members`` without those of ``part``, each taken away once."""
    rest = list(members)
    for member in part:
        rest.remove(member)
    return rest


def _hanging_together(pairs: list[Pair]) -> list[list[Pair]]:
    """Split factors that share no label at all."""
    return connected([(pair, pair[1]) for pair in pairs])


def _blocks(pairs: list[Pair], rank: int) -> list[list[Pair]]:
    """Split factors that share no summed label."""
    return connected([(pair, [label for label in pair[1] if label >= rank]) for pair in pairs])
