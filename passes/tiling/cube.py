"""The cube unit's part: a matrix product as loops over tiles."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from ligrad_ir.axes import Axes
from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_cube import FixpipeOp, MmadOp
from ligrad_ir.dialects.npu_move import LoadL0Op, Nd2NzOp
from ligrad_ir.dialects.npu_types import Space
from ligrad_ir.soc import Soc
from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.staging import UnsupportedError
from passes.tiling.storage import Storage, TokenScope

TILE = 128
"""Rows, columns and depth of a tile: operands of 32 KiB of the 64 KiB of L0A and L0B, a
result of 64 KiB of the 128 KiB of L0C."""
FRACTAL = Soc.fractal


Sides = tuple[Storage, str | None, Storage, str | None]
"""The operand on the left with its axis of the result, and the one on the right."""


class CubeEmitter:
    """Emits matrix products of one cube body; its tile buffers are shared by them."""

    def __init__(self, scope: TokenScope):
        self._scope = scope
        self._buffers: dict[tuple[str, str], SSAValue] = {}

    @property
    def _b(self) -> BodyBuilder:
        return self._scope.builder

    def emit(
        self,
        op: lig.MatmulOp,
        fused: list[Operation],
        operands: Sequence[tuple[Storage, Storage]],
        result: Storage,
    ) -> None:
        """result = lhs x rhs, summed over the pairs of operands, through relu if that is
        fused, in the element type of the result's buffer."""
        terms = [sides(op, lhs, rhs, result.axes) for lhs, rhs in operands]
        relu = any(isinstance(other, lig.ReluOp) for other in fused)
        self._tiles(op, terms, result, relu)

    def _tiles(
        self,
        op: lig.MatmulOp,
        terms: Sequence[Sides],
        result: Storage,
        relu: bool,
    ) -> None:
        b, scope = self._b, self._scope
        over = op.over.string_value()
        _, left, _, right = terms[0]
        element = tensor(op.lhs).element_type
        rows = scope.extent(left) if left else 1
        columns = scope.extent(right) if right else 1
        depth = scope.extent(over)
        l1 = [self._buffer(Space.L1, f"{side}_l1", element) for side in ("lhs", "rhs")]
        l0a = self._buffer(Space.L0A, "lhs_l0", element)
        l0b = self._buffer(Space.L0B, "rhs_l0", element)
        l0c = self._buffer(Space.L0C, "product_l0", f32)
        bases = [scope.base(s) for lhs, _, rhs, _ in terms for s in (lhs, rhs)]
        to = scope.base(result)
        pitch = scope.pitch(result) if len(result.axes) == 2 else columns

        def tile(row: SSAValue, column: SSAValue) -> None:
            m = b.named("tile_m", b.min(b.sub(rows, row), TILE))
            n = b.named("tile_n", b.min(b.sub(columns, column), TILE))

            def accumulate(at: SSAValue, number: int) -> None:
                lhs, _, rhs, _ = terms[number]
                k = b.named("tile_k", b.min(b.sub(depth, at), TILE))
                base = bases[2 * number]
                self._load(lhs, base, left, row, m, at, k, l1[0], l0a, is_left=True)
                base = bases[2 * number + 1]
                self._load(
                    rhs, base, right, column, n, at, k, l1[1], l0b, is_left=False
                )
                zero = b.index(0)
                # One row alone would be read as a plain vector (GEMV mode).
                at_least_two = b.named("mmad_m", b.max(m, 2))
                rows_, columns_, depth_ = map(b.index, (at_least_two, n, k))
                start = b.equal(at, 0) if number == 0 else b.boolean(False)
                b.insert(
                    MmadOp(
                        l0c,
                        zero,
                        l0a,
                        zero,
                        l0b,
                        zero,
                        rows_,
                        columns_,
                        depth_,
                        start,
                    )
                )

            for number in range(len(terms)):
                b.loop(0, depth, TILE, lambda at, n=number: accumulate(at, n), "k")
            offset = b.add(to, b.add(b.mul(row, pitch), column))
            b.insert(
                FixpipeOp(
                    result.memref,
                    b.index(offset),
                    l0c,
                    b.index(0),
                    b.index(m),
                    b.index(n),
                    b.index(pitch),
                    relu=relu,
                )
            )

        b.loop(
            0,
            rows,
            TILE,
            lambda row: b.loop(0, columns, TILE, lambda col: tile(row, col), "n"),
            "m",
        )

    def _load(
        self,
        storage: Storage,
        base: Index,
        own: str | None,
        at_own: SSAValue,
        own_size: Index,
        at_depth: SSAValue,
        depth_size: Index,
        l1: SSAValue,
        l0: SSAValue,
        *,
        is_left: bool,
    ) -> None:
        """One operand tile to L0. It is [own, depth] or [depth, own] in global memory;
        the left operand is wanted as [own, depth], the right one as [depth, own]."""
        b = self._b
        own_first = own is None or storage.axes[0] == own
        sizes = (own_size, depth_size) if own_first else (depth_size, own_size)
        at = (at_own, at_depth) if own_first else (at_depth, at_own)
        pitch = self._scope.pitch(storage) if own else depth_size
        offset = b.add(base, b.add(b.mul(at[0], pitch), at[1]))
        nz_rows = b.index(b.round_up(sizes[0], FRACTAL))
        zero = b.index(0)
        b.insert(
            Nd2NzOp(
                l1,
                zero,
                storage.memref,
                b.index(offset),
                b.index(sizes[0]),
                b.index(sizes[1]),
                b.index(pitch),
                nz_rows,
            )
        )
        b.insert(
            LoadL0Op(
                l0,
                zero,
                l1,
                zero,
                nz_rows,
                b.index(b.round_up(sizes[1], FRACTAL)),
                nz_rows,
                transpose=own_first != is_left,
            )
        )

    def _buffer(self, space: Space, name: str, element: Attribute) -> SSAValue:

        key = (name, str(element))
        if key not in self._buffers:
            self._buffers[key] = self._b.alloc(space, element, [TILE * TILE], name)
        return self._buffers[key]


def sides(op: lig.MatmulOp, lhs: Storage, rhs: Storage, axes: Axes) -> Sides:
    """The operand whose axis is the rows of the result, that axis, and the same for the
    columns.

    Raises:
        UnsupportedError: the result has other axes than its operands.
    """
    over = op.over.string_value()
    left, right = _own(lhs, over, op), _own(rhs, over, op)
    if axes and left and axes[0] != left:
        lhs, rhs, left, right = rhs, lhs, right, left
    if axes != tuple(axis for axis in (left, right) if axis):
        raise UnsupportedError(
            op, f"a product of {lhs.axes} and {rhs.axes} stored as {axes}"
        )
    return lhs, left, rhs, right


def _own(storage: Storage, over: str, op: Operation) -> str | None:
    """The axis of an operand beside the contracted one, if it has any."""
    own = [axis for axis in storage.axes if axis != over]
    if len(own) > 1 or over not in storage.axes:
        raise UnsupportedError(
            op, f"an operand with the axes {storage.axes} of a token"
        )
    return own[0] if own else None
