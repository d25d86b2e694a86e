"""Where the values of a graph lie in global memory, and what a core knows of its token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType

from xdsl.ir import SSAValue

from ligrad_ir.axes import Axes
from ligrad_ir.signature import Signature
from passes.to_npu.builder import BodyBuilder, Index

ENTRY_UNIT = 64
"""Entries of a token are computed in multiples of this: 256 bytes of float32, which is
what a vector comparison takes."""


@dataclass(frozen=True)
class Storage:
    """A value in global memory, row major over `axes` (those beside the token axis).

    per_token: an array with the token axis in front. block_elements: for a workspace,
    what each block has of it; its rows are as long as a window of the axis can be.
    is_window: the workspace holds what is in the window only, from its beginning on.
    is_padded: behind the valid entries there are zeros, up to whole units. is_dense: a
    workspace whose rows lie behind each other as in an array.
    """

    memref: SSAValue
    axes: Axes
    per_token: bool = False
    block_elements: Index = 0
    is_window: bool = True
    is_padded: bool = True
    is_dense: bool = False

    @property
    def is_array(self) -> bool:
        """Whether there is one for all blocks: an array of the caller, or a sum."""
        return not self.block_elements

    @property
    def is_total(self) -> bool:
        """Whether what a token leaves there is added to what others have left."""
        return self.is_array and not self.per_token


@dataclass(frozen=True)
class Selection:
    """How a core finds the rows of a token: the index array and its scalars. in_ub: the
    indices of the whole token, -1 for those that are not valid, where a vector core has
    brought them all at once."""

    indices: Storage
    entries: str
    target: str
    count: Index
    start: Index
    length: Index
    in_ub: SSAValue | None = None


@dataclass
class TokenScope:
    """One token on one core: how to address its values.

    extents: run-time extents by axis; padded: of entry axes, the valid entries rounded
    up (at least one unit). Where only a window of an axis is computed, `starts` has its
    first position, `tiles` how long it can be, and padded and valid entries are those in
    the window.
    """

    builder: BodyBuilder
    signature: Signature
    extents: Mapping[str, SSAValue]
    token: SSAValue
    block: SSAValue
    selections: dict[SSAValue, Selection] = field(
        default_factory=dict[SSAValue, Selection]
    )
    padded: dict[str, Index] = field(default_factory=dict[str, Index])
    starts: dict[str, Index] = field(default_factory=dict[str, Index])
    tiles: Mapping[str, int] = field(default_factory=dict[str, int])

    def extent(self, axis: str) -> Index:
        """How many positions of an axis are computed for this token."""
        return self.padded.get(axis, self.array_extent(axis))

    def array_extent(self, axis: str) -> Index:
        """The extent of an axis in the caller's arrays."""
        declared = self.signature.axes[axis]
        if not declared.is_packed and declared.minimum == declared.maximum:
            return declared.maximum
        return self.extents[axis]

    def stored(self, storage: Storage, axis: str) -> Index:
        """How many positions of an axis a value in global memory has."""
        return self.extent(axis) if storage.is_padded else self.valid(axis)

    def valid(self, axis: str) -> Index:
        """How many positions of an axis hold data in the caller's arrays."""
        for selection in self.selections.values():
            if selection.entries == axis:
                return selection.count
        return self.array_extent(axis)

    def capacity(self, axis: str) -> int:
        """The most positions of an axis that are computed at once, in whole units."""
        return capacity(self.signature, axis, self.tiles)

    def array_window(self, axis: str) -> Index:
        """How many positions of the caller's arrays are in the window of an axis."""
        extent = self.array_extent(axis)
        if axis not in self.starts:
            return extent
        b = self.builder
        behind = b.max(b.sub(extent, self.starts[axis]), 0)
        return b.named(f"{axis}_window", b.min(behind, self.tiles[axis]))

    def pitch(self, storage: Storage) -> Index:
        """Elements from one row of a matrix to the next."""
        if storage.block_elements and not storage.is_dense:
            return self.capacity(storage.axes[-1])
        return self.array_extent(storage.axes[-1])

    def longest_pitch(self, storage: Storage) -> int:
        """The most elements from one row of a matrix to the next."""
        if storage.block_elements:
            return self.capacity(storage.axes[-1])
        return self.signature.longest(storage.axes[-1])

    def base(self, storage: Storage) -> Index:
        """The offset of the token's part of a value."""
        b = self.builder
        if storage.block_elements:
            base = b.mul(self.block, storage.block_elements)
            return base if storage.is_window else b.add(base, self._start(storage))
        if not storage.per_token:
            return 0
        size: Index = 1
        for axis in storage.axes:
            size = b.mul(size, self.array_extent(axis))
        return b.add(b.mul(self.token, size), self._start(storage))

    def _start(self, storage: Storage) -> Index:
        """The offset of the window in a token's part of a value."""
        b = self.builder
        if not set(storage.axes) & set(self.starts):
            return 0
        start: Index = 0
        size: Index = 1
        for axis in reversed(storage.axes):
            start = b.add(start, b.mul(self.starts.get(axis, 0), size))
            is_wide = storage.block_elements and not storage.is_dense
            whole = padded_maximum(self.signature, axis)
            size = b.mul(size, whole if is_wide else self.array_extent(axis))
        return start


def padded_maximum(signature: Signature, axis: str) -> int:
    """The largest extent of an axis, in whole units."""
    return -(-signature.longest(axis) // ENTRY_UNIT) * ENTRY_UNIT


def capacity(signature: Signature, axis: str, tiles: Mapping[str, int]) -> int:
    """The longest window of an axis, in whole units."""
    longest = padded_maximum(signature, axis)
    return min(longest, tiles.get(axis, longest))


def workspace_elements(
    signature: Signature, axes: Axes, tiles: Mapping[str, int] = MappingProxyType({})
) -> int:
    """What one block's copy of a value can take, in elements; of the axes in `tiles`, a
    window."""
    return prod(capacity(signature, axis, tiles) for axis in axes)


def total_extent(
    signature: Signature, extents: Mapping[str, SSAValue], axis: str
) -> Index:
    """The length of an axis, over all tokens."""
    declared = signature.axes[axis]
    fixed = not declared.is_packed and declared.minimum == declared.maximum
    return declared.maximum if fixed else extents[axis]


def total_elements(
    b: BodyBuilder, signature: Signature, extents: Mapping[str, SSAValue], axes: Axes
) -> Index:
    """The elements of a whole value, over all tokens."""
    total: Index = 1
    for axis in axes:
        total = b.mul(total, total_extent(signature, extents, axis))
    return total
