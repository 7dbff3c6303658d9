"""Claims about derivatives: right, or wrong in which way.

Knows the usual ways to be wrong: transposed, in the other layout or order of vec, a
sign, a factor, the convention for symmetric variables, one term missing or wrong.
The diagnosis of a wrong claim rests on numbers; that a claim is right is proved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from . import probe
from .build import add, scale, transpose
from .derive import tied
from .expr import Expr, Sum, Variable
from .notation.describe import Layout
from .notation.lower import Reading, Scope, read
from .rewrite import rewrite
from .rules.sets import EXPAND
from .simplify import simplify
from .sizes import product_text
from .verify import Verdict, compare

Facts = Mapping[str, Collection[str]]
Axes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One way to write the derivative down: which axes make its rows, which its columns."""

    expr: Expr
    groups: tuple[int, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """One size an axis of the page."""
        sizes, at = [], 0
        for count in self.groups:
            sizes.append(product_text(self.expr.shape[at : at + count]))
            at += count
        return tuple(sizes)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with a claim.

    ``word`` is one of those of the language page; ``factor`` what the claim must be
    multiplied by; ``term`` the term that is missing or wrong; ``target`` the right answer
    in the form that was claimed.
    """

    word: str
    verdict: Verdict | None
    target: Target
    factor: Fraction | None = None
    term: Expr | None = None
    says: str = ""


def check(expr: Expr, layout: Layout, claimed: str, scope: Scope, facts: Facts, wrt: Sequence[Variable]) -> Diagnosis:
    """Compare a claimed derivative with the right one, in every layout."""
    claim = read(claimed, scope, field="claimed")
    targets = dict(_targets(expr, layout))
    shape = claim.shape
    plain = [target for name, target in targets.items() if name in ("page", "numerator")]
    first = next((target for target in plain if target.shape == shape),
                 targets["page"] if "page" in targets else next(iter(targets.values())))
    if first.shape == shape:
        verdict = _compared(first, claim, facts)
        if verdict.verdict == "proved":
            return Diagnosis("correct", verdict, first)
    else:
        verdict = _compared(first, claim, facts)
    for name, target in targets.items():
        if name != "page" and target.shape == shape and _same(target.expr, claim.expr, facts):
            word, says = _NAMES[name]
            if word == "correct":
                return Diagnosis("correct", _compared(target, claim, facts), target)
            return Diagnosis(word, verdict, first, says=says)
    if first.shape != shape:
        return Diagnosis("wrong-shape", verdict, first, says=verdict.diagnosis)
    return _values(first, claim, facts, wrt, verdict)


_NAMES = {
    "numerator": ("correct", ""),
    "transposed": ("transposed", "the claim is the transpose of the derivative"),
    "denominator": ("other-layout", "right in denominator layout"),
    "numerator rows": ("other-vec-order", "right where vec stacks rows"),
    "denominator rows": ("other-vec-order", "right in denominator layout where vec stacks rows"),
}


def _targets(expr: Expr, layout: Layout) -> Iterator[tuple[str, Target]]:
    """The derivative as an array, and as a matrix in either layout and order of vec."""
    parts = layout.axes()
    yield "page", Target(expr, layout.groups)
    groups = [group for part in parts for group in part]
    own = [part for part in parts if part]
    if len(own) == 2 and all(len(part) <= 2 for part in own) and len(parts) <= 3:
        for name, columns in (("numerator", True), ("numerator rows", False)):
            rows, cols = (tuple(axis for group in (reversed(part) if columns else part) for axis in group)
                          for part in own)
            yield name, Target(transpose(expr, (*rows, *cols)), (len(rows), len(cols)))
            turned = Target(transpose(expr, (*cols, *rows)), (len(cols), len(rows)))
            yield name.replace("numerator", "denominator"), turned
    if len(groups) == 2:
        yield "transposed", Target(transpose(expr, (*groups[1], *groups[0])), (len(groups[1]), len(groups[0])))


def _compared(target: Target, claim: Reading, facts: Facts) -> Verdict:
    left = Reading(target.expr, target.groups, None, None, claim.variables, claim.scope)
    right = Reading(claim.expr, claim.groups, None, None, claim.variables, claim.scope)
    return compare(left, right, facts)


def _same(a: Expr, b: Expr, facts: Facts) -> bool:
    if a.shape != b.shape:
        return False
    found = probe.gaps(a, b, facts, count=4)
    return bool(found) and not probe.differ(found)


def _values(target: Target, claim: Reading, facts: Facts, wrt: Sequence[Variable], verdict: Verdict) -> Diagnosis:
    """The shape is right and the values are not."""
    right, wrong = target.expr, claim.expr
    if verdict.verdict != "refuted":
        return Diagnosis("undecided", verdict, target)
    if _same(scale(-1, right), wrong, facts):
        return Diagnosis("sign", verdict, target, factor=Fraction(-1), says="the sign is wrong")
    ratio = _ratio(right, wrong, facts)
    if ratio is not None:
        return Diagnosis("factor", verdict, target, factor=ratio, says=f"the claim is {1 / ratio} times the derivative")
    if len(target.groups) == 2 and right.shape == right.shape[::-1] and right.rank == 2 and \
            _same(transpose(right, (1, 0)), wrong, facts):
        return Diagnosis("transposed", verdict, target, says="the claim is the transpose of the derivative")
    for by in wrt:
        own = frozenset(facts.get(by.name, ()))
        for reading in ("structured", "projected"):
            if own & {"symmetric", "spd", "psd"} and _same(tied(right, by, own, reading), wrong, facts):
                return Diagnosis("symmetric-convention", verdict, target, says=f"right as a {reading} derivative")
    return _terms(target, claim, facts, verdict)


def _ratio(right: Expr, wrong: Expr, facts: Facts) -> Fraction | None:
    """The simple number that the claim must be multiplied by."""
    found = probe.gaps(right, wrong, facts, count=3)
    ratios = {round(gap.left / gap.right, 9) for gap in found if abs(gap.right) > 1e-6}
    if len(ratios) != 1:
        return None
    ratio = Fraction(ratios.pop()).limit_denominator(64)
    return ratio if ratio and _same(right, scale(ratio, wrong), facts) else None


def _terms(target: Target, claim: Reading, facts: Facts, verdict: Verdict) -> Diagnosis:
    """One term missing, or one in place of another."""
    right, wrong = _opened(target.expr), _opened(claim.expr)
    gap = add([(1, target.expr), (-1, claim.expr)])
    for weight, term in right:
        part = scale(weight, term)
        if _same(gap, part, facts):
            return Diagnosis("missing-term", verdict, target, term=part, says="a term is missing")
    for weight, term in wrong:
        extra = scale(weight, term)
        if _same(gap, scale(-1, extra), facts):
            return Diagnosis("wrong-term", verdict, target, term=extra, says="a term too many")
        for other, good in right:
            if _same(gap, add([(other, good), (-weight, term)]), facts):
                return Diagnosis("wrong-term", verdict, target, term=extra, says="a term is wrong")
    return Diagnosis("wrong", verdict, target, says=verdict.diagnosis)


def _opened(expr: Expr) -> tuple[tuple[Fraction, Expr], ...]:
    """The terms of an expression, brackets multiplied out where that is all it takes."""
    for candidate in (expr, simplify(expr)):
        if isinstance(candidate, Sum):
            return candidate.terms[:12]
    opened = rewrite(expr, EXPAND)
    return opened.terms[:12] if isinstance(opened, Sum) else ((Fraction(1), expr),)

