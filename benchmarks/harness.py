"""Time several implementations of one task side by side, and check that they agree.

Every implementation of a case runs in a process of its own, with its own heap and its own
threads, so that none inherits what another left in the allocator and the caches.  The
driver starts them all, then lets one at a time run a batch of calls, round by round, while
the others wait at a pipe.  What is reported is the median over the rounds.

    measured = run(module, case, threads=1)

A module of workloads has ``cases(quick)``, ``inputs(case)`` and ``implementations(case)``;
:class:`Implementation` says what the latter returns.  Run as a script, this file is one of
the processes: it reads what to do from standard input, one JSON value a line.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from select import select
from statistics import median
from time import perf_counter, process_time, sleep, time
from typing import IO, Any

Case = dict[str, Any]         # what to compute ("task"), at which sizes; JSON
Inputs = dict[str, Any]       # arrays by name
Record = dict[str, Any]       # what was measured of one implementation; JSON

BATCH = 0.08          # seconds: the shortest batch of calls that is timed
ROUNDS = 5
OTHERS = 0.3          # of a core: what other processes may use while one is timed
PATIENCE = 3.0        # seconds a case may spend waiting for a quiet machine
LONGEST_START = 180.0
SAMPLES = 3000        # entries of each result that are compared

# Set by some environments, and known to halve the speed of matrix products.
MISLEADING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Implementation:
    """One way of doing a task.

    ``kind`` says whose it is: ``hand`` (NumPy as people write it), ``hand out`` (the same
    into an array that the caller keeps), ``ours``, ``ours out``, ``jax ad``, ``jax hand``,
    ``ours jax``, ``torch ad``, ``torch hand``, ``ours torch``, ``limit`` (what no program can
    beat) or ``other``.  ``make(case, inputs)`` prepares everything that may be kept from call
    to call and returns what is timed: a function of no arguments that returns the
    finished result.
    """

    kind: str
    make: Callable[[Case, Inputs], Callable[[], Any]]
    needs: str | None = None   # a module without which it is left out


# -- the driver --------------------------------------------------------------------------


@dataclass
class _Process:
    """An implementation in its own process."""

    popen: subprocess.Popen[str]
    record: Record
    sample: Any = None

    def tell(self, message: object) -> None:
        """Send one message."""
        pipe = self.popen.stdin
        assert pipe is not None
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    def hear(self, timeout: float) -> Any:
        """One answer; a text where there is none."""
        pipe = self.popen.stdout
        assert pipe is not None
        if not select([pipe], [], [], timeout)[0]:
            self.popen.kill()
            return f"no answer within {timeout:.0f} s"
        line = pipe.readline()
        return json.loads(line) if line else f"the process ended with code {self.popen.wait()}"


def environment(threads: int) -> dict[str, str]:
    """The environment of a process that may use so many threads."""
    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    return {**kept, **dict.fromkeys(_THREADS, str(threads))}


def run(module: str, case: Case, threads: int, rounds: int = ROUNDS, kinds: Collection[str] = ()) -> dict[str, Record]:
    """Measure the implementations of a case, those of some ``kinds`` or all; one record each, by name.

    A record has ``median``, ``first`` (the first call, which compiles), ``peak`` (bytes that
    one call takes beside its inputs), ``result`` and ``input`` (bytes of the result and of
    the largest input), ``error`` (the largest difference from the first implementation, relative
    to its largest entry), ``busy`` (the rounds that others disturbed) or ``failed``.
    """
    sides = {name: one for name, one in import_module(module).implementations(case).items()
             if installed(one.needs) and (not kinds or one.kind in kinds)}
    processes = {name: _start(module, case, name, threads, one.kind) for name, one in sides.items()}
    records = {}
    for name, process in list(processes.items()):
        records[name] = process.record
        answer = process.hear(LONGEST_START)
        if not isinstance(answer, dict):
            process.record["failed"] = answer
            del processes[name]
            continue
        process.sample = answer.pop("sample")
        process.record.update(answer)
    waited = 0.0
    names = list(processes)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            if "failed" not in records[name]:
                waited += _one_round(processes[name], PATIENCE - waited)
    for process in processes.values():
        process.popen.kill()
        process.popen.wait()
        _summarise(process.record, threads)
    _compare(processes)
    return records


def installed(needs: str | None) -> bool:
    """Whether a module can be imported."""
    return needs is None or find_spec(needs) is not None


def _start(module: str, case: Case, name: str, threads: int, kind: str) -> _Process:
    popen = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env=environment(threads), cwd=Path(__file__).parent)
    process = _Process(popen, {"kind": kind, "rounds": [], "cpu": [], "others": []})
    process.tell({"module": module, "case": case, "name": name, "threads": threads})
    return process


def _one_round(process: _Process, patience: float) -> float:
    """Let a process run one batch, again while others disturb it; the seconds spent waiting."""
    begin, waited = time(), 0.0
    while True:
        waited += quiet(min(2.0, patience - waited))
        process.tell("go")
        answer = process.hear(LONGEST_START)
        if not isinstance(answer, dict):
            process.record["failed"] = answer
            return waited
        if answer["others"] <= OTHERS or waited + time() - begin > patience:
            break
        waited += answer["took"]
    process.record["rounds"].append(answer["seconds"])
    process.record["cpu"].append(answer["cpu"])
    process.record["others"].append(answer["others"])
    return waited


def quiet(limit: float) -> float:
    """Wait until others use less than a third of a core, but not for ever; the seconds waited beyond a glance."""
    begin = time()
    while True:
        busy, since = _busy(), time()
        sleep(0.03)
        if (_busy() - busy) / (time() - since) < OTHERS or time() - begin > limit:
            return max(0.0, time() - begin - 0.05)


def _busy() -> float:
    """CPU seconds that the whole machine has worked."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _CLOCK


def _summarise(record: Record, threads: int) -> None:
    """The median over the rounds.

    A round of one thread that others disturbed counts the time that its process had a core;
    with more threads, disturbed rounds count only where there are hardly others.
    """
    rounds = list(zip(record["rounds"], record["cpu"], record["others"]))
    clean = [seconds for seconds, _, others in rounds if others <= OTHERS]
    if rounds:
        record["busy"] = len(rounds) - len(clean)
        if threads == 1:
            record["median"] = median(seconds if others <= OTHERS else cpu for seconds, cpu, others in rounds)
        else:
            record["median"] = median(clean if len(clean) >= 3 else record["rounds"])


def _compare(processes: Mapping[str, _Process]) -> None:
    reference = next((process for process in processes.values() if process.sample), None)
    for process in processes.values():
        if reference is not None and process.sample:
            process.record["error"] = difference(process.sample, reference.sample)


def difference(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> float:
    """The largest difference of two sampled results, relative to the largest entry of the second."""
    if [part["shape"] for part in one] != [part["shape"] for part in other]:
        return float("inf")
    worst = 0.0
    for a, b in zip(one, other):
        scale = max(b["largest"], 1e-300)
        gaps = [abs(x - y) for x, y in zip([*a["entries"], a["largest"]], [*b["entries"], b["largest"]])]
        worst = max(worst, *[gap / scale if gap == gap else float("inf") for gap in gaps])
    return worst


# -- one process -------------------------------------------------------------------------


def _work(commands: IO[str], answers: IO[str]) -> None:
    """Prepare one implementation, then time a batch at each command."""
    task = json.loads(commands.readline())
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-task["threads"]:])  # JAX and PyTorch count cores
    sys.path.insert(0, os.getcwd())
    module, case = import_module(task["module"]), task["case"]
    inputs = module.inputs(case)
    call = module.implementations(case)[task["name"]].make(case, inputs)
    begin = perf_counter()
    call()
    first = perf_counter() - begin
    call()   # what is set up lazily is set up now
    peak, result = _peak(call)
    largest = max([getattr(array, "nbytes", 8) for array in inputs.values()])
    answers.write(json.dumps({"first": first, "peak": peak, "input": largest, **_sampled(result)}) + "\n")
    answers.flush()
    del result
    count = _batch_size(call, BATCH)
    while commands.readline():
        gc.collect()
        call()   # the memory of the result is this process's again
        busy, own, begin = _busy(), process_time(), perf_counter()
        for _ in range(count):
            call()
        took = perf_counter() - begin
        own = process_time() - own
        others = max(0.0, _busy() - busy - own - 0.02) / max(took, 1e-3)
        answers.write(json.dumps({"seconds": took / count, "cpu": own / count, "took": took, "others": others}) + "\n")
        answers.flush()


def _batch_size(call: Callable[[], Any], batch: float) -> int:
    """How many calls last as long as a batch must."""
    count = 1
    while True:
        begin = perf_counter()
        for _ in range(count):
            call()
        took = perf_counter() - begin
        if took >= batch:
            return count
        count = max(count + 1, min(20 * count, int(1.2 * count * batch / max(took, 1e-9))))


def _peak(call: Callable[[], Any]) -> tuple[int, Any]:
    """The most memory that one call takes beside what was there before, and its result."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")   # the high-water mark begins anew
    before = _status("VmRSS")
    result = call()
    return max(0, _status("VmHWM") - before), result


def _status(key: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def _sampled(result: Any) -> dict[str, Any]:
    """Shapes, largest entries and some entries of a result, and its size in bytes."""
    import numpy as np
    arrays = [np.asarray(part) for part in (result if isinstance(result, (tuple, list)) else [result])]
    sample = []
    for array in arrays:
        entries = array.ravel() if array.size <= SAMPLES else np.concatenate([
            array[tuple(np.random.default_rng(7).integers(0, size, SAMPLES) for size in array.shape)],
            array[tuple(np.arange(200) % size for size in array.shape)]])   # deltas live near diagonals
        largest = max(abs(float(array.max())), abs(float(array.min()))) if array.size else 0.0
        sample.append({"shape": array.shape, "largest": largest, "entries": entries.astype(float).tolist()})
    return {"sample": sample, "result": sum(array.nbytes for array in arrays)}


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr   # what a library prints is no answer
    _work(sys.stdin, answers)
