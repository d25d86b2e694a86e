"""Data movement between global memory, L1 and UB, and the fills of global memory."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    ParamAttrConstraint,
    VarConstraint,
    eq,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from ligrad_ir.dialects.ascendc.base import (
    BOOL,
    COUNT,
    ELEMENT,
    U8,
    U16,
    U32,
    CallOp,
    ParamsOp,
    element,
    require,
    require_multiple,
    require_range,
    static_int,
    tensor,
)
from ligrad_ir.dialects.ascendc.enums import Memory, Pipe
from ligrad_ir.dialects.ascendc.memory import GLOBAL, LOCAL, TENSOR
from ligrad_ir.dialects.ascendc.types import (
    GlobalType,
    LocalType,
    ParamsType,
    element_bytes,
    memory_of,
)

PIPE_OF_MOVE = {
    (Memory.GM, Memory.UB): Pipe.MTE2,
    (Memory.GM, Memory.L1): Pipe.MTE2,
    (Memory.UB, Memory.GM): Pipe.MTE3,
    (Memory.L1, Memory.GM): Pipe.MTE3,
    (Memory.UB, Memory.UB): Pipe.V,
}
"""The paths of DataCopy on Atlas A2, (from, to); there are no others."""

DATA_COPY_PARAMS = ParamsType("DataCopyParams")
DATA_COPY_EXT_PARAMS = ParamsType("DataCopyExtParams")
ND2NZ_PARAMS = ParamsType("Nd2NzParams")


@irdl_op_definition
class DataCopyParamsOp(ParamsOp):
    """
    Bursts of whole blocks. Page "DataCopy", table of DataCopyParams.

    blockCount: bursts, at most 4095; blockLen: 32-byte blocks; srcGap, dstGap: blocks
    from the end of a burst to the start of the next.
    """

    name = "ascendc.data_copy_params"
    CPP_NAME: ClassVar = "DataCopyParams"

    blockCount = operand_def(U16)
    blockLen = operand_def(U16)
    srcGap = operand_def(U16)
    dstGap = operand_def(U16)
    result = result_def(eq(DATA_COPY_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`blockCount` $blockCount `,` `blockLen` $blockLen `,` "
        "`srcGap` $srcGap `,` `dstGap` $dstGap attr-dict"
    )

    def check(self) -> None:
        require_range(  # data_copy_params_c1
            self.blockCount, 0, 4095, "blockCount"
        )


@irdl_op_definition
class DataCopyExtParamsOp(ParamsOp):
    """
    Bursts of bytes. Page "DataCopyPad", table of DataCopyExtParams.

    blockCount: bursts, at most 4095; blockLen: bytes, at most 2097151; srcStride,
    dstStride: from the end of a burst to the start of the next, in bytes on the side
    of global memory and in 32-byte blocks on the side of UB; rsv: 0.
    """

    name = "ascendc.data_copy_ext_params"
    CPP_NAME: ClassVar = "DataCopyExtParams"

    blockCount = operand_def(U16)
    blockLen = operand_def(U32)
    srcStride = operand_def(U32)
    dstStride = operand_def(U32)
    rsv = operand_def(U32)
    result = result_def(eq(DATA_COPY_EXT_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`blockCount` $blockCount `,` `blockLen` $blockLen `,` "
        "`srcStride` $srcStride `,` `dstStride` $dstStride `,` `rsv` $rsv attr-dict"
    )

    def check(self) -> None:
        require_range(  # data_copy_ext_params_c1
            self.blockCount, 0, 4095, "blockCount"
        )
        require_range(  # data_copy_ext_params_c2
            self.blockLen, 0, 2097151, "blockLen"
        )
        require(static_int(self.rsv) == 0, "rsv is 0")  # data_copy_ext_params_c3


@irdl_op_definition
class DataCopyPadExtParamsOp(ParamsOp):
    """
    Padding of the bursts in UB. Page "DataCopyPad", table of DataCopyPadExtParams.

    isPad: without it the rest of the last block is garbage; leftPadding, rightPadding:
    elements, at most 32 bytes of each; paddingValue: an element.
    """

    name = "ascendc.data_copy_pad_ext_params"
    CPP_NAME: ClassVar = "DataCopyPadExtParams"

    T: ClassVar = VarConstraint("T", ELEMENT)

    isPad = operand_def(BOOL)
    leftPadding = operand_def(U8)
    rightPadding = operand_def(U8)
    paddingValue = operand_def(T)
    result = result_def(
        ParamAttrConstraint(ParamsType, (AnyAttr(), T)),
    )

    traits = traits_def(Pure())
    assembly_format = (
        "`isPad` $isPad `,` `leftPadding` $leftPadding `,` "
        "`rightPadding` $rightPadding `,` `paddingValue` $paddingValue attr-dict "
        "`:` type($result)"
    )

    def __init__(
        self,
        *,
        isPad: SSAValue | Operation,
        leftPadding: SSAValue | Operation,
        rightPadding: SSAValue | Operation,
        paddingValue: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            ParamsType(self.CPP_NAME, SSAValue.get(paddingValue).type),
            isPad=isPad,
            leftPadding=leftPadding,
            rightPadding=rightPadding,
            paddingValue=paddingValue,
            comment=comment,
        )

    def check(self) -> None:
        type = self.result.type
        require(  # data_copy_pad_ext_params_c1
            type == ParamsType(self.CPP_NAME, self.paddingValue.type),
            f"the fields are those of {self.CPP_NAME}, not of {type}",
        )
        size = element_bytes(self.paddingValue.type)
        most = 32 // size
        for padding in (self.leftPadding, self.rightPadding):
            require_range(  # data_copy_pad_ext_params_c2
                padding, 0, most, f"a padding of {size}-byte elements"
            )
            require(  # data_copy_pad_ext_params_c3
                static_int(self.isPad) != 0 or static_int(padding) in (0, None),
                "paddings need isPad",
            )
        require(  # data_copy_pad_ext_params_c4
            size < 8 or static_int(self.paddingValue) == 0,
            "64-bit elements are padded with 0",
        )


@irdl_op_definition
class Nd2NzParamsOp(ParamsOp):
    """
    Row-major matrices that become NZ in L1. Page "DataCopy (ND to NZ)".

    ndNum: matrices, at most 4095; nValue: rows, at most 16384; dValue: columns;
    srcNdMatrixStride: elements from matrix to matrix; srcDValue: elements from row to
    row; dstNzC0Stride: 32-byte blocks between columns of blocks (the rows, rounded up
    to 16); dstNzNStride: blocks from row to row, 1 as a rule; dstNzMatrixStride:
    elements from matrix to matrix in L1.
    """

    name = "ascendc.nd2nz_params"
    CPP_NAME: ClassVar = "Nd2NzParams"

    ndNum = operand_def(U16)
    nValue = operand_def(U16)
    dValue = operand_def(U16)
    srcNdMatrixStride = operand_def(U16)
    srcDValue = operand_def(U16)
    dstNzC0Stride = operand_def(U16)
    dstNzNStride = operand_def(U16)
    dstNzMatrixStride = operand_def(U16)
    result = result_def(eq(ND2NZ_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`ndNum` $ndNum `,` `nValue` $nValue `,` `dValue` $dValue `,` "
        "`srcNdMatrixStride` $srcNdMatrixStride `,` `srcDValue` $srcDValue `,` "
        "`dstNzC0Stride` $dstNzC0Stride `,` `dstNzNStride` $dstNzNStride `,` "
        "`dstNzMatrixStride` $dstNzMatrixStride attr-dict"
    )

    def check(self) -> None:
        require_range(self.ndNum, 0, 4095, "ndNum")  # nd2nz_params_c1
        require_range(self.nValue, 0, 16384, "nValue")  # nd2nz_params_c2
        require_range(self.srcDValue, 1, 65535, "srcDValue")  # nd2nz_params_c3
        require_range(  # nd2nz_params_c4
            self.dstNzC0Stride, 1, 16384, "dstNzC0Stride"
        )
        require_range(  # nd2nz_params_c5
            self.dstNzNStride, 1, 16384, "dstNzNStride"
        )
        require_range(  # nd2nz_params_c6
            self.dstNzMatrixStride, 0, 16384, "dstNzMatrixStride"
        )


class _Move(CallOp, ABC):
    CPP_NAME: ClassVar = "DataCopy"
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(TENSOR)
    src = operand_def(TENSOR)

    def pipe(self) -> Pipe:
        path = memory_of(tensor(self.src)), memory_of(tensor(self.dst))
        return PIPE_OF_MOVE.get(path, Pipe.S)

    def check(self) -> None:
        source, target = memory_of(tensor(self.src)), memory_of(tensor(self.dst))
        require(  # data_copy_c1
            (source, target) in PIPE_OF_MOVE,
            f"DataCopy has no path from {source} to {target}",
        )
        require(  # data_copy_c2
            element(self.src) == element(self.dst),
            f"DataCopy from {element(self.src)} to {element(self.dst)}",
        )


@irdl_op_definition
class DataCopyOp(_Move):
    """
    `DataCopy(dst, src, count);`: contiguous elements, on MTE2 from and MTE3 to global
    memory, on V within UB.

    count: elements; their bytes are rounded down to a multiple of 32. Page "DataCopy".
    """

    name = "ascendc.data_copy"

    dst = operand_def(TENSOR)
    src = operand_def(TENSOR)
    count = operand_def(COUNT)

    def check(self) -> None:
        super().check()
        require_multiple(  # data_copy_c3
            self.count, 32, element_bytes(element(self.dst)), "the count of a DataCopy"
        )


@irdl_op_definition
class DataCopyBurstsOp(_Move):
    """`DataCopy(dst, src, DataCopyParams);`: bursts of 32-byte blocks. Page
    "DataCopy"."""

    name = "ascendc.data_copy_bursts"

    dst = operand_def(TENSOR)
    src = operand_def(TENSOR)
    params = operand_def(eq(DATA_COPY_PARAMS))


@irdl_op_definition
class DataCopyNd2NzOp(CallOp):
    """`DataCopy(dst, src, Nd2NzParams);`, on MTE2: from row-major to NZ. Page "DataCopy
    (ND to NZ)"."""

    name = "ascendc.data_copy_nd2nz"
    CPP_NAME: ClassVar = "DataCopy"
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(LOCAL)
    src = operand_def(GLOBAL)
    params = operand_def(eq(ND2NZ_PARAMS))

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def check(self) -> None:
        memory = memory_of(tensor(self.dst))
        require(  # data_copy_nd2nz_c1
            memory == Memory.L1, f"NZ matrices are made in L1, not in {memory}"
        )
        require(  # data_copy_nd2nz_c2
            element(self.src) == element(self.dst),
            f"DataCopy from {element(self.src)} to {element(self.dst)}",
        )


class _Pad(CallOp, ABC):
    CPP_NAME: ClassVar = "DataCopyPad"
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    T: ClassVar = VarConstraint("T", ELEMENT)

    def check_local(self, local: SSAValue) -> None:
        """DataCopyPad moves to and from UB only."""
        memory = memory_of(tensor(local))
        require(memory == Memory.UB, f"DataCopyPad serves UB, not {memory}")


@irdl_op_definition
class DataCopyPadInOp(_Pad):
    """
    `DataCopyPad(dst, src, DataCopyExtParams, DataCopyPadExtParams);`, on MTE2: bytes
    from global memory, padded in UB. Page "DataCopyPad".
    """

    name = "ascendc.data_copy_pad_in"

    dst = operand_def(ParamAttrConstraint(LocalType, (_Pad.T, AnyAttr())))
    src = operand_def(ParamAttrConstraint(GlobalType, (_Pad.T,)))
    params = operand_def(eq(DATA_COPY_EXT_PARAMS))
    pad = operand_def(ParamAttrConstraint(ParamsType, (AnyAttr(), _Pad.T)))

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def check(self) -> None:
        self.check_local(self.dst)  # data_copy_pad_in_c1


@irdl_op_definition
class DataCopyPadOutOp(_Pad):
    """
    `DataCopyPad(dst, src, DataCopyExtParams);`, on MTE3: exactly the bytes of each
    burst to global memory. Page "DataCopyPad".
    """

    name = "ascendc.data_copy_pad_out"

    dst = operand_def(ParamAttrConstraint(GlobalType, (_Pad.T,)))
    src = operand_def(ParamAttrConstraint(LocalType, (_Pad.T, AnyAttr())))
    params = operand_def(eq(DATA_COPY_EXT_PARAMS))

    def pipe(self) -> Pipe:
        return Pipe.MTE3

    def check(self) -> None:
        self.check_local(self.src)  # data_copy_pad_out_c1


class _Fill(CallOp, ABC):
    CPP_TEMPLATE: ClassVar = ("dst",)
    WRITES: ClassVar = ("dst",)

    T: ClassVar = VarConstraint("T", ELEMENT)

    dst = operand_def(ParamAttrConstraint(GlobalType, (T,)))
    count = operand_def(COUNT)
    value = operand_def(T)

    def pipe(self) -> Pipe:
        return Pipe.MTE3

    def check(self) -> None:
        size = element_bytes(element(self.dst))
        require(size in (2, 4), "fills have 16-bit and 32-bit elements")  # fill_c1


@irdl_op_definition
class InitOutputOp(_Fill):
    """`InitOutput<T>(dst, count, value);`, by a vector core on MTE3. count: elements.
    Page "InitOutput"."""

    name = "ascendc.init_output"
    CPP_NAME: ClassVar = "InitOutput"


@irdl_op_definition
class FillOp(_Fill):
    """`Fill<T>(dst, count, value);`: the newer name of InitOutput. Page "Fill"."""

    name = "ascendc.fill"
    CPP_NAME: ClassVar = "Fill"


PARAMS: Sequence[Attribute] = (DATA_COPY_PARAMS, DATA_COPY_EXT_PARAMS, ND2NZ_PARAMS)

OPS: Sequence[type[Operation]] = (
    DataCopyBurstsOp,
    DataCopyExtParamsOp,
    DataCopyNd2NzOp,
    DataCopyOp,
    DataCopyPadExtParamsOp,
    DataCopyPadInOp,
    DataCopyPadOutOp,
    DataCopyParamsOp,
    FillOp,
    InitOutputOp,
    Nd2NzParamsOp,
)
