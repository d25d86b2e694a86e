"""Errors of the gradients against the float64 oracle over the whole matrix of cases.

Prints, for every dtype, layout, sparse mode and precision, the worst case of: the root
mean square error in units of the last place, and the largest error as a fraction of what
rounding explains (see `backends/oracle/bound.py`). Exits with 1 if a case is off.

    python benchmarks/accuracy.py                     # all cases, in minutes
    python benchmarks/accuracy.py --quick             # without the largest
    python benchmarks/accuracy.py --precision mixed   # half matmul operands
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import ligrad
from ligrad.check import check_outputs
from ligrad.workload import generate

FILE = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"
HEADS = (1, 2, 7, 16, 64)
ENTRIES = (1, 5, 16, 129, 2048)
TOKENS = (1, 3, 130)


@dataclass(frozen=True)
class Case:
    """One set of inputs."""

    dtype: str
    layout: str
    mode: int
    precision: str
    heads: int
    entries: int
    tokens: int

    def shape(self) -> dict[str, Any]:
        """Two equal batches, or in TND batches of different lengths and empty ones; as
        few keys as are allowed, or more."""
        keys = self.entries + (0 if self.heads % 2 else 37)
        extents: dict[str, Any] = {"N1": self.heads, "K": self.entries}
        if self.layout == "BSND":
            return {**extents, "B": 2, "S1": self.tokens, "S2": max(keys, 2)}
        return {
            **extents,
            "S1": (self.tokens, 0, 2, 1),
            "S2": (keys, 3, 0, max(1, keys // 2)),
        }


def inputs(case: Case, operator: ligrad.Operator) -> dict[str, Any]:
    """Model-like inputs, in which every third token has duplicates."""
    seed = hash(astuple(case)[4:]) % 2**32
    values = generate(
        operator.signature,
        case.shape(),
        seed=seed,
        attributes={"sparse_mode": case.mode},
    )
    rows = values["sparse_indices"].reshape(-1, case.entries)
    rows[::3, case.entries // 2 :] = rows[::3, :1]
    return values


def worst(case: Case) -> tuple[Case, float, float, bool]:
    """The largest errors of a case: rms in ulp, fraction of the bound; and whether all
    is right."""
    operator = ligrad.compile(
        FILE, dtype=case.dtype, layout=case.layout, precision=case.precision
    )
    values = inputs(case, operator)
    found = check_outputs(operator, values, operator.run(values)).values()
    return (
        case,
        max(comparison.rms_ulp for comparison in found),
        max(comparison.worst for comparison in found),
        all(comparison.ok for comparison in found),
    )


def cases(quick: bool, precision: str) -> Iterator[Case]:
    """All cases, the largest first."""
    grid = product(
        ("bf16", "fp16"), ("BSND", "TND"), (0, 3), (precision,),
        HEADS[::-1], ENTRIES[::-1], TOKENS[::-1],
    )  # fmt: skip
    for values in grid:
        case = Case(*values)
        if not (quick and case.entries == 2048 and case.tokens == 130):
            yield case


def main() -> int:
    """Run the matrix and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    chosen = list(cases(options.quick, options.precision))
    start = time.perf_counter()
    table: dict[tuple[str, str, int, str], list[tuple[float, float]]] = {}
    wrong: list[Case] = []
    with ProcessPoolExecutor(2) as pool:
        for case, rms, ratio, ok in pool.map(worst, chosen, chunksize=4):
            key = (case.dtype, case.layout, case.mode, case.precision)
            table.setdefault(key, []).append((rms, ratio))
            if not ok:
                wrong.append(case)
                print(f"WRONG: {case}: {rms:.3g} ulp, {ratio:.3g} of the bound")
    print("dtype layout mode precision  cases  worst rms (ulp)  worst error / bound")
    for (dtype, layout, mode, precision), found in table.items():
        rms, ratio = np.max(found, axis=0)
        print(
            f"{dtype:5} {layout:6} {mode:4} {precision:9} {len(found):6} "
            f"{rms:16.3f} {ratio:20.3f}"
        )
    seconds = time.perf_counter() - start
    print(f"{len(chosen)} cases, {len(wrong)} wrong, {seconds:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
