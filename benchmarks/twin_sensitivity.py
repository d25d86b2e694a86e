"""How much of the modelled time of the emitted kernel hangs on assumed parameters.

Runs the kernel on the twin once for each assumed parameter of the model of time
(docs/timing.md) at half and at twice its value, and prints the cycles, the busiest unit
and which conclusions hold. Nothing is measured on a chip.

    python benchmarks/twin_sensitivity.py                       # 48 tokens, 24 groups
    python benchmarks/twin_sensitivity.py --tokens 4 --cores 2 --entries 2048
    python benchmarks/twin_sensitivity.py --trace trace.json    # for Perfetto, too
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import ligrad
from backends.twin.clock import Time
from backends.twin.sensitivity import sensitivity
from backends.twin.timing import DEFAULT_TIMING, Timing
from ligrad.workload import generate

FILE = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--entries", type=int, default=512)
    parser.add_argument("--keys", type=int, default=8192)
    parser.add_argument("--heads", type=int, default=64)
    parser.add_argument("--cores", type=int, default=24)
    parser.add_argument("--dtype", default="bf16", choices=("bf16", "fp16"))
    parser.add_argument("--soc", default="ascend910b1")
    parser.add_argument("--all", action="store_true", help="not only what is assumed")
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument(
        "--trace", type=Path, help="write a trace of the first run there"
    )
    options = parser.parse_args()
    operator = ligrad.compile(FILE, soc=options.soc, dtype=options.dtype)
    extents = {
        "B": 1,
        "S1": options.tokens,
        "S2": options.keys,
        "N1": options.heads,
        "K": options.entries,
    }
    inputs = generate(operator.signature, extents)

    def run(timing: Timing, trace: int = 0) -> Time:
        done = operator.run_source(inputs, options.cores, timing=timing, trace=trace)
        time = done.report.check().time
        assert time is not None
        return time

    first = run(DEFAULT_TIMING, 1_000_000 if options.trace else 0)
    print(first.table())
    if options.trace and first.trace is not None:
        first.trace.write(options.trace)
    names = [each for each in DEFAULT_TIMING.parameters] if options.all else None
    found = sensitivity(run, names=names)
    print(found.table())
    if options.json:
        options.json.write_text(json.dumps(found.as_json(), indent=2) + "\n")


if __name__ == "__main__":
    main()
