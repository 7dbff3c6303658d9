"""How notebooks show things: LaTeX in dollars, tables, and a word about what was cut.

Knows strings alone.  Everything that comes from elsewhere is escaped, and nothing is longer than a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

MOST_LATEX = 4_000    # characters of one formula; typesetting takes longer than reading does
MOST_WORDS = 400      # characters of a text in a cell
MOST_ROWS = 60


def inline(latex: str) -> str:
    r"""LaTeX as notebooks typeset it.

    Examples
    --------
    >>> print(inline("A B"))
    $\displaystyle A B$
    """
    return rf"$\displaystyle {latex}$"


def fitting(candidates: Iterable[str | None]) -> str | None:
    """The first formula that is not too long; ``None`` where all are."""
    return next((latex for latex in candidates if latex and len(latex) <= MOST_LATEX), None)


def words(text: str) -> str:
    """A sentence as LaTeX: letters, digits and plain punctuation, others as a question mark."""
    kept = "".join([char if char.isascii() and (char.isalnum() or char in " .,:;()+-*/='") else "?" for char in text])
    return rf"\text{{{kept}}}"


def cut(text: str) -> str:
    """A text of bounded length."""
    return text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS]}… ({len(text):,} characters)"


def cell(latex: str | None, text: str) -> str:
    """A formula in a table: typeset, or as text where it is too long for that."""
    if latex and len(latex) <= MOST_LATEX:
        return escape(inline(latex))
    return f"<code>{escape(cut(text))}</code>"


def code(text: str) -> str:
    """A text as it is typed."""
    return f"<code>{escape(cut(text))}</code>"


def plain(text: str) -> str:
    """A text in a sentence."""
    return escape(cut(text))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], what: str = "rows") -> str:
    """A table of cells that are HTML already; rows beyond a bound are counted."""
    left = ' style="text-align:left"'
    head = "".join([f'<th scope="col"{left}>{escape(name)}</th>' for name in heads])
    body = "".join([f"<tr>{''.join([f'<td{left}>{one}</td>' for one in row])}</tr>" for row in rows[:MOST_ROWS]])
    more = len(rows) - MOST_ROWS
    foot = f'<tr><td colspan="{len(heads)}"{left}>… {more:,} more {what}; print shows them</td></tr>' if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table>"


def paragraph(*parts: str) -> str:
    """A line of HTML."""
    return f"<p>{' '.join([part for part in parts if part])}</p>"


def aligned(lines: Sequence[str]) -> str | None:
    """Formulas below one another, as many as there is room for."""
    kept: list[str] = []
    for latex in lines:
        if len(kept) == MOST_ROWS or sum(map(len, kept)) + len(latex) > MOST_LATEX:
            break
        kept.append(latex)
    if not kept:
        return None
    left_out = len(lines) - len(kept)
    rows = [f"& {latex}" for latex in kept] + ([rf"& {words(f'and {left_out} more lines')}"] if left_out else [])
    return inline(r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}")


def proof_rows(steps: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Steps of a proof or of a derivation: the formula, the rule, what the rule says."""
    rows = []
    for step in steps:
        reference = f" <small>({escape(step['reference'])})</small>" if step.get("reference") else ""
        rows.append([cell(step.get("latex"), step["text"]), code(step["rule"]), escape(cut(step["statement"])) + reference])
    return rows


def small(text: str) -> str:
    """A line of small print."""
    return paragraph(f"<small>{escape(cut(text))}</small>")
