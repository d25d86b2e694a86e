"""Rounding before a selection: the same bits, in fewer float32 numbers."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from backends.call.dtypes import Array
from backends.graph.interpreter import run_graph
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement
from ligrad_ir.text import parse_module
from passes.pipelines import run_passes
from passes.round_before_selection import RoundBeforeSelectionPass

GRAPH = """
lig.axis @T in 1 to 9
lig.axis @K in 1 to 99
func.func @f(
  %g: !lig.tensor<[T, K], f32> {{lig.name = "g", lig.dims = ["T", "K"]}},
  %s: !lig.tensor<[T, K], f32> {{lig.name = "s", lig.dims = ["T", "K"]}}
) -> ({outputs}) {{
  %r = lig.relu_grad %g, %s : ({wide}, {wide}) -> {wide}
  %y = lig.cast %r : {wide} to !lig.tensor<[T, K], {half}>
  func.return {returned}
}}
"""
F32 = "!lig.tensor<[T, K], f32>"
HALF = '!lig.tensor<[T, K], {half}> {{lig.name = "y", lig.dims = ["T", "K"]}}'
WIDE = '!lig.tensor<[T, K], f32> {{lig.name = "r", lig.dims = ["T", "K"]}}'


def graph(half: str, *, both: bool = False) -> ModuleOp:
    outputs = HALF.format(half=half) + (", " + WIDE.format() if both else "")
    returned = f"%y : !lig.tensor<[T, K], {half}>"
    if both:
        returned = f"%y, %r : !lig.tensor<[T, K], {half}>, !lig.tensor<[T, K], f32>"
    text = GRAPH.format(wide=F32, outputs=outputs, half=half, returned=returned)
    return parse_module(text, "graph.mlir")


def selections(module: ModuleOp) -> list[lig.ReluGradOp]:
    return [op for op in module.walk() if isinstance(op, lig.ReluGradOp)]


def numbers(seed: int) -> tuple[Array, Array]:
    """Of all sizes and signs, among them the ends of the ranges, infinities and NaN."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, (2, 9, 99), np.uint32).view(np.float32)
    bits[:, :, :8] = [0.0, -0.0, np.inf, -np.inf, np.nan, 2**-149, -(2**-149), 65520]
    bits[1] = np.roll(bits[1], seed, axis=1)
    return bits[0], bits[1]


@pytest.mark.parametrize("half", ["bf16", "f16"])
def test_no_bit_changes(half: str) -> None:
    module = graph(half)
    run_passes(module, (RoundBeforeSelectionPass(),))
    [selection] = selections(module)
    assert isinstance(tensor(selection.gradient).element_type, HalfElement)
    for seed in range(8):
        with np.errstate(all="ignore"):
            [before], [after] = (
                run_graph(each, numbers(seed), {"T": 9, "K": 99})
                for each in (graph(half), module)
            )
        assert before.tobytes() == after.tobytes()


def test_what_is_needed_unrounded_stays() -> None:
    module = graph("bf16", both=True)
    before = str(module)
    run_passes(module, (RoundBeforeSelectionPass(),))
    assert str(module) == before


def test_once_is_enough() -> None:
    module = graph("bf16")
    run_passes(module, (RoundBeforeSelectionPass(),))
    once = str(module)
    run_passes(module, (RoundBeforeSelectionPass(),))
    assert str(module) == once
