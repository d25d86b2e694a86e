"""Queues, padded tails, cube and vector streams, flags between cores, atomics."""

import struct

import ml_dtypes
import numpy as np
import pytest

from backends.twin.launch import Library
from backends.twin.report import KernelType

RNG = np.random.default_rng(1)
MIX_TILING = "2I"


@pytest.mark.parametrize("length", [1, 15, 16, 1000, 4096])
@pytest.mark.parametrize("blocks", [1, 3, 48])
def test_add_with_queues_and_tails(queues: Library, length: int, blocks: int) -> None:
    x, y = (RNG.standard_normal(length).astype(np.float16) for _ in range(2))
    z = np.zeros_like(x)
    report = queues.launch([x, y, z, length], blocks)
    assert not report.hazards
    assert report.kernel_type == KernelType.AIV_ONLY
    assert (z == x + y).all()


@pytest.mark.parametrize(("blocks", "rounds"), [(1, 1), (3, 5), (24, 2)])
def test_leaky_relu_of_a_matmul_with_atomic_scatter(
    mix: Library, blocks: int, rounds: int
) -> None:
    rows = rounds * blocks * 64
    a = RNG.standard_normal((rows, 64)).astype(ml_dtypes.bfloat16)
    b = RNG.standard_normal((64, 64)).astype(ml_dtypes.bfloat16)
    index = RNG.integers(-1, 10, rows).astype(np.int32)
    y, total = np.zeros((rows, 64), np.float32), np.full((10, 64), 5, np.float32)
    report = mix.launch(
        [a, b, index, y, total, struct.pack(MIX_TILING, rounds, 10)],
        blocks,
        workspace=blocks * 2 * 64 * 64 * 4,
    )
    assert not report.hazards
    assert report.kernel_type == KernelType.MIX_AIC_1_2
    product = a.astype(np.float64) @ b.astype(np.float64)
    exact = np.where(product >= 0, product, 0.25 * product)
    assert np.abs(y - exact).max() < 1e-4
    scattered = np.zeros((10, 64))
    np.add.at(scattered, index[index >= 0], exact[index >= 0])
    assert np.abs(total - scattered).max() < 1e-2


def test_runs_are_reproducible(mix: Library) -> None:
    a = RNG.standard_normal((3 * 2 * 64, 64)).astype(ml_dtypes.bfloat16)
    b = RNG.standard_normal((64, 64)).astype(ml_dtypes.bfloat16)
    index = RNG.integers(0, 3, 3 * 2 * 64).astype(np.int32)
    results = []
    for _ in range(2):
        y, total = np.zeros((3 * 2 * 64, 64), np.float32), np.zeros((3, 64), np.float32)
        report = mix.launch(
            [a, b, index, y, total, struct.pack(MIX_TILING, 2, 3)],
            3,
            workspace=3 * 2 * 64 * 64 * 4,
        )
        results.append((y.tobytes(), total.tobytes(), dict(report.instructions)))
    assert results[0] == results[1]


def test_a_workspace_that_is_too_small_is_named(mix: Library) -> None:
    a, b = (
        np.zeros((64, 64), ml_dtypes.bfloat16),
        np.zeros((64, 64), ml_dtypes.bfloat16),
    )
    y, total = np.zeros((64, 64), np.float32), np.zeros((10, 64), np.float32)
    report = mix.launch(
        [a, b, np.zeros(64, np.int32), y, total, struct.pack(MIX_TILING, 1, 10)],
        1,
        workspace=64,
    )
    assert [hazard.kind for hazard in report.hazards] == ["out-of-bounds"]
    assert "workspace" in report.hazards[0].message


def test_arguments_that_do_not_fit_are_refused(queues: Library) -> None:
    x = np.zeros(4, np.float16)
    with pytest.raises(ValueError, match="4 parameters"):
        queues.launch([x, x], 1)
    with pytest.raises(ValueError, match="pointer"):
        queues.launch([x, x, 3, 4], 1)
    with pytest.raises(ValueError, match="block_dim"):
        queues.launch([x, x, x, 4], 1000)
