"""The buffers of a worker, as views for blocks of one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from xdsl.ir import Operation, SSAValue

from backends.call.dtypes import Array, DType
from backends.graph import ops as graph_ops
from backends.graph.blocks.layout import layout
from backends.graph.blocks.plan import Held
from backends.graph.blocks.shared import Shared
from backends.graph.blocks.turn import Turn
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.dialects.lig.types import RowType


class Buffers:
    """For blocks of so many tokens and so many entries, with absent ones or without."""

    def __init__(self, shared: Shared, memory: Sequence[Array], turn: Turn):
        self.shared, self.plan = shared, shared.plan
        self._memory = memory
        self._tokens, self._entries = turn.last - turn.first, turn.entries
        self._clean = turn.clean

    def array(self, value: SSAValue) -> Array:
        """The buffer of a value, in its layout."""
        plan = self.plan
        value = plan.root(value)
        if not plan.has_axis(value):
            return self._cut(self.shared.array(value), tensor(value).axes)
        owner = value.owner
        if isinstance(owner, lig.MaskOp) and self.all_present(owner.rows):
            return self.array(owner.input)
        return self._in_slot(plan.slots[value], plan.held[value])

    def view(self, value: SSAValue, axes: Axes) -> Array:
        """A value with the axes given, 1 long where it has none."""
        return graph_ops.align(self.array(value), layout(self.plan, value), axes)

    def scratch(self, op: Operation, axes: Axes, dtype: DType) -> Array:
        """The room that an operation needs besides its result."""
        return self._in_slot(self.plan.slots[op], Held(axes, dtype))

    def parts(self, whole: Array, value: SSAValue) -> Callable[[Turn], Array]:
        """A function that gives the part of a whole array, of a value's type, that a
        block is about, as its buffer wants it; the ragged axis is cut off behind the
        entries of a block."""
        axes, held = tensor(value).axes, layout(self.plan, value)
        ordered = self._cut(whole, axes).transpose([axes.index(axis) for axis in held])
        ahead = (slice(None),) * held.index(self.plan.axis)
        return lambda turn: ordered[(*ahead, slice(turn.first, turn.last))]

    def all_present(self, rows: SSAValue) -> bool:
        """Whether it is known that every entry has a row."""
        if self.plan.has_axis(rows):
            return self._clean and isinstance(rows.owner, RowsOp)
        return self.shared.is_clean(rows)

    @property
    def may_lack_rows(self) -> bool:
        """Whether a token may have no row at all."""
        none = self.plan.ragged is not None and self._entries == 0
        return none or not self._clean

    def without_rows(self, rows: SSAValue, named: Array) -> Array:
        """Which tokens of a block have no row; `named`: the row numbers."""
        present = named != self.absent(rows)
        return ~present.reshape(len(named), -1).any(axis=1)

    def absent(self, rows: SSAValue) -> int:
        """The row number that stands for none."""
        element = tensor(rows).element_type
        assert isinstance(element, RowType)
        return self.plan.extents[element.axis.data]

    def _cut(self, array: Array, axes: Axes) -> Array:
        ragged = self.plan.ragged
        if ragged not in axes:
            return array
        return array[(slice(None),) * axes.index(ragged) + (slice(self._entries),)]

    def _in_slot(self, slot: int, held: Held) -> Array:
        shape = self.plan.shape(held.axes, self._tokens, self._entries)
        size = prod(shape) * held.dtype.itemsize
        return self._memory[slot][:size].view(held.dtype).reshape(shape)


def merged(array: Array, *groups: int) -> Array | None:
    """A view in which so many dimensions at a time are one; None if only a copy could
    be."""
    shape: list[int] = []
    at = 0
    for group in groups:
        shape.append(int(np.prod(array.shape[at : at + group], dtype=np.int64)))
        at += group
    found = array.reshape(shape)
    return found if found.size == 0 or np.may_share_memory(found, array) else None
