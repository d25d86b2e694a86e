"""Types of the `lig` dialect: tensors whose axes have names instead of positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IntegerType,
    StringAttr,
    i32,
)
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.axes import Axes, spell


@irdl_attr_definition
class RealType(ParametrizedAttribute, TypeAttribute):
    """An exact real number: what a formula means before precision is assigned."""

    name = "lig.real"


@irdl_attr_definition
class RowType(ParametrizedAttribute, TypeAttribute):
    """The number of a row of `axis`, or "absent" (no row at all).

    Syntax: `!lig.row<N>`.
    """

    name = "lig.row"

    axis: StringAttr

    def __init__(self, axis: str | StringAttr):
        super().__init__(StringAttr(axis) if isinstance(axis, str) else axis)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return (StringAttr(parser.parse_identifier()),)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.axis.data)


FloatElement = RealType | Float32Type | BFloat16Type | Float16Type
HalfElement = BFloat16Type | Float16Type
Element = FloatElement | IntegerType | RowType


@irdl_attr_definition
class TensorType(ParametrizedAttribute, TypeAttribute):
    """An array with one entry for every combination of its axes' positions.

    Axes are `lig.axis` symbols; each occurs once. A tensor without axes is a scalar.
    Syntax: `!lig.tensor<[T, N1, D], bf16>`.
    """

    name = "lig.tensor"

    axis_names: ArrayAttr[StringAttr]
    element_type: Attribute

    def __init__(self, axes: Sequence[str] | ArrayAttr[StringAttr], element: Attribute):
        if not isinstance(axes, ArrayAttr):
            axes = ArrayAttr([StringAttr(axis) for axis in axes])
        super().__init__(axes, element)

    @property
    def axes(self) -> Axes:
        """The names of the axes, in order."""
        return tuple(name.data for name in self.axis_names)

    @property
    def element(self) -> Element:
        """The element type."""
        return cast(Element, self.element_type)

    def with_element(self, element: Attribute) -> TensorType:
        """The same axes with another element type."""
        return TensorType(self.axis_names, element)

    def verify(self) -> None:
        if len(set(self.axes)) != len(self.axes):  # tensor_c1
            raise VerifyException(f"an axis occurs twice in {spell(self.axes)}")
        if not isinstance(self.element_type, FloatElement | RowType) and (
            self.element_type != i32
        ):  # tensor_c2
            raise VerifyException(
                f"the element type {self.element_type} is none of f16, bf16, f32, i32, "
                "!lig.real and !lig.row"
            )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            names = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, parser.parse_identifier
            )
            parser.parse_punctuation(",")
            element = parser.parse_type()
        return (ArrayAttr([StringAttr(name) for name in names]), element)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(f"{spell(self.axes)}, ")
            printer.print_attribute(self.element_type)
