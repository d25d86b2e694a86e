"""Inputs of consecutive tokens, with the keys that their own scores choose."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from backends.call.dtypes import Array

DEPTH = 128
QUERY_DRIFT = 0.995
"""Correlation of the queries (and weights) of neighbouring tokens."""
KEY_DRIFT = 0.9
"""Correlation of neighbouring keys."""
HALVES = {"bf16": np.dtype(ml_dtypes.bfloat16), "fp16": np.dtype(np.float16)}


def consecutive(
    tokens: int, keys: int, heads: int, entries: int, dtype: str, seed: int = 0
) -> dict[str, Any]:
    """Inputs for a sequence of `tokens` tokens, by name, in the layout BSND.

    Queries, weights and keys are random processes that drift slowly from position to
    position. A token's indices are those of the `entries` keys with the largest scores
    sum(weights * relu(query . key)) over the heads, computed from the rounded values, the
    largest score first: so neighbouring tokens share more than nine tenths of their keys,
    but in another order. Fewer tokens with the same seed are not the same tokens: slice.
    """
    rng, half = np.random.default_rng(seed), HALVES[dtype]
    query = drifting(rng, QUERY_DRIFT, tokens, heads, DEPTH).astype(half)
    weights = drifting(rng, QUERY_DRIFT, tokens, heads).astype(half)
    key = drifting(rng, KEY_DRIFT, keys, DEPTH).astype(half)
    dy = rng.standard_normal((tokens, entries), np.float32).astype(half)
    columns = key.astype(np.float32).T
    chosen = np.empty((tokens, entries), np.int32)
    for q, w, row in zip(query.astype(np.float32), weights.astype(np.float32), chosen):
        score = w @ np.maximum(q @ columns, 0)
        row[:] = np.argsort(-score, kind="stable")[:entries]
    return {
        "query": query[None],
        "key": key[None, :, None],
        "dy": dy[None],
        "sparse_indices": chosen[None],
        "weights": weights[None],
        "sparse_mode": 0,
    }


def drifting(
    rng: np.random.Generator, correlation: float, length: int, *shape: int
) -> Array:
    """A stationary process of unit variance: `length` arrays, each close to the last."""
    values = rng.standard_normal((length, *shape), np.float32)
    new = np.float32((1 - correlation**2) ** 0.5)
    for i in range(1, length):
        values[i] = np.float32(correlation) * values[i - 1] + new * values[i]
    return values


def ascending(values: dict[str, Any]) -> dict[str, Any]:
    """The same keys for every token, in the order of their numbers."""
    return {**values, "sparse_indices": np.sort(values["sparse_indices"])}


def first(values: dict[str, Any], tokens: int) -> dict[str, Any]:
    """The same for the first tokens only; all keys stay."""
    return {
        name: value[:, :tokens]
        if isinstance(value, np.ndarray) and name != "key"
        else value
        for name, value in values.items()
    }


def shared(values: dict[str, Any], apart: int = 1) -> float:
    """The mean share of its keys that a token has in common with the one `apart`
    positions before."""
    [rows] = values["sparse_indices"]
    found = [len(np.intersect1d(a, b)) for a, b in zip(rows, rows[apart:])]
    return float(np.mean(found)) / rows.shape[1] if found else float("nan")
