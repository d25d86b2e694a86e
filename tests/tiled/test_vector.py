"""Every vector operation against values computed by hand."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
DTYPES = {"f32": np.dtype(np.float32), "f16": np.dtype(np.float16), "bf16": BF16}
DTYPES |= {"i8": np.dtype(np.uint8), "i32": np.dtype(np.int32)}
NAN, INF = float("nan"), float("inf")

Array = NDArray[np.generic]


def run(
    body: str, result: str, *inputs: Array, count: int = 64, buffers: str = ""
) -> Array:
    """Load the inputs into %u0, %u1, .., run the body, store `count` elements of %r.

    result: the element type of %r; it keeps poison where the body does not write it.
    """
    names = {dtype: name for name, dtype in DTYPES.items()}
    types = [names[x.dtype] for x in inputs]
    arguments = ", ".join(f"%g{i}: gm<?x{t}>" for i, t in enumerate(types))
    loads = "\n".join(
        f"""%u{i} = npu.alloc at {4096 * i} : ub<{x.size}x{t}>
        npu.load %u{i}[%c0], %g{i}[%c0] rows %c1 of %c{x.size} pitch %c0, %c0"""
        for i, (x, t) in enumerate(zip(inputs, types))
    )
    vector = f"""{buffers}
    %r = npu.alloc at 65536 : ub<256x{result}>
    {loads}
    {body}
    npu.store %out[%c0], %r[%c0] rows %c1 of %c{count} pitch %c0, %c0"""
    comma = ", " if arguments else ""
    module = kernel(f"{arguments}{comma}%out: gm<?x{result}>", vector=vector)
    out = np.zeros(count, DTYPES[result])
    run_npu(module, [*inputs, out], cores=1)
    return out


def f32(*values: float) -> Array:
    """64 floats, the first ones as given."""
    x = np.zeros(64, np.float32)
    x[: len(values)] = values
    return x


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("add", [5.0, 0.5, INF, NAN, NAN]),
        ("sub", [-1.0, -2.5, INF, NAN, NAN]),
        ("mul", [6.0, -1.5, INF, NAN, -INF]),
        ("max", [3.0, 1.5, INF, NAN, INF]),
        ("min", [2.0, -1.0, 1.0, NAN, -INF]),
    ],
)
def test_binary(kind: str, expected: list[float]) -> None:
    x = f32(2.0, -1.0, INF, NAN, INF)
    y = f32(3.0, 1.5, 1.0, 1.0, -INF)
    if kind == "sub":
        y[4] = INF
    out = run(
        f"npu.binary {kind} %r[%c0], %u0[%c0], %u1[%c0] count %c64 ",
        "f32",
        x,
        y,
    )
    np.testing.assert_array_equal(out[:5], np.float32(expected))


def test_binary_rounds_halves_at_every_operation() -> None:
    x = np.full(16, 2048, np.float16)
    y = np.full(16, 1, np.float16)
    out = run(
        "npu.binary add %r[%c0], %u0[%c0], %u1[%c0] count %c16 ",
        "f16",
        x,
        y,
        count=16,
    )
    assert (out == np.float16(2048)).all()  # 2049 is a tie, and goes to even


def test_binary_offsets_count_elements_and_leave_the_rest() -> None:
    x = np.arange(64, dtype=np.float32)
    out = run(
        "npu.binary mul %r[%c16], %u0[%c8], %u0[%c24] count %c5 ",
        "f32",
        x,
    )
    np.testing.assert_array_equal(out[16:21], x[8:13] * x[24:29])
    assert np.isnan(out[:16]).all()
    assert np.isnan(out[21:]).all()


def test_binary_in_place() -> None:
    x = np.arange(64, dtype=np.float32)
    out = run(
        """npu.binary sub %u0[%c0], %u0[%c0], %u0[%c8] count %c56
        npu.binary add %r[%c0], %u0[%c0], %u0[%c0] count %c64""",
        "f32",
        x,
    )
    np.testing.assert_array_equal(out[:56], np.full(56, -16, np.float32))
    np.testing.assert_array_equal(out[56:], 2 * x[56:])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("add", [1.5, -1.5, INF, NAN]),
        ("mul", [1.0, -0.5 * 4, INF, NAN]),
        ("max", [2.0, 0.5, INF, NAN]),
        ("min", [0.5, -4.0, 0.5, NAN]),
    ],
)
def test_binary_scalar(kind: str, expected: list[float]) -> None:
    x = f32(2.0, -4.0, INF, NAN)
    if kind == "add":
        x[:2] = 1.0, -2.0
    out = run(
        f"""%s = arith.constant 5.000000e-01 : f32
        npu.binary_scalar {kind} %r[%c0], %u0[%c0], %s count %c64""",
        "f32",
        x,
    )
    np.testing.assert_array_equal(out[:4], np.float32(expected))


def test_the_scalar_of_halves_is_a_half() -> None:
    x = np.full(16, 1000, np.float16)
    out = run(
        """%s = arith.constant 1.000400e+00 : f32
        npu.binary_scalar mul %r[%c0], %u0[%c0], %s count %c16""",
        "f16",
        x,
        count=16,
    )
    assert (out == np.float16(1000)).all()  # not 1000.4, rounded to 1000.5


def test_relu() -> None:
    out = run(
        "npu.relu %r[%c0], %u0[%c0] count %c64",
        "f32",
        f32(1.5, -2.0, -0.0, INF, -INF, NAN),
    )
    np.testing.assert_array_equal(out[:6], np.float32([1.5, 0, 0, INF, 0, NAN]))
    assert not np.signbit(out[2])


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        # 1 + 2^-8 and 1 + 3 * 2^-8 are ties of bf16, 1 + 2^-11 one of f16.
        ("bf16", [1.0, 1.015625, 1.0, INF, -0.0, NAN]),
        ("f16", [1.00390625, 1.01171875, 1.0, INF, -0.0, NAN]),
    ],
)
def test_convert_rounds_to_nearest_even(result: str, expected: list[float]) -> None:
    x = f32(1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-11, 3.4e38, -0.0, NAN)
    out = run(
        "npu.convert %r[%c0], %u0[%c0] count %c64",
        result,
        x,
    )
    np.testing.assert_array_equal(out[:6].astype(np.float32), np.float32(expected))
    assert np.signbit(out[4].astype(np.float32))


@pytest.mark.parametrize("dtype", ["bf16", "f16"])
def test_convert_widens_exactly(dtype: str) -> None:
    x = np.arange(256, dtype=np.uint16).astype("<u2").view(DTYPES[dtype])
    out = run(
        "npu.convert %r[%c0], %u0[%c0] count %c256",
        "f32",
        x,
        count=256,
    )
    np.testing.assert_array_equal(out, x.astype(np.float32))


@pytest.mark.parametrize("result", ["f32", "f16", "bf16"])
def test_fill(result: str) -> None:
    out = run("npu.fill %r[%c32] with 1.00390625 count %c3", result)
    expected = {"f32": 1.00390625, "f16": 1.00390625, "bf16": 1.0}[result]
    assert (out[32:35].astype(np.float32) == np.float32(expected)).all()
    assert np.isnan(out[:32].astype(np.float32)).all()
    assert np.isnan(out[35:].astype(np.float32)).all()


def test_fill_of_integers() -> None:
    out = run("npu.fill %r[%c0] with -3.0 count %c64", "i32")
    assert (out == -3).all()


def test_compare_positive() -> None:
    x = f32(1.0, 0.0, -0.0, -1.0, NAN, INF, -INF, 1e-45, 2.0)
    out = run(
        "npu.compare_positive %r[%c0], %u0[%c0] count %c64",
        "i8",
        x,
        count=32,
    )
    assert out.tolist() == [0b10100001, 1] + [0] * 6 + [255] * 24


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_select(dtype: str) -> None:
    x = (np.arange(64) + 1).astype(DTYPES[dtype])
    x[5] = NAN
    bits = np.zeros(32, np.uint8)
    bits[:8] = [0b00000011, 0, 0, 0, 0, 0, 0, 0b10000000]
    out = run(
        "npu.select %r[%c0], %u0[%c0], %u1[%c0] count %c64 ",
        dtype,
        bits,
        x,
    )
    expected = np.zeros(64, DTYPES[dtype])
    expected[[0, 1, 63]] = [1, 2, 64]
    np.testing.assert_array_equal(out, expected)


def test_present() -> None:
    indices = np.full(64, -1, np.int32)
    indices[:7] = [0, 9, 10, -1, 2**31 - 1, -(2**31), 5]
    out = run(
        "npu.present %r[%c0], %u0[%c0] below %c10 scratch %u1 count %c64 ",
        "i8",
        indices,
        f32(),
        count=8,
    )
    assert out.tolist() == [0b1000011, 0, 0, 0, 0, 0, 0, 0]


SCRATCH = "%s = npu.alloc at 32768 : ub<64xf32>"


def test_present_and_sum_destroy_their_scratch() -> None:
    copy = "npu.binary add %r[%c0], %s[%c0], %s[%c0] count %c64"
    fill = "npu.fill %s[%c0] with 1.0 count %c64"
    assert (run(f"{fill}\n{copy}", "f32", buffers=SCRATCH) == 2).all()
    total = "npu.sum %u0[%c0], %u0[%c0] scratch %s count %c64 "
    out = run(f"{fill}\n{total}\n{copy}", "f32", f32(), buffers=SCRATCH)
    assert np.isnan(out).all()
    present = "npu.present %b[%c0], %u0[%c0] below %c1 scratch %s count %c64 "
    out = run(
        f"%b = npu.alloc at 49152 : ub<32xi8>\n{fill}\n{present}\n{copy}",
        "f32",
        np.zeros(64, np.int32),
        buffers=SCRATCH,
    )
    assert np.isnan(out).all()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_sum(count: int) -> None:
    x = np.zeros(256, np.float32)
    x[:count] = np.arange(count) - 7
    x[count:] = NAN
    out = run(
        f"npu.sum %r[%c3], %u0[%c0] scratch %s count %c{count} ",
        "f32",
        x,
        buffers=SCRATCH,
    )
    assert out[3] == count * (count - 1) / 2 - 7 * count
    assert np.isnan(np.delete(out, 3)).all()


def test_sum_adds_repeats_first_then_neighbours() -> None:
    big, x = np.float32(2**24), np.zeros(128, np.float32)
    x[0], x[64], x[1] = big, 1, 1  # big + 1 is lost in lane 0, then again with lane 1
    body = "npu.sum %r[%c0], %u0[%c0] scratch %s count %c128 "
    assert run(body, "f32", x, buffers=SCRATCH)[0] == big
    x[1], x[2], x[3] = 0, 1, 1  # lanes 2 and 3 meet before they reach big
    assert run(body, "f32", x, buffers=SCRATCH)[0] == big + 2


def test_a_vector_operand_starts_at_a_block() -> None:
    with pytest.raises(
        LigradError,
        match=r"address 4 in ub, element 1 of buffer %u0, is no multiple of 32",
    ):
        run(
            "npu.relu %r[%c0], %u0[%c1] count %c8",
            "f32",
            f32(),
        )
