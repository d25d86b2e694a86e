"""Operators as plain functions on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backends.call.dtypes import Array
from backends.call.values import as_bool, spell
from backends.graph.blocks.function import Options
from ligrad.compiler import Operator, compile
from ligrad_ir.errors import ArgumentError, MissingArgumentError
from ligrad_ir.signature import LAYOUTS

FORMULAS = Path(__file__).with_name("lightning_indexer_grad.lig")
_HALVES = {"bfloat16": "bf16", "float16": "fp16"}


@cache
def _compiled(dtype: str, layout: str) -> Operator:
    return compile(FORMULAS, dtype=dtype, layout=layout)


def lightning_indexer_grad(
    query: Array,
    key: Array,
    dy: Array,
    sparse_indices: Array,
    weights: Array,
    *,
    head_num: int | None = None,
    layout: str = "BSND",
    sparse_mode: int = 3,
    actual_seq_lengths_query: Array | Sequence[int] | None = None,
    actual_seq_lengths_key: Array | Sequence[int] | None = None,
    pre_tokens: int = 65536,
    next_tokens: int = 65536,
    deterministic: bool = False,
    workers: int | None = None,
) -> tuple[Array, Array, Array]:
    """The gradients (dq, dk, dw) of the lightning indexer of DeepSeek-V3.2.

    Shapes for the layout BSND / TND; float16 or bfloat16 (`ml_dtypes`) alike for the
    floats, computed in float32:

    - query [B, S1, N1, 128] / [T1, N1, 128]; key [B, S2, 1, 128] / [T2, 1, 128]
    - dy and sparse_indices (int32) [B, S1, K] / [T1, K], or with an axis of 1 before K
    - weights [B, S1, N1] / [T1, N1]

    sparse_mode: 0, all indices of a token are valid; 3, right-down causal: the first
    clamp(Sk - Sq + s + 1, 0, K) of the token at position s. Indices count from the start
    of the token's batch; a valid -1 means "no key".
    actual_seq_lengths_query, actual_seq_lengths_key: prefix sums [B] int32; required in
    TND, absent in BSND. Rows behind the last one are padding; their gradients are 0.
    pre_tokens and next_tokens have no effect in these modes. The result is the same bit
    for bit in every run with as many `workers` (threads, by default one a core that the
    process may use); with `deterministic`, for any number of them.

    Raises:
        MissingArgumentError: a required argument is None (code 161001).
        ArgumentError: a dtype, shape, layout or value is not allowed (code 161002).
    """
    _check_layout(layout)
    half = _half_of(query)
    _check_dy(dy, query)
    inputs: dict[str, Any] = {
        "query": query,
        "key": key,
        "dy": dy,
        "sparse_indices": sparse_indices,
        "weights": weights,
        "actual_seq_lengths_query": actual_seq_lengths_query,
        "actual_seq_lengths_key": actual_seq_lengths_key,
        "head_num": head_num,
        "sparse_mode": sparse_mode,
        "pre_tokens": pre_tokens,
        "next_tokens": next_tokens,
    }
    options = Options(workers, as_bool("deterministic", deterministic))
    outputs = _compiled(half, layout).interpret(inputs, options)
    return outputs["dq"], outputs["dk"], outputs["dw"]


def _check_layout(layout: object) -> None:
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise ArgumentError(
            f"layout is {spell(layout)}, must be BSND or TND", argument="layout"
        )


def _half_of(query: Array | None) -> str:
    """What `half` means for the dtype of the query."""
    if query is None:
        raise MissingArgumentError("query is required and missing", argument="query")
    dtype = str(getattr(query, "dtype", type(query).__name__))
    if dtype not in _HALVES:
        raise ArgumentError(
            f"query has dtype {dtype}, must be float16 or bfloat16", argument="query"
        )
    return _HALVES[dtype]


def _check_dy(dy: Array | None, query: Array) -> None:
    shape = np.shape(dy) if isinstance(dy, np.ndarray) else ()
    if shape == np.shape(query) and len(shape) > 2 and shape[-2] != 1:
        raise ArgumentError(
            f"dy has the shape of query, {list(shape)}. The interface table prints "
            "[B, S1, N1, D] for dy, but the formulas cannot hold for that shape: dy is "
            "[B, S1, K] (TND: [T1, K]), one number for every selected key of a token",
            argument="dy",
        )
