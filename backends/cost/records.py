"""What a core does, instruction by instruction in program order: nothing says when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from backends.ascendc.twin.timing import Timing
from backends.cost.port import SCALAR_LINE, Transfer
from ligrad_ir.dialects.npu_types import Core, Pipe

SCALAR_LINES = {Core.CUBE: 256, Core.VECTOR: 512}
"""Lines of the scalar unit's cache: 16 KiB, or 32 KiB on a vector core."""

Flag = tuple[Pipe, Pipe, int]
"""From a pipe to another one, and its number."""


class Kind(Enum):
    """What a record is. `ACCESS` and `DRAIN` are the scalar unit's alone."""

    WORK = auto()
    SET = auto()
    WAIT = auto()
    BARRIER = auto()
    CROSS_SET = auto()
    CROSS_WAIT = auto()
    ACCESS = auto()
    DRAIN = auto()


class Mark(Enum):
    """Cross-core flags of a meeting of all cores, which programs do not number."""

    TOLD = auto()
    ALL = auto()
    END = auto()


CrossFlag = int | Mark


@dataclass(slots=True)
class Record:
    """One instruction, in cycles. unit: what does it; issue: of the scalar unit, busy: of
    its pipe, latency: until its result is there; transfer: what it moves; flag, cross: what
    it sets or waits for; line: of the scalar unit's cache, for which it waits or not."""

    kind: Kind
    unit: Pipe
    issue: float
    busy: float = 0.0
    latency: float = 0.0
    transfer: Transfer | None = None
    flag: Flag | None = None
    cross: CrossFlag = 0
    line: int = 0
    waits: bool = True


class Recorder:
    """The records of a core. steps: of the cube unit."""

    def __init__(self, kind: Core, sub: int, timing: Timing):
        self.kind = kind
        self.sub = sub
        self.number = 0 if kind is Core.CUBE else 1 + sub
        self.timing = timing
        self.records: list[Record] = []
        self.steps = 0
        self._lines: dict[int, tuple[int, int]] = {}
        self._flag = timing["issue_flag"]
        self._cross = timing["issue_cross"]

    def work(self, pipe: Pipe, issue: float, busy: float, latency: float = 0.0) -> None:
        """An instruction that moves nothing from or to global memory."""
        self.records.append(Record(Kind.WORK, pipe, issue, busy, latency))

    def load(
        self,
        pipe: Pipe,
        busy: float,
        buffer: int,
        offset: int,
        bytes: int,
        bursts: int = 1,
        pitch: int = 0,
    ) -> None:
        """A transfer from global memory; offsets and pitches in bytes."""
        timing = self.timing
        rate = timing["l2_read_rate"]
        transfer = Transfer(buffer, offset, bursts, bytes, pitch, rate)
        busy = max(busy, bursts * bytes / rate)
        self.records.append(
            Record(Kind.WORK, pipe, timing["issue_transfer"], busy, transfer=transfer)
        )

    def store(
        self,
        pipe: Pipe,
        busy: float,
        buffer: int,
        offset: int,
        bytes: int,
        bursts: int = 1,
        pitch: int = 0,
        *,
        atomic: bool = False,
    ) -> None:
        """A transfer to global memory, or what leaves the accumulator for it."""
        timing = self.timing
        cube = self.kind is Core.CUBE
        issue = timing["issue_fixpipe" if pipe is Pipe.FIX else "issue_transfer"]
        rate = timing["l2_write_rate" if cube else "ub_write_rate"]
        factor = timing["atomic_factor"] if atomic else 1.0
        transfer = Transfer(
            buffer, offset, bursts, bytes, pitch, rate, factor, is_written=True
        )
        busy = max(busy, bursts * bytes * factor / rate)
        latency = timing["store_latency"]
        self.records.append(Record(Kind.WORK, pipe, issue, busy, latency, transfer))

    # ---- order

    def set_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Up when all before it on its pipe is over."""
        flag = source, target, event
        self.records.append(Record(Kind.SET, source, self._flag, flag=flag))

    def wait_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Holds up the pipe that waits, or the scalar unit."""
        flag = source, target, event
        self.records.append(Record(Kind.WAIT, target, self._flag, flag=flag))

    def barrier(self, pipe: Pipe) -> None:
        """Holds up its pipe until all before is over."""
        self.records.append(Record(Kind.BARRIER, pipe, self._flag))

    def drain(self) -> None:
        """Holds up the scalar unit until all pipes are done."""
        self.records.append(Record(Kind.DRAIN, Pipe.S, self._flag))

    def cross_set(self, pipe: Pipe, flag: CrossFlag) -> None:
        """A flag to other cores, when all before it on its pipe is over."""
        self.records.append(Record(Kind.CROSS_SET, pipe, self._cross, cross=flag))

    def cross_wait(self, flag: CrossFlag) -> None:
        """Stops all issue until a flag of another core is there."""
        self.records.append(Record(Kind.CROSS_WAIT, Pipe.S, self._cross, cross=flag))

    def meet(self) -> None:
        """All cores come: as `SyncAll` of the API does it, the vector cores tell the cube
        core, which asks all others of its kind and tells the vector cores."""
        self.drain()  # a statement of its own
        self.drain()
        if self.kind is Core.VECTOR:
            self.cross_set(Pipe.MTE3, Mark.TOLD)
            self.cross_wait(Mark.END)
        else:
            self.cross_wait(Mark.TOLD)
            self.cross_set(Pipe.FIX, Mark.ALL)
            self.cross_wait(Mark.ALL)
            self.cross_set(Pipe.FIX, Mark.END)

    # ---- the scalar unit

    def read_scalar(self) -> None:
        """The scalar unit reads UB."""
        issue = self.timing["scalar_access"]
        self.records.append(Record(Kind.ACCESS, Pipe.S, issue, waits=False))

    def read_scalar_gm(
        self, buffer: int, offset: int, *, is_preload: bool = False
    ) -> None:
        """The scalar unit reads global memory through its cache, line by line, and waits
        for a line that is still on its way; or it only asks for the line."""
        issue = self.timing["scalar_access"]
        line = offset // SCALAR_LINE
        place = line % SCALAR_LINES[self.kind]
        transfer = None
        if self._lines.get(place) != (buffer, line):
            self._lines[place] = buffer, line
            rate = self.timing["l2_read_rate"]
            start = line * SCALAR_LINE
            transfer = Transfer(buffer, start, 1, SCALAR_LINE, 0, rate)
        self.records.append(
            Record(
                Kind.ACCESS,
                Pipe.S,
                issue,
                transfer=transfer,
                line=place,
                waits=not is_preload,
            )
        )
