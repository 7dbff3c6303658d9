"""All ways to compute a random case, beside what PyTorch's own differentiation finds.

Each function gives the faults that it found, as texts; none is none.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from networks import load
from randoms import Case, Small

import tensorcalc as tc

Array = Any
LARGEST = 1e7          # entries beyond it are not compared,
MOST_ENTRIES = 200_000   # nor more than so many
LAYOUTS = ("C", "F", "strided", "reversed", "list")


def difference(got: Any, want: Array, tolerance: float) -> str:
    """How two arrays differ; nothing where they do not."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"the shape {got.shape} is not {want.shape}"
    scale = np.max(np.abs(want), initial=1)
    wrong = ~(np.abs(got - want) <= tolerance * scale)
    return f"{wrong.sum()} of {want.size} entries, by {np.abs(got - want).max():.3g} of {scale:.3g}" if wrong.any() else ""


def laid(values: Mapping[str, Array], layout: str) -> dict[str, Any]:
    """The values in another memory layout, and not to be written to."""
    found = {}
    for name, array in values.items():
        back = (slice(None, None, -1),) * array.ndim
        match layout:
            case "F":
                array = np.array(array, order="F")
            case "strided":
                wide = np.full([2 * size + 1 for size in array.shape], np.nan)
                view = wide[..., *[slice(0, 2 * size, 2) for size in array.shape]]
                view[...] = array
                array = view
            case "reversed":
                array = array[back].copy()[back]
            case "list":
                array = array.tolist() if array.size else array
            case _:
                array = array.copy()
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
        found[name] = array
    return found


def is_comparable(wanted: Sequence[Array]) -> bool:
    """Whether values are finite, and neither too large nor too many."""
    fine = all(np.isfinite(one).all() and np.max(np.abs(one), initial=0) < LARGEST for one in wanted)
    return fine and sum(one.size for one in wanted) < MOST_ENTRIES


class Judge:
    """Collects what is wrong about one case."""

    def __init__(self, case: Case, draw: int = 0) -> None:
        self.case, self.values = case, case.values(draw)
        self.wanted = case.wanted(self.values)
        self.tensors = case.tensors() if is_comparable(self.wanted) else []
        self.rng = random.Random(case.seed)
        self.faults: list[str] = []

    def expect(self, what: str, run: Callable[..., Any], values: Mapping[str, Any], wanted: Sequence[Array],
               tolerance: float = 1e-8, dtype: Any = None, **more: Any) -> None:
        """That a call gives what is wanted, in memory of its own."""
        found = run(**values, **more)
        arrays = [np.asarray(one) for one in (found if isinstance(found, tuple) else (found,))]
        for k, (got, want) in enumerate(zip(arrays, wanted, strict=True)):
            wrong = difference(got, want, tolerance)
            self.faults += [f"{what}, result {k}: {wrong}"] * bool(wrong)
            self.faults += [f"{what}, result {k} is of type {got.dtype}"] * (dtype is not None and got.dtype != dtype)
            others = [*[one for one in values.values() if isinstance(one, np.ndarray)], *arrays[:k]]
            self.faults += [f"{what}, result {k} is no memory of its own"] * any(np.shares_memory(got, one) for one in others)

    def compiled(self) -> None:
        """NumPy's programs: again, in all layouts, of single precision, after a pickle, in threads, at other sizes."""
        together, sizes = tc.compile(*self.tensors), self.case.sizes
        plain = laid(self.values, "C")
        for what in ("compiled", "called again"):
            self.expect(what, together, plain, self.wanted, **sizes)
        layout = self.rng.choice(LAYOUTS)
        self.expect(f"from {layout}", together, laid(self.values, layout), self.wanted, **sizes)
        single = {name: one.astype(np.float32) for name, one in self.values.items()}
        rounded = self.case.wanted({name: one.astype(float) for name, one in single.items()})
        self.expect("of single precision", together, single, rounded, 2e-3, np.float32 if together._names else None, **sizes)
        self.expect("after a pickle", pickle.loads(pickle.dumps(together)), plain, self.wanted, **sizes)
        fewer = {dim: max(size - self.rng.randint(0, 1), min(size, 1)) for dim, size in sizes.items()}
        values = self.case.values(1, fewer)
        wanted = self.case.wanted(values, fewer)
        if is_comparable(wanted):
            self.expect("at other sizes", together, values, wanted, **fewer)
        with ThreadPoolExecutor(4) as pool:
            fresh = tc.compile(*self.tensors)
            for found in pool.map(lambda _: fresh(**plain, **sizes), range(4)):
                self.expect("in threads", lambda found=found, **_: found, plain, self.wanted)

    def alone(self) -> None:
        """Each tensor by itself: a call, its program, given memory, its generated code."""
        plain, sizes = laid(self.values, "C"), self.case.sizes
        for k, (one, want) in enumerate(zip(self.tensors, self.wanted)):
            self.expect(f"call of {k}", one, laid(self.values, self.rng.choice(LAYOUTS)), [want], **sizes)
            program = one.compile()
            self.expect(f"program of {k}", program, plain, [want], **sizes)
            if want.ndim:
                wide = np.full([2 * size for size in want.shape], np.nan)
                out = wide[tuple([slice(0, 2 * size, 2) for size in want.shape])]
                self.expect(f"given memory for {k}", program, plain, [want], out=out, **sizes)
                wrong = difference(out, want, 1e-8)
                self.faults += [f"the memory that was given for {k}: {wrong}"] * bool(wrong)
            copied = {name: array.copy() for name, array in self.values.items()}
            found = load(one.code("numpy")).derivative(**copied, **sizes)   # may be a view of an argument
            wrong = difference(found, want, 1e-8)
            self.faults += [f"code for {k}: {wrong}"] * bool(wrong)

    def elsewhere(self, library: str) -> None:
        """Programs and generated code for PyTorch or JAX."""
        if library == "torch":
            import torch
            array, back = torch.as_tensor, lambda one: one.numpy(force=True).copy()
        else:
            import jax
            jax.config.update("jax_enable_x64", True)
            array, back = jax.numpy.asarray, np.array
        values = {name: array(one.copy()) for name, one in self.values.items()}
        exact = all(one.compile()._names for one in self.tensors)   # without an argument the type is the library's own
        together = tc.compile(*self.tensors, library=library)
        self.expect(library, lambda **v: tuple([back(one) for one in together(**v)]), values, self.wanted,
                    1e-8 if exact else 1e-5, **self.case.sizes)
        for name, one in values.items():
            self.faults += [f"{library} changed {name}"] * (not np.array_equal(back(one), self.values[name]))


def at_points(case: Case, rng: random.Random) -> list[str] | None:
    """The case at several points at once; ``None`` where it is none for small tensors at many points."""
    first = case.wrt[0]
    f = case.run(Small(case.shapes, case.sizes))
    tensors = [f, f.derivative(first)] if f.ndim else [f, f.gradient(first), f.hessian(first)]
    batch = [name for name in case.shapes if name in f.variables and (name == first or rng.random() < 0.5)]
    points = [case.values(draw) for draw in range(rng.choice([1, 3, 7]))]
    values = {name: np.stack([point[name] for point in points]) if name in batch else one for name, one in points[0].items()}
    wanted = [case.wanted({**points[0], **{name: point[name] for name in batch}})[:len(tensors)] for point in points]
    stacks = [np.stack(own) for own in zip(*wanted)]
    try:
        run = tc.compile(*tensors, batch=batch)
    except tc.UnsupportedError:
        return None
    if not is_comparable(stacks):
        return None
    found = run(**values)
    return [f"at points, result {k}: {wrong}" for k, (got, want) in enumerate(zip(found, stacks))
            if (wrong := difference(got, want, 1e-8))]


def as_map(case: Case, which: int, single: bool = False, limit: int | None = None) -> list[str]:
    """A derivative as a linear map, beside its dense matrix."""
    values, tensor = case.values(), case.tensors()[which]
    wanted = case.wanted(values)[which]
    if not is_comparable([wanted]):
        return []
    if single:
        values = {name: one.astype(np.float32) for name, one in values.items()}
        wanted = case.wanted({name: one.astype(float) for name, one in values.items()})[which]
    found = tensor.structured(**values, **case.sizes, **({} if limit is None else {"memory_limit": limit}))
    eps = np.finfo(found.dtype).eps
    faults, loose = [], 1e4 * eps
    (rows, cols), rng = found.as_linear_operator().shape, np.random.default_rng(case.seed)
    matrix, right, left = wanted.reshape(rows, cols), rng.normal(size=(cols, 2)), rng.normal(size=(rows, 2))
    scale = np.max(np.abs(matrix), initial=1)
    pairs = {"dense": (found.dense(), wanted), "product": ((found @ right).reshape(rows, 2), matrix @ right),
             "transposed": ((found.T @ left).reshape(cols, 2), matrix.T @ left)}
    if rows == cols:
        pairs |= {"diagonal": (found.diagonal().ravel(), np.diag(matrix)), "trace": (found.trace(), np.trace(matrix))}
    for name, (got, want) in pairs.items():
        wrong = difference(np.asarray(got) / scale, np.asarray(want) / scale, loose * max(rows, cols, 1))
        faults += [f"{name} of the map {found.pattern}: {wrong}"] * bool(wrong)
    return faults + _systems(found, left, eps) if rows == cols and rows else faults


def _systems(found: Any, right: Array, eps: float) -> list[str]:
    """Systems and the determinant, beside those of the dense matrix that the map gives; refused only near singular ones."""
    matrix = np.asarray(found.dense(), dtype=float).reshape(len(right), -1)
    sizes = np.linalg.svd(matrix, compute_uv=False)
    if not sizes[-1] > 100 * eps * sizes[0]:
        return []
    condition, faults = sizes[0] / sizes[-1], []
    for one, dense in ((found, matrix), (found.T, matrix.T)):
        try:
            got = one.solve(right).reshape(right.shape)
        except tc.LimitError:
            continue
        except tc.UnsupportedError as error:
            faults.append(f"a system of condition {condition:.3g} is refused: {error} ({one.method})")
            continue
        want = np.linalg.solve(dense, right)
        scale = np.abs(want).max()
        wrong = difference(got / scale, want / scale, 1e3 * eps * max(condition, 10) * len(right))
        faults += [f"a system of condition {condition:.3g} by {one.method}: {wrong}"] * bool(wrong)
    try:
        sign, size = found.slogdet()
    except tc.LimitError:
        return faults
    want = np.linalg.slogdet(matrix)
    if sign != want[0] or abs(size - want[1]) > 1e3 * eps * (max(condition, 10) * len(right) + abs(want[1])):
        faults.append(f"the determinant {sign, size} is not {tuple(want)} ({found.method})")
    return faults
