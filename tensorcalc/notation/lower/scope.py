"""Which names a formula may use, and what they stand for.

A name is declared, or takes its kind from its first letter (a…g number, h…z
vector, A…Z matrix) or from the indices written on it; sizes that nobody declared
are found by conformity and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...algebra import build
from ...algebra.expr import Expr, Variable
from ...errors import FormulaError, RequestError, ShapeError, Span, UnknownNameError
from ...sizes import Dim, Shape, read, symbols, triangle_root, triangular
from ..syntax import Call, Entry, Name, Num, Op, Subscripts, Syntax, is_op, walk
from .unify import Group, Unknown, expand, flexible, settle, unify


@dataclass(slots=True)
class Value:
    """What a piece of a formula denotes.

    In matrix notation ``axes`` is a row group and a column group, either of which may
    be empty: a column has no column group, a number neither.  A tensor of higher
    order has one group an axis and is no ``matrix``.  The axes of ``expr`` are those
    of all groups in order; it is ``None`` while sizes are still being found.
    """

    expr: Expr | None
    axes: tuple[Group, ...]
    matrix: bool = True

    @property
    def rows(self) -> Group:
        return self.axes[0]

    @property
    def cols(self) -> Group:
        return self.axes[1]

    @property
    def is_scalar(self) -> bool:
        return self.matrix and not self.axes[0] and not self.axes[1]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The axes as an array has them: no empty ones."""
        return tuple(group for group in self.axes if group) if self.matrix else self.axes


@dataclass(slots=True)
class Scope:
    """The names of one request.

    ``declared`` gives each name one size an axis; ``square`` names square matrices, each with the property that says so;
    ``orders`` says how many axes names have whose sizes are open; ``functions`` the
    declared unknown functions; ``counting`` the names that series around a formula count by; ``differentiate`` what ``diff(…)``
    calls with an expression, a variable and an order; ``tensors`` names that stand for
    given expressions; ``index_dims`` sizes of index names; ``remarks`` what a reader may not expect.
    """

    declared: Mapping[str, Sequence[Dim]] = field(default_factory=dict)
    square: Mapping[str, str] = field(default_factory=dict)
    orders: Mapping[str, int] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    differentiate: Callable[[Expr, Variable, int], Expr] | None = None
    tensors: dict[str, Value] = field(default_factory=dict)
    index_dims: Mapping[str, Dim] = field(default_factory=dict)
    source: str = ""
    axes: dict[str, tuple[Group, ...]] = field(default_factory=dict)
    integers: set[str] = field(default_factory=set)
    counting: set[str] = field(default_factory=set)
    variables: dict[str, Variable] = field(default_factory=dict)
    letters: dict[str, Group] = field(default_factory=dict)
    local: dict[int, dict[str, Group]] = field(default_factory=dict)
    sized: dict[tuple[int, int], Group] = field(default_factory=dict)
    halves: list[tuple[Group, Group]] = field(default_factory=list)
    remarks: dict[str, None] = field(default_factory=dict)
    postponed: bool = False
    building: bool = False

    # -- before reading ------------------------------------------------------------------

    def own_names(self) -> set[str]:
        """The names that somebody gave a meaning, which is then the one that counts."""
        return {*self.declared, *self.square, *self.orders, *self.tensors}

    def prepare(self, trees: Sequence[Syntax]) -> None:
        """Declare every name in ``trees``, and give sizes that are open an unknown."""
        for name, shape in self.declared.items():
            self.axes[name] = tuple(flexible(read(dim)) for dim in shape)
            for dim in shape:
                for axis in read(dim):
                    self.integers.update(symbols(axis))
        self.integers.difference_update(self.declared)
        for tree in trees:
            for name in _integer_names(tree):
                if name not in self.declared:
                    self.integers.add(name)
        for letter, dim in self.index_dims.items():
            self.letters[letter] = read(dim)
            self.integers.update(symbol for axis in read(dim) for symbol in symbols(axis))
        orders: dict[str, int] = {}
        for tree in trees:
            for node in walk(tree):
                for name, order in _orders(node):
                    orders.setdefault(name, order)
        for tree in trees:
            functions = function_names(tree)
            for node in walk(tree):
                if isinstance(node, Name) and self._is_new(node.name) and id(node) not in functions:
                    self._introduce(node.name, orders.get(node.name))

    def _is_new(self, name: str) -> bool:
        return name not in self.axes and name not in self.integers and name not in self.tensors and \
            name not in self.functions and name not in ("I", "delta", "eps")

    def _introduce(self, name: str, order: int | None) -> None:
        order = self.orders.get(name, order)
        written = order is not None
        if order is None:
            first = name[0]
            order = 0 if first in "abcdefg" or ("α" <= first <= "ω") else 1 if first.islower() else 2
        if name in self.square and order != 2:
            raise self._not_square(name, order, written)
        group: Group = (Unknown(),)
        self.axes[name] = (group,) * order if name in self.square else tuple((Unknown(),) for _ in range(order))

    def _not_square(self, name: str, order: int, written: bool) -> RequestError:
        """What is assumed of a name contradicts how it is written, or its first letter."""
        kind = {0: "a number", 1: "a vector"}.get(order, f"a tensor with {order} axes")
        return RequestError("TC516", f"{name} is {self.square[name]}, so it must be a square matrix", field="assume",
                            facts=[f"{name} is {kind} {'as it is written' if written else 'by its first letter'}"],
                            help=None if written else f"declare it (vars, or --var {name}=n,n)")

    def settle(self) -> None:
        """Name the sizes that are still open, and build the variables."""
        taken = set(self.axes) | self.integers | set(self.tensors)
        fresh = _fresh_names(taken)
        self._match_halves()
        groups = [group for _, axes in sorted(self.axes.items()) for group in axes]
        local = [group for own in self.local.values() for group in own.values()]
        rest = [*groups, *self.letters.values(), *local, *self.sized.values()]
        for group in [*(square for square, _ in self.halves), *rest]:
            for part in expand(group):
                if isinstance(part, Unknown) and part.preferred is None:
                    part.bound = (next(fresh),)
                    self._match_halves()
        for name, axes in self.axes.items():
            split = [shape_of(group) for group in axes]
            shape = tuple(dim for part in split for dim in part)
            groups_of = tuple(len(part) for part in split)
            self.variables[name] = build.variable(name, *shape, groups=groups_of if set(groups_of) - {1} else ())
            self.integers.update(symbol for dim in shape for symbol in symbols(dim))
        self.building = True

    def _match_halves(self) -> None:
        """A matrix and its ``vech``: where the size of one is known, so is that of the other."""
        for square, half in self.halves:
            sides, lengths = settle(square), settle(half)
            if len(sides) == 1 and not isinstance(sides[0], Unknown):
                unify(half, (triangular(sides[0]),))
            elif len(lengths) == 1 and not isinstance(lengths[0], Unknown):
                root = triangle_root(lengths[0])
                if root is not None:
                    unify(square, (root,))

    # -- while reading -------------------------------------------------------------------

    def half(self, tree: Syntax, square: Group) -> Group:
        """The axis of ``vech`` of a matrix whose axis is ``square``."""
        if self.building:
            (side,) = shape_of(square)
            return (triangular(side),)
        half = self.size(tree, 7)
        self.halves.append((square, half))
        self._match_halves()
        return half

    def size(self, tree: Syntax, place: int, shape: Shape | None = None) -> Group:
        """The group of a constant whose split, or whole size, is found by conformity."""
        key = (id(tree), place)
        if key not in self.sized:
            self.sized[key] = flexible(shape) if shape else (Unknown(),)
        return self.sized[key] if not self.building else shape_of(self.sized[key])

    def letter(self, name: str) -> Group:
        """The group that an index runs over."""
        if name not in self.letters:
            self.letters[name] = (Unknown(),)
        return self.letters[name] if not self.building else shape_of(self.letters[name])

    def split(self, group: Group, parts: Sequence[Group]) -> bool:
        """Divide an axis of product size among indices, whose sizes it takes or gives.

        False where neither is known yet: the formula is looked at once more.
        """
        whole, wanted = expand(group), expand(tuple(part for one in parts for part in one))
        if len(whole) != 1 or not isinstance(whole[0], Unknown):
            return True
        preferred = whole[0].preferred or ()
        if len(preferred) == len(parts):
            for one, dim in zip(parts, preferred):
                self.agree(one, (dim,))
        elif any(isinstance(part, Unknown) and part.preferred is None for part in wanted):
            self.postponed = True
            return False
        self.agree(group, expand(wanted))
        return True

    @contextmanager
    def counts(self, tree: Syntax) -> Iterator[None]:
        """Inside, a series counts by the name ``tree``."""
        new = {tree.name} - self.counting if isinstance(tree, Name) else set()
        self.counting |= new
        try:
            yield
        finally:
            self.counting -= new

    @contextmanager
    def own_letters(self, tree: Syntax) -> Iterator[None]:
        """Inside, index names are those of the definition ``tree``: a name has one size in a statement."""
        outer = self.letters
        self.letters = self.local.setdefault(id(tree), {letter: read(dim) for letter, dim in self.index_dims.items()})
        try:
            yield
        finally:
            self.letters = outer

    def agree(self, a: Group, b: Group) -> bool:
        """Whether two groups are, or can be made, equal up to their split."""
        return unify(a, b)

    def named(self, name: str, span: Span) -> Value:
        """What a name denotes, with the axes it was declared with."""
        if name in self.tensors:
            value = self.tensors[name]
            return value if self.building else Value(None, value.axes, value.matrix)
        if name in self.axes:
            axes = self.axes[name] if not self.building else tuple(shape_of(group) for group in self.axes[name])
            expr = self.variables[name] if self.building else None
            if len(axes) > 2:
                return Value(expr, axes, matrix=False)
            return Value(expr, (*axes, *((),) * (2 - len(axes))))
        if name in self.integers:
            return Value(build.dimension(name) if self.building else None, ((), ()))
        raise UnknownNameError("TC201", f"{name} is not known here", source=self.source, spans=[span])

    def text(self, tree: Syntax) -> str:
        """The words of ``tree`` in the source."""
        return self.source[slice(*tree.span)].strip() or "the expression"

    def shape_error(self, code: str, message: str, trees: Sequence[Syntax], facts: Sequence[str] = (),
                    help: str | None = None) -> ShapeError:
        """A shape error with a mark under every tree involved."""
        return ShapeError(code, message, source=self.source, spans=[tree.span for tree in trees], facts=facts, help=help)

    def formula_error(self, code: str, message: str, tree: Syntax, help: str | None = None) -> FormulaError:
        """A formula that can be parsed and has no meaning."""
        return FormulaError(code, message, source=self.source, spans=[tree.span], help=help)


def shape_of(group: Group) -> Shape:
    """A group whose sizes are all known."""
    dims = []
    for part in settle(group):
        assert not isinstance(part, Unknown), "sizes are settled before building"
        dims.append(part)
    return tuple(dims)


_SIZED = {"eye": 0, "ones": 0, "zeros": 0, "vector": 9, "matrix": 9, "commutation": 0, "duplication": 0,
          "elimination": 0, "e": 0, "E": 0, "eps": 0, "powers": 1, "exchange": 0, "convolution": 0}


def size_names(tree: Syntax) -> set[str]:
    """Names used as the size of a constant: ``n`` in ``eye(n)``."""
    return {inner.name for node in walk(tree) if isinstance(node, Call) and node.function in _SIZED
            for place in node.arguments[_SIZED[node.function]:] for inner in walk(place) if isinstance(inner, Name)}


def _orders(tree: Syntax) -> Iterator[tuple[str, int]]:
    """Names with the number of axes that their indices or the subscripts of an einsum give them."""
    match tree:
        case Name(name, indices) if indices is not None:
            yield name, len(indices)
        case Call("einsum", (Subscripts(words), *operands)):
            for own, operand in zip(words.replace(" ", "").partition("->")[0].split(","), operands):
                if isinstance(operand, Name) and operand.indices is None and (own.isalpha() or not own):
                    yield operand.name, len(own)


def _integer_names(tree: Syntax) -> Iterator[str]:
    """Names used as a size, an exponent, a position or a bound."""
    for node in walk(tree):
        places: Sequence[Syntax] = ()
        if isinstance(node, Call) and node.function in _SIZED:
            places = node.arguments[_SIZED[node.function]:]
        elif isinstance(node, Entry):
            places = node.positions
        elif isinstance(node, Call) and node.function == "sum":
            places = node.arguments[1:-1]
        elif isinstance(node, Call) and node.function == "series":
            places = node.arguments[:3]
        elif isinstance(node, Call) and node.function == "coefficient":
            places = node.arguments[1:]
        elif isinstance(node, Op) and node.operator == "power" and _is_arithmetic(node.operands[1]):
            places = node.operands[1:]
        for place in places:
            for inner in walk(place):
                if isinstance(inner, Name) and inner.indices is None:
                    yield inner.name


def function_names(tree: Syntax) -> set[int]:
    """The nodes that name no tensor: a function that stands as an argument, ``funm(sin, X)``, the index of a sum."""
    found = set()
    for node in walk(tree):
        if isinstance(node, Call) and node.function in ("frechet", "funm", "coefficient") and node.arguments:
            found |= {id(inner) for inner in walk(node.arguments[0])}
        elif isinstance(node, Call) and node.function == "sum" and len(node.arguments) > 1:
            found.add(id(node.arguments[0]))   # the index that a sum binds
    return found


def _is_arithmetic(tree: Syntax) -> bool:
    return all(isinstance(node, (Num, Name)) or (isinstance(node, Op) and node.operator in
               ("add", "negate", "multiply", "divide", "power")) for node in walk(tree))


def _fresh_names(taken: set[str]) -> Iterator[str]:
    for name in ("m", "n", "p", "q", "r", "s", "d", "h", "l"):
        if name not in taken:
            yield name
    k = 1
    while True:
        if f"n{k}" not in taken:
            yield f"n{k}"
        k += 1


def integer(tree: Syntax) -> int | None:
    """The value of a tree that is a plain whole number, possibly negated."""
    if is_op(tree, "negate") and isinstance(tree, Op):
        inner = integer(tree.operands[0])
        return None if inner is None else -inner
    return int(tree.value) if isinstance(tree, Num) and tree.value.denominator == 1 else None


