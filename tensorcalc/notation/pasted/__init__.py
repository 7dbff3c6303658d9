r"""LaTeX as papers have it, translated to the notation of this package.

``translated`` makes a text that the one parser reads, with the place in the source of every character,
so that errors point into what was pasted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from ...errors import Span, TensorCalcError
from ..syntax import Call, Entry, Indexed, Literal, Name, Num, Op, Statement, Subscripts, Syntax, fold
from .names import EQUALS, GREEK
from .reader import Reader
from .tokens import is_latex, tokenize

__all__ = ["Translation", "is_latex", "sides", "spelled", "translated"]

Tree = TypeVar("Tree", bound=Syntax)


@dataclass(frozen=True, slots=True)
class Translation:
    """A text, and for each of its characters the place in the source that it stands for.

    ``orders``: how many axes a name has that is bold in the source.
    """

    source: str
    text: str
    starts: list[int]
    ends: list[int]
    orders: dict[str, int]

    def back(self, span: Span) -> Span:
        """A place in the text as a place in the source."""
        start, end = span
        while start < end - 1 and self.text[start].isspace():
            start += 1
        if start >= len(self.text):
            return len(self.source.rstrip()), len(self.source.rstrip())
        if end <= start:
            return self.starts[start], self.starts[start]
        inner = range(start, min(end, len(self.text)))
        return min([self.starts[k] for k in inner]), max([self.ends[k] for k in inner])

    def placed(self, tree: Syntax) -> Syntax:
        """A tree whose places are those in the source."""
        return fold(tree, self._placed)

    def statement(self, statement: Statement) -> Statement:
        """A statement whose places are those in the source."""
        definitions = [(self._name(name), self.placed(tree)) for name, tree in statement.definitions]
        left = None if statement.left is None else self._name(statement.left)
        return Statement(tuple(definitions), left, self.placed(statement.body), self.source, self.orders)

    def _name(self, name: Name) -> Name:
        return replace(name, span=self.back(name.span))

    def _placed(self, tree: Syntax, parts: list[Syntax]) -> Syntax:
        span = self.back(tree.span)
        match tree:
            case Call():
                return replace(tree, arguments=tuple(parts), span=span)
            case Op():
                return replace(tree, operands=tuple(parts), span=span)
            case Indexed():
                return replace(tree, inner=parts[0], span=span)
            case Entry():
                return replace(tree, inner=parts[0], positions=tuple(parts[1:]), span=span)
            case Literal():
                rest = iter(parts)
                return replace(tree, rows=tuple([tuple([next(rest) for _ in row]) for row in tree.rows]), span=span)
            case Num() | Name() | Subscripts():
                return replace(tree, span=span)


def translated(source: str, functions: Collection[str] = (), own: Collection[str] = ()) -> Translation:
    r"""The text that a formula in LaTeX stands for.

    Examples
    --------
    >>> translated(r"\tfrac12 \|A x - \mathbf{b}\|_2^2 + \operatorname{tr}(X^\top X)").text
    "((1)/(2)) norm2(A x - b)^(2) + tr(X' X)"
    >>> translated(r"C_{ij} = \sum_k X_{ik} Y_{kj}").text
    'C_{ij} = (sum(k, X_{ik} Y_{kj}))'

    Raises
    ------
    FormulaError: TC031 to TC042 for what cannot be read, with the place.
    LimitError: TC402 for too many brackets inside one another.
    """
    reader = Reader(source, frozenset(functions), set(own))
    pieces = reader.statement()
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece in pieces:
        text = piece.text
        if text[:1] == " " and (not texts or texts[-1][-1:] in ("(", " ", "[")):
            text = text.lstrip()   # two spaces are no better than one
        if text:
            texts.append(text)
            starts += [piece.start] * len(text)
            ends += [piece.end] * len(text)
    return Translation(source, "".join(texts), starts, ends, reader.orders(own))


def spelled(name: str, known: Collection[str]) -> str:
    r"""The one of the ``known`` names that somebody means who writes ``lambda`` or ``\mathbf{x}`` for it.

    Examples
    --------
    >>> spelled("lambda", {"λ", "x"}), spelled(r"\mathbf{x}", {"λ", "x"}), spelled("y", {"λ", "x"})
    ('λ', 'x', 'y')
    """
    if name in known:
        return name
    stem = name.rstrip("0123456789")
    for command, names in GREEK.items():
        if stem in (*names, command):
            return next((one + name[len(stem):] for one in names if one + name[len(stem):] in known), name)
    if not is_latex(name) and "_" not in name:
        return name
    try:
        text = translated(f"${name}$", own=known).text
    except TensorCalcError:
        return name
    return text if text in known else name


def sides(source: str) -> tuple[str, str] | None:
    r"""Both sides of an equation in LaTeX; ``None`` where there are not two.

    An index statement has an ``=`` of its own, so two of them are joined by ``==``.

    Examples
    --------
    >>> sides(r"\begin{align} \operatorname{tr}(A X) &= \operatorname{tr}(X A) \end{align}")
    ('$\\operatorname{tr}(A X) &$', '$\\operatorname{tr}(X A)$')
    """
    tokens = tokenize(source)
    depth = 0
    joints: dict[bool, list[int]] = {False: [], True: []}
    for place, token in enumerate(tokens):
        depth += (token.text in ("{", "(", "[")) - (token.text in ("}", ")", "]"))
        if not depth and (token.text == "==" or token.text in EQUALS):
            joints[token.text == "=="].append(place)
    found = joints[True] or joints[False]
    if len(found) != 1 or not 0 < found[0] < len(tokens) - 2:
        return None
    joint = tokens[found[0]]
    return f"${source[tokens[0].start:joint.start].strip()}$", f"${source[joint.end:tokens[-2].end].strip()}$"
