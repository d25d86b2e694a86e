"""The cube unit's computation in the `npu` dialect: products and their way out.

All offsets and sizes are in elements.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    Float32Type,
    UnitAttr,
    i1,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
)

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


@irdl_op_definition
class MmadOp(NpuOp):
    """
    dst[m, n] = or += lhs[m, k] * rhs[k, n], float32 accumulation: `Mmad`, on M.

    Tiles start at offset 0 of lhs (L0A) and rhs (L0B), and at dst_offset of dst (L0C).
    `start` true begins from 0, false accumulates.
    """

    name = "npu.mmad"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("lhs", "rhs", "dst")
    WRITES: ClassVar = ("dst",)

    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    lhs = operand_def(Buffer)
    lhs_offset = operand_def(Size)
    rhs = operand_def(Buffer)
    rhs_offset = operand_def(Size)
    m = operand_def(Size)
    n = operand_def(Size)
    k = operand_def(Size)
    start = operand_def(i1)
    assembly_format = (
        "$dst `[` $dst_offset `]` `,` $lhs `[` $lhs_offset `]` `,` $rhs `[` $rhs_offset "
        "`]` `size` $m `x` $n `x` $k `start` $start attr-dict "
        "`:` type($dst) `,` type($lhs) `,` type($rhs)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        lhs: SSAValue,
        lhs_offset: SSAValue,
        rhs: SSAValue,
        rhs_offset: SSAValue,
        m: SSAValue,
        n: SSAValue,
        k: SSAValue,
        start: SSAValue,
    ):
        super().__init__(
            operands=[
                dst,
                dst_offset,
                lhs,
                lhs_offset,
                rhs,
                rhs_offset,
                m,
                n,
                k,
                start,
            ]
        )

    def pipe(self) -> Pipe:
        return Pipe.M

    def verify_(self) -> None:
        require_space(self.dst, "the accumulator", Space.L0C)  # mmad_c1
        require_space(self.lhs, "the left operand", Space.L0A)  # mmad_c2
        require_space(self.rhs, "the right operand", Space.L0B)  # mmad_c3
        require_element(self.dst, "the accumulator", Float32Type)  # mmad_c4
        require_element(self.lhs, "the left operand", *HALF)  # mmad_c5
        require(
            element_of(self.lhs) == element_of(self.rhs),
            f"the operands differ: {self.lhs.type} and {self.rhs.type}",
        )  # mmad_c6


@irdl_op_definition
class FixpipeOp(NpuOp):
    """
    L0C to global memory, row major: `Fixpipe`, on FIX.

    dst[offset + i * pitch + j] = src[i, j] for i < m, j < n; with `relu` max(.., 0),
    rounded to nearest even where dst is half; with `atomic` added to what is there.
    """

    name = "npu.fixpipe"
    CORE: ClassVar = Core.CUBE
    READS: ClassVar = ("src",)
    WRITES: ClassVar = ("dst",)

    relu = opt_prop_def(UnitAttr)
    atomic = opt_prop_def(UnitAttr)
    dst = operand_def(Buffer)
    dst_offset = operand_def(Size)
    src = operand_def(Buffer)
    src_offset = operand_def(Size)
    m = operand_def(Size)
    n = operand_def(Size)
    pitch = operand_def(Size)
    assembly_format = (
        "(`relu` $relu^)? (`atomic` $atomic^)? $dst `[` $dst_offset `]` `,` $src `[` "
        "$src_offset `]` `size` $m `x` $n `pitch` $pitch attr-dict "
        "`:` type($dst) `,` type($src)"
    )

    def __init__(
        self,
        dst: SSAValue,
        dst_offset: SSAValue,
        src: SSAValue,
        src_offset: SSAValue,
        m: SSAValue,
        n: SSAValue,
        pitch: SSAValue,
        *,
        relu: bool = False,
        atomic: bool = False,
    ):
        super().__init__(
            operands=[dst, dst_offset, src, src_offset, m, n, pitch],
            properties={
                "relu": UnitAttr() if relu else None,
                "atomic": UnitAttr() if atomic else None,
            },
        )

    def pipe(self) -> Pipe:
        return Pipe.FIX

    def verify_(self) -> None:
        require_space(self.dst, "the destination", Space.GM)  # fixpipe_c1
        require_space(self.src, "the source", Space.L0C)  # fixpipe_c2
        require_element(self.src, "the source", Float32Type)  # fixpipe_c3
        require_element(self.dst, "the destination", *HALF, Float32Type)  # fixpipe_c4


OPS: tuple[type[Operation], ...] = (FixpipeOp, MmadOp)
