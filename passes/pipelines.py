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
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.places import blame
from ligrad_ir.wellformed import first_wrong
from passes.assign_layouts import AssignLayoutsPass
from passes.assign_precision import AssignPrecisionPass
from passes.choices import DEFAULT_CHOICE, Choice
from passes.drop_dead_statements import DropDeadStatementsPass
from passes.fold_reduction import FoldReductionPass
from passes.form_expressions import FormExpressionsPass
from passes.fuse_blocks import FuseBlocksPass
from passes.insert_cross_sync import InsertCrossSyncPass
from passes.insert_sync import InsertSyncPass
from passes.lower_to_ascendc import LowerToAscendcPass
from passes.lower_to_npu import TOKENS, LowerToNpuPass
from passes.narrow_signs import NarrowSignsPass
from passes.place_buffers import PlaceBuffersPass
from passes.round_before_selection import RoundBeforeSelectionPass
from passes.separate_arrays import SeparateArraysPass
from passes.sink_scaling import SinkScalingPass
from passes.split_operands import SplitOperandsPass
from passes.sum_tokens_last import SumTokensLastPass

Schedule = Literal["optimized", "baseline"]
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
Precision = Literal["float32", "mixed"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

SIMPLIFY: tuple[ModulePass, ...] = (
    CanonicalizePass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
)


def algebra(matmul_operands: str) -> tuple[ModulePass, ...]:
    """Over exact reals: the same mathematics in fewer operations. What the operands of
    matmuls will be rounded to decides which of them may change."""
    return (
        *SIMPLIFY,
        SinkScalingPass(matmul_operands),
        *SIMPLIFY,
        FoldReductionPass(),
        *SIMPLIFY,
    )


ALGEBRA = algebra("f32")
"""With all that holds of exact numbers."""

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
    "optimized-float32": (
        *ALGEBRA,
        AssignPrecisionPass(matmul_operands="f32"),
        *SIMPLIFY,
    ),
    "optimized-mixed": (
        *algebra("half"),
        AssignPrecisionPass(matmul_operands="half"),
        *SIMPLIFY,
        NarrowSignsPass(),
        SplitOperandsPass(),
        *SIMPLIFY,
    ),
}
"""`graph-float32`: halves come in and go out, all between is float32 (the reference).
`graph-mixed`: matmul operands are half, as the cube unit wants them. The formulas as they
stand; `optimized-..` with the algebra applied, and in `mixed` with halves that lose
nothing: signs cross memory as bfloat16, small operands that are rounded become two."""


def interpreter_pipeline(
    precision: Precision, *, optimized: bool = True
) -> tuple[ModulePass, ...]:
    """From formulas to a graph whose work is in loops over blocks of tokens. In mixed
    precision formulas stay as they stand, like those of kernels."""
    algebra = "optimized" if optimized and precision == "float32" else "graph"
    return (*PIPELINES[f"{algebra}-{precision}"], FuseBlocksPass())


def kernel_pipeline(
    soc: str,
    *,
    deterministic: bool = False,
    schedule: Schedule = "baseline",
    choice: Choice = DEFAULT_CHOICE,
) -> tuple[ModulePass, ...]:
    """From formulas to an ordered and placed launch on a chip. `baseline` takes them as
    they stand, in whole tokens, as a kernel by hand does; `optimized` rewrites them, and
    streams entries, or does what is chosen."""
    graph = PIPELINES["graph-mixed"]
    if schedule == "optimized":
        graph = tuple(
            each
            for each in PIPELINES["optimized-mixed"]
            if each.name not in choice.without
        )
    tiled = npu_pipeline(
        soc, deterministic=deterministic, schedule=schedule, choice=choice
    )
    return (*graph, *tiled)


def lowering(
    soc: str,
    *,
    deterministic: bool = False,
    schedule: Schedule = "baseline",
    choice: Choice = DEFAULT_CHOICE,
) -> tuple[ModulePass, ...]:
    """From a graph in mixed precision to a launch that is not ordered and not placed."""
    if schedule == "optimized":
        lower = choice.lower(soc, deterministic)
        return (
            AssignLayoutsPass(),
            SeparateArraysPass(),
            SumTokensLastPass(),
            lower,
        )
    return (
        AssignLayoutsPass(),
        SeparateArraysPass(),
        RoundBeforeSelectionPass(),
        SumTokensLastPass(),
        LowerToNpuPass(soc, deterministic, TOKENS, outer_products="cube"),
    )


def npu_pipeline(
    soc: str,
    *,
    deterministic: bool = False,
    schedule: Schedule = "baseline",
    choice: Choice = DEFAULT_CHOICE,
) -> tuple[ModulePass, ...]:
    """From a graph in mixed precision to an ordered and placed launch on a chip."""
    return (
        *lowering(soc, deterministic=deterministic, schedule=schedule, choice=choice),
        CommonSubexpressionElimination(),
        DeadCodeElimination(),
        CanonicalizePass(),
        LoopInvariantCodeMotionPass(),
        CommonSubexpressionElimination(),
        DeadCodeElimination(),
        InsertCrossSyncPass(),
        PlaceBuffersPass(choice.sizes),
        InsertSyncPass(),
    )


ASCENDC_PIPELINE: tuple[ModulePass, ...] = (
    LowerToAscendcPass(),
    CommonSubexpressionElimination(),
    DropDeadStatementsPass(),
    FormExpressionsPass(),
)
"""From a launch to the statements of a kernel."""


def run_pipeline(module: ModuleOp, name: str) -> None:
    """Run a named pipeline in place, as `run_passes` does."""
    run_passes(module, PIPELINES[name])


def run_passes(module: ModuleOp, passes: tuple[ModulePass, ...]) -> None:
    """Run passes in place, and verify what they leave.

    Raises:
        PassFailedException: a pass refuses the module, or leaves one that breaks a rule
            of an operation: says which, and where it comes from.
    """
    before = module.clone()
    context = pass_context()
    try:
        for each in passes:
            each.apply(context, module)
        if passes:
            verify_after(passes[-1], module)
    except Exception:
        run_passes_checked(before, passes)
        raise


def run_passes_checked(module: ModuleOp, passes: tuple[ModulePass, ...]) -> None:
    """The same, verified after every pass that makes or changes operations, which takes
    twice as long: the first pass that leaves what breaks a rule is the one that fails."""
    context = pass_context()
    for each in passes:
        each.apply(context, module)
        if each is passes[-1] or not isinstance(each, MOVERS):
            verify_after(each, module)


def pass_context() -> Context:
    """What passes run in: knows the dialects whose constants are folded."""
    context = Context()
    context.load_dialect(Arith)
    return context


def verify_after(done: ModulePass, module: ModuleOp) -> None:
    """Check every rule of every operation.

    Raises:
        PassFailedException: naming the pass, the operation and its place.
    """
    if (found := first_wrong(module)) is not None:
        culprit, reason = found
        raise PassFailedException(
            f"{done.name} left wrong IR: {blame(culprit)}: {reason}"
        )
