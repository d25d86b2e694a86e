"""Which numbers of a graph are half, and which come to be rounded to it."""

from __future__ import annotations

from typing import TypeAlias

from xdsl.dialects.builtin import BFloat16Type, Float16Type
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement, TensorType

HalfType: TypeAlias = BFloat16Type | Float16Type

MATMUL_OPERANDS = ("half", "f32")
"""What a matmul takes where not both of its operands are half: two that are rounded to
it, or two of float32."""


def check_matmul_operands(of: ModulePass, choice: str) -> None:
    """Refuse an option that is neither.

    Raises:
        PassFailedException: naming the pass.
    """
    if choice not in MATMUL_OPERANDS:
        raise PassFailedException(
            f"{of.name}: matmul-operands is one of {MATMUL_OPERANDS}, not {choice!r}"
        )


def half_type(value: SSAValue) -> HalfType | None:
    """The element type of a value, if it is half."""
    element = value.type.element_type if isinstance(value.type, TensorType) else None
    return element if isinstance(element, HalfElement) else None


def half_types(function: FuncOp) -> frozenset[HalfType]:
    """The half types among a function's arguments."""
    found = map(half_type, function.body.block.args)
    return frozenset(type for type in found if type is not None)


def is_half(value: SSAValue) -> bool:
    """Whether a value, of whatever type, is half numbers that are only moved or
    selected, so that no rounding to half changes it."""
    match value.owner:
        case lig.CastOp() as op:
            return isinstance(tensor(op.input).element_type, HalfElement)
        case lig.GatherOp() | lig.MaskOp() | lig.ReluOp() | lig.ReluGradOp() as op:
            return is_half(op.operands[0])
        case _:
            return False
