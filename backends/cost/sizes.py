"""Sizes, which cost nothing; who a core is; and what orders its pipes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import Float32Type, IndexType, IntegerAttr
from xdsl.ir import Operation, SSAValue

from backends.cost.walk import Action, UnknownCostError, Walk, cost
from ligrad_ir.dialects import npu_launch as npu
from ligrad_ir.dialects.npu_types import element_bytes, element_of


def _select(condition: bool, first: int, second: int) -> int:
    return first if condition else second


def _divide(a: int, b: int) -> int:
    return a // b


def _and(a: int, b: int) -> int:
    return a & b


def _or(a: int, b: int) -> int:
    return a | b


INTEGERS: dict[type[Operation], Callable[..., int]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivUIOp: _divide,
    arith.RemUIOp: operator.mod,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.AndIOp: _and,
    arith.OrIOp: _or,
    arith.SelectOp: _select,
    arith.IndexCastOp: int,
    arith.NegfOp: int,
}
COMPARISONS: tuple[Callable[..., bool], ...] = (
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
)
"""By the number of an `arith.cmpi` predicate."""


def _evaluated(op: Operation, function: Callable[..., Any]) -> Action:
    [result] = op.results
    operands: Sequence[SSAValue] = tuple(op.operands)

    def run(w: Walk) -> None:
        values = w.values
        values[result] = function(*(values[each] for each in operands))

    return run


def _integer(op: Operation) -> Action:
    return _evaluated(op, INTEGERS[type(op)])


for _type in INTEGERS:
    cost.register(_type, _integer)


@cost.register
def _(op: arith.CmpiOp) -> Action:
    number = op.predicate.value.data
    if number >= len(COMPARISONS):
        raise UnknownCostError(f"sizes have signs: {op}")
    return _evaluated(op, COMPARISONS[number])


@cost.register
def _(op: arith.ConstantOp) -> Action:
    value = 0
    if not isinstance(op.result.type, Float32Type):
        assert isinstance(op.value, IntegerAttr)
        value = cast("IntegerAttr[IndexType]", op.value).value.data
    return _evaluated(op, lambda: value)


@cost.register
def _(op: npu.AllocOp) -> Action:
    return lambda w: None


@cost.register
def _(op: npu.AwaitOp) -> Action:
    return lambda w: None


@cost.register
def _(op: npu.BlockIndexOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, 0)


@cost.register
def _(op: npu.BlockCountOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, w.blocks)


@cost.register
def _(op: npu.SubBlockIndexOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, w.core.sub)


# ---- order


@cost.register
def _(op: npu.SetFlagOp) -> Action:
    flag = op.source.data, op.target.data, op.event.value.data
    return lambda w: w.core.set_flag(*flag)


@cost.register
def _(op: npu.WaitFlagOp) -> Action:
    flag = op.source.data, op.target.data, op.event.value.data
    return lambda w: w.core.wait_flag(*flag)


@cost.register
def _(op: npu.BarrierOp) -> Action:
    return lambda w: w.core.barrier(op.on.data)


@cost.register
def _(op: npu.CrossSetOp) -> Action:
    flag, pipe = op.flag.value.data, op.on.data
    return lambda w: w.core.cross_set(pipe, flag)


@cost.register
def _(op: npu.CrossWaitOp) -> Action:
    flag = op.flag.value.data
    return lambda w: w.core.cross_wait(flag)


@cost.register
def _(op: npu.SyncAllOp) -> Action:
    return lambda w: w.core.meet()


@cost.register
def _(op: npu.FindRunOp) -> Action:
    """A loop over the run ends, and the end of the run that was found."""
    size = element_bytes(element_of(op.ends))

    def run(w: Walk) -> None:
        ends, number = w.integers(op.ends), w.values[op.ends].number
        runs, position = w.values[op.runs], w.values[op.position]
        for each in range(runs):
            w.core.read_scalar_gm(number, each * size)
        found = int(np.count_nonzero(ends[:runs] <= position))
        w.core.read_scalar_gm(number, found * size)
        w.values[op.run] = found
        w.values[op.start] = int(ends[found - 1]) if found else 0
        w.values[op.end] = int(ends[found])

    return run
