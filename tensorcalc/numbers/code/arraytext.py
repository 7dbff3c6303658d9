"""The text of one operation on arrays.

Knows how people write sums and products of arrays whose axes have labels, in the
dialect of one library (:mod:`tensorcalc.numbers.code.dialects`), and nothing of names, sizes
or statements (:mod:`tensorcalc.numbers.code.arraycode`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from string import ascii_letters

from .dialects import Dialect, attached

SUM, QUOTIENT, MATMUL, TIMES, POWERS, ATOM = range(1, 7)
"""How strongly the outermost operator of a text binds.

Products are kept apart, though Python does not: ``c * A @ x`` would scale A, and
``A @ x / c @ y`` reads badly.
"""

Labels = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """The text of an array.

    ``turned`` is the text of its transpose where that is simpler than ``(…).T``;
    ``divisor`` the text t where this one is 1 / t.  Along the axes ``absent`` the
    array repeats itself and the text leaves that to broadcasting.  ``merged`` is a
    text of the same array with groups of axes merged, and how many axes each group has.
    What is ``plain`` is a number of Python and no array, but for axes that are absent.
    """

    text: str
    strength: int = ATOM
    turned: Code | None = None
    divisor: Code | None = None
    absent: frozenset[int] = frozenset()
    merged: tuple[tuple[int, ...], str] | None = None
    plain: bool = False

    def within(self, strength: int) -> str:
        """The text as an operand of an operator that binds with ``strength``."""
        return self.text if self.strength >= strength else f"({self.text})"


Placed = tuple[Code, Labels]
"""An array and one label an axis."""

UNIT = Code("1", plain=True)
"""The text of one, which products and sums leave out."""


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
    if len(decimal) < 8 and Fraction(decimal) == value:
        return decimal
    return f"({value})" if len(str(value)) < 16 else decimal


def floating(text: str) -> str:
    """The text of a number of which NumPy makes a floating-point array."""
    return text + ".0" if text.removeprefix("-").isdigit() else text


def scaled(weight: Fraction, code: Code) -> Code:
    """``weight`` times ``code``."""
    if weight == 1:
        return code
    if code.turned:
        return replace(scaled(weight, replace(code, turned=None)), turned=scaled(weight, code.turned))
    return replace(_scaled(weight, code), plain=code.plain)


def _scaled(weight: Fraction, code: Code) -> Code:
    if code.text == "1":
        text = number(weight)
        return Code(text, SUM if text.startswith("-") else ATOM)
    if weight == -1:
        return Code(f"-{code.within(TIMES)}", SUM)
    if code.divisor:
        return Code(f"{number(weight)} / {code.divisor.within(POWERS)}", SUM if weight < 0 else TIMES)
    if weight.numerator in (1, -1) and number(weight).startswith("("):
        return Code(f"{'-' * (weight < 0)}{code.within(TIMES if weight < 0 else MATMUL)} / {weight.denominator}",
                    SUM if weight < 0 else TIMES)
    return Code(f"{number(weight)} * {code.within(TIMES)}", SUM if weight < 0 else TIMES)


def linear(terms: Sequence[tuple[Fraction, Code, bool]]) -> Code:
    """The text of a linear combination; a weight that all terms have comes out."""
    common = abs(terms[0][0])
    if common != 1 and len(terms) > 1 and all(abs(weight) == common for weight, _, _ in terms):
        return scaled(common, linear([(weight / common, code, last) for weight, code, last in terms]))
    (weight, first, _), *rest = terms
    code = scaled(weight, first)
    text = code.text
    for weight, term, _ in rest:
        text += (" - " if weight < 0 else " + ") + scaled(abs(weight), term).within(QUOTIENT)
    return Code(text, SUM if rest else code.strength, plain=all(code.plain for _, code, _ in terms))


def product(factors: Sequence[Code]) -> Code:
    """The elementwise product, with what are reciprocals as divisors."""
    above = [code for code in factors if not code.divisor and code.text != "1"]
    below = [code.divisor for code in factors if code.divisor]
    if not below and len(above) < 2:
        return above[0] if above else UNIT
    alone = len(above) == 1 and above[0].strength == MATMUL
    text = " * ".join([code.within(MATMUL if alone else TIMES) for code in above]) or "1"
    for code in below:
        text += f" / {code.within(POWERS)}"
    divisor = below[0] if len(below) == 1 and not above else None
    return Code(text, QUOTIENT if alone else TIMES, divisor=divisor, plain=all(code.plain for code in factors))


# -- products of tensors -----------------------------------------------------------------


def letter(*labels: int) -> str:
    """Labels as the letters of an einsum string."""
    return "".join((ascii_letters[8:26] + ascii_letters[:8] + ascii_letters[26:])[label] for label in labels)


def times(a: Code, b: Code) -> str:
    """The text ``a @ b``."""
    left = f"({a.text})" if a.strength in (SUM, QUOTIENT, TIMES) else a.text
    return f"{left} @ {b.within(POWERS)}"


def turn(code: Code) -> Code:
    """The transpose of a matrix."""
    if code.absent:
        return code
    plain = Code(f"{code.within(ATOM)}.T", turned=code)
    if code.turned is None or code.turned.text.count(".T") > plain.text.count(".T"):
        return plain
    return replace(code.turned, turned=code)


# -- what libraries spell in their own ways ----------------------------------------------


class Operations:
    """Writes operations on arrays in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def call(self, name: str, *parts: Code | str) -> Code:
        """The text of an operation of the dialect, its operands in brackets where they need them."""
        needs = attached(self.dialect.template(name))
        texts = [part if isinstance(part, str) else part.within(ATOM if need else SUM) for part, need in zip(parts, needs)]
        return Code(self.dialect.write(name, *texts))

    def power(self, base: Code, exponent: Code, known: Fraction | None) -> Code:
        """``base`` to an exponent, whose value may be ``known``."""
        plain = base.plain and exponent.plain
        if known is None or known.denominator > 2:
            return Code(f"{floating(base.within(ATOM))}**{exponent.within(ATOM)}", POWERS, plain=plain)
        positive = abs(known)
        if positive == 1:
            code = base
        elif positive == Fraction(1, 2):
            code = self.function("sqrt", base)
        else:
            code = Code(f"{floating(base.within(ATOM))}**{number(positive)}", POWERS)
        return replace(code, plain=plain) if known > 0 else \
            Code(f"1 / {code.within(POWERS)}", TIMES, divisor=replace(code, plain=plain), plain=plain)

    def function(self, name: str, *arguments: Code) -> Code:
        """An elementwise function, of numbers of Python too."""
        if not all(code.plain for code in arguments):
            if name in ("max", "min") and any(code.plain for code in arguments):
                return self.call(f"{name} number", *sorted(arguments, key=lambda code: code.plain))
            return self.call(name, *arguments)
        if not self.dialect.numbers:
            return replace(self.call(name, *arguments), plain=True)
        if name not in self.dialect.numbers:
            return self.call(name, *[self.call("number", code) for code in arguments])
        return Code(self.dialect.numbers[name].format(*[code.text for code in arguments]), plain=True)

    # -- axes ----------------------------------------------------------------------------

    def ordered(self, code: Code, labels: Sequence[int]) -> Code:
        """The tensor with its axes in the order of ``labels``."""
        order = sorted(range(len(labels)), key=labels.__getitem__)
        if order == list(range(len(order))):
            return code
        if order == [1, 0]:
            return turn(code)
        backwards = order == list(range(len(order)))[::-1]
        return self.call("reverse" if backwards else "permute", code, ", ".join(map(str, order)))

    def spread(self, code: Code, labels: Labels, rank: int) -> Code:
        """The tensor with its axes at ``labels`` of ``rank``, leading axes left to broadcasting."""
        code = self.ordered(code, labels)
        missing = [axis for axis in range(min(labels, default=rank), rank) if axis not in labels]
        if not missing:
            return code
        marks = ["None" if axis in missing else ":" for axis in range(min(labels), rank)]
        return Code(f"{code.within(ATOM)}[{', '.join(marks)}]")

    def unary(self, code: Code, labels: Labels, rank: int) -> Code:
        """One tensor, read along diagonals, summed and permuted."""
        if len(set(labels)) == len(labels):
            return self.ordered(code, labels) if len(labels) == rank else self._total(code.text, labels, rank)
        if len(labels) == 2:
            return self.call("diagonal" if rank else "trace", code)
        return self.einsum([(code, labels)], rank)

    def einsum(self, factors: Sequence[Placed], rank: int, name: str = "einsum") -> Code:
        """A sum over products, spelled out."""
        subscripts = ",".join(letter(*labels) for _, labels in factors)
        return self.call(name, f"{subscripts}->{letter(*range(rank))}", ", ".join(code.text for code, _ in factors))

    def pair(self, a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code:
        """The product of two tensors as it is best written."""
        summed = [label for label in own if label >= rank]
        shared = [label for label in own if label in other and label < rank]
        if not summed:
            return self._outer((a, own), (b, other), rank)
        written: Sequence[Callable[[], Code | None]] = (
            lambda: self._inner(a, own, b, other, rank) if set(own) == set(other) and len(own) > 1 else None,
            lambda: self._matmul(a, own, b, other, rank) if not shared and len(summed) == 1 else None,
            lambda: self._matmul(b, other, a, own, rank) if not shared and len(summed) == 1 else None,
            lambda: self._batched(a, own, b, other, len(shared), rank) if shared else None,
            lambda: self._batched(b, other, a, own, len(shared), rank) if shared else None,
            lambda: self._tensordot(a, own, b, other, rank) if not shared else None,
        )
        for attempt in written:
            code = attempt()
            if code is not None:
                return code
        return self.einsum([(a, own), (b, other)], rank, "einsum" if shared else "einsum pair")

    def _outer(self, a: Placed, b: Placed, rank: int) -> Code:
        """A product without a sum; the transpose of a matrix is that of its factors."""
        code = self._elementwise(a, b, rank)
        if rank != 2 or code.turned:
            return code
        (x, own), (y, other) = a, b
        swapped = self._elementwise((x, tuple([1 - label for label in own])), (y, tuple([1 - label for label in other])), rank)
        return replace(code, turned=swapped)

    def _elementwise(self, a: Placed, b: Placed, rank: int) -> Code:
        """A product without a sum: of equal axes, outer, or of rows and columns."""
        a, b = sorted((a, b), key=lambda factor: min(factor[1]))
        (x, own), (y, other) = a, b
        if x.text == y.text and own == other:
            return Code(f"{self.ordered(x, own).within(ATOM)}**2", POWERS)
        if (*own, *other) == tuple(range(rank)):
            return self.call("outer" if rank == 2 else "outer tensors", x, y)
        if len(own) < rank and len(other) < rank and rank > 3:
            return replace(self.einsum([a, b], rank), merged=self.kronecker(a, b))
        factors = []
        for code, labels in (a, b):
            placed = self.spread(code.divisor or code, labels, rank)
            factors.append(Code(f"1 / {placed.within(POWERS)}", TIMES, divisor=placed) if code.divisor else placed)
        return product(factors)

    def kronecker(self, a: Placed, b: Placed) -> tuple[tuple[int, ...], str] | None:
        """The Kronecker product where axes 0 and 1, and 2 and 3, of the outer product of two matrices are merged."""
        (left, own), (right, other) = sorted((a, b), key=lambda factor: min(factor[1]))
        if {*own} != {0, 2} or {*other} != {1, 3} or not self.dialect.texts["kron"]:
            return None
        return (2, 2), self.call("kron", self.ordered(left, own), self.ordered(right, other)).text

    def _inner(self, a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code:
        """A sum over products of entries of two tensors that have the same axes."""
        if a.text == b.text and own == other:
            text = f"{a.within(ATOM)}**2"
        else:
            text = f"{a.within(MATMUL)} * {self.ordered(b, [own.index(label) for label in other]).within(TIMES)}"
        return self._total(text, own, rank)

    def _total(self, text: str, labels: Labels, rank: int) -> Code:
        """The sum over the axes of ``text`` whose labels are not below ``rank``, the others in order."""
        axes = [axis for axis, label in enumerate(labels) if label >= rank]
        if not rank:
            return self.call("sum", text)
        along = str(axes[0] if len(axes) == 1 else tuple(axes))
        return self.ordered(self.call("sum along", text, along), [label for label in labels if label < rank])

    def _matmul(self, a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code | None:
        """``a @ b`` where one axis is summed: the last of a, the first of b, or with transposes of matrices."""
        (summed,) = [label for label in own if label >= rank]
        rest = [label for label in own if label != summed]
        if (*rest, *[label for label in other if label != summed]) != tuple(range(rank)) or len(other) > 2:
            return None
        if (len(own) > 2 and own[-1] != summed) or (len(own) == 1 and len(other) == 2):
            return None
        if self.dialect.vector_first and len(other) == 1 and len(own) == 2 and own[0] == summed:
            return Code(times(b, a), MATMUL)
        left = a if own[-1] == summed else turn(a)
        right = b if other[0] == summed else turn(b)
        text = times(left, right)
        if len(own) == 1 or len(other) == 1 or rank > 2:
            return Code(text, MATMUL)
        turned = Code(times(turn(right), turn(left)), MATMUL)
        if "(" in text and turned.text.count(".T") + 1 < text.count(".T"):
            return Code(f"({turned.text}).T", turned=turned)
        return Code(text, MATMUL, turned)

    def _batched(self, a: Code, own: Labels, b: Code, other: Labels, shared: int, rank: int) -> Code | None:
        """``a @ b`` for each entry of ``shared`` leading axes of both."""
        lead = tuple(range(shared))
        if len(own) != shared + 2 or len(other) != shared + 2 or own[:shared] != lead or other[:shared] != lead:
            return None
        if {*own[shared:]} & {*other[shared:]} != {rank} or shared not in own:
            return None
        left = a if own[-1] == rank else self.call("turn each", a)
        right = b if other[-2] == rank else self.call("turn each", b)
        return Code(times(left, right), MATMUL)

    def _tensordot(self, a: Code, own: Labels, b: Code, other: Labels, rank: int) -> Code | None:
        """``tensordot`` where the axes come out in the right order."""
        found = []
        for (left, first), (right, second) in (((a, own), (b, other)), ((b, other), (a, own))):
            summed = [label for label in first if label >= rank]
            axes: object = ([first.index(label) for label in summed], [second.index(label) for label in summed])
            if first[-len(summed):] == second[: len(summed)]:
                axes = len(summed)
            elif len(summed) == 1:
                axes = (first.index(summed[0]), second.index(summed[0]))
                axes = axes if self.dialect.library != "torch" else ([axes[0]], [axes[1]])
            if [label for label in (*first, *second) if label < rank] == list(range(rank)):
                found.append(self.call("tensordot", left, right, str(axes)))
        return min(found, key=lambda code: len(code.text)) if found else None
