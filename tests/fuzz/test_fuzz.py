"""A sample of `python -m benchmarks.fuzz`, and that it sees what it looks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.fuzz import cases
from benchmarks.fuzz.cases import KINDS, Case
from benchmarks.fuzz.run import run

SAMPLE = ("lig", "npz", "arguments", "api")
"""Kinds that take milliseconds; IR has a sample of its own."""


@pytest.mark.parametrize("kind", SAMPLE)
def test_a_sample(kind: str, tmp_path: Path) -> None:
    outcomes = [run(kind, 7, number, tmp_path) for number in range(12)]
    assert not [each for each in outcomes if each.wrong]
    assert {each.code for each in outcomes} & {2}


def _leaves(act) -> dict:
    return {"lig": lambda rng, folder: Case("a case", act)}


def test_what_is_wrong_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trace() -> None:
        raise KeyError("x")

    def part() -> None:
        Path("out.part").write_text("half", encoding="utf-8")
        print("no", file=sys.stderr)
        raise SystemExit(2)

    def silent() -> None:
        raise SystemExit(2)

    def internal() -> None:
        raise SystemExit(70)

    def child() -> None:
        started.append(subprocess.Popen(["sleep", "30"]))

    started: list[subprocess.Popen] = []
    for act, says in (
        (trace, "ended with KeyError"),
        (part, "left behind: out.part"),
        (part, "refused, and wrote out.part"),
        (silent, "refused without a word"),
        (internal, "ended with 70"),
        (child, "still running: "),
    ):
        monkeypatch.setattr(cases, "KINDS", _leaves(act))
        monkeypatch.setattr("benchmarks.fuzz.run.KINDS", _leaves(act))
        found = run("lig", 0, 0, tmp_path)
        for process in started:
            process.kill()
            process.wait()
        assert any(wrong.startswith(says) for wrong in found.wrong), (says, found)


def test_a_number_is_always_the_same_case(tmp_path: Path) -> None:
    for kind in SAMPLE:
        one, other = (run(kind, 3, 5, tmp_path) for _ in range(2))
        assert (one.shown, one.code) == (other.shown, other.code)
    assert set(SAMPLE) < set(KINDS)
