"""All benchmarks, one table; writes docs/benchmarks.md.

    python benchmarks/run.py [--quick] [--only W1,W3] [--rounds N] [--sides numpy,jax] [--threads 1,2] [--report]

Results are kept in benchmarks/results: ``--only`` measures some workloads anew, ``--sides``
those beside some libraries, ``--report`` none, and the page is made of all.  ``--quick`` takes small sizes and
writes no page.  What it needs from the machine is said in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

import harness
import tables

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
MODULES = {"W1": "logistic", "W2": "factorisation", "W3": "network", "W4": "jacobians", "W5": "scalars", "W6": "contractions",
           "W7": "small_batches"}
SCRIPTS = {"W6: the search for an order": "contraction_order.py", "W8: deriving": "derivations.py",
           "W8: growth of the time to derive": "derivation_growth.py"}
SIDES = {"numpy": ["hand", "hand out", "ours", "ours out", "limit", "other"],
         "jax": ["hand", "ours", "ours jax", "jax ad", "jax hand"],
         "torch": ["hand", "ours", "ours torch", "torch ad", "torch hand"]}
LIBRARIES = ("numpy", "scipy", "opt_einsum", "jax", "torch", "sympy")


def main() -> None:
    """Measure what is asked for, then print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--only", default="", help="some workloads: W1,W3, or names of scripts")
    parser.add_argument("--rounds", type=int, help="rounds of each case")
    parser.add_argument("--sides", default=",".join(SIDES), help="whom to measure beside: " + ", ".join(SIDES))
    parser.add_argument("--threads", default="1,2", help="numbers of threads")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    chosen = parser.parse_args()
    kept = HERE / "results" / ("quick" if chosen.quick else "full")
    kept.mkdir(parents=True, exist_ok=True)
    if not chosen.report:
        wanted = [name for name in chosen.only.split(",") if name]
        rounds = chosen.rounds or (3 if chosen.quick else harness.ROUNDS)
        for side, threads in product(chosen.sides.split(","), map(int, chosen.threads.split(","))):
            for name, module in MODULES.items():
                if not wanted or name in wanted:
                    measure(name, module, side, threads, kept, chosen.quick, rounds)
        for title, file in SCRIPTS.items():
            if not chosen.quick and (not wanted or file in wanted or title.partition(":")[0] in wanted):
                script(title, file, kept)
    report(kept, write=not chosen.quick)


def measure(name: str, module: str, side: str, threads: int, kept: Path, quick: bool, rounds: int) -> None:
    """One workload beside one library; its file is written after every case."""
    made = import_module(module)
    results: list[tables.Result] = []
    for case in made.cases(quick):
        records = harness.run(module, case, threads, rounds, SIDES[side])
        results.append({"workload": name, "title": made.TITLE, "case": case, "threads": threads, "records": records})
        (kept / f"{name} {side} {threads}.json").write_text(json.dumps({"about": about(), "results": results}, indent=1))
        print(name, side, threads, tables.plain(tables.cells(tables.rows(results[-1:]))), flush=True)


def script(title: str, file: str, kept: Path) -> None:
    """A benchmark that prints its own table."""
    done = subprocess.run([sys.executable, file], cwd=HERE, env=harness.environment(len(os.sched_getaffinity(0))), text=True,
                          stdout=subprocess.PIPE, check=False)
    print(done.stdout)
    if done.returncode == 0:
        (kept / f"{file}.json").write_text(json.dumps({"about": about(), "title": title, "text": done.stdout}, indent=1))


def report(kept: Path, write: bool) -> None:
    """Print the summary of what is kept; write the page."""
    paths = sorted(kept.glob("*.json"), key=lambda path: ([side in path.stem for side in SIDES], path.stem), reverse=True)
    files = [json.loads(path.read_text()) for path in paths]   # NumPy first
    results = sorted([result for file in files for result in file.get("results", ())], key=lambda one: one["workload"])
    if not results:
        return
    found = tables.rows(results)
    print("\n" + tables.plain(tables.cells(found)) + "\n")
    print(tables.plain(tables.summary(found)))
    print("\n".join(tables.complaints(found)))
    if write:
        extra = [(title, f"```text\n{file['text'].strip()}\n```") for title in SCRIPTS for file in files
                 if file.get("title") == title]
        dates = sorted({file["about"][0] for file in files})
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        PAGE.write_text(tables.page(results, [span, *versions_of([file["about"][1:] for file in files])], extra))


def versions_of(abouts: list[list[str]]) -> list[str]:
    """What all results were measured with; where they differ, each that occurs."""
    found: dict[str, set[str]] = {}
    for entry in [entry for about in abouts for entry in about]:
        name, _, value = entry.partition(" ")
        found.setdefault(name, set()).add(value)
    return [f"{name} {' and '.join(sorted(values))}" for name, values in found.items()]


def about() -> list[str]:
    """The date, the versions, the class of the machine."""
    versions = []
    for library in LIBRARIES:
        try:
            versions.append(f"{library} {version(library).partition('+')[0]}")
        except PackageNotFoundError:
            continue
    return [dt.date.today().isoformat(), f"Python {platform.python_version()}", *versions,
            f"{len(os.sched_getaffinity(0))} cores {instructions()}"]


def instructions() -> str:
    """The widest vector instructions that there are."""
    with open("/proc/cpuinfo") as file:
        flags = next((line for line in file if line.startswith("flags")), "")
    widest = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON")) if flag in flags), "")
    return f"{platform.machine()} {widest}".strip()


if __name__ == "__main__":
    main()
