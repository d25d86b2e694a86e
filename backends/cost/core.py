"""The clock of one core: a scalar unit that issues in program order, and its pipes.

As on the twin's clock (docs/timing.md): of the units of a core, the one that can go on
earliest is next, so what they share is given to whoever comes first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from math import inf

from backends.cost.port import Memory
from backends.cost.records import CrossFlag, Flag, Kind, Record, Recorder
from ligrad_ir.dialects.npu_types import Pipe

UNITS = (Pipe.S, Pipe.V, Pipe.M, Pipe.MTE1, Pipe.MTE2, Pipe.MTE3, Pipe.FIX)
NUMBER = {unit: number for number, unit in enumerate(UNITS)}
SCALAR = 0

Tell = Callable[["CoreClock", CrossFlag, float], None]
"""Takes a flag from a core to others, and when it is there."""


class CoreClock:
    """Replays records. Times in cycles; by unit: busy, and `next`, when it can go on, or
    `inf` if that depends on others."""

    def __init__(self, recorder: Recorder, memory: Memory, tell: Tell):
        timing = recorder.timing
        self.kind, self.number = recorder.kind, recorder.number
        self.busy = [0.0] * len(UNITS)
        self.next = [inf] * len(UNITS)
        self._records = recorder.records
        self._memory = memory
        self._tell = tell
        self._head = 0
        self._depth = int(timing["queue_depth"])
        self._flag_latency = timing["flag_latency"]
        self._cross_latency = timing["cross_latency"]
        self._now = [0.0] * len(UNITS)
        self._done = [0.0] * len(UNITS)
        self._freed = [0.0] * len(UNITS)
        self._queues: list[deque[tuple[Record, float]]] = [deque() for _ in UNITS]
        self._flags: dict[Flag, deque[float]] = defaultdict(deque)
        self._arrived: dict[CrossFlag, deque[float]] = defaultdict(deque)
        self._filled: dict[int, float] = {}
        self._look(SCALAR)

    @property
    def is_finished(self) -> bool:
        """All records were replayed."""
        return self._head == len(self._records) and not any(self._queues)

    @property
    def end(self) -> float:
        """When all is over."""
        return max(*self._now, *self._done)

    def arrive(self, flag: CrossFlag, time: float) -> None:
        """A flag of another core is there."""
        self._arrived[flag].append(time)
        self._look(SCALAR)

    def take_turn(self, until: float) -> None:
        """Do what can be done before a time."""
        following = self.next
        while (time := min(following)) < until:
            unit = following.index(time)
            if unit == SCALAR:
                self._issue()
            else:
                self._start(unit)

    # ---- when a unit can go on

    def _look(self, unit: int) -> None:
        self.next[unit] = self._scalar_next() if unit == SCALAR else self._pipe(unit)

    def _pipe(self, unit: int) -> float:
        queue = self._queues[unit]
        if not queue:
            return inf
        record, issued = queue[0]
        if record.kind is Kind.WAIT and record.flag and not self._flags[record.flag]:
            return inf
        return max(self._now[unit], issued)

    def _scalar_next(self) -> float:
        if self._head == len(self._records):
            return inf
        record = self._records[self._head]
        if record.unit is not Pipe.S:
            blocked = len(self._queues[NUMBER[record.unit]]) == self._depth
        elif record.kind is Kind.WAIT:
            blocked = record.flag is not None and not self._flags[record.flag]
        elif record.kind is Kind.CROSS_WAIT:
            blocked = not self._arrived[record.cross]
        else:
            blocked = record.kind is Kind.DRAIN and any(self._queues)
        return inf if blocked else self._now[SCALAR]

    # ---- the scalar unit

    def _issue(self) -> None:
        record, now = self._records[self._head], self._now
        self._head += 1
        if record.unit is not Pipe.S:
            unit = NUMBER[record.unit]
            now[SCALAR] = max(now[SCALAR], self._freed[unit]) + record.issue
            self._queues[unit].append((record, now[SCALAR]))
            if len(self._queues[unit]) == 1:
                self._look(unit)
        else:
            now[SCALAR] += record.issue
            self._scalar(record)
        self.busy[SCALAR] += record.issue
        self._look(SCALAR)

    def _scalar(self, record: Record) -> None:
        now = self._now
        match record.kind:
            case Kind.ACCESS:
                self._access(record)
            case Kind.SET:
                self._set(record, now[SCALAR])
            case Kind.WAIT:
                assert record.flag
                now[SCALAR] = max(now[SCALAR], self._flags[record.flag].popleft())
            case Kind.CROSS_WAIT:
                now[SCALAR] = max(now[SCALAR], self._arrived[record.cross].popleft())
            case _:
                now[SCALAR] = max(*now, *self._done)

    def _access(self, record: Record) -> None:
        if record.transfer is not None:
            now = self._now[SCALAR]
            end, latency = self._memory.move(self.number, now, record.transfer)
            self._filled[record.line] = end + latency
        if record.waits:
            filled = self._filled[record.line]
            self._now[SCALAR] = max(self._now[SCALAR], filled)

    # ---- pipes

    def _start(self, unit: int) -> None:
        """A pipe takes the next record of its queue, which leaves it when it starts."""
        queue, now = self._queues[unit], self._now
        was_full = len(queue) == self._depth
        record, issued = queue.popleft()
        turn = max(now[unit], issued)
        if record.kind is Kind.SET or record.kind is Kind.CROSS_SET:
            over = max(turn, self._done[unit])  # and nothing behind it is held up
            if record.kind is Kind.SET:
                self._set(record, over)
            else:
                self._tell(self, record.cross, over + self._cross_latency)
        else:
            if record.kind is Kind.WAIT and record.flag:
                turn = max(turn, self._flags[record.flag].popleft())
            elif record.kind is Kind.BARRIER:
                turn = max(turn, self._done[unit])
            now[unit] = turn
            if record.kind is Kind.WORK:
                self._run(unit, record)
        if was_full:
            self._freed[unit] = turn
        self._look(unit)
        self._look(SCALAR)

    def _set(self, record: Record, time: float) -> None:
        assert record.flag
        self._flags[record.flag].append(time + self._flag_latency)
        self._look(NUMBER[record.flag[1]])

    def _run(self, unit: int, record: Record) -> None:
        start = self._now[unit]
        end, latency = start + record.busy, record.latency
        if record.transfer is not None:
            moved, more = self._memory.move(self.number, start, record.transfer)
            end, latency = max(end, moved), latency + more
        self.busy[unit] += record.busy
        self._now[unit] = end
        self._done[unit] = max(self._done[unit], end + latency)
