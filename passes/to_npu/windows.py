"""Windows of a token's entries: how long they are, and what a core knows of one."""

from __future__ import annotations

from collections.abc import Mapping

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.types import element_bytes
from passes.facts.extents import numbers
from passes.to_npu.builder import Index
from passes.to_npu.storage import ENTRY_UNIT, Selection, TokenScope
from passes.to_npu.stream import Stream

NARROW, WIDE = 128, 512
"""Entries of a window. What the vector cores do with one waits for their pipes a few
times, however long it is; while a longer one takes the cube core longer before they have
something to do. So windows are narrow where the vector cores only select, and wide where
they compute."""
SELECTIONS = (lig.ConstantOp, lig.MaskOp, lig.ReluGradOp, lig.ScatterAddOp)


def natural_window(
    plan: Stream, bounds: Mapping[str, int], depth: int, l1_bytes: int
) -> int:
    """The length of windows that suits a graph: narrow or wide, or the longest of half of
    that, a quarter and so on with which L1 holds the operands of products.

    bounds: the largest extents of axes; depth: windows whose gathered rows are in L1.
    """
    vector = [
        op for number, ops in plan.stages.items() if number % 2 == 0 for op in ops
    ]
    window = NARROW if all(isinstance(op, SELECTIONS) for op in vector) else WIDE
    while (
        window > ENTRY_UNIT and _operand_bytes(plan, bounds, depth, window) > l1_bytes
    ):
        window //= 2
    return window


def _operand_bytes(
    plan: Stream, bounds: Mapping[str, int], depth: int, window: int
) -> int:
    """What the operands of all products take in L1."""
    total = 0
    for value in plan.operands():
        type = tensor(value)
        here = {**bounds, plan.staging.token_axis: 1, plan.entries: window}
        size = numbers(type.axes, here) * element_bytes(type.element_type)
        total += size * (depth if isinstance(value.owner, lig.GatherOp) else 1)
    return total


def window_scope(
    plan: Stream, scope: TokenScope, number: Index, tiles: Mapping[str, int]
) -> TokenScope:
    """What a core knows of a window of a token; tiles: how long windows are."""
    b, entries = scope.builder, plan.entries
    length = tiles[entries]
    start = b.named(f"{entries}_start", b.mul(number, length))

    def inside(count: Index, least: int) -> Index:
        return b.min(b.max(b.sub(count, start), least), length)

    whole = scope.selections[plan.selection.result]
    count = b.named(f"{entries}_valid_here", inside(whole.count, 0))
    padded = inside(scope.padded[entries], ENTRY_UNIT)
    selection = Selection(
        *(whole.indices, entries, whole.target, count, whole.start, whole.length),
        whole.in_ub,
    )
    return TokenScope(
        b,
        scope.signature,
        scope.extents,
        scope.token,
        scope.block,
        {plan.selection.result: selection},
        {entries: b.named(f"{entries}_padded_here", padded)},
        {entries: start},
        tiles,
    )
