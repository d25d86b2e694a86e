"""Records on the clock: who is first, who waits, and which rows are moved at once."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects import test
from xdsl.dialects.builtin import MemRefType, i32

from backends.ascendc.twin.timing import DEFAULT_TIMING, Timing
from backends.cost.group import Group
from backends.cost.port import Memory
from backends.cost.records import Kind, Recorder
from backends.cost.rows import Numbers, each_move
from backends.cost.walk import Gm, Walk
from ligrad_ir.dialects.npu_types import Core, Pipe
from ligrad_ir.errors import LigradError

TIMING = DEFAULT_TIMING.changed(queue_depth=2, flag_latency=0, issue_flag=0)
KINDS = (Core.CUBE, 0), (Core.VECTOR, 0), (Core.VECTOR, 1)


def recorders(timing: Timing = TIMING) -> list[Recorder]:
    return [Recorder(*each, timing) for each in KINDS]


def replayed(cores: list[Recorder], timing: Timing = TIMING) -> tuple[Group, Memory]:
    memory = Memory(timing)
    group = Group(cores, memory)
    group.run()
    return group, memory


def test_a_full_queue_holds_up_the_scalar_unit() -> None:
    cores = recorders()
    for _ in range(5):
        cores[0].work(Pipe.M, 1.0, 100.0)
    cores[0].work(Pipe.FIX, 1.0, 10.0)
    group, _ = replayed(cores)
    # the fifth enters when the third starts, at 201; then FIX is issued
    assert group.cores[0].end == 501.0
    cores = recorders()
    for _ in range(5):
        cores[0].work(Pipe.M, 1.0, 100.0)
    cores[0].work(Pipe.FIX, 1.0, 1000.0)
    assert replayed(cores)[0].cores[0].end == 201.0 + 2.0 + 1000.0


def test_a_flag_orders_pipes_and_a_barrier_waits_for_results() -> None:
    cores = recorders()
    cores[1].work(Pipe.MTE2, 0.0, 50.0, 30.0)
    cores[1].set_flag(Pipe.MTE2, Pipe.V, 0)
    cores[1].wait_flag(Pipe.MTE2, Pipe.V, 0)
    cores[1].work(Pipe.V, 0.0, 10.0, 5.0)
    cores[1].barrier(Pipe.V)
    cores[1].work(Pipe.V, 0.0, 1.0)
    assert replayed(cores)[0].cores[1].end == 50 + 30 + 10 + 5 + 1


def test_what_is_shared_is_given_in_the_order_of_time() -> None:
    """The core that is asked first has much to issue, but what it sends late comes behind
    what the other one sends early."""
    timing = DEFAULT_TIMING.changed(l2_write_rate=10, ub_write_rate=10)
    cores = recorders(timing)
    for number in range(8):
        cores[1].store(Pipe.MTE3, 0.0, 0, number * 8192, 8192)
        cores[2].store(Pipe.MTE3, 0.0, 1, number * 8192, 8192)
    group, memory = replayed(cores, timing)
    ends = [core.end for core in group.cores[1:]]
    assert memory.written == 16 * 8192
    assert max(ends) - min(ends) < 0.1 * max(ends)


def test_both_vector_cores_tell_the_cube_core() -> None:
    cores = recorders()
    cores[1].work(Pipe.MTE3, 0.0, 100.0)
    cores[2].work(Pipe.MTE3, 0.0, 900.0)
    for core in cores[1:]:
        core.cross_set(Pipe.MTE3, 4)
    cores[0].cross_wait(4)
    cores[0].work(Pipe.M, 0.0, 1.0)
    end = 900 + TIMING["cross_latency"] + 1
    assert replayed(cores)[0].cores[0].end == pytest.approx(end, abs=50)
    cores[2].records.pop()
    with pytest.raises(LigradError, match="wait for each other for ever"):
        replayed(cores)


def test_a_line_that_is_asked_for_ahead_is_not_waited_for_twice() -> None:
    timing, latency = DEFAULT_TIMING, DEFAULT_TIMING["hbm_latency"]
    ahead, late = recorders(), recorders()
    for cores in (ahead, late):
        cores[0].read_scalar_gm(7, 0, is_preload=cores is ahead)
        for _ in range(10):
            cores[0].read_scalar()
        cores[0].read_scalar_gm(7, 32)
    first, memory = replayed(ahead, timing)
    second, _ = replayed(late, timing)
    spent = 12 * timing["scalar_access"]
    assert memory.read == 64
    assert second.cores[0].end == pytest.approx(spent + latency, abs=10)
    assert first.cores[0].end == pytest.approx(
        max(spent, timing["scalar_access"] + latency), abs=10
    )


def moves(row_numbers: list[int], first: int, count: int, near: int) -> list[list[int]]:
    """Row and gap of each move, of rows of 10 elements below row 100."""
    indices = test.TestOp(result_types=[MemRefType(i32, [len(row_numbers)])]).results[0]
    walk = Walk(
        Recorder(Core.CUBE, 0, TIMING), 1, {indices: Gm(3, np.array(row_numbers))}
    )
    numbers = Numbers(indices, first, count, 100, 10, near)
    return [list(each) for each in each_move(walk, numbers)]


@pytest.mark.parametrize(
    ("first", "count", "near", "found"),
    [
        (0, 8, 500, [[3, 20], [9, 0], [7, 0], [4, 0], [4, 0], [-1, 0], [99, 0]]),
        (0, 8, 10, [[3, 0], [5, 0], [9, 0], [7, 0], [4, 0], [4, 0], [-1, 0], [99, 0]]),
        (1, 3, 500, [[5, 0], [9, 0], [7, 0]]),
        (0, 1, 500, [[3, 0]]),
        (8, 2, 999, [[0, 990]]),
        (8, 2, 989, [[0, 0], [99, 0]]),
        (10, 2, 500, [[50, 0], [-1, 0]]),
    ],
)
def test_two_rows_of_a_word_that_ascend_are_one_move(
    first: int, count: int, near: int, found: list[list[int]]
) -> None:
    row_numbers = [3, 5, 9, 7, 4, 4, -1, 99, 0, 99, 50, 100]
    assert moves(row_numbers, first, count, near) == found


def test_words_are_read_once_and_lines_asked_for_ahead() -> None:
    indices = test.TestOp(result_types=[MemRefType(i32, [40])]).results[0]
    recorder = Recorder(Core.CUBE, 0, TIMING)
    walk = Walk(recorder, 1, {indices: Gm(3, np.arange(40))})
    assert len(list(each_move(walk, Numbers(indices, 1, 38, 100, 10, 500)))) == 20
    asked = [each for each in recorder.records if not each.waits]
    assert [each.kind for each in asked] == [Kind.ACCESS] * 3
    assert len(recorder.records) - len(asked) == 20
    moved = [each.transfer.offset for each in recorder.records if each.transfer]
    assert moved == [
        64,
        0,
        128,
    ]  # two lines ahead of their use; nothing behind the last
