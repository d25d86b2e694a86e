"""Data movement between global memory and UB, and within UB."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.dialects.builtin import i1
from xdsl.ir import Attribute, SSAValue, TypeAttribute

from ligrad_ir.dialects.ascendc.enums import CmpMode, Pipe
from ligrad_ir.dialects.ascendc.move import (
    DataCopyExtParamsOp,
    DataCopyOp,
    DataCopyPadExtParamsOp,
    DataCopyPadInOp,
    DataCopyPadOutOp,
)
from ligrad_ir.dialects.ascendc.sync import SetAtomicAddOp, SetAtomicNoneOp
from ligrad_ir.dialects.npu import move as npu
from ligrad_ir.dialects.npu.copy import COPY_UNIT, RepeatRowOp
from ligrad_ir.dialects.npu.types import Space, buffer, element_of, space_of
from ligrad_ir.soc import Soc
from passes.to_ascendc.statements import (
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
    if op.padding is None:
        return no_padding(s, op.src)
    count = s.of(op.count)
    filled = s.round_up(count, BLOCK // bytes_of(op.src))
    pad = DataCopyPadExtParamsOp(
        isPad=s.constant(True, i1),
        leftPadding=s.u8(0),
        rightPadding=s.u8(s.sub(filled, count, "behind")),
        paddingValue=s.constant(op.padding.value.data, _element(op.src)),
    )
    return s.value(pad, "padding")


def no_padding(s: Statements, src: SSAValue) -> SSAValue:
    """What stands behind a row of `src` in its last block of UB is garbage."""
    pad = DataCopyPadExtParamsOp(
        isPad=s.constant(False, i1),
        leftPadding=s.u8(0),
        rightPadding=s.u8(0),
        paddingValue=s.constant(0.0, _element(src)),
    )
    return s.value(pad, "no_padding")


def _element(buffer: SSAValue) -> Attribute:
    return tensor_element(element_of(buffer))


def _burst(op: npu.LoadOp | npu.StoreOp, s: Statements) -> SSAValue:
    """The rows of a copy: bytes, with gaps in bytes in global memory, in blocks in UB."""
    size = bytes_of(op.src)
    rows, count = s.of(op.rows), s.of(op.count)
    name = f"{(op.src if space_of(op.src) is Space.UB else op.dst).name_hint}_burst"
    length = s.mul(count, size, "row_bytes")

    def gap(buffer: SSAValue, pitch: SSAValue) -> SSAValue:
        if known(rows) == 1 or pitch is count:
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


def one_row(s: Statements, count: Size, src: SSAValue, name: str) -> SSAValue:
    """The parameters of a copy of so many elements."""
    params = DataCopyExtParamsOp(
        blockCount=s.u16(1),
        blockLen=s.u32(s.mul(count, bytes_of(src), "row_bytes")),
        srcStride=s.u32(0),
        dstStride=s.u32(0),
        rsv=s.u32(0),
    )
    return s.value(params, name)


@lower.register
def _(op: RepeatRowOp, s: Statements) -> None:
    """The rows that are there are copied behind themselves."""
    rows, count = s.of(op.rows), s.of(op.count)
    to, src = s.of(op.dst_offset), s.at(op.src, s.of(op.src_offset))
    s.insert(DataCopyOp(s.at(op.dst, to), src, count))
    elements = prod(buffer(op.dst).get_shape())
    total, done = known(rows), 1
    while done < (elements // COPY_UNIT if total is None else total):
        more = s.size(s.min(s.sub(rows, done), done, "more_rows"))

        def again(done: int = done, more: SSAValue = more) -> None:
            s.barrier(Pipe.V)
            behind = s.at(op.dst, to, s.mul(count, done))
            all_rows = s.size(s.mul(more, count, "copied_count"))
            s.insert(DataCopyOp(behind, s.at(op.dst, to), all_rows))

        if total is None:
            s.when(s.compare(CmpMode.GT, rows, done, "has_more"), again)
        else:
            again()
        done *= 2
