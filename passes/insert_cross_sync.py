"""Order the cube and the vector cores of a group where they share global memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.scf import ForOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.npu.launch import (
    CrossSetOp,
    CrossWaitOp,
    LaunchOp,
    SyncAllOp,
    SyncGroupOp,
)
from ligrad_ir.dialects.npu.types import NpuOp, Pipe
from ligrad_ir.soc import find_soc
from passes.order.cross_flags import Edge, share_flags
from passes.order.sync_regions import contested
from passes.to_npu.unsupported import UnsupportedError


@dataclass(frozen=True)
class InsertCrossSyncPass(ModulePass):
    """
    Inserts cross-core flags from the reads and writes of buffers in global memory, and
    drops every `npu.sync_group`, whose work they do.

    A buffer that one side writes and the other reads in a loop takes two flags: one from
    the last write to the first read, and one back from the last read to the first write
    of the next iteration. The flag back is set once before the loops and awaited once
    after them, so every count returns to 0 and never exceeds the flags of an id, whatever
    the number of iterations. The sync_groups tell which of the two flags belongs to the
    next iteration: a buffer that is read in an earlier group than it is written in holds
    what the iteration before wrote.

    Accesses that `npu.sync_all` separates need no flags (`passes.order.sync_regions`).
    Where there are fewer ids than flags, flags that come in the same order at both ends
    share one (`passes.order.cross_flags`). Loops with a sync_all between them use the same
    ids again, each for the same core and pipe: no flag is set after a loop.

    The loops are those with sync_groups between their operations, which are the same in
    both bodies; a buffer is ordered in the innermost one that holds all its accesses. In a
    program without sync_groups it is the one loop with accesses.
    """

    name = "insert-cross-sync"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for launch in op.walk():
            if isinstance(launch, LaunchOp):
                _synchronise(launch)
                for inner in tuple(launch.walk()):
                    if isinstance(inner, SyncGroupOp):
                        Rewriter.erase_op(inner)


@dataclass(frozen=True)
class _Access:
    """Where the body of one core's loop touches a buffer: an operation of the loop's
    block, and the pipe of the last one in it that does."""

    op: Operation
    pipe: Pipe


def _synchronise(launch: LaunchOp) -> None:
    shared = contested(launch)
    if not shared:
        return
    if any(isinstance(op, CrossSetOp | CrossWaitOp) for op in launch.walk()):
        raise PassFailedException(
            "insert-cross-sync: there are cross-core flags already"
        )
    edges: list[Edge] = []
    for buffer, ops in shared.items():
        cube, vector = (_loop(r.block, ops) for r in (launch.cube, launch.vector))
        for writer, reader in ((cube, vector), (vector, cube)):
            writes = _accesses(writer, buffer, writes=True)
            reads = _accesses(reader, buffer, writes=False)
            if writes and reads:
                edges += _edges(writes, reads)
    limit = find_soc(launch.soc.data).cross_core_flags
    loops = _by_loop(_merge(edges))
    flags = _numbered([[[edge] for edge in loop] for loop in loops])
    if max(number for number, _ in flags) >= limit:
        flags = _numbered([share_flags(loop) for loop in loops])
    for number, sharing in flags:
        if number >= limit:
            raise UnsupportedError(
                sharing[0].after,
                f"cube and vector cores hand values over in {len(flags)} orders, for each "
                f"of which there is a flag; a chip has {limit}",
                "compute some outputs in an operator of their own",
            )
    for number, sharing in flags:
        for edge in sharing:
            _insert(edge, number)


def _by_loop(edges: list[Edge]) -> list[list[Edge]]:
    """The edges of each loop that sync_alls keep apart from others."""
    found: dict[int, list[Edge]] = {}
    for edge in edges:
        body, loop = _body_and_loop(edge.after)
        ahead = takewhile(lambda op, end=loop: op is not end, body.ops)
        meetings = sum(isinstance(op, SyncAllOp) for op in ahead)
        found.setdefault(meetings, []).append(edge)
    return [found[meetings] for meetings in sorted(found)]


def _numbered(loops: list[list[list[Edge]]]) -> list[tuple[int, list[Edge]]]:
    """An id for each of the flags of the loops: a later loop uses those of the earlier ones
    again, each for flags of the same core and pipe."""
    ids: dict[tuple[Block, Pipe], list[int]] = {}
    found: list[tuple[int, list[Edge]]] = []
    for flags in loops:
        used = Counter[tuple[Block, Pipe]]()
        for sharing in flags:
            body, _ = _body_and_loop(sharing[0].after)
            kind = body, sharing[0].pipe
            own = ids.setdefault(kind, [])
            if used[kind] == len(own):
                own.append(sum(map(len, ids.values())))
            found.append((own[used[kind]], sharing))
            used[kind] += 1
    return found


def _body_and_loop(op: Operation) -> tuple[Block, Operation]:
    """The body of a core that an operation is in, and the loop of the body."""
    while not isinstance(outer := op.parent_op(), LaunchOp):
        assert outer is not None
        op = outer
    body = op.parent_block()
    assert body is not None
    return body, op


def _loop(body: Block, shared: set[Operation]) -> ForOp:
    """The innermost loop with sync_groups that holds these operations of a body; without
    sync_groups the one loop that does, of nested ones that in which no sync_all stands."""
    holders = [op for op in body.ops if any(inner in shared for inner in op.walk())]
    if len(holders) != 1 or not isinstance(loop := holders[0], ForOp):
        raise PassFailedException(
            "insert-cross-sync: buffers are shared outside the one loop over tokens"
        )
    inner = loop.body.block
    if any(isinstance(op, SyncAllOp) for op in inner.ops):
        return _loop(inner, shared)
    while True:
        holders = [op for op in inner.ops if any(o in shared for o in op.walk())]
        if len(holders) != 1 or not isinstance(deeper := holders[0], ForOp):
            return loop
        inner = deeper.body.block
        if not any(isinstance(op, SyncGroupOp) for op in inner.ops):
            return loop
        loop = deeper


def _phase(op: Operation) -> int:
    """How many sync_groups are ahead of an operation in its block."""
    block = op.parent_block()
    assert block is not None
    count = 0
    for other in block.ops:
        if other is op:
            break
        count += isinstance(other, SyncGroupOp)
    return count


def _accesses(loop: ForOp, buffer: SSAValue, *, writes: bool) -> list[_Access]:
    found: list[_Access] = []
    for op in loop.body.block.ops:
        pipes = [
            inner.pipe()
            for inner in op.walk()
            if isinstance(inner, NpuOp)
            and buffer in (inner.writes() if writes else inner.reads())
        ]
        if pipes:
            found.append(_Access(op, pipes[-1]))
    return found


def _edges(writes: list[_Access], reads: list[_Access]) -> list[Edge]:
    """From the last write to the first read of what was written, and from the last read
    of it to the first write of the next iteration. Of a ring's slot, some may be read in
    the iteration that writes it, and more in the next one, ahead of the write there."""
    begin, end = _phase(writes[0].op), _phase(writes[-1].op)
    same = [read for read in reads if _phase(read.op) >= end]
    next_ = [read for read in reads if _phase(read.op) < begin]
    if len(same) + len(next_) < len(reads):
        raise PassFailedException(
            "insert-cross-sync: a buffer is written again while it is read"
        )
    first, last = [*same, *next_][0], [*same, *next_][-1]
    return [
        Edge(writes[-1].op, writes[-1].pipe, first.op, carried=not same),
        Edge(last.op, last.pipe, writes[0].op, carried=not next_),
    ]


def _merge(edges: list[Edge]) -> list[Edge]:
    """Edges that begin at the same place in the same iteration become one, to the
    earliest of their ends."""
    merged: dict[tuple[Operation, Pipe, bool], Edge] = {}
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


def _insert(edge: Edge, flag: int) -> None:
    source, target = (_outermost(op) for op in (edge.after, edge.before))
    sets, waits = [CrossSetOp(flag, edge.pipe)], [CrossWaitOp(flag)]
    Rewriter.insert_op(sets[0], InsertPoint.after(edge.after))
    Rewriter.insert_op(waits[0], InsertPoint.before(edge.before))
    if edge.carried:
        sets.append(CrossSetOp(flag, edge.pipe))
        waits.append(CrossWaitOp(flag))
        Rewriter.insert_op(sets[1], InsertPoint.before(source))
        Rewriter.insert_op(waits[1], InsertPoint.after(target))
    for at, ops in ((edge.after, sets), (edge.before, waits)):
        inner = next((op for op in at.walk() if isinstance(op, NpuOp)), at)
        for op in ops:
            op.location = inner.location


def _outermost(op: Operation) -> ForOp:
    """The outermost loop around an operation of a loop in which no sync_all stands: every
    iteration of the inner one sets and awaits the flag once, so it may be up in between."""
    loop = op.parent_op()
    assert isinstance(loop, ForOp)
    while isinstance(outer := loop.parent_op(), ForOp):
        if any(isinstance(each, SyncAllOp) for each in outer.body.block.ops):
            break
        loop = outer
    return loop
