"""What moving costs: global memory to the chip and back, L1 to L0; and the cube unit."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from backends.cost.walk import Action, Walk, cost
from ligrad_ir.dialects import npu_cube, npu_move
from ligrad_ir.dialects.npu_types import (
    Pipe,
    Space,
    element_bytes,
    element_of,
    space_of,
)
from ligrad_ir.soc import Soc

FRACTAL = Soc.fractal


def _size(value: SSAValue) -> int:
    return element_bytes(element_of(value))


def startup(w: Walk, bursts: int) -> float:
    """What a transfer of so many bursts takes besides its bytes."""
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
        busy = startup(w, rows)
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
            startup(w, v[op.rows]),
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
            startup(w, v[op.rows]),
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
