"""The cube unit's part: a matrix product as loops over tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, Operation, SSAValue

from ligrad_ir.axes import Axes, spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.npu.cube import FixpipeOp, MmadOp
from ligrad_ir.dialects.npu.move import LoadL0Op
from ligrad_ir.dialects.npu.types import Space, element_of
from ligrad_ir.soc import Soc
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.nz import load_nz
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError

TILE = 128
"""Rows, columns and depth of a tile: operands of 32 KiB of the 64 KiB of L0A and L0B, a
result of 64 KiB of the 128 KiB of L0C."""
FRACTAL = Soc.fractal


Term: TypeAlias = "tuple[Operand, Operand]"
"""What is multiplied, from the left and from the right."""
Sides = tuple[Storage, str | None, Storage, str | None]
"""The operand on the left with its axis of the result, and the one on the right."""


@dataclass(frozen=True)
class Operand:
    """One side of a product: where it lies, its axis of the result, where tiles go."""

    storage: Storage
    own: str | None
    l1: SSAValue
    l0: SSAValue
    is_left: bool


class CubeEmitter:
    """Emits matrix products of one cube body; its tile buffers are shared by them."""

    def __init__(self, b: BodyBuilder):
        self._b = b
        self._buffers: dict[tuple[str, str], SSAValue] = {}

    def emit(
        self,
        scope: TokenScope,
        op: lig.MatmulOp | lig.MulOp,
        fused: list[Operation],
        operands: Sequence[tuple[Storage, Storage]],
        result: Storage,
    ) -> None:
        """result = lhs x rhs, summed over the pairs of operands, through relu if that is
        fused, in the element type of the result's buffer; of a multiplication, the outer
        product."""
        over = op.over.string_value() if isinstance(op, lig.MatmulOp) else None
        terms: list[tuple[Operand, Operand]] = []
        for pair in operands:
            lhs, left, rhs, right = sides(op, over, *pair, result.axes)
            terms.append(
                (self._operand("lhs", lhs, left), self._operand("rhs", rhs, right))
            )
        l0c = self._buffer(Space.L0C, "product_l0", f32)
        relu = any(isinstance(other, lig.ReluOp) for other in fused)
        _Product(scope, terms, over, result, l0c, relu).emit()

    def _operand(self, name: str, storage: Storage, own: str | None) -> Operand:
        element, is_left = element_of(storage.memref), name == "lhs"
        l1 = self._buffer(Space.L1, f"{name}_l1", element)
        space = Space.L0A if is_left else Space.L0B
        l0 = self._buffer(space, f"{name}_l0", element)
        return Operand(storage, own, l1, l0, is_left)

    def _buffer(self, space: Space, name: str, element: Attribute) -> SSAValue:
        key = (name, str(element))
        if key not in self._buffers:
            self._buffers[key] = self._b.alloc(space, element, [TILE * TILE], name)
        return self._buffers[key]


class _Product:
    """
    Emits a sum of products, tile by tile.

    Where the contracted axis is no longer than a tile, one operand stays in L0 for all
    tiles of the other one: the right one if it is a single tile, else the left one. An
    outer product has a contracted axis of a single position, and no name.
    """

    def __init__(
        self,
        scope: TokenScope,
        terms: Sequence[tuple[Operand, Operand]],
        over: str | None,
        result: Storage,
        l0c: SSAValue,
        relu: bool,
    ):
        self._b = scope.builder
        self._scope = scope
        self._terms = terms
        self._result = result
        self._l0c = l0c
        self._relu = relu
        lhs, rhs = terms[0]
        self._rows: Index = scope.stored(result, lhs.own) if lhs.own else 1
        self._columns: Index = scope.stored(result, rhs.own) if rhs.own else 1
        self._depth: Index = scope.extent(over) if over else 1
        self._is_shallow = len(terms) == 1 and self._is_tile(over)
        self._stays: Operand | None = None
        if self._is_shallow:
            self._stays = rhs if self._is_tile(rhs.own) else lhs
        self._bases = {
            side: scope.base(side.storage) for term in terms for side in term
        }

    def _is_tile(self, axis: str | None) -> bool:
        return axis is None or self._scope.capacity(axis) <= TILE

    def emit(self) -> None:
        """All tiles of the result, by rows, or by columns if the right side stays."""
        rows, columns = (self._rows, "m"), (self._columns, "n")
        if self._stays is self._terms[0][1]:
            self._each(columns, rows, lambda j, n, i, m: self._tile(i, m, j, n))
        else:
            self._each(rows, columns, self._tile)

    def _each(
        self,
        outer: tuple[Index, str],
        inner: tuple[Index, str],
        body: Callable[[SSAValue, Index, SSAValue, Index], None],
    ) -> None:
        """The tiles of the inner extent for each of the outer one, of which the side that
        stays is loaded first."""
        b = self._b
        (outer_extent, outer_name), (inner_extent, inner_name) = outer, inner

        def each_outer(at: SSAValue) -> None:
            size = self._size(outer_extent, at, outer_name)
            if self._stays is not None:
                self._load(self._stays, at, size, 0, self._depth)

            def each_inner(j: SSAValue) -> None:
                body(at, size, j, self._size(inner_extent, j, inner_name))

            b.loop(0, inner_extent, TILE, each_inner, inner_name)

        b.loop(0, outer_extent, TILE, each_outer, outer_name)

    def _size(self, extent: Index, at: SSAValue, name: str) -> Index:
        b = self._b
        return b.named(f"tile_{name}", b.min(b.sub(extent, at), TILE))

    def _tile(self, row: SSAValue, m: Index, column: SSAValue, n: Index) -> None:
        """One tile of the result: all of the sum, and out."""
        b = self._b
        if self._is_shallow:
            self._step(self._terms[0], (row, m), (column, n), 0, self._depth, True)
        else:
            for number, term in enumerate(self._terms):

                def step(at: SSAValue, term: Term = term, first: bool = not number):
                    k = self._size(self._depth, at, "k")
                    self._step(term, (row, m), (column, n), at, k, first)

                b.loop(0, self._depth, TILE, step, "k")
        wide = len(self._result.axes) == 2
        pitch = self._scope.pitch(self._result) if wide else self._columns
        base = self._scope.base(self._result)
        offset = b.index(b.add(base, b.add(b.mul(row, pitch), column)))
        b.insert(
            FixpipeOp(
                self._result.memref,
                offset,
                self._l0c,
                b.index(0),
                b.index(m),
                b.index(n),
                b.index(pitch),
                relu=self._relu,
            )
        )

    def _step(
        self,
        term: Term,
        rows: tuple[SSAValue, Index],
        columns: tuple[SSAValue, Index],
        at: Index,
        k: Index,
        is_first: bool,
    ) -> None:
        """Add the product of two tiles; the first one at depth 0 begins the sum."""
        b, zero = self._b, self._b.index(0)
        for side, (place, size) in zip(term, (rows, columns)):
            if side is not self._stays:
                self._load(side, place, size, at, k)
        # One row alone would be read as a plain vector (GEMV mode).
        m = b.named("mmad_m", b.max(rows[1], 2))
        sizes = (b.index(m), b.index(columns[1]), b.index(k))
        begins = b.equal(at, 0) if is_first else b.boolean(False)
        lhs, rhs = (side.l0 for side in term)
        b.insert(MmadOp(self._l0c, zero, lhs, zero, rhs, zero, *sizes, begins))

    def _load(
        self,
        side: Operand,
        at_own: SSAValue,
        own_size: Index,
        at_depth: Index,
        depth_size: Index,
    ) -> None:
        """One operand tile to L0. It is [own, depth] or [depth, own] in global memory, or
        one of the two; the left operand is wanted as [own, depth], the right one as
        [depth, own]."""
        b, axes = self._b, side.storage.axes
        own_first = side.own is None or (axes[0] == side.own and len(axes) == 2)
        sizes = (own_size, depth_size) if own_first else (depth_size, own_size)
        at = (at_own, at_depth) if own_first else (at_depth, at_own)
        pitch, longest = sizes[1], TILE
        if len(axes) == 2:
            pitch = self._scope.pitch(side.storage)
            longest = self._scope.longest_pitch(side.storage)
        offset = b.add(self._bases[side], b.add(b.mul(at[0], pitch), at[1]))
        source = side.storage.memref
        nz_rows = load_nz(b, side.l1, source, offset, sizes, pitch, longest)
        zero = b.index(0)
        b.insert(
            LoadL0Op(
                side.l0,
                zero,
                side.l1,
                zero,
                nz_rows,
                b.index(b.round_up(sizes[1], FRACTAL)),
                nz_rows,
                transpose=own_first != side.is_left,
            )
        )


def sides(
    op: Operation, over: str | None, lhs: Storage, rhs: Storage, axes: Axes
) -> Sides:
    """The operand whose axis is the rows of the result, that axis, and the same for the
    columns.

    Raises:
        UnsupportedError: the result has other axes than its operands.
    """
    left, right = _own(lhs, over, op), _own(rhs, over, op)
    if axes and left and axes[0] != left:
        lhs, rhs, left, right = rhs, lhs, right, left
    if axes != tuple(axis for axis in (left, right) if axis):
        raise UnsupportedError(
            op,
            f"a product of {spell(lhs.axes)} and {spell(rhs.axes)} that is needed over "
            f"{spell(axes)}",
        )
    return lhs, left, rhs, right


def _own(storage: Storage, over: str | None, op: Operation) -> str | None:
    """The axis of an operand beside the contracted one, if it has any."""
    own = [axis for axis in storage.axes if axis != over]
    if len(own) > 1 or (over and over not in storage.axes):
        summed = f"the summed {over}" if over else "those summed"
        raise UnsupportedError(
            op,
            f"an operand has the axes {spell(storage.axes)} beside the token axis; the "
            f"cube unit multiplies matrices, which have one axis beside {summed}",
        )
    return own[0] if own else None
