"""Cofactors and determinants of small matrices, written out.

Knows steps on small tensors at many points, and nothing of expressions.  The inverse of a
matrix is the transposed matrix of its cofactors over its determinant.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from .stacks import Steps, View, at, within

Part = int | tuple[int, int]


def cofactors(steps: Steps, x: View, cycles: bool, whole: bool) -> tuple[View, View]:
    """The matrix of cofactors of a matrix of up to 4 rows, and its determinant.

    ``cycles``: three rows are given their first two once more, so that one step makes all minors.
    Unless ``whole``, only the determinant is asked for.
    """
    match steps.shape(x)[0]:
        case 1:
            return steps.add_step("constant", (1, 1), data=(Fraction(1),)), at(x, 0, 0)
        case 2:
            minus = [steps.entrywise("negative", at(x, *place)) for place in ((1, 0), (0, 1))]
            return steps.assemble((2, 2), [at(x, 1, 1), *minus, at(x, 0, 0)]), _minor(steps, x, (0, 1), (0, 1))
        case 3 if cycles and steps.is_looped(x):
            return _by_cycle(steps, x, whole)
        case 3:
            return _of_three(steps, x, whole)
    return _of_four(steps, x)


def _minor(steps: Steps, x: View, rows: Sequence[int], columns: Sequence[int]) -> View:
    """The determinant of two rows and two columns."""
    (i, k), (j, m) = rows, columns
    products = [steps.entrywise("multiply", at(x, *one), at(x, *other))
                for one, other in (((i, j), (k, m)), ((i, m), (k, j)))]
    return steps.entrywise("subtract", *products)


def _expanded(steps: Steps, x: View, row: View) -> View:
    """The determinant, from the first row and its cofactors."""
    products = steps.entrywise("multiply", at(x, 0, None), row)
    return steps.total([(1, at(products, j)) for j in range(steps.shape(row)[0])])[1]


def _of_three(steps: Steps, x: View, whole: bool) -> tuple[View, View]:
    """Minors of rows i+1, i+2 and columns j+1, j+2, counted in a circle: their signs are all +1."""
    minors = [_minor(steps, x, ((i + 1) % 3, (i + 2) % 3), ((j + 1) % 3, (j + 2) % 3))
              for i in range(3 if whole else 1) for j in range(3)]
    det = steps.total([(1, steps.entrywise("multiply", at(x, 0, j), minors[j])) for j in range(3)])[1]
    return steps.assemble((3, 3) if whole else (3,), minors), det


def _by_cycle(steps: Steps, x: View, whole: bool) -> tuple[View, View]:
    """The same, all minors or the first row of them in one step."""
    loaded = steps.whole(x.step)
    around = loaded if within(loaded, (0, 3), (0, 3)) == x else steps.add_step("cycle", (5, 5), (x,))
    near: Part = (1, 4) if whole else 1
    far: Part = (2, 5) if whole else 2

    def part(row: Part, column: Part) -> View:
        return View(around.step, (row, column), (0, 1) if whole else (1,))

    minors = steps.entrywise("subtract", steps.entrywise("multiply", part(near, (1, 4)), part(far, (2, 5))),
                             steps.entrywise("multiply", part(near, (2, 5)), part(far, (1, 4))))
    return minors, _expanded(steps, x, at(minors, 0, None) if whole else minors)


def _of_four(steps: Steps, x: View) -> tuple[View, View]:
    """By minors of two rows (Laplace): row i of the cofactors is n x_k, with n of the rows beside i and k."""
    rows: list[View] = []
    for near, far in (((0, 1), (2, 3)), ((2, 3), (0, 1))):
        signed = _complements(steps, x, far)
        for i, k in (near, near[::-1]):
            parts = [(1, steps.entrywise("multiply", at(signed, None, m), at(x, k, m))) for m in range(4)]
            row = steps.total(parts)[1]
            rows.append(row if i < k else steps.entrywise("negative", row))
    found = steps.assemble((4, 4), rows, 1)
    return found, _expanded(steps, x, at(found, 0, None))


def _complements(steps: Steps, x: View, rows: Sequence[int]) -> View:
    """n_jm: the minor of two rows and of the columns beside j and m, with its sign; skew."""
    entries: list[View | None] = [None] * 16
    for j, m in combinations(range(4), 2):
        minor = _minor(steps, x, rows, [column for column in range(4) if column not in (j, m)])
        minus = steps.entrywise("negative", minor)
        entries[4 * j + m], entries[4 * m + j] = (minor, minus) if (j + m) % 2 else (minus, minor)
    return steps.assemble((4, 4), entries)
