"""Order the cube and the vector cores of a group where they share global memory."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.scf import ForOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.npu_launch import (
    CrossSetOp,
    CrossWaitOp,
    LaunchOp,
    SyncAllOp,
    SyncGroupOp,
)
from ligrad_ir.dialects.npu_types import NpuOp, Pipe
from ligrad_ir.soc import find_soc
from passes.sync_regions import contested


@dataclass(frozen=True)
class _Accesses:
    """Where the body of one core's token loop touches a buffer: operations of the loop's
    block, first and last, and the pipe of the last."""

    first: Operation
    last: Operation
    pipe: Pipe


@dataclass(frozen=True)
class _Edge:
    """What is behind `after` on one core comes before `before` on the other. `carried`:
    of the iteration before, so that the first wait needs a set ahead of the loop."""

    after: Operation
    pipe: Pipe
    before: Operation
    carried: bool


@dataclass(frozen=True)
class InsertCrossSyncPass(ModulePass):
    """
    Inserts cross-core flags from the reads and writes of buffers in global memory, and
    drops every `npu.sync_group`, whose work they do.

    For a buffer that one side writes and the other reads in the loops over tokens: a
    flag from the last write to the first read, and one back from the last read to the
    first write of the next token, set once before the loop and awaited once behind it, so
    that every count returns to 0 for any number of tokens and never exceeds 2. Accesses
    that `npu.sync_all` keeps apart need none (`passes.sync_regions`).

    Assumes that all cores pass the same sync_alls, and one loop with other accesses in
    each body, with the same bounds; it may stand in a loop over rounds, with sync_alls.
    """

    name = "insert-cross-sync"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for launch in op.walk():
            if isinstance(launch, LaunchOp):
                _synchronise(launch)
                for inner in tuple(launch.walk()):
                    if isinstance(inner, SyncGroupOp):
                        Rewriter.erase_op(inner)


def _synchronise(launch: LaunchOp) -> None:
    shared = contested(launch)
    if not shared:
        return
    if any(isinstance(op, CrossSetOp | CrossWaitOp) for op in launch.walk()):
        raise PassFailedException(
            "insert-cross-sync: there are cross-core flags already"
        )
    ops = set[Operation]().union(*shared.values())
    cube, vector = (_loop(r.block, ops) for r in (launch.cube, launch.vector))
    edges: list[_Edge] = []
    for buffer in shared:
        for writer, reader in ((cube, vector), (vector, cube)):
            writes = _accesses(writer, buffer, writes=True)
            reads = _accesses(reader, buffer, writes=False)
            if writes is not None and reads is not None:
                edges.append(_Edge(writes.last, writes.pipe, reads.first, False))
                edges.append(_Edge(reads.last, reads.pipe, writes.first, True))
    edges = _merge(edges)
    limit = find_soc(launch.soc.data).cross_core_flags
    if len(edges) > limit:
        raise PassFailedException(
            f"insert-cross-sync: {len(edges)} flags are needed, there are {limit}"
        )
    for flag, edge in enumerate(edges):
        _insert(edge, flag)


def _loop(body: Block, shared: set[Operation]) -> ForOp:
    """The loop that holds these operations; of nested ones, the one in which no sync_all
    stands."""
    loops = [op for op in body.ops if any(inner in shared for inner in op.walk())]
    if len(loops) != 1 or not isinstance(loops[0], ForOp):
        raise PassFailedException(
            "insert-cross-sync: buffers are shared outside the one loop over tokens"
        )
    inner = loops[0].body.block
    has_rounds = any(isinstance(op, SyncAllOp) for op in inner.ops)
    return _loop(inner, shared) if has_rounds else loops[0]


def _accesses(loop: ForOp, buffer: SSAValue, *, writes: bool) -> _Accesses | None:
    first: Operation | None = None
    last: Operation | None = None
    pipe = Pipe.S
    for op in loop.body.block.ops:
        for inner in op.walk():
            if isinstance(inner, NpuOp):
                values = inner.writes() if writes else inner.reads()
                if buffer in values:
                    first = first or op
                    last, pipe = op, inner.pipe()
    if first is None or last is None:
        return None
    return _Accesses(first, last, pipe)


def _merge(edges: list[_Edge]) -> list[_Edge]:
    """Edges that begin at the same place in the same iteration become one, to the
    earliest of their ends; likewise edges that end at the same place, from the latest."""
    merged: dict[tuple[Operation, Pipe, bool], _Edge] = {}
    for edge in edges:
        key = (edge.after, edge.pipe, edge.carried)
        other = merged.get(key)
        if other is None or _comes_before(edge.before, other.before):
            merged[key] = edge
    return list(merged.values())


def _comes_before(a: Operation, b: Operation) -> bool:
    block = a.parent_block()
    assert block is not None
    return block.get_operation_index(a) < block.get_operation_index(b)


def _insert(edge: _Edge, flag: int) -> None:
    source, target = edge.after.parent_op(), edge.before.parent_op()
    assert source is not None
    assert target is not None
    sets, waits = [CrossSetOp(flag, edge.pipe)], [CrossWaitOp(flag)]
    Rewriter.insert_op(sets[0], InsertPoint.after(edge.after))
    Rewriter.insert_op(waits[0], InsertPoint.before(edge.before))
    if edge.carried:
        sets.append(CrossSetOp(flag, edge.pipe))
        waits.append(CrossWaitOp(flag))
        Rewriter.insert_op(sets[1], InsertPoint.before(source))
        Rewriter.insert_op(waits[1], InsertPoint.after(target))
    for at, ops in ((edge.after, sets), (edge.before, waits)):
        for op in ops:
            op.location = at.location
