"""What this package adds to xDSL: found by `xdsl-opt` as a plug-in."""

from __future__ import annotations

from xdsl.ir import Dialect
from xdsl.universe import Universe
from xdsl.utils.target import Target

from passes.registry import OUR_PASSES


def _lig() -> Dialect:
    from ligrad_ir.dialects.lig.ops import Lig

    return Lig


def _npu() -> Dialect:
    from ligrad_ir.dialects.npu.dialect import Npu

    return Npu


def _ascendc() -> Dialect:
    from ligrad_ir.dialects.ascendc.dialect import AscendC

    return AscendC


def _ascendc_target() -> type[Target]:
    from backends.ascendc.printer import AscendCTarget

    return AscendCTarget


LIGRAD_UNIVERSE = Universe(
    all_dialects={"lig": _lig, "npu": _npu, "ascendc": _ascendc},
    all_passes=dict(OUR_PASSES),
    all_targets={"ascendc": _ascendc_target},
)
