"""From an expression to a module that computes it, for NumPy, JAX or PyTorch.

Knows modules, names and the order of statements; the text of one step is
:mod:`tensorcalc.numbers.code.arraycode`.  The module is complete, straight-line code: it walks
the plan that :mod:`tensorcalc.numbers.evaluate` runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from textwrap import wrap

from ...algebra.expr import Apply, Delta, Einsum, Expr, Variable
from ...algebra.traverse import postorder
from ...sizes import symbols
from ..evaluate import keywords
from ..plans.pairwise import is_placement
from ..plans.plan import nominal_sizes, plan
from ..plans.transposes import upright
from .arraycode import Writer
from .arraytext import Code
from .dialects import Dialect, dialect
from .printed import source
from .signature import Signature, words

WIDTH = 88   # of a generated line
_WIDEST = WIDTH - len("    return ")

_SIMPLE = re.compile(r"-?[\w.]+(\.T|\[[^\]]*\])?|\(-?\d+/\d+\)")


def numpy_code(expr: Expr, *, name: str = "derivative", groups: Sequence[int] | None = None) -> str:
    """The module of :func:`module_code` for NumPy.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, X = variable("A", "m", "n"), variable("X", "n", "p")
    >>> print(numpy_code(einsum([(A, "ij"), (X, "jk")], "ki")))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def derivative(*, A, X, **_):
        A = np.asarray(A, dtype=float)
        X = np.asarray(X, dtype=float)
        return X.T @ A.T
    <BLANKLINE>
    """
    return module_code(expr, "numpy", name=name, groups=groups)


def module_code(expr: Expr, library: str, *, name: str = "derivative", groups: Sequence[int] | None = None,
                sizes: Mapping[str, int] | None = None) -> str:
    """A module that defines the function ``name`` of the variables of ``expr`` with one of the ``LIBRARIES``.

    ``groups`` says how many axes of the expression make one axis of the result
    each; without it every axis stays one.  The order of operations is the cheapest at ``sizes``,
    or at sizes such as people have.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> T, x = variable("T", "m", "n", "p"), variable("x", "n")
    >>> print(module_code(einsum([(T, "ijk"), (x, "j")], "ik"), "torch").splitlines()[-1])
        return torch.tensordot(T, x, dims=([1], [0]))

    Raises
    ------
    UnsupportedError: TC314 where the library does not have a function.
    """
    return _Module(expr, dialect(library), name, groups, sizes or {}).text()


@lru_cache(maxsize=16)   # the modules of all libraries have one plan
def _planned(expr: Expr, sizes: tuple[tuple[str, int], ...]) -> Expr:
    return upright([plan(expr, dict(sizes))])[0]


class _Module:
    """One generated module."""

    def __init__(self, expr: Expr, dialect: Dialect, name: str, groups: Sequence[int] | None, sizes: Mapping[str, int]) -> None:
        self.name, self.groups = name, groups
        self.expr = _planned(expr, tuple(sorted({**nominal_sizes([expr]), **sizes}.items())))
        self.order = postorder(self.expr)
        self.signature = Signature(
            {node.name: node for node in self.order if isinstance(node, Variable)}.values(),
            {word for node in self.order if isinstance(node, Apply) for word in keywords(node.function)},
            {symbol for node in self.order for dim in _dims(node) for symbol in symbols(dim)},
            (name, *dialect.reserved))
        self.dialect = dialect.after(self.signature.example) if self.signature.variables else dialect.alone()
        self.writer = Writer(self.dialect, {**self.signature.variables, **self.signature.callables}, self.signature.symbols)
        self.body: list[str] = []

    def text(self) -> str:
        """The whole module."""
        self._compute()
        function = "\n".join([*self.signature.head(self.name, self.body, self.dialect), *map(_line, self.body)])
        sources = [source(self.dialect.kernels, helper) for helper in helpers(self.dialect, words(function))]
        return "\n\n\n".join([imports(self.dialect, words(function, *sources)), *sources, function]) + "\n"

    def _compute(self) -> None:
        """One text for each node of the plan; what is used twice or too long gets a name."""
        count = _uses(self.order, self.expr)
        done: dict[Expr, Code] = {}
        for node in self.order:
            code = self._step(node, [done[child] for child in node.children])
            if count[node] > 1 and not (_simple(code) or isinstance(node, Delta) or node is self.expr):
                code = self._named(code)
            done[node] = code
        result = self.writer.full(done[self.expr], self.expr.shape)
        text = self._merged(result)
        if len(text) > max(len(result.text), _WIDEST) and not _simple(result):
            text = self._merged(self._named(result))
        if result.plain and not self.signature.callables:
            text = self.dialect.write("number", text)
        self.body.append(f"return {text}")

    def _merged(self, code: Code) -> str:
        return code.text if self.groups is None else self.writer.merge(code, self.expr.shape, self.groups)

    def _step(self, node: Expr, inputs: list[Code]) -> Code:
        """The text of one node; where it is too long, its longest parts get names."""
        code = self.writer.step(node, inputs)
        while len(code.text) > _WIDEST:
            excess = len(code.text) - _WIDEST
            named: dict[str, Code] = {}
            for part in sorted(inputs, key=lambda part: -len(part.text)):
                if excess > 0 and not _simple(part) and part.text not in named and part.text in code.text:
                    named[part.text] = self._named(part)
                    excess -= len(part.text) - len(named[part.text].text)
            if not named:
                break
            inputs = [named.get(part.text, part) for part in inputs]
            code = self.writer.step(node, inputs)
        return code

    def _named(self, code: Code) -> Code:
        """Give a text a name."""
        name = self.signature.fresh(len(self.body))
        self.body.append(f"{name} = {code.text}")
        return Code(name, absent=code.absent, plain=code.plain)


def imports(dialect: Dialect, used: set[str]) -> str:
    """The lines that import what the words ``used`` name, the standard library first."""
    first, *others = dialect.imports.items()
    lines = sorted([first[1], *[line for word, line in others if word in used]], key=lambda line: (line[:4] == "from", line))
    standard = [line for line in lines if line == "import math"]
    return "\n".join([*standard, *[""] * len(standard), *[line for line in lines if line not in standard]])


def helpers(dialect: Dialect, used: set[str]) -> list[str]:
    """The helper functions that the words ``used`` name, and those that these need, each after what it needs."""
    found: dict[str, None] = {}
    pending = [helper for helper in dialect.helpers if helper in used]
    while pending:
        helper = pending.pop()
        found.pop(helper, None)
        found[helper] = None
        inner = words(source(dialect.kernels, helper))
        pending += [other for other in dialect.helpers if other in inner and other != helper]
    return list(reversed(found))


def _line(statement: str) -> str:
    """A statement, indented; broken within brackets where it is too long."""
    if len(statement) <= WIDTH - 4:
        return "    " + statement
    left, gap, right = statement.partition(" " if statement.startswith("return ") else " = ")
    tight = re.sub(r" ([*/@]+) ", "\0\\1\0", right)   # lines break at signs and commas
    lines = [line.replace("\0", " ") for line in wrap(tight, WIDTH - 8, break_long_words=False, break_on_hyphens=False)]
    return "\n".join([f"    {left}{gap}(", *["        " + line for line in lines], "    )"])


def _uses(order: Sequence[Expr], root: Expr) -> dict[Expr, int]:
    """How often the text of each node is written; a square writes its base once."""
    count = dict.fromkeys(order, 0)
    count[root] += 1
    for node in order:
        square = isinstance(node, Einsum) and not is_placement(node) and len(node.operands) == 2 \
            and len(set(node.subscripts)) == 1 and node.shape + node.operands[0].shape[1:]
        for child in set(node.children) if square else node.children:
            count[child] += 1
    return count


def _simple(code: Code) -> bool:
    """Whether a text may be written twice."""
    return _SIMPLE.fullmatch(code.text) is not None or (code.divisor is not None and _simple(code.divisor))


def _dims(node: Expr) -> tuple[int | str, ...]:
    return (*node.shape, node.dim) if isinstance(node, Delta) else node.shape
