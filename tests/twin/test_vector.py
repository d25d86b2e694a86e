"""Vector calls against NumPy, one case of kernels/vector.cpp each."""

import ml_dtypes
import numpy as np
import pytest

from backends.twin.launch import Library
from backends.twin.report import KernelType

RNG = np.random.default_rng(2)
BYTES = 8192
F32, F16, BF16 = np.float32, np.float16, ml_dtypes.bfloat16
MODES = {
    1: np.rint,
    2: np.floor,
    3: np.ceil,
    4: lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    5: np.trunc,
}
COMPARES = [
    np.less,
    np.greater,
    np.equal,
    np.less_equal,
    np.greater_equal,
    np.not_equal,
]


def run(
    library: Library,
    case: int,
    x: np.ndarray,
    y: np.ndarray,
    out: type,
    mode: int = 0,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The output buffer, which holds `start` and else 1 bits before."""
    arrays = [np.zeros(BYTES, np.uint8) for _ in range(2)]
    for array, values in zip(arrays, (x, y), strict=True):
        array[: values.nbytes] = np.frombuffer(values.tobytes(), np.uint8)
    result = np.full(BYTES, 0xFF, np.uint8)
    if start is not None:
        result[: start.nbytes] = start.view(np.uint8)
    report = library.launch([*arrays, result, case, mode], 1)
    assert not report.hazards
    assert report.kernel_type == KernelType.AIV_ONLY
    return result.view(out)


def rounded(x: np.ndarray, dtype: type, mode: int) -> np.ndarray:
    """Narrowing in an independent way: scale by the spacing of the result, round to an
    integer, scale back."""
    info = ml_dtypes.finfo(dtype)
    exponent = np.maximum(np.frexp(x.astype(np.float64))[1] - 1, int(info.minexp))
    spacing = 2.0 ** (exponent - int(info.nmant))
    scaled = x.astype(np.float64) / spacing
    if mode == 6:  # to odd
        steps = np.trunc(scaled)
        steps = np.where(
            (steps != scaled) & (steps % 2 == 0), steps + np.sign(scaled), steps
        )
    else:
        steps = MODES[mode if mode else 1](scaled)
    return (steps * spacing).astype(dtype)


@pytest.mark.parametrize(
    ("case", "dtype", "modes"), [(0, F16, range(7)), (1, BF16, range(1, 6))]
)
def test_narrowing_casts(
    vector_case: Library, case: int, dtype: type, modes: range
) -> None:
    x = (RNG.standard_normal(1024) * 10.0 ** RNG.integers(-7, 4, 1024)).astype(F32)
    near = x.astype(dtype).astype(F32)
    x[::3] = near[::3]
    x[1::3] = (
        near[1::3].astype(np.float64)
        + (near[1::3] * (1 + 2.0**-7 if dtype == BF16 else 1 + 2.0**-10))
        .astype(dtype)
        .astype(np.float64)
    ) / 2
    for mode in modes:
        ours = run(vector_case, case, x, x, dtype, mode)[:1024]
        assert (
            ours.view(np.uint16) == rounded(x, dtype, mode).view(np.uint16)
        ).all(), mode


@pytest.mark.parametrize("mode", MODES)
def test_float_to_int(vector_case: Library, mode: int) -> None:
    x = np.concatenate(
        [
            np.arange(-40, 40) / 4,
            [1e10, -1e10, 2.0**31, -(2.0**31), np.inf],
            np.zeros(939),
        ]
    ).astype(F32)
    ours = run(vector_case, 2, x, x, np.int32, mode)[:1024]
    assert (
        ours
        == np.clip(MODES[mode](x.astype(np.float64)), -(2**31), 2**31 - 1).astype(
            np.int64
        )
    ).all()


def test_half_to_float_and_int_to_float(vector_case: Library) -> None:
    x = RNG.standard_normal(1024).astype(F16)
    assert (run(vector_case, 3, x, x, F32)[:1024] == x.astype(F32)).all()
    i = RNG.integers(-(2**31), 2**31, 1000).astype(np.int32)
    assert (run(vector_case, 4, i, i, F32)[:1000] == i.astype(F32)).all()
    assert (run(vector_case, 4, i, i, F32, 2)[:1000].astype(np.float64) <= i).all()


@pytest.mark.parametrize("mode", range(6))
def test_compares(vector_case: Library, mode: int) -> None:
    x, y = (RNG.integers(-2, 3, 1024).astype(F32) for _ in range(2))
    bits = run(vector_case, 5, x, y, np.uint8, mode)
    assert (np.unpackbits(bits[:128], bitorder="little") == COMPARES[mode](x, y)).all()
    assert (bits[128:] == 0xFF).all()
    h = (x / 4).astype(F16)
    bits = run(vector_case, 6, h, h, np.uint8, mode)
    assert (
        np.unpackbits(bits[:128], bitorder="little") == COMPARES[mode](h, F16(0.5))
    ).all()


def test_select_modes(vector_case: Library) -> None:
    x, y = (RNG.standard_normal(1024).astype(F32) for _ in range(2))
    first = np.tile(x[:64] > 0, 16)
    assert (run(vector_case, 7, x, y, F32, 0)[:1024] == np.where(first, y, x)).all()
    assert (
        run(vector_case, 7, x, y, F32, 1)[:1000] == np.where(x > 0, y, 7)[:1000]
    ).all()
    assert (run(vector_case, 7, x, y, F32, 2)[:1024] == np.where(x > 0, y, x)).all()


def test_brcb_and_row_factors(vector_case: Library) -> None:
    x, y = RNG.standard_normal(1024).astype(F32), RNG.standard_normal(8).astype(F32)
    assert (run(vector_case, 8, x, y, F32)[:512].reshape(64, 8) == x[:64, None]).all()
    assert (
        run(vector_case, 9, x, y, F32)[:1024]
        == (x.reshape(8, 128) * y[:, None]).ravel()
    ).all()


def test_gathers(vector_case: Library) -> None:
    x = RNG.standard_normal(2048).astype(F32)
    offset = (RNG.integers(0, 1900, 500) * 4).astype(np.uint32)
    assert (run(vector_case, 10, x, offset, F32)[:500] == x[32 + offset // 4]).all()
    blocks = (RNG.integers(0, 256, 32) * 32).astype(np.uint32)
    assert (
        run(vector_case, 27, x, blocks, F32)[:256].reshape(32, 8)
        == x.reshape(256, 8)[blocks // 32]
    ).all()


def test_reductions(vector_case: Library) -> None:
    x = RNG.integers(-50, 50, 2048).astype(F32)
    rows = x[:512].reshape(8, 64)
    assert run(vector_case, 11, x, x, F32)[0] == x.sum()
    assert (run(vector_case, 12, x, x, F32)[:16:2] == rows[:, :40].sum(1)).all()
    assert (run(vector_case, 13, x, x, F32)[:64] == x[:512].reshape(64, 8).sum(1)).all()
    assert (
        run(vector_case, 14, x, x, F32)[:256] == x[:512].reshape(256, 2).sum(1)
    ).all()
    assert run(vector_case, 15, x, x, F32)[0] == x[:1000].sum()
    result = run(vector_case, 16, x, x, F32)
    assert (result[0], result.view(np.uint32)[1]) == (x[:1000].max(), x[:1000].argmax())
    result = run(vector_case, 17, x, x, F32)
    assert (result[:8:2] == rows[:4].min(1)).all()
    assert (result.view(np.uint32)[1:8:2] == rows[:4].argmin(1)).all()


def test_masks_leave_the_rest_alone(vector_case: Library) -> None:
    x = RNG.standard_normal(1024).astype(F32)
    result = run(vector_case, 18, x, x, F32)
    assert (result[1:256:2] == x[1:256:2] + 3).all()
    assert np.isnan(result[0:256:2]).all()
    result = run(vector_case, 23, x, x, F32)
    assert (result[:130] == 2 * x[:130]).all()
    assert np.isnan(result[130:]).all()


def test_fused_calls_and_moves(vector_case: Library) -> None:
    h = RNG.integers(-9, 9, 1024).astype(F16)
    x, y = (RNG.integers(-9, 9, 1024).astype(F32) for _ in range(2))
    assert (
        run(vector_case, 19, h, h, F32, start=y)[:300] == (y + 2 * h.astype(F32))[:300]
    ).all()
    assert (run(vector_case, 20, x, y, F32, start=x)[:333] == (x + x * y)[:333]).all()
    rows = RNG.permutation(2048).astype(F16)
    blocks = run(vector_case, 21, rows, h, F16)[: 8 * 17 * 16].reshape(8, 17, 16)
    assert (blocks[:, :16] == rows.reshape(16, 8, 16).transpose(1, 0, 2)).all()
    assert np.isnan(blocks[:7, 16]).all()
    assert (run(vector_case, 22, x, y, BF16)[:77] == 1.5).all()


def test_integer_and_half_arithmetic(vector_case: Library) -> None:
    a, b = (RNG.integers(-30000, 30000, 2048).astype(np.int16) for _ in range(2))
    assert (run(vector_case, 24, a, b, np.int16)[:999] == (a & b)[:999]).all()
    assert (run(vector_case, 26, a, b, np.int16)[:100] == ~a[:100]).all()
    i = RNG.integers(-9, 9, 1024).astype(np.int32)
    assert (run(vector_case, 30, i, i, np.int32)[:100] == np.maximum(i[:100], 5)).all()
    h, g = (np.abs(RNG.standard_normal(4096)).astype(F16) for _ in range(2))
    assert (run(vector_case, 25, -h, h, F16)[:1023] == 0).all()
    assert (run(vector_case, 28, h, g, F16)[:512] == np.sqrt(h[:512])).all()
    assert (run(vector_case, 29, h, g, F16)[:512] == h[:512] / g[:512]).all()
    assert (run(vector_case, 31, h, g, F16) == h * g).all()
