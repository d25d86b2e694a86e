"""Matrices from global memory to NZ, whatever the distance of their rows."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ligrad_ir.dialects.npu.move import Nd2NzOp
from ligrad_ir.soc import Soc
from passes.to_npu.builder import BodyBuilder, Index


def load_nz(
    b: BodyBuilder,
    dst: SSAValue,
    src: SSAValue,
    offset: Index,
    sizes: tuple[Index, Index],
    pitch: Index,
    longest: int,
) -> SSAValue:
    """
    A matrix of rows x columns (`sizes`) to the beginning of a buffer of L1; returns the
    rows of its blocks.

    A transfer takes rows that are no more than `Soc.max_nd2nz_pitch` elements apart; where
    the longest pitch is more, rows that are farther apart are taken one by one.
    """
    rows, columns = sizes
    nz_rows = b.index(b.round_up(rows, Soc.fractal))

    def transfer(to: Index, at: Index, number: Index, apart: Index) -> None:
        start, first = b.index(to), b.index(at)
        count, width, step = b.index(number), b.index(columns), b.index(apart)
        b.insert(Nd2NzOp(dst, start, src, first, count, width, step, nz_rows))

    def one_by_one() -> None:
        def row(i: SSAValue) -> None:
            transfer(b.mul(i, Soc.fractal), b.add(offset, b.mul(i, pitch)), 1, columns)

        b.loop(0, rows, 1, row, "far_row")

    most = Soc.max_nd2nz_pitch
    if longest <= most:
        transfer(0, offset, rows, pitch)
        return nz_rows
    near, far = (
        b.value(arith.CmpiOp(b.index(pitch), b.index(most), predicate))
        for predicate in ("sle", "sgt")
    )
    b.when(near, lambda: transfer(0, offset, rows, b.min(pitch, most)))
    b.when(far, one_by_one)
    return nz_rows
