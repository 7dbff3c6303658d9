"""The commands that ask one question: derive, verify, check, evaluate, code.

Knows requests and how an answer is laid out for people; answers come from :mod:`tensorcalc.service`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..calculus.derive import READINGS, derive, with_facts
from ..calculus.simplify import simplify
from ..errors import RequestError, TensorCalcError, UnsupportedError
from ..notation.describe import Layout, array_shape, describe
from ..notation.letters import uses_indices
from ..notation.lower import Reading, read
from ..notation.lower.matrix import FUNCTION_NAMES
from ..notation.parse import parse
from ..notation.syntax import Name, walk
from ..numbers.code.codegen import module_code
from ..numbers.code.dialects import LIBRARIES
from ..request import FORMS, scope_of
from ..service import NOTATIONS, handle, respond
from ..verdicts import sides
from . import show
from .command import (
    DECLARING,
    ERROR,
    FIELDS,
    JSON,
    LAYOUT,
    PROVED,
    READING,
    REFUTED,
    UNDECIDED,
    WRT,
    Command,
    formula,
    insist,
)
from .options import Arguments, Option, file, listed, value

VERDICTS = {"proved": PROVED, "refuted": REFUTED, "undecided": UNDECIDED}


def _json(request: dict[str, Any]) -> int:
    """The answer to ``request`` as JSON; an error is one too."""
    with show.working():
        answer = handle(request)
    show.write([show.dumped(answer)])
    return VERDICTS.get(answer.get("verdict", ""), 0) if answer["ok"] else ERROR


def _asked(request: dict[str, Any]) -> dict[str, Any]:
    with show.working():
        return respond(request)


def _joined(request: dict[str, Any], *fields: str) -> list[tuple[str, str]]:
    """A note on each name that looks like a product without spaces: AB, or Ax where there are A and x."""
    functions, declared = request.get("functions", {}), {*request.get("vars", {}), *request.get("assume", {})}
    read = [parse(request[field], functions, own=declared) for field in fields]
    trees = [tree for one in read for tree in (*(body for _, body in one.definitions), one.body)]
    found = {node.name for tree in trees for node in walk(tree) if isinstance(node, Name)}
    defined = {name.name for one in read for name, _ in one.definitions}
    names = found - declared - defined - {*functions, *FUNCTION_NAMES}
    return [("note", f"{name} is one name; a product is {' '.join(_split(name, names))}") for name in sorted(names)
            if len(name) > 1 and name.isalpha() and (name.isupper() or set(_split(name, names)[1:]) <= names
                                                     and (name[0].isupper() or name[0] in names))]


def _alone(answer: dict[str, Any], request: dict[str, Any]) -> list[tuple[str, str]]:
    """A note on a vector whose size nothing shares, and which multiplies a number: most people mean a number by it."""
    shapes, by, size = answer["vars"], request["wrt"], answer["shape"][:1]
    by = [by] * request.get("order", 1) if isinstance(by, str) else by
    declared = {*request.get("vars", {}), *request.get("assume", {})}
    statement = parse(request["expr"], request.get("functions", {}), own=declared)
    if "contract" in request or uses_indices(statement.body) or not shapes.keys() >= {*by} \
            or len(answer["shape"]) != 1 + sum([len(shapes[name]) for name in by]):
        return []
    names = [name for name, shape in shapes.items() if shape == size and name not in {*declared, *statement.orders, *by}]
    if not names or any([size[0] in shape for name, shape in shapes.items() if name not in names]):
        return []
    kind, options = "is a vector" if len(names) == 1 else "are vectors", " ".join([f"--var {name}=" for name in names])
    return [("note", f"{' and '.join(names)} {kind} by the first letter; for a number: {options}")]


def _split(name: str, names: set[str]) -> list[str]:
    """The factors that a name is made of: A x, or X beta where there is a beta."""
    return [name[0], name[1:]] if name[1:] in names else list(name)


def _read(text: str, request: dict[str, Any]) -> tuple[Reading, dict[str, list[str]]]:
    """A formula of a request by itself, and what is known of its names."""
    scope, facts = scope_of(request)
    scope.differentiate = lambda expr, by, order: derive(expr, [by] * order, facts)
    return read(text, scope), facts


def _insist_on_wrt(request: dict[str, Any]) -> None:
    """An error that names what a derivative may be by."""
    if "wrt" not in request:
        names = sorted(_read(request["expr"], request)[0].variables)
        words = f"and one of {', '.join(names)}" if len(names) > 1 else "".join(names)
        raise RequestError("TC520", "--wrt is missing",
                           help=f"write --wrt {words}" if names else "the formula has no variables")


def _steps(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [("step", f"{step['text']}    ({step['rule']}: {step['statement']})") for step in answer.get("steps", [])]


# -- derive ------------------------------------------------------------------------------


def _derive(given: Arguments) -> int:
    want = [*given.values.get("form", FORMS), *[name for name in ("latex", "code", "steps") if name in given.values]]
    request = given.request("derive", FIELDS) | {"expr": formula(given, DERIVE.examples[0]), "want": want}
    _insist_on_wrt(request)
    if "json" in given.values:
        return _json(request)
    answer = _asked(request)
    rows = [*_forms(answer, want), *_joined(request, "expr"), *_alone(answer, request)]
    lines = [show.title(_heading(answer, request)), *show.labelled(rows)]
    if "code" in given.values:
        return _commented(lines, _module(answer["code"], given.values["code"]))
    return show.write(lines)


def _code(given: Arguments) -> int:
    library = given.values.get("code", LIBRARIES[0])
    request = given.request("derive", FIELDS) | {"expr": formula(given, CODE.examples[0]), "want": ["matrix", "index", "code"]}
    if "wrt" not in request:
        return _value_code(request, library, "json" in given.values)
    if "json" in given.values:
        return _json(request)
    answer = _asked(request)
    form = "matrix" if answer["matrix"] else "index"
    lines = [_heading(answer, request), *show.labelled(_forms(answer, [form]))]
    return _commented(lines, _module(answer["code"], library))


def _value_code(request: dict[str, Any], library: str, as_json: bool) -> int:
    """A module for the formula itself."""
    with show.working():
        reading, facts = _read(request["expr"], request)
        module = module_code(simplify(with_facts(reading.expr, facts)), library, name="value", groups=reading.groups)
    answer = {"ok": True, "shape": list(array_shape(reading.expr, reading.groups)),
              "vars": {name: list(array_shape(variable, variable.groups or (1,) * variable.rank))
                       for name, variable in sorted(reading.variables.items())}, "code": {library: module}}
    if as_json:
        return show.write([show.dumped(answer)])
    return _commented([f"{request['expr'].strip()} {_for(answer, request)}"], module)


def _commented(lines: Sequence[str], module: str) -> int:
    return show.write([*[f"# {line}" for line in lines], "", *module.splitlines()])


def _module(code: dict[str, str | None], library: str) -> str:
    """The module for a library."""
    module = code[library]
    if module is None:
        raise UnsupportedError("TC314", f"{library} does not have a function of this derivative", field="want",
                               help="--code numpy")
    return module


def _heading(answer: dict[str, Any], request: dict[str, Any]) -> str:
    what = request["contract"].strip() if "contract" in request else _quotient(answer["convention"])
    return f"{what} {_for(answer, request)}"


def _for(answer: dict[str, Any], request: dict[str, Any]) -> str:
    """``for A (m x n), x (n): m``."""
    facts = request.get("assume", {})
    words = [f"{name} ({', '.join([show.shape(sizes), *facts.get(name, [])])})" for name, sizes in answer["vars"].items()]
    return f"for {', '.join(words) or 'no variables'}: {show.shape(answer['shape'])}"


def _quotient(convention: str) -> str:
    """``∂C/∂X`` out of ``D_ijpq = ∂C_ij/∂X_pq · …``."""
    whole = convention.partition(" · ")[0].partition(" = ")[2]
    return re.sub(r"_(\{[^}]*\}|\w+)", "", whole)


def _forms(answer: dict[str, Any], want: Sequence[str]) -> list[tuple[str, str]]:
    rows = [(name, answer[name] or "") for name in FORMS if name in want and (answer[name] or len(want) == 1)]
    rows = [(name, text or "there is no such form") for name, text in rows]
    rows += [("where", f"{name} = {text}") for name, text in answer["where"].items()]
    if "latex" in want:
        rows += [(f"latex {name}", text) for name, text in answer["latex"].items() if text and name in want]
    rows += _steps(answer)
    rows += [("note", note) for note in answer.get("notes", [])]
    return [*rows, ("convention", answer["convention"])]


# -- verify, check, evaluate -------------------------------------------------------------


def _verify(given: Arguments) -> int:
    lhs, rhs = sides(formula(given, VERIFY.examples[0]))
    request = given.request("verify", FIELDS) | {"lhs": lhs, "rhs": rhs}
    if "json" in given.values:
        return _json(request)
    answer = _asked(request)
    rows = _sides(request) if "indices" in given.values else []
    rows += _steps(answer) + [(name, answer[name]) for name in ("diagnosis", "evidence") if answer[name]]
    counterexample = answer.get("counterexample") or {}
    if counterexample and not counterexample["values"]:  # nothing else shows the sizes
        rows += [("where", f"{name} = {size}") for name, size in counterexample["dims"].items()]
    for name, found in counterexample.get("values", {}).items():
        rows.append(("where", f"{name} = {found if isinstance(found, str) else show.entries(found)}"))
    rows += _joined(request, "lhs", "rhs")
    show.write([show.title(answer["verdict"]), *show.labelled(rows)])
    return VERDICTS[answer["verdict"]]


def _sides(request: dict[str, Any]) -> list[tuple[str, str]]:
    """Both sides in index notation, as far as each can be read alone."""
    rows = []
    for side, field in (("left", "lhs"), ("right", "rhs")):
        try:
            reading, facts = _read(request[field], request)
            layout = Layout((reading.groups,), reading.letters, reading.name, row=reading.row)
            taken = set(reading.variables) | reading.scope.integers
            text = describe(with_facts(reading.expr, facts), layout, taken=taken, want={"index"}).texts()["index"]
        except TensorCalcError:   # a size that only the other side shows, or too much to be written
            continue
        rows += [(side, text)] if text else []
    return rows


def _check(given: Arguments) -> int:
    request = given.request("check", FIELDS) | {"expr": formula(given, CHECK.examples[0])}
    _insist_on_wrt(request)
    insist(request, "claimed", "--claim \"A'*B'\"")
    if "json" in given.values:
        return _json(request)
    answer = _asked(request)
    rows = [(name, str(answer[name])) for name in ("says", "correct", "factor", "term") if answer.get(name)]
    rows += _joined(request, "expr", "claimed")
    show.write([show.title(answer["diagnosis"]), *show.labelled(rows)])
    return VERDICTS[answer["verdict"]]


def _evaluate(given: Arguments) -> int:
    request = given.request("evaluate", FIELDS)
    values = dict(file(given.values["values"], sys.stdin.read)) if "values" in given.values else {}
    for word in given.words[1:]:
        values |= value(word)
    given.words = given.words[:1]
    request |= {"expr": formula(given, EVALUATE.examples[0]), "values": values}
    if "json" in given.values:
        return _json(request)
    return show.write(show.array(_asked(request)["value"]))


# -- the table ---------------------------------------------------------------------------

DERIVE = Command("differentiate a formula, in every notation", "FORMULA --wrt X", (
    *WRT, *DECLARING, READING,
    Option("--contract", "'c_i = eps_ijk D_kj'", "an index statement about the derivative, called D", "contract"),
    *LAYOUT,
    Option("--form", "matrix", "only this: matrix, index, kronecker or einsum", "form", listed, many=True, choices=FORMS),
    Option("--latex", "", "LaTeX too", "latex"),
    Option("--code", "numpy", "a module that computes it with numpy, jax or torch; all the rest becomes its comment", "code",
           choices=LIBRARIES),
    Option("--steps", "", "how it is derived", "steps"),
    Option("--detail", "full", "every rule that is used", "detail", choices=("brief", "full")),
    Option("--notation", "index", "the notation of the steps: matrix, index or kronecker", "notation", choices=NOTATIONS),
    JSON,
), _derive, (
    "tensorcalc derive \"tr(A X B)\" --wrt X  # a gradient",
    "tensorcalc derive \"C_ij = X_ik Y_kj\" --wrt X --layout denominator  # a derivative with four axes",
    "tensorcalc derive \"norm2(A x - b)^2\" --wrt x --order 2 --var b=m  # a Hessian, with b a vector",
    "tensorcalc derive \"logdet(W W' + a I)\" --wrt W --steps  # how it comes about",
    "tensorcalc derive \"tr(A S)\" --wrt S --assume S=symmetric --reading structured",
    "tensorcalc derive \"x' S x\" --wrt x --assume S=symmetric --code numpy > gradient.py",
))
VERIFY = Command("prove or refute an identity", "'LEFT == RIGHT'", (
    *DECLARING,
    replace(READING, help="how diff(…) reads a variable with structure: free, structured or projected", choices=READINGS),
    Option("--indices", "", "both sides with indices too, which shows why many are one expression", "indices"),
    JSON,
), _verify, (
    "tensorcalc verify \"vec(A X B) == kron(B', A) vec(X)\"  # exit code 0: proved",
    "tensorcalc verify \"inv(A B) == inv(A) inv(B)\"  # 1: refuted, with values to try",
    "tensorcalc verify \"tr(A B C) == tr(A C B)\" --assume A=symmetric --assume B=symmetric --assume C=symmetric",
    "tensorcalc verify \"diff(x' A x, x) == 2 A x\" --assume A=symmetric  # a derivative in an identity",
))
CHECK = Command("say what is wrong with a derivative", "FORMULA --wrt X --claim DERIVATIVE", (
    *WRT, Option("--claim", "\"A'*B'\"", "the derivative as somebody claims it", "claimed"), *DECLARING,
    READING, *LAYOUT, JSON,
), _check, (
    "tensorcalc check \"tr(A X)\" --wrt X --claim A  # exit code 1: wrong, and why",
    "tensorcalc check \"x' A x\" --wrt x --claim \"2 A x\"",
    "tensorcalc check \"x' A x\" --wrt x --claim \"2 A x\" --assume A=symmetric",
))
EVALUATE = Command("compute a formula", "FORMULA NAME=VALUE…", (
    Option("--values", "FILE", "a JSON object with values by name; - is standard input", "values"), *DECLARING, JSON,
), _evaluate, (
    "tensorcalc evaluate \"A x\" 'A=[[1,2],[3,4]]' 'x=[1,1]'",
    "tensorcalc evaluate \"diff(x' A x, x)\" 'A=[[1,2],[3,4]]' 'x=[1,1]'  # of a derivative",
    "tensorcalc evaluate \"logdet(X' X)\" --values values.json",
))
CODE = Command("write a formula or a derivative as a module for NumPy, JAX or PyTorch", "FORMULA [--wrt X]", (
    *WRT, Option("--for", "torch", "the library: numpy, jax or torch", "code", choices=LIBRARIES),
    *DECLARING, READING, Option("--contract", "'c_i = D_ij v_j'", "an index statement about the derivative, called D",
                                "contract"), JSON,
), _code, (
    "tensorcalc code \"sum(softplus(X w))\" --wrt w",
    "tensorcalc code \"tr(expm(A X))\" --wrt X --for jax > gradient.py",
    "tensorcalc code \"softmax(A x)\" --for torch  # of the formula itself",
))

COMMANDS = {"derive": DERIVE, "verify": VERIFY, "check": CHECK, "evaluate": EVALUATE, "code": CODE}
