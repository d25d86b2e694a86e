"""What a block is: its positions, and the rows that its entries name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import SSAValue

from backends.call.dtypes import Array
from backends.graph import ops as graph_ops
from backends.graph.blocks.shared import Shared
from backends.graph.ops import IndexOutOfRangeError
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig.blocks import argument_of
from ligrad_ir.dialects.lig.ragged import RowsOp, RunOp, ValidCountOp, tensor

STEPS_OF_ENTRIES = 32
"""Lengths in which a block's entries are cut off, so that few programs are built."""
SPAN = 1024
"""Positions for which counts and runs are found at a time, at least."""


class NotCommonError(Exception):
    """A number that zeros are multiplied by is not finite: the tokens of this block must
    be computed each by itself."""


@dataclass
class Turn:
    """A block: its positions from `first` up to `last`; how many entries it has on the
    ragged axis; its row numbers, that behind the last one where there is none; and
    whether that occurs nowhere (`clean`). Where tokens share their entries, `positions`
    says for each of a token's own which one it is of the `united` ones, or `united`."""

    first: int
    last: int
    entries: int = 0
    clean: bool = True
    rows: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    positions: Array | None = None
    united: int = 0


class Resolver:
    """Finds the rows of blocks; one a worker."""

    def __init__(self, shared: Shared):
        self._shared, self._plan = shared, shared.plan
        plan = shared.plan
        self._ops = [op for op in plan.ahead if plan.has_axis(op.results[0])]
        self._span = range(0)
        self._selections: list[_Selection] = []

    def turn(self, first: int, last: int) -> Turn:
        """The rows of a block, which begins at a multiple of the plan's tokens.

        Raises:
            IndexOutOfRangeError: for an index that means no row, with its position on
                the whole axis.
        """
        if first not in self._span:
            self._begin(first)
        turn = Turn(first, last, self._plan.entries)
        for selection in self._selections:
            selection.resolve(turn, first - self._span.start)
        return turn

    def _begin(self, first: int) -> None:
        """Find counts and runs from a block onwards."""
        plan = self._plan
        span = max(1, SPAN // plan.tokens) * plan.tokens
        last = min(first + span, plan.extents[plan.axis])
        self._span = range(first, last)
        known: dict[SSAValue, Array] = {}
        self._selections = []
        for op in self._ops:
            match op:
                case ValidCountOp():
                    mode = self._shared.values[op.mode]
                    assert isinstance(mode, int)
                    known[op.result] = graph_ops.valid_count(
                        mode,
                        self._whole(op.token_ends),
                        self._whole(op.row_ends),
                        plan.extents[op.entries.string_value()],
                        first + self._shared.offset,
                        last + self._shared.offset,
                    )
                case RunOp():
                    ends = self._whole(op.token_ends), self._whole(op.row_ends)
                    offset = self._shared.offset
                    found = graph_ops.run(*ends, first + offset, last + offset)
                    known.update(zip(op.results, found, strict=True))
                case RowsOp():
                    self._selections.append(self._selection(op, known))
                case _:
                    raise AssertionError(op.name)

    def _selection(self, op: RowsOp, known: dict[SSAValue, Array]) -> _Selection:
        plan, axes = self._plan, tensor(op.indices).axes
        in_front = (plan.axis, *(axis for axis in axes if axis != plan.axis))
        tokens = len(self._span)

        def aligned(value: SSAValue | None, default: int) -> Array:
            """With the loop's axis in front, as long as the span."""
            if value is None:
                array, of = np.asarray(default), ()
            elif value in known:
                array, of = known[value], tensor(value).axes
            else:
                array, of = self._part(value), tensor(value).axes
            view = graph_ops.align(array, of, in_front)
            return np.broadcast_to(view, (tokens, *view.shape[1:]))

        return _Selection(
            op,
            self._part(op.indices).transpose([axes.index(axis) for axis in in_front]),
            aligned(op.count, plan.extents[axes[-1]]),
            aligned(op.start, 0),
            aligned(op.length, plan.extents[op.target]),
            plan.extents[op.target],
            axes,
            plan.axis,
            axes[-1] == plan.ragged,
            self._shared.offset,
            range(0, tokens, plan.tokens),
        )

    def _whole(self, value: SSAValue) -> Array:
        found = self._shared.values[value]
        assert isinstance(found, np.ndarray)
        return found

    def _part(self, value: SSAValue) -> Array:
        """The span of a value."""
        axes = tensor(value).axes
        if value not in self._shared.inputs:
            return self._whole(value)
        cut = slice(self._span.start, self._span.stop)
        cuts = [cut if axis == self._plan.axis else slice(None) for axis in axes]
        return self._shared.inputs[value][tuple(cuts)]


class _Selection:
    """Indices and what resolves them, over a span with the loop's axis in front."""

    def __init__(
        self,
        op: RowsOp,
        indices: Array,
        count: Array,
        start: Array,
        length: Array,
        none: int,
        axes: Axes,
        axis: str,
        is_ragged: bool,
        offset: int,
        blocks: range,
    ):
        self._result, self._none, self._is_ragged = op.result, none, is_ragged
        self._argument = argument_of(op.indices)
        self._indices, self._count = indices, count
        self._start, self._length = start, length
        self._axes, self._axis = axes, axis
        self._offset, self._blocks = offset, blocks
        self._most = _per_block(np.maximum, count, blocks)
        self._least = _per_block(np.minimum, count, blocks)
        # As an unsigned number, an index below 0 is greater than all.
        highest = _per_block(np.maximum, indices.view(np.uint32), blocks)
        shortest = _per_block(np.minimum, length, blocks)
        self._in_range = [a < b for a, b in zip(highest, shortest, strict=True)]

    def resolve(self, turn: Turn, at: int) -> None:
        """Put the rows of a block into the turn; `at`: where it begins in the span."""
        block = at // self._blocks.step
        part = slice(at, at + turn.last - turn.first)
        indices = self._indices[part]
        entries = indices.shape[-1]
        if self._is_ragged:
            turn.entries = entries = cut_entries(self._most[block], entries)
            indices = indices[..., :entries]
        if self._in_range[block] and self._least[block] >= entries:
            rows = np.add(indices, self._start[part], dtype=np.int64)
        else:
            rows = self._carefully(turn, indices, part)
        turn.rows[self._result] = rows

    def _carefully(self, turn: Turn, indices: Array, part: slice) -> Array:
        bounds = (x[part] for x in (self._count, self._start, self._length))
        try:
            rows = graph_ops.rows(indices, *bounds).astype(np.int64)
        except IndexOutOfRangeError as error:
            token, *others = error.position
            at = self._axes.index(self._axis)
            position = (*others[:at], token + turn.first + self._offset, *others[at:])
            raise IndexOutOfRangeError(
                position, error.value, error.length, self._argument
            ) from None
        absent = rows == graph_ops.ABSENT
        if absent.any():
            rows[absent] = self._none
            turn.clean = False
        return rows


def _per_block(reduce: np.ufunc, x: Array, blocks: range) -> list[int]:
    """The least or greatest number of each block; 0 where there is none."""
    if x.size == 0:
        return [0] * len(blocks)
    by_token = reduce.reduce(x.reshape(len(x), -1), axis=1)
    return reduce.reduceat(by_token, list(blocks)).tolist()


def cut_entries(needed: int, entries: int) -> int:
    """How many of a block's entries are computed, so that few lengths occur."""
    step = max(1, entries // STEPS_OF_ENTRIES)
    return min(entries, -(-needed // step) * step)
