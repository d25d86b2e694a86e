"""How many tokens a block has, and which buffers share memory."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from xdsl.ir import Operation, SSAValue

from backends.graph.blocks.layout import rounds_result
from backends.graph.blocks.plan import RAGGED_OPS, Held, Plan, held_dtype
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor

IN_PLACE = (lig.AddOp, lig.MaskOp, lig.MulOp, lig.ReluOp, lig.ReluGradOp, lig.SubOp)

WORKER_BYTES = 2 * 2**20
"""What the buffers of one worker should fit in: the cache of its core."""
WIDE_BYTES = 32 * 2**20
"""For sources of rows, widened as a whole; larger ones are widened row by row."""
MOST_TOKENS = 256
"""Of a block."""
LEAST_BLOCKS = 16
"""Into which tokens are divided, if there are so many, for several workers to share."""


def choose_wide(plan: Plan) -> None:
    """Widen what rows are gathered from once, as far as there is room."""
    room = WIDE_BYTES
    for op in plan.steps:
        if not isinstance(op, lig.GatherOp) or plan.has_axis(op.source):
            continue
        size = prod(plan.extents[a] for a in tensor(op.source).axes)
        size *= held_dtype(op.source).itemsize
        if op.source not in plan.wide and size <= room:
            plan.wide.add(op.source)
            room -= size


def token_bytes(plan: Plan) -> int:
    """The buffers of a block of one token, each with a slot of its own."""
    return sum(
        _bytes(plan, held, 1)
        for value, held in plan.held.items()
        if value not in plan.alias
    )


def choose_tokens(plan: Plan) -> None:
    """As many as fit into the cache of a core, and leave enough blocks to share out."""
    total = plan.extents[plan.axis]
    fitting = WORKER_BYTES // max(1, token_bytes(plan))
    plan.tokens = max(1, min(fitting, MOST_TOKENS, -(-total // LEAST_BLOCKS)))


def _bytes(plan: Plan, held: Held, tokens: int) -> int:
    return prod(plan.shape(held.axes, tokens, plan.capacity)) * held.dtype.itemsize


def assign_slots(plan: Plan) -> None:
    """Slots by the order in which values come and go. What a mask hides nothing of is
    its input, so the input lives on as long as what the mask gives."""
    last = _last_uses(plan)
    free: list[int] = []
    busy: dict[int, int] = {}
    freed: dict[int, int] = {}

    def take(key: SSAValue | Operation, size: int, until: int) -> None:
        # One of about the size, the one that was in use last: it is in the cache.
        fits = [slot for slot in free if size <= plan.slot_bytes[slot] <= 2 * size]
        if fits:
            slot = max(fits, key=freed.__getitem__)
            free.remove(slot)
        else:
            slot = len(plan.slot_bytes)
            plan.slot_bytes.append(size)
        plan.slots[key] = slot
        busy[slot] = until

    loaded = [*plan.op.body.block.args, *(r for op in plan.ahead for r in op.results)]
    for value in loaded:
        if value in last:
            take(value, _bytes(plan, plan.held[value], plan.tokens), last[value])
    for at, op in enumerate(plan.steps):
        [result] = op.results
        if result in plan.alias or result not in last:
            continue
        if (slot := _dying(plan, op, at, last)) is not None:
            plan.slots[result] = slot
            busy[slot] = last[result]
        else:
            take(result, _bytes(plan, plan.held[result], plan.tokens), last[result])
        by_row = isinstance(op, lig.GatherOp) and op.source not in plan.wide
        if by_row or rounds_result(op):  # room for halves
            take(op, _bytes(plan, plan.held[result], plan.tokens), at)
        for slot, until in tuple(busy.items()):
            if until <= at:
                del busy[slot]
                free.append(slot)
                freed[slot] = at
    if plan.common is not None:
        for op in plan.sums:  # for what is added to each row
            if isinstance(op, lig.ScatterAddOp):
                rest = tensor(op.result).axes[1:]
                held = Held((plan.common.axis, *rest), held_dtype(op.result))
                take(op, _bytes(plan, held, plan.tokens), len(plan.steps))
    stored = [plan.held[plan.root(v)] for v in plan.op.yielded if plan.has_axis(v)]
    room = max((_bytes(plan, held, plan.tokens) for held in stored), default=0)
    take(plan.yields, room, len(plan.steps))  # to round in


def _last_uses(plan: Plan) -> dict[SSAValue, int]:
    """The step behind which a buffer is not needed any more."""
    end = len(plan.steps)
    at = {op: number for number, op in enumerate(plan.steps)}
    last: dict[SSAValue, int] = {}
    for op in reversed(plan.op.body.block.ops):
        if op in plan.static or isinstance(op, RAGGED_OPS):
            continue
        for value in op.operands:
            root = plan.root(value)
            last[root] = max(last.get(root, -1), at.get(op, end))
        if isinstance(op, lig.MaskOp):
            root, result = plan.root(op.input), plan.root(op.result)
            last[root] = max(last[root], last.get(result, -1))
    return last


def _dying(
    plan: Plan, op: Operation, at: int, last: Mapping[SSAValue, int]
) -> int | None:
    """The slot of an operand that the result may overwrite."""
    if not isinstance(op, IN_PLACE):
        return None
    [result] = op.results
    operands = op.operands
    if isinstance(op, lig.ReluGradOp):  # the gradient is read last
        same = plan.root(op.gradient) is plan.root(op.output)
        operands = () if same else (op.output,)
    for value in operands:
        root = plan.root(value)
        dies = last.get(root) == at
        if isinstance(op, lig.MaskOp):  # its input lives as long as its result
            uses = {use.operation for use in root.uses}
            dies = uses == {op} and value is op.input
        if dies and root in plan.slots and plan.held[root] == plan.held[result]:
            return plan.slots[root]
    return None
