"""The common entries of a block of tokens, found while it runs."""

from __future__ import annotations

import numpy as np

from backends.call.dtypes import Array
from backends.graph.blocks.plan import Common
from backends.graph.blocks.planner import COMMON_GROWTH
from backends.graph.blocks.shared import Shared
from backends.graph.blocks.turn import Resolver, Turn, cut_entries
from ligrad_ir.dialects.lig.ops import row_axis

PATIENCE = 15
"""Blocks that are not tried behind one whose tokens have too little in common."""


class Uniter:
    """Finds common entries; decides by the data alone. Blocks come in order."""

    def __init__(self, shared: Shared, common: Common):
        self._resolver, self._common = Resolver(shared), common
        self._plan = shared.plan
        none = shared.plan.extents[row_axis(common.rows)]
        self._none = none
        self._seen = np.zeros(none + 1, np.bool_)
        self._position = np.zeros(none + 1, np.int64)
        self._skip = 0

    def unite(self, first: int, last: int) -> Turn | None:
        """The block from a position up to another, or None if its tokens have too little
        in common, a token selects a row twice, or none at all.

        Raises:
            IndexOutOfRangeError: for an index that means no row.
        """
        if self._skip:
            self._skip -= 1
            return None
        turn = self._resolver.turn(first, last)
        rows = turn.rows[self._common.rows]
        selected = self._count(rows, turn.clean)
        united = self._union(rows)
        count = len(united)
        if not selected.all() or count > COMMON_GROWTH * int(selected.max()):
            self._skip = PATIENCE
            return None
        self._position[united] = np.arange(count)
        self._position[self._none] = count
        positions = np.take(self._position, rows, mode="clip")
        if self._repeats(positions, count, int(selected.sum())):
            return None
        entries = cut_entries(count, self._plan.capacity)
        padded = np.full(entries, self._none, np.int64)
        padded[:count] = united
        turn.rows[self._common.rows] = padded
        turn.positions, turn.united, turn.entries = positions, count, entries
        return turn

    def _count(self, rows: Array, clean: bool) -> Array:
        """How many rows each token has."""
        if clean:
            return np.full(len(rows), rows.shape[1])
        return np.count_nonzero(rows != self._none, axis=1)

    def _union(self, rows: Array) -> Array:
        """The rows of all tokens in order, without repetition."""
        self._seen[rows.reshape(-1)] = True
        self._seen[self._none] = False
        united = np.flatnonzero(self._seen)
        self._seen[united] = False
        return united

    def _repeats(self, positions: Array, count: int, selected: int) -> bool:
        """Whether a token has a row more than once."""
        stride = count + 1
        taken = np.zeros((len(positions), stride), np.bool_)
        of_token = np.arange(len(positions))[:, None] * stride
        taken.reshape(-1)[(positions + of_token).reshape(-1)] = True
        return int(np.count_nonzero(taken[:, :count])) != selected
