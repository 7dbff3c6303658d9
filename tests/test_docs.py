"""Every page shows what happens."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from markdown import PAGES, ROOT, Block, blocks, failures, printed, session, settled

from tensorcalc import handle
from tensorcalc.notation.lower import read
from tensorcalc.notation.lower.matrix import FUNCTION_NAMES
from tensorcalc.notation.syntax import OPERATORS

SESSIONS = [(page, block) for page in PAGES for block in blocks(page, "console")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples(page: Path) -> None:
    assert not failures(page)


@pytest.mark.parametrize(("page", "block"), SESSIONS, ids=[f"{page.name}:{block.line}" for page, block in SESSIONS])
def test_shell_sessions(page: Path, block: Block) -> None:
    for command, expected in session(block):
        assert settled(printed(command)) == settled(expected)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_languages_of_blocks(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= {"python", "console", "sh", "text", "json"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "index.md").read_text()))
    assert listed == {page.name for page in PAGES} - {"README.md", "index.md"}


# -- the tables of docs/language.md ---------------------------------------------------------

LANGUAGE = (ROOT / "docs" / "language.md").read_text()
EQUAL = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", LANGUAGE, re.MULTILINE)


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_both_columns_are_one_object(left: str, right: str) -> None:
    assert read(left).expr is read(right).expr


def test_every_function_is_listed() -> None:
    assert {name for name in FUNCTION_NAMES if not re.search(rf"`(?:#|\w+, )?{name}(?![A-Za-z0-9])", LANGUAGE)} == set()


def test_every_spelling_is_listed() -> None:
    assert {spelling for row in OPERATORS.values() for spelling in row.spellings if f"`{spelling}`" not in LANGUAGE} == set()


def derived(formula: str, by: str = "X", order: int = 1) -> dict[str, Any]:
    return handle({"do": "derive", "expr": formula, "wrt": by, "order": order, "want": ["index"]})


@pytest.mark.parametrize(("words", "answer"), [
    ("characters of a formula", lambda most: derived(" " * (most - 1) + "X")),
    ("nested brackets", lambda most: derived("(" * most + "X" + ")" * most)),
    ("digits of a number", lambda most: derived("1" * most + " X")),
    ("exponent of a matrix power", lambda most: derived(f"X^{most}")),
    ("order of a derivative", lambda most: derived("exp(a)", "a", most)),
    ("axes of a derivative", lambda most: derived(f"D_{'abcdefghklmn'[:most - 2]} = " + " ".join(
        f"x_{letter}" for letter in "abcdefghklmn"[:most - 2]) + " X_ij")),
])
def test_bounds(words: str, answer: Callable[[int], dict[str, Any]]) -> None:
    (most,) = re.findall(rf"^\| {words} \| (\d+) \|$", LANGUAGE, re.MULTILINE)
    assert answer(int(most))["ok"]
    assert not answer(int(most) + 1)["ok"]


# -- the tables of docs/requests.md ---------------------------------------------------------


@pytest.mark.parametrize("do", ["derive", "verify", "check", "evaluate"])
def test_every_field_of_a_request_is_listed(do: str) -> None:
    known = handle({"do": do, "colour": 1, **dict.fromkeys(("expr", "wrt", "lhs", "rhs", "claimed", "values"), "X")})
    listed = re.findall(r"`(\w+)`", (ROOT / "docs" / "requests.md").read_text())
    fields = known["error"]["message"].partition("known are ")[2].split(", ")
    assert {*fields} <= {*listed}


# -- the floors of docs/design.md ----------------------------------------------------------


def floors() -> dict[str, int]:
    """The floor of every module, as the design page lists them."""
    rows = re.findall(r"^\| (\d) \w+ \| (.*) \|$", (ROOT / "docs" / "design.md").read_text(), re.MULTILINE)
    return {name: int(floor) for floor, names in rows for name in re.findall(r"`([\w.]+)`", names)}


def imports() -> dict[str, set[str]]:
    """What every module of the package imports of it, inside functions too."""
    source = {module_name(path): path for path in (ROOT / "tensorcalc").rglob("*.py")}
    found = {}
    for name, path in source.items():
        package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        targets: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) + 1 - node.level] + (node.module.split(".") if node.module else [])
                for alias in node.names:
                    inner = ".".join([*base, alias.name])
                    targets.add(inner if inner in source else ".".join(base))
        found[name.removeprefix("tensorcalc.")] = {target.removeprefix("tensorcalc.") for target in targets} - {name}
    return found


def module_name(path: Path) -> str:
    """``tensorcalc.notation.parse``; a package has the name of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_plain(path: Path) -> bool:
    """Whether a package file only says what the package is."""
    return path.name == "__init__.py" and not any(isinstance(node, ast.ImportFrom) for node in ast.parse(path.read_text()).body)


def test_imports_go_down_the_floors() -> None:
    floor = floors()
    for name, targets in imports().items():
        for target in targets:
            if name in floor and target in floor:
                assert floor[target] <= floor[name], f"{name} imports {target}"


def test_every_module_has_a_floor() -> None:
    modules = {module_name(path).removeprefix("tensorcalc.") for path in (ROOT / "tensorcalc").rglob("*.py")
               if not is_plain(path)}
    assert modules - {"tensorcalc", "__main__"} == set(floors())


def test_no_imports_go_in_a_circle() -> None:
    graph = imports()
    TopologicalSorter({name: targets & set(graph) for name, targets in graph.items() if name != "tensorcalc"}).prepare()
