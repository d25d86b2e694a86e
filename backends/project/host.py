"""What the host computes before a launch, from the host functions of a module."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    ReturnedValues,
    TerminatorValue,
    impl,
    impl_terminator,
    register_impls,
)

from backends.ascendc.reserved import check_kernel
from ligrad_ir.dialects.ascendc import core, scalar, tiling
from ligrad_ir.dialects.ascendc.enums import Arithmetic
from passes.to_ascendc.host import BLOCKS, EXTENT, WORKSPACE
from passes.to_ascendc.statements import FOLD


@register_impls
class HostFunctions(InterpreterFunctions):
    """Scalars of a host function; tiling data is a mapping of its fields."""

    @impl(scalar.ConstantOp)
    def constant(
        self, i: Interpreter, op: scalar.ConstantOp, args: PythonValues
    ) -> PythonValues:
        return (op.value.value.data,)

    @impl(scalar.ArithmeticOp)
    def arithmetic(
        self, i: Interpreter, op: scalar.ArithmeticOp, args: PythonValues
    ) -> PythonValues:
        operator: Arithmetic = op.operator.data
        return (FOLD[operator](*args),)

    @impl(tiling.TilingMemberOp)
    def member(
        self, i: Interpreter, op: tiling.TilingMemberOp, args: PythonValues
    ) -> PythonValues:
        return (args[0][op.member.data],)

    @impl(core.UnusedOp)
    def unused(
        self, i: Interpreter, op: core.UnusedOp, args: PythonValues
    ) -> PythonValues:
        return ()

    @impl(scalar.ExpressionOp)
    def expression(
        self, i: Interpreter, op: scalar.ExpressionOp, args: PythonValues
    ) -> PythonValues:
        return i.run_ssacfg_region(op.body, (), op.name)

    @impl_terminator(scalar.YieldOp)
    def give(
        self, i: Interpreter, op: scalar.YieldOp, args: PythonValues
    ) -> tuple[TerminatorValue, PythonValues]:
        return ReturnedValues(args), ()

    @impl_terminator(tiling.ReturnValueOp)
    def give_back(
        self, i: Interpreter, op: tiling.ReturnValueOp, args: PythonValues
    ) -> tuple[TerminatorValue, PythonValues]:
        return ReturnedValues(args), ()


@dataclass(frozen=True)
class Kernel:
    """A kernel as the host sees it: its name, its array arguments in order, its tiling
    struct, the header of that, its fields in order with their meaning, and the functions
    that tell what a launch needs, by their name without that of the program."""

    name: str
    arrays: tuple[str, ...]
    struct: str
    header: str
    fields: Mapping[str, str]
    functions: Mapping[str, tiling.HostFunctionOp]
    module: ModuleOp

    def tiling_data(self, values: Mapping[str, int]) -> bytes:
        """The struct as the kernel reads it: an int64 a field."""
        numbers = [values[name] for name in self.fields]
        return struct.pack(f"<{len(numbers)}q", *numbers)

    def workspace_bytes(self, values: Mapping[str, int], blocks: int) -> int:
        """The bytes of workspace of a launch on so many blocks."""
        return self.evaluate(WORKSPACE, values, blocks)

    def blocks(self, values: Mapping[str, int], cores: int) -> int:
        """How many groups of cores a launch takes of so many."""
        return self.evaluate(BLOCKS, values, cores)

    def extents(self) -> dict[str, tiling.HostFunctionOp]:
        """The functions that compute extents, by their axes."""
        return {
            name.removeprefix(EXTENT): function
            for name, function in self.functions.items()
            if name.startswith(EXTENT)
        }

    def evaluate(self, name: str, values: Mapping[str, int], number: int) -> int:
        """The value of a host function, for these fields of the tiling data."""
        interpreter = Interpreter(self.module)
        interpreter.register_implementations(HostFunctions())
        region = self.functions[name].body
        (result,) = interpreter.run_ssacfg_region(region, (values, number), name)
        return result


def kernel_of(module: ModuleOp) -> Kernel:
    """The kernel of a module that `lower-to-ascendc` made.

    Raises:
        LigradError: it has a name of C or C++.
    """
    ops = list(module.body.block.ops)
    [kernel] = [op for op in ops if isinstance(op, core.KernelOp)]
    check_kernel(kernel.sym_name.data)
    [struct_] = [op for op in ops if isinstance(op, tiling.TilingStructOp)]
    program = struct_.sym_name.data.removesuffix("Tiling")
    assert struct_.header is not None
    arrays = cast("ArrayAttr[StringAttr]", kernel.attributes["npu.arrays"])
    return Kernel(
        kernel.sym_name.data,
        tuple(name.data for name in arrays),
        struct_.sym_name.data,
        struct_.header.data,
        {
            op.sym_name.data: "" if op.comment is None else op.comment.data
            for op in struct_.body.block.ops
            if isinstance(op, tiling.TilingFieldOp)
        },
        {
            op.sym_name.data.removeprefix(program): op
            for op in ops
            if isinstance(op, tiling.HostFunctionOp)
        },
        module,
    )
