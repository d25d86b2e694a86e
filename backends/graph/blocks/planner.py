"""Makes the plan of a loop."""

from __future__ import annotations

from collections.abc import Mapping

from backends.graph.blocks.common import find_common
from backends.graph.blocks.layout import lay_out
from backends.graph.blocks.plan import RAGGED_OPS, Plan
from backends.graph.blocks.ragged import ragged_axis, vanishing
from backends.graph.blocks.slots import assign_slots, choose_tokens, choose_wide
from ligrad_ir.dialects.lig.blocks import BlocksOp, YieldOp
from ligrad_ir.dialects.lig.ragged import RowsOp

COMMON_TOKENS = 4
"""Of a block whose tokens share their entries."""
COMMON_GROWTH = 1.3
"""How many times the entries of one token those of such a block may be."""


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


def make_common_plan(plan: Plan) -> Plan | None:
    """A plan for blocks of several tokens that share their entries; None if the tokens
    of a plan cannot, or are so small that blocks have several anyway."""
    common = find_common(plan)
    if common is None or plan.tokens > 1:
        return None
    common.capacity = int(COMMON_GROWTH * plan.extents[common.axis]) + 1
    found = Plan(plan.op, plan.extents)
    _sort_operations(found)
    found.ragged, found.common, found.tokens = common.axis, common, COMMON_TOKENS
    folded = set(common.folded.values())
    found.steps = [step for step in found.steps if step not in folded]
    choose_wide(found)
    lay_out(found)
    assign_slots(found)
    return found


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
