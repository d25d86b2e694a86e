"""What a core computes with scalars for a token: its batch, how many of its entries are
valid, and which rows they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import SSAValue

from ligrad_ir.dialects.lig.ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.npu.launch import FindRunOp
from ligrad_ir.dialects.npu.vector import ReadOp
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.storage import ENTRY_UNIT, Selection, Storage, TokenScope


@dataclass(frozen=True)
class _Run:
    """A run of a packed axis: its number, its first entry and their number."""

    number: Index
    start: Index
    length: Index


class Ragged:
    """Scalar arithmetic for one token.

    ends: by lig value, the run ends in global memory; uniform: by the same, the axis
    whose runs are all as long as a parameter says.
    """

    def __init__(
        self,
        scope: TokenScope,
        ends: Mapping[SSAValue, SSAValue],
        uniform: Mapping[SSAValue, str],
        modes: Mapping[SSAValue, SSAValue],
    ):
        self._scope = scope
        self._ends = ends
        self._uniform = uniform
        self._modes = modes
        self._token_run: _Run | None = None

    @property
    def _b(self) -> BodyBuilder:
        return self._scope.builder

    def selection(self, op: RowsOp, indices: Storage) -> Selection:
        """The scalars of one selection; also settles how many entries are computed."""
        b, scope = self._b, self._scope
        b.location = op.location
        entries = tensor(op.result).axes[-1]
        count: Index = scope.array_extent(entries)
        if op.count is not None:
            valid = op.count.owner
            assert isinstance(valid, ValidCountOp)
            count = self._valid(valid, count)
        start, length = self._rows(op)
        b.named(f"{entries}_valid", count)
        b.named(f"{op.target}_start", start)
        b.named(f"{op.target}_length", length)
        padded = b.round_up(b.max(count, 1), ENTRY_UNIT)
        scope.padded[entries] = b.named(f"{entries}_padded", padded)
        return Selection(indices, entries, op.target, count, start, length)

    def _rows(self, op: RowsOp) -> tuple[Index, Index]:
        if op.start is None:
            return 0, self._scope.array_extent(op.target)
        run = op.start.owner
        assert isinstance(run, RunOp)
        rows = self._run_of_rows(run.row_ends, self._run_of_token(run.token_ends))
        return rows.start, rows.length

    def _valid(self, op: ValidCountOp, entries: Index) -> Index:
        """All in mode 0; in mode 3 clamp(Sk - Sq + s + 1, 0, K)."""
        b = self._b
        tokens = self._run_of_token(op.token_ends)
        rows = self._run_of_rows(op.row_ends, tokens)
        position = b.named("position", b.sub(self._scope.token, tokens.start))
        reach = b.add(b.sub(rows.length, tokens.length), b.add(position, 1))
        b.named("reach", reach)
        causal = b.named("causal", b.min(b.max(reach, 0), entries))
        all_valid = b.equal(self._modes[op.mode], 0)
        b.named("all_valid", all_valid)
        return b.select(all_valid, entries, causal)

    def _run_of_token(self, ends: SSAValue) -> _Run:
        """The run that the token belongs to."""
        if self._token_run is None:
            self._token_run = self._find(ends)
        return self._token_run

    def _find(self, ends: SSAValue) -> _Run:
        b, scope = self._b, self._scope
        if isinstance(extent := ends.owner, ExtentOp):
            return _Run(0, 0, scope.array_extent(extent.axis.string_value()))
        if ends in self._uniform:
            length = self._length(ends)
            number = b.named("batch", b.div(scope.token, length))
            return _Run(number, b.mul(number, length), length)
        batch = tensor(ends).axes  # none where there is always one run
        number_of_runs = b.index(scope.array_extent(batch[0]) if batch else 1)
        find = FindRunOp(self._ends[ends], number_of_runs, scope.token)
        b.insert(find)
        b.named("batch", find.run)
        return _Run(find.run, find.start, b.sub(find.end, find.start))

    def _run_of_rows(self, ends: SSAValue, tokens: _Run) -> _Run:
        """The run of rows with the number of the tokens' run."""
        b, scope = self._b, self._scope
        if isinstance(extent := ends.owner, ExtentOp):
            return _Run(0, 0, scope.array_extent(extent.axis.string_value()))
        if ends in self._uniform:
            length = self._length(ends)
            return _Run(tokens.number, b.mul(tokens.number, length), length)
        memref = self._ends[ends]
        before = b.max(b.sub(tokens.number, 1), 0)
        last = b.to_index(b.value(ReadOp(memref, b.index(before))))
        start = b.select(b.equal(tokens.number, 0), 0, last)
        end = b.to_index(b.value(ReadOp(memref, b.index(tokens.number))))
        return _Run(tokens.number, start, b.sub(end, start))

    def _length(self, ends: SSAValue) -> Index:
        axis = self._scope.signature.axes[self._uniform[ends]]
        assert axis.length is not None
        return self._scope.extents.get(axis.length, 1)  # no argument: always 1
