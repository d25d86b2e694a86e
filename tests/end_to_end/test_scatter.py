"""Updates that the cube core adds to their rows itself: right, ordered, and the same as
those that the vector cores add, at the level `tiled` and as a kernel on the twin."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import ligrad
from backends.project.run import run_source
from ligrad.workload import generate
from ligrad_ir.dialects.npu.rows import FixpipeAddRowsOp, ScatterAddRowsOp
from passes.pipelines import (
    ASCENDC_PIPELINE,
    PIPELINES,
    lowering,
    npu_pipeline,
    run_passes,
)
from passes.stream_to_npu import StreamToNpuPass
from passes.to_npu.stream import Scatter
from tests.end_to_end.test_stream import (
    RAGGED,
    SHAPES,
    SOC,
    inputs,
    operator,
    run,
    small,
    streamed,
)
from tests.end_to_end.test_tiled import check
from tests.passes.pipe_clocks import PipeClocks
from tests.passes.test_npu_passes import Lifetimes

NAMES = ("lightning_indexer_grad", "linear_indexer_grad")
HEADER = """operator Small
axis T in 1..9
axis N in 1..999
axis K in 1..512
axis G in 1..64
axis D = 192
input q   : half[T, G, D]
input key : half[N, D]
input dy  : half[T, K]
input i   : int32[T, K] selects N
"""
SHARED = ("P = Matmul(q, Gather(key, i)) * dy", "U = Matmul(P, q)")
"""Scores [T, G, K], updates [T, K, D]."""
FORMULAS: dict[str, tuple[int, *tuple[str, ...]]] = {
    "two tiles of columns": (1, "output x : half[N, D]", "x = ScatterAdd(U, i)"),
    "relu on the way out": (1, "output x : half[N, D]", "x = ScatterAdd(Relu(U), i)"),
    "two results": (
        *(2, "output x : half[N, D]", "output y : half[N, D]"),
        *("x = ScatterAdd(U, i)", "y = ScatterAdd(Matmul(Relu(P), q), i)"),
    ),
}
"""How many scatters there are, and lines."""


def rows_ops(module: ModuleOp) -> tuple[int, int]:
    """How often the cube core and the vector cores add rows."""
    ops = list(module.walk())
    return (
        sum(isinstance(op, FixpipeAddRowsOp) for op in ops),
        sum(isinstance(op, ScatterAddRowsOp) for op in ops),
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_errors_stay_within_what_rounding_explains(name: str, shape: str) -> None:
    """Windows of half a tile, of one, and of two."""
    found = operator(name, "BSND", False)
    values = inputs(name, "BSND", SHAPES[shape], seed=7)
    for window, depth, cores in ((64, 2, 2), (128, 1, 1), (256, 3, 3)):
        module = streamed(name, "BSND", depth, window=window, scatter="cube")
        assert rows_ops(module) == (depth, 0)
        outputs = run(found, module, values, cores, reverse=cores == 2)
        check(found, values, outputs)


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_ragged_batches(name: str, mode: int) -> None:
    found = operator(name, "TND", False)
    module = streamed(name, "TND", 2, scatter="cube")
    values = generate(found.signature, RAGGED, seed=1, attributes={"sparse_mode": mode})
    for reverse in (False, True):
        check(found, values, run(found, module, values, 2, reverse=reverse))


def test_nothing_selected_and_the_same_row_always() -> None:
    found = operator(NAMES[0], "BSND", False)
    module = streamed(NAMES[0], "BSND", 2, scatter="cube")
    values = inputs(NAMES[0], "BSND", SHAPES["many windows"])
    values["sparse_indices"][:] = 3
    check(found, values, run(found, module, values, 2))
    values["sparse_indices"][:] = -1
    assert not any(a.any() for a in run(found, module, values, 2).values())


@pytest.mark.parametrize(("layout", "cores"), [("BSND", 1), ("TND", 3)])
@pytest.mark.parametrize("name", NAMES)
def test_on_the_twin_it_is_as_with_the_vector_cores(
    name: str, layout: str, cores: int
) -> None:
    """Bit for bit, where sums are exact; with nothing to report."""
    found = operator(name, layout, False)
    shape = RAGGED if layout == "TND" else SHAPES["many windows"]
    values = small(name, layout, dict(shape, N1=5))
    bound = found.bind(values)
    outputs: list[dict[str, bytes]] = []
    choices: tuple[Scatter, ...] = ("cube", "vector")
    for scatter in choices:
        module = streamed(name, layout, 2, window=128, scatter=scatter).clone()
        run_passes(module, ASCENDC_PIPELINE)
        result = run_source(module, bound, cores, found.soc)
        assert not result.report.hazards, "\n".join(map(str, result.report.hazards))
        outputs.append({p: a.tobytes() for p, a in result.outputs.items()})
        assert all(a.any() for a in result.outputs.values())
    assert outputs[0] == outputs[1]


def test_with_deterministic_the_vector_cores_add() -> None:
    """The program is the same in either case."""
    modules = [
        streamed(NAMES[0], "TND", 2, True, scatter=scatter)
        for scatter in ("cube", "vector")
    ]
    assert str(modules[0]) == str(modules[1])
    assert rows_ops(modules[0])[0] == 0


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_pipes_are_ordered_and_buffers_are_apart(name: str, depth: int) -> None:
    found = operator(name, "BSND", False)
    module = streamed(name, "BSND", depth, scatter="cube")
    values = inputs(name, "BSND", dict(SHAPES["many windows"], N1=3))
    clocks, lifetimes = PipeClocks(), Lifetimes()
    run(found, module, values, 1, clocks, lifetimes)
    assert not clocks.hazards
    assert not lifetimes.clobbered
    assert lifetimes.reads > 100


# ---- other formulas


@cache
def of_formulas(name: str) -> tuple[ligrad.Operator, ModuleOp]:
    _, *more = FORMULAS[name]
    lines = sorted((*SHARED, *more), key=lambda line: not line.startswith("output"))
    text = HEADER + "\n".join(lines) + "\n"
    found = ligrad.compile(
        text, dtype="bf16", schedule="optimized", precision="mixed", layout="BSND"
    )
    module = found.source.clone()
    lower = StreamToNpuPass(SOC, window=128, depth=2, scatter="cube")
    *rewrites, _ = lowering(SOC, schedule="optimized")
    rest = npu_pipeline(SOC, schedule="optimized")[len(rewrites) + 1 :]
    run_passes(module, (*PIPELINES["optimized-mixed"], *rewrites, lower, *rest))
    return found, module


@pytest.mark.parametrize("name", FORMULAS)
def test_other_formulas(name: str) -> None:
    found, module = of_formulas(name)
    shape: dict[str, Any] = {"T": 3, "N": 200, "K": 197, "G": 17}
    values = generate(found.signature, shape, seed=2, attributes={})
    rng = np.random.default_rng(3)
    values["i"][rng.random(values["i"].shape) < 0.2] = -1
    check(found, values, run(found, module, values, 2))
    scatters, *_ = FORMULAS[name]
    assert rows_ops(module) == (2 * scatters, 0)
