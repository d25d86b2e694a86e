"""Kernels of these tests, compiled once a test run."""

from pathlib import Path

import pytest

from backends.twin.build import build
from backends.twin.launch import Library

KERNELS = Path(__file__).parent / "kernels"


@pytest.fixture(scope="session")
def matmul_half() -> Library:
    """Tiled matmul, half into float."""
    return build([KERNELS / "matmul.cpp"], "matmul<half, float>")


@pytest.fixture(scope="session")
def matmul_bf16() -> Library:
    """Tiled matmul, bf16 into bf16."""
    return build([KERNELS / "matmul.cpp"], "matmul<bfloat16_t, bfloat16_t>")


@pytest.fixture(scope="session")
def vector_case() -> Library:
    """Vector calls, one a case."""
    return build([KERNELS / "vector.cpp"], "vector_case")


@pytest.fixture(scope="session")
def mix() -> Library:
    """Leaky-relu of a matmul and an atomic scatter."""
    return build([KERNELS / "mix.cpp"], "mix")


@pytest.fixture(scope="session")
def faults() -> Library:
    """Planted faults, one a case."""
    return build([KERNELS / "faults.cpp"], "faults")


@pytest.fixture(scope="session")
def queues() -> Library:
    """Vector add with queues and padded tails."""
    return build([KERNELS / "queues.cpp"], "add<half>")


@pytest.fixture(scope="session")
def system() -> Library:
    """Identity, barriers and allocators, one case a tiling key."""
    return build([KERNELS / "system.cpp"], "system_case")


@pytest.fixture(scope="session")
def clock() -> Library:
    """Loops whose time is known."""
    return build([KERNELS / "clock.cpp"], "clock_case")
