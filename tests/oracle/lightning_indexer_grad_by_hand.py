"""LightningIndexerGrad by hand: the five formulas for one token after another.

Also random valid inputs for it, with garbage wherever nothing may be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
GARBAGE = 2**31 - 1


@dataclass
class Case:
    """Inputs in TND form; `queries[b]` and `keys[b]` are the run lengths."""

    query: Array  # [T1, G, D], padding behind the last run
    key: Array  # [N1, D]
    dy: Array  # [T1, K]
    indices: Array  # [T1, K]
    weights: Array  # [T1, G]
    queries: list[int]
    keys: list[int]
    sparse_mode: int

    def inputs(self, layout: str) -> dict[str, Array]:
        """The arrays as the operator's signature has them."""
        b = len(self.queries)
        found = {
            "query": self.query,
            "KEY": self.key[:, None],
            "dy": self.dy,
            "Indices": self.indices,
            "weights": self.weights,
        }
        if layout == "BSND":
            return {
                n: a.reshape(b, len(a) // b, *a.shape[1:]) for n, a in found.items()
            }
        found["actual_seq_lengths_query"] = np.cumsum(self.queries).astype(np.int32)
        found["actual_seq_lengths_key"] = np.cumsum(self.keys).astype(np.int32)
        return found


def valid_entries(case: Case, b: int, s: int) -> int:
    """How many entries of a token are valid."""
    k = case.dy.shape[1]
    if case.sparse_mode == 0:
        return k
    return min(max(case.keys[b] - case.queries[b] + s + 1, 0), k)


def lightning_indexer_grad(case: Case) -> tuple[Array, Array, Array]:
    """dq [T1, G, D], dk [N1, D] and dw [T1, G] in float64."""
    q, key, dy, w = (
        a.astype(np.float64) for a in (case.query, case.key, case.dy, case.weights)
    )
    dq, dk, dw = np.zeros(q.shape), np.zeros(key.shape), np.zeros(w.shape)
    t = first_key = 0
    for b, count in enumerate(case.queries):
        for s in range(count):
            for k in range(valid_entries(case, b, s)):
                if case.indices[t, k] == -1:
                    continue
                row = first_key + case.indices[t, k]
                score = np.maximum(q[t] @ key[row], 0.0)  # [G]
                back = np.where(score > 0, dy[t, k] * w[t], 0.0)  # [G]
                dw[t] += score * dy[t, k]
                dq[t] += np.outer(back, key[row])
                dk[row] += back @ q[t]
            t += 1
        first_key += case.keys[b]
    return dq, dk, dw


def random_case(
    rng: np.random.Generator,
    dtype: np.dtype[Any],
    queries: list[int],
    keys: list[int],
    *,
    heads: int = 3,
    dim: int = 8,
    entries: int = 5,
    sparse_mode: int = 3,
    padding: int = 0,
    absent: float = 0.2,
) -> Case:
    """Random inputs: indices drawn with replacement, so there are duplicates; -1 with
    probability `absent` (everywhere in a run without keys); behind the valid entries,
    and in `padding` further rows, NaN and indices far outside."""
    tokens, rows = sum(queries) + padding, sum(keys) + padding

    def draw(*shape: int) -> Array:
        return rng.normal(size=shape).astype(dtype)

    case = Case(
        draw(tokens, heads, dim),
        draw(rows, dim),
        draw(tokens, entries),
        np.full((tokens, entries), GARBAGE, np.int32),
        draw(tokens, heads),
        queries,
        keys,
        sparse_mode,
    )
    t = 0
    for b, count in enumerate(queries):
        for s in range(count):
            n = valid_entries(case, b, s)
            drawn = rng.integers(0, max(keys[b], 1), size=n)
            lost = (rng.random(n) < absent) | (keys[b] == 0)
            case.indices[t, :n] = np.where(lost, -1, drawn)
            case.dy[t, :n][lost] = np.nan
            case.dy[t, n:] = np.nan
            t += 1
    for array, last in ((case.query, t), (case.dy, t), (case.weights, t)):
        array[last:] = np.nan
    case.key[sum(keys) :] = np.nan
    return case
