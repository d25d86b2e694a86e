"""`python -m benchmarks.random_programs`: its processes, its table and what it writes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.random_programs.__main__ import main
from benchmarks.random_programs.pool import work_off
from benchmarks.random_programs.report import summary, write_failure
from ligrad.arrays import load_arrays
from tests.random_programs.judge import KINDS, Verdict
from tests.random_programs.modes import case_of
from tests.random_programs.sleeper import sleep


def test_a_task_is_bounded_and_others_go_on() -> None:
    start = time.monotonic()
    found = dict(work_off([0.0, 600.0, -1.0, 0.1], sleep, 2, 1.0))
    assert found == {0.0: 0.0, 600.0: None, -1.0: None, 0.1: 0.1}
    assert time.monotonic() - start < 60


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--mode", "in-class", "--count", "3", "--processes", "1"]
    assert main([*options, "--seed", "1", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line[:18].strip() for line in out[: len(KINDS)]] == list(KINDS)
    assert out[0].split() == ["right", "3"]
    assert out[-1].startswith("3 programs, ")
    assert not list(tmp_path.iterdir())


def test_a_summary_counts_refusals() -> None:
    verdicts = [Verdict("right"), *[Verdict("refused", "too large")] * 3]
    lines = summary(verdicts)
    assert lines[-2:] == ["share that lowers  25.0%", "     3  too large"]


def test_a_failure_is_written_with_its_command(tmp_path: Path) -> None:
    case = case_of("in-class", "graph", 1, 0)
    path = write_failure(tmp_path, case, "tiled", Verdict("does not compile"), 7)
    assert path.name == "tiled_does_not_compile_7.lig"
    first, _, *text = path.read_text(encoding="utf-8").splitlines()
    assert f"ligrad run {path.name} --inputs {path.stem}.npz --check" in first
    assert "\n".join(text) + "\n" == case.program.text()
    assert set(load_arrays(path.with_suffix(".npz"))) == set(case.inputs())
