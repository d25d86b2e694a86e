"""Flags between pipes and between cores, and what is said when they do not pair."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from xdsl.interpreter import Interpreter
from xdsl.ir import Operation

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel, parsed

# ---- flags between the pipes


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (
            "npu.set_flag v to mte3 id 2\nnpu.set_flag v to mte3 id 2",
            "the flag v to mte3 id 2 is set twice; nobody has waited for it in between\n"
            "  in npu.set_flag v to mte3 id 2",
        ),
        (
            "npu.set_flag v to mte3 id 2\nnpu.wait_flag v to mte3 id 1",
            "deadlock: mte3 waits for the flag v to mte3 id 1, which has not been set",
        ),
        (
            "npu.set_flag v to mte3 id 2",
            "vector core 0 of block 0: the flag v to mte3 id 2 is still set at the end",
        ),
    ],
)
def test_flags_that_do_not_pair(vector: str, message: str) -> None:
    with pytest.raises(LigradError, match=message):
        run_npu(kernel("", vector=vector), [], cores=1)


def test_flags_of_other_ids_pipes_and_cores_are_others() -> None:
    body = """npu.set_flag mte2 to mte3 id 0
    npu.set_flag mte3 to mte2 id 0
    npu.set_flag mte2 to mte3 id 1
    npu.barrier mte2
    npu.wait_flag mte2 to mte3 id 1
    npu.wait_flag mte3 to mte2 id 0
    npu.wait_flag mte2 to mte3 id 0"""
    run_npu(kernel("", cube=body, vector=body, blocks=2), [], cores=2)


# ---- flags between the cores


def refused(cube: str, vector: str, blocks: int = 1) -> str:
    """The message that a kernel ends with, the same whoever runs first."""
    messages: list[str] = []
    for reverse in (False, True):
        module = kernel("", cube=cube, vector=vector, blocks=blocks)
        with pytest.raises(LigradError) as caught:
            run_npu(module, [], cores=blocks, reverse=reverse)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def test_a_deadlock_names_who_waits_for_whom() -> None:
    cube = "npu.cross_wait 3\nnpu.cross_set 4 on fix"
    vector = "npu.cross_wait 4\nnpu.cross_set 3 on mte3"
    assert refused(cube, vector).splitlines()[:4] == [
        "deadlock: no core can go on",
        "  cube core of block 0 waits for cross-core flag 3 from the vector core 0 of "
        "block 0 and the vector core 1 of block 0, in npu.cross_wait 3",
        "  vector core 0 of block 0 waits for cross-core flag 4 from the cube core of "
        "block 0, in npu.cross_wait 4",
        "  vector core 1 of block 0 waits for cross-core flag 4 from the cube core of "
        "block 0, in npu.cross_wait 4",
    ]


def test_one_vector_core_alone_does_not_release_the_cube_core() -> None:
    vector = """%s = npu.sub_block_index
    %first = arith.cmpi eq, %s, %c0 : index
    scf.if %first {
      npu.cross_set 5 on mte3
    }"""
    assert (
        "(incomplete sets: 1 by the vector core 0 of block 0, 0 by the vector core 1 of "
        "block 0)"
    ) in refused("npu.cross_wait 5", vector)


def test_a_deadlock_lists_some_of_many() -> None:
    message = refused("npu.cross_wait 0", "npu.cross_wait 0", blocks=4)
    assert "\n  and 3 more" in message
    assert message.count("waits for") == 9


def test_sync_all_waits_for_all() -> None:
    message = refused("npu.sync_all", "%b = npu.block_index", blocks=2)
    assert (
        "cube core of block 1 waits for all cores; 4 have not come, the first is the "
        "vector core 0 of block 0, in npu.sync_all"
    ) in message


MEET = """%b = npu.block_index
%first = arith.cmpi eq, %b, %c0 : index
scf.if %first {
  npu.sync_group
}"""


def test_a_group_meets_without_the_others() -> None:
    for reverse in (False, True):
        module = kernel("", cube=MEET, vector=MEET, blocks=2)
        run_npu(module, [], cores=2, reverse=reverse)


def test_sync_group_waits_for_the_group() -> None:
    cube = MEET.replace("npu.sync_group", "npu.sync_group\nnpu.sync_group")
    message = refused(cube, MEET, blocks=2)
    assert (
        "cube core of block 0 waits for the cores of its group; 2 have not come, the "
        "first is the vector core 0 of block 0, in npu.sync_group"
    ) in message


@pytest.mark.parametrize("reverse", [False, True])
def test_what_the_group_has_done_before_is_seen_behind(reverse: bool) -> None:
    """The second vector core waits for the first one, then the other way round."""
    vector = """%s = npu.sub_block_index
    %u = npu.alloc : ub<8xf32>
    %other = arith.subi %c1, %s : index
    %mine = arith.muli %s, %c8 : index
    %theirs = arith.muli %other, %c8 : index
    npu.fill %u[%c0] with 3.0 count %c8
    npu.store %w[%mine], %u[%c0] rows %c1 of %c8 pitch %c0, %c0
    npu.sync_group
    npu.load %u[%c0], %w[%theirs] rows %c1 of %c8 pitch %c0, %c0
    npu.store %out[%theirs], %u[%c0] rows %c1 of %c8 pitch %c0, %c0"""
    head, out = "%w = npu.workspace @part of %c16 : gm<?xf32>", np.zeros(16, "f4")
    module = kernel("%out: gm<?xf32>", head=head, cube="npu.sync_group", vector=vector)
    run_npu(module, [out], cores=1, reverse=reverse)
    assert (out == 3).all()


def test_a_cross_core_flag_left_behind() -> None:
    assert "vector core 0 of block 0: cross-core flag 2 still counts 1 at the end" in (
        refused("npu.cross_set 2 on fix", "%b = npu.block_index")
    )
    one = """%s = npu.sub_block_index
    %first = arith.cmpi eq, %s, %c0 : index
    scf.if %first {
      npu.cross_set 5 on mte3
    }"""
    assert "vector core 0 of block 0: cross-core flag 5 was set 1 times more than" in (
        refused("%b = npu.block_index", one)
    )


@pytest.mark.parametrize("count", [15, 16])
def test_a_counter_ends_at_15(count: int) -> None:
    loop = "scf.for %i = %c0 to %cN step %c1 {{\n{}\n}}".replace("N", str(count))
    cube = loop.format("npu.cross_set 0 on fix") + "\nnpu.cross_set 1 on fix"
    vector = "npu.cross_wait 1\n" + loop.format("npu.cross_wait 0")
    if count == 15:
        run_npu(kernel("", cube=cube, vector=vector), [], cores=1)
        return
    assert (
        "cube core of block 0: cross-core flag 0 has been set 16 times without a wait of "
        "vector core 0 of block 0; the counter ends at 15"
    ) in refused(cube, vector)


def test_a_bug_elsewhere_is_not_hidden() -> None:
    """What is no mistake of the program comes out as it is, and stops the other cores."""
    vector = "npu.cross_wait 0"
    module = kernel("", cube="%b = npu.block_index", vector=vector)
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        run_npu(module, [], cores=1, listeners=[Broken()])
    assert threading.active_count() == before


class Broken(Interpreter.Listener):
    def did_interpret_op(self, op: Operation, results: tuple[Any, ...]) -> None:
        if op.name == "npu.block_index":
            raise ZeroDivisionError


def test_a_message_names_the_line_of_the_formula() -> None:
    module = parsed(
        """func.func @f() {
          "npu.wait_flag"() <{source = #npu<pipe v>, target = #npu<pipe s>, event = 0}>
            : () -> () loc("formulas.lig":3:5)
          func.return
        }""".replace("event = 0", "event = 0 : i64")
    )
    with pytest.raises(LigradError, match=r"in formulas.lig:3:5: npu.wait_flag v to s"):
        run_npu(module, [], cores=1)
