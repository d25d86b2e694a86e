"""Rows of any length that are gathered, multiplied and added to."""

from __future__ import annotations

import pytest

import ligrad
from ligrad.workload import generate
from passes.pipelines import SCHEDULES
from tests.end_to_end.test_tiled import LIGHTNING, check, example

DEPTHS = ("= 2", "= 16", "= 100", "= 192", "in 1..96")
CHOICES = ("gather=vector", "gather=shared", "scatter=cube")
SHAPES = {
    "BSND": {"B": 2, "S1": 2, "S2": 90, "N1": 5, "K": 70},
    "TND": {"S1": (3, 0, 2), "S2": (90, 4, 7), "N1": 3, "K": 70},
}


def of_depth(text: str, depth: str) -> str:
    assert text.count("axis D  = 128") == 1
    return text.replace("axis D  = 128", f"axis D {depth}")


def runs(found: ligrad.Operator, layout: str, level: str = "tiled") -> None:
    shape = dict(SHAPES[layout])
    axis = found.signature.axes["D"]
    if axis.minimum != axis.maximum:
        shape["D"] = 37
    values = generate(found.signature, shape)
    check(found, values, found.run(values, level, 2))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_gradients(depth: str, schedule: str) -> None:
    for layout, deterministic in (("BSND", False), ("TND", True)):
        found = ligrad.compile(
            of_depth(LIGHTNING, depth),
            schedule=schedule,
            layout=layout,
            deterministic=deterministic,
        )
        runs(found, layout)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("depth", ["= 16", "= 100"])
def test_whoever_moves_them(depth: str, choice: str) -> None:
    for deterministic in (False, True):
        found = ligrad.compile(
            of_depth(LIGHTNING, depth),
            schedule="optimized",
            choice=choice,
            deterministic=deterministic,
        )
        runs(found, "BSND")


@pytest.mark.parametrize("name", ["forward_scores", "linear_indexer_grad"])
def test_other_examples(name: str) -> None:
    text = of_depth(example(name), "= 50")
    for schedule in SCHEDULES:
        runs(ligrad.compile(text, schedule=schedule, dtype="fp16"), "BSND")


SOURCE = (("= 100", "optimized", "gather=shared"), ("in 1..96", "baseline", None))


@pytest.mark.parametrize(("depth", "schedule", "choice"), SOURCE)
def test_source(depth: str, schedule: str, choice: str | None) -> None:
    text = of_depth(LIGHTNING, depth)
    found = ligrad.compile(text, schedule=schedule, choice=choice, layout="TND")
    runs(found, "TND", "source")  # hazards are errors


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("product", ["w, Gather(v, i)", "Gather(v, i), w"])
def test_a_table_of_one_axis(product: str, schedule: str) -> None:
    """It has no rows, so no cube core can gather them window by window."""
    text = f"""operator VectorKey
axis T in 1..1K
axis N in 1..4K
axis K in 1..256
input w : half[T, K]
input v : half[N]
input i : int32[T, K] selects N
output o : half[T]
o = Matmul({product})
"""
    operator = ligrad.compile(text, schedule=schedule)
    inputs = generate(operator.signature, {"T": 5, "N": 40, "K": 9}, seed=2)
    check(operator, inputs, operator.run(inputs, "tiled", 2))
