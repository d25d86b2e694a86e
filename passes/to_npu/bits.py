"""The vector unit's part: bits, and what is chosen by them."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import BFloat16Type, f32, i8
from xdsl.ir import Attribute, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.types import element_bytes
from ligrad_ir.dialects.npu.vector import (
    ComparePositiveOp,
    ConvertOp,
    FillOp,
    PresentOp,
    ReluOp,
    SelectOp,
)
from ligrad_ir.divisors import is_multiple
from ligrad_ir.soc import Soc
from passes.to_npu.group import Extent, Group
from passes.to_npu.storage import ENTRY_UNIT, Storage, TokenScope
from passes.to_npu.unsupported import UnsupportedError, axes_of
from passes.to_npu.values import GroupValues, load_indices


def comparable(element: Attribute, count: SSAValue) -> bool:
    """Whether a comparison takes so many numbers of a type as they are: it is of whole
    repeats, and there is none of bf16."""
    if isinstance(element, BFloat16Type):
        return False
    return is_multiple(count, Soc.vector_bytes // element_bytes(element))


class BitsEmitter(GroupValues):
    """Emits the masks of a group for one token, and the gradients of relus."""

    def __init__(
        self,
        scope: TokenScope,
        group: Group,
        loads: Mapping[SSAValue, Storage],
        stores: Mapping[SSAValue, Storage],
    ):
        super().__init__(scope, group, loads, stores)
        self._bits: dict[SSAValue, SSAValue] = {}

    def _present(self, op: lig.MaskOp) -> None:
        """The bits of the entries that mean a row, once a token and group."""
        if op.rows in self._bits:
            return
        selection = self._scope.selections[op.rows]
        if selection.entries != self._group.columns:
            raise UnsupportedError(
                op,
                f"absent entries are masked over {axes_of(op.result)}; their axis "
                f"{selection.entries} must be the last one",
            )
        b = self._b
        size = self._scope.capacity(selection.entries)
        indices = load_indices(self._scope, selection)
        bits = self._alloc(i8, size // 8, "present")
        scratch = self._alloc(f32, size, "present.scratch")
        zero = b.index(0)
        count = b.index(self._scope.extent(selection.entries))
        limit = b.index(selection.length)
        b.insert(PresentOp(bits, zero, indices, zero, limit, scratch, count))
        self._bits[op.rows] = bits

    def _mask(self, op: lig.MaskOp, n: SSAValue) -> None:
        self._select(op.result, self._bits[op.rows], op.input, n)

    def _relu_grad(self, op: lig.ReluGradOp, n: SSAValue) -> None:
        covers = self._group.extent(op.result)
        for operand in (op.gradient, op.output):
            if self._group.extent(operand) not in (covers, Extent.ROW):
                raise UnsupportedError(
                    op,
                    f"ReluGrad over {axes_of(op.result)} of an operand over "
                    f"{axes_of(operand)}, which lacks the last axis",
                    "multiply by such an operand behind the ReluGrad",
                )
        name = f"{name_of(op.result)}.positive"
        bits = self._alloc(i8, self._elements(op.result) // 8, name)
        compared = self._compared(op, n, name)
        self._b.insert(ComparePositiveOp(bits, self._b.index(0), *compared))
        self._select(op.result, bits, op.gradient, n)

    def _select(
        self, result: SSAValue, bits: SSAValue, source: SSAValue, n: SSAValue
    ) -> None:
        """Of n numbers those whose bits are set, and zeros."""
        to, at = self._place(result), self._place(source)
        dst, src, zero = self._buffer(result), self._buffer(source), self._b.index(0)
        self._b.insert(SelectOp(dst, to, bits, zero, src, at, n))

    def _compared(
        self, op: lig.ReluGradOp, n: SSAValue, name: str
    ) -> tuple[SSAValue, SSAValue, SSAValue]:
        """Where the n outputs of a relu lie to be compared, and how many are.

        What is not seen to be whole repeats is compared as float32, with zeros behind it:
        a buffer has room for whole repeats of that.
        """
        b, zero = self._b, self._b.index(0)
        source, at = self._buffer(op.output), self._place(op.output)
        element = tensor(op.output).element_type
        if comparable(element, n):
            return source, at, n
        wide = self._alloc(f32, self._elements(op.result), f"{name}.wide")
        count = n
        if not comparable(f32, n):
            count = b.index(b.round_up(n, ENTRY_UNIT))
            b.insert(FillOp(wide, zero, 0.0, count))
        widen = ReluOp if element == f32 else ConvertOp
        b.insert(widen(wide, zero, source, at, n))
        return wide, zero, count
