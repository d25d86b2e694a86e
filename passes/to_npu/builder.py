"""Builds `npu` bodies: index arithmetic, loops and buffers by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.builder import Builder
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import (
    FloatAttr,
    IndexType,
    IntegerAttr,
    LocationAttr,
    f32,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from ligrad_ir.dialects.npu.launch import AllocOp
from ligrad_ir.dialects.npu.move import LoadOp, StoreOp
from ligrad_ir.dialects.npu.types import NpuOp, Space, buffer_type

Index = SSAValue | int


class BodyBuilder:
    """Appends operations to a body and to the loops inside it.

    Sizes are SSA values or Python ints; ints become constants, arithmetic on two ints is
    done at once. `location` is given to all that is built.
    """

    def __init__(self, block: Block):
        self._top = block
        self._builder = Builder(InsertPoint.at_end(block))
        self._constants: dict[int, SSAValue] = {}
        self._buffers = 0
        self.location: LocationAttr | None = None

    def insert(self, op: Operation) -> Operation:
        """Append an operation.

        Raises:
            VerifyException: it is one of `npu` that cannot be as it is.
        """
        if self.location is not None:
            op.location = self.location
        if isinstance(op, NpuOp):
            op.verify_()
        return self._builder.insert(op)

    def value(self, op: Operation) -> SSAValue:
        """Append an operation of one result."""
        return self.insert(op).results[0]

    # ---- sizes

    def index(self, value: Index) -> SSAValue:
        """A size as an SSA value; constants stand at the top of the body."""
        if not isinstance(value, int):
            return value
        if value not in self._constants:
            op = arith.ConstantOp(IntegerAttr(value, IndexType()))
            op.result.name_hint = f"c{value}"
            first = self._top.first_op
            at = (
                InsertPoint.at_start(self._top)
                if first
                else InsertPoint.at_end(self._top)
            )
            Builder(at).insert(op)
            self._constants[value] = op.result
        return self._constants[value]

    def _binary(
        self,
        op: Callable[[SSAValue, SSAValue], Operation],
        fold: Callable[[int, int], int],
        lhs: Index,
        rhs: Index,
    ) -> Index:
        if isinstance(lhs, int) and isinstance(rhs, int):
            return fold(lhs, rhs)
        return self.value(op(self.index(lhs), self.index(rhs)))

    def add(self, lhs: Index, rhs: Index) -> Index:
        """lhs + rhs"""
        if lhs == 0 or rhs == 0:
            return rhs if lhs == 0 else lhs
        return self._binary(arith.AddiOp, lambda a, b: a + b, lhs, rhs)

    def sub(self, lhs: Index, rhs: Index) -> Index:
        """lhs - rhs"""
        if rhs == 0:
            return lhs
        return self._binary(arith.SubiOp, lambda a, b: a - b, lhs, rhs)

    def mul(self, lhs: Index, rhs: Index) -> Index:
        """lhs * rhs"""
        if 1 in (lhs, rhs):
            return rhs if lhs == 1 else lhs
        return self._binary(arith.MuliOp, lambda a, b: a * b, lhs, rhs)

    def div(self, lhs: Index, rhs: Index) -> Index:
        """lhs / rhs, rounded down; for sizes"""
        return self._binary(arith.DivUIOp, lambda a, b: a // b, lhs, rhs)

    def min(self, lhs: Index, rhs: Index) -> Index:
        """The smaller one"""
        return self._binary(arith.MinSIOp, min, lhs, rhs)

    def max(self, lhs: Index, rhs: Index) -> Index:
        """The larger one"""
        return self._binary(arith.MaxSIOp, max, lhs, rhs)

    def round_up(self, value: Index, unit: int) -> Index:
        """The next multiple of `unit`"""
        return self.mul(self.div(self.add(value, unit - 1), unit), unit)

    def select(self, condition: SSAValue, true: Index, false: Index) -> SSAValue:
        """true where the condition holds, else false"""
        return self.value(
            arith.SelectOp(condition, self.index(true), self.index(false))
        )

    def equal(self, lhs: Index, rhs: Index) -> SSAValue:
        """lhs == rhs"""
        return self.value(arith.CmpiOp(self.index(lhs), self.index(rhs), "eq"))

    def less(self, lhs: Index, rhs: Index) -> SSAValue:
        """lhs < rhs"""
        return self.value(arith.CmpiOp(self.index(lhs), self.index(rhs), "slt"))

    def boolean(self, value: bool) -> SSAValue:
        """A truth value"""
        return self.value(arith.ConstantOp(IntegerAttr(int(value), i1)))

    def number(self, value: float) -> SSAValue:
        """A float32 constant"""
        return self.value(arith.ConstantOp(FloatAttr(value, f32)))

    def to_index(self, value: SSAValue) -> SSAValue:
        """An integer as a size"""
        return self.value(arith.IndexCastOp(value, IndexType()))

    def named(self, name: str, value: Index) -> Index:
        """The value, under a name for those who read the program, if it has none yet."""
        if not isinstance(value, int) and value.name_hint is None:
            value.name_hint = name
        return value

    # ---- movement

    def load(
        self,
        dst: SSAValue,
        dst_offset: Index,
        src: SSAValue,
        src_offset: Index,
        count: Index,
        padding: float | None = None,
    ) -> None:
        """One contiguous transfer from global memory; padding: behind it, to the end of
        a block."""
        at, start, size = map(self.index, (dst_offset, src_offset, count))
        one = self.index(1)
        self.insert(LoadOp(dst, at, src, start, one, size, size, size, padding))

    def store(
        self,
        dst: SSAValue,
        dst_offset: Index,
        src: SSAValue,
        src_offset: Index,
        count: Index,
        *,
        atomic: bool = False,
    ) -> None:
        """One contiguous transfer to global memory; atomic: added to what is there."""
        at, start, size = map(self.index, (dst_offset, src_offset, count))
        moved = (dst, at, src, start, self.index(1), size, size, size)
        self.insert(StoreOp(*moved, atomic=atomic))

    # ---- structure

    def loop(
        self,
        start: Index,
        stop: Index,
        step: Index,
        body: Callable[[SSAValue], None],
        name: str,
    ) -> None:
        """for name in range(start, stop, step): body(name)"""
        block = Block(arg_types=[IndexType()])
        block.args[0].name_hint = name
        lower, upper, by = self.index(start), self.index(stop), self.index(step)
        self.insert(scf.ForOp(lower, upper, by, (), Region(block)))
        outer, self._builder = self._builder, Builder(InsertPoint.at_end(block))
        body(block.args[0])
        self._builder.insert(scf.YieldOp())
        self._builder = outer

    def when(self, condition: SSAValue, body: Callable[[], None]) -> None:
        """if condition: body()"""
        block = Block()
        self.insert(scf.IfOp(condition, (), Region(block)))
        outer, self._builder = self._builder, Builder(InsertPoint.at_end(block))
        body()
        self._builder.insert(scf.YieldOp())
        self._builder = outer

    def alloc(
        self, space: Space, element: Attribute, shape: Sequence[int], name: str
    ) -> SSAValue:
        """A buffer, declared at the top of the body; the name is that of a formula."""
        op = AllocOp(buffer_type(space, element, shape))
        op.result.name_hint = name
        if self.location is not None:
            op.location = self.location
        first = self._top.first_op
        at = InsertPoint.before(first) if first else InsertPoint.at_end(self._top)
        Builder(at).insert(op)
        return op.result
