"""What of a kernel's order nobody needs: checked on the program that the flags are for.

`insert-sync` must take a loop for one that may have no turn, and an array in global memory
for one place. Of these kernels more is known: every loop that is reached has a turn (but
for the one over the tokens of a group, behind which all cores meet), and what a pipe moves
to an array, or from it, one instruction behind the other are different rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.dialects.scf import ForOp
from xdsl.ir import Block, Operation

import ligrad
from ligrad_ir.dialects.ascendc import sync
from ligrad_ir.dialects.npu.launch import BarrierOp, LaunchOp, SetFlagOp
from ligrad_ir.dialects.npu.types import Core, Space, space_of
from passes.insert_sync import Decision, edges_of
from passes.order.pending import Access, Edge, Pending
from passes.pipelines import ASCENDC_PIPELINE, run_passes
from tests.mutations.schemata import statements

Given: TypeAlias = Mapping[Operation, list[Edge]]
TAG = "order"
"""The file that flags and barriers are said to be from, so as to know them again."""


class Check(Decision):
    """Whether flags and barriers will do for a placed body."""

    def __init__(self, core: Core, body: Block):
        super().__init__(core, body)
        self._body = body
        self._given: Given = {}
        self._holds = True

    def holds(self, given: Given) -> bool:
        """Whether all is in order with those, of which each operation has some."""
        self._given, self._holds = given, True
        self.block(self._body, self.none)
        return self._holds

    def in_order(self, access: Access, other: Access) -> bool:
        """Rows that are apart need no order."""
        is_apart = access.pipe is other.pipe and space_of(access.buffer) is Space.GM
        return super().in_order(access, other) and not is_apart

    def operation(self, op: Operation, state: Pending) -> Pending:
        """Loops have a turn."""
        if isinstance(op, ForOp):
            before = super().operation(op, state)
            return self.block(op.body.block, before)
        return super().operation(op, state)

    def edges(self, op: Operation, state: Pending, conflicts: Pending) -> list[Edge]:
        """Those that are given."""
        given = self._given.get(op, [])
        self._holds &= not conflicts & state.after(given)
        return given


def superfluous(operator: ligrad.Operator) -> Iterator[int]:
    """The lines of flags that are set and awaited on the spot, and of barriers, without
    which all is in order as well."""
    module = unordered(operator)
    free: list[bool] = []
    for core, body in bodies(module):
        given, check = edges_of(core, body), Check(core, body)
        for op in body.walk():
            for edge in given.get(op, ()):
                others = [other for other in given[op] if other != edge]
                free.append(check.holds({**given, op: others}))
    numbers = _numbers(operator, module)
    places = statements(operator.module("ascendc"))
    lines = [line for op, (line, _) in places.items() if isinstance(op, _ORDER)]
    assert set(numbers.values()) == set(range(len(free)))
    yield from (lines[i] for i, edge in numbers.items() if free[edge])


_ORDER = (sync.SetFlagOp, sync.PipeBarrierOp)


def unordered(operator: ligrad.Operator) -> ModuleOp:
    """The program with its buffers placed, that `insert-sync` takes."""
    module = operator.source.clone()
    run_passes(module, operator.pipeline()[:-1])
    return module


def bodies(module: ModuleOp) -> Iterator[tuple[Core, Block]]:
    """What either kind of core executes."""
    for launch in module.walk():
        if isinstance(launch, LaunchOp):
            yield Core.CUBE, launch.cube.block
            yield Core.VECTOR, launch.vector.block


def _numbers(operator: ligrad.Operator, module: ModuleOp) -> dict[int, int]:
    """Which flag or barrier of a kernel, in order, is which of those of `insert-sync`."""
    module = module.clone()
    run_passes(module, operator.pipeline()[-1:])
    ordered = [op for op in module.walk() if isinstance(op, SetFlagOp | BarrierOp)]
    for number, op in enumerate(ordered):
        op.location = FileLineColLoc(StringAttr(TAG), IntAttr(number), IntAttr(0))
    run_passes(module, ASCENDC_PIPELINE)
    found = [op for op in module.walk() if isinstance(op, _ORDER)]
    return {
        i: op.location.line.data
        for i, op in enumerate(found)
        if isinstance(op.location, FileLineColLoc) and op.location.filename.data == TAG
    }
