"""Rewriting by named rules, with a trace that cites them.

The trace is an argument, never a mode.  Knows how rules are applied, not which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..algebra.build import rebuild, substitute
from ..algebra.expr import Apply, Einsum, Expr
from ..algebra.traverse import postorder, unvisited


@dataclass(frozen=True, slots=True)
class Rule:
    """A named identity, read from left to right.

    ``statement`` is the identity in the package's own notation.  ``apply`` returns the
    right-hand side for a node that matches, else ``None``.  ``heads``: the rule is
    tried only where one of these functions is the node or a factor of it; empty for
    everywhere.  ``shrinks`` says why it terminates.
    """

    name: str
    statement: str
    apply: Callable[[Expr], Expr | None]
    reference: str = ""
    shrinks: str = ""
    heads: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Step:
    """One use of a rule: ``before`` became ``after``."""

    rule: Rule
    before: Expr
    after: Expr


def rule(name: str, statement: str, *heads: str, reference: str = "",
         shrinks: str = "") -> Callable[[Callable[[Expr], Expr | None]], Rule]:
    """Make a rule of a function from a node to its replacement."""
    return lambda apply: Rule(name, statement, apply, reference, shrinks, frozenset(heads))


def heads_of(node: Expr) -> set[str]:
    """The functions that a node applies, itself or as factors."""
    if isinstance(node, Apply):
        return {node.function.name, *(a.function.name for a in node.arguments if isinstance(a, Apply))}
    if isinstance(node, Einsum):
        return {operand.function.name for operand in node.operands if isinstance(operand, Apply)}
    return {term.function.name for term in node.children if isinstance(term, Apply)}


_MOST_STEPS = 200   # at one node in one pass
_MOST_PASSES = 50


def rewrite(root: Expr, rules: Iterable[Rule], trace: list[Step] | None = None) -> Expr:
    """Apply ``rules``, first match first, children before parents, until none applies."""
    ordered = _Ordered(tuple(rules))
    for _ in range(_MOST_PASSES):
        after = _once(root, ordered, trace)
        if after is root:
            break
        root = after
    return root


class _Ordered:
    """Rules in order, and which of them are tried everywhere."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.everywhere = [candidate for candidate in rules if not candidate.heads]
        self.heads = {head for candidate in rules for head in candidate.heads}

    def settle(self, node: Expr) -> bool:
        """Whether nothing below ``node`` can be rewritten, as an earlier pass found."""
        return any([settled is self.rules for settled in node.settled])


def _once(root: Expr, rules: _Ordered, trace: list[Step] | None) -> Expr:
    """One pass from the leaves up; each node is rewritten until no rule applies to it."""
    done: dict[Expr, Expr] = {}
    for node in unvisited(root, rules.settle):
        current = rebuild(node, [done.get(child, child) for child in node.children])
        for _ in range(_MOST_STEPS):
            step = _first(current, rules)
            if step is None:
                break
            if trace is not None:
                trace.append(step)
            current = step.after
        if current is not node:
            done[node] = current
        elif step is None and all([rules.settle(child) for child in node.children]):
            node.settled = (*node.settled, rules.rules)
    return done.get(root, root)


def _first(node: Expr, rules: _Ordered) -> Step | None:
    heads = heads_of(node) & rules.heads
    for candidate in rules.rules if heads else rules.everywhere:
        if candidate.heads and not candidate.heads & heads:
            continue
        after = candidate.apply(node)
        if after is not None and after is not node:
            return Step(candidate, node, after)
    return None


def chain(root: Expr, rules: Iterable[Rule], limit: int = 400) -> list[Step]:
    """Rewrite step by step, each step on the whole expression: ``before`` and ``after`` are roots.

    Nodes that no rule applies to are not tried again.  The last ``after`` is the normal
    form; an empty list says that ``root`` is one.
    """
    ordered = _Ordered(tuple(rules))
    settled: set[Expr] = set()
    steps: list[Step] = []
    while len(steps) < limit:
        step = next((found for found in (_try(node, ordered, settled) for node in postorder(root)) if found), None)
        if step is None:
            break
        after = substitute(root, {step.before: step.after})
        steps.append(Step(step.rule, root, after))
        root = after
    return steps


def _try(node: Expr, rules: _Ordered, settled: set[Expr]) -> Step | None:
    if node in settled:
        return None
    step = _first(node, rules)
    if step is None:
        settled.add(node)
    return step
