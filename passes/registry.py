"""All passes by name: ours, and those of xDSL that we rely on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.passes import ModulePass


def _assign_layouts() -> type[ModulePass]:
    from passes.assign_layouts import AssignLayoutsPass

    return AssignLayoutsPass


def _assign_precision() -> type[ModulePass]:
    from passes.assign_precision import AssignPrecisionPass

    return AssignPrecisionPass


def _drop_dead_statements() -> type[ModulePass]:
    from passes.drop_dead_statements import DropDeadStatementsPass

    return DropDeadStatementsPass


def _fold_reduction() -> type[ModulePass]:
    from passes.fold_reduction import FoldReductionPass

    return FoldReductionPass


def _form_expressions() -> type[ModulePass]:
    from passes.form_expressions import FormExpressionsPass

    return FormExpressionsPass


def _fuse_blocks() -> type[ModulePass]:
    from passes.fuse_blocks import FuseBlocksPass

    return FuseBlocksPass


def _insert_cross_sync() -> type[ModulePass]:
    from passes.insert_cross_sync import InsertCrossSyncPass

    return InsertCrossSyncPass


def _insert_sync() -> type[ModulePass]:
    from passes.insert_sync import InsertSyncPass

    return InsertSyncPass


def _lower_to_ascendc() -> type[ModulePass]:
    from passes.lower_to_ascendc import LowerToAscendcPass

    return LowerToAscendcPass


def _lower_to_npu() -> type[ModulePass]:
    from passes.lower_to_npu import LowerToNpuPass

    return LowerToNpuPass


def _narrow_signs() -> type[ModulePass]:
    from passes.narrow_signs import NarrowSignsPass

    return NarrowSignsPass


def _outline_kernel() -> type[ModulePass]:
    from passes.outline_kernel import OutlineKernelPass

    return OutlineKernelPass


def _place_buffers() -> type[ModulePass]:
    from passes.place_buffers import PlaceBuffersPass

    return PlaceBuffersPass


def _round_before_selection() -> type[ModulePass]:
    from passes.round_before_selection import RoundBeforeSelectionPass

    return RoundBeforeSelectionPass


def _separate_arrays() -> type[ModulePass]:
    from passes.separate_arrays import SeparateArraysPass

    return SeparateArraysPass


def _sink_scaling() -> type[ModulePass]:
    from passes.sink_scaling import SinkScalingPass

    return SinkScalingPass


def _split_operands() -> type[ModulePass]:
    from passes.split_operands import SplitOperandsPass

    return SplitOperandsPass


def _sum_tokens_last() -> type[ModulePass]:
    from passes.sum_tokens_last import SumTokensLastPass

    return SumTokensLastPass


def _stream_to_npu() -> type[ModulePass]:
    from passes.stream_to_npu import StreamToNpuPass

    return StreamToNpuPass


OUR_PASSES: Mapping[str, Callable[[], type[ModulePass]]] = {
    "assign-layouts": _assign_layouts,
    "assign-precision": _assign_precision,
    "drop-dead-statements": _drop_dead_statements,
    "fold-reduction": _fold_reduction,
    "form-expressions": _form_expressions,
    "fuse-blocks": _fuse_blocks,
    "insert-cross-sync": _insert_cross_sync,
    "insert-sync": _insert_sync,
    "lower-to-ascendc": _lower_to_ascendc,
    "lower-to-npu": _lower_to_npu,
    "narrow-signs": _narrow_signs,
    "outline-kernel": _outline_kernel,
    "place-buffers": _place_buffers,
    "round-before-selection": _round_before_selection,
    "separate-arrays": _separate_arrays,
    "sink-scaling": _sink_scaling,
    "split-operands": _split_operands,
    "stream-to-npu": _stream_to_npu,
    "sum-tokens-last": _sum_tokens_last,
}
"""By name, loaded when asked for."""
