"""The NumPy text of one step of a plan.

Knows how a NumPy programmer writes sums, products and functions of arrays, and
nothing of modules, names or order of statements (:mod:`tensorcalc.codegen`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from string import ascii_letters

from .build import ONE, is_number
from .evaluate import keyword
from .expr import Apply, Delta, Einsum, Expr, Sum, Variable
from .functions import POWER, TABLE, Function, axis_ways, core_names
from .kernels import NUMPY, OWN
from .pairwise import is_placement
from .sizes import Dim, Shape, polynomial, spell, triangle

SUM, MATMUL, TIMES, POWERS, ATOM = range(1, 6)
"""How strongly the outermost operator of a text binds.  Products are kept apart: ``c * A @ x`` would scale A."""

Labels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """The text of an array.

    ``turned`` is the text of its transpose where that is simpler than ``(…).T``;
    ``divisor`` the text t where this one is 1 / t.  Along the axes ``absent`` the
    array repeats itself and the text leaves that to broadcasting.  ``merged`` is a
    text of the same array with groups of axes merged, and how many axes each group has.
    """

    text: str
    strength: int = ATOM
    turned: Code | None = None
    divisor: Code | None = None
    absent: frozenset[int] = frozenset()
    merged: tuple[tuple[int, ...], str] | None = None

    def within(self, strength: int) -> str:
        """The text as an operand of an operator that binds with ``strength``."""
        return self.text if self.strength >= strength else f"({self.text})"


UNIT = Code("1")


class Writer:
    """Writes steps; ``names`` gives the local names of variables and unknown functions, ``symbols`` those of sizes."""

    def __init__(self, names: dict[str, str], symbols: dict[str, str]) -> None:
        self.names, self.symbols = names, symbols

    def step(self, node: Expr, inputs: Sequence[Code]) -> Code:
        """The text of ``node`` from the texts of its children."""
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
                return unary(inputs[0], node.subscripts[0], node.rank) if len(inputs) == 1 else pair(node, *inputs)
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
        turned = node.rank == 2 and not any(code.absent for code in inputs)
        return replace(_sum_of(terms), turned=_sum_of([(weight, turn(code), last) for weight, code, last in terms])
                       if turned else None, absent=absent)

    def _placement(self, node: Einsum, inputs: Sequence[Code]) -> Code:
        core, labels, deltas, scalars = None, (), [], []
        for operand, own, code in zip(node.operands, node.subscripts, inputs):
            if own and isinstance(operand, Delta):
                deltas.append(own)
            elif own:
                core, labels = self.full(code, operand.shape), own
            else:
                scalars.append(code)
        code = product([*scalars, core] if core else scalars)
        if not deltas:
            return code
        if all(len(axes) == 1 for axes in deltas):
            absent = frozenset(axes[0] for axes in deltas)
            return replace(spread(code, labels, node.rank), absent=absent, turned=None, divisor=None)
        return self._diagonal(node.shape, code, labels, deltas)

    def _diagonal(self, shape: Shape, core: Code, labels: Labels, deltas: Sequence[Labels]) -> Code:
        """A tensor on the diagonals of ``deltas``, zeros elsewhere."""
        if len(shape) == 2 and len(deltas) == 1 and labels:
            return Code(f"np.diag({core.text})")
        if len(shape) == 2 and len(deltas) == 1:
            return product([core, Code(f"np.eye({self.size(shape[0]).text})")])
        letters = letter(*range(len(shape)))
        if all(len(axes) == 2 and axes[0] not in labels for axes in deltas):
            eyes = [(Code(f"np.eye({self.size(shape[axes[0]]).text})"), axes) for axes in deltas]
            factors = [(core, labels), *eyes] if labels else eyes
            code = Code(f'np.einsum("{",".join(letter(*own) for _, own in factors)}->{letters}", '
                        f"{', '.join(code.text for code, _ in factors)})",
                        merged=_kronecker(*factors) if labels and len(factors) == 2 else None)
            return code if labels else product([core, code])
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
            if function is POWER:
                return replace(power(node, *inputs), absent=absent)
            return replace(call(function, inputs, False, self.names), absent=absent)
        inputs = [self.full(code, argument.shape) for code, argument in zip(inputs, node.arguments)]
        groups, output = core_names(function.signature)
        batch = node.rank - sum(axis_ways(function)[name] for name in output)
        if not function.ways:
            return call(function, inputs, batch > 0, self.names)
        return self._grouped(node, inputs, groups, output, batch)

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
            case "regroup":
                count = function.data[0]
                assert isinstance(count, int)
                return self.split(f"np.eye({self.volume(shape[:count])})", shape, (count, len(shape) - count))
            case "literal":
                rows = [f"[{', '.join(repr(float(entry)) for entry in row)}]" for row in function.data]  # type: ignore[union-attr]
                return Code(f"np.array({rows[0]})" if len(shape) == 1 else f"np.array([{', '.join(rows)}])")
            case "unit":
                known = is_number(node.arguments[0])
                place = str(known - 1) if known is not None else f"int({inputs[0].text}) - 1"
                return Code(f"np.eye({self.size(shape[0]).text})[{place}]")
        raise AssertionError(function)


# -- numbers and products ----------------------------------------------------------------


def number(value: Fraction) -> str:
    """An exact number as people write it: ``2``, ``0.5``, ``(1/3)``.

    Examples
    --------
    >>> number(Fraction(2)), number(Fraction(1, 8)), number(Fraction(2, 3))
    ('2', '0.125', '(2/3)')
    """
    if value.denominator == 1:
        return str(value) if abs(value) < 10**9 else repr(float(value))
    decimal = repr(float(value))
    return decimal if len(decimal) < 8 and Fraction(decimal) == value else f"({value})" if len(str(value)) < 16 else decimal


def floating(text: str) -> str:
    """The text of a number of which NumPy makes a floating-point array."""
    return text + ".0" if text.isdigit() else text


def scaled(weight: Fraction, code: Code) -> Code:
    """``weight`` times ``code``."""
    if weight == 1:
        return code
    if code.text == "1":
        return Code(number(weight), SUM if weight < 0 else ATOM)
    if weight == -1:
        return Code(f"-{code.within(TIMES)}", SUM)
    if code.divisor:
        return Code(f"{number(weight)} / {code.divisor.within(POWERS)}", SUM if weight < 0 else TIMES)
    if weight.numerator in (1, -1) and number(weight).startswith("("):
        return Code(f"{'-' * (weight < 0)}{code.within(TIMES if weight < 0 else MATMUL)} / {weight.denominator}",
                    SUM if weight < 0 else TIMES)
    return Code(f"{number(weight)} * {code.within(TIMES)}", SUM if weight < 0 else TIMES)


def _sum_of(terms: Sequence[tuple[Fraction, Code, bool]]) -> Code:
    """The text of a linear combination; a weight that all terms have comes out."""
    common = abs(terms[0][0])
    if common != 1 and len(terms) > 1 and all(abs(weight) == common for weight, _, _ in terms):
        return scaled(common, _sum_of([(weight / common, code, last) for weight, code, last in terms]))
    (weight, first, _), *rest = terms
    code = scaled(weight, first)
    text = code.text
    for weight, term, _ in rest:
        text += (" - " if weight < 0 else " + ") + scaled(abs(weight), term).within(MATMUL)
    return Code(text, SUM if rest else code.strength)


def product(factors: Sequence[Code]) -> Code:
    """The elementwise product, with what are reciprocals as divisors."""
    above = [code for code in factors if not code.divisor and code.text != "1"]
    below = [code.divisor for code in factors if code.divisor]
    if not below and len(above) < 2:
        return above[0] if above else UNIT
    texts = [code.within(TIMES if k else MATMUL) for k, code in enumerate(above)]
    text = " * ".join(texts) or "1"
    for code in below:
        text += f" / {code.within(POWERS)}"
    divisor = below[0] if len(below) == 1 and not above else None
    return Code(text, TIMES, divisor=divisor)


def power(node: Apply, base: Code, exponent: Code) -> Code:
    """``base`` to an exponent."""
    known = is_number(node.arguments[1])
    if known is None or known.denominator > 2 and abs(known) != Fraction(1, 2):
        return Code(f"{floating(base.within(ATOM))}**{exponent.within(ATOM)}", POWERS)
    positive = abs(known)
    if positive == 1:
        code = base
    elif positive == Fraction(1, 2):
        code = Code(f"np.sqrt({base.text})")
    else:
        code = Code(f"{floating(base.within(ATOM))}**{number(positive)}", POWERS)
    return code if known > 0 else Code(f"1 / {code.within(POWERS)}", TIMES, divisor=code)


_TEXTS = {"relu": "np.maximum({}, 0)", "softplus": "np.logaddexp(0, {})", "logdet": "np.linalg.slogdet({})[1]",
          "erf": "special.erf({})", "expm": "linalg.expm({})", "logm": "linalg.logm({})", "sqrtm": "linalg.sqrtm({})"}
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


# -- products of tensors -----------------------------------------------------------------


def letter(*labels: int) -> str:
    """Labels as the letters of an einsum string."""
    return "".join((ascii_letters[8:26] + ascii_letters[:8] + ascii_letters[26:])[label] for label in labels)


def turn(code: Code) -> Code:
    """The transpose of a matrix."""
    plain = Code(f"{code.within(ATOM)}.T", turned=code)
    turned = code.turned or plain
    return turned if turned.text.count(".T") <= plain.text.count(".T") else plain


def ordered(code: Code, labels: Sequence[int]) -> Code:
    """The tensor with its axes in the order of ``labels``."""
    order = sorted(range(len(labels)), key=labels.__getitem__)
    if order == list(range(len(order))):
        return code
    if order == list(range(len(order)))[::-1]:
        return turn(code) if len(order) == 2 else Code(f"{code.within(ATOM)}.T")
    return Code(f"{code.within(ATOM)}.transpose({', '.join(map(str, order))})")


def spread(code: Code, labels: Labels, rank: int) -> Code:
    """The tensor with its axes at ``labels`` of ``rank``, leading axes left to broadcasting."""
    code = ordered(code, labels)
    missing = [axis for axis in range(min(labels, default=rank), rank) if axis not in labels]
    if not missing:
        return code
    marks = ["None" if axis in missing else ":" for axis in range(min(labels), rank)]
    return Code(f"{code.within(ATOM)}[{', '.join(marks)}]")


def unary(code: Code, labels: Labels, rank: int) -> Code:
    """One tensor, read along diagonals, summed and permuted."""
    if len(set(labels)) == len(labels):
        summed = [axis for axis, label in enumerate(labels) if label >= rank]
        if summed:
            axes = "" if not rank else f", axis={summed[0] if len(summed) == 1 else tuple(summed)}"
            code = Code(f"np.sum({code.text}{axes})")
        return ordered(code, [label for label in labels if label < rank])
    if len(labels) == 2:
        return Code(f"np.diagonal({code.text})" if rank else f"np.trace({code.text})")
    return Code(f'np.einsum("{letter(*labels)}->{letter(*range(rank))}", {code.text})')


def pair(node: Einsum, a: Code, b: Code) -> Code:
    """The product of two tensors as it is best written."""
    (own, other), rank = node.subscripts, node.rank
    summed = [label for label in own if label >= rank]
    shared = [label for label in own if label in other and label < rank]
    if not summed:
        return _outer(node, a, b)
    written: Sequence[Callable[[], Code | None]] = (
        lambda: _inner(node, a, b, summed) if set(own) == set(other) and len(own) > 1 else None,
        lambda: _matmul(a, own, b, other, rank) if not shared and len(summed) == 1 else None,
        lambda: _matmul(b, other, a, own, rank) if not shared and len(summed) == 1 else None,
        lambda: _batched(a, own, b, other, len(shared), rank) if shared else None,
        lambda: _batched(b, other, a, own, len(shared), rank) if shared else None,
        lambda: _tensordot(a, own, b, other, rank) if not shared else None,
    )
    for attempt in written:
        code = attempt()
        if code is not None:
            return code
    speed = "" if shared else ", optimize=True"
    return Code(f'np.einsum("{letter(*own)},{letter(*other)}->{letter(*range(rank))}", {a.text}, {b.text}{speed})')


def _outer(node: Einsum, a: Code, b: Code) -> Code:
    """A product without a sum: elementwise, outer, or of rows and columns."""
    (own, other), rank = node.subscripts, node.rank
    if min(other) < min(own):
        own, a, other, b = other, b, own, a
    if node.operands[0] is node.operands[1] and own == other:
        return ordered(Code(f"{a.within(ATOM)}**2", POWERS), own)
    for (x, labels), (y, rest) in (((a, own), (b, other)), ((b, other), (a, own))):
        if (*labels, *rest) == tuple(range(rank)):
            return Code(f"np.outer({x.text}, {y.text})" if rank == 2 else f"np.multiply.outer({x.text}, {y.text})")
    if len(own) < rank and len(other) < rank and rank > 3:
        return Code(f'np.einsum("{letter(*own)},{letter(*other)}->{letter(*range(rank))}", {a.text}, {b.text})',
                    merged=_kronecker((a, own), (b, other)))
    factors = []
    for code, labels in ((a, own), (b, other)):
        placed = spread(code.divisor or code, labels, rank)
        factors.append(Code(f"1 / {placed.within(POWERS)}", TIMES, divisor=placed) if code.divisor else placed)
    return product(factors)


def _kronecker(a: tuple[Code, Labels], b: tuple[Code, Labels]) -> tuple[tuple[int, ...], str] | None:
    """``np.kron`` where axes 0 and 1, and axes 2 and 3, of the outer product of two matrices are merged."""
    (left, own), (right, other) = sorted((a, b), key=lambda factor: min(factor[1]))
    if {*own} != {0, 2} or {*other} != {1, 3}:
        return None
    return (2, 2), f"np.kron({ordered(left, own).text}, {ordered(right, other).text})"


def _inner(node: Einsum, a: Code, b: Code, summed: Sequence[int]) -> Code:
    """A sum over products of entries of two tensors that have the same axes."""
    (own, other), rank = node.subscripts, node.rank
    if node.operands[0] is node.operands[1] and own == other:
        text = f"{a.within(ATOM)}**2"
    else:
        position = [own.index(label) for label in other]
        text = f"{a.within(MATMUL)} * {ordered(b, position).within(TIMES)}"
    axes = [axis for axis, label in enumerate(own) if label in summed]
    axis = "" if not rank else f", axis={axes[0] if len(axes) == 1 else tuple(axes)}"
    return ordered(Code(f"np.sum({text}{axis})"), [label for label in own if label < rank])


def times(a: Code, b: Code) -> str:
    """The text ``a @ b``."""
    left = f"({a.text})" if a.strength in (SUM, TIMES) else a.text
    return f"{left} @ {b.within(POWERS)}"


def _matmul(a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code | None:
    """``a @ b`` where one axis is summed: the last of a, the first of b, or with transposes of matrices."""
    (summed,) = [label for label in own if label >= rank]
    rest = [label for label in own if label != summed]
    if (*rest, *[label for label in other if label != summed]) != tuple(range(rank)) or len(other) > 2:
        return None
    if len(own) > 2 and own[-1] != summed or (len(own) == 1 and len(other) == 2):
        return None
    left = a if own[-1] == summed else turn(a)
    right = b if other[0] == summed else turn(b)
    turned = None
    text = times(left, right)
    if len(own) == len(other) == 2:
        turned = Code(times(turn(right), turn(left)), MATMUL)
        if "(" in text and turned.text.count(".T") + 1 < text.count(".T"):
            return Code(f"({turned.text}).T", turned=turned)
    return Code(text, MATMUL, turned)


def _batched(a: Code, own: Labels, b: Code, other: Labels, shared: int, rank: int) -> Code | None:
    """``a @ b`` for each entry of ``shared`` leading axes of both."""
    lead = tuple(range(shared))
    if len(own) != shared + 2 or len(other) != shared + 2 or own[:shared] != lead or other[:shared] != lead:
        return None
    if {*own[shared:]} & {*other[shared:]} != {rank} or shared not in own:
        return None
    left = a if own[-1] == rank else Code(f"np.swapaxes({a.text}, -1, -2)")
    right = b if other[-2] == rank else Code(f"np.swapaxes({b.text}, -1, -2)")
    return Code(times(left, right), MATMUL)


def _tensordot(a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code | None:
    """``np.tensordot`` where the axes come out in the right order."""
    texts = []
    for (left, own), (right, other) in (((a, own), (b, other)), ((b, other), (a, own))):
        summed = [label for label in own if label >= rank]
        rest = [label for label in (*own, *other) if label < rank]
        axes: object = ([own.index(label) for label in summed], [other.index(label) for label in summed])
        if own[-len(summed):] == other[: len(summed)]:
            axes = len(summed)
        elif len(summed) == 1:
            axes = (own.index(summed[0]), other.index(summed[0]))
        if rest == list(range(rank)):
            texts.append(f"np.tensordot({left.text}, {right.text}, axes={axes})")
    return Code(min(texts, key=len)) if texts else None
