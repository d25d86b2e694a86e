"""The commands that are ended, and the places that they run in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORMULAS = str(ROOT / "examples" / "lightning_indexer_grad.lig")
LINEAR = str(ROOT / "examples" / "linear_indexer_grad.lig")
KERNEL = ROOT / "examples" / "twin" / "vector_add.cpp"
SHAPE = "B=2,S1=128,S2=1024,N1=16,K=256"
LONGEST = 600.0
"""Seconds for a command."""
MARK = "LIGRAD_KILL_MARK"
"""An environment variable: what a command starts inherits it, and is known by it."""


@dataclass(frozen=True)
class Command:
    """words: of the command line, run in a directory of its own; outputs: what it writes
    there, files or directories; lines: a file of whole JSON lines that may stay."""

    words: tuple[str, ...]
    outputs: tuple[str, ...]
    lines: str = ""


SLOW = "compile --host"
"""It compiles the kernel and the C interface."""
_ONE = ("--dtype", "bf16", "--layout", "BSND")
COMMANDS: Mapping[str, Command] = {
    "run, file": Command(
        ("run", FORMULAS, "--shape", SHAPE, "--deterministic", "--output", "o/x.npz"),
        ("o",),
    ),
    "run, directory": Command(
        ("run", FORMULAS, "--shape", SHAPE, "--deterministic", "--output", "o"), ("o",)
    ),
    "compile": Command(("compile", FORMULAS, "-o", "o", *_ONE), ("o",)),
    SLOW: Command(
        ("compile", LINEAR, "-o", "o", *_ONE, "--deterministic", "--host"), ("o",)
    ),
    "tune": Command(
        (
            *("tune", FORMULAS, "--shape", "N1=4,K=64,S2=256", "--only", "window=128"),
            *("--jobs", "2", "--record", "tune.jsonl", "--json", "o/tune.json"),
        ),
        ("o",),
        lines="tune.jsonl",
    ),
    "twin": Command(
        (
            *("twin", str(KERNEL), "--entry", "vector_add", "--args", "args.json"),
            *("--report", "report.json", "--trace", "trace.json"),
        ),
        ("z.npy", "report.json", "trace.json"),
    ),
}


class Place:
    """A directory with places for work, temporary files and the cache, gone at the end."""

    def __init__(self, folder: Path, cache: Path | None):
        self._folder = folder
        self._source = cache

    def __enter__(self) -> Path:
        for name in ("work", "tmp"):
            (self._folder / name).mkdir(parents=True)
        if self._source is None:
            (self._folder / "cache").mkdir()
        else:
            shutil.copytree(self._source, self._folder / "cache")
        call = json.loads(KERNEL.with_suffix(".json").read_text(encoding="utf-8"))
        for argument in call["arguments"]:
            if "save" in argument:
                argument["save"] = "z.npy"
        text = json.dumps(call)
        (self._folder / "work" / "args.json").write_text(text, encoding="utf-8")
        return self._folder

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self._folder)


def environment(folder: Path, mark: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        MARK: mark,
    }


def start(name: str, folder: Path, mark: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ligrad", *COMMANDS[name].words],
        cwd=folder / "work",
        env=environment(folder, mark),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def complete(name: str, folder: Path) -> tuple[int, str]:
    process = start(name, folder, "")
    said = process.communicate(timeout=LONGEST)[1]
    return process.returncode, said
