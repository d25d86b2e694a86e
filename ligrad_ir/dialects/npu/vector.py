"""The vector unit's computation in the `npu` dialect.

The vector unit knows float and half arithmetic, no bfloat16: bf16 is converted first.
All offsets and counts are in elements; a vector operation covers `count` contiguous ones.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    f32,
    f64,
    i8,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    Operation,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
)
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect
from xdsl.utils.str_enum import StrEnum

from ligrad_ir.dialects.npu.types import (
    HALF,
    Buffer,
    Core,
    NpuOp,
    Pipe,
    Size,
    Space,
    element_bytes,
    element_of,
    require,
    require_element,
    require_space,
)
from ligrad_ir.divisors import is_multiple
from ligrad_ir.soc import Soc


class BinaryKind(StrEnum):
    """What an elementwise operation computes."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    MAX = "max"
    MIN = "min"


@irdl_attr_definition
class BinaryKindAttr(EnumAttribute[BinaryKind], SpacedOpaqueSyntaxAttribute):
    """`#npu<binary add>`"""

    name = "npu.binary_kind"


def _require_whole_repeats(count: SSAValue, element: Attribute) -> None:
    """A comparison drops what is left of a repeat of 256 bytes."""
    unit = Soc.vector_bytes // element_bytes(element)
    require(
        is_multiple(count, unit),
        f"the count of a comparison of {element} is not seen to be a multiple of {unit}",
    )


class VectorOp(NpuOp, ABC):
    """An operation of the vector unit, on V: UB to UB."""

    CORE: ClassVar = Core.VECTOR
    WRITES: ClassVar = ("dst",)

    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    count = operand_def(Size)

    def pipe(self) -> Pipe:
        return Pipe.V

    def _verify_arithmetic(self, *values: SSAValue) -> None:
        for value in values:
            require_element(value, "an operand", Float32Type, Float16Type)  # vector_c2
        self._verify_operands(*values)

    def _verify_operands(self, *values: SSAValue) -> None:
        for value in values:
            require_space(value, "an operand", Space.UB)  # vector_c1
            require(
                element_of(value) == element_of(self.dst),
                f"the operands differ: {value.type} and {self.dst.type}",
            )  # vector_c3


@irdl_op_definition
class BinaryOp(VectorOp):
    """dst[i] = lhs[i] `kind` rhs[i]: `Add`, `Sub`, `Mul`, `Max`, `Min`."""

    name = "npu.binary"
    READS: ClassVar = ("lhs", "rhs")

    kind = prop_def(BinaryKindAttr)
    lhs = operand_def(Buffer)
    lhs_offset = operand_def(Size)
    rhs = operand_def(Buffer)
    rhs_offset = operand_def(Size)
    assembly_format = (
        "$kind $dst `[` $dst_offset `]` `,` $lhs `[` $lhs_offset `]` `,` $rhs `[` "
        "$rhs_offset `]` `count` $count attr-dict "
        "`:` type($dst) `,` type($lhs) `,` type($rhs)"
    )

    def __init__(
        self,
        kind: BinaryKind,
        dst: SSAValue,
        dst_offset: SSAValue,
        lhs: SSAValue,
        lhs_offset: SSAValue,
        rhs: SSAValue,
        rhs_offset: SSAValue,
        count: SSAValue,
    ):
        super().__init__(
            operands=[lhs, lhs_offset, rhs, rhs_offset, dst, dst_offset, count],
            properties={"kind": BinaryKindAttr(kind)},
        )

    def verify_(self) -> None:
        self._verify_arithmetic(self.dst, self.lhs, self.rhs)


@irdl_op_definition
class BinaryScalarOp(VectorOp):
    """dst[i] = src[i] `kind` scalar: `Adds`, `Muls`, `Maxs`, `Mins`."""

    name = "npu.binary_scalar"
    READS: ClassVar = ("src",)

    kind = prop_def(BinaryKindAttr)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    scalar = operand_def(f32)
    assembly_format = (
        "$kind $dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `,` $scalar "
        "`count` $count attr-dict `:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        kind: BinaryKind,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        scalar: SSAValue,
        count: SSAValue,
    ):
        super().__init__(
            operands=[src, src_offset, scalar, dst, dst_offset, count],
            properties={"kind": BinaryKindAttr(kind)},
        )

    def verify_(self) -> None:
        self._verify_arithmetic(self.dst, self.src)
        require(
            self.kind.data is not BinaryKind.SUB,
            "there is no subtraction of a scalar; add its negative",
        )  # binary_scalar_c1


@irdl_op_definition
class ReluOp(VectorOp):
    """dst[i] = max(src[i], 0): `Relu`."""

    name = "npu.relu"
    READS: ClassVar = ("src",)

    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `count` $count attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        count: SSAValue,
    ):
        super().__init__(operands=[src, src_offset, dst, dst_offset, count])

    def verify_(self) -> None:
        self._verify_arithmetic(self.dst, self.src)


@irdl_op_definition
class ConvertOp(VectorOp):
    """dst[i] = src[i] in the element type of dst, to nearest even: `Cast`. One side is
    f32: there is no cast between the halves."""

    name = "npu.convert"
    READS: ClassVar = ("src",)

    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    assembly_format = ReluOp.assembly_format

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        count: SSAValue,
    ):
        super().__init__(operands=[src, src_offset, dst, dst_offset, count])

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.UB)  # convert_c1
        require_space(self.src, "the source", Space.UB)
        require_element(self.dst, "the destination", *HALF, Float32Type)  # convert_c2
        require_element(self.src, "the source", *HALF, Float32Type)
        wide = [isinstance(element_of(v), Float32Type) for v in (self.dst, self.src)]
        require(
            sum(wide) == 1, "one side of a conversion is f32, the other half"
        )  # convert_c3


@irdl_op_definition
class FillOp(VectorOp):
    """dst[i] = value, as an element of dst: `Duplicate`."""

    name = "npu.fill"

    value = prop_def(FloatAttr[Float64Type])
    assembly_format = (
        "$dst `[` $dst_offset `]` `with` $value `count` $count attr-dict `:` type($dst)"
    )

    def __init__(
        self, dst: SSAValue, dst_offset: SSAValue, value: float, count: SSAValue
    ):
        super().__init__(
            operands=[dst, dst_offset, count],
            properties={"value": FloatAttr(value, f64)},
        )

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.UB)  # fill_c1
        require(
            element_of(self.dst) == i32
            or isinstance(element_of(self.dst), (*HALF, Float32Type)),
            f"there is no fill of {element_of(self.dst)}",
        )  # fill_c2


@irdl_op_definition
class ComparePositiveOp(VectorOp):
    """Bit i of dst = src[i] > 0: `CompareScalar` GT. dst holds 8 bits an element; count
    times the element size is a multiple of 256 bytes."""

    name = "npu.compare_positive"
    READS: ClassVar = ("src",)

    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    assembly_format = ReluOp.assembly_format

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        count: SSAValue,
    ):
        super().__init__(operands=[src, src_offset, dst, dst_offset, count])

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.UB)  # compare_positive_c1
        require_space(self.src, "the source", Space.UB)
        require(
            element_of(self.dst) == i8, "the bits are packed in i8"
        )  # compare_positive_c2
        require_element(
            self.src, "the source", Float32Type, Float16Type
        )  # compare_positive_c3
        _require_whole_repeats(self.count, element_of(self.src))  # compare_positive_c4


@irdl_op_definition
class SelectOp(VectorOp):
    """dst[i] = src[i] where bit i of `bits` is set, else 0: `Select` in the mode
    VSEL_TENSOR_SCALAR_MODE, which sees a bf16 as a half: it only moves."""

    name = "npu.select"
    READS: ClassVar = ("bits", "src")

    bits = operand_def(Buffer)
    bits_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $bits `[` $bits_offset `]` `,` $src `[` "
        "$src_offset `]` `count` $count attr-dict "
        "`:` type($dst) `,` type($bits) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        bits: SSAValue,
        bits_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        count: SSAValue,
    ):
        super().__init__(
            operands=[bits, bits_offset, src, src_offset, dst, dst_offset, count]
        )

    def verify_(self) -> None:
        self._verify_operands(self.dst, self.src)
        require_element(
            self.src, "an operand", Float32Type, Float16Type, BFloat16Type
        )  # select_c3
        require_space(self.bits, "the bits", Space.UB)  # select_c1
        require(element_of(self.bits) == i8, "the bits are packed in i8")  # select_c2


@irdl_op_definition
class PresentOp(VectorOp):
    """
    Bit i of dst = 0 <= indices[i] < limit: which entries mean a row.

    `Cast` to float, two `CompareScalar` and an `And`. Destroys the `scratch` of at least
    count elements; count is a multiple of 64.
    """

    name = "npu.present"
    READS: ClassVar = ("indices",)
    WRITES: ClassVar = ("dst", "scratch")

    indices = operand_def(Buffer)
    indices_offset = operand_def(Size)
    limit = operand_def(Size)
    scratch = operand_def(Buffer)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $indices `[` $indices_offset `]` `below` $limit "
        "`scratch` $scratch `count` $count attr-dict "
        "`:` type($dst) `,` type($indices) `,` type($scratch)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        indices: SSAValue,
        indices_offset: SSAValue,
        limit: SSAValue,
        scratch: SSAValue,
        count: SSAValue,
    ):
        super().__init__(
            operands=[indices, indices_offset, limit, scratch, dst, dst_offset, count]
        )

    def verify_(self) -> None:
        for value in (self.dst, self.indices, self.scratch):
            require_space(value, "an operand", Space.UB)  # present_c1
        require(element_of(self.dst) == i8, "the bits are packed in i8")  # present_c2
        require(element_of(self.indices) == i32, "row numbers are i32")  # present_c3
        require_element(self.scratch, "the scratch", Float32Type)  # present_c4
        _require_whole_repeats(self.count, f32)  # present_c5


@irdl_op_definition
class SumOp(VectorOp):
    """dst[0] = the sum of src[i]: a tree of adds and a `WholeReduceSum`. Destroys the
    `scratch` of at least 64 elements."""

    name = "npu.sum"
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst", "scratch")

    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    scratch = operand_def(Buffer)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `scratch` $scratch "
        "`count` $count attr-dict `:` type($dst) `,` type($src) `,` type($scratch)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        scratch: SSAValue,
        count: SSAValue,
    ):
        super().__init__(operands=[src, src_offset, scratch, dst, dst_offset, count])

    def verify_(self) -> None:
        for value in (self.dst, self.src, self.scratch):
            require_space(value, "an operand", Space.UB)  # sum_c1
            require_element(value, "an operand", Float32Type)  # sum_c2


@irdl_op_definition
class ReadOp(NpuOp):
    """One element of UB or global memory as a scalar: `GetValue`, on S. Halves are not
    read; what other cores have written in this launch is not seen in global memory."""

    name = "npu.read"
    READS: ClassVar = ("src",)

    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    result = result_def()

    traits = traits_def(MemoryReadEffect())
    assembly_format = (
        "$src `[` $src_offset `]` attr-dict `:` type($src) `to` type($result)"
    )

    def __init__(self, src: SSAValue, src_offset: SSAValue):
        super().__init__(operands=[src, src_offset], result_types=[element_of(src)])

    def pipe(self) -> Pipe:
        return Pipe.S

    def verify_(self) -> None:
        require_space(self.src, "the source", Space.UB, Space.GM)  # read_c1
        require(element_of(self.src) in (f32, i32), "scalars are f32 or i32")  # read_c2
        require(
            element_of(self.src) == self.result.type,
            f"an element of {self.src.type} is no {self.result.type}",
        )  # read_c3


OPS: tuple[type[Operation], ...] = (
    BinaryOp,
    BinaryScalarOp,
    ComparePositiveOp,
    ConvertOp,
    FillOp,
    PresentOp,
    ReadOp,
    ReluOp,
    SelectOp,
    SumOp,
)
