"""The NumPy text of one step of a plan.

Knows plans, sizes and functions; the text of one operation on arrays is
:mod:`tensorcalc.numbers.arraytext`, modules and statements are :mod:`tensorcalc.numbers.codegen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..algebra.build import ONE, is_number
from ..algebra.expr import Apply, Delta, Einsum, Expr, Sum, Variable
from ..functions import POWER, TABLE, Function, axis_ways, core_names
from ..sizes import Dim, Shape, polynomial, spell, triangle
from .arraytext import (
    ATOM,
    MATMUL,
    SUM,
    TIMES,
    UNIT,
    Code,
    Labels,
    einsum,
    floating,
    kronecker,
    letter,
    linear,
    pair,
    power,
    product,
    spread,
    turn,
    unary,
)
from .evaluate import keyword
from .kernels import NUMPY, OWN
from .pairwise import is_placement


class Writer:
    """Writes steps; ``names`` gives the local names of variables and unknown functions, ``symbols`` those of sizes."""

    def __init__(self, names: dict[str, str], symbols: dict[str, str]) -> None:
        self.names, self.symbols = names, symbols

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
                    return unary(inputs[0], node.subscripts[0], node.rank)
                return pair(inputs[0], node.subscripts[0], inputs[1], node.subscripts[1], node.rank)
            case Apply():
                return self._apply(node, inputs)
        raise AssertionError(node)

    # -- sizes ---------------------------------------------------------------------------

    def size(self, dim: Dim) -> Code:
        """A dimension as a whole number: ``n``, ``n * (n + 1) // 2``."""
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
            return Code(f"{code.within(MATMUL)} * np.ones({self.sizes(shape)})", TIMES)
        size = self.size(shape[0]).text if len(shape) == 1 else self.sizes(shape)
        return Code(f"np.ones({size})" if code.text == "1" else f"np.full({size}, {floating(code.text)})")

    # -- sums and placements -------------------------------------------------------------

    def _sum(self, node: Sum, inputs: Sequence[Code]) -> Code:
        if not node.terms:
            return Code(f"np.zeros({self.sizes(node.shape)})" if node.shape else "0")
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
            return replace(spread(code, labels, node.rank), absent=absent, turned=None, divisor=None)
        return self._diagonal(node.shape, code, labels, deltas)

    def _diagonal(self, shape: Shape, core: Code, labels: Labels, deltas: Sequence[Labels]) -> Code:
        """A tensor on the diagonals of ``deltas``, zeros elsewhere."""
        if len(shape) == 2 and len(deltas) == 1 and labels:
            return _symmetric(Code(f"np.diag({core.text})"))
        if len(shape) == 2 and len(deltas) == 1:
            return _symmetric(product([core, Code(f"np.eye({self.size(shape[0]).text})")]))
        if all(len(axes) == 2 and axes[0] not in labels for axes in deltas):
            eyes = [(Code(f"np.eye({self.size(shape[axes[0]]).text})"), axes) for axes in deltas]
            if not labels:
                return product([core, Code(einsum(eyes, len(shape)))])
            merged = kronecker((core, labels), eyes[0]) if len(eyes) == 1 else None
            return Code(einsum([(core, labels), *eyes], len(shape)), merged=merged)
        first = list(range(len(shape)))
        for axes in deltas:
            for axis in axes:
                first[axis] = axes[0]
        kept = sorted(set(first))
        tensor = spread(core, tuple([kept.index(label) for label in labels]), len(kept))
        return Code(f'on_diagonal("{letter(*first)}->{letter(*kept)}", {tensor.text}, {self.sizes(shape)})')

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
        if function.name == "chol" and node.arguments[0].symmetry == 1 and not function.ways:
            return Code(f"np.linalg.cholesky({inputs[0].text})")
        if not function.ways:
            return call(function, inputs, batch > 0, self.names)
        return self._grouped(node, inputs, groups, output, batch)

    def _elementwise(self, node: Apply, inputs: Sequence[Code]) -> Code:
        if node.function is POWER:
            return power(inputs[0], inputs[1], is_number(node.arguments[1]))
        return call(node.function, inputs, False, self.names)

    def _grouped(self, node: Apply, inputs: Sequence[Code], groups: Sequence[tuple[str, ...]],
                 output: tuple[str, ...], batch: int) -> Code:
        """A function of matrices whose axes are groups of axes: merge, apply, split."""
        ways = axis_ways(node.function)
        merged = [Code(self.merge(code, argument.shape, [1] * batch + [ways[name] for name in names]))
                  for code, argument, names in zip(inputs, node.arguments, groups)]
        code = call(node.function, merged, batch > 0, self.names)
        if not any(ways[name] > 1 for name in output):
            return code
        return self.split(code.within(ATOM), node.shape, [1] * batch + [ways[name] for name in output])

    def _constant(self, node: Apply, inputs: Sequence[Code]) -> Code:
        function, shape = node.function, node.shape
        match function.name:
            case "eps":
                return Code(f"levi_civita({len(shape)})")
            case "duplication":
                return Code(f"duplication({self.size(shape[0]).text})")
            case "elimination":
                return Code(f"elimination({self.size(shape[1]).text})")
            case "powers":
                return Code(f"powers({inputs[0].text}, {self.size(shape[0]).text})")
            case "convolution":
                return Code(f"convolution({self.size(shape[0]).text})")
            case "exchange":
                return Code(f"np.eye({self.size(shape[0]).text})[::-1]")
            case "regroup":
                count = function.data[0]
                assert isinstance(count, int)
                return self.split(f"np.eye({self.volume(shape[:count])})", shape, (count, len(shape) - count))
            case "literal":
                rows = [", ".join(repr(float(entry)) for entry in row) for row in function.data]  # type: ignore[union-attr]
                entries = rows if len(shape) == 1 else [f"[{row}]" for row in rows]  # a vector has one entry a row
                return Code(f"np.array([{', '.join(entries)}])")
            case "unit":
                known = is_number(node.arguments[0])
                place = str(known - 1) if known is not None else f"int({inputs[0].text}) - 1"
                return Code(f"np.eye({self.size(shape[0]).text})[{place}]")
        raise AssertionError(function)


def _symmetric(code: Code) -> Code:
    """The text of a symmetric matrix is that of its transpose."""
    return replace(code, turned=replace(code, turned=None))


# -- calls -------------------------------------------------------------------------------

_TEXTS = {"relu": "np.maximum({}, 0)", "softplus": "np.logaddexp(0, {})", "logdet": "np.linalg.slogdet({})[1]",
          "erf": "special.erf({})", "expm": "linalg.expm({})", "logm": "linalg.logm({})", "sqrtm": "linalg.sqrtm({})",
          "matpow": "np.linalg.matrix_power({})"}
_ONE_MATRIX = ("logm", "sqrtm")  # SciPy's take one matrix at a time


def call(function: Function, inputs: Sequence[Code], batched: bool, names: dict[str, str]) -> Code:
    """A row of the function table applied to arguments."""
    arguments = ", ".join(code.text for code in inputs)
    name = function.name
    if name == "relu" and arguments.startswith("np.sign("):
        return Code(f"np.heaviside({arguments[8:-1]}, 0)")
    if name in _TEXTS and not (batched and name in _ONE_MATRIX):
        return Code(_TEXTS[name].format(arguments))
    if name in NUMPY:
        return Code(f"np.{NUMPY[name]}({arguments})")
    return Code(f"{OWN.get(name, name) if name in TABLE else names[keyword(function)]}({arguments})")
