"""What a request says, checked: fields, names, sizes, properties, choices.

Knows the form of requests and nothing of answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .algebra.expr import Expr, Variable
from .calculus.derive import READINGS, derive, is_halved, with_facts
from .calculus.simplify import simplify
from .errors import RequestError, UnknownNameError
from .notation.describe import Layout, array_shape
from .notation.lower import Reading, Scope, Value, read
from .notation.pasted import spelled
from .sizes import Dim
from .sizes import read as read_size
from .spelling import closest

DEFAULT_WANT = ("matrix", "index", "kronecker", "einsum")
FORMS = ("matrix", "index", "kronecker", "einsum")
WANTS = (*FORMS, "latex", "formula", "code", "steps", "diagram")
FACTS = ("symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd", "positive", "nonzero", "simplex",
         "invertible", "unit")
SQUARE = frozenset({"symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd"})
MOST_ORDER = 8
MOST_AXES = 12



def shown(value: object) -> str:
    """A value of a request in a message, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def check_fields(request: Mapping[str, Any], known: Collection[str], needed: Sequence[str]) -> None:
    for name in needed:
        if name not in request:
            raise RequestError("TC505", f"the request lacks {name}", field=name)
    for name in request:
        if name not in known:
            raise RequestError("TC506", f"unknown field {shown(name)}; known are {', '.join(sorted(known))}",
                               field=str(name)[:40])


def text_of(request: Mapping[str, Any], field: str) -> str:
    value = request.get(field)
    if not isinstance(value, str):
        raise RequestError("TC507", f"{field} is a text, not {shown(value)}", field=field)
    return value


def choice_of(request: Mapping[str, Any], field: str, choices: Sequence[str]) -> str:
    value = request.get(field, choices[0])
    if value not in choices:
        raise RequestError("TC508", f"{field} is one of {', '.join(choices)}, not {shown(value)}", field=field)
    return str(value)


def scope_of(request: Mapping[str, Any]) -> tuple[Scope, dict[str, list[str]]]:
    """The names that a request declares, and the properties of some.

    Raises
    ------
    RequestError: TC501 for a size, TC509 for a name, TC510 for a property that is none.
    """
    declared: dict[str, list[Dim]] = {}
    for name, shape in mapping_of(request, "vars").items():
        check_name(name, "vars")
        if not isinstance(shape, (list, tuple)) or len(shape) > 12:
            raise RequestError("TC501", f"vars gives {name} one size an axis, as a list, not {shown(shape)}", field="vars")
        for dim in shape:
            read_size(dim) if isinstance(dim, (int, str)) else _bad_size(dim)
        declared[name] = list(shape)
    facts: dict[str, list[str]] = {}
    for name, own in mapping_of(request, "assume").items():
        listed = [own] if isinstance(own, str) else list(own) if isinstance(own, (list, tuple)) else None
        if listed is None or not all(isinstance(fact, str) for fact in listed):
            raise RequestError("TC510", f"assume gives {name} a property or a list of them", field="assume")
        if name != "equations":
            facts[name] = _checked_facts(name, listed, declared)
    dims: dict[str, Dim] = {}
    for letter, dim in mapping_of(request, "index_dims").items():
        if not isinstance(dim, (int, str)):
            _bad_size(dim)
        read_size(dim)
        dims[letter] = dim
    orders = mapping_of(request, "orders")
    for name, order in orders.items():
        check_name(name, "orders")
        if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= MOST_AXES:
            raise RequestError("TC507", f"orders gives {name} a number of axes from 0 to {MOST_AXES}, not {shown(order)}",
                               field="orders")
    functions = mapping_of(request, "functions")
    for name, kind in functions.items():
        check_name(name, "functions")
        if not isinstance(kind, str):
            raise RequestError("TC515", f"functions gives {name} a kind or a formula, not {shown(kind)}", field="functions")
    square = {name: min(SQUARE & set(own)) for name, own in facts.items() if SQUARE & set(own)}
    return Scope(declared=declared, square=square, orders=dict(orders), functions=dict(functions), index_dims=dims), facts


def mapping_of(request: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = request.get(field) or {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise RequestError("TC507", f"{field} is an object, not {shown(value)}", field=field)
    return value


def _bad_size(dim: object) -> None:
    raise RequestError("TC501", f"a size is a positive integer or a name, not {shown(dim)}", field="vars")


def check_name(name: Any, field: str) -> None:
    if not isinstance(name, str) or not (name.isalnum() and name[0].isalpha() and len(name) <= 50):
        raise RequestError("TC509", f"{shown(name)} is not a name: a letter, then letters and digits", field=field)


def _checked_facts(name: str, facts: list[str], declared: Mapping[str, Sequence[Dim]]) -> list[str]:
    for fact in facts:
        if fact not in FACTS:
            meant = closest(fact, FACTS)
            raise RequestError("TC510", f"{shown(fact)} is not a property; known are {', '.join(FACTS)}", field="assume",
                               help=f"did you mean {meant}?" if meant else None)
    square = SQUARE & set(facts)
    shape = declared.get(name)
    if square and shape is not None and (len(shape) != 2 or shape[0] != shape[1]):
        fact = sorted(square)[0]
        raise RequestError("TC516", f"{name} is {fact}, so it must be a square matrix", field="assume",
                           facts=[f"{name} is declared as {' x '.join(map(str, shape)) or 'a number'}"])
    return facts


@dataclass(frozen=True, slots=True)
class Derived:
    """A derivative, how its axes make up an array, and what was read.

    ``layout`` is that of ``expr``, ``derived`` that of the derivative before a
    contraction was applied to it.
    """

    expr: Expr
    layout: Layout
    reading: Reading
    derived: Layout
    variables: list[Variable]
    facts: dict[str, list[str]]


def derived(request: Mapping[str, Any], readings: Sequence[str] = READINGS) -> Derived:
    """The derivative that a request asks for."""
    names = _wrt(request)
    scope, facts = scope_of(request)
    scope.differentiate = lambda expr, by, order: derive(expr, [by] * order)
    reading = read(text_of(request, "expr"), scope)
    variables = [_variable(name, reading) for name in names]
    convention = choice_of(request, "wrt_convention", readings)
    expr = derive(reading.expr, variables, facts, convention)
    by = [part_of(variable, facts.get(variable.name, ()), convention) for variable in variables]
    layout = Layout((reading.groups, *[part for _, part in by]), reading.letters, reading.name, tuple([name for name, _ in by]))
    if request.get("contract") is not None:
        result = _contracted(text_of(request, "contract"), expr, layout, reading)
        inner = Layout((result.groups,), result.letters, result.name)
        return Derived(simplify(with_facts(result.expr, facts)), inner, reading, layout, variables, facts)
    return Derived(expr, layout, reading, layout, variables, facts)


def part_of(variable: Variable, facts: Collection[str], reading: str) -> tuple[str, tuple[int, ...]]:
    """What a derivative is by, in words, and how many axes of it make each axis of the array."""
    if is_halved(facts, reading):
        return f"vech({variable.name})", (1,)
    return variable.name, variable.groups or (1,) * variable.rank


def _wrt(request: Mapping[str, Any]) -> list[str]:
    wrt = request.get("wrt")
    order = request.get("order", 1)
    if isinstance(order, bool) or not isinstance(order, int) or not 1 <= order <= MOST_ORDER:
        raise RequestError("TC517", f"order is a whole number from 1 to {MOST_ORDER}, not {shown(order)}", field="order")
    if isinstance(wrt, str):
        return [wrt] * order
    if isinstance(wrt, (list, tuple)) and wrt and all(isinstance(name, str) for name in wrt):
        if len(wrt) > MOST_ORDER or (order != 1 and len(wrt) not in (1, order)):
            raise RequestError("TC517", f"wrt names {len(wrt)} variables for a derivative of order {order}", field="wrt")
        return list(wrt) * (order if len(wrt) == 1 else 1)
    raise RequestError("TC507", f"wrt is a name or a list of names, not {shown(wrt)}", field="wrt")


def _variable(name: str, reading: Reading) -> Variable:
    name = spelled(name, reading.variables)
    if name in reading.variables:
        return reading.variables[name]
    known = ", ".join(sorted(reading.variables)) or "none"
    raise UnknownNameError("TC204", f"{name} is not a variable of the formula", source=name, spans=[(0, len(name))],
                           facts=[f"variables: {known}"], field="wrt",
                           help=_not_a_variable(name, reading))


def _not_a_variable(name: str, reading: Reading) -> str | None:
    """What a name is that cannot be differentiated by."""
    base = name.partition("_")[0]
    if base != name and base in reading.variables:
        return f"write {base} alone: the answer has an index of its own for it"
    if name in reading.scope.integers:
        return f"{name} stands as an exponent, a size or a position, which is a whole number"
    if name in ("δ", "ε", "ϵ"):
        return f"{name} with indices is a constant unless it is declared (vars, or --var {name}=3,3)"
    return next((f"did you mean {other}?" for other in reading.variables if other.lower() == name.lower()), None)


def _contracted(statement: str, expr: Expr, layout: Layout, reading: Reading) -> Reading:
    """An index statement applied to the derivative, which is called ``D`` there."""
    axes, at = [], 0
    for count in layout.groups:
        axes.append(tuple(expr.shape[at : at + count]))
        at += count
    declared = {name: array_shape(variable, variable.groups or (1,) * variable.rank)
                for name, variable in reading.variables.items() if name != "D"}
    scope = Scope(declared=declared, tensors={"D": Value(expr, tuple(axes), matrix=False)})
    return read(statement, scope, field="contract")


def wanted(request: Mapping[str, Any]) -> list[str]:
    want = request.get("want", list(DEFAULT_WANT))
    if not isinstance(want, (list, tuple)):
        raise RequestError("TC507", f"want is a list, not {shown(want)}", field="want")
    for name in want:
        if name not in WANTS:
            raise RequestError("TC508", f"want lists some of {', '.join(WANTS)}, not {shown(name)}", field="want")
    return list(want)
