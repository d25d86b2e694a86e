"""Order: flags between the pipes of a core, barriers, flags between cores, atomics."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    BoolAttr,
    IntegerAttr,
    bf16,
    f16,
    f32,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue, TypeAttribute
from xdsl.irdl import BaseAttr, irdl_op_definition, operand_def, prop_def

from ligrad_ir.dialects.ascendc.base import (
    COUNT,
    CallOp,
    core_of,
    require,
    require_range,
)
from ligrad_ir.dialects.ascendc.enums import (
    Core,
    HardEvent,
    HardEventAttr,
    Pipe,
    PipeAttr,
)
from ligrad_ir.soc import Soc

ATOMIC_TYPES: Sequence[Attribute] = (f32, f16, bf16, i16, i32, i8)


class _Flag(CallOp, ABC):
    CPP_TEMPLATE: ClassVar = ("event",)
    CPP_ARGUMENTS: ClassVar = ("event_id",)

    event = prop_def(HardEventAttr)
    event_id = operand_def(COUNT)
    assembly_format: ClassVar[str | None] = (
        "$event $event_id attr-dict `:` type($event_id)"
    )

    def __init__(
        self,
        event: HardEvent,
        event_id: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            event_id, properties={"event": HardEventAttr(event)}, comment=comment
        )

    def check(self) -> None:
        require_range(self.event_id, 0, Soc.event_ids - 1, "an event id")  # flag_c1
        core = core_of(self)
        require(  # flag_c2
            core is None or core in self.event.data.cores,
            f"an {core} core has no event {self.event.data.value}",
        )


@irdl_op_definition
class SetFlagOp(_Flag):
    """
    `SetFlag<HardEvent>(id);`: queued on the first pipe of the event, takes effect when
    the work before it is finished. Page "SetFlag/WaitFlag".

    event_id: 0 to 7, for each event its own; exactly one wait for every set.
    """

    name = "ascendc.set_flag"
    CPP_NAME: ClassVar = "SetFlag"

    def pipe(self) -> Pipe:
        return self.event.data.source


@irdl_op_definition
class WaitFlagOp(_Flag):
    """`WaitFlag<HardEvent>(id);`: the second pipe of the event waits for the flag.
    Page "SetFlag/WaitFlag"."""

    name = "ascendc.wait_flag"
    CPP_NAME: ClassVar = "WaitFlag"

    def pipe(self) -> Pipe:
        return self.event.data.destination


@irdl_op_definition
class PipeBarrierOp(CallOp):
    """`PipeBarrier<PIPE_X>();`: the pipe finishes what is before it. Page
    "PipeBarrier"."""

    name = "ascendc.pipe_barrier"
    CPP_NAME: ClassVar = "PipeBarrier"
    CPP_TEMPLATE: ClassVar = ("on",)

    on = prop_def(PipeAttr)
    assembly_format = "$on attr-dict"

    def __init__(self, on: Pipe, comment: str | None = None):
        super().__init__(properties={"on": PipeAttr(on)}, comment=comment)

    def pipe(self) -> Pipe:
        return self.on.data

    def check(self) -> None:
        require(self.on.data != Pipe.S, "pipe s has no barrier")  # pipe_barrier_c1


@irdl_op_definition
class CrossCoreSetFlagOp(CallOp):
    """
    `CrossCoreSetFlag<mode, PIPE_X>(flag);`: when the pipe's work is finished.

    mode: 0 all cores of a kind, 1 the two vector cores of a block, 2 the cube core and
    its vector cores; flag: 0 to 10, at most 15 sets ahead of their waits. Page
    "CrossCoreSetFlag".
    """

    name = "ascendc.cross_core_set_flag"
    CPP_NAME: ClassVar = "CrossCoreSetFlag"
    CPP_TEMPLATE: ClassVar = ("mode", "after")
    CPP_ARGUMENTS: ClassVar = ("flag",)

    mode = prop_def(IntegerAttr[I64])
    after = prop_def(PipeAttr)
    flag = operand_def(COUNT)
    assembly_format = "$mode $after $flag attr-dict `:` type($flag)"

    def __init__(
        self,
        mode: int,
        after: Pipe,
        flag: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            flag,
            properties={"mode": IntegerAttr(mode, i64), "after": PipeAttr(after)},
            comment=comment,
        )

    def pipe(self) -> Pipe:
        return self.after.data

    def check(self) -> None:
        mode = self.mode.value.data
        require(0 <= mode <= 2, f"mode {mode} is not in 0..2")  # cross_core_set_flag_c1
        require(  # cross_core_set_flag_c2
            self.after.data not in (Pipe.S, Pipe.ALL),
            f"a flag between cores does not follow pipe {self.after.data.value}",
        )
        require_range(
            self.flag, 0, Soc.cross_core_flags - 1, "a flag id"
        )  # cross_core_set_flag_c3
        require(  # cross_core_set_flag_c4
            mode != 1 or core_of(self) != Core.AIC,
            "mode 1 is between vector cores",
        )


@irdl_op_definition
class CrossCoreWaitFlagOp(CallOp):
    """`CrossCoreWaitFlag(flag);`: the core issues nothing more before the flag is set.
    Page "CrossCoreWaitFlag"."""

    name = "ascendc.cross_core_wait_flag"
    CPP_NAME: ClassVar = "CrossCoreWaitFlag"

    flag = operand_def(COUNT)
    assembly_format = "$flag attr-dict `:` type($flag)"

    def check(self) -> None:
        require_range(
            self.flag, 0, Soc.cross_core_flags - 1, "a flag id"
        )  # cross_core_wait_flag_c1


@irdl_op_definition
class SyncAllOp(CallOp):
    """`SyncAll<only_vector>();`: all vector cores meet, or all cores of both kinds. Page
    "SyncAll"."""

    name = "ascendc.sync_all"
    CPP_NAME: ClassVar = "SyncAll"
    CPP_TEMPLATE: ClassVar = ("only_vector",)

    only_vector = prop_def(BoolAttr)
    assembly_format = "$only_vector attr-dict"

    def __init__(self, only_vector: bool, comment: str | None = None):
        super().__init__(
            properties={"only_vector": IntegerAttr.from_bool(only_vector)},
            comment=comment,
        )

    def pipe(self) -> Pipe:
        return Pipe.ALL

    def check(self) -> None:
        require(  # sync_all_c1
            not self.only_vector.value.data or core_of(self) != Core.AIC,
            "a barrier of the vector cores is for vector cores",
        )


@irdl_op_definition
class SetAtomicAddOp(CallOp):
    """`SetAtomicAdd<T>();`: what this core writes to global memory from here on is
    added to it. T: the type that arrives there. Page "SetAtomicAdd"."""

    name = "ascendc.set_atomic_add"
    CPP_NAME: ClassVar = "SetAtomicAdd"
    CPP_TEMPLATE: ClassVar = ("type",)

    type = prop_def(BaseAttr(TypeAttribute))
    assembly_format = "$type attr-dict"

    def __init__(self, type: TypeAttribute, comment: str | None = None):
        super().__init__(properties={"type": type}, comment=comment)

    def check(self) -> None:
        names = ", ".join(map(str, ATOMIC_TYPES))
        require(  # set_atomic_add_c1
            self.type in ATOMIC_TYPES, f"atomics add {names}, not {self.type}"
        )


@irdl_op_definition
class SetAtomicNoneOp(CallOp):
    """`SetAtomicNone();`: writes replace again. Page "SetAtomicNone"."""

    name = "ascendc.set_atomic_none"
    CPP_NAME: ClassVar = "SetAtomicNone"

    assembly_format = "attr-dict"


OPS: Sequence[type[Operation]] = (
    CrossCoreSetFlagOp,
    CrossCoreWaitFlagOp,
    PipeBarrierOp,
    SetAtomicAddOp,
    SetAtomicNoneOp,
    SetFlagOp,
    SyncAllOp,
    WaitFlagOp,
)
