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
from backends.numpy.dtypes import Array
from backends.numpy.npu import run_npu
from backends.numpy.tiled import npu_arguments
from backends.numpy.workload import generate
from ligrad_ir.dialects.npu_rows import GatherRowsNzOp
from passes.pipelines import PIPELINES, npu_pipeline, run_passes
from passes.stream_to_npu import StreamToNpuPass
from passes.tiling.stream import Scatter
from tests.matrix.test_tiled import check, example
from tests.passes.pipe_clocks import PipeClocks
from tests.passes.test_npu_passes import Lifetimes

NAMES = ("lightning_indexer_grad", "forward_scores", "linear_indexer_grad")
DEPTHS = (1, 2, 3)
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
    scatter: Scatter = "vector",
) -> ModuleOp:
    module = operator(name, layout, deterministic).source.clone()
    lower = StreamToNpuPass(SOC, deterministic, window, depth, scatter)
    rest = npu_pipeline(SOC, deterministic=deterministic, schedule="optimized")[1:]
    run_passes(module, (*PIPELINES["optimized-mixed"], lower, *rest))
    gathers = [op for op in module.walk() if isinstance(op, GatherRowsNzOp)]
    assert len(gathers) == depth
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


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
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
