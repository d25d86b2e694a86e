"""What a run on the twin has to say."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

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
class Hazard:
    """One finding, `count` times at this place: an error (which ended the run, or was
    found at its end) or a warning."""

    error: bool
    kind: str
    message: str
    api: str
    file: str
    line: int
    core: str
    count: int

    def __str__(self) -> str:
        """`file:line: error[kind] api (core): message`."""
        severity = "error" if self.error else "warning"
        return (
            f"{self.file}:{self.line}: {severity}[{self.kind}] {self.api} "
            f"({self.core}): {self.message}"
        )


class KernelError(Exception):
    """A run ended with errors."""


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

    def measures(self) -> dict[str, int | str | None]:
        """Cycles and bytes for a JSON object, null without a time; and whose they are."""
        gm = self.gm_bytes
        return {
            "cycles": self.cycles,
            "gm_read_bytes": None if gm is None else gm.read,
            "gm_write_bytes": None if gm is None else gm.written,
            "note": NOTE,
        }

    @property
    def trace(self) -> Trace | None:
        """What each pipe did when, if the launch was asked for a trace."""
        return None if self.time is None else self.time.trace

    @property
    def errors(self) -> tuple[Hazard, ...]:
        """The hazards that are errors."""
        return tuple(hazard for hazard in self.hazards if hazard.error)

    @property
    def warnings(self) -> tuple[Hazard, ...]:
        """The hazards that are warnings."""
        return tuple(hazard for hazard in self.hazards if not hazard.error)

    def check(self) -> Report:
        """Return this report, or raise KernelError if it holds errors."""
        if self.errors:
            raise KernelError("\n".join(map(str, self.errors)))
        return self
