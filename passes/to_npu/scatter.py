"""Rows added by index: the updates of a token, to the rows that its indices mean."""

from __future__ import annotations

from xdsl.dialects.builtin import Float32Type
from xdsl.ir import SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.rows import LoadSelectedRowsOp, ScatterAddRowsOp
from ligrad_ir.dialects.npu.types import Space
from passes.to_npu.builder import Index
from passes.to_npu.rows import (
    CHUNK_ROWS,
    each_chunk,
    half_of,
    rows_of,
    selection_of,
)
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError

MOST_ROWS = 128
"""Rows moved by one vector core at once, where they are short."""


def emit_scatter(
    scope: TokenScope,
    op: lig.ScatterAddOp,
    sub_block: SSAValue,
    updates: Storage,
    result: Storage,
    made: tuple[Index, Index] | None = None,
) -> None:
    """The updates of a token to their rows, by each vector core half of them, or those
    that it has `made` itself: from the first entry to the end."""
    entries = made or _shared(scope, op, sub_block, updates)
    remember = not updates.is_padded
    _Scatter(scope, op, updates, result).add(entries, remember=remember)


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
    selection = selection_of(scope, op, op.rows, updates)
    chunk = min(MOST_ROWS, max(CHUNK_ROWS, window // 2))
    entries = half_of(scope, selection, sub_block)
    _Scatter(scope, op, updates, result, chunk).add(entries, remember=True)


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
    selection = selection_of(scope, op, op.rows, updates)
    b = scope.builder
    share = b.div(b.add(selection.length, b.sub(cores, 1)), cores)
    first = b.named("first_own_row", b.mul(core, b.named("share", share)))
    end = b.named("end_own_row", b.min(b.add(first, share), selection.length))
    entries = 0, scope.stored(updates, selection.entries)
    _Scatter(scope, op, updates, result).add(entries, (first, end))


def _shared(
    scope: TokenScope, op: lig.ScatterAddOp, sub_block: SSAValue, updates: Storage
) -> tuple[Index, Index]:
    """The entries of one of the two vector cores of a group, as a range."""
    selection = selection_of(scope, op, op.rows, updates)
    if updates.is_padded:
        return half_of(scope, selection, sub_block)
    b, count = scope.builder, scope.valid(selection.entries)
    half = b.named("half", b.div(b.add(count, 1), 2))
    first = b.named("first_entry", b.mul(sub_block, half))
    return first, b.named("end_entry", b.min(b.add(first, half), count))


class _Scatter:
    """The scatter of a token, some rows at a time. Of padded updates there are whole
    chunks, of others as many rows as there are entries."""

    def __init__(
        self,
        scope: TokenScope,
        op: lig.ScatterAddOp,
        updates: Storage,
        result: Storage,
        chunk_rows: int = CHUNK_ROWS,
    ):
        self._scope, self._op = scope, op
        self._updates, self._result = updates, result
        self._selection = selection_of(scope, op, op.rows, updates)
        element = tensor(op.updates).element_type
        if not isinstance(element, Float32Type):
            raise UnsupportedError(
                op,
                f"ScatterAdd of {element} numbers; sums over rows are formed in float32",
            )
        self._moved = rows_of(scope, op, updates)
        self._chunk_rows = self._moved.most(
            chunk_rows if updates.is_padded else MOST_ROWS
        )
        shape, name = (
            [self._chunk_rows, self._moved.capacity],
            f"{name_of(op.updates)}.block",
        )
        self._buffer = scope.builder.alloc(Space.UB, element, shape, name)

    def add(
        self,
        entries: tuple[Index, Index],
        own: tuple[Index, Index] | None = None,
        *,
        remember: bool = False,
    ) -> None:
        """The updates of the entries from the first to the end, to their rows or, if
        `own` says which these are, to those in a range."""
        i, selection = self._scope.builder.index, self._selection
        first_row, limit = own or (0, selection.length)

        def chunk(indices: SSAValue, at: SSAValue, first: SSAValue) -> None:
            rows = self._rows(first, entries[1])
            where = indices, at, i(rows), i(self._moved.count), i(first_row), i(limit)
            if own is None:
                self._load(first, rows)
            else:
                source = i(self._number(first))
                memref = self._updates.memref
                b.insert(LoadSelectedRowsOp(self._buffer, memref, i(0), source, *where))
            start = i(selection.start)
            memref = self._result.memref
            b.insert(
                ScatterAddRowsOp(
                    memref, self._buffer, i(0), start, *where, remember=remember
                )
            )

        b = self._scope.builder
        each_chunk(self._scope, selection, entries, chunk, self._chunk_rows)

    def _rows(self, first: Index, end: Index) -> Index:
        if self._updates.is_padded and self._chunk_rows == CHUNK_ROWS:
            return CHUNK_ROWS  # of which there are whole ones
        b = self._scope.builder
        return b.named("chunk_rows", b.min(b.sub(end, first), self._chunk_rows))

    def _number(self, first: Index) -> Index:
        """The row of the updates' array that an entry of the token is."""
        b = self._scope.builder
        return b.add(b.div(self._scope.base(self._updates), self._moved.count), first)

    def _load(self, first: Index, rows: Index) -> None:
        b, base = self._scope.builder, self._scope.base(self._updates)
        offset = b.add(base, b.mul(first, self._moved.count))
        self._moved.load(b, self._buffer, self._updates.memref, offset, rows)
