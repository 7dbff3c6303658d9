"""Networks with places, sums of them, and nodes that hold sums.

Knows networks and blocks.  Everything that recurses is here: a network has nodes, and nodes hold networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import labels
from .blocks import PAD, Block, By, Sides, beside, labelled, padded, ring, stacked, text_block, with_exponent
from .columns import Placer
from .labels import Label, Run
from .network import Inside, Node, Term
from .nodes import PORT, even, side_marks, tensor
from .order import Graph, Ordered, components, ordered
from .scene import FONT, SMALL, Box, Shape, Text, moved
from .web import Web, web

INNER = "αβγδζηθκξπρσ"   # names of legs that nobody gave one, unlike those of the answer


def network(term: Term, sides: Sides, variable: frozenset[int] = frozenset()) -> tuple[Block | None, Block | None]:
    """The numbers in a term side by side, and what has legs, which end at its sides; ``variable``: axes of variables' legs."""
    made = web(term)
    graph = Graph(made.count, tuple([(a.vertex, b.vertex) for a, b in made.edges]))
    hanging = {end.vertex for end in made.legs.values()}
    whole = components(graph)
    numbers = [_part(made, part, Sides((), ()), variable) for part in whole if not hanging & set(part)]
    numbers += [ring(label) for label in made.rings]
    parts = _open_parts(made, [part for part in whole if hanging & set(part)], sides, variable)
    return beside(numbers) if numbers else None, stacked(parts, variable=variable) if parts else None


def _open_parts(made: Web, parts: list[list[int]], sides: Sides, variable: frozenset[int]) -> list[Block]:
    """The parts with legs: as one with the legs in their order, or each by itself, where that has fewer crossings."""
    if not parts:
        return []
    whole = sorted(node for part in parts for node in part)
    joint = _order(made, whole, Sides(sides.left, sides.right, True))
    if sides.fixed:
        return [_placed(made, whole, sides, joint, variable)]
    single = [_order(made, part, _within(made, part, sides)) for part in parts]
    if joint.crossings <= sum([one.crossings for one in single]) + 1:
        return [_placed(made, whole, sides, joint, variable)]
    first = {axis: place for place, axis in enumerate((*sides.left, *sides.right))}
    order = sorted(range(len(parts)), key=lambda k: min(first[axis] for axis in _axes(made, parts[k])))
    return [_placed(made, parts[k], _within(made, parts[k], sides), single[k], variable) for k in order]


def _axes(made: Web, part: Sequence[int]) -> list[int]:
    inside = set(part)
    return [axis for axis, end in made.legs.items() if end.vertex in inside]


def _within(made: Web, part: Sequence[int], sides: Sides) -> Sides:
    own = set(_axes(made, part))
    return Sides(tuple([a for a in sides.left if a in own]), tuple([a for a in sides.right if a in own]))


def _part(made: Web, part: list[int], sides: Sides, variable: frozenset[int]) -> Block:
    return _placed(made, part, sides, _order(made, part, sides), variable)


def _order(made: Web, part: Sequence[int], sides: Sides) -> Ordered:
    number = {vertex: k for k, vertex in enumerate(part)}
    edges = tuple([(number[a.vertex], number[b.vertex]) for a, b in made.edges if a.vertex in number])
    left, right = ([number[made.legs[axis].vertex] for axis in side] for side in (sides.left, sides.right))
    return ordered(Graph(len(part), edges, tuple(left), tuple(right)), sides.fixed)


def _placed(made: Web, part: Sequence[int], sides: Sides, found: Ordered, variable: frozenset[int]) -> Block:
    return Placer(made, part, sides, found, variable, _look).block()


# -- nodes that hold networks ----------------------------------------------------------------


def _look(node: Node, left: Sequence[int], right: Sequence[int], upright: bool) -> Block:
    """A node whose wires come at the sides given."""
    return tensor(node, left, right, upright=upright) if node.inside is None else _frame(node, node.inside, left, right)


def _frame(node: Node, inside: Inside, left: Sequence[int], right: Sequence[int]) -> Block:
    """A node with networks in it: the legs inside go on outside, or have the same names at the wall."""
    through = inside.passing is not None and len(inside.parts) == 1 and inside.parts[0].weight == 1
    title = labels.width(node.label, SMALL)
    exponent = labels.width(node.exponent, FONT)
    head = 20.0 if node.label else 8.0
    if through:
        assert inside.passing is not None
        own = Sides(tuple([inside.passing[a] for a in left]), tuple([inside.passing[a] for a in right]), True)
        found = [part for part in network(inside.parts[0], own) if part is not None]
        made = padded(stacked(found), title + 2 * PAD)
        back = {inner: axis for axis, inner in enumerate(inside.passing)}
        lefts, rights = ({back[a]: y + head for a, y in heights.items()} for heights in (made.left, made.right))
        body = made
    else:
        body, lefts, rights = _named(inside, left, right, head, title)
    height = body.height + head + 10
    shapes: list[Shape] = [Box(0, 0, body.width, height, "frame"), *moved(body.shapes, 0, head)]
    if node.label:
        shapes.append(Text(9, 11, node.label, SMALL, "start"))
    if node.exponent:
        raised = tuple([Run(run.text, 0, run.italic) for run in node.exponent])
        shapes.append(Text(body.width + 3, -1, raised, SMALL, "start"))
    framed = Block(body.width, height, shapes, lefts, rights)
    if inside.passing is None:
        framed.shapes += side_marks(node, framed)
    return with_exponent(framed, exponent + 5) if node.exponent else framed


def _named(inside: Inside, left: Sequence[int], right: Sequence[int], head: float,
           title: float) -> tuple[Block, dict[int, float], dict[int, float]]:
    """Several networks in a frame; legs that go on outside have names inside."""
    passing = inside.passing
    rank = max([part.rank for part in inside.parts], default=0)
    if passing is None:
        sides, names = Sides.halves(rank), {}
    else:
        sides = Sides(tuple([passing[a] for a in left]), tuple([passing[a] for a in right]), True)
        names = {inner: labels.italic(INNER[axis % len(INNER)]) for axis, inner in enumerate(passing)}
    row = terms(inside.parts, sides, names, inside.joint, inside.omitted, WIDE_INSIDE)
    rim = 20.0
    width = max(row.width + 2 * rim, title + 2 * PAD)
    height = max(row.height, PORT * max(len(left), len(right)))
    shapes = moved(row.shapes, (width - row.width) / 2, (height - row.height) / 2)
    lefts, rights = ({axis: y + head for axis, y in even(side, height).items()} for side in (left, right))
    if names and passing is not None and max(len(left), len(right)) > 1:   # one leg on each side is told by its side
        for x, anchor, heights in ((4.0, "start", lefts), (width - 4, "end", rights)):
            shapes += [Text(x, y - head, names[passing[axis]], SMALL, anchor, True) for axis, y in heights.items()]
    return Block(width, height, shapes), lefts, rights

# -- sums ------------------------------------------------------------------------------------

WIDE_INSIDE = 420.0


def terms(parts: Sequence[Term], sides: Sides, names: Mapping[int, Label], joint: str, omitted: int, widest: float,
          by: Sequence[By] = (), lead: Block | None = None) -> Block:
    """Networks side by side with their coefficients, in as many lines as they need."""
    pieces: list[Block] = [lead] if lead is not None else []
    variable = frozenset([axis for _, axes in by for axis in axes])
    for place, part in enumerate(parts):
        sign = _coefficient(part, place, joint)
        numbers, body = network(part, sides, variable)
        found = [text_block(sign) if sign else None, numbers, labelled(body, names, by) if body is not None else None]
        pieces.append(beside([one for one in found if one is not None], 8.0))
    if omitted:
        pieces.append(text_block(labels.plain(f"+ {omitted:,} more terms")))
    lines: list[list[Block]] = [[]]
    used = 0.0
    for piece in pieces:
        if lines[-1] and used + piece.width > widest and lines[-1] != [lead]:   # a name stays with what it names
            lines.append([])
            used = 0.0
        lines[-1].append(piece)
        used += piece.width + 14
    return stacked([beside(own, 14.0) for own in lines], 20.0, stretch=False)


def _coefficient(part: Term, place: int, joint: str) -> Label:
    bare = not part.nodes and not part.wires
    if joint == ",":
        return labels.plain(",") if place else labels.number(part.weight) if bare else ()
    sign = ("−" if part.weight < 0 else "") if not place else "− " if part.weight < 0 else "+ "
    size = abs(part.weight)
    number = str(size) if size != 1 or bare else ""
    text = (sign + (number if len(number) <= 16 else number[:12] + "…")).strip()
    return labels.plain(text) if text else ()
