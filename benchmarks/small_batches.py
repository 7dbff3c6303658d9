"""W7: stress and stiffness of a neo-Hookean solid at many points.

    python benchmarks/small_batches.py [--quick] [--rounds N] [--threads 1,2]

W = mu/2 (tr F'F - 3) - mu log det F + lam/2 (log det F)², F being 3 × 3 at each point; the
stress is dW/dF, the stiffness d²W/dFdF.  With G = inv(F)' and c = mu - lam log det F,

    P_iJ = mu F_iJ - c G_iJ,    A_iJkL = mu δ_ik δ_JL + lam G_iJ G_kL + c G_iL G_kJ.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from statistics import median
from typing import Any

import harness
import numpy as np
import tables
from harness import Case, Implementation, Inputs
from sides import hand_out, jax_, other, torch_

import tensorcalc as tc

TITLE = "Small matrices in batches: a neo-Hookean solid, 3 × 3 at each point"
MU, LAM = 1.3, 2.1
_ENERGY = "mu/2*(tr(F'*F) - 3) - mu*log(det(F)) + lam/2*log(det(F))^2"
_IDENTITY = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3))
_POOL = ThreadPoolExecutor(2)


def cases(quick: bool) -> list[Case]:
    """The tasks and numbers of points."""
    return [{"task": task, "points": points} for points in ([1000, 10000] if quick else [1000, 10000, 100000])
            for task in ("stress", "stiffness")]


def inputs(case: Case) -> Inputs:
    """Moderate deformations."""
    noise = np.random.default_rng(11).standard_normal((case["points"], 3, 3))
    return {"F": np.eye(3) + 0.1 * noise, "mu": np.array(MU), "lam": np.array(LAM)}


# -- by hand: library functions of stacks of matrices ---------------------------------------


def stacked(F: Any, stiffness: bool) -> Any:
    """``numpy.linalg`` and ``einsum``, as most people write it."""
    G = np.swapaxes(np.linalg.inv(F), 1, 2)
    c = MU - LAM * np.log(np.linalg.det(F))
    if not stiffness:
        return MU * F - c[:, None, None] * G
    return MU * _IDENTITY + LAM * np.einsum("bij,bkl->bijkl", G, G) + np.einsum("b,bil,bkj->bijkl", c, G, G)


# -- by hand: one row an entry, in blocks ---------------------------------------------------


def inverse_rows(f: Any, G: Any, t: Any) -> Any:
    """The rows of inv(F)' from those of F, and det F; ``t`` is scratch."""
    for i, j in product(range(3), range(3)):
        a, b, c, d = [3 * ((i + p) % 3) + (j + q) % 3 for p, q in ((1, 1), (2, 2), (1, 2), (2, 1))]
        entry = G[3 * i + j]
        np.multiply(f[a], f[b], out=entry)
        np.multiply(f[c], f[d], out=t)
        np.subtract(entry, t, out=entry)
    det = f[0] * G[0]
    for j in (1, 2):
        np.multiply(f[j], G[j], out=t)
        det += t
    np.divide(G, det, out=G)
    return det


def fill(out: Any, F: Any, first: int, last: int, size: int, points_last: bool) -> None:
    """Some points of ``out``, an array with 9 or 81 entries a point."""
    entries = len(out) if points_last else out.shape[1]
    G, t = np.empty((9, size)), np.empty(size)
    second, own = np.empty((entries, size)), np.empty((entries, size))
    for start in range(first, last, size):
        n = min(size, last - start)
        f = np.ascontiguousarray(F[start:start + n].T)
        g = G[:, :n]
        c = inverse_rows(f, g, t[:n])
        np.log(c, out=c)
        c *= -LAM
        c += MU
        result = out[:, start:start + n] if points_last else own[:, :n]
        if entries == 9:
            g *= c
            f *= MU
            np.subtract(f, g, out=result)
        else:
            cube, other_part = (x.reshape(3, 3, 3, 3, n) for x in (result, second[:, :n]))   # views
            square = g.reshape(3, 3, n)
            np.multiply((square * c)[:, None, None], square.transpose(1, 0, 2)[None, :, :, None], out=cube)
            np.multiply((square * LAM)[:, :, None, None], square, out=other_part)
            np.add(cube, other_part, out=cube)
            for k in range(9):
                result[10 * k] += MU
        if not points_last:
            out[start:start + n] = result.T


def in_blocks(F: Any, stiffness: bool, size: int, points_last: bool, threads: int = 1, out: Any = None) -> Any:
    """All points, ``size`` at a time."""
    count, entries = len(F), 81 if stiffness else 9
    if out is None:
        out = np.empty((entries, count) if points_last else (count, entries))
    flat = F.reshape(count, 9)
    if threads == 1 or count <= size:
        fill(out, flat, 0, count, size, points_last)
    else:
        share = -(-count // (threads * size)) * size
        list(_POOL.map(lambda k: fill(out, flat, k, min(k + share, count), size, points_last), range(0, count, share)))
    shape = (3, 3, 3, 3) if stiffness else (3, 3)
    return (out.T if points_last else out).reshape(count, *shape)


def _blocked(case: Case, size: int, points_last: bool, threads: int, kept: bool) -> Implementation:
    stiffness = case["task"] == "stiffness"
    if kept:
        def prepare(F: Any) -> Callable[[], Any]:
            entries = 81 if stiffness else 9
            out = np.empty((entries, len(F)) if points_last else (len(F), entries))
            return lambda: in_blocks(F, stiffness, size, points_last, threads, out)
        return hand_out(prepare, "F")
    return other("hand", lambda F: in_blocks(F, stiffness, size, points_last, threads), "F")


# -- this package -----------------------------------------------------------------------------


def _formula(case: Case) -> tc.Tensor:
    energy = tc.read(_ENERGY, F=[3, 3], mu=[], lam=[])
    return energy.gradient("F") if case["task"] == "stress" else energy.hessian("F")


def _ours(library: str, threads: int = 1, out: str = "") -> Implementation:
    """The generated module; ``out`` says how the points lie in a result that the caller keeps."""
    def make(case: Case, arrays: Inputs) -> Callable[[], Any]:
        function = tc.compile(_formula(case), batch=["F"], library=library)
        if library == "jax":
            return jax_("", lambda _: lambda F: function(F=F, mu=MU, lam=LAM), "F").make(case, arrays)
        if library == "torch":
            return torch_("", lambda _: lambda F: function(F=F, mu=MU, lam=LAM), "F").make(case, arrays)
        given: dict[str, Any] = {**arrays, "threads": threads}
        if out:
            given["out"] = function(**arrays) if out == "last" else np.empty(function(**arrays).shape)
        return lambda: function(**given)
    kind = ("ours" if library == "numpy" else f"ours {library}") + (" out" if out else "")
    return Implementation(kind, make, None if library == "numpy" else library)


# -- the others -------------------------------------------------------------------------------


def _energy(xp: Any, explicit: bool) -> Callable[[Any], Any]:
    def energy(F: Any) -> Any:
        if explicit:
            det = sum(F[0, j] * (F[1, (j + 1) % 3] * F[2, (j + 2) % 3] - F[1, (j + 2) % 3] * F[2, (j + 1) % 3])
                      for j in range(3))
        else:
            det = xp.linalg.det(F)
        log = xp.log(det)
        return MU / 2 * ((F * F).sum() - 3) - MU * log + LAM / 2 * log**2
    return energy


def _closed(xp: Any, stack: Callable[[Any], Any], stiffness: bool) -> Callable[[Any], Any]:
    """The formulas at the top, for all points, entries picked out of F."""
    identity = xp.asarray(MU * _IDENTITY)

    def formula(F: Any) -> Any:
        minors = [F[:, (i + 1) % 3, (j + 1) % 3] * F[:, (i + 2) % 3, (j + 2) % 3]
                  - F[:, (i + 1) % 3, (j + 2) % 3] * F[:, (i + 2) % 3, (j + 1) % 3] for i in range(3) for j in range(3)]
        det = F[:, 0, 0] * minors[0] + F[:, 0, 1] * minors[1] + F[:, 0, 2] * minors[2]
        G, c = stack(minors).reshape(-1, 3, 3) / det[:, None, None], (MU - LAM * xp.log(det))[:, None, None]
        if not stiffness:
            return MU * F - c * G
        return identity + LAM * G[:, :, :, None, None] * G[:, None, None] \
            + (c * G)[:, :, None, None, :] * G.swapaxes(1, 2)[:, None, :, :, None]
    return formula


def _closed_jax(stiffness: bool, jax: Any) -> Callable[[Any], Any]:
    return _closed(jax.numpy, lambda rows: jax.numpy.stack(rows, 1), stiffness)


def _closed_torch(stiffness: bool, torch: Any) -> Callable[[Any], Any]:
    return _closed(torch, lambda rows: torch.stack(rows, 1), stiffness)


def _by_jax(stiffness: bool, explicit: bool, jax: Any) -> Any:
    energy = _energy(jax.numpy, explicit)
    return jax.vmap(jax.hessian(energy) if stiffness else jax.grad(energy))


def _by_torch(stiffness: bool, explicit: bool, torch: Any) -> Any:
    energy = _energy(torch, explicit)
    return torch.func.vmap(torch.func.hessian(energy) if stiffness else torch.func.grad(energy))


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    stiffness = case["task"] == "stiffness"
    sides = {
        "rows, blocks of 1024": _blocked(case, 1024, False, 1, False),
        "rows, points last, 512": _blocked(case, 512, True, 1, False),
        "rows, points last, 2048": _blocked(case, 2048, True, 1, False),
        "rows, blocks of 1024, out": _blocked(case, 1024, False, 1, True),
        "rows, points last, 512, out": _blocked(case, 512, True, 1, True),
        "rows, points last, 2048, out": _blocked(case, 2048, True, 1, True),
        "tensorcalc": _ours("numpy"), "tensorcalc out, points last": _ours("numpy", out="last"),
        "tensorcalc out, points first": _ours("numpy", out="first"),
        "tensorcalc jax": _ours("jax"), "tensorcalc torch": _ours("torch"),
        "linalg and einsum": other("other", lambda F: stacked(F, stiffness), "F"),
        "rows, points last, 2048, 2 threads": _blocked(case, 2048, True, 2, False),
        "tensorcalc threads=2": _ours("numpy", threads=2),
        "tensorcalc out, threads=2": _ours("numpy", threads=2, out="last"),
    }
    for explicit in (False, True):
        name = " det written out" if explicit else ""
        sides["jax AD" + name] = jax_("jax ad", partial(_by_jax, stiffness, explicit), "F")
        sides["torch.func" + name] = torch_("torch ad", partial(_by_torch, stiffness, explicit), "F")
    sides["jax by hand"] = jax_("jax hand", partial(_closed_jax, stiffness), "F")
    sides["torch by hand"] = torch_("torch hand", partial(_closed_torch, stiffness), "F")
    return sides


# -- the table --------------------------------------------------------------------------------


def main() -> None:
    """Measure all sides of all cases; times in microseconds, and over the fastest by hand and over ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--rounds", type=int, help="rounds of each case")
    parser.add_argument("--threads", default="1,2", help="numbers of threads")
    chosen = parser.parse_args()
    rounds = chosen.rounds or (3 if chosen.quick else harness.ROUNDS)
    found = []
    for threads in map(int, chosen.threads.split(",")):
        for case in cases(chosen.quick):
            records = harness.run("small_batches", case, threads, rounds)
            print("\n".join(lines(case, threads, records)), flush=True)
            found.append((case, threads, tables.ratios(records)))
    print("\n".join(["", *summary(found)]))


def lines(case: Case, threads: int, records: dict[str, harness.Record]) -> Iterator[str]:
    """One line a side."""
    best = min(one["median"] for one in records.values() if one["kind"] == "hand" and "median" in one)
    title = f"{case['task']} at {case['points']} points, {threads} thread{'s' * (threads > 1)}"
    yield f"\n{title:<44}{'µs':>12}{'/ hand':>9}"
    for name, one in records.items():
        if "failed" in one:
            yield f"  {name:<42}{one['failed']}"
        elif "median" in one:
            wrong = "" if one["error"] <= tables.AGREEMENT else f"  differs by {one['error']:.1e}"
            yield f"  {name:<42}{1e6 * one['median']:>12.1f}{one['median'] / best:>9.2f}{wrong}"


_COLUMNS = {"ours": "ours/hand", "out": "out/hand out", "jax ad": "jax ad/ours", "jax hand": "jax hand/ours",
            "ours jax": "jax ad/ours jax"}


def summary(found: list[tuple[Case, int, tables.Row]]) -> Iterator[str]:
    """The ratios of each case, and their medians."""
    yield f"{'':<36}" + "".join(f"{title:>17}" for title in _COLUMNS.values())
    for case, threads, row in found:
        cells = "".join(f"{'–' if row[key] is None else format(row[key], '.2f'):>17}" for key in _COLUMNS)
        yield f"{case['task']:<11}{case['points']:>8} points, {threads} thread{'s' * (threads > 1):<7}" + cells
    middle = [[row[key] for _, _, row in found if row[key] is not None] for key in _COLUMNS]
    yield f"{'median':<36}" + "".join(f"{format(median(cells), '.2f') if cells else '–':>17}" for cells in middle)


if __name__ == "__main__":
    main()
