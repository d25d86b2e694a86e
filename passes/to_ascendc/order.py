"""Synchronisation: statements of the same meaning."""

from __future__ import annotations

from xdsl.dialects.builtin import i32
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.ascendc import sync as ascendc
from ligrad_ir.dialects.ascendc.enums import HardEvent, Pipe
from ligrad_ir.dialects.npu import launch as npu
from passes.to_ascendc.statements import Statements, lower

WITHIN_GROUP = 2
"""The mode of cross-core flags between a cube core and its vector cores."""


@lower.register(npu.SetFlagOp)
@lower.register(npu.WaitFlagOp)
def _(op: npu.SetFlagOp | npu.WaitFlagOp, s: Statements) -> None:
    name = f"{op.source.data.value}_{op.target.data.value}"
    if name not in set(HardEvent):
        raise PassFailedException(f"lower-to-ascendc: there is no event {name}")
    flag = ascendc.SetFlagOp if isinstance(op, npu.SetFlagOp) else ascendc.WaitFlagOp
    s.insert(flag(HardEvent(name), s.constant(op.event.value.data, i32)))


@lower.register
def _(op: npu.BarrierOp, s: Statements) -> None:
    s.barrier(Pipe(op.on.data.value))


@lower.register
def _(op: npu.AwaitOp, s: Statements) -> None:
    """The flags before it are statements of their own."""


@lower.register
def _(op: npu.CrossSetOp, s: Statements) -> None:
    flag = s.constant(op.flag.value.data, i32)
    pipe = Pipe(op.on.data.value)
    s.insert(ascendc.CrossCoreSetFlagOp(WITHIN_GROUP, pipe, flag))


@lower.register
def _(op: npu.CrossWaitOp, s: Statements) -> None:
    s.insert(ascendc.CrossCoreWaitFlagOp(s.constant(op.flag.value.data, i32)))


@lower.register
def _(op: npu.SyncAllOp, s: Statements) -> None:
    """The API's own meeting waits for what is on its way to global memory only."""
    s.barrier(Pipe.ALL)
    s.insert(ascendc.SyncAllOp(only_vector=False))
