"""Products as ``einsum`` takes them: subscripts, and one expression for each operand."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from string import ascii_letters
from typing import Any, NamedTuple

from ..algebra.build import delta, number
from ..algebra.expr import Delta, Einsum, Expr, Sum
from ..errors import LimitError, RequestError

LETTERS = "ijklmnpqrstuvwabcdefghoxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Product(NamedTuple):
    """Subscripts as NumPy writes them, and the operands that they stand on."""

    subscripts: str
    operands: tuple[Expr, ...]


def product(expr: Expr) -> Product:
    """``expr`` as one einsum; what is no product is the only operand.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> product(einsum([(A, "ij"), (x, "j")], "i")).subscripts
    'ij,j->i'

    Raises
    ------
    LimitError: TC415 where there are more indices than letters.
    """
    weight, core = expr.terms[0] if isinstance(expr, Sum) and len(expr.terms) == 1 else (1, expr)
    pairs: list[tuple[Expr, Sequence[int]]] = [(number(weight), ())] if weight != 1 else []
    if not isinstance(core, Einsum):
        pairs.append((core, range(core.rank)))
    else:
        for operand, own in zip(core.operands, core.subscripts):
            if isinstance(operand, Delta) and operand.rank > 2:
                pairs += [(delta(operand.dim), pair) for pair in zip(own, own[1:])]
            else:
                pairs.append((operand, own))
    labels = sorted({label for _, own in pairs for label in own})
    if len(labels) > len(LETTERS):
        raise LimitError("TC415", f"{len(labels)} indices, and {len(LETTERS)} letters")
    letter = dict(zip(labels, LETTERS))
    words = ["".join([letter[label] for label in own]) for _, own in pairs] or [""]
    operands = tuple([operand for operand, _ in pairs]) or (number(1),)
    return Product(f"{','.join(words)}->{''.join([letter[axis] for axis in range(core.rank)])}", operands)


def subscripts_of(arguments: Sequence[Any]) -> tuple[str, list[Any]]:
    """Subscripts and operands of NumPy's two ways to call ``einsum``: one text first, or lists behind the operands.

    Examples
    --------
    >>> subscripts_of(["ik,kj", "X", "Y"])
    ('ik,kj->ij', ['X', 'Y'])
    >>> subscripts_of(["X", [0, 1], "Y", [1, 2], [0, 2]])
    ('ab,bc->ac', ['X', 'Y'])

    Raises
    ------
    RequestError: TC519 for what is neither.
    """
    if len(arguments) > 1 and isinstance(arguments[1], (list, tuple)):
        operands, lists = list(arguments[: len(arguments) // 2 * 2 : 2]), list(arguments[1::2])
        lists += arguments[-1:] if len(arguments) % 2 else []
        words = [_word(one) for one in lists]
        inputs, output = words[: len(operands)], words[len(operands):]
        return ",".join(inputs) + "->" + (output[0] if output else _implicit("".join(inputs))), operands
    subscripts = arguments[0] if arguments else None
    if not isinstance(subscripts, str):
        raise RequestError("TC519", "einsum takes subscripts and operands", field="expr",
                           help="write from_einsum('ik,kj->ij', 'X', 'Y')")
    inner, arrow, output_word = subscripts.replace(" ", "").partition("->")
    operands = list(arguments[1:])
    if not set(inner + output_word) <= set(ascii_letters + ","):
        raise RequestError("TC519", "subscripts are letters, one an axis", field="expr", help="'...' is not read")
    if len(inner.split(",")) != len(operands):
        raise RequestError("TC519", f"{len(inner.split(','))} subscripts for {len(operands)} operands", field="expr")
    return f"{inner}->{output_word if arrow else _implicit(inner)}", operands


def _word(labels: object) -> str:
    if not isinstance(labels, (list, tuple)):
        raise RequestError("TC519", "a list of labels stands behind each operand", field="expr")
    known: dict[Hashable, str] = dict(zip(range(len(ascii_letters)), ascii_letters))
    found = [known.get(label) for label in labels if isinstance(label, int)]
    if len(found) != len(labels) or None in found:
        raise RequestError("TC519", f"labels are whole numbers below {len(ascii_letters)}", field="expr")
    return "".join([letter for letter in found if letter])


def _implicit(inputs: str) -> str:
    """The output of subscripts without an arrow: what occurs once, in alphabetical order."""
    letters = inputs.replace(",", "")
    return "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))

