r"""LaTeX to tokens: what is typeset the same becomes the same token.

Spaces, sizes of brackets, labels and the environments around a formula leave no token.
Words (``\mathrm{loss}``, ``\operatorname{tr}``) are one token, all other letters are one each.
Knows nothing of what a token means.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...errors import Span
from . import mistakes
from .names import ENTRIES, PAGES


class Token(NamedTuple):
    r"""A piece of LaTeX.

    ``kind`` is ``"command"``, ``"letter"``, ``"number"``, ``"sign"``, ``"word"`` (a word in upright letters),
    ``"operator"`` (one in ``\operatorname``), ``"quoted"`` (one in ``\texttt``), ``"begin"``, ``"finish"`` (of a matrix),
    or ``"end"``.  ``side`` says of bars that ``\left`` or ``\right`` stands before them.  ``spaced``: white space
    stands before it; ``gap``: a space that is typeset.
    """

    kind: str
    text: str
    start: int
    end: int
    side: str = ""
    spaced: bool = False
    gap: bool = False

    @property
    def span(self) -> Span:
        """Where the token stands in the source."""
        return self.start, self.end


_TOKEN = re.compile(r"""
      (?P<blank>   \s+ | %[^\n]*(?:\n|$) | ~ | \\[ ,;:>!] | \\(?:quad|qquad|enspace|thinspace|medspace|thickspace|negthinspace)
                   (?![A-Za-z]) )
    | (?P<dropped> \\m?(?:kern|skip)\s*-?[0-9.]+\s*[a-z]{2} | \\math(?:op|bin|rel|ord)(?![A-Za-z])
                 | \\(?:label|tag|hspace|vspace|phantom|hphantom|vphantom|color)\*?\s*\{[^{}]*\}
                 | \\(?:nonumber|notag|displaystyle|textstyle|scriptstyle|limits|nolimits|strut|mathstrut|relax|allowbreak
                   |middle|left|right|[bB]igg?[lrm]?)(?![A-Za-z])\s*\.?
                 | \\(?:begin|end)\s*\{[A-Za-z]*\*?\}(?:\{\d*\})? )
    | (?P<operator> \\operatorname\*?\s*(?:\{[^{}\\^_$&]*\}|[A-Za-z]) )
    | (?P<quoted>  \\texttt\s*\{[^{}\\]*\} )
    | (?P<word>    \{\s*\\(?:rm|sf|it)\s+[A-Za-z0-9]+\s*\}
                 | \\(?:mathrm|text|textrm|textnormal|mathit|mathsf|mathtt|textsf|textit|mbox|hbox|rm)\s*
                   (?:\{[^{}\\^_$&]*\}|(?<=[a-z]\s)[A-Za-z]) )
    | (?P<command> \\[A-Za-z]+\*? | \\. )
    | (?P<number>  [0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+ )
    | (?P<letter>  [^\W\d_ᵀ] )
    | (?P<sign>    \|\||\.\*|\./|\.\^|:=|==|. )
""", re.VERBOSE | re.DOTALL)

_WRAPPED = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_GAPS = re.compile(r"\\(?:[ ,;:>]|[a-z]+)|~")
_SIZED = re.compile(r"\\(left|right|[bB]igg?([lr]?)|middle)(?![A-Za-z])")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z]*)\*?\}")
_BARS = {"\\lvert": ("|", "left"), "\\rvert": ("|", "right"), "\\lVert": ("\\|", "left"), "\\rVert": ("\\|", "right"),
         "\\vert": ("|", ""), "\\mid": ("|", ""), "\\Vert": ("\\|", ""), "||": ("\\|", ""), "‖": ("\\|", ""),
         "\\lbrace": ("\\{", ""), "\\rbrace": ("\\}", ""), "\\lbrack": ("[", ""), "\\rbrack": ("]", ""),
         "\\parallel": ("\\|", ""), "⟨": ("\\langle", ""), "⟩": ("\\rangle", ""), "∑": ("\\sum", ""), "×": ("\\times", ""),
         "√": ("\\sqrt", ""), "∂": ("\\partial", ""), "−": ("-", "")}
_LATEX = re.compile(r"\\[A-Za-z,;:!|{}()\[\]>]|\^\s*\{|^\s*\$.*\$\s*$", re.DOTALL)


def is_latex(source: str) -> bool:
    r"""Whether a formula is LaTeX: it has a command, a brace behind ``^``, or dollar signs around it.

    Examples
    --------
    >>> [is_latex(text) for text in (r"X^\top", "x^{2}", "$A$", "C_{ij}", r"A \\ b")]
    [True, True, True, False, False]
    """
    return ("\\" in source or "^" in source or "$" in source) and _LATEX.search(source) is not None


def tokenize(source: str) -> list[Token]:
    """The tokens of a formula, closed by one of kind ``"end"``."""
    start, end = _inside(source)
    found: list[Token] = []
    spaced = gap = False
    side = ""
    matrices: list[str] = []
    for match in _TOKEN.finditer(source, start, end):
        kind, text, span = match.lastgroup or "", match.group(), match.span()
        if kind == "blank":
            spaced, gap = True, gap or _GAPS.fullmatch(text) is not None
            continue
        if kind == "dropped":
            side = _side(text) or side
            environment = _ENVIRONMENT.match(text)
            if environment is not None:
                found += _matrix(environment[1], environment[2], span, matrices)
            continue
        if text == "\\\\" or text == "&":
            if not matrices:
                spaced = gap = True
                continue
            kind = "sign"
        if kind in ("operator", "word", "quoted"):
            text = text.strip("{}").split()[-1] if text.startswith("{") else \
                text.partition("{")[2][:-1].strip() if text.endswith("}") else text[-1]
        bar, own = _BARS.get(text, (text, "")) if kind in ("command", "sign") else (text, "")
        if bar != text:
            kind = "command" if bar.startswith("\\") else "sign"
        found.append(Token(kind, bar, *span, own or side, spaced, gap))
        spaced, gap, side = False, False, ""
    found.append(Token("end", "", end, end))
    return _unpunctuated(found)


def _inside(source: str) -> tuple[int, int]:
    """Where the formula stands between the marks that papers put around it."""
    start, end = len(source) - len(source.lstrip()), len(source.rstrip())
    for opening, closing in _WRAPPED:
        if source.startswith(opening, start) and source.endswith(closing, start + len(opening), end):
            return start + len(opening), end - len(closing)
    return start, end


def _side(text: str) -> str:
    """``left`` or ``right`` of a command that sizes the bracket behind it; nothing for an invisible bracket."""
    match = _SIZED.match(text)
    if match is None or text.endswith("."):
        return ""
    return {"left": "left", "right": "right", "l": "left", "r": "right"}.get(match[2] or match[1], "")


def _matrix(which: str, name: str, span: Span, matrices: list[str]) -> list[Token]:
    """The token of an environment that is a matrix; one around the formula has none."""
    if name in PAGES:
        return []
    if name not in ENTRIES:
        raise mistakes.environment(name, span)
    if which == "begin":
        matrices.append(name)
        return [Token("begin", name, *span)]
    if not matrices or matrices.pop() != name:
        raise mistakes.closes_nothing(rf"\end{{{name}}}", span)
    return [Token("finish", name, *span)]


def _unpunctuated(tokens: list[Token]) -> list[Token]:
    """Without the full stop or the comma that ends a sentence."""
    if len(tokens) > 2 and tokens[-2].text in (".", ","):
        del tokens[-2]
    return tokens
