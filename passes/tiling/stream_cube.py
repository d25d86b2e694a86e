"""The cube core's part of a stream: rows are gathered to L1, products read L1 alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_cube import FixpipeOp, MmadOp
from ligrad_ir.dialects.npu_move import LoadL0Op, Nd2NzOp
from ligrad_ir.dialects.npu_rows import GatherRowsNzOp
from ligrad_ir.dialects.npu_types import Space
from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.cube import FRACTAL, TILE, sides
from passes.tiling.group import own_axes
from passes.tiling.names import spoken
from passes.tiling.ring import StreamMemory
from passes.tiling.rows import row_elements
from passes.tiling.staging import UnsupportedError
from passes.tiling.storage import Storage, TokenScope
from passes.tiling.stream import Stream


@dataclass(frozen=True)
class _Tile:
    """An operand in L1, NZ: blocks of 16 columns, `nz_rows` rows apart."""

    buffer: SSAValue
    nz_rows: Index


class StreamCube:
    """
    Emits what the cube core does for a token.

    In L1 it keeps the operands without entries for the whole token, gathered rows for as
    long as their slot of the ring is theirs, and what the vector cores made for a window
    while a stage works on it; in L0C, sums over the entries until the last window.
    """

    def __init__(self, b: BodyBuilder, plan: Stream, memory: StreamMemory):
        self._b = b
        self._plan = plan
        self._memory = memory
        self._buffers: dict[tuple[str, int | SSAValue], SSAValue] = {}
        self._resident: dict[SSAValue, _Tile] = {}

    # ---- once a token

    def load_residents(self, scope: TokenScope) -> None:
        """Operands without entries, from global memory to L1."""
        token = self._plan.staging.token_axis
        for value in self._plan.operands():
            if self._plan.entries not in own_axes(value, token):
                storage = self._memory.storages[value]
                self._resident[value] = self._load(scope, value, storage)

    def store_kept(self, scope: TokenScope) -> None:
        """The sums over the entries, from L0C to global memory."""
        for op in self._plan.kept:
            storage = self._memory.storages[self._plan.out(op)]
            rows, columns = self._result_extents(scope, op)
            self._b.location = op.location
            self._fixpipe(scope, op, storage, self._kept(op), 0, 0, rows, columns)

    # ---- once a window

    def window(
        self, scope: TokenScope, ops: list[Operation], slot: int, start: Index
    ) -> None:
        """The operations of a stage for the window that begins with the entry `start`."""
        storages = self._memory.at(slot)
        loaded: dict[SSAValue, _Tile] = {}
        for op in ops:
            self._b.location = op.location
            if isinstance(op, lig.GatherOp):
                self._gather(scope, op, slot)
                continue
            assert isinstance(op, lig.MatmulOp)
            for term in self._plan.staging.terms(op):
                for value in term.operands:
                    if self._is_loaded(value) and value not in loaded:
                        loaded[value] = self._load(scope, value, storages[value])
            gathered = {
                value: _Tile(self._gathered(value, slot), self._window_rows(value))
                for term in self._plan.staging.terms(op)
                for value in term.operands
                if isinstance(value.owner, lig.GatherOp)
            }
            tiles = {**self._resident, **loaded, **gathered}
            self._product(scope, op, tiles, storages, start)

    def _is_loaded(self, value: SSAValue) -> bool:
        return value not in self._resident and not isinstance(value.owner, lig.GatherOp)

    def _gather(self, scope: TokenScope, op: lig.GatherOp, slot: int) -> None:
        b, zeros = self._b, self._memory.zeros
        assert zeros is not None
        selection = scope.selections[op.rows]
        source = self._memory.storages[op.source]
        b.insert(
            GatherRowsNzOp(
                self._gathered(op.result, slot),
                source.memref,
                b.index(0),
                b.index(selection.start),
                selection.indices.memref,
                b.index(scope.base(selection.indices)),
                b.index(scope.extent(selection.entries)),
                b.index(row_elements(scope, op, source)),
                b.index(selection.length),
                zeros=zeros,
                present=b.index(selection.count),
                nz_rows=b.index(self._window_rows(op.result)),
            )
        )

    def _product(
        self,
        scope: TokenScope,
        op: lig.MatmulOp,
        tiles: Mapping[SSAValue, _Tile],
        storages: Mapping[SSAValue, Storage],
        start: Index,
    ) -> None:
        """The sum of the terms, tile by tile; if it is summed over the entries too, on top
        of what earlier windows left."""
        b = self._b
        is_kept = op in self._plan.kept
        rows, columns = self._result_extents(scope, op)
        target = self._kept(op) if is_kept else self._buffer(Space.L0C, "product", f32)

        def tile(row: Index, column: Index) -> None:
            m = b.named("tile_m", b.min(b.sub(rows, row), TILE))
            n = b.named("tile_n", b.min(b.sub(columns, column), TILE))
            for number, term in enumerate(self._plan.staging.terms(op)):
                self._accumulate(
                    scope,
                    term,
                    tiles,
                    target,
                    (row, column, m, n),
                    start if is_kept else 0,
                    is_first=number == 0,
                )
            if not is_kept:
                storage = storages[self._plan.out(op)]
                self._fixpipe(scope, op, storage, target, row, column, m, n)

        if is_kept:
            tile(0, 0)
            return
        b.loop(
            *(0, rows, TILE),
            lambda row: b.loop(0, columns, TILE, lambda at: tile(row, at), "n"),
            "m",
        )

    def _accumulate(
        self,
        scope: TokenScope,
        term: lig.MatmulOp,
        tiles: Mapping[SSAValue, _Tile],
        target: SSAValue,
        place: tuple[Index, Index, Index, Index],
        start: Index,
        *,
        is_first: bool,
    ) -> None:
        b = self._b
        row, column, m, n = place
        over = term.over.string_value()
        lhs, left, rhs, right = self._sides(term)
        element = tensor(term.lhs).element_type
        l0a = self._buffer(Space.L0A, "lhs_l0", element)
        l0b = self._buffer(Space.L0B, "rhs_l0", element)
        depth, zero = scope.extent(over), b.index(0)

        def step(at: SSAValue) -> None:
            k = b.named("tile_k", b.min(b.sub(depth, at), TILE))
            self._load_l0(tiles[lhs], l0a, lhs, left, (row, m), (at, k), is_left=True)
            self._load_l0(
                tiles[rhs], l0b, rhs, right, (column, n), (at, k), is_left=False
            )
            # One row alone would be read as a plain vector (GEMV mode).
            height = b.named("mmad_m", b.max(m, 2))
            if is_first:
                begins = b.equal(b.add(at, start), 0)
            else:
                begins = b.boolean(False)
            sizes = (b.index(height), b.index(n), b.index(k))
            b.insert(MmadOp(target, zero, l0a, zero, l0b, zero, *sizes, begins))

        b.loop(0, depth, TILE, step, "k")

    def _load_l0(
        self,
        tile: _Tile,
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

    def _fixpipe(
        self,
        scope: TokenScope,
        op: lig.MatmulOp,
        storage: Storage,
        source: SSAValue,
        row: Index,
        column: Index,
        m: Index,
        n: Index,
    ) -> None:
        b = self._b
        fused = self._plan.staging.fused[op]
        pitch = scope.pitch(storage) if len(storage.axes) == 2 else n
        offset = b.add(scope.base(storage), b.add(b.mul(row, pitch), column))
        sizes = (b.index(m), b.index(n), b.index(pitch))
        b.insert(
            FixpipeOp(
                storage.memref,
                b.index(offset),
                source,
                b.index(0),
                *sizes,
                relu=any(isinstance(each, lig.ReluOp) for each in fused),
            )
        )

    # ---- sizes and buffers

    def _sides(
        self, op: lig.MatmulOp
    ) -> tuple[SSAValue, str | None, SSAValue, str | None]:
        """The operands by the sides of the product, each with its axis of the result."""
        token = self._plan.staging.token_axis
        lhs, rhs = (Storage(v, own_axes(v, token)) for v in (op.lhs, op.rhs))
        axes = own_axes(op.result, token)
        first, left, second, right = sides(op, lhs, rhs, axes)
        return first.memref, left, second.memref, right

    def _result_extents(
        self, scope: TokenScope, op: lig.MatmulOp
    ) -> tuple[Index, Index]:
        _, left, _, right = self._sides(op)
        rows = scope.extent(left) if left else 1
        return rows, scope.extent(right) if right else 1

    def _load(self, scope: TokenScope, value: SSAValue, storage: Storage) -> _Tile:
        """A whole operand to L1."""
        b, axes = self._b, storage.axes
        rows = scope.extent(axes[0]) if len(axes) == 2 else 1
        columns = scope.extent(axes[-1])
        capacity = FRACTAL if len(axes) < 2 else scope.capacity(axes[0])
        buffer = self._operand(value, capacity * scope.capacity(axes[-1]))
        nz_rows = b.named("nz_rows", b.round_up(rows, FRACTAL))
        pitch = scope.pitch(storage) if len(axes) == 2 else columns
        sizes = map(b.index, (rows, columns, pitch, nz_rows))
        base = b.index(scope.base(storage))
        b.insert(Nd2NzOp(buffer, b.index(0), storage.memref, base, *sizes))
        return _Tile(buffer, nz_rows)

    def _window_rows(self, value: SSAValue) -> int:
        axes = own_axes(value, self._plan.staging.token_axis)
        return self._memory.tiles[axes[0]]

    def _gathered(self, value: SSAValue, slot: int) -> SSAValue:
        elements = self._window_rows(value) * self._memory.zero_elements
        key = (f"gathered_{slot}", value)
        if key not in self._buffers:
            name = f"gathered_rows_{slot}"
            element = tensor(value).element_type
            self._buffers[key] = self._b.alloc(Space.L1, element, [elements], name)
        return self._buffers[key]

    def _operand(self, value: SSAValue, elements: int) -> SSAValue:
        key = ("operand", value)
        if key not in self._buffers:
            element, name = tensor(value).element_type, f"{spoken(value)}.l1"
            self._buffers[key] = self._b.alloc(Space.L1, element, [elements], name)
        return self._buffers[key]

    def _buffer(self, space: Space, name: str, element: Attribute) -> SSAValue:
        key = (f"{name} {element}", 0)
        if key not in self._buffers:
            size = [TILE * TILE]
            self._buffers[key] = self._b.alloc(space, element, size, name)
        return self._buffers[key]

    def _kept(self, op: lig.MatmulOp) -> SSAValue:
        """The accumulator of a sum over the entries, a single tile.

        Raises:
            UnsupportedError: it is larger than a tile.
        """
        token = self._plan.staging.token_axis
        sizes = [self._memory.longest(axis) for axis in own_axes(op.result, token)] or [
            1
        ]
        if any(size > TILE for size in sizes):
            raise UnsupportedError(op, f"a sum of {sizes} numbers is no single tile")
        key = ("kept", op.result)
        if key not in self._buffers:
            rows = sizes[0] if len(sizes) == 2 else FRACTAL
            self._buffers[key] = self._b.alloc(
                Space.L0C, f32, [rows * sizes[-1]], f"{spoken(op.result)}.sum"
            )
        return self._buffers[key]
