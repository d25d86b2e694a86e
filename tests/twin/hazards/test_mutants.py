"""Every synchronising statement of a kernel deleted in turn: each deletion is reported or
gives wrong numbers, or is named here with the reason why it changes nothing."""

import re

import pytest

from backends.twin.build import build
from backends.twin.launch import Library
from tests.twin.hazards.test_whole_kernels import KERNELS, run_indexer

STATEMENT = re.compile(
    r"(?:SetFlag|WaitFlag|PipeBarrier|NotifyEvent|WaitEvent|CrossCoreSetFlag)\b[^;]*;"
)
LINES = (KERNELS / "indexer.cpp").read_text().splitlines()
STATEMENTS = [
    pytest.param(line, id=f"{line}-{match[0]}")
    for line, text in enumerate(LINES, 1)
    for match in STATEMENT.finditer(text)
]


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """One kernel, in which the tiling key leaves out the statement of a line."""
    path = tmp_path_factory.mktemp("mutants") / "indexer.cpp"
    path.write_text(
        "\n".join(
            STATEMENT.sub(rf"if (!TILING_KEY_IS({line})) \g<0>", text)
            for line, text in enumerate(LINES, 1)
        )
        + "\n"
    )
    return build([path], "indexer<1>")


def test_nothing_is_deleted(mutants: Library) -> None:
    report, error = run_indexer(mutants, 7, 1)
    assert not report.hazards
    assert error < 1e-3


@pytest.mark.parametrize("line", STATEMENTS)
def test_a_deletion_is_found(mutants: Library, line: int) -> None:
    report, error = run_indexer(mutants, 7, 1, tiling_key=line)
    assert report.hazards or error > 1e-3
