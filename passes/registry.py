"""All passes by name: ours, and those of xDSL that we rely on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.passes import ModulePass


def _assign_precision() -> type[ModulePass]:
    from passes.assign_precision import AssignPrecisionPass

    return AssignPrecisionPass


OUR_PASSES: Mapping[str, Callable[[], type[ModulePass]]] = {
    "assign-precision": _assign_precision,
}
"""By name, loaded when asked for."""
