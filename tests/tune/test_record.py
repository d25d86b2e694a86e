"""The record of a search: it grows line by line, and survives what happens to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligrad.tune.judge import Checked, Lowered, Timed
from ligrad.tune.record import Record, kernel_key, lowered_key
from ligrad_ir.errors import LigradError

PROBLEM = {"program": "p", "shape": "K=1", "soc": "a"}
FOUND = Timed(10.5, 3, 4, 0.5, {"AIC M": 0.5}, {"AIC S: memory": 0.1}, {"A": 7})


def test_a_record_is_found_again(tmp_path: Path) -> None:
    record = Record.open(tmp_path / "new" / "tune.jsonl")
    known = Lowered("k"), FOUND, Checked("wrong", "dq: ..")
    keys = (lowered_key(PROBLEM, "window=64"), *[kernel_key(PROBLEM, "k")] * 2)
    for key, found in zip(keys, known):
        record.add(key, found)
    for each in (record, Record.open(record.path)):
        assert each.damaged == []
        for key, found in zip(keys, known):
            assert each.find(type(found), key) == found


@pytest.mark.parametrize("changed", [{"soc": "b"}, {"shape": "K=2"}, {"program": "q"}])
def test_another_problem_is_not_known(tmp_path: Path, changed: dict[str, str]) -> None:
    record = Record.open(tmp_path / "tune.jsonl")
    record.add(kernel_key(PROBLEM, "k"), FOUND)
    assert record.find(Timed, kernel_key({**PROBLEM, **changed}, "k")) is None
    assert record.find(Timed, kernel_key(PROBLEM, "l")) is None
    assert record.find(Checked, kernel_key(PROBLEM, "k")) is None


def test_half_a_line_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    path = tmp_path / "tune.jsonl"
    record = Record.open(path)
    record.add(kernel_key(PROBLEM, "k"), FOUND)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    cut = Record.open(path)
    assert cut.damaged == [2]
    assert cut.find(Timed, kernel_key(PROBLEM, "k")) == FOUND
    cut.add(kernel_key(PROBLEM, "l"), FOUND)
    again = Record.open(path)
    assert again.damaged == [2]
    assert again.find(Timed, kernel_key(PROBLEM, "l")) == FOUND


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[1, 2]",
        b"null",
        b'{"what": "timed", "key": {}, "found": {"speed": 1}}',
        b'{"what": "guessed", "key": {}, "found": {}}',
        b'{"what": "timed", "key": {}, "found": 5}',
        b"\xff\xfe",
    ],
)
def test_lines_that_are_no_record_are_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "tune.jsonl"
    Record.open(path).add(kernel_key(PROBLEM, "k"), FOUND)
    path.write_bytes(line + b"\n" + path.read_bytes())
    record = Record.open(path)
    assert record.damaged == [1]
    assert record.find(Timed, kernel_key(PROBLEM, "k")) == FOUND


def test_a_record_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LigradError, match="cannot"):
        Record.open(tmp_path / "file" / "tune.jsonl").add({}, FOUND)
    with pytest.raises(LigradError, match="cannot read"):
        Record.open(tmp_path)


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file/tune.jsonl", ""):
        with pytest.raises(LigradError, match="cannot write"):
            Record(tmp_path / place).require()
    Record(tmp_path / "new" / "tune.jsonl").require()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    (tmp_path / "file").write_bytes(b"kept\n")
    Record(tmp_path / "file").require()
    assert (tmp_path / "file").read_bytes() == b"kept\n"
