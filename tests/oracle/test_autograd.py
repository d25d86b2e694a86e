"""PyTorch's derivative of the forward scores as another witness of the oracle."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.lightning_indexer_grad_by_hand import random_case, valid_entries
from tests.oracle.programs import BF16, run

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed (it comes with the extra `torch`)"
)


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("seed", range(3))
def test_autograd(mode: int, seed: int) -> None:
    case = random_case(
        np.random.default_rng(seed),
        BF16,
        [3, 0, 4],
        [6, 2, 3],
        sparse_mode=mode,
        padding=2,
    )
    query, key, weights, dy = (
        torch.from_numpy(np.nan_to_num(array.astype(np.float64)))
        for array in (case.query, case.key, case.weights, case.dy)
    )
    for leaf in (query, key, weights):
        leaf.requires_grad_()
    loss = torch.zeros((), dtype=torch.float64)
    t = first_key = 0
    for b, count in enumerate(case.queries):
        for s in range(count):
            chosen = case.indices[t, : valid_entries(case, b, s)]
            kept = torch.from_numpy(np.flatnonzero(chosen != -1))
            rows = first_key + torch.from_numpy(chosen[chosen != -1]).long()
            scores = weights[t] @ torch.relu(query[t] @ key[rows].T)
            loss = loss + dy[t][kept] @ scores
            t += 1
        first_key += case.keys[b]
    loss.backward()
    found = run(case, "TND")
    for name, leaf in (("dq", query), ("dk", key), ("dw", weights)):
        gradient = leaf.grad.numpy().reshape(found[name].value.shape)
        assert np.abs(gradient).max() > 0
        np.testing.assert_allclose(
            found[name].value, gradient, rtol=1e-12, atol=1e-12 * np.abs(gradient).max()
        )
