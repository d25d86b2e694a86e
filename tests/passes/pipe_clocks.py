"""Finds accesses within a core that nothing orders, while a program is interpreted.

Every pipe has a clock, and knows how far the other pipes' work is done as far as flags
have told it. An access that meets another pipe's, unfinished as far as its own pipe
knows, is a hazard; one on the same pipe needs a barrier. Knows no operation's meaning:
only its pipe, and the addresses of its buffers.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.npu.launch import (
    AllocOp,
    BarrierOp,
    SetFlagOp,
    SyncAllOp,
    WaitFlagOp,
)
from ligrad_ir.dialects.npu.types import NpuOp, Pipe

Range = tuple[str, int, int]


@dataclass
class CoreClocks:
    ticks: dict[Pipe, int] = field(default_factory=lambda: defaultdict(int))
    known: dict[Pipe, dict[Pipe, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    flags: dict[tuple[Pipe, Pipe, int], dict[Pipe, int]] = field(default_factory=dict)
    touched: list[tuple[Range, Pipe, int, bool, str]] = field(default_factory=list)


def address(value: SSAValue) -> Range | None:
    """The bytes of a buffer on the chip; none for global memory."""
    if not isinstance(alloc := value.owner, AllocOp):
        return None
    assert alloc.offset is not None
    start = alloc.offset.value.data
    return str(alloc.space), start, start + alloc.size


def overlap(a: Range, b: Range) -> bool:
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


class PipeClocks(Interpreter.Listener):
    """One set of clocks a core, which is a thread of the interpreter."""

    def __init__(self) -> None:
        self._cores: dict[str, CoreClocks] = defaultdict(CoreClocks)
        self.hazards: set[str] = set()

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        core = self._cores[threading.current_thread().name]
        match op:
            case SetFlagOp():
                source, target = op.source.data, op.target.data
                told = dict(core.known[source])
                told[source] = core.ticks[source]
                core.flags[source, target, op.event.value.data] = told
            case WaitFlagOp():
                source, target = op.source.data, op.target.data
                told = core.flags.pop((source, target, op.event.value.data))
                # What the scalar unit waits for is over before anything else is issued.
                pipes = list(Pipe) if target is Pipe.S else [target]
                for pipe in pipes:
                    for other, tick in told.items():
                        known = core.known[pipe]
                        known[other] = max(known[other], tick)
            case BarrierOp():
                core.known[op.on.data][op.on.data] = core.ticks[op.on.data]
            case SyncAllOp():
                for pipe in Pipe:
                    core.known[pipe].update(core.ticks)
            case NpuOp():
                self._access(core, op)
            case _:
                pass

    def _access(self, core: CoreClocks, op: NpuOp) -> None:
        accesses: list[tuple[Pipe, SSAValue, bool]] = []
        scalar = op.scalar_reads()
        for value in op.reads():
            accesses.append((Pipe.S if value in scalar else op.pipe(), value, False))
        accesses += [
            (pipe, v, True) for v in op.writes() for pipe in op.writing_pipes()
        ]
        for pipe, value, writes in accesses:
            if (at := address(value)) is None:
                continue
            for where, other, tick, wrote, name in core.touched:
                if (
                    overlap(at, where)
                    and (writes or wrote)
                    and core.known[pipe][other] < tick
                ):
                    self.hazards.add(f"{op.name} on {pipe} meets {name} on {other}")
        for pipe in {pipe for pipe, _, _ in accesses}:
            core.ticks[pipe] += 1
        for pipe, value, writes in accesses:
            if pipe is Pipe.S or (at := address(value)) is None:
                continue
            core.touched = [
                entry
                for entry in core.touched
                if (entry[:2], entry[3]) != ((at, pipe), writes)
            ]
            core.touched.append((at, pipe, core.ticks[pipe], writes, op.name))
