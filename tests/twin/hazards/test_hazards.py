"""One small kernel for each rule: a correct one is not reported, a planted defect is, with
its kind and at its line. `kernels/cases.h` says how expectations are written."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from backends.twin.build import ENGINE, build
from backends.twin.launch import Library
from backends.twin.report import Report
from backends.twin.unit import INCLUDE

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
    """Run the case of a line on two groups of cores; 8192 floats each for x and y."""
    x, y = np.arange(8192, dtype=np.float32), np.zeros(8192, np.float32)
    return library.launch(
        [x, y, line], BLOCKS, workspace=WORKSPACE, names=["x", "y"], **options
    )


@pytest.mark.parametrize(("file", "name"), CASES)
def test_case(libraries: dict[str, Library], file: str, name: str) -> None:
    line, expected = cases_of(file)[name]
    report = launch(libraries[file], line)
    found = {(hazard.kind, hazard.line) for hazard in report.hazards}
    assert found == expected, "\n".join(map(str, report.hazards))


def report_of(libraries: dict[str, Library], file: str, name: str) -> Report:
    """What a case gives."""
    return launch(libraries[file], cases_of(file)[name][0])


def test_there_are_enough_cases() -> None:
    cases = [cases_of(file)[name] for file in FILES for name in cases_of(file)]
    assert sum(not expected for _, expected in cases) >= 30
    assert sum(bool(expected) for _, expected in cases) >= 30


def test_a_race_names_both_instructions(libraries: dict[str, Library]) -> None:
    (hazard,) = report_of(
        libraries, "pipes.cpp", "input_is_loaded_again_too_early"
    ).hazards
    line = cases_of("pipes.cpp")["input_is_loaded_again_too_early"][0]
    assert hazard.message == (
        "MTE2 writes UB[0x0..0x100) (execution 2), read by V Adds at "
        f"pipes.cpp:{line + 7} (execution 1): no V->MTE2 flag in between"
    )
    now, before = hazard.places
    assert (now.api, now.pipe, now.action, now.occurrence) == (
        "DataCopy",
        "MTE2",
        "write",
        2,
    )
    assert (before.api, before.pipe, before.action) == ("Adds", "V", "read")
    assert (now.memory, now.begin, now.end) == ("UB", 0, 256)
    assert now.core == before.core == "block 0 AIV0"
    assert (before.line, before.occurrence) == (line + 7, 1)


def test_a_race_is_reported_once_and_counted(libraries: dict[str, Library]) -> None:
    (hazard,) = report_of(
        libraries, "pipes.cpp", "output_is_computed_again_too_early"
    ).hazards
    assert hazard.count == 2


def test_a_race_between_cores_names_them(libraries: dict[str, Library]) -> None:
    hazard = report_of(
        libraries, "cores.cpp", "two_vector_cores_without_a_flag"
    ).hazards
    assert "of block 0 AIV" in hazard[0].message
    assert "CrossCoreSetFlag<1, PIPE_MTE3>" in hazard[0].message
    assert {place.memory for place in hazard[0].places} == {"workspace"}


def test_undefined_bytes_say_where_they_come_from_and_where_they_go(
    libraries: dict[str, Library],
) -> None:
    (hazard,) = report_of(
        libraries, "memory.cpp", "tail_was_filled_before_the_load"
    ).hazards
    line = cases_of("memory.cpp")["tail_was_filled_before_the_load"][0]
    assert hazard.message == (
        "V reads UB[0x28..0x40), undefined bytes behind the last element that DataCopyPad "
        f"at memory.cpp:{line + 4} loaded, and DataCopy at memory.cpp:{line + 8} (block 0 "
        "AIV0) stores what depends on them to y[0x28..0x40)"
    )


def test_a_deadlock_shows_the_cycle(libraries: dict[str, Library]) -> None:
    (hazard,) = report_of(libraries, "cores.cpp", "each_waits_for_the_other").hazards
    line = cases_of("cores.cpp")["each_waits_for_the_other"][0]
    assert (
        f"the cycle: block 0 AIC (line {line + 3}) waits for block 0 AIV0 (line "
        f"{line + 7}) waits for block 0 AIC"
    ) in hazard.message


def test_a_deadlock_without_a_cycle_says_who_has_ended(
    libraries: dict[str, Library],
) -> None:
    (hazard,) = report_of(libraries, "cores.cpp", "half_of_a_group_sets").hazards
    assert "block 0 AIV1 has come to its end" in hazard.message


def test_automatic_synchronisation_covers_vector_and_scalar_pairs_only(
    libraries: dict[str, Library],
) -> None:
    cases = cases_of("pipes.cpp")
    for name, found in [
        ("vector_reads_what_vector_wrote_unordered", 0),
        ("scalar_store_then_vector_unordered", 0),
        ("load_then_scalar_unordered", 0),
        ("load_then_add_unordered", 1),
        ("add_then_store_with_the_flag_of_loads", 1),
    ]:
        report = launch(libraries["pipes.cpp"], cases[name][0], auto_sync=True)
        assert len(report.hazards) == found, name


def test_checks_can_be_switched_off(libraries: dict[str, Library]) -> None:
    for name in ("load_then_add_unordered", "queue_gives_back_too_early"):
        line = cases_of("pipes.cpp")[name][0]
        assert not launch(libraries["pipes.cpp"], line, check=False).hazards


@pytest.mark.parametrize("file", FILES)
def test_two_runs_report_the_same(libraries: dict[str, Library], file: str) -> None:
    for line, _ in cases_of(file).values():
        assert (
            launch(libraries[file], line).hazards
            == launch(libraries[file], line).hazards
        )


def test_the_engine_is_one_header_too() -> None:
    include = ["-I", str(INCLUDE), "-include", "twin/engine.h"]
    flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["g++", *flags, *include, "-x", "c++", "/dev/null"], check=True)
    sources = {path.name for path in ENGINE.glob("*.cpp")}
    header = (INCLUDE / "twin" / "engine.h").read_text()
    assert set(re.findall(r"engine/(\w+\.cpp)", header)) == sources
