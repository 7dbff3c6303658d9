"""Tensors as functions of arrays.

Knows :class:`tensorcalc.tensors.tensor.Tensor`; the code is made in ``numbers/compiled.py``.
"""

from __future__ import annotations

from ..numbers.compiled import Compiled
from ..numbers.translated import Translated
from .tensor import Tensor, compiled


def compile(*tensors: Tensor, library: str = "numpy") -> Compiled | Translated:
    """The function of named arrays that computes tensors: an array, or a tuple of arrays that share their work.

    ``library`` is ``"numpy"``, ``"jax"`` (the function is jitted) or ``"torch"``.  The code is made
    at the first call with arrays of some shapes, and kept; ``code`` is what ran last.

    Examples
    --------
    >>> import tensorcalc as tc
    >>> A, x, b = tc.tensor("A", "m", "n"), tc.tensor("x", "n"), tc.tensor("b", "m")
    >>> loss = (A @ x - b) @ (A @ x - b)
    >>> run = tc.compile(loss, loss.gradient(x))
    >>> value, gradient = run(A=[[1, 0], [0, 2]], x=[1, 1], b=[0, 0])
    >>> print(value, gradient)
    5.0 [2. 8.]
    """
    return compiled(list(tensors), library, several=len(tensors) != 1)
