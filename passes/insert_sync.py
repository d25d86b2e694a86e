"""Order the pipes of a core where they share memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.npu.launch import (
    AllocOp,
    AwaitOp,
    BarrierOp,
    LaunchOp,
    SetFlagOp,
    SyncAllOp,
    WaitFlagOp,
)
from ligrad_ir.dialects.npu.types import CUBE_FLAGS, Core, NpuOp, Pipe, space_of
from passes.order.pending import Access, Edge, Pending

PIPES: dict[Core, tuple[Pipe, ...]] = {
    Core.CUBE: (Pipe.S, Pipe.MTE1, Pipe.MTE2, Pipe.M, Pipe.FIX),
    Core.VECTOR: (Pipe.S, Pipe.MTE2, Pipe.V, Pipe.MTE3),
}


@dataclass(frozen=True)
class InsertSyncPass(ModulePass):
    """
    Inserts `npu.set_flag` with `npu.wait_flag`, and `npu.barrier`, from the reads and
    writes of buffers.

    Before an operation that touches what another pipe may still write, or writes what
    another pipe may still read: a flag from that pipe, set and awaited on the spot, so
    that flags balance on every path. Where it is the same pipe: a barrier; where the core
    has no flag between the two: one to a third pipe and one from there. What a pipe
    knows to be over it passes on with its flags, so none is inserted whose work others
    do. The end of a loop's body comes before its beginning; `npu.sync_all` ends all that
    is before it. Buffers with common addresses count as one; the scalar unit is done with
    each of its operations at once.

    Assumes placed buffers (`place-buffers`). Idempotent but for its own operations.
    """

    name = "insert-sync"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for launch in op.walk():
            if isinstance(launch, LaunchOp):
                for region, core in (
                    (launch.cube, Core.CUBE),
                    (launch.vector, Core.VECTOR),
                ):
                    for inner, edges in edges_of(core, region.block).items():
                        for edge in edges:
                            _insert(inner, *edge)


def edges_of(core: Core, body: Block) -> dict[Operation, list[Edge]]:
    """The flags and barriers that the operations of a placed body need before them."""
    decision = Decision(core, body)
    decision.block(body, decision.none)
    return decision.needed


class Decision:
    """What a placed body needs for its order, found by following what is pending;
    `needed`: the flags and barriers before every operation."""

    def __init__(self, core: Core, body: Block):
        ops = [op for op in body.walk() if isinstance(op, NpuOp)]
        found = dict.fromkeys(access for op in ops for access in accesses(op))
        waited = [access for access in found if access.pipe is not Pipe.S]
        self._number = {access: number for number, access in enumerate(waited)}
        self.none = Pending.none(PIPES[core], waited)
        self._core = core
        same = _aliases(body)
        self._conflicts = {op: self._conflicting(op, same) for op in ops}
        self.needed: dict[Operation, list[Edge]] = {}

    def _conflicting(
        self, op: NpuOp, same: dict[SSAValue, set[SSAValue]]
    ) -> tuple[int, ...]:
        """For each pipe, the accesses that have to be over when it begins with an
        operation."""
        bits = dict.fromkeys(self.none.pipes, 0)
        for access in accesses(op):
            for other, number in self._number.items():
                if access.buffer in same[other.buffer] and self.in_order(access, other):
                    bits[access.pipe] |= 1 << number
        return tuple(bits.values())

    def in_order(self, access: Access, other: Access) -> bool:
        """Whether two accesses to the same bytes have to be in order."""
        return other.writes or access.writes

    def block(self, block: Block, state: Pending) -> Pending:
        """What is pending behind a block."""
        for op in block.ops:
            state = self.operation(op, state)
        return state

    def operation(self, op: Operation, state: Pending) -> Pending:
        """What is pending behind an operation."""
        match op:
            case ForOp():
                before = state
                while not (end := self.block(op.body.block, before)).is_within(before):
                    before |= end
                return before
            case IfOp():
                after = state
                for region in op.regions:
                    if region.blocks:
                        after |= self.block(region.block, state)
                return after
            case SyncAllOp():
                return self.none
            case NpuOp():
                return self._access(op, state)
            case SetFlagOp() | WaitFlagOp() | BarrierOp():
                raise PassFailedException("insert-sync: there are flags already")
            case _:
                return state

    def edges(self, op: Operation, state: Pending, conflicts: Pending) -> list[Edge]:
        """The flags and barriers before an operation."""
        return state.fewest_edges(conflicts)

    def _access(self, op: NpuOp, state: Pending) -> Pending:
        edges = self.edges(op, state, state.of(self._conflicts[op]))
        edges = [flag for edge in edges for flag in route(self._core, edge)]
        self.needed[op] = edges
        if isinstance(op, AwaitOp):  # touches nothing itself
            return state.after(edges)
        made = sum(1 << self._number[a] for a in set(accesses(op)) if a in self._number)
        return state.after(edges).with_accesses(made)


def route(core: Core, edge: Edge) -> list[Edge]:
    """The flags that make a pipe wait for another one, in order: the cube core has none
    between some, such as from FIX to MTE2, and a third pipe passes on what it learns."""
    source, target = edge
    if core is Core.VECTOR or source is target or edge in CUBE_FLAGS:
        return [edge]
    third = next(
        pipe
        for pipe in PIPES[core]
        if (source, pipe) in CUBE_FLAGS and (pipe, target) in CUBE_FLAGS
    )
    return [(source, third), (third, target)]


def _insert(op: Operation, source: Pipe, target: Pipe) -> None:
    inserted: list[Operation]
    if source is target:
        inserted = [BarrierOp(source)]
    else:
        # One id does for each direction: no flag is up when the next one is set.
        inserted = [SetFlagOp(source, target, 0), WaitFlagOp(source, target, 0)]
    for new in inserted:
        new.location = op.location
    Rewriter.insert_op(inserted, InsertPoint.before(op))


def accesses(op: NpuOp) -> Iterator[Access]:
    """What the pipes of a core do to buffers for an operation; a wait comes behind all
    that a write would."""
    if isinstance(op, AwaitOp):
        yield Access(op.on.data, op.buffer, writes=True)
    for value in op.reads():
        pipe = Pipe.S if value in op.scalar_reads() else op.pipe()
        yield Access(pipe, value, writes=False)
    for value in op.writes():
        for pipe in op.writing_pipes():
            yield Access(pipe, value, writes=True)


def _aliases(body: Block) -> dict[SSAValue, set[SSAValue]]:
    """For every buffer those that share an address with it, itself included."""
    found: dict[SSAValue, set[SSAValue]] = {}
    allocs = [op for op in body.walk() if isinstance(op, AllocOp)]
    for alloc in allocs:
        if alloc.offset is None:
            raise PassFailedException("insert-sync: place-buffers comes first")
        found[alloc.result] = {
            other.result
            for other in allocs
            if space_of(other.result) is space_of(alloc.result) and _meet(alloc, other)
        }
    for op in body.walk():
        if isinstance(op, NpuOp):
            for value in (*op.reads(), *op.writes()):
                found.setdefault(value, {value})
    return found


def _meet(a: AllocOp, b: AllocOp) -> bool:
    assert a.offset is not None
    assert b.offset is not None
    first, second = a.offset.value.data, b.offset.value.data
    return first < second + b.size and second < first + a.size
