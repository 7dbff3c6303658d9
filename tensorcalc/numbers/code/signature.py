"""The head of a generated function: names, parameters, and sizes read off arrays.

Knows variables and sizes, and nothing of what the function computes.  Parameters
have the names of the user; what Python or the module has taken (``lambda``,
``np``) is read from ``**others`` and called ``lambda_`` inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from keyword import iskeyword
from unicodedata import normalize

from ...algebra.expr import Variable
from ...sizes import Polynomial, Shape, polynomial, symbols
from .dialects import Dialect

_WIDEST = 84   # of a generated line, without its indentation
_WORD = re.compile(r'"[^"]*"|(?<![\w.])[^\W\d]\w*')


def words(*texts: str) -> set[str]:
    """The names in program text; neither attributes nor what is quoted.

    Examples
    --------
    >>> sorted(words('n * np.einsum("ij->ji", A.T)'))
    ['A', 'n', 'np']
    """
    return {word for text in texts for word in _WORD.findall(text) if not word.startswith('"')}


class Signature:
    """The names of one generated function.

    ``variables``, ``callables`` and ``symbols`` give the local name of what the user
    calls by another or the same name; ``taken`` are all names in use.
    """

    def __init__(self, variables: Iterable[Variable], callables: Iterable[str], symbols: Iterable[str],
                 taken: Iterable[str]) -> None:
        self.arguments = sorted(variables, key=lambda variable: variable.name)
        self.taken = set(taken)
        self.variables = {variable.name: self._local(variable.name) for variable in self.arguments}
        self.callables = {name: self._local(name) for name in sorted(callables)}
        self.symbols = {symbol: self._local(symbol) for symbol in sorted(symbols)}

    def _local(self, name: str) -> str:
        """A name for use inside the function: ``name`` itself where that is possible."""
        local = re.sub(r"\W", "_", normalize("NFKC", name))
        local = local if local.isidentifier() else f"_{local}"
        while local in self.taken or iskeyword(local):
            local += "_"
        self.taken.add(local)
        return local

    def fresh(self, start: int) -> str:
        """A name for an intermediate result: ``T0``, ``T1``, …, from ``start`` on."""
        while f"T{start}" in self.taken:
            start += 1
        self.taken.add(f"T{start}")
        return f"T{start}"

    @property
    def example(self) -> str:
        """The local name of a variable from which new arrays take their type: the first that is no number."""
        return self.variables[min(self.arguments, key=lambda variable: variable.rank == 0).name]

    def head(self, name: str, body: Sequence[str], dialect: Dialect) -> list[str]:
        """The lines before ``body``: the parameters that it needs, arrays and sizes."""
        parameters: list[str] = []
        arrays: dict[str, str] = {}
        lines: list[str] = []
        for given, local in {**self.variables, **self.callables}.items():
            if local == given:
                parameters.append(given)
            source = local if local == given else f'others["{given}"]'
            if given in self.variables:
                arrays[local] = source
            elif local != given:
                lines.append(f"{local} = {source}")
        lines = [*_arguments(arrays, dialect), *lines]
        if "like" in words(*body):
            lines.append(dialect.setting)
        optional = []
        for symbol, reading in self._sizes(body).items():
            local = self.symbols[symbol]
            hidden = symbol in self.variables or symbol in self.callables   # the user's name means something else
            if local != symbol and not hidden:
                lines.append(f'{local} = others["{symbol}"]' if reading is None
                             else f'{local} = others.get("{symbol}") or {reading}')
            elif reading is None:
                parameters.append(local)
            elif hidden:
                lines.append(f"{local} = {reading}")
            else:
                optional.append(f"{local}=None")
                lines.append(f"{local} = {reading} if {local} is None else {local}")
        rest = "**others" if "others" in words(*lines) else "**_"
        named = ", ".join([*parameters, *optional])
        first = f"def {name}(*, {named}, {rest}):" if named else f"def {name}({rest}):"
        return [first, *["    " + line for line in lines]]

    def _sizes(self, body: Iterable[str]) -> dict[str, str | None]:
        """Each symbol that ``body`` needs and the text that reads it off an array, in the order of reading."""
        used = words(*body)
        readings = _readings(self.arguments, self.variables, self.symbols)
        for symbol in reversed(readings):
            if self.symbols[symbol] in used:
                used |= words(readings[symbol])
        needed = [symbol for symbol, local in self.symbols.items() if local in used]
        order = [*[symbol for symbol in readings if symbol in needed], *[s for s in needed if s not in readings]]
        return {symbol: readings.get(symbol) for symbol in order}


def _arguments(arrays: Mapping[str, str], dialect: Dialect) -> list[str]:
    """The lines that make arrays of what is passed: by a function of the module, of all in one line."""
    function = dialect.write("argument", "")[:-2]
    if function in dialect.helpers and len(arrays) > 1:
        line = f"{', '.join(arrays)} = map({function}, ({', '.join(arrays.values())}))"
        if len(line) <= _WIDEST:
            return [line]
    return [f"{local} = {dialect.write('argument', source)}" for local, source in arrays.items()]


def _readings(variables: Sequence[Variable], names: dict[str, str], local: dict[str, str]) -> dict[str, str]:
    """How each symbol that an array shows is read off it, each after those that its reading needs."""
    axes: list[tuple[str, Shape]] = []
    for variable in variables:
        dims = iter(variable.shape)
        for axis, count in enumerate(variable.groups or (1,) * variable.rank):
            axes.append((f"{names[variable.name]}.shape[{axis}]", tuple([next(dims) for _ in range(count)])))
    found: dict[str, str] = {}
    for text, (first, *rest) in axes:
        if not rest and first in local:
            found.setdefault(str(first), text)
    count = -1
    while count != len(found):
        count = len(found)
        for text, group in axes:
            unknown = {symbol for dim in group for symbol in symbols(dim)} - found.keys()
            if len(unknown) == 1:
                symbol = unknown.pop()
                reading = _solution(text, group, symbol, local)
                if reading is not None:
                    found[symbol] = reading
    return found


def _solution(size: str, dims: Shape, symbol: str, local: dict[str, str]) -> str | None:
    """The text that solves "``dims`` make ``size`` entries" for ``symbol``."""
    if len(dims) == 1:
        if dims[0] == f"{symbol}*({symbol}+1)/2":
            return f"(round((8 * {size} + 1) ** 0.5) - 1) // 2"
        return _linear(size, polynomial(dims[0]), symbol, local)
    if set(dims) == {symbol}:
        return f"round({size} ** (1 / {len(dims)}))"
    others = [local.get(dim, "") if isinstance(dim, str) else str(dim) for dim in dims if dim != symbol]
    if len(others) < len(dims) - 1 or not all(others):
        return None
    return f"{size} // {others[0]}" if len(others) == 1 else f"{size} // ({' * '.join(others)})"


def _linear(size: str, poly: Polynomial, symbol: str, local: dict[str, str]) -> str | None:
    """The text that solves ``poly = size`` where ``symbol`` occurs once and alone."""
    rest = {monomial: weight for monomial, weight in poly.items() if symbol not in monomial}
    if len(poly) != len(rest) + 1 or (symbol,) not in poly or any(weight.denominator > 1 for weight in poly.values()):
        return None
    text = size
    for monomial, weight in rest.items():
        factors = [str(abs(weight))] * (abs(weight) != 1 or not monomial) + [local[name] for name in monomial]
        text += f" {'-' if weight > 0 else '+'} {' * '.join(factors)}"
    return text if poly[symbol,] == 1 else f"({text}) // {poly[symbol,]}"
