"""What is left of internal errors: one line that asks for a report, exit code 70."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ligrad.cli.app
import ligrad.cli.opt
from ligrad.internal import EXIT_INTERNAL, TRACEBACK

ROOT = Path(__file__).parents[2]
FILE = str(ROOT / "examples" / "lightning_indexer_grad.lig")


def broken(*_: object, **__: object) -> None:
    raise KeyError("N1")


def failed(capfd: pytest.CaptureFixture[str], main, args: list[str]) -> list[str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
    assert stop.value.code == EXIT_INTERNAL
    out, err = capfd.readouterr()
    assert not out
    return err.splitlines()


def test_one_line_asks_for_a_report(capfd, monkeypatch) -> None:
    monkeypatch.setattr(ligrad.cli.app, "compile", broken)
    monkeypatch.delenv(TRACEBACK, raising=False)
    [line] = failed(capfd, ligrad.cli.app.main, ["run", FILE])
    assert line.startswith("ligrad: internal error in tests/cli/test_internal.py:")
    assert ": KeyError: 'N1'; this is a bug in ligrad: please report it" in line


def test_the_traceback_is_there_for_those_who_ask(capfd, monkeypatch) -> None:
    monkeypatch.setattr(ligrad.cli.app, "compile", broken)
    monkeypatch.setenv(TRACEBACK, "1")
    first, *_, last = failed(capfd, ligrad.cli.app.main, ["run", FILE])
    assert first == "Traceback (most recent call last):"
    assert last.startswith("ligrad: internal error in ")


def test_ligrad_opt_does_the_same(capfd, monkeypatch) -> None:
    monkeypatch.setattr(ligrad.cli.opt.LigradOptMain, "apply_passes", broken)
    monkeypatch.delenv(TRACEBACK, raising=False)
    [line] = failed(capfd, ligrad.cli.opt.main, [FILE])
    assert line.startswith("ligrad-opt: internal error in ")


def test_the_package_runs_as_a_module() -> None:
    args = [sys.executable, "-m", "ligrad", "run", "nothing.lig"]
    shown = subprocess.run(
        args, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert shown.returncode == 2
    assert shown.stderr.startswith("ligrad: cannot read nothing.lig")
