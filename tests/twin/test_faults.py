"""Every planted fault gives its report, at its line; what types can forbid does not
compile."""

from pathlib import Path

import numpy as np
import pytest

from backends.twin.build import BuildError, build
from backends.twin.launch import Library
from backends.twin.report import KernelError

SOURCE = (Path(__file__).parent / "kernels" / "faults.cpp").read_text().splitlines()
ERRORS = {
    1: "deadlock",
    2: "flag-set-twice",
    3: "flag-left-set",
    4: "event-id",
    5: "out-of-bounds",
    6: "out-of-bounds",
    7: "misaligned",
    9: "deadlock",
    10: "flag-overflow",
    11: "deadlock",
    12: "missing-path",
    13: "round-mode",
    14: "over-capacity",
    15: "queue",
    16: "atomic-type",
    17: "flag-left-set",
    18: "out-of-bounds",
    20: "no-memory",
    21: "parameter",
    22: "assert",
    23: "misaligned",
    30: "misaligned",
    31: "parameter",
    32: "parameter",
    33: "parameter",
    34: "out-of-bounds",
    35: "parameter",
    8: "rounded-down",
    19: "rounded-down",
    36: "gemv",
}


def lines_of(case: int) -> range:
    """The source lines of a case."""
    start = next(
        i
        for i, line in enumerate(SOURCE, 1)
        if line.strip().startswith(f"case {case}:")
    )
    return range(
        start,
        next(i for i in range(start, len(SOURCE)) if "break;" in SOURCE[i - 1]) + 1,
    )


@pytest.mark.parametrize("case", ERRORS)
def test_planted_error(faults: Library, case: int) -> None:
    report = faults.launch([np.zeros(64, np.float16), case], 2)
    assert {hazard.kind for hazard in report.hazards} == {ERRORS[case]}
    assert all(
        hazard.line in lines_of(case) and hazard.file.endswith("faults.cpp")
        for hazard in report.hazards
    )
    with pytest.raises(KernelError, match=ERRORS[case]):
        report.check()


def test_no_fault_no_report(faults: Library) -> None:
    assert not faults.launch([np.zeros(64, np.float16), 0], 24).hazards


def test_a_deadlock_says_who_waits_for_what(faults: Library) -> None:
    message = faults.launch([np.zeros(64, np.float16), 11], 2).hazards[0].message
    assert "block 1 AIV1 waits in SyncAll" in message
    assert "the rest of its group has not" in message


def test_printf_reaches_the_report(faults: Library) -> None:
    assert faults.launch([np.zeros(64, np.float16), 17], 2).output.splitlines() == [
        f"block {i}" for i in range(4)
    ]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("Add(b, b, b, 16);", "Add does not exist for this type"),
        ("PipeBarrier<PIPE_S>();", "PipeBarrier is not legal"),
        ("Cast(h, b, RoundMode::CAST_NONE, 16);", "Cast between these types"),
        ("CrossCoreSetFlag<4, PIPE_MTE3>(1);", "modes of Atlas A2"),
        ("Mmad(f, f, b, MmadParams());", "Mmad of Atlas A2"),
        ("int unused;", "unused variable"),
    ],
)
def test_what_does_not_compile(tmp_path: Path, statement: str, message: str) -> None:
    source = tmp_path / "k.cpp"
    source.write_text(
        '#include "kernel_operator.h"\nusing namespace AscendC;\n'
        'extern "C" __global__ __aicore__ void k(GM_ADDR) {\n'
        "LocalTensor<bfloat16_t> b; LocalTensor<half> h; LocalTensor<float> f;\n"
        f"(void)b; (void)h; (void)f;\n{statement}\n}}\n"
    )
    with pytest.raises(BuildError, match=message):
        build([source], "k")
