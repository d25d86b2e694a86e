"""GM to L1 to L0 to Mmad to Fixpipe, against NumPy."""

import os
import struct

import ml_dtypes
import numpy as np
import pytest

from backends.twin.launch import Library
from backends.twin.report import KernelType

RNG = np.random.default_rng(0)
SHAPES = [(64, 128, 128), (30, 50, 70), (1, 17, 3), (200, 260, 300)]


def run(
    library: Library,
    shape: tuple[int, int, int],
    dtype: type,
    *,
    ta: bool = False,
    tb: bool = False,
    loader: int = 0,
    relu: bool = False,
    out: np.ndarray | None = None,
    blocks: int = 3,
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel's result and the exact one."""
    m, n, k = shape
    a = RNG.standard_normal((m, k)).astype(dtype)
    b = RNG.standard_normal((k, n)).astype(dtype)
    c = np.zeros((m, n), np.float32) if out is None else out
    tiling = struct.pack(
        "8I", m, n, k, ta, tb, loader, relu, out is not None and bool(c.any())
    )
    stored = [
        np.ascontiguousarray(a.T) if ta else a,
        np.ascontiguousarray(b.T) if tb else b,
    ]
    report = library.launch([*stored, c, tiling], blocks)
    assert not report.hazards
    assert report.kernel_type == KernelType.AIC_ONLY
    return c, a.astype(np.float64) @ b.astype(np.float64)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("loader", [0, 1, 2], ids=["2d", "3d", "with-transpose"])
@pytest.mark.parametrize("ta", [False, True])
@pytest.mark.parametrize("tb", [False, True])
def test_shapes_transposes_and_loaders(
    matmul_half: Library, shape: tuple[int, int, int], loader: int, ta: bool, tb: bool
) -> None:
    ours, exact = run(matmul_half, shape, np.float16, ta=ta, tb=tb, loader=loader)
    assert np.abs(ours - exact).max() < 1e-5 * np.abs(exact).max()


def test_bf16_output_is_the_float_result_rounded_to_nearest_even(
    matmul_bf16: Library,
) -> None:
    out = np.zeros((64, 128), ml_dtypes.bfloat16)
    ours, exact = run(
        matmul_bf16, (64, 128, 128), ml_dtypes.bfloat16, relu=True, out=out
    )
    nearest = np.maximum(exact, 0).astype(np.float32).astype(ml_dtypes.bfloat16)
    assert (ours == nearest).mean() > 0.99
    assert (
        np.abs(ours.astype(np.float64) - np.maximum(exact, 0)).max()
        <= np.abs(exact).max() * 2**-8
    )


def test_fixpipe_adds_atomically(matmul_half: Library) -> None:
    out = np.full((70, 40), 1000, np.float32)
    ours, exact = run(matmul_half, (70, 40, 33), np.float16, out=out)
    assert np.abs(ours - 1000 - exact).max() < 1e-3


def test_the_operators_matmuls_are_fast(matmul_half: Library) -> None:
    before = os.times()
    for shape in [(64, 2048, 128), (64, 128, 2048), (2048, 128, 64)]:
        run(matmul_half, shape, np.float16, tb=True, blocks=1)
    after = os.times()
    assert sum(after[:4]) - sum(before[:4]) < 1.0  # of the processors, not of the clock
