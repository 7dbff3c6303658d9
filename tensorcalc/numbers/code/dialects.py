"""How array libraries spell one and the same operation: a table with one column a library.

Knows texts, and nothing of expressions or of labels.  In a template ``xp`` is the short
name of the library, ``{}`` an operand, and ``{like}`` the options that give a new array
the type ``{dtype}`` of those that the function was given.  A library whose column is empty
does not have the function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from string import Formatter
from types import ModuleType

from ...errors import UnsupportedError
from ...functions import SMOOTH
from .. import kernels
from . import kernels_jax, kernels_torch

LIBRARIES = ("numpy", "jax", "torch")

_ROWS: dict[str, str | tuple[str, str, str]] = {
    # -- functions of numbers, entry by entry
    **{name: f"xp.{name}({{}})" for name in ("exp", "log", "sqrt", "abs", "sign", "sin", "cos", "tan", "arcsin", "arccos",
                                             "arctan", "sinh", "cosh", "tanh")},
    "max": "xp.maximum({}, {})",
    "min": "xp.minimum({}, {})",
    "max number": ("np.maximum({}, {})", "jnp.maximum({}, {})", "torch.clamp({}, min={})"),
    "min number": ("np.minimum({}, {})", "jnp.minimum({}, {})", "torch.clamp({}, max={})"),
    "relu": ("np.maximum({}, 0.0)", "jax.nn.relu({})", "torch.relu({})"),
    "step": ("np.heaviside({}, 0)", "({} > 0).astype({dtype})", "({} > 0).to({dtype})"),
    "sigmoid": ("sigmoid({})", "jax.nn.sigmoid({})", "torch.sigmoid({})"),
    "softplus": ("np.logaddexp(0, {})", "jax.nn.softplus({})", "torch.nn.functional.softplus({}, threshold=40)"),
    "erf": ("special.erf({})", "special.erf({})", "torch.erf({})"),
    # -- functions of vectors and matrices
    "softmax": ("softmax({})", "jax.nn.softmax({})", "torch.softmax({}, dim=-1)"),
    "logsumexp": ("logsumexp({})", "jax.nn.logsumexp({}, axis=-1)", "torch.logsumexp({}, dim=-1)"),
    "inv": "xp.linalg.inv({})",
    "pinv": "xp.linalg.pinv({})",
    "det": "xp.linalg.det({})",
    "logdet": "xp.linalg.slogdet({})[1]",
    "adj": "adjugate({})",
    "solve": "xp.linalg.solve({}, {})",
    "chol": ("cholesky({})", "jnp.linalg.cholesky({})", "cholesky({})"),
    "chol symmetric": "xp.linalg.cholesky({})",
    "matpow": "xp.linalg.matrix_power({}, {})",
    "expm": ("linalg.expm({})", "expm({})", "torch.linalg.matrix_exp({})"),
    "logm": ("linalg.logm({})", "", ""),
    "logm stack": ("logm({})", "", ""),
    "sqrtm": ("linalg.sqrtm({})", "", ""),
    "sqrtm stack": ("sqrtm({})", "", ""),
    **{f"funm {name}": (f"{name}m({{}})", "", "") for name in SMOOTH},
    "one by one": "xp.reshape({}, (1, 1))",
    "funm each": ("each({}, {})", "", ""),
    "funm polynomial": ("polynomial([{}], {})", "", ""),
    "funm spectral": ("spectral([{}], {})", "", ""),
    "frechet spectral": ("spectral([{}], {}, {})", "", ""),
    "frechet blocks": ("blocks({}, {})", "", ""),
    "frechet repeated": ("blocks({}, {}, {})", "", ""),
    "frechet along": ("blocks_along({}, {}, {})", "", ""),
    "frechet along repeated": ("blocks_along({}, {}, {}, {})", "", ""),
    "frechet_expm": "frechet_expm({})",
    "frechet_logm": ("frechet_logm({})", "", ""),
    "frechet_sqrtm": ("frechet_sqrtm({})", "", ""),
    **{f"{name} symmetric": ("", f"{name}({{}})", f"{name}({{}})")
       for name in ("logm", "sqrtm", "frechet_logm", "frechet_sqrtm")},
    "expm along": ("", "expm_along({}, {})", "expm_along({}, {})"),
    **{f"{name} along symmetric": ("", f"{name}_along({{}}, {{}})", f"{name}_along({{}}, {{}})") for name in ("logm", "sqrtm")},
    # -- steps of plans that are no functions of the table
    "log_of_det": "log_of_det({})",
    "sigmoid_slope": "sigmoid_slope({})",
    # -- steps that only compiled functions take
    "exp_unbounded": ("np.exp({})", "", ""),
    "expit": ("special.expit({})", "", ""),
    "log1p": "xp.log1p({})",
    **{name: (f"{name}({', '.join(['{}'] * count)})", "", "") for name, count in (
        ("spd_factor", 1), ("gram_factor", 1), ("spd_solve", 2), ("spd_logdet", 1), ("spd_inverse", 1), ("spd_product", 3))},
    # -- sums and products
    "sum": "xp.sum({})",
    "sum along": ("np.sum({}, axis={})", "jnp.sum({}, axis={})", "torch.sum({}, dim={})"),
    "trace": "xp.trace({})",
    "outer": "xp.outer({}, {})",
    "outer tensors": ("np.multiply.outer({}, {})", "jnp.tensordot({}, {}, axes=0)", "torch.tensordot({}, {}, dims=0)"),
    "tensordot": ("np.tensordot({}, {}, axes={})", "jnp.tensordot({}, {}, axes={})", "torch.tensordot({}, {}, dims={})"),
    "einsum": 'xp.einsum("{}", {})',
    "einsum pair": ('np.einsum("{}", {}, optimize=True)', 'jnp.einsum("{}", {})', 'torch.einsum("{}", {})'),
    "kron": ("np.kron({}, {})", "jnp.kron({}, {})", ""),  # torch.kron fails where one matrix is a transpose
    # -- axes
    "permute": ("{}.transpose({})", "{}.transpose({})", "{}.permute({})"),
    "reverse": ("{}.T", "{}.T", "{}.permute({})"),
    "turn each": ("np.swapaxes({}, -1, -2)", "{}.mT", "{}.mT"),
    "reshape": "{}.reshape({})",
    "diagonal": "xp.diagonal({})",
    "repeat": ("{} * np.ones({}{like})", "jnp.broadcast_to({}, {})", "{}.expand({})"),
    # -- new arrays
    "eye": "xp.eye({}{like})",
    "zeros": "xp.zeros({}{like})",
    "ones": "xp.ones({}{like})",
    "full": "xp.full({}, {}{like})",
    "fill": ("np.full({1}, {0}{like})", "jnp.full({1}, {0})", "{0}.expand({1})"),
    "array": ("np.array({}{like})", "jnp.array({}{like})", "torch.tensor({}{like})"),
    "number": ("np.float64({})", "jnp.asarray(float({}){like})", "torch.tensor(float({}){like})"),
    "diag": "xp.diag({})",
    "unit": "unit({}, {}{like})",
    "unit known": ("np.eye({}{like})[{}]", "", "torch.eye({}{like})[{}]"),  # JAX takes an index for the nearest that exists
    "tril": ("np.tri({}{like})", "jnp.tri({}{like})", "torch.ones(({0}, {0}){like}).tril()"),
    "exchange": ("np.eye({}{like})[::-1]", "jnp.eye({}{like})[::-1]", "torch.eye({}{like}).flip(0)"),
    "on_diagonal": ('on_diagonal("{}", {}, {}{like})', 'on_diagonal("{}", {}, {})', 'on_diagonal("{}", {}, {})'),
    "eps": "levi_civita({}{like})",
    "duplication": "duplication({}{like})",
    "elimination": "elimination({}{like})",
    "powers": "powers({}, {})",
    "convolution": "convolution({}{like})",
    # -- what the function is given
    "argument": ("np.asarray({}, dtype=float)", "floating({})", "floating({})"),
}

_NUMBERS = {name: f"math.{name}({{}})" for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf")}
_NUMBERS |= {"arcsin": "math.asin({})", "arccos": "math.acos({})", "arctan": "math.atan({})", "abs": "abs({})",
             "max": "max({}, {})", "min": "min({}, {})", "relu": "max({}, 0)"}
"""Functions of one number that is no array."""


@dataclass(frozen=True)
class Dialect:
    """One column of the table.

    ``imports``: a word and the line that it needs; the first is always there.
    ``kernels``: the functions that a module may define.  ``numbers``: templates of functions of numbers that are
    no arrays.  ``like``: the options that give a new array the type ``dtype`` of the array ``{}``; ``setting``: the
    line that they need.  ``vector_first``: whether A'v is written ``v @ A``, for which XLA takes half of the time
    that it takes for ``A.T @ v``.
    """

    library: str
    title: str
    imports: Mapping[str, str]
    kernels: ModuleType
    texts: Mapping[str, str]
    numbers: Mapping[str, str]
    like: str = ""
    dtype: str = "{}.dtype"
    setting: str = ""
    vector_first: bool = False

    def after(self, array: str) -> Dialect:
        """The dialect in a function that is given ``array``, whose type new arrays have."""
        return replace(self, like=self.like.format(array), dtype=self.dtype.format(array),
                       setting=self.setting.format(array))

    def alone(self) -> Dialect:
        """The dialect in a function that is given no array: the type is that of the library."""
        return replace(self, like="", dtype="torch.get_default_dtype()", setting="")

    def write(self, name: str, *parts: str) -> str:
        """The text of the operation ``name``."""
        return self.template(name).format(*parts, like=self.like, dtype=self.dtype)

    def template(self, name: str) -> str:
        """The template of the operation ``name``.

        Raises
        ------
        UnsupportedError: TC314 where the library does not have it.
        """
        text = self.texts.get(name, "")
        if not text:
            function = name.partition(" ")[0]
            raise UnsupportedError("TC314", f"there is no {function} in {self.title}", field="want",
                                   facts=[f"{function}: computed by NumPy with SciPy alone"], help="ask for numpy")
        return text

    @property
    def helpers(self) -> tuple[str, ...]:
        """The functions that a module may define for itself."""
        return self.kernels.PRINTED  # type: ignore[no-any-return]

    @property
    def reserved(self) -> tuple[str, ...]:
        """The names that a module may use for itself."""
        return ("_", "others", "like", "int", "float", "round", "range", "len", "abs", "max", "min", "map",
                *self.imports, *self.helpers)


@cache
def attached(template: str) -> tuple[bool, ...]:
    """Which operands of a template something is attached to: ``{}.T`` needs brackets that ``f({})`` does not.

    Examples
    --------
    >>> attached("{}.permute({})"), attached("jnp.full({1}, {0})")
    ((True, False), (False, False))
    """
    pieces = [*Formatter().parse(template), ("", None, None, None)]
    fields = [(field, after[0]) for (_, field, *_), after in zip(pieces, pieces[1:]) if field is not None]
    numbered = [(int(field) if field.isdigit() else place, text) for place, (field, text) in enumerate(fields)
                if field.isdigit() or not field]
    return tuple([text.startswith((".", "[")) for _, text in sorted(numbered)])


def _column(library: str, prefix: str) -> dict[str, str]:
    place = LIBRARIES.index(library)
    return {name: row.replace("xp.", prefix + ".") if isinstance(row, str) else row[place] for name, row in _ROWS.items()}


@cache
def dialect(library: str) -> Dialect:
    """The dialect of a library.

    Examples
    --------
    >>> dialect("torch").write("sum along", "X", "0")
    'torch.sum(X, dim=0)'
    """
    match library:
        case "numpy":
            return Dialect(
                library, "NumPy",
                {"np": "import numpy as np", "linalg": "from scipy import linalg", "special": "from scipy import special"},
                kernels, _column(library, "np"), {})
        case "jax":
            return Dialect(
                library, "JAX",
                {"jnp": "import jax.numpy as jnp", "math": "import math", "jax": "import jax",
                 "linalg": "from jax.scipy import linalg", "special": "from jax.scipy import special"},
                kernels_jax, _column(library, "jnp"), _NUMBERS, like=", dtype={}.dtype", vector_first=True)
        case "torch":
            return Dialect(
                library, "PyTorch", {"torch": "import torch", "math": "import math"},
                kernels_torch, _column(library, "torch"), _NUMBERS, like=", **like",
                setting='like = {{"dtype": {0}.dtype, "device": {0}.device}}')
    raise AssertionError(library)
