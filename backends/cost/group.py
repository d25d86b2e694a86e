"""The cores of a group on the clock, and the flags between them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from math import inf

from backends.cost.core import CoreClock
from backends.cost.port import Memory
from backends.cost.records import CrossFlag, Mark, Recorder
from ligrad_ir.errors import LigradError

EPOCH = 256
"""Cycles that a core may be ahead of another when they share something."""


class Group:
    """A cube core and its vector cores, cube core first."""

    def __init__(self, recorders: Sequence[Recorder], memory: Memory):
        self.cores = [CoreClock(each, memory, self._tell) for each in recorders]
        self._told: dict[tuple[CrossFlag, int], deque[float]] = defaultdict(deque)

    def run(self) -> None:
        """Replay all records.

        Raises:
            LigradError: the cores wait for each other for ever.
        """
        while (earliest := min(min(core.next) for core in self.cores)) < inf:
            until = (earliest // EPOCH + 1) * EPOCH
            for core in self.cores:
                core.take_turn(until)
        if not all(core.is_finished for core in self.cores):
            raise LigradError("the cores of a group wait for each other for ever")

    def _tell(self, core: CoreClock, flag: CrossFlag, time: float) -> None:
        """Between the cube core and both vector cores: theirs arrives when both set it.
        There is one group, so the cube core alone is all of its kind."""
        cube, *vectors = self.cores
        if flag is Mark.ALL:
            core.arrive(flag, time)
        elif core is cube:
            for other in vectors:
                other.arrive(flag, time)
        else:
            own = [self._told[flag, other.number] for other in vectors]
            self._told[flag, core.number].append(time)
            if all(own):
                cube.arrive(flag, max(times.popleft() for times in own))
