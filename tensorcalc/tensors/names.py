"""What the names in a tensor stand for: variables, and what is known of them.

Properties are kept beside an expression and put in where it is shown or computed,
because the entries of a symmetric variable are independent while a derivative is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..algebra.expr import Delta, Expr, Variable
from ..algebra.traverse import postorder
from ..calculus.derive import with_facts
from ..errors import ShapeError
from ..notation.describe import array_shape
from ..sizes import symbols


@dataclass(frozen=True, slots=True)
class Names:
    """The variables that a tensor was made of, and the properties of some, by name.

    A variable stays here when it cancels, so that its value may still be passed.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> Names:
        """One variable of these, and its properties."""
        return known(self.variables[name], self.facts.get(name, ()))

    def __str__(self) -> str:
        return ", ".join(sorted(self.variables)) or "none"


def known(variable: Variable, facts: Collection[str] = ()) -> Names:
    """One variable with properties."""
    return Names({variable.name: variable}, {variable.name: frozenset(facts)} if facts else {})


def groups(variable: Variable) -> tuple[int, ...]:
    """How many axes of the expression make each axis of a variable's array."""
    return variable.groups or (1,) * variable.rank


def united(several: Iterable[Names]) -> Names:
    """The names of several tensors that meet.

    Examples
    --------
    >>> from tensorcalc.algebra.build import variable
    >>> print(united([known(variable("x", "n")), known(variable("A", "n", "n"), ["symmetric"])]))
    A, x

    Raises
    ------
    ShapeError: TC115 where one name has two shapes.
    """
    variables: Mapping[str, Variable] = {}
    facts: Mapping[str, frozenset[str]] = {}
    for names in several:
        if variables.items() <= names.variables.items():
            variables = names.variables
        elif not names.variables.items() <= variables.items():
            variables = _merged(variables, names.variables)
        if not names.facts.items() <= facts.items():
            facts = {**facts, **{name: facts.get(name, frozenset()) | own for name, own in names.facts.items()}}
    return Names(variables, facts)


def _merged(variables: Mapping[str, Variable], others: Mapping[str, Variable]) -> dict[str, Variable]:
    merged = dict(variables)
    for name, found in others.items():
        if merged.setdefault(name, found) is not found:
            raise ShapeError("TC115", f"the variable {name} has two shapes",
                             facts=[f"{name} is {_shape(merged[name])} in one place and {_shape(found)} in another"],
                             help="give one of them another name")
    return merged


def _shape(variable: Variable) -> str:
    return " x ".join(map(str, array_shape(variable, groups(variable)))) or "a number"


def symbols_of(expr: Expr, names: Names) -> set[str]:
    """The names of sizes and exponents in an expression and its variables."""
    dims = {dim for variable in names.variables.values() for dim in variable.shape}
    for node in postorder(expr):
        dims.update(node.shape)
        if isinstance(node, Delta):
            dims.add(node.dim)
    return {symbol for dim in dims for symbol in symbols(dim)}


def stated(expr: Expr, names: Names) -> Expr:
    """``expr`` at a point that has the properties of its variables."""
    return _stated(expr, tuple(sorted(names.facts.items()))) if names.facts else expr


@lru_cache(maxsize=128)
def _stated(expr: Expr, facts: tuple[tuple[str, frozenset[str]], ...]) -> Expr:
    return with_facts(expr, dict(facts))
