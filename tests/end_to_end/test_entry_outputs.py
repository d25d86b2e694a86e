"""Outputs with a number for every entry, of tokens with fewer valid entries: the others
are 0, in windows that are computed in part or not at all."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import ligrad
from ligrad.check import check_outputs

TEXT = """\
operator Scores
axis T in 1..64
axis N in 1..4096
axis G in 1..64
axis D = 64
axis K in 1..2048
input query : half[T, G, D]
input key   : half[N, D]
input idx   : int32[T, K] selects N by mode
attribute mode : int64 in {0, 3} = 3
output scores : half[T, G, K]
output maxima : half[T, G, K]
scores = Matmul(query, Gather(key, idx))
maxima = Relu(scores)
"""


@cache
def operator(schedule: str) -> ligrad.Operator:
    return ligrad.compile(TEXT, dtype="fp16", schedule=schedule, precision="mixed")


@pytest.mark.parametrize("entries", [65, 130, 600])
@pytest.mark.parametrize("schedule", ["optimized", "baseline"])
def test_entries_that_are_not_valid_are_zero(schedule: str, entries: int) -> None:
    rng = np.random.default_rng(entries)
    rows, heads = 46, 3
    idx = rng.integers(0, rows, (2, entries)).astype(np.int32)
    idx[:, rows:] = 2**31 - 1  # behind what mode 3 lets a token see
    values = {
        "query": rng.standard_normal((2, heads, 64)).astype(np.float16),
        "key": rng.standard_normal((rows, 64)).astype(np.float16),
        "idx": idx,
    }
    found = operator(schedule)
    outputs = found.run(values, "tiled", 2)
    for name, comparison in check_outputs(found, values, outputs, "mixed").items():
        assert comparison.ok, f"{name}: {comparison}"
    assert not outputs["scores"][:, :, rows:].any()
    assert outputs["scores"][:, :, : rows - 1].all()
