"""Copies within UB in the `npu` dialect.

All offsets and counts are in elements.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.ir import Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def

from ligrad_ir.dialects.npu.types import (
    Buffer,
    Core,
    NpuOp,
    Pipe,
    Size,
    Space,
    element_of,
    require,
    require_space,
)

COPY_UNIT = 64
"""What the count of a repeated row is a multiple of."""


@irdl_op_definition
class RepeatRowOp(NpuOp):
    """
    dst[dst_offset + i * count + j] = src[src_offset + j] for i < rows and j < count.

    `DataCopy` within UB, on V: the row, then twice as many rows with every copy. `count`
    is a multiple of 64, and there is a row at least.
    """

    name = "npu.repeat_row"
    CORE: ClassVar = Core.VECTOR
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    rows = operand_def(Size)
    count = operand_def(Size)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $src `[` $src_offset `]` `rows` $rows `of` $count "
        "attr-dict `:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        rows: SSAValue,
        count: SSAValue,
    ):
        super().__init__(operands=[dst, dst_offset, src, src_offset, rows, count])

    def pipe(self) -> Pipe:
        return Pipe.V

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.UB)  # repeat_row_c1
        require_space(self.src, "the source", Space.UB)  # repeat_row_c2
        require(
            element_of(self.dst) == element_of(self.src),
            f"a copy does not convert: {self.src.type} to {self.dst.type}",
        )  # repeat_row_c3


OPS: tuple[type[Operation], ...] = (RepeatRowOp,)
