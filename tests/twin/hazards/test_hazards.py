"""One small kernel for each rule: a correct one is not reported, a planted defect is, with
its kind and at its line. `kernels/cases.h` says how expectations are written."""

import re
from pathlib import Path

import numpy as np
import pytest

from backends.ascendc.twin.build import build
from backends.ascendc.twin.launch import Library
from backends.ascendc.twin.report import Report

KERNELS = Path(__file__).parent / "kernels"
BLOCKS = 2
WORKSPACE = 1 << 16
CASE = re.compile(r"^\s*CASE\((\w+)\)")
EXPECT = re.compile(r"// expect: (.+)$")


def cases_of(file: str) -> dict[str, tuple[int, set[tuple[str, int]]]]:
    """For each case its line, and the kinds and lines of what is to be reported."""
    found: dict[str, tuple[int, set[tuple[str, int]]]] = {}
    name = ""
    for line, text in enumerate((KERNELS / file).read_text().splitlines(), 1):
        if case := CASE.match(text):
            name = case[1]
            assert name not in found
            found[name] = (line, set())
        if expected := EXPECT.search(text):
            found[name][1].update((kind, line) for kind in expected[1].split(", "))
    return found


FILES = ("pipes.cpp", "memory.cpp", "cube.cpp", "cores.cpp")
CASES = [
    pytest.param(file, name, id=f"{file[:-4]}-{name}")
    for file in FILES
    for name in cases_of(file)
]


@pytest.fixture(scope="session")
def libraries() -> dict[str, Library]:
    """The four files, compiled."""
    return {file: build([KERNELS / file], f"{file[:-4]}_cases") for file in FILES}


def launch(library: Library, line: int, **options: bool) -> Report:
    """Run the case of a line on two groups of cores."""
    x, y = np.arange(8192, dtype=np.float32), np.zeros(8192, np.float32)
    workspace = np.zeros(1)
    del workspace
    return library.launch(
        [x, y, line], BLOCKS, workspace=WORKSPACE, names=["x", "y"], **options
    )


@pytest.mark.parametrize(("file", "name"), CASES)
def test_case(libraries: dict[str, Library], file: str, name: str) -> None:
    line, expected = cases_of(file)[name]
    report = launch(libraries[file], line)
    found = {(hazard.kind, hazard.line) for hazard in report.hazards}
    assert found == expected, "\n".join(map(str, report.hazards))
