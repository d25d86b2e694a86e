"""Sums over all tokens: zeroed ahead of the tokens, and in a deterministic program added
to by whoever owns a part of one."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.npu.launch import BlockCountOp
from ligrad_ir.dialects.npu.types import Space, element_of
from ligrad_ir.dialects.npu.vector import FillOp
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.storage import ENTRY_UNIT, Storage, TokenScope

CHUNK_ELEMENTS = 8192
"""Elements of a sum handled at once around the tokens."""


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

    share_chunks(b, core, elements, chunk)


def emit_add_own(
    scope: TokenScope,
    op: Operation,
    core: Index,
    cores: Index,
    term: Storage,
    total: Storage,
) -> None:
    """What a token adds to a sum over the tokens, by a vector core to what it owns: of a
    matrix some of the rows, else some elements of the row."""
    b, axes = scope.builder, total.axes
    size = scope.capacity(axes[-1]) if axes else ENTRY_UNIT
    buffer = b.alloc(
        Space.UB, element_of(total.memref), [size], f"{name_of(op.results[0])}.term"
    )

    def add(source: Index, to: Index, count: Index) -> None:
        b.load(buffer, 0, term.memref, b.add(scope.base(term), source), count)
        b.store(total.memref, to, buffer, 0, count, atomic=True)

    wide = scope.valid(axes[-1]) if axes else 1
    if len(axes) < 2:
        first, end = _own(b, core, cores, wide, ENTRY_UNIT)
        some = b.value(arith.CmpiOp(b.index(first), b.index(end), "slt"))
        b.when(some, lambda: add(first, first, b.sub(end, first)))
        return

    def row(at: SSAValue) -> None:
        add(b.mul(at, scope.pitch(term)), b.mul(at, scope.pitch(total)), wide)

    first, end = _own(b, core, cores, scope.array_extent(axes[0]), 1)
    b.loop(first, end, 1, row, "row")


def _own(
    b: BodyBuilder, core: Index, cores: Index, extent: Index, unit: int
) -> tuple[Index, Index]:
    """The positions of a core: equal shares in whole units."""
    share = b.round_up(b.div(b.add(extent, b.sub(cores, 1)), cores), unit)
    first = b.named("first_own", b.min(b.mul(core, share), extent))
    return first, b.named("end_own", b.min(b.add(first, share), extent))


def share_chunks(
    b: BodyBuilder,
    core: SSAValue,
    elements: Index,
    chunk: Callable[[SSAValue, Index], None],
    size: int = CHUNK_ELEMENTS,
) -> None:
    """Chunks in turn: that with the number of this core, then every so many cores on."""
    cores = b.named("vector_cores", b.mul(b.value(BlockCountOp()), 2))
    chunks = b.div(b.add(elements, size - 1), size)
    b.named("chunks", chunks)
    turns = b.named("turns", b.div(b.add(chunks, b.sub(cores, 1)), cores))

    def turn(number: SSAValue) -> None:
        at = b.named("chunk", b.add(b.mul(number, cores), core))
        offset = b.index(b.mul(b.min(at, chunks), size))
        b.named("chunk_offset", offset)
        left = b.named("left", b.max(b.sub(elements, offset), 0))
        count = b.named("chunk_count", b.min(left, size))
        some = b.value(arith.CmpiOp(b.index(0), b.index(count), "slt"))
        b.when(b.index(b.named("has_some", some)), lambda: chunk(offset, count))

    b.loop(0, turns, 1, turn, "turn")
