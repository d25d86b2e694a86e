"""Statements that nothing depends on go, so that C++ has no name without a use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.traits import IsTerminator, RecursiveMemoryEffect
from xdsl.transforms.dead_code_elimination import result_only_effects

from ligrad_ir.dialects.ascendc.base import AscendCOp
from ligrad_ir.dialects.ascendc.core import FunctionOp, KernelOp, UnusedOp
from ligrad_ir.dialects.ascendc.tiling import HostFunctionOp

FUNCTIONS = (FunctionOp, HostFunctionOp, KernelOp)


@dataclass(frozen=True)
class DropDeadStatementsPass(ModulePass):
    """
    Erases the statements that have no effect, and whose results nothing that has one
    depends on: variables that are assigned and never read, views and buffers that are
    never accessed, loops and branches around nothing.

    What is left of an argument that nothing uses is an `ascendc.unused`. So every value
    has a use, as `-Wall -Wextra` demands of the names that a value becomes.
    """

    name = "drop-dead-statements"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        live = live_statements(op)
        for block in (b for region in op.regions for b in region.blocks):
            _erase_all_but(live, block)
        for child in op.walk():
            if isinstance(child, FUNCTIONS):
                mark_unused_arguments(child.body.block)


def live_statements(top: Operation) -> set[Operation]:
    """The operations inside one that have an effect, or that one with an effect needs:
    as an operand, for the value of an operand, or around it."""
    live = {top}
    work = [op for op in top.walk() if _has_effect(op)]
    while work:
        op = work.pop()
        if op not in live:
            live.add(op)
            work += _needs(op)
    return live


def _has_effect(op: Operation) -> bool:
    """Whether an operation does something by itself, in whatever it stands."""
    if isinstance(op, UnusedOp) or op.has_trait(RecursiveMemoryEffect):
        return False
    sets = isinstance(op, AscendCOp) and op.SETS
    return not sets and not result_only_effects(op)


def _needs(op: Operation) -> Iterable[Operation]:
    """The operations that are live if this one is."""
    if (parent := op.parent_op()) is not None:
        yield parent
    for operand in op.operands:
        if isinstance(operand.owner, Operation):
            yield operand.owner
    for result in op.results:
        for use in result.uses:
            user = use.operation
            if isinstance(user, AscendCOp) and result in user.sets():
                yield user
    for region in op.regions:
        for block in region.blocks:
            if (last := block.last_op) is not None and last.has_trait(IsTerminator):
                yield last


def _erase_all_but(live: set[Operation], block: Block) -> None:
    for op in reversed(block.ops):
        if op not in live:
            op.detach()
            op.erase(safe_erase=False)
            continue
        for region in op.regions:
            for inner in region.blocks:
                _erase_all_but(live, inner)


def mark_unused_arguments(block: Block) -> None:
    """Put an `ascendc.unused` in front of a function's statements for every argument
    without a use."""
    unused = [UnusedOp(a) for a in block.args if a.first_use is None]
    if (first := block.first_op) is None:
        block.add_ops(unused)
    else:
        block.insert_ops_before(unused, first)
