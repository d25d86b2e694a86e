"""What it costs to move rows by their numbers, which the scalar unit reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerType
from xdsl.ir import SSAValue

from backends.cost.moves import startup
from backends.cost.vectors import counted
from backends.cost.walk import Action, Walk, cost
from ligrad_ir.dialects import npu_rows
from ligrad_ir.dialects.npu_types import (
    Pipe,
    Space,
    element_bytes,
    element_of,
    space_of,
)
from ligrad_ir.dialects.npu_vector import ReadOp
from passes.machine.indexed_rows import MOST_PITCH, MOST_STRIDE
from passes.machine.indices import AHEAD, INDEX_BYTES, LINE, WORD

SLOTS = 64
"""Row numbers are remembered modulo this (`passes.machine.indexed_rows`)."""


def _size(value: SSAValue) -> int:
    return element_bytes(element_of(value))


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


@cost.register
def _(op: npu_rows.GatherRowsOp) -> Action:
    size = _size(op.src)

    def run(w: Walk) -> None:
        v, busy, load = w.values, startup(w, 1), w.core.load
        rows, count, base, limit = v[op.rows], v[op.count], v[op.base], v[op.limit]
        source, bytes = v[op.src].number, count * size
        read = _reader(w, op.indices, v[op.indices_offset])
        counted(w, rows * count, (op.dst, v[op.offset]))
        w.core.set_flag(Pipe.V, Pipe.MTE2, 0)
        w.core.wait_flag(Pipe.V, Pipe.MTE2, 0)
        for i in range(rows):
            if 0 <= (row := read(i)) < limit:
                load(Pipe.MTE2, busy, source, (base + row) * bytes, bytes)

    return run


@dataclass(frozen=True)
class Numbers:
    """Row numbers that are read by the word. near: how many elements two rows may be apart
    that one transfer takes."""

    indices: SSAValue
    first: int
    count: int
    limit: int
    elements: int
    near: int

    def fits(self, low: int, high: int) -> bool:
        """Whether two are moved at once."""
        ascend = 0 <= low < high < self.limit
        return ascend and (high - low) * self.elements <= self.near


def each_move(w: Walk, numbers: Numbers) -> Iterator[tuple[int, int]]:
    """The rows of a move, a number and how many elements on there is another (0: none), in
    order, as the scalar unit reads their numbers: -1 for what is no row."""
    core, integers = w.core, w.integers(numbers.indices)
    buffer, last = w.values[numbers.indices].number, len(integers) - 1
    first, end = numbers.first, numbers.first + numbers.count
    for word in range(first // WORD, -(-end // WORD)):
        at = word * WORD
        if at % LINE == 0:
            ahead = min(at + AHEAD, last) * INDEX_BYTES
            core.read_scalar_gm(buffer, ahead, is_preload=True)
        core.read_scalar_gm(buffer, at * INDEX_BYTES)
        own = [int(integers[i]) for i in range(max(at, first), min(at + WORD, end))]
        if len(own) == WORD and numbers.fits(*own):
            yield own[0], (own[1] - own[0]) * numbers.elements
            continue
        for row in own:
            yield row if 0 <= row < numbers.limit else -1, 0


@cost.register
def _(op: npu_rows.GatherRowsNzOp) -> Action:
    size = _size(op.src)

    def run(w: Walk) -> None:
        v, one, two = w.values, startup(w, 1), startup(w, WORD)
        load, count = w.core.load, v[op.count]
        bytes, base, present = count * size, v[op.base], v[op.present]
        source, zeros = v[op.src].number, v[op.zeros].number
        numbers = Numbers(
            op.indices, v[op.indices_offset], present, v[op.limit], count, MOST_PITCH
        )
        for row, gap in each_move(w, numbers):
            place = (base + row) * bytes
            if gap:
                load(Pipe.MTE2, two, source, place, bytes, WORD, gap * size)
            elif row >= 0:
                load(Pipe.MTE2, one, source, place, bytes)
            else:
                load(Pipe.MTE2, one, zeros, 0, bytes)
        for _ in range(present, v[op.rows]):
            load(Pipe.MTE2, one, zeros, 0, bytes)

    return run


@cost.register
def _(op: npu_rows.FixpipeAddRowsOp) -> Action:
    size = _size(op.dst)

    def run(w: Walk) -> None:
        v, timing, store = w.values, w.core.timing, w.core.store
        count, target, bytes = v[op.count], v[op.dst].number, v[op.columns] * size
        numbers = Numbers(
            op.indices,
            v[op.indices_offset],
            v[op.rows],
            v[op.limit],
            count,
            MOST_STRIDE,
        )
        for row, gap in each_move(w, numbers):
            if row >= 0:
                rows = WORD if gap else 1
                busy = timing["fixpipe_startup"] + rows * timing["fixpipe_row"]
                place = ((v[op.base] + row) * count + v[op.column]) * size
                store(
                    Pipe.FIX, busy, target, place, bytes, rows, gap * size, atomic=True
                )

    return run


@cost.register
def _(op: npu_rows.LoadSelectedRowsOp) -> Action:
    size = _size(op.src)

    def run(w: Walk) -> None:
        v, busy, load = w.values, startup(w, 1), w.core.load
        bytes, base, source = v[op.count] * size, v[op.base], v[op.src].number
        first, limit = v[op.first], v[op.limit]
        read = _reader(w, op.indices, v[op.indices_offset])
        for i in range(v[op.rows]):
            if first <= read(i) < limit:
                load(Pipe.MTE2, busy, source, (base + i) * bytes, bytes)

    return run


@cost.register
def _(op: npu_rows.ScatterAddRowsOp) -> Action:
    """With a barrier before each row, or before those that look like one before."""
    size = _size(op.dst)
    remembers = op.remember is not None

    def run(w: Walk) -> None:
        v, busy, core = w.values, startup(w, 1), w.core
        bytes, base, target = v[op.count] * size, v[op.base], v[op.dst].number
        first, limit = v[op.first], v[op.limit]
        read = _reader(w, op.indices, v[op.indices_offset])
        seen: set[int] = set()
        if remembers:
            core.barrier(Pipe.MTE3)
        for i in range(v[op.rows]):
            if not first <= (row := read(i)) < limit:
                continue
            if not remembers or row % SLOTS in seen:
                core.barrier(Pipe.MTE3)
                seen.clear()
            seen.add(row % SLOTS)
            place = (base + row) * bytes
            core.store(Pipe.MTE3, busy, target, place, bytes, atomic=True)

    return run
