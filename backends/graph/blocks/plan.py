"""How the body of a `lig.blocks` is computed: which value lies where, and in what order.

Pure: reads the IR and the extents, changes nothing. Every value of the body over the
loop's axis has a buffer, with that axis first; buffers whose values are never needed at
the same time share a slot of a worker's memory. Halves are held as float32, which has all
their values, so that only what rounds to half costs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import Operation, SSAValue

from backends.call.dtypes import DType, dtype_of
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig.blocks import BlocksOp, has_axis
from ligrad_ir.dialects.lig.ops import MatmulOp
from ligrad_ir.dialects.lig.ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.lig.types import HalfElement, RowType

RAGGED_OPS = (ExtentOp, RowsOp, RunOp, ValidCountOp)
"""Done ahead of a block: they say how much of it there is to do."""


@dataclass(frozen=True)
class Held:
    """The buffer of a value: its dimensions in order, and its dtype."""

    axes: Axes
    dtype: DType


@dataclass
class Common:
    """rows: the selection whose entries are shared; axis: that of the entries.
    capacity: how many a block may have. guarded: values that must be finite. folded: by
    sum of rows, the product that gives its updates and can sum over the tokens too."""

    rows: SSAValue
    axis: str
    capacity: int = 0
    guarded: set[SSAValue] = field(default_factory=set[SSAValue])
    folded: dict[Operation, MatmulOp] = field(default_factory=dict[Operation, MatmulOp])


@dataclass
class Plan:
    """The decisions for one loop and one set of extents.

    static: operations without the loop's axis, done once; steps: those of a block, in
    order; sums: those that add to what all blocks share. wide: sources of rows that are
    widened as a whole. alias: values that are another one as it is held. slots: the slot
    of a value, or of the room that an operation needs besides; slot_bytes: their sizes.
    tokens: of a block. ragged: the axis of entries whose absent tail no result depends
    on. common: says that the tokens of a block share their entries. vanishing: by row
    numbers, what is 0 for a token that has none.
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
    common: Common | None = None
    vanishing: dict[SSAValue, set[SSAValue]] = field(
        default_factory=dict[SSAValue, set[SSAValue]]
    )

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

    def extent(self, axis: str) -> int:
        """The most positions that an axis has in a block."""
        return self.shape((axis,), self.tokens, self.capacity)[0]

    @property
    def capacity(self) -> int:
        """The most entries of a block on the ragged axis."""
        return self.entries if self.common is None else self.common.capacity

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
