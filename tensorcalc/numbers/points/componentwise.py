"""Small tensors at many points: an expression as steps on arrays of entries.

Knows expressions and what each costs entry by entry; the steps are
:mod:`tensorcalc.numbers.points.stacks`, their text is :mod:`tensorcalc.numbers.points.blockcode`.

A library call for each point costs far more than the numbers in it where matrices are
2 x 2 or 3 x 3.  Here the axes of the points come last: one step computes one or several
entries at all points of a block, determinants and inverses are written out by cofactors,
and what is known to be zero is never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import isfinite, prod

from ...algebra.build import is_number
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder, uses
from ...errors import UnsupportedError
from ...functions import CONSTANTS, POWER
from ...sizes import symbols, value
from ..code.dialects import dialect
from ..evaluate import evaluate
from .blockcode import block_module
from .cofactors import cofactors
from .pointcode import point_module, stack_module
from .stacks import Operand, Step, Steps, View, at, turned, within

MOST_SIZE = 4         # of an axis
MOST_ENTRIES = 4**5   # of a tensor at one point
MOST_STEPS = 2000

_UNARY = {"exp", "log", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
          "relu", "sigmoid", "softplus", "erf"}
_BINARY = {"max": "maximum", "min": "minimum"}
_MATRIX = {"det", "logdet", "inv", "adj"}
_CONSTANT = {row.name for row in CONSTANTS} - {"regroup", "unit"}

_TAKEN = ("out", "threads")   # what the function of a module takes itself
_CALL = 3             # a call of NumPy on a block, in multiplications at each of its points
_EXHAUSTIVE = 5       # factors of a product all of whose orders are compared
_MOST_AT_ONCE = 32    # products at one point that are made before they are added up
_MOST_PRODUCTS = 4    # a power up to this is written out

Labels = tuple[int, ...]
Factor = tuple[Operand, Labels]
Entries = dict[Labels, Fraction]


def component_code(outputs: Expr | Sequence[Expr], batch: Collection[str], *, sizes: Mapping[str, int] | None = None,
                   name: str = "derivative", block: int | None = None, library: str = "numpy") -> str:
    """A module whose function ``name`` computes ``outputs`` at many points at once.

    ``outputs`` are formulas for one point; each variable named in ``batch`` is passed with one more
    axis in front, that of the points, and each result has that axis in front.  Results of several
    outputs are a tuple.  ``sizes`` gives the sizes that are symbols.

    The NumPy module works in blocks of ``block`` points that stay in the cache.  Its function takes
    ``out``, and ``threads``; without ``out`` a result is stored with the points last, and is a view.
    Where a determinant is 0, inverses have entries that are infinite or nan, as divisions have; elsewhere
    determinants and inverses are accurate as cofactors are, as long as products of n entries of an
    n x n matrix neither overflow nor vanish.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> x, A = variable("x", 2), variable("A", 2, 2)
    >>> code = component_code(einsum([(A, "ij"), (x, "j")], "i"), ["x"], library="jax")
    >>> print(code[code.index("def at_point"):])
    def at_point(A, x):
        return A[:, 0] * x[0] + A[:, 1] * x[1]
    <BLANKLINE>
    <BLANKLINE>
    def derivative(*, A, x, **_):
        A, x = map(floating, (A, x))
        return jax.vmap(at_point, in_axes=(None, 0))(A, x)
    <BLANKLINE>

    Raises
    ------
    UnsupportedError: TC312 where :func:`suits` says no.
    """
    roots = [outputs] if isinstance(outputs, Expr) else list(outputs)
    if not suits(roots, batch, sizes):
        raise UnsupportedError("TC312", "small tensors at many points: this is none of that", field="expr",
                               help=f"sizes are numbers up to {MOST_SIZE}, functions elementwise, det, logdet, inv or adj")
    writer = dialect(library)
    lowering = _Lowering(roots, batch, sizes or {}, cycles=library != "jax")
    results = lowering.results(roots)
    variables = {Variable(lowering.dims(node), node.name): (lowering.dims(node), node.name in batch)
                 for node in postorder(*roots) if isinstance(node, Variable)}
    single = isinstance(outputs, Expr)
    if library == "numpy":
        return block_module(lowering.steps, results, variables, name, single, block)
    module = point_module if library == "jax" else stack_module
    return module(lowering.steps, results, variables, name, single, writer)


def suits(outputs: Expr | Iterable[Expr], batch: Collection[str], sizes: Mapping[str, int] | None = None) -> bool:
    """Whether :func:`component_code` has a module for formulas at many points.

    Examples
    --------
    >>> from tensorcalc.algebra.build import apply, variable
    >>> from tensorcalc.functions import TABLE
    >>> F, A = variable("F", 3, 3), variable("A", 9, 9)
    >>> suits(apply(TABLE["det"], F), ["F"]), suits(apply(TABLE["det"], A), ["A"]), suits(F, [])
    (True, False, False)
    """
    roots = [outputs] if isinstance(outputs, Expr) else list(outputs)
    sizes = sizes or {}
    order = postorder(*roots)
    if not all(any(isinstance(node, Variable) and node.name in batch for node in postorder(root)) for root in roots):
        return False   # a result that all points share has no axis of points
    return all(_node_suits(node, sizes) for node in order) and _few_steps(roots, batch, sizes)


def _node_suits(node: Expr, sizes: Mapping[str, int]) -> bool:
    dims = (*node.shape, node.dim) if isinstance(node, Delta) else node.shape
    if any(symbol not in sizes for dim in dims for symbol in symbols(dim)):
        return False
    numbers = [value(dim, sizes) for dim in dims]
    if isinstance(node, Delta) and not node.shape:
        return True
    if any(number > MOST_SIZE for number in numbers) or prod(numbers) > MOST_ENTRIES:
        return isinstance(node, Apply) and node.function.name in _CONSTANT and prod(numbers) <= MOST_ENTRIES
    if isinstance(node, Variable):
        return not node.groups and node.name not in _TAKEN
    if not isinstance(node, Apply):
        return True
    function = node.function
    if function.name in _MATRIX:
        return not function.ways and node.arguments[0].rank == 2
    return function.name in _CONSTANT or function is POWER or function.name in _UNARY or function.name in _BINARY


def _few_steps(roots: Sequence[Expr], batch: Collection[str], sizes: Mapping[str, int]) -> bool:
    try:
        _Lowering(roots, batch, sizes, cycles=True).results(roots)
    except _TooMany:
        return False
    return True


class _TooMany(Exception):
    """More steps than anybody should read."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A tensor up to its sign.

    Where ``first`` is given, the tensor is zero but where the index of each axis k equals that of axis
    ``first[k]``; there it is ``view``, which has an axis of size 1 for every k that is not first.
    """

    sign: int
    view: View
    first: Labels | None = None


@dataclass(slots=True)
class _Product:
    """The factors of a product: numbers, numbers at each point, tensors, sparse constants, deltas."""

    weight: Fraction
    scalars: list[View]
    tensors: list[Factor]
    constants: list[tuple[Entries, Labels]]
    deltas: list[Labels]
    sizes: dict[int, int]


class _Lowering:
    """Expressions as steps."""

    def __init__(self, roots: Sequence[Expr], batch: Collection[str], sizes: Mapping[str, int], cycles: bool) -> None:
        self.steps, self.batch, self.sizes, self.cycles = Steps(), batch, sizes, cycles
        self.uses = uses(roots)
        self.terms: dict[Expr, _Term] = {}
        self.constant = _constant_nodes(roots)
        self.numbers = {node: number for node in self.constant for number in _number(node, sizes)}
        matrix = [node for node in postorder(*roots) if isinstance(node, Apply) and node.function.name in _MATRIX]
        self.bordered = {node.arguments[0] for node in matrix}
        self.inverted = {node.arguments[0] for node in matrix if node.function.name in ("inv", "adj")}

    def dims(self, node: Expr) -> Labels:
        """The shape of a node as numbers."""
        return tuple([value(dim, self.sizes) for dim in node.shape])

    def results(self, roots: Sequence[Expr]) -> list[View]:
        """The values of outputs, each a step of its own."""
        for node in postorder(*roots):   # so that nothing below recurses
            if not (isinstance(node, Einsum) and self.uses[node] == 1):
                self.term(node)
        found: list[View] = []
        for place, root in enumerate(roots):
            view = self.value(root)
            if not view.plain or not self.steps.is_looped(view) or view in found or self._step(view).kind == "load":
                view = self.steps.add_step("copy", self.dims(root), (view,), data=(place,), looped=True)
            found.append(view)
        return found

    def _step(self, view: View) -> Step:
        return self.steps.steps[view.step]

    def value(self, node: Expr) -> View:
        """All entries of a node."""
        term = self.term(node)
        if term.first is not None:
            return self._placed(None, term, self.dims(node))
        return term.view if term.sign > 0 else self.steps.entrywise("negative", term.view)

    def term(self, node: Expr) -> _Term:
        """A node up to its sign, and to zeros beside a diagonal."""
        if node not in self.terms:
            self.terms[node] = self._lower(node)
            if len(self.steps.steps) > MOST_STEPS:
                raise _TooMany
        return self.terms[node]

    def _lower(self, node: Expr) -> _Term:
        if node in self.numbers:
            return _Term(1, self._viewed(self.numbers[node]))
        match node:
            case Variable():
                return _Term(1, self._loaded(node))
            case Delta():
                return _Term(1, self._constant(node))
            case Sum():
                return self._sum(node)
            case Einsum():
                return self._product(self._factors(node, Fraction(1)), self.dims(node))
            case Apply():
                return _Term(1, self._apply(node))
        raise AssertionError(node)

    # -- leaves --------------------------------------------------------------------------

    def _loaded(self, node: Variable) -> View:
        dims, looped = self.dims(node), node.name in self.batch
        if self.cycles and looped and node in self.bordered and dims == (3, 3):
            cycle = self.steps.add_step("load", (5, 5), name=node.name, data=(1,), looped=True)
            return within(cycle, (0, 3), (0, 3))
        return self.steps.add_step("load", dims, name=node.name, looped=looped)

    def _constant(self, node: Expr) -> View:
        entries, dims = self._entries(node), self.dims(node)
        numbers = [entries.get(place, Fraction(0)) for place in product(*map(range, dims))]
        return self.steps.add_step("constant", dims, data=tuple(numbers))

    def _entries(self, node: Expr) -> Entries:
        """The entries of a constant that are not zero."""
        found = evaluate(node, {}, self.sizes)
        return {place: Fraction(float(found[place])) for place in product(*map(range, self.dims(node))) if found[place]}

    # -- sums ----------------------------------------------------------------------------

    def _sum(self, node: Sum) -> _Term:
        if not node.terms:
            return _Term(1, self._constant(node))
        terms = [self._weighted(weight, term) for weight, term in node.terms]
        placed = [term for term in terms if term.first is not None]
        if len(terms) == 1 and placed:
            return placed[0]
        plain = [(term.sign, term.view) for term in terms if term.first is None]
        sign, view = self.steps.total(plain) if plain else (1, None)
        for term in placed:
            view = self._placed(view, _Term(sign * term.sign, term.view, term.first), self.dims(node))
        assert view is not None
        return _Term(sign, view)

    def _weighted(self, weight: Fraction, node: Expr) -> _Term:
        """``weight`` times a node."""
        if isinstance(node, Einsum) and (self.uses[node] == 1 or abs(weight) != 1):
            return self._product(self._factors(node, weight), self.dims(node))
        term = self.term(node)
        view = self._viewed(self.steps.product([abs(weight), term.view]))
        return _Term(term.sign if weight > 0 else -term.sign, view, term.first)

    def _viewed(self, operand: Operand) -> View:
        return operand if isinstance(operand, View) else self.steps.add_step("constant", (), data=(operand,))

    def _placed(self, base: View | None, term: _Term, dims: Labels) -> View:
        """``base``, or zero, with a term added that is not zero on a diagonal."""
        assert term.first is not None
        return self.steps.add_step("place", dims, (base, term.view), data=(*term.first, term.sign))

    # -- products ------------------------------------------------------------------------

    def _factors(self, node: Einsum, weight: Fraction) -> _Product:
        """The factors of a product, with those of products in it that nothing else needs."""
        found = _Product(weight, [], [], [], [], dict(enumerate(self.dims(node))))
        pending: list[tuple[Expr, Labels]] = list(zip(node.operands, node.subscripts))
        fresh = 1 + max([node.rank, *[label for own in node.subscripts for label in own]])
        factors: list[tuple[Expr, Labels]] = []
        while pending:
            factor, labels = pending.pop(0)
            if isinstance(factor, Sum) and len(factor.terms) == 1:
                found.weight *= factor.terms[0][0]
                pending.append((factor.terms[0][1], labels))
            elif isinstance(factor, Einsum) and self.uses[factor] == 1:
                names = dict(enumerate(labels))
                for label in [label for own in factor.subscripts for label in own if label >= factor.rank]:
                    names[label] = names.get(label, fresh + label)
                pending += [(inner, tuple([names[label] for label in own]))
                            for inner, own in zip(factor.operands, factor.subscripts)]
                fresh = 1 + max([fresh, *names.values()])
            else:
                factors.append((factor, labels))
        both = _arguments("det", factors) & _arguments("inv", factors)   # det(X) inv(X) is adj(X)
        left = {"det": both.copy(), "inv": both.copy()}
        for factor, labels in factors:
            found.sizes |= dict(zip(labels, self.dims(factor)))
            name = factor.function.name if isinstance(factor, Apply) else ""
            if name in left and left[name][factor.children[0]]:
                left[name][factor.children[0]] -= 1
                if name == "inv":
                    found.tensors.append((self._cofactors(factor.children[0])[0], labels[::-1]))
            else:
                self._add_factor(found, factor, labels)
        return found

    def _add_factor(self, found: _Product, factor: Expr, labels: Labels) -> None:
        """Add one factor to a product."""
        if isinstance(factor, Delta):
            if labels:
                found.deltas.append(labels)
            else:
                found.weight *= value(factor.dim, self.sizes)
        elif isinstance(factor, Apply) and factor.function.name == "inv" and self.uses[factor] == 1:
            minors, det = self._cofactors(factor.arguments[0])
            found.tensors.append((minors, labels[::-1]))
            found.scalars.append(self._reciprocal(det))
        elif factor in self.numbers:
            found.weight *= self.numbers[factor]
        elif not factor.shape or factor not in self.constant:
            term = self.term(factor)
            view = self.value(factor) if term.first is not None else term.view
            found.weight *= term.sign if term.first is None else 1
            if labels:
                found.tensors.append((view, labels))
            else:
                found.scalars.append(view)
        else:
            entries = self._entries(factor)
            if 2 * len(entries) <= prod(self.dims(factor)):
                found.constants.append((entries, labels))
            else:
                found.tensors.append((self._constant(factor), labels))

    def _product(self, parts: _Product, dims: Labels) -> _Term:
        """A product up to its sign, with axes of the sizes ``dims``."""
        first = _united(parts)
        own = [first.get(axis, axis) for axis in range(len(dims))]
        for label in {first.get(label, label) for labels in parts.deltas for label in labels} - set(own):
            if not any(label in _renamed(labels, first) for _, labels in (*parts.tensors, *parts.constants)):
                parts.weight *= parts.sizes[label]   # a sum over ones
        tensors = [(view, _renamed(labels, first)) for view, labels in parts.tensors]
        constants = [(entries, _renamed(labels, first)) for entries, labels in parts.constants]
        used = {label for _, labels in (*tensors, *constants) for label in labels}
        kept = tuple([label for label in dict.fromkeys(own) if label in used])
        scale = self.steps.product([abs(parts.weight), *parts.scalars])
        if constants:
            view = self._by_entries(constants, tensors, scale, kept, parts.sizes)
        else:
            view = self._contracted([*tensors, *_factor_of(scale)], kept, parts.sizes)
        order = [kept.index(axis) if axis in used and own[axis] == axis else None for axis in range(len(dims))]
        sign = -1 if parts.weight < 0 else 1
        return _Term(sign, turned(view, order), None if None not in order else tuple(own))

    def _contracted(self, factors: list[Factor], kept: Labels, sizes: Mapping[int, int]) -> View:
        """The product of tensors with the axes ``kept``, two at a time in the cheapest order."""
        if not factors:
            return self._viewed(Fraction(1))
        while True:
            for place, (tensor, labels) in enumerate(factors):
                others = {label for k, (_, own) in enumerate(factors) if k != place for label in own} | {*kept}
                factors[place] = self._alone(tensor, labels, others, sizes)
            if len(factors) == 1:
                break
            (j, k), _ = self._cheapest(factors, kept, sizes)
            rest = [factor for place, factor in enumerate(factors) if place not in (j, k)]
            needed = {label for _, own in rest for label in own} | {*kept}
            out = [label for label in dict.fromkeys((*_upright(factors[j]), *_upright(factors[k]))) if label in needed]
            if not rest:
                out = list(kept)
            factors = [*rest, (self._pair(factors[j], factors[k], tuple(out), sizes), tuple(out))]
        (tensor, labels), = factors
        return turned(self._viewed(tensor), [labels.index(label) for label in kept])

    def _cheapest(self, factors: Sequence[Factor], kept: Labels, sizes: Mapping[int, int]) -> tuple[tuple[int, int], float]:
        """Which two factors to multiply first, and what the whole product then costs."""
        best, least = (0, 1), float("inf")
        for j, k in combinations(range(len(factors)), 2):
            rest = [factor for place, factor in enumerate(factors) if place not in (j, k)]
            needed = {label for _, own in rest for label in own} | {*kept}
            joined = {*factors[j][1], *factors[k][1]}
            cost = _pair_cost(joined, needed, sizes)
            if not (self.steps.is_looped(factors[j][0]) or self.steps.is_looped(factors[k][0])):
                cost *= 0.01   # once, not at every point
            if rest and len(factors) <= _EXHAUSTIVE and cost < least:
                looped = factors[j] if self.steps.is_looped(factors[j][0]) else factors[k]
                cost += self._cheapest([*rest, (looped[0], tuple(joined & needed))], kept, sizes)[1]
            if cost < least:
                best, least = (j, k), cost
        return best, least

    def _pair(self, a: Factor, b: Factor, out: Labels, sizes: Mapping[int, int]) -> View:
        """The product of two tensors, summed over the labels that are not in ``out``."""
        summed = [label for label in dict.fromkeys((*a[1], *b[1])) if label not in out]
        if not summed:
            return self.steps.entrywise("multiply", *[_spread(factor, out) for factor in (a, b)])
        if _at_once(summed, out, sizes):
            whole = (*summed, *out)
            entries = self.steps.entrywise("multiply", *[_spread(factor, whole) for factor in (a, b)])
            return self.steps.add_step("sum", tuple([sizes[label] for label in out]), (entries,), data=(len(summed),))
        total: View | None = None
        for places in product(*[range(sizes[label]) for label in summed]):
            point = dict(zip(summed, places))
            part = self.steps.entrywise("multiply", *[_spread(_fixed(factor, point), out) for factor in (a, b)])
            total = part if total is None else self.steps.entrywise("add", total, part)
        assert total is not None
        return total

    def _alone(self, tensor: Operand, labels: Labels, others: Collection[int], sizes: Mapping[int, int]) -> Factor:
        """A factor without axes that nothing else has, and without repeated ones."""
        summed = [label for label in dict.fromkeys(labels) if label not in others]
        repeated = [label for label in dict.fromkeys(labels) if label in others and labels.count(label) > 1]
        if not summed and not repeated:
            return tensor, labels
        assert isinstance(tensor, View)
        rest = [label for label in labels if label not in summed and label not in repeated]
        entries = []
        for places in product(*[range(sizes[label]) for label in repeated]):
            parts = []
            for inner in product(*[range(sizes[label]) for label in summed]):
                point = dict(zip((*repeated, *summed), (*places, *inner)))
                parts.append((1, at(tensor, *[point.get(label) for label in labels])))
            entries.append(self.steps.total(parts)[1])
        if not repeated:
            return entries[0], tuple(rest)
        out = (*repeated, *rest)
        return self.steps.assemble(tuple([sizes[label] for label in out]), entries, len(repeated)), out

    def _by_entries(self, constants: Sequence[tuple[Entries, Labels]], tensors: Sequence[Factor], scale: Operand,
                    kept: Labels, sizes: Mapping[int, int]) -> View:
        """A product with constants most of whose entries are zero: what they pick, entry by entry."""
        picked = [label for label in kept if any(label in labels for _, labels in constants)]
        rest = tuple([label for label in kept if label not in picked])
        sums: dict[Labels, dict[View, Fraction]] = {}
        for point, weight in _joint(constants):
            factors = [_fixed(factor, point) for factor in tensors]
            view = self._contracted(factors, rest, {**sizes}) if factors else self._viewed(Fraction(1))
            entry = sums.setdefault(tuple([point[label] for label in picked]), {})
            entry[view] = entry.get(view, Fraction(0)) + weight
        entries: list[View | None] = []
        for places in product(*[range(sizes[label]) for label in picked]):
            terms = [(weight, view) for view, weight in sums.get(places, {}).items() if weight]
            parts = [(1 if weight > 0 else -1, self._viewed(self.steps.product([abs(weight), view]))) for weight, view in terms]
            sign, total = self.steps.total(parts) if parts else (1, None)
            if total is not None and scale != 1:
                total = self._viewed(self.steps.product([total, scale]))
            entries.append(total if sign > 0 or total is None else self.steps.entrywise("negative", total))
        out = (*picked, *rest)
        if not picked and entries[0] is not None:
            view = entries[0]
        else:
            shape = tuple([sizes[label] for label in out])
            view = self.steps.assemble(shape, entries, len(picked))
        return turned(view, [out.index(label) for label in kept])

    # -- functions -----------------------------------------------------------------------

    def _apply(self, node: Apply) -> View:
        name = node.function.name
        if name in _CONSTANT:
            return self._constant(node)
        if name in ("det", "logdet"):
            det = self._cofactors(node.arguments[0])[1]
            return det if name == "det" else self.steps.entrywise("log", self.steps.entrywise("abs", det))
        if name in ("inv", "adj"):
            minors, det = self._cofactors(node.arguments[0])
            if name == "inv":
                minors = self._viewed(self.steps.product([minors, self._reciprocal(det)]))
            return turned(minors, (1, 0))
        if node.function is POWER:
            exponent = is_number(node.arguments[1])
            if exponent is not None:
                return self._power(self.value(node.arguments[0]), exponent)
        return self.steps.entrywise(_BINARY.get(name, name), *[self.value(argument) for argument in node.arguments])

    def _reciprocal(self, view: View) -> View:
        return self.steps.entrywise("divide", Fraction(1), view)

    def _power(self, base: View, exponent: Fraction) -> View:
        """``base`` to a known exponent; small whole ones by products."""
        size = abs(exponent)
        if size == Fraction(1, 2):
            found = self.steps.entrywise("sqrt", base)
        elif size.denominator == 1 and size <= _MOST_PRODUCTS:
            square = self.steps.entrywise("multiply", base, base) if size > 1 else base
            found = {1: base, 2: square}.get(int(size)) or self.steps.entrywise(
                "multiply", square, base if size == 3 else square)
        else:
            return self.steps.entrywise("power", base, exponent)
        return found if exponent > 0 else self._reciprocal(found)

    def _cofactors(self, node: Expr) -> tuple[View, View]:
        """The matrix of cofactors of a square matrix, and its determinant."""
        return cofactors(self.steps, self.value(node), self.cycles, node in self.inverted)


def _constant_nodes(roots: Sequence[Expr]) -> set[Expr]:
    """The nodes below which there is no variable."""
    found: set[Expr] = set()
    for node in postorder(*roots):
        if not isinstance(node, Variable) and found.issuperset(node.children):
            found.add(node)
    return found


def _number(node: Expr, sizes: Mapping[str, int]) -> list[Fraction]:
    """The value of a constant, unless it is a tensor or not finite."""
    if node.shape:
        return []
    exact = is_number(node)
    if exact is not None:
        return [exact]
    found = float(evaluate(node, {}, sizes))
    return [Fraction(found)] if isfinite(found) else []


# -- labels ------------------------------------------------------------------------------


def _arguments(name: str, factors: Sequence[tuple[Expr, Labels]]) -> Counter[Expr]:
    """The arguments of a function among factors."""
    return Counter([factor.arguments[0] for factor, _ in factors
                    if isinstance(factor, Apply) and factor.function.name == name])


def _united(parts: _Product) -> dict[int, int]:
    """For each label of a delta the least label that it equals."""
    first: dict[int, int] = {}
    for labels in parts.deltas:
        group = {*labels} | {label for label in first if first[label] in {first.get(own, own) for own in labels}}
        first |= dict.fromkeys(group, min(group))
    return first


def _renamed(labels: Labels, first: Mapping[int, int]) -> Labels:
    return tuple([first.get(label, label) for label in labels])


def _factor_of(scale: Operand) -> list[Factor]:
    return [] if scale == 1 else [(scale, ())]


def _upright(factor: Factor) -> Labels:
    """The labels of a factor in the order in which its entries are stored."""
    tensor, labels = factor
    if isinstance(tensor, Fraction):
        return labels
    return tuple(sorted(labels, key=lambda label: tensor.axes[labels.index(label)] or 0))


def _spread(factor: Factor, out: Labels) -> Operand:
    """A factor with an axis for each label of ``out``, repeated along those that it lacks."""
    tensor, labels = factor
    if isinstance(tensor, Fraction):
        return tensor
    order = [labels.index(label) if label in labels else None for label in out]
    while order and order[0] is None:
        order.pop(0)
    return turned(tensor, order)


def _fixed(factor: Factor, point: Mapping[int, int]) -> Factor:
    """A factor at given values of labels."""
    tensor, labels = factor
    if isinstance(tensor, Fraction):
        return factor
    return at(tensor, *[point.get(label) for label in labels]), tuple([label for label in labels if label not in point])


def _joint(constants: Sequence[tuple[Entries, Labels]]) -> list[tuple[dict[int, int], Fraction]]:
    """The values of all labels of some constants at which none of them is zero, and their product there."""
    found: list[tuple[dict[int, int], Fraction]] = [({}, Fraction(1))]
    for entries, labels in constants:
        joined = []
        for point, weight in found:
            for places, entry in entries.items():
                here = dict(point)
                if all([here.setdefault(label, place) == place for label, place in zip(labels, places)]):
                    joined.append((here, weight * entry))
        found = joined
    return found


def _at_once(summed: Sequence[int], out: Labels, sizes: Mapping[int, int]) -> bool:
    """Whether all products are made before they are added up: few calls against small arrays."""
    count, kept = prod([sizes[label] for label in summed]), prod([sizes[label] for label in out])
    return count > 2 and 2 * (_CALL + count * kept) < (2 * count - 1) * (_CALL + kept) and count * kept <= _MOST_AT_ONCE


def _pair_cost(joined: Collection[int], needed: Collection[int], sizes: Mapping[int, int]) -> float:
    """What the product of two tensors costs at one point, in multiplications."""
    kept = prod([sizes[label] for label in joined if label in needed])
    count = prod([sizes[label] for label in joined if label not in needed])
    return _CALL + kept if count == 1 else min(2 * (_CALL + count * kept), (2 * count - 1) * (_CALL + kept))
