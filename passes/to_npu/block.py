"""The vector unit's part: a group of elementwise work on blocks of rows.

A block is loaded, computed on and stored at once. What takes nothing but whole rows is one
operation for all of the block; where a number of its own multiplies every row, or a row is
summed, rows take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.copy import RepeatRowOp
from ligrad_ir.dialects.npu.move import LoadOp, StoreOp
from ligrad_ir.dialects.npu.types import element_bytes
from ligrad_ir.soc import Soc
from passes.to_npu.builder import Index
from passes.to_npu.elementwise import ElementwiseEmitter
from passes.to_npu.group import Extent, Group, Phase, numbers
from passes.to_npu.storage import ENTRY_UNIT, Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError

BLOCK_BYTES = Soc.ub_size // 2
"""Of UB that the values of a block may take together; the rest is for rows, indices and
updates."""
BLOCK_ROWS = 64
"""The most rows of a block: as many as a token has heads."""


def block_rows(row_bytes: int) -> int:
    """The rows of a block whose values take so many bytes a row: a power of two."""
    rows = BLOCK_ROWS
    while rows > 1 and rows * row_bytes > BLOCK_BYTES:
        rows //= 2
    return rows


class BlockEmitter(ElementwiseEmitter):
    """Emits one group for one token, block by block."""

    def __init__(
        self,
        scope: TokenScope,
        group: Group,
        sub_block: SSAValue,
        loads: Mapping[SSAValue, Storage],
        stores: Mapping[SSAValue, Storage],
    ):
        super().__init__(scope, group, sub_block, loads, stores)
        self._repeated: dict[SSAValue, SSAValue] = {}
        self._zeros: dict[SSAValue, SSAValue] = {}
        self._at_once = False
        self._row_start: Index = 0
        inside = [op for phase in group.phases() for op in phase.fresh]
        self._block_rows = block_rows(self._row_bytes(inside))

    def _row_bytes(self, ops: list[Operation]) -> int:
        """What the values of a block take for each of its rows, in bytes: those of the
        matrix, rows that are repeated, and what a comparison of bf16 needs."""
        total = 0
        for value in dict.fromkeys(v for op in ops for v in numbers(op)):
            if self._group.extent(value) in (Extent.MATRIX, Extent.ROW):
                element = tensor(value).element_type
                total += self._capacity(value) * element_bytes(element)
        wide = [op for op in ops if isinstance(op, lig.ReluGradOp)]
        return total + sum(4 * self._capacity(op.output) for op in wide)

    # ---- where values are

    def _elements(self, value: SSAValue) -> int:
        rows = self._block_rows if self._group.extent(value) is Extent.MATRIX else 1
        return rows * self._capacity(value)

    def _buffer(self, value: SSAValue) -> SSAValue:
        if self._at_once and value in self._repeated:
            return self._repeated[value]
        return super()._buffer(value)

    def _place(self, value: SSAValue) -> SSAValue:
        b = self._b
        match self._group.extent(value):
            case Extent.MATRIX:
                return b.index(0 if self._at_once else self._row_start)
            case Extent.COLUMN:
                return b.index(self._at)
            case _:
                return b.index(0)

    # ---- blocks

    def _inside(self, first: Index, last: Index, phase: Phase) -> None:
        b, ops = self._b, phase.inside
        for op in ops:
            if self._is_at_once(op):
                self._repeat_rows(op)
        columns = self._columns()

        def block(start: SSAValue) -> None:
            rows = b.named("block_rows", b.min(b.sub(last, start), self._block_rows))
            needed = {v: op for op in reversed(ops) for v in reversed(op.operands)}
            for operand, op in reversed(needed.items()):
                if operand in self._loads and self._is_matrix(operand):
                    b.location = op.location
                    self._load_block(operand, start, rows)
            for at_once, run in groupby(ops, self._is_at_once):
                if at_once:
                    count = b.named("block_count", b.mul(rows, columns))
                    for op in run:
                        self._compute_block(op, count)
                else:
                    self._row_by_row([*run], start, rows, columns)
            for op in phase.fresh:
                [result] = op.results
                if result in self._stores and self._is_matrix(result):
                    b.location = op.location
                    self._store_block(result, start, rows)

        b.loop(first, last, self._block_rows, block, "first_of_block")

    def _compute_block(self, op: Operation, count: Index) -> None:
        self._at_once = True
        self._compute(op, 0, count)
        self._at_once = False

    def _row_by_row(
        self, ops: list[Operation], start: Index, rows: Index, columns: Index
    ) -> None:
        b = self._b

        def row(at: SSAValue) -> None:
            self._row = b.named("row_of_token", b.add(start, at))
            self._row_start = b.named("row_start", b.mul(at, columns))
            for op in ops:
                self._compute(op, 0, columns)

        b.loop(0, rows, 1, row, "row")

    def _columns(self) -> Index:
        """The columns that are computed; rows of a block are as far apart."""
        axis = self._group.columns
        columns = self._extent(axis)
        if axis not in self._scope.padded and (
            not isinstance(columns, int) or columns % ENTRY_UNIT
        ):
            raise UnsupportedError(
                self._group.ops[0], f"rows along {axis} are no multiple of {ENTRY_UNIT}"
            )
        return columns

    def _is_matrix(self, value: SSAValue) -> bool:
        return self._group.extent(value) is Extent.MATRIX

    def _is_at_once(self, op: Operation) -> bool:
        """Whether all rows of a block are computed alike."""
        if isinstance(op, lig.ReduceSumOp | lig.MaskOp):
            return False
        return all(
            self._group.extent(value) is not Extent.COLUMN
            and not (self._group.extent(value) is Extent.NUMBER and value in op.results)
            for value in numbers(op)
        )

    def _repeat_rows(self, op: Operation) -> None:
        """Rows that an operation on a block takes, once for each of its rows."""
        b = self._b
        for value in numbers(op):
            extent = self._group.extent(value)
            if extent is not Extent.ROW or value in self._repeated:
                continue
            elements = self._block_rows * self._capacity(value)
            name = f"{name_of(value)}.repeated"
            target = self._alloc(tensor(value).element_type, elements, name)
            zero, rows = b.index(0), b.index(self._block_rows)
            columns = b.index(self._columns())
            b.location = op.location
            row = super()._buffer(value)
            b.insert(RepeatRowOp(target, zero, row, zero, rows, columns))
            self._repeated[value] = target

    def _load_block(self, value: SSAValue, start: Index, rows: Index) -> None:
        """Rows of a value from `start` on; zeros behind what is valid."""
        b, storage, columns = self._b, self._loads[value], self._columns()
        buffer, count = self._buffer(value), columns
        valid = self._scope.valid(self._axis(value) or "")
        padding = None
        if storage.per_token and valid is not columns:
            self._fill(buffer, 0.0, b.mul(rows, columns))
            count, padding = valid, 0.0
        memref, offset, pitch = self._rows_of(storage, start)
        high, wide, near, far = map(b.index, (rows, count, columns, pitch))
        zero = b.index(0)
        b.insert(LoadOp(buffer, zero, memref, offset, high, wide, near, far, padding))

    def _clear(self, value: SSAValue) -> None:
        """Rows of a block lie side by side, so zeros have a buffer of their own."""
        if not self._is_matrix(value):
            super()._clear(value)
            return
        size, name = self._capacity(value), f"{name_of(value)}.zeros"
        self._zeros[value] = self._alloc(tensor(value).element_type, size, name)
        self._fill(self._zeros[value], 0.0, size)

    def _store_block(self, value: SSAValue, start: Index, rows: Index) -> None:
        """Rows of a value from `start` on."""
        b, storage, columns = self._b, self._stores[value], self._columns()
        count = self._stored(self._axis(value), storage)
        memref, offset, pitch = self._rows_of(storage, start)
        wide = b.min(count, columns) if value in self._zeros else count
        high, wide, far, near = map(b.index, (rows, wide, pitch, columns))
        buffer, zero = self._buffer(value), b.index(0)
        moved = (memref, offset, buffer, zero, high, wide, far, near)
        b.insert(StoreOp(*moved, atomic=storage.is_total))
        if value in self._zeros:
            self._store_zeros(value, start, rows, wide)

    def _store_zeros(
        self, value: SSAValue, start: Index, rows: Index, first: Index
    ) -> None:
        """Zeros from column `first` on, if there are entries that are not computed."""
        b, storage = self._b, self._stores[value]
        count = self._stored(self._axis(value), storage)
        memref, offset, pitch = self._rows_of(storage, start)
        rest = b.sub(count, first)

        def row(at: SSAValue) -> None:
            place = b.add(b.add(offset, b.mul(at, pitch)), first)
            b.store(memref, place, self._zeros[value], 0, rest)

        is_short = b.value(arith.CmpiOp(b.index(first), b.index(count), "slt"))
        b.named("is_short", is_short)
        b.when(is_short, lambda: b.loop(0, rows, 1, row, "row"))

    def _rows_of(
        self, storage: Storage, start: Index
    ) -> tuple[SSAValue, SSAValue, Index]:
        """Where rows of a value lie in global memory, and how far apart."""
        b, pitch = self._b, self._scope.pitch(storage)
        offset = b.add(self._scope.base(storage), b.mul(start, pitch))
        return storage.memref, b.index(offset), pitch
