"""A table of second derivatives: the Hessian of a number by several variables, block by block.

Knows names and what a block can do; which tensors the blocks are is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from ..errors import TensorCalcError
from ..notation.latex import latex
from ..notation.parse import parse_expression
from ..notation.recover.sharing import replace
from ..notation.syntax import Name, Syntax
from ..notation.text import text
from ..numbers.backends import numpy
from ..sizes import Dim
from . import notebook


class Block(Protocol):
    """What a block is asked for."""

    @property
    def shape(self) -> tuple[Dim, ...]: ...
    @property
    def where(self) -> dict[str, str]: ...
    def to(self, form: str) -> str | None: ...
    def latex(self, form: str = "matrix") -> str | None: ...
    def __call__(self, **values: Any) -> Any: ...


B = TypeVar("B", bound=Block)
_FORMS = ("kronecker", "matrix", "index")


@dataclass(frozen=True, slots=True, repr=False)
class Blocks(Generic[B]):
    """``H["W", "b"]`` is ``∂²f/∂W∂b``, with the axes of W, then those of b.

    As one matrix the blocks stand side by side, each with its variables stacked by
    ``vec``: block row W holds ``∂²f/∂vec(W)∂vec(b)'``.  ``axes`` says how many axes each
    variable has.

    Examples
    --------
    >>> from tensorcalc import read
    >>> H = read("norm2(W x + y - z)^2/2").hessian(["W", "y"])
    >>> print(H)
    W, W  (m, n, m, n)  (x x') ⊗ eye(m)
    W, y  (m, n, m)     x ⊗ eye(m)
    y, W  (m, m, n)     x' ⊗ eye(m)
    y, y  (m, m)        eye(m)
    >>> H(x=[1, 2], W=[[0, 0]], y=[0], z=[0]).tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """

    table: Mapping[tuple[str, str], B]
    axes: Mapping[str, int]

    @property
    def rows(self) -> tuple[str, ...]:
        """The variables of the block rows."""
        return tuple(dict.fromkeys(row for row, _ in self.table))

    @property
    def columns(self) -> tuple[str, ...]:
        """The variables of the block columns."""
        return tuple(dict.fromkeys(column for _, column in self.table))

    @property
    def shapes(self) -> dict[tuple[str, str], tuple[Dim, ...]]:
        """The shape of each block: the axes of its first variable, then those of the second."""
        return {place: block.shape for place, block in self.table.items()}

    @property
    def forms(self) -> dict[tuple[str, str], str]:
        """Each block as a matrix whose variables are stacked; in index notation where that has no form."""
        return {place: next((text for form in _FORMS if (text := block.to(form))), "") for place, block in self.table.items()}

    def __getitem__(self, place: tuple[str, str]) -> B:
        return self.table[place]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def __call__(self, **values: Any) -> Any:
        """The whole matrix at given values."""
        np = numpy()
        return np.block([[self._stacked(row, column, values) for column in self.columns] for row in self.rows])

    def _stacked(self, row: str, column: str, values: Mapping[str, Any]) -> Any:
        """One block as a matrix: the axes of either variable stacked, the last one slowest."""
        array = self.table[row, column](**values)
        split = self.axes[row]
        turned = array.transpose([*reversed(range(split)), *reversed(range(split, array.ndim))])
        height = 1
        for size in turned.shape[:split]:
            height *= size
        return turned.reshape(height, -1)

    def __str__(self) -> str:
        heads = [", ".join(place) for place in self.table]
        shapes = [f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})" for shape in self.shapes.values()]
        wide, far = max(map(len, heads)), max(map(len, shapes))
        names, where = self._shared()
        forms = [_renamed(form, names[place]) for place, form in self.forms.items()]
        lines = [f"{head:<{wide}}  {shape:<{far}}  {form}" for head, shape, form in zip(heads, shapes, forms)]
        return "\n".join([*lines, *[f"  where {name} = {body}" for name, body in where.items()]])

    def _shared(self) -> tuple[dict[tuple[str, str], dict[Syntax, Syntax]], dict[str, str]]:
        """New names for the shared parts of each block where another block has the name, and what all names stand for."""
        written = [*self.forms.values(), *(body for block in self.table.values() for body in block.where.values())]
        taken = {word for one in written for word in re.findall(r"[^\W\d]\w*", one)}
        where: dict[str, str] = {}
        names: dict[tuple[str, str], dict[Syntax, Syntax]] = {}
        for place, block in self.table.items():
            own = names[place] = {}
            for name, body in block.where.items():
                body = _renamed(body, own)
                known = next((one for one, what in where.items() if what == body), name)
                if where.get(known, body) != body:
                    known = next(fresh for k in count() if (fresh := f"T{k}") not in taken)
                    taken.add(known)
                where[known] = body
                own |= {Name(name): Name(known)} if known != name else {}
        return names, where

    __repr__ = __str__   # as a notebook shows it beside the mathematics

    def latex(self) -> str:
        """The table as a matrix of blocks."""
        names, _ = self._shared()
        rows = [" & ".join(self._typeset(row, column, names[row, column]) for column in self.columns) for row in self.rows]
        return "\\begin{bmatrix} " + r" \\ ".join(rows) + " \\end{bmatrix}"

    def _typeset(self, row: str, column: str, names: Mapping[Syntax, Syntax]) -> str:
        block = self.table[row, column]
        form = next((form for form in _FORMS if block.to(form)), None)
        if form is None or not names:
            return (form and block.latex(form)) or ""
        return latex(_tree(_renamed(block.to(form) or "", names)))

    def _repr_latex_(self) -> str:
        try:
            _, where = self._shared()
            typeset = self.latex() + "".join([rf",\quad {latex(Name(name))} = {latex(_tree(body))}"
                                              for name, body in where.items()])
        except TensorCalcError as error:
            return notebook.inline(notebook.words(f"{len(self)} blocks: {error.message}"))
        return notebook.inline(notebook.fitting([typeset]) or notebook.words(
            f"{len(self)} blocks: a formula of {len(typeset):,} characters of LaTeX is not typeset; latex() has it"))


def _renamed(written: str, names: Mapping[Syntax, Syntax]) -> str:
    """A formula with other names for its shared parts."""
    return text(replace(_tree(written), names)) if names else written


def _tree(written: str) -> Syntax:
    """A formula that was printed: what has quotes and a bracket right behind it is a function, as in ``f'(x)``."""
    return parse_expression(written, set(re.findall(r"([^\W\d]\w*)'+\(", written)))
