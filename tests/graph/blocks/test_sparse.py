"""Loops over rows, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from backends.graph.blocks.sparse import row_adder, row_scaler


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rest", [(), (5,), (2, 3)])
def test_updates_are_added_in_order(dtype: type, rest: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 4, (3, 40))
    updates = rng.standard_normal((3, 40, *rest)).astype(dtype)
    total = rng.standard_normal((6, *rest)).astype(dtype)
    want = total.copy()
    np.add.at(want, rows, updates)
    row_adder(rows.size, np.dtype(dtype))(total, rows, updates)
    np.testing.assert_array_equal(total, want)


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((2, 3, 4), (2, 3, 1)), ((2, 3, 4), (2, 1, 1)), ((4, 1), (4, 1))],
)
def test_rows_are_scaled(shape: tuple[int, ...], factor: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, np.float32)
    f = rng.standard_normal(factor, np.float32)
    want = x * f
    scale = row_scaler(x, f)
    assert scale is not None
    scale()
    np.testing.assert_array_equal(x, want)


def test_other_factors_are_not_of_rows() -> None:
    x = np.ones((2, 3, 4), np.float32)
    for shape in ((2, 3, 4), (1, 3, 1), (2, 1, 4)):
        assert row_scaler(x, np.ones(shape, np.float32)) is None
    assert row_scaler(x, np.ones((2, 3, 1))) is None
    assert row_scaler(x.transpose(2, 1, 0), np.ones((4, 3, 1), np.float32)) is None
    assert row_scaler(x[:0], np.ones((0, 3, 1), np.float32)) is None
