"""Makes the plan of a loop."""

from __future__ import annotations

from collections.abc import Mapping

from backends.numpy.blocks.layout import lay_out
from backends.numpy.blocks.plan import RAGGED_OPS, Plan
from backends.numpy.blocks.ragged import ragged_axis, vanishing
from backends.numpy.blocks.slots import assign_slots, choose_tokens, choose_wide
from ligrad_ir.dialects.lig_blocks import BlocksOp, YieldOp
from ligrad_ir.dialects.lig_ragged import RowsOp


def make_plan(op: BlocksOp, extents: Mapping[str, int]) -> Plan:
    """Decide for a loop."""
    plan = Plan(op, extents)
    _sort_operations(plan)
    plan.ragged = ragged_axis(plan)
    for inner in plan.ahead:
        if isinstance(inner, RowsOp) and plan.has_axis(inner.result):
            plan.vanishing[inner.result] = vanishing(plan, inner.result)
    choose_wide(plan)
    lay_out(plan)
    choose_tokens(plan)
    assign_slots(plan)
    return plan


def _sort_operations(plan: Plan) -> None:
    for op in plan.op.body.block.ops:
        values = (*op.operands, *op.results)
        if isinstance(op, YieldOp):
            continue
        if isinstance(op, RAGGED_OPS):
            plan.ahead.append(op)
        elif not any(plan.has_axis(value) for value in values):
            plan.static.append(op)
        elif any(plan.has_axis(result) for result in op.results):
            plan.steps.append(op)
        else:
            plan.sums.append(op)
