"""Whatever a kernel does to its process is a finding, at its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backends.twin.build import build
from backends.twin.launch import Library
from backends.twin.report import Report

SOURCE = Path(__file__).parent / "kernels" / "ends.cpp"
LINES = SOURCE.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def ends() -> Library:
    return build([SOURCE], "ends", strict=False)


def run(ends: Library, case: int, timeout: float | None = 10.0) -> Report:
    """On three vector cores, of which the second meets the case."""
    memory = np.zeros(8, np.int32)
    report = ends.launch([memory, case, 0], 3, timeout=timeout, check=False)
    assert memory[0] == 7
    assert (memory[2] == 9) == (case == 0)
    return report


FAULTS = {
    1: ("division", "5 % zero", "division by zero"),
    2: ("division", "a / b", "division by zero"),
    3: ("crash", "reinterpret_cast<int32_t*>", "points to no memory (0x10)"),
    4: ("stack-overflow", "deep(here)|here[0]|here[256]|deep(vol", "1024 KiB of stack"),
    5: ("crash", "std::abort", "abort() is called"),
    6: ("crash", "throw 1", "an exception is not caught"),
    7: ("exit", "std::exit", "the kernel calls exit()"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(ends: Library, case: int) -> None:
    kind, line, message = FAULTS[case]
    report = run(ends, case)
    [hazard] = report.hazards
    assert (hazard.kind, hazard.core) == (kind, "block 1 AIV0")
    assert message in hazard.message
    assert hazard.file == str(SOURCE)
    assert any(part in LINES[hazard.line - 1] for part in line.split("|"))
    assert hazard.api == {2: "ratio", 4: "deep"}.get(case, "ends")
    assert report.output == "begun\n" * 2
    assert report.time is None


def test_a_kernel_that_ends_its_process(ends: Library) -> None:
    """What it has done is lost, but not that it has done so."""
    [hazard] = run(ends, 8).hazards
    assert (hazard.kind, hazard.api) == ("exit", "ends")
    assert hazard.message == "the kernel ends its process, with exit code 5"
    assert hazard.file == str(SOURCE)


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (9, "while (one) {|}"),
        (10, "Duplicate"),
        (11, "Flag|while (one) {"),
        (12, "while (gm.GetValue"),
    ],
)
def test_endless_kernels(ends: Library, case: int, line: str) -> None:
    report = run(ends, case, timeout=0.3)
    [hazard] = report.hazards
    assert (hazard.kind, hazard.message) == (
        "timeout",
        "the kernel has not ended after 0.3 s",
    )
    assert hazard.core == "block 1 AIV0"
    assert any(part in LINES[hazard.line - 1] for part in line.split("|"))


def test_a_fault_hides_nothing(ends: Library) -> None:
    assert not run(ends, 0).hazards
    kinds = [hazard.kind for hazard in run(ends, 13).hazards]
    assert kinds == ["division"]
