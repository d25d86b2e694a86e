"""Standard output that takes nothing, or not every character; and too little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ligrad.cli.app
from ligrad.cli.app import main

ROOT = Path(__file__).parents[2]
FILE = str(ROOT / "examples" / "lightning_indexer_grad.lig")
OPT = ("opt", FILE, "-p", "cse")
SMALL = ("--shape", "B=1,S1=2,S2=9,N1=2,K=3")


def ended(words: tuple[str, ...], stdout: int, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "ligrad", *words]
    env = {**os.environ, **environment}
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("doctor",), OPT])
def test_a_full_disk_is_a_message(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        code, err = ended(words, full.fileno())
    assert code == 2
    assert err == "ligrad: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("words", [("doctor",), OPT])
def test_a_reader_that_is_gone_needs_no_word(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code, err = ended(words, writer)
    os.close(writer)
    assert (code, err) == (1, "")


def test_names_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    place = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.npz")
    words = ("run", FILE, *SMALL, "--output", place)
    out = tmp_path / "out"
    with out.open("wb") as file:
        code, err = ended(words, file.fileno(), PYTHONIOENCODING="utf-8:strict")
    assert (code, err) == (0, "")
    assert r"/a\udcff.npz" in out.read_text(encoding="utf-8")
    assert Path(place).exists()


def test_too_little_memory_is_a_message(monkeypatch, capsys) -> None:
    def large(*_: object, **__: object) -> None:
        np.empty(1 << 56, np.float64)

    monkeypatch.setattr(ligrad.cli.app, "generate", large)
    with pytest.raises(SystemExit) as stop:
        main(["run", FILE, *SMALL])
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith(
        "ligrad: there is not enough memory: unable to allocate 512. PiB"
    )
    assert err.endswith(" are here in all: make the extents smaller\n")
