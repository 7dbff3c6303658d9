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
_ANNOTATIONS = (" -> None", " -> Any", " -> bool", ": Callable[..., None]", ": Array", " -> Array", ": Callable[[Array], Array]",
                ": Sequence[Callable[[Array], Array]]",
                ": Sequence[float]", ": int", ": float", ": str", ": tuple[int, ...]", ": Any", " -> tuple[Array, None]")


@cache
def _texts(module: ModuleType) -> dict[str, str]:
    """The text of each function of a module."""
    text = getsource(module)
    return {node.name: ast.get_source_segment(text, node) or "" for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)}


@cache
def source(module: ModuleType, name: str) -> str:
    """The text of a function, without annotations and without the lines that find its library."""
    text = _IMPORT.sub("", _texts(module)[name])
    for annotation in _ANNOTATIONS:
        text = text.replace(annotation, "")
    return text
