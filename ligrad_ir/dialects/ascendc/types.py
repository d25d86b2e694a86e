"""Types of the `ascendc` dialect, under the names that Ascend C uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    IndexType,
    IntegerType,
    NoneAttr,
    Signedness,
    StringAttr,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import (
    Attribute,
    ParametrizedAttribute,
    TypeAttribute,
)
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.ascendc.enums import (
    MEMORY_OF_POSITION,
    ArithmeticAttr,
    CmpModeAttr,
    HardEventAttr,
    KernelTypeAttr,
    LayoutAttr,
    Memory,
    PipeAttr,
    Position,
    PositionAttr,
    QuantModeAttr,
    RoundModeAttr,
    SelModeAttr,
)

ui8, ui16, ui32, ui64 = (
    IntegerType(width, Signedness.UNSIGNED) for width in (8, 16, 32, 64)
)
index = IndexType()

ScalarType: TypeAlias = (
    IntegerType | IndexType | Float16Type | BFloat16Type | Float32Type
)
INTEGERS: Sequence[ScalarType] = (
    *(i8, i16, i32, i64, index),
    *(ui8, ui16, ui32, ui64),
)
FLOATS: Sequence[ScalarType] = (f16, bf16, f32)
SCALARS: Sequence[ScalarType] = (i1, *INTEGERS, *FLOATS)
ELEMENTS: Sequence[ScalarType] = tuple(t for t in SCALARS if t not in (i1, index))
"""What a tensor may hold."""


def element_bytes(element: Attribute) -> int:
    """The size of an element in memory."""
    assert isinstance(
        element, IntegerType | Float16Type | BFloat16Type | Float32Type
    ), element
    return element.bitwidth // 8


def _verify_element(element: Attribute) -> None:
    if element not in ELEMENTS:  # tensor_c1
        names = ", ".join(map(str, ELEMENTS))
        raise VerifyException(f"a tensor holds one of {names}, not {element}")


@irdl_attr_definition
class GlobalType(ParametrizedAttribute, TypeAttribute):
    """`AscendC::GlobalTensor<element>`: a typed view of global memory."""

    name = "ascendc.global"

    element: Attribute

    def verify(self) -> None:
        _verify_element(self.element)


@irdl_attr_definition
class LocalType(ParametrizedAttribute, TypeAttribute):
    """`AscendC::LocalTensor<element>` in the memory that `position` names.

    Syntax: `!ascendc.local<f32, vecin>`.
    """

    name = "ascendc.local"

    element: Attribute
    position_attr: PositionAttr

    def __init__(self, element: Attribute, position: Position | PositionAttr):
        if isinstance(position, Position):
            position = PositionAttr(position)
        super().__init__(element, position)

    @property
    def position(self) -> Position:
        """The position in the API's terms."""
        return self.position_attr.data

    @property
    def memory(self) -> Memory:
        """The memory in the hardware's terms."""
        return MEMORY_OF_POSITION[self.position]

    def verify(self) -> None:
        _verify_element(self.element)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            element = parser.parse_type()
            parser.parse_punctuation(",")
            position = parser.parse_str_enum(Position)
        return (element, PositionAttr(position))

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.element)
            printer.print_string(f", {self.position.value}")


TensorType: TypeAlias = GlobalType | LocalType


def memory_of(tensor: TensorType) -> Memory:
    """The memory that a tensor lies in."""
    return Memory.GM if isinstance(tensor, GlobalType) else tensor.memory


@irdl_attr_definition
class AddressType(ParametrizedAttribute, TypeAttribute):
    """`GM_ADDR`: an untyped address in global memory, as kernels receive them."""

    name = "ascendc.address"


@irdl_attr_definition
class TPipeType(ParametrizedAttribute, TypeAttribute):
    """`AscendC::TPipe`: hands out the memory of buffers."""

    name = "ascendc.tpipe"


@irdl_attr_definition
class TBufType(ParametrizedAttribute, TypeAttribute):
    """`AscendC::TBuf<position>`: a piece of local memory. Syntax: `!ascendc.tbuf<a1>`."""

    name = "ascendc.tbuf"

    position_attr: PositionAttr

    def __init__(self, position: Position | PositionAttr):
        if isinstance(position, Position):
            position = PositionAttr(position)
        super().__init__(position)

    @property
    def position(self) -> Position:
        """The position in the API's terms."""
        return self.position_attr.data

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return (PositionAttr(parser.parse_str_enum(Position)),)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.position.value)


@irdl_attr_definition
class VariableType(ParametrizedAttribute, TypeAttribute):
    """A scalar variable that statements may assign to."""

    name = "ascendc.variable"

    element: Attribute


@irdl_attr_definition
class TilingType(ParametrizedAttribute, TypeAttribute):
    """A struct of tiling data, named as its `ascendc.tiling_struct`.

    Syntax: `!ascendc.tiling<AddTiling>`.
    """

    name = "ascendc.tiling"

    struct: StringAttr

    def __init__(self, struct: str | StringAttr):
        super().__init__(StringAttr(struct) if isinstance(struct, str) else struct)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return (StringAttr(parser.parse_identifier()),)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.struct.data)


@irdl_attr_definition
class ParamsType(ParametrizedAttribute, TypeAttribute):
    """A parameter struct of the API; some are templates over an element type.

    Syntax: `!ascendc.params<Nd2NzParams>`, `!ascendc.params<DataCopyPadExtParams, f16>`.
    """

    name = "ascendc.params"

    struct: StringAttr
    element: Attribute

    def __init__(self, struct: str | StringAttr, element: Attribute | None = None):
        if isinstance(struct, str):
            struct = StringAttr(struct)
        super().__init__(struct, NoneAttr() if element is None else element)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            struct = StringAttr(parser.parse_identifier())
            if parser.parse_optional_punctuation(",") is None:
                return (struct, NoneAttr())
            return (struct, parser.parse_type())

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.struct.data)
            if not isinstance(self.element, NoneAttr):
                printer.print_string(", ")
                printer.print_attribute(self.element)


TYPES_AND_ATTRIBUTES: Sequence[type[Attribute]] = (
    AddressType,
    ArithmeticAttr,
    CmpModeAttr,
    GlobalType,
    HardEventAttr,
    KernelTypeAttr,
    LayoutAttr,
    LocalType,
    ParamsType,
    PipeAttr,
    PositionAttr,
    QuantModeAttr,
    RoundModeAttr,
    SelModeAttr,
    TBufType,
    TPipeType,
    TilingType,
    VariableType,
)
