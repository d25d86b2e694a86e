"""What vector instructions share: UB to UB on pipe V.

Most come in two forms. The count form works on contiguous elements, any number of them.
The `_repeat` form executes `repeatTime` steps of 256 bytes (of the widest type); `mask`
is the number of leading lanes that count, and a params struct gives the strides of every
operand in 32-byte blocks. No form has bf16 arithmetic.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import bf16, f16, f32, i16, i32
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import eq, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure

from ligrad_ir.dialects.ascendc.base import (
    COUNT,
    SCALAR,
    U8,
    U16,
    U64,
    CallOp,
    ParamsOp,
    element,
    require,
    require_memory,
    require_range,
)
from ligrad_ir.dialects.ascendc.enums import Memory, Pipe
from ligrad_ir.dialects.ascendc.memory import LOCAL
from ligrad_ir.dialects.ascendc.types import ParamsType, element_bytes, ui16, ui32

BINARY_REPEAT_PARAMS = ParamsType("BinaryRepeatParams")
UNARY_REPEAT_PARAMS = ParamsType("UnaryRepeatParams")
BRCB_REPEAT_PARAMS = ParamsType("BrcbRepeatParams")

ARITHMETIC: Sequence[Attribute] = (f16, f32, i32, i16)
RELU: Sequence[Attribute] = (f16, f32, i32)
FLOATING: Sequence[Attribute] = (f16, f32)
MOVABLE: Sequence[Attribute] = (f16, bf16, f32, i16, ui16, i32, ui32)


@irdl_op_definition
class BinaryRepeatParamsOp(ParamsOp):
    """
    Strides of two sources and a destination, in 32-byte blocks. Page
    "BinaryRepeatParams".

    BlkStride: from block to block within a repeat; RepStride: from repeat to repeat. A
    source may have 0 (read again), the destination's BlkStride may not.
    """

    name = "ascendc.binary_repeat_params"
    CPP_NAME: ClassVar = "BinaryRepeatParams"

    dstBlkStride = operand_def(U8)
    src0BlkStride = operand_def(U8)
    src1BlkStride = operand_def(U8)
    dstRepStride = operand_def(U8)
    src0RepStride = operand_def(U8)
    src1RepStride = operand_def(U8)
    result = result_def(eq(BINARY_REPEAT_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`dstBlkStride` $dstBlkStride `,` `src0BlkStride` $src0BlkStride `,` "
        "`src1BlkStride` $src1BlkStride `,` `dstRepStride` $dstRepStride `,` "
        "`src0RepStride` $src0RepStride `,` `src1RepStride` $src1RepStride attr-dict"
    )

    def check(self) -> None:
        require_range(  # binary_repeat_params_c1
            self.dstBlkStride, 1, 255, "dstBlkStride"
        )


@irdl_op_definition
class UnaryRepeatParamsOp(ParamsOp):
    """Strides of a source and a destination, in 32-byte blocks. Page
    "UnaryRepeatParams"."""

    name = "ascendc.unary_repeat_params"
    CPP_NAME: ClassVar = "UnaryRepeatParams"

    dstBlkStride = operand_def(U16)
    srcBlkStride = operand_def(U16)
    dstRepStride = operand_def(U8)
    srcRepStride = operand_def(U8)
    result = result_def(eq(UNARY_REPEAT_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`dstBlkStride` $dstBlkStride `,` `srcBlkStride` $srcBlkStride `,` "
        "`dstRepStride` $dstRepStride `,` `srcRepStride` $srcRepStride attr-dict"
    )

    def check(self) -> None:
        require_range(  # unary_repeat_params_c1
            self.dstBlkStride, 1, 65535, "dstBlkStride"
        )


@irdl_op_definition
class BrcbRepeatParamsOp(ParamsOp):
    """Strides of the destination of a Brcb, in 32-byte blocks. Page "Brcb"."""

    name = "ascendc.brcb_repeat_params"
    CPP_NAME: ClassVar = "BrcbRepeatParams"

    dstBlkStride = operand_def(U16)
    dstRepStride = operand_def(U16)
    result = result_def(eq(BRCB_REPEAT_PARAMS))

    traits = traits_def(Pure())
    assembly_format = (
        "`dstBlkStride` $dstBlkStride `,` `dstRepStride` $dstRepStride attr-dict"
    )

    def check(self) -> None:
        require_range(  # brcb_repeat_params_c1
            self.dstBlkStride, 1, 65535, "dstBlkStride"
        )


class VectorOp(CallOp, ABC):
    """
    An instruction on pipe V, whose tensors lie in UB.

    Operands stand in the order of the API, so a class that adds some states all of them.
    """

    WRITES: ClassVar[tuple[str, ...]] = ("dst",)
    DTYPES: ClassVar[Sequence[Attribute]] = ARITHMETIC

    dst = operand_def(LOCAL)

    def pipe(self) -> Pipe:
        return Pipe.V

    def tensors(self) -> dict[str, SSAValue]:
        """The tensor operands by name, the destination first."""
        names = dict.fromkeys((*self.WRITES, *self.READS))
        return {name: getattr(self, name) for name in names}

    def named(self, name: str) -> tuple[SSAValue, ...]:
        """The operand of that name, if the form of the instruction has it."""
        return (getattr(self, name),) if hasattr(self, name) else ()

    def check_types(self) -> None:
        """By default all tensors, and the scalar, are of one type out of DTYPES."""
        types = {element(value) for value in self.tensors().values()}
        types |= {scalar.type for scalar in self.named("scalar")}
        names = ", ".join(sorted(map(str, types)))
        require(len(types) == 1, f"{self.CPP_NAME} mixes {names}")  # vector_c1
        require(  # vector_c2
            types <= set(self.DTYPES), f"{self.CPP_NAME} does not exist for {names}"
        )

    def lanes(self) -> int:
        """The elements of a repeat: 256 bytes of the widest type."""
        sizes = [element_bytes(element(v)) for v in self.tensors().values()]
        return 256 // max(sizes)

    def check(self) -> None:
        for value in self.tensors().values():
            require_memory(value, Memory.UB)  # vector_c3
        self.check_types()
        for mask in self.named("mask"):
            require_range(mask, 1, self.lanes(), "the mask")  # vector_c4
        for count in self.named("count"):
            require_range(count, 0, 2**31 - 1, "the count")  # vector_c5


class Binary(VectorOp, ABC):
    """dst from src0 and src1."""

    READS: ClassVar[tuple[str, ...]] = ("src0", "src1")

    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)


class BinaryCount(Binary, ABC):
    """`Name(dst, src0, src1, count);`"""

    dst = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    count = operand_def(COUNT)


class BinaryRepeat(Binary, ABC):
    """`Name(dst, src0, src1, mask, repeatTime, params);`"""

    dst = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(BINARY_REPEAT_PARAMS))


class Unary(VectorOp, ABC):
    """dst from src."""

    READS: ClassVar[tuple[str, ...]] = ("src",)

    src = operand_def(LOCAL)


class UnaryCount(Unary, ABC):
    """`Name(dst, src, count);`"""

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    count = operand_def(COUNT)


class UnaryRepeat(Unary, ABC):
    """`Name(dst, src, mask, repeatTime, params);`"""

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(UNARY_REPEAT_PARAMS))


class ScalarOp(Unary, ABC):
    """dst from src and a scalar of its type, which is stated as `<T>`."""

    CPP_TEMPLATE: ClassVar[tuple[str, ...]] = ("dst",)

    scalar = operand_def(SCALAR)


class ScalarCount(ScalarOp, ABC):
    """`Name<T>(dst, src, scalar, count);`"""

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    count = operand_def(COUNT)


class ScalarRepeat(ScalarOp, ABC):
    """`Name<T>(dst, src, scalar, mask, repeatTime, params);`"""

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(UNARY_REPEAT_PARAMS))
