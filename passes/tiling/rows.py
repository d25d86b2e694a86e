"""Rows moved by index: gather for a token, scatter-add of its updates."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import spell
from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_rows import (
    GatherRowsOp,
    LoadSelectedRowsOp,
    ScatterAddRowsOp,
)
from ligrad_ir.dialects.npu_types import Space
from passes.tiling.builder import Index
from passes.tiling.names import spoken
from passes.tiling.storage import ENTRY_UNIT, Selection, Storage, TokenScope
from passes.tiling.unsupported import UnsupportedError, called, said
from passes.tiling.values import indices_in_ub

CHUNK_ROWS = 32
"""Rows moved by one vector core between two transfers to or from the workspace."""
MOST_ROWS = 128
"""Rows of a window moved by one vector core at once: 64 KiB of UB for 128 floats each."""


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
    selection = _selection(scope, op, op.rows, result)
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

    _each_chunk(scope, selection, _half(scope, selection, sub_block), chunk)


def emit_scatter(
    scope: TokenScope,
    op: lig.ScatterAddOp,
    sub_block: SSAValue,
    updates: Storage,
    result: Storage,
) -> None:
    """The updates of a token, half of them by each vector core, to their rows."""
    selection = _selection(scope, op, op.rows, updates)
    entries = _half(scope, selection, sub_block)
    _scatter(scope, op, updates, result, entries, None)


def emit_scatter_of_window(
    scope: TokenScope,
    op: lig.ScatterAddOp,
    sub_block: SSAValue,
    updates: Storage,
    result: Storage,
    window: int,
) -> None:
    """The updates of a window of at most `window` entries, half of them by each vector
    core, to their rows; rows are in flight together unless they may be the same."""
    selection = _selection(scope, op, op.rows, updates)
    chunk = min(MOST_ROWS, max(CHUNK_ROWS, window // 2))
    entries = _half(scope, selection, sub_block)
    _scatter(scope, op, updates, result, entries, None, chunk, remember=True)


def emit_scatter_to_own_rows(
    scope: TokenScope,
    op: lig.ScatterAddOp,
    core: Index,
    cores: Index,
    updates: Storage,
    result: Storage,
) -> None:
    """All updates of a token, in order, to those of its rows that a vector core owns: of
    every run, the rows in one of as many equal shares as there are cores."""
    selection = _selection(scope, op, op.rows, updates)
    b = scope.builder
    share = b.div(b.add(selection.length, b.sub(cores, 1)), cores)
    first = b.named("first_own_row", b.mul(core, b.named("share", share)))
    end = b.named("end_own_row", b.min(b.add(first, share), selection.length))
    rows = first, end
    _scatter(scope, op, updates, result, (0, scope.extent(selection.entries)), rows)


def _scatter(
    scope: TokenScope,
    op: lig.ScatterAddOp,
    updates: Storage,
    result: Storage,
    entries: tuple[Index, Index],
    own: tuple[Index, Index] | None,
    chunk_rows: int = CHUNK_ROWS,
    *,
    remember: bool = False,
) -> None:
    """The updates of some entries of a token to their rows, or those in a range; so many
    rows at a time."""
    selection = scope.selections[op.rows]
    count = row_elements(scope, op, result)
    b = scope.builder
    element = tensor(op.updates).element_type
    if not isinstance(element, Float32Type):
        raise UnsupportedError(
            op, f"ScatterAdd of {element} numbers; sums over rows are formed in float32"
        )
    axis = scope.signature.axes[selection.entries]
    is_whole = axis.minimum == axis.maximum and axis.maximum % ENTRY_UNIT == 0
    if own is None and not (updates.is_padded or is_whole):  # whole units are loaded
        raise UnsupportedError(
            op,
            f"ScatterAdd takes {said(op.updates)} as it is, not a Matmul of it",
            f"declare {axis.name} as a constant multiple of {ENTRY_UNIT}",
        )
    buffer = b.alloc(
        Space.UB, element, [chunk_rows, count], f"{spoken(op.updates)}.rows"
    )

    first_row, limit = own or (0, selection.length)

    def chunk(indices: SSAValue, at: SSAValue, first: SSAValue) -> None:
        i = b.index
        base = scope.base(updates)
        rows: Index = chunk_rows
        if chunk_rows != CHUNK_ROWS:  # of which there are whole ones
            rows = b.named("chunk_rows", b.min(b.sub(entries[1], first), chunk_rows))
        if own is None:
            offset = b.add(base, b.mul(first, count))
            b.load(buffer, 0, updates.memref, offset, b.mul(rows, count))
        else:
            b.insert(
                LoadSelectedRowsOp(
                    buffer,
                    updates.memref,
                    i(0),
                    i(b.add(b.div(base, count), first)),
                    indices,
                    at,
                    i(rows),
                    i(count),
                    i(first_row),
                    i(limit),
                )
            )
        b.insert(
            ScatterAddRowsOp(
                result.memref,
                buffer,
                i(0),
                i(selection.start),
                indices,
                at,
                i(rows),
                i(count),
                i(first_row),
                i(limit),
                remember=remember,
            )
        )

    _each_chunk(scope, selection, entries, chunk, chunk_rows)


def _selection(
    scope: TokenScope, op: Operation, rows: SSAValue, moved: Storage
) -> Selection:
    selection = scope.selections[rows]
    if moved.axes[0] != selection.entries:
        raise UnsupportedError(
            op,
            f"{called(op)} of rows over {spell(moved.axes)} for a token; its entries "
            f"{selection.entries} come first",
        )
    return selection


def _half(
    scope: TokenScope, selection: Selection, sub_block: SSAValue
) -> tuple[Index, Index]:
    """The entries of one of the two vector cores of a group, as a range."""
    b = scope.builder
    half = b.named("half", b.div(scope.extent(selection.entries), 2))
    first = b.named("first_entry", b.mul(sub_block, half))
    return first, b.named("end_entry", b.add(first, half))


def _each_chunk(
    scope: TokenScope,
    selection: Selection,
    entries: tuple[Index, Index],
    chunk: Callable[[SSAValue, SSAValue, SSAValue], None],
    chunk_rows: int = CHUNK_ROWS,
) -> None:
    b = scope.builder

    indices, skipped = indices_in_ub(scope, selection)

    def some(at: SSAValue) -> None:
        chunk(indices, b.index(b.add(skipped, at)), at)

    b.loop(*entries, chunk_rows, some, "first_row")
