"""One pure function from a request to a response, shared by every surface.

``handle`` never raises for what a user wrote: an error is an answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .algebra.expr import Expr
from .calculus.derivation import contraction, derivation, steps_of
from .calculus.derive import ALL_READINGS, derive
from .errors import LimitError, RequestError, ShapeError, TensorCalcError, UnsupportedError
from .notation.describe import Layout, array_shape, convention, describe
from .notation.latex import latex, latex_statement
from .notation.lower import Reading, Scope, read
from .numbers import evaluate
from .numbers.backends import numpy
from .numbers.code import codegen
from .numbers.code.dialects import LIBRARIES
from .pictures.formats import network_picture
from .request import FORMS, check_fields, check_name, choice_of, derived, mapping_of, scope_of, shown, text_of, wanted
from .verdicts import check_answer, verify_answer

NOTATIONS = ("matrix", "index", "kronecker")
_DERIVE_FIELDS = {"do", "expr", "wrt", "order", "vars", "assume", "functions", "layout", "vec", "want", "wrt_convention",
                  "contract", "index_dims", "orders", "detail", "notation"}
_EVALUATE_FIELDS = {"do", "expr", "values", "vars", "assume", "functions", "index_dims"}


def handle(request: Any) -> dict[str, Any]:
    """Answer a request as the language page lays down.

    Examples
    --------
    >>> answer = handle({"do": "derive", "expr": "tr(A*X*B)", "wrt": "X"})
    >>> answer["matrix"], answer["index"]
    ("A' B'", 'D_ij = A_ki B_jk')
    >>> handle({"do": "derive", "expr": "tr(A*X", "wrt": "X"})["error"]["code"]
    'TC006'
    """
    try:
        return {"ok": True, **respond(request)}
    except TensorCalcError as error:
        return {"ok": False, "error": error.to_dict()}


def respond(request: Any) -> dict[str, Any]:
    """What :func:`handle` answers, without ``ok``.

    Raises
    ------
    TensorCalcError: whatever is wrong with the request, with its place in the source.
    """
    if not isinstance(request, dict):
        raise RequestError("TC502", f"a request is a JSON object, not {shown(request)}")
    do = request.get("do")
    if not isinstance(do, str) or do not in _ACTIONS:
        raise RequestError("TC503", f"do is one of {', '.join(_ACTIONS)}, not {shown(do)}", field="do")
    try:
        return _ACTIONS[do](request)
    except RecursionError:
        raise RequestError("TC504", "the request nests too deeply") from None


def _derive(request: Mapping[str, Any]) -> dict[str, Any]:
    check_fields(request, _DERIVE_FIELDS, ("expr", "wrt"))
    want = wanted(request)
    numerator = choice_of(request, "layout", ("numerator", "denominator")) == "numerator"
    columns = choice_of(request, "vec", ("F", "C")) == "F"
    found = derived(request, ALL_READINGS)
    taken = set(found.reading.variables) | found.reading.scope.integers
    forms = describe(found.expr, found.layout, numerator=numerator, columns=columns, taken=taken,
                     want=set(want) | (set(FORMS) if "latex" in want else set()))
    answer: dict[str, Any] = {
        "shape": array_shape(found.expr, found.layout.groups),
        "vars": {name: list(array_shape(variable, variable.groups or (1,) * variable.rank))
                 for name, variable in sorted(found.reading.variables.items())},
        "convention": convention(found.derived, taken, numerator=numerator, columns=columns,
                                 reading=choice_of(request, "wrt_convention", ALL_READINGS)),
    }
    statement = request.get("contract")
    if statement is not None:
        answer["convention"] = f"{' '.join(statement.split())} · {answer['convention']}"
    texts = forms.texts()
    answer |= {name: texts[name] for name in FORMS if name in want}
    answer["where"] = forms.where_texts()
    if found.reading.notes:
        answer["notes"] = list(found.reading.notes)
    if "latex" in want:
        answer["latex"] = forms.latex()
    if "formula" in want:
        answer["formula"] = {"latex": _formula(found.reading), "where": forms.where_latex()}
    if "steps" in want:
        reading = choice_of(request, "wrt_convention", ALL_READINGS)
        detail, notation = choice_of(request, "detail", ("brief", "full")), choice_of(request, "notation", NOTATIONS)
        lines = derivation(found.reading.expr, found.derived, found.variables, found.facts, reading, detail, notation)
        if statement is not None:
            lines.append(contraction(statement, found.expr, found.layout, notation))
        answer["steps"] = steps_of(lines)
    if "diagram" in want:
        answer["diagram"] = str(network_picture(found.expr, found.layout, "svg", taken, alone=False))
    if "code" in want:
        answer["code"] = {library: _module(found.expr, library, found.layout.groups) for library in LIBRARIES}
    return answer


def _formula(reading: Reading) -> str | None:
    """What was read, as LaTeX and in the notation it came in; ``None`` where it is too large to be written out."""
    try:
        forms = describe(reading.expr, Layout((reading.groups,), reading.letters, reading.name), want=("matrix", "index"))
    except LimitError:
        return None
    if forms.matrix is not None and not reading.letters:
        return latex(forms.matrix)
    if forms.index is None:
        return None
    return latex_statement(forms.left, forms.index) if reading.name else latex(forms.index)


def _module(expr: Expr, library: str, groups: Sequence[int] | None) -> str | None:
    """Generated code; ``None`` where the library lacks a function."""
    try:
        return codegen.module_code(expr, library, groups=groups)
    except UnsupportedError as error:
        if error.code != "TC314":
            raise
        return None


# -- evaluate ----------------------------------------------------------------------------


def _evaluate(request: Mapping[str, Any]) -> dict[str, Any]:
    check_fields(request, _EVALUATE_FIELDS, ("expr", "values"))
    values = mapping_of(request, "values")
    reading = read(text_of(request, "expr"), _with_shapes(request, values))
    try:
        result = evaluate.evaluate_json(reading.expr, values, reading.groups, reading.variables.values())
    except ShapeError:
        _read_with_sizes(request, values)   # which says more, where the formula shows what disagrees
        raise
    return {"value": result, "shape": array_shape(reading.expr, reading.groups)}


def _read_with_sizes(request: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Read a formula where names have the shapes of their values, for the error that this is."""
    scope = _with_shapes(request, {})
    given = {name: list(numpy().shape(value)) for name, value in values.items() if name not in scope.declared}
    scope.declared = {**scope.declared, **{name: shape for name, shape in given.items() if shape}}
    read(text_of(request, "expr"), scope)


def _with_shapes(request: Mapping[str, Any], values: Mapping[str, Any]) -> Scope:
    """Names that nobody declared take the order of their values."""
    scope, facts = scope_of(request)
    scope.differentiate = lambda expr, by, order: derive(expr, [by] * order, facts)
    orders: dict[str, int] = {}
    for name, value in values.items():
        check_name(name, "values")
        if name not in scope.declared:
            depth, inner = 0, value
            while isinstance(inner, (list, tuple)) and depth < 12:
                depth, inner = depth + 1, inner[0] if inner else None
            orders[name] = depth
    scope.orders = orders
    return scope


_ACTIONS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "derive": _derive, "verify": verify_answer, "check": check_answer, "evaluate": _evaluate}
