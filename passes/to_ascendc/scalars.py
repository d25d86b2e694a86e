"""Index arithmetic, loops and branches; who a core is; scalars from memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import FloatAttr, IndexType, IntegerAttr, f32
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.ascendc.core import ForOp
from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode, Core
from ligrad_ir.dialects.ascendc.memory import GetValueOp
from ligrad_ir.dialects.ascendc.scalar import (
    ArithmeticOp,
    AssignOp,
    ChooseOp,
    CmpOp,
    GetBlockIdxOp,
    GetBlockNumOp,
    GetSubBlockIdxOp,
    GetSubBlockNumOp,
    ReadOp,
    VariableOp,
)
from ligrad_ir.dialects.npu import launch as npu
from ligrad_ir.dialects.npu.types import element_of
from ligrad_ir.dialects.npu.vector import ReadOp as NpuReadOp
from passes.to_ascendc.naming import role_name
from passes.to_ascendc.statements import SIZE, Statements, lower

OPERATORS: Mapping[type[Operation], Arithmetic] = {
    arith.AddiOp: Arithmetic.ADD,
    arith.SubiOp: Arithmetic.SUB,
    arith.MuliOp: Arithmetic.MUL,
    arith.DivUIOp: Arithmetic.DIV,
    arith.MinSIOp: Arithmetic.MIN,
    arith.MaxSIOp: Arithmetic.MAX,
}
"""Sizes are never negative, so that an unsigned division is a signed one."""
PREDICATES = (
    *(CmpMode.EQ, CmpMode.NE, CmpMode.LT, CmpMode.LE),
    *(CmpMode.GT, CmpMode.GE),
)
"""By the number of an `arith.cmpi` predicate; those behind are for unsigned numbers."""


def lower_block(block: Block, s: Statements) -> None:
    """Every operation of a block, each under its own location."""
    for op in block.ops:
        s.location = op.location
        lower(op, s)


@lower.register
def _(op: arith.ConstantOp, s: Statements) -> None:
    match op.value:
        case IntegerAttr() as integer:
            number = cast("IntegerAttr[IndexType]", integer).value.data
            sized = isinstance(op.result.type, IndexType)
            type = SIZE if sized else op.result.type
            s.values[op.result] = s.constant(number, type)
        case FloatAttr() as real:
            s.values[op.result] = s.constant(real.value.data, f32)
        case _:
            raise PassFailedException(f"lower-to-ascendc: no literal for {op.value}")


@lower.register(arith.AddiOp)
@lower.register(arith.SubiOp)
@lower.register(arith.MuliOp)
@lower.register(arith.DivUIOp)
@lower.register(arith.MinSIOp)
@lower.register(arith.MaxSIOp)
def _(op: Operation, s: Statements) -> None:
    lhs, rhs = map(s.of, op.operands)
    [old] = op.results
    name = old.name_hint or role_name(old)
    s.values[old] = s.size(s.arithmetic(OPERATORS[type(op)], lhs, rhs, name))


@lower.register
def _(op: arith.NegfOp, s: Statements) -> None:
    """Times -1, which is exact, and gives 0 its sign."""
    minus = s.constant(-1.0, f32)
    s.define(op.result, ArithmeticOp(Arithmetic.MUL, s.of(op.operand), minus))


@lower.register
def _(op: arith.CmpiOp, s: Statements) -> None:
    number = op.predicate.value.data
    if number >= len(PREDICATES):
        raise PassFailedException(f"lower-to-ascendc: sizes have signs: {op}")
    s.define(op.result, CmpOp(PREDICATES[number], s.of(op.lhs), s.of(op.rhs)))


@lower.register
def _(op: arith.SelectOp, s: Statements) -> None:
    s.define(op.result, ChooseOp(s.of(op.cond), s.of(op.lhs), s.of(op.rhs)))


@lower.register
def _(op: arith.IndexCastOp, s: Statements) -> None:
    type = SIZE if isinstance(op.result.type, IndexType) else op.result.type
    s.values[op.result] = s.cast(s.of(op.input), type)


@lower.register
def _(op: scf.ForOp, s: Statements) -> None:
    if op.results:
        raise PassFailedException("lower-to-ascendc: a loop carries no values")
    old = op.body.block
    block = Block(arg_types=[SIZE])
    block.args[0].name_hint = old.args[0].name_hint
    s.values[old.args[0]] = block.args[0]
    lower_bound, upper_bound, step = map(s.of, (op.lb, op.ub, op.step))
    s.insert(ForOp(lower_bound, upper_bound, step, Region(block)))
    s.inside(block, lambda: lower_block(old, s))


@lower.register
def _(op: scf.IfOp, s: Statements) -> None:
    if op.results or op.false_region.blocks:
        raise PassFailedException("lower-to-ascendc: a branch gives no values")
    s.when(s.of(op.cond), lambda: lower_block(op.true_region.block, s))


@lower.register
def _(op: scf.YieldOp, s: Statements) -> None:
    pass  # the end of a loop or a branch


@lower.register
def _(op: npu.BlockIndexOp, s: Statements) -> None:
    """On a vector core the API counts vector cores."""
    index = s.value(GetBlockIdxOp(), "block")
    if s.core is Core.AIV:
        index.name_hint = "core"
        per_block = s.value(GetSubBlockNumOp(), "cores_of_block")
        index = s.value(ArithmeticOp(Arithmetic.DIV, index, per_block), "block")
    s.values[op.result] = index


@lower.register
def _(op: npu.BlockCountOp, s: Statements) -> None:
    s.values[op.result] = s.value(GetBlockNumOp(), "blocks")


@lower.register
def _(op: npu.SubBlockIndexOp, s: Statements) -> None:
    s.values[op.result] = s.value(GetSubBlockIdxOp(), "sub_block")


@lower.register
def _(op: NpuReadOp, s: Statements) -> None:
    read = GetValueOp(s.of(op.src), s.of(op.src_offset), result=element_of(op.src))
    s.define(op.result, read)


@lower.register
def _(op: npu.FindRunOp, s: Statements) -> None:
    """The runs that end at or before the position lie in front of its run."""
    run = s.value(VariableOp(s.size(0)), "run_found")
    start = s.value(VariableOp(s.size(0)), "run_start_found")

    def try_run(number: SSAValue) -> None:
        end = s.scalar_index(op.ends, number)
        behind = s.compare(CmpMode.GE, s.of(op.position), end, "is_behind")

        def go_on() -> None:
            s.insert(AssignOp(run, s.size(s.add(number, 1))))
            s.insert(AssignOp(start, end))

        s.when(behind, go_on)

    s.loop(s.of(op.runs), 1, try_run, "run")
    s.values[op.run] = s.value(ReadOp(run), op.run.name_hint or "run_index")
    s.values[op.start] = s.value(ReadOp(start), op.start.name_hint or "run_start")
    s.values[op.end] = s.scalar_index(op.ends, s.of(op.run))
    s.values[op.end].name_hint = op.end.name_hint or "run_end"
