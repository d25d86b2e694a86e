"""Which numbers of a graph are half, and which come to be rounded to it."""

from __future__ import annotations

from typing import TypeAlias

from xdsl.dialects.builtin import BFloat16Type, Float16Type
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.lig_types import HalfElement, TensorType

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


def half_types(function: FuncOp) -> frozenset[HalfType]:
    """The half types among a function's arguments."""
    return frozenset(
        type.element_type
        for type in function.function_type.inputs
        if isinstance(type, TensorType) and isinstance(type.element_type, HalfElement)
    )


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
