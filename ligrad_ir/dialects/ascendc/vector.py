"""Vector instructions: arithmetic, casts, and what spreads or sums elements."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import bf16, f16, f32, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import eq, irdl_op_definition, operand_def, prop_def

from ligrad_ir.dialects.ascendc.base import (
    COUNT,
    SCALAR,
    U8,
    U16,
    U64,
    element,
    require,
    require_range,
)
from ligrad_ir.dialects.ascendc.enums import RoundMode, RoundModeAttr
from ligrad_ir.dialects.ascendc.memory import LOCAL
from ligrad_ir.dialects.ascendc.vector_base import (
    BRCB_REPEAT_PARAMS,
    FLOATING,
    MOVABLE,
    RELU,
    UNARY_REPEAT_PARAMS,
    BinaryCount,
    BinaryRepeat,
    BinaryRepeatParamsOp,
    BrcbRepeatParamsOp,
    ScalarCount,
    ScalarOp,
    ScalarRepeat,
    Unary,
    UnaryCount,
    UnaryRepeat,
    UnaryRepeatParamsOp,
    VectorOp,
)

_ROUNDING = (
    *(RoundMode.RINT, RoundMode.FLOOR, RoundMode.CEIL),
    *(RoundMode.ROUND, RoundMode.TRUNC),
)
CASTS: dict[tuple[Attribute, Attribute], Sequence[RoundMode]] = {
    (f16, f32): (RoundMode.NONE,),
    (bf16, f32): (RoundMode.NONE,),
    (f32, f16): (*_ROUNDING, RoundMode.ODD, RoundMode.NONE),
    (f32, bf16): _ROUNDING,
    (f32, f32): _ROUNDING,
    (f32, i16): _ROUNDING,
    (f32, i32): _ROUNDING,
    (f32, i64): _ROUNDING,
    (bf16, i32): _ROUNDING,
    (i32, f32): (*_ROUNDING, RoundMode.NONE),
}
"""The round modes of Atlas A2 by the types (from, to)."""


@irdl_op_definition
class AddOp(BinaryCount):
    """`Add(dst, src0, src1, count);`: dst = src0 + src1. Page "Add"."""

    name = "ascendc.add"
    CPP_NAME: ClassVar = "Add"


@irdl_op_definition
class AddRepeatOp(BinaryRepeat):
    """`Add(dst, src0, src1, mask, repeatTime, params);`. Page "Add"."""

    name = "ascendc.add_repeat"
    CPP_NAME: ClassVar = "Add"


@irdl_op_definition
class SubOp(BinaryCount):
    """`Sub(dst, src0, src1, count);`: dst = src0 - src1. Page "Sub"."""

    name = "ascendc.sub"
    CPP_NAME: ClassVar = "Sub"


@irdl_op_definition
class SubRepeatOp(BinaryRepeat):
    """`Sub(dst, src0, src1, mask, repeatTime, params);`. Page "Sub"."""

    name = "ascendc.sub_repeat"
    CPP_NAME: ClassVar = "Sub"


@irdl_op_definition
class MulOp(BinaryCount):
    """`Mul(dst, src0, src1, count);`: dst = src0 * src1. Page "Mul"."""

    name = "ascendc.mul"
    CPP_NAME: ClassVar = "Mul"


@irdl_op_definition
class MulRepeatOp(BinaryRepeat):
    """`Mul(dst, src0, src1, mask, repeatTime, params);`. Page "Mul"."""

    name = "ascendc.mul_repeat"
    CPP_NAME: ClassVar = "Mul"


@irdl_op_definition
class MaxOp(BinaryCount):
    """`Max(dst, src0, src1, count);`: dst = max(src0, src1). Page "Max"."""

    name = "ascendc.max"
    CPP_NAME: ClassVar = "Max"


@irdl_op_definition
class MaxRepeatOp(BinaryRepeat):
    """`Max(dst, src0, src1, mask, repeatTime, params);`. Page "Max"."""

    name = "ascendc.max_repeat"
    CPP_NAME: ClassVar = "Max"


@irdl_op_definition
class MinOp(BinaryCount):
    """`Min(dst, src0, src1, count);`: dst = min(src0, src1). Page "Min"."""

    name = "ascendc.min"
    CPP_NAME: ClassVar = "Min"


@irdl_op_definition
class MinRepeatOp(BinaryRepeat):
    """`Min(dst, src0, src1, mask, repeatTime, params);`. Page "Min"."""

    name = "ascendc.min_repeat"
    CPP_NAME: ClassVar = "Min"


@irdl_op_definition
class AddsOp(ScalarCount):
    """`Adds<T>(dst, src, scalar, count);`: dst = src + scalar. Page "Adds"."""

    name = "ascendc.adds"
    CPP_NAME: ClassVar = "Adds"


@irdl_op_definition
class AddsRepeatOp(ScalarRepeat):
    """`Adds<T>(dst, src, scalar, mask, repeatTime, params);`. Page "Adds"."""

    name = "ascendc.adds_repeat"
    CPP_NAME: ClassVar = "Adds"


@irdl_op_definition
class MulsOp(ScalarCount):
    """`Muls<T>(dst, src, scalar, count);`: dst = src * scalar. Page "Muls"."""

    name = "ascendc.muls"
    CPP_NAME: ClassVar = "Muls"


@irdl_op_definition
class MulsRepeatOp(ScalarRepeat):
    """`Muls<T>(dst, src, scalar, mask, repeatTime, params);`. Page "Muls"."""

    name = "ascendc.muls_repeat"
    CPP_NAME: ClassVar = "Muls"


@irdl_op_definition
class MaxsOp(ScalarCount):
    """`Maxs<T>(dst, src, scalar, count);`: dst = max(src, scalar). Page "Maxs"."""

    name = "ascendc.maxs"
    CPP_NAME: ClassVar = "Maxs"


@irdl_op_definition
class MaxsRepeatOp(ScalarRepeat):
    """`Maxs<T>(dst, src, scalar, mask, repeatTime, params);`. Page "Maxs"."""

    name = "ascendc.maxs_repeat"
    CPP_NAME: ClassVar = "Maxs"


@irdl_op_definition
class MinsOp(ScalarCount):
    """`Mins<T>(dst, src, scalar, count);`: dst = min(src, scalar). Page "Mins"."""

    name = "ascendc.mins"
    CPP_NAME: ClassVar = "Mins"


@irdl_op_definition
class MinsRepeatOp(ScalarRepeat):
    """`Mins<T>(dst, src, scalar, mask, repeatTime, params);`. Page "Mins"."""

    name = "ascendc.mins_repeat"
    CPP_NAME: ClassVar = "Mins"


@irdl_op_definition
class ReluOp(UnaryCount):
    """`Relu(dst, src, count);`: dst = max(src, 0). Page "Relu"."""

    name = "ascendc.relu"
    CPP_NAME: ClassVar = "Relu"
    DTYPES: ClassVar = RELU


@irdl_op_definition
class ReluRepeatOp(UnaryRepeat):
    """`Relu(dst, src, mask, repeatTime, params);`. Page "Relu"."""

    name = "ascendc.relu_repeat"
    CPP_NAME: ClassVar = "Relu"
    DTYPES: ClassVar = RELU


class _Axpy(ScalarOp, ABC):
    CPP_NAME: ClassVar = "Axpy"
    CPP_TEMPLATE: ClassVar = ("dst", "src")
    READS: ClassVar = ("src", "dst")

    def check_types(self) -> None:
        types = element(self.dst), element(self.src)
        require(  # axpy_c1
            types in ((f16, f16), (f32, f32), (f32, f16)),
            f"Axpy does not add {types[1]} to {types[0]}",
        )
        require(  # axpy_c2
            self.scalar.type == types[1], f"the scalar of this Axpy is {types[1]}"
        )


@irdl_op_definition
class AxpyOp(_Axpy):
    """`Axpy<T, U>(dst, src, scalar, count);`: dst += src * scalar; float may take half.
    Page "Axpy"."""

    name = "ascendc.axpy"

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    count = operand_def(COUNT)


@irdl_op_definition
class AxpyRepeatOp(_Axpy):
    """`Axpy<T, U>(dst, src, scalar, mask, repeatTime, params);`. Page "Axpy"."""

    name = "ascendc.axpy_repeat"

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(UNARY_REPEAT_PARAMS))


class _Cast(Unary, ABC):
    CPP_NAME: ClassVar = "Cast"

    round = prop_def(RoundModeAttr)
    assembly_format: ClassVar[str | None] = (
        "$round operands attr-dict `:` type(operands)"
    )

    def __init__(
        self,
        round: RoundMode,
        *operands: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            *operands, properties={"round": RoundModeAttr(round)}, comment=comment
        )

    def check_types(self) -> None:
        types = element(self.src), element(self.dst)
        require(types in CASTS, f"Cast has no {types[0]} to {types[1]}")  # cast_c1
        require(  # cast_c2
            self.round.data in CASTS[types],
            f"Cast from {types[0]} to {types[1]} does not round by {self.round.data}",
        )


@irdl_op_definition
class CastOp(_Cast):
    """`Cast(dst, src, RoundMode, count);`. Page "Cast"."""

    name = "ascendc.cast"
    CPP_ARGUMENTS: ClassVar = ("dst", "src", "round", "count")

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    count = operand_def(COUNT)


@irdl_op_definition
class CastRepeatOp(_Cast):
    """`Cast(dst, src, RoundMode, mask, repeatTime, params);`: the mask counts lanes of
    the wider type. Page "Cast"."""

    name = "ascendc.cast_repeat"
    CPP_ARGUMENTS: ClassVar = ("dst", "src", "round", "mask", "repeatTime", "params")

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(UNARY_REPEAT_PARAMS))


class _Duplicate(VectorOp, ABC):
    CPP_NAME: ClassVar = "Duplicate"
    CPP_TEMPLATE: ClassVar = ("dst",)
    DTYPES: ClassVar = MOVABLE

    scalar = operand_def(SCALAR)


@irdl_op_definition
class DuplicateOp(_Duplicate):
    """`Duplicate<T>(dst, scalar, count);`: dst = scalar. Page "Duplicate"."""

    name = "ascendc.duplicate"

    dst = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    count = operand_def(COUNT)


@irdl_op_definition
class DuplicateRepeatOp(_Duplicate):
    """`Duplicate<T>(dst, scalar, mask, repeatTime, dstBlkStride, dstRepStride);`:
    strides in 32-byte blocks. Page "Duplicate"."""

    name = "ascendc.duplicate_repeat"

    dst = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    dstBlkStride = operand_def(U16)
    dstRepStride = operand_def(U8)


@irdl_op_definition
class BrcbOp(Unary):
    """`Brcb(dst, src, repeatTime, params);`: eight elements a repeat, each fills a block
    of 32 bytes. Page "Brcb"."""

    name = "ascendc.brcb"
    CPP_NAME: ClassVar = "Brcb"
    DTYPES: ClassVar = MOVABLE

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    repeatTime = operand_def(U8)
    params = operand_def(eq(BRCB_REPEAT_PARAMS))


@irdl_op_definition
class WholeReduceSumOp(Unary):
    """
    `WholeReduceSum(dst, src, mask, repeatTime, dstRepStride, srcBlkStride,
    srcRepStride);`: the sum of each repeat.

    mask: lanes; dstRepStride: elements; srcBlkStride, srcRepStride: 32-byte blocks.
    Page "WholeReduceSum".
    """

    name = "ascendc.whole_reduce_sum"
    CPP_NAME: ClassVar = "WholeReduceSum"
    DTYPES: ClassVar = FLOATING
    BY_ELEMENT: ClassVar = ("dst",)

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    mask = operand_def(eq(i32))
    repeatTime = operand_def(eq(i32))
    dstRepStride = operand_def(eq(i32))
    srcBlkStride = operand_def(eq(i32))
    srcRepStride = operand_def(eq(i32))

    def check(self) -> None:
        super().check()
        require_range(self.repeatTime, 0, 255, "repeatTime")  # whole_reduce_sum_c1
        strides = (self.dstRepStride, self.srcBlkStride, self.srcRepStride)
        for stride in strides:
            require_range(stride, 0, 65535, "a stride")  # whole_reduce_sum_c2


OPS: Sequence[type[Operation]] = (
    AddOp,
    AddRepeatOp,
    AddsOp,
    AddsRepeatOp,
    AxpyOp,
    AxpyRepeatOp,
    BinaryRepeatParamsOp,
    BrcbOp,
    BrcbRepeatParamsOp,
    CastOp,
    CastRepeatOp,
    DuplicateOp,
    DuplicateRepeatOp,
    MaxOp,
    MaxRepeatOp,
    MaxsOp,
    MaxsRepeatOp,
    MinOp,
    MinRepeatOp,
    MinsOp,
    MinsRepeatOp,
    MulOp,
    MulRepeatOp,
    MulsOp,
    MulsRepeatOp,
    ReluOp,
    ReluRepeatOp,
    SubOp,
    SubRepeatOp,
    UnaryRepeatParamsOp,
    WholeReduceSumOp,
)
