"""What a run needs besides its inputs and outputs, whatever the number of tokens."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import ligrad
from backends.graph.blocks.function import Options

GRAD = Path(__file__).parents[3] / "examples" / "lightning_indexer_grad.lig"
HALF = np.dtype(ml_dtypes.bfloat16)
MIB = 2**20
KEYS, HEADS, DEPTH, ENTRIES = 4096, 16, 128, 512


def peak(tokens: int, workers: int) -> float:
    """The MiB that a run allocates at most, less its outputs."""
    rng = np.random.default_rng(0)
    operator = ligrad.compile(GRAD)
    values = {
        "query": np.ones((1, tokens, HEADS, DEPTH), HALF),
        "key": np.ones((1, KEYS, 1, DEPTH), HALF),
        "dy": np.ones((1, tokens, ENTRIES), HALF),
        "sparse_indices": rng.integers(0, KEYS, (1, tokens, ENTRIES), np.int32),
        "weights": np.ones((1, tokens, HEADS), HALF),
        "sparse_mode": 0,
    }
    operator.interpret(values, Options(1))  # what is made once
    tracemalloc.start()
    try:
        outputs = operator.interpret(values, Options(workers, deterministic=True))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (most - sum(array.nbytes for array in outputs.values())) / MIB


@pytest.mark.parametrize("workers", [1, 3])
def test_memory_is_bounded(workers: int) -> None:
    few, many = peak(256, workers), peak(2048, workers)
    sums = KEYS * DEPTH * 4 / MIB
    widened = KEYS * DEPTH * 4 / MIB
    assert many <= 2 * sums + widened + 4 * workers + 1
    # In the shorter run a worker may come too late to need any.
    assert many - few < (1 if workers == 1 else 4)
