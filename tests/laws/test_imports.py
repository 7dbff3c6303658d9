"""Imports only go down: every module knows the floors below its own, and nothing above.

Imports inside functions count.  A folder is a floor; the facts and the surfaces are
the modules beside the folders.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tensorcalc

PACKAGE = Path(tensorcalc.__file__).parent
FORBIDDEN = {"eval", "exec", "sympify", "compile", "__import__"}


def modules() -> list[str]:
    """All modules by their dotted names below the package; packages by their folder."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts))
    return found


def source(module: str) -> ast.Module:
    path = PACKAGE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(module: str) -> set[str]:
    """The modules of the package that a module imports, wherever in its text."""
    known = set(MODULES)
    is_package = PACKAGE.joinpath(*module.split(".")).is_dir()
    found = set()
    for node in ast.walk(source(module)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "tensorcalc"):
            if node.level:
                here = module.split(".") if is_package else module.split(".")[:-1]
                if module == "__init__":
                    here = []
                base = here[: len(here) - node.level + 1] + (node.module.split(".") if node.module else [])
            else:
                base = (node.module or "").split(".")[1:]
            for alias in node.names:
                inner = ".".join([*base, alias.name])
                found.add(inner if inner in known else ".".join(base) if base else alias.name)
        elif isinstance(node, ast.Import):
            found |= {".".join(alias.name.split(".")[1:]) for alias in node.names if alias.name.split(".")[0] == "tensorcalc"}
    return {name for name in found if name in known}


MODULES = modules()


FACTS = {"errors", "functions", "sizes", "spelling"}


def floor(folder: str) -> set[str]:
    return {name for name in MODULES if name.split(".")[0] == folder}


FLOORS = [FACTS, *(floor(folder) for folder in ("algebra", "notation", "calculus", "numbers", "pictures", "proofs"))]
"""From the ground up; above the last of them are the surfaces."""
SYMBOLIC = FLOORS[:4]


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """A cycle of imports, empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> list[str]:
        if module in path:
            return path[path.index(module):]
        if module in done:
            return []
        path.append(module)
        for other in sorted(graph[module]):
            found = visit(other)
            if found:
                return found
        path.pop()
        done.add(module)
        return []

    for module in sorted(graph):
        found = visit(module)
        if found:
            return found
    return []


def test_there_is_no_import_cycle() -> None:
    assert cycle({module: imported(module) - {module} for module in MODULES}) == []


@pytest.mark.parametrize("height", range(len(FLOORS)), ids=["facts", "algebra", "notation", "calculus", "numbers", "pictures", "proofs"])
def test_imports_only_go_down(height: int) -> None:
    below = set().union(*FLOORS[: height + 1])
    assert FLOORS[height] <= set(MODULES)
    assert {(module, other) for module in sorted(FLOORS[height]) for other in imported(module) - below} == set()


def test_nothing_but_text_is_read_by_the_parser() -> None:
    """Trees and their text know nothing of expressions."""
    for module in ("notation.syntax", "notation.tokens", "notation.parse", "notation.mistakes", "notation.text",
                   "notation.letters"):
        assert imported(module) <= floor("notation") | {"errors"}, module


def test_no_import_hides_in_a_function() -> None:
    """Only the table of array libraries looks for what may not be there."""
    hidden = {(module, node.lineno) for module in MODULES if module != "numbers.backends"
              for function in ast.walk(source(module)) if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
              for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom))}
    assert hidden == set()


EXECUTES = "numbers.programs.compiled"
"""The one module that runs text, all of it generated."""


def test_nothing_is_global_and_nothing_is_evaluated() -> None:
    for module in MODULES:
        for node in ast.walk(source(module)):
            assert not isinstance(node, ast.Global), (module, node.lineno)
            if isinstance(node, ast.Name):
                allowed = {"exec", "compile"} if module == EXECUTES else set()
                assert node.id not in FORBIDDEN - allowed, (module, node.lineno, node.id)
            if isinstance(node, ast.Attribute):
                assert node.attr not in FORBIDDEN - {"compile"}, (module, node.lineno, node.attr)


def test_the_symbolic_floors_load_no_arrays() -> None:
    symbolic = sorted(set().union(*SYMBOLIC))
    names = ["tensorcalc", *(f"tensorcalc.{module}" for module in symbolic)]
    script = f"import sys\nimport {', '.join(names)}\nprint(sorted({{'numpy', 'scipy', 'sympy'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                         env={"PYTHONPATH": str(PACKAGE.parent)})
    assert run.stdout.strip() == "[]"
