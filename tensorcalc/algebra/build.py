"""Building expressions in normal form.  The only caller of node constructors.

A builder forgets only what notation does not show: the order of factors and of
terms, the names of summed indices, nested brackets, the units 0 and 1, common
numeric coefficients, equal factors (collected as powers), and deltas (an index
that a delta renames is renamed).  Every other identity is a named rule
(:mod:`tensorcalc.calculus.rules`), so that a derivation can cite it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from math import factorial, gcd, isqrt, lcm

from .. import sizes
from ..errors import LimitError, ShapeError
from ..functions import POWER, TABLE, Function, constant, core_axes
from ..sizes import Dim, Shape
from .canonical import Factor as _Placed
from .canonical import canonical
from .components import connected
from .expr import Apply, Delta, Einsum, Expr, Sum, Term, Variable
from .traverse import postorder

Factor = tuple[Expr, Sequence[Hashable]]

MOST_FACTORS = 96   # of a product that is spliced into another one
MOST_POWER = 64     # factors of a matrix power
MOST_COPIES = 8     # of one tensor multiplied elementwise before it is kept as a power
MOST_UPRIGHT = 4    # axes of an elementwise function whose order is normalised
MOST_TERMS = 512    # of a sum that is spliced into another one
MOST_TURNED = 200   # terms of all the transposes of a sum among which one is chosen
MOST_DIGITS = 400   # of a numerator or denominator

ONE: Expr = Einsum((), (), ())

_UNIT = Fraction(1)   # one object, so that most products of coefficients need no arithmetic


# -- leaves ------------------------------------------------------------------------------


def variable(name: str, *shape: Dim, facts: Iterable[str] = (), groups: tuple[int, ...] = ()) -> Variable:
    """A named tensor.

    Examples
    --------
    >>> variable("A", "n", "n") is variable("A", "n", "n")
    True
    """
    return Variable(tuple(shape), name, frozenset(facts), groups)


def delta(dim: Dim, order: int = 2) -> Expr:
    """The Kronecker delta with ``order`` indices; all ones for order 1, the dimension for order 0."""
    return Delta((dim,) * order, dim) if order else dimension(dim)


def ones(shape: Shape) -> Expr:
    """The tensor of ones."""
    return einsum([(Delta((dim,), dim), (axis,)) for axis, dim in enumerate(shape)], range(len(shape)))


def zero(shape: Shape) -> Expr:
    """The tensor of zeros: the empty sum."""
    return Sum(shape, ())


def number(value: Fraction | int) -> Expr:
    """An exact number."""
    return add([(Fraction(value), ONE)])


def dimension(dim: Dim) -> Expr:
    """A dimension as a number: ``n``, ``n (n + 1) / 2``."""
    if isinstance(dim, str) and dim.isalnum():
        return Delta((), dim)
    terms = []
    for monomial, weight in sizes.polynomial(dim).items():
        terms.append((weight, einsum([(Delta((), symbol), ()) for symbol in monomial], ())))
    return add(terms, ())


def special(name: str, shape: Shape, *data: Fraction | int | str | tuple[Fraction, ...]) -> Expr:
    """A constant tensor of the function table: ``eps``, ``duplication``, a literal and others."""
    return Apply(shape, constant(name, *data), (), {"eps": -1, "exchange": 1}.get(name, 0))


def is_number(expr: Expr) -> Fraction | None:
    """The value of an expression that is an exact number, else ``None``."""
    if expr is ONE:
        return Fraction(1)
    if isinstance(expr, Sum) and not expr.shape:
        if not expr.terms:
            return Fraction(0)
        if len(expr.terms) == 1 and expr.terms[0][1] is ONE:
            return expr.terms[0][0]
    return None


# -- sums --------------------------------------------------------------------------------


def add(terms: Iterable[tuple[Fraction | int, Expr]], shape: Shape | None = None) -> Expr:
    """The linear combination of ``terms``; like terms are collected.

    Examples
    --------
    >>> x = variable("x", "n")
    >>> add([(1, x), (2, x)]) is scale(3, x)
    True

    Raises
    ------
    ShapeError: TC101 when shapes differ.
    """
    collected: dict[Expr, Fraction | int] = {}
    terms = list(terms)
    opened = _longest_opened(terms)
    for weight, expr in terms:
        if shape is None:
            shape = expr.shape
        elif expr.shape != shape:
            raise ShapeError("TC101", f"cannot add tensors of shapes {shown(shape)} and {shown(expr.shape)}")
        if isinstance(expr, Sum) and len(expr.terms) <= opened:
            for inner, term in expr.terms:
                part = inner if weight == 1 else weight * inner
                collected[term] = collected[term] + part if term in collected else part
        else:
            collected[expr] = collected[expr] + weight if expr in collected else weight
    assert shape is not None, "a sum of nothing needs a shape"
    kept = [(weight if isinstance(weight, Fraction) else Fraction(weight), term)
            for term, weight in collected.items() if weight]
    if len(kept) == 1 and kept[0][0] == 1:
        return kept[0][1]
    if len(kept) == 1 and isinstance(kept[0][1], Sum):
        return add(kept, shape)
    if len(kept) > 1:
        kept.sort(key=_by_key)
    for weight, _ in kept:
        _bounded(weight)
    return Sum(shape, tuple(kept))


def _longest_opened(terms: Sequence[tuple[Fraction | int, Expr]]) -> int:
    """Up to how many terms a sum within a sum may have to lose its bracket.

    Long sums keep it in longer ones, so that adding one term after the other takes linear time.
    """
    total = 0
    for _, expr in terms:
        total += len(expr.terms) if isinstance(expr, Sum) else 1
    return total if total <= MOST_TERMS or len(terms) == 1 else MOST_TERMS // 2


def _by_key(term: Term) -> tuple[int, str, bytes]:
    return term[1].key


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > 4 * MOST_DIGITS or value.denominator.bit_length() > 4 * MOST_DIGITS:
        raise LimitError("TC413", f"a number of more than {MOST_DIGITS} digits")
    return value


def scale(weight: Fraction | int, expr: Expr) -> Expr:
    """``expr`` times a number."""
    return expr if weight == 1 else add([(weight, expr)])


def split(expr: Expr) -> tuple[Fraction, Expr]:
    """``expr`` as a number times an expression without common numeric factor.

    The sign is chosen so that the fewest weights of the core are negative; the
    first term decides a tie.
    """
    if not isinstance(expr, Sum) or not expr.terms:
        return _UNIT, expr
    if expr.content is None:
        weights = [weight for weight, _ in expr.terms]
        if len(weights) == 1:
            expr.content = weights[0], add([(1, expr.terms[0][1])], expr.shape)
            return expr.content
        content = Fraction(gcd(*(w.numerator for w in weights)), lcm(*(w.denominator for w in weights)))
        negative = 2 * sum(weight < 0 for weight in weights)
        if negative > len(weights) or (negative == len(weights) and weights[0] < 0):
            content = -content
        core = expr if content == 1 else add([(weight / content, term) for weight, term in expr.terms], expr.shape)
        expr.content = content, core
    return expr.content


def turn(expr: Sum) -> tuple[tuple[int, ...], int, Expr]:
    """Axes in another order, a sign, and the sum that stands for ``expr`` inside products.

    A sum as a factor may be written as itself or as the sum of its transposed
    terms, and with either sign; this is the choice between them.  A long sum with
    many axes stays as it is.
    """
    if expr.turned is None:
        best: tuple[tuple[int, ...], int, Expr] = tuple(range(expr.rank)), 1, expr
        if 2 <= expr.rank <= 4 and len(expr.terms) * factorial(expr.rank) <= MOST_TURNED:
            for order in permutations(range(expr.rank)):
                sign, other = split(transpose(expr, order))
                if other.key < best[2].key:
                    best = order, int(sign), other
        expr.turned = best
    return expr.turned


def unspread(expr: Sum, labels: tuple[Hashable, ...]) -> tuple[Expr, tuple[Hashable, ...]]:
    """A sum without the axes along which all its terms are constant, and the labels that are left.

    Beside other factors a sum need not be spread; what it was spread over is clear from the labels.
    """
    constant = [axis for axis in range(expr.rank) if all(_is_constant(term, axis) for _, term in expr.terms)]
    if not constant:
        return expr, labels
    kept = [axis for axis in range(expr.rank) if axis not in constant]
    terms = [(weight, einsum([(operand, own) for operand, own in _factors(term)
                              if not (isinstance(operand, Delta) and len(own) == 1 and own[0] in constant)], kept))
             for weight, term in expr.terms]
    return add(terms, tuple([expr.shape[axis] for axis in kept])), tuple([labels[axis] for axis in kept])


def _is_constant(term: Expr, axis: int) -> bool:
    return any(isinstance(operand, Delta) and own == (axis,) for operand, own in _factors(term))


def _factors(term: Expr) -> list[tuple[Expr, tuple[int, ...]]]:
    if isinstance(term, Einsum):
        return list(zip(term.operands, term.subscripts))
    return [(term, tuple(range(term.rank)))]


def transpose(expr: Expr, order: Sequence[int]) -> Expr:
    """``expr`` with its axes in another order: axis k of the result is axis ``order[k]``."""
    if isinstance(expr, Sum):
        return add([(weight, transpose(term, order)) for weight, term in expr.terms],
                   tuple(expr.shape[axis] for axis in order))
    if isinstance(expr, Variable) and not expr.symmetry:
        own = tuple([list(order).index(axis) for axis in range(expr.rank)])
        natural = own == tuple(range(expr.rank))
        return expr if natural else Einsum(tuple([expr.shape[axis] for axis in order]), (expr,), (own,))
    return einsum([(expr, range(expr.rank))], order)


def symmetry(expr: Expr) -> int:
    """+1 where all axes of ``expr`` may be interchanged, -1 where that changes the sign, else 0."""
    if expr.symmetry is None:
        expr.symmetry = 0
        if expr.rank == 2 and expr.shape[0] == expr.shape[1]:
            turned = transpose(expr, (1, 0))
            expr.symmetry = 1 if turned is expr else -1 if turned is scale(-1, expr) else 0
    return expr.symmetry


def interchangeable(expr: Expr) -> tuple[int, int]:
    """The symmetry of ``expr`` in its first axes, and in how many of them."""
    if isinstance(expr, Apply) and expr.function.name == "duplication":
        return 1, 2
    return symmetry(expr), expr.rank


# -- products ----------------------------------------------------------------------------


def einsum(factors: Iterable[Factor], output: Sequence[Hashable], splice: bool = True) -> Expr:
    """The product of ``factors``, summed over every label that is not in ``output``.

    A label repeated in ``output`` places the result on a diagonal.  With ``splice``
    false a nested product stays a factor of its own.

    Examples
    --------
    >>> A, B = variable("A", "n", "m"), variable("B", "m", "n")
    >>> einsum([(A, "ij"), (B, "ji")], "") is einsum([(B, "ab"), (A, "ba")], "")
    True

    Raises
    ------
    ShapeError: TC102 when a label of ``output`` is on no factor, TC103 when a label has two sizes.
    """
    return _Product(output, splice).of(factors)


class _Product:
    """The work of one call of :func:`einsum`."""

    def __init__(self, output: Sequence[Hashable], splice: bool) -> None:
        self.output = list(output)
        self.splice = splice
        self.coefficient = _UNIT
        self.sizes: dict[Hashable, Dim] = {}
        self.parent: dict[Hashable, Hashable] = {}
        self.powers: dict[tuple[Expr, tuple[Hashable, ...]], Expr | Fraction] = {}
        self.fresh = 0
        self.alone = False

    def of(self, factors: Iterable[Factor]) -> Expr:
        pending = [(factor, tuple(labels)) for factor, labels in factors]
        for factor, labels in pending:
            self._measure(factor, labels)
        if len(set(self.output)) < len(self.output):
            self._diagonal()
        shape = tuple([self._size(label) for label in self.output])
        nested = [factor for factor, _ in pending if isinstance(factor, (Einsum, Sum))]
        if self.splice and nested and _spliced(pending) > MOST_FACTORS:
            self.splice = False
            if len(pending) == 1:
                pending = self._unwrapped(*pending[0])
        self.alone = sum(not (isinstance(factor, Delta) and factor.shape) for factor, _ in pending) == 1
        for factor, labels in pending:
            self._take(factor, labels)
        return self._assemble(shape) if self.coefficient else zero(shape)

    def _unwrapped(self, factor: Expr, labels: tuple[Hashable, ...]) -> list[tuple[Expr, tuple[Hashable, ...]]]:
        """The factors of one large product, which is only written with other labels; those nested in it stay whole."""
        if isinstance(factor, Sum) and len(factor.terms) == 1:
            weight, factor = split(factor)
            self.coefficient *= weight
        return self._opened(factor, labels) if isinstance(factor, Einsum) else [(factor, labels)]

    def _opened(self, factor: Einsum, labels: tuple[Hashable, ...]) -> list[tuple[Expr, tuple[Hashable, ...]]]:
        """The factors of a product, its summed indices named afresh."""
        own: dict[int, Hashable] = dict(enumerate(labels))
        for operand, subscripts in zip(factor.operands, factor.subscripts):
            for s, dim in zip(subscripts, operand.shape):
                if s not in own:
                    own[s] = self._new(dim)
        return [(operand, tuple([own[s] for s in subscripts]))
                for operand, subscripts in zip(factor.operands, factor.subscripts)]

    def _measure(self, factor: Expr, labels: tuple[Hashable, ...]) -> None:
        sizes = self.sizes
        for label, dim in zip(labels, factor.shape, strict=True):
            known = sizes.setdefault(label, dim)
            if known is not dim and known != dim:
                raise ShapeError("TC103", f"index {label} has two sizes", facts=[f"{label} is {known} and {dim}"])

    def _size(self, label: Hashable) -> Dim:
        if label not in self.sizes:
            raise ShapeError("TC102", f"index {label} of the result is on no factor")
        return self.sizes[label]

    def _diagonal(self) -> None:
        """Give each repeated label of the output one of its own, tied to the first by a delta."""
        seen: set[Hashable] = set()
        for place, label in enumerate(self.output):
            if label in seen:
                self.output[place] = self._new(self._size(label))
                self._join(label, self.output[place])
            seen.add(label)

    def _new(self, dim: Dim) -> Hashable:
        self.fresh += 1
        label = ("#", self.fresh)
        self.sizes[label] = dim
        return label

    # Joined labels are one index, as a delta says.

    def _find(self, label: Hashable) -> Hashable:
        while label in self.parent:
            label = self.parent[label]
        return label

    def _roots(self, labels: Sequence[Hashable]) -> tuple[Hashable, ...]:
        return tuple([self._find(label) for label in labels]) if self.parent else tuple(labels)

    def _join(self, a: Hashable, b: Hashable) -> None:
        a, b = self._find(a), self._find(b)
        if a != b:
            self.parent[b] = a

    def _take(self, factor: Expr, labels: tuple[Hashable, ...]) -> None:
        """Take one factor apart into coefficient, deltas, nested factors and powers of tensors."""
        if isinstance(factor, Sum):
            if not factor.terms:
                self.coefficient = Fraction(0)
                return
            if not self.alone:
                factor, labels = unspread(factor, labels)
            weight, factor = split(factor)
            self._weigh(weight)
            if isinstance(factor, Sum):
                order, sign, factor = turn(factor)
                if sign < 0:
                    self.coefficient = -self.coefficient
                labels = tuple([labels[axis] for axis in order])
        if isinstance(factor, Delta) and factor.shape:
            for label in labels[1:]:
                self._join(labels[0], label)
        elif isinstance(factor, Einsum) and (self.splice or factor is ONE) and opens(factor):
            for operand, own in self._opened(factor, labels):
                self._take(operand, own)
        else:
            base, exponent = base_and_exponent(factor)
            known = self.powers.get((base, labels))
            self.powers[base, labels] = exponent if known is None else _plus(known, exponent)

    def _weigh(self, weight: Fraction) -> None:
        if weight is not _UNIT:
            self.coefficient = weight if self.coefficient is _UNIT else self.coefficient * weight

    def _assemble(self, shape: Shape) -> Expr:
        place: dict[Hashable, int] = {}
        classes: dict[Hashable, list[int]] = {}
        for axis, label in enumerate(self._roots(self.output)):
            place.setdefault(label, axis)
            classes.setdefault(label, []).append(axis)
        scalars: list[Expr] = []
        placed: list[_Placed] = []
        present: set[int] = set()
        for operand, labels in self._operands():
            own = []
            for root in labels:
                if root not in place:
                    place[root] = len(self.output) + len(place)
                own.append(place[root])
            if own:
                placed.append(_Placed(operand, tuple(own), *interchangeable(operand)))
                present.update(own)
            else:
                scalars.append(operand)
        roots = {self._find(label): dim for label, dim in self.sizes.items()} if self.parent else self.sizes
        for root, dim in roots.items():
            axes = classes.get(root)
            if axes is None:
                if place.get(root) not in present:
                    scalars.append(dimension(dim))
            elif len(axes) > 1 or axes[0] not in present:
                placed.append(_Placed(Delta((dim,) * len(axes), dim), tuple(axes), 1, len(axes)))
        return self._finish(shape, scalars, placed)

    def _operands(self) -> list[tuple[Expr, tuple[Hashable, ...]]]:
        """The factors, powers of one tensor at one place collected."""
        merged: dict[tuple[Expr, tuple[Hashable, ...]], Expr | Fraction] = {}
        for (base, labels), exponent in self.powers.items():
            roots = self._roots(labels)
            if len(roots) > 1 and symmetry(base) > 0:
                roots = tuple(sorted(roots, key=repr))
            known = merged.get((base, roots))
            merged[base, roots] = exponent if known is None else _plus(known, exponent)
        found = []
        for (base, roots), exponent in merged.items():
            if exponent is _UNIT:
                found.append((base, roots))
                continue
            value = exponent if isinstance(exponent, Fraction) else is_number(exponent)
            if value == 0:
                continue
            if value is not None and roots and value.denominator == 1 and 1 <= value <= MOST_COPIES:
                found += [(base, roots)] * int(value)
            else:
                found.append((base if value == 1 else power_of(base, exponent), roots))
        return found

    def _finish(self, shape: Shape, scalars: list[Expr], placed: list[_Placed]) -> Expr:
        """Number each component of its own, then put them side by side."""
        sign = 1
        main: list[_Placed] = []
        if not shape and not placed:
            coefficient, scalars = _scalars(scalars)
            coefficient *= self.coefficient
            return scale(coefficient, _node(shape, tuple(scalars), ((),) * len(scalars)))
        for component in _components(placed, len(shape)):
            if any(label < len(shape) for factor in component for label in factor.labels):
                main += component
            else:
                operands, subscripts, own = canonical(component, 0)
                sign *= own
                if own:
                    scalars.append(_single(operands, subscripts))
        coefficient, scalars = _scalars(scalars)
        operands, subscripts, own = canonical(main, len(shape)) if main else ((), (), 1)
        if coefficient is _UNIT and sign == own == 1:
            coefficient = self.coefficient
        else:
            coefficient *= self.coefficient * sign * own
        if not coefficient:
            return zero(shape)
        if scalars:
            operands = (*scalars, *operands)
            subscripts = ((),) * len(scalars) + subscripts
        return scale(coefficient, _node(shape, operands, subscripts))


def _spliced(factors: Sequence[Factor]) -> int:
    """How many factors a product has once nested products are spliced in; the count stops beyond the bound."""
    count, pending = 0, [factor for factor, _ in factors]
    while pending and count <= MOST_FACTORS:
        factor = pending.pop()
        if isinstance(factor, Sum) and len(factor.terms) == 1:
            factor = factor.terms[0][1]
        if isinstance(factor, Einsum) and opens(factor):
            pending.extend(factor.operands)
        else:
            count += 1
    return count


def opens(product: Einsum) -> bool:
    """Whether ``product`` is spliced into a larger one.

    A number that is a contraction, like x'x, stays whole: it is one factor for
    those who read, and powers of it are collected.
    """
    return bool(product.shape) or not any([operand.shape for operand in product.operands])


def _single(operands: tuple[Expr, ...], subscripts: tuple[tuple[int, ...], ...]) -> Expr:
    return Einsum((), operands, subscripts)


def _node(shape: Shape, operands: tuple[Expr, ...], subscripts: tuple[tuple[int, ...], ...]) -> Expr:
    if not operands:
        return ONE
    if len(operands) == 1:
        (operand,), (own,) = operands, subscripts
        if own == tuple(range(len(shape))):
            return operand
        if isinstance(operand, Sum) and len(set(own)) == len(own) == len(shape):
            order = sorted(range(len(own)), key=own.__getitem__)
            return transpose(operand, order)
    return Einsum(shape, operands, subscripts)


def _scalars(factors: list[Expr]) -> tuple[Fraction, list[Expr]]:
    """Collect powers of numbers until nothing changes; the coefficient and the rest in order."""
    if not factors:
        return _UNIT, factors
    coefficient = _UNIT
    powers: dict[Expr, Expr | Fraction] = {}
    stack = list(reversed(factors))
    while stack:
        weight, factor = split(stack.pop())
        if weight is not _UNIT:
            coefficient *= weight
        if isinstance(factor, Sum) and not factor.terms:
            return Fraction(0), []
        if isinstance(factor, Einsum) and opens(factor):
            stack.extend(factor.operands)
            continue
        base, exponent = base_and_exponent(factor)
        known = powers.get(base)
        powers[base] = exponent if known is None else _plus(known, exponent)
    kept = []
    for base, exponent in powers.items():
        if exponent is _UNIT:
            kept += list(base.operands) if isinstance(base, Einsum) and opens(base) else [base]
            continue
        weight, factor = split(power_of(base, exponent))
        coefficient *= weight
        kept += list(factor.operands) if isinstance(factor, Einsum) and opens(factor) else [factor]
    return coefficient, sorted(kept, key=lambda expr: expr.key)


def _plus(a: Expr | Fraction, b: Expr | Fraction) -> Expr | Fraction:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a + b
    total = add([(1, number(a) if isinstance(a, Fraction) else a), (1, number(b) if isinstance(b, Fraction) else b)])
    value = is_number(total)
    return total if value is None else value


def _components(placed: list[_Placed], rank: int) -> list[list[_Placed]]:
    """Split factors that share no summed label."""
    if len(placed) < 2:
        return [placed] if placed else []
    return connected([(factor, [label for label in factor.labels if label >= rank]) for factor in placed])


# -- functions ---------------------------------------------------------------------------


def base_and_exponent(expr: Expr) -> tuple[Expr, Expr | Fraction]:
    """``x^a`` as x and a; anything else has exponent 1.  Only exponents that are numbers for all entries."""
    if isinstance(expr, Apply) and expr.function is POWER and not expr.arguments[1].shape:
        value = is_number(expr.arguments[1])
        return expr.arguments[0], expr.arguments[1] if value is None else value
    return expr, _UNIT


def power_of(base: Expr, exponent: Expr | Fraction | int) -> Expr:
    """``base`` raised elementwise.

    Powers of products are distributed where that holds for every number: integer
    exponents, and a positive numeric factor.
    """
    if not isinstance(exponent, Expr):
        exponent = Fraction(exponent)
    elif (value := is_number(exponent)) is not None:
        exponent = value
    if not isinstance(exponent, Fraction):
        return _power_node(base, exponent)
    if exponent == 1:
        return base
    if exponent == 0:
        return ones(base.shape)
    known = is_number(base)
    if known is not None:
        return _number_power(known, exponent)
    if isinstance(base, Delta) and base.rank == 1:
        return base
    weight, core = split(base)
    if weight != 1 and (exponent.denominator == 1 or weight != -1):
        part = weight if exponent.denominator == 1 else abs(weight)
        rest = core if part == weight else scale(-1, core)
        outer, inner = _number_power(part, exponent), power_of(rest, exponent)
        return einsum([(outer, ()), (inner, range(inner.rank))], range(inner.rank))
    inside, power = base_and_exponent(base)
    if isinstance(power, Expr) and exponent.denominator == 1:
        return power_of(inside, scale(exponent, power))
    if isinstance(power, Fraction) and power != 1 and (exponent.denominator == 1 or power.denominator % 2 == 0):
        return power_of(inside, power * exponent)
    if exponent.denominator == 1:
        distributed = _distributed(base, exponent)
        if distributed is not None:
            return distributed
    return _power_node(base, number(exponent))


def _number_power(base: Fraction, exponent: Fraction) -> Expr:
    if base == 0 and exponent <= 0:
        raise LimitError("TC414", "division by zero")
    if exponent.denominator == 1:
        if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > 4 * MOST_DIGITS:
            raise LimitError("TC413", f"a number of more than {MOST_DIGITS} digits")
        return number(Fraction(base ** int(exponent)))
    if base >= 0 and exponent.denominator == 2:
        top, bottom = isqrt(base.numerator), isqrt(base.denominator)
        if top * top == base.numerator and bottom * bottom == base.denominator:
            return _number_power(Fraction(top, bottom), Fraction(exponent.numerator))
    return _power_node(number(base), number(exponent))


def _distributed(base: Expr, exponent: Fraction) -> Expr | None:
    """An integer power of a product, factor by factor; ``None`` where it stays whole."""
    axes = range(base.rank)
    if base.rank and 1 < exponent <= MOST_COPIES:
        return einsum([(base, axes)] * int(exponent), axes)
    if not isinstance(base, Einsum):
        return None
    if not base.shape:
        return einsum([(power_of(o, exponent), ()) for o in base.operands], ()) if opens(base) else None
    if any(isinstance(operand, Delta) and operand.rank > 1 for operand in base.operands):
        return None
    placed = [_Placed(o, s, 0) for o, s in zip(base.operands, base.subscripts)]
    components = _components(placed, base.rank)
    if len(components) < 2:
        return None
    factors = []
    for component in components:
        kept = sorted({label for factor in component for label in factor.labels if label < base.rank})
        part = einsum([(factor.operand, factor.labels) for factor in component], kept)
        factors.append((power_of(part, exponent), kept))
    return einsum(factors, axes)


def _power_node(base: Expr, exponent: Expr) -> Expr:
    return apply(POWER, base, exponent)


def apply(function: Function, *arguments: Expr) -> Expr:
    """``function`` of ``arguments``, looped over their shared leading axes.

    An elementwise function takes numbers beside tensors; it is applied to its arguments
    in one order of their axes, so that ``exp(X')`` is ``exp(X)'``.

    Raises
    ------
    ShapeError: TC104 when core axes disagree.
    """
    inputs, output = core_axes(function)
    dims: dict[tuple[str, int], Dim] = {}
    batch: Shape = ()
    for argument, core in zip(arguments, inputs, strict=True):
        lead = argument.rank - len(core)
        if lead < 0:
            raise ShapeError("TC104", f"{function} takes a tensor of order {len(core)}, not {argument.rank}")
        if argument.shape[:lead]:
            if batch and batch != argument.shape[:lead]:
                raise ShapeError("TC104", f"{function} of tensors of shapes {shown(batch)} and {shown(argument.shape)}")
            batch = argument.shape[:lead]
        for name, dim in zip(core, argument.shape[lead:]):
            if dims.setdefault(name, dim) != dim:
                raise ShapeError("TC104", f"{function} of a tensor of shape {shown(argument.shape)}: "
                                          f"{dims[name]} and {dim} must agree")
    shape = batch + tuple([dims[name] for name in output])
    symmetric = function.symmetric and all(symmetry(a) > 0 for a in arguments if a.rank) and len(shape) == 2
    if function.elementwise and 2 <= len(shape) <= MOST_UPRIGHT and not symmetric:
        order, turned = _upright(arguments, len(shape))
        if order != tuple(range(len(shape))):
            upright = Apply(tuple([shape[axis] for axis in order]), function, turned, 0)
            return einsum([(upright, order)], range(len(shape)))
    return Apply(shape, function, arguments, int(symmetric))


def _upright(arguments: Sequence[Expr], rank: int) -> tuple[tuple[int, ...], tuple[Expr, ...]]:
    """The order of axes in which an elementwise function is applied, and its arguments in that order."""
    best = tuple(range(rank)), tuple(arguments)
    least = [_posture(argument) for argument in arguments]
    for order in list(permutations(range(rank)))[1:]:
        turned = tuple([transpose(argument, order) if argument.rank else argument for argument in arguments])
        posture = [_posture(argument) for argument in turned]
        if posture < least:
            best, least = (order, turned), posture
    return best


def _posture(expr: Expr) -> tuple[object, ...]:
    """A total order of an expression and its transposes: few and ascending subscripts first."""
    if isinstance(expr, Sum):
        return (len(expr.terms), *sorted([_posture(term) for _, term in expr.terms]), expr.key)
    return (expr.kind, expr.subscripts if isinstance(expr, Einsum) else (), expr.key)


def unit(index: Expr, dim: Dim) -> Expr:
    """The unit vector e_i with ``dim`` entries; entries count from 1."""
    return Apply((dim,), TABLE["unit"], (index,))


def matrix_power(base: Expr, exponent: Expr | Fraction | int) -> Expr:
    """An integer power of a square matrix; a symbolic one stays a function.

    Raises
    ------
    LimitError: TC412 when the exponent is a number that is too large.
    """
    value = Fraction(exponent) if not isinstance(exponent, Expr) else is_number(exponent)
    if value is not None:
        if abs(value) > MOST_POWER or value.denominator != 1:
            raise LimitError("TC412", f"a matrix power has at most {MOST_POWER} factors")
        if value == 0:
            return delta(base.shape[0])
        factor = base if value > 0 else apply(TABLE["inv"], base)
        count = abs(int(value))
        return einsum([(factor, (k, k + 1)) for k in range(count)], (0, count))
    assert isinstance(exponent, Expr)
    if isinstance(base, Apply) and base.function.name == "matpow":
        return matrix_power(base.arguments[0], einsum([(base.arguments[1], ()), (exponent, ())], ()))
    return base if isinstance(base, Delta) else apply(TABLE["matpow"], base, exponent)


def powers(base: Expr, count: Dim) -> Expr:
    """The stack of ``base^0 … base^(count-1)``, along a first axis of size ``count``."""
    return Apply((count, *base.shape), TABLE["powers"], (base,))


def dimension_of(expr: Expr) -> sizes.Polynomial | None:
    """The polynomial in integer symbols that a number is, the inverse of :func:`dimension`."""
    match expr:
        case Einsum(operands=()):
            return sizes.polynomial(1)
        case Delta(dim=dim) if not expr.shape:
            return sizes.polynomial(dim)
        case Sum(terms=terms) if not expr.shape:
            total: sizes.Polynomial = {}
            for weight, term in terms:
                part = dimension_of(term)
                if part is None:
                    return None
                total = sizes.plus(total, sizes.scale(part, weight))
            return total
        case Einsum(operands=operands) if opens(expr) and not expr.shape:
            product = sizes.polynomial(1)
            for operand in operands:
                part = dimension_of(operand)
                if part is None:
                    return None
                product = sizes.times(product, part)
            return product
        case Apply() if (parts := base_and_exponent(expr))[0] is not expr and isinstance(parts[1], Fraction):
            part = dimension_of(parts[0])
            if part is None or parts[1].denominator != 1 or not 0 < parts[1] < 5:
                return None
            product = sizes.polynomial(1)
            for _ in range(int(parts[1])):
                product = sizes.times(product, part)
            return product
    return None


def rebuild(node: Expr, children: Sequence[Expr]) -> Expr:
    """``node`` with other children, in normal form."""
    if all(new is old for new, old in zip(children, node.children)):
        return node
    match node:
        case Sum():
            return add([(weight, child) for (weight, _), child in zip(node.terms, children)], node.shape)
        case Einsum():
            return einsum(zip(children, node.subscripts), range(node.rank))
        case Apply(function=function) if function is POWER:
            return power_of(children[0], children[1]) if not children[1].shape else apply(POWER, *children)
        case Apply(function=function):
            match function.name:
                case "unit":
                    return unit(children[0], node.shape[0])
                case "powers":
                    return powers(children[0], node.shape[0])
                case "matpow" if node.rank == 2 and not function.ways:
                    return matrix_power(children[0], children[1])
            return apply(function, *children)
        case _:
            return node


def substitute(root: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """``root`` with some of its nodes replaced."""
    done: dict[Expr, Expr] = {}
    for node in postorder(root):
        done[node] = values[node] if node in values else rebuild(node, [done[child] for child in node.children])
    return done[root]


def shown(shape: Shape) -> str:
    """A shape as people write it: ``3 x n``.

    Examples
    --------
    >>> shown(("n", 3)), shown(("n",)), shown(())
    ('n x 3', 'n', 'scalar')
    """
    return " x ".join(map(str, shape)) if shape else "scalar"
