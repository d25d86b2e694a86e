"""compare() on cases with a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.oracle import Reference, compare, evaluate
from backends.oracle.bound import spacing
from ligrad_ir.dsl.parse import parse
from tests.oracle.programs import BF16, FP16

INF, NAN = float("inf"), float("nan")


def reference(value: Any, bound: Any, dtype: Any = FP16) -> Reference:
    value = np.asarray(value, np.float64)
    return Reference(value, np.broadcast_to(np.asarray(bound), value.shape), dtype)


def test_equal() -> None:
    found = compare(np.array([1, 2], FP16), reference([1, 2], 2.0**-11))
    assert (found.rms_ulp, found.max_error, found.worst) == (0, 0, 0)
    assert found.ok
    assert found.where is None


def test_one_element_off() -> None:
    output = np.ones((2, 3), FP16)
    output[1, 2] += 2.0**-10
    found = compare(output, reference(np.ones((2, 3)), 2.0**-11))
    assert found.max_error == 2.0**-10
    assert found.worst == 2
    assert found.where == (1, 2)
    assert found.rms_ulp == pytest.approx(1 / np.sqrt(6))
    assert not found.ok
    assert str(found) == (
        "WRONG: rms error 0.408 ulp, largest error 0.000977, "
        "worst 2 of its bound at [1, 2]"
    )


def test_within_the_bounds_but_off_by_more_than_an_ulp_everywhere() -> None:
    output = np.full(4, 1 + 2.0**-9, FP16)
    found = compare(output, reference(np.ones(4), 1.0))
    assert found.rms_ulp == 2
    assert found.worst < 1
    assert not found.ok


@pytest.mark.parametrize(
    ("dtype", "at", "ulp"),
    [
        (FP16, 1.0, 2.0**-10),
        (FP16, 1.999, 2.0**-10),
        (FP16, 2.0, 2.0**-9),
        (FP16, 65504.0, 32.0),
        (FP16, 1e9, 32.0),
        (FP16, 2.0**-14, 2.0**-24),
        (FP16, 2.0**-20, 2.0**-24),
        (FP16, 0.0, 2.0**-24),
        (BF16, 1.0, 2.0**-7),
        (BF16, 1e-45, 2.0**-133),
        (BF16, 0.0, 2.0**-133),
        (np.dtype(np.float32), 1.0, 2.0**-23),
    ],
)
def test_spacing(dtype: Any, at: float, ulp: float) -> None:
    assert float(spacing(dtype, np.asarray(at))) == ulp


@pytest.mark.parametrize("dtype", [FP16, BF16])
def test_spacing_is_the_distance_to_the_next_number(dtype: Any) -> None:
    bits = np.arange(0x7C00 if dtype == FP16 else 0x7F80, dtype=np.uint16)
    numbers = bits.view(dtype).astype(np.float64)
    np.testing.assert_array_equal(spacing(dtype, numbers[:-1]), np.diff(numbers))


def test_wrong_shape_and_wrong_dtype() -> None:
    one = reference([[1.0, 2.0]], 1.0)
    found = compare(np.array([1, 2], FP16), one)
    assert not found.ok
    assert str(found) == "WRONG: shape (2,) instead of (1, 2)"
    found = compare(np.array([[1, 2]], BF16), one)
    assert not found.ok
    assert str(found) == "WRONG: dtype bfloat16 instead of float16"


def test_nan_is_only_right_where_the_reference_is_nan() -> None:
    found = compare(np.array([NAN, 1], FP16), reference([NAN, 1], [INF, 1]))
    assert found.ok
    assert found.max_error == 0
    for output in ([1, 1], [INF, 1]):
        found = compare(np.array(output, FP16), reference([NAN, 1], [INF, 1]))
        assert not found.ok
        assert found.where == (0,)
    for bound in (1.0, INF):
        found = compare(np.array([1, NAN], FP16), reference([1, 1], bound))
        assert not found.ok
        assert (found.worst, found.where) == (INF, (1,))


def test_infinity_is_right_where_it_is_explained() -> None:
    overflow = np.array([INF, -INF], FP16)
    assert compare(overflow, reference([7e4, -7e4], INF)).ok
    assert compare(overflow, reference([INF, -INF], INF)).ok
    assert compare(overflow, reference([INF, -INF], 1.0)).ok
    assert not compare(overflow, reference([7e4, 7e4], INF)).ok
    assert not compare(overflow, reference([7e4, -7e4], 1e5)).ok
    assert not compare(np.array([60000, -60000], FP16), reference([7e4, -7e4], INF)).ok


def test_a_zero_that_is_certain() -> None:
    found = compare(np.array([0, 2.0**-24], FP16), reference([0, 0], 0.0))
    assert found.worst == INF
    assert found.where == (1,)
    assert not found.ok
    assert compare(np.array([0, -0.0], FP16), reference([0, 0], 0.0)).ok


def test_empty() -> None:
    found = compare(np.zeros((0, 3), FP16), reference(np.zeros((0, 3)), 0.0))
    assert found.ok
    assert str(found) == "ok: rms error 0 ulp, largest error 0, worst 0 of its bound"
    assert not compare(np.zeros((0, 2), FP16), reference(np.zeros((0, 3)), 0.0)).ok
    assert not compare(np.zeros((0, 3), BF16), reference(np.zeros((0, 3)), 0.0)).ok


@pytest.mark.parametrize(("count", "ok"), [(1, True), (2, True), (3, False)])
def test_a_few_explained_outliers_stand_beside_the_rms(count: int, ok: bool) -> None:
    output = np.ones(2000, FP16)
    output[:count] = 500
    bound = np.full(2000, 2.0**-11)
    bound[:count] = 499
    found = compare(output, reference(np.ones(2000), bound))
    assert found.ok is ok
    assert found.outliers == (count if ok else 0)
    assert ("outliers" in str(found)) is ok


def test_an_unexplained_outlier_is_wrong() -> None:
    output = np.ones(2000, FP16)
    output[0] = 500
    found = compare(output, reference(np.ones(2000), 2.0**-11))
    assert (found.ok, found.outliers) == (False, 0)


def test_the_rms_limit_of_the_reference_counts() -> None:
    value = np.full(4, 1.0)
    output = np.array([1.0, 1.0, 1.0, 1.25], np.float16)
    for limit, ok in ((1.0, False), (np.inf, True)):
        reference = Reference(value, np.full(4, 1.0), np.dtype(np.float16), limit)
        assert compare(output, reference).ok is ok


def test_cancelling_terms_are_judged_by_the_bound() -> None:
    program = parse(
        "operator Op\naxis C = 3\ninput a : float32[C]\ninput b : float32[C]\n"
        "output y : float32[C]\noutput z : half[C]\ny = a * b\nz = a * b"
    )
    ones = {name: np.ones(3, np.float32) for name in "ab"}
    for precision, limits in (("float32", (np.inf, 1.0)), ("mixed", (np.inf, np.inf))):
        found = evaluate(program, ones, dtype="bf16", precision=precision)
        assert (found["y"].rms_limit, found["z"].rms_limit) == limits
