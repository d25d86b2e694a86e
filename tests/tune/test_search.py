"""A search on the twin: what is timed, checked, refused, wrong, and known from before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from backends.project.run import run_source
from ligrad.check import references
from ligrad.cli.app import app
from ligrad.compiler import Operator
from ligrad.tune import judge
from ligrad.tune import search as searching
from ligrad.tune.judge import Checked, Timed, check
from ligrad.tune.problem import Problem
from ligrad.tune.record import Record
from ligrad.tune.report import status
from ligrad.tune.search import search
from ligrad_ir.errors import LigradError
from passes.choices import DEFAULT_CHOICE, Choice, parse_choice
from passes.insert_sync import InsertSyncPass

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PROGRAM = EXAMPLES / "lightning_indexer_grad.lig"
SHAPE = "N1=4,K=128,S2=160"
NARROW, TOO_WIDE = parse_choice("window=64"), parse_choice("window=1024")


def test_what_is_lowered_alike_is_one_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen before it is ordered and placed; other windows are other kernels."""
    built: list[str] = []
    build = Operator.module

    def module(operator: Operator, level: str = "lig") -> ModuleOp:
        built.append(level)
        return build(operator, level)

    problem = Problem(PROGRAM, SHAPE)
    whole = judge.lowered(problem, parse_choice("without=fold-reduction"))[1]
    monkeypatch.setattr(Operator, "module", module)
    for words in ("window=64 depth=3", "lower-to-npu tokens=2"):
        choice = parse_choice(f"{words} without=fold-reduction")
        assert judge.lowered(problem, choice)[1] == whole
    assert not built
    assert judge.lowered(problem, DEFAULT_CHOICE)[1] != whole


def test_a_search_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, record = Problem(PROGRAM, SHAPE), Record.open(tmp_path / "tune.jsonl")
    told: list[tuple[str, int, int]] = []
    found = search(
        problem,
        [NARROW, TOO_WIDE],
        record,
        everything=True,
        step=lambda *step: told.append(step),
    )
    assert found.known == 0
    assert found.default.is_good
    assert {row.choice for row in found.good} == {DEFAULT_CHOICE, NARROW}
    cycles = [row.timed.cycles for row in found.good if row.timed]
    assert cycles == sorted(cycles)
    [refused] = [row for row in found.rows if not row.lowered.kernel]
    assert refused.choice == TOO_WIDE
    assert "bytes of L1 are in use together" in refused.lowered.reason
    assert told[-1] == ("checked", 2, 2)

    def forbidden(problem: Problem, choice: object) -> None:
        raise AssertionError("this is in the record")

    for work in ("lower", "time", "check"):
        monkeypatch.setattr(searching, work, forbidden)
    again = search(
        problem, [NARROW, TOO_WIDE], Record.open(record.path), everything=True
    )
    assert again.rows == found.rows
    assert again.known == 7


def test_a_mistake_of_a_pass_is_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pipeline(operator: Operator) -> tuple[ModulePass, ...]:
        if operator.choice == NARROW:
            raise KeyError("rows")
        return whole(operator)

    whole = Operator.pipeline
    monkeypatch.setattr(Operator, "pipeline", pipeline)
    problem = Problem(PROGRAM, SHAPE, seed=3)
    found = search(problem, [NARROW], Record.open(tmp_path / "tune.jsonl"))
    assert [row.choice for row in found.good] == [DEFAULT_CHOICE]
    assert status(found.rows[1]) == "refused: KeyError: 'rows'"


def test_a_wrong_kernel_makes_room_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fastest is wrong: the second is checked then, and is the best."""
    fast, second = parse_choice("window=64"), parse_choice("window=256")

    def timed(problem: Problem, choice: Choice) -> Timed:
        cycles = {fast: 1.0, second: 2.0}.get(choice, 3.0)
        return Timed(cycles, 1, 1)

    def checked(problem: Problem, choice: Choice) -> Checked:
        asked.append(choice)
        return Checked("wrong", "dq: ..") if choice == fast else Checked("ok")

    asked: list[Choice] = []
    monkeypatch.setattr(searching, "time", timed)
    monkeypatch.setattr(searching, "check", checked)
    problem, told = Problem(PROGRAM, SHAPE), list[tuple[str, int, int]]()
    found = search(
        problem,
        [fast, second],
        Record.open(tmp_path / "tune.jsonl"),
        step=lambda *step: told.append(step),
    )
    assert asked == [fast, DEFAULT_CHOICE, second]
    assert [row.choice for row in found.good] == [second, DEFAULT_CHOICE]
    assert found.rows[-1].choice == fast
    assert told[-1] == ("checked", 3, 3)


def test_checks_change_no_cycles() -> None:
    """Candidates are timed without them."""
    problem = Problem(PROGRAM, SHAPE)
    operator, _ = judge.lowered(problem, DEFAULT_CHOICE)
    module, bound = operator.module("ascendc"), operator.bind(problem.inputs(3))
    runs = [run_source(module, bound, 1, operator.soc, check=c) for c in (True, False)]
    checked, fast = (run.report.time for run in runs)
    assert checked is not None
    assert fast is not None
    assert checked.cycles == fast.cycles
    assert checked.by_api() == fast.by_api()


def test_a_kernel_with_a_race_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Operator.pipeline

    def without_flags(operator: Operator) -> tuple[ModulePass, ...]:
        return tuple(p for p in whole(operator) if not isinstance(p, InsertSyncPass))

    monkeypatch.setattr(Operator, "pipeline", without_flags)
    problem = Problem(PROGRAM, SHAPE, seed=1)  # not one that is known already
    found = check(problem, parse_choice("lower-to-npu"))
    assert found.status == "hazard"
    assert found.reason.startswith("error[race]")


def test_a_wrong_kernel_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, other = Problem(PROGRAM, SHAPE), Problem(PROGRAM, SHAPE, seed=7)
    operator = other.operator(DEFAULT_CHOICE)
    wrong = references(operator, other.inputs(other.many), "mixed")
    monkeypatch.setattr(Problem, "references", lambda problem: wrong)
    found = check(problem, DEFAULT_CHOICE)
    assert found.status == "wrong"
    assert found.reason.startswith("dq: ")


def test_tokens_are_ours_and_rows_stay() -> None:
    problem = Problem(PROGRAM, "B=3,S1=7,n1=4,K=128,S2=160")
    values = problem.inputs(problem.few)
    assert values["query"].shape == (1, problem.few, 4, 128)
    assert values["key"].shape == (1, 160, 1, 128)
    many = problem.inputs(problem.many)
    assert (many["dy"][:, : problem.few] == values["dy"]).all()
    packed = Problem(PROGRAM, "N1=4,K=128,S2=160", layout="TND")
    values = packed.inputs(packed.few)
    assert values["query"].shape == (packed.few, 4, 128)
    assert list(values["actual_seq_lengths_query"]) == [packed.few]


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Problem(PROGRAM, "Z=3"), "no axis 'Z'"),
        (Problem(PROGRAM, "K=many"), "not of the form"),
        (Problem(PROGRAM, "K=64,S2=3+4", layout="TND"), "takes one number"),
        (Problem(PROGRAM, SHAPE, soc="ascend310"), "no chip"),
        (Problem(PROGRAM, "N1=65,K=64"), "N1"),
        (Problem(PROGRAM, "K=128,S2=100"), "S2"),
        (Problem(PROGRAM, SHAPE, attributes=(("mode", 3),)), "no attribute mode"),
        (Problem(EXAMPLES / "none.lig", SHAPE), "cannot read"),
    ],
)
def test_what_cannot_be_run_is_refused_first(problem: Problem, message: str) -> None:
    with pytest.raises(LigradError, match=message):
        problem.check()


def test_the_command(tmp_path: Path) -> None:
    record, output = tmp_path / "tune.jsonl", tmp_path / "found.json"
    arguments = [
        *("tune", str(PROGRAM), "--shape", SHAPE, "--jobs", "1", "--all"),
        *("--record", str(record), "--json", str(output), "--only", "window=64"),
    ]
    record.write_text('{"what": "mea')
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert f"{record}:1: no record, skipped" in shown.output
    best = json.loads(output.read_text())["rows"][0]
    assert f"fastest leanest  {best['choice']}" in shown.output
    assert "default" in shown.output.splitlines()[-2]
    assert "busy for" in shown.output
    assert "nothing was measured on a chip" in shown.output
    again = CliRunner().invoke(app, arguments)
    assert "6 results were in" in again.output


def is_gone(group: int) -> bool:
    """Whether a group of processes ends; what tracks the pool does a little later."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_can_be_stopped(tmp_path: Path, number: signal.Signals) -> None:
    """With its workers, who leave nothing behind; what was found is kept."""
    record, scratch = tmp_path / "tune.jsonl", tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "ligrad", "tune", str(PROGRAM), "--shape", SHAPE]
    command += ["--jobs", "2", "--record", str(record)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, process_group=0
    ) as search:
        until = time.monotonic() + 60
        while not record.exists() and time.monotonic() < until:
            time.sleep(0.05)
        search.send_signal(number)
        _, told = search.communicate(timeout=30)
    assert search.returncode == 128 + number, told
    assert told.splitlines()[-1].endswith(f"; what was found is in {record}"), told
    assert "Traceback" not in told
    assert not list(scratch.glob("ligrad-*"))
    assert is_gone(search.pid), "a process is left"
    assert record.read_text()
    assert not Record.open(record).damaged


def test_words_that_are_no_choice_are_refused() -> None:
    shown = CliRunner().invoke(app, ["tune", str(PROGRAM), "--only", "width=3"])
    assert isinstance(shown.exception, LigradError)
