"""What is seen to divide a size, whatever it is in a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from math import gcd
from typing import Any, cast

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType
from xdsl.ir import Block, Operation, SSAValue

Divisor = Callable[[SSAValue], int]
"""The divisor of a value."""


def divisor(value: SSAValue) -> int:
    """The greatest number that is seen to divide an integer: 1 where nothing is known of
    it, 0 for zero, which everything divides. Of a tensor on the chip, the same for the
    bytes in front of it, where a buffer counts as aligned to whatever it must be."""
    known: dict[SSAValue, int] = {}

    def of(value: SSAValue) -> int:
        if value not in known:
            owner = value.owner
            if isinstance(owner, Operation):
                known[value] = divisor_of_result(owner, of)
            else:
                known[value] = _of_argument(value, owner, of)
        return known[value]

    return of(value)


def is_multiple(value: SSAValue, unit: int) -> bool:
    """Whether an integer is seen to be a multiple of `unit`."""
    return divisor(value) % unit == 0


def _of_argument(value: SSAValue, block: Block, of: Divisor) -> int:
    loop = block.parent_op()
    if loop is None or not block.args or value is not block.args[0]:
        return 1
    return divisor_of_counter(loop, of)


@singledispatch
def divisor_of_counter(op: Operation, of: Divisor) -> int:
    """The divisor of what an operation counts in the first argument of its body."""
    return 1


@divisor_of_counter.register
def _(op: scf.ForOp, of: Divisor) -> int:
    return gcd(of(op.lb), of(op.step))


@singledispatch
def divisor_of_result(op: Operation, of: Divisor) -> int:
    """The divisor of the result of an operation, from those of its operands."""
    return divisor_of_unknown(op)


def divisor_of_unknown(op: Operation) -> int:
    """The divisor of a result of which nothing is known: a number, or a buffer."""
    is_number = isinstance(op.results[0].type, IndexType | IntegerType)
    return 1 if is_number else 0


@divisor_of_result.register
def _(op: arith.ConstantOp, of: Divisor) -> int:
    if not isinstance(op.value, IntegerAttr):
        return 1
    return abs(cast("IntegerAttr[Any]", op.value).value.data)


@divisor_of_result.register
def _(op: arith.MuliOp, of: Divisor) -> int:
    return of(op.lhs) * of(op.rhs)


@divisor_of_result.register(arith.AddiOp)
@divisor_of_result.register(arith.MaxSIOp)
@divisor_of_result.register(arith.MinSIOp)
@divisor_of_result.register(arith.RemUIOp)
@divisor_of_result.register(arith.SubiOp)
def _(op: Operation, of: Divisor) -> int:
    lhs, rhs = op.operands
    return gcd(of(lhs), of(rhs))


@divisor_of_result.register
def _(op: arith.DivUIOp, of: Divisor) -> int:
    return quotient(of(op.lhs), op.rhs)


@divisor_of_result.register
def _(op: arith.SelectOp, of: Divisor) -> int:
    return gcd(of(op.lhs), of(op.rhs))


@divisor_of_result.register
def _(op: arith.IndexCastOp, of: Divisor) -> int:
    return of(op.input)


def quotient(dividend: int, by: SSAValue) -> int:
    """The divisor of a quotient, of what has the divisor `dividend`."""
    number = getattr(by.owner, "value", None)
    if not isinstance(number, IntegerAttr) or number.value.data == 0:
        return 1
    unit = cast("IntegerAttr[Any]", number).value.data
    return abs(dividend // unit) if dividend % unit == 0 else 1
