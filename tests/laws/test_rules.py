"""Every rule holds, and every use of a rule keeps the value; rewriting ends, and twice is once."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import LARGEST, ask, close, lowered
from meaning import Meaning
from strategies import SAMPLERS, formula

from tensorcalc.algebra.build import substitute, variable
from tensorcalc.algebra.expr import Expr, Variable
from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.derive import derive, with_facts
from tensorcalc.calculus.differentiate import derivative
from tensorcalc.calculus.rewrite import Rule, Step, chain, rewrite
from tensorcalc.calculus.rules.sets import ALL, EXPAND, FACTOR, STANDARD
from tensorcalc.calculus.simplify import leaves, simplify
from tensorcalc.errors import ShapeError
from tensorcalc.notation.lower import Scope, read_sides
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.proofs.proof import WITH_DEFINITIONS
from tensorcalc.proofs.rules import sets as proving

RULES: dict[str, Rule] = {rule.name: rule for rule in (*ALL, *WITH_DEFINITIONS, *proving.POLYNOMIAL, *proving.FRACTIONS)}

# -- statements --------------------------------------------------------------------------

DECLARED: dict[str, dict[str, list[Any]]] = {
    "eps.transport": {"a": [3], "b": [3]},
    "eps.determinant": {"A": [2, 2]},
    "det.scalar": {"A": ["n", "n"]},
    "det.kronecker": {"A": ["n", "n"], "B": ["m", "m"]},
    "orthogonal.cancel": {"Q": ["n", "n"]},
    "inverse.skew": {"A": [2, 2]},
    "pinv.gram": {"A": ["p", "n"]},
    "pinv.kronecker": {"A": ["p", "n"], "B": ["r", "q"]},
}
NUMBERS = {"x": [], "y": []}  # where a statement about entries is written for numbers
SIZES = {"m": 2, "n": 3, "p": 4, "q": 2, "r": 3, "s": 2, "k": 3, "a": 2, "b": 1}
INDEX_DIMS = {"eps.product": dict.fromkeys("ijmn", 3)}


def sampled(rule: Rule, one: Variable, generator: Any) -> Any:
    """A point inside the domain of every statement."""
    shape = tuple(SIZES[dim] if isinstance(dim, str) else dim for dim in one.shape)
    if one.name == "Q":
        return SAMPLERS["orthogonal"](generator, shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        positive = rule.name.startswith(("logm", "sqrtm", "chol"))
        return SAMPLERS["spd" if positive else "invertible"](generator, shape)
    if rule.name == "function.inverse":
        return generator.uniform(-0.9, 0.9, shape)
    return generator.uniform(0.3, 1.4, shape)


@pytest.mark.parametrize("name", sorted(RULES))
def test_statements_hold(name: str) -> None:
    """Both sides read and evaluated at three points; by a reader of its own too, where that knows the words."""
    rule = RULES[name]
    left, right = rule.statement.split(" = ")
    try:
        sides = read_sides(left, right, scope(name, DECLARED.get(name, {})))
    except ShapeError:
        sides = read_sides(left, right, scope(name, NUMBERS))
    for draw in range(3):
        generator = np.random.default_rng([7, draw])
        values = {one.name: sampled(rule, one, generator) for one in sides[0].variables.values()}
        one, other = (evaluate(side.expr, values, SIZES, side.groups, declared=sides[0].variables.values()) for side in sides)
        assert close(one, other, 1e-9), name
        if not re.search(r"_|\bI\b|diff\(|series\(", rule.statement):
            words = {word: size for word, size in SIZES.items() if word not in values}
            mine = [Meaning(values, words).of(text) for text in (left, right)]
            assert all(close(np.squeeze(value), np.squeeze(one), 1e-8) for value in mine), name


def scope(name: str, declared: dict[str, list[Any]]) -> Scope:
    return Scope(declared=declared, index_dims=INDEX_DIMS.get(name, {}),
                 differentiate=lambda expr, by, order: derive(expr, [by] * order))


def test_rules_are_documented() -> None:
    """A name, a statement, and why it ends."""
    for rule in RULES.values():
        assert rule.name.count(".") == 1 and rule.shrinks and rule.statement.count(" = ") == 1, rule


# -- uses --------------------------------------------------------------------------------

EVERYTHING = {"standard": STANDARD, "expand": (*EXPAND, *STANDARD), "factor": FACTOR, "proof": WITH_DEFINITIONS}


def random_expressions(start: int, count: int) -> list[tuple[int, Expr, dict[str, Any], dict[str, int]]]:
    """Formulas as they were read, and raw derivatives of them, with what is known of their variables."""
    found = []
    for seed in range(start, start + count):
        one = formula(seed, depth=random.Random(seed).choice([2, 3, 4]))
        reading = lowered(one)
        facts = {name: [fact] for name, fact in one.facts.items()}
        expr = reading.expr
        names = [name for name in one.declared if not name.startswith("has")]
        if names and seed % 3 == 0:
            try:
                expr = derivative(expr, reading.variables[random.Random(seed).choice(names)])
            except ValueError:
                continue
        found.append((seed, _known(expr, facts), one.values(), one.sizes))
    return found


def _known(expr: Expr, facts: dict[str, list[str]]) -> Expr:
    return substitute(expr, {node: variable(node.name, *node.shape, facts=facts[node.name], groups=node.groups)
                             for node in postorder(expr) if isinstance(node, Variable) and node.name in facts})


def value(expr: Expr, values: dict[str, Any], sizes: dict[str, int]) -> Any:
    if np.prod([sizes.get(dim, 3) if isinstance(dim, str) else dim for dim in expr.shape]) > 5000:
        return None
    try:
        array = evaluate(expr, values, sizes)
    except ValueError:  # a matrix without inverse, say
        return None
    return array if np.all(np.isfinite(array)) and np.max(np.abs(array), initial=0) < LARGEST else None


@pytest.mark.parametrize("which", EVERYTHING)
@pytest.mark.parametrize("start", [600_000, 600_100])
def test_every_step_keeps_the_value(which: str, start: int) -> None:
    """200 expressions for each set of rules."""
    used: set[str] = set()
    for seed, expr, values, sizes in random_expressions(start, 100):
        trace: list[Step] = []
        if which == "proof":
            trace = chain(expr, EVERYTHING[which], limit=25)
        else:
            rewrite(expr, EVERYTHING[which], trace)
        for step in trace[:40]:
            before, after = value(step.before, values, sizes), value(step.after, values, sizes)
            if before is not None and after is not None:
                used.add(step.rule.name)
                assert close(after, before, 1e-6), (seed, step.rule.name, step.rule.statement)
    assert used


@pytest.mark.parametrize("start", [610_000, 610_150])
def test_rewriting_twice_is_rewriting_once(start: int) -> None:
    for seed, expr, _, _ in random_expressions(start, 150):
        for rules in (STANDARD, FACTOR, (*EXPAND, *STANDARD)):
            once = rewrite(expr, rules)
            assert rewrite(once, rules) is once, seed
        assert rewrite(simplify(expr), STANDARD) is simplify(expr), seed


@pytest.mark.parametrize("start", [620_000, 620_150])
def test_simplifying_keeps_the_value_and_never_lengthens(start: int) -> None:
    for seed, expr, values, sizes in random_expressions(start, 150):
        short = simplify(expr)
        assert leaves(short) <= leaves(rewrite(expr, STANDARD)), seed
        before, after = value(expr, values, sizes), value(short, values, sizes)
        if before is not None and after is not None:
            assert close(after, before, 1e-7), seed


def test_every_rule_of_answers_fires_somewhere() -> None:
    """Each rule has at least one example in ``test_rules.py``."""
    text = (Path(__file__).resolve().parents[1] / "test_rules.py").read_text()
    assert [rule.name for rule in ALL if f'"{rule.name}"' not in text] == []


def test_facts_are_put_in_once() -> None:
    """What is known of variables changes the form of a derivative, never its value."""
    for seed in range(630_000, 630_100):
        one = formula(seed)
        names = [name for name in one.declared if one.facts.get(name)]
        if names:
            answer, values = ask(one, names[0]), one.values()
            bare = derive(answer.reading.expr, [answer.reading.variables[names[0]]])
            known = with_facts(bare, answer.facts)
            a, b = value(bare, values, one.sizes), value(known, values, one.sizes)
            if a is not None and b is not None:
                assert close(a, b, 1e-8), seed
