"""Write ``cookbook.md``: equations of The Matrix Cookbook, each proved or refuted.

    python docs/generate_cookbook.py

The equations are those of ``cookbook_equations.py``, as they are printed.  Nothing here
knows which of them are right: the page says what ``verify`` says.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from cookbook_equations import SECTIONS, SERIES, Equation, Section, Unwritten  # noqa: E402

from tensorcalc.service import handle  # noqa: E402

MOST_RULES = 3   # that are named beside an equation


def shapes(text: str) -> dict[str, list[int | str]]:
    """``"A:n,m x:n c:"`` as sizes by name."""
    found: dict[str, list[int | str]] = {}
    for part in text.split():
        name, _, sizes = part.partition(":")
        found[name] = [int(size) if size.isdigit() else size for size in sizes.split(",") if size]
    return found


def requests(equation: Equation, sides: tuple[str, ...], also: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The first side against each of the others."""
    for other in sides[1:]:
        yield {"do": "verify", "lhs": sides[0], "rhs": other, "vars": shapes(equation.vars),
               "assume": {**equation.assume, **also}, "functions": dict(equation.functions),
               "wrt_convention": equation.convention}


def judged(equation: Equation, sides: tuple[str, ...] = (), also: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The answer on an equation: the first that is no proof, else the longest proof."""
    answers = [handle(request) for request in requests(equation, sides or equation.sides, also or {})]
    for answer in answers:
        assert answer["ok"], (equation.number, answer["error"]["message"])
    others = [answer for answer in answers if answer["verdict"] != "proved"]
    return others[0] if others else max(answers, key=lambda answer: len(answer["steps"]))


def written(sides: tuple[str, ...]) -> str:
    """The sides of an equation in one line, definitions first."""
    parts = [side.split("; ") for side in sides]
    definitions = list(dict.fromkeys(definition for part in parts for definition in part[:-1]))
    bodies = [part[-1] for part in parts]
    joint = " == " if any(" = " in body for body in bodies) else " = "
    return "; ".join([*definitions, joint.join(bodies)])


def rules(answer: Mapping[str, Any]) -> str:
    """The rules that a proof cites, each once."""
    names = list(dict.fromkeys(step["rule"] for step in answer["steps"]))
    names = [name for name in names if name != "equation.subtract"] or names
    return ", ".join(names[:MOST_RULES]) + (" …" if len(names) > MOST_RULES else "")


def stated(facts: Mapping[str, Any]) -> str:
    """What is assumed, in words."""
    words = [f"{name} {fact}" for name, fact in facts.items() if name != "equations"]
    return ", ".join([*words, *facts.get("equations", [])])


def remark(equation: Equation) -> str:
    tied = "tied entries move together" if equation.convention == "structured" else ""
    return "; ".join(part for part in (stated(equation.assume), tied, equation.note) if part)


# -- the page ------------------------------------------------------------------------------------


def table(section: Section, answers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield from (f"## {section.title}", "", "| | equation | verdict | by | |", "|---|---|---|---|---|")
    for row in section.rows:
        if isinstance(row, Unwritten):
            yield f"| {row.number} | | cannot be written | | {row.reason} |"
        else:
            answer = answers[row.number]
            yield f"| {row.number} | `{written(row.sides)}` | {answer['verdict']} | {rules(answer)} | {remark(row)} |"
    yield ""


def refutation(equation: Equation, answer: Mapping[str, Any]) -> Iterator[str]:
    """An equation that is wrong as it is printed: the counterexample, and what is right."""
    found = answer["counterexample"]
    lines = [("printed", written(equation.sides)), ("refuted", answer["diagnosis"])]
    lines += [("where", f"{name} = {value}") for name, value in sorted({**found["dims"], **found["values"]}.items())
              if name in found["values"] or not any(name in sizes for sizes in shapes(equation.vars).values())]
    if equation.corrected:
        verdict = judged(equation, equation.corrected)
        lines += [("corrected", written(equation.corrected)), (verdict["verdict"], f"by {rules(verdict)}")]
    if equation.where:
        lines.append((judged(equation, also=equation.where)["verdict"], f"as printed where {stated(equation.where)}"))
    yield from (f"### {equation.number}", "", "```text", *(f"{name:<11} {text}" for name, text in lines), "```", "")


def page() -> str:
    """The whole page."""
    equations = [row for section in (*SECTIONS, SERIES) for row in section.rows if isinstance(row, Equation)]
    answers = {equation.number: judged(equation) for equation in equations}
    book = [equation for equation in equations if equation not in SERIES.rows]
    wrong = [equation for equation in book if answers[equation.number]["verdict"] == "refuted" and not equation.denied]
    counts = Counter(answers[equation.number]["verdict"] for equation in book)
    left_out = sum(isinstance(row, Unwritten) for section in SECTIONS for row in section.rows)
    numbers = ", ".join(equation.number for equation in wrong)
    lines = [
        "# The Matrix Cookbook, put to the test",
        "",
        "The derivatives, traces, determinants, inverses and Kronecker products of",
        "[The Matrix Cookbook](https://www.math.uwaterloo.ca/~hwolkowi/matrixcookbook.pdf) (version of November 15, 2012),",
        "equation by equation, as printed there. This page is written by",
        "[generate_cookbook.py](generate_cookbook.py), which asks `verify` for each of them.",
        "",
        f"Of {len(book)} equations {counts['proved']} are proved, {counts['refuted']} refuted and {counts['undecided']}",
        f"undecided; {left_out} rows cannot be written in this language, and say why. Printed wrongly, or true under a",
        f"condition that is not printed: {numbers}.",
        "",
        "How to read it:",
        "",
        "- A derivative is `diff(f, X)`, with the axes of `f` first; `jacobian` is that of `vec`. Entries are independent",
        "  unless the last column says otherwise. A name that the equation uses as a size or an exponent is a whole number.",
        "- *Proved* is a chain of the named rules from either side to one object, in every size. *Normal form* says that",
        "  both sides are read to one object in the first place. *By* names the first rules of a chain.",
        "- *Refuted* comes with values that anyone can try by hand, under [Printed wrongly](#printed-wrongly).",
        "- Equations hold wherever both sides are defined.",
        "",
        *(line for section in SECTIONS for line in table(section, answers)),
        "## Printed wrongly",
        "",
        *(line for equation in wrong for line in refutation(equation, answers[equation.number])),
        f"## {SERIES.title}",
        "",
        "A function of a matrix that is given by a power series has a gradient that is one as well. This is the term of",
        "degree k. An answer that many have read begins the sum at 1, which loses a term.",
        "",
        *(line for row in SERIES.rows if isinstance(row, Equation) for line in refutation(row, answers[row.number])),
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "cookbook.md").write_text(page(), encoding="utf-8")
