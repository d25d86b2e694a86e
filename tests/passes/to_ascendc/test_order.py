"""Flags, barriers and meetings of cores: the lowering says what was said, and data that
goes from core to core arrives."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ligrad_ir.dialects.npu.types import Pipe
from tests.passes.to_ascendc.support import Program

ROUND = """%b = npu.block_index
%first = arith.muli %b, %c4 : index
"""
MATRIX = """%a = npu.alloc at 0 : l1<256xf16>
%l = npu.alloc at 0 : l0a<256xf16>
%r = npu.alloc at 0 : l0b<256xf16>
%acc = npu.alloc at 0 : l0c<256xf32>
"""


@pytest.mark.parametrize("blocks", [1, 3, 24])
def test_data_goes_round_between_cube_and_vector_cores(blocks: int) -> None:
    """Four times: a vector core doubles its half of a matrix, the cube core squares it."""
    program = Program(
        "%x: gm<?xf16>, %y: gm<?xf32>",
        head="""%yes = arith.cmpi eq, %c0, %c0 : index
        %elements = arith.muli %blocks, %c256 : index
        %half = npu.workspace @half of %elements : gm<?xf16>
        %other = npu.workspace @other of %elements : gm<?xf32>""",
        first_only=False,
        cube=f"""{ROUND}{MATRIX}
        %at = arith.muli %b, %c256 : index
        scf.for %i = %c0 to %c4 step %c1 {{
        npu.cross_wait 0
        npu.nd2nz %a[%c0], %half[%at] rows %c16 of %c16 pitch %c16 nz_rows %c16
        npu.load_l0 %l[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.load_l0 %r[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.mmad %acc[%c0], %l[%c0], %r[%c0] size %c16 x %c16 x %c16 start %yes
        npu.fixpipe %other[%at], %acc[%c0] size %c16 x %c16 pitch %c16
        npu.cross_set 3 on fix
        }}
        npu.sync_all""",
        vector=f"""{ROUND}%s = npu.sub_block_index
        %s128 = arith.muli %s, %c128 : index
        %b256 = arith.muli %b, %c256 : index
        %at = arith.addi %b256, %s128 : index
        %h = npu.alloc at 0 : ub<128xf16>
        %u = npu.alloc at 256 : ub<128xf32>
        npu.load %h[%c0], %x[%at] rows %c1 of %c128 pitch %c0, %c0
        npu.convert %u[%c0], %h[%c0] count %c128
        scf.for %i = %c0 to %c4 step %c1 {{
        %two = arith.constant 2.0 : f32
        npu.binary_scalar mul %u[%c0], %u[%c0], %two count %c128
        npu.convert %h[%c0], %u[%c0] count %c128
        npu.store %half[%at], %h[%c0] rows %c1 of %c128 pitch %c0, %c0
        npu.cross_set 0 on mte3
        npu.cross_wait 3
        npu.load %u[%c0], %other[%at] rows %c1 of %c128 pitch %c0, %c0
        }}
        npu.sync_all
        %most = npu.block_count
        %last = arith.subi %most, %c1 : index
        %mirror = arith.subi %last, %b : index
        %m256 = arith.muli %mirror, %c256 : index
        %from = arith.addi %m256, %s128 : index
        npu.load %u[%c0], %other[%from] rows %c1 of %c128 pitch %c0, %c0
        npu.store %y[%at], %u[%c0] rows %c1 of %c128 pitch %c0, %c0""",
    )
    x = np.zeros((blocks, 16, 16), np.float16)
    x[:] = np.eye(16)[np.random.default_rng(0).permutation(16)] / 2
    x *= np.sign(np.arange(blocks) % 2 - 0.5)[:, None, None].astype(np.float16)
    x[::3] *= np.float16(0)
    after = program.both(blocks, x=x, y=np.zeros((blocks, 16, 16), "f4"))
    y = x.astype("f4")
    for _ in range(4):
        y = (2 * y) @ (2 * y)
    np.testing.assert_array_equal(after["y"], y[::-1])


def test_what_is_written_before_a_meeting_is_there_behind_it() -> None:
    """By the cube core of one group, for the vector cores of another, without flags."""
    program = Program(
        "%x: gm<?xf16>, %y: gm<?xf32>",
        head="""%yes = arith.cmpi eq, %c0, %c0 : index
        %elements = arith.muli %blocks, %c256 : index
        %w = npu.workspace @products of %elements : gm<?xf32>""",
        first_only=False,
        cube=f"""{ROUND}{MATRIX}
        %at = arith.muli %b, %c256 : index
        npu.nd2nz %a[%c0], %x[%at] rows %c16 of %c16 pitch %c16 nz_rows %c16
        npu.load_l0 %l[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.load_l0 %r[%c0], %a[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
        npu.mmad %acc[%c0], %l[%c0], %r[%c0] size %c16 x %c16 x %c16 start %yes
        npu.fixpipe %w[%at], %acc[%c0] size %c16 x %c16 pitch %c16
        npu.sync_all""",
        vector="""%b = npu.block_index
        %s = npu.sub_block_index
        %n = npu.block_count
        %last = arith.subi %n, %c1 : index
        %other = arith.subi %last, %b : index
        %from_ = arith.muli %other, %c256 : index
        %to_ = arith.muli %b, %c256 : index
        %half = arith.muli %s, %c128 : index
        %from = arith.addi %from_, %half : index
        %to = arith.addi %to_, %half : index
        %u = npu.alloc at 0 : ub<128xf32>
        npu.sync_all
        npu.load %u[%c0], %w[%from] rows %c1 of %c128 pitch %c0, %c0
        npu.store %y[%to], %u[%c0] rows %c1 of %c128 pitch %c0, %c0""",
    )
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (5, 16, 16)).astype(np.float16)
    after = program.both(5, x=x, y=np.zeros((5, 16, 16), "f4"))
    np.testing.assert_array_equal(after["y"], (x @ x)[::-1])


def test_what_is_read_before_a_meeting_is_as_it_was() -> None:
    """Others overwrite it behind the meeting."""
    program = Program(
        "%x: gm<?xf32>, %y: gm<?xf32>",
        first_only=False,
        cube="npu.sync_all",
        vector="""%b = npu.block_index
        %s = npu.sub_block_index
        %n = npu.block_count
        %two = arith.muli %b, %c2 : index
        %core = arith.addi %two, %s : index
        %all = arith.muli %n, %c2 : index
        %last = arith.subi %all, %c1 : index
        %other = arith.subi %last, %core : index
        %at = arith.muli %core, %c64 : index
        %there = arith.muli %other, %c64 : index
        %u = npu.alloc at 0 : ub<64xf32>
        %v = npu.alloc at 256 : ub<64xf32>
        npu.fill %v[%c0] with 7.0 count %c64
        npu.load %u[%c0], %x[%at] rows %c1 of %c64 pitch %c0, %c0
        npu.sync_all
        npu.store %x[%there], %v[%c0] rows %c1 of %c64 pitch %c0, %c0
        npu.store %y[%at], %u[%c0] rows %c1 of %c64 pitch %c0, %c0""",
    )
    x = np.arange(384, dtype=np.float32)
    after = program.both(3, x=x, y=np.zeros(384, "f4"))
    np.testing.assert_array_equal(after["y"], x)
    assert (after["x"] == 7).all()
    meetings = re.findall(r"(?:(PIPE_ALL)>\(\);\s+AscendC::)?SyncAll<", program.text)
    assert meetings == ["PIPE_ALL", "PIPE_ALL"]


EVENTS = [
    *("MTE2_V", "V_MTE2", "V_MTE3", "MTE3_V", "MTE2_MTE3", "MTE3_MTE2"),
    *("S_V", "V_S", "S_MTE2", "MTE2_S", "S_MTE3", "MTE3_S"),
]
CUBE_EVENTS = [
    *("MTE2_MTE1", "MTE1_MTE2", "MTE1_M", "M_MTE1", "M_FIX", "FIX_M"),
    *("M_MTE2", "MTE1_FIX", "MTE2_M", "FIX_MTE1"),
]


TOUCH = """%u = npu.alloc at 0 : ub<64xf32>
npu.load %u[%c0], %x[%c0] rows %c1 of %c4 pitch %c0, %c0
"""
"""A use of the array: a kernel has one."""
AWAIT = "npu.await %u on s : ub<64xf32>"
"""Which is no statement."""
BARRIER = "npu.barrier {}".format


def flags(events: list[str]) -> str:
    lines: list[str] = []
    for i, event in enumerate(events):
        source, target = event.lower().split("_")
        for call in ("set", "wait"):
            lines.append(f"npu.{call}_flag {source} to {target} id {i % 8}")
    return "\n".join(lines)


def test_every_flag_and_barrier_is_what_it_was() -> None:
    vector = ["v", "mte2", "mte3"]
    cube = ["mte1", "mte2", "m", "fix"]
    program = Program(
        "%x: gm<?xf32>",
        first_only=False,
        synchronise=False,
        vector="\n".join([TOUCH, AWAIT, flags(EVENTS), *map(BARRIER, vector)]),
        cube="\n".join([flags(CUBE_EVENTS), *map(BARRIER, cube)]),
    )
    program.both(2, x=np.zeros(4, "f4"))
    calls = re.findall(r"(\w+Flag)<AscendC::HardEvent::(\w+)>\((\d)\)", program.text)
    assert calls == [
        (call, event, str(i % 8))
        for events in (CUBE_EVENTS, EVENTS)
        for i, event in enumerate(events)
        for call in ("SetFlag", "WaitFlag")
    ]
    barriers = re.findall(r"PipeBarrier<PIPE_(\w+)>", program.text)
    assert barriers == [pipe.upper() for pipe in [*cube, *vector, "all"]]


def test_every_pipe_has_a_name_in_the_api() -> None:
    names = {event for pair in (EVENTS, CUBE_EVENTS) for event in pair}
    assert {part.lower() for name in names for part in name.split("_")} == set(Pipe)


def test_flags_between_cores_keep_their_numbers_and_pipes() -> None:
    program = Program(
        "%x: gm<?xf32>",
        first_only=False,
        cube="""npu.cross_set 4 on fix
        npu.cross_set 10 on mte2
        npu.cross_wait 7""",
        vector=f"""{TOUCH}npu.cross_set 7 on mte3
        npu.cross_wait 4
        npu.cross_wait 10""",
    )
    program.both(2, x=np.zeros(4, "f4"))
    assert re.findall(r"CrossCore(\w+)Flag(<.*>)?\((\d+)\)", program.text) == [
        ("Set", "<2, PIPE_FIX>", "4"),
        ("Set", "<2, PIPE_MTE2>", "10"),
        ("Wait", "", "7"),
        ("Set", "<2, PIPE_MTE3>", "7"),
        ("Wait", "", "4"),
        ("Wait", "", "10"),
    ]


def test_the_parts_of_the_workspace_do_not_touch() -> None:
    """Three, of sizes that are no whole units; each keeps what was written to it."""
    names = ("a", "b", "c")
    body = "\n".join(
        f"""%u_{n} = npu.alloc at {512 * i} : ub<128x{t}>
        npu.fill %u_{n}[%c0] with {i + 1}.0 count %c128
        npu.store %w_{n}[%c0], %u_{n}[%c0] rows %c1 of %n pitch %c0, %c0"""
        for i, (n, t) in enumerate(zip(names, ("f16", "i32", "f32")))
    )
    back = "\n".join(
        f"""npu.fill %u_{n}[%c0] with 9.0 count %c128
        npu.load %u_{n}[%c0], %w_{n}[%c0] rows %c1 of %n pitch %c0, %c0
        npu.store %{n}[%c0], %u_{n}[%c0] rows %c1 of %n pitch %c0, %c0"""
        for n in names
    )
    program = Program(
        "%a: gm<?xf16>, %b: gm<?xi32>, %c: gm<?xf32>, %n: index",
        head="""%w_a = npu.workspace @first of %n : gm<?xf16>
        %w_b = npu.workspace @second of %n : gm<?xi32>
        %w_c = npu.workspace @third of %n : gm<?xf32>""",
        vector=f"{body}\n{back}",
    )
    for n in (1, 100, 128):
        outs = {"a": np.zeros(128, "f2"), "b": np.zeros(128, "i4")}
        after = program.both(n=n, **outs, c=np.zeros(128, "f4"))
        assert [int(after[name][n - 1]) for name in names] == [1, 2, 3]
    sizes = re.findall(r"\+ 511L\) / 512L \* 512L", program.text)
    assert len(sizes) == 2
