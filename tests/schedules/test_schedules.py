"""The comparison of schedules: its inputs, its limits, its tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.schedules.__main__ import main
from benchmarks.schedules.inputs import consecutive, first, shared
from benchmarks.schedules.measure import MAIN, Setup, example, kernel
from benchmarks.schedules.tables import Limit, table
from benchmarks.schedules.variants import timings, variants
from ligrad_ir.errors import LigradError
from passes.pipelines import kernel_pipeline


def test_the_indices_are_the_best_keys_in_the_order_of_their_scores() -> None:
    values = consecutive(3, 40, 4, 7, "fp16")
    query, key, weights = (
        values[name].astype(np.float64) for name in ("query", "key", "weights")
    )
    for t, row in enumerate(values["sparse_indices"][0]):
        score = weights[0, t] @ np.maximum(query[0, t] @ key[0, :, 0].T, 0)
        assert list(row) == list(np.argsort(-score)[:7])


def test_neighbours_share_keys_in_another_order() -> None:
    values = consecutive(8, 2048, 64, 512, "bf16")
    assert 0.85 < shared(values) < 0.99
    a, b = values["sparse_indices"][0, :2]
    assert np.mean(a == b) < 0.5


def test_a_short_run_takes_the_first_tokens() -> None:
    values = consecutive(4, 40, 2, 7, "bf16")
    few = first(values, 3)
    assert few["key"].shape == (1, 40, 1, 128)
    assert few["query"].shape == (1, 3, 2, 128)
    assert np.array_equal(few["sparse_indices"][0], values["sparse_indices"][0, :3])


def test_keys_may_be_in_the_order_of_their_numbers() -> None:
    small = Setup(heads=2, entries=7, keys=40, cores=1, few=1, many=7)
    values = small.values("bf16")
    ordered = replace(small, ascending=True).values("bf16")
    rows, other = values["sparse_indices"], ordered["sparse_indices"]
    assert (np.diff(other) > 0).all()
    assert not (np.diff(rows) > 0).all()
    assert np.array_equal(np.sort(rows), other)
    assert "ascending" in str(replace(small, ascending=True))
    assert "ascending" not in str(small)


def test_the_limits_are_met(capsys: pytest.CaptureFixture[str]) -> None:
    """Cycles and bytes are those of a model, the same in every run."""
    status = main(["--quick"])
    shown = capsys.readouterr().out
    assert status == 0, shown
    assert "MISSED" not in shown
    for line in ("A token in the steady state", "Errors of 8 tokens", "GM KiB read"):
        assert line in shown
    tables = shown.count("\n---")
    assert tables == 7
    assert shown.count("nothing was measured on a chip") == tables


def test_runs_that_are_too_close_are_refused() -> None:
    with pytest.raises(SystemExit):
        main(["--few", "3", "--many", "8"])


def test_variants_change_the_pipeline() -> None:
    full = kernel_pipeline("ascend910b1", schedule="optimized")
    found = dict(variants("ascend910b1"))
    assert found["optimized"] == full
    for name, passes in found.items():
        assert passes is not None, name
        if name.startswith("without"):
            assert passes != full, name


def test_doubts_leave_the_rest_of_the_model() -> None:
    base = dict(timings())["the model as it is"]
    for name, timing in timings():
        changed = [each for each in base.parameters if timing[each] != base[each]]
        assert bool(changed) == (name != "the model as it is"), name


def test_a_pipeline_that_a_pass_refuses_is_told() -> None:
    passes = dict(variants("ascend910b1"))["optimized"]
    assert passes is not None
    wrong = tuple(each for each in passes if each.name != "assign-precision")
    with pytest.raises(
        LigradError, match=r"no kernel for this: .* !lig\.real elements"
    ):
        kernel(example(MAIN), "ascend910b1", "bf16", wrong)


def test_tables() -> None:
    lines = table("title", ["a", "b"], [["long name", "1"]]).splitlines()
    assert lines[2:] == ["a          b", "------------", "long name  1"]
    assert Limit("x", 1, 2).met
    assert not Limit("x", float("nan"), 2).met
    assert str(Limit("x", 1, 2, at_least=True)) == "x: 1, at least 2: MISSED"
    assert "24 groups" in str(Setup())
