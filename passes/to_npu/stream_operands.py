"""The operands of a stream's products: whole in L1, and tiles of them in L0A and L0B."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.move import LoadL0Op, Nd2NzOp
from ligrad_ir.dialects.npu.rows import GatherRowsNzOp
from ligrad_ir.dialects.npu.types import Space
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.cube import FRACTAL
from passes.to_npu.gathering import cube_rows
from passes.to_npu.group import own_axes
from passes.to_npu.ring import StreamMemory
from passes.to_npu.rows import rows_of
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.stream import Stream


@dataclass(frozen=True)
class Tile:
    """An operand in L1, NZ: blocks of 16 columns, `nz_rows` rows apart."""

    buffer: SSAValue
    nz_rows: Index


class StreamOperands:
    """
    Emits what brings operands to the cube unit.

    In L1 lie the operands without entries for the whole token, gathered rows for as long
    as their slot of the ring is theirs, and what the vector cores made for a window while
    a stage works on it.
    """

    def __init__(self, b: BodyBuilder, plan: Stream, memory: StreamMemory):
        self._b = b
        self._plan = plan
        self._memory = memory
        self._buffers: dict[tuple[str, SSAValue], SSAValue] = {}
        self._resident: dict[SSAValue, Tile] = {}

    # ---- L1

    def load_residents(self, scope: TokenScope) -> None:
        """Operands without entries, from global memory to L1."""
        token = self._plan.staging.token_axis
        for value in self._plan.operands():
            if self._plan.entries not in own_axes(value, token):
                storage = self._memory.storages[value]
                self._resident[value] = self._load(scope, value, storage)

    def gather(self, scope: TokenScope, op: lig.GatherOp, slot: int) -> None:
        """The rows of a window to the L1 of its slot: from where they are in global
        memory, or from where the vector cores have gathered them."""
        b = self._b
        rows = scope.extent(scope.selections[op.rows].entries)
        mine = cube_rows(b, self._memory.gather, rows)
        if mine != 0:
            self._gather_rows(scope, op, slot, mine)
        if mine is rows:
            return
        result = self._memory.at(slot)[op.result]
        count = rows_of(scope, op, result).count
        b.insert(
            Nd2NzOp(
                self._gathered(op.result, slot),
                b.index(b.mul(mine, FRACTAL)),
                result.memref,
                b.index(b.add(scope.base(result), b.mul(mine, count))),
                b.index(b.sub(rows, mine)),
                b.index(count),
                b.index(count),
                b.index(self._window_rows(op.result)),
            )
        )

    def _gather_rows(
        self, scope: TokenScope, op: lig.GatherOp, slot: int, rows: Index
    ) -> None:
        """So many rows at the beginning of a window, one by one."""
        b, zeros = self._b, self._memory.zeros
        assert zeros is not None
        selection = scope.selections[op.rows]
        source = self._memory.storages[op.source]
        present = selection.count
        if rows is not scope.extent(selection.entries):
            present = b.min(present, rows)
        b.insert(
            GatherRowsNzOp(
                self._gathered(op.result, slot),
                source.memref,
                b.index(0),
                b.index(selection.start),
                selection.indices.memref,
                b.index(scope.base(selection.indices)),
                b.index(rows),
                b.index(rows_of(scope, op, source).count),
                b.index(selection.length),
                zeros=zeros,
                present=b.index(present),
                nz_rows=b.index(self._window_rows(op.result)),
            )
        )

    def tiles(
        self,
        scope: TokenScope,
        op: lig.MatmulOp,
        slot: int,
        loaded: dict[SSAValue, Tile],
    ) -> dict[SSAValue, Tile]:
        """Where the operands of a product lie for the window of a slot; brings those that
        are not in L1 yet, and adds them to `loaded`."""
        storages = self._memory.at(slot)
        values = [v for term in self._plan.staging.terms(op) for v in term.operands]
        for value in values:
            if self._is_loaded(value) and value not in loaded:
                loaded[value] = self._load(scope, value, storages[value])
        gathered = {
            value: Tile(self._gathered(value, slot), self._window_rows(value))
            for value in values
            if isinstance(value.owner, lig.GatherOp)
        }
        return {**self._resident, **loaded, **gathered}

    def _is_loaded(self, value: SSAValue) -> bool:
        return value not in self._resident and not isinstance(value.owner, lig.GatherOp)

    def _load(self, scope: TokenScope, value: SSAValue, storage: Storage) -> Tile:
        """A whole operand to L1; one of a single axis is a row."""
        b = self._b
        *outer, inner = storage.axes
        rows = scope.extent(outer[0]) if outer else 1
        columns = scope.extent(inner)
        capacity = scope.capacity(outer[0]) if outer else FRACTAL
        buffer = self._operand(value, capacity * scope.capacity(inner))
        nz_rows = b.named("nz_rows", b.round_up(rows, FRACTAL))
        pitch = scope.pitch(storage) if outer else columns
        sizes = map(b.index, (rows, columns, pitch, nz_rows))
        base = b.index(scope.base(storage))
        b.insert(Nd2NzOp(buffer, b.index(0), storage.memref, base, *sizes))
        return Tile(buffer, nz_rows)

    def _window_rows(self, value: SSAValue) -> int:
        axes = own_axes(value, self._plan.staging.token_axis)
        return self._memory.tiles[axes[0]]

    def _gathered(self, value: SSAValue, slot: int) -> SSAValue:
        elements = self._window_rows(value) * self._memory.row_elements
        key = (f"gathered_{slot}", value)
        if key not in self._buffers:
            name = f"gathered_rows_{slot}"
            element = tensor(value).element_type
            self._buffers[key] = self._b.alloc(Space.L1, element, [elements], name)
        return self._buffers[key]

    def _operand(self, value: SSAValue, elements: int) -> SSAValue:
        key = ("operand", value)
        if key not in self._buffers:
            element, name = tensor(value).element_type, f"{name_of(value)}.l1"
            self._buffers[key] = self._b.alloc(Space.L1, element, [elements], name)
        return self._buffers[key]

    # ---- L0A and L0B

    def load_l0(
        self,
        tile: Tile,
        l0: SSAValue,
        value: SSAValue,
        own: str | None,
        own_place: tuple[Index, Index],
        depth_place: tuple[Index, Index],
        *,
        is_left: bool,
    ) -> None:
        """A tile of an operand from L1: [own, depth] or [depth, own] there, wanted as
        [own, depth] on the left and as [depth, own] on the right."""
        b = self._b
        axes = own_axes(value, self._plan.staging.token_axis)
        own_first = own is None or axes[0] == own
        places = (own_place, depth_place) if own_first else (depth_place, own_place)
        (row, rows), (column, columns) = places
        at = b.add(b.mul(column, tile.nz_rows), b.mul(row, FRACTAL))
        b.insert(
            LoadL0Op(
                l0,
                b.index(0),
                tile.buffer,
                b.index(at),
                b.index(b.round_up(rows, FRACTAL)),
                b.index(b.round_up(columns, FRACTAL)),
                b.index(tile.nz_rows),
                transpose=own_first != is_left,
            )
        )
