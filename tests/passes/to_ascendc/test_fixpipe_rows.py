"""Rows added by Fixpipe: the lowering does what the interpreter does, and both what the
specification says."""

from __future__ import annotations

from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.passes.to_ascendc.support import Array, Program
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
GARBAGE = (-1, 2**31 - 1, -(2**31), -7, 12345678)
WIDE = 48
"""Columns of the tile: three blocks."""
SIZES = "high at base k column rows columns count limit".split()
TILE = """%one = npu.alloc at 131072 : l1<256xbf16>
%tile = npu.alloc at 0 : l1<4096xbf16>
%l = npu.alloc at 0 : l0a<1024xbf16>
%r = npu.alloc at 0 : l0b<256xbf16>
%p = npu.alloc at 0 : l0c<4096xf32>
npu.nd2nz %one[%c0], %e[%c0] rows %c16 of %c16 pitch %c16 nz_rows %c16
npu.nd2nz %tile[%c0], %x[%c0] rows %high of %c48 pitch %c48 nz_rows %high
npu.load_l0 %r[%c0], %one[%c0] tile %c16 x %c16 nz_rows %c16 transpose false
scf.for %b = %c0 to %c48 step %c16 {
  %from = arith.muli %b, %high : index
  npu.load_l0 %l[%c0], %tile[%from] tile %high x %c16 nz_rows %high transpose false
  npu.mmad %p[%from], %l[%c0], %r[%c0] size %high x %c16 x %c16 start %yes
}
"""
"""x [high, 48] in L0C, by way of a product with the unit."""
ADD = """npu.fixpipe_add_rows @ %y at %base + %i[%k] column %column, %p[%at] \
nz_rows %high size %rows x %columns of %count below %limit
"""
ARGUMENTS = (
    "%x: gm<?xbf16>, %e: gm<?xbf16>, %i: gm<?xi32>, %y: gm<?xf32>, "
    + ", ".join(f"%{name}: index" for name in SIZES)
)
HEAD = "%yes = arith.cmpi eq, %c0, %c0 : index"


@cache
def program(relu: bool = False) -> Program:
    body = TILE + ADD.replace("@", "relu" if relu else "")
    units = {"high": 16, "at": 16}
    return Program(ARGUMENTS, head=HEAD, cube=body, units=units)


def values(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
    """A tile of small numbers, whose sums are exact."""
    found: dict[str, Any] = {"high": 32, "at": 0, "base": 1, "k": 0, "column": 0}
    found |= {"rows": 20, "columns": WIDE, "count": WIDE, "limit": 9, **sizes}
    x = rng.integers(-9, 9, (found["high"], WIDE)).astype(BF16)
    indices = rng.integers(-1, found["limit"] + 1, found["k"] + found["rows"])
    total = (found["base"] + found["limit"]) * found["count"]
    found |= {"x": x.reshape(-1), "e": np.eye(16, dtype=BF16).reshape(-1)}
    found |= {"i": indices.astype(np.int32)}
    return found | {"y": rng.integers(-9, 9, total).astype(np.float32)}


def expected(given: dict[str, Any], relu: bool = False) -> Array:
    """By the specification, row by row."""
    x = given["x"].reshape(-1, WIDE).astype(np.float32)
    x = np.maximum(x, 0) if relu else x
    y = given["y"].reshape(-1, given["count"]).copy()
    column, columns = given["column"], given["columns"]
    for at, row in enumerate(given["i"][given["k"] :][: given["rows"]].tolist()):
        if 0 <= row < given["limit"]:
            first = given["at"] // 16
            update = x[first + at, :columns]
            y[given["base"] + row, column : column + columns] += update
    return y.reshape(-1)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_rows_are_added(seed: int, relu: bool) -> None:
    """Duplicates, what is no row, a part of the columns at any place, any part of the
    rows of a tile, indices from anywhere up to the end of an odd or even number."""
    rng = np.random.default_rng(seed)
    high = 16 * int(rng.integers(1, 5))
    first = int(rng.integers(0, high)) if seed % 2 else 0
    columns = int(rng.integers(1, 17)) if first else int(rng.integers(1, WIDE + 1))
    count = WIDE + 8 * int(rng.integers(0, 3))
    given = values(
        rng,
        high=high,
        at=16 * first,
        base=int(rng.integers(0, 4)),
        k=int(rng.integers(0, 40)),
        column=int(rng.integers(0, count - columns + 1)),
        rows=int(rng.integers(0, high - first + 1)),
        columns=columns,
        count=count,
        limit=int(rng.integers(0, 12)),
    )
    if given["rows"]:
        given["i"][given["k"] + rng.integers(0, given["rows"])] = rng.choice(GARBAGE)
    after = program(relu).both(**given)
    np.testing.assert_array_equal(after["y"], expected(given, relu))


@pytest.mark.parametrize("rows", [[5] * 20, [*range(9)] * 2, [-1] * 20, [3, 4] * 9])
def test_rows_may_be_the_same(rows: list[int]) -> None:
    given = values(np.random.default_rng(1), rows=len(rows))
    given["i"] = np.array(rows, np.int32)
    np.testing.assert_array_equal(program().both(**given)["y"], expected(given))


def test_a_row_is_one_fixpipe() -> None:
    """None for an index that is no row; and two indices are read at once."""
    given = values(np.random.default_rng(1))
    given["i"] = np.array([0, -1, 9, 8] * 5, np.int32)
    _, report = program().launched(1, given)
    assert report.instructions["Fixpipe"] == 10
    assert report.time is not None
    sites = [s for s in report.time.sites if s.api == "GlobalTensor::GetValue"]
    assert sum(site.count for site in sites) == 10


@pytest.mark.parametrize(
    ("rows", "fixpipes"),
    [
        ([0, 1, 2, 8, 3, 7], 3),
        ([1, 0, 8, 2], 4),
        ([4, 4, 4, 4], 4),
        ([8, 9, -1, 3], 2),
        ([1, 2, 3], 2),
    ],
)
def test_two_rows_that_ascend_are_one_fixpipe(rows: list[int], fixpipes: int) -> None:
    """However far apart, up to what a stride says."""
    given = values(np.random.default_rng(1), rows=len(rows))
    given["i"] = np.array(rows, np.int32)
    np.testing.assert_array_equal(program().both(**given)["y"], expected(given))
    _, report = program().launched(1, given)
    assert report.instructions["Fixpipe"] == fixpipes
    assert "<= 4294967295" in program().text


@pytest.mark.parametrize(("k", "rows"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_numbers_around_those_that_are_asked_for_add_nothing(k: int, rows: int) -> None:
    """Though they ascend, and lie in the same words."""
    given = values(np.random.default_rng(1), rows=rows, k=k)
    given["i"] = np.arange(9, dtype=np.int32)
    np.testing.assert_array_equal(program().both(**given)["y"], expected(given))


def test_groups_add_to_the_same_rows() -> None:
    given = values(np.random.default_rng(2))
    one, three = (program().both(blocks, **given)["y"] for blocks in (1, 3))
    np.testing.assert_array_equal(three - given["y"], 3 * (one - given["y"]))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"rows": 33}, "33 indices for 32 rows"),
        ({"column": 1}, "columns 1 to 49 of rows of 48"),
        ({"count": 50}, "a row of 50 elements is no multiple of 32 bytes"),
        ({"at": 8}, "is no multiple of 64 bytes"),
        ({"at": 4096 - 48}, "of buffer %p, which has 4096 elements"),
        ({"base": 9}, r"of argument 4 \(%y\)"),
        ({"k": 1}, r"of argument 3 \(%i\)"),
        ({"high": 24}, "blocks of 24 rows"),
    ],
)
def test_refused(sizes: dict[str, int], message: str) -> None:
    """By the interpreter; the arrays are those of 20 rows of 48."""
    given = values(np.random.default_rng(3))
    given["i"] = np.full(33 if "rows" in sizes else 20, 8, np.int32)
    given |= sizes
    module = kernel(ARGUMENTS, head=HEAD, cube=TILE + ADD.replace("@", ""))
    names = ("x", "e", "i", "y", *SIZES)
    with pytest.raises(LigradError, match=message):
        run_npu(module, [given[name] for name in names], cores=1)
