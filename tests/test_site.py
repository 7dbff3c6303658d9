"""The pages build as a site without a warning, and the site asks nothing of other machines."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest
from markdown import PAGES, ROOT

pytestmark = pytest.mark.skipif(find_spec("sphinx") is None, reason="pip install '.[docs]' brings Sphinx")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", folder / "read", "docs", folder / "html"]
    done = subprocess.run(command, cwd=ROOT, text=True, check=False, capture_output=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    return Path(folder / "html")


class Fetched(HTMLParser):
    """The addresses that a browser fetches by itself to show a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        fetched = given.get("src") if tag != "link" else given.get("href") if given.get("rel") in ("stylesheet", "icon") else None
        self.found += [fetched] if fetched else []


def test_every_page_is_there(site: Path) -> None:
    for page in set(PAGES) - {ROOT / "README.md"}:
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists(), page


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for address in Fetched(page).found:
            assert not re.match(r"\w+:|//", address), f"{page.name} fetches {address}"
            assert (page.parent / address.partition("?")[0]).exists(), f"{page.name} lacks {address}"
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^)'\"]+)", sheet.read_text(encoding="utf-8")):
            assert not re.match(r"https?:|//", address), f"{sheet.name} fetches {address}"


def test_formulas_are_left_to_katex(site: Path) -> None:
    page = (site / "gallery" / "least-squares.html").read_text(encoding="utf-8")
    assert '<div class="math">' in page
    assert "katex.min.js" in page
    assert (site / "_static" / "fonts" / "KaTeX_Main-Regular.woff2").exists()


def test_the_table_of_contents_has_every_page(site: Path) -> None:
    contents = (site / "index.html").read_text(encoding="utf-8")
    for page in set(PAGES) - {ROOT / "README.md", ROOT / "docs" / "index.md"}:
        assert f'href="{page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()}"' in contents, page
