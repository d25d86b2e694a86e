"""What choosing for each shape gains over the default choice.

Times all choices for all shapes on the twin's clock; each kernel is compiled once for all
of them. Nothing is measured on a chip (docs/timing.md).

    python -m benchmarks.shape_classes                 # the whole space: hours
    python -m benchmarks.shape_classes --heads 16 --entries 512 --only window=64
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ligrad.tune.problem import Problem
from ligrad.tune.record import Record
from ligrad.tune.search import Search, search
from passes.choices import DEFAULT_CHOICE, Choice, parse_choice, space

PROGRAM = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"
HEADS, ENTRIES, KEYS = (8, 16, 64), (64, 256, 512, 2048), 8192


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a kernel that is checked is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, default=Path("out/tune.jsonl"))
    parser.add_argument("--best", type=int, default=2, help="compromises to print")
    parser.add_argument("--heads", type=int, nargs="+", default=HEADS)
    parser.add_argument("--entries", type=int, nargs="+", default=ENTRIES)
    parser.add_argument("--only", action="append", help="this choice, not the space")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    choices = tuple(map(parse_choice, options.only)) if options.only else space()
    record, status = Record.open(options.record), 0
    found: dict[Problem, Search] = {}
    print("shape                    default      best    gain  choice")
    for heads in options.heads:
        for entries in options.entries:
            shape = f"N1={heads},K={entries},S2={KEYS}"
            problem = Problem(PROGRAM, shape, attributes=(("sparse_mode", 0),))
            found[problem] = each = search(problem, choices, record, jobs=options.jobs)
            status |= any(row.checked and not row.is_good for row in each.rows)
            print(line(shape, each), flush=True)
    print("\none choice for all shapes, cycles of the default's:")
    for choice, ratios in compromises(list(found.values()))[: options.best + 1]:
        print(" ".join(f"{ratio:.3f}" for ratio in ratios), f" {choice}")
    return status


def line(shape: str, found: Search) -> str:
    """The default and the best choice for a shape."""
    best, default = found.good[0], found.default
    assert best.timed is not None
    assert default.timed is not None
    gain = 1 - best.timed.cycles / default.timed.cycles
    return (
        f"{shape:22}{default.timed.cycles:10.0f}{best.timed.cycles:10.0f}{gain:8.1%}"
        f"  {best.choice}"
    )


def compromises(
    searches: Sequence[Search],
) -> list[tuple[Choice, tuple[float, ...]]]:
    """The choices that run at all shapes, with their cycles over the default's for each;
    the one with the smallest mean first, of equal ones the first."""
    cycles = [
        {row.choice: row.timed.cycles for row in each.rows if row.timed}
        for each in searches
    ]
    found: dict[tuple[float, ...], Choice] = {}
    for choice in cycles[0]:
        ratios = tuple(_ratios(choice, cycles))
        if len(ratios) == len(cycles):
            found.setdefault(ratios, choice)
    ranked = sorted(found.items(), key=lambda item: sum(item[0]))
    return [(choice, ratios) for ratios, choice in ranked]


def _ratios(choice: Choice, cycles: Sequence[Mapping[Choice, float]]) -> list[float]:
    return [of[choice] / of[DEFAULT_CHOICE] for of in cycles if of.get(choice)]


if __name__ == "__main__":
    sys.exit(main())
