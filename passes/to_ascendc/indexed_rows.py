"""Rows moved by their numbers: gathered, selected, added."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from ligrad_ir.dialects.ascendc.cube import (
    FIXPIPE_QUANT,
    FixpipeOp,
    FixpipeParamsOp,
)
from ligrad_ir.dialects.ascendc.enums import (
    Arithmetic,
    CmpMode,
    HardEvent,
    Layout,
    Pipe,
)
from ligrad_ir.dialects.ascendc.move import (
    DataCopyNd2NzOp,
    DataCopyOp,
    DataCopyPadInOp,
    DataCopyPadOutOp,
    Nd2NzParamsOp,
)
from ligrad_ir.dialects.ascendc.scalar import (
    ArithmeticOp,
    AssignOp,
    CmpOp,
    ReadOp,
    VariableOp,
)
from ligrad_ir.dialects.ascendc.types import ui64
from ligrad_ir.dialects.ascendc.vector import DuplicateOp
from ligrad_ir.dialects.npu import rows
from ligrad_ir.dialects.npu.types import element_of
from ligrad_ir.soc import Soc
from passes.to_ascendc.indices import WORD, Pair, each_index
from passes.to_ascendc.moves import adding, no_padding, one_row
from passes.to_ascendc.statements import Size, Statements, bytes_of, known, lower

FRACTAL = Soc.fractal
"""Columns of a block of NZ."""
MOST_STRIDE = 2**32 - 1
"""Elements from row to row of what a Fixpipe writes."""


VectorRowsOp: TypeAlias = (
    rows.GatherRowsOp | rows.LoadSelectedRowsOp | rows.ScatterAddRowsOp
)
"""Moves rows between global memory and UB."""


def _each_row(
    op: VectorRowsOp,
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
    op: rows.FixpipeAddRowsOp
    | rows.GatherRowsOp
    | rows.GatherRowsNzOp
    | rows.LoadSelectedRowsOp
    | rows.ScatterAddRowsOp,
    s: Statements,
    buffer: SSAValue,
    row: SSAValue,
    column: Size = 0,
) -> SSAValue:
    """A row of a buffer in global memory, counted from the base of the operation, from a
    column on."""
    place = s.mul(s.add(s.of(op.base), row), s.of(op.count), "row_offset")
    return s.at(buffer, place, column)


def _pitch(op: VectorRowsOp, s: Statements) -> Size:
    """The elements from row to row in UB, where rows are whole blocks."""
    return s.round_up(s.of(op.count), Soc.block_bytes // bytes_of(op.src))


def _in_ub(op: VectorRowsOp, s: Statements, buffer: SSAValue, i: SSAValue) -> SSAValue:
    """Row i of a buffer in UB."""
    return s.at(buffer, s.of(op.offset), s.mul(i, _pitch(op, s)))


def _copy_of_row(
    op: VectorRowsOp, s: Statements
) -> Callable[[SSAValue, SSAValue], object]:
    """copy(dst, src) of a row: a DataCopy if it is known to be whole blocks."""
    count, size = s.of(op.count), bytes_of(op.src)
    length = known(count)
    if length is not None and length * size % Soc.block_bytes == 0:
        return lambda dst, src: s.insert(DataCopyOp(dst, src, count))
    params = one_row(s, count, op.src, f"{op.src.name_hint}_row")
    if isinstance(op, rows.ScatterAddRowsOp):
        return lambda dst, src: s.insert(DataCopyPadOutOp(dst, src, params))
    padding = no_padding(s, op.src)
    return lambda dst, src: s.insert(DataCopyPadInOp(dst, src, params, padding))


def _is_row(s: Statements, row: SSAValue, limit: SSAValue) -> SSAValue:
    """Whether an index means a row."""
    return s.all(
        s.compare(CmpMode.GE, row, 0, "is_not_before"),
        s.compare(CmpMode.LT, row, s.of(limit), "is_not_behind"),
        name="is_row",
    )


def _gap(
    op: rows.FixpipeAddRowsOp | rows.GatherRowsNzOp,
    s: Statements,
    low: SSAValue,
    high: SSAValue,
) -> Size:
    """The elements from one row to a later one."""
    return s.mul(s.sub(high, low), s.of(op.count), "row_gap")


def _ascend(
    op: rows.FixpipeAddRowsOp | rows.GatherRowsNzOp, s: Statements, most: int
) -> Callable[[SSAValue, SSAValue], SSAValue]:
    """Whether two indices mean rows, the second one behind the first by at most so many
    elements: a transfer takes them at once."""

    def test(low: SSAValue, high: SSAValue) -> SSAValue:
        return s.all(
            s.compare(CmpMode.GE, low, 0, "is_not_before"),
            s.compare(CmpMode.LT, low, high, "ascends"),
            s.compare(CmpMode.LT, high, s.of(op.limit), "is_not_behind"),
            s.compare(CmpMode.LE, _gap(op, s, low, high), most, "is_near"),
            name="is_pair_of_rows",
        )

    return test


@lower.register
def _(op: rows.GatherRowsOp, s: Statements) -> None:
    zero = s.constant(0, element_of(op.dst))
    all_rows = s.size(s.mul(s.of(op.rows), _pitch(op, s), "gathered_count"))
    s.insert(DuplicateOp(s.at(op.dst, s.of(op.offset)), zero, all_rows))
    s.order(HardEvent.V_MTE2)
    copy_row = _copy_of_row(op, s)

    def copy(i: SSAValue, row: SSAValue) -> None:
        copy_row(_in_ub(op, s, op.dst, i), _in_gm(op, s, op.src, row))

    _each_row(op, s, 0, copy)


@lower.register
def _(op: rows.LoadSelectedRowsOp, s: Statements) -> None:
    copy_row = _copy_of_row(op, s)

    def copy(i: SSAValue, row: SSAValue) -> None:
        copy_row(_in_ub(op, s, op.dst, i), _in_gm(op, s, op.src, i))

    _each_row(op, s, s.of(op.first), copy)


@lower.register
def _(op: rows.ScatterAddRowsOp, s: Statements) -> None:
    """Rows may be the same, and writes to the same place need a barrier between."""
    copy_row = _copy_of_row(op, s)
    remembered = None if op.remember is None else _Rows(s)

    def copy(i: SSAValue, row: SSAValue) -> None:
        src = _in_ub(op, s, op.src, i)
        if remembered is None:
            s.barrier(Pipe.MTE3)
        else:
            remembered.barrier_if_seen(row)
        copy_row(_in_gm(op, s, op.dst, row), src)

    first = s.of(op.first)
    adding(s, element_of(op.dst), lambda: _each_row(op, s, first, copy))


class _Rows:
    """The rows written since the last barrier, as a set of their numbers modulo 64: a
    scalar, so that it costs no memory access. Two rows may look the same."""

    def __init__(self, s: Statements):
        self._s = s
        s.barrier(Pipe.MTE3)
        self._seen = s.value(VariableOp(s.constant(0, ui64)), "rows_seen")

    def barrier_if_seen(self, row: SSAValue) -> None:
        """A barrier if the row may be in the set, which is empty then; adds the row."""
        s, seen = self._s, self._seen
        number = s.cast(row, ui64, "row_number")
        slot = ArithmeticOp(Arithmetic.AND, number, s.constant(63, ui64))
        one = s.constant(1, ui64)
        bit = ArithmeticOp(Arithmetic.SHL, one, s.value(slot, "row_slot"))
        mark = s.value(bit, "row_mark")
        before = s.value(ReadOp(seen), "rows_before")
        hit = s.value(ArithmeticOp(Arithmetic.AND, before, mark), "row_hit")

        def forget() -> None:
            s.barrier(Pipe.MTE3)
            s.insert(AssignOp(seen, s.constant(0, ui64)))

        s.when(s.value(CmpOp(CmpMode.NE, hit, s.constant(0, ui64)), "is_seen"), forget)
        now = s.value(ReadOp(seen), "rows_now")
        s.insert(AssignOp(seen, s.value(ArithmeticOp(Arithmetic.OR, now, mark))))


@lower.register
def _(op: rows.GatherRowsNzOp, s: Statements) -> None:
    """Zeros are copied like any other row: the cube core cannot fill a row of L1."""
    count, present = s.of(op.count), s.of(op.present)

    def params(number: int, pitch: Size, name: str) -> SSAValue:
        params = Nd2NzParamsOp(
            ndNum=s.u16(1),
            nValue=s.u16(number),
            dValue=s.u16(count),
            srcNdMatrixStride=s.u16(0),
            srcDValue=s.u16(pitch),
            dstNzC0Stride=s.u16(s.of(op.nz_rows)),
            dstNzNStride=s.u16(1),
            dstNzMatrixStride=s.u16(0),
        )
        return s.value(params, f"{op.dst.name_hint}_{name}")

    one_row = params(1, count, "row")

    def copy(i: SSAValue, src: SSAValue, params: SSAValue = one_row) -> None:
        dst = s.at(op.dst, s.of(op.offset), s.mul(i, FRACTAL))
        s.insert(DataCopyNd2NzOp(dst, src, params))

    def both(i: SSAValue, low: SSAValue, high: SSAValue) -> None:
        two_rows = params(WORD, _gap(op, s, low, high), "rows")
        copy(i, _in_gm(op, s, op.src, low), two_rows)

    def gather(i: SSAValue, row: SSAValue) -> None:
        s.when(
            _is_row(s, row, op.limit),
            lambda: copy(i, _in_gm(op, s, op.src, row)),
            lambda: copy(i, s.of(op.zeros)),
        )

    pair = Pair(_ascend(op, s, Soc.max_nd2nz_pitch), both)
    each_index(s, op.indices, s.of(op.indices_offset), present, gather, pair)
    s.loop(s.of(op.rows), 1, lambda i: copy(i, s.of(op.zeros)), "i", present)


@lower.register
def _(op: rows.FixpipeAddRowsOp, s: Statements) -> None:
    """Rows may be the same: a Fixpipe to global memory begins with a barrier of FIX of its
    own, so that none overtakes the one before."""

    def params(number: int, pitch: Size, name: str) -> SSAValue:
        params = FixpipeParamsOp(
            nSize=s.u16(s.of(op.columns)),
            mSize=s.u16(number),
            srcStride=s.u16(s.of(op.nz_rows)),
            dstStride=s.u32(pitch),
            reluEn=s.constant(op.relu is not None, i1),
            quantPre=FIXPIPE_QUANT[element_of(op.src), element_of(op.dst)],
            ndNum=s.u16(1),
            srcNdStride=s.u16(0),
            dstNdStride=s.u16(0),
            unitFlag=s.u8(0),
        )
        return s.value(params, f"{op.src.name_hint}_{name}_out")

    one_row = params(1, s.of(op.count), "row")

    def add(i: SSAValue, row: SSAValue, params: SSAValue = one_row) -> None:
        src = s.at(op.src, s.of(op.offset), s.mul(i, FRACTAL))
        dst = _in_gm(op, s, op.dst, row, s.of(op.column))
        s.insert(FixpipeOp(Layout.ROW_MAJOR, dst, src, params))

    def try_row(i: SSAValue, row: SSAValue) -> None:
        s.when(_is_row(s, row, op.limit), lambda: add(i, row))

    def both(i: SSAValue, low: SSAValue, high: SSAValue) -> None:
        add(i, low, params(WORD, _gap(op, s, low, high), "rows"))

    pair = Pair(_ascend(op, s, MOST_STRIDE), both)

    def each() -> None:
        first, number = s.of(op.indices_offset), s.of(op.rows)
        each_index(s, op.indices, first, number, try_row, pair)

    adding(s, element_of(op.dst), each)
