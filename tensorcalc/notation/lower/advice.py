"""What errors of matrix notation say: what does not fit, and what to write instead.

Knows trees and what they denote, and makes no values.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from ...errors import FormulaError, ShapeError, UnknownNameError
from ...spelling import closest
from ..parse import SPOKEN
from ..syntax import Call, Name, Num, Op, Syntax, walk
from .scope import Scope, Value
from .unify import text
from .values import describe, same_shape


def says(scope: Scope, tree: Syntax, value: Value) -> str:
    """The words of a part of a formula, and the size of what it denotes."""
    return f"{scope.text(tree)} is {describe(value)}"


def sum_error(scope: Scope, left: Syntax, a: Value, right: Syntax, b: Value) -> ShapeError:
    """TC110 for a number plus a matrix, else TC101: two terms whose shapes differ."""
    facts = [says(scope, left, a), says(scope, right, b)]
    if a.is_scalar != b.is_scalar and a.matrix and b.matrix:
        number, other = (left, b) if a.is_scalar else (right, a)
        return scope.shape_error("TC110", "a number plus a matrix has two meanings", [left, right], facts,
                                 _letter_help(scope, number, other) or _transposed_help(scope, left, right)
                                 or _factor_help(scope, right if a.is_scalar else left) or _ones_help(other))
    help = None
    if a.matrix and b.matrix and same_shape(a, Value(None, (b.cols, b.rows)), scope):
        help = "transpose one of them"
    elif any(isinstance(node, Op) and node.operator == "multiply" and Num(Fraction(1)) in node.operands
             for tree in (left, right) for node in walk(tree)):
        help = "1 is a number; a vector of ones is written ones(n)"
    return scope.shape_error("TC101", "cannot add tensors of different shapes", [left, right], facts, help)


def turned_number(scope: Scope, tree: Op) -> FormulaError:
    """TC071: on paper a 1 with a transpose is a vector of ones."""
    return scope.formula_error("TC071", "a number has no transpose", tree,
                               help="a vector of ones is written ones(n); the sum of all entries is sum(X)")


def _ones_help(other: Value) -> str:
    """What a number may mean beside a matrix."""
    sizes = [text(group) for group in other.groups]
    if sizes == ["?"]:
        return "times vector(1) it is added to every entry"
    help = f"times ones({', '.join(sizes) if '?' not in ''.join(sizes) else '…'}) it is added to every entry"
    if len(sizes) == 2 and sizes[0] == sizes[1]:
        help += f", times eye({sizes[0] if '?' not in sizes[0] else '…'}) to the diagonal"
    return help


def _letter_help(scope: Scope, tree: Syntax, other: Value) -> str | None:
    """A name that is a number by its first letter alone may be meant to be declared."""
    name = tree.operands[0] if isinstance(tree, Op) and tree.operator == "negate" else tree
    if not isinstance(name, Name) or name.name not in scope.axes or name.name in scope.declared:
        return None
    names = iter("mn")
    sizes = ",".join([size if "?" not in size else next(names) for size in map(text, other.groups)])
    return f"{name.name} is a number by its first letter; declare it (vars, or --var {name.name}={sizes})"


def _factor_help(scope: Scope, tree: Syntax) -> str | None:
    """The first factor, a vector by its first letter alone, in front of a norm or a bracket: most people mean a number."""
    while isinstance(tree, Op) and tree.operator in ("negate", "divide"):
        tree = tree.operands[0]
    if not isinstance(tree, Op) or tree.operator != "multiply" or all(isinstance(one, (Num, Name)) for one in tree.operands):
        return None
    first = tree.operands[0]
    while isinstance(first, Op) and first.operator in ("negate", "divide"):
        first = first.operands[0]
    return number_help(scope, first) if isinstance(first, Name) and len(scope.axes.get(first.name, ())) == 1 else None


def _transposed_help(scope: Scope, *trees: Syntax) -> str | None:
    """Nobody transposes a number: a name that is one by its first letter alone is meant as a vector."""
    for node in [node for tree in trees for node in walk(tree) if isinstance(node, Op) and node.operator == "transpose"]:
        name = node.operands[0]
        if isinstance(name, Name) and scope.axes.get(name.name) == () and name.name not in scope.declared:
            return f"{name.name} is a number by its first letter; declare it (vars, or --var {name.name}=n)"
    return None


def number_help(scope: Scope, tree: Syntax) -> str | None:
    """A name that is a vector by its first letter alone may be meant as a number."""
    if not isinstance(tree, Name) or tree.indices is not None or tree.name not in scope.axes or tree.name in scope.own_names():
        return None
    return f"declare {tree.name} a number (vars, or --var {tree.name}=)"


def matrix_help(scope: Scope, tree: Syntax) -> str | None:
    """A name that is a number or a vector by its first letter alone may be meant as a matrix."""
    if not isinstance(tree, Name) or tree.indices is not None or tree.name not in scope.axes or tree.name in scope.own_names():
        return None
    kind = "vector" if scope.axes[tree.name] else "number"
    return f"{tree.name} is a {kind} by its first letter; declare it (vars, or --var {tree.name}=n,n)"


_JOINT = re.compile(r"(?:[\s*@]|\\(?:[ ,;:!]|cdot|quad))*\Z")   # what stands between factors


def product_error(scope: Scope, first: Syntax, left: Value, operand: Syntax, right: Value) -> ShapeError:
    """TC109: the factors from ``first`` on denote ``left``, which ``operand``, next, does not fit."""
    words = _JOINT.sub("", scope.source[first.span[0]:operand.span[0]])
    if words.count("(") != words.count(")"):
        words = "the left factor"
    help = None
    if isinstance(first, Op) and first.operator == "kronecker":
        outer, _, inner = words.rpartition("⊗")
        help = f"⊗ groups from the left, as products do: {outer}⊗ ({inner.strip()} {scope.text(operand)})" if outer else None
    elif not left.cols and not right.cols and scope.agree(left.rows, right.rows):
        number = number_help(scope, operand) or number_help(scope, first)
        rest = f"use .* for entry by entry, or {number}" if number else "or use .* for entry by entry"
        help = f"transpose the first for a number ({words}' {scope.text(operand)}), {rest}"
    elif left.cols and right.cols and scope.agree(left.cols, right.cols):
        help = f"transpose {scope.text(operand)}"
    elif left.rows and right.rows and scope.agree(left.rows, right.rows):
        number = number_help(scope, first) if words == scope.text(first) else None
        help = f"transpose {words}" + (f", or {number}" if number else "")
    return scope.shape_error("TC109", "cannot multiply: inner sizes differ", [first, operand],
                             [f"{words} is {describe(left)}", says(scope, operand, right)], help)


# Names of other systems and of textbooks.
_MEANT = {**SPOKEN, "norm": "norm2", "logistic": "sigmoid", "identity": "eye", "cholesky": "chol",
          "kronecker": "kron", "dot": "sum", "vector": "vec", "sigma": "sigmoid"}

_WRITTEN = {"transpose": "a transpose is written A' or A^T", "dot": "a product of vectors is written x' y",
            "mean": "a mean is written sum(x)/n, where x is declared with n entries (vars, or --var x=n)",
            **dict.fromkeys(("eig", "eigh", "eigvals", "svd", "qr", "rank", "argmax", "argmin"),
                            "it has no formula here that could be differentiated")}
"""What to write in place of functions that people look for."""


def unknown_function(tree: Call, scope: Scope, known: Collection[str]) -> UnknownNameError:
    """TC202, with the nearest of the ``known`` names, or how what is meant is written."""
    name = tree.function
    meant = _MEANT.get(name.lower()) or closest(name, known)
    if name in scope.axes:
        help = f"{name} is a variable: write {name} (…) with a space, or {name}*(…)"
    elif name in _WRITTEN:
        help = _WRITTEN[name]
    elif meant:
        help = f"did you mean {meant}?"
    elif name[0].isupper() and all(isinstance(inner, (Name, Num)) for inner in tree.arguments):
        sizes = ",".join([scope.text(inner) for inner in tree.arguments])
        help = f"the shape of {name} is declared apart (vars, or --var {name}={sizes}); a product is {name}*(…)"
    elif name[0].isupper():
        help = f"a product is {name} (…) with a space, or {name}*(…)"
    else:
        help = f"declare it (functions, or --function {name}=elementwise)"
    return UnknownNameError("TC202", f"{name} is not a function", source=scope.source,
                            spans=[(tree.span[0], tree.span[0] + len(name))], help=help)
