"""Expressions as functions of JAX arrays or PyTorch tensors, in the cheapest order at the sizes of each call.

Knows the generated modules of :mod:`tensorcalc.numbers.code.codegen`, and runs what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from ...algebra.expr import Delta, Expr, Variable
from ...algebra.traverse import postorder
from ...errors import RequestError
from ...sizes import symbols, value
from ..backends import jax_itself, pytorch
from ..code.codegen import module_code
from ..inputs import insist_on_shapes, whole
from .compiled import Origin, calling, cheapest, executed, hidden_sizes, insist_on_functions, is_given, is_plain


class Translated:
    """A function of named arrays of one library; with JAX it is compiled, and may stand inside what JAX compiles.

    Further names are ignored.  The order of operations is chosen for the sizes of the first call with
    arrays of some shapes, and kept.  ``code`` holds the modules of the last choice, one for each expression.

    Examples
    --------
    >>> from tensorcalc.algebra.build import einsum, variable
    >>> A, x = variable("A", "m", "n"), variable("x", "n")
    >>> product = Translated([einsum([(A, "ij"), (x, "j")], "i")], [None], "jax")
    >>> product.library
    'jax'
    """

    __slots__ = ("_cache", "_names", "code", "declared", "exprs", "facts", "groups", "library", "origins", "several")

    def __init__(self, exprs: Sequence[Expr], groups: Sequence[Sequence[int] | None], library: str, *, several: bool = False,
                 declared: Iterable[Variable] = (), origins: Sequence[Origin | None] = (),
                 facts: Mapping[str, Collection[str]] | None = None) -> None:
        self.exprs, self.groups, self.library, self.several = tuple(exprs), tuple(groups), library, several
        self.origins, self.facts = tuple(origins) or (None,) * len(exprs), dict(facts or {})
        occurring = {node.name: node for node in postorder(*self.exprs) if isinstance(node, Variable)}
        self.declared = {variable.name: variable for variable in declared} | occurring
        self._names = tuple(sorted(occurring))
        self._cache: dict[object, Callable[..., Any]] = {}
        self.code: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.exprs, self.groups, self.library, self.several, tuple(self.declared.values()), self.origins,
                           self.facts)

    def __call__(self, **values: Any) -> Any:
        """The value, or the tuple of values.

        Raises
        ------
        RequestError: TC511 without a value for a variable, TC512 for a size that is no whole number, TC513 without one.
        ShapeError: TC111, TC112 for arrays that do not fit.
        UnsupportedError: TC310 where the library is not installed.
        """
        key = tuple([(name, self._kind(name, one)) for name, one in values.items()])
        run = self._cache.get(key)
        if run is None:
            run = self._cache[key] = self._made(values)
        return run(**values)

    def _kind(self, name: str, one: Any) -> object:
        """What the code depends on: the shape of an array, a size, the very function that the user passes."""
        if callable(one) or (name not in self.declared and isinstance(one, Integral)):
            return one
        return getattr(one, "shape", ())

    def _made(self, values: Mapping[str, Any]) -> Callable[..., Any]:
        """The function for values like these."""
        for name in self._names:
            if name not in values:
                raise _missing(name)
        insist_on_functions(self.exprs, values)
        hidden = hidden_sizes(self.exprs)
        alone_sizes = hidden - self.declared.keys()
        values = {name: whole(name, one) if name in alone_sizes else one for name, one in values.items()}
        alone = not hidden and not any(map(is_given, postorder(*self.exprs)))
        plain = alone and bool(self._names) and is_plain(self._names)
        if self.library != "jax":
            pytorch()   # an error that says what to install
            if plain:
                self.__class__ = _by_shapes(self)
                return self
            return self._module(values)
        jit = jax_itself().jit
        if alone:
            direct = jit(self._traced)
            if plain:
                self.__class__ = _direct(self, direct)
            return lambda **given: direct(*[given[name] for name in self._names])
        known = {name: one for name, one in values.items() if callable(one)}
        run = self._module(values)
        jitted = jit(lambda arrays: run(**arrays, **known))
        return lambda **given: jitted({name: given[name] for name in self._names})

    def _traced(self, *arrays: Any) -> Any:
        """What JAX compiles: it asks once for arrays of some shapes."""
        values = dict(zip(self._names, arrays))
        return self._module(values)(**values)

    def _module(self, values: Mapping[str, Any]) -> Callable[..., Any]:
        """The function of generated modules, for the sizes that values show."""
        sizes = {name: int(one) for name, one in values.items() if name not in self.declared and isinstance(one, Integral)}
        insist_on_shapes([variable for name, variable in self.declared.items() if name in values], values, sizes)
        for name, variable in self.declared.items():
            shape = getattr(values.get(name), "shape", None)
            if shape is not None and not variable.groups:
                sizes |= {dim: size for dim, size in zip(variable.shape, shape) if isinstance(dim, str) and dim.isidentifier()}
        exprs = [self._ordered(expr, origin, sizes) for expr, origin in zip(self.exprs, self.origins)]
        self.code = tuple([module_code(expr, self.library, groups=own, sizes=sizes) for expr, own in zip(exprs, self.groups)])
        functions = [executed(code) for code in self.code]
        fixed = {name: size for name, size in sizes.items() if any(_needs(expr, name) for expr in exprs)}
        for function in functions:
            _insist_on_all(function, values.keys() | fixed.keys())

        if len(functions) == 1 and not fixed and not self.several:
            return functions[0]

        def together(**given: Any) -> Any:
            arrays = {name: one for name, one in given.items() if name not in fixed}
            found = tuple([function(**arrays, **fixed) for function in functions])
            return found if self.several else found[0]

        return together

    def _ordered(self, expr: Expr, origin: Origin | None, sizes: Mapping[str, int]) -> Expr:
        """The cheapest form where all sizes are known."""
        try:
            for node in postorder(expr):
                for dim in node.shape:
                    value(dim, sizes)
        except KeyError:
            return expr
        return cheapest(expr, origin, self.facts, sizes)


def _direct(one: Translated, direct: Callable[..., Any]) -> type[Translated]:
    """A class whose call passes arrays on to what JAX compiles, and keeps, by their shapes."""
    names = one._names
    text = f"""
def call(*, {_each("{0}=None", names)}, **others):
    if {' or '.join([f'{name} is None' for name in names])}:
        general({_each("{0}={0}", names)})
    return direct({', '.join(names)})
"""
    def general(**values: Any) -> None:
        raise _missing(next(name for name in names if values[name] is None))

    return calling(Translated, text, {"direct": direct, "general": general})


def _by_shapes(one: Translated) -> type[Translated]:
    """A class whose call looks up its function by the shapes of tensors; without them the one way for all."""
    names, cache = one._names, one._cache
    text = f"""
def call(*, {_each("{0}=None", names)}, **others):
    try:
        run = cache[{_each("{0}.shape", names)},]
    except (AttributeError, KeyError):
        run = general({_each("{0}={0}", names)})
    return run({_each("{0}={0}", names)})
"""
    def general(**values: Any) -> Callable[..., Any]:
        missing = [name for name in names if values[name] is None]
        if missing:
            raise _missing(missing[0])
        key = tuple([getattr(values[name], "shape", ()) for name in names])
        if key not in cache:
            cache[key] = one._module(values)
        return cache[key]

    return calling(Translated, text, {"cache": cache, "general": general})


def _each(template: str, names: Sequence[str]) -> str:
    return ", ".join([template.format(name) for name in names])


def _insist_on_all(function: Callable[..., Any], given: Collection[str]) -> None:
    """A size that no array shows is given by its name."""
    code, optional = function.__code__, function.__kwdefaults__ or {}
    for name in code.co_varnames[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]:
        if name not in given and name not in optional:
            raise RequestError("TC513", f"no array shows the size {name}", field="sizes",
                               help=f"give the size by its name: {name}=…")


def _missing(name: str) -> RequestError:
    return RequestError("TC511", f"no value for {name}", field="values")


def _restored(exprs: Sequence[Expr], groups: Sequence[Sequence[int] | None], library: str, several: bool,
              declared: Sequence[Variable], origins: Sequence[Origin | None],
              facts: Mapping[str, Collection[str]]) -> Translated:
    return Translated(exprs, groups, library, several=several, declared=declared, origins=origins, facts=facts)


def _needs(expr: Expr, symbol: str) -> bool:
    return any(symbol in symbols(dim) for node in postorder(expr)
               for dim in ((node.dim,) if isinstance(node, Delta) else node.shape))
