"""Loops over blocks on inputs that are hostile, odd or extreme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import ligrad
from backends.graph.blocks import run, slots, turn
from backends.graph.blocks.function import Options
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.errors import ArgumentError

EXAMPLES = Path(__file__).parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*.lig"))
GRAD = EXAMPLES / "lightning_indexer_grad.lig"


def generated(operator: ligrad.Operator, mode: int = 3, **shape: Any) -> dict[str, Any]:
    return generate(operator.signature, shape, seed=1, attributes={"sparse_mode": mode})


def check(operator: ligrad.Operator, values: dict[str, Any], **options: Any) -> None:
    outputs = operator.interpret(values, Options(**options))
    for name, comparison in check_outputs(operator, values, outputs).items():
        assert comparison.ok, f"{name}: {comparison}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("tokens", [1, 3, 256])
def test_every_example(
    file: Path, precision: str, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MOST_TOKENS", tokens)
    monkeypatch.setattr(turn, "SPAN", 7)
    operator = ligrad.compile(file, layout="TND", precision=precision)
    values = generated(operator, S1=(20, 0, 2, 17), S2=(40, 5, 0, 90), N1=5, K=33)
    values["sparse_indices"][::3, 9:] = values["sparse_indices"][::3, :1]
    check(operator, values, workers=3)


@pytest.mark.parametrize("wide", [0, 2**25])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_sources_are_widened_at_once_or_row_by_row(
    wide: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "WIDE_BYTES", wide)
    operator = ligrad.compile(GRAD, dtype=dtype)
    values = generated(operator, B=2, S1=9, S2=40, N1=3, K=16)
    values["sparse_indices"][:, :, 3] = -1
    check(operator, values, workers=2)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 2, 64, 2), (33, 2, 1, 1)])
def test_extents_of_one(sizes: tuple[int, int, int, int]) -> None:
    s1, s2, heads, entries = sizes
    operator = ligrad.compile(GRAD)
    check(operator, generated(operator, B=1, S1=s1, S2=s2, N1=heads, K=entries))


def test_what_stands_behind_the_valid_entries_reaches_nothing() -> None:
    operator = ligrad.compile(GRAD, layout="TND")
    values = generated(operator, S1=(12, 3), S2=(14, 4), N1=4, K=8)
    want = operator.interpret(values, Options(workers=1))
    count = [min(max(14 - 12 + s + 1, 0), 8) for s in range(12)]
    count += [min(4 - 3 + s + 1, 8) for s in range(3)]
    for token, n in enumerate(count):
        values["sparse_indices"][token, n:] = 2**31 - 1
        values["dy"][token, n:] = np.nan
    values["sparse_indices"][5, 2] = -1
    values["dy"][5, 2] = np.nan
    found = operator.interpret(values, Options(workers=2))
    for name, array in found.items():
        assert np.isfinite(array.astype(np.float32)).all(), name
    others = [t for t in range(15) if t != 5]
    assert (found["dq"][others] == want["dq"][others]).all()


def test_a_key_that_is_infinite_spoils_only_who_chose_it() -> None:
    operator = ligrad.compile(GRAD)
    values = generated(operator, mode=0, B=1, S1=6, S2=12, N1=2, K=4)
    values["sparse_indices"][:] = [1, 2, 3, 4]
    values["sparse_indices"][0, 2, 0] = 9
    values["key"][0, 9] = np.inf
    with np.errstate(invalid="ignore"):
        found = operator.interpret(values, Options(workers=2))
    assert not np.isfinite(found["dq"][0, 2].astype(np.float32)).any()
    others = [0, 1, 3, 4, 5]
    assert np.isfinite(found["dq"][0, others].astype(np.float32)).all()


def test_an_infinite_gradient_of_a_key_that_is_off_is_no_number_times_zero() -> None:
    """relu_grad selects; it does not multiply by 0."""
    half = ml_dtypes.bfloat16
    query = np.ones((1, 1, 1, 128), half)
    key = np.ones((1, 2, 1, 128), half)
    key[0, 1] = -1
    _, dk, _ = ligrad.lightning_indexer_grad(
        query,
        key,
        np.array([[[1, np.inf]]], half),
        np.array([[[0, 1]]], np.int32),
        np.ones((1, 1, 1), half),
    )
    assert (dk[0, 0] == 1).all()
    assert (dk[0, 1] == 0).all()


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_wrong_index_is_told(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "MOST_TOKENS", 2)
    operator = ligrad.compile(GRAD)
    values = generated(operator, mode=0, B=2, S1=30, S2=40, N1=2, K=8)
    for token in (13, 14, 50):
        values["sparse_indices"].reshape(60, 8)[token, 3] = 40
    with pytest.raises(ArgumentError, match=r"token 13 \(batch 0, position 13 in it"):
        operator.interpret(values, Options(workers))


@pytest.mark.parametrize("bytes", [0, 2**30])
def test_bits_do_not_depend_on_the_number_of_workers(
    bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "FIXED_LANES_BYTES", bytes)
    operator = ligrad.compile(GRAD)
    values = generated(operator, B=1, S1=150, S2=60, N1=3, K=32)
    want = operator.interpret(values, Options(1, deterministic=True))
    for workers in (2, 3, 7):
        found = operator.interpret(values, Options(workers, deterministic=True))
        for name, array in want.items():
            assert array.tobytes() == found[name].tobytes()
    lanes = [operator.interpret(values, Options(7)) for _ in range(3)]
    for other in lanes[1:]:  # in any case from run to run
        assert lanes[0]["dk"].tobytes() == other["dk"].tobytes()
    for name, comparison in check_outputs(operator, values, lanes[0]).items():
        assert comparison.ok, name


def test_progress_is_told_to_the_end() -> None:
    operator = ligrad.compile(GRAD)
    values = generated(operator, B=1, S1=40, S2=40, N1=2, K=8)
    told: list[tuple[int, int]] = []
    operator.interpret(
        values, Options(2, progress=lambda done, total: told.append((done, total)))
    )
    assert told[-1] == (40, 40)
    assert told == sorted(told)
