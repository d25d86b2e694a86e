"""The cube core: layouts to the byte, Mmad and Fixpipe, and a tiled matrix product."""

from __future__ import annotations

from itertools import product

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from backends.tiled import layout as npu_layout
from backends.tiled.interpreter import run_npu
from backends.tiled.memory import Buffer, Fault
from ligrad_ir.dialects.npu.types import Space
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
Array = NDArray[np.generic]
WHOLE = st.integers(1, 4).map(lambda n: 16 * n)


# ---- layouts


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 2))
def test_nz_lies_as_its_formula_says(rows: int, columns: int, more: int) -> None:
    matrix = np.arange(1, rows * columns + 1).reshape(rows, columns)
    pitch = npu_layout.whole(rows) + 16 * more
    data = np.full(4 * 16 * (48 + 32), -1)
    buffer = Buffer("x", Space.L1, data)
    buffer.blocks(16, rows, columns, pitch)[...] = npu_layout.to_blocks(matrix)
    written = {
        16 + (c // 16 * pitch + r) * 16 + c % 16: matrix[r, c] if c < columns else 0
        for r in range(rows)
        for c in range(npu_layout.whole(columns))
    }
    assert {int(i): int(data[i]) for i in np.flatnonzero(data != -1)} == written
    again = npu_layout.from_blocks(buffer.blocks(16, rows, columns, pitch))
    np.testing.assert_array_equal(again[:, :columns], matrix)


@given(WHOLE, WHOLE)
def test_fractals_lie_as_their_formulas_say(rows: int, columns: int) -> None:
    matrix = np.arange(rows * columns).reshape(rows, columns)
    left, right = npu_layout.to_zz(matrix), npu_layout.to_nz_fractals(matrix)
    for r, c in product(range(0, rows, 5), range(0, columns, 3)):
        fractal = (r // 16 * (columns // 16) + c // 16) * 256
        assert left[fractal + r % 16 * 16 + c % 16] == matrix[r, c]
        assert right[fractal + c % 16 * 16 + r % 16] == matrix[r, c]
    np.testing.assert_array_equal(npu_layout.from_zz(left, rows, columns), matrix)
    again = npu_layout.from_nz_fractals(right, rows, columns)
    np.testing.assert_array_equal(again, matrix)


def test_mmad_leaves_poison_beyond_its_size() -> None:
    accumulator = np.zeros((2, 16, 16), np.float32)
    npu_layout.mmad(accumulator, np.ones((3, 5)), np.ones((5, 17)), start=True)
    matrix = npu_layout.from_blocks(accumulator)
    assert (matrix[:3, :17] == 5).all()
    assert np.isnan(matrix[3:]).all()
    assert np.isnan(matrix[:, 17:]).all()
    npu_layout.mmad(accumulator, np.ones((3, 2)), np.ones((2, 17)), start=False)
    assert (npu_layout.from_blocks(accumulator)[:3, :17] == 7).all()


def test_overlapping_blocks_are_refused() -> None:
    buffer = Buffer("x", Space.L1, np.zeros(4096, np.float16))
    with pytest.raises(Fault, match="17 rows overlap in blocks of 16 rows in x"):
        buffer.blocks(0, 17, 32, 16)
    with pytest.raises(Fault, match="blocks of 17 rows in x are not whole fractals"):
        buffer.blocks(0, 17, 32, 17)


# ---- one tile

ONE_TILE = """%x = npu.alloc at 0 : l1<4096xf16>
%y = npu.alloc at 8192 : l1<4096xf16>
%l = npu.alloc at 0 : l0a<4096xf16>
%r = npu.alloc at 0 : l0b<4096xf16>
%p = npu.alloc at 0 : l0c<4096xf32>
%true = arith.constant true
%false = arith.constant false
"""


def one_tile(end: str, a: Array, b: Array, out: Array, element: str) -> None:
    """%p = a @ b for a of 16 x 16 and b of 16 x 32, then `end`."""
    load = """npu.nd2nz %x[%c0], %a[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
    npu.nd2nz %y[%c0], %b[%c0] rows %c16 of %c32 pitch %c32 nz_rows %c16
    npu.load_l0 %l[%c0], %x[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
    npu.load_l0 %r[%c0], %y[%c0] tile %c16 x %c32 nz_rows %c16 transpose false
    """
    arguments = f"%a: gm<?xf16>, %b: gm<?xf16>, %o: gm<?x{element}>"
    run_npu(kernel(arguments, cube=ONE_TILE + load + end), [a, b, out], cores=1)


A = (np.arange(256).reshape(16, 16) % 7 - 3).astype(np.float16)
B = (np.arange(512).reshape(16, 32) % 5 - 2).astype(np.float16)
PRODUCT = A.astype(np.float32) @ B.astype(np.float32)
MMAD = "npu.mmad %p[%c0], %l[%c0], %r[%c0] size %c16 x %c32 x %c16 start %true\n"


def test_fixpipe_writes_row_major_at_a_pitch() -> None:
    out = np.full(1000, -1, np.float32)
    one_tile(
        MMAD + "npu.fixpipe %o[%c7], %p[%c0] size %c13 x %c20 pitch %c40",
        A,
        B,
        out,
        "f32",
    )
    expected = np.full(1000, -1, np.float32)
    for row in range(13):
        expected[7 + 40 * row : 27 + 40 * row] = PRODUCT[row, :20]
    np.testing.assert_array_equal(out, expected)


def test_fixpipe_reads_blocks_as_high_as_its_own_rows() -> None:
    out = np.zeros(16 * 20, np.float32)
    taller = "npu.fixpipe %o[%c0], %p[%c0] size %c16 x %c16 pitch %c16"
    one_tile(MMAD + taller, A, B, out, "f32")
    np.testing.assert_array_equal(out[:256].reshape(16, 16), PRODUCT[:, :16])
    tall = "npu.fixpipe %o[%c0], %p[%c0] size %c20 x %c16 pitch %c16"
    one_tile(MMAD + tall, A, B, out, "f32")
    # Rows 16 to 19 of a block that is not there: the second block of the matrix.
    np.testing.assert_array_equal(out[256:].reshape(4, 16), PRODUCT[:4, 16:])


@pytest.mark.parametrize("element", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("atomic", [False, True])
def test_fixpipe_relu_and_atomic(element: str, relu: bool, atomic: bool) -> None:
    dtype = {"f32": np.float32, "f16": np.float16, "bf16": BF16}[element]
    out = np.full((16, 32), 100.5, np.float32).astype(dtype)
    words = f"{'relu ' if relu else ''}{'atomic ' if atomic else ''}"
    one_tile(
        f"{MMAD}npu.fixpipe {words}%o[%c0], %p[%c0] size %c16 x %c32 pitch %c32",
        A,
        B,
        out,
        element,
    )
    x = (np.maximum(PRODUCT, 0) if relu else PRODUCT).astype(dtype)
    start = np.float32(100.5 if atomic else 0).astype(dtype)
    np.testing.assert_array_equal(out, start + x)


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [("f16", 2049.0, 2048.0), ("f16", 2051.0, 2052.0), ("bf16", 257.0, 256.0)],
)
def test_fixpipe_rounds_to_nearest_even(
    element: str, value: float, expected: float
) -> None:
    a, b = np.zeros((16, 16), np.float16), np.zeros((16, 32), np.float16)
    a[0, :2], b[0, 0], b[1, 0] = 1, value - 1, 1
    b[0, 0] = 2048 if element == "f16" else 256
    b[1, 0] = value - float(b[0, 0])
    out = np.zeros((16, 32), np.float16 if element == "f16" else BF16)
    end = MMAD + "npu.fixpipe %o[%c0], %p[%c0] size %c16 x %c32 pitch %c32"
    one_tile(end, a, b, out, element)
    assert float(out[0, 0]) == expected


def test_mmad_accumulates_where_it_does_not_start() -> None:
    out = np.zeros((16, 32), np.float32)
    again = MMAD.replace("%true", "%false")
    end = MMAD + again + "npu.fixpipe %o[%c0], %p[%c0] size %c16 x %c32 pitch %c32"
    one_tile(end, A, B, out, "f32")
    np.testing.assert_array_equal(out, 2 * PRODUCT)
    one_tile(end.removeprefix(MMAD), A, B, out, "f32")
    assert np.isnan(out).all()


def test_mmad_reads_tiles_at_offsets() -> None:
    out = np.zeros((16, 32), np.float32)
    end = """npu.load_l0 %l[%c256], %x[%c0] tile %c16 x %c16 nz_rows %c16 transpose true
    npu.load_l0 %r[%c512], %y[%c0] tile %c16 x %c32 nz_rows %c16 transpose false
    npu.mmad %p[%c256], %l[%c256], %r[%c512] size %c16 x %c32 x %c16 start %true
    npu.fixpipe %o[%c0], %p[%c256] size %c16 x %c32 pitch %c32"""
    one_tile(end, A, B, out, "f32")
    np.testing.assert_array_equal(out, A.T.astype(np.float32) @ B.astype(np.float32))


def test_nd2nz_gathers_rows_one_by_one() -> None:
    """Row r of a tile starts r * 16 elements into it."""
    rows = "\n".join(
        f"npu.nd2nz %x[%c{16 * to}], %a[%c{16 * row}] rows %c1 of %c16 pitch %c16 "
        "nz_rows %c16"
        for to, row in enumerate(reversed(range(16)))
    )
    load = "npu.load_l0 %l[%c0], %x[%c0] tile %c16 x %c16 nz_rows %c16 transpose false"
    out = np.zeros((16, 32), np.float32)
    end = f"{rows}\n{load}\n{MMAD}npu.fixpipe %o[%c0], %p[%c0] size %c16 x %c32 pitch %c32"
    one_tile(end, A, B, out, "f32")
    np.testing.assert_array_equal(out, PRODUCT[::-1])


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (
            "npu.mmad %p[%c16], %l[%c0], %r[%c0] size %c16 x %c16 x %c16 start %true",
            "address 64 in l0c, element 16 of buffer %p, is no multiple of 1024 bytes",
        ),
        (
            "npu.mmad %p[%c0], %l[%c16], %r[%c0] size %c16 x %c16 x %c16 start %true",
            "address 32 in l0a, .* no multiple of 512 bytes",
        ),
        (
            "npu.mmad %p[%c0], %l[%c0], %r[%c0] size %c100 x %c16 x %c48 start %true",
            r"elements 0 to 5376 .* of buffer %l, which has 4096",
        ),
        (
            "npu.load_l0 %l[%c0], %x[%c0] tile %c10 x %c16 nz_rows %c16 transpose false",
            "a tile of 10 x 16 is not whole",
        ),
        (
            "npu.load_l0 %l[%c0], %x[%c0] tile %c16 x %c64 nz_rows %c128 transpose false",
            r"elements 0 to 6400 .* of buffer %x, which has 4096",
        ),
        (
            "npu.nd2nz %x[%c8], %a[%c0] rows %c1 of %c16 pitch %c16 nz_rows %c16",
            "address 16 in l1, .* no multiple of 32 bytes",
        ),
        (
            "npu.nd2nz %x[%c0], %a[%c0] rows %c17 of %c16 pitch %c16 nz_rows %c32",
            r"elements 0 to 272 .* of argument 1 \(%a\), which has 256",
        ),
        (
            "npu.fixpipe %o[%c0], %p[%c8] size %c1 x %c16 pitch %c16",
            "address 32 in l0c, .* no multiple of 64 bytes",
        ),
        (
            "npu.fixpipe %o[%c0], %p[%c0] size %c16 x %c16 pitch %c15",
            "rows of 16 elements overlap at a pitch of 15 in argument 3",
        ),
        (
            "npu.fixpipe %o[%c1], %p[%c0] size %c16 x %c32 pitch %c32",
            r"elements 1 to 513 .* of argument 3 \(%o\), which has 512",
        ),
    ],
)
def test_refused(end: str, message: str) -> None:
    with pytest.raises(LigradError, match=f"cube core of block 0: .*{message}"):
        one_tile(end, A, B, np.zeros((16, 32), np.float32), "f32")
