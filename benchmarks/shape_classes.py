"""What choosing for each shape gains over the default choice.

Predicts all choices for all shapes, and measures on the twin's clock the default and those
that are predicted best for a shape. Nothing is measured on a chip (docs/timing.md).

    python -m benchmarks.shape_classes                 # the whole space: hours
    python -m benchmarks.shape_classes --heads 16 --entries 512 --only window=64
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost_model import PROGRAM
from ligrad.tune.judge import Expected, Measured, expect, measure
from ligrad.tune.problem import Problem
from ligrad.tune.record import Record, expected_key, measured_key
from passes.choices import DEFAULT_CHOICE, Choice, parse_choice, space

HEADS, ENTRIES, KEYS = (8, 16, 64), (64, 256, 512, 2048), 8192


@dataclass
class Judge:
    """Looks results up in a record, or makes them."""

    record: Record

    def expect(self, problem: Problem, choice: Choice) -> Expected:
        """The prediction."""
        key = expected_key(problem.identity(), str(choice))
        found = self.record.expected(key)
        if found is None:
            self.record.add(key, found := expect(problem, choice))
        return found

    def measure(self, problem: Problem, choice: Choice, kernel: str) -> Measured:
        """What the twin says."""
        key = measured_key(problem.identity(), kernel)
        found = self.record.measured(key)
        if found is None:
            self.record.add(key, found := measure(problem, choice))
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a kernel that is chosen is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, default=Path("out/tune.jsonl"))
    parser.add_argument("--best", type=int, default=2, help="measured for each shape")
    parser.add_argument("--heads", type=int, nargs="+", default=HEADS)
    parser.add_argument("--entries", type=int, nargs="+", default=ENTRIES)
    parser.add_argument("--only", action="append", help="this choice, not the space")
    options = parser.parse_args(arguments)
    only = options.only or map(str, space())
    choices = tuple(dict.fromkeys((DEFAULT_CHOICE, *map(parse_choice, only))))
    judge = Judge(Record.open(options.record))
    problems = [
        Problem(
            PROGRAM,
            f"N1={heads},K={entries},S2={KEYS}",
            attributes=(("sparse_mode", 0),),
        )
        for heads in options.heads
        for entries in options.entries
    ]
    expected: dict[Problem, dict[Choice, Expected]] = {each: {} for each in problems}
    for choice in choices:
        for problem in problems:
            expected[problem][choice] = judge.expect(problem, choice)
        print(".", end="", file=sys.stderr, flush=True)
    print("shape                    default      best    gain  choice")
    status = 0
    for problem in problems:
        found = expected[problem]
        firsts: dict[str, Choice] = {}
        for choice, each in found.items():
            if each.cycles is not None:
                firsts.setdefault(each.kernel, choice)
        ranked = sorted(firsts.values(), key=lambda c: found[c].cycles or 0.0)
        tried = dict.fromkeys((DEFAULT_CHOICE, *ranked[: options.best]))
        measured = {c: judge.measure(problem, c, found[c].kernel) for c in tried}
        good = {c: m.cycles for c, m in measured.items() if m.status == "ok"}
        status |= len(good) < len(measured)
        best = min(good, key=lambda c: good[c])
        before, behind = measured[DEFAULT_CHOICE].cycles, good[best]
        gain = 1 - behind / before
        print(
            f"{problem.shape:22}{before:10.0f}{behind:10.0f}{gain:8.1%}  {best}",
            flush=True,
        )
    print("\none choice for all shapes, as predicted, cycles of the default's:")
    for choice, ratios in compromises(expected)[: options.best + 1]:
        each = " ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{each}  {choice}")
    return status


def compromises(
    expected: Mapping[Problem, Mapping[Choice, Expected]],
) -> list[tuple[Choice, tuple[float, ...]]]:
    """The choices that are known for all shapes, with their cycles over the default's for
    each; the one with the smallest mean first, of equal ones the first."""
    found: dict[tuple[float, ...], Choice] = {}
    for choice in next(iter(expected.values())):
        pairs = [
            (of[choice].cycles, of[DEFAULT_CHOICE].cycles) for of in expected.values()
        ]
        ratios = tuple(mine / base for mine, base in pairs if mine and base)
        if len(ratios) == len(pairs):
            found.setdefault(ratios, choice)
    ranked = sorted(found.items(), key=lambda item: sum(item[0]))
    return [(choice, ratios) for ratios, choice in ranked]


if __name__ == "__main__":
    sys.exit(main())
