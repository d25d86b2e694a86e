"""A launch becomes the source of a kernel, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.ascendc.core import (
    IncludeOp,
    KernelOp,
    OnAicOp,
    OnAivOp,
)
from ligrad_ir.dialects.ascendc.enums import Core, Pipe
from ligrad_ir.dialects.ascendc.memory import TPipeOp
from ligrad_ir.dialects.npu.launch import AllocOp, LaunchOp, WorkspaceOp
from ligrad_ir.signature import entry_function
from ligrad_ir.soc import find_soc
from passes.to_ascendc import cube, indexed_rows, moves, order, vectors
from passes.to_ascendc.frame import (
    KernelFrame,
    Parameter,
    declare_memories,
    parameters_of,
    region_bytes,
    snake_case,
    tiling_struct,
)
from passes.to_ascendc.host import HostFrame
from passes.to_ascendc.scalars import lower_block
from passes.to_ascendc.statements import Size, Statements, lower

LOWERINGS = (cube, indexed_rows, moves, order, vectors)
"""The modules that register lowerings besides those of scalars."""


@dataclass(frozen=True)
class LowerToAscendcPass(ModulePass):
    """
    Replaces an `npu` function by a kernel of `ascendc` statements.

    The kernel takes an address for every array, the workspace and the tiling data: a
    struct of the extents and attributes, in a header `<name>_tiling.h`. Host functions
    beside the struct tell what a launch needs (`passes/to_ascendc/host.py`); the attribute
    `npu.arrays` of the kernel names its arrays.

    Assumes placed buffers and complete synchronisation. Decides nothing.
    """

    name = "lower-to-ascendc"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        function = entry_function(op)
        launches = [o for o in function.body.block.ops if isinstance(o, LaunchOp)]
        if len(launches) != 1:
            raise PassFailedException(
                f"lower-to-ascendc: {function.sym_name.data} has {len(launches)} "
                "launches, a kernel is one"
            )
        kernel = _Kernel(function, launches[0])
        body = op.body.block
        for child in list(body.ops):
            child.detach()
        body.add_ops(kernel.ops())


class _Kernel:
    def __init__(self, function: FuncOp, launch: LaunchOp):
        self._function = function
        self._launch = launch
        self._soc = find_soc(launch.soc.data)
        self._name = function.sym_name.data
        self._parameters: list[Parameter] = parameters_of(function)
        self._struct = f"{self._name}Tiling"
        self._header = f"{snake_case(self._name)}_tiling.h"
        self._workspaces = [
            op for op in function.body.block.ops if isinstance(op, WorkspaceOp)
        ]

    def ops(self) -> list[Operation]:
        """The operations of the new module."""
        host = HostFrame(self._name, self._struct, self._header, self._parameters)
        return [
            IncludeOp("kernel_operator.h"),
            tiling_struct(self._struct, self._parameters, self._header),
            *host.functions(self._workspace_bytes),
            self._kernel(),
        ]

    def _prologue(self, s: Statements) -> None:
        """Sizes that are computed in front of the launch."""
        for op in self._function.body.block.ops:
            if not isinstance(op, WorkspaceOp | LaunchOp | ReturnOp):
                s.location = op.location
                lower(op, s)

    def _workspace_bytes(self, s: Statements) -> Size:
        self._prologue(s)
        total: Size = 0
        for op in self._workspaces:
            total = s.add(total, region_bytes(s, op, self._soc), f"{op.label.data}_end")
        return total

    def _kernel(self) -> KernelOp:
        block = Block()
        values: dict[SSAValue, SSAValue] = {}
        s = Statements(block, values)
        frame = KernelFrame(s, block, self._parameters, self._soc)
        frame.declare(self._struct)
        self._prologue(s)
        frame.view_workspaces(self._workspaces)
        s.location = None
        pipe = s.value(TPipeOp(), "pipe")
        for on_core, core, region in (
            (OnAicOp, Core.AIC, self._launch.cube),
            (OnAivOp, Core.AIV, self._launch.vector),
        ):
            inner = Block()
            part = Statements(inner, dict(values), core, s.words)
            allocs = [op for op in region.walk() if isinstance(op, AllocOp)]
            declare_memories(part, pipe, allocs)
            lower_block(region.block, part)
            s.insert(on_core(Region(inner)))
        s.barrier(Pipe.ALL)
        kernel = KernelOp(snake_case(self._name), Region(block))
        arrays = [StringAttr(p.name) for p in self._parameters if not p.is_number]
        kernel.attributes["npu.arrays"] = ArrayAttr(arrays)
        return kernel
