"""Random formulas, their derivatives in every way they can be computed, and linear maps, against PyTorch.

    python tests/campaigns/arrays.py --count 2000 --seed 1 --what programs

``programs`` are general formulas, ``chains`` networks whose Jacobians stand twice in a
Hessian, ``points`` small tensors at many points, ``maps`` derivatives as linear maps.  Cases that fail are printed
with their seed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from randoms import Case, case, chain, small  # noqa: E402
from ways import Judge, as_map, at_points  # noqa: E402


def programs(seed: int, jax: bool) -> list[str] | None:
    """One general formula."""
    return _judged(case(seed), jax)


def chains(seed: int, jax: bool) -> list[str] | None:
    """One network."""
    return _judged(chain(seed), jax)


def points(seed: int, jax: bool) -> list[str] | None:
    """One formula of small tensors."""
    return at_points(small(seed), random.Random(seed))


def maps(seed: int, jax: bool) -> list[str] | None:
    """One derivative as a linear map, sometimes in single precision, sometimes with little memory."""
    rng = random.Random(seed)
    found = case(seed) if seed % 2 else chain(seed)
    if 0 in found.sizes.values():
        return None
    which = rng.choice([2, 2, len(found.wrt) + 1]) if not found.dims[-1] else 1
    return as_map(found, which, single=seed % 3 == 0, limit=rng.choice([None, None, 100, 10**4]))


def _judged(found: Case, jax: bool) -> list[str] | None:
    judge = Judge(found)
    if not judge.tensors:
        return None
    judge.compiled()
    judge.alone()
    judge.elsewhere("torch")
    if jax:
        judge.elsewhere("jax")
    return judge.faults


WHAT = {"programs": programs, "chains": chains, "points": points, "maps": maps}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--what", choices=tuple(WHAT), default="programs")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no case after so long")
    parser.add_argument("--jax", type=int, default=0, help="compile every so manieth case with JAX too")
    options = parser.parse_args()
    import torch
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="torch")
    seen: Counter[str] = Counter()
    end = time.monotonic() + options.seconds
    for seed in range(options.seed * 10**6, options.seed * 10**6 + options.count):
        if time.monotonic() > end:
            break
        try:
            faults = WHAT[options.what](seed, bool(options.jax) and seed % options.jax == 0)
        except Exception:
            faults = [traceback.format_exc()[-1500:]]
        verdict = "not compared" if faults is None else "wrong" if faults else "right"
        seen[verdict] += 1
        if faults:
            print(f"wrong: seed {seed}", *faults[:5], sep="\n   ", flush=True)
    print(options.what, dict(seen))
    return int(bool(seen["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
