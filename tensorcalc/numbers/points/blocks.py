"""What generated modules define to work through many points: memory, arguments, blocks.

Knows arrays and nothing of expressions.  The same text runs here, in tests, and is printed
into generated modules.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from math import prod
from typing import Any

from ..backends import numpy

Array = Any

PRINTED = ("aligned", "is_aligned", "scratch", "floating_type", "points_last", "at_points", "for_all", "result_of",
           "all_blocks")
"""What a generated module defines."""


def aligned(shape: tuple[int, ...], points: int, dtype: Any) -> Array:
    """An array whose last axis is the points, each row of which starts at a line of the cache."""
    np = numpy()
    line = 64 // np.dtype(dtype).itemsize
    width = -(-points // line) * line
    if width % 4096 == 0:
        width += 512   # rows that are a power of two apart compete for the same places of the cache
    size = prod(shape) * width
    memory = np.empty(size + line, dtype)
    start = -memory.__array_interface__["data"][0] // memory.itemsize % line
    return memory[start:start + size].reshape(*shape, width)[..., :points]


def is_aligned(x: Array, dtype: Any) -> bool:
    """Whether an array could be one of :func:`aligned`: it is as fast to compute in."""
    return x.dtype == dtype and x.strides[-1] == x.itemsize and all(
        step % 64 == 0 for step in (x.__array_interface__["data"][0], *x.strides[:-1]))


def scratch(kept: Any, rows: int, n: int, dtype: Any) -> Array:
    """Rows for what is computed on the way: the same memory at each call of a thread, which ``kept`` belongs to."""
    np = numpy()
    size = np.dtype(dtype).itemsize
    width = -(-n * size // 64) * 64
    memory = getattr(kept, "memory", None)
    if memory is None or memory.size < rows * width:
        memory = kept.memory = aligned((), rows * width, np.uint8)
    return memory[:rows * width].view(dtype).reshape(rows, width // size)[:, :n]


def points_last(x: Array) -> Array:
    """An array with its first axis last."""
    return x.transpose(*range(1, x.ndim), 0)


def floating_type(*arrays: Any) -> Any:
    """The type to compute in: float32 where all arrays have it, else float64."""
    np = numpy()
    return np.float32 if all(np.asarray(x).dtype == np.float32 for x in arrays) else np.float64


def at_points(name: str, x: Any, shape: tuple[int, ...], points: int, dtype: Any, outs: Any) -> Array:
    """An argument that each point has its own value of, the points last."""
    np = numpy()
    x = np.asarray(x)
    if x.shape != (points, *shape):
        raise ValueError(f"{name} has the shape {x.shape}, not {(points, *shape)}")
    if any(result is not None and np.may_share_memory(x, result) for result in outs):
        x = x.copy()
    return points_last(x.astype(dtype, casting="same_kind", copy=False))


def for_all(name: str, x: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """An argument that all points share, with a last axis of length 1 unless it is a number."""
    np = numpy()
    x = np.asarray(x)
    if x.shape != shape:
        raise ValueError(f"{name} has the shape {x.shape}, not {shape}")
    x = x.astype(dtype, casting="same_kind")
    return x[..., None] if shape else x[()]


def result_of(out: Any, shape: tuple[int, ...], points: int, dtype: Any) -> Array:
    """Where a result goes, the points last."""
    np = numpy()
    if out is None:
        return aligned(shape, points, dtype)
    if out.shape != (points, *shape):
        raise ValueError(f"out has the shape {out.shape}, not {(points, *shape)}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"out is of type {out.dtype}, the result of type {np.dtype(dtype)}")
    return points_last(out)


def all_blocks(function: Callable[..., None], points: int, block: int, threads: int, *arguments: Any) -> None:
    """Compute all points in blocks; with several threads, each some blocks in a row."""
    np = numpy()
    threads = max(1, min(threads, points // block))
    share = -(-points // (threads * block)) * block

    def part(first: int) -> None:
        last = min(first + share, points)
        whole = last - (last - first) % block
        size = np.setbufsize(16)   # what repeats along an axis is read where it is, not copied to a buffer
        try:
            if whole > first:
                function(first, whole, block, *arguments)
            if last > whole:
                function(whole, last, last - whole, *arguments)
        finally:
            np.setbufsize(size)

    if threads == 1:
        part(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(copy_context().run, part, first) for first in range(0, points, share)]
        for one in parts:
            one.result()
