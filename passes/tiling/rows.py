"""Rows moved by index, and the gather of those of a token."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import spell
from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_rows import GatherRowsOp
from ligrad_ir.dialects.npu_types import Space
from passes.tiling.builder import Index
from passes.tiling.names import spoken
from passes.tiling.storage import ENTRY_UNIT, Selection, Storage, TokenScope
from passes.tiling.unsupported import UnsupportedError, called
from passes.tiling.values import indices_in_ub

CHUNK_ROWS = 32
"""Rows moved by one vector core between two transfers to or from the workspace."""


def row_elements(scope: TokenScope, op: Operation, storage: Storage) -> int:
    """The elements of one row, all axes but the first, which must have one extent."""
    sizes = [scope.array_extent(axis) for axis in storage.axes[1:]]
    if not all(isinstance(size, int) for size in sizes):
        raise UnsupportedError(
            op,
            f"{called(op)} of rows over {spell(storage.axes[1:])}, whose length is known "
            "at run time only",
            "declare its axes with one extent, as in: axis D = 128",
        )
    count = prod(size for size in sizes if isinstance(size, int))
    if count % ENTRY_UNIT:
        raise UnsupportedError(
            op,
            f"{called(op)} of rows of {count} numbers, which is no multiple of "
            f"{ENTRY_UNIT}",
            f"pad them to {-(-count // ENTRY_UNIT) * ENTRY_UNIT}",
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
    count = row_elements(scope, op, source)
    element = tensor(op.result).element_type
    b = scope.builder
    buffer = b.alloc(
        Space.UB, element, [CHUNK_ROWS, count], f"{spoken(op.result)}.rows"
    )

    def chunk(indices: SSAValue, at: SSAValue, first: SSAValue) -> None:
        i = b.index
        rows, zero = i(CHUNK_ROWS), i(0)
        start, limit = i(selection.start), i(selection.length)
        b.insert(
            GatherRowsOp(
                buffer,
                source.memref,
                zero,
                start,
                indices,
                at,
                rows,
                i(count),
                limit,
            )
        )
        offset = b.add(scope.base(result), b.mul(first, count))
        b.store(result.memref, offset, buffer, 0, CHUNK_ROWS * count)

    each_chunk(scope, selection, half_of(scope, selection, sub_block), chunk)


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
