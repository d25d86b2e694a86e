"""The body of a loop as calls of NumPy on buffers: nothing is allocated in a block.

A program is built for blocks of so many tokens and so many entries, with or without
absent ones; what it can know ahead (views, shapes, which mask hides nothing) it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import starmap

import numpy as np
from xdsl.ir import Operation, SSAValue

from backends.numpy.blocks.buffers import Buffers
from backends.numpy.blocks.kernels import Step, kernel, nothing, product, round_into
from backends.numpy.blocks.layout import layout
from backends.numpy.blocks.shared import Shared, accumulator_axes, hold_rows
from backends.numpy.blocks.sparse import row_adder
from backends.numpy.blocks.turn import Turn
from backends.numpy.dtypes import Array, dtype_of
from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.lig_types import RowType

Sum = Callable[[Array, Turn], None]
"""Adds what a block gives to an accumulator."""


class Program:
    """Computes blocks of one shape in the memory of one worker."""

    def __init__(self, shared: Shared, memory: Sequence[Array], turn: Turn):
        self._buffers = Buffers(shared, memory, turn)
        plan = shared.plan
        loads = [v for v in (*plan.op.body.block.args, *turn.rows) if v in plan.slots]
        steps = [
            *map(self._load, loads),
            *(kernel(self._buffers, op) for op in plan.steps),
            *starmap(self._store, shared.outputs.items()),
        ]
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
        out = self._buffers.array(value)
        whole = self._buffers.part(shared.inputs[value], value)
        is_rows = isinstance(tensor(value).element_type, RowType)

        def load(turn: Turn) -> None:
            np.copyto(out, whole[turn.first : turn.last])
            if is_rows:
                hold_rows(out, value, plan.extents)

        return load

    def _store(self, value: SSAValue, whole: Array) -> Step:
        plan, buffers = self._buffers.plan, self._buffers
        source = buffers.array(value)
        target = buffers.part(whole, value)
        # Rounding is faster where both sides lie alike.
        narrow = buffers.scratch(plan.yields, layout(plan, value), target.dtype)
        rounds = source.dtype != target.dtype

        def store(turn: Turn) -> None:
            part = target[turn.first : turn.last]
            if rounds:
                round_into(narrow, source)
            np.copyto(part, narrow if rounds else source)
            for rows in selections:
                part[buffers.without_rows(rows, turn.rows[rows])] = 0

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
        updates = buffers.view(op.updates, (*layout(buffers.plan, op.rows), *axes[1:]))
        if updates.size == 0:
            return lambda total, turn: None
        add = row_adder(rows.size, dtype)
        return lambda total, turn: add(
            total, rows, np.ascontiguousarray(updates, dtype)
        )
