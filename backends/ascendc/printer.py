"""Spells a module of `ascendc` operations as C++, and decides nothing.

Every operation is one statement under its own name; a constant is the one exception, a
literal where it is used. Names come from the hints of SSA values.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import IO, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.utils.target import Target

from backends.ascendc.base import EmitError
from backends.ascendc.expressions import ExpressionPrinter
from backends.ascendc.names import (
    Names,
    NoSpellingError,
    cpp_attribute,
    cpp_literal,
    cpp_type,
)
from backends.ascendc.reserved import member
from ligrad_ir.dialects.ascendc import core, memory, scalar, tiling
from ligrad_ir.dialects.ascendc.base import AscendCOp, CallOp, MethodOp, ParamsOp
from ligrad_ir.places import blame

DEFINITIONS = (
    core.FunctionOp,
    core.KernelOp,
    tiling.HostFunctionOp,
    tiling.TilingStructOp,
)
"""What stands by itself in a module, under a name."""


@dataclass(eq=False, repr=False)
class AscendCPrinter(ExpressionPrinter):
    """A case for every operation, or for the shape that it has."""

    def print_ops(self, block: Block) -> None:
        """Every statement of a block, under its comments."""
        for op in block.ops:
            self.print_op(op)

    def print_op(self, op: Operation) -> None:
        """One statement, under its comments. Raises EmitError."""
        try:
            if isinstance(op, AscendCOp) and not isinstance(op, scalar.ConstantOp):
                self.print_comments(op)
            self.print(op)
        except NoSpellingError as error:
            raise EmitError(f"{blame(op)}: {error}") from error

    @singledispatchmethod
    def print(self, op: Operation) -> None:
        """The statement itself; an operation without a case of its own is an error."""
        raise EmitError(f"{blame(op)} is no statement of Ascend C")

    @print.register
    def _(self, op: ModuleOp) -> None:
        symbols = [
            child.sym_name.data
            for child in op.body.block.ops
            if isinstance(child, DEFINITIONS)
        ]
        for child in op.body.block.ops:
            if isinstance(child, tiling.HostFunctionOp) and child.header is not None:
                continue
            if isinstance(child, DEFINITIONS):
                self.line("")
            self.names, self.last_place = Names(symbols), None
            self.print_op(child)

    @print.register
    def _(self, op: core.IncludeOp) -> None:
        self.line(f'#include "{op.file.data}"')

    @print.register
    def _(self, op: core.CommentOp) -> None:
        pass  # the comment above the statement is all of it

    @print.register
    def _(self, op: tiling.TilingStructOp) -> None:
        if op.header is not None and not self.header:
            self.line(f'#include "{op.header.data}"')
            return
        with self.braces(f"struct {op.sym_name.data} {{", "};"):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: tiling.HostFunctionOp) -> None:
        data, blocks = op.body.block.args
        self.line(
            f"inline int64_t {op.sym_name.data}({self.parameter(data)}, "
            f"{cpp_type(blocks.type)} {self.name(blocks)})"
        )
        with self.braces("{"):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: tiling.ReturnValueOp) -> None:
        self.line(f"return {self.name(op.value)};")

    @print.register
    def _(self, op: tiling.TilingFieldOp) -> None:
        self.line(f"{cpp_type(op.type)} {member(op.sym_name.data)};")

    @print.register
    def _(self, op: core.KernelOp) -> None:
        arguments = ", ".join(map(self.declaration, op.body.block.args))
        self.line(
            f'extern "C" __global__ __aicore__ void {op.sym_name.data}({arguments})'
        )
        with self.braces("{"):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: core.FunctionOp) -> None:
        arguments = ", ".join(map(self.parameter, op.body.block.args))
        self.line(f"__aicore__ inline void {op.sym_name.data}({arguments})")
        with self.braces("{"):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: core.KernelTypeOp) -> None:
        self.line(f"KERNEL_TASK_TYPE_DEFAULT({cpp_attribute(op.type)});")

    @print.register
    def _(self, op: tiling.RegisterTilingOp) -> None:
        self.line(f"REGISTER_TILING_DEFAULT({op.struct.data});")

    @print.register
    def _(self, op: tiling.GetTilingDataOp) -> None:
        self.line(f"GET_TILING_DATA({self.name(op.result)}, {self.name(op.tiling)});")

    @print.register
    def _(self, op: tiling.TilingMemberOp) -> None:
        self.define(op, f"{self.name(op.tiling)}.{member(op.member.data)}")

    @print.register
    def _(self, op: core.ForOp) -> None:
        variable = op.body.block.args[0]
        i, lower, upper, step = map(self.name, (variable, *op.operands))
        type = cpp_type(variable.type)
        head = f"for ({type} {i} = {lower}; {i} < {upper}; {i} += {step}) {{"
        with self.braces(head):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: core.IfOp) -> None:
        otherwise = op.otherwise
        end = "}" if otherwise is None else "} else {"
        with self.braces(f"if ({self.name(op.condition)}) {{", end):
            self.print_ops(op.body.block)
        if otherwise is not None:
            with self.indented():
                self.print_ops(otherwise.block)
            self.line("}")

    @print.register
    def _(self, op: core.OnCoreOp) -> None:
        with self.braces(f"if {op.CPP_NAME} {{"):
            self.print_ops(op.body.block)

    @print.register
    def _(self, op: core.ReturnOp) -> None:
        self.line("return;")

    @print.register
    def _(self, op: core.UnusedOp) -> None:
        self.line(f"(void){self.name(op.value)};")

    @print.register
    def _(self, op: scalar.ExpressionOp) -> None:
        last = op.body.block.last_op
        assert isinstance(last, scalar.YieldOp)
        self.define(op, self.expression(last.value, op.body.block)[0])

    @print.register
    def _(self, op: scalar.YieldOp) -> None:
        pass  # the expression's value

    @print.register
    def _(self, op: scalar.ConstantOp) -> None:
        pass  # a literal, where it is used

    @print.register
    def _(self, op: scalar.ConstexprOp) -> None:
        type, name = cpp_type(op.result.type), self.name(op.result)
        self.line(f"constexpr {type} {name} = {cpp_literal(op.value)};")

    @print.register(scalar.ArithmeticOp)
    @print.register(scalar.CmpOp)
    @print.register(scalar.ChooseOp)
    @print.register(scalar.ScalarCastOp)
    def _(self, op: scalar.Term) -> None:
        self.define(op, self.term(op, None)[0])

    @print.register
    def _(self, op: scalar.VariableOp) -> None:
        type, name = cpp_type(op.init.type), self.name(op.result)
        self.line(f"{type} {name} = {self.name(op.init)};")

    @print.register
    def _(self, op: scalar.AssignOp) -> None:
        self.line(f"{self.name(op.variable)} = {self.name(op.value)};")

    @print.register
    def _(self, op: scalar.ReadOp) -> None:
        self.define(op, self.name(op.variable))

    @print.register
    def _(self, op: memory.DeclarationOp) -> None:
        self.line(f"{self.declaration(op.results[0])};")

    @print.register
    def _(self, op: memory.SetGlobalBufferOp) -> None:
        name, address, count = map(self.name, op.operands)
        pointer = f"__gm__ {cpp_type(memory.element(op.tensor))}*"
        cast = f"reinterpret_cast<{pointer}>({address})"
        self.line(f"{name}.SetGlobalBuffer({cast}, {count});")

    @print.register
    def _(self, op: memory.OffsetAddressOp) -> None:
        self.define(op, " + ".join(map(self.name, op.operands)))

    @print.register
    def _(self, op: memory.TensorAtOp) -> None:
        self.define(op, f"{self.name(op.tensor)}[{self.name(op.offset)}]")

    @print.register
    def _(self, op: CallOp) -> None:
        arguments = ", ".join(map(self.argument, op.arguments()))
        self.define(op, f"AscendC::{op.CPP_NAME}{self.template(op)}({arguments})")

    @print.register
    def _(self, op: MethodOp) -> None:
        this, *others = map(self.argument, op.arguments())
        call = f"{op.CPP_NAME}{self.template(op)}({', '.join(others)})"
        self.define(op, f"{this}.{call}")

    @print.register
    def _(self, op: ParamsOp) -> None:
        fields = ", ".join(map(self.argument, op.fields()))
        self.line(f"{self.declaration(op.results[0])}{{{fields}}};")


def print_kernel(module: ModuleOp, *, locations: bool = True) -> str:
    """The kernel source: everything in the module, where a tiling struct that belongs
    to a header is an include of it. Raises EmitError."""
    stream = io.StringIO()
    AscendCPrinter(stream, locations=locations).print_op(module)
    return stream.getvalue().lstrip("\n") + "\n"


def print_tiling_header(module: ModuleOp, *, locations: bool = True) -> str:
    """The header with the tiling structs and what the host computes from them."""
    kinds = (tiling.TilingStructOp, tiling.HostFunctionOp)
    return _print(module, kinds, PROLOGUE, locations)


PROLOGUE = "#pragma once\n#include <cstdint>"


def _print(
    module: ModuleOp, kinds: tuple[type[Operation], ...], head: str, locations: bool
) -> str:
    """The operations of some kinds, one by one, as they stand in a header."""
    stream = io.StringIO(head)
    stream.seek(0, io.SEEK_END)
    printer = AscendCPrinter(stream, locations=locations, header=True)
    for op in module.body.block.ops:
        if isinstance(op, kinds):
            printer.line("")
            printer.names = Names()
            printer.print_op(op)
    return stream.getvalue().lstrip("\n") + "\n"


def print_host_functions(module: ModuleOp, *, locations: bool = True) -> str:
    """What the host computes, alone."""
    return _print(module, (tiling.HostFunctionOp,), "", locations)


def print_tiling_struct(module: ModuleOp, *, locations: bool = True) -> str:
    """The header with the tiling structs alone, for a kernel to include."""
    return _print(module, (tiling.TilingStructOp,), PROLOGUE, locations)


@dataclass(frozen=True)
class AscendCTarget(Target):
    """`-t ascendc`: the kernel source; `-t 'ascendc{tiling-header=true}'`: the header;
    `locations=false` leaves out where statements come from."""

    name: ClassVar[str] = "ascendc"

    tiling_header: bool = False
    locations: bool = True

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        spell = print_tiling_header if self.tiling_header else print_kernel
        output.write(spell(module, locations=self.locations))
