"""Every page shows what happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from laws.test_imports import FACTS, MODULES
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
        assert settled(printed(command, fresh=page.name == "README.md")) == settled(expected)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_languages_of_blocks(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= {"python", "console", "sh", "text", "json"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_index_lists_every_page() -> None:
    lists = [ROOT / "docs" / "index.md", ROOT / "docs" / "gallery" / "index.md"]
    listed = {(page.parent / target).resolve() for page in lists
              for target in re.findall(r"^- \[[^\]]+\]\(([\w/-]+\.md)\)", page.read_text(), re.MULTILINE)}
    assert listed == {*PAGES} - {ROOT / "README.md", lists[0]}


GALLERY = [page for page in PAGES if page.parent.name == "gallery" and page.name != "index.md"]


@pytest.mark.parametrize("page", GALLERY, ids=lambda page: page.name)
def test_every_page_of_the_gallery_is_checked_by_other_means(page: Path) -> None:
    check = page.read_text().partition("\n## A numeric check\n")[2]
    assert "\nTrue" in check or "(True" in check or "[True" in check
    assert "False" not in check
    assert re.search(r"\n\*Sources: [^*]+\*\n$", check)


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


# -- the tables of docs/json.md ---------------------------------------------------------


@pytest.mark.parametrize("do", ["derive", "verify", "check", "evaluate"])
def test_every_field_of_a_request_is_listed(do: str) -> None:
    known = handle({"do": do, "colour": 1, **dict.fromkeys(("expr", "wrt", "lhs", "rhs", "claimed", "values"), "X")})
    listed = re.findall(r"`(\w+)`", (ROOT / "docs" / "json.md").read_text())
    fields = known["error"]["message"].partition("known are ")[2].split(", ")
    assert {*fields} <= {*listed}


# -- the floors of docs/design.md ----------------------------------------------------------


def test_every_module_is_listed_on_its_floor() -> None:
    """Folders by their name; of modules beside them, those with a row of their own."""
    table = re.findall(r"^\| (?:facts: |surfaces: )?((?:`[\w/]+` ?)+) \|", (ROOT / "docs" / "design.md").read_text(), re.MULTILINE)
    listed = [name for row in table for name in re.findall(r"`([\w/]+)`", row) if name.rstrip("/") in known()]
    assert sorted(listed) == sorted(f"{name}/" if name in folders() else name for name in known())
    assert set(listed) >= FACTS


def known() -> set[str]:
    return {module.partition(".")[0] for module in MODULES} - {"__init__", "__main__"}


def folders() -> set[str]:
    return {module.partition(".")[0] for module in MODULES if "." in module}
