"""The body of a loop as calls of NumPy on buffers: nothing is allocated in a block.

A program is built for blocks of so many tokens and so many entries, with or without
absent ones; what it can know ahead (views, shapes, which mask hides nothing) it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap

import numpy as np
from xdsl.ir import Operation, SSAValue

from backends.call.dtypes import Array, dtype_of
from backends.graph.blocks.buffers import Buffers
from backends.graph.blocks.kernels import (
    Step,
    is_finite,
    kernel,
    nothing,
    product,
    round_into,
)
from backends.graph.blocks.layout import layout
from backends.graph.blocks.shared import Shared, accumulator_axes, hold_rows
from backends.graph.blocks.sparse import row_adder
from backends.graph.blocks.turn import NotCommonError, Turn
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.blocks import has_axis
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RowType

Sum = Callable[[Array, Turn], None]
"""Adds what a block gives to an accumulator."""


class Program:
    """Computes blocks of one shape in the memory of one worker."""

    def __init__(self, shared: Shared, memory: Sequence[Array], turn: Turn):
        self._buffers = Buffers(shared, memory, turn)
        plan = shared.plan
        loads = [v for v in (*plan.op.body.block.args, *turn.rows) if v in plan.slots]
        steps: list[Step] = []
        for value in loads:
            steps += [self._load(value), self._guard(value)]
        for op in plan.steps:
            steps += [kernel(self._buffers, op), self._guard(op.results[0])]
        if plan.common is not None:
            steps += map(self._common_updates, plan.sums)
        steps += starmap(self._store, shared.outputs.items())
        self._steps = [step for step in steps if step is not nothing]
        self._sums = [self._sum(op) for op in plan.sums]

    def compute(self, turn: Turn) -> None:
        """Everything but what is added to the accumulators."""
        for step in self._steps:
            step(turn)

    def add(self, totals: Sequence[Array], turn: Turn) -> None:
        """Add to the accumulators, one an operation of the plan's sums."""
        for total, step in zip(totals, self._sums, strict=True):
            step(total, turn)

    # ---- in and out

    def _load(self, value: SSAValue) -> Step:
        shared, plan = self._buffers.shared, self._buffers.plan
        if value not in shared.inputs:
            out = self._buffers.array(value)
            return lambda turn: np.copyto(out, turn.rows[value])
        if plan.common is not None and has_axis(value, plan.common.axis):
            return self._load_common(value, plan.common.axis)
        out = self._buffers.array(value)
        part = self._buffers.parts(shared.inputs[value], value)
        is_rows = isinstance(tensor(value).element_type, RowType)

        def load(turn: Turn) -> None:
            np.copyto(out, part(turn))
            if is_rows:
                hold_rows(out, value, plan.extents)

        return load

    def _load_common(self, value: SSAValue, entries: str) -> Step:
        """Put each token's entries where the block has them, with 0 between."""
        out = self._buffers.array(value)
        axes = tensor(value).axes
        held = layout(self._buffers.plan, value)
        order = [axes.index(axis) for axis in (held[1], entries, *held[2:])]
        whole = self._buffers.shared.inputs[value].transpose(order)

        def load(turn: Turn) -> None:
            out.fill(0)
            assert turn.positions is not None
            for token, positions in enumerate(turn.positions):
                found = whole[turn.first + token, : len(positions)]
                if not turn.clean:
                    own = positions < turn.united
                    positions, found = positions[own], found[own]
                out[positions, token] = found

        return load

    def _guard(self, value: SSAValue) -> Step:
        """Refuse numbers that zeros must not be multiplied by."""
        common = self._buffers.plan.common
        if common is None or value not in common.guarded:
            return nothing
        owner = value.owner
        if isinstance(owner, lig.GatherOp) and owner.source in self._buffers.plan.wide:
            if not self._buffers.shared.is_finite(
                owner.source, lig.row_axis(owner.rows)
            ):
                raise NotCommonError
            return nothing
        array = self._buffers.array(value)

        def check(turn: Turn) -> None:
            if not is_finite(array):
                raise NotCommonError

        return check

    def _store(self, value: SSAValue, whole: Array) -> Step:
        plan, buffers = self._buffers.plan, self._buffers
        source = buffers.array(value)
        part_of = buffers.parts(whole, value)
        # Rounding is faster where both sides lie alike.
        narrow = buffers.scratch(plan.yields, layout(plan, value), whole.dtype)
        rounds = source.dtype != whole.dtype

        def store(turn: Turn) -> None:
            part = part_of(turn)
            if rounds:
                round_into(narrow, source)
            np.copyto(part, narrow if rounds else source)
            for rows in selections:
                part[buffers.without_rows(rows, turn.rows[rows])] = 0  # tokens first

        selections = [
            rows
            for rows, zero in plan.vanishing.items()
            if value in zero and buffers.may_lack_rows
        ]
        return store

    # ---- sums over the loop's axis

    def _sum(self, op: Operation) -> Sum:
        if isinstance(op, lig.ScatterAddOp):
            return self._scatter(op)
        axes = accumulator_axes(self._buffers.plan, op)
        if isinstance(op, lig.MatmulOp):
            dtype = dtype_of(op.accumulate)
            shape = [self._buffers.plan.extents[axis] for axis in axes]
            partial = np.empty(shape, dtype)
            compute = product(self._buffers, op, partial, axes)

            def add_product(total: Array, turn: Turn) -> None:
                compute(turn)
                np.add(total, partial, out=total)

            return add_product
        assert isinstance(op, lig.ReduceSumOp)
        over, accumulate = op.over.string_value(), dtype_of(op.accumulate)
        x = self._buffers.view(op.input, (over, *axes))

        def add_reduced(total: Array, turn: Turn) -> None:
            np.add(total, np.add.reduce(x, axis=0, dtype=accumulate), out=total)

        return add_reduced

    def _scatter(self, op: lig.ScatterAddOp) -> Sum:
        """Each entry's update is added to its row, in order."""
        buffers, dtype = self._buffers, dtype_of(op.accumulate)
        axes = accumulator_axes(buffers.plan, op)
        rows = buffers.array(op.rows)
        entries = layout(buffers.plan, op.rows)
        if buffers.plan.common is None:
            updates = buffers.view(op.updates, (*entries, *axes[1:]))
        else:
            updates = buffers.scratch(op, (*entries, *axes[1:]), dtype)
        if updates.size == 0:
            return lambda total, turn: None
        add = row_adder(rows.size, dtype)
        return lambda total, turn: add(
            total, rows, np.ascontiguousarray(updates, dtype)
        )

    def _common_updates(self, op: Operation) -> Step:
        """The updates of all tokens, added up for each common entry."""
        if not isinstance(op, lig.ScatterAddOp):
            return nothing
        buffers, plan = self._buffers, self._buffers.plan
        assert plan.common is not None
        rest = accumulator_axes(plan, op)[1:]
        entries, dtype = plan.common.axis, dtype_of(op.accumulate)
        out = buffers.scratch(op, (entries, *rest), dtype)
        if (folded := plan.common.folded.get(op)) is not None:
            return product(buffers, folded, out, (entries, *rest), (plan.axis,))
        x = buffers.view(op.updates, (plan.axis, entries, *rest))
        return lambda turn: np.add.reduce(x, axis=0, dtype=dtype, out=out)
