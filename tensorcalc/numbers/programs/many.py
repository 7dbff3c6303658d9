"""Expressions at many points as functions of arrays, one for each library.

Knows the modules of :mod:`tensorcalc.numbers.points.componentwise`, and runs what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ...algebra.expr import Expr, Variable
from ...algebra.traverse import postorder
from ...errors import RequestError
from ..backends import jax_itself, numpy
from ..inputs import insist_on_shapes, read
from ..points.componentwise import component_code
from .compiled import executed, insist_on_memory


class AtPoints:
    """A function that computes formulas for one point at many: the variables in ``batch`` have an axis of points in front.

    With NumPy it takes ``out`` and ``threads``; with JAX it is jitted.  ``code`` is the module that runs.

    Examples
    --------
    >>> import numpy as np
    >>> from tensorcalc.algebra.build import apply, variable
    >>> from tensorcalc.functions import TABLE
    >>> determinants = AtPoints([apply(TABLE["det"], variable("F", 2, 2))], ["F"])
    >>> determinants(F=np.array([[[1.0, 2.0], [3.0, 4.0]], [[2.0, 0.0], [0.0, 2.0]]]))
    array([-2.,  4.])

    Raises
    ------
    UnsupportedError: TC312 where sizes are no small numbers, or a function has no form entry by entry.
    """

    __slots__ = ("_run", "_variables", "batch", "code", "exprs", "library", "several")

    def __init__(self, exprs: Sequence[Expr], batch: Collection[str], library: str = "numpy", *, several: bool = False) -> None:
        self.exprs, self.batch, self.library, self.several = tuple(exprs), tuple(batch), library, several
        self.code = component_code(self.exprs if several else self.exprs[0], self.batch, library=library)
        occurring = [node for node in postorder(*self.exprs) if isinstance(node, Variable)]
        self._variables = [Variable(("points",) * (one.name in self.batch) + one.shape, one.name) for one in occurring]
        run = executed(self.code)
        self._run: Callable[..., Any] = jax_itself().jit(run) if library == "jax" else run

    def __call__(self, **values: Any) -> Any:
        """The values at all points, the axis of points in front; a tuple for several formulas.

        Raises
        ------
        RequestError: TC511 and TC512 for what is missing or no array of real numbers, TC519 for an ``out`` that does not fit.
        ShapeError: TC111, TC112 for arrays that do not fit.
        """
        if not self._fit(values):
            values = {**values, **self._read(values)}
        if self.library == "numpy":
            self._insist_on_out(values)
        return self._run(**values)

    def _fit(self, values: Mapping[str, Any]) -> bool:
        """Whether all values are arrays that need no second look."""
        np, points = numpy(), None
        for variable in self._variables:
            one = values.get(variable.name)
            if isinstance(one, (float, int)) and not variable.shape:
                continue
            if one is None or self.library == "numpy" and (type(one) is not np.ndarray or one.dtype.kind not in "biuf"):
                return False
            shape = tuple(getattr(one, "shape", (None,)))
            if variable.shape[:1] == ("points",):
                points = shape[:1] if points is None else points
                if not shape or shape[:1] != points or shape[1:] != variable.shape[1:]:
                    return False
            elif shape != variable.shape:
                return False
        return True

    def _read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as arrays, where they fit after all.  Of other libraries only what has no shape is looked into."""
        if self.library == "numpy":
            arrays, _ = read(self._variables, values, {})
            for name, array in arrays.items():
                if array.dtype.kind == "c":
                    raise RequestError("TC512", f"the value of {name} is complex", field="values",
                                       facts=["compiled functions compute with real numbers"])
                own = numpy().asarray(values[name])
                arrays[name] = own if own.dtype.kind in "biuf" else array   # float32 stays what it is
            return arrays
        insist_on_shapes(self._variables, values, {})
        return {}

    def _insist_on_out(self, values: Mapping[str, Any]) -> None:
        """``out`` is an array of floating-point numbers for each result; ``threads`` is a whole number."""
        threads = values.get("threads", 1)
        if isinstance(threads, bool) or not hasattr(threads, "__index__"):
            raise RequestError("TC519", f"threads is a whole number, not {str(threads)[:40]!r}", field="values")
        given = values.get("out")
        if given is None:
            return
        outs = given if self.several else [given]
        if not isinstance(outs, (list, tuple)) or len(outs) != len(self.exprs):
            raise RequestError("TC519", f"out is a list of {len(self.exprs)} arrays, one for each result", field="values")
        points = next(len(values[one.name]) for one in self._variables if one.shape[:1] == ("points",))
        for expr, out in zip(self.exprs, outs):
            if out is not None:
                insist_on_memory(out, (points, *map(int, expr.shape)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.exprs, self.batch, self.library, self.several)


def _restored(exprs: Sequence[Expr], batch: Collection[str], library: str, several: bool) -> AtPoints:
    return AtPoints(exprs, batch, library, several=several)
