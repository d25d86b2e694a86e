"""Generated inputs: what they are like, and that they fit their signature."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import ligrad
from ligrad.workload import LOSS_SCALE, generate

EXAMPLES = Path(__file__).parents[2] / "examples"


def inputs(shape: dict, mode: int = 3, layout: str = "BSND", **options: object) -> dict:
    operator = ligrad.compile(EXAMPLES / "lightning_indexer_grad.lig", layout=layout)
    return generate(
        operator.signature, shape, attributes={"sparse_mode": mode}, **options
    )


def scores(values: dict, batch: int = 0) -> np.ndarray:
    q, k, w = (values[n][batch].astype(np.float64) for n in ("query", "key", "weights"))
    return np.einsum(
        "tgn,tg->tn", np.maximum(np.einsum("tgd,nd->tgn", q, k[:, 0]), 0), w
    )


@pytest.mark.parametrize("mode", [0, 3])
def test_indices_are_the_top_k_of_what_a_token_may_see(mode: int) -> None:
    values = inputs({"B": 2, "S1": 6, "S2": 40, "N1": 4, "K": 9}, mode)
    for b in range(2):
        for t, score in enumerate(scores(values, b)):
            seen = 40 if mode == 0 else 40 - 6 + t + 1
            chosen = values["sparse_indices"][b, t]
            assert len(set(chosen)) == 9
            assert chosen.min() >= 0
            assert chosen.max() < seen
            assert (np.diff(score[chosen]) <= 1e-4).all()  # descending
            others = np.delete(score[:seen], chosen)
            assert score[chosen].min() >= others.max() - 1e-4


def test_behind_the_valid_ones_stands_minus_one() -> None:
    values = inputs({"S1": 6, "S2": 8, "N1": 2, "K": 8})
    count = (values["sparse_indices"] >= 0).sum(-1)
    assert count.tolist() == [[3, 4, 5, 6, 7, 8]]
    assert (values["dy"].astype(float)[values["sparse_indices"] < 0] == 0).all()


def test_a_short_batch_in_mode_0_is_padded_with_minus_one() -> None:
    values = inputs({"S1": (2, 1), "S2": (3, 9), "N1": 2, "K": 8}, 0, "TND")
    assert (values["sparse_indices"] >= 0).sum(-1).tolist() == [3, 3, 8]


def test_neighbours_choose_mostly_the_same_keys() -> None:
    values = inputs({"S1": 4, "S2": 1024, "N1": 16, "K": 128})
    [rows] = values["sparse_indices"]
    shared = [len(np.intersect1d(a, b)) / 128 for a, b in pairwise(rows)]
    assert min(shared) > 0.5


def test_the_gradient_of_the_scores_sums_to_zero() -> None:
    values = inputs({"S1": 3, "S2": 64, "N1": 4, "K": 32})
    dy = values["dy"].astype(np.float64)
    assert np.abs(dy).max() > 0.01 * LOSS_SCALE / 32
    assert (np.abs(dy.sum(-1)) < 0.01 * np.abs(dy).sum(-1)).all()


def test_the_seed_decides() -> None:
    shape = {"S1": 3, "S2": 16, "N1": 2, "K": 4}
    a, b, c = (inputs(shape, seed=seed) for seed in (1, 1, 2))
    for name in ("query", "key", "dy", "weights", "sparse_indices"):
        np.testing.assert_array_equal(a[name], b[name])
    assert (a["query"] != c["query"]).any()


def test_defaults_fill_what_is_not_given() -> None:
    values = inputs({})
    assert values["query"].shape == (1, 8, 64, 128)
    assert values["key"].shape == (1, 4096, 1, 128)
    assert values["sparse_indices"].shape == (1, 8, 2048)


def test_a_signature_of_another_kind_gets_random_rows() -> None:
    text = """operator Bag
axis V in 1..100
axis D = 4
axis M in 1..10
axis K in 1..5
input table : half[V, D]
input bag   : int32[M, K] selects V
output y    : half[M, D]
y = Reduce(Gather(table, bag))
"""
    operator = ligrad.compile(text)
    values = generate(operator.signature, {"V": 3, "M": 7})
    assert values["bag"].shape == (7, 5)
    for row in values["bag"]:
        assert sorted(row[:3]) == [0, 1, 2]
        assert row[3:].tolist() == [-1, -1]
    assert 0.5 < values["table"].astype(float).std() < 2
    operator.run(values)
