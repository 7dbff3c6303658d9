"""The steps of a derivative as an object: lines to read, to print, and to look at in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import notebook


@dataclass(frozen=True, slots=True, repr=False)
class Derivation:
    """How a derivative comes about: one line a step, each with its rule.

    ``steps`` are as in an answer: ``rule``, ``statement``, ``reference``, ``text``, ``latex``;
    ``convention`` says what the indices mean.

    Examples
    --------
    >>> from tensorcalc import read
    >>> print(read("x' A x").derivation("x"))
    df = x' A dx + dx' A x    (differential: d(U V) = dU V + U dV, constants dropped)
    df = (A x + A' x)' dx    (transpose: a' b = b' a, (A b)' = b' A')
    ∂f/∂x = A x + A' x    (identification: dφ = G : dX, so ∂φ/∂X = G)
    ∂f/∂x = (A + A') x    (collect: common factors are pulled out, brackets multiplied out where that is shorter)
    """

    steps: tuple[dict[str, str], ...]
    convention: str

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[dict[str, str]]:
        return iter(self.steps)

    def __getitem__(self, place: int) -> dict[str, str]:
        return self.steps[place]

    def __str__(self) -> str:
        return "\n".join([f"{step['text']}    ({step['rule']}: {step['statement']})" for step in self.steps])

    def __repr__(self) -> str:
        return f"<Derivation of {len(self.steps)} steps: {self.convention}>"

    def _repr_latex_(self) -> str | None:
        return notebook.aligned([step["latex"] for step in self.steps])

    def _repr_html_(self) -> str:
        return notebook.table(("step", "rule", "which says"), notebook.proof_rows(self.steps), "steps") + \
            notebook.small(self.convention)
