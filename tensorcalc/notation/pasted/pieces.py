"""Pieces of a translation, each with its place in the source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .tokens import Token


class Piece(NamedTuple):
    """A text of the translation, and the place in the source that it stands for."""

    text: str
    start: int
    end: int


Pieces = list[Piece]


def piece(text: str, token: Token) -> Piece:
    return Piece(text, token.start, token.end)


def piece_at(text: str, place: int) -> Piece:
    return Piece(text, place, place)


def flat(operands: Iterable[Pieces]) -> Pieces:
    return [piece for operand in operands for piece in operand]


def is_number(pieces: Pieces) -> bool:
    text = "".join([piece.text for piece in pieces]).strip()
    return text.replace(".", "").isdigit()


def is_call(pieces: Pieces, function: str) -> bool:
    """Whether pieces are one call of a function and nothing else."""
    text = "".join([piece.text for piece in pieces]).strip()
    if not text.startswith(function + "("):
        return False
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth and place > len(function):
            return place == len(text) - 1
    return False


def unspaced(pieces: Pieces) -> Pieces:
    """Pieces without the space in front."""
    found = [*pieces]
    while found and not found[0].text.strip():
        found.pop(0)
    return [found[0]._replace(text=found[0].text.lstrip()), *found[1:]]
