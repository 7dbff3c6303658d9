"""Random well-shaped formulas, as texts, with the names that they declare and values for them.

Three writers, one a notation; each makes whatever the language has, inside the
domains of the functions.  ``formula(seed)`` is what campaigns use; ``formulas()`` is
the same as a hypothesis strategy, which shrinks the depth.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

Dim = int | str
Group = tuple[Dim, ...]

SUM, FROBENIUS, PRODUCT, NEGATIVE, POSTFIX, ATOM = 10, 20, 30, 40, 50, 60


class Piece(NamedTuple):
    """A text and how tightly it binds."""

    text: str
    level: int = ATOM


# -- what a formula is about -------------------------------------------------------------


@dataclass
class World:
    """Sizes, and the variables declared so far."""

    rng: random.Random
    sizes: dict[str, int]
    dims: tuple[Dim, ...]
    declared: dict[str, list[Dim]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def size(self, dim: Dim) -> int:
        """The number that a dimension stands for."""
        if isinstance(dim, int):
            return dim
        total = 1
        for part in dim.split("*"):
            if part.endswith("+1)/2"):
                total = total * (total + 1) // 2
            else:
                total *= self.sizes[part] if not part.isdigit() else int(part)
        return total

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.size(dim) for dim in self.declared[name])


NAMES = {0: ["a", "b", "c", "d", "g", "alpha", "t"], 1: ["x", "y", "z", "u", "v", "w", "h", "x1"],
         2: ["A", "B", "C", "X", "Y", "M", "W1", "Z", "Q", "R"], 3: ["T", "U", "V"]}
ODD_NAMES = {0: ["e", "E", "D", "f", "sum", "k", "i"], 1: ["e", "ones", "D", "H", "I", "s", "diag"],
             2: ["E", "D", "I", "H", "T0", "x", "tr", "K", "S"], 3: ["D", "e", "H"]}


def world(rng: random.Random) -> World:
    """Sizes of one of several kinds: all symbolic, all numbers (equal ones too), mixed, sizes 1."""
    kind = rng.choice(["symbolic"] * 6 + ["numbers", "equal", "mixed", "mixed", "many"])
    sizes = {"n": 3, "m": 2, "p": 4}
    dims: tuple[Dim, ...] = {
        "symbolic": ("n", "m", "p"), "numbers": (3, 2, 4), "equal": (3, 3, 2), "mixed": ("n", 3, "m"), "many": ("n", "m", 2),
    }[kind]
    return World(rng, sizes, dims)


SAMPLERS: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "": lambda g, s: g.choice([-1.0, 1.0], s) * g.uniform(0.3, 1.3, s),
    "positive": lambda g, s: g.uniform(0.4, 1.6, s),
    "invertible": lambda g, s: 2 * np.eye(s[0]) + g.uniform(-0.5, 0.5, s),
    "small": lambda g, s: g.uniform(-0.3, 0.3, s),
    "symmetric": lambda g, s: (lambda m: m + m.T)(g.uniform(-1, 1, s)),
    "skew": lambda g, s: (lambda m: m - m.T)(g.uniform(-1, 1, s)),
    "diagonal": lambda g, s: np.diag(g.uniform(0.4, 1.6, s[0])),
    "spd": lambda g, s: (lambda m: m @ m.T / s[0] + np.eye(s[0]))(g.uniform(-1, 1, s)),
    "orthogonal": lambda g, s: np.linalg.qr(g.normal(size=s))[0],
}


@dataclass(frozen=True)
class Formula:
    """A text with everything needed to read it and to compute it."""

    text: str
    notation: str
    declared: dict[str, list[Dim]]
    facts: dict[str, str]
    notes: dict[str, str]
    sizes: dict[str, int]
    seed: int
    letters: dict[str, Dim] = field(default_factory=dict)

    def values(self, draw: int = 0) -> dict[str, Any]:
        """An array for each variable."""
        generator = np.random.default_rng([self.seed, draw])
        at = World(random.Random(), self.sizes, ())
        return {name: np.asarray(SAMPLERS[self.notes.get(name, self.facts.get(name, ""))](
            generator, tuple(at.size(dim) for dim in shape))) for name, shape in self.declared.items()}

    def request(self, wrt: str | list[str], **more: Any) -> dict[str, Any]:
        """A request for a derivative."""
        return {"do": "derive", "expr": self.text, "wrt": wrt, "vars": self.declared, "assume": self.facts,
                "index_dims": self.index_dims(), **more}

    def index_dims(self) -> dict[str, Dim]:
        """Sizes of indices that may occur on deltas alone."""
        return {letter: dim for letter, dim in self.letters.items() if letter in self.delta_letters()}

    def delta_letters(self) -> set[str]:
        return {letter for word in re.findall(r"(?:delta|δ)_(\w+)", self.text) for letter in word}

    def left_sizes(self) -> dict[str, int]:
        at = World(random.Random(), self.sizes, ())
        return {letter: at.size(dim) for letter, dim in self.letters.items()}


# -- matrix notation ---------------------------------------------------------------------


class MatrixWriter:
    """Writes a value whose rows and columns are given groups of axes; ``()`` is no axis."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng

    # -- pieces --------------------------------------------------------------------------

    def inside(self, piece: Piece, level: int) -> str:
        """A piece as an operand: bracketed where it must be, and now and then where it need not."""
        if piece.level < level or self.rng.random() < 0.04:
            return f"({piece.text})"
        return piece.text

    def call(self, name: str, *arguments: Piece | str) -> Piece:
        return Piece(f"{name}({', '.join(a if isinstance(a, str) else a.text for a in arguments)})")

    def infix(self, operator: str, left: Piece, right: Piece, level: int = PRODUCT) -> Piece:
        return Piece(f"{self.inside(left, level)}{operator}{self.inside(right, level + 1)}", level)

    def times(self, left: Piece, right: Piece) -> Piece:
        text, other = self.inside(left, PRODUCT), self.inside(right, NEGATIVE + 1)
        beside = self.rng.random() < 0.3 and not other[0].isdigit() and other[0] != "["
        return Piece(f"{text}{' ' if beside else self.rng.choice(['*', ' * ', '@'])}{other}", PRODUCT)

    def turn(self, piece: Piece) -> Piece:
        return Piece(self.inside(piece, POSTFIX) + self.rng.choice(["'", "'", "'", "^T"]).replace("^T", "'"), POSTFIX)

    def negate(self, piece: Piece) -> Piece:
        return Piece("-" + self.inside(piece, NEGATIVE + 1), NEGATIVE)

    def power(self, piece: Piece, operator: str, exponent: str) -> Piece:
        return Piece(f"{self.inside(piece, POSTFIX + 1)}{operator}{exponent}", POSTFIX)

    def size(self, group: Group) -> str:
        numbers = [dim for dim in group if isinstance(dim, int)]
        if len(numbers) == len(group):
            return str(int(np.prod(numbers))) if group else "1"
        return "*".join(map(str, group))

    def variable(self, shape: Sequence[Dim], fact: str = "", note: str = "") -> Piece:
        """A variable of this shape: one declared before, or a new one."""
        world = self.world
        fits = [name for name, own in world.declared.items() if own == list(shape)
                and world.facts.get(name, "") == fact and world.notes.get(name, "") == note]
        if fits and self.rng.random() < 0.7:
            name = self.rng.choice(fits)
        else:
            pool = (ODD_NAMES if self.rng.random() < 0.04 else NAMES)[len(shape)]
            taken = set(world.declared) | {str(dim) for dim in world.dims}
            spare = [one for one in pool if one not in taken] or [f"{pool[0]}{k}" for k in range(99)
                                                                   if f"{pool[0]}{k}" not in taken]
            name = self.rng.choice(spare[:4])
            world.declared[name] = list(shape)
            if fact:
                world.facts[name] = fact
            if note:
                world.notes[name] = note
        return Piece(name)

    def declared_shape(self, rows: Group, cols: Group) -> list[Dim]:
        return [group[0] if len(group) == 1 else "*".join(map(str, group)) if not all(isinstance(d, int) for d in group)
                else int(np.prod([int(d) for d in group])) for group in (rows, cols) if group]

    # -- values by shape -----------------------------------------------------------------

    def value(self, rows: Group, cols: Group, depth: int) -> Piece:
        """Anything of this shape."""
        if depth <= 0:
            return self.leaf(rows, cols)
        choices: list[Callable[[], Piece]] = [
            lambda: self.sum(rows, cols, depth), lambda: self.sum(rows, cols, depth),
            lambda: self.product(rows, cols, depth), lambda: self.product(rows, cols, depth),
            lambda: self.scaled(rows, cols, depth), lambda: self.negate(self.value(rows, cols, depth - 1)),
            lambda: self.pointwise(rows, cols, depth), lambda: self.hadamard(rows, cols, depth),
            lambda: self.leaf(rows, cols),
        ]
        if rows or cols:
            choices += [lambda: self.turn(self.value(cols, rows, depth - 1)),
                        lambda: self.einsum(rows, cols, depth)]
        else:
            choices += [lambda: self.number(depth)] * 6
        if rows and cols:
            choices += [lambda: self.matrix(rows, cols, depth)] * 4
        elif rows:
            choices += [lambda: self.vector(rows, depth)] * 3
        return self.rng.choice(choices)()

    def leaf(self, rows: Group, cols: Group) -> Piece:
        rng = self.rng
        if not rows and not cols:
            dims = [dim for dim in self.world.dims if isinstance(dim, str)]
            return rng.choice([lambda: self.variable([]), lambda: self.variable([]),
                               lambda: Piece(rng.choice(["2", "3", "0.5", "1"])),
                               lambda: Piece(rng.choice(dims)) if dims else Piece("2"),
                               lambda: self.variable([], note="positive")])()
        if rows == cols and rng.random() < 0.45:
            if len(rows) == 1 and rng.random() < 0.7:
                return self.variable([rows[0]] * 2, fact=rng.choice(["symmetric", "skew", "diagonal", "spd", "orthogonal"]))
            return self.call("eye", self.size(rows))
        if rng.random() < 0.12:
            return self.constant(rows, cols)
        if not rows:
            return self.turn(self.variable(self.declared_shape(cols, ())))
        if cols and len(rows) == len(cols) == 1 and rng.random() < 0.3:
            return self.turn(self.variable(self.declared_shape(cols, rows)))
        if len(rows) == 2 and not cols:
            if rng.random() < 0.8:
                return self.call("vec", self.value((rows[1],), (rows[0],), 0))
        if (len(rows) > 1 or len(cols) > 1) and rng.random() < 0.8:
            return self.merged(rows, cols, 0)
        return self.variable(self.declared_shape(rows, cols))

    def constant(self, rows: Group, cols: Group) -> Piece:
        rng = self.rng
        if not rows:
            return self.turn(self.constant(cols, rows))
        sizes = [self.size(group) for group in (rows, cols) if group]
        kind = rng.choice(["ones", "ones", "zeros", "unit", "literal"])
        single = len(rows) == 1 and len(cols) <= 1
        if kind == "literal" and all(isinstance(dim, int) for dim in (*rows, *cols)) and single:
            numbers = ["1", "-2", "0", "1/3", "0.5", "3"]
            width = int(cols[0]) if cols else 1
            lines = [", ".join(rng.choice(numbers) for _ in range(width)) for _ in range(int(rows[0]))]
            return Piece(f"[{'; '.join(lines)}]")
        if kind == "unit" and single:
            place = [str(rng.randint(1, 2)) for _ in sizes]
            return self.call("e", *place, *sizes) if not cols else self.call("E", *place, *sizes)
        return self.call("zeros" if kind == "zeros" else "ones", *sizes)

    def sum(self, rows: Group, cols: Group, depth: int) -> Piece:
        left, right = self.value(rows, cols, depth - 1), self.value(rows, cols, depth - 1)
        return self.infix(self.rng.choice([" + ", " - ", "+", "-"]), left, right, SUM)

    def product(self, rows: Group, cols: Group, depth: int) -> Piece:
        inner: Group = (self.rng.choice(self.world.dims),)
        if not rows and not cols:
            return self.times(self.value((), inner, depth - 1), self.value(inner, (), depth - 1))
        if not rows or not cols:
            outer = self.rng.random() < 0.7
            if not outer:
                return self.times(self.scalar(depth - 1), self.value(rows, cols, depth - 1))
        elif len(rows) == len(cols) == 1 and self.rng.random() < 0.2:
            return self.times(self.value(rows, (), depth - 1), self.value((), cols, depth - 1))
        if self.rng.random() < 0.08 and len(rows) <= 1:
            inner = (*inner, self.rng.choice(self.world.dims))
        return self.times(self.value(rows, inner, depth - 1), self.value(inner, cols, depth - 1))

    def scaled(self, rows: Group, cols: Group, depth: int) -> Piece:
        body = self.value(rows, cols, depth - 1)
        if self.rng.random() < 0.4:
            return self.infix("/", body, self.nonzero(depth - 1))
        return self.times(self.scalar(depth - 1), body) if self.rng.random() < 0.7 else \
            self.times(body, self.scalar(depth - 1))

    def hadamard(self, rows: Group, cols: Group, depth: int) -> Piece:
        rng, left = self.rng, self.value(rows, cols, depth - 1)
        if rng.random() < 0.3:
            return self.infix(" ./ ", left if rng.random() < 0.8 else self.scalar(0), self.positive(rows, cols, depth - 1))
        if rng.random() < 0.2:
            return self.power(left, ".^", rng.choice(["2", "3", "2", "1", "0"]))
        if rng.random() < 0.2:
            exponent = rng.choice(["0.5", "(1/3)", "-1", "-2", "(-1/2)", "1.5", "(2/3)", "c"])
            if exponent == "c":
                exponent = self.inside(self.scalar(0), ATOM)
            return self.power(self.positive(rows, cols, depth - 1), ".^", exponent)
        if rng.random() < 0.1:
            return self.power(self.positive(rows, cols, depth - 1), ".^", f"({self.value(rows, cols, depth - 1).text})")
        return self.infix(" .* ", left, self.value(rows, cols, depth - 1))

    def pointwise(self, rows: Group, cols: Group, depth: int) -> Piece:
        rng = self.rng
        name = rng.choice(["exp", "log", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh",
                           "tanh", "relu", "sigmoid", "softplus", "erf", "sqrt", "max", "min"])
        if name in ("log", "sqrt"):
            return self.call(name, self.positive(rows, cols, depth - 1))
        if name in ("arcsin", "arccos", "tan"):
            return self.call(name, self.infix("/", self.call("tanh", self.value(rows, cols, depth - 1)), Piece("2")))
        if name in ("max", "min"):
            other = self.scalar(0) if rng.random() < 0.2 else self.value(rows, cols, depth - 1)
            return self.call(name, self.value(rows, cols, depth - 1), other)
        if rng.random() < 0.05 and rows and not cols and len(rows) == 1:
            return self.call("softmax", self.value(rows, cols, depth - 1))
        return self.call(name, self.value(rows, cols, depth - 1))

    def positive(self, rows: Group, cols: Group, depth: int) -> Piece:
        """Entries above zero."""
        rng = self.rng
        if depth <= 0 or rng.random() < 0.3:
            if not rows and cols:
                return self.turn(self.positive(cols, rows, depth))
            if len(rows) > 1 or len(cols) > 1:
                return self.call("exp", self.leaf(rows, cols))
            return self.variable(self.declared_shape(rows, cols), note="positive")
        name = rng.choice(["exp", "sigmoid", "softplus", "cosh", "square", "sum", "product", "quotient"])
        if name == "square":
            ones = Piece("1") if not rows and not cols else self.turn(self.call("ones", self.size(cols))) if not rows else \
                self.call("ones", *[self.size(group) for group in (rows, cols) if group])
            return self.infix(" + ", self.power(self.value(rows, cols, depth - 1), ".^", "2"), ones, SUM)
        if name in ("sum", "product", "quotient"):
            left, right = self.positive(rows, cols, depth - 1), self.positive(rows, cols, depth - 1)
            operator, level = {"sum": (" + ", SUM), "product": (" .* ", PRODUCT), "quotient": (" ./ ", PRODUCT)}[name]
            return self.infix(operator, left, right, level)
        return self.call(name, self.value(rows, cols, depth - 1))

    def scalar(self, depth: int) -> Piece:
        return self.value((), (), depth)

    def nonzero(self, depth: int) -> Piece:
        return self.positive((), (), depth) if self.rng.random() < 0.8 else Piece(self.rng.choice(["2", "3", "4"]))

    # -- what only some shapes have ------------------------------------------------------

    def single(self) -> Group:
        return (self.rng.choice(self.world.dims),)

    def any_shape(self) -> tuple[Group, Group]:
        return self.rng.choice([(self.single(), ()), (self.single(), self.single()), (self.single(), self.single())])

    def number(self, depth: int) -> Piece:
        rng, deep = self.rng, depth - 1
        rows, cols = self.any_shape()
        square = self.single()
        kind = rng.choice(["tr", "tr", "sum", "quadratic", "dot", "det", "logdet", "norm1", "norm2", "norm2", "logsumexp",
                           "entry", "frobenius", "power", "cross"])
        match kind:
            case "tr":
                return self.call("tr", self.value(square, square, deep))
            case "sum" | "norm1" | "norm2":
                return self.call(kind, self.value(rows, cols, deep))
            case "dot":
                return self.times(self.turn(self.value(square, (), deep)), self.value(square, (), deep))
            case "quadratic":
                x = self.value(square, (), deep - 1)
                return self.times(self.times(self.turn(x), self.value(square, square, deep - 1)), x)
            case "det" | "logdet":
                return self.call(kind, self.regular(square, deep))
            case "logsumexp":
                return self.call(kind, self.value(square, (), deep))
            case "entry":
                inner = self.value(rows, cols, deep)
                places = ",".join(str(rng.randint(1, 2)) for group in (rows, cols) if group)
                return Piece(f"{self.inside(inner, POSTFIX)}[{places}]", POSTFIX)
            case "frobenius":
                return self.infix(" : ", self.value(rows, cols, deep), self.value(rows, cols, deep), FROBENIUS)
            case "power":
                if rng.random() < 0.5:
                    return self.power(self.scalar(deep), "^", rng.choice(["2", "3", "2", "n"] if "n" in self.world.dims
                                                                         else ["2", "3"]))
                return self.power(self.positive((), (), deep), "^", rng.choice(["-1", "0.5", "(1/3)", "-2", "(3/2)", "(-1/2)"]))
        return self.call("tr", self.value(square, square, deep))

    def vector(self, rows: Group, depth: int) -> Piece:
        rng, deep = self.rng, depth - 1
        choices: list[Callable[[], Piece]] = [lambda: self.leaf(rows, ())]
        if len(rows) == 1:
            choices += [lambda: self.call("diag", self.value(rows, rows, deep)),
                        lambda: self.call("softmax", self.value(rows, (), deep)),
                        lambda: self.call("solve", self.regular(rows, deep), self.value(rows, (), deep))]
        if len(rows) == 2:
            choices += [lambda: self.call("vec", self.value((rows[1],), (rows[0],), deep))] * 3
            choices += [lambda: self.call("kron", self.value((rows[0],), (), deep), self.value((rows[1],), (), deep))]
        if rows == (3,):
            choices += [lambda: self.call("cross", self.value(rows, (), deep), self.value(rows, (), deep))] * 2
        halved = self.halved(rows)
        if halved is not None:
            choices += [lambda: self.call("vech", self.value((halved,), (halved,), deep))] * 2
        return rng.choice(choices)()

    def halved(self, rows: Group) -> Dim | None:
        """The n of which ``rows`` is n (n + 1) / 2."""
        for dim in self.world.dims:
            if rows == (triangular(dim),):
                return dim
        return None

    def matrix(self, rows: Group, cols: Group, depth: int) -> Piece:
        rng, deep = self.rng, depth - 1
        choices: list[Callable[[], Piece]] = []
        if len(rows) > 1 or len(cols) > 1:
            choices += [lambda: self.merged(rows, cols, deep)] * 3
        if len(rows) == 1:
            choices += [lambda: self.call("solve", self.regular(rows, deep), self.value(rows, cols, deep))]
        if rows == cols and len(rows) == 1:
            choices += [lambda: self.call("inv", self.regular(rows, deep)), lambda: self.regular(rows, deep),
                        lambda: self.call("diag", self.value(rows, (), deep)), lambda: self.call("diag", self.value(rows, (), deep)),
                        lambda: self.call("sym", self.value(rows, rows, deep)), lambda: self.call("dev", self.value(rows, rows, deep)),
                        lambda: self.call("adj", self.regular(rows, deep)), lambda: self.call("expm", self.small(rows, deep)),
                        lambda: self.call("chol", self.definite(rows, deep)),
                        lambda: self.call(rng.choice(["sqrtm", "logm"]), self.definite(rows, deep)),
                        lambda: self.power(self.value(rows, rows, deep), "^", rng.choice(["2", "3", "0", "1"])),
                        lambda: self.power(self.regular(rows, deep), "^", rng.choice(["-1", "-2"]))]
            if rows == (3,):
                choices += [lambda: self.call("skew", self.value(rows, (), deep))] * 3
        if len(rows) == len(cols) == 1 and rows != cols:
            choices += [lambda: self.call("pinv", self.variable([cols[0], rows[0]]))]
        if not choices:
            choices = [lambda: self.leaf(rows, cols)]
        return rng.choice(choices)()

    def merged(self, rows: Group, cols: Group, depth: int) -> Piece:
        """Kronecker products and the constants that go with them."""
        rng = self.rng
        choices: list[Callable[[], Piece]] = []
        if len(rows) == 2 and cols == rows[::-1]:
            choices += [lambda: self.call("commutation", str(rows[0]), str(rows[1]))] * 2
        if len(rows) == 2 and rows[0] == rows[1] and cols == (triangular(rows[0]),):
            choices += [lambda: self.call("duplication", str(rows[0]))] * 3
        if len(cols) == 2 and cols[0] == cols[1] and rows == (triangular(cols[0]),):
            choices += [lambda: self.call("elimination", str(cols[0]))] * 3
        if len(rows) == 2 and len(cols) == 1:
            choices += [lambda: self.call("khatrirao", self.value((rows[0],), cols, depth - 1),
                                          self.value((rows[1],), cols, depth - 1))]
        if rows and cols and (len(rows) > 1 or len(cols) > 1):
            at, by = rng.randint(0, len(rows)), rng.randint(0, len(cols))
            left, right = (rows[:at], cols[:by]), (rows[at:], cols[by:])
            if all(len(group) < 2 for group in (*left, *right)) and any(left) and any(right):
                pieces = [self.value(*left, depth - 1), self.value(*right, depth - 1)]
                choices += [lambda: self.call("kron", *pieces), lambda: self.infix(" ⊗ ", *pieces)]
        if rows == cols and len(rows) == 2:
            choices += [lambda: self.infix(" ⊕ ", self.value((rows[0],), (rows[0],), depth - 1),
                                           self.value((rows[1],), (rows[1],), depth - 1))]
        if not choices:
            return self.variable(self.declared_shape(rows, cols))
        return rng.choice(choices)()

    def einsum(self, rows: Group, cols: Group, depth: int) -> Piece:
        """``einsum('ik,kj->ij', …)`` with a result of this shape."""
        if any(len(group) > 1 for group in (rows, cols)):
            return self.leaf(rows, cols)
        output = [group[0] for group in (rows, cols) if group]
        piece = EinsumWriter(self).with_output(output, depth)
        return self.turn(piece) if not rows else piece

    def regular(self, group: Group, depth: int) -> Piece:
        """A matrix that is far from singular."""
        rng, (dim,) = self.rng, group
        if depth <= 0 or rng.random() < 0.3:
            return self.variable([dim, dim], note="invertible") if rng.random() < 0.7 else self.definite(group, 0)
        deep = depth - 1
        return rng.choice([
            lambda: self.times(self.regular(group, deep), self.regular(group, deep)),
            lambda: self.turn(self.regular(group, deep)), lambda: self.call("inv", self.regular(group, deep)),
            lambda: self.definite(group, depth), lambda: self.call("diag", self.positive(group, (), deep)),
            lambda: self.times(Piece(rng.choice(["2", "0.5"])), self.regular(group, deep)),
            lambda: self.infix("/", self.regular(group, deep), self.nonzero(deep)),
            lambda: self.infix(" + ", self.times(Piece("3"), self.call("eye", str(dim))), self.small(group, deep), SUM),
            lambda: self.call("adj", self.variable([dim, dim], note="invertible")),
        ])()

    def definite(self, group: Group, depth: int) -> Piece:
        """A matrix that is positive definite (nearly symmetric is enough)."""
        rng, (dim,) = self.rng, group
        if depth <= 0 or rng.random() < 0.4:
            return self.variable([dim, dim], fact="spd")
        other = self.value(self.single(), group, depth - 1)
        square = self.times(self.turn(other), other)
        return self.infix(" + ", square, self.call("eye", str(dim)), SUM)

    def small(self, group: Group, depth: int) -> Piece:
        """A matrix of small norm."""
        if depth <= 0 or self.rng.random() < 0.3:
            return self.infix("/", self.leaf(group, group), Piece("4"))
        return self.infix("/", self.call("tanh", self.value(group, group, depth - 1)), Piece("4"))


def triangular(dim: Dim) -> Dim:
    return dim * (dim + 1) // 2 if isinstance(dim, int) else f"{dim}*({dim}+1)/2"


# -- einsum notation ---------------------------------------------------------------------

LETTERS = "ijklmnabcdpqrs"


class EinsumWriter:
    """Writes products of tensors with letters."""

    def __init__(self, matrix: MatrixWriter) -> None:
        self.matrix, self.rng, self.world = matrix, matrix.rng, matrix.world

    def with_output(self, output: Sequence[Dim], depth: int) -> Piece:
        letters = list(LETTERS)
        if self.rng.random() < 0.5:
            self.rng.shuffle(letters)
        dims = dict(zip(letters, output))
        word = "".join(letters[: len(output)])
        if len(output) == 2 and output[0] == output[1] and self.rng.random() < 0.15:
            word = word[0] * 2
            dims.pop(letters[1])
        for letter in letters[len(output):][: self.rng.randint(0, 2)]:
            dims[letter] = self.rng.choice(self.world.dims)
        words, operands = self.operands(dims, depth)
        return self.matrix.call("einsum", f"'{','.join(words)}->{word}'", *operands)

    def operands(self, dims: dict[str, Dim], depth: int) -> tuple[list[str], list[Piece]]:
        """Factors that carry every letter at least once."""
        words: list[str] = []
        left = list(dims)
        while left or not words or (len(words) < 3 and self.rng.random() < 0.4):
            order = self.rng.choice([1, 2, 2, 3])
            word = [left.pop()] if left else []
            while len(word) < order and dims:
                word.append(self.rng.choice(list(dims)))
                left = [letter for letter in left if letter != word[-1]]
            self.rng.shuffle(word)
            words.append("".join(word))
        return words, [self.operand([dims[letter] for letter in word], depth - 1) for word in words]

    def operand(self, shape: list[Dim], depth: int) -> Piece:
        if len(shape) < 2:
            return self.matrix.value(tuple(shape), (), min(depth, 2))
        if len(shape) == 2:
            return self.matrix.value((shape[0],), (shape[1],), min(depth, 2))
        return self.matrix.variable(shape)

    def tensor(self, depth: int) -> Piece:
        """A tensor of any order up to four."""
        output = [self.rng.choice(self.world.dims) for _ in range(self.rng.choice([0, 1, 2, 3, 3, 4]))]
        return self.with_output(output, depth)


# -- index notation ----------------------------------------------------------------------


class IndexWriter:
    """Writes index statements: sums of products, brackets, functions, deltas and eps."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng
        self.matrix = MatrixWriter(world)
        self.dims: dict[str, Dim] = {}

    def statement(self, depth: int) -> tuple[str, dict[str, Dim]]:
        rng = self.rng
        letters = list("ijklmnpqrsabcdfgh")
        if rng.random() < 0.5:
            rng.shuffle(letters)
        if rng.random() < 0.1:
            letters = [letter.upper() for letter in letters]
        for letter in letters:
            self.dims[letter] = rng.choice(self.world.dims)
        left = letters[: rng.choice([0, 1, 1, 2, 2, 2, 3])]
        body = self.sum(left, letters, depth)
        taken = set(self.world.declared)
        name = next(name for name in ("R", "L", "G0", "R9") if name not in taken)
        return f"{name}{'_' + ''.join(left) if left else ''} = {body}", self.dims

    def sum(self, left: list[str], letters: list[str], depth: int) -> str:
        text = self.term(left, letters, depth)
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            text += self.rng.choice([" + ", " - "]) + self.term(left, letters, depth)
        return self.rng.choice(["", "", "- "]) + text

    def term(self, left: list[str], letters: list[str], depth: int) -> str:
        rng = self.rng
        inner = [letter for letter in letters if letter not in left][: rng.randint(0, 2)]
        need = [*left, *inner]
        factors: list[str] = []
        if rng.random() < 0.3:
            factors.append(rng.choice(["2", "(1/3)", "0.5", self.matrix.variable([]).text]))
        missing = list(need)
        while missing or (rng.random() < 0.3 and len(factors) < 4):
            order = rng.choice([1, 1, 2, 2, 2, 3])
            word = missing[:1]
            while len(word) < order and need:
                word.append(rng.choice(need))
            rng.shuffle(word)
            missing = [letter for letter in missing if letter not in word]
            factors.append(self.factor(word, depth))
        if not factors:
            factors.append(self.matrix.variable([]).text)
        rng.shuffle(factors)
        factors.sort(key=lambda factor: not factor[0].isdigit())
        text = factors[0]
        for factor in factors[1:]:
            text += rng.choice([" ", " ", "*"]) + factor
        if rng.random() < 0.08:
            text += "/" + rng.choice(["2", "3", self.matrix.variable([], note="positive").text])
        return text

    def factor(self, word: list[str], depth: int) -> str:
        rng, shape = self.rng, [self.dims[letter] for letter in word]
        letters = "".join(word)
        if not word:
            return self.matrix.variable([]).text
        if len(word) == 2 and shape[0] == shape[1] and rng.random() < 0.12:
            return rng.choice(["delta_", "δ_"]) + letters
        if len(word) == 3 and set(shape) == {3} and rng.random() < 0.5:
            return rng.choice(["eps_", "ε_"]) + letters
        kind = rng.random()
        if kind < 0.15 and depth > 0:
            name = rng.choice(["exp", "sin", "tanh", "sigmoid", "abs", "relu", "cos", "softplus"])
            return f"{name}({self.inner(word, depth - 1)})"
        if kind < 0.3 and depth > 0:
            bracket = f"({self.inner(word, depth - 1)})"
            return bracket + rng.choice(["", "", "^2", "^3"])
        if kind < 0.4 and len(word) <= 2 and depth > 0:
            piece = self.matrix.value((shape[0],), (shape[1],) if len(word) == 2 else (), depth - 1)
            return f"({piece.text})_{letters}"
        if kind < 0.45 and len(word) == 2 and shape[0] == shape[1]:
            return f"inv({self.matrix.variable(shape, note='invertible').text})_{letters}"
        if kind < 0.5 and len(word) == 1:
            return f"{self.matrix.variable(shape, note='positive').text}_{letters}^{rng.choice(['2', '(1/2)', '(-1)', '3'])}"
        return self.tensor(word)

    def inner(self, word: list[str], depth: int) -> str:
        """What stands under a function: terms that all carry the same letters."""
        parts = [self.product_with(word) for _ in range(self.rng.choice([1, 1, 2]))]
        return self.rng.choice([" + ", " - "]).join(parts)

    def product_with(self, word: list[str]) -> str:
        """One tensor with these letters (in any order), or a product with one letter summed."""
        own = list(dict.fromkeys(word))
        self.rng.shuffle(own)
        if len(own) == 1 and self.rng.random() < 0.4:
            spare = next(letter for letter in self.dims if letter not in own)
            return f"{self.tensor([own[0], spare])} {self.tensor([spare])}"
        return self.tensor(own)

    def tensor(self, word: list[str]) -> str:
        shape = [self.dims[letter] for letter in word]
        fact = ""
        if len(shape) == 2 and shape[0] == shape[1] and self.rng.random() < 0.3:
            fact = self.rng.choice(["symmetric", "skew", "diagonal"])
        return f"{self.matrix.variable(shape, fact=fact).text}_{''.join(word)}"


# -- formulas ----------------------------------------------------------------------------


def formula(seed: int, depth: int | None = None, notation: str | None = None) -> Formula:
    """A random formula of any notation."""
    rng = random.Random(seed)
    where = world(rng)
    if notation is None:
        notation = rng.choice(["matrix", "matrix", "matrix", "index", "einsum"])
    if depth is None:
        depth = rng.choice([1, 2, 2, 3, 3, 4, 5, 6])
    letters: dict[str, Dim] = {}
    matrix = MatrixWriter(where)
    if notation == "index":
        text, letters = IndexWriter(where).statement(min(depth, 3))
    elif notation == "einsum":
        text = EinsumWriter(matrix).tensor(min(depth, 3)).text
    else:
        text = matrix.value(*_shape(rng, where), depth).text
    for dim in where.dims:
        if isinstance(dim, str):
            where.declared.setdefault(f"has{dim}", [dim])
    return Formula(text, notation, where.declared, where.facts, where.notes, where.sizes, seed, letters)


def _shape(rng: random.Random, where: World) -> tuple[Group, Group]:
    def one() -> Group:
        return (rng.choice(where.dims),)

    kind = rng.choice(["scalar"] * 5 + ["vector"] * 3 + ["matrix"] * 3 + ["row", "merged", "half", "block"])
    if kind == "scalar":
        return (), ()
    if kind == "vector":
        return one(), ()
    if kind == "row":
        return (), one()
    if kind == "matrix":
        return one(), one()
    if kind == "merged":
        return (*one(), *one()), ()
    if kind == "half":
        return (triangular(rng.choice(where.dims[:2])),), ()
    return (*one(), *one()), rng.choice([one(), (*one(), *one())])


def formulas(notation: str | None = None, deepest: int = 6) -> st.SearchStrategy[Formula]:
    """Random formulas; shrinking makes them shallower."""
    return st.builds(lambda depth, seed: formula(seed, depth, notation), st.integers(1, deepest), st.integers(0, 2**40))
