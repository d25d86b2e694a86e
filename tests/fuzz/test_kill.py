"""A moment of `python -m benchmarks.kill`, and that it sees what it looks for."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from benchmarks.kill.__main__ import Bench
from benchmarks.kill.checks import (
    STOPPED,
    broken_lines,
    differing,
    left,
    marked,
    outputs_of,
    wrong_end,
)
from benchmarks.kill.commands import MARK


def test_a_moment(tmp_path: Path) -> None:
    found = Bench(tmp_path, ["run, file"]).moment(0, 7)
    assert not found.wrong
    assert found.code in (STOPPED, -signal.SIGTERM, 0)
    assert not (tmp_path / "moment").exists()


def test_what_is_left_is_seen(tmp_path: Path) -> None:
    for name in ("work/o", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    assert not list(left(tmp_path))
    (tmp_path / "work" / "o" / ".x.npz.1234.part").touch()
    (tmp_path / "tmp" / "ligrad-1").mkdir()
    assert list(left(tmp_path)) == [
        "left behind: tmp/ligrad-1, work/o/.x.npz.1234.part"
    ]


def test_partial_outputs_are_seen(tmp_path: Path) -> None:
    place = tmp_path / "work" / "o"
    right = {"o": b"", "o/x": b"1", "o/y": b"2"}
    assert outputs_of("compile", tmp_path) == {}
    assert not differing({}, right, missing_too=False)
    assert differing({}, right) == "o, o/x, o/y"
    place.mkdir(parents=True)
    (place / "x").write_bytes(b"1")
    found = outputs_of("compile", tmp_path)
    assert found == {"o": b"", "o/x": b"1"}
    assert differing(found, right, missing_too=False) == "o/y"
    (place / "y").write_bytes(b"2")
    assert not differing(outputs_of("compile", tmp_path), right)


def test_ends_without_a_word_are_seen() -> None:
    assert not list(wrong_end(STOPPED, "ligrad: stopped by SIGTERM\n"))
    assert not list(wrong_end(0, ""))
    for code, said in ((STOPPED, ""), (70, "ligrad: .."), (0, "Traceback")):
        assert list(wrong_end(code, said))


def test_half_a_line_is_seen(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    path = tmp_path / "work" / "tune.jsonl"
    assert not list(broken_lines("tune", tmp_path))
    path.write_text('{"a": 1}\n', encoding="utf-8")
    assert not list(broken_lines("tune", tmp_path))
    path.write_text('{"a": 1}\n{"a"', encoding="utf-8")
    assert len(list(broken_lines("tune", tmp_path))) == 2


def test_processes_are_known_by_their_mark() -> None:
    environment = {**os.environ, MARK: "of-this-test"}
    assert not marked("of-this-test")
    with subprocess.Popen(["sleep", "30"], env=environment) as process:
        try:
            [found] = marked("of-this-test")
        finally:
            process.kill()
    assert found.startswith(f"{process.pid} sleep")
