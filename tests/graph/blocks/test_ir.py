# ruff: noqa: E501
"""Loops over blocks of graphs that no formulas give."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from backends.call.dtypes import Array, dtype_of
from backends.graph.blocks import slots
from backends.graph.blocks.function import Options, run_function
from backends.graph.interpreter import run_graph
from ligrad_ir.signature import entry_function
from ligrad_ir.text import parse_module
from passes.fuse_blocks import FuseBlocksPass
from passes.pipelines import run_passes

EXTENTS = {"T": 7, "K": 5, "N": 6, "D": 3, "B": 2, "M": 4}


def both(text: str, *arguments: Array | int) -> None:
    """Whole arrays, and blocks of two tokens, give the same."""
    module = parse_module(text)
    want = run_graph(module, arguments, EXTENTS)
    run_passes(module, (FuseBlocksPass(),))
    types = entry_function(module).function_type.outputs
    found = [
        np.zeros([EXTENTS[axis] for axis in type.axes], dtype_of(type.element_type))
        for type in types
    ]
    for workers in (1, 3):
        for array in found:
            array.fill(0)
        run_function(module, arguments, EXTENTS, found, Options(workers))
        for mine, its in zip(found, want):
            np.testing.assert_allclose(mine, its, rtol=1e-6)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MOST_TOKENS", 2)


def some(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


COUNTED = """
func.func @f(%x: !lig.tensor<[T, K], f32>, %key: !lig.tensor<[N], f32>, %i: !lig.tensor<[T, K], i32>,
             %mode: i64, %te: !lig.tensor<[B], i32>, %re: !lig.tensor<[B], i32>)
    -> (!lig.tensor<[T], f32>, !lig.tensor<[N], f32>) {
  %count = lig.valid_count %mode tokens @T ends %te rows %re entries @K
    : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  %rows = lig.rows %i first %count : !lig.tensor<[T], i32>
    : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %s = lig.reduce_sum %x over @K acc f32 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  %dk = lig.scatter_add %x[%rows] acc f32
    : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N], f32>
  func.return %s, %dk : !lig.tensor<[T], f32>, !lig.tensor<[N], f32>
}
"""


def test_a_sum_that_is_not_masked_runs_over_all_entries() -> None:
    ends = np.array([3, 7], np.int32)
    rows = np.random.default_rng(1).integers(0, 6, (7, 5)).astype(np.int32)
    both(COUNTED, some(7, 5), some(6), rows, 3, ends, np.array([3, 6], np.int32))


def test_tokens_that_are_not_in_front() -> None:
    text = """
    func.func @f(%x: !lig.tensor<[D, T], f32>, %i: !lig.tensor<[T, K], i32>, %n: !lig.tensor<[D, N], f32>)
        -> (!lig.tensor<[D, K, T], f32>, !lig.tensor<[D, N], f32>) {
      %rows = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
      %g = lig.gather %n[%rows] : (!lig.tensor<[D, N], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
      %y = lig.mul %g, %x : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[D, T], f32>) -> !lig.tensor<[D, K, T], f32>
      %s = lig.scatter_add %y[%rows] acc f32 : (!lig.tensor<[D, K, T], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[D, N], f32>
      func.return %y, %s : !lig.tensor<[D, K, T], f32>, !lig.tensor<[D, N], f32>
    }
    """
    rows = np.random.default_rng(1).integers(-1, 6, (7, 5)).astype(np.int32)
    both(text, some(3, 7), rows, some(3, 6))


def test_a_selection_that_all_tokens_share_and_sums_within_a_token() -> None:
    text = """
    func.func @f(%x: !lig.tensor<[T, N], f32>, %i: !lig.tensor<[M], i32>, %j: !lig.tensor<[T, K], i32>)
        -> (!lig.tensor<[T, M], f32>, !lig.tensor<[T, N], f32>) {
      %unused = lig.rows %j : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<D>>
      %rows = lig.rows %i : !lig.tensor<[M], i32> to !lig.tensor<[M], !lig.row<N>>
      %g = lig.gather %x[%rows] : (!lig.tensor<[T, N], f32>, !lig.tensor<[M], !lig.row<N>>) -> !lig.tensor<[T, M], f32>
      %s = lig.scatter_add %g[%rows] acc f32 : (!lig.tensor<[T, M], f32>, !lig.tensor<[M], !lig.row<N>>) -> !lig.tensor<[N, T], f32>
      %t = lig.cast %s : !lig.tensor<[N, T], f32> to !lig.tensor<[T, N], f32>
      func.return %g, %t : !lig.tensor<[T, M], f32>, !lig.tensor<[T, N], f32>
    }
    """
    both(
        text, some(7, 6), np.array([2, -1, 5, 2], np.int32), np.zeros((7, 5), np.int32)
    )


def test_exact_reals_are_float64() -> None:
    text = """
    func.func @f(%x: !lig.tensor<[T, D], bf16>) -> (!lig.tensor<[T], bf16>, !lig.tensor<[D], f32>) {
      %r = lig.cast %x : !lig.tensor<[T, D], bf16> to !lig.tensor<[T, D], !lig.real>
      %s = lig.reduce_sum %r over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T], !lig.real>
      %c = lig.cast %s : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], bf16>
      %u = lig.reduce_sum %r over @T acc !lig.real : (!lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[D], !lig.real>
      %v = lig.cast %u : !lig.tensor<[D], !lig.real> to !lig.tensor<[D], f32>
      func.return %c, %v : !lig.tensor<[T], bf16>, !lig.tensor<[D], f32>
    }
    """

    both(text, some(7, 3).astype(ml_dtypes.bfloat16))
