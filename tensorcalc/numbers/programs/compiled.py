"""Expressions as functions of arrays: generated NumPy code, made once for each set of shapes.

Knows programs and their text, and runs what it shows: :attr:`Compiled.code` is the very
module that computes.  The only module of the package that executes text, and that text
is generated: names of users enter it as Python identifiers or quoted, and nothing else does.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from keyword import iskeyword
from math import prod
from numbers import Integral
from operator import attrgetter
from typing import Any, NamedTuple

from ...algebra.expr import Apply, Delta, Expr, Variable
from ...algebra.traverse import postorder
from ...errors import RequestError, TensorCalcError
from ...sizes import symbols
from ..backends import numpy
from ..code.arraycode import Writer
from ..code.arraytext import Code
from ..code.codegen import helpers, imports
from ..code.dialects import dialect
from ..code.printed import source
from ..code.signature import Signature, words
from ..evaluate import keywords
from ..inputs import read, sized, unknown
from ..plans.derivatives import derivative_for_evaluation
from ..plans.plan import nominal_sizes, plans
from .program import Program
from .selection import selected

Array = Any

_SERIAL = count()
_KIND = attrgetter("__class__", "shape", "dtype")   # other classes of arrays multiply in other ways


class Origin(NamedTuple):
    """What an expression is the derivative of, and by which variables, one after the other."""

    of: Expr
    by: tuple[Variable, ...]


class Compiled:
    """A function of named arrays that computes one expression, or several that share their work.

    Called with an array for each variable by name; further names are ignored.  Arrays
    of ``float32`` give ``float32`` if all of them are; everything else is computed as ``float64``.
    ``out`` is an array for the result, which may not overlap with an argument.  Calls from
    several threads at once are safe, and so is pickling.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> product = Compiled([einsum([(A, "ij"), (x, "j")], "i")])
    >>> product(A=[[1, 2], [3, 4]], x=[1, -1])
    array([-1., -1.])
    >>> print(product.code)
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def derivative(*, A, x, **_):
        return A @ x
    <BLANKLINE>
    """

    __slots__ = ("_cache", "_into", "_names", "_symbols", "code", "declared", "exprs", "facts", "groups", "origins",
                 "several")

    def __init__(self, exprs: Sequence[Expr], groups: Sequence[Sequence[int] | None] = (), *, several: bool = False,
                 declared: Iterable[Variable] = (), origins: Sequence[Origin | None] = (),
                 facts: Mapping[str, Collection[str]] | None = None) -> None:
        self.origins, self.facts = tuple(origins) or (None,) * len(exprs), dict(facts or {})
        self.exprs, self.groups, self.several = tuple(exprs), tuple(groups) or (None,) * len(exprs), several
        order = postorder(*self.exprs)
        occurring = {node.name: node for node in order if isinstance(node, Variable)}
        self.declared = tuple(variable for variable in declared if variable.name not in occurring)
        self._names = tuple(sorted(occurring))
        hidden = hidden_sizes(self.exprs)
        # Where no array is computed with, those that are passed all the same have the precision of the result.
        showing = {variable.name for variable in self.declared if not occurring or hidden & set(variable.shape)}
        self._symbols = (*sorted(showing), *sorted(hidden))
        self._cache: dict[object, Callable[..., Any]] = {}   # functions by shapes, and those that fill ``out``
        self._into: dict[object, Callable[..., Any]] = {}
        self.code = ""
        if self._names and is_plain(self._names) and not self._symbols and not any(map(is_given, order)):
            self.__class__ = _quick(self)

    def __call__(self, **values: Any) -> Any:
        """The value, or the tuple of values.

        Raises
        ------
        RequestError: TC511 to TC513 for what is missing or no array of numbers.
        ShapeError: TC111, TC112 for arrays that do not fit.
        """
        return self.general(values)

    def general(self, values: dict[str, Any]) -> Any:
        """The value for whatever the user passes."""
        try:
            key: tuple[Any, ...] = tuple([part for name in self._names for part in _KIND(values[name])])
            if self._symbols:
                key += tuple([_size(values.get(name)) for name in self._symbols])
            run = (self._into if "out" in values and "out" not in self._names else self._cache)[key]
        except (KeyError, AttributeError, TypeError):
            run, values = self._specialised(values)
        return run(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.exprs, self.groups, self.several, self.declared, self.origins, self.facts)

    def _specialised(self, values: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The function for the shapes of ``values``, and these as arrays."""
        np, fills = numpy(), "out" in values and "out" not in self._names
        if fills and (self.several or not self.exprs[0].shape):
            raise RequestError("TC519", "out is for one tensor of order one or more", field="values")
        variables = [node for node in postorder(*self.exprs) if isinstance(node, Variable)]
        shown = [variable for variable in self.declared if variable.name in values]
        insist_on_functions(self.exprs, values)
        sizes_alone = {*self._symbols} - {variable.name for variable in self.declared}
        given: Mapping[str, Any] = {name: value for name, value in values.items() if name not in self._names
                                    and (isinstance(value, Integral) or name in sizes_alone)}
        _, sizes = read([*variables, *shown], values, given)
        for node in postorder(*self.exprs):
            for symbol in unknown(node, sizes):
                raise RequestError("TC513", f"no array shows the size {symbol}", field="sizes",
                                   help=f"give the size by its name: {symbol}=…")
        arrays = {name: np.asarray(values[name]) for name in self._names}
        for name, array in arrays.items():
            if array.dtype.kind == "c":
                raise RequestError("TC512", f"the value of {name} is complex", field="values",
                                   facts=["compiled functions compute with real numbers"],
                                   help="call the tensor itself, which takes complex numbers too")
        others = {variable.name: np.asarray(values[variable.name]) for variable in shown}
        precisions = {array.dtype for array in (arrays or others).values()}
        single = precisions == {np.dtype(np.float32)}
        dtype = np.dtype(np.float32 if single else np.float64)
        arrays = {name: np.asarray(array, dtype=dtype) for name, array in arrays.items()} | others
        rest = [_size(arrays.get(name, values.get(name))) for name in self._symbols]
        key = (*[part for name in self._names for part in _KIND(arrays[name])], *rest)
        cache = self._into if fills else self._cache
        if key not in cache:
            exprs = [cheapest(expr, origin, self.facts, sizes) for expr, origin in zip(self.exprs, self.origins)]
            self.code = module(exprs, self.groups, sizes, several=self.several, single=single, fills=fills)
            run = executed(self.code)
            cache[key] = _filling(run, self.exprs[0], self.groups[0], sizes) if fills else run
        own = [values[name] for name in self._names]
        if all([(type(one) is np.ndarray or isinstance(one, np.number)) and one.dtype == dtype for one in own]):
            cache[(*[part for one in own for part in _KIND(one)], *rest)] = cache[key]   # numbers of NumPy serve as they are
        return cache[key], {**values, **{name: arrays[name] for name in self._names}}


def _size(given: Any) -> object:
    """What tells sizes apart: a number itself, whatever its class, and the shape and the precision of an array."""
    return int(given) if isinstance(given, Integral) else (given.shape, given.dtype) if hasattr(given, "dtype") else given


def _filling(run: Callable[..., Any], expr: Expr, groups: Sequence[int] | None, sizes: Mapping[str, int]) -> Callable[..., Any]:
    """A function that fills ``out``, once that is an array for the very result: NumPy would repeat it in a larger one."""
    dims = iter(sized(expr.shape, sizes))
    shape = tuple([prod([next(dims) for _ in range(count)]) for count in groups or (1,) * expr.rank])

    def fill(*, out: Any, **values: Any) -> Any:
        insist_on_memory(out, shape)
        return run(out=out, **values)

    return fill


def insist_on_memory(out: Any, shape: tuple[int, ...]) -> None:
    """What the user gives for a result is an array for it.

    Raises
    ------
    RequestError: TC519 where it is not.
    """
    given = isinstance(out, numpy().ndarray)
    if not given or out.shape != shape or out.dtype.kind != "f":
        has = f"{' x '.join(map(str, out.shape))} of {out.dtype}" if given else "none"
        raise RequestError("TC519", "out is no array for the result", field="values",
                           facts=[f"the result is {' x '.join(map(str, shape))} of floating-point numbers, out is {has}"])


_TAKEN = ("out", "others", "cache", "into", "general", "direct")


def _quick(one: Compiled) -> type[Compiled]:
    """A class whose call knows the names of its arguments: looking them up one by one takes longer than a small product.

    Python looks for ``__call__`` in the class and not in the object, so each object has a class of its own.
    """
    names = one._names
    kinds = ", ".join(f"{name}.__class__, {name}.shape, {name}.dtype" for name in names)
    values = ", ".join(f"{name}={name}" for name in names)
    text = f"""
def call(*, {', '.join(f'{name}=None' for name in names)}, out=None, **others):
    try:
        run = (cache if out is None else into)[{kinds}]
    except (AttributeError, KeyError, TypeError):
        return general({values}, out=out, **others)
    return run({values}) if out is None else run({values}, out=out)
"""
    def general(**values: Any) -> Any:
        return one.general({name: value for name, value in values.items() if value is not None})

    return calling(Compiled, text, {"cache": one._cache, "into": one._into, "general": general})


def calling(base: type, text: str, names: Mapping[str, Any]) -> type:
    """A class like ``base`` whose call is the function ``call`` of a text that knows ``names``."""
    call = executed(text, "call", names)
    return type(base.__name__, (base,), {"__slots__": (), "__call__": staticmethod(call), "__doc__": base.__doc__,
                                         "__module__": base.__module__})


def is_plain(names: Iterable[str]) -> bool:
    """Whether all names can be those of arguments in a text."""
    return all([name.isidentifier() and not iskeyword(name) and name not in _TAKEN for name in names])


def _restored(exprs: Sequence[Expr], groups: Sequence[Sequence[int] | None], several: bool, declared: Sequence[Variable],
              origins: Sequence[Origin | None], facts: Mapping[str, Collection[str]]) -> Compiled:
    return Compiled(exprs, groups, several=several, declared=declared, origins=origins, facts=facts)


def cheapest(expr: Expr, origin: Origin | None, facts: Mapping[str, Collection[str]], sizes: Mapping[str, int]) -> Expr:
    """``expr``, or the same derivative put together in another order, whichever costs less."""
    if origin is None:
        return expr
    try:
        found = derivative_for_evaluation(origin.of, origin.by, sizes, facts, shown=expr)
    except TensorCalcError:   # elimination has bounds of its own
        return expr
    return found if _variables(found) <= _variables(expr) else expr   # the function has the arguments of what is shown


def _variables(expr: Expr) -> set[Expr]:
    return {node for node in postorder(expr) if isinstance(node, Variable)}


def executed(code: str, name: str = "derivative", names: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The function ``name`` of a generated module that knows ``names``; tracebacks show its lines."""
    filename = f"<tensorcalc {next(_SERIAL)}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": filename, **(names or {})}
    exec(compile(code, filename, "exec"), namespace)  # noqa: S102  (generated text, never that of a user)
    found: Callable[..., Any] = namespace[name]
    return found


def module(exprs: Sequence[Expr], groups: Sequence[Sequence[int] | None], sizes: Mapping[str, int], *,
           several: bool = False, single: bool = False, fills: bool = False, name: str = "derivative") -> str:
    """The text of a NumPy module that computes ``exprs`` at the given ``sizes``."""
    known = {**nominal_sizes(exprs), **sizes}
    library = replace(dialect("numpy"), like=", dtype=np.float32" if single else "")
    roots = selected(plans(exprs, known), known)
    order = postorder(*roots)
    signature = Signature(
        {node.name: node for node in order if isinstance(node, Variable)}.values(),
        {word for node in order if isinstance(node, Apply) for word in keywords(node.function)},
        (), (name, "out", *library.reserved))
    literal = {symbol: str(known[symbol]) for node in order for dim in _dims(node) for symbol in symbols(dim)}
    writer = Writer(library, {**signature.variables, **signature.callables}, literal)
    program = Program(roots, writer, {node: sized(node.shape, known) for node in order}, signature.taken)
    results = program.run()
    body = program.body
    texts = [_merged(writer, code, root, own) for code, root, own in zip(results, roots, groups)]
    if fills:
        _fill(program, texts[0])
    else:
        body.append(f"return {', '.join(texts)}{',' * (several and len(texts) == 1)}")
        _tail(program, texts)
    if program.overflows:
        body = ['with np.errstate(over="ignore"):', *["    " + line for line in body]]
    function = "\n    ".join([*_head(name, signature, fills), *body])
    sources = [source(library.kernels, helper) for helper in helpers(library, words(function, *program.constants))]
    constants = ["\n".join(program.constants)] * bool(program.constants)
    return "\n\n\n".join([imports(library, words(function, *sources)), *sources, *constants, function]) + "\n"


def _merged(writer: Writer, code: Code, root: Expr, groups: Sequence[int] | None) -> str:
    """The text of a result."""
    return code.text if groups is None else writer.merge(code, root.shape, groups)


def _fill(program: Program, text: str) -> None:
    """The last statements: the result is made in ``out`` where that is possible, else copied there."""
    birth = program.births.get(text)
    if birth is None or not birth.into:
        program.body.append(f"return np.positive({text}, out=out)")
    else:
        program.body[birth.line] = f"{text} = {birth.into}"
        program.body.append(f"return {text}")


def _tail(program: Program, texts: Sequence[str]) -> None:
    """A result that the last statement makes is returned as it is made."""
    text, *others = texts
    birth = program.births.get(text)
    if not others and birth is not None and birth.line == len(program.body) - 2:
        program.body[-2:] = ["return " + program.body[birth.line].partition(" = ")[2]]


def _head(name: str, signature: Signature, fills: bool) -> list[str]:
    """The first lines: what the user calls by a name that Python has taken is read from ``others``."""
    given = {**signature.variables, **signature.callables}
    parameters = [local for known, local in given.items() if local == known]
    renamed = [f'{local} = others["{known}"]' for known, local in given.items() if local != known]
    options = ["out"] * fills + ["**others" if renamed else "**_"]
    return [f"def {name}({', '.join(['*'] * bool(parameters) + parameters + options)}):", *renamed]


def hidden_sizes(exprs: Sequence[Expr]) -> set[str]:
    """The sizes that no array shows which the expressions need."""
    order = postorder(*exprs)
    shown = {dim for node in order if isinstance(node, Variable) for dim in node.shape}
    return {symbol for node in order for dim in _dims(node) for symbol in symbols(dim)} - shown


def insist_on_functions(exprs: Sequence[Expr], values: Mapping[str, Any]) -> None:
    """What the user passes as functions is there."""
    for node in postorder(*exprs):
        for name in keywords(node.function) if isinstance(node, Apply) else ():
            if not callable(values.get(name)):
                raise RequestError("TC511", f"no value for {name}", field="values", help=f"pass {name} as a function of arrays")


def is_given(node: Expr) -> bool:
    """Whether a node is a function that the user passes."""
    return isinstance(node, Apply) and bool(keywords(node.function))


def _dims(node: Expr) -> tuple[int | str, ...]:
    return (*node.shape, node.dim) if isinstance(node, Delta) else node.shape
