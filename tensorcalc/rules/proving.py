"""Rules that decide identities.  Not for answers: they lead to normal forms, not to short ones.

Each holds where both of its sides are defined; those with conditions check them with
:mod:`tensorcalc.assume`.
"""

from __future__ import annotations

from fractions import Fraction

from ..assume import is_nonzero, is_positive
from ..build import (
    ONE,
    add,
    apply,
    base_and_exponent,
    delta,
    dimension,
    einsum,
    is_number,
    number,
    ones,
    opens,
    power_of,
    rebuild,
    scale,
    special,
    split,
    symmetry,
    transpose,
)
from ..expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..functions import POWER, TABLE, grouped
from ..notation.recover import matrix as matrix_form
from ..notation.syntax import is_op, walk
from ..rewrite import rule
from ..traverse import postorder
from .algebra import _first_factor, _tied, kronecker_parts
from .products import applied, find_product, joined, pairs, replaced, uses


def _argument(node: Expr, *names: str) -> Expr | None:
    return node.arguments[0] if isinstance(node, Apply) and node.function.name in names else None


def _like(node: Apply, argument: Expr) -> Expr:
    return apply(node.function, argument)


# -- matrices that have an inverse almost everywhere ---------------------------------------
#
# A rule that puts in an inverse which nobody wrote proves an identity where that inverse exists.
# It holds everywhere if those points are dense, because both sides are continuous.

_OPEN = {"symmetric", "diagonal", "lower", "spd", "psd", "positive", "nonzero", "invertible", "nonnegative"}
_CONE = {*_OPEN, "skew"}


def is_regular(matrix: Expr) -> bool:
    """Whether the points at which a matrix has an inverse are dense; ``False`` where that is not seen."""
    if matrix.rank != 2:
        parts = kronecker_parts(matrix)
        return parts is not None and all(is_regular(part) if axes else _is_regular_number(part) for part, axes in parts)
    match matrix:
        case Variable(facts=facts):
            return _is_free(matrix) or "orthogonal" in facts
        case Delta():
            return True
        case Apply(function=function, arguments=arguments):
            return function.name in ("inv", "expm", "chol") or (function.name == "adj" and is_regular(arguments[0]))
        case Einsum():
            return _is_regular_product(matrix)
        case Sum():
            return _is_regular_sum(matrix)
    return False


def _is_free(matrix: Expr) -> bool:
    """Whether a matrix is any of its kind, of which most have inverses."""
    square = matrix.rank == 2 and matrix.shape[0] == matrix.shape[1]
    return isinstance(matrix, Variable) and square and matrix.facts <= _OPEN


def _is_regular_product(product: Einsum) -> bool:
    """A product of regular matrices, or a vector on the diagonal."""
    scalars = [operand for operand in product.operands if not operand.shape]
    rest = [pair for pair in pairs(product) if pair[0].shape]
    if not all(map(_is_regular_number, scalars)):
        return False
    if scalars:
        return is_regular(einsum(rest, (0, 1)))
    if len(rest) == 1:
        return rest[0][1] == (1, 0) and is_regular(rest[0][0])
    if any(isinstance(operand, Delta) for operand, _ in rest):
        return all(set(own) == {0} and isinstance(operand, Variable) and operand.facts <= _OPEN
                   for operand, own in rest if not isinstance(operand, Delta))
    first = _first_factor(product)
    if first is None:
        return False
    k, label, factor = first
    return is_regular(factor) and is_regular(einsum([pair for q, pair in enumerate(rest) if q != k], (label, 1)))


def _is_regular_number(number: Expr) -> bool:
    """Whether the points at which a number is not zero are dense."""
    base, _ = base_and_exponent(number)
    inner = _argument(base, "det")
    return isinstance(base, (Variable, Delta)) or is_nonzero(base) or (inner is not None and is_regular(inner))


def _is_regular_sum(total: Sum) -> bool:
    """A sum with a matrix of its own, or with the identity and terms that can be made small."""
    applied_to = [part for _, term in total.terms for part in postorder(term) if isinstance(part, Apply)]
    inside = set(postorder(*applied_to))
    for _, term in total.terms:
        others = {node for _, other in total.terms if other is not term for node in postorder(other)}
        core = term.operands[0] if isinstance(term, Einsum) and term.subscripts == ((1, 0),) else term
        if _is_free(core) and core not in others:
            return True

    def shrinks(term: Expr) -> bool:
        factors = term.operands if isinstance(term, Einsum) else (term,)
        return any(isinstance(part, Variable) and part.facts <= _CONE and part not in inside for part in factors)

    eyes = [term for _, term in total.terms if isinstance(term, Delta)]
    return bool(eyes) and all(shrinks(term) for _, term in total.terms if not isinstance(term, Delta))


# -- determinants ------------------------------------------------------------------------


@rule("logdet.define", "logdet(A) = log(abs(det(A)))", "logdet", shrinks="a function is put in terms of others")
def logdet_define(node: Expr) -> Expr | None:
    """Of a diagonal matrix, the sum of the logarithms of its entries."""
    inner = _argument(node, "logdet")
    if inner is None or not isinstance(node, Apply):
        return None
    if inner.rank == 2 and (_is_diagonal(inner) or (isinstance(inner, Einsum) and _tied(inner))):
        vector = apply(TABLE["abs"], _row_sum(inner))
        return einsum([(apply(TABLE["log"], vector), (0,))], ())
    determinant = apply(grouped(TABLE["det"], node.function.ways), inner)
    return apply(TABLE["log"], apply(TABLE["abs"], determinant))


@rule("det.product", "det(A B) = det(A) det(B)", "det", reference="MC 21", shrinks="the argument loses a factor")
def det_product(node: Expr) -> Expr | None:
    product = _argument(node, "det")
    if not isinstance(product, Einsum) or product.rank != 2 or not isinstance(node, Apply):
        return None
    first = _first_factor(product)
    if first is None:
        return None
    k, label, factor = first
    rest = einsum([pair for q, pair in enumerate(pairs(product)) if q != k], (label, 1))
    return einsum([(_like(node, factor), ()), (_like(node, rest), ())], ())


@rule("det.transpose", "det(A') = det(A)", "det", reference="MC 20", shrinks="a transpose vanishes")
def det_transpose(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    if inner is None or not isinstance(node, Apply) or inner.rank != 2:
        return None
    turned = transpose(inner, (1, 0))
    return _like(node, turned) if _reads_better(turned, inner) else None


def _reads_better(one: Expr, other: Expr) -> bool:
    """Which of a matrix and its transpose stands for both: the one with fewer quotes, then the first."""
    if one is other:
        return False
    quotes = [sum(is_op(part, "transpose") for part in walk(tree)) if tree is not None else 0
              for tree in (matrix_form.recover(one), matrix_form.recover(other))]
    return (quotes[0], one.key) < (quotes[1], other.key)


@rule("det.inverse", "det(inv(A)) = det(A)^-1", "det", reference="MC 22", shrinks="an inverse vanishes")
def det_inverse(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    matrix = None if inner is None else _argument(inner, "inv")
    return None if matrix is None or not isinstance(node, Apply) else power_of(_like(node, matrix), -1)


@rule("det.identity", "det(eye(n)) = 1", "det", shrinks="a function vanishes")
def det_identity(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    return ONE if isinstance(inner, Delta) and inner.rank == 2 else None


@rule("det.scalar", "det(c A) = c^n det(A)", "det", reference="MC 19", shrinks="the argument loses a factor")
def det_scalar(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    if inner is None or not isinstance(node, Apply):
        return None
    weight, matrix = split(inner)
    scalars = [operand for operand in matrix.operands if not operand.shape] if isinstance(matrix, Einsum) else []
    if weight == 1 and not scalars:
        return None
    if isinstance(matrix, Einsum) and scalars:
        matrix = einsum([pair for pair in pairs(matrix) if pair[0].shape], range(matrix.rank))
    size = einsum([(dimension(dim), ()) for dim in matrix.shape[: matrix.rank // 2]], ())
    powers = [(power_of(part, size), ()) for part in [number(weight), *scalars] if part is not ONE]
    return einsum([(_like(node, matrix), ()), *powers], ())


@rule("det.kronecker", "det(kron(A, B)) = det(A)^m det(B)^n", "det", reference="MC 516",
      shrinks="the argument falls apart")
def det_kronecker(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    if inner is None or inner.rank <= 2:
        return None
    parts = kronecker_parts(inner)
    if parts is None or any(not axes for _, axes in parts):
        return None
    half = inner.rank // 2
    factors = []
    for part, axes in parts:
        others = [dimension(inner.shape[k]) for k in range(half) if k not in axes]
        exponent = einsum([(dim, ()) for dim in others], ())
        determinant = apply(grouped(TABLE["det"], (len(axes) // 2,)), part)
        factors.append((power_of(determinant, exponent), ()))
    return einsum(factors, ())


@rule("det.clear", "det(eye(n) + inv(A) B) = det(A)^-1 det(A + B)", "det", reference="MC 24, Sylvester's identity",
      shrinks="a determinant loses an inverse")
def det_clear(node: Expr) -> Expr | None:
    """An inverse inside a determinant: a term of its own, or a factor of the term beside the identity."""
    inner = _argument(node, "det")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2:
        return None
    for (w, term), (v, other) in (inner.terms, inner.terms[::-1]):
        matrix = _argument(term, "inv")
        if matrix is not None:
            rest = add([(w, delta(inner.shape[0])), (v, einsum([(matrix, "ij"), (other, "jk")], "ik"))])
        elif isinstance(term, Delta) and w == 1 and isinstance(other, Einsum):
            found = _turned_round(other)
            if found is None:
                continue
            matrix, low = found
            rest = add([(1, matrix), (v, low)])
        else:
            continue
        return einsum([(apply(TABLE["det"], rest), ()), (power_of(apply(TABLE["det"], matrix), -1), ())], ())
    return None


def _turned_round(low: Einsum) -> tuple[Expr, Expr] | None:
    """A and R L, where a product is L inv(A) R."""
    scalars = {q for q, own in enumerate(low.subscripts) if not own}
    for k in applied(low, "inv"):
        own, matrix = low.subscripts[k], low.operands[k].children[0]
        before = set() if 0 in own else set(joined(low, (0,), (k,)))
        after = set() if 1 in own else set(joined(low, (1,), (k,)))
        if len(own) != 2 or before & after or len({k, *before, *after, *scalars}) < len(low.operands):
            continue
        first = {label for q in before for label in low.subscripts[q]} or {0}
        last = {label for q in after for label in low.subscripts[q]} or {1}
        for x, y in (own, own[::-1]):
            if x in first and y in last and x != y and all(label < 2 or uses(low, label) == 2 for label in own):
                far = 1 + max(label for labels in low.subscripts for label in labels)
                factors: list[tuple[Expr, tuple[int, ...]]] = [(delta(low.shape[0]), (far, far + 1))]
                ends = {0: far, 1: far + 1}
                factors += [(low.operands[q], tuple(ends.get(label, label) for label in low.subscripts[q]))
                            for q in (*before, *after, *scalars)]
                upright = matrix if own == (x, y) else transpose(matrix, (1, 0))
                return upright, einsum(factors, (ends.get(y, y), ends.get(x, x)))
    return None


@rule("det.lemma", "det(A + u v') = (1 + v' inv(A) u) det(A)", "det", reference="MC 24, Sylvester's identity",
      shrinks="the determinant is of a smaller matrix, or of the one that comes first")
def det_lemma(node: Expr) -> Expr | None:
    """Sylvester: det(A + U V) = det(A) det(I + V inv(A) U)."""
    inner = _argument(node, "det")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2 or not isinstance(node, Apply):
        return None
    for (w, base), (v, low) in (inner.terms, inner.terms[::-1]):
        if not isinstance(low, Einsum):
            continue
        for left, right, dim in _cuts(low):
            small = ONE if dim is None else delta(dim)
            plain = isinstance(base, Delta)
            if not plain and (dim is not None or not is_regular(base)):
                continue
            inverse = base if plain else apply(TABLE["inv"], base)
            if dim is None:
                core = einsum([(right, "b"), (inverse, "ba"), (left, "a")], "")
                lemma = add([(1, ONE), (v / w, core)])
                return einsum([(lemma, ()), (_like(node, scale(w, base)), ())], ())
            swapped = einsum([(right, "ib"), (inverse, "ba"), (left, "aj")], "ij")
            inside = add([(1, small), (v / w, swapped)])
            other = _like(node, inside)
            if dim != inner.shape[0] and plain and w == 1 and other.key < node.key:
                return other
    return None


def _cuts(low: Einsum) -> list[tuple[Expr, Expr, int | str | None]]:
    """Ways to write a product as U V; ``None`` for the size of the middle where U is a column."""
    scalars = [pair for pair in pairs(low) if not pair[0].shape]
    rest = [pair for pair in pairs(low) if pair[0].shape]
    start = [k for k, (_, own) in enumerate(rest) if 0 in own]
    cuts: list[tuple[Expr, Expr, int | str | None]] = []
    from_left = [rest[k] for k in start]
    labels = {label for _, own in from_left for label in own if label >= low.rank}
    while True:
        others = [pair for pair in rest if pair not in from_left]
        if not others or any(1 in own for _, own in from_left):
            return cuts
        meeting = sorted(label for label in labels if any(label in own for _, own in others))
        if not meeting:
            return [(einsum([*scalars, *from_left], (0,)), einsum(others, (1,)), None)]
        if len(meeting) == 1:
            dim = next(d for operand, own in rest for label, d in zip(own, operand.shape) if label == meeting[0])
            cuts.append((einsum([*scalars, *from_left], (0, meeting[0])), einsum(others, (meeting[0], 1)), dim))
        grown = [pair for pair in others if set(pair[1]) & labels]
        from_left += grown
        labels |= {label for _, own in grown for label in own if label >= low.rank}


@rule("det.orthogonal", "det(Q)^2 = 1", "power", "abs", shrinks="a factor vanishes")
def det_orthogonal(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    size = _argument(node, "abs")
    if size is not None:
        base, exponent = size, Fraction(2)
    inner = _argument(base, "det")
    if inner is None or "orthogonal" not in getattr(inner, "facts", ()) or not isinstance(exponent, Fraction):
        return None
    if exponent.denominator != 1 or exponent == 1:
        return None
    return base if exponent % 2 else ONE


# -- inverses ----------------------------------------------------------------------------


@rule("inverse.orthogonal", "inv(Q) = Q'", "inv", shrinks="a function vanishes")
def inverse_orthogonal(node: Expr) -> Expr | None:
    inner = _argument(node, "inv")
    return transpose(inner, (1, 0)) if inner is not None and "orthogonal" in getattr(inner, "facts", ()) else None


@rule("inverse.turn", "inv(A') = inv(A)'", "inv",
      shrinks="the argument is the one of itself and its transpose that comes first")
def inverse_turn(node: Expr) -> Expr | None:
    inner = _argument(node, "inv")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    turned = transpose(inner, (1, 0))
    return transpose(_like(node, turned), (1, 0)) if _reads_better(turned, inner) else None


@rule("inverse.relation", "A inv(A + B) = I - B inv(A + B)", "inv",
      shrinks="the leading term of a sum no longer stands beside the inverse of the sum")
def inverse_relation(node: Expr) -> Expr | None:
    """The longest term of an inverted sum, next to that inverse."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse = node.operands[k]
        assert isinstance(inverse, Apply)
        (total,) = inverse.arguments
        if not isinstance(total, Sum) or inverse.rank != 2:
            continue
        weight, lead = max(total.terms, key=lambda term: (_length(term[1]), term[1].key))
        rows, cols = node.subscripts[k]
        for inner, outer, left in ((cols, rows, True), (rows, cols, False)):
            found = find_product(node, lead, {0 if left else 1: inner}, {k})
            if found is None or inner < node.rank or uses(node, inner) != 2:
                continue
            binding, used = found
            far = binding[1 if left else 0]
            rest = add([(-w / weight, term) for w, term in total.terms if term is not lead], total.shape)
            labels = (inner, far) if left else (far, inner)
            one = replaced(node, [k, *used], [(delta(total.shape[0]), (outer, far))])
            other = replaced(node, used, [(rest, labels)])
            return add([(1 / weight, one), (1, other)], node.shape)
    return None


def _length(term: Expr) -> int:
    return 0 if isinstance(term, Delta) else len(term.operands) if isinstance(term, Einsum) else 1


@rule("inverse.rank_one", "inv(A + u v') = inv(A) - inv(A) u v' inv(A)/(1 + v' inv(A) u)", "inv", reference="MC 160",
      shrinks="an inverse of a sum loses a term")
def inverse_rank_one(node: Expr) -> Expr | None:
    inner = _argument(node, "inv")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) != 2 or not isinstance(node, Apply):
        return None
    for (w, base), (v, low) in (inner.terms, inner.terms[::-1]):
        cut = _cuts(low)[-1:] if isinstance(low, Einsum) else []
        if not cut or cut[0][2] is not None or not is_regular(base):
            continue
        left, right, _ = cut[0]
        inverse = base if isinstance(base, Delta) else _like(node, base)
        ends = [(inverse, "ia"), (left, "a"), (right, "b"), (inverse, "bj")]
        below = add([(1, ONE), (v / w, einsum([(right, "b"), (inverse, "ba"), (left, "a")], ""))])
        return add([(1 / w, inverse), (-v / w**2, einsum([*ends, (power_of(below, -1), "")], "ij"))])
    return None


@rule("adj.define", "adj(A) = det(A) inv(A)", "adj", shrinks="a function is put in terms of others")
def adj_define(node: Expr) -> Expr | None:
    inner = _argument(node, "adj")
    if inner is None or not isinstance(node, Apply) or not is_regular(inner):
        return None
    axes = range(node.rank)
    parts = [(apply(grouped(TABLE["det"], node.function.ways), inner), ()),
             (apply(grouped(TABLE["inv"], node.function.ways), inner), axes)]
    return einsum(parts, axes)


# -- elementwise functions ---------------------------------------------------------------


@rule("exp.sum", "exp(x + y) = exp(x) .* exp(y)", "exp", shrinks="the argument falls apart")
def exp_sum(node: Expr) -> Expr | None:
    inner = _argument(node, "exp")
    if inner is None or not isinstance(inner, Sum) or not inner.terms:
        return None
    if len(inner.terms) == 1 and inner.terms[0][0] == 1:
        return None
    axes = range(node.rank)
    factors = []
    factors = [(power_of(apply(TABLE["exp"], term), weight), axes) for weight, term in inner.terms]
    return einsum(factors, axes)


@rule("exp.spread", "exp(c ones(n)) = exp(c) ones(n)", "exp", shrinks="a function takes a number instead of a tensor")
def exp_spread(node: Expr) -> Expr | None:
    """An elementwise function of something constant along an axis."""
    if not isinstance(node, Apply) or len(node.arguments) != 1 or not node.rank or node.function.name not in _POINTWISE:
        return None
    weight, inner = split(node.arguments[0])
    if not isinstance(inner, Einsum):
        return None
    flat = [own[0] for operand, own in pairs(inner) if isinstance(operand, Delta) and operand.rank == 1]
    if not flat:
        return None
    kept = [label for label in range(node.rank) if label not in flat]
    rest = einsum([pair for pair in pairs(inner) if not (isinstance(pair[0], Delta) and pair[0].rank == 1)], kept)
    made = apply(node.function, scale(weight, rest))
    spread = [(ones((node.shape[label],)), (label,)) for label in flat]
    return einsum([(made, kept), *spread], range(node.rank))


_POINTWISE = {"exp", "log", "abs", "sign", "sigmoid", "tanh", "softplus", "relu", "sin", "cos"}


@rule("log.product", "log(x y) = log(x) + log(y)", "log", shrinks="the argument falls apart")
def log_product(node: Expr) -> Expr | None:
    """Of positive factors; of absolute values, and of even powers, always."""
    inner = _argument(node, "log")
    if inner is None:
        return None
    weight, core = split(inner)
    axes = tuple(range(node.rank))
    if isinstance(core, Sum) and not axes and (shared := _shared_number(core)) is not None and is_positive(shared):
        return add([(1, apply(TABLE["log"], shared)), (1, apply(TABLE["log"], _without(inner, shared)))])
    parts = pairs(core) if isinstance(core, Einsum) else [(core, axes)]
    if weight <= 0 or any(not set(own) <= set(axes) or len(set(own)) < len(own) for _, own in parts) or \
            any(isinstance(part, Delta) and part.rank > 1 for part, _ in parts):
        return None
    powers: dict[tuple[Expr, tuple[int, ...]], Expr | Fraction] = {}
    for part, own in parts:
        base, exponent = base_and_exponent(part)
        known = powers.get((base, own))
        if known is not None and not (isinstance(known, Fraction) and isinstance(exponent, Fraction)):
            return None
        powers[base, own] = exponent if known is None or isinstance(known, Expr) else known + Fraction(exponent)  # type: ignore[arg-type]
    if weight == 1 and len(powers) == 1 and set(powers.values()) == {Fraction(1)}:
        return None
    terms = [] if weight == 1 else [_over(apply(TABLE["log"], number(weight)), (), node)]
    for (base, own), exponent in powers.items():
        if isinstance(base, Delta):
            continue
        if not is_positive(base):
            if not isinstance(exponent, Fraction) or exponent.numerator % 2:
                return None
            base = apply(TABLE["abs"], base)
        factor = number(exponent) if isinstance(exponent, Fraction) else exponent
        terms.append(einsum([(factor, ()), (_over(apply(TABLE["log"], base), own, node), axes)], axes))
    return add([(1, term) for term in terms], node.shape)


def _over(part: Expr, own: tuple[int, ...], node: Expr) -> Expr:
    missing = [(ones((dim,)), (label,)) for label, dim in enumerate(node.shape) if label not in own]
    return einsum([(part, own), *missing], range(node.rank))


@rule("abs.product", "abs(x y) = abs(x) abs(y)", "abs", shrinks="the argument falls apart")
def abs_product(node: Expr) -> Expr | None:
    inner = _argument(node, "abs")
    if inner is None:
        return None
    axes = range(node.rank)
    weight, core = split(inner)
    if weight != 1:
        return scale(abs(weight), apply(TABLE["abs"], core))
    base, exponent = base_and_exponent(core)
    if exponent != 1 and not (isinstance(exponent, Fraction) and exponent.denominator != 1):
        return power_of(apply(TABLE["abs"], base), exponent)
    if isinstance(core, Einsum) and len(core.operands) > 1 and all(set(own) <= set(axes) for own in core.subscripts):
        return einsum([(apply(TABLE["abs"], operand), own) for operand, own in pairs(core)], axes)
    if isinstance(core, Sum) and not core.rank and (shared := _shared_number(core)) is not None:
        return einsum([(apply(TABLE["abs"], shared), ()), (apply(TABLE["abs"], _without(core, shared)), ())], ())
    return core if is_positive(core) else None


def _without(total: Expr, shared: Expr) -> Expr:
    """A sum divided by a number that is a factor of every term."""
    return add([(w, einsum([(term, ()), (power_of(shared, -1), ())], ())) for w, term in _terms(total)], ())


def _shared_number(total: Sum) -> Expr | None:
    """A number that is a factor of every term."""
    factors = [set(term.operands) if isinstance(term, Einsum) and opens(term) else {term} for _, term in total.terms]
    shared = set.intersection(*factors) if factors else set()
    return min(shared, key=lambda factor: factor.key, default=None)


@rule("abs.square", "abs(x).^2 = x.^2", "abs", shrinks="two functions vanish")
def abs_square(node: Expr) -> Expr | None:
    if isinstance(node, Einsum):
        places = applied(node, "abs")
        for at, k in enumerate(places):
            for q in places[at + 1:]:
                if node.operands[k] is node.operands[q] and node.subscripts[k] == node.subscripts[q]:
                    inner = _argument(node.operands[k], "abs")
                    assert inner is not None
                    return replaced(node, [k, q], [(inner, node.subscripts[k])] * 2)
        return None
    base, exponent = base_and_exponent(node)
    inner = _argument(base, "abs")
    if inner is None or not isinstance(exponent, Fraction) or exponent.denominator != 1 or exponent % 2:
        return None
    return power_of(inner, exponent)


@rule("root.square", "sqrt(x^2) = abs(x)", "power", shrinks="two powers become one")
def root_square(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    if not isinstance(exponent, Fraction) or exponent.denominator == 1:
        return None
    if isinstance(base, Einsum) and base.rank:
        half = _square_root(base)
        return None if half is None else power_of(apply(TABLE["abs"], half), 2 * exponent)
    inner, power = base_and_exponent(base)
    if isinstance(power, Fraction) and power != 1 and power % 2 == 0:
        return power_of(apply(TABLE["abs"], inner), power * exponent)
    return None


def _square_root(base: Einsum) -> Expr | None:
    """x where a product is x .* x, entry by entry."""
    counts: dict[tuple[Expr, tuple[int, ...]], int] = {}
    for pair in pairs(base):
        counts[pair] = counts.get(pair, 0) + 1
    summed = any(label >= base.rank for own in base.subscripts for label in own)
    if summed or any(count % 2 for count in counts.values()):
        return None
    return einsum([pair for pair, count in counts.items() for _ in range(count // 2)], range(base.rank))


@rule("root.positive", "sqrt(a b) = sqrt(a) sqrt(b)", "power", shrinks="the base falls apart")
def root_positive(node: Expr) -> Expr | None:
    """Fractional powers of products of positive factors."""
    base, exponent = base_and_exponent(node)
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return None
    axes = range(base.rank)
    if isinstance(base, Einsum) and len(base.operands) > 1 and all(set(own) <= set(axes) for own in base.subscripts) \
            and all(is_positive(operand) for operand in base.operands):
        return einsum([(power_of(operand, exponent), own) for operand, own in pairs(base)], axes)
    inner, power = base_and_exponent(base)
    if power != 1 and is_positive(inner):
        left = number(power) if isinstance(power, Fraction) else power
        right = number(exponent) if isinstance(exponent, Fraction) else exponent
        return power_of(inner, einsum([(left, ()), (right, ())], ()))
    return None


_ODD = {"sin", "tan", "tanh", "sinh", "arcsin", "arctan", "sign", "erf"}
_EVEN = {"cos", "cosh"}


@rule("function.parity", "sin(-x) = -sin(x)", *_ODD, *_EVEN, "sigmoid", "softplus",
      shrinks="the sign of the argument is the one that sums are given")
def function_parity(node: Expr) -> Expr | None:
    """Odd and even functions, σ(-x) = 1 - σ(x), softplus(-x) = softplus(x) - x."""
    inner = _argument(node, *_ODD, *_EVEN, "sigmoid", "softplus")
    if inner is None or not isinstance(node, Apply):
        return None
    weight, _ = split(inner)
    if weight >= 0:
        return None
    mirrored = scale(-1, inner)
    other = apply(node.function, mirrored)
    name = node.function.name
    if name == "sigmoid":
        return add([(1, ones(node.shape)), (-1, other)])
    if name == "softplus":
        return add([(1, other), (-1, mirrored)])
    return scale(-1 if name in _ODD else 1, other)


@rule("function.define", "tanh(x) = 2 sigmoid(2 x) - 1", "tanh", "tan", "relu", "max", "min", "sinh", "cosh", "softmax",
      "logsumexp", "softplus", "sign", shrinks="a function is put in terms of others")
def function_define(node: Expr) -> Expr | None:
    """tanh by σ, tan by sin and cos, relu max min by abs, sinh cosh softmax log-sum-exp by exp.

    A sign is x/abs(x) only where x is never zero: the sign of zero is zero.
    """
    if not isinstance(node, Apply) or not node.arguments:
        return None
    x, axes, one = node.arguments[0], range(node.rank), ones(node.shape)
    match node.function.name:
        case "tanh":
            return add([(2, apply(TABLE["sigmoid"], scale(2, x))), (-1, one)])
        case "tan":
            return einsum([(apply(TABLE["sin"], x), axes), (power_of(apply(TABLE["cos"], x), -1), axes)], axes)
        case "relu":
            return add([(Fraction(1, 2), x), (Fraction(1, 2), apply(TABLE["abs"], x))])
        case "sign" if is_nonzero(x):
            return einsum([(x, axes), (power_of(apply(TABLE["abs"], x), -1), axes)], axes)
        case "max" | "min" as name:
            if node.arguments[0].rank != node.arguments[1].rank:
                return None
            sign = 1 if name == "max" else -1
            gap = apply(TABLE["abs"], add([(1, x), (-1, node.arguments[1])]))
            half = Fraction(1, 2)
            return add([(half, x), (half, node.arguments[1]), (sign * half, gap)])
        case "sinh" | "cosh" as name:
            up = apply(TABLE["exp"], x)
            return add([(Fraction(1, 2), up), (Fraction(1 if name == "cosh" else -1, 2), power_of(up, -1))])
        case "softmax" if node.rank == 1:
            up = apply(TABLE["exp"], x)
            return einsum([(up, (0,)), (power_of(einsum([(up, (0,))], ()), -1), ())], (0,))
        case "logsumexp" if not node.rank:
            return apply(TABLE["log"], einsum([(apply(TABLE["exp"], x), (0,))], ()))
    return None


@rule("sign.product", "sign(x y) = sign(x) sign(y)", "sign", shrinks="the argument falls apart")
def sign_product(node: Expr) -> Expr | None:
    """Of zero too, whose sign is zero."""
    inner = _argument(node, "sign")
    if inner is None:
        return None
    axes = range(node.rank)
    weight, core = split(inner)
    if weight > 0 and weight != 1:
        return apply(TABLE["sign"], core)
    if _argument(core, "sign") is not None:
        return scale(1 if weight > 0 else -1, core)
    if weight == 1 and isinstance(core, Einsum) and len(core.operands) > 1 and \
            all(set(own) <= set(axes) and len(set(own)) == len(own) for own in core.subscripts) and \
            not any(isinstance(operand, Delta) for operand in core.operands):
        return einsum([(apply(TABLE["sign"], operand), own) for operand, own in pairs(core)], axes)
    return None


@rule("sign.support", "x .* abs(sign(x)) = x", "abs", shrinks="a factor vanishes")
def sign_support(node: Expr) -> Expr | None:
    """The absolute value of a sign is 1 where that is not 0; so is it beside itself and beside the sign."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "abs"):
        x = _argument(_argument(node.operands[k], "abs") or ONE, "sign")
        if x is None:
            continue
        for q, (other, own) in enumerate(pairs(node)):
            inner = _argument(other, "abs") or other
            if q != k and own == node.subscripts[k] and (inner is x or _argument(inner, "sign") is x):
                return replaced(node, [k], [])
    return None


@rule("softplus.define", "softplus(x) = log(1 + exp(x))", "softplus", shrinks="a function is put in terms of others")
def softplus_define(node: Expr) -> Expr | None:
    inner = _argument(node, "softplus")
    if inner is None:
        return None
    return apply(TABLE["log"], add([(1, ones(node.shape)), (1, apply(TABLE["exp"], inner))]))


@rule("sigmoid.define", "sigmoid(x) = exp(x) (1 + exp(x))^-1", "sigmoid",
      shrinks="a function is put in terms of others")
def sigmoid_define(node: Expr) -> Expr | None:
    inner = _argument(node, "sigmoid")
    if inner is None:
        return None
    up, axes = apply(TABLE["exp"], inner), range(node.rank)
    return einsum([(up, axes), (power_of(add([(1, ones(node.shape)), (1, up)]), -1), axes)], axes)


@rule("sin.square", "sin(x)^2 = 1 - cos(x)^2", "sin", shrinks="two factors sin become cos")
def sin_square(node: Expr) -> Expr | None:
    if isinstance(node, Einsum):
        places = applied(node, "sin")
        for at, k in enumerate(places):
            for q in places[at + 1:]:
                if node.operands[k] is node.operands[q] and node.subscripts[k] == node.subscripts[q]:
                    inner = _argument(node.operands[k], "sin")
                    assert inner is not None
                    return replaced(node, [k, q], [(_one_minus_square(apply(TABLE["cos"], inner)), node.subscripts[k])])
        return None
    base, exponent = base_and_exponent(node)
    inner = _argument(base, "sin")
    if inner is None or not isinstance(exponent, Fraction) or exponent.denominator != 1 or exponent < 2:
        return None
    return einsum([(_one_minus_square(apply(TABLE["cos"], inner)), ()), (power_of(base, exponent - 2), ())], ())


def _one_minus_square(c: Expr) -> Expr:
    return add([(1, ones(c.shape)), (-1, power_of(c, 2))])


@rule("function.inverse", "sin(arcsin(x)) = x", "sin", "cos", "tan", shrinks="two functions vanish")
def function_inverse(node: Expr) -> Expr | None:
    inner = _argument(node, "sin", "cos", "tan")
    return None if inner is None or not isinstance(node, Apply) else _argument(inner, f"arc{node.function.name}")


_MOST_MULTIPLE = 8


@rule("angle.sum", "sin(x + y) = sin(x) .* cos(y) + cos(x) .* sin(y)", "sin", "cos", shrinks="the argument falls apart")
def angle_sum(node: Expr) -> Expr | None:
    """Of the terms of a sum, and of whole multiples."""
    inner = _argument(node, "sin", "cos")
    if not isinstance(inner, Sum) or not inner.terms or not isinstance(node, Apply):
        return None
    weight, term = inner.terms[0]
    if len(inner.terms) == 1 and (weight.denominator > 1 or not 1 < abs(weight) <= _MOST_MULTIPLE):
        return None
    part = weight if len(inner.terms) > 1 else Fraction(1 if weight > 0 else -1)
    one, two = scale(part, term), add([(1, inner), (-part, term)])
    sin, cos, axes = TABLE["sin"], TABLE["cos"], range(node.rank)
    pairs_of = (((sin, cos), (cos, sin)) if node.function is sin else ((cos, cos), (sin, sin)))
    sign = 1 if node.function is sin else -1
    return add([(weight, einsum([(apply(f, one), axes), (apply(g, two), axes)], axes))
                for weight, (f, g) in zip((1, sign), pairs_of)])


@rule("power.one", "1^k = 1", "power", shrinks="a power vanishes")
def power_one(node: Expr) -> Expr | None:
    base, _ = base_and_exponent(node)
    return ONE if base is ONE and node is not ONE else None


@rule("power.expand", "(x + y)^2 = x^2 + 2 x y + y^2", "power", shrinks="no power of a sum is left")
def power_expand(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    if not isinstance(exponent, Fraction) or exponent.denominator != 1 or not 2 <= exponent <= 8:
        return None
    if isinstance(base, Sum) and not base.rank and len(base.terms) ** int(exponent) <= 256:
        total: Expr = ONE
        for _ in range(int(exponent)):
            total = add([(a * b, einsum([(s, ()), (t, ())], ())) for a, s in _terms(total) for b, t in base.terms], ())
        return total
    return None


def _terms(expr: Expr) -> tuple[tuple[Fraction, Expr], ...]:
    return expr.terms if isinstance(expr, Sum) else ((Fraction(1), expr),)


@rule("power.split", "x^(a + b) = x^a x^b", "power", shrinks="a symbolic exponent loses its number")
def power_split(node: Expr) -> Expr | None:
    """A symbolic exponent stays without its numeric part and without its factor."""
    if not isinstance(node, Apply) or node.function is not POWER or node.arguments[1].rank:
        return None
    base, exponent = node.arguments
    if is_number(exponent) is not None or not isinstance(exponent, Sum) or len(exponent.terms) < 2:
        return None
    axes = range(base.rank)
    return einsum([(power_of(base, scale(weight, term)), axes) for weight, term in exponent.terms], axes)


# -- matrix exponentials -----------------------------------------------------------------


@rule("expm.inverse", "inv(expm(A)) = expm(-A)", "inv", shrinks="an inverse vanishes")
def expm_inverse(node: Expr) -> Expr | None:
    inner = _argument(node, "inv")
    x = None if inner is None else _argument(inner, "expm")
    return None if x is None or not isinstance(inner, Apply) else apply(inner.function, scale(-1, x))


@rule("expm.transpose", "expm(A') = expm(A)'", "expm", shrinks="the argument is the one that comes first")
def expm_transpose(node: Expr) -> Expr | None:
    inner = _argument(node, "expm")
    if inner is None or inner.rank != 2 or not isinstance(node, Apply):
        return None
    turned = transpose(inner, (1, 0))
    return transpose(_like(node, turned), (1, 0)) if _reads_better(turned, inner) else None


@rule("expm.diagonal", "expm(diag(x)) = diag(exp(x))", "expm", shrinks="a matrix function becomes elementwise")
def expm_diagonal(node: Expr) -> Expr | None:
    inner = _argument(node, "expm")
    if not isinstance(inner, (Einsum, Sum)) or inner.rank != 2:
        return None
    if any(not (isinstance(term, Einsum) and any(isinstance(o, Delta) and o.rank == 2 for o in term.operands))
           and not (isinstance(term, Delta)) for _, term in _terms(inner)):
        return None
    vector = add([(weight, _row_sum(term)) for weight, term in _terms(inner)], (inner.shape[0],))
    return einsum([(apply(TABLE["exp"], vector), (0,)), (delta(inner.shape[0]), (0, 1))], (0, 1))


def _row_sum(term: Expr) -> Expr:
    return einsum([(term, (0, 1))], (0,))


@rule("expm.kronsum", "expm(kron(A, eye(m)) + kron(eye(n), B)) = kron(expm(A), expm(B))", "expm",
      reference="Higham 2008, th. 10.9", shrinks="the argument falls apart")
def expm_kronsum(node: Expr) -> Expr | None:
    inner = _argument(node, "expm")
    if inner is None or inner.rank != 4 or len(_terms(inner)) > 2:
        return None
    found: dict[int, Expr] = {}
    for weight, term in _terms(inner):
        parts = kronecker_parts(term)
        if parts is None or len(parts) != 2:
            return None
        eyes = [axes for part, axes in parts if isinstance(part, Delta)]
        rest = [(part, axes) for part, axes in parts if not isinstance(part, Delta)]
        if len(eyes) != 1 or len(rest) != 1:
            return None
        place = rest[0][1][0]
        found[place] = add([(weight, rest[0][0]), *([(1, found[place])] if place in found else [])])
    parts_of = [apply(TABLE["expm"], found[k]) if k in found else delta(inner.shape[k]) for k in (0, 1)]
    return einsum([(parts_of[0], (0, 2)), (parts_of[1], (1, 3))], range(4))


@rule("expm.sum", "expm(a A + b A) = expm(a A) expm(b A)", "expm",
      shrinks="an argument falls apart into commuting terms")
def expm_sum(node: Expr) -> Expr | None:
    """Of terms that commute, which their normal forms decide."""
    inner = _argument(node, "expm")
    if not isinstance(inner, Sum) or inner.rank != 2 or len(inner.terms) < 2 or not isinstance(node, Apply):
        return None
    for weight, term in inner.terms:
        rest = add([pair for pair in inner.terms if pair[1] is not term], inner.shape)
        one = einsum([(term, "ij"), (rest, "jk")], "ik")
        two = einsum([(rest, "ij"), (term, "jk")], "ik")
        if one is two or all(einsum([(term, "ij"), (t, "jk")], "ik") is einsum([(t, "ij"), (term, "jk")], "ik")
                             for _, t in inner.terms):
            return einsum([(_like(node, scale(weight, term)), "ij"), (_like(node, rest), "jk")], "ik")
    return None


@rule("expm.merge", "expm(a A) expm(b A) = expm((a + b) A)", "expm", shrinks="two factors become one")
def expm_merge(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    places = [k for k in applied(node, "expm") if node.operands[k].rank == 2]
    for k in places:
        for q in places:
            if k == q:
                continue
            a, b = _argument(node.operands[k], "expm"), _argument(node.operands[q], "expm")
            i, j = node.subscripts[k]
            assert a is not None and b is not None
            if i == j or j < node.rank or uses(node, j) != 2:
                continue
            r, s = node.subscripts[q]
            for near, other, far in ((r, b, s), (s, transpose(b, (1, 0)), r)):
                if j == near and _without_scalars(a) is _without_scalars(other):
                    total = add([(1, a), (1, other)])
                    vanishes = isinstance(total, Sum) and not total.terms
                    made = delta(a.shape[0]) if vanishes else apply(TABLE["expm"], total)
                    return replaced(node, [k, q], [(made, (i, far))])
    return None


@rule("expm.similar", "expm(B A inv(B)) = B expm(A) inv(B)", "expm", reference="Higham 2008, th. 1.13",
      shrinks="the argument loses two factors")
def expm_similar(node: Expr) -> Expr | None:
    """A matrix at one end of the argument and its inverse, or its transpose where it is orthogonal, at the other."""
    inner = _argument(node, "expm")
    if not isinstance(inner, Einsum) or inner.rank != 2:
        return None
    for k, (operand, own) in enumerate(pairs(inner)):
        matrix, orthogonal = _argument(operand, "inv"), "orthogonal" in getattr(operand, "facts", ())
        if len(own) != 2 or own[0] == own[1] or (matrix is None and not orthogonal):
            continue
        for axis in (0, 1):
            end, x = own[axis], own[1 - axis]
            if end > 1 or x < 2 or uses(inner, x) != 2:
                continue
            wanted, known = (operand, {axis: 1 - end}) if matrix is None else (matrix, {1 - axis: 1 - end})
            if wanted.rank != 2:
                continue
            found = find_product(inner, wanted, known, {k})
            if found is None:
                continue
            binding, used = found
            y = binding[1 - axis] if matrix is None else binding[axis]
            gone = {k, *used}
            rest = [pair for q, pair in enumerate(pairs(inner)) if q not in gone]
            if y < 2 or x == y or uses(inner, y) != 2 or {0, 1} & {label for _, labels in rest for label in labels}:
                continue
            middle = einsum(rest, (x, y) if end == 0 else (y, x))
            ends = [pair for q, pair in enumerate(pairs(inner)) if q in gone]
            made = apply(TABLE["expm"], middle)
            return einsum([*ends, (made, (x, y) if end == 0 else (y, x))], (0, 1))
    return None


@rule("logm.inverse", "expm(logm(A)) = A", "expm", "logm", "sqrtm", reference="Higham 2008, secs. 1.5 to 1.7",
      shrinks="a function vanishes")
def logm_inverse(node: Expr) -> Expr | None:
    """expm undoes logm, logm undoes expm of a symmetric matrix; both sqrtm and logm of an inverse."""
    if not isinstance(node, Apply) or len(node.arguments) != 1:
        return None
    (x,) = node.arguments
    match node.function.name:
        case "expm":
            return _argument(x, "logm")
        case "logm":
            inner, inverted = _argument(x, "expm"), _argument(x, "inv")
            if inner is not None and symmetry(inner) > 0:
                return inner
            return None if inverted is None else scale(-1, _like(node, inverted))
        case "sqrtm":
            inverted = _argument(x, "inv")
            return None if inverted is None or not isinstance(x, Apply) else apply(x.function, _like(node, inverted))
    return None


@rule("sqrtm.square", "sqrtm(A) sqrtm(A) = A", "sqrtm", "chol", reference="definition", shrinks="two functions vanish")
def sqrtm_square(node: Expr) -> Expr | None:
    """chol(S) chol(S)' = S too, of a symmetric matrix."""
    if not isinstance(node, Einsum):
        return None
    for name in ("sqrtm", "chol"):
        places = applied(node, name)
        for k in places:
            for q in places:
                one, (i, j) = node.operands[k], node.subscripts[k][:2]
                inner = _argument(one, name)
                if k == q or node.operands[q] is not one or one.rank != 2 or inner is None:
                    continue
                r, s = node.subscripts[q] if name == "sqrtm" else node.subscripts[q][::-1]
                if name == "sqrtm" and s == j and symmetry(one) > 0:
                    r, s = s, r
                if j == r and j >= node.rank and uses(node, j) == 2 and (name == "sqrtm" or symmetry(inner) > 0):
                    return replaced(node, [k, q], [(inner, (i, s))])
    return None


@rule("logm.trace", "tr(logm(A)) = logdet(A)", "logm", reference="Higham 2008, sec. 11.1",
      shrinks="a function vanishes")
def logm_trace(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "logm"):
        own = node.subscripts[k]
        if len(own) == 2 and own[0] == own[1] and own[0] >= node.rank and uses(node, own[0]) == 2:
            return replaced(node, [k], [(apply(TABLE["logdet"], node.operands[k].children[0]), ())])
    return None


@rule("pinv.square", "pinv(A) = inv(A)", "pinv", reference="definition", shrinks="a function is put in terms of others")
def pinv_square(node: Expr) -> Expr | None:
    """Of a square matrix, which has full rank only where it has an inverse."""
    inner = _argument(node, "pinv")
    if inner is None or inner.rank != 2 or inner.shape[0] != inner.shape[1]:
        return None
    return apply(TABLE["inv"], inner)


@rule("expm.commute", "expm(A) A = A expm(A)", "expm", shrinks="the argument stands left of the function")
def expm_commute(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "expm"):
        operand = node.operands[k]
        inner = _without_scalars(_argument(operand, "expm") or ONE)
        if operand.rank != 2:
            continue
        i, j = node.subscripts[k]
        if j < node.rank or uses(node, j) != 2 or i == j:
            continue
        found = find_product(node, inner, {0: j}, {k})
        if found is None:
            continue
        binding, used = found
        far = binding[1]
        if far == i:
            continue
        return replaced(node, [k, *used], [(inner, (i, j)), (operand, (j, far))])
    return None


def _without_scalars(expr: Expr) -> Expr:
    """A matrix without its numeric factors, which change nothing about what commutes with it."""
    core = split(expr)[1]
    if isinstance(core, Einsum) and core.shape:
        return einsum([pair for pair in pairs(core) if pair[0].shape], range(core.rank))
    return core


# -- facts -------------------------------------------------------------------------------


@rule("diagonal.entries", "diag(x) y = x .* y", shrinks="a diagonal matrix becomes its diagonal")
def diagonal_entries(node: Expr) -> Expr | None:
    """A matrix declared diagonal is zero off its diagonal."""
    if isinstance(node, Einsum):
        for k, (operand, own) in enumerate(pairs(node)):
            if _is_diagonal(operand) and own[0] != own[1]:
                return replaced(node, [k], [(operand, (own[0], own[0])), (delta(operand.shape[0]), own)])
    elif any(map(_is_diagonal, node.children)):
        return rebuild(node, [_diagonal_of(child) if _is_diagonal(child) else child for child in node.children])
    return None


def _is_diagonal(expr: Expr) -> bool:
    return "diagonal" in getattr(expr, "facts", ()) and expr.rank == 2


def _diagonal_of(expr: Expr) -> Expr:
    return einsum([(expr, (0, 0)), (delta(expr.shape[0]), (0, 1))], (0, 1))


@rule("diagonal.cancel", "diag(A) .* diag(A).^-1 = ones(n)", "power", shrinks="two factors become one")
def diagonal_cancel(node: Expr) -> Expr | None:
    """The diagonal of a matrix beside a power of that diagonal."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        base, exponent = base_and_exponent(operand)
        if not isinstance(exponent, Fraction) or not isinstance(base, Einsum) or base.subscripts != ((0, 0),):
            continue
        for q, (other, labels) in enumerate(pairs(node)):
            if exponent <= -1 and other is base.operands[0] and labels == (own[0], own[0]):
                return replaced(node, [k, q], [(power_of(base, exponent + 1), own)])
    return None


@rule("inverse.diagonal_fact", "inv(diag(x)) = diag(1 ./ x)", "inv", shrinks="a function becomes a power")
def inverse_diagonal_fact(node: Expr) -> Expr | None:
    """Of a matrix declared diagonal, and of a sum of diagonal ones."""
    inner = _argument(node, "inv")
    if inner is None or inner.rank != 2 or not (_is_diagonal(inner) or (isinstance(inner, Sum) and all(
            isinstance(term, Delta) or (isinstance(term, Einsum) and _tied(term)) for _, term in inner.terms))):
        return None
    vector = add([(weight, _row_sum(term)) for weight, term in _terms(inner)], inner.shape[:1])
    return einsum([(power_of(vector, -1), (0,)), (delta(inner.shape[0]), (0, 1))], (0, 1))


@rule("simplex.total", "sum(softmax(x)) = 1", shrinks="a factor vanishes")
def simplex_total(node: Expr) -> Expr | None:
    """A vector declared on the simplex sums to one, a unit vector has length one."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        facts = getattr(operand, "facts", ())
        if "simplex" in facts and len(own) == 1 and own[0] >= node.rank and uses(node, own[0]) == 1:
            return replaced(node, [k], [])
        if "unit" in facts and len(own) == 1 and own[0] >= node.rank and uses(node, own[0]) == 2:
            for q, pair in enumerate(pairs(node)):
                if q > k and pair == (operand, own):
                    return replaced(node, [k, q], [])
    return None


# -- duplication and elimination ---------------------------------------------------------


def _normal_inverses(node: Einsum) -> list[int]:
    """Where inv(D' D) stands."""
    found = []
    for k in applied(node, "inv"):
        inner = _argument(node.operands[k], "inv")
        if isinstance(inner, Einsum) and len(inner.operands) == 2 and \
                all(isinstance(o, Apply) and o.function.name == "duplication" for o in inner.operands):
            found.append(k)
    return found


@rule("duplication.projector", "duplication(n)*inv(duplication(n)'*duplication(n))*duplication(n)' = "
      "0.5*(eye(n*n) + commutation(n,n))", "duplication", reference="Magnus & Neudecker 1980, th. 3.3",
      shrinks="three factors become deltas")
def duplication_projector(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in _normal_inverses(node):
        h, g = node.subscripts[k]
        ends = [[q for q in applied(node, "duplication") if node.subscripts[q][2] == label and label >= node.rank
                 and uses(node, label) == 2] for label in (h, g)]
        if h != g and ends[0] and ends[1]:
            q, r = ends[0][0], ends[1][0]
            (a, b, _), (i, j, _) = node.subscripts[q], node.subscripts[r]
            dim = delta(node.operands[q].shape[0])
            both = [replaced(node, [k, q, r], [(dim, (a, c)), (dim, (b, d))]) for c, d in ((i, j), (j, i))]
            return add([(Fraction(1, 2), one) for one in both])
    return None


@rule("duplication.plus", "inv(duplication(n)'*duplication(n))*duplication(n)' = "
      "elimination(n)*(0.5*(eye(n*n) + commutation(n,n)))", "duplication",
      reference="Magnus & Neudecker 1980, th. 3.4", shrinks="an inverse vanishes")
def duplication_plus(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in _normal_inverses(node):
        h, g = node.subscripts[k]
        for q in applied(node, "duplication"):
            i, j, f = node.subscripts[q]
            if f in (h, g) and f >= node.rank and uses(node, f) == 2:
                far = h if f == g else g
                dim = node.operands[q].shape[0]
                lower = special("elimination", (node.operands[q].shape[2], dim, dim))
                half = Fraction(1, 2)
                both = [replaced(node, [k, q], [(lower, (far, a, b))]) for a, b in ((i, j), (j, i))]
                return add([(half, one) for one in both])
    return None


@rule("duplication.symmetric", "duplication(n)*vech(A + A') = vec(A + A')", "duplication",
      reference="Magnus & Neudecker 1980, def. 3.2a", shrinks="two factors vanish")
def duplication_symmetric(node: Expr) -> Expr | None:
    """D L R = R where R is symmetric in the two indices that L takes."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "duplication"):
        a, b, g = node.subscripts[k]
        for q in applied(node, "elimination"):
            h, i, j = node.subscripts[q]
            if h != g or uses(node, g) != 2 or g < node.rank or i == j:
                continue
            if any(label < node.rank for label in (i, j)):
                continue
            rest = joined(node, (i, j), [k, q])
            labels = sorted({label for m in rest for label in node.subscripts[m]} - {i, j})
            if not rest or not {i, j} <= {label for m in rest for label in node.subscripts[m]} or {a, b} & set(labels):
                continue
            outer = [label for label in labels if label < node.rank or
                     any(label in own for m, own in enumerate(node.subscripts) if m not in rest)]
            factors = [pairs(node)[m] for m in rest]
            one, two = einsum(factors, [i, j, *outer]), einsum(factors, [j, i, *outer])
            if one is two:
                return replaced(node, [k, q, *rest], [(one, (a, b, *outer))])
    return None


@rule("elimination.symmetric", "elimination(n)*vec(A + A') = elimination(n)*vec(A' + A)", "elimination",
      shrinks="the order of two interchangeable indices is the first")
def elimination_symmetric(node: Expr) -> Expr | None:
    """L takes either order of two indices that what it meets is symmetric in."""
    if not isinstance(node, Einsum):
        return None
    for q in applied(node, "elimination"):
        h, i, j = node.subscripts[q]
        if i == j:
            continue
        swapped = replaced(node, [q], [(node.operands[q], (h, j, i))])
        rest = joined(node, (i, j), [q])
        labels = {label for m in rest for label in node.subscripts[m]}
        if not {i, j} <= labels or i < node.rank or j < node.rank:
            continue
        outer = sorted(label for label in labels - {i, j} if label < node.rank or label == h)
        factors = [pairs(node)[m] for m in rest]
        if einsum(factors, [i, j, *outer]) is einsum(factors, [j, i, *outer]) and swapped.key < node.key:
            return swapped
    return None


@rule("elimination.transpose", "elimination(n)*elimination(n)' = eye(n*(n+1)/2)", "elimination",
      reference="Magnus & Neudecker 1980, lemma 3.1", shrinks="two factors vanish")
def elimination_transpose(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    places = applied(node, "elimination")
    for at, k in enumerate(places):
        for q in places[at + 1:]:
            (h, i, j), (g, r, s) = node.subscripts[k], node.subscripts[q]
            if (i, j) == (r, s) and i != j and all(label >= node.rank and uses(node, label) == 2 for label in (i, j)):
                return replaced(node, [k, q], [(delta(node.operands[k].shape[0]), (h, g))])
    return None


@rule("det.symmetric_square", "det(inv(duplication(n)'*duplication(n))*duplication(n)'*kron(A,A)*duplication(n)) = "
      "det(A)^(n+1)", "det", reference="Magnus & Neudecker 1980, lemma 4.2", shrinks="the argument gets smaller")
def det_symmetric_square(node: Expr) -> Expr | None:
    inner = _argument(node, "det")
    if not isinstance(inner, Einsum) or inner.rank != 2 or len(inner.operands) != 4:
        return None
    lower, dup = applied(inner, "elimination"), applied(inner, "duplication")
    others = [k for k in range(4) if k not in (*lower, *dup)]
    if len(lower) != 1 or len(dup) != 1 or len({inner.operands[k] for k in others}) != 1:
        return None
    h, i, j = inner.subscripts[lower[0]]
    a, b, g = inner.subscripts[dup[0]]
    matrix = inner.operands[others[0]]
    ends = {tuple(inner.subscripts[k]) for k in others}
    straight = [{(i, a), (j, b)}, {(i, b), (j, a)}, {(a, i), (b, j)}, {(b, i), (a, j)}]
    if {h, g} != {0, 1} or ends not in straight:
        return None
    exponent = add([(1, dimension(matrix.shape[0])), (1, ONE)])
    return power_of(apply(TABLE["det"], matrix), exponent)


# -- Levi-Civita -------------------------------------------------------------------------


@rule("eps.determinant", "eps_ij A_ik A_jl = det(A) eps_kl", "eps", reference="definition of the determinant",
      shrinks="all factors of one matrix beside ε become a number")
def eps_determinant(node: Expr) -> Expr | None:
    """One matrix on every index of ε, the same way round."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "eps"):
        own = node.subscripts[k]
        if any(label < node.rank or uses(node, label) != 2 for label in own):
            continue
        beside = [next((q for q, labels in enumerate(node.subscripts) if q != k and label in labels), k)
                  for label in own]
        matrix, places = node.operands[beside[0]], [node.subscripts[q] for q in beside]
        if len(set(beside)) < len(own) or matrix.rank != 2 or any(node.operands[q] is not matrix for q in beside):
            continue
        for axis in (0, 1):
            if all(labels[axis] == label for labels, label in zip(places, own)):
                far = [labels[1 - axis] for labels in places]
                return replaced(node, [k, *beside], [(apply(TABLE["det"], matrix), ()), (node.operands[k], far)])
    return None


@rule("eps.transport", "cross(A a, A b) = adj(A)' cross(a, b)", "eps", reference="definition of the adjugate",
      shrinks="two factors beside ε become an adjugate behind it")
def eps_transport(node: Expr) -> Expr | None:
    """ε_ijk A_jl A_km = adj(A)_ni ε_nlm."""
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "eps"):
        own = node.subscripts[k]
        if len(own) != 3:
            continue
        for at in range(3):
            i, j, m = own[at], own[(at + 1) % 3], own[(at + 2) % 3]
            for p, (left, first) in enumerate(pairs(node)):
                for q, (right, second) in enumerate(pairs(node)):
                    if p == q or left is not right or left.rank != 2 or left.shape != (3, 3) or symmetry(left) < 0:
                        continue
                    for axis in (0, 1):
                        if first[axis] == j and second[axis] == m and all(
                                label >= node.rank and uses(node, label) == 2 for label in (j, m)):
                            adjugate = apply(TABLE["adj"], left)
                            fresh = 1 + max(label for subs in node.subscripts for label in subs)
                            labels = (fresh, i) if axis == 0 else (i, fresh)
                            far = (fresh, first[1 - axis], second[1 - axis])
                            return replaced(node, [k, p, q], [(adjugate, labels), (node.operands[k], far)])
    return None


@rule("adj.recognise", "det(A) inv(A) = adj(A)", "inv", shrinks="two functions become one")
def adj_recognise(node: Expr) -> Expr | None:
    if not isinstance(node, Einsum):
        return None
    for k in applied(node, "inv"):
        inverse = node.operands[k]
        assert isinstance(inverse, Apply)
        determinant = apply(grouped(TABLE["det"], inverse.function.ways), inverse.arguments[0])
        for q, (other, own) in enumerate(pairs(node)):
            base, exponent = base_and_exponent(other)
            if not own and base is determinant and isinstance(exponent, Fraction) and exponent >= 1:
                adjugate = apply(grouped(TABLE["adj"], inverse.function.ways), inverse.arguments[0])
                rest = [(power_of(base, exponent - 1), ())] if exponent > 1 else []
                return replaced(node, [k, q], [(adjugate, node.subscripts[k]), *rest])
    return None


NORMAL = (
    logdet_define, pinv_square, adj_define, det_transpose, det_inverse, det_identity, det_scalar, det_product,
    det_kronecker, det_clear, det_lemma, det_symmetric_square, det_orthogonal, inverse_orthogonal, diagonal_cancel,
    inverse_diagonal_fact, inverse_turn, diagonal_entries, expm_inverse, expm_transpose, expm_similar, logm_inverse,
    sqrtm_square, logm_trace, expm_diagonal, expm_kronsum, expm_sum, expm_merge, expm_commute, sign_product,
    sign_support, function_parity, function_define, exp_spread, exp_sum, log_product, abs_product, abs_square,
    root_square, root_positive, function_inverse, sin_square, power_one, power_expand, power_split, simplex_total,
    duplication_projector, duplication_plus, duplication_symmetric, elimination_symmetric, elimination_transpose,
    eps_determinant, eps_transport,
)
"""Rules towards the normal form of proofs, besides the standard ones."""

POLYNOMIAL = (adj_recognise,)
"""Before writing out in components."""

DEFINE = (softplus_define, sigmoid_define, angle_sum, inverse_rank_one)
"""Tried where the rest did not decide."""

ALMOST = (adj_define, det_lemma, inverse_rank_one)
"""They put in an inverse that nobody wrote: for sides that are continuous."""

RELATIONS = (inverse_relation,)
"""What the inverse of a sum satisfies."""
