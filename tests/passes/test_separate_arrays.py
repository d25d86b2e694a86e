"""Outputs and inputs that are used in more ways than an array can hold."""

from __future__ import annotations

import pytest

import ligrad
from ligrad.compiler import SCHEDULES
from ligrad.workload import generate
from ligrad_ir.dsl.lower import module_from_text
from passes.assign_layouts import AssignLayoutsPass
from passes.pipelines import PIPELINES, run_passes
from passes.separate_arrays import SeparateArraysPass
from tests.end_to_end.test_tiled import LIGHTNING, check

HEADER = """operator Shared
axis T in 1..99
axis N in 1..99
axis G in 1..64
axis D = 128
axis K in 1..64
input q   : half[T, G, D]
input key : half[N, D]
input w   : half[T, G]
input f   : float32[T, G]
input x   : half[T, G, K]
input i   : int32[T, K] selects N
"""
S = "S = Relu(Matmul(q, Gather(key, i)))"
PROGRAMS = {
    "an output twice": ("a b : half[T, G, K]", S, "a = S", "b = S"),
    "a wide output twice": ("a b : float32[T, G]", "a = Reduce(x over K)", "b = a"),
    "inputs": ("a : half[T, G]", "b : float32[T, G]", "a = w", "b = f"),
    "a product as an output and a factor": (
        "a : half[T, G, K]",
        "b : half[T, G, D]",
        *(S, "a = S", "b = Matmul(S, Gather(key, i) over K)"),
    ),
    "a wide product as an output and a factor": (
        "a : float32[T, G, K]",
        "b : half[N, D]",
        *(S, "a = S", "b = ScatterAdd(Matmul(S, q over G), i)"),
    ),
    "an input with entries as a factor": (
        "a : half[N, D]",
        "a = ScatterAdd(Matmul(x, q over G), i)",
    ),
    "the result of a scatter twice": (
        "a b : float32[N, D]",
        "a = ScatterAdd(Matmul(x, q over G), i)",
        "b = a",
    ),
}


def text_of(name: str) -> str:
    lines: list[str] = []
    for line in PROGRAMS[name]:
        names, is_output, type = line.partition(" : ")
        outputs = [f"output {each} : {type}" for each in names.split()]
        lines += outputs if is_output else [line]
    return HEADER + "\n".join(lines) + "\n"


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_they_are_right(name: str, schedule: str) -> None:
    dtype = "bf16" if len(name) % 2 else "fp16"
    found = ligrad.compile(text_of(name), schedule=schedule, dtype=dtype)
    values = generate(found.signature, {"T": 3, "N": 80, "G": 18, "K": 40})
    check(found, values, found.run(values, "tiled", 2))


@pytest.mark.parametrize("text", [LIGHTNING, *map(text_of, PROGRAMS)])
def test_copies_are_made_once_and_only_where_they_are_needed(text: str) -> None:
    module = module_from_text(text, "a.lig", dtype="bf16", layout="BSND")
    run_passes(module, (*PIPELINES["graph-mixed"], AssignLayoutsPass()))
    before = str(module)
    run_passes(module, (SeparateArraysPass(),))
    once = str(module)
    assert once == before or text is not LIGHTNING
    run_passes(module, (SeparateArraysPass(),))
    assert str(module) == once
