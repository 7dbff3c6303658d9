"""An expression in every notation that it has, with the conventions it is written in.

What is described is a derivative: an array whose axes are those of what was
differentiated, then those of each variable.  Some of these axes may be merged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..algebra.expr import Expr
from ..algebra.traverse import fold, postorder
from ..errors import LimitError
from ..sizes import Dim, product_text
from .latex import latex, latex_statement
from .recover import einsum, index, kronecker, sharing
from .syntax import Name, Syntax
from .text import statement_text, text

MOST_NODES = 3_000      # of an expression that is written out
MOST_SYMBOLS = 10_000   # of it, shared parts as often as they occur
MOST_NESTED = 120       # functions and brackets in one another

_POOLS = ("ijkl", "pqrs", "abcd", "efgh", "mnot", "uvwx")


@lru_cache(maxsize=256)
def _joined(parts: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    return tuple([count for part in parts for count in part])


@dataclass(frozen=True, slots=True)
class Layout:
    """How the axes of an expression make up an array.

    ``parts``: for what was differentiated and for each variable, how many axes of
    the expression make each axis of the array.  ``letters``: names for the axes of the
    first part, where the input gave some.  ``name``: what was differentiated;
    ``variables``: by what.
    """

    parts: tuple[tuple[int, ...], ...]
    letters: tuple[str, ...] | None = None
    name: str | None = None
    variables: tuple[str, ...] = ()
    row: bool = False

    @property
    def groups(self) -> tuple[int, ...]:
        """How many axes of the expression make each axis of the array."""
        return _joined(self.parts)

    def axes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each part, for each axis of the array, the axes of the expression."""
        found, at = [], 0
        for part in self.parts:
            own = []
            for count in part:
                own.append(tuple(range(at, at + count)))
                at += count
            found.append(tuple(own))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Forms:
    """The trees of one expression; ``None`` where a notation has none."""

    matrix: Syntax | None
    index: Syntax | None
    left: Name
    kronecker: Syntax | None
    einsum: Syntax | None
    where: dict[str, Syntax] = field(default_factory=dict)

    def texts(self) -> dict[str, str | None]:
        """Each form as text."""
        return {
            "matrix": None if self.matrix is None else text(self.matrix),
            "index": None if self.index is None else statement_text(self.left, self.index),
            "kronecker": None if self.kronecker is None else text(self.kronecker),
            "einsum": None if self.einsum is None else text(self.einsum),
        }

    def latex(self) -> dict[str, str | None]:
        """Each form as LaTeX; einsum has none."""
        return {
            "matrix": None if self.matrix is None else latex(self.matrix),
            "index": None if self.index is None else latex_statement(self.left, self.index),
            "kronecker": None if self.kronecker is None else latex(self.kronecker),
        }

    def where_latex(self) -> dict[str, str]:
        """The same as LaTeX."""
        return {name: latex(tree) for name, tree in self.where.items()}

    def where_texts(self) -> dict[str, str]:
        """What the names in the other forms stand for."""
        return {name: text(tree) for name, tree in self.where.items()}


def describe(expr: Expr, layout: Layout, *, numerator: bool = True, columns: bool = True,
             want: Collection[str] = ("matrix", "index", "kronecker", "einsum"), taken: Collection[str] = ()) -> Forms:
    """``expr`` in the notations of ``want``.

    ``numerator``: rows of the Kronecker form are those of what was differentiated.
    ``columns``: ``vec`` stacks columns.  ``taken``: names that shared parts may not have.

    Raises
    ------
    LimitError: TC416 when the expression is too large to be read.
    """
    writable(expr)
    matrix = page(expr, layout) if "matrix" in want else None
    kron = jacobian(expr, layout, numerator, columns) if "kronecker" in want else None
    letters = axis_letters(layout)
    left = Name(left_name(layout, taken), index.grouped(letters, layout.groups) or None)
    where: dict[str, Syntax] = {}
    if matrix is not None:
        matrix, where = sharing.share(matrix, taken)
    elif kron is not None:
        kron, where = sharing.share(kron, taken)
    if matrix is not None and kron is not None and where:
        kron = sharing.substituted(kron, where)
    return Forms(
        matrix,
        index.recover(expr, letters) if "index" in want else None,
        left,
        kron,
        einsum.recover(expr) if "einsum" in want and all(count == 1 for count in layout.groups) else None,
        where,
    )


def writable(expr: Expr) -> None:
    """Insist that ``expr`` has a size that people read, before anyone multiplies its shared parts out."""
    def visit(_: Expr, inner: Sequence[tuple[int, int]]) -> tuple[int, int]:
        return (sum(count for count, _ in inner) or 1, 1 + max((depth for _, depth in inner), default=0))

    nodes = len(postorder(expr))
    symbols, nested = fold(expr, visit)
    for count, limit, what in ((nodes, MOST_NODES, "parts"), (symbols, MOST_SYMBOLS, "symbols"),
                               (nested, MOST_NESTED, "nested parts")):
        if count > limit:
            raise LimitError("TC416", f"an answer of {_round(count)} {what} is too large to be written out "
                                      f"(the limit is {limit})", help="ask for code, or call it with arrays")


def _round(count: int) -> str:
    return str(count) if count < 10**7 else f"about 10^{len(str(count)) - 1}"


def page(expr: Expr, layout: Layout) -> Syntax | None:
    """Matrix notation for an array of at most two axes."""
    axes = [group for part in layout.axes() for group in part]
    if len(axes) > 2:
        return None
    if layout.row and len(axes) == 1:
        return kronecker.recover(expr, (), axes[0])
    rows, cols = (*axes, (), ())[:2]
    return kronecker.recover(expr, rows, cols)


def jacobian(expr: Expr, layout: Layout, numerator: bool = True, columns: bool = True) -> Syntax | None:
    """``∂vec(U)/∂vec(X)'``; for a number, its Hessian ``∂²f/∂vec(X)∂vec(X)'``."""
    parts = [part for part in layout.axes() if part]
    if len(parts) != 2 or len(layout.parts) > 3 or (len(layout.parts) == 3 and layout.parts[0]):
        return None
    if any(len(part) > 2 for part in parts):
        return None
    rows, cols = (tuple(axis for group in (reversed(part) if columns else part) for axis in group) for part in parts)
    return kronecker.recover(expr, rows, cols) if numerator else kronecker.recover(expr, cols, rows)


def axis_letters(layout: Layout) -> tuple[str, ...]:
    """An index name for each axis of the expression."""
    used: set[str] = set()
    letters: list[str] = []
    pools = list(_POOLS)
    for k, part in enumerate(layout.parts):
        count = sum(part)
        if k == 0 and layout.letters is not None and len(layout.letters) == count:
            own = list(layout.letters)
        else:
            own = []
        if count and not own:
            pool = next((pool for pool in pools if not set(pool) & used and len(pool) >= count), "")
            spare = [letter for letter in pool + "".join(_POOLS) + "yzgh" if letter not in used]
            own = list(dict.fromkeys(spare))[:count]
        if len(own) < count:
            raise LimitError("TC415", "a result with more axes than there are letters")
        used.update(own)
        letters += own
    return tuple(letters)


def free_name(taken: Collection[str], order: int) -> str:
    """A name for the derivative that no variable has."""
    return next(name for name in ("H" if order == 2 else "D", "D", "G", "H", "R", *(f"D{k}" for k in range(1, 99)))
                if name not in taken)


def left_name(layout: Layout, taken: Collection[str]) -> str:
    """What an index form is of: a derivative, or the very thing that a statement names."""
    named = layout.name if not layout.variables else None
    return named or free_name(taken, len(layout.variables))


def convention(layout: Layout, taken: Collection[str], *, numerator: bool = True, columns: bool = True,
               reading: str = "free") -> str:
    """One line that says what each index of an answer means."""
    letters = axis_letters(layout)
    at = 0
    words = []
    for part in layout.parts:
        groups = index.grouped(letters[at : at + sum(part)], part)
        at += sum(part)
        words.append("".join(group if isinstance(group, str) else f"({''.join(group)})" for group in groups))
    name = left_name(layout, taken)
    top = _subscripted(layout.name or ("U" if layout.parts[0] else "f"), words[0])
    power = {0: "", 1: "∂", 2: "∂²", 3: "∂³"}.get(len(layout.variables), f"∂^{len(layout.variables)} ")
    below = "".join("∂" + _subscripted(variable, word) for variable, word in zip(layout.variables, words[1:]))
    line = f"{_subscripted(name, ''.join(words))} = {power}{top}/{below}" if layout.variables else \
        _subscripted(name, ''.join(words)) + (f" = {top}" if name != layout.name else "")
    parts = [line, "numerator layout" if numerator else "denominator layout",
             "vec stacks columns" if columns else "vec stacks rows"]
    if reading != "free":
        parts.append(f"{reading} derivative")
    return " · ".join(parts)


def _subscripted(name: str, word: str) -> str:
    if not word:
        return name
    return f"{name}_{word}" if "(" not in word else f"{name}_{{{word}}}"


def array_shape(expr: Expr, groups: Sequence[int]) -> list[Dim]:
    """One size an axis of the array, merged ones as products."""
    shape, at = [], 0
    for count in groups:
        shape.append(product_text(expr.shape[at : at + count]))
        at += count
    return shape
