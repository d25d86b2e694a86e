"""Outer products of two arguments, which the cube unit can do as well as the vector unit.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from xdsl.dialects.func import ReturnOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement


def factors(op: Operation) -> tuple[SSAValue, SSAValue] | None:
    """The half arguments whose outer product a multiplication is: both widened, each with
    one axis that the other one lacks. To the cube unit, which multiplies half numbers
    exactly, that is the product of a column and a row. It makes no padding behind the
    valid entries of a token, so all that takes it, rounded or not, is elementwise work,
    which does without."""
    if not isinstance(op, lig.MulOp) or not _is_for_elementwise(op.result):
        return None
    lhs, rhs = (_widened(operand) for operand in op.operands)
    if lhs is None or rhs is None:
        return None
    left, right = (set(tensor(value).axes) for value in (lhs, rhs))
    return (lhs, rhs) if len(left - right) == len(right - left) == 1 else None


def _is_for_elementwise(value: SSAValue) -> bool:
    users = [use.operation for use in value.uses]
    if len(users) == 1 and isinstance(cast := users[0], lig.CastOp):
        users = [use.operation for use in cast.result.uses]
    others = (lig.MatmulOp, lig.ScatterAddOp, ReturnOp)
    return not any(isinstance(user, others) for user in users)


def _widened(value: SSAValue) -> SSAValue | None:
    cast = value.owner
    if not isinstance(cast, lig.CastOp) or not isinstance(cast.input, BlockArgument):
        return None
    argument = tensor(cast.input)
    is_half = isinstance(argument.element_type, HalfElement)
    return cast.input if is_half and argument.axes == tensor(value).axes else None
