"""What the operations of the vector unit cost: UB to UB, on V."""

from __future__ import annotations

from math import prod

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from backends.cost.conflicts import Operand, conflicts
from backends.cost.walk import Action, Walk, cost
from ligrad_ir.dialects import npu_vector as npu
from ligrad_ir.dialects.npu_copy import COPY_UNIT, RepeatRowOp
from ligrad_ir.dialects.npu_launch import AllocOp
from ligrad_ir.dialects.npu_types import Pipe, buffer, element_bytes, element_of
from ligrad_ir.soc import Soc

REPEAT = Soc.vector_bytes
LANES = REPEAT // 4
"""float32 elements of a repeat."""


def _address(value: SSAValue) -> int:
    owner = value.owner
    assert isinstance(owner, AllocOp)
    assert owner.offset is not None
    return owner.offset.value.data


def _size(value: SSAValue) -> int:
    return element_bytes(element_of(value))


def counted(
    w: Walk, count: int, *operands: tuple[SSAValue, int], clash: bool = True
) -> None:
    """An instruction on `count` elements behind each other. operands: buffers and offsets
    in elements, the destination first. clash: whether conflicts of banks count."""
    sizes = [_size(value) for value, _ in operands]
    lanes = REPEAT // max(sizes)
    places: list[Operand] = [
        (_address(value) + offset * size, size, lanes * size)
        for (value, offset), size in zip(operands, sizes)
    ]
    issue = w.core.timing["issue_vector"] + w.core.timing["mask_writes"]
    instruction(w, issue, -(-count // lanes), lanes, places if clash else [])


def instruction(
    w: Walk,
    issue: float,
    repeats: int,
    lanes: int,
    operands: list[Operand],
    each: str = "vector_repeat",
    setup: float = 0.0,
) -> None:
    """An instruction of so many repeats; each: the parameter that a repeat takes."""
    timing = w.core.timing
    spent = timing[each]
    if operands:
        spent += conflicts(operands, repeats, lanes, timing)
    w.core.work(Pipe.V, issue, timing["vector_startup"] + setup + repeats * spent, 0.0)


@cost.register
def _(op: npu.BinaryOp) -> Action:
    return lambda w: counted(
        w,
        w.values[op.count],
        (op.dst, w.values[op.dst_offset]),
        (op.lhs, w.values[op.lhs_offset]),
        (op.rhs, w.values[op.rhs_offset]),
    )


def _unary(
    op: npu.BinaryScalarOp | npu.ReluOp | npu.ConvertOp | npu.ComparePositiveOp,
    *,
    clash: bool = True,
) -> Action:
    return lambda w: counted(
        w,
        w.values[op.count],
        (op.dst, w.values[op.dst_offset]),
        (op.src, w.values[op.src_offset]),
        clash=clash,
    )


@cost.register(npu.BinaryScalarOp)
@cost.register(npu.ReluOp)
@cost.register(npu.ConvertOp)
def _(op: npu.BinaryScalarOp | npu.ReluOp | npu.ConvertOp) -> Action:
    return _unary(op)


@cost.register
def _(op: npu.ComparePositiveOp) -> Action:
    return _unary(op, clash=False)


@cost.register
def _(op: npu.FillOp) -> Action:
    is_integer = isinstance(element_of(op.dst), IntegerType)
    number = int(op.value.value.data) if is_integer else 0

    def run(w: Walk) -> None:
        start, count = w.values[op.dst_offset], w.values[op.count]
        counted(w, count, (op.dst, start))
        if is_integer:
            w.integers(op.dst)[start : start + count] = number

    return run


@cost.register
def _(op: npu.SelectOp) -> Action:
    lanes = REPEAT // _size(op.dst)

    def run(w: Walk) -> None:
        timing = w.core.timing
        issue = timing["issue_vector"] + timing["mask_writes"]
        repeats = -(-w.values[op.count] // lanes)
        instruction(w, issue, repeats, lanes, [], setup=timing["select_setup"])

    return run


@cost.register
def _(op: npu.PresentOp) -> Action:
    def run(w: Walk) -> None:
        count = w.values[op.count]
        scratch = op.scratch, 0
        counted(w, count, scratch, (op.indices, w.values[op.indices_offset]))
        w.core.barrier(Pipe.V)
        counted(w, count, scratch, scratch)
        w.core.barrier(Pipe.V)
        counted(w, count, scratch, scratch, scratch)
        w.core.barrier(Pipe.V)
        counted(w, count, (op.dst, w.values[op.dst_offset]), scratch, clash=False)

    return run


@cost.register
def _(op: npu.SumOp) -> Action:
    longest = buffer(op.src).get_shape()
    at_once = len(longest) == 1 and longest[0] <= LANES * Soc.max_repeat
    scratch = _address(op.scratch)

    def run(w: Walk) -> None:
        timing, count = w.core.timing, w.values[op.count]
        src = _address(op.src) + w.values[op.src_offset] * 4
        counted(w, LANES, (op.scratch, 0))
        whole = count // LANES
        for first in (0,) if at_once else range(0, whole, Soc.max_repeat):
            repeats = min(whole - first, Soc.max_repeat)
            places = [
                (scratch, 4, 0),
                (src + first * REPEAT, 4, REPEAT),
                (scratch, 4, 0),
            ]
            w.core.barrier(Pipe.V)
            instruction(w, timing["issue_vector"], repeats, LANES, places)
        if tail := count % LANES:
            done = w.values[op.src_offset] + whole * LANES
            w.core.barrier(Pipe.V)
            counted(w, tail, (op.scratch, 0), (op.scratch, 0), (op.src, done))
        w.core.barrier(Pipe.V)
        instruction(w, timing["issue_vector"], 1, LANES, [], each="reduce_repeat")

    return run


@cost.register
def _(op: RepeatRowOp) -> Action:
    """The rows that are there are copied behind themselves."""
    elements, size = prod(buffer(op.dst).get_shape()), _size(op.dst)

    def copy(w: Walk, count: int) -> None:
        repeats = -(-count * size // REPEAT)
        instruction(w, w.core.timing["issue_vector"], repeats, LANES, [])

    def run(w: Walk) -> None:
        rows, count = w.values[op.rows], w.values[op.count]
        copy(w, count)
        done = 1
        while done < elements // COPY_UNIT:
            if rows > done:
                w.core.barrier(Pipe.V)
                copy(w, min(rows - done, done) * count)
            done *= 2

    return run
