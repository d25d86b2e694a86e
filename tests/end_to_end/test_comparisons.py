"""The gradient of a relu on the vector unit, which compares whole repeats of 256 bytes:
whatever is compared, and however many numbers of it there are."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import Float16Type, ModuleOp

import ligrad
from ligrad.workload import generate
from ligrad_ir.dialects.npu.types import element_of
from ligrad_ir.dialects.npu.vector import ComparePositiveOp

HEAD = """operator Compared
axis T in 1..8K
axis R in 1..64
axis C {columns}
"""
MATRIX = """input a : {t}[T, R, C]
input b : {t}[T, R, C]
output y : {t}[T, R, C]
y = ReluGrad(a, b)
"""
ROW = """input a : {t}[T, C]
input b : {t}[T, C]
output y : {t}[T, C]
y = ReluGrad(a, b)
"""
COLUMN = """input a : float32[T, R, C]
input b : {t}[T, R]
output y : float32[T, R, C]
y = a * ReluGrad(b, b)
"""
CHOSEN = """axis D = 128
axis N in 1..64K
input q : half[T, R, D]
input k : half[N, D]
input dy : half[T, C]
input indices : int32[T, C] selects N
output y : {t}[T, R, C]
y = ReluGrad(Matmul(q, Gather(k, indices)), dy)
"""
PROGRAMS = {"matrix": MATRIX, "row": ROW, "column": COLUMN, "chosen": CHOSEN}
COLUMNS = ("in 1..500", "= 64", "= 100")


@cache
def operator(
    program: str, columns: str, t: str, dtype: str, schedule: str
) -> ligrad.Operator:
    text = (HEAD + PROGRAMS[program]).format(columns=columns, t=t)
    return ligrad.compile(text, dtype=dtype, schedule=schedule)


def inputs(found: ligrad.Operator, program: str, columns: int | None) -> dict[str, Any]:
    shape = {"T": 3}
    if program != "row":
        shape["R"] = 17
    if program == "chosen":
        shape["N"] = 80
    if columns is not None:
        shape["C"] = columns
    return generate(found.signature, shape, seed=1)


def comparisons(module: ModuleOp) -> list[ComparePositiveOp]:
    return [op for op in module.walk() if isinstance(op, ComparePositiveOp)]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize(
    ("t", "dtype", "schedule"),
    [
        ("half", "bf16", "optimized"),
        ("half", "fp16", "baseline"),
        ("float32", "fp16", "optimized"),
    ],
)
def test_any_number_of_values_is_compared(
    program: str, columns: str, t: str, dtype: str, schedule: str
) -> None:
    found = operator(program, columns, t, dtype, schedule)
    assert comparisons(found.module("npu"))
    for count in (1, 5, 65) if columns.startswith("in") else (None,):
        values = inputs(found, program, count)
        graph, tiled = found.run(values, "graph"), found.run(values, "tiled", 2)
        assert graph["y"].any() or count == 1
        if program == "chosen":  # sums of products, in another order
            pair = (x["y"].astype("f4") for x in (graph, tiled))
            np.testing.assert_allclose(*pair, rtol=2e-2, atol=2e-2)
        else:
            np.testing.assert_array_equal(graph["y"], tiled["y"])


@pytest.mark.parametrize(
    ("program", "columns"),
    [("matrix", "in 1..500"), ("chosen", "in 1..100"), ("column", "= 100")],
)
def test_the_twin_has_nothing_to_report(program: str, columns: str) -> None:
    found = operator(program, columns, "half", "fp16", "baseline")
    values = inputs(found, program, 5 if columns.startswith("in") else None)
    tiled, source = found.run(values, "tiled", 2), found.run(values, "source", 2)
    assert tiled["y"].tobytes() == source["y"].tobytes()


def test_whole_repeats_of_halves_are_compared_as_they_are() -> None:
    found = operator("matrix", "= 128", "half", "fp16", "baseline")
    for op in comparisons(found.module("npu")):
        assert isinstance(element_of(op.src), Float16Type)
