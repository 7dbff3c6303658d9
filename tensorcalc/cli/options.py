"""The arguments of the command line, as a table of options, and how they make a request.

Knows words; refuses to know what they are for.  What stands on its own is a formula or a
value, also where it begins with a minus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import RequestError
from ..request import shown
from ..spelling import closest

Read = Callable[[str, str], Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One row: ``--flag VALUE``, the field of the request that it fills, and how the value is read.

    An option without ``value`` is a switch.  ``many``: it may be given again; lists
    are joined and objects united.  ``choices``: all values that there are, if they are few.
    """

    flag: str
    value: str
    help: str
    field: str
    read: Read = lambda text, _: text
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Arguments:
    """What was given: the words that stand on their own, and the value of every option by its field."""

    words: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def request(self, do: str, fields: Iterable[str]) -> dict[str, Any]:
        """The fields of a request that were given."""
        return {"do": do, **{name: self.values[name] for name in fields if name in self.values}}


def arguments(given: Sequence[str], options: Sequence[Option]) -> Arguments:
    """Sort words by the table.

    Raises
    ------
    RequestError: TC520 for an option that is not in the table or lacks its value, TC521 for a value of the wrong form,
        TC508 for one that is no choice.
    """
    table = {option.flag: option for option in options}
    found = Arguments()
    waiting = list(reversed(given))
    while waiting:
        word = waiting.pop()
        flag, equals, inline = word.partition("=")
        if not word.startswith("--") or " " in flag:
            found.words.append(word)
            continue
        if flag not in table:
            meant = closest(flag, table)
            raise RequestError("TC520", f"unknown option {flag}",
                               help=f"did you mean {meant}?" if meant else f"options are {', '.join(table)}")
        option = table[flag]
        if option.value and not equals and not waiting:
            raise RequestError("TC520", f"{flag} lacks its value", help=f"write {flag} {option.value}")
        if equals and not option.value:
            raise RequestError("TC520", f"{flag} takes no value")
        value = option.read(inline if equals else waiting.pop(), flag) if option.value else True
        if option.choices:
            _insist_on_choice(value, option, table)
        before = found.values.get(option.field)
        if before is not None and not option.many:
            raise RequestError("TC520", f"{flag} is given twice")
        found.values[option.field] = value if before is None else _joined(before, value)
    return found


def _insist_on_choice(value: Any, option: Option, table: Mapping[str, Option]) -> None:
    for word in (value or [""]) if isinstance(value, list) else [value]:
        if word not in option.choices:
            meant = f"--{word}" if f"--{word}" in table else closest(word, option.choices)
            raise RequestError("TC508", f"{option.flag} is one of {', '.join(option.choices)}, not {shown(word)}",
                               help=f"did you mean {meant}?" if meant else None)


def _joined(before: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        return before + value
    return {**before, **{name: _joined(before[name], own) if isinstance(own, list) and name in before else own
                         for name, own in value.items()}}


# -- reading values ----------------------------------------------------------------------


def listed(text: str, _: str) -> list[str]:
    """``X,Y`` as a list."""
    return [part.strip() for part in text.split(",") if part.strip()]


def whole(text: str, flag: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise RequestError("TC521", f"{flag} takes a whole number, not {shown(text)}") from None


_FOR_INSTANCE = {"--var": "write --var A=3,4, or --var b=n for a vector, --var c= for a number",
                 "--assume": "write --assume S=symmetric"}


def named(text: str, flag: str) -> tuple[str, str]:
    """``NAME=REST``, split."""
    name, equals, rest = text.partition("=")
    if not equals:
        raise RequestError("TC521", f"{flag} takes NAME=…, not {shown(text)}", help=_FOR_INSTANCE.get(flag))
    return name.strip(), rest.strip()


def shapes(text: str, flag: str) -> dict[str, list[int | str]]:
    """``A=p,n`` as a shape; nothing after ``=`` is a number."""
    name, rest = named(text, flag)
    if rest[:1].isdecimal() and "x" in rest and "," not in rest:
        raise RequestError("TC521", f"{flag} separates sizes by commas", help=f"write {flag} {name}={rest.replace('x', ',')}")
    return {name: [size(part) for part in listed(rest, flag)]}


def size(text: str) -> int | str:
    """A size: a number where it is one."""
    return int(text) if text.isdecimal() and len(text) < 10 else text


def sizes(text: str, flag: str) -> dict[str, int | str]:
    """``i=3`` as the size of an index."""
    name, rest = named(text, flag)
    return {name: size(rest)}


def properties(text: str, flag: str) -> dict[str, list[str]]:
    """``S=symmetric,spd`` as properties of a name; anything with two names in it is an equation."""
    name, rest = named(text, flag)
    if name.isalnum() and all(part.isalpha() for part in listed(rest, flag)):
        return {name: listed(rest, flag)}
    return {"equations": [text]}


def kinds(text: str, flag: str) -> dict[str, str]:
    """``f=elementwise``, or ``f=log(1+exp(z))``."""
    return dict([named(text, flag)])


def value(text: str) -> dict[str, Any]:
    """``A=[[1,2],[3,4]]`` or ``A=[1,2; 3,4]`` as a value."""
    name, rest = named(text, "evaluate")
    try:
        return {name: strict(_rows(rest))}
    except ValueError as error:
        raise RequestError("TC521", f"the value of {name} is not JSON: {error}", source=text,
                           spans=[(len(text) - len(rest), len(text))], help=f"write {name}=[[1,2],[3,4]]") from None


def _rows(text: str) -> str:
    """A literal of the language, ``[1, 2; 3, 4]`` or ``[1; 2]``, as JSON; anything else as it is."""
    inner = text.removeprefix("[").removesuffix("]")
    if ";" not in inner or len(inner) != len(text) - 2 or "[" in inner:
        return text
    rows = inner.split(";")
    return f"[{', '.join(rows)}]" if not any("," in row for row in rows) else f"[{', '.join([f'[{row}]' for row in rows])}]"


def file(path: str, standard: Callable[[], str]) -> Mapping[str, Any]:
    """The object in a JSON file; ``-`` is standard input.

    Raises
    ------
    RequestError: TC523 where it cannot be read, TC522 where it is no JSON object.
    """
    try:
        found = strict(standard() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError("TC523", f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise RequestError("TC522", f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise RequestError("TC522", f"{path} holds no JSON object of values by name")
    return found


def strict(text: str) -> Any:
    """What a JSON text says; a ``ValueError`` says what is wrong with it."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")
