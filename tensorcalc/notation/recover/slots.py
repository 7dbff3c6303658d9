"""Factors of ``⊗`` side by side: their order, identities between them, commutation matrices.

Knows trees and the numbers of axes, and no expressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from ...sizes import Dim
from ..syntax import Call, Num, Op, Syntax, multiply
from ..syntax import transpose as turn
from .scalars import ONE, size

Axes = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """Factors that hang together, as one factor of ``⊗``: its row and column axes, and its tree."""

    rows: Axes
    cols: Axes
    tree: Syntax


def joined(slots: list[Slot], rows: Axes, cols: Axes, shape: Sequence[Dim] | Mapping[int, Dim]) -> Syntax:
    """The ``⊗`` of the slots, with commutation matrices where their axes come in another order than ``rows`` and ``cols``.

    ``shape`` gives the size of each axis.
    """
    if not slots:
        return ONE
    slots = _outer(_ordered(slots))
    body = kron([slot.tree for slot in slots])
    have_rows = [label for slot in slots for label in slot.rows]
    have_cols = [label for slot in slots for label in slot.cols]
    for swap in _swaps(have_rows, list(rows), shape):
        body = matrix_product(swap[0], body)
    for swap in _swaps(have_cols, list(cols), shape):
        body = matrix_product(body, swap[1])
    return body


def _ordered(slots: list[Slot]) -> list[Slot]:
    """By rows; a slot without rows goes where its columns belong."""
    with_rows = sorted((slot for slot in slots if slot.rows), key=lambda slot: slot.rows)
    for slot in sorted((slot for slot in slots if not slot.rows), key=lambda slot: slot.cols):
        at = next((k for k, other in enumerate(with_rows) if other.cols and other.cols > slot.cols), len(with_rows))
        with_rows.insert(at, slot)
    by_cols = sorted((slot for slot in slots if slot.cols), key=lambda slot: slot.cols)
    for slot in sorted((slot for slot in slots if not slot.cols), key=lambda slot: slot.rows):
        at = next((k for k, other in enumerate(by_cols) if other.rows and other.rows > slot.rows), len(by_cols))
        by_cols.insert(at, slot)
    return min(with_rows, by_cols, key=_disorder)


def _outer(slots: list[Slot]) -> list[Slot]:
    """A column beside a row is ``u v'``; where there are several, a vector is put beside itself."""
    done: list[Slot] = []
    columns: list[Slot] = []
    rows: list[Slot] = []
    for slot in [*slots, None]:
        if slot is not None and not (slot.rows and slot.cols):
            (columns if slot.rows else rows).append(slot)
            continue
        done += _paired(columns, rows)
        columns, rows = [], []
        if slot is not None:
            done.append(slot)
    return done


def _paired(columns: list[Slot], rows: list[Slot]) -> list[Slot]:
    """Columns and rows, which may pass one another in a Kronecker product, as outer products as far as they go."""
    if not columns or not rows:
        return columns + rows
    if len(columns) == len(rows):
        pairs = list(zip(columns, rows))
    else:
        alike = [(u, v) for u in columns for v in rows if turn(u.tree) == v.tree]
        pairs = alike[:1] or [(columns[0], rows[0])]
    u, v = pairs[0]
    made = Slot(u.rows, v.cols, matrix_product(u.tree, v.tree))
    at, to = columns.index(u), rows.index(v)
    return [*columns[:at], *rows[:to], made, *_paired(columns[at + 1:], rows[to + 1:])]


def _disorder(slots: list[Slot]) -> int:
    """How many pairs of axes stand in the wrong order."""
    total = 0
    for labels in ([label for slot in slots for label in slot.rows], [label for slot in slots for label in slot.cols]):
        total += sum(a > b for k, b in enumerate(labels) for a in labels[:k])
    return total


def _swaps(have: list[int], want: list[int], shape: Sequence[Dim] | Mapping[int, Dim]) -> list[tuple[Syntax, Syntax]]:
    """Matrices that take axes in the order ``have`` to the order ``want``, one exchange of neighbours each.

    Each is given for the left side and, transposed, for the right side.
    """
    have = list(have)
    found = []
    for place, label in enumerate(want):
        at = have.index(label)
        if at == place:
            continue
        block = have[place:at]
        before = [shape[axis] for axis in have[:place]]
        after = [shape[axis] for axis in have[at + 1:]]
        moved, passed = [shape[label]], [shape[axis] for axis in block]
        left = Call("commutation", (merged_size(moved), merged_size(passed)))
        right = Call("commutation", (merged_size(passed), merged_size(moved)))
        found.append((_padded(left, before, after), _padded(right, before, after)))
        have = [*have[:place], label, *block, *have[at + 1:]]
    return found


def _padded(tree: Syntax, before: list[Dim], after: list[Dim]) -> Syntax:
    """A matrix between identities for the axes before and after its own."""
    parts = [tree]
    if before:
        parts.insert(0, Call("eye", (merged_size(before),)))
    if after:
        parts.append(Call("eye", (merged_size(after),)))
    return kron(parts)


def kron(parts: list[Syntax]) -> Syntax:
    """``A ⊗ B ⊗ …``; identities beside each other are one; a sign stands in front."""
    merged: list[Syntax] = []
    sign = 1
    for part in parts:
        if isinstance(part, Op) and part.operator == "negate":
            sign, part = -sign, part.operands[0]
        last = merged[-1] if merged else None
        if isinstance(part, Call) and isinstance(last, Call) and part.function == last.function == "eye":
            sizes = (*last.arguments, *part.arguments)
            whole = [size.value for size in sizes if isinstance(size, Num)]
            merged[-1] = Call("eye", (Num(Fraction(prod(whole))) if len(whole) == 2 else multiply(*sizes),))
        else:
            merged.append(part)
    tree = merged[0]
    for part in merged[1:]:
        tree = Op("kronecker", (tree, part))
    return Op("negate", (tree,)) if sign < 0 else tree


def matrix_product(left: Syntax, right: Syntax) -> Syntax:
    """A matrix product; an identity on either side is dropped."""
    sign = 1
    parts: list[Syntax] = []
    for side in (left, right):
        if isinstance(side, Op) and side.operator == "negate":
            sign, side = -sign, side.operands[0]
        parts += side.operands if isinstance(side, Op) and side.operator == "multiply" else (side,)
    kept = [part for part in parts if not (isinstance(part, Call) and part.function == "eye")] or parts[:1]
    tree = kept[0] if len(kept) == 1 else Op("multiply", tuple(kept))
    return Op("negate", (tree,)) if sign < 0 else tree


def merged_size(dims: Sequence[Dim]) -> Syntax:
    """The size of axes that are merged into one."""
    if dims and all(isinstance(dim, int) for dim in dims):
        return Num(Fraction(prod(int(dim) for dim in dims)))
    return multiply(*[size(dim) for dim in dims]) if dims else Num(Fraction(1))
