"""The bytes of a token stage by stage, beside those of the kernel written by hand.

A stage is what one kind of core does for some of the formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.schedules.measure import MAIN, example
from benchmarks.schedules.tables import KIB, Limit, table
from ligrad.tune.steady import Place, Steady


@dataclass(frozen=True)
class Stage:
    """What a kind of core does for formulas, None for all others; read, written: KiB a
    token in the kernel by hand (docs/schedules.md says where the figures are from)."""

    name: str
    core: str
    formulas: tuple[str, ...] | None
    read: float
    written: float


BY_HAND = (
    Stage("V1: gather", "AIV", ("S",), 528, 512),
    Stage("C1: scores, w x dy", "AIC", ("S", "Y"), 532.1, 768),
    Stage("V2: select, dw", "AIV", None, 776, 256.1),
    Stage("C2: dq, updates", "AIC", ("dQ", "dK"), 1040, 1040),
    Stage("V3: scatter", "AIV", ("dK",), 1040, 1024),
)
APART = 0.05
"""What the schedule `baseline` may differ by."""


def by_stage(moved: Mapping[Place, float]) -> dict[Stage, tuple[float, float]]:
    """KiB read and written in each stage, of bytes by place."""
    lines = example(MAIN).splitlines()
    found = {stage: [0.0, 0.0] for stage in BY_HAND}
    for (core, line, is_written), amount in moved.items():
        formula = lines[line - 1].partition("=")[0].strip()
        mine = [each for each in BY_HAND if each.core == core]
        named = [each for each in mine if each.formulas and formula in each.formulas]
        [stage] = named or [each for each in mine if each.formulas is None]
        found[stage][is_written] += amount / KIB
    return {stage: (read, written) for stage, (read, written) in found.items()}


def show_stages(cost: Steady) -> tuple[str, list[Limit]]:
    """The table of the schedule `baseline`, and how far it is from the kernel by hand."""
    rows: list[list[str]] = []
    limits: list[Limit] = []
    stages = by_stage(cost.places)
    for stage, (read, written) in stages.items():
        rows.append(_row(stage.name, read, stage.read, written, stage.written))
        for what, one, two in (
            ("read", read, stage.read),
            ("written", written, stage.written),
        ):
            text = f"KiB {what} in {stage.name}, from those by hand"
            limits.append(Limit(text, abs(one / two - 1), APART))
    rows.append(
        _row(
            "all",
            _sum(read for read, _ in stages.values()),
            _sum(stage.read for stage in BY_HAND),
            _sum(written for _, written in stages.values()),
            _sum(stage.written for stage in BY_HAND),
        )
    )
    head = ["stage", "KiB read", "by hand", "KiB written", "by hand"]
    return table("Bytes of a token, baseline", head, rows), limits


def _row(name: str, *numbers: float) -> list[str]:
    return [name, *(f"{number:.1f}" for number in numbers)]


def _sum(numbers: Iterable[float]) -> float:
    return sum(numbers)
