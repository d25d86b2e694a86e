"""How types, attributes, literals and names are spelled in C++."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ctypes import c_float
from typing import cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    NoneAttr,
    Signedness,
    StringAttr,
)
from xdsl.ir import Attribute, SSAValue

from backends.ascendc.reserved import RESERVED
from ligrad_ir.dialects.ascendc import enums, types
from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode, QuantMode, SelMode


class NoSpellingError(Exception):
    """There is no C++ for this type or attribute."""


OPERATORS = {
    Arithmetic.ADD: "+",
    Arithmetic.SUB: "-",
    Arithmetic.MUL: "*",
    Arithmetic.DIV: "/",
    Arithmetic.REM: "%",
    Arithmetic.AND: "&",
    Arithmetic.OR: "|",
    Arithmetic.XOR: "^",
    Arithmetic.SHL: "<<",
    Arithmetic.SHR: ">>",
}
CHOICES = {Arithmetic.MIN: "<", Arithmetic.MAX: ">"}
"""The comparison that chooses the left operand."""
PREDICATES = {
    CmpMode.LT: "<",
    CmpMode.GT: ">",
    CmpMode.EQ: "==",
    CmpMode.LE: "<=",
    CmpMode.GE: ">=",
    CmpMode.NE: "!=",
}
SELECT_MODES = {
    SelMode.CMPMASK_SPR: "VSEL_CMPMASK_SPR",
    SelMode.TENSOR_SCALAR: "VSEL_TENSOR_SCALAR_MODE",
    SelMode.TENSOR_TENSOR: "VSEL_TENSOR_TENSOR_MODE",
}
QUANT_MODES = {
    QuantMode.NO_QUANT: "NoQuant",
    QuantMode.F322F16: "F322F16",
    QuantMode.F322BF16: "F322BF16",
}


def cpp_type(type: Attribute) -> str:
    """The C++ type."""
    match type:
        case Float32Type():
            return "float"
        case Float16Type():
            return "half"
        case BFloat16Type():
            return "bfloat16_t"
        case IndexType():
            return "int64_t"
        case IntegerType():
            if type.width.data == 1:
                return "bool"
            unsigned = type.signedness.data == Signedness.UNSIGNED
            return f"{'u' if unsigned else ''}int{type.width.data}_t"
        case types.GlobalType():
            return f"AscendC::GlobalTensor<{cpp_type(type.element)}>"
        case types.LocalType():
            return f"AscendC::LocalTensor<{cpp_type(type.element)}>"
        case types.AddressType():
            return "GM_ADDR"
        case types.TPipeType():
            return "AscendC::TPipe"
        case types.TBufType():
            return f"AscendC::TBuf<{cpp_attribute(type.position_attr)}>"
        case types.ParamsType(struct=StringAttr() as name, element=element):
            template = "" if isinstance(element, NoneAttr) else f"<{cpp_type(element)}>"
            return f"AscendC::{name.data}{template}"
        case _:
            raise NoSpellingError(f"no C++ type for {type}")


def is_value(type: Attribute) -> bool:
    """Whether a result of this type is declared const: scalars and parameters."""
    return type in types.SCALARS or isinstance(type, types.ParamsType)


def cpp_attribute(attribute: Attribute) -> str:
    """A property as an argument of a function or a template."""
    match attribute:
        case enums.PositionAttr():
            return f"AscendC::TPosition::{attribute.data.name}"
        case enums.HardEventAttr():
            return f"AscendC::HardEvent::{attribute.data.name}"
        case enums.PipeAttr():
            return f"PIPE_{attribute.data.name}"
        case enums.RoundModeAttr():
            return f"AscendC::RoundMode::CAST_{attribute.data.name}"
        case enums.CmpModeAttr():
            return f"AscendC::CMPMODE::{attribute.data.name}"
        case enums.SelModeAttr():
            return f"AscendC::SELMODE::{SELECT_MODES[attribute.data]}"
        case enums.QuantModeAttr():
            return f"QuantMode_t::{QUANT_MODES[attribute.data]}"
        case enums.LayoutAttr():
            return f"AscendC::CFG_{attribute.data.name}"
        case enums.KernelTypeAttr():
            return f"KERNEL_TYPE_{attribute.data.name}"
        case IntegerAttr() if isinstance(attribute.type, IntegerType):
            value = cast("IntegerAttr[IntegerType]", attribute).value.data
            is_bool = attribute.type.width.data == 1
            return ("true" if value else "false") if is_bool else str(value)
        case _:
            return cpp_type(attribute)


def cpp_literal(value: Attribute) -> str:
    """A constant with its type, so that no overload and no template can mistake it.

    Integers narrower than 32 bits, which C++ has no literals of, are their digits.
    """
    if isinstance(value, FloatAttr):
        return _float_literal(value.value.data, cast("FloatAttr", value).type)
    if not isinstance(value, IntegerAttr):
        raise NoSpellingError(f"no C++ literal for {value}")
    number, type = value.value.data, cast(Attribute, value.type)
    name = cpp_type(type)
    if name == "bool":
        return "true" if number else "false"
    suffix = {"int64_t": "L", "uint32_t": "u", "uint64_t": "ul"}.get(name, "")
    lowest = {"int32_t": -(2**31), "int64_t": -(2**63)}.get(name)
    if number == lowest:  # its absolute value would not fit
        return f"(-{-number - 1}{suffix} - 1)"
    return f"{number}{suffix}"


def _float_literal(value: float, type: Attribute) -> str:
    digits = next(  # the fewest that mean this float
        text
        for precision in range(1, 10)
        if c_float(float(text := f"{value:.{precision}g}")).value == value
    )
    literal = digits if re.search(r"[.e]", digits) else f"{digits}.0"
    if isinstance(type, Float32Type):
        return f"{literal}f"
    return f"static_cast<{cpp_type(type)}>({literal}f)"


class Names:
    """Gives every value of a function a C++ name of its own, made from its hint."""

    def __init__(self, taken: Iterable[str] = ()):
        self._names: dict[SSAValue, str] = {}
        self._taken = {*RESERVED, *taken}

    def of(self, value: SSAValue) -> str:
        """The name of the value, the same at every call."""
        if (known := self._names.get(value)) is not None:
            return known
        hint = re.sub(r"\W", "_", value.name_hint or "v", flags=re.ASCII)
        hint = f"v{hint}" if hint[0].isdigit() or hint.startswith("__") else hint
        name, count = hint, 0
        while name in self._taken:
            count += 1
            name = f"{hint}_{count}"
        self._taken.add(name)
        self._names[value] = name
        return name
