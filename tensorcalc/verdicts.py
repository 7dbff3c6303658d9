"""Verdicts as answers: steps in words, counterexamples as numbers, diagnoses.

Knows the response format; the deciding is done in ``verify`` and ``check``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .algebra.expr import Expr
from .calculus.derive import ALL_READINGS, READINGS, derive
from .errors import RequestError, ShapeError
from .notation.describe import Layout, array_shape, axis_letters, left_name, page
from .notation.latex import latex, latex_statement
from .notation.lower import Scope
from .notation.pasted import is_latex
from .notation.pasted import sides as pasted_sides
from .notation.recover import index
from .notation.syntax import Name
from .notation.text import statement_text, text
from .proofs import probe
from .proofs.check import check
from .proofs.proof import STATEMENTS, Move, Proof
from .proofs.replay import Claim
from .proofs.verify import Verdict, entry, verify
from .request import check_fields, choice_of, derived, scope_of, text_of

_VERIFY_FIELDS = {"do", "lhs", "rhs", "vars", "orders", "assume", "functions", "wrt_convention", "index_dims", "want", "detail",
                  "notation"}
_CHECK_FIELDS = {"do", "expr", "wrt", "order", "claimed", "vars", "orders", "assume", "functions", "wrt_convention",
                 "index_dims", "layout", "vec", "want", "detail", "notation", "contract"}


UNWRITTEN = "(no written form)"
"""Stands for an expression that no notation can write."""


def verify_answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ``{"do": "verify", "lhs": …, "rhs": …}``."""
    check_fields(request, _VERIFY_FIELDS, ("lhs", "rhs"))
    scope, facts = scope_of(request)
    reading = choice_of(request, "wrt_convention", READINGS)
    verdict = verify(text_of(request, "lhs"), text_of(request, "rhs"), scope, facts, equations=_equations(request),
                     reading=reading)
    return answer(verdict)


def sides(statement: str) -> tuple[str, str]:
    """Both sides of ``lhs == rhs``, or of ``lhs = rhs`` where neither side is an index statement.

    Raises
    ------
    RequestError: TC521 where there are no two sides.
    """
    if is_latex(statement) and (found := pasted_sides(statement)) is not None:
        return found
    joint = "==" if "==" in statement else "="
    lhs, _, rhs = statement.partition(joint)
    if not rhs.strip() or joint in rhs:
        raise RequestError("TC521", f"no two sides are in {statement!r}", help="write lhs == rhs")
    return lhs.strip(), rhs.strip()


def claim_of(request: Mapping[str, Any]) -> Claim:
    """What a request to verify claims, for a proof to be checked against."""
    scope, facts = scope_of(request)
    return Claim(text_of(request, "lhs"), text_of(request, "rhs"), scope.declared, facts, scope.index_dims, scope.functions,
                 _equations(request), choice_of(request, "wrt_convention", READINGS))


def _equations(request: Mapping[str, Any]) -> list[str]:
    given = (request.get("assume") or {}).get("equations", [])
    listed = [given] if isinstance(given, str) else list(given) if isinstance(given, (list, tuple)) else None
    if listed is None or not all(isinstance(equation, str) for equation in listed):
        raise RequestError("TC510", "equations is a list of texts", field="assume")
    return listed


def answer(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a response."""
    layout = Layout((verdict.left.groups,), verdict.left.letters, row=verdict.left.row)
    found: dict[str, Any] = {"verdict": verdict.verdict, "steps": [], "counterexample": None}
    if verdict.proof is not None:
        found["steps"] = steps(verdict.proof, layout)
    if verdict.gap is not None:
        found["counterexample"] = counterexample(verdict.gap, verdict)
    found["diagnosis"] = verdict.diagnosis
    found["evidence"] = verdict.evidence
    found["vars"] = {name: list(array_shape(variable, variable.groups or (1,) * variable.rank))
                     for name, variable in sorted({**verdict.left.variables, **verdict.right.variables}.items())}
    return found


def steps(proof: Proof, layout: Layout) -> list[dict[str, Any]]:
    """The moves of a proof, each with its rule and what it did to the whole side."""
    written: dict[Expr, tuple[str, str]] = {}

    def words(expr: Expr) -> tuple[str, str]:
        if expr not in written:
            written[expr] = form(expr, layout)
        return written[expr]

    found = [_step(move, words(move.before), words(move.after)) for move in proof.moves]
    if not found:
        plain, typeset = words(proof.left)
        found.append({"rule": "normal-form", "statement": STATEMENTS["normal-form"], "reference": "", "side": "left",
                      "before": plain, "after": plain, "text": plain, "latex": typeset, "latex_before": typeset,
                      "latex_after": typeset})
    return found


def _step(move: Move, before: tuple[str, str], after: tuple[str, str]) -> dict[str, Any]:
    step: dict[str, Any] = {
        "rule": move.rule, "statement": move.statement, "reference": move.reference, "side": move.side,
        "before": before[0], "after": after[0], "text": f"{before[0]} = {after[0]}",
        "latex": f"{before[1]} = {after[1]}", "latex_before": before[1], "latex_after": after[1],
    }
    if move.factor is not None:
        step["factor"] = form(move.factor, Layout(((1,) * move.factor.rank,)))[0]
        step["spec"] = move.spec
        step["text"] = f"multiply {before[0]} by {step['factor']}"
        step["latex"] = after[1]
    return step


def form(expr: Expr, layout: Layout, taken: Collection[str] = ()) -> tuple[str, str]:
    """An expression in matrix notation, or in index notation where it has no matrix form; text and LaTeX.

    ``taken``: names that a derivative may not be given.
    """
    tree = page(expr, layout) if sum(layout.groups) == expr.rank else None
    if tree is not None:
        return text(tree), latex(tree)
    letters = axis_letters(layout) if layout.variables else tuple("ijklmnpqrstuvw"[: expr.rank])
    body = index.recover(expr, letters)
    groups = layout.groups if sum(layout.groups) == expr.rank else (1,) * expr.rank
    left = Name(left_name(layout, taken) if layout.variables else "L", index.grouped(letters, groups) or None)
    if body is None:
        return UNWRITTEN, rf"\text{{{UNWRITTEN}}}"
    return statement_text(left, body), latex_statement(left, body)


def counterexample(gap: probe.Gap, verdict: Verdict) -> dict[str, Any]:
    """Sizes, values, the entry where both sides differ, and both values there."""
    point = gap.point
    values: dict[str, Any] = {name: _plain(value) for name, value in point.values.items()} | dict(point.formulas)
    rest = [v for name, v in verdict.left.variables.items() if name not in values]
    sizes = {name: point.sizes.get(name, 2) for name in probe.symbols_of([], rest)}
    extra = probe.draw(rest, verdict.facts, sizes, probe.generator(0))
    if extra is not None:
        values |= {name: _plain(value) for name, value in extra.values.items()}
    return {"dims": sizes | dict(point.sizes), "values": values, "entry": entry(gap, verdict.left),
            "lhs": gap.left, "rhs": gap.right}


def _plain(value: Any) -> Any:
    listed = value.tolist()
    return _whole(listed)


def _whole(value: Any) -> Any:
    """Numbers without a fraction as integers, for people."""
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if float(value).is_integer() else value


def check_answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ``{"do": "check", "expr": …, "wrt": …, "claimed": …}``."""
    check_fields(request, _CHECK_FIELDS, ("expr", "wrt", "claimed"))
    found = derived(request, ALL_READINGS)
    asked, facts = scope_of(request)
    variables = found.reading.variables
    declared = {name: array_shape(v, v.groups or (1,) * v.rank) for name, v in variables.items()}
    scope = Scope(declared=declared, integers=set(found.reading.scope.integers), functions=asked.functions,
                  index_dims=asked.index_dims, differentiate=lambda expr, by, order: derive(expr, [by] * order, facts))
    numerator = choice_of(request, "layout", ("numerator", "denominator")) == "numerator"
    columns = choice_of(request, "vec", ("F", "C")) == "F"
    names = found.layout.variables
    try:
        diagnosis = check(found.expr, found.layout, text_of(request, "claimed"), scope, facts,
                          [variables[name] for name in names if name in variables], numerator=numerator, columns=columns)
    except ShapeError as error:
        shape = array_shape(found.expr, found.layout.groups)
        return {"verdict": "refuted", "steps": [], "counterexample": None, "diagnosis": "wrong-shape", "evidence": "",
                "says": f"the claim does not conform: {'; '.join([error.message, *error.facts])}",
                "correct": form(found.expr, found.layout, variables)[0], "shape": shape, "factor": None, "term": None}
    verdict = diagnosis.verdict
    response = answer(verdict) if verdict is not None else {"verdict": "undecided", "steps": [], "counterexample": None}
    response["diagnosis"] = diagnosis.word
    response["says"] = diagnosis.says
    target = diagnosis.target
    itself = target.expr is found.expr and target.groups == found.layout.groups   # with the letters of a derivative
    response["correct"] = form(target.expr, found.layout if itself else Layout((target.groups,)), variables)[0]
    response["factor"] = None if diagnosis.factor is None else str(diagnosis.factor)
    term = None if diagnosis.term is None else form(diagnosis.term, Layout((target.groups,)))[0]
    response["term"] = None if term == UNWRITTEN else term
    return response

