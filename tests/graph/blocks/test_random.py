"""Loops over blocks against the operations one by one, and against the oracle."""

from __future__ import annotations

import numpy as np
import pytest

import ligrad
from backends.graph.blocks import planner, slots, union
from backends.graph.blocks.function import Options
from backends.graph.interpreter import run_graph
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.errors import LigradError
from tests.graph.blocks.formulas import random_text

SHAPE = {"S1": (5, 0, 3, 4), "S2": (9, 4, 0, 6), "G": 3, "D": 4, "K": 7, "B": 4}
SEEDS = range(40)


@pytest.fixture(params=[1, 5])
def tokens(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Of a block: twelve tokens are several, the last of them shorter than the others.
    Single tokens share their entries where they can, in the end however few."""
    monkeypatch.setattr(slots, "MOST_TOKENS", request.param)
    monkeypatch.setattr(slots, "LEAST_BLOCKS", 2)
    monkeypatch.setattr(planner, "COMMON_GROWTH", 4.0)
    monkeypatch.setattr(union, "COMMON_GROWTH", 4.0)
    return request.param


def compiled(seed: int) -> ligrad.Operator:
    try:
        return ligrad.compile(random_text(seed), layout="TND")
    except LigradError as error:
        pytest.skip(f"not a program: {error}")


@pytest.mark.parametrize("seed", SEEDS)
def test_random_formulas(seed: int, tokens: int) -> None:
    operator = compiled(seed)
    rng = np.random.default_rng(seed)
    values = generate(
        operator.signature, SHAPE, seed=seed, attributes={"mode": 3 * (seed % 2)}
    )
    if seed % 3 == 0:
        values["idx"][::3, 3:] = values["idx"][::3, :1]  # duplicates
    values["idx"][rng.random(values["idx"].shape) < 0.1] = -1
    bound = operator.bind(values)
    by_op = bound.results(run_graph(operator.module(), bound.arguments, bound.extents))
    outputs = operator.interpret(values, Options(1, deterministic=True))
    for workers in (2, 5):
        again = operator.interpret(values, Options(workers, deterministic=True))
        for name, array in outputs.items():
            assert array.tobytes() == again[name].tobytes(), name
    for name, array in outputs.items():
        found, expected = array.astype(np.float64), by_op[name].astype(np.float64)
        scale = np.abs(expected).max(initial=1e-30)
        np.testing.assert_allclose(
            found, expected, rtol=0.02, atol=0.01 * scale, err_msg=name
        )
    for name, comparison in check_outputs(operator, values, outputs).items():
        assert comparison.ok, f"{name}: {comparison}"
