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

from ligrad_ir.dialects import (
    ascendc_core,
    ascendc_cube,
    ascendc_memory,
    ascendc_move,
    ascendc_scalar,
    ascendc_select,
    ascendc_sync,
    ascendc_tiling,
    ascendc_vector,
)
from ligrad_ir.dialects.ascendc_types import TYPES_AND_ATTRIBUTES

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
