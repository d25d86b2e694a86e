"""Sizes, loops, branches, runs, and who a core is: the lowering does what the
interpreter does."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from xdsl.utils.exceptions import PassFailedException

from passes.lower_to_ascendc import LowerToAscendcPass
from passes.pipelines import run_passes
from tests.passes.to_ascendc.support import Program, describe
from tests.tiled.support import parsed, spelled_out

PREDICATES = ("eq", "ne", "slt", "sle", "sgt", "sge")
OPERATIONS = ("addi", "subi", "muli", "divui", "minsi", "maxsi")


def mark(at: str) -> str:
    """Leaves a trace: adds 1 to element `at` of %z."""
    return f"npu.store atomic %z[{at}], %u[%c0] rows %c1 of %c1 pitch %c0, %c0"


ONES = """%u = npu.alloc at 0 : ub<64xf32>
npu.fill %u[%c0] with 1.0 count %c64
"""


@cache
def arithmetic_program() -> Program:
    """What each operation and each comparison of %a and %b gives, as places of marks."""
    lines: list[str] = []
    for i, name in enumerate(OPERATIONS):
        lines.append(f"""%v{i} = arith.{name} %a, %b : index
        %p{i} = arith.addi %v{i}, %c{2000 * i + 1000} : index
        {mark(f"%p{i}")}""")
    for i, name in enumerate(PREDICATES):
        at = 12000 + 2 * i
        lines.append(f"""%is{i} = arith.cmpi {name}, %a, %b : index
        %one{i} = arith.select %is{i}, %c{at}, %c{at + 1} : index
        {mark(f"%one{i}")}
        scf.if %is{i} {{
        {mark(f"%c{at + 20}")}
        }}""")
    return Program(
        "%z: gm<?xf32>, %a: index, %b: index", vector=ONES + "\n".join(lines)
    )


@pytest.mark.parametrize(("a", "b"), [(7, 3), (3, 7), (5, 5), (30, 1), (31, 30)])
def test_arithmetic(a: int, b: int) -> None:
    after = arithmetic_program().both(z=np.zeros(13000, "f4"), a=a, b=b)
    assert after["z"][1000 + a + b] == after["z"][3000 + a - b] == 1
    assert after["z"].sum() == 12 + sum([a == b, a != b, a < b, a <= b, a > b, a >= b])


def test_negative_sizes_are_compared_with_their_signs() -> None:
    """A difference may be negative, and is less than 0."""
    program = Program(
        "%z: gm<?xf32>, %a: index, %b: index",
        vector=ONES
        + f"""%d = arith.subi %a, %b : index
        %x = arith.maxsi %d, %c3 : index
        {mark("%x")}
        %minus = arith.subi %c0, %a : index
        %y = arith.addi %minus, %c60 : index
        {mark("%y")}
        %part = arith.divui %c1, %a : index
        %w = arith.addi %part, %c61 : index
        {mark("%w")}
        %is = arith.cmpi slt, %d, %c0 : index
        scf.if %is {{
        {mark("%c40")}
        }}""",
    )
    after = program.both(z=np.zeros(64, "f4"), a=2, b=9)
    assert np.flatnonzero(after["z"]).tolist() == [3, 40, 58, 61]
    after = program.both(z=np.zeros(64, "f4"), a=19, b=9)
    assert np.flatnonzero(after["z"]).tolist() == [10, 41, 61]


def test_loops() -> None:
    """Bounds and steps known at run time; none, one and many turns; a loop in a loop."""
    program = Program(
        "%z: gm<?xf32>, %a: index, %b: index, %s: index",
        vector=ONES
        + f"""scf.for %i = %a to %b step %s {{
        scf.for %j = %i to %b step %c7 {{
        %r = arith.muli %i, %c40 : index
        %at = arith.addi %r, %j : index
        {mark("%at")}
        }}
        }}""",
    )
    for a, b, s in ((0, 10, 1), (3, 20, 4), (5, 5, 1), (9, 3, 2), (0, 39, 39)):
        after = program.both(z=np.zeros(1600, "f4"), a=a, b=b, s=s)
        marks = {40 * i + j for i in range(a, b, s) for j in range(i, b, 7)}
        assert set(np.flatnonzero(after["z"])) == marks


# ---- runs


@cache
def run_program() -> Program:
    return Program(
        "%z: gm<?xf32>, %ends: gm<?xi32>, %runs: index, %at: index",
        vector=ONES
        + f"""%run, %start, %end = npu.find_run %ends of %runs at %at
        %start_ = arith.addi %start, %c100 : index
        %end_ = arith.addi %end, %c200 : index
        {mark("%run")}
        {mark("%start_")}
        {mark("%end_")}""",
    )


@pytest.mark.parametrize(
    "lengths",
    [(5,), (0, 3), (3, 0), (0, 0, 2, 0, 0, 4, 1, 0, 0), (1,) * 40, (0,) * 30 + (2,)],
)
def test_find_run(lengths: tuple[int, ...]) -> None:
    """Every position; what stands behind the runs is not looked at."""
    ends = np.cumsum(lengths).astype(np.int32)
    padded = np.concatenate([ends, np.full(5, -1, np.int32)])
    for position in range(int(ends[-1])):
        values = {"ends": padded, "runs": len(lengths), "at": position}
        after = run_program().both(z=np.zeros(300, "f4"), **values)
        run = int(np.searchsorted(ends, position, side="right"))
        start = int(ends[run - 1]) if run else 0
        marks = [run, 100 + start, 200 + int(ends[run])]
        assert np.flatnonzero(after["z"]).tolist() == sorted(marks)


# ---- who a core is


def test_cores_know_their_places() -> None:
    place = """%b = npu.block_index
        %n = npu.block_count
        %s = npu.sub_block_index
        %r = arith.muli %b, %c3 : index
        %t = arith.addi %r, {part} : index
        %to = arith.addi %t, %s : index
        %m = arith.muli %n, %c100 : index
        %at = arith.addi %m, %to : index
        """
    program = Program(
        "%x: gm<?xf16>, %z: gm<?xf32>",
        head="%yes = arith.cmpi eq, %c0, %c0 : index",
        vector=place.format(part="%c1") + ONES + mark("%at"),
        cube=place.format(part="%c0")
        + """%a = npu.alloc at 0 : l1<4096xf16>
        %l = npu.alloc at 0 : l0a<4096xf16>
        %q = npu.alloc at 0 : l0b<4096xf16>
        %c = npu.alloc at 0 : l0c<4096xf32>
        npu.nd2nz %a[%c0], %x[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
        npu.load_l0 %l[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.load_l0 %q[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.mmad %c[%c0], %l[%c0], %q[%c0] size %c16 x %c16 x %c16 start %yes
        npu.fixpipe %z[%at], %c[%c0] size %c1 x %c1 pitch %c16""",
        first_only=False,
    )
    for blocks in (1, 3, 24):
        x, z = np.ones(256, np.float16), np.zeros(2600, np.float32)
        after = program.both(blocks, x=x, z=z)["z"]
        expected = np.zeros(2600)
        expected[100 * blocks : 103 * blocks] = np.resize([16, 1, 1], 3 * blocks)
        np.testing.assert_array_equal(after, expected)


# ---- refusals


def lowered(body: str, arguments: str = "%n: index") -> None:
    text = f"""func.func @Kernel({arguments}, %blocks: index) {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    npu.launch "ascend910b1" blocks %blocks cube {{ ^bb0: }} vector {{
    {body}
    }}
    func.return
    }}"""
    module = parsed(spelled_out(text))
    describe(module)
    run_passes(module, (LowerToAscendcPass(),))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("%r = arith.remsi %n, %c1 : index", "arith.remsi has no Ascend C"),
        ('"test.op"() : () -> ()', "test.op has no Ascend C"),
        ("%r = arith.cmpi ult, %n, %c1 : index", "sizes have signs: .*arith.cmpi"),
        ("%r = arith.cmpi uge, %n, %c1 : index", "sizes have signs"),
        (
            """%r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c0) -> (index) {
            scf.yield %a : index
            }""",
            "a loop carries no values",
        ),
        (
            """%is = arith.cmpi eq, %n, %c1 : index
            %r = scf.if %is -> (index) {
            scf.yield %c0 : index
            } else {
            scf.yield %c1 : index
            }""",
            "a branch gives no values",
        ),
        (
            """%is = arith.cmpi eq, %n, %c1 : index
            scf.if %is {
            npu.barrier v
            } else {
            npu.barrier v
            }""",
            "a branch gives no values",
        ),
        ("npu.set_flag v to fix id 0", "there is no event v_fix"),
        ("%u = npu.alloc : ub<64xf32>", "is not placed; run place-buffers first"),
    ],
)
def test_refused(body: str, says: str) -> None:
    with pytest.raises(PassFailedException, match=f"lower-to-ascendc: .*{says}"):
        lowered(body)
