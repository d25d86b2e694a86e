"""Divisors of sizes, against the numbers that the same sizes are in a run."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, f16, i1, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from ligrad_ir.dialects.ascendc import memory, scalar
from ligrad_ir.dialects.ascendc.core import ForOp
from ligrad_ir.dialects.ascendc.enums import Arithmetic, Position
from ligrad_ir.dialects.ascendc.types import LocalType, ui8, ui32
from ligrad_ir.divisors import divisor, is_multiple

INDEX = IndexType()


def constant(number: int) -> SSAValue:
    return arith.ConstantOp(IntegerAttr(number, INDEX)).result


def argument() -> SSAValue:
    return Block(arg_types=[INDEX]).args[0]


def known(number: int) -> SSAValue:
    return scalar.ConstantOp(number, i64).result


BINARY: list[tuple[type[Operation], Arithmetic, Callable[[int, int], int]]] = [
    (arith.AddiOp, Arithmetic.ADD, lambda a, b: a + b),
    (arith.SubiOp, Arithmetic.SUB, lambda a, b: a - b),
    (arith.MuliOp, Arithmetic.MUL, lambda a, b: a * b),
    (arith.DivUIOp, Arithmetic.DIV, lambda a, b: a // b),
    (arith.RemUIOp, Arithmetic.REM, lambda a, b: a % b),
    (arith.MinSIOp, Arithmetic.MIN, min),
    (arith.MaxSIOp, Arithmetic.MAX, max),
]


def draw(
    rng: random.Random, depth: int
) -> tuple[SSAValue, SSAValue, Callable[[dict[SSAValue, int]], int]]:
    """The same expression in `arith` and in `ascendc`, and its value for given values of
    its arguments: multiples of 16 or any numbers, none negative."""
    if depth == 0:
        if rng.random() < 0.5:
            number = rng.choice([0, 1, 3, 8, 48, 64])
            return constant(number), known(number), lambda _: number
        unit = rng.choice([1, 16])
        free = argument()
        times = arith.MuliOp(free, constant(unit)).result
        spoken = scalar.ReadOp(scalar.VariableOp(known(0)))
        twice = scalar.ArithmeticOp(Arithmetic.MUL, spoken, known(unit)).result
        return times, twice, lambda values: values.setdefault(free, 0) * unit
    op, operator, compute = rng.choice(BINARY)
    a, x, left = draw(rng, depth - 1)
    if operator in (Arithmetic.DIV, Arithmetic.REM):
        number = rng.choice([1, 2, 8, 64])
        b, y, right = constant(number), known(number), lambda _: number
    else:
        b, y, right = draw(rng, depth - 1)
    result = op.create(operands=[a, b], result_types=[INDEX]).results[0]
    statement = scalar.ArithmeticOp(operator, x, y).result
    return result, statement, lambda values: compute(left(values), right(values))


@pytest.mark.parametrize("seed", range(200))
def test_a_divisor_divides(seed: int) -> None:
    rng = random.Random(seed)
    size, statement, value = draw(rng, rng.randint(1, 4))
    found = divisor(size)
    assert divisor(statement) == found
    values: dict[SSAValue, int] = {}
    value(values)  # finds the arguments
    for _ in range(20):
        number = value({each: rng.randrange(1000) for each in values})
        assert number % found == 0 if found else number == 0


def test_what_is_seen() -> None:
    n = argument()
    whole = arith.DivUIOp(arith.AddiOp(n, constant(63)), constant(64))
    entries = arith.MaxSIOp(arith.MuliOp(whole, constant(64)), constant(64)).result
    assert divisor(n) == 1
    assert divisor(entries) == 64
    assert divisor(arith.MuliOp(n, entries).result) == 64
    assert divisor(arith.DivUIOp(entries, constant(16)).result) == 4
    assert divisor(arith.DivUIOp(entries, constant(128)).result) == 1
    assert divisor(arith.DivUIOp(entries, n).result) == 1
    assert divisor(arith.IndexCastOp(entries, i64).result) == 64
    condition = arith.ConstantOp(IntegerAttr(1, i1))
    chosen = arith.SelectOp(condition, entries, constant(96)).result
    assert divisor(chosen) == 32
    assert is_multiple(constant(0), 256)
    assert not is_multiple(chosen, 64)


def test_counters_of_loops() -> None:
    block = Block(arg_types=[INDEX])
    start, stop, step = map(constant, (32, 1000, 48))
    scf.ForOp(start, stop, step, (), Region(block))
    assert divisor(block.args[0]) == 16
    other = Block(arg_types=[i64])
    ForOp(known(0), known(1000), known(48), Region(other))
    assert divisor(other.args[0]) == 48


def test_scalars_of_other_types() -> None:
    n = scalar.ReadOp(scalar.VariableOp(known(0)))
    size = scalar.ArithmeticOp(Arithmetic.MUL, n, known(3 * 512)).result
    assert divisor(scalar.ScalarCastOp(size, ui32).result) == 512  # it may wrap around
    assert divisor(scalar.ScalarCastOp(size, ui8).result) == 256
    condition = scalar.ConstantOp(1, i1)
    assert divisor(scalar.ChooseOp(condition, size, known(64)).result) == 64
    block = Block([scalar.YieldOp(size)])
    assert divisor(scalar.ExpressionOp(Region(block), i64).result) == 3 * 512


def test_starts_of_tensors() -> None:
    memory_of_core = memory.TBufOp(Position.VECCALC)
    count, start = (scalar.ConstantOp(n, ui32) for n in (1024, 96))
    halves = LocalType(f16, Position.VECCALC)
    buffer = memory.GetWithOffsetOp(memory_of_core, count, start, result=halves)
    assert divisor(buffer.result) == 96
    n = scalar.ReadOp(scalar.VariableOp(known(0)))
    row = scalar.ArithmeticOp(Arithmetic.MUL, n, known(32))
    assert divisor(memory.TensorAtOp(buffer, row).result) == 32
    assert divisor(memory.TensorAtOp(buffer, n).result) == 2
