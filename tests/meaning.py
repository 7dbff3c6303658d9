"""What a formula means, as numbers: a reader of its own that shares nothing with the package.

A text of any notation is parsed here once more and computed at once with arrays.
Everything is written so that complex numbers go through (for complex-step
derivatives), and with ``xp = jax.numpy`` it can be traced by JAX.

Matrix notation: every value is a 2-d array (a number is 1 x 1, a vector n x 1), or
has three axes and more.  Index notation: a value is a string of letters and an
array with one axis a letter.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import scipy.special

Tree = tuple[Any, ...]

# -- reading -----------------------------------------------------------------------------

_TOKEN = re.compile(r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
  | (?P<name>[^\W\d_][A-Za-z0-9]*)
  | (?P<indices>_(?:\{[^}]*\}|[^\W_\d]+))
  | (?P<string>'[A-Za-z, ]*->[A-Za-z]*')
  | (?P<op>\.\*|\./|\.\^|[-+*/^':;=()\[\],@⊗⊕⊙])
)""", re.VERBOSE)


def tokens(source: str) -> list[tuple[str, str, bool]]:
    """Kind, text, and whether it follows without a space."""
    found, at = [], 0
    source = source.strip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        assert match, f"cannot read {source[at:]!r} of {source!r}"
        kind = str(match.lastgroup)
        found.append((kind, match[kind], match.start(kind) == at))
        at = match.end()
    return [*found, ("end", "", False)]


class Reader:
    """Loosest first: ``+ -``, ``:``, products, unary ``-``, postfix."""

    def __init__(self, source: str) -> None:
        self.tokens, self.at, self.source = tokens(source), 0, source

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1] if self.kind in ("op", "end") else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expect(self, text: str) -> None:
        assert self.text == text, f"expected {text} at token {self.at} of {self.source!r}"
        self.at += 1

    def statement(self) -> list[tuple[Tree | None, Tree]]:
        """Left side and right side of each definition, the formula last."""
        parts = []
        while True:
            start, left = self.at, None
            if self.kind == "name":
                left = self.name()
                if self.text != "=" or left[0] != "name":
                    self.at, left = start, None
                else:
                    self.at += 1
            parts.append((left, self.sum()))
            if self.text != ";":
                assert self.kind == "end", f"token {self.at} of {self.source!r} is left over"
                return parts
            self.at += 1

    def sum(self) -> Tree:
        total = self.frobenius()
        while self.text in ("+", "-"):
            sign = self.take()
            right = self.frobenius()
            total = ("+", total, right if sign == "+" else ("neg", right))
        return total

    def frobenius(self) -> Tree:
        left = self.product()
        while self.text == ":":
            self.at += 1
            left = (":", left, self.product())
        return left

    def product(self) -> Tree:
        left = self.unary()
        while True:
            if self.text in ("*", "@", "/", ".*", "./", "⊗", "⊕", "⊙"):
                operator = self.take()
                left = ({"@": "*", "⊙": ".*"}.get(operator, operator), left, self.unary())
            elif self.kind in ("name", "number") or self.text in ("(", "["):
                left = ("*", left, self.unary())
            else:
                return left

    def unary(self) -> Tree:
        if self.text == "-":
            self.at += 1
            return ("neg", self.unary())
        return self.postfix()

    def postfix(self) -> Tree:
        base = self.atom()
        while True:
            tight = self.tokens[self.at][2]
            if self.text == "'":
                self.at += 1
                base = ("'", base)
            elif self.text in ("^", ".^"):
                operator = self.take()
                sign = self.text == "-"
                self.at += sign
                exponent = self.atom()
                base = (operator, base, ("neg", exponent) if sign else exponent)
            elif self.text == "[" and tight:
                self.at += 1
                base = ("entry", base, self.list("]"))
            elif self.kind == "indices" and tight:
                base = ("indexed", base, self.indices())
            else:
                return base

    def atom(self) -> Tree:
        if self.kind == "number":
            return ("number", Fraction(self.take()))
        if self.kind == "string":
            return ("string", self.take()[1:-1])
        if self.kind == "name":
            return self.name()
        if self.text == "(":
            self.at += 1
            inner = self.sum()
            self.expect(")")
            return inner
        self.expect("[")
        rows = [[self.sum()]]
        while self.text in (",", ";"):
            if self.take() == ";":
                rows.append([])
            rows[-1].append(self.sum())
        self.expect("]")
        return ("literal", rows)

    def name(self) -> Tree:
        name = self.take()
        if self.kind == "indices":
            name = {"δ": "delta", "ε": "eps"}.get(name, name)
        if self.text == "(" and self.tokens[self.at][2]:
            self.at += 1
            call: Tree = ("call", name, self.list(")"))
            return call
        if self.kind == "indices" and self.tokens[self.at][2]:
            return ("name", name, self.indices())
        return ("name", name, None)

    def list(self, close: str) -> list[Tree]:
        items = [self.sum()]
        while self.text == ",":
            self.at += 1
            items.append(self.sum())
        self.expect(close)
        return items

    def indices(self) -> list[str]:
        """One entry an axis; a merged axis is several letters."""
        text = self.take()[1:].strip("{}").replace(",", "").replace(" ", "")
        return [group.strip("()") for group in re.findall(r"\([^)]*\)|.", text)]


def parse(source: str) -> list[tuple[Tree | None, Tree]]:
    """The statements of ``source``, the formula last."""
    return Reader(source).statement()


# -- functions that complex numbers and JAX go through ------------------------------------


class Functions:
    """Every function of the language, for one array library.

    ``margin`` is how far the point computed is from a kink, a pole or the end of a
    domain; derivatives are compared only where it is not small.
    """

    def __init__(self, xp: Any = np) -> None:
        self.xp, self.margin = xp, 1.0
        self.traced = xp is not np

    def near(self, distance: Any) -> None:
        if not self.traced and np.size(distance):
            smallest = float(np.min(distance))
            self.margin = min(self.margin, smallest if smallest == smallest else 0.0)

    def positive(self, x: Any) -> Any:
        """Which entries are not negative; near zero is near a kink."""
        if self.traced:
            return x >= 0
        self.near(np.abs(np.real(x)))
        return np.real(x) >= 0

    def abs(self, x: Any) -> Any:
        return self.xp.where(self.positive(x), x, -x)

    def sign(self, x: Any) -> Any:
        if self.traced:
            return self.xp.sign(x)
        self.near(np.where(x == 0, 1.0, np.abs(np.real(x))))
        return np.sign(np.real(x)) + 0 * x

    def relu(self, x: Any) -> Any:
        if not self.traced and np.all(x == self.exact_sign(x)):
            return np.where(np.real(x) > 0, x, 0 * x)
        return self.xp.where(self.positive(x), x, 0 * x)

    def exact_sign(self, x: Any) -> Any:
        return np.sign(np.real(x))

    def max(self, a: Any, b: Any) -> Any:
        return self.xp.where(self.positive(a - b), a, b + 0 * a)

    def min(self, a: Any, b: Any) -> Any:
        return self.xp.where(self.positive(b - a), a, b + 0 * a)

    def sqrt(self, x: Any) -> Any:
        self.near(np.real(x) if not self.traced else 1.0)
        return self.xp.sqrt(x)

    def log(self, x: Any) -> Any:
        self.near(np.real(x) if not self.traced else 1.0)
        return self.xp.log(x)

    def arcsin(self, x: Any) -> Any:
        self.near(1 - np.abs(np.real(x)) if not self.traced else 1.0)
        return self.xp.arcsin(x)

    def arccos(self, x: Any) -> Any:
        self.near(1 - np.abs(np.real(x)) if not self.traced else 1.0)
        return self.xp.arccos(x)

    def tan(self, x: Any) -> Any:
        self.near(np.abs(np.cos(x)) if not self.traced else 1.0)
        return self.xp.sin(x) / self.xp.cos(x)

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self.xp.exp(-x))

    def softplus(self, x: Any) -> Any:
        return self.xp.log(1 + self.xp.exp(x))

    def erf(self, x: Any) -> Any:
        if self.traced:
            from jax.scipy.special import erf
            return erf(x)
        return scipy.special.erf(x)

    def power(self, base: Any, exponent: Any, exact: Fraction | None) -> Any:
        """``base`` to a known or an unknown exponent."""
        if exact is not None and exact.denominator == 1:
            if exact < 0:
                self.near(np.abs(base) if not self.traced else 1.0)
                return 1 / base ** int(-exact)
            return base ** int(exact)
        self.near(np.real(base) if not self.traced else 1.0)
        return base**exponent

    # Matrices, with leading axes looped over.

    def eye(self, x: Any) -> Any:
        return self.xp.eye(x.shape[-1])

    def turned(self, x: Any) -> Any:
        return self.xp.swapaxes(x, -1, -2)

    def inv(self, x: Any) -> Any:
        if not self.traced:
            if not np.all(np.isfinite(x)):
                self.margin = 0.0
                return np.full_like(x, np.nan)
            try:
                self.near(100 / np.linalg.cond(x))
                return np.linalg.inv(x)
            except np.linalg.LinAlgError:
                self.margin = 0.0
                return np.full_like(x, np.nan)
        return self.xp.linalg.inv(x)

    def det(self, x: Any) -> Any:
        """By permutations where those are few."""
        n, total = x.shape[-1], 0
        if n > 4:
            return self.xp.linalg.det(x)
        for order in permutations(range(n)):
            term: Any = permutation_sign(order)
            for row, column in enumerate(order):
                term = term * x[..., row, column]
            total = total + term
        return total

    def logdet(self, x: Any) -> Any:
        det = self.det(x)
        return self.xp.log(self.xp.where(self.positive(det), det, -det))

    def adj(self, x: Any) -> Any:
        """Transposed cofactors."""
        n = x.shape[-1]
        rows = []
        for i in range(n):
            row = []
            for j in range(n):
                minor = self.xp.stack([self.xp.stack([x[..., a, b] for b in range(n) if b != i], -1)
                                       for a in range(n) if a != j], -2) if n > 1 else None
                row.append((-1) ** (i + j) * (self.det(minor) if minor is not None else 1 + 0 * x[..., 0, 0]))
            rows.append(self.xp.stack(row, -1))
        return self.xp.stack(rows, -2)

    def pinv(self, x: Any) -> Any:
        turned = self.turned(x)
        return self.inv(turned @ x) @ turned if x.shape[-2] >= x.shape[-1] else turned @ self.inv(x @ turned)

    def expm(self, x: Any) -> Any:
        scaled, term = x / 2**8, self.eye(x)
        total = term + 0 * x
        for k in range(1, 14):
            term = term @ scaled / k
            total = total + term
        for _ in range(8):
            total = total @ total
        return total

    def logm(self, x: Any) -> Any:
        """Gregory's series after three square roots."""
        for _ in range(3):
            x = self.sqrtm(x)
        z = (x - self.eye(x)) @ self.inv(x + self.eye(x))
        total, term = z, z
        for k in range(1, 30):
            term = term @ z @ z
            total = total + term / (2 * k + 1)
        return 16 * total

    def sqrtm(self, x: Any) -> Any:
        """Denman and Beavers."""
        y, z = x, self.eye(x) + 0 * x
        if not self.traced and np.all(np.isfinite(x)):
            values = np.linalg.eigvals(x)
            self.near(np.where(np.abs(values.imag) > 1e-9, np.abs(values), values.real))
        for _ in range(12):
            y, z = (y + self.inv(z)) / 2, (z + self.inv(y)) / 2
        return y

    def chol(self, x: Any) -> Any:
        """The lower factor of the symmetric part, column by column."""
        a, n = (x + self.turned(x)) / 2, x.shape[-1]
        zero = 0 * a[..., 0, 0]
        entries = [[zero] * n for _ in range(n)]
        for j in range(n):
            square = a[..., j, j] - sum(entries[j][k] ** 2 for k in range(j))
            entries[j][j] = self.sqrt(square)
            for i in range(j + 1, n):
                rest = a[..., i, j] - sum(entries[i][k] * entries[j][k] for k in range(j))
                entries[i][j] = rest / entries[j][j]
        return self.xp.stack([self.xp.stack(row, -1) for row in entries], -2)

    def softmax(self, x: Any) -> Any:
        e = self.xp.exp(x)
        return e / e.sum(-1, keepdims=True)

    def logsumexp(self, x: Any) -> Any:
        return self.xp.log(self.xp.exp(x).sum(-1))

    def frechet(self, which: str, x: Any, times: int = 1) -> Any:
        """∂f(x)_ij/∂x_kl by the complex step, and derivatives of that by differences of eighth order."""
        n = x.shape[-1]
        steps = np.eye(n * n).reshape(n * n, n, n)   # one for each entry, all tried at once
        points = x[..., None, :, :]
        if times > 1:
            found = sum(weight * (self.frechet(which, points + 0.005 * k * steps, times - 1)
                                  - self.frechet(which, points - 0.005 * k * steps, times - 1))
                        for k, weight in ((1, 0.8), (2, -0.2), (3, 4 / 105), (4, -1 / 280))) / 0.005
        else:
            found = np.imag(getattr(self, which)(points + 1e-30j * steps)) / 1e-30
        result = np.moveaxis(found, x.ndim - 2, -1)
        return result.reshape((*result.shape[:-1], n, n))


ELEMENTWISE = ["exp", "log", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "relu", "sigmoid", "softplus", "erf", "sqrt", "max", "min"]
MATRIX = ["inv", "det", "logdet", "adj", "pinv", "expm", "logm", "sqrtm", "chol"]


def permutation_sign(order: tuple[int, ...]) -> int:
    return (-1) ** sum(a > b for k, b in enumerate(order) for a in order[:k])


def levi_civita(n: int) -> Any:
    result = np.zeros((n,) * n)
    for order in permutations(range(n)):
        result[order] = permutation_sign(order)
    return result


def half_places(n: int) -> list[tuple[int, int]]:
    """Row and column of each entry of vech: the lower triangle by columns."""
    return [(i, j) for j in range(n) for i in range(j, n)]


def elimination(n: int) -> Any:
    result = np.zeros((n * (n + 1) // 2, n * n))
    for k, (i, j) in enumerate(half_places(n)):
        result[k, j * n + i] = 1
    return result


def duplication(n: int) -> Any:
    result = np.zeros((n * n, n * (n + 1) // 2))
    for k, (i, j) in enumerate(half_places(n)):
        result[j * n + i, k] = result[i * n + j, k] = 1
    return result


def commutation(m: int, n: int) -> Any:
    result = np.zeros((m * n, m * n))
    for i in range(m):
        for j in range(n):
            result[i * n + j, j * m + i] = 1
    return result


# -- matrix notation ---------------------------------------------------------------------


class Meaning:
    """Values of formulas in which names stand for arrays and sizes for numbers.

    ``splits``: the sizes whose product each axis of a variable is, for merged indices.
    """

    def __init__(self, values: dict[str, Any], sizes: dict[str, int] | None = None, xp: Any = np,
                 splits: dict[str, list[list[int]]] | None = None) -> None:
        self.values, self.sizes, self.xp = dict(values), dict(sizes or {}), xp
        self.splits = splits or {}
        self.functions = Functions(xp)

    @property
    def margin(self) -> float:
        return self.functions.margin

    def of(self, source: str, left_sizes: dict[str, int] | None = None) -> Any:
        """The value of ``source``: axes of length 1 of matrix notation are dropped."""
        return self.of_parsed(parse(source), left_sizes)

    def of_parsed(self, parts: list[tuple[Tree | None, Tree]], left_sizes: dict[str, int] | None = None) -> Any:
        kept = dict(self.values)
        for left, body in parts[:-1]:
            assert left is not None
            self.values[left[1]] = self.statement(left, body, {})
        left, body = parts[-1]
        result = self.statement(left, body, left_sizes or {})
        self.values = kept
        return result

    def statement(self, left: Tree | None, body: Tree, left_sizes: dict[str, int]) -> Any:
        if (left is None or left[2] is None) and not uses_indices(body):
            return squeezed(self.matrix(body))
        groups = left[2] or [] if left is not None else []
        return Indexed(self, left_sizes).whole(body, groups)

    def scalar(self, tree: Tree) -> Any:
        value = self.matrix(tree)
        assert value.shape == (1, 1), tree
        return value[0, 0]

    def integer(self, tree: Tree) -> int:
        value = float(np.real(self.scalar(tree)))
        assert value == round(value), tree
        return round(value)

    def name(self, name: str) -> Any:
        if name in self.values:
            return two_axes(self.xp.asarray(self.values[name]))
        assert name in self.sizes, f"{name} has no value"
        return self.xp.asarray([[float(self.sizes[name])]])

    def matrix(self, tree: Tree) -> Any:
        """The value in matrix notation."""
        match tree:
            case ("number", value):
                return self.xp.asarray([[float(value)]])
            case ("name", name, None):
                return self.name(name)
            case ("neg", inner):
                return -self.matrix(inner)
            case ("'", inner):
                value = self.matrix(inner)
                assert value.ndim == 2
                return value.T
            case ("entry", inner, places):
                value = self.matrix(inner)
                at = [self.integer(place) - 1 for place in places]
                flat = squeezed(value)
                assert flat.ndim == len(at) and min(at) >= 0
                return flat[tuple(at)].reshape(1, 1)
            case ("literal", rows):
                return self.xp.asarray([[float(np.real(self.scalar(entry))) for entry in row] for row in rows])
            case ("^" | ".^", base, exponent):
                return self.raised(tree[0], self.matrix(base), exponent)
            case ("call", name, arguments):
                return self.call(name, arguments)
            case (operator, left, right):
                return self.binary(operator, self.matrix(left), self.matrix(right))
        raise AssertionError(tree)

    def binary(self, operator: str, a: Any, b: Any) -> Any:
        number = a.shape == (1, 1) or b.shape == (1, 1)
        match operator:
            case "+":
                assert a.shape == b.shape, (a.shape, b.shape)
                return a + b
            case "*":
                if number:
                    return a * b
                assert a.ndim == b.ndim == 2
                return a @ b
            case ":":
                assert a.shape == b.shape
                return (a * b).sum().reshape(1, 1)
            case ".*":
                assert number or a.shape == b.shape
                return a * b
            case "/" | "./":
                assert b.shape == (1, 1) if operator == "/" else number or a.shape == b.shape
                return a * self.functions.power(b, None, Fraction(-1))
            case "⊗":
                return self.xp.kron(a, b)
            case "⊕":
                return self.xp.kron(a, self.xp.eye(len(b))) + self.xp.kron(self.xp.eye(len(a)), b)
        raise AssertionError(operator)

    def raised(self, operator: str, base: Any, exponent: Tree) -> Any:
        exact = exact_number(exponent)
        value = self.matrix(exponent)
        if exact is None and value.size == 1 and not names(exponent) - self.sizes.keys():
            exact = Fraction(float(value[0, 0]))
        if operator == "^" and base.shape != (1, 1):
            assert exact is not None and exact.denominator == 1
            if exact < 0:
                base = self.functions.inv(base)
            result = self.xp.eye(len(base)) + 0 * base
            for _ in range(abs(int(exact))):
                result = result @ base
            return result
        return self.functions.power(base, value, exact)

    def call(self, name: str, arguments: list[Tree]) -> Any:
        if name == "einsum":
            return self.einsum(arguments)
        if name == "frechet":
            times = self.integer(arguments[2]) if len(arguments) == 3 else 1
            return self.functions.frechet(arguments[0][1], self.matrix(arguments[1]), times)
        if name in ("eye", "ones", "zeros", "commutation", "duplication", "elimination", "e", "E", "eps"):
            return self.constant(name, [self.integer(argument) for argument in arguments])
        values = [self.matrix(argument) for argument in arguments]
        if name in ELEMENTWISE:
            function = getattr(self.functions, name, None) or getattr(self.xp, name)
            return function(*values)
        if name in MATRIX:
            value = getattr(self.functions, name)(values[0])
            return value if value.ndim == 2 else value.reshape(1, 1)
        return getattr(self, "form_" + name)(*values)

    def einsum(self, arguments: list[Tree]) -> Any:
        inputs, output = arguments[0][1].replace(" ", "").split("->")
        operands = []
        for word, tree in zip(inputs.split(","), arguments[1:], strict=True):
            value = self.matrix(tree)
            operands.append(squeezed(value) if value.ndim != len(word) else value)
            assert operands[-1].ndim == len(word), (word, value.shape)
        return two_axes(placed(self.xp, inputs.split(","), operands, output))

    def constant(self, name: str, sizes: list[int]) -> Any:
        made: Any
        match name:
            case "eye":
                made = np.eye(sizes[0])
            case "ones" | "zeros":
                made = (np.ones if name == "ones" else np.zeros)((*sizes, 1)[:2])
            case "commutation":
                made = commutation(sizes[0], sizes[-1])
            case "duplication" | "elimination":
                made = duplication(sizes[0]) if name == "duplication" else elimination(sizes[0])
            case "e":
                made = np.eye(sizes[1])[:, [sizes[0] - 1]]
            case "E":
                i, j, m, n = sizes
                made = np.zeros((m, n))
                made[i - 1, j - 1] = 1
            case _:
                made = levi_civita(sizes[0])
        return self.xp.asarray(made)

    # Functions of whole matrices.

    def form_tr(self, x: Any) -> Any:
        return self.xp.trace(x).reshape(1, 1)

    def form_sum(self, x: Any) -> Any:
        return x.sum().reshape(1, 1)

    def form_norm1(self, x: Any) -> Any:
        return self.functions.abs(x).sum().reshape(1, 1)

    def form_norm2(self, x: Any) -> Any:
        return self.functions.sqrt((x * x).sum()).reshape(1, 1)

    def form_diag(self, x: Any) -> Any:
        if 1 in x.shape:
            flat = x.reshape(-1)
            return self.xp.eye(len(flat)) * flat[:, None]
        assert x.shape[0] == x.shape[1]
        return self.xp.diagonal(x).reshape(-1, 1)

    def form_vec(self, x: Any) -> Any:
        return x.T.reshape(-1, 1)

    def form_vech(self, x: Any) -> Any:
        return self.xp.stack([x[i, j] for i, j in half_places(len(x))]).reshape(-1, 1)

    def form_kron(self, *factors: Any) -> Any:
        result = factors[0]
        for factor in factors[1:]:
            result = self.xp.kron(result, factor)
        return result

    def form_khatrirao(self, a: Any, b: Any) -> Any:
        return self.xp.stack([self.xp.kron(a[:, k], b[:, k]) for k in range(a.shape[1])], -1)

    def form_softmax(self, x: Any) -> Any:
        return self.functions.softmax(x.reshape(-1)).reshape(x.shape)

    def form_logsumexp(self, x: Any) -> Any:
        return self.functions.logsumexp(x.reshape(-1)).reshape(1, 1)

    def form_solve(self, a: Any, b: Any) -> Any:
        return self.functions.inv(a) @ b

    def form_cross(self, a: Any, b: Any) -> Any:
        return self.form_skew(a) @ b

    def form_skew(self, a: Any) -> Any:
        x, y, z = a[0, 0], a[1, 0], a[2, 0]
        zero = 0 * x
        return self.xp.stack([self.xp.stack([zero, -z, y]), self.xp.stack([z, zero, -x]), self.xp.stack([-y, x, zero])])

    def form_tril(self, x: Any) -> Any:
        return self.xp.where(np.tri(len(x), dtype=bool), x, 0 * x)

    def form_sym(self, x: Any) -> Any:
        return (x + x.T) / 2

    def form_dev(self, x: Any) -> Any:
        return x - self.xp.eye(len(x)) * self.xp.trace(x) / len(x)


def two_axes(value: Any) -> Any:
    return value.reshape(-1, 1) if value.ndim == 1 else value.reshape(1, 1) if value.ndim == 0 else value


def squeezed(value: Any) -> Any:
    """The array that a value of matrix notation is: axes of length 1 are dropped."""
    return value.reshape([size for size in value.shape if size != 1]) if value.ndim <= 2 else value


def placed(xp: Any, inputs: list[str], operands: list[Any], output: str) -> Any:
    """``einsum`` with diagonals in the output, and axes that no operand has."""
    spare = iter(letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                 if letter not in "".join(inputs) + output)
    inputs, operands, letters = list(inputs), list(operands), ""
    for letter in output:
        if letter in letters:
            size = next(np.shape(o)[word.index(letter)] for word, o in zip(inputs, operands) if letter in word)
            twin = next(spare)
            inputs.append(letter + twin)
            operands.append(xp.eye(size))
            letters += twin
        else:
            letters += letter
    return xp.einsum(",".join(inputs) + "->" + letters, *operands, optimize="greedy" if len(operands) > 2 else False)


def names(tree: Tree) -> set[str]:
    """The names in a tree."""
    found = {tree[1]} if tree[0] == "name" else set()
    for part in tree[1:]:
        for inner in part if isinstance(part, list) else [part]:
            if isinstance(inner, tuple):
                found |= names(inner)
    return found


def exact_number(tree: Tree) -> Fraction | None:
    """The value of a tree of numbers alone."""
    match tree:
        case ("number", value):
            return value
        case ("neg", inner):
            value = exact_number(inner)
            return None if value is None else -value
        case ("+" | "*" | "/", left, right):
            a, b = exact_number(left), exact_number(right)
            if a is None or b is None:
                return None
            return a + b if tree[0] == "+" else a * b if tree[0] == "*" else a / b
    return None


# -- index notation ----------------------------------------------------------------------

Named = tuple[str, Any]


def uses_indices(tree: Tree) -> bool:
    if tree[0] == "indexed" or (tree[0] == "name" and tree[2] is not None):
        return True
    return any(uses_indices(inner) for part in tree[1:] for inner in (part if isinstance(part, list) else [part])
               if isinstance(inner, tuple))


def occurring(tree: Tree) -> str:
    """All letters of a tree, with repetitions."""
    if tree[0] in ("name", "indexed"):
        return "".join(tree[2] or [])
    if tree[0] == "string":
        return ""
    return "".join(occurring(inner) for part in tree[1:] for inner in (part if isinstance(part, list) else [part])
                   if isinstance(inner, tuple))


class Indexed:
    """One index statement."""

    def __init__(self, meaning: Meaning, sizes: dict[str, int]) -> None:
        self.meaning, self.xp, self.sizes = meaning, meaning.xp, dict(sizes)

    def whole(self, tree: Tree, groups: list[str]) -> Any:
        for _ in range(3):
            self.measure(tree)
        output = "".join(groups)
        letters, array = self.expression(tree, set(output))
        missing = [letter for letter in output if letter not in letters]
        array = self.xp.einsum(",".join([letters, *missing]) + "->" + output, array,
                               *[self.xp.ones(self.sizes[letter]) for letter in missing])
        shape, at = [], 0
        for group in groups:
            shape.append(int(np.prod(array.shape[at:at + len(group)])))
            at += len(group)
        return array.reshape(shape)

    def measure(self, tree: Tree) -> None:
        """Find the size of each letter."""
        if tree[0] in ("name", "indexed") and tree[2] is not None:
            if tree[0] == "name" and tree[1] == "delta" and "delta" not in self.meaning.values:
                known = [self.sizes[letter] for letter in tree[2] if letter in self.sizes]
                for letter in tree[2] if known else []:
                    self.learn(letter, known[0])
            else:
                for letters, parts in zip(tree[2], self.parts(tree), strict=True):
                    if len(letters) == len(parts):
                        for letter, size in zip(letters, parts):
                            self.learn(letter, size)
            return
        for part in tree[1:]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, tuple):
                    self.measure(inner)

    def parts(self, tree: Tree) -> list[list[int]]:
        """The sizes whose product each axis is."""
        if tree[0] == "name" and tree[1] in self.meaning.splits:
            return self.meaning.splits[tree[1]]
        if tree[0] == "indexed" and tree[1][0] == "call" and tree[1][1] in ("elimination", "duplication"):
            n = self.meaning.integer(tree[1][2][0])
            half = [n * (n + 1) // 2]
            return [half, [n, n]] if tree[1][1] == "elimination" else [[n, n], half]
        return [[size] for size in np.shape(self.array(tree))]

    def learn(self, letter: str, size: int) -> None:
        assert self.sizes.setdefault(letter, size) == size, f"index {letter} has two sizes"

    def array(self, tree: Tree) -> Any:
        """What carries the indices."""
        if tree[0] == "name":
            if tree[1] == "eps" and "eps" not in self.meaning.values:
                return self.xp.asarray(levi_civita(len(tree[2])))
            return self.xp.asarray(self.meaning.values[tree[1]])
        inner = tree[1]
        if inner[0] == "call" and inner[1] in MATRIX + ["softmax", "logsumexp"] and not uses_indices(inner):
            argument = self.meaning.matrix(inner[2][0])
            if argument.ndim > 2 or (inner[1] not in MATRIX and 1 not in argument.shape):
                return getattr(self.meaning.functions, inner[1])(argument)
        return squeezed(self.meaning.matrix(inner))

    def tensor(self, tree: Tree) -> Named:
        """A tensor with indices; a repeated one takes the diagonal."""
        if tree[0] == "name" and tree[1] == "delta" and "delta" not in self.meaning.values:
            first, *others = tree[2]
            eye = self.xp.eye(self.sizes[first])
            letters = "".join(dict.fromkeys(tree[2]))
            return letters, placed(self.xp, [first + letter for letter in others], [eye] * len(others), letters)
        array = self.array(tree)
        word = "".join(tree[2])
        array = array.reshape([self.sizes[letter] for letter in word])
        letters = "".join(dict.fromkeys(word))
        return letters, self.xp.einsum(f"{word}->{letters}", array)

    def expression(self, tree: Tree, keep: set[str]) -> Named:
        """A sum of terms, each summed over the letters that are not kept."""
        if tree[0] == "+" and uses_indices(tree):
            terms = [self.expression(operand, keep) for operand in tree[1:]]
            letters = "".join(dict.fromkeys(letter for own, _ in terms for letter in own))
            return letters, sum(self.spread(term, letters) for term in terms)
        if tree[0] == "neg":
            letters, array = self.expression(tree[1], keep)
            return letters, -array
        factors = self.factors(tree, keep)
        letters = "".join(dict.fromkeys(letter for own, _ in factors for letter in own if letter in keep))
        return letters, self.xp.einsum(",".join(own for own, _ in factors) + "->" + letters,
                                       *[array for _, array in factors], optimize="greedy" if len(factors) > 2 else False)

    def spread(self, term: Named, letters: str) -> Any:
        own, array = term
        missing = [letter for letter in letters if letter not in own]
        return self.xp.einsum(",".join([own, *missing]) + "->" + letters, array,
                              *[self.xp.ones(self.sizes[letter]) for letter in missing])

    def factors(self, tree: Tree, keep: set[str]) -> list[Named]:
        if not uses_indices(tree):
            return [("", self.meaning.scalar(tree))]
        match tree:
            case ("*" | ".*", left, right):
                return [*self.factors(left, keep | set(occurring(right))), *self.factors(right, keep | set(occurring(left)))]
            case ("/" | "./", top, bottom):
                letters, array = self.bracket(bottom, keep | set(occurring(top)))
                below = letters, self.meaning.functions.power(array, None, Fraction(-1))
                return [*self.factors(top, keep | set(occurring(bottom))), below]
            case ("^" | ".^", base, exponent) if uses_indices(exponent):
                return [self.pointwise("power", [base, exponent], keep)]
            case ("^" | ".^", base, exponent):
                letters, array = self.bracket(base, keep)
                exact = exact_number(exponent)
                value = self.meaning.scalar(exponent)
                if exact is None and not names(exponent) - self.meaning.sizes.keys():
                    exact = Fraction(float(value))
                return [(letters, self.meaning.functions.power(array, value, exact))]
            case ("+", *_) | ("neg", _):
                return [self.expression(tree, keep & set(occurring(tree)))]
            case ("name", _, indices) if indices is not None:
                return [self.tensor(tree)]
            case ("indexed", *_):
                return [self.tensor(tree)]
            case ("call", name, arguments) if any(map(uses_indices, arguments)):
                return [self.pointwise(name, arguments, keep)]
        raise AssertionError(tree)

    def bracket(self, tree: Tree, keep: set[str]) -> Named:
        """Under a power or a function: a letter that repeats in a term is summed there."""
        single = {letter for term in terms(tree) for letter, count in repeats(term).items() if count == 1}
        return self.expression(tree, keep | single)

    def pointwise(self, name: str, arguments: list[Tree], keep: set[str]) -> Named:
        found = [self.bracket(argument, keep) for argument in arguments]
        letters = "".join(dict.fromkeys(letter for own, _ in found for letter in own))
        if name in ("softmax", "logsumexp"):
            array = getattr(self.meaning.functions, name)(found[0][1])
            return letters if name == "softmax" else letters[:-1], array
        arrays = [self.spread(one, letters) for one in found]
        if name == "power":
            return letters, self.meaning.functions.power(*arrays, None)
        function = getattr(self.meaning.functions, name, None) or getattr(self.xp, name)
        return letters, function(*arrays)


def terms(tree: Tree) -> list[Tree]:
    if tree[0] in ("+", "neg"):
        return [term for operand in tree[1:] for term in terms(operand)]
    return [tree]


def repeats(tree: Tree) -> dict[str, int]:
    """How often each letter occurs in a term; what is summed inside a bracket does not count."""
    match tree:
        case ("name" | "indexed", _, indices):
            word = "".join(indices or [])
            return {letter: word.count(letter) for letter in word}
        case ("+", *operands):
            return {letter: 1 for operand in operands for letter, count in repeats(operand).items() if count == 1}
        case ("^" | ".^", base, exponent):
            return {letter: 1 for one in (base, exponent) for letter, count in repeats(one).items() if count == 1}
        case ("call", name, arguments):
            found = {letter: 1 for argument in arguments for letter, count in repeats(argument).items() if count == 1}
            if name == "logsumexp" and found:
                found.pop(list(found)[-1])
            return found
        case ("number" | "string" | "literal" | "entry", *_):
            return {}
    total: dict[str, int] = {}
    for operand in tree[1:]:
        for letter, count in repeats(operand).items():
            total[letter] = total.get(letter, 0) + count
    return total


# -- derivatives -------------------------------------------------------------------------

STEP = 1e-30


def complex_step(meaning: Meaning, source: str, name: str, left_sizes: dict[str, int] | None = None) -> Any:
    """∂source/∂name, axes of the value first: exact to rounding for what complex numbers go through."""
    parts = parse(source)
    point = np.asarray(meaning.values[name], dtype=float)
    columns = []
    for place in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[place] += 1j * STEP
        there = Meaning({**meaning.values, name: moved}, meaning.sizes)
        columns.append(np.imag(there.of_parsed(parts, left_sizes)) / STEP)
    stacked = np.stack(columns, -1) if columns else np.zeros((0,))
    return stacked.reshape((*stacked.shape[:-1], *point.shape))


def central(function: Any, point: Any, step: float = 1e-4) -> Any:
    """∂function/∂point by a five-point central difference."""
    point = np.asarray(point, dtype=float)
    columns = []
    for place in np.ndindex(point.shape):
        def at(distance: float, place: tuple[int, ...] = place) -> Any:
            moved = point.copy()
            moved[place] += distance
            return function(moved)

        columns.append((8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step))
    stacked = np.stack(columns, -1)
    return stacked.reshape((*stacked.shape[:-1], *point.shape))


def second(meaning: Meaning, source: str, first: str, then: str, left_sizes: dict[str, int] | None = None) -> Any:
    """∂²source/∂first∂then: central differences of complex-step derivatives."""
    def slope(moved: Any) -> Any:
        return complex_step(Meaning({**meaning.values, then: moved}, meaning.sizes), source, first, left_sizes)

    return central(slope, meaning.values[then])
