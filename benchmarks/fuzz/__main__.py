"""Tries mutated texts, files, command lines and calls, and checks what each leaves: an
exit code of 0, 1 or 2, no traceback, no unfinished file, no process.

    python -m benchmarks.fuzz --cases 5000 --seed 0
    python -m benchmarks.fuzz --kind npz --only 1234 --seed 0    # one case again
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

from benchmarks.fuzz.cases import KINDS
from benchmarks.fuzz.run import Outcome, prepare, run

WIDTH = 12
COLUMNS = ("cases", "0", "1", "2", "failed")


def main() -> None:
    """Run the cases; exit code 1 if one ended as it may not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=list(KINDS), action="append")
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    numbers = [options.only] if options.only is not None else range(options.cases)
    tasks = [(kinds[n % len(kinds)], options.seed, n) for n in numbers]
    prepare()  # what all cases share is made once, ahead of the fork
    fork = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder, fork.Pool(options.jobs) as pool:
        root = Path(folder)
        outcomes: list[Outcome] = []
        for outcome in pool.imap(partial(_run, root=root), tasks, chunksize=8):
            outcomes.append(outcome)
            if outcome.wrong:
                print(_failure(outcome, options.seed), flush=True)
    print(table(outcomes))
    sys.exit(1 if any(outcome.wrong for outcome in outcomes) else 0)


def _run(task: tuple[str, int, int], root: Path) -> Outcome:
    return run(*task, root)


def _failure(outcome: Outcome, seed: int) -> str:
    again = f"--kind {outcome.kind} --only {outcome.number} --seed {seed}"
    said = "\n".join(f"    {line}" for line in outcome.said.splitlines()[-8:])
    wrong = "; ".join(outcome.wrong)
    return f"{wrong}\n  {outcome.shown}\n  python -m benchmarks.fuzz {again}\n{said}\n"


def table(outcomes: list[Outcome]) -> str:
    """The exit codes by kind."""
    lines = ["".join(each.rjust(WIDTH) for each in ("kind", *COLUMNS))]
    for kind in KINDS:
        mine = [each for each in outcomes if each.kind == kind]
        codes = Counter(each.code for each in mine)
        failed = sum(bool(each.wrong) for each in mine)
        row = (kind, len(mine), codes[0], codes[1], codes[2], failed)
        if mine:
            lines.append("".join(str(each).rjust(WIDTH) for each in row))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
