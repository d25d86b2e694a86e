"""The values of a group on a vector core: their buffers, and how they get in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import i32
from xdsl.ir import Attribute, Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.types import Space
from ligrad_ir.dialects.npu.vector import FillOp
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.group import Extent, Group, own_axes
from passes.to_npu.reach import sums_tokens
from passes.to_npu.storage import ENTRY_UNIT, Selection, Storage, TokenScope


class GroupValues:
    """One buffer a value: a row of it, or a column.

    loads: where values made elsewhere lie; stores: where values go that others use.
    """

    def __init__(
        self,
        scope: TokenScope,
        group: Group,
        loads: Mapping[SSAValue, Storage],
        stores: Mapping[SSAValue, Storage],
    ):
        self._scope = scope
        self._group = group
        self._loads = loads
        self._stores = stores
        self._buffers: dict[SSAValue, SSAValue] = {}
        self._row: Index = 0
        self._at: Index = 0
        self._only_valid = False
        """Whether rows behind the valid entries are left out."""

    @property
    def _b(self) -> BodyBuilder:
        return self._scope.builder

    # ---- sizes and buffers

    def _axis(self, value: SSAValue) -> str | None:
        """The axis that the buffer of a value runs along."""
        match self._group.extent(value):
            case Extent.COLUMN:
                return self._group.rows
            case Extent.NUMBER:
                return None
            case _:
                return self._group.columns

    def _extent(self, axis: str | None) -> Index:
        return self._scope.extent(axis) if axis else 1

    def _count(self, value: SSAValue) -> Index:
        if self._group.extent(value) is Extent.NUMBER:
            return 1
        return self._extent(self._axis(value))

    def _capacity(self, value: SSAValue) -> int:
        axis = self._axis(value)
        return self._scope.capacity(axis) if axis else ENTRY_UNIT

    def _elements(self, value: SSAValue) -> int:
        """The elements of the buffer of a value."""
        return self._capacity(value)

    def _pitch(self, value: SSAValue) -> Index:
        return self._scope.pitch(self._stores[value])

    def _buffer(self, value: SSAValue) -> SSAValue:
        maker = value.owner
        if isinstance(maker, Operation) and self._moves_nothing(maker):
            return self._buffer(maker.operands[0])
        if value not in self._buffers:
            element, size = tensor(value).element_type, self._elements(value)
            self._buffers[value] = self._alloc(element, size, name_of(value))
        return self._buffers[value]

    def _place(self, value: SSAValue) -> SSAValue:
        """Where in the buffer of a value an operation on it begins."""
        return self._b.index(self._at)

    def _alloc(self, element: Attribute, elements: int, name: str) -> SSAValue:
        return self._b.alloc(Space.UB, element, [elements], name)

    def _moves_nothing(self, op: Operation) -> bool:
        """Whether the result of an operation is its operand as it lies: of a sum over the
        tokens it goes out, to be added to the others; of a cast between equal types, the
        token axis alone has another place."""
        token = self._group.token
        if sums_tokens(op, token):
            return True
        if not isinstance(op, lig.CastOp):
            return False
        before, after = tensor(op.input), tensor(op.result)
        own = own_axes(op.input, token), own_axes(op.result, token)
        return before.element_type == after.element_type and own[0] == own[1]

    def _is_padded_output(self, value: SSAValue) -> bool:
        storage = self._stores[value]
        entries = {selection.entries for selection in self._scope.selections.values()}
        return storage.per_token and self._axis(value) in entries

    def _loads_of_rows(self) -> Iterator[SSAValue]:
        """Matrices and columns that are made elsewhere."""
        for op in self._group.ops:
            for value in op.operands:
                if value in self._loads and self._group.extent(value) in (
                    Extent.MATRIX,
                    Extent.COLUMN,
                ):
                    yield value

    # ---- movement

    def _fill(self, buffer: SSAValue, value: float, count: Index) -> None:
        b = self._b
        b.insert(FillOp(buffer, b.index(0), value, b.index(count)))

    def _load(self, value: SSAValue) -> None:
        b, rows = self._b, self._group.rows
        storage = self._loads[value]
        if self._group.extent(value) is not Extent.MATRIX:
            self._load_at(value, 0)
            return

        def load() -> None:
            at = b.mul(self._row, self._scope.pitch(storage))
            self._load_at(value, at)

        if rows not in self._scope.padded or storage.is_padded or self._only_valid:
            load()
            return
        valid, buffer = self._scope.valid(rows), self._buffer(value)
        count = self._extent(self._axis(value))
        b.when(b.less(self._row, valid), load)
        b.when(
            b.less(valid, b.add(self._row, 1)), lambda: self._fill(buffer, 0.0, count)
        )

    def _load_at(self, value: SSAValue, at: Index) -> None:
        b, scope = self._b, self._scope
        storage = self._loads[value]
        axis = self._axis(value)
        buffer = self._buffer(value)
        count = self._extent(axis)
        offset = b.add(scope.base(storage), at)
        if axis and scope.stored(storage, axis) is not count:
            self._fill(buffer, 0.0, count)
            count = scope.stored(storage, axis)
            b.load(buffer, 0, storage.memref, offset, count, padding=0.0)
        else:
            b.load(buffer, 0, storage.memref, offset, count)

    def _store(
        self, value: SSAValue, to: Index, at: Index, count: Index | None
    ) -> None:
        storage = self._stores[value]
        axis = self._axis(value)
        if count is None:
            count = self._stored(axis, storage)
        offset = self._b.add(self._scope.base(storage), to)
        buffer, atomic = self._buffer(value), storage.is_total
        self._b.store(storage.memref, offset, buffer, at, count, atomic=atomic)

    def _stored(self, axis: str | None, storage: Storage) -> Index:
        """How many positions of an axis go out: to the caller's arrays what is in the
        window, to a sum over the tokens what is valid."""
        if axis is None:
            return 1
        if storage.is_total:
            return self._scope.valid(axis)
        if storage.per_token:
            return self._scope.array_window(axis)
        return self._extent(axis)


def load_indices(
    scope: TokenScope,
    selection: Selection,
    size: int | None = None,
    count: Index | None = None,
) -> SSAValue:
    """The valid indices of the token in UB, -1 behind them: by default up to the padded
    count, in a buffer of as many as are computed at once."""
    b = scope.builder
    size = size or scope.capacity(selection.entries)
    indices = b.alloc(Space.UB, i32, [size], "indices")
    count = b.index(count or scope.extent(selection.entries))
    b.insert(FillOp(indices, b.index(0), -1.0, count))
    offset = scope.base(selection.indices)
    source = selection.indices.memref
    b.load(indices, 0, source, offset, selection.count, padding=-1.0)
    return indices


def indices_in_ub(scope: TokenScope, selection: Selection) -> tuple[SSAValue, Index]:
    """The indices of the entries that are computed, for the scalar unit, and where in the
    buffer the first of them is."""
    if selection.in_ub is not None:
        return selection.in_ub, scope.starts.get(selection.entries, 0)
    return load_indices(scope, selection), 0
