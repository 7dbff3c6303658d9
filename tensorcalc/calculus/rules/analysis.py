"""Rules of elementwise and matrix functions, and of their derivatives."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ...algebra.build import ONE, add, apply, base_and_exponent, einsum, power_of, scale, transpose, zero
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...algebra.series import upright
from ...functions import FRECHET, TABLE, axis_ways, frechet_of, grouped, scalar_of
from ...notation.lower.analytic import analytic
from ..equations import equation
from ..rewrite import rule
from .powers import is_function_of
from .products import applied, joined, pairs, replaced, uses


def _named(expr: Expr, name: str) -> Expr | None:
    """The argument of ``name`` where ``expr`` applies it."""
    return expr.arguments[0] if isinstance(expr, Apply) and expr.function.name == name else None


@rule("log.exp", "log(exp(x)) = x", "log", shrinks="two functions vanish")
def log_exp(node: Expr) -> Expr | None:
    inner = _named(node, "log")
    return None if inner is None else _named(inner, "exp")


@rule("exp.log", "exp(log(x)) = x", "exp", shrinks="two functions vanish")
def exp_log(node: Expr) -> Expr | None:
    inner = _named(node, "exp")
    return None if inner is None else _named(inner, "log")


_AT_ZERO = {"exp": 1, "cos": 1, "cosh": 1, "sin": 0, "tan": 0, "sinh": 0, "tanh": 0, "arcsin": 0, "arctan": 0,
            "abs": 0, "sign": 0, "relu": 0, "erf": 0}


@rule("function.at_zero", "exp(0) = 1", *_AT_ZERO, shrinks="a function vanishes")
def function_at_zero(node: Expr) -> Expr | None:
    if isinstance(node, Apply) and node.function.name in _AT_ZERO and isinstance(node.arguments[0], Sum) \
            and not node.arguments[0].terms:
        return power_of(zero(node.shape), 0) if _AT_ZERO[node.function.name] else zero(node.shape)
    return None


@rule("log.one", "log(1) = 0", "log", shrinks="a function vanishes")
def log_one(node: Expr) -> Expr | None:
    inner = _named(node, "log")
    return zero(()) if inner is ONE else None


def _same_place(node: Expr, name: str) -> list[tuple[int, Expr, tuple[int, ...]]]:
    if not isinstance(node, Einsum):
        return []
    return [(k, node.operands[k], node.subscripts[k]) for k in applied(node, name)]


@rule("abs.sign", "abs(x) .* sign(x) = x", "sign", shrinks="a factor vanishes")
def abs_sign(node: Expr) -> Expr | None:
    for k, operand, own in _same_place(node, "sign"):
        assert isinstance(node, Einsum) and isinstance(operand, Apply)
        for q, (other, labels) in enumerate(pairs(node)):
            if labels == own and _named(other, "abs") is operand.arguments[0]:
                return replaced(node, [k, q], [(operand.arguments[0], own)])
    return None


@rule("sign.times", "x .* sign(x) = abs(x)", "sign", shrinks="a factor vanishes")
def sign_times(node: Expr) -> Expr | None:
    for k, operand, own in _same_place(node, "sign"):
        assert isinstance(node, Einsum) and isinstance(operand, Apply)
        for q, (other, labels) in enumerate(pairs(node)):
            if labels == own and other is operand.arguments[0]:
                return replaced(node, [k, q], [(apply(TABLE["abs"], other), own)])
    return None


@rule("relu.step", "relu(x) .* relu(sign(x)) = relu(x)", "relu", shrinks="a factor vanishes")
def relu_step(node: Expr) -> Expr | None:
    """The step of relu beside relu itself, or beside the same step, is 1 where that is not 0."""
    for k, operand, own in _same_place(node, "relu"):
        assert isinstance(node, Einsum) and isinstance(operand, Apply)
        inner = _named(operand.arguments[0], "sign")
        if inner is None:
            continue
        for q, (other, labels) in enumerate(pairs(node)):
            if q != k and labels == own and (other is operand or _named(other, "relu") is inner):
                return replaced(node, [k], [])
    return None


@rule("extreme.same", "max(x, x) = x", "max", "min", shrinks="a function vanishes")
def extreme_same(node: Expr) -> Expr | None:
    if isinstance(node, Apply) and node.function.name in ("max", "min") and node.arguments[0] is node.arguments[1]:
        return node.arguments[0]
    return None


@rule("max.relu", "max(x, zeros(n)) = relu(x)", "max", shrinks="an argument vanishes")
def max_relu(node: Expr) -> Expr | None:
    """The number zero too."""
    if isinstance(node, Apply) and node.function.name == "max":
        for argument, other in (node.arguments, node.arguments[::-1]):
            if isinstance(other, Sum) and not other.terms and argument.rank == node.rank:
                return apply(TABLE["relu"], argument)
    return None


@rule("softmax.total", "sum(softmax(x)) = 1", "softmax", shrinks="a factor vanishes")
def softmax_total(node: Expr) -> Expr | None:
    for k, operand, own in _same_place(node, "softmax"):
        assert isinstance(node, Einsum)
        if own[-1] >= node.rank and uses(node, own[-1]) == 1:
            lead = [(Delta((dim,), dim), (label,)) for label, dim in zip(own[:-1], operand.shape)]
            return replaced(node, [k], lead)
    return None


@rule("quotient.divide", "(x .* y + x.^2) ./ x = y + x", "power", shrinks="a denominator vanishes")
def quotient_divide(node: Expr) -> Expr | None:
    """A denominator that divides every term of a sum beside it."""
    if not isinstance(node, Einsum):
        return None
    for k, (operand, own) in enumerate(pairs(node)):
        base, exponent = base_and_exponent(operand)
        if not (isinstance(exponent, Fraction) and exponent < 0 and isinstance(operand, Apply)):
            continue
        for q, (other, labels) in enumerate(pairs(node)):
            if isinstance(other, Sum) and set(own) <= set(labels) and len(set(labels)) == len(labels):
                terms = [(weight, einsum([(term, labels), (operand, own)], labels)) for weight, term in other.terms]
                if not any(_divides(base, term) for _, term in terms):
                    return replaced(node, [k, q], [(add(terms), labels)])
    return None


def _divides(base: Expr, term: Expr) -> bool:
    """Whether a negative power of ``base`` is left in a term."""
    factors = [o for _, t in term.terms for o in (t.operands if isinstance(t, Einsum) else (t,))] \
        if isinstance(term, Sum) else term.operands if isinstance(term, Einsum) else (term,)
    for factor in factors:
        below, exponent = base_and_exponent(factor)
        if below is base and isinstance(exponent, Fraction) and exponent < 0:
            return True
    return False


# -- Fréchet derivatives -----------------------------------------------------------------


@rule("frechet.commute", "diff(tr(expm(X)), X) = expm(X)'", *FRECHET, reference="Higham 2008, th. 3.6 and eq. 3.24",
      shrinks="a tensor of order four becomes a matrix")
def frechet_commute(node: Expr) -> Expr | None:
    """L(X, M) = M f'(X) where M commutes with X; likewise for the adjoint."""
    if not isinstance(node, Einsum):
        return None
    for name in FRECHET:
        for k in applied(node, name):
            operand, own = node.operands[k], node.subscripts[k]
            assert isinstance(operand, Apply)
            quarter = sum(axis_ways(operand.function).values())
            if operand.rank != 4 * quarter:
                continue
            parts = [own[q * quarter:(q + 1) * quarter] for q in range(4)]
            for inner, outer, adjoint in ((parts[:2], parts[2:], True), (parts[2:], parts[:2], False)):
                found = _contracted(node, k, inner[0], inner[1], outer[0] + outer[1])
                if found is None:
                    continue
                weight, gone = found
                after = _commuted(operand, weight, adjoint)
                if after is not None:
                    order = (*outer[1], *outer[0]) if adjoint else (*outer[0], *outer[1])
                    return replaced(node, [k, *gone], [(after, order)])
    return None


def _contracted(node: Einsum, k: int, rows: tuple[int, ...], cols: tuple[int, ...],
                outer: tuple[int, ...]) -> tuple[Expr, list[int]] | None:
    """The matrix that the factors beside factor k put on two of its index groups."""
    labels = set(rows) | set(cols)
    if any(label < node.rank for label in labels) or labels & set(outer):
        return None
    gone = joined(node, labels, [k])
    reached = {label for q in gone for label in node.subscripts[q]}
    if reached & set(range(node.rank)) or reached & set(outer):
        return None
    dims = dict(zip(node.subscripts[k], node.operands[k].shape))
    factors = [pairs(node)[q] for q in gone]
    fresh = [-1 - q for q in range(len(cols))]
    if set(rows) & set(cols):
        if rows != cols or gone:
            return None
        ties = [(Delta((dims[a],) * 2, dims[a]), (a, b)) for a, b in zip(rows, fresh)]
        return einsum(ties, (*rows, *fresh)), []
    factors += [(Delta((dims[label],), dims[label]), (label,)) for label in labels if label not in reached]
    return einsum(factors, (*rows, *cols)), gone


def _commuted(operand: Apply, weight: Expr, adjoint: bool) -> Expr | None:
    """M f'(X), or ``None`` where M does not commute with X."""
    (x,) = operand.arguments
    half = x.rank // 2
    a, b, c = (tuple((side, k) for k in range(half)) for side in "abc")
    m_labels = (*b, *a) if adjoint else (*a, *b)
    one = einsum([(weight, m_labels), (x, (*b, *c))], (*a, *c))
    two = einsum([(x, (*a, *b)), (weight, (*c, *b) if adjoint else (*b, *c))], (*a, *c))
    turned = transpose(weight, (*range(half, 2 * half), *range(half))) if adjoint else weight
    if one is not two and not is_function_of(turned, x):
        return None
    return einsum([(weight, m_labels), (_slope(operand, x), (*b, *c))], (*a, *c))


def _slope(operand: Apply, x: Expr) -> Expr:
    """f'(X)."""
    function, _ = frechet_of(operand.function)
    match function.name:
        case "expm":
            return apply(function, x)
        case "logm":
            return apply(grouped(TABLE["inv"], function.ways), x)
        case "sqrtm":
            return scale(Fraction(1, 2), apply(grouped(TABLE["inv"], function.ways), apply(function, x)))
    name, order, kind = scalar_of(function)
    if kind == "table":
        return analytic(equation(TABLE[name].derivatives[0]).body, x, apply(function, x))
    return apply(replace(function, data=(name, order + 1, *function.data[2:])), x)


@rule("frechet.order", "frechet(expm, A)_ijkl = frechet(expm, A)_lkji", *FRECHET, reference="Higham 2008, eq. 3.24",
      shrinks="its place in the order of all forms")
def frechet_order(node: Expr) -> Expr | None:
    """The pairs of axes of a Fréchet derivative are interchangeable."""
    if not isinstance(node, Einsum):
        return None
    after = upright(node)
    return None if after is node else after


@rule("logdet.expm", "logdet(expm(A)) = tr(A)", "logdet", shrinks="two functions vanish")
def logdet_expm(node: Expr) -> Expr | None:
    inner = _named(node, "logdet")
    x = None if inner is None else _named(inner, "expm")
    return None if x is None else _trace(x)


@rule("det.expm", "det(expm(A)) = exp(tr(A))", "det", shrinks="a matrix function becomes one of a number")
def det_expm(node: Expr) -> Expr | None:
    inner = _named(node, "det")
    x = None if inner is None else _named(inner, "expm")
    return None if x is None else apply(TABLE["exp"], _trace(x))


def _trace(x: Expr) -> Expr:
    half = x.rank // 2
    return einsum([(x, (*range(half), *range(half)))], ())


# -- forms that do not overflow ----------------------------------------------------------


@rule("softplus.recognise", "log(1 + exp(x)) = softplus(x)", "log", shrinks="two functions become one")
def softplus_recognise(node: Expr) -> Expr | None:
    inner = _named(node, "log")
    exponent = None if inner is None else _one_plus_exp(inner)
    return None if exponent is None else apply(TABLE["softplus"], exponent)


def _one_plus_exp(expr: Expr) -> Expr | None:
    """x where ``expr`` is 1 + exp(x)."""
    if not isinstance(expr, Sum) or len(expr.terms) != 2 or any(weight != 1 for weight, _ in expr.terms):
        return None
    for (_, one), (_, other) in (expr.terms, expr.terms[::-1]):
        if (one is ONE or one is power_of(zero(expr.shape), 0)) and _named(other, "exp") is not None:
            return _named(other, "exp")
    return None


@rule("sigmoid.recognise", "1/(1 + exp(-x)) = sigmoid(x)", "power", shrinks="a quotient becomes a function")
def sigmoid_recognise(node: Expr) -> Expr | None:
    base, exponent = base_and_exponent(node)
    if not (isinstance(exponent, Fraction) and exponent.denominator == 1 and exponent < 0):
        return None
    inner = _one_plus_exp(base)
    return None if inner is None else power_of(apply(TABLE["sigmoid"], scale(-1, inner)), -exponent)


@rule("sigmoid.reflect", "exp(x) .* sigmoid(-x) = sigmoid(x)", "sigmoid", shrinks="two factors become one")
def sigmoid_reflect(node: Expr) -> Expr | None:
    for k, operand, own in _same_place(node, "sigmoid"):
        assert isinstance(node, Einsum) and isinstance(operand, Apply)
        mirrored = scale(-1, operand.arguments[0])
        for q, (other, labels) in enumerate(pairs(node)):
            if labels == own and _named(other, "exp") is mirrored:
                return replaced(node, [k, q], [(apply(TABLE["sigmoid"], mirrored), own)])
    return None


@rule("logsumexp.recognise", "log(sum(exp(x))) = logsumexp(x)", "log", shrinks="two functions become one")
def logsumexp_recognise(node: Expr) -> Expr | None:
    inner = _named(node, "log")
    exponent = None if inner is None else _sum_of_exp(inner)
    return None if exponent is None else apply(TABLE["logsumexp"], exponent)


def _sum_of_exp(expr: Expr) -> Expr | None:
    """x where ``expr`` is the sum of the entries of exp(x), x a vector."""
    match expr:
        case Einsum(shape=(), operands=(Apply() as operand,), subscripts=((0,),)):
            return _named(operand, "exp")
    return None


@rule("softmax.recognise", "exp(x)/sum(exp(x)) = softmax(x)", "exp", shrinks="two factors become one")
def softmax_recognise(node: Expr) -> Expr | None:
    for k, operand, own in _same_place(node, "exp"):
        assert isinstance(node, Einsum) and isinstance(operand, Apply)
        for q, (other, labels) in enumerate(pairs(node)):
            base, exponent = base_and_exponent(other)
            if not labels and isinstance(exponent, Fraction) and exponent <= -1 and exponent.denominator == 1 \
                    and _sum_of_exp(base) is operand.arguments[0]:
                rest = [(power_of(base, exponent + 1), ())] if exponent != -1 else []
                return replaced(node, [k, q], [(apply(TABLE["softmax"], operand.arguments[0]), own), *rest])
    return None


@rule("exp.logsumexp", "exp(x - logsumexp(x) ones(n)) = softmax(x)", "exp", shrinks="two functions become one")
def exp_logsumexp(node: Expr) -> Expr | None:
    inner = _named(node, "exp")
    if inner is None or not isinstance(inner, Sum) or inner.rank != 1:
        return None
    for weight, term in inner.terms:
        if weight == -1 and isinstance(term, Einsum) and len(term.operands) == 2:
            x = next((_named(o, "logsumexp") for o in term.operands if _named(o, "logsumexp") is not None), None)
            if x is not None and add([(1, inner), (1, term)]) is x:
                return apply(TABLE["softmax"], x)
    return None


