"""Calls that the interface forbids: each raises its documented error and code."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ligrad

BF16 = np.dtype(ml_dtypes.bfloat16)
Call = dict[str, Any]


def valid(layout: str = "BSND", dtype: Any = BF16, k: int = 4) -> Call:
    """A correct call: two batches, BSND of 3 and 6, or TND of 3 + 1 and 6 + 4."""
    rng = np.random.default_rng(0)
    lead = {"BSND": ((2, 3), (2, 6)), "TND": ((4,), (10,))}[layout]
    call: Call = {
        "query": rng.standard_normal((*lead[0], 2, 128)).astype(dtype),
        "key": rng.standard_normal((*lead[1], 1, 128)).astype(dtype),
        "dy": rng.standard_normal((*lead[0], k)).astype(dtype),
        "sparse_indices": rng.integers(0, 4, (*lead[0], k)).astype(np.int32),
        "weights": rng.standard_normal((*lead[0], 2)).astype(dtype),
        "layout": layout,
    }
    if layout == "TND":
        call["actual_seq_lengths_query"] = np.array([3, 4], np.int32)
        call["actual_seq_lengths_key"] = np.array([6, 10], np.int32)
    return call


def refused(call: Call) -> ligrad.ArgumentError:
    with pytest.raises(ligrad.ArgumentError) as caught:
        ligrad.lightning_indexer_grad(**call)
    assert str(caught.value).endswith(f"[{caught.value.code}]")
    return caught.value


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("dtype", [BF16, np.float16])
@pytest.mark.parametrize("mode", [0, 3])
def test_the_call_that_the_others_spoil_is_right(
    layout: str, dtype: Any, mode: int
) -> None:
    call = valid(layout, dtype)
    gradients = ligrad.lightning_indexer_grad(**call, sparse_mode=mode)
    assert [g.shape for g in gradients] == [
        call[name].shape for name in ("query", "key", "weights")
    ]


@pytest.mark.parametrize("name", ["query", "key", "dy", "sparse_indices", "weights"])
@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_missing_arrays(layout: str, name: str) -> None:
    error = refused({**valid(layout), name: None})
    assert isinstance(error, ligrad.MissingArgumentError)
    assert (error.code, error.argument) == (161001, name)


@pytest.mark.parametrize("name", ["actual_seq_lengths_query", "actual_seq_lengths_key"])
def test_tnd_needs_run_ends_and_bsnd_refuses_them(name: str) -> None:
    assert refused({**valid("TND"), name: None}).code == 161001
    error = refused({**valid(), name: np.array([3, 6], np.int32)})
    assert (error.code, error.argument) == (161002, name)


@pytest.mark.parametrize("name", ["query", "key", "dy", "weights"])
@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.int32, np.float16, object]
)
def test_float_dtypes(name: str, dtype: Any) -> None:
    call = valid()
    error = refused({**call, name: call[name].astype(dtype)})
    assert error.code == 161002
    if name != "query":  # a float16 query makes the others the odd ones
        assert error.argument == name


@pytest.mark.parametrize("dtype", [np.int64, np.int16, np.uint32, np.float32, bool])
@pytest.mark.parametrize("name", ["sparse_indices", "actual_seq_lengths_key"])
def test_integer_dtypes(name: str, dtype: Any) -> None:
    call = valid("TND")
    error = refused({**call, name: call[name].astype(dtype)})
    assert (error.code, error.argument) == (161002, name)


@pytest.mark.parametrize("value", ["text", 3.5, [[1], [2, 3]], object(), {}])
@pytest.mark.parametrize("name", ["query", "dy", "sparse_indices"])
def test_things_that_are_no_arrays(name: str, value: object) -> None:
    assert refused({**valid(), name: value}).code == 161002


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("layout", "BNSD", "layout is 'BNSD', must be BSND or TND"),
        ("layout", None, "layout is None, must be BSND or TND"),
        ("layout", ["BSND"], "layout is ['BSND'], must be BSND or TND"),
        ("sparse_mode", 1, "sparse_mode is 1, must be 0 or 3"),
        ("sparse_mode", 3.0, "sparse_mode must be an integer, not 3.0"),
        ("sparse_mode", True, "sparse_mode must be an integer, not True"),
        ("head_num", 3, "head_num is 3, but the arrays have N1 = 2"),
        ("head_num", "2", "head_num must be an integer, not '2'"),
        ("pre_tokens", 0.5, "pre_tokens must be an integer, not 0.5"),
        ("next_tokens", 2**70, "next_tokens"),
    ],
)
def test_attributes(name: str, value: object, says: str) -> None:
    error = refused({**valid(), name: value})
    assert error.code == 161002
    assert says in str(error)


def test_attributes_as_documented_are_accepted() -> None:
    more = {"head_num": np.int64(2), "pre_tokens": 0, "next_tokens": -1}
    ligrad.lightning_indexer_grad(**valid(), **more, sparse_mode=np.int32(0))


@pytest.mark.parametrize(
    ("name", "shape", "says"),
    [
        ("query", (2, 3, 128), "expected [B, S1, N1, D]"),
        ("query", (2, 3, 2, 64), "D is 64, must be 128"),
        ("query", (2, 3, 65, 128), "N1 is 65, must be 1 to 64"),
        ("query", (2, 3, 0, 128), "N1 is 0, must be 1 to 64"),
        ("query", (0, 3, 2, 128), "B is 0, must be 1 to 1024"),
        ("query", (1025, 1, 2, 128), "B is 1025, must be 1 to 1024"),
        ("key", (2, 6, 128), "expected [B, S2, N2, D]"),
        ("key", (2, 6, 2, 128), "N2 is 2, must be 1"),
        ("key", (3, 6, 1, 128), "B is 2 in query and 3 here"),
        ("key", (2, 3, 1, 128), "S2 is 3, must be at least K = 4"),
        ("dy", (2, 3, 5), "K is 5 in dy and 4 here"),
        ("dy", (2, 3, 2, 4), "N2 is 1 in key and 2 here"),
        ("dy", (6, 4), "expected [B, S1, K] or [B, S1, N2, K]"),
        ("sparse_indices", (2, 4, 4), "S1 is 3 in query and 4 here"),
        ("weights", (2, 3, 3), "N1 is 2 in query and 3 here"),
        ("weights", (2, 3, 2, 1), "expected [B, S1, N1]"),
    ],
)
def test_shapes(name: str, shape: tuple[int, ...], says: str) -> None:
    call = valid()
    error = refused({**call, name: np.zeros(shape, call[name].dtype)})
    assert error.code == 161002
    assert says in str(error)


@pytest.mark.parametrize("k", [0, 2049])
def test_top_k_limits(k: int) -> None:
    call = valid(k=k)
    call["key"] = np.zeros((2, 4096, 1, 128), BF16)
    assert f"K is {k}, must be 1 to 2048" in str(refused(call))


def test_long_sequences_are_refused() -> None:
    call = valid()
    call["key"] = np.lib.stride_tricks.as_strided(
        np.zeros(1, BF16), (2, 131073, 1, 128), (0, 0, 0, 0)
    )
    assert "S2 is 131073, must be 1 to 131072" in str(refused(call))


def test_dy_in_the_shape_of_the_interface_table() -> None:
    call = valid()
    error = refused({**call, "dy": np.zeros_like(call["query"])})
    assert error.argument == "dy"
    assert "The interface table prints [B, S1, N1, D] for dy" in str(error)


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ([3, 2], "never decrease, but entry 1 is 2 behind 3"),
        ([-1, 4], "never decrease, but entry 0 is -1 behind 0"),
        ([3, 5], "ends at 5, but query has only 4 rows of T"),
        ([3, 2**31], "holds int32 numbers, not 2147483648"),
        ([3.0, 4], "holds int32 numbers, not 3.0"),
        ([3, 4, 4], "B is 3 in actual_seq_lengths_query and 2 here"),
        (np.int32(4), "expected [B]"),
        ([], "B is 0, must be 1 to 1024"),
        (np.array([[3, 4]], np.int32), "expected [B]"),
    ],
)
def test_run_ends(ends: object, says: str) -> None:
    error = refused({**valid("TND"), "actual_seq_lengths_query": ends})
    assert error.code == 161002
    assert says in str(error)


def test_in_tnd_the_keys_of_all_batches_are_at_least_top_k() -> None:
    call = valid("TND", k=8)
    call["actual_seq_lengths_key"] = [3, 7]
    call["key"] = call["key"][:7]
    assert "N is 7, must be at least K = 8" in str(refused(call))


def test_tnd_without_rows() -> None:
    call = valid("TND")
    for name in ("query", "dy", "sparse_indices", "weights"):
        call[name] = call[name][:0]
    call["actual_seq_lengths_query"] = [0, 0]
    assert "T is 0, must be at least 1" in str(refused(call))


@pytest.mark.parametrize("value", [-2, 6, 10, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_indices_out_of_range_name_token_entry_and_value(
    layout: str, value: int
) -> None:
    call = valid(layout)
    flat = call["sparse_indices"].reshape(-1, 4)
    token = 2  # the last token of the first batch: three tokens of six keys
    flat[token, 1] = value
    error = refused({**call, "sparse_mode": 0})
    assert error.argument == "sparse_indices"
    assert (
        f"token {token} (batch 0, position 2 in it), entry 1: the index {value} "
        in str(error)
    )
    assert "outside [0, 6), the rows of N of batch 0" in str(error)


def test_an_index_behind_the_valid_ones_is_not_checked() -> None:
    call = valid()
    call["key"] = call["key"][:, :4]  # token 0 sees 4 - 3 + 0 + 1 = 2 keys
    call["sparse_indices"][:, 0, 2:] = 99
    ligrad.lightning_indexer_grad(**call)
    call["sparse_indices"][1, 0, 1] = 99
    assert "token 3 (batch 1, position 0 in it), entry 1" in str(refused(call))


# ---- anything at all

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers(-9, 9), max_size=3),
    st.builds(
        lambda shape, dtype: np.zeros(shape, dtype),
        st.lists(st.integers(0, 4), max_size=5).map(tuple),
        st.sampled_from([np.float16, BF16, np.int32, np.int64, np.float64, bool, "S3"]),
    ),
)
NAMES = st.sampled_from(
    [*valid("TND"), "sparse_mode", "head_num", "pre_tokens", "next_tokens"]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["BSND", "TND"]), st.dictionaries(NAMES, JUNK, min_size=1))
def test_junk_never_crashes(layout: str, junk: Call) -> None:
    call = {**valid(layout), **junk}
    with suppress(ligrad.ArgumentError):
        ligrad.lightning_indexer_grad(**call)
        # Only what really is acceptable may come here.
        attributes = {"pre_tokens", "next_tokens", "head_num", "sparse_mode"}
        ends = {"actual_seq_lengths_query", "actual_seq_lengths_key", "layout"}
        assert set(junk) <= attributes | ends, junk
        return
    codes = {161002}
    if any(value is None for value in call.values()):
        codes.add(161001)
    assert refused(call).code in codes


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=4),
    st.integers(1, 6),
    st.sampled_from([0, 3]),
    st.integers(0, 2**32 - 1),
)
def test_an_index_is_refused_exactly_where_it_is_valid_and_means_no_key(
    runs: list[tuple[int, int]], k: int, mode: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    tokens = max(1, sum(sq for sq, _ in runs))
    keys = max(k, sum(sk for _, sk in runs))
    indices = rng.integers(-2, 6, (tokens, k)).astype(np.int32)
    bad = False
    first = 0
    for sq, sk in runs:
        for s in range(sq):
            n = k if mode == 0 else max(0, min(k, sk - sq + s + 1))
            bad |= any(i != -1 and not 0 <= i < sk for i in indices[first + s, :n])
        first += sq
    call: Call = {
        "query": np.ones((tokens, 1, 128), BF16),
        "key": np.ones((keys, 1, 128), BF16),
        "dy": np.ones((tokens, k), BF16),
        "sparse_indices": indices,
        "weights": np.ones((tokens, 1), BF16),
        "layout": "TND",
        "sparse_mode": mode,
        "actual_seq_lengths_query": np.cumsum([sq for sq, _ in runs]).tolist(),
        "actual_seq_lengths_key": np.cumsum([sk for _, sk in runs]).tolist(),
    }
    if bad:
        assert refused(call).argument == "sparse_indices"
    else:
        ligrad.lightning_indexer_grad(**call)
