"""The command that answers requests as they are, one a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..errors import LimitError, RequestError, TensorCalcError
from ..service import handle
from .command import Command
from .options import Arguments, strict
from .show import dumped

MOST_BYTES = 2**20   # of one line


def _batch(given: Arguments) -> int:
    if given.words:
        raise RequestError("TC520", "batch takes no words; it reads requests from standard input", help=BATCH.examples[0])
    for line in _lines(sys.stdin.buffer):
        if line is None or line.strip():
            sys.stdout.write(dumped(_answered(line)) + "\n")
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


BATCH = Command("answer JSON requests, one a line", "< requests > answers", (), _batch,
                ("echo '{\"do\": \"derive\", \"expr\": \"tr(A X)\", \"wrt\": \"X\"}' | tensorcalc batch",))
COMMANDS = {"batch": BATCH}
