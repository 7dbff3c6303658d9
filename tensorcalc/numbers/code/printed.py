"""The text of functions of this package as generated modules show it.

Knows where modules have their text, and nothing of what the functions compute.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from inspect import getsource
from types import ModuleType

_IMPORT = re.compile(r"^    \w+ = (numpy|scipy_linalg|jax_itself|jax_numpy|jax_linalg|pytorch)\(\)\n", re.MULTILINE)


@cache
def _texts(module: ModuleType) -> dict[str, str]:
    """The text of each function of a module."""
    text = getsource(module)
    return {node.name: ast.get_source_segment(text, node) or "" for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)}


@cache
def source(module: ModuleType, name: str) -> str:
    """The text of a function, without annotations and without the lines that find its library."""
    return _bare(_IMPORT.sub("", _texts(module)[name]))


def _bare(text: str) -> str:
    r"""The text of a function without annotations.

    Examples
    --------
    >>> _bare("def f(x: Array, n: int = 3) -> Array:\n    return x * n")
    'def f(x, n=3):\n    return x * n'
    """
    lines = text.encode().splitlines(keepends=True)
    cuts: list[tuple[int, int, int, int, bytes]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.arg) and (annotation := node.annotation):
            start = node.col_offset + len(node.arg.encode())
            cuts.append(_cut(annotation, node.lineno, start, b"=" if _rest(lines, annotation).startswith(b" = ") else b""))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            cuts.append(_cut(node.returns, node.returns.lineno, node.returns.col_offset - len(" -> "), b""))
        elif isinstance(node, ast.AnnAssign):
            cuts.append(_cut(node.annotation, node.lineno, node.target.end_col_offset or 0, b""))
    for first, start, last, end, instead in sorted(cuts, reverse=True):
        tail = lines[last - 1][end + 3 * bool(instead):]
        lines[first - 1 : last] = [lines[first - 1][:start] + instead + tail]
    return b"".join(lines).decode()


def _rest(lines: list[bytes], node: ast.expr) -> bytes:
    """What follows an expression on its last line."""
    return lines[(node.end_lineno or 0) - 1][node.end_col_offset or 0:]


def _cut(annotation: ast.expr, line: int, start: int, instead: bytes) -> tuple[int, int, int, int, bytes]:
    """From a place to the end of an annotation: first line and column, last line and column, what stands there then."""
    return line, start, annotation.end_lineno or 0, annotation.end_col_offset or 0, instead
