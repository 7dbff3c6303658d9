"""Functions of each entry: exponentials, logarithms, signs, roots, angles, powers."""

from __future__ import annotations

from fractions import Fraction

from ...algebra.build import (
    ONE,
    add,
    apply,
    base_and_exponent,
    dimension,
    dimension_of,
    einsum,
    is_number,
    number,
    ones,
    opens,
    power_of,
    scale,
    split,
)
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...calculus.assume import is_nonzero, is_positive
from ...calculus.rewrite import rule
from ...calculus.rules.products import Pair, applied, argument_of, equal_factors, pairs, replaced
from ...functions import POWER, TABLE
from ...sizes import spell
from .parts import terms


@rule("exp.sum", "exp(x + y) = exp(x) .* exp(y)", "exp", shrinks="the argument falls apart")
def exp_sum(node: Expr) -> Expr | None:
    inner = argument_of(node, "exp")
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
    inner = argument_of(node, "log")
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
    inner = argument_of(node, "abs")
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
        return einsum([_absolute(operand, own) for operand, own in pairs(core)], axes)
    if isinstance(core, Sum) and not core.rank and (shared := _shared_number(core)) is not None:
        return einsum([(apply(TABLE["abs"], shared), ()), (apply(TABLE["abs"], _without(core, shared)), ())], ())
    return core if is_positive(core) else None


def _absolute(operand: Expr, own: tuple[int, ...]) -> Pair:
    """A factor with its absolute value; of one on a diagonal, that of the diagonal."""
    if isinstance(operand, Delta):
        return operand, own
    distinct = tuple(dict.fromkeys(own))
    return apply(TABLE["abs"], einsum([(operand, own)], distinct)), distinct


def _without(total: Expr, shared: Expr) -> Expr:
    """A sum divided by a number that is a factor of every term."""
    return add([(w, einsum([(term, ()), (power_of(shared, -1), ())], ())) for w, term in terms(total)], ())


def _shared_number(total: Sum) -> Expr | None:
    """A number that is a factor of every term."""
    factors = [set(term.operands) if isinstance(term, Einsum) and opens(term) else {term} for _, term in total.terms]
    shared = set.intersection(*factors) if factors else set()
    return min(shared, key=lambda factor: factor.key, default=None)


@rule("abs.square", "abs(x).^2 = x.^2", "abs", shrinks="two functions vanish")
def abs_square(node: Expr) -> Expr | None:
    if isinstance(node, Einsum):
        twins = equal_factors(node, "abs")
        if twins is None:
            return None
        places, argument, labels = twins
        return replaced(node, places, [(argument, labels)] * 2)
    base, exponent = base_and_exponent(node)
    inner = argument_of(base, "abs")
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
    inner = argument_of(node, *_ODD, *_EVEN, "sigmoid", "softplus")
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


def _by_definition(node: Expr) -> Expr | None:
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


_DEFINITIONS = {
    "tanh": "tanh(x) = 2 sigmoid(2 x) - 1",
    "tan": "tan(x) = sin(x) ./ cos(x)",
    "relu": "relu(x) = (x + abs(x))/2",
    "sign": "sign(x) = x ./ abs(x)",
    "max": "max(x, y) = (x + y + abs(x - y))/2",
    "min": "min(x, y) = (x + y - abs(x - y))/2",
    "sinh": "sinh(x) = (exp(x) - exp(-x))/2",
    "cosh": "cosh(x) = (exp(x) + exp(-x))/2",
    "softmax": "softmax(x) = exp(x)/sum(exp(x))",
    "logsumexp": "logsumexp(x) = log(sum(exp(x)))",
}

definitions = tuple([rule(f"{name}.define", statement, name, shrinks="a function is put in terms of others")(_by_definition)
                     for name, statement in _DEFINITIONS.items()])


@rule("sign.product", "sign(x y) = sign(x) sign(y)", "sign", shrinks="the argument falls apart")
def sign_product(node: Expr) -> Expr | None:
    """Of zero too, whose sign is zero."""
    inner = argument_of(node, "sign")
    if inner is None:
        return None
    axes = range(node.rank)
    weight, core = split(inner)
    if weight > 0 and weight != 1:
        return apply(TABLE["sign"], core)
    if argument_of(core, "sign") is not None:
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
        x = argument_of(argument_of(node.operands[k], "abs") or ONE, "sign")
        if x is None:
            continue
        for q, (other, own) in enumerate(pairs(node)):
            inner = argument_of(other, "abs") or other
            if q != k and own == node.subscripts[k] and (inner is x or argument_of(inner, "sign") is x):
                return replaced(node, [k], [])
    return None


@rule("softplus.define", "softplus(x) = log(1 + exp(x))", "softplus", shrinks="a function is put in terms of others")
def softplus_define(node: Expr) -> Expr | None:
    inner = argument_of(node, "softplus")
    if inner is None:
        return None
    return apply(TABLE["log"], add([(1, ones(node.shape)), (1, apply(TABLE["exp"], inner))]))


@rule("sigmoid.define", "sigmoid(x) = exp(x) (1 + exp(x))^-1", "sigmoid",
      shrinks="a function is put in terms of others")
def sigmoid_define(node: Expr) -> Expr | None:
    inner = argument_of(node, "sigmoid")
    if inner is None:
        return None
    up, axes = apply(TABLE["exp"], inner), range(node.rank)
    return einsum([(up, axes), (power_of(add([(1, ones(node.shape)), (1, up)]), -1), axes)], axes)


@rule("sin.square", "sin(x)^2 = 1 - cos(x)^2", "sin", shrinks="two factors sin become cos")
def sin_square(node: Expr) -> Expr | None:
    if isinstance(node, Einsum):
        twins = equal_factors(node, "sin")
        if twins is None:
            return None
        places, argument, labels = twins
        return replaced(node, places, [(_one_minus_square(apply(TABLE["cos"], argument)), labels)])
    base, exponent = base_and_exponent(node)
    inner = argument_of(base, "sin")
    if inner is None or not isinstance(exponent, Fraction) or exponent.denominator != 1 or exponent < 2:
        return None
    return einsum([(_one_minus_square(apply(TABLE["cos"], inner)), ()), (power_of(base, exponent - 2), ())], ())


def _one_minus_square(c: Expr) -> Expr:
    return add([(1, ones(c.shape)), (-1, power_of(c, 2))])


@rule("function.inverse", "sin(arcsin(x)) = x", "sin", "cos", "tan", shrinks="two functions vanish")
def function_inverse(node: Expr) -> Expr | None:
    inner = argument_of(node, "sin", "cos", "tan")
    return None if inner is None or not isinstance(node, Apply) else argument_of(inner, f"arc{node.function.name}")


_MOST_MULTIPLE = 8


@rule("angle.sum", "sin(x + y) = sin(x) .* cos(y) + cos(x) .* sin(y)", "sin", "cos", shrinks="the argument falls apart")
def angle_sum(node: Expr) -> Expr | None:
    """Of the terms of a sum, and of whole multiples."""
    inner = argument_of(node, "sin", "cos")
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
            total = add([(a * b, einsum([(s, ()), (t, ())], ())) for a, s in terms(total) for b, t in base.terms], ())
        return total
    return None


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


@rule("power.sign", "(-1)^(2 k) = 1", "power", shrinks="an exponent of -1 loses an even part")
def power_sign(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    known = dimension_of(exponent) if isinstance(exponent, Expr) and is_number(base) == -1 else None
    if known is None or any(weight.denominator != 1 for weight in known.values()):
        return None
    odd = {monomial: weight % 2 for monomial, weight in known.items() if weight % 2}
    return None if odd == known else power_of(base, dimension(spell(odd))) if odd else ONE


@rule("power.product", "(x y)^k = x^k y^k", "power", shrinks="the base falls apart")
def power_product(node: Expr) -> Expr | None:
    """For a whole exponent that is a symbol."""
    base, exponent = base_and_exponent(node)
    known = dimension_of(exponent) if isinstance(exponent, Expr) else None
    if known is None or any(weight.denominator != 1 for weight in known.values()) or not isinstance(exponent, Expr):
        return None
    weight, core = split(base)
    entrywise = isinstance(core, Einsum) and all(set(own) <= set(range(core.rank)) for own in core.subscripts)
    factors = pairs(core) if isinstance(core, Einsum) and entrywise and not any(
        isinstance(operand, Delta) and operand.rank > 1 for operand in core.operands) else [(core, tuple(range(core.rank)))]
    if weight in (0, 1) and len(factors) < 2:
        return None
    powers = [(power_of(factor, exponent), own) for factor, own in factors]
    return einsum([*powers, (power_of(number(weight), exponent), ())], range(node.rank))


@rule("power.relation", "x^2 (x^2 + y)^-1 = 1 - y (x^2 + y)^-1", "power",
      shrinks="the leading term of a sum no longer stands beside its reciprocal")
def power_relation(node: Expr) -> Expr | None:
    """The longest term of a sum, beside a negative power of that sum, entry by entry."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        base, exponent = base_and_exponent(operand)
        if not isinstance(exponent, Fraction) or exponent > -1 or exponent.denominator != 1 or \
                not isinstance(base, Sum) or len(base.terms) < 2:
            continue
        weight, lead = max(base.terms, key=lambda term: (_length(term[1]), term[1].key))
        left = _divided(node, lead, own, k)
        if left is None:
            continue
        rest = add([(-w / weight, term) for w, term in base.terms if term is not lead], base.shape)
        axes = range(node.rank)
        one = einsum([*left, (power_of(base, exponent + 1), own)], axes)
        return add([(1 / weight, one), (1, einsum([*left, (operand, own), (rest, own)], axes))], node.shape)
    return None


def _length(term: Expr) -> Fraction:
    """How many factors a term has, powers as often as they say."""
    factors = [operand for operand, _ in pairs(term)] if isinstance(term, Einsum) else [term]
    exponents = [base_and_exponent(factor)[1] for factor in factors if not isinstance(factor, Delta)]
    return sum((abs(exponent) if isinstance(exponent, Fraction) else Fraction(1) for exponent in exponents), Fraction(0))


def _divided(node: Einsum, term: Expr, own: tuple[int, ...], at: int) -> list[Pair] | None:
    """The factors of a product other than that at ``at``, divided by ``term`` at the labels ``own``."""
    left = [pair for place, pair in enumerate(pairs(node)) if place != at]
    wanted = pairs(term) if isinstance(term, Einsum) else [(term, tuple(range(term.rank)))]
    if all(isinstance(operand, Delta) for operand, _ in wanted):
        return None
    for operand, labels in wanted:
        if isinstance(operand, Delta) and operand.rank == 1:
            continue
        if any(label >= term.rank for label in labels):
            return None
        core, places, exponent = _core(operand, tuple(own[label] for label in labels))
        for place, (other, there) in enumerate(left):
            base, positions, power = _core(other, there)
            if base is core and positions == places and power >= exponent > 0:
                distinct = tuple(dict.fromkeys(places))
                vector = einsum([(core, places)], distinct)
                left[place : place + 1] = [(power_of(vector, power - exponent), distinct)] if power > exponent else []
                break
        else:
            return None
    return left


def _core(operand: Expr, labels: tuple[int, ...]) -> tuple[Expr, tuple[int, ...], Fraction]:
    """What a factor is a power of, the labels of its axes, and the exponent."""
    base, exponent = base_and_exponent(operand)
    if not isinstance(exponent, Fraction):
        return operand, labels, Fraction(1)
    if isinstance(base, Einsum) and len(base.operands) == 1 and set(base.subscripts[0]) == set(range(base.rank)):
        return base.operands[0], tuple(labels[axis] for axis in base.subscripts[0]), exponent
    return base, labels, exponent


@rule("softmax.shift", "softmax(x + c*ones(n)) = softmax(x)", "softmax", shrinks="the argument loses a term")
def softmax_shift(node: Expr) -> Expr | None:
    """What is the same for all entries of the argument changes nothing."""
    inner = argument_of(node, "softmax")
    if not isinstance(inner, Sum) or not isinstance(node, Apply):
        return None
    last = inner.rank - 1

    def constant(term: Expr) -> bool:
        factors = pairs(term) if isinstance(term, Einsum) else [(term, tuple(range(term.rank)))]
        along = [factor for factor, own in factors if last in own]
        return len(along) == 1 and isinstance(along[0], Delta) and along[0].rank == 1

    kept = [(weight, term) for weight, term in inner.terms if not constant(term)]
    return apply(node.function, add(kept, inner.shape)) if kept and len(kept) < len(inner.terms) else None
