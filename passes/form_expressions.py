"""Scalar operations that serve only each other become one statement."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ligrad_ir.dialects.ascendc.enums import Arithmetic
from ligrad_ir.dialects.ascendc.scalar import (
    TERMS,
    ArithmeticOp,
    ChooseOp,
    ExpressionOp,
    YieldOp,
)

LONGEST = 5
"""Names and numbers in an expression, so that a reader can take it in at once."""
CHOICES = (Arithmetic.MIN, Arithmetic.MAX)


def is_choice(op: Operation) -> bool:
    """Whether C++ writes it with `?:`, which stands best on its own."""
    if isinstance(op, ArithmeticOp):
        return op.operator.data in CHOICES
    return isinstance(op, ChooseOp)


def expressions(block: Block) -> list[list[Operation]]:
    """
    The operations of a block that become one statement, in order; the last of each list
    gives the value.

    An operation joins its user if that is the only one, is in the same block, and is a
    scalar operation too. Choices join no one, and min and max, whose operands are written
    twice, take no one in.
    """
    members: dict[Operation, list[Operation]] = {}
    for op in block.ops:
        if not isinstance(op, TERMS):
            continue
        own: list[Operation] = []
        length = len(set(op.operands))
        for value in dict.fromkeys(op.operands):
            owner = value.owner
            if not isinstance(owner, Operation) or not _joins(value, op):
                continue
            joined = members.get(owner)
            if joined is None or length + _leaves(joined) - 1 > LONGEST:
                continue
            length += _leaves(joined) - 1
            own += joined
            del members[joined[-1]]
        members[op] = [*own, op]
    return [ops for ops in members.values() if len(ops) > 1]


def _joins(value: SSAValue, user: Operation) -> bool:
    owner = value.owner
    return (
        isinstance(owner, TERMS)
        and owner.parent is user.parent
        and value.has_one_use()
        and not is_choice(owner)
        and not (isinstance(user, ArithmeticOp) and is_choice(user))
    )


def _leaves(ops: list[Operation]) -> int:
    inner = {result for op in ops for result in op.results}
    return len([v for op in ops for v in op.operands if v not in inner])


@dataclass(frozen=True)
class FormExpressionsPass(ModulePass):
    """
    Puts scalar operations that are used once, by each other, into `ascendc.expression`.

    Changes no value: only how many names a reader of the C++ has to keep in mind.
    """

    name = "form-expressions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(op.walk()):
            for region in inner.regions:
                for block in region.blocks:
                    for ops in expressions(block):
                        _form(ops)


def _form(ops: list[Operation]) -> None:
    last = ops[-1]
    [old] = last.results
    block = last.parent_block()
    assert block is not None
    body = Block()
    expression = ExpressionOp(Region(body), old.type)
    expression.location = last.location
    expression.result.name_hint = old.name_hint
    block.insert_op_before(expression, last)
    old.replace_all_uses_with(expression.result)
    for op in ops:
        op.detach()
        body.add_op(op)
    body.add_op(YieldOp(old))
