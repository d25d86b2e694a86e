"""Pipelines as data: named stages, each a tuple of passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import (
    CommonSubexpressionElimination,
)
from xdsl.transforms.dead_code_elimination import DeadCodeElimination
from xdsl.transforms.loop_invariant_code_motion import LoopInvariantCodeMotionPass

from passes.assign_precision import AssignPrecisionPass
from passes.form_expressions import FormExpressionsPass
from passes.insert_cross_sync import InsertCrossSyncPass
from passes.insert_sync import InsertSyncPass
from passes.lower_to_ascendc import LowerToAscendcPass
from passes.lower_to_npu import LowerToNpuPass
from passes.place_buffers import PlaceBuffersPass

Precision = Literal["float32", "mixed"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

SIMPLIFY: tuple[ModulePass, ...] = (
    CanonicalizePass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
)

MOVERS = (
    CommonSubexpressionElimination,
    DeadCodeElimination,
    LoopInvariantCodeMotionPass,
)
"""Passes of xDSL that move and remove operations, and change none."""

PIPELINES: Mapping[str, tuple[ModulePass, ...]] = {
    "simplify": SIMPLIFY,
    "graph-float32": (
        *SIMPLIFY,
        AssignPrecisionPass(matmul_operands="f32"),
        *SIMPLIFY,
    ),
    "graph-mixed": (
        *SIMPLIFY,
        AssignPrecisionPass(matmul_operands="half"),
        *SIMPLIFY,
    ),
}
"""`graph-float32`: halves come in and go out, all between is float32 (the reference).
`graph-mixed`: matmul operands are half, as the cube unit wants them."""


def npu_pipeline(soc: str) -> tuple[ModulePass, ...]:
    """From a graph in mixed precision to an ordered and placed launch on a chip."""
    return (
        LowerToNpuPass(soc),
        CanonicalizePass(),
        LoopInvariantCodeMotionPass(),
        CommonSubexpressionElimination(),
        DeadCodeElimination(),
        InsertCrossSyncPass(),
        PlaceBuffersPass(),
        InsertSyncPass(),
    )


ASCENDC_PIPELINE: tuple[ModulePass, ...] = (
    LowerToAscendcPass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
    FormExpressionsPass(),
)
"""From a launch to the statements of a kernel."""


def run_pipeline(module: ModuleOp, name: str) -> None:
    """Run a named pipeline in place, as `run_passes` does."""
    run_passes(module, PIPELINES[name])


def run_passes(module: ModuleOp, passes: tuple[ModulePass, ...]) -> None:
    """Run passes in place; the module is verified after every one that makes or changes
    operations, and at the end."""
    context = Context()
    context.load_dialect(Arith)  # its constants are folded
    for step in passes:
        step.apply(context, module)
        if step is passes[-1] or not isinstance(step, MOVERS):
            module.verify()
