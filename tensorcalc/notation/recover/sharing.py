"""Names for what a formula says several times.

A subexpression gets a name where that shortens the whole; the definitions are
listed in an order in which each uses only earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from ..syntax import Call, Entry, Indexed, Name, Op, Syntax, children, walk
from ..text import text

MOST_NODES = 600      # of trees that are searched for common parts
MOST_NAMES = 8
LEAST_SAVING = 5      # characters, below which a name costs more attention than it saves

Definitions = dict[str, Syntax]

_CONSTANTS = frozenset({"eye", "ones", "zeros", "commutation", "duplication", "elimination", "e", "E"})
_LETTERS = {"softmax": "p", "inv": "M"}
_FUNCTION_LETTERS = ("f", "g", "h")
_POINTWISE = {"exp", "log", "sigmoid", "tanh", "relu", "softplus", "sin", "cos", "tan", "sinh", "cosh", "sqrt", "abs",
              "sign", "erf", "arctan", "arcsin", "arccos"}


def share(tree: Syntax, taken: Collection[str]) -> tuple[Syntax, Definitions]:
    """``tree`` with its repeated parts named, and what the names stand for.

    Examples
    --------
    >>> from ..parse import parse_expression
    >>> body, names = share(parse_expression("A' (sigmoid(A X) - sigmoid(A X).^2)"), {"A", "X"})
    >>> text(body), {name: text(part) for name, part in names.items()}
    ("A' (f - f.^2)", {'f': 'sigmoid(A X)'})
    """
    names: Definitions = {}
    used = set(taken)
    for _ in range(MOST_NAMES):
        part = _best(tree, names)
        if part is None:
            break
        name = _name_for(part, used)
        used.add(name)
        tree = replace(tree, {part: Name(name)})
        names = {known: replace(body, {part: Name(name)}) for known, body in names.items()}
        names[name] = part
    return tree, _in_order(names)


def _best(tree: Syntax, names: Mapping[str, Syntax]) -> Syntax | None:
    """The part whose name saves the most characters."""
    counts: dict[Syntax, int] = {}
    nodes = [node for root in (tree, *names.values()) for node in _parts(root)]
    if len(nodes) > MOST_NODES:
        return None
    bound = {name for node in nodes for name in _counter(node)}
    for node in nodes:
        if isinstance(node, (Call, Op)) and not _is_plain(node) and not bound & _free(node):
            counts[node] = counts.get(node, 0) + 1
    best: tuple[int, Syntax] | None = None
    for part, count in counts.items():
        if count > 1:
            length = len(text(part))
            saving = (count - 1) * length - count - 4
            least = LEAST_SAVING - (isinstance(part, Call) and part.function in _POINTWISE)   # f - f.^2 is what people write
            if saving >= least and (best is None or saving > best[0]):
                best = saving, part
    return None if best is None else best[1]


def _counter(node: Syntax) -> tuple[str, ...]:
    """The name that a series counts by, which means nothing outside of it."""
    if isinstance(node, Call) and node.function == "series" and isinstance(node.arguments[0], Name):
        return (node.arguments[0].name,)
    return ()


def _free(tree: Syntax) -> set[str]:
    """The names in a tree, without those that series inside count by."""
    nodes = list(walk(tree))
    return {node.name for node in nodes if isinstance(node, Name)} - {name for node in nodes for name in _counter(node)}


def _parts(tree: Syntax) -> Iterator[Syntax]:
    """All subtrees but those that say the size of a constant."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if not _is_constant(node):
            stack.extend(reversed(children(node)))


def _is_constant(node: Syntax) -> bool:
    return isinstance(node, Call) and node.function in _CONSTANTS


def _is_plain(node: Call | Op) -> bool:
    """Sizes and constants are not worth a name; nor is a quotient of numbers, or a bare transpose."""
    if isinstance(node, Call):
        return node.function in _CONSTANTS or node.function == "einsum"
    return node.operator in ("negate", "transpose") or not any(isinstance(inner, Name) for inner in walk(node))


def _name_for(part: Syntax, used: set[str]) -> str:
    choices: list[str] = []
    if isinstance(part, Call):
        if part.function in _LETTERS:
            choices.append(_LETTERS[part.function])
        elif part.function in _POINTWISE:
            choices += _FUNCTION_LETTERS
    choices += [f"T{k}" for k in range(len(used) + MOST_NAMES + 1)]
    return next(name for name in choices if name not in used)


def _in_order(names: Definitions) -> Definitions:
    """Definitions after those that they use."""
    ordered: Definitions = {}
    waiting = dict(names)
    while waiting:
        for name, body in list(waiting.items()):
            inner = {node.name for node in walk(body) if isinstance(node, Name)}
            if not inner & (set(waiting) - {name}):
                ordered[name] = waiting.pop(name)
    return ordered


def replace(tree: Syntax, parts: Mapping[Syntax, Syntax]) -> Syntax:
    """``tree`` with every occurrence of some parts replaced, outermost first."""
    return rebuilt(tree, lambda node: None if _is_constant(node) else parts.get(node, node))


def rebuilt(tree: Syntax, change: Callable[[Syntax], Syntax | None]) -> Syntax:
    """``tree`` with ``change`` made to every part, from the outside; what it changes is not looked into.

    Nor is a part for which ``change`` gives ``None``; that one stays.
    """
    changed = change(tree)
    if changed is None:
        return tree
    if changed is not tree:
        return changed
    match tree:
        case Op():
            return Op(tree.operator, tuple(rebuilt(operand, change) for operand in tree.operands))
        case Call():
            return Call(tree.function, tuple(rebuilt(a, change) for a in tree.arguments), tree.indices, tree.primes)
        case Indexed():
            return Indexed(rebuilt(tree.inner, change), tree.indices)
        case Entry():
            return Entry(rebuilt(tree.inner, change), tuple(rebuilt(place, change) for place in tree.positions))
        case _:
            return tree


def substituted(tree: Syntax, names: Mapping[str, Syntax]) -> Syntax:
    """``tree`` written with names that another form defined, where their bodies occur in it."""
    for name, body in names.items():
        tree = replace(tree, {body: Name(name)})
    return tree
