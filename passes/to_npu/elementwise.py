"""The vector unit's part: the operations of a group, on rows or on blocks of rows."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.npu.vector import (
    BinaryKind,
    BinaryOp,
    BinaryScalarOp,
    ConvertOp,
    ReadOp,
    ReluOp,
    SumOp,
)
from passes.to_npu.bits import BitsEmitter
from passes.to_npu.builder import Index
from passes.to_npu.group import Extent, Group, Phase
from passes.to_npu.limits import require_addable, require_order
from passes.to_npu.staging import ELEMENTWISE_OPS
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError, called, computed_apart

SHARE_UNIT = 16
"""Rows are shared out between the two vector cores in multiples of this, so that a
column of halves starts at 32 bytes."""
KINDS = {
    lig.AddOp: BinaryKind.ADD,
    lig.SubOp: BinaryKind.SUB,
    lig.MulOp: BinaryKind.MUL,
}


class ElementwiseEmitter(BitsEmitter):
    """
    Emits one group for one token, but for what is done to the matrix (`_inside`).

    loads: where operands made elsewhere lie; stores: where results go that others use.
    """

    def __init__(
        self,
        scope: TokenScope,
        group: Group,
        sub_block: SSAValue,
        loads: Mapping[SSAValue, Storage],
        stores: Mapping[SSAValue, Storage],
    ):
        super().__init__(scope, group, loads, stores)
        self._sub_block = sub_block
        self._done: tuple[Index, Index] = 0, 0

    def emit(self) -> None:
        """Emit the whole group."""
        self._require_operands()
        b, group = self._b, self._group
        b.location = group.ops[0].location
        rows = self._row_count()
        first, last = self._share(rows) if self._is_shared else self._alone(rows)
        self._done = first, last
        any_rows = b.less(first, last)
        b.named("has_rows", any_rows)
        b.when(any_rows, lambda: self._body(first, last))

    def _require_operands(self) -> None:
        """Every operand is in memory, or computed by the group.

        Raises:
            UnsupportedError: other work of the vector cores computes one.
        """
        for op in self._group.ops:
            for operand in op.operands:
                maker = operand.owner
                if (
                    isinstance(maker, ELEMENTWISE_OPS)
                    and not isinstance(maker, lig.ConstantOp)
                    and maker not in self._group.ops
                    and operand not in self._loads
                ):
                    raise computed_apart(op, operand)

    def done(self, axis: str) -> tuple[Index, Index]:
        """Of the valid positions of an axis, those that this core has made of what the
        group leaves: from the first to the end."""
        valid = self._scope.valid(axis)
        if not self._is_shared or axis != self._group.rows:
            return self._alone(valid)
        first, last = self._done
        return first, self._b.min(last, valid)

    @property
    def _is_shared(self) -> bool:
        return self._group.rows is not None and not self._group.sums_rows

    def _row_count(self) -> Index:
        """How many rows are computed: where all that leaves the group is added by index,
        those that are valid, unless rows are gathered, which cores share otherwise."""
        rows = self._group.rows
        if rows is None:
            return 1
        gathered = any(isinstance(v.owner, lig.GatherOp) for v in self._loads_of_rows())
        only_added = all(storage.is_dense for storage in self._stores.values())
        self._only_valid = bool(self._stores) and only_added and not gathered
        return self._scope.valid(rows) if self._only_valid else self._scope.extent(rows)

    def _share(self, rows: Index) -> tuple[Index, Index]:
        b = self._b
        half = b.round_up(b.div(b.add(rows, 1), 2), SHARE_UNIT)
        half = b.named("half_rows", half)
        first = b.named("first_row", b.mul(self._sub_block, half))
        return first, b.named("end_row", b.min(b.add(first, half), rows))

    def _alone(self, rows: Index) -> tuple[Index, Index]:
        """The second vector core has nothing to do."""
        return 0, self._b.select(self._b.equal(self._sub_block, 0), rows, 0)

    def _body(self, first: Index, last: Index) -> None:
        b, group = self._b, self._group
        own = {result for op in group.ops for result in op.results}
        for op in group.ops:
            b.location = op.location
            for operand in op.operands:
                if operand in self._loads and operand not in own:
                    if group.extent(operand) is not Extent.MATRIX:
                        self._load(operand)
            if isinstance(op, lig.MaskOp):
                self._present(op)
        for op in group.ops:
            [result] = op.results
            b.location = op.location
            if result in self._stores and self._is_padded_output(result):
                self._clear(result)
            if self._sums_rows(op) and group.extent(result) is Extent.ROW:
                self._fill(self._buffer(result), 0.0, self._capacity(result))
        share: Index | None = None
        for phase in group.phases():
            for op in phase.small:
                if share is not None and group.extent(op.results[0]) is Extent.COLUMN:
                    self._compute(op, first, share)
                else:
                    self._compute(op, 0, self._count(op.results[0]))
            if phase.inside:
                self._inside(first, last, phase)
            if share is None:
                share = b.named("rows", b.sub(last, first))
        for op in group.ops:
            [result] = op.results
            if result not in self._stores or group.extent(result) is Extent.MATRIX:
                continue
            b.location = op.location
            if group.extent(result) is Extent.COLUMN:
                self._store(result, first, first, share)
            else:
                only = b.equal(self._sub_block, 0)
                b.when(only, lambda result=result: self._store(result, 0, 0, None))

    def _clear(self, value: SSAValue) -> None:
        """See that zeros leave behind what is computed of an output."""
        self._fill(self._buffer(value), 0.0, self._capacity(value))

    def _inside(self, first: Index, last: Index, phase: Phase) -> None:
        """The operations on the matrix, for the rows from first to last; what is fresh
        is stored."""
        raise NotImplementedError

    # ---- computation

    def _compute(self, op: Operation, at: Index, count: Index) -> None:
        """One operation on `count` elements, of columns from `at` on."""
        self._at = at
        b = self._b
        b.location = op.location
        try:
            self._emit(op, b.index(count))
        except VerifyException as error:
            raise UnsupportedError(op, str(error)) from error

    def _emit(self, op: Operation, n: SSAValue) -> None:
        b = self._b
        [result] = op.results
        if self._moves_nothing(op):
            require_addable(op, self._group, self._scope.padded)
            return
        to = self._place(result)
        match op:
            case lig.ConstantOp():
                if self._is_in_memory(op):
                    value, size = op.value.value.data, self._capacity(result)
                    self._fill(self._buffer(result), value, size)
            case lig.CastOp():
                require_order(op, self._group.token)
                source, at = self._buffer(op.input), self._place(op.input)
                b.insert(ConvertOp(self._buffer(result), to, source, at, n))
            case lig.ReluOp():
                source, at = self._buffer(op.input), self._place(op.input)
                b.insert(ReluOp(self._buffer(result), to, source, at, n))
            case lig.MaskOp():
                self._mask(op, n)
            case lig.ReluGradOp():
                self._relu_grad(op, n)
            case lig.ReduceSumOp():
                self._reduce(op, n)
            case lig.AddOp() | lig.SubOp() | lig.MulOp():
                self._arithmetic(op, n)
            case _:
                raise UnsupportedError(
                    op, f"the vector unit does not compute {called(op)}"
                )

    def _is_in_memory(self, constant: lig.ConstantOp) -> bool:
        """Whether some operation takes a constant from a buffer: all but arithmetic does,
        and arithmetic on two constants; and what leaves the program does."""
        for user in (use.operation for use in constant.result.uses):
            makers = [operand.owner for operand in user.operands]
            alone = all(isinstance(maker, lig.ConstantOp) for maker in makers)
            is_here = user in self._group.ops or isinstance(user, ReturnOp)
            if is_here and (alone or type(user) not in KINDS):
                return True
        return False

    def _sums_rows(self, op: Operation) -> bool:
        """Whether it sums the rows of the matrix, or a column."""
        rows = self._group.rows
        return isinstance(op, lig.ReduceSumOp) and op.over.string_value() == rows

    def _reduce(self, op: lig.ReduceSumOp, n: SSAValue) -> None:
        b, zero = self._b, self._b.index(0)
        source, total = self._buffer(op.input), self._buffer(op.result)
        if self._sums_rows(op) and self._group.extent(op.input) is Extent.MATRIX:
            kind, at = BinaryKind.ADD, self._place(op.input)
            b.insert(BinaryOp(kind, total, zero, total, zero, source, at, n))
            return
        scratch = self._alloc(f32, 64, f"{name_of(op.result)}.partial")
        is_matrix = self._group.extent(op.input) is Extent.MATRIX
        row = b.index(self._row) if is_matrix else zero
        n = b.index(self._count(op.input))
        b.insert(SumOp(total, row, source, self._place(op.input), scratch, n))

    def _arithmetic(self, op: lig.AddOp | lig.SubOp | lig.MulOp, n: SSAValue) -> None:
        kind = KINDS[type(op)]
        covers = self._group.extent(op.result)
        lhs, rhs = self._scalar(op.lhs, covers), self._scalar(op.rhs, covers)
        b, result, to = self._b, self._buffer(op.result), self._place(op.result)
        if lhs is not None and rhs is not None:  # both are constants, one is in memory
            lhs = None
        if lhs is None and rhs is None:
            left, right = self._buffer(op.lhs), self._buffer(op.rhs)
            i, j = self._place(op.lhs), self._place(op.rhs)
            b.insert(BinaryOp(kind, result, to, left, i, right, j, n))
            return
        value = op.lhs if lhs is None else op.rhs
        array, i = self._buffer(value), self._place(value)
        scalar = lhs if lhs is not None else rhs
        assert scalar is not None
        if kind is BinaryKind.SUB:
            if lhs is None:
                scalar = b.value(arith.NegfOp(scalar))
            else:
                minus = b.number(-1.0)
                times = BinaryScalarOp(BinaryKind.MUL, result, to, array, i, minus, n)
                b.insert(times)
                array, i = result, to
            kind = BinaryKind.ADD
        b.insert(BinaryScalarOp(kind, result, to, array, i, scalar, n))

    def _scalar(self, value: SSAValue, covers: Extent) -> SSAValue | None:
        """A value that is one number for the whole row, as that number."""
        extent = self._group.extent(value)
        if extent is Extent.NUMBER:
            if isinstance(constant := value.owner, lig.ConstantOp):
                return self._b.number(constant.value.value.data)
            if covers is Extent.NUMBER:
                return None
            return self._b.value(ReadOp(self._buffer(value), self._b.index(0)))
        if extent is Extent.COLUMN and covers is Extent.MATRIX:
            read = ReadOp(self._buffer(value), self._b.index(self._row))
            return self._b.value(read)
        return None
