"""Deterministic mode at the level `tiled`: the same bits on any number of cores, in any
order of the cores, on data whose sums depend on the order; and right ones."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.call.dtypes import Array
from backends.tiled.call import npu_arguments
from backends.tiled.interpreter import run_npu
from ligrad.check import check_outputs
from ligrad.workload import generate

EXAMPLES = Path(__file__).parents[2] / "examples"
LIGHTNING = (EXAMPLES / "lightning_indexer_grad.lig").read_text(encoding="utf-8")
WIDE = LIGHTNING.replace("output dk : half", "output dk : float32")
"""Shows every bit of the sums."""
KINDS = list(product(("bf16", "fp16"), ("BSND", "TND"), (0, 3)))
CORES = (1, 2, 3, 5, 24)
BSND = {"B": 2, "S1": 4, "S2": 70, "N1": 3, "K": 70}
TND = {"S1": (3, 0, 4, 1), "S2": (2, 5, 69, 1), "N1": 3, "K": 70}
"""8 tokens each: fewer than 24 groups, no multiple of 3 or 5. In TND a batch without
tokens, tokens without an entry in mode 3, and batches with fewer rows than cores."""


@cache
def operator(
    text: str, dtype: str = "bf16", layout: str = "BSND", *, deterministic: bool = True
) -> ligrad.Operator:
    return ligrad.compile(
        text,
        dtype=dtype,
        layout=layout,
        precision="mixed",
        deterministic=deterministic,
    )


def run(
    found: ligrad.Operator, values: dict[str, Any], cores: int, *, reverse: bool = False
) -> dict[str, Array]:
    module, bound = found.module("npu"), found.bind(values)
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, reverse=reverse)
    return bound.results(outputs)


def crowded(
    found: ligrad.Operator, shape: dict[str, Any], mode: int = 0, seed: int = 0
) -> dict[str, Any]:
    """All tokens choose from the first and the last rows of their batch, some entries
    are absent, and gradients are of very different sizes: sums depend on the order."""
    values = generate(
        found.signature, shape, seed=seed, attributes={"sparse_mode": mode}
    )
    rng = np.random.default_rng(seed)
    rows = values["sparse_indices"].reshape(-1, shape["K"])
    dy = values["dy"].reshape(rows.shape)
    dy[...] = rng.normal(size=dy.shape) * 2.0 ** rng.integers(-6, 6, dy.shape)
    lengths = zip(np.broadcast_to(shape["S1"], _batches(shape)), _keys(shape))
    token = 0
    for queries, keys in lengths:
        for _ in range(queries):
            near = rng.choice([0, 1, keys - 2, keys - 1], rows.shape[1])
            rows[token] = np.clip(near, 0, keys - 1)
            rows[token, ::7] = -1
            token += 1
    return values


def _batches(shape: dict[str, Any]) -> int:
    return shape.get("B", 1) if isinstance(shape["S1"], int) else len(shape["S1"])


def _keys(shape: dict[str, Any]) -> Array:
    return np.broadcast_to(shape["S2"], _batches(shape))


def bits(outputs: dict[str, Array]) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in outputs.items()}


def agreed(
    found: ligrad.Operator, values: dict[str, Any], runs: list[tuple[int, bool]]
) -> dict[str, Array]:
    """The outputs, which are the same bit for bit in all runs."""
    first, *rest = (run(found, values, cores, reverse=r) for cores, r in runs)
    for other in rest:
        assert bits(other) == bits(first)
    return first


def check(
    found: ligrad.Operator, values: dict[str, Any], outputs: dict[str, Array]
) -> None:
    for name, comparison in check_outputs(found, values, outputs, "mixed").items():
        assert comparison.ok, f"{name}: {comparison}"


# ---- the same bits


@pytest.mark.parametrize(("dtype", "layout", "mode"), KINDS)
def test_any_number_of_cores_gives_the_same_bits(
    dtype: str, layout: str, mode: int
) -> None:
    found = operator(WIDE, dtype, layout)
    values = crowded(found, BSND if layout == "BSND" else TND, mode)
    # Every other one backwards, and one number of cores both ways.
    runs = [(cores, i % 2 == (mode == 0)) for i, cores in enumerate((*CORES, 2))]
    outputs = agreed(found, values, runs)
    check(found, values, outputs)
    assert outputs["dk"].any()


def test_without_it_the_bits_depend_on_the_cores() -> None:
    """Else the tests here could not fail."""
    found = operator(WIDE, deterministic=False)
    values = crowded(found, BSND)
    runs = [(1, True), *((cores, False) for cores in (1, 2, 3, 5))]
    assert len({bits(run(found, values, n, reverse=r))["dk"] for n, r in runs}) == 5


@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_rounded_outputs(layout: str) -> None:
    found = operator(LIGHTNING, "fp16", layout)
    values = crowded(found, BSND if layout == "BSND" else TND, seed=3)
    runs = [(cores, cores == 3) for cores in (1, 2, 3, 5)]
    check(found, values, agreed(found, values, runs))


@pytest.mark.parametrize("tokens", [1, 2, 3, 4, 5])
def test_rounds_that_are_full_or_not(tokens: int) -> None:
    found = operator(WIDE)
    values = crowded(found, dict(BSND, B=1, S1=tokens), seed=tokens)
    runs = [(cores, cores == 2) for cores in (1, 2, 4, 5, 7)]
    check(found, values, agreed(found, values, runs))


@pytest.mark.parametrize("cores", [1, 5])
def test_no_tokens(cores: int) -> None:
    """Only padding: nothing is computed, and every gradient is 0."""
    found = operator(LIGHTNING, "fp16", "TND")
    values = generate(found.signature, {"S1": (2, 1), "S2": (5, 9), "N1": 3, "K": 4})
    values["actual_seq_lengths_query"] = np.array([0, 0], np.int32)
    for array in run(found, values, cores).values():
        assert not array.any()


def test_padding_rows_stay_zero() -> None:
    found = operator(LIGHTNING, "bf16", "TND")
    values = crowded(found, TND, 3)
    for name, array in values.items():
        if isinstance(array, np.ndarray) and array.ndim > 1:
            extra = np.full((3, *array.shape[1:]), 7, array.dtype)
            values[name] = np.concatenate([array, extra])
    outputs = agreed(found, values, [(1, False), (4, True)])
    check(found, values, outputs)
    assert not outputs["dq"][8:].any()
    assert not outputs["dk"][77:].any()


@pytest.mark.parametrize("cores", [1, 3, 24])
def test_wrong_indices_are_absent_for_all_owners(cores: int) -> None:
    """Kernels skip them; only `run` tells the caller."""
    found = operator(WIDE)
    values = crowded(found, BSND)
    absent = bits(run(found, values, 2))
    for wrong in (70, 71, 139, 2**31 - 1, -2):
        indices = values["sparse_indices"]
        changed = values | {"sparse_indices": np.where(indices == -1, wrong, indices)}
        assert bits(run(found, changed, cores)) == absent


# ---- which order


def test_updates_are_added_in_the_order_of_tokens_and_entries() -> None:
    """One head and positive scores: every update is one product, so the sums can be
    done by hand, in float32, in that order."""
    found = operator(WIDE, "fp16")
    values = crowded(found, {"B": 2, "S1": 5, "S2": 9, "N1": 1, "K": 9})
    for name in ("query", "key"):
        values[name] = np.abs(values[name]) + values[name].dtype.type(0.5)
    outputs = agreed(found, values, [(1, False), (3, True), (24, False)])
    expected = np.zeros((2, 9, 128), np.float32)
    for batch, token in product(range(2), range(5)):
        wide = values["dy"][batch, token].astype(np.float32)
        gradient = wide * values["weights"][batch, token].astype(np.float32)
        for entry, row in enumerate(values["sparse_indices"][batch, token].reshape(-1)):
            if row >= 0:
                scale = gradient.astype(np.float16).astype(np.float32)[entry]
                query = values["query"][batch, token, 0].astype(np.float32)
                expected[batch, row] += scale * query
    np.testing.assert_array_equal(outputs["dk"].reshape(2, 9, 128), expected)


# ---- other formulas


@pytest.mark.parametrize("name", ["forward_scores", "linear_indexer_grad"])
def test_other_examples(name: str) -> None:
    text = (EXAMPLES / f"{name}.lig").read_text(encoding="utf-8")
    text = text.replace("output dk : half", "output dk : float32")
    found, plain = operator(text), operator(text, deterministic=False)
    has_sums = "ScatterAdd" in text
    assert (str(found.module("npu")) != str(plain.module("npu"))) == has_sums
    values = generate(found.signature, BSND, seed=7)
    check(found, values, agreed(found, values, [(1, False), (3, True), (5, False)]))


def with_output(declaration: str, formula: str) -> str:
    last = "output dw : half[T, N1]\n"
    text = WIDE.replace(last, f"{last}{declaration}\n")
    return text.replace("dW =", f"{formula}\ndW =")


FURTHER = {
    "two sums": with_output(
        "output g : float32[N, D]", "G = ScatterAdd(Matmul(ReluGrad(S, S), Q), Indices)"
    ),
    "updates that come in": LIGHTNING.replace(
        "output dq", "input u : float32[T, K, D]\noutput g : float32[N, D]\noutput dq"
    )
    + "\nG = ScatterAdd(U, Indices)\n",
}


@pytest.mark.parametrize("name", FURTHER)
def test_further_formulas(name: str) -> None:
    found = operator(FURTHER[name])
    values = crowded(found, BSND, seed=1)
    check(found, values, agreed(found, values, [(1, False), (3, True), (4, False)]))
