"""From measurements to the tables that people read.

Knows the records of :mod:`harness` and nothing of how they came about.  All ratios are of
medians that were measured in one run, in turns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

Result = dict[str, Any]   # workload, title, case, threads, records
Row = dict[Any, Any]      # by words, and by the number of threads

AGREEMENT = 1e-7          # the largest difference from the reference, relative to its largest entry
_SMALL = 1 << 20          # bytes of a result below which its memory says nothing


def rows(results: Iterable[Result]) -> list[Row]:
    """One row a case: seconds of the best by hand, and ratios, for one thread and two.

    A case may have several results, one a library that it was measured beside.
    """
    merged: dict[tuple[str, str], Row] = {}
    for result in results:
        label = case_label(result["case"])
        row = merged.setdefault((result["workload"], label), {
            "workload": result["workload"], "title": result["title"], "label": label})
        told = row.setdefault(result["threads"], {"wrong": [], "failed": {}})
        for key, value in ratios(result["records"]).items():
            if key in ("wrong", "failed"):
                told[key] = [*told[key], *value] if key == "wrong" else {**told[key], **value}
            elif value is not None:
                told.setdefault(key, value)   # the first side measured is NumPy
    return list(merged.values())


def ratios(records: dict[str, dict[str, Any]]) -> Row:
    """What the table says of one case at one number of threads; ``None`` where there is nothing to compare."""
    hand, ours = _best(records, "hand"), _best(records, "ours")
    own_jax = _best(records, "ours jax")
    found: Row = {
        "hand": hand, "name": next((name for name, one in records.items() if one.get("median") == hand), None),
        "ours": _over(ours, hand),
        "out": _over(_best(records, "ours out"), _best(records, "hand out")),
        "jax ad": _over(_best(records, "jax ad"), ours), "jax hand": _over(_best(records, "jax hand"), ours),
        "torch ad": _over(_best(records, "torch ad"), ours), "torch hand": _over(_best(records, "torch hand"), ours),
        "ours jax": _over(_best(records, "jax ad"), own_jax),
        "ours torch": _over(_best(records, "torch ad"), _best(records, "ours torch")),
        "limit": _over(ours, _best(records, "limit")), "memory": None, "bound": None,
        "wrong": [name for name, one in records.items() if one.get("error", 0.0) > AGREEMENT and one["kind"] != "limit"],
        "failed": {name: one["failed"] for name, one in records.items() if "failed" in one},
    }
    mine = [one for one in records.values() if one["kind"] == "ours" and "median" in one and "peak" in one]
    if mine and mine[0]["result"] >= _SMALL:
        found["memory"] = mine[0]["peak"] / mine[0]["result"]
        found["bound"] = 1.2 + mine[0].get("input", 0) / mine[0]["result"]
    return found


def _best(records: dict[str, dict[str, Any]], kind: str) -> float | None:
    """The fastest of a kind among those that agree with the reference."""
    times = [one["median"] for one in records.values()
             if one["kind"] == kind and "median" in one and (kind == "limit" or one.get("error", 0.0) <= AGREEMENT)]
    return min(times, default=None)


def _over(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one / other


def case_label(case: dict[str, Any]) -> str:
    """The task, then the sizes."""
    words = [str(case[key]) for key in ("task", "what", "act") if key in case]
    return " ".join([*words, *[f"{key}={value}" for key, value in case.items()
                               if key not in ("task", "what", "act", "tiny")]])


# -- as text -----------------------------------------------------------------------------

_COLUMNS: list[tuple[str, Callable[[Row], str]]] = [
    ("case", lambda row: row["label"]),
    ("by hand", lambda row: seconds(_get(row, 1, "hand") or _get(row, 2, "hand"))),
    ("ours/hand 1", lambda row: ratio(_get(row, 1, "ours"))),
    ("ours/hand 2", lambda row: ratio(_get(row, 2, "ours"))),
    ("out= 1", lambda row: ratio(_get(row, 1, "out"))),
    ("ours/fill 1", lambda row: ratio(_get(row, 1, "limit"))),
    ("JAX AD/ours 1", lambda row: ratio(_get(row, 1, "jax ad"))),
    ("JAX AD/ours 2", lambda row: ratio(_get(row, 2, "jax ad"))),
    ("JAX hand/ours 1", lambda row: ratio(_get(row, 1, "jax hand"))),
    ("torch.func/ours 1", lambda row: ratio(_get(row, 1, "torch ad"))),
    ("torch hand/ours 1", lambda row: ratio(_get(row, 1, "torch hand"))),
    ("JAX AD/our JAX 1", lambda row: ratio(_get(row, 1, "ours jax"))),
    ("torch.func/our torch 1", lambda row: ratio(_get(row, 1, "ours torch"))),
]


def _get(row: Row, threads: int, key: str) -> Any:
    return row.get(threads, {}).get(key)


def _memory(row: Row) -> str:
    used, bound = _get(row, 1, "memory"), _get(row, 1, "bound")
    return "" if used is None else f"{used:.1f}{'' if used <= bound else ' !'}"


_COLUMNS.append(("memory", _memory))


def ratio(value: float | None) -> str:
    """Three digits."""
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value > 100 else f"{value:.1f}"


def seconds(value: float | None) -> str:
    """With the unit that suits it."""
    if value is None:
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if value * scale >= 1 or unit == "µs":
            return f"{value * scale:.3g} {unit}"
    raise AssertionError


def cells(found: Sequence[Row]) -> list[list[str]]:
    """A head, then one line a case; columns without any entry are left out."""
    lines = [[write(row) for _, write in _COLUMNS] for row in found]
    kept = [place for place in range(len(_COLUMNS)) if any(line[place] for line in lines)]
    return [[_COLUMNS[place][0] for place in kept], *[[line[place] for place in kept] for line in lines]]


def markdown(table: Sequence[Sequence[str]]) -> str:
    """A table of a page; numbers stand right."""
    head, *body = table
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *body])


def plain(table: Sequence[Sequence[str]]) -> str:
    """The same for a terminal."""
    widths = [max(len(line[place]) for line in table) for place in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) if not place else cell.rjust(width)
                               for place, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in table)


# -- what it comes to --------------------------------------------------------------------

_QUESTIONS = [("ours/hand", "ours"), ("JAX AD/ours", "jax ad"), ("JAX by hand/ours", "jax hand"),
              ("torch.func/ours", "torch ad"), ("JAX AD/our JAX", "ours jax"), ("torch.func/our torch", "ours torch")]


def summary(found: Sequence[Row]) -> list[list[str]]:
    """The median of each ratio, and its worst case in brackets, by workload and over all."""
    table = [["", "threads", *[title for title, _ in _QUESTIONS]]]
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(row["workload"], []).append(row)
    timed = [row for row in found if row["workload"] not in ("W6",)]
    for name, members in [*groups.items(), ("all but W6", timed)]:
        for threads in (1, 2):
            line = [name, str(threads)]
            for _, key in _QUESTIONS:
                values = [value for row in members if (value := _get(row, threads, key)) is not None]
                worst = max if key == "ours" else min
                line.append(f"{ratio(median(values))} ({ratio(worst(values))})" if values else "")
            if any(line[2:]):
                table.append(line)
    return table


def disturbed(results: Sequence[Result]) -> str:
    """How many rounds others disturbed; those of one thread then count processor time."""
    records = [one for result in results for one in result["records"].values()]
    rounds = sum([len(one.get("rounds", ())) for one in records])
    return f"{sum([one.get('busy', 0) for one in records])} of {rounds} rounds with other processes at work"


def complaints(found: Sequence[Row]) -> list[str]:
    """Results that differ from the reference, and sides that failed: none, if all is well."""
    lines = []
    for row in found:
        for threads in (1, 2):
            if wrong := _get(row, threads, "wrong"):
                lines.append(f"{row['workload']} {row['label']}: {', '.join(wrong)} differ from the reference")
            lines += [f"{row['workload']} {row['label']}: {name} failed ({why})"
                      for name, why in (_get(row, threads, "failed") or {}).items()]
    return list(dict.fromkeys(lines))


_INTRODUCTION = """\
# Benchmarks

<!-- Generated by `python benchmarks/run.py`; do not edit. -->

{about}

Every row is one task done by several sides in turns, each in a process of its own; the
results were compared in the same run. *By hand* is the fastest of several NumPy programs
that a person wrote for the task. All other columns are ratios of times, with one thread or
two: *ours/hand* below 1 means that the function made by `compile` is faster than the best
program by hand; in the columns *…/ours*, above 1 means that ours is faster. *JAX AD* is
`jit` of `grad`, `hessian`, `jacfwd` or `jacrev`; *our JAX* and *our torch* are what
`compile` gives for these libraries. *out=* compares ours with programs by hand
that also write into an array kept by the caller; *fill* is the time to fill a fresh array with a
number. *memory* is the most memory that a call takes
over the size of its result, for results above 1 MB; `!` marks more than 1.2 times the
result and one copy of the largest input. Rounds of one thread in which other processes were at
work count processor time instead of time on the clock. [How to read this, and how to run it](../benchmarks/README.md).

## In short

Medians, and the worst cases in brackets.

{summary}
"""


def page(results: Sequence[Result], about: Sequence[str], extra: Sequence[tuple[str, str]] = ()) -> str:
    """The page of the documentation: a summary, then one table a workload; ``extra`` are titles and texts."""
    found = rows(results)
    origin = "\n".join(textwrap.wrap(" · ".join([*about, disturbed(results)]), 96))
    parts = [_INTRODUCTION.format(about=origin, summary=markdown(summary(found)))]
    for name in dict.fromkeys(row["workload"] for row in found):
        members = [row for row in found if row["workload"] == name]
        parts.append(f"## {name}: {members[0]['title']}\n\n{markdown(cells(members))}\n")
    parts += [f"## {title}\n\n{text}\n" for title, text in extra]
    if lines := complaints(found):
        parts.append("## What went wrong\n\n" + "\n".join(f"- {line}" for line in lines) + "\n")
    return "\n".join(parts)
