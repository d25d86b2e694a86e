"""The frame of a kernel: includes, the function, its branches and loops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import gcd
from typing import ClassVar, Self

from xdsl.dialects.builtin import (
    DictionaryAttr,
    StringAttr,
    SymbolNameConstraint,
    i1,
)
from xdsl.ir import Operation, Region, SSAValue
from xdsl.irdl import (
    AnyAttr,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_region_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    RecursiveMemoryEffect,
    SymbolOpInterface,
)

from ligrad_ir.dialects.ascendc.base import (
    INTEGER,
    AscendCOp,
    CoreScope,
    require,
    require_identifier,
    string,
)
from ligrad_ir.dialects.ascendc.enums import Core, KernelType, KernelTypeAttr
from ligrad_ir.dialects.ascendc.types import AddressType, TilingType
from ligrad_ir.divisors import Divisor, divisor_of_counter


def _distribute(op: AscendCOp, attributes: DictionaryAttr | None) -> None:
    """Give an operation the attributes of a custom format, the comment among them."""
    if attributes is not None:
        for key, value in attributes.data.items():
            (op.properties if key == "comment" else op.attributes)[key] = value


@irdl_op_definition
class IncludeOp(AscendCOp):
    """`#include "file"`"""

    name = "ascendc.include"

    file = prop_def(StringAttr)
    assembly_format = "$file attr-dict"

    def __init__(self, file: str):
        super().__init__(properties={"file": StringAttr(file)})

    def check(self) -> None:
        require(  # include_c1
            re.fullmatch(r"[\w./+-]+", self.file.data) is not None,
            f"{self.file.data!r} is no file name",
        )


@irdl_op_definition
class CommentOp(AscendCOp):
    """`// text`: a line (or several) of its own, for what belongs to no statement."""

    name = "ascendc.comment"

    comment = prop_def(StringAttr)
    assembly_format = "$comment attr-dict"

    def __init__(self, text: str):
        super().__init__(properties={"comment": StringAttr(text)})


@irdl_op_definition
class KernelTypeOp(AscendCOp):
    """`KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_*);`: the cores that run the kernel.

    Page "Set kernel type".
    """

    name = "ascendc.kernel_type"

    type = prop_def(KernelTypeAttr)
    assembly_format = "$type attr-dict"

    def __init__(self, type: KernelType):
        super().__init__(properties={"type": KernelTypeAttr(type)})

    def check(self) -> None:
        require(  # kernel_type_c1
            self.parent is None or isinstance(self.parent_op(), KernelOp),
            "the type of a kernel is stated in the kernel's own body",
        )


class _FunctionOp(CoreScope):
    """A function with a name and a body; without results."""

    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")

    traits = traits_def(IsolatedFromAbove(), NoTerminator(), SymbolOpInterface())

    def __init__(self, name: str, body: Region, comment: str | None = None):
        super().__init__(
            properties={"sym_name": StringAttr(name), "comment": string(comment)},
            regions=[body],
        )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        name = parser.parse_symbol_name()
        args = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_argument
        )
        attributes = parser.parse_optional_attr_dict_with_keyword()
        op = cls(name.data, parser.parse_region(args))
        _distribute(op, attributes)
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        with printer.in_parens():
            printer.print_list(self.body.block.args, printer.print_block_argument)
        comment = {} if self.comment is None else {"comment": self.comment}
        printer.print_op_attributes({**comment, **self.attributes}, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(
            self.body, print_entry_block_args=False, print_empty_block=False
        )


@irdl_op_definition
class KernelOp(_FunctionOp):
    """
    `extern "C" __global__ __aicore__ void sym_name(GM_ADDR ...) { body }`

    Every argument is a GM_ADDR, 512-byte aligned; by convention the last two are the
    workspace and the tiling data. Page "Kernel function".
    """

    name = "ascendc.kernel"

    def core(self) -> Core | None:
        ops = self.body.block.ops
        stated = next((op for op in ops if isinstance(op, KernelTypeOp)), None)
        cores = () if stated is None else stated.type.data.cores
        return cores[0] if len(cores) == 1 else None

    def check(self) -> None:
        require_identifier(self.sym_name.data)  # kernel_c1
        require(  # kernel_c2
            all(isinstance(arg.type, AddressType) for arg in self.body.block.args),
            "the arguments of a kernel are addresses in global memory",
        )


@irdl_op_definition
class FunctionOp(_FunctionOp):
    """
    `__aicore__ inline void sym_name(GM_ADDR ..., const Tiling& tiling) { body }`

    A function of the device, called by a kernel: its arguments are addresses in global
    memory and tiling data. Page "Function type qualifiers".
    """

    name = "ascendc.function"

    def core(self) -> Core | None:
        return None

    def check(self) -> None:
        require_identifier(self.sym_name.data)  # function_c1
        types = [arg.type for arg in self.body.block.args]
        require(  # function_c2
            all(isinstance(type, AddressType | TilingType) for type in types),
            "the arguments of a function are addresses in global memory and tiling data",
        )


@irdl_op_definition
class ForOp(AscendCOp):
    """
    `for (type i = lower; i < upper; i += step) { body }`

    It carries no values from one turn to the next: what changes lies in memory, or in
    an `ascendc.variable`.
    """

    name = "ascendc.for"

    T: ClassVar = VarConstraint("T", INTEGER)

    lower = operand_def(T)
    upper = operand_def(T)
    step = operand_def(T)
    body = region_def("single_block")

    traits = traits_def(NoTerminator(), RecursiveMemoryEffect())

    def __init__(
        self,
        lower: SSAValue | Operation,
        upper: SSAValue | Operation,
        step: SSAValue | Operation,
        body: Region,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[lower, upper, step],
            properties={"comment": string(comment)},
            regions=[body],
        )

    def check(self) -> None:
        types = [arg.type for arg in self.body.block.args]
        require(  # for_c1
            types == [self.lower.type],
            f"the body takes the induction variable, of type {self.lower.type}",
        )

    @classmethod
    def parse(cls, parser: Parser) -> ForOp:
        variable = parser.parse_argument(expect_type=False)
        parser.parse_punctuation("=")
        bounds = [parser.parse_unresolved_operand()]
        for keyword in ("to", "step"):
            parser.parse_keyword(keyword)
            bounds.append(parser.parse_unresolved_operand())
        parser.parse_punctuation(":")
        type = parser.parse_type()
        lower, upper, step = (parser.resolve_operand(b, type) for b in bounds)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        op = cls(lower, upper, step, parser.parse_region([variable.resolve(type)]))
        _distribute(op, attributes)
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.body.block.args[0])
        words = zip(("=", "to", "step"), self.operands, strict=True)
        for word, operand in words:
            printer.print_string(f" {word} ")
            printer.print_ssa_value(operand)
        printer.print_string(" : ")
        printer.print_attribute(self.lower.type)
        comment = {} if self.comment is None else {"comment": self.comment}
        printer.print_op_attributes({**comment, **self.attributes}, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(
            self.body, print_entry_block_args=False, print_empty_block=False
        )


@divisor_of_counter.register
def _(op: ForOp, of: Divisor) -> int:
    return gcd(of(op.lower), of(op.step))


@irdl_op_definition
class IfOp(AscendCOp):
    """`if (condition) { body }`, with `else { otherwise }` where there is one."""

    name = "ascendc.if"

    condition = operand_def(i1)
    body = region_def("single_block")
    otherwise = opt_region_def("single_block")

    traits = traits_def(NoTerminator(), RecursiveMemoryEffect())
    assembly_format = "$condition attr-dict-with-keyword $body (`else` $otherwise^)?"

    def __init__(
        self,
        condition: SSAValue | Operation,
        body: Region,
        otherwise: Region | None = None,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[condition],
            properties={"comment": string(comment)},
            regions=[body, otherwise],
        )

    def check(self) -> None:
        regions = [r for r in (self.body, self.otherwise) if r is not None]
        require(  # if_c1
            not any(region.block.args for region in regions),
            "the branches of an if take no arguments",
        )


class OnCoreOp(CoreScope):
    """A branch of the source for one kind of core, decided at compile time."""

    CPP_NAME: ClassVar[str]
    CORE: ClassVar[Core]

    body = region_def("single_block")

    traits = traits_def(NoTerminator(), RecursiveMemoryEffect())
    assembly_format: ClassVar[str | None] = "attr-dict-with-keyword $body"

    def __init__(self, body: Region, comment: str | None = None):
        super().__init__(properties={"comment": string(comment)}, regions=[body])

    def core(self) -> Core | None:
        return self.CORE

    def check(self) -> None:
        require(  # on_core_c1
            not self.body.block.args, "the branch of a core takes no arguments"
        )


@irdl_op_definition
class OnAicOp(OnCoreOp):
    """`if ASCEND_IS_AIC { body }`: for the cube core. Page "ASCEND_IS_AIC"."""

    name = "ascendc.on_aic"
    CPP_NAME: ClassVar = "ASCEND_IS_AIC"
    CORE: ClassVar = Core.AIC


@irdl_op_definition
class OnAivOp(OnCoreOp):
    """`if ASCEND_IS_AIV { body }`: for the vector cores. Page "ASCEND_IS_AIV"."""

    name = "ascendc.on_aiv"
    CPP_NAME: ClassVar = "ASCEND_IS_AIV"
    CORE: ClassVar = Core.AIV


@irdl_op_definition
class ReturnOp(AscendCOp):
    """`return;`: the core leaves the kernel. The last statement of its block."""

    name = "ascendc.return"

    traits = traits_def(IsTerminator())  # return_c1
    assembly_format = "attr-dict"

    def __init__(self):
        super().__init__()


@irdl_op_definition
class UnusedOp(AscendCOp):
    """`(void)value;`: an argument that the kernel must take and does not need. It uses
    nothing: `drop-dead-statements` puts it where it belongs."""

    name = "ascendc.unused"

    value = operand_def(AnyAttr())
    assembly_format = "$value attr-dict `:` type($value)"

    def __init__(self, value: SSAValue):
        super().__init__(operands=[value])


OPS: Sequence[type[Operation]] = (
    CommentOp,
    ForOp,
    FunctionOp,
    IfOp,
    IncludeOp,
    KernelOp,
    KernelTypeOp,
    OnAicOp,
    OnAivOp,
    ReturnOp,
    UnusedOp,
)
