"""Outputs, and inputs that the cube core takes by entries, get values of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import Float32Type, LocationAttr, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.signature import entry_function


@dataclass(frozen=True)
class SeparateArraysPass(ModulePass):
    """
    Copies values that an array of the caller cannot hold in the way they are used:

    - what is returned and is an input, is returned again, or is made or taken by the cube
      unit or a scatter_add: the array has no room for what lies behind the valid entries;
    - an input with the entries of a selection that a matmul takes: behind the valid ones,
      it has no zeros.

    The copy of a cast is the cast again; where all absent entries are 0, or may be, it is a
    mask; else halves are widened and rounded back, and float32 is multiplied by 1. No
    result changes.

    Assumes machine types and layouts (`assign-layouts`). Idempotent.
    """

    name = "separate-arrays"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        function = entry_function(op)
        for user, index in tuple(uses_to_separate(function)):
            value = user.operands[index]
            made = copied(value, function)
            for new in made:
                new.location = _location_of(value, user)
            Rewriter.insert_op(made, InsertPoint.before(user))
            made[-1].results[0].name_hint = value.name_hint
            user.operands[index] = made[-1].results[0]


def uses_to_separate(function: FuncOp) -> Iterator[tuple[Operation, int]]:
    """The operands that need a copy: the operation, and the number of the operand."""
    ops = function.body.block.ops
    entries = {tensor(op.result).axes[-1] for op in ops if isinstance(op, RowsOp)}
    for op in ops:
        if isinstance(op, lig.MatmulOp):
            for index, value in enumerate(op.operands):
                if isinstance(value, BlockArgument) and entries & {*tensor(value).axes}:
                    yield op, index
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    for index, value in enumerate(returned.operands):
        again = value in returned.operands[:index]
        if again or isinstance(value, BlockArgument) or _crosses(value):
            yield returned, index


def _crosses(value: SSAValue) -> bool:
    """Whether a value has other uses, and one of these or what makes it is no elementwise
    work."""
    users = [use.operation for use in value.uses]
    inner = [user for user in users if not isinstance(user, ReturnOp)]
    moves = (lig.MatmulOp, lig.ScatterAddOp)
    return bool(inner) and (
        any(isinstance(user, moves) for user in inner)
        or isinstance(_maker(value), lig.MatmulOp)
    )


def _maker(value: SSAValue) -> Operation | None:
    """What makes a value, but for a relu and a cast, which a product takes along."""
    while isinstance(op := value.owner, lig.ReluOp | lig.CastOp):
        value = op.input
    return op if isinstance(op, Operation) else None


def copied(value: SSAValue, function: FuncOp) -> list[Operation]:
    """The operations that make a value again."""
    if isinstance(maker := value.owner, lig.CastOp):
        return [maker.clone()]
    axes = tensor(value).axes
    for op in function.body.block.ops:
        if isinstance(op, RowsOp) and axes[-1:] == tensor(op.result).axes[-1:]:
            if set(tensor(op.result).axes) <= set(axes):
                return [lig.MaskOp(value, op.result)]
    if isinstance(tensor(value).element_type, Float32Type):
        one = lig.ConstantOp(1.0, Float32Type())
        return [one, lig.MulOp(value, one.result, axes)]
    wide = lig.CastOp(value, Float32Type())
    return [wide, lig.CastOp(wide.result, tensor(value).element_type)]


def _location_of(value: SSAValue, user: Operation) -> LocationAttr:
    return value.owner.location if isinstance(value.owner, Operation) else user.location
