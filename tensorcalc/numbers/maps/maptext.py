"""Linear maps in words: their pattern of deltas and cores, and how their systems are solved.

Knows patterns, recipes and sizes, and nothing of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod

from ...algebra.expr import Expr, Variable
from ...algebra.traverse import postorder
from ...sizes import Dim, value
from .pattern import Cut, Labels, LinearMap, Opened, Placed, assembled, components, cut, opened
from .recipes import Crossed, Dense, Impossible, Inverse, LowRank, Pencil, Pointwise, Recipe, Tied

_POOLS = ("ijkl", "pqrs", "abcdefgh", "mnotuvwxyz")


def method(how: Recipe, sizes: Mapping[int, int]) -> str:
    order = prod([sizes[axis] for axis in how.frame.rows])
    batch = prod([sizes[axis] for axis in how.frame.batch])
    size = f"{order} x {order}"
    match how:
        case Dense():
            return f"factors of {size}" if batch == 1 else f"factors of {batch} blocks of {size}"
        case Pointwise():
            return "division" if batch == 1 else f"division by {batch} entries"
        case Inverse():
            return f"product with {size}"
        case Tied(ties, steps, _):
            words = [method(step, sizes) for step in steps]
            bracketed = [f"({word})" if " + " in word or " ⊗ " in word else word for word in words]
            return " ⊗ ".join([*["δ"] * len(ties), *bracketed])
        case LowRank(base, _, rank, _, _):
            word = method(base, sizes)
            return f"Woodbury of rank {rank} + {f'({word})' if ' ⊗ ' in word else word}"
        case Pencil(sides):
            orders = [prod([sizes[axis] for axis in side.rows]) for side in sides]
            return "eigenvalues of " + " and ".join([f"{order} x {order}" for order in orders])
        case Crossed():
            return f"Schur forms of {sizes[how.frame.rows[0]]} x {sizes[how.frame.rows[1]]} with a transposition"
        case Impossible():
            return "none"


class Pattern:
    """A linear map as a formula of deltas and named cores, thin ones where a part of it has low rank."""

    def __init__(self, of: LinearMap, sizes: Mapping[str, int]) -> None:
        self.of, self.sizes = of, sizes
        spare = [letter for pool in _POOLS[2:] for letter in pool]
        rows, cols = of.rows, len(of.cols)
        self.letters = [*_POOLS[0][:rows], *spare[:max(rows - 4, 0)], *_POOLS[1][:cols]]
        self.letters += [letter for letter in spare if letter not in self.letters]
        self.cores: dict[Expr, str] = {}
        terms = [(weight, self._term(term)) for weight, term in of.terms]
        unnamed = [core for core, name in self.cores.items() if not name]
        taken = {node.name for node in postorder(of.expr, *of.values.values()) if isinstance(node, Variable)}
        for k, core in enumerate(unnamed):
            name = "C" if len(unnamed) == 1 else f"C{k + 1}"
            while name in taken:
                name += "0"
            self.cores[core] = name
        texts = [_weighted(weight, [self._word(*word) for word in words]) for weight, words in terms]
        self.text = " + ".join(texts).replace("+ -", "- ") or "0"

    def shape(self, core: Expr) -> tuple[int, ...]:
        return tuple([value(dim, self.sizes) for dim in core.shape])

    def _word(self, core: Expr | None, axes: Sequence[int]) -> str:
        name = "δ" if core is None else self.cores[core]
        return f"{name}_{''.join([self.letters[axis] for axis in axes])}" if axes else name

    def _term(self, term: Expr) -> list[tuple[Expr | None, Labels]]:
        """The cores and deltas of one term, with their axes; a label that is summed comes after all axes."""
        words: list[tuple[Expr | None, Labels]] = []
        found = opened(term)
        parts = components(found)
        for factors, indices in sorted(parts, key=lambda part: min([own[0] for own in part[1]], default=-1)):
            one = self._cut(found, factors, indices)
            axes = tuple(sorted([own[0] for own in indices]))
            if one is not None:
                number = {label: len(found.shape) + k for k, label in enumerate(one.over)}
                for side, dims in ((one.left, one.dims), (one.right, one.dims)):
                    own = tuple([axis for axis in axes if any(axis in labels for _, labels in side)]) + one.over
                    words.append(self._core(side, own, found, number, dict(zip(one.over, dims))))
            elif factors:
                words.append(self._core(factors, axes, found, {}, {}))
            words += [(None, own) for own in indices if len(own) > 1]
        return words

    def _core(self, factors: Sequence[Placed], axes: Labels, found: Opened, number: Mapping[int, int],
              dims: Mapping[int, Dim]) -> tuple[Expr, Labels]:
        """A product of factors as one core, or the variable that it is."""
        core, own = factors[0]
        if len(factors) == 1 and isinstance(core, Variable) and core not in self.of.values:
            self.cores[core] = core.name
            axes = own
        else:
            core = assembled(factors, [], {**dict(enumerate(found.shape)), **dims}, axes)
            self.cores.setdefault(core, "")
        return core, tuple([number.get(axis, axis) for axis in axes])

    def _cut(self, found: Opened, factors: Sequence[Placed], indices: Sequence[Labels]) -> Cut | None:
        """How a part of low rank is two thin factors."""
        own = {index[0] for index in indices if len(index) == 1}
        rows, cols = sorted(own & set(range(self.of.rows))), sorted(own & set(self.of.cols))
        one = cut(Opened(tuple(factors), found.classes, found.shape), rows, cols, self.sizes) if rows and cols else None
        order = min([prod([value(found.shape[axis], self.sizes) for axis in side]) for side in (rows, cols)])
        return one if one is not None and one.left and one.right and 2 * one.rank <= order else None


def _weighted(weight: Fraction, words: Sequence[str]) -> str:
    if not words:
        return str(weight)
    return " ".join(words if weight == 1 else ["-" + words[0], *words[1:]] if weight == -1 else [str(weight), *words])
