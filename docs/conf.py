"""How the pages become a site: ``python -m sphinx -W docs build/site``.

Nothing is executed here and nothing is fetched.  What pages show is run by ``tests/test_docs.py``;
formulas are typeset in the browser by the KaTeX of the package's own page.  The pages stay plain
Markdown: the table of contents is made of the lists in ``index.md`` and ``gallery/index.md``.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments.lexer import RegexLexer
from pygments.token import Generic, Text
from sphinx.application import Sphinx

import tensorcalc

ROOT = Path(__file__).parent.parent
ASSETS = ROOT / "tensorcalc" / "page" / "assets"

project = "tensorcalc"
author = "tensorcalc developers"
project_copyright = author
version = release = tensorcalc.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]
smartquotes = False   # A' is a transpose
nitpicky = True       # a reference that leads nowhere is a warning, and warnings are errors

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"      # signatures without types; docstrings say what arguments are
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "tensorcalc"
html_favicon = str(ASSETS / "icon.svg")
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static", str(ASSETS / "katex")]
html_css_files = ["katex.min.css", "site.css"]
html_js_files = [("katex.min.js", {"defer": ""}), ("typeset.js", {"defer": ""})]
html_math_renderer = "katex"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

_LISTS = {"index", "gallery/index"}


class Session(RegexLexer):
    """What a terminal shows: commands after ``$ ``, everything else as it is."""

    name = "Shell session"
    tokens = {  # noqa: RUF012 - the way of Pygments
        "root": [(r"^\$ ", Generic.Prompt), (r"(?<=^\$ )(?:[^\n]*\\\n)*[^\n]*", Generic.Strong), (r"[^\n]*\n", Generic.Output),
                 (r"[^\n]+", Text)],
    }


def contents(_: Sphinx, name: str, source: list[str]) -> None:
    """Add what only the site needs: a table of contents for each list of pages, and no links that lead out of it."""
    source[0] = re.sub(r"\[([^\]]+)\]\((?:\.\./)+([\w/]+\.md)\)", r"\1 (`\2`)", source[0]) if "/" not in name else source[0]
    if name in _LISTS:
        for section in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
            caption, _, listed = section.partition("\n")
            entries = "\n".join(re.findall(r"^- \[[^\]]+\]\(([\w/-]+)\.md\)", listed, re.MULTILINE))
            source[0] += f"\n:::{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n:::\n"


def sections(*given: Any) -> None:
    """Bring ``RequestError: TC509 for a name.`` under Raises or Parameters to the two lines that numpydoc reads."""
    lines = given[-1]
    section, brought = "", list[str]()
    for line, below in zip(lines, [*lines[1:], ""]):
        if below.strip() and not below.strip("- "):
            section = line.strip()
        label, colon, text = line.partition(": ")
        brought += [label, "    " + text] if colon and section in ("Raises", "Parameters") else [line]
    lines[:] = brought


def inline(self: Any, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{escape(node.astext())}</span>')
    raise nodes.SkipNode


def block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{escape(node.astext())}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Hook the above in."""
    app.connect("source-read", contents)
    app.connect("autodoc-process-docstring", sections, priority=100)   # before numpydoc reads them
    app.add_lexer("console", Session)
    app.add_html_math_renderer("katex", (inline, None), (block, None))
