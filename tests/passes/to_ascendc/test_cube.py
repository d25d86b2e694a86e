"""The cube core: the lowering does what the interpreter does, on small integers, whose
products and sums are exact in any order."""

from __future__ import annotations

from functools import cache
from itertools import product

import ml_dtypes
import numpy as np
import pytest

from tests.passes.to_ascendc.support import Array, Program

HALVES = {"f16": np.dtype(np.float16), "bf16": np.dtype(ml_dtypes.bfloat16)}
CASES = tuple(product(HALVES, (False, True), (False, True)))
"""Element type; whether the left and the right operand lie transposed."""
BUFFERS = """%a{i} = npu.alloc at 0 : l1<65536x{t}>
%b{i} = npu.alloc at 131072 : l1<65536x{t}>
%l{i} = npu.alloc at 0 : l0a<32768x{t}>
%r{i} = npu.alloc at 0 : l0b<32768x{t}>
%acc{i} = npu.alloc at 0 : l0c<32768xf32>
"""


def integers(rng: np.random.Generator, size: int, t: str) -> Array:
    return rng.integers(-3, 4, size).astype(HALVES[t])


def sixteens(n: int) -> int:
    return -(-n // 16) * 16


PRODUCT = """
%ar@ = arith.addi %{a}16, %more : index
%br@ = arith.addi %{b}16, %more : index
npu.nd2nz %a@[%skip], %x@[%from] rows %{a} of %{ac} pitch %xp@ nz_rows %ar@
npu.nd2nz %b@[%skip], %y@[%from] rows %{b} of %{bc} pitch %yp@ nz_rows %br@
npu.load_l0 %l@[%c256], %a@[%skip] tile %{a}16 x %{ac}16 nz_rows %ar@ transpose {left}
npu.load_l0 %r@[%c512], %b@[%skip] tile %{b}16 x %{bc}16 nz_rows %br@ transpose {right}
npu.mmad %acc@[%c256], %l@[%c256], %r@[%c512] size %m x %n x %k start %yes
npu.mmad %acc@[%c256], %l@[%c256], %r@[%c512] size %m x %n x %k start %again
npu.fixpipe %z@[%at], %acc@[%c256] size %m x %n pitch %zp
"""
"""z = x y by way of all memories, the operands transposed or not. Blocks of L1 are %more
rows higher than their tiles, and tiles begin in the middle of them."""


def matmul(i: int, text: str, m: str, n: str, k: str) -> str:
    """Buffers and text of case i; the operands are m x k and k x n, or transposed."""
    t, left, right = CASES[i]
    a, ac = (k, m) if left else (m, k)
    b, bc = (n, k) if right else (k, n)
    flips = {"left": str(left).lower(), "right": str(right).lower()}
    body = text.format(a=a, ac=ac, b=b, bc=bc, **flips).replace("@", str(i))
    return BUFFERS.format(i=i, t=t) + body


HEAD = """%yes = arith.cmpi eq, %c0, %c0 : index
%again = arith.cmpi eq, %anew, %c1 : index
""" + "\n".join(
    f"""%{x}_15 = arith.addi %{x}, %c15 : index
    %{x}_q = arith.divui %{x}_15, %c16 : index
    %{x}16 = arith.muli %{x}_q, %c16 : index"""
    for x in ("m", "n", "k")
)
SIZES = ("m", "n", "k", "more", "skip", "from", "at", "zp", "anew")


@cache
def products() -> Program:
    arrays = ", ".join(
        f"%x{i}: gm<?x{t}>, %y{i}: gm<?x{t}>, %z{i}: gm<?xf32>, "
        f"%xp{i}: index, %yp{i}: index"
        for i, (t, _, _) in enumerate(CASES)
    )
    body = "\n".join(matmul(i, PRODUCT, "m", "n", "k") for i in range(len(CASES)))
    sizes = ", ".join(f"%{size}: index" for size in SIZES)
    units = {"more": 16, "skip": 16}
    return Program(f"{arrays}, {sizes}", head=HEAD, cube=body, units=units)


SHAPES = [
    (16, 16, 16),
    (1, 16, 16),
    (2, 1, 1),
    (17, 5, 33),
    (31, 64, 128),
    (100, 70, 48),
]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), [*SHAPES, (128, 128, 128), (3, 200, 16)])
@pytest.mark.parametrize("more", [0, 32])
def test_products(m: int, n: int, k: int, more: int, again: bool) -> None:
    rng = np.random.default_rng(m + 3 * n + 7 * k)
    values = {"m": m, "n": n, "k": k, "more": more, "skip": more * 8}
    values |= {"from": 5, "at": 3, "zp": n + 2, "anew": int(not again)}
    for i, (t, left, right) in enumerate(CASES):
        xr, xc = (k, m) if left else (m, k)
        yr, yc = (n, k) if right else (k, n)
        values |= {f"xp{i}": xc + i, f"yp{i}": yc + 2 * i}
        values[f"x{i}"] = integers(rng, 5 + xr * (xc + i), t)
        values[f"y{i}"] = integers(rng, 5 + yr * (yc + 2 * i), t)
        values[f"z{i}"] = np.full(3 + m * (n + 2), 55, np.float32)
    after = products().both(**values)
    for i, (t, left, right) in enumerate(CASES):
        xr, xc = (k, m) if left else (m, k)
        yr, yc = (n, k) if right else (k, n)
        x = values[f"x{i}"][5:].astype(np.float64).reshape(xr, xc + i)[:, :xc]
        y = values[f"y{i}"][5:].astype(np.float64).reshape(yr, yc + 2 * i)[:, :yc]
        exact = (x.T if left else x) @ (y.T if right else y) * (1 + again)
        found = after[f"z{i}"][3:].reshape(m, n + 2)
        np.testing.assert_array_equal(found[:, :n], exact)
        assert (found[:, n:] == 55).all()


# ---- tiles that fill their blocks are taken at once


WHOLE = """
npu.nd2nz %a@[%c0], %x@[%c0] rows %c{a} of %c{ac} pitch %c{ac} nz_rows %c{a}
npu.nd2nz %b@[%c0], %y@[%c0] rows %c{b} of %c{bc} pitch %c{bc} nz_rows %c{b}
npu.load_l0 %l@[%c0], %a@[%c0] tile %c{a} x %c{ac} nz_rows %c{a} transpose {left}
npu.load_l0 %r@[%c0], %b@[%c0] tile %c{b} x %c{bc} nz_rows %c{b} transpose {right}
npu.mmad %acc@[%c0], %l@[%c0], %r@[%c0] size %c48 x %c16 x %c32 start %yes
npu.fixpipe %z@[%c0], %acc@[%c0] size %c48 x %c16 pitch %c16
"""


@cache
def whole_program() -> Program:
    """Tiles whose blocks are as high as they are, in all cases."""
    arrays = ", ".join(
        f"%x{i}: gm<?x{t}>, %y{i}: gm<?x{t}>, %z{i}: gm<?xf32>"
        for i, (t, _, _) in enumerate(CASES)
    )
    head = "%yes = arith.cmpi eq, %c0, %c0 : index"
    lines = [matmul(i, WHOLE, "48", "16", "32") for i in range(len(CASES))]
    return Program(arrays, head=head, cube="\n".join(lines))


def test_whole_tiles() -> None:
    rng, values = np.random.default_rng(4), {}
    for i, (t, _, _) in enumerate(CASES):
        values[f"x{i}"] = integers(rng, 48 * 32, t)
        values[f"y{i}"] = integers(rng, 32 * 16, t)
        values[f"z{i}"] = np.zeros(48 * 16, np.float32)
    assert whole_program().both(**values)["z0"].any()


def test_rows_are_put_into_a_tile_one_by_one() -> None:
    """npu.nd2nz of one row, to where row r of a tile lies; here in reverse."""
    body = """scf.for %row = %c0 to %c16 step %c1 {
        %back = arith.subi %c15, %row : index
        %to = arith.muli %row, %c16 : index
        %from = arith.muli %back, %c20 : index
        npu.nd2nz %a0[%to], %x[%from] rows %c1 of %c20 pitch %c20 nz_rows %c16
        }
        npu.nd2nz %b0[%c0], %y[%c0] rows %c20 of %c16 pitch %c16 nz_rows %c32
        npu.load_l0 %l0[%c0], %a0[%c0] tile %c16 x %c32 nz_rows %c16 transpose false
        npu.load_l0 %r0[%c0], %b0[%c0] tile %c32 x %c16 nz_rows %c32 transpose false
        npu.mmad %acc0[%c0], %l0[%c0], %r0[%c0] size %c16 x %c16 x %c20 start %yes
        npu.fixpipe %z[%c0], %acc0[%c0] size %c16 x %c16 pitch %c16"""
    program = Program(
        "%x: gm<?xbf16>, %y: gm<?xbf16>, %z: gm<?xf32>",
        head="%yes = arith.cmpi eq, %c0, %c0 : index",
        cube=BUFFERS.format(i=0, t="bf16") + body,
    )
    rng = np.random.default_rng(6)
    x, y = integers(rng, 320, "bf16"), integers(rng, 320, "bf16")
    z = program.both(x=x, y=y, z=np.zeros(256, np.float32))["z"]
    exact = x.reshape(16, 20)[::-1].astype("f4") @ y.reshape(20, 16).astype("f4")
    np.testing.assert_array_equal(z.reshape(16, 16), exact)


# ---- the way out


@cache
def fixpipe_program() -> Program:
    """One product to every kind of output, with relu or without, stored or added."""
    outs = [
        (t, relu, atomic)
        for t in ("f32", "f16", "bf16")
        for relu in ("", " relu")
        for atomic in ("", " atomic")
    ]
    lines = [
        f"npu.fixpipe{relu}{atomic} %z{i}[%at], %c[%c0] size %m x %n pitch %p"
        for i, (_, relu, atomic) in enumerate(outs)
    ]
    arrays = ", ".join(f"%z{i}: gm<?x{t}>" for i, (t, _, _) in enumerate(outs))
    head = """%yes = arith.cmpi eq, %c0, %c0 : index
    %m_15 = arith.addi %m, %c15 : index
    %m_q = arith.divui %m_15, %c16 : index
    %m16 = arith.muli %m_q, %c16 : index
    %m_2 = arith.maxsi %m, %c2 : index
    %no = arith.cmpi eq, %c0, %c1 : index"""
    return Program(
        f"%x: gm<?xf16>, %y: gm<?xf16>, {arrays}, "
        "%m: index, %n: index, %p: index, %at: index",
        head=head,
        cube="""%a = npu.alloc at 0 : l1<4096xf16>
        %b = npu.alloc at 8192 : l1<4096xf16>
        %l = npu.alloc at 512 : l0a<4096xf16>
        %r = npu.alloc at 1024 : l0b<4096xf16>
        %c = npu.alloc at 2048 : l0c<4096xf32>
        npu.nd2nz %a[%c0], %x[%c0] rows %m of %c16 pitch %c16 nz_rows %m16
        npu.nd2nz %b[%c0], %y[%c0] rows %c16 of %n pitch %n nz_rows %c16
        npu.load_l0 %l[%c0], %a[%c0] tile %m16 x %c16 nz_rows %m16 transpose false
        npu.load_l0 %r[%c0], %b[%c0] tile %c16 x %n nz_rows %c16 transpose false
        npu.mmad %c[%c0], %l[%c0], %r[%c0] size %m_2 x %n x %c16 start %yes
        """
        + "\n".join(lines),
        units={"n": 16},
    )


@pytest.mark.parametrize(("m", "n"), [(16, 16), (1, 32), (17, 48), (40, 64), (2, 16)])
def test_fixpipe(m: int, n: int) -> None:
    """Sums near the ties of halves, negative ones, and an infinite one."""
    rng = np.random.default_rng(m)
    x = rng.integers(-40, 41, (m, 16)).astype(np.float16)
    y = (rng.integers(-40, 41, (16, n)) / 8).astype(np.float16)
    x[0, 0], y[0, 0] = 60000, 60000
    x[0, 1:] = y[1:, 0] = 0
    values = {"x": x.reshape(-1), "y": y.reshape(-1)}
    values |= {"m": m, "n": n, "p": n + 3, "at": 5}
    i = 0
    for dtype in (np.dtype(np.float32), *HALVES.values()):
        for _ in range(4):
            values[f"z{i}"] = rng.integers(-9, 9, 5 + m * (n + 3)).astype(dtype)
            i += 1
    after = fixpipe_program().both(**values)
    exact = x.astype(np.float64) @ y.astype(np.float64)
    f16 = np.dtype(np.float16)
    with np.errstate(over="ignore"):
        rounded = exact.astype(f16)
    np.testing.assert_array_equal(after["z4"][5:].reshape(m, n + 3)[:, :n], rounded)
    assert (after["z2"][5:].reshape(m, n + 3)[:, :n] >= 0).all()
