"""How much work a call is, counted in lines of Python that run: the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def lines_run(call: Callable[[], Any]) -> int:
    """The lines of Python that ``call()`` runs, in all the functions that it enters."""
    count = 0

    def watch(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def grows_linearly(call: Callable[[int], Any], small: int = 100, times: int = 10) -> bool:
    """Whether ``call(times * small)`` runs no more lines than linear growth explains, logarithms and setting up allowed for."""
    call(3)  # what is made once
    little = lines_run(lambda: call(small))
    return lines_run(lambda: call(times * small)) < 1.6 * times * little
