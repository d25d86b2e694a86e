"""Cube and vector cores that hand tiles to each other through a workspace."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from backends.tiled.interpreter import run_npu
from ligrad_ir.errors import LigradError
from tests.tiled.support import kernel

BF16 = np.dtype(ml_dtypes.bfloat16)
Array = NDArray[Any]

# Per token: S = relu(Q Kg^T) [16, 64] on the cube core; on the vector cores, 8 rows of S
# each, times dy [64], and their sums; the workspace holds one token per group.
CUBE = """%b = npu.block_index
%n = npu.block_count
%true = arith.constant true
%lq = npu.alloc at 0 : l1<512xbf16>
%lk = npu.alloc at 1024 : l1<2048xbf16>
%l = npu.alloc at 0 : l0a<512xbf16>
%r = npu.alloc at 0 : l0b<2048xbf16>
%p = npu.alloc at 0 : l0c<1024xf32>
%slot = arith.muli %b, %c1024 : index
scf.for %t = %b to %tokens step %n {
  %qat = arith.muli %t, %c512 : index
  npu.nd2nz %lq[%c0], %q[%qat] rows %c16 of %c32 pitch %c32 nz_rows %c16
  npu.nd2nz %lk[%c0], %key[%c0] rows %c64 of %c32 pitch %c32 nz_rows %c64
  npu.load_l0 %l[%c0], %lq[%c0] tile %c16 x %c32 nz_rows %c16 transpose false
  npu.load_l0 %r[%c0], %lk[%c0] tile %c64 x %c32 nz_rows %c64 transpose true
  npu.mmad %p[%c0], %l[%c0], %r[%c0] size %c16 x %c64 x %c32 start %true
  npu.cross_wait 1
  npu.fixpipe relu %w[%slot], %p[%c0] size %c16 x %c64 pitch %c64
  npu.cross_set 0 on fix
}
npu.cross_wait 1"""

VECTOR = """%b = npu.block_index
%n = npu.block_count
%s = npu.sub_block_index
%u = npu.alloc at 0 : ub<512xf32>
%d = npu.alloc at 2048 : ub<64xf32>
%sums = npu.alloc at 4096 : ub<8xf32>
%scratch = npu.alloc at 8192 : ub<64xf32>
%half = arith.muli %s, %c512 : index
%slot = arith.muli %b, %c1024 : index
%from = arith.addi %slot, %half : index
npu.cross_set 1 on mte2
scf.for %t = %b to %tokens step %n {
  %dat = arith.muli %t, %c64 : index
  npu.load %d[%c0], %dy[%dat] rows %c1 of %c64 pitch %c0, %c0
  npu.cross_wait 0
  npu.load %u[%c0], %w[%from] rows %c8 of %c64 pitch %c64, %c64
  npu.cross_set 1 on mte2
  scf.for %row = %c0 to %c8 step %c1 {
    %at = arith.muli %row, %c64 : index
    npu.binary mul %u[%at], %u[%at], %d[%c0] count %c64
    npu.sum %sums[%row], %u[%at] scratch %scratch count %c64
  }
  %t16 = arith.muli %t, %c16 : index
  %s8 = arith.muli %s, %c8 : index
  %to = arith.addi %t16, %s8 : index
  npu.store %out[%to], %sums[%c0] rows %c1 of %c8 pitch %c0, %c0
}"""

HEAD = """%elements = arith.muli %cores, %c1024 : index
%w = npu.workspace @scores of %elements : gm<?xf32>"""
ARGUMENTS = (
    "%cores: index, %tokens: index, %q: gm<?xbf16>, %key: gm<?xbf16>, "
    "%dy: gm<?xf32>, %out: gm<?xf32>"
)


def run(
    cores: int, *, reverse: bool = False, cube: str = CUBE, vector: str = VECTOR
) -> tuple[Array, Array]:
    """What a kernel computes for 7 tokens, and what is right."""
    generator = np.random.default_rng(1)
    q = generator.integers(-4, 5, (7, 16, 32)).astype(BF16)
    key = generator.integers(-4, 5, (64, 32)).astype(BF16)
    dy = generator.integers(-4, 5, (7, 64)).astype(np.float32)
    out = np.full((7, 16), -1, np.float32)
    module = kernel(ARGUMENTS, head=HEAD, cube=cube, vector=vector, blocks="%cores")
    arguments = [cores, 7, q, key, dy, out]
    run_npu(module, arguments, cores=cores, reverse=reverse)
    s = np.maximum(q.astype(np.float32) @ key.astype(np.float32).T, 0)
    return out, np.einsum("tgk,tk->tg", s, dy)


@pytest.mark.parametrize("cores", [1, 2, 3, 24])
@pytest.mark.parametrize("reverse", [False, True])
def test_cube_and_vector(cores: int, reverse: bool) -> None:
    out, expected = run(cores, reverse=reverse)
    np.testing.assert_array_equal(out, expected)


def without(text: str, *lines: str) -> str:
    for line in lines:
        assert line in text
        text = text.replace(line, "")
    return text


def test_a_missing_hand_over_is_seen_if_the_vector_cores_run_first() -> None:
    cube, vector = (
        without(CUBE, "npu.cross_set 0 on fix"),
        without(VECTOR, "npu.cross_wait 0"),
    )
    out, _ = run(1, reverse=True, cube=cube, vector=vector)
    assert np.isnan(out).all()


def test_a_missing_hand_back_is_seen_if_the_cube_core_runs_first() -> None:
    cube = without(CUBE, "npu.cross_wait 1")
    vector = without(VECTOR, "npu.cross_set 1 on mte2")
    out, expected = run(1, cube=cube, vector=vector)
    assert (out != expected).any()
    np.testing.assert_array_equal(out[6], expected[6])


def test_a_wait_too_many_is_a_deadlock() -> None:
    with pytest.raises(
        LigradError, match="deadlock: no core can go on\n  cube core of"
    ):
        run(2, cube=f"{CUBE}\nnpu.cross_wait 1")


def test_a_set_too_many_is_left_behind() -> None:
    with pytest.raises(
        LigradError, match="cross-core flag 0 still counts 1 at the end"
    ):
        run(2, cube=f"{CUBE}\nnpu.cross_set 0 on fix")


# ---- rows gathered, and added back with atomics

ROWS = """%b = npu.block_index
%n = npu.block_count
%s = npu.sub_block_index
%two = arith.muli %b, %c2 : index
%me = arith.addi %two, %s : index
%all = arith.muli %n, %c2 : index
%i = npu.alloc at 0 : ub<16xi32>
%u = npu.alloc at 1024 : ub<512xf32>
%fill = arith.cmpi eq, %me, %c0 : index
scf.if %fill {
  npu.fill %u[%c0] with 0.0 count %c512
  npu.store %out[%c0], %u[%c0] rows %c1 of %c320 pitch %c0, %c0
}
npu.sync_all
scf.for %t = %me to %tokens step %all {
  %iat = arith.muli %t, %c16 : index
  npu.load %i[%c0], %idx[%iat] rows %c1 of %c16 pitch %c0, %c0
  npu.gather_rows %u[%c0], %x at %c0 + %i[%c0] rows %c16 of %c32 below %c10
  npu.binary add %u[%c0], %u[%c0], %u[%c0] count %c512
  npu.scatter_add_rows %out at %c0 + %i[%c0], %u[%c0] rows %c16 of %c32 from %c0 below %c10
}"""


@pytest.mark.parametrize("cores", [1, 3])
def test_gather_and_atomic_scatter(cores: int) -> None:
    generator = np.random.default_rng(2)
    x = generator.standard_normal((10, 32)).astype(np.float32)
    idx = generator.integers(-3, 13, (5, 16)).astype(np.int32)
    assert len(np.unique(idx)) < idx.size
    module = kernel(
        "%cores: index, %tokens: index, %x: gm<?xf32>, %idx: gm<?xi32>, %out: gm<?xf32>",
        cube="npu.sync_all",
        vector=ROWS,
        blocks="%cores",
    )

    def run_once() -> Array:
        out = np.full((10, 32), np.nan, np.float32)
        run_npu(module, [cores, 5, x, idx, out], cores=cores)
        return out

    expected = np.zeros((10, 32), np.float32)
    for row in idx.reshape(-1):
        if 0 <= row < 10:
            expected[row] += 2 * x[row]
    out = run_once()
    np.testing.assert_allclose(out, expected, rtol=1e-5)
    assert out.tobytes() == run_once().tobytes()
