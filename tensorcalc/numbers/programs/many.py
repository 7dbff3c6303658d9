"""Expressions at many points as functions of arrays, one for each library.

Knows the modules of :mod:`tensorcalc.numbers.points.componentwise`, and runs what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ...algebra.expr import Expr
from ..backends import jax_itself
from ..points.componentwise import component_code
from .compiled import executed


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

    __slots__ = ("_run", "batch", "code", "exprs", "library", "several")

    def __init__(self, exprs: Sequence[Expr], batch: Collection[str], library: str = "numpy", *, several: bool = False) -> None:
        self.exprs, self.batch, self.library, self.several = tuple(exprs), tuple(batch), library, several
        self.code = component_code(self.exprs if several else self.exprs[0], self.batch, library=library)
        run = executed(self.code)
        self._run: Callable[..., Any] = jax_itself().jit(run) if library == "jax" else run

    def __call__(self, **values: Any) -> Any:
        """The values at all points, the axis of points in front; a tuple for several formulas."""
        return self._run(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.exprs, self.batch, self.library, self.several)


def _restored(exprs: Sequence[Expr], batch: Collection[str], library: str, several: bool) -> AtPoints:
    return AtPoints(exprs, batch, library, several=several)
