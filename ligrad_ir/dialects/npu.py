"""The `npu` dialect: a program on the cores of the chip.

Between the graph (`lig`) and the API (`ascendc`): buffers in the memories of the cores,
moved and computed on by operations that one pipe executes each, in loops of `scf` with
`arith` on sizes known at run time. Verifiers refuse what the hardware cannot do.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from ligrad_ir.dialects import (
    npu_copy,
    npu_cube,
    npu_launch,
    npu_move,
    npu_rows,
    npu_vector,
)
from ligrad_ir.dialects.npu_types import PipeAttr, SpaceAttr
from ligrad_ir.dialects.npu_vector import BinaryKindAttr

Npu = Dialect(
    "npu",
    [
        *npu_copy.OPS,
        *npu_cube.OPS,
        *npu_launch.OPS,
        *npu_move.OPS,
        *npu_rows.OPS,
        *npu_vector.OPS,
    ],
    [BinaryKindAttr, PipeAttr, SpaceAttr],
)
