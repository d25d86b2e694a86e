"""Random programs, compiled and run, against the float64 oracle.

Counts what became of them, says what most refusals are, and writes the smallest program
found for each way to fail into a folder, with its inputs and the command that shows it.
Exits with 1 if anything but right and refused was found.

    python -m benchmarks.random_programs --mode any --level graph --count 2000
    python -m benchmarks.random_programs --mode in-class --level source --count 400
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.random_programs.pool import work_off
from benchmarks.random_programs.report import summary, write_failure
from benchmarks.random_programs.work import shrunk, verdict_of
from tests.random_programs.judge import Verdict
from tests.random_programs.modes import MODES, case_of

LEVELS = ("graph", "tiled", "source")
GOOD = ("right", "refused")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if something failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", choices=MODES, default="any")
    parser.add_argument("--level", choices=LEVELS, default="graph")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60, help="for one program")
    parser.add_argument(
        "--shrink", type=float, default=40, help="seconds for one failure"
    )
    parser.add_argument("--refusals", action="store_true", help="shrink these too")
    parser.add_argument("--output", type=Path, default=Path("out/random_programs"))
    options = parser.parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    start = time.perf_counter()
    verdicts: dict[int, Verdict] = {}
    what = {"mode": options.mode, "level": options.level, "seed": options.seed}
    for number, verdict in work_off(
        range(options.count),
        partial(verdict_of, **what),
        options.processes,
        options.seconds,
    ):
        verdicts[number] = verdict or Verdict("late", "", "the time was up")
        if sys.stderr.isatty():
            print(f"\r{len(verdicts)} of {options.count} ", end="", file=sys.stderr)
    print("\n".join(summary(verdicts.values())))
    print(f"{options.count} programs, {time.perf_counter() - start:.0f} s")
    firsts = first_of_each(verdicts, options.refusals)
    for number, result in work_off(
        firsts,
        partial(shrunk, seconds=options.shrink, **what),
        options.processes,
        2 * options.shrink + options.seconds,
    ):
        default = case_of(options.mode, options.level, options.seed, number)
        case, verdict = result or (default, verdicts[number])
        path = write_failure(options.output, case, options.level, verdict, number)
        print(f"{verdict.kind}: {verdict.sort}: {path}")
    return int(any(each.kind not in GOOD for each in verdicts.values()))


def first_of_each(verdicts: dict[int, Verdict], refusals: bool) -> list[int]:
    """A case of each way to fail; refusals: of the ten most frequent ones as well."""
    counts = Counter(each.sort for each in verdicts.values() if each.kind == "refused")
    frequent = {sort for sort, _ in counts.most_common(10)} if refusals else set[str]()
    firsts: dict[tuple[str, str], int] = {}
    for number, each in sorted(verdicts.items()):
        if each.kind not in GOOD or (each.kind == "refused" and each.sort in frequent):
            firsts.setdefault((each.kind, each.sort), number)
    return list(firsts.values())


if __name__ == "__main__":
    sys.exit(main())
