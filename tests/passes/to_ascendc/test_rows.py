"""Rows gathered to L1, repeated, and remembered: the lowering does what the interpreter
does, with as few barriers as it may."""

from __future__ import annotations

import re
from functools import cache

import ml_dtypes
import numpy as np
import pytest

from tests.passes.to_ascendc.support import Array, Program

DTYPES = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
}
HALVES = ("f16", "bf16")
GARBAGE = (-1, 2**31 - 1, -(2**31), -7, 12345678)


def numbers(rng: np.random.Generator, size: int, dtype: str) -> Array:
    return rng.integers(-99, 99, size).astype(DTYPES[dtype])


# ---- rows gathered to L1

GATHERED = """%tile_@ = npu.alloc at {place} : l1<16384x@>
%one_@ = npu.alloc at {one} : l1<256x@>
%l_@ = npu.alloc at 0 : l0a<16384x@>
%r_@ = npu.alloc at 0 : l0b<1024x@>
%p_@ = npu.alloc at 0 : l0c<8192xf32>
npu.nd2nz %one_@[%c0], %e_@[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
npu.nd2nz %tile_@[%c0], %f_@[%c0] rows %high of %c48 pitch %c48 nz_rows %high
npu.gather_rows_nz %tile_@[%at] nz_rows %high, %x_@ at %base + %i[%k] \
rows %present to %rows of %c{count} below %limit else %z_@
npu.load_l0 %r_@[%c0], %one_@[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
scf.for %b_@ = %c0 to %c48 step %c16 {{
  %from_@ = arith.muli %b_@, %high : index
  npu.load_l0 %l_@[%c0], %tile_@[%from_@] tile %high x %c16 nz_rows %high transpose false
  npu.mmad %p_@[%c0], %l_@[%c0], %r_@[%c0] size %high x %c16 x %c16 start %yes
  npu.fixpipe %y_@[%b_@], %p_@[%c0] size %high x %c16 pitch %c48
}}
"""
"""Over a tile that is full: all of it is shown, by way of a product with the unit."""

COUNTS = {"bf16": 41, "f16": 48}
"""Elements of a gathered row."""


@cache
def gathered_program() -> Program:
    arrays = ", ".join(
        f"%{name}_{t}: gm<?x{t}>" for t in HALVES for name in ("x", "z", "e", "f")
    )
    shown = ", ".join(f"%y_{t}: gm<?xf32>" for t in HALVES)
    sizes = ("at", "high", "base", "k", "present", "rows", "limit")
    body = "".join(
        GATHERED.format(place=65536 * i, one=131072 + 512 * i, count=COUNTS[t]).replace(
            "@", t
        )
        for i, t in enumerate(HALVES)
    )
    return Program(
        f"{arrays}, {shown}, %i: gm<?xi32>, "
        + ", ".join(f"%{s}: index" for s in sizes),
        head="%yes = arith.cmpi eq, %c0, %c0 : index",
        cube=body,
        units={"at": 16, "high": 16},
    )


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_gathered_to_nz(seed: int) -> None:
    """Duplicates, what is no row, zeros behind those that are present, and whatever stood
    there above, below and behind."""
    rng = np.random.default_rng(seed)
    high = 16 * int(rng.integers(1, 5))
    first = int(rng.integers(0, high))
    rows = int(rng.integers(0, high - first + 1))
    present = int(rng.integers(0, rows + 1)) if seed % 3 else rows
    base, k, limit = (int(rng.integers(0, 5)) for _ in range(3))
    indices = rng.integers(-2, 7, k + present).astype(np.int32)
    if present:
        indices[k + rng.integers(0, present, 2)] = rng.choice(GARBAGE, 2)
    indices[:k] = 3
    if seed % 2:  # numbers behind that are not asked for, and would ascend
        indices = np.append(indices, np.array([limit - 1, limit], np.int32))
    values = {"i": indices, "at": 16 * first, "high": high, "base": base, "k": k}
    values |= {"present": present, "rows": rows, "limit": limit}
    for t in HALVES:
        values[f"x_{t}"] = numbers(rng, (base + limit) * COUNTS[t] + 1, t)
        values[f"z_{t}"] = np.zeros(48, DTYPES[t])
        values[f"e_{t}"] = np.eye(16, dtype=DTYPES[t])
        values[f"f_{t}"] = numbers(rng, high * 48, t)
        values[f"y_{t}"] = np.full(high * 48, 55, np.float32)
    after = gathered_program().both(**values)
    for t in HALVES:
        expected = values[f"f_{t}"].astype("f4").reshape(high, 48)
        expected[first : first + rows] = 0
        table = values[f"x_{t}"][:-1].astype("f4").reshape(-1, COUNTS[t])
        for at, number in enumerate(indices[k : k + present].tolist()):
            if 0 <= number < limit:
                expected[first + at, : COUNTS[t]] = table[base + number]
        np.testing.assert_array_equal(after[f"y_{t}"].reshape(high, 48), expected)


def test_a_gathered_row_is_one_copy() -> None:
    """Two rows, a row, the zeros in its place, and the zeros behind; no index is read for
    those."""
    text = gathered_program().text
    for t in HALVES:
        copies = re.findall(rf"DataCopy\(tile_{t}_\w+, (\w+?)_{t}", text)
        assert copies == ["x", "x", "z", "z"]


# ---- indices, by the word and ahead of their use

READ = """%tile = npu.alloc at 0 : l1<65536xbf16>
npu.gather_rows_nz %tile[%c0] nz_rows %c1024 , %x at %c0 + %i[%k] \
rows %present to %present of %c16 below %c8 else %z
"""


@cache
def reading_program() -> Program:
    return Program(
        "%x: gm<?xbf16>, %z: gm<?xbf16>, %i: gm<?xi32>, %k: index, %present: index",
        cube=READ,
    )


def reading(size: int, k: int, present: int) -> tuple[int, int, float, int]:
    """How many reads and how many preloads are made for so many indices of an array of
    `size`, how long the scalar unit waits for memory, and the bytes that it waits for."""
    values = {
        "x": np.ones(128, DTYPES["bf16"]),
        "z": np.zeros(16, DTYPES["bf16"]),
        "i": (np.arange(size, 0, -1) % 10 - 1).astype(np.int32),
        "k": k,
        "present": present,
    }
    _, report = reading_program().launched(1, values)
    assert not report.hazards, "\n".join(map(str, report.hazards))
    assert report.time is not None
    sites = report.time.sites
    reads = [site for site in sites if site.api == "GlobalTensor::GetValue"]
    return (
        sum(site.count for site in reads),
        sum(site.count for site in sites if site.api == "DataCachePreload"),
        report.time.cores[0].pipes["S"].stalls.get("memory", 0),
        sum(site.read for site in reads),
    )


@pytest.mark.parametrize(
    ("size", "k", "present", "words", "lines"),
    [
        (1024, 0, 1024, 512, 64),
        (1024, 1, 1023, 512, 64),
        (1024, 15, 2, 2, 1),
        (1024, 14, 2, 1, 0),
        (1024, 16, 1, 1, 1),
        (1023, 1022, 1, 1, 0),
        (1023, 992, 31, 16, 2),
        (1, 0, 1, 1, 1),
        (9, 0, 0, 0, 0),
    ],
)
def test_two_indices_are_read_at_once(
    size: int, k: int, present: int, words: int, lines: int
) -> None:
    """And a line is asked for with the first word of each: the last index of an odd number
    is no word, and nothing behind the array is touched, which the twin would report."""
    assert reading(size, k, present)[:2] == (words, lines)


@pytest.mark.parametrize("k", [0, 16, 3])
def test_only_the_first_lines_of_indices_are_waited_for(k: int) -> None:
    """One, or two where the first indices are the end of a line; of 62, eight of which
    come from HBM, a little later than they are wanted."""
    _, _, waits, fetched = reading(1024, k, 1000)
    assert fetched == 64 * (1 + (k % 16 > 0))
    assert waits <= 250 + 500 * (k % 16 > 0) + 8 * 60


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 33, 48])
def test_any_run_of_indices_is_read_as_it_stands(size: int) -> None:
    """From anywhere in an array up to its end, odd or even."""
    rng = np.random.default_rng(size)
    for k in {0, 1 % size, size // 2, size - 1}:
        indices = rng.integers(-1, 3, size).astype(np.int32)
        indices[k] = rng.choice(GARBAGE)
        values = {"i": indices, "at": 0, "high": 48, "base": 1, "k": k, "limit": 2}
        values |= {"present": size - k, "rows": 48}
        for t in HALVES:
            values[f"x_{t}"] = numbers(rng, 3 * 48, t)
            values[f"z_{t}"] = np.zeros(48, DTYPES[t])
            values[f"e_{t}"] = np.eye(16, dtype=DTYPES[t])
            values[f"f_{t}"] = numbers(rng, 48 * 48, t)
            values[f"y_{t}"] = np.full(48 * 48, 55, np.float32)
        gathered_program().both(**values)


PAIRS = {
    "ascending": ([0, 1, 2, 3, 4, 5], 3),
    "descending": ([5, 4, 3, 2, 1, 0], 6),
    "the same": ([7, 7, 7, 7], 4),
    "as far apart as a pitch says": ([0, 4095, 1, 4096], 2),
    "one too far": ([0, 4096, 1, 4098], 4),
    "no row first": ([-1, 3, 2**31 - 1, 4], 4),
    "no row second": ([3, -1, 4, 5000, 4998, 5000], 6),
    "the last row": ([4998, 4999], 1),
    "an odd number": ([1, 2, 3], 2),
}
"""Row numbers, of which 5000 is none any more, and the copies that they take."""


@cache
def pairing_program() -> Program:
    body = READ.replace("below %c8", "below %c5000") + (
        """npu.nd2nz %one[%c0], %e[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
npu.load_l0 %r[%c0], %one[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
npu.load_l0 %l[%c0], %tile[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
npu.mmad %p[%c0], %l[%c0], %r[%c0] size %c16 x %c16 x %c16 start %yes
npu.fixpipe %y[%c0], %p[%c0] size %present x %c16 pitch %c16
"""
    )
    allocs = """%one = npu.alloc at 131072 : l1<256xbf16>
%l = npu.alloc at 0 : l0a<256xbf16>
%r = npu.alloc at 0 : l0b<256xbf16>
%p = npu.alloc at 0 : l0c<256xf32>
"""
    return Program(
        "%x: gm<?xbf16>, %z: gm<?xbf16>, %e: gm<?xbf16>, %i: gm<?xi32>, %y: gm<?xf32>, "
        "%k: index, %present: index",
        head="%yes = arith.cmpi eq, %c0, %c0 : index",
        cube=allocs + body,
    )


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("name", PAIRS)
def test_two_rows_that_ascend_are_one_copy(name: str, k: int) -> None:
    """If both are of one word, so not from an odd place on."""
    rows, copies = PAIRS[name]
    x = (np.arange(5000 * 16) % 251).astype(DTYPES["bf16"])
    values = {
        "x": x,
        "z": np.zeros(16, x.dtype),
        "e": np.eye(16, dtype=x.dtype),
        "i": np.array([1] * k + rows, np.int32),
        "y": np.zeros(16 * len(rows), np.float32),
        "k": k,
        "present": len(rows),
    }
    after = pairing_program().both(**values)
    table = x.astype(np.float32).reshape(-1, 16)
    wanted = [table[r] if 0 <= r < 5000 else np.zeros(16) for r in rows]
    np.testing.assert_array_equal(after["y"].reshape(-1, 16), wanted)
    _, report = pairing_program().launched(1, values)
    found = report.instructions["DataCopy(Nd2Nz)"] - 1
    if not k:
        assert found == copies
    elif name == "ascending":
        assert found == len(rows) - 2


# ---- a row repeated

REPEATED = """%v_@ = npu.alloc at {at} : ub<448x@>
%u_@ = npu.alloc at {to} : ub<2048x@>
npu.fill %u_@[%c0] with 7.0 count %c2048
npu.load %v_@[%c0], %x_@[%c0] rows %c1 of %c448 pitch %c0, %c0
npu.repeat_row %u_@[%to], %v_@[%from] rows %rows of %count
npu.store %y_@[%c0], %u_@[%c0] rows %c1 of %c2048 pitch %c0, %c0
"""


@cache
def repeated_program() -> Program:
    arrays = ", ".join(f"%{name}_{t}: gm<?x{t}>" for t in DTYPES for name in ("x", "y"))
    sizes = ", ".join(f"%{name}: index" for name in ("to", "from", "rows", "count"))
    body = "".join(
        REPEATED.format(at=2048 * i, to=8192 + 8192 * i).replace("@", t)
        for i, t in enumerate(DTYPES)
    )
    units = {"to": 16, "from": 16, "count": 64}
    return Program(f"{arrays}, {sizes}", vector=body, units=units)


@pytest.mark.parametrize("count", [64, 128, 320])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6])
def test_a_row_is_repeated(rows: int, count: int) -> None:
    rng = np.random.default_rng(rows * count)
    to, start = 16 * int(rng.integers(0, 8)), 16 * int(rng.integers(0, 8))
    values = {"to": to, "from": start, "rows": rows, "count": count}
    for t in DTYPES:
        values[f"x_{t}"] = numbers(rng, 448, t)
        values[f"y_{t}"] = np.zeros(2048, DTYPES[t])
    after = repeated_program().both(**values)
    for t in DTYPES:
        y, end = after[f"y_{t}"], to + rows * count
        row = values[f"x_{t}"][start : start + count]
        np.testing.assert_array_equal(y[to:end].reshape(rows, count), [row] * rows)
        assert (y[:to] == 7).all()
        assert (y[end:] == 7).all()


@pytest.mark.parametrize(("rows", "copies"), [(1, 1), (2, 2), (3, 3), (4, 3), (32, 6)])
def test_rows_double_with_every_copy(rows: int, copies: int) -> None:
    program = Program(
        "%x: gm<?xf32>",
        vector=f"""%v = npu.alloc at 0 : ub<64xf32>
        %u = npu.alloc at 256 : ub<{64 * rows}xf32>
        npu.load %v[%c0], %x[%c0] rows %c1 of %c64 pitch %c0, %c0
        npu.repeat_row %u[%c0], %v[%c0] rows %c{rows} of %c64
        npu.store %x[%c0], %u[%c0] rows %c1 of %c{64 * rows} pitch %c0, %c0""",
    )
    x = np.arange(64 * rows, dtype="f4")
    after, report = program.launched(1, {"x": x})
    assert not report.hazards
    assert (after["x"].reshape(rows, 64) == x[:64]).all()
    assert report.instructions["DataCopy"] == copies


# ---- rows that are remembered

COUNT = 48
SCATTER = """%u_@ = npu.alloc at {at} : ub<3072x@>
npu.load %u_@[%c0], %x_@[%c0] rows %c1 of %c3072 pitch %c0, %c0
npu.scatter_add_rows remember %y_@ at %base + %i[%k], %u_@[%c0] \
rows %rows of %c48 from %first below %limit
"""


@cache
def remembering_program() -> Program:
    arrays = ", ".join(f"%{name}_{t}: gm<?x{t}>" for t in DTYPES for name in ("x", "y"))
    names = ("base", "k", "rows", "first", "limit")
    body = "".join(
        SCATTER.format(at=16384 * i + 256).replace("@", t) for i, t in enumerate(DTYPES)
    )
    return Program(
        f"{arrays}, %n: gm<?xi32>, " + ", ".join(f"%{name}: index" for name in names),
        vector="%i = npu.alloc at 0 : ub<64xi32>\n"
        "npu.load %i[%c0], %n[%c0] rows %c1 of %c64 pitch %c0, %c0\n" + body,
    )


@pytest.mark.parametrize("seed", range(20))
def test_remembered_rows_add_up(seed: int) -> None:
    """Duplicates, rows that look the same, a base, and rows that are not asked for."""
    rng = np.random.default_rng(seed)
    most = int(rng.choice([3, 60, 64, 65, 200]))
    rows, k = int(rng.integers(0, 50)), int(rng.integers(0, 14))
    limit = int(rng.integers(1, most + 1))
    indices = rng.integers(-1, most, 64).astype(np.int32)
    indices[rng.integers(0, 64, 8)] = rng.choice(GARBAGE, 8)
    values = {"n": indices, "rows": rows, "k": k, "limit": limit}
    values |= {"base": int(rng.integers(0, 4)), "first": int(rng.integers(0, 2))}
    for t in DTYPES:
        values[f"x_{t}"] = numbers(rng, 3072, t)
        values[f"y_{t}"] = numbers(rng, (values["base"] + most) * 48, t)
    remembering_program().both(**values)


def added(rows: list[int], how: str) -> dict[str, int]:
    """The instructions that add rows of these numbers."""
    indices = np.full(64, -1, np.int32)
    indices[: len(rows)] = rows
    x = np.arange(64 * 8, dtype="f4")
    values = {"n": indices, "x": x, "y": np.zeros(256 * 8, "f4")}
    after, report = scatter_program(how).launched(1, values)
    assert not report.hazards, "\n".join(map(str, report.hazards))
    expected = np.zeros((256, 8), "f4")
    for at, row in enumerate(rows):
        expected[row] += x.reshape(64, 8)[at]
    np.testing.assert_array_equal(after["y"].reshape(256, 8), expected)
    return dict(report.instructions)


@cache
def scatter_program(how: str) -> Program:
    return Program(
        "%x: gm<?xf32>, %y: gm<?xf32>, %n: gm<?xi32>",
        vector=f"""%u = npu.alloc at 0 : ub<512xf32>
        %i = npu.alloc at 4096 : ub<64xi32>
        npu.load %i[%c0], %n[%c0] rows %c1 of %c64 pitch %c0, %c0
        npu.load %u[%c0], %x[%c0] rows %c1 of %c512 pitch %c0, %c0
        npu.scatter_add_rows {how} %y at %c0 + %i[%c0], %u[%c0] \
rows %c64 of %c8 from %c0 below %c256""",
    )


BARRIERS = {
    "none": ([], 0),
    "distinct": (list(range(64)), 0),
    "distinct, from anywhere": ([*range(100, 164)], 0),
    "the same": ([5] * 10, 9),
    "the same, far apart": ([*range(63), 0], 1),
    "looks the same": ([0, 64, 128, 192], 3),
    "forgotten behind a barrier": ([1, 2, 1, 2], 1),
    "seen again behind a barrier": ([1, 2, 1, 2, 1], 2),
    "the highest bit": ([63, 127, 62, 63], 2),
}
"""Row numbers, and the barriers between them."""


@pytest.mark.parametrize("name", BARRIERS)
def test_a_barrier_is_where_a_row_may_come_again(name: str) -> None:
    rows, wanted = BARRIERS[name]
    none = added([], "remember")["PipeBarrier"]
    assert added(rows, "remember")["PipeBarrier"] - none == wanted
    before_each = added(rows, "")["PipeBarrier"] - added([], "")["PipeBarrier"]
    assert before_each == len(rows)
    assert none == added([], "")["PipeBarrier"] + 1
