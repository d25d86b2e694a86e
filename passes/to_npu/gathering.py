"""Which cores gather the rows of a window, and what the vector cores do of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from xdsl.ir import SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.launch import AwaitOp
from ligrad_ir.dialects.npu.rows import GatherRowsOp
from ligrad_ir.dialects.npu.types import Pipe, Space, element_bytes
from ligrad_ir.soc import Soc
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.rows import rows_of
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.values import indices_in_ub

Gather = Literal["cube", "vector", "shared"]
"""Who gathers: the cube core, straight to L1; the vector cores, through global memory; or
of every window the cube core a part, and the vector cores the rest."""
GATHERS: tuple[Gather, ...] = get_args(Gather)
CUBE_QUARTERS: Mapping[Gather, int] = {"cube": 4, "vector": 0, "shared": 2}
"""Of every window, the quarters whose rows the cube core gathers, from the first on. In
`shared` it has half of them and the products to issue; the vector cores are two, but add
the updates."""
BATCH_BYTES = Soc.ub_size // 6
"""Of UB that the rows in flight to a vector core may take. They are nobody else's while
the windows of a token are gathered, so that rows can be on their way meanwhile."""


def cube_rows(b: BodyBuilder, gather: Gather, rows: Index) -> Index:
    """How many rows at the beginning of a window are the cube core's; rows: of the
    window, a multiple of 64. What is left are whole halves for the vector cores."""
    quarters = CUBE_QUARTERS[gather]
    if quarters in (0, 4):
        return rows if quarters else 0
    return b.named("rows_of_cube", b.mul(b.div(rows, 4), quarters))


def most_rows(gather: Gather, window: int) -> int:
    """How many rows of a window of so many one vector core gathers at most."""
    return window // 4 * (4 - CUBE_QUARTERS[gather]) // 2


def batch_rows(rows: int, row_bytes: int) -> int:
    """How many of so many rows, each of so many bytes, a vector core has in flight."""
    return max(1, min(rows, BATCH_BYTES // row_bytes))


class VectorGather:
    """Emits the vector cores' part of gathering, for all windows of a token."""

    def __init__(self, gather: Gather):
        self._gather: Gather = gather
        self._buffers: dict[lig.GatherOp, SSAValue] = {}

    def settle(self, b: BodyBuilder) -> None:
        """What stores have been issued, the pipes know to be over before they work on
        rows again: so a scatter that comes behind holds up no gather of the next window."""
        for op, buffer in self._buffers.items():
            b.location = op.location
            for pipe in (Pipe.MTE2, Pipe.V):
                b.insert(AwaitOp(buffer, pipe))

    def emit(
        self,
        scope: TokenScope,
        op: lig.GatherOp,
        sub_block: SSAValue,
        source: Storage,
        result: Storage,
    ) -> None:
        """The rows of a window that the cube core leaves, half of them by each vector
        core, to their places in the workspace."""
        b = scope.builder
        b.location = op.location
        selection = scope.selections[op.rows]
        moved, element = rows_of(scope, op, result), tensor(op.result).element_type
        total = scope.extent(selection.entries)
        skipped = cube_rows(b, self._gather, total)
        half = b.named("half", b.div(b.sub(total, skipped), 2))
        first = b.named("first_entry", b.add(skipped, b.mul(sub_block, half)))
        end = b.named("end_entry", b.add(first, half))
        most = most_rows(self._gather, scope.capacity(selection.entries))
        batch = batch_rows(most, moved.capacity * element_bytes(element))
        if op not in self._buffers:
            name, shape = f"{name_of(op.result)}.block", [batch, moved.capacity]
            self._buffers[op] = b.alloc(Space.UB, element, shape, name)
        buffer = self._buffers[op]
        indices, start = indices_in_ub(scope, selection)

        def some(at: SSAValue) -> None:
            rows = b.index(b.named("batch_rows", b.min(b.sub(end, at), batch)))
            base, limit = b.index(selection.start), b.index(selection.length)
            place = indices, b.index(b.add(start, at))
            sizes = rows, b.index(moved.count), limit
            memref, zero = source.memref, b.index(0)
            b.insert(GatherRowsOp(buffer, memref, zero, base, *place, *sizes))
            offset = b.add(scope.base(result), b.mul(at, moved.count))
            moved.store(b, result.memref, offset, buffer, rows)

        if batch >= most:  # a loop would let a batch wait for the one before
            some(b.index(first))
        else:
            b.loop(first, end, batch, some, "first_row")
