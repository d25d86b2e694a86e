"""Rows that are added by index and are no product, or rows of any length: gradients of
tables, dispatched tokens, histograms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from ligrad.workload import generate
from passes.pipelines import SCHEDULES
from tests.end_to_end.test_tiled import check

EXAMPLE = Path(__file__).parents[2] / "examples" / "tables" / "embedding_bag_grad.lig"
HEADER = """operator Added
axis V in 1..1K
axis M in 1..64
axis K in 1..300
axis G in 1..8
axis C {extent}
input i : int32[M, K] selects V
attribute n : int64 = V
"""
HALVES = "input x : half[M, K, C]"
WIDE = "input x : float32[M, K, C]"
WEIGHTS = "input w : half[M, K]"
TOKENS = "input t : half[M, C]"
PROGRAMS: dict[str, tuple[str, ...]] = {
    "a table": (HALVES, "half[V, C]", "ScatterAdd(x, i)"),
    "a wide table": (WIDE, "float32[V, C]", "ScatterAdd(x, i)"),
    "dispatched tokens": (TOKENS, WEIGHTS, "half[V, C]", "ScatterAdd(t * w, i)"),
    "several steps": (
        *(WIDE, WEIGHTS, "half[V, C]"),
        "ScatterAdd(Relu(x * w) + 1.5 * x, i)",
    ),
    "weights of columns": (
        HALVES,
        "input c : half[C]",
        "half[V, C]",
        "ScatterAdd(x * c, i)",
    ),
    "bins": (WEIGHTS, "input c : half[C]", "float32[V]", "ScatterAdd(w, i)"),
    "wide bins": (
        "input w : float32[M, K]",
        "input c : half[C]",
        "float32[V]",
        "ScatterAdd(w, i)",
    ),
    "bins of sums": (HALVES, "half[V]", "ScatterAdd(Reduce(x over C), i)"),
    "three axes": (
        "input x : float32[M, K, G, C]",
        "float32[V, G, C]",
        "ScatterAdd(x, i)",
    ),
    "two sums": (HALVES, "half[V, C]", "ScatterAdd(x, i) + 0.5 * ScatterAdd(x * x, i)"),
    "an outer product": (TOKENS, WEIGHTS, "half[V, C]", "ScatterAdd(Relu(t * w), i)"),
    "a product": (
        *("input a : half[M, G, K]", "input b : half[M, G, C]", "half[V, C]"),
        "ScatterAdd(Matmul(a, b over G), i)",
    ),
    "a scaled product": (
        *("input a : half[M, G, K]", "input b : half[M, G, C]", "half[V, C]"),
        "ScatterAdd(2.5 * Matmul(a, b over G), i)",
    ),
}
"""Inputs, the type of the output, its formula."""
EXTENTS = {"whole blocks": "= 128", "odd": "= 37", "known when it runs": "in 1..96"}


def text_of(name: str, extent: str) -> str:
    *inputs, output, formula = PROGRAMS[name]
    lines = [*inputs, f"output y : {output}", f"y = {formula}", ""]
    return HEADER.format(extent=EXTENTS[extent]) + "\n".join(lines)


def inputs_of(operator: ligrad.Operator, **more: int) -> dict[str, Any]:
    """Rows that repeat, and some that are missing."""
    shape = {"V": 150, "M": 3, "K": 70, "G": 3, **more}
    if operator.signature.axes["C"].minimum == 1:
        shape["C"] = 21
    values = generate(operator.signature, shape)
    values["i"][:, 1::3] = values["i"][:, :1]
    values["i"][:, 2::7] = -1
    return values


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_tiled(name: str, extent: str, schedule: str) -> None:
    text = text_of(name, extent)
    for deterministic in (False, True):
        found = ligrad.compile(text, schedule=schedule, deterministic=deterministic)
        values = inputs_of(found)
        check(found, values, found.run(values, "tiled", 2))


@pytest.mark.parametrize("shape", [{"K": 1}, {"M": 1, "K": 1}, {"K": 300}, {"K": 64}])
@pytest.mark.parametrize("name", ["a table", "bins", "a product"])
def test_shapes(name: str, shape: dict[str, int]) -> None:
    found = ligrad.compile(text_of(name, "odd"), dtype="fp16")
    values = inputs_of(found, **shape)
    check(found, values, found.run(values, "tiled", 3))


def test_rows_longer_than_a_buffer() -> None:
    """A row at a time is in UB, and no more than there is room for."""
    text = text_of("dispatched tokens", "odd").replace("= 37", "= 7168")
    found = ligrad.compile(text)
    values = inputs_of(found, V=5, K=4, M=2)
    check(found, values, found.run(values, "tiled", 1))


def test_deterministic_sums_do_not_depend_on_the_cores() -> None:
    found = ligrad.compile(text_of("several steps", "odd"), deterministic=True)
    values = inputs_of(found, M=7)
    one, three = (found.run(values, "tiled", cores)["y"] for cores in (1, 3))
    assert one.tobytes() == three.tobytes()


SOURCE = (
    ("a table", "odd", False),
    ("dispatched tokens", "known when it runs", True),
    ("bins", "odd", False),
    ("a scaled product", "odd", False),
)


@pytest.mark.parametrize(("name", "extent", "deterministic"), SOURCE)
def test_source(name: str, extent: str, deterministic: bool) -> None:
    found = ligrad.compile(text_of(name, extent), deterministic=deterministic)
    values = inputs_of(found)
    outputs = found.run(values, "source", 2)  # hazards are errors
    tiled = found.run(values, "tiled", 2)
    check(found, values, outputs)
    if deterministic:
        np.testing.assert_array_equal(outputs["y"], tiled["y"])


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_the_example_of_a_table(layout: str, schedule: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    found = ligrad.compile(text, layout=layout, dtype="fp16", schedule=schedule)
    shape = {"B": 2, "S": (3, 0) if layout == "TND" else 3, "V": 40, "K": 37}
    values = generate(found.signature, shape)
    check(found, values, found.run(values, "tiled", 2))
