"""The function of a launch whose values cross window by window."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.launch import WorkspaceOp
from ligrad_ir.signature import Signature
from passes.to_npu.builder import BodyBuilder
from passes.to_npu.gathering import Gather
from passes.to_npu.memory import ProgramMemory
from passes.to_npu.padding import Unpadded
from passes.to_npu.storage import (
    Storage,
    capacity,
    padded_maximum,
)
from passes.to_npu.stream import Stream
from passes.to_npu.unsupported import UnsupportedError


class StreamMemory(ProgramMemory):
    """
    Declares the parameters and the workspaces of a stream.

    tiles: how long windows are, by axis. slots: where the values of a window lie, for each
    slot of the ring; `storages` has all others. zeros: a row of zeros of the element type
    that the cube core gathers, None if it gathers nothing. row_elements: of the longest
    row that is gathered.
    """

    def __init__(
        self,
        source: FuncOp,
        signature: Signature,
        plan: Stream,
        block: Block,
        *,
        window: int,
        depth: int,
        gather: Gather,
        deterministic: bool,
    ):
        self.gather: Gather = gather
        self.row_elements = 0
        self._plan = plan
        self.tiles: Mapping[str, int] = {plan.entries: window}
        super().__init__(
            source, signature, plan.staging, block, depth, deterministic=deterministic
        )

    def _unpadded(self) -> Unpadded:
        """Nothing: windows are whole units."""
        return Unpadded(frozenset(), frozenset())

    def longest(self, axis: str) -> int:
        """The most positions of an axis that are computed at once."""
        return capacity(self._signature, axis, self.tiles)

    def _crossing(self) -> list[SSAValue]:
        """What is made once a token and used by the other side: what products take that
        has no entries, and what they leave that has none."""
        plan = self._plan
        made = {result for op in plan.before for result in op.results}
        found = [value for value in plan.operands() if value in made]
        return [*found, *(plan.out(op) for op in plan.kept)]

    def _make_workspaces(self, b: BodyBuilder) -> None:
        super()._make_workspaces(b)
        plan = self._plan
        updates = {
            op.updates
            for ops in plan.stages.values()
            for op in ops
            if isinstance(op, lig.ScatterAddOp)
        }
        for value in self._windowed():
            if value in self.storages:
                assert not isinstance(value.owner, Block)
                raise UnsupportedError(
                    value.owner, "an output that also crosses stages"
                )
            if self._deterministic and value in updates:
                storage = self._workspace(b, value, {})
                self.storages[value] = storage
                continue
            for slot in self.slots:
                slot[value] = self._workspace(b, value, self.tiles)
        if gathers := plan.gathers():
            self.row_elements = max(map(self._row_elements, gathers))
            if self.gather != "vector":
                element = tensor(gathers[0].result).element_type
                zeros = WorkspaceOp("zero_row", b.index(self.row_elements), element)
                self.zeros = b.value(zeros)
                self.zeros.name_hint = "zero_row"
                self.zero_elements = self.row_elements

    def _windowed(self) -> list[SSAValue]:
        """What is made for every window and used by the other side, in order."""
        plan = self._plan
        inside = (*plan.kept, *plan.scattered)
        made = [plan.out(op) for op in plan.products() if op not in inside]
        taken = [
            value
            for value in plan.operands()
            if plan.entries in tensor(value).axes
            and not isinstance(value.owner, lig.GatherOp)
        ]
        if self.gather != "cube":
            taken += [op.result for op in plan.gathers()]
        return list(dict.fromkeys((*made, *taken)))

    def _crossing_slots(self) -> list[dict[SSAValue, Storage]]:
        """Slots are those of windows; a token has its values to itself."""
        return [self.storages]

    def _row_elements(self, op: lig.GatherOp) -> int:
        """The elements of a gathered row, which are as many at every call."""
        total = 1
        for axis in tensor(op.source).axes[1:]:
            declared = self._signature.axes[axis]
            if declared.is_packed or declared.minimum != declared.maximum:
                raise UnsupportedError(op, "rows of a length known at run time only")
            total *= padded_maximum(self._signature, axis)
        return total
