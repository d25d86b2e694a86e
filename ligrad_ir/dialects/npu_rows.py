"""Rows moved by their numbers in the `npu` dialect: gathered, selected, added.

All offsets and counts are in elements.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def

from ligrad_ir.dialects.npu_types import (
    Buffer,
    Core,
    NpuOp,
    Pipe,
    Size,
    Space,
    element_of,
    require,
    require_element,
    require_space,
)

FLOATS: tuple[type[Attribute], ...] = (BFloat16Type, Float16Type, Float32Type)


class _IndexedRowsOp(NpuOp):
    """`rows` rows of `count` elements, whose numbers are `indices[indices_offset..]`."""

    CORE: ClassVar = Core.VECTOR

    dst = operand_def(Buffer)
    src = operand_def(Buffer)
    offset = operand_def(Size)
    base = operand_def(Size)
    indices = operand_def(Buffer)
    indices_offset = operand_def(Size)
    rows = operand_def(Size)
    count = operand_def(Size)
    limit = operand_def(Size)

    def scalar_reads(self) -> tuple[SSAValue, ...]:
        return (self.indices,)

    def _verify_rows(self) -> None:
        require_space(self.indices, "the index buffer", Space.UB)  # indexed_c1
        require(
            element_of(self.indices) == i32,
            f"indices are i32, not {element_of(self.indices)}",
        )  # indexed_c2
        require(
            element_of(self.dst) == element_of(self.src),
            f"a copy does not convert: {self.src.type} to {self.dst.type}",
        )  # indexed_c3


@irdl_op_definition
class GatherRowsOp(_IndexedRowsOp):
    """
    dst[offset + i * count ..] = src[(base + indices[i]) * count ..] for i < rows.

    An index outside [0, limit), such as -1, is no row: the memory is not touched, and
    the destination gets zeros. A `Duplicate` of zeros on V, then one `DataCopy` a row on
    MTE2; the indices are read by the scalar unit.
    """

    name = "npu.gather_rows"
    READS: ClassVar = ("src", "indices")
    WRITES: ClassVar = ("dst",)
    assembly_format = (
        "$dst `[` $offset `]` `,` $src `at` $base `+` $indices `[` $indices_offset `]` "
        "`rows` $rows `of` $count `below` $limit attr-dict "
        "`:` type($dst) `,` type($src) `,` type($indices)"
    )

    def __init__(
        self,
        dst: SSAValue,
        src: SSAValue,
        offset: SSAValue,
        base: SSAValue,
        indices: SSAValue,
        indices_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
        limit: SSAValue,
    ):
        super().__init__(
            operands=[
                dst,
                src,
                offset,
                base,
                indices,
                indices_offset,
                rows,
                count,
                limit,
            ]
        )

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def writing_pipes(self) -> tuple[Pipe, ...]:
        return (Pipe.V, Pipe.MTE2)

    def verify_(self) -> None:
        self._verify_rows()
        require_space(self.dst, "the destination", Space.UB)  # gather_rows_c1
        require_space(self.src, "the source", Space.GM)  # gather_rows_c2


class _RowRangeOp(_IndexedRowsOp):
    """Passes over the rows whose numbers are outside [first, limit)."""

    first = operand_def(Size)

    def __init__(
        self,
        dst: SSAValue,
        src: SSAValue,
        offset: SSAValue,
        base: SSAValue,
        indices: SSAValue,
        indices_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
        first: SSAValue,
        limit: SSAValue,
    ):
        super().__init__(
            operands=[
                first,
                dst,
                src,
                offset,
                base,
                indices,
                indices_offset,
                rows,
                count,
                limit,
            ]
        )


@irdl_op_definition
class LoadSelectedRowsOp(_RowRangeOp):
    """
    dst[offset + i * count ..] = src[(base + i) * count ..] for those i < rows whose
    index is in [first, limit); the other rows of dst are garbage.

    What `npu.scatter_add_rows` adds of the same indices. One `DataCopy` a row on MTE2,
    or fewer that copy rows between them too; the indices are read by the scalar unit.
    """

    name = "npu.load_selected_rows"
    READS: ClassVar = ("src", "indices")
    WRITES: ClassVar = ("dst",)
    assembly_format = (
        "$dst `[` $offset `]` `,` $src `at` $base `where` $indices `[` $indices_offset "
        "`]` `rows` $rows `of` $count `from` $first `below` $limit attr-dict "
        "`:` type($dst) `,` type($src) `,` type($indices)"
    )

    def pipe(self) -> Pipe:
        return Pipe.MTE2

    def verify_(self) -> None:
        self._verify_rows()
        require_space(self.dst, "the destination", Space.UB)  # load_selected_rows_c1
        require_space(self.src, "the source", Space.GM)  # load_selected_rows_c2


@irdl_op_definition
class ScatterAddRowsOp(_RowRangeOp):
    """
    dst[(base + indices[i]) * count ..] += src[offset + i * count ..] for i < rows.

    An index outside [first, limit), such as -1, is passed over. One atomic `DataCopy` a
    row on MTE3, in the order of the entries; the indices are read by the scalar unit.
    """

    name = "npu.scatter_add_rows"
    READS: ClassVar = ("src", "indices")
    WRITES: ClassVar = ("dst",)
    assembly_format = (
        "$dst `at` $base `+` $indices `[` $indices_offset `]` `,` $src `[` $offset `]` "
        "`rows` $rows `of` $count `from` $first `below` $limit attr-dict "
        "`:` type($dst) `,` type($src) `,` type($indices)"
    )

    def pipe(self) -> Pipe:
        return Pipe.MTE3

    def verify_(self) -> None:
        self._verify_rows()
        require_space(self.dst, "the destination", Space.GM)  # scatter_add_rows_c1
        require_space(self.src, "the source", Space.UB)  # scatter_add_rows_c2
        require_element(self.src, "the source", *FLOATS)  # scatter_add_rows_c3


OPS: tuple[type[Operation], ...] = (
    GatherRowsOp,
    LoadSelectedRowsOp,
    ScatterAddRowsOp,
)
