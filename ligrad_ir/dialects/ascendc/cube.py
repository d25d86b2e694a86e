"""The matrix unit: L1 to L0, products into L0C, and the way out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import bf16, f16, f32, i8, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    eq,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from ligrad_ir.dialects.ascendc.base import (
    BOOL,
    U8,
    U16,
    U32,
    CallOp,
    ParamsOp,
    element,
    require,
    require_memory,
    require_range,
    static_int,
    tensor,
)
from ligrad_ir.dialects.ascendc.enums import (
    Layout,
    LayoutAttr,
    Memory,
    Pipe,
    QuantMode,
    QuantModeAttr,
)
from ligrad_ir.dialects.ascendc.memory import LOCAL, TENSOR
from ligrad_ir.dialects.ascendc.types import (
    ParamsType,
    element_bytes,
    memory_of,
)

LOAD_DATA_2D_PARAMS = ParamsType("LoadData2DParams")
MMAD_PARAMS = ParamsType("MmadParams")
FIXPIPE_PARAMS = ParamsType("FixpipeParamsV220")

MMAD_TYPES: dict[Attribute, Attribute] = {f16: f32, bf16: f32, f32: f32, i8: i32}
"""The accumulator by the type of the operands."""
FIXPIPE_QUANT: dict[tuple[Attribute, Attribute], QuantMode] = {
    (f32, f32): QuantMode.NO_QUANT,
    (f32, f16): QuantMode.F322F16,
    (f32, bf16): QuantMode.F322BF16,
    (i32, i32): QuantMode.NO_QUANT,
}
"""The conversion by the types in L0C and outside."""


@irdl_op_definition
class LoadData2DParamsOp(ParamsOp):
    """
    Fractals (512 bytes) from L1 to L0. Page "LoadData 2D".

    startIndex: the first fractal of the source; repeatTimes: fractals; srcStride:
    fractals from start to start; sid: 0; dstGap: fractals from end to start;
    ifTranspose: transposes every 16 x 16 fractal (16-bit types); addrMode: 0.
    """

    name = "ascendc.load_data_2d_params"
    CPP_NAME: ClassVar = "LoadData2DParams"

    startIndex = operand_def(U16)
    repeatTimes = operand_def(U8)
    srcStride = operand_def(U16)
    sid = operand_def(U8)
    dstGap = operand_def(U16)
    ifTranspose = operand_def(BOOL)
    addrMode = operand_def(U8)
    result = result_def(eq(LOAD_DATA_2D_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`startIndex` $startIndex `,` `repeatTimes` $repeatTimes `,` "
        "`srcStride` $srcStride `,` `sid` $sid `,` `dstGap` $dstGap `,` "
        "`ifTranspose` $ifTranspose `,` `addrMode` $addrMode attr-dict"
    )

    def check(self) -> None:
        require(static_int(self.sid) == 0, "sid is 0")  # load_data_2d_params_c1
        require(  # load_data_2d_params_c2
            static_int(self.addrMode) == 0, "addrMode is 0"
        )


@irdl_op_definition
class LoadDataOp(CallOp):
    """`LoadData(dst, src, LoadData2DParams);`: on MTE1 from L1, on MTE2 from global
    memory. Page "LoadData 2D"."""

    name = "ascendc.load_data"
    CPP_NAME: ClassVar = "LoadData"
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(LOCAL)
    src = operand_def(TENSOR)
    params = operand_def(eq(LOAD_DATA_2D_PARAMS))

    def pipe(self) -> Pipe:
        return Pipe.MTE1 if memory_of(tensor(self.src)) == Memory.L1 else Pipe.MTE2

    def check(self) -> None:
        require_memory(self.dst, Memory.L0A, Memory.L0B)  # load_data_c1
        require_memory(self.src, Memory.L1, Memory.GM)  # load_data_c2
        require(  # load_data_c3
            element(self.src) == element(self.dst),
            f"LoadData from {element(self.src)} to {element(self.dst)}",
        )
        params = self.params.owner
        if isinstance(params, LoadData2DParamsOp) and static_int(params.ifTranspose):
            size = element_bytes(element(self.dst))
            require(  # load_data_c4
                size == 2 and self.pipe() == Pipe.MTE1,
                "ifTranspose is for 16-bit elements that come from L1",
            )


@irdl_op_definition
class MmadParamsOp(ParamsOp):
    """
    The extents of a product. Page "Mmad".

    m, n, k: elements, at most 4095; unitFlag: 0 off, 2 keep, 3 release; cmatrixSource:
    whether a bias comes from the table; cmatrixInitVal: whether to start from 0
    instead of what L0C holds. m = 1 would switch to a product with a plain vector.
    """

    name = "ascendc.mmad_params"
    CPP_NAME: ClassVar = "MmadParams"

    m = operand_def(U16)
    n = operand_def(U16)
    k = operand_def(U16)
    unitFlag = operand_def(U8)
    cmatrixSource = operand_def(BOOL)
    cmatrixInitVal = operand_def(BOOL)
    result = result_def(eq(MMAD_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`m` $m `,` `n` $n `,` `k` $k `,` `unitFlag` $unitFlag `,` "
        "`cmatrixSource` $cmatrixSource `,` `cmatrixInitVal` $cmatrixInitVal attr-dict"
    )

    def check(self) -> None:
        require_range(self.m, 2, 4095, "m")  # mmad_params_c1
        require_range(self.n, 0, 4095, "n")  # mmad_params_c2
        require_range(self.k, 0, 4095, "k")  # mmad_params_c3
        _require_unit_flag(self.unitFlag)  # mmad_params_c4
        require(  # mmad_params_c5
            static_int(self.cmatrixSource) == 0, "a bias table is not supported"
        )


def _require_unit_flag(value: SSAValue) -> None:
    known = static_int(value)
    require(known in (None, 0, 2, 3), f"unitFlag is {known}, not 0, 2 or 3")


@irdl_op_definition
class MmadOp(CallOp):
    """
    `Mmad(dst, lhs, rhs, MmadParams);`, on M: dst = lhs * rhs, or dst + lhs * rhs.

    dst: L0C; lhs: L0A (zZ); rhs: L0B (zN). Half, bf16 and float give float, int8
    gives int32. Page "Mmad".
    """

    name = "ascendc.mmad"
    CPP_NAME: ClassVar = "Mmad"
    READS: ClassVar = ("lhs", "rhs", "dst")
    WRITES: ClassVar = ("dst",)

    dst = operand_def(LOCAL)
    lhs = operand_def(LOCAL)
    rhs = operand_def(LOCAL)
    params = operand_def(eq(MMAD_PARAMS))

    def pipe(self) -> Pipe:
        return Pipe.M

    def reads(self) -> tuple[SSAValue, ...]:
        params = self.params.owner
        fresh = isinstance(params, MmadParamsOp) and static_int(params.cmatrixInitVal)
        return (self.lhs, self.rhs) if fresh else (self.lhs, self.rhs, self.dst)

    def check(self) -> None:
        require_memory(self.dst, Memory.L0C)  # mmad_c1
        require_memory(self.lhs, Memory.L0A)  # mmad_c2
        require_memory(self.rhs, Memory.L0B)  # mmad_c3
        types = element(self.lhs), element(self.rhs), element(self.dst)
        require(  # mmad_c4
            types[0] == types[1] and MMAD_TYPES.get(types[0]) == types[2],
            f"Mmad has no {types[0]} * {types[1]} into {types[2]}",
        )


@irdl_op_definition
class FixpipeParamsOp(ParamsOp):
    """
    The way of a result out of L0C. Page "Fixpipe (L0C to GM)".

    nSize: columns, 1 to 4095; mSize: rows; srcStride: rows of 16 elements between
    columns of fractals (m rounded up to 16); dstStride: elements from row to row, for
    NZ 32-byte blocks from column block to column block; reluEn: max(x, 0) before the
    conversion; quantPre: the conversion; deqScalar: 0; ndNum: matrices; srcNdStride,
    dstNdStride: from matrix to matrix; unitFlag: 0 off, 2 keep, 3 release.
    """

    name = "ascendc.fixpipe_params"
    CPP_NAME: ClassVar = "FixpipeParamsV220"

    quantPre = prop_def(QuantModeAttr)
    nSize = operand_def(U16)
    mSize = operand_def(U16)
    srcStride = operand_def(U16)
    dstStride = operand_def(U32)
    reluEn = operand_def(BOOL)
    ndNum = operand_def(U16)
    srcNdStride = operand_def(U16)
    dstNdStride = operand_def(U16)
    unitFlag = operand_def(U8)
    result = result_def(eq(FIXPIPE_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`nSize` $nSize `,` `mSize` $mSize `,` `srcStride` $srcStride `,` "
        "`dstStride` $dstStride `,` `reluEn` $reluEn `,` `quantPre` $quantPre `,` "
        "`ndNum` $ndNum `,` `srcNdStride` $srcNdStride `,` "
        "`dstNdStride` $dstNdStride `,` `unitFlag` $unitFlag attr-dict"
    )

    def __init__(
        self,
        *,
        quantPre: QuantMode,
        comment: str | None = None,
        **fields: SSAValue | Operation,
    ):
        super().__init__(
            None,
            comment=comment,
            properties={"quantPre": QuantModeAttr(quantPre)},
            **fields,
        )

    def fields(self) -> Iterator[SSAValue | Attribute | int]:
        yield from (self.nSize, self.mSize, self.srcStride, self.dstStride)
        yield from (self.reluEn, self.quantPre, 0, self.ndNum)
        yield from (self.srcNdStride, self.dstNdStride, self.unitFlag)

    def check(self) -> None:
        require_range(self.nSize, 1, 4095, "nSize")  # fixpipe_params_c1
        require_range(self.mSize, 1, 65535, "mSize")  # fixpipe_params_c2
        require_range(self.ndNum, 1, 65535, "ndNum")  # fixpipe_params_c3
        require_range(self.srcNdStride, 0, 512, "srcNdStride")  # fixpipe_params_c4
        _require_unit_flag(self.unitFlag)  # fixpipe_params_c5


@irdl_op_definition
class FixpipeOp(CallOp):
    """
    `Fixpipe<D, S, CFG_ROW_MAJOR|CFG_NZ>(dst, src, FixpipeParamsV220);`, on FIX.

    src: L0C; dst: global memory, or L1 (NZ, of half or bf16). Honours SetAtomicAdd.
    Pages "Fixpipe (L0C to GM)", "Fixpipe (L0C to L1)".
    """

    name = "ascendc.fixpipe"
    CPP_NAME: ClassVar = "Fixpipe"
    CPP_TEMPLATE: ClassVar = ("dst", "src", "layout")
    CPP_ARGUMENTS: ClassVar = ("dst", "src", "params")
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    layout = prop_def(LayoutAttr)
    dst = operand_def(TENSOR)
    src = operand_def(LOCAL)
    params = operand_def(eq(FIXPIPE_PARAMS))
    assembly_format = "$layout operands attr-dict `:` type(operands)"

    def __init__(
        self,
        layout: Layout,
        dst: SSAValue | Operation,
        src: SSAValue | Operation,
        params: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            *(dst, src, params),
            properties={"layout": LayoutAttr(layout)},
            comment=comment,
        )

    def pipe(self) -> Pipe:
        return Pipe.FIX

    def check(self) -> None:
        require_memory(self.src, Memory.L0C)  # fixpipe_c1
        require_memory(self.dst, Memory.GM, Memory.L1)  # fixpipe_c2
        types = element(self.src), element(self.dst)
        require(  # fixpipe_c3
            types in FIXPIPE_QUANT, f"Fixpipe has no {types[0]} to {types[1]}"
        )
        if memory_of(tensor(self.dst)) == Memory.L1:
            require(  # fixpipe_c4
                self.layout.data == Layout.NZ and types[1] in (f16, bf16),
                "into L1 Fixpipe writes NZ of half or bf16",
            )
        if isinstance(params := self.params.owner, FixpipeParamsOp):
            needed = FIXPIPE_QUANT[types]
            require(  # fixpipe_c5
                params.quantPre.data == needed,
                f"{types[0]} to {types[1]} takes quantPre {needed.value}",
            )
            if self.layout.data == Layout.ROW_MAJOR:
                require_range(params.mSize, 1, 8192, "mSize")  # fixpipe_c6


OPS: Sequence[type[Operation]] = (
    FixpipeOp,
    FixpipeParamsOp,
    LoadData2DParamsOp,
    LoadDataOp,
    MmadOp,
    MmadParamsOp,
)
