"""How the body of a `lig.blocks` is computed: which value lies where, and in what order.

Pure: reads the IR and the extents, changes nothing. Every value of the body over the
loop's axis has a buffer, with that axis first; buffers whose values are never needed at
the same time share a slot of a worker's memory. Halves are held as float32, which has all
their values, so that only what rounds to half costs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np
from xdsl.ir import Operation, SSAValue

from backends.numpy.dtypes import DType, dtype_of
from ligrad_ir.axes import Axes
from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_blocks import BlocksOp, YieldOp, has_axis
from ligrad_ir.dialects.lig_ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.lig_types import HalfElement, RowType

RAGGED_OPS = (ExtentOp, RowsOp, RunOp, ValidCountOp)
"""Done ahead of a block: they say how much of it there is to do."""
MOVES = (lig.CastOp, lig.MaskOp, lig.ReluOp)
"""Results that keep the layout of their input."""
IN_PLACE = (lig.AddOp, lig.MaskOp, lig.MulOp, lig.ReluOp, lig.ReluGradOp, lig.SubOp)

WORKER_BYTES = 2 * 2**20
"""What the buffers of one worker should fit in: the cache of its core."""
WIDE_BYTES = 32 * 2**20
"""For sources of rows, widened as a whole; larger ones are widened row by row."""
MOST_TOKENS = 256
"""Of a block."""
LEAST_BLOCKS = 16
"""Into which tokens are divided, if there are so many, for several workers to share."""
STEPS_OF_ENTRIES = 32
"""Lengths in which a block's entries are cut off, so that few programs are built."""


@dataclass(frozen=True)
class Held:
    """The buffer of a value: its dimensions in order, and its dtype."""

    axes: Axes
    dtype: DType


@dataclass
class Plan:
    """The decisions for one loop and one set of extents.

    static: operations without the loop's axis, done once; steps: those of a block, in
    order; sums: those that add to what all blocks share. wide: sources of rows that are
    widened as a whole. alias: values that are another one as it is held. slots: the slot
    of a value, or of the room that an operation needs besides; slot_bytes: their sizes.
    tokens: of a block. ragged: the axis of entries whose absent tail no result depends
    on.
    """

    op: BlocksOp
    extents: Mapping[str, int]
    static: list[Operation] = field(default_factory=list[Operation])
    ahead: list[Operation] = field(default_factory=list[Operation])
    steps: list[Operation] = field(default_factory=list[Operation])
    sums: list[Operation] = field(default_factory=list[Operation])
    held: dict[SSAValue, Held] = field(default_factory=dict[SSAValue, Held])
    wide: set[SSAValue] = field(default_factory=set[SSAValue])
    alias: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    slots: dict[SSAValue | Operation, int] = field(
        default_factory=dict[SSAValue | Operation, int]
    )
    slot_bytes: list[int] = field(default_factory=list[int])
    tokens: int = 1
    ragged: str | None = None

    @property
    def axis(self) -> str:
        """The axis of the loop."""
        return self.op.over

    @property
    def yields(self) -> Operation:
        """The end of the body."""
        last = self.op.body.block.last_op
        assert last is not None
        return last

    def root(self, value: SSAValue) -> SSAValue:
        """The value whose buffer holds this one."""
        while value in self.alias:
            value = self.alias[value]
        return value

    def has_axis(self, value: SSAValue) -> bool:
        """Whether a value differs from block to block."""
        return has_axis(value, self.axis)

    def shape(self, axes: Axes, tokens: int, entries: int) -> list[int]:
        """The extents of axes in a block."""
        known = {self.axis: tokens}
        if self.ragged is not None:
            known[self.ragged] = entries
        return [known.get(axis, self.extents[axis]) for axis in axes]

    @property
    def entries(self) -> int:
        """The extent of the ragged axis; 0 without one."""
        return 0 if self.ragged is None else self.extents[self.ragged]


def held_dtype(value: SSAValue) -> DType:
    """The dtype in which a value is held: one that has all of its values."""
    element = tensor(value).element_type
    if isinstance(element, HalfElement):
        return np.dtype(np.float32)
    if isinstance(element, RowType):
        return np.dtype(np.int64)
    return dtype_of(element)


def make_plan(op: BlocksOp, extents: Mapping[str, int]) -> Plan:
    """Decide for a loop."""
    plan = Plan(op, extents)
    _sort_operations(plan)
    plan.ragged = _ragged_axis(plan)
    _choose_wide(plan)
    _lay_out(plan)
    _choose_tokens(plan)
    _assign_slots(plan)
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


# ---- raggedness


def _ragged_axis(plan: Plan) -> str | None:
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


# ---- layout


def _lay_out(plan: Plan) -> None:
    body = plan.op.body.block
    for argument in body.args:
        plan.held[argument] = _held(plan, argument, tensor(argument).axes)
    for op in plan.ahead:
        for result in op.results:
            plan.held[result] = _held(plan, result, tensor(result).axes)
    yields = body.last_op
    for op in plan.steps:
        [result] = op.results
        if isinstance(op, lig.CastOp):
            uses = {use.operation for use in result.uses}
            if uses == {yields} or not _rounds(op):
                plan.alias[result] = op.input  # what leaves is rounded on its way
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
    """With the axis of the loop in front."""
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
        sizes = [prod(plan.extents[a] for a in side) for side in (rows, columns)]
        swap = sizes[1] > sizes[0]
        for use in result.uses:  # the rows of a sum by rows lie in one piece
            if isinstance(scatter := use.operation, lig.ScatterAddOp):
                swap = not set(columns).isdisjoint(layout(plan, scatter.rows))
        if plan.axis in (*rows, *columns):
            swap = plan.axis in columns
        if swap:
            rows, columns = columns, rows
        return (*batch, *rows, *columns)
    axes = tensor(result).axes
    for operand in sorted(op.operands, key=lambda x: -len(tensor(x).axes)):
        if set(layout(plan, operand)) == set(axes):
            return layout(plan, operand)
    return tuple(sorted(axes, key=lambda axis: -plan.extents[axis]))


def product_axes(plan: Plan, op: lig.MatmulOp) -> tuple[Axes, Axes, Axes]:
    """The batch axes of a product, and those that only the left or the right has, in
    the order in which they are held."""
    over = op.over.string_value()
    left, right = layout(plan, op.lhs), layout(plan, op.rhs)
    batch = tuple(axis for axis in left if axis in right and axis != over)
    rows = tuple(axis for axis in left if axis not in right)
    columns = tuple(axis for axis in right if axis not in left)
    return batch, rows, columns


# ---- memory


def _choose_wide(plan: Plan) -> None:
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


def _choose_tokens(plan: Plan) -> None:
    total = plan.extents[plan.axis]
    fitting = WORKER_BYTES // max(1, token_bytes(plan))
    plan.tokens = max(1, min(fitting, MOST_TOKENS, -(-total // LEAST_BLOCKS)))


def _bytes(plan: Plan, held: Held, tokens: int) -> int:
    return prod(plan.shape(held.axes, tokens, plan.entries)) * held.dtype.itemsize


def _assign_slots(plan: Plan) -> None:
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
