"""Checks a proof without the prover: reads each step as text, and does it again.

Nothing is searched for.  A step holds where the rule that it cites turns the one
side into the other, and where both sides have the same value at random points;
chains must be unbroken, and what they start and end in must be the identity and
one object.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..algebra.build import add, substitute
from ..algebra.expr import Expr, Sum
from ..algebra.traverse import postorder
from ..calculus.assume import implied
from ..calculus.derive import derive, pointed
from ..calculus.rewrite import rewrite
from ..calculus.rules.sets import EXPAND
from ..calculus.simplify import leaves
from ..errors import ShapeError, TensorCalcError
from ..notation.lower import Reading, Scope, read_sides
from ..numbers import backends
from ..numbers.evaluate import evaluate
from ..sizes import Dim
from . import exact, probe
from .components import components
from .proof import CITED, STATEMENTS, domain_rules, multiplied
from .stand_ins import stand_ins
from .verify import aligned, declared, given, same_shape

Facts = Mapping[str, Collection[str]]
Step = Mapping[str, Any]

_POINTS = 3
_SAME = 1e-8   # a relative difference that rounding explains


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof is about: both sides, and all that a request declares."""

    lhs: str
    rhs: str
    sizes: Mapping[str, Sequence[Dim]] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    index_dims: Mapping[str, Dim] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    equations: Sequence[str] = ()
    reading: str = "free"


def replay(claim: Claim, steps: Sequence[Step]) -> list[str]:
    """What is wrong with a proof; an empty list says that it holds.

    Examples
    --------
    >>> from tensorcalc.service import handle
    >>> request = {"do": "verify", "lhs": "tr(A*B)", "rhs": "tr(B*A)", "vars": {"A": ["n", "m"], "B": ["m", "n"]}}
    >>> replay(Claim("tr(A*B)", "tr(B*A)", request["vars"]), handle(request)["steps"])
    []
    """
    if not steps:
        return ["there are no steps"]
    for k, step in enumerate(steps, 1):
        missing = [name for name in ("rule", "statement", "side", "before", "after", "text") if name not in step]
        if missing:
            return [f"step {k}: no {missing[0]}"]
    checker = _Checker(claim)
    faults = checker.ends(steps)
    for k, step in enumerate(steps, 1):
        faults += [f"step {k} ({step['rule']}): {fault}" for fault in checker.step(step)]
    return faults


def recomputed(claim: Claim, counterexample: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with a counterexample: both sides are read again and computed there; without one, their shapes.

    Examples
    --------
    >>> found = {"dims": {"n": 2}, "values": {"x": [3, 4]}, "entry": [], "lhs": 5.0, "rhs": 7.0}
    >>> recomputed(Claim("norm2(x)", "sum(x)", {"x": ["n"]}), found)
    []
    >>> recomputed(Claim("norm2(x)^2", "x'*x", {"x": ["n"]}), {**found, "lhs": 25.0, "rhs": 25.0})
    ['the sides are equal there']
    """
    try:
        checker = _Checker(claim)
    except ShapeError as error:
        return [] if counterexample is None else [error.message]
    left, right = checker.pair(claim.lhs, claim.rhs)
    if counterexample is None:
        return ["the sides have one shape"] if same_shape(left, right) else []
    values, faults = counterexample["values"], []
    for name, facts in checker.facts.items():
        if name in values and not probe.has(backends.numpy().asarray(values[name], dtype=float), facts):
            faults.append(f"{name} is not {' and '.join(facts)}")
    arrays = {name: value for name, value in values.items() if not isinstance(value, str)}
    functions = next((callables for callables, formulas in (stand_ins(checker.sides, choice) for choice in range(3))
                      if all(values.get(name) == formula for name, formula in formulas.items())), {})
    place = tuple(at - 1 for at in counterexample["entry"])
    found = []
    for side, name, expr in (("left", "lhs", left.expr), ("right", "rhs", aligned(right, left))):
        array, stated = evaluate(expr, {**arrays, **functions}, counterexample["dims"], left.groups), counterexample[name]
        found.append(float(array[place]))
        if abs(found[-1] - stated) > _SAME * max(1.0, abs(stated)):
            faults.append(f"the {side} side is {found[-1]:.12g} there and not {stated:.12g}")
    if abs(found[0] - found[1]) <= 1e-13 * max(map(abs, found)):
        exactly = [exact.at(side, arrays, counterexample["dims"]) for side in (left.expr, aligned(right, left))]
        if any(array is None for array in exactly) or not backends.numpy().any(exactly[0] != exactly[1]):
            faults.append("the sides are equal there")
    return faults


class _Checker:
    """Reads formulas with the names of one claim."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        one, two = self.pair(claim.lhs, claim.rhs)
        self.sides = (one.expr, two.expr)
        equations = declared(claim.equations, one.scope)
        self.facts = implied([one.expr, two.expr], claim.facts)
        domain = domain_rules(*(pointed(side, self.facts) for side in self.sides))
        stated = given(equations, self.facts)
        self.rules = {rule.name: rule for rule in (*CITED, *domain, *stated[len(equations):])}
        self.assumed = {equation.text: rule for equation, rule in zip(equations, stated)}
        self.onto = probe.onto([(e.left, e.right) for e in equations], self.facts) if equations else None

    def pair(self, before: str, after: str) -> tuple[Reading, Reading]:
        claim = self.claim
        scope = Scope(declared=claim.sizes, index_dims=claim.index_dims, functions=claim.functions)
        scope.differentiate = lambda expr, by, order: derive(expr, [by] * order, claim.facts, claim.reading)
        return read_sides(before, after, scope)

    def same(self, before: str, after: str) -> bool:
        """Whether two texts are one object."""
        try:
            one, two = self.pair(before, after)
        except TensorCalcError:
            return False
        left, right = pointed(one.expr, self.facts), pointed(two.expr, self.facts)
        return one.shape == two.shape and _alike(left, right)

    # -- the chains ----------------------------------------------------------------------

    def ends(self, steps: Sequence[Step]) -> list[str]:
        """The chains start at the two sides, are unbroken, and meet, or end in zero."""
        faults = []
        at = {"left": self.claim.lhs, "right": self.claim.rhs}
        moved: set[str] = set()
        gap: str | None = None
        for k, step in enumerate(steps, 1):
            side = step["side"]
            if side == "difference":
                if gap is None and step["rule"] not in ("equation.subtract", "components"):
                    faults.append(f"step {k}: nothing was subtracted")
                elif gap is None and not self.subtracted(at["left"], at["right"], step["before"]):
                    faults.append(f"step {k}: the difference is not that of the two sides")
                elif gap is not None and gap != step["before"]:
                    faults.append(f"step {k}: the chain is broken")
                gap = step["after"]
            elif side not in at:
                faults.append(f"step {k}: no such side: {side}")
            elif gap is not None:
                faults.append(f"step {k}: a side moves after the two were subtracted")
            else:
                if at[side] != step["before"] and (side in moved or not self.same(at[side], step["before"])):
                    faults.append(f"step {k}: the chain is broken")
                at[side] = step["after"]
                moved.add(side)
        if gap is not None:
            return faults if self.vanishes(gap) else [*faults, "the difference does not end in zero"]
        return faults if self.same(at["left"], at["right"]) else [*faults, "the two sides do not end in one object"]

    def subtracted(self, left: str, right: str, gap: str) -> bool:
        """Whether ``gap`` is the difference of the two sides as they stand."""
        try:
            one, two = self.pair(left, right)
            rest, _ = self.pair(gap, gap)
            difference = add([(1, pointed(one.expr, self.facts)), (-1, pointed(two.expr, self.facts))])
        except TensorCalcError:
            return False
        return difference is pointed(rest.expr, self.facts)

    def vanishes(self, text: str) -> bool:
        try:
            one, _ = self.pair(text, text)
        except TensorCalcError:
            return False
        return isinstance(one.expr, Sum) and not one.expr.terms

    # -- one step ------------------------------------------------------------------------

    def step(self, step: Step) -> list[str]:
        """One step, recomputed."""
        faults = self.cited(step)
        if step["text"] != _text(step):
            faults.append("the text is not that of the step")
        try:
            one, two = self.pair(step["before"], step["after"])
            factor, _ = self.pair(str(step.get("factor", "1")), str(step.get("factor", "1")))
        except TensorCalcError as error:
            return [*faults, f"cannot be read: {error.message}"]
        if one.shape != two.shape:
            return [*faults, "the shape changes"]
        before, after, by = (pointed(side.expr, self.facts) for side in (one, two, factor))
        if not faults and not self.follows(step, before, after, by):
            faults.append("the rule does not lead there")
        if step["rule"] == "equation.multiply":
            right = self.multiplied(factor.expr, one.expr, two.expr, str(step.get("spec")))
            return faults if right else [*faults, "not what it was multiplied by, or by what has no inverse"]
        return faults if self.agree(one.expr, two.expr) else [*faults, "the value changes"]

    def follows(self, step: Step, before: Expr, after: Expr, factor: Expr) -> bool:
        """Whether the rule that a step cites, used once, turns ``before`` into ``after``."""
        match step["rule"]:
            case "normal-form" | "equation.subtract":
                return before is after
            case "equation.multiply":
                own, _, axes = str(step["spec"]).partition("->")[0].partition(",")
                output = str(step["spec"]).partition("->")[2]
                fits = (len(own), len(axes)) == (factor.rank, before.rank) and set(output) <= {*own, *axes}
                labels = [[*axes, *(set(own) - set(axes))].index(label) for label in own + output] if fits else []
                return fits and multiplied(before, factor, labels[: len(own)], labels[len(own):]) is after
            case "components":
                return components(before) == {} and components(after) == {}
            case "assumed":
                rule = self.assumed[step["statement"]]
            case name:
                rule = self.rules[name]
        for node in postorder(before):
            new = rule.apply(node)
            if new is not None and _alike(substitute(before, {node: new}), after):
                return True
        return False

    def cited(self, step: Step) -> list[str]:
        """Every step cites a rule that there is, as it is stated; a declared equation is cited by itself."""
        rule, statement = step["rule"], step["statement"]
        if rule == "assumed":
            return [] if statement in self.claim.equations else ["the equation was not declared"]
        if rule not in STATEMENTS or (rule in ("domain.positive", "expm.commuting") and rule not in self.rules):
            return ["there is no such rule"]
        return [] if statement == STATEMENTS[rule] else ["the rule is stated otherwise"]

    def agree(self, one: Expr, two: Expr) -> bool:
        """Whether two expressions have the same value at random points."""
        if one is two:
            return True
        found = probe.gaps(one, two, self.facts, count=_POINTS, seed=7, onto=self.onto, within=self.sides)
        least = probe.TINY if self.onto is None else probe.LOOSE
        return bool(found) and probe.surest(one, two, found, least) is None

    def multiplied(self, factor: Expr, before: Expr, after: Expr, spec: str) -> bool:
        """Whether ``after`` is ``before`` times a ``factor`` that has an inverse."""
        np = backends.numpy()
        entrywise = _entrywise(spec)
        if entrywise is None:
            return False
        exprs = (factor, before, after)
        variables, rng = probe.variables_of(*exprs), probe.generator(3)
        names = probe.symbols_of(exprs, variables)
        checked = 0
        for attempt in range(20):
            point = probe.draw(variables, self.facts, probe.sizes_at(names, attempt, rng), rng, probe.REAL)
            point = point if point is None or self.onto is None else self.onto(point)
            if point is None or not probe.defined(exprs, point):
                continue
            point = replace(point, functions=stand_ins(exprs)[0])
            m, a, b = (np.asarray(evaluate(expr, point.everything, point.sizes)) for expr in exprs)
            if [m.ndim, a.ndim] != [len(labels) for labels in spec.partition("->")[0].split(",")]:
                return False
            if not np.isfinite(m).all() or not np.isfinite(a).all() or not np.isfinite(b).all():
                continue
            if abs(m).min() < 1e-9 if entrywise else np.linalg.cond(m) > 1e9:
                return False
            product = np.einsum(spec, m, a)
            scale = max(1.0, float(abs(m).max() * abs(a).max()))
            if product.shape != b.shape or abs(product - b).max() > _SAME * scale:
                return False
            checked += 1
            if checked == _POINTS:
                break
        return checked > 0


def _alike(one: Expr, two: Expr) -> bool:
    """Whether two expressions differ only in the order of the axes of a bracket that is symmetric in them."""
    return one is two or (leaves(one) == leaves(two) and rewrite(one, EXPAND) is rewrite(two, EXPAND))


def _text(step: Step) -> str:
    """A step in words, as answers have it."""
    match step["rule"]:
        case "normal-form":
            return str(step["before"])
        case "equation.multiply":
            return f"multiply {step['before']} by {step.get('factor')}"
        case _:
            return f"{step['before']} = {step['after']}"


def _entrywise(spec: str) -> bool | None:
    """Whether a product is one entry by entry, or with a matrix along one axis; ``None`` for any other."""
    factors, _, output = spec.partition("->")
    own, comma, axes = factors.partition(",")
    if not comma:
        return None
    if output == axes and set(own) <= set(axes):
        return True
    gone, new = set(axes) - set(output), set(output) - set(axes)
    if len(own) == 2 and len(gone) == len(new) == 1 and set(own) == gone | new and len(output) == len(axes):
        return False if axes.replace(gone.pop(), new.pop()) == output else None
    return None
