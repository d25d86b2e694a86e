"""What a run on the twin has to say."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .clock import GmBytes, Time
from .trace import NOTE, Trace


class KernelType(enum.IntEnum):
    """Which cores a kernel runs on, numbered as KernelMetaType."""

    AIV_ONLY = 0
    AIC_ONLY = 1
    MIX_AIV_1_0 = 2
    MIX_AIC_1_0 = 3
    MIX_AIC_1_1 = 4
    MIX_AIC_1_2 = 5


@dataclass(frozen=True)
class Place:
    """One of the two instructions of a race: which, where, on which core and pipe, what it
    does (`read`, `write`, `atomic`) to which bytes of which memory or argument, and the
    number of this execution of the source line on this core, from 1."""

    api: str
    file: str
    line: int
    core: str
    pipe: str
    action: str
    memory: str
    begin: int
    end: int
    occurrence: int


@dataclass(frozen=True)
class Hazard:
    """One fault of a kernel, `count` times at this place. `places`: for races and their kin
    both instructions, the one that is reported first."""

    kind: str
    message: str
    api: str
    file: str
    line: int
    core: str
    count: int
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        """`file:line: error[kind] api (core): message`."""
        return (
            f"{self.file}:{self.line}: error[{self.kind}] {self.api} "
            f"({self.core}): {self.message}"
        )


class KernelError(Exception):
    """A run with hazards."""


@dataclass(frozen=True)
class Report:
    """What came out of a run besides the arguments."""

    hazards: tuple[Hazard, ...]
    kernel_type: KernelType
    output: str
    instructions: Mapping[str, int]
    time: Time | None = None
    """What the model of time says; None without the clock, and for a run that failed."""

    @property
    def cycles(self) -> int | None:
        """Cycles of the launch, as the model has it."""
        return None if self.time is None else self.time.cycles

    @property
    def gm_bytes(self) -> GmBytes | None:
        """Bytes that the cores read from GM and wrote to it, through L2."""
        return None if self.time is None else self.time.gm

    @property
    def trace(self) -> Trace | None:
        """What each pipe did when, if the launch was asked for a trace."""
        return None if self.time is None else self.time.trace

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object; cycles and bytes are null where a run failed."""
        gm = self.gm_bytes
        return {
            "note": NOTE,
            "cycles": self.cycles,
            "gm_read_bytes": None if gm is None else gm.read,
            "gm_write_bytes": None if gm is None else gm.written,
            "hazards": [asdict(hazard) for hazard in self.hazards],
            "instructions": dict(self.instructions),
        }

    def check(self) -> Report:
        """Return this report, or raise KernelError if there are hazards."""
        if self.hazards:
            raise KernelError("\n".join(map(str, self.hazards)))
        return self
