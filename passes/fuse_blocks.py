"""Put the work that a graph does for each token into loops over blocks of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ligrad_ir.dialects.lig.blocks import BlocksOp, YieldOp, has_axis
from ligrad_ir.dialects.lig.ragged import RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.lig.types import TensorType

RAGGED_OPS = (RowsOp, RunOp, ValidCountOp)
"""Cheap to compute again, so that no loop hands their results to another."""


@dataclass(frozen=True)
class FuseBlocksPass(ModulePass):
    """
    Moves the operations over a token axis into `lig.blocks` over that axis.

    A token axis is what a selection has in front of its entries; in a graph without a
    selection, the first axis of the first result that has axes, or else of the first such
    argument. Operations that have it nowhere stay where they are. What sums over it
    (scatter_add among others) is a sum over the blocks; where such a sum is used for the
    tokens again, another loop follows.

    Assumes nothing. Establishes that no operation over a token axis is left outside a
    `lig.blocks`. Idempotent.
    """

    name = "fuse-blocks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, FuncOp) and function.body.blocks:
                for axis in token_axes(function):
                    _rebuild(function, schedule(function, axis), axis)


@dataclass
class Phase:
    """before: operations that need no block of this phase; inside: those of its loop."""

    before: list[Operation] = field(default_factory=list[Operation])
    inside: list[Operation] = field(default_factory=list[Operation])


def token_axes(function: FuncOp) -> tuple[str, ...]:
    """The axes that the function's graph goes through block by block."""
    found: dict[str, None] = {}
    for op in function.body.block.walk():
        if isinstance(op, RowsOp):
            [*tokens, _] = tensor(op.result).axes
            found |= dict.fromkeys(tokens[:1])
    if not found:
        types = function.function_type
        for type in (*types.outputs, *types.inputs):
            if isinstance(type, TensorType) and type.axes:
                return type.axes[:1]
    return tuple(found)


def schedule(function: FuncOp, axis: str) -> list[Phase]:
    """The function's operations in phases, in order.

    A value over the axis is at hand in the loop that makes it; a sum over the axis, like
    all that comes of it, behind that loop.
    """
    phases: list[Phase] = []
    ready: dict[SSAValue, int] = {}
    inside: set[SSAValue] = set()
    for op in function.body.block.ops:
        if isinstance(op, ReturnOp):
            break
        of_block = not isinstance(op, BlocksOp) and _is_over(op, axis)
        phase = max(
            (
                ready.get(value, 0) + (value in inside and not of_block)
                for value in _uses(op)
            ),
            default=0,
        )
        while len(phases) <= phase:
            phases.append(Phase())
        (phases[phase].inside if of_block else phases[phase].before).append(op)
        for result in op.results:
            kept = of_block and has_axis(result, axis)
            ready[result] = phase + (of_block and not kept)
            if kept:
                inside.add(result)
    return phases


def _uses(op: Operation) -> Iterable[SSAValue]:
    """The values that an operation and its regions take from elsewhere."""
    return (operand for inner in op.walk() for operand in inner.operands)


def _is_over(op: Operation, axis: str) -> bool:
    return any(has_axis(value, axis) for value in (*op.operands, *op.results))


def _rebuild(function: FuncOp, phases: Sequence[Phase], axis: str) -> None:
    block = function.body.block
    last = block.last_op
    assert last is not None
    for phase in phases:
        for op in (*phase.before, *phase.inside):
            op.detach()
    _recompute_ragged(phases)
    for phase in phases:
        for op in phase.before:
            block.insert_op_before(op, last)
        if phase.inside:
            _insert_loop(phase.inside, axis, last)


def _insert_loop(ops: Sequence[Operation], axis: str, before: Operation) -> None:
    body = Block()
    for op in ops:
        body.add_op(op)
    inside = set(body.walk())
    inputs = dict.fromkeys(
        operand
        for op in inside
        for operand in op.operands
        if has_axis(operand, axis) and operand.owner not in inside
    )
    ordered = sorted(inputs, key=_first_use(body))
    for value in ordered:
        argument = body.insert_arg(value.type, len(body.args))
        argument.name_hint = value.name_hint
        value.replace_uses_with_if(argument, lambda use: use.operation in inside)
    yielded = [
        result
        for op in body.ops
        for result in op.results
        if any(use.operation not in inside for use in result.uses)
    ]
    body.add_op(YieldOp(yielded))
    loop = BlocksOp(axis, ordered, [value.type for value in yielded], Region(body))
    loop.location = ops[0].location
    assert before.parent is not None
    before.parent.insert_op_before(loop, before)
    inside = set(body.walk())
    for value, result in zip(yielded, loop.outputs, strict=True):
        result.name_hint = value.name_hint
        value.replace_uses_with_if(result, lambda use: use.operation not in inside)


def _first_use(body: Block) -> Callable[[SSAValue], int]:
    """A key that sorts values by their first use in a block."""
    order: dict[SSAValue, int] = {}
    for op in body.walk():
        for operand in op.operands:
            order.setdefault(operand, len(order))
    return order.__getitem__


def _recompute_ragged(phases: Sequence[Phase]) -> None:
    """Give every loop copies of its own of the ragged operations of earlier ones."""
    earlier: set[Operation] = set()
    for phase in phases:
        done: dict[SSAValue, SSAValue] = {}
        inside: list[Operation] = []
        for op in phase.inside:
            for index, operand in enumerate(op.operands):
                op.operands[index] = _own(operand, earlier, inside, done)
            inside.append(op)
        phase.inside = inside
        earlier.update(inside)


def _own(
    value: SSAValue,
    earlier: set[Operation],
    inside: list[Operation],
    done: dict[SSAValue, SSAValue],
) -> SSAValue:
    """A value, or its copy where an earlier loop makes it."""
    owner = value.owner
    if value in done or not isinstance(owner, RAGGED_OPS) or owner not in earlier:
        return done.get(value, value)
    copy = owner.clone()
    for index, operand in enumerate(owner.operands):
        copy.operands[index] = _own(operand, earlier, inside, done)
    for old, new in zip(owner.results, copy.results, strict=True):
        new.name_hint = old.name_hint
        done[old] = new
    inside.append(copy)
    return done[value]
