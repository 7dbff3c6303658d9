"""Notebooks as tests: the code of each cell, run in order, and what Jupyter would show for it.

``python tests/notebooks.py NOTEBOOK…`` puts what happens now in place of the outputs.
Text, LaTeX, HTML and SVG are kept; nothing of Jupyter is needed.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

_RICH = {"text/latex": "_repr_latex_", "text/html": "_repr_html_", "image/svg+xml": "_repr_svg_"}


def outputs(notebook: Path) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each cell with code, and what it puts out now."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for count, cell in enumerate(_code(json.loads(notebook.read_text(encoding="utf-8"))), 1):
        yield cell, _run("".join(cell["source"]), namespace, count)


def _code(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def _run(source: str, namespace: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Run a cell; its last line is shown where it is an expression, as in Jupyter."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out, shown = io.StringIO(), None
    with redirect_stdout(out):
        exec(compile(tree, "<cell>", "exec"), namespace)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)  # noqa: S307 - our own cells
    found: list[dict[str, Any]] = []
    if out.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": _lines(out.getvalue())})
    if shown is not None:
        found.append({"data": _bundle(shown), "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return found


def _bundle(shown: object) -> dict[str, list[str]]:
    texts = {"text/plain": repr(shown)}
    for kind, method in _RICH.items():
        text = getattr(shown, method)() if hasattr(type(shown), method) else None
        texts |= {kind: text} if text else {}
    texts |= shown._repr_mimebundle_() if hasattr(type(shown), "_repr_mimebundle_") else {}
    return {kind: _lines(text) for kind, text in texts.items()}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def rewritten(notebook: Path) -> str:
    """The notebook with what its cells put out now."""
    now = [found for _, found in outputs(notebook)]
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for count, (cell, found) in enumerate(zip(_code(content), now), 1):
        cell |= {"execution_count": count, "outputs": found}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(rewritten(Path(name)), encoding="utf-8")
