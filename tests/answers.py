"""An answer as the tests look at it: the object, its printed forms and its code, and what they should be worth.

``problems`` are forms that do not read back to the very object; ``mistakes`` are
forms, values and code that are not worth what :mod:`meaning` finds from the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from meaning import Meaning, complex_step, second
from strategies import Formula

from tensorcalc import sizes
from tensorcalc.algebra.build import substitute, transpose, variable
from tensorcalc.algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from tensorcalc.algebra.traverse import postorder
from tensorcalc.calculus.derive import derive, with_facts
from tensorcalc.notation.describe import Forms, Layout, array_shape, axis_letters, describe
from tensorcalc.notation.lower import Reading, Scope, read
from tensorcalc.numbers.code.codegen import numpy_code
from tensorcalc.numbers.evaluate import evaluate
from tensorcalc.sizes import Dim

FORMS = ("matrix", "index", "kronecker", "einsum")
SQUARE = {"symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd"}
LARGEST = 1e5      # values beyond this are not compared
MARGIN = 0.02      # nor are points nearer than this to a kink, a pole or the end of a domain
MOST_ENTRIES = 3000


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
        """A printed form read in the names of the question, indices of the left side sized as the answer's shape says."""
        declared = {name: array_shape(one, one.groups or (1,) * one.rank) for name, one in self.reading.variables.items()}
        return read(text, Scope(declared=declared, square=square(self.formula.facts), index_dims=dict(self.letters())))

    def letters(self) -> dict[str, Dim]:
        """The size of each index on the left side of the index form."""
        return dict(zip(axis_letters(self.layout), self.expr.shape))

    def order(self, numerator: bool = True, columns: bool = True) -> tuple[list[int], list[int]]:
        """The axes that make the rows and the columns of the Kronecker form."""
        parts = [part for part in self.layout.axes() if part]
        rows, cols = ([axis for group in (reversed(part) if columns else part) for axis in group] for part in parts)
        return (rows, cols) if numerator else (cols, rows)

    def regrouped(self, **options: bool) -> Expr:
        """The expression with its axes as the Kronecker form has them."""
        rows, cols = self.order(**options)
        return transpose(self.expr, (*rows, *cols))

    def known(self, expr: Expr) -> Expr:
        """``expr`` with what is known of its variables, nothing else done to it."""
        found = {node: variable(node.name, *node.shape, facts=self.facts[node.name], groups=node.groups)
                 for node in postorder(expr) if isinstance(node, Variable) and node.name in self.facts}
        return substitute(expr, found)

    # -- numbers -------------------------------------------------------------------------

    def value(self, values: Mapping[str, Any], merged: bool = True) -> Any:
        return evaluate(self.expr, values, self.formula.sizes, self.layout.groups if merged else None)

    def as_matrix(self, array: Any, **options: bool) -> Any:
        """An array with one axis for each of the expression, as the Kronecker form."""
        rows, cols = self.order(**options)
        return array.transpose(rows + cols).reshape(prod(array.shape[axis] for axis in rows), -1)

    def printed_value(self, name: str, text: str, values: Mapping[str, Any]) -> Any:
        """What a printed form is worth to a reader who knows nothing of the package."""
        left = {letter: sizes.value(dim, self.formula.sizes) for letter, dim in self.letters().items()}
        return Meaning(dict(values), self.formula.sizes, splits=self.splits()).of(text, left if name == "index" else {})

    def splits(self) -> dict[str, list[list[int]]]:
        """The sizes whose product each axis of a variable is."""
        found = {}
        for name, one in self.reading.variables.items():
            dims = iter(sizes.value(dim, self.formula.sizes) for dim in one.shape)
            found[name] = [[next(dims) for _ in range(count)] for count in one.groups or (1,) * one.rank]
        return found

    def code_value(self, values: Mapping[str, Any]) -> Any:
        """What the generated module returns."""
        module: dict[str, Any] = {}
        exec(numpy_code(self.expr, groups=self.layout.groups), module)
        return module["derivative"](**values, **self.formula.sizes)


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


# -- reading back ------------------------------------------------------------------------


def problems(answer: Answer, **options: bool) -> list[str]:
    """The printed forms that do not read back to the very object.

    Sizes that are numbers do not show how an axis is split (``eye(6)``): such forms
    are compared as arrays.
    """
    bad = []
    for name, text in answer.texts(**options).items():
        want = answer.regrouped(**options) if name == "kronecker" else answer.expr
        try:
            got = answer.known(answer.reread(text).expr)
        except Exception as error:
            bad.append(f"{name}: {text!r} is not read: {type(error).__name__} {error}")
            continue
        if got is not want and (got.shape == want.shape or not same_entries(answer, got, want)):
            bad.append(f"{name}: {text!r} reads as another object: {shown(got)} is not {shown(want)}")
    return bad


def shown(expr: Expr) -> str:
    """The structure of an expression, on one line."""
    match expr:
        case Variable(name=name):
            return name
        case Delta():
            return f"δ{expr.rank}[{expr.dim}]"
        case Sum(terms=terms):
            return f"({' + '.join(f'{weight}·{shown(term)}' for weight, term in terms)})" if terms else "0"
        case Einsum(operands=operands, subscripts=subscripts):
            factors = [shown(o) + "_" + "".join(map(str, s)) for o, s in zip(operands, subscripts)]
            return f"{{{' '.join(factors)} → {expr.rank}}}"
        case Apply(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shown, arguments))})"
    return repr(expr)


def same_entries(answer: Answer, a: Expr, b: Expr) -> bool:
    values = answer.formula.values()
    one, two = (evaluate(expr, values, answer.formula.sizes).ravel() for expr in (a, b))
    return close(one, two)


# -- numbers -----------------------------------------------------------------------------


def reference(formula: Formula, values: Mapping[str, Any], *wrt: str) -> Any:
    """The derivative by complex steps; ``None`` where ``values`` are no good point to compare at."""
    meaning = Meaning(dict(values), formula.sizes)
    parts = formula.left_sizes()
    value = meaning.of(formula.text, parts)
    small = np.all(np.isfinite(value)) and np.max(np.abs(value), initial=0) < LARGEST
    if not small or meaning.margin < MARGIN or np.size(value) * prod(max(values[name].size, 1) for name in wrt) > MOST_ENTRIES:
        return None
    if not wrt:
        return value
    if len(wrt) == 1:
        return complex_step(meaning, formula.text, wrt[0], parts)
    return second(meaning, formula.text, *wrt, left_sizes=parts)


def close(got: Any, want: Any, tolerance: float = 1e-8) -> bool:
    """Whether two arrays have one shape and agree, measured by the largest entry."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return False
    return bool(np.all(np.abs(got - want) <= tolerance * max(1.0, np.max(np.abs(want), initial=0.0))))


def mistakes(answer: Answer, values: Mapping[str, Any], want: Any, tolerance: float = 1e-7) -> list[str]:
    """What is not worth ``want``: the value, the generated code, each printed form."""
    found = []
    if not close(answer.value(values), want, tolerance):
        found.append(f"value: {answer.value(values)} is not {want}")
    if not close(answer.code_value(values), want, tolerance):
        found.append("code: " + numpy_code(answer.expr, groups=answer.layout.groups))
    for name, text in answer.texts().items():
        right = answer.as_matrix(answer.value(values, merged=False)) if name == "kronecker" else want
        if not close(np.squeeze(answer.printed_value(name, text, values)), np.squeeze(right), tolerance):
            found.append(f"{name}: {text}")
    return found
