"""What the schedule `optimized` gains over `baseline`, in the twin's model of time.

Prints, for the gradient of the lightning indexer on consecutive tokens that choose their
keys by their scores, what a token costs in the steady state, the errors, and the other
formulas; on demand what hangs on the model and on each pass. Exits with 1 if a limit is
missed. Nothing is measured on a chip (docs/timing.md).

    python -m benchmarks.schedules                      # in a few minutes
    python -m benchmarks.schedules --quick              # one group of cores, few tokens
    python -m benchmarks.schedules --deterministic      # by the number of keys
    python -m benchmarks.schedules --quick --ascending  # keys in the order of their numbers
    python -m benchmarks.schedules --sensitivity --ablation --plot out/schedules.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.schedules.errors import (
    OUTPUTS,
    Error,
    alone,
    error,
    errors,
    outputs,
    rounded,
    truth,
    unrounded,
)
from benchmarks.schedules.inputs import shared
from benchmarks.schedules.measure import (
    EXAMPLES,
    MAIN,
    ORDER,
    Setup,
    scheduled,
    steady,
)
from benchmarks.schedules.plot import plot
from benchmarks.schedules.stages import show_stages
from benchmarks.schedules.tables import (
    KIB,
    Limit,
    ablation_table,
    error_table,
    main_table,
    table,
    unit_table,
    work_table,
)
from benchmarks.schedules.variants import ablation, ratios
from ligrad.tune.steady import Steady

CYCLES, BYTES, MEMORY_INSTRUCTIONS = 0.50, 0.65, 2600
WORST_CYCLES = 0.65
"""Of baseline's, whatever the model is wrong about."""
FINER = 100
"""So many times smaller is the error of dq before its last rounding."""
FEW_GROUPS = 4
"""Of a deterministic kernel, each group adds what all compute: so many are measured."""
KEYS = (4096, 16384, 65536)
"""Of a deterministic kernel, whose cost they leave alone."""
SAME = 1.1
"""Up to which costs are the same."""
NOISE = 1.01
"""What two errors that are both of the last rounding alone may differ by."""


def costs(setup: Setup) -> tuple[list[Steady], list[Limit]]:
    """Print the main tables; baseline's costs and the other schedule's."""
    values = setup.values("bf16")
    overlap = f"{shared(values):.0%} of its keys with the token before"
    print(f"{setup}, bf16; a token shares {overlap}")
    found: list[Steady] = []
    for schedule in ORDER:
        program, one = scheduled(schedule, setup.soc, "bf16"), setup.cores == 1
        cost = steady(program, setup, trace=one)
        if not one:
            traced = steady(program, alone(setup), trace=True, check=False)
            cost = replace(cost, work=traced.work, places=traced.places)
        found.append(cost)
    show(main_table("A token in the steady state", found))
    for name, cost in zip(ORDER, found):
        show(unit_table(name, cost))
    for name, cost in zip(ORDER, found):
        show(work_table(name, cost))
    before, behind = found
    text, limits = show_stages(before)
    show(text)
    return found, [
        *limits,
        Limit("cycles of baseline's", behind.cycles / before.cycles, CYCLES),
        Limit("bytes of baseline's", behind.moved / before.moved, BYTES),
        Limit(
            "memory instructions of the vector cores",
            behind.memory_instructions,
            MEMORY_INSTRUCTIONS,
        ),
        Limit("hazards", before.hazards + behind.hazards, 0),
    ]


def accuracy(
    setup: Setup, dtypes: Sequence[str], known: Sequence[Steady] | None
) -> list[Limit]:
    """Print the errors. known: what the kernels gave for bfloat16, if for this setup;
    then dq before its rounding is that of the graph, not of a kernel of its own."""
    rows: list[tuple[str, str, dict[str, Error]]] = []
    limits: list[Limit] = []
    for dtype in dtypes:
        ideal = rounded(setup, dtype)
        rows.append((dtype, "only rounded", ideal))
        made: dict[str, dict[str, Error]] = {}
        exact: dict[str, Error] = {}
        for i, schedule in enumerate(ORDER):
            given = known[i].outputs if known else outputs(schedule, setup, dtype)
            made[schedule] = errors(given, setup, dtype)
            wide = unrounded(schedule, setup, dtype, on_twin=known is None)
            exact[schedule] = error(wide, truth(setup, dtype)["dq"])
            rows.append((dtype, schedule, made[schedule]))
        rows += [
            (dtype, f"{name}, dq not rounded", {"dq": exact[name]}) for name in ORDER
        ]
        before, behind = (made[name] for name in ORDER)
        for name in OUTPUTS:
            for what in ("rms", "worst"):
                one, two = (getattr(each[name], what) for each in (before, behind))
                text = f"{dtype} {name}, {what} error of baseline's"
                limits.append(Limit(text, two / one, NOISE))
        one, two = (exact[name].rms for name in ORDER)
        text = f"{dtype} dq not rounded, baseline's rms error of optimized's"
        limits.append(Limit(text, one / two, FINER, at_least=True))
    title = f"Errors of {setup.many} tokens, of the root mean square of the values"
    show(error_table(title, rows))
    return limits


def others(setup: Setup) -> None:
    """Print the costs of the other formulas."""
    rows: list[list[str]] = []
    for path in sorted(EXAMPLES.glob("*.lig")):
        if path.stem == MAIN:
            continue
        before, behind = (
            steady(scheduled(schedule, setup.soc, "bf16", path.stem), setup)
            for schedule in ORDER
        )
        for what, one, two in (
            ("cycles", before.cycles, behind.cycles),
            ("GM KiB", before.moved / KIB, behind.moved / KIB),
        ):
            cells = [f"{path.stem}, {what}", f"{one:.0f}", f"{two:.0f}"]
            rows.append([*cells, f"{two / one:.3f}"])
    show(table(f"Other formulas, {setup}", ["a token", *ORDER, "ratio"], rows))


def doubts(setup: Setup) -> list[Limit]:
    """Print how the ratio of cycles hangs on the model."""
    found = list(ratios(setup))
    rows = [
        [name, f"{before:.0f}", f"{behind:.0f}", f"{behind / before:.3f}"]
        for name, before, behind in found
    ]
    show(table(f"Cycles of a token, {setup}", ["model", *ORDER, "ratio"], rows))
    worst = max(behind / before for _, before, behind in found)
    return [Limit("cycles of baseline's, worst model", worst, WORST_CYCLES)]


def fixed_order(setup: Setup) -> list[Limit]:
    """Print what a token costs a deterministic kernel, by the number of keys."""
    rows: list[list[str]] = []
    found: dict[str, list[float]] = {}
    for schedule in ORDER:
        program = scheduled(schedule, setup.soc, "bf16", deterministic=True)
        for keys in KEYS:
            cost = steady(program, replace(setup, keys=keys), check=False)
            numbers = (cost.cycles, cost.read / KIB, cost.written / KIB)
            rows.append([f"{schedule}, S2={keys}", *(f"{n:.0f}" for n in numbers)])
            found.setdefault(schedule, []).append(cost.cycles)
    head = ["a token of each group", "cycles", "KiB read", "KiB written"]
    show(table(f"Deterministic, {setup}", head, rows))
    return [
        Limit(f"deterministic {name}, most cycles of least", max(c) / min(c), SAME)
        for name, c in found.items()
    ]


def show(text: str) -> None:
    """A table, with a line in front."""
    print(f"\n{text}", flush=True)


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--soc", default="ascend910b1")
    parser.add_argument("--cores", type=int, default=24, help="groups, of the costs")
    parser.add_argument("--few", type=int, default=3, help="tokens of the short run")
    parser.add_argument("--many", type=int, default=9, help="tokens of the long run")
    parser.add_argument("--quick", action="store_true", help="costs and errors, small")
    parser.add_argument("--ascending", action="store_true", help="keys in order")
    parser.add_argument("--sensitivity", action="store_true")
    parser.add_argument("--deterministic", action="store_true", help="and its costs")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.cores, chosen.few, chosen.many = 1, 2, 8
    if chosen.few < 1 or chosen.many < chosen.few + 6:
        parser.error("the runs are at least 6 tokens apart")
    if chosen.plot is not None and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib, which comes with the extra bench")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a limit is missed."""
    chosen = options(arguments)
    setup = Setup(
        chosen.soc,
        cores=chosen.cores,
        few=chosen.few,
        many=chosen.many,
        ascending=chosen.ascending,
    )
    one = alone(setup)
    found, limits = costs(setup)
    if chosen.quick:
        limits += accuracy(one, ["bf16"], found)
    else:
        limits += accuracy(one, ["bf16", "fp16"], None)
        others(one)
    if chosen.sensitivity:
        limits += doubts(one)
    if chosen.deterministic:
        limits += fixed_order(replace(setup, cores=min(setup.cores, FEW_GROUPS)))
    rows = list(ablation(one)) if chosen.ablation else []
    if rows:
        show(ablation_table(f"Variants of optimized, {one}", rows))
    if chosen.plot is not None:
        plot(found, rows, chosen.plot)
    print("\nLimits (of a model)\n" + "\n".join(_lines(limits)))
    return 0 if all(limit.met for limit in limits) else 1


def _lines(limits: Sequence[Limit]) -> Iterator[str]:
    return (f"  {limit}" for limit in limits)


if __name__ == "__main__":
    sys.exit(main())
