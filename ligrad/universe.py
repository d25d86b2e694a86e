"""What this package adds to xDSL: found by `xdsl-opt` as a plug-in."""

from __future__ import annotations

from xdsl.ir import Dialect
from xdsl.universe import Universe

from passes.registry import OUR_PASSES


def _lig() -> Dialect:
    from ligrad_ir.dialects.lig import Lig

    return Lig


LIGRAD_UNIVERSE = Universe(all_dialects={"lig": _lig}, all_passes=dict(OUR_PASSES))
