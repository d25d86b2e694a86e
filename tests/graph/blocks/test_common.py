"""Blocks whose tokens share their entries: when they do, and that nobody can tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import ligrad
from backends.graph.blocks import planner, run, slots, union
from backends.graph.blocks.function import Options
from backends.graph.blocks.turn import NotCommonError, Turn
from backends.graph.blocks.union import Uniter
from ligrad.check import check_outputs

EXAMPLES = Path(__file__).parents[3] / "examples"
GRAD = EXAMPLES / "lightning_indexer_grad.lig"
TOKENS, KEYS, HEADS, ENTRIES = 10, 60, 3, 32


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What has become of the blocks; blocks of one token, if they are not united."""
    monkeypatch.setattr(slots, "MOST_TOKENS", 1)
    monkeypatch.setattr(union, "PATIENCE", 0)
    found: Counter[str] = Counter()
    unite, compute = Uniter.unite, run.Worker.compute_common

    def count(self: Uniter, first: int, last: int) -> Turn | None:
        turn = unite(self, first, last)
        found["plain" if turn is None else "united"] += 1
        return turn

    def watch(self: run.Worker, turn: Turn) -> object:
        try:
            return compute(self, turn)
        except NotCommonError:
            found["refused"] += 1
            raise

    monkeypatch.setattr(Uniter, "unite", count)
    monkeypatch.setattr(run.Worker, "compute_common", watch)
    return found


def values(keep: int = 30) -> dict[str, Any]:
    """Tokens that share all but a few of their keys."""
    rng = np.random.default_rng(0)
    common = rng.permutation(KEYS)[:ENTRIES]
    rows = np.empty((TOKENS, ENTRIES), np.int32)
    for row in rows:
        others = np.setdiff1d(np.arange(KEYS), common[:keep])
        row[:] = rng.permutation(
            [*common[:keep], *rng.permutation(others)[: ENTRIES - keep]]
        )

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(ml_dtypes.bfloat16)

    return {
        "query": normal(1, TOKENS, HEADS, 128),
        "key": normal(1, KEYS, 1, 128),
        "dy": normal(1, TOKENS, ENTRIES),
        "sparse_indices": rows[None],
        "weights": normal(1, TOKENS, HEADS),
        "sparse_mode": 0,
    }


def compare(given: dict[str, Any], **kind: Any) -> dict[str, np.ndarray]:
    operator = ligrad.compile(GRAD, **kind)
    outputs = operator.interpret(given, Options(2))
    for name, comparison in check_outputs(operator, given, outputs).items():
        assert comparison.ok, f"{name}: {comparison}"
    return outputs


def test_neighbours_share(seen: Counter[str]) -> None:
    compare(values())
    assert seen == {"united": 2}  # the last two tokens are no whole block


@pytest.mark.parametrize("wide", [0, 2**25])
@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("schedule", ["optimized", "baseline"])
def test_sharing_is_right_for_other_graphs(
    seen: Counter[str],
    wide: int,
    precision: str,
    schedule: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "WIDE_BYTES", wide)
    compare(values(), precision=precision, schedule=schedule)
    is_rewritten = schedule == "optimized" and precision == "float32"
    assert seen["united"] == (2 if is_rewritten else 0)


def test_tokens_with_little_in_common_do_not(seen: Counter[str]) -> None:
    compare(values(keep=8))
    assert seen == {"plain": 2}


def test_misses_save_tries(seen: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(union, "PATIENCE", 15)
    tried: list[int] = []
    found = Uniter._union

    def count(self: Uniter, rows: np.ndarray) -> np.ndarray:
        tried.append(len(rows))
        return found(self, rows)

    monkeypatch.setattr(Uniter, "_union", count)
    compare(values(keep=8))
    assert seen == {"plain": 2}
    assert len(tried) == 1


def test_a_row_twice_in_a_token(seen: Counter[str]) -> None:
    given = values()
    given["sparse_indices"][0, 1, 4] = given["sparse_indices"][0, 1, 9]
    compare(given)
    assert seen == {"plain": 1, "united": 1}


def test_absent_entries_among_common_ones(seen: Counter[str]) -> None:
    given = values()
    given["sparse_indices"][0, 2, [3, 17]] = -1
    given["dy"][0, 2, [3, 17]] = np.nan
    found = compare_without_nan(given)
    assert np.isfinite(found["dw"].astype(np.float32)).all()
    assert seen == {"united": 2}


def compare_without_nan(given: dict[str, Any]) -> dict[str, np.ndarray]:
    """The oracle is asked with 0 where the NaN must not count."""
    clean = {
        **given,
        "dy": np.where(np.isnan(given["dy"].astype("f4")), 0, given["dy"]),
    }
    clean["dy"] = clean["dy"].astype(given["dy"].dtype)
    operator = ligrad.compile(GRAD)
    outputs = operator.interpret(given, Options(2))
    for name, comparison in check_outputs(operator, clean, outputs).items():
        assert comparison.ok, f"{name}: {comparison}"
    return outputs


def test_a_token_without_rows(seen: Counter[str]) -> None:
    given = values()
    given["sparse_indices"][0, 5] = -1
    given["query"][0, 5] = np.nan
    outputs = ligrad.compile(GRAD).interpret(given, Options(2))
    assert not outputs["dq"][0, 5].any()
    assert not outputs["dw"][0, 5].any()
    assert np.isfinite(outputs["dk"].astype("f4")).all()
    assert seen == {"united": 1, "plain": 1}


@pytest.mark.parametrize("name", ["key", "weights", "query"])
@pytest.mark.parametrize("wide", [0, 2**25])
def test_infinities_spoil_only_their_own_token(
    seen: Counter[str], name: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 times infinity would spoil the others."""
    monkeypatch.setattr(slots, "WIDE_BYTES", wide)
    given = values()
    if name == "key":  # of a row that token 2 alone selects
        lone = np.setdiff1d(
            given["sparse_indices"][0, 2],
            given["sparse_indices"][0, [0, 1, *range(3, 10)]],
        )
        assert lone.size
        given["key"][0, lone[0]] = np.inf
    else:
        given[name][0, 2, 1] = np.inf
    outputs = ligrad.compile(GRAD).interpret(given, Options(2))
    assert seen["refused"] >= 1
    others = [token for token in range(TOKENS) if token != 2]
    assert np.isfinite(outputs["dq"][0, others].astype("f4")).all()
    assert np.isfinite(outputs["dw"][0, others].astype("f4")).all()
    unselected = np.setdiff1d(np.arange(KEYS), given["sparse_indices"][0, 2])
    assert np.isfinite(outputs["dk"][0, unselected].astype("f4")).all()


def test_an_infinite_gradient_stays_where_it_is(seen: Counter[str]) -> None:
    given = values()
    given["dy"][0, 2, 7] = np.inf
    outputs = ligrad.compile(GRAD).interpret(given, Options(2))
    assert seen == {"united": 2}
    others = [token for token in range(TOKENS) if token != 2]
    assert np.isfinite(outputs["dq"][0, others].astype("f4")).all()
    rows = np.setdiff1d(np.arange(KEYS), given["sparse_indices"][0, 2, 7])
    assert np.isfinite(outputs["dk"][0, rows].astype("f4")).all()


def test_bits_are_those_of_any_number_of_workers(seen: Counter[str]) -> None:
    operator, given = ligrad.compile(GRAD), values()
    want = operator.interpret(given, Options(1, deterministic=True))
    found = operator.interpret(given, Options(5, deterministic=True))
    assert seen == {"united": 4}
    for name, array in want.items():
        assert array.tobytes() == found[name].tobytes()


def test_scores_of_entries_cannot_be_shared(seen: Counter[str]) -> None:
    operator = ligrad.compile(EXAMPLES / "forward_scores.lig")
    given = {k: v for k, v in values().items() if k != "dy"}
    outputs = operator.interpret(given, Options(2))
    assert check_outputs(operator, given, outputs)["scores"].ok
    assert not seen


def test_small_tokens_are_not_asked() -> None:
    """Blocks of several tokens are quicker for them."""
    plan = run._plans(
        loop(), tuple({"T": 64, "N": 60, "N1": 3, "D": 128, "K": 32}.items())
    )
    assert plan[0].tokens > 1
    assert plan[1] is None
    assert planner.COMMON_TOKENS > 1


def loop() -> Any:
    from passes.pipelines import interpreter_pipeline, run_passes

    module = ligrad.compile(GRAD).source.clone()
    run_passes(module, interpreter_pipeline("float32"))
    return next(op for op in module.walk() if op.name == "lig.blocks")
