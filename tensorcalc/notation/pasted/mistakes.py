r"""What is wrong with LaTeX that cannot be read.

Every function answers an error for the reader to raise, with the place in what was pasted.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import FormulaError, Span
from .names import MEANINGLESS, MEANINGLESS_HELP

CODES: dict[str, str] = {
    "TC031": r"A command of LaTeX has no meaning in a formula: `\foo X`.",
    "TC032": r"A brace, a bracket, a bar or an environment of LaTeX is not matched: `\frac{1}{2 X`.",
    "TC033": r"A command of LaTeX lacks what must follow it: `\frac{1}`.",
    "TC034": r"A subscript of LaTeX cannot be read: `\alpha X_{i1}`.",
    "TC035": r"A superscript of LaTeX cannot be read, or has two meanings: `\alpha W^{(2)}`.",
    "TC036": r"Where the argument of a function ends is not clear: `\log x y`.",
    "TC037": r"A name before a bracket may be a function or a factor: `\alpha A(x)`.",
    "TC038": r"Letters side by side may be one name or a product: `\alpha loss`.",
    "TC039": r"One letter stands in two fonts, and names have none here: `\mathbf{x}^\top x`.",
    "TC040": r"A \sum cannot be read: `\sum_{i<j} x_i`.",
    "TC041": r"A derivative of LaTeX cannot be read: `\frac{\partial f}{\partial x}`.",
    "TC042": r"A norm is none of those that can be read: `\|x\|_3`.",
}
"""Every code that reading LaTeX can raise, described in one sentence."""


DERIVATIVE = r"a derivative inside a formula is written \frac{\partial}{\partial X}\left(…\right)"


def unknown_command(text: str, span: Span) -> FormulaError:
    """A command that no table has."""
    name = text.lstrip("\\")
    if name in MEANINGLESS:
        return FormulaError("TC031", f"{text} is {MEANINGLESS[name]}, which no formula has here", spans=[span],
                            help=MEANINGLESS_HELP.get(name))
    help = rf"a function is written \operatorname{{{name}}}, a name \mathrm{{{name}}}"
    if len(name) == 1 or name == "backslash":
        help = "a solution of A x = b is written solve(A, b)"
    return FormulaError("TC031", f"{text} is no command that is known", spans=[span], help=help)


def environment(name: str, span: Span) -> FormulaError:
    """An environment that is neither a matrix nor around an equation."""
    return FormulaError("TC031", f"the environment {name} is not read", spans=[span],
                        help="one equation at a time is read, and matrices of numbers")


def blackboard(text: str, span: Span) -> FormulaError:
    """An expectation, a probability, a set of numbers."""
    return FormulaError("TC031", rf"\mathbb{{{text}}} is no variable", spans=[span],
                        help="sets and expectations are not read; write what stands inside")


def closes_nothing(text: str, span: Span) -> FormulaError:
    """A closing bracket without an opening one."""
    return FormulaError("TC032", f"{text} closes nothing", spans=[span], help="remove it, or open it before")


def unclosed(text: str, span: Span, place: Span) -> FormulaError:
    """An opening bracket without a closing one."""
    return FormulaError("TC032", f"{text} is never closed", spans=[span, place], help="close it where it ends")


def closed_by(text: str, span: Span, other: str, place: Span) -> FormulaError:
    """A bracket that another kind closes."""
    return FormulaError("TC032", f"{text} is closed by {other}", spans=[span, place])


def missing(what: str, text: str, span: Span) -> FormulaError:
    """A command without its argument."""
    return FormulaError("TC033", f"{what} is missing after {text}", spans=[span])


_SUBSCRIPTS = r"indices are single letters X_{ij}, entries numbers X_{1,2}, labels words x_{\text{max}}"


def subscript(span: Span, help: str = _SUBSCRIPTS) -> FormulaError:
    """A subscript that is neither indices nor an entry nor a label."""
    return FormulaError("TC034", "this subscript is neither indices nor an entry nor a label", spans=[span], help=help)


def subscript_of(text: str, span: Span) -> FormulaError:
    """A function with a subscript."""
    return FormulaError("TC034", f"{text} has no subscript here", spans=[span],
                        help=r"a logarithm to another base is \frac{\log x}{\log 2}" if text in ("\\log", "log") else None)


def superscript(message: str, span: Span, help: str | None = None) -> FormulaError:
    """A superscript that is no exponent."""
    return FormulaError("TC035", message, spans=[span], help=help)


def unclear_argument(name: str, span: Span, place: Span) -> FormulaError:
    """A function in front of a product without brackets."""
    return FormulaError("TC036", f"where the argument of {name} ends is not clear", spans=[span, place],
                        help=rf"put it in brackets: {name}\left(…\right)")


def unclear_divisor(span: Span, place: Span) -> FormulaError:
    """A slash in front of a product."""
    return FormulaError("TC036", "what is divided by is not clear", spans=[span, place],
                        help=r"write \frac{…}{…}, or brackets")


def call_or_product(name: str, span: Span) -> FormulaError:
    """A name before a bracket."""
    return FormulaError("TC037", f"{name}(…) may be a call or a product", spans=[span],
                        help=rf"write {name} \, (…) for a product; for a call, declare it (functions, or "
                             rf"--function {name}=elementwise)")


def word(text: str, span: Span) -> FormulaError:
    """A word in letters of mathematics."""
    return FormulaError("TC038", f"{text} may be one name or a product of letters", spans=[span],
                        help=rf"write \mathrm{{{text}}} for a name, or declare it; {' '.join(text)} for a product")


def first_invariant(span: Span) -> FormulaError:
    """``I_1``, which is no identity to anyone."""
    return FormulaError("TC038", "I_1 may be a name or an identity of size 1", spans=[span],
                        help=r"declare I1, or give it another name: I_{\text{one}}")


def no_name(text: str, span: Span) -> FormulaError:
    """A phrase."""
    return FormulaError("TC038", f"{text or 'nothing'} is no name", spans=[span],
                        help="a name is one word of letters and digits")


def two_fonts(name: str, first: Span, second: Span) -> FormulaError:
    """A letter, bold in one place and not in another."""
    return FormulaError("TC039", f"{name} stands in two fonts, and would be one variable", spans=[first, second],
                        help="give one of them another letter, or write both in one font")


def sum_over(span: Span, message: str = "this sum is over nothing that can be read",
             help: str | None = r"write \sum_{i}, \sum_{i,j} or \sum_{i=1}^{n}") -> FormulaError:
    r"""A ``\sum`` with conditions, or without an index."""
    return FormulaError("TC040", message, spans=[span], help=help)


def derivative(message: str, span: Span, help: str | None = None) -> FormulaError:
    """A quotient of differentials that is no derivative of a formula."""
    return FormulaError("TC041", message, spans=[span], help=help)


def norm(text: str, span: Span) -> FormulaError:
    """A norm by another name."""
    return FormulaError("TC042", f"the norm {text} is not read", spans=[span],
                        help=r"\|x\|_1 and \|x\|_2 are read, \|X\|_F for matrices")


def shown(texts: Sequence[str]) -> str:
    """Tokens for a message, cut short."""
    text = "".join(texts)
    return text if len(text) <= 20 else text[:19] + "…"
