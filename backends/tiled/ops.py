"""What the operations of `npu` compute on a vector core, as pure functions on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backends.call.dtypes import Array
from ligrad_ir.dialects.npu.vector import BinaryKind
from ligrad_ir.soc import Soc

LANES = Soc.vector_bytes // 4
"""float32 elements in one repeat of a vector instruction."""

BINARY: Mapping[BinaryKind, Callable[[Any, Any], Array]] = {
    BinaryKind.ADD: np.add,
    BinaryKind.SUB: np.subtract,
    BinaryKind.MUL: np.multiply,
    BinaryKind.MAX: np.maximum,
    BinaryKind.MIN: np.minimum,
}


def pack_bits(flags: Array) -> Array:
    """Booleans, a multiple of 8, to bytes; the first is the lowest bit."""
    return np.packbits(flags, bitorder="little")


def unpack_bits(bits: Array, count: int) -> Array:
    """The first `count` bits of bytes, the lowest first, as booleans."""
    return np.unpackbits(bits, count=count, bitorder="little").astype(bool)


def select(bits: Array, x: Array) -> Array:
    """x where its bit is set, else 0."""
    return np.where(unpack_bits(bits, x.size), x, x.dtype.type(0))


def is_row(indices: Array, limit: int, first: int = 0) -> Array:
    """Whether first <= index < limit."""
    return (indices >= first) & (indices < limit)


def tree_sum(x: Array) -> Array:
    """The sum in float32 as the vector unit does it: repeats of 64 lanes one after the
    other, then neighbouring lanes in a binary tree."""
    lanes = np.zeros((-(-x.size // LANES) or 1, LANES), np.float32)
    lanes.reshape(-1)[: x.size] = x
    total = np.add.reduce(lanes, axis=0)
    while total.size > 1:
        total = total[::2] + total[1::2]
    return total


def gather_rows(source: Array, rows: Array, limit: int, base: int) -> Array:
    """source[base + row] for every row, 0 where it is outside [0, limit)."""
    wanted = is_row(rows, limit)
    found = np.zeros((rows.size, source.shape[1]), source.dtype)
    found[wanted] = source[base + rows[wanted].astype(np.int64)]
    return found


def scatter_add_rows(target: Array, updates: Array, rows: Array) -> None:
    """target[row] += update, in order; all rows are there."""
    if len(np.unique(rows)) == rows.size:
        target[rows] += updates
        return
    for row, update in zip(rows, updates):
        target[row] += update


def find_run(ends: Array, position: int) -> tuple[int, int, int] | None:
    """The first run b with position < ends[b], its start and its end."""
    behind = np.flatnonzero(ends > position)
    if behind.size == 0:
        return None
    run = int(behind[0])
    return run, int(ends[run - 1]) if run else 0, int(ends[run])
