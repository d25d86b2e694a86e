"""Rows gathered to L1 in NZ, rows repeated in UB, and rows that are remembered."""

from __future__ import annotations

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
Array = NDArray[np.generic]


def vector(body: str, arguments: str, *values: Array) -> None:
    """Interpret a body on the first vector core only."""
    first = f"""%sub = npu.sub_block_index
    %first = arith.cmpi eq, %sub, %c0 : index
    scf.if %first {{
    {body}
    }}"""
    run_npu(kernel(arguments, vector=first), values, cores=1)


# ---- npu.gather_rows_nz

GATHER = """%tile = npu.alloc at 64 : l1<{size}x{t}>
npu.gather_rows_nz %tile[%c{at}] nz_rows %c{high}, %x at %c{base} + %i[%c{k}] \
rows %c{present} to %c{rows} of %c{count} below %c{limit} else %z
"""
SHOWN = """%l = npu.alloc at 0 : l0a<16384x{t}>
%r = npu.alloc at 0 : l0b<1024x{t}>
%p = npu.alloc at 0 : l0c<8192xf32>
%one = npu.alloc at 131072 : l1<256x{t}>
%yes = arith.cmpi eq, %c0, %c0 : index
npu.nd2nz %one[%c0], %e[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
npu.load_l0 %r[%c0], %one[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
scf.for %b = %c0 to %c{count} step %c16 {{
  %block = arith.muli %b, %c{high} : index
  %from = arith.addi %block, %c{at} : index
  npu.load_l0 %l[%c0], %tile[%from] tile %c{rows} x %c16 nz_rows %c{high} transpose false
  npu.mmad %p[%c0], %l[%c0], %r[%c0] size %c{rows} x %c16 x %c16 start %yes
  npu.fixpipe %y[%b], %p[%c0] size %c{rows} x %c16 pitch %c{count}
}}
"""
"""The tile by way of a product with the unit matrix, block of columns by block."""


def gather(
    x: Array, i: Sequence[int], *, shown: bool = True, zeros: int = 32, **sizes: int
) -> Array:
    """The tile that is gathered, row major, with what fills its last block."""
    sizes = {"at": 16, "base": 2, "k": 1, "limit": 5, "count": 32, **sizes}
    sizes = {"rows": 16, "high": 32, "present": len(i) - sizes["k"], **sizes}
    t = "bf16" if x.dtype == BF16 else "f16"
    body = GATHER.format(size=4096, t=t, **sizes)
    sizes["count"] = -(-sizes["count"] // 16) * 16
    body += (SHOWN * shown).format(t=t, **sizes)
    arguments = ", ".join(f"%{name}: gm<?x{t}>" for name in ("x", "z", "e"))
    y = np.full((sizes["rows"], sizes["count"]), 55, np.float32)
    run_npu(
        kernel(f"{arguments}, %i: gm<?xi32>, %y: gm<?xf32>", cube=body),
        [
            x,
            np.zeros(zeros, x.dtype),
            np.eye(16, dtype=x.dtype),
            np.int32(i),
            y,
        ],
        cores=1,
    )
    return y


def table(rows: int, count: int = 32, dtype: DTypeLike = BF16) -> Array:
    """Distinct small numbers, which halves hold."""
    return (np.arange(1, rows * count + 1) % 251 + 1).astype(dtype)


@pytest.mark.parametrize("dtype", [BF16, np.float16])
def test_rows_are_gathered_to_nz(dtype: DTypeLike) -> None:
    """Row by row, with what is no row: -1, the limit and above, the smallest number."""
    x = table(7, dtype=dtype)
    x[:64] = np.nan  # ahead of the base
    numbers = [99, 4, 0, -1, 5, 0, 2**31 - 1, -(2**31), 2]
    rows = x.reshape(7, 32).astype(np.float32)
    found = gather(x, numbers)
    wanted = [rows[2 + n] if 0 <= n < 5 else np.zeros(32) for n in numbers[1:]]
    np.testing.assert_array_equal(found[:8], wanted)
    assert not found[8:].any()


@pytest.mark.parametrize("count", [1, 5, 24])
def test_rows_of_any_length_end_in_zeros(count: int) -> None:
    x = table(7, count)
    found = gather(x, [99, 4, -1, 1], count=count)
    wanted = np.zeros_like(found)
    rows = x.reshape(7, count).astype(np.float32)
    wanted[0, :count], wanted[2, :count] = rows[6], rows[3]
    np.testing.assert_array_equal(found, wanted)


def test_rows_behind_the_present_ones_are_zeros() -> None:
    """Their indices are not read: there are none."""
    x = table(7)
    for present in (0, 1, 15, 16):
        found = gather(x, [99, *[0] * present])
        assert (found[:present] == x[64:96].astype(np.float32)).all()
        assert not found[present:].any()


def test_no_index_behind_the_present_ones_is_read() -> None:
    assert gather(table(7), [99, 3, 3, 0], present=2)[:2].all()
    assert not gather(table(7), [99, 3, 3, 0], present=2)[2:].any()
    with pytest.raises(LigradError, match=r"elements 1 to 4 .* of argument 4 \(%i\)"):
        gather(table(7), [99, 3, 3], present=3)


def test_rows_may_be_the_same_and_any_number_of_them_absent() -> None:
    x = table(7)
    assert (gather(x, [99, *[1] * 16]) == x[96:128].astype(np.float32)).all()
    assert not gather(x, [99, *[-1] * 16]).any()
    assert not gather(x, [99, *range(5, 21)]).any()


def test_an_absent_row_is_not_touched() -> None:
    """It would be outside of memory."""
    x = table(1)
    found = gather(x, [0, *[-1, 0, 1] * 3], base=0, limit=1, k=0, present=10)
    np.testing.assert_array_equal(
        found[:10].any(axis=1), [True, *[False, True, False] * 3]
    )
    with pytest.raises(LigradError, match=r"elements 32 to 64 .* of argument 1 \(%x\)"):
        gather(x, [1], base=0, limit=2, k=0)


def test_a_tile_lies_in_nz() -> None:
    """Blocks of 16 columns lie `nz_rows` rows apart; a tile may begin at any row."""
    x = table(9, 64)
    for at, high, rows in ((0, 16, 16), (0, 48, 16), (16 * 16, 64, 32)):
        found = gather(x, [0, 3, 1], at=at, high=high, rows=rows, count=64, zeros=64)
        wanted = x.reshape(9, 64)[[5, 3]].astype(np.float32)
        np.testing.assert_array_equal(found[:2], wanted)
        assert not found[2:].any()


def test_only_the_tile_is_written() -> None:
    """Two of them in one buffer: the second leaves the first."""
    first = GATHER.format(
        size=1024, t="f16", at=0, high=32, base=0, k=0, present=2, rows=16, count=32,
        limit=9,
    )  # fmt: skip
    second = first.partition("\n")[2].replace("%tile[%c0]", "%tile[%c256]")
    second = second.replace("%i[%c0]", "%i[%c2]")
    shown = SHOWN.format(t="f16", at=0, high=32, rows=32, count=32)
    x, y = table(9, dtype=np.float16), np.zeros((32, 32), np.float32)
    run_npu(
        kernel(
            "%x: gm<?xf16>, %z: gm<?xf16>, %e: gm<?xf16>, %i: gm<?xi32>, %y: gm<?xf32>",
            cube=first + second + shown,
        ),
        [x, np.zeros(32, "f2"), np.eye(16, dtype="f2"), np.int32([1, 2, 3, 4]), y],
        cores=1,
    )
    np.testing.assert_array_equal(y[[0, 1, 16, 17]], x.reshape(9, 32)[1:5])
    assert not y[2:16].any()
    assert not y[18:].any()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"present": 17, "k": 0}, "17 indices for 16 rows"),
        ({"count": 0}, "rows of no elements"),
        ({"high": 24}, "blocks of 24 rows in buffer %tile are not whole fractals"),
        ({"rows": 48}, "48 rows overlap in blocks of 32 rows in buffer %tile"),
        ({"at": 8}, "address 80 in l1, element 8 .* is no multiple of 32 bytes"),
        ({"at": 4096}, "elements 4096 to .* of buffer %tile, which has 4096 elements"),
        ({"zeros": 16}, r"elements 0 to 32 .* of argument 2 \(%z\), which has 16"),
    ],
)
def test_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(LigradError, match=message):
        gather(table(7), [0] * 17, shown=False, **{"present": 3, **sizes})


# ---- npu.repeat_row

REPEAT = """%u = npu.alloc at 0 : ub<512x{t}>
%v = npu.alloc at 4096 : ub<512x{t}>
npu.load %v[%c0], %x[%c0] rows %c1 of %c512 pitch %c0, %c0
npu.load %u[%c0], %y[%c0] rows %c1 of %c512 pitch %c0, %c0
npu.repeat_row %u[%c{to}], %v[%c{at}] rows %c{rows} of %c{count}
npu.store %y[%c0], %u[%c0] rows %c1 of %c512 pitch %c0, %c0
"""


def repeat(
    rows: int, count: int, to: int = 32, at: int = 64, t: str = "f32"
) -> tuple[Array, Array]:
    dtype = {"f32": np.dtype("f4"), "f16": np.dtype("f2"), "bf16": BF16}[t]
    x, y = np.arange(512).astype(dtype), np.full(512, -1, dtype)
    body = REPEAT.format(t=t, to=to, at=at, rows=rows, count=count)
    vector(body, f"%x: gm<?x{t}>, %y: gm<?x{t}>", x, y)
    return x, y


@pytest.mark.parametrize("t", ["f32", "f16", "bf16"])
@pytest.mark.parametrize(("rows", "count"), [(1, 64), (2, 128), (3, 64), (7, 64)])
def test_a_row_is_repeated(rows: int, count: int, t: str) -> None:
    x, y = repeat(rows, count, t=t)
    copies = y[32 : 32 + rows * count].reshape(rows, count)
    np.testing.assert_array_equal(copies, [x[64 : 64 + count]] * rows)
    assert (y[:32] == -1).all()
    assert (y[32 + rows * count :] == -1).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"count": 32}, "a row of 32 is no multiple of 64"),
        ({"count": 100}, "a row of 100 is no multiple of 64"),
        ({"count": 0}, "a row of 0 is no multiple of 64"),
        ({"rows": 0}, "0 rows: there is one at least"),
        ({"rows": 8}, "elements 32 to 544 .* of buffer %u, which has 512 elements"),
        ({"at": 456}, "elements 456 to 520 .* of buffer %v, which has 512 elements"),
        ({"to": 4}, "address 16 in ub, element 4 of buffer %u, is no multiple of 32"),
    ],
)
def test_repeating_is_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(LigradError, match=message):
        repeat(**{"rows": 2, "count": 64, **sizes})


# ---- npu.scatter_add_rows remember

SCATTER = """%u = npu.alloc at 0 : ub<512x{t}>
%i = npu.alloc at 4096 : ub<32xi32>
npu.load %i[%c0], %n[%c0] rows %c1 of %c32 pitch %c0, %c0
npu.load %u[%c0], %x[%c0] rows %c1 of %c512 pitch %c0, %c0
npu.scatter_add_rows {how} %y at %c2 + %i[%c0], %u[%c0] rows %c32 of %c16 \
from %c1 below %c200
"""


@pytest.mark.parametrize("t", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("kind", ["distinct", "equal", "mixed", "a multiple apart"])
def test_what_is_remembered_changes_no_sum(kind: str, t: str) -> None:
    rng = np.random.default_rng(len(kind))
    numbers = {
        "distinct": rng.permutation(200)[:32],
        "equal": np.full(32, 7),
        "mixed": rng.choice([-1, 0, 1, 3, 67, 131, 199, 200, 2**31 - 1], 32),
        "a multiple apart": 3 + 64 * rng.integers(0, 3, 32),
    }[kind].astype(np.int32)
    dtype = {"f32": np.dtype("f4"), "f16": np.dtype("f2"), "bf16": BF16}[t]
    x = rng.normal(size=512).astype(dtype)
    sums: list[Array] = []
    for how in ("", "remember"):
        y = rng.integers(0, 1, 16 * 202).astype(dtype)
        body = SCATTER.format(t=t, how=how)
        vector(body, f"%x: gm<?x{t}>, %n: gm<?xi32>, %y: gm<?x{t}>", x, numbers, y)
        sums.append(y)
    assert sums[0].tobytes() == sums[1].tobytes()
    expected = np.zeros((202, 16), dtype)
    for number, row in zip(numbers, x.reshape(32, 16), strict=True):
        if 1 <= number < 200:
            expected[2 + number] += row
    np.testing.assert_array_equal(sums[0].reshape(202, 16), expected)
