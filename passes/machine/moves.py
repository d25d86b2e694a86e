"""Data movement: rows between global memory and UB, one by one or by their numbers."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import i1
from xdsl.ir import Attribute, SSAValue, TypeAttribute

from ligrad_ir.dialects import npu_move as npu
from ligrad_ir.dialects import npu_rows as rows
from ligrad_ir.dialects.ascendc_enums import CmpMode, HardEvent, Pipe
from ligrad_ir.dialects.ascendc_move import (
    DataCopyExtParamsOp,
    DataCopyOp,
    DataCopyPadExtParamsOp,
    DataCopyPadInOp,
    DataCopyPadOutOp,
)
from ligrad_ir.dialects.ascendc_sync import SetAtomicAddOp, SetAtomicNoneOp
from ligrad_ir.dialects.ascendc_vector import DuplicateOp
from ligrad_ir.dialects.npu_types import Space, element_of, space_of
from ligrad_ir.soc import Soc
from passes.machine.statements import (
    Size,
    Statements,
    bytes_of,
    known,
    lower,
    tensor_element,
)

BLOCK = Soc.block_bytes
"""The unit of UB, in which the rows of a DataCopyPad begin and its gaps count."""


@lower.register
def _(op: npu.LoadOp, s: Statements) -> None:
    dst, src = s.at(op.dst, s.of(op.dst_offset)), s.at(op.src, s.of(op.src_offset))
    s.insert(DataCopyPadInOp(dst, src, _burst(op, s), _padding(op, s)))


@lower.register
def _(op: npu.StoreOp, s: Statements) -> None:
    dst, src = s.at(op.dst, s.of(op.dst_offset)), s.at(op.src, s.of(op.src_offset))
    store = DataCopyPadOutOp(dst, src, _burst(op, s))
    adding(s, element_of(op.dst) if op.atomic else None, lambda: s.insert(store))


def adding(
    s: Statements, element: Attribute | None, body: Callable[[], object]
) -> None:
    """What `body` writes to global memory is added there, if an element type is given."""
    if element is None:
        body()
        return
    assert isinstance(element, TypeAttribute)
    s.insert(SetAtomicAddOp(element))
    body()
    s.insert(SetAtomicNoneOp())


def _padding(op: npu.LoadOp, s: Statements) -> SSAValue:
    """What stands behind a row in its last block."""
    element = tensor_element(element_of(op.src))
    number = 0.0 if op.padding is None else op.padding.value.data
    count = s.of(op.count)
    filled = s.round_up(count, BLOCK // bytes_of(op.src))
    behind = 0 if op.padding is None else s.sub(filled, count, "behind")
    pad = DataCopyPadExtParamsOp(
        isPad=s.constant(op.padding is not None, i1),
        leftPadding=s.u8(0),
        rightPadding=s.u8(behind),
        paddingValue=s.constant(number, element),
    )
    return s.value(pad, "no_padding" if op.padding is None else "padding")


def _burst(op: npu.LoadOp | npu.StoreOp, s: Statements) -> SSAValue:
    """The rows of a copy: bytes, with gaps in bytes in global memory, in blocks in UB."""
    size = bytes_of(op.src)
    rows, count = s.of(op.rows), s.of(op.count)
    name = f"{(op.src if space_of(op.src) is Space.UB else op.dst).name_hint}_burst"
    length = s.mul(count, size, "row_bytes")

    def gap(buffer: SSAValue, pitch: SSAValue) -> SSAValue:
        if known(rows) == 1:
            return s.u32(0)
        if space_of(buffer) is Space.GM:
            return s.u32(s.mul(s.sub(pitch, count), size), "gap_bytes")
        behind = s.sub(s.mul(pitch, size), length)  # and a row fills its last block
        return s.u32(s.div(behind, BLOCK), "gap_blocks")

    params = DataCopyExtParamsOp(
        blockCount=s.u16(rows),
        blockLen=s.u32(length),
        srcStride=gap(op.src, s.of(op.src_pitch)),
        dstStride=gap(op.dst, s.of(op.dst_pitch)),
        rsv=s.u32(0),
    )
    return s.value(params, name)


def _each_row(
    op: rows.GatherRowsOp | rows.LoadSelectedRowsOp | rows.ScatterAddRowsOp,
    s: Statements,
    first: Size,
    copy: Callable[[SSAValue, SSAValue], None],
) -> None:
    """copy(i, row) for every index that means a row."""

    def try_row(i: SSAValue) -> None:
        row = s.scalar_index(op.indices, s.of(op.indices_offset), i)
        row.name_hint = "row"
        limit = s.of(op.limit)
        s.when(
            s.compare(CmpMode.GE, row, first, "is_not_before"),
            lambda: s.when(
                s.compare(CmpMode.LT, row, limit, "is_not_behind"),
                lambda: copy(i, row),
            ),
        )

    s.loop(s.of(op.rows), 1, try_row, "i")


def _in_gm(
    op: rows.GatherRowsOp | rows.LoadSelectedRowsOp | rows.ScatterAddRowsOp,
    s: Statements,
    buffer: SSAValue,
    row: SSAValue,
) -> SSAValue:
    """A row of a buffer in global memory, counted from the base of the operation."""
    place = s.mul(s.add(s.of(op.base), row), s.of(op.count), "row_offset")
    return s.at(buffer, place)


@lower.register
def _(op: rows.GatherRowsOp, s: Statements) -> None:
    count = s.of(op.count)
    zero = s.constant(0, element_of(op.dst))
    all_rows = s.size(s.mul(s.of(op.rows), count, "gathered_count"))
    s.insert(DuplicateOp(s.at(op.dst, s.of(op.offset)), zero, all_rows))
    s.order(HardEvent.V_MTE2)

    def copy(i: SSAValue, row: SSAValue) -> None:
        dst = s.at(op.dst, s.of(op.offset), s.mul(i, count))
        s.insert(DataCopyOp(dst, _in_gm(op, s, op.src, row), count))

    _each_row(op, s, 0, copy)


@lower.register
def _(op: rows.LoadSelectedRowsOp, s: Statements) -> None:
    count = s.of(op.count)

    def copy(i: SSAValue, row: SSAValue) -> None:
        dst = s.at(op.dst, s.of(op.offset), s.mul(i, count))
        s.insert(DataCopyOp(dst, _in_gm(op, s, op.src, i), count))

    _each_row(op, s, s.of(op.first), copy)


@lower.register
def _(op: rows.ScatterAddRowsOp, s: Statements) -> None:
    """Rows may be the same, and writes to the same place need a barrier between."""
    count = s.of(op.count)

    def copy(i: SSAValue, row: SSAValue) -> None:
        src = s.at(op.src, s.of(op.offset), s.mul(i, count))
        s.barrier(Pipe.MTE3)
        s.insert(DataCopyOp(_in_gm(op, s, op.dst, row), src, count))

    first = s.of(op.first)
    adding(s, element_of(op.dst), lambda: _each_row(op, s, first, copy))
