"""Elementwise work on whole arrays of one shape, all vector cores together, chunk by chunk:
what is made of sums over all tokens, behind the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.types import element_bytes
from passes.to_npu.block import BLOCK_BYTES
from passes.to_npu.builder import Index
from passes.to_npu.elementwise import ElementwiseEmitter
from passes.to_npu.group import Extent, Group, numbers
from passes.to_npu.storage import ENTRY_UNIT, Storage, TokenScope
from passes.to_npu.totals import CHUNK_ELEMENTS, share_chunks


class _Flat(Group):
    """Operations on arrays whose elements are taken in a row, whatever the axes."""

    def extent(self, value: SSAValue) -> Extent:
        """A single number, or else an element for each of the chunk."""
        return Extent.ROW if tensor(value).axes else Extent.NUMBER


class FlatEmitter(ElementwiseEmitter):
    """Emits what makes one value, and stores it.

    loads: where values lie that are not made here.
    """

    def __init__(
        self,
        scope: TokenScope,
        ops: Sequence[Operation],
        loads: Mapping[SSAValue, Storage],
    ):
        super().__init__(scope, _Flat("", ops=[*ops]), scope.block, loads, {})
        self._result = ops[-1].results[0]
        self._chunk = self._chunk_elements()

    def emit_chunks(self, core: SSAValue, elements: Index, result: Storage) -> None:
        """For all elements of the result, of which there are so many."""
        b = self._b
        if tensor(self._result).axes:
            self._make(Extent.NUMBER, 0, 1)

        def chunk(offset: SSAValue, count: Index) -> None:
            self._make(self._group.extent(self._result), offset, count)
            b.location = self._group.ops[-1].location
            b.store(result.memref, offset, self._buffer(self._result), 0, count)

        share_chunks(b, core, elements, chunk, self._chunk)

    def _make(self, extent: Extent, offset: Index, count: Index) -> None:
        """The values of an extent, where their operands begin at an offset."""
        b, ops = self._b, self._group.ops
        own: set[SSAValue] = {result for op in ops for result in op.results}
        for op in ops:
            b.location = op.location
            for value in op.operands:
                if value not in own and self._group.extent(value) is extent:
                    own.add(value)
                    memref = self._loads[value].memref
                    b.load(self._buffer(value), 0, memref, offset, count)
            if self._group.extent(op.results[0]) is extent:
                self._compute(op, 0, count)

    def _chunk_elements(self) -> int:
        """So many that all values fit into UB."""
        ops = self._group.ops
        values = dict.fromkeys(v for op in ops for v in numbers(op))
        rows = [v for v in values if self._group.extent(v) is Extent.ROW]
        size = sum(element_bytes(tensor(v).element_type) for v in rows)
        size += sum(
            5 for op in ops if isinstance(op, lig.ReluGradOp)
        )  # what is compared
        found = CHUNK_ELEMENTS
        while found * size > BLOCK_BYTES and found > ENTRY_UNIT:
            found //= 2
        return found

    def _capacity(self, value: SSAValue) -> int:
        return self._chunk if self._group.extent(value) is Extent.ROW else ENTRY_UNIT
