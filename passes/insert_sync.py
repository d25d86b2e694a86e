"""Order the pipes of a core where they share memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.npu_launch import (
    AllocOp,
    BarrierOp,
    LaunchOp,
    SetFlagOp,
    SyncAllOp,
    WaitFlagOp,
)
from ligrad_ir.dialects.npu_types import CUBE_FLAGS, Core, NpuOp, Pipe, space_of
from ligrad_ir.places import blame

PIPES: dict[Core, tuple[Pipe, ...]] = {
    Core.CUBE: (Pipe.S, Pipe.MTE1, Pipe.MTE2, Pipe.M, Pipe.FIX),
    Core.VECTOR: (Pipe.S, Pipe.MTE2, Pipe.V, Pipe.MTE3),
}


@dataclass(frozen=True)
class Access:
    """A pipe touches a buffer."""

    pipe: Pipe
    buffer: SSAValue
    writes: bool
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = (self.pipe, self.buffer, self.writes)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        """Computed once: states hold thousands."""
        return self._hash


class Pending(NamedTuple):
    """An access that is not known to be over when `before` goes on."""

    access: Access
    before: Pipe


State = frozenset[Pending]
Edge = tuple[Pipe, Pipe]
"""A flag from a pipe to another one, or a barrier of a pipe."""


@dataclass(frozen=True)
class InsertSyncPass(ModulePass):
    """
    Inserts `npu.set_flag` with `npu.wait_flag`, and `npu.barrier`, from the reads and
    writes of buffers.

    Before an operation that touches what another pipe may still write, or writes what
    another pipe may still read: a flag from that pipe, set and awaited on the spot, so
    that flags balance on every path. Where it is the same pipe: a barrier. What a pipe
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
                            _insert(core, inner, *edge)


def edges_of(core: Core, body: Block) -> dict[Operation, list[Edge]]:
    """The flags and barriers that the operations of a placed body need before them."""
    decision = _Decision(core, body)
    decision.block(body, frozenset())
    return decision.needed


class _Decision:
    def __init__(self, core: Core, body: Block):
        self._core = core
        self._same = _aliases(body)
        self._touched: dict[NpuOp, tuple[Access, ...]] = {}
        self.needed: dict[Operation, list[Edge]] = {}

    def block(self, block: Block, state: State) -> State:
        for op in block.ops:
            state = self._operation(op, state)
        return state

    def _operation(self, op: Operation, state: State) -> State:
        match op:
            case ForOp():
                before = state
                while not (end := self.block(op.body.block, before)) <= before:
                    before |= end
                return before
            case IfOp():
                ends = [self.block(r.block, state) for r in op.regions if r.blocks]
                return frozenset[Pending]().union(state, *ends)
            case SyncAllOp():
                return frozenset()
            case NpuOp():
                return self._access(op, state)
            case SetFlagOp() | WaitFlagOp() | BarrierOp():
                raise PassFailedException("insert-sync: there are flags already")
            case _:
                return state

    def _access(self, op: NpuOp, state: State) -> State:
        if op not in self._touched:
            self._touched[op] = tuple(accesses(op))
        touched = self._touched[op]
        conflicts = frozenset(
            pending
            for pending in state
            if any(self._conflicts(pending, access) for access in touched)
        )
        edges = fewest_edges(state, conflicts)
        self.needed[op] = edges
        left = set(after_edges(state, edges))
        left.update(
            Pending(access, before)
            for access in touched
            if access.pipe is not Pipe.S
            for before in PIPES[self._core]
        )
        return frozenset(left)

    def _conflicts(self, pending: Pending, access: Access) -> bool:
        return (
            pending.before is access.pipe
            and (pending.access.writes or access.writes)
            and access.buffer in self._same.get(pending.access.buffer, ())
        )


def _insert(core: Core, op: Operation, source: Pipe, target: Pipe) -> None:
    inserted: list[Operation]
    if source is target:
        inserted = [BarrierOp(source)]
    else:
        if core is Core.CUBE and (source, target) not in CUBE_FLAGS:
            raise PassFailedException(
                f"insert-sync: {blame(op)} must wait for {source}, but a "
                f"cube core has no flag from {source} to {target}"
            )
        # One id does for each direction: no flag is up when the next one is set.
        inserted = [SetFlagOp(source, target, 0), WaitFlagOp(source, target, 0)]
    for new in inserted:
        new.location = op.location
    Rewriter.insert_op(inserted, InsertPoint.before(op))


def fewest_edges(state: State, conflicts: State) -> list[Edge]:
    """Flags and barriers behind which none of the conflicts is pending, and none of which
    the others make up for; barriers are given up before flags."""
    edges = sorted({(each.access.pipe, each.before) for each in conflicts})
    for edge in sorted(edges, key=lambda edge: edge[0] is not edge[1]):
        others = [other for other in edges if other != edge]
        if not conflicts & after_edges(state, others):
            edges = others
    return edges


def after_edges(state: State, edges: list[Edge]) -> State:
    """What is pending behind flags and barriers.

    A pipe that waits for a flag learns that all is over that the other pipe has issued,
    or has known to be over; what the scalar unit learns, all know that it issues to.
    """
    for source, target in edges:
        state = frozenset(
            each
            for each in state
            if (each.before is not target and target is not Pipe.S)
            or not _is_over(state, each.access, source, barrier=source is target)
        )
    return state


def _is_over(state: State, access: Access, at: Pipe, *, barrier: bool) -> bool:
    """Whether an access is over for what comes behind a flag of a pipe, or a barrier."""
    known = not barrier and Pending(access, at) not in state
    return access.pipe is at or known


def accesses(op: NpuOp) -> Iterator[Access]:
    """What the pipes of a core do to buffers for an operation."""
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
