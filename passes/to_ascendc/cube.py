"""The cube core: global memory to L1, L1 to L0, products, and the way out."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand

from ligrad_ir.dialects.ascendc.cube import (
    FIXPIPE_QUANT,
    FixpipeOp,
    FixpipeParamsOp,
    LoadData2DParamsOp,
    LoadDataOp,
    MmadOp,
    MmadParamsOp,
)
from ligrad_ir.dialects.ascendc.enums import Layout
from ligrad_ir.dialects.ascendc.move import DataCopyNd2NzOp, Nd2NzParamsOp
from ligrad_ir.dialects.npu import cube as npu
from ligrad_ir.dialects.npu.move import LoadL0Op, Nd2NzOp
from ligrad_ir.dialects.npu.types import Space, element_of, space_of
from ligrad_ir.soc import Soc
from passes.to_ascendc.moves import adding
from passes.to_ascendc.statements import Size, Statements, lower

FRACTAL = Soc.fractal
"""Rows and columns of a fractal of half elements."""


@lower.register
def _(op: Nd2NzOp, s: Statements) -> None:
    params = Nd2NzParamsOp(
        ndNum=s.u16(1),
        nValue=s.u16(s.of(op.rows)),
        dValue=s.u16(s.of(op.columns)),
        srcNdMatrixStride=s.u16(0),
        srcDValue=s.u16(s.of(op.pitch)),
        dstNzC0Stride=s.u16(s.of(op.nz_rows)),
        dstNzNStride=s.u16(1),
        dstNzMatrixStride=s.u16(0),
    )
    dst, src = s.at(op.dst, s.of(op.dst_offset)), s.at(op.src, s.of(op.src_offset))
    to_nz = s.value(params, f"{op.dst.name_hint}_nz")
    s.insert(DataCopyNd2NzOp(dst, src, to_nz))


@lower.register
def _(op: LoadL0Op, s: Statements) -> None:
    """
    Fractals of NZ go to zZ (L0A) or nZ (L0B).

    In L0 the fractals along the contracted axis of the left operand, and along the
    columns of the right one, follow each other. Where those lie one behind the other in
    L1, a LoadData takes a column of blocks, or all at once; where not, a row of fractals.
    L0B is column major inside a fractal, so it transposes what lies as [k, n].
    """
    transpose = op.transpose.value.data != 0
    flips = s.constant(transpose == (space_of(op.dst) is Space.L0A), i1)
    rows, columns, nz_rows = map(s.of, (op.rows, op.columns, op.nz_rows))
    to, place = s.of(op.dst_offset), s.of(op.src_offset)

    def load(repeat: Size, stride: Size, dst: SSAValue, src: SSAValue) -> None:
        params = LoadData2DParamsOp(
            startIndex=s.u16(0),
            repeatTimes=s.u8(repeat, "fractals"),
            srcStride=s.u16(stride, "fractal_stride"),
            sid=s.u8(0),
            dstGap=s.u16(0),
            ifTranspose=flips,
            addrMode=s.u8(0),
        )
        name = f"{op.dst.name_hint}_fractals"
        s.insert(LoadDataOp(dst, src, s.value(params, name)))

    high, wide = s.div(rows, FRACTAL), s.div(columns, FRACTAL)
    if transpose and op.rows == op.nz_rows:
        load(s.mul(high, wide), 1, s.at(op.dst, to), s.at(op.src, place))
    elif transpose:
        s.loop(
            columns,
            FRACTAL,
            lambda column: load(
                high,
                1,
                s.at(op.dst, to, s.mul(column, rows)),
                s.at(op.src, place, s.mul(column, nz_rows)),
            ),
            "column",
        )
    else:
        s.loop(
            rows,
            FRACTAL,
            lambda row: load(
                wide,
                s.div(nz_rows, FRACTAL),
                s.at(op.dst, to, s.mul(row, columns)),
                s.at(op.src, place, s.mul(row, FRACTAL)),
            ),
            "row",
        )


def _is_many(value: SSAValue) -> bool:
    """Whether a size is seen to be more than 1: a number, or a maximum with one."""
    if isinstance(owner := value.owner, arith.MaxSIOp):
        return _is_many(owner.lhs) or _is_many(owner.rhs)
    number = const_evaluate_operand(value)
    return number is not None and number > 1


@lower.register
def _(op: npu.MmadOp, s: Statements) -> None:
    """One row alone would be read as a plain vector; the row behind it is garbage."""
    m: Size = s.of(op.m)
    if not _is_many(op.m):
        m = s.max(m, 2, "rows")
    params = MmadParamsOp(
        m=s.u16(m),
        n=s.u16(s.of(op.n)),
        k=s.u16(s.of(op.k)),
        unitFlag=s.u8(0),
        cmatrixSource=s.constant(0, i1),
        cmatrixInitVal=s.of(op.start),
    )
    dst = s.at(op.dst, s.of(op.dst_offset))
    lhs, rhs = s.at(op.lhs, s.of(op.lhs_offset)), s.at(op.rhs, s.of(op.rhs_offset))
    s.insert(MmadOp(dst, lhs, rhs, s.value(params, f"{op.dst.name_hint}_size")))


@lower.register
def _(op: npu.FixpipeOp, s: Statements) -> None:
    m = s.of(op.m)
    params = FixpipeParamsOp(
        nSize=s.u16(s.of(op.n)),
        mSize=s.u16(m),
        srcStride=s.u16(s.round_up(m, FRACTAL, "block_rows")),
        dstStride=s.u32(s.of(op.pitch)),
        reluEn=s.constant(op.relu is not None, i1),
        quantPre=FIXPIPE_QUANT[element_of(op.src), element_of(op.dst)],
        ndNum=s.u16(1),
        srcNdStride=s.u16(0),
        dstNdStride=s.u16(0),
        unitFlag=s.u8(0),
    )
    dst, src = s.at(op.dst, s.of(op.dst_offset)), s.at(op.src, s.of(op.src_offset))
    way_out = s.value(params, f"{op.src.name_hint}_out")
    fixpipe = FixpipeOp(Layout.ROW_MAJOR, dst, src, way_out)
    adding(s, element_of(op.dst) if op.atomic else None, lambda: s.insert(fixpipe))
