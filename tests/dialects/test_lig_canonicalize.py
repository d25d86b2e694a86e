"""Canonicalisation never changes a value, nor the order of a result's axes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, Float32Type, ModuleOp, bf16, f16, f32
from xdsl.dialects.func import Func
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.transforms.canonicalize import CanonicalizePass

from backends.call.dtypes import Array
from backends.graph.interpreter import run_graph
from ligrad_ir.dialects.lig.canonicalize import holds_exactly
from ligrad_ir.dialects.lig.ops import Lig
from ligrad_ir.dialects.lig.types import RealType

A = "!lig.tensor<[A, B], {}>"
AB, BA = A.format("f32"), "!lig.tensor<[B, A], f32>"
ROWS = "!lig.tensor<[A, B], !lig.row<N>>"
EXTENTS = {"A": 2, "B": 3, "N": 4}


def parsed(body: str) -> ModuleOp:
    ctx = Context()
    for dialect in (Builtin, Func, Lig):
        ctx.load_dialect(dialect)
    module = Parser(ctx, body).parse_module()
    module.verify()
    return module


def canonical(text: str) -> ModuleOp:
    module = parsed(text)
    CanonicalizePass().apply(Context(), module)
    module.verify()
    return module


PERMUTED = {
    "unit factor": (
        "%one = lig.constant 1.0 : !lig.tensor<[], f32>\n"
        f"%r = lig.mul %one, %x : (!lig.tensor<[], f32>, {AB}) -> {BA}"
    ),
    "cast behind a cast": (
        f"%wide = lig.cast %x : {AB} to {A.format('!lig.real')}\n"
        f"%r = lig.cast %wide : {A.format('!lig.real')} to {BA}"
    ),
    "relu_grad behind relu_grad": (
        f"%once = lig.relu_grad %x, %y : ({AB}, {AB}) -> {AB}\n"
        f"%r = lig.relu_grad %once, %y : ({AB}, {AB}) -> {BA}"
    ),
    "cast to the same type": f"%r = lig.cast %x : {AB} to {BA}",
}


@pytest.mark.parametrize("body", PERMUTED.values(), ids=PERMUTED.keys())
def test_order_of_axes_is_kept(body: str) -> None:
    text = f"func.func @f(%x: {AB}, %y: {AB}) -> {BA} {{\n{body}\nfunc.return %r : {BA}\n}}"
    x = np.arange(6, dtype=np.float32).reshape(2, 3) - 2
    y = np.array([[1, -1, 0], [2, np.nan, 3]], np.float32)
    [before] = run_graph(parsed(text), (x, y), EXTENTS)
    [after] = run_graph(canonical(text), (x, y), EXTENTS)
    assert before.shape == (3, 2)
    np.testing.assert_array_equal(before, after)


HOSTILE = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-40, 3.4e38, 1.00390625]


@pytest.mark.parametrize("value", HOSTILE)
def test_values_are_kept_bit_for_bit(value: float) -> None:
    text = f"""func.func @f(%x: {AB}, %y: {AB}, %rows: {ROWS}) -> ({AB}, {AB}, {AB}) {{
      %one = lig.constant 1.0 : !lig.tensor<[], f32>
      %u = lig.mul %x, %one : ({AB}, !lig.tensor<[], f32>) -> {AB}
      %m = lig.mask %u, %rows : {AB}, {ROWS}
      %mm = lig.mask %m, %rows : {AB}, {ROWS}
      %a = lig.relu %mm : {AB}
      %b = lig.relu %a : {AB}
      %g = lig.relu_grad %mm, %y : ({AB}, {AB}) -> {AB}
      %h = lig.relu_grad %g, %y : ({AB}, {AB}) -> {AB}
      %n = lig.cast %x : {AB} to {A.format("bf16")}
      %w = lig.cast %n : {A.format("bf16")} to {A.format("!lig.real")}
      %o = lig.cast %w : {A.format("!lig.real")} to {AB}
      func.return %b, %h, %o : {AB}, {AB}, {AB}
    }}"""
    x = np.full((2, 3), value, np.float32)
    y = np.array([[1, -1, 0], [2, np.nan, 3]], np.float32)
    rows = np.array([[0, 1, 2], [-1, 3, -1]], np.int32)
    before = run_graph(parsed(text), (x, y, rows), EXTENTS)
    module = canonical(text)
    assert len(list(module.walk())) == len(list(parsed(text).walk())) - 6
    after = run_graph(module, (x, y, rows), EXTENTS)
    for b, a in zip(before, after, strict=True):
        assert b.tobytes() == a.tobytes()


def values_of(element: Attribute) -> Array:
    """Every number of a half type; of float32 a few that no half type has."""
    if isinstance(element, Float32Type):
        return np.array([1 + 2**-23, 2.0**-149, 2.0**127])
    dtype = ml_dtypes.bfloat16 if element == bf16 else np.float16
    return np.arange(65536, dtype=np.uint16).view(dtype).astype(np.float64)


@pytest.mark.parametrize("narrow", [bf16, f16, f32])
@pytest.mark.parametrize("wide", [bf16, f16, f32])
def test_holds_exactly(wide: Attribute, narrow: Attribute) -> None:
    dtypes = {bf16: ml_dtypes.bfloat16, f16: np.float16, f32: np.float32}
    with np.errstate(over="ignore", invalid="ignore"):
        values = values_of(narrow)
        there = values.astype(dtypes[wide]).astype(np.float64)
    expected = np.array_equal(there, values, equal_nan=True)
    assert holds_exactly(wide, narrow) == expected
    assert holds_exactly(RealType(), narrow)
    assert not holds_exactly(narrow, RealType())
