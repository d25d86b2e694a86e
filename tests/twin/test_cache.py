"""The cache of builds: of processes that want the same file, one makes it."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from backends.ascendc.twin.build import cached


def make(log: Path, target: Path) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write("made\n")
    time.sleep(0.3)
    target.write_text("whole", encoding="utf-8")


def wanted(log: Path, _: int) -> str:
    return cached("some-key", "file.txt", partial(make, log)).read_text(
        encoding="utf-8"
    )


def test_one_of_several_processes_makes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    log = tmp_path / "log"
    with ProcessPoolExecutor(4) as pool:
        assert list(pool.map(partial(wanted, log), range(8))) == ["whole"] * 8
    assert log.read_text(encoding="utf-8") == "made\n"


def test_what_fails_leaves_nothing_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def fail(target: Path) -> None:
        target.write_text("half", encoding="utf-8")
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        cached("some-key", "file.txt", fail)
    found = cached("some-key", "file.txt", lambda to: make(tmp_path / "log", to))
    assert found.read_text(encoding="utf-8") == "whole"
    left = {path.name for path in found.parent.iterdir()}
    assert left <= {"file.txt", "lock"}
