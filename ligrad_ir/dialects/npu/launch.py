"""Launches, buffers and synchronisation of the `npu` dialect."""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolNameConstraint,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect, NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.npu.function import IDENTIFIER
from ligrad_ir.dialects.npu.types import (
    Buffer,
    Core,
    NpuOp,
    Pipe,
    PipeAttr,
    Size,
    Space,
    buffer,
    buffer_bytes,
    element_of,
    gm_type,
    require,
    require_known_element,
    require_space,
    space_of,
)
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc, find_soc


def _index(value: int) -> IntegerAttr[I64]:
    return IntegerAttr(value, i64)


def capacity(soc: Soc, space: Space) -> int:
    """The bytes of a memory that a kernel may use."""
    return {
        Space.UB: soc.ub_size - soc.ub_reserved,
        Space.L1: soc.l1_size - soc.l1_reserved,
        Space.L0A: soc.l0a_size,
        Space.L0B: soc.l0b_size,
        Space.L0C: soc.l0c_size,
    }[space]


def alignment(soc: Soc, space: Space) -> int:
    """What the address of a buffer is a multiple of, in bytes."""
    return {
        Space.UB: soc.ub_alignment,
        Space.L1: soc.l1_alignment,
        Space.L0A: soc.l0_alignment,
        Space.L0B: soc.l0_alignment,
        Space.L0C: soc.l0c_alignment,
    }[space]


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """
    Runs a cube body and a vector body on `blocks` groups of cores of the chip `soc`.

    Each group has one cube core, which runs the cube body, and two vector cores, which
    both run the vector body; all run side by side, ordered by nothing but the
    synchronisation operations.
    """

    name = "npu.launch"

    soc = prop_def(StringAttr)
    blocks = operand_def(Size)
    cube = region_def("single_block")
    vector = region_def("single_block")

    traits = traits_def(NoTerminator())
    assembly_format = "$soc `blocks` $blocks `cube` $cube `vector` $vector attr-dict"

    def __init__(self, soc: str, blocks: SSAValue, cube: Region, vector: Region):
        super().__init__(
            operands=[blocks],
            properties={"soc": StringAttr(soc)},
            regions=[cube, vector],
        )

    def verify_(self) -> None:
        try:
            soc = find_soc(self.soc.data)
        except LigradError as error:
            raise VerifyException(str(error)) from error  # launch_c1
        for region, core in ((self.cube, Core.CUBE), (self.vector, Core.VECTOR)):
            for op in region.walk():
                if isinstance(op, NpuOp) and op.CORE not in (None, core):
                    raise VerifyException(  # launch_c2
                        f"{op.name} needs a {op.CORE} core and stands in the {core} body"
                    )
                if isinstance(op, AllocOp):
                    op.verify_on(soc, core)


SPACES_OF: dict[Core, tuple[Space, ...]] = {
    Core.CUBE: (Space.L1, Space.L0A, Space.L0B, Space.L0C),
    Core.VECTOR: (Space.UB,),
}


@irdl_op_definition
class AllocOp(IRDLOperation):
    """A buffer on the chip, of static shape; `offset` is its address in bytes, once it
    has been placed."""

    name = "npu.alloc"

    offset = opt_prop_def(IntegerAttr[I64])
    result = result_def(Buffer)
    assembly_format = "(`at` $offset^)? attr-dict `:` type($result)"

    def __init__(self, type: MemRefType[Attribute], offset: int | None = None):
        super().__init__(
            properties={"offset": None if offset is None else _index(offset)},
            result_types=[type],
        )

    @property
    def space(self) -> Space:
        """Where the buffer lies."""
        return space_of(self.result)

    @property
    def size(self) -> int:
        """Bytes of the buffer."""
        return buffer_bytes(buffer(self.result))

    def verify_(self) -> None:
        require(
            self.space is not Space.GM, "global memory is a npu.workspace"
        )  # alloc_c1
        static = buffer(self.result).has_static_shape()
        require(static, "a buffer on the chip has a static shape")  # alloc_c2
        require_known_element(self.result)  # alloc_c6

    def verify_on(self, soc: Soc, core: Core) -> None:
        """Check the buffer against the memories of a core.

        Raises:
            VerifyException: the core has no such memory, or the buffer does not fit.
        """
        require(
            self.space in SPACES_OF[core], f"a {core} core has no {self.space}"
        )  # alloc_c3
        if self.offset is None:  # place-buffers says what does not fit
            return
        room, start = capacity(soc, self.space), self.offset.value.data
        require(
            0 <= start <= room - self.size,
            f"a buffer of {self.size} bytes at {start} does not fit the {room} bytes of "
            f"{self.space} on {soc.name}",
        )  # alloc_c4
        unit = alignment(soc, self.space)
        require(
            start % unit == 0,
            f"a buffer in {self.space} starts at a multiple of {unit}, not at {start}",
        )  # alloc_c5


@irdl_op_definition
class WorkspaceOp(IRDLOperation):
    """A buffer in global memory of `elements` elements that lives as long as the launch;
    `label` names it in messages."""

    name = "npu.workspace"

    label = prop_def(SymbolNameConstraint())
    elements = operand_def(Size)
    result = result_def(Buffer)
    assembly_format = "$label `of` $elements attr-dict `:` type($result)"

    def __init__(self, label: str, elements: SSAValue, element: Attribute):
        super().__init__(
            operands=[elements],
            properties={"label": StringAttr(label)},
            result_types=[gm_type(element)],
        )

    def verify_(self) -> None:
        require_space(self.result, "a workspace", Space.GM)  # workspace_c1
        require_known_element(self.result)  # workspace_c2
        label = self.label.data
        require(
            IDENTIFIER.fullmatch(label) is not None,
            f"the label {label!r} is no identifier: letters, digits and _",
        )  # workspace_c3


class _IdentityOp(IRDLOperation):
    result = result_def(IndexType)
    traits = traits_def(Pure())
    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__(result_types=[IndexType()])


@irdl_op_definition
class BlockIndexOp(_IdentityOp):
    """The number of the group that this core belongs to, from 0."""

    name = "npu.block_index"


@irdl_op_definition
class BlockCountOp(_IdentityOp):
    """How many groups run."""

    name = "npu.block_count"


@irdl_op_definition
class SubBlockIndexOp(_IdentityOp):
    """Which of the vector cores of its group this is, 0 or 1; 0 on the cube core."""

    name = "npu.sub_block_index"


@irdl_op_definition
class FindRunOp(NpuOp):
    """
    Which run an entry of a packed axis belongs to.

    ends: prefix sums of `runs` run lengths (gm, i32). For the first b with position <
    ends[b]: run = b, start = ends[b - 1] (0 for b = 0), end = ends[b]. On S.
    """

    name = "npu.find_run"
    READS: ClassVar = ("ends",)

    ends = operand_def(Buffer)
    runs = operand_def(Size)
    position = operand_def(Size)
    run = result_def(IndexType)
    start = result_def(IndexType)
    end = result_def(IndexType)

    traits = traits_def(MemoryReadEffect())
    assembly_format = "$ends `of` $runs `at` $position attr-dict `:` type($ends)"

    def __init__(self, ends: SSAValue, runs: SSAValue, position: SSAValue):
        super().__init__(
            operands=[ends, runs, position], result_types=[IndexType()] * 3
        )

    def pipe(self) -> Pipe:
        return Pipe.S

    def verify_(self) -> None:
        require_space(self.ends, "the run ends", Space.GM)  # find_run_c1
        require(element_of(self.ends) == i32, "run ends are i32")  # find_run_c2


# ---- synchronisation


class _FlagOp(IRDLOperation):
    source = prop_def(PipeAttr)
    target = prop_def(PipeAttr)
    event = prop_def(IntegerAttr[I64])
    assembly_format = "$source `to` $target `id` $event attr-dict"

    def __init__(self, source: Pipe, target: Pipe, event: int):
        super().__init__(
            properties={
                "source": PipeAttr(source),
                "target": PipeAttr(target),
                "event": _index(event),
            }
        )

    def verify_(self) -> None:
        require(
            self.source.data is not self.target.data,
            "a flag goes from one pipe to another; within one, a npu.barrier orders",
        )  # flag_c1
        require(
            0 <= self.event.value.data < Soc.event_ids,
            f"event ids are 0 to {Soc.event_ids - 1}",
        )  # flag_c2


@irdl_op_definition
class SetFlagOp(_FlagOp):
    """Raised when all that was issued on `source` before is done: `SetFlag`."""

    name = "npu.set_flag"


@irdl_op_definition
class WaitFlagOp(_FlagOp):
    """What is issued on `target` behind it waits for the flag, and takes it down:
    `WaitFlag`."""

    name = "npu.wait_flag"


@irdl_op_definition
class BarrierOp(IRDLOperation):
    """What is issued on the pipe behind it waits for all before it: `PipeBarrier`."""

    name = "npu.barrier"

    on = prop_def(PipeAttr)
    assembly_format = "$on attr-dict"

    def __init__(self, on: Pipe):
        super().__init__(properties={"on": PipeAttr(on)})

    def verify_(self) -> None:
        require(
            self.on.data is not Pipe.S, "the scalar unit is always in order"
        )  # barrier_c1


@irdl_op_definition
class AwaitOp(NpuOp):
    """
    What is issued on a pipe behind it waits until nothing that is ahead of it still
    reads or writes a buffer.

    No instruction: `insert-sync` puts the flags before it. A pipe that waits here need
    not wait later, when more has been issued, or again in every iteration of a loop.
    """

    name = "npu.await"

    buffer = operand_def(Buffer)
    on = prop_def(PipeAttr)
    assembly_format = "$buffer `on` $on attr-dict `:` type($buffer)"

    def __init__(self, buffer: SSAValue, on: Pipe):
        super().__init__(operands=[buffer], properties={"on": PipeAttr(on)})

    def pipe(self) -> Pipe:
        return self.on.data

    def verify_(self) -> None:
        require(
            space_of(self.buffer) is not Space.GM,
            "what is awaited is a core's own buffer",
        )  # await_c1


class _CrossOp(IRDLOperation):
    flag = prop_def(IntegerAttr[I64])

    def verify_(self) -> None:
        flag = self.flag.value.data
        require(
            0 <= flag < Soc.cross_core_flags,
            f"cross-core flags are 0 to {Soc.cross_core_flags - 1}, not {flag}",
        )  # cross_c1


@irdl_op_definition
class CrossSetOp(_CrossOp):
    """
    Counts the flag up on the other side of the group, when all that was issued on the
    pipe before is done: `CrossCoreSetFlag` in mode 2. A set by the cube core counts for
    each vector core; the cube core's count goes up when both vector cores have set.
    """

    name = "npu.cross_set"

    on = prop_def(PipeAttr)
    assembly_format = "$flag `on` $on attr-dict"

    def __init__(self, flag: int, on: Pipe):
        super().__init__(properties={"flag": _index(flag), "on": PipeAttr(on)})

    def verify_(self) -> None:
        super().verify_()
        require(self.on.data is not Pipe.S, "S sets no cross-core flag")  # cross_set_c1


@irdl_op_definition
class CrossWaitOp(_CrossOp):
    """Stops the core until the flag counts at least 1, and counts it down:
    `CrossCoreWaitFlag`."""

    name = "npu.cross_wait"

    assembly_format = "$flag attr-dict"

    def __init__(self, flag: int):
        super().__init__(properties={"flag": _index(flag)})


@irdl_op_definition
class SyncAllOp(IRDLOperation):
    """Stops the core until all cores of all groups have come to it, and all that they
    have done before is over: `SyncAll<false>`."""

    name = "npu.sync_all"

    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__()


@irdl_op_definition
class SyncGroupOp(IRDLOperation):
    """
    Stops the core until the three cores of its group have come to it.

    The chip has no such instruction: it orders a program before `insert-cross-sync`
    puts flags in its place.
    """

    name = "npu.sync_group"

    assembly_format = "attr-dict"

    def __init__(self) -> None:
        super().__init__()


OPS: tuple[type[Operation], ...] = (
    AllocOp,
    AwaitOp,
    BarrierOp,
    BlockCountOp,
    BlockIndexOp,
    CrossSetOp,
    CrossWaitOp,
    FindRunOp,
    LaunchOp,
    SetFlagOp,
    SubBlockIndexOp,
    SyncAllOp,
    SyncGroupOp,
    WaitFlagOp,
    WorkspaceOp,
)
