"""The `npu` dialect: a program on the cores of the chip.

Between the graph (`lig`) and the API (`ascendc`): buffers in the memories of the cores,
moved and computed on by operations that one pipe executes each, in loops of `scf` with
`arith` on sizes known at run time. Verifiers refuse what the hardware cannot do.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from ligrad_ir.dialects.npu import copy as npu_copy
from ligrad_ir.dialects.npu import cube as npu_cube
from ligrad_ir.dialects.npu import launch as npu_launch
from ligrad_ir.dialects.npu import move as npu_move
from ligrad_ir.dialects.npu import rows as npu_rows
from ligrad_ir.dialects.npu import vector as npu_vector
from ligrad_ir.dialects.npu.types import PipeAttr, SpaceAttr
from ligrad_ir.dialects.npu.vector import BinaryKindAttr

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
