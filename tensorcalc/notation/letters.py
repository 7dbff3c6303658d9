"""Which indices a formula has and how often, as index notation counts them.

Reader and printer ask here, so what is printed is summed where it was.  Knows trees
and nothing of sizes or expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .syntax import Call, Indexed, Name, Op, Syntax, walk

Letters = tuple[str, ...]


def uses_indices(tree: Syntax) -> bool:
    """Whether a tree is written in index notation."""
    return any(isinstance(node, Indexed) or (isinstance(node, (Name, Call)) and node.indices is not None)
               for node in walk(tree))


def flat(indices: Sequence[str | Letters]) -> list[str]:
    """Indices one by one, those of merged axes too."""
    return [letter for index in indices for letter in (index if isinstance(index, tuple) else (index,))]


def occurring(tree: Syntax) -> list[str]:
    """All indices in a tree, in order of appearance, with repetitions."""
    found: list[str] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (Name, Call, Indexed)) and node.indices is not None:
            found += flat(node.indices)
        elif isinstance(node, Op):
            stack.extend(reversed(node.operands))
        elif isinstance(node, Call):
            stack.extend(reversed(node.arguments))
    return found


def ordered(tree: Syntax, keep: Iterable[str]) -> Letters:
    """Those of ``keep`` that occur in a tree, in order of appearance."""
    keep = set(keep)
    return tuple(letter for letter in dict.fromkeys(occurring(tree)) if letter in keep)


def terms(tree: Syntax) -> list[Syntax]:
    """The terms of a sum, signs left out."""
    if isinstance(tree, Op) and tree.operator == "add":
        return [term for operand in tree.operands for term in terms(operand)]
    return terms(tree.operands[0]) if isinstance(tree, Op) and tree.operator == "negate" else [tree]


def count(tree: Syntax) -> dict[str, int]:
    """How often each index occurs in a term; what is summed inside a bracket does not count.

    Examples
    --------
    >>> from .parse import parse_expression
    >>> count(parse_expression("(A_ij x_j - b_i)^2 y_i"))
    {'i': 2}
    """
    match tree:
        case Name(indices=indices) | Call(indices=indices) | Indexed(indices=indices) if indices is not None:
            return _tally(flat(indices))
        case Op("add" | "power" | "elpower", operands):
            return _once(operands)
        case Call("sum", (Name(bound), *_, body)):
            return {letter: places for letter, places in _once((body,)).items() if letter != bound}
        case Call(function, arguments):
            inner = _once(arguments)
            if function == "logsumexp" and inner:
                inner.pop(list(ordered(arguments[0], inner))[-1])
            return inner
        case Op(_, operands):
            counts: dict[str, int] = {}
            for operand in operands:
                for letter, places in count(operand).items():
                    counts[letter] = counts.get(letter, 0) + places
            return counts
        case _:
            return {}


def _once(operands: Sequence[Syntax]) -> dict[str, int]:
    """The indices that some operand has once."""
    return {letter: 1 for operand in operands for letter, places in count(operand).items() if places == 1}


def summed_inside(tree: Syntax) -> set[str]:
    """The indices that some function or power in a tree sums unless they are kept from outside."""
    found: set[str] = set()
    for node in walk(tree):
        brackets = node.arguments[-1:] if isinstance(node, Call) and node.function == "sum" else \
            node.arguments if isinstance(node, Call) and node.indices is None else \
            node.operands if isinstance(node, Op) and node.operator in ("power", "elpower") else ()
        for bracket in brackets:
            found |= {letter for term in terms(bracket) for letter, places in count(term).items() if places > 1}
    return found


def _tally(letters: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for letter in letters:
        counts[letter] = counts.get(letter, 0) + 1
    return counts
