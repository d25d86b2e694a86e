"""One operation of `lig` as a call of NumPy into the buffers of a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from xdsl.ir import Operation

from backends.call.dtypes import Array, dtype_of
from backends.graph import ops as graph_ops
from backends.graph.blocks.buffers import Buffers, merged
from backends.graph.blocks.layout import layout, product_axes, rounds_result
from backends.graph.blocks.sparse import row_scaler
from backends.graph.blocks.turn import Turn
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement

Step = Callable[[Turn], object]
ZERO = np.float32(0)


def nothing(turn: Turn) -> None:
    """Of an operation that has nothing to do."""


def kernel(buffers: Buffers, op: Operation) -> Step:
    """What computes an operation with the loop's axis in its result."""
    return _KERNELS[type(op)](buffers, op)


def round_into(out: Array, source: Array) -> None:
    """Copy numbers, rounded once to the dtype of `out`."""
    if source.dtype == np.float64:
        source = graph_ops.cast(source, out.dtype)
    np.copyto(out, source, casting="unsafe")


# ---- elementwise


_UFUNCS: Mapping[type[Operation], np.ufunc] = {
    lig.AddOp: np.add,
    lig.MulOp: np.multiply,
    lig.SubOp: np.subtract,
}


def _binary(buffers: Buffers, op: Operation) -> Step:
    [result] = op.results
    axes = layout(buffers.plan, result)
    out = buffers.array(result)
    lhs, rhs = (buffers.view(operand, axes) for operand in op.operands)
    compute = _UFUNCS[type(op)]
    if not rounds_result(op):
        return lambda turn: compute(lhs, rhs, out=out)
    round_ = _rounder(buffers, op, axes)

    def run(turn: Turn) -> None:
        compute(lhs, rhs, out=out)
        round_(out, out)

    return run


def _rounder(
    buffers: Buffers, op: Operation, axes: Axes
) -> Callable[[Array, Array], None]:
    """Copies numbers into a result, rounded to its type where what holds it is wider."""
    element = tensor(op.results[0]).element_type
    if not isinstance(element, HalfElement):
        return lambda out, source: np.copyto(out, source, casting="unsafe")
    narrow = buffers.scratch(op, axes, dtype_of(element))

    def round_(out: Array, source: Array) -> None:
        round_into(narrow, source)
        np.copyto(out, narrow)

    return round_


def _relu(buffers: Buffers, op: Operation) -> Step:
    [result] = op.results
    out = buffers.array(result)
    x = buffers.view(op.operands[0], layout(buffers.plan, result))
    return lambda turn: np.maximum(x, 0, out=out)


def _relu_grad(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.ReluGradOp)
    axes = layout(buffers.plan, op.result)
    out = buffers.array(op.result)
    gradient = buffers.view(op.gradient, axes)
    output = buffers.view(op.output, axes)
    scale = row_scaler(out, gradient)
    if scale is None:
        scale = partial(np.multiply, out, gradient, out=out)

    def run(turn: Turn) -> None:
        np.greater(output, 0, out=out, casting="unsafe")
        if is_finite(gradient):
            scale()
        else:  # 0 times infinity would not be 0
            np.copyto(out, np.where(out != 0, gradient, ZERO))

    return run


def is_finite(x: Array) -> bool:
    """Whether there is no NaN and no infinity."""
    if x.size == 0:
        return True
    return bool(np.isfinite(np.max(x)) and np.isfinite(np.min(x)))


def _mask(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.MaskOp)
    if op.result in buffers.plan.alias or buffers.all_present(op.rows):
        return nothing
    axes = layout(buffers.plan, op.result)
    out = buffers.array(op.result)
    x = buffers.array(op.input)
    rows, none = buffers.view(op.rows, axes), buffers.absent(op.rows)

    def run(turn: Turn) -> None:
        np.copyto(out, x)
        np.copyto(out, 0, where=np.equal(rows, none))

    return run


def _cast(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.CastOp)
    if op.result in buffers.plan.alias:
        return nothing
    axes = layout(buffers.plan, op.result)
    out, x = buffers.array(op.result), buffers.view(op.input, axes)
    round_ = _rounder(buffers, op, axes)
    return lambda turn: round_(out, x)


# ---- sums


def _matmul(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.MatmulOp)
    axes = layout(buffers.plan, op.result)
    return product(buffers, op, buffers.view(op.result, axes), axes)


def product(
    buffers: Buffers,
    op: lig.MatmulOp,
    out: Array,
    axes: Axes,
    summed: Axes = (),
) -> Step:
    """Computes a matrix product into an array with the axes given, summed over some of
    its batch axes too."""
    plan = buffers.plan
    over = (*summed, op.over.string_value())
    batch, rows, columns = product_axes(plan, op)
    batch = tuple(axis for axis in batch if axis not in summed)
    lhs, rhs = op.lhs, op.rhs
    if rows and columns and axes.index(columns[0]) < axes.index(rows[0]):
        lhs, rhs, rows, columns = rhs, lhs, columns, rows
    groups = (len(batch), len(rows), len(columns))
    left = buffers.view(lhs, (*batch, *rows, *over))
    right = buffers.view(rhs, (*batch, *over, *columns))
    into = graph_ops.align(out, axes, (*batch, *rows, *columns))
    dtype = dtype_of(op.accumulate)
    a, b = (
        merged(left, groups[0], groups[1], len(over)),
        merged(right, groups[0], len(over), groups[2]),
    )
    c = merged(into, *groups)
    if a is not None and b is not None and c is not None:
        return lambda turn: np.matmul(a, b, out=c, dtype=dtype)

    def run(turn: Turn) -> None:
        x = left.reshape(_sizes(left, groups[0], groups[1], len(over)))
        y = right.reshape(_sizes(right, groups[0], len(over), groups[2]))
        np.copyto(into, np.matmul(x, y, dtype=dtype).reshape(into.shape))

    return run


def _sizes(array: Array, *groups: int) -> list[int]:
    found: list[int] = []
    at = 0
    for group in groups:
        found.append(int(np.prod(array.shape[at : at + group], dtype=np.int64)))
        at += group
    return found


def _reduce_sum(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.ReduceSumOp)
    axes = layout(buffers.plan, op.input)
    at = axes.index(op.over.string_value())
    x, dtype = buffers.array(op.input), dtype_of(op.accumulate)
    out = buffers.view(op.result, axes[:at] + axes[at + 1 :])
    return lambda turn: np.add.reduce(x, axis=at, dtype=dtype, out=out)


# ---- rows


def _gather(buffers: Buffers, op: Operation) -> Step:
    assert isinstance(op, lig.GatherOp)
    plan, target = buffers.plan, lig.row_axis(op.rows)
    if plan.has_axis(op.source) or not plan.has_axis(op.rows):
        return _plain_gather(buffers, op)
    source = buffers.shared.rows_of(op.source, target)
    rest = buffers.shared.row_axes(op.source, target)
    rows, none = buffers.array(op.rows), buffers.absent(op.rows)
    axes = (*layout(plan, op.rows), *rest)
    out = buffers.view(op.result, axes)
    wide = source.dtype == out.dtype
    taken = out if wide else buffers.scratch(op, axes, source.dtype)
    all_present = buffers.all_present(op.rows)

    def run(turn: Turn) -> None:
        if none == 0:
            out.fill(0)
            return
        np.take(source, rows, axis=0, out=taken, mode="clip")
        if not wide:
            np.copyto(out, taken)
        if not all_present:
            out[rows == none] = 0

    return run


def _plain_gather(buffers: Buffers, op: lig.GatherOp) -> Step:
    axes, target = layout(buffers.plan, op.source), lig.row_axis(op.rows)
    at = axes.index(target)
    source, rows = buffers.array(op.source), buffers.array(op.rows)
    none = buffers.absent(op.rows)
    found = (*axes[:at], *layout(buffers.plan, op.rows), *axes[at + 1 :])
    out = buffers.view(op.result, found)

    def run(turn: Turn) -> None:
        named = np.where(rows == none, graph_ops.ABSENT, rows)
        np.copyto(out, graph_ops.gather(source, named, at))

    return run


def _scatter_add(buffers: Buffers, op: Operation) -> Step:
    """Within a token: the rows added to are those of each token by itself."""
    assert isinstance(op, lig.ScatterAddOp)
    entries = layout(buffers.plan, op.rows)
    rest = tuple(a for a in layout(buffers.plan, op.updates) if a not in entries)
    updates = buffers.view(op.updates, (*entries, *rest))
    rows, none = buffers.array(op.rows), buffers.absent(op.rows)
    out = buffers.view(op.result, (lig.row_axis(op.rows), *rest))

    def run(turn: Turn) -> None:
        named = np.where(rows == none, graph_ops.ABSENT, rows)
        found = graph_ops.scatter_add(updates, named, none, dtype_of(op.accumulate))
        np.copyto(out, found)

    return run


_KERNELS: Mapping[type[Operation], Callable[[Buffers, Operation], Step]] = {
    lig.AddOp: _binary,
    lig.CastOp: _cast,
    lig.GatherOp: _gather,
    lig.MaskOp: _mask,
    lig.MatmulOp: _matmul,
    lig.MulOp: _binary,
    lig.ReduceSumOp: _reduce_sum,
    lig.ReluGradOp: _relu_grad,
    lig.ReluOp: _relu,
    lig.ScatterAddOp: _scatter_add,
    lig.SubOp: _binary,
}
