"""CPU time of a token of the full-size operator (64 heads, 2048 entries) on the twin.

Runs the emitted kernel on one group of cores with 1 and with 9 tokens, with and without
the checks and the clock, in turn; prints milliseconds a token (the difference between 9
and 1, an eighth of it), the whole of a launch of one token, and ratios within the run.
Exits with 1 if a token takes a second or more with everything on.

    python -m benchmarks.twin_speed
"""

from __future__ import annotations

import argparse
import sys
import time

import ligrad
from backends.project.run import run_source
from benchmarks.accuracy import FILE
from ligrad.workload import generate

LIMIT = 1.0
"""Seconds for a token, sanitised."""
MODES = {
    "checks and clock": (True, True),
    "checks": (True, False),
    "clock": (False, True),
    "neither": (False, False),
}
TOKENS = (1, 9)


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    operator = ligrad.compile(FILE)
    module = operator.module("ascendc")
    calls = {
        tokens: operator.bind(
            generate(
                operator.signature,
                {"B": 1, "S1": tokens, "S2": 4096, "N1": 64, "K": 2048},
            )
        )
        for tokens in TOKENS
    }
    best: dict[tuple[str, int], float] = {}
    for round_ in range(options.repeat + 1):  # the first one builds
        for mode, (check, clock) in MODES.items():
            for tokens, bound in calls.items():
                start = time.process_time()
                run_source(module, bound, 1, operator.soc, check=check, clock=clock)
                taken = time.process_time() - start
                if round_:
                    key = (mode, tokens)
                    best[key] = min(best.get(key, taken), taken)
    few, many = TOKENS
    each = {mode: (best[mode, many] - best[mode, few]) / (many - few) for mode in MODES}
    print("mode              ms a token  of neither  ms, launch of one token")
    for mode in MODES:
        ratio = each[mode] / each["neither"]
        whole = best[mode, few] * 1e3
        print(f"{mode:17} {each[mode] * 1e3:10.1f} {ratio:11.2f} {whole:24.1f}")
    return 0 if best["checks and clock", few] < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
