"""A drawing as a scene: rows below one another, each a name and its networks.

Knows layouts of derivatives: what was differentiated has its legs on the left, the variables theirs on the
right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..algebra.expr import Expr
from ..notation.describe import Layout, axis_letters
from . import labels
from .blocks import Block, By, Sides
from .labels import Label, Run
from .network import Drawing, Node, Row, Term, Wire, drawing
from .place import INNER, terms
from .scene import FONT, SMALL, Scene, Shape, Text, moved

WIDEST = 860.0
MARGIN = 10.0
MOST_WORDS = 1200   # characters of a description


def picture(expr: Expr, layout: Layout, taken: Collection[str] = ()) -> Scene:
    """The scene of an expression whose axes are laid out as said; ``taken``: names that mean something else.

    Examples
    --------
    >>> from ..notation.lower import read
    >>> reading = read("C_ij = X_ik Y_kj")
    >>> picture(reading.expr, Layout((reading.groups,), reading.letters, reading.name)).title
    'Tensor network of C_ij'
    """
    return placed(drawing(expr, taken), layout)


def placed(made: Drawing, layout: Layout) -> Scene:
    """The rows of a drawing, the first one laid out as ``layout`` says."""
    rank = made.rows[0].expr.rank
    letters = axis_letters(layout) if sum(layout.groups) == rank else tuple([str(k + 1) for k in range(rank)])
    head = heading(layout, letters)
    blocks = [_row(made.rows[0], (*head, Run(" =")) if head else (), letters, sides_of(layout, rank), variables(layout))]
    for row in made.rows[1:]:
        own = inner(row.expr.rank)
        named = (*labels.name(row.name), *labels.subscripts(own), Run(" ="))
        blocks.append(_row(row, named, own, Sides.halves(row.expr.rank), ()))
    blocks += [_note(note) for note in made.notes]
    shapes: list[Shape] = []
    down, across = MARGIN, 0.0
    for block in blocks:
        shapes += moved(block.shapes, MARGIN, down)
        down += block.height + 24.0
        across = max(across, block.width)
    title = f"Tensor network of {labels.text_of(head) if head else 'a formula'}"
    return Scene(across + 2 * MARGIN, down - 24.0 + MARGIN, tuple(shapes), title, described(made, letters))


def _row(row: Row, head: Label, letters: tuple[str, ...], sides: Sides, by: Sequence[By]) -> Block:
    names: Mapping[int, Label] = {axis: labels.italic(letter) for axis, letter in enumerate(letters)}
    lead = None
    if head:
        width = labels.width(head, FONT)
        lead = Block(width, FONT * 1.3, [Text(width / 2, FONT * 0.65, head)])
    return terms(row.terms, sides, names, "+", row.omitted, WIDEST, by, lead)


def _note(note: str) -> Block:
    label = labels.plain(note)
    return Block(labels.width(label, SMALL), SMALL * 1.3, [Text(0, SMALL * 0.65, label, SMALL, "start", True)])


def sides_of(layout: Layout, rank: int) -> Sides:
    """At which side each leg ends: of what was differentiated left, of variables right.

    A second derivative of a number has one variable at each side; the axes of a matrix that were merged stay together.
    """
    sizes = [sum(part) for part in layout.parts]
    if not layout.variables:
        groups = layout.parts[0]
        left = 0 if layout.row and len(groups) == 1 else sum(groups[: (len(groups) + 1) // 2])
        return Sides(tuple(range(left)), tuple(range(left, rank)))
    left = sizes[0] if sizes[0] or len(sizes) < 3 else sizes[1]
    return Sides(tuple(range(left)), tuple(range(left, rank)))


def inner(rank: int) -> tuple[str, ...]:
    """Names for the axes of a part."""
    return tuple([INNER[axis % len(INNER)] for axis in range(rank)])


def variables(layout: Layout) -> tuple[By, ...]:
    """Each variable that a derivative is by, with the axes of the derivative that are its own."""
    found: list[By] = []
    at = sum(layout.parts[0])
    for name, part in zip(layout.variables, layout.parts[1:]):
        found.append(((Run("∂"), *labels.name(name)), tuple(range(at, at + sum(part)))))
        at += sum(part)
    return tuple(found)


def heading(layout: Layout, letters: tuple[str, ...]) -> Label:
    """``∂C_ij/∂X_pq`` for a derivative; the name that a statement gives; nothing for a formula without one."""
    at, words = 0, []
    for part in layout.parts:
        words.append(letters[at : at + sum(part)])
        at += sum(part)
    if not layout.variables:
        return (*labels.name(layout.name), *labels.subscripts(words[0])) if layout.name else ()
    order = len(layout.variables)
    top = layout.name or ("U" if layout.parts[0] else "f")
    found: list[Run] = [Run("∂"), *([Run(str(order), 1)] if order > 1 else []), *labels.name(top), *labels.subscripts(words[0])]
    found.append(Run("/"))
    for name, own in zip(layout.variables, words[1:]):
        found += [Run("∂"), *labels.name(name), *labels.subscripts(own)]
    return tuple(found)


# -- in words --------------------------------------------------------------------------------


def described(made: Drawing, letters: tuple[str, ...]) -> str:
    """What a drawing shows, for those who do not see it."""
    found = []
    for row in made.rows:
        own = letters if not row.name else inner(row.expr.rank)
        found.append((f"{row.name} is " if row.name else "") + _sum_words(row.terms, own) + ".")
    words = " ".join([*found, *[f"{note}." for note in made.notes]])
    return words if len(words) <= MOST_WORDS else words[:MOST_WORDS] + "…"


def _sum_words(parts: Sequence[Term], letters: Sequence[str]) -> str:
    if len(parts) == 1:
        return _term_words(parts[0], letters)
    listed = [f"({place}) {_term_words(part, letters)}" for place, part in enumerate(parts, 1)]
    return f"{len(parts)} terms: {'; '.join(listed)}"


def _term_words(term: Term, letters: Sequence[str]) -> str:
    """The nodes of a network, then its wires."""
    weight = f"{term.weight} times " if term.weight != 1 else ""
    names = [_node_name(node) for node in term.nodes]
    inside = [f"{name} holds {_sum_words(node.inside.parts, inner(max(part.rank for part in node.inside.parts)))}"
              for name, node in zip(names, term.nodes) if node.inside is not None]
    return weight + ", ".join([" and ".join(names) or "wires alone", *[_wire_words(wire, term, names, letters)
                                                                       for wire in term.wires], *inside])


def _node_name(node: Node) -> str:
    return labels.text_of((*node.label, *node.exponent)) or "a bracket"


def _wire_words(wire: Wire, term: Term, names: Sequence[str], letters: Sequence[str]) -> str:
    ends = [names[port.node] if term.nodes[port.node].rank == 1 else f"axis {port.axis + 1} of {names[port.node]}"
            for port in wire.ports]
    ends += [f"leg {letters[axis]}" for axis in wire.legs]
    if not ends:
        return f"a circle of size {wire.dim}"
    if len(ends) == 1:
        return f"{ends[0]} ends in a dot"
    if len(ends) == 2:
        return f"{ends[1]} is {ends[0]}" if wire.legs else f"{ends[0]} joins {ends[1]}"
    return f"a dot joins {', '.join(ends[:-1])} and {ends[-1]}"
