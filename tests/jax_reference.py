"""Derivatives by JAX of what a text means: a second opinion that shares no differentiation with the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from meaning import Meaning, parse
from strategies import Formula

jax.config.update("jax_enable_x64", True)


def derivative(formula: Formula, values: Mapping[str, Any], *wrt: str) -> Any:
    """The derivative by each of ``wrt`` in turn, axes of the value first."""
    parts, left = parse(formula.text), formula.left_sizes()

    def value(*points: Any) -> Any:
        return Meaning({**values, **dict(zip(dict.fromkeys(wrt), points))}, formula.sizes, jnp).of_parsed(parts, left)

    names = list(dict.fromkeys(wrt))
    function = value
    for name in wrt:
        function = jax.jacfwd(function, argnums=names.index(name))
    return np.asarray(function(*[jnp.asarray(values[name], dtype=float) for name in names]))
