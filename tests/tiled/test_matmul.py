"""A matrix product in tiles, over the cores, with all transposes and tails."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from backends.tiled.interpreter import run_npu
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
Array = NDArray[np.generic]

TILED = """
%zero = arith.constant 0 : index
%true = arith.constant true
%c32_ = arith.constant 32 : index
%c48_ = arith.constant 48 : index
%block = npu.block_index
%count = npu.block_count
%lx = npu.alloc at 0 : l1<1536xbf16>
%ly = npu.alloc at 3072 : l1<2304xbf16>
%l = npu.alloc at 0 : l0a<1536xbf16>
%r = npu.alloc at 0 : l0b<2304xbf16>
%p = npu.alloc at 0 : l0c<1536xf32>
%first = arith.muli %block, %c32_ : index
%stride = arith.muli %count, %c32_ : index
scf.for %i = %first to %m step %stride {
  %tm = TILE(i, m, 32)
  scf.for %j = %c0 to %n step %c48_ {
    %tn = TILE(j, n, 48)
    npu.wait_flag fix to m id 0
    scf.for %q = %c0 to %k step %c48_ {
      %tk = TILE(q, k, 48)
      %start = arith.cmpi eq, %q, %c0 : index
      npu.wait_flag m to mte2 id 1
      LOAD_LEFT
      LOAD_RIGHT
      npu.set_flag mte2 to mte1 id 0
      npu.wait_flag mte2 to mte1 id 0
      TO_L0
      npu.set_flag mte1 to m id 0
      npu.wait_flag mte1 to m id 0
      npu.mmad %p[%c0], %l[%c0], %r[%c0] size %tm x %tn x %tk start %start
      npu.barrier m
      npu.set_flag m to mte2 id 1
    }
    npu.set_flag m to fix id 0
    npu.wait_flag m to fix id 0
    %row = arith.muli %i, %n : index
    %at = arith.addi %row, %j : index
    npu.fixpipe %c[%at], %p[%c0] size %tm x %tn pitch %n
    npu.set_flag fix to m id 0
  }
}
npu.wait_flag fix to m id 0
npu.wait_flag m to mte2 id 1
"""


def tile(name: str, outer: str, size: str, most: int) -> str:
    """%name = min(most, size - outer), and %name_ filled up to a multiple of 16."""
    return f"""%left_{name} = arith.subi %{size}, %{outer} : index
    %{name} = arith.minui %left_{name}, %c{most} : index
    %blocks_{name} = arith.ceildivui %{name}, %c16 : index
    %{name}w = arith.muli %blocks_{name}, %c16 : index"""


def side(
    buffer: str, gm: str, l0: str, rows: tuple[str, ...], columns: tuple[str, ...]
) -> tuple[str, str]:
    """The copies of a tile to L1 and to L0; rows and columns: outer, tile, extent."""
    (outer, height, _), (inner, width, extent) = rows, columns
    load = f"""%start_{buffer} = arith.muli %{outer}, %{extent} : index
    %at_{buffer} = arith.addi %start_{buffer}, %{inner} : index
    npu.nd2nz %{buffer}[%c0], %{gm}[%at_{buffer}] rows %{height} of %{width} """
    load += f"pitch %{extent} nz_rows %{height}w"
    transposed = (l0 == "l" and rows[2] == "k") or (l0 == "r" and rows[2] == "n")
    to_l0 = f"npu.load_l0 %{l0}[%c0], %{buffer}[%c0] tile %{height}w x %{width}w "
    to_l0 += f"nz_rows %{height}w transpose {str(transposed).lower()}"
    return load, to_l0


def matmul(transpose_left: bool, transpose_right: bool) -> str:
    """The body of a cube core that computes %c = %a @ %b in tiles of 32 x 48 x 48."""
    m, n, k = ("i", "tm", "m"), ("j", "tn", "n"), ("q", "tk", "k")
    left = side("lx", "a", "l", *((k, m) if transpose_left else (m, k)))
    right = side("ly", "b", "r", *((n, k) if transpose_right else (k, n)))
    body = TILED.replace("LOAD_LEFT", left[0]).replace("LOAD_RIGHT", right[0])
    body = body.replace("TO_L0", f"{left[1]}\n{right[1]}")
    for name, outer, size, most in (("tm", "i", "m", 32), ("tn", "j", "n", 48)):
        body = body.replace(
            f"%{name} = TILE({outer}, {size}, {most})", tile(name, outer, size, most)
        )
    body = body.replace("%tk = TILE(q, k, 48)", tile("tk", "q", "k", 48))
    prime = "npu.set_flag fix to m id 0\nnpu.set_flag m to mte2 id 1\n"
    return prime + body


ARGUMENTS = (
    "%cores: index, %m: index, %n: index, %k: index, "
    "%a: gm<?xbf16>, %b: gm<?xbf16>, %c: gm<?xf32>"
)


def multiply(
    body: str, shape: tuple[int, int, int], transposes: tuple[bool, bool], cores: int
) -> tuple[Array, Array]:
    """The product that a body computes, and the right one."""
    m, n, k = shape
    generator = np.random.default_rng(0)
    a = generator.integers(-8, 9, (m, k)).astype(BF16)
    b = generator.integers(-8, 9, (k, n)).astype(BF16)
    out = np.full((m, n), np.nan, np.float32)
    stored = [np.ascontiguousarray(x.T if t else x) for x, t in zip((a, b), transposes)]
    module = kernel(ARGUMENTS, cube=body, blocks="%cores")
    run_npu(module, [cores, m, n, k, *stored, out], cores=cores)
    return out, a.astype(np.float32) @ b.astype(np.float32)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize(
    ("shape", "cores"),
    [((32, 48, 48), 1), ((100, 130, 117), 3), ((17, 1, 5), 2), ((65, 49, 97), 24)],
)
def test_tiled_matmul(
    left: bool, right: bool, shape: tuple[int, int, int], cores: int
) -> None:
    out, expected = multiply(matmul(left, right), shape, (left, right), cores)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%ly = npu.alloc at 3072", "%ly = npu.alloc at 0"),
        ("%ly = npu.alloc at 3072", "%ly = npu.alloc at 2048"),
        ("transpose true", "transpose false"),
        ("size %tm x %tn x %tk", "size %tm x %tn x %tm"),
        ("start %start", "start %true"),
        ("pitch %k nz_rows %tmw", "pitch %m nz_rows %tmw"),
    ],
)
def test_a_wrong_plan_gives_a_wrong_product(old: str, new: str) -> None:
    right = matmul(False, True)
    assert old in right
    wrong = right.replace(old, new)
    out, expected = multiply(wrong, (64, 48, 96), (False, True), 2)
    assert not np.array_equal(out, expected)
