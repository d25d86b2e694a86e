"""In which order the axes of a buffer lie, and which values need no buffer."""

from __future__ import annotations

from math import prod

from xdsl.ir import Operation, SSAValue

from backends.graph.blocks.plan import Held, Plan, held_dtype
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement

MOVES = (lig.CastOp, lig.MaskOp, lig.ReluOp)
"""Results that keep the layout of their input."""


def lay_out(plan: Plan) -> None:
    """Decide how every value of a body is held."""
    body = plan.op.body.block
    common = plan.common
    for value in (*body.args, *(r for op in plan.ahead for r in op.results)):
        axes = tensor(value).axes
        if common is not None and value is common.rows:
            axes = (common.axis,)
        elif common is not None and common.axis in axes:
            rest = set(axes) - {common.axis, plan.axis}
            axes = (common.axis, plan.axis, *(axis for axis in axes if axis in rest))
        plan.held[value] = _held(plan, value, axes)
    yields = body.last_op
    for op in plan.steps:
        [result] = op.results
        if isinstance(op, lig.CastOp):
            uses = {use.operation for use in result.uses}
            if uses == {yields} or not _rounds(op):
                plan.alias[result] = op.input  # what leaves is rounded on its way
        if isinstance(op, lig.MaskOp) and common is not None:
            plan.alias[result] = op.input  # it is 0 there already
        plan.held[result] = _held(plan, result, _axes_of(plan, op))


def _rounds(cast: lig.CastOp) -> bool:
    """Whether a cast changes a number as it is held."""
    before, after = held_dtype(cast.input), held_dtype(cast.result)
    narrows = isinstance(tensor(cast.result).element_type, HalfElement)
    same = tensor(cast.input).element_type == tensor(cast.result).element_type
    return before != after or (narrows and not same)


def rounds_result(op: Operation) -> bool:
    """Whether an operation rounds to a half, which is then held wider."""
    halves = isinstance(tensor(op.results[0]).element_type, HalfElement)
    return halves and isinstance(op, (lig.AddOp, lig.CastOp, lig.MulOp, lig.SubOp))


def _held(plan: Plan, value: SSAValue, axes: Axes) -> Held:
    """With the axis of the loop in front; common entries go ahead of their tokens."""
    if plan.common is not None:
        return Held(axes, held_dtype(value))
    rest = tuple(axis for axis in axes if axis != plan.axis)
    first = (plan.axis,) if plan.axis in axes else ()
    return Held((*first, *rest), held_dtype(value))


def layout(plan: Plan, value: SSAValue) -> Axes:
    """The dimensions of a value as it is held; those of its type if it is static."""
    value = plan.root(value)
    known = plan.held.get(value)
    return tensor(value).axes if known is None else known.axes


def _axes_of(plan: Plan, op: Operation) -> Axes:
    """The layout of a result. A product has the axes of its larger side first, as BLAS
    likes it best."""
    [result] = op.results
    if isinstance(op, MOVES):
        return layout(plan, op.operands[0])
    if isinstance(op, lig.GatherOp):
        target = lig.row_axis(op.rows)
        rest = (axis for axis in layout(plan, op.source) if axis != target)
        return (*layout(plan, op.rows), *rest)
    if isinstance(op, lig.ReduceSumOp):
        over = op.over.string_value()
        return tuple(axis for axis in layout(plan, op.input) if axis != over)
    if isinstance(op, lig.MatmulOp):
        batch, rows, columns = product_axes(plan, op)
        sizes = [prod(map(plan.extent, side)) for side in (rows, columns)]
        swap = sizes[1] > sizes[0]
        for use in result.uses:  # the rows of a sum by rows lie in one piece
            if isinstance(scatter := use.operation, lig.ScatterAddOp):
                swap = not set(columns).isdisjoint(layout(plan, scatter.rows))
        if plan.axis in (*rows, *columns) and plan.common is None:
            swap = plan.axis in columns
        if swap:
            rows, columns = columns, rows
        return (*batch, *rows, *columns)
    axes = tensor(result).axes
    for operand in sorted(op.operands, key=lambda x: -len(tensor(x).axes)):
        if set(layout(plan, operand)) == set(axes):
            return layout(plan, operand)
    return tuple(sorted(axes, key=lambda axis: -plan.extent(axis)))


def product_axes(plan: Plan, op: lig.MatmulOp) -> tuple[Axes, Axes, Axes]:
    """The batch axes of a product, and those that only the left or the right has, in
    the order in which they are held."""
    over = op.over.string_value()
    left, right = layout(plan, op.lhs), layout(plan, op.rhs)
    batch = tuple(axis for axis in left if axis in right and axis != over)
    rows = tuple(axis for axis in left if axis not in right)
    columns = tuple(axis for axis in right if axis not in left)
    return batch, rows, columns
