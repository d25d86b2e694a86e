"""What the clock reports: sums that must be right, repeatability, traces, sensitivity."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from backends.twin.clock import Time
from backends.twin.launch import Library
from backends.twin.report import Report
from backends.twin.sensitivity import sensitivity
from backends.twin.timing import DEFAULT_TIMING, PARAMETERS, Timing
from backends.twin.trace import NOTE
from ligrad_ir.soc import SOCS

ROUNDS, BLOCKS = 3, 3
ROWS = ROUNDS * BLOCKS * 64
Run = Callable[..., tuple[Report, bytes]]


@pytest.fixture
def mixed(mix: Library) -> Run:
    """Runs the leaky-relu kernel; the report and the bytes of its outputs."""
    rng = np.random.default_rng(5)
    a = rng.standard_normal((ROWS, 64)).astype(ml_dtypes.bfloat16)
    b = rng.standard_normal((64, 64)).astype(ml_dtypes.bfloat16)
    index = rng.integers(-1, 10, ROWS).astype(np.int32)

    def run(**options: object) -> tuple[Report, bytes]:
        y, total = np.zeros((ROWS, 64), np.float32), np.zeros((10, 64), np.float32)
        report = mix.launch(
            [a, b, index, y, total, struct.pack("2I", ROUNDS, 10)],
            BLOCKS,
            workspace=BLOCKS * 2 * 64 * 64 * 4,
            **options,  # pyright: ignore
        )
        return report.check(), y.tobytes() + total.tobytes()

    return run


def time_of(report: Report) -> Time:
    """The time, which must be there."""
    assert report.time is not None
    return report.time


def test_every_cycle_of_every_pipe_is_accounted_for(mixed: Run) -> None:
    time = time_of(mixed()[0])
    end = max(core.end for core in time.cores)
    assert time.cycles == np.ceil(end)
    for core in time.cores:
        for name, pipe in core.pipes.items():
            total = pipe.busy + sum(pipe.stalls.values()) + pipe.idle
            assert total == pytest.approx(end, abs=1e-6), (core.name, name)
            assert min(pipe.busy, pipe.idle, *pipe.stalls.values(), 0) == 0


def test_the_order_of_turns_does_not_count(mixed: Run) -> None:
    first, second, other = mixed(), mixed(), mixed(reverse=True)
    reports = [time_of(run[0]).as_json() for run in (first, second, other)]
    assert reports[0] == reports[1] == reports[2]
    assert first[1] == second[1]


def test_the_clock_changes_no_result(mixed: Run) -> None:
    without, on = mixed(clock=False), mixed()
    assert without[1] == on[1]
    assert without[0].instructions == on[0].instructions
    assert (without[0].cycles, without[0].gm_bytes, without[0].trace) == (None,) * 3
    assert on[0].cycles
    assert on[0].trace is None


def test_bytes_by_api_and_line(mixed: Run) -> None:
    report = mixed()[0]
    time, moved = time_of(report), time_of(report).by_api()
    tile = 64 * 64
    products = ROUNDS * BLOCKS
    assert moved["DataCopy(Nd2Nz)"] == (products * 2 * tile * 2, 0)
    assert moved["Fixpipe"] == (0, products * tile * 4)
    assert sum(read for read, _ in moved.values()) == time.gm.read
    assert sum(written for _, written in moved.values()) == time.gm.written
    assert report.gm_bytes == time.gm
    lines = {(site.api, site.line): site for site in time.sites}
    assert len(lines) == len(time.sites)
    nd2nz = [site for site in time.sites if site.api == "DataCopy(Nd2Nz)"]
    assert [site.read for site in nd2nz] == [products * tile * 2] * 2
    assert [site.count for site in nd2nz] == [products] * 2


def test_counts_are_those_of_the_run(mixed: Run) -> None:
    report = mixed()[0]
    counted: dict[str, int] = {}
    for site in time_of(report).sites:
        counted[site.api] = counted.get(site.api, 0) + site.count
    for api, count in report.instructions.items():
        if api != "SyncAll":
            assert counted[api] == count, api


def test_peaks_are_the_highest_bytes_touched(mixed: Run) -> None:
    peaks = time_of(mixed()[0]).peaks()
    # A and B with two buffers each, of which only as many are used as there are rounds.
    assert peaks["L1"] == 4 * 64 * 64 * 2
    assert peaks["L0A"] == peaks["L0B"] == 2 * 64 * 64 * 2
    assert peaks["L0C"] == 2 * 64 * 64 * 4
    assert 0 < peaks["UB"] <= SOCS["ascend910b1"].ub_size


def test_a_run_that_fails_has_no_time(faults: Library) -> None:
    report = faults.launch([np.zeros(1024, np.float32), 1], 1)
    assert report.hazards
    assert report.cycles is None


def test_other_chips_have_other_clocks(mixed: Run) -> None:
    slow, fast = (
        time_of(mixed(soc=SOCS[name])[0]) for name in ("ascend910b4", "ascend910b1")
    )
    assert slow.microseconds > fast.microseconds


def test_a_trace_for_perfetto(mixed: Run, tmp_path: Path) -> None:
    report = mixed(trace=100_000)[0]
    assert report.trace is not None
    assert report.trace.dropped == 0
    report.trace.write(tmp_path / "trace.json")
    data = json.loads((tmp_path / "trace.json").read_text())
    assert data["otherData"] == {"note": NOTE, "soc": "ascend910b1"}
    slices = [each for each in data["traceEvents"] if each["ph"] == "X"]
    names = [each for each in data["traceEvents"] if each["ph"] == "M"]
    cores = {each["pid"] for each in names if each["name"] == "process_name"}
    assert len(cores) == 3 * BLOCKS
    tracks = {(e["pid"], e["tid"]) for e in names if e["name"] == "thread_name"}
    assert {(each["pid"], each["tid"]) for each in slices} == tracks
    last: dict[tuple[int, int], float] = {}
    for each in slices:  # a pipe does one thing at a time
        track = each["pid"], each["tid"]
        assert each["ts"] >= last.get(track, 0) - 1e-6
        last[track] = each["ts"] + each["dur"]
    assert max(last.values()) <= time_of(report).microseconds
    for core, time in enumerate(time_of(report).cores):
        busy = sum(
            each["args"]["cycles"]
            for each in slices
            if each["pid"] == core and each["cat"] == "work" and each["tid"] != 0
        )
        expected = sum(p.busy for name, p in time.pipes.items() if name != "S")
        assert busy == pytest.approx(expected)


def test_a_trace_is_cut_at_its_limit(mixed: Run) -> None:
    whole, part = mixed(trace=100_000)[0].trace, mixed(trace=10)[0].trace
    assert whole is not None
    assert part is not None
    assert part.events == whole.events[:10]
    assert part.dropped == len(whole.events) - 10
    assert "left out" in part.perfetto()["otherData"]["note"]


def test_every_output_says_that_it_is_a_model(mixed: Run) -> None:
    time = time_of(mixed()[0])
    assert NOTE in time.table()
    assert time.as_json()["note"] == NOTE
    json.dumps(time.as_json())
    found = sensitivity(lambda timing: time_of(mixed(timing=timing)[0]), names=[])
    assert NOTE in found.table()
    assert found.as_json()["note"] == NOTE


def test_the_document_has_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs/timing.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{p.name}` | {p.value:g} | {p.unit} | {p.standing} | {p.source} |"
        for p in PARAMETERS
    ]


def test_the_table_of_parameters_is_whole() -> None:
    assert len({each.name for each in PARAMETERS}) == len(PARAMETERS)
    for each in PARAMETERS:
        assert each.source
        assert each.unit
        if each.standing != "assumed":
            assert each.source != "no source"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speed": 1.0}, "no parameter 'speed'"),
        ({"hbm_rate": 0.0}, "hbm_rate is 0.0"),
        ({"flag_latency": -1.0}, "flag_latency is -1.0"),
        ({"queue_depth": 0.5}, "at least 1"),
        ({"mmad_step": float("nan")}, "mmad_step is nan"),
    ],
)
def test_wrong_parameters_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DEFAULT_TIMING.changed(**values)


def test_sensitivity_finds_what_overturns_a_conclusion() -> None:
    """A run whose cycles are ten latencies and whose units do not change."""

    def run(timing: Timing) -> Time:
        cycles = int(10 * timing["l2_latency"])
        pipes = {
            "S": {"busy": 1024, "until": 0, "stalls": {"memory": 5}},
            "V": {"busy": 0, "until": 0, "stalls": {}},
        }
        core = {
            "type": "AIV",
            "block": 0,
            "sub_block": 0,
            "end": cycles * 1024,
            "steps": 0,
            "repeats": 0,
            "pipes": pipes,
            "peaks": {},
        }
        data = {
            "cores": [core],
            "sites": [],
            "events": [],
            "reasons": [],
            "hbm_read": 0,
            "hbm_written": 0,
            "dropped": 0,
        }
        return Time.parse(data, SOCS["ascend910b1"], timing)

    found = sensitivity(run)
    assert found.base.cycles == 2500
    assert found.cycles == (1250, 5000)
    assert found.conclusions() == {
        "busiest unit: AIV S": (),
        "longest wait: AIV: memory": (),
        "cycles within 10 %": ("l2_latency",),
    }
    names = [each.parameter for each in found.variations]
    assert names.count("group_port") == 1
    assert set(names) == set(DEFAULT_TIMING.assumed())
