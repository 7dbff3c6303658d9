"""Is an identity true?  Proved with steps, refuted with a counterexample, or undecided.

No verdict is ever given on numerical agreement alone: numbers refute, rules prove, and
what neither settles is undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..algebra.build import add, einsum, special, transpose
from ..algebra.build import apply as apply_function
from ..algebra.expr import Einsum, Expr, Variable
from ..calculus.assume import implied
from ..calculus.derive import derive, pointed
from ..calculus.rewrite import Rule, rewrite
from ..calculus.rules.products import find_product, replaced
from ..calculus.rules.sets import EXPAND
from ..functions import TABLE
from ..notation.lower import Reading, Scope, read_sides
from ..notation.lower.scope import Value
from ..notation.lower.unify import same_product
from ..sizes import Dim, value
from . import exact, probe
from .proof import STATEMENTS, Proof, prove
from .rules.exponentials import neighbours

Facts = Mapping[str, Collection[str]]
Word = Literal["proved", "refuted", "undecided"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of an identity.

    ``proof`` where it is proved; ``gap`` the counterexample where it is refuted by
    values; ``diagnosis`` one line in words; ``evidence`` what numbers said.
    """

    verdict: Word
    left: Reading
    right: Reading
    facts: Facts
    proof: Proof | None = None
    gap: probe.Gap | None = None
    diagnosis: str = ""
    evidence: str = ""


def verify(lhs: str, rhs: str, scope: Scope, facts: Facts, *, equations: Sequence[str] = (),
           reading: str = "free") -> Verdict:
    """Prove or refute that two formulas are equal wherever both are defined.

    Raises
    ------
    TensorCalcError: a side that cannot be read, or does not conform in itself.
    """
    scope.differentiate = lambda expr, by, order: derive(expr, [by] * order, facts, reading)
    left, right = read_sides(lhs, rhs, scope)
    return compare(left, right, facts, declared(equations, left.scope))


@dataclass(frozen=True, slots=True)
class Equation:
    """A declared equation, both sides as expressions."""

    left: Expr
    right: Expr
    text: str


def declared(equations: Sequence[str], scope: Scope) -> list[Equation]:
    """Declared equations, read with the names of a claim."""
    found = []
    for text in equations:
        lhs, _, rhs = text.partition("==") if "==" in text else text.partition("=")
        tensors = {name: Value(variable, _axes(variable)) for name, variable in scope.variables.items()
                   if variable.rank < 3}
        inner = Scope(tensors=tensors, integers=set(scope.integers))
        one, two = read_sides(lhs.strip(), rhs.strip(), inner)
        found.append(Equation(one.expr, two.expr, text))
    return found


def _axes(variable: Variable) -> tuple[tuple[Dim, ...], ...]:
    groups, at = [], 0
    for count in variable.groups or (1,) * variable.rank:
        groups.append(variable.shape[at : at + count])
        at += count
    return (*groups, *((),) * (2 - len(groups)))


_CORNERS = 9   # points with entries -1, 0 and 1 that every claim is tried at


def compare(left: Reading, right: Reading, facts: Facts, equations: Sequence[Equation] = ()) -> Verdict:
    """The verdict on two sides that have been read."""
    if not same_shape(left, right):
        words = f"the left side is {size_words(left)} and the right side is {size_words(right)}"
        return Verdict("refuted", left, right, facts, diagnosis=f"shapes differ: {words}")
    other = aligned(right, left)
    facts = implied([left.expr, other], facts)
    onto = probe.onto([(equation.left, equation.right) for equation in equations], facts) if equations else None
    found = probe.gaps(left.expr, other, facts, onto=onto, corners=_CORNERS)
    gap = probe.counterexample(left.expr, other, facts, found, onto)
    if gap is not None:
        where = "" if equations else _where_symmetric(left, right, other, facts)
        return Verdict("refuted", left, right, facts, gap=gap, diagnosis=_at(gap, left) + where)
    proof = prove(pointed(left.expr, facts), pointed(other, facts), given(equations, facts))
    if proof is not None:
        return Verdict("proved", left, right, facts, proof=proof, evidence=_agreed(found))
    exactly = None if equations else exact.evidence(left.expr, other, facts)
    if exactly is not None and exactly.differ:
        gap = exact.counterexample(left.expr, other, facts)
        if gap is not None:
            return Verdict("refuted", left, right, facts, gap=gap, diagnosis=_at(gap, left))
    return Verdict("undecided", left, right, facts, evidence=_agreed(found) + _exactly(exactly),
                   diagnosis="neither proved nor refuted")


def _where_symmetric(left: Reading, right: Reading, other: Expr, facts: Facts) -> str:
    """The matrix that need only be symmetric for a wrong identity to be proved."""
    name = symmetric(left.expr, other, facts)
    if name is None or compare(left, right, {**facts, name: [*facts.get(name, ()), "symmetric"]}).verdict != "proved":
        return ""
    return f"; they are equal where {name} is symmetric"


def symmetric(left: Expr, right: Expr, facts: Facts) -> str | None:
    """The matrix that must be symmetric for both sides to agree at some points."""
    for matrix in probe.variables_of(left, right):
        own = facts.get(matrix.name, ())
        if matrix.rank == 2 and matrix.shape[0] == matrix.shape[1] and not {"symmetric", "spd", "psd", "skew"} & {*own}:
            found = probe.gaps(left, right, {**facts, matrix.name: [*own, "symmetric"]}, count=4)
            if found and not probe.differ(found):
                return matrix.name
    return None


def aligned(right: Reading, left: Reading) -> Expr:
    """The right side with its axes in the order, and merged as, those of the left side."""
    if left.letters is not None and right.letters is not None and left.letters != right.letters and \
            sorted(left.letters) == sorted(right.letters):
        return transpose(right.expr, [right.letters.index(letter) for letter in left.letters])
    factors: list[tuple[Expr, list[Hashable]]] = [(right.expr, [])]
    output: list[Hashable] = []
    for k, (want, have) in enumerate(zip(_split(left), _split(right))):
        factors[0][1].extend(("have", k, part) for part in range(len(have)))
        if want == have:
            output += [("have", k, part) for part in range(len(have))]
        else:
            bridge = special("regroup", (*have, *want), len(have))
            output += [("want", k, part) for part in range(len(want))]
            factors.append((bridge, [*(("have", k, part) for part in range(len(have))), *output[-len(want):]]))
    return right.expr if len(factors) == 1 else einsum(factors, output)


def same_shape(left: Reading, right: Reading) -> bool:
    """Whether both sides have as many entries along each axis, merged in whatever order."""
    return len(left.groups) == len(right.groups) and (len(left.groups) != 1 or left.row == right.row) and \
        all(same_product(a, b) for a, b in zip(_split(left), _split(right)))


def _split(reading: Reading) -> list[tuple[Dim, ...]]:
    axes, at = [], 0
    for count in reading.groups:
        axes.append(reading.expr.shape[at : at + count])
        at += count
    return axes


def size_words(reading: Reading) -> str:
    """The size of what was read, as people say it: ``m x n``, ``a row of size n``."""
    shape = " x ".join(map(str, reading.shape))
    if not shape:
        return "a number"
    if len(reading.shape) > 1:
        return shape
    return f"a {'row' if reading.row else 'vector'} of size {shape}"


def entry(gap: probe.Gap, left: Reading) -> list[int]:
    """Where the sides differ, on the page: merged axes are one, entries count from 1."""
    found, at = [], 0
    for count in left.groups:
        place = 0
        for axis in range(at, at + count):
            place = place * value(left.expr.shape[axis], gap.point.sizes) + gap.entry[axis]
        found.append(place + 1)
        at += count
    return found


def _at(gap: probe.Gap, left: Reading) -> str:
    place = f" at entry {entry(gap, left)}" if gap.entry else ""
    digits = ".12g" if f"{gap.left:.12g}" != f"{gap.right:.12g}" else ".17g"
    apart = f", which rounds off a relative gap of {gap.size:.1e}" if gap.left == gap.right else ""
    return f"the sides differ{place}: {gap.left:{digits}} and {gap.right:{digits}}{apart}"


def _agreed(found: Sequence[probe.Gap]) -> str:
    if not found:
        return "no point was found where both sides are defined"
    worst = max(gap.size for gap in found)
    return f"{len(found)} random points agreed in double precision; largest relative gap {worst:.1e}"


def _exactly(found: exact.Evidence | None) -> str:
    if found is None or found.differ:
        return ""
    return (f"; {found.points} agreed exactly modulo 2^61 - 1, as a false identity of their sizes does with a chance "
            f"below {found.chance or 1e-300:.0e}")


def given(equations: Sequence[Equation], facts: Facts) -> list[Rule]:
    """The rules that declared equations make: themselves, and that exponentials of what commutes by them merge."""
    stated = [rule_of(equation, facts) for equation in equations]
    return [*stated, commuting(stated)] if stated else []


def commuting(stated: Sequence[Rule]) -> Rule:
    """expm(A) expm(B) = expm(A + B) where the rules ``stated`` turn A B into B A."""
    rules = (*EXPAND, *stated)

    def commute(first: Expr, second: Expr) -> bool:
        one, two = einsum([(first, "ij"), (second, "jk")], "ik"), einsum([(second, "ij"), (first, "jk")], "ik")
        return rewrite(one, rules) is rewrite(two, rules)

    def apply(node: Expr) -> Expr | None:
        for i, k, first, second, rest in neighbours(node, "expm"):
            if commute(first, second):
                merged = apply_function(TABLE["expm"], add([(1, first), (1, second)]))
                return einsum([*rest, (merged, (i, k))], range(node.rank))
        return None

    return Rule("expm.commuting", STATEMENTS["expm.commuting"], apply, "Higham 2008, th. 10.2",
                "two factors become one", frozenset({"expm"}))


def rule_of(equation: Equation, facts: Facts) -> Rule:
    """A declared equation as a rule, from its left side to its right side."""
    left, right = pointed(equation.left, facts), pointed(equation.right, facts)

    def apply(node: Expr) -> Expr | None:
        if node is left:
            return right
        if not isinstance(node, Einsum) or not left.shape:
            if isinstance(node, Einsum) and left in node.operands:
                k = node.operands.index(left)
                return replaced(node, [k], [(right, ())])
            return None
        found = find_product(node, left, {}, set())
        if found is None:
            return None
        binding, used = found
        return replaced(node, used, [(right, [binding[axis] for axis in range(left.rank)])])

    return Rule("assumed", equation.text, apply, "declared", "a declared product is replaced")

