"""The part of the `lig` dialect that runs over an axis block by block."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, Float32Type, SymbolRefAttr
from xdsl.ir import Attribute, BlockArgument, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsTerminator, Pure, SingleBlockImplicitTerminator
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.lig.ragged import ExtentOp, tensor
from ligrad_ir.dialects.lig.types import RealType, TensorType


def has_axis(value: SSAValue, axis: str) -> bool:
    """Whether a value is a tensor over the axis."""
    return isinstance(value.type, TensorType) and axis in value.type.axes


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise VerifyException(message)


@irdl_op_definition
class YieldOp(IRDLOperation):
    """What one block of a `lig.blocks` gives."""

    name = "lig.yield"

    values = var_operand_def(TensorType)

    traits = lazy_traits_def(lambda: (IsTerminator(), Pure(), HasParent(BlocksOp)))
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[SSAValue] = ()):
        super().__init__(operands=[values])


@irdl_op_definition
class BlocksOp(IRDLOperation):
    """
    Runs the body for one block of consecutive positions of `axis` after the other.

    In the body the axis means the positions of the block: arguments are the slices of
    the operands, all of which have the axis; values without it are used as they are.
    A result with the axis holds what the blocks yield, one behind the other; one
    without it is the sum of what they yield, in the order of the blocks, 0 without any.
    How long blocks are is up to what runs them.
    """

    name = "lig.blocks"

    axis = prop_def(FlatSymbolRefAttrConstr)
    inputs = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    body = region_def("single_block")

    traits = traits_def(Pure(), SingleBlockImplicitTerminator(YieldOp))

    def __init__(
        self,
        axis: str,
        inputs: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        body: Region,
    ):
        super().__init__(
            operands=[inputs],
            properties={"axis": SymbolRefAttr(axis)},
            result_types=[result_types],
            regions=[body],
        )

    @property
    def over(self) -> str:
        """The name of the axis."""
        return self.axis.string_value()

    @property
    def yielded(self) -> Sequence[SSAValue]:
        """What a block gives, result by result."""
        last = self.body.block.last_op
        assert isinstance(last, YieldOp)
        return last.values

    def verify_(self) -> None:
        arguments = self.body.block.args
        _require(  # blocks_c1
            [x.type for x in arguments] == [x.type for x in self.inputs]
            and all(has_axis(x, self.over) for x in self.inputs),
            f"the operands have the axis {self.over}, and the body takes their slices "
            "as arguments of the same types",
        )
        _require(  # blocks_c2
            [x.type for x in self.yielded] == [x.type for x in self.outputs],
            "the results have the types of what the body yields",
        )
        for op in self.body.walk():
            self._verify_inside(op)
        for value in self.yielded:
            if has_axis(value, self.over):
                continue
            _require(  # blocks_c5
                isinstance(value.owner, Operation)
                and value.owner.parent is self.body.block
                and self._is_sum(value.owner)
                and isinstance(tensor(value).element_type, Float32Type | RealType),
                f"a yielded value without the axis {self.over} is the f32 (or "
                "!lig.real) result of an operation that sums over it",
            )

    def _verify_inside(self, op: Operation) -> None:
        if isinstance(op, ExtentOp):
            _require(  # blocks_c3
                op.axis.string_value() != self.over,
                f"the extent of {self.over} is not known in its blocks",
            )
        for operand in op.operands:
            _require(  # blocks_c3
                self.body.is_ancestor(operand.owner)
                or not has_axis(operand, self.over),
                f"a value over the axis {self.over} comes into the body as an argument",
            )
        if self._is_sum(op):
            uses = [use.operation for result in op.results for use in result.uses]
            _require(  # blocks_c4
                all(isinstance(user, YieldOp) for user in uses),
                f"{op.name} sums over the {self.over} of a block; only a lig.yield "
                "adds the sums of all blocks up",
            )

    def _is_sum(self, op: Operation) -> bool:
        """Whether an operation of the body leaves out the axis of its operands."""
        return (
            not isinstance(op, YieldOp)
            and any(has_axis(operand, self.over) for operand in op.operands)
            and not any(has_axis(result, self.over) for result in op.results)
        )

    @classmethod
    def parse(cls, parser: Parser) -> BlocksOp:
        axis = parser.parse_symbol_name()

        def parse_input() -> tuple[Parser.Argument, UnresolvedOperand]:
            argument = parser.parse_argument(expect_type=False)
            parser.parse_punctuation("=")
            operand = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            return argument.resolve(parser.parse_type()), operand

        pairs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_input)
        parser.parse_punctuation("->")
        types = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_type
        )
        attributes = parser.parse_optional_attr_dict_with_keyword()
        inputs = [
            parser.resolve_operand(operand, argument.type)
            for argument, operand in pairs
        ]
        body = parser.parse_region([argument for argument, _ in pairs])
        op = cls(axis.data, inputs, types, body)
        if attributes is not None:
            op.attributes |= attributes.data
        return op

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.over)
        pairs = tuple(zip(self.body.block.args, self.inputs, strict=True))

        def print_input(pair: tuple[SSAValue, SSAValue]) -> None:
            printer.print_ssa_value(pair[0])
            printer.print_string(" = ")
            printer.print_ssa_value(pair[1])
            printer.print_string(" : ")
            printer.print_attribute(pair[1].type)

        with printer.in_parens():
            printer.print_list(pairs, print_input)
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(self.outputs.types, printer.print_attribute)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)


def argument_of(value: SSAValue) -> int | None:
    """The number of the function's argument that a value is, or is a slice of; None for
    what is computed."""
    while isinstance(value, BlockArgument):
        loop = value.block.parent_op()
        if not isinstance(loop, BlocksOp):
            return value.index
        value = loop.inputs[value.index]
    return None


OPS: tuple[type[Operation], ...] = (BlocksOp, YieldOp)
