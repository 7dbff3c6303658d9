"""What a user can do wrong, and how it is shown.

Knows nothing of expressions or notations.  An error says what failed, shows the
source with a caret under every place involved, states the facts that disagree in
the user's own names, and ends with one line of help.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Span = tuple[int, int]


class TensorCalcError(ValueError):
    """The root of every error that user input can cause.

    Parameters
    ----------
    code: the number under which ``tensorcalc explain`` describes the error, e.g. ``"TC103"``.
    message: one line, what failed.
    source: the text that was read, if any.
    spans: the places in ``source`` that are involved, as half-open ranges.
    facts: the things that disagree, one line each.
    help: what to do about it.
    field: the field of the request that ``source`` came from.

    Examples
    --------
    >>> print(ShapeError("TC103", "index k has two sizes", source="C_ij = X_ik Y_kj",
    ...                  spans=[(7, 11), (12, 16)], help="transpose one of them"))
    ShapeError TC103: index k has two sizes
      C_ij = X_ik Y_kj
             ^~~~ ^~~~
      help: transpose one of them
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        source: str | None = None,
        spans: Sequence[Span] = (),
        facts: Sequence[str] = (),
        help: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.source = source
        self.spans = list(spans)
        self.facts = list(facts)
        self.help = help
        self.field = field

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.code, self.message, self.source, self.spans, self.facts, self.help, self.field)

    def __str__(self) -> str:
        lines = [f"{type(self).__name__} {self.code}: {self.message}"]
        if self.source is not None:
            lines += ["  " + line for line in underlined(self.source, self.spans)]
        lines += ["  " + fact for fact in self.facts]
        if self.help:
            lines.append("  help: " + self.help)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The error as the service answers it."""
        return {
            "code": self.code,
            "field": self.field,
            "message": "; ".join([self.message, *self.facts]),
            "spans": [list(span) for span in self.spans],
            "help": self.help,
        }


def _restore(cls: type[TensorCalcError], code: str, message: str, source: str | None, spans: list[Span],
             facts: list[str], help: str | None, field: str | None) -> TensorCalcError:
    return cls(code, message, source=source, spans=spans, facts=facts, help=help, field=field)


class FormulaError(TensorCalcError):
    """TC0xx: the text cannot be read.

    Examples
    --------
    >>> from tensorcalc import FormulaError, read
    >>> try:
    ...     read("tr(A X")
    ... except FormulaError as error:
    ...     print(error)
    FormulaError TC006: '(' is never closed
      tr(A X
        ^   ^
      help: add ')'
    """


class ShapeError(TensorCalcError):
    """TC1xx: sizes or orders that must agree and do not.

    Examples
    --------
    >>> from tensorcalc import ShapeError, read
    >>> try:
    ...     read("tr(A)", A=[2, 3])
    ... except ShapeError as error:
    ...     print(error)
    ShapeError TC107: the trace needs a square matrix
      tr(A)
         ^
      A is 2 x 3
    """


class UnknownNameError(TensorCalcError):
    """TC2xx: a name or a function that is not known where it stands.

    Examples
    --------
    >>> from tensorcalc import UnknownNameError, read
    >>> try:
    ...     read("A x").derivative("y")
    ... except UnknownNameError as error:
    ...     print(error)
    UnknownNameError TC204: 'y' is not a variable of the formula
      variables: A, x
    """


class UnsupportedError(TensorCalcError):
    """TC3xx: a well-formed question that has no answer here.

    Examples
    --------
    >>> from tensorcalc import UnsupportedError, read
    >>> try:
    ...     read("tr(X)", assume={"X": "orthogonal"}).gradient("X", reading="structured")
    ... except UnsupportedError as error:
    ...     print(error)
    UnsupportedError TC304: the structured derivative by an orthogonal variable is not defined by its entries
      help: ask for the free or the projected derivative
    """


class LimitError(TensorCalcError):
    """TC4xx: an input or an intermediate expression beyond a bound.

    Examples
    --------
    >>> from tensorcalc import LimitError, read
    >>> try:
    ...     read("X^65")
    ... except LimitError as error:
    ...     print(error)
    LimitError TC412: a matrix power has at most 64 factors
      X^65
        ^~
    """


class RequestError(TensorCalcError):
    """TC5xx: a request, an option or a value of the wrong form.

    Examples
    --------
    >>> from tensorcalc import RequestError, read
    >>> try:
    ...     read("X").to("words")
    ... except RequestError as error:
    ...     print(error)
    RequestError TC508: form is one of matrix, index, kronecker, einsum, not 'words'
    """


_SHOWN = 100  # characters of a long source around the first place involved


def underlined(source: str, spans: Sequence[Span]) -> list[str]:
    """``source`` and a line that marks ``spans``: a caret where each begins, then tildes."""
    source = source.replace("\n", " ").replace("\t", " ")
    start = 0
    if len(source) > _SHOWN:
        first = min((begin for begin, _ in spans), default=0)
        start = max(0, min(first - _SHOWN // 2, len(source) - _SHOWN))
    shown = source[start : start + _SHOWN]
    marks = [" "] * (len(shown) + 1)
    for begin, end in spans:
        for k in range(max(begin - start, 0), min(max(end, begin + 1) - start, len(marks))):
            marks[k] = "~"
        if 0 <= begin - start < len(marks):
            marks[begin - start] = "^"
    prefix, suffix = ("…" if start else ""), ("…" if start + len(shown) < len(source) else "")
    lines = [prefix + shown + suffix]
    if spans:
        lines.append((" " * len(prefix) + "".join(marks)).rstrip())
    return lines
