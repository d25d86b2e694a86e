"""Lowers a graph loop by loop, where it takes several loops over tokens."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from passes.assign_layouts import AssignLayoutsPass
from passes.separate_arrays import SeparateArraysPass
from passes.sum_tokens_last import SumTokensLastPass
from passes.to_npu.join import join
from passes.to_npu.parts import split

PREPARE = (SumTokensLastPass(), AssignLayoutsPass(), SeparateArraysPass())
"""What a part needs again: its tokens and its arrays are others than those of the graph."""


def lower_by_loops(module: ModuleOp, lower: Callable[[ModuleOp], None]) -> None:
    """Replace a graph by a launch, in place: `lower` does so for a graph of one loop."""
    parts = split(module)
    if len(parts) < 2:
        lower(module)
        return
    context = Context()
    for part in parts:
        for each in PREPARE:
            each.apply(context, part.module)
        lower(part.module)
    join(module, parts)
