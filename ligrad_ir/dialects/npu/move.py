"""Data movement of the `npu` dialect: only the paths that the chip has.

All offsets, counts and pitches are in elements; a pitch is from the start of one row to
the start of the next.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    BoolAttr,
    Float64Type,
    FloatAttr,
    UnitAttr,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
)

from ligrad_ir.dialects.npu.types import (
    HALF,
    Buffer,
    Core,
    NpuOp,
    Pipe,
    Size,
    Space,
    element_of,
    require,
    require_element,
    require_space,
)


class _RowsOp(NpuOp):
    """`rows` rows of `count` elements each, from `src` to `dst`."""

    CORE: ClassVar = Core.VECTOR
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    rows = operand_def(Size)
    count = operand_def(Size)
    dst_pitch = operand_def(Size)
    src_pitch = operand_def(Size)

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
        dst_pitch: SSAValue,
        src_pitch: SSAValue,
        properties: dict[str, Attribute | None] | None = None,
    ):
        super().__init__(
            operands=[
                dst,
                dst_offset,
                src,
                src_offset,
                rows,
                count,
                dst_pitch,
                src_pitch,
            ],
            properties=properties or {},
        )

    def verify_(self) -> None:
        require(
            element_of(self.dst) == element_of(self.src),
            f"a copy does not convert: {self.src.type} to {self.dst.type}",
        )  # rows_c1


@irdl_op_definition
class LoadOp(_RowsOp):
    """Global memory to UB: `DataCopyPad`, on MTE2 of a vector core; `padding` is what
    stands behind each row in its last block."""

    name = "npu.load"
    padding = opt_prop_def(FloatAttr[Float64Type])
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `rows` $rows `of` $count "
        "`pitch` $dst_pitch `,` $src_pitch (`padding` $padding^)? attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
        dst_pitch: SSAValue,
        src_pitch: SSAValue,
        padding: float | None = None,
    ):
        super().__init__(
            *(dst, dst_offset, src, src_offset, rows, count, dst_pitch, src_pitch),
            {"padding": None if padding is None else FloatAttr(padding, f64)},
        )

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def verify_(self) -> None:
        super().verify_()
        require_space(self.dst, "the destination", Space.UB)  # load_c1
        require_space(self.src, "the source", Space.GM)  # load_c2


@irdl_op_definition
class StoreOp(_RowsOp):
    """UB to global memory: `DataCopyPad`, on MTE3 of a vector core; with `atomic` the
    elements are added to what is there."""

    name = "npu.store"
    atomic = opt_prop_def(UnitAttr)
    assembly_format = (
        "(`atomic` $atomic^)? $dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` "
        "`rows` $rows `of` $count `pitch` $dst_pitch `,` $src_pitch attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
        dst_pitch: SSAValue,
        src_pitch: SSAValue,
        *,
        atomic: bool = False,
    ):
        super().__init__(
            *(dst, dst_offset, src, src_offset, rows, count, dst_pitch, src_pitch),
            {"atomic": UnitAttr() if atomic else None},
        )

    def pipe(self) -> Pipe:
        return Pipe.MTE3

    def verify_(self) -> None:
        super().verify_()
        require_space(self.dst, "the destination", Space.GM)  # store_c1
        require_space(self.src, "the source", Space.UB)  # store_c2


@irdl_op_definition
class Nd2NzOp(NpuOp):
    """
    Global memory to L1, row major to NZ: `DataCopy` with `Nd2NzParams`, on MTE2.

    `rows` rows of `columns` half elements, `pitch` apart in global memory. In L1 the
    16-column blocks lie `nz_rows` (a multiple of 16) rows apart; columns are filled up
    with zeros, rows beyond `rows` keep what they hold.
    """

    name = "npu.nd2nz"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    rows = operand_def(Size)
    columns = operand_def(Size)
    pitch = operand_def(Size)
    nz_rows = operand_def(Size)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `rows` $rows `of` "
        "$columns `pitch` $pitch `nz_rows` $nz_rows attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        columns: SSAValue,
        pitch: SSAValue,
        nz_rows: SSAValue,
    ):
        super().__init__(
            operands=[
                dst,
                dst_offset,
                src,
                src_offset,
                rows,
                columns,
                pitch,
                nz_rows,
            ]
        )

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.L1)  # nd2nz_c1
        require_space(self.src, "the source", Space.GM)  # nd2nz_c2
        require_element(self.src, "the source", *HALF)  # nd2nz_c3
        require(
            element_of(self.dst) == element_of(self.src),
            f"a copy does not convert: {self.src.type} to {self.dst.type}",
        )  # nd2nz_c4


@irdl_op_definition
class LoadL0Op(NpuOp):
    """
    L1 to L0A or L0B, NZ to fractals: `LoadData`, on MTE1.

    The tile in L1 has `rows` rows and `columns` columns (multiples of 16), its blocks
    `nz_rows` rows apart. For L0A the operand is [m, k], for L0B [k, n]; `transpose` says
    that the tile in L1 is the transposed of that.
    """

    name = "npu.load_l0"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    transpose = prop_def(BoolAttr)
    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    rows = operand_def(Size)
    columns = operand_def(Size)
    nz_rows = operand_def(Size)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `tile` $rows `x` $columns "
        "`nz_rows` $nz_rows `transpose` $transpose attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        columns: SSAValue,
        nz_rows: SSAValue,
        *,
        transpose: bool,
    ):
        super().__init__(
            operands=[dst, dst_offset, src, src_offset, rows, columns, nz_rows],
            properties={"transpose": BoolAttr.from_bool(transpose)},
        )

    def pipe(self) -> Pipe:
        return Pipe.MTE1

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.L0A, Space.L0B)  # load_l0_c1
        require_space(self.src, "the source", Space.L1)  # load_l0_c2
        require_element(self.src, "the source", *HALF)  # load_l0_c3
        require(
            element_of(self.dst) == element_of(self.src),
            f"a load does not convert: {self.src.type} to {self.dst.type}",
        )  # load_l0_c4


OPS: tuple[type[Operation], ...] = (
    LoadL0Op,
    LoadOp,
    Nd2NzOp,
    StoreOp,
)
