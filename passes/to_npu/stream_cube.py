"""The cube core's part of a stream: rows are gathered, products taken and summed."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.cube import FixpipeOp, MmadOp
from ligrad_ir.dialects.npu.rows import FixpipeAddRowsOp
from ligrad_ir.dialects.npu.types import Space
from ligrad_ir.soc import Soc
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.cube import FRACTAL, TILE, sides
from passes.to_npu.group import own_axes
from passes.to_npu.ring import StreamMemory
from passes.to_npu.rows import row_elements
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.stream import Stream
from passes.to_npu.stream_operands import StreamOperands, Tile
from passes.to_npu.unsupported import UnsupportedError

BLOCK = Soc.block_bytes // 4
"""Floats of a block, of which there are whole ones in a row that the cube core adds."""


class StreamCube:
    """
    Emits what the cube core does for a token.

    Products read L1 alone (`passes.to_npu.stream_operands`); in L0C it keeps sums over the
    entries until the last window.
    """

    def __init__(self, b: BodyBuilder, plan: Stream, memory: StreamMemory):
        self._b = b
        self._plan = plan
        self._memory = memory
        self._operands = StreamOperands(b, plan, memory)
        self._buffers: dict[tuple[str, SSAValue | None], SSAValue] = {}

    # ---- once a token

    def load_residents(self, scope: TokenScope) -> None:
        """Operands without entries, from global memory to L1."""
        self._operands.load_residents(scope)

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
        loaded: dict[SSAValue, Tile] = {}
        for op in ops:
            self._b.location = op.location
            if isinstance(op, lig.GatherOp):
                self._operands.gather(scope, op, slot)
                continue
            assert isinstance(op, lig.MatmulOp)
            tiles = self._operands.tiles(scope, op, slot, loaded)
            self._product(scope, op, tiles, storages, start)

    def _product(
        self,
        scope: TokenScope,
        op: lig.MatmulOp,
        tiles: Mapping[SSAValue, Tile],
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
            if op in self._plan.scattered:
                self._scatter(scope, op, target, row, column, m, n)
            elif not is_kept:
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
        tiles: Mapping[SSAValue, Tile],
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
            load = self._operands.load_l0
            load(tiles[lhs], l0a, lhs, left, (row, m), (at, k), is_left=True)
            load(tiles[rhs], l0b, rhs, right, (column, n), (at, k), is_left=False)
            # One row alone would be read as a plain vector (GEMV mode).
            height = b.named("mmad_m", b.max(m, 2))
            if is_first:
                begins = b.equal(b.add(at, start), 0)
            else:
                begins = b.boolean(False)
            sizes = (b.index(height), b.index(n), b.index(k))
            b.insert(MmadOp(target, zero, l0a, zero, l0b, zero, *sizes, begins))

        b.loop(0, depth, TILE, step, "k")

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
                relu=self._has_relu(op),
            )
        )

    def _scatter(
        self,
        scope: TokenScope,
        op: lig.MatmulOp,
        source: SSAValue,
        row: Index,
        column: Index,
        m: Index,
        n: Index,
    ) -> None:
        """The rows of a tile, one by one, to those of the result that they are added to."""
        b, scatter = self._b, self._plan.scattered[op]
        b.location = scatter.location
        result = self._memory.storages[scatter.result]
        selection = scope.selections[scatter.rows]
        valid = b.named("tile_valid", b.max(b.sub(selection.count, row), 0))
        first = b.add(scope.base(selection.indices), row)
        b.insert(
            FixpipeAddRowsOp(
                result.memref,
                source,
                b.index(0),
                b.index(selection.start),
                selection.indices.memref,
                b.index(first),
                b.index(b.min(valid, m)),
                b.index(row_elements(scope, scatter, result, BLOCK)),
                b.index(selection.length),
                column=b.index(column),
                columns=b.index(n),
                nz_rows=b.index(b.round_up(m, FRACTAL)),
                relu=self._has_relu(op),
            )
        )
        b.location = op.location

    def _has_relu(self, op: lig.MatmulOp) -> bool:
        fused = self._plan.staging.fused[op]
        return any(isinstance(each, lig.ReluOp) for each in fused)

    # ---- sizes and buffers

    def _sides(
        self, op: lig.MatmulOp
    ) -> tuple[SSAValue, str | None, SSAValue, str | None]:
        """The operands by the sides of the product, each with its axis of the result."""
        token = self._plan.staging.token_axis
        lhs, rhs = (Storage(v, own_axes(v, token)) for v in (op.lhs, op.rhs))
        axes = own_axes(op.result, token)
        first, left, second, right = sides(op, op.over.string_value(), lhs, rhs, axes)
        return first.memref, left, second.memref, right

    def _result_extents(
        self, scope: TokenScope, op: lig.MatmulOp
    ) -> tuple[Index, Index]:
        _, left, _, right = self._sides(op)
        rows = scope.extent(left) if left else 1
        return rows, scope.extent(right) if right else 1

    def _buffer(self, space: Space, name: str, element: Attribute) -> SSAValue:
        key = (f"{name} {element}", None)
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
        axes = own_axes(op.result, token)
        sizes = [self._memory.longest(axis) for axis in axes] or [1]
        if any(size > TILE for size in sizes):
            raise UnsupportedError(op, f"a sum of {sizes} numbers is no single tile")
        key = ("kept", op.result)
        if key not in self._buffers:
            rows = sizes[0] if len(sizes) == 2 else FRACTAL
            self._buffers[key] = self._b.alloc(
                Space.L0C, f32, [rows * sizes[-1]], f"{name_of(op.result)}.sum"
            )
        return self._buffers[key]
