"""CPU time that emitting a kernel takes: parsing, every pass, printing.

Prints, for a program, the operations behind every step and the best time of several
runs, with that of verification beside it. Exits with 1 if the whole takes a second or
more.

    python -m benchmarks.emission                       # the lightning indexer's gradient
    python -m benchmarks.emission FILE.lig --repeat 10
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import ModuleOp

import ligrad
from backends.project.project import lone_files
from benchmarks.accuracy import FILE
from ligrad_ir.dsl.lower import lower
from ligrad_ir.dsl.parse import parse
from passes.pipelines import (
    ASCENDC_PIPELINE,
    SCHEDULES,
    Schedule,
    kernel_pipeline,
)

LIMIT = 1.0
"""Seconds that a person waits for without noticing."""
Step = tuple[str, float, float, int]
"""What was done, its seconds, those of verification behind it, operations then."""


def seconds(action: Callable[[], object]) -> float:
    """The CPU time it takes."""
    start = time.process_time()
    action()
    return time.process_time() - start


def steps(text: str, schedule: Schedule) -> list[Step]:
    """Every step from a text to the files of a project, taken once."""
    start = time.process_time()
    module: ModuleOp = lower(parse(text), dtype="bf16", layout="BSND")
    found: list[Step] = [("parse", time.process_time() - start, 0.0, size(module))]
    context = Context()
    context.load_dialect(Arith)
    for passes in (
        kernel_pipeline("ascend910b1", schedule=schedule),
        ASCENDC_PIPELINE,
    ):
        for step in passes:
            taken = seconds(lambda step=step: step.apply(context, module))
            checked = seconds(module.verify) if step is passes[-1] else 0.0
            found.append((step.name, taken, checked, size(module)))
    taken = seconds(lambda: lone_files(module))
    found.append(("print", taken, 0.0, size(module)))
    return found


def size(module: ModuleOp) -> int:
    """Operations in a module."""
    return sum(1 for _ in module.walk())


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--schedule", choices=SCHEDULES, default="optimized")
    options = parser.parse_args()
    text = options.file.read_text(encoding="utf-8")
    runs = [steps(text, options.schedule) for _ in range(options.repeat)]
    print(f"{'step':20} {'ms':>8} {'verify':>8} {'operations':>11}")
    for same in zip(*runs):
        name, _, _, count = same[0]
        taken = min(step[1] for step in same)
        checked = min(step[2] for step in same)
        print(f"{name:20} {1000 * taken:8.1f} {1000 * checked:8.1f} {count:11}")
    whole = min(
        seconds(
            lambda: ligrad.compile(options.file, schedule=options.schedule).module(
                "ascendc"
            )
        )
        for _ in range(options.repeat)
    )
    print(f"from file to kernel: {whole:.2f} s")
    return 1 if whole >= LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
