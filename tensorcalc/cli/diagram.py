"""The command that draws: tensor networks and plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..algebra.expr import Expr
from ..calculus.derive import ALL_READINGS, with_facts
from ..errors import RequestError
from ..notation.describe import Layout
from ..notation.lower import read
from ..numbers.plans.plan import nominal_sizes, plans
from ..pictures.formats import FORMATS, network_picture, plan_picture
from ..request import derived, scope_of
from . import show
from .command import DECLARING, FIELDS, JSON, READING, WRT, Command, formula
from .options import Arguments, Option


def _diagram(given: Arguments) -> int:
    """The picture on standard output, or in a file."""
    form = given.values.get("format", "svg")
    request = given.request("derive", FIELDS) | {"expr": formula(given, DIAGRAM.examples[0])}
    with show.working():
        expr, layout, taken = _drawn(request)
        if "plan" in given.values:
            sizes = nominal_sizes([expr])
            picture = plan_picture(plans([expr], sizes), sizes, form)
        else:
            picture = network_picture(expr, layout, form, taken)
    if "json" in given.values:
        return show.write([show.dumped({"ok": True, "format": form, "diagram": picture})])
    if "out" not in given.values:
        return show.write([picture])
    target = given.values["out"]
    try:
        Path(target).write_text(picture + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RequestError("TC523", f"{target} cannot be written: {words}") from None
    return 0


def _drawn(request: Mapping[str, Any]) -> tuple[Expr, Layout, set[str]]:
    """What is drawn: a derivative where there is a variable to derive by, else the formula."""
    if "wrt" in request:
        found = derived(request, ALL_READINGS)
        return found.expr, found.layout, set(found.reading.variables) | found.reading.scope.integers
    scope, facts = scope_of(request)
    reading = read(request["expr"], scope)
    layout = Layout((reading.groups,), reading.letters, reading.name, row=reading.row)
    return with_facts(reading.expr, facts), layout, set(reading.variables) | reading.scope.integers


DIAGRAM = Command("draw a formula or a derivative as a tensor network", "FORMULA [--wrt X]", (
    *WRT, *DECLARING, READING,
    Option("--contract", "'c_i = eps_ijk D_kj'", "an index statement about the derivative, called D", "contract"),
    Option("--plan", "", "draw the steps of its computation and what they cost", "plan"),
    Option("--format", "svg", "svg, dot for Graphviz, or tikz for LaTeX", "format", choices=FORMATS),
    Option("--out", "FILE", "write it to a file", "out"), JSON,
), _diagram, (
    "tensorcalc diagram \"C_ij = X_ik Y_kj\" --wrt X --format dot  # what is joined to what",
    "tensorcalc diagram \"M_ir = T_ijk B_jr C_kr\" --format tikz --var T=I,J,K --var B=J,R --var C=K,R",
    "tensorcalc diagram \"A B x\" --plan --format dot  # the order in which it is computed",
    "tensorcalc diagram \"x' A x\" --wrt x --order 2 > hessian.svg",
))

COMMANDS = {"diagram": DIAGRAM}
