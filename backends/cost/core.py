"""The clock of one core: a scalar unit that issues everything in order, and its pipes.

As on the twin's clock (docs/timing.md), but in program order: what starts when is computed
as it is issued, since a pipe takes nothing from behind.
"""

from __future__ import annotations

from collections import defaultdict, deque

from backends.cost.port import SCALAR_LINE, Memory
from ligrad_ir.dialects.npu_types import Core, Pipe

SCALAR_LINES = {Core.CUBE: 256, Core.VECTOR: 512}
"""Lines of the scalar unit's cache: 16 KiB, or 32 KiB on a vector core."""


class CoreClock:
    """Times in cycles. at: of the scalar unit; busy: by pipe; steps: of the cube unit."""

    def __init__(self, kind: Core, sub: int, memory: Memory):
        self.kind = kind
        self.sub = sub
        self.number = 0 if kind is Core.CUBE else 1 + sub
        self.memory = memory
        self.timing = timing = memory.timing
        self.at = 0.0
        self.steps = 0
        self.busy: dict[Pipe, float] = defaultdict(float)
        self.arrived: dict[int, deque[float]] = defaultdict(deque)
        """Cross-core flags."""
        depth = int(timing["queue_depth"])
        self._next: dict[Pipe, float] = defaultdict(float)
        self._done: dict[Pipe, float] = defaultdict(float)
        self._started: dict[Pipe, deque[float]] = defaultdict(
            lambda: deque(maxlen=depth)
        )
        self._flags: dict[tuple[Pipe, Pipe, int], deque[float]] = defaultdict(deque)
        self._lines: dict[int, tuple[int, int]] = {}
        self._filled: dict[int, float] = {}
        self._depth = depth
        self._issue_flag = timing["issue_flag"]
        self._flag_latency = timing["flag_latency"]

    def _push(self, pipe: Pipe, issue: float) -> float:
        """The scalar unit puts an instruction into a queue, when there is room; gives the
        time at which the pipe could begin with it."""
        started = self._started[pipe]
        if len(started) == self._depth and started[0] > self.at:
            self.at = started[0]
        self.at += issue
        self.busy[Pipe.S] += issue
        return max(self._next[pipe], self.at)

    def work(self, pipe: Pipe, issue: float, busy: float, latency: float = 0.0) -> None:
        """An instruction that moves nothing from or to global memory."""
        start = self._push(pipe, issue)
        self._run(pipe, start, busy, start + busy, latency)

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
        start = self._push(pipe, timing["issue_transfer"])
        busy = max(busy, bursts * bytes / timing["l2_read_rate"])
        end, latency = self.memory.load(
            self.number, start, buffer, offset, bursts, bytes, pitch
        )
        self._run(pipe, start, busy, max(start + busy, end), latency)

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
        start = self._push(pipe, issue)
        busy = max(busy, bursts * bytes * factor / rate)
        place = buffer, offset, bursts, bytes, pitch
        end = self.memory.store(self.number, start, *place, rate=rate, factor=factor)
        self._run(pipe, start, busy, max(start + busy, end), timing["store_latency"])

    def _run(
        self, pipe: Pipe, start: float, busy: float, end: float, latency: float
    ) -> None:
        self._started[pipe].append(start)
        self._next[pipe] = end
        self._done[pipe] = max(self._done[pipe], end + latency)
        self.busy[pipe] += busy

    # ---- order

    def set_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Up when all before it on its pipe is over."""
        if source is Pipe.S:
            self._issue(self._issue_flag)
            time = self.at
        else:
            time = self._told(source, self._issue_flag)
        self._flags[source, target, event].append(time + self._flag_latency)

    def wait_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Holds up the pipe that waits, or the scalar unit."""
        if target is Pipe.S:
            self._issue(self._issue_flag)
            self.at = max(self.at, self._flags[source, target, event].popleft())
            return
        start = self._push(target, self._issue_flag)
        start = max(start, self._flags[source, target, event].popleft())
        self._run(target, start, 0.0, start, 0.0)

    def barrier(self, pipe: Pipe) -> None:
        """Holds up its pipe until all before is over."""
        start = max(self._push(pipe, self._issue_flag), self._done[pipe])
        self._run(pipe, start, 0.0, start, 0.0)

    def drain(self) -> None:
        """Holds up the scalar unit until all pipes are done."""
        self._issue(self._issue_flag)
        self.at = max(self.at, *self._next.values(), *self._done.values(), 0.0)

    def cross_set(self, pipe: Pipe) -> float:
        """When a flag to other cores arrives there."""
        issue = self.timing["issue_cross"]
        return self._told(pipe, issue) + self.timing["cross_latency"]

    def cross_wait(self, time: float) -> None:
        """Stops all issue until a flag is there, which arrives at a time."""
        self._issue(self.timing["issue_cross"])
        self.at = max(self.at, time)

    def _told(self, pipe: Pipe, issue: float) -> float:
        """What is set on a pipe holds up nothing behind it; when all before it is over."""
        turn = self._push(pipe, issue)
        self._started[pipe].append(turn)
        return max(turn, self._done[pipe])

    def _issue(self, cycles: float) -> None:
        self.at += cycles
        self.busy[Pipe.S] += cycles

    # ---- the scalar unit

    def read_scalar(self) -> None:
        """The scalar unit reads UB."""
        self._issue(self.timing["scalar_access"])

    def read_scalar_gm(self, buffer: int, offset: int) -> None:
        """The scalar unit reads global memory through its cache, line by line, and waits
        for a line that is still on its way."""
        self.at = max(self.at, self._line(buffer, offset))

    def preload_scalar_gm(self, buffer: int, offset: int) -> None:
        """It asks for a line, and does not wait."""
        self._line(buffer, offset)

    def _line(self, buffer: int, offset: int) -> float:
        """When the cache has the line of an access."""
        self._issue(self.timing["scalar_access"])
        line = offset // SCALAR_LINE
        place = line % SCALAR_LINES[self.kind]
        if self._lines.get(place) != (buffer, line):
            self._lines[place] = buffer, line
            start = line * SCALAR_LINE
            end, latency = self.memory.load(
                self.number, self.at, buffer, start, 1, SCALAR_LINE, 0
            )
            self._filled[place] = end + latency
        return self._filled[place]

    @property
    def end(self) -> float:
        """When all is over."""
        return max([self.at, *self._next.values(), *self._done.values()])
