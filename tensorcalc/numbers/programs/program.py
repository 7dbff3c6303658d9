"""From plans to straight-line NumPy statements that reuse their memory.

Knows plans at given sizes and the order of statements; the text of a step that needs
no memory of its own is :mod:`tensorcalc.numbers.code.arraycode`.  Each array that a step
makes is *owned* by the program.  An elementwise step overwrites an operand that is
owned and not needed again, so that a chain of such steps allocates once.

What decides correctness: an owned array is overwritten only where its one remaining
reader is the very step that overwrites it.  ``_readers`` counts, for each owned name,
the values still to be read whose text mentions it (views among them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import NamedTuple

from ...algebra.build import is_number
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum
from ...algebra.traverse import postorder
from ...functions import POWER
from ..code.arraycode import Writer
from ..code.arraytext import ATOM, MATMUL, POWERS, SUM, TIMES, Code, Labels, letter, linear, number, product, scaled, turn
from ..code.signature import words
from ..evaluate import is_passed
from ..plans.pairwise import is_placement
from .matmul import Product, matrix_product

_FREED = 2**10, 64   # an array of so many entries, and of this part of the results, is given back before the end
_LONGEST = 60    # of a number's text that is written where it is used

_UFUNC = {name: f"np.{name}" for name in ("exp", "log", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
                                          "sinh", "cosh", "tanh", "log1p")} | {
    "max": "np.maximum", "min": "np.minimum", "relu": "np.maximum", "exp_unbounded": "np.exp", "expit": "special.expit"}
_REST = {"relu": ("0.0",)}   # further arguments of such a call
_ROOTS = {Fraction(1, 2): "sqrt", Fraction(1): "", Fraction(2): "square"}
_MAY_ALIAS = {"matpow"}    # their value may be their argument itself
_KEEP_TYPES = {"inv", "pinv", "chol", "adj", "solve", "matpow", "softmax", "logsumexp", "det", "logdet", "log_of_det",
               "spd_factor", "gram_factor", "spd_solve", "spd_inverse", "spd_product", "spd_logdet"}   # single precision stays


class Birth(NamedTuple):
    """Where an owned array is made, and the text that makes it in memory called ``out``."""

    line: int
    into: str


class Program:
    """The statements that compute the plans ``roots``; ``sizes`` are the numbers that their dimensions stand for."""

    def __init__(self, roots: Sequence[Expr], writer: Writer, shapes: Mapping[Expr, tuple[int, ...]],
                 taken: Iterable[str] = ()) -> None:
        self.roots, self.writer, self.shapes = roots, writer, shapes
        self.single = "float32" in writer.dialect.like
        self.body: list[str] = []
        self.taken, self.count = set(taken), 0
        self.births: dict[str, Birth] = {}
        self.order = postorder(*roots)
        self.freed = max(_FREED[0], sum([prod(shapes[root]) for root in roots]) // _FREED[1])
        self.left = dict.fromkeys(self.order, 0)
        self.reader: dict[Expr, Expr] = {}
        for node in self.order:
            for child in node.children:
                self.left[child] += 1
                self.reader[child] = node
        for root in roots:
            self.left[root] += 1
            self.reader.pop(root, None)
        self.done: dict[Expr, Code] = {}
        self.placed: dict[Expr, tuple[Code, str]] = {}
        self.mentions: dict[Expr, frozenset[str]] = {}
        self.aliases: dict[str, frozenset[str]] = {}   # names of views, and the owned arrays that they show
        self.constants: list[str] = []
        self.overflows = False      # on purpose, to infinity
        self.foreign = set(taken)   # names of arrays that belong to somebody else, and of views of them
        self._readers: dict[str, int] = {}

    def run(self) -> list[Code]:
        """Write all statements; the texts of the results."""
        for node in self.order:
            self._keep(node, self._step(node))
            for child in node.children:
                self.left[child] -= 1
                if not self.left[child]:
                    self._forget(child)
        while self.body and self.body[-1].startswith("del "):
            self.body.pop()   # the end gives back everything
        given: set[str] = set()
        return [self._result(self._operand(root), given) if root.shape else self._number(self._operand(root))
                for root in self.roots]

    def _number(self, code: Code) -> Code:
        """A number of NumPy's; where it is an argument, its value and not the array that holds it."""
        if code.text in self.foreign:
            return Code(f"{code.text}[()]")
        if self.single:
            return Code(f"np.float32({code.text})")
        return code if words(code.text) else Code(f"np.float64({code.text})")

    def _result(self, code: Code, given: set[str]) -> Code:
        """A value in memory that nobody else has; the results before are made of what is ``given``."""
        mentioned = self._mentioned(code.text) | words(code.text) & self.aliases.keys()
        if words(code.text) & self.foreign - self.births.keys() or mentioned & given:
            return Code(f"np.array({code.text})")
        given |= mentioned
        return code

    # -- what is owned -------------------------------------------------------------------

    def _keep(self, node: Expr, code: Code) -> None:
        self.done[node] = code
        self.mentions[node] = self._mentioned(code.text)
        for name in self.mentions[node]:
            self._readers[name] += 1

    def _mentioned(self, text: str) -> frozenset[str]:
        """The owned arrays that a text reads, directly or through names of views."""
        found = words(text)
        return frozenset(found & self._readers.keys()).union(*[self.aliases[name] for name in found & self.aliases.keys()])

    def _forget(self, node: Expr) -> None:
        for name in self.mentions[node]:
            self._readers[name] -= 1
            if not self._readers[name] and prod(self.shapes[node]) >= self.freed:
                self.body.append(f"del {name}")
        self.mentions[node] = frozenset()

    def _fresh(self) -> str:
        while f"T{self.count}" in self.taken:
            self.count += 1
        self.count += 1
        return f"T{self.count - 1}"

    def _new(self, text: str, into: str = "") -> str:
        """The name of a new array that the program owns; ``into`` makes it in memory that is there."""
        name = self._fresh()
        self.births[name] = Birth(len(self.body), into)
        self._readers[name] = 0
        self.body.append(f"{name} = {text}")
        return name

    def _owned(self, node: Expr, code: Code, into: str = "") -> Code:
        """A new array, which is its own transpose where the node is symmetric."""
        return self._value(node, self._new(code.text, into))

    def _value(self, node: Expr, name: str) -> Code:
        return Code(name, turned=Code(name)) if node.symmetry == 1 and node.rank == 2 else Code(name)

    def _shared(self, node: Expr, code: Code) -> Code:
        """A value that may not be overwritten; named where it is used twice, or long."""
        if code.text.replace(".", "").isalnum() or (self.left[node] < 2 and len(code.text) < _LONGEST):
            return code
        name = self._fresh()
        self.body.append(f"{name} = {code.text}")
        if node.shape:
            self.foreign |= {name} if words(code.text) & self.foreign else set()
            self.aliases[name] = self._mentioned(code.text)
        return replace(code, text=name, strength=ATOM, turned=None, divisor=None, merged=None)

    def _constant(self, code: Code) -> Code:
        """An array that is the same in every call."""
        name = self._fresh()
        self.foreign.add(name)
        self.constants.append(f"{name} = {code.text}")
        return replace(code, text=name, strength=ATOM, turned=None)

    def _free(self, node: Expr, operand: Expr) -> bool:
        """Whether ``node`` may overwrite its operand."""
        return self._dies(node, operand, self.done[operand].text)

    def _dies(self, node: Expr, operand: Expr, name: str) -> bool:
        """Whether nothing reads an owned array after ``node``, and the result fits into it: no axis is left to broadcasting."""
        mine = sum(child is operand for child in node.children)
        return (name in self.births and self._readers[name] == 1 and self.left[operand] == mine
                and self.shapes[operand] == self.shapes[node] and not self.done[operand].absent)

    def _operand(self, operand: Expr) -> Code:
        """The text of a whole operand: nothing left to broadcasting."""
        return self.writer.full(self.done[operand], operand.shape)

    # -- one step ------------------------------------------------------------------------

    def _step(self, node: Expr) -> Code:
        inputs = [self.done[child] for child in node.children]
        match node:
            case Sum(terms=terms) if terms and node.shape:
                return self._sum(node, inputs)
            case Einsum() if is_placement(node) and node.shape and node.operands:
                return self._placement(node, inputs)
            case Einsum(subscripts=(own, other)) if not is_placement(node):
                return self._pair(node, own, other)
            case Einsum(subscripts=(own,)) if not node.shape:
                method = "trace" if len(own) == 2 and own[0] == own[1] else "sum" if len({*own}) == len(own) else ""
                if method:
                    return self._shared(node, Code(f"{self._operand(node.operands[0]).within(ATOM)}.{method}()"))
            case Einsum(subscripts=(own,)) if any(label >= node.rank for label in own):
                return self._owned(node, self.writer.step(node, [self._operand(node.operands[0])]))
            case Apply() if node.shape and (node.function is POWER or node.function.elementwise):
                return self._function(node, inputs)
        code = self.writer.step(node, inputs)
        if self.single and isinstance(node, Apply):
            code = self._rounded(node, code)
        if isinstance(node, Apply) and node.function.signature == "->" and all(map(is_number, node.children)):
            return self._constant(code)
        if isinstance(node, Apply) and node.shape and node.function.name not in _MAY_ALIAS and not is_passed(node.function):
            return self._owned(node, code)
        return code if node.shape and not isinstance(node, Apply) else self._shared(node, code)

    def _rounded(self, node: Apply, code: Code) -> Code:
        """What a function gives in single precision: an array of that, or a number that takes the type of what it meets."""
        if not node.shape:
            return Code(f"float({code.text})")
        keeps = node.function.signature == "->" or node.function.name in _KEEP_TYPES
        return code if keeps else replace(code, text=f"np.asarray({code.text}, np.float32)", strength=ATOM, turned=None)

    # -- sums ----------------------------------------------------------------------------

    def _sum(self, node: Sum, inputs: Sequence[Code]) -> Code:
        terms = [(weight, operand, code) for (weight, operand), code in zip(node.terms, inputs)]
        dense = [term for term in terms if not self._on_diagonal(term[1])]
        places = [term for term in terms if self._on_diagonal(term[1])]
        if all(code.absent for _, _, code in dense) and not places:
            return self._shared(node, self.writer.step(node, inputs))
        common = abs(terms[0][0])
        if common == 1 or places or len(terms) == 1 or any(abs(weight) != common for weight, _, _ in terms):
            common = Fraction(1)
        dense = [(weight / common, operand, code) for weight, operand, code in dense]
        name = self._total(node, dense) if dense else self._zeros(node)
        for place, (weight, operand, _) in enumerate(places):
            code, view = self.placed[operand]
            sign = "+=" if dense or place else "="
            code = scaled(weight if sign == "=" else abs(weight), code)
            self.body.append(f'np.einsum("{view}", {name})[...] {"-=" if weight < 0 and sign != "=" else sign} {code.text}')
        if common != 1:
            self.body.append(f"{name} *= {number(common)}")
        return self._value(node, name)

    def _total(self, node: Sum, terms: Sequence[tuple[Fraction, Expr, Code]]) -> str:
        """The array that becomes the sum of dense terms."""
        start = next((term for term in terms if self._free(node, term[1])), None)
        rest = [term for term in terms if term is not start]
        rest.sort(key=lambda term: term[0] != 1)
        if start is not None:
            name = start[2].text
            if start[0] == -1 and rest and rest[0][0] == 1:
                self.body.append(f"np.subtract({rest.pop(0)[2].text}, {name}, out={name})")
            elif start[0] == -1:
                self.body.append(f"{name} *= -1")   # np.negative of NumPy 2.4 is wrong where its ``out`` is strided
            elif start[0] != 1:
                self.body.append(f"{name} *= {number(start[0])}")
        else:
            rest.sort(key=lambda term: bool(term[2].absent))
            first, rest = rest[:2], rest[2:]
            if any(code.absent for _, _, code in first[:1]):
                first = [(weight, operand, self.writer.full(code, node.shape)) for weight, operand, code in first]
            (weight, _, code), *second = first
            if not second:
                name = self._new(scaled(weight, code).text if weight != 1 else f"{code.within(ATOM)}.copy()",
                                 f"np.multiply({code.text}, {number(weight)}, out=out)")
            else:
                sign = "subtract" if second[0][0] < 0 else "add"
                right = scaled(abs(second[0][0]), second[0][2])
                name = self._new(linear([(w, c, False) for w, _, c in first]).text,
                                 f"np.{sign}({scaled(weight, code).text}, {right.text}, out=out)")
        for weight, operand, code in rest:
            if abs(weight) != 1 and operand.shape and self._free(node, operand):
                self.body.append(f"{code.text} *= {number(abs(weight))}")
                text = code.text
            else:
                text = scaled(abs(weight), code).text
            self.body.append(f"{name} {'-' if weight < 0 else '+'}= {text}")
        return name

    # -- deltas --------------------------------------------------------------------------

    def _zeros(self, node: Expr) -> str:
        return self._new(self.writer.write.call("zeros", str(self.shapes[node])).text, "filled(out, 0)")

    def _on_diagonal(self, operand: Expr) -> bool:
        """Whether a term is added where it belongs, and never made by itself."""
        if isinstance(operand, Delta) and operand.rank > 1:
            self.placed[operand] = Code("1"), f"{letter(*[0] * operand.rank)}->{letter(0)}"
        return operand in self.placed

    def _placement(self, node: Einsum, inputs: Sequence[Code]) -> Code:
        if any(isinstance(operand, Delta) and operand.rank > 1 for operand in node.operands):
            core, view = self._core(node)
            if self.left[node] == 1 and isinstance(self.reader.get(node), Sum):
                self.placed[node] = core, view
                return core
            name = self._zeros(node)
            self.body.append(f'np.einsum("{view}", {name})[...] = {core.text}')
            return self._value(node, name)
        cores = [(operand, own) for operand, own in zip(node.operands, node.subscripts) if own]
        if len(cores) == 1 and cores[0][1] == tuple(range(node.rank)) and self._free(node, cores[0][0]):
            code = self.done[cores[0][0]]
            self.body += [f"{code.text} {_times(scalar)}" for o, scalar in zip(node.operands, inputs) if not o.shape]
            return code
        code = self.writer.step(node, inputs)
        if code.absent or len(cores) > 1 or len(node.operands) == 1:
            return self._shared(node, code)
        return self._owned(node, code)

    def _core(self, node: Einsum) -> tuple[Code, str]:
        """The numbers of a placement as they stand on its diagonal, and the view of that diagonal."""
        first = list(range(node.rank))
        for factor, own in zip(node.operands, node.subscripts):
            if isinstance(factor, Delta):
                for axis in own:
                    first[axis] = min(own)
        kept = sorted(set(first))
        factors = []
        for factor, own in zip(node.operands, node.subscripts):
            if not own:
                factors.append(self.done[factor])
            elif not isinstance(factor, Delta):
                labels = tuple([kept.index(first[label]) for label in own])
                factors.append(self.writer.write.spread(self._operand(factor), labels, len(kept)))
        return product(factors), f"{letter(*first)}->{letter(*kept)}"

    # -- products ------------------------------------------------------------------------

    def _pair(self, node: Einsum, own: Labels, other: Labels) -> Code:
        (x, y), rank = node.operands, node.rank
        if not any(label >= rank for label in own):
            return self._elementwise(node, (x, own), (y, other))
        a, b = self._operand(x), self._operand(y)
        if set(own) == set(other) and len(own) > 1:
            return self._inner(node, a, own, b, other)
        sizes = dict(zip((*own, *other), (*self.shapes[x], *self.shapes[y])))
        summed = self._summed_next(node)
        found = matrix_product(a, own, b, other, rank, sizes, summed)
        if found is not None:
            return self._matmul(node, found, bool(summed))
        code = self.writer.step(node, [a, b])
        return self._owned(node, code) if rank else self._shared(node, code)

    def _matmul(self, node: Einsum, found: Product, multiplied: bool) -> Code:
        if not node.rank:
            return self._shared(node, Code(found.text, MATMUL))
        natural = found.labels == tuple(range(node.rank))
        if found.shape is None and natural:
            return self._owned(node, Code(found.text), found.into("out"))
        later = found.shape is not None and multiplied     # the next product gives it a shape of its own
        name = self._new(found.text if found.shape is None or later else f"({found.text}).reshape{found.shape}")
        if later:
            name = f"{name}.reshape{found.shape}"
        if natural:
            return Code(name) if later else self._value(node, name)
        if node.rank == 2:
            return turn(Code(name))
        return Code(f"{name}.transpose({', '.join(str(found.labels.index(axis)) for axis in range(node.rank))})")

    def _summed_next(self, node: Expr) -> list[int]:
        """The axes that the only reader of a product sums over, if that is a product too."""
        reader = self.reader.get(node)
        if self.left[node] > 1 or not isinstance(reader, Einsum) or is_placement(reader) or len(reader.operands) != 2:
            return []
        own = reader.subscripts[reader.operands.index(node)]
        return [axis for axis, label in enumerate(own) if label >= reader.rank]

    def _inner(self, node: Einsum, a: Code, own: Labels, b: Code, other: Labels) -> Code:
        """A sum over all products of entries that meet."""
        if node.rank == 0 and (own == other or len(own) == 2):
            right = b if own == other else turn(b)
            return self._shared(node, Code(f"np.vdot({a.text}, {right.text})"))
        text = f'np.einsum("{letter(*own)},{letter(*other)}->{letter(*range(node.rank))}", {a.text}, {b.text})'
        return self._owned(node, Code(text)) if node.rank else self._shared(node, Code(text))

    def _elementwise(self, node: Einsum, *factors: tuple[Expr, Labels]) -> Code:
        """A product without a sum: in place, or as a new array."""
        natural = tuple(range(node.rank))
        for (one, own), (two, other) in (factors, factors[::-1]):
            if own == natural and self._free(node, one) and (one is not two or other == natural):
                name = self.done[one].text
                self.body.append(f"np.square({name}, out={name})" if one is two
                                 else f"{name} {_times(self._laid(node, two, other))}")
                return self._value(node, name)
        (left, x), (right, y) = [(self._laid(node, *factor), factor) for factor in factors]
        if left.divisor and not right.divisor:
            (left, x), (right, y) = (right, y), (left, x)
        sign, below = ("divide", right.divisor) if right.divisor else ("multiply", right)
        if right.divisor and y[1] == natural and self._dies(node, y[0], right.divisor.text):
            self.body.append(f"np.divide({left.text}, {below.text}, out={below.text})")
            return self._value(node, below.text)
        if node.rank > 3 and len(x[1]) == len(y[1]) == 2 and not left.divisor:
            text = f"{letter(*x[1])},{letter(*y[1])}->{letter(*natural)}"
            a, b = self._operand(x[0]).text, self._operand(y[0]).text   # laid out in memory as is fastest
            return self._owned(node, Code(f'np.einsum("{text}", {a}, {b})'), f'np.einsum("{text}", {a}, {b}, out=out)')
        if x == y:
            return self._owned(node, Code(f"np.square({left.text})"), f"np.square({left.text}, out=out)")
        return self._owned(node, product([left, right]), f"np.{sign}({left.text}, {below.text}, out=out)")

    def _laid(self, node: Expr, operand: Expr, labels: Labels) -> Code:
        """A factor with its axes where the result has them; for large results the last of them contiguous."""
        code = self._operand(operand)
        if code.divisor:
            inner = self.writer.write.spread(code.divisor, labels, node.rank)
            return Code(f"1 / {inner.within(POWERS)}", TIMES, divisor=inner)
        if node.rank > 2 and len(labels) == 2 and labels[0] > labels[1]:
            code, labels = Code(f"np.ascontiguousarray({turn(code).text})"), labels[::-1]
        return self.writer.write.spread(code, labels, node.rank)

    # -- functions -----------------------------------------------------------------------

    def _function(self, node: Apply, inputs: Sequence[Code]) -> Code:
        function, (first, *others) = node.function, node.arguments
        if any(code.absent for code in inputs) or is_passed(function):
            code = self.writer.step(node, inputs)
            return self._shared(node, self._rounded(node, code) if self.single and is_passed(function) else code)
        if function is POWER:
            return self._power(node, inputs)
        if function.name == "step":
            return Code(f"({inputs[0].within(SUM)} > 0)")
        name = self.done[first].text
        call = _UFUNC.get(function.name)
        self.overflows |= function.name == "exp_unbounded"
        if call and self._free(node, first) and first not in others:
            arguments = ", ".join([name, *[code.text for code in inputs[1:]], *_REST.get(function.name, ())])
            self.body.append(f"{call}({arguments}, out={name})")
            return self._value(node, name)
        into = f"{call}({', '.join(code.text for code in inputs)}, out=out)" if call and function.name not in _REST else ""
        return self._owned(node, self.writer.step(node, inputs), into)

    def _power(self, node: Apply, inputs: Sequence[Code]) -> Code:
        base, known = node.arguments[0], is_number(node.arguments[1])
        name, free = inputs[0].text, self._free(node, base)
        call = None if known is None else _ROOTS.get(abs(known))
        if known is None or call is None:
            if free and known is not None:
                self.body.append(f"{name} **= {float(known)}")
                return self._value(node, name)
            return self._owned(node, self.writer.step(node, inputs))
        if call and free:
            self.body.append(f"np.{call}({name}, out={name})")
        elif call:
            name = self._new(f"np.{call}({name})", f"np.{call}({name}, out=out)")
        if known > 0:
            return self._value(node, name)
        if self._is_divided_by(node):
            divisor = Code(name) if call else inputs[0]
            return Code(f"1 / {divisor.within(POWERS)}", TIMES, divisor=divisor)
        if free or call:
            self.body.append(f"np.reciprocal({name}, out={name})")
            return self._value(node, name)
        return self._owned(node, Code(f"1 / {inputs[0].within(POWERS)}"), f"np.divide(1, {name}, out=out)")

    def _is_divided_by(self, node: Expr) -> bool:
        """Whether the only reader of a reciprocal is a product without a sum, which divides instead."""
        reader = self.reader.get(node)
        return (self.left[node] == 1 and isinstance(reader, Einsum) and not is_placement(reader)
                and len(reader.operands) == 2 and not any(label >= reader.rank for label in reader.subscripts[0]))


def _times(code: Code) -> str:
    return f"/= {code.divisor.text}" if code.divisor else f"*= {code.text}"
