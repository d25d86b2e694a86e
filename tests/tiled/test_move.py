"""Rows between global memory and UB, plain and by a list of row numbers."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
Array = NDArray[np.generic]


def run(vector: str, arguments: str, *values: Array) -> None:
    """Interpret a body on the first vector core only; the other one would do the same."""
    first = f"""%sub = npu.sub_block_index
    %first = arith.cmpi eq, %sub, %c0 : index
    scf.if %first {{
    {vector}
    }}"""
    run_npu(kernel(arguments, vector=first), values, cores=1)


def test_load_and_store_at_pitches() -> None:
    x, y = np.arange(100, dtype=np.float32), np.full(40, -1, np.float32)
    run(
        """%u = npu.alloc at 64 : ub<64xf32>
        npu.load %u[%c8], %x[%c3] rows %c3 of %c8 pitch %c16, %c10
        npu.store %y[%c1], %u[%c8] rows %c3 of %c5 pitch %c7, %c16""",
        "%x: gm<?xf32>, %y: gm<?xf32>",
        x,
        y,
    )
    expected = np.full(40, -1, np.float32)
    for row in range(3):
        expected[1 + 7 * row : 6 + 7 * row] = x[3 + 10 * row : 8 + 10 * row]
    np.testing.assert_array_equal(y, expected)


def test_what_stands_behind_a_loaded_row_is_garbage() -> None:
    x, y = np.ones(20, np.float32), np.zeros(24, np.float32)
    run(
        """%u = npu.alloc at 0 : ub<24xf32>
        npu.fill %u[%c0] with 7.0 count %c24
        npu.load %u[%c0], %x[%c0] rows %c2 of %c5 pitch %c8, %c5
        npu.store %y[%c0], %u[%c0] rows %c1 of %c24 pitch %c0, %c0""",
        "%x: gm<?xf32>, %y: gm<?xf32>",
        x,
        y,
    )
    row = [1.0] * 5 + [np.nan] * 3
    np.testing.assert_array_equal(y, np.float32([*row, *row, *[7] * 8]))


def test_garbage_numbers_look_like_rows() -> None:
    x, y = np.full(8, 5, np.int32), np.full(8, 9, np.int32)
    body = """%u = npu.alloc at 0 : ub<8xi32>
        npu.load %u[%c0], %x[%c0] rows %c1 of %c3 pitch %c8, %c8{padding}
        npu.store %y[%c0], %u[%c0] rows %c1 of %c8 pitch %c8, %c8"""
    arguments = "%x: gm<?xi32>, %y: gm<?xi32>"
    run(body.format(padding=""), arguments, x, y)
    assert y.tolist() == [5] * 3 + [0] * 5
    run(body.format(padding=" padding -1.0"), arguments, x, y)
    assert y.tolist() == [5] * 3 + [-1] * 5


def test_padding_stands_behind_every_row() -> None:
    x, y = np.arange(20, dtype=np.float32), np.zeros(24, np.float32)
    run(
        """%u = npu.alloc at 0 : ub<24xf32>
        npu.fill %u[%c0] with 7.0 count %c24
        npu.load %u[%c0], %x[%c0] rows %c2 of %c5 pitch %c8, %c5 padding 2.5
        npu.store %y[%c0], %u[%c0] rows %c1 of %c24 pitch %c0, %c0""",
        "%x: gm<?xf32>, %y: gm<?xf32>",
        x,
        y,
    )
    rows = [*x[:5], *[2.5] * 3, *x[5:10], *[2.5] * 3, *[7] * 8]
    np.testing.assert_array_equal(y, np.float32(rows))


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "i32"])
def test_store_atomic(dtype: str) -> None:
    names = {"f32": np.float32, "f16": np.float16, "bf16": BF16, "i32": np.int32}
    x = np.arange(32).astype(names[dtype])
    y = np.full(32, 256, names[dtype])
    run(
        f"""%u = npu.alloc at 0 : ub<32x{dtype}>
        npu.load %u[%c0], %x[%c0] rows %c1 of %c32 pitch %c0, %c0
        npu.store atomic %y[%c0], %u[%c0] rows %c1 of %c32 pitch %c0, %c0""",
        f"%x: gm<?x{dtype}>, %y: gm<?x{dtype}>",
        x,
        y,
    )
    # bf16 has 8 bits: 256 + 1 is a tie and stays, 256 + 3 goes up to 260.
    assert y[:4].astype(int).tolist() == (
        [256, 256, 258, 260] if dtype == "bf16" else [256, 257, 258, 259]
    )


ROWS = "%u = npu.alloc at 0 : ub<64xf32>\n%i = npu.alloc at 1024 : ub<16xi32>\n"
LOAD_INDICES = "npu.load %i[%c0], %n[%c0] rows %c1 of %c16 pitch %c0, %c0\n"


def numbers(*values: int) -> Array:
    """16 row numbers, the first ones as given."""
    return np.array([*values, *[-7] * (16 - len(values))], np.int32)


def test_gather_rows() -> None:
    x = np.arange(80, dtype=np.float32)
    x[:8] = np.nan
    y = np.zeros(64, np.float32)
    run(
        ROWS
        + LOAD_INDICES
        + """npu.gather_rows %u[%c8], %x at %c1 + %i[%c1] rows %c6 of %c8 below %c5
        npu.store %y[%c0], %u[%c0] rows %c1 of %c64 pitch %c0, %c0""",
        "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>",
        x,
        numbers(99, 4, 0, -1, 5, 0, 2**31 - 1),
        y,
    )
    table, zero = x.reshape(10, 8), np.zeros(8, np.float32)
    expected = [table[5], table[1], zero, zero, table[1], zero]
    np.testing.assert_array_equal(y[8:56].reshape(6, 8), expected)
    assert np.isnan(y[:8]).all()
    assert np.isnan(y[56:]).all()


def test_gathered_rows_of_any_length_begin_in_blocks() -> None:
    x, y = np.arange(1, 13, dtype=np.float32), np.zeros(32, np.float32)
    run(
        ROWS
        + LOAD_INDICES
        + """npu.fill %u[%c0] with 7.0 count %c32
        npu.gather_rows %u[%c8], %x at %c1 + %i[%c0] rows %c2 of %c3 below %c3
        npu.store %y[%c0], %u[%c0] rows %c1 of %c32 pitch %c0, %c0""",
        "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>",
        x,
        numbers(2, -1),
        y,
    )
    seven, nothing = np.full(8, 7, np.float32), [np.nan] * 5
    expected = [seven, [10, 11, 12, *nothing], [0, 0, 0, *nothing], seven]
    np.testing.assert_array_equal(y.reshape(4, 8), expected)


def test_an_absent_row_outside_of_memory_is_not_touched() -> None:
    x, y = np.ones(8, np.float32), np.zeros(64, np.float32)
    body = (
        ROWS
        + LOAD_INDICES
        + """npu.gather_rows %u[%c0], %x at %c9 + %i[%c0] rows %c8 of %c8 below %c1
        npu.store %y[%c0], %u[%c0] rows %c1 of %c64 pitch %c0, %c0"""
    )
    arguments = "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>"
    run(body, arguments, x, numbers(*range(1, 9)), y)
    assert (y == 0).all()
    with pytest.raises(
        LigradError,
        match=r"vector core 0 of block 0: out of bounds: elements 72 to 80 \(bytes 288 to "
        r"320\) of argument 1 \(%x\), which has 8 elements \(32 bytes\)\n  in npu.gather",
    ):
        run(body, arguments, x, numbers(0), y)


def test_load_selected_rows() -> None:
    x = np.arange(1, 57, dtype=np.float32)
    y = np.zeros(64, np.float32)
    rows = "rows %c7 of %c8 from %c1 below %c5"
    run(
        ROWS
        + LOAD_INDICES
        + f"""npu.fill %u[%c0] with 7.0 count %c64
        npu.load_selected_rows %u[%c8], %x at %c2 where %i[%c1] {rows}
        npu.store %y[%c0], %u[%c0] rows %c1 of %c64 pitch %c0, %c0""",
        "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>",
        x,
        numbers(99, 4, 0, -1, 5, 1, 2**31 - 1, 0),
        y,
    )
    table, garbage = x.reshape(7, 8), np.full(8, np.nan, np.float32)
    seven = np.full(8, 7, np.float32)
    expected = [seven, table[2], *[garbage] * 3, table[6], *[garbage] * 2]
    np.testing.assert_array_equal(y.reshape(8, 8), expected)


def test_selected_rows_of_any_length_begin_in_blocks() -> None:
    x, y = np.arange(1, 13, dtype=np.float32), np.zeros(32, np.float32)
    rows = "rows %c2 of %c3 from %c0 below %c9"
    run(
        ROWS
        + LOAD_INDICES
        + f"""npu.fill %u[%c0] with 7.0 count %c32
        npu.load_selected_rows %u[%c8], %x at %c1 where %i[%c0] {rows}
        npu.store %y[%c0], %u[%c0] rows %c1 of %c32 pitch %c0, %c0""",
        "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>",
        x,
        numbers(9, 0),
        y,
    )
    seven, garbage = np.full(8, 7, np.float32), np.full(8, np.nan, np.float32)
    selected = np.float32([7, 8, 9, *[np.nan] * 5])
    expected = [seven, garbage, selected, seven]
    np.testing.assert_array_equal(y.reshape(4, 8), expected)


def test_a_selected_row_is_there() -> None:
    body = (
        ROWS
        + LOAD_INDICES
        + "npu.load_selected_rows %u[%c0], %x at %c1 where %i[%c0] "
        + "rows %c2 of %c8 from %c0 below %c9"
    )
    x, arguments = np.ones(16, np.float32), "%x: gm<?xf32>, %n: gm<?xi32>"
    run(body, arguments, x, numbers(1, 9))
    with pytest.raises(LigradError, match=r"elements 16 to 24 .* of argument 1 \(%x\)"):
        run(body, arguments, x, numbers(1, 1))


@pytest.mark.parametrize("first", [0, 1, 6])
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_scatter_add_rows(dtype: str, first: int) -> None:
    kind = BF16 if dtype == "bf16" else np.dtype(np.float32)
    x = (np.arange(128) % 50).astype(kind)
    y = np.full(16 * 10, 1, kind)
    rows = f"rows %c7 of %c16 from %c{first} below %c6"
    run(
        f"""%u = npu.alloc at 0 : ub<128x{dtype}>
        %i = npu.alloc at 1024 : ub<16xi32>
        {LOAD_INDICES}
        npu.load %u[%c0], %x[%c0] rows %c1 of %c128 pitch %c0, %c0
        npu.scatter_add_rows %y at %c2 + %i[%c2], %u[%c16] {rows}""",
        f"%x: gm<?x{dtype}>, %n: gm<?xi32>, %y: gm<?x{dtype}>",
        x,
        numbers(0, 0, 3, -1, 3, 6, 0, 3, 2**31 - 1),
        y,
    )
    expected = np.full((10, 16), 1, kind)
    updates = x.reshape(8, 16)[1:]
    for at in (0, 2, 5):
        if first <= 3:
            expected[2 + 3] += updates[at]
    if first == 0:
        expected[2] += updates[4]
    np.testing.assert_array_equal(y.reshape(10, 16), expected)


@pytest.mark.parametrize("count", [1, 5])
def test_added_rows_of_any_length_begin_in_blocks(count: int) -> None:
    x, y = np.arange(64, dtype=np.float32), np.full(10 * count, 1, np.float32)
    rows = f"rows %c4 of %c{count} from %c0 below %c8"
    run(
        ROWS
        + LOAD_INDICES
        + f"""npu.load %u[%c0], %x[%c0] rows %c1 of %c64 pitch %c0, %c0
        npu.scatter_add_rows %y at %c2 + %i[%c0], %u[%c8] {rows}""",
        "%x: gm<?xf32>, %n: gm<?xi32>, %y: gm<?xf32>",
        x,
        numbers(3, -1, 7, 3),
        y,
    )
    expected, updates = np.full((10, count), 1, np.float32), x.reshape(8, 8)[1:, :count]
    expected[2 + 3] += updates[0] + updates[3]
    expected[2 + 7] += updates[2]
    np.testing.assert_array_equal(y.reshape(10, count), expected)


def test_scatter_add_out_of_bounds_names_the_target() -> None:
    body = (
        ROWS
        + LOAD_INDICES
        + "npu.scatter_add_rows %y at %c0 + %i[%c0], %u[%c0] "
        + "rows %c2 of %c8 from %c0 below %c9"
    )
    y = np.zeros(16, np.float32)
    with pytest.raises(LigradError, match=r"elements 16 to 24 .* of argument 2 \(%y\)"):
        run(body, "%n: gm<?xi32>, %y: gm<?xf32>", numbers(1, 2), y)
    assert (y == 0).all()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "npu.load %u[%c0], %x[%c0] rows %c2 of %c5 pitch %c5, %c5",
            "a pitch of 5 elements in UB is no multiple of 32 bytes",
        ),
        (
            "npu.load %u[%c4], %x[%c0] rows %c1 of %c4 pitch %c0, %c0",
            "address 16 in ub, element 4 of buffer %u, is no multiple of 32 bytes",
        ),
        (
            "npu.load %u[%c0], %x[%c0] rows %c2 of %c16 pitch %c8, %c16",
            "rows of 16 elements overlap at a pitch of 8 in buffer %u",
        ),
        (
            "npu.load %u[%c0], %x[%c0] rows %c9 of %c4 pitch %c8, %c4",
            r"elements 0 to 68 \(bytes 0 to 272\) of buffer %u, which has 64 elements",
        ),
        (
            "npu.load %u[%c0], %x[%c60] rows %c1 of %c8 pitch %c0, %c0",
            r"elements 60 to 68 \(bytes 240 to 272\) of argument 1 \(%x\)",
        ),
        (
            "npu.store %x[%c64], %u[%c0] rows %c1 of %c1 pitch %c0, %c0",
            r"elements 64 to 65 \(bytes 256 to 260\) of argument 1 \(%x\)",
        ),
        (
            "%n = arith.subi %c0, %c1 : index\n"
            "npu.load %u[%c0], %x[%n] rows %c1 of %c1 pitch %c0, %c0",
            r"elements -1 to 0 \(bytes -4 to 0\) of argument 1 \(%x\)",
        ),
        (
            "%n = arith.subi %c0, %c1 : index\nnpu.fill %u[%c0] with 0.0 count %n",
            "-1 elements of buffer %u: a count is not negative",
        ),
        (
            "npu.gather_rows %u[%c0], %x at %c0 + %i[%c0] rows %c1 of %c0 below %c1",
            "rows of no elements",
        ),
        (
            "npu.load_selected_rows %u[%c0], %x at %c0 where %i[%c0] rows %c1 of %c0 "
            "from %c0 below %c1",
            "rows of no elements",
        ),
        (
            "npu.scatter_add_rows %x at %c0 + %i[%c0], %u[%c0] rows %c1 of %c0 from %c0 "
            "below %c1",
            "rows of no elements",
        ),
        (
            "%n = arith.subi %c0, %c1 : index\n"
            "npu.load_selected_rows %u[%c0], %x at %c0 where %i[%c0] rows %c1 of %c8 "
            "from %n below %c1",
            "the rows from -1 on: a row number is not negative",
        ),
        (
            "%n = arith.subi %c0, %c1 : index\n"
            "npu.scatter_add_rows %x at %c8 + %i[%c0], %u[%c0] rows %c1 of %c8 from %n "
            "below %c1",
            "the rows from -1 on: a row number is not negative",
        ),
    ],
)
def test_refused(body: str, message: str) -> None:
    with pytest.raises(LigradError, match=message):
        run(ROWS + body, "%x: gm<?xf32>", np.zeros(64, np.float32))


def test_nothing_is_moved_where_nothing_is_asked_for() -> None:
    x, none = np.zeros(0, np.float32), "rows %c0 of %c8"
    run(
        ROWS
        + f"""npu.load %u[%c0], %x[%c9] rows %c0 of %c8 pitch %c8, %c8
        npu.load %u[%c0], %x[%c9] rows %c4 of %c0 pitch %c8, %c8
        npu.store %x[%c9], %u[%c0] rows %c0 of %c8 pitch %c8, %c8
        npu.gather_rows %u[%c0], %x at %c0 + %i[%c0] {none} below %c1
        npu.scatter_add_rows %x at %c0 + %i[%c0], %u[%c0] {none} from %c0 below %c1""",
        "%x: gm<?xf32>",
        x,
    )
