"""What the operations of `lig` compute, as pure functions on NumPy arrays.

An array comes with the names of its axes, one a dimension; functions bring their
operands to the axes of the result (`align`). Row numbers are int32, -1 means absent.
A value without axes is an array without dimensions. NumPy makes a scalar of it wherever
an operator or a sum gives one number, so those results pass through `np.asarray`.
"""

from __future__ import annotations

from math import prod

import ml_dtypes
import numpy as np

from backends.call.dtypes import Array, DType
from ligrad_ir.axes import Axes

ABSENT = -1


class IndexOutOfRangeError(Exception):
    """An index among the valid entries means no row of its run.

    position: of the entry, one number per axis of the indices; `length` rows are there;
    argument: the number of the function's argument that holds the indices, if known.
    """

    def __init__(
        self,
        position: tuple[int, ...],
        value: int,
        length: int,
        argument: int | None = None,
    ):
        self.position, self.value, self.length = position, value, length
        self.argument = argument
        super().__init__(f"index {value} at {position} is not in [0, {length})")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.position, self.value, self.length, self.argument)


def align(array: Array, axes: Axes, target: Axes) -> Array:
    """A view of `array` with the axes of `target`, 1 long where it has none."""
    order = [axes.index(axis) for axis in target if axis in axes]
    shape = [array.shape[axes.index(axis)] if axis in axes else 1 for axis in target]
    return array.transpose(order).reshape(shape)


# ---- numbers


def cast(x: Array, dtype: DType) -> Array:
    """x rounded to `dtype`, to nearest even, once."""
    if x.dtype == np.float64 and dtype == ml_dtypes.bfloat16:
        x = _odd_float32(x)  # a plain conversion would round to float32 on the way
    return x.astype(dtype, copy=False)


def _odd_float32(x: Array) -> Array:
    """float64 to float32, to odd: inexact results keep that they are, in the last bit,
    so that a second rounding to fewer bits is as good as one."""
    near = x.astype(np.float32)
    inexact = (near != x) & ~np.isnan(x)
    too_far = inexact & (np.abs(near) > np.abs(x))
    bits = near.view(np.uint32) - too_far.astype(np.uint32)
    return np.asarray(bits | inexact.astype(np.uint32)).view(np.float32)


def add(lhs: Array, rhs: Array) -> Array:
    """lhs + rhs elementwise; the operands are aligned."""
    return np.asarray(lhs + rhs)


def sub(lhs: Array, rhs: Array) -> Array:
    """lhs - rhs elementwise; the operands are aligned."""
    return np.asarray(lhs - rhs)


def mul(lhs: Array, rhs: Array) -> Array:
    """lhs * rhs elementwise; the operands are aligned."""
    return np.asarray(lhs * rhs)


def relu(x: Array) -> Array:
    """max(x, 0) elementwise; NaN stays NaN, -0 becomes 0."""
    return np.where(x <= 0, x.dtype.type(0), x)


def relu_grad(gradient: Array, output: Array) -> Array:
    """gradient where output > 0, else 0; the operands are aligned."""
    return np.where(output > 0, gradient, gradient.dtype.type(0))


def mask(x: Array, rows: Array) -> Array:
    """x where there is a row, else 0; the operands are aligned."""
    return np.where(rows != ABSENT, x, x.dtype.type(0))


def reduce_sum(x: Array, axis: int, accumulate: DType) -> Array:
    """The sum over one dimension in the dtype `accumulate`."""
    return np.asarray(np.sum(x, axis=axis, dtype=accumulate))


def matmul(
    lhs: Array,
    lhs_axes: Axes,
    rhs: Array,
    rhs_axes: Axes,
    over: str,
    result: Axes,
    accumulate: DType,
) -> Array:
    """The sum over `over` of lhs * rhs, in the dtype `accumulate`.

    Shared axes are batch axes: the product is a batched matrix product of
    [batch, rows, over] by [batch, over, columns].
    """
    batch = tuple(a for a in lhs_axes if a in rhs_axes and a != over)
    rows = tuple(a for a in lhs_axes if a not in rhs_axes)
    columns = tuple(a for a in rhs_axes if a not in lhs_axes)
    extent = dict(zip(lhs_axes, lhs.shape)) | dict(zip(rhs_axes, rhs.shape))

    def size(axes: Axes) -> int:
        return prod(extent[axis] for axis in axes)

    left = align(lhs, lhs_axes, (*batch, *rows, over)).reshape(
        size(batch), size(rows), extent[over]
    )
    right = align(rhs, rhs_axes, (*batch, over, *columns)).reshape(
        size(batch), extent[over], size(columns)
    )
    product = np.matmul(
        left.astype(accumulate, copy=False), right.astype(accumulate, copy=False)
    )
    axes = (*batch, *rows, *columns)
    return align(product.reshape([extent[axis] for axis in axes]), axes, result)


# ---- rows


def gather(source: Array, rows: Array, axis: int) -> Array:
    """source with dimension `axis` replaced by the rows named; absent rows are 0."""
    # One more row, of zeros, is what an absent row (-1) finds.
    pad = [(0, 1 if i == axis else 0) for i in range(source.ndim)]
    return np.take(np.pad(source, pad), rows, axis=axis)


def scatter_add(updates: Array, rows: Array, extent: int, accumulate: DType) -> Array:
    """out[row] += update, in order, for [entries..., rest...] updates.

    rows: [entries...]; out: [extent, rest...] of dtype `accumulate`. Absent rows are
    passed over, repeated rows add up.
    """
    rest = updates.shape[rows.ndim :]
    out = np.zeros((extent, *rest), accumulate)
    # Group by group of the last entry axis; within a group, rows rarely repeat.
    groups = rows.reshape(prod(rows.shape[:-1]), rows.shape[-1])
    for row, update in zip(groups, updates.reshape(*groups.shape, *rest)):
        present = row != ABSENT
        if not present.all():
            row, update = row[present], update[present]
        if len(np.unique(row)) == len(row):
            out[row] += update
        else:
            np.add.at(out, row, update.astype(accumulate, copy=False))
    return out


def rows(
    indices: Array,
    count: Array | int,
    start: Array | int,
    length: Array | int,
) -> Array:
    """Resolve indices [..., K] to rows: start + index for the first `count` entries
    that are not -1, else absent. The other operands are aligned, 1 long on K.

    Raises:
        IndexOutOfRangeError: for the first index outside [0, length) among those.
    """
    wanted = np.less(np.arange(int(indices.shape[-1])), count) & (indices != ABSENT)
    wrong = wanted & ((indices < 0) | (indices >= length))
    if wrong.any():
        position = tuple(int(i) for i in np.argwhere(wrong)[0])
        limit = int(np.broadcast_to(length, indices.shape)[position])
        raise IndexOutOfRangeError(position, int(indices[position]), limit)
    return np.where(wanted, indices + start, ABSENT).astype(np.int32)


# ---- raggedness


def run_lengths(ends: Array) -> Array:
    """Prefix sums [B] (or one total []) to run lengths [B]."""
    return np.diff(np.atleast_1d(ends), prepend=0).astype(np.int64)


def positions(
    token_ends: Array, first: int = 0, last: int | None = None
) -> tuple[Array, Array]:
    """For the tokens from `first` up to `last` (by default the end): the number of the
    run of each, and its position in that run."""
    ends = np.atleast_1d(token_ends)
    last = int(run_lengths(ends).sum()) if last is None else last
    tokens = np.arange(first, last)
    of = np.searchsorted(ends, tokens, side="right")
    return of, tokens - (ends - run_lengths(ends))[of]


def run(
    token_ends: Array, row_ends: Array, first: int = 0, last: int | None = None
) -> tuple[Array, Array]:
    """For every token the first row of its batch's run and the number of its rows."""
    lengths = run_lengths(row_ends)
    starts = np.atleast_1d(row_ends) - lengths
    of, _ = positions(token_ends, first, last)
    return starts[of].astype(np.int32), lengths[of].astype(np.int32)


def valid_count(
    mode: int,
    token_ends: Array,
    row_ends: Array,
    entries: int,
    first: int = 0,
    last: int | None = None,
) -> Array:
    """How many of its `entries` are valid for every token: all in mode 0,
    clamp(Sk - Sq + s + 1, 0, entries) in mode 3."""
    if mode == 0:
        last = int(run_lengths(token_ends).sum()) if last is None else last
        return np.full(last - first, entries, np.int32)
    if mode != 3:
        raise ValueError(f"the mode is 0 or 3, not {mode}")
    of, position = positions(token_ends, first, last)
    tokens = run_lengths(token_ends)
    excess = np.broadcast_to(run_lengths(row_ends), tokens.shape) - tokens
    return np.clip(excess[of] + position + 1, 0, entries).astype(np.int32)
