"""The command line: requests from words, answers as text.

Knows options, requests and how an answer is laid out for people; answers come from
:mod:`tensorcalc.service`.  Exit codes: 0 answered, 2 an error, which is on standard error.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from shlex import split
from typing import Any, BinaryIO, NamedTuple

from . import __version__
from .calculus.rules.sets import ALL
from .codes import CODES
from .errors import LimitError, RequestError, TensorCalcError, UnsupportedError
from .functions import TABLE
from .notation.lower.matrix import FUNCTION_NAMES
from .numbers.code.dialects import LIBRARIES
from .options import Arguments, Option, arguments, file, kinds, listed, properties, shapes, sizes, strict, value, whole
from .request import FORMS
from .service import handle, respond
from .spelling import closest
from .verdicts import sides

MOST_BYTES = 2**20   # of one line of a batch

_DECLARING = (
    Option("--var", "A=p,n", "the shape of a name: sizes are names, numbers, n*m; A= is a number", "vars", shapes,
           many=True),
    Option("--assume", "S=symmetric,spd", "properties of a name, or an equation: \"W'*W = eye(n)\"", "assume",
           properties, many=True),
    Option("--function", "f=elementwise", "an unknown function: elementwise, scalar, or a formula in z", "functions",
           kinds, many=True),
    Option("--index-dim", "i=3", "the size of an index that stands on deltas alone", "index_dims", sizes, many=True),
)
_JSON = Option("--json", "", "the answer as one line of JSON", "json")
_READING = Option("--reading", "structured", "by a variable with structure: free, structured, projected or vech",
                  "wrt_convention")
_LAYOUT = (
    Option("--layout", "denominator", "the Kronecker form transposed", "layout"),
    Option("--vec", "C", "vec stacks rows", "vec"),
)
_WRT = (
    Option("--wrt", "X", "by this variable; X,Y for one derivative after the other", "wrt", listed, many=True),
    Option("--order", "2", "the same again", "order", whole),
)
_DERIVE = (
    *_WRT, *_DECLARING, _READING,
    Option("--contract", "'c_i = eps_ijk D_kj'", "an index statement about the derivative, called D", "contract"),
    *_LAYOUT,
    Option("--form", "matrix", "only this: matrix, index, kronecker or einsum", "form", listed, many=True),
    Option("--latex", "", "LaTeX too", "latex"),
    Option("--code", "numpy", "a module that computes it with numpy, jax or torch; all the rest becomes its comment", "code",
           listed),
    Option("--steps", "", "how it is derived", "steps"),
    Option("--detail", "full", "every rule that is used", "detail"),
    Option("--notation", "index", "the notation of the steps: matrix, index or kronecker", "notation"),
    _JSON,
)
_CHECK = (*_WRT, Option("--claim", "\"A'*B'\"", "the derivative as somebody claims it", "claimed"), *_DECLARING,
          _READING, *_LAYOUT, _JSON)
_EVALUATE = (Option("--values", "FILE", "a JSON object with values by name; - is standard input", "values"),
             *_DECLARING, _JSON)

_REQUESTED = ("wrt", "order", "vars", "assume", "functions", "index_dims", "wrt_convention", "contract", "layout",
              "vec", "detail", "notation", "claimed")


def main(given: Sequence[str] | None = None) -> int:
    """Answer one command."""
    words = list(sys.argv[1:] if given is None else given)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        status = _command(words)
        sys.stdout.flush()
    except TensorCalcError as error:
        sys.stderr.write(_painted(str(error), error.message, "1;31") + "\n")
        return 2
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _command(words: list[str]) -> int:
    name = words[0] if words else "help"
    if name in ("-h", "--help", "help"):
        topic = words[1] if len(words) > 1 and words[1] in COMMANDS else ""
        return _print(_help(topic) if topic else _overview())
    if name in ("-V", "--version", "version"):
        return _print([f"tensorcalc {__version__}"])
    if name not in COMMANDS:
        meant = closest(name, COMMANDS)
        raise RequestError("TC520", f"unknown command {name}",
                           help=f"did you mean {meant}?" if meant else f"commands are {', '.join(COMMANDS)}")
    if "--help" in words or "-h" in words:
        return _print(_help(name))
    command = COMMANDS[name]
    return command.run(arguments(words[1:], command.options))


def _print(lines: Sequence[str]) -> int:
    sys.stdout.write("".join([line + "\n" for line in lines]))
    return 0


# -- how answers look --------------------------------------------------------------------


def _coloured(stream: Any) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _painted(text: str, part: str, colour: str) -> str:
    """``part`` of an error in colour, where a terminal shows it."""
    return text.replace(part, f"\033[{colour}m{part}\033[0m", 1) if part and _coloured(sys.stderr) else text


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lines with a label each; a label that repeats is left out."""
    width = max([11, *[len(label) + 1 for label, _ in rows]])
    paint = "\033[2m{}\033[0m" if _coloured(sys.stdout) else "{}"
    lines, last = [], ""
    for label, text in rows:
        shown = label if label != last else ""
        last = label
        for k, line in enumerate(text.splitlines() or [""]):
            lines.append("  " + paint.format((shown if not k else "").ljust(width)) + " " + line)
    return lines


def _title(text: str) -> str:
    return f"\033[1m{text}\033[0m" if _coloured(sys.stdout) else text


def _shape(shape: Sequence[object]) -> str:
    return " x ".join(map(str, shape)) or "a number"


def _quotient(convention: str) -> str:
    """``∂C/∂X`` out of ``D_ijpq = ∂C_ij/∂X_pq · …``."""
    whole = convention.partition(" · ")[0].partition(" = ")[2]
    return re.sub(r"_(\{[^}]*\}|\w+)", "", whole)


# -- derive ------------------------------------------------------------------------------


def _formula(given: Arguments, command: str) -> str:
    if len(given.words) != 1:
        many = ", ".join(given.words[:3])
        raise RequestError("TC520", f"more than one formula: {many}" if many else "a formula is missing",
                           help=f"quote it: {_EXAMPLES[command][0]}")
    return given.words[0]


def _derive(given: Arguments) -> int:
    want = [*given.values.get("form", FORMS), *[name for name in ("latex", "code", "steps") if name in given.values]]
    for name, choices in (("form", FORMS), ("code", LIBRARIES)):
        for word in given.values.get(name, []):
            if word not in choices:
                raise RequestError("TC508", f"--{name} is one of {', '.join(choices)}, not {word!r}")
    request = given.request("derive", _REQUESTED) | {"expr": _formula(given, "derive"), "want": want}
    _insist(request, "wrt", "--wrt X")
    if "json" in given.values:
        return _json(request)
    answer = respond(request)
    lines = [_title(_heading(answer, request)), *_table(_forms(answer, want))]
    if "code" in given.values:
        return _print([*[f"# {line}" for line in lines], "", *_module(answer["code"], given.values["code"]).splitlines()])
    return _print(lines)


def _module(code: dict[str, str | None], libraries: list[str]) -> str:
    """The module for the library that ``--code`` names."""
    if len(libraries) > 1:
        raise RequestError("TC508", f"--code is one of {', '.join(LIBRARIES)}, not {', '.join(libraries)}")
    module = code[libraries[0]]
    if module is None:
        raise UnsupportedError("TC314", f"{libraries[0]} does not have a function of this derivative", field="want",
                               help="--code numpy")
    return module


def _insist(request: dict[str, Any], field: str, option: str) -> None:
    if field not in request:
        raise RequestError("TC520", f"{option.partition(' ')[0]} is missing", help=f"write {option}")


def _json(request: dict[str, Any]) -> int:
    """The answer to ``request`` as JSON; an error is one too."""
    answer = handle(request)
    _print([_dumped(answer)])
    return 0 if answer["ok"] else 2


def _dumped(answer: dict[str, Any]) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(answer)


def _heading(answer: dict[str, Any], request: dict[str, Any]) -> str:
    facts = request.get("assume", {})
    words = [f"{name} ({', '.join([_shape(shape), *facts.get(name, [])])})" for name, shape in answer["vars"].items()]
    return f"{_quotient(answer['convention'])} for {', '.join(words) or 'no variables'}: {_shape(answer['shape'])}"


def _forms(answer: dict[str, Any], want: Sequence[str]) -> list[tuple[str, str]]:
    rows = [(name, answer[name] or "") for name in FORMS if name in want and (answer[name] or len(want) == 1)]
    rows = [(name, text or "there is no such form") for name, text in rows]
    rows += [("where", f"{name} = {text}") for name, text in answer["where"].items()]
    if "latex" in want:
        rows += [(f"latex {name}", text) for name, text in answer["latex"].items() if text and name in want]
    rows += [("step", f"{step['text']}    ({step['rule']}: {step['statement']})") for step in answer.get("steps", [])]
    rows += [("note", note) for note in answer.get("notes", [])]
    return [*rows, ("convention", answer["convention"])]


# -- evaluate, verify, check -------------------------------------------------------------


def _evaluate(given: Arguments) -> int:
    request = given.request("evaluate", _REQUESTED)
    values = dict(file(given.values["values"], sys.stdin.read)) if "values" in given.values else {}
    for word in given.words[1:]:
        values |= value(word)
    given.words = given.words[:1]
    request |= {"expr": _formula(given, "evaluate"), "values": values}
    if "json" in given.values:
        return _json(request)
    return _print(_laid_out(respond(request)["value"]))


def _laid_out(array: Any) -> list[str]:
    """Nested lists as JSON, one row a line, columns under one another."""
    if not isinstance(array, list) or not array or not isinstance(array[0], list):
        return [_entries(array)]
    if not any(isinstance(entry, list) for row in array for entry in row):
        width = max(len(_entries(entry)) for row in array for entry in row) if array[0] else 0
        lines = [f"[{', '.join([_entries(entry).rjust(width) for entry in row])}]" for row in array]
    else:
        lines = ["\n ".join(_laid_out(part)) for part in array]
    return ("[" + ",\n ".join(lines) + "]").splitlines()


def _entries(array: Any) -> str:
    """A number, or a list of numbers, as JSON; whole numbers without their point."""
    if isinstance(array, list):
        return f"[{', '.join(map(_entries, array))}]"
    return json.dumps(int(array) if isinstance(array, float) and array.is_integer() and abs(array) < 1e16 else array)


def _verify(given: Arguments) -> int:
    lhs, rhs = sides(_formula(given, "verify"))
    request = given.request("verify", _REQUESTED) | {"lhs": lhs, "rhs": rhs}
    if "json" in given.values:
        return _json(request)
    return _print(_verdict(respond(request)))


def _check(given: Arguments) -> int:
    request = given.request("check", _REQUESTED) | {"expr": _formula(given, "check")}
    _insist(request, "wrt", "--wrt X")
    _insist(request, "claimed", "--claim \"A'*B'\"")
    if "json" in given.values:
        return _json(request)
    answer = respond(request)
    rows = [(name, str(answer[name])) for name in ("says", "correct", "factor", "term") if answer.get(name)]
    return _print([_title(answer["diagnosis"]), *_table(rows)])


def _verdict(answer: dict[str, Any]) -> list[str]:
    rows = [("step", f"{step['text']}    ({step['rule']}: {step['statement']})") for step in answer["steps"]]
    rows += [(name, answer[name]) for name in ("diagnosis", "evidence") if answer[name]]
    counterexample = answer.get("counterexample") or {}
    if counterexample and not counterexample["values"]:   # nothing else shows the sizes
        rows += [("where", f"{name} = {size}") for name, size in counterexample["dims"].items()]
    for name, found in counterexample.get("values", {}).items():
        rows.append(("where", f"{name} = {found if isinstance(found, str) else _entries(found)}"))
    return [_title(answer["verdict"]), *_table(rows)]


# -- batch -------------------------------------------------------------------------------


def _batch(given: Arguments) -> int:
    if given.words:
        raise RequestError("TC520", "batch takes no words; it reads requests from standard input",
                           help=_EXAMPLES["batch"][0])
    for line in _lines(sys.stdin.buffer):
        if line is None or line.strip():
            sys.stdout.write(_dumped(_answered(line)) + "\n")
            sys.stdout.flush()
    return 0


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a stream; ``None`` for one that is too long, of which no more than a bound is ever held."""
    while line := stream.readline(MOST_BYTES + 1):
        if len(line) <= MOST_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MOST_BYTES)
        yield None


def _answered(line: bytes | None) -> dict[str, Any]:
    """The answer to one line; whatever happens, there is one."""
    try:
        if line is None:
            raise LimitError("TC417", f"a line of more than {MOST_BYTES} bytes", help="name parts: t = A x - b; t' t")
        return handle(_decoded(line))
    except TensorCalcError as error:
        return {"ok": False, "error": error.to_dict()}
    except Exception as error:
        unexpected = RequestError("TC599", f"an internal error: {type(error).__name__}: {str(error)[:200]}",
                                  help="please report the request that causes it")
        return {"ok": False, "error": unexpected.to_dict()}


def _decoded(line: bytes) -> Any:
    try:
        return strict(line.decode("utf-8-sig"))
    except ValueError as error:
        words = "the line is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"the line is not JSON: {error}"
        raise RequestError("TC522", words, help='write {"do": "derive", "expr": "tr(A X)", "wrt": "X"}') from None


# -- tables ------------------------------------------------------------------------------


def _explain(given: Arguments) -> int:
    """A code in a sentence, and a command that raises it with what it prints."""
    if not given.words:
        return _print(_columns([(code, row.sentence) for code, row in CODES.items()]))
    lines: list[str] = []
    for word in given.words:
        code = word.upper()
        if code not in CODES:
            raise RequestError("TC521", f"there is no code {word}", help="tensorcalc explain lists them all")
        row = CODES[code]
        lines += [_title(f"{code}  {row.kind(code)}"), f"  {row.sentence}"]
        if row.example:
            lines += ["", f"  $ tensorcalc {row.example}", *[f"  {line}" for line in _raised(row.example).splitlines()]]
    return _print(lines)


def _raised(example: str) -> str:
    """The error that a command ends in."""
    try:
        _command(split(example))
    except TensorCalcError as error:
        return str(error)
    return ""


def _functions(given: Arguments) -> int:
    """What each function takes and gives, and its derivative, as the table has them."""
    rows = []
    for name in [_known("function", word, FUNCTION_NAMES) for word in given.words] or sorted(FUNCTION_NAMES):
        row = TABLE.get(name)
        rows.append((name, row.signature, "; ".join(row.derivatives), row.reference) if row else (name, "", "", ""))
    return _print(_columns(rows))


def _rules(given: Arguments) -> int:
    """Every rule that answers are rewritten by."""
    families = sorted({rule.name.partition(".")[0] for rule in ALL})
    wanted = [_known("family of rules", word, families) for word in given.words] or families
    return _print(_columns([(rule.name, rule.statement, rule.reference) for rule in ALL
                            if rule.name.partition(".")[0] in wanted]))


def _known(what: str, word: str, known: Collection[str]) -> str:
    """``word``, which is one of the known ones."""
    if word not in known:
        meant = closest(word, known)
        raise RequestError("TC521", f"there is no {what} {word}", help=f"did you mean {meant}?" if meant else None)
    return word


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their cells under one another."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join([cell.ljust(width) for cell, width in zip(row, widths)]).rstrip() for row in rows]


# -- help --------------------------------------------------------------------------------


class Command(NamedTuple):
    """One command: what it does, what it takes besides options, its options, and the function that does it."""

    help: str
    words: str
    options: tuple[Option, ...]
    run: Callable[[Arguments], int]


COMMANDS = {
    "derive": Command("differentiate a formula, in every notation", "FORMULA --wrt X", _DERIVE, _derive),
    "verify": Command("prove or refute an identity", "'LEFT == RIGHT'", (*_DECLARING, _READING, _JSON), _verify),
    "check": Command("say what is wrong with a derivative", "FORMULA --wrt X --claim DERIVATIVE", _CHECK, _check),
    "evaluate": Command("compute a formula", "FORMULA NAME=VALUE…", _EVALUATE, _evaluate),
    "batch": Command("answer JSON requests, one a line", "< requests > answers", (), _batch),
    "explain": Command("say what an error code means", "[CODE]", (), _explain),
    "functions": Command("list the functions and their derivatives", "[NAME]", (), _functions),
    "rules": Command("list the identities that answers are simplified by", "[FAMILY]", (), _rules),
}

_EXAMPLES = {
    "derive": [
        "tensorcalc derive \"tr(A X B)\" --wrt X",
        "tensorcalc derive \"C_ij = X_ik Y_kj\" --wrt X --layout denominator",
        "tensorcalc derive \"norm2(A x - b)^2\" --wrt x --order 2 --var b=m",
        "tensorcalc derive \"x' S x\" --wrt x --assume S=symmetric --code numpy > gradient.py",
    ],
    "verify": [
        "tensorcalc verify \"vec(A X B) == kron(B', A) vec(X)\"",
        "tensorcalc verify \"inv(A B) == inv(A) inv(B)\"",
    ],
    "check": ["tensorcalc check \"tr(A X)\" --wrt X --claim A"],
    "evaluate": [
        "tensorcalc evaluate \"A x\" 'A=[[1,2],[3,4]]' 'x=[1,1]'",
        "tensorcalc evaluate \"logdet(X' X)\" --values values.json",
    ],
    "batch": ["echo '{\"do\": \"derive\", \"expr\": \"tr(A X)\", \"wrt\": \"X\"}' | tensorcalc batch"],
    "explain": ["tensorcalc explain TC103", "tensorcalc explain"],
    "functions": ["tensorcalc functions", "tensorcalc functions inv"],
    "rules": ["tensorcalc rules", "tensorcalc rules inverse"],
}


def _overview() -> list[str]:
    lines = ["tensorcalc differentiates formulas in index, matrix and einsum notation.", ""]
    lines += [f"  $ {_EXAMPLES[name][0]}" for name in ("derive", "verify", "evaluate")]
    lines += ["", "Commands; --help after one of them shows its options and more examples:", ""]
    lines += [f"  {name:<10} {command.help}" for name, command in COMMANDS.items()]
    return [*lines, "", "Names that nobody declares go by their first letter: a to g numbers, h to z vectors, A to Z",
            "matrices, of sizes that conform. Products are A*B, A B or A @ B, elementwise A .* B; A' is a transpose."]


def _help(name: str) -> list[str]:
    command = COMMANDS[name]
    lines = [f"tensorcalc {name} {command.words}", "", f"  {command.help[0].upper()}{command.help[1:]}.", ""]
    lines += [f"  $ {example}" for example in _EXAMPLES[name]]
    if command.options:
        width = max(len(f"{option.flag} {option.value}") for option in command.options)
        lines += ["", *[f"  {f'{option.flag} {option.value}':<{width}}  {option.help}" for option in command.options]]
    return lines
