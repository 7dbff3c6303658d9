"""The text of one step of a plan.

Knows plans, sizes and functions; the text of one operation on arrays, in the dialect of
a library, is :mod:`tensorcalc.numbers.code.arraytext`, modules and statements are :mod:`tensorcalc.numbers.code.codegen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...algebra.build import ONE, is_number
from ...algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ...functions import (
    FRECHET,
    POWER,
    TABLE,
    Function,
    axis_ways,
    coefficients_of,
    core_names,
    frechet_of,
    is_series,
    primes,
    scalar_of,
)
from ...sizes import Dim, Shape, polynomial, spell, triangle
from ..evaluate import is_passed, keyword, keyword_of
from ..plans.directions import ALONG, of_along
from ..plans.pairwise import is_placement
from .arraytext import (
    ATOM,
    MATMUL,
    SUM,
    TIMES,
    UNIT,
    Code,
    Labels,
    Operations,
    floating,
    letter,
    linear,
    product,
    turn,
)
from .dialects import Dialect


class Writer:
    """Writes steps in one dialect.

    ``names`` gives the local names of variables and unknown functions, ``symbols`` those of sizes.
    """

    def __init__(self, dialect: Dialect, names: dict[str, str], symbols: dict[str, str]) -> None:
        self.dialect, self.names, self.symbols = dialect, names, symbols
        self.write = Operations(dialect)

    def step(self, node: Expr, inputs: Sequence[Code]) -> Code:
        """The text of ``node`` from the texts of its children."""
        code = self._step(node, inputs)
        return _symmetric(code) if node.symmetry == 1 and node.rank == 2 else code

    def _step(self, node: Expr, inputs: Sequence[Code]) -> Code:
        match node:
            case Variable(shape=shape, name=name):
                return self.split(self.names[name], shape, node.groups) if node.groups else Code(self.names[name])
            case Delta(shape=shape, dim=dim):
                if len(shape) < 2:
                    return replace(UNIT, absent=frozenset((0,))) if shape else self.size(dim)
                return self._diagonal(shape, UNIT, (), [tuple(range(len(shape)))])
            case Sum():
                return self._sum(node, inputs)
            case Einsum() if node is ONE:
                return UNIT
            case Einsum() if is_placement(node):
                return self._placement(node, inputs)
            case Einsum():
                inputs = [self.full(code, operand.shape) for code, operand in zip(inputs, node.operands)]
                if len(inputs) == 1:
                    return self.write.unary(inputs[0], node.subscripts[0], node.rank)
                return self.write.pair(inputs[0], node.subscripts[0], inputs[1], node.subscripts[1], node.rank)
            case Apply():
                return self._apply(node, inputs)
        raise AssertionError(node)

    # -- sizes ---------------------------------------------------------------------------

    def size(self, dim: Dim) -> Code:
        """A dimension as a whole number: ``n``, ``n * (n + 1) // 2``."""
        return replace(self._size(dim), plain=True)

    def _size(self, dim: Dim) -> Code:
        if isinstance(dim, int):
            return Code(str(dim))
        if dim in self.symbols:
            return Code(self.symbols[dim])
        terms = polynomial(dim)
        half = triangle(terms)
        if half is not None:
            return Code("{0} * ({0} + 1) // 2".format(self.symbols[half]), TIMES)
        whole = max(weight.denominator for weight in terms.values())
        text = str(spell({monomial: weight * whole for monomial, weight in terms.items()}))
        text = text.replace("*", " * ").replace("+", " + ").replace("-", " - ").strip()
        for symbol in {s for monomial in terms for s in monomial}:
            text = " ".join(self.symbols[symbol] if word == symbol else word for word in text.split(" "))
        return Code(f"({text}) // {whole}", TIMES) if whole > 1 else Code(text, SUM)

    def sizes(self, shape: Shape) -> str:
        """A shape as a tuple."""
        texts = [self.size(dim).text for dim in shape]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def split(self, text: str, shape: Shape, groups: Sequence[int]) -> Code:
        """An array with merged axes, each group of axes taken apart."""
        return Code(f"{text}.reshape({', '.join(self.size(dim).text for dim in shape)})", merged=(tuple(groups), text))

    def merge(self, code: Code, shape: Shape, groups: Sequence[int]) -> str:
        """The text of an array of ``shape`` whose axes are merged in ``groups``."""
        if code.merged and code.merged[0] == tuple(groups):
            return code.merged[1]
        if all(count == 1 for count in groups):
            return code.text
        dims = iter(shape)
        sizes = [self.volume([next(dims) for _ in range(count)]) for count in groups]
        return f"{code.within(ATOM)}.reshape({', '.join(sizes)})"

    def volume(self, shape: Sequence[Dim]) -> str:
        """How many entries an array of ``shape`` has."""
        if len(shape) == 1:
            return self.size(shape[0]).text
        return " * ".join(self.size(dim).within(TIMES + (k > 0)) for k, dim in enumerate(shape)) or "1"

    def full(self, code: Code, shape: Shape) -> Code:
        """The text of the whole array, nothing left to broadcasting."""
        if not code.absent:
            return code
        if len(code.absent) < len(shape):
            return self._repeated(code, shape)
        flat = len(shape) == 1 and self.dialect.library != "torch"
        size = self.size(shape[0]).text if flat else self.sizes(shape)
        if code.text == "1":
            return self.write.call("ones", self.size(shape[0]) if len(shape) == 1 else size)
        return self.write.call("full", size, floating(code.text)) if code.plain else self.write.call("fill", code, size)

    def _repeated(self, code: Code, shape: Shape) -> Code:
        """The text of an array that repeats itself along some of its axes."""
        template = self.dialect.template("repeat")
        whole = self.write.call("repeat", code.within(ATOM if template.startswith("{}.") else MATMUL), self.sizes(shape))
        return replace(whole, strength=TIMES) if " * " in template else whole

    # -- sums and placements -------------------------------------------------------------

    def _sum(self, node: Sum, inputs: Sequence[Code]) -> Code:
        if not node.terms:
            return self.write.call("zeros", self.sizes(node.shape)) if node.shape else Code("0", plain=True)
        absent = frozenset.intersection(*[code.absent for code in inputs])
        terms = [(weight, code, isinstance(term, Delta) or code.text == "1")
                 for (weight, term), code in zip(node.terms, inputs)]
        terms.sort(key=lambda term: (term[0] < 0, term[2]))
        turned = node.rank == 2 and all(len(code.absent) in (0, 2) for code in inputs)
        return replace(linear(terms), turned=linear([(weight, turn(code), last) for weight, code, last in terms])
                       if turned else None, absent=absent)

    def _placement(self, node: Einsum, inputs: Sequence[Code]) -> Code:
        core: list[Code] = []
        labels: Labels = ()
        scalars: list[Code] = []
        deltas: list[Labels] = []
        for operand, own, code in zip(node.operands, node.subscripts, inputs):
            if own and isinstance(operand, Delta):
                deltas.append(own)
            elif own:
                core, labels = [self.full(code, operand.shape)], own
            else:
                scalars.append(code)
        code = product([*scalars, *core])
        if not deltas:
            return replace(code, turned=product([*scalars, *map(turn, core)])) if node.rank == 2 else code
        if all(len(axes) == 1 for axes in deltas):
            absent = frozenset(axes[0] for axes in deltas)
            return replace(self.write.spread(code, labels, node.rank), absent=absent, turned=None, divisor=None)
        return self._diagonal(node.shape, code, labels, deltas)

    def _diagonal(self, shape: Shape, core: Code, labels: Labels, deltas: Sequence[Labels]) -> Code:
        """A tensor on the diagonals of ``deltas``, zeros elsewhere."""
        if len(shape) == 2 and len(deltas) == 1 and labels:
            return _symmetric(self.write.call("diag", core))
        if len(shape) == 2 and len(deltas) == 1:
            return _symmetric(product([core, self.write.call("eye", self.size(shape[0]))]))
        if all(len(axes) == 2 and axes[0] not in labels for axes in deltas):
            eyes = [(self.write.call("eye", self.size(shape[axes[0]])), axes) for axes in deltas]
            if not labels:
                return product([core, self.write.einsum(eyes, len(shape))])
            merged = self.write.kronecker((core, labels), eyes[0]) if len(eyes) == 1 else None
            return replace(self.write.einsum([(core, labels), *eyes], len(shape)), merged=merged)
        first = list(range(len(shape)))
        for axes in deltas:
            for axis in axes:
                first[axis] = axes[0]
        kept = sorted(set(first))
        tensor = self.write.spread(core, tuple([kept.index(label) for label in labels]), len(kept))
        if tensor.plain and self.dialect.numbers:
            tensor = self.write.call("number", tensor)
        return self.write.call("on_diagonal", f"{letter(*first)}->{letter(*kept)}", tensor, self.sizes(shape))

    # -- functions -----------------------------------------------------------------------

    def _apply(self, node: Apply, inputs: Sequence[Code]) -> Code:
        function = node.function
        if function.signature == "->":
            return self._constant(node, inputs)
        if function is POWER or function.elementwise:
            present = [code.absent for code, argument in zip(inputs, node.arguments) if argument.shape]
            absent = frozenset.intersection(*present) if present else frozenset()
            code = replace(self._elementwise(node, inputs), absent=absent)
            if node.rank != 2 or any(present) or not any(code.turned for code in inputs):
                return code
            turned = [turn(code) if argument.shape else code for code, argument in zip(inputs, node.arguments)]
            return replace(code, turned=self._elementwise(node, turned))
        inputs = [self.full(code, argument.shape) for code, argument in zip(inputs, node.arguments)]
        groups, output = core_names(function.signature)
        batch = node.rank - sum(axis_ways(function)[name] for name in output)
        if not function.ways:
            return self._called(node, inputs, batch > 0)
        return self._grouped(node, inputs, groups, output, batch)

    def _elementwise(self, node: Apply, inputs: Sequence[Code]) -> Code:
        if node.function is POWER:
            return self.write.power(inputs[0], inputs[1], is_number(node.arguments[1]))
        if is_passed(node.function):
            return self._called(node, inputs, False)
        sign = self.dialect.template("sign").partition("{")[0]
        if node.function.name == "relu" and inputs[0].text.startswith(sign) and _is_sign(node.arguments[0]):
            return self.write.call("step", inputs[0].text[len(sign):-1])
        if node.function.name in _KEEP_INTEGERS:
            inputs = [replace(code, text=floating(code.text)) if code.plain else code for code in inputs]
        return self.write.function(node.function.name, *inputs)

    def _called(self, node: Apply, inputs: Sequence[Code], batched: bool) -> Code:
        """A row of the function table, or a function that the user passes, applied to arguments."""
        function = node.function
        if function.name == ALONG and (row := self._along(node)):
            return self.write.call(row, *inputs)
        if function.name in ("funm", ALONG, *FRECHET) and (function.data or function.name == ALONG):
            return self._of_matrix(function, inputs, batched)
        if is_passed(function) and is_series(function):
            (number,) = inputs
            made = self._of_matrix(function, [self.write.call("one by one", number)], False)
            return Code(f"{made.within(ATOM)}[0, 0]")
        if is_passed(function):
            return Code(f"{self.names[keyword(function)]}({', '.join(code.text for code in inputs)})")
        name = function.name
        if node.arguments[0].symmetry == 1 and not function.ways and self.dialect.texts.get(f"{name} symmetric"):
            name += " symmetric"
        elif name in _ONE_MATRIX and batched:
            name += " stack"
        return self.write.call(name, *inputs)

    def _along(self, node: Apply) -> str:
        """The dialect's own operation for a derivative in one direction, if it has one."""
        times, name, *data = node.function.data
        symmetric = node.arguments[0].symmetry == 1 and not node.function.ways
        row = f"{name} along symmetric" if symmetric and f"{name} along symmetric" in self.dialect.texts else f"{name} along"
        return row if times == 1 and not data and self.dialect.texts.get(row) else ""

    def _of_matrix(self, function: Function, inputs: Sequence[Code], batched: bool) -> Code:
        """A function of square matrices that is no row of the dialect, or its derivative."""
        given = function.name == ALONG
        function = of_along(function) if given else function
        of, times = frechet_of(function) if function.name in FRECHET else (function, 0)
        name, order, kind = scalar_of(of) if of.name in TABLE else (*primes(of), "series")
        if kind == "elementwise":
            listed = ", ".join(self.names[keyword_of(name, order + more)] for more in range(times + 1))
            made = self.write.call("frechet spectral", listed, *inputs[:1], str(times)) if times else \
                self.write.call("funm spectral", listed, *inputs)
            return self.write.call("einsum", "ijpq...,pq->ij...", f"{made.text}, {inputs[1].text}") if given else made
        if kind == "table" and not times:
            return self.write.call(f"funm {name}", *inputs)
        known = ", ".join(repr(float(value)) for value in coefficients_of(of)) if kind == "series" else ""
        if not times:
            if known:
                return self.write.call("funm polynomial", known, *inputs)
            own = Code(f"{self.names[keyword_of(name, order)]}({inputs[0].text})")
            return self.write.call("funm each", self.names[keyword_of(name, order)], *inputs) if batched else own
        called = f"lambda x: {self.write.call('funm polynomial', known, 'x').text}" if known else \
            self.names[keyword_of(name, order)] if kind == "series" else f"{name}m" if of.name == "funm" else of.name
        if kind == "series" and not known:
            called = f"lambda x: {self.write.call('funm each', called, 'x').text}"
        if given:
            return self.write.call("frechet along repeated", called, *inputs, str(times)) if times > 1 else \
                self.write.call("frechet along", called, *inputs)
        return self.write.call("frechet repeated", called, *inputs, str(times)) if times > 1 else \
            self.write.call("frechet blocks", called, *inputs)

    def _grouped(self, node: Apply, inputs: Sequence[Code], groups: Sequence[tuple[str, ...]],
                 output: tuple[str, ...], batch: int) -> Code:
        """A function of matrices whose axes are groups of axes: merge, apply, split."""
        ways = axis_ways(node.function)
        merged = [Code(self.merge(code, argument.shape, [1] * batch + [ways[name] for name in names]))
                  for code, argument, names in zip(inputs, node.arguments, groups)]
        code = self._called(node, merged, batch > 0)
        if not any(ways[name] > 1 for name in output):
            return code
        return self.split(code.within(ATOM), node.shape, [1] * batch + [ways[name] for name in output])

    def _constant(self, node: Apply, inputs: Sequence[Code]) -> Code:
        function, shape = node.function, node.shape
        match function.name:
            case "eps":
                return self.write.call("eps", str(len(shape)))
            case "powers":
                return self.write.call("powers", inputs[0], self.size(shape[0]))
            case "elimination":
                return self.write.call("elimination", self.size(shape[1]))
            case "regroup":
                count = function.data[0]
                assert isinstance(count, int)
                return self.split(self.write.call("eye", self.volume(shape[:count])).text, shape, (count, len(shape) - count))
            case "literal":
                rows = [", ".join(repr(float(entry)) for entry in row) for row in function.data]  # type: ignore[union-attr]
                entries = rows if len(shape) == 1 else [f"[{row}]" for row in rows]  # a vector has one entry a row
                return self.write.call("array", f"[{', '.join(entries)}]")
            case "unit":
                known = is_number(node.arguments[0])
                if known is not None and self.dialect.texts["unit known"]:
                    return self.write.call("unit known", self.size(shape[0]), str(known - 1))
                return self.write.call("unit", inputs[0], self.size(shape[0]))
            case name:
                return self.write.call(name, self.size(shape[0]))


def _symmetric(code: Code) -> Code:
    """The text of a symmetric matrix is that of its transpose."""
    return replace(code, turned=replace(code, turned=None))


def _is_sign(node: Expr) -> bool:
    return isinstance(node, Apply) and node.function.name == "sign"


_KEEP_INTEGERS = ("abs", "sign", "relu", "max", "min")   # of NumPy, where they are applied to a whole number
_ONE_MATRIX = ("logm", "sqrtm")  # SciPy's take one matrix at a time
