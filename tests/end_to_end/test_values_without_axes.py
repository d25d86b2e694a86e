"""Values without axes beside the tokens, sums over the tokens, and what is made of them,
in the program for the cores; a few as the emitted kernel."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.call.dtypes import Array
from backends.tiled.call import npu_arguments
from backends.tiled.interpreter import run_npu
from ligrad.check import check_outputs
from ligrad.workload import generate

AXES = """axis M in 1..64
axis H in 1..18
axis C = 128
axis N in 1..64
axis K in 1..70
axis One = 1
"""
SHAPE = {"M": 7, "H": 17, "N": 5, "K": 70}
PROGRAMS = {
    "a number of each token": """input x : float32[M]
input a : float32[One]
output y : half[M]
output z : float32[M]
y = x * x - a * x + 2
z = 0.5 * Relu(a) - x""",
    "broadcast to a row and a matrix": """input x : float32[M, C]
input t : float32[M, H, C]
input a : half[One]
output y : half[M, C]
output u : half[M, H, C]
s = Reduce(x over C)
y = s * x + a
u = (s - a) * t""",
    "a column summed": """input t : float32[M, H, C]
input h : half[H]
output y : float32[M]
y = Reduce(Reduce(t over C) * h over H)""",
    "the same for all tokens": """input x : float32[M, C]
input b : float32[C]
input w : half[N]
output y : half[M, C]
y = (x + Relu(b)) * Reduce(w * w over N)""",
    "constants": """input x : float32[M, C]
output y : half[M, C]
y = x * (2 * 3) + Relu(2) - (1 - 4)""",
    "sums of all": """input x : half[M, C]
input z : half[M]
input u : float32[M]
output loss : float32[One]
output dot : half[One]
output row : half[C]
loss = Reduce(x * x)
dot = Matmul(z, u over M)
row = Matmul(x, z over M)""",
    "a matrix summed": """input t : float32[M, H, C]
output y : float32[H, C]
output d : float32[M]
y = Reduce(t)
d = Reduce(t)""",
    "made of sums": """input x : float32[M, C]
input b : float32[C]
input a : half[One]
output row : half[C]
output n : float32[One]
output b2 : half[C]
s = Reduce(x over M)
n = 2 - a * Reduce(s over C)
row = Relu(s) * n - s + b
b2 = Relu(b) * a + 1""",
    "with a selection": """input key : half[N, C]
input q : half[M, H, C]
input dy : float32[M, K]
input idx : int32[M, K] selects N
input a : half[One]
output loss : float32[One]
output k : float32[K]
output dk : half[N, C]
S = Matmul(q, Gather(key, idx))
loss = a * Reduce(Reduce(Reduce(S * dy over K) over H) over M)
k = Reduce(dy over M)
dk = ScatterAdd(Matmul(S, q over H), idx) * a - key""",
    "the token axis behind": """input x : float32[M, One]
input c : float32[C]
output y : float32[M, C]
output z : float32[M, C, One]
s = c - x
y = s
z = s * 2""",
    "a sum that tokens need": """input x : float32[M, C]
input z : half[M]
output y : half[M, C]
output n : float32[M]
output s : float32[One]
n = Reduce(x * x over C)
s = Reduce(n over M)
y = x * s - n + z * Relu(s)""",
    "beside the tokens": """input key : half[N, C]
input u : float32[C]
input x : half[M, C]
output y : half[M, C]
output k : float32[N]
output w : half[N, C]
output loss : half[One]
k = Reduce(key * Reduce(x over M) over C)
w = key - u
y = x * Reduce(key * key over N)
loss = Reduce(k over N) * Reduce(u over C)""",
    "products and a selection": """input key : half[N, C]
input q : half[M, H, C]
input dy : float32[M, K]
input idx : int32[M, K] selects N
output dk : half[N, C]
output y : half[M, H]
S = Matmul(q, Gather(key, idx))
total = Reduce(Reduce(Reduce(S * dy over K) over H) over M)
dk = ScatterAdd(Matmul(S * total, q over H), idx) + key * total
y = Reduce(Reduce(dk * dk over C) over N) * Reduce(S * dy over K)""",
    "numbers only": """input a : float32[One]
input b : float32[One]
output c : half[One]
output zero : float32[One]
output two : half[One]
c = a * b + Relu(a - 1)
zero = 0 * -1
two = 2""",
}


@cache
def compiled(name: str, schedule: str, *, deterministic: bool) -> ligrad.Operator:
    text = f"operator Numbers\n{AXES}{PROGRAMS[name]}\n"
    return ligrad.compile(text, schedule=schedule, deterministic=deterministic)


def inputs(found: ligrad.Operator) -> dict[str, Any]:
    axes = found.signature.axes
    shape = {axis: extent for axis, extent in SHAPE.items() if axis in axes}
    return generate(found.signature, shape, seed=2)


def run(
    found: ligrad.Operator, values: dict[str, Any], cores: int, *, reverse: bool = False
) -> dict[str, Array]:
    module, bound = found.module("npu"), found.bind(values)
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, reverse=reverse)
    return bound.results(outputs)


def assert_right(
    found: ligrad.Operator, values: dict[str, Any], outputs: dict[str, Array]
) -> None:
    for name, comparison in check_outputs(found, values, outputs, "mixed").items():
        assert comparison.ok, f"{name}: {comparison}"


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("schedule", ["optimized", "baseline"])
def test_on_any_cores_in_any_order(name: str, schedule: str) -> None:
    found = compiled(name, schedule, deterministic=False)
    values = inputs(found)
    assert_right(found, values, run(found, values, 1))
    assert_right(found, values, run(found, values, 3, reverse=True))


@pytest.mark.parametrize("name", PROGRAMS)
def test_deterministic_bits(name: str) -> None:
    found = compiled(name, "optimized", deterministic=True)
    values = inputs(found)
    first = run(found, values, 1)
    assert_right(found, values, first)
    for cores, reverse in ((2, True), (5, False)):
        again = run(found, values, cores, reverse=reverse)
        for output, array in first.items():
            assert array.tobytes() == again[output].tobytes(), output


@pytest.mark.parametrize(
    ("name", "deterministic"),
    [
        ("sums of all", False),
        ("with a selection", True),
        ("beside the tokens", True),
        ("products and a selection", False),
    ],
)
def test_the_emitted_kernel(name: str, deterministic: bool) -> None:
    found = compiled(name, "optimized", deterministic=deterministic)
    values = inputs(found)
    done = found.run_source(values, 3)
    assert not done.report.hazards, "\n".join(map(str, done.report.hazards))
    assert_right(found, values, done.outputs)


def test_the_value_of_a_sum() -> None:
    """By hand, since a bound of the oracle might hold anything."""
    found = compiled("a matrix summed", "optimized", deterministic=False)
    outputs = found.run({"t": np.full((5, 2, 128), 2, np.float32)}, "tiled", 2)
    assert (outputs["y"] == 10).all()
    assert (outputs["d"] == 512).all()
