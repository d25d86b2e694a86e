"""What moving costs: global memory to the chip and back, L1 to L0; and the cube unit."""

from __future__ import annotations

from collections.abc import Callable, Generator

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from backends.cost.vectors import counted
from backends.cost.walk import Action, Steps, Walk, cost, steps
from ligrad_ir.dialects import npu_cube, npu_move, npu_rows
from ligrad_ir.dialects.npu_types import (
    Pipe,
    Space,
    element_bytes,
    element_of,
    space_of,
)
from ligrad_ir.dialects.npu_vector import ReadOp
from ligrad_ir.soc import Soc

FRACTAL = Soc.fractal
SLOTS = 64
"""Row numbers are remembered modulo this (`passes.machine.indexed_rows`)."""


def _size(value: SSAValue) -> int:
    return element_bytes(element_of(value))


def _startup(w: Walk, bursts: int) -> float:
    timing = w.core.timing
    return timing["transfer_startup"] + bursts * timing["transfer_burst"]


@cost.register
def _(op: npu_move.LoadOp) -> Action:
    size = _size(op.src)
    is_integer = isinstance(element_of(op.dst), IntegerType)

    def run(w: Walk) -> None:
        v = w.values
        rows, count, pitch = v[op.rows], v[op.count], v[op.src_pitch]
        start, gm = v[op.src_offset], v[op.src]
        busy = _startup(w, rows)
        w.core.load(
            Pipe.MTE2, busy, gm.number, start * size, count * size, rows, pitch * size
        )
        if is_integer:
            source, target = w.integers(op.src), w.integers(op.dst)
            for row in range(rows):
                to, at = v[op.dst_offset] + row * v[op.dst_pitch], start + row * pitch
                target[to : to + count] = source[at : at + count]

    return run


@cost.register
def _(op: npu_move.StoreOp) -> Action:
    size = _size(op.dst)

    def run(w: Walk) -> None:
        v = w.values
        w.core.store(
            Pipe.MTE3,
            _startup(w, v[op.rows]),
            v[op.dst].number,
            v[op.dst_offset] * size,
            v[op.count] * size,
            v[op.rows],
            v[op.dst_pitch] * size,
            atomic=op.atomic is not None,
        )

    return run


@cost.register
def _(op: npu_move.Nd2NzOp) -> Action:
    size = _size(op.src)

    def run(w: Walk) -> None:
        v = w.values
        w.core.load(
            Pipe.MTE2,
            _startup(w, v[op.rows]),
            v[op.src].number,
            v[op.src_offset] * size,
            v[op.columns] * size,
            v[op.rows],
            v[op.pitch] * size,
        )

    return run


@cost.register
def _(op: npu_move.LoadL0Op) -> Action:
    """One instruction, or one for each row or column of fractals."""
    transpose = op.transpose.value.data != 0
    whole = transpose and op.rows == op.nz_rows
    rate = "l0a_rate" if space_of(op.dst) is Space.L0A else "l0b_rate"
    size = _size(op.src)

    def run(w: Walk) -> None:
        timing = w.core.timing
        rows, columns = w.values[op.rows], w.values[op.columns]
        loads = 1 if whole else (columns if transpose else rows) // FRACTAL
        if loads:
            bytes = rows * columns * size / loads
            busy = timing["load_startup"] + bytes / timing[rate]
            for _ in range(loads):
                w.core.work(Pipe.MTE1, timing["issue_load"], busy)

    return run


@cost.register
def _(op: npu_cube.MmadOp) -> Action:
    depth = Soc.block_bytes // _size(op.lhs)

    def run(w: Walk) -> None:
        v, timing = w.values, w.core.timing
        m, n, k = max(v[op.m], 2), v[op.n], v[op.k]
        steps = -(-m // FRACTAL) * -(-n // FRACTAL) * -(-k // depth)
        busy = timing["mmad_startup"] + steps * timing["mmad_step"]
        w.core.steps += steps
        w.core.work(Pipe.M, timing["issue_mmad"], busy, timing["mmad_latency"])

    return run


@cost.register
def _(op: npu_cube.FixpipeOp) -> Action:
    size = _size(op.dst)

    def run(w: Walk) -> None:
        v, timing = w.values, w.core.timing
        rows = v[op.m]
        w.core.store(
            Pipe.FIX,
            timing["fixpipe_startup"] + rows * timing["fixpipe_row"],
            v[op.dst].number,
            v[op.dst_offset] * size,
            v[op.n] * size,
            rows,
            v[op.pitch] * size,
            atomic=op.atomic is not None,
        )

    return run


# ---- rows by their numbers


def _reader(w: Walk, source: SSAValue, at: int) -> Callable[[int], int]:
    """Reads the element number i behind a place, with the scalar unit; 0 where it is no
    integer, since what it is decides nothing."""
    core, size = w.core, _size(source)
    is_integer = isinstance(element_of(source), IntegerType)
    integers = w.integers(source) if is_integer else None
    number = None if space_of(source) is not Space.GM else w.values[source].number

    def read(i: int) -> int:
        if number is None:
            core.read_scalar()
        else:
            core.read_scalar_gm(number, (at + i) * size)
        return 0 if integers is None else int(integers[at + i])

    return read


@cost.register
def _(op: ReadOp) -> Action:
    def run(w: Walk) -> None:
        w.values[op.result] = _reader(w, op.src, w.values[op.src_offset])(0)

    return run


@steps.register
def _(op: npu_rows.GatherRowsOp) -> Steps:
    size = _size(op.src)

    def run(w: Walk) -> Generator[None]:
        v, busy, load = w.values, _startup(w, 1), w.core.load
        rows, count, base, limit = v[op.rows], v[op.count], v[op.base], v[op.limit]
        source, bytes = v[op.src].number, count * size
        read = _reader(w, op.indices, v[op.indices_offset])
        counted(w, rows * count, (op.dst, v[op.offset]))
        w.core.set_flag(Pipe.V, Pipe.MTE2, 0)
        w.core.wait_flag(Pipe.V, Pipe.MTE2, 0)
        for i in range(rows):
            if 0 <= (row := read(i)) < limit:
                load(Pipe.MTE2, busy, source, (base + row) * bytes, bytes)
            if w.core.at > w.group.horizon:
                yield

    return run


@steps.register
def _(op: npu_rows.GatherRowsNzOp) -> Steps:
    size = _size(op.src)

    def run(w: Walk) -> Generator[None]:
        v, busy, load = w.values, _startup(w, 1), w.core.load
        bytes, present, rows = v[op.count] * size, v[op.present], v[op.rows]
        base, limit = v[op.base], v[op.limit]
        source, zeros = v[op.src].number, v[op.zeros].number
        read = _reader(w, op.indices, v[op.indices_offset])
        for i in range(present):
            if 0 <= (row := read(i)) < limit:
                load(Pipe.MTE2, busy, source, (base + row) * bytes, bytes)
            else:
                load(Pipe.MTE2, busy, zeros, 0, bytes)
            if w.core.at > w.group.horizon:
                yield
        for _ in range(present, rows):
            load(Pipe.MTE2, busy, zeros, 0, bytes)

    return run


@steps.register
def _(op: npu_rows.LoadSelectedRowsOp) -> Steps:
    size = _size(op.src)

    def run(w: Walk) -> Generator[None]:
        v, busy, load = w.values, _startup(w, 1), w.core.load
        bytes, base, source = v[op.count] * size, v[op.base], v[op.src].number
        first, limit = v[op.first], v[op.limit]
        read = _reader(w, op.indices, v[op.indices_offset])
        for i in range(v[op.rows]):
            if first <= read(i) < limit:
                load(Pipe.MTE2, busy, source, (base + i) * bytes, bytes)
            if w.core.at > w.group.horizon:
                yield

    return run


@steps.register
def _(op: npu_rows.ScatterAddRowsOp) -> Steps:
    """With a barrier before each row, or before those that look like one before."""
    size = _size(op.dst)
    remembers = op.remember is not None

    def run(w: Walk) -> Generator[None]:
        v, busy, core = w.values, _startup(w, 1), w.core
        bytes, base, target = v[op.count] * size, v[op.base], v[op.dst].number
        first, limit = v[op.first], v[op.limit]
        read = _reader(w, op.indices, v[op.indices_offset])
        seen: set[int] = set()
        if remembers:
            core.barrier(Pipe.MTE3)
        for i in range(v[op.rows]):
            if core.at > w.group.horizon:
                yield
            if not first <= (row := read(i)) < limit:
                continue
            if not remembers or row % SLOTS in seen:
                core.barrier(Pipe.MTE3)
                seen.clear()
            seen.add(row % SLOTS)
            place = (base + row) * bytes
            core.store(Pipe.MTE3, busy, target, place, bytes, atomic=True)

    return run
