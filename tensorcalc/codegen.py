"""From an expression to a NumPy module that computes it.

Knows modules, names and the order of statements; the text of one step is
:mod:`tensorcalc.arraycode`.  The module is complete, straight-line code: it walks
the plan that :mod:`tensorcalc.evaluate` runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from keyword import iskeyword
from textwrap import wrap
from unicodedata import normalize

from . import kernels
from .arraycode import Code, Writer
from .build import ONE
from .evaluate import is_unknown, keyword
from .expr import Apply, Delta, Einsum, Expr, Variable
from .pairwise import is_placement
from .plan import nominal_sizes, plan
from .sizes import Dim, Polynomial, Shape, polynomial, symbols
from .traverse import postorder

WIDTH = 88

_HELPERS = ("sigmoid", "softmax", "logsumexp", "adjugate", "cholesky", "logm", "sqrtm", "each", "blocks", "expm",
            "frechet_expm", "frechet_logm", "frechet_sqrtm", "levi_civita", "duplication", "elimination", "on_diagonal")
_IMPORTS = {"linalg": "from scipy import linalg", "special": "from scipy import special"}
_RESERVED = {"_", "np", "others", "int", "float", "round", "range", "len", *_HELPERS, *_IMPORTS}

_WORD = re.compile(r'"[^"]*"|(?<![\w.])[^\W\d]\w*')
_SIMPLE = re.compile(r"[\w.]+(\.T|\[[^\]]*\])?")


def numpy_code(expr: Expr, *, name: str = "derivative", groups: Sequence[int] | None = None) -> str:
    """A module that defines the function ``name`` of the variables of ``expr``.

    ``groups`` says how many axes of the expression make one axis of the result
    each; without it every axis stays one.

    Examples
    --------
    >>> from tensorcalc.build import einsum, variable
    >>> A, X = variable("A", "m", "n"), variable("X", "n", "p")
    >>> print(numpy_code(einsum([(A, "ij"), (X, "jk")], "ki")))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def derivative(*, A, X, **_):
        A = np.asarray(A, dtype=float)
        X = np.asarray(X, dtype=float)
        return X.T @ A.T
    <BLANKLINE>
    """
    return _Module(expr, name, groups).text()


class _Module:
    """One generated module."""

    def __init__(self, expr: Expr, name: str, groups: Sequence[int] | None) -> None:
        self.expr = plan(expr, nominal_sizes([expr]))
        self.shape, self.groups, self.function = expr.shape, groups, name
        self.order = postorder(self.expr)
        self.variables = sorted({node.name: node for node in self.order if isinstance(node, Variable)}.values(),
                                key=lambda variable: variable.name)
        self.callables = sorted({keyword(node.function) for node in self.order
                                 if isinstance(node, Apply) and is_unknown(node.function)})
        self.dims = sorted({symbol for node in self.order for dim in _dims(node) for symbol in symbols(dim)})
        self.taken = {name, *_RESERVED}
        self.names = {v.name: self._local(v.name) for v in self.variables}
        self.locals = {name: self._local(name) for name in self.callables}
        self.symbols = {symbol: self._local(symbol) for symbol in self.dims}
        self.writer = Writer({**self.names, **self.locals}, self.symbols)
        self.body: list[str] = []

    def _local(self, name: str) -> str:
        """A name for use inside the function: ``name`` itself where that is possible."""
        local = re.sub(r"\W", "_", normalize("NFKC", name))
        local = local if local.isidentifier() else f"_{local}"
        while local in self.taken or iskeyword(local):
            local += "_"
        self.taken.add(local)
        return local

    def text(self) -> str:
        """The whole module."""
        self._write_body()
        sizes = self._sizes()
        function = "\n".join([*self._head(sizes), *[self._line(line) for line in self.body]])
        helpers = _closure(_words(function))
        sources = [kernels.source(helper) for helper in helpers]
        words = _words(function, *sources)
        imports = ["import numpy as np", *[line for word, line in _IMPORTS.items() if word in words]]
        return "\n\n\n".join(["\n".join(imports), *sources, function]) + "\n"

    # -- the statements ------------------------------------------------------------------

    def _write_body(self) -> None:
        """One text for each node of the plan; what is used twice or too long gets a name."""
        left = _uses(self.order, self.expr)
        done: dict[Expr, Code] = {}
        for node in self.order:
            inputs = [done[child] for child in node.children]
            code = self.writer.step(node, inputs)
            while len(code.text) > WIDTH - 11:
                long = max((entry for entry in inputs if not _simple(entry)), key=lambda entry: len(entry.text), default=None)
                if long is None:
                    break
                bound = self._bind(long)
                inputs = [bound if entry is long else entry for entry in inputs]
                code = self.writer.step(node, inputs)
            if left[node] > 1 and not (_simple(code) or isinstance(node, Delta) or node is self.expr):
                code = self._bind(code)
            done[node] = code
        result = self.writer.full(done[self.expr], self.shape)
        text = result.text if self.groups is None else self.writer.merge(result, self.shape, self.groups)
        if not self.shape and not self.variables and not self.callables:
            text = f"np.float64({text})"
        self.body.append(f"return {text}")

    def _bind(self, code: Code) -> Code:
        """Give a text a name of its own."""
        name = next(name for name in (f"T{k}" for k in range(len(self.body), 10**9)) if name not in self.taken)
        self.taken.add(name)
        self.body.append(f"{name} = {code.text}")
        return Code(name, absent=code.absent)

    def _line(self, statement: str) -> str:
        """A statement, indented; broken within brackets where it is too long."""
        if len(statement) <= WIDTH - 4:
            return "    " + statement
        left, right = ("return ", statement[7:]) if statement.startswith("return ") else statement.partition(" = ")[::2]
        lines = wrap(right, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
        left = left if left == "return " else left + " = "
        return "\n".join([f"    {left}(", *["        " + line for line in lines], "    )"])

    # -- names and sizes -----------------------------------------------------------------

    def _sizes(self) -> dict[str, str | None]:
        """Each needed symbol and the text that reads it off an array, in the order of reading."""
        needed = {symbol for symbol in self.dims if self.symbols[symbol] in _words(*self.body)}
        readings = _readings(self.variables, self.names, self.symbols)
        for symbol in reversed(readings):
            if symbol in needed:
                needed |= {other for other in self.dims if self.symbols[other] in _words(readings[symbol])}
        found: dict[str, str | None] = {symbol: text for symbol, text in readings.items() if symbol in needed}
        return {**found, **dict.fromkeys(sorted(needed - found.keys()))}

    def _head(self, sizes: dict[str, str | None]) -> list[str]:
        """The signature, and the statements that read arrays and sizes."""
        parameters, arrays, reads = [], [], []
        variables = {variable.name for variable in self.variables}
        for name, local in {**self.names, **self.locals}.items():
            source = local
            if local == name:
                parameters.append(name)
            else:
                source = f'others["{name}"]'
            if name in variables:
                arrays.append(f"    {local} = np.asarray({source}, dtype=float)")
            elif local != name:
                arrays.append(f"    {local} = {source}")
        optional = []
        for symbol, text in sizes.items():
            local = self.symbols[symbol]
            if symbol != local and symbol not in variables and symbol not in self.callables:
                reads.append(f'    {local} = others["{symbol}"]' if text is None
                             else f'    {local} = others.get("{symbol}") or {text}')
            elif text is None:
                parameters.append(local)
            elif symbol != local:
                reads.append(f"    {local} = {text}")
            else:
                optional.append(f"{local}=None")
                reads.append(f"    {local} = {text} if {local} is None else {local}")
        rest = "**others" if any("others[" in line or "others.get" in line for line in (*arrays, *reads)) else "**_"
        named = [*parameters, *optional]
        return [f"def {self.function}({', '.join(['*', *named] if named else [])}{', ' if named else ''}{rest}):",
                *arrays, *reads]


def _uses(order: Iterable[Expr], root: Expr) -> dict[Expr, int]:
    """How often the text of each node is written; a square writes its base once."""
    count = dict.fromkeys(order, 0)
    count[root] += 1
    for node in count:
        square = isinstance(node, Einsum) and len(node.operands) == 2 and len(set(node.subscripts)) == 1 \
            and node.rank + (node.operands[0].rank > 1) > 0 and not is_placement(node)
        for child in set(node.children) if square else node.children:
            count[child] += 1
    return count


def _simple(code: Code) -> bool:
    """Whether a text may be written twice."""
    return _SIMPLE.fullmatch(code.text) is not None or (code.divisor is not None and _simple(code.divisor))


def _dims(node: Expr) -> Shape:
    return (*node.shape, node.dim) if isinstance(node, Delta) else node.shape


def _words(*texts: str) -> set[str]:
    """The names in program text; neither attributes nor what is quoted."""
    return {word for text in texts for word in _WORD.findall(text) if not word.startswith('"')}


def _closure(words: set[str]) -> list[str]:
    """The helper functions that ``words`` name, and those that these need, each after what it needs."""
    found: dict[str, None] = {}
    pending = [helper for helper in _HELPERS if helper in words]
    while pending:
        helper = pending.pop()
        found.pop(helper, None)
        found[helper] = None
        pending += [other for other in _HELPERS if other in _words(kernels.source(helper)) and other != helper]
    return list(reversed(found))


def _readings(variables: Sequence[Variable], names: dict[str, str], local: dict[str, str]) -> dict[str, str]:
    """How each symbol that an array shows is read off it, each after those that its reading needs."""
    found: dict[str, str] = {}
    pending: list[tuple[str, Shape]] = []
    for variable in variables:
        dims = iter(variable.shape)
        for axis, count in enumerate(variable.groups or (1,) * variable.rank):
            pending.append((f"{names[variable.name]}.shape[{axis}]", tuple([next(dims) for _ in range(count)])))
    for text, dims_ in pending:
        if len(dims_) == 1 and isinstance(dims_[0], str) and dims_[0] in local:
            found.setdefault(dims_[0], text)
    count = -1
    while count != len(found):
        count = len(found)
        for text, dims_ in pending:
            unknown = {symbol for dim in dims_ for symbol in symbols(dim)} - found.keys()
            if len(unknown) == 1:
                reading = _solution(text, dims_, symbol := unknown.pop(), local)
                if reading is not None:
                    found[symbol] = reading
    return found


def _solution(size: str, dims: Shape, symbol: str, local: dict[str, str]) -> str | None:
    """The text that solves "``dims`` make ``size`` entries" for ``symbol``."""
    if set(dims) == {symbol} and len(dims) > 1:
        return f"round({size} ** (1 / {len(dims)}))"
    if len(dims) > 1:
        others = [local.get(dim, "") if isinstance(dim, str) else str(dim) for dim in dims if dim != symbol]
        if len(others) < len(dims) - 1 or not all(others):
            return None
        return f"{size} // {others[0]}" if len(others) == 1 else f"{size} // ({' * '.join(others)})"
    poly = polynomial(dims[0])
    if dims[0] == f"{symbol}*({symbol}+1)/2":
        return f"(round((8 * {size} + 1) ** 0.5) - 1) // 2"
    return _linear(size, poly, symbol, local)


def _linear(size: str, poly: Polynomial, symbol: str, local: dict[str, str]) -> str | None:
    rest = {monomial: weight for monomial, weight in poly.items() if symbol not in monomial}
    if len(poly) != len(rest) + 1 or (symbol,) not in poly or any(weight.denominator > 1 for weight in poly.values()):
        return None
    text = size
    for monomial, weight in rest.items():
        factors = [str(abs(weight))] * (abs(weight) != 1 or not monomial) + [local[name] for name in monomial]
        text += f" {'-' if weight > 0 else '+'} {' * '.join(factors)}"
    return text if poly[symbol,] == 1 else f"({text}) // {poly[symbol,]}"
