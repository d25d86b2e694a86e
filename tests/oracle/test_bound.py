"""The bounds hold for a simulated device, and are tight enough to catch mistakes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backends.oracle import compare, evaluate
from backends.oracle.bound import (
    Bounded,
    contraction,
    exactly,
    literal,
    negative,
    product,
    reduction,
    relu,
    relu_grad,
    rounded,
    rounding_to,
    total,
)
from ligrad_ir.dsl.parse import parse
from tests.oracle.lightning_indexer_grad_by_hand import (
    Case,
    random_case,
    valid_entries,
)
from tests.oracle.programs import BF16, FP16, run

Array = NDArray[Any]
Precision = Literal["float32", "mixed"]
F32 = np.float32
DTYPES: dict[Any, Any] = {"bf16": BF16, "fp16": FP16}
PRECISIONS: list[Precision] = ["float32", "mixed"]
SEEDS = st.integers(0, 2**32 - 1)


def device(case: Case, precision: Precision, mistake: str = "") -> dict[str, Array]:
    """LightningIndexerGrad in float32, perhaps with one mistake in it."""
    dtype = case.query.dtype
    q, key, dy, w = (
        a.astype(F32) for a in (case.query, case.key, case.dy, case.weights)
    )
    dq, dk, dw = np.zeros_like(q), np.zeros_like(key), np.zeros_like(w)
    t = first = 0
    for b, count in enumerate(case.queries):
        for s in range(count):
            chosen = case.indices[t, : valid_entries(case, b, s)]
            kept = np.flatnonzero(chosen != -1)
            if mistake == "a missing term":
                kept = kept[:-1]
            rows = first + chosen[kept]
            scores = np.maximum(q[t] @ key[rows].T, F32(0))
            back = np.where(scores > 0, dy[t, kept] * w[t][:, None], F32(0))
            if mistake == "a rounded S":
                scores = scores.astype(dtype).astype(F32)
            if mistake == "no relu in the derivative":
                back = dy[t, kept] * w[t][:, None]
            if precision == "mixed":
                back = back.astype(dtype).astype(F32)
            dw[t] = (scores * dy[t, kept]).sum(axis=1)
            dq[t] = back @ key[rows]
            if mistake == "a wrong sign":
                dq[t, 0] = -dq[t, 0]
            added = back.T @ q[t]
            if mistake == "a dropped duplicate":
                dk[rows] += added
            else:
                np.add.at(dk, rows, added)
            if mistake == "a half accumulator":
                dk = dk.astype(dtype).astype(F32)
            t += 1
        first += case.keys[b]
    found = {"dq": dq, "dk": dk[:, None], "dw": dw}
    return {name: array.astype(dtype) for name, array in found.items()}


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("precision", PRECISIONS)
@settings(deadline=None, max_examples=15)
@given(seed=SEEDS, scale=st.sampled_from([2.0**-12, 2.0**-5, 1.0, 32.0]))
def test_a_right_device_is_within_the_bounds(
    dtype: Any, precision: Precision, seed: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    case = random_case(rng, DTYPES[dtype], [3, 4], [9, 20], heads=4, dim=32, entries=16)
    case.weights *= np.asarray(scale, case.weights.dtype)
    found = device(case, precision)
    for name, reference in run(case, "TND", dtype, precision).items():
        comparison = compare(found[name], reference)
        assert comparison.worst <= 1, (name, str(comparison))


@pytest.fixture(scope="module", params=["bf16", "fp16"])
def typical(request: pytest.FixtureRequest) -> Case:
    rng = np.random.default_rng(11)
    dtype = DTYPES[request.param]
    return random_case(
        rng, dtype, [12], [100], heads=8, dim=64, entries=64, sparse_mode=0
    )


MISTAKES: list[tuple[str, set[str]]] = [
    ("", set()),
    ("a missing term", {"dq", "dk", "dw"}),
    ("a wrong sign", {"dq"}),
    ("a dropped duplicate", {"dk"}),
    ("a rounded S", {"dw"}),
    ("no relu in the derivative", {"dq", "dk"}),
]


@pytest.mark.parametrize(
    ("precision", "mistake", "wrong"),
    [
        *(("mixed", *mistake) for mistake in MISTAKES),
        *(("float32", *mistake) for mistake in MISTAKES),
        # Among operands rounded to half this one would be within the bounds.
        ("float32", "a half accumulator", {"dk"}),
    ],
)
def test_mistakes_are_caught(
    typical: Case, precision: Precision, mistake: str, wrong: set[str]
) -> None:
    found = device(typical, precision, mistake)
    dtype = "bf16" if typical.query.dtype == BF16 else "fp16"
    references = run(typical, "TND", dtype, precision)
    caught = {n for n, r in references.items() if not compare(found[n], r).ok}
    assert caught == wrong


def test_operands_rounded_against_the_stated_precision(typical: Case) -> None:
    dtype = "bf16" if typical.query.dtype == BF16 else "fp16"
    found = device(typical, "mixed")
    references = run(typical, "TND", dtype, "float32")
    caught = {n for n, r in references.items() if not compare(found[n], r).ok}
    assert caught == {"dq", "dk"}


def test_a_score_whose_sign_float32_cannot_tell() -> None:
    """1 + 2**-26 - 1 is positive, but zero when added up in float32."""
    case = random_case(np.random.default_rng(0), FP16, [1], [1], heads=1, dim=3)
    case.query[:], case.key[:] = [[[1, 2.0**-12, -1]]], [[1, 2.0**-14, 1]]
    case.indices[:, 0], case.dy[:, 0], case.weights[:] = 0, 3, 5
    reference = run(case, "BSND", "fp16")["dq"]
    np.testing.assert_array_equal(reference.value, [[[[15, 15 * 2.0**-14, 15]]]])
    assert compare(np.zeros((1, 1, 1, 3), FP16), reference).worst <= 1
    case.key[:, 2] = 0.5  # now the sign is sure
    reference = run(case, "BSND", "fp16")["dq"]
    assert compare(np.zeros((1, 1, 1, 3), FP16), reference).worst > 100


CHAIN = """
axis M in 1..9
axis N in 1..9
axis P in 1..9
axis Q in 1..9
input x : half[M, N]
input y : half[N, P]
input w : half[P, Q]
output z : half[M, Q]
z = Matmul(0.1 * Matmul(x, y) - Relu(Matmul(x, y)), -w)
"""


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("precision", PRECISIONS)
@settings(deadline=None, max_examples=25)
@given(seed=SEEDS)
def test_a_chain_of_products(dtype: Any, precision: Precision, seed: int) -> None:
    rng, kind = np.random.default_rng(seed), DTYPES[dtype]
    m, n, p, q = rng.integers(1, 40, size=4)
    x, y, w = (
        rng.normal(size=shape).astype(kind) for shape in ((m, n), (n, p), (p, q))
    )
    scores = x.astype(F32) @ y.astype(F32)
    middle = F32(0.1) * scores - np.maximum(scores, F32(0))
    if precision == "mixed":
        middle = middle.astype(kind).astype(F32)
    z = (middle @ -w.astype(F32)).astype(kind)
    inputs = {"x": x, "y": y, "w": w}
    reference = evaluate(parse(CHAIN), inputs, dtype=dtype, precision=precision)["z"]
    assert compare(z, reference).worst <= 1
    if precision == "mixed":
        strict = evaluate(parse(CHAIN), inputs, dtype=dtype)["z"]
        assert (strict.bound <= reference.bound).all()


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_moved_operands_are_not_rounded(dtype: Any) -> None:
    """Selecting, negating and relu leave half numbers half: no bound grows."""
    text = """
axis N in 1..9
axis T in 1..9
axis K in 1..9
axis D in 1..9
input x : half[N, D]
input q : half[T, D]
input idx : int32[T, K] selects N
output z : half[T, K]
z = Matmul(-Gather(Relu(x), idx), ReluGrad(q, q))
"""
    rng, kind = np.random.default_rng(0), DTYPES[dtype]
    inputs = {
        "x": rng.normal(size=(5, 8)).astype(kind),
        "q": rng.normal(size=(3, 8)).astype(kind),
        "idx": rng.integers(0, 5, size=(3, 4)).astype(np.int32),
    }
    one, other = (
        evaluate(parse(text), inputs, dtype=dtype, precision=precision)["z"]
        for precision in PRECISIONS
    )
    np.testing.assert_array_equal(one.bound, other.bound)
    half_ulp = 2.0**-8 if dtype == "bf16" else 2.0**-11
    assert (one.bound <= 1.01 * half_ulp * np.abs(one.value) + 1e-5).all()


def test_overflow_of_the_output() -> None:
    text = "axis A in 1..9\ninput x : half[A]\noutput z : half[A]\nz = x * x"
    x = np.array([255, 256, -300, 0], FP16)
    reference = evaluate(parse(text), {"x": x}, dtype="fp16")["z"]
    np.testing.assert_array_equal(np.isinf(reference.bound), [0, 1, 1, 0])
    with np.errstate(over="ignore"):
        assert compare(x * x, reference).ok
    x = np.array([255, 256, -300, 0], BF16)
    reference = evaluate(parse(text), {"x": x}, dtype="bf16")["z"]
    assert np.isfinite(reference.bound).all()


# ---- the steps of the analysis, one by one, against exact arithmetic

NUMBERS = st.floats(-1e4, 1e4, width=32)


def near(value: float, error: float) -> Bounded:
    return Bounded(np.asarray(float(value)), np.asarray(float(error)))


@settings(deadline=None, max_examples=200)
@given(x=NUMBERS, y=NUMBERS, dx=st.floats(-1, 1), dy=st.floats(-1, 1))
def test_one_operation(x: float, y: float, dx: float, dy: float) -> None:
    """The device holds x' and y' in place of x and y."""
    device_x, device_y = F32(x + 0.01 * dx), F32(y + 0.01 * dy)
    a = near(x, abs(float(Fraction(float(device_x)) - Fraction(x))))
    b = near(y, abs(float(Fraction(float(device_y)) - Fraction(y))))
    taken = y if x > 0 else 0.0
    device_taken = device_y if device_x > 0 else F32(0)
    for found, exact, computed in (
        (total(a, b), Fraction(x) + Fraction(y), device_x + device_y),
        (product(a, b), Fraction(x) * Fraction(y), device_x * device_y),
        (relu(a), Fraction(max(x, 0)), max(device_x, F32(0))),
        (relu_grad(b, a), Fraction(taken), device_taken),
        (negative(a), -Fraction(x), -device_x),
    ):
        error = abs(Fraction(float(computed)) - exact)
        assert error <= Fraction(float(found.error)) + Fraction(2) ** -60
        assert abs(Fraction(float(found.value)) - exact) <= abs(exact) / 2**52


def test_the_errors_of_single_steps() -> None:
    u = 2.0**-24
    assert relu(near(-1, 0.5)).error == 0
    assert relu(near(-1, 1.5)).error == 0.5
    assert relu(near(1, 0.5)).error == 0.5
    assert relu_grad(near(3, 0.25), near(1, 0.5)).error == 0.25
    assert relu_grad(near(3, 0.25), near(-1, 1)).error == 0
    assert relu_grad(near(3, 0.25), near(-1, 1.5)).error == 3.25
    assert relu_grad(near(3, 0.25), near(1, 1)).error == 3.25
    assert literal(0.5).error == 0
    assert literal(0.1).error == pytest.approx(abs(float(F32(0.1)) - 0.1))
    assert product(near(3, 0), near(-2, 0)).error == pytest.approx(6 * u)
    assert product(near(3, 1), near(-2, 1)).error == pytest.approx(6, rel=1e-5)
    assert total(near(3, 1), near(-3, 1)).error == pytest.approx(2, rel=1e-5)
    ones = exactly(np.ones(1000))
    assert reduction(ones, (0,)).error == pytest.approx(1e6 * u, rel=1e-3)
    many = contraction(ones, negative(ones), "a,a->", 1000)
    assert (many.value, many.error) == (-1000, pytest.approx(1e6 * u, rel=1e-3))
    vague = Bounded(np.ones(1000), np.full(1000, 0.5))
    for x, y, error in ((vague, ones, 500), (ones, vague, 500), (vague, vague, 1250)):
        assert contraction(x, y, "a,a->", 1000).error == pytest.approx(error, rel=1e-3)
    assert product(exactly(np.array(1e30)), exactly(np.array(1e30))).error == np.inf


@pytest.mark.parametrize(
    ("dtype", "reach", "error"),
    [
        (FP16, 0.0, 0.0),
        (FP16, 1.0, 2.0**-11),
        (FP16, 2.0**-30, 2.0**-25),
        (FP16, 65519.0, 16.0),
        (FP16, 65520.0, np.inf),
        (BF16, 1.0, 2.0**-8),
        (BF16, 1e39, np.inf),
    ],
)
def test_rounding_to(dtype: Any, reach: float, error: float) -> None:
    assert float(rounding_to(dtype, np.asarray(reach))) == error
    assert float(rounded(near(-reach, 0), dtype).error) == error


SCATTER = """
axis T in 1..999
axis K in 1..9
axis N in 1..9
input dy : half[T, K]
input start : half[N]
input idx : int32[T, K] selects N
output row : float32[N]
output column : float32[K]
row = ScatterAdd(dy, idx)
column = Reduce(dy over T)
"""


def test_sums_over_tokens_count_their_terms() -> None:
    """Row 0 gets 500 terms, row 1 gets 1, row 2 none."""
    idx = np.zeros((250, 2), np.int32)
    idx[7, 0], idx[8, 1] = 1, -1
    dy, start = np.full(idx.shape, 2.0, FP16), np.ones(3, FP16)
    inputs = {"dy": dy, "idx": idx, "start": start}
    found = evaluate(parse(SCATTER), inputs, dtype="fp16")
    row, u = found["row"], 2.0**-24
    np.testing.assert_array_equal(row.value, [996, 2, 0])
    assert row.bound[2] == 0
    np.testing.assert_allclose(row.bound[0], 498 * 996 * u + 2.0**-15, rtol=1e-4)
    np.testing.assert_allclose(row.bound[1], 1 * 2 * u + 2.0**-23, rtol=1e-4)
    column = found["column"]
    np.testing.assert_array_equal(column.value, [500, 498])
    assert (column.bound >= 249 * 498 * u).all()
    assert (column.bound <= 251 * 501 * u).all()


def test_an_operand_that_may_overflow_explains_anything() -> None:
    """The half operand may be infinite, and infinity times 0 is no number."""
    text = CHAIN.replace("0.1 * Matmul(x, y) - Relu(Matmul(x, y))", "x * x")
    text = text.replace("-w)", "y)").replace("half[M, Q]", "half[M, P]")
    inputs = {
        "x": np.array([[300, 1]], FP16),
        "y": np.array([[0], [1]], FP16),
        "w": np.ones((1, 1), FP16),
    }
    mixed = evaluate(parse(text), inputs, dtype="fp16", precision="mixed")["z"]
    assert mixed.value == 1
    assert mixed.bound == np.inf
    assert evaluate(parse(text), inputs, dtype="fp16")["z"].bound < 1
