"""One process that answers requests, a line each, within limits that the system holds it to.

Knows nothing of the page.  Run as ``python -m tensorcalc.page.worker SECONDS MEGABYTES``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..errors import LimitError, RequestError, TensorCalcError
from ..service import handle

resource: Any = None   # without POSIX: time is limited from outside, memory is not
with suppress(ImportError):
    resource = import_module("resource")

MOST_BYTES = 4 * 2**20   # of an answer
READY = b"ready\n"
TOO_MUCH = 3             # exit code of a process that ran out of memory

_WARMING: tuple[dict[str, Any], ...] = (
    {"do": "derive", "expr": "x' A x + logdet(X' X)", "wrt": "x", "order": 2,
     "want": ["matrix", "index", "kronecker", "einsum", "latex", "steps", "code"]},
    {"do": "derive", "expr": "C_ij = exp(X_ik Y_kj)", "wrt": "X", "want": ["index", "kronecker", "steps"]},
    {"do": "verify", "lhs": "inv(A B)", "rhs": "inv(B) inv(A)"},
    {"do": "check", "expr": "x' A x", "wrt": "x", "claimed": "A x"},
)


def main(seconds: int, megabytes: int) -> None:
    """Answer what comes on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)   # whoever started this process ends it
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())   # whatever a library prints is no answer
    for request in _WARMING:   # imports and caches, before anybody waits
        handle(request)
    confine(megabytes)
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        allow(seconds)
        try:
            answers.write(answered(line) + b"\n")
        except MemoryError:
            os._exit(TOO_MUCH)
        answers.flush()


def answered(line: bytes) -> bytes:
    """The answer to one line as JSON; whatever happens, there is one, or no memory left.

    Examples
    --------
    >>> answered(b'{"do": "evaluate", "expr": "1 + 1", "values": {}}')
    b'{"ok": true, "value": 2.0, "shape": []}'
    """
    try:
        text = json.dumps(handle(json.loads(line)))
        if len(text) > MOST_BYTES:
            raise LimitError("TC416", f"an answer of {len(text)} bytes is too large (the limit is {MOST_BYTES})",
                             help="ask for less, or on the command line")
    except TensorCalcError as error:
        text = json.dumps({"ok": False, "error": error.to_dict()})
    except MemoryError:
        raise
    except Exception as error:
        unexpected = RequestError("TC599", f"an internal error: {type(error).__name__}: {str(error)[:200]}",
                                  help="please report the request that causes it")
        text = json.dumps({"ok": False, "error": unexpected.to_dict()})
    return text.encode("ascii")


def confine(megabytes: int) -> None:
    """No more memory than that, no files, no dumps."""
    if resource is None:
        return
    for kind, most in ((resource.RLIMIT_AS, megabytes * 2**20), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _limit(kind, most)


def allow(seconds: int) -> None:
    """No more time than that for what comes now, even where nobody is left to stop it."""
    if resource is not None:
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + seconds + 2)


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ValueError, OSError):   # a system that knows the limit and does not hold to it
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
