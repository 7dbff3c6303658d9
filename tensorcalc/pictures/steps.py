"""Plans as pictures: each step a box with what it does, its shape and its operations, inputs on the left.

Knows plans and geometry; the numbers are those of :mod:`tensorcalc.numbers.plans.report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..algebra.build import is_number
from ..algebra.expr import Delta, Expr, Variable
from ..algebra.traverse import postorder
from ..numbers.plans.pairwise import total_cost
from ..numbers.plans.plan import nominal_sizes
from ..numbers.plans.report import done, info
from . import labels
from .dot import quoted
from .labels import Label, Run
from .order import Graph, ordered
from .scene import FONT, SMALL, Box, Curve, Scene, Shape, Text, line

MOST_STEPS = 40
STEP, INPUT, ROW, COLUMN, MARGIN = 44.0, 28.0, 14.0, 46.0, 10.0


class Plan(NamedTuple):
    """Boxes and what flows between them.

    ``boxes``: a label, what is below it, and the expression of a step.  ``edges``: from which box to which, and the indices
    that the step has on what comes, where it is a product.
    """

    boxes: tuple[tuple[Label, Label, Expr | None], ...]
    edges: tuple[tuple[int, int, str], ...]
    layers: tuple[int, ...]
    summary: tuple[str, ...]


def steps(plans: Iterable[Expr], sizes: Mapping[str, int] | None = None) -> Plan:
    """The steps of plans, an input as often as it is used, a value that several steps use once.

    Examples
    --------
    >>> from ..algebra.build import einsum, variable
    >>> from ..numbers.plans.plan import plan
    >>> A, B, x = variable("A", "m", "n"), variable("B", "n", "p"), variable("x", "p")
    >>> sizes = {"m": 20, "n": 30, "p": 40}
    >>> made = steps([plan(einsum([(A, "ij"), (B, "jk"), (x, "k")], "i"), sizes)], sizes)
    >>> [(labels.text_of(above), labels.text_of(below)) for above, below, _ in made.boxes]
    [('ij,j→i', 'n · 2,400'), ('ij,j→i', 'm · 1,200'), ('B', ''), ('x', ''), ('A', '')]
    """
    roots = list(dict.fromkeys(plans))
    known = {**nominal_sizes(roots), **(sizes or {})}
    order = [node for node in postorder(*roots) if not _is_input(node)]
    shown = order[-MOST_STEPS:]   # those nearest to the results
    number = {node: place for place, node in enumerate(shown)}
    boxes: list[tuple[Label, Label, Expr | None]] = [_step(node, known) for node in shown]
    depth = dict.fromkeys(shown, 0)
    for node in reversed(shown):
        for child in node.children:
            if child in number:
                depth[child] = max(depth[child], depth[node] + 1)
    edges: list[tuple[int, int, str]] = []
    away = [depth[node] for node in shown]
    for node in shown:
        for child, indices in zip(node.children, _indices(node)):
            if child not in number and is_number(child) is None:
                boxes.append((_input(child, order), (), None))
                away.append(depth[node] + 1)
                edges.append((len(boxes) - 1, number[node], indices))
            elif child in number:
                edges.append((number[child], number[node], indices))
    for root in roots:
        if _is_input(root):
            boxes.append((_input(root, order), (), None))
            away.append(0)
    last = max(away, default=0)
    report = info(roots, sizes)
    summary = [f"{report.operations:,} operations = {_cut(report.polynomial)}",
               f"largest intermediate result {report.largest:,} entries, result {report.results:,}"]
    if len(order) > len(shown):
        summary.append(f"not drawn: the first {len(order) - len(shown):,} of {len(order):,} steps")
    return Plan(tuple(boxes), tuple(edges), tuple([last - depth_of + 1 for depth_of in away]), tuple(summary))


def _indices(node: Expr) -> Sequence[str]:
    """The indices of each operand of a step, as the step is written."""
    written, arrow, _ = done(node).partition("->")
    found = written.split(",") if arrow else []
    return found if len(found) == len(node.children) else [""] * len(node.children)


def _is_input(node: Expr) -> bool:
    return isinstance(node, (Variable, Delta))


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"


def _step(node: Expr, sizes: Mapping[str, int]) -> tuple[Label, Label, Expr]:
    shape = " × ".join(map(str, node.shape)) or "number"
    price = total_cost([node], sizes, node.children)
    return labels.plain(_cut(done(node)).replace("->", "→")), labels.plain(f"{_cut(shape)} · {price:,}"), node


def _input(node: Expr, order: Sequence[Expr]) -> Label:
    if isinstance(node, Variable):
        return labels.name(node.name)
    if isinstance(node, Delta):
        return (Run("δ"),) if node.shape else labels.size(node.dim)
    return labels.plain(f"step {order.index(node) + 1}")


def plan_scene(made: Plan) -> Scene:
    """The picture of a plan, results on the right."""
    found = ordered(Graph(len(made.boxes), tuple([(a, b) for a, b, _ in made.edges])), layers=made.layers)
    sized = [_size(above, below, node is not None) for above, below, node in made.boxes]
    place: dict[int, tuple[float, float]] = {}
    tall = max([sum([_height(item, sized) + ROW for item in column]) for column in found.columns], default=0.0)
    across = MARGIN
    spans: list[tuple[float, float]] = []
    for column in found.columns:
        if not column:
            spans.append((across, across))
            continue
        width = max([sized[item][0] for item in column if item < len(sized)], default=0.0)
        spans.append((across, across + width))
        down = MARGIN + (tall - sum([_height(item, sized) + ROW for item in column])) / 2
        for item in column:
            height = _height(item, sized)
            place[item] = (across + width / 2, down + ROW / 2 + height / 2)
            down += height + ROW
        across += width + COLUMN
    shapes: list[Shape] = []
    into: dict[int, list[tuple[float, int]]] = {}
    for k, chain in enumerate(found.chains):
        into.setdefault(chain[-1], []).append((place[chain[-2]][1], k))
    for chains in into.values():
        for order, (_, k) in enumerate(sorted(chains)):
            shift = 11.0 * (order - (len(chains) - 1) / 2)
            shapes += _flow(found.chains[k], place, spans, sized, found.columns, max(min(shift, STEP / 2 - 4), 4 - STEP / 2))
    for item, (above, below, node) in enumerate(made.boxes):
        x, y = place[item]
        above = _reordered(above, [made.edges[k][2] for _, k in sorted(into.get(item, []))])
        width, height = sized[item]
        shapes.append(Box(x - width / 2, y - height / 2, width, height, "input" if node is None else "step"))
        shapes.append(Text(x, y - (9 if below else 0), above, FONT if node is None else 14.0))
        if below:
            shapes.append(Text(x, y + 10, below, SMALL, faint=True))
    bottom = MARGIN + tall + 6
    for text in made.summary:
        label = labels.plain(text)
        shapes.append(Text(MARGIN, bottom + SMALL * 0.65, label, SMALL, "start", True))
        bottom += SMALL * 1.5
        across = max(across, MARGIN + labels.width(label, SMALL) + COLUMN)
    words = "; ".join([f"{labels.text_of(above)} {labels.text_of(below)}" for above, below, node in made.boxes if node])
    return Scene(across - COLUMN + MARGIN, bottom + MARGIN, tuple(shapes), "Plan of contractions",
                 f"{words}. {'; '.join(made.summary)}.")


def _reordered(label: Label, indices: Sequence[str]) -> Label:
    """A product written in the order in which its operands come, from top to bottom."""
    _, arrow, result = labels.text_of(label).partition("→")
    return labels.plain(",".join(indices) + arrow + result) if arrow and indices and all(indices) else label


def _size(above: Label, below: Label, step: bool) -> tuple[float, float]:
    wide = max(labels.width(above, FONT if not step else 14.0), labels.width(below, SMALL)) + 18
    return max(wide, INPUT), STEP if step else INPUT


def _height(item: int, sized: Sequence[tuple[float, float]]) -> float:
    return sized[item][1] if item < len(sized) else 6.0


def _flow(chain: Sequence[int], place: Mapping[int, tuple[float, float]], spans: Sequence[tuple[float, float]],
          sized: Sequence[tuple[float, float]], columns: Sequence[Sequence[int]], shift: float) -> Iterator[Shape]:
    """The wire from a box to the step that uses it, which it meets ``shift`` below the middle."""
    layer = {item: at for at, column in enumerate(columns) for item in column}
    for one, two in zip(chain, chain[1:]):
        start, stop = spans[layer[one]][1], spans[layer[two]][0]
        (x1, y1), (x2, y2) = place[one], place[two]
        leave = x1 + (sized[one][0] / 2 if one < len(sized) else 0)
        enter = x2 - (sized[two][0] / 2 if two < len(sized) else 0)
        y2 += shift if two == chain[-1] else 0.0
        middle = (start + stop) / 2
        straight = line((leave, y1), (start, y1)), line((stop, y2), (enter, y2))
        yield Curve((*straight[0], (middle, y1), (middle, y2), *straight[1]))


def plan_dot(made: Plan) -> str:
    """The same as DOT."""
    lines = ["digraph plan {", "  rankdir=LR;"]
    for place, (above, below, node) in enumerate(made.boxes):
        text = "\n".join([labels.text_of(label) for label in (above, below) if label])
        shape = "ellipse" if node is None else "box"
        lines.append(f'  "{place + 1}" [shape={shape}, label={quoted(text, lines=True)}];')
    for a, b, indices in made.edges:
        lines.append(f'  "{a + 1}" -> "{b + 1}"{f" [headlabel={quoted(indices)}]" if indices else ""};')
    lines += [f"  // {text}" for text in made.summary]
    return "\n".join([*lines, "}"])
