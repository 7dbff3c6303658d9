"""Random formulas of every notation: value, derivative, code and printed forms against what the text means.

    python tests/campaigns/derivatives.py --count 5000 --seed 1 --order 1

A formula is ``formula(seed)``; those that fail are printed with their seed.  The
reference is the complex step (for second derivatives, central differences of it);
``--jax`` compares with JAX as well.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

import numpy as np  # noqa: E402
from answers import ask, close, mistakes, problems, reference  # noqa: E402
from strategies import Formula, formula  # noqa: E402

from tensorcalc.errors import TensorCalcError  # noqa: E402

LONGEST = 20  # seconds for one formula


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=1, choices=(0, 1, 2))
    parser.add_argument("--notation", choices=("matrix", "index", "einsum"))
    parser.add_argument("--jax", action="store_true", help="compare with JAX too")
    options = parser.parse_args()
    np.seterr(all="ignore")
    seen: Counter[str] = Counter()
    slowest = 0.0, ""
    signal.signal(signal.SIGALRM, _too_long)
    for seed in range(options.seed * 10**6, options.seed * 10**6 + options.count):
        one = formula(seed, notation=options.notation)
        names = [name for name in one.declared if not name.startswith("has")] or list(one.declared)
        wrt = [random.Random(seed).choice(names) for _ in range(options.order)] if names else []
        if len(wrt) < options.order:
            continue
        start = time.perf_counter()
        signal.alarm(LONGEST)
        try:
            verdict, faults = judge(one, wrt, options.jax)
        except TensorCalcError as error:
            verdict, faults = f"refused {error.code}", [] if error.code[2] in "34" else [traceback.format_exc()[-1500:]]
        except Exception:
            verdict, faults = "crash", [traceback.format_exc()[-1500:]]
        signal.alarm(0)
        slowest = max(slowest, (time.perf_counter() - start, f"{seed} {one.text}"))
        seen[verdict] += 1
        if faults:
            print(f"{verdict}: seed {seed}  {one.text}  by {wrt}\n   {one.declared} {one.facts}", *faults, sep="\n   ", flush=True)
    print(dict(seen), f"slowest {slowest[0]:.1f} s: {slowest[1]}")
    return int(bool(seen["wrong"] + seen["crash"] + sum(seen[verdict] for verdict in seen if verdict[:11] == "refused TC1")))


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"more than {LONGEST} seconds")


def judge(one: Formula, wrt: list[str], with_jax: bool) -> tuple[str, list[str]]:
    """``right``, ``wrong`` or why nothing was compared; and what is wrong."""
    answer = ask(one, *wrt)
    faults = problems(answer)
    values = one.values()
    want = reference(one, values, *wrt)
    if want is not None:
        faults += mistakes(answer, values, want, 1e-7 if len(wrt) < 2 else 1e-4)
        if with_jax:
            from jax_reference import derivative
            other = derivative(one, values, *wrt)
            if not close(answer.value(values), other, 1e-8):
                faults.append(f"JAX: {answer.value(values)} is not {other}")
    return ("wrong" if faults else "right" if want is not None else "right where read, no good point"), faults


if __name__ == "__main__":
    sys.exit(main())
