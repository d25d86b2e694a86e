"""The clock against what is known of the chip, and against timelines done by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.twin.clock import Time
from backends.twin.launch import Library
from backends.twin.report import KernelType
from backends.twin.timing import DEFAULT_TIMING, PARAMETERS, Timing

CASES = (
    "mmads adds rows strided tiles nd2nz scalars reductions passes loads handover "
    "meeting barriers atomics reduce_all unit serial others "
    "accumulate single direct preload"
).split()
VECTOR, CUBE = KernelType.AIV_ONLY, KernelType.AIC_ONLY
MIX = KernelType.MIX_AIC_1_2
MHZ = 1850
BANKS = 65536
"""Bytes of UB after which another bank of each group begins."""


def run(
    library: Library,
    case: str,
    n: int = 1,
    x: int = 0,
    y: int = 0,
    *,
    blocks: int = 1,
    kind: KernelType = VECTOR,
    size: int = 65536,
    timing: Timing = DEFAULT_TIMING,
    trace: int = 0,
    reverse: bool = False,
) -> Time:
    """The time of a case of kernels/clock.cpp on `size` bytes of zeros."""
    arguments = [np.zeros(size, np.uint8), np.zeros(65536, np.uint8)]
    report = library.launch(
        [*arguments, CASES.index(case), n, x, y],
        blocks,
        kernel_type=kind,
        timing=timing,
        trace=trace,
        reverse=reverse,
        check=False,  # what these loops compute is never looked at
    )
    assert not report.hazards
    assert report.time is not None
    return report.time


def events(time: Time, pipe: str, core: int = 0) -> list[tuple[str, str, float, float]]:
    """(reason, api, start, length) of a pipe, in cycles."""
    assert time.trace is not None
    pipes = ("S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX")
    return [
        (time.trace.reasons[reason], time.trace.sites[site][0], at / 1024, n / 1024)
        for c, p, reason, site, at, n, _ in time.trace.events
        if c == core and pipes[p] == pipe
    ]


def work(time: Time, pipe: str, core: int = 0) -> list[tuple[float, float]]:
    """(start, end) of what a pipe did."""
    done = [each for each in events(time, pipe, core) if each[0] == "running"]
    return [(start, start + length) for _, _, start, length in done]


# What the facts say of the chip.


@pytest.mark.parametrize(("wide", "measured"), [(256, 4209), (128, 2172)])
def test_mmads_of_a_product_over_512(clock: Library, wide: int, measured: int) -> None:
    time = run(clock, "mmads", 8, wide, kind=CUBE, trace=1000)
    done = work(time, "M")
    took = done[-1][1] - done[0][0] + DEFAULT_TIMING["mmad_latency"]
    assert took == pytest.approx(measured, rel=0.01)
    assert time.cores[0].steps == 128 * wide * 512 // 4096


def test_a_large_matmul_keeps_the_cube_busy_as_measured() -> None:
    """8192 cubed on 24 cores: 3022.9 us in theory, 3082 us of cube time measured."""
    steps = 128 * 256 * 64 / 4096
    modelled = (steps + DEFAULT_TIMING["mmad_startup"]) / steps
    assert modelled == pytest.approx(3082 / 3022.9, rel=0.01)


@pytest.mark.parametrize(
    ("src0", "src1", "measured"),
    [
        (0, BANKS + 256, 2390),  # other groups of banks
        (0, BANKS, 4167),  # two reads in one group
        (2 * BANKS + 16384, BANKS + 256, 3751),  # a read and the write in one bank
        (2 * BANKS, BANKS + 256, 2390),  # the write goes to what is read
    ],
)
def test_adds_of_64_repeats(
    clock: Library, src0: int, src1: int, measured: int
) -> None:
    """1000 of them were measured in ticks of 50 MHz."""
    time = run(clock, "adds", 1000, src0, src1)
    assert time.cycles / 1000 == pytest.approx(measured / 50 * MHZ / 1000, rel=0.02)
    assert time.cores[0].repeats == 64000


def test_rows_of_128_bytes_cost_21_cycles_each(clock: Library) -> None:
    n = 1024
    time = run(clock, "rows", n, 128, blocks=48, size=n * 48 * 128)
    assert (time.cycles - 500) / n == pytest.approx(20.9, rel=0.01)
    assert time.gm.read == n * 48 * 128


@pytest.mark.parametrize(
    ("n", "terabytes", "tolerance"), [(8, 1.40, 0.05), (16, 1.44, 0.05)]
)
def test_large_tiles_reach_what_hbm_gives(
    clock: Library, n: int, terabytes: float, tolerance: float
) -> None:
    time = run(clock, "tiles", n, 131072, blocks=48, size=n * 48 * 131072)
    reached = time.gm.read / time.cycles * MHZ / 1e6
    assert reached == pytest.approx(terabytes, rel=tolerance)
    assert time.busiest() == "HBM"


def test_64_rows_in_one_instruction(clock: Library) -> None:
    """Tiles of 64 x 64 half out of a wide matrix: 1.29 TB/s were measured."""
    n = 24
    time = run(clock, "strided", n, 0, n * 48, blocks=48, size=n * 48 * 64 * 128)
    assert time.gm.hbm_read == time.gm.read
    reached = time.gm.read / (time.cycles - 500) * MHZ / 1e6
    assert reached == pytest.approx(1.29, rel=0.12)


@pytest.mark.parametrize(("columns", "measured"), [(64, 349), (256, 1063)])
def test_nd2nz_of_64_rows(clock: Library, columns: int, measured: int) -> None:
    n = 64
    size = n * 24 * 64 * columns * 2
    time = run(clock, "nd2nz", n, columns, blocks=24, kind=CUBE, size=size)
    assert (time.cycles - 500) / n == pytest.approx(measured, rel=0.04)


def test_adding_with_the_scalar_unit_takes_34_cycles(clock: Library) -> None:
    assert run(clock, "scalars", 100).cycles / 100 == pytest.approx(34, rel=0.05)


def test_the_best_of_three_ways_to_reduce_256_floats(clock: Library) -> None:
    """Measured: 13 us two by repeat, 13.94 us three by block, 8.44 us one of each."""
    repeats, blocks, mixed = (run(clock, "reductions", 100, k).cycles for k in range(3))
    assert mixed < repeats < blocks


def test_passes_over_more_than_l2_holds(clock: Library) -> None:
    """Four passes over 302 MB took 828 us, part by part so that L2 holds it 365.7 us."""
    held = DEFAULT_TIMING.changed(l2_holds=1 / 24)  # 8 MiB; the data have 12
    size = 2 * 48 * 131072
    whole = run(clock, "passes", 2, 4, 1, blocks=48, size=size, timing=held)
    parts = run(clock, "passes", 1, 4, 2, blocks=48, size=size, timing=held)
    assert (whole.gm.read, whole.gm.hbm_read) == (4 * size, 4 * size)
    assert (parts.gm.read, parts.gm.hbm_read) == (4 * size, size)
    assert parts.cycles / whole.cycles == pytest.approx(365.7 / 828, rel=0.12)


def test_f32_takes_four_times_as_long(clock: Library) -> None:
    time = run(clock, "single", kind=CUBE)
    assert time.cores[0].pipes["M"].busy == 7 + 4 * 64**3 / 4096


def test_every_other_repeat_reads_the_bank_of_a_sum(clock: Library) -> None:
    """The accumulate idiom: the sum stays, the data alternate between halves of groups."""
    assert run(clock, "accumulate").cores[0].pipes["V"].busy == 24 + 64 * 1.5


def test_fractals_from_gm_are_bursts(clock: Library) -> None:
    busy = run(clock, "direct", kind=CUBE).cores[0].pipes["MTE2"].busy
    assert busy == pytest.approx(15.7 + 8 * 5.2, abs=0.01)


# Timelines by hand.


def test_a_flag_between_cores(clock: Library) -> None:
    """LoadData is issued at 8 and runs for 10 + 32 fractals at 256 bytes a cycle, a flag
    takes 10 to Mmad, which takes 7 + 32 steps and 60 to its result, a flag takes 10 to
    FIX, one between cores 200; the vector cores issue an Add, 4."""
    time = run(clock, "handover", kind=MIX, trace=1000)
    loaded = 8 + 10 + 32 * 512 / 256
    assert work(time, "MTE1") == [(8, loaded)]
    assert work(time, "M") == [(loaded + 10, loaded + 10 + 39)]
    woken = loaded + 10 + 39 + 60 + 10 + 200
    for vector in (1, 2):
        assert work(time, "V", vector) == [(woken + 4, woken + 4 + 88)]
        waits = time.cores[vector].pipes["S"].stalls
        assert waits == {"cross-core flag": woken - 4}
    assert time.cycles == woken + 92
    assert time.cores[0].pipes["M"].stalls == {"issue": 10, "flag of MTE1": loaded}


def test_all_meet_when_the_last_one_comes(clock: Library) -> None:
    """Ten Adds of 88 on one core, then SyncAll: its flags take 200."""
    time = run(clock, "meeting", 10, blocks=4, kind=KernelType.MIX_AIV_1_0)
    last = 4 + 880 + 4 + 200
    assert {core.end for core in time.cores} == {last}
    assert time.cores[1].pipes["S"].stalls == {"cross-core flag": last - 9}


def test_a_barrier_of_all_pipes_stops_issue(clock: Library) -> None:
    time = run(clock, "barriers", trace=100)
    assert work(time, "V") == [(4, 92), (96, 184)]
    assert time.cores[0].pipes["S"].stalls == {"barrier": 92 - 5}


def test_all_meet_through_memory(clock: Library) -> None:
    """The barrier of all pipes, then 200 for the news of the last core."""
    time = run(clock, "meeting", 10, 1, blocks=4, kind=KernelType.MIX_AIV_1_0)
    assert {core.end for core in time.cores} == {4 + 880 + 200}


@pytest.mark.parametrize("kind", [1, 2])
def test_the_scalar_unit_reaches_memory_by_the_line(clock: Library, kind: int) -> None:
    """64 values in four lines of 64 bytes, all in one of L2: once HBM, then L2."""
    time = run(clock, "scalars", 64, kind)
    assert (time.gm.read, time.gm.written) == (4 * 64, (kind - 1) * 4 * 64)
    waits = time.cores[0].pipes["S"].stalls["memory"]
    assert waits == pytest.approx(500 + 3 * 250, abs=4 * 64 / 110 + 512 / 768)
    assert time.cores[0].pipes["S"].busy == 64 * 11


def test_a_line_that_was_cleaned_is_fetched_again(clock: Library) -> None:
    """Two lines are read in turn, and the first one is cleaned each time."""
    assert run(clock, "scalars", 20, 3).gm.read == (10 + 1) * 64


@pytest.mark.parametrize("between", [0, 10, 44, 60])
def test_a_line_that_was_preloaded_is_waited_for_no_longer(
    clock: Library, between: int
) -> None:
    """500 cycles from HBM, of which the scalar unit works for 11 between and at the
    load itself; what is left it waits."""
    time = run(clock, "preload", 1, 1, between)
    waits = time.cores[0].pipes["S"].stalls.get("memory", 0)
    left = 500 + 64 / 110 + 512 / 768 - 11 * (between + 1)
    assert waits == pytest.approx(max(left, 0), abs=1)
    assert time.cores[0].pipes["S"].busy == 11 * (between + 2)
    assert time.gm.read == 64


def test_every_line_is_fetched_once_preloaded_or_not(clock: Library) -> None:
    """Eight lines of 64 bytes in one of L2: with 30 accesses between, only the first one
    is waited for; and one that is there already is fetched no second time."""
    plain, ahead = (run(clock, "preload", 8, x, 30) for x in (0, 1))
    assert plain.gm.read == ahead.gm.read == 8 * 64
    assert plain.cores[0].pipes["S"].stalls["memory"] == pytest.approx(
        500 + 7 * 250, rel=0.01
    )
    waits = ahead.cores[0].pipes["S"].stalls["memory"]
    assert waits == pytest.approx(500 - 31 * 11, abs=2)


@pytest.mark.parametrize(("kind", "issued"), [(1, 0.0), (2, 20.9 + 1)])
def test_a_barrier_waits_for_what_is_under_way(
    clock: Library, kind: int, issued: float
) -> None:
    """Stores of 20.9 cycles with a latency of 250, a barrier behind each: that of the
    pipe lets issue go on, that of all pipes does not."""
    time = run(clock, "barriers", 20, kind)
    assert time.cycles == pytest.approx(20 * (20.9 + 250 + issued), rel=0.01)
    stalls = {pipe: each.stalls for pipe, each in time.cores[0].pipes.items()}
    waits = stalls["MTE3" if kind == 1 else "S"]["barrier"]
    assert waits == pytest.approx(20 * 250 + (kind == 2) * 20 * (20.9 - 1), rel=0.02)


def test_a_full_queue_stops_issue(clock: Library) -> None:
    """A load of 522 cycles, then 100 of 14; each is issued in 8."""
    time = run(clock, "loads", 100, kind=CUBE)
    assert time.cycles == 8 + 522 + 100 * 14
    assert time.cores[0].pipes["S"].stalls["queue of MTE1"] > 0
    deep = run(
        clock, "loads", 100, kind=CUBE, timing=DEFAULT_TIMING.changed(queue_depth=200)
    )
    assert deep.cores[0].pipes["S"].stalls == {}
    assert deep.cycles == time.cycles


def test_a_load_and_a_store_in_turn_pay_latency(clock: Library) -> None:
    """What the guide warns of: few rows in flight. 256 bytes at a time: 20.9 cycles and
    the latency of HBM, or of L2 for the other half of a line, a flag, 20.9 and the
    latency of a store, a flag."""
    time = run(clock, "serial", 10)
    each = 20.9 + (500 + 250) / 2 + 10 + 20.9 + 250 + 10
    assert time.cycles == pytest.approx(10 * each, rel=0.01)


def test_the_scalar_unit_waits_for_a_sum(clock: Library) -> None:
    """ReduceSum: issue 8, 24 + 5 on V, 10 until the scalar unit sees it, which takes 11
    to fetch and to store it."""
    assert run(clock, "reduce_all", 10).cycles / 10 == 8 + 29 + 10 + 11 - 11


def test_unit_flags_order_mmad_and_fixpipe(clock: Library) -> None:
    time = run(clock, "unit", 3, kind=CUBE, trace=1000)
    mmads, fixpipes = work(time, "M"), work(time, "FIX")
    for (start, end), (fix_start, fix_end) in zip(mmads, fixpipes, strict=True):
        assert fix_start >= start
        assert fix_end >= end
    for (_, fix_end), (start, _) in zip(fixpipes, mmads[1:]):
        assert start >= fix_end
    fast = DEFAULT_TIMING.changed(fixpipe_startup=1, fixpipe_row=0, l2_write_rate=1e4)
    done = run(clock, "unit", kind=CUBE, trace=1000, timing=fast)
    drained = max(at + length for _, _, at, length in events(done, "FIX"))
    assert drained == work(done, "M")[0][1] + DEFAULT_TIMING["mmad_latency"]


@pytest.mark.parametrize(("shared", "rate"), [(1, 110), (0, 220)])
def test_two_neighbours_share_a_port(clock: Library, shared: int, rate: int) -> None:
    timing = DEFAULT_TIMING.changed(group_port=shared, hbm_rate=1e6)
    n = 16
    time = run(clock, "tiles", n, 131072, blocks=2, size=2 * n * 131072, timing=timing)
    assert time.gm.read / time.cycles == pytest.approx(rate, rel=0.03)


def test_who_comes_second_to_a_port_ends_later(clock: Library) -> None:
    """Both start at 20.9 and would take 32 cycles; a window of 64 holds both."""
    timing = DEFAULT_TIMING.changed(hbm_rate=1e6)
    first, second = run(
        clock, "tiles", 1, 3520, blocks=2, size=7040, timing=timing
    ).cores
    assert first.pipes["MTE2"].stalls.keys() == {"issue"}
    assert second.pipes["MTE2"].stalls["L2 port"] == pytest.approx(64 - 52.9, abs=0.1)


@pytest.mark.parametrize("factor", [1, 4])
def test_atomics_may_cost_more(clock: Library, factor: int) -> None:
    timing = DEFAULT_TIMING.changed(
        atomic_factor=factor, ub_write_rate=8, issue_transfer=1, hbm_rate=1e6
    )
    time = run(clock, "atomics", 100, timing=timing)
    assert time.cores[0].pipes["MTE3"].busy == pytest.approx(
        100 * 64 * factor, rel=0.01
    )
    assert time.gm.written == 100 * 512


def test_long_runs_are_replayed_in_parts(clock: Library) -> None:
    """Cores take turns of 8192 instructions; where a turn ends does not show."""
    n, blocks = 20000, 4
    size = n * blocks * 128
    one = run(clock, "rows", n, 128, blocks=blocks, size=size)
    other = run(clock, "rows", n, 128, blocks=blocks, size=size, reverse=True)
    assert one == other
    assert one.cycles == pytest.approx(n * 20.9, rel=0.01)
    sums = run(clock, "meeting", n, blocks=2, kind=KernelType.MIX_AIV_1_0)
    assert sums.cycles == 4 + n * 88 + 4 + 200


COUNTS: dict[str, tuple[str, dict[str, Any]]] = {
    "issue_transfer": ("rows", {"n": 99, "x": 128}),
    "issue_load": ("loads", {"kind": CUBE}),
    "issue_mmad": ("mmads", {"n": 8, "x": 128, "kind": CUBE}),
    "issue_fixpipe": ("unit", {"kind": CUBE}),
    "issue_vector": ("adds", {"x": 0, "y": 256}),
    "mask_writes": ("reduce_all", {}),
    "issue_flag": ("serial", {}),
    "issue_cross": ("handover", {"kind": MIX}),
    "scalar_access": ("scalars", {}),
    "queue_depth": ("loads", {"n": 100, "kind": CUBE}),
    "transfer_startup": ("rows", {"x": 128}),
    "transfer_burst": ("rows", {"x": 128}),
    "l2_read_rate": ("tiles", {"x": 32768}),
    "l2_write_rate": ("unit", {"kind": CUBE, "l2_write_rate": 8}),
    "ub_write_rate": ("atomics", {"n": 99, "ub_write_rate": 8}),
    "group_port": ("tiles", {"x": 32768, "blocks": 2}),
    "hbm_rate": ("tiles", {"x": 65536, "blocks": 48, "size": 48 * 65536}),
    "l2_latency": ("serial", {"n": 2}),
    "hbm_latency": ("serial", {}),
    "store_latency": ("serial", {}),
    "atomic_factor": ("atomics", {"n": 99, "ub_write_rate": 8}),
    "l2_holds": (
        "passes",
        {"n": 2, "x": 2, "y": 1, "blocks": 48, "size": 96 << 17, "l2_holds": 1 / 24},
    ),
    "load_startup": ("loads", {"kind": CUBE}),
    "l0a_rate": ("handover", {"kind": MIX}),
    "l0b_rate": ("loads", {"kind": CUBE}),
    "mmad_startup": ("mmads", {"x": 128, "kind": CUBE}),
    "mmad_step": ("mmads", {"x": 128, "kind": CUBE}),
    "mmad_latency": ("mmads", {"x": 128, "kind": CUBE}),
    "fixpipe_startup": ("unit", {"kind": CUBE}),
    "fixpipe_row": ("unit", {"kind": CUBE}),
    "vector_startup": ("adds", {"x": 0, "y": 256}),
    "vector_repeat": ("adds", {"x": 0, "y": 256}),
    "reduce_repeat": ("reductions", {}),
    "reduce_block": ("reductions", {"x": 1}),
    "special_repeat": ("others", {}),
    "gather_repeat": ("others", {}),
    "select_setup": ("others", {}),
    "bank_read": ("adds", {"x": 0, "y": BANKS}),
    "bank_write": ("adds", {"x": 2 * BANKS + 16384, "y": BANKS + 256}),
    "flag_latency": ("handover", {"kind": MIX}),
    "cross_latency": ("handover", {"kind": MIX}),
}
"""For each parameter a case that it decides."""


@pytest.mark.parametrize("name", [each.name for each in PARAMETERS])
def test_every_parameter_counts(clock: Library, name: str) -> None:
    case, options = COUNTS[name]
    options = dict(options)
    preset = {key: options.pop(key) for key in list(options) if key in COUNTS}
    timing = DEFAULT_TIMING.changed(**preset)
    base = run(clock, case, timing=timing, **options)
    other = timing.scaled(name, 2)
    if name == "group_port":
        other = timing.changed(group_port=0)
    assert run(clock, case, timing=other, **options).cores != base.cores
