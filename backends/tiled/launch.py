"""Launches, buffers and synchronisation of `npu`: one implementation an operation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from xdsl.interpreter import Interpreter, PythonValues, impl, register_impls
from xdsl.ir import SSAValue

from backends.tiled import ops as npu_ops
from backends.tiled.base import NpuBase, Watcher, make_interpreter
from backends.tiled.cores import CoreState, build_cores
from backends.tiled.memory import Buffer, Fault, element_dtype, poisoned, require
from backends.tiled.turns import Baton, Deadlock
from ligrad_ir.dialects.npu import launch as npu
from ligrad_ir.dialects.npu.types import Core, Space, element_of
from ligrad_ir.soc import find_soc


def outer_values(op: npu.LaunchOp) -> list[SSAValue]:
    """The values from around a launch that its bodies use."""
    inner = [found for found in op.walk() if found is not op]
    used = dict.fromkeys(value for found in inner for value in found.operands)
    return [value for value in used if not op.is_ancestor(value.owner)]


@register_impls
class LaunchFunctions(NpuBase):
    """The launch, its cores and their flags."""

    @impl(npu.LaunchOp)
    def launch(
        self, i: Interpreter, op: npu.LaunchOp, args: PythonValues
    ) -> PythonValues:
        (blocks,) = args
        soc = find_soc(op.soc.data)
        most = min(self.run.cores, soc.cube_cores)
        require(1 <= blocks <= most, f"{blocks} blocks on {most} groups of cores")
        outer = outer_values(op)
        baton = Baton(reverse=self.run.reverse)
        self.run.states = build_cores(soc, blocks, baton)
        for core in self.run.states:
            values = dict(zip(outer, i.get_values(outer)))
            core.number = baton.add(
                core.name, partial(self._run_core, core, op, values)
            )
        self.run.begin_launch()
        try:
            baton.run()
        except Deadlock:
            self.run.op = self.run.states[baton.first_waiting() or 0].op
            raise
        for core in self.run.states:
            try:
                core.check_end()
            except Fault:
                self.run.op = core.op
                raise
        return ()

    def _run_core(
        self, core: CoreState, op: npu.LaunchOp, values: Mapping[SSAValue, Any]
    ) -> None:
        interpreter = make_interpreter(self.run, type(self)(self.run, core), core)
        interpreter.set_values(values.items())
        for listener in self.run.listeners:
            if isinstance(listener, Watcher):
                listener.begin_core(core, interpreter)
        region = op.cube if core.kind is Core.CUBE else op.vector
        try:
            # Overflow and NaN are results of the arithmetic here, not mistakes.
            with np.errstate(all="ignore"):
                interpreter.run_ssacfg_region(region, (), core.name)
        except Fault as fault:
            self.run.op = core.op
            raise Fault(f"{core.name}: {fault}") from fault

    # ---- buffers

    @impl(npu.AllocOp)
    def alloc(
        self, i: Interpreter, op: npu.AllocOp, args: PythonValues
    ) -> PythonValues:
        label = f"buffer %{op.result.name_hint or ''}"
        memory = self.core.memories[op.space]
        if op.offset is None:
            data = poisoned(op.size).view(element_dtype(element_of(op.result)))
            return (Buffer(label, op.space, data),)
        start = op.offset.value.data
        require(start + op.size <= memory.size, f"{label} lies behind {op.space}")
        data = memory[start : start + op.size].view(
            element_dtype(element_of(op.result))
        )
        return (Buffer(label, op.space, data, start),)

    @impl(npu.WorkspaceOp)
    def workspace(
        self, i: Interpreter, op: npu.WorkspaceOp, args: PythonValues
    ) -> PythonValues:
        (elements,) = args
        if op not in self.run.workspaces:
            dtype = element_dtype(element_of(op.result))
            data = poisoned(elements * dtype.itemsize).view(dtype)
            label = f"workspace @{op.label.data}"
            self.run.workspaces[op] = Buffer(label, Space.GM, data)
        return (self.run.workspaces[op],)

    # ---- who I am

    @impl(npu.BlockIndexOp)
    def block_index(
        self, i: Interpreter, op: npu.BlockIndexOp, args: PythonValues
    ) -> PythonValues:
        return (self.core.block,)

    @impl(npu.BlockCountOp)
    def block_count(
        self, i: Interpreter, op: npu.BlockCountOp, args: PythonValues
    ) -> PythonValues:
        return (self.core.blocks,)

    @impl(npu.SubBlockIndexOp)
    def sub_block_index(
        self, i: Interpreter, op: npu.SubBlockIndexOp, args: PythonValues
    ) -> PythonValues:
        return (self.core.sub,)

    @impl(npu.FindRunOp)
    def find_run(
        self, i: Interpreter, op: npu.FindRunOp, args: PythonValues
    ) -> PythonValues:
        buffer, runs, position = args
        ends = buffer.scalars(self.core.number, 0, runs)
        found = npu_ops.find_run(ends, position)
        if found is None:
            raise Fault(f"none of the {runs} runs of {buffer.label} holds {position}")
        return found

    # ---- synchronisation

    @impl(npu.SetFlagOp)
    def set_flag(
        self, i: Interpreter, op: npu.SetFlagOp, args: PythonValues
    ) -> PythonValues:
        self.core.set_flag(op.source.data, op.target.data, op.event.value.data)
        return ()

    @impl(npu.WaitFlagOp)
    def wait_flag(
        self, i: Interpreter, op: npu.WaitFlagOp, args: PythonValues
    ) -> PythonValues:
        self.core.wait_flag(op.source.data, op.target.data, op.event.value.data)
        return ()

    @impl(npu.BarrierOp)
    def barrier(
        self, i: Interpreter, op: npu.BarrierOp, args: PythonValues
    ) -> PythonValues:
        return ()

    @impl(npu.AwaitOp)
    def await_(
        self, i: Interpreter, op: npu.AwaitOp, args: PythonValues
    ) -> PythonValues:
        return ()

    @impl(npu.CrossSetOp)
    def cross_set(
        self, i: Interpreter, op: npu.CrossSetOp, args: PythonValues
    ) -> PythonValues:
        self.core.cross_set(op.flag.value.data)
        return ()

    @impl(npu.CrossWaitOp)
    def cross_wait(
        self, i: Interpreter, op: npu.CrossWaitOp, args: PythonValues
    ) -> PythonValues:
        self.core.cross_wait(op.flag.value.data)
        return ()

    @impl(npu.SyncAllOp)
    def sync_all(
        self, i: Interpreter, op: npu.SyncAllOp, args: PythonValues
    ) -> PythonValues:
        self.core.meet(self.core.everyone)
        return ()

    @impl(npu.SyncGroupOp)
    def sync_group(
        self, i: Interpreter, op: npu.SyncGroupOp, args: PythonValues
    ) -> PythonValues:
        self.core.meet(self.core.group)
        return ()
