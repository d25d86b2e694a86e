"""Builds Ascend C statements: typed constants, arithmetic, tensors, loops, order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch

from xdsl.builder import Builder
from xdsl.dialects.builtin import (
    Float32Type,
    IntegerType,
    LocationAttr,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.ascendc.core import ForOp, IfOp
from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode, Core, HardEvent, Pipe
from ligrad_ir.dialects.ascendc.memory import GetValueOp, ReinterpretCastOp, TensorAtOp
from ligrad_ir.dialects.ascendc.scalar import (
    ArithmeticOp,
    CmpOp,
    ConstantOp,
    ScalarCastOp,
)
from ligrad_ir.dialects.ascendc.sync import PipeBarrierOp, SetFlagOp, WaitFlagOp
from ligrad_ir.dialects.ascendc.types import LocalType, ui8, ui16, ui32
from ligrad_ir.dialects.npu.types import element_bytes, element_of
from passes.to_ascendc.naming import role_name

Size = SSAValue | int
"""A number of elements or bytes: an `i64`, or a Python int."""
SIZE = i64
EVENT = 0
"""Every flag inside a lowering is awaited where it is set, so one id serves them all."""

FOLD: Mapping[Arithmetic, Callable[[int, int], int]] = {
    Arithmetic.ADD: lambda a, b: a + b,
    Arithmetic.SUB: lambda a, b: a - b,
    Arithmetic.MUL: lambda a, b: a * b,
    Arithmetic.DIV: lambda a, b: a // b,
    Arithmetic.MIN: min,
    Arithmetic.MAX: max,
}
NEUTRAL: Mapping[Arithmetic, int] = {
    Arithmetic.ADD: 0,
    Arithmetic.SUB: 0,
    Arithmetic.MUL: 1,
    Arithmetic.DIV: 1,
}
"""The right operand that changes nothing."""
COMMUTES = (Arithmetic.ADD, Arithmetic.MUL)


def tensor_element(element: Attribute) -> Attribute:
    """The element type of a tensor for that of a buffer: bits are unsigned."""
    return ui8 if element == i8 else element


def known(value: Size) -> int | None:
    """The number, if it is one already now."""
    if isinstance(value, int):
        return value
    owner = value.owner
    if isinstance(owner, ConstantOp) and isinstance(owner.result.type, IntegerType):
        number = owner.value.value.data
        assert isinstance(number, int)
        return number
    return None


@dataclass(frozen=True)
class Words:
    """An array of int32 as 64-bit words of global memory; count: of its elements."""

    tensor: SSAValue
    count: Size


class Statements:
    """
    Appends statements to a block.

    values: what has become of the `npu` values; core: the kind of core that executes
    the statements, None for both; words: the arrays of indices that are read by the word.
    `location` is given to all that is built.
    """

    def __init__(
        self,
        block: Block,
        values: dict[SSAValue, SSAValue],
        core: Core | None = None,
        words: dict[SSAValue, Words] | None = None,
    ):
        self._builder = Builder(InsertPoint.at_end(block))
        self._literals: ChainMap[tuple[str, Attribute], SSAValue] = ChainMap()
        self.values = values
        self.core = core
        self.words = {} if words is None else words
        self.location: LocationAttr | None = None

    def insert(self, op: Operation) -> Operation:
        """Append a statement."""
        if self.location is not None:
            op.location = self.location
        return self._builder.insert(op)

    def value(self, op: Operation, name: str | None = None) -> SSAValue:
        """Append a statement of one result, and name the result."""
        result = self.insert(op).results[0]
        result.name_hint = name
        return result

    def define(self, old: SSAValue, op: Operation) -> None:
        """Append the statement whose result an `npu` value becomes."""
        self.values[old] = self.value(op, old.name_hint or role_name(old))

    def of(self, old: SSAValue) -> SSAValue:
        """What an `npu` value has become."""
        return self.values[old]

    # ---- scalars

    def constant(self, value: float, type: Attribute) -> SSAValue:
        """A literal; one that the block, or one around it, has already is used again."""
        key = (str(value), type)
        found = self._literals.get(key)
        if found is None:
            found = self.value(ConstantOp(value, type))
            self._literals[key] = found
        return found

    def size(self, value: Size) -> SSAValue:
        """A size as an SSA value."""
        return self.constant(value, SIZE) if isinstance(value, int) else value

    def cast(self, value: Size, type: Attribute, name: str | None = None) -> SSAValue:
        """A scalar in another type; constants are converted at once."""
        number = known(value)
        if number is not None and not isinstance(type, Float32Type):
            return self.constant(number, type)
        value = self.size(value)
        if value.type == type:
            return value
        return self.value(ScalarCastOp(value, type), name or value.name_hint)

    def u8(self, value: Size, name: str | None = None) -> SSAValue:
        """A size in the type of short parameters."""
        return self.cast(value, ui8, name)

    def u16(self, value: Size, name: str | None = None) -> SSAValue:
        """A size in the type of most parameters."""
        return self.cast(value, ui16, name)

    def u32(self, value: Size, name: str | None = None) -> SSAValue:
        """A size in the type of long parameters."""
        return self.cast(value, ui32, name)

    def arithmetic(
        self, operator: Arithmetic, lhs: Size, rhs: Size, name: str | None = None
    ) -> Size:
        """lhs OPERATOR rhs; computed at once where both are known."""
        left, right = known(lhs), known(rhs)
        if left is not None and right is not None:
            return FOLD[operator](left, right)
        if right is not None and right == NEUTRAL.get(operator):
            return lhs
        if operator in COMMUTES and left is not None and left == NEUTRAL[operator]:
            return rhs
        return self.value(ArithmeticOp(operator, self.size(lhs), self.size(rhs)), name)

    def add(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """lhs + rhs"""
        return self.arithmetic(Arithmetic.ADD, lhs, rhs, name)

    def sub(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """lhs - rhs"""
        return self.arithmetic(Arithmetic.SUB, lhs, rhs, name)

    def mul(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """lhs * rhs"""
        return self.arithmetic(Arithmetic.MUL, lhs, rhs, name)

    def div(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """lhs / rhs, rounded down; for what is not negative"""
        return self.arithmetic(Arithmetic.DIV, lhs, rhs, name)

    def min(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """The smaller one"""
        return self.arithmetic(Arithmetic.MIN, lhs, rhs, name)

    def max(self, lhs: Size, rhs: Size, name: str | None = None) -> Size:
        """The larger one"""
        return self.arithmetic(Arithmetic.MAX, lhs, rhs, name)

    def round_up(self, value: Size, unit: int, name: str | None = None) -> Size:
        """The next multiple of `unit`"""
        return self.mul(self.div(self.add(value, unit - 1), unit), unit, name)

    def compare(self, predicate: CmpMode, lhs: Size, rhs: Size, name: str) -> SSAValue:
        """Whether lhs PREDICATE rhs"""
        return self.value(CmpOp(predicate, self.size(lhs), self.size(rhs)), name)

    def all(self, *conditions: SSAValue, name: str) -> SSAValue:
        """Whether all conditions hold"""
        first, *others = conditions
        for other in others:
            first = self.value(ArithmeticOp(Arithmetic.AND, first, other), name)
        return first

    # ---- tensors

    def at(self, buffer: SSAValue, *offsets: Size) -> SSAValue:
        """The tensor of a buffer, from the sum of the offsets on (in elements)."""
        tensor = self.of(buffer)
        offset: Size = 0
        for part in offsets:
            offset = self.add(offset, part, f"{tensor.name_hint}_at")
        if known(offset) == 0:
            return tensor
        tile = TensorAtOp(tensor, self.size(offset))
        return self.value(tile, f"{tensor.name_hint}_tile")

    def reinterpreted(self, tensor: SSAValue, element: Attribute) -> SSAValue:
        """A tensor on the chip, as one of elements of the same size."""
        type = tensor.type
        assert isinstance(type, LocalType)
        cast = ReinterpretCastOp(tensor, result=LocalType(element, type.position))
        return self.value(cast, f"{tensor.name_hint}_as_{element}")

    def scalar_index(self, buffer: SSAValue, *offsets: Size) -> SSAValue:
        """An integer of a buffer, as a size; the scalar unit reads it."""
        tensor = self.of(buffer)
        offset: Size = 0
        for part in offsets:
            offset = self.add(offset, part)
        read = GetValueOp(tensor, self.size(offset), result=i32)
        return self.cast(self.value(read, f"{tensor.name_hint}_value"), SIZE, "index")

    # ---- structure

    def loop(
        self,
        stop: Size,
        step: int,
        body: Callable[[SSAValue], None],
        name: str,
        start: Size = 0,
    ) -> None:
        """for (name = start; name < stop; name += step) body(name)"""
        block = Block(arg_types=[SIZE])
        block.args[0].name_hint = name
        lower, upper, by = self.size(start), self.size(stop), self.size(step)
        self.insert(ForOp(lower, upper, by, Region(block)))
        self.inside(block, lambda: body(block.args[0]))

    def when(
        self,
        condition: SSAValue,
        body: Callable[[], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """if (condition) body() else otherwise()"""
        block, other = Block(), Block()
        region = None if otherwise is None else Region(other)
        self.insert(IfOp(condition, Region(block), region))
        self.inside(block, body)
        if otherwise is not None:
            self.inside(other, otherwise)

    def inside(self, block: Block, body: Callable[[], None]) -> None:
        """Let `body` append to another block."""
        outer, literals = self._builder, self._literals
        self._builder = Builder(InsertPoint.at_end(block))
        self._literals = literals.new_child()
        body()
        self._builder, self._literals = outer, literals

    # ---- order

    def order(self, event: HardEvent) -> None:
        """The event's second pipe waits for its first."""
        self.insert(SetFlagOp(event, self.constant(EVENT, i32)))
        self.insert(WaitFlagOp(event, self.constant(EVENT, i32)))

    def barrier(self, pipe: Pipe) -> None:
        """What is issued on the pipe from here on waits for what was before."""
        self.insert(PipeBarrierOp(pipe))


def bytes_of(buffer: SSAValue) -> int:
    """The size of an element of a buffer."""
    return element_bytes(element_of(buffer))


@singledispatch
def lower(op: Operation, s: Statements) -> None:
    """Append the statements that an `npu`, `arith` or `scf` operation becomes.

    Raises:
        PassFailedException: for an operation that has no lowering.
    """
    raise PassFailedException(f"lower-to-ascendc: {op.name} has no Ascend C")
