"""A Hessian or Jacobian at a point, kept as deltas and cores: products, systems, traces without the dense array.

Knows expressions, recipes and arrays.  The axes of a derivative are those of what was
differentiated, its *rows*, then those of the variable, its *columns*; as a matrix it
has both flattened as NumPy flattens, last axis fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from math import prod, sqrt
from typing import Any

from ...algebra.build import add, einsum
from ...algebra.expr import Apply, Einsum, Expr, Sum, Variable
from ...algebra.traverse import postorder
from ...errors import RequestError, ShapeError, UnsupportedError
from ...sizes import value
from ..backends import numpy, scipy_sparse
from ..evaluate import bounded
from ..inputs import read, unknown
from ..plans.plan import plan, plans
from ..steps import Steps
from .maptext import Pattern, method
from .matrices import singular
from .named import Named, Solver
from .pattern import LinearMap, assembled, components, mapped, opened, turned
from .recipes import Crossed, Dense, Frame, LowRank, Pencil, Recipe, Tied, recipe
from .solvers import solver

Array = Any
Split = tuple[tuple[int, ...], tuple[int, ...]]
Sizes = tuple[tuple[str, int], ...]

MEMORY_LIMIT = 2**30   # bytes of a matrix that is factorised whole

_RIGHT = "#right"
_MOST_SHOWN = 5        # terms, and cores, of a map in one line about it
_MOST_PRODUCTS = 8     # numbers of right sides whose plans are kept
_STEPS = 3             # of iterative refinement


@lru_cache(maxsize=256)
def _found_recipe(of: LinearMap, sizes: Sizes, most: int) -> Recipe:
    return recipe(of.expr, of.rows, dict(sizes), most, of.values)


@lru_cache(maxsize=256)
def _mentioned(expr: Expr) -> tuple[dict[str, Variable], list[str]]:
    """The variables of an expression by name, and the symbols of all its sizes."""
    nodes = postorder(expr)
    symbols = {symbol for node in nodes for symbol in unknown(node, {})}
    return {node.name: node for node in nodes if isinstance(node, Variable)}, sorted(symbols)


@lru_cache(maxsize=1024)
def _steps(exprs: tuple[Expr, ...], sizes: Sizes) -> Steps:
    return Steps(plans(exprs, dict(sizes)), dict(sizes))


@lru_cache(maxsize=1024)
def _sizes(variables: tuple[Variable, ...], shapes: tuple[tuple[int, ...], ...], sizes: Sizes) -> dict[str, int]:
    """The sizes that arrays of these shapes show."""
    arrays = {variable.name: numpy().broadcast_to(0.0, shape) for variable, shape in zip(variables, shapes)}
    return read(variables, arrays, dict(sizes))[1]


@lru_cache(maxsize=1024)
def _dims(of: LinearMap, groups: Split, sizes: Sizes) -> tuple[tuple[int, ...], ...]:
    """The sizes of the axes of rows and of columns, and the shapes of their arrays."""
    dims = tuple([value(dim, dict(sizes)) for dim in of.expr.shape])
    rows, cols = dims[:of.rows], dims[of.rows:]
    return rows, cols, _grouped(rows, groups[0]), _grouped(cols, groups[1])


class _Point:
    """Values for variables, and for what is computed of them once: the factors of linear maps."""

    def __init__(self, arrays: Mapping[str, Array], sizes: Mapping[str, int],
                 callables: Mapping[str, Callable[..., Array]], dtype: Any) -> None:
        self.arrays, self.sizes, self.callables, self.dtype = dict(arrays), dict(sizes), callables, dtype
        self.key: Sizes = tuple(sorted(sizes.items()))

    def value(self, of: LinearMap, *exprs: Expr) -> list[Array]:
        """The values of expressions about the factors of a map."""
        if of.values:
            self.compute(of, *exprs)
        return self._run(exprs)

    def compute(self, of: LinearMap, *exprs: Expr) -> None:
        """Compute the factors that expressions mention, once and all together."""
        used = {node for node in postorder(*exprs) if isinstance(node, Variable)}
        missing = {node.name: of.values[node] for node in used if node in of.values and node.name not in self.arrays}
        if missing:
            self.arrays |= dict(zip(missing, self._run(tuple(missing.values()))))

    def _run(self, exprs: tuple[Expr, ...]) -> list[Array]:
        found = _steps(exprs, self.key)(self.arrays, self.callables)
        return [array if array.dtype is self.dtype else array.astype(self.dtype) for array in found]


def structured(expr: Expr, groups: Split, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None,
               declared: Iterable[Variable] = (), memory_limit: int = MEMORY_LIMIT) -> Structured:
    """The linear map that ``expr`` is at the point ``values``, with its structure kept.

    ``groups`` are two: how many axes of ``expr`` make each axis of the rows, and of the
    columns.  ``values``, ``sizes`` and ``declared`` are as in
    :func:`tensorcalc.numbers.evaluate.evaluate`.  ``memory_limit`` bounds, in bytes, each
    matrix that :meth:`Structured.solve` and :meth:`Structured.logdet` factorise.  Where all
    arrays are of single precision, so is the result.

    Examples
    --------
    >>> from tensorcalc.algebra.build import delta, einsum, variable
    >>> d, p = variable("d", "n"), variable("p", "m", "m")
    >>> expr = einsum([(delta("n"), "ik"), (p, "jl")], "ijkl")
    >>> structured(expr, ((1, 1), (1, 1)), {"p": [[2.0, 0.0], [0.0, 4.0]]}, {"n": 3})
    <Structured (3, 2, 3, 2): δ_ip p_jq, p is 2 x 2>

    Raises
    ------
    RequestError, ShapeError: as ``evaluate``, where values are missing or do not fit.
    """
    np = numpy()
    occurring, needed = _mentioned(expr)
    others = [variable for variable in declared if variable.name in values and variable.name not in occurring]
    variables = *occurring.values(), *others
    sizes = sizes or {}
    plain = all([type(size) is int for size in sizes.values()])
    if plain and all([_is_plain(values.get(variable.name), variable) for variable in variables]):
        arrays = {name: values[name] for name in occurring}
        shapes = tuple([values[variable.name].shape for variable in variables])
        known = _sizes(variables, shapes, tuple(sorted(sizes.items())))
    else:
        arrays, known = read(variables, values, sizes)
    for symbol in needed:
        if symbol not in known:
            raise RequestError("TC513", f"no array shows the size {symbol}", field="sizes",
                               help=f"give the size by its name: {symbol}=…")
    callables = {name: found for name, found in values.items() if callable(found)}
    dtype = _precision([values[name] for name in occurring])
    if any(array.dtype.kind == "c" for array in arrays.values()):
        dtype = np.dtype(complex)
    # Copies: what is computed later is computed at this point, whatever happens to the arrays meanwhile.
    point = _Point({name: np.array(array, dtype=dtype) for name, array in arrays.items()}, known, callables, dtype)
    rows = sum(groups[0])
    return Structured(mapped(expr, rows), (tuple(groups[0]), tuple(groups[1])), point, memory_limit)


def _is_plain(array: Any, variable: Variable) -> bool:
    """Whether an array of floating-point numbers can be used as it is."""
    return type(array) is numpy().ndarray and array.dtype.kind == "f" and not variable.groups


def _precision(values: Sequence[Any]) -> Any:
    """Single precision where some array has it and none has more; a number has none."""
    np = numpy()
    kinds = {array.dtype for array in values if hasattr(array, "dtype") and array.dtype.kind == "f"}
    plain = any(not hasattr(array, "dtype") and np.ndim(array) for array in values)
    return np.dtype(np.float32) if kinds == {np.dtype(np.float32)} and not plain else np.dtype(float)


class Structured:
    """A linear map from arrays shaped like a variable to arrays shaped like what was differentiated.

    ``shape`` is ``row_shape + column_shape``, the shape of the derivative.  As a matrix
    the map has one row for each entry of the first and one column for each of the second,
    both in the order of ``numpy.ravel``.  Nothing but :meth:`dense` makes the dense array;
    :meth:`solve` and :meth:`logdet` do where there is no structure that serves and it fits
    the memory limit.

    Examples
    --------
    >>> import numpy as np
    >>> import tensorcalc as tc
    >>> f = tc.read("norm2(T - U V')^2", T=["n", "m"], U=["n", "k"], V=["m", "k"])
    >>> rng = np.random.default_rng(0)
    >>> H = f.hessian("U").structured(n=1000, V=rng.normal(size=(500, 3)))
    >>> H
    <Structured (1000, 3, 1000, 3): 2 δ_ip C_jq, C is 3 x 3>
    >>> print(H.method)
    δ ⊗ factors of 3 x 3
    >>> G = rng.normal(size=(1000, 3))
    >>> bool(np.allclose(H @ H.solve(G), G))
    True
    """

    __array_ufunc__ = None   # an array of NumPy leaves @ to the map

    def __init__(self, of: LinearMap, groups: Split, point: _Point, memory_limit: int = MEMORY_LIMIT) -> None:
        self._map, self._groups, self._point = of, groups, point
        self.memory_limit = memory_limit
        self._products: dict[int | None, tuple[Steps, dict[str, Array]]] = {}
        self._parts: dict[Expr, Array] = {}
        self._row_dims, self._col_dims, self.row_shape, self.column_shape = _dims(of, groups, point.key)

    # -- what it is ----------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the derivative: that of the rows, then that of the columns."""
        return self.row_shape + self.column_shape

    @property
    def dtype(self) -> Any:
        """The kind of the entries."""
        return self._point.dtype

    @property
    def T(self) -> Structured:  # noqa: N802
        """The transposed map: rows and columns interchanged."""
        return Structured(turned(self._map), self._groups[::-1], self._point, self.memory_limit)

    @cached_property
    def _written(self) -> Pattern:
        return Pattern(self._map, self._point.sizes)

    @property
    def pattern(self) -> str:
        """The map as a formula of deltas, variables and cores, e.g. ``2 δ_ip C_jq``."""
        return self._written.text

    @property
    def cores(self) -> dict[str, Array]:
        """The arrays that :attr:`pattern` names, each with one axis an index."""
        found = self._written.cores
        return {name: array.copy() for name, array in zip(found.values(), self._value(*found))}

    @property
    def core(self) -> Array:
        """The one array of the pattern.

        Raises
        ------
        RequestError: TC519 where there are several, or none.
        """
        found = self.cores
        if len(found) != 1:
            raise RequestError("TC519", f"the pattern has {len(found)} cores", field="core",
                               facts=[self.pattern], help="cores has them by name")
        return next(iter(found.values()))

    def __repr__(self) -> str:
        found = self._written
        text = f"{len(self._map.terms)} terms"
        if len(self._map.terms) <= _MOST_SHOWN:
            sizes = [f"{name} is {_by(found.shape(core))}" for core, name in found.cores.items() if core.shape]
            text = ", ".join([found.text, *sizes])
        return f"<Structured ({', '.join(map(str, self.shape))}{',' * (len(self.shape) == 1)}): {text}>"

    # -- products ------------------------------------------------------------------------

    def __matmul__(self, right: Any) -> Array:
        """The product with an array of ``column_shape``, flattened or not, and with further last axes of one size.

        Raises
        ------
        ShapeError: TC120 for an array of another shape.
        """
        array, count, shape = self._read(right, self._col_dims, self.column_shape, self.row_shape)
        return self._product(array, count).reshape(shape)

    def __rmatmul__(self, left: Any) -> Array:
        """The product of an array of ``row_shape``, flattened or not, with the map; of a matrix, row by row."""
        array = numpy().asarray(left)
        if array.shape == self.row_shape or array.ndim < 2:
            return self.T @ array
        return (self.T @ array.T).T

    def _read(self, given: Any, dims: tuple[int, ...], shape: tuple[int, ...],
              other: tuple[int, ...]) -> tuple[Array, int | None, tuple[int, ...]]:
        """An array with all axes, how many vectors it holds, and the shape of what it is mapped to."""
        np = numpy()
        array = np.asarray(given)
        if array.dtype.kind not in "fc":
            array = array.astype(self.dtype) if array.dtype.kind in "biu" else _refused()
        size = prod(dims)
        if array.shape == shape:
            return array.reshape(dims), None, other
        if array.shape == (size,):
            return array.reshape(dims), None, (prod(other),)
        if array.shape[:-1] == shape:
            return array.reshape(*dims, array.shape[-1]), array.shape[-1], (*other, array.shape[-1])
        if array.ndim == 2 and len(array) == size:
            return array.reshape(*dims, array.shape[-1]), array.shape[-1], (prod(other), array.shape[-1])
        forms = dict.fromkeys([_by((*shape, "k")), _by((size, "k"))])
        raise ShapeError("TC120", "an array does not fit a linear map", field="values",
                         facts=[f"the array is {_by(array.shape)}, the map takes {_by(shape)}"],
                         help=f"further vectors go along one more axis: {' or '.join(forms)}")

    def _product(self, array: Array, count: int | None) -> Array:
        if count not in self._products:
            if len(self._products) >= _MOST_PRODUCTS:
                self._products.clear()
            self._products[count] = self._prepared(count)
        steps, arrays = self._products[count]
        found = steps({**self._point.arrays, **arrays, _RIGHT: array})[0]
        kind = numpy().result_type(self.dtype, array.dtype)
        return found.astype(kind, copy=found is array or found.base is not None)

    @cached_property
    def _spare(self) -> str:
        """A name for a size that is not taken."""
        return max(self._point.sizes, key=len, default="") + "k"

    def _prepared(self, count: int | None) -> tuple[Steps, dict[str, Array]]:
        """The steps of the product with an array, and the values of its parts without that array."""
        rows, cols = tuple(range(self._map.rows)), tuple(self._map.cols)
        shape = self._map.expr.shape
        extra = () if count is None else (-1,)
        dims = () if count is None else (self._spare,)
        right = Variable((*shape[self._map.rows:], *dims), _RIGHT)
        total = add([(weight, einsum([(term, rows + cols), (right, cols + extra)], rows + extra))
                     for weight, term in self._map.terms], (*shape[:self._map.rows], *dims))
        sizes = {**self._point.sizes, self._spare: count or 1}
        planned = plan(total, sizes)
        rest, parts = _parted(planned, right)
        self._point.compute(self._map, rest)
        missing = [part for part in parts.values() if part not in self._parts]
        self._parts |= dict(zip(missing, self._value(*missing)))
        return Steps([rest], sizes), {name: self._parts[part] for name, part in parts.items()}

    def _value(self, *exprs: Expr) -> list[Array]:
        return self._point.value(self._map, *exprs)

    # -- systems -------------------------------------------------------------------------

    @property
    def method(self) -> str:
        """How systems are solved, in words."""
        self._insist_on_square("a system")
        return method(self._recipe, dict(enumerate(self._row_dims)))

    @property
    def _most(self) -> int:
        return int(self.memory_limit // self.dtype.itemsize)

    @property
    def _recipe(self) -> Recipe:
        return _found_recipe(self._map, self._point.key, self._most)

    def _solver_of(self, how: Recipe) -> Solver:
        sizes = dict(enumerate(self._row_dims + self._col_dims))
        return solver(how, lambda expr: self._value(expr)[0], sizes)

    @cached_property
    def _solver(self) -> Solver:
        return self._solver_of(self._recipe)

    def solve(self, right: Any) -> Array:
        """The array X with ``self @ X = right``, e.g. a Newton step.

        ``right`` has ``row_shape``, flattened or not, and further last axes as in ``@``; the
        result has ``column_shape`` in its place.  :attr:`method` says what is done.

        Raises
        ------
        ShapeError: TC107 where the map is not square, TC120 for an array of another shape.
        UnsupportedError: TC311 where there is no inverse.
        LimitError: TC418 where no structure serves and the matrix is beyond ``memory_limit``.
        """
        self._insist_on_square("a system")
        array, count, shape = self._read(right, self._row_dims, self.row_shape, self.column_shape)
        if _is_indirect(self._recipe):
            found = self._indirectly(array, count)
        else:
            found = self._solved(self._solver, array, count)
        if not numpy().isfinite(found).all() and numpy().isfinite(array).all():
            raise singular("the solution of a system is not finite")
        return found.reshape(shape)

    def _indirectly(self, right: Array, count: int | None) -> Array:
        """A solution that is improved by its residual; by the matrix itself where that does not help."""
        try:
            found = self._solved(self._solver, right, count)
            if self._refined(found, right, count):
                return found
            raise singular("a part of it is singular up to rounding")
        except UnsupportedError:
            if prod(self._row_dims) ** 2 > self._most:
                raise
        how = Dense(self._map.expr, Frame((), tuple(range(self._map.rows)), tuple(self._map.cols)))
        return self._solved(self._solver_of(how), right, count)

    def _solved(self, how: Solver, array: Array, count: int | None) -> Array:
        rows, cols = tuple(range(self._map.rows)), tuple(self._map.cols)
        extra = () if count is None else (-1,)
        found = how.solve(Named(array, rows + extra))
        return numpy().ascontiguousarray(found.array.transpose([found.axes.index(axis) for axis in cols + extra]))

    def _refined(self, found: Array, right: Array, count: int | None) -> bool:
        """Improve a solution in place by its residual; whether that ends small (Matrix Computations, sec. 3.5.3).

        Small for a matrix near this one, and below half of the right side: else the order of the errors is that
        of the solution, as for a matrix that is singular up to rounding.
        """
        np = numpy()
        bound, sizes = float(np.finfo(found.dtype).eps), _norms(right, count)
        before = np.inf
        for _ in range(_STEPS):
            rest = right - self._product(found, count)
            left = _norms(rest, count)
            scale = self._norm * _norms(found, count) + sizes
            error = float((left / np.where(scale > 0, scale, 1)).max())
            if not error < before or error <= bound:
                break
            before = error
            found += self._solved(self._solver, rest, count)
        return bool(min(error, before) <= bound ** 0.5 and (left <= sizes / 2).all())

    @cached_property
    def _norm(self) -> float:
        """A lower bound for the norm of the map, seen at one vector of signs."""
        np = numpy()
        signs = np.where(np.arange(prod(self._col_dims)) * 2654435761 % 7 < 3, -1, 1).astype(self.dtype)
        size = float(np.linalg.norm(self._product(signs.reshape(self._col_dims), None)))
        return size / sqrt(prod(self._col_dims))

    def slogdet(self) -> tuple[Any, float]:
        """The sign (for complex maps, the phase) of the determinant and the logarithm of its size.

        They are 0 and -inf where there is no inverse.

        Raises
        ------
        ShapeError: TC107 where the map is not square.
        LimitError: TC418 as :meth:`solve`.
        """
        self._insist_on_square("a determinant")
        try:
            return self._solver.slogdet()
        except UnsupportedError:
            return 0.0, -float("inf")

    def logdet(self) -> float:
        """``log |det|``."""
        return self.slogdet()[1]

    def _insist_on_square(self, what: str) -> None:
        if prod(self.row_shape) != prod(self.column_shape):
            raise ShapeError("TC107", f"{what} needs a square linear map", field="values",
                             facts=[f"this one takes {_by(self.column_shape)} to {_by(self.row_shape)}"])

    # -- entries -------------------------------------------------------------------------

    def diagonal(self) -> Array:
        """The entries of the matrix on its diagonal, in ``row_shape``.

        Raises
        ------
        ShapeError: TC107 where the map is not square.
        """
        self._insist_on_square("a diagonal")
        dims = self._map.expr.shape
        rows = tuple(range(self._map.rows))
        if dims[:len(rows)] != dims[len(rows):]:
            return self._gathered().reshape(self.row_shape)
        found = add([(weight, einsum([(term, rows + rows)], rows)) for weight, term in self._map.terms], dims[:len(rows)])
        return numpy().array(self._value(found)[0]).reshape(self.row_shape)

    def trace(self) -> float:
        """The sum of the diagonal.

        Raises
        ------
        ShapeError: TC107 where the map is not square.
        """
        self._insist_on_square("a trace")
        dims = self._map.expr.shape
        rows = tuple(range(self._map.rows))
        if dims[:len(rows)] != dims[len(rows):]:
            return self._gathered().sum().item()  # type: ignore[no-any-return]
        found = add([(weight, einsum([(term, rows + rows)], ())) for weight, term in self._map.terms], ())
        return self._value(found)[0].item()  # type: ignore[no-any-return]

    def _gathered(self) -> Array:
        """The diagonal entry by entry, where rows and columns are split into axes of different sizes."""
        np = numpy()
        count = np.arange(prod(self._row_dims))
        at = [place for dims in (self._row_dims, self._col_dims) if dims for place in np.unravel_index(count, dims)]
        total = np.zeros(len(count), dtype=self.dtype)
        for weight, term in self._map.terms:
            found = opened(term)
            part = np.full(len(count), float(weight)).astype(self.dtype)
            for factors, indices in components(found):
                axes = [own[0] for own in indices]
                core = self._value(assembled(factors, [(axis,) for axis in axes], term.shape, axes))[0]
                part *= core[tuple([at[axis] for axis in axes])]
                for own in indices:
                    for axis in own[1:]:
                        part *= at[axis] == at[own[0]]
            total += part
        return total

    def dense(self) -> Array:
        """The derivative itself, an array of ``shape``.

        Raises
        ------
        LimitError: TC411 where it has too many entries.
        """
        bounded(self.shape)
        return numpy().array(self._value(self._map.expr)[0]).reshape(self.shape)

    def as_linear_operator(self) -> Any:
        """The matrix as a ``scipy.sparse.linalg.LinearOperator``, for its iterative solvers.

        Raises
        ------
        UnsupportedError: TC310 where SciPy is not installed.
        """
        other = self.T
        size = prod(self.row_shape), prod(self.column_shape)
        return scipy_sparse().LinearOperator(
            size, matvec=lambda x: self @ x.reshape(size[1]), rmatvec=lambda x: other @ x.reshape(size[0]),
            matmat=lambda x: self @ x, rmatmat=lambda x: other @ x, dtype=self.dtype)


def _norms(array: Array, count: int | None) -> Array:
    """The norm of each of the vectors that an array holds along its last axis, or of all of it."""
    return numpy().linalg.norm(array.reshape(-1, 1 if count is None else count), axis=0)


def _refused() -> Array:
    raise RequestError("TC512", "a right side is no array of numbers", field="values")


def _grouped(dims: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    left = iter(dims)
    return tuple([prod([next(left) for _ in range(count)]) for count in counts])


def _by(shape: Sequence[object]) -> str:
    return " x ".join(map(str, shape)) or "a number"


# -- plans -------------------------------------------------------------------------------


def _parted(planned: Expr, right: Variable) -> tuple[Expr, dict[str, Expr]]:
    """A plan in which the parts without ``right`` have names, and those parts."""
    parts: dict[str, Expr] = {}
    done: dict[Expr, Expr] = {}
    moving: set[Expr] = {right}
    for node in postorder(planned):
        if moving.isdisjoint(node.children):
            done[node] = node
            continue
        moving.add(node)
        children = []
        for child in node.children:
            if child not in moving and isinstance(child, (Sum, Einsum, Apply)):
                name = f"#part{len(parts)}"
                name = next((known for known, part in parts.items() if part is child), name)
                parts[name] = child
                child = Variable(child.shape, name)
            children.append(done.get(child, child))
        match node:
            case Sum(shape=shape, terms=terms):
                done[node] = Sum(shape, tuple([(weight, child) for (weight, _), child in zip(terms, children)]))
            case Einsum(shape=shape, subscripts=subscripts):
                done[node] = Einsum(shape, tuple(children), subscripts)
            case Apply(shape=shape, function=function):
                done[node] = Apply(shape, function, tuple(children))
    return done.get(planned, planned), parts


def _is_indirect(how: Recipe) -> bool:
    """Whether a recipe solves with something else than the matrix and its factors."""
    return isinstance(how, (LowRank, Pencil, Crossed)) or (isinstance(how, Tied) and any(map(_is_indirect, how.steps)))
