"""The oracle on LightningIndexerGrad against the same formulas written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from backends.oracle import Reference, evaluate
from ligrad_ir.errors import ArgumentError, MissingArgumentError
from tests.oracle.lightning_indexer_grad_by_hand import (
    Case,
    lightning_indexer_grad,
    random_case,
    valid_entries,
)
from tests.oracle.programs import BF16, FP16, LIGHTNING_INDEXER_GRAD, run


def agree(case: Case, layout: str, found: dict[str, Reference]) -> None:
    dq, dk, dw = lightning_indexer_grad(case)
    for name, expected in (("dq", dq), ("dk", dk[:, None]), ("dw", dw)):
        assert np.abs(expected).max() > 0 or not expected.size
        if layout == "BSND":
            b = len(case.queries)
            expected = expected.reshape(b, len(expected) // b, *expected.shape[1:])
        scale = np.abs(expected).max(initial=1e-300)
        np.testing.assert_allclose(
            found[name].value, expected, rtol=1e-12, atol=1e-12 * scale
        )
        assert np.isfinite(found[name].bound).all()


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("seed", range(3))
def test_bsnd(mode: int, seed: int, dtype: str) -> None:
    case = random_case(
        np.random.default_rng(seed),
        BF16 if dtype == "bf16" else FP16,
        [4, 4],
        [6, 6],
        sparse_mode=mode,
    )
    agree(case, "BSND", run(case, "BSND", dtype))


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize(
    ("queries", "keys"),
    [
        ([3, 5], [7, 6]),
        ([0, 3, 0, 2], [4, 6, 0, 5]),  # runs without queries, without both
        ([2, 3, 0], [0, 8, 0]),  # queries without keys
        ([7], [4]),  # the first tokens have no valid entry
    ],
)
def test_tnd_with_padding(mode: int, queries: list[int], keys: list[int]) -> None:
    case = random_case(
        np.random.default_rng(5), BF16, queries, keys, sparse_mode=mode, padding=3
    )
    found = run(case, "TND")
    agree(case, "TND", found)
    for reference in found.values():
        assert not reference.value[-3:].any()
        assert not reference.bound[-3:].any()


def test_the_two_layouts_agree() -> None:
    case = random_case(np.random.default_rng(1), BF16, [3, 3], [5, 5])
    one, other = run(case, "BSND"), run(case, "TND")
    for name in one:
        for part in ("value", "bound"):
            expected = getattr(one[name], part)
            found = getattr(other[name], part).reshape(expected.shape)
            np.testing.assert_array_equal(found, expected)


def test_a_token_without_valid_entries_has_no_gradient() -> None:
    case = random_case(np.random.default_rng(2), BF16, [6], [2])
    assert valid_entries(case, 0, 0) == 0
    found = run(case, "BSND")
    for name in ("dq", "dw"):
        assert not found[name].value[0, 0].any()
        assert not found[name].bound[0, 0].any()


def test_duplicates_add_up() -> None:
    """One key selected twice weighs as much as with twice the dy."""
    case = random_case(np.random.default_rng(3), BF16, [1], [9], absent=0)
    case.indices[:] = [[4, 4, 7, 1, 0]]
    case.dy[:] = [[1, 1, 0.5, -1, 2]]
    twice = run(case, "BSND")
    case.indices[:] = [[4, -1, 7, 1, 0]]
    case.dy[:] = [[2, np.nan, 0.5, -1, 2]]
    once = run(case, "BSND")
    for name, reference in once.items():
        np.testing.assert_allclose(twice[name].value, reference.value, rtol=1e-12)


def test_the_unit_axis_of_dy_may_stand_or_not() -> None:
    case = random_case(np.random.default_rng(4), BF16, [2], [7])
    plain = run(case, "BSND")
    inputs = case.inputs("BSND")
    inputs["dy"] = inputs["dy"][:, :, None]
    unit = evaluate(
        LIGHTNING_INDEXER_GRAD, inputs, dtype="bf16", attributes={"sparse_mode": 3}
    )
    for name, reference in plain.items():
        np.testing.assert_array_equal(unit[name].value, reference.value)


def test_the_default_mode_is_causal() -> None:
    case = random_case(np.random.default_rng(4), BF16, [4], [4])
    found = evaluate(LIGHTNING_INDEXER_GRAD, case.inputs("BSND"), dtype="bf16")
    agree(case, "BSND", found)


def test_inputs_need_not_be_contiguous() -> None:
    case = random_case(np.random.default_rng(6), FP16, [4], [6])
    inputs = {
        name: np.asfortranarray(array) for name, array in case.inputs("BSND").items()
    }
    agree(case, "BSND", evaluate(LIGHTNING_INDEXER_GRAD, inputs, dtype="fp16"))


def test_what_does_not_fit_is_refused() -> None:
    case = random_case(np.random.default_rng(7), BF16, [2], [7], absent=0)
    inputs = case.inputs("BSND")
    with pytest.raises(
        ArgumentError, match=r"dy: shape .* does not fit \[t, n2\?, k\]"
    ):
        evaluate(
            LIGHTNING_INDEXER_GRAD, {**inputs, "dy": inputs["dy"][0]}, dtype="bf16"
        )
    with pytest.raises(ArgumentError, match="axis 's1' is 1 here and 2 elsewhere"):
        evaluate(
            LIGHTNING_INDEXER_GRAD, {**inputs, "dy": inputs["dy"][:, :1]}, dtype="bf16"
        )
    with pytest.raises(ArgumentError, match="no input is called 'values'"):
        evaluate(
            LIGHTNING_INDEXER_GRAD, {**inputs, "values": inputs["dy"]}, dtype="bf16"
        )
    without = {n: a for n, a in inputs.items() if n != "weights"}
    with pytest.raises(MissingArgumentError, match="weights is missing"):
        evaluate(LIGHTNING_INDEXER_GRAD, without, dtype="bf16")
    with pytest.raises(ArgumentError, match="sparse_mode is 1; the modes are 0 and 3"):
        evaluate(
            LIGHTNING_INDEXER_GRAD, inputs, dtype="bf16", attributes={"sparse_mode": 1}
        )
    with pytest.raises(ArgumentError, match="no attribute is called 'sparse'"):
        evaluate(LIGHTNING_INDEXER_GRAD, inputs, dtype="bf16", attributes={"sparse": 0})
    case.indices[1, 2] = 7
    with pytest.raises(
        ArgumentError, match=r"entry 2 of token \(1,\) is 7, not one of"
    ):
        run(case, "BSND")
