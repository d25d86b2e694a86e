"""Rows moved by index, and the gather of those of a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.move import LoadOp, StoreOp
from ligrad_ir.dialects.npu.rows import GatherRowsOp
from ligrad_ir.dialects.npu.types import Space, element_bytes, element_of
from ligrad_ir.soc import Soc
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.storage import ENTRY_UNIT, Selection, Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError, called
from passes.to_npu.values import indices_in_ub

CHUNK_ROWS = 32
"""Rows moved by one vector core between two transfers to or from the workspace."""


MOST_ELEMENTS = 128 * 128
"""What they take in UB at most: 64 KiB of float32. Of longer rows there are fewer."""


@dataclass(frozen=True)
class Rows:
    """Rows in global memory, one behind the other. count: the elements of one; pitch: from
    one to the next in UB, whole blocks; capacity: the largest pitch."""

    count: Index
    pitch: Index
    capacity: int

    def most(self, number: int) -> int:
        """How many there can be in UB, of at most so many."""
        return max(1, min(number, MOST_ELEMENTS // self.capacity))

    def load(
        self,
        b: BodyBuilder,
        dst: SSAValue,
        src: SSAValue,
        offset: Index,
        number: Index,
    ) -> None:
        """So many rows from global memory to the beginning of a buffer in UB."""
        if self.count == self.pitch:
            b.load(dst, 0, src, offset, b.mul(number, self.count))
            return
        count, pitch = b.index(self.count), b.index(self.pitch)
        sizes = b.index(number), count, pitch, count
        b.insert(LoadOp(dst, b.index(0), src, b.index(offset), *sizes))

    def store(
        self,
        b: BodyBuilder,
        dst: SSAValue,
        offset: Index,
        src: SSAValue,
        number: Index,
    ) -> None:
        """So many rows from the beginning of a buffer in UB to global memory."""
        if self.count == self.pitch:
            b.store(dst, offset, src, 0, b.mul(number, self.count))
            return
        sizes = map(b.index, (number, self.count, self.count, self.pitch))
        b.insert(StoreOp(dst, b.index(offset), src, b.index(0), *sizes))


def rows_of(scope: TokenScope, op: Operation, moved: Storage) -> Rows:
    """The rows of what is moved, over all axes but the first.

    Raises:
        UnsupportedError: they do not lie behind each other.
    """
    b, axes = scope.builder, moved.axes[1:]
    if moved.block_elements and not moved.is_dense:
        row_elements(scope, op, moved, ENTRY_UNIT)
    count: Index = 1
    for axis in axes:
        count = b.mul(count, scope.array_extent(axis))
    block = Soc.block_bytes // element_bytes(element_of(moved.memref))
    longest = prod(map(scope.signature.longest, axes))
    return Rows(count, b.round_up(count, block), -(-longest // block) * block)


def row_elements(scope: TokenScope, op: Operation, storage: Storage, unit: int) -> int:
    """The elements of one row, all axes but the first, which must have one extent: a
    multiple of a unit."""
    sizes = [scope.array_extent(axis) for axis in storage.axes[1:]]
    if not all(isinstance(size, int) for size in sizes):
        raise UnsupportedError(
            op,
            f"{called(op)} of rows over {spell(storage.axes[1:])}, whose length is known "
            "at run time only",
            "declare its axes with one extent, as in: axis D = 128",
        )
    count = prod(size for size in sizes if isinstance(size, int))
    if count % unit:
        raise UnsupportedError(
            op,
            f"{called(op)} of rows of {count} numbers, which is no multiple of {unit}",
            f"pad them to {-(-count // unit) * unit}",
        )
    return count


def emit_gather(
    scope: TokenScope,
    op: lig.GatherOp,
    sub_block: SSAValue,
    source: Storage,
    result: Storage,
) -> None:
    """The rows of a token, half of them by each vector core, into the workspace."""
    selection = selection_of(scope, op, op.rows, result)
    b, rows = scope.builder, rows_of(scope, op, result)
    element, most = tensor(op.result).element_type, rows.most(CHUNK_ROWS)
    entries = half_of(scope, selection, sub_block)
    name = f"{name_of(op.result)}.block"
    buffer = b.alloc(Space.UB, element, [most, rows.capacity], name)

    def chunk(indices: SSAValue, at: SSAValue, first: SSAValue) -> None:
        i = b.index
        number: Index = CHUNK_ROWS
        if most < CHUNK_ROWS:
            number = b.named("chunk_rows", b.min(b.sub(entries[1], first), most))
        zero = i(0)
        start, limit = i(selection.start), i(selection.length)
        b.insert(
            GatherRowsOp(
                buffer,
                source.memref,
                zero,
                start,
                indices,
                at,
                i(number),
                i(rows.count),
                limit,
            )
        )
        offset = b.add(scope.base(result), b.mul(first, rows.count))
        rows.store(b, result.memref, offset, buffer, number)

    each_chunk(scope, selection, entries, chunk, most)


def selection_of(
    scope: TokenScope, op: Operation, rows: SSAValue, moved: Storage
) -> Selection:
    """The selection of rows that are moved; `moved` has the axes of what they are moved
    from or to, in a token.

    Raises:
        UnsupportedError: that has not a row behind the other.
    """
    selection = scope.selections[rows]
    if moved.axes[0] != selection.entries:
        raise UnsupportedError(
            op,
            f"{called(op)} of rows over {spell(moved.axes)} for a token; its entries "
            f"{selection.entries} come first",
        )
    return selection


def half_of(
    scope: TokenScope, selection: Selection, sub_block: SSAValue
) -> tuple[Index, Index]:
    """The entries of one of the two vector cores of a group, as a range."""
    b = scope.builder
    half = b.named("half", b.div(scope.extent(selection.entries), 2))
    first = b.named("first_entry", b.mul(sub_block, half))
    return first, b.named("end_entry", b.add(first, half))


def each_chunk(
    scope: TokenScope,
    selection: Selection,
    entries: tuple[Index, Index],
    chunk: Callable[[SSAValue, SSAValue, SSAValue], None],
    chunk_rows: int = CHUNK_ROWS,
) -> None:
    """chunk(indices, at, first) for so many entries at a time: the indices in UB, where
    the first of them is there, and its entry."""
    b = scope.builder

    indices, skipped = indices_in_ub(scope, selection)

    def some(at: SSAValue) -> None:
        chunk(indices, b.index(b.add(skipped, at)), at)

    b.loop(*entries, chunk_rows, some, "first_row")
