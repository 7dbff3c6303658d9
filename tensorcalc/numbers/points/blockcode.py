"""Steps on small tensors as a NumPy module that does them for a block of points at a time.

Knows steps, buffers and statements.  Points are the last axis of every array, so that each
statement runs along contiguous memory; a block is as long as all its buffers fit into the
cache.  A buffer is used again as soon as its value is not needed any more, and a value that
goes into a result is computed where the result is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from .. import kernels
from ..code.dialects import dialect
from ..code.printed import source
from ..code.signature import Signature, words
from . import blocks
from .pointcode import Variables, Writer, statements
from .stacks import Operand, Step, Steps, View, live, unrepeated, view_text

CACHE = 2**20         # bytes that a block and its results may take
SHORTEST, LONGEST = 256, 2048   # points of a block

_AUGMENTED = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_CALLS = {"relu": "np.maximum({}, 0, out={})", "softplus": "np.logaddexp(0, {}, out={})",
          "sigmoid": "{1}[...] = sigmoid({0})",
          "erf": "special.erf({}, out={})",
          "negative": "np.multiply({}, -1.0, out={})"}   # np.negative of NumPy 2.4 writes wrong entries where out is strided


@dataclass(slots=True)
class Home:
    """Where a value is: a buffer, or some of its entries."""

    name: str
    places: tuple[int, ...] = ()
    scratch: bool = True   # whether another value may take the place


@dataclass(slots=True)
class Buffers:
    """The buffers of a block, and where each value is."""

    steps: Steps
    order: list[int]
    results: list[int]
    signature: Signature
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    homes: dict[int, Home] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in self.order:
            for used in self.steps.steps[place].sources:
                self.last[used] = place
        self.last |= dict.fromkeys(self.results, len(self.steps.steps))
        self._backward()
        self._forward()

    def fresh(self, shape: tuple[int, ...]) -> str:
        """A new buffer."""
        name = self.signature.fresh(len(self.shapes))
        self.shapes[name] = shape
        return name

    def _free(self, operand: Operand | None, place: int, step: Step) -> bool:
        """Whether the value of ``step`` may be written over an operand."""
        return (isinstance(operand, View) and operand.plain and self.steps.looped[operand.step]
                and self.last[operand.step] == place and self.steps.steps[operand.step].kind != "load"
                and self.steps.steps[operand.step].shape == step.shape
                and all(other == operand for other in step.operands
                        if isinstance(other, View) and other.step == operand.step))

    def _backward(self) -> None:
        """Give what goes into a result, or into entries of another value, its place there."""
        for k, result in enumerate(self.results):
            self.homes[result] = Home(f"R{k}" if len(self.results) > 1 else "R", scratch=False)
        for place in reversed(self.order):
            step = self.steps.steps[place]
            if step.kind == "assemble":
                if place not in self.homes:
                    self.homes[place] = Home(self.fresh(step.shape), scratch=False)
                self._into(place, step)
            elif place in self.homes and step.kind not in ("load", "cycle", "sum"):
                operand = next((part for part in step.operands if self._free(part, place, step)
                                and part.step not in self.homes), None)  # type: ignore[union-attr]
                if isinstance(operand, View):
                    self.homes[operand.step] = self.homes[place]

    def _into(self, place: int, step: Step) -> None:
        """Let the entries of an assembled value be computed where they belong."""
        home = self.homes[place]
        for k, part in enumerate(step.operands):
            if isinstance(part, View) and part.plain and self.steps.looped[part.step] and part.step not in self.homes \
                    and self.last[part.step] <= place and self.steps.steps[part.step].kind != "load" \
                    and self.steps.steps[part.step].shape == step.shape[int(step.data[0]):]:
                self.homes[part.step] = Home(home.name, (*home.places, *_place(k, step.shape[:int(step.data[0])])), False)

    def _forward(self) -> None:
        """Give the others buffers, again and again the same ones."""
        free: dict[tuple[int, ...], list[str]] = {}
        for place in self.order:
            step = self.steps.steps[place]
            taken = None
            if place not in self.homes and (step.kind != "load" or step.shape):
                if step.kind not in ("load", "cycle", "sum"):
                    taken = next((part.step for part in step.operands if isinstance(part, View)
                                  and self._free(part, place, step) and self.homes[part.step].scratch), None)
                if taken is not None:
                    self.homes[place] = self.homes[taken]
                elif free.get(step.shape):
                    self.homes[place] = Home(free[step.shape].pop())
                else:
                    self.homes[place] = Home(self.fresh(step.shape))
            for used in {*step.sources}:
                home = self.homes.get(used)
                if home and home.scratch and self.last[used] == place and used != taken:
                    free.setdefault(self.steps.steps[used].shape, []).append(home.name)


def _place(k: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The indices of entry ``k``."""
    found: list[int] = []
    for size in reversed(shape):
        k, index = divmod(k, size)
        found.append(index)
    return tuple(reversed(found))


class _Block:
    """The statements of one block."""

    def __init__(self, steps: Steps, order: list[int], buffers: Buffers, shared: Writer, names: dict[str, str]) -> None:
        self.steps, self.buffers, self.shared, self.names = steps, buffers, shared, names
        self.lines: list[str] = []
        for place in order:
            self._step(place, steps.steps[place])

    def operand(self, operand: Operand) -> str:
        """The text of an operand."""
        if isinstance(operand, Fraction) or not self.steps.looped[operand.step]:
            return self.shared.operand(operand)[0]
        step = self.steps.steps[operand.step]
        if step.kind == "load" and not step.shape:
            return f"{self.names[step.name]}[k:k + n]"
        home = self.buffers.homes[operand.step]
        index = (*home.places, *operand.index)
        axes = tuple([axis if axis is None else axis + len(home.places) for axis in operand.axes])
        return view_text(home.name, View(operand.step, index, axes), "{}.transpose({}, -1)")

    def _step(self, place: int, step: Step) -> None:
        if step.kind == "load" and not step.shape:
            return
        target = self.operand(self.steps.whole(place))
        parts = ["" if part is None else self.operand(part) for part in step.operands]
        match step.kind:
            case "copy":
                if parts[0] != target:
                    self.lines.append(f"{target}[...] = {parts[0]}")
            case "load":
                text = f"{self.names[step.name]}[..., k:k + n]"
                if step.data:
                    self._border(target, text)
                else:
                    self.lines.append(f"{target}[...] = {text}")
            case "cycle":
                self._border(target, parts[0])
            case "sum":
                axes = tuple(range(int(step.data[0])))
                self.lines.append(f"np.add.reduce({parts[0]}, axis={axes if len(axes) > 1 else 0}, out={target})")
            case "assemble":
                self._assemble(step, target, parts)
            case "place":
                self._place(step, target, parts)
            case _:
                self.lines.append(self._function(step.kind, target, parts))

    def _function(self, kind: str, target: str, parts: list[str]) -> str:
        """A function of entries; in place where the result is where an operand was."""
        if kind in _AUGMENTED and "[" not in target:
            if parts[0] == target:
                return f"{target} {_AUGMENTED[kind]}= {parts[1]}"
            if parts[1] == target and kind in ("add", "multiply"):
                return f"{target} {_AUGMENTED[kind]}= {parts[0]}"
        return _CALLS.get(kind, f"np.{kind}({', '.join(parts)}, out={target})").format(parts[0], target)

    def _border(self, target: str, text: str) -> None:
        self.lines += [f"{target}[:3, :3] = {text}", f"{target}[3:, :3] = {target}[:2, :3]",
                       f"{target}[:, 3:] = {target}[:, :2]"]

    def _assemble(self, step: Step, target: str, parts: list[str]) -> None:
        for k, (part, text) in enumerate(zip(step.operands, parts)):
            places = ", ".join(map(str, _place(k, step.shape[:int(step.data[0])])))
            entry = f"{target}[{places}]" if "[" not in target else f"{target[:-1]}, {places}]"
            if part is None:
                self.lines.append(f"{entry} = 0")
            elif text != entry:
                self.lines.append(f"{entry} = {text}")

    def _place(self, step: Step, target: str, parts: list[str]) -> None:
        first, sign = [int(axis) for axis in step.data[:-1]], "+" if step.data[-1] > 0 else "-"
        if step.operands[0] is None:
            self.lines.append(f"{target}[...] = 0")
        elif parts[0] != target:
            self.lines.append(f"{target}[...] = {parts[0]}")
        view = step.operands[1]
        assert isinstance(view, View)
        kept = [axis for axis, other in enumerate(first) if axis == other]
        if len(kept) == len(first):
            self.lines.append(f"{target} {sign}= {self.operand(unrepeated(view))}")
            return
        letters = "".join("ijklmnpq"[axis] for axis in first)
        result = "".join("ijklmnpq"[axis] for axis in kept)
        text = self.operand(unrepeated(View(view.step, view.index, tuple([view.axes[axis] for axis in kept]))))
        self.lines += [f'D = np.einsum("{letters}...->{result}...", {target})', f"D {sign}= {text}"]


def block_module(steps: Steps, results: Sequence[View], variables: Variables, name: str, single: bool,
                 block: int | None) -> str:
    """A NumPy module: the blocks, and the function that goes through them."""
    writer = dialect("numpy")
    places = [str(k) for k in range(len(results))] if len(results) > 1 else [""]
    own = [f"{letter}{place}" for letter in ("R", "W", "result", "direct") for place in places]
    signature = Signature(variables, (), (), (*_RESERVED, *own, name, *writer.reserved))
    order = live(steps, results)
    shared = Writer(steps, writer, signature.variables, "dtype=dtype", last=True)
    head = statements(shared, [place for place in order if not steps.looped[place]], [], signature)
    looped = [place for place in order if steps.looped[place]]
    buffers = Buffers(steps, looped, [result.step for result in results], signature)
    body = _Block(steps, looped, buffers, shared, signature.variables).lines
    shapes = [steps.steps[result.step].shape for result in results]
    entries = sum(map(prod, [*buffers.shapes.values(), *shapes]))
    length = block or max(SHORTEST, min(LONGEST, CACHE // (8 * entries) // 64 * 64))
    blocks_text = _blocks_text(list(signature.variables.values()), head, buffers, body, places, shapes,
                               _example(signature, variables))
    function_text = _function_text(signature, variables, name, single, places, shapes)
    helpers = [source(kernels, helper) for helper in ("sigmoid",) if helper in words(blocks_text)]
    helpers += [source(blocks, helper) for helper in blocks.PRINTED]
    imports = ["from concurrent.futures import ThreadPoolExecutor", "from contextvars import copy_context",
               "from math import prod", "from threading import local", "", "import numpy as np"]
    if "special" in words(blocks_text):
        imports.append("from scipy import special")
    top = "\n".join([*imports, "", f"BLOCK = {length}   # points at a time: what is computed for them stays in the cache",
                     "WORK = local()   # memory for what is computed on the way, kept for each thread"])
    return "\n\n\n".join([top, *helpers, blocks_text, function_text]) + "\n"


_RESERVED = ("n", "k", "D", "work", "dtype", "out", "outs", "threads", "first", "last", "points", "BLOCK", "WORK", "local",
             "blocks", "prod", "copy_context", "ThreadPoolExecutor", "ValueError", "TypeError", "any", "getattr",
             *blocks.PRINTED)


def _example(signature: Signature, variables: Variables) -> str:
    """The name of an argument that each point has its own value of."""
    return next(signature.variables[variable.name] for variable in signature.arguments if variables[variable][1])


def _blocks_text(given: Sequence[str], head: Sequence[str], buffers: Buffers, body: Sequence[str], places: Sequence[str],
                 shapes: Sequence[tuple[int, ...]], example: str) -> str:
    """The function that computes some points."""
    results = [f"result{place}" for place in places]
    lines = ["dtype = " + example + ".dtype", *head]
    at = 0
    stacks = {**buffers.shapes, **{f"W{place}": shape for place, shape in zip(places, shapes)}}
    lines.append(f"work = scratch(WORK, {sum(map(prod, stacks.values()))}, n, dtype)")
    for name, shape in stacks.items():
        lines.append(f"{name} = {_rows(at, shape)}")
        at += prod(shape)
    lines += [f"direct{place} = is_aligned(result{place}, dtype)" for place in places]
    lines.append("for k in range(first, last, n):")
    lines += [f"    R{place} = result{place}[..., k:k + n] if direct{place} else W{place}" for place in places]
    lines += ["    " + line for line in body]
    for place in places:
        lines += [f"    if not direct{place}:", f"        result{place}[..., k:k + n] = W{place}"]
    first = f"def blocks(first, last, n, {', '.join([*given, *results])}):"
    about = '"""The points from first to last, n at a time; points are the last axis of every array."""'
    return "\n".join([first, *["    " + line for line in [about, *lines]]])


def _function_text(signature: Signature, variables: Variables, name: str, single: bool, places: Sequence[str],
                   shapes: Sequence[tuple[int, ...]]) -> str:
    """The function that users call."""
    given = {variable: signature.variables[variable.name] for variable in signature.arguments}
    own = [local for variable, local in given.items() if local == variable.name]
    renamed = [f'{local} = others["{variable.name}"]' for variable, local in given.items() if local != variable.name]
    looped = [local for variable, local in given.items() if variables[variable][1]]
    lines = [*renamed]
    lines.append(f"dtype = floating_type({', '.join(looped)})")
    lines.append(f"points = len({looped[0]})")
    lines.append("outs = [out]" if single else f"outs = out or [None] * {len(places)}")
    for variable, local in given.items():
        shape, at_each = variables[variable]
        lines.append(f'{local} = at_points("{variable.name}", {local}, {shape}, points, dtype, outs)' if at_each
                     else f'{local} = for_all("{variable.name}", {local}, {shape}, dtype)')
    for k, (place, shape) in enumerate(zip(places, shapes)):
        lines.append(f"result{place} = result_of(outs[{k}], {shape}, points, dtype)")
    results = [f"result{place}" for place in places]
    lines.append(f"all_blocks(blocks, points, BLOCK, threads, {', '.join([*given.values(), *results])})")
    finished = [result if not shape else f"{result}.transpose({', '.join(map(str, (-1, *range(len(shape)))))})"
                for result, shape in zip(results, shapes)]
    lines.append(f"return {finished[0] if single else '(' + ', '.join(finished) + ',)'}")
    rest = "**others" if renamed else "**_"
    return "\n".join([f"def {name}(*, {', '.join([*own, 'out=None', 'threads=1', rest])}):",
                      *["    " + line for line in lines]])


def _rows(at: int, shape: Sequence[int]) -> str:
    """The text of some rows of the work array as a stack of small tensors."""
    if not shape:
        return f"work[{at}]"
    return f"work[{at}:{at + prod(shape)}]" + (f".reshape({', '.join(map(str, shape))}, n)" if len(shape) > 1 else "")
