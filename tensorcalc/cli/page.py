"""The command that serves the page."""

from __future__ import annotations

from importlib import import_module

from ..errors import RequestError
from .command import Command
from .options import Arguments, Option, whole

MOST = {"seconds": 3600, "megabytes": 2**20, "processes": 64, "port": 65535}
_LEAST = {"megabytes": 256, "port": 0}


def _serve(given: Arguments) -> int:
    if given.words:
        raise RequestError("TC520", "serve takes no words; formulas are typed into the page", help=SERVE.examples[0])
    for name, most in MOST.items():
        least = _LEAST.get(name, 1)
        if not least <= given.values.get(name, most) <= most:
            flag = next(option.flag for option in SERVE.options if option.field == name)
            raise RequestError("TC521", f"{flag} is a whole number from {least} to {most}, not {given.values[name]}")
    chosen = {name: given.values[name] for name in ("seconds", "megabytes", "processes") if name in given.values}
    page = import_module("tensorcalc.page.server")   # which no other command waits for
    page.serve(given.values.get("host", "127.0.0.1"), given.values.get("port", 8765), page.Limits(**chosen))
    return 0


SERVE = Command("show a page in which formulas are answered as they are typed", "", (
    Option("--port", "8765", "the port; 0 takes one that is free", "port", whole),
    Option("--host", "127.0.0.1", "the address; this one is reached from this machine alone", "host"),
    Option("--limit", "10", "the seconds that an answer may take", "seconds", whole),
    Option("--memory", "1024", "the megabytes that an answer may take", "megabytes", whole),
    Option("--processes", "2", "how many answers are computed at a time", "processes", whole),
), _serve, ("tensorcalc serve", "tensorcalc serve --port 8000 --limit 60"))
COMMANDS = {"serve": SERVE}
