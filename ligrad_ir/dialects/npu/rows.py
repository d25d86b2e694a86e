"""Rows moved by their numbers in the `npu` dialect: gathered, selected, added.

All offsets and counts are in elements.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    UnitAttr,
    i32,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def

from ligrad_ir.dialects.npu.types import (
    HALF,
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

    def _verify_rows(self, space: Space = Space.UB) -> None:
        require_space(self.indices, "the index buffer", space)  # indexed_c1
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
    dst[offset + i * pitch ..] = src[(base + indices[i]) * count ..] for i < rows.

    Rows of any length: in UB each begins in a block of 32 bytes of its own, `pitch`
    elements behind the one before it, which is `count` rounded up to whole blocks.

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


@irdl_op_definition
class GatherRowsNzOp(_IndexedRowsOp):
    """
    Row i of an NZ tile in L1 becomes src[(base + indices[indices_offset + i]) * count ..]
    for i < present, and zeros for present <= i < rows.

    The tile starts at dst[offset], `count` columns in blocks of 16 that lie `nz_rows` rows
    apart. Indices lie in global memory, none behind the first `present` is read. An index
    outside [0, limit), such as -1, is no row: it becomes the `count` elements of `zeros`,
    which must be zeros in global memory. One `DataCopy` to NZ on MTE2 for a row, or for
    two that are numbered in ascending order; the indices are read by the scalar unit.
    """

    name = "npu.gather_rows_nz"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("src", "indices", "zeros")
    WRITES: ClassVar = ("dst",)

    zeros = operand_def(Buffer)
    present = operand_def(Size)
    nz_rows = operand_def(Size)
    assembly_format = (
        "$dst `[` $offset `]` `nz_rows` $nz_rows `,` $src `at` $base `+` $indices `[` "
        "$indices_offset `]` `rows` $present `to` $rows `of` $count `below` $limit `else` "
        "$zeros attr-dict `:` type($dst) `,` type($src) `,` type($indices) `,` "
        "type($zeros)"
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
        *,
        zeros: SSAValue,
        present: SSAValue,
        nz_rows: SSAValue,
    ):
        super().__init__(
            operands=[
                zeros,
                present,
                nz_rows,
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

    def verify_(self) -> None:
        self._verify_rows(Space.GM)
        require_space(self.dst, "the destination", Space.L1)  # gather_rows_nz_c1
        require_space(self.src, "the source", Space.GM)  # gather_rows_nz_c2
        require_space(self.zeros, "the zeros", Space.GM)  # gather_rows_nz_c3
        require_element(self.src, "the source", *HALF)  # gather_rows_nz_c4
        require(
            element_of(self.zeros) == element_of(self.src),
            f"the zeros differ: {self.zeros.type} and {self.src.type}",
        )  # gather_rows_nz_c5


@irdl_op_definition
class FixpipeAddRowsOp(_IndexedRowsOp):
    """
    dst[(base + indices[i]) * count + column + j] += src[i, j] for i < rows, j < columns.

    The tile of `src` in L0C starts at `offset`; its blocks of 16 columns are `nz_rows`
    rows high. Indices lie in global memory. An index outside [0, limit), such as -1, is
    passed over; with `relu` max(.., 0) is added. One atomic `Fixpipe` on FIX for a row, or
    for two that are numbered in ascending order, in the order of the entries: each begins
    with a barrier of FIX, so rows may be the same. The indices are read by the scalar unit.
    """

    name = "npu.fixpipe_add_rows"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("src", "indices")
    WRITES: ClassVar = ("dst",)

    relu = opt_prop_def(UnitAttr)
    column = operand_def(Size)
    columns = operand_def(Size)
    nz_rows = operand_def(Size)
    assembly_format = (
        "(`relu` $relu^)? $dst `at` $base `+` $indices `[` $indices_offset `]` `column` "
        "$column `,` $src `[` $offset `]` `nz_rows` $nz_rows `size` $rows `x` $columns "
        "`of` $count `below` $limit attr-dict "
        "`:` type($dst) `,` type($indices) `,` type($src)"
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
        *,
        column: SSAValue,
        columns: SSAValue,
        nz_rows: SSAValue,
        relu: bool = False,
    ):
        super().__init__(
            operands=[
                column,
                columns,
                nz_rows,
                dst,
                src,
                offset,
                base,
                indices,
                indices_offset,
                rows,
                count,
                limit,
            ],
            properties={"relu": UnitAttr() if relu else None},
        )

    def pipe(self) -> Pipe:
        return Pipe.FIX

    def verify_(self) -> None:
        self._verify_rows(Space.GM)
        require_space(self.dst, "the destination", Space.GM)  # fixpipe_add_rows_c1
        require_space(self.src, "the source", Space.L0C)  # fixpipe_add_rows_c2
        require_element(self.src, "the source", Float32Type)  # fixpipe_add_rows_c3


class _RowRangeOp(_IndexedRowsOp):
    """Passes over the rows whose numbers are outside [first, limit). Rows of any length:
    in UB each begins in a block of 32 bytes of its own, `pitch` elements behind the one
    before it, which is `count` rounded up to whole blocks."""

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
    dst[offset + i * pitch ..] = src[(base + i) * count ..] for those i < rows whose
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
    dst[(base + indices[i]) * count ..] += src[offset + i * pitch ..] for i < rows.

    An index outside [first, limit), such as -1, is passed over. One atomic `DataCopy` a
    row on MTE3, in the order of the entries; the indices are read by the scalar unit.
    Rows that are the same need a barrier between them: there is one before every row, or,
    with `remember`, before those that may be among the rows since the last one.
    """

    name = "npu.scatter_add_rows"
    READS: ClassVar = ("src", "indices")
    WRITES: ClassVar = ("dst",)

    remember = opt_prop_def(UnitAttr)
    assembly_format = (
        "(`remember` $remember^)? $dst `at` $base `+` $indices `[` $indices_offset `]` "
        "`,` $src `[` $offset `]` "
        "`rows` $rows `of` $count `from` $first `below` $limit attr-dict "
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
        first: SSAValue,
        limit: SSAValue,
        *,
        remember: bool = False,
    ):
        super().__init__(
            dst, src, offset, base, indices, indices_offset, rows, count, first, limit
        )
        self.remember = UnitAttr() if remember else None

    def pipe(self) -> Pipe:
        return Pipe.MTE3

    def verify_(self) -> None:
        self._verify_rows()
        require_space(self.dst, "the destination", Space.GM)  # scatter_add_rows_c1
        require_space(self.src, "the source", Space.UB)  # scatter_add_rows_c2
        require_element(self.src, "the source", *FLOATS)  # scatter_add_rows_c3


OPS: tuple[type[Operation], ...] = (
    FixpipeAddRowsOp,
    GatherRowsNzOp,
    GatherRowsOp,
    LoadSelectedRowsOp,
    ScatterAddRowsOp,
)
