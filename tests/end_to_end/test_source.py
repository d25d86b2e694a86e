"""The emitted kernel on the twin: a covering subset of the accuracy matrix, its corners,
and other formulas. One kernel a dtype and layout is compiled, whatever the sizes."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.call.dtypes import Array
from backends.oracle import evaluate
from backends.project.project import lone_files
from benchmarks.accuracy import ENTRIES, HEADS, Case, inputs
from ligrad.compiler import SCHEDULES
from ligrad.workload import generate
from ligrad_ir.errors import ArgumentError, LigradError
from passes import lower_to_npu
from tests.end_to_end.test_tiled import (
    CHANGED,
    CORES,
    KINDS,
    LIGHTNING,
    OVER_TOKENS,
    SMALL,
    check,
    edited,
    example,
    hostile,
    operator,
)

TOKENS = (1, 3, 130)
MOST = 64 * 2048 * 2
"""Heads x entries x tokens of a case: more of them take the oracle seconds."""


def run(
    found: ligrad.Operator, values: dict[str, Any], cores: int | None
) -> dict[str, Array]:
    """The outputs of the kernel, which the twin has nothing to say about."""
    done = found.run_source(values, cores)
    assert not done.report.hazards, "\n".join(map(str, done.report.hazards))
    return done.outputs


def covering() -> list[tuple[Case, int, str]]:
    """Every pair of heads and entries twice, once for each schedule; kinds, cores and
    tokens in rotation."""
    chosen: list[tuple[Case, int, str]] = []
    for i, (heads, entries) in enumerate(list(product(HEADS, ENTRIES)) * 2):
        for tokens in (TOKENS[i % 3], 3, 1):
            if heads * entries * tokens <= MOST:
                break
        case = Case(*KINDS[(3 * i + i // 25) % 8], "mixed", heads, entries, tokens)
        chosen.append((case, CORES[(i + i // 8) % 4], SCHEDULES[(i + i // 25) % 2]))
    return chosen


def test_the_subset_covers_every_value() -> None:
    cases = covering()
    for kind in KINDS:
        assert any((c.dtype, c.layout, c.mode) == kind for c, _, _ in cases)
    assert {(c.heads, c.entries) for c, _, _ in cases} == set(product(HEADS, ENTRIES))
    assert {c.tokens for c, _, _ in cases} == set(TOKENS)
    assert {cores for _, cores, _ in cases} == set(CORES)


@pytest.mark.parametrize(("case", "cores", "schedule"), covering(), ids=str)
def test_errors_stay_within_what_rounding_explains(
    case: Case, cores: int, schedule: str
) -> None:
    found = operator(LIGHTNING, case.dtype, case.layout, schedule)
    values = inputs(case, found)
    check(found, values, run(found, values, cores))


# ---- the three levels


def references(found: ligrad.Operator, values: dict[str, Any]) -> dict[str, Any]:
    assert found.program is not None
    dtype = "bf16" if values["query"].dtype.name == "bfloat16" else "fp16"
    return evaluate(
        found.program,
        {k: v for k, v in values.items() if isinstance(v, np.ndarray)},
        dtype=dtype,
        layout=found.signature.layout,
        precision="mixed",
        attributes={k: v for k, v in values.items() if isinstance(v, int)},
    )


@pytest.mark.parametrize(("dtype", "layout", "mode"), KINDS)
def test_the_levels_agree(dtype: str, layout: str, mode: int) -> None:
    """All are within their bounds of the reference, so within twice of each other."""
    found = operator(LIGHTNING, dtype, layout)
    values = inputs(Case(dtype, layout, mode, "mixed", 18, 70, 3), found)
    graph, tiled = found.run(values, "graph"), found.run(values, "tiled", 2)
    source = run(found, values, 2)
    for name, reference in references(found, values).items():
        for other in (graph, tiled):
            apart = np.abs(source[name].astype("f8") - other[name].astype("f8"))
            assert (apart <= 2 * reference.bound).all(), name


@pytest.mark.parametrize(("dtype", "layout", "mode"), KINDS)
def test_where_sums_are_exact_the_levels_are_the_same(
    dtype: str, layout: str, mode: int
) -> None:
    """Small integers: no order of terms, and no number of cores, makes a difference."""
    found = operator(LIGHTNING, dtype, layout)
    values = inputs(Case(dtype, layout, mode, "mixed", 33, 130, 2), found)
    rng = np.random.default_rng(mode)
    for name in ("query", "key", "dy", "weights"):
        small = rng.integers(-3, 4, values[name].shape)
        values[name] = small.astype(values[name].dtype)
    graph, tiled = found.run(values, "graph"), found.run(values, "tiled", 3)
    for cores in (1, 3, 24):
        source = run(found, values, cores)
        for name, array in graph.items():
            assert array.any(), name
            assert array.tobytes() == tiled[name].tobytes() == source[name].tobytes()


# ---- hostile inputs and corners


@pytest.mark.parametrize("cores", CORES)
@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_hostile_batches(schedule: str, mode: int, cores: int) -> None:
    found = operator(LIGHTNING, "fp16", "TND", schedule)
    values = hostile(mode)
    outputs = run(found, values, cores)
    check(found, values, outputs)
    assert not outputs["dq"][9:].any()
    assert not outputs["dw"][9:].any()
    assert not outputs["dk"][96:].any()
    if mode == 3:
        assert not outputs["dq"][:2].any()
        assert outputs["dw"][3].any()


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_nothing_selected(schedule: str) -> None:
    found = operator(LIGHTNING, schedule=schedule)
    values = generate(found.signature, {"S1": 6, "S2": 3, "N1": 5, "K": 3}, seed=2)
    outputs = run(found, values, 2)
    check(found, values, outputs)
    assert not outputs["dq"][:, :3].any()
    values["sparse_indices"][:] = -1
    assert not any(array.any() for array in run(found, values, 3).values())


def test_an_index_out_of_range_is_named() -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, SMALL, attributes={"sparse_mode": 0})
    values["sparse_indices"].reshape(4, 70)[2, 7] = 90
    with pytest.raises(ArgumentError, match="90") as caught:
        found.run(values, "source", 1)
    assert caught.value.code == 161002


def test_the_largest_extents() -> None:
    """64 heads, 2048 entries, 128K keys, among them the first and the last."""
    found, rng = operator(LIGHTNING), np.random.default_rng(3)

    def normal(*shape: int) -> Array:
        return rng.standard_normal(shape, np.float32).astype("bfloat16")

    rows = rng.choice(131072, (1, 2, 2048)).astype(np.int32)
    rows[0, 0, :6] = 131071, 0, -1, 131071, 65536, 131070
    values = {
        "query": normal(1, 2, 64, 128),
        "key": normal(1, 131072, 1, 128),
        "dy": normal(1, 2, 2048),
        "sparse_indices": rows,
        "weights": normal(1, 2, 64),
        "sparse_mode": 0,
    }
    outputs = run(found, values, 24)
    check(found, values, outputs)
    assert outputs["dk"][0, [0, -1, -2, 65536]].any(axis=(1, 2)).all()
    never = np.setdiff1d(np.arange(131072), rows)
    assert not outputs["dk"][0, never].any()


@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_many_batches_of_a_token(layout: str) -> None:
    found = operator(LIGHTNING, "fp16", layout, "optimized")
    shape: dict[str, Any] = {"B": 1024, "S1": 1, "S2": 5, "N1": 2, "K": 3}
    if layout == "TND":
        shape = {"S1": (1,) * 1024, "S2": (5, 1, 3, 11) * 256, "N1": 2, "K": 3}
    values = generate(found.signature, shape, seed=6)
    check(found, values, run(found, values, 24))


# ---- other formulas


@pytest.mark.parametrize(("dtype", "layout"), [("fp16", "TND"), ("bf16", "BSND")])
@pytest.mark.parametrize("name", ["forward_scores", "linear_indexer_grad"])
def test_other_examples(name: str, dtype: str, layout: str) -> None:
    schedule = SCHEDULES[layout == "BSND"]
    found = operator(example(name), dtype, layout, schedule)
    shape: dict[str, Any] = dict(SMALL, S1=3)
    if layout == "TND":
        shape = {"S1": (3, 0, 2, 1), "S2": (70, 3, 0, 35), "N1": 33, "K": 70}
    values = generate(found.signature, shape, seed=3)
    check(found, values, run(found, values, 3))


@cache
def source_text(text: str) -> str:
    files = lone_files(operator(text).module("ascendc"))
    return next(text for name, text in files.items() if name.endswith(".cpp"))


RELU_ON_THE_WAY_OUT = ", true, QuantMode_t"
UNCHANGED = {
    "a scale of the result": {"dk", "dw"},
    "no relu": {"dq", "dk"},
    "other axis": {"dq", "dk"},
    "sum": {"dq", "dk"},
    "float32 outputs": set(),
}
"""The outputs that a change of the formulas does not touch."""


@pytest.mark.parametrize("name", UNCHANGED)
def test_changed_formulas(name: str) -> None:
    """The kernel follows, and is right."""
    found = operator(CHANGED[name])
    values = generate(found.signature, dict(SMALL, B=1, S1=3), seed=1)
    outputs = run(found, values, 1)
    check(found, values, outputs)
    before = run(operator(LIGHTNING), values, 1)
    same = {n for n, a in outputs.items() if a.tobytes() == before[n].tobytes()}
    assert same == UNCHANGED[name]


def test_a_changed_formula_changes_the_kernel() -> None:
    texts = {name: source_text(CHANGED[name]) for name in UNCHANGED}
    texts["as it is"] = source_text(LIGHTNING)
    assert len(set(texts.values())) == len(texts)
    fused = {name: text.count(RELU_ON_THE_WAY_OUT) for name, text in texts.items()}
    each = lower_to_npu.TOKENS  # tokens at work have stages of their own
    assert fused == {name: each * (name != "no relu") for name in texts}
    casts = {name: text.count("CAST_RINT") for name, text in texts.items()}
    assert casts["float32 outputs"] < casts["as it is"]
    assert "0.375f" in source_text(edited(("dQ = ", "dQ = 0.375 * ")))
    assert not any("0.375f" in text for text in texts.values())


def test_what_the_schedule_cannot_do_is_refused_at_this_level_too() -> None:
    found = operator(OVER_TOKENS)
    values = generate(found.signature, SMALL)
    with pytest.raises(LigradError, match=r":33:6.*Matmul sums over T"):
        found.run(values, "source")
