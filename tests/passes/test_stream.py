"""Which graphs stream, what is done for every window of them, and what falls back."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.npu.launch import WorkspaceOp
from ligrad_ir.dialects.npu.rows import GatherRowsNzOp, GatherRowsOp
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.signature import entry_function
from passes.facts.extents import upper_bounds
from passes.lower_to_npu import TOKENS, LowerToNpuPass
from passes.pipelines import npu_pipeline, run_passes, run_pipeline
from passes.stream_to_npu import StreamToNpuPass
from passes.to_npu.block import BLOCK_BYTES, BLOCK_ROWS, block_rows
from passes.to_npu.builder import BodyBuilder
from passes.to_npu.cube import FRACTAL
from passes.to_npu.gathering import (
    BATCH_BYTES,
    GATHERS,
    Gather,
    batch_rows,
    cube_rows,
    most_rows,
)
from passes.to_npu.stream import Scatter, Stream, is_windowed, stream
from passes.to_npu.unsupported import UnsupportedError
from passes.to_npu.windows import NARROW, WIDE, natural_window

EXAMPLES = Path(__file__).parents[2] / "examples"
KG = "Gather(key, i)"
HEADER = """operator Small
axis T in 1..99
axis N in 1..99
axis K in 1..512
axis L in 1..64
axis G in 1..64
axis D = 64
axis E = 64
input q   : half[T, G, D]
input key : half[N, D]
input w   : half[T, G]
input dy  : half[T, K]
input m   : half[E, D]
input i   : int32[T, K] selects N
"""


def graph(text: str, pipeline: str = "optimized-mixed") -> ModuleOp:
    module = module_from_text(text, "small.lig", dtype="bf16", layout="BSND")
    run_pipeline(module, pipeline)
    return module


def small(*lines: str) -> ModuleOp:
    return graph(HEADER + "\n".join(lines) + "\n", "graph-mixed")


def example(name: str, pipeline: str = "optimized-mixed") -> ModuleOp:
    return graph((EXAMPLES / f"{name}.lig").read_text(encoding="utf-8"), pipeline)


def streamed(module: ModuleOp) -> Stream:
    return stream(entry_function(module))


def spelled(plan: Stream, ops: list[Operation]) -> list[str]:
    return [
        "+".join(
            o.name.removeprefix("lig.") for o in (op, *plan.staging.fused.get(op, ()))
        )
        for op in ops
    ]


def stages(plan: Stream) -> dict[int, list[str]]:
    return {number: spelled(plan, ops) for number, ops in plan.stages.items()}


# ---- what is done when


def test_the_backward_of_the_lightning_indexer() -> None:
    """The products are in the windows, and what their sums are needed for is behind."""
    plan = streamed(example("lightning_indexer_grad"))
    assert plan.entries == "K"
    assert stages(plan) == {
        1: ["gather", "matmul+relu+cast"],
        2: ["relu_grad"],
        3: ["matmul", "matmul+matmul+add"],
        4: ["scatter_add"],
    }
    assert [is_windowed(op, plan.entries) for op in plan.before] == [False] * len(
        plan.before
    )
    assert {"mul", "cast", "sub"} <= set(spelled(plan, plan.before))
    assert {"mul", "reduce_sum", "cast"} <= set(spelled(plan, plan.behind))
    [kept] = plan.kept
    assert kept in plan.stages[3]
    assert kept.over.string_value() == "K"
    assert [len(plan.staging.terms(op)) for op in plan.products()] == [1, 1, 2]


def test_forward_scores() -> None:
    plan = streamed(example("forward_scores"))
    assert stages(plan)[1] == ["gather", "matmul+relu"]
    assert "reduce_sum" in stages(plan)[2]
    assert not plan.before
    assert not plan.behind
    assert not plan.kept


def test_what_has_no_entries_is_done_again_where_it_is_needed() -> None:
    """A cast of the weights: for the windows, and for a result of its own."""
    plan = streamed(
        small(
            *("output s : half[T, K]", "output x : half[T, G]"),
            *("P = Matmul(q, Gather(key, i))", "s = Reduce(P * w)", "x = w * w"),
        )
    )
    assert "cast" in stages(plan)[2]
    assert "cast" in spelled(plan, plan.behind)
    assert "mul" not in spelled(plan, plan.before)


# ---- who adds updates to their rows


def scattered(module: ModuleOp) -> tuple[list[str], dict[int, list[str]]]:
    """The products that the cube core adds itself, and what is left in the stages."""
    plan = stream(entry_function(module), "cube")
    return spelled(plan, list(plan.scattered)), stages(plan)


def test_a_product_that_is_scattered_leaves_no_updates() -> None:
    """The stage of the vector cores has nothing else to do, so there is none."""
    products, left = scattered(example("lightning_indexer_grad"))
    assert products == ["matmul+matmul+add"]
    assert left == {
        1: ["gather", "matmul+relu+cast"],
        2: ["relu_grad"],
        3: ["matmul", "matmul+matmul+add"],
    }
    products, left = scattered(example("forward_scores"))
    assert not products
    assert left == stages(streamed(example("forward_scores")))


def test_updates_that_leave_the_program_are_the_vector_cores() -> None:
    module = small(
        *("output z : half[T, K, D]", "output x : half[N, D]"),
        *(f"P = Matmul(q, {KG}) * dy", "U = Matmul(P, q)"),
        *("z = U", "x = ScatterAdd(U, i)"),
    )
    products, left = scattered(module)
    assert not products
    assert "scatter_add" in left[4]


# ---- what is refused

REFUSED = {
    "a sum over the entries": (
        ("output x : half[T, G]", f"P = Matmul(q, {KG})", "x = Reduce(P * dy)"),
        r"error: .*: a sum over K on the vector unit",
    ),
    "rows for the vector unit": (
        ("output x : half[T, K]", f"x = Reduce({KG} * Gather(key, i))"),
        r"error: .*: the cube core gathers for products only",
    ),
    "a product without entries": (
        (
            *("output s : half[T, K]", "output x : half[T, G, E]"),
            *(f"s = Reduce(Matmul(q, {KG}) * w)", "x = Matmul(q, m)"),
        ),
        r"error: .*: a product without K",
    ),
    "a sum over all entries": (
        (
            *("output x : half[T, G, K]", f"P = Matmul(q, {KG})"),
            *(f"Q2 = Matmul(P, {KG})", f"x = Matmul(Q2, {KG})"),
        ),
        r"error: .*: it needs a sum over all of K",
    ),
    "updates of the vector unit": (
        ("output x : half[N, D]", "input u : half[T, K, D]", "x = ScatterAdd(u, i)"),
        r"error: .*: only products are scattered",
    ),
    "no selection": (
        ("output x : half[T, G, E]", "x = Matmul(q, m)"),
        r"0 selections, not one",
    ),
    "two selections": (
        (
            *("input j : int32[T, L] selects N", "output s : half[T, K]"),
            *("output x : half[T, L]", f"s = Reduce(Matmul(q, {KG}) * w)"),
            "x = Reduce(Matmul(q, Gather(key, j)) * w)",
        ),
        r"2 selections, not one",
    ),
}


def refused(name: str) -> ModuleOp:
    lines = sorted(REFUSED[name][0], key=lambda line: not line.startswith("input"))
    return small(*lines)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_cut_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedError, match=REFUSED[name][1]) as caught:
        streamed(refused(name))
    if "selection" not in name:
        assert "small.lig:" in str(caught.value)


def outcome(module: ModuleOp, lower: ModulePass) -> str:
    """What becomes of a graph, which does not stream."""
    try:
        run_passes(module, (lower,))
    except PassFailedException as error:
        return str(error)
    assert not any(isinstance(op, GatherRowsNzOp) for op in module.walk())
    return str(module)


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_it_falls_back_to_whole_tokens(name: str, deterministic: bool) -> None:
    """Or fails as that does, in its name."""
    found = [
        outcome(refused(name), lower)
        for lower in (
            StreamToNpuPass("ascend910b1", deterministic),
            LowerToNpuPass("ascend910b1", deterministic, TOKENS),
        )
    ]
    assert found[0] == found[1]


LATER = {
    "an output that also crosses": (
        *("output p : half[T, G, K]", "output x : half[T, G, D]"),
        *(f"p = Matmul(q, {KG}) * dy", f"x = Matmul(p, {KG})"),
    ),
    "a sum that is no single tile": (
        *("input l : half[N, F]", "output x : half[T, G, F]"),
        f"x = Matmul(Matmul(q, {KG}), Gather(l, i))",
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_what_it_finds_out_later_falls_back_as_well(name: str) -> None:
    lines = sorted(LATER[name], key=lambda line: not line.startswith("input"))
    text = HEADER.replace("axis E", "axis F = 256\naxis E")
    text += "\n".join(lines) + "\n"
    found = [
        outcome(graph(text, "graph-mixed"), lower)
        for lower in (StreamToNpuPass(), LowerToNpuPass(tokens=TOKENS))
    ]
    assert found[0] == found[1]
    assert found[0].startswith("builtin.module" if "tile" in name else "small.lig:")


@pytest.mark.parametrize("name", ["lightning_indexer_grad", "linear_indexer_grad"])
def test_formulas_as_they_stand_do_not_stream(name: str) -> None:
    """They sum over the entries on the vector unit."""
    with pytest.raises(UnsupportedError, match="a sum over K on the vector unit"):
        streamed(example(name, "graph-mixed"))


# ---- the options of the pass


@pytest.mark.parametrize(
    ("window", "depth"), [(0, 0), (32, 2), (96, 2), (-64, 1), (64, 0), (256, -1)]
)
def test_windows_are_whole_and_the_ring_has_a_slot(window: int, depth: int) -> None:
    module = example("forward_scores")
    before = str(module)
    with pytest.raises(PassFailedException, match=r"(window|depth) is -?\d+, must be"):
        StreamToNpuPass(window=window, depth=depth).apply(Context(), module)
    assert str(module) == before


def test_unknown_cores_are_refused() -> None:
    module = example("lightning_indexer_grad")
    lower = StreamToNpuPass(scatter=cast(Scatter, "gpu"))
    with pytest.raises(PassFailedException, match="scatter is 'gpu', must be one"):
        lower.apply(Context(), module)


def test_an_unknown_way_to_gather_is_refused() -> None:
    module = example("forward_scores")
    before = str(module)
    with pytest.raises(PassFailedException, match="gather is 'scalar', must"):
        replace(StreamToNpuPass(), gather=cast(Any, "scalar")).apply(Context(), module)
    assert str(module) == before


@pytest.mark.parametrize("gather", GATHERS)
@pytest.mark.parametrize("name", REFUSED)
def test_whoever_gathers_it_falls_back(name: str, gather: Gather) -> None:
    found = [
        outcome(refused(name), lower)
        for lower in (StreamToNpuPass(gather=gather), LowerToNpuPass(tokens=TOKENS))
    ]
    assert found[0] == found[1]


def test_who_gathers_which_rows() -> None:
    """Every row is somebody's; what the vector cores have are two halves."""
    b = BodyBuilder(Block())
    for gather, window in product(GATHERS, range(64, 1025, 64)):
        rows = cube_rows(b, gather, window)
        assert isinstance(rows, int)
        assert rows + 2 * most_rows(gather, window) == window
        assert rows % FRACTAL == 0
        assert (rows == window, rows == 0) == (gather == "cube", gather == "vector")


def test_rows_in_flight_fit() -> None:
    for rows, row_bytes in product((1, 32, 64, 500), (128, 256, 1000, 10**6)):
        batch = batch_rows(rows, row_bytes)
        assert 1 <= batch <= rows
        assert batch == 1 or batch * row_bytes <= BATCH_BYTES
        assert batch == rows or (batch + 1) * row_bytes > BATCH_BYTES


def test_rows_of_the_vector_cores_take_a_ring_of_workspaces() -> None:
    """And the cube core needs a row of zeros only for what it gathers itself."""
    for gather, depth in product(GATHERS, (1, 2, 3)):
        module = example("forward_scores")
        run_passes(module, (StreamToNpuPass(depth=depth, gather=gather),))
        kinds = [type(op) for op in module.walk()]
        assert kinds.count(GatherRowsNzOp) == depth * (gather != "vector")
        assert kinds.count(GatherRowsOp) == depth * (gather != "cube")
        spaces = [op for op in module.walk() if isinstance(op, WorkspaceOp)]
        labels = [op.label.data for op in spaces]
        assert ("zero_row" in labels) == (gather != "vector")
        plain = depth * (1 + (gather != "cube"))
        assert len(labels) - ("zero_row" in labels) == plain


def test_an_unknown_chip_and_a_launch_are_refused() -> None:
    module = example("forward_scores")
    with pytest.raises(PassFailedException, match="there is no chip 'x'"):
        StreamToNpuPass("x").apply(Context(), module)
    run_passes(module, (StreamToNpuPass(),))
    with pytest.raises(PassFailedException, match="stream-to-npu: "):
        run_passes(module, (StreamToNpuPass(),))


# ---- blocks of rows


def test_a_block_has_as_many_rows_as_fit() -> None:
    for row_bytes in (1, 64, 1536, 1537, 3072, 5000, 49152, 49153, 98304, 10**6):
        rows = block_rows(row_bytes)
        assert rows & (rows - 1) == 0
        assert 1 <= rows <= BLOCK_ROWS
        assert rows == 1 or rows * row_bytes <= BLOCK_BYTES
        assert rows == BLOCK_ROWS or 2 * rows * row_bytes > BLOCK_BYTES
    assert block_rows(BLOCK_BYTES // BLOCK_ROWS) == BLOCK_ROWS
    assert block_rows(BLOCK_BYTES // BLOCK_ROWS + 1) == BLOCK_ROWS // 2
    assert block_rows(2 * BLOCK_BYTES) == 1


# ---- how long windows are


def natural(module: ModuleOp, depth: int = 2, l1: int = 512 * 1024) -> int:
    return natural_window(streamed(module), upper_bounds(module), depth, l1)


def test_windows_are_wide_where_the_vector_cores_compute() -> None:
    assert natural(example("lightning_indexer_grad")) == NARROW
    assert natural(example("linear_indexer_grad")) == WIDE
    assert natural(example("forward_scores")) == WIDE


@pytest.mark.parametrize(
    ("depth", "kib", "length"),
    [(2, 288, WIDE), (2, 256, 256), (4, 288, 256), (2, 130, 128), (2, 1, 64)],
)
def test_windows_fit_into_l1(depth: int, kib: int, length: int) -> None:
    """16 KiB of queries, and gathered rows of 256 bytes for every slot."""
    assert natural(example("forward_scores"), depth, kib * 1024) == length


@pytest.mark.parametrize("depth", [128, 256, 512])
def test_longer_rows_take_shorter_windows(depth: int) -> None:
    """And the program is placed."""
    text = (EXAMPLES / "forward_scores.lig").read_text(encoding="utf-8")
    assert "axis D  = 128" in text
    module = graph(text.replace("axis D  = 128", f"axis D  = {depth}"))
    assert natural(module) == {128: 512, 256: 256, 512: 128}[depth]
    run_passes(module, npu_pipeline("ascend910b1", schedule="optimized"))
