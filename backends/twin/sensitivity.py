"""What the modelled time of a run owes to values that nobody states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .clock import Time
from .timing import DEFAULT_TIMING, Timing
from .trace import NOTE


@dataclass(frozen=True)
class Variation:
    """A run with one parameter at another value."""

    parameter: str
    value: float
    cycles: int
    busiest: str
    held_up: str


@dataclass(frozen=True)
class Sensitivity:
    """A run with the parameters as they are, and with each of some at other values."""

    base: Time
    variations: tuple[Variation, ...]

    @property
    def cycles(self) -> tuple[int, int]:
        """The fewest and the most cycles of all runs."""
        found = [self.base.cycles, *(each.cycles for each in self.variations)]
        return min(found), max(found)

    def conclusions(self) -> dict[str, tuple[str, ...]]:
        """For what the base run says, the parameters that overturn it; none: it holds."""
        return {
            f"busiest unit: {self.base.busiest()}": self._against(
                lambda each: each.busiest == self.base.busiest()
            ),
            f"longest wait: {self.base.held_up() or 'none'}": self._against(
                lambda each: each.held_up == self.base.held_up()
            ),
            "cycles within 10 %": self._against(
                lambda each: abs(each.cycles / self.base.cycles - 1) <= 0.1
            ),
        }

    def _against(self, holds: Callable[[Variation], bool]) -> tuple[str, ...]:
        found = [each.parameter for each in self.variations if not holds(each)]
        return tuple(dict.fromkeys(found))

    def table(self) -> str:
        """The variations, the strongest first, and which conclusions hold."""
        base = self.base.cycles
        rows = [f"{'parameter':18} {'value':>7} {'cycles':>10} {'':>7}  busiest"]
        for each in sorted(self.variations, key=lambda v: -abs(v.cycles - base)):
            rows.append(
                f"{each.parameter:18} {each.value:7g} {each.cycles:10} "
                f"{each.cycles / base - 1:+7.1%}  {each.busiest}"
            )
        low, high = self.cycles
        rows.append(f"{base} cycles as the table stands, {low} to {high} in all")
        for text, against in self.conclusions().items():
            rows.append(
                f"{text}: " + (f"not with {', '.join(against)}" if against else "holds")
            )
        return "\n".join([*rows, NOTE])

    def as_json(self) -> dict[str, Any]:
        """All of it as a JSON object."""
        return {
            "note": NOTE,
            "cycles": self.base.cycles,
            "range": self.cycles,
            "conclusions": self.conclusions(),
            "variations": [asdict(each) for each in self.variations],
        }


def sensitivity(
    run: Callable[[Timing], Time],
    timing: Timing = DEFAULT_TIMING,
    factors: Sequence[float] = (0.5, 2.0),
    names: Sequence[str] | None = None,
) -> Sensitivity:
    """Run with `timing`, and with each of the parameters `names` (by default all that are
    assumed) times each of `factors`; a switch is thrown instead."""
    variations: list[Variation] = []
    for name in timing.assumed() if names is None else names:
        value = timing[name]
        switch = timing.parameters[name].unit == "switch"
        for other in (1 - value,) if switch else [value * f for f in factors]:
            time = run(timing.changed(**{name: other}))
            variations.append(
                Variation(name, other, time.cycles, time.busiest(), time.held_up())
            )
    return Sensitivity(run(timing), tuple(variations))
