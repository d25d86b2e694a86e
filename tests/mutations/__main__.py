"""The mutation test of emitted kernels: every small mistake in a kernel is found.

For each mutant of a kernel, on small inputs: a report of the twin, a wrong number (an
output further from the float64 oracle than rounding explains, or less accurate than that
of the kernel as it is), or an entry in the table
of equivalents. Prints how many there are of each, and those that survive. Exits with 1 if
one survives, hangs or crashes, or if the table of equivalents is wrong.

    python -m tests.mutations                            # bf16, BSND
    python -m tests.mutations --schedule optimized
    python -m tests.mutations --dtype fp16 --layout TND
    python -m tests.mutations --deterministic --kind sync,pair
    python -m tests.mutations --part 20                  # one mutant in twenty
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import ligrad
from benchmarks.accuracy import FILE
from tests.mutations.changes import KINDS
from tests.mutations.equivalents import Equivalents
from tests.mutations.judge import Judge, Verdict, judge_of
from tests.mutations.sample import sample
from tests.mutations.schemata import Mutant

COLUMNS = ("report", "number", "equivalent", "survived", "hang", "crash")


def outcome(verdict: Verdict, name: str | None) -> str:
    """The column that a mutant counts in; name: of its equivalence."""
    is_equal = verdict.found == "survived" and name is not None
    return "equivalent" if is_equal else verdict.found


def table(
    mutants: Sequence[Mutant],
    verdicts: Mapping[int, Verdict],
    names: Mapping[int, str | None],
) -> list[str]:
    """Kinds by what became of their mutants, and the score."""
    counts: Counter[tuple[str, str]] = Counter()
    for mutant in mutants:
        found = outcome(verdicts[mutant.number], names[mutant.number])
        counts[mutant.kind, found] += 1
        counts["all", found] += 1
    lines = [f"{'kind':10}" + "".join(f"{name:>11}" for name in COLUMNS)]
    for kind in (*KINDS, "all"):
        row = [counts[kind, name] for name in COLUMNS]
        if any(row):
            lines.append(f"{kind:10}" + "".join(f"{count:11}" for count in row))
    caught = counts["all", "report"] + counts["all", "number"]
    equal, total = counts["all", "equivalent"], len(mutants)
    lines.append(
        f"{caught} of {total - equal} that change anything are found; "
        f"{equal} are equivalent"
    )
    return lines


def run(judge: Judge, mutants: Sequence[Mutant]) -> dict[int, Verdict]:
    """Judge mutants, with a line on the terminal that says how far it is."""
    verdicts: dict[int, Verdict] = {}
    for number, verdict in judge.run([mutant.number for mutant in mutants]):
        verdicts[number] = verdict
        if sys.stderr.isatty():
            print(f"\r{len(verdicts)} of {len(mutants)}", end="", file=sys.stderr)
    return verdicts


def main() -> int:
    """Run the mutants and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--dtype", choices=("bf16", "fp16"), default="bf16")
    parser.add_argument("--layout", choices=("BSND", "TND"), default="BSND")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--schedule", default="baseline")
    parser.add_argument(
        "--kind", default=",".join(KINDS), help="of " + ", ".join(KINDS)
    )
    parser.add_argument("--part", type=int, default=1, help="one mutant in so many")
    parser.add_argument("--verbose", action="store_true", help="every verdict")
    options = parser.parse_args()
    operator = ligrad.compile(
        options.file,
        dtype=options.dtype,
        layout=options.layout,
        schedule=options.schedule,
        deterministic=options.deterministic,
        precision="mixed",
    )
    start = time.perf_counter()
    judge, known = judge_of(operator), Equivalents(operator)
    chosen = [m for m in judge.mutants if m.kind in options.kind.split(",")]
    chosen = sample(chosen, options.part)
    verdicts = run(judge, chosen)
    names = {mutant.number: known.name(mutant) for mutant in chosen}
    wrong = 0
    for mutant in chosen:
        verdict, name = verdicts[mutant.number], names[mutant.number]
        found = outcome(verdict, name)
        if name is not None and verdict.found != "survived":
            print(f"not equivalent ({name}): {mutant}: {verdict.detail}")
            wrong += 1
        elif found in ("survived", "hang", "crash"):
            print(f"{found}: {mutant}: {verdict.detail}")
            wrong += 1
        elif options.verbose:
            print(f"{found}: {mutant}: {name or verdict.detail}")
    print("\n".join(table(chosen, verdicts, names)))
    print(f"{time.perf_counter() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
