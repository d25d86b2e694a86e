"""Whether two checkouts of the compiler make kernels that do the same.

Runs every program at level source in both, on the same inputs, and compares the bits of the
outputs and what the twin reports: cycles, bytes, hazards. For changes that should change
nothing but names.

    python -m benchmarks.two_checkouts BEFORE AFTER
    python -m benchmarks.two_checkouts BEFORE AFTER --program op.lig --shape N1=4,K=70
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"
REPORTED = ("cycles", "gm_read_bytes", "gm_write_bytes", "hazards")


@dataclass(frozen=True)
class Case:
    """A program and how it is run."""

    program: Path
    shape: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.program.name, *self.words))


@dataclass(frozen=True)
class Run:
    """What a checkout makes of a case. message: what it says if there are no outputs."""

    outputs: dict[str, bytes]
    report: dict[str, Any]
    message: str = ""


def run(checkout: Path, case: Case, folder: Path) -> Run:
    """Run a case with the compiler of a checkout."""
    output, report = folder / "out.npz", folder / "report.json"
    command = [sys.executable, "-c", "from ligrad.cli.app import main; main()"]
    command += ["run", str(case.program), "--level", "source", *case.words]
    command += ["--output", str(output), "--report", str(report)]
    if case.shape:
        command += ["--shape", case.shape]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if not output.exists():
        return Run({}, {}, (done.stderr or done.stdout).strip().replace("\n", " "))
    with np.load(output) as arrays:
        outputs = {name: arrays[name].tobytes() for name in arrays.files}
    return Run(outputs, json.loads(report.read_text()))


def differences(before: Run, after: Run) -> Iterator[str]:
    """What is not the same."""
    if bool(before.message) != bool(after.message):
        yield f"{before.message or 'ran'} -> {after.message or 'runs'}"
        return
    for name in sorted({*before.outputs, *after.outputs}):
        if before.outputs.get(name) != after.outputs.get(name):
            yield f"{name} has other bits"
    for name in REPORTED:
        if before.report.get(name) != after.report.get(name):
            yield f"{name}: {before.report.get(name)} -> {after.report.get(name)}"


def cases(programs: Sequence[Path], shape: str) -> list[Case]:
    """Every program in every way."""
    return [
        Case(
            program,
            shape,
            ("--layout", layout, "--dtype", dtype, "--schedule", schedule, *more),
        )
        for program, layout, dtype, schedule, more in product(
            programs,
            ("BSND", "TND"),
            ("bf16", "fp16"),
            ("optimized", "baseline"),
            ((), ("--deterministic",)),
        )
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a case; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--program", type=Path, action="append")
    parser.add_argument("--shape", default="")
    parser.add_argument("--every", type=int, default=1, help="one case of so many")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    programs = options.program or sorted(EXAMPLES.glob("*.lig"))
    todo = cases([path.resolve() for path in programs], options.shape)[:: options.every]

    def compare(case: Case) -> list[str]:
        with (
            tempfile.TemporaryDirectory() as first,
            tempfile.TemporaryDirectory() as last,
        ):
            return list(
                differences(
                    run(options.before.resolve(), case, Path(first)),
                    run(options.after.resolve(), case, Path(last)),
                )
            )

    status = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for case, found in zip(todo, pool.map(compare, todo), strict=True):
            print(f"{case}: {'; '.join(found) or 'same'}", flush=True)
            status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main())
