"""The `ascendc` dialect: one operation per Ascend C statement.

Every choice (tile sizes, offsets, event ids, strides, which overload) is an operand or a
property by the time a program is in this dialect: passes decide, and a printer spells.
The operations stand in one module for each chapter of the API: `ascendc_core` (the frame
of a kernel), `ascendc_tiling`, `ascendc_scalar`, `ascendc_memory`, `ascendc_move`,
`ascendc_cube`, `ascendc_vector`, `ascendc_select` and `ascendc_sync`.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Dialect, Operation

from ligrad_ir.dialects.ascendc import core as ascendc_core
from ligrad_ir.dialects.ascendc import cube as ascendc_cube
from ligrad_ir.dialects.ascendc import memory as ascendc_memory
from ligrad_ir.dialects.ascendc import move as ascendc_move
from ligrad_ir.dialects.ascendc import scalar as ascendc_scalar
from ligrad_ir.dialects.ascendc import select as ascendc_select
from ligrad_ir.dialects.ascendc import sync as ascendc_sync
from ligrad_ir.dialects.ascendc import tiling as ascendc_tiling
from ligrad_ir.dialects.ascendc import vector as ascendc_vector
from ligrad_ir.dialects.ascendc.types import TYPES_AND_ATTRIBUTES

OPS: Sequence[type[Operation]] = (
    *ascendc_core.OPS,
    *ascendc_cube.OPS,
    *ascendc_memory.OPS,
    *ascendc_move.OPS,
    *ascendc_scalar.OPS,
    *ascendc_select.OPS,
    *ascendc_sync.OPS,
    *ascendc_tiling.OPS,
    *ascendc_vector.OPS,
)

AscendC = Dialect("ascendc", [*OPS], [*TYPES_AND_ATTRIBUTES])
