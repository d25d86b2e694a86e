"""Vector instructions that compare into bits, and that choose by them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import f16, f32, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import eq, irdl_op_definition, operand_def, prop_def

from ligrad_ir.dialects.ascendc.base import (
    COUNT,
    SCALAR,
    U8,
    U64,
    element,
    require,
    require_multiple,
)
from ligrad_ir.dialects.ascendc.enums import (
    CmpMode,
    CmpModeAttr,
    SelMode,
    SelModeAttr,
)
from ligrad_ir.dialects.ascendc.memory import LOCAL
from ligrad_ir.dialects.ascendc.types import element_bytes, ui8
from ligrad_ir.dialects.ascendc.vector_base import (
    BINARY_REPEAT_PARAMS,
    FLOATING,
    UNARY_REPEAT_PARAMS,
    VectorOp,
)


class _Compare(VectorOp, ABC):
    predicate = prop_def(CmpModeAttr)
    assembly_format: ClassVar[str | None] = (
        "$predicate operands attr-dict `:` type(operands)"
    )

    def __init__(
        self,
        predicate: CmpMode,
        *operands: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            *operands, properties={"predicate": CmpModeAttr(predicate)}, comment=comment
        )

    def compared(self) -> list[Attribute]:
        """The types of the two things compared."""
        raise NotImplementedError

    def lanes(self) -> int:
        return 256 // element_bytes(self.compared()[0])

    def check_types(self) -> None:
        left, right = self.compared()
        require(left == right, f"{self.CPP_NAME} mixes {left}, {right}")  # compare_c1
        legal = left in FLOATING or (left == i32 and self.predicate.data == CmpMode.EQ)
        require(  # compare_c2
            legal, f"{self.CPP_NAME} {self.predicate.data} does not exist for {left}"
        )
        bits = element(self.dst)
        require(
            bits == ui8, f"the bits of a comparison are ui8, not {bits}"
        )  # compare_c3

    def check_count(self, count: SSAValue) -> None:
        """Comparisons are of whole repeats."""
        size = element_bytes(self.compared()[0])
        require_multiple(count, 256, size, "the count of a comparison")


class _CompareTensor(_Compare, ABC):
    CPP_NAME: ClassVar = "Compare"
    READS: ClassVar = ("src0", "src1")

    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)

    def compared(self) -> list[Attribute]:
        return [element(self.src0), element(self.src1)]


@irdl_op_definition
class CompareOp(_CompareTensor):
    """
    `Compare(dst, src0, src1, CMPMODE, count);`: a bit for each element, packed.

    count: elements; their bytes are a multiple of 256. Page "Compare".
    """

    name = "ascendc.compare"
    CPP_ARGUMENTS: ClassVar = ("dst", "src0", "src1", "predicate", "count")

    dst = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    count = operand_def(COUNT)

    def check(self) -> None:
        super().check()
        self.check_count(self.count)  # compare_c4


@irdl_op_definition
class CompareRepeatOp(_CompareTensor):
    """`Compare(dst, src0, src1, CMPMODE, mask, repeatTime, params);`: the mask is
    ignored. Page "Compare"."""

    name = "ascendc.compare_repeat"
    CPP_ARGUMENTS: ClassVar = (
        *("dst", "src0", "src1", "predicate"),
        *("mask", "repeatTime", "params"),
    )

    dst = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(BINARY_REPEAT_PARAMS))


class _CompareScalar(_Compare, ABC):
    CPP_NAME: ClassVar = "CompareScalar"
    CPP_TEMPLATE: ClassVar = ("src",)
    READS: ClassVar = ("src",)

    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)

    def compared(self) -> list[Attribute]:
        return [element(self.src), self.scalar.type]


@irdl_op_definition
class CompareScalarOp(_CompareScalar):
    """
    `CompareScalar<T>(dst, src, scalar, CMPMODE, count);`: a bit for each element.

    count: elements; their bytes are a multiple of 256. Page "Compares".
    """

    name = "ascendc.compare_scalar"
    CPP_ARGUMENTS: ClassVar = ("dst", "src", "scalar", "predicate", "count")

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    count = operand_def(COUNT)

    def check(self) -> None:
        super().check()
        self.check_count(self.count)  # compare_scalar_c1


@irdl_op_definition
class CompareScalarRepeatOp(_CompareScalar):
    """`CompareScalar<T>(dst, src, scalar, CMPMODE, mask, repeatTime, params);`: the mask
    is ignored. Page "Compares"."""

    name = "ascendc.compare_scalar_repeat"
    CPP_ARGUMENTS: ClassVar = (
        *("dst", "src", "scalar", "predicate"),
        *("mask", "repeatTime", "params"),
    )

    dst = operand_def(LOCAL)
    src = operand_def(LOCAL)
    scalar = operand_def(SCALAR)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(UNARY_REPEAT_PARAMS))


class _Select(VectorOp, ABC):
    CPP_NAME: ClassVar = "Select"

    mode = prop_def(SelModeAttr)
    bits = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    assembly_format: ClassVar[str | None] = (
        "$mode operands attr-dict `:` type(operands)"
    )

    def __init__(
        self,
        mode: SelMode,
        *operands: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            *operands, properties={"mode": SelModeAttr(mode)}, comment=comment
        )

    def second(self) -> Attribute:
        """The type of what is chosen where a bit is 0."""
        raise NotImplementedError

    def lanes(self) -> int:
        return 256 // element_bytes(element(self.dst))

    def check_types(self) -> None:
        types = {element(self.dst), element(self.src0), self.second()}
        require(
            len(types) == 1, f"Select mixes {', '.join(sorted(map(str, types)))}"
        )  # select_c1
        require(  # select_c2
            types <= {f16, f32}, f"Select does not exist for {element(self.dst)}"
        )
        bits = element(self.bits)
        require(bits == ui8, f"the bits of a Select are ui8, not {bits}")  # select_c3


class _SelectTensor(_Select, ABC):
    READS: ClassVar = ("bits", "src0", "src1")

    src1 = operand_def(LOCAL)

    def second(self) -> Attribute:
        return element(self.src1)

    def check(self) -> None:
        super().check()
        require(  # select_c4
            self.mode.data != SelMode.TENSOR_SCALAR,
            "this Select takes the second source from a tensor",
        )


class _SelectScalar(_Select, ABC):
    CPP_TEMPLATE: ClassVar = ("dst",)
    READS: ClassVar = ("bits", "src0")

    src1 = operand_def(SCALAR)

    def second(self) -> Attribute:
        return self.src1.type

    def check(self) -> None:
        super().check()
        require(  # select_scalar_c1
            self.mode.data == SelMode.TENSOR_SCALAR,
            "this Select takes the second source from a scalar",
        )


@irdl_op_definition
class SelectOp(_SelectTensor):
    """
    `Select(dst, bits, src0, src1, SELMODE, count);`: src0 where a bit is 1, else src1.

    Uses 8 KiB of UB from 184 KiB on as scratch. Page "Select".
    """

    name = "ascendc.select"
    CPP_ARGUMENTS: ClassVar = ("dst", "bits", "src0", "src1", "mode", "count")

    dst = operand_def(LOCAL)
    bits = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    count = operand_def(COUNT)


@irdl_op_definition
class SelectRepeatOp(_SelectTensor):
    """`Select(dst, bits, src0, src1, SELMODE, mask, repeatTime, params);`. Page
    "Select"."""

    name = "ascendc.select_repeat"
    CPP_ARGUMENTS: ClassVar = (
        *("dst", "bits", "src0", "src1", "mode"),
        *("mask", "repeatTime", "params"),
    )

    dst = operand_def(LOCAL)
    bits = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(LOCAL)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(BINARY_REPEAT_PARAMS))


@irdl_op_definition
class SelectScalarOp(_SelectScalar):
    """
    `Select<T>(dst, bits, src0, scalar, SELMODE, count);`

    Uses 8 KiB of UB from 184 KiB on as scratch. Page "Select".
    """

    name = "ascendc.select_scalar"
    CPP_ARGUMENTS: ClassVar = ("dst", "bits", "src0", "src1", "mode", "count")

    dst = operand_def(LOCAL)
    bits = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(SCALAR)
    count = operand_def(COUNT)


@irdl_op_definition
class SelectScalarRepeatOp(_SelectScalar):
    """`Select<T>(dst, bits, src0, scalar, SELMODE, mask, repeatTime, params);`. Page
    "Select"."""

    name = "ascendc.select_scalar_repeat"
    CPP_ARGUMENTS: ClassVar = (
        *("dst", "bits", "src0", "src1", "mode"),
        *("mask", "repeatTime", "params"),
    )

    dst = operand_def(LOCAL)
    bits = operand_def(LOCAL)
    src0 = operand_def(LOCAL)
    src1 = operand_def(SCALAR)
    mask = operand_def(U64)
    repeatTime = operand_def(U8)
    params = operand_def(eq(BINARY_REPEAT_PARAMS))


OPS: Sequence[type[Operation]] = (
    CompareOp,
    CompareRepeatOp,
    CompareScalarOp,
    CompareScalarRepeatOp,
    SelectOp,
    SelectRepeatOp,
    SelectScalarOp,
    SelectScalarRepeatOp,
)
