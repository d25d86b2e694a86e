"""The data movement of `npu`: one implementation an operation."""

from __future__ import annotations

import numpy as np
from xdsl.interpreter import Interpreter, PythonValues, impl, register_impls

from backends.call.dtypes import Array
from backends.graph import ops as graph_ops
from backends.tiled import layout as npu_layout
from backends.tiled import ops as npu_ops
from backends.tiled.base import BLOCK, NpuBase
from backends.tiled.memory import Buffer, poison, require
from ligrad_ir.dialects.npu.copy import COPY_UNIT, RepeatRowOp
from ligrad_ir.dialects.npu.move import LoadL0Op, LoadOp, Nd2NzOp, StoreOp
from ligrad_ir.dialects.npu.rows import (
    FixpipeAddRowsOp,
    GatherRowsNzOp,
    GatherRowsOp,
    LoadSelectedRowsOp,
    ScatterAddRowsOp,
)
from ligrad_ir.dialects.npu.types import Space
from ligrad_ir.soc import Soc

FIXPIPE_SOURCE = 64
"""Bytes that the start of a tile of L0C is a multiple of for Fixpipe."""


def _ub_rows(buffer: Buffer, offset: int, rows: int, count: int, pitch: int) -> Array:
    """Rows of UB, each from the start of a 32-byte block."""
    require(
        rows < 2 or pitch * buffer.data.itemsize % BLOCK == 0,
        f"a pitch of {pitch} elements in UB is no multiple of {BLOCK} bytes",
    )
    return buffer.rows(offset, rows, count, pitch, BLOCK)


def _block_pitch(count: int, ub: Buffer) -> int:
    """The elements from row to row in UB, where each begins in a block of its own."""
    require(count > 0, "rows of no elements")
    unit = BLOCK // ub.data.itemsize
    return -(-count // unit) * unit


def _check_row(count: int, gm: Buffer) -> None:
    require(
        count > 0 and count * gm.data.itemsize % BLOCK == 0,
        f"a row of {count} elements is no multiple of {BLOCK} bytes",
    )


def _check_range(first: int) -> None:
    require(first >= 0, f"the rows from {first} on: a row number is not negative")


def _fill_tails(
    buffer: Buffer,
    offset: int,
    rows: int,
    count: int,
    pitch: int,
    padding: float | None,
) -> None:
    """A copy to UB writes whole blocks; what stands behind a row is garbage, if it is not
    to be something else. Garbage integers are 0, which looks like a row number."""
    if tail := -count % (BLOCK // buffer.data.itemsize):
        for row in range(rows):
            end = offset + row * pitch + count
            behind = buffer.data[end : end + tail]
            if padding is not None:
                behind[...] = padding
            elif behind.dtype.kind == "i":
                behind[...] = 0
            else:
                poison(behind)


@register_impls
class MoveFunctions(NpuBase):
    """Copies between the memories."""

    @impl(LoadOp)
    def load(self, i: Interpreter, op: LoadOp, args: PythonValues) -> PythonValues:
        dst, dst_offset, src, src_offset, rows, count, dst_pitch, src_pitch = args
        source = src.rows(src_offset, rows, count, src_pitch)
        _ub_rows(dst, dst_offset, rows, count, dst_pitch)[...] = source
        padding = None if op.padding is None else op.padding.value.data
        _fill_tails(dst, dst_offset, rows, count, dst_pitch, padding)
        return ()

    @impl(StoreOp)
    def store(self, i: Interpreter, op: StoreOp, args: PythonValues) -> PythonValues:
        dst, dst_offset, src, src_offset, rows, count, dst_pitch, src_pitch = args
        source = _ub_rows(src, src_offset, rows, count, src_pitch)
        target = dst.rows(dst_offset, rows, count, dst_pitch)
        self.note_write(dst, dst_offset, rows, count, dst_pitch)
        target[...] = target + source if op.atomic else source
        return ()

    @impl(GatherRowsOp)
    def gather_rows(
        self, i: Interpreter, op: GatherRowsOp, args: PythonValues
    ) -> PythonValues:
        dst, src, offset, base, indices, indices_offset, rows, count, limit = args
        pitch = _block_pitch(count, dst)
        numbers = self._rows(src, base, indices.at(indices_offset, rows), count, limit)
        source = src.at(0, src.data.size // count * count).reshape(-1, count)
        target = dst.rows(offset, rows, count, pitch, BLOCK)
        target[...] = npu_ops.gather_rows(source, numbers, limit, base)
        _fill_tails(dst, offset, rows, count, pitch, None)
        return ()

    @impl(GatherRowsNzOp)
    def gather_rows_nz(
        self, i: Interpreter, op: GatherRowsNzOp, args: PythonValues
    ) -> PythonValues:
        zeros, present, nz_rows, dst, src, offset, base, indices, *sizes = args
        indices_offset, rows, count, limit = sizes
        numbers = indices.at(indices_offset, present)
        require(count > 0, "rows of no elements")
        self._rows(src, base, numbers, count, limit)
        require(present <= rows, f"{present} indices for {rows} rows")
        source = src.at(0, src.data.size // count * count).reshape(-1, count)
        tile = np.repeat(zeros.at(0, count).reshape(1, count), rows, axis=0)
        found = npu_ops.is_row(numbers, limit)
        tile[:present][found] = source[base + numbers[found].astype(np.int64)]
        target = dst.blocks(offset, rows, count, nz_rows, BLOCK)
        target[...] = npu_layout.to_blocks(tile)
        return ()

    @impl(RepeatRowOp)
    def repeat_row(
        self, i: Interpreter, op: RepeatRowOp, args: PythonValues
    ) -> PythonValues:
        dst, dst_offset, src, src_offset, rows, count = args
        require(
            count > 0 and count % COPY_UNIT == 0,
            f"a row of {count} is no multiple of {COPY_UNIT}",
        )
        require(rows > 0, f"{rows} rows: there is one at least")
        row = src.rows(src_offset, 1, count, count, BLOCK)
        dst.rows(dst_offset, rows, count, count, BLOCK)[...] = row
        return ()

    @impl(LoadSelectedRowsOp)
    def load_selected_rows(
        self, i: Interpreter, op: LoadSelectedRowsOp, args: PythonValues
    ) -> PythonValues:
        first, dst, src, offset, base, indices, indices_offset, *sizes = args
        rows, count, limit = sizes
        _check_range(first)
        pitch = _block_pitch(count, dst)
        target = dst.rows(offset, rows, count, pitch, BLOCK)
        poison(target)
        _fill_tails(dst, offset, rows, count, pitch, None)
        numbers = indices.at(indices_offset, rows)
        for row in np.flatnonzero(npu_ops.is_row(numbers, limit, first)):
            target[row] = src.at((base + int(row)) * count, count)
        return ()

    @impl(ScatterAddRowsOp)
    def scatter_add_rows(
        self, i: Interpreter, op: ScatterAddRowsOp, args: PythonValues
    ) -> PythonValues:
        first, dst, src, offset, base, indices, indices_offset, rows, count, limit = (
            args
        )
        _check_range(first)
        numbers = self._rows(
            dst, base, indices.at(indices_offset, rows), count, limit, first
        )
        wanted = npu_ops.is_row(numbers, limit, first)
        updates = src.rows(offset, rows, count, _block_pitch(count, src), BLOCK)[wanted]
        found = base + numbers[wanted].astype(np.int64)
        target = dst.at(0, dst.data.size // count * count).reshape(-1, count)
        for end in (found.min(), found.max()) if found.size else ():
            self.note_write(dst, int(end) * count, 1, count, count)
        npu_ops.scatter_add_rows(target, updates, found)
        return ()

    @impl(FixpipeAddRowsOp)
    def fixpipe_add_rows(
        self, i: Interpreter, op: FixpipeAddRowsOp, args: PythonValues
    ) -> PythonValues:
        column, columns, nz_rows, dst, src, offset, base, indices, *sizes = args
        indices_offset, rows, count, limit = sizes
        require(
            0 <= column and column + columns <= count,
            f"columns {column} to {column + columns} of rows of {count}",
        )
        numbers = indices.at(indices_offset, rows)
        _check_row(count, dst)
        self._rows(dst, base, numbers, count, limit)
        require(rows <= nz_rows, f"{rows} indices for {nz_rows} rows")
        blocks = src.blocks(offset, rows, columns, nz_rows, FIXPIPE_SOURCE)
        updates = npu_layout.from_blocks(blocks)[:, :columns]
        updates = graph_ops.relu(updates) if op.relu else updates
        wanted = npu_ops.is_row(numbers, limit)
        found = base + numbers[wanted].astype(np.int64)
        target = dst.at(0, dst.data.size // count * count).reshape(-1, count)
        for end in (found.min(), found.max()) if found.size else ():
            self.note_write(dst, int(end) * count + column, 1, columns, columns)
        inside = target[:, column : column + columns]
        npu_ops.scatter_add_rows(inside, updates[wanted], found)
        return ()

    @impl(Nd2NzOp)
    def nd2nz(self, i: Interpreter, op: Nd2NzOp, args: PythonValues) -> PythonValues:
        dst, dst_offset, src, src_offset, rows, columns, pitch, nz_rows = args
        require(
            rows < 2 or pitch <= Soc.max_nd2nz_pitch,
            f"a pitch of {pitch} elements is more than {Soc.max_nd2nz_pitch}",
        )
        source = src.rows(src_offset, rows, columns, pitch)
        target = dst.blocks(dst_offset, rows, columns, nz_rows, BLOCK)
        target[...] = npu_layout.to_blocks(source)
        return ()

    @impl(LoadL0Op)
    def load_l0(self, i: Interpreter, op: LoadL0Op, args: PythonValues) -> PythonValues:
        dst, dst_offset, src, src_offset, rows, columns, nz_rows = args
        for extent in (rows, columns):
            require(
                extent % Soc.fractal == 0, f"a tile of {rows} x {columns} is not whole"
            )
        blocks = src.blocks(src_offset, rows, columns, nz_rows, BLOCK)
        tile = npu_layout.from_blocks(blocks)
        matrix = tile.T if op.transpose.value.data else tile
        is_left = dst.space is Space.L0A
        lay = npu_layout.to_zz if is_left else npu_layout.to_nz_fractals
        dst.at(dst_offset, rows * columns, Soc.l0_alignment)[...] = lay(matrix)
        return ()

    def note_write(
        self, buffer: Buffer, offset: int, rows: int, count: int, pitch: int
    ) -> None:
        """Remember that this core writes rows of global memory."""
        if rows and count:
            end = offset + (rows - 1) * pitch + count
            buffer.note_write(self.core.number, offset, end)

    @staticmethod
    def _rows(
        gm: Buffer, base: int, numbers: Array, count: int, limit: int, first: int = 0
    ) -> Array:
        """The row numbers, once those that mean a row are known to lie in `gm`."""
        wanted = npu_ops.is_row(numbers, limit, first)
        found = base + numbers[wanted].astype(np.int64)
        wrong = found[(found < 0) | ((found + 1) * count > gm.data.size)]
        if wrong.size:
            gm.at(int(wrong[0]) * count, count)
        return numbers
