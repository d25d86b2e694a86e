"""How well the cost model agrees with the twin's clock, over the space of choices.

For each shape: every choice is lowered and predicted, every kernel compiled, run on the
twin, and compared. Results are kept in a record, so that a second run only prints. Nothing
is measured on a chip (docs/timing.md).

    python -m benchmarks.cost_model --jobs 2           # three shapes, an hour
    python -m benchmarks.cost_model --every 8          # some of the choices
    python -m benchmarks.cost_model --shape N1=64,K=2048,S2=8192 --jobs 2
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from ligrad.tune.problem import Problem
from ligrad.tune.record import Record
from ligrad.tune.search import Row, search
from passes.choices import space

PROGRAM = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"
SHAPES = ("N1=64,K=2048,S2=8192", "N1=16,K=512,S2=8192", "N1=8,K=64,S2=4096")


HEAD = "kernels  bytes exact   median   worst  rank corr.  best is off"


def agreement(rows: Sequence[Row]) -> str:
    """A line of figures on rows that were measured and predicted."""
    pairs = [
        (row.expected.cycles, row.measured.cycles)
        for row in rows
        if row.is_good and row.measured and row.expected.cycles
    ]
    exact = sum(
        row.measured is not None
        and (row.expected.read, row.expected.written)
        == (row.measured.read, row.measured.written)
        for row in rows
        if row.is_good
    )
    predicted, measured = np.array(pairs).T
    errors = np.abs(predicted / measured - 1)
    rank = spearmanr(predicted, measured).statistic
    lost = measured[np.argmin(predicted)] / measured.min() - 1
    return (
        f"{len(pairs):7} {exact:12} {np.median(errors):8.1%} {errors.max():7.1%} "
        f"{rank:10.3f} {lost:12.1%}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if bytes of a kernel are not as predicted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", action="append", help="as `ligrad tune` takes it")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--sparse-mode", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="one choice of so many")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--record", type=Path, default=Path("out/tune.jsonl"))
    parser.add_argument("--rows", action="store_true", help="print every kernel")
    options = parser.parse_args(arguments)
    record, status = Record.open(options.record), 0
    print(f"{'shape':24}{HEAD}")
    for shape in options.shape or SHAPES:
        mode = ("sparse_mode", options.sparse_mode)
        problem = Problem(options.program, shape, attributes=(mode,))
        problem.check()
        choices = space()[:: options.every]
        found = search(problem, choices, record, jobs=options.jobs, everything=True)
        print(f"{shape:24}{agreement(found.good)}", flush=True)
        for row in found.good:
            expected, measured = row.expected, row.measured
            assert measured is not None
            if options.rows and expected.cycles is not None:
                error = expected.cycles / measured.cycles - 1
                print(
                    f"  {row.choice!s:60} {measured.cycles:9.0f} "
                    f"{expected.cycles:9.0f} {error:+7.1%}"
                )
            if expected.bytes not in (None, measured.bytes):
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
