"""Cores side by side: who they are, how they meet, and what is said when they do not."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.interpreter import Interpreter
from xdsl.ir import Operation

from backends.tiled.interpreter import NpuFunctions, run_npu
from ligrad_ir.dialects.npu.dialect import Npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

Array = NDArray[Any]


def test_every_operation_is_interpreted() -> None:
    implemented = {op for op, _ in NpuFunctions._impls()}
    assert implemented == set(Npu.operations)


# ---- who and where

WRITE_ID = """%ten = arith.muli %b, %c10 : index
%more = arith.addi %ten, %s : index
%some = arith.muli %n, %c100 : index
%id = arith.addi %more, %some : index
%id32 = arith.index_cast %id : index to i32
%value = arith.sitofp %id32 : i32 to f32
%u = npu.alloc at 0 : ub<8xf32>
npu.fill %u[%c0] with 0.0 count %c8
npu.binary_scalar add %u[%c0], %u[%c0], %value count %c8
%two = arith.muli %b, %c2 : index
%me = arith.addi %two, %s : index
npu.store %out[%me], %u[%c0] rows %c1 of %c1 pitch %c0, %c0"""


@pytest.mark.parametrize("cores", [1, 2, 3, 24])
def test_vector_cores_know_who_they_are(cores: int) -> None:
    ask = "%b = npu.block_index\n%n = npu.block_count\n%s = npu.sub_block_index\n"
    out = np.zeros(2 * cores, np.float32)
    module = kernel(
        "%cores: index, %out: gm<?xf32>", vector=ask + WRITE_ID, blocks="%cores"
    )
    run_npu(module, [cores, out], cores=cores)
    expected = [100 * cores + 10 * b + s for b in range(cores) for s in range(2)]
    assert out.tolist() == expected


def test_the_cube_core_is_the_first_of_its_group() -> None:
    ask = (
        "%b = npu.block_index\n%s = npu.sub_block_index\n%n = arith.addi %b, %s : index"
    )
    names = Names()
    module = kernel("%cores: index", cube=ask, vector=ask, blocks="%cores")
    run_npu(module, [2], cores=2, listeners=[names])
    assert names.seen["cube core of block 1"] == [1, 0, 1]
    assert names.seen["vector core 1 of block 0"] == [0, 1, 1]


class Names(Interpreter.Listener):
    """What the operations in a launch give, by the thread that runs them."""

    def __init__(self) -> None:
        self.seen: dict[str, list[object]] = {}

    def did_interpret_op(self, op: Operation, results: tuple[Any, ...]) -> None:
        self.seen.setdefault(threading.current_thread().name, []).extend(results)


def test_too_many_blocks() -> None:
    module = kernel("%cores: index", blocks="%cores")
    with pytest.raises(LigradError, match="3 blocks on 2 groups of cores"):
        run_npu(module, [3], cores=2)
    with pytest.raises(LigradError, match="25 blocks on 24 groups of cores"):
        run_npu(module, [25], cores=99)
    with pytest.raises(LigradError, match="0 blocks on 2 groups of cores"):
        run_npu(module, [0], cores=2)


# ---- buffers


def test_buffers_share_the_bytes_of_their_plans() -> None:
    """A bf16 1.0 is 0x3F80: two of them are the float 0x3F803F80."""
    vector = """%h = npu.alloc at 32 : ub<16xbf16>
    %f = npu.alloc at 32 : ub<8xf32>
    npu.fill %h[%c0] with 1.0 count %c16
    npu.store %out[%c0], %f[%c0] rows %c1 of %c8 pitch %c0, %c0"""
    out = np.zeros(8, np.float32)
    run_npu(kernel("%out: gm<?xf32>", vector=vector), [out], cores=1)
    assert (out.view(np.uint32) == 0x3F803F80).all()


def test_poison_is_seen_where_nothing_was_written() -> None:
    vector = """%u = npu.alloc at 0 : ub<16xf32>
    npu.load %u[%c8], %w[%c0] rows %c1 of %c8 pitch %c0, %c0
    npu.store %out[%c0], %u[%c0] rows %c1 of %c16 pitch %c0, %c0"""
    head = "%w = npu.workspace @part of %c8 : gm<?xf32>"
    out = np.zeros(16, np.float32)
    run_npu(kernel("%out: gm<?xf32>", head=head, vector=vector), [out], cores=1)
    assert (out.view(np.uint32) == 0xFFFFFFFF).all()


def test_a_buffer_that_is_not_placed_has_bytes_of_its_own() -> None:
    """Poison, whatever is written at the addresses that others have."""
    vector = """%a = npu.alloc at 0 : ub<8xf32>
    npu.fill %a[%c0] with 1.0 count %c8
    %u = npu.alloc : ub<8xf32>
    %v = npu.alloc : ub<8xf32>
    npu.fill %u[%c0] with 2.0 count %c8
    npu.store %out[%c0], %a[%c0] rows %c1 of %c8 pitch %c0, %c0
    npu.store %out[%c8], %u[%c0] rows %c1 of %c8 pitch %c0, %c0
    npu.store %out[%c16], %v[%c0] rows %c1 of %c8 pitch %c0, %c0"""
    out = np.zeros(24, np.float32)
    run_npu(kernel("%out: gm<?xf32>", vector=vector), [out], cores=1)
    assert (out[:8] == 1).all()
    assert (out[8:16] == 2).all()
    assert (out[16:].view(np.uint32) == 0xFFFFFFFF).all()


def test_a_buffer_that_is_not_placed_has_an_end() -> None:
    vector = "%u = npu.alloc : ub<8xf32>\nnpu.fill %u[%c0] with 1.0 count %c16"
    with pytest.raises(LigradError, match=r"out of bounds: .* of buffer %u"):
        run_npu(kernel("", vector=vector), [], cores=1)


@pytest.mark.parametrize("at", ["at 0 ", ""])
def test_a_buffer_outside_of_a_launch(at: str) -> None:
    with pytest.raises(
        LigradError, match=r"outside of a npu.launch\n  in %u = npu.alloc"
    ):
        run_npu(kernel("", head=f"%u = npu.alloc {at}: ub<16xf32>"), [], cores=1)


def test_a_workspace_has_an_end_and_a_name() -> None:
    vector = """%u = npu.alloc at 0 : ub<16xf32>
    npu.store %w[%c0], %u[%c0] rows %c1 of %c9 pitch %c0, %c0"""
    head = "%w = npu.workspace @part of %c8 : gm<?xf32>"
    with pytest.raises(LigradError, match=r"of workspace @part, which has 8 elements"):
        run_npu(kernel("", head=head, vector=vector), [], cores=1)


# ---- arguments


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([np.zeros(8)], r"argument 1 \(%x\) is an array of float32, not float64"),
        ([3], r"argument 1 \(%x\) is an array of float32, not int"),
        (
            [np.zeros((8, 8), np.float32).T[:, :2]],
            r"argument 1 \(%x\) is not contiguous",
        ),
        ([], "1 arguments are needed, not 0"),
    ],
)
def test_arguments_that_do_not_fit(values: list[Any], message: str) -> None:
    with pytest.raises(LigradError, match=message):
        run_npu(kernel("%x: gm<?xf32>"), values, cores=1)


def test_an_array_for_a_number() -> None:
    with pytest.raises(LigradError, match=r"argument 1 \(%n\) is index, not an array"):
        run_npu(kernel("%n: index"), [np.zeros(3)], cores=1)


def test_a_read_only_array_is_not_written() -> None:
    vector = """%u = npu.alloc at 0 : ub<8xf32>
    npu.store %x[%c0], %u[%c0] rows %c1 of %c8 pitch %c0, %c0"""
    x = np.zeros(8, np.float32)
    x.flags.writeable = False
    with pytest.raises(LigradError, match=r"argument 1 \(%x\) is read-only"):
        run_npu(kernel("%x: gm<?xf32>", vector=vector), [x], cores=1)


# ---- scalars

READ = """%u = npu.alloc at 0 : ub<8xf32>
npu.load %u[%c0], %x[%c0] rows %c1 of %c8 pitch %c0, %c0
%a = npu.read %u[%c3]
%b = npu.read %x[%c4]
%sum = arith.addf %a, %b : f32
npu.binary_scalar mul %u[%c0], %u[%c0], %sum count %c8
%first = npu.read %n[%c1]
%at = arith.index_cast %first : i32 to index
npu.store %out[%at], %u[%c0] rows %c1 of %c8 pitch %c0, %c0"""


def test_read() -> None:
    x, out = np.arange(8, dtype=np.float32), np.zeros(16, np.float32)
    module = kernel("%x: gm<?xf32>, %n: gm<?xi32>, %out: gm<?xf32>", vector=READ)
    run_npu(module, [x, np.array([9, 5], np.int32), out], cores=1)
    assert out.tolist() == [0] * 5 + [7 * v for v in range(8)] + [0] * 3


def test_the_scalar_unit_does_not_see_what_others_write() -> None:
    vector = """%s = npu.sub_block_index
    %u = npu.alloc at 0 : ub<8xf32>
    npu.fill %u[%c0] with 1.0 count %c8
    npu.store %w[%s], %u[%c0] rows %c1 of %c1 pitch %c0, %c0
    npu.sync_all
    %value = npu.read %w[AT]"""
    head = "%w = npu.workspace @part of %c8 : gm<?xf32>"
    own = kernel("", head=head, vector=vector.replace("AT", "%s"), cube="npu.sync_all")
    run_npu(own, [], cores=1)
    other = kernel(
        "", head=head, vector=vector.replace("AT", "%c0"), cube="npu.sync_all"
    )
    with pytest.raises(
        LigradError,
        match=r"vector core 1 of block 0: the scalar unit reads elements 0 to 1 .* of "
        "workspace @part, where another core has written in this launch",
    ):
        run_npu(other, [], cores=1)


STORE = """%u = npu.alloc at 0 : ub<8xf32>
%i = npu.alloc at 64 : ub<8xi32>
npu.fill %u[%c0] with 3.0 count %c8
npu.fill %i[%c0] with 0.0 count %c8
WRITE
npu.sync_all
%value = npu.read %w[%c0]"""
WRITES = (
    "npu.store %w[%c0], %u[%c0] rows %c1 of %c8 pitch %c0, %c0",
    "npu.scatter_add_rows %w at %c0 + %i[%c0], %u[%c0] rows %c1 of %c8 from %c0 below %c1",
)


@pytest.mark.parametrize("write", WRITES)
def test_every_write_is_one_that_others_do_not_see(write: str) -> None:
    vector = STORE.replace("WRITE", write)
    module = kernel("%w: gm<?xf32>", vector=vector, cube="npu.sync_all", blocks=2)
    with pytest.raises(LigradError, match="where another core has written"):
        run_npu(module, [np.zeros(8, np.float32)], cores=2)


def test_what_an_earlier_launch_wrote_is_seen() -> None:
    first = STORE.replace("WRITE", WRITES[0]).replace("npu.sync_all\n", "")
    head = f"""npu.launch "ascend910b1" blocks %c2 cube {{
    ^bb0:
    }} vector {{
    {first.rpartition("%value")[0]}
    }}"""
    module = kernel("%w: gm<?xf32>", head=head, vector="%v = npu.read %w[%c0]")
    listener, w = Names(), np.zeros(8, np.float32)
    run_npu(module, [w], cores=2, listeners=[listener])
    assert listener.seen["vector core 1 of block 0"][-1] == 3


def test_cores_run_in_order_or_the_other_way_round() -> None:
    """The second vector core reads what the first one writes, without a flag."""
    vector = """%s = npu.sub_block_index
    %u = npu.alloc at 0 : ub<8xf32>
    %first = arith.cmpi eq, %s, %c0 : index
    scf.if %first {
      npu.fill %u[%c0] with 3.0 count %c8
      npu.store %w[%c0], %u[%c0] rows %c1 of %c8 pitch %c0, %c0
    } else {
      npu.load %u[%c0], %w[%c0] rows %c1 of %c8 pitch %c0, %c0
      npu.store %out[%c0], %u[%c0] rows %c1 of %c8 pitch %c0, %c0
    }"""
    head = "%w = npu.workspace @part of %c8 : gm<?xf32>"
    module, out = kernel("%out: gm<?xf32>", head=head, vector=vector), np.zeros(8, "f4")
    run_npu(module, [out], cores=1)
    assert (out == 3).all()
    run_npu(module, [out], cores=1, reverse=True)
    assert np.isnan(out).all()


FIND = """%run, %start, %end = npu.find_run %ends of %runs at %at
%sum = arith.muli %run, %c100 : index
%more = arith.addi %sum, %start : index
%where = arith.muli %more, %c10 : index
%all = arith.addi %where, %end : index
%i = arith.index_cast %all : index to i32
%f = arith.sitofp %i : i32 to f32
%u = npu.alloc at 0 : ub<8xf32>
npu.fill %u[%c0] with 0.0 count %c8
npu.binary_scalar add %u[%c0], %u[%c0], %f count %c8
npu.store %out[%c0], %u[%c0] rows %c1 of %c1 pitch %c0, %c0"""


@pytest.mark.parametrize(
    ("at", "expected"),
    [(0, (0, 0, 3)), (2, (0, 0, 3)), (3, (3, 3, 5)), (4, (3, 3, 5))],
)
def test_find_run(at: int, expected: tuple[int, int, int]) -> None:
    ends, out = np.array([3, 3, 3, 5], np.int32), np.zeros(1, np.float32)
    module = kernel(
        "%ends: gm<?xi32>, %at: index, %runs: index, %out: gm<?xf32>", vector=FIND
    )
    run_npu(module, [ends, at, 4, out], cores=1)
    run, start, end = expected
    assert out[0] == 10 * (100 * run + start) + end
    for beyond, runs in ((5, 4), (3, 3)):
        message = rf"none of the {runs} runs of argument 1 \(%ends\) holds {beyond}"
        with pytest.raises(LigradError, match=message):
            run_npu(module, [ends, beyond, runs, out], cores=1)
