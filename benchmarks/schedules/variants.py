"""Variations: of the model's parameters, and of the optimized schedule's passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xdsl.passes import ModulePass

import ligrad
from backends.twin.timing import DEFAULT_TIMING, Timing
from benchmarks.schedules.errors import Error, errors
from benchmarks.schedules.measure import (
    MAIN,
    ORDER,
    Setup,
    example,
    kernel,
    scheduled,
    steady,
)
from ligrad.tune.steady import Steady
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import entry_function
from passes.lower_to_npu import TOKENS, LowerToNpuPass
from passes.pipelines import kernel_pipeline, run_passes
from passes.stream_to_npu import DEPTH, StreamToNpuPass
from passes.to_npu.gathering import Gather
from passes.to_npu.stream import Scatter, stream
from passes.to_npu.unsupported import UnsupportedError

# ---- of the model

DOUBTS = {
    "row transfer": ("issue_transfer", "transfer_startup"),
    "Fixpipe of a row": ("fixpipe_startup",),
    "rates of L2": ("l2_read_rate", "l2_write_rate"),
    "scalar access": ("scalar_access",),
    "latency of GM": ("l2_latency", "store_latency"),
    "cross-core flags": ("cross_latency",),
}
"""Parameters of the model that may be off, and go together."""


def timings() -> Iterator[tuple[str, Timing]]:
    """The model as it is, and with each doubt at half and at twice its value."""
    yield "the model as it is", DEFAULT_TIMING
    for name, parameters in DOUBTS.items():
        for factor in (0.5, 2.0):
            changed = {each: DEFAULT_TIMING[each] * factor for each in parameters}
            yield f"{name} x {factor:g}", DEFAULT_TIMING.changed(**changed)
    yield "a port for each core", DEFAULT_TIMING.changed(group_port=0)


def ratios(setup: Setup) -> Iterator[tuple[str, float, float]]:
    """Cycles of a token in both schedules, by what is changed in the model."""
    for name, timing in timings():
        before, behind = (
            steady(
                scheduled(schedule, setup.soc, "bf16"),
                setup,
                timing=timing,
                check=False,
            ).cycles
            for schedule in ORDER
        )
        yield name, before, behind


# ---- of the passes

REWRITES = ("sink-scaling", "fold-reduction", "narrow-signs", "split-operands")
WINDOW = 128
WINDOWS = (WINDOW, 256, 512)
DEPTHS = (1, 2, 3)


@dataclass(frozen=True)
class Row:
    """A variant of the optimized schedule: what it costs and how far off it is; or why
    there is nothing to measure."""

    name: str
    cost: Steady | None
    errors: dict[str, Error]
    note: str = ""


def variants(soc: str) -> Iterator[tuple[str, tuple[ModulePass, ...] | None]]:
    """Names and pipelines; None where there is no such pass to leave out."""
    full = kernel_pipeline(soc, schedule="optimized")

    def without(*names: str) -> tuple[ModulePass, ...] | None:
        rest = tuple(each for each in full if each.name not in names)
        return rest if len(rest) < len(full) else None

    def streaming(
        window: int,
        depth: int,
        gather: Gather = "cube",
        scatter: Scatter = "vector",
    ) -> tuple[ModulePass, ...]:
        return tuple(
            replace(each, window=window, depth=depth, gather=gather, scatter=scatter)
            if isinstance(each, StreamToNpuPass)
            else each
            for each in full
        )

    yield "optimized", full
    for name in REWRITES:
        yield f"without {name}", without(name)
    yield (
        "without fold-reduction, split-operands",
        without("fold-reduction", "split-operands"),
    )
    yield "without streaming", in_whole_tokens(full)
    yield (
        "without streaming, split-operands",
        in_whole_tokens(without("split-operands") or full),
    )
    yield "without pipelining", streaming(WINDOW, 1)
    yield "gather by the vector cores", streaming(WINDOW, DEPTH, "vector")
    yield "gather shared", streaming(WINDOW, DEPTH, "shared")
    for window in WINDOWS:
        for depth in DEPTHS:
            yield f"window {window}, depth {depth}", streaming(window, depth)
    yield "scatter by Fixpipe", streaming(WINDOW, DEPTH, scatter="cube")
    by_hand = kernel_pipeline(soc, schedule="baseline")

    def lowered(**options: Any) -> tuple[ModulePass, ...]:
        return tuple(
            replace(each, **options) if isinstance(each, LowerToNpuPass) else each
            for each in by_hand
        )

    yield "baseline", by_hand
    yield "baseline, one token at once", lowered(tokens=1)
    yield "baseline, three tokens at once", lowered(tokens=3)
    yield "baseline, w dy on the vector cores", lowered(outer_products="vector")


def in_whole_tokens(passes: Sequence[ModulePass]) -> tuple[ModulePass, ...]:
    """The same graph, lowered as where its entries cannot be cut."""
    return tuple(
        LowerToNpuPass(each.soc, each.deterministic, TOKENS)
        if isinstance(each, StreamToNpuPass)
        else each
        for each in passes
    )


def ablation(setup: Setup) -> Iterator[Row]:
    """The variants, measured on the problem."""
    known: dict[tuple[ModulePass, ...], Row] = {}
    for name, passes in variants(setup.soc):
        if passes is None:
            yield Row(name, None, {}, "the schedule has no such pass")
            continue
        if passes not in known:
            known[passes] = _measured(setup, passes)
        yield replace(known[passes], name=name)


def _measured(setup: Setup, passes: Sequence[ModulePass]) -> Row:
    try:
        program = kernel(example(MAIN), setup.soc, "bf16", passes)
        found = steady(program, setup)
    except LigradError as reason:
        return Row("", None, {}, str(reason).partition("\n")[0])
    notes = [f"{found.hazards} hazards"] * bool(found.hazards)
    notes += ["in whole tokens"] * (not _streams(setup.soc, passes))
    return Row("", found, errors(found.outputs, setup, "bf16"), ", ".join(notes))


def _streams(soc: str, passes: Sequence[ModulePass]) -> bool:
    """Whether the entries of the graph that passes make go through in windows."""
    at = [i for i, each in enumerate(passes) if isinstance(each, StreamToNpuPass)]
    if not at:
        return False
    module = ligrad.compile(example(MAIN), soc=soc).source.clone()
    run_passes(module, tuple(passes[: at[0]]))
    try:
        stream(entry_function(module))
    except UnsupportedError:
        return False
    return True
