"""Entries that stream: windows of 64 and rings of several depths, at the level `tiled`, on
small shapes; within the bounds, the same whatever the windows, and ordered."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter

import ligrad
from backends.call.dtypes import Array
from backends.project.run import run_source
from backends.tiled.call import npu_arguments
from backends.tiled.interpreter import run_npu
from ligrad.workload import generate
from ligrad_ir.dialects.npu.rows import GatherRowsNzOp, GatherRowsOp
from passes import stream_to_npu
from passes.pipelines import (
    ASCENDC_PIPELINE,
    PIPELINES,
    lowering,
    npu_pipeline,
    run_passes,
)
from passes.stream_to_npu import StreamToNpuPass
from passes.to_npu import gathering
from passes.to_npu.gathering import Gather
from passes.to_npu.stream import Scatter
from tests.end_to_end.test_tiled import check, example
from tests.passes.pipe_clocks import PipeClocks
from tests.passes.test_npu_passes import Lifetimes

NAMES = ("lightning_indexer_grad", "forward_scores", "linear_indexer_grad")
DEPTHS = (1, 2, 3)
OTHERS: tuple[Gather, ...] = ("vector", "shared")
"""Who gathers, where it is not the cube core alone."""
MOST = [(NAMES[0], depth) for depth in DEPTHS] + [(name, 2) for name in NAMES[1:]]
"""Every depth, and every example."""
SOC = "ascend910b1"


@cache
def operator(name: str, layout: str, deterministic: bool) -> ligrad.Operator:
    return ligrad.compile(
        example(name),
        dtype="bf16" if layout == "BSND" else "fp16",
        layout=layout,
        schedule="optimized",
        precision="mixed",
        deterministic=deterministic,
    )


@cache
def streamed(
    name: str,
    layout: str,
    depth: int,
    deterministic: bool = False,
    window: int = 64,
    gather: Gather = "cube",
    scatter: Scatter = "vector",
) -> ModuleOp:
    module = operator(name, layout, deterministic).source.clone()
    lower = StreamToNpuPass(SOC, deterministic, window, depth, gather, scatter)
    *rewrites, _ = lowering(SOC, schedule="optimized")
    passes = npu_pipeline(SOC, deterministic=deterministic, schedule="optimized")
    rest = passes[len(rewrites) + 1 :]
    run_passes(module, (*PIPELINES["optimized-mixed"], *rewrites, lower, *rest))
    for kind, by in ((GatherRowsNzOp, "cube"), (GatherRowsOp, "vector")):
        found = [op for op in module.walk() if isinstance(op, kind)]
        assert len(found) == depth * (gather in (by, "shared"))
    return module


def inputs(
    name: str, layout: str, shape: dict[str, Any], seed: int = 0
) -> dict[str, Any]:
    """All entries valid; among them no key, and the same key again and again."""
    values = generate(
        operator(name, layout, False).signature,
        shape,
        seed=seed,
        attributes={"sparse_mode": 0},
    )
    rows = values["sparse_indices"]
    rows = rows.reshape(-1, rows.shape[-1])
    rng = np.random.default_rng(seed)
    rows[rng.random(rows.shape) < 0.2] = -1
    for row in rows[::2]:
        row[rng.random(row.shape) < 0.3] = row.max()
    return values


def run(
    found: ligrad.Operator,
    module: ModuleOp,
    values: dict[str, Any],
    cores: int,
    *listeners: Interpreter.Listener,
    reverse: bool = False,
) -> dict[str, Array]:
    bound = found.bind(values)
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, listeners=listeners, reverse=reverse)
    return bound.results(outputs)


SHAPES: dict[str, dict[str, Any]] = {
    "one entry": {"B": 1, "S1": 2, "S2": 3, "N1": 3, "K": 1},
    "a window and a bit": {"B": 1, "S1": 3, "S2": 70, "N1": 17, "K": 65},
    "whole windows": {"B": 2, "S1": 1, "S2": 192, "N1": 2, "K": 192},
    "many windows": {"B": 1, "S1": 2, "S2": 450, "N1": 18, "K": 437},
    "one token": {"B": 1, "S1": 1, "S2": 140, "N1": 5, "K": 129},
    "more tokens than cores": {"B": 2, "S1": 4, "S2": 90, "N1": 1, "K": 70},
}


@pytest.mark.parametrize(("name", "depth"), MOST)
@pytest.mark.parametrize("shape", SHAPES)
def test_errors_stay_within_what_rounding_explains(
    name: str, shape: str, depth: int
) -> None:
    """On any number of cores, some of them without a token, and in both orders of them."""
    found, module = operator(name, "BSND", False), streamed(name, "BSND", depth)
    values = inputs(name, "BSND", SHAPES[shape], seed=depth)
    for cores, reverse in ((1, False), (2, True), (3, False)):
        outputs = run(found, module, values, cores, reverse=reverse)
        check(found, values, outputs)


RAGGED = {"S1": (3, 0, 2, 1), "S2": (137, 3, 0, 70), "N1": 9, "K": 130}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_ragged_batches(name: str, mode: int, depth: int) -> None:
    """Batches without tokens or keys; in mode 3 tokens of different lengths, and none."""
    found, module = operator(name, "TND", False), streamed(name, "TND", depth)
    values = generate(found.signature, RAGGED, seed=1, attributes={"sparse_mode": mode})
    for reverse in (False, True):
        check(found, values, run(found, module, values, 2, reverse=reverse))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_selected(name: str) -> None:
    found = operator(name, "BSND", False)
    values = inputs(name, "BSND", SHAPES["a window and a bit"])
    values["sparse_indices"][:] = -1
    for depth in DEPTHS:
        for array in run(found, streamed(name, "BSND", depth), values, 2).values():
            assert not array.any()


# ---- the same bits


def small(name: str, layout: str, shape: dict[str, Any]) -> dict[str, Any]:
    """Small integers, whose sums are exact in any order."""
    values = inputs(name, layout, shape)
    rng = np.random.default_rng(5)
    for port in ("query", "key", "dy", "weights"):
        if port in values:
            numbers = rng.integers(-2, 3, values[port].shape)
            values[port] = numbers.astype(values[port].dtype)
    return values


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", NAMES)
def test_where_sums_are_exact_no_window_makes_a_difference(
    name: str, layout: str
) -> None:
    """Nor does a ring, a number of cores, their order, or the level: all are as the
    kernel on the twin has it."""
    found = operator(name, layout, False)
    shape = RAGGED if layout == "TND" else SHAPES["many windows"]
    values = small(name, layout, dict(shape, N1=5))
    source = found.run_source(values, 2)
    assert not source.report.hazards
    expected = {port: array.tobytes() for port, array in source.outputs.items()}
    assert all(array.any() for array in source.outputs.values())
    for window, depth, cores in ((64, 1, 3), (64, 2, 1), (64, 3, 3), (128, 2, 2)):
        module = streamed(name, layout, depth, window=window)
        outputs = run(found, module, values, cores, reverse=cores < 3)
        assert {p: a.tobytes() for p, a in outputs.items()} == expected


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", ["lightning_indexer_grad", "linear_indexer_grad"])
def test_deterministic(name: str, depth: int) -> None:
    """The same bits on any number of cores, in any order of them."""
    found, module = operator(name, "TND", True), streamed(name, "TND", depth, True)
    values = inputs(name, "TND", RAGGED)
    outputs = [
        run(found, module, values, cores, reverse=reverse)
        for cores, reverse in ((1, False), (2, True), (3, False))
    ]
    check(found, values, outputs[0])
    for port, array in outputs[0].items():
        assert all(other[port].tobytes() == array.tobytes() for other in outputs)


# ---- order


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", NAMES)
def test_pipes_are_ordered_and_buffers_are_apart(name: str, depth: int) -> None:
    """With every slot of the ring used again and again."""
    found, module = operator(name, "BSND", False), streamed(name, "BSND", depth)
    values = inputs(name, "BSND", dict(SHAPES["many windows"], N1=3))
    clocks, lifetimes = PipeClocks(), Lifetimes()
    run(found, module, values, 1, clocks, lifetimes)
    assert not clocks.hazards
    assert not lifetimes.clobbered
    assert lifetimes.reads > 100


# ---- rows that the vector cores gather


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_gathered_by_others_errors_stay_within(
    name: str, gather: Gather, depth: int
) -> None:
    """Half of the shapes at each depth."""
    found = operator(name, "BSND", False)
    for i, shape in enumerate([*SHAPES.values()][depth % 2 :: 2]):
        window = 64 if i % 2 else 128
        module = streamed(name, "BSND", depth, window=window, gather=gather)
        values = inputs(name, "BSND", shape, seed=depth)
        outputs = run(found, module, values, 1 + i % 3, reverse=bool(i % 2))
        check(found, values, outputs)


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_gathered_by_others_ragged_batches(
    name: str, gather: Gather, mode: int
) -> None:
    """Tokens without a window or with many, in one run."""
    found = operator(name, "TND", False)
    values = generate(found.signature, RAGGED, seed=1, attributes={"sparse_mode": mode})
    for depth, reverse in ((1 + mode // 3, False), (3, True)):
        module = streamed(name, "TND", depth, gather=gather)
        check(found, values, run(found, module, values, 2, reverse=reverse))


@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_gathered_by_others_nothing_selected(name: str, gather: Gather) -> None:
    found = operator(name, "BSND", False)
    values = inputs(name, "BSND", SHAPES["a window and a bit"])
    values["sparse_indices"][:] = -1
    module = streamed(name, "BSND", 2, gather=gather)
    for array in run(found, module, values, 2).values():
        assert not array.any()


@pytest.mark.parametrize(
    ("name", "layout"), [(NAMES[0], "BSND"), (NAMES[0], "TND"), (NAMES[1], "TND")]
)
def test_where_sums_are_exact_it_is_the_same_whoever_gathers(
    name: str, layout: str
) -> None:
    """As a program, and two of them as kernels, whose accesses the twin checks."""
    found = operator(name, layout, False)
    shape = RAGGED if layout == "TND" else SHAPES["many windows"]
    values = small(name, layout, dict(shape, N1=5))
    module = streamed(name, layout, 2)
    expected = {p: a.tobytes() for p, a in run(found, module, values, 2).items()}
    for gather, window, depth in (
        *(("vector", 64, 3), ("vector", 128, 1)),
        *(("shared", 64, 4), ("shared", 256, 2)),
    ):
        module = streamed(name, layout, depth, window=window, gather=gather)
        outputs = run(found, module, values, 3)
        assert {p: a.tobytes() for p, a in outputs.items()} == expected
        if (gather, window) in (("vector", 128), ("shared", 64)):
            continue
        kernel = module.clone()
        run_passes(kernel, ASCENDC_PIPELINE)
        source = run_source(kernel, found.bind(values), 2, found.soc)
        assert not source.report.hazards
        assert {p: a.tobytes() for p, a in source.outputs.items()} == expected


@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", ["lightning_indexer_grad", "linear_indexer_grad"])
def test_deterministic_whoever_gathers(name: str, gather: Gather) -> None:
    """The bits of the program in which the cube core gathers, on any number of cores."""
    found = operator(name, "TND", True)
    values = inputs(name, "TND", RAGGED)
    expected = run(found, streamed(name, "TND", 2, True), values, 2)
    for depth, cores in ((1, 3), (2, 1), (3, 2)):
        module = streamed(name, "TND", depth, True, gather=gather)
        outputs = run(found, module, values, cores, reverse=cores > 1)
        for port, array in outputs.items():
            assert array.tobytes() == expected[port].tobytes()


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_gathered_by_others_pipes_are_ordered(
    name: str, gather: Gather, depth: int
) -> None:
    found = operator(name, "BSND", False)
    module = streamed(name, "BSND", depth, gather=gather)
    values = inputs(name, "BSND", dict(SHAPES["many windows"], N1=3))
    clocks, lifetimes = PipeClocks(), Lifetimes()
    run(found, module, values, 1, clocks, lifetimes)
    assert not clocks.hazards
    assert not lifetimes.clobbered
    assert lifetimes.reads > 100


@pytest.mark.parametrize("gather", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_long_tokens_and_long_rows(
    name: str, gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Indices that come window by window, and rows that come in several batches, of
    which the last one is shorter."""
    monkeypatch.setattr(stream_to_npu, "MOST_INDICES", 0)
    monkeypatch.setattr(gathering, "BATCH_BYTES", 7 * 256)
    found = operator(name, "BSND", False)
    module = streamed.__wrapped__(name, "BSND", 2, window=128, gather=gather)
    values = inputs(name, "BSND", dict(SHAPES["many windows"], N1=3))
    clocks = PipeClocks()
    check(found, values, run(found, module, values, 2, clocks))
    assert not clocks.hazards
