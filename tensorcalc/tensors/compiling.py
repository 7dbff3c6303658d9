"""Tensors as functions of arrays.

Knows :class:`tensorcalc.tensors.tensor.Tensor`; the code is made in ``numbers/programs/compiled.py``.
"""

from __future__ import annotations

from collections.abc import Collection

from ..numbers.programs.compiled import Compiled
from ..numbers.programs.many import AtPoints
from ..numbers.programs.translated import Translated
from .tensor import Tensor, at_points, compiled


def compile(*tensors: Tensor, library: str = "numpy", batch: Collection[str] = ()) -> Compiled | Translated | AtPoints:
    """The function of named arrays that computes tensors: an array, or a tuple of arrays that share their work.

    ``library`` is ``"numpy"``, ``"jax"`` (the function is jitted) or ``"torch"``.  The code is made
    at the first call with arrays of some shapes, and kept; ``code`` is what ran last.

    ``batch`` names variables that have one axis more in front, that of many points: formulas of small
    tensors, of matrices up to 4 x 4, are computed entry by entry then, all points at once.

    Examples
    --------
    >>> import numpy as np
    >>> import tensorcalc as tc
    >>> A, x, b = tc.tensor("A", "m", "n"), tc.tensor("x", "n"), tc.tensor("b", "m")
    >>> loss = (A @ x - b) @ (A @ x - b)
    >>> run = tc.compile(loss, loss.gradient(x))
    >>> value, gradient = run(A=[[1, 0], [0, 2]], x=[1, 1], b=[0, 0])
    >>> print(value, gradient)
    5.0 [2. 8.]
    >>> F = tc.tensor("F", 3, 3)
    >>> tc.compile(tc.fn.det(F).gradient(F), batch=["F"])(F=2 * np.eye(3)[None]).round(12).tolist()
    [[[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]]

    Raises
    ------
    RequestError: TC508 for another library, TC519 for what is no tensor.
    """
    if batch:
        return at_points(list(tensors), [batch] if isinstance(batch, str) else batch, library, several=len(tensors) != 1)
    return compiled(list(tensors), library, several=len(tensors) != 1)
