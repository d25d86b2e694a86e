"""Decides which values have nothing behind the valid entries of a token, and lie in global
memory without gaps.

Most values are padded: behind the valid entries there are zeros, up to whole units, and
rows are as long as they can be. That takes a maker who makes the zeros.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from passes.to_npu.staging import ELEMENTWISE_OPS, Staging


@dataclass(frozen=True)
class Unpadded:
    """What crosses the stages of a token without padding. products: what the cube core
    makes of the caller's arrays, where no zeros stand behind the valid entries. added: what
    is only added to rows, by index; its rows lie behind each other, whatever their
    length."""

    products: frozenset[SSAValue]
    added: frozenset[SSAValue]


def entry_axes(function: FuncOp) -> set[str]:
    """The axes of the entries of selections."""
    ops = function.body.block.ops
    return {tensor(op.result).axes[-1] for op in ops if isinstance(op, RowsOp)}


def unpadded(function: FuncOp, staging: Staging) -> Unpadded:
    """Decide for a graph that is lowered token by token."""
    entries = entry_axes(function)
    made = {_out(op, staging): op for op in _on_cube(staging)}
    products = {
        value
        for value, op in made.items()
        if entries & {axis for v in _arrays(op, staging) for axis in _own(op, v)}
    }
    added: set[SSAValue] = set()
    for value in _results(staging):
        users = staging.users(value)
        scattered = any(isinstance(user, lig.ScatterAddOp) for user in users)
        if not scattered or any(map(staging.on_cube, users)):
            continue
        is_elementwise = isinstance(value.owner, ELEMENTWISE_OPS)
        if value in products or (value not in made and is_elementwise):
            added.add(value)
    return Unpadded(frozenset(products), frozenset(added))


def _on_cube(staging: Staging) -> Iterator[Operation]:
    for ops in staging.stages.values():
        yield from (op for op in ops if staging.on_cube(op))


def _results(staging: Staging) -> Iterator[SSAValue]:
    for ops in staging.stages.values():
        yield from (_out(op, staging) for op in ops)


def _out(op: Operation, staging: Staging) -> SSAValue:
    """What an operation leaves, with all that is fused to it."""
    return [op, *staging.fused.get(op, ())][-1].results[0]


def _arrays(op: Operation, staging: Staging) -> Iterator[SSAValue]:
    """The arrays of the caller that a product takes."""
    terms = staging.terms(op) if isinstance(op, lig.MatmulOp) else [op]
    for term in terms:
        for value in staging.operands(term):
            if isinstance(value, BlockArgument):
                yield value


def _own(op: Operation, operand: SSAValue) -> set[str]:
    """The axes of an operand that are not summed."""
    over = {op.over.string_value()} if isinstance(op, lig.MatmulOp) else set[str]()
    return {*tensor(operand).axes} - over
