"""A pool of processes that answer requests, each of which may be lost without harm.

Knows time and memory, and nothing of formulas or of HTTP.  A process that takes too long is
killed, and one that dies is replaced while the others go on.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import LimitError, TensorCalcError
from .worker import READY, TOO_MUCH

MOST_ANSWERED = 1000   # requests that one process answers; what it remembers of them goes with it
START = 120.0          # seconds in which a process must be ready
_PATIENCE = 0.5        # seconds of work after which nobody's answer is given up
_LOOK = 0.05           # seconds between looks at the clock


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take, and how many are answered at a time."""

    seconds: int = 10
    megabytes: int = 1024
    processes: int = 2


def _nobody() -> bool:
    return False


class Worker:
    """One process, which is ready or dead."""

    def __init__(self, command: Sequence[str]) -> None:
        self.answered = 0
        self._process = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, env=_environment(), start_new_session=True)
        if self._line(START, _nobody)[0] != READY:
            self.stop()
            raise ChildProcessError

    def ask(self, request: bytes, seconds: float, given_up: Callable[[], bool]) -> tuple[bytes, str]:
        """The answer to a line; nothing, and the reason, where there is none: ``time``, ``memory``, ``death``."""
        assert self._process.stdin is not None
        self.answered += 1
        try:
            self._process.stdin.write(request + b"\n")
            self._process.stdin.flush()
        except OSError:
            return b"", "death"
        return self._line(seconds, given_up)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        with contextlib.suppress(OSError):   # what could not be sent any more
            self._process.__exit__(None, None, None)

    def _line(self, seconds: float, given_up: Callable[[], bool]) -> tuple[bytes, str]:
        """The next line that the process writes, and why there is none; another thread keeps the time."""
        assert self._process.stdout is not None
        done, late = threading.Event(), threading.Event()
        watch = threading.Thread(target=self._watch, args=(seconds, given_up, done, late), daemon=True)
        watch.start()
        line = self._process.stdout.readline()
        done.set()
        watch.join()
        if line.endswith(b"\n"):
            return line, ""
        if late.is_set():
            return b"", "time"
        return b"", "memory" if self._process.wait() == TOO_MUCH else "death"

    def _watch(self, seconds: float, given_up: Callable[[], bool], done: threading.Event, late: threading.Event) -> None:
        start = time.monotonic()
        while not done.wait(_LOOK):
            past = time.monotonic() - start
            if past > seconds or (past > _PATIENCE and given_up()):
                late.set()
                self._process.kill()
                return


class Pool:
    """Processes that are ready, and new ones on their way for those that were lost.

    Parameters
    ----------
    limits: what a request may take.
    command: what is run as a process; by default a worker of this package.
    """

    def __init__(self, limits: Limits, command: Sequence[str] | None = None) -> None:
        self.limits = limits
        self._command = command or [sys.executable, "-P", "-m", "tensorcalc.page.worker", str(limits.seconds),
                                    str(limits.megabytes)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()   # the last one used has the fullest caches
        self._workers: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(limits.processes):
            self._start()

    def ask(self, request: Any, given_up: Callable[[], bool] = _nobody) -> bytes:
        """The answer to a request, as JSON.

        Parameters
        ----------
        request: whatever came, as long as it can be written as JSON.
        given_up: asked now and then whether the answer is still wanted.
        """
        line = json.dumps(request).encode("ascii")
        worker = self._free(given_up)
        if worker is None:
            return _failure(LimitError("TC433", "all processes of the page are busy", help="try again in a moment"))
        answer, why = worker.ask(line, self.limits.seconds, given_up)
        if answer and worker.answered < MOST_ANSWERED:
            self._put(worker)
        else:
            self._stop(worker)
            self._start()
        return answer or _failure(self._error(why))

    def wait(self) -> None:
        """Until a process is ready.

        Raises
        ------
        LimitError: TC433 where none ever is.
        """
        try:
            self._idle.put(self._idle.get(timeout=START))
        except queue.Empty:
            raise LimitError("TC433", "no process of the page starts", help="try --memory 4096") from None

    def close(self) -> None:
        """End all processes, whatever they do."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
        for worker in workers:
            self._stop(worker)

    def _free(self, given_up: Callable[[], bool]) -> Worker | None:
        """A process with nothing to do; none if there is none for long, or nobody waits any more."""
        end = time.monotonic() + START
        while time.monotonic() < end and not given_up():
            with contextlib.suppress(queue.Empty):
                return self._idle.get(timeout=_PATIENCE)
        return None

    def _start(self) -> None:
        """A new process, some time from now."""
        if not self._closed:
            threading.Thread(target=self._started, daemon=True).start()

    def _started(self) -> None:
        for _ in range(3):
            with contextlib.suppress(ChildProcessError, OSError):
                worker = Worker(self._command)
                with self._lock:
                    self._workers.add(worker)
                self._put(worker)
                return

    def _put(self, worker: Worker) -> None:
        """Let a process have the next request."""
        if self._closed:
            self._stop(worker)
        else:
            self._idle.put(worker)

    def _stop(self, worker: Worker) -> None:
        worker.stop()
        with self._lock:
            self._workers.discard(worker)

    def _error(self, why: str) -> TensorCalcError:
        """What is told about a process that was lost."""
        if why == "time":
            seconds = self.limits.seconds
            return LimitError("TC431", f"there was no answer within {seconds} second{'s' * (seconds != 1)}, and it was stopped",
                              help="ask for a lower order or name parts, t = A x - b; t' t; "
                                   "the command line has no such limit")
        if why == "memory":
            return LimitError("TC432", f"the answer needs more than {self.limits.megabytes} MB, and it was stopped",
                              help="ask for less, or start the page with more: tensorcalc serve --memory 4096")
        return LimitError("TC434", "the process that computed this answer died, and another one is there now",
                          help="please report the request that causes it")


def _failure(error: TensorCalcError) -> bytes:
    return json.dumps({"ok": False, "error": error.to_dict()}).encode("ascii")


def _environment() -> dict[str, str]:
    """That of this process; modules are found where it found them, and arrays take one thread."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **one, "PYTHONPATH": os.pathsep.join([path for path in sys.path if path])}
