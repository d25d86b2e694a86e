"""Who a stream is, meetings of cores, allocators: cases of kernels/system.cpp."""

from dataclasses import replace

import numpy as np
import pytest

from backends.twin.launch import DEFAULT_SOC, Library
from backends.twin.report import KernelType, Report


def run(library: Library, key: int, blocks: int) -> tuple[np.ndarray, Report]:
    """128 rows of 16 words, and the report, which must be clean."""
    out = np.zeros(2048, np.int32)
    report = library.launch([out], blocks, tiling_key=key)
    assert not report.hazards
    return out.reshape(128, 16), report


@pytest.mark.parametrize(
    ("key", "ratio", "kind"),
    [(0, 2, KernelType.MIX_AIC_1_2), (1, 1, KernelType.MIX_AIC_1_1)],
)
def test_identity(system: Library, key: int, ratio: int, kind: KernelType) -> None:
    out, report = run(system, key, 3)
    assert report.kernel_type == kind
    for block in range(3):
        assert out[block, :6].tolist() == [block, 3, 0, 1, 1, block]
        for sub in range(ratio):
            assert out[3 + block * ratio + sub, :6].tolist() == [
                block * ratio + sub,
                3,
                sub,
                ratio,
                ratio,
                block,
            ]


@pytest.mark.parametrize("key", [2, 5], ids=["hard", "soft"])
@pytest.mark.parametrize("blocks", [1, 24])
def test_all_vector_cores_meet(system: Library, key: int, blocks: int) -> None:
    out, _ = run(system, key, blocks)
    cores = 2 * blocks
    assert (out[cores : 2 * cores, 0] == cores * (cores + 1) // 2).all()


def test_all_cores_meet(system: Library) -> None:
    out, _ = run(system, 3, 5)
    assert (out[64:74, 0] == 7).all()


def test_two_vector_cores_of_a_block_meet(system: Library) -> None:
    out, _ = run(system, 4, 2)
    assert out[64:68, 0].tolist() == [11, 10, 13, 12]


def test_allocators_and_dumps(system: Library) -> None:
    out, report = run(system, 6, 1)
    assert (
        report.output == "0 256\nDumpTensor 9, line 82: 1.5 1.5\n" * 2
    )  # the line in system.cpp
    assert (out.ravel()[:256] == 0).all()


def test_memory_sizes_are_data(system: Library) -> None:
    report = system.launch(
        [np.zeros(1024, np.int32)],
        1,
        tiling_key=6,
        soc=replace(DEFAULT_SOC, ub_size=256),
    )
    assert [hazard.kind for hazard in report.hazards] == ["over-capacity"]
