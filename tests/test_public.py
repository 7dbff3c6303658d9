"""What every public name says of itself: one line, an example that runs, and what it raises."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from markdown import ROOT

import tensorcalc
from tensorcalc.codes import CODES

NAMES = [name for name in tensorcalc.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(tensorcalc, name))]
CLASSES = [getattr(tensorcalc, name) for name in NAMES if inspect.isclass(getattr(tensorcalc, name))]
METHODS = [(cls, name) for cls in CLASSES for name, member in vars(cls).items()
           if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_a_docstring_with_an_example(name: str) -> None:
    thing = getattr(tensorcalc, name)
    text = vars(thing)["__doc__"] if inspect.isclass(thing) else thing.__doc__   # its own, and not that of a parent
    assert text.splitlines()[0].endswith(".")
    assert ">>> " in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_says_what_it_raises(name: str) -> None:
    if name != "handle":   # the one that never does
        assert re.search(r"\n +Raises\n +------\n( +\w+Error: .*\n)+", getattr(tensorcalc, name).__doc__)


@pytest.mark.parametrize(("cls", "name"), METHODS, ids=[f"{cls.__name__}.{name}" for cls, name in METHODS])
def test_every_method_has_a_docstring_and_an_example_where_it_takes_arguments(cls: type, name: str) -> None:
    member = vars(cls)[name]
    function: Callable[..., Any] = member.fget if isinstance(member, property) else member
    assert function.__doc__
    if len(inspect.signature(function).parameters) > 1:
        assert ">>> " in function.__doc__


@pytest.mark.parametrize("thing", [*[getattr(tensorcalc, name) for name in FUNCTIONS], *CLASSES], ids=lambda thing: thing.__name__)
def test_the_codes_that_docstrings_name_exist(thing: object) -> None:
    assert set(re.findall(r"\bTC\d{3}\b", inspect.getdoc(thing) or "")) <= {*CODES}


def test_the_reference_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    listed = set(re.findall(r"^\.\. auto\w+:: tensorcalc\.([\w.]+)", page, re.MULTILINE))
    assert listed == {"tensors.fn" if name == "fn" else name for name in NAMES}
