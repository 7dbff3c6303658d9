"""Steps on small tensors at many points: what is done, to which entries, each step once.

A *stack* is a small tensor at many points.  Knows entries, axes and steps; knows no
expressions, and no program text.  A step is recorded where it is first asked for, and found
again where it is asked for again: equal steps are one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Entries of the value of a step, in some order.

    ``index`` has an entry, a range or ``None`` (all) for each axis of the value; ``axes`` gives, for
    each axis of the view, the axis of the value that it is, or ``None`` for one along which all are repeated.
    """

    step: int
    index: tuple[int | tuple[int, int] | None, ...]
    axes: tuple[int | None, ...]

    @property
    def plain(self) -> bool:
        """Whether this is the whole value as it is."""
        return self.axes == tuple(range(len(self.index))) and not any(part is not None for part in self.index)


Operand = View | Fraction


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``kind`` is how, ``shape`` that of its value at one point.

    ``load``      the argument ``name``; with ``data`` of 1, beside it its first rows and columns once more
    ``constant``  ``data``, numbers in the order of entries
    ``multiply``, ``add``, ``subtract``, ``divide`` and other names of functions: entry by entry
    ``sum``       along the first axes, of which ``data`` gives the number
    ``cycle``     a square matrix and, beside it, its first rows and columns once more
    ``assemble``  one operand for each place along the first axes, of which ``data`` gives the number; ``None`` is 0
    ``copy``      the operand
    ``place``     the first operand, and the second added on a diagonal: ``data`` gives, for each axis, the first
                  axis that its index equals, and last the sign of what is added
    """

    kind: str
    shape: Shape
    operands: tuple[Operand | None, ...] = ()
    name: str = ""
    data: tuple[Fraction | int, ...] = ()

    @property
    def sources(self) -> list[int]:
        """The steps whose values are used, each as often as it is."""
        return [operand.step for operand in self.operands if isinstance(operand, View)]


@dataclass(slots=True)
class Steps:
    """Steps in the order in which they are done; ``looped`` says of which each point has its own value."""

    steps: list[Step] = field(default_factory=list)
    looped: list[bool] = field(default_factory=list)
    found: dict[Step, int] = field(default_factory=dict)

    # -- views ---------------------------------------------------------------------------

    def whole(self, step: int) -> View:
        """The value of a step."""
        rank = len(self.steps[step].shape)
        return View(step, (None,) * rank, tuple(range(rank)))

    def shape(self, operand: Operand) -> Shape:
        """How many entries a view has along each axis; 1 where all are repeated."""
        if isinstance(operand, Fraction):
            return ()
        source = self.steps[operand.step].shape
        return tuple([1 if axis is None else _length(operand.index[axis], source[axis]) for axis in operand.axes])

    def is_looped(self, operand: Operand) -> bool:
        """Whether each point has its own value of an operand."""
        return isinstance(operand, View) and self.looped[operand.step]

    def size(self, operand: Operand) -> int:
        """How many entries an operand has at one point."""
        return prod(self.shape(operand))

    # -- steps ---------------------------------------------------------------------------

    def add_step(self, kind: str, shape: Shape, operands: Iterable[Operand | None] = (), name: str = "",
                 data: tuple[Fraction | int, ...] = (), looped: bool = False) -> View:
        """The value of a step, which is recorded unless it was asked for before."""
        step = Step(kind, shape, tuple(operands), name, data)
        place = self.found.get(step)
        if place is None:
            place = self.found[step] = len(self.steps)
            self.steps.append(step)
            self.looped.append(looped or any(self.looped[source] for source in step.sources))
        return self.whole(place)

    def entrywise(self, kind: str, *operands: Operand) -> View:
        """A function of entries; axes are compared from the last on and repeated where they are 1."""
        shapes = [self.shape(operand) for operand in operands]
        rank = max(map(len, shapes))
        padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
        return self.add_step(kind, tuple(map(max, zip(*padded))), operands)

    def assemble(self, shape: Shape, parts: Sequence[View | None], lead: int | None = None) -> View:
        """A value of ``shape`` from parts, one for each place along the first ``lead`` axes."""
        return self.add_step("assemble", shape, parts, data=(len(shape) if lead is None else lead,))

    def total(self, parts: Sequence[tuple[int, View]]) -> tuple[int, View]:
        """A sum of views with signs, and its own sign; what all points share is added up by itself."""
        groups = [[part for part in parts if self.is_looped(part[1]) is looped] for looped in (True, False)]
        sums = [self._signed(group) for group in groups if group]
        return sums[0] if len(sums) == 1 else self._signed(sums)

    def _signed(self, parts: Sequence[tuple[int, View]]) -> tuple[int, View]:
        positive = [part for sign, part in parts if sign > 0]
        negative = [part for sign, part in parts if sign < 0]
        sign, first, second = (1, positive, negative) if positive else (-1, negative, [])
        result = first[0]
        for part in first[1:]:
            result = self.entrywise("add", result, part)
        for part in second:
            result = self.entrywise("subtract", result, part)
        return sign, result

    def product(self, parts: Sequence[Operand]) -> Operand:
        """The product of numbers, of those that all points share, and of the others."""
        numbers = [part for part in parts if isinstance(part, Fraction)]
        views = sorted([part for part in parts if isinstance(part, View)], key=self.is_looped)
        result: Operand = prod(numbers, start=Fraction(1))
        for part in views:
            result = part if result == 1 else self.entrywise("multiply", part, result)
        return result


def _length(part: int | tuple[int, int] | None, size: int) -> int:
    return 1 if isinstance(part, int) else size if part is None else part[1] - part[0]


def at(view: View, *places: int | None) -> View:
    """The entry, or the entries, where the axes of ``view`` are at ``places``; ``None`` keeps an axis.

    Examples
    --------
    >>> at(View(0, (None, None), (1, 0)), 2, None)
    View(step=0, index=(None, 2), axes=(0,))
    """
    index, axes = list(view.index), []
    for axis, place in zip(view.axes, places, strict=True):
        if place is None:
            axes.append(axis)
        elif axis is not None:
            part = index[axis]
            index[axis] = place + (part[0] if isinstance(part, tuple) else 0)
    return View(view.step, tuple(index), tuple(axes))


def within(view: View, *ranges: tuple[int, int]) -> View:
    """The entries of a plain view whose indices are within ``ranges``."""
    return View(view.step, ranges, view.axes)


def turned(view: View, order: Sequence[int | None]) -> View:
    """The view whose axis k is axis ``order[k]`` of ``view``, or a repeated one."""
    return View(view.step, view.index, tuple([None if axis is None else view.axes[axis] for axis in order]))


def unrepeated(view: View) -> View:
    """A view without first axes along which all are repeated: arrays meet from the last axis on."""
    count = next((k for k, axis in enumerate(view.axes) if axis is not None), len(view.axes))
    return View(view.step, view.index, view.axes[count:])


def live(steps: Steps, results: Iterable[View]) -> list[int]:
    """The steps that some result needs, in order."""
    needed = {result.step for result in results}
    for place in range(len(steps.steps) - 1, -1, -1):
        if place in needed:
            needed.update(steps.steps[place].sources)
    return sorted(needed)


def view_text(name: str, view: View, transpose: str) -> str:
    """The text of a view of the array ``name``; ``transpose`` is the template of a permutation of its axes.

    Examples
    --------
    >>> view_text("T0", View(0, (None, 1, (0, 2)), (2, None, 0)), "{}.transpose({}, -1)")
    'T0[:, 1, :2].transpose(1, 0, -1)[:, None]'
    """
    kept = [axis for axis in view.axes if axis is not None]
    if kept == sorted(kept):
        return name + _brackets(_marks(view.index, view.axes))
    text = name + _brackets([_mark(part) for part in view.index])
    text = transpose.format(text, ", ".join(str(sorted(kept).index(axis)) for axis in kept))
    return text + _brackets(["None" if axis is None else ":" for axis in view.axes])


def _marks(index: Sequence[int | tuple[int, int] | None], axes: Sequence[int | None]) -> list[str]:
    """What stands in brackets where the axes are in order."""
    marks: list[str] = []
    done = 0
    for axis in axes:
        if axis is None:
            marks.append("None")
        else:
            marks += [_mark(part) for part in index[done:axis + 1]]
            done = axis + 1
    return marks + [_mark(part) for part in index[done:]]


def _mark(part: int | tuple[int, int] | None) -> str:
    if part is None:
        return ":"
    return str(part) if isinstance(part, int) else f"{part[0] or ''}:{part[1]}"


def _brackets(marks: Sequence[str]) -> str:
    """The marks that are needed: an axis that is kept whole at the end is not named."""
    marks = list(marks)
    while marks and marks[-1] == ":":
        marks.pop()
    return f"[{', '.join(marks)}]" if marks else ""
