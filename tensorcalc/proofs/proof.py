"""Proofs: chains of named steps from either side to a common object, and their replay.

A polynomial identity is decided by its normal form: expand, number, collect.  On top
of that stand rules for functions, the relations that inverses satisfy, clearing of
denominators, and writing out in components where all sizes are given.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..algebra.build import add, base_and_exponent, einsum, power_of, scale, split
from ..algebra.expr import Apply, Einsum, Expr, Sum
from ..algebra.traverse import postorder
from ..calculus.rewrite import Rule, Step, chain
from ..calculus.rules import powers
from ..calculus.rules.sets import ALL, EXPAND, STABLE, STANDARD
from .components import components
from .rules import sets as proving

RULES = (*(rule for rule in STANDARD if rule not in STABLE), *proving.NORMAL, *powers.NORMAL, *EXPAND)
WITH_RELATIONS = (*RULES, *proving.RELATIONS)
WITH_DEFINITIONS = (*WITH_RELATIONS, *proving.DEFINE)

CITED = (*ALL, *WITH_DEFINITIONS, *proving.POLYNOMIAL, *proving.FRACTIONS)
"""Every rule that a proof may cite, but for declared equations and what follows from the domain."""

STATEMENTS = {
    **{rule.name: rule.statement for rule in CITED},
    "normal-form": "both sides are one expression",
    "equation.subtract": "L = R if and only if L - R = 0",
    "equation.multiply": "E = 0 if and only if M E = 0, where M is invertible",
    "domain.positive": "abs(x) = x where log(x) or sqrt(x) is defined",
    "expm.commuting": "expm(A) expm(B) = expm(A + B) where A B = B A",
    "components": "equal in every component, written out as polynomials in the entries",
}
"""What every rule that a proof may cite says."""

SECONDS = 6.0     # of processor time, so that a verdict does not depend on what else the machine does
MOST_ROUNDS = 6   # of clearing one divisor after another
STAGES = ((RULES, 12), (WITH_RELATIONS, 24), (WITH_DEFINITIONS, 24))
"""Sets of rules in the order they are tried, and to how many differences each is put."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a proof.

    ``side`` is ``left``, ``right`` or ``difference``; ``before`` became ``after`` by the
    rule ``rule``.  A move that multiplies the difference says by what in ``factor``, and
    how in ``spec``: einsum subscripts of factor and difference.
    """

    rule: str
    statement: str
    side: str
    before: Expr
    after: Expr
    reference: str = ""
    factor: Expr | None = None
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A chain of moves that ends in one object on both sides, or in zero."""

    left: Expr
    right: Expr
    moves: tuple[Move, ...]


def _moves(steps: Iterable[Step], side: str) -> list[Move]:
    return [Move(step.rule.name, step.rule.statement, side, step.before, step.after, step.rule.reference)
            for step in steps]


def prove(left: Expr, right: Expr, extra: Sequence[Rule] = (), seconds: float = SECONDS) -> Proof | None:
    """A proof that two expressions are equal wherever both are defined, or ``None``."""
    deadline = time.thread_time() + seconds
    if left is right:
        return Proof(left, right, ())
    extra = (*extra, *domain_rules(left, right))
    jumps = any(isinstance(node, Apply) and node.function.name == "sign" for node in postorder(left, right))
    for stage, most in STAGES:
        rules = [rule for rule in stage if not (jumps and rule in proving.ALMOST)]
        found = _by_rules(left, right, (*extra, *rules), most, deadline)
        if found is not None:
            return found
    return _by_components(left, right, (*extra, *RULES))


def domain_rules(*sides: Expr) -> list[Rule]:
    """What a logarithm or a root is taken of, on either side, is not negative where both sides are defined."""
    given: set[Expr] = set()
    for node in postorder(*sides):
        base, exponent = base_and_exponent(node)
        if isinstance(node, Apply) and node.function.name == "log":
            given.add(node.arguments[0])
        elif isinstance(exponent, Fraction) and exponent.denominator > 1:
            given.add(base)
    given = {core for weight, core in map(split, given) if weight > 0}

    def apply(node: Expr) -> Expr | None:
        if isinstance(node, Apply) and node.function.name == "abs" and node.arguments[0] in given:
            return node.arguments[0]
        return None

    name = "domain.positive"
    return [Rule(name, STATEMENTS[name], apply, shrinks="a function vanishes", heads=frozenset({"abs"}))] if given else []


def _by_rules(left: Expr, right: Expr, rules: Sequence[Rule], most: int, deadline: float) -> Proof | None:
    ones, twos = chain(left, rules), chain(right, rules)
    one = ones[-1].after if ones else left
    two = twos[-1].after if twos else right
    if one is two:
        ones, twos = _until_they_meet(left, ones, right, twos)
        return Proof(left, right, (*_moves(ones, "left"), *_moves(twos, "right")))
    moves = [*_moves(ones, "left"), *_moves(twos, "right")]
    gap = add([(1, one), (-1, two)])
    moves.append(Move("equation.subtract", STATEMENTS["equation.subtract"], "difference", gap, gap))
    past = _to_zero(gap, rules, most, deadline)
    return None if past is None else Proof(left, right, (*moves, *past))


def _until_they_meet(left: Expr, ones: list[Step], right: Expr, twos: list[Step]) -> tuple[list[Step], list[Step]]:
    """The steps of both sides up to the first expression that both come to."""
    there: dict[Expr, int] = {}
    for k, expr in enumerate([right, *[step.after for step in twos]]):
        there.setdefault(expr, k)
    met = next((k, there[expr]) for k, expr in enumerate([left, *[step.after for step in ones]]) if expr in there)
    return ones[:met[0]], twos[:met[1]]


def _to_zero(gap: Expr, rules: Sequence[Rule], most: int, deadline: float) -> list[Move] | None:
    """Rewrite the difference, clear what divides it, and again: depth first, the most complex divisor first."""
    seen: set[Expr] = set()
    stack: list[tuple[Expr, list[Move], int]] = [(gap, [], 0)]
    for _ in range(most):
        if not stack or time.thread_time() > deadline:
            break
        here, past, depth = stack.pop()
        steps = chain(here, rules)
        past = [*past, *_moves(steps, "difference")]
        here = steps[-1].after if steps else here
        if _is_zero(here):
            return past
        if here in seen or depth == MOST_ROUNDS:
            continue
        seen.add(here)
        for factor, spec, after in reversed(_cleared(here)):
            if _is_zero(factor):   # a side that divides by zero is defined nowhere, and whatever it says proves nothing
                return None
            move = Move("equation.multiply", STATEMENTS["equation.multiply"], "difference", here, after,
                        factor=factor, spec=spec)
            stack.append((after, [*past, move], depth + 1))
    return None


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Sum) and not expr.terms


def _cleared(gap: Expr) -> list[tuple[Expr, str, Expr]]:
    """The difference times something that divides it: a number, a vector entry by entry, or a matrix."""
    terms = [term for _, term in gap.terms] if isinstance(gap, Sum) else [gap]
    axes = range(gap.rank)
    for find in (_number_below, _vector_below):
        for term in terms:
            found = find(term)
            if found is not None:
                factor, labels = found
                return [(factor, _spec(labels, axes, axes), multiplied(gap, factor, labels, axes))]
    inverses = {found for term in terms for found in _matrices_below(term)}
    choices = []
    for matrix, axis, row in sorted(inverses, key=lambda found: (-len(found[0].children), found[0].key, found[1:]))[:4]:
        output = [gap.rank if label == axis else label for label in axes]
        own = (gap.rank, axis) if row else (axis, gap.rank)
        choices.append((matrix, _spec(own, axes, output), multiplied(gap, matrix, own, output)))
    return choices


def _spec(own: Iterable[int], axes: Iterable[int], output: Iterable[int]) -> str:
    factor, gap, result = ("".join("abcdefghijklmnop"[label] for label in labels) for labels in (own, axes, output))
    return f"{factor},{gap}->{result}"


def multiplied(gap: Expr, factor: Expr, own: Sequence[int], output: Sequence[int]) -> Expr:
    """A product over the terms of a sum, so that the factor meets each of them whole."""
    terms = gap.terms if isinstance(gap, Sum) else ((Fraction(1), gap),)
    return add([(weight, einsum([(factor, own), (term, range(gap.rank))], output)) for weight, term in terms])


def _below(operand: Expr) -> Expr | None:
    base, exponent = base_and_exponent(operand)
    if isinstance(exponent, Fraction) and exponent < 0 and isinstance(operand, Apply):
        return power_of(base, -exponent)
    return None


def _number_below(term: Expr) -> tuple[Expr, tuple[int, ...]] | None:
    operands = term.operands if isinstance(term, Einsum) else (term,)
    for operand in operands:
        if not operand.shape and (factor := _below(operand)) is not None:
            return factor, ()
    return None


def _vector_below(term: Expr) -> tuple[Expr, tuple[int, ...]] | None:
    pairs = list(zip(term.operands, term.subscripts)) if isinstance(term, Einsum) else [(term, tuple(range(term.rank)))]
    for operand, own in pairs:
        if operand.shape and all(label < term.rank for label in own) and (factor := _below(operand)) is not None:
            return factor, own
    return None


def _matrices_below(term: Expr) -> list[tuple[Expr, int, bool]]:
    """Inverses at an axis of the result: what each inverts, the axis, and whether its rows are there."""
    pairs = list(zip(term.operands, term.subscripts)) if isinstance(term, Einsum) else [(term, tuple(range(term.rank)))]
    found = []
    for operand, own in pairs:
        if isinstance(operand, Apply) and operand.function.name == "inv" and operand.rank == 2 and own[0] != own[1]:
            found += [(operand.arguments[0], own[place], place == 0) for place in (0, 1) if own[place] < term.rank]
    return found


def _by_components(left: Expr, right: Expr, rules: Sequence[Rule]) -> Proof | None:
    """Where every size is a number: both sides entry by entry, as polynomials."""
    for used in (proving.POLYNOMIAL, rules):
        ones, twos = chain(left, used), chain(right, used)
        one = ones[-1].after if ones else left
        two = twos[-1].after if twos else right
        entries = components(one), components(two)
        if entries[0] is not None and entries[0] == entries[1]:
            gap = add([(1, one), (-1, two)])
            last = Move("components", STATEMENTS["components"], "difference", gap, scale(0, gap))
            return Proof(left, right, (*_moves(ones, "left"), *_moves(twos, "right"), last))
    if any(not isinstance(dim, int) for node in postorder(left, right) for dim in node.shape):
        return None
    moves = _as_fractions(add([(1, left), (-1, right)]), rules)
    return None if moves is None else Proof(left, right, tuple(moves))


def _as_fractions(gap: Expr, rules: Sequence[Rule]) -> list[Move] | None:
    """The difference with inverses as adjugates over determinants, times all that it is divided by, in components."""
    moves = [Move("equation.subtract", STATEMENTS["equation.subtract"], "difference", gap, gap)]
    for _ in range(MOST_ROUNDS):
        for used in (proving.FRACTIONS, rules, proving.FRACTIONS):
            steps = chain(gap, used)
            moves += _moves(steps, "difference")
            gap = steps[-1].after if steps else gap
        if components(gap) == {}:
            last = Move("components", STATEMENTS["components"], "difference", gap, scale(0, gap))
            return [*moves, last]
        terms = [term for _, term in gap.terms] if isinstance(gap, Sum) else [gap]
        found = next((below for term in terms if (below := _number_below(term)) is not None), None)
        if found is None:
            return None
        factor, labels = found
        if _is_zero(factor):
            return None
        axes = range(gap.rank)
        after = multiplied(gap, factor, labels, axes)
        moves.append(Move("equation.multiply", STATEMENTS["equation.multiply"], "difference", gap, after,
                          factor=factor, spec=_spec(labels, axes, axes)))
        gap = after
    return None
