"""In which order a loop's positions are computed, and in what blocks."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from backends.graph.blocks.plan import Plan
from backends.graph.blocks.turn import Turn
from backends.graph.blocks.union import Uniter


@dataclass(frozen=True)
class Unit:
    """What a worker takes at a time: a block, by its number in the order of the sums.
    turn: where its tokens share their entries."""

    number: int
    first: int
    last: int
    turn: Turn | None = None


class Dispatcher:
    """Gives out blocks in order, to any number of threads. Which blocks there are
    depends on the data, not on who takes them."""

    def __init__(self, plan: Plan, uniter: Uniter | None, together: int):
        self._plan, self._uniter, self._together = plan, uniter, together
        self._total = plan.extents[plan.axis]
        self._at = self._number = 0
        self._waiting: deque[tuple[int, int]] = deque()
        self._lock = threading.Lock()

    def take(self) -> Unit | None:
        """The next block, or None at the end.

        Raises:
            IndexOutOfRangeError: for an index that means no row.
        """
        with self._lock:
            if not self._waiting and self._at >= self._total:
                return None
            turn = None if self._waiting else self._next_turn()
            if turn is None:
                first, last = self._waiting.popleft()
            else:
                first, last = turn.first, turn.last
            unit = Unit(self._number, first, last, turn)
            self._number += 1
            return unit

    def _next_turn(self) -> Turn | None:
        """The next tokens with their common entries; else they wait as plain blocks."""
        tokens = self._plan.tokens
        first = self._at
        if self._uniter is None:
            self._at = min(first + tokens, self._total)
            self._waiting.append((first, self._at))
            return None
        self._at = min(first + self._together, self._total)
        turn = None
        if self._at - first == self._together:
            turn = self._uniter.unite(first, self._at)
        if turn is None:
            for start in range(first, self._at, tokens):
                self._waiting.append((start, min(start + tokens, self._at)))
        return turn
