"""The vector unit: UB to UB."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import BFloat16Type, f16, f32, i32
from xdsl.ir import SSAValue

from ligrad_ir.dialects.ascendc import vector as ascendc
from ligrad_ir.dialects.ascendc.enums import (
    Arithmetic,
    CmpMode,
    Pipe,
    RoundMode,
    SelMode,
)
from ligrad_ir.dialects.ascendc.scalar import ArithmeticOp, ChooseOp
from ligrad_ir.dialects.ascendc.select import CompareScalarOp, SelectScalarOp
from ligrad_ir.dialects.ascendc.types import ui64
from ligrad_ir.dialects.ascendc.vector_base import (
    BinaryCount,
    BinaryRepeatParamsOp,
    ScalarCount,
)
from ligrad_ir.dialects.npu import vector as npu
from ligrad_ir.dialects.npu.types import buffer, element_bytes, element_of
from ligrad_ir.dialects.npu.vector import BinaryKind
from ligrad_ir.divisors import is_multiple
from ligrad_ir.soc import Soc
from passes.to_ascendc.statements import SIZE, Statements, lower

LANES = Soc.vector_bytes // element_bytes(f32)
"""float32 elements of a repeat."""

BINARY: Mapping[BinaryKind, type[BinaryCount]] = {
    BinaryKind.ADD: ascendc.AddOp,
    BinaryKind.SUB: ascendc.SubOp,
    BinaryKind.MUL: ascendc.MulOp,
    BinaryKind.MAX: ascendc.MaxOp,
    BinaryKind.MIN: ascendc.MinOp,
}
WITH_SCALAR: Mapping[BinaryKind, type[ScalarCount]] = {
    BinaryKind.ADD: ascendc.AddsOp,
    BinaryKind.MUL: ascendc.MulsOp,
    BinaryKind.MAX: ascendc.MaxsOp,
    BinaryKind.MIN: ascendc.MinsOp,
}


def _dst(op: npu.VectorOp, s: Statements) -> SSAValue:
    return s.at(op.dst, s.of(op.dst_offset))


@lower.register
def _(op: npu.BinaryOp, s: Statements) -> None:
    lhs, rhs = s.at(op.lhs, s.of(op.lhs_offset)), s.at(op.rhs, s.of(op.rhs_offset))
    s.insert(BINARY[op.kind.data](_dst(op, s), lhs, rhs, s.of(op.count)))


@lower.register
def _(op: npu.BinaryScalarOp, s: Statements) -> None:
    src = s.at(op.src, s.of(op.src_offset))
    scalar = s.cast(s.of(op.scalar), element_of(op.src), "scalar")
    s.insert(WITH_SCALAR[op.kind.data](_dst(op, s), src, scalar, s.of(op.count)))


@lower.register
def _(op: npu.ReluOp, s: Statements) -> None:
    src = s.at(op.src, s.of(op.src_offset))
    s.insert(ascendc.ReluOp(_dst(op, s), src, s.of(op.count)))


@lower.register
def _(op: npu.ConvertOp, s: Statements) -> None:
    src = s.at(op.src, s.of(op.src_offset))
    widens = element_of(op.dst) == f32
    rounding = RoundMode.NONE if widens else RoundMode.RINT
    s.insert(ascendc.CastOp(rounding, _dst(op, s), src, s.of(op.count)))


@lower.register
def _(op: npu.FillOp, s: Statements) -> None:
    value, element = op.value.value.data, element_of(op.dst)
    constant = s.constant(int(value) if element == i32 else value, element)
    s.insert(ascendc.DuplicateOp(_dst(op, s), constant, s.of(op.count)))


@lower.register
def _(op: npu.ComparePositiveOp, s: Statements) -> None:
    src, zero = s.at(op.src, s.of(op.src_offset)), s.constant(0, element_of(op.src))
    s.insert(CompareScalarOp(CmpMode.GT, _dst(op, s), src, zero, s.of(op.count)))


@lower.register
def _(op: npu.SelectOp, s: Statements) -> None:
    """A bf16 is moved as a half: there is no `Select` of its own for it."""
    bits, mode = s.at(op.bits, s.of(op.bits_offset)), SelMode.TENSOR_SCALAR
    dst, src = _dst(op, s), s.at(op.src, s.of(op.src_offset))
    element = element_of(op.dst)
    if isinstance(element, BFloat16Type):
        element = f16
        dst, src = (s.reinterpreted(value, element) for value in (dst, src))
    zero = s.constant(0, element)
    s.insert(SelectScalarOp(mode, dst, bits, src, zero, s.of(op.count)))


@lower.register
def _(op: npu.PresentOp, s: Statements) -> None:
    """
    0 <= x < limit is (x - c)^2 <= c^2 for c = (limit - 1) / 2, one comparison instead of
    two and their conjunction; for limit = 0 nothing is below -1.

    All is exact, or of a difference that rounding keeps, for limits up to 2^23.
    """
    count, scratch = s.of(op.count), s.of(op.scratch)
    indices = s.at(op.indices, s.of(op.indices_offset))
    limit = s.cast(s.of(op.limit), f32, "limit")
    half = s.constant(0.5, f32)
    less = s.value(ArithmeticOp(Arithmetic.SUB, limit, s.constant(1.0, f32)), "last")
    centre = s.value(ArithmeticOp(Arithmetic.MUL, less, half), "centre")
    back = ArithmeticOp(Arithmetic.MUL, centre, s.constant(-1.0, f32))
    square = s.value(ArithmeticOp(Arithmetic.MUL, centre, centre), "square")
    has_rows = s.compare(CmpMode.GT, s.of(op.limit), 0, "has_rows")
    reach = s.value(ChooseOp(has_rows, square, s.constant(-1.0, f32)), "reach")
    s.insert(ascendc.CastOp(RoundMode.RINT, scratch, indices, count))
    s.barrier(Pipe.V)
    s.insert(ascendc.AddsOp(scratch, scratch, s.value(back, "back"), count))
    s.barrier(Pipe.V)
    s.insert(ascendc.MulOp(scratch, scratch, scratch, count))
    s.barrier(Pipe.V)
    s.insert(CompareScalarOp(CmpMode.LE, _dst(op, s), scratch, reach, count))


@lower.register
def _(op: npu.SumOp, s: Statements) -> None:
    """Repeats are added up lane by lane, by an Add whose destination, and second source,
    stays where it is from repeat to repeat; then the lanes."""
    count, scratch = s.of(op.count), s.of(op.scratch)
    zero = s.constant(0.0, f32)
    s.insert(ascendc.DuplicateOp(scratch, zero, s.constant(LANES, SIZE)))
    whole = s.div(count, LANES, "repeats")
    place = s.of(op.src_offset)

    def add_repeats(first: SSAValue) -> None:
        strides = BinaryRepeatParamsOp(
            dstBlkStride=s.u8(1),
            src0BlkStride=s.u8(1),
            src1BlkStride=s.u8(1),
            dstRepStride=s.u8(0),
            src0RepStride=s.u8(8),
            src1RepStride=s.u8(0),
        )
        src = s.at(op.src, place, s.mul(first, LANES))
        repeats = s.u8(s.min(s.sub(whole, first), Soc.max_repeat), "repeat_time")
        mask = s.constant(LANES, ui64)
        s.barrier(Pipe.V)
        s.insert(
            ascendc.AddRepeatOp(
                scratch, src, scratch, mask, repeats, s.value(strides, "into_one")
            )
        )

    longest = buffer(op.src).get_shape()
    if len(longest) == 1 and longest[0] <= LANES * Soc.max_repeat:
        add_repeats(s.constant(0, SIZE))
    else:
        s.loop(whole, Soc.max_repeat, add_repeats, "first_repeat")
    _add_tail(op, s, scratch)
    one = s.constant(1, i32)
    s.barrier(Pipe.V)
    s.insert(
        ascendc.WholeReduceSumOp(
            _dst(op, s),
            scratch,
            s.constant(LANES, i32),
            one,
            one,
            one,
            s.constant(8, i32),
        )
    )


def _add_tail(op: npu.SumOp, s: Statements, scratch: SSAValue) -> None:
    """What is left of the last repeat."""
    count = s.of(op.count)
    if is_multiple(op.count, LANES):
        return
    done = s.mul(s.div(count, LANES), LANES, "repeated_count")
    tail = s.size(s.sub(count, done, "tail"))

    def add() -> None:
        src = s.at(op.src, s.of(op.src_offset), done)
        s.barrier(Pipe.V)
        s.insert(ascendc.AddOp(scratch, scratch, src, tail))

    s.when(s.compare(CmpMode.GT, tail, 0, "has_tail"), add)
