"""Checks a proof without the prover: reads each step as text, and recomputes it.

Knows the notation and how to evaluate it, and nothing of rules: a step holds where
both of its sides have the same value at random points, chains must be unbroken, and
what they start and end in must be the identity and one object.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import backends, probe
from .derive import pointed
from .evaluate import evaluate
from .expr import Expr, Sum
from .notation.lower import Reading, Scope, read_sides
from .sizes import Dim
from .stand_ins import stand_ins

Facts = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof is about: both sides, the sizes of every variable, their properties."""

    lhs: str
    rhs: str
    sizes: Mapping[str, Sequence[Dim]] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    index_dims: Mapping[str, Dim] = field(default_factory=dict)


def replay(claim: Claim, steps: Sequence[Mapping[str, Any]]) -> list[str]:
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
    checker = _Checker(claim)
    faults = checker.ends(steps)
    for k, step in enumerate(steps, 1):
        faults += [f"step {k} ({step['rule']}): {fault}" for fault in checker.step(step)]
    return faults


class _Checker:
    """Reads formulas with the names of one claim."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim

    def pair(self, before: str, after: str) -> tuple[Reading, Reading]:
        claim = self.claim
        return read_sides(before, after, Scope(declared=claim.sizes, index_dims=claim.index_dims))

    def same(self, before: str, after: str) -> bool:
        """Whether two texts are one object."""
        one, two = self.pair(before, after)
        return pointed(one.expr, self.claim.facts) is pointed(two.expr, self.claim.facts) and one.shape == two.shape

    def ends(self, steps: Sequence[Mapping[str, Any]]) -> list[str]:
        """The chains start at the two sides, are unbroken, and meet, or end in zero."""
        faults = []
        at = {"left": self.claim.lhs, "right": self.claim.rhs}
        gap: str | None = None
        for k, step in enumerate(steps, 1):
            side = step["side"]
            if side == "difference":
                if gap is None and step["rule"] not in ("equation.subtract", "components"):
                    faults.append(f"step {k}: nothing was subtracted")
                elif gap is None and not self.agree(f"({at['left']}) - ({at['right']})", step["before"]):
                    faults.append(f"step {k}: the difference is not that of the two sides")
                elif gap is not None and gap != step["before"]:
                    faults.append(f"step {k}: the chain is broken")
                gap = step["after"]
            elif side in at:
                known = at[side] in (step["before"], self.claim.lhs, self.claim.rhs)
                if not (at[side] == step["before"] or (known and self.same(at[side], step["before"]))):
                    faults.append(f"step {k}: the chain is broken")
                at[side] = step["after"]
            else:
                faults.append(f"step {k}: no such side: {side}")
        if gap is not None:
            if not self.vanishes(gap):
                faults.append("the difference does not end in zero")
        elif not self.same(at["left"], at["right"]):
            faults.append("the two sides do not end in one object")
        return faults

    def agree(self, before: str, after: str) -> bool:
        """Whether two texts have the same value at random points."""
        if "=" in before.replace("==", "") or before.count(" = "):
            return True
        one, two = self.pair(before, after)
        return one.shape == two.shape and _agree(one.expr, two.expr, self.claim.facts)

    def vanishes(self, text: str) -> bool:
        one, _ = self.pair(text, text)
        return isinstance(one.expr, Sum) and not one.expr.terms

    def step(self, step: Mapping[str, Any]) -> list[str]:
        """One step, recomputed."""
        one, two = self.pair(step["before"], step["after"])
        if step["rule"] == "equation.multiply":
            factor, _ = self.pair(step["factor"], step["factor"])
            return [] if self.multiplied(factor.expr, one.expr, two.expr, step["spec"]) else ["not what it was multiplied by"]
        if one.shape != two.shape:
            return ["the shape changes"]
        return [] if _agree(one.expr, two.expr, self.claim.facts) else ["the value changes"]

    def multiplied(self, factor: Expr, before: Expr, after: Expr, spec: str) -> bool:
        """Whether ``after`` is ``before`` times an invertible ``factor``."""
        np = backends.numpy()
        variables = probe.variables_of(factor, before, after)
        names = probe.symbols_of((factor, before, after), variables)
        rng = probe.generator(3)
        checked = 0
        for attempt in range(20):
            sizes = dict(zip(names, (probe.PRIMES * 3)[attempt % 3 :]))
            point = probe.draw(variables, self.claim.facts, sizes, rng, whole=False)
            if not probe.defined((factor, before, after), point):
                continue
            functions, _ = stand_ins((factor, before, after))
            point = replace(point, functions=functions)
            m, a, b = (np.asarray(evaluate(e, point.everything, point.sizes)) for e in (factor, before, after))
            if m.ndim == 2 and spec.split(",")[0] != spec.split("->")[1] and np.linalg.cond(m) > 1e8:
                continue
            if not np.allclose(np.einsum(spec, m, a), b, rtol=1e-7, atol=1e-7):
                return False
            checked += 1
            if checked == 3:
                break
        return checked > 0


def _agree(one: Expr, two: Expr, facts: Facts) -> bool:
    found = probe.gaps(one, two, facts, count=3, seed=7)
    return bool(found) and not probe.differ(found)
