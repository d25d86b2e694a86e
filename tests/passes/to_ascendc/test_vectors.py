"""The vector unit: the lowering does what the interpreter does, bit for bit."""

from __future__ import annotations

from functools import cache

import ml_dtypes
import numpy as np
import pytest

from tests.passes.to_ascendc.support import Array, Program

DTYPES = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "i32": np.dtype(np.int32),
    "i8": np.dtype(np.uint8),
}
SPECIAL = np.float32(
    [
        *(0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 65504, 65520, 6e-8),
        *(1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-11, 1 + 3 * 2**-11, 2049, -2051, 3.4e38),
    ]
)


def reals(rng: np.random.Generator, size: int, t: str) -> Array:
    """Numbers of many magnitudes, and special ones."""
    x = (rng.normal(size=size) * 2.0 ** rng.integers(-12, 12, size)).astype("f4")
    x[rng.integers(0, size, size // 4)] = rng.choice(SPECIAL, size // 4)
    with np.errstate(all="ignore"):
        return x.astype(DTYPES[t])


# ---- elementwise


KINDS = ("add", "sub", "mul", "max", "min")
OUT = 3


def elementwise(t: str) -> list[str]:
    """Bodies that compute %r from %u and %v, of the element type t."""
    lines = [
        f"npu.binary {kind} %r[%to], %u[%from], %v[%from] count %n" for kind in KINDS
    ]
    lines += [
        f"npu.binary_scalar {kind} %r[%to], %u[%from], %s count %n"
        for kind in KINDS
        if kind != "sub"
    ]
    lines += ["npu.relu %r[%to], %u[%from] count %n"]
    lines += ["npu.select %r[%to], %bits[%c32], %u[%from] count %n"]
    lines += ["npu.fill %r[%to] with -1.00390625 count %n"]
    return lines


@cache
def elementwise_program(t: str) -> Program:
    lines = elementwise(t)
    body = f"""%u = npu.alloc at 0 : ub<512x{t}>
    %v = npu.alloc at 4096 : ub<512x{t}>
    %bits = npu.alloc at 8192 : ub<128xi8>
    %r = npu.alloc at 12288 : ub<512x{t}>
    %s = arith.constant 1.000400e+00 : f32
    npu.load %u[%c0], %x[%c0] rows %c1 of %c512 pitch %c0, %c0
    npu.load %v[%c0], %y[%c0] rows %c1 of %c512 pitch %c0, %c0
    npu.load %bits[%c0], %b[%c0] rows %c1 of %c128 pitch %c0, %c0
    """ + "\n".join(
        f"""npu.fill %r[%c0] with 9.0 count %c512
        {line}
        npu.store %z{i}[%c0], %r[%c0] rows %c1 of %c512 pitch %c0, %c0"""
        for i, line in enumerate(lines)
    )
    outs = ", ".join(f"%z{i}: gm<?x{t}>" for i in range(len(lines)))
    return Program(
        f"%x: gm<?x{t}>, %y: gm<?x{t}>, %b: gm<?xi8>, {outs}, "
        "%n: index, %to: index, %from: index",
        vector=body,
        units={"to": 16, "from": 32},
    )


@pytest.mark.parametrize("n", [1, 5, 64, 65, 200, 400])
@pytest.mark.parametrize("t", ["f32", "f16"])
def test_elementwise(t: str, n: int) -> None:
    rng = np.random.default_rng(n)
    values = {"x": reals(rng, 512, t), "y": reals(rng, 512, t)}
    with np.errstate(over="ignore"):
        values["x"][: SPECIAL.size] = SPECIAL.astype(DTYPES[t])
    values["y"][values["y"] == 0] = 1  # the larger one of 0 and -0 may be either
    values["b"] = rng.integers(0, 256, 128).astype(np.uint8)
    values |= {"n": n, "to": 16 * (n % 3), "from": 32 * (n % 2)}
    for i in range(len(elementwise(t))):
        values[f"z{i}"] = np.zeros(512, DTYPES[t])
    elementwise_program(t).both(**values)


@pytest.mark.parametrize("n", [1, 65, 400])
def test_bf16_is_selected_as_it_is(n: int) -> None:
    """Every bit pattern, those of no number too."""
    program = Program(
        "%x: gm<?xbf16>, %b: gm<?xi8>, %z: gm<?xbf16>, %n: index",
        vector="""%u = npu.alloc at 0 : ub<512xbf16>
        %bits = npu.alloc at 8192 : ub<128xi8>
        %r = npu.alloc at 12288 : ub<512xbf16>
        npu.load %u[%c0], %x[%c0] rows %c1 of %c512 pitch %c0, %c0
        npu.load %bits[%c0], %b[%c0] rows %c1 of %c128 pitch %c0, %c0
        npu.fill %r[%c0] with 9.0 count %c512
        npu.select %r[%c32], %bits[%c32], %u[%c16] count %n
        npu.store %z[%c0], %r[%c0] rows %c1 of %c512 pitch %c0, %c0""",
    )
    rng = np.random.default_rng(n)
    patterns = rng.integers(0, 1 << 16, 512).astype(np.uint16)
    bits = rng.integers(0, 256, 128).astype(np.uint8)
    values = {"x": patterns.view(DTYPES["bf16"]), "b": bits, "n": n}
    after = program.both(**values, z=np.zeros(512, DTYPES["bf16"]))
    chosen = np.unpackbits(bits[32:], bitorder="little")[:n].astype(bool)
    found = after["z"].view(np.uint16)[32 : 32 + n]
    assert (found == np.where(chosen, patterns[16 : 16 + n], 0)).all()


def test_the_second_operand_is_the_second() -> None:
    """Of `sub`: a result that no two mistakes at once explain."""
    x, y = np.full(512, 7, np.float32), np.full(512, 4, np.float32)
    values = {"x": x, "y": y, "b": np.zeros(128, np.uint8)}
    values |= {"n": 512, "to": 0, "from": 0}
    for i in range(len(elementwise("f32"))):
        values[f"z{i}"] = np.zeros(512, np.float32)
    assert (elementwise_program("f32").both(**values)["z1"] == 3).all()


# ---- between types


PAIRS = (("f32", "bf16"), ("f32", "f16"), ("bf16", "f32"), ("f16", "f32"))


@cache
def convert_program() -> Program:
    lines = [
        f"""%u{i} = npu.alloc at {8192 * i} : ub<512x{a}>
        %r{i} = npu.alloc at {8192 * i + 4096} : ub<512x{b}>
        npu.load %u{i}[%c0], %x{i}[%c0] rows %c1 of %c512 pitch %c0, %c0
        npu.fill %r{i}[%c0] with 9.0 count %c512
        npu.convert %r{i}[%to], %u{i}[%from] count %n
        npu.store %z{i}[%c0], %r{i}[%c0] rows %c1 of %c512 pitch %c0, %c0"""
        for i, (a, b) in enumerate(PAIRS)
    ]
    arrays = [f"%x{i}: gm<?x{a}>, %z{i}: gm<?x{b}>" for i, (a, b) in enumerate(PAIRS)]
    return Program(
        ", ".join([*arrays, "%n: index, %to: index, %from: index"]),
        vector="\n".join(lines),
        units={"to": 16, "from": 32},
    )


@pytest.mark.parametrize("n", [1, 17, 64, 65, 129, 400])
def test_convert(n: int) -> None:
    rng, values = np.random.default_rng(n), {"n": n, "to": 16, "from": 32}
    for i, (a, b) in enumerate(PAIRS):
        values[f"x{i}"] = reals(rng, 512, a)
        with np.errstate(over="ignore"):
            values[f"x{i}"][32 : 32 + SPECIAL.size] = SPECIAL.astype(DTYPES[a])
        values[f"z{i}"] = np.zeros(512, DTYPES[b])
    convert_program().both(**values)


FILLS = {"f32": 1.00390625, "f16": 1.00048828125, "bf16": 1.01171875, "i32": -3.0}


def test_fill() -> None:
    lines = [
        f"""%r_{t} = npu.alloc at {4096 * i} : ub<512x{t}>
        npu.fill %r_{t}[%c0] with 0.0 count %c512
        npu.fill %r_{t}[%c32] with {value} count %n
        npu.store %z_{t}[%c0], %r_{t}[%c0] rows %c1 of %c512 pitch %c0, %c0"""
        for i, (t, value) in enumerate(FILLS.items())
    ]
    arrays = ", ".join(f"%z_{t}: gm<?x{t}>" for t in FILLS)
    program = Program(f"{arrays}, %n: index", vector="\n".join(lines))
    for n in (1, 63, 300):
        outs = {f"z_{t}": np.ones(512, DTYPES[t]) for t in FILLS}
        after = program.both(n=n, **outs)
        assert (after["z_i32"][32 : 32 + n] == -3).all()


# ---- bits


@cache
def bits_program() -> Program:
    """compare_positive of both types, present in two sizes of limits, and what select
    makes of them."""
    return Program(
        """%x: gm<?xf32>, %h: gm<?xf16>, %i: gm<?xi32>, %bx: gm<?xi8>, %bh: gm<?xi8>,
        %bi: gm<?xi8>, %z: gm<?xf32>, %n: index, %from: index, %to: index,
        %limit: index""".replace("\n", " "),
        vector="""%ux = npu.alloc at 0 : ub<1024xf32>
        %uh = npu.alloc at 4096 : ub<1024xf16>
        %ui = npu.alloc at 8192 : ub<1024xi32>
        %s = npu.alloc at 12288 : ub<1024xf32>
        %r = npu.alloc at 16384 : ub<256xi8>
        %f = npu.alloc at 16640 : ub<1024xf32>
        npu.load %ux[%c0], %x[%c0] rows %c1 of %c1024 pitch %c0, %c0
        npu.load %uh[%c0], %h[%c0] rows %c1 of %c1024 pitch %c0, %c0
        npu.load %ui[%c0], %i[%c0] rows %c1 of %c1024 pitch %c0, %c0
        %n8 = arith.divui %n, %c8 : index
        npu.compare_positive %r[%to], %ux[%from] count %n
        npu.store %bx[%c0], %r[%to] rows %c1 of %n8 pitch %c0, %c0
        npu.compare_positive %r[%to], %uh[%from] count %n
        npu.store %bh[%c0], %r[%to] rows %c1 of %n8 pitch %c0, %c0
        npu.present %r[%to], %ui[%from] below %limit scratch %s count %n
        npu.store %bi[%c0], %r[%to] rows %c1 of %n8 pitch %c0, %c0
        npu.select %f[%c0], %r[%to], %ux[%from] count %n
        npu.store %z[%c0], %f[%c0] rows %c1 of %n pitch %c0, %c0""",
        units={"n": 128, "from": 64, "to": 32},
    )


LIMITS = (0, 1, 2, 3, 64, 1000, 131071, 131072)


@pytest.mark.parametrize("n", [128, 384, 896])
@pytest.mark.parametrize("limit", LIMITS)
def test_bits(limit: int, n: int) -> None:
    rng = np.random.default_rng(limit + n)
    near = [-1, 0, 1, limit - 2, limit - 1, limit, limit + 1, 2 * limit, -limit]
    far = [2**31 - 1, -(2**31), -(2**31) + 1, 2**24 + 1, -(2**24) - 1, 12345678]
    i = rng.integers(-(2**31), 2**31, 1024).astype(np.int32)
    i[::2] = rng.integers(-3, limit + 3, 512)
    i[64:512] = np.resize(np.array([*near, *far], np.int64), 448).astype(np.int32)
    x, h = reals(rng, 1024, "f32"), reals(rng, 1024, "f16")
    with np.errstate(over="ignore"):
        x[64 : 64 + SPECIAL.size], h[64 : 64 + SPECIAL.size] = SPECIAL, SPECIAL
    after = bits_program().both(
        **{"x": x, "h": h, "i": i, "z": np.zeros(1024, "f4")},
        **{name: np.zeros(n // 8, "u1") for name in ("bx", "bh", "bi")},
        **{"n": n, "from": 64, "to": 32, "limit": limit},
    )
    there = np.unpackbits(after["bi"], bitorder="little").astype(bool)
    wanted = i[64 : 64 + n]
    np.testing.assert_array_equal(there, (wanted >= 0) & (wanted < limit))


# ---- sums


COUNTS = (1, 5, 63, 64, 65, 200, 2048, 64 * 255, 64 * 255 + 1, 64 * 256, 64 * 600 + 63)


@cache
def sum_program(static: int) -> Program:
    """Sums of a number of elements that is known at run time, in a buffer that needs one
    instruction or several; of whole repeats; and of a fixed number."""
    size = 64 * 640 if static > 64 * 255 else 64 * 255
    return Program(
        "%x: gm<?xf32>, %z: gm<?xf32>, %n: index, %rep: index, %at: index",
        vector=f"""%u = npu.alloc at 0 : ub<{size}xf32>
        %s = npu.alloc at {4 * size} : ub<64xf32>
        %r = npu.alloc at {4 * size + 256} : ub<128xf32>
        npu.fill %r[%c0] with 7.0 count %c128
        %loaded = arith.constant {size} : index
        scf.for %i = %c0 to %loaded step %c8160 {{
        %left = arith.subi %loaded, %i : index
        %part = arith.minsi %left, %c8160 : index
        npu.load %u[%i], %x[%i] rows %c1 of %part pitch %c0, %c0
        }}
        %whole = arith.muli %rep, %c64 : index
        npu.sum %r[%at], %u[%c8] scratch %s count %n
        npu.sum %r[%c40], %u[%c0] scratch %s count %whole
        %some = arith.muli %rep, %c5 : index
        npu.sum %r[%c41], %u[%c0] scratch %s count %some
        npu.sum %r[%c50], %u[%c0] scratch %s count %c{static}
        npu.sum %r[%c51], %u[%c64] scratch %s count %c100
        npu.store %z[%c0], %r[%c0] rows %c1 of %c128 pitch %c0, %c0""",
    )


@pytest.mark.parametrize("static", [320, 64 * 300])
@pytest.mark.parametrize("n", COUNTS)
def test_sum(n: int, static: int) -> None:
    """The order of the terms counts: of 10^n and -10^n nothing but their order is left."""
    size = 64 * 640 if static > 64 * 255 else 64 * 255
    if n + 8 > size:
        n = size - 8
    rng = np.random.default_rng(n)
    x = (rng.normal(size=size) * 10.0 ** rng.integers(-3, 4, size)).astype("f4")
    values = {"n": n, "rep": -(-n // 64), "at": n % 30}
    after = sum_program(static).both(x=x, z=np.zeros(128, "f4"), **values)
    exact = x[8 : 8 + n].astype(np.float64)
    assert abs(after["z"][n % 30] - exact.sum()) <= 1e-4 * np.abs(exact).sum()
    assert (after["z"][60:] == 7).all()


# ---- scalars from memory


def test_read() -> None:
    """Of both memories and both types, as a scalar operand and as a size."""
    program = Program(
        "%x: gm<?xf32>, %i: gm<?xi32>, %z: gm<?xf32>, %k: index",
        vector="""%u = npu.alloc at 0 : ub<64xf32>
        %v = npu.alloc at 256 : ub<64xi32>
        npu.load %u[%c0], %x[%c0] rows %c1 of %c64 pitch %c0, %c0
        npu.load %v[%c0], %i[%c0] rows %c1 of %c64 pitch %c0, %c0
        %a = npu.read %u[%k]
        %b = npu.read %x[%k]
        %c = npu.read %v[%k]
        %d = npu.read %i[%k]
        %c_ = arith.index_cast %c : i32 to index
        %d_ = arith.index_cast %d : i32 to index
        %m = arith.negf %a : f32
        npu.binary_scalar mul %u[%c0], %u[%c0], %m count %c64
        npu.binary_scalar add %u[%c0], %u[%c0], %b count %c_
        npu.store %z[%d_], %u[%c0] rows %c1 of %c_ pitch %c0, %c0""",
    )
    rng = np.random.default_rng(0)
    x, i = reals(rng, 64, "f32"), rng.integers(1, 65, 64).astype(np.int32)
    for k, value in ((0, 1.5), (1, 0.0), (63, np.inf)):
        x[k] = value
        program.both(x=x, i=i, z=np.zeros(128, "f4"), k=k)
