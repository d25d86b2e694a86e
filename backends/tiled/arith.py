"""`arith` with the operations that xDSL does not interpret, and f32 in its precision."""

from __future__ import annotations

from typing import cast

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    Float32Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.interpreter import Interpreter, PythonValues, impl, register_impls
from xdsl.interpreters.arith import ArithFunctions
from xdsl.ir import SSAValue
from xdsl.utils.comparisons import to_signed, to_unsigned

from backends.tiled.memory import require

Value = float | np.float32


def _width(i: Interpreter, value: SSAValue) -> int:
    if isinstance(value.type, IndexType):
        return i.index_bitwidth
    return cast("IntegerType[int]", value.type).width.data


def _unsigned(i: Interpreter, value: SSAValue, args: PythonValues) -> list[int]:
    return [to_unsigned(arg, _width(i, value)) for arg in args]


def _signed(i: Interpreter, value: SSAValue, result: int) -> tuple[int]:
    return (to_signed(result, _width(i, value)),)


def _float(value: SSAValue, result: float) -> tuple[Value]:
    is_single = isinstance(value.type, Float32Type)
    return (np.float32(result) if is_single else float(result),)


def _divisor(value: int) -> int:
    require(value != 0, "a division by 0")
    return value


@register_impls
class NpuArith(ArithFunctions):
    """Integers are ints; scalars of type f32 are `np.float32`, and round as such."""

    @impl(arith.ConstantOp)
    def constant(
        self, i: Interpreter, op: arith.ConstantOp, args: PythonValues
    ) -> PythonValues:
        if isinstance(op.value, FloatAttr):
            value = op.value.value.data
            return _float(op.result, value)
        return (cast("IntegerAttr[IntegerType]", op.value).value.data,)

    @impl(arith.DivUIOp)
    def divui(
        self, i: Interpreter, op: arith.DivUIOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = _unsigned(i, op.result, args)
        return _signed(i, op.result, lhs // _divisor(rhs))

    @impl(arith.RemUIOp)
    def remui(
        self, i: Interpreter, op: arith.RemUIOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = _unsigned(i, op.result, args)
        return _signed(i, op.result, lhs % _divisor(rhs))

    @impl(arith.CeilDivUIOp)
    def ceildivui(
        self, i: Interpreter, op: arith.CeilDivUIOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = _unsigned(i, op.result, args)
        return _signed(i, op.result, -(-lhs // _divisor(rhs)))

    @impl(arith.CeilDivSIOp)
    def ceildivsi(
        self, i: Interpreter, op: arith.CeilDivSIOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = args
        return _signed(i, op.result, -(-lhs // _divisor(rhs)))

    @impl(arith.MinUIOp)
    def minui(
        self, i: Interpreter, op: arith.MinUIOp, args: PythonValues
    ) -> PythonValues:
        return _signed(i, op.result, min(_unsigned(i, op.result, args)))

    @impl(arith.MaxUIOp)
    def maxui(
        self, i: Interpreter, op: arith.MaxUIOp, args: PythonValues
    ) -> PythonValues:
        return _signed(i, op.result, max(_unsigned(i, op.result, args)))

    @impl(arith.MinSIOp)
    def minsi(
        self, i: Interpreter, op: arith.MinSIOp, args: PythonValues
    ) -> PythonValues:
        return (min(args),)

    @impl(arith.MaxSIOp)
    def maxsi(
        self, i: Interpreter, op: arith.MaxSIOp, args: PythonValues
    ) -> PythonValues:
        return (max(args),)

    @impl(arith.ShRUIOp)
    def shrui(
        self, i: Interpreter, op: arith.ShRUIOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = _unsigned(i, op.result, args)
        return _signed(i, op.result, lhs >> rhs)

    @impl(arith.ExtSIOp)
    def extsi(
        self, i: Interpreter, op: arith.ExtSIOp, args: PythonValues
    ) -> PythonValues:
        return _signed(i, op.input, int(args[0]))

    @impl(arith.ExtUIOp)
    def extui(
        self, i: Interpreter, op: arith.ExtUIOp, args: PythonValues
    ) -> PythonValues:
        return tuple(_unsigned(i, op.input, args))

    @impl(arith.TruncIOp)
    def trunci(
        self, i: Interpreter, op: arith.TruncIOp, args: PythonValues
    ) -> PythonValues:
        return _signed(i, op.result, args[0])

    @impl(arith.SIToFPOp)
    def sitofp(
        self, i: Interpreter, op: arith.SIToFPOp, args: PythonValues
    ) -> PythonValues:
        return _float(op.result, args[0])

    @impl(arith.DivfOp)
    def divf(
        self, i: Interpreter, op: arith.DivfOp, args: PythonValues
    ) -> PythonValues:
        return (np.divide(args[0], args[1]),)

    @impl(arith.NegfOp)
    def negf(
        self, i: Interpreter, op: arith.NegfOp, args: PythonValues
    ) -> PythonValues:
        return (-args[0],)
