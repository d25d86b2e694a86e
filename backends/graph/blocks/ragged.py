"""What absent entries mean: which axis a block may cut off behind the last entry that
counts, and what is 0 for a token without any."""

from __future__ import annotations

from xdsl.ir import SSAValue

from backends.graph.blocks.plan import Plan
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.blocks import has_axis
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.dialects.lig.types import RowType


def ragged_axis(plan: Plan) -> str | None:
    """The entries of a selection with a count, if what is behind a count reaches no
    result: sums over the axis have a factor that is 0 at absent entries."""
    counted = [op for op in plan.ahead if isinstance(op, RowsOp) and op.count]
    for rows in counted:
        axis = tensor(rows.result).axes[-1]
        if plan.has_axis(rows.result) and _may_cut(plan, axis, rows):
            return axis
    return None


def _may_cut(plan: Plan, axis: str, rows: RowsOp) -> bool:
    zero = _zero_where_absent(plan, rows.result)
    for op in (*plan.steps, *plan.sums):
        operands = [value for value in op.operands if has_axis(value, axis)]
        results = [value for value in op.results if has_axis(value, axis)]
        if isinstance(op, lig.ScatterAddOp) and op.rows is rows.result:
            continue
        if operands and not results and zero.isdisjoint(operands):
            return False
        if results and not plan.has_axis(results[0]):
            return False
    if any(has_axis(value, axis) for op in plan.static for value in op.results):
        return False
    others = [op for op in plan.ahead if isinstance(op, RowsOp) and op is not rows]
    if any(has_axis(op.result, axis) for op in others):
        return False
    return all(
        value in zero for value in plan.op.yielded if has_axis(value, axis)
    ) and not any(  # rows that come in ready are not resolved here
        isinstance(tensor(value).element_type, RowType) for value in plan.op.inputs
    )


def _zero_where_absent(plan: Plan, rows: SSAValue) -> set[SSAValue]:
    """Values that are 0 wherever a selection has no row."""
    zero: set[SSAValue] = set()
    for op in plan.steps:
        [result] = op.results
        match op:
            case lig.MaskOp() | lig.GatherOp():
                found = op.rows is rows or op.operands[0] in zero
            case lig.CastOp() | lig.ReluOp() | lig.ReluGradOp():
                found = op.operands[0] in zero
            case lig.AddOp() | lig.SubOp() | lig.MulOp():
                found = op.lhs in zero and op.rhs in zero
            case _:
                found = False
        if found:
            zero.add(result)
    return zero


def vanishing(plan: Plan, rows: SSAValue) -> set[SSAValue]:
    """Values that the formulas make 0 for a token without any row in a selection,
    whatever other numbers it has; as machine numbers, 0 times NaN would not be."""
    zero: set[SSAValue] = set()
    for op in plan.steps:
        match op:
            case lig.GatherOp() | lig.MaskOp():
                found = op.rows is rows or op.operands[0] in zero
            case lig.MulOp() | lig.MatmulOp() | lig.ReluGradOp():
                found = not zero.isdisjoint(op.operands)
            case lig.ScatterAddOp():
                found = False
            case _:
                found = zero.issuperset(op.operands)
        if found:
            zero.update(op.results)
    return zero
