"""An answer as the tests look at it: the object, its printed forms, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strategies import Formula

from tensorcalc import sizes
from tensorcalc.build import substitute, transpose, variable
from tensorcalc.derive import derive, with_facts
from tensorcalc.expr import Expr, Variable
from tensorcalc.notation.describe import Forms, Layout, array_shape, axis_letters, describe
from tensorcalc.notation.lower import Reading, Scope, read
from tensorcalc.sizes import Dim
from tensorcalc.traverse import postorder

FORMS = ("matrix", "index", "kronecker", "einsum")
SQUARE = {"symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd"}


@dataclass(frozen=True)
class Answer:
    """What was asked, what was found."""

    formula: Formula
    expr: Expr
    layout: Layout
    reading: Reading

    @property
    def facts(self) -> Mapping[str, Sequence[str]]:
        return {name: [fact] for name, fact in self.formula.facts.items()}

    @property
    def taken(self) -> set[str]:
        return set(self.reading.variables) | self.reading.scope.integers

    def forms(self, **options: bool) -> Forms:
        return describe(self.expr, self.layout, taken=self.taken, **options)

    def texts(self, **options: bool) -> dict[str, str]:
        """Each form that exists, the definitions that it uses in front."""
        forms = self.forms(**options)
        front = "".join(f"{name} = {body}; " for name, body in forms.where_texts().items())
        return {name: (front if name in ("matrix", "kronecker") else "") + text
                for name, text in forms.texts().items() if text is not None}

    def reread(self, text: str) -> Reading:
        """A printed form read in the names of the question."""
        declared = {name: array_shape(one, one.groups or (1,) * one.rank) for name, one in self.reading.variables.items()}
        return read(text, Scope(declared=declared, square=square(self.formula.facts), index_dims=dict(self.letters())))

    def letters(self) -> dict[str, Dim]:
        """The size of each index on the left side of the index form, as the answer's shape says."""
        return dict(zip(axis_letters(self.layout), self.expr.shape))

    def regrouped(self, numerator: bool = True, columns: bool = True) -> Expr:
        """The expression with its axes as the Kronecker form has them."""
        parts = [part for part in self.layout.axes() if part]
        rows, cols = ([axis for group in (reversed(part) if columns else part) for axis in group] for part in parts)
        return transpose(self.expr, (*rows, *cols) if numerator else (*cols, *rows))

    def left_sizes(self) -> dict[str, int]:
        """The same as numbers."""
        return {letter: sizes.value(dim, self.formula.sizes) for letter, dim in self.letters().items()}

    def splits(self) -> dict[str, list[list[int]]]:
        """The sizes whose product each axis of a variable is."""
        found = {}
        for name, one in self.reading.variables.items():
            dims = iter(sizes.value(dim, self.formula.sizes) for dim in one.shape)
            found[name] = [[next(dims) for _ in range(count)] for count in one.groups or (1,) * one.rank]
        return found

    def known(self, expr: Expr) -> Expr:
        """``expr`` with what is known of its variables, nothing else done to it."""
        found = {node: variable(node.name, *node.shape, facts=self.facts[node.name], groups=node.groups)
                 for node in postorder(expr) if isinstance(node, Variable) and node.name in self.facts}
        return substitute(expr, found)


def square(facts: Mapping[str, str]) -> set[str]:
    return {name for name, fact in facts.items() if fact in SQUARE}


def lowered(formula: Formula) -> Reading:
    scope = Scope(declared=formula.declared, square=square(formula.facts), index_dims=formula.index_dims())
    return read(formula.text, scope)


def ask(formula: Formula, *wrt: str, reading: str = "free") -> Answer:
    """The derivative of a formula by some of its variables; by none, the formula itself."""
    found = lowered(formula)
    facts = {name: [fact] for name, fact in formula.facts.items()}
    variables = [found.variables[name] for name in wrt]
    expr = derive(found.expr, variables, facts, reading) if wrt else with_facts(found.expr, facts)
    parts = [found.groups] + [one.groups or (1,) * one.rank for one in variables]
    layout = Layout(tuple(parts), found.letters, found.name, tuple(wrt), row=found.row and not wrt)
    return Answer(formula, expr, layout, found)


def problems(answer: Answer, **options: Any) -> list[str]:
    """The printed forms that do not read back to the very object."""
    bad = []
    for name, text in answer.texts(**options).items():
        want = answer.regrouped(**options) if name == "kronecker" else answer.expr
        try:
            got = answer.known(answer.reread(text).expr)
        except Exception as error:
            bad.append(f"{name}: {text!r} is not read: {type(error).__name__} {error}")
            continue
        if got is not want:
            bad.append(f"{name}: {text!r} reads as another object: {got!r} is not {want!r}")
    return bad
