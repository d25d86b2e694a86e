"""Rows moved by index: gather for a token, scatter-add of its updates; and the work
around the tokens, zeroing what they add to and rounding it at the end."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_launch import BlockCountOp
from ligrad_ir.dialects.npu_rows import (
    GatherRowsOp,
    LoadSelectedRowsOp,
    ScatterAddRowsOp,
)
from ligrad_ir.dialects.npu_types import Space, element_of
from ligrad_ir.dialects.npu_vector import ConvertOp, FillOp
from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.names import spoken
from passes.tiling.staging import UnsupportedError
from passes.tiling.storage import ENTRY_UNIT, Selection, Storage, TokenScope
from passes.tiling.values import indices_in_ub

CHUNK_ROWS = 32
"""Rows moved by one vector core between two transfers to or from the workspace."""
MOST_ROWS = 128
"""Rows of a window moved by one vector core at once: 64 KiB of UB for 128 floats each."""
CHUNK_ELEMENTS = 8192
"""Elements of an accumulator handled at once around the tokens."""


def row_elements(scope: TokenScope, op: Operation, storage: Storage) -> int:
    """The elements of one row, all axes but the first, which must have one extent."""
    sizes = [scope.array_extent(axis) for axis in storage.axes[1:]]
    if not all(isinstance(size, int) for size in sizes):
        raise UnsupportedError(op, "the length of a row is known at run time only")
    count = prod(size for size in sizes if isinstance(size, int))
    if count % ENTRY_UNIT:
        raise UnsupportedError(op, f"a row of {count} elements is no multiple of 64")
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
        raise UnsupportedError(op, f"updates of {element}; they are accumulated in f32")
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
        raise UnsupportedError(op, f"rows laid out as {moved.axes}")
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


# ---- around the tokens


def emit_zero(
    b: BodyBuilder, core: SSAValue, accumulator: SSAValue, elements: Index, name: str
) -> None:
    """Zero an accumulator, all vector cores together."""
    buffer = b.alloc(
        Space.UB, element_of(accumulator), [CHUNK_ELEMENTS], f"{name}.zero"
    )
    b.insert(FillOp(buffer, b.index(0), 0.0, b.index(CHUNK_ELEMENTS)))

    def chunk(offset: SSAValue, count: Index) -> None:
        b.store(accumulator, offset, buffer, 0, count)

    _share(b, core, elements, chunk)


def emit_round(
    b: BodyBuilder,
    core: SSAValue,
    accumulator: SSAValue,
    result: SSAValue,
    elements: Index,
    name: str,
) -> None:
    """Round an accumulator to the result, all vector cores together."""
    wide = b.alloc(Space.UB, element_of(accumulator), [CHUNK_ELEMENTS], f"{name}.wide")
    narrow = b.alloc(Space.UB, element_of(result), [CHUNK_ELEMENTS], name)

    def chunk(offset: SSAValue, count: Index) -> None:
        i = b.index
        b.load(wide, 0, accumulator, offset, count)
        b.insert(ConvertOp(narrow, i(0), wide, i(0), i(count)))
        b.store(result, offset, narrow, 0, count)

    _share(b, core, elements, chunk)


def _share(
    b: BodyBuilder,
    core: SSAValue,
    elements: Index,
    chunk: Callable[[SSAValue, Index], None],
) -> None:
    """Chunks in turn: that with the number of this core, then every so many cores on."""
    cores = b.named("vector_cores", b.mul(b.value(BlockCountOp()), 2))
    chunks = b.div(b.add(elements, CHUNK_ELEMENTS - 1), CHUNK_ELEMENTS)
    b.named("chunks", chunks)
    turns = b.named("turns", b.div(b.add(chunks, b.sub(cores, 1)), cores))

    def turn(number: SSAValue) -> None:
        at = b.named("chunk", b.add(b.mul(number, cores), core))
        offset = b.index(b.mul(b.min(at, chunks), CHUNK_ELEMENTS))
        b.named("chunk_offset", offset)
        left = b.named("left", b.max(b.sub(elements, offset), 0))
        count = b.named("chunk_count", b.min(left, CHUNK_ELEMENTS))
        some = b.value(arith.CmpiOp(b.index(0), b.index(count), "slt"))
        b.when(b.index(b.named("has_some", some)), lambda: chunk(offset, count))

    b.loop(0, turns, 1, turn, "turn")
