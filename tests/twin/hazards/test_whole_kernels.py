"""Whole kernels as people write them: right numbers and no report; the matmul, the queues
and the leaky-relu fusion are in the tests one folder up."""

import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from backends.twin.build import build
from backends.twin.launch import Library
from backends.twin.report import Report

KERNELS = Path(__file__).parents[1] / "kernels"
RNG = np.random.default_rng(4)
HEADS, TOPK, DIM, RING = 16, 64, 64, 2


@pytest.fixture(scope="module")
def reduction() -> Library:
    """The sum of a vector."""
    return build([KERNELS / "reduction.cpp"], "reduction")


@pytest.fixture(scope="module")
def indexer() -> Library:
    """Gather, product and weighted sums."""
    return build([KERNELS / "indexer.cpp"], "indexer<1>")


@pytest.mark.parametrize(("tiles", "blocks"), [(1, 1), (7, 3), (100, 48)])
def test_reduction(reduction: Library, tiles: int, blocks: int) -> None:
    x = RNG.integers(-8, 8, tiles * 2048).astype(np.float32)
    out = np.full(8, 9, np.float32)
    assert not reduction.launch([x, out, x.size], blocks).hazards
    assert out[0] == x.sum()


def run_indexer(
    library: Library, tokens: int, blocks: int, **options: int
) -> tuple[Report, float]:
    """The report and the largest error."""
    query = RNG.standard_normal((tokens, HEADS, DIM)).astype(ml_dtypes.bfloat16)
    key = RNG.standard_normal((200, DIM)).astype(ml_dtypes.bfloat16)
    dy = RNG.standard_normal((tokens, TOPK)).astype(np.float32)
    index = RNG.integers(0, 200, (tokens, TOPK)).astype(np.int32)
    dw = np.zeros((tokens, HEADS), np.float32)
    slot = TOPK * DIM * 2 + HEADS * TOPK * 4
    report = library.launch(
        [query, key, dy, index, dw, struct.pack("I", tokens)],
        blocks,
        workspace=blocks * RING * slot,
        **options,
    )
    rows = key.astype(np.float64)[index]
    scores = np.einsum("tgd,tkd->tgk", query.astype(np.float64), rows)
    exact = np.einsum("tgk,tk->tg", np.maximum(scores, 0), dy)
    return report, float(np.abs(dw - exact).max())


@pytest.mark.parametrize(("tokens", "blocks"), [(1, 3), (2, 1), (5, 1), (24, 5)])
def test_indexer(indexer: Library, tokens: int, blocks: int) -> None:
    report, error = run_indexer(indexer, tokens, blocks)
    assert not report.hazards, "\n".join(map(str, report.hazards))
    assert error < 1e-3
