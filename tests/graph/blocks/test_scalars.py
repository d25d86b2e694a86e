"""Values without axes: sums to one number, inputs of one number, and what is made of
them, however they are computed and wherever they go."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import ligrad
from backends.graph.blocks import run
from backends.graph.blocks.function import Options
from backends.graph.blocks.shards import Partial, Shard, compute
from backends.graph.interpreter import run_graph
from ligrad.arrays import load_arrays, open_arrays, save_arrays
from ligrad.check import check_outputs
from ligrad.cli.app import main
from ligrad.cli.graph import interpret
from ligrad.cluster import ClusterLoops
from ligrad.workload import generate

HALF = ml_dtypes.bfloat16
AXES = """axis M in 1..64
axis N in 1..64
axis C in 1..128
axis K in 1..8
axis One = 1
axis Other = 1
"""
PROGRAMS = {
    "a sum of everything": """input x : half[M, C]
output loss : float32[One]
loss = Reduce(x * x)""",
    "a product of everything": """input x : half[M]
input z : half[M]
output y : float32[One]
output w : half[Other, One]
y = 2 + Matmul(x, z over M)
w = Matmul(z, x over M)""",
    "an input of one number": """input x : half[M]
input a : half[One]
input b : float32[One, Other]
output y : half[M]
output c : half[One]
y = a * x
c = Relu(a - b) * a + 0.5""",
    "used for every token": """input x : half[M, C]
output y : half[M, C]
s = Reduce(Reduce(x over C) over M)
q = s * s - Relu(s)
y = q - x * s""",
    "made by rewriting": """input x : half[M, C]
input w : half[N]
output y : half[M, C]
y = Reduce(x * w over N)""",
    "sums of another loop": """input x : half[M, C]
output y : float32[M]
output loss : float32[One]
s = Reduce(x * x over C)
total = Reduce(s over M)
y = s * total - total
loss = Reduce(y)""",
    "ahead of a loop": """input key : half[N, C]
input x : half[M]
output y : half[M]
output k : float32[One]
n = Reduce(Reduce(key over C) over N)
k = n + 1
y = ReluGrad(n, x)""",
    "with a selection": """input key : half[N, C]
input idx : int32[M, K] selects N
input t : half[M, K]
output loss : float32[One]
output dk : half[N, C]
output n : float32[M, K]
g = Gather(key, idx)
s = Reduce(Reduce(key over C) over N)
loss = Reduce(g * t)
dk = ScatterAdd(g * s, idx)
n = s * t""",
}
SHAPE = {"M": 37, "N": 5, "C": 3, "K": 4}


class _Here:
    """Computes shards at once, as processes would: all that they get is pickled."""

    def submit(self, function: Any, shard: Shard, *, pure: bool) -> Any:
        assert function is compute
        return _Done(
            pickle.loads(pickle.dumps(compute(pickle.loads(pickle.dumps(shard)))))
        )


class _Done:
    def __init__(self, partial: Partial):
        self._partial = partial

    def result(self) -> Partial:
        return self._partial

    def cancel(self) -> None: ...


def compiled(name: str, **options: Any) -> tuple[ligrad.Operator, dict[str, Any]]:
    text = f"operator Scalars\n{AXES}{PROGRAMS[name]}\n"
    operator = ligrad.compile(text, **options)
    axes = operator.signature.axes
    shape = {axis: extent for axis, extent in SHAPE.items() if axis in axes}
    return operator, generate(operator.signature, shape, seed=1)


def assert_right(
    operator: ligrad.Operator, values: dict[str, Any], outputs: dict[str, Any]
) -> None:
    for name, comparison in check_outputs(operator, values, outputs).items():
        assert comparison.ok, f"{name}: {comparison}"


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("schedule", ["optimized", "baseline"])
@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_every_way_to_compute_them(name: str, schedule: str, precision: str) -> None:
    operator, values = compiled(name, schedule=schedule, precision=precision)
    bound = operator.bind(values)
    ways = {
        "in order": Options(1),
        "three workers": Options(3),
        "deterministic": Options(3, deterministic=True),
        "shards": Options(2, loops=ClusterLoops(_Here(), shard_tokens=10)),
    }
    for options in ways.values():
        assert_right(operator, values, operator.interpret(values, options))
    by_op = run_graph(operator.module(), bound.arguments, bound.extents)
    assert_right(operator, values, bound.results(by_op))


def test_the_value_of_a_sum() -> None:
    """By hand, since a bound of the oracle might hold anything."""
    operator, _ = compiled("a sum of everything")
    outputs = operator.run({"x": np.full((4, 128), 2, HALF)})
    assert outputs["loss"].tolist() == [2048.0]


@pytest.mark.parametrize("lanes", [1, 2])
def test_deterministic_bits(lanes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FIXED_LANES", lanes)
    operator, values = compiled("sums of another loop")
    found = {
        operator.interpret(values, Options(n, deterministic=True))["loss"].tobytes()
        for n in (1, 2, 5)
    }
    assert len(found) == 1


@pytest.mark.parametrize("output", ["out.npz", "out"])
def test_outputs_in_files(output: str, tmp_path: Path) -> None:
    operator, values = compiled("with a selection")
    path = tmp_path / output
    interpret(operator, values, 2, None, path)
    outputs = load_arrays(path) if path.suffix else open_arrays(path)
    assert outputs["loss"].shape == (1,)
    assert_right(operator, values, outputs)


@pytest.mark.parametrize("scalar", [np.full(1, 3, HALF), np.asarray(3, HALF), HALF(3)])
def test_the_dimension_of_a_number_may_be_left_out(scalar: Any, tmp_path: Path) -> None:
    text = f"""operator Scale
{AXES}input x : half[M]
input a : half[One?]
output y : half[M]
y = a * x
"""
    values = {"x": np.arange(5).astype(HALF), "a": scalar}
    assert ligrad.compile(text).run(values)["y"].tolist() == [0, 3, 6, 9, 12]
    file = tmp_path / "scale.lig"
    file.write_text(text)
    save_arrays(tmp_path / "in.npz", {n: np.asarray(v) for n, v in values.items()})
    with pytest.raises(SystemExit) as stop:
        main(["run", str(file), "--inputs", str(tmp_path / "in.npz"), "--check"])
    assert stop.value.code == 0
