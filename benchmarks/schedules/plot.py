"""Pictures of the tables; matplotlib is needed only here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.schedules.measure import ORDER
from benchmarks.schedules.variants import Row
from ligrad.tune.steady import Steady


def plot(found: Sequence[Steady], rows: Sequence[Row], path: Path) -> None:
    """The schedules side by side and, where it was made, the ablation."""
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4.5), layout="constrained")
    left, middle, right = axes
    quantities = {
        "cycles": [each.cycles for each in found],
        "GM KiB": [each.moved / 1024 for each in found],
        "vector memory\ninstructions": [each.memory_instructions for each in found],
    }
    for i, name in enumerate(ORDER):
        heights = [values[i] / values[0] for values in quantities.values()]
        bars = left.bar([x + 0.4 * i for x in range(3)], heights, 0.38, label=name)
        left.bar_label(
            bars, [f"{values[i]:,.0f}" for values in quantities.values()], fontsize=7
        )
    left.set_xticks([x + 0.2 for x in range(3)], list(quantities), fontsize=8)
    left.set(ylabel="of baseline", title="a token (a model)", ylim=(0, 1.25))
    left.legend()
    units = [unit for unit in found[0].busy if any(each.busy[unit] for each in found)]
    for i, (name, each) in enumerate(zip(ORDER, found)):
        middle.barh(
            [y + 0.4 * i for y in range(len(units))],
            [each.busy[unit] / each.cycles for unit in units],
            0.38,
            label=name,
        )
    middle.set_yticks([y + 0.2 for y in range(len(units))], units, fontsize=8)
    middle.set(xlabel="busy share of the cycles", xlim=(0, 1))
    measured = [(row.name, row.cost.cycles) for row in rows if row.cost is not None]
    if measured:
        names, cycles = zip(*reversed(measured))
        right.barh(range(len(names)), cycles)
        right.set_yticks(range(len(names)), names, fontsize=7)
        right.set(xlabel="cycles a token (a model)")
    else:
        right.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"the plot is in {path}")
