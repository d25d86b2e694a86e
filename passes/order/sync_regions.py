"""What `npu.sync_all` keeps apart: a pure function on launches.

All cores pass the same sync_alls, so a body falls into regions between them: parts of
one region may run side by side, on any cores; between parts of two regions there is a
sync_all, whichever comes first. The end of a loop's body and its beginning are one
region, and so are they and what is around the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.scf import ForOp
from xdsl.ir import Block, Operation, SSAValue

from ligrad_ir.dialects.npu.launch import LaunchOp, SyncAllOp
from ligrad_ir.dialects.npu.types import NpuOp, Space, space_of

Meetings = tuple["Meetings", ...]
"""Where a body has its sync_alls: () for one, and for an operation around some, theirs."""
Place = tuple[SSAValue, int]
"""A buffer in global memory, and a region."""


def contested(launch: LaunchOp) -> dict[SSAValue, set[Operation]]:
    """The buffers in global memory that one side writes and the other one touches with
    no sync_all to keep them apart, and the operations of both sides that do so, in the
    order of the cube body."""
    sides = [_Regions.of(region.block) for region in (launch.cube, launch.vector)]
    if sides[0].meetings != sides[1].meetings:  # nothing is known of what they order
        sides = [side.as_one() for side in sides]
    cube, vector = (side.accesses() for side in sides)
    found: dict[SSAValue, set[Operation]] = {}
    for place, ops in cube.items():
        others = vector.get(place, [])
        buffer, _ = place
        if others and any(buffer in op.writes() for op in (*ops, *others)):
            found.setdefault(buffer, set()).update(ops, others)
    return found


@dataclass
class _Regions:
    """A body cut at its sync_alls.

    count: the regions, as numbered in the order of the text; same: those that are one.
    """

    count: int = 1
    touches: list[tuple[NpuOp, int]] = field(default_factory=list[tuple[NpuOp, int]])
    same: list[set[int]] = field(default_factory=list[set[int]])
    meetings: Meetings = ()

    @classmethod
    def of(cls, body: Block) -> _Regions:
        """Cut a body."""
        regions = cls()
        regions.meetings = regions._visit(body)
        return regions

    def as_one(self) -> _Regions:
        """The same without a cut."""
        return _Regions(1, [(op, 0) for op, _ in self.touches])

    def accesses(self) -> dict[Place, list[NpuOp]]:
        """By buffer and region, the operations that touch it, in order."""
        names = list(range(self.count))
        for joined in self.same:
            old = {names[number] for number in joined}
            names = [min(old) if name in old else name for name in names]
        found: dict[Place, list[NpuOp]] = {}
        for op, number in self.touches:
            for value in dict.fromkeys((*op.reads(), *op.writes())):
                if space_of(value) is Space.GM:
                    found.setdefault((value, names[number]), []).append(op)
        return found

    def _visit(self, block: Block) -> Meetings:
        meetings: list[Meetings] = []
        for op in block.ops:
            if isinstance(op, SyncAllOp):
                self.count += 1
                meetings.append(())
            elif isinstance(op, NpuOp):
                self.touches.append((op, self.count - 1))
            first = self.count - 1
            inner = [self._visit(b) for region in op.regions for b in region.blocks]
            last = self.count - 1
            if first != last:
                meetings.append(tuple(inner))
                # A loop goes on at its beginning, or is left out; of anything else
                # that holds a sync_all, any part may be.
                is_loop = isinstance(op, ForOp)
                self.same.append(
                    {first, last} if is_loop else {*range(first, last + 1)}
                )
        return tuple(meetings)
