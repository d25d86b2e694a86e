"""The levels tiled and source over the whole matrix of cases: every case of
`benchmarks/accuracy.py`, on 1, 2, 3 and 24 groups of cores in turn, or on all of them.

Every output is compared with the float64 oracle, what the twin reports is counted, and
where both levels run they are compared with each other: their difference is given as a
fraction of twice the bound, which it may not exceed. Exits with 1 if anything is off.

    python -m benchmarks.levels                   # both levels, in two or three hours
    python -m benchmarks.levels --level source    # the emitted kernel only
    python -m benchmarks.levels --schedule baseline
    python -m benchmarks.levels --quick           # small cases, in minutes
    python -m benchmarks.levels --all-cores       # every case on each number of cores
    python -m benchmarks.levels --deterministic   # and the same bytes on all of them; at
                                                  # tiled a matter of hours
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import numpy as np

import ligrad
from backends.call.dtypes import Array
from backends.oracle import evaluate
from backends.oracle.compare import compare
from benchmarks.accuracy import FILE, Case, cases, inputs
from ligrad.compiler import SCHEDULES

LEVELS = ("tiled", "source")
CORES = (1, 2, 3, 24)
MOST_QUICK = 1 << 16
"""Scores (heads x entries x tokens) of the largest quick case."""


@dataclass(frozen=True)
class Job:
    """A case, at the levels and on the cores that it runs on."""

    case: Case
    levels: tuple[str, ...]
    cores: tuple[int, ...]
    schedule: str
    deterministic: bool


@dataclass
class Verdict:
    """What runs of a level gave. apart: the largest difference to the other level, as a
    fraction of twice the bound."""

    runs: int = 0
    hazards: int = 0
    rms: float = 0.0
    worst: float = 0.0
    apart: float = 0.0
    wrong: list[str] = field(default_factory=list[str])

    def add(self, other: Verdict) -> None:
        """Take in those of another case."""
        self.runs += other.runs
        self.hazards += other.hazards
        self.rms = max(self.rms, other.rms)
        self.worst = max(self.worst, other.worst)
        self.apart = max(self.apart, other.apart)
        self.wrong += other.wrong


@cache
def operator(
    dtype: str, layout: str, schedule: str, deterministic: bool
) -> ligrad.Operator:
    """One a process."""
    return ligrad.compile(
        FILE,
        dtype=dtype,
        layout=layout,
        schedule=schedule,
        precision="mixed",
        deterministic=deterministic,
    )


def scores(case: Case) -> int:
    """How large a case is."""
    return case.heads * case.entries * case.tokens


def run(job: Job) -> dict[str, Verdict]:
    """All runs of a case: a verdict for every level."""
    case = job.case
    found = operator(case.dtype, case.layout, job.schedule, job.deterministic)
    values = inputs(case, found)
    references = evaluate(
        found.program,
        {k: v for k, v in values.items() if isinstance(v, np.ndarray)},
        dtype=case.dtype,
        layout=case.layout,
        precision="mixed",
        attributes={k: v for k, v in values.items() if isinstance(v, int)},
    )
    verdicts = {level: Verdict() for level in job.levels}
    last: dict[str, dict[str, Array]] = {}
    for cores in job.cores:
        done: dict[str, dict[str, Array]] = {}
        for level, verdict in verdicts.items():
            outputs, hazards = _outputs(found, values, level, cores)
            done[level] = outputs
            verdict.runs += 1
            verdict.hazards += hazards
            where = f"{case} at {level} on {cores}"
            if hazards:
                verdict.wrong.append(f"{where}: {hazards} hazards")
            for name, reference in references.items():
                one = compare(outputs[name], reference)
                verdict.rms = max(verdict.rms, one.rms_ulp)
                verdict.worst = max(verdict.worst, one.worst)
                if not one.ok:
                    verdict.wrong.append(f"{where}: {name}: {one}")
                if job.deterministic and level in last:
                    if outputs[name].tobytes() != last[level][name].tobytes():
                        verdict.wrong.append(f"{where}: {name} has other bits")
        last = done
        if len(done) == 2:
            verdicts["source"].add(_difference(case, done, references))
    return verdicts


def _outputs(
    found: ligrad.Operator, values: dict[str, Any], level: str, cores: int
) -> tuple[dict[str, Array], int]:
    """The outputs of a level, and the number of hazards."""
    if level == "tiled":
        return found.run(values, "tiled", cores), 0
    done = found.run_source(values, cores)
    return done.outputs, len(done.report.hazards)


def _difference(
    case: Case, done: dict[str, dict[str, Array]], references: dict[str, Any]
) -> Verdict:
    verdict = Verdict()
    for name, reference in references.items():
        one, other = (done[level][name].astype(np.float64) for level in LEVELS)
        difference, most = np.abs(one - other), 2 * reference.bound
        if not (difference <= most).all():
            verdict.wrong.append(f"{case}: {name}: the levels differ by too much")
        share = np.divide(difference, most, where=most > 0, out=np.zeros_like(most))
        verdict.apart = max(verdict.apart, float(share.max(initial=0)))
    return verdict


def jobs(options: argparse.Namespace) -> Iterator[Job]:
    """All cases, the largest first."""
    chosen = sorted(cases(options.quick, "mixed"), key=scores, reverse=True)
    wanted = LEVELS if options.level == "both" else (options.level,)
    for i, case in enumerate(chosen):
        if options.quick and scores(case) > MOST_QUICK:
            continue
        every = options.all_cores or options.deterministic
        cores = CORES if every else (CORES[(i + i // 5) % 4],)
        yield Job(case, wanted, cores, options.schedule, options.deterministic)


def compile_all(schedule: str, deterministic: bool) -> None:
    """Compile the kernels once, before processes would do it side by side."""
    for dtype, layout in product(("bf16", "fp16"), ("BSND", "TND")):
        case = Case(dtype, layout, 0, "mixed", 1, 1, 1)
        run(Job(case, ("source",), (1,), schedule, deterministic))


def main() -> int:
    """Run the matrix and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", choices=(*LEVELS, "both"), default="both")
    parser.add_argument("--schedule", choices=SCHEDULES, default="optimized")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--all-cores", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    chosen = list(jobs(options))
    start = time.perf_counter()
    total: dict[str, Verdict] = {}
    if options.level != "tiled":
        compile_all(options.schedule, options.deterministic)
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = [pool.submit(run, job) for job in chosen]
        for i, done in enumerate(as_completed(waiting), 1):
            print(f"\r{i} of {len(chosen)}", end="", file=sys.stderr, flush=True)
            for level, verdict in done.result().items():
                total.setdefault(level, Verdict()).add(verdict)
                for line in verdict.wrong:
                    print(f"WRONG: {line}", flush=True)
    print(file=sys.stderr)
    print("level   runs  wrong  hazards  worst rms (ulp)  worst / bound  apart")
    for level, found in sorted(total.items()):
        print(
            f"{level:6} {found.runs:5} {len(found.wrong):6} {found.hazards:8} "
            f"{found.rms:16.3f} {found.worst:14.3f} {found.apart:6.3f}"
        )
    seconds = time.perf_counter() - start
    wrong = sum(len(found.wrong) for found in total.values())
    print(f"{len(chosen)} cases, {wrong} wrong, {seconds:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
